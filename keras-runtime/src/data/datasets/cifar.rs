//! Small colour images (Krizhevsky, 2009).

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::{Array2, Array4};

use super::Split;
use super::pickle::Pickle;
use super::store::{Remote, Store, format_error, most_of_pickle, read};
use crate::error::{Error, Result};

/// 50,000 images to train with (`x_train` is `[50000, 32, 32, 3]`) and 10,000 to test with, of values from 0 to 255, and their
/// classes, `[50000, 1]`.
pub type Cifar = Split<Array4<u8>, Array2<u8>>;

/// Which classes [`cifar100`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LabelMode {
    /// The 100 classes.
    #[default]
    Fine,
    /// The 20 classes that those belong to.
    Coarse,
}

/// Rows and columns of an image.
const SIDE: usize = 32;
const CHANNELS: usize = 3;

/// Images of ten classes (`keras.datasets.cifar10.load_data`): airplane, automobile, bird, cat, deer, dog, frog, horse, ship,
/// truck.
///
/// The file is `cifar-10-python.tar.gz`, under this name or Keras's (`cifar-10-batches-py-target_archive`), or what it holds,
/// the folder `cifar-10-batches-py`.
///
/// # Errors
/// When the file is nowhere, or is not what it should be.
pub fn cifar10() -> Result<Cifar> {
    Store::default().cifar10()
}

/// Images of a hundred classes (`keras.datasets.cifar100.load_data`).
///
/// The file is `cifar-100-python.tar.gz`, under this name or Keras's (`cifar-100-python-target_archive`), or what it holds, the
/// folder `cifar-100-python`.
///
/// # Errors
/// When the file is nowhere, or is not what it should be.
pub fn cifar100(label_mode: LabelMode) -> Result<Cifar> {
    Store::default().cifar100(label_mode)
}

/// What the two have in different ways.
struct Form {
    set: &'static str,
    /// Name of the folder in the archive.
    folder: &'static str,
    /// Where Keras unpacks the archive.
    target: &'static str,
    /// Keras's name of the archive.
    archive: &'static str,
    /// The authors' name of it.
    file: &'static str,
    hash: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    labels: &'static str,
}

impl Store {
    /// [`cifar10`] of this store.
    ///
    /// # Errors
    /// As [`cifar10`].
    pub fn cifar10(&self) -> Result<Cifar> {
        self.cifar(&Form {
            set: "cifar-10",
            folder: "cifar-10-batches-py",
            target: "cifar-10-batches-py-target",
            archive: "cifar-10-batches-py-target_archive",
            file: "cifar-10-python.tar.gz",
            hash: "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            train: &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
            test: "test_batch",
            labels: "labels",
        })
    }

    /// [`cifar100`] of this store.
    ///
    /// # Errors
    /// As [`cifar100`].
    pub fn cifar100(&self, label_mode: LabelMode) -> Result<Cifar> {
        self.cifar(&Form {
            set: "cifar-100",
            folder: "cifar-100-python",
            target: "cifar-100-python-target",
            archive: "cifar-100-python-target_archive",
            file: "cifar-100-python.tar.gz",
            hash: "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            train: &["train"],
            test: "test",
            labels: if label_mode == LabelMode::Fine { "fine_labels" } else { "coarse_labels" },
        })
    }

    fn cifar(&self, form: &Form) -> Result<Cifar> {
        let places = self.folders(form.set);
        let unpacked = places
            .iter()
            .flat_map(|folder| [folder.join(form.folder), folder.join(form.target).join(form.folder)]);
        if let Some(folder) = unpacked.into_iter().find(|folder| folder.join(form.test).is_file()) {
            let batch = |name: &str| {
                let path = folder.join(name);
                Ok((path.display().to_string(), read(&path)?))
            };
            let train = form.train.iter().map(|name| batch(name)).collect::<Result<Vec<_>>>()?;
            return whole(train, batch(form.test)?, form.labels);
        }
        let path = self.obtain(
            &Remote {
                set: form.set,
                folder: "",
                file: form.archive,
                url: format!("https://www.cs.toronto.edu/~kriz/{}", form.file),
                hash: Some(form.hash),
            },
            &[form.file],
        )?;
        from_archive(&path, form)
    }
}

/// A batch and its name.
type Named = (String, Vec<u8>);

fn from_archive(path: &Path, form: &Form) -> Result<Cifar> {
    let wanted: Vec<&str> = form.train.iter().copied().chain([form.test]).collect();
    let mut found: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
    let file = File::open(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let most = most_of_pickle(file.metadata().map_or(0, |metadata| metadata.len()));
    let wrong = |error: std::io::Error| format_error(path, error);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let within: PathBuf = entry.path().map_err(wrong)?.into_owned();
        let place = wanted.iter().position(|name| within.ends_with(Path::new(form.folder).join(name)));
        if let Some(place) = place {
            let mut bytes = vec![];
            entry.by_ref().take(most).read_to_end(&mut bytes).map_err(wrong)?;
            found[place] = Some(bytes);
        }
    }
    let mut batches = Vec::with_capacity(wanted.len());
    for (name, bytes) in wanted.iter().zip(found) {
        let bytes = bytes.ok_or_else(|| format_error(path, format!("holds no {}/{name}", form.folder)))?;
        batches.push((format!("{} ({name})", path.display()), bytes));
    }
    let test = batches.pop().ok_or_else(|| format_error(path, "holds no batches"))?;
    whole(batches, test, form.labels)
}

fn whole(train: Vec<Named>, test: Named, labels: &str) -> Result<Cifar> {
    let (x_train, y_train) = images(&train, labels)?;
    let (x_test, y_test) = images(&[test], labels)?;
    Ok(Split { x_train, y_train, x_test, y_test })
}

/// Images and labels of some batches, one after another.
fn images(batches: &[Named], key: &str) -> Result<(Array4<u8>, Array2<u8>)> {
    let (mut pixels, mut labels) = (vec![], vec![]);
    for (file, bytes) in batches {
        let wrong = |problem: String| Error::Format { file: file.clone(), problem };
        let (mut rows, mut classes) = batch(bytes, key).map_err(wrong)?;
        pixels.append(&mut rows);
        labels.append(&mut classes);
    }
    let wrong = |error: ndarray::ShapeError| Error::Format {
        file: batches.first().map(|(file, _)| file.clone()).unwrap_or_default(),
        problem: error.to_string(),
    };
    let rows = labels.len();
    let images = Array4::from_shape_vec((rows, SIDE, SIDE, CHANNELS), pixels).map_err(wrong)?;
    Ok((images, Array2::from_shape_vec((rows, 1), labels).map_err(wrong)?))
}

/// Pixels, with the channels last, and labels of a batch: a dictionary of Python.
fn batch(bytes: &[u8], key: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let pickle = Pickle::read(bytes)?;
    let (shape, planes) = pickle.byte_array(pickle.entry(pickle.root(), "data")?)?;
    let labels = pickle.ints(pickle.entry(pickle.root(), key)?)?;
    let pixels = SIDE * SIDE;
    if shape != [labels.len(), CHANNELS * pixels] {
        return Err(format!("holds data {shape:?} for {} labels", labels.len()));
    }
    let labels: Result<Vec<u8>, _> = labels.into_iter().map(u8::try_from).collect();
    let labels = labels.map_err(|_| "holds a label that is no class")?;
    let mut words = Vec::with_capacity(planes.len());
    for image in planes.chunks_exact(CHANNELS * pixels) {
        words.extend((0..pixels).flat_map(|i| (0..CHANNELS).map(move |channel| image[channel * pixels + i])));
    }
    Ok((words, labels))
}
