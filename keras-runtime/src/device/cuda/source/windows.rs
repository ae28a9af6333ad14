//! Windows that are added up where they lie, and the gradient of max pooling.

use std::collections::HashSet;
use std::fmt::Write;

use super::{
    Extent, Launch, THREADS, Text, WORKSPACE, Work, address, each, is_aligned, launch, place, product,
};
use crate::compiled::{Buf, Extents, MatMul, MatMulOverlap, Matrix, MaxPoolGrad, Space};

fn count(dims: Extents) -> usize {
    dims.iter().map(|(extent, _)| extent).product()
}

/// The word that the digits of `i` lead to.
fn offset(mut i: usize, dims: Extents) -> usize {
    dims.iter().rev().fold(0, |words, &(extent, stride)| {
        let digit = i % extent;
        i /= extent;
        words + digit * stride
    })
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The product of all windows first, in the workspace; then a block for each sample adds place after place of the
/// windows, of which no two meet in a word.
pub fn matmul_overlap(text: &mut Text, op: &MatMulOverlap) -> Vec<Launch> {
    let MatMulOverlap { a, w, c, words, counts, window, k, n } = *op;
    let m = count(counts);
    let rows: Extents = Box::leak(Box::new([(m, k)]));
    let columns: Extents = Box::leak(Box::new([(k, 1)]));
    let result = Buf::new(Space::Arena, 0, m * n);
    let left = Matrix { buf: a, rows, columns };
    let windows = MatMul { a: left, w, c: result, rows: m, k, n };
    let chunk = Some((WORKSPACE / (m * n).max(1)).max(1));
    let work = Work::PerSample(m * n);
    let rows = Launch { chunk, work, ..product::rows_by_panels(text, &windows, Some("m.work")) };

    // Words in a row are added by neighbouring threads: so many that those of one window end where the next one's begin.
    let (whole, mut places) = match window.split_last() {
        Some((&(whole, 1), places)) => (whole, places.to_vec()),
        _ => (1, window.to_vec()),
    };
    let run =
        counts.iter().filter(|(extent, _)| *extent > 1).fold(whole, |run, (_, stride)| gcd(run, *stride));
    places.push((whole / run, run));
    // Four words at once, where all runs of them lie so.
    let fours = run % 4 == 0
        && words % 4 == 0
        && is_aligned(&c, 0)
        && counts.iter().chain(&places).all(|(extent, stride)| *extent == 1 || stride % 4 == 0);
    let width = if fours { 4 } else { 1 };
    let mut body = format!("    float *c = {};\n", address(&c, 0, "from + blockIdx.x"));
    let _ = writeln!(body, "    const float *windows = m.work + (u64)blockIdx.x * {};", m * n);
    let zero = if fours { "store4(c + i, 0.0f, 0.0f, 0.0f, 0.0f)" } else { "c[i] = 0.0f" };
    let _ = writeln!(
        body,
        "    for (u32 i = threadIdx.x * {width}u; i < {words}u; i += {}u) {zero};",
        THREADS * width
    );
    let _ = writeln!(body, "    for (u32 p = 0; p < {}u; p++) {{\n    __syncthreads();", n / run);
    let _ = writeln!(body, "    u32 first = {};", place(&places, "p"));
    let _ = writeln!(
        body,
        "    for (u32 i = threadIdx.x * {width}u; i < {}u; i += {}u) {{",
        m * run,
        THREADS * width
    );
    let _ = writeln!(body, "    u32 which = i / {run}u, r = i % {run}u;");
    let _ = writeln!(
        body,
        "    float *to = c + {} + first + r;\n    const float *words = windows + which * {n}u + p * {run}u + r;",
        place(counts, "which")
    );
    let _ = match fours {
        true => writeln!(
            body,
            "    float x[4], y[4];\n    load_four(to, 4u, x);\n    load_four(words, 4u, y);\n    store4(to, x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]);\n    }}\n    }}"
        ),
        false => writeln!(body, "    *to += *words;\n    }}\n    }}"),
    };
    let blocks = Extent::units(true, 1, 1);
    let added = Launch { chunk, work, ..launch(text.kernel("overlap", body), blocks) };
    vec![rows, added]
}

/// A thread to four channels of a window, or to one, where windows do not meet, else to a channel of an image.
pub fn max_pool_grad(text: &mut Text, op: &MaxPoolGrad) -> Vec<Launch> {
    let MaxPoolGrad { x, y, dy, dx, words, counts, window, channels } = *op;
    let (m, pixels) = (count(counts), count(window));
    let mut seen = HashSet::new();
    let apart = (0..m).all(|w| (0..pixels).all(|p| seen.insert(offset(w, counts) + offset(p, window))));
    let batched = dx.space.is_batched();
    let samples = if batched { "batch * " } else { "" };
    let fours = apart
        && channels % 4 == 0
        && words % 4 == 0
        && [x, y, dy, dx].iter().all(|buf| is_aligned(buf, 0))
        && counts.iter().chain(window).all(|(extent, stride)| *extent == 1 || stride % 4 == 0);
    let width = if fours { 4 } else { 1 };
    let channels = channels / width;
    let mut launches = vec![];
    // Windows write all of their words; others are nothing.
    if apart && m * pixels * channels * width < words {
        let zeros = words / width;
        let mut body = format!(
            "    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (i >= {samples}{zeros}u) return;\n    float *dx = {} + i % {zeros}u * {width}u;\n",
            address(&dx, 0, &format!("i / {zeros}u"))
        );
        body += if fours { "    store4(dx, 0.0f, 0.0f, 0.0f, 0.0f);\n" } else { "    *dx = 0.0f;\n" };
        launches.push(each(text.kernel("zero", body), batched, zeros));
    }
    let units = if apart { m * channels } else { channels };
    let mut body = format!(
        "    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (i >= {samples}{units}u) return;\n"
    );
    let _ = writeln!(
        body,
        "    u32 b = i / {units}u, c = i % {channels}u * {width}u, k = i % {units}u / {channels}u;"
    );
    for (name, buf) in [("x", x), ("y", y), ("dy", dy), ("dx", dx)] {
        let constant = if name == "dx" { "" } else { "const " };
        let _ = writeln!(body, "    {constant}float *{name} = {};", address(&buf, 0, "b"));
    }
    let (first, step) = (place(counts, "k"), place(window, "p"));
    let at = format!("k * {}u + c", channels * width);
    let _ = match (apart, fours) {
        (false, _) => writeln!(
            body,
            "    for (u32 w = 0; w < {}u; w++) dx[w * {channels}u + c] = 0.0f;\n    for (k = 0; k < {m}u; k++) {{\n    u32 first = {first} + c;\n    float most = y[{at}];\n    for (u32 p = 0; p < {pixels}u; p++) {{\n    u32 at = first + {step};\n    if (x[at] == most) {{ dx[at] += dy[{at}]; break; }}\n    }}\n    }}",
            words / channels
        ),
        (true, false) => writeln!(
            body,
            "    u32 first = {first} + c;\n    float most = y[{at}], rest = dy[{at}];\n    for (u32 p = 0; p < {pixels}u; p++) {{\n    u32 at = first + {step};\n    bool found = x[at] == most;\n    dx[at] = found ? rest : 0.0f;\n    if (found) {{ most = number(0x7fc00000u); }}\n    }}"
        ),
        (true, true) => writeln!(
            body,
            "    u32 first = {first} + c;\n    float most[4], rest[4], one[4];\n    load_four(y + {at}, 4u, most);\n    load_four(dy + {at}, 4u, rest);\n    for (u32 p = 0; p < {pixels}u; p++) {{\n    u32 at = first + {step};\n    load_four(x + at, 4u, one);\n#pragma unroll\n    for (u32 v = 0; v < 4; v++) {{\n    bool found = one[v] == most[v];\n    one[v] = found ? rest[v] : 0.0f;\n    if (found) most[v] = number(0x7fc00000u);\n    }}\n    store4(dx + at, one[0], one[1], one[2], one[3]);\n    }}"
        ),
    };
    launches.push(each(text.kernel("max_pool_grad", body), batched, units));
    launches
}
