//! Products of matrices: tiles of both operands in shared memory, a small tile of the result in each thread's registers.
//!
//! Operands are read where they lie, through the digits of their rows and columns, so a convolution is a product whose
//! left rows are windows. A tile keeps the order in which its operand lies in memory: along the contracted dimension,
//! or across it; four words are moved at once where they are neighbours.

use std::fmt::Write;

use super::{Extent, Launch, Precision, Splits, THREADS, Text, Work, address, each, is_aligned, place};
use crate::compiled::{BatchMatMul, Buf, MatMul, MatMulT, Matrix};

/// Contracted words of a tile.
const DEPTH: usize = 16;

/// How neighbours in memory lie in an operand.
#[derive(Clone, Copy, PartialEq)]
enum Along {
    /// One after another in the contracted dimension.
    Depth,
    /// One after another in the other dimension.
    Across,
    /// In panels of 16 columns.
    Panels,
}

/// An operand: element `(i, k)` lies at `base(i) + step(k)`, of which one is a pointer and the other a number of words.
struct Operand {
    along: Along,
    /// Whether four neighbours can be moved at once.
    fours: bool,
    /// How many `i` there are, as an expression.
    extent: String,
    base: Box<dyn Fn(&str) -> String>,
    step: Box<dyn Fn(&str) -> String>,
}

/// Where a product goes.
struct Store {
    /// The word of element `(i, j)`.
    target: String,
    /// How many rows there are, as an expression.
    rows: String,
    /// How many columns.
    columns: usize,
    /// Whether rows begin at multiples of four words.
    fours: bool,
    /// What is stored of `$value`, column `j + $v` of row `i`; or the value itself.
    finish: Option<String>,
}

impl Store {
    /// Statements that leave `values`, neighbours in a row from column `j` on.
    fn of(&self, values: &[String]) -> String {
        let Store { target, rows, columns, .. } = self;
        let finished = |(v, value): (usize, &String)| match &self.finish {
            Some(finish) => finish.replace("$value", value).replace("$v", &v.to_string()),
            None => value.clone(),
        };
        let values: Vec<String> = values.iter().enumerate().map(finished).collect();
        let within = format!("if (i < {rows} && j < {columns}u)");
        match &values[..] {
            [value] => format!("    {within} {target} = {value};\n"),
            values => {
                let wide = values.len();
                format!("    {within} store{wide}(&{target}, {});\n", values.join(", "))
            }
        }
    }

    /// How many of `count` neighbours of a thread are left at once.
    fn wide(&self, count: usize) -> usize {
        match self.fours {
            true if count.is_multiple_of(4) => 4,
            true if count.is_multiple_of(2) => 2,
            _ => 1,
        }
    }
}

/// Rows, columns, and those of a thread.
#[derive(Clone, Copy)]
struct Tile {
    rows: usize,
    columns: usize,
    own: (usize, usize),
}

impl Tile {
    /// The tile for results of `n` columns.
    fn of(n: usize) -> Self {
        match n {
            0..=16 => Tile { rows: 128, columns: 16, own: (4, 2) },
            17..=32 => Tile { rows: 64, columns: 32, own: (4, 2) },
            _ => Tile { rows: 64, columns: 64, own: (4, 4) },
        }
    }
}

/// Words from row to row of the shared tile of an operand with `extent` rows: no two threads of a phase meet in a bank.
fn pitch(along: Along, extent: usize, right: bool, precision: Precision) -> usize {
    match (along, precision) {
        (Along::Depth, Precision::Float32) if !right => DEPTH,
        (Along::Depth, _) => DEPTH + 4,
        (_, Precision::Tf32 | Precision::Bf16) => extent + 8,
        (Along::Panels, _) if extent > 16 => extent + 16,
        _ => extent,
    }
}

/// Statements that load a tile of `operand` into `shared`, from `first` (a variable) and `k0` on.
fn load(operand: &Operand, shared: &str, first: &str, extent: usize, pitch: usize) -> String {
    let chunks = extent * DEPTH / 4;
    let mut text = String::new();
    let _ = writeln!(text, "    for (u32 c = threadIdx.x; c < {chunks}u; c += {THREADS}u) {{");
    let (i, k) = match operand.along {
        // Eight neighbouring threads have eight rows, which begin in different banks.
        Along::Depth if pitch > DEPTH => {
            ("c / 32u * 8u + c % 8u".to_string(), "c / 8u % 4u * 4u".to_string())
        }
        Along::Depth => ("c / 4u".to_string(), "c % 4u * 4u".to_string()),
        Along::Across => (format!("c % {0}u * 4u", extent / 4), format!("c / {}u", extent / 4)),
        // So that no two of eight neighbouring threads meet in a bank.
        Along::Panels if pitch % 32 == 8 => (
            "c / 64u * 16u + c / 8u % 2u * 8u + c % 2u * 4u".to_string(),
            "c / 16u % 4u * 4u + c / 2u % 4u".to_string(),
        ),
        Along::Panels => ("c / 64u * 16u + c % 4u * 4u".to_string(), "c % 64u / 4u".to_string()),
    };
    let _ = writeln!(text, "    u32 ti = {i}, tk = {k}, i = {first} + ti, k = k0 + tk;");
    let _ = writeln!(text, "    float4 q = make_float4(0.0f, 0.0f, 0.0f, 0.0f);");
    let deep = operand.along == Along::Depth;
    let target =
        if deep { format!("{shared}[ti * {pitch} + tk]") } else { format!("{shared}[tk * {pitch} + ti]") };
    if operand.fours {
        let _ = writeln!(text, "    if (i < {} && k < k1) {{", operand.extent);
        let _ = writeln!(
            text,
            "    q = *(const float4 *)({} + {});\n    }}",
            (operand.base)("i"),
            (operand.step)("k")
        );
    } else {
        for (v, part) in ["x", "y", "z", "w"].iter().enumerate() {
            let (i, k) = match deep {
                true => ("i".to_string(), format!("(k + {v}u)")),
                false => (format!("(i + {v}u)"), "k".to_string()),
            };
            let _ = writeln!(
                text,
                "    if ({i} < {} && {k} < k1) q.{part} = *({} + {});",
                operand.extent,
                (operand.base)(&i),
                (operand.step)(&k)
            );
        }
    }
    let _ = writeln!(text, "    *(float4 *)&{target} = q;\n    }}");
    text
}

/// Statements that read four steps of what a thread has of an operand from `shared` into `name[4][own]`.
fn fragment(along: Along, name: &str, shared: &str, extent: usize, own: usize, right: bool) -> String {
    let (pitch, at) = (pitch(along, extent, right, Precision::Float32), if right { "tj" } else { "ti" });
    let mut text = String::new();
    match along {
        Along::Depth => {
            for v in 0..own {
                // On the right, columns are apart, so that neighbouring threads read from different banks.
                let row = if right {
                    format!("{at} + {}u", v * extent / own)
                } else {
                    format!("{at} * {own}u + {v}u")
                };
                let _ =
                    writeln!(text, "    {{ float4 q = *(const float4 *)&{shared}[({row}) * {pitch} + kk];");
                let _ = writeln!(
                    text,
                    "    {name}[0][{v}] = q.x; {name}[1][{v}] = q.y; {name}[2][{v}] = q.z; {name}[3][{v}] = q.w; }}"
                );
            }
        }
        _ => {
            for s in 0..4 {
                let from = format!("{shared}[(kk + {s}) * {pitch} + {at} * {own}u]");
                let _ = match own {
                    4 => writeln!(
                        text,
                        "    {{ float4 q = *(const float4 *)&{from}; {name}[{s}][0] = q.x; {name}[{s}][1] = q.y; {name}[{s}][2] = q.z; {name}[{s}][3] = q.w; }}"
                    ),
                    _ => writeln!(
                        text,
                        "    {{ float2 q = *(const float2 *)&{from}; {name}[{s}][0] = q.x; {name}[{s}][1] = q.y; }}"
                    ),
                };
            }
        }
    }
    text
}

/// The column of the tile that a thread's column `v` is.
fn column(tile: Tile, along: Along, v: &str) -> String {
    match along {
        Along::Depth => format!("tj + {v} * {}u", tile.columns / tile.own.1),
        _ => format!("tj * {}u + {v}", tile.own.1),
    }
}

/// The body of a product from `i0` (rows), `j0` (columns) and within `[k0, k1)`: `before` declares these. `each_tile` runs
/// after each tile has been loaded.
fn product(
    tile: Tile,
    [left, right]: [&Operand; 2],
    precision: Precision,
    before: &str,
    each_tile: &str,
    store: &Store,
) -> String {
    let words = |operand: &Operand, extent: usize, right: bool| {
        let pitch = pitch(operand.along, extent, right, precision);
        (if operand.along == Along::Depth { extent * pitch } else { DEPTH * pitch }, pitch)
    };
    let ((of_a, a_pitch), (of_b, b_pitch)) =
        (words(left, tile.rows, false), words(right, tile.columns, true));
    let mut body = String::new();
    let _ = writeln!(body, "    __shared__ __align__(16) float a_tile[{of_a}], b_tile[{of_b}];");
    body += before;
    let (start, multiply, end) = match precision {
        Precision::Float32 => in_registers(tile, left.along, right.along, store),
        _ => on_tensor_cores(
            tile,
            (left.along, a_pitch),
            (right.along, b_pitch),
            precision == Precision::Bf16,
            store,
        ),
    };
    body += &start;
    let _ = writeln!(body, "    for (; k0 < k1; k0 += {DEPTH}u) {{");
    body += &load(left, "a_tile", "i0", tile.rows, a_pitch);
    body += &load(right, "b_tile", "j0", tile.columns, b_pitch);
    let _ = writeln!(body, "    __syncthreads();\n{each_tile}{multiply}    __syncthreads();\n    }}\n{end}");
    body
}

/// A product by multiply-adds: what declares the sums of a thread, adds a tile, and stores them.
fn in_registers(tile: Tile, left: Along, right: Along, store: &Store) -> (String, String, String) {
    let Tile { rows, columns, own: (tm, tn) } = tile;
    let start = format!(
        "    u32 ti = threadIdx.x / {0}u, tj = threadIdx.x % {0}u;\n    float sum[{tm}][{tn}] = {{}};\n",
        columns / tn
    );
    let mut multiply = format!(
        "#pragma unroll\n    for (u32 kk = 0; kk < {DEPTH}u; kk += 4u) {{\n    float a[4][{tm}], b[4][{tn}];\n"
    );
    multiply += &fragment(left, "a", "a_tile", rows, tm, false);
    multiply += &fragment(right, "b", "b_tile", columns, tn, true);
    let _ = writeln!(
        multiply,
        "#pragma unroll\n    for (int s = 0; s < 4; s++)\n    for (int u = 0; u < {tm}; u++)\n    for (int v = 0; v < {tn}; v++) sum[u][v] = fmaf(a[s][u], b[s][v], sum[u][v]);\n    }}"
    );
    // Columns of a thread are neighbours, unless they are spread over the tile.
    let wide = if right == Along::Depth { 1 } else { store.wide(tn) };
    let values: Vec<String> = (0..wide).map(|d| format!("sum[u][v + {d}]")).collect();
    let end = format!(
        "#pragma unroll\n    for (int u = 0; u < {tm}; u++)\n    for (int v = 0; v < {tn}; v += {wide}) {{\n    u32 i = i0 + ti * {tm}u + u, j = j0 + {};\n{}    }}\n",
        column(tile, right, "v"),
        store.of(&values)
    );
    (start, multiply, end)
}

/// The same by `mma.sync` with 32-bit sums: each warp has 16 rows, and some times 8 columns. Which thread has which
/// element is said in the PTX ISA under "Matrix Fragments for mma.m16n8k8" and "mma.m16n8k16".
fn on_tensor_cores(
    tile: Tile,
    (left, a_pitch): (Along, usize),
    (right, b_pitch): (Along, usize),
    bf16: bool,
    store: &Store,
) -> (String, String, String) {
    let down = tile.rows / 16;
    let parts = tile.columns / (THREADS / 32 / down) / 8;
    let at = |shared: &str, along: Along, pitch: usize, i: &str, k: &str| match along {
        Along::Depth => format!("{shared}[({i}) * {pitch} + {k}]"),
        _ => format!("{shared}[({k}) * {pitch} + {i}]"),
    };
    let start = format!(
        "    u32 lane = threadIdx.x % 32u, warp = threadIdx.x / 32u, g = lane / 4u, t = lane % 4u;\n    u32 row = warp % {down}u * 16u, columns = warp / {down}u * {}u;\n    float sum[{parts}][4] = {{}};\n",
        parts * 8
    );
    let (step, instruction) = if bf16 { (16, "multiply_bf16") } else { (8, "multiply_tf32") };
    let pair = |shared: &str, along: Along, pitch: usize, i: &str, k: usize| match bf16 {
        true => {
            let word = |k: usize| at(shared, along, pitch, i, &format!("kk + 2u * t + {k}u"));
            format!("two_bf16({}, {})", word(k * 8), word(k * 8 + 1))
        }
        false => format!("tf32({})", at(shared, along, pitch, i, &format!("kk + t + {}u", k * 4))),
    };
    let mut multiply =
        format!("#pragma unroll\n    for (u32 kk = 0; kk < {DEPTH}u; kk += {step}u) {{\n    u32 a[4] = {{");
    for (i, k) in [("row + g", 0), ("row + g + 8u", 0), ("row + g", 1), ("row + g + 8u", 1)] {
        let _ = write!(multiply, "{}, ", pair("a_tile", left, a_pitch, i, k));
    }
    let _ = writeln!(
        multiply,
        "}};\n#pragma unroll\n    for (u32 p = 0; p < {parts}u; p++) {{\n    u32 j = columns + p * 8u + g;"
    );
    let [b0, b1] = [0, 1].map(|k| pair("b_tile", right, b_pitch, "j", k));
    let _ = writeln!(multiply, "    {instruction}(sum[p], a, {b0}, {b1});\n    }}\n    }}");
    let wide = store.wide(2);
    let values: Vec<String> = (0..wide).map(|d| format!("sum[p][v + {d}]")).collect();
    let end = format!(
        "#pragma unroll\n    for (int p = 0; p < {parts}; p++)\n    for (int v = 0; v < 4; v += {wide}) {{\n    u32 i = i0 + row + g + v / 2 * 8, j = j0 + columns + p * 8 + t * 2 + v % 2;\n{}    }}\n",
        store.of(&values)
    );
    (start, multiply, end)
}

/// Whether four neighbours of dimension `inner` of a matrix, and never fewer, lie in a row at a multiple of four words.
fn in_fours(buf: &Buf, inner: &[(usize, usize)], outer: &[(usize, usize)]) -> bool {
    let Some((&(extent, stride), rest)) = inner.split_last() else { return false };
    let apart = |dims: &[(usize, usize)]| dims.iter().all(|(extent, stride)| *extent == 1 || stride % 4 == 0);
    stride == 1 && extent % 4 == 0 && apart(rest) && apart(outer) && is_aligned(buf, 0)
}

/// The rows of `a`, of which each sample has `rows`, from sample `from` on.
fn rows_of(a: &Matrix, rows: usize, extent: &str) -> Operand {
    let (buf, row_dims, columns) = (a.buf, a.rows, a.columns);
    Operand {
        along: Along::Depth,
        fours: in_fours(&buf, columns, row_dims),
        extent: extent.into(),
        base: Box::new(move |i| {
            format!(
                "({} + {})",
                address(&buf, 0, &format!("from + {i} / {rows}u")),
                place(row_dims, &format!("{i} % {rows}u"))
            )
        }),
        step: Box::new(move |k| place(columns, k)),
    }
}

/// `[k, n]` in panels.
fn panels(w: &Buf, k: usize, n: usize) -> Operand {
    let w = *w;
    Operand {
        along: Along::Panels,
        fours: is_aligned(&w, 0),
        // What pads the last panel is there.
        extent: format!("{}u", n.next_multiple_of(16)),
        base: Box::new(move |j| format!("({} + {j} / 16u * {}u + {j} % 16u)", address(&w, 0, "0"), 16 * k)),
        step: Box::new(|k| format!("{k} * 16u")),
    }
}

/// `C = A · W`; where `to` is given, it takes the place of `C`: rows of the launch's samples, one after another.
pub fn rows_by_panels(text: &mut Text, op: &MatMul, to: Option<&str>) -> Launch {
    let MatMul { a, w, c, rows, k, n } = op;
    let batched = c.space.is_batched();
    let all = if batched { format!("count * {rows}u") } else { format!("{rows}u") };
    let tile = Tile::of(*n);
    let (left, right) = (rows_of(a, *rows, "rows"), panels(w, *k, *n));
    let before = format!(
        "    u32 rows = {all}, i0 = blockIdx.x * {}u, j0 = blockIdx.y * {}u, k0 = 0, k1 = {k}u;\n",
        tile.rows, tile.columns
    );
    let target = match to {
        Some(to) => format!("{to}[(u64)i * {n} + j]"),
        None => format!("{}[i % {rows}u * {n}u + j]", address(c, 0, &format!("from + i / {rows}u"))),
    };
    let fours = n % 4 == 0 && (to.is_some() || is_aligned(c, 0));
    let store = Store { target, rows: "rows".into(), columns: *n, fours, finish: None };
    let body = product(tile, [&left, &right], text.precision, &before, "", &store);
    Launch {
        grid: [Extent::units(batched, *rows, tile.rows), Extent::blocks(n.div_ceil(tile.columns))],
        ..super::launch(text.kernel("matmul", body), Extent::blocks(1))
    }
}

pub fn matmul(text: &mut Text, op: &MatMul) -> Vec<Launch> {
    vec![rows_by_panels(text, op, None)]
}

/// `dW (+)= Aᵀ · dY` and `db (+)= column sums of dY`: pieces of the rows first, then their sum.
pub fn matmul_t(text: &mut Text, op: &MatMulT) -> Vec<Launch> {
    let MatMulT { a, dy, dw, panels, db, accumulate, rows, k, n, .. } = op;
    let (rows, k, n) = (*rows, *k, *n);
    let tile = Tile::of(n);
    let (matrix, slope) = (*a, *dy);
    // Rows are contracted: the word of a row is found first, that of a column follows it.
    let along = match matrix.columns.last() {
        Some((_, 1)) => Along::Across,
        _ => Along::Depth,
    };
    let left = Operand {
        along,
        fours: along == Along::Across && in_fours(&matrix.buf, matrix.columns, matrix.rows),
        extent: format!("{k}u"),
        base: Box::new(move |i| format!("({})", place(matrix.columns, i))),
        step: Box::new(move |row| {
            let sample = address(&matrix.buf, 0, &format!("{row} / {rows}u"));
            format!("({sample} + {})", place(matrix.rows, &format!("{row} % {rows}u")))
        }),
    };
    let right = Operand {
        along: Along::Across,
        fours: n % 4 == 0 && is_aligned(&slope, 0),
        extent: format!("{n}u"),
        base: Box::new(|j| format!("({j})")),
        step: Box::new(move |row| {
            format!("({} + {row} % {rows}u * {n}u)", address(&slope, 0, &format!("{row} / {rows}u")))
        }),
    };
    let batched = matrix.buf.space.is_batched() || slope.space.is_batched();
    let all = if batched { format!("batch * {rows}u") } else { format!("{rows}u") };
    let words = k * n + n;
    let before = format!(
        "    u32 i0 = blockIdx.x * {}u, j0 = blockIdx.y * {}u, all = {all};\n    u32 piece = ((all + splits - 1) / splits + {DEPTH}u - 1) / {DEPTH}u * {DEPTH}u;\n    u32 k0 = min(all, blockIdx.z * piece), k1 = min(all, k0 + piece);\n    float *to = m.work + (u64)blockIdx.z * {words};\n    float bias = 0.0f;\n",
        tile.rows, tile.columns
    );
    let pitch = pitch(right.along, tile.columns, true, text.precision);
    let each_tile = match db {
        Some(_) => format!(
            "    if (blockIdx.x == 0 && threadIdx.x < {}u) for (u32 s = 0; s < {DEPTH}u; s++) bias += b_tile[s * {pitch} + threadIdx.x];\n",
            tile.columns
        ),
        None => String::new(),
    };
    let target = format!("to[i * {n}u + j]");
    let store = Store { target, rows: format!("{k}u"), columns: n, fours: n % 4 == 0, finish: None };
    let mut body = product(tile, [&left, &right], text.precision, &before, &each_tile, &store);
    if db.is_some() {
        let _ = writeln!(
            body,
            "    if (blockIdx.x == 0 && threadIdx.x < {}u && j0 + threadIdx.x < {n}u) to[{}u + j0 + threadIdx.x] = bias;",
            tile.columns,
            k * n
        );
    }
    let tiles = [k.div_ceil(tile.rows), n.div_ceil(tile.columns)];
    let parts = Launch {
        grid: tiles.map(Extent::blocks),
        splits: Splits::Rows { rows, tiles: tiles[0] * tiles[1] },
        work: Work::PerSplit(words),
        ..super::launch(text.kernel("matmul_t", body), Extent::blocks(1))
    };
    let units = if db.is_some() { words } else { k * n };
    // Four neighbours of a thread lie in one row, and in one panel.
    let fours = n % 4 == 0 && is_aligned(dw, 0) && db.is_none_or(|db| is_aligned(&db, 0));
    let width = if fours { 4 } else { 1 };
    let mut body = format!(
        "    u32 i = (blockIdx.x * {THREADS}u + threadIdx.x) * {width}u;\n    if (i >= {units}u) return;\n"
    );
    let _ = writeln!(body, "    float sum[{width}] = {{}};\n    for (u32 s = 0; s < splits; s++) {{");
    let _ = writeln!(body, "    const float *from = m.work + (u64)s * {words} + i;");
    let _ = match fours {
        true => writeln!(
            body,
            "    float4 q = *(const float4 *)from;\n    sum[0] += q.x; sum[1] += q.y; sum[2] += q.z; sum[3] += q.w;\n    }}"
        ),
        false => writeln!(body, "    sum[0] += *from;\n    }}"),
    };
    let at = if *panels {
        format!("i % {n}u / 16u * {}u + i / {n}u * 16u + i % {n}u % 16u", 16 * k)
    } else {
        "i".into()
    };
    let _ = writeln!(body, "    float *to = {} + {at};", address(dw, 0, "0"));
    if let Some(db) = db {
        let _ = writeln!(body, "    if (i >= {0}u) to = {1} + i - {0}u;", k * n, address(db, 0, "0"));
    }
    let _ = match (fours, *accumulate) {
        (false, accumulate) => writeln!(body, "    *to {} sum[0];", if accumulate { "+=" } else { "=" }),
        (true, false) => writeln!(body, "    store4(to, sum[0], sum[1], sum[2], sum[3]);"),
        (true, true) => writeln!(
            body,
            "    float4 old = *(const float4 *)to;\n    store4(to, old.x + sum[0], old.y + sum[1], old.z + sum[2], old.w + sum[3]);"
        ),
    };
    vec![
        parts,
        Launch {
            splits: Splits::Sum { rows, tiles: tiles[0] * tiles[1] },
            ..each(text.kernel("combine", body), false, units / width)
        },
    ]
}

/// `C[g] = A[g] · B[g]` of each sample.
pub fn batch_matmul(text: &mut Text, op: &BatchMatMul) -> Vec<Launch> {
    let BatchMatMul { a: (a, a_strides), b: (b, b_strides), c, groups, m, k, n } = *op;
    let batched = c.space.is_batched();
    let tile = Tile::of(n);
    let operand = |buf: Buf, name: &'static str, [group, across, deep]: [usize; 3], extent: usize| {
        let along = if deep == 1 || across != 1 { Along::Depth } else { Along::Across };
        let (near, far, near_extent) =
            if along == Along::Depth { (deep, across, k) } else { (across, deep, extent) };
        let apart = |extent: usize, stride: usize| extent == 1 || stride.is_multiple_of(4);
        Operand {
            along,
            fours: near == 1
                && near_extent % 4 == 0
                && apart(2, far)
                && apart(groups, group)
                && is_aligned(&buf, 0),
            extent: format!("{extent}u"),
            base: Box::new(move |i| format!("({name} + {i} * {across}u)")),
            step: Box::new(move |k| format!("{k} * {deep}u")),
        }
    };
    let left = operand(a, "a_words", a_strides, m);
    // Of the right operand, a row is a step, and a column is what the tile goes across.
    let right = operand(b, "b_words", [b_strides[0], b_strides[2], b_strides[1]], n);
    let (down, right_tiles) = (m.div_ceil(tile.rows), n.div_ceil(tile.columns));
    let per = down * right_tiles;
    let before = format!(
        "    u32 which = blockIdx.x / {per}u, group = which % {groups}u, b = which / {groups}u;\n    u32 i0 = blockIdx.x % {per}u / {right_tiles}u * {}u, j0 = blockIdx.x % {right_tiles}u * {}u, k0 = 0, k1 = {k}u;\n    const float *a_words = {} + group * {}u, *b_words = {} + group * {}u;\n    float *c_words = {} + group * {}u;\n",
        tile.rows,
        tile.columns,
        address(&a, 0, "b"),
        a_strides[0],
        address(&b, 0, "b"),
        b_strides[0],
        address(&c, 0, "b"),
        m * n
    );
    let target = format!("c_words[i * {n}u + j]");
    let store = Store {
        target,
        rows: format!("{m}u"),
        columns: n,
        fours: n % 4 == 0 && is_aligned(&c, 0),
        finish: None,
    };
    let body = product(tile, [&left, &right], text.precision, &before, "", &store);
    vec![super::launch(text.kernel("batch_matmul", body), Extent::units(batched, groups * per, 1))]
}

/// A product of row-major matrices that have names: `[m, k]` times `[k, n]`, or `[n, k]` if that is `transposed`.
pub struct Plain<'a> {
    /// Both operands, and the result.
    pub names: [&'a str; 3],
    pub m: usize,
    pub k: usize,
    pub n: usize,
    /// Whether the right operand is.
    pub transposed: bool,
    /// What is stored of `$value`, whose place in the result is `$at`.
    pub value: &'a str,
}

/// The body of a kernel of 32-bit numbers for it, and its blocks.
pub fn plain(of: &Plain<'_>) -> (String, usize) {
    let Plain { names: [a, b, c], m, k, n, transposed, value } = *of;
    let tile = Tile::of(n);
    // An operand's name, and whether its neighbours are contracted.
    let operand = |name: &str, deep: bool, extent: usize| {
        let (name, near) = (name.to_string(), if deep { k } else { extent });
        Operand {
            along: if deep { Along::Depth } else { Along::Across },
            fours: near.is_multiple_of(4),
            extent: format!("{extent}u"),
            base: Box::new(
                move |i| if deep { format!("({name} + {i} * {k}u)") } else { format!("({name} + {i})") },
            ),
            step: Box::new(move |k| if deep { k.to_string() } else { format!("{k} * {extent}u") }),
        }
    };
    let (left, right) = (operand(a, true, m), operand(b, transposed, n));
    let across = n.div_ceil(tile.columns);
    let before = format!(
        "    u32 i0 = blockIdx.x / {across}u * {}u, j0 = blockIdx.x % {across}u * {}u, k0 = 0, k1 = {k}u;\n",
        tile.rows, tile.columns
    );
    let store = Store {
        target: format!("{c}[i * {n}u + j]"),
        rows: format!("{m}u"),
        columns: n,
        fours: n.is_multiple_of(4),
        finish: Some(value.replace("$at", &format!("i * {n}u + j + $v"))),
    };
    let body = product(tile, [&left, &right], Precision::Float32, &before, "", &store);
    (body, m.div_ceil(tile.rows) * across)
}
