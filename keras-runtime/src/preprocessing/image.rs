//! Images as arrays, and folders of them as data sets (`keras.utils.load_img`, `keras.utils.image_dataset_from_directory`).
//!
//! An image is `[height, width, channels]`, of values from 0 to 255.

use std::path::Path;

use image::{DynamicImage, ImageBuffer};
use ndarray::{Array3, ArrayD, s};

use super::directory::{Directory, Files};
pub use super::generator::array_to_img;
pub use crate::data::Interpolation;
use crate::data::images::{FORMATS, decoded};
use crate::data::resample::{middle, padded, resample, whole};
use crate::data::{Dataset, Sample, Samples};
use crate::error::{Error, Result};

/// Which channels an image has (`color_mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorMode {
    /// One: how light it is.
    Grayscale,
    /// Three: red, green and blue.
    #[default]
    Rgb,
    /// Four: these and how opaque it is.
    Rgba,
}

/// What is kept of an image's form when it gets another size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AspectRatio {
    /// Nothing: it is stretched.
    #[default]
    Stretch,
    /// All of it, but not the image's edges (`crop_to_aspect_ratio`).
    Crop,
    /// All of it, with zeros at its sides (`pad_to_aspect_ratio`).
    Pad,
}

/// How [`load_img`] reads: Keras's arguments and defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadImg {
    /// The channels.
    pub color_mode: ColorMode,
    /// Height and width; its own if it is not given.
    pub target_size: Option<(usize, usize)>,
    /// How it gets that size: as Pillow does, smooth where it becomes smaller.
    pub interpolation: Interpolation,
    /// Whether its edges are cut off for its form to stay.
    pub keep_aspect_ratio: bool,
}

impl Default for LoadImg {
    fn default() -> Self {
        LoadImg {
            color_mode: ColorMode::Rgb,
            target_size: None,
            interpolation: Interpolation::Nearest,
            keep_aspect_ratio: false,
        }
    }
}

/// Reads an image (`keras.utils.load_img` and `img_to_array`).
///
/// ```no_run
/// use keras_runtime::preprocessing::image::{LoadImg, load_img};
/// let image = load_img("flower.png", &LoadImg { target_size: Some((224, 224)), ..LoadImg::default() })?;
/// assert_eq!(image.dim(), (224, 224, 3));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the file cannot be read, or is no PNG or JPEG image; when the size is 0.
pub fn load_img(path: impl AsRef<Path>, settings: &LoadImg) -> Result<Array3<f32>> {
    let image = decoded(path.as_ref(), settings.color_mode.channels())?;
    let (height, width, _) = image.dim();
    let Some(size) = settings.target_size.filter(|size| *size != (height, width)) else { return Ok(image) };
    check_size(size)?;
    let part = if settings.keep_aspect_ratio { middle(&image, size) } else { whole(&image) };
    // Pillow rounds to bytes after each direction.
    let byte = |x: f64| (x + 0.5).floor().clamp(0.0, 255.0);
    Ok(resample(&image, &part, size, settings.interpolation, true, byte))
}

/// An image in another size (`keras.preprocessing.image.smart_resize`): its edges are cut off for its form to stay.
///
/// # Errors
/// When the size is 0, or the image has no pixel.
pub fn smart_resize(
    image: &Array3<f32>,
    size: (usize, usize),
    interpolation: Interpolation,
) -> Result<Array3<f32>> {
    resized(image, size, interpolation, AspectRatio::Crop)
}

fn resized(
    image: &Array3<f32>,
    size: (usize, usize),
    interpolation: Interpolation,
    form: AspectRatio,
) -> Result<Array3<f32>> {
    check_size(size)?;
    let (height, width, _) = image.dim();
    if height == 0 || width == 0 {
        return Err(Error::Empty { what: "the image".into() });
    }
    let formed = match form {
        AspectRatio::Stretch => image.clone(),
        AspectRatio::Crop => {
            let (rows, columns) = middle(image, size);
            image.slice(s![rows, columns, ..]).to_owned()
        }
        AspectRatio::Pad => padded(image, size),
    };
    Ok(resample(&formed, &whole(&formed), size, interpolation, false, |x| x))
}

fn check_size(size: (usize, usize)) -> Result<()> {
    if size.0 > 0 && size.1 > 0 {
        return Ok(());
    }
    let (expected, found) = ("at least 1 x 1".into(), format!("{} x {}", size.0, size.1));
    Err(Error::Setting { name: "size", expected, found })
}

fn wrong(path: &Path, problem: impl ToString) -> Error {
    Error::Format { file: path.display().to_string(), problem: problem.to_string() }
}

impl ColorMode {
    fn channels(self) -> usize {
        match self {
            ColorMode::Grayscale => 1,
            ColorMode::Rgb => 3,
            ColorMode::Rgba => 4,
        }
    }
}

/// Writes an image to a PNG or JPEG file, by the end of its name (`keras.utils.save_img`). JPEG has no opacity.
///
/// # Errors
/// As [`array_to_img`], and when the file cannot be written.
pub fn save_img(path: impl AsRef<Path>, x: &Array3<f32>, scale: bool) -> Result<()> {
    let path = path.as_ref();
    let (height, width, channels) = x.dim();
    let bytes = array_to_img(x, scale)?.into_iter().collect();
    let (width, height) = (width as u32, height as u32);
    let image = match channels {
        1 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        3 => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
        _ => ImageBuffer::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
    };
    let image = image.ok_or_else(|| Error::Empty { what: "the image".into() })?;
    let format = image::ImageFormat::from_path(path).map_err(|error| wrong(path, error))?;
    let image = match (format, image) {
        (image::ImageFormat::Jpeg, DynamicImage::ImageRgba8(_)) if channels == 4 => {
            let rgb: Vec<u8> =
                array_to_img(x, scale)?.rows().into_iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
            ImageBuffer::from_raw(width, height, rgb)
                .map(DynamicImage::ImageRgb8)
                .ok_or_else(|| Error::Empty { what: "the image".into() })?
        }
        (_, image) => image,
    };
    let mut encoded = std::io::Cursor::new(vec![]);
    image.write_to(&mut encoded, format).map_err(|error| wrong(path, error))?;
    crate::io::write_whole(path, encoded.get_ref())
}

/// Which images [`image_dataset_from_directory`] gives: Keras's arguments and defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageDirectory {
    /// Which files, and what their labels are.
    pub files: Directory,
    /// The channels.
    pub color_mode: ColorMode,
    /// Images of a batch.
    pub batch_size: usize,
    /// Height and width.
    pub image_size: (usize, usize),
    /// How images get that size, without smoothing.
    pub interpolation: Interpolation,
    /// What is kept of their form.
    pub aspect_ratio: AspectRatio,
}

impl Default for ImageDirectory {
    fn default() -> Self {
        ImageDirectory {
            files: Directory::default(),
            color_mode: ColorMode::Rgb,
            batch_size: 32,
            image_size: (256, 256),
            interpolation: Interpolation::Bilinear,
            aspect_ratio: AspectRatio::Stretch,
        }
    }
}

/// Batches of the PNG and JPEG images of a folder, read when they are needed, and their files
/// (`keras.utils.image_dataset_from_directory`). With `shuffle`, each pass has an order of its own.
///
/// ```no_run
/// use keras_runtime::preprocessing::directory::{Directory, LabelMode, Subset};
/// use keras_runtime::preprocessing::image::{ImageDirectory, image_dataset_from_directory};
///
/// let part = |subset| ImageDirectory {
///     files: Directory {
///         label_mode: LabelMode::Categorical,
///         shuffle: Some(7),
///         subset: Some(subset),
///         ..Directory::default()
///     },
///     image_size: (64, 64),
///     ..ImageDirectory::default()
/// };
/// let (train, files) = image_dataset_from_directory("flowers", &part(Subset::Training(0.2)))?;
/// let (held_back, _) = image_dataset_from_directory("flowers", &part(Subset::Validation(0.2)))?;
/// println!("{} files of {}", files.file_paths.len(), files.class_names.join(", "));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the folder cannot be read, or the settings contradict it or each other.
pub fn image_dataset_from_directory(
    directory: impl AsRef<Path>,
    settings: &ImageDirectory,
) -> Result<(Dataset, Files)> {
    check_size(settings.image_size)?;
    let files = settings.files.files(directory, &FORMATS)?;
    let images = Images { files: files.clone(), settings: settings.clone() };
    let dataset = Dataset::new(images)?.batch(settings.batch_size);
    Ok(match settings.files.shuffle {
        Some(seed) => (dataset.shuffle(seed.into()), files),
        None => (dataset, files),
    })
}

#[derive(Debug)]
struct Images {
    files: Files,
    settings: ImageDirectory,
}

impl Samples for Images {
    fn len(&self) -> usize {
        self.files.file_paths.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        let ImageDirectory { color_mode, image_size, interpolation, aspect_ratio, .. } = self.settings;
        let image = decoded(&self.files.file_paths[index], color_mode.channels())?;
        let image: ArrayD<f32> = resized(&image, image_size, interpolation, aspect_ratio)?.into_dyn();
        Ok(Sample { x: vec![image], y: self.files.label(index).into_iter().collect(), sample_weight: vec![] })
    }
}
