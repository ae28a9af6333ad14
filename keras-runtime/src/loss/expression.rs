//! Losses that `keras_model!` compiled: see its section on losses.

use std::cell::RefCell;

use super::{Predicted, TargetShape};
use crate::compiled::{OutputSpec, Spec};
use crate::data::{Tensor, expect_dtype, expect_indices};
use crate::device::cpu::simd::Isa;
use crate::device::cpu::{Packing, Pass, RawSpace, Spaces, Transformed};
use crate::error::{Error, Result, batched};
use crate::loss::{Heads, Slot};

/// A loss that `keras_model!` compiled: a model of targets and predictions that gives the loss of each sample and, as it is
/// trained, the slope. The macro implements it.
pub trait Expression {
    /// What was known at build time.
    const SPEC: &'static Spec;
    /// Its name in messages.
    const NAME: &'static str;
    /// Values that a sample's loss is the mean of.
    const VALUES: usize;

    /// Checks that targets and predictions have the shapes that the loss was declared with.
    ///
    /// # Errors
    /// When they have others.
    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        let [targets, predictions] = Self::SPEC.inputs else { return Ok(()) };
        let what = |of: &str| format!("{of} output `{}` for {}", output.name, Self::NAME);
        if output.shape != predictions.shape {
            return Err(Error::Shape {
                what: what("the predictions of"),
                expected: batched(predictions.shape),
                found: batched(output.shape),
                help: format!("declare `{}` of the loss with the output's shape", predictions.name),
            });
        }
        if TargetShape::of(targets.shape, target.shape().sample()) != TargetShape::Same {
            return Err(Error::Shape {
                what: what("the targets of"),
                expected: batched(targets.shape),
                found: format!("{:?}", target.shape()),
                help: format!("declare `{}` of the loss with the targets' shape", targets.name),
            });
        }
        if output.mask > 1 && Self::VALUES > 1 {
            return Err(Error::Shape {
                what: what("the value of"),
                expected: "one of each sample, as the output has a mask of its steps".into(),
                found: format!("{} of each", Self::VALUES),
                help: "end the loss with a sum or mean over all axes: a sample then counts as its steps do in the mean".into(),
            });
        }
        expect_dtype(target, targets.dtype, || what("the targets of"))?;
        targets.below.map_or(Ok(()), |below| expect_indices(target, below, || what("the targets of")))
    }

    /// The loss of one sample, and its slope.
    fn sample(&self, y: &[f32], p: &[f32], slope: Option<&mut [f32]>) -> f32 {
        let mut loss = [0.0];
        self.losses(&Predicted { samples: 1, shape: Self::SPEC.inputs[1].shape, y, p }, &mut loss, slope);
        loss[0]
    }

    /// The losses of samples, and their slopes.
    fn losses(&self, batch: &Predicted<'_>, losses: &mut [f32], slope: Option<&mut [f32]>) {
        run(Self::SPEC, batch, losses, slope);
    }
}

thread_local! {
    /// What compiled losses work in: kept, so that a step allocates nothing.
    static MEMORY: RefCell<[Vec<f32>; 2]> = const { RefCell::new([Vec::new(), Vec::new()]) };
}

fn run(spec: &'static Spec, batch: &Predicted<'_>, losses: &mut [f32], slope: Option<&mut [f32]>) {
    let [_, _] = spec.outputs else { return };
    let phase = if slope.is_some() { &spec.train } else { &spec.infer };
    MEMORY.with_borrow_mut(|[arena, fixed]| {
        let grow = |words: &mut Vec<f32>, len: usize| words.resize(words.len().max(len), 0.0);
        grow(arena, phase.arena_words * batch.samples);
        grow(fixed, phase.fixed_words);
        let inputs = [RawSpace::readable(batch.y), RawSpace::readable(batch.p)];
        let outputs = [RawSpace::writable(losses), RawSpace::writable(slope.unwrap_or_default())];
        let (transformed, packing) = (Transformed::default(), Packing::default());
        let spaces = Spaces {
            params: RawSpace::readable(&[]),
            params_stamp: 0,
            transformed: &transformed,
            packing: &packing,
            grads: RawSpace::readable(&[]),
            arena: RawSpace::writable(arena),
            fixed: RawSpace::writable(fixed),
            state: RawSpace::readable(&[]),
            inputs: &inputs,
            outputs: &outputs,
        };
        let slots = [0, 1].map(|i| Slot { output: &spec.outputs[i], loss: None });
        let mut pass = Pass::new(batch.samples, Isa::detect(), 1, 0, 0, spaces, Heads::new(&slots));
        (phase.run)(&mut pass);
    });
}
