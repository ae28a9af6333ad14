//! JSON (RFC 8259), as far as headers of weight files, tokenizers and indices of words and classes are written in it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use hifijson::SliceLexer;
use hifijson::token::Lex;
use hifijson::value::{Value, parse_bounded};

/// How deep values may lie in each other.
const DEPTH: usize = 128;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a text that is one value.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let mut lexer = SliceLexer::new(text);
        let value = lexer.exactly_one(Lex::ws_peek, |next, lexer| parse_bounded(DEPTH, next, lexer));
        let at = text.len() - lexer.as_slice().len();
        value.map(Json::from).map_err(|error: hifijson::Error| format!("{error} at byte {at}"))
    }

    pub fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub fn truth(&self) -> Option<bool> {
        if let Json::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// A whole number that is not negative.
    pub fn whole(&self) -> Option<u64> {
        if let Json::Number(number) = self { number.parse().ok() } else { None }
    }

    pub fn list(&self) -> Option<&[Json]> {
        if let Json::List(list) = self { Some(list) } else { None }
    }

    pub fn object(&self) -> Option<&[(String, Json)]> {
        if let Json::Object(entries) = self { Some(entries) } else { None }
    }

    /// What an object has under `name`: the last of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.object()?.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Json::Number(number.to_string())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::Text(text.into())
    }
}

impl From<Value<&str, Cow<'_, str>>> for Json {
    fn from(value: Value<&str, Cow<'_, str>>) -> Self {
        match value {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(truth),
            Value::Number((number, _)) => Json::Number(number.into()),
            Value::String(text) => Json::Text(text.into_owned()),
            Value::Array(list) => Json::List(list.into_iter().map(Json::from).collect()),
            Value::Object(entries) => Json::Object(
                entries.into_iter().map(|(name, value)| (name.into_owned(), value.into())).collect(),
            ),
        }
    }
}

/// Without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(truth) => write!(f, "{truth}"),
            Json::Number(number) => f.write_str(number),
            Json::Text(text) => quoted(text, f),
            Json::List(list) => {
                f.write_char('[')?;
                for (i, value) in list.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    value.fmt(f)?;
                }
                f.write_char(']')
            }
            Json::Object(entries) => {
                f.write_char('{')?;
                for (i, (name, value)) in entries.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    quoted(name, f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            ..' ' => write!(f, "\\u{:04x}", u32::from(character))?,
            _ => f.write_char(character)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written() {
        let text = r#"{"a":[1,-0.5e-3,0,[]],"b":{"é\"\\\n\u0001":null},"a":true,"c":false}"#;
        let json = Json::read(text.as_bytes()).unwrap();
        assert_eq!(json.to_string(), text);
        assert_eq!(json.get("a").and_then(Json::truth), Some(true), "the last of a name");
        assert_eq!(json.get("b").and_then(|b| b.get("é\"\\\n\u{1}")), Some(&Json::Null));
        let spaced = Json::read(b" { \"x\" :\t[ 7 ,\r\n18446744073709551615 , 1.0 ] } ").unwrap();
        let numbers: Vec<_> = spaced.get("x").unwrap().list().unwrap().iter().map(Json::whole).collect();
        assert_eq!(numbers, [Some(7), Some(u64::MAX), None]);
        let marks = Json::read(br#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#).unwrap();
        assert_eq!(marks.text(), Some("\"\\/\u{8}\u{c}\n\r\té😀"));
    }

    #[test]
    fn what_is_no_json_is_told() {
        let wrong = [
            "",
            "{",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{a:1}",
            "01",
            "-",
            "1.",
            "1e",
            "+1",
            "nul",
            "truely",
            "\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\u0041\"",
            "\"\\udc00\"",
            "\"\n\"",
            "[]]",
            "\"\\u00é\"",
        ];
        for text in wrong {
            let error = Json::read(text.as_bytes()).expect_err(text);
            assert!(error.contains(" at byte "), "{text}: {error}");
        }
        assert!(Json::read(b"\"\xff\"").is_err());
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(
            Json::read(deep(DEPTH).as_bytes()).is_ok() && Json::read(deep(DEPTH + 1).as_bytes()).is_err()
        );
    }
}
