//! Elementary functions without branches, after Stephen Moshier's Cephes library (single precision).
//!
//! The tests state their errors against `f64`, in units in the last place.

// The coefficients are those of the source, with the digits that it has.
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use super::{Mask, Simd};

#[inline(always)]
fn polynomial<V: Simd, const N: usize>(x: V, coefficients: [f32; N]) -> V {
    let mut sum = V::splat(coefficients[0]);
    for c in &coefficients[1..] {
        sum = sum.mul_add(x, V::splat(*c));
    }
    sum
}

/// `(r, n)` with `x = r + n ln 2`, `n` an integer and `|r| <= ln(2) / 2`.
#[inline(always)]
fn reduce<V: Simd>(x: V) -> (V, V) {
    let n = (x * V::splat(std::f32::consts::LOG2_E)).round();
    // ln 2 in two parts: products of n with the first are exact.
    let r = n.mul_add(V::splat(-0.693_359_375), x);
    (n.mul_add(V::splat(2.121_944_4e-4), r), n)
}

/// `e^r - 1` for `|r| <= ln(2) / 2`.
#[inline(always)]
fn expm1_reduced<V: Simd>(r: V) -> V {
    let p =
        polynomial(r, [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5]);
    p.mul_add(r * r, r)
}

#[inline(always)]
pub fn exp<V: Simd>(x: V) -> V {
    // Beyond these the result is 0 or infinite; the order of operands lets NaN through.
    let x = V::splat(89.0).min_or(V::splat(-104.0).max_or(x));
    let (r, n) = reduce(x);
    let y = expm1_reduced(r) + V::splat(1.0);
    // In two steps: 2^n alone is out of range at both ends.
    let half = (n * V::splat(0.5)).floor();
    y * half.exp2_integer() * (n - half).exp2_integer()
}

#[inline(always)]
pub fn expm1<V: Simd>(x: V) -> V {
    let bounded = V::splat(80.0).min_or(V::splat(-30.0).max_or(x));
    let (r, n) = reduce(bounded);
    let scale = n.exp2_integer();
    let y = expm1_reduced(r).mul_add(scale, scale - V::splat(1.0));
    x.gt(V::splat(80.0)).select(exp(x), y)
}

#[inline(always)]
pub fn ln<V: Simd>(x: V) -> V {
    let tiny = x.lt(V::splat(f32::MIN_POSITIVE));
    // Denormal numbers are scaled by 2^24 first.
    let scaled = tiny.select(x * V::splat(16_777_216.0), x);
    let (m, e) = scaled.frexp();
    let e = tiny.select(e - V::splat(24.0), e);
    let low = m.lt(V::splat(std::f32::consts::FRAC_1_SQRT_2));
    let e = low.select(e - V::splat(1.0), e);
    let m = low.select(m + m, m) - V::splat(1.0);
    let z = m * m;
    let p = polynomial(
        m,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let y = p * m * z;
    let y = e.mul_add(V::splat(-2.121_944_4e-4), y);
    let y = z.mul_add(V::splat(-0.5), y);
    let y = e.mul_add(V::splat(0.693_359_375), m + y);
    // ln(inf) = inf, ln(0) = -inf, and nothing below.
    let y = x.eq(V::splat(f32::INFINITY)).select(x, y);
    let y = x.eq(V::splat(0.0)).select(V::splat(f32::NEG_INFINITY), y);
    x.ge(V::splat(0.0)).select(y, V::splat(f32::NAN))
}

/// `ln(u) x / (u - 1)` with `u = 1 + x` as it is rounded: the quotient mends the rounding.
#[inline(always)]
pub fn log1p<V: Simd>(x: V) -> V {
    let u = x + V::splat(1.0);
    let rest = u - V::splat(1.0);
    let y = ln(u) * (x / rest);
    let y = u.eq(V::splat(1.0)).select(x, y);
    x.eq(V::splat(f32::INFINITY)).or(u.eq(V::splat(0.0))).select(ln(u), y)
}

#[inline(always)]
pub fn sigmoid<V: Simd>(x: V) -> V {
    let e = exp(-x.abs());
    let one = V::splat(1.0);
    let y = x.lt(V::splat(0.0)).select(e, one) / (one + e);
    x.ne(x).select(x, y)
}

#[inline(always)]
pub fn tanh<V: Simd>(x: V) -> V {
    let z = x * x;
    let p =
        polynomial(z, [-5.704_988_7e-3, 2.063_908_9e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328_2e-1]);
    let small = (p * z).mul_add(x, x);
    let e = exp(x.abs() + x.abs());
    let large = V::splat(1.0) - V::splat(2.0) / (e + V::splat(1.0));
    let large = x.lt(V::splat(0.0)).select(-large, large);
    x.abs().gt(V::splat(0.625)).select(large, small)
}

#[inline(always)]
pub fn erf<V: Simd>(x: V) -> V {
    let z = x * x;
    let t = polynomial(
        z,
        [
            7.853_861e-5,
            -8.010_193_6e-4,
            5.188_327_7e-3,
            -2.685_381_2e-2,
            1.128_358_5e-1,
            -3.761_262_6e-1,
            1.128_379_2,
        ],
    );
    let small = t * x;
    let a = x.abs();
    let q = V::splat(1.0) / a;
    let y = q * q;
    let near = polynomial(
        y,
        [
            2.326_82e-2,
            -1.387_039_4e-1,
            3.687_424_7e-1,
            -5.824_733e-1,
            6.210_004_6e-1,
            -4.944_515_3e-1,
            3.404_88e-1,
            -2.741_127e-1,
            5.638_259_4e-1,
        ],
    );
    let far = polynomial(
        y,
        [
            -10.477_664,
            12.977_2,
            -7.495_519,
            2.921_019,
            -1.015_265_3,
            4.218_463_4e-1,
            -2.820_767_4e-1,
            5.641_895e-1,
        ],
    );
    let complement = exp(-z) * q * a.lt(V::splat(2.0)).select(near, far);
    let large = V::splat(1.0) - complement;
    let large = x.lt(V::splat(0.0)).select(-large, large);
    // Beyond 4 the complement is below half a unit in the last place of 1.
    let limit = x.lt(V::splat(0.0)).select(V::splat(-1.0), V::splat(1.0));
    let large = a.gt(V::splat(4.0)).select(limit, large);
    a.gt(V::splat(1.0)).select(large, small)
}
