//! Text as numbers (`keras.preprocessing.text`).

mod json;

use std::collections::{HashMap, HashSet};

use ndarray::Array2;

use crate::error::{Error, Result};

/// The characters that Keras takes out of text.
pub const FILTERS: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";

/// The words of `text`: in lower case, without the characters of [`FILTERS`], at spaces.
///
/// ```
/// use keras_runtime::preprocessing::text::text_to_word_sequence;
/// assert_eq!(text_to_word_sequence("Well, well -- a cat!"), ["well", "well", "a", "cat"]);
/// ```
pub fn text_to_word_sequence(text: &str) -> Vec<String> {
    words(text, FILTERS, true, " ")
}

fn words(text: &str, filters: &str, lower: bool, split: &str) -> Vec<String> {
    let text = if lower { text.to_lowercase() } else { text.to_string() };
    let mut clear = String::with_capacity(text.len());
    for c in text.chars() {
        if filters.contains(c) { clear.push_str(split) } else { clear.push(c) }
    }
    match split.is_empty() {
        true => vec![clear],
        false => clear.split(split).filter(|word| !word.is_empty()).map(String::from).collect(),
    }
}

/// The numbers of words in a space of `n` numbers, from 1 on, by their hash: words may share one
/// (`keras.preprocessing.text.hashing_trick`). `hash` gives the remainder of a word's hash by a number.
///
/// Python's own `hash`, which Keras takes if nothing is said, is another in every process; `one_hot` of Keras is this with that.
/// [`md5()`] is what `hash_function="md5"` is.
///
/// ```
/// use keras_runtime::preprocessing::text::{hashing_trick, md5};
/// assert_eq!(hashing_trick("The cat sat", 50, md5)?, [43, 32, 29]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When `n` is less than 2: 0 is the number of no word.
pub fn hashing_trick(text: &str, n: u32, hash: impl Fn(&str, u32) -> u32) -> Result<Vec<u32>> {
    if n < 2 {
        let expected = "at least 2: 0 is the number of no word".into();
        return Err(Error::Setting { name: "n", expected, found: n.to_string() });
    }
    Ok(text_to_word_sequence(text).iter().map(|word| hash(word, n - 1) + 1).collect())
}

/// The words of a text in a space of `n` numbers, the same in every process: [`hashing_trick`] with [`md5()`]
/// (`keras.preprocessing.text.one_hot`, which takes Python's own hash).
///
/// # Errors
/// When `n` is less than 2.
pub fn one_hot(text: &str, n: u32) -> Result<Vec<u32>> {
    hashing_trick(text, n, md5)
}

/// The remainder of a word's MD5, as a number of 128 bits, by `below`.
pub fn md5(word: &str, below: u32) -> u32 {
    let digest = md5::compute(word);
    // The bytes are the number's, the greatest first; less than 2^32 is left after each.
    digest.iter().fold(0u64, |rest, byte| (rest << 8 | u64::from(*byte)) % u64::from(below.max(1))) as u32
}

/// What a matrix holds for each text and word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixMode {
    /// 1 for a word that is there.
    Binary,
    /// How often it is there.
    Count,
    /// How often, by how many words the text has.
    Freq,
    /// `(1 + ln(count)) * ln(1 + documents / (1 + documents with the word))`.
    TfIdf,
}

/// The words that a [`Tokenizer`] has seen, and how often.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    documents: usize,
    /// Words in order of their first use, and how often they were used.
    counts: Vec<(String, usize)>,
    places: HashMap<String, usize>,
    /// In how many texts a word was.
    docs: HashMap<String, usize>,
    /// The word of each number; 0 has none.
    words: Vec<String>,
    index: HashMap<String, u32>,
}

/// Numbers the words of texts by how often they are there, from 1 on (`keras.preprocessing.text.Tokenizer`).
///
/// ```
/// use keras_runtime::preprocessing::text::Tokenizer;
///
/// let mut tokenizer = Tokenizer::default();
/// tokenizer.fit_on_texts(&["the cat sat", "the dog"]);
/// assert_eq!(tokenizer.texts_to_sequences(&["the dog sat there"]), [vec![1, 4, 3]]);
/// ```
#[derive(Debug, Clone)]
pub struct Tokenizer {
    /// Only words with numbers below this are kept.
    pub num_words: Option<u32>,
    /// Characters that are taken out.
    pub filters: String,
    /// Whether text is made lower case.
    pub lower: bool,
    /// What is between words.
    pub split: String,
    /// Whether each character is a word.
    pub char_level: bool,
    /// What stands for words that are not known: its number is 1. Without it they are left out.
    pub oov_token: Option<String>,
    /// What it has learnt.
    pub learnt: Vocabulary,
}

impl Default for Tokenizer {
    fn default() -> Self {
        Tokenizer {
            num_words: None,
            filters: FILTERS.into(),
            lower: true,
            split: " ".into(),
            char_level: false,
            oov_token: None,
            learnt: Vocabulary::default(),
        }
    }
}

impl Tokenizer {
    /// For the most frequent words: those with numbers below `num_words`.
    pub fn new(num_words: u32) -> Self {
        Tokenizer { num_words: Some(num_words), ..Tokenizer::default() }
    }

    fn split(&self, text: &str) -> Vec<String> {
        match (self.char_level, self.lower) {
            (true, true) => text.to_lowercase().chars().map(String::from).collect(),
            (true, false) => text.chars().map(String::from).collect(),
            (false, _) => words(text, &self.filters, self.lower, &self.split),
        }
    }

    /// Learns the words of texts; of further texts when it is called again.
    pub fn fit_on_texts(&mut self, texts: &[impl AsRef<str>]) {
        for text in texts {
            self.learnt.documents += 1;
            let words = self.split(text.as_ref());
            let Vocabulary { places, counts, .. } = &mut self.learnt;
            for word in &words {
                let place = *places.entry(word.clone()).or_insert_with(|| {
                    counts.push((word.clone(), 0));
                    counts.len() - 1
                });
                counts[place].1 += 1;
            }
            for word in words.into_iter().collect::<HashSet<_>>() {
                *self.learnt.docs.entry(word).or_default() += 1;
            }
        }
        let mut sorted: Vec<&(String, usize)> = self.learnt.counts.iter().collect();
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let known = sorted.into_iter().map(|(word, _)| word.clone());
        self.learnt.words =
            std::iter::once(String::new()).chain(self.oov_token.clone()).chain(known).collect();
        let numbered = self.learnt.words.iter().enumerate().skip(1);
        self.learnt.index = numbered.map(|(i, word)| (word.clone(), i as u32)).collect();
    }

    /// The number of a word that is known.
    pub fn word_index(&self, word: &str) -> Option<u32> {
        self.learnt.index.get(word).copied()
    }

    /// The word of a number.
    pub fn index_word(&self, index: u32) -> Option<&str> {
        self.learnt.words.get(index as usize).filter(|_| index > 0).map(String::as_str)
    }

    /// Known words, in order of their numbers, which begin with 1.
    pub fn vocabulary(&self) -> &[String] {
        self.learnt.words.get(1..).unwrap_or(&[])
    }

    fn unknown(&self) -> Option<u32> {
        self.oov_token.as_deref().and_then(|token| self.word_index(token))
    }

    fn kept(&self, index: u32) -> bool {
        self.num_words.is_none_or(|count| count == 0 || index < count)
    }

    /// The numbers of the words of each text.
    pub fn texts_to_sequences(&self, texts: &[impl AsRef<str>]) -> Vec<Vec<u32>> {
        let number =
            |word: String| self.word_index(&word).filter(|i| self.kept(*i)).or_else(|| self.unknown());
        texts.iter().map(|text| self.split(text.as_ref()).into_iter().filter_map(number).collect()).collect()
    }

    /// The words of each sequence of numbers, with spaces between them.
    pub fn sequences_to_texts(&self, sequences: &[impl AsRef<[u32]>]) -> Vec<String> {
        let word = |index: &u32| {
            let known = self.index_word(*index).filter(|_| self.kept(*index));
            known.or_else(|| self.index_word(self.unknown()?))
        };
        let text = |sequence: &[u32]| sequence.iter().filter_map(word).collect::<Vec<_>>().join(" ");
        sequences.iter().map(|sequence| text(sequence.as_ref())).collect()
    }

    /// A row for each text, with a column for each number below `num_words`, or of each word.
    ///
    /// # Errors
    /// When neither is known: nothing was learnt, and there is no `num_words`.
    pub fn texts_to_matrix(&self, texts: &[impl AsRef<str>], mode: MatrixMode) -> Result<Array2<f32>> {
        self.sequences_to_matrix(&self.texts_to_sequences(texts), mode)
    }

    /// The same for sequences of numbers.
    ///
    /// # Errors
    /// As [`Tokenizer::texts_to_matrix`].
    pub fn sequences_to_matrix(
        &self,
        sequences: &[impl AsRef<[u32]>],
        mode: MatrixMode,
    ) -> Result<Array2<f32>> {
        let columns = match self.num_words.filter(|count| *count > 0) {
            Some(count) => count as usize,
            None => self.learnt.words.len(),
        };
        if columns == 0 || mode == MatrixMode::TfIdf && self.learnt.documents == 0 {
            return Err(Error::Setting {
                name: "Tokenizer",
                expected: "texts that were learnt before: `fit_on_texts`".into(),
                found: "none".into(),
            });
        }
        let mut rows = Array2::zeros((sequences.len(), columns));
        for (sequence, mut row) in sequences.iter().zip(rows.outer_iter_mut()) {
            let sequence = sequence.as_ref();
            let mut counts: HashMap<usize, usize> = HashMap::new();
            for &index in sequence.iter().filter(|index| (**index as usize) < columns) {
                *counts.entry(index as usize).or_default() += 1;
            }
            for (index, count) in counts {
                let docs = self.learnt.words.get(index).and_then(|word| self.learnt.docs.get(word)).copied();
                row[index] = match mode {
                    MatrixMode::Binary => 1.0,
                    MatrixMode::Count => count as f32,
                    MatrixMode::Freq => (count as f64 / sequence.len() as f64) as f32,
                    MatrixMode::TfIdf => {
                        let inverse = self.learnt.documents as f64 / (1.0 + docs.unwrap_or(0) as f64);
                        ((1.0 + (count as f64).ln()) * (1.0 + inverse).ln()) as f32
                    }
                };
            }
        }
        Ok(rows)
    }
}
