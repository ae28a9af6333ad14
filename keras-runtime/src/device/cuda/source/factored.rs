//! The step of an optimizer that keeps means of a matrix's rows and columns.

use std::fmt::Write;

use super::PRELUDE;
use super::weights::{HEAD, Pass, Printed, neighbours, update_name};
use crate::compiled::{Layout, WeightSpec};
use crate::optim::{Factored, Matrices, Moment};

/// Rows of a block: a warp has one.
const ROWS: usize = 8;
/// Columns of a block: as many threads share one as there are warps.
const COLUMNS: usize = 32;

/// The numbers of a step.
pub fn constants(how: &Factored, at: &Moment) -> Vec<f32> {
    let Factored { rate, keep, epsilons, most } = *how;
    let cut = at.clip.unwrap_or(f32::INFINITY);
    vec![at.keep, rate, keep, epsilons[0], epsilons[1], most, cut, at.scale]
}

/// The kernels of a step for a weight.
pub fn printed(weight: &WeightSpec, scaled: bool) -> Printed {
    let of = Matrices::of(weight);
    let (rows, columns, count) = (of.rows, of.columns, of.count);
    let place = match weight.layout {
        Layout::Plain => format!("row * {columns}u + column"),
        Layout::Panels { k, .. } => format!("column / 16u * {}u + row * 16u + column % 16u", 16 * k),
    };
    let scale = if scaled { "scale[0]" } else { "c[7]" };
    let mut text = format!("{PRELUDE}{}\n#define AT(r, q) at_of(first, r, q)\n", neighbours(columns));
    let _ = writeln!(
        text,
        "__device__ __forceinline__ u32 at_of(u32 first, u32 row, u32 column) {{ return first + {place}; }}"
    );
    // Numbers of the step: what decay leaves of weights, the step size, what the means keep, epsilons, the greatest step, what
    // gradients are cut to and multiplied with.
    let _ = writeln!(
        text,
        "#define CUT(g) (minimum(maximum(g, -c[6]), c[6]) * {scale})\n#define SQUARE(g) (CUT(g) * CUT(g) + c[3])\n#define FIRST(r) state[AT(r, 0u)]\n#define SECOND(r, q) state[(u64)stride + AT((r) / {rows}u * {rows}u, q)]"
    );
    // What neighbours of a row change by, without the size of the step.
    let change = format!(
        "    float g[V], other[V], change[V], share = 1.0f / sqrtf(FIRST(row) / folded[2u + row / {rows}u]);\n    get(grads + AT(row, column), g);\n    get(&SECOND(row, column), other);\n    for (u32 v = 0; v < V; v++) change[v] = CUT(g[v]) * share * (1.0f / sqrtf(other[v]));\n"
    );
    let all = rows * count;
    let sum = |term: &str| {
        format!(
            "    __shared__ double shared[256];\n    double sum = 0.0;\n    u32 end = min({}u, (blockIdx.x + 1) * 4096u);\n    for (u32 i = blockIdx.x * 4096u + threadIdx.x * V; i < end; i += 256u * V) {{\n    u32 row = i / {columns}u, column = i % {columns}u;\n    {term}\n    }}\n    sum = fold_double(sum, 256u, shared);\n    if (threadIdx.x == 0) sums[blockIdx.x] = sum;\n",
            all * columns
        )
    };
    let bodies = [
        // Weights decay, and their squares.
        (
            Pass::Folds,
            sum(
                "float w[V];\n    get(params + AT(row, column), w);\n    for (u32 v = 0; v < V; v++) { w[v] *= c[0]; sum += (double)w[v] * w[v]; }\n    put(params + AT(row, column), w);",
            ),
        ),
        (
            Pass::Blocks(all.div_ceil(ROWS)),
            format!(
                "    u32 lane = threadIdx.x % 32u, row = blockIdx.x * {ROWS}u + threadIdx.x / 32u;\n    if (row >= {all}u) return;\n    float sum = 0.0f;\n    for (u32 q = lane * V; q < {columns}u; q += 32u * V) {{\n    float g[V];\n    get(grads + AT(row, q), g);\n    for (u32 v = 0; v < V; v++) sum += SQUARE(g[v]);\n    }}\n    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);\n    if (lane == 0) FIRST(row) = c[2] * FIRST(row) + (1.0f - c[2]) * (sum / {columns}.0f);\n"
            ),
        ),
        (
            Pass::Blocks(count * columns.div_ceil(COLUMNS)),
            format!(
                "    __shared__ float shared[V][256];\n    const u32 lanes = {COLUMNS}u / V, parts = 256u / lanes;\n    u32 lane = threadIdx.x % lanes, part = threadIdx.x / lanes;\n    u32 matrix = blockIdx.x / {blocks}u, q = blockIdx.x % {blocks}u * {COLUMNS}u + lane * V;\n    float added[V] = {{}}, g[V];\n    for (u32 r = part; r < {rows}u && q < {columns}u; r += parts) {{\n    get(grads + AT(matrix * {rows}u + r, q), g);\n    for (u32 v = 0; v < V; v++) added[v] += SQUARE(g[v]);\n    }}\n    for (u32 v = 0; v < V; v++) shared[v][threadIdx.x] = added[v];\n    __syncthreads();\n    if (part > 0 || q >= {columns}u) return;\n    get(&SECOND(matrix * {rows}u, q), g);\n    for (u32 v = 0; v < V; v++) {{\n    for (u32 k = 1; k < parts; k++) added[v] += shared[v][k * lanes + lane];\n    g[v] = c[2] * g[v] + (1.0f - c[2]) * (added[v] / {rows}.0f);\n    }}\n    put(&SECOND(matrix * {rows}u, q), g);\n",
                blocks = columns.div_ceil(COLUMNS)
            ),
        ),
        // The mean of each matrix's rows.
        (
            Pass::Blocks(count),
            format!(
                "    __shared__ float shared[256];\n    float sum = 0.0f;\n    for (u32 r = threadIdx.x; r < {rows}u; r += 256u) sum += FIRST(blockIdx.x * {rows}u + r);\n    sum = fold_sum(sum, 256u, shared);\n    if (threadIdx.x == 0) folded[2u + blockIdx.x] = sum / {rows}.0f;\n"
            ),
        ),
        (
            Pass::Folds,
            sum(&format!("{change}    for (u32 v = 0; v < V; v++) sum += (double)change[v] * change[v];")),
        ),
        (
            if columns.is_multiple_of(4) { Pass::Fours } else { Pass::Each },
            format!(
                "    u32 i = (blockIdx.x * 256u + threadIdx.x) * V;\n    if (i >= {words}u) return;\n    u32 row = i / {columns}u, column = i % {columns}u;\n    float rate = fmaxf(c[4], sqrtf(folded[0] / {words}.0f)) * c[1];\n    float factor = rate / fmaxf(sqrtf(folded[1] / {words}.0f) / c[5], 1.0f);\n{change}    float w[V];\n    get(params + AT(row, column), w);\n    for (u32 v = 0; v < V; v++) w[v] -= factor * change[v];\n    put(params + AT(row, column), w);\n",
                words = all * columns
            ),
        ),
    ];
    let mut passes = vec![];
    for (k, (pass, body)) in bodies.into_iter().enumerate() {
        let _ = writeln!(text, "{}{body}}}", HEAD.replace("NAME", &update_name(k)));
        passes.push((k, pass));
    }
    Printed { text, passes, folded: 2 + count }
}
