//! What `fit` gives: losses and metrics of every epoch.

use std::fmt::Write as _;
use std::path::Path;

use crate::callback::Logs;
use crate::error::Result;
use crate::io::write_whole;

/// Losses and metrics of every epoch, and what callbacks add to them.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    epochs: Vec<usize>,
    seconds: Vec<f64>,
    /// Columns in the order in which they came up: a value for each epoch that has one, by its place in `epochs`.
    columns: Vec<(String, Vec<(usize, f64)>)>,
}

impl History {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let columns = names.into_iter().map(|name| (name, vec![])).collect();
        History { epochs: vec![], seconds: vec![], columns }
    }

    pub(crate) fn push(&mut self, epoch: usize, seconds: f64, logs: &Logs) {
        let at = self.epochs.len();
        self.epochs.push(epoch);
        self.seconds.push(seconds);
        for (name, value) in logs.iter() {
            match self.columns.iter_mut().find(|(other, _)| other == name) {
                Some((_, values)) => values.push((at, value)),
                None => self.columns.push((name.into(), vec![(at, value)])),
            }
        }
    }

    /// Puts the values of the last epoch in place of `logs`, if there was an epoch.
    pub(crate) fn last_logs(&self, logs: &mut Logs) {
        let Some(last) = self.len().checked_sub(1) else { return };
        for (name, values) in &self.columns {
            if let Some((_, value)) = values.last().filter(|(at, _)| *at == last) {
                logs.insert(name, *value);
            }
        }
    }

    /// What a checkpoint keeps: names of entries, and their numbers.
    pub(crate) fn entries(&self) -> Vec<(String, String)> {
        let joined = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(" ");
        let mut entries = vec![
            ("epochs".into(), joined(&mut self.epochs.iter().map(usize::to_string))),
            ("seconds".into(), joined(&mut self.seconds.iter().map(f64::to_string))),
        ];
        for (i, (name, values)) in self.columns.iter().enumerate() {
            let values = joined(&mut values.iter().map(|(at, value)| format!("{at}:{value}")));
            entries.push((format!("{i}:{name}"), values));
        }
        entries
    }

    /// What [`History::entries`] gave, in any order.
    pub(crate) fn from_entries<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut history = History::new(vec![]);
        let mut columns = vec![];
        for (name, numbers) in entries {
            let mut numbers = numbers.split_whitespace();
            match name {
                "epochs" => history.epochs = numbers.map(|x| x.parse().ok()).collect::<Option<_>>()?,
                "seconds" => history.seconds = numbers.map(|x| x.parse().ok()).collect::<Option<_>>()?,
                _ => {
                    let (place, name) = name.split_once(':')?;
                    let point = |text: &str| {
                        let (at, value) = text.split_once(':')?;
                        Some((at.parse().ok()?, value.parse().ok()?))
                    };
                    let points: Option<Vec<(usize, f64)>> = numbers.by_ref().map(point).collect();
                    columns.push((place.parse::<usize>().ok()?, name.to_string(), points?));
                }
            }
        }
        let epochs = history.epochs.len();
        let fits = |points: &[(usize, f64)]| {
            points.windows(2).all(|pair| pair[0].0 < pair[1].0) && points.iter().all(|(at, _)| *at < epochs)
        };
        if history.seconds.len() != epochs || !columns.iter().all(|(_, _, points)| fits(points)) {
            return None;
        }
        columns.sort_by_key(|(place, _, _)| *place);
        history.columns = columns.into_iter().map(|(_, name, points)| (name, points)).collect();
        Some(history)
    }

    /// Number of epochs.
    pub fn len(&self) -> usize {
        self.epochs.len()
    }

    /// Whether there was no epoch.
    pub fn is_empty(&self) -> bool {
        self.epochs.is_empty()
    }

    /// Names of all columns: `loss`, the metrics, those with `val_` before them if there was validation, and what callbacks
    /// added.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(name, _)| name.clone()).collect()
    }

    fn column(&self, name: &str) -> Option<&[(usize, f64)]> {
        let (_, values) = self.columns.iter().find(|(other, _)| other == name)?;
        (!values.is_empty()).then_some(&values[..])
    }

    /// A column by name, for example `val_loss`: a value for each epoch that has one.
    pub fn get(&self, name: &str) -> Option<Vec<f64>> {
        self.column(name).map(|values| values.iter().map(|(_, value)| *value).collect())
    }

    /// Wall-clock seconds of each epoch, validation included.
    pub fn seconds(&self) -> &[f64] {
        &self.seconds
    }

    /// The last epoch as Keras prints it: `loss: 0.1234 - accuracy: 0.9876 - val_loss: ...`.
    pub fn last(&self) -> String {
        let last = self.len().wrapping_sub(1);
        let ends = self.columns.iter().filter_map(|(name, values)| values.last().map(|end| (name, end)));
        // A step size would be nothing but zeros with four digits.
        let part = |name: &str, value: f64| match name.starts_with("learning_rate") {
            true => format!("{name}: {value:.4e}"),
            false => format!("{name}: {value:.4}"),
        };
        let parts = ends.filter(|(_, (at, _))| *at == last).map(|(name, (_, value))| part(name, *value));
        parts.collect::<Vec<_>>().join(" - ")
    }

    /// The values of each epoch, where it has them.
    fn rows(&self) -> impl Iterator<Item = (usize, Vec<Option<f64>>)> + '_ {
        self.epochs.iter().enumerate().map(|(i, epoch)| {
            let value = |values: &[(usize, f64)]| {
                values.binary_search_by_key(&i, |(at, _)| *at).ok().map(|found| values[found].1)
            };
            (*epoch, self.columns.iter().map(|(_, values)| value(values)).collect())
        })
    }

    /// Writes a table with a line for each epoch, values separated by commas; nothing stands where an epoch has no value.
    ///
    /// # Errors
    /// When the file cannot be written; one that was there before is then as it was.
    pub fn to_csv(&self, path: impl AsRef<Path>) -> Result<()> {
        let mut text = format!("epoch,{}\n", self.names().join(","));
        for (epoch, values) in self.rows() {
            let values: Vec<String> =
                values.iter().map(|value| value.map_or(String::new(), |value| value.to_string())).collect();
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
    pub(crate) fn measures(&self) -> Vec<String> {
        self.names().into_iter().filter(|name| !name.starts_with("val_")).collect()
    }

    /// A column by name: numbers of epochs from 1 on, and the values there.
    #[cfg(feature = "plot")]
    pub(crate) fn curve(&self, name: &str) -> Option<Vec<(f64, f64)>> {
        let points = self.column(name)?.iter();
        Some(points.map(|(at, value)| (self.epochs[*at] as f64 + 1.0, *value)).collect())
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

    fn logs(values: &[(&str, f64)]) -> Logs {
        let mut logs = Logs::default();
        values.iter().for_each(|(name, value)| logs.insert(name, *value));
        logs
    }

    #[test]
    fn columns_and_files() {
        let mut history = History::new(vec!["loss".into(), "accuracy".into()]);
        assert_eq!(history.get("loss"), None);
        let first = [("loss", 0.5), ("accuracy", 0.8), ("val_loss", 0.6), ("val_accuracy", 0.7)];
        let third = [("loss", 0.25), ("accuracy", 0.9), ("val_loss", f64::NAN), ("val_accuracy", 0.75)];
        history.push(0, 1.0, &logs(&first));
        history.push(1, 1.0, &logs(&first[..2]));
        assert_eq!(history.last(), "loss: 0.5000 - accuracy: 0.8000");
        history.push(2, 1.0, &logs(&third));
        assert_eq!(history.get("val_accuracy"), Some(vec![0.7, 0.75]));
        assert_eq!(history.get("precision"), None);
        let folder = std::env::temp_dir().join(format!("keras-history-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (csv, json) = (folder.join("h.csv"), folder.join("h.json"));
        history.to_csv(&csv).unwrap();
        history.to_json(&json).unwrap();
        let text = std::fs::read_to_string(csv).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, ["0,0.5,0.8,0.6,0.7", "1,0.5,0.8,,", "2,0.25,0.9,NaN,0.75"]);
        assert!(std::fs::read_to_string(json).unwrap().contains("\"val_loss\": [0.6, null]"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
