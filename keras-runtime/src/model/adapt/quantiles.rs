//! Quantiles of numbers that come in pieces, by the summaries of Keras's `Discretization`, to its last bit: in `f32` where
//! it has `f32`.

/// Some of the numbers that were seen, in order, each with how many it stands for.
pub(crate) struct Quantiles {
    epsilon: f64,
    values: Vec<f32>,
    weights: Vec<f32>,
}

impl Quantiles {
    pub fn new(epsilon: f64) -> Self {
        Quantiles { epsilon, values: vec![], weights: vec![] }
    }

    /// Takes in more numbers: evenly spaced ones of them, merged with those that it has.
    pub fn see(&mut self, mut values: Vec<f32>) {
        values.sort_by(f32::total_cmp);
        let step = (values.len() as f64 / (1.0 / self.epsilon)).max(1.0);
        let kept = values.iter().skip((step - 1.0) as usize).step_by(step as usize);
        let new = kept.map(|&value| (value, step as f32));
        let old = self.values.iter().copied().zip(self.weights.iter().copied());
        let mut merged: Vec<(f32, f32)> = new.chain(old).collect();
        merged.sort_by(|a, b| a.0.total_cmp(&b.0));
        (self.values, self.weights) = merged.into_iter().unzip();
        self.compress(self.epsilon);
    }

    /// The inner boundaries of `bins` bins that hold about equally many numbers. There are fewer where not so many numbers
    /// were seen: nothing is beyond the others.
    pub fn boundaries(mut self, bins: usize) -> Vec<f32> {
        self.compress(1.0 / bins as f64);
        self.values.pop();
        self.values.resize(bins - 1, f32::INFINITY);
        self.values
    }

    /// Makes it one of about `1 / epsilon` numbers.
    fn compress(&mut self, epsilon: f64) {
        if (self.values.len() as f64) * epsilon < 1.0 {
            return;
        }
        let mut sum = 0.0f32;
        let sums = self.weights.iter().map(|weight| {
            sum += weight;
            sum
        });
        let sums: Vec<f32> = sums.collect();
        let shares: Vec<f64> = sums.iter().map(|part| f64::from(part / sum)).collect();
        let count = (1.0 / epsilon).ceil() as usize;
        let places = (0..count).map(|i| epsilon + i as f64 * epsilon);
        let (mut values, mut weights, mut before) = (vec![], vec![], 0.0);
        for place in places {
            values.push(interpolated(place, &shares, &self.values) as f32);
            let upto = interpolated(place, &shares, &sums);
            weights.push((upto - before) as f32);
            before = upto;
        }
        (self.values, self.weights) = (values, weights);
    }
}

/// `numpy.interp`: the polyline through `(xs, ys)` at `x`, level beyond its ends.
fn interpolated(x: f64, xs: &[f64], ys: &[f32]) -> f64 {
    let behind = xs.partition_point(|other| *other <= x);
    let at = |i: usize| f64::from(ys[i]);
    match behind {
        0 => at(0),
        _ if behind == xs.len() || xs[behind - 1] == x => at(behind - 1),
        _ => {
            let slope = (at(behind) - at(behind - 1)) / (xs[behind] - xs[behind - 1]);
            slope * (x - xs[behind - 1]) + at(behind - 1)
        }
    }
}
