//! Categories and their numbers in a vocabulary (`keras.layers.StringLookup`, `keras.layers.IntegerLookup`).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use ndarray::ArrayD;

use super::encoding::{Cell, OutputMode, encode};
use super::hashing::{Category, bin};
use crate::error::{Error, Result};

/// Where a number that is not in the vocabulary goes, when there are several places for such ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OovMethod {
    /// The remainder of its division by the number of places.
    #[default]
    FloorMod,
    /// The hash of its digits.
    FarmHash,
}

/// What a vocabulary can hold: texts or whole numbers.
pub trait Token: Category + Ord + Hash + std::fmt::Debug {
    #[doc(hidden)]
    fn number(&self) -> Option<i64>;
}

impl Token for String {
    fn number(&self) -> Option<i64> {
        None
    }
}

impl Token for i64 {
    fn number(&self) -> Option<i64> {
        Some(*self)
    }
}

/// What a [`Lookup`] has learnt, or was given.
#[derive(Debug, Clone)]
pub struct Learnt<K> {
    /// The vocabulary without special tokens.
    tokens: Vec<K>,
    index: HashMap<K, usize>,
    /// For every number how rare it is.
    weights: Option<Vec<f32>>,
}

impl<K> Default for Learnt<K> {
    fn default() -> Self {
        Learnt { tokens: vec![], index: HashMap::new(), weights: None }
    }
}

/// Numbers the categories of a vocabulary: a mask first (if there is one, and the numbers are what is asked for), then places for
/// what is not in it, then the vocabulary.
#[derive(Debug, Clone)]
pub struct Lookup<K> {
    /// The most numbers that there are, with those of special tokens.
    pub max_tokens: Option<usize>,
    /// How many places there are for what is not in the vocabulary. Without one, it is an error.
    pub num_oov_indices: usize,
    /// What stands for nothing: its number is 0.
    pub mask_token: Option<K>,
    /// What a number stands for that no token has.
    pub oov_token: K,
    /// What [`Lookup::encode`] gives.
    pub output_mode: OutputMode,
    /// Whether encoded rows have `max_tokens` columns, even if the vocabulary is smaller.
    pub pad_to_max_tokens: bool,
    /// How numbers that are not in the vocabulary are told from each other.
    pub oov_method: OovMethod,
    /// Two numbers that make the hash of what is not in the vocabulary another; `[salt, salt]` where Keras is given one.
    pub salt: Option<[u64; 2]>,
    /// The vocabulary.
    pub learnt: Learnt<K>,
}

/// Numbers texts.
///
/// ```
/// use keras_runtime::preprocessing::lookup::StringLookup;
///
/// let mut lookup = StringLookup::default();
/// lookup.set_vocabulary(&["a", "b", "c", "d"], None)?;
/// assert_eq!(lookup.indices(&[["a", "c", "d"], ["d", "z", "b"]])?, [[1, 3, 4], [4, 0, 2]]);
/// assert_eq!(lookup.tokens(&[[0, 1, 9]]), [["[UNK]", "a", "[UNK]"]]);
///
/// let mut learning = StringLookup::default();
/// learning.adapt(&[["a", "c", "d"], ["d", "z", "b"]])?;
/// assert_eq!(learning.vocabulary(true), ["[UNK]", "d", "z", "c", "b", "a"]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub type StringLookup = Lookup<String>;

/// Numbers whole numbers.
///
/// ```
/// use keras_runtime::preprocessing::lookup::IntegerLookup;
///
/// let mut lookup = IntegerLookup::default();
/// lookup.set_vocabulary(&[12, 36, 1138, 42], None)?;
/// assert_eq!(lookup.indices(&[[12, 1138, 42], [42, 1000, 36]])?, [[1, 3, 4], [4, 0, 2]]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
pub type IntegerLookup = Lookup<i64>;

impl<K> Lookup<K> {
    fn with_oov_token(oov_token: K) -> Self {
        Lookup {
            max_tokens: None,
            num_oov_indices: 1,
            mask_token: None,
            oov_token,
            output_mode: OutputMode::Int,
            pad_to_max_tokens: false,
            oov_method: OovMethod::FloorMod,
            salt: None,
            learnt: Learnt::default(),
        }
    }
}

impl Default for Lookup<String> {
    fn default() -> Self {
        Lookup::with_oov_token("[UNK]".into())
    }
}

impl Default for Lookup<i64> {
    fn default() -> Self {
        Lookup::with_oov_token(-1)
    }
}

fn setting(name: &'static str, expected: &str, found: impl ToString) -> Error {
    Error::Setting { name, expected: expected.into(), found: found.to_string() }
}

impl<K: Token> Lookup<K> {
    fn check(&self) -> Result<()> {
        match self.max_tokens {
            Some(most) if most <= 1 => return Err(setting("max_tokens", "more than 1", most)),
            None if self.pad_to_max_tokens => {
                return Err(setting("max_tokens", "a number where `pad_to_max_tokens` is set", "none"));
            }
            _ => {}
        }
        if self.salt.is_some() && self.oov_token.number().is_some() && self.oov_method != OovMethod::FarmHash
        {
            return Err(setting("salt", "none where `oov_method` is not FarmHash", "given"));
        }
        Ok(())
    }

    /// Places before those for what is not in the vocabulary.
    fn oov_start(&self) -> usize {
        usize::from(self.mask_token.is_some() && self.output_mode == OutputMode::Int)
    }

    fn token_start(&self) -> usize {
        self.oov_start() + self.num_oov_indices
    }

    /// Learns the vocabulary of documents, rows of tokens: the most frequent ones first, and of those that are as frequent as
    /// each other the last in alphabetical order, as Keras has it. What was learnt before is forgotten.
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn adapt<T: Clone + Into<K>>(&mut self, documents: &[impl AsRef<[T]>]) -> Result<()> {
        self.check()?;
        let mut counts: HashMap<K, (usize, usize)> = HashMap::new();
        for document in documents {
            let mut seen: HashSet<K> = HashSet::new();
            for token in document.as_ref() {
                let token: K = token.clone().into();
                let count = counts.entry(token.clone()).or_default();
                count.0 += 1;
                count.1 += usize::from(seen.insert(token));
            }
        }
        counts.retain(|token, _| Some(token) != self.mask_token.as_ref() && *token != self.oov_token);
        let mut counts: Vec<(K, (usize, usize))> = counts.into_iter().collect();
        counts.sort_by(|(a, (m, _)), (b, (n, _))| (n, b).cmp(&(m, a)));
        if let Some(most) = self.max_tokens {
            counts.truncate(most.saturating_sub(self.token_start()));
        }
        let weights = (self.output_mode == OutputMode::TfIdf && !counts.is_empty()).then(|| {
            let rarity = |(_, (_, docs)): &(K, (usize, usize))| {
                (1.0 + documents.len() as f64 / (1 + docs) as f64).ln() as f32
            };
            let known: Vec<f32> = counts.iter().map(rarity).collect();
            let mean = known.iter().sum::<f32>() / known.len() as f32;
            std::iter::repeat_n(mean, self.token_start()).chain(known).collect()
        });
        self.learn(counts.into_iter().map(|(token, _)| token).collect(), weights);
        Ok(())
    }

    fn learn(&mut self, tokens: Vec<K>, weights: Option<Vec<f32>>) {
        let index = tokens.iter().enumerate().map(|(i, token)| (token.clone(), i)).collect();
        self.learnt = Learnt { tokens, index, weights };
    }

    /// Takes a vocabulary, with its special tokens in front or without them; with `idf_weights`, one for each of its tokens, where
    /// `output_mode` is [`OutputMode::TfIdf`].
    ///
    /// # Errors
    /// When it is empty, has a token twice or a special token in it, or is larger than `max_tokens`; when there are weights where
    /// there should be none, or none where there should be some.
    pub fn set_vocabulary<T: Clone + Into<K>>(
        &mut self,
        vocabulary: &[T],
        idf_weights: Option<&[f32]>,
    ) -> Result<()> {
        self.check()?;
        let mut tokens: Vec<K> = vocabulary.iter().cloned().map(Into::into).collect();
        if tokens.is_empty() {
            return Err(setting("vocabulary", "at least one token", "none"));
        }
        if (self.output_mode == OutputMode::TfIdf) != idf_weights.is_some() {
            let found = if idf_weights.is_some() { "given" } else { "none" };
            return Err(setting("idf_weights", "given where `output_mode` is TfIdf, and only there", found));
        }
        if let Some(weights) = idf_weights.filter(|weights| weights.len() != tokens.len()) {
            let expected = format!("{}, one for each token", tokens.len());
            return Err(setting("idf_weights", &expected, weights.len()));
        }
        let special: Vec<K> = self.special().collect();
        let with_special = tokens.starts_with(&special);
        if with_special {
            tokens.drain(..special.len());
        }
        self.check_tokens(&tokens)?;
        let front = if with_special { 0 } else { special.len() };
        let weights = idf_weights.map(|weights| {
            let mean = weights.iter().sum::<f32>() / weights.len() as f32;
            std::iter::repeat_n(mean, front).chain(weights.iter().copied()).collect()
        });
        self.learn(tokens, weights);
        Ok(())
    }

    fn check_tokens(&self, tokens: &[K]) -> Result<()> {
        let mut seen = HashSet::new();
        if let Some(token) = tokens.iter().find(|token| !seen.insert(*token)) {
            return Err(setting("vocabulary", "each token once", format!("one with {token:?} twice")));
        }
        if let Some(mask) = self.mask_token.as_ref().filter(|mask| seen.contains(mask)) {
            let expected = "special tokens in front of all others, or none";
            return Err(setting("vocabulary", expected, format!("one with {mask:?} within")));
        }
        let size = self.token_start() + tokens.len();
        match self.max_tokens.filter(|most| size > *most) {
            Some(most) => {
                let expected = format!("at most {most} tokens, the special ones included: `max_tokens`");
                Err(setting("vocabulary", &expected, format!("{size} tokens")))
            }
            None => Ok(()),
        }
    }

    fn special(&self) -> impl Iterator<Item = K> {
        let mask = self.mask_token.iter().take(self.oov_start()).cloned();
        mask.chain(std::iter::repeat_n(self.oov_token.clone(), self.num_oov_indices))
    }

    /// The tokens in the order of their numbers, with special ones or without.
    pub fn vocabulary(&self, include_special_tokens: bool) -> Vec<K> {
        let special = self.special().filter(|_| include_special_tokens);
        special.chain(self.learnt.tokens.iter().cloned()).collect()
    }

    /// How many numbers there are.
    pub fn vocabulary_size(&self) -> usize {
        self.token_start() + self.learnt.tokens.len()
    }

    /// How rare each number's token is, where that was learnt or given.
    pub fn idf_weights(&self) -> Option<&[f32]> {
        self.learnt.weights.as_deref()
    }

    /// The number of a token; none for the mask where it has no number.
    fn place(&self, token: &K) -> Result<Cell> {
        if Some(token) == self.mask_token.as_ref() {
            return Ok((self.output_mode == OutputMode::Int).then_some(0));
        }
        if let Some(place) = self.learnt.index.get(token) {
            return Ok(Some(self.token_start() + place));
        }
        let place = match (self.num_oov_indices, token.number()) {
            (0, _) => {
                let expected = "a token of the vocabulary where `num_oov_indices` is 0";
                return Err(setting("token", expected, format!("{token:?}")));
            }
            (1, _) => 0,
            (places, Some(number)) if self.oov_method == OovMethod::FloorMod => {
                // Both are far below 2^63.
                number.rem_euclid(places as i64) as usize
            }
            (places, _) => bin(&token.text(), places as u64, self.salt) as usize,
        };
        Ok(Some(self.oov_start() + place))
    }

    fn places<T: Clone + Into<K>>(&self, rows: &[impl AsRef<[T]>]) -> Result<Vec<Vec<Cell>>> {
        self.check()?;
        rows.iter()
            .map(|row| row.as_ref().iter().map(|token| self.place(&token.clone().into())).collect())
            .collect()
    }

    /// The numbers of the tokens of each row, whatever `output_mode` is; in modes without a number for the mask, it is left out.
    ///
    /// # Errors
    /// When a token is not in the vocabulary, and there is no place for such ones.
    pub fn indices<T: Clone + Into<K>>(&self, rows: &[impl AsRef<[T]>]) -> Result<Vec<Vec<u32>>> {
        let places = self.places(rows)?;
        let numbers = |row: Vec<Cell>| row.into_iter().flatten().map(|place| place as u32).collect();
        Ok(places.into_iter().map(numbers).collect())
    }

    /// The tokens of each row in the form that `output_mode` says: `[rows, length]` numbers, `[rows, length, size]` for one-hot
    /// (`[rows, size]` for rows of one token), `[rows, size]` otherwise.
    ///
    /// # Errors
    /// When a token is not in the vocabulary, and there is no place for such ones; when the mode asks for rows of one length and
    /// they are not, or for weights that were neither learnt nor given.
    pub fn encode<T: Clone + Into<K>>(&self, rows: &[impl AsRef<[T]>]) -> Result<ArrayD<f32>> {
        let places = self.places(rows)?;
        let padded = self.max_tokens.filter(|_| self.pad_to_max_tokens);
        if self.output_mode == OutputMode::TfIdf && self.learnt.weights.is_none() {
            return Err(setting("Lookup", "a vocabulary that was learnt or set before", "none"));
        }
        let mut weights = self.learnt.weights.clone();
        let depth = padded.unwrap_or(self.vocabulary_size());
        if let Some(weights) = &mut weights {
            weights.resize(depth, 0.0);
        }
        encode(
            &places,
            depth,
            self.output_mode,
            weights.as_deref().filter(|_| self.output_mode == OutputMode::TfIdf),
        )
    }

    /// The tokens of rows of numbers (`invert` in Keras): `oov_token` for a number that no token has.
    pub fn tokens(&self, rows: &[impl AsRef<[u32]>]) -> Vec<Vec<K>> {
        let token = |number: &u32| match *number as usize {
            0 if self.oov_start() == 1 => self.mask_token.clone(),
            number => self.learnt.tokens.get(number.wrapping_sub(self.token_start())).cloned(),
        };
        let of_row = |row: &[u32]| {
            row.iter().map(|number| token(number).unwrap_or_else(|| self.oov_token.clone())).collect()
        };
        rows.iter().map(|row| of_row(row.as_ref())).collect()
    }
}
