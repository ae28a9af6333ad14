//! The product against sums in `f64`, and against itself cut up in other ways.

use super::*;
use crate::device::cpu::pack::pack_panels;
use crate::random::Philox;

struct Case {
    m: usize,
    n: usize,
    k: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    packed: Vec<f32>,
}

impl Case {
    fn new(m: usize, n: usize, k: usize) -> Self {
        let mut random = Philox::new((m * 10_007 + n * 101 + k) as u64, 0);
        let mut numbers = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
        let (a, b) = (numbers(m * k), numbers(k * n));
        let mut case = Case { m, n, k, a, b, packed: vec![] };
        case.pack();
        case
    }

    fn pack(&mut self) {
        let Case { n, k, .. } = *self;
        self.packed = vec![f32::NAN; panels_len(k, n)];
        let panels = 0..n.div_ceil(PANEL);
        // SAFETY: the matrix and the panels have these sizes.
        unsafe { pack_panels(k, n, self.b.as_ptr(), (n, 1), panels, self.packed.as_mut_ptr()) };
    }

    fn expected(&self, i: usize, j: usize) -> f64 {
        (0..self.k).map(|l| f64::from(self.a[i * self.k + l]) * f64::from(self.b[l * self.n + j])).sum()
    }

    /// Row-major, with guards around every row.
    fn run(&self, isa: Isa, rows: std::ops::Range<usize>, c: &mut [f32], accumulate: bool) {
        let stride = self.n + 3;
        // SAFETY: the operands have these sizes.
        unsafe {
            let (by_row, by_column) = ([(self.m, self.k)], [(self.k, 1)]);
            let a = Left { first: rows.start, ..Left::new(self.a.as_ptr(), &by_row, &by_column) };
            let c = Target::row_major(c.as_mut_ptr().add(rows.start * stride), stride, self.n);
            gemm(isa, rows.len(), self.k, a, self.packed.as_ptr(), c, accumulate);
        }
    }

    fn check(&self, isa: Isa) {
        let (stride, bound) = (self.n + 3, 4e-6 * (self.k as f64 + 1.0));
        let mut c = vec![7.0; self.m * stride];
        self.run(isa, 0..self.m, &mut c, false);
        self.run(isa, 0..self.m, &mut c, true);
        for (at, &found) in c.iter().enumerate() {
            let (i, j) = (at / stride, at % stride);
            let expected = if j < self.n { 2.0 * self.expected(i, j) } else { 7.0 };
            let what = (isa, self.m, self.n, self.k, i, j);
            assert!((f64::from(found) - expected).abs() <= bound, "{what:?}: {found} for {expected}");
        }
    }
}

/// Every remainder of every tile height and width, and both sides of a piece of `k`.
#[test]
fn every_remainder() {
    for isa in Isa::available() {
        for m in (0..=14).chain([MC - 1, MC, MC + 1]) {
            for n in (1..=34).step_by(3).chain([1, 15, 16, 17, 31, 32, 33, 64, 65, 130]) {
                for k in [0, 1, 2, 7, 33] {
                    Case::new(m, n, k).check(isa);
                }
            }
        }
        for (m, n, k) in
            [(7, 20, KC - 1), (7, 20, KC), (13, 40, KC + 1), (1, 100, 2 * KC + 5), (3, 10, 3 * KC)]
        {
            Case::new(m, n, k).check(isa);
        }
    }
}

#[test]
fn rows_divided_in_any_way_give_the_same_bits() {
    let case = Case::new(61, 37, 700);
    for isa in Isa::available() {
        let stride = case.n + 3;
        let mut whole = vec![0.0; case.m * stride];
        case.run(isa, 0..case.m, &mut whole, false);
        for step in [1, 2, 3, 5, 6, 7, 16, 40] {
            let mut parts = vec![0.0; case.m * stride];
            for start in (0..case.m).step_by(step) {
                case.run(isa, start..case.m.min(start + step), &mut parts, false);
            }
            assert_eq!(parts, whole, "{isa:?} by {step}");
        }
    }
}

/// Few columns, whose sums go along the rows of `A`.
#[test]
fn narrow_results() {
    for isa in Isa::available() {
        for (n, k) in
            [(1, 64), (2, 64), (3, 64), (1, 79), (2, 90), (4, 100), (1, 1025), (2, 2500), (3, 1030), (5, 70)]
        {
            for m in [0, 1, 3, 4, 7, 8, 9, 21] {
                Case::new(m, n, k).check(isa);
            }
            let case = Case::new(29, n, k);
            let mut whole = vec![0.0; case.m * (n + 3)];
            case.run(isa, 0..case.m, &mut whole, false);
            for step in [1, 2, 5, 8, 11] {
                let mut parts = vec![0.0; whole.len()];
                for start in (0..case.m).step_by(step) {
                    case.run(isa, start..case.m.min(start + step), &mut parts, false);
                }
                assert_eq!(parts, whole, "{isa:?} {n} {k} by {step}");
            }
        }
    }
}

#[test]
fn strides_and_panels() {
    // dW = Xᵀ · dY, into panels.
    let (rows, k, n) = (50, 23, 21);
    for isa in Isa::available() {
        let case = Case::new(rows, n, rows);
        let x: Vec<f32> = (0..rows * k).map(|i| case.a[i % case.a.len()]).collect();
        let mut c = vec![f32::NAN; panels_len(k, n)];
        // SAFETY: the operands have these sizes; the packed matrix has `rows` rows.
        unsafe {
            let (by_row, by_column) = ([(0, 1)], [(0, k)]);
            let a = Left::new(x.as_ptr(), &by_row, &by_column);
            gemm(isa, k, rows, a, case.packed.as_ptr(), Target::panels(c.as_mut_ptr(), k, n), false);
        }
        for i in 0..k {
            for j in 0..n.next_multiple_of(PANEL) {
                let term = |r: usize| f64::from(x[r * k + i]) * f64::from(case.b[r * n + j]);
                let expected: f64 = if j < n { (0..rows).map(term).sum() } else { 0.0 };
                let found = f64::from(c[j / PANEL * k * PANEL + i * PANEL + j % PANEL]);
                assert!((found - expected).abs() < 1e-3, "{isa:?} {i} {j}: {found} for {expected}");
            }
        }
    }
}

/// Row by row, column by column, with gaps, in groups as windows of images are: each is read in a way of its own.
#[test]
fn wherever_the_left_operand_lies_the_bits_are_the_same() {
    for (m, n, half) in [(12, 32, 1), (31, 48, 3), (17, 33, 6), (64, 32, 29)] {
        let (case, k) = (Case::new(m, n, 2 * half), 2 * half);
        type Dims<'a> = [&'a [(usize, usize)]; 2];
        let ways: [Dims<'_>; 6] = [
            [&[(m, k)], &[(k, 1)]],
            [&[(m, 1)], &[(k, m)]],
            [&[(m, 2 * k)], &[(k, 2)]],
            [&[(0, 5 * k + 7), (5, k)], &[(k, 1)]],
            [&[(m, half)], &[(2, m * half), (half, 1)]],
            [&[(0, 5 * half + 1), (5, half)], &[(2, 2 * m * half), (half, 1)]],
        ];
        for isa in Isa::available() {
            let products = ways.map(|[rows, columns]| {
                let mut a = vec![f32::NAN; 4 * (m + 5) * (k + 7)];
                for (i, l) in (0..m).flat_map(|i| (0..k).map(move |l| (i, l))) {
                    a[offset(i, rows) + offset(l, columns)] = case.a[i * k + l];
                }
                let mut c = vec![0.5; m * n];
                let to = Target::row_major(c.as_mut_ptr(), n, n);
                // SAFETY: the operands have these sizes.
                unsafe {
                    gemm(isa, m, k, Left::new(a.as_ptr(), rows, columns), case.packed.as_ptr(), to, true)
                };
                c
            });
            for (product, way) in products.iter().zip(ways) {
                assert!(*product == products[0], "{isa:?} {m} {n} {k} {way:?}");
            }
            let expected = case.expected(m - 1, n - 1) + 0.5;
            assert!((f64::from(products[0][m * n - 1]) - expected).abs() < 4e-6 * (k as f64 + 1.0));
        }
    }
}

/// Whole, these products go by way of copies; by few rows at a time they do not.
#[test]
fn copies_of_blocks_give_the_same_bits() {
    for (m, n, k, transposed) in
        [(48, 520, 512, false), (512, 258, 70, true), (1024, 257, 330, true), (103, 513, 1024, false)]
    {
        let case = Case::new(m, n, k);
        let mut a = case.a.clone();
        if transposed {
            (0..m * k).for_each(|at| a[at % k * m + at / k] = case.a[at]);
        }
        let (rows, columns) = if transposed { (1, m) } else { (k, 1) };
        for isa in Isa::available() {
            let product = |step: usize| {
                let mut c = vec![0.5; m * n];
                for start in (0..m).step_by(step) {
                    // SAFETY: the operands have these sizes.
                    unsafe {
                        let (by_row, by_column) = ([(0, rows)], [(0, columns)]);
                        let a = Left { first: start, ..Left::new(a.as_ptr(), &by_row, &by_column) };
                        let c = Target::row_major(c.as_mut_ptr().add(start * n), n, n);
                        gemm(isa, step.min(m - start), k, a, case.packed.as_ptr(), c, true);
                    }
                }
                c
            };
            let whole = product(m);
            assert!(whole == product(13), "{isa:?} {m} {n} {k}");
            for at in (0..m * n).step_by(1009) {
                let expected = case.expected(at / n, at % n) + 0.5;
                assert!(
                    (f64::from(whole[at]) - expected).abs() < 4e-6 * k as f64,
                    "{isa:?} {m} {n} {k} {at}"
                );
            }
        }
    }
}

#[test]
fn what_is_not_finite_stays_in_its_row() {
    for isa in Isa::available() {
        let mut case = Case::new(9, 18, 40);
        case.a[4 * 40 + 3] = f32::NAN;
        case.a[7 * 40] = f32::INFINITY;
        let mut c = vec![0.0; 9 * 21];
        case.run(isa, 0..9, &mut c, false);
        for i in 0..9 {
            for j in 0..18 {
                let x = c[i * 21 + j];
                assert_eq!(x.is_nan(), i == 4, "{isa:?} {i} {j}");
                assert_eq!(x.is_infinite(), i == 7, "{isa:?} {i} {j}");
            }
        }
    }
}
