//! Kernels against plain loops in `f64`: odd sizes, strided and repeated operands, every instruction set of the machine,
//! and the same bits with one thread and with three.

use super::gemm::{PANEL, panels_len};
use super::simd::{Isa, Simd};
use super::{Pass, RawSpace, Spaces};
use crate::compiled::{Access, BatchMatMul, Buf, Map, MatMul, MatMulT, Reduce, ReduceKind, Space};
use crate::loss::Heads;

const fn buf(space: Space, len: usize) -> Buf {
    Buf::new(space, 0, len)
}

/// Numbers between -1 and 1 without a pattern that a mistake could hide in.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let word = |i: usize| {
        (i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed.wrapping_mul(40_503)).rotate_left(13)
    };
    (0..n).map(|i| (word(i).wrapping_mul(2_246_822_519) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// The memories of a test's pass. Results begin as NaN, so that what is not written shows.
#[derive(Clone)]
struct Memory {
    batch: usize,
    params: Vec<f32>,
    input: Vec<f32>,
    grads: Vec<f32>,
    fixed: Vec<f32>,
    arena: Vec<f32>,
    output: Vec<f32>,
}

impl Memory {
    /// `params` words, and `input`, `arena` and `output` words for each of `batch` samples; `fixed` words twice.
    fn new(batch: usize, params: usize, input: usize, fixed: usize, output: usize) -> Self {
        let none = |n| vec![f32::NAN; n];
        Memory {
            batch,
            params: numbers(params, 1),
            input: numbers(input * batch, 2),
            grads: none(fixed),
            fixed: none(fixed),
            arena: none(output * batch),
            output: none(output * batch),
        }
    }

    /// What `work` leaves: with every instruction set, and for each the same bits with one thread and with three.
    fn each(&self, work: impl Fn(&mut Pass<'_>) + Sync, check: impl Fn(Isa, &Memory)) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("three threads");
        for isa in Isa::available() {
            let run = |threads| {
                let mut memory = self.clone();
                pool.install(|| memory.run(isa, threads, &work));
                memory
            };
            let (one, three) = (run(1), run(3));
            for (one, three) in
                [(&one.output, &three.output), (&one.fixed, &three.fixed), (&one.grads, &three.grads)]
            {
                assert!(
                    one.iter().zip(three).all(|(a, b)| a.to_bits() == b.to_bits()),
                    "{isa:?}: threads change bits"
                );
            }
            check(isa, &three);
        }
    }

    fn run(&mut self, isa: Isa, threads: usize, work: &impl Fn(&mut Pass<'_>)) {
        let inputs = [RawSpace::readable(&self.input)];
        let outputs = [RawSpace::writable(&mut self.output)];
        let spaces = Spaces {
            params: RawSpace::readable(&self.params),
            grads: RawSpace::writable(&mut self.grads),
            arena: RawSpace::writable(&mut self.arena),
            fixed: RawSpace::writable(&mut self.fixed),
            inputs: &inputs,
            outputs: &outputs,
        };
        work(&mut Pass::new(self.batch, isa, threads, 7, 3, spaces, Heads::new(&[])));
    }
}

/// Work that is worth dividing, whatever it is.
const HEAVY: usize = 1 << 30;

#[track_caller]
fn close(what: &str, found: &[f32], expected: &[f64], bound: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let distance = (f64::from(found) - expected).abs();
        assert!(distance <= bound * expected.abs().max(1.0), "{what}: word {i} is {found}, not {expected}");
    }
}

/// Row-major `[k, n]` from panels, whose padding must be zero.
fn unpacked(panels: &[f32], k: usize, n: usize) -> Vec<f32> {
    let word = |i: usize, j: usize| panels[j / PANEL * k * PANEL + i * PANEL + j % PANEL];
    for (i, j) in (0..k).flat_map(|i| (n..n.next_multiple_of(PANEL)).map(move |j| (i, j))) {
        assert_eq!(word(i, j), 0.0, "padding at ({i}, {j})");
    }
    (0..k).flat_map(|i| (0..n).map(move |j| (i, j))).map(|(i, j)| word(i, j)).collect()
}

/// The index space of a kernel, in order.
fn indices([a, b, c, d]: [usize; 4]) -> impl Iterator<Item = [usize; 4]> {
    (0..a * b * c * d).map(move |i| [i / (b * c * d), i / (c * d) % b, i / d % c, i % d])
}

fn dot(index: [usize; 4], strides: [usize; 4]) -> usize {
    (0..4).map(|d| index[d] * strides[d]).sum()
}

/// `y = x * p + x'`: a permuted operand, one repeated over two dimensions, and one in reverse order of dimensions.
struct Strided;

impl Map<3, 2> for Strided {
    const BATCHED: bool = true;
    const DIMS: [usize; 4] = [2, 3, 5, 19];
    const LOADS: [Access; 3] = [
        buf(Space::Input(0), 600).at(30, [5, 10, 1, 30]),
        buf(Space::Params, 40).at(2, [0, 0, 0, 2]),
        buf(Space::Input(0), 600).at(0, [0, 57, 0, 1]),
    ];
    const STORES: [Access; 2] =
        [buf(Space::Output(0), 570).at(0, [285, 95, 19, 1]), buf(Space::Arena, 570).at(0, [1, 2, 6, 30])];
    fn eval<V: Simd>([x, p, z]: [V; 3]) -> [V; 2] {
        [x * p + z, x - z]
    }
}

#[test]
fn map_over_strides() {
    let memory = Memory::new(7, 40, 600, 0, 570);
    let both = |pass: &mut Pass<'_>| {
        pass.rows(HEAVY, |rows| rows.map(&Strided));
    };
    memory.each(both, |isa, found| {
        let mut expected = Vec::new();
        for b in 0..7 {
            for index in indices(Strided::DIMS) {
                let x = f64::from(found.input[b * 600 + 30 + dot(index, [5, 10, 1, 30])]);
                let z = f64::from(found.input[b * 600 + dot(index, [0, 57, 0, 1])]);
                expected.push(x * f64::from(found.params[2 + 2 * index[3]]) + z);
                let other = found.arena[b * 570 + dot(index, [1, 2, 6, 30])];
                assert!(
                    (f64::from(other) - (x - z)).abs() < 1e-6,
                    "{isa:?}: the second result at {b}, {index:?}"
                );
            }
        }
        close(&format!("map on {isa:?}"), &found.output, &expected, 1e-6);
    });
}

/// Neighbours without gaps, over which samples are one long row.
struct Flat;

impl Map<2, 1> for Flat {
    const BATCHED: bool = true;
    const DIMS: [usize; 4] = [1, 1, 1, 37];
    const LOADS: [Access; 2] = [buf(Space::Input(0), 37).at(0, [0, 0, 0, 1]), Access::Random { stream: 4 }];
    const STORES: [Access; 1] = [buf(Space::Output(0), 37).at(0, [0, 0, 0, 1])];
    fn eval<V: Simd>([x, random]: [V; 2]) -> [V; 1] {
        [x + random]
    }
}

#[test]
fn map_draws_the_same_numbers_everywhere() {
    let memory = Memory::new(29, 0, 37, 0, 37);
    memory.each(
        |pass| pass.rows(HEAVY, |rows| rows.map(&Flat)),
        |isa, found| {
            let mut drawn = vec![0.0; 29 * 37];
            let key = super::philox::Key { seed: 7, step: 3 };
            super::philox::uniform::<super::simd::Portable>(key, 4, 0, &mut drawn);
            let expected: Vec<f64> = found.input.iter().zip(&drawn).map(|(x, r)| f64::from(x + r)).collect();
            close(&format!("random map on {isa:?}"), &found.output, &expected, 0.0);
        },
    );
}

const SPACE: [usize; 4] = [2, 3, 2, 21];

/// Strides of the result: row-major over what is kept, 0 over what is reduced.
const fn kept(over: u8) -> [usize; 4] {
    let (mut strides, mut len, mut d) = ([0; 4], 1, 4);
    while d > 0 {
        d -= 1;
        if over >> d & 1 == 0 {
            strides[d] = len;
            len *= SPACE[d];
        }
    }
    strides
}

const fn kept_len(over: u8) -> usize {
    let (mut len, mut d) = (1, 0);
    while d < 4 {
        len *= if over >> d & 1 == 0 { SPACE[d] } else { 1 };
        d += 1;
    }
    len
}

/// `x * p` reduced over the dimensions whose bits are set in `OVER`, and over the batch if `BATCH`.
struct Over<const OVER: u8, const BATCH: bool, const KIND: u8>;

const KINDS: [ReduceKind; 4] = [ReduceKind::Sum, ReduceKind::Max, ReduceKind::Min, ReduceKind::Product];
const STRIDES: [usize; 4] = [126, 42, 21, 1];
const REPEATED: [usize; 4] = [0, 3, 0, 2];

impl<const OVER: u8, const BATCH: bool, const KIND: u8> Reduce<2> for Over<OVER, BATCH, KIND> {
    const BATCHED: bool = true;
    const OVER_BATCH: bool = BATCH;
    const DIMS: [usize; 4] = SPACE;
    const OVER: [bool; 4] = [OVER & 1 > 0, OVER & 2 > 0, OVER & 4 > 0, OVER & 8 > 0];
    const KIND: ReduceKind = KINDS[KIND as usize];
    const SCALE: f32 = 0.25;
    const LOADS: [Access; 2] =
        [buf(Space::Input(0), 252).at(0, STRIDES), buf(Space::Params, 64).at(1, REPEATED)];
    const STORE: Access = if BATCH {
        buf(Space::Fixed, kept_len(OVER)).at(0, kept(OVER))
    } else {
        buf(Space::Output(0), kept_len(OVER)).at(0, kept(OVER))
    };
    fn eval<V: Simd>([x, p]: [V; 2]) -> V {
        x * p
    }
}

fn reduces<const OVER: u8, const BATCH: bool, const KIND: u8>(
    work: impl Fn(&mut Pass<'_>, &Over<OVER, BATCH, KIND>) + Sync,
) {
    let (batch, len) = (5, kept_len(OVER));
    let memory = Memory::new(batch, 64, 252, len, len);
    memory.each(
        |pass| work(pass, &Over),
        |isa, found| {
            let kind = KINDS[KIND as usize];
            let start = match kind {
                ReduceKind::Sum => 0.0,
                ReduceKind::Product => 1.0,
                ReduceKind::Max => f64::NEG_INFINITY,
                ReduceKind::Min => f64::INFINITY,
            };
            let mut expected = vec![start; if BATCH { len } else { batch * len }];
            for b in 0..batch {
                for index in indices(SPACE) {
                    let term = f64::from(
                        found.input[b * 252 + dot(index, STRIDES)] * found.params[1 + dot(index, REPEATED)],
                    );
                    let result = &mut expected[if BATCH { 0 } else { b * len } + dot(index, kept(OVER))];
                    *result = match kind {
                        ReduceKind::Sum => *result + term,
                        ReduceKind::Product => *result * term,
                        ReduceKind::Max => result.max(term),
                        ReduceKind::Min => result.min(term),
                    };
                }
            }
            expected.iter_mut().for_each(|x| *x *= 0.25);
            let what = format!("{kind:?} over {OVER:04b}, batch {BATCH}, on {isa:?}");
            close(&what, if BATCH { &found.fixed } else { &found.output }, &expected, 2e-6);
        },
    );
}

macro_rules! reductions {
    ($kind:literal: $($over:literal)*) => {$(
        reduces::<$over, false, $kind>(|pass, kernel| pass.rows(HEAVY, |rows| rows.reduce(kernel)));
        reduces::<$over, true, $kind>(|pass, kernel| pass.reduce(kernel));
    )*};
}

#[test]
fn every_reduction() {
    // Sums over every combination of dimensions; the other kinds over columns, over rows, and over all.
    reductions! { 0: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 }
    reductions! { 1: 5 8 15 }
    reductions! { 2: 5 8 15 }
    reductions! { 3: 5 8 15 }
}

/// A sum over the batch that is worth dividing: 300 samples of 40 x 29 words.
struct Columns;

impl Reduce<1> for Columns {
    const BATCHED: bool = true;
    const OVER_BATCH: bool = true;
    const DIMS: [usize; 4] = [1, 1, 40, 29];
    const OVER: [bool; 4] = [true, true, false, true];
    const KIND: ReduceKind = ReduceKind::Sum;
    const SCALE: f32 = 1.0;
    const LOADS: [Access; 1] = [buf(Space::Input(0), 1160).at(0, [0, 0, 29, 1])];
    const STORE: Access = buf(Space::Fixed, 40).at(0, [0, 0, 1, 0]);
    fn eval<V: Simd>([x]: [V; 1]) -> V {
        x
    }
}

#[test]
fn a_long_reduction_is_divided() {
    let memory = Memory::new(300, 0, 1160, 40, 1);
    memory.each(
        |pass| pass.reduce(&Columns),
        |isa, found| {
            let mut expected = vec![0.0; 40];
            for (i, &x) in found.input.iter().enumerate() {
                expected[i / 29 % 40] += f64::from(x);
            }
            close(&format!("columns on {isa:?}"), &found.fixed, &expected, 1e-4);
        },
    );
}

#[test]
fn softmax_and_its_logarithm() {
    for columns in [1, 3, 16, 37] {
        let width = 3 * columns;
        for log in [false, true] {
            let mut memory = Memory::new(11, 0, width, 0, width);
            memory.input.iter_mut().for_each(|x| *x *= 60.0);
            let (x, y) = (buf(Space::Input(0), width), buf(Space::Output(0), width));
            let work = |pass: &mut Pass<'_>| {
                pass.rows(HEAVY, |rows| {
                    if log { rows.log_softmax(x, y, columns) } else { rows.softmax(x, y, columns) }
                });
            };
            memory.each(work, |isa, found| {
                let mut expected = Vec::new();
                for row in found.input.chunks(columns) {
                    let row: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
                    let max = row.iter().copied().fold(f64::MIN, f64::max);
                    let total: f64 = row.iter().map(|x| (x - max).exp()).sum();
                    let ln = |x: &f64| x - max - total.ln();
                    expected.extend(row.iter().map(|x| if log { ln(x) } else { ln(x).exp() }));
                }
                close(&format!("{columns} columns on {isa:?}, log: {log}"), &found.output, &expected, 2e-6);
            });
        }
    }
}

#[test]
fn products_with_weights() {
    for (rows, k, n) in [(1, 1, 1), (1, 7, 10), (3, 33, 17), (2, 350, 50), (1, 256, 530)] {
        let memory = Memory::new(13, panels_len(k, n), rows * k, 0, rows * n);
        let (a, w, c) = (
            buf(Space::Input(0), rows * k),
            buf(Space::Params, panels_len(k, n)),
            buf(Space::Output(0), rows * n),
        );
        let op = MatMul { a, w, c, rows, k, n };
        memory.each(
            |pass| pass.rows(HEAVY, |rows| rows.matmul(&op)),
            |isa, found| {
                let word = |i: usize, j: usize| {
                    f64::from(found.params[j / PANEL * k * PANEL + i * PANEL + j % PANEL])
                };
                let row = |row: &[f32], j: usize| -> f64 {
                    row.iter().enumerate().map(|(i, &a)| f64::from(a) * word(i, j)).sum()
                };
                let expected: Vec<f64> =
                    found.input.chunks(k).flat_map(|a| (0..n).map(move |j| row(a, j))).collect();
                close(&format!("{rows} x {k} x {n} on {isa:?}"), &found.output, &expected, 1e-4);
            },
        );
    }
}

#[test]
fn products_for_gradients() {
    // The third divides the rows of dW among threads, the last its panels.
    for (rows, k, n) in [(1, 1, 1), (2, 13, 10), (3, 90, 70), (5, 20, 100)] {
        for (panels, bias, accumulate) in [
            (true, true, false),
            (true, true, true),
            (false, true, true),
            (false, false, false),
            (true, false, true),
        ] {
            let (batch, len) = (63, panels_len(k, n));
            let mut memory = Memory::new(batch, 0, rows * (k + n), len + n, n.next_multiple_of(PANEL) * rows);
            if accumulate {
                // Padding of panels is zero and stays so.
                memory.grads.fill(0.5);
                (0..len)
                    .filter(|i| panels && i / (k * PANEL) * PANEL + i % PANEL >= n)
                    .for_each(|i| memory.grads[i] = 0.0);
            }
            let dw = if panels { len } else { k * n };
            let op = MatMulT {
                a: buf(Space::Input(0), rows * k),
                dy: Buf::new(Space::Input(0), rows * k, rows * n),
                dw: buf(Space::Grads, dw),
                panels,
                db: bias.then_some(Buf::new(Space::Grads, len, n)),
                accumulate,
                scratch: buf(Space::Arena, n.next_multiple_of(PANEL) * rows),
                rows,
                k,
                n,
            };
            memory.each(
                |pass| pass.matmul_t(&op),
                |isa, found| {
                    let what =
                        format!("{rows} x {k} x {n} on {isa:?}, panels {panels}, accumulate {accumulate}");
                    let start = if accumulate { 0.5 } else { 0.0 };
                    let (mut product, mut sums) = (vec![start; k * n], vec![start; n]);
                    let (a, dy) = found.input.split_at(rows * k * batch);
                    for (a, dy) in a.chunks(k).zip(dy.chunks(n)) {
                        for (j, &dy) in dy.iter().enumerate() {
                            sums[j] += f64::from(dy);
                            a.iter()
                                .enumerate()
                                .for_each(|(i, &a)| product[i * n + j] += f64::from(a) * f64::from(dy));
                        }
                    }
                    let result =
                        if panels { unpacked(&found.grads[..dw], k, n) } else { found.grads[..dw].to_vec() };
                    close(&what, &result, &product, 1e-4);
                    if bias {
                        close(&format!("bias of {what}"), &found.grads[len..], &sums, 1e-4);
                    }
                },
            );
        }
    }
}

#[test]
fn products_of_batches() {
    let (groups, m, k, n) = (3, 7, 11, 19);
    let (a, b, c) = (groups * m * k, groups * k * n, groups * m * n);
    // As they lie, both transposed, and one right operand for all groups.
    let cases =
        [([m * k, k, 1], [k * n, n, 1]), ([m * k, 1, m], [k * n, 1, k]), ([k, groups * k, 1], [0, n, 1])];
    for (sa, sb) in cases {
        let memory = Memory::new(5, 0, a + b, 0, c);
        let op = BatchMatMul {
            a: (buf(Space::Input(0), a), sa),
            b: (Buf::new(Space::Input(0), a, b), sb),
            c: buf(Space::Output(0), c),
            groups,
            m,
            k,
            n,
        };
        memory.each(
            |pass| pass.rows(HEAVY, |rows| rows.batch_matmul(&op)),
            |isa, found| {
                let (left, right) = found.input.split_at(a * 5);
                let mut expected = Vec::new();
                for [sample, g, i, j] in indices([5, groups, m, n]) {
                    let term = |l: usize| {
                        let x = left[sample * a + g * sa[0] + i * sa[1] + l * sa[2]];
                        f64::from(x) * f64::from(right[sample * b + g * sb[0] + l * sb[1] + j * sb[2]])
                    };
                    expected.push((0..k).map(term).sum());
                }
                close(&format!("strides {sa:?}, {sb:?} on {isa:?}"), &found.output, &expected, 1e-5);
            },
        );
    }
}

#[test]
fn panels_and_back() {
    // The last is worth dividing.
    for (k, n) in [(1, 1), (5, 16), (17, 37), (300, 250)] {
        let (len, back) = (panels_len(k, n), panels_len(n, k));
        for (rows, columns) in [(n, 1), (1, k)] {
            let memory = Memory::new(1, k * n, 0, len.max(back), 0);
            let (from, to) = (buf(Space::Params, k * n), buf(Space::Fixed, len));
            let work = |pass: &mut Pass<'_>| {
                pass.pack(from, rows, columns, k, n, to);
                pass.pack_transposed(to, k, n, buf(Space::Grads, back));
            };
            memory.each(work, |isa, found| {
                let matrix = |i: usize, j: usize| f64::from(found.params[i * rows + j * columns]);
                let expected: Vec<f64> = (0..k * n).map(|at| matrix(at / n, at % n)).collect();
                close(&format!("{k} x {n} on {isa:?}"), &unpacked(&found.fixed[..len], k, n), &expected, 0.0);
                let expected: Vec<f64> = (0..k * n).map(|at| matrix(at % k, at / k)).collect();
                close(
                    &format!("transpose on {isa:?}"),
                    &unpacked(&found.grads[..back], n, k),
                    &expected,
                    0.0,
                );
            });
        }
    }
}
