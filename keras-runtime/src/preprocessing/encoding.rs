//! Numbers of categories in the forms that Keras's preprocessing layers give (`output_mode`).

use ndarray::{Array2, ArrayD, IxDyn};

use crate::error::{Error, Result};

/// In which form categories are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputMode {
    /// Their numbers.
    #[default]
    Int,
    /// For each of them a vector with 1 in its place.
    OneHot,
    /// For each row a vector with 1 in the places of those that are there.
    MultiHot,
    /// For each row how often each is there.
    Count,
    /// The same, times how rare it is.
    TfIdf,
}

/// The place of a category, or nothing where it has none.
pub(super) type Cell = Option<usize>;

/// Rows that must have one length as an array.
pub(super) fn rectangle<T: Copy>(rows: &[Vec<T>]) -> Result<Array2<T>> {
    let width = rows.first().map_or(0, Vec::len);
    if let Some(row) = rows.iter().find(|row| row.len() != width) {
        return Err(Error::Shape {
            what: "rows of categories".into(),
            expected: format!("{width} in each, as in the first"),
            found: row.len().to_string(),
            help: "`pad_sequences` makes them as long as each other".into(),
        });
    }
    Array2::from_shape_vec((rows.len(), width), rows.concat()).map_err(|error| Error::Shape {
        what: "rows of categories".into(),
        expected: format!("{width} in each"),
        found: error.to_string(),
        help: String::new(),
    })
}

/// Rows of places below `depth` in a form; `weights` are those of [`OutputMode::TfIdf`].
pub(super) fn encode(
    rows: &[Vec<Cell>],
    depth: usize,
    mode: OutputMode,
    weights: Option<&[f32]>,
) -> Result<ArrayD<f32>> {
    match mode {
        OutputMode::Int => {
            Ok(rectangle(rows)?.mapv(|cell| cell.map_or(-1.0, |place| place as f32)).into_dyn())
        }
        OutputMode::OneHot => {
            let cells = rectangle(rows)?;
            let shape: Vec<usize> = match cells.dim() {
                (rows, 1) => vec![rows, depth],
                (rows, width) => vec![rows, width, depth],
            };
            let mut words = vec![0.0; cells.len() * depth];
            for (i, cell) in cells.iter().enumerate() {
                if let Some(place) = cell.filter(|place| *place < depth) {
                    words[i * depth + place] = 1.0;
                }
            }
            Ok(ArrayD::from_shape_vec(IxDyn(&shape), words).unwrap_or_default())
        }
        OutputMode::MultiHot | OutputMode::Count | OutputMode::TfIdf => {
            let mut all = Array2::zeros((rows.len(), depth));
            for (row, mut to) in rows.iter().zip(all.outer_iter_mut()) {
                for place in row.iter().flatten().filter(|place| **place < depth) {
                    to[*place] = if mode == OutputMode::MultiHot { 1.0 } else { to[*place] + 1.0 };
                }
                if let Some(weights) = weights {
                    to.iter_mut().zip(weights).for_each(|(count, weight)| *count *= weight);
                }
            }
            Ok(all.into_dyn())
        }
    }
}
