//! Sequences of different lengths, and pairs of words (`keras.utils.pad_sequences`, `keras.preprocessing.sequence`).

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::random::Philox;

/// An end of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Before its first step.
    Pre,
    /// Behind its last step.
    Post,
}

/// How [`pad_sequences`] makes sequences as long as each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Padding<T> {
    /// The common length; that of the longest if it is not given.
    pub maxlen: Option<usize>,
    /// Where a shorter one is filled.
    pub padding: Side,
    /// Where a longer one is cut.
    pub truncating: Side,
    /// What it is filled with.
    pub value: T,
}

impl<T: Default> Default for Padding<T> {
    fn default() -> Self {
        Padding { maxlen: None, padding: Side::Pre, truncating: Side::Pre, value: T::default() }
    }
}

/// Sequences as rows of one array.
///
/// ```
/// use keras_runtime::preprocessing::sequence::{Padding, Side, pad_sequences};
///
/// let all = [vec![1], vec![2, 3], vec![4, 5, 6]];
/// let rows = pad_sequences(&all, &Padding { maxlen: Some(2), padding: Side::Post, ..Padding::default() });
/// assert_eq!(rows, ndarray::array![[1, 0], [2, 3], [5, 6]]);
/// ```
pub fn pad_sequences<T: Copy>(sequences: &[impl AsRef<[T]>], settings: &Padding<T>) -> Array2<T> {
    let longest = || sequences.iter().map(|sequence| sequence.as_ref().len()).max().unwrap_or(0);
    let length = settings.maxlen.unwrap_or_else(longest);
    let mut rows = Array2::from_elem((sequences.len(), length), settings.value);
    for (sequence, mut row) in sequences.iter().zip(rows.outer_iter_mut()) {
        let whole = sequence.as_ref();
        let kept = match settings.truncating {
            Side::Pre => &whole[whole.len().saturating_sub(length)..],
            Side::Post => &whole[..whole.len().min(length)],
        };
        let start = match settings.padding {
            Side::Pre => length - kept.len(),
            Side::Post => 0,
        };
        kept.iter().enumerate().for_each(|(i, item)| row[start + i] = *item);
    }
    rows
}

/// For each word of a vocabulary in order of frequency the probability to keep it (Mikolov et al., 2013;
/// `keras.preprocessing.sequence.make_sampling_table`): words follow Zipf's law, and `sampling_factor` is `1e-5` in Keras.
pub fn make_sampling_table(size: usize, sampling_factor: f64) -> Vec<f64> {
    let probability = |rank: usize| {
        let rank = rank.max(1) as f64;
        let inverse = rank * (rank.ln() + 0.577) + 0.5 - 1.0 / (12.0 * rank);
        (sampling_factor * inverse).sqrt().min(1.0)
    };
    (0..size).map(probability).collect()
}

/// Pairs of words that stand close, and of words that do not: what [`skipgrams`] makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Skipgrams {
    /// Words on each side of a word that are close to it.
    pub window_size: usize,
    /// How many pairs with a random word there are for each that was found.
    pub negative_samples: f64,
    /// Whether the pairs are in random order.
    pub shuffle: bool,
    /// The probability to keep each word, such as [`make_sampling_table`] gives.
    pub sampling_table: Option<Vec<f64>>,
    /// The seed of all that is random.
    pub seed: u64,
}

impl Default for Skipgrams {
    fn default() -> Self {
        Skipgrams { window_size: 4, negative_samples: 1.0, shuffle: true, sampling_table: None, seed: 0 }
    }
}

/// Pairs of words of `sequence`, and for each whether it was found there (1) or drawn (0). Index 0 is no word.
///
/// ```
/// use keras_runtime::preprocessing::sequence::{Skipgrams, skipgrams};
///
/// let settings = Skipgrams { window_size: 1, negative_samples: 0.0, shuffle: false, ..Skipgrams::default() };
/// let (pairs, labels) = skipgrams(&[3, 0, 4, 5], 6, &settings)?;
/// assert_eq!((pairs, labels), (vec![[4, 5], [5, 4]], vec![1, 1]));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When a word is not below `vocabulary_size`, that has no word beside 0, or the table does not reach.
pub fn skipgrams(
    sequence: &[u32],
    vocabulary_size: u32,
    settings: &Skipgrams,
) -> Result<(Vec<[u32; 2]>, Vec<u8>)> {
    if vocabulary_size < 2 {
        let (expected, found) = ("at least 2: index 0 is no word".into(), vocabulary_size.to_string());
        return Err(Error::Setting { name: "vocabulary_size", expected, found });
    }
    if !(settings.negative_samples >= 0.0 && settings.negative_samples.is_finite()) {
        let (expected, found) = ("a number of at least 0".into(), settings.negative_samples.to_string());
        return Err(Error::Setting { name: "negative_samples", expected, found });
    }
    let reach = settings.sampling_table.as_ref().map_or(usize::MAX, Vec::len);
    if let Some(word) = sequence.iter().find(|word| **word >= vocabulary_size || **word as usize >= reach) {
        let expected = format!("words below {}", (vocabulary_size as usize).min(reach));
        return Err(Error::Setting { name: "sequence", expected, found: word.to_string() });
    }
    let mut random = Philox::new(settings.seed, 0);
    let mut pairs = vec![];
    for (i, &word) in sequence.iter().enumerate().filter(|(_, word)| **word != 0) {
        let kept = settings.sampling_table.as_ref().map_or(1.0, |table| table[word as usize]);
        if kept < f64::from(random.uniform()) {
            continue;
        }
        let start = i.saturating_sub(settings.window_size);
        let end = sequence.len().min(i.saturating_add(settings.window_size).saturating_add(1));
        let close = sequence[start..i].iter().chain(&sequence[i + 1..end]);
        pairs.extend(close.filter(|other| **other != 0).map(|other| [word, *other]));
    }
    let mut labels = vec![1; pairs.len()];
    let mut words: Vec<u32> = pairs.iter().map(|pair| pair[0]).collect();
    random.shuffle(&mut words);
    let drawn = (pairs.len() as f64 * settings.negative_samples) as usize;
    for i in 0..drawn {
        pairs.push([words[i % words.len()], 1 + random.below(vocabulary_size - 1)]);
        labels.push(0);
    }
    if settings.shuffle {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        random.shuffle(&mut order);
        pairs = order.iter().map(|&i| pairs[i]).collect();
        labels = order.iter().map(|&i| labels[i]).collect();
    }
    Ok((pairs, labels))
}
