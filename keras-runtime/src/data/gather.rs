//! Rows of a data set as `f32` words of a batch.

use super::tensor::{Element, Tensor, Values, VisitValues};
use crate::device::cpu::split::{Shared, ranges};

/// Which samples make up a batch.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    /// Samples `[start, start + len)`.
    Range {
        /// The first.
        start: usize,
        /// How many.
        len: usize,
    },
    /// These samples, in this order.
    Indices(&'a [u32]),
}

impl Selection<'_> {
    /// Samples selected.
    pub fn len(&self) -> usize {
        match self {
            Selection::Range { len, .. } => *len,
            Selection::Indices(indices) => indices.len(),
        }
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Words below which threads cost more than they bring.
const SERIAL_BELOW: usize = 1 << 15;

/// The selected samples of `tensor`, if they lie there as a batch has them.
pub(crate) fn in_place<'a>(tensor: &'a Tensor<'_>, rows: Selection<'_>) -> Option<&'a [f32]> {
    let width = tensor.shape().width();
    match (tensor.values(), rows) {
        (Values::F32(words), Selection::Range { start, len }) => {
            Some(&words[start * width..(start + len) * width])
        }
        _ => None,
    }
}

/// Copies the selected samples of `tensor` into `batch`, as `f32`.
pub(crate) fn gather(tensor: &Tensor<'_>, rows: Selection<'_>, batch: &mut [f32], threads: usize) {
    tensor.values().visit(Gather { width: tensor.shape().width(), rows, batch, threads });
}

struct Gather<'a> {
    width: usize,
    rows: Selection<'a>,
    batch: &'a mut [f32],
    threads: usize,
}

impl VisitValues for Gather<'_> {
    type Output = ();

    fn values<T: Element>(self, values: &[T]) {
        let Gather { width, rows, batch, threads } = self;
        if width == 0 {
            return;
        }
        assert_eq!(batch.len(), rows.len() * width, "a batch has as many rows as are selected");
        let threads = if batch.len() < SERIAL_BELOW { 1 } else { threads };
        let words = Shared(batch.as_mut_ptr());
        // As a pass divides its samples: a thread then finds those that it works on in its cache.
        ranges(rows.len(), 1, threads, &|own| {
            // SAFETY: ranges have nothing in common, and by the assertion all are rows of `batch`.
            let batch = unsafe {
                std::slice::from_raw_parts_mut(words.get().add(own.start * width), own.len() * width)
            };
            match rows {
                Selection::Range { start, .. } => {
                    convert(&values[(start + own.start) * width..(start + own.end) * width], batch);
                }
                Selection::Indices(indices) => {
                    for (&row, words) in indices[own].iter().zip(batch.chunks_exact_mut(width)) {
                        convert(&values[row as usize * width..][..width], words);
                    }
                }
            }
        });
    }
}

fn convert<T: Element>(values: &[T], words: &mut [f32]) {
    for (word, value) in words.iter_mut().zip(values) {
        *word = value.to_f32();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::tensor::IntoTensor;
    use ndarray::Array2;

    #[test]
    fn picks_rows_in_order() {
        let x = Array2::from_shape_fn((4, 3), |(i, j)| (10 * i + j) as u8);
        let mut batch = [0.0; 6];
        gather(&(&x).into_tensor(), Selection::Indices(&[3, 1]), &mut batch, 1);
        assert_eq!(batch, [30.0, 31.0, 32.0, 10.0, 11.0, 12.0]);
        gather(&(&x).into_tensor(), Selection::Range { start: 1, len: 2 }, &mut batch, 1);
        assert_eq!(batch, [10.0, 11.0, 12.0, 20.0, 21.0, 22.0]);
    }

    #[test]
    fn threads_do_not_change_the_rows() {
        let x = Array2::from_shape_fn((300, 200), |(i, j)| (1000 * i + j) as i64);
        let rows: Vec<u32> = (0..300).rev().collect();
        let (mut one, mut three) = (vec![0.0; 60_000], vec![0.0; 60_000]);
        gather(&(&x).into_tensor(), Selection::Indices(&rows), &mut one, 1);
        gather(&(&x).into_tensor(), Selection::Indices(&rows), &mut three, 3);
        assert_eq!(one, three);
        assert_eq!(one[0], 299_000.0);
        for threads in [1, 2, 3, 16] {
            three.fill(0.0);
            let range = Selection::Range { start: 7, len: 201 };
            gather(&(&x).into_tensor(), range, &mut three[..201 * 200], threads);
            assert!(
                (0..201 * 200).all(|at| three[at] == (1000 * (7 + at / 200) + at % 200) as f32),
                "{threads}"
            );
        }
    }
}
