//! Tokenizers in Keras's JSON (`Tokenizer.to_json`, `tokenizer_from_json`): a dictionary of settings, in which what was learnt is
//! text that is JSON again.

use std::collections::HashMap;

use super::{Tokenizer, Vocabulary};
use crate::error::{Error, Result};
use crate::io::json::Json;

fn wrong(problem: impl std::fmt::Display) -> Error {
    Error::Format { file: "the JSON of a tokenizer".into(), problem: problem.to_string() }
}

fn entry<'a>(config: &'a Json, name: &str) -> Result<&'a Json> {
    config.get(name).ok_or_else(|| wrong(format!("has no `{name}`")))
}

fn text(config: &Json, name: &str) -> Result<String> {
    let text = entry(config, name)?.text().ok_or_else(|| wrong(format!("`{name}` is no text")))?;
    Ok(text.into())
}

fn truth(config: &Json, name: &str) -> Result<bool> {
    entry(config, name)?.truth().ok_or_else(|| wrong(format!("`{name}` is neither true nor false")))
}

/// A whole number of a size that words can have.
fn number(value: &Json, name: &str) -> Result<u32> {
    let number = value.whole().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| wrong(format!("`{name}` holds {value}, which is no number of words")))
}

/// A dictionary that is written as text.
fn dictionary(config: &Json, name: &str) -> Result<Vec<(String, Json)>> {
    match Json::read(text(config, name)?.as_bytes()) {
        Ok(Json::Object(entries)) => Ok(entries),
        Ok(_) => Err(wrong(format!("`{name}` is no dictionary"))),
        Err(problem) => Err(wrong(format!("`{name}`: {problem}"))),
    }
}

fn counts(config: &Json, name: &str) -> Result<Vec<(String, usize)>> {
    let count = |(word, count): (String, Json)| Ok((word, number(&count, name)? as usize));
    dictionary(config, name)?.into_iter().map(count).collect()
}

/// A dictionary as text.
fn written<K: ToString>(entries: impl Iterator<Item = (K, Json)>) -> Json {
    let entries = entries.map(|(key, value)| (key.to_string(), value)).collect();
    Json::Text(Json::Object(entries).to_string())
}

impl Tokenizer {
    /// The tokenizer as Keras's JSON.
    ///
    /// ```
    /// use keras_runtime::preprocessing::text::Tokenizer;
    ///
    /// let mut tokenizer = Tokenizer::new(100);
    /// tokenizer.fit_on_texts(&["the cat sat", "the dog"]);
    /// let same = Tokenizer::from_json(&tokenizer.to_json())?;
    /// assert_eq!(same.texts_to_sequences(&["the dog sat"]), [vec![1, 4, 3]]);
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    pub fn to_json(&self) -> String {
        let Vocabulary { documents, counts, docs, words, index, .. } = &self.learnt;
        let number = |number: usize| Json::from(number as u64);
        // In the order of the words, for the text to be the same every time.
        let of_docs = counts.iter().filter_map(|(word, _)| Some((word, *docs.get(word)?)));
        let numbered = words.iter().enumerate().skip(1);
        let config = [
            ("num_words", self.num_words.map_or(Json::Null, |words| Json::from(u64::from(words)))),
            ("filters", Json::from(&*self.filters)),
            ("lower", Json::Bool(self.lower)),
            ("split", Json::from(&*self.split)),
            ("char_level", Json::Bool(self.char_level)),
            ("oov_token", self.oov_token.as_deref().map_or(Json::Null, Json::from)),
            ("document_count", number(*documents)),
            ("word_counts", written(counts.iter().map(|(word, count)| (word, number(*count))))),
            ("word_docs", written(of_docs.clone().map(|(word, docs)| (word, number(docs))))),
            (
                "index_docs",
                written(of_docs.filter_map(|(word, docs)| Some((index.get(word)?, number(docs))))),
            ),
            ("index_word", written(numbered.clone().map(|(i, word)| (i, Json::from(&**word))))),
            ("word_index", written(numbered.map(|(i, word)| (word, number(i))))),
        ];
        let object = |entries: Vec<(&str, Json)>| {
            Json::Object(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
        };
        object(vec![("class_name", Json::from("Tokenizer")), ("config", object(config.into()))]).to_string()
    }

    /// A tokenizer of Keras's JSON (`keras.preprocessing.text.tokenizer_from_json`).
    ///
    /// # Errors
    /// When the text is no JSON, or not that of a tokenizer.
    pub fn from_json(text_of_tokenizer: &str) -> Result<Self> {
        let whole = Json::read(text_of_tokenizer.as_bytes()).map_err(wrong)?;
        let config = whole.get("config").filter(|config| config.object().is_some());
        let config = config.ok_or_else(|| wrong("has no `config`"))?;
        let optional =
            |name| Ok::<_, Error>(Some(entry(config, name)?).filter(|value| **value != Json::Null));
        let num_words = optional("num_words")?.map(|value| number(value, "num_words")).transpose()?;
        let oov_token = optional("oov_token")?.map(|_| text(config, "oov_token")).transpose()?;
        Ok(Tokenizer {
            num_words,
            filters: text(config, "filters")?,
            lower: truth(config, "lower")?,
            split: text(config, "split")?,
            char_level: truth(config, "char_level")?,
            oov_token,
            learnt: vocabulary(config)?,
        })
    }
}

fn vocabulary(config: &Json) -> Result<Vocabulary> {
    let documents = number(entry(config, "document_count")?, "document_count")? as usize;
    let counts = counts(config, "word_counts")?;
    let places = counts.iter().enumerate().map(|(place, (word, _))| (word.clone(), place)).collect();
    let index_word = dictionary(config, "index_word")?;
    // Numbers are 1, 2, ...: each has its place among as many words.
    let mut words: Vec<String> = vec![String::new(); index_word.len() + usize::from(!index_word.is_empty())];
    for (key, word) in &index_word {
        let place = key.parse().ok().filter(|place| (1..words.len()).contains(place));
        let place = place
            .ok_or_else(|| wrong(format!("`index_word` numbers a word {key}, of {}", index_word.len())))?;
        words[place] = word.text().ok_or_else(|| wrong(format!("`index_word` holds {word}")))?.into();
    }
    let index: HashMap<String, u32> = dictionary(config, "word_index")?
        .into_iter()
        .map(|(word, place)| Ok((word, number(&place, "word_index")?)))
        .collect::<Result<_>>()?;
    if let Some((word, place)) =
        index.iter().find(|(_, place)| !(1..words.len()).contains(&(**place as usize)))
    {
        return Err(wrong(format!("`word_index` numbers `{word}` {place}, of {} words", index_word.len())));
    }
    let docs = self::counts(config, "word_docs")?.into_iter().collect();
    Ok(Vocabulary { documents, counts, places, docs, words, index })
}
