//! Tables of comma-separated values.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::{Batch, Batches};
use crate::error::{Error, Result};

/// A table of a CSV file with a line of names, in memory.
///
/// ```
/// use keras_runtime::data::Csv;
/// # let path = std::env::temp_dir().join(format!("keras-doc-csv-{}", std::process::id()));
/// # std::fs::write(&path, "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n").unwrap();
/// let table = Csv::open(&path)?;
/// assert_eq!(table.numbers(&["length", "width"])?, ndarray::arr2(&[[5.1, 3.5], [7.0, 3.2]]));
/// let (labels, species) = table.classes("species")?;
/// assert_eq!((labels, species), (vec![0, 1], vec!["setosa".to_string(), "versicolor".to_string()]));
/// # std::fs::remove_file(path).ok();
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Csv {
    path: PathBuf,
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

fn reader(path: &Path) -> Result<csv::Reader<BufReader<File>>> {
    let file = File::open(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    Ok(csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(BufReader::new(file)))
}

fn wrong(path: &Path, problem: impl ToString) -> Error {
    Error::Format { file: path.display().to_string(), problem: problem.to_string() }
}

fn names(path: &Path, reader: &mut csv::Reader<BufReader<File>>) -> Result<Vec<String>> {
    let header = reader.headers().map_err(|error| wrong(path, error))?;
    Ok(header.iter().map(String::from).collect())
}

fn column(names: &[String], name: &str) -> Result<usize> {
    names.iter().position(|other| other == name).ok_or_else(|| Error::Unknown {
        kind: "column",
        name: name.into(),
        known: names.join(", "),
    })
}

fn number(path: &Path, names: &[String], row: &csv::StringRecord, column: usize) -> Result<f32> {
    row[column].parse().map_err(|_| {
        let line = row.position().map_or(0, csv::Position::line);
        wrong(path, format!("line {line}, column `{}`: `{}` is no number", names[column], &row[column]))
    })
}

impl Csv {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or its lines have different numbers of values.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut reader = reader(path)?;
        let names = names(path, &mut reader)?;
        let rows = reader.records().collect::<Result<_, _>>().map_err(|error| wrong(path, error))?;
        Ok(Csv { path: path.into(), names, rows })
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of lines below the names.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Columns of numbers, side by side.
    ///
    /// # Errors
    /// When there is no such column, or what stands in one is no number.
    pub fn numbers(&self, columns: &[&str]) -> Result<Array2<f32>> {
        let places: Vec<usize> =
            columns.iter().map(|name| column(&self.names, name)).collect::<Result<_>>()?;
        let mut table = Array2::zeros((self.len(), places.len()));
        for (row, mut to) in self.rows.iter().zip(table.rows_mut()) {
            for (place, to) in places.iter().zip(&mut to) {
                *to = number(&self.path, &self.names, row, *place)?;
            }
        }
        Ok(table)
    }

    /// A column of text as classes: for each line the number of its class, and the names of the classes in alphabetical
    /// order.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn classes(&self, name: &str) -> Result<(Vec<u32>, Vec<String>)> {
        let place = column(&self.names, name)?;
        let mut classes: Vec<String> = self.rows.iter().map(|row| row[place].to_string()).collect();
        classes.sort();
        classes.dedup();
        let number = |row: &csv::StringRecord| {
            // Every one of them is there.
            classes.binary_search_by(|class| class.as_str().cmp(&row[place])).unwrap_or_default() as u32
        };
        Ok((self.rows.iter().map(number).collect(), classes))
    }
}

/// Batches of a CSV file of any size, line by line in its order: columns of numbers as inputs and targets.
#[derive(Debug)]
pub struct CsvBatches {
    path: PathBuf,
    names: Vec<String>,
    x: Vec<usize>,
    y: Vec<usize>,
    batch_size: usize,
    reader: Option<csv::Reader<BufReader<File>>>,
}

impl CsvBatches {
    /// Batches of `batch_size` lines with the columns `x` as the input and `y` as the target; of one column, the target has
    /// one dimension less.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such columns.
    pub fn open(path: impl AsRef<Path>, x: &[&str], y: &[&str], batch_size: usize) -> Result<Self> {
        let path = path.as_ref();
        let names = names(path, &mut reader(path)?)?;
        let places =
            |columns: &[&str]| columns.iter().map(|name| column(&names, name)).collect::<Result<Vec<_>>>();
        let (x, y) = (places(x)?, places(y)?);
        Ok(CsvBatches { path: path.into(), names, x, y, batch_size: batch_size.max(1), reader: None })
    }
}

impl Batches for CsvBatches {
    fn begin(&mut self, _pass: usize) -> Result<()> {
        self.reader = Some(reader(&self.path)?);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        let CsvBatches { path, names, x, y, batch_size, reader } = self;
        let (mut inputs, mut targets, mut rows) = (vec![], vec![], 0);
        for row in reader.iter_mut().flat_map(|reader| reader.records()).take(*batch_size) {
            let row = row.map_err(|error| wrong(path, error))?;
            for (columns, words) in [(&*x, &mut inputs), (&*y, &mut targets)] {
                for column in columns {
                    words.push(number(path, names, &row, *column)?);
                }
            }
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let table = |words, columns: usize| {
            Array2::from_shape_vec((rows, columns), words).map_err(|error| wrong(path, error))
        };
        let inputs = table(inputs, x.len())?;
        Ok(Some(match y.len() {
            0 => Batch::of_inputs(inputs),
            1 => Batch::new(inputs, targets),
            columns => Batch::new(inputs, table(targets, columns)?),
        }))
    }
}
