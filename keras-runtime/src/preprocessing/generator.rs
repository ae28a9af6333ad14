//! Images that are turned, moved, sheared, enlarged, mirrored and coloured anew at random, outside of a model
//! (`keras.preprocessing.image.ImageDataGenerator` and its functions). [`Standardizer`](super::standardize::Standardizer) makes
//! their values alike.
//!
//! The layers `random_rotation`, `random_translation`, `random_shear`, `random_zoom` and their like do such things in a model.

use std::ops::RangeInclusive;

use ndarray::{Array3, Axis, Ix3, s};

use super::spline::Spline;
use crate::data::{Batch, IntoTensor};
use crate::error::{Error, Result};
use crate::random::Philox;

/// What is where an image that was moved leaves a place (`fill_mode`). `abcd` is the image.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Fill {
    /// `aaaa|abcd|dddd`.
    #[default]
    Nearest,
    /// The number, in Keras `cval`.
    Constant(f32),
    /// `dcba|abcd|dcba`.
    Reflect,
    /// `bcda|bcd|abc`, so to say: as in SciPy the first and the last place are one.
    Wrap,
}

/// How places between pixels are read (`interpolation_order`): by splines of this degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// 0: the nearest pixel.
    Nearest,
    /// 1: between the four around.
    #[default]
    Linear,
    /// 2.
    Quadratic,
    /// 3.
    Cubic,
    /// 4.
    Quartic,
    /// 5.
    Quintic,
}

/// One change of an image: what [`ImageDataGenerator::get_random_transform`] draws, and Keras's dictionary holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    /// The angle by which it is turned, in degrees.
    pub theta: f32,
    /// The columns by which it is moved to the left.
    pub tx: f32,
    /// The rows by which it is moved up.
    pub ty: f32,
    /// The angle by which it is sheared, in degrees.
    pub shear: f32,
    /// The step from column to column in which it is read: below 1 it becomes wider.
    pub zx: f32,
    /// The step from row to row: below 1 it becomes higher.
    pub zy: f32,
    /// Whether it is mirrored from left to right.
    pub flip_horizontal: bool,
    /// Whether it is mirrored from top to bottom.
    pub flip_vertical: bool,
    /// What is added to all channels.
    pub channel_shift_intensity: Option<f32>,
    /// What its light is multiplied by.
    pub brightness: Option<f32>,
}

/// What changes nothing.
impl Default for Transform {
    fn default() -> Self {
        Transform {
            theta: 0.0,
            tx: 0.0,
            ty: 0.0,
            shear: 0.0,
            zx: 1.0,
            zy: 1.0,
            flip_horizontal: false,
            flip_vertical: false,
            channel_shift_intensity: None,
            brightness: None,
        }
    }
}

/// How far an image is moved (`width_shift_range`, `height_shift_range`).
#[derive(Debug, Clone, PartialEq)]
pub enum Shift {
    /// At most so far: below 1 a share of the image's size, else pixels.
    Within(f32),
    /// So far, in either direction: one of these shares or, where one is 1 or more, pixels.
    OneOf(Vec<f32>),
    /// A number of whole pixels below this, in either direction.
    Below(u32),
}

/// How images are changed at random: Keras's arguments and defaults, which change nothing.
///
/// ```
/// use keras_runtime::data::Batches;
/// use keras_runtime::prelude::*;
/// use keras_runtime::preprocessing::generator::{ImageDataGenerator, Shift};
///
/// let x = ndarray::Array4::<f32>::from_shape_fn((8, 6, 6, 3), |(n, i, j, c)| (n * 100 + i * 6 + j + c) as f32);
/// let y: Vec<u8> = (0..8).collect();
/// let generator = ImageDataGenerator {
///     rotation_range: 20.0,
///     width_shift_range: Shift::Within(0.2),
///     shear_range: 10.0,
///     channel_shift_range: 30.0,
///     horizontal_flip: true,
///     ..ImageDataGenerator::default()
/// };
/// let mut data = Dataset::from_arrays(x, y)?.shuffle(1).batch(4).map_batches(generator.flow());
/// data.begin(0)?;
/// assert_eq!(data.next()?.expect("a batch").x[0].shape().sample(), [6, 6, 3]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDataGenerator {
    /// The largest angle by which an image is turned, in degrees.
    pub rotation_range: f32,
    /// How far it is moved to the sides. (In Keras 3 this moves it up and down, and the other to the sides: here they do as
    /// they are called.)
    pub width_shift_range: Shift,
    /// How far it is moved up and down.
    pub height_shift_range: Shift,
    /// Between what its light is multiplied by.
    pub brightness_range: Option<RangeInclusive<f32>>,
    /// The largest angle by which it is sheared, in degrees.
    pub shear_range: f32,
    /// What rows and columns are enlarged by, each by a number between these. Keras's one number `z` is `1 - z..=1 + z`.
    pub zoom_range: RangeInclusive<f32>,
    /// The most that is added to its channels, or taken away.
    pub channel_shift_range: f32,
    /// What is where the image leaves a place.
    pub fill: Fill,
    /// Whether every second image is mirrored from left to right.
    pub horizontal_flip: bool,
    /// Whether every second image is mirrored from top to bottom.
    pub vertical_flip: bool,
    /// How places between pixels are read.
    pub interpolation_order: Order,
}

impl Default for ImageDataGenerator {
    fn default() -> Self {
        ImageDataGenerator {
            rotation_range: 0.0,
            width_shift_range: Shift::Within(0.0),
            height_shift_range: Shift::Within(0.0),
            brightness_range: None,
            shear_range: 0.0,
            zoom_range: 1.0..=1.0,
            channel_shift_range: 0.0,
            fill: Fill::Nearest,
            horizontal_flip: false,
            vertical_flip: false,
            interpolation_order: Order::Linear,
        }
    }
}

fn between(random: &mut Philox, low: f32, high: f32) -> f32 {
    low + (high - low) * random.uniform()
}

impl Shift {
    fn drawn(&self, size: usize, random: &mut Philox) -> f32 {
        let sign = |random: &mut Philox| if random.below(2) == 0 { -1.0 } else { 1.0 };
        let (shift, most) = match self {
            Shift::Within(most) => (between(random, -most, *most), *most),
            Shift::OneOf(all) if all.is_empty() => (0.0, 0.0),
            Shift::OneOf(all) => {
                let one = all[random.below(all.len() as u32) as usize];
                (one * sign(random), all.iter().copied().fold(f32::NEG_INFINITY, f32::max))
            }
            Shift::Below(0) => (0.0, 0.0),
            Shift::Below(end) => (random.below(*end) as f32 * sign(random), *end as f32),
        };
        if most < 1.0 { shift * size as f32 } else { shift }
    }
}

impl ImageDataGenerator {
    /// A change for an image of `height` and `width`.
    pub fn get_random_transform(&self, (height, width): (usize, usize), random: &mut Philox) -> Transform {
        let zoom = |random: &mut Philox| between(random, *self.zoom_range.start(), *self.zoom_range.end());
        Transform {
            theta: between(random, -self.rotation_range, self.rotation_range),
            tx: self.width_shift_range.drawn(width, random),
            ty: self.height_shift_range.drawn(height, random),
            shear: between(random, -self.shear_range, self.shear_range),
            zx: zoom(random),
            zy: zoom(random),
            flip_horizontal: random.below(2) == 0 && self.horizontal_flip,
            flip_vertical: random.below(2) == 0 && self.vertical_flip,
            channel_shift_intensity: (self.channel_shift_range != 0.0)
                .then(|| between(random, -self.channel_shift_range, self.channel_shift_range)),
            brightness: self
                .brightness_range
                .as_ref()
                .map(|range| between(random, *range.start(), *range.end())),
        }
    }

    /// An image `[height, width, channels]`, changed.
    ///
    /// # Errors
    /// When its light is changed, and it has not one, three or four channels.
    pub fn apply_transform(&self, x: &Array3<f32>, transform: &Transform) -> Result<Array3<f32>> {
        let mut x = apply_affine_transform(x, transform, self.fill, self.interpolation_order);
        if let Some(intensity) = transform.channel_shift_intensity {
            x = apply_channel_shift(&x, intensity);
        }
        if transform.flip_horizontal {
            x.invert_axis(Axis(1));
        }
        if transform.flip_vertical {
            x.invert_axis(Axis(0));
        }
        if let Some(brightness) = transform.brightness {
            x = apply_brightness_shift(&x, brightness, false)?;
        }
        // Mirrored in memory too.
        Ok(x.as_standard_layout().into_owned())
    }

    /// An image, changed at random.
    ///
    /// # Errors
    /// As [`ImageDataGenerator::apply_transform`].
    pub fn random_transform(&self, x: &Array3<f32>, random: &mut Philox) -> Result<Array3<f32>> {
        let (height, width, _) = x.dim();
        self.apply_transform(x, &self.get_random_transform((height, width), random))
    }

    /// Changes every image of a batch, each in its own way and in every epoch anew: for
    /// [`Dataset::map_batches`](crate::data::Dataset::map_batches). The first input is images `[height, width, channels]`.
    pub fn flow(self) -> impl Fn(Batch, &mut Philox) -> Result<Batch> + Send + Sync + 'static {
        move |mut batch, random| {
            let Some(images) = batch.x.first() else { return Ok(batch) };
            let images = images.to_array();
            let mut changed = images.clone();
            for (image, mut to) in images.axis_iter(Axis(0)).zip(changed.axis_iter_mut(Axis(0))) {
                let shape = image.shape().to_vec();
                let image = image.into_dimensionality::<Ix3>().map_err(|_| Error::Shape {
                    what: "an image".into(),
                    expected: "[height, width, channels]".into(),
                    found: format!("{shape:?}"),
                    help: String::new(),
                })?;
                to.assign(&self.random_transform(&image.to_owned(), random)?.into_dyn());
            }
            batch.x[0] = changed.into_tensor();
            Ok(batch)
        }
    }
}

/// An image turned, moved, sheared and enlarged around its middle, in this order
/// (`keras.preprocessing.image.apply_affine_transform`): what `transform` says beside that is not looked at. As in Keras, the middle is
/// that of a square image; one that is not square is turned around a place beside it.
///
/// ```
/// use keras_runtime::preprocessing::generator::{Fill, Order, Transform, apply_affine_transform};
/// let x = ndarray::array![[[1.0f32], [2.0]], [[3.0], [4.0]]];
/// let left = Transform { tx: 1.0, ..Transform::default() };
/// let y = apply_affine_transform(&x, &left, Fill::Constant(9.0), Order::Linear);
/// assert_eq!(y, ndarray::array![[[2.0], [9.0]], [[4.0], [9.0]]]);
/// ```
pub fn apply_affine_transform(
    x: &Array3<f32>,
    transform: &Transform,
    fill: Fill,
    order: Order,
) -> Array3<f32> {
    let Transform { theta, tx, ty, shear, zx, zy, .. } = *transform;
    if x.is_empty() || (theta, tx, ty, shear, zx, zy) == (0.0, 0.0, 0.0, 0.0, 1.0, 1.0) {
        return x.clone();
    }
    let [theta, shear] = [theta, shear].map(|degrees| f64::from(degrees).to_radians());
    let [tx, ty, zx, zy] = [tx, ty, zx, zy].map(f64::from);
    let turn = [[theta.cos(), -theta.sin(), 0.0], [theta.sin(), theta.cos(), 0.0]];
    let steps = [
        [[1.0, 0.0, tx], [0.0, 1.0, ty]],
        [[1.0, -shear.sin(), 0.0], [0.0, shear.cos(), 0.0]],
        [[zx, 0.0, 0.0], [0.0, zy, 0.0]],
    ];
    let matrix = steps.iter().fold(turn, after);
    let (height, width, channels) = x.dim();
    let middle = [height, width].map(|size| size as f64 / 2.0 - 0.5);
    let [[a, b, c], [d, e, f]] = after(
        after([[1.0, 0.0, middle[0]], [0.0, 1.0, middle[1]]], &matrix),
        &[[1.0, 0.0, -middle[0]], [0.0, 1.0, -middle[1]]],
    );
    // The matrix is for columns before rows, but for its middle, as in Keras.
    let (rows, columns) = ([e, d, f], [b, a, c]);
    let mut y = Array3::zeros((height, width, channels));
    for channel in 0..channels {
        let image = Spline::of(x.slice(s![.., .., channel]), fill, order);
        for ((i, j), value) in y.slice_mut(s![.., .., channel]).indexed_iter_mut() {
            let at =
                |[by_row, by_column, offset]: [f64; 3]| by_row * i as f64 + by_column * j as f64 + offset;
            *value = image.at(at(rows), at(columns));
        }
    }
    y
}

/// First `then`, then `first`.
fn after(first: [[f64; 3]; 2], then: &[[f64; 3]; 2]) -> [[f64; 3]; 2] {
    first.map(|[a, b, c]| {
        let column = |k: usize| a * then[0][k] + b * then[1][k];
        [column(0), column(1), column(2) + c]
    })
}

/// An image with `intensity` added to all of its channels, within its own least and greatest value
/// (`keras.preprocessing.image.apply_channel_shift`).
pub fn apply_channel_shift(x: &Array3<f32>, intensity: f32) -> Array3<f32> {
    let (least, most) = bounds(x);
    x.mapv(|value| (value + intensity).max(least).min(most))
}

fn bounds(x: &Array3<f32>) -> (f32, f32) {
    x.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &x| (least.min(x), most.max(x)))
}

/// An image whose light is multiplied by `brightness`, as bytes (`keras.preprocessing.image.apply_brightness_shift`). With
/// `scale`, or where values are not from 0 to 255, its least value becomes 0 and its greatest 255; without it they are given back
/// as they were.
///
/// # Errors
/// When it has not one, three or four channels, or holds a value that is no number.
pub fn apply_brightness_shift(x: &Array3<f32>, brightness: f32, scale: bool) -> Result<Array3<f32>> {
    let (least, most) = bounds(x);
    let own = least < 0.0 || most > 255.0;
    let bytes = array_to_img(x, own || scale)?;
    let opacity = (x.dim().2 == 4).then_some(3);
    let mut y = bytes.mapv(f32::from);
    for (channel, mut values) in y.axis_iter_mut(Axis(2)).enumerate() {
        if Some(channel) != opacity {
            values.mapv_inplace(|byte| (brightness * byte).clamp(0.0, 255.0).trunc());
        }
    }
    if !scale && own {
        y.mapv_inplace(|byte| byte / 255.0 * (most - least) + least);
    }
    Ok(y)
}

/// An image's bytes (`keras.utils.array_to_img`): with `scale`, from 0 for its least value to 255 for its greatest.
///
/// ```
/// use keras_runtime::preprocessing::generator::array_to_img;
/// let x = ndarray::array![[[-1.0f32], [0.0]], [[0.5], [1.0]]];
/// assert_eq!(array_to_img(&x, true)?, ndarray::array![[[0], [127]], [[191], [255]]]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When it has not one, three or four channels, or holds a value that is no number.
pub fn array_to_img(x: &Array3<f32>, scale: bool) -> Result<Array3<u8>> {
    let channels = x.dim().2;
    if ![1, 3, 4].contains(&channels) {
        let expected = "1, 3 or 4".into();
        return Err(Error::Setting { name: "channels", expected, found: channels.to_string() });
    }
    if let Some(value) = x.iter().find(|value| !value.is_finite()) {
        return Err(Error::NotFinite { what: "the image".into(), sample: 0, value: f64::from(*value) });
    }
    if !scale {
        return Ok(x.mapv(|value| value as u8));
    }
    let least = x.iter().copied().fold(f32::INFINITY, f32::min);
    let most = x.iter().map(|value| value - least).fold(0.0, f32::max);
    let most = if most == 0.0 { 1.0 } else { most };
    Ok(x.mapv(|value| ((value - least) / most * 255.0) as u8))
}

/// An image turned by at most `range` degrees (`keras.preprocessing.image.random_rotation`).
pub fn random_rotation(
    x: &Array3<f32>,
    range: f32,
    fill: Fill,
    order: Order,
    random: &mut Philox,
) -> Array3<f32> {
    let transform = Transform { theta: between(random, -range, range), ..Transform::default() };
    apply_affine_transform(x, &transform, fill, order)
}

/// An image moved by at most these shares of its width and its height (`keras.preprocessing.image.random_shift`).
pub fn random_shift(
    x: &Array3<f32>,
    (width, height): (f32, f32),
    fill: Fill,
    order: Order,
    random: &mut Philox,
) -> Array3<f32> {
    let (rows, columns, _) = x.dim();
    let tx = between(random, -width, width) * columns as f32;
    let ty = between(random, -height, height) * rows as f32;
    apply_affine_transform(x, &Transform { tx, ty, ..Transform::default() }, fill, order)
}

/// An image sheared by at most `intensity` degrees (`keras.preprocessing.image.random_shear`).
pub fn random_shear(
    x: &Array3<f32>,
    intensity: f32,
    fill: Fill,
    order: Order,
    random: &mut Philox,
) -> Array3<f32> {
    let transform = Transform { shear: between(random, -intensity, intensity), ..Transform::default() };
    apply_affine_transform(x, &transform, fill, order)
}

/// An image whose rows and columns are enlarged, each by a number of `range` (`keras.preprocessing.image.random_zoom`).
pub fn random_zoom(
    x: &Array3<f32>,
    range: RangeInclusive<f32>,
    fill: Fill,
    order: Order,
    random: &mut Philox,
) -> Array3<f32> {
    let zx = between(random, *range.start(), *range.end());
    let zy = between(random, *range.start(), *range.end());
    apply_affine_transform(x, &Transform { zx, zy, ..Transform::default() }, fill, order)
}

/// An image with at most `range` added to its channels, or taken away (`keras.preprocessing.image.random_channel_shift`).
pub fn random_channel_shift(x: &Array3<f32>, range: f32, random: &mut Philox) -> Array3<f32> {
    apply_channel_shift(x, between(random, -range, range))
}

/// An image whose light is multiplied by a number of `range` (`keras.preprocessing.image.random_brightness`).
///
/// # Errors
/// As [`apply_brightness_shift`].
pub fn random_brightness(
    x: &Array3<f32>,
    range: RangeInclusive<f32>,
    scale: bool,
    random: &mut Philox,
) -> Result<Array3<f32>> {
    apply_brightness_shift(x, between(random, *range.start(), *range.end()), scale)
}
