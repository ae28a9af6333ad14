//! Transposes: tiles go through shared memory, so that device memory is read along one dimension and written along another.
//!
//! Four words at once, a tile has no padding: fours of a row lie at places that its number is mixed into, so that neither those who
//! write fours of different rows nor those who read words of them meet in a bank.

use std::fmt::Write;

use super::{Extent, Launch, THREADS, Text, address, is_aligned, launch};
use crate::compiled::Buf;

/// Places of a tile in either direction.
pub const SIDE: usize = 32;
/// Rows of panels that a block has.
const ROWS: usize = 64;

/// A tile of [`SIDE`] squared that is read along one dimension and used along another.
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Whether four words are moved at once.
    pub fours: bool,
}

impl Tile {
    /// What declares it.
    pub fn declared(&self) -> String {
        let words = if self.fours { SIDE * SIDE } else { SIDE * (SIDE + 1) };
        format!("    __shared__ __align__(16) float {}[{words}];\n", self.name)
    }

    /// Statements of all threads that fill it from `from`, a pointer that depends on `near` and `far`, variables of which the first
    /// goes along memory; they begin at `near0` and `far0`, and end before `ends`.
    pub fn filled(&self, from: &str, [near, far]: [&str; 2], ends: [usize; 2]) -> String {
        let name = &self.name;
        match self.fours {
            true => format!(
                "    {{\n    u32 l = threadIdx.x / 8u, unit = threadIdx.x % 8u, {near} = {near}0 + unit * 4u, {far} = {far}0 + l;\n    if ({near} < {}u && {far} < {}u) *(float4 *)&{name}[l * {SIDE}u + (unit ^ l / 4u) * 4u] = *(const float4 *)({from});\n    }}\n",
                ends[0], ends[1]
            ),
            false => format!(
                "    for (u32 l = threadIdx.x / {SIDE}u; l < {SIDE}u; l += {}u) {{\n    u32 {near} = {near}0 + threadIdx.x % {SIDE}u, {far} = {far}0 + l;\n    if ({near} < {}u && {far} < {}u) {name}[l * {}u + threadIdx.x % {SIDE}u] = *({from});\n    }}\n",
                THREADS / SIDE,
                ends[0],
                ends[1],
                SIDE + 1
            ),
        }
    }

    /// Word `far + v` of row `near` (expressions from the tile's beginning on, the first a multiple of four if fours are moved).
    pub fn word(&self, near: &str, far: &str, v: usize) -> String {
        let name = &self.name;
        match self.fours {
            true => {
                format!("{name}[({far} + {v}u) * {SIDE}u + ({near} / 4u ^ {far} / 4u) * 4u + {near} % 4u]")
            }
            false => format!("{name}[({far} + {v}u) * {}u + {near}]", SIDE + 1),
        }
    }
}

/// `[k, n]` into panels of 16 columns, which zeros fill up, from where neighbours of a column are neighbours in memory: `source` of a row
/// and a column (variables), four rows at once if they lie so.
pub fn panels(
    text: &mut Text,
    to: &Buf,
    (k, n): (usize, usize),
    fours: bool,
    source: &dyn Fn(&str, &str) -> String,
) -> Vec<Launch> {
    let blocks = k.div_ceil(ROWS);
    let at = "(row / 4u ^ column / 4u * 2u) * 4u + row % 4u";
    let mut body = format!("    __shared__ __align__(16) float tile[{}];\n", 16 * ROWS);
    let _ = writeln!(
        body,
        "    u32 panel = blockIdx.x / {blocks}u * 16u, first = blockIdx.x % {blocks}u * {ROWS}u;"
    );
    // Threads of a column, and rows of each.
    let (lanes, each) = if fours { (ROWS / 4, 4) } else { (ROWS, 1) };
    let _ = writeln!(body, "    for (u32 t = threadIdx.x; t < {}u; t += {THREADS}u) {{", 16 * lanes);
    let _ = writeln!(body, "    u32 column = t / {lanes}u, row = t % {lanes}u * {each}u;");
    let _ = writeln!(body, "    u32 q = panel + column, r = first + row;");
    let (zero, kind) =
        if fours { ("make_float4(0.0f, 0.0f, 0.0f, 0.0f)", "float4") } else { ("0.0f", "float") };
    let _ = writeln!(
        body,
        "    {kind} x = {zero};\n    if (q < {n}u && r < {k}u) x = *(const {kind} *){};\n    *({kind} *)&tile[column * {ROWS}u + {at}] = x;\n    }}",
        source("r", "q")
    );
    let _ = writeln!(body, "    __syncthreads();");
    let _ = writeln!(body, "    u32 row = threadIdx.x / 4u, column = threadIdx.x % 4u * 4u;");
    let _ = writeln!(body, "    if (first + row >= {k}u) return;");
    let _ = writeln!(body, "    const float *x = tile + column * {ROWS}u + {at};");
    let target = format!("{} + panel * {k}u + (first + row) * 16u + column", address(to, 0, "0"));
    let words: Vec<String> = (0..4).map(|v| format!("x[{}]", v * ROWS)).collect();
    let _ = match is_aligned(to, 0) {
        true => writeln!(body, "    store4({target}, {});", words.join(", ")),
        false => writeln!(
            body,
            "    float *to = {target};\n    for (int v = 0; v < 4; v++) to[v] = x[v * {ROWS}];"
        ),
    };
    vec![launch(text.kernel("pack", body), Extent::blocks(blocks * n.div_ceil(16)))]
}
