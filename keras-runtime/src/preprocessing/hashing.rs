//! Categories without a vocabulary: their hashes are their numbers (`keras.layers.Hashing`, `keras.layers.HashedCrossing`).
//!
//! The hashes are TensorFlow's, which Keras computes them with on all of its backends: FarmHash's `Fingerprint64`, and SipHash-2-4
//! where there is a salt.

use std::borrow::Cow;
use std::hash::Hasher;

use ndarray::{Array2, ArrayD};
use siphasher::sip::SipHasher24;

use super::encoding::{Cell, OutputMode, encode};
use crate::error::{Error, Result};

/// A category: text or a whole number.
pub trait Category: Clone + PartialEq {
    /// The text that is hashed; a number's decimal digits.
    fn text(&self) -> Cow<'_, str>;

    /// What stands for it where categories are crossed: a number itself, or the fingerprint of a text.
    fn feature(&self) -> u64 {
        farmhash::fingerprint64(self.text().as_bytes())
    }
}

impl Category for &str {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

impl Category for String {
    fn text(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! numbers {
    ($($type:ty)*) => { $(impl Category for $type {
        fn text(&self) -> Cow<'_, str> {
            Cow::Owned(self.to_string())
        }

        fn feature(&self) -> u64 {
            *self as u64
        }
    })* };
}

numbers! { i64 i32 i16 i8 u32 u16 u8 }

/// The bin of a text among so many, with a salt or without.
pub(super) fn bin(text: &str, bins: u64, salt: Option<[u64; 2]>) -> u64 {
    let hash = match salt {
        None => farmhash::fingerprint64(text.as_bytes()),
        Some([first, second]) => {
            let mut hasher = SipHasher24::new_with_keys(first, second);
            hasher.write(text.as_bytes());
            hasher.finish()
        }
    };
    hash % bins
}

/// Puts categories into bins by their hash (`keras.layers.Hashing`).
///
/// ```
/// use keras_runtime::preprocessing::hashing::Hashing;
///
/// let hashing = Hashing::new(3);
/// assert_eq!(hashing.indices(&[["A"], ["B"], ["C"], ["D"], ["E"]])?, ndarray::array![[1], [0], [1], [1], [2]]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hashing<K> {
    /// How many bins there are.
    pub num_bins: u32,
    /// What is put into bin 0, which then holds nothing else.
    pub mask_value: Option<K>,
    /// Two numbers that make the hash another; `[salt, salt]` where Keras is given one.
    pub salt: Option<[u64; 2]>,
    /// What [`Hashing::encode`] gives: all but [`OutputMode::TfIdf`].
    pub output_mode: OutputMode,
}

impl<K: Category> Hashing<K> {
    /// So many bins, without a mask or salt.
    pub fn new(num_bins: u32) -> Self {
        Hashing { num_bins, mask_value: None, salt: None, output_mode: OutputMode::Int }
    }

    fn check(&self) -> Result<()> {
        at_least_one_bin(self.num_bins)?;
        if self.output_mode == OutputMode::TfIdf {
            let expected = "int, one-hot, multi-hot or count".into();
            return Err(Error::Setting { name: "output_mode", expected, found: "tf-idf".into() });
        }
        Ok(())
    }

    fn bin(&self, category: &K) -> u32 {
        let text = category.text();
        // Bins and their numbers have 32 bits.
        match self.mask_value.as_ref().filter(|_| self.num_bins > 1) {
            Some(mask) if mask == category => 0,
            Some(_) => 1 + bin(&text, u64::from(self.num_bins) - 1, self.salt) as u32,
            None => bin(&text, self.num_bins.into(), self.salt) as u32,
        }
    }

    /// The bins of rows of categories, all of one length.
    ///
    /// # Errors
    /// When there is no bin, or rows have different lengths.
    pub fn indices(&self, rows: &[impl AsRef<[K]>]) -> Result<Array2<u32>> {
        self.check()?;
        let bins: Vec<Vec<u32>> =
            rows.iter().map(|row| row.as_ref().iter().map(|category| self.bin(category)).collect()).collect();
        super::encoding::rectangle(&bins)
    }

    /// The bins of rows of categories in the form that `output_mode` says: `[rows, length]` numbers, `[rows, length, bins]` for
    /// one-hot (`[rows, bins]` for rows of one category), `[rows, bins]` otherwise.
    ///
    /// # Errors
    /// When there is no bin, or the mode asks for rows of one length and they are not.
    pub fn encode(&self, rows: &[impl AsRef<[K]>]) -> Result<ArrayD<f32>> {
        self.check()?;
        let cells: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| row.as_ref().iter().map(|category| Some(self.bin(category) as usize)).collect())
            .collect();
        encode(&cells, self.num_bins as usize, self.output_mode, None)
    }
}

fn at_least_one_bin(num_bins: u32) -> Result<()> {
    match num_bins {
        0 => Err(Error::Setting { name: "num_bins", expected: "at least 1".into(), found: "0".into() }),
        _ => Ok(()),
    }
}

/// A column of categories, one for each sample.
#[derive(Debug, Clone, Copy)]
pub enum Column<'a> {
    /// Texts.
    Text(&'a [&'a str]),
    /// Whole numbers.
    Integers(&'a [i64]),
}

impl Column<'_> {
    fn len(&self) -> usize {
        match self {
            Column::Text(texts) => texts.len(),
            Column::Integers(numbers) => numbers.len(),
        }
    }

    fn feature(&self, row: usize) -> u64 {
        match self {
            Column::Text(texts) => texts[row].feature(),
            Column::Integers(numbers) => numbers[row].feature(),
        }
    }
}

/// Makes one category of several, by their hash (`keras.layers.HashedCrossing`).
///
/// ```
/// use keras_runtime::preprocessing::hashing::{Column, HashedCrossing};
///
/// let crossing = HashedCrossing::new(5);
/// let (feature, number) = (["A", "B", "A", "B", "A"], [101, 101, 101, 102, 102]);
/// let crossed = crossing.indices(&[Column::Text(&feature), Column::Integers(&number)])?;
/// assert_eq!(crossed, [1, 4, 1, 1, 3]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedCrossing {
    /// How many bins there are.
    pub num_bins: u32,
}

/// What TensorFlow's hash of a combination begins with.
const CROSSED: u64 = 0x00DE_CAFC_AFFE;

/// The fingerprint of two fingerprints (TensorFlow's `FingerprintCat64`).
fn combined(first: u64, second: u64) -> u64 {
    const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |x: u64| x ^ (x >> 47);
    let mut result = first ^ MULTIPLIER;
    result ^= mix(second.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    result = result.wrapping_mul(MULTIPLIER);
    result = mix(result).wrapping_mul(MULTIPLIER);
    mix(result)
}

impl HashedCrossing {
    /// So many bins.
    pub fn new(num_bins: u32) -> Self {
        HashedCrossing { num_bins }
    }

    /// The bin of each sample.
    ///
    /// # Errors
    /// When there is no bin, there are less than two columns, or they have different lengths.
    pub fn indices(&self, columns: &[Column<'_>]) -> Result<Vec<u32>> {
        at_least_one_bin(self.num_bins)?;
        let [first, others @ ..] = columns else {
            let (expected, found) = ("at least 2".into(), columns.len().to_string());
            return Err(Error::Setting { name: "columns", expected, found });
        };
        if others.is_empty() {
            return Err(Error::Setting { name: "columns", expected: "at least 2".into(), found: "1".into() });
        }
        if let Some((i, other)) = others.iter().enumerate().find(|(_, other)| other.len() != first.len()) {
            return Err(Error::Rows {
                what: format!("column {}", i + 1),
                found: other.len(),
                other: "column 0".into(),
                expected: first.len(),
            });
        }
        let crossed = |row| columns.iter().fold(CROSSED, |hash, column| combined(hash, column.feature(row)));
        Ok((0..first.len()).map(|row| (crossed(row) % u64::from(self.num_bins)) as u32).collect())
    }

    /// The bin of each sample, one-hot.
    ///
    /// # Errors
    /// As [`HashedCrossing::indices`].
    pub fn one_hot(&self, columns: &[Column<'_>]) -> Result<ArrayD<f32>> {
        let cells: Vec<Vec<Cell>> =
            self.indices(columns)?.into_iter().map(|bin| vec![Some(bin as usize)]).collect();
        encode(&cells, self.num_bins as usize, OutputMode::OneHot, None)
    }
}
