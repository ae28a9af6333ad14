//! Optimizers: each is one pass over the flat parameters, their gradient and the optimizer's own state.
//!
//! Names, defaults and formulas are those of `keras.optimizers`, version 3.

mod adam;
mod rmsprop;
mod sgd;

use std::fmt::Debug;
use std::ops::Range;

pub use adam::Adam;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use crate::device::cpu::simd::{self, Isa, Kernel, Simd};
use crate::device::cpu::split::{self, Shared};

/// How parameters follow from gradients.
pub trait Optimizer: Debug + Send + Sync {
    /// Keras's name of it.
    fn name(&self) -> &str;

    /// Words of state for each parameter.
    fn state_words(&self) -> usize;

    /// The step size.
    fn learning_rate(&self) -> f32;

    /// Changes the step size from the next step on.
    fn set_learning_rate(&mut self, learning_rate: f32);

    /// Takes step `step` (the first is 1) for a piece of the parameters, with the vectors of `isa`. `state` has
    /// [`Optimizer::state_words`] pieces of the same length, zero before the first step.
    fn step(&self, isa: Isa, step: u64, params: &mut [f32], grads: &[f32], state: &mut [&mut [f32]]);
}

/// Words that one piece of work has.
const GRAIN: usize = 4096;
/// Parameters below which a step is not divided among threads.
const SERIAL_BELOW: usize = 1 << 15;
/// The most words of state that an optimizer has for each parameter.
const MOST_STATE: usize = 4;

/// One step over all parameters.
pub(crate) struct Update<'a> {
    pub isa: Isa,
    pub threads: usize,
    pub params: &'a mut [f32],
    pub grads: &'a [f32],
    pub state: &'a mut [f32],
}

impl Update<'_> {
    /// Divides the parameters among the threads.
    pub fn run(self, optimizer: &dyn Optimizer, step: u64) {
        let Update { isa, threads, params, grads, state } = self;
        let (len, count) = (params.len(), optimizer.state_words());
        assert!(
            count <= MOST_STATE && state.len() >= count * len,
            "the state of {optimizer:?} has another size"
        );
        let threads = if len < SERIAL_BELOW { 1 } else { threads };
        let (params, state) = (Shared(params.as_mut_ptr()), Shared(state.as_mut_ptr()));
        split::ranges(len, GRAIN, threads, &|range: Range<usize>| {
            let piece = |words: *mut f32, skip: usize| {
                // SAFETY: ranges are disjoint and within the buffers.
                unsafe { std::slice::from_raw_parts_mut(words.add(skip + range.start), range.len()) }
            };
            let mut states: [&mut [f32]; MOST_STATE] = std::array::from_fn(|i| match i < count {
                true => piece(state.get(), i * len),
                false => &mut [][..],
            });
            optimizer.step(isa, step, piece(params.get(), 0), &grads[range.clone()], &mut states[..count]);
        });
    }
}

/// A formula on vectors: the new parameter and states from the old ones and the gradient.
pub(crate) trait Formula<const S: usize>: Copy {
    fn apply<V: Simd>(self, w: V, g: V, state: [V; S]) -> (V, [V; S]);
}

/// Applies `formula` to every element.
pub(crate) fn each<const S: usize, F: Formula<S>>(
    isa: Isa,
    params: &mut [f32],
    grads: &[f32],
    state: &mut [&mut [f32]],
    formula: F,
) {
    assert!(grads.len() == params.len() && state.len() == S && state.iter().all(|s| s.len() == params.len()));
    let state: [*mut f32; S] = std::array::from_fn(|i| state[i].as_mut_ptr());
    simd::run(isa, Each { params, grads, state, formula });
}

struct Each<'a, F, const S: usize> {
    params: &'a mut [f32],
    grads: &'a [f32],
    state: [*mut f32; S],
    formula: F,
}

impl<F: Formula<S>, const S: usize> Kernel for Each<'_, F, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let (len, w, g) = (self.params.len(), self.params.as_mut_ptr(), self.grads.as_ptr());
        let mut at = 0;
        // SAFETY: all buffers have `len` words, as `each` checked.
        unsafe {
            while at + V::LANES <= len {
                let state = std::array::from_fn(|i| V::load(self.state[i].add(at)));
                let (next, state) = self.formula.apply(V::load(w.add(at)), V::load(g.add(at)), state);
                next.store(w.add(at));
                for (x, to) in state.into_iter().zip(self.state) {
                    x.store(to.add(at));
                }
                at += V::LANES;
            }
            if at < len {
                let n = len - at;
                let state = std::array::from_fn(|i| V::load_partial(self.state[i].add(at), n));
                let (next, state) =
                    self.formula.apply(V::load_partial(w.add(at), n), V::load_partial(g.add(at), n), state);
                next.store_partial(w.add(at), n);
                for (x, to) in state.into_iter().zip(self.state) {
                    x.store_partial(to.add(at), n);
                }
            }
        }
    }
}
