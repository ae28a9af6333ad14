//! Text to words.

/// A word or a sign, and its line.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// The text.
    pub text: &'a str,
    /// The line, counted from one.
    pub line: u32,
}

/// Cuts a text into tokens; comments are left out. A word is what names, numbers and mnemonics are made of, points included.
pub fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 5);
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = &source[at..];
        let length = match bytes[at] {
            b'\n' => {
                line += 1;
                at += 1;
                continue;
            }
            c if c.is_ascii_whitespace() || c == 0 => {
                at += 1;
                continue;
            }
            b'/' if rest.starts_with("//") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with("/*") => {
                let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
                line += rest[..end].matches('\n').count() as u32;
                at += end;
                continue;
            }
            b'"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            c if is_word(c) => word(&bytes[at..]),
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        out.push(Token { text: &source[at..at + length], line });
        at += length;
    }
    out
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'$' | b'%' | b'.')
}

/// The length of the word at the start; `::` belongs to it (`shared::cta`), and one colon does not.
fn word(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        if is_word(bytes[at]) {
            at += 1;
        } else if bytes[at..].starts_with(b"::") {
            at += 2;
        } else {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_signs_and_lines() {
        let text = "ld.shared::cta.f32 %f1, [a+4]; // no\n/* a\nb */ L1: @!%p bra L1;";
        let words: Vec<_> = tokens(text).iter().map(|t| (t.text, t.line)).collect();
        let first = ["ld.shared::cta.f32", "%f1", ",", "[", "a", "+", "4", "]", ";"].map(|t| (t, 1));
        let then = ["L1", ":", "@", "!", "%p", "bra", "L1", ";"].map(|t| (t, 3));
        assert_eq!(words, [&first[..], &then[..]].concat());
    }
}
