//! Running numbers, for training loops of one's own.

use super::measure;

/// A running mean, weighted where values have weights: `keras.metrics.Mean`.
///
/// ```
/// use keras_runtime::metric::Mean;
///
/// let mut loss = Mean::default();
/// loss.update([1.0, 3.0]);
/// loss.update_weighted(8.0, 2.0);
/// assert_eq!(loss.result(), 5.0);
/// loss.reset();
/// assert_eq!(loss.result(), 0.0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean(measure::Mean);

impl Mean {
    /// Takes values in: one in an array, or many.
    pub fn update(&mut self, values: impl IntoIterator<Item = f64>) {
        values.into_iter().for_each(|value| self.0.add(value, 1.0));
    }

    /// Takes in a value that counts `weight` times.
    pub fn update_weighted(&mut self, value: f64, weight: f64) {
        self.0.add(value, weight);
    }

    /// The mean of all values since the last reset, 0 of none.
    pub fn result(&self) -> f64 {
        self.0.value()
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.0 = measure::Mean::default();
    }
}

/// A running sum, weighted where values have weights: `keras.metrics.Sum`.
///
/// ```
/// use keras_runtime::metric::Sum;
///
/// let mut samples = Sum::default();
/// samples.update([32.0, 32.0]);
/// samples.update_weighted(10.0, 0.5);
/// assert_eq!(samples.result(), 69.0);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum(f64);

impl Sum {
    /// Takes values in: one in an array, or many.
    pub fn update(&mut self, values: impl IntoIterator<Item = f64>) {
        values.into_iter().for_each(|value| self.0 += value);
    }

    /// Takes in a value that counts `weight` times.
    pub fn update_weighted(&mut self, value: f64, weight: f64) {
        // What counts nothing is not looked at: it may be anything.
        if weight != 0.0 {
            self.0 += value * weight;
        }
    }

    /// The sum of all values since the last reset.
    pub fn result(&self) -> f64 {
        self.0
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        self.0 = 0.0;
    }
}
