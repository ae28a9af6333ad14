//! Makes doctests of the README's programs. They are compiled and not run: the first one trains for minutes.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=../README.md");
    let readme = fs::read_to_string("../README.md").expect("the README is beside this package");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let text = readme.replace("```rust\n", "```rust,no_run\n");
    fs::write(Path::new(&out).join("README.md"), text).expect("cargo made the folder");
}
