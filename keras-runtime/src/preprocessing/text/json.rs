//! Tokenizers in Keras's JSON (`Tokenizer.to_json`, `tokenizer_from_json`): a dictionary of settings, in which what was learnt is
//! text that is JSON again.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Tokenizer, Vocabulary};
use crate::error::{Error, Result};

fn wrong(problem: impl std::fmt::Display) -> Error {
    Error::Format { file: "the JSON of a tokenizer".into(), problem: problem.to_string() }
}

fn entry<'a>(config: &'a Map<String, Value>, name: &str) -> Result<&'a Value> {
    config.get(name).ok_or_else(|| wrong(format!("has no `{name}`")))
}

fn text(config: &Map<String, Value>, name: &str) -> Result<String> {
    let text = entry(config, name)?.as_str().ok_or_else(|| wrong(format!("`{name}` is no text")))?;
    Ok(text.into())
}

fn truth(config: &Map<String, Value>, name: &str) -> Result<bool> {
    entry(config, name)?.as_bool().ok_or_else(|| wrong(format!("`{name}` is neither true nor false")))
}

/// A whole number of a size that words can have.
fn number(value: &Value, name: &str) -> Result<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| wrong(format!("`{name}` holds {value}, which is no number of words")))
}

/// A dictionary that is written as text.
fn dictionary(config: &Map<String, Value>, name: &str) -> Result<Map<String, Value>> {
    let value = serde_json::from_str(&text(config, name)?);
    value.map_err(|error| wrong(format!("`{name}`: {error}")))
}

fn counts(config: &Map<String, Value>, name: &str) -> Result<Vec<(String, usize)>> {
    let count = |(word, count): (String, Value)| Ok((word, number(&count, name)? as usize));
    dictionary(config, name)?.into_iter().map(count).collect()
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
        let word_counts: Map<String, Value> =
            counts.iter().map(|(word, count)| (word.clone(), json!(count))).collect();
        // In the order of the words, for the text to be the same every time.
        let of_docs = counts.iter().filter_map(|(word, _)| Some((word, *docs.get(word)?)));
        let word_docs: Map<String, Value> =
            of_docs.clone().map(|(word, docs)| (word.clone(), json!(docs))).collect();
        let index_docs: Map<String, Value> =
            of_docs.filter_map(|(word, docs)| Some((index.get(word)?.to_string(), json!(docs)))).collect();
        let numbered = words.iter().enumerate().skip(1);
        let word_index: Map<String, Value> =
            numbered.clone().map(|(i, word)| (word.clone(), json!(i))).collect();
        let index_word: Map<String, Value> = numbered.map(|(i, word)| (i.to_string(), json!(word))).collect();
        let written = |map: Map<String, Value>| Value::Object(map).to_string();
        json!({
            "class_name": "Tokenizer",
            "config": {
                "num_words": self.num_words,
                "filters": self.filters,
                "lower": self.lower,
                "split": self.split,
                "char_level": self.char_level,
                "oov_token": self.oov_token,
                "document_count": documents,
                "word_counts": written(word_counts),
                "word_docs": written(word_docs),
                "index_docs": written(index_docs),
                "index_word": written(index_word),
                "word_index": written(word_index),
            }
        })
        .to_string()
    }

    /// A tokenizer of Keras's JSON (`keras.preprocessing.text.tokenizer_from_json`).
    ///
    /// # Errors
    /// When the text is no JSON, or not that of a tokenizer.
    pub fn from_json(text_of_tokenizer: &str) -> Result<Self> {
        let whole: Value = serde_json::from_str(text_of_tokenizer).map_err(wrong)?;
        let config = whole.get("config").and_then(Value::as_object);
        let config = config.ok_or_else(|| wrong("has no `config`"))?;
        let optional = |name| Ok::<_, Error>(Some(entry(config, name)?).filter(|value| !value.is_null()));
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

fn vocabulary(config: &Map<String, Value>) -> Result<Vocabulary> {
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
        words[place] = word.as_str().ok_or_else(|| wrong(format!("`index_word` holds {word}")))?.into();
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
