//! Two data sets of one.

use std::sync::Arc;

use super::dataset::Dataset;
use super::samples::{Sample, Samples};
use crate::error::{Error, Result};
use crate::random::Philox;

/// How large a part is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// So many samples.
    Samples(usize),
    /// This share of them, rounded.
    Share(f64),
}

/// The first samples of a data set, and the last (`keras.utils.split_dataset`): at least one of both sizes is given, the other is
/// what is left. With `shuffle`, a seed, samples are in a random order before. What was said of maps, orders and batches holds
/// for both.
///
/// ```
/// use keras_runtime::data::{Dataset, Size, split_dataset};
/// let dataset = Dataset::from_arrays(vec![0.5f32; 10], vec![1u8; 10])?;
/// let (left, right) = split_dataset(dataset, Some(Size::Share(0.8)), None, Some(42))?;
/// assert_eq!((left.len(), right.len()), (8, 2));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When no size is given, or one that leaves a part empty or is more than there is.
pub fn split_dataset(
    dataset: Dataset,
    left_size: Option<Size>,
    right_size: Option<Size>,
    shuffle: Option<u64>,
) -> Result<(Dataset, Dataset)> {
    let len = dataset.len();
    let samples = |name, size: Option<Size>| {
        let wrong = |found: String| {
            let expected = format!("from 1 to {}, or a share between 0 and 1", len - 1);
            Error::Setting { name, expected, found }
        };
        match size {
            Some(Size::Samples(samples)) if samples == 0 || samples >= len => Err(wrong(samples.to_string())),
            Some(Size::Share(share)) if !(share > 0.0 && share < 1.0) => Err(wrong(share.to_string())),
            Some(Size::Samples(samples)) => Ok(Some(samples)),
            // As Python rounds: a half goes to the even number.
            Some(Size::Share(share)) => Ok(Some((share * len as f64).round_ties_even() as usize)),
            None => Ok(None),
        }
    };
    let (left, right) = match (samples("left_size", left_size)?, samples("right_size", right_size)?) {
        (Some(left), Some(right)) => (left, right),
        (Some(left), None) => (left, len - left),
        (None, Some(right)) => (len - right, right),
        (None, None) => {
            let expected = "given, or `right_size`".into();
            return Err(Error::Setting { name: "left_size", expected, found: "none".into() });
        }
    };
    if left == 0 || right == 0 || left + right > len {
        let expected = format!("two parts of {len} samples, none of them empty");
        return Err(Error::Setting { name: "left_size", expected, found: format!("{left} and {right}") });
    }
    dataset.parts(left, right, shuffle)
}

/// Samples in another order.
#[derive(Debug)]
pub(super) struct Reordered {
    samples: Arc<dyn Samples>,
    order: Vec<u32>,
}

/// Streams of random numbers for such orders.
const REORDERS: u64 = 1 << 35;

impl Reordered {
    pub fn new(samples: Arc<dyn Samples>, rows: std::ops::Range<usize>, seed: u64) -> Self {
        let mut order: Vec<u32> = rows.map(|row| row as u32).collect();
        Philox::new(seed, REORDERS).shuffle(&mut order);
        Reordered { samples, order }
    }
}

impl Samples for Reordered {
    fn len(&self) -> usize {
        self.order.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        self.samples.sample(self.order[index] as usize)
    }
}
