//! The share of right answers.

use super::Metric;
use crate::compiled::OutputSpec;

/// The share of predictions that are right (`metrics = "accuracy"` in Keras).
///
/// As Keras does, it compares with a threshold of 0.5 where an output has one word (`BinaryAccuracy`), the greatest
/// words where targets are one-hot (`CategoricalAccuracy`), and the greatest word with an index where targets are class
/// indices (`SparseCategoricalAccuracy`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Accuracy;

/// What an [`Accuracy`] has seen.
#[derive(Debug, Default)]
struct Running {
    right: f64,
    total: f64,
}

/// The place of the greatest word; the first of equals.
pub(crate) fn argmax(words: &[f32]) -> usize {
    let mut best = 0;
    for (i, word) in words.iter().enumerate() {
        if *word > words[best] || (words[best].is_nan() && !word.is_nan()) {
            best = i;
        }
    }
    best
}

impl Metric for Accuracy {
    fn name(&self) -> &str {
        "accuracy"
    }
    fn reset(&mut self) {}
    fn update(&mut self, _: &OutputSpec, _: &[f32], _: usize, _: &[f32]) {}
    fn result(&self) -> f64 {
        0.0
    }
    fn boxed(&self) -> Box<dyn Metric> {
        Box::new(Running::default())
    }
}

impl Metric for Running {
    fn name(&self) -> &str {
        "accuracy"
    }

    fn reset(&mut self) {
        *self = Running::default();
    }

    fn update(&mut self, output: &OutputSpec, y: &[f32], width: usize, p: &[f32]) {
        let classes = output.shape.last().copied().unwrap_or(1).max(1);
        let words: usize = output.shape.iter().product();
        if classes == 1 {
            let right = y.iter().zip(p).filter(|(y, p)| (**p > 0.5) == (**y > 0.5));
            self.right += right.count() as f64;
            self.total += p.len() as f64;
            return;
        }
        let is_index = width * classes == words;
        for (i, p) in p.chunks_exact(classes).enumerate() {
            let label = if is_index { y[i] as usize } else { argmax(&y[i * classes..(i + 1) * classes]) };
            self.right += f64::from(u8::from(argmax(p) == label));
            self.total += 1.0;
        }
    }

    fn result(&self) -> f64 {
        if self.total == 0.0 { 0.0 } else { self.right / self.total }
    }

    fn boxed(&self) -> Box<dyn Metric> {
        Box::new(Running::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::Head;

    fn accuracy(shape: &'static [usize], batches: &[(&[f32], usize, &[f32])]) -> f64 {
        let output = OutputSpec { name: "y", shape, head: Head::Linear };
        let mut metric = Accuracy.boxed();
        for (y, width, p) in batches {
            metric.update(&output, y, *width, p);
        }
        metric.result()
    }

    #[test]
    fn chosen_by_shape() {
        assert_eq!(accuracy(&[1], &[(&[1.0, 0.0, 1.0], 1, &[0.9, 0.4, 0.5])]), 2.0 / 3.0);
        let p = [0.1, 0.7, 0.2, 0.6, 0.3, 0.1];
        assert_eq!(accuracy(&[3], &[(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], 3, &p)]), 0.5);
        assert_eq!(accuracy(&[3], &[(&[1.0, 0.0], 1, &p)]), 1.0);
    }

    #[test]
    fn uneven_batches_count_by_their_samples() {
        let first: (&[f32], usize, &[f32]) = (&[1.0, 1.0, 1.0], 1, &[0.9, 0.9, 0.9]);
        assert_eq!(accuracy(&[1], &[first, (&[1.0], 1, &[0.1])]), 0.75);
    }
}
