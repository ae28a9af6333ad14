//! From CUDA C to a module: NVRTC, and the cache of what it made.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cudarc::driver::CudaModule;
use cudarc::nvrtc::{Ptx, result, sys};

use super::{Gpu, library};
use crate::error::{Error, Result};

/// The compute capability of a GPU: 8.6 is `sm_86`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Architecture {
    /// Before the point.
    pub major: u32,
    /// After it.
    pub minor: u32,
}

/// What the compiler makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Machine code of one architecture.
    Cubin,
    /// What a driver compiles: for architectures that this NVRTC does not know, and for emulators.
    Ptx,
}

/// Compiles `text`, or takes it from the cache, and loads it.
pub fn module(gpu: &Gpu, text: &str) -> Result<Arc<CudaModule>> {
    let emulated = gpu.name.to_lowercase().contains("emulat");
    let kind = if emulated { Kind::Ptx } else { Kind::Cubin };
    let image = cached(text, gpu.architecture, kind)?;
    let ptx = match kind {
        Kind::Cubin => Ptx::from_binary(image),
        Kind::Ptx => Ptx::from_src(String::from_utf8_lossy(&image).trim_end_matches('\0').to_string()),
    };
    gpu.context.load_module(ptx).map_err(|error| library::explain(&gpu.name, &error))
}

/// Machine code of `text` for `architecture`, for instance to be shipped with a program: `sm_90` is `9.0`.
///
/// # Errors
/// Without NVRTC, or where it does not know the architecture.
pub fn cubin(text: &str, architecture: Architecture) -> Result<Vec<u8>> {
    library::nvrtc()?;
    compile(text, architecture, Kind::Cubin)
}

fn cached(text: &str, architecture: Architecture, kind: Kind) -> Result<Vec<u8>> {
    let Architecture { major, minor } = architecture;
    let key = format!("{}\n{kind:?} {major}.{minor}\n{OPTIONS:?}\n{text}", env!("CARGO_PKG_VERSION"));
    let path = folder().map(|folder| folder.join(format!("{:032x}.{}", hash(key.as_bytes()), if kind == Kind::Ptx { "ptx" } else { "cubin" })));
    if let Some(image) = path.as_deref().and_then(read) {
        return Ok(image);
    }
    library::nvrtc()?;
    let image = compile(text, architecture, kind)?;
    if let Some(path) = path {
        // A cache that cannot be written costs time, and nothing else.
        let _ = write(&path, &image);
    }
    Ok(image)
}

/// No product and sum are rounded once unless a kernel says so: as on the CPU.
const OPTIONS: [&str; 2] = ["--std=c++17", "--fmad=false"];

fn compile(text: &str, Architecture { major, minor }: Architecture, kind: Kind) -> Result<Vec<u8>> {
    let target = match kind {
        Kind::Cubin => format!("--gpu-architecture=sm_{major}{minor}"),
        Kind::Ptx => format!("--gpu-architecture=compute_{major}{minor}"),
    };
    let failed = |problem: String| Error::Device { device: format!("NVRTC for {target}"), problem };
    let source = CString::new(text).map_err(|_| failed("the text has a zero in it".into()))?;
    let program = result::create_program(&source, None).map_err(|error| failed(format!("{error:?}")))?;
    let options: Vec<String> = OPTIONS.iter().map(|option| option.to_string()).chain([target.clone()]).collect();
    // SAFETY: `program` was made above, and is destroyed below.
    let image = unsafe {
        result::compile_program(program, &options)
            .map_err(|error| {
                let log = result::get_program_log(program).unwrap_or_default();
                let log: Vec<u8> = log.into_iter().map(|c| c as u8).collect();
                failed(format!("{error:?}\n{}", String::from_utf8_lossy(&log).trim_end_matches('\0')))
            })
            .and_then(|()| output(program, kind).map_err(|error| failed(format!("{error:?}"))))
    };
    // SAFETY: as above.
    let _ = unsafe { result::destroy_program(program) };
    image
}

unsafe fn output(program: sys::nvrtcProgram, kind: Kind) -> std::result::Result<Vec<u8>, result::NvrtcError> {
    // SAFETY: the caller's program is compiled.
    unsafe {
        if kind == Kind::Ptx {
            return Ok(result::get_ptx(program)?.into_iter().map(|c| c as u8).collect());
        }
        let mut len = 0;
        sys::nvrtcGetCUBINSize(program, &mut len).result()?;
        let mut image = vec![0u8; len];
        sys::nvrtcGetCUBIN(program, image.as_mut_ptr().cast()).result()?;
        Ok(image)
    }
}

/// `KERAS_CUDA_CACHE`, or a folder in the user's cache.
fn folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("KERAS_CUDA_CACHE").or_else(|| {
        let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
        cache.map(|cache| cache.join("keras-runtime").join("cuda"))
    })
}

/// FNV-1a (Fowler, Noll, Vo), 128 bits.
fn hash(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

/// What a file of the cache holds behind its sum; nothing if it is not whole.
fn read(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).ok()?;
    let (sum, image) = bytes.split_first_chunk::<16>()?;
    (u128::from_le_bytes(*sum) == hash(image)).then(|| image.to_vec())
}

/// Beside the file first, then in its place.
fn write(path: &Path, image: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let mut bytes = hash(image).to_le_bytes().to_vec();
    bytes.extend_from_slice(image);
    std::fs::write(&beside, bytes)?;
    std::fs::rename(beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_that_is_not_whole_is_none() {
        let path = std::env::temp_dir().join(format!("keras-cuda-{}.cubin", std::process::id()));
        write(&path, b"machine code").unwrap();
        assert_eq!(read(&path).unwrap(), b"machine code");
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path), None);
        std::fs::write(&path, &bytes[..7]).unwrap();
        assert_eq!(read(&path), None);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read(&path), None);
    }
}
