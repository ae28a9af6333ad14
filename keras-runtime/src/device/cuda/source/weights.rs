//! What a training step does to weights beside gradients: penalties, constraints, optimizers.

use std::fmt::Write;

use super::formula::{further, number};
use super::{PRELUDE, THREADS, Text};
use super::{factored, orthogonal};
use crate::compiled::{Constraint, Layout, Penalty, Spec, WeightSpec};
use crate::device::cpu::simd::Isa;
use crate::device::cpu::simd::symbol::{Fold, Formula, Given, RowFormula, RowPass, trace};
use crate::init;
use crate::optim::{Moment, Optimizer, Told};

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

/// The names of [`COMMON`].
pub const COMMON_KERNELS: [&str; 10] =
    ["copy", "record", "collect", "average", "unscale", "squares", "infinite", "judge", "clip", "total"];

/// What every model has: sums of gradients, averages of weights, and what is seen of a whole gradient. Sums are of pieces of 4096
/// words first, in 64 bits.
const COMMON: &str = r#"
extern "C" __global__ void copy(const float *from, float *to, u32 len) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i < len) to[i] = from[i];
}

// Keeps what a pass has left in the log.
extern "C" __global__ void record(const float *from, float *log, u32 at, u32 len, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i < len) log[control[LOG] + at + i] = from[i];
}

// Adds the gradient to those of the last batches; the last one becomes their mean.
extern "C" __global__ void collect(float *grads, float *sums, u32 len, float batches, u32 last, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= len || !control[GO]) return;
    float sum = sums[i] + grads[i];
    if (last) grads[i] = sum / batches;
    sums[i] = last ? 0.0f : sum;
}

extern "C" __global__ void average(float *params, float *means, u32 len, float momentum, u32 overwrite, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= len || !control[GO]) return;
    float mean = momentum * means[i] + (1.0f - momentum) * params[i];
    means[i] = mean;
    if (overwrite) params[i] = mean;
}

extern "C" __global__ void unscale(float *grads, u32 len, float by, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i < len && control[GO]) grads[i] /= by;
}

#define PIECES(sums, len, term) \
    __shared__ double shared[256]; \
    u32 end = min(len, (blockIdx.x + 1) * 4096u); \
    double sum = 0.0; \
    for (u32 i = blockIdx.x * 4096u + threadIdx.x; i < end; i += 256u) sum += term; \
    sum = fold_double(sum, 256u, shared); \
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;

__device__ double total_of(const double *sums, u32 count) {
    __shared__ double shared[256];
    double sum = 0.0;
    for (u32 i = threadIdx.x; i < count; i += 256u) sum += sums[i];
    return fold_double(sum, 256u, shared);
}

extern "C" __global__ void squares(const float *words, double *sums, u32 len) {
    PIECES(sums, len, (double)words[i] * (double)words[i])
}

// Words that are not finite when they are multiplied with what is missing of the scale of the loss.
extern "C" __global__ void infinite(const float *words, double *sums, u32 len, float missing) {
    PIECES(sums, len, (fabsf(words[i] * missing) <= 3.402823466e38f ? 0.0 : 1.0))
}

// There is a step where all words were finite.
extern "C" __global__ void judge(const double *sums, u32 count, u32 *control) {
    double sum = total_of(sums, count);
    if (threadIdx.x == 0) control[GO] = sum == 0.0;
}

// What a gradient is multiplied with, by the squares of its words. As Keras: one with an infinity makes all weights NaN rather than
// standing still, where it is the gradient of all.
extern "C" __global__ void clip(const double *sums, float *to, u32 count, float most, u32 global, const float *before) {
    double sum = total_of(sums, count);
    if (threadIdx.x > 0) return;
    // What it was multiplied with before, if that is not 1.
    float scale = before ? *before : 1.0f, norm = (float)sqrt(sum) * scale;
    if (!global) *to = scale * (most / fmaxf(norm, most));
    else *to = norm <= 3.402823466e38f ? most * fminf(1.0f / norm, 1.0f / most) : number(0x7fc00000u);
}

extern "C" __global__ void total(const double *sums, float *to, u32 count, u32 at) {
    double sum = total_of(sums, count);
    if (threadIdx.x == 0) to[at] = (float)sum;
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
            "    if (!m.control[GO]) return;\n    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (i < {words}u && m.params[{0} + i] < 0.0f) m.params[{0} + i] = 0.0f;\n",
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
    let mut body = format!(
        "    if (!m.control[GO]) return;\n    __shared__ float shared[{THREADS}];\n    float sum = 0.0f;\n"
    );
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
    /// CUDA C of a kernel for each pass over the range, which do not depend on the numbers of the step.
    pub text: String,
    /// Its passes in order: a kernel of the text, and how it is launched.
    pub passes: Vec<(usize, Pass)>,
    /// Words for what passes have folded, and for what else they leave each other.
    pub folded: usize,
    /// The numbers of the step.
    pub constants: Vec<f32>,
}

/// How a pass is launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// A thread for each word.
    Each,
    /// A block for each piece of 4096 words, which leaves a sum of it; what they are together is folded into the next place.
    Folds,
    /// So many blocks.
    Blocks(usize),
}

/// What a pass's kernel begins with. `folded` is written by none but those that fold otherwise than in sums of pieces.
pub const HEAD: &str = "extern \"C\" __global__ void __launch_bounds__(256) NAME(float *params, const float *grads, float *state, const float *c, const float *scale, float *folded, double *sums, const u32 *control, u32 first, u32 len, u32 stride) {\n    if (!control[GO]) return;\n";

/// A kernel of the text.
pub fn update_name(kernel: usize) -> String {
    format!("update_{kernel}")
}

/// A number that stands for the one in place `slot` of the factors that the device finds for clipping.
pub fn on_device(slot: usize) -> f32 {
    f32::from_bits(ON_DEVICE | slot as u32)
}

/// The place that a number stands for.
pub fn slot_of(x: f32) -> Option<usize> {
    (x.to_bits() & !0xffff == ON_DEVICE).then_some((x.to_bits() & 0xffff) as usize)
}

/// Some 7e37, which is nothing that a step is multiplied with.
const ON_DEVICE: u32 = 0x7e5a_0000;

/// The formula of a step, by words of an element: its parameter, its gradient, its state.
fn formula_of(optimizer: &dyn Optimizer, at: &Moment, state: usize) -> Option<RowFormula> {
    let (mut w, g, mut s) = ([0.0f32], [0.0f32], vec![0.0f32; state]);
    let mut addresses = vec![w.as_ptr().addr(), g.as_ptr().addr()];
    addresses.extend(s.iter().map(|word| std::ptr::from_ref(word).addr()));
    let (Formula { body, .. }, written) = trace(&addresses, || {
        let mut pieces: Vec<&mut [f32]> = s.chunks_exact_mut(1).collect();
        optimizer.step(at, &mut w, &g, &mut pieces);
    })?;
    // One that is computed with numbers leaves nothing.
    if written[0].is_none() || written[1].is_some() {
        return None;
    }
    let stores = (0..).zip(written).filter_map(|(word, place)| Some((word, place?))).collect();
    let pass = RowPass { body: 0..body.len(), fold: None, stores };
    Some(RowFormula { body, passes: vec![pass], results: vec![] })
}

/// What `optimizer` does to each parameter, from `state` words of state; `None` if that is no formula.
pub fn update(optimizer: &dyn Optimizer, at: &Moment, state: usize) -> Option<Piece> {
    let at = Moment { isa: Isa::Symbolic, threads: 1, ..*at };
    let formula = match optimizer.whole_weights() {
        false => formula_of(optimizer, &at, state)?,
        true => match optimizer.told(&at)? {
            Told::Step => formula_of(optimizer, &at, state)?,
            Told::Elements(formula) => formula,
            Told::Factored(how) => return Some(factored::update(&how, &at, at.weight?)),
            Told::Orthogonal(how) => return Some(orthogonal::update(&how, &at, at.weight?)),
        },
    };
    let mut text = String::from(PRELUDE);
    text += "\n#define STATE(i) state[(u64)(i) * stride + at]\n";
    let mut constants = vec![];
    for k in 0..formula.passes.len() {
        constants.clear();
        text += &pass(&formula, k, state, &mut constants);
    }
    let passes = formula.passes.iter().map(|pass| if pass.fold.is_some() { Pass::Folds } else { Pass::Each });
    let passes: Vec<(usize, Pass)> = passes.enumerate().collect();
    let folded = passes.iter().filter(|(_, pass)| *pass == Pass::Folds).count();
    Some(Piece { text, passes, folded, constants })
}

/// The kernel of pass `k`, and the numbers of all instructions up to its end.
fn pass(formula: &RowFormula, k: usize, state: usize, constants: &mut Vec<f32>) -> String {
    let pass = &formula.passes[k];
    let mut names = vec![];
    let argument = |i: u32| match i {
        0 => "w".to_string(),
        1 => "g".to_string(),
        i if i < Given::Folded as u32 => format!("s{}", i - 2),
        i => {
            // The sum of a pass, by how many there are before it.
            let before = &formula.passes[..(i - Given::Folded as u32) as usize];
            format!("folded[{}]", before.iter().filter(|pass| pass.fold.is_some()).count())
        }
    };
    let mut constant = |x: f32| match slot_of(x) {
        Some(_) => "scale[0]".to_string(),
        None => {
            constants.push(x);
            format!("c[{}]", constants.len() - 1)
        }
    };
    let mut lines = String::new();
    let mut write = |names: &mut Vec<String>, to: usize| {
        further(names, &formula.body[..to], argument, "v", &mut constant)
    };
    // What passes before this one do to each element is theirs.
    for before in &formula.passes[..k] {
        lines += &write(&mut names, before.body.start);
        write(&mut names, before.body.end);
    }
    lines += &write(&mut names, pass.body.start);
    let body = write(&mut names, pass.body.end);
    let mut text = HEAD.replace("NAME", &update_name(k)) + &lines;
    text += match pass.fold {
        Some(_) => {
            "    __shared__ double shared[256];\n    double sum = 0.0;\n    u32 end = min(len, (blockIdx.x + 1) * 4096u);\n    for (u32 i = blockIdx.x * 4096u + threadIdx.x; i < end; i += 256u) {\n"
        }
        None => "    u32 i = blockIdx.x * 256u + threadIdx.x;\n    if (i < len) {\n",
    };
    text += "    u32 at = first + i;\n    float w = params[at], g = grads[at];\n";
    for i in 0..state {
        let _ = writeln!(text, "    float s{i} = STATE({i});");
    }
    text += &body;
    for (word, place) in &pass.stores {
        let value = &names[*place as usize];
        let _ = match word {
            0 => writeln!(text, "    params[at] = {value};"),
            word => writeln!(text, "    STATE({}) = {value};", word - 2),
        };
    }
    if let Some((fold, place)) = pass.fold {
        assert!(fold == Fold::Sum, "steps of optimizers fold nothing but sums");
        let _ = writeln!(text, "    sum += {};", names[place as usize]);
        text += "    }\n    sum = fold_double(sum, 256u, shared);\n    if (threadIdx.x == 0) sums[blockIdx.x] = sum;\n}\n";
    } else {
        text += "    }\n}\n";
    }
    text
}
