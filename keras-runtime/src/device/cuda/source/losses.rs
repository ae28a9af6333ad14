//! Losses that take several kernels: those of sums over a batch or over axes, of pairs of samples, of sequences.

use super::formula::{further, number};
use super::head::{ends, last, of_whole};
use super::{End, Extent, Launch, PRELUDE, Step, Text, address, launch, place};
use crate::compiled::OutputSpec;
use crate::device::cpu::simd::symbol::Formula;
use crate::loss::{Circle, Told, ToldOverlap, added_up};

/// The kernels of such a loss at an output.
#[derive(Debug)]
pub struct Several {
    /// CUDA C.
    pub text: String,
    /// For each kind of head, what is launched when the predictions are there.
    pub heads: Vec<(End, Vec<Launch>)>,
    /// Words of workspace.
    pub room: Room,
}

/// What a loss keeps between its kernels: a slope by each prediction, then numbers of 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Words of a sample's predictions.
    words: usize,
    numbers: Numbers,
}

#[derive(Debug, Clone, Copy)]
enum Numbers {
    /// Two sums of each piece of what is added up, and of all of it; of a whole batch also what its loss counts.
    Sums { whole: bool, kept: usize, added: usize },
    /// Of each sample two sums and a factor.
    Pairs,
    /// Of each step of a sample those of its classes, and two for each state of its labels.
    States { steps: usize, classes: usize },
}

impl Room {
    /// Words for a batch whose targets have so many words for each sample.
    pub fn words(&self, batch: usize, width: usize) -> usize {
        let numbers = match self.numbers {
            Numbers::Sums { whole: true, kept, added } => kept * 2 * (pieces(batch * added) + 1) + 1,
            Numbers::Sums { whole: false, kept, added } => batch * kept * 2 * (pieces(added) + 1),
            Numbers::Pairs => 3 * batch,
            Numbers::States { steps, classes } => batch * steps * (classes + 2 * (2 * width + 1)),
        };
        (batch * self.words).next_multiple_of(2) + 2 * numbers
    }
}

/// Words of a piece that a block adds up.
const PIECE: usize = 4096;

fn pieces(words: usize) -> usize {
    words.div_ceil(PIECE)
}

/// The kernels of output `output` for a loss that is not told by rows.
pub fn several(output: usize, spec: &OutputSpec<'_>, told: &Told<'_>, phases: [&[Step]; 2]) -> Several {
    let mut text = Text::default();
    let words: usize = spec.shape.iter().product();
    let before = format!(
        "    const u32 *control = m.control + HEADS + {output} * 4;\n    u32 width = control[0];\n    float scale = __uint_as_float(control[2]), setting = __uint_as_float(control[3]);\n    const float *y = m.targets[{output}], *p = m.out[{output}], *weights = control[1] > 0 ? m.weights[{output}] : 0;\n    float *losses = m.losses[{output}];\n    double *room = (double *)(m.work + ((u64)batch * {words}u + 1u) / 2u * 2u);\n"
    );
    let (numbers, functions) = match told {
        Told::Rows(_) => unreachable!("rows take a single kernel"),
        Told::Overlap(loss) => (Overlap::new(*loss, spec.shape).numbers(), ""),
        Told::Circle(_) => (Numbers::Pairs, include_str!("circle.cu")),
        Told::Alignments => {
            let (steps, classes) = sequence(spec.shape);
            (Numbers::States { steps, classes }, include_str!("ctc.cu"))
        }
    };
    let heads = ends(output, phases).into_iter().map(|end| {
        let mut launches = match told {
            Told::Rows(_) => vec![],
            Told::Overlap(loss) => Overlap::new(*loss, spec.shape).launches(&mut text, &before, &end),
            Told::Circle(loss) => circle(&mut text, &before, loss, &end),
            Told::Alignments => alignments(&mut text, &before, spec.shape, &end),
        };
        // The others know what samples count before they know slopes.
        let body = last(&end, spec, matches!(told, Told::Alignments));
        launches.push(launch(text.kernel("close", body), Extent::units(true, 1, super::SAMPLES)));
        (end, launches)
    });
    let heads = heads.collect();
    let text = format!("{PRELUDE}{functions}{}", text.text);
    Several { text, heads, room: Room { words, numbers } }
}

/// A loss of overlaps at an output.
struct Overlap {
    formula: Formula,
    /// Whether the batch is added up too.
    whole: bool,
    /// What is not added up of a sample: extents, and how far apart in the sample neighbours are.
    kept: Vec<(usize, usize)>,
    /// What is.
    added: Vec<(usize, usize)>,
    /// All of a sample: extents, and how far apart the sums of neighbours are.
    sums: Vec<(usize, usize)>,
}

fn extent(dims: &[(usize, usize)]) -> usize {
    dims.iter().map(|(extent, _)| extent).product()
}

impl Overlap {
    fn new(loss: &dyn ToldOverlap, shape: &[usize]) -> Self {
        let axis = loss.axes();
        let is_added = |axis_of_batch: usize| added_up(axis, axis_of_batch, shape.len() + 1);
        let (mut kept, mut added, mut sums) = (vec![], vec![], vec![]);
        let (mut stride, mut apart) = (1, 1);
        for (i, &extent) in shape.iter().enumerate().rev() {
            match is_added(i + 1) {
                true => {
                    added.insert(0, (extent, stride));
                    sums.insert(0, (extent, 0));
                }
                false => {
                    kept.insert(0, (extent, stride));
                    sums.insert(0, (extent, apart));
                    apart *= extent;
                }
            }
            stride *= extent;
        }
        Overlap { formula: loss.formula(), whole: is_added(0), kept, added, sums }
    }

    fn numbers(&self) -> Numbers {
        Numbers::Sums { whole: self.whole, kept: extent(&self.kept), added: extent(&self.added) }
    }

    /// `N`, `D` and their derivatives at target `t` and prediction `x`.
    fn terms(&self, results: [usize; 2]) -> (String, [String; 2]) {
        let argument = |i: u32| ["t", "x"][i as usize].to_string();
        let mut names = vec![];
        let text = further(&mut names, &self.formula.body, argument, "v", number);
        (text, results.map(|i| names[self.formula.results[i] as usize].clone()))
    }

    fn launches(&self, text: &mut Text, before: &str, end: &End) -> Vec<Launch> {
        let (kept, added, words) = (extent(&self.kept), extent(&self.added), extent(&self.sums));
        let (sums, elements) = match self.whole {
            true => (format!("{kept}u"), format!("batch * {added}u")),
            false => (format!("batch * {kept}u"), format!("{added}u")),
        };
        let before = format!(
            "{before}    u32 sums = {sums}, elements = {elements}, pieces = (elements + {}u) / {PIECE}u;\n    double *totals = room + (u64)sums * pieces * 2u;\n",
            PIECE - 1
        );
        let folded = "    n = fold_double(n, 256u, shared);\n    d = fold_double(d, 256u, shared);\n    if (threadIdx.x > 0) return;\n";
        let declared = "    __shared__ double shared[256];\n    double n = 0.0, d = 0.0;\n";
        let (terms, [above, below]) = self.terms([0, 1]);
        let (b, i, v) = match self.whole {
            true => (format!("e / {added}u"), format!("e % {added}u"), "blockIdx.x".into()),
            false => (format!("blockIdx.x / {kept}u"), "e".into(), format!("blockIdx.x % {kept}u")),
        };
        let parts = format!(
            "{before}{declared}    u32 end = min(elements, (blockIdx.y + 1u) * {PIECE}u);\n    for (u32 e = blockIdx.y * {PIECE}u + threadIdx.x; e < end; e += 256u) {{\n    u32 b = {b}, i = {i}, v = {v}, at = {} + {};\n    float t = y[(u64)b * width + at], x = p[(u64)b * {words}u + at];\n{terms}    n += (double)({above});\n    d += (double)({below});\n    }}\n{folded}    double *to = room + ((u64)blockIdx.x * pieces + blockIdx.y) * 2u;\n    to[0] = n;\n    to[1] = d;\n",
            place(&self.kept, "v"),
            place(&self.added, "i")
        );
        let totals = format!(
            "{before}{declared}    const double *parts = room + (u64)blockIdx.x * pieces * 2u;\n    for (u32 i = threadIdx.x; i < pieces; i += 256u) {{\n    n += parts[2u * i];\n    d += parts[2u * i + 1u];\n    }}\n{folded}    totals[2u * blockIdx.x] = n;\n    totals[2u * blockIdx.x + 1u] = d + (double)1e-7f;\n"
        );
        let of_batch = Extent::units(!self.whole, kept, 1);
        let parts_of = Extent::units(self.whole, added, PIECE);
        let mut launches = vec![
            Launch { grid: [of_batch, parts_of], ..launch(text.kernel("overlap_sums", parts), of_batch) },
            launch(text.kernel("overlap_totals", totals), of_batch),
        ];
        let (counts, loss) = match self.whole {
            true => (String::new(), self.loss_of_batch(&before)),
            false => {
                let counts = counts_of(end, kept);
                let loss = format!(
                    "{before}    __shared__ double shared[256];\n    u32 b = blockIdx.x;\n    double sum = 0.0;\n    for (u32 v = threadIdx.x; v < {kept}u; v += 256u) {{\n    const double *of = totals + ((u64)b * {kept}u + v) * 2u;\n{counts}    sum += (double)counts * (1.0 - of[0] / of[1]);\n    }}\n    sum = fold_double(sum, 256u, shared);\n    if (threadIdx.x == 0) losses[b] = (float)(sum / {kept}.0);\n"
                );
                (counts, loss)
            }
        };
        let samples = if self.whole { Extent::blocks(1) } else { Extent::units(true, 1, 1) };
        launches.push(launch(text.kernel("overlap_loss", loss), samples));
        if end.dz.is_some() {
            let (terms, [above, below]) = self.terms([2, 3]);
            let (at, factor) = match self.whole {
                true => ("v".to_string(), "totals[2u * sums]".to_string()),
                false => (format!("((u64)b * {kept}u + v)"), "(double)(scale * counts)".into()),
            };
            let slopes = format!(
                "{before}    u64 all = (u64)blockIdx.x * 256u + threadIdx.x;\n    if (all >= (u64)batch * {words}u) return;\n    u32 b = (u32)(all / {words}u), e = (u32)(all % {words}u), v = {};\n    const double *of = totals + {at} * 2u;\n    float t = y[(u64)b * width + e], x = p[all];\n{counts}{terms}    double by = (of[0] * (double)({below}) - of[1] * (double)({above})) / (of[1] * of[1]);\n    m.work[all] = (float)(by * {factor} / {kept}.0);\n",
                place(&self.sums, "e")
            );
            launches.push(launch(text.kernel("overlap_slopes", slopes), Extent::units(true, words, 256)));
        }
        launches
    }

    /// One block: every sample has the same loss, and slopes what all of them count.
    fn loss_of_batch(&self, before: &str) -> String {
        let kept = extent(&self.kept);
        format!(
            "{before}    __shared__ double shared[256];\n    double sum = 0.0, by = 0.0;\n    for (u32 v = threadIdx.x; v < {kept}u; v += 256u) sum += 1.0 - totals[2u * v] / totals[2u * v + 1u];\n    for (u32 b = threadIdx.x; b < batch; b += 256u) by += weights ? (double)weights[b] : 1.0;\n    float loss = (float)(fold_double(sum, 256u, shared) / {kept}.0);\n    by = fold_double(by, 256u, shared);\n    if (threadIdx.x == 0) totals[2u * sums] = by * (double)scale;\n    for (u32 b = threadIdx.x; b < batch; b += 256u) losses[b] = loss * (weights ? weights[b] : 1.0f);\n"
        )
    }
}

/// Statements for what value `v` of `kept` of sample `b` counts: what its step does, where there are as many values as steps, or
/// several for each; what all of them do in the mean otherwise.
fn counts_of(end: &End, kept: usize) -> String {
    let own = "    float counts = weights ? weights[b] : 1.0f;\n";
    match end.weights {
        None => own.into(),
        Some(steps) if kept.is_multiple_of(steps.len) => {
            format!("{own}    counts *= {}[v / {}u];\n", address(&steps, 0, "b"), kept / steps.len)
        }
        Some(_) => format!("{own}{}", of_whole(end)),
    }
}

/// Pairs of samples, then what each sample counts, then slopes.
fn circle(text: &mut Text, before: &str, loss: &Circle, end: &End) -> Vec<Launch> {
    let width = end.z.len;
    let Circle { gamma, margin, remove_diagonal } = *loss;
    let before = format!(
        "{before}    const Circle c = {{{}, {}, {remove_diagonal}}};\n    double *sums = room, *factors = room + 2u * (u64)batch;\n",
        number(gamma),
        number(margin)
    );
    let each = Extent::units(true, 1, 1);
    let losses = format!("{before}    circle_loss(c, y, p, {width}u, batch, sums, losses);\n");
    let factors =
        format!("{before}    circle_factors(weights, scale, (u32)setting, batch, factors, losses);\n");
    let mut launches = vec![
        launch(text.kernel("circle", losses), each),
        launch(text.kernel("circle_factors", factors), Extent::blocks(1)),
    ];
    if end.dz.is_some() {
        let slopes = format!("{before}    circle_slope(c, y, p, {width}u, batch, sums, factors, m.work);\n");
        launches.push(launch(text.kernel("circle_slopes", slopes), each));
    }
    launches
}

/// Steps and classes.
fn sequence(shape: &[usize]) -> (usize, usize) {
    let classes = shape.last().copied().unwrap_or(1).max(1);
    (shape.iter().product::<usize>() / classes, classes)
}

/// A block has a sample.
fn alignments(text: &mut Text, before: &str, shape: &[usize], end: &End) -> Vec<Launch> {
    let (steps, classes) = sequence(shape);
    let words = steps * classes;
    let slope = if end.dz.is_some() { format!("m.work + (u64)b * {words}u") } else { "(float *)0".into() };
    let body = format!(
        "{before}    u32 b = blockIdx.x;\n    double *own = room + (u64)b * {steps}u * ({classes}u + 2u * (2u * width + 1u));\n    ctc(y + (u64)b * width, width, p + (u64)b * {words}u, {steps}u, {classes}u, own, losses + b, {slope});\n"
    );
    vec![launch(text.kernel("ctc", body), Extent::units(true, 1, 1))]
}
