//! Metrics whose sums over a batch the device adds up itself, so that predictions stay where they are.

use std::fmt::Write;

use super::backend::CudaBackend;
use super::library;
use super::log::HALF;
use super::player::{Parameter, Player};
use super::source;
use super::tasks::{Module, Task};
use crate::compiled::{Head, OutputSpec, Spec};
use crate::error::Result;
use crate::loss::{LeftOut, Loss, Scope, Told as LossTold};
use crate::metric::{Counts, Metric, Right, Told};

/// Blocks that share the positions of a batch, at most.
const BLOCKS: usize = 32;
/// Sums of those that are not counts.
const SUMS: usize = 4;
/// Sums of each of the numbers that counts are apart for, at most.
const VALUES: usize = 5;

/// What kernels call the kinds of metrics; the ones from `WORDS` on go by words.
const KINDS: [&str; 10] = [
    "SIDE",
    "GREATEST",
    "INDEX",
    "GREATEST_IN_TOP",
    "INDEX_IN_TOP",
    "WORDS",
    "SQUARES",
    "MEAN_SQUARE",
    "MEAN_ABSOLUTE",
    "CONFUSION",
];

/// What kernels call the kinds of counts; the ones from `OVERLAPS` on go by positions, those of two numbers lie between them.
const COUNTED: [&str; 8] =
    ["CURVE", "SCORES", "VARIATION", "HALVES", "OVERLAPS", "CORRELATION", "CONCORDANCE", "LISTED"];
/// Which of them is `OVERLAPS`.
const FIRST_OF_POSITIONS: usize = 4;

/// No number that a shape reaches.
const NONE: usize = u32::MAX as usize;

fn numbered(kinds: &[&str]) -> String {
    let mut text = String::new();
    for (i, kind) in kinds.iter().enumerate() {
        let _ = writeln!(text, "#define {kind} {i}u");
    }
    text
}

/// The kernels, which every model has.
pub fn kernels() -> String {
    numbered(&KINDS) + include_str!("source/measure.cu")
}

/// Those of counts, which are the same for all models, and are compiled when a metric asks for them.
pub fn counting() -> String {
    let values = format!("#define VALUES {VALUES}u\n");
    [source::PRELUDE, &numbered(&COUNTED), &values, include_str!("source/count.cu")].concat()
}

/// Those that a loss needs as a metric at the outputs of a model.
pub fn texts(loss: &dyn Loss, spec: &Spec) -> Vec<String> {
    spec.outputs.iter().filter_map(|output| text_of(loss, output)).collect()
}

/// The kernel of a loss as a metric, if it is one of positions and has a formula.
fn text_of(loss: &dyn Loss, output: &OutputSpec<'_>) -> Option<String> {
    let Some(LossTold::Rows(rows)) = loss.told() else { return None };
    let logits = if output.head == Head::Linear { loss.fused(Head::Linear) } else { None };
    let of_positions = matches!(loss.scope(output.shape), Scope::Positions);
    of_positions.then(|| source::measured_loss(output, rows, logits))
}

/// How a metric is added up.
#[derive(Debug, Clone, Copy)]
enum How {
    /// By the kernel of every model.
    Plain { kind: &'static str, threshold: f32, top: usize, only: usize },
    /// By that of counts: which of those that were compiled.
    Counts(Counts, usize),
    /// By one of a loss: which of those, what it is multiplied with, and the target of positions that do not count.
    Loss(usize, f64, Option<f32>),
}

/// A metric that the device adds up.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    how: How,
    /// Whether samples count what they weigh.
    weighted: bool,
    /// Sums, which are numbers of 64 bits, and those that blocks leave of them.
    sums: usize,
    parts: usize,
}

/// For each output and each of its metrics how the device adds it up, if it does, when there is room.
pub fn watch(
    backend: &mut CudaBackend,
    metrics: &[Vec<Box<dyn Metric>>],
) -> Result<Vec<Vec<Option<Watched>>>> {
    let mut watched = vec![];
    for (metrics, output) in metrics.iter().zip(backend.spec.outputs) {
        let each = metrics.iter().map(|metric| Watched::of(backend, metric.as_ref(), output));
        watched.push(each.collect::<Result<Vec<_>>>()?);
    }
    let room = watched.iter().flatten().flatten().map(Watched::room).max().unwrap_or(0);
    if backend.measures.grow(room).map_err(|error| library::explain(&backend.gpu.name, &error))? {
        backend.forget();
    }
    Ok(watched)
}

/// Which of the texts for metrics that were compiled it is; none where nothing can be compiled.
fn known(backend: &mut CudaBackend, text: String, name: &str) -> Result<Option<usize>> {
    if let Some(at) = backend.measuring.iter().position(|(known, _)| *known == text) {
        return Ok(Some(at));
    }
    let mut player = match Player::new(&backend.gpu, &text) {
        Err(_) if library::nvrtc().is_err() => return Ok(None),
        player => player.map_err(|error| library::of(&format!("the metric `{name}`"), error))?,
    };
    let kernels = ["measure_count", "measure_counted", "measure_loss"].map(String::from);
    let kernels = kernels.into_iter().filter(|kernel| text.contains(&format!(" {kernel}(")));
    player.find(kernels).map_err(|error| library::explain(&backend.gpu.name, &error))?;
    backend.measuring.push((text, player));
    Ok(Some(backend.measuring.len() - 1))
}

impl Watched {
    /// A metric of an output, if it is one of those.
    fn of(backend: &mut CudaBackend, metric: &dyn Metric, output: &OutputSpec<'_>) -> Result<Option<Self>> {
        let Some(told) = metric.told() else { return Ok(None) };
        let plain = |kind, threshold, top: Option<usize>, only: Option<usize>| How::Plain {
            kind,
            threshold,
            top: top.unwrap_or(NONE),
            only: only.unwrap_or(NONE),
        };
        let (mut sums, mut parts) = (SUMS, BLOCKS * SUMS);
        let how = match told {
            Told::Right(Right::Chosen) => plain("CHOSEN", 0.5, None, None),
            Told::Right(Right::Greatest) => plain("GREATEST", 0.5, None, None),
            Told::Right(Right::Index) => plain("INDEX", 0.5, None, None),
            Told::Right(Right::GreatestInTop(k)) => plain("GREATEST_IN_TOP", 0.5, Some(k), None),
            Told::Right(Right::IndexInTop(k)) => plain("INDEX_IN_TOP", 0.5, Some(k), None),
            Told::Sides { threshold } => plain("WORDS", threshold, None, None),
            Told::Squares => plain("SQUARES", 0.5, None, None),
            Told::MeanSquare => plain("MEAN_SQUARE", 0.5, None, None),
            Told::MeanAbsolute => plain("MEAN_ABSOLUTE", 0.5, None, None),
            Told::Confusion { threshold, top_k, class_id } => plain("CONFUSION", threshold, top_k, class_id),
            Told::Loss { loss, factor } => {
                let Some(text) = text_of(loss, output) else { return Ok(None) };
                let Some(at) = known(backend, text, metric.name())? else { return Ok(None) };
                let left_out = match loss.left_out() {
                    Some(LeftOut::Target(target)) => Some(target),
                    _ => None,
                };
                How::Loss(at, factor, left_out)
            }
            Told::Counts(counts) => {
                let counted = Counted::of(counts, classes_of(output));
                (sums, parts) = (counted.slots * counted.values, BLOCKS * VALUES * counted.slots);
                // More than is worth being sent for each step.
                if 2 * sums > HALF / 4 {
                    return Ok(None);
                }
                let Some(at) = known(backend, counting(), metric.name())? else { return Ok(None) };
                How::Counts(counts, at)
            }
        };
        Ok(Some(Watched { how, weighted: metric.is_weighted(), sums, parts }))
    }

    /// Words of its sums in the log.
    pub fn words(&self) -> usize {
        2 * self.sums
    }

    /// Words of what blocks leave.
    fn room(&self) -> usize {
        2 * self.parts
    }

    /// The launches that leave its sums at word `at` of a pass's entry in the log. Of predictions, targets, weights and a mask it is given
    /// where they are and how many words they have.
    pub fn tasks(
        &self,
        output: &OutputSpec<'_>,
        [p, y, weights, mask]: [(u64, usize); 4],
        room: u64,
        [log, control]: [Parameter; 2],
        at: usize,
    ) -> [Task; 2] {
        let classes = classes_of(output);
        let positions = p.1 / classes;
        let width = (y.1 / positions.max(1)).max(1);
        let weighing = if self.weighted { weights.1 } else { 0 };
        let addresses = [p.0, y.0, weights.0, mask.0].map(Parameter::Address);
        let shape = |marks: usize| [positions, classes, width, weighing, marks].map(Parameter::number);
        let (room, at) = (Parameter::Address(room), Parameter::number(at));
        // Those that are no means go by no mask, as in Keras.
        let marks = |is_mean: bool| if is_mean { mask.1 } else { 0 };
        let mut parameters = addresses.to_vec();
        let ended = |words: usize| {
            Task::new(Module::Model, "measured", 1, [room, log, at, Parameter::number(words), control])
        };
        match self.how {
            How::Plain { kind, threshold, top, only } => {
                let kind = match kind {
                    "CHOSEN" if classes == 1 => "SIDE",
                    "CHOSEN" if width == 1 => "INDEX",
                    "CHOSEN" => "GREATEST",
                    kind => kind,
                };
                let number = KINDS.iter().position(|other| *other == kind).expect("all kinds are listed");
                parameters.extend(shape(marks(!matches!(kind, "SQUARES" | "CONFUSION"))));
                parameters.extend([Parameter::number(number), Parameter::float(threshold)]);
                parameters.extend([top, only].map(|x| Parameter::number(x.min(NONE))));
                parameters.push(room);
                let words = if matches!(kind, "MEAN_SQUARE" | "MEAN_ABSOLUTE") { classes } else { 1 };
                [Task::new(Module::Model, "measure", BLOCKS, parameters), ended(words)]
            }
            How::Loss(module, factor, left_out) => {
                // As in Keras: without weights, what a loss leaves out counts as 0.
                let skips = left_out.filter(|_| weighing > 0 && width == 1);
                parameters.extend(shape(mask.1));
                parameters.extend([skips.is_some().into(), Parameter::float(skips.unwrap_or(0.0))]);
                parameters.extend([Parameter::float(factor as f32), room]);
                [Task::new(Module::Measure(module), "measure_loss", BLOCKS, parameters), ended(1)]
            }
            How::Counts(counts, module) => {
                let Counted { kind, threshold, thresholds, by_label, only, slots, values } =
                    Counted::of(counts, classes);
                let number = COUNTED.iter().position(|other| *other == kind).expect("all kinds are listed");
                parameters.extend(shape(marks(matches!(kind, "CORRELATION" | "CONCORDANCE" | "LISTED"))));
                parameters.extend([Parameter::number(number), Parameter::float(threshold)]);
                // So many that a block has something to read in each.
                let words = if number >= FIRST_OF_POSITIONS { positions } else { positions * classes };
                let pieces = words.div_ceil(source::THREADS).clamp(1, BLOCKS);
                let numbers = [thresholds, usize::from(by_label), only, slots, pieces];
                parameters.extend(numbers.map(Parameter::number));
                parameters.push(room);
                let blocks = pieces * slots.div_ceil(source::THREADS);
                let module = Module::Measure(module);
                let count = Task::new(module, "measure_count", blocks, parameters);
                let blocks = (slots * values).div_ceil(source::THREADS);
                let [slots, values, pieces] = [slots, values, pieces].map(Parameter::number);
                let parameters = [room, log, at, slots, values, pieces, control];
                [count, Task::new(module, "measure_counted", blocks, parameters)]
            }
        }
    }
}

/// Words of the last axis.
fn classes_of(output: &OutputSpec<'_>) -> usize {
    output.shape.last().copied().unwrap_or(1).max(1)
}

/// What the kernel of counts is told of them.
struct Counted {
    kind: &'static str,
    /// Not a number where there is none.
    threshold: f32,
    thresholds: usize,
    by_label: bool,
    only: usize,
    /// Numbers that counts are apart for, and the sums of each.
    slots: usize,
    values: usize,
}

impl Counted {
    fn of(counts: Counts, classes: usize) -> Self {
        let of = |kind, slots, values| Counted {
            kind,
            threshold: f32::NAN,
            thresholds: 0,
            by_label: false,
            only: NONE,
            slots,
            values,
        };
        match counts {
            Counts::Curve { thresholds, by_label, class_id } => Counted {
                thresholds,
                by_label,
                only: class_id.unwrap_or(NONE),
                ..of("CURVE", thresholds * if by_label { classes } else { 1 }, 2)
            },
            Counts::Scores { threshold } => {
                Counted { threshold: threshold.unwrap_or(f32::NAN), ..of("SCORES", classes, 3) }
            }
            Counts::Overlaps { ignored } => Counted {
                threshold: ignored.map_or(f32::NAN, |class| class as f32),
                ..of("OVERLAPS", classes, 3)
            },
            Counts::Halves { threshold } => Counted { threshold, ..of("HALVES", 2, 3) },
            Counts::Variation => of("VARIATION", classes, 5),
            Counts::Correlation => of("CORRELATION", 1, 2),
            Counts::Concordance => of("CONCORDANCE", 1, 2),
            Counts::Listed { k } => Counted { thresholds: k.min(classes), ..of("LISTED", 1, 2) },
        }
    }
}
