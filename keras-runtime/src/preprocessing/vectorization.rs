//! Text as the numbers of its words, in a layer's way (`keras.layers.TextVectorization`).

use ndarray::ArrayD;

use super::encoding::OutputMode;
use super::lookup::{Lookup, StringLookup};
use super::sequence::{Padding, Side, pad_sequences};
use crate::error::{Error, Result};

/// What is done to text first.
#[derive(Debug, Clone, Copy, Default)]
pub enum Standardize {
    /// Nothing.
    None,
    /// Letters of ASCII become small.
    Lower,
    /// Punctuation of ASCII is left out.
    StripPunctuation,
    /// Both.
    #[default]
    LowerAndStripPunctuation,
    /// What the function does.
    Custom(fn(&str) -> String),
}

/// Where text is split into tokens.
#[derive(Debug, Clone, Copy, Default)]
pub enum Split {
    /// Nowhere: a text is a token.
    None,
    /// At white space.
    #[default]
    Whitespace,
    /// Between all characters.
    Character,
    /// As the function does.
    Custom(fn(&str) -> Vec<String>),
}

/// What Keras takes for punctuation.
const PUNCTUATION: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";

/// Turns texts into numbers: standardizes, splits, makes n-grams, and looks these up.
///
/// ```
/// use keras_runtime::preprocessing::vectorization::TextVectorization;
///
/// let mut vectorization = TextVectorization { output_sequence_length: Some(4), ..TextVectorization::default() };
/// vectorization.adapt(&["foo qux bar", "qux baz"])?;
/// assert_eq!(vectorization.vocabulary(true), ["", "[UNK]", "qux", "foo", "baz", "bar"]);
/// let numbers = vectorization.encode(&["Foo, qux! Bar", "qux what"])?;
/// assert_eq!(numbers, ndarray::array![[3.0, 2.0, 5.0, 0.0], [2.0, 1.0, 0.0, 0.0]].into_dyn());
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TextVectorization {
    /// What is done to text first.
    pub standardize: Standardize,
    /// Where it is split.
    pub split: Split,
    /// How many tokens that follow each other are one: `vec![2]` for pairs, `vec![1, 2]` for tokens and pairs, which is `2` in
    /// Keras. Empty for tokens alone.
    pub ngrams: Vec<usize>,
    /// The length of rows of numbers; that of the longest one if it is not given.
    pub output_sequence_length: Option<usize>,
    /// The vocabulary, and what is given: `max_tokens`, `output_mode` and `pad_to_max_tokens` are its settings.
    pub lookup: StringLookup,
}

impl Default for TextVectorization {
    fn default() -> Self {
        TextVectorization {
            standardize: Standardize::default(),
            split: Split::default(),
            ngrams: vec![],
            output_sequence_length: None,
            lookup: Lookup { mask_token: Some(String::new()), ..Lookup::default() },
        }
    }
}

impl TextVectorization {
    /// A vocabulary of at most `max_tokens`, given in a form.
    pub fn new(max_tokens: Option<usize>, output_mode: OutputMode) -> Self {
        let settings = TextVectorization::default();
        TextVectorization { lookup: Lookup { max_tokens, output_mode, ..settings.lookup }, ..settings }
    }

    fn check(&self) -> Result<()> {
        let wrong = |name, expected: &str, found: String| {
            Err(Error::Setting { name, expected: expected.into(), found })
        };
        match self.output_sequence_length {
            Some(length) if self.lookup.output_mode != OutputMode::Int => {
                return wrong(
                    "output_sequence_length",
                    "none where `output_mode` is not Int",
                    length.to_string(),
                );
            }
            Some(0) => return wrong("output_sequence_length", "at least 1", "0".into()),
            _ => {}
        }
        if self.ngrams.contains(&0) {
            return wrong("ngrams", "at least 1 each", format!("{:?}", self.ngrams));
        }
        Ok(())
    }

    /// The tokens of a text.
    pub fn tokens(&self, text: &str) -> Vec<String> {
        let lower = |text: &str| text.to_ascii_lowercase();
        let strip = |text: &str| text.chars().filter(|c| !PUNCTUATION.contains(*c)).collect::<String>();
        let text = match self.standardize {
            Standardize::None => text.to_string(),
            Standardize::Lower => lower(text),
            Standardize::StripPunctuation => strip(text),
            Standardize::LowerAndStripPunctuation => strip(&lower(text)),
            Standardize::Custom(standardize) => standardize(text),
        };
        // The white space of C, as TensorFlow has it.
        let white = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
        let tokens: Vec<String> = match self.split {
            Split::None => vec![text],
            Split::Whitespace => {
                text.split(white).filter(|word| !word.is_empty()).map(String::from).collect()
            }
            Split::Character => text.chars().map(String::from).collect(),
            Split::Custom(split) => split(&text),
        };
        if self.ngrams.is_empty() {
            return tokens;
        }
        self.ngrams
            .iter()
            .filter(|n| **n > 0)
            .flat_map(|n| tokens.windows(*n).map(|words| words.join(" ")))
            .collect()
    }

    fn rows(&self, texts: &[impl AsRef<str>]) -> Vec<Vec<String>> {
        texts.iter().map(|text| self.tokens(text.as_ref())).collect()
    }

    /// Learns the vocabulary of texts.
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn adapt(&mut self, texts: &[impl AsRef<str>]) -> Result<()> {
        self.check()?;
        let rows = self.rows(texts);
        self.lookup.adapt(&rows)
    }

    /// Takes a vocabulary: [`Lookup::set_vocabulary`].
    ///
    /// # Errors
    /// As there.
    pub fn set_vocabulary(
        &mut self,
        vocabulary: &[impl AsRef<str>],
        idf_weights: Option<&[f32]>,
    ) -> Result<()> {
        let vocabulary: Vec<&str> = vocabulary.iter().map(AsRef::as_ref).collect();
        self.lookup.set_vocabulary(&vocabulary, idf_weights)
    }

    /// The tokens in the order of their numbers.
    pub fn vocabulary(&self, include_special_tokens: bool) -> Vec<String> {
        self.lookup.vocabulary(include_special_tokens)
    }

    /// The numbers of each text's tokens, as many as there are.
    ///
    /// # Errors
    /// When a setting is out of its range.
    pub fn indices(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Vec<u32>>> {
        self.check()?;
        self.lookup.indices(&self.rows(texts))
    }

    /// Each text in the form that `output_mode` says: `[texts, length]` numbers, with 0 behind the last one, or
    /// `[texts, size]`.
    ///
    /// # Errors
    /// When a setting is out of its range, or nothing was learnt that the form needs.
    pub fn encode(&self, texts: &[impl AsRef<str>]) -> Result<ArrayD<f32>> {
        self.check()?;
        if self.lookup.output_mode != OutputMode::Int {
            return self.lookup.encode(&self.rows(texts));
        }
        let settings = Padding {
            maxlen: self.output_sequence_length,
            padding: Side::Post,
            truncating: Side::Post,
            value: 0,
        };
        Ok(pad_sequences(&self.indices(texts)?, &settings).mapv(|number: u32| number as f32).into_dyn())
    }
}
