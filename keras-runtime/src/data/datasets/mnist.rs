//! Handwritten digits (LeCun, Cortes and Burges, 1998).

use std::path::Path;

use ndarray::{Array1, Array3};

use super::{format_error, idx, keras_folder, npz, project_folders};
use crate::error::{Error, Result};

/// 60,000 digits to train with and 10,000 to test with, of 28 x 28 grey values.
#[derive(Debug, Clone)]
pub struct Mnist {
    /// `[60000, 28, 28]`: 0 is the background, 255 ink.
    pub x_train: Array3<u8>,
    /// `[60000]`: digits 0 to 9.
    pub y_train: Array1<u8>,
    /// `[10000, 28, 28]`.
    pub x_test: Array3<u8>,
    /// `[10000]`.
    pub y_test: Array1<u8>,
}

/// The MNIST digits (`keras.datasets.mnist.load_data`).
///
/// They are looked for in folders `examples/data/mnist` and `data/mnist` of the running package, the current folder and
/// those above (the original files, gzipped or not), then in Keras's folder (the same, or Keras's own `mnist.npz`). With
/// the feature `download`, they are fetched to Keras's folder if they are nowhere.
///
/// # Errors
/// When the files are nowhere, or are not what they should be.
pub fn mnist() -> Result<Mnist> {
    let mut folders = project_folders("mnist");
    if let Some(keras) = keras_folder() {
        folders.push(keras.join("mnist"));
        folders.push(keras);
    }
    for folder in &folders {
        if let Some(found) = in_folder(folder)? {
            return Ok(found);
        }
    }
    missing(&folders)
}

#[cfg(feature = "download")]
fn missing(_: &[std::path::PathBuf]) -> Result<Mnist> {
    const URL: &str = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz";
    const SHA256: &str = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1";
    let folder = keras_folder().ok_or(Error::Download {
        url: URL.into(),
        problem: "there is no home folder to keep it in; set KERAS_HOME".into(),
    })?;
    let path = super::download::fetch(URL, SHA256, &folder.join("mnist.npz"))?;
    from_npz(&path)
}

#[cfg(not(feature = "download"))]
fn missing(folders: &[std::path::PathBuf]) -> Result<Mnist> {
    let searched: String = folders.iter().map(|folder| format!("  {}\n", folder.display())).collect();
    let help = "put mnist.npz of Keras there, or turn the feature `download` of keras-runtime on";
    Err(Error::Missing { name: "mnist", searched, help: help.into() })
}

fn in_folder(folder: &Path) -> Result<Option<Mnist>> {
    let find = |name: &str| {
        [format!("{name}.gz"), name.to_string()]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.is_file())
    };
    let names = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    if let [Some(a), Some(b), Some(c), Some(d)] = names.map(find) {
        let [a, b, c, d] = [a, b, c, d].map(|path| idx::load(&path).map(|data| (path, data)));
        let (x_train, y_train) = (images(a?)?, labels(b?)?);
        let (x_test, y_test) = (images(c?)?, labels(d?)?);
        return Ok(Some(Mnist { x_train, y_train, x_test, y_test }));
    }
    let archive = folder.join("mnist.npz");
    if archive.is_file() { from_npz(&archive).map(Some) } else { Ok(None) }
}

fn from_npz(path: &Path) -> Result<Mnist> {
    let array = |name: &str| npz::load(path, name).map(|data| (path.to_path_buf(), data));
    Ok(Mnist {
        x_train: images(array("x_train")?)?,
        y_train: labels(array("y_train")?)?,
        x_test: images(array("x_test")?)?,
        y_test: labels(array("y_test")?)?,
    })
}

type Loaded = (std::path::PathBuf, (Vec<usize>, Vec<u8>));

fn images((path, (shape, data)): Loaded) -> Result<Array3<u8>> {
    let wrong = |_| format_error(&path, format!("holds an array {shape:?}, not images"));
    match shape[..] {
        [n, height, width] => Array3::from_shape_vec((n, height, width), data).map_err(wrong),
        _ => Err(format_error(&path, format!("holds an array {shape:?}, not images"))),
    }
}

fn labels((path, (shape, data)): Loaded) -> Result<Array1<u8>> {
    match shape[..] {
        [_] => Ok(Array1::from_vec(data)),
        _ => Err(format_error(&path, format!("holds an array {shape:?}, not labels"))),
    }
}
