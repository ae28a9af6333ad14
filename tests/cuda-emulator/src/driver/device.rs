//! The device and its context.

use std::ffi::{c_char, c_int, c_uint, c_void};

use super::error::Code;
use super::state::{CURRENT, State};
use super::{driver, put};

/// The only context there is.
const CONTEXT: usize = 0x1000;
const NAME: &[u8] = b"Keras CUDA emulator\0";
const DISGUISE: &[u8] = b"Keras CUDA device\0";

fn known(state: &State, device: c_int) -> Result<(), Code> {
    state.device()?;
    if device == 0 { Ok(()) } else { Err(Code::INVALID_DEVICE) }
}

/// The shared memory that a block may ask for, by compute capability.
pub fn shared_limit(capability: (i32, i32)) -> usize {
    match capability {
        (7, _) => 64 << 10,
        (8, 0) | (8, 7) => 163 << 10,
        (8, _) | (12, _) => 99 << 10,
        _ => 227 << 10,
    }
}

driver! {
    fn cuInit(state, _flags: c_uint) {
        state.initialized = true;
        state.device()
    }

    fn cuDriverGetVersion(state, out: *mut c_int) {
        put(out, state.config.driver)
    }

    // NVRTC asks for its cache of compilations here, and takes no for an answer.
    fn cuGetExportTable(_state, out: *mut *const c_void, _id: *const c_void) {
        put(out, std::ptr::null())?;
        Err(Code::NOT_FOUND)
    }

    fn cuDeviceGetCount(state, out: *mut c_int) {
        put(out, state.config.devices)
    }

    fn cuDeviceGet(state, out: *mut c_int, ordinal: c_int) {
        known(state, ordinal)?;
        put(out, 0)
    }

    fn cuDeviceGetName(state, out: *mut c_char, size: c_int, device: c_int) {
        known(state, device)?;
        let size = usize::try_from(size).map_err(|_| Code::INVALID_VALUE)?;
        let name = if state.config.disguised { DISGUISE } else { NAME };
        for (at, byte) in name.iter().take(size).enumerate() {
            put(out.wrapping_add(at), *byte as c_char)?;
        }
        if size < name.len() { Err(Code::INVALID_VALUE) } else { Ok(()) }
    }

    fn cuDeviceGetUuid(state, out: *mut [u8; 16], device: c_int) {
        known(state, device)?;
        put(out, *b"keras--emulator\0")
    }

    fn cuDeviceGetUuid_v2(state, out: *mut [u8; 16], device: c_int) {
        known(state, device)?;
        put(out, *b"keras--emulator\0")
    }

    fn cuDeviceTotalMem_v2(state, out: *mut usize, device: c_int) {
        known(state, device)?;
        put(out, state.config.memory)
    }

    fn cuDeviceGetAttribute(state, out: *mut c_int, attribute: c_int, device: c_int) {
        known(state, device)?;
        let (major, minor) = state.config.capability;
        let value = match attribute {
            1..=3 => 1024,                                    // threads of a block, its width and height
            4 => 64,                                          // its depth
            5 => c_int::MAX,                                  // width of a grid
            6 | 7 => 65_535,                                  // its height and depth
            8 => 48 << 10,                                    // shared memory of a block
            9 => 64 << 10,                                    // constant memory
            10 => 32,                                         // threads of a warp
            12 | 82 => 65_536,                                // registers of a block, of a multiprocessor
            13 | 36 => 1_000_000,                             // clock rates
            16 => 2,                                          // multiprocessors
            20 | 31 | 40 | 41 => 1,                           // overlap, concurrent kernels, async engines, unified addressing
            37 => 256,                                        // width of the memory's bus
            38 => 4 << 20,                                    // level-two cache
            39 => 2048,                                       // threads of a multiprocessor
            75 => major,
            76 => minor,
            81 => shared_limit((major, minor)) as c_int + 1024, // shared memory of a multiprocessor
            97 => shared_limit((major, minor)) as c_int,      // shared memory that a block may ask for
            106 => 32,                                        // blocks of a multiprocessor
            111 => 1024,                                      // reserved shared memory
            115 => 1,                                         // memory pools
            _ => 0,
        };
        put(out, value)
    }

    fn cuDevicePrimaryCtxRetain(state, out: *mut usize, device: c_int) {
        known(state, device)?;
        put(out, CONTEXT)
    }

    fn cuDevicePrimaryCtxRelease_v2(state, device: c_int) {
        known(state, device)
    }

    fn cuDevicePrimaryCtxReset_v2(state, device: c_int) {
        known(state, device)?;
        state.reset();
        Ok(())
    }

    fn cuCtxGetCurrent(_state, out: *mut usize) {
        put(out, if CURRENT.get() { CONTEXT } else { 0 })
    }

    fn cuCtxSetCurrent(state, context: usize) {
        if context != 0 && context != CONTEXT {
            return Err(Code::INVALID_CONTEXT);
        }
        state.device()?;
        CURRENT.set(context == CONTEXT);
        Ok(())
    }

    fn cuCtxGetDevice(state, out: *mut c_int) {
        state.ready()?;
        put(out, 0)
    }

    fn cuCtxSynchronize(state) {
        state.ready_outside_capture()?;
        state.drain_all()
    }

    fn cuCtxSetFlags(state, _flags: c_uint) {
        state.ready()
    }

    fn cuProfilerStart(state) {
        state.ready()
    }

    fn cuProfilerStop(state) {
        state.ready()
    }

    fn cuCtxGetStreamPriorityRange(state, least: *mut c_int, greatest: *mut c_int) {
        state.ready()?;
        put(least, 0)?;
        put(greatest, 0)
    }
}
