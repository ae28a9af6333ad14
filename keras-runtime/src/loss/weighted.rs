//! Losses with what Keras says beside them: the share of one output in the loss of a model, and a reduction.

#[cfg(feature = "cuda")]
use super::Told;
use super::{Fused, LeftOut, Loss, OverBatch, Reduction, Run, Scope};
use crate::compiled::{Head, OutputSpec, Spec};
use crate::data::Tensor;
use crate::error::Result;

/// What is said of a loss by the loss within, `self.$within`.
macro_rules! as_within {
    ([$($within:tt)*]) => {};
    ([$($within:tt)*] name $($rest:ident)*) => {
        fn name(&self) -> &str {
            self.$($within)*.name()
        }
        as_within! { [$($within)*] $($rest)* }
    };
    ([$($within:tt)*] formula $($rest:ident)*) => {
        fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
            self.$($within)*.check(output, target)
        }
        fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
            self.$($within)*.sample(y, p, classes, slope)
        }
        fn shaped(&self, y: &[f32], p: &[f32], shape: &[usize], slope: Option<&mut [f32]>) -> f32 {
            self.$($within)*.shaped(y, p, shape, slope)
        }
        fn fused(&self, head: Head) -> Option<Fused> {
            self.$($within)*.fused(head)
        }
        #[cfg(feature = "cuda")]
        fn told(&self) -> Option<Told<'_>> {
            self.$($within)*.told()
        }
        fn compiled(&self) -> Option<&'static Spec> {
            self.$($within)*.compiled()
        }
        #[cfg(feature = "keras-files")]
        fn config(&self) -> std::result::Result<crate::config::Config, String> {
            self.$($within)*.config()
        }
        fn scope(&self, shape: &[usize]) -> Scope {
            self.$($within)*.scope(shape)
        }
        fn over_batch(&self) -> Option<&dyn OverBatch> {
            self.$($within)*.over_batch()
        }
        fn run(&self) -> Option<&dyn Run> {
            self.$($within)*.run()
        }
        fn left_out(&self) -> Option<LeftOut> {
            self.$($within)*.left_out()
        }
        as_within! { [$($within)*] $($rest)* }
    };
    ([$($within:tt)*] weight $($rest:ident)*) => {
        fn weight(&self) -> f32 {
            self.$($within)*.weight()
        }
        as_within! { [$($within)*] $($rest)* }
    };
    ([$($within:tt)*] reduced_by $($rest:ident)*) => {
        fn reduced_by(&self) -> Reduction {
            self.$($within)*.reduced_by()
        }
        as_within! { [$($within)*] $($rest)* }
    };
}

/// A loss that counts `weight` times: see [`Loss::weighted`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedLoss<L> {
    /// The loss.
    pub loss: L,
    /// Its factor in the sum over the outputs.
    pub weight: f32,
}

impl<L: Loss> Loss for WeightedLoss<L> {
    as_within! { [loss] name formula reduced_by }

    fn weight(&self) -> f32 {
        self.weight * self.loss.weight()
    }
}

/// A loss with a reduction of its own: see [`Loss::reduction`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reduced<L> {
    /// The loss.
    pub loss: L,
    /// How the losses of a batch become one number.
    pub reduction: Reduction,
}

impl<L: Loss> Loss for Reduced<L> {
    as_within! { [loss] name formula weight }

    fn reduced_by(&self) -> Reduction {
        self.reduction
    }
}

impl Loss for Box<dyn Loss> {
    as_within! { [as_ref()] name formula weight reduced_by }
}
