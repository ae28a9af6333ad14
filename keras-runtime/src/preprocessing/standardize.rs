//! Images whose values are made alike (what `keras.preprocessing.image.ImageDataGenerator` learns of all images;
//! [`ImageDataGenerator`](super::generator::ImageDataGenerator) turns, moves and mirrors them).

use ndarray::{Array1, Array2, Array4, ArrayD, ArrayViewD, Axis, Ix1, IxDyn, s};

use crate::error::{Error, Result};

/// What is done to the values of images, in Keras's order: they are scaled, then made alike each by itself, then by what was learnt
/// of all.
///
/// ```
/// use keras_runtime::prelude::*;
/// use keras_runtime::preprocessing::standardize::Standardizer;
///
/// let images = ndarray::Array4::from_shape_fn((20, 4, 4, 3), |(i, j, k, c)| ((i * 7 + j * 5 + k * 3 + c) % 11) as f32);
/// let labels: Vec<u8> = (0..20).map(|i| i % 2).collect();
/// let mut standardizer = Standardizer {
///     featurewise_center: true,
///     featurewise_std_normalization: true,
///     ..Standardizer::default()
/// };
/// standardizer.fit(&images)?;
/// let dataset = Dataset::from_arrays(images, labels)?.map(move |mut sample, _| {
///     sample.x[0] = standardizer.standardize(sample.x[0].view())?;
///     Ok(sample)
/// });
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standardizer {
    /// What all values are multiplied by first.
    pub rescale: Option<f32>,
    /// Whether the mean of each image is taken away from it.
    pub samplewise_center: bool,
    /// Whether each image is divided by its standard deviation, without its mean.
    pub samplewise_std_normalization: bool,
    /// Whether the mean of each channel over all images is taken away.
    pub featurewise_center: bool,
    /// Whether each channel is divided by its standard deviation over all images, without its mean.
    pub featurewise_std_normalization: bool,
    /// The number that is added to the singular values of all images, for ZCA whitening (1e-6 in Keras) without their mean; none
    /// without whitening.
    pub zca_epsilon: Option<f64>,
    /// What [`Standardizer::fit`] has learnt.
    pub learnt: Option<Learnt>,
}

/// What all images have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    shape: [usize; 3],
    mean: Array1<f32>,
    deviation: Array1<f32>,
    whitening: Option<Array2<f32>>,
}

/// What standard deviations are kept away from 0 with.
const LEAST: f32 = 1e-6;

/// Mean and standard deviation of some values.
fn moments<'a>(values: impl Iterator<Item = &'a f32> + Clone) -> (f32, f32) {
    let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), x| (count + 1.0, sum + f64::from(*x)));
    let mean = sum / count;
    let squares: f64 = values.map(|x| (f64::from(*x) - mean).powi(2)).sum();
    (mean as f32, (squares / count).sqrt() as f32)
}

impl Standardizer {
    /// As Keras, division and whitening are of values whose mean is 0.
    fn centers(&self) -> bool {
        self.featurewise_center || self.featurewise_std_normalization || self.zca_epsilon.is_some()
    }

    /// As Keras, whitening takes the place of division.
    fn divides(&self) -> bool {
        self.featurewise_std_normalization && self.zca_epsilon.is_none()
    }

    /// Learns what `featurewise_center`, `featurewise_std_normalization` and whitening need.
    ///
    /// # Errors
    /// When there is no image or value.
    pub fn fit(&mut self, images: &Array4<f32>) -> Result<()> {
        if images.is_empty() {
            return Err(Error::Empty { what: "the images".into() });
        }
        let (count, height, width, channels) = images.dim();
        let mut x = images * self.rescale.unwrap_or(1.0);
        let (mut mean, mut deviation) = (Array1::zeros(channels), Array1::ones(channels));
        if self.centers() {
            mean = x.axis_iter(Axis(3)).map(|channel| moments(channel.iter()).0).collect();
            x -= &mean;
        }
        if self.divides() {
            deviation = x.axis_iter(Axis(3)).map(|channel| moments(channel.iter()).1 + LEAST).collect();
            x /= &deviation;
        }
        let whitening = self.zca_epsilon.map(|epsilon| {
            let rows: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            let rows = Array2::from_shape_vec((count, height * width * channels), rows);
            whitening(&rows.unwrap_or_default(), epsilon)
        });
        self.learnt = Some(Learnt { shape: [height, width, channels], mean, deviation, whitening });
        Ok(())
    }

    /// An image `[height, width, channels]`, made alike the others.
    ///
    /// # Errors
    /// When something was to be learnt before and was not, or of images of another shape.
    pub fn standardize(&self, image: ArrayViewD<'_, f32>) -> Result<ArrayD<f32>> {
        let mut x = image.to_owned();
        if let Some(factor) = self.rescale {
            x *= factor;
        }
        if self.samplewise_center || self.samplewise_std_normalization {
            x -= moments(x.iter()).0;
        }
        if self.samplewise_std_normalization {
            x /= moments(x.iter()).1 + LEAST;
        }
        if !self.centers() {
            return Ok(x);
        }
        let Some(learnt) = &self.learnt else {
            let expected = "`fit` on some images before".into();
            return Err(Error::Setting { name: "Standardizer", expected, found: "nothing learnt".into() });
        };
        if x.shape() != learnt.shape {
            return Err(Error::Shape {
                what: "the image".into(),
                expected: format!("{:?}, as those that were learnt", learnt.shape),
                found: format!("{:?}", x.shape()),
                help: String::new(),
            });
        }
        x -= &learnt.mean;
        x /= &learnt.deviation;
        Ok(match &learnt.whitening {
            None => x,
            Some(whitening) => {
                let flat = x.iter().copied().collect::<Array1<f32>>();
                let white = flat.dot(whitening).into_dimensionality::<Ix1>().unwrap_or_default();
                ArrayD::from_shape_vec(IxDyn(&learnt.shape), white.to_vec()).unwrap_or_default()
            }
        })
    }
}

/// The matrix that makes the columns of `rows` independent, and leaves them as near to what they are as it can (Bell and Sejnowski,
/// 1997): of the left singular vectors `u` and singular values `s` of the transpose, `u / (s + epsilon) * sqrt(n) * uT`.
fn whitening(rows: &Array2<f64>, epsilon: f64) -> Array2<f32> {
    let (count, width) = rows.dim();
    let (squares, vectors) = eigen(rows.t().dot(rows));
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by(|a, b| squares[*b].total_cmp(&squares[*a]));
    // There are no more singular values than rows.
    order.truncate(count);
    let mut matrix = Array2::<f64>::zeros((width, width));
    for i in order {
        let scale = (count as f64).sqrt() / (squares[i].max(0.0).sqrt() + epsilon);
        let vector = vectors.slice(s![.., i]);
        for (row, mut to) in vector.iter().zip(matrix.outer_iter_mut()) {
            to.scaled_add(row * scale, &vector);
        }
    }
    matrix.mapv(|x| x as f32)
}

/// Eigenvalues and eigenvectors, in columns, of a symmetric matrix (Jacobi, 1846): planes are turned until nothing is left beside the
/// diagonal.
fn eigen(mut matrix: Array2<f64>) -> (Array1<f64>, Array2<f64>) {
    const SWEEPS: usize = 60;
    let n = matrix.nrows();
    let mut vectors = Array2::eye(n);
    let total: f64 = matrix.iter().map(|x| x * x).sum();
    for _ in 0..SWEEPS {
        let beside: f64 = matrix.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, x)| x * x).sum();
        if beside <= total * 1e-28 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                turn(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    (matrix.diag().to_owned(), vectors)
}

/// Turns the plane of `p` and `q` so that their element is 0.
fn turn(matrix: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) {
    if matrix[(p, q)] == 0.0 {
        return;
    }
    let theta = (matrix[(q, q)] - matrix[(p, p)]) / (2.0 * matrix[(p, q)]);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let turned = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for i in 0..matrix.nrows() {
        let (a, b) = turned(matrix[(i, p)], matrix[(i, q)]);
        (matrix[(i, p)], matrix[(i, q)]) = (a, b);
    }
    for i in 0..matrix.nrows() {
        let (a, b) = turned(matrix[(p, i)], matrix[(q, i)]);
        (matrix[(p, i)], matrix[(q, i)]) = (a, b);
    }
    for i in 0..vectors.nrows() {
        let (a, b) = turned(vectors[(i, p)], vectors[(i, q)]);
        (vectors[(i, p)], vectors[(i, q)]) = (a, b);
    }
}
