//! Python's pickles, as far as Keras's data sets need them: numbers, texts, lists, dictionaries, and arrays of NumPy.
//!
//! A pickle is a program for a machine with a stack. This one knows only the instructions that make such values, of the
//! protocols 2 to 5 in binary form, and of all Python objects those that Keras allows: `numpy.ndarray`, `numpy.dtype` and
//! `_reconstruct`. Nothing is ever called.

use std::collections::HashMap;

use crate::data::Kind;

/// A value; what is large lies in the [`Pickle`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Bytes or text: where they begin in the file, and how many they are.
    Bytes(usize, usize),
    /// A list or tuple.
    List(usize),
    Dict(usize),
    Global(Global),
    Dtype(usize),
    Array(usize),
}

/// The Python objects that are allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    NdArray,
    Dtype,
    Reconstruct,
}

/// An array of NumPy.
#[derive(Debug, Clone, Default)]
pub(super) struct PickledArray {
    pub shape: Vec<usize>,
    /// Its type, such as `u1` or `O`.
    pub descr: String,
    /// Its bytes, or a list of objects.
    data: Option<Value>,
}

/// The values of a file.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    file: &'a [u8],
    root: Value,
    lists: Vec<Vec<Value>>,
    dicts: Vec<Vec<(Value, Value)>>,
    dtypes: Vec<String>,
    arrays: Vec<PickledArray>,
}

/// The most values on the stack: Python hands the items of a list over by the thousand.
const DEEPEST: usize = 1 << 18;

type Problem<T> = Result<T, String>;

impl<'a> Pickle<'a> {
    /// Reads a file.
    pub fn read(file: &'a [u8]) -> Problem<Self> {
        let pickle =
            Pickle { file, root: Value::None, lists: vec![], dicts: vec![], dtypes: vec![], arrays: vec![] };
        Machine { pickle, at: 0, stack: vec![], marks: vec![], memo: HashMap::new() }.run()
    }

    /// The value of the whole file.
    pub fn root(&self) -> Value {
        self.root
    }

    /// Bytes or text.
    pub fn bytes(&self, value: Value) -> Problem<&'a [u8]> {
        match value {
            Value::Bytes(at, len) => Ok(&self.file[at..at + len]),
            other => Err(format!("holds {} where bytes should be", name(other))),
        }
    }

    /// The value of `key` in a dictionary.
    pub fn entry(&self, dict: Value, key: &str) -> Problem<Value> {
        let Value::Dict(dict) = dict else {
            return Err(format!("holds {} where a dictionary should be", name(dict)));
        };
        let is_key = |value: Value| self.bytes(value).is_ok_and(|bytes| bytes == key.as_bytes());
        // A later entry of the same key takes the place of an earlier one.
        let found = self.dicts[dict].iter().rev().find(|(other, _)| is_key(*other));
        found.map(|(_, value)| *value).ok_or_else(|| format!("has no entry `{key}`"))
    }

    /// An array of NumPy.
    pub fn array(&self, value: Value) -> Problem<&PickledArray> {
        match value {
            Value::Array(array) => Ok(&self.arrays[array]),
            other => Err(format!("holds {} where an array should be", name(other))),
        }
    }

    /// The elements of a list, or of an array of objects with one dimension.
    pub fn items(&self, value: Value) -> Problem<&[Value]> {
        let list = match value {
            Value::Array(array) => self.arrays[array].data.unwrap_or(Value::None),
            other => other,
        };
        match list {
            Value::List(list) => Ok(&self.lists[list]),
            other => Err(format!("holds {} where a list should be", name(other))),
        }
    }

    /// Shape and bytes of an array of bytes.
    pub fn byte_array(&self, value: Value) -> Problem<(&[usize], &'a [u8])> {
        let array = self.array(value)?;
        if array.descr != "|u1" {
            return Err(format!("holds an array of `{}` where bytes should be", array.descr));
        }
        let bytes = self.bytes(array.data.unwrap_or(Value::None))?;
        match array.shape.iter().try_fold(1usize, |size, dim| size.checked_mul(*dim)) {
            Some(size) if size == bytes.len() => Ok((&array.shape, bytes)),
            _ => Err(format!("holds an array of {} bytes, whose shape is {:?}", bytes.len(), array.shape)),
        }
    }

    /// Whole numbers of a list, or of an array.
    pub fn ints(&self, value: Value) -> Problem<Vec<i64>> {
        let plain = match value {
            Value::Array(array) => Kind::of(&self.arrays[array].descr),
            _ => None,
        };
        if let Some((kind, false)) = plain {
            let bytes = self.bytes(self.array(value)?.data.unwrap_or(Value::None))?;
            return integers(kind, bytes);
        }
        let int = |value: &Value| match value {
            Value::Int(int) => Ok(*int),
            other => Err(format!("holds {} where a whole number should be", name(*other))),
        };
        self.items(value)?.iter().map(int).collect()
    }
}

/// Little-endian whole numbers.
fn integers(kind: Kind, bytes: &[u8]) -> Problem<Vec<i64>> {
    fn all<const N: usize>(bytes: &[u8], int: impl Fn([u8; N]) -> i64) -> Vec<i64> {
        bytes.as_chunks::<N>().0.iter().map(|bytes| int(*bytes)).collect()
    }
    Ok(match kind {
        Kind::U8 => all(bytes, |[byte]| i64::from(byte)),
        Kind::I32 => all(bytes, |word| i64::from(i32::from_le_bytes(word))),
        Kind::U32 => all(bytes, |word| i64::from(u32::from_le_bytes(word))),
        Kind::I64 => all(bytes, i64::from_le_bytes),
        other => return Err(format!("holds an array of {other:?} where whole numbers should be")),
    })
}

fn name(value: Value) -> &'static str {
    match value {
        Value::None => "None",
        Value::Bool(_) => "a truth value",
        Value::Int(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Bytes(..) => "bytes",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dictionary",
        Value::Global(_) => "a Python class",
        Value::Dtype(_) => "a NumPy type",
        Value::Array(_) => "an array",
    }
}

/// The machine that a pickle is a program for.
struct Machine<'a> {
    pickle: Pickle<'a>,
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack that a later instruction goes back to.
    marks: Vec<usize>,
    /// Values that are used again.
    memo: HashMap<u32, Value>,
}

impl<'a> Machine<'a> {
    fn run(mut self) -> Problem<Pickle<'a>> {
        loop {
            let place = self.at;
            let [code] = self.word()?;
            if code == b'.' {
                self.pickle.root = self.pop()?;
                return Ok(self.pickle);
            }
            self.step(code).map_err(|problem| format!("{problem} (byte {place} of the pickle)"))?;
        }
    }

    fn step(&mut self, code: u8) -> Problem<()> {
        match code {
            // Protocol and frames say nothing that is needed.
            0x80 => self.take(1).map(drop),
            0x95 => self.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.marked().map(drop),
            b'2' => {
                let top = self.top()?;
                self.push(top)
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' | b'K' | b'M' | 0x8a | 0x8b | b'I' | b'L' | b'G' => self.number(code),
            b'U' | b'C' | 0x8c | b'T' | b'X' | b'B' | 0x8d | 0x8e => self.text(code),
            b']' | b'l' | b'a' | b'e' | b')' | b't' | 0x85..=0x87 => self.list(code),
            b'}' | b'd' | b's' | b'u' => self.dict(code),
            b'q' | b'r' | 0x94 | b'h' | b'j' => self.remember(code),
            b'c' | 0x93 => self.global(code),
            b'R' => self.reduce(),
            b'b' => self.build(),
            other => Err(format!("has the instruction {other:#04x}, which no data set needs")),
        }
    }

    fn take(&mut self, len: usize) -> Problem<&'a [u8]> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.pickle.file.len());
        let end = end.ok_or("ends within its pickle")?;
        let bytes = &self.pickle.file[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn word<const N: usize>(&mut self) -> Problem<[u8; N]> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| "ends within its pickle".into())
    }

    fn line(&mut self) -> Problem<&'a str> {
        let rest = &self.pickle.file[self.at..];
        // No name and no number is longer.
        let len = rest.iter().take(256).position(|byte| *byte == b'\n').ok_or("has a line without an end")?;
        let line = self.take(len + 1)?;
        std::str::from_utf8(&line[..len]).map_err(|_| "has a line that is no text".into())
    }

    fn push(&mut self, value: Value) -> Problem<()> {
        if self.stack.len() >= DEEPEST {
            return Err(format!("keeps more than {DEEPEST} values at a time"));
        }
        self.stack.push(value);
        Ok(())
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Problem<Value> {
        let there = self.stack.len() > self.floor();
        self.stack.pop().filter(|_| there).ok_or_else(|| "takes a value from an empty stack".into())
    }

    fn top(&self) -> Problem<Value> {
        let there = self.stack.len() > self.floor();
        self.stack.last().copied().filter(|_| there).ok_or_else(|| "reads a value of an empty stack".into())
    }

    fn marked(&mut self) -> Problem<Vec<Value>> {
        let mark = self.marks.pop().ok_or("goes back to a mark that is not there")?;
        Ok(self.stack.split_off(mark))
    }

    fn number(&mut self, code: u8) -> Problem<()> {
        let value = match code {
            b'J' => Value::Int(i32::from_le_bytes(self.word()?).into()),
            b'K' => Value::Int(self.word::<1>()?[0].into()),
            b'M' => Value::Int(u16::from_le_bytes(self.word()?).into()),
            b'G' => Value::Float(f64::from_be_bytes(self.word()?)),
            0x8a => {
                let len = self.word::<1>()?[0].into();
                self.long(len)?
            }
            0x8b => {
                let len = u32::from_le_bytes(self.word()?) as usize;
                self.long(len)?
            }
            _ => match self.line()? {
                "01" => Value::Bool(true),
                "00" => Value::Bool(false),
                text => {
                    let number = text.strip_suffix('L').unwrap_or(text).parse();
                    Value::Int(number.map_err(|_| format!("has `{text}` where a number should be"))?)
                }
            },
        };
        self.push(value)
    }

    fn long(&mut self, len: usize) -> Problem<Value> {
        let bytes = self.take(len)?;
        if len > 8 {
            return Err(format!("has a whole number of {len} bytes"));
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
        let mut word = [sign; 8];
        word[..len].copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(word)))
    }

    fn text(&mut self, code: u8) -> Problem<()> {
        let len = match code {
            b'U' | b'C' | 0x8c => u64::from(self.word::<1>()?[0]),
            0x8d | 0x8e => u64::from_le_bytes(self.word()?),
            _ => u64::from(u32::from_le_bytes(self.word()?)),
        };
        let at = self.at;
        let len = usize::try_from(len).map_err(|_| "ends within its pickle")?;
        self.take(len)?;
        self.push(Value::Bytes(at, len))
    }

    fn list(&mut self, code: u8) -> Problem<()> {
        let items = match code {
            b'a' => vec![self.pop()?],
            b'e' | b'l' | b't' => self.marked()?,
            0x85..=0x87 => {
                let mut items = (0x84..code).map(|_| self.pop()).collect::<Problem<Vec<Value>>>()?;
                items.reverse();
                items
            }
            _ => vec![],
        };
        if let b'a' | b'e' = code {
            let Value::List(list) = self.top()? else { return Err("adds items to what is no list".into()) };
            self.pickle.lists[list].extend(items);
            return Ok(());
        }
        self.pickle.lists.push(items);
        self.push(Value::List(self.pickle.lists.len() - 1))
    }

    fn dict(&mut self, code: u8) -> Problem<()> {
        let items = match code {
            b's' => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            b'u' | b'd' => self.marked()?,
            _ => vec![],
        };
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("has a key without a value".into());
        }
        let pairs = pairs.iter().map(|[key, value]| (*key, *value));
        if let b's' | b'u' = code {
            let Value::Dict(dict) = self.top()? else { return Err("adds entries to what is none".into()) };
            self.pickle.dicts[dict].extend(pairs);
            return Ok(());
        }
        self.pickle.dicts.push(pairs.collect());
        self.push(Value::Dict(self.pickle.dicts.len() - 1))
    }

    fn remember(&mut self, code: u8) -> Problem<()> {
        let key = match code {
            b'q' | b'h' => self.word::<1>()?[0].into(),
            b'r' | b'j' => u32::from_le_bytes(self.word()?),
            _ => self.memo.len() as u32,
        };
        if let b'h' | b'j' = code {
            let value = self.memo.get(&key).copied();
            return self.push(value.ok_or("uses a value that was not remembered")?);
        }
        let value = self.top()?;
        self.memo.insert(key, value);
        Ok(())
    }

    fn global(&mut self, code: u8) -> Problem<()> {
        let (module, object) = match code {
            b'c' => (self.line()?.as_bytes(), self.line()?.as_bytes()),
            _ => {
                let object = self.pop()?;
                let module = self.pop()?;
                (self.pickle.bytes(module)?, self.pickle.bytes(object)?)
            }
        };
        let global = match (module, object) {
            (b"numpy", b"ndarray") => Global::NdArray,
            (b"numpy", b"dtype") => Global::Dtype,
            (b"numpy.core.multiarray" | b"numpy._core.multiarray", b"_reconstruct") => Global::Reconstruct,
            (module, object) => {
                let name = |bytes| String::from_utf8_lossy(bytes).into_owned();
                return Err(format!(
                    "asks for the Python object `{}.{}`, which no data set needs",
                    name(module),
                    name(object)
                ));
            }
        };
        self.push(Value::Global(global))
    }

    /// A call: of what makes an empty array, or a type.
    fn reduce(&mut self) -> Problem<()> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let arguments = self.pickle.items(arguments)?;
        match (callee, arguments) {
            (Value::Global(Global::Reconstruct), [Value::Global(Global::NdArray), ..]) => {
                self.pickle.arrays.push(PickledArray::default());
                self.push(Value::Array(self.pickle.arrays.len() - 1))
            }
            (Value::Global(Global::Dtype), [name, ..]) => {
                let name = self.pickle.bytes(*name)?;
                let name = String::from_utf8_lossy(name.get(..name.len().min(16)).unwrap_or(name));
                self.pickle.dtypes.push(format!("|{}", name.trim_start_matches(['<', '>', '|', '='])));
                self.push(Value::Dtype(self.pickle.dtypes.len() - 1))
            }
            _ => Err("calls what is no array".into()),
        }
    }

    /// What an array, or a type, consists of.
    fn build(&mut self) -> Problem<()> {
        let state = self.pop()?;
        let object = self.top()?;
        let state = self.pickle.items(state)?;
        match (object, state) {
            (Value::Dtype(dtype), [_, order, ..]) => {
                let order = match self.pickle.bytes(*order)? {
                    b"<" | b"=" => "<",
                    b">" => ">",
                    _ => "|",
                };
                self.pickle.dtypes[dtype].replace_range(..1, order);
                Ok(())
            }
            (Value::Array(array), [_, shape, Value::Dtype(dtype), fortran, data]) => {
                if *fortran == Value::Bool(true) {
                    return Err("has an array that is not in row-major order".into());
                }
                let dims = self.pickle.ints(*shape)?;
                let dims: Result<Vec<usize>, _> = dims.into_iter().map(usize::try_from).collect();
                let shape = dims.map_err(|_| "has an array of a negative size")?;
                let descr = self.pickle.dtypes[*dtype].clone();
                self.pickle.arrays[array] = PickledArray { shape, descr, data: Some(*data) };
                Ok(())
            }
            _ => Err("fills in what is no array".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_python() {
        // pickle.dumps({b'a': [1, -2, 70000, 2**40, True, None, 0.5], 'b': ('x', [])}, 4)
        let file = b"\x80\x04\x951\0\0\0\0\0\0\0}\x94(C\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffJp\x11\x01\0\x8a\x06\0\0\0\0\0\x01\x88NG?\xe0\0\0\0\0\0\0e\x8c\x01b\x94\x8c\x01x\x94]\x94\x86\x94u.";
        let pickle = Pickle::read(file).expect("a pickle");
        let a = pickle.entry(pickle.root(), "a").expect("an entry");
        let ints = [1, -2, 70000, 1 << 40].map(Value::Int);
        let items = pickle.items(a).expect("a list");
        assert_eq!(items[..4], ints);
        assert_eq!(items[4..], [Value::Bool(true), Value::None, Value::Float(0.5)]);
        let b = pickle.items(pickle.entry(pickle.root(), "b").expect("an entry")).expect("a tuple");
        assert_eq!((pickle.bytes(b[0]), pickle.items(b[1])), (Ok(&b"x"[..]), Ok(&[][..])));
        assert!(pickle.entry(pickle.root(), "c").is_err());
        for end in 0..file.len() {
            assert!(Pickle::read(&file[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn nothing_is_called() {
        for bad in [
            &b"\x80\x02cos\nsystem\nU\x04true\x85R."[..],
            b"\x80\x02cnumpy\nndarray\n)R.",
            b"\x80\x02]K\x01b.",
            b"\x80\x02(.",
            b"\x80\x02(0.",
            b"\x80\x02X\xff\xff\xff\xffabc.",
            b"\x80\x02h\x07.",
            b"\x80\x02e.",
            b"\x80\x02}(K\x01u.",
            b"\x80\x02\x8b\xff\xff\xff\xff.",
        ] {
            assert!(Pickle::read(bad).is_err(), "{bad:?}");
        }
    }
}
