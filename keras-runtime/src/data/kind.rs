//! Types of elements.

/// What the elements of an array are, as they lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    F32,
    F64,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    Bool,
}

impl Kind {
    /// The kind that NumPy calls `descr`, and whether its bytes are in the order of other machines.
    pub fn of(descr: &str) -> Option<(Self, bool)> {
        let (order, name) = (descr.get(..1)?, descr.get(1..)?);
        let kind = match name {
            "f4" => Kind::F32,
            "f8" => Kind::F64,
            "u1" => Kind::U8,
            "i1" => Kind::I8,
            "b1" => Kind::Bool,
            "u2" => Kind::U16,
            "i2" => Kind::I16,
            "u4" => Kind::U32,
            "i4" => Kind::I32,
            "u8" => Kind::U64,
            "i8" => Kind::I64,
            _ => return None,
        };
        match order {
            "<" | "|" => Some((kind, false)),
            ">" => Some((kind, true)),
            _ => None,
        }
    }

    /// Bytes of an element.
    pub fn bytes(self) -> usize {
        match self {
            Kind::U8 | Kind::I8 | Kind::Bool => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::F32 | Kind::U32 | Kind::I32 => 4,
            Kind::F64 | Kind::U64 | Kind::I64 => 8,
        }
    }
}
