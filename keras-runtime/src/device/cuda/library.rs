//! The libraries of NVIDIA: where they are, and what to do where they are not.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use cudarc::driver::{DriverError, sys};

use crate::error::{Error, Result};

/// A file that takes the place of the driver: for machines without a GPU, on which it is emulated.
const DRIVER: &str = "KERAS_CUDA_DRIVER";
/// The version of CUDA whose driver has every function that is called.
const OLDEST: i32 = 12_000;
/// NVRTC, as a file or a folder.
const NVRTC: &str = "KERAS_NVRTC";

/// Finds the driver.
pub fn driver() -> Result<()> {
    let named = std::env::var_os(DRIVER).map(PathBuf::from);
    if let Some(path) = named.as_deref() {
        load(path)?;
    }
    let problem = |problem: String| Err(Error::Device { device: "CUDA".into(), problem });
    // SAFETY: asks whether a library can be loaded.
    if !unsafe { sys::is_culib_present() } {
        return problem(
            "no driver of NVIDIA is installed on this machine: install the one for its GPU (on Debian the package \
             `nvidia-driver`), or run on `Cpu::default()`"
                .into(),
        );
    }
    let version = driver_version().map_err(|error| explain("CUDA", &error))?;
    if version < OLDEST {
        let of = |version: i32| format!("CUDA {}.{}", version / 1000, version % 1000 / 10);
        let (found, needed) = (of(version), of(OLDEST));
        return problem(format!(
            "the driver is too old: it is of {found}, and {needed} is needed; install a newer one, or run on `Cpu::default()`"
        ));
    }
    Ok(())
}

/// The version of CUDA that the driver is of: 12080 is 12.8.
pub fn driver_version() -> std::result::Result<i32, DriverError> {
    let mut version = 0;
    // SAFETY: every driver has this function, which writes a number.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result()?;
    Ok(version)
}

/// Loads a library in the place of the driver.
pub fn load(path: &Path) -> Result<()> {
    keep(path).map_err(|error| Error::Device {
        device: "CUDA".into(),
        problem: format!(
            "{} cannot be loaded in the place of the driver: {error}; `{DRIVER}` names another, or none",
            path.display()
        ),
    })
}

/// Loads NVRTC: from where the environment says, from where the system looks, from Python's packages, from a toolkit.
pub fn nvrtc() -> Result<()> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    // SAFETY: asks whether a library can be loaded.
    let present = || unsafe { cudarc::nvrtc::sys::is_culib_present() };
    let found = *LOADED.get_or_init(|| {
        let named = std::env::var_os(NVRTC).map(PathBuf::from);
        let mut places: Vec<PathBuf> = named.into_iter().flat_map(in_folder).collect();
        let given = places.len();
        if given == 0 && present() {
            return true;
        }
        places.extend(packages().into_iter().flat_map(in_folder));
        places.iter().any(|path| keep(path).is_ok() && present())
    });
    match found {
        true => Ok(()),
        false => Err(Error::Device {
            device: "CUDA".into(),
            problem: format!(
                "NVRTC, which compiles a model for a GPU the first time, was not found: `pip install nvidia-cuda-nvrtc` \
                 brings it; `{NVRTC}` may name its folder"
            ),
        }),
    }
}

/// Loads a library for the rest of the process.
fn keep(path: &Path) -> std::result::Result<(), libloading::Error> {
    // SAFETY: the user named it, or it is NVIDIA's.
    let library = unsafe { libloading::Library::new(path)? };
    std::mem::forget(library);
    Ok(())
}

/// NVRTC in a folder, newest first; or the file itself.
fn in_folder(path: PathBuf) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path];
    }
    let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with("libnvrtc.so") || (name.starts_with("nvrtc64_") && name.ends_with(".dll"))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}

/// Folders in which Python's packages and toolkits have it.
fn packages() -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = vec![];
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let mut folders: Vec<PathBuf> = vec![];
    for toolkit in ["CUDA_HOME", "CUDA_PATH", "CUDA_ROOT"].iter().filter_map(|name| variable(name)) {
        folders.extend(["lib64", "lib", "bin"].map(|part| toolkit.join(part)));
    }
    folders.extend(
        ["/usr/local/cuda/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
            .map(PathBuf::from),
    );
    for start in
        [variable("VIRTUAL_ENV"), variable("CONDA_PREFIX"), variable("HOME").map(|home| home.join(".local"))]
    {
        roots.extend(start.map(|start| start.join("lib")));
    }
    roots.extend(["/usr/local/lib", "/usr/lib"].map(PathBuf::from));
    for root in roots {
        for python in std::fs::read_dir(root).into_iter().flatten().flatten() {
            if !python.file_name().to_string_lossy().starts_with("python3") {
                continue;
            }
            for packages in ["site-packages", "dist-packages"] {
                let nvidia = python.path().join(packages).join("nvidia");
                folders.extend(["cu13/lib", "cuda_nvrtc/lib", "cu12/lib"].map(|part| nvidia.join(part)));
            }
        }
    }
    folders
}

/// An error of kernels, and whose they are.
pub fn of(owner: &str, error: Error) -> Error {
    Error::Device { device: format!("the kernels of {owner}"), problem: error.to_string() }
}

/// What an error of the driver means, and what to do.
pub fn explain(device: &str, error: &DriverError) -> Error {
    use sys::CUresult as Code;
    let advice = match error.0 {
        Code::CUDA_ERROR_NO_DEVICE => "there is no GPU of NVIDIA in this machine: run on `Cpu::default()`",
        Code::CUDA_ERROR_OUT_OF_MEMORY => {
            "its memory does not suffice: take smaller batches, or end other programs that use it"
        }
        Code::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => "the driver is too old: install a newer one",
        Code::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => {
            "the driver is too old for this NVRTC: install a newer one, or an NVRTC of the driver's version (`pip install \
             nvidia-cuda-nvrtc-cu12` for CUDA 12)"
        }
        Code::CUDA_ERROR_ILLEGAL_ADDRESS
        | Code::CUDA_ERROR_LAUNCH_FAILED
        | Code::CUDA_ERROR_MISALIGNED_ADDRESS => {
            "a kernel went wrong, and what was on the device is lost: start again from a checkpoint, and report this"
        }
        Code::CUDA_ERROR_DEVICE_UNAVAILABLE
        | Code::CUDA_ERROR_UNKNOWN
        | Code::CUDA_ERROR_ECC_UNCORRECTABLE => "the device is lost: start again from a checkpoint",
        _ => "start again from a checkpoint, or run on `Cpu::default()`",
    };
    Error::Device { device: device.into(), problem: format!("{:?}: {advice}", error.0) }
}
