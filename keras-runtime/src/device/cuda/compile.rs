//! From CUDA C to a module: NVRTC, and the cache of what it made.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaModule, DriverError};
use cudarc::nvrtc::{Ptx, result, sys};

use super::{Gpu, library};
use crate::error::{Error, Result};

/// The compute capability of a GPU: 8.6 is `sm_86`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture {
    /// Before the point.
    pub major: u32,
    /// After it.
    pub minor: u32,
}

/// What a model is compiled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// Machine code of one architecture, which needs nothing but the driver.
    Cubin(Architecture),
    /// What a driver compiles when it is loaded: for an architecture and all later ones.
    Ptx(Architecture),
}

impl Target {
    /// Machine code of `sm_MAJORMINOR`.
    pub fn cubin(major: u32, minor: u32) -> Self {
        Target::Cubin(Architecture { major, minor })
    }

    /// PTX of `compute_MAJORMINOR`.
    pub fn ptx(major: u32, minor: u32) -> Self {
        Target::Ptx(Architecture { major, minor })
    }

    fn option(self) -> String {
        match self {
            Target::Cubin(Architecture { major, minor }) => format!("--gpu-architecture=sm_{major}{minor}"),
            Target::Ptx(Architecture { major, minor }) => {
                format!("--gpu-architecture=compute_{major}{minor}")
            }
        }
    }

    /// The name under which what was made of `text` is kept.
    fn key(self, text: &str) -> u128 {
        hash(format!("{}\n{}\n{OPTIONS:?}\n{text}", env!("CARGO_PKG_VERSION"), self.option()).as_bytes())
    }
}

/// What was compiled ahead, by its key.
#[derive(Debug, Default)]
pub struct Precompiled(Vec<(u128, Target, &'static [u8])>);

/// What a file of precompiled models begins with.
const MAGIC: &[u8; 16] = b"keras-cuda-1\0\0\0\0";

impl Precompiled {
    /// Adds what [`write`](Precompiled::write) wrote.
    pub fn add(&mut self, bytes: &'static [u8]) -> Result<()> {
        let foreign = || Error::Format {
            file: "the precompiled models".into(),
            problem: "they are cut off, or were not written by `cuda::precompile`".into(),
        };
        let (body, sum) = bytes.split_last_chunk::<16>().ok_or_else(foreign)?;
        let mut rest = body.strip_prefix(MAGIC).ok_or_else(foreign)?;
        if u128::from_le_bytes(*sum) != hash(body) {
            return Err(foreign());
        }
        while !rest.is_empty() {
            let (head, tail) = rest.split_first_chunk::<36>().ok_or_else(foreign)?;
            let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let (key, _) = head.split_first_chunk::<16>().ok_or_else(foreign)?;
            let architecture = Architecture { major: number(20), minor: number(24) };
            let target =
                if number(16) == 0 { Target::Cubin(architecture) } else { Target::Ptx(architecture) };
            let (image, tail) = tail.split_at_checked(number(28) as usize).ok_or_else(foreign)?;
            self.0.push((u128::from_le_bytes(*key), target, image));
            rest = tail;
        }
        Ok(())
    }

    /// Each of `texts` for each of `targets`.
    pub fn write(texts: &[String], targets: &[Target]) -> Result<Vec<u8>> {
        library::nvrtc()?;
        let mut bytes = MAGIC.to_vec();
        for text in texts {
            for target in targets {
                let image = compile(text, *target)?.image;
                let (kind, Architecture { major, minor }) = match target {
                    Target::Cubin(architecture) => (0, *architecture),
                    Target::Ptx(architecture) => (1, *architecture),
                };
                bytes.extend_from_slice(&target.key(text).to_le_bytes());
                for number in [kind, major, minor, image.len() as u32, 0] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
                bytes.extend_from_slice(&image);
            }
        }
        bytes.extend_from_slice(&hash(&bytes).to_le_bytes());
        Ok(bytes)
    }

    /// What there is of `text` that a GPU of `architecture` runs.
    fn find(
        &self,
        text: &str,
        architecture: Architecture,
        emulated: bool,
    ) -> Option<(Target, &'static [u8])> {
        let fits = |target: Target| match target {
            Target::Cubin(of) => of == architecture && !emulated,
            Target::Ptx(of) => of <= architecture,
        };
        let mut found: Vec<_> =
            self.0.iter().filter(|(key, target, _)| fits(*target) && target.key(text) == *key).collect();
        // Machine code first.
        found.sort_by_key(|(_, target, _)| matches!(target, Target::Ptx(_)));
        found.first().map(|(_, target, image)| (*target, *image))
    }
}

/// A folder in which every text is left that a program has loaded: for those who want to see, or to measure, what it runs.
const TEXTS: &str = "KERAS_CUDA_TEXTS";

/// Compiles `text`, or takes what was compiled before, and loads it.
pub fn module(gpu: &Gpu, text: &str) -> Result<Arc<CudaModule>> {
    let module = loaded(gpu, text)?;
    if let Some(folder) = std::env::var_os(TEXTS).filter(|folder| !folder.is_empty()) {
        let path = PathBuf::from(folder).join(format!("{:032x}.cu", hash(text.as_bytes())));
        put(&path, text.as_bytes()).map_err(|error| Error::Device {
            device: TEXTS.into(),
            problem: format!("{} cannot be written: {error}", path.display()),
        })?;
    }
    Ok(module)
}

fn loaded(gpu: &Gpu, text: &str) -> Result<Arc<CudaModule>> {
    let emulated = gpu.name.to_lowercase().contains("emulat");
    let known = gpu.precompiled.lock().unwrap_or_else(PoisonError::into_inner);
    let explained = |error: DriverError| library::explain(&gpu.name, &error);
    let found = known.find(text, gpu.architecture, emulated);
    let ready = found.map(|(target, image)| (target, image.to_vec()));
    drop(known);
    let ready = match ready {
        // An emulator has no machine of its own.
        None if !emulated => machine_code(text, gpu.architecture)?,
        ready => ready,
    };
    if let Some((target, image)) = ready {
        match load(gpu, target, image) {
            Err(error) if matches!(target, Target::Cubin(_)) && is_refused(&error) => {}
            loaded => return loaded.map_err(explained),
        }
    }
    let (target, image) = portable(text, gpu.architecture)?;
    load(gpu, target, image).map_err(explained)
}

fn load(gpu: &Gpu, target: Target, image: Vec<u8>) -> std::result::Result<Arc<CudaModule>, DriverError> {
    gpu.context.load_module(match target {
        Target::Cubin(_) => Ptx::from_binary(image),
        Target::Ptx(_) => Ptx::from_src(String::from_utf8_lossy(&image).trim_end_matches('\0').to_string()),
    })
}

/// Whether a driver has not taken machine code, of which it may make its own from PTX.
fn is_refused(error: &DriverError) -> bool {
    use cudarc::driver::sys::CUresult as Code;
    matches!(error.0, Code::CUDA_ERROR_NO_BINARY_FOR_GPU | Code::CUDA_ERROR_INVALID_IMAGE)
}

/// What the compiler says of the kernels of `text`: registers, shared memory, what had to be spilled.
pub fn report(text: &str, target: Target) -> Result<String> {
    library::nvrtc()?;
    Ok(compile(text, target)?.log)
}

/// Machine code for a GPU, from the cache or made now; none where there is no NVRTC, or one that does not know the architecture.
fn machine_code(text: &str, architecture: Architecture) -> Result<Option<(Target, Vec<u8>)>> {
    let target = Target::Cubin(architecture);
    let image = kept(text, target, || match library::nvrtc().is_ok() && known().contains(&architecture) {
        true => Ok(Some(target)),
        false => Ok(None),
    })?;
    Ok(image.map(|image| (target, image)))
}

/// PTX for a GPU, of the newest architecture up to its own that NVRTC knows: from the cache, or made now. The driver makes machine code of it.
fn portable(text: &str, architecture: Architecture) -> Result<(Target, Vec<u8>)> {
    let target = Target::Ptx(architecture);
    let image = kept(text, target, || {
        library::nvrtc()?;
        let known = known();
        match known.iter().filter(|known| **known <= architecture).max() {
            Some(newest) => Ok(Some(Target::Ptx(*newest))),
            // One that does not tell what it knows.
            None if known.is_empty() => Ok(Some(target)),
            None => Err(too_old(architecture, &known)),
        }
    })?;
    Ok((target, image.unwrap_or_default()))
}

/// The error of a GPU that is older than all that NVRTC makes code for.
fn too_old(Architecture { major, minor }: Architecture, known: &[Architecture]) -> Error {
    let oldest =
        known.iter().min().map_or(String::new(), |oldest| format!("{}.{}", oldest.major, oldest.minor));
    Error::Device {
        device: "CUDA".into(),
        problem: format!(
            "this NVRTC makes code for GPUs of compute capability {oldest} and later, and this one has {major}.{minor}: install an older NVRTC \
             (`pip install nvidia-cuda-nvrtc-cu12`, which `KERAS_NVRTC` may name), or run on `Cpu::default()`"
        ),
    }
}

/// What the cache has for `target`; if it has nothing, what is compiled, once there is a cause to, for the target that `made` gives.
fn kept(
    text: &str,
    target: Target,
    made: impl FnOnce() -> Result<Option<Target>>,
) -> Result<Option<Vec<u8>>> {
    let path = place(text, target);
    if let Some(image) = path.as_deref().and_then(read) {
        return Ok(Some(image));
    }
    let Some(made) = made()? else { return Ok(None) };
    let image = compile(text, made)?.image;
    if let Some(path) = path {
        // A cache that cannot be written costs time, and nothing else.
        let _ = write(&path, &image);
    }
    Ok(Some(image))
}

/// The file in the cache.
fn place(text: &str, target: Target) -> Option<PathBuf> {
    let kind = if matches!(target, Target::Cubin(_)) { "cubin" } else { "ptx" };
    folder().map(|folder| folder.join(format!("{:032x}.{kind}", target.key(text))))
}

/// The architectures that this NVRTC makes code for; nothing, if it does not tell.
fn known() -> Vec<Architecture> {
    let mut count = 0;
    // SAFETY: NVRTC writes one number, then so many.
    let known = unsafe {
        if sys::nvrtcGetNumSupportedArchs(&mut count).result().is_err() {
            return vec![];
        }
        let mut known = vec![0; usize::try_from(count).unwrap_or(0)];
        if sys::nvrtcGetSupportedArchs(known.as_mut_ptr()).result().is_err() {
            return vec![];
        }
        known
    };
    let numbers = known.into_iter().filter_map(|number| u32::try_from(number).ok());
    numbers.map(|number| Architecture { major: number / 10, minor: number % 10 }).collect()
}

/// No product and sum are rounded once unless a kernel says so: as on the CPU.
const OPTIONS: [&str; 2] = ["--std=c++17", "--fmad=false"];

/// What the compiler gives.
struct Compiled {
    image: Vec<u8>,
    log: String,
}

fn compile(text: &str, target: Target) -> Result<Compiled> {
    let failed =
        |problem: String| Error::Device { device: format!("NVRTC for {}", target.option()), problem };
    let source = CString::new(text).map_err(|_| failed("the text has a zero in it".into()))?;
    let program = result::create_program(&source, None).map_err(|error| failed(format!("{error:?}")))?;
    let mut options: Vec<String> = OPTIONS.iter().map(|option| option.to_string()).collect();
    options.push(target.option());
    if matches!(target, Target::Cubin(_)) {
        options.push("--ptxas-options=-v".into());
    }
    // SAFETY: `program` was made above, and is destroyed below.
    let compiled = unsafe {
        let done = result::compile_program(program, &options);
        let log: Vec<u8> =
            result::get_program_log(program).unwrap_or_default().into_iter().map(|c| c as u8).collect();
        let log = String::from_utf8_lossy(&log).trim_end_matches('\0').to_string();
        match done.and_then(|()| output(program, target)) {
            Ok(image) => Ok(Compiled { image, log }),
            Err(error) => Err(failed(format!(
                "{error:?}: kernels do not compile, which is a fault of this library and worth a report; `Cpu::default()` runs the model \
                 meanwhile\n{log}"
            ))),
        }
    };
    // SAFETY: as above.
    let _ = unsafe { result::destroy_program(program) };
    compiled
}

unsafe fn output(
    program: sys::nvrtcProgram,
    target: Target,
) -> std::result::Result<Vec<u8>, result::NvrtcError> {
    // SAFETY: the caller's program is compiled.
    unsafe {
        if matches!(target, Target::Ptx(_)) {
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

/// What [`read`] reads.
fn write(path: &Path, image: &[u8]) -> std::io::Result<()> {
    let mut bytes = hash(image).to_le_bytes().to_vec();
    bytes.extend_from_slice(image);
    put(path, &bytes)
}

/// Beside the file first, then in its place.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // Two threads that compile one text would have the same file beside it.
    static WRITING: Mutex<()> = Mutex::new(());
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let beside = path.with_extension(format!("{}.part", std::process::id()));
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
