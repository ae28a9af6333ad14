//! Folders of images.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array3, ArrayD, IxDyn};

use super::samples::{Sample, Samples, array};
use crate::error::{Error, Result};

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
        let (mut classes, mut files) = (vec![], vec![]);
        for folder in entries(path)?.into_iter().filter(|path| path.is_dir()) {
            let class = classes.len();
            classes.push(folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
            let mut found = vec![];
            images_within(&folder, &mut found)?;
            files.extend(found.into_iter().map(|file| (file, class)));
        }
        if files.is_empty() {
            return Err(Error::Empty {
                what: format!("{} (a folder of png and jpeg files for each class)", path.display()),
            });
        }
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

/// What is in a folder, in alphabetical order.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |source| Error::Io { action: "read", path: folder.into(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}

fn images_within(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in entries(folder)? {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if path.is_dir() {
            images_within(&path, found)?;
        } else if ["png", "jpg", "jpeg"].contains(&extension.as_str()) {
            found.push(path);
        }
    }
    Ok(())
}

/// Reads an image as `[height, width, channels]` with values from 0 to 255, resized (bilinear, without smoothing, as
/// `keras.layers.Resizing`) if it has another size.
///
/// # Errors
/// When it cannot be read, or is no PNG or JPEG image.
pub fn read_image(path: impl AsRef<Path>, size: (usize, usize), channels: usize) -> Result<ArrayD<f32>> {
    let path = path.as_ref();
    let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
    let bytes = fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let image = image::load_from_memory(&bytes).map_err(|error| wrong(error.to_string()))?;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let bytes = match channels {
        1 => image.into_luma8().into_raw(),
        3 => image.into_rgb8().into_raw(),
        4 => image.into_rgba8().into_raw(),
        _ => return Err(wrong(format!("cannot be read with {channels} channels: 1, 3 or 4 can"))),
    };
    let words = bytes.into_iter().map(f32::from).collect();
    let pixels = Array3::from_shape_vec((height, width, channels), words);
    let pixels = pixels.map_err(|error| wrong(error.to_string()))?;
    if (height, width) == size {
        return Ok(pixels.into_dyn());
    }
    let (rows, columns) = (places(height, size.0), places(width, size.1));
    let mut words = Vec::with_capacity(size.0 * size.1 * channels);
    for &(top, bottom, v) in &rows {
        for &(left, right, u) in &columns {
            for channel in 0..channels {
                let across =
                    |row| pixels[(row, left, channel)] * (1.0 - u) + pixels[(row, right, channel)] * u;
                words.push(across(top) * (1.0 - v) + across(bottom) * v);
            }
        }
    }
    array(&[size.0, size.1, channels], words)
}

/// For each of `to` places among `from`: the places before and after it, and how near it is to the second. Pixels are
/// squares whose centres are read.
fn places(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let place = |i: usize| {
        let at = ((i as f32 + 0.5) * from as f32 / to as f32 - 0.5).clamp(0.0, (from - 1) as f32);
        let before = at as usize;
        (before, (before + 1).min(from - 1), at - before as f32)
    };
    (0..to).map(place).collect()
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
