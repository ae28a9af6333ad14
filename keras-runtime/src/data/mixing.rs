//! Images of a batch mixed with each other, and their labels alike: maps of batches for
//! [`Dataset::map_batches`](super::Dataset::map_batches).

use std::ops::RangeInclusive;

use super::tensor::VisitValues;
use super::{Batch, Element, IntoTensor, Tensor};
use crate::error::{Error, Result};
use crate::random::Philox;

/// Mixes every sample with another one of its batch (Zhang et al., 2017): `w * x + (1 - w) * other`, targets as well, with
/// a `w` of its own that follows a beta distribution of `alpha` (Keras: 0.2) and `alpha`.
///
/// ```
/// use keras_runtime::data::{Batches, mix_up};
/// use keras_runtime::prelude::*;
///
/// let x = ndarray::Array4::<f32>::from_shape_fn((8, 4, 4, 1), |(n, i, j, _)| (n * 16 + i * 4 + j) as f32);
/// let y = to_categorical(&[0u8, 1, 2, 0, 1, 2, 0, 1], 3)?;
/// let mut data = Dataset::from_arrays(x, y)?.batch(8).shuffle(1).map_batches(mix_up(0.2));
/// data.begin(0)?;
/// let batch = data.next()?.expect("a batch");
/// let label: f64 = (0..3).map(|class| batch.y[0].values().at(class)).sum();
/// assert!((label - 1.0).abs() < 1e-6);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub fn mix_up(alpha: f32) -> impl Fn(Batch, &mut Philox) -> Result<Batch> + Send + Sync + 'static {
    move |batch, random| {
        let expected = "greater than 0";
        if !(alpha > 0.0 && alpha.is_finite()) {
            return Err(Error::Setting {
                name: "alpha",
                expected: expected.into(),
                found: alpha.to_string(),
            });
        }
        let rows = rows(&batch)?;
        let order = order(rows, random);
        let weights: Vec<f32> = (0..rows).map(|_| beta(alpha, random)).collect();
        let x = batch.x.iter().map(|x| blended(x, &order, &weights)).collect();
        let y = labels(&batch.y, &order, &weights)?;
        let sample_weight = batch.sample_weight.iter().map(|w| blended(w, &order, &weights)).collect();
        Ok(Batch { x, y, sample_weight })
    }
}

/// Puts a part of another image of the batch into every image (Yun et al., 2019), and gives labels the share of its area.
/// Images are `[height, width, channels]`; how large parts are follows a beta distribution, of a parameter that is drawn
/// from `factor` (Keras: `0.0..=1.0`) for each batch.
///
/// ```
/// use keras_runtime::data::{Batches, cut_mix};
/// use keras_runtime::prelude::*;
///
/// let x = ndarray::Array4::<f32>::from_shape_fn((8, 6, 6, 1), |(n, ..)| n as f32);
/// let y = to_categorical(&[0u8, 1, 2, 0, 1, 2, 0, 1], 3)?;
/// let mut data = Dataset::from_arrays(x, y)?.batch(8).map_batches(cut_mix(0.0..=1.0));
/// data.begin(0)?;
/// assert!(data.next()?.is_some());
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub fn cut_mix(
    factor: RangeInclusive<f32>,
) -> impl Fn(Batch, &mut Philox) -> Result<Batch> + Send + Sync + 'static {
    move |batch, random| {
        let (low, high) = (*factor.start(), *factor.end());
        if !(0.0 <= low && low <= high && high <= 1.0) {
            let (expected, found) = ("a range within 0 and 1".into(), format!("{low}..={high}"));
            return Err(Error::Setting { name: "factor", expected, found });
        }
        let rows = rows(&batch)?;
        let [images] = &batch.x[..] else {
            let help = "`cut_mix` takes images alone".into();
            return Err(Error::Count {
                what: "inputs of a batch".into(),
                expected: 1,
                found: batch.x.len(),
                help,
            });
        };
        let &[height, width, channels] = images.shape().sample() else {
            return Err(Error::Shape {
                what: "images to mix".into(),
                expected: "[batch, height, width, channels]".into(),
                found: format!("{:?}", images.shape()),
                help: String::new(),
            });
        };
        let alpha = low + (high - low) * random.uniform() + 1e-6;
        let order = order(rows, random);
        let mut words = images.values().visit(Words);
        let whole = words.clone();
        let size = height * width * channels;
        let mut weights = vec![];
        for row in 0..rows {
            let side = (1.0 - beta(alpha, random)).sqrt();
            // Where a part begins and ends along an axis of so many places.
            let mut along = |places: usize| {
                let length = side * places as f32;
                let start = random.uniform() * (places as f32 - length);
                (start, start + length)
            };
            let (x, y) = (along(width), along(height));
            let within =
                |place: usize, (start, end): (f32, f32)| start <= place as f32 && (place as f32) < end;
            for i in (0..height).filter(|i| within(*i, y)) {
                for j in (0..width).filter(|j| within(*j, x)) {
                    let at = (i * width + j) * channels;
                    let from = order[row] * size + at;
                    words[row * size + at..][..channels].copy_from_slice(&whole[from..from + channels]);
                }
            }
            weights.push(1.0 - (x.1 - x.0) * (y.1 - y.0) / (width * height) as f32);
        }
        let y = labels(&batch.y, &order, &weights)?;
        let sample_weight = batch.sample_weight.iter().map(|w| blended(w, &order, &weights)).collect();
        Ok(Batch { x: vec![tensor(images, words)], y, sample_weight })
    }
}

fn rows(batch: &Batch) -> Result<usize> {
    let rows = batch.x.first().map_or(0, |x| x.shape().rows());
    if rows == 0 { Err(Error::Empty { what: "a batch to mix".into() }) } else { Ok(rows) }
}

/// The sample that each one is mixed with.
fn order(rows: usize, random: &mut Philox) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    random.shuffle(&mut order);
    order
}

/// The elements as `f32`.
struct Words;

impl VisitValues for Words {
    type Output = Vec<f32>;

    fn values<T: Element>(self, values: &[T]) -> Vec<f32> {
        values.iter().map(|x| x.to_f32()).collect()
    }
}

/// `words` in the shape of `like`.
fn tensor(like: &Tensor<'_>, words: Vec<f32>) -> Tensor<'static> {
    let dims = ndarray::IxDyn(like.shape().dims());
    ndarray::ArrayD::from_shape_vec(dims, words).expect("as many words").into_tensor()
}

fn blended(x: &Tensor<'_>, order: &[usize], weights: &[f32]) -> Tensor<'static> {
    let (words, width) = (x.values().visit(Words), x.shape().width());
    let rows = order.iter().zip(weights).enumerate();
    let mixed = rows.flat_map(|(row, (&other, &weight))| {
        let [own, other] = [row, other].map(|row| &words[row * width..][..width]);
        own.iter().zip(other).map(move |(a, b)| weight * a + (1.0 - weight) * b)
    });
    tensor(x, mixed.collect())
}

/// Targets mixed as images are. A number for each sample is most likely a class, of which there is no mean.
fn labels(y: &[Tensor<'static>], order: &[usize], weights: &[f32]) -> Result<Vec<Tensor<'static>>> {
    let mixed = y.iter().map(|y| match y.shape().sample().len() {
        0 => Err(Error::Shape {
            what: "targets to mix".into(),
            expected: "[batch, classes]".into(),
            found: format!("{:?}", y.shape()),
            help: "make vectors of classes by `to_categorical`; numbers that are no classes want an axis of their own".into(),
        }),
        _ => Ok(blended(y, order, weights)),
    });
    mixed.collect()
}

/// A number of the beta distribution of `alpha` and `alpha`: the share of one of two gamma distributed ones, by their
/// logarithms, which do not vanish where `alpha` is small.
fn beta(alpha: f32, random: &mut Philox) -> f32 {
    let [first, second] = [(); 2].map(|()| log_gamma_variate(f64::from(alpha), random));
    (1.0 / (1.0 + (second - first).exp())) as f32
}

/// The logarithm of a gamma distributed number (Marsaglia and Tsang, 2000).
fn log_gamma_variate(alpha: f64, random: &mut Philox) -> f64 {
    // Below 1 by way of one more.
    let (shape, boost) = match alpha < 1.0 {
        true => (alpha + 1.0, f64::from(1.0 - random.uniform()).ln() / alpha),
        false => (alpha, 0.0),
    };
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = f64::from(random.normal());
        let v = (1.0 + c * x).powi(3);
        let u = f64::from(1.0 - random.uniform());
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln() + boost;
        }
    }
}
