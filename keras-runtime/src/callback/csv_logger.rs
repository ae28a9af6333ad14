//! CSVLogger.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use super::{Callback, Logs, State, Training};
use crate::error::{Error, Result};

/// Writes a line for each epoch to a file, values separated by `separator` (`keras.callbacks.CSVLogger`).
///
/// The columns are `epoch` and the logs of the first epoch in alphabetical order; where that had no validation, columns for
/// one are added. A value that is not there is `NA`.
#[derive(Debug)]
pub struct CsvLogger {
    /// The file.
    pub filename: PathBuf,
    /// What stands between two values.
    pub separator: char,
    /// Whether lines are added to a file that is there, rather than written in its place.
    pub append: bool,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    columns: Vec<String>,
    /// Whether lines from before are still to go.
    cut: bool,
}

impl CsvLogger {
    /// Writes a new file; commas separate.
    pub fn new(filename: impl Into<PathBuf>) -> Self {
        CsvLogger { filename: filename.into(), separator: ',', append: false, open: None }
    }

    /// Adds to the file if it is there: see [`CsvLogger::append`].
    pub fn appending(filename: impl Into<PathBuf>) -> Self {
        CsvLogger { append: true, ..CsvLogger::new(filename) }
    }

    fn error(&self, source: io::Error) -> Error {
        Error::Io { action: "write", path: self.filename.clone(), source }
    }
}

impl Open {
    /// Takes the file back to its first `len` bytes.
    fn cut_to(&mut self, len: u64) -> io::Result<()> {
        self.cut = false;
        self.file.set_len(len.min(self.file.metadata()?.len()))
    }

    fn row(&mut self, epoch: usize, logs: &Logs, separator: char) -> io::Result<()> {
        if self.cut {
            self.cut_to(0)?;
        }
        if self.columns.is_empty() {
            self.columns = columns(logs);
        }
        let mut text = String::new();
        if self.file.metadata()?.len() == 0 {
            text.push_str("epoch");
            self.columns.iter().for_each(|name| text.extend([separator.to_string().as_str(), name.as_str()]));
            text.push('\n');
        }
        text.push_str(&epoch.to_string());
        for name in &self.columns {
            text.push(separator);
            text.push_str(&logs.get(name).map_or("NA".into(), |value| value.to_string()));
        }
        text.push('\n');
        self.file.write_all(text.as_bytes())
    }
}

fn columns(logs: &Logs) -> Vec<String> {
    let mut columns = logs.names().to_vec();
    columns.sort();
    if !columns.iter().any(|name| name.starts_with("val_")) {
        let validation: Vec<String> = columns.iter().map(|name| format!("val_{name}")).collect();
        columns.extend(validation);
    }
    columns
}

impl Callback for CsvLogger {
    fn wants_batches(&self) -> bool {
        false
    }

    fn state(&self) -> Option<State> {
        let mut state = State::of("CsvLogger");
        if let Some(open) = self.open.as_ref().filter(|open| !open.cut) {
            state = state.with_some("bytes", open.file.metadata().ok().map(|file| file.len()));
            for (i, column) in open.columns.iter().enumerate() {
                state = state.with(&format!("column {i}"), column);
            }
        }
        Some(state)
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        let (Some(bytes), Some(open)) = (state.get("bytes")?, &mut self.open) else { return Ok(()) };
        // Lines of epochs that are done again come again.
        let cut = open.cut_to(bytes);
        for i in 0.. {
            let Some(column) = state.get(&format!("column {i}"))? else { break };
            open.columns.push(column);
        }
        cut.map_err(|error| self.error(error))
    }

    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        let opened = OpenOptions::new().append(true).create(true).open(&self.filename);
        let file = opened.map_err(|error| self.error(error))?;
        // What is there goes with the first new line: a training that is gone on with goes on with the file.
        self.open = Some(Open { file, columns: vec![], cut: !self.append });
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, _: &mut Training<'_>) -> Result<()> {
        let separator = self.separator;
        let written = self.open.as_mut().map_or(Ok(()), |open| open.row(epoch, logs, separator));
        written.map_err(|error| self.error(error))
    }

    fn on_train_end(&mut self, _: &Logs, _: &mut Training<'_>) -> Result<()> {
        let closed = self.open.take().filter(|open| open.cut).map_or(Ok(()), |mut open| open.cut_to(0));
        closed.map_err(|error| self.error(error))
    }
}
