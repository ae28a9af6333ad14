//! Small tables of numbers and classes, which this project's repository holds in `examples/data/tabular`.

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, s};

use super::store::{Store, format_error, read_text};
use crate::error::Result;

/// A table of numbers, and the class of each row.
///
/// ```
/// use keras_runtime::prelude::*;
///
/// let iris = datasets::iris()?;
/// assert_eq!((iris.x.dim(), iris.y.len()), ((150, 4), 150));
/// assert_eq!(iris.classes, ["setosa", "versicolor", "virginica"]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// A row for each sample.
    pub x: Array2<f32>,
    /// The class of each.
    pub y: Array1<u8>,
    /// Names of the classes.
    pub classes: Vec<String>,
}

/// Length and width of sepal and petal of 150 flowers of three species (Fisher, 1936).
///
/// # Errors
/// When `iris.csv` is nowhere, or is not what it should be.
pub fn iris() -> Result<Table> {
    Store::default().iris()
}

/// 13 measures of 178 wines of three growers (Forina et al., 1991).
///
/// # Errors
/// When `wine_data.csv` is nowhere, or is not what it should be.
pub fn wine() -> Result<Table> {
    Store::default().wine()
}

/// 30 measures of the cells of 569 tumours, malignant or benign (Wolberg, Street and Mangasarian, 1993).
///
/// # Errors
/// When `breast_cancer.csv`, gzipped or not, is nowhere, or is not what it should be.
pub fn breast_cancer() -> Result<Table> {
    Store::default().breast_cancer()
}

/// 1,797 handwritten digits of 8 x 8 grey values from 0 to 16 (Alpaydin and Kaynak, 1998).
///
/// # Errors
/// When `digits.csv`, gzipped or not, is nowhere, or is not what it should be.
pub fn digits() -> Result<Table> {
    Store::default().digits()
}

impl Store {
    /// [`iris`] of this store.
    ///
    /// # Errors
    /// As [`iris`].
    pub fn iris(&self) -> Result<Table> {
        classified(&self.tabular(["iris.csv", "iris.csv.gz"])?)
    }

    /// [`wine`] of this store.
    ///
    /// # Errors
    /// As [`wine`].
    pub fn wine(&self) -> Result<Table> {
        classified(&self.tabular(["wine_data.csv", "wine_data.csv.gz"])?)
    }

    /// [`breast_cancer`] of this store.
    ///
    /// # Errors
    /// As [`breast_cancer`].
    pub fn breast_cancer(&self) -> Result<Table> {
        classified(&self.tabular(["breast_cancer.csv", "breast_cancer.csv.gz"])?)
    }

    /// [`digits`] of this store.
    ///
    /// # Errors
    /// As [`digits`].
    pub fn digits(&self) -> Result<Table> {
        let path = self.tabular(["digits.csv", "digits.csv.gz"])?;
        let classes = (0..10).map(|digit| digit.to_string()).collect();
        of_classes(&path, &numbers(&path, 0)?, classes)
    }

    pub(super) fn tabular(&self, files: [&'static str; 2]) -> Result<PathBuf> {
        self.find("tabular", &files).ok_or_else(|| {
            let help = format!("{} is in `examples/data/tabular` of this project's repository", files[0]);
            self.missing("tabular", help)
        })
    }
}

/// A table whose first line is the numbers of rows and columns and the names of the classes, and whose last column is the class.
fn classified(path: &Path) -> Result<Table> {
    let text = read_text(path)?;
    let first = text.lines().next().unwrap_or_default();
    of_classes(path, &numbers(path, 1)?, first.split(',').skip(2).map(String::from).collect())
}

fn of_classes(path: &Path, table: &Array2<f32>, classes: Vec<String>) -> Result<Table> {
    let last = table.ncols() - 1;
    let class = |class: &f32| {
        let known = class.fract() == 0.0 && (0.0..classes.len() as f32).contains(class);
        if known { Ok(*class as u8) } else { Err(format_error(path, format!("has the class {class}"))) }
    };
    let y = table.column(last).iter().map(class).collect::<Result<Vec<u8>>>()?;
    Ok(Table { x: table.slice(s![.., ..last]).to_owned(), y: y.into(), classes })
}

/// The numbers of a table below its first lines: as many in each line, and at least one.
pub(super) fn numbers(path: &Path, skip: usize) -> Result<Array2<f32>> {
    let text = read_text(path)?;
    let (mut words, mut columns, mut rows) = (vec![], 0, 0);
    for (i, line) in text.lines().enumerate().skip(skip).filter(|(_, line)| !line.trim().is_empty()) {
        let before = words.len();
        for field in line.split(',') {
            let wrong = |_| format_error(path, format!("line {}: `{field}` is no number", i + 1));
            words.push(field.trim().parse::<f32>().map_err(wrong)?);
        }
        let found = words.len() - before;
        if rows > 0 && found != columns {
            return Err(format_error(path, format!("line {}: {found} numbers instead of {columns}", i + 1)));
        }
        (columns, rows) = (found, rows + 1);
    }
    if rows == 0 {
        return Err(format_error(path, "holds no rows"));
    }
    Array2::from_shape_vec((rows, columns), words).map_err(|error| format_error(path, error))
}
