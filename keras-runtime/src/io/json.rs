//! JSON (RFC 8259), as far as headers of weight files, tokenizers and indices of words and classes are written in it.

use std::fmt::{self, Write as _};

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
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        reader.space();
        if reader.at < text.len() { reader.missing("the end") } else { Ok(value) }
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

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn missing<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("expected {what} at byte {}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over `byte`, if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth == 0 {
            return self.missing("values that lie less deep");
        }
        self.space();
        match self.peek() {
            Some(b'{') => {
                let entry = |reader: &mut Self| {
                    reader.space();
                    let name = reader.string()?;
                    reader.space();
                    if !reader.take(b':') {
                        return reader.missing("`:`");
                    }
                    Ok((name, reader.value(depth - 1)?))
                };
                self.several(b'}', entry).map(Json::Object)
            }
            Some(b'[') => self.several(b']', |reader| reader.value(depth - 1)).map(Json::List),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let words = [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
                let word = words.into_iter().find(|(word, _)| self.text[self.at..].starts_with(word));
                let Some((word, value)) = word else { return self.missing("a value") };
                self.at += word.len();
                Ok(value)
            }
        }
    }

    /// What stands between brackets, with commas between.
    fn several<T>(
        &mut self,
        end: u8,
        mut one: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        self.at += 1;
        self.space();
        let mut found = vec![];
        if self.take(end) {
            return Ok(found);
        }
        loop {
            found.push(one(self)?);
            self.space();
            if self.take(end) {
                return Ok(found);
            }
            if !self.take(b',') {
                return self.missing("`,` or the end of a list");
            }
        }
    }

    fn digits(&mut self) -> Result<(), String> {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == from { self.missing("a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json, String> {
        let from = self.at;
        self.take(b'-');
        // Nothing follows a zero in front.
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Json::Number(self.text[from..self.at].into()))
    }

    fn string(&mut self) -> Result<String, String> {
        if !self.take(b'"') {
            return self.missing("a text in quotes");
        }
        let mut text = String::new();
        loop {
            let from = self.at;
            while matches!(self.peek(), Some(byte) if byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(&self.text[from..self.at]);
            if self.take(b'"') {
                return Ok(text);
            }
            if !self.take(b'\\') {
                return self.missing("the end of a text");
            }
            let escaped = self.peek();
            self.at += 1;
            text.push(match escaped {
                Some(mark @ (b'"' | b'\\' | b'/')) => mark.into(),
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'u') => self.character()?,
                _ => {
                    self.at -= 1;
                    return self.missing("an escaped character");
                }
            });
        }
    }

    /// What stands behind `\u`: a character, or the two halves of one.
    fn character(&mut self) -> Result<char, String> {
        let mut units = [self.unit()?, 0];
        let halves = matches!(units[0], 0xd800..0xdc00) && self.take(b'\\') && self.take(b'u');
        if halves {
            units[1] = self.unit()?;
        }
        let units = &units[..1 + usize::from(halves)];
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) if character.len_utf16() == units.len() => Ok(character),
            _ => self.missing("the other half of a character"),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
            return self.missing("four hexadecimal digits");
        };
        self.at += 4;
        Ok(unit)
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
            assert!(error.starts_with("expected "), "{text}: {error}");
        }
        assert!(Json::read(b"\"\xff\"").is_err());
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(
            Json::read(deep(DEPTH).as_bytes()).is_ok() && Json::read(deep(DEPTH + 1).as_bytes()).is_err()
        );
    }
}
