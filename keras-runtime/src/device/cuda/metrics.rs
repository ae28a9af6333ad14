//! Metrics whose sums over a batch the device adds up itself, so that predictions stay where they are.

use std::fmt::Write;

use super::player::Parameter;
use super::tasks::{Module, Task};
use crate::compiled::OutputSpec;
use crate::metric::{Metric, Right, Told};

/// Blocks that share the positions of a batch.
const BLOCKS: usize = 32;
/// Words of their sums, of which each has four.
pub const ROOM: usize = 2 * 4 * BLOCKS;
/// Words of what they are together.
pub const SUMS: usize = 2 * 4;

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

/// The kernels, which every model has.
pub fn kernels() -> String {
    let mut text = String::new();
    for (i, kind) in KINDS.iter().enumerate() {
        let _ = writeln!(text, "#define {kind} {i}u");
    }
    text + include_str!("source/measure.cu")
}

/// A metric that the device adds up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watched {
    told: Told,
    /// Whether samples count what they weigh.
    weighted: bool,
}

impl Watched {
    /// A metric, if it is one of those.
    pub fn of(metric: &dyn Metric) -> Option<Self> {
        Some(Watched { told: metric.told()?, weighted: metric.is_weighted() })
    }

    /// The launches that leave its sums at word `at` of a pass's entry in the log. Of predictions, targets, weights and a mask it is given
    /// where they are and how many words they have.
    pub fn tasks(
        self,
        output: &OutputSpec<'_>,
        [p, y, weights, mask]: [(u64, usize); 4],
        room: u64,
        [log, control]: [Parameter; 2],
        at: usize,
    ) -> [Task; 2] {
        let classes = output.shape.last().copied().unwrap_or(1).max(1);
        let positions = p.1 / classes;
        let width = (y.1 / positions.max(1)).max(1);
        // Numbers that no shape reaches stand for none.
        let none = u32::MAX as usize;
        let (kind, threshold, top, only) = match self.told {
            Told::Right(Right::Chosen) if classes == 1 => ("SIDE", 0.5, none, none),
            Told::Right(Right::Chosen) if width == 1 => ("INDEX", 0.5, none, none),
            Told::Right(Right::Chosen | Right::Greatest) => ("GREATEST", 0.5, none, none),
            Told::Right(Right::Index) => ("INDEX", 0.5, none, none),
            Told::Right(Right::GreatestInTop(k)) => ("GREATEST_IN_TOP", 0.5, k, none),
            Told::Right(Right::IndexInTop(k)) => ("INDEX_IN_TOP", 0.5, k, none),
            Told::Sides { threshold } => ("WORDS", threshold, none, none),
            Told::Squares => ("SQUARES", 0.5, none, none),
            Told::MeanSquare => ("MEAN_SQUARE", 0.5, none, none),
            Told::MeanAbsolute => ("MEAN_ABSOLUTE", 0.5, none, none),
            Told::Confusion { threshold, top_k, class_id } => {
                ("CONFUSION", threshold, top_k.unwrap_or(none), class_id.unwrap_or(none))
            }
        };
        // Those that are no means go by no mask, as in Keras.
        let masked = !matches!(self.told, Told::Squares | Told::Confusion { .. });
        let weighing = if self.weighted { weights.1 } else { 0 };
        let marks = if masked { mask.1 } else { 0 };
        let number = KINDS.iter().position(|other| *other == kind).expect("all kinds are listed");
        let addresses = [p.0, y.0, weights.0, mask.0].map(Parameter::Address);
        let shape = [positions, classes, width, weighing, marks, number].map(Parameter::number);
        let [top, only] = [top, only].map(|x| Parameter::number(x.min(none)));
        let mut parameters = addresses.to_vec();
        parameters.extend(shape);
        parameters.extend([Parameter::float(threshold), top, only, Parameter::Address(room)]);
        let sums = [Parameter::Address(room), log, Parameter::number(at), control];
        [
            Task::new(Module::Model, "measure", BLOCKS, parameters),
            Task::new(Module::Model, "measured", 1, sums),
        ]
    }
}
