//! Prices of houses (Harrison and Rubinfeld, 1978; Pace and Barry, 1997).

use std::path::Path;

use ndarray::{Array1, Array2, Axis, Ix1, Ix2, s};

use super::Split;
use super::store::{KERAS, Remote, Store, format_error};
use super::tables::numbers;
use crate::data::Npz;
use crate::data::seeded::order;
use crate::error::{Error, Result};

/// For each house or district its properties and its price.
pub type Houses = Split<Array2<f32>, Array1<f32>>;

/// How many districts [`california_housing`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// The first 600.
    Small,
    /// All 20,640.
    #[default]
    Large,
}

/// The median value of the houses of 506 places around Boston, in thousands of dollars, and 13 properties of each
/// (`keras.datasets.boston_housing.load_data`, with `test_split` 0.2 and `seed` 113).
///
/// The file is Keras's `boston_housing.npz`, or `boston_housing.csv` with the same rows, the price last.
///
/// **Warning**: one of the properties, "B", was made on the assumption that people want to live apart from those of another
/// colour. Keras discourages the use of this data set for anything but showing this; [`california_housing`] is like it.
///
/// # Errors
/// When the file is nowhere, or is not what it should be; when `test_split` is not in [0, 1).
pub fn boston_housing(test_split: f64, seed: u32) -> Result<Houses> {
    Store::default().boston_housing(test_split, seed)
}

/// The median value of the houses of districts in California, in dollars, and for each the median income, age of the houses, rooms
/// and bedrooms per household, people, people per household, latitude and longitude
/// (`keras.datasets.california_housing.load_data`, with `test_split` 0.2 and `seed` 113).
///
/// The file is Keras's `california_housing.npz`.
///
/// # Errors
/// When the file is nowhere, or is not what it should be; when `test_split` is not in [0, 1).
pub fn california_housing(version: Version, test_split: f64, seed: u32) -> Result<Houses> {
    Store::default().california_housing(version, test_split, seed)
}

impl Store {
    /// [`boston_housing`] of this store.
    ///
    /// # Errors
    /// As [`boston_housing`].
    pub fn boston_housing(&self, test_split: f64, seed: u32) -> Result<Houses> {
        check_split(test_split)?;
        let remote = Remote {
            set: "tabular",
            folder: "",
            file: "boston_housing.npz",
            url: format!("{KERAS}boston_housing.npz"),
            hash: Some("f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"),
        };
        let path = self.obtain(&remote, &["boston_housing.csv"])?;
        let (x, y) = match path.extension().is_some_and(|extension| extension == "csv") {
            true => {
                let table = numbers(&path, 1)?;
                let last = table.ncols() - 1;
                (table.slice(s![.., ..last]).to_owned(), table.column(last).to_owned())
            }
            false => arrays(&path)?,
        };
        Ok(split(&x, &y, test_split, seed))
    }

    /// [`california_housing`] of this store.
    ///
    /// # Errors
    /// As [`california_housing`].
    pub fn california_housing(&self, version: Version, test_split: f64, seed: u32) -> Result<Houses> {
        check_split(test_split)?;
        let remote = Remote {
            set: "california_housing",
            folder: "",
            file: "california_housing.npz",
            url: format!("{KERAS}california_housing.npz"),
            hash: Some("1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"),
        };
        let (mut x, mut y) = arrays(&self.obtain(&remote, &[])?)?;
        if version == Version::Small {
            let rows = y.len().min(600);
            (x, y) = (x.slice(s![..rows, ..]).to_owned(), y.slice(s![..rows]).to_owned());
        }
        Ok(split(&x, &y, test_split, seed))
    }
}

pub(super) fn check_split(test_split: f64) -> Result<()> {
    if (0.0..1.0).contains(&test_split) {
        return Ok(());
    }
    Err(Error::Setting { name: "test_split", expected: "in [0, 1)".into(), found: test_split.to_string() })
}

/// The arrays `x` and `y` of an archive.
fn arrays(path: &Path) -> Result<(Array2<f32>, Array1<f32>)> {
    let archive = Npz::open(path)?;
    let wrong = |_| format_error(path, "holds no table `x` and column `y`");
    let x = archive.get("x")?.to_array().into_dimensionality::<Ix2>().map_err(wrong)?;
    let y = archive.get("y")?.to_array().into_dimensionality::<Ix1>().map_err(wrong)?;
    if x.nrows() != y.len() {
        return Err(format_error(path, format!("has {} rows and {} prices", x.nrows(), y.len())));
    }
    Ok((x, y))
}

/// The rows in the order of the seed, the last of them to test with.
fn split(x: &Array2<f32>, y: &Array1<f32>, test_split: f64, seed: u32) -> Houses {
    let order = order(seed, y.len());
    let (train, test) = order.split_at((y.len() as f64 * (1.0 - test_split)) as usize);
    Split {
        x_train: x.select(Axis(0), train),
        y_train: y.select(Axis(0), train),
        x_test: x.select(Axis(0), test),
        y_test: y.select(Axis(0), test),
    }
}
