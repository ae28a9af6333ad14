//! A model as a table, after Keras's.

use std::fmt;

use super::diagram::diagram;
use super::rows::{Row, rows};
use crate::compiled::Spec;
use crate::error::{Error, Result, batched};

/// Layers, shapes, parameters and memory of a model. Print it.
///
/// ```
/// use keras_runtime::prelude::*;
///
/// keras_model! {
///     Encoder = dense(8, relu, input = 4) >> dense(2)
///     Pair(a: [4], b: [4]) { abs((a >> Encoder) - (b >> Encoder(trainable = false))) }
/// }
/// let summary = Pair::new(0).summary().expand_nested().show_trainable();
/// assert!(summary.to_string().contains("encoder_1/dense (Dense)"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    spec: &'static Spec,
    nested: bool,
    trainable: bool,
    /// The first and the last layer that are listed.
    range: Option<[&'static str; 2]>,
}

impl Summary {
    /// The summary of a model.
    pub fn new(spec: &'static Spec) -> Self {
        Summary { spec, nested: false, trainable: false, range: None }
    }

    /// Also lists the layers of the models and cells that the model contains.
    pub fn expand_nested(self) -> Self {
        Summary { nested: true, ..self }
    }

    /// Lists layers from `first` to `last` alone, both of them and in either order; the counts stay those of the whole model.
    /// With [`Summary::expand_nested`] before it, layers within models have names too.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Deep = dense(8, relu, input = 4) >> dense(6) >> dense(5) >> dense(2) }
    /// let part = Deep::new(0).summary().layer_range("dense_1", "dense_2")?.to_string();
    /// assert!(part.contains("dense_2") && !part.contains("dense_3"));
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the model has no layer of such a name.
    pub fn layer_range(self, first: &str, last: &str) -> Result<Self> {
        let rows = rows(self.spec, self.nested);
        let place = |name: &str| {
            rows.iter().position(|row| row.name == name).ok_or_else(|| Error::Unknown {
                kind: "layer",
                name: name.into(),
                known: rows.iter().map(|row| row.name).collect::<Vec<_>>().join(", "),
            })
        };
        let (first, last) = (place(first)?, place(last)?);
        Ok(Summary { range: Some([rows[first.min(last)].name, rows[first.max(last)].name]), ..self })
    }

    /// The rows that are not listed are taken away.
    fn keep_range(&self, layers: &mut Vec<Row>) {
        let place = |layers: &[Row], name| layers.iter().position(|layer| layer.name == name);
        if let Some([first, last]) = self.range {
            layers.truncate(place(layers, last).map_or(layers.len(), |last| last + 1));
            layers.drain(..place(layers, first).unwrap_or(0));
        }
    }

    /// Draws the model, or its [`layer_range`](Summary::layer_range), into an SVG file, as Keras's `plot_model`: a box for each
    /// layer, below all that feed it.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! {
    ///     Pair(a: [4], b: [4]) { let tower = dense(8, relu); concatenate(a >> tower, b >> tower) >> dense(1) }
    /// }
    /// let path = std::env::temp_dir().join("pair.svg");
    /// Pair::new(0).summary().plot(&path)?;
    /// # assert!(std::fs::read_to_string(&path).unwrap().contains("concatenate"));
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written; nothing is left of it then.
    pub fn plot(self, path: impl AsRef<std::path::Path>) -> Result<()> {
        let mut rows = rows(self.spec, self.nested);
        if self.range.is_none() && !rows.iter().any(|row| row.kind == "InputLayer") {
            rows.splice(0..0, self.spec.inputs.iter().map(Row::of_input));
        }
        self.keep_range(&mut rows);
        crate::io::write_whole(path.as_ref(), diagram(self.spec, rows, self.trainable).as_bytes())
    }

    /// Also tells which layers are trained: in a column of the table, or in the boxes of those that are not.
    pub fn show_trainable(self) -> Self {
        Summary { trainable: true, ..self }
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    groups.join(",")
}

/// Bytes as Keras writes them: `918.54 KB`.
fn bytes(n: usize) -> String {
    let mut size = n as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} TB")
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = self.spec;
        // A chain speaks for itself; a graph tells what feeds what.
        let mut layers = rows(spec, self.nested);
        let first = layers.iter().take_while(|layer| layer.kind == "InputLayer").count();
        let rest = &layers[first..];
        let is_chain = spec.inputs.len() == 1
            && !rest.iter().any(|layer| layer.open)
            && rest.windows(2).all(|pair| pair[1].inputs == [pair[0].name]);
        if is_chain && self.range.is_none() {
            layers.drain(..first);
        }
        self.keep_range(&mut layers);
        let mut header = vec!["Layer (type)".to_string(), "Output Shape".into(), "Param #".into()];
        if self.trainable {
            header.push("Trainable".into());
        }
        if !is_chain {
            header.push("Connected to".into());
        }
        let mut rows = vec![header];
        for layer in layers {
            let name = format!("{}{} ({})", "  ".repeat(layer.depth), layer.name, layer.kind);
            let mut row = vec![name, batched(layer.output), grouped(layer.params(spec))];
            if self.trainable {
                row.push(layer.trainable(spec).to_string());
            }
            if !is_chain {
                row.push(layer.inputs.join(", "));
            }
            rows.push(row);
        }
        let columns = rows[0].len();
        let widths: Vec<usize> =
            (0..columns).map(|c| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0)).collect();
        let rule = |left: &str, middle: &str, right: &str, line: &str| {
            let parts: Vec<String> = widths.iter().map(|width| line.repeat(width + 2)).collect();
            format!("{left}{}{right}", parts.join(middle))
        };
        writeln!(f, "Model: \"{}\"", spec.name)?;
        writeln!(f, "{}", rule("┏", "┳", "┓", "━"))?;
        for (i, row) in rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate().map(|(c, (cell, width))| match c {
                2 => format!(" {cell:>width$} "),
                _ => format!(" {cell:<width$} "),
            });
            let cells: Vec<String> = cells.collect();
            match i {
                0 => writeln!(f, "┃{}┃", cells.join("┃"))?,
                _ => writeln!(f, "│{}│", cells.join("│"))?,
            }
            match i {
                0 => writeln!(f, "{}", rule("┡", "╇", "┩", "━"))?,
                i if i + 1 < rows.len() => writeln!(f, "{}", rule("├", "┼", "┤", "─"))?,
                _ => writeln!(f, "{}", rule("└", "┴", "┘", "─"))?,
            }
        }
        let of = |trainable: Option<bool>| {
            let wanted = spec.weights.iter().filter(|weight| trainable.is_none_or(|t| weight.trainable == t));
            wanted.map(|weight| weight.shape.iter().product::<usize>()).sum::<usize>()
        };
        for (what, count) in
            [("Total", of(None)), ("Trainable", of(Some(true))), ("Non-trainable", of(Some(false)))]
        {
            writeln!(f, " {what} params: {} ({})", grouped(count), bytes(4 * count))?;
        }
        let (infer, train) = (&spec.infer, &spec.train);
        let phase = |p: &crate::compiled::Phase| match p.fixed_words {
            0 => format!("{} a sample", bytes(4 * p.arena_words)),
            fixed => format!("{} a sample and {}", bytes(4 * p.arena_words), bytes(4 * fixed)),
        };
        writeln!(f, " Memory: {} to predict, {} to train", phase(infer), phase(train))?;
        write!(
            f,
            " Multiply-adds: {} a sample to predict, {} to train",
            grouped(infer.flops / 2),
            grouped(train.flops / 2)
        )
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers() {
        assert_eq!(super::grouped(235_146), "235,146");
        assert_eq!(super::grouped(7), "7");
        assert_eq!(super::bytes(940_584), "918.54 KB");
        assert_eq!(super::bytes(0), "0.00 B");
    }
}
