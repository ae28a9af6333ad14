//! What can go wrong at the edge of the library, each with what was expected, what came, and what mends it.

use std::fmt;
use std::path::PathBuf;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A mistake in data, files or settings. Nothing here panics on bad input.
///
/// `{:?}` prints the same text as `{}`: it is what a `main` that returns a [`Result`] shows.
#[non_exhaustive]
pub enum Error {
    /// An array whose shape is not what the model declares.
    Shape {
        /// The input, target or weight.
        what: String,
        /// The shape it should have, with `batch` for the free dimension.
        expected: String,
        /// The shape that came.
        found: String,
        /// What would mend it; may be empty.
        help: String,
    },
    /// Arrays that should hold as many samples as each other do not.
    Rows {
        /// The array that disagrees.
        what: String,
        /// Its number of rows.
        found: usize,
        /// The array it is compared with.
        other: String,
        /// The number of rows of that.
        expected: usize,
    },
    /// The number of arrays, losses or buffers is not that of the model's inputs or outputs.
    Count {
        /// What was counted.
        what: String,
        /// How many the model has.
        expected: usize,
        /// How many came.
        found: usize,
        /// What would mend it; may be empty.
        help: String,
    },
    /// No samples at all.
    Empty {
        /// The empty array.
        what: String,
    },
    /// A class label that is no index into the classes.
    Label {
        /// The target.
        what: String,
        /// The value found.
        label: f64,
        /// The row it stands in.
        sample: usize,
        /// The last class.
        last: usize,
        /// What would mend it; may be empty.
        help: String,
    },
    /// An index that names no row of an embedding.
    Index {
        /// The array.
        what: String,
        /// The row it stands in.
        sample: usize,
        /// The value found.
        index: f64,
        /// How many rows the embedding has.
        below: usize,
    },
    /// A value that the declared type of an input does not hold.
    Value {
        /// The array.
        what: String,
        /// The row it stands in.
        sample: usize,
        /// The value found.
        value: f64,
        /// What the declared type holds.
        expected: String,
    },
    /// A value that is NaN or infinite where numbers are needed.
    NotFinite {
        /// The array.
        what: String,
        /// The row it stands in.
        sample: usize,
        /// `NaN` or an infinity.
        value: f64,
    },
    /// A setting outside of what it may be.
    Setting {
        /// Name of the argument.
        name: &'static str,
        /// What it may be.
        expected: String,
        /// What it was.
        found: String,
    },
    /// A name that the model, score or history does not hold.
    Unknown {
        /// What was looked up.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// A weights file for another model, or another model.
    Weights {
        /// The file, `the given bytes`, or the other model.
        file: String,
        /// Name of the model.
        model: &'static str,
        /// One line for each weight that is missing, extra or of another shape.
        differences: String,
    },
    /// A file that is not what it should be: truncated, foreign or corrupt.
    Format {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The system refused to read or write.
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A data set that is nowhere on this machine.
    Missing {
        /// The data set.
        name: &'static str,
        /// One line for each folder.
        searched: String,
        /// How to get it.
        help: String,
    },
    /// A download that failed or is not the expected file.
    Download {
        /// The address.
        url: String,
        /// What went wrong.
        problem: String,
    },
    /// A picture that could not be drawn.
    Plot {
        /// The file.
        file: String,
        /// What went wrong.
        problem: String,
    },
    /// A device that cannot run the model.
    Device {
        /// The device that was asked for.
        device: String,
        /// Why it cannot, and what to do.
        problem: String,
    },
}

/// `\n  help: ...`, if there is any.
struct Remedy<'a>(&'a str);

impl fmt::Display for Remedy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "\n  help: {}", self.0) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape { what, expected, found, help } => {
                write!(f, "{what}: expected shape {expected}, found {found}{}", Remedy(help))
            }
            Error::Rows { what, found, other, expected } => write!(
                f,
                "{what} has {found} samples, but {other} has {expected}: every array needs one row for each sample"
            ),
            Error::Count { what, expected, found, help } => {
                write!(f, "{what}: expected {expected}, found {found}{}", Remedy(help))
            }
            Error::Empty { what } => write!(f, "{what} holds no samples: there is nothing to work on"),
            Error::Label { what, label, sample, last, help } => write!(
                f,
                "{what}: the label {label} of sample {sample} is not a class index: expected an integer from 0 to {last}{}",
                Remedy(help)
            ),
            Error::Index { what, sample, index, below } => write!(
                f,
                "{what}: sample {sample} holds {index}; expected whole numbers from 0 to {}, the rows of the embedding",
                below - 1
            ),
            Error::Value { what, sample, value, expected } => {
                write!(f, "{what}: sample {sample} holds {value}; expected {expected}")
            }
            Error::NotFinite { what, sample, value } => {
                write!(f, "{what}: sample {sample} holds {value}; replace or drop values that are not finite")
            }
            Error::Setting { name, expected, found } => write!(f, "`{name}` is {found}, expected {expected}"),
            Error::Unknown { kind, name, known } => {
                write!(f, "no {kind} is called `{name}`; there is: {known}")
            }
            Error::Weights { file, model, differences } => {
                write!(f, "{file} does not fit the model `{model}`:\n{differences}")
            }
            Error::Format { file, problem } => write!(f, "{file}: {problem}"),
            Error::Io { action, path, source } => write!(f, "cannot {action} {}: {source}", path.display()),
            Error::Missing { name, searched, help } => {
                write!(f, "the data set {name} was not found; searched:\n{searched}{help}")
            }
            Error::Download { url, problem } => write!(f, "cannot download {url}: {problem}"),
            Error::Plot { file, problem } => write!(f, "cannot draw {file}: {problem}"),
            Error::Device { device, problem } => write!(f, "{device}: {problem}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `[batch, 28, 28]`: a sample's shape as it is written in messages.
pub(crate) fn batched(shape: &[usize]) -> String {
    let mut text = String::from("[batch");
    for dim in shape {
        text.push_str(&format!(", {dim}"));
    }
    text + "]"
}
