//! Random numbers for initial weights, shuffles and the like: Philox, one number after another.

use crate::device::cpu::philox::philox4x32_10;

/// A sequence of random numbers, a function of a seed and a stream alone.
///
/// ```
/// use keras_runtime::random::Philox;
/// let mut a = Philox::new(42, 0);
/// let mut b = Philox::new(42, 0);
/// assert_eq!(a.next_u32(), b.next_u32());
/// ```
#[derive(Debug, Clone)]
pub struct Philox {
    seed: u64,
    stream: u64,
    counter: u64,
    /// Words of the last block that are left.
    words: [u32; 4],
    left: usize,
    /// The second of a pair of normal numbers.
    spare: Option<f32>,
}

impl Philox {
    /// The sequence `stream` of `seed`.
    pub fn new(seed: u64, stream: u64) -> Self {
        Philox { seed, stream, counter: 0, words: [0; 4], left: 0, spare: None }
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            // The top bit keeps these counters apart from those of a model's own streams.
            let high = (self.stream >> 32) as u32 | 1 << 31;
            let counter = [self.counter as u32, (self.counter >> 32) as u32, self.stream as u32, high];
            self.words = philox4x32_10(counter, self.seed);
            self.counter += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.words[3 - self.left]
    }

    /// Uniform in [0, 1), with 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // In (0, 1], so that the logarithm is finite.
        let radius = (-2.0 * f64::from(1.0 - self.uniform()).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(self.uniform());
        self.spare = Some((radius * angle.sin()) as f32);
        (radius * angle.cos()) as f32
    }

    /// Uniform among `0..bound`, without bias (Lemire, 2019). `bound` must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let mut random = Philox::new(1, 2);
        let n = 100_000;
        let (mut sum, mut squares, mut uniform) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let x = f64::from(random.normal());
            (sum, squares) = (sum + x, squares + x * x);
            uniform += f64::from(random.uniform());
        }
        let n = f64::from(n);
        assert!(
            (sum / n).abs() < 0.01 && (squares / n - 1.0).abs() < 0.02 && (uniform / n - 0.5).abs() < 0.005
        );
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..1000).collect();
        Philox::new(3, 0).shuffle(&mut items);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
