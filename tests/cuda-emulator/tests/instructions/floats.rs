//! `f32` and `f64`: rounding in all directions, NaN, subnormal numbers.

use super::emulated::device;
use super::{check, run, values};

const NAN: u64 = 0x7fff_ffff;

fn f(x: u64) -> f32 {
    f32::from_bits(x as u32)
}

fn bits(x: f32) -> u64 {
    if x.is_nan() { NAN } else { u64::from(x.to_bits()) }
}

fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0f32.copysign(x) } else { x }
}

#[test]
fn nearest_results_are_the_cpus() {
    let device = device();
    check(&device, "add.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(f(a) + f(b)));
    check(&device, "sub.rn.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(f(a) - f(b)));
    check(&device, "mul.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(f(a) * f(b)));
    check(&device, "fma.rn.f32 d, a, b, c;", 32, &[32; 3], |a, b, c| bits(f(a).mul_add(f(b), f(c))));
    check(&device, "div.rn.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(f(a) / f(b)));
    check(&device, "rcp.rn.f32 d, a;", 32, &[32], |a, _, _| bits(1.0 / f(a)));
    check(&device, "sqrt.rn.f32 d, a;", 32, &[32], |a, _, _| bits(f(a).sqrt()));
    check(&device, "neg.f32 d, a;", 32, &[32], |a, _, _| a ^ 0x8000_0000);
    check(&device, "abs.f32 d, a;", 32, &[32], |a, _, _| a & 0x7fff_ffff);
    check(&device, "copysign.f32 d, a, b;", 32, &[32; 2], |a, b, _| b & 0x7fff_ffff | a & 0x8000_0000);
    check(&device, "add.ftz.f32 d, a, b;", 32, &[32; 2], |a, b, _| {
        bits(flushed(flushed(f(a)) + flushed(f(b))))
    });
    check(&device, "fma.rn.ftz.f32 d, a, b, c;", 32, &[32; 3], |a, b, c| {
        bits(flushed(flushed(f(a)).mul_add(flushed(f(b)), flushed(f(c)))))
    });
    check(&device, "mul.sat.f32 d, a, b;", 32, &[32; 2], |a, b, _| {
        let x = f(a) * f(b);
        bits(if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) + 0.0 })
    });
}

#[test]
fn the_least_and_the_greatest() {
    let device = device();
    let least = |a: f32, b: f32| match (a.is_nan(), b.is_nan()) {
        (true, _) => b,
        (_, true) => a,
        _ if a == b => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        _ => {
            if a < b {
                a
            } else {
                b
            }
        }
    };
    check(&device, "min.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(least(f(a), f(b))));
    check(&device, "max.f32 d, a, b;", 32, &[32; 2], |a, b, _| bits(-least(-f(a), -f(b))));
    let either = |a: u64, b: u64| f(a).is_nan() || f(b).is_nan();
    check(&device, "min.NaN.f32 d, a, b;", 32, &[32; 2], |a, b, _| {
        if either(a, b) { NAN } else { bits(least(f(a), f(b))) }
    });
    check(&device, "max.NaN.f32 d, a, b;", 32, &[32; 2], |a, b, _| {
        if either(a, b) { NAN } else { bits(-least(-f(a), -f(b))) }
    });
}

/// A directed result is the nearest one or its neighbour, on the side that is asked for: the exact value is known from integers.
#[test]
fn directed_results_lie_on_their_side() {
    let device = device();
    let (a, b, c) = (values(32, 1), values(32, 2), values(32, 3));
    let inputs = [(32, a.as_slice()), (32, b.as_slice()), (32, c.as_slice())];
    for name in ["add", "mul", "fma"] {
        let operands = if name == "fma" { "a, b, c" } else { "a, b" };
        let run = |mode: &str| run(&device, &format!("{name}.{mode}.f32 d, {operands};"), 32, &inputs);
        let [down, up, zero, nearest] = ["rm", "rp", "rz", "rn"].map(run);
        for at in 0..a.len() {
            let (x, y, z) = (f(a[at]), f(b[at]), f(c[at]));
            let [down, up, zero, nearest] = [down[at], up[at], zero[at], nearest[at]].map(f);
            let context = format!("{name} of {x:e} {y:e} {z:e}: {down:e} {up:e} {zero:e} {nearest:e}");
            if nearest.is_nan() {
                assert!(down.is_nan() && up.is_nan() && zero.is_nan(), "{context}");
                continue;
            }
            // The exact result as a sum of two `f64` at most: its sign against a neighbour can be told.
            let (first, second) = match name {
                "add" => (f64::from(x), f64::from(y)),
                "mul" => (f64::from(x) * f64::from(y), 0.0),
                _ => (f64::from(x) * f64::from(y), f64::from(z)),
            };
            if !first.is_finite() || !second.is_finite() {
                continue;
            }
            let compared = |r: f32| exact_compare(first, second, f64::from(r));
            assert!(compared(down) >= 0, "{context}");
            assert!(compared(up) <= 0, "{context}");
            assert!(down == up || down.next_up() == up, "{context}");
            assert!(nearest == down || nearest == up, "{context}");
            assert!(zero == if compared(0.0) < 0 { up } else { down }, "{context}");
        }
    }
}

/// The sign of `a + b - r`, exactly.
fn exact_compare(a: f64, b: f64, r: f64) -> i32 {
    if r.is_infinite() {
        return if r > 0.0 { -1 } else { 1 };
    }
    // Each is a whole number of 2^-1074; the sum is done in words of 64 bits.
    let mut sum = [0i128; 36];
    for (x, sign) in [(a, 1i128), (b, 1), (r, -1)] {
        if x == 0.0 {
            continue;
        }
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as u32;
        let fraction = bits & ((1 << 52) - 1) | u64::from(exponent != 0) << 52;
        let at = exponent.max(1) - 1;
        let sign = if x < 0.0 { -sign } else { sign };
        let shifted = u128::from(fraction) << (at % 64);
        sum[at as usize / 64] += sign * (shifted as u64) as i128;
        sum[at as usize / 64 + 1] += sign * (shifted >> 64) as i128;
    }
    for at in 0..35 {
        let carry = sum[at] >> 64;
        sum[at] -= carry << 64;
        sum[at + 1] += carry;
    }
    if sum[35] < 0 { -1 } else { i32::from(sum.iter().any(|word| *word != 0)) }
}

#[test]
fn directed_quotients_and_roots() {
    let device = device();
    let (a, b) = (values(32, 4), values(32, 5));
    let inputs = [(32, a.as_slice()), (32, b.as_slice())];
    for (name, operands) in [("div", "a, b"), ("sqrt", "a"), ("rcp", "b")] {
        let run = |mode: &str| run(&device, &format!("{name}.{mode}.f32 d, {operands};"), 32, &inputs);
        let [down, up, nearest] = ["rm", "rp", "rn"].map(run);
        for at in 0..a.len() {
            let [down, up, nearest] = [down[at], up[at], nearest[at]].map(f);
            if nearest.is_nan() || f(b[at]) == 0.0 {
                continue;
            }
            let context = format!("{name} of {:e} {:e}: {down:e} {up:e} {nearest:e}", f(a[at]), f(b[at]));
            assert!(nearest == down || nearest == up, "{context}");
            assert!(down == up || down.next_up() == up, "{context}");
            // Both neighbours, multiplied back, hold the operand between them.
            let back = |r: f32| match name {
                "sqrt" => f64::from(r) * f64::from(r),
                _ => f64::from(r) * f64::from(f(b[at])),
            };
            let whole = if name == "rcp" { 1.0 } else { f64::from(f(a[at])) };
            if down.is_finite() && up.is_finite() && whole.is_finite() && f(b[at]).is_finite() {
                let (low, high) = (back(down).min(back(up)), back(down).max(back(up)));
                assert!(low <= whole && whole <= high, "{context}");
            }
        }
    }
}

#[test]
fn approximations_are_close() {
    let device = device();
    type Exact = fn(f64) -> f64;
    let functions: [(&str, Exact); 7] = [
        ("ex2.approx", f64::exp2),
        ("lg2.approx", f64::log2),
        ("rsqrt.approx", |x| 1.0 / x.sqrt()),
        ("rcp.approx", |x| 1.0 / x),
        ("sqrt.approx", f64::sqrt),
        ("tanh.approx", f64::tanh),
        ("sin.approx", f64::sin),
    ];
    let inputs: Vec<u64> = (0..256).map(|i| u64::from((0.01 + i as f32 * 0.037).to_bits())).collect();
    for (name, exact) in functions {
        let got = run(&device, &format!("{name}.f32 d, a;"), 32, &[(32, &inputs)]);
        for (x, got) in inputs.iter().zip(got) {
            let wanted = exact(f64::from(f(*x)));
            let error = (f64::from(f(got)) - wanted).abs();
            assert!(error <= 2e-7 * wanted.abs().max(1e-3), "{name} of {}: {} {wanted}", f(*x), f(got));
        }
    }
}

#[test]
fn doubles() {
    let device = device();
    const NAN64: u64 = 0x7fff_ffff_ffff_ffff;
    let of = f64::from_bits;
    let bits = |x: f64| if x.is_nan() { NAN64 } else { x.to_bits() };
    check(&device, "add.f64 d, a, b;", 64, &[64; 2], |a, b, _| bits(of(a) + of(b)));
    check(&device, "mul.rn.f64 d, a, b;", 64, &[64; 2], |a, b, _| bits(of(a) * of(b)));
    check(&device, "fma.rn.f64 d, a, b, c;", 64, &[64; 3], |a, b, c| bits(of(a).mul_add(of(b), of(c))));
    check(&device, "div.rn.f64 d, a, b;", 64, &[64; 2], |a, b, _| bits(of(a) / of(b)));
    check(&device, "sqrt.rn.f64 d, a;", 64, &[64], |a, _, _| bits(of(a).sqrt()));
    check(&device, "neg.f64 d, a;", 64, &[64], |a, _, _| a ^ 1 << 63);
    let (a, b) = (values(64, 6), values(64, 7));
    let inputs = [(64, a.as_slice()), (64, b.as_slice())];
    let [down, up] = ["rm", "rp"].map(|mode| run(&device, &format!("add.{mode}.f64 d, a, b;"), 64, &inputs));
    for at in 0..a.len() {
        let (x, y, down, up) = (of(a[at]), of(b[at]), of(down[at]), of(up[at]));
        if (x + y).is_finite() {
            assert!(exact_compare(x, y, down) >= 0 && exact_compare(x, y, up) <= 0, "{x:e} {y:e}");
            assert!(down == up || down.next_up() == up);
        }
    }
}
