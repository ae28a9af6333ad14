//! Products and packing.

use super::*;
use crate::compiled::{BatchMatMul, MatMul, MatMulOverlap, MatMulT, Matrix};
use crate::device::cpu::gemm::panels_len;
use crate::device::cpu::winograd::Winograd;

/// `[rows, k]`, row-major.
fn plain(a: Buf, rows: usize, k: usize) -> Matrix {
    a.matrix(Box::leak(Box::new([(rows, k)])), Box::leak(Box::new([(k, 1)])))
}

/// Element `(i, j)` of a matrix of `k` rows in panels.
fn panel_at(words: &[f32], k: usize, i: usize, j: usize) -> f32 {
    words[(j / 16 * k + i) * 16 + j % 16]
}

/// Clears the padding of a `[k, n]` matrix in panels.
fn pad(words: &mut [f32], k: usize, n: usize) {
    for (at, word) in words[..panels_len(k, n)].iter_mut().enumerate() {
        if at / 16 / k.max(1) * 16 + at % 16 >= n {
            *word = 0.0;
        }
    }
}

#[test]
fn matmul() {
    for (batch, rows, k, n) in [(1, 1, 5, 3), (7, 1, 33, 17), (13, 3, 20, 10), (70, 2, 400, 49)] {
        let (a, w, c) = (arena(1, rows * k), fixed(0, panels_len(k, n)), arena(1 + rows * k, rows * n));
        let mut world = World::new(batch, 2 + rows * (k + n), w.len);
        pad(&mut world.fixed, k, n);
        for isa in Isa::available() {
            let op = MatMul { a: plain(a, rows, k), w, c, rows, k, n };
            let after = world.after(isa, |pass| pass.rows(2 * rows * k * n, |r| r.matmul(&op)));
            assert_eq!(after.clone().without(&[c]), world.clone().without(&[c]));
            let (a, w, c) = (world.words(a), world.words(w), after.words(c));
            for (at, &found) in c.iter().enumerate() {
                let (i, j) = (at / n, at % n);
                let expected =
                    (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(panel_at(&w, k, l, j))).sum();
                close(found, expected, 1e-4, (isa, batch, rows, k, n, i, j));
            }
        }
    }
}

/// Windows of 2 x 3 pixels, at steps of 2 and 1, of images of 7 x 6 pixels of 5 words: in place as in a copy.
#[test]
fn matmul_of_windows() {
    let (rows, k, n, batch) = (3 * 4, 2 * 3 * 5, 19, 9);
    let (image, copy, w) = (arena(0, 7 * 6 * 5), arena(210, rows * k), fixed(0, panels_len(k, n)));
    let (c, d) = (arena(210 + rows * k, rows * n), arena(210 + rows * (k + n), rows * n));
    let mut world = World::new(batch, 210 + rows * (k + 2 * n), w.len);
    pad(&mut world.fixed, k, n);
    let words: Vec<f32> = world.words(image);
    for sample in 0..batch {
        for (i, j) in (0..rows).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let (y, x, kh, rest) = (i / 4 * 2, i % 4, j / 15, j % 15);
            let word = words[sample * 210 + (y + kh) * 30 + x * 5 + rest];
            world.arena[(210 * batch) + (sample * rows + i) * k + j] = word;
        }
    }
    for isa in Isa::available() {
        let windows = image.matrix(&[(3, 60), (4, 5)], &[(2, 30), (15, 1)]);
        let after = world.after(isa, |pass| {
            pass.rows(1 << 20, |r| {
                r.matmul(&MatMul { a: windows, w, c, rows, k, n });
                r.matmul(&MatMul { a: plain(copy, rows, k), w, c: d, rows, k, n });
            });
        });
        assert_eq!(after.words(c), after.words(d), "{isa:?}");
    }
}

/// The gradient of a weight: row-major and in panels, added to what is there or not, with and without a bias.
#[test]
fn matmul_t() {
    let shapes: [(usize, usize, usize, usize); 7] = [
        (1, 1, 3, 5),
        (9, 1, 7, 3),
        (50, 3, 5, 200),
        (130, 1, 90, 33),
        (40, 2, 1, 1),
        (65, 9, 30, 17),
        (350, 2, 20, 200),
    ];
    for (at, (batch, rows, k, n)) in shapes.into_iter().cycle().take(4 * shapes.len()).enumerate() {
        let (panels, accumulate) = (at / shapes.len() % 2 == 1, at / shapes.len() >= 2);
        let (a, dy) = (arena(0, rows * k), arena(rows * k, rows * n));
        let dw = Buf::new(Space::Grads, 3, if panels { panels_len(k, n) } else { k * n });
        let db = (at % 3 > 0).then_some(Buf::new(Space::Grads, 3 + dw.len, n));
        let mut world = World::new(batch, rows * (k + n) + 2, 10 + dw.len + n);
        if panels {
            pad(&mut world.grads[3..], k, n);
        }
        for isa in Isa::available() {
            let a_matrix = plain(a, rows, k);
            let op = MatMulT { a: a_matrix, dy, dw, panels, db, accumulate, rows, k, n };
            let after = world.after(isa, |pass| pass.matmul_t(&[op]));
            let written: Vec<Buf> = [Some(dw), db].into_iter().flatten().collect();
            assert_eq!(after.clone().without(&written), world.clone().without(&written));
            let (a, dy) = (world.words(a), world.words(dy));
            let (before, found) = (world.words(dw), after.words(dw));
            let get = |words: &[f32], i, j| if panels { panel_at(words, k, i, j) } else { words[i * n + j] };
            for i in 0..k {
                for j in 0..if panels { n.next_multiple_of(16) } else { n } {
                    let term = |r: usize| f64::from(a[r * k + i]) * f64::from(dy[r * n + j]);
                    let sum: f64 = if j < n { (0..batch * rows).map(term).sum() } else { 0.0 };
                    let expected = sum + if accumulate { f64::from(get(&before, i, j)) } else { 0.0 };
                    close(
                        get(&found, i, j),
                        expected,
                        1e-4,
                        (isa, batch, rows, k, n, panels, accumulate, i, j),
                    );
                }
            }
            let Some(db) = db else { continue };
            let (before, found) = (world.words(db), after.words(db));
            for j in 0..n {
                let sum: f64 = (0..batch * rows).map(|r| f64::from(dy[r * n + j])).sum();
                close(found[j], sum + if accumulate { f64::from(before[j]) } else { 0.0 }, 1e-4, (isa, j));
            }
        }
    }
}

/// Every combination of transposed operands, as attention takes them.
#[test]
fn batch_matmul() {
    let (batch, groups, m, k, n) = (5, 3, 7, 9, 21);
    let (a, b) = (arena(2, groups * m * k), arena(2 + groups * m * k, groups * k * n));
    let c = arena(b.offset + b.len, groups * m * n);
    let world = World::new(batch, c.offset + c.len + 1, 4);
    for isa in Isa::available() {
        for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
            let a_strides = if ta { [m * k, 1, m] } else { [m * k, k, 1] };
            let b_strides = if tb { [k * n, 1, k] } else { [k * n, n, 1] };
            let op = BatchMatMul { a: (a, a_strides), b: (b, b_strides), c, groups, m, k, n };
            let after = world.after(isa, |pass| pass.rows(1 << 20, |r| r.batch_matmul(&op)));
            assert_eq!(after.clone().without(&[c]), world.clone().without(&[c]));
            let (a, b, c) = (world.words(a), world.words(b), after.words(c));
            for (at, &found) in c.iter().enumerate() {
                let (g, i, j) = (at / (m * n), at / n % m, at % n);
                let x = |l: usize| f64::from(a[g * a_strides[0] + i * a_strides[1] + l * a_strides[2]]);
                let y = |l: usize| f64::from(b[g * b_strides[0] + l * b_strides[1] + j * b_strides[2]]);
                close(found, (0..k).map(|l| x(l) * y(l)).sum(), 1e-5, (isa, ta, tb, g, i, j));
            }
        }
    }
}

#[test]
fn packing() {
    for (k, n) in [(1, 1), (5, 16), (17, 33), (300, 270)] {
        let (plain, panels) = (fixed(1, k * n), fixed(1 + k * n, panels_len(k, n)));
        let transposed = fixed(panels.offset + panels.len, panels_len(n, k));
        let world = World::new(1, 1, transposed.offset + transposed.len + 1);
        for columns_first in [false, true] {
            let (rows, columns) = if columns_first { (1, k) } else { (n, 1) };
            let after = world.after(Isa::Portable, |pass| {
                pass.pack(plain, rows, columns, k, n, panels);
                pass.pack_transposed(panels, k, n, transposed);
            });
            assert_eq!(
                after.clone().without(&[panels, transposed]),
                world.clone().without(&[panels, transposed])
            );
            let (plain, panels, transposed) =
                (world.words(plain), after.words(panels), after.words(transposed));
            let at = |i: usize, j: usize| if i < k && j < n { plain[i * rows + j * columns] } else { 0.0 };
            for i in 0..k {
                (0..n.next_multiple_of(16))
                    .for_each(|j| assert_eq!(panel_at(&panels, k, i, j), at(i, j), "{k} {n} {i} {j}"));
            }
            for j in 0..n {
                (0..k.next_multiple_of(16))
                    .for_each(|i| assert_eq!(panel_at(&transposed, n, j, i), at(i, j), "{k} {n} {i} {j}"));
            }
        }
    }
}

/// Windows of 3 x 3 pixels, by Winograd's way: images with an odd and an even number of pixels, channels and filters that fill
/// vectors and do not, against sums in `f64`. Errors are of the order of those of sums of products.
#[test]
fn matmul_of_many_windows() {
    for (height, width, channels, n) in
        [(13, 12, 16, 16), (16, 13, 19, 33), (12, 12, 40, 64), (25, 31, 17, 20)]
    {
        let (rows, k, batch) = (height * width, 9 * channels, 3);
        let row = (width + 2) * channels;
        let (image, w) = (arena(5, (height + 2) * row), fixed(0, panels_len(k, n)));
        let (c, d) = (arena(5 + image.len, rows * n + 3), arena(8 + image.len + rows * n, rows * n));
        let copy = arena(d.offset + d.len, rows * k);
        let mut world = World::new(batch, copy.offset + copy.len, w.len);
        pad(&mut world.fixed, k, n);
        let words = world.words(image);
        let seen = |sample: usize, i: usize, j: usize| {
            let (y, x) = (i / width + j / (3 * channels), i % width + j / channels % 3);
            words[sample * image.len + y * row + x * channels + j % channels]
        };
        for at in 0..batch * copy.len {
            world.arena[batch * copy.offset + at] = seen(at / copy.len, at % copy.len / k, at % k);
        }
        let leak = |dims: [(usize, usize); 2]| -> &'static [(usize, usize)] { Box::leak(Box::new(dims)) };
        let windows =
            image.matrix(leak([(height, row), (width, channels)]), leak([(3, row), (3 * channels, 1)]));
        let op = MatMul { a: windows, w, c, rows, k, n };
        let sums = MatMul { a: plain(copy, rows, k), c: d, ..op };
        assert!(Winograd::of_matmul(&op).is_some() && Winograd::of_matmul(&sums).is_none());
        for isa in Isa::available() {
            let after = world.after(isa, |pass| pass.rows(1 << 20, |r| (r.convolve(&op), r.matmul(&sums)).0));
            assert_eq!(after.clone().without(&[c, d]), world.clone().without(&[c, d]));
            let (w, found, before) = (world.words(w), after.words(c), world.words(c));
            let sums = after.words(d);
            let (mut error, mut of_sums) = (0.0, 0.0);
            for sample in 0..batch {
                let at = sample * c.len;
                assert_eq!(found[at + rows * n..at + c.len], before[at + rows * n..at + c.len]);
                for (i, j) in (0..rows).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let term = |l: usize| f64::from(seen(sample, i, l)) * f64::from(panel_at(&w, k, l, j));
                    let expected: f64 = (0..k).map(term).sum();
                    error += (f64::from(found[at + i * n + j]) - expected).powi(2);
                    of_sums += (f64::from(sums[sample * d.len + i * n + j]) - expected).powi(2);
                }
            }
            let count = (batch * rows * n) as f64;
            let (error, of_sums) = ((error / count).sqrt(), (of_sums / count).sqrt());
            assert!(
                error < 3.0 * of_sums,
                "{isa:?} {height} {width} {channels} {n}: {error} beside {of_sums}"
            );
        }
    }
}

/// Products with one gradient in one call are those of calls of their own, however panels fall to threads: 1 to 32 of them, the
/// last one of few columns or many, in one piece of rows and in several.
#[test]
fn matmul_t_of_one_gradient() {
    for (batch, rows, n, [k, other]) in
        [(30, 9, 512, [57, 128]), (400, 1, 130, [40, 7]), (28_000, 1, 18, [1, 1]), (70, 8, 96, [5, 64])]
    {
        let [a, b] = [arena(0, rows * k), arena(rows * k, rows * other)];
        let dy = arena(rows * (k + other), rows * n);
        let grads = |from: usize, len: usize| Buf::new(Space::Grads, from, len);
        let (padded, db) = (other * n.next_multiple_of(16), Some(grads(0, n)));
        let op = MatMulT {
            a: plain(a, rows, k),
            dy,
            dw: grads(n, k * n),
            panels: false,
            db,
            accumulate: false,
            rows,
            k,
            n,
        };
        let dw = grads(n + k * n, padded);
        let with = MatMulT { a: plain(b, rows, other), dw, panels: true, db: None, k: other, ..op };
        let world = World::new(batch, rows * (k + other + n), n + k * n + padded);
        for isa in Isa::available() {
            let together = world.after(isa, |pass| pass.matmul_t(&[op, with]));
            let apart = world.after(isa, |pass| {
                pass.matmul_t(&[op]);
                pass.matmul_t(&[with]);
            });
            assert!(together.bits() == apart.bits(), "{isa:?}: {batch} {rows} {n} {k} {other}");
            assert!(together.bits() != world.bits());
        }
    }
}

/// The gradient of a kernel of 3 x 3 pixels, by Winograd's way: odd and even numbers of pixels, more samples than parts and fewer,
/// in panels and not, written and added, with its bias; the same bits by any number of threads.
#[test]
fn matmul_t_of_many_windows() {
    for (at, (height, width, channels, n, batch)) in
        [(13, 12, 16, 16, 3), (16, 13, 19, 48, 2), (12, 12, 40, 64, 9), (25, 31, 17, 32, 1)]
            .into_iter()
            .enumerate()
    {
        let (rows, k) = (height * width, 9 * channels);
        let row = (width + 2) * channels;
        let image = arena(5, (height + 2) * row);
        let dy = arena(5 + image.len, rows * n);
        let (panels, accumulate) = (at % 2 == 0, at > 1);
        let copy = arena(dy.offset + dy.len, rows * k);
        let [dw, by_sums] = [0, k * n].map(|at| Buf::new(Space::Grads, 3 + at, k * n));
        let db = (at > 0).then_some(Buf::new(Space::Grads, 3 + 2 * dw.len, n));
        let mut world = World::new(batch, copy.offset + copy.len, 10 + 2 * dw.len + n);
        let leak = |dims: [(usize, usize); 2]| -> &'static [(usize, usize)] { Box::leak(Box::new(dims)) };
        let a = image.matrix(leak([(height, row), (width, channels)]), leak([(3, row), (3 * channels, 1)]));
        let op = MatMulT { a, dy, dw, panels, db, accumulate, rows, k, n };
        let seen = |images: &[f32], sample: usize, i: usize, j: usize| {
            let (y, x) = (i / width + j / (3 * channels), i % width + j / channels % 3);
            images[sample * image.len + y * row + x * channels + j % channels]
        };
        let images = world.words(image);
        for at in 0..batch * copy.len {
            world.arena[batch * copy.offset + at] = seen(&images, at / copy.len, at % copy.len / k, at % k);
        }
        let sums = MatMulT { a: plain(copy, rows, k), dw: by_sums, db: None, ..op };
        assert!(Winograd::of_gradient(&op).is_some() && Winograd::of_gradient(&sums).is_none());
        for isa in Isa::available() {
            let after = world.after(isa, |pass| {
                pass.convolve_t(&op);
                pass.matmul_t(&[sums]);
            });
            let by_many = world.after(isa, |pass| {
                pass.threads = 16;
                pass.convolve_t(&op);
            });
            assert!(by_many.words(dw) == after.words(dw), "{isa:?} {height} {width} {channels} {n}");
            let written: Vec<Buf> = [Some(dw), Some(by_sums), db].into_iter().flatten().collect();
            assert_eq!(after.clone().without(&written), world.clone().without(&written));
            let slopes = world.words(dy);
            let (sums, sums_before) = (after.words(by_sums), world.words(by_sums));
            let (mut error, mut of_sums) = (0.0, 0.0);
            let (before, found) = (world.words(dw), after.words(dw));
            let get = |words: &[f32], i, j| if panels { panel_at(words, k, i, j) } else { words[i * n + j] };
            for (i, j) in (0..k).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let term =
                    |r: usize| f64::from(seen(&images, r / rows, r % rows, i)) * f64::from(slopes[r * n + j]);
                let sum: f64 = (0..batch * rows).map(term).sum();
                let expected = sum + if accumulate { f64::from(get(&before, i, j)) } else { 0.0 };
                close(get(&found, i, j), expected, 1e-4, (isa, height, width, channels, n, i, j));
                error += (f64::from(get(&found, i, j)) - expected).powi(2);
                let expected = sum + if accumulate { f64::from(get(&sums_before, i, j)) } else { 0.0 };
                of_sums += (f64::from(get(&sums, i, j)) - expected).powi(2);
            }
            let (error, of_sums) = (error.sqrt(), of_sums.sqrt());
            assert!(
                error < 3.0 * of_sums,
                "{isa:?} {height} {width} {channels} {n}: {error} beside {of_sums}"
            );
            let Some(db) = db else { continue };
            let (before, found) = (world.words(db), after.words(db));
            for j in 0..n {
                let sum: f64 = (0..batch * rows).map(|r| f64::from(slopes[r * n + j])).sum();
                close(found[j], sum + if accumulate { f64::from(before[j]) } else { 0.0 }, 1e-4, (isa, j));
            }
        }
    }
}

/// What a thread keeps of a kernel is forgotten when another takes its place.
#[test]
fn kernels_that_take_turns() {
    let (k, n, rows) = (9 * 16, 16, 144);
    let [first, second] = [fixed(0, k * n), fixed(k * n, k * n)];
    let w = fixed(2 * k * n, panels_len(k, n));
    let (image, c, d) = (arena(0, 14 * 14 * 16), arena(3136, rows * n), arena(3136 + rows * n, rows * n));
    let world = World::new(2, 3136 + 2 * rows * n, w.offset + w.len);
    let op = MatMul { a: image.matrix(&[(12, 224), (12, 16)], &[(3, 224), (48, 1)]), w, c, rows, k, n };
    for isa in Isa::available() {
        let alone = |kernel: Buf| {
            world.after(isa, |pass| {
                pass.pack(kernel, n, 1, k, n, w);
                pass.rows(1 << 20, |r| r.matmul(&op));
            })
        };
        let both = world.after(isa, |pass| {
            for (kernel, c) in [(first, c), (second, d)] {
                pass.pack(kernel, n, 1, k, n, w);
                pass.rows(1 << 20, |r| r.matmul(&MatMul { c, ..op }));
            }
        });
        assert_eq!(both.words(c), alone(first).words(c), "{isa:?}");
        assert_eq!(both.words(d), alone(second).words(c), "{isa:?}");
    }
}

/// The gradient of an image under windows of 3 x 3 pixels, likewise.
#[test]
fn matmul_of_many_overlapping_windows() {
    for (height, width, channels, filters) in [(11, 12, 16, 16), (12, 13, 21, 32), (20, 15, 64, 48)] {
        let (down, across, n, batch) = (height + 2, width + 2, 9 * filters, 2);
        let (dy, w) = (arena(3, height * width * channels), fixed(0, panels_len(channels, n)));
        let words = down * across * filters;
        let dx = arena(3 + dy.len, words);
        let world = World::new(batch, 4 + dy.len + words, w.len);
        let leak = |dims: [(usize, usize); 2]| -> &'static [(usize, usize)] { Box::leak(Box::new(dims)) };
        let row = across * filters;
        let (counts, window) = (leak([(height, row), (width, filters)]), leak([(3, row), (3 * filters, 1)]));
        let op = MatMulOverlap { a: dy, w, c: dx, words, counts, window, k: channels, n };
        assert!(Winograd::of_overlap(&op).is_some());
        for isa in Isa::available() {
            let after = world.after(isa, |pass| pass.rows(1 << 20, |r| r.matmul_overlap(&op)));
            assert_eq!(after.clone().without(&[dx]), world.clone().without(&[dx]));
            let (slopes, w, found) = (world.words(dy), world.words(w), after.words(dx));
            let mut expected = vec![0.0f64; batch * words];
            for (sample, i) in (0..batch).flat_map(|s| (0..height * width).map(move |i| (s, i))) {
                for (j, l) in (0..n).flat_map(|j| (0..channels).map(move |l| (j, l))) {
                    let (y, x) = (i / width + j / (3 * filters), i % width + j / filters % 3);
                    let slope = slopes[sample * dy.len + i * channels + l];
                    expected[sample * words + y * row + x * filters + j % filters] +=
                        f64::from(slope) * f64::from(panel_at(&w, channels, l, j));
                }
            }
            for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let bound = 3e-6 * ((9 * channels) as f64).sqrt();
                close(*found, *expected, bound, (isa, height, width, channels, filters, at));
            }
        }
    }
}
