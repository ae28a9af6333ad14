//! Kernels that move words, and softmax.

use std::fmt::Write;

use super::formula::number;
use super::{Extent, Launch, THREADS, Text, address, each, group_of, is_aligned, launch, tiles};
use crate::compiled::{Buf, Fill, Sample};

/// The index `i` of a thread, which ends if there are not so many `units` (for each sample), and its sample `b`.
fn index(batched: bool, units: usize) -> String {
    let samples = if batched { "batch * " } else { "" };
    format!(
        "    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (i >= {samples}{units}u) return;\n    u32 b = i / {units}u; i %= {units}u;\n"
    )
}

/// As many threads to a row as it has words for, four to each where they lie so; a block where rows are long.
pub fn softmax(text: &mut Text, x: &Buf, y: &Buf, rows: usize, columns: usize, log: bool) -> Vec<Launch> {
    let fours = columns % 4 == 0 && is_aligned(x, 0) && is_aligned(y, 0);
    let width = if fours { 4 } else { 1 };
    let group = group_of(columns / width, 8);
    let side = THREADS / group;
    let batched = x.space.is_batched();
    let samples = if batched { "batch * " } else { "" };
    let mut body = String::new();
    let _ = writeln!(body, "    __shared__ float shared[{THREADS}];");
    let _ = writeln!(
        body,
        "    u32 lane = threadIdx.x % {group}u, r = blockIdx.x * {side}u + threadIdx.x / {group}u;"
    );
    let _ = writeln!(body, "    bool mine = r < {samples}{rows}u;\n    u32 b = r / {rows}u; r %= {rows}u;");
    let _ = writeln!(body, "    const float *x = {} + r * {columns}u;", address(x, 0, "b"));
    let _ = writeln!(body, "    float *y = {} + r * {columns}u;", address(y, 0, "b"));
    // What is done to each word `e` of `from`, and whether it is stored.
    let walk = |from: &str, each: &str, store: bool| {
        let (step, load, left) = match fours {
            true => (
                "4u",
                format!("load_four({from} + j, 4u, e4);"),
                "store4(y + j, e4[0], e4[1], e4[2], e4[3]);",
            ),
            false => ("1u", format!("e4[0] = {from}[j];"), "y[j] = e4[0];"),
        };
        let (store, put) = if store { (left, " e4[v] = e;") } else { ("", "") };
        format!(
            "    if (mine) for (u32 j = lane * {step}; j < {columns}u; j += {group}u * {step}) {{\n    float e4[{width}];\n    {load}\n    for (int v = 0; v < {width}; v++) {{ float e = e4[v]; {each}{put} }}\n    {store}\n    }}\n"
        )
    };
    let _ = writeln!(body, "    float top = number(0xff800000u);");
    body += &walk("x", "top = maximum(top, e);", false);
    let _ = writeln!(body, "    top = fold_max(top, {group}u, shared);\n    float sum = 0.0f;");
    match log {
        true => {
            body += &walk("x", "sum += expf(e - top);", false);
            let _ = writeln!(body, "    sum = logf(fold_sum(sum, {group}u, shared));");
            body += &walk("x", "e = e - top - sum;", true);
        }
        false => {
            body += &walk("x", "e = expf(e - top); sum += e;", true);
            let _ = writeln!(body, "    sum = 1.0f / fold_sum(sum, {group}u, shared);");
            body += &walk("y", "e *= sum;", true);
        }
    }
    vec![launch(text.kernel("softmax", body), Extent::units(batched, rows, side))]
}

pub fn flip(text: &mut Text, x: &Buf, y: &Buf, [groups, count, width]: [usize; 3]) -> Vec<Launch> {
    let (batched, words) = (y.space.is_batched(), groups * count * width);
    let mut body = index(batched, words);
    let _ =
        writeln!(body, "    u32 w = i % {width}u, j = i / {width}u % {count}u, g = i / {}u;", width * count);
    let _ = writeln!(
        body,
        "    {}[i] = {}[(g * {count}u + {}u - j) * {width}u + w];",
        address(y, 0, "b"),
        address(x, 0, "b"),
        count - 1
    );
    vec![each(text.kernel("flip", body), batched, words)]
}

pub fn iota(text: &mut Text, into: &Buf, count: usize) -> Vec<Launch> {
    let mut body = index(false, count);
    let _ = writeln!(body, "    {}[i] = (float)i;", address(into, 0, "0"));
    vec![each(text.kernel("iota", body), false, count)]
}

pub fn numbers(text: &mut Text, into: &Buf, numbers: &[f32]) -> Vec<Launch> {
    let bits: Vec<String> = numbers.iter().map(|x| format!("{:#x}u", x.to_bits())).collect();
    let table = text.table(&bits.join(", "));
    let mut body = index(false, numbers.len());
    let _ = writeln!(body, "    {}[i] = __uint_as_float({table}[i]);", address(into, 0, "0"));
    vec![each(text.kernel("numbers", body), false, numbers.len())]
}

pub fn gather(
    text: &mut Text,
    [table, at, into]: [&Buf; 3],
    count: usize,
    rows: usize,
    width: usize,
) -> Vec<Launch> {
    let batched = into.space.is_batched();
    let fours = width % 4 == 0 && is_aligned(table, 0) && is_aligned(into, 0);
    let step = if fours { 4 } else { 1 };
    let units = count * width / step;
    let mut body = index(batched, units);
    let _ = writeln!(body, "    i *= {step}u;");
    let _ = writeln!(body, "    u32 row = row_of({}[i / {width}u], {rows}u);", address(at, 0, "b"));
    let _ = writeln!(
        body,
        "    float *to = {} + i;\n    const float *words = {} + (u64)row * {width} + i % {width}u;",
        address(into, 0, "b"),
        address(table, 0, "0")
    );
    let _ = match fours {
        true => writeln!(body, "    float x[4];\n    load_four(words, 4u, x);\n    store_four(to, 4u, x);"),
        false => writeln!(body, "    *to = *words;"),
    };
    vec![each(text.kernel("gather", body), batched, units)]
}

/// Blocks that share the rows of a table.
const TABLE_BLOCKS: usize = 512;

/// Each block has rows of its own, and looks through all indices: sums have the order of the samples.
pub fn scatter_add(
    text: &mut Text,
    batched: bool,
    [at, dy, into]: [&Buf; 3],
    count: usize,
    rows: usize,
    width: usize,
) -> Vec<Launch> {
    let blocks = rows.min(TABLE_BLOCKS);
    let mut body = String::new();
    let samples = if batched { "batch * " } else { "" };
    let fours = width % 4 == 0 && is_aligned(dy, 0) && is_aligned(into, 0);
    let step = if fours { 4 } else { 1 };
    let (at, dy, into) = (address(at, 0, "0"), address(dy, 0, "0"), address(into, 0, "0"));
    let _ = writeln!(body, "    const float *at = {at}, *dy = {dy};\n    float *into = {into};");
    let _ =
        writeln!(body, "    for (u32 j = threadIdx.x * {step}u; j < {width}u; j += {}u) {{", THREADS * step);
    let _ = writeln!(
        body,
        "    for (u32 r = blockIdx.x; r < {rows}u; r += {blocks}u) {{ float *to = into + (u64)r * {width} + j; {} }}",
        if fours { "store4(to, 0.0f, 0.0f, 0.0f, 0.0f);" } else { "*to = 0.0f;" }
    );
    let _ = writeln!(body, "    for (u32 i = 0; i < {samples}{count}u; i++) {{");
    let _ = writeln!(
        body,
        "    u32 row = row_of(at[i], {rows}u);\n    if (row % {blocks}u != blockIdx.x) continue;"
    );
    let _ = writeln!(
        body,
        "    float *to = into + (u64)row * {width} + j;\n    const float *from = dy + (u64)i * {width} + j;"
    );
    let _ = match fours {
        true => writeln!(
            body,
            "    float x[4], y[4];\n    load_four(to, 4u, x);\n    load_four(from, 4u, y);\n    store4(to, x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]);\n    }}\n    }}"
        ),
        false => writeln!(body, "    *to += *from;\n    }}\n    }}"),
    };
    vec![launch(text.kernel("scatter", body), Extent::blocks(blocks))]
}

/// `[k, n]` from words apart into panels of 16 columns, which zeros fill up.
pub fn pack(
    text: &mut Text,
    from: &Buf,
    to: &Buf,
    (rows, columns): (usize, usize),
    k: usize,
    n: usize,
) -> Vec<Launch> {
    let source = |row: &str, column: &str| {
        format!("({} + {row} * {rows}u + {column} * {columns}u)", address(from, 0, "0"))
    };
    if rows == 1 && columns > 1 {
        let fours = k % 4 == 0 && columns % 4 == 0 && is_aligned(from, 0);
        return tiles::panels(text, to, (k, n), fours, &source);
    }
    let fours = columns == 1 && n % 4 == 0 && rows % 4 == 0 && is_aligned(from, 0) && is_aligned(to, 0);
    let step = if fours { 4 } else { 1 };
    let units = n.next_multiple_of(16) * k / step;
    let mut body = index(false, units);
    let _ = writeln!(body, "    i *= {step}u;");
    let _ = writeln!(body, "    u32 row = i / 16u % {k}u, column = i / {}u * 16u + i % 16u;", 16 * k);
    let (to, source) = (address(to, 0, "0"), source("row", "column"));
    let _ = match fours {
        true => writeln!(
            body,
            "    float x[4] = {{}};\n    if (column < {n}u) load_four({source}, 4u, x);\n    store_four({to} + i, 4u, x);"
        ),
        false => writeln!(body, "    {to}[i] = column < {n}u ? *{source} : 0.0f;"),
    };
    vec![each(text.kernel("pack", body), false, units)]
}

/// The transpose of `[k, n]` in panels, in panels.
pub fn pack_transposed(text: &mut Text, from: &Buf, to: &Buf, k: usize, n: usize) -> Vec<Launch> {
    // Of the transpose, a row is a column of what is there.
    let source = |row: &str, column: &str| {
        let from = address(from, 0, "0");
        format!("({from} + {row} / 16u * {}u + {column} * 16u + {row} % 16u)", 16 * k)
    };
    tiles::panels(text, to, (n, k), n % 4 == 0 && is_aligned(from, 0), &source)
}

/// A thread to a channel of a place; of the gradient, which adds up places in order, to a channel of an image.
pub fn sample(text: &mut Text, op: &Sample, gradient: bool) -> Vec<Launch> {
    let Sample { image, at, into, from, to, channels, each: apart, nearest, fill, value } = op;
    let fill = match fill {
        Fill::Constant => 0,
        Fill::Nearest => 1,
        Fill::Reflect => 2,
        Fill::Wrap => 3,
        Fill::Mirror => 4,
    };
    let places = to[0] * to[1];
    let units = if gradient { *channels } else { places * channels };
    let mut body = index(true, units);
    let _ = writeln!(body, "    const float *x = {}, *at = {};", address(image, 0, "b"), address(at, 0, "b"));
    let _ = writeln!(body, "    float *y = {};", address(into, 0, "b"));
    let _ = writeln!(body, "    u32 c = i % {channels}u;");
    match gradient {
        true => {
            let _ = writeln!(
                body,
                "    for (u32 k = 0; k < {}u; k++) y[k * {channels}u + c] = 0.0f;",
                from[0] * from[1]
            );
            let _ = writeln!(body, "    for (u32 place = 0; place < {places}u; place++) {{");
        }
        false => {
            let _ = writeln!(body, "    {{ u32 place = i / {channels}u;");
        }
    }
    let _ = writeln!(
        body,
        "    float row = (float)(place / {0}u), column = (float)(place % {0}u), p[2], q[2];",
        to[1]
    );
    let _ = writeln!(body, "    int r[2], s[2];");
    let nearest = u8::from(*nearest);
    let (y, x) = match apart {
        true => ("at[2 * place]", "at[2 * place + 1]"),
        false => ("at[3] * column + at[4] * row + at[5]", "at[0] * column + at[1] * row + at[2]"),
    };
    let _ = writeln!(body, "    along({nearest}, {fill}, {y}, {}, p, r);", from[0]);
    let _ = writeln!(body, "    along({nearest}, {fill}, {x}, {}, q, s);", from[1]);
    if !gradient {
        let _ = writeln!(body, "    float sum = 0.0f;");
    }
    let _ = writeln!(
        body,
        "    for (int k = 0; k < 4; k++) {{\n    float share = p[k / 2] * q[k % 2];\n    if (share == 0.0f) continue;"
    );
    let _ = writeln!(body, "    bool inside = r[k / 2] >= 0 && s[k % 2] >= 0;");
    let _ = writeln!(body, "    u32 word = (r[k / 2] * {}u + s[k % 2]) * {channels}u + c;", from[1]);
    match gradient {
        true => {
            let _ = writeln!(
                body,
                "    if (inside) y[word] += share * x[place * {channels}u + c];\n    }}\n    }}"
            );
        }
        false => {
            let _ = writeln!(body, "    sum += share * (inside ? x[word] : {});\n    }}", number(*value));
            let _ = writeln!(body, "    y[i] = sum;\n    }}");
        }
    }
    vec![each(text.kernel("sample", body), true, units)]
}
