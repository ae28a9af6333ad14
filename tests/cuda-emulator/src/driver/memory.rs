//! Memory of the device, pinned memory, copies.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{c_int, c_uchar, c_uint, c_ushort, c_void};
use std::sync::Arc;

use super::error::{Code, Outcome};
use super::state::State;
use super::work::{Source, Work};
use super::{driver, put};

const PAGE: usize = 4096;
/// The handle of the only pool.
const POOL: usize = 0x2000;

impl State {
    fn allocate(&mut self, out: *mut u64, bytes: usize) -> Outcome {
        if bytes == 0 {
            return Err(Code::INVALID_VALUE);
        }
        let address = self.memory.allocate(bytes, self.config.memory).ok_or(Code::OUT_OF_MEMORY)?;
        put(out, address)
    }

    fn is_pinned(&self, address: usize) -> bool {
        self.pinned.range(..=address).next_back().is_some_and(|(start, size)| address < start + size)
    }

    fn is_captured(&mut self, stream: usize) -> Result<bool, Code> {
        Ok(self.stream(stream)?.capture.is_some())
    }

    fn trace_copy(&self, direction: &str, bytes: usize) {
        if self.config.trace {
            eprintln!("[cuda-emulator] {bytes} bytes {direction} the device");
        }
    }

    /// A copy from ordinary memory takes the bytes at once, as the driver does; from pinned memory they are read when it is done.
    fn copy_to_device(&mut self, to: u64, from: usize, bytes: usize, stream: usize) -> Outcome {
        self.trace_copy("to", bytes);
        let from = if self.is_pinned(from) || self.is_captured(stream)? {
            Source::Pinned(from)
        } else {
            let mut taken = vec![0u8; bytes];
            if bytes > 0 {
                // SAFETY: the driver's interface promises that the memory is there.
                unsafe { std::ptr::copy_nonoverlapping(from as *const u8, taken.as_mut_ptr(), bytes) };
            }
            Source::Taken(Arc::new(taken))
        };
        self.submit(stream, Work::ToDevice { to, from, bytes })
    }

    /// A copy to ordinary memory is done when the call returns, as the driver does it.
    fn copy_to_host(&mut self, to: usize, from: u64, bytes: usize, stream: usize) -> Outcome {
        self.trace_copy("from", bytes);
        let wait = !self.is_pinned(to) && !self.is_captured(stream)?;
        self.submit(stream, Work::ToHost { to, from, bytes })?;
        if wait { self.synchronize(stream) } else { Ok(()) }
    }

    /// A copy whose direction the addresses tell.
    fn copy(&mut self, to: u64, from: u64, bytes: usize, stream: usize) -> Outcome {
        match (self.memory.contains(to, 1), self.memory.contains(from, 1)) {
            (true, true) => self.submit(stream, Work::OnDevice { to, from, bytes }),
            (true, false) => self.copy_to_device(to, from as usize, bytes, stream),
            (false, true) => self.copy_to_host(to as usize, from, bytes, stream),
            (false, false) => Err(Code::INVALID_VALUE),
        }
    }

    fn fill(&mut self, at: u64, value: u32, width: usize, count: usize, stream: usize) -> Outcome {
        if !at.is_multiple_of(width as u64) {
            return Err(Code::INVALID_VALUE);
        }
        self.submit(stream, Work::Fill { at, value, width, count })
    }
}

driver! {
    fn cuMemGetInfo_v2(state, free: *mut usize, total: *mut usize) {
        state.ready()?;
        put(total, state.config.memory)?;
        put(free, state.config.memory.saturating_sub(state.memory.used))
    }

    fn cuMemAlloc_v2(state, out: *mut u64, bytes: usize) {
        state.ready_outside_capture()?;
        state.allocate(out, bytes)
    }

    // Waits for the device first.
    fn cuMemFree_v2(state, address: u64) {
        if address == 0 {
            return Ok(());
        }
        state.ready_outside_capture()?;
        state.drain_all()?;
        if state.memory.free(address) { Ok(()) } else { Err(Code::INVALID_VALUE) }
    }

    fn cuMemAllocAsync(state, out: *mut u64, bytes: usize, stream: usize) {
        state.ready()?;
        if state.is_captured(stream)? {
            return Err(Code::NOT_SUPPORTED);
        }
        state.allocate(out, bytes)
    }

    fn cuMemAllocFromPoolAsync(state, out: *mut u64, bytes: usize, _pool: usize, stream: usize) {
        state.ready()?;
        if state.is_captured(stream)? {
            return Err(Code::NOT_SUPPORTED);
        }
        state.allocate(out, bytes)
    }

    // There is one pool, and it keeps nothing: what is freed is free.
    fn cuDeviceGetDefaultMemPool(state, out: *mut usize, _device: c_int) {
        state.device()?;
        put(out, POOL)
    }

    fn cuDeviceGetMemPool(state, out: *mut usize, _device: c_int) {
        state.device()?;
        put(out, POOL)
    }

    fn cuMemPoolSetAttribute(_state, pool: usize, _attribute: c_int, _value: *const c_void) {
        if pool == POOL { Ok(()) } else { Err(Code::INVALID_HANDLE) }
    }

    fn cuMemPoolTrimTo(_state, pool: usize, _bytes: usize) {
        if pool == POOL { Ok(()) } else { Err(Code::INVALID_HANDLE) }
    }

    fn cuMemFreeAsync(state, address: u64, stream: usize) {
        state.ready()?;
        if state.is_captured(stream)? {
            return Err(Code::NOT_SUPPORTED);
        }
        if !state.memory.contains(address, 1) {
            return Err(Code::INVALID_VALUE);
        }
        state.submit(stream, Work::Free(address))
    }

    fn cuMemHostAlloc(state, out: *mut usize, bytes: usize, _flags: c_uint) {
        state.ready_outside_capture()?;
        let layout = Layout::from_size_align(bytes.max(1), PAGE).map_err(|_| Code::OUT_OF_MEMORY)?;
        // SAFETY: the layout is not empty.
        let address = unsafe { alloc_zeroed(layout) } as usize;
        if address == 0 {
            return Err(Code::OUT_OF_MEMORY);
        }
        state.pinned.insert(address, bytes.max(1));
        put(out, address)
    }

    fn cuMemFreeHost(state, address: usize) {
        state.ready_outside_capture()?;
        state.drain_all()?;
        let bytes = state.pinned.remove(&address).ok_or(Code::INVALID_VALUE)?;
        let layout = Layout::from_size_align(bytes, PAGE).map_err(|_| Code::INVALID_VALUE)?;
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(address as *mut u8, layout) };
        Ok(())
    }

    fn cuMemcpyHtoD_v2(state, to: u64, from: usize, bytes: usize) {
        state.ready_outside_capture()?;
        state.copy_to_device(to, from, bytes, 0)?;
        state.synchronize(0)
    }

    fn cuMemcpyDtoH_v2(state, to: usize, from: u64, bytes: usize) {
        state.ready_outside_capture()?;
        state.copy_to_host(to, from, bytes, 0)?;
        state.synchronize(0)
    }

    fn cuMemcpyDtoD_v2(state, to: u64, from: u64, bytes: usize) {
        state.ready_outside_capture()?;
        state.submit(0, Work::OnDevice { to, from, bytes })
    }

    fn cuMemcpyHtoDAsync_v2(state, to: u64, from: usize, bytes: usize, stream: usize) {
        state.ready()?;
        state.copy_to_device(to, from, bytes, stream)
    }

    fn cuMemcpyDtoHAsync_v2(state, to: usize, from: u64, bytes: usize, stream: usize) {
        state.ready()?;
        state.copy_to_host(to, from, bytes, stream)
    }

    fn cuMemcpyDtoDAsync_v2(state, to: u64, from: u64, bytes: usize, stream: usize) {
        state.ready()?;
        state.submit(stream, Work::OnDevice { to, from, bytes })
    }

    fn cuMemcpy(state, to: u64, from: u64, bytes: usize) {
        state.ready_outside_capture()?;
        state.copy(to, from, bytes, 0)?;
        state.synchronize(0)
    }

    fn cuMemcpyAsync(state, to: u64, from: u64, bytes: usize, stream: usize) {
        state.ready()?;
        state.copy(to, from, bytes, stream)
    }

    fn cuMemsetD8_v2(state, at: u64, value: c_uchar, count: usize) {
        state.ready_outside_capture()?;
        state.fill(at, u32::from(value), 1, count, 0)
    }

    fn cuMemsetD8Async(state, at: u64, value: c_uchar, count: usize, stream: usize) {
        state.ready()?;
        state.fill(at, u32::from(value), 1, count, stream)
    }

    fn cuMemsetD16Async(state, at: u64, value: c_ushort, count: usize, stream: usize) {
        state.ready()?;
        state.fill(at, u32::from(value), 2, count, stream)
    }

    fn cuMemsetD32_v2(state, at: u64, value: c_uint, count: usize) {
        state.ready_outside_capture()?;
        state.fill(at, value, 4, count, 0)
    }

    fn cuMemsetD32Async(state, at: u64, value: c_uint, count: usize, stream: usize) {
        state.ready()?;
        state.fill(at, value, 4, count, stream)
    }
}
