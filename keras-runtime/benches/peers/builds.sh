#!/usr/bin/env bash
# W6 beside peers in Rust: a clean release build of a program that classifies one digit, and one after an edit of its model. Default
# profiles and no further flags; the registry's sources must be there already. Ours: `../build/run.sh`, which is run at the end.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r rust "$work"
cd "$work/rust"
rm -r .cargo
export CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
cargo fetch --quiet
seconds() {
    local start=$EPOCHREALTIME
    cargo build --release --quiet -p "peer-$1" --bin "start-$1" --target-dir "$work/$1"
    awk "BEGIN { printf \"%.1f s\", $EPOCHREALTIME - $start }"
}
for peer in ${*:-dfdx candle tract burn}; do
    clean=$(seconds "$peer")
    count=$(find "$work/$peer/release/deps" -name '*.rlib' | wc -l)
    echo 'pub const EDITED: bool = true;' >> "$peer/src/lib.rs"
    echo "$peer: clean $clean ($count libraries), after an edit $(seconds "$peer")"
    rm -r "${work:?}/$peer"
done
unset CARGO_PROFILE_RELEASE_LTO CARGO_PROFILE_RELEASE_CODEGEN_UNITS
echo "ours:"
"$OLDPWD/../build/run.sh"
