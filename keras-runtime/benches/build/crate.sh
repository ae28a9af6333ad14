# A user's crate in a folder of its own, outside of the workspace: sourced by the scripts beside it, which write its `src/main.rs`.
runtime=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
crate=$(mktemp -d)
trap 'rm -rf "$crate"' EXIT
unset CARGO_TARGET_DIR
mkdir "$crate/src"
cat > "$crate/Cargo.toml" <<TOML
[package]
name = "user"
edition = "2024"

[dependencies]
keras-runtime = { path = "$runtime" }
ndarray = { version = "0.17", default-features = false, features = ["std"] }
TOML
cd "$crate"
