//! Machine code of the hot kernels, taken apart: what the compiler of a GPU made of them, without a GPU.
//!
//! Needs NVRTC, and `nvdisasm` (`pip install nvidia-cuda-nvdisasm`) among Python's packages beside it or at `KERAS_NVDISASM`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use keras_runtime::compiled::Spec;
use keras_runtime::device::cuda::{self, Precision, Target};
use keras_runtime::loss::Loss;
use keras_runtime::optim::Optimizer;
use keras_runtime::prelude::*;

keras_model! {
    Wide = dense(256, relu, input = 784) >> dense(128, relu) >> dense(16, softmax);
    Deep = conv2d(32, 3, activation = relu, input = [12, 12, 16]) >> conv2d(64, 3, activation = relu) >> flatten()
        >> dense(16, softmax);
    Remembering = lstm(32, return_sequences = true, input = [6, 32]) >> gru(32) >> dense(16, softmax);
    Attending(x: [16, 32]) -> [16, 32] { multi_head_attention(x, x, num_heads = 2, key_dim = 16) }
}

/// Where the disassembler is, if NVRTC is there too. Where `CI` is set, what is missing is a failure.
fn disassembler() -> Option<PathBuf> {
    let named = std::env::var_os("KERAS_NVDISASM").map(PathBuf::from);
    let beside = std::env::var_os("KERAS_NVRTC").map(|lib| PathBuf::from(lib).join("../bin/nvdisasm"));
    let missing = match (cuda::compiler(), named.or(beside)) {
        (Ok(()), Some(path)) if path.is_file() => return Some(path),
        (Err(error), _) => error.to_string(),
        (_, path) => format!(
            "nvdisasm was not found ({path:?}): `pip install nvidia-cuda-nvdisasm` brings it, and `KERAS_NVDISASM` may name it"
        ),
    };
    assert!(std::env::var_os("CI").is_none(), "{missing}");
    println!("skipped: {missing}");
    None
}

/// How often each instruction stands in each kernel of a model.
fn taken_apart(tool: &PathBuf, spec: &'static Spec, precision: Precision, target: Target) -> Kernels {
    let optimizers = (Adam::default(), Lamb::default(), Adafactor::default(), Muon::default());
    // Those of optimizers and losses are the same for every model.
    let training: (Vec<&dyn Optimizer>, Vec<&dyn Loss>) = match (precision, spec.name) {
        (Precision::Float32, "Wide") => (
            vec![&optimizers.0, &optimizers.1, &optimizers.2, &optimizers.3],
            vec![&KLDivergence, &MeanSquaredError, &Dice],
        ),
        _ => (vec![], vec![]),
    };
    let bytes = cuda::precompile(spec, precision, &training.0, &training.1, &[target]).unwrap();
    let mut kernels = Kernels::new();
    // 16 bytes of what the file is; then of each image 36 bytes, its length from the 28th on.
    let mut rest = &bytes[16..bytes.len() - 16];
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[28..32].try_into().unwrap()) as usize;
        let path = std::env::temp_dir().join(format!("keras-sass-{}-{:p}.cubin", std::process::id(), rest));
        std::fs::write(&path, &rest[36..36 + len]).unwrap();
        rest = &rest[36 + len..];
        let output = Command::new(tool).args(["-c", "-hex"]).arg(&path).output().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        read(&String::from_utf8_lossy(&output.stdout), &mut kernels);
    }
    kernels
}

type Kernels = BTreeMap<String, BTreeMap<String, usize>>;

/// Kernels begin with `.text.NAME:`, instructions with their address: `/*0010*/ @P0 LDG.E.128 R4, ... ;`.
fn read(listing: &str, kernels: &mut Kernels) {
    let mut kernel = String::new();
    for line in listing.lines() {
        if let Some(name) = line.trim().strip_prefix(".text.").and_then(|name| name.strip_suffix(':')) {
            kernel = name.to_string();
        }
        let Some((address, rest)) = line.trim().strip_prefix("/*").and_then(|line| line.split_once("*/"))
        else {
            continue;
        };
        if address.len() != 4 && address.len() != 5 {
            continue;
        }
        let mut words = rest.split_whitespace().map(|word| word.trim_end_matches(';'));
        let op = words.find(|word| !word.starts_with('@') && *word != "{").unwrap_or_default();
        *kernels.entry(kernel.clone()).or_default().entry(op.to_string()).or_default() += 1;
    }
}

/// Kernels that go through memory once, whatever the shapes of these models.
const STREAMS: [&str; 11] = [
    "average",
    "collect",
    "combine",
    "copy",
    "gather_f32",
    "overlap",
    "pack",
    "record",
    "softmax",
    "unscale",
    "update_0",
];

/// Products and streams move four words at a time, those of tensor cores use them, and no kernel keeps anything in local memory.
#[test]
fn hot_kernels_are_what_they_should_be() {
    let Some(tool) = &disassembler() else { return };
    let models = [Wide::SPEC, Deep::SPEC, Attending::SPEC, Remembering::SPEC];
    let streams = std::thread::scope(|scope| {
        let of_model = |spec: &'static Spec| {
            scope.spawn(move || {
                let mut streams = BTreeSet::new();
                for architecture in [(8, 0), (9, 0)] {
                    for precision in [Precision::Float32, Precision::Tf32, Precision::Bf16] {
                        streams.extend(look_at(tool, spec, precision, architecture));
                    }
                }
                streams
            })
        };
        let threads: Vec<_> = models.into_iter().map(of_model).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<BTreeSet<_>>()
    });
    assert_eq!(streams.len(), STREAMS.len(), "{streams:?}");
}

/// Holds the kernels of a model to what they should be; tells which streams are among them.
fn look_at(
    tool: &PathBuf,
    spec: &'static Spec,
    precision: Precision,
    (major, minor): (u32, u32),
) -> BTreeSet<&'static str> {
    let mut streams = BTreeSet::new();
    let kernels = taken_apart(tool, spec, precision, Target::cubin(major, minor));
    let mut products = 0;
    for (name, ops) in &kernels {
        let what = format!("sm_{major}{minor}, {precision:?}, {}: {name}: {ops:?}", spec.name);
        let count = |start: &str| -> usize {
            ops.iter().filter(|(op, _)| op.starts_with(start)).map(|(_, count)| count).sum()
        };
        assert!(count("EXIT") > 0, "nothing was read of {what}");
        assert_eq!(count("LDL") + count("STL"), 0, "registers are spilled: {what}");
        let kind = name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
        if let Some(stream) = STREAMS.iter().find(|stream| **stream == kind || *stream == name) {
            streams.insert(*stream);
            assert!(count("STG.E.128") > 0, "words are stored one by one: {what}");
            // Addresses that are numbers of a step are of any memory.
            let wide = count("LDG.E.128") + count("LD.E.128");
            assert!(wide > 0, "words are loaded one by one: {what}");
        }
        if !name.contains("matmul") {
            continue;
        }
        products += 1;
        assert_eq!(count("LDG"), count("LDG.E.128"), "words are loaded one by one: {what}");
        let tensor_cores = count("HMMA");
        match precision {
            Precision::Float32 => {
                assert!(tensor_cores == 0 && count("FFMA") >= 128, "{what}");
                assert!(count("LDS.128") > 0, "{what}");
                // A thread has four neighbours, or two.
                let wide = count("STG.E.128") + count("STG.E.64");
                let tail = usize::from(name.starts_with("matmul_t"));
                assert!(wide > 0 && count("STG") <= wide + tail, "words are stored one by one: {what}");
            }
            _ => {
                assert!(tensor_cores > 0, "no tensor cores: {what}");
                assert!(count("STG.E.64") > 0, "words are stored one by one: {what}");
            }
        }
    }
    assert!(products >= 6, "{kernels:?}");
    let wide: usize = kernels.values().flatten().filter(|(op, _)| **op == "STG.E.128").map(|(_, n)| n).sum();
    assert!(wide > 0 || precision != Precision::Float32 || spec.name == "Attending");
    streams
}
