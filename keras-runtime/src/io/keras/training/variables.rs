//! The variables of an optimizer in Keras's files, in their order.

use crate::compiled::WeightSpec;
use crate::init;
use crate::optim::{LossScale, LossScaling, Optimizer, Variable};

/// A variable of a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Steps,
    LearningRate,
    /// Steps since the scale of the loss was changed.
    ScaleSteps,
    Scale,
    /// What a `LossScaleOptimizer` has and does not use.
    UnusedSteps,
    UnusedRate,
    Of(Variable),
}

impl Place {
    pub fn weight(&self) -> Option<&'static WeightSpec> {
        use Variable::{Columns, Number, Product, Rows, Slot, Unused, Weight};
        match self {
            Place::Of(
                Slot(_, weight) | Rows(_, weight) | Columns(_, weight) | Product(weight) | Weight(weight),
            ) => Some(weight),
            Place::Of(Number(_) | Unused) => None,
            Place::Steps | Place::LearningRate | Place::ScaleSteps | Place::Scale => None,
            Place::UnusedSteps | Place::UnusedRate => None,
        }
    }

    pub fn shape(&self) -> Vec<usize> {
        let Some(weight) = self.weight() else { return vec![] };
        match (self, weight.shape) {
            (Place::Of(Variable::Rows(..)), [rows @ .., _]) => rows.to_vec(),
            (Place::Of(Variable::Columns(..)), [lead @ .., _, columns]) => {
                lead.iter().chain([columns]).copied().collect()
            }
            (_, shape) => shape.to_vec(),
        }
    }

    /// For messages.
    pub fn label(&self) -> String {
        match (self, self.weight()) {
            (_, Some(weight)) => format!("`{}`", weight.name),
            (Place::LearningRate | Place::UnusedRate, None) => "the step size".into(),
            (Place::Scale | Place::ScaleSteps, None) => "the scale of the loss".into(),
            _ => "a number of steps".into(),
        }
    }
}

/// A matrix's size, and how many of them a weight is.
fn matrices(weight: &WeightSpec) -> (usize, usize, usize) {
    match weight.shape {
        [lead @ .., rows, columns] => (lead.iter().product(), *rows, *columns),
        shape => (1, 1, shape.iter().product()),
    }
}

/// What is in the first places of rows, if `by_row`, else of columns.
pub(super) fn factors(weight: &WeightSpec, slot: &[f32], by_row: bool) -> Vec<f32> {
    let (words, (count, rows, columns)) = (init::read(weight, slot), matrices(weight));
    let each = if by_row { rows } else { columns };
    let place = |k: usize| (k / each, k % each);
    let at = |(matrix, k): (usize, usize)| matrix * rows * columns + if by_row { k * columns } else { k };
    (0..count * each).map(|k| words[at(place(k))]).collect()
}

/// The opposite of [`factors`].
pub(super) fn set_factors(weight: &WeightSpec, factors: &[f32], by_row: bool, slot: &mut [f32]) {
    let (count, rows, columns) = matrices(weight);
    let each = if by_row { rows } else { columns };
    let mut words = vec![0.0; count * rows * columns];
    for (k, factor) in factors.iter().enumerate() {
        let (matrix, k) = (k / each, k % each);
        words[matrix * rows * columns + if by_row { k * columns } else { k }] = *factor;
    }
    init::write(weight, &words, slot);
}

/// Adafactor's second moments.
pub(super) fn product(weight: &WeightSpec, rows: &[f32], columns: &[f32]) -> Vec<f32> {
    let (_, height, width) = matrices(weight);
    let of = |k: usize| {
        let (matrix, i, j) = (k / (height * width), k / width % height, k % width);
        let rows = &rows[matrix * height..(matrix + 1) * height];
        let mean = rows.iter().sum::<f32>() / height as f32;
        if mean == 0.0 { 0.0 } else { rows[i] / mean * columns[matrix * width + j] }
    };
    (0..weight.shape.iter().product()).map(of).collect()
}

/// All variables of an optimizer for `weights`, after so many steps that changed them.
pub(super) fn places(optimizer: &dyn Optimizer, weights: &[&'static WeightSpec], steps: u64) -> Vec<Place> {
    let options = optimizer.options();
    let (all, own) = (optimizer.state_words(), optimizer.state_words() - options.state_words());
    let slot = |slot: usize| weights.iter().map(move |&weight| Variable::Slot(slot, weight));
    let average = options.average.map(|_| slot(all - 1));
    let sums = (options.accumulate > 1).then(|| slot(own));
    let variables = average.into_iter().flatten().chain(sums.into_iter().flatten());
    let rate = (!optimizer.is_scheduled()).then_some(Place::LearningRate);
    let first = std::iter::once(Place::Steps).chain(rate);
    first.chain(variables.chain(optimizer.variables(weights, steps)).map(Place::Of)).collect()
}

/// What a `LossScaleOptimizer` has before those of the optimizer in it.
pub(super) const SCALING: [Place; 4] =
    [Place::UnusedSteps, Place::UnusedRate, Place::ScaleSteps, Place::Scale];

pub(super) fn dynamic(optimizer: &dyn Optimizer) -> Option<LossScale> {
    match optimizer.options().loss_scale {
        Some(LossScaling::Dynamic(scale)) => Some(scale),
        Some(LossScaling::Factor(_)) | None => None,
    }
}
