//! Maps, reductions and softmax.

use super::*;
use crate::compiled::{Access, Map, Mask, Reduce, ReduceKind, Simd};
use crate::device::cpu::philox::philox4x32_10;
use crate::device::cpu::simd::Portable;

/// Number `i` of a random stream, by the book.
fn drawn(stream: u32, i: usize) -> f32 {
    let counter = i / 32 * 8 + i % 8;
    let words = philox4x32_10([counter as u32, (counter >> 32) as u32, stream, STEP as u32], SEED);
    (words[i / 8 % 4] >> 8) as f32 / 16_777_216.0
}

fn place(
    access: &Access,
    batched: bool,
    batch: usize,
    sample: usize,
    at: &[usize],
) -> Option<(Space, usize)> {
    let Access::Buf { buf, offset, strides } = access else { return None };
    let inner = offset + (0..at.len()).map(|d| at[d] * strides[d]).sum::<usize>();
    Some((
        buf.space,
        match buf.space.is_batched() {
            true => buf.offset * batch + if batched { sample * buf.len } else { 0 } + inner,
            false => buf.offset + inner,
        },
    ))
}

/// The operands of element `at`, each in every lane.
fn operands<const L: usize>(
    world: &World,
    loads: &[Access; L],
    dims: &[usize],
    batched: bool,
    sample: usize,
    at: &[usize],
) -> [Portable; L] {
    let index = (0..dims.len()).fold(sample, |index, d| index * dims[d] + at[d]);
    std::array::from_fn(|i| {
        Portable::splat(match (place(&loads[i], batched, world.batch, sample, at), &loads[i]) {
            (Some((space, word)), _) => world.clone_word(space, word),
            (None, Access::Random { stream, .. }) => drawn(*stream, index),
            _ => unreachable!(),
        })
    })
}

fn lane(x: Portable) -> f32 {
    let mut lanes = [0.0; 8];
    // SAFETY: a vector has eight lanes.
    unsafe { x.store(lanes.as_mut_ptr()) };
    lanes[0]
}

fn indices(dims: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    (0..dims.iter().product()).map(move |mut flat: usize| {
        let mut at = vec![0; dims.len()];
        for (at, dim) in at.iter_mut().zip(dims).rev() {
            (*at, flat) = (flat % dim, flat / dim);
        }
        at
    })
}

impl World {
    fn clone_word(&self, space: Space, word: usize) -> f32 {
        match space {
            Space::Params => self.params[word],
            Space::Grads => self.grads[word],
            Space::Arena => self.arena[word],
            _ => self.fixed[word],
        }
    }
}

/// Bit for bit, in all memories: a kernel writes its results and nothing else.
fn check_map<const L: usize, const S: usize, K: Map<L, S>>(kernel: &K, batch: usize) {
    let world = World::new(batch, 1200, 1200);
    let mut expected = world.clone();
    for sample in 0..if K::BATCHED { batch } else { 1 } {
        for at in indices(K::DIMS) {
            let y = K::eval(operands(&world, &K::LOADS, K::DIMS, K::BATCHED, sample, &at));
            for (y, store) in y.into_iter().zip(&K::STORES) {
                let (space, word) = place(store, K::BATCHED, batch, sample, &at).unwrap();
                expected.memory(space)[word] = lane(y);
            }
        }
    }
    for isa in Isa::available() {
        let found = match K::BATCHED {
            true => world.after(isa, |pass| pass.rows(1 << 20, |r| r.map(kernel))),
            false => world.after(isa, |pass| pass.fixed(|r| r.map(kernel))),
        };
        assert!(found.bits() == expected.bits(), "{isa:?}, batch {batch}");
    }
}

macro_rules! map {
    ($test:ident: $l:literal -> $s:literal, $batched:literal, $dims:expr, $loads:expr, $stores:expr, |$x:ident, $v:ident| $y:expr) => {
        #[test]
        fn $test() {
            struct K;
            impl Map<$l, $s> for K {
                const BATCHED: bool = $batched;
                const DIMS: &'static [usize] = &$dims;
                const LOADS: [Access; $l] = $loads;
                const STORES: [Access; $s] = $stores;
                #[inline(always)]
                fn eval<$v: Simd>($x: [$v; $l]) -> [$v; $s] {
                    $y
                }
            }
            for batch in [1, 2, 13] {
                check_map(&K, batch);
            }
        }
    };
}

const ROW: &[usize] = &[0, 0, 0, 1];

map!(flat_in_place: 2 -> 1, true, [1, 1, 1, 37], [arena(1, 37).at(0, ROW), arena(38, 37).at(0, ROW)],
    [arena(1, 37).at(0, ROW)], |x, V| [(x[0] + x[1]).relu()]);
map!(bias_of_every_row: 2 -> 2, true, [1, 1, 3, 11], [arena(0, 33).at(0, &[0, 0, 11, 1]), fixed(5, 11).at(0, ROW)],
    [arena(40, 33).at(0, &[0, 0, 11, 1]), arena(80, 33).at(0, &[0, 0, 11, 1])],
    |x, V| [x[0] + x[1], x[0].gt(x[1]).select(x[1], V::splat(0.0))]);
map!(transposed_and_repeated: 3 -> 1, true, [2, 3, 5, 17],
    [arena(0, 510).at(0, &[255, 1, 51, 3]), arena(510, 2).at(0, &[1, 0, 0, 0]), Buf::new(Space::Params, 0, 1).at(0, &[0; 4])],
    [arena(600, 510).at(0, &[255, 85, 17, 1])], |x, V| [x[0] * x[1] - x[2]]);
map!(into_a_slice_and_strides: 1 -> 2, true, [1, 1, 4, 9], [arena(0, 50).at(7, &[0, 0, 10, 1])],
    [arena(50, 80).at(3, &[0, 0, 18, 2]), arena(130, 60).at(5, &[0, 0, 13, 1])], |x, V| [-x[0], x[0].abs()]);
map!(without_the_batch: 2 -> 1, false, [1, 1, 2, 19], [fixed(0, 38).at(0, &[0, 0, 19, 1]), Buf::new(Space::Params, 3, 19).at(0, ROW)],
    [Buf::new(Space::Grads, 7, 38).at(0, &[0, 0, 19, 1])], |x, V| [x[0] / x[1]]);
map!(dropout: 2 -> 2, true, [1, 1, 1, 300], [arena(0, 300).at(0, ROW), Access::Random { stream: 3, seed: None }],
    [arena(300, 300).at(0, ROW), arena(600, 300).at(0, ROW)],
    |x, V| [x[1].ge(V::splat(0.3)).select(x[0], V::splat(0.0)), x[1]]);
map!(dropout_by_rows: 3 -> 1, true, [1, 2, 3, 23],
    [arena(0, 138).at(0, &[0, 69, 23, 1]), Access::Random { stream: 1, seed: None }, Access::Random { stream: 2, seed: None }],
    [arena(138, 200).at(1, &[0, 72, 24, 1])], |x, V| [x[0] * x[1].lt(x[2]).to_f32()]);
map!(of_one_dimension: 1 -> 1, true, [37], [arena(1, 80).at(3, &[2])], [arena(81, 37).at(0, &[1])], |x, V| [x[0] + x[0]]);
map!(of_six_dimensions: 2 -> 1, true, [2, 3, 2, 2, 3, 5], [arena(0, 360).at(0, &[5, 60, 180, 10, 20, 1]), arena(360, 30).at(2, &[1, 0, 9, 0, 2, 0])],
    [arena(390, 360).at(0, &[180, 60, 30, 15, 5, 1])], |x, V| [x[0] * x[1]]);
map!(constant: 0 -> 1, true, [1, 1, 1, 21], [], [arena(9, 21).at(0, ROW)], |_x, V| [V::splat(2.5)]);

fn check_reduce<const L: usize, K: Reduce<L>>(
    kernel: &K,
    batch: usize,
    spoil: Option<f32>,
    run: impl Fn(&mut Pass<'_>, &K) + Sync,
) {
    let mut world = World::new(batch, 1200, 1200);
    if let Some(spoil) = spoil {
        world.arena.iter_mut().step_by(97).for_each(|word| *word = spoil);
    }
    // In f64, with each result's terms in order.
    let mut totals = std::collections::BTreeMap::<usize, (Option<f64>, f64)>::new();
    for sample in 0..if K::BATCHED { batch } else { 1 } {
        for at in indices(K::DIMS) {
            let x = f64::from(lane(K::eval(operands(&world, &K::LOADS, K::DIMS, K::BATCHED, sample, &at))));
            let (_, word) = place(&K::STORE, K::BATCHED && !K::OVER_BATCH, batch, sample, &at).unwrap();
            let total = totals.entry(word).or_insert((None, 0.0));
            total.1 += x.abs();
            total.0 = Some(match (total.0, K::KIND) {
                (None, _) => x,
                (Some(t), ReduceKind::Sum) => t + x,
                (Some(t), ReduceKind::Product) => t * x,
                (Some(t), ReduceKind::Max) => {
                    if t.is_nan() || t > x {
                        t
                    } else {
                        x
                    }
                }
                (Some(t), ReduceKind::Min) => {
                    if t.is_nan() || t < x {
                        t
                    } else {
                        x
                    }
                }
            });
        }
    }
    let Access::Buf { buf, .. } = K::STORE else { unreachable!() };
    for isa in Isa::available() {
        let after = world.after(isa, |pass| run(pass, kernel));
        assert!(after.clone().without(&[buf]).bits() == world.clone().without(&[buf]).bits());
        for (&word, &(total, size)) in &totals {
            let (found, expected) = (after.clone_word(buf.space, word), total.unwrap() * f64::from(K::SCALE));
            let right = match expected.is_finite() {
                true => (f64::from(found) - expected).abs() <= 1e-5 * (size + expected.abs()),
                false => {
                    found.to_bits() == (expected as f32).to_bits() || found.is_nan() && expected.is_nan()
                }
            };
            assert!(right, "{isa:?}, batch {batch}, word {word}: {found} for {expected}");
        }
    }
}

macro_rules! reduce {
    ($test:ident: $l:literal, $dims:expr, $over:expr, $over_batch:literal, $kind:ident, $scale:expr, $loads:expr, $store:expr, |$x:ident, $v:ident| $y:expr, $run:expr) => {
        #[test]
        fn $test() {
            struct K;
            impl Reduce<$l> for K {
                const BATCHED: bool = true;
                const OVER_BATCH: bool = $over_batch;
                const DIMS: &'static [usize] = &$dims;
                const OVER: &'static [bool] = &$over;
                const KIND: ReduceKind = ReduceKind::$kind;
                const SCALE: f32 = $scale;
                const LOADS: [Access; $l] = $loads;
                const STORE: Access = $store;
                #[inline(always)]
                fn eval<$v: Simd>($x: [$v; $l]) -> $v {
                    $y
                }
            }
            for batch in [1, 3, 50] {
                for spoil in [None, Some(f32::NAN), Some(f32::INFINITY)] {
                    check_reduce(&K, batch, spoil, $run);
                }
            }
        }
    };
}

macro_rules! of_rows {
    () => {
        |pass, kernel| pass.rows(1 << 20, |r| r.reduce(kernel))
    };
}

macro_rules! of_the_batch {
    () => {
        |pass, kernel| pass.reduce(kernel)
    };
}

// Windows of 2 x 2, at steps of 2 and 1, of 5 x 4 x 3 words.
reduce!(of_overlapping_windows: 1, [2, 2, 2, 2, 3], [false, false, true, true, false], false, Max, 1.0,
    [arena(0, 60).at(0, &[24, 3, 12, 3, 1])], arena(120, 12).at(0, &[6, 3, 0, 0, 1]), |x, V| x[0], of_rows!());
reduce!(mean_of_rows: 1, [1, 1, 3, 37], [false, false, false, true], false, Sum, 1.0 / 37.0,
    [arena(0, 111).at(0, &[0, 0, 37, 1])], arena(120, 3).at(0, &[0, 0, 1, 0]), |x, V| x[0], of_rows!());
reduce!(largest_of_rows: 1, [1, 1, 3, 37], [false, false, false, true], false, Max, 1.0,
    [arena(0, 111).at(0, &[0, 0, 37, 1])], arena(120, 3).at(0, &[0, 0, 1, 0]), |x, V| x[0], of_rows!());
reduce!(least_of_columns: 1, [1, 1, 5, 21], [false, false, true, false], false, Min, 1.0,
    [arena(0, 105).at(0, &[0, 0, 21, 1])], arena(120, 21).at(0, ROW), |x, V| x[0], of_rows!());
reduce!(product_of_all: 1, [1, 1, 1, 9], [false, false, false, true], false, Product, 1.0,
    [arena(0, 9).at(0, ROW)], arena(120, 1).at(0, &[0; 4]), |x, V| x[0], of_rows!());
reduce!(outer_dimensions: 2, [2, 3, 4, 19], [true, false, true, false], false, Sum, 0.125,
    [arena(0, 456).at(0, &[228, 76, 19, 1]), fixed(0, 19).at(0, ROW)], arena(500, 57).at(0, &[0, 19, 0, 1]),
    |x, V| x[0] * x[1], of_rows!());
reduce!(dot_products: 2, [1, 1, 6, 33], [false, false, false, true], false, Sum, 1.0,
    [arena(0, 198).at(0, &[0, 0, 33, 1]), arena(198, 198).at(0, &[0, 0, 1, 6])], arena(500, 6).at(0, &[0, 0, 1, 0]),
    |x, V| x[0] * x[1], of_rows!());
reduce!(gradient_of_a_bias: 1, [1, 1, 3, 150], [false, false, true, false], true, Sum, 1.0,
    [arena(0, 450).at(0, &[0, 0, 150, 1])], Buf::new(Space::Grads, 2, 150).at(0, ROW), |x, V| x[0], of_the_batch!());
reduce!(gradient_of_a_number: 2, [1, 1, 1, 70], [false, false, false, true], true, Sum, 1.0,
    [arena(0, 70).at(0, ROW), arena(100, 70).at(0, ROW)], Buf::new(Space::Grads, 2, 1).at(0, &[0; 4]),
    |x, V| x[0] * x[1], of_the_batch!());
reduce!(dropped_out_columns: 2, [1, 1, 3, 150], [false, false, true, false], true, Sum, 1.0,
    [arena(0, 450).at(0, &[0, 0, 150, 1]), Access::Random { stream: 4, seed: None }], Buf::new(Space::Grads, 2, 150).at(0, ROW),
    |x, V| x[1].ge(V::splat(0.4)).select(x[0], V::splat(0.0)), of_the_batch!());
reduce!(dropped_out_rows: 2, [1, 1, 2, 301], [false, false, false, true], false, Sum, 1.0 / 301.0,
    [arena(0, 602).at(0, &[0, 0, 301, 1]), Access::Random { stream: 4, seed: None }], arena(700, 2).at(0, &[0, 0, 1, 0]),
    |x, V| x[1].ge(V::splat(0.4)).select(x[0], V::splat(0.0)), of_rows!());

#[test]
fn softmax_and_its_logarithm() {
    for columns in [1, 2, 7, 8, 10, 33] {
        let (x, y) = (arena(0, 3 * columns), arena(3 * columns, 3 * columns));
        let mut world = World::new(6, 6 * columns + 1, 1);
        world.arena.iter_mut().for_each(|word| *word *= 30.0);
        // A row of its own for each: too large for exp, not a number, and minus infinity among others.
        world.arena[..columns].iter_mut().for_each(|word| *word += 1e4);
        world.arena[columns] = f32::NAN;
        world.arena[2 * columns] = if columns > 1 { f32::NEG_INFINITY } else { 1.0 };
        for (isa, (log, to)) in Isa::available()
            .into_iter()
            .flat_map(|isa| [(false, y), (false, x), (true, y), (true, x)].map(|case| (isa, case)))
        {
            let after = world.after(isa, |pass| {
                pass.rows(1 << 20, |r| {
                    if log { r.log_softmax(x, to, 3, columns) } else { r.softmax(x, to, 3, columns) }
                });
            });
            assert!(after.clone().without(&[to]).bits() == world.clone().without(&[to]).bits());
            for (x, y) in world.words(x).chunks(columns).zip(after.words(to).chunks(columns)) {
                let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
                let max = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = x.iter().map(|x| (x - max).exp()).sum();
                for (x, &y) in x.iter().zip(y) {
                    let expected = if log { x - max - sum.ln() } else { (x - max).exp() / sum };
                    match expected.is_finite() {
                        true => close(y, expected, 2e-6, (isa, log, columns)),
                        false => assert!(
                            y.is_nan() && expected.is_nan() || f64::from(y) == expected,
                            "{isa:?} {y} {expected}"
                        ),
                    }
                }
            }
        }
    }
}
