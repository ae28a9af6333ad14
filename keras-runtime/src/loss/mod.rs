//! Losses: how far predictions are from their targets, and the slope of it.
//!
//! A [`Loss`] sees one sample at a time, unless it is one of a whole batch ([`OverBatch`]). The [`Reduction`] of a batch to one
//! number, the weights of samples and outputs, and the way back through the model's last activation are the caller's
//! (`device::cpu::head`).

mod call;
pub(crate) mod check;
mod circle;
mod crossentropy;
mod ctc;
pub(crate) mod defaults;
mod distribution;
mod expression;
mod focal;
mod heads;
mod hinge;
mod over_batch;
mod overlap;
mod reduction;
mod regression;
mod rows;
mod terms;
mod weighted;

use std::fmt::Debug;

use ndarray::ArrayD;

pub use check::{TargetShape, expect_same_shape};
pub use circle::Circle;
pub use crossentropy::{BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy};
pub use ctc::Ctc;
pub use distribution::{CategoricalGeneralizedCrossEntropy, CosineSimilarity, KLDivergence};
pub use expression::Expression;
pub use focal::{BinaryFocalCrossentropy, CategoricalFocalCrossentropy};
pub use heads::{Heads, Over, Slot, Slotted};
pub use hinge::{CategoricalHinge, Hinge, SquaredHinge};
pub use over_batch::{LeftOut, OverBatch, Predicted, Run, Scope};
#[cfg(feature = "cuda")]
pub use overlap::ToldOverlap;
#[cfg(feature = "cuda")]
pub(crate) use overlap::added_up;
pub use overlap::{Dice, Tversky};
pub use reduction::Reduction;
pub(crate) use reduction::Values;
pub use regression::{
    Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson,
};
#[cfg(feature = "cuda")]
pub use rows::ToldRows;
pub use weighted::{Reduced, WeightedLoss};

use crate::compiled::{Head, OutputSpec, Spec};
use crate::data::{IntoTensor, Tensor};
use crate::error::Result;

/// `keras.config.epsilon()`.
pub(crate) const EPSILON: f32 = 1e-7;

/// The mean squared error, by its short name.
pub type MSE = MeanSquaredError;
/// The mean absolute error, by its short name.
pub type MAE = MeanAbsoluteError;

/// The mean absolute percentage error, by its short name.
pub type MAPE = MeanAbsolutePercentageError;
/// The mean squared logarithmic error, by its short name.
pub type MSLE = MeanSquaredLogarithmicError;

/// The mean over a sample's positions of `f(y, p, slope)`, which sees the last axis of one; `y` has as many words for
/// each position as the sample's targets have.
fn mean_of_positions(
    y: &[f32],
    p: &[f32],
    classes: usize,
    mut slope: Option<&mut [f32]>,
    f: impl Fn(&[f32], &[f32], Option<&mut [f32]>) -> f32,
) -> f32 {
    let positions = (p.len() / classes).max(1);
    let width = y.len() / positions;
    let mut loss = 0.0;
    for (at, p) in p.chunks_exact(classes).enumerate() {
        let mut slope = slope.as_deref_mut().map(|slope| &mut slope[at * classes..(at + 1) * classes]);
        loss += f(&y[at * width..(at + 1) * width], p, slope.as_deref_mut());
        if let Some(slope) = slope {
            slope.iter_mut().for_each(|d| *d /= positions as f32);
        }
    }
    loss / positions as f32
}

/// How far the predictions of one sample are from its targets.
///
/// Implement it for a loss of your own. On a GPU such a one is computed by the host, between kernels, while all losses of this module, and those
/// that [`keras_model!`](crate::keras_model) compiles, are the device's:
///
/// ```
/// use keras_runtime::loss::Loss;
///
/// #[derive(Debug)]
/// struct Quartic;
///
/// impl Loss for Quartic {
///     fn name(&self) -> &str {
///         "quartic"
///     }
///     fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
///         let n = p.len() as f32;
///         if let Some(slope) = slope {
///             for ((d, y), p) in slope.iter_mut().zip(y).zip(p) {
///                 *d = 4.0 * (p - y).powi(3) / n;
///             }
///         }
///         y.iter().zip(p).map(|(y, p)| (p - y).powi(4)).sum::<f32>() / n
///     }
/// }
/// ```
pub trait Loss: Debug + Send + Sync {
    /// Its name in messages.
    fn name(&self) -> &str;

    /// Checks, once and before anything runs, that targets can be compared with an output.
    ///
    /// # Errors
    /// When they cannot. The default asks for the output's own shape.
    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        expect_same_shape(self.name(), output, target)
    }

    /// The loss of one sample from its targets `y` and predictions `p`, whose last axis has `classes` words. Writes the
    /// derivative of it by each prediction into `slope`, where that is asked for.
    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32;

    /// The same, told the whole shape of the predictions, for losses to which it matters ([`Scope::Sample`]).
    fn shaped(&self, y: &[f32], p: &[f32], shape: &[usize], slope: Option<&mut [f32]>) -> f32 {
        self.sample(y, p, shape.last().copied().unwrap_or(1).max(1), slope)
    }

    /// The loss that the runtime computes together with an output's activation, stable for any logits.
    fn fused(&self, head: Head) -> Option<Fused> {
        let _ = head;
        None
    }

    /// What devices other than the CPU make kernels of.
    #[cfg(feature = "cuda")]
    #[doc(hidden)]
    fn told(&self) -> Option<Told<'_>> {
        None
    }

    /// The model that the loss is, if the macro has compiled it: devices run it like any other. Losses that are neither this nor
    /// told, which are those that users write themselves, are computed by the host.
    #[doc(hidden)]
    fn compiled(&self) -> Option<&'static Spec> {
        None
    }

    /// Which of Keras's losses it is; or why it is none.
    #[cfg(feature = "keras-files")]
    #[doc(hidden)]
    fn config(&self) -> std::result::Result<crate::config::Config, String> {
        Err(format!("`{}` is a loss of your own", self.name()))
    }

    /// What it is a number of, for predictions of `shape`.
    fn scope(&self, shape: &[usize]) -> Scope {
        let _ = shape;
        Scope::Positions
    }

    /// The formula over a whole batch, where [`Loss::scope`] is [`Scope::Batch`].
    fn over_batch(&self) -> Option<&dyn OverBatch> {
        None
    }

    /// The formula over a run of samples, where it is faster than one sample after another.
    fn run(&self) -> Option<&dyn Run> {
        None
    }

    /// Which values are left out of means.
    fn left_out(&self) -> Option<LeftOut> {
        None
    }

    /// What the loss counts in the sum over the outputs: see [`Loss::weighted`].
    fn weight(&self) -> f32 {
        1.0
    }

    /// The same loss, which counts `weight` times in the sum over the outputs (`loss_weights` in Keras). It is told as it
    /// is, without the weight.
    fn weighted(self, weight: f32) -> WeightedLoss<Self>
    where
        Self: Sized,
    {
        WeightedLoss { loss: self, weight }
    }

    /// How the losses of a batch become one number: see [`Loss::reduction`].
    fn reduced_by(&self) -> Reduction {
        Reduction::default()
    }

    /// The same loss with another [`Reduction`].
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(2, input = 3) }
    ///
    /// let mut model = Net::new(1).compile(Sgd::default(), MeanSquaredError.reduction(Reduction::Sum), ());
    /// let (x, y) = (ndarray::Array2::<f32>::ones((8, 3)), ndarray::Array2::<f32>::zeros((8, 2)));
    /// let sum = model.test_on_batch(&x, &y)?.loss;
    /// let mean = MeanSquaredError.call(&y, &model.predict(&x)?)?[[]];
    /// assert!((sum - 8.0 * f64::from(mean)).abs() < 1e-5 * sum);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    fn reduction(self, reduction: Reduction) -> Reduced<Self>
    where
        Self: Sized,
    {
        Reduced { loss: self, reduction }
    }

    /// The loss of predictions in an array, reduced: an array without axes, or, with [`Reduction::None`], one of each place of
    /// all axes but the last (of each sample, or without axes, where the loss is one of whole samples or batches).
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// let (y, p) = (ndarray::arr2(&[[0.0f32, 1.0], [0.0, 0.0]]), ndarray::arr2(&[[1.0f32, 1.0], [1.0, 0.0]]));
    /// assert_eq!(MeanSquaredError.call(&y, &p)?[[]], 0.5);
    /// let each = MeanSquaredError.reduction(Reduction::None).call(&y, &p)?;
    /// assert_eq!(each, ndarray::arr1(&[0.5, 0.5]).into_dyn());
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When targets and predictions do not fit each other.
    fn call<'a>(&self, y_true: impl IntoTensor<'a>, y_pred: impl IntoTensor<'a>) -> Result<ArrayD<f32>>
    where
        Self: Sized,
    {
        call::call(self, &y_true.into_tensor(), &y_pred.into_tensor(), None)
    }

    /// [`Loss::call`] with what each sample, or each step of each, counts.
    ///
    /// # Errors
    /// When targets, predictions and weights do not fit each other.
    fn call_weighted<'a>(
        &self,
        y_true: impl IntoTensor<'a>,
        y_pred: impl IntoTensor<'a>,
        sample_weight: impl IntoTensor<'a>,
    ) -> Result<ArrayD<f32>>
    where
        Self: Sized,
    {
        call::call(self, &y_true.into_tensor(), &y_pred.into_tensor(), Some(&sample_weight.into_tensor()))
    }
}

/// How a loss is told to devices other than the CPU. What is printed of it for debugging is all that kernels depend on.
#[cfg(feature = "cuda")]
#[doc(hidden)]
#[derive(Debug)]
pub enum Told<'a> {
    /// By the formula of its rows, of whose losses a sample's is the mean.
    Rows(&'a dyn ToldRows),
    /// By the terms of two sums, of whose quotient it is made.
    Overlap(&'a dyn ToldOverlap),
    /// [`Circle`], which compares samples with each other.
    Circle(Circle),
    /// [`Ctc`], which goes along sequences.
    Alignments,
}

/// A loss and the activation under it in one formula, computed from logits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fused {
    /// Cross-entropy with the softmax of the last axis.
    Softmax {
        /// Whether a target is a class index rather than one word for each class.
        sparse: bool,
        /// Share of a target that is spread over all classes.
        smoothing: f32,
        /// The class index of places that have no loss.
        ignore: Option<f32>,
    },
    /// Cross-entropy with the sigmoid of each word.
    Sigmoid {
        /// Share of a target that is pulled to one half.
        smoothing: f32,
    },
}

/// What `compile` takes for its losses: one, or a tuple, array or `Vec` with one for each output.
pub trait Losses {
    /// The losses in order of the outputs.
    fn into_losses(self) -> Vec<Box<dyn Loss>>;
}

impl<L: Loss + 'static> Losses for L {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        vec![Box::new(self)]
    }
}

impl<L: Loss + 'static, const N: usize> Losses for [L; N] {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        self.into_iter().map(|loss| Box::new(loss) as _).collect()
    }
}

impl<L: Loss + 'static> Losses for Vec<L> {
    fn into_losses(self) -> Vec<Box<dyn Loss>> {
        self.into_iter().map(|loss| Box::new(loss) as _).collect()
    }
}

macro_rules! losses_of_tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Loss + 'static),*> Losses for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_losses(self) -> Vec<Box<dyn Loss>> {
                let ($($name,)*) = self;
                vec![$(Box::new($name)),*]
            }
        }
    )*};
}
losses_of_tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; }

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn close(found: f32, expected: f32) {
        assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found} instead of {expected}");
    }

    /// Compares `slope` with central differences.
    pub(super) fn check_slope(loss: &dyn Loss, y: &[f32], p: &[f32], classes: usize) {
        let mut slope = vec![0.0; p.len()];
        loss.sample(y, p, classes, Some(&mut slope));
        for i in 0..p.len() {
            let h = 1e-3;
            let (mut up, mut down) = (p.to_vec(), p.to_vec());
            up[i] += h;
            down[i] -= h;
            let difference =
                (loss.sample(y, &up, classes, None) - loss.sample(y, &down, classes, None)) / (2.0 * h);
            assert!(
                (difference - slope[i]).abs() < 2e-3 * slope[i].abs().max(1.0),
                "{i}: {difference} {slope:?}"
            );
        }
    }

    #[test]
    fn losses_come_one_by_one_or_in_tuples() {
        assert_eq!(CategoricalCrossentropy.into_losses().len(), 1);
        assert_eq!((MeanSquaredError, BinaryCrossentropy::default()).into_losses().len(), 2);
        assert_eq!([MeanSquaredError; 3].into_losses().len(), 3);
        let boxed: Vec<Box<dyn Loss>> = vec![Box::new(MeanSquaredError), Box::new(CategoricalCrossentropy)];
        assert_eq!(boxed.into_losses()[1].name(), "categorical_crossentropy");
    }
}
