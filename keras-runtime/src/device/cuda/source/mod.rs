//! The program of a model as CUDA C, and the launches that run it.
//!
//! The text is self-contained, and everything in it but the number of samples is a literal: shapes, strides, addresses.
//! Kernels that are the same to the letter are printed once.

mod elementwise;
mod factored;
mod formula;
mod gather;
mod head;
mod losses;
mod measured;
mod moves;
mod orthogonal;
mod product;
mod tiles;
mod weights;
mod windows;

use std::collections::HashMap;
use std::fmt::Write;

pub use gather::{elements, gather, gather_kernel, gather_kernels};
pub use head::{End, SAMPLES, Slope, closing, rows};
pub use losses::{Room, Several, several};
pub use measured::measured_loss;
pub use weights::{
    COMMON_KERNELS, Pass, Piece, Printed, Shape, groups, on_device, slot_of, update, update_name,
};

use crate::compiled::{Buf, Phase, Space, Spec};
use crate::device::record::{self, Kernel};

/// What every text begins with.
pub const PRELUDE: &str = include_str!("prelude.cu");
/// Threads of a block.
pub const THREADS: usize = 256;
/// Inputs or outputs that [`Memory`](super::memory::Memory) has places for.
pub const PORTS: usize = 8;
/// Words of workspace that products whose result is not the last word take at most, in one launch.
const WORKSPACE: usize = 1 << 24;

/// With what numbers products are computed; sums have 32 bits in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit numbers: as on the CPU.
    #[default]
    Float32,
    /// TF32, 10 bits behind the point, on tensor cores: relative errors of some 5e-4. From compute capability 8.0 on;
    /// before it, as [`Float32`](Precision::Float32).
    Tf32,
    /// bfloat16, 7 bits behind the point, on tensor cores: relative errors of some 4e-3. From compute capability 8.0 on;
    /// before it, as [`Float32`](Precision::Float32).
    Bf16,
}

/// How many blocks a launch has in one direction: `(per_sample * samples + fixed)` units, `each` to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Units for each sample.
    pub per_sample: usize,
    /// Units whatever the batch.
    pub fixed: usize,
    /// Units of a block.
    pub each: usize,
}

impl Extent {
    /// `units` in all, or for each sample.
    pub fn units(batched: bool, units: usize, each: usize) -> Self {
        match batched {
            true => Extent { per_sample: units, fixed: 0, each },
            false => Extent { per_sample: 0, fixed: units, each },
        }
    }

    /// So many blocks.
    pub fn blocks(blocks: usize) -> Self {
        Extent { per_sample: 0, fixed: blocks, each: 1 }
    }

    /// Blocks for a batch.
    pub fn of(self, batch: usize) -> usize {
        (self.per_sample * batch + self.fixed).div_ceil(self.each)
    }
}

/// How many pieces a sum is divided into, each computed apart and added up in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splits {
    /// One.
    One,
    /// As many as the rows of the batch and the blocks of one piece say.
    Rows {
        /// Rows of each sample.
        rows: usize,
        /// Blocks of one piece.
        tiles: usize,
    },
    /// So many.
    Fixed(usize),
    /// None, but the kernel adds up those that a kernel with these `Rows` has left.
    Sum {
        /// Rows of each sample.
        rows: usize,
        /// Blocks of one piece.
        tiles: usize,
    },
}

impl Splits {
    /// The pieces for a batch: a function of shapes alone, the same on every device.
    pub fn of(self, batch: usize) -> usize {
        match self {
            Splits::One => 1,
            Splits::Fixed(count) => count,
            Splits::Rows { rows, tiles } | Splits::Sum { rows, tiles } => {
                (batch * rows).div_ceil(256).clamp(1, (512 / tiles.max(1)).clamp(1, 64))
            }
        }
    }
}

/// A call of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    /// Its name in the text.
    pub kernel: String,
    /// Blocks in each direction; the third has a block for each of the splits.
    pub grid: [Extent; 2],
    /// Pieces of a sum.
    pub splits: Splits,
    /// The step of the loop that it is in, in time.
    pub time: usize,
    /// Which of several launches of the same kernel it is, if that matters.
    pub part: usize,
    /// Samples of one launch, if not all of them: what fits the workspace.
    pub chunk: Option<usize>,
    /// Words of workspace: for each sample of a chunk, or for each split.
    pub work: Work,
}

/// Workspace of a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// None.
    None,
    /// So many words for each sample of a launch.
    PerSample(usize),
    /// So many words for each piece of a sum.
    PerSplit(usize),
}

/// A step of a phase.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Kernels that are launched one after another on each chunk of the batch.
    Launch(Vec<Launch>),
    /// The end of an output: logits become predictions, and with losses slopes.
    Head(End),
}

/// Kernels as text.
#[derive(Debug, Default)]
pub struct Text {
    /// Of products.
    precision: Precision,
    text: String,
    /// Names by what follows the name.
    known: HashMap<String, String>,
}

impl Text {
    /// Adds a kernel, unless it is there; gives its name.
    fn kernel(&mut self, kind: &str, body: String) -> String {
        if let Some(name) = self.known.get(&body) {
            return name.clone();
        }
        let name = format!("{kind}_{}", self.known.len());
        let _ = writeln!(self.text, "\nKERNEL({name}) {{\n{body}}}");
        self.known.insert(body, name.clone());
        name
    }

    /// Adds a table of words, unless it is there; gives its name.
    fn table(&mut self, words: &str) -> String {
        if let Some(name) = self.known.get(words) {
            return name.clone();
        }
        let name = format!("table_{}", self.known.len());
        let _ = writeln!(self.text, "\n__device__ const u32 {name}[] = {{{words}}};");
        self.known.insert(words.into(), name.clone());
        name
    }
}

/// A whole model.
#[derive(Debug)]
pub struct Program {
    /// CUDA C.
    pub text: String,
    /// Forward pass.
    pub infer: Vec<Step>,
    /// Forward pass with losses.
    pub evaluate: Vec<Step>,
    /// Forward and backward pass.
    pub train: Vec<Step>,
}

impl Program {
    /// The program of a model.
    pub fn new(spec: &Spec, precision: Precision) -> Self {
        Self::with_heads(spec, precision, &Slope::ALL)
    }

    /// The program of a loss, whose outputs have none themselves.
    pub fn of_loss(spec: &Spec) -> Self {
        Self::with_heads(spec, Precision::Float32, &[Slope::Activation])
    }

    fn with_heads(spec: &Spec, precision: Precision, slopes: &[Slope]) -> Self {
        let mut text = Text { precision, ..Text::default() };
        let mut steps = |phase: &Phase| {
            let mut steps = vec![];
            for kernel in record::program(phase) {
                print(&mut text, &kernel, 0, &mut steps);
            }
            steps
        };
        let (infer, evaluate, train) = (steps(&spec.infer), steps(&spec.evaluate), steps(&spec.train));
        head::print(&mut text, spec, [&infer, &evaluate, &train], slopes);
        weights::print(&mut text, spec);
        Program { text: format!("{PRELUDE}{}", text.text), infer, evaluate, train }
    }

    /// The names of all kernels of the phases, with heads of `slopes`.
    pub fn kernels(&self, slopes: &[Slope]) -> Vec<String> {
        let steps = self.infer.iter().chain(&self.evaluate).chain(&self.train);
        let names = steps.flat_map(|step| -> Vec<String> {
            match step {
                Step::Launch(launches) => launches.iter().map(|launch| launch.kernel.clone()).collect(),
                Step::Head(end) => slopes.iter().map(|slope| slope.kernel(end)).collect(),
            }
        });
        names.collect()
    }
}

fn print(text: &mut Text, kernel: &Kernel, time: usize, steps: &mut Vec<Step>) {
    let launches = match kernel {
        Kernel::Head { output, z, dz, weights } => {
            return steps.push(Step::Head(End { output: *output, z: *z, dz: *dz, weights: *weights }));
        }
        Kernel::Loop { length, reverse, kernels } => {
            for step in 0..*length {
                let time = if *reverse { length - 1 - step } else { step };
                kernels.iter().for_each(|kernel| print(text, kernel, time, steps));
            }
            return;
        }
        Kernel::Map { batched, dims, loads, stores, accumulate, formula } => {
            elementwise::map(text, *batched, dims, loads, stores, *accumulate, formula)
        }
        Kernel::Reduce { .. } => elementwise::reduce(text, kernel),
        Kernel::MatMul(op) => product::matmul(text, op),
        Kernel::MatMulT(op) => product::matmul_t(text, op),
        Kernel::BatchMatMul(op) => product::batch_matmul(text, op),
        Kernel::MatMulOverlap(op) => windows::matmul_overlap(text, op),
        Kernel::MaxPoolGrad(op) => windows::max_pool_grad(text, op),
        Kernel::Softmax { x, y, rows, columns, log } => moves::softmax(text, x, y, *rows, *columns, *log),
        Kernel::Flip { x, y, groups, count, width } => moves::flip(text, x, y, [*groups, *count, *width]),
        Kernel::Iota { into, count } => moves::iota(text, into, *count),
        Kernel::Numbers { into, numbers } => moves::numbers(text, into, numbers),
        Kernel::Gather { table, index, into, count, rows, width } => {
            moves::gather(text, [table, index, into], *count, *rows, *width)
        }
        Kernel::ScatterAdd { batched, index, dy, into, count, rows, width } => {
            moves::scatter_add(text, *batched, [index, dy, into], *count, *rows, *width)
        }
        Kernel::Sample { op, gradient } => moves::sample(text, op, *gradient),
        Kernel::Pack { from, strides, k, n, to } => moves::pack(text, from, to, *strides, *k, *n),
        Kernel::PackTransposed { from, k, n, to } => moves::pack_transposed(text, from, to, *k, *n),
    };
    steps.push(Step::Launch(launches.into_iter().map(|launch| Launch { time, ..launch }).collect()));
}

/// Threads that work on `units` things together: a power of two, a part of a warp, or a block from `each` things to a lane of a warp on.
fn group_of(units: usize, each: usize) -> usize {
    if units > 32 * each { THREADS } else { units.next_power_of_two().clamp(4, 32) }
}

/// A launch of `units` things, one to a thread.
fn each(kernel: String, batched: bool, units: usize) -> Launch {
    launch(kernel, Extent::units(batched, units, THREADS))
}

fn launch(kernel: String, blocks: Extent) -> Launch {
    Launch {
        kernel,
        grid: [blocks, Extent::blocks(1)],
        splits: Splits::One,
        time: 0,
        part: 0,
        chunk: None,
        work: Work::None,
    }
}

/// The memory of a space.
fn memory(space: Space) -> String {
    match space {
        Space::Params => "m.params".into(),
        Space::Grads => "m.grads".into(),
        Space::Arena => "m.arena".into(),
        Space::Fixed => "m.fixed".into(),
        Space::State => "m.state".into(),
        Space::Input(i) => format!("m.in[{i}]"),
        Space::Output(i) => format!("m.out[{i}]"),
    }
}

/// A pointer to the first word of sample `b` (an expression) of `buf`, and `skip` words further.
fn address(buf: &Buf, skip: usize, b: &str) -> String {
    let mut sum = memory(buf.space);
    let skip = skip + buf.skip;
    if buf.space.is_batched() {
        if buf.offset > 0 {
            let _ = write!(sum, " + (u64)batch * {}", buf.offset);
        }
        if b != "0" && buf.len > 0 {
            let _ = write!(sum, " + (u64)({b}) * {}", buf.len);
        }
        if skip > 0 {
            let _ = write!(sum, " + {skip}");
        }
    } else if buf.offset + skip > 0 {
        let _ = write!(sum, " + {}", buf.offset + skip);
    }
    if buf.time > 0 {
        let _ = write!(sum, " + (u64)time * {}", buf.time);
    }
    format!("({sum})")
}

/// Whether the words of each sample, from `skip` on, begin at a multiple of four.
fn is_aligned(buf: &Buf, skip: usize) -> bool {
    let steps = if buf.space.is_batched() { buf.len } else { 0 };
    [buf.offset, steps, buf.skip + skip, buf.time].iter().all(|words| words % 4 == 0)
}

/// The word that the digits of `index` (an expression) lead to, as an expression. The first digit is not cut.
fn place(dims: &[(usize, usize)], index: &str) -> String {
    let mut terms = vec![];
    let mut below = 1;
    for (d, &(extent, stride)) in dims.iter().enumerate().rev() {
        if stride > 0 && extent > 1 {
            let quotient = if below == 1 { format!("({index})") } else { format!("({index}) / {below}u") };
            let digit = if d == 0 { quotient } else { format!("{quotient} % {extent}u") };
            terms.push(if stride == 1 { digit } else { format!("{digit} * {stride}u") });
        }
        below *= extent;
    }
    if terms.is_empty() { "0u".into() } else { terms.join(" + ") }
}
