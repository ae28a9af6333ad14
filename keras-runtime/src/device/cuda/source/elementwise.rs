//! Element-wise kernels and reductions.

use std::fmt::Write;

use super::formula::{number, statements};
use super::tiles::{SIDE, Tile};
use super::{Extent, Launch, Splits, THREADS, Text, Work, address, each, group_of, is_aligned, launch};
use crate::compiled::{Access, Buf, ReduceKind};
use crate::device::cpu::simd::symbol::Formula;
use crate::device::record::Kernel;

/// Whether `access` walks the elements of every sample in order, without gaps between samples.
fn is_flat(access: &Access, dims: &[usize], batched: bool) -> bool {
    let Access::Buf { buf, offset, strides } = access else { return true };
    let mut expected = 1;
    for (&extent, &stride) in dims.iter().zip(*strides).rev() {
        if extent != 1 && stride != expected {
            return false;
        }
        expected *= extent;
    }
    *offset == 0
        && buf.skip == 0
        && buf.time == 0
        && (!batched || (buf.space.is_batched() && buf.len == expected))
}

/// The length of what is walked word by word from the first sample to the last.
const LINE: usize = 0;

/// A pointer to the element at digits `d0, d1, ..` of sample `b`.
fn pointer(access: &Access, dims: &[usize], batched: bool) -> Option<String> {
    let Access::Buf { buf, offset, strides } = access else { return None };
    if buf.len == LINE {
        return Some(format!("{} + d0", address(buf, *offset, "0")));
    }
    let sample = if batched && buf.space.is_batched() { "b" } else { "0" };
    let mut sum = address(buf, *offset, sample);
    for (d, (&extent, &stride)) in dims.iter().zip(*strides).enumerate() {
        if extent > 1 && stride > 0 {
            let _ = write!(sum, " + d{d} * {stride}u");
        }
    }
    Some(sum)
}

/// Whether four neighbours of the last dimension can be read at once: as one word, or as four in a row.
fn in_fours(access: &Access, dims: &[usize]) -> bool {
    let Access::Buf { buf, offset, strides } = access else { return true };
    let (last, outer) = (dims.len() - 1, dims.iter().zip(*strides));
    let outer_aligned = outer.take(last).all(|(&extent, &stride)| extent == 1 || stride % 4 == 0);
    match strides[last] {
        0 => true,
        1 => outer_aligned && is_aligned(buf, *offset),
        _ => false,
    }
}

/// The beginning of a call that draws a number of a stream, by the model's seed or its own.
fn draw(stream: u32, seed: Option<u64>) -> String {
    match seed {
        None => format!("uniform(m.control, m.control[SEED], m.control[SEED + 1], {stream}u"),
        Some(seed) => format!("uniform(m.control, {}u, {}u, {stream}u", seed as u32, (seed >> 32) as u32),
    }
}

/// Places of a dimension from which on a tile is worth its while.
const TILE_FROM: usize = 8;
/// Tiles of a block.
const TILES: usize = 4;

/// The dimension along which an operand walks memory word by word, where it is not the last one.
fn crossed(access: &Access, dims: &[usize]) -> Option<usize> {
    let Access::Buf { strides, .. } = access else { return None };
    let last = dims.len() - 1;
    let near = (0..last).find(|d| strides[*d] == 1 && dims[*d] >= TILE_FROM)?;
    (strides[last] > 1 && dims[last] >= TILE_FROM).then_some(near)
}

/// Whether four neighbours of dimension `near`, along which `access` walks word by word, can be read at once.
fn in_fours_along(access: &Access, dims: &[usize], near: usize) -> bool {
    let Access::Buf { buf, offset, strides } = access else { return false };
    let others = (0..dims.len()).filter(|d| *d != near);
    dims[near] % 4 == 0
        && is_aligned(buf, *offset)
        && others.into_iter().all(|d| dims[d] == 1 || strides[d] % 4 == 0)
}

/// Four elements to a thread where all operands lie so that they can be moved at once, else one. Operands that lie across the
/// others come through tiles.
pub fn map(
    text: &mut Text,
    batched: bool,
    dims: &[usize],
    loads: &[Access],
    stores: &[Access],
    accumulate: bool,
    formula: &Formula,
) -> Vec<Launch> {
    let total: usize = dims.iter().product();
    let flat = loads.iter().chain(stores).all(|access| is_flat(access, dims, batched));
    // A space without gaps is one dimension, in which samples follow each other.
    let flat_dims = [total];
    let line = |access: &Access| match access {
        Access::Buf { buf, .. } => {
            let buf = Buf { len: LINE, ..*buf };
            Access::Buf { buf, offset: 0, strides: &[1] }
        }
        random => *random,
    };
    let (dims, batched_walk) = if flat { (&flat_dims[..], false) } else { (dims, batched) };
    let loads: Vec<Access> = loads.iter().map(|access| if flat { line(access) } else { *access }).collect();
    let stores: Vec<Access> = stores.iter().map(|access| if flat { line(access) } else { *access }).collect();
    let last = dims.len() - 1;

    let apart = if accumulate { one_by_one(&stores, dims) } else { vec![false; dims.len()] };
    let launches: usize =
        dims.iter().zip(&apart).filter(|(_, apart)| **apart).map(|(extent, _)| extent).product();
    // The dimension that tiles have beside the last one, and the operands that come through them.
    let across = loads.iter().find_map(|access| crossed(access, dims)).filter(|_| launches == 1);
    let tiled = |access: &Access| across.is_some() && crossed(access, dims) == across;
    let through: Vec<usize> = (0..loads.len()).filter(|k| tiled(&loads[*k])).take(TILES).collect();
    let fours = dims[last] % 4 == 0
        && !apart[last]
        && loads.iter().enumerate().all(|(k, access)| match across {
            Some(near) if through.contains(&k) => in_fours_along(access, dims, near),
            _ => in_fours(access, dims),
        })
        && stores.iter().all(|access| {
            matches!(access, Access::Buf { strides, .. } if strides[last] == 1) && in_fours(access, dims)
        });
    let width = if fours { 4 } else { 1 };
    let units = total / width / launches;

    let mut body = String::new();
    let samples = if batched { "batch * " } else { "" };
    let pointer = |access: &Access| pointer(access, dims, batched_walk).expect("memory has an address");
    let mut ends = "";
    if let Some(near) = across {
        let beside = (0..last).filter(|d| *d != near).rev();
        let _ = writeln!(body, "    u32 b = blockIdx.x;");
        for (d, of) in [(last, dims[last]), (near, dims[near])] {
            let tiles = of.div_ceil(SIDE);
            let _ = writeln!(body, "    u32 d{d}0 = b % {tiles}u * {SIDE}u; b /= {tiles}u;");
        }
        for d in beside {
            let _ = writeln!(body, "    u32 d{d} = b % {0}u; b /= {0}u;", dims[d]);
        }
        for &k in &through {
            let tile = Tile { name: format!("tile{k}"), fours };
            body += &tile.declared();
            let names = [format!("d{near}"), format!("d{last}")];
            let names = [&names[0][..], &names[1][..]];
            body += &tile.filled(&pointer(&loads[k]), names, [dims[near], dims[last]]);
        }
        let _ = writeln!(body, "    __syncthreads();");
        let lanes = SIDE / width;
        let _ = writeln!(
            body,
            "    for (u32 row = threadIdx.x / {lanes}u; row < {SIDE}u; row += {}u) {{\n    u32 column = threadIdx.x % {lanes}u * {width}u;",
            THREADS / lanes
        );
        let _ = writeln!(body, "    u32 d{near} = d{near}0 + row, d{last} = d{last}0 + column;");
        let _ = writeln!(body, "    if (d{near} >= {}u || d{last} >= {}u) continue;", dims[near], dims[last]);
        ends = "    }\n";
    } else {
        let _ = writeln!(body, "    u32 i = blockIdx.x * {THREADS}u + threadIdx.x;");
        let _ = writeln!(body, "    if (i >= {samples}{units}u) return;");
        let _ = writeln!(body, "    u32 b = i;");
        if flat {
            let _ = writeln!(body, "    u32 d0 = i * {width}u;");
        } else {
            if launches > 1 {
                let _ = writeln!(body, "    u32 part = from;");
            }
            for (d, extent) in dims.iter().enumerate().rev() {
                let step = if d == last { width } else { 1 };
                let index = if apart[d] { "part" } else { "b" };
                let _ = writeln!(
                    body,
                    "    u32 d{d} = {index} % {0}u * {step}u; {index} /= {0}u;",
                    extent / step
                );
            }
        }
    }
    // The place of the first element in its space.
    let linear = match launches {
        1 if across.is_none() => format!("(u64)i * {width}"),
        _ => (0..dims.len()).fold("(u64)b".to_string(), |sum, d| format!("({sum} * {} + d{d})", dims[d])),
    };
    let mut arguments = vec![];
    for (k, access) in loads.iter().enumerate() {
        match access {
            Access::Random { stream, seed } => {
                let draw = draw(*stream, *seed);
                let _ = writeln!(body, "    float x{k}[{width}];");
                for v in 0..width {
                    let _ = writeln!(body, "    x{k}[{v}] = {draw}, {linear} + {v} + ((u64)time << 40));");
                }
                arguments.push((format!("x{k}"), true));
            }
            Access::Buf { .. } if through.contains(&k) => {
                let tile = Tile { name: format!("tile{k}"), fours };
                let words: Vec<String> = (0..width).map(|v| tile.word("row", "column", v)).collect();
                let _ = writeln!(body, "    float x{k}[{width}] = {{{}}};", words.join(", "));
                arguments.push((format!("x{k}"), true));
            }
            Access::Buf { strides, .. } => {
                let from = pointer(access);
                if width == 1 || strides[last] == 0 {
                    let _ = writeln!(body, "    float x{k} = *({from});");
                    arguments.push((format!("x{k}"), false));
                } else {
                    let _ = writeln!(body, "    float x{k}[4];\n    load_four({from}, 4u, x{k});");
                    arguments.push((format!("x{k}"), true));
                }
            }
        }
    }
    for k in 0..stores.len() {
        let _ = writeln!(body, "    float y{k}[{width}];");
    }
    for v in 0..width {
        let names: Vec<String> = arguments
            .iter()
            .map(|(name, many)| if *many { format!("{name}[{v}]") } else { name.clone() })
            .collect();
        let (lines, results) = statements(formula, &names, "v", number);
        let _ = writeln!(body, "    {{\n{lines}");
        for (k, result) in results.iter().enumerate() {
            let _ = writeln!(body, "    y{k}[{v}] = {result};");
        }
        let _ = writeln!(body, "    }}");
    }
    for (k, access) in stores.iter().enumerate() {
        let to = pointer(access);
        match width {
            1 => {
                let sign = if accumulate { "+=" } else { "=" };
                let _ = writeln!(body, "    *({to}) {sign} y{k}[0];");
            }
            _ => {
                if accumulate {
                    let _ = writeln!(body, "    float old{k}[4];\n    load_four({to}, 4u, old{k});");
                    let _ = writeln!(body, "    for (int v = 0; v < 4; v++) y{k}[v] += old{k}[v];");
                }
                let _ = writeln!(body, "    store_four({to}, 4u, y{k});");
            }
        }
    }
    body += ends;
    if let Some(near) = across {
        let tiles = dims[last].div_ceil(SIDE) * dims[near].div_ceil(SIDE);
        let blocks = total / dims[last] / dims[near] * tiles;
        return vec![launch(text.kernel("map", body), Extent::units(batched, blocks, 1))];
    }
    let launch = each(text.kernel("map", body), batched, units);
    (0..launches).map(|part| Launch { part, ..launch.clone() }).collect()
}

/// The dimensions whose places must be computed one after another, since results of several meet in a word: as few places
/// as will do.
fn one_by_one(stores: &[Access], dims: &[usize]) -> Vec<bool> {
    let meet = |apart: usize| {
        stores.iter().any(|access| {
            let Access::Buf { strides, .. } = access else { return false };
            let mut own: Vec<(usize, usize)> = (0..dims.len())
                .filter(|d| apart >> d & 1 == 0 && dims[*d] > 1)
                .map(|d| (strides[d], dims[d]))
                .collect();
            own.sort_unstable();
            // Each dimension steps over all that the smaller ones reach.
            let mut reach = 0;
            own.into_iter().any(|(stride, extent)| {
                let meets = stride <= reach;
                reach += stride * (extent - 1);
                meets
            })
        })
    };
    let places = |apart: usize| -> usize {
        (0..dims.len()).filter(|d| apart >> d & 1 == 1).map(|d| dims[d]).product()
    };
    let best = (0..1usize << dims.len()).filter(|apart| !meet(*apart)).min_by_key(|apart| places(*apart));
    let best = best.unwrap_or((1 << dims.len()) - 1);
    (0..dims.len()).map(|d| best >> d & 1 == 1).collect()
}

/// The name of what folds threads, the first value, and how two are combined.
fn folding(kind: ReduceKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        ReduceKind::Sum => ("fold_sum", "0.0f", "sum + x"),
        ReduceKind::Product => ("fold_product", "1.0f", "sum * x"),
        ReduceKind::Max => ("fold_max", "number(0xff800000u)", "maximum(sum, x)"),
        ReduceKind::Min => ("fold_min", "number(0x7f800000u)", "minimum(sum, x)"),
    }
}

/// Pieces of a sum over the batch, where there are few results.
const BATCH_SPLITS: usize = 16;
/// Terms of a result (or fours of them) from which on a whole block adds them up.
const BLOCK_FROM: usize = 128;

/// A group of threads to a result; neighbouring results by neighbouring threads, where they lie so.
pub fn reduce(text: &mut Text, kernel: &Kernel) -> Vec<Launch> {
    let Kernel::Reduce { batched, over_batch, dims, over, kind, scale, loads, store, formula } = kernel
    else {
        unreachable!("the caller looked");
    };
    let last = dims.len() - 1;
    let of = |reduced: bool| -> Vec<usize> { (0..dims.len()).filter(|d| over[*d] == reduced).collect() };
    let (kept, reduced) = (of(false), of(true));
    let extents = |which: &[usize]| which.iter().map(|d| dims[*d]).product::<usize>();
    let (results, terms) = (extents(&kept), extents(&reduced));
    let per_sample = *batched && !*over_batch;
    let (fold, first, combine) = folding(*kind);
    let columns = !over[last] && dims[last] > 1;
    // Four neighbours to a thread, whether they are results or terms of one.
    let fours =
        dims[last] % 4 == 0 && (columns || over[last]) && loads.iter().all(|access| in_fours(access, dims));
    let width = if fours { 4 } else { 1 };
    // Threads of a result, and neighbouring results (or fours of them) of a block.
    let (group, side) = match columns {
        true => {
            let side = (dims[last] / width).next_power_of_two().min(32 / width);
            (THREADS / side, side)
        }
        false if *over_batch => (THREADS, 1),
        false => {
            let group = group_of(terms / width, BLOCK_FROM / 32);
            (group, THREADS / group)
        }
    };
    // Results of a thread.
    let own = if columns { width } else { 1 };
    let splits = if *over_batch && results <= 1 << 14 { BATCH_SPLITS } else { 1 };

    let mut body = String::new();
    let samples = if per_sample { "batch * " } else { "" };
    let _ = writeln!(body, "    __shared__ __align__(16) float shared[{}];", THREADS * own);
    // Of a block, threads that differ in `lane` work on one result, or on four of them.
    let units = dims[last].div_ceil(width);
    match columns {
        true => {
            let blocks = units.div_ceil(side);
            let _ = writeln!(body, "    u32 lane = threadIdx.x / {side}u, column = threadIdx.x % {side}u;");
            let _ = writeln!(
                body,
                "    u32 r = blockIdx.x / {blocks}u, d{last} = (blockIdx.x % {blocks}u * {side}u + column) * {width}u;"
            );
            let _ = writeln!(body, "    bool mine = d{last} < {}u;", dims[last]);
        }
        false => {
            let _ = writeln!(body, "    u32 lane = threadIdx.x % {group}u;");
            let _ = writeln!(body, "    u32 r = blockIdx.x * {side}u + threadIdx.x / {group}u;");
            let _ = writeln!(body, "    bool mine = r < {samples}{results}u;");
        }
    }
    for &d in kept.iter().rev().filter(|d| !columns || **d != last) {
        let _ = writeln!(body, "    u32 d{d} = r % {0}u; r /= {0}u;", dims[d]);
    }
    let firsts = vec![first; own].join(", ");
    let _ = writeln!(body, "    float sums[{own}] = {{{firsts}}};");
    let each_terms = if columns { terms } else { terms / width };
    let all =
        if *over_batch && *batched { format!("batch * {each_terms}u") } else { format!("{each_terms}u") };
    let _ = writeln!(body, "    u32 all = {all}, piece = (all + splits - 1) / splits;");
    let _ = writeln!(body, "    u32 end = min(all, (blockIdx.z + 1) * piece);");
    let _ =
        writeln!(body, "    if (mine) for (u32 j = blockIdx.z * piece + lane; j < end; j += {group}u) {{");
    let _ = writeln!(body, "    u32 at = j;");
    for &d in reduced.iter().rev() {
        let step = if d == last { width } else { 1 };
        let _ = writeln!(body, "    u32 d{d} = at % {0}u * {step}u; at /= {0}u;", dims[d] / step);
    }
    let _ = writeln!(body, "    u32 b = {};", if *over_batch { "at" } else { "r" });
    let mut arguments = vec![];
    for (k, access) in loads.iter().enumerate() {
        let many = match access {
            Access::Buf { strides, .. } => {
                let from = pointer(access, dims, *batched).expect("memory has an address");
                let many = width > 1 && strides[last] == 1;
                let _ = match many {
                    true => writeln!(body, "    float x{k}[4];\n    load_four({from}, 4u, x{k});"),
                    false => writeln!(body, "    float x{k} = *({from});"),
                };
                many
            }
            Access::Random { stream, seed } => {
                let draw = draw(*stream, *seed);
                let index = (0..dims.len())
                    .fold("(u64)b".to_string(), |sum, d| format!("({sum} * {} + d{d})", dims[d]));
                let _ = writeln!(body, "    float x{k}[{width}];");
                let _ = writeln!(
                    body,
                    "    for (u32 v = 0; v < {width}; v++) x{k}[v] = {draw}, {index} + v + ((u64)time << 40));"
                );
                true
            }
        };
        arguments.push((format!("x{k}"), many));
    }
    for v in 0..width {
        let names =
            arguments.iter().map(|(name, many)| if *many { format!("{name}[{v}]") } else { name.clone() });
        let (lines, values) = statements(formula, &names.collect::<Vec<_>>(), "v", number);
        let sum = if own > 1 { v } else { 0 };
        let _ = writeln!(
            body,
            "    {{\n{lines}    float x = {}, sum = sums[{sum}];\n    sums[{sum}] = {combine};\n    }}",
            values[0]
        );
    }
    let _ = writeln!(body, "    }}");
    // The results' threads lie side by side, or lanes do.
    match columns {
        true => {
            let vector = if own == 4 { "float4" } else { "float" };
            let whole = |from: &str| {
                if own == 4 {
                    format!("load_four({from}, 4u, other);")
                } else {
                    format!("other[0] = *({from});")
                }
            };
            let kept = if own == 4 { "make_float4(sums[0], sums[1], sums[2], sums[3])" } else { "sums[0]" };
            let _ = writeln!(
                body,
                "    {vector} *place = ({vector} *)shared + threadIdx.x;\n    *place = {kept};"
            );
            let _ = writeln!(
                body,
                "    for (u32 half = {group}u / 2u; half > 0; half /= 2u) {{\n    __syncthreads();"
            );
            let _ = writeln!(
                body,
                "    if (lane < half) {{\n    float other[{own}];\n    {}\n    for (int v = 0; v < {own}; v++) {{ float x = other[v], sum = sums[v]; sums[v] = {combine}; }}\n    *place = {kept};\n    }}\n    }}",
                whole(&format!("(const float *)(place + half * {side}u)"))
            );
        }
        false => {
            let _ = writeln!(body, "    sums[0] = {fold}(sums[0], {group}u, shared);");
        }
    }
    let _ = writeln!(body, "    if (lane > 0 || !mine) return;");
    let units = match columns {
        true => results / dims[last] * units.div_ceil(side),
        false => results,
    };
    let blocks = Extent::units(per_sample, units, if columns { 1 } else { side });
    let to = pointer(store, dims, per_sample).expect("results lie in memory").replace("(b)", "(r)");
    let scaled = |x: &str| if *scale == 1.0 { x.to_string() } else { format!("{x} * {}", number(*scale)) };
    if splits == 1 {
        if own == 4 && in_fours(store, dims) {
            let values: Vec<String> = (0..4).map(|v| scaled(&format!("sums[{v}]"))).collect();
            let _ = writeln!(body, "    store4({to}, {});", values.join(", "));
        } else {
            let next = if columns { format!(", d{last}++") } else { String::new() };
            let _ =
                writeln!(body, "    for (int v = 0; v < {own}; v++{next}) *({to}) = {};", scaled("sums[v]"));
        }
        return vec![launch(text.kernel("reduce", body), blocks)];
    }
    // The place of the result among all of them.
    let index = kept.iter().fold("0u".to_string(), |sum, d| format!("({sum} * {}u + d{d})", dims[*d]));
    let _ = writeln!(
        body,
        "    float *part = m.work + blockIdx.z * {results}u + {index};\n    for (int v = 0; v < {own}; v++) part[v] = sums[v];"
    );
    let parts = launch(text.kernel("reduce", body), blocks);
    let parts = Launch { splits: Splits::Fixed(splits), work: Work::PerSplit(results), ..parts };
    let mut body = String::new();
    let _ = writeln!(
        body,
        "    u32 r = blockIdx.x * {THREADS}u + threadIdx.x;\n    if (r >= {results}u) return;"
    );
    let _ = writeln!(body, "    float sum = m.work[r];");
    let _ = writeln!(
        body,
        "    for (u32 k = 1; k < {splits}u; k++) {{ float x = m.work[k * {results}u + r]; sum = {combine}; }}"
    );
    for &d in kept.iter().rev() {
        let _ = writeln!(body, "    u32 d{d} = r % {0}u; r /= {0}u;", dims[d]);
    }
    let _ = writeln!(body, "    *({to}) = {};", scaled("sum"));
    vec![parts, each(text.kernel("fold", body), false, results)]
}
