//! Texts as the numbers of their words (Maas et al., 2011; Reuters, 1987), and texts as they are.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use ndarray::Array1;

use super::Split;
use super::pickle::Pickle;
use super::store::{KERAS, Remote, Store, format_error, most_of_pickle, read, read_text};
use crate::data::npy::header::Header;
use crate::data::seeded::{RandomState, shuffled};
use crate::data::{Npz, Values};
use crate::error::{Error, Result};
use crate::io::json::Json;

/// The numbers of the words of each text, and the text's class.
pub type Texts = Split<Vec<Vec<u32>>, Array1<u8>>;

/// Which words of [`imdb`] and [`reuters`] are kept, and under which numbers: Keras's arguments and defaults.
///
/// Words are numbered by how often they are used, from 1 on in the word index, from `1 + index_from` on in the texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSettings {
    /// Only numbers below this are kept; without it, as in Keras, those below the greatest one of all.
    pub num_words: Option<u32>,
    /// Numbers below this are not kept.
    pub skip_top: u32,
    /// Only texts with fewer numbers than this are kept.
    pub maxlen: Option<usize>,
    /// The seed of the order that the texts are in.
    pub seed: u32,
    /// What each text begins with.
    pub start_char: Option<u32>,
    /// What stands for a word that is not kept; without it, such a word is left out.
    pub oov_char: Option<u32>,
    /// What is added to the number of each word.
    pub index_from: u32,
}

impl Default for TextSettings {
    fn default() -> Self {
        TextSettings {
            num_words: None,
            skip_top: 0,
            maxlen: None,
            seed: 113,
            start_char: Some(1),
            oov_char: Some(2),
            index_from: 3,
        }
    }
}

/// The topics of [`reuters`], in the order of their numbers (`keras.datasets.reuters.get_label_names`).
pub const REUTERS_LABELS: [&str; 46] = [
    "cocoa",
    "grain",
    "veg-oil",
    "earn",
    "acq",
    "wheat",
    "copper",
    "housing",
    "money-supply",
    "coffee",
    "sugar",
    "trade",
    "reserves",
    "ship",
    "cotton",
    "carcass",
    "crude",
    "nat-gas",
    "cpi",
    "money-fx",
    "interest",
    "gnp",
    "meal-feed",
    "alum",
    "oilseed",
    "gold",
    "tin",
    "strategic-metal",
    "livestock",
    "retail",
    "ipi",
    "iron-steel",
    "rubber",
    "heat",
    "jobs",
    "lei",
    "bop",
    "zinc",
    "orange",
    "pet-chem",
    "dlr",
    "gas",
    "silver",
    "wpi",
    "hog",
    "lead",
];

/// 25,000 reviews of films to train with and as many to test with, good (1) or bad (0) (`keras.datasets.imdb.load_data`).
///
/// The file is Keras's `imdb.npz`.
///
/// # Errors
/// When the file is nowhere, or is not what it should be; when `maxlen` leaves no text.
pub fn imdb(settings: &TextSettings) -> Result<Texts> {
    Store::default().imdb(settings)
}

/// For each word of [`imdb`] its number, without `index_from` (`keras.datasets.imdb.get_word_index`).
///
/// # Errors
/// When `imdb_word_index.json` is nowhere, or is not what it should be.
pub fn imdb_word_index() -> Result<HashMap<String, u32>> {
    Store::default().imdb_word_index()
}

/// 11,228 news of 46 topics, [`REUTERS_LABELS`], of which the share `test_split` (0.2 in Keras) is to test with
/// (`keras.datasets.reuters.load_data`).
///
/// The file is Keras's `reuters.npz`.
///
/// # Errors
/// When the file is nowhere, or is not what it should be; when `test_split` is not in [0, 1).
pub fn reuters(test_split: f64, settings: &TextSettings) -> Result<Texts> {
    Store::default().reuters(test_split, settings)
}

/// For each word of [`reuters`] its number, without `index_from` (`keras.datasets.reuters.get_word_index`).
///
/// # Errors
/// When `reuters_word_index.json` is nowhere, or is not what it should be.
pub fn reuters_word_index() -> Result<HashMap<String, u32>> {
    Store::default().reuters_word_index()
}

/// The text of "Alice's Adventures in Wonderland" (Carroll, 1865).
///
/// # Errors
/// When `alice.txt`, gzipped or not, is nowhere, or is no text.
pub fn alice() -> Result<String> {
    Store::default().alice()
}

/// 40,000 lines of Shakespeare, whose letters a model of characters can learn (Karpathy, 2015).
///
/// # Errors
/// When `tiny_shakespeare.txt`, gzipped or not, is nowhere, or is no text.
pub fn tiny_shakespeare() -> Result<String> {
    Store::default().tiny_shakespeare()
}

fn remote(set: &'static str, file: &'static str, hash: &'static str) -> Remote {
    Remote { set, folder: "", file, url: format!("{KERAS}{file}"), hash: Some(hash) }
}

impl Store {
    /// [`imdb`] of this store.
    ///
    /// # Errors
    /// As [`imdb`].
    pub fn imdb(&self, settings: &TextSettings) -> Result<Texts> {
        const HASH: &str = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f";
        let path = self.obtain(&remote("imdb", "imdb.npz", HASH), &[])?;
        let archive = Npz::open(&path)?;
        // The order of the texts to test with is what the same random numbers give next.
        let mut random = RandomState::new(settings.seed);
        let mut part = |x: &str, y: &str| -> Result<(Vec<Vec<u32>>, Vec<u8>)> {
            let (texts, labels) = labelled(&path, &archive, (x, y), settings, &mut random)?;
            Ok(short(texts, labels, settings))
        };
        let (mut texts, y_train) = part("x_train", "y_train")?;
        let (test, y_test) = part("x_test", "y_test")?;
        let train = texts.len();
        if train == 0 || test.is_empty() {
            return Err(too_short(settings));
        }
        texts.extend(test);
        let mut texts = kept(texts, settings);
        let x_test = texts.split_off(train);
        Ok(Split { x_train: texts, y_train: y_train.into(), x_test, y_test: y_test.into() })
    }

    /// [`reuters`] of this store.
    ///
    /// # Errors
    /// As [`reuters`].
    pub fn reuters(&self, test_split: f64, settings: &TextSettings) -> Result<Texts> {
        const HASH: &str = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916";
        super::housing::check_split(test_split)?;
        let path = self.obtain(&remote("reuters", "reuters.npz", HASH), &[])?;
        let mut random = RandomState::new(settings.seed);
        let (texts, labels) = labelled(&path, &Npz::open(&path)?, ("x", "y"), settings, &mut random)?;
        let (texts, mut labels) = short(texts, labels, settings);
        if texts.is_empty() {
            return Err(too_short(settings));
        }
        let mut texts = kept(texts, settings);
        let train = (texts.len() as f64 * (1.0 - test_split)) as usize;
        let (x_test, y_test) = (texts.split_off(train), labels.split_off(train));
        Ok(Split { x_train: texts, y_train: labels.into(), x_test, y_test: y_test.into() })
    }

    /// [`imdb_word_index`] of this store.
    ///
    /// # Errors
    /// As [`imdb_word_index`].
    pub fn imdb_word_index(&self) -> Result<HashMap<String, u32>> {
        self.word_index("imdb", "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
    }

    /// [`reuters_word_index`] of this store.
    ///
    /// # Errors
    /// As [`reuters_word_index`].
    pub fn reuters_word_index(&self) -> Result<HashMap<String, u32>> {
        self.word_index("reuters", "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")
    }

    fn word_index(
        &self,
        set: &'static str,
        file: &'static str,
        hash: &'static str,
    ) -> Result<HashMap<String, u32>> {
        let path = self.obtain(&remote(set, file, hash), &[])?;
        let problem = |problem: &str| format_error(&path, format!("is no word index: {problem}"));
        let index = Json::read(&read(&path)?).map_err(|error| problem(&error))?;
        let number = |(word, number): &(String, Json)| {
            let number = number.whole().and_then(|number| u32::try_from(number).ok());
            Ok((word.clone(), number.ok_or_else(|| problem(&format!("`{word}` has no number")))?))
        };
        index.object().ok_or_else(|| problem("it is no dictionary"))?.iter().map(number).collect()
    }

    /// [`alice`](fn@alice) of this store.
    ///
    /// # Errors
    /// As [`alice`](fn@alice).
    pub fn alice(&self) -> Result<String> {
        self.text("alice.txt", "alice.txt.gz")
    }

    /// [`tiny_shakespeare`] of this store.
    ///
    /// # Errors
    /// As [`tiny_shakespeare`].
    pub fn tiny_shakespeare(&self) -> Result<String> {
        self.text("tiny_shakespeare.txt", "tiny_shakespeare.txt.gz")
    }

    fn text(&self, file: &'static str, zipped: &str) -> Result<String> {
        let help = || {
            self.missing("text", format!("{zipped} is in `examples/data/text` of this project's repository"))
        };
        read_text(&self.find("text", &[file, zipped]).ok_or_else(help)?)
    }
}

/// Texts with their numbers and first number, and labels, in the order of the seed.
fn labelled(
    path: &Path,
    archive: &Npz,
    (x, y): (&str, &str),
    settings: &TextSettings,
    random: &mut RandomState,
) -> Result<(Vec<Vec<u32>>, Vec<u8>)> {
    let texts = archive.read(x, |file| ragged(file, most_of_pickle(archive.bytes())))?;
    let y = archive.get(y)?;
    let labels = match y.values() {
        Values::I64(labels) => labels.iter().map(|label| u8::try_from(*label).ok()).collect(),
        Values::I32(labels) => labels.iter().map(|label| u8::try_from(*label).ok()).collect(),
        Values::U8(labels) => Some(labels.to_vec()),
        _ => None,
    };
    let labels: Vec<u8> = labels.ok_or_else(|| format_error(path, "has labels that are no classes"))?;
    if labels.len() != texts.len() {
        let problem = format!("has {} labels for {} texts", labels.len(), texts.len());
        return Err(format_error(path, problem));
    }
    let order = random.order(texts.len());
    let number = |word: &u32| word.saturating_add(settings.index_from);
    let text = |i: &usize| settings.start_char.into_iter().chain(texts[*i].iter().map(number)).collect();
    Ok((order.iter().map(text).collect(), shuffled(&labels, &order)))
}

/// Lists of whole numbers, as NumPy keeps lists of different lengths: in a pickle of Python, of at most so many bytes.
fn ragged(mut file: &mut dyn Read, most: u64) -> Result<Vec<Vec<u32>>, String> {
    let (header, _) = Header::read(&mut file)?;
    // Old versions add the bytes of a pointer.
    if !["|O", "|O4", "|O8"].contains(&&*header.descr) {
        return Err(format!("is of `{}`, and should be of lists", header.descr));
    }
    let mut bytes = vec![];
    file.take(most).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let pickle = Pickle::read(&bytes)?;
    let word =
        |word: i64| u32::try_from(word).map_err(|_| format!("holds {word}, which is no word's number"));
    let texts = pickle.items(pickle.root())?.iter();
    texts.map(|text| pickle.ints(*text)?.into_iter().map(word).collect()).collect()
}

/// The texts that are shorter than `maxlen`.
fn short(texts: Vec<Vec<u32>>, labels: Vec<u8>, settings: &TextSettings) -> (Vec<Vec<u32>>, Vec<u8>) {
    let maxlen = settings.maxlen.filter(|maxlen| *maxlen > 0).unwrap_or(usize::MAX);
    texts.into_iter().zip(labels).filter(|(text, _)| text.len() < maxlen).unzip()
}

fn too_short(settings: &TextSettings) -> Error {
    let found = settings.maxlen.map_or("none".into(), |maxlen| maxlen.to_string());
    Error::Setting { name: "maxlen", expected: "more than the length of some texts".into(), found }
}

/// The words of texts that the settings keep.
fn kept(texts: Vec<Vec<u32>>, settings: &TextSettings) -> Vec<Vec<u32>> {
    let greatest = || texts.iter().flatten().copied().max().unwrap_or(0);
    let below = settings.num_words.filter(|words| *words > 0).unwrap_or_else(greatest);
    let keep = |word: u32| {
        let known = (settings.skip_top..below).contains(&word);
        if known { Some(word) } else { settings.oov_char }
    };
    texts.into_iter().map(|text| text.into_iter().filter_map(keep).collect()).collect()
}
