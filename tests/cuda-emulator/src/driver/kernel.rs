//! Functions and their launch.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::Arc;

use super::device::shared_limit;
use super::error::{Code, Outcome};
use super::state::State;
use super::work::{KernelLaunch, Work};
use super::{driver, put};
use crate::program::Kernel;

/// A kernel of a module.
pub struct Function {
    kernel: Arc<Kernel>,
    /// How much dynamic shared memory a launch may ask for.
    dynamic_limit: usize,
}

/// Shared memory that a block has without asking.
const SHARED: usize = 48 << 10;
const MAX_DYNAMIC_SHARED: c_int = 8;

impl Function {
    pub fn new(kernel: Arc<Kernel>) -> Self {
        let dynamic_limit = SHARED.saturating_sub(kernel.shared);
        Function { kernel, dynamic_limit }
    }
}

/// How a kernel is launched: the beginning of `CUlaunchConfig`, whose attributes change nothing here.
#[repr(C)]
struct LaunchConfig {
    grid: [c_uint; 3],
    block: [c_uint; 3],
    shared: c_uint,
    stream: usize,
}

fn launch(
    state: &mut State,
    function: usize,
    config: &LaunchConfig,
    values: *const *const u8,
    extra: *const *const c_void,
) -> Outcome {
    state.ready()?;
    let LaunchConfig { grid, block, shared, stream } = *config;
    let function = state.functions.get(&function).ok_or(Code::INVALID_HANDLE)?;
    let kernel = function.kernel.clone();
    let sizes_fit =
        grid.iter().chain(&block).all(|n| *n > 0) && grid[1] <= 65_535 && grid[2] <= 65_535 && block[2] <= 64;
    let threads = block.iter().map(|n| u64::from(*n)).product::<u64>();
    if !sizes_fit || threads > 1024 || shared as usize > function.dynamic_limit {
        return Err(Code::INVALID_VALUE);
    }
    if grid.iter().map(|n| u128::from(*n)).product::<u128>() >= 1 << 30 {
        eprintln!(
            "[cuda-emulator] kernel {}: a grid of {grid:?} blocks is too much for the emulator",
            kernel.name
        );
        return Err(Code::INVALID_VALUE);
    }
    if kernel.max_threads.is_some_and(|most| threads > u64::from(most)) {
        return Err(Code::OUT_OF_RESOURCES);
    }
    let parameters = parameters(&kernel, values, extra)?;
    let launch = KernelLaunch { kernel, grid, block, dynamic_shared: shared as usize, parameters };
    state.submit(stream, Work::Launch(Arc::new(launch)))
}

/// The bytes of all parameters, from a pointer to each, or from one to all of them.
fn parameters(
    kernel: &Kernel,
    values: *const *const u8,
    extra: *const *const c_void,
) -> Result<Vec<u8>, Code> {
    let mut bytes = vec![0; kernel.parameter_bytes];
    if !extra.is_null() {
        // Pairs of a kind (1: pointer, 2: pointer to the size) and a value, closed by zero.
        let (mut at, mut buffer, mut size) = (0, std::ptr::null::<u8>(), 0);
        loop {
            // SAFETY: the driver's interface promises a list that is closed.
            let (kind, value) = unsafe { (*extra.add(at) as usize, extra.add(at + 1)) };
            match kind {
                0 => break,
                // SAFETY: as above; the size is behind its pointer.
                1 => buffer = unsafe { (*value).cast() },
                // SAFETY: as above.
                2 => size = unsafe { *(*value).cast::<usize>() },
                _ => return Err(Code::INVALID_VALUE),
            }
            at += 2;
        }
        if buffer.is_null() || size < bytes.len() {
            return Err(Code::INVALID_VALUE);
        }
        // SAFETY: the buffer has that size.
        unsafe { std::ptr::copy_nonoverlapping(buffer, bytes.as_mut_ptr(), bytes.len()) };
        return Ok(bytes);
    }
    if values.is_null() && !kernel.parameters.is_empty() {
        return Err(Code::INVALID_VALUE);
    }
    for (number, (offset, size)) in kernel.parameters.iter().enumerate() {
        // SAFETY: the driver's interface promises a pointer for each parameter, to as many bytes as it has.
        unsafe {
            let from = *values.add(number);
            if from.is_null() {
                return Err(Code::INVALID_VALUE);
            }
            std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr().add(*offset), *size);
        }
    }
    Ok(bytes)
}

fn occupancy(state: &State, out: *mut c_int, function: usize, block: c_int, shared: usize) -> Outcome {
    let function = state.functions.get(&function).ok_or(Code::INVALID_HANDLE)?;
    let limit = shared_limit(state.config.capability);
    let by_threads = 2048 / usize::try_from(block).ok().filter(|n| *n > 0).ok_or(Code::INVALID_VALUE)?;
    let by_shared = limit / (function.kernel.shared + shared + 1024);
    put(out, by_threads.min(by_shared).min(32) as c_int)
}

driver! {
    fn cuLaunchKernel(
        state,
        function: usize,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        shared: c_uint,
        stream: usize,
        values: *const *const u8,
        extra: *const *const c_void,
    ) {
        let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
        launch(state, function, &LaunchConfig { grid, block, shared, stream }, values, extra)
    }

    fn cuLaunchKernelEx(
        state,
        config: *const LaunchConfig,
        function: usize,
        values: *const *const u8,
        extra: *const *const c_void,
    ) {
        if config.is_null() {
            return Err(Code::INVALID_VALUE);
        }
        // SAFETY: the driver's interface promises the structure.
        launch(state, function, unsafe { &*config }, values, extra)
    }

    // Blocks run one after another, so they cannot wait for each other.
    fn cuLaunchCooperativeKernel(
        _state,
        _function: usize,
        _grid_x: c_uint,
        _grid_y: c_uint,
        _grid_z: c_uint,
        _block_x: c_uint,
        _block_y: c_uint,
        _block_z: c_uint,
        _shared: c_uint,
        _stream: usize,
        _values: *const *const u8,
    ) {
        Err(Code::NOT_SUPPORTED)
    }

    fn cuFuncGetAttribute(state, out: *mut c_int, attribute: c_int, function: usize) {
        let function = state.functions.get(&function).ok_or(Code::INVALID_HANDLE)?;
        let kernel = &function.kernel;
        let value = match attribute {
            0 => kernel.max_threads.unwrap_or(1024) as usize,
            1 => kernel.shared,
            3 => kernel.local,
            // Registers are dealt out behind PTX: what a GPU would need is not known.
            4 => 32,
            MAX_DYNAMIC_SHARED => function.dynamic_limit,
            _ => 0,
        };
        put(out, value as c_int)
    }

    fn cuFuncSetAttribute(state, function: usize, attribute: c_int, value: c_int) {
        let limit = shared_limit(state.config.capability);
        let function = state.functions.get_mut(&function).ok_or(Code::INVALID_HANDLE)?;
        if attribute == MAX_DYNAMIC_SHARED {
            let value = usize::try_from(value).map_err(|_| Code::INVALID_VALUE)?;
            if value + function.kernel.shared > limit {
                return Err(Code::INVALID_VALUE);
            }
            function.dynamic_limit = value;
        }
        Ok(())
    }

    fn cuFuncSetCacheConfig(state, function: usize, _config: c_int) {
        if state.functions.contains_key(&function) { Ok(()) } else { Err(Code::INVALID_HANDLE) }
    }

    fn cuOccupancyMaxActiveBlocksPerMultiprocessor(
        state,
        out: *mut c_int,
        function: usize,
        block: c_int,
        shared: usize,
    ) {
        occupancy(state, out, function, block, shared)
    }

    fn cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        state,
        out: *mut c_int,
        function: usize,
        block: c_int,
        shared: usize,
        _flags: c_uint,
    ) {
        occupancy(state, out, function, block, shared)
    }
}
