//! Modules: PTX that is read, decoded, and given its variables.

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::Arc;

use super::error::{Code, Outcome};
use super::kernel::Function;
use super::state::State;
use super::{driver, put, text};
use crate::program::Kernel;
use crate::ptx::Space;
use crate::{decode, ptx};

/// A module.
pub struct Module {
    kernels: HashMap<String, Arc<Kernel>>,
    /// Where its variables lie, and how large they are.
    variables: HashMap<String, (u64, usize)>,
}

impl State {
    fn load(&mut self, source: &str) -> Result<usize, Code> {
        let parsed = ptx::parse(source).map_err(|error| self.invalid(error))?;
        let (major, minor) = self.config.capability;
        if parsed.target > (10 * major + minor) as u32 {
            self.report(format!("PTX for sm_{} on a device of sm_{major}{minor}", parsed.target));
            return Err(Code::NO_BINARY_FOR_GPU);
        }
        // PTX 9 came with CUDA 13.
        if parsed.version + 4 > self.config.driver / 1000 {
            self.report(format!(
                "PTX {} is later than a driver of CUDA {}",
                parsed.version,
                self.config.driver / 1000
            ));
            return Err(Code::UNSUPPORTED_PTX_VERSION);
        }
        let mut variables = HashMap::new();
        for variable in parsed.variables.iter().filter(|v| matches!(v.space, Space::Global | Space::Const)) {
            let size = variable.size.unwrap_or(0);
            let Some(address) = self.memory.allocate(size.max(1), usize::MAX) else {
                return Err(Code::OUT_OF_MEMORY);
            };
            let mut bytes = variable.initial.clone();
            bytes.resize(size, 0);
            // SAFETY: the allocation has that size.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, size) };
            self.memory.mark_written(address, size);
            variables.insert(variable.name.clone(), (address, size));
        }
        let addresses = variables.iter().map(|(name, (address, _))| (name.clone(), *address)).collect();
        let lines = Arc::new(parsed.lines.clone());
        let mut kernels = HashMap::new();
        for function in parsed.functions.iter().filter(|f| f.entry) {
            let kernel =
                decode::decode(&parsed, function, &addresses, &lines).map_err(|error| self.invalid(error))?;
            kernels.insert(function.name.clone(), Arc::new(kernel));
        }
        let handle = self.new_handle();
        self.modules.insert(handle, Module { kernels, variables });
        Ok(handle)
    }

    fn invalid(&mut self, error: String) -> Code {
        self.report(error);
        Code::INVALID_PTX
    }
}

fn load_data(state: &mut State, out: *mut usize, image: *const c_char) -> Outcome {
    state.ready()?;
    if image.is_null() {
        return Err(Code::INVALID_VALUE);
    }
    // SAFETY: an image has at least four bytes, or is a shorter text that ends with zero.
    if unsafe { *image.cast::<u8>() } == 0x7f {
        state.report("this is a cubin, and the emulator runs PTX".to_owned());
        return Err(Code::INVALID_IMAGE);
    }
    let module = state.load(&text(image)?)?;
    put(out, module)
}

driver! {
    fn cuModuleLoadData(state, out: *mut usize, image: *const c_char) {
        load_data(state, out, image)
    }

    fn cuModuleLoadDataEx(
        state,
        out: *mut usize,
        image: *const c_char,
        _count: c_uint,
        _options: *mut c_int,
        _values: *mut *mut c_void,
    ) {
        load_data(state, out, image)
    }

    fn cuModuleLoad(state, out: *mut usize, path: *const c_char) {
        state.ready()?;
        let source = std::fs::read_to_string(text(path)?).map_err(|_| Code::FILE_NOT_FOUND)?;
        let module = state.load(&source)?;
        put(out, module)
    }

    fn cuModuleUnload(state, module: usize) {
        state.ready()?;
        // Launches that wait hold their kernel, and want its variables too.
        state.drain_all()?;
        let module = state.modules.remove(&module).ok_or(Code::INVALID_HANDLE)?;
        for (address, _) in module.variables.values() {
            state.memory.free(*address);
        }
        Ok(())
    }

    fn cuModuleGetFunction(state, out: *mut usize, module: usize, name: *const c_char) {
        let name = text(name)?;
        let module = state.modules.get(&module).ok_or(Code::INVALID_HANDLE)?;
        let kernel = module.kernels.get(&name).ok_or(Code::NOT_FOUND)?.clone();
        let handle = state.new_handle();
        state.functions.insert(handle, Function::new(kernel));
        put(out, handle)
    }

    fn cuModuleGetGlobal_v2(state, out: *mut u64, size: *mut usize, module: usize, name: *const c_char) {
        let name = text(name)?;
        let module = state.modules.get(&module).ok_or(Code::INVALID_HANDLE)?;
        let (address, bytes) = *module.variables.get(&name).ok_or(Code::NOT_FOUND)?;
        if !size.is_null() {
            put(size, bytes)?;
        }
        put(out, address)
    }
}
