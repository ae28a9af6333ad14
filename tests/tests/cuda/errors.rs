//! What goes wrong, and what is said of it: each with a remedy, and never a panic.

use std::path::{Path, PathBuf};

use keras_runtime::device::cpu::simd::symbol::{Instruction, RowFormula, RowPass};
use keras_runtime::loss::{Told as LossTold, ToldRows};
use keras_runtime::optim::{Moment, Told};
use keras_runtime::prelude::*;

use super::process::program;
use super::*;

/// The output of a program of its own, since a library stays loaded, and settings are read once.
pub fn run(task: &str, variables: &[(&str, &str)]) -> String {
    let mut command = program(task);
    command.env_remove("KERAS_DEVICE");
    for (name, value) in variables {
        match *value {
            "" => command.env_remove(name),
            value => command.env(name, value),
        };
    }
    let output = command.output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !text.contains("panicked"), "{text}");
    text
}

/// A folder for one test.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keras-cuda-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn name(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs on the CPU, and has said why, once.
fn falls_back(text: &str, reason: &str) {
    assert!(text.contains("as on the CPU") && text.contains(reason), "{text}");
    assert_eq!(text.matches("running on the CPU").count(), 1, "{text}");
}

#[test]
fn without_a_driver() {
    let text = run("auto", &[("KERAS_CUDA_DRIVER", "")]);
    if text.contains("a GPU is there") {
        return println!("skipped: this machine has a GPU");
    }
    falls_back(&text, "no driver of NVIDIA is installed on this machine: install the one for its GPU");
    falls_back(
        &run("auto", &[("KERAS_CUDA_DRIVER", "/nowhere/libcuda.so")]),
        "`KERAS_CUDA_DRIVER` names another",
    );
}

#[test]
fn without_a_device() {
    let Some(_) = device() else { return };
    falls_back(&run("auto", &[("KERAS_EMULATOR_DEVICES", "0")]), "there is no GPU of NVIDIA in this machine");
    let error = Cuda::new(99).unwrap_err().to_string();
    assert!(error.contains("GPU 99") && error.contains("the first is 0"), "{error}");
}

#[test]
fn a_driver_that_is_too_old() {
    let Some(_) = device() else { return };
    let text = run("auto", &[("KERAS_EMULATOR_DRIVER", "11080")]);
    falls_back(&text, "the driver is too old: it is of CUDA 11.8, and CUDA 12.0 is needed");
    // One that does not read what NVRTC writes: PTX 9 came with CUDA 13.
    let cache = Folder::new("old");
    let text = run("train", &[("KERAS_EMULATOR_DRIVER", "12080"), ("KERAS_CUDA_CACHE", cache.name())]);
    let later = cache.files().iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(".version 9"));
    assert_eq!(text.contains("the driver is too old for this NVRTC: install a newer one"), later, "{text}");
    assert_eq!(text.contains("trained"), !later, "{text}");
}

#[test]
fn without_nvrtc() {
    let Some(_) = device() else { return };
    let folder = Folder::new("empty");
    let places = ["KERAS_NVRTC", "KERAS_CUDA_CACHE", "HOME", "VIRTUAL_ENV"].map(|name| (name, folder.name()));
    let text = run("train", &places);
    assert!(
        text.contains("`pip install nvidia-cuda-nvrtc` brings it")
            || (text.contains("trained") && Path::new("/usr/local/cuda").exists()),
        "{text}"
    );
}

#[test]
fn without_memory() {
    let Some(_) = device() else { return };
    let small = run("train", &[("KERAS_EMULATOR_MEMORY", "20000")]);
    assert!(small.contains("its memory does not suffice: take smaller batches"), "{small}");
}

#[test]
fn a_device_that_is_lost() {
    let Some(_) = device() else { return };
    let text = run("train", &[("KERAS_EMULATOR_LOST", "60")]);
    assert!(text.contains("the device is lost: start again from a checkpoint"), "{text}");
    assert!(text.contains("the model is there") && !text.contains("trained"), "{text}");
}

/// What a training with this cache comes to.
fn trained_in(cache: &Folder, variables: &[(&str, &str)]) -> String {
    let text = run("train", &[&[("KERAS_CUDA_CACHE", cache.name())], variables].concat());
    text.lines()
        .find(|line| line.starts_with("trained"))
        .map(String::from)
        .unwrap_or_else(|| panic!("{text}"))
}

/// Where NVRTC knows a GPU not, or the driver takes no machine code, there is PTX: to the same bits, and from the cache the next time, for
/// which no NVRTC is needed.
#[test]
fn machine_code_that_is_not_taken() {
    let Some(_) = device() else { return };
    let known = Folder::new("known");
    let expected = trained_in(&known, &[]);
    let empty = Folder::new("no-nvrtc");
    let nowhere = ["KERAS_NVRTC", "HOME", "VIRTUAL_ENV"].map(|name| (name, empty.name()));
    let disguised = ("KERAS_EMULATOR_DISGUISED", "1");
    // A GPU of the future; one that is emulated, and thus refuses what is made for its like.
    for (name, capability, codes) in [("future", "13.0", false), ("refused", "8.0", true)] {
        let cache = Folder::new(name);
        let capability = ("KERAS_EMULATOR_CAPABILITY", capability);
        assert_eq!(trained_in(&cache, &[capability, disguised]), expected, "{name}");
        let files = cache.files();
        let of = |kind: &str| {
            files.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == kind)).count()
        };
        assert!(of("ptx") >= 2, "{name}: {files:?}");
        assert_eq!(of("cubin"), if codes { of("ptx") } else { 0 }, "{name}");
        if name == "future" {
            let newest = |ptx: &[u8]| String::from_utf8_lossy(ptx).contains(".target sm_1");
            assert!(
                files.iter().all(|(_, ptx)| newest(ptx)),
                "PTX of an architecture that is not the newest"
            );
        }
        let again = [&nowhere[..], &[capability, disguised]].concat();
        assert_eq!(trained_in(&cache, &again), expected, "{name}");
        assert_eq!(cache.files(), files, "{name}: something was compiled again");
    }
}

/// A GPU that is older than what NVRTC makes code for.
#[test]
fn a_device_that_is_too_old() {
    let Some(_) = device() else { return };
    let cache = Folder::new("too-old");
    let text = run("train", &[("KERAS_CUDA_CACHE", cache.name()), ("KERAS_EMULATOR_CAPABILITY", "3.0")]);
    assert!(text.contains("and this one has 3.0: install an older NVRTC"), "{text}");
    assert!(!text.contains("trained"), "{text}");
}

/// What is in the cache is taken when it is whole, and made anew otherwise.
#[test]
fn a_cache_that_is_corrupt() {
    let Some(_) = device() else { return };
    let cache = Folder::new("cache");
    let train = || {
        let text = run("train", &[("KERAS_CUDA_CACHE", cache.name())]);
        let result = text.lines().find(|line| line.starts_with("trained")).map(String::from);
        (result.unwrap_or_else(|| panic!("{text}")), cache.files())
    };
    let (first, files) = train();
    assert!(files.len() >= 2, "{files:?}");
    let broken = files.iter().map(|(path, bytes)| {
        let mut broken = bytes.clone();
        match bytes.len() % 3 {
            0 => broken.truncate(bytes.len() / 2),
            1 => broken.clear(),
            _ => broken[bytes.len() / 2] ^= 4,
        }
        std::fs::write(path, &broken).unwrap();
        (path.clone(), broken)
    });
    let broken: Vec<_> = broken.collect();
    let (again, mended) = train();
    assert_eq!(again, first);
    assert_eq!(mended.len(), files.len());
    assert!(
        mended.iter().zip(&broken).all(|(mended, broken)| mended.1 != broken.1),
        "what is broken stays so"
    );
    assert!(train() == (first.clone(), mended), "what is whole is compiled again");
    // A folder that cannot be is no cache.
    let text = run("train", &[("KERAS_CUDA_CACHE", &format!("{}/nothing", files[0].0.display()))]);
    assert!(text.contains(&first), "{text}");
}

/// A loss and an optimizer whose kernels use what nobody declares.
#[derive(Debug, Clone, Copy)]
struct Undeclared {
    learning_rate: f32,
}

/// A formula of one argument.
fn formula(argument: u32) -> RowFormula {
    let body = vec![Instruction::Argument(argument)];
    RowFormula {
        body,
        passes: vec![RowPass { body: 0..1, fold: None, stores: vec![(0, 0)] }],
        results: vec![0],
    }
}

impl ToldRows for Undeclared {
    fn is_whole(&self) -> bool {
        true
    }
    fn formula(&self, _: bool) -> RowFormula {
        // What the 60th pass has folded.
        formula(66)
    }
}

impl Loss for Undeclared {
    fn name(&self) -> &str {
        "undeclared_loss"
    }
    fn sample(&self, _: &[f32], _: &[f32], _: usize, _: Option<&mut [f32]>) -> f32 {
        0.0
    }
    fn told(&self) -> Option<LossTold<'_>> {
        Some(LossTold::Rows(self))
    }
}

impl Optimizer for Undeclared {
    fn name(&self) -> &str {
        "undeclared_step"
    }
    fn state_words(&self) -> usize {
        0
    }
    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: f32) {
        self.learning_rate = learning_rate;
    }
    fn whole_weights(&self) -> bool {
        true
    }
    fn told(&self, _: &Moment) -> Option<Told> {
        // The fourth word of a state that has none.
        Some(Told::Elements(formula(5)))
    }
    fn step(&self, _: &Moment, _: &mut [f32], _: &[f32], _: &mut [&mut [f32]]) {}
}

/// Kernels that do not compile are named, with what the compiler says of them.
#[test]
fn kernels_that_do_not_compile() {
    let Some(gpu) = device() else { return };
    let (x, y) = data();
    let undeclared = Undeclared { learning_rate: 0.1 };
    let mut model = Mlp::on(&gpu, 3).unwrap().compile(Sgd::default(), undeclared, ());
    let error = model.train_on_batch(&x, &y).unwrap_err().to_string();
    assert!(error.contains("the kernels of the loss `undeclared_loss` of output `dense_2`"), "{error}");
    assert!(error.contains("is undefined") && error.contains("worth a report"), "{error}");
    let mut model = Mlp::on(&gpu, 3).unwrap().compile(undeclared, CategoricalCrossentropy, ());
    let error = model.fit(&x, &y, quiet(1, 32)).unwrap_err().to_string();
    assert!(error.contains("the kernels of the optimizer `undeclared_step`"), "{error}");
    assert!(error.contains("is undefined"), "{error}");
}

/// `Auto`, twice.
pub fn auto() {
    let devices = [Auto::detect(), Auto::detect()];
    if devices[0].is_gpu() {
        return println!("a GPU is there");
    }
    let (x, _) = data();
    let expected = Mlp::on(&Cpu::default(), 3).unwrap().predict(&x).unwrap();
    for auto in devices {
        assert_eq!(Mlp::on(&auto, 3).unwrap().predict(&x).unwrap(), expected);
    }
    println!("as on the CPU");
}

/// A training, and what it comes to.
pub fn train() {
    match steps() {
        Ok(sum) => println!("trained to {sum:08x}"),
        Err(error) => println!("{error}"),
    }
}

/// Four steps of 40 samples; all bits of the weights.
fn steps() -> Result<u32> {
    let gpu = Cuda::new(0)?;
    let mut model = Mlp::on(&gpu, 3)?.compile(Adam::default(), MeanSquaredError, ());
    println!("the model is there");
    let (x, y) = data();
    model.fit(&x, &y, quiet(4, 40))?;
    Ok(model.network().params().iter().fold(0, |sum, w| sum.rotate_left(5) ^ w.to_bits()))
}
