//! Initial weights, by Keras's formulas (`keras.initializers`), drawn by Philox.

mod stft;

use std::ops::Range;

use crate::compiled::{Init, Layout, Spec, WeightSpec};
use crate::random::Philox;

/// Draws every weight of a model. The values are a function of `seed` and of the weight's index.
pub(crate) fn initialise(spec: &Spec, seed: u64, params: &mut [f32]) {
    params.fill(0.0);
    for (i, weight) in spec.weights.iter().enumerate() {
        // Of one seed of their own, as in Keras, weights of one shape have the same values.
        let (seed, stream) = weight.seed.map_or((seed, i as u64), |own| (own, 0));
        let values = draw(weight, seed, stream);
        write(weight, &values, params);
    }
}

/// A weight's values, row-major, from its place in the flat buffer.
pub(crate) fn read(weight: &WeightSpec, params: &[f32]) -> Vec<f32> {
    let len: usize = weight.shape.iter().product();
    match weight.layout {
        Layout::Plain => params[weight.offset..weight.offset + len].to_vec(),
        Layout::Panels { k, n } => {
            (0..len).map(|i| params[weight.offset + in_panels(k, i / n, i % n)]).collect()
        }
    }
}

/// Puts a weight's values, row-major, in its place in the flat buffer.
pub(crate) fn write(weight: &WeightSpec, values: &[f32], params: &mut [f32]) {
    for_runs(weight, values.len(), |from, to| params[to..to + from.len()].copy_from_slice(&values[from]));
}

/// The same of values in the bytes of a file.
pub(crate) fn write_bytes(weight: &WeightSpec, values: &[[u8; 4]], params: &mut [f32]) {
    for_runs(weight, values.len(), |from, to| {
        for (word, bytes) in params[to..].iter_mut().zip(&values[from]) {
            *word = f32::from_le_bytes(*bytes);
        }
    });
}

/// Tells of each run of a weight's `len` values, row-major, that lies as a run in the flat buffer, which one it is and where it lies.
fn for_runs(weight: &WeightSpec, len: usize, mut run: impl FnMut(Range<usize>, usize)) {
    match weight.layout {
        Layout::Plain => run(0..len, weight.offset),
        Layout::Panels { k, n } => {
            for i in 0..len / n {
                for j in (0..n).step_by(16) {
                    run(i * n + j..i * n + n.min(j + 16), weight.offset + in_panels(k, i, j));
                }
            }
        }
    }
}

/// Words that a weight takes in the flat buffer, padding included.
pub(crate) fn words(weight: &WeightSpec) -> usize {
    match weight.layout {
        Layout::Plain => weight.shape.iter().product(),
        Layout::Panels { k, n } => k * n.next_multiple_of(16),
    }
}

/// Where element `(i, j)` of a matrix with `k` rows lies in panels of 16 columns.
pub(crate) fn in_panels(k: usize, i: usize, j: usize) -> usize {
    j / 16 * k * 16 + i * 16 + j % 16
}

/// Inputs and outputs of one unit (`keras.initializers.random_initializers.compute_fans`).
fn fans(shape: &[usize]) -> (f64, f64) {
    match *shape {
        [] => (1.0, 1.0),
        [n] => (n as f64, n as f64),
        [k, n] => (k as f64, n as f64),
        [ref field @ .., k, n] => {
            let field = field.iter().product::<usize>() as f64;
            (field * k as f64, field * n as f64)
        }
    }
}

/// A normal number within two standard deviations, by rejection.
fn truncated(random: &mut Philox) -> f32 {
    loop {
        let x = random.normal();
        if x.abs() < 2.0 {
            return x;
        }
    }
}

fn draw(weight: &WeightSpec, seed: u64, index: u64) -> Vec<f32> {
    let len: usize = weight.shape.iter().product();
    let along = |axes: &[usize]| axes.iter().map(|axis| weight.shape[*axis] as f64).product::<f64>();
    let (fan_in, fan_out) =
        weight.fans.map_or_else(|| fans(weight.shape), |[inputs, outputs]| (along(inputs), along(outputs)));
    let mut random = Philox::new(seed, index);
    let mut uniform =
        |low: f32, high: f32| (0..len).map(|_| low + (high - low) * random.uniform()).collect::<Vec<f32>>();
    // Variance scaling: uniform in ±sqrt(3 variance), or normal, cut at two standard deviations and widened to match.
    let scaled_uniform = |variance: f64, uniform: &mut dyn FnMut(f32, f32) -> Vec<f32>| {
        let limit = (3.0 * variance).sqrt() as f32;
        uniform(-limit, limit)
    };
    let scaled_normal = |variance: f64| {
        let mut random = Philox::new(seed, index);
        let stddev = (variance.sqrt() / 0.879_625_661_034_239_8) as f32;
        (0..len).map(|_| stddev * truncated(&mut random)).collect::<Vec<f32>>()
    };
    match weight.init {
        Init::Zeros => vec![0.0; len],
        Init::Ones => vec![1.0; len],
        Init::Constant { value } => vec![value; len],
        Init::Identity { gain } => {
            let n = weight.shape.last().copied().unwrap_or(1).max(1);
            (0..len).map(|i| if i / n == i % n { gain } else { 0.0 }).collect()
        }
        Init::RandomUniform { minval, maxval } => uniform(minval, maxval),
        Init::RandomNormal { mean, stddev } => {
            let mut random = Philox::new(seed, index);
            (0..len).map(|_| mean + stddev * random.normal()).collect()
        }
        Init::TruncatedNormal { mean, stddev } => {
            let mut random = Philox::new(seed, index);
            (0..len).map(|_| mean + stddev * truncated(&mut random)).collect()
        }
        Init::GlorotUniform => scaled_uniform(2.0 / (fan_in + fan_out), &mut uniform),
        Init::HeUniform => scaled_uniform(2.0 / fan_in, &mut uniform),
        Init::LecunUniform => scaled_uniform(1.0 / fan_in, &mut uniform),
        Init::GlorotNormal => scaled_normal(2.0 / (fan_in + fan_out)),
        Init::HeNormal => scaled_normal(2.0 / fan_in),
        Init::LecunNormal => scaled_normal(1.0 / fan_in),
        Init::ScaledUniform { scale, fan_in: i, fan_out: o } => {
            scaled_uniform(f64::from(scale) / (f64::from(i) * fan_in + f64::from(o) * fan_out), &mut uniform)
        }
        Init::ScaledTruncatedNormal { scale, fan_in: i, fan_out: o } => {
            scaled_normal(f64::from(scale) / (f64::from(i) * fan_in + f64::from(o) * fan_out))
        }
        Init::ScaledNormal { scale, fan_in: i, fan_out: o } => {
            let variance = f64::from(scale) / (f64::from(i) * fan_in + f64::from(o) * fan_out);
            let mut random = Philox::new(seed, index);
            (0..len).map(|_| variance.sqrt() as f32 * random.normal()).collect()
        }
        Init::UnitForget { others } => {
            (0..len).map(|i| if i * 4 / len == 1 { 1.0 } else { others }).collect()
        }
        Init::Stft { imaginary, window, periodic, scaling } => {
            stft::kernel(weight.shape, imaginary, (window, periodic), scaling)
        }
        Init::Orthogonal { gain } => orthogonal(weight.shape, gain, &mut Philox::new(seed, index)),
    }
}

/// Orthonormal rows or columns, whichever are fewer (Saxe et al., 2013): Gram and Schmidt on normal vectors, twice for
/// rounding.
fn orthogonal(shape: &[usize], gain: f32, random: &mut Philox) -> Vec<f32> {
    let columns = shape.last().copied().unwrap_or(1).max(1);
    let rows = shape.iter().product::<usize>() / columns;
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| f64::from(random.normal())).collect();
        for _ in 0..2 {
            for other in &vectors {
                let along: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= along * b);
            }
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 1e-9 {
            vector.iter_mut().for_each(|x| *x /= norm);
            vectors.push(vector);
        }
    }
    let at = |i: usize, j: usize| if rows < columns { vectors[i][j] } else { vectors[j][i] };
    (0..rows * columns).map(|flat| gain * at(flat / columns, flat % columns) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(shape: &'static [usize], init: Init) -> WeightSpec {
        WeightSpec {
            name: "w",
            shape,
            offset: 0,
            layout: Layout::Plain,
            init,
            seed: None,
            fans: None,
            penalty: None,
            constraint: None,
            trainable: true,
        }
    }

    fn moments(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        (mean, (values.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n).sqrt())
    }

    #[test]
    fn variance_scaling_has_the_variance_it_names() {
        const SHAPE: &[usize] = &[784, 256];
        let expected = [
            (Init::GlorotUniform, 2.0 / 1040.0),
            (Init::GlorotNormal, 2.0 / 1040.0),
            (Init::HeUniform, 2.0 / 784.0),
            (Init::HeNormal, 2.0 / 784.0),
            (Init::LecunUniform, 1.0 / 784.0),
            (Init::LecunNormal, 1.0 / 784.0),
            (Init::ScaledUniform { scale: 3.0, fan_in: 0.0, fan_out: 1.0 }, 3.0 / 256.0),
            (Init::ScaledNormal { scale: 0.5, fan_in: 1.0, fan_out: 0.0 }, 0.5 / 784.0),
            (Init::ScaledTruncatedNormal { scale: 2.0, fan_in: 0.5, fan_out: 0.5 }, 2.0 / 520.0),
            (Init::RandomNormal { mean: 0.0, stddev: 0.05 }, 0.0025),
            (Init::RandomUniform { minval: -0.05, maxval: 0.05 }, 0.01 / 12.0),
        ];
        for (init, variance) in expected {
            let (mean, stddev) = moments(&draw(&weight(SHAPE, init), 42, 0));
            assert!(mean.abs() < 0.01 * f64::sqrt(variance) + 1e-4, "{init:?}: mean {mean}");
            assert!(
                (stddev / f64::sqrt(variance) - 1.0).abs() < 0.01,
                "{init:?}: {stddev} for {}",
                f64::sqrt(variance)
            );
        }
        assert_eq!(fans(&[3, 3, 16, 32]), (144.0, 288.0));
    }

    #[test]
    fn orthogonal_columns() {
        for shape in [&[7usize, 4], &[4, 7]] {
            let (rows, columns) = (shape[0], shape[1]);
            let w = orthogonal(shape, 2.0, &mut Philox::new(1, 0));
            let tall = rows >= columns;
            for a in 0..4 {
                for b in 0..4 {
                    let at = |i: usize, c: usize| if tall { w[i * columns + c] } else { w[c * columns + i] };
                    let dot: f32 = (0..7).map(|i| at(i, a) * at(i, b)).sum();
                    assert!((dot - if a == b { 4.0 } else { 0.0 }).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn panels_hold_the_matrix_and_zeros() {
        let spec = WeightSpec { layout: Layout::Panels { k: 3, n: 20 }, ..weight(&[3, 20], Init::Ones) };
        let values: Vec<f32> = (0..60).map(|i| i as f32 + 1.0).collect();
        let mut params = vec![0.0; 3 * 32];
        write(&spec, &values, &mut params);
        assert_eq!(read(&spec, &params), values);
        assert_eq!(params.iter().filter(|x| **x == 0.0).count(), 36);
    }
}
