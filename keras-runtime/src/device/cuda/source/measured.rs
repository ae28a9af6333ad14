//! Losses as metrics: the mean over positions, of whose sums a block adds up some.

use std::fmt::Write;

use super::PRELUDE;
use super::head::{classes_of, fold, row, sum};
use crate::compiled::OutputSpec;
use crate::device::cpu::simd::symbol::Fold;
use crate::loss::{Fused, ToldRows};

/// The kernel of a loss at an output, whose predictions are logits or none; a warp has a position. Beside what [`row`] reads, it is given
/// what the kernels of all metrics are: `positions` of `classes` predictions and `width` targets each, and all of their weights and marks; and
/// whether positions whose target is `skipped` do not count, and what the loss is multiplied with.
pub fn measured_loss(spec: &OutputSpec<'_>, loss: &dyn ToldRows, logits: Option<Fused>) -> String {
    let columns = classes_of(spec);
    let mut body = String::new();
    let given = match logits {
        None => ["x[i]", "x[(u32)t[0]]"],
        Some(Fused::Sigmoid { .. }) => ["sigmoid(x[i])", "sigmoid(x[(u32)t[0]])"],
        Some(Fused::Softmax { .. }) => {
            let _ = writeln!(
                body,
                "    float top = number(0xff800000u), total = 0.0f;\n    for (u32 i = lane; i < columns; i += 32u) top = maximum(top, x[i]);\n    {}\n    for (u32 i = lane; i < columns; i += 32u) total += expf(x[i] - top);\n    {}",
                fold(Fold::Max, "top"),
                sum("total")
            );
            ["(expf(x[i] - top) / total)", "(expf(x[(u32)t[0]] - top) / total)"]
        }
    };
    let result = row(&mut body, &loss.formula(false), given);
    format!(
        "{PRELUDE}
extern \"C\" __global__ void __launch_bounds__(256, 2) measure_loss(const float *p, const float *y, const float *weights, const float *mask,
    u32 positions, u32 classes, u32 width, u32 weighing, u32 marks, u32 skips, float skipped, float factor, double *parts) {{
    __shared__ double shared[256];
    const u32 columns = {columns}u;
    u32 lane = threadIdx.x % 32u;
    double sums[2] = {{}};
#pragma unroll 1
    for (u32 q = blockIdx.x * 8u + threadIdx.x / 32u; q < positions; q += 256u) {{
    double weight = weighing ? (double)weights[(u64)q * weighing / positions] : 1.0;
    const float *x = p + (u64)q * columns, *t = y + (u64)q * width;
    // What counts nothing is not looked at: it may be anything.
    if (weight == 0.0 || (marks && mask[(u64)q * marks / positions] == 0.0f) || (skips && *t == skipped)) continue;
{body}    if (lane == 0) {{
    sums[0] += (double)factor * (double)({result}) * weight;
    sums[1] += weight;
    }}
    }}
    for (u32 s = 0; s < 4; s++) {{
    double sum = s < 2 ? fold_double(sums[s], 256u, shared) : 0.0;
    if (threadIdx.x == 0) parts[blockIdx.x * 4u + s] = sum;
    }}
}}
"
    )
}
