//! The step of an optimizer along the nearest orthogonal matrix to a momentum: products of matrices, one after another.

use std::fmt::Write;

use super::PRELUDE;
use super::product::{Plain, plain};
use super::weights::{HEAD, Pass, Printed, neighbours, update_name};
use crate::compiled::{Layout, WeightSpec};
use crate::optim::{Matrices, Moment, Orthogonal};

/// Words before the matrices: the sum of their squares, and what keeps them at multiples of four.
const BEFORE: usize = 4;

/// The numbers of a step.
pub fn constants(how: &Orthogonal, at: &Moment) -> Vec<f32> {
    let columns = at.weight.map_or(1, |weight| sides(&Matrices::of(weight)).1);
    let [a, b, c] = how.factors;
    let size = how.rms_rate.map_or(1.0, |rate| (columns as f32).sqrt() * rate);
    let cut = at.clip.unwrap_or(f32::INFINITY);
    vec![at.keep, at.learning_rate, size, how.momentum, a, b, c, cut, at.scale]
}

/// The smaller and the greater dimension.
fn sides(of: &Matrices) -> (usize, usize) {
    (of.rows.min(of.columns), of.rows.max(of.columns))
}

/// The kernels of a step for a weight, which is a matrix. Transposed if that has more rows than columns, it is `x`.
pub fn printed(weight: &WeightSpec, scaled: bool, nesterov: bool, iterations: u32) -> Printed {
    let of = Matrices::of(weight);
    let (rows, columns) = sides(&of);
    let (words, square) = (rows * columns, rows * rows);
    let place = match weight.layout {
        Layout::Plain => format!("row * {}u + column", of.columns),
        Layout::Panels { k, .. } => format!("column / 16u * {}u + row * 16u + column % 16u", 16 * k),
    };
    // Where neighbours of a row come to lie, and how they come there.
    let (to, left, taken_from) = match of.rows <= of.columns {
        true => ("i".to_string(), "put(X0 + to, x);".to_string(), "get(X + to, x);".to_string()),
        false => (
            format!("column * {columns}u + row"),
            format!("for (u32 v = 0; v < V; v++) X0[to + v * {columns}u] = x[v];"),
            format!("for (u32 v = 0; v < V; v++) x[v] = X[to + v * {columns}u];"),
        ),
    };
    let scale = if scaled { "scale[0]" } else { "c[8]" };
    let mut text = format!("{PRELUDE}{}", neighbours(of.columns));
    // Two places for `x`, which take turns; `x xᵀ`; and what `x` is multiplied with from the left, beside a number.
    let mut folded = BEFORE;
    for (name, words) in [("X0", words), ("X1", words), ("SQUARE", square), ("FACTOR", square)] {
        let _ = writeln!(text, "#define {name} (folded + {folded}u)");
        folded += words.next_multiple_of(4);
    }
    // Numbers of the step: what decay leaves of weights, the step size, its other factor, what momentum keeps, the factors of
    // the iteration, what gradients are cut to and multiplied with.
    let element =
        format!("    u32 row = i / {0}u, column = i % {0}u, at = first + {place}, to = {to};\n", of.columns);
    let looked_ahead = if nesterov { "one + c[3] * kept[v]" } else { "kept[v]" };
    let momentum = format!(
        "    __shared__ double shared[256];\n    double sum = 0.0;\n    u32 end = min({words}u, (blockIdx.x + 1) * 4096u);\n    for (u32 i = blockIdx.x * 4096u + threadIdx.x * V; i < end; i += 256u * V) {{\n{element}    float w[V], g[V], kept[V], x[V];\n    get(params + at, w);\n    get(grads + at, g);\n    get(state + at, kept);\n#pragma unroll\n    for (u32 v = 0; v < V; v++) {{\n    w[v] *= c[0];\n    float one = minimum(maximum(g[v], -c[7]), c[7]) * {scale};\n    kept[v] = kept[v] + (one + kept[v] * (c[3] - 1.0f));\n    x[v] = {looked_ahead};\n    sum += (double)x[v] * (double)x[v];\n    }}\n    put(params + at, w);\n    put(state + at, kept);\n    {left}\n    }}\n    sum = fold_double(sum, 256u, shared);\n    if (threadIdx.x == 0) sums[blockIdx.x] = sum;\n"
    );
    let each =
        format!("    u32 i = (blockIdx.x * 256u + threadIdx.x) * V;\n    if (i >= {words}u) return;\n");
    let normed = format!(
        "{each}    float x[V], norm = sqrtf(folded[0]) + 1e-7f;\n    get(X0 + i, x);\n    for (u32 v = 0; v < V; v++) x[v] /= norm;\n    put(X0 + i, x);\n"
    );
    let product = |left: &str, right: &str, to: &str, [m, k, n]: [usize; 3], transposed, value: &str| {
        let names = [left, right, to];
        let (body, blocks) = plain(&Plain { names, m, k, n, transposed, value });
        (Pass::Blocks(blocks), body)
    };
    let squared = |x: &str| product(x, x, "SQUARE", [rows, columns, rows], true, "$value");
    let next = |x: &str, to: &str| {
        let value = format!("$value + c[4] * {x}[$at]");
        product("FACTOR", x, to, [rows, rows, columns], false, &value)
    };
    let taken = if iterations.is_multiple_of(2) { "X0" } else { "X1" };
    let last = format!(
        "#define X {taken}\n{each}{element}    float w[V], x[V];\n    get(params + at, w);\n    {taken_from}\n    for (u32 v = 0; v < V; v++) w[v] -= c[1] * x[v] * c[2];\n    put(params + at, w);\n"
    );
    let alone = if of.columns.is_multiple_of(4) { Pass::Fours } else { Pass::Each };
    let bodies = [
        (Pass::Folds, momentum),
        (alone, normed),
        squared("X0"),
        squared("X1"),
        // It is its own transpose.
        product("SQUARE", "SQUARE", "FACTOR", [rows; 3], true, "c[5] * SQUARE[$at] + c[6] * $value"),
        next("X0", "X1"),
        next("X1", "X0"),
        (alone, last),
    ];
    for (k, (_, body)) in bodies.iter().enumerate() {
        let _ = writeln!(text, "{}{body}}}", HEAD.replace("NAME", &update_name(k)));
    }
    let turns = (0..iterations).flat_map(|i| if i % 2 == 0 { [2, 4, 5] } else { [3, 4, 6] });
    let passes = [0, 1].into_iter().chain(turns).chain([7]).map(|k: usize| (k, bodies[k].0)).collect();
    Printed { text, passes, folded }
}
