//! Connectionist temporal classification: sequences of labels whose places in time nobody knows.

use std::cell::RefCell;

use super::{Loss, Scope};
use crate::compiled::OutputSpec;
use crate::config::config;
use crate::data::{Tensor, expect_whole};
use crate::error::{Error, Result, batched};

/// The negative log-likelihood of a sequence of labels under all its alignments with the steps of an output (Graves et al.,
/// 2006), from logits `[steps, classes]`. Targets are labels `[labels]`, padded with 0 at their end: 0 is the blank, and no label.
///
/// ```
/// use keras_runtime::prelude::*;
///
/// keras_model! { Reader = input([12, 8]) >> bidirectional(lstm(16, return_sequences = true)) >> dense(5) }
///
/// let x = ndarray::Array3::from_shape_fn((4, 12, 8), |(i, t, k)| ((i * 31 + t * 7 + k) % 13) as f32 / 13.0);
/// let y = ndarray::arr2(&[[1.0f32, 2.0, 2.0], [3.0, 0.0, 0.0], [4.0, 1.0, 0.0], [2.0, 2.0, 0.0]]);
/// let mut model = Reader::new(1).compile(Adam::default(), Ctc, ());
/// let before = model.evaluate(&x, &y)?.loss;
/// model.fit(&x, &y, Fit { epochs: 30, verbose: Verbose::Silent, ..Fit::default() })?;
/// assert!(model.evaluate(&x, &y)?.loss < before);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ctc;

/// The blank, and what labels are padded with.
const BLANK: usize = 0;

/// The labels before the padding.
fn labels(y: &[f32]) -> usize {
    y.iter().take_while(|label| **label != BLANK as f32).count()
}

fn log_add(a: f64, b: f64) -> f64 {
    // NaN stays NaN, whichever it is.
    match (a == f64::NEG_INFINITY, b == f64::NEG_INFINITY) {
        (true, _) => b,
        (_, true) => a,
        _ if a > b => a + (b - a).exp().ln_1p(),
        _ => b + (a - b).exp().ln_1p(),
    }
}

thread_local! {
    /// Logarithms of probabilities: kept, so that a step allocates nothing.
    static TABLES: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// Labels with a blank before, between and behind them: the states of an alignment.
struct States<'a> {
    labels: &'a [f32],
}

impl States<'_> {
    fn len(&self) -> usize {
        2 * self.labels.len() + 1
    }

    fn class(&self, state: usize) -> usize {
        if state.is_multiple_of(2) { BLANK } else { self.labels[state / 2] as usize }
    }

    /// Whether the blank before a label can be left out: not between equal ones, which would become one.
    fn skips(&self, state: usize) -> bool {
        state > 1 && self.class(state) != BLANK && self.class(state) != self.class(state - 2)
    }
}

/// `alpha[t][s]`: the log-probability of the beginnings of alignments that are in state `s` at step `t`.
fn forward(states: &States<'_>, logs: &[f64], classes: usize, alpha: &mut [f64]) -> f64 {
    let count = states.len();
    for t in 0..logs.len() / classes {
        for s in 0..count {
            let before =
                |back: usize| if s >= back { alpha[(t - 1) * count + s - back] } else { f64::NEG_INFINITY };
            let reached = match t {
                0 if s < 2 => 0.0,
                0 => f64::NEG_INFINITY,
                _ if states.skips(s) => log_add(log_add(before(0), before(1)), before(2)),
                _ => log_add(before(0), before(1)),
            };
            alpha[t * count + s] = reached + logs[t * classes + states.class(s)];
        }
    }
    let ends = &alpha[alpha.len() - count..];
    if count > 1 { log_add(ends[count - 1], ends[count - 2]) } else { ends[0] }
}

/// The derivative by the logits: softmax, minus the probability of being at a class of the labels. `beta` is that of the ends of
/// alignments behind a step.
fn backward(
    states: &States<'_>,
    (logs, alpha): (&[f64], &[f64]),
    total: f64,
    beta: &mut [f64],
    next: &mut [f64],
    slope: &mut [f32],
) {
    let (count, steps) = (states.len(), alpha.len() / states.len());
    let classes = logs.len() / steps;
    for t in (0..steps).rev() {
        for s in 0..count {
            let after = |on: usize| match s + on < count {
                true => next[s + on] + logs[(t + 1) * classes + states.class(s + on)],
                false => f64::NEG_INFINITY,
            };
            beta[s] = match t + 1 == steps {
                true if s + 2 >= count => 0.0,
                true => f64::NEG_INFINITY,
                false if s + 2 < count && states.skips(s + 2) => {
                    log_add(log_add(after(0), after(1)), after(2))
                }
                false => log_add(after(0), after(1)),
            };
        }
        let row = t * classes..(t + 1) * classes;
        slope[row.clone()].iter_mut().zip(&logs[row]).for_each(|(d, log)| *d = log.exp() as f32);
        for s in 0..count {
            slope[t * classes + states.class(s)] -= (alpha[t * count + s] + beta[s] - total).exp() as f32;
        }
        next.copy_from_slice(beta);
    }
}

impl Loss for Ctc {
    fn name(&self) -> &str {
        "ctc"
    }

    config! { "CTC" }

    fn check(&self, output: &OutputSpec<'_>, target: &Tensor<'_>) -> Result<()> {
        let what = |of: &str| format!("{of} output `{}` for ctc", output.name);
        let shape = |of, expected: &str, found, help: &str| Error::Shape {
            what: what(of),
            expected: expected.into(),
            found,
            help: help.into(),
        };
        let [steps, classes] = *output.shape else {
            let help = "a recurrent layer with `return_sequences = true` before `dense(classes)` gives them";
            return Err(shape("predictions of", "[batch, steps, classes]", batched(output.shape), help));
        };
        let found = target.shape();
        let [width] = *found.sample() else {
            return Err(shape(
                "targets of",
                "[batch, labels]",
                format!("{found:?}"),
                "pad labels with 0 at their end",
            ));
        };
        expect_whole(target, || what("targets of"))?;
        for sample in 0..found.rows() {
            let label = |i: usize| target.values().at(sample * width + i);
            let wrong = |value: f64, expected: String| Error::Value {
                what: what("targets of"),
                sample,
                value,
                expected,
            };
            let len = (0..width).take_while(|i| label(*i) != BLANK as f64).count();
            if let Some(value) = (0..len).map(label).find(|label| !(0.0..classes as f64).contains(label)) {
                return Err(wrong(value, format!("labels from 1 to {}, and 0 as padding", classes - 1)));
            }
            if let Some(value) = (len..width).map(label).find(|label| *label != BLANK as f64) {
                return Err(wrong(value, "nothing but 0 behind the first 0, which pads".into()));
            }
            // Equal neighbours need a blank between them.
            let needed = len + (1..len).filter(|i| label(*i) == label(i - 1)).count();
            if needed > steps {
                let labels = format!(
                    "labels that fit in {steps} steps: these need {needed}, as equal ones are kept apart"
                );
                return Err(wrong(label(len - 1), labels));
            }
        }
        Ok(())
    }

    fn scope(&self, _shape: &[usize]) -> Scope {
        Scope::Sample { values: 1 }
    }

    #[cfg(feature = "cuda")]
    fn told(&self) -> Option<super::Told<'_>> {
        Some(super::Told::Alignments)
    }

    fn sample(&self, y: &[f32], p: &[f32], classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let states = States { labels: &y[..labels(y)] };
        let (count, steps) = (states.len(), p.len() / classes);
        TABLES.with_borrow_mut(|tables| {
            tables.clear();
            tables.resize(p.len() + steps * count + 2 * count, 0.0);
            let (logs, rest) = tables.split_at_mut(p.len());
            let (alpha, rest) = rest.split_at_mut(steps * count);
            let (beta, next) = rest.split_at_mut(count);
            for (logs, p) in logs.chunks_exact_mut(classes).zip(p.chunks_exact(classes)) {
                let top = p.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f64 = p.iter().map(|z| f64::from(z - top).exp()).sum();
                logs.iter_mut().zip(p).for_each(|(log, z)| *log = f64::from(z - top) - sum.ln());
            }
            let total = forward(&states, logs, classes, alpha);
            if let Some(slope) = slope {
                backward(&states, (logs, alpha), total, beta, next, slope);
            }
            -total as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::tests::check_slope;

    #[test]
    fn slopes_agree_with_differences() {
        let p: Vec<f32> = (0..24).map(|i| ((i * 7 % 17) as f32 - 8.0) / 6.0).collect();
        check_slope(&Ctc, &[1.0, 3.0, 2.0], &p, 4);
        check_slope(&Ctc, &[2.0, 2.0, 0.0], &p, 4);
        check_slope(&Ctc, &[0.0, 0.0], &p, 4);
    }

    /// Of two steps and one label there are three alignments.
    #[test]
    fn alignments_are_added_up() {
        let loss = Ctc.sample(&[1.0], &[0.0, 0.0, 0.0, 0.0], 2, None);
        assert!((loss + 0.75f32.ln()).abs() < 1e-6, "{loss}");
    }
}
