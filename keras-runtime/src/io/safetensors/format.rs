//! The format: the length of a header, a header in JSON that says what each tensor is and where it lies, and the tensors' bytes
//! (<https://huggingface.co/docs/safetensors>).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::io::json::Json;

/// Bytes of a header at most, as in other readers.
const HEADER_TO: usize = 100_000_000;
/// What the header says of the file.
const METADATA: &str = "__metadata__";
/// The type of all tensors that are written.
const F32: &str = "F32";

/// A tensor on its way into a file: its name, shape and bytes.
pub(crate) type Encoded = (String, Vec<usize>, Vec<u8>);
/// What a file says of itself.
pub(crate) type Metadata = BTreeMap<String, String>;

/// A tensor in a file.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub dtype: String,
    pub shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// As the header tells it, and where it lies in `data`.
    fn read(entry: &Json, data: &'a [u8]) -> Option<(Self, Range<usize>)> {
        let number = |json: &Json| usize::try_from(json.whole()?).ok();
        let numbers = |name| entry.get(name)?.list()?.iter().map(number).collect::<Option<Vec<usize>>>();
        let (dtype, shape) = (entry.get("dtype")?.text()?.to_string(), numbers("shape")?);
        let &[start, end] = &numbers("data_offsets")?[..] else { return None };
        let bytes = data.get(start..end)?;
        // Of types that models do not have, the number of bytes says nothing that is asked for.
        let whole =
            shape.iter().try_fold(4, |bytes: usize, dim| bytes.checked_mul(*dim)) == Some(bytes.len());
        (whole || dtype != F32).then_some((View { dtype, shape, bytes }, start..end))
    }

    /// The bytes of its elements, if they are of the type `F32`.
    pub fn elements(&self) -> Option<&'a [[u8; 4]]> {
        (self.dtype == F32).then_some(self.bytes.as_chunks().0)
    }

    /// The same, if it has this shape.
    pub fn elements_of(&self, shape: &[usize]) -> Option<&'a [[u8; 4]]> {
        self.elements().filter(|_| self.shape == shape)
    }
}

/// The tensors of a file by name, and what it says of itself.
#[derive(Debug)]
pub(crate) struct Tensors<'a> {
    pub views: BTreeMap<String, View<'a>>,
    /// In the order of the file: few look at it.
    pub metadata: Vec<(String, String)>,
}

impl<'a> Tensors<'a> {
    /// Finds them in a file, whose bytes each belong to one.
    pub fn read(file: &'a [u8]) -> Result<Self, String> {
        let (length, rest) = file.split_first_chunk().ok_or("it has no header")?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok();
        let parts =
            length.filter(|length| *length <= HEADER_TO).and_then(|length| rest.split_at_checked(length));
        let (header, data) = parts.ok_or("its header is longer than it")?;
        let header = Json::read(header).map_err(|problem| format!("in its header: {problem}"))?;
        let (mut views, mut metadata, mut places) = (BTreeMap::new(), vec![], vec![]);
        for (name, entry) in header.object().ok_or("its header is no dictionary")? {
            if name == METADATA {
                for (name, value) in entry.object().unwrap_or_default() {
                    let text = value.text().ok_or_else(|| format!("its `{name}` is no text"))?;
                    metadata.push((name.clone(), text.into()));
                }
                continue;
            }
            let wrong = || format!("its header tells nothing that holds of `{name}`");
            let (view, place) = View::read(entry, data).ok_or_else(wrong)?;
            places.push((place.start, place.end));
            if views.insert(name.clone(), view).is_some() {
                return Err(format!("it has two tensors `{name}`"));
            }
        }
        places.sort_unstable();
        let mut end = 0;
        if places.iter().any(|place| std::mem::replace(&mut end, place.1) != place.0) || end != data.len() {
            return Err("it has bytes of no tensor, or of several".into());
        }
        Ok(Tensors { views, metadata })
    }
}

/// A file of these tensors, all of them of the type `F32`, by their names.
pub(crate) fn written(mut tensors: Vec<Encoded>, metadata: &Metadata) -> Vec<u8> {
    tensors.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    let mut header = vec![];
    if !metadata.is_empty() {
        let entries = metadata.iter().map(|(name, value)| (name.clone(), Json::Text(value.clone())));
        header.push((METADATA.to_string(), Json::Object(entries.collect())));
    }
    let numbers = |numbers: &[usize]| Json::List(numbers.iter().map(|x| Json::from(*x as u64)).collect());
    let mut at = 0;
    for (name, shape, bytes) in &tensors {
        let entry = [
            ("dtype", Json::from(F32)),
            ("shape", numbers(shape)),
            ("data_offsets", numbers(&[at, at + bytes.len()])),
        ];
        header.push((name.clone(), Json::Object(entry.map(|(name, value)| (name.into(), value)).into())));
        at += bytes.len();
    }
    let mut header = Json::Object(header).to_string();
    // Tensors begin where words of any type may.
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    let mut file = Vec::with_capacity(8 + header.len() + at);
    file.extend_from_slice(&(header.len() as u64).to_le_bytes());
    file.extend_from_slice(header.as_bytes());
    tensors.iter().for_each(|(_, _, bytes)| file.extend_from_slice(bytes));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
    }

    #[test]
    fn what_is_written_is_read() {
        let tensors = vec![
            ("b/\"x\"".to_string(), vec![2, 1], vec![0, 0, 128, 63, 0, 0, 0, 64]),
            ("a".to_string(), vec![], vec![0, 0, 64, 64]),
            ("c".to_string(), vec![3, 0], vec![]),
        ];
        let metadata = Metadata::from([("format".to_string(), "é\n".to_string())]);
        let bytes = written(tensors, &metadata);
        let length = usize::from(bytes[0]) + 256 * usize::from(bytes[1]);
        assert_eq!(bytes.len(), 8 + length + 12, "and no more");
        assert_eq!(length % 8, 0);
        let read = Tensors::read(&bytes).unwrap();
        assert_eq!(Metadata::from_iter(read.metadata), metadata);
        assert_eq!(read.views.keys().collect::<Vec<_>>(), ["a", "b/\"x\"", "c"]);
        let b = &read.views["b/\"x\""];
        let words: Vec<f32> = b.elements().unwrap().iter().map(|x| f32::from_le_bytes(*x)).collect();
        assert_eq!((&words[..], &b.shape[..]), (&[1.0, 2.0][..], &[2, 1][..]));
        assert!(b.elements_of(&[2]).is_none() && read.views["a"].elements_of(&[]).is_some());
    }

    #[test]
    fn what_is_not_whole_is_told() {
        let tensor = |dtype: &str, dims: &str, from: usize, to: usize| {
            format!(r#"{{"dtype":"{dtype}","shape":[{dims}],"data_offsets":[{from},{to}]}}"#)
        };
        let two = |a: &str, b: &str| file(&format!(r#"{{"a":{a},"b":{b}}}"#), 12);
        let (a, b) = (tensor("F32", "1", 0, 4), tensor("F32", "1,2", 4, 12));
        assert!(Tensors::read(&two(&a, &b)).is_ok());
        assert!(Tensors::read(&two(&b, &a)).is_ok(), "in any order");
        let other = Tensors::read(&two(&a, &tensor("F16", "4", 4, 12))[..])
            .map(|read| read.views["b"].elements().is_none());
        assert_eq!(other, Ok(true), "another type is told apart by whoever asks");
        let holds = "tells nothing that holds of `b`";
        for (bytes, problem) in [
            (vec![1; 7], "no header"),
            (file("{}", 0)[..9].to_vec(), "longer than it"),
            (file("[]", 0), "no dictionary"),
            (file("{", 0), "in its header: "),
            (file("{}", 1), "bytes of no tensor"),
            (file(r#"{"__metadata__":{"x":1}}"#, 0), "`x` is no text"),
            (two(&a, "1"), holds),
            (two(&a, &tensor("F32", "3", 4, 12)), holds),
            (two(&a, &tensor("F32", "1,2", 4, 13)), holds),
            (two(&a, &tensor("F32", "1,2", 12, 4)), holds),
            (two(&a, &tensor("F32", "-1,2", 4, 12)), holds),
            (two(&a, &tensor("F32", "4294967296,4294967296", 4, 4)), holds),
            (two(&a, &tensor("F32", "1", 4, 8)), "bytes of no tensor"),
            (two(&a, &tensor("F32", "1", 8, 12)), "bytes of no tensor"),
            (two(&a, &tensor("F32", "3", 0, 12)), "or of several"),
            (file(&format!(r#"{{"a":{a},"a":{a}}}"#), 4), "two tensors `a`"),
        ] {
            let error = Tensors::read(&bytes).expect_err(problem);
            assert!(error.contains(problem), "{error}, and not {problem}");
        }
    }
}
