//! What goes into networks that learnt ImageNet, and what comes out (`keras.applications.imagenet_utils`).

use std::path::Path;

use ndarray::{ArrayD, ArrayView2, Axis};

use crate::error::{Error, Result, batched};
use crate::io::json::Json;

/// How pixels are scaled before a network sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Blue, green, red, each less its mean over ImageNet: ResNet, VGG.
    #[default]
    Caffe,
    /// From -1 to 1: Inception, MobileNet, NASNet, ResNet V2, Xception.
    Tf,
    /// From 0 to 1, then less the mean and by the standard deviation over ImageNet of each channel: DenseNet.
    Torch,
}

/// Scales pixels from 0 to 255 (`preprocess_input`): images or a batch of them, whose last dimension is red, green and blue.
///
/// ```
/// use keras_runtime::applications::imagenet::{Mode, preprocess_input};
/// let pixel = ndarray::array![[[0.0f32, 127.5, 255.0]]].into_dyn();
/// assert_eq!(preprocess_input(&pixel, Mode::Tf)?, ndarray::array![[[-1.0, 0.0, 1.0]]].into_dyn());
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the last dimension is not 3.
pub fn preprocess_input(x: &ArrayD<f32>, mode: Mode) -> Result<ArrayD<f32>> {
    if x.shape().last() != Some(&3) {
        return Err(Error::Shape {
            what: "preprocess_input".into(),
            expected: "[.., 3]: red, green and blue".into(),
            found: format!("{:?}", x.shape()),
            help: String::new(),
        });
    }
    let mut x = x.clone();
    let channels = Axis(x.ndim() - 1);
    let mut each = |mean: [f32; 3], deviation: [f32; 3]| {
        for (channel, mut pixels) in x.axis_iter_mut(channels).enumerate() {
            pixels.mapv_inplace(|pixel| (pixel - mean[channel]) / deviation[channel]);
        }
    };
    match mode {
        Mode::Tf => x.mapv_inplace(|pixel| pixel / 127.5 - 1.0),
        Mode::Torch => {
            each([0.0; 3], [255.0; 3]);
            each([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
        }
        Mode::Caffe => {
            x.invert_axis(channels);
            x = x.as_standard_layout().into_owned();
            for (pixels, mean) in x.axis_iter_mut(channels).zip([103.939, 116.779, 123.68]) {
                let mut pixels = pixels;
                pixels.mapv_inplace(|pixel| pixel - mean);
            }
        }
    }
    Ok(x)
}

/// A class that a network holds for likely.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    /// Its name in WordNet, such as `n02123045`.
    pub wordnet: String,
    /// Its name in English, such as `tabby`.
    pub name: String,
    /// How likely it is.
    pub score: f32,
}

/// The names of the classes of ImageNet.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassIndex(Vec<(String, String)>);

impl ClassIndex {
    /// Reads Keras's `imagenet_class_index.json` of Keras's folder, `~/.keras/models` or `$KERAS_HOME/models`, and fetches it if it
    /// is not there.
    ///
    /// # Errors
    /// When the file can neither be read nor fetched, or is no such index.
    #[cfg(feature = "download")]
    pub fn fetch() -> Result<Self> {
        use crate::data::datasets::{GetFile, get_file};
        let settings = GetFile {
            file_hash: Some("c2c37ea517e94d9795004a39431a14cb".into()),
            cache_subdir: "models".into(),
            ..GetFile::default()
        };
        let origin = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json";
        Self::open(get_file("imagenet_class_index.json", origin, &settings)?)
    }

    /// Reads Keras's `imagenet_class_index.json`, which is at
    /// <https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json>.
    ///
    /// # Errors
    /// When the file cannot be read, or is no such index.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path);
        let bytes = bytes.map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
        let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
        let index =
            Json::read(&bytes).map_err(|problem| wrong(format!("is no index of classes: {problem}")))?;
        let classes = index.object().ok_or_else(|| wrong("is no dictionary of classes".into()))?.len();
        let name = |class: usize| match index.get(&class.to_string()).and_then(Json::list) {
            Some([Json::Text(wordnet), Json::Text(name)]) => Ok((wordnet.clone(), name.clone())),
            _ => Err(wrong(format!("has no class {class}"))),
        };
        (0..classes).map(name).collect::<Result<_>>().map(ClassIndex)
    }
}

/// The `top` likeliest classes of each row of predictions, the likeliest first (`decode_predictions`).
///
/// # Errors
/// When there are not as many columns as classes.
pub fn decode_predictions(
    predictions: ArrayView2<'_, f32>,
    top: usize,
    index: &ClassIndex,
) -> Result<Vec<Vec<Guess>>> {
    let ClassIndex(names) = index;
    if predictions.ncols() != names.len() {
        return Err(Error::Shape {
            what: "decode_predictions".into(),
            expected: batched(&[names.len()]),
            found: format!("{:?}", predictions.shape()),
            help: "it is for models of all classes, with `include_top`".into(),
        });
    }
    let guesses = |row: ndarray::ArrayView1<'_, f32>| {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|a, b| row[*b].total_cmp(&row[*a]));
        let guess = |class: &usize| {
            let (wordnet, name) = names[*class].clone();
            Guess { wordnet, name, score: row[*class] }
        };
        order.iter().take(top).map(guess).collect()
    };
    Ok(predictions.rows().into_iter().map(guesses).collect())
}
