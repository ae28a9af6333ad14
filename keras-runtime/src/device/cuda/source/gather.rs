//! Rows of arrays as words of a batch, by kernels that every model shares.

use std::fmt::Write;

use crate::data::Values;

/// What the elements of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Number {
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
}

use Number::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};

/// All of them, as CUDA C calls them.
const NUMBERS: [(Number, &str); 10] = [
    (F32, "float"),
    (F64, "double"),
    (U8, "unsigned char"),
    (I8, "signed char"),
    (U16, "unsigned short"),
    (I16, "short"),
    (U32, "unsigned int"),
    (I32, "int"),
    (U64, "unsigned long long"),
    (I64, "long long"),
];

impl Number {
    /// The elements of an array, and the bytes that they are.
    pub fn of<'a>(values: &'a Values<'_>) -> (Number, &'a [u8]) {
        fn bytes<T>(values: &[T]) -> &[u8] {
            // SAFETY: all bytes of numbers and truths are written, and live as long.
            unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
        }
        match values {
            Values::F32(x) => (F32, bytes(x)),
            Values::F64(x) => (F64, bytes(x)),
            Values::U8(x) => (U8, bytes(x)),
            Values::Bool(x) => (U8, bytes(x)),
            Values::I8(x) => (I8, bytes(x)),
            Values::U16(x) => (U16, bytes(x)),
            Values::I16(x) => (I16, bytes(x)),
            Values::U32(x) => (U32, bytes(x)),
            Values::I32(x) => (I32, bytes(x)),
            Values::U64(x) => (U64, bytes(x)),
            Values::I64(x) => (I64, bytes(x)),
            Values::Usize(x) if size_of::<usize>() == 8 => (U64, bytes(x)),
            Values::Usize(x) => (U32, bytes(x)),
        }
    }

    /// The kernel that reads them.
    pub fn kernel(self) -> String {
        format!("gather_{self:?}").to_lowercase()
    }
}

/// The kernels. Four words of control say where an array is, its first row, and whether rows are listed: at `rows`, a word for
/// each sample of the batch.
pub fn gather() -> String {
    let mut text = String::from("typedef unsigned int u32;\ntypedef unsigned long long u64;\n");
    for (number, name) in NUMBERS {
        let _ = write!(
            text,
            "
extern \"C\" __global__ void __launch_bounds__(256) {kernel}(const u32 *control, u32 at, u32 rows, float *to, u32 width, u32 len) {{
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= len) return;
    const u32 *source = control + at;
    const {name} *from = (const {name} *)((u64)source[1] << 32 | source[0]);
    u32 sample = i / width;
    u64 row = source[3] ? control[rows + sample] : (u64)source[2] + sample;
    to[i] = (float)from[row * width + i % width];
}}
",
            kernel = number.kernel()
        );
    }
    text
}

/// The names of all of them.
pub fn gather_kernels() -> impl Iterator<Item = String> {
    NUMBERS.iter().map(|(number, _)| number.kernel())
}
