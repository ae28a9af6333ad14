//! Handwritten digits (LeCun, Cortes and Burges, 1998), and pieces of clothing in the same form (Xiao, Rasul and Vollgraf,
//! 2017).

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array3};

use super::store::{KERAS, Remote, Store, format_error};
use super::{Split, idx};
use crate::data::{Npz, Tensor, Values};
use crate::error::Result;

/// 60,000 images to train with (`x_train` is `[60000, 28, 28]`) and 10,000 to test with, of 28 x 28 grey values from 0 to 255,
/// and their classes 0 to 9.
pub type Mnist = Split<Array3<u8>, Array1<u8>>;

/// Images and labels to train with, images and labels to test with.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];
const ZIPPED: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

/// The MNIST digits (`keras.datasets.mnist.load_data`): 0 is the background, 255 ink.
///
/// The files are `mnist.npz`, or the four original ones, gzipped or not. See [the module](super) for where they are looked for.
///
/// # Errors
/// When the files are nowhere, or are not what they should be.
pub fn mnist() -> Result<Mnist> {
    Store::default().mnist()
}

/// Pieces of clothing (`keras.datasets.fashion_mnist.load_data`): T-shirt or top, trouser, pullover, dress, coat, sandal,
/// shirt, sneaker, bag, ankle boot.
///
/// The files are the four original ones, gzipped or not, in a folder `fashion-mnist`.
///
/// # Errors
/// When the files are nowhere, or are not what they should be.
pub fn fashion_mnist() -> Result<Mnist> {
    Store::default().fashion_mnist()
}

impl Store {
    /// [`mnist`](fn@mnist) of this store.
    ///
    /// # Errors
    /// As [`mnist`](fn@mnist).
    pub fn mnist(&self) -> Result<Mnist> {
        for folder in self.folders("mnist") {
            if let Some(files) = in_folder(&folder) {
                return from_idx(&files);
            }
        }
        let remote = Remote {
            set: "mnist",
            folder: "",
            file: "mnist.npz",
            url: format!("{KERAS}mnist.npz"),
            hash: Some("731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
        };
        from_npz(&self.obtain(&remote, &[])?)
    }

    /// [`fashion_mnist`] of this store.
    ///
    /// # Errors
    /// As [`fashion_mnist`].
    pub fn fashion_mnist(&self) -> Result<Mnist> {
        // Files of these names that lie in no folder of their own are digits.
        let own = |folder: &PathBuf| folder.ends_with("fashion-mnist");
        let there =
            self.folders("fashion-mnist").into_iter().filter(own).find_map(|folder| in_folder(&folder));
        match there {
            Some(files) => from_idx(&files),
            None => {
                let [a, b, c, d] = ZIPPED.map(|file| {
                    let (set, folder) = ("fashion-mnist", "fashion-mnist");
                    self.fetch(&Remote { set, folder, file, url: format!("{KERAS}{file}"), hash: None })
                });
                from_idx(&[a?, b?, c?, d?])
            }
        }
    }
}

/// The four original files, if all of them are there.
fn in_folder(folder: &Path) -> Option<[PathBuf; 4]> {
    let find = |i: usize| {
        [ZIPPED[i], FILES[i]].map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
    };
    Some([find(0)?, find(1)?, find(2)?, find(3)?])
}

fn from_idx(paths: &[PathBuf; 4]) -> Result<Mnist> {
    let load = |path: &PathBuf| idx::load(path).map(|data| (path.clone(), data));
    together([load(&paths[0])?, load(&paths[1])?, load(&paths[2])?, load(&paths[3])?])
}

fn from_npz(path: &Path) -> Result<Mnist> {
    let archive = Npz::open(path)?;
    let array = |name: &str| Ok((path.to_path_buf(), bytes(path, name, &archive.get(name)?)?));
    together([array("x_train")?, array("y_train")?, array("x_test")?, array("y_test")?])
}

fn bytes(path: &Path, name: &str, tensor: &Tensor<'_>) -> Result<(Vec<usize>, Vec<u8>)> {
    match tensor.values() {
        Values::U8(bytes) => Ok((tensor.shape().dims().to_vec(), bytes.to_vec())),
        _ => Err(format_error(path, format!("`{name}` is not of unsigned bytes"))),
    }
}

type Loaded = (PathBuf, (Vec<usize>, Vec<u8>));

fn together([a, b, c, d]: [Loaded; 4]) -> Result<Mnist> {
    let path = b.0.clone();
    let split = Split { x_train: images(a)?, y_train: labels(b)?, x_test: images(c)?, y_test: labels(d)? };
    for (images, labels) in [(&split.x_train, &split.y_train), (&split.x_test, &split.y_test)] {
        if images.dim().0 != labels.len() {
            let problem = format!("has {} labels for {} images", labels.len(), images.dim().0);
            return Err(format_error(&path, problem));
        }
    }
    Ok(split)
}

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
