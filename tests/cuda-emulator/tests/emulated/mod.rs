//! What tests begin with: the emulator in the place of the driver, NVRTC, and kernels.

#![allow(dead_code)]

use std::env;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use cudarc::driver::{CudaContext, CudaFunction, CudaModule, CudaStream, LaunchConfig};
use cudarc::nvrtc::{CompileOptions, Ptx, compile_ptx_with_opts};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

/// Loads the emulator, by the path where cargo put it: from then on cudarc finds it as `libcuda.so`.
pub fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its program");
        let path = test.with_file_name("libkeras_cuda_emulator.so");
        load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

fn load(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the library's initialisers do nothing that another one could see.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }
}

/// The device, for one test at a time, as it is before any test: settings are the usual ones, and no fault is left.
pub struct Device {
    pub context: Arc<CudaContext>,
    /// A stream of its own.
    pub stream: Arc<CudaStream>,
    _one_at_a_time: MutexGuard<'static, ()>,
}

/// Waits for the device.
pub fn device() -> Device {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    library();
    call("keras_emulator_reset");
    for (name, value) in [
        ("devices", "1"),
        ("memory", "4294967296"),
        ("capability", "8.0"),
        ("races", "1"),
        ("uninitialised", "1"),
        ("eager", "0"),
        ("branches", "1073741824"),
        ("counters", "0"),
        ("driver", "99990"),
        ("lost", "4294967295"),
    ] {
        configure(name, value);
    }
    let context = CudaContext::new(0).expect("the emulator has a device");
    // SAFETY: the tests wait for what they read.
    unsafe { context.disable_event_tracking() };
    let stream = context.new_stream().expect("a stream");
    Device { context, stream, _one_at_a_time: guard }
}

impl Device {
    /// Loads PTX.
    pub fn module(&self, ptx: impl Into<Ptx>) -> Arc<CudaModule> {
        self.context.load_module(ptx.into()).expect("the emulator reads this PTX")
    }

    /// Loads one kernel.
    pub fn kernel(&self, ptx: impl Into<Ptx>, name: &str) -> CudaFunction {
        self.module(ptx).load_function(name).expect("the kernel is in the module")
    }
}

/// Sets what an environment variable `KERAS_EMULATOR_NAME` would.
pub fn configure(name: &str, value: &str) {
    let (name, value) = (CString::new(name).unwrap(), CString::new(value).unwrap());
    // SAFETY: the function has this type.
    let code = unsafe {
        let set =
            library().get::<extern "C" fn(*const i8, *const i8) -> i32>(b"keras_emulator_configure").unwrap();
        set(name.as_ptr().cast(), value.as_ptr().cast())
    };
    assert_eq!(code, 0, "{name:?} = {value:?}");
}

/// Calls a function of the emulator that takes nothing.
pub fn call(name: &str) {
    // SAFETY: the functions that tests name have this type.
    let code = unsafe { library().get::<extern "C" fn() -> i32>(name.as_bytes()).unwrap()() };
    assert_eq!(code, 0, "{name}");
}

/// The text of the last fault.
pub fn last_fault() -> String {
    let mut text = [0u8; 4096];
    // SAFETY: the function has this type, and the buffer that size.
    unsafe {
        let get =
            library().get::<extern "C" fn(*mut u8, usize) -> i32>(b"keras_emulator_last_fault").unwrap();
        assert_eq!(get(text.as_mut_ptr(), text.len()), 0);
    }
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).into_owned()
}

/// Whether NVRTC is there: at `KERAS_NVRTC`, or among the packages of `python3`. Where it is not, a line says so and the test
/// proves nothing; on CI that is an error.
pub fn nvrtc() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    let found =
        *FOUND.get_or_init(|| find_nvrtc().is_some_and(|path| load(&path).map(std::mem::forget).is_ok()));
    assert!(found || env::var("CI").as_deref() != Ok("true"), "NVRTC must be there on CI: set KERAS_NVRTC");
    if !found {
        println!("skipped: NVRTC was not found (pip install nvidia-cuda-nvrtc, or KERAS_NVRTC=path)");
    }
    found
}

fn find_nvrtc() -> Option<PathBuf> {
    let mut folders = vec![];
    if let Some(given) = env::var_os("KERAS_NVRTC") {
        let given = PathBuf::from(given);
        if given.is_file() {
            return Some(given);
        }
        folders.push(given);
    } else {
        let code = "import site; print('\\n'.join(site.getsitepackages() + [site.getusersitepackages()]))";
        let output = std::process::Command::new("python3").args(["-c", code]).output().ok()?;
        folders.extend(String::from_utf8_lossy(&output.stdout).lines().map(PathBuf::from));
    }
    let within = ["", "nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib", "lib64"];
    let places = folders.iter().flat_map(|folder| within.map(|within| folder.join(within)));
    let names = ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"];
    places.flat_map(|place| names.map(|name| place.join(name))).find(|path| path.is_file())
}

/// Compiles CUDA C.
pub fn compile(source: &str, options: &[&str]) -> Ptx {
    compile_for("compute_80", source, options)
}

/// Compiles CUDA C for an architecture.
pub fn compile_for(architecture: &'static str, source: &str, options: &[&str]) -> Ptx {
    let options = CompileOptions {
        arch: Some(architecture),
        options: options.iter().map(|o| o.to_string()).collect(),
        ..CompileOptions::default()
    };
    compile_ptx_with_opts(source, options).unwrap_or_else(|error| panic!("{error:?}"))
}

/// A grid and blocks.
pub fn grid(blocks: (u32, u32, u32), threads: (u32, u32, u32), shared_mem_bytes: u32) -> LaunchConfig {
    LaunchConfig { grid_dim: blocks, block_dim: threads, shared_mem_bytes }
}

/// Numbers in [−1, 1), the same each time.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// All within a tolerance.
pub fn assert_close(got: &[f32], wanted: &[f32], tolerance: f32) {
    assert_eq!(got.len(), wanted.len());
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((got - wanted).abs() <= tolerance, "element {at}: {got} instead of {wanted}");
    }
}
