#!/usr/bin/env bash
# A fresh process that classifies one digit (`examples/classify.rs`): its size, wall time and memory, beside those of a Rust
# program that does nothing. With `hyperfine` on the machine that measures the time, else a loop does.
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=${CARGO_TARGET_DIR:-target}
weights=examples/data/mnist_mlp.safetensors

echo 'fn main() {}' > "$work/empty.rs"
rustc -O -C strip=symbols "$work/empty.rs" -o "$work/empty"
cargo build --release --quiet -p examples --example classify
strip "$target/release/examples/classify" -o "$work/classify"
# A profile for small programs: `README.md` has it as lines of a Cargo.toml.
CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=s \
    cargo build --release --quiet -p examples --example classify --target-dir "$work/small" \
    --config 'profile.release.package.keras-runtime.opt-level=3'
strip "$work/small/release/examples/classify" -o "$work/classify-small"

bytes() { stat -c %s "$1"; }
echo "stripped size in bytes, and without the weights in it:"
for program in empty classify classify-small; do
    size=$(bytes "$work/$program")
    inside=$([ "$program" = empty ] && echo 0 || bytes "$weights")
    printf '  %-16s %9d %9d\n' "$program" "$size" "$((size - inside))"
done

echo "wall time from process start:"
programs=("$work/empty" "$work/classify" "$work/classify $weights" "$work/classify-small")
if command -v hyperfine > /dev/null; then
    hyperfine -N --style none --warmup 20 --runs 500 --export-csv "$work/times.csv" "${programs[@]}" > /dev/null 2>&1
    awk -F, 'NR > 1 { n = split($1, p, "/"); printf "  %-60s mean %.2f ms, median %.2f ms, least %.2f ms\n", substr($1, length($1) - 50), $2 * 1e3, $4 * 1e3, $7 * 1e3 }' "$work/times.csv" | sed "s|$work/||"
else
    for program in "${programs[@]}"; do
        start=$EPOCHREALTIME
        for _ in $(seq 500); do $program > /dev/null; done
        awk "BEGIN { printf \"  mean %.2f ms (with the shell's fork)  %s\n\", ($EPOCHREALTIME - $start) * 2, \"${program//$work\//}\" }"
    done
fi

if [ -x /usr/bin/time ]; then
    echo "peak memory:"
    for program in "${programs[@]}"; do
        printf '  %6s KiB  %s\n' "$(/usr/bin/time -f %M $program 2>&1 > /dev/null)" "${program//$work\//}"
    done
fi
