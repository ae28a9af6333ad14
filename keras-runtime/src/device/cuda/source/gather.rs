//! Rows of arrays as words of a batch, by kernels that every model shares.

use std::fmt::Write;

use super::PRELUDE;
use crate::data::{Kind, Values};

/// All kinds of elements, as CUDA C calls them. Truths are read as the bytes that they are.
const KINDS: [(Kind, &str); 10] = [
    (Kind::F32, "float"),
    (Kind::F64, "double"),
    (Kind::U8, "unsigned char"),
    (Kind::I8, "signed char"),
    (Kind::U16, "unsigned short"),
    (Kind::I16, "short"),
    (Kind::U32, "unsigned int"),
    (Kind::I32, "int"),
    (Kind::U64, "unsigned long long"),
    (Kind::I64, "long long"),
];

/// What the elements of an array are, and the bytes that they are.
pub fn elements<'a>(values: &'a Values<'_>) -> (Kind, &'a [u8]) {
    fn bytes<T>(values: &[T]) -> &[u8] {
        // SAFETY: all bytes of numbers and truths are written, and live as long.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }
    match values {
        Values::F32(x) => (Kind::F32, bytes(x)),
        Values::F64(x) => (Kind::F64, bytes(x)),
        Values::U8(x) => (Kind::U8, bytes(x)),
        Values::Bool(x) => (Kind::U8, bytes(x)),
        Values::I8(x) => (Kind::I8, bytes(x)),
        Values::U16(x) => (Kind::U16, bytes(x)),
        Values::I16(x) => (Kind::I16, bytes(x)),
        Values::U32(x) => (Kind::U32, bytes(x)),
        Values::I32(x) => (Kind::I32, bytes(x)),
        Values::U64(x) => (Kind::U64, bytes(x)),
        Values::I64(x) => (Kind::I64, bytes(x)),
        Values::Usize(x) if size_of::<usize>() == 8 => (Kind::U64, bytes(x)),
        Values::Usize(x) => (Kind::U32, bytes(x)),
    }
}

/// The kernel that reads them.
pub fn gather_kernel(kind: Kind) -> String {
    format!("gather_{kind:?}").to_lowercase()
}

/// The kernels. Four words of control say where an array is, its first row, and whether rows are listed: at `rows`, a word for
/// each sample of the batch. A thread moves four words: neighbours at once, where rows have a multiple of four.
pub fn gather() -> String {
    let mut text = String::from(PRELUDE);
    text +=
        "\ntemplate <typename T> struct __align__(sizeof(T) < 4 ? 4 * sizeof(T) : 16) Four { T x[4]; };\n";
    for (kind, name) in KINDS {
        let _ = write!(
            text,
            "
extern \"C\" __global__ void __launch_bounds__(256, 2) {kernel}(const u32 *control, u32 at, u32 rows, float *to, u32 width, u32 len) {{
    const u32 *source = control + at;
    const {name} *from = (const {name} *)((u64)source[1] << 32 | source[0]);
    u64 first = source[2];
    const u32 *listed = source[3] ? control + rows : 0;
    if (width % 4u == 0) {{
        u32 i = (blockIdx.x * 256u + threadIdx.x) * 4u;
        if (i >= len) return;
        u32 sample = i / width;
        u64 row = listed ? listed[sample] : first + sample;
        Four<{name}> four = *(const Four<{name}> *)(from + row * width + i % width);
        store4(to + i, (float)four.x[0], (float)four.x[1], (float)four.x[2], (float)four.x[3]);
        return;
    }}
    u32 end = min(len, (blockIdx.x + 1) * 1024u);
    for (u32 i = blockIdx.x * 1024u + threadIdx.x; i < end; i += 256u) {{
        u32 sample = i / width;
        u64 row = listed ? listed[sample] : first + sample;
        to[i] = (float)from[row * width + i % width];
    }}
}}
",
            kernel = gather_kernel(kind)
        );
    }
    text
}

/// The names of all of them.
pub fn gather_kernels() -> impl Iterator<Item = String> {
    KINDS.iter().map(|(kind, _)| gather_kernel(*kind))
}
