//! What a training step does to weights beside gradients: penalties, constraints, optimizers.

use std::fmt::Write;

use super::formula::{number, statements};
use super::{THREADS, Text};
use crate::compiled::{Constraint, Layout, Penalty, Spec, WeightSpec};
use crate::device::cpu::simd::Isa;
use crate::device::cpu::simd::symbol::trace;
use crate::init;
use crate::optim::{Moment, Optimizer};

/// The kernels that depend on weights alone: `penalty_I` of each that has one, `constraint_I` likewise.
pub fn print(text: &mut Text, spec: &Spec) {
    for (i, weight) in spec.weights.iter().enumerate() {
        if let Some(penalty) = weight.penalty {
            let body = penalise(weight, penalty);
            let _ = writeln!(text.text, "\nKERNEL(penalty_{i}) {{\n{body}}}");
        }
        if let Some(constraint) = weight.constraint {
            let body = constrain(weight, constraint);
            let _ = writeln!(text.text, "\nKERNEL(constraint_{i}) {{\n{body}}}");
        }
    }
    text.text.push_str(COMMON);
}

/// What every model has: sums of gradients, averages of weights, squares.
const COMMON: &str = r#"
// Adds the gradient to those of the last batches; the last one becomes their mean.
extern "C" __global__ void collect(float *grads, float *sums, u32 len, float batches, u32 last) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= len) return;
    float sum = sums[i] + grads[i];
    if (last) grads[i] = sum / batches;
    sums[i] = last ? 0.0f : sum;
}

extern "C" __global__ void copy(const float *from, float *to, u32 len) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i < len) to[i] = from[i];
}

extern "C" __global__ void average(float *params, float *means, u32 len, float momentum, u32 overwrite) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= len) return;
    float mean = momentum * means[i] + (1.0f - momentum) * params[i];
    means[i] = mean;
    if (overwrite) params[i] = mean;
}

// Sums of squares of pieces of 4096 words.
extern "C" __global__ void squares(const float *words, float *sums, u32 len) {
    __shared__ float shared[256];
    u32 end = min(len, (blockIdx.x + 1) * 4096u);
    float sum = 0.0f;
    for (u32 i = blockIdx.x * 4096u + threadIdx.x; i < end; i += 256u) sum += words[i] * words[i];
    sum = fold_sum(sum, 256u, shared);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}
"#;

/// One block: the penalty goes to the first word of workspace, slopes are added where `count` says so.
fn penalise(weight: &WeightSpec, Penalty { l1, l2 }: Penalty) -> String {
    let words = init::words(weight);
    let (l1, l2) = (number(l1), number(l2));
    let mut body = format!("    __shared__ float shared[{THREADS}];\n    float sum = 0.0f;\n");
    let _ = writeln!(body, "    for (u32 i = threadIdx.x; i < {words}u; i += {THREADS}u) {{");
    let _ = writeln!(
        body,
        "    float w = m.params[{} + i];\n    sum += {l1} * fabsf(w) + {l2} * (w * w);",
        weight.offset
    );
    if weight.trainable {
        let _ = writeln!(body, "    float sign = (w > 0.0f ? 1.0f : 0.0f) - (w < 0.0f ? 1.0f : 0.0f);");
        let _ = writeln!(
            body,
            "    if (count) m.grads[{} + i] += ({l1} * sign + 2.0f * {l2} * w) * __uint_as_float(m.control[SCALE]);",
            weight.offset
        );
    }
    let _ = writeln!(
        body,
        "    }}\n    sum = fold_sum(sum, {THREADS}u, shared);\n    if (threadIdx.x == 0) m.work[from] = sum;"
    );
    body
}

/// The word of a weight at row-major place `flat` (a variable).
fn word(weight: &WeightSpec, flat: &str) -> String {
    match weight.layout {
        Layout::Plain => format!("{} + {flat}", weight.offset),
        Layout::Panels { k, n } => {
            format!(
                "{} + {flat} % {n}u / 16u * {}u + {flat} / {n}u * 16u + {flat} % {n}u % 16u",
                weight.offset,
                16 * k
            )
        }
    }
}

/// Groups of words that a constraint looks at together: each has a block.
pub fn groups(weight: &WeightSpec, constraint: Constraint) -> usize {
    match constraint {
        Constraint::NonNeg => init::words(weight).div_ceil(THREADS),
        Constraint::Norm { axes, .. } => {
            (0..weight.shape.len()).filter(|d| !axes.contains(d)).map(|d| weight.shape[d]).product()
        }
    }
}

fn constrain(weight: &WeightSpec, constraint: Constraint) -> String {
    let Constraint::Norm { min, max, rate, axes } = constraint else {
        let words = init::words(weight);
        return format!(
            "    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (i < {words}u && m.params[{0} + i] < 0.0f) m.params[{0} + i] = 0.0f;\n",
            weight.offset
        );
    };
    let shape = weight.shape;
    let (within, kept): (Vec<usize>, Vec<usize>) = (0..shape.len()).partition(|d| axes.contains(d));
    let words: usize = within.iter().map(|d| shape[*d]).product();
    // The row-major place of an element whose digits along `dims` are those of `index`.
    let part = |dims: &[usize], index: &str| {
        let mut below = 1;
        let mut sum = String::from("0u");
        for &d in dims.iter().rev() {
            let stride: usize = shape[d + 1..].iter().product();
            let _ = write!(sum, " + {index} / {below}u % {}u * {stride}u", shape[d]);
            below *= shape[d];
        }
        sum
    };
    let mut body = format!("    __shared__ float shared[{THREADS}];\n    float sum = 0.0f;\n");
    let _ = writeln!(body, "    u32 first = {};", part(&kept, "blockIdx.x"));
    let walk = format!(
        "    for (u32 i = threadIdx.x; i < {words}u; i += {THREADS}u) {{\n    u32 flat = first + {};",
        part(&within, "i")
    );
    let _ = writeln!(
        body,
        "{walk}\n    float w = m.params[{}];\n    sum += w * w;\n    }}",
        word(weight, "flat")
    );
    let _ = writeln!(body, "    float norm = sqrtf(fold_sum(sum, {THREADS}u, shared));");
    let _ = writeln!(
        body,
        "    float wanted = {0} * fminf(fmaxf(norm, {1}), {2}) + (1.0f - {0}) * norm;",
        number(rate),
        number(min),
        number(max)
    );
    let _ = writeln!(body, "    float factor = wanted / ({} + norm);", number(1e-7));
    let _ = writeln!(body, "{walk}\n    m.params[{}] *= factor;\n    }}", word(weight, "flat"));
    body
}

/// The step of an optimizer for a range of parameters that are treated alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// CUDA C of a kernel `update`, which does not depend on the numbers of the step.
    pub text: String,
    /// These numbers.
    pub constants: Vec<f32>,
}

/// What `optimizer` does to each parameter, from `state` words of state; `None` if that is no formula for each word.
pub fn update(optimizer: &dyn Optimizer, at: &Moment, state: usize) -> Option<Piece> {
    if optimizer.whole_weights() {
        return None;
    }
    let at = Moment { isa: Isa::Symbolic, threads: 1, ..*at };
    let (mut w, g, mut s) = ([0.0f32], [0.0f32], vec![0.0f32; state]);
    let mut addresses = vec![w.as_ptr().addr(), g.as_ptr().addr()];
    addresses.extend(s.iter().map(|word| std::ptr::from_ref(word).addr()));
    let (formula, written) = trace(&addresses, || {
        let mut pieces: Vec<&mut [f32]> = s.chunks_exact_mut(1).collect();
        optimizer.step(&at, &mut w, &g, &mut pieces);
    })?;
    let mut names = vec!["w".to_string(), "g".to_string()];
    names.extend((0..state).map(|i| format!("s{i}")));
    let mut constants = vec![];
    let (lines, results) = statements(&formula, &names, "v", |x| {
        constants.push(x);
        format!("c[{}]", constants.len() - 1)
    });
    let mut text = String::from("#define STATE(i) state[(u64)(i) * stride + at]\n");
    text += "extern \"C\" __global__ void __launch_bounds__(256) update(float *params, const float *grads, float *state, const float *c, u32 first, u32 len, u32 stride) {\n";
    text +=
        "    u32 i = blockIdx.x * 256u + threadIdx.x;\n    if (i >= len) return;\n    u32 at = first + i;\n";
    text += "    float w = params[at], g = grads[at];\n";
    for i in 0..state {
        let _ = writeln!(text, "    float s{i} = STATE({i});");
    }
    text += &lines;
    let mut results = results.into_iter();
    for (i, result) in written.iter().enumerate() {
        let (Some(_), Some(value)) = (result, if result.is_some() { results.next() } else { None }) else {
            continue;
        };
        let _ = match i {
            0 => writeln!(text, "    params[at] = {value};"),
            1 => return None,
            i => writeln!(text, "    STATE({}) = {value};", i - 2),
        };
    }
    text += "}\n";
    Some(Piece { text, constants })
}
