//! What `fit` gives: losses and metrics of every epoch.

use std::fmt::Write as _;
use std::path::Path;

use crate::error::Result;
use crate::io::write_whole;

/// Losses and metrics of every epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    names: Vec<String>,
    epochs: Vec<usize>,
    seconds: Vec<f64>,
    trained: Vec<Vec<f64>>,
    validated: Vec<Vec<f64>>,
}

impl History {
    pub(crate) fn new(names: Vec<String>) -> Self {
        History { names, epochs: vec![], seconds: vec![], trained: vec![], validated: vec![] }
    }

    pub(crate) fn push(&mut self, epoch: usize, seconds: f64, trained: &[f64], validated: Option<&[f64]>) {
        self.epochs.push(epoch);
        self.seconds.push(seconds);
        self.trained.push(trained.to_vec());
        self.validated.extend(validated.map(<[f64]>::to_vec));
    }

    /// Number of epochs.
    pub fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Whether there was no epoch.
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }

    /// Names of all columns: `loss`, the metrics, and those with `val_` before them if there was validation.
    pub fn names(&self) -> Vec<String> {
        let validated = self.names.iter().map(|name| format!("val_{name}"));
        let validated = validated.filter(|_| !self.validated.is_empty());
        self.names.iter().cloned().chain(validated).collect()
    }

    /// A column by name, for example `val_loss`: a value for each epoch.
    pub fn get(&self, name: &str) -> Option<Vec<f64>> {
        let (rows, name) = match name.strip_prefix("val_") {
            Some(name) => (&self.validated, name),
            None => (&self.trained, name),
        };
        let at = self.names.iter().position(|other| other == name)?;
        (!rows.is_empty()).then(|| rows.iter().map(|row| row[at]).collect())
    }

    /// Wall-clock seconds of each epoch, validation included.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// The last epoch as Keras prints it: `loss: 0.1234 - accuracy: 0.9876 - val_loss: ...`.
    pub fn last(&self) -> String {
        let value =
            |name: &String| self.get(name).and_then(|column| column.last().copied()).unwrap_or(f64::NAN);
        let parts: Vec<String> =
            self.names().iter().map(|name| format!("{name}: {:.4}", value(name))).collect();
        parts.join(" - ")
    }

    fn rows(&self) -> impl Iterator<Item = (usize, Vec<f64>)> + '_ {
        self.epochs.iter().enumerate().map(|(i, epoch)| {
            let validated = self.validated.get(i).into_iter().flatten();
            (*epoch, self.trained[i].iter().chain(validated).copied().collect())
        })
    }

    /// Writes a table with a line for each epoch, values separated by commas.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    pub fn to_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut text = format!("epoch,{}\n", self.names().join(","));
        for (epoch, values) in self.rows() {
            let values: Vec<String> = values.iter().map(f64::to_string).collect();
            let _ = writeln!(text, "{epoch},{}", values.join(","));
        }
        write_whole(path.as_ref(), text.as_bytes())
    }

    /// Writes an object with a list for each column, as `history.history` of Keras.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    pub fn to_json(&self, path: impl AsRef<Path>) -> Result<()> {
        let columns = self.names().into_iter().map(|name| {
            // JSON has no NaN and no infinity.
            let number = |value: &f64| if value.is_finite() { value.to_string() } else { "null".into() };
            let values: Vec<String> = self.get(&name).unwrap_or_default().iter().map(number).collect();
            format!("  \"{name}\": [{}]", values.join(", "))
        });
        let text = format!("{{\n{}\n}}\n", columns.collect::<Vec<_>>().join(",\n"));
        write_whole(path.as_ref(), text.as_bytes())
    }

    /// Draws loss and metrics over the epochs, for training and validation, to an SVG file.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    #[cfg(feature = "plot")]
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::view::plot_history(self, path.as_ref())
    }

    /// Names without those of validation.
    #[cfg(feature = "plot")]
    pub(crate) fn measures(&self) -> &[String] {
        &self.names
    }

    /// Numbers of the epochs.
    #[cfg(feature = "plot")]
    pub(crate) fn epochs(&self) -> &[usize] {
        &self.epochs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_files() {
        let mut history = History::new(vec!["loss".into(), "accuracy".into()]);
        history.push(0, 1.0, &[0.5, 0.8], Some(&[0.6, 0.7]));
        history.push(1, 1.0, &[0.25, 0.9], Some(&[f64::NAN, 0.75]));
        assert_eq!(history.get("val_accuracy"), Some(vec![0.7, 0.75]));
        assert_eq!(history.get("precision"), None);
        let folder = std::env::temp_dir().join(format!("keras-history-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (csv, json) = (folder.join("h.csv"), folder.join("h.json"));
        history.to_csv(&csv).unwrap();
        history.to_json(&json).unwrap();
        assert_eq!(std::fs::read_to_string(csv).unwrap().lines().nth(1), Some("0,0.5,0.8,0.6,0.7"));
        assert!(std::fs::read_to_string(json).unwrap().contains("\"val_loss\": [0.6, null]"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
