//! The step of an optimizer that is one formula for every element.

use crate::compiled::WeightSpec;
use crate::device::cpu::simd::{self, Isa, Kernel, Simd};

/// What a step is told beside parameters, gradient and state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The vectors to compute with.
    pub isa: Isa,
    /// The threads that a step for a whole weight may take.
    pub threads: usize,
    /// The first step is 1.
    pub step: u64,
    /// The step size.
    pub learning_rate: f32,
    /// What parameters are multiplied with before the step: decay.
    pub keep: f32,
    /// What the gradient is multiplied with.
    pub scale: f32,
    /// What its elements are cut to, in magnitude, before that.
    pub clip: Option<f32>,
    /// The weight, if the optimizer asks for whole ones.
    pub weight: Option<&'static WeightSpec>,
}

impl Moment {
    /// A step that takes parameters and gradients as they are, for any range of weights.
    pub(crate) fn new(isa: Isa, threads: usize, step: u64, learning_rate: f32) -> Self {
        Moment { isa, threads, step, learning_rate, keep: 1.0, scale: 1.0, clip: None, weight: None }
    }

    /// Whether parameters and gradients are taken as they are.
    pub(super) fn is_plain(&self) -> bool {
        self.keep == 1.0 && self.scale == 1.0 && self.clip.is_none()
    }

    /// A formula after the decay of the parameter, with what the gradient is cut and scaled to.
    #[inline(always)]
    pub(crate) fn apply<V: Simd, const S: usize>(
        &self,
        formula: impl Formula<S>,
        w: V,
        g: V,
        state: [V; S],
    ) -> (V, [V; S]) {
        let g = match self.clip {
            Some(clip) => g.maximum(V::splat(-clip)).minimum(V::splat(clip)),
            None => g,
        };
        formula.apply(w * V::splat(self.keep), g * V::splat(self.scale), state)
    }

    /// An element of the gradient, cut and scaled.
    pub(super) fn gradient(&self, g: f32) -> f32 {
        let g = match self.clip {
            Some(clip) => g.clamp(-clip, clip),
            None => g,
        };
        g * self.scale
    }

    /// `1 - beta^step`, what a running mean from 0 on has come to.
    pub(super) fn correction(&self, beta: f32) -> f64 {
        1.0 - f64::from(beta).powf(self.step as f64)
    }
}

/// A formula on vectors: the new parameter and states from the old ones and the gradient.
pub(crate) trait Formula<const S: usize>: Copy {
    fn apply<V: Simd>(self, w: V, g: V, state: [V; S]) -> (V, [V; S]);
}

/// Applies `formula` to every element.
pub(crate) fn each<const S: usize, F: Formula<S>>(
    at: &Moment,
    params: &mut [f32],
    grads: &[f32],
    state: &mut [&mut [f32]],
    formula: F,
) {
    assert!(grads.len() == params.len() && state.len() == S && state.iter().all(|s| s.len() == params.len()));
    let state: [*mut f32; S] = std::array::from_fn(|i| state[i].as_mut_ptr());
    let each = Each { at: *at, params, grads, state, formula };
    #[cfg(feature = "cuda")]
    if at.isa == Isa::Symbolic {
        return simd::symbol::run(each);
    }
    simd::run(at.isa, each);
}

struct Each<'a, F, const S: usize> {
    at: Moment,
    params: &'a mut [f32],
    grads: &'a [f32],
    state: [*mut f32; S],
    formula: F,
}

impl<F: Formula<S>, const S: usize> Each<'_, F, S> {
    #[inline(always)]
    fn apply<V: Simd>(&self, w: V, g: V, state: [V; S], plain: bool) -> (V, [V; S]) {
        match plain {
            true => self.formula.apply(w, g, state),
            false => self.at.apply(self.formula, w, g, state),
        }
    }
}

impl<F: Formula<S>, const S: usize> Kernel for Each<'_, F, S> {
    type Output = ();

    #[inline(always)]
    fn run<V: Simd>(self) {
        let (len, w, g) = (self.params.len(), self.params.as_ptr().cast_mut(), self.grads.as_ptr());
        let plain = self.at.is_plain();
        let mut at = 0;
        // SAFETY: all buffers have `len` words, as `each` checked.
        unsafe {
            while at + V::LANES <= len {
                let state = std::array::from_fn(|i| V::load(self.state[i].add(at)));
                let (next, state) = self.apply(V::load(w.add(at)), V::load(g.add(at)), state, plain);
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
                    self.apply(V::load_partial(w.add(at), n), V::load_partial(g.add(at), n), state, plain);
                next.store_partial(w.add(at), n);
                for (x, to) in state.into_iter().zip(self.state) {
                    x.store_partial(to.add(at), n);
                }
            }
        }
    }
}
