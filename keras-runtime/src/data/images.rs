//! Folders of images.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::DynamicImage;
use ndarray::{Array3, ArrayD, IxDyn};

use super::resample::{Interpolation, resample, whole};
use super::samples::{Sample, Samples};
use crate::error::{Error, Result};
use crate::preprocessing::directory::{Directory, Files};

/// Images of a folder with a folder for each class, as `keras.utils.image_dataset_from_directory` has them: each is read,
/// decoded and resized when it is asked for.
///
/// The classes are the folders in alphabetical order; an input is `[height, width, channels]` with values from 0 to 255, a
/// target the number of its class. PNG and JPEG files are read, in folders within as well; others are left out.
///
/// ```no_run
/// use keras_runtime::prelude::*;
/// use keras_runtime::data::ImageFolder;
/// let folder = ImageFolder::open("flowers", (64, 64), 3)?;
/// println!("{}", folder.classes().join(", "));
/// let (train, held_back) = Dataset::new(folder)?.batch(32).prefetch(2, 8).split(0.2)?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ImageFolder {
    classes: Vec<String>,
    /// Files and their classes, class by class as a fixed shuffle left them.
    files: Vec<(PathBuf, usize)>,
    size: (usize, usize),
    channels: usize,
}

/// Ends of the names of images.
pub(crate) const FORMATS: [&str; 3] = [".png", ".jpg", ".jpeg"];

/// What mixes the classes, so that a part of the files has samples of all.
const MIX: u64 = 1 << 34;

impl ImageFolder {
    /// Images as `size` (height and width) with 1 (grey), 3 (colour) or 4 (colour and opacity) channels. The files are
    /// mixed, the same way every time.
    ///
    /// # Errors
    /// When the folder cannot be read, holds no folder with images, or `channels` is another number.
    pub fn open(path: impl AsRef<Path>, size: (usize, usize), channels: usize) -> Result<Self> {
        let path = path.as_ref();
        if ![1, 3, 4].contains(&channels) {
            let expected = "1, 3 or 4".into();
            return Err(Error::Setting { name: "channels", expected, found: channels.to_string() });
        }
        if size.0 == 0 || size.1 == 0 {
            let expected = "at least 1 x 1".into();
            return Err(Error::Setting { name: "size", expected, found: format!("{} x {}", size.0, size.1) });
        }
        let all = Directory { follow_links: true, ..Directory::default() };
        let Files { file_paths, labels, class_names: classes, .. } = all.files(path, &FORMATS)?;
        let mut files: Vec<(PathBuf, usize)> =
            file_paths.into_iter().zip(labels.into_iter().map(|label| label as usize)).collect();
        crate::random::Philox::new(0, MIX).shuffle(&mut files);
        Ok(ImageFolder { classes, files, size, channels })
    }

    /// Names of the classes, in the order of their numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The files, in the order of the samples.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(path, _)| path.as_path())
    }
}

/// Reads an image as `[height, width, channels]` with values from 0 to 255, resized (bilinear, without smoothing, as
/// `keras.layers.Resizing`) if it has another size.
///
/// # Errors
/// When it cannot be read, or is no PNG or JPEG image; when the size is 0.
pub fn read_image(path: impl AsRef<Path>, size: (usize, usize), channels: usize) -> Result<ArrayD<f32>> {
    let pixels = decoded(path.as_ref(), channels)?;
    if size.0 == 0 || size.1 == 0 {
        let expected = "at least 1 x 1".into();
        return Err(Error::Setting { name: "size", expected, found: format!("{} x {}", size.0, size.1) });
    }
    let (height, width, _) = pixels.dim();
    if (height, width) == size {
        return Ok(pixels.into_dyn());
    }
    Ok(resample(&pixels, &whole(&pixels), size, Interpolation::Bilinear, false, |x| x).into_dyn())
}

/// Reads an image as it is, in 1 (grey), 3 (colour) or 4 (colour and opacity) channels.
pub(crate) fn decoded(path: &Path, channels: usize) -> Result<Array3<f32>> {
    let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
    let bytes = fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let mut limits = image::Limits::default();
    // No image is compressed further: what claims to be larger is none.
    let most = (bytes.len() as u64).saturating_mul(1 << 15) + (1 << 20);
    limits.max_alloc = limits.max_alloc.map(|default| default.min(most));
    let reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| wrong(error.to_string()))?;
    reader.limits(limits);
    let image = reader.decode().map_err(|error| wrong(error.to_string()))?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let bytes: Vec<u8> = match (channels, image) {
        (1, DynamicImage::ImageLuma8(image)) => image.into_raw(),
        (1, image) => image.into_rgb8().pixels().map(|pixel| luma(pixel.0)).collect(),
        (3, image) => image.into_rgb8().into_raw(),
        (4, image) => image.into_rgba8().into_raw(),
        _ => return Err(wrong(format!("cannot be read with {channels} channels: 1, 3 or 4 can"))),
    };
    let words = bytes.into_iter().map(f32::from).collect();
    Array3::from_shape_vec((height, width, channels), words).map_err(|error| wrong(error.to_string()))
}

/// How light a colour is (ITU-R 601-2), as Pillow has it.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 19595 + u32::from(g) * 38470 + u32::from(b) * 7471 + 0x8000) >> 16) as u8
}

impl Samples for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        let (path, class) = &self.files[index];
        let image = read_image(path, self.size, self.channels)?;
        Ok(Sample {
            x: vec![image],
            y: vec![ArrayD::from_elem(IxDyn(&[]), *class as f32)],
            ..Sample::default()
        })
    }
}
