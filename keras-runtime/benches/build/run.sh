#!/usr/bin/env bash
# Build times of a user's crate: a clean release build with the default features, and a rebuild after an edit of the model.
# The crate lies in a folder of its own outside of the workspace. The registry's sources must be there already: the first
# run on a machine fetches them. `README.md` says more.
set -euo pipefail
. "$(dirname "$0")/crate.sh"
cat > src/main.rs <<'RUST'
use keras_runtime::prelude::*;

keras_model! {
    /// The MNIST classifier of the Keras overview.
    pub Mnist = dense(256, relu, input = 784) >> dropout(0.4)
             >> dense(128, relu) >> dropout(0.3)
             >> dense(10, softmax)
}

fn main() -> Result<()> {
    let x = ndarray::Array2::<f32>::zeros((256, 784));
    let y = to_categorical(&[3u8; 256], 10)?;
    let mut model = Mnist::new(42).compile(RmsProp::default(), CategoricalCrossentropy, [Accuracy]);
    println!("{}", model.summary());
    model.fit(&x, &y, Fit { epochs: 1, batch_size: 128, validation_split: 0.2, ..Fit::default() })?;
    model.save_weights("mnist.safetensors")
}
RUST
cargo fetch --quiet
seconds() {
    local start=$EPOCHREALTIME
    cargo build --release --quiet "$@"
    awk "BEGIN { printf \"%.1f s\", $EPOCHREALTIME - $start }"
}
echo "clean release build:          $(seconds) on $(nproc) cores, $(ls -d target/release/build/* target/release/deps/*.rlib 2>/dev/null | grep -c rlib) libraries"
sed -i 's/dense(128, relu)/dense(96, tanh)/' src/main.rs
echo "after an edit of the model:   $(seconds)"
sed -i 's/epochs: 1/epochs: 2/' src/main.rs
echo "after an edit beside it:      $(seconds)"
sed -i 's/dense(96, tanh)/dense(64, gelu)/' src/main.rs
start=$EPOCHREALTIME
cargo check --quiet
awk "BEGIN { printf \"clean check (debug):          %.1f s\n\", $EPOCHREALTIME - $start }"
sed -i 's/dense(64, gelu)/dense(32, relu)/' src/main.rs
start=$EPOCHREALTIME
cargo check --quiet
awk "BEGIN { printf \"check after an edit:          %.1f s\n\", $EPOCHREALTIME - $start }"
if [ "${TIMINGS:-}" ]; then
    cargo clean --quiet
    cargo build --release --quiet --timings
    cp target/cargo-timings/cargo-timing.html "$TIMINGS"
    echo "what the clean build spent its time in: $TIMINGS"
fi
