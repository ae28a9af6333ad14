//! Faults that are planted into kernels of a model, to see that the emulator catches them.

use super::errors::{Folder, run};
use super::*;

/// What a training says whose kernel `kernel` has `change` done to its PTX, by way of the cache.
fn planted(kernel: &str, change: impl Fn(&str) -> String) -> String {
    let cache = Folder::new(&format!("planted-{kernel}"));
    let train = || run("train", &[("KERAS_CUDA_CACHE", cache.name())]);
    assert!(train().contains("trained"));
    let mut changed = 0;
    for (path, bytes) in cache.files() {
        let ptx = String::from_utf8(bytes[16..].to_vec()).unwrap();
        let Some(at) = ptx.find(&format!(".entry {kernel}")) else { continue };
        let (before, rest) = ptx.split_at(at);
        let (body, after) = rest.split_at(rest.find("\n}").unwrap());
        let wrong = format!("{before}{}{after}", change(body));
        assert_ne!(wrong, ptx, "nothing was planted");
        let sum = wrong.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul((1 << 88) + 0x13b)
        });
        std::fs::write(path, [&sum.to_le_bytes()[..], wrong.as_bytes()].concat()).unwrap();
        changed += 1;
    }
    assert_eq!(changed, 1, "no kernel `{kernel}`");
    let text = train();
    assert!(text.contains("a kernel went wrong") && !text.contains("trained"), "{text}");
    text
}

/// The barrier of a product between the copy of a tile and its use.
#[test]
fn a_barrier_that_is_missing_is_caught() {
    let Some(_) = device() else { return };
    let text = planted("matmul_", |body| {
        let lines: Vec<&str> = body.lines().collect();
        let barrier = lines.iter().position(|line| line.contains("bar.sync")).expect("a barrier");
        [&lines[..barrier], &lines[barrier + 1..]].concat().join("\n")
    });
    assert!(text.contains("[cuda-emulator] race") && text.contains("matmul_"), "{text}");
}

/// The rows of a batch, copied one word too far.
#[test]
fn an_index_that_is_one_too_large_is_caught() {
    let Some(_) = device() else { return };
    let text = planted("gather_f32", |body| body.replace("setp.ge.u32", "setp.gt.u32"));
    assert!(text.contains("[cuda-emulator] out of bounds") && text.contains("gather_f32"), "{text}");
}
