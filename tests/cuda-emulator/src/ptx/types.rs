//! Fundamental types. Untyped bits (`.b32`) are taken as unsigned numbers of their width.

/// The type of an instruction or register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Type {
    Pred,
    U8,
    S8,
    U16,
    S16,
    U32,
    S32,
    U64,
    S64,
    F16,
    BF16,
    /// Two `f16` in 32 bits.
    F16x2,
    /// Two `bf16` in 32 bits.
    BF16x2,
    F32,
    /// An `f32` of which a tensor core reads 19 bits.
    TF32,
    F64,
}

impl Type {
    /// The type that a modifier names.
    pub fn parse(word: &str) -> Option<Type> {
        Some(match word {
            "pred" => Type::Pred,
            "b8" | "u8" => Type::U8,
            "s8" => Type::S8,
            "b16" | "u16" => Type::U16,
            "s16" => Type::S16,
            "b32" | "u32" => Type::U32,
            "s32" => Type::S32,
            "b64" | "u64" => Type::U64,
            "s64" => Type::S64,
            "f16" => Type::F16,
            "bf16" => Type::BF16,
            "f16x2" => Type::F16x2,
            "bf16x2" => Type::BF16x2,
            "f32" => Type::F32,
            "tf32" => Type::TF32,
            "f64" => Type::F64,
            _ => return None,
        })
    }

    /// Its width; a predicate counts as one bit.
    pub fn bits(self) -> u32 {
        match self {
            Type::Pred => 1,
            Type::U8 | Type::S8 => 8,
            Type::U16 | Type::S16 | Type::F16 | Type::BF16 => 16,
            Type::U32 | Type::S32 | Type::F32 | Type::TF32 | Type::F16x2 | Type::BF16x2 => 32,
            Type::U64 | Type::S64 | Type::F64 => 64,
        }
    }

    /// Its size in memory.
    pub fn bytes(self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    /// Whether it is a float, or a pair of floats.
    pub fn is_float(self) -> bool {
        !matches!(
            self,
            Type::Pred
                | Type::U8
                | Type::S8
                | Type::U16
                | Type::S16
                | Type::U32
                | Type::S32
                | Type::U64
                | Type::S64
        )
    }

    /// Whether it is an integer with a sign.
    pub fn is_signed(self) -> bool {
        matches!(self, Type::S8 | Type::S16 | Type::S32 | Type::S64)
    }
}
