//! What Keras's optimizers keep, in its order: for its files.

use crate::compiled::WeightSpec;

/// A variable that an optimizer of Keras keeps beside the number of its steps and the step size.
#[derive(Debug, Clone, Copy)]
pub enum Variable {
    /// A piece of the state, of one weight.
    Slot(usize, &'static WeightSpec),
    /// What a piece of the state has for each row of a matrix, in its first place.
    Rows(usize, &'static WeightSpec),
    /// What a piece of the state has for each column of a matrix, in its first place.
    Columns(usize, &'static WeightSpec),
    /// What rows and columns, pieces 0 and 1, stand for together: each step computes it anew.
    Product(&'static WeightSpec),
    /// A weight itself: the state begins as it.
    Weight(&'static WeightSpec),
    /// A number that follows from the steps.
    Number(f32),
    /// A whole number that nothing reads.
    Unused,
}

/// `slots` of each weight, one weight after another.
pub(super) fn interleaved(
    weights: &[&'static WeightSpec],
    slots: impl IntoIterator<Item = usize> + Clone,
) -> Vec<Variable> {
    let of = |weight| slots.clone().into_iter().map(move |slot| Variable::Slot(slot, weight));
    weights.iter().flat_map(|&weight| of(weight)).collect()
}
