//! Rows of a table by their indices, and the gradient of the table.

use std::ops::Range;

use super::pass::{Pass, Rows, record};
use super::split::{self, Shared};
use crate::compiled::Buf;

/// Words that are added up below which threads cost more than they bring.
const SERIAL_BELOW: usize = 1 << 16;

/// Words of a cache's line: columns are cut at multiples of it.
const COLUMNS: usize = 16;

/// The row that a word of an index means. One that names no row means the nearest: what the data may hold is checked
/// where they come in, and a kernel never reads past its table.
fn row_of(index: f32, rows: usize) -> usize {
    // A negative number and NaN become 0.
    (index as usize).min(rows - 1)
}

impl Rows<'_, '_> {
    /// `into = 0, 1, ..`, of `count` words, which do not depend on the sample.
    pub fn iota(&self, into: Buf, count: usize) {
        record!(self.pass, Kernel::Iota { into, count });
        let into = self.at_sample(into, 0);
        for i in 0..count {
            // SAFETY: the plan places the words.
            unsafe { *into.add(i) = i as f32 };
        }
    }

    /// `into = numbers`, which do not depend on the sample.
    pub fn numbers(&self, into: Buf, numbers: &[f32]) {
        record!(self.pass, Kernel::Numbers { into, numbers: numbers.to_vec() });
        let into = self.at_sample(into, 0);
        // SAFETY: the plan places the words.
        unsafe { into.copy_from_nonoverlapping(numbers.as_ptr(), numbers.len()) };
    }

    /// `into` = the rows, of `width` words, that the `count` words of `index` of each sample name.
    pub fn gather(&self, table: Buf, index: Buf, into: Buf, count: usize, rows: usize, width: usize) {
        record!(self.pass, Kernel::Gather { table, index, into, count, rows, width });
        let table = self.at_sample(table, 0);
        for sample in self.range.clone() {
            let (index, into) = (self.at_sample(index, sample), self.at_sample(into, sample));
            for i in 0..count {
                // SAFETY: `row_of` is a row of the table; the plan places the others, and keeps `into` apart.
                unsafe {
                    let row = row_of(*index.add(i), rows);
                    into.add(i * width).copy_from_nonoverlapping(table.add(row * width), width);
                }
            }
        }
    }
}

impl Pass<'_> {
    /// `into[row]` = the sum of the rows of `dy` whose word of `index` names it: in the order of the samples, whatever
    /// the number of threads, which divide the rows of `into` or its columns. There are `count` words for each sample, or in all.
    #[allow(clippy::too_many_arguments)]
    pub fn scatter_add(
        &mut self,
        batched: bool,
        index: Buf,
        dy: Buf,
        into: Buf,
        count: usize,
        rows: usize,
        width: usize,
    ) {
        record!(self, Kernel::ScatterAdd { batched, index, dy, into, count, rows, width });
        let (all, total) = (self.all(), if batched { self.batch * count } else { count });
        let [index, dy, into] = [index, dy, into].map(|buf| Shared(all.at_sample(buf, 0)));
        let threads = if total * width < SERIAL_BELOW { 1 } else { self.threads };
        let zero = |own: Range<usize>| {
            // SAFETY: each thread has rows of its own.
            unsafe { into.get().add(own.start * width).write_bytes(0, own.len() * width) };
        };
        let add = |rows_of_own: Range<usize>, columns: Range<usize>| {
            for i in 0..total {
                // SAFETY: each thread has rows or columns of its own; the plan places the operands.
                unsafe {
                    let row = row_of(*index.get().add(i), rows);
                    if rows_of_own.contains(&row) {
                        let (from, to) = (dy.get().add(i * width), into.get().add(row * width));
                        columns.clone().for_each(|j| *to.add(j) += *from.add(j));
                    }
                }
            }
        };
        // Some rows are named far more often than others, as words are: columns divide the work evenly, if there are enough.
        if width >= COLUMNS * threads {
            split::ranges(rows, 1, threads, &zero);
            split::ranges(width, COLUMNS, threads, &|own| add(0..rows, own));
        } else {
            split::ranges(rows, 1, threads, &|own| {
                zero(own.clone());
                add(own, 0..width);
            });
        }
    }
}
