//! What a training step does to weights beside gradients: penalties, constraints, optimizers.

use std::fmt::Write;

use super::formula::{further, number};
use super::{PRELUDE, THREADS, Text};
use super::{factored, orthogonal};
use crate::compiled::{Constraint, Layout, Penalty, Spec, WeightSpec};
use crate::device::cpu::simd::Isa;
use crate::device::cpu::simd::symbol::{Fold, Formula, Given, Instruction, RowFormula, RowPass, trace};
use crate::device::cuda::metrics;
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
    text.text.push_str(&metrics::kernels());
}

/// The names of [`COMMON`], and of those that metrics have.
pub const COMMON_KERNELS: [&str; 14] = [
    "copy",
    "record",
    "measure",
    "measured",
    "collect",
    "average",
    "unscale",
    "squares",
    "infinite",
    "judge",
    "scale_loss",
    "choose",
    "clip",
    "total",
];

/// What every model has: sums of gradients, averages of weights, and what is seen of a whole gradient. Sums are of pieces of 4096
/// words first, in 64 bits.
const COMMON: &str = r#"
// The first of four words of a thread, and how many of them there are.
#define FOURS(len) \
    u32 i = (blockIdx.x * 256u + threadIdx.x) * 4u; \
    if (i >= len) return; \
    u32 n = min(4u, len - i);

// Words from any place to any other.
extern "C" __global__ void copy(const float *from, float *to, u32 len) {
    FOURS(len)
    if (((u64)from | (u64)to) % 16 != 0) {
        for (u32 v = 0; v < n; v++) to[i + v] = from[i + v];
        return;
    }
    float x[4];
    load_four(from + i, n, x);
    store_four(to + i, n, x);
}

// Keeps what a pass has left in the log, where everything begins at a multiple of four words.
extern "C" __global__ void record(const float *from, float *log, u32 at, u32 len, const u32 *control) {
    FOURS(len)
    float x[4];
    load_four(from + i, n, x);
    store_four(log + control[LOG] + at + i, n, x);
}

// Adds the gradient to those of the last batches; the last one becomes their mean.
extern "C" __global__ void collect(float *grads, float *sums, u32 len, float batches, u32 last, const u32 *control) {
    FOURS(len)
    if (!control[GO]) return;
    float g[4], sum[4];
    load_four(grads + i, n, g);
    load_four(sums + i, n, sum);
    for (u32 v = 0; v < 4; v++) {
        sum[v] += g[v];
        g[v] = sum[v] / batches;
        if (last) sum[v] = 0.0f;
    }
    if (last) store_four(grads + i, n, g);
    store_four(sums + i, n, sum);
}

// `how` is the share of the means that stays, and whether weights become them.
extern "C" __global__ void average(float *params, float *means, u32 len, const float *how, const u32 *control) {
    FOURS(len)
    if (!control[GO]) return;
    float w[4], mean[4];
    load_four(params + i, n, w);
    load_four(means + i, n, mean);
    for (u32 v = 0; v < 4; v++) mean[v] = how[0] * mean[v] + (1.0f - how[0]) * w[v];
    store_four(means + i, n, mean);
    if (how[1] != 0.0f) store_four(params + i, n, mean);
}

// Takes what the loss was multiplied with off the gradient.
extern "C" __global__ void unscale(float *grads, u32 len, const u32 *control) {
    FOURS(len)
    if (!control[GO]) return;
    float g[4], by = __uint_as_float(control[SCALE]);
    load_four(grads + i, n, g);
    for (u32 v = 0; v < 4; v++) g[v] /= by;
    store_four(grads + i, n, g);
}

#define PIECES(sums, len, term) \
    __shared__ double shared[256]; \
    u32 end = min(len, (blockIdx.x + 1) * 4096u); \
    double sum = 0.0; \
    for (u32 i = blockIdx.x * 4096u + threadIdx.x * 4u; i < end; i += 1024u) { \
        u32 n = min(4u, end - i); \
        float four[4]; \
        load_four(words + i, n, four); \
        for (u32 v = 0; v < n; v++) { float word = four[v]; sum += term; } \
    } \
    sum = fold_double(sum, 256u, shared); \
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;

__device__ double total_of(const double *sums, u32 count) {
    __shared__ double shared[256];
    double sum = 0.0;
    for (u32 i = threadIdx.x; i < count; i += 256u) sum += sums[i];
    return fold_double(sum, 256u, shared);
}

extern "C" __global__ void squares(const float *words, double *sums, u32 len) {
    PIECES(sums, len, (double)word * (double)word)
}

// A scale of the loss that follows the gradients: the scale, the finite steps since it last changed, and the steps left out, in 64 bits.
struct Scaling { float scale; u32 steps, skipped, skipped_high; };

// Multiplies the factors of all slopes with the scale.
extern "C" __global__ void scale_loss(u32 *control, const Scaling *scaling) {
    u32 *factor = control + HEADS + 4u * threadIdx.x + 2u;
    if (threadIdx.x < 8u) *factor = __float_as_uint(__uint_as_float(*factor) * scaling->scale);
    if (threadIdx.x == 8u) control[SCALE] = __float_as_uint(scaling->scale);
}

// Words that are not finite when they are multiplied with what is missing of the scale, where the loss was `scaled`.
extern "C" __global__ void infinite(const float *words, double *sums, u32 len, const Scaling *scaling, u32 scaled, const u32 *control) {
    float missing = scaled ? scaling->scale / __uint_as_float(control[SCALE]) : scaling->scale;
    PIECES(sums, len, (fabsf(word * missing) <= 3.402823466e38f ? 0.0 : 1.0))
}

// There is a step where all words were finite, and the scale goes on: as `ScaleState::after`.
extern "C" __global__ void judge(const double *sums, u32 count, u32 *control, Scaling *scaling, u32 growth) {
    double sum = total_of(sums, count);
    if (threadIdx.x > 0) return;
    bool finite = sum == 0.0;
    control[GO] = finite;
    if (!finite) {
        scaling->scale *= 0.5f;
        scaling->steps = 0;
        if (++scaling->skipped == 0) scaling->skipped_high++;
    } else if (scaling->steps + 1 >= growth) {
        scaling->scale *= 2.0f;
        scaling->steps = 0;
    } else {
        scaling->steps++;
    }
}

// Which step it is depends on those that were left out: `table` has its numbers for each count, after the count of the first.
extern "C" __global__ void choose(const u32 *table, u32 *to, u32 len, const Scaling *scaling, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i < len && control[GO]) to[i] = table[1u + (scaling->skipped - table[0]) * len + i];
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
#[derive(Debug, Clone)]
pub struct Piece {
    /// What its kernels depend on.
    pub shape: Shape,
    /// The numbers of the step.
    pub constants: Vec<f32>,
}

/// What the kernels of a step depend on, and its numbers do not.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A formula, of so many words of state for each parameter.
    Formula {
        /// Of its numbers nothing but which of them the device finds.
        formula: RowFormula,
        state: usize,
    },
    /// A weight whose means of rows and columns are kept.
    Factored {
        weight: &'static WeightSpec,
        /// Whether the device finds what the gradient is multiplied with.
        scaled: bool,
    },
    /// A weight whose steps are orthogonal.
    Orthogonal { weight: &'static WeightSpec, scaled: bool, nesterov: bool, iterations: u32 },
}

impl Shape {
    /// Whether the kernels are the same.
    pub fn is_like(&self, other: &Shape) -> bool {
        let alike = |pair: (&Instruction, &Instruction)| match pair {
            (Instruction::Constant(x), Instruction::Constant(y)) => {
                slot_of(*x).is_some() == slot_of(*y).is_some()
            }
            (a, b) => a == b,
        };
        match (self, other) {
            (Shape::Formula { formula: a, state }, Shape::Formula { formula: b, state: other }) => {
                state == other
                    && a.passes == b.passes
                    && a.body.len() == b.body.len()
                    && a.body.iter().zip(&b.body).all(alike)
            }
            (Shape::Factored { weight: a, scaled }, Shape::Factored { weight: b, scaled: other }) => {
                std::ptr::eq(*a, *b) && scaled == other
            }
            (
                Shape::Orthogonal { weight: a, scaled, nesterov, iterations },
                Shape::Orthogonal { weight: b, scaled: other, nesterov: ahead, iterations: turns },
            ) => std::ptr::eq(*a, *b) && (scaled, nesterov, iterations) == (other, ahead, turns),
            _ => false,
        }
    }

    /// The kernels.
    pub fn printed(&self) -> Printed {
        match self {
            Shape::Formula { formula, state } => printed(formula, *state),
            Shape::Factored { weight, scaled } => factored::printed(weight, *scaled),
            Shape::Orthogonal { weight, scaled, nesterov, iterations } => {
                orthogonal::printed(weight, *scaled, *nesterov, *iterations)
            }
        }
    }
}

/// The kernels of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// CUDA C of a kernel for each pass over the range, which do not depend on the numbers of the step.
    pub text: String,
    /// Its passes in order: a kernel of the text, and how it is launched.
    pub passes: Vec<(usize, Pass)>,
    /// Words for what passes have folded, and for what else they leave each other.
    pub folded: usize,
}

/// How a pass is launched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// A thread for each word.
    Each,
    /// A thread for four neighbours.
    Fours,
    /// A block for each piece of 4096 words, which leaves a sum of it; what they are together is folded into the next place.
    Folds,
    /// So many blocks.
    Blocks(usize),
}

/// For kernels whose threads have so many neighbours of a row: four where rows hold fours, or one.
pub fn neighbours(columns: usize) -> String {
    let (width, load, store) = match columns % 4 {
        0 => (4, "load_four(from, 4u, x)", "store4(to, x[0], x[1], x[2], x[3])"),
        _ => (1, "x[0] = *from", "*to = x[0]"),
    };
    format!(
        "#define V {width}u\n__device__ __forceinline__ void get(const float *from, float *x) {{ {load}; }}\n__device__ __forceinline__ void put(float *to, const float *x) {{ {store}; }}\n"
    )
}

/// What a pass's kernel begins with. `folded` is written by none but those that fold otherwise than in sums of pieces.
pub const HEAD: &str = "extern \"C\" __global__ void __launch_bounds__(256, 2) NAME(float *params, const float *grads, float *state, const float *c, const float *scale, float *folded, double *sums, const u32 *control, u32 first, u32 len, u32 stride) {\n    if (!control[GO]) return;\n";

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
    let scaled = slot_of(at.scale).is_some();
    let formula = match optimizer.whole_weights() {
        false => formula_of(optimizer, &at, state)?,
        true => match optimizer.told(&at)? {
            Told::Step => formula_of(optimizer, &at, state)?,
            Told::Elements(formula) => formula,
            Told::Factored(how) => {
                let shape = Shape::Factored { weight: at.weight?, scaled };
                return Some(Piece { shape, constants: factored::constants(&how, &at) });
            }
            Told::Orthogonal(how) => {
                let (weight, nesterov, iterations) = (at.weight?, how.nesterov, how.iterations);
                let shape = Shape::Orthogonal { weight, scaled, nesterov, iterations };
                return Some(Piece { shape, constants: orthogonal::constants(&how, &at) });
            }
        },
    };
    let end = formula.passes.last().map_or(0, |pass| pass.body.end);
    let constants = formula.body[..end].iter().filter_map(|instruction| match instruction {
        Instruction::Constant(x) if slot_of(*x).is_none() => Some(*x),
        _ => None,
    });
    Some(Piece { constants: constants.collect(), shape: Shape::Formula { formula, state } })
}

fn printed(formula: &RowFormula, state: usize) -> Printed {
    let mut text = String::from(PRELUDE);
    text += "\n#define STATE(i) (state + (u64)(i) * stride + at)\n";
    for k in 0..formula.passes.len() {
        text += &pass(formula, k, state);
    }
    let passes =
        formula.passes.iter().map(|pass| if pass.fold.is_some() { Pass::Folds } else { Pass::Fours });
    let passes: Vec<(usize, Pass)> = passes.enumerate().collect();
    let folded = passes.iter().filter(|(_, pass)| *pass == Pass::Folds).count();
    Printed { text, passes, folded }
}

/// The kernel of pass `k`. The numbers of a step are those of all instructions, in their order.
fn pass(formula: &RowFormula, k: usize, state: usize) -> String {
    let (pass, mut constants) = (&formula.passes[k], 0..);
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
        None => format!("c[{}]", constants.next().unwrap_or_default()),
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
            "    __shared__ double shared[256];\n    double sum = 0.0;\n    u32 end = min(len, (blockIdx.x + 1) * 4096u);\n    for (u32 i = blockIdx.x * 4096u + threadIdx.x * 4u; i < end; i += 1024u) {\n"
        }
        None => {
            "    u32 end = len;\n    u32 i = (blockIdx.x * 256u + threadIdx.x) * 4u;\n    if (i < end) {\n"
        }
    };
    // Weights, and with them all words of their state, begin at multiples of four words.
    text += "    u32 at = first + i, n = min(4u, end - i);\n    float w4[4], g4[4];\n";
    text += "    load_four(params + at, n, w4);\n    load_four(grads + at, n, g4);\n";
    for i in 0..state {
        let _ = writeln!(text, "    float s{i}_4[4];\n    load_four(STATE({i}), n, s{i}_4);");
    }
    text += "#pragma unroll\n    for (u32 k = 0; k < 4; k++) {\n    float w = w4[k], g = g4[k];\n";
    for i in 0..state {
        let _ = writeln!(text, "    float s{i} = s{i}_4[k];");
    }
    text += &body;
    for (word, place) in &pass.stores {
        let value = &names[*place as usize];
        let _ = match word {
            0 => writeln!(text, "    w4[k] = {value};"),
            word => writeln!(text, "    s{}_4[k] = {value};", word - 2),
        };
    }
    if let Some((fold, place)) = pass.fold {
        assert!(fold == Fold::Sum, "steps of optimizers fold nothing but sums");
        let _ = writeln!(text, "    if (k < n) sum += {};", names[place as usize]);
    }
    text += "    }\n";
    for (word, _) in &pass.stores {
        let _ = match word {
            0 => writeln!(text, "    store_four(params + at, n, w4);"),
            word => writeln!(text, "    store_four(STATE({0}), n, s{0}_4);", word - 2),
        };
    }
    text += match pass.fold {
        Some(_) => {
            "    }\n    sum = fold_double(sum, 256u, shared);\n    if (threadIdx.x == 0) sums[blockIdx.x] = sum;\n}\n"
        }
        None => "    }\n}\n",
    };
    text
}
