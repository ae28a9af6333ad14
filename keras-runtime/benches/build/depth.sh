#!/usr/bin/env bash
# How expansion and type-checking grow with a model: residual networks of bottleneck blocks, three convolutions each with their
# normalization, as in ResNet50 (which has sixteen). Tells the time of `cargo check` after an edit, processor time with it, and
# the size of what the compiler prints for it: every stage, from the graph to the generated Rust.
set -euo pipefail
. "$(dirname "$0")/crate.sh"
model() {
    cat > src/main.rs <<RUST
use keras_runtime::prelude::*;

keras_model! {
    block unit(filters) |x| {
        let y = x >> conv2d(filters, 1) >> batch_normalization() >> activation(relu)
                  >> conv2d(filters, 3, padding = same) >> batch_normalization() >> activation(relu)
                  >> conv2d(4 * filters, 1) >> batch_normalization();
        activation(x + y, relu)
    }
    Deep = input([32, 32, 3]) >> conv2d(64, 3, padding = same) >> repeat $1 { unit(16) }
        >> global_average_pooling2d() >> dense(10, softmax)
}

fn main() {
    // $RANDOM
    println!("{}", Deep::new(0).summary());
}
RUST
}
model 1
cargo check --quiet
echo "units  convolutions  check     processor time  text of all stages"
for units in 2 4 8 16 32; do
    model "$units"
    TIMEFORMAT='%R %U'
    spent=$({ time cargo check --quiet; } 2>&1)
    model "$units"
    text=$(KERAS_DUMP=Deep cargo check --quiet 2>&1 | wc -c)
    awk -v u="$units" -v s="$spent" -v t="$text" 'BEGIN { split(s, p, " "); printf "%5d  %12d  %6.2f s  %12.2f s  %12d KB\n", u, 3 * u + 1, p[1], p[2], t / 1000 }'
done
