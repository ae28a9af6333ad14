//! `f16` and `bf16`, one and two in a register.

use super::emulated::device;
use super::{check, check_with, values};

/// A format by its definition: sign, exponent, fraction.
#[derive(Clone, Copy)]
struct Format {
    name: &'static str,
    fraction: u32,
    lowest: i32,
}

const F16: Format = Format { name: "f16", fraction: 10, lowest: -14 };
const BF16: Format = Format { name: "bf16", fraction: 7, lowest: -126 };

impl Format {
    fn decode(self, bits: u64) -> f64 {
        let exponents = 15 - self.fraction;
        let sign = if bits >> 15 & 1 == 1 { -1.0 } else { 1.0 };
        let exponent = (bits >> self.fraction & ((1 << exponents) - 1)) as i32;
        let fraction = (bits & ((1 << self.fraction) - 1)) as f64 / f64::from(1u32 << self.fraction);
        match exponent {
            e if e == (1 << exponents) - 1 => {
                if fraction == 0.0 {
                    sign * f64::INFINITY
                } else {
                    f64::NAN
                }
            }
            0 => sign * fraction * 2f64.powi(self.lowest),
            e => sign * (1.0 + fraction) * 2f64.powi(e - 1 + self.lowest),
        }
    }

    /// The nearest number, by looking for it among all of them.
    fn encode(self, x: f64) -> u64 {
        if x.is_nan() {
            return 0x7fff;
        }
        let sign = u64::from(x.is_sign_negative()) << 15;
        let infinity = ((1u64 << (15 - self.fraction)) - 1) << self.fraction;
        let (mut low, mut high) = (0, infinity);
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.decode(middle) <= x.abs() { low = middle } else { high = middle }
        }
        if self.decode(high) == x.abs() {
            return sign | high;
        }
        // What would follow the largest number stands in for infinity.
        let above = if high == infinity { 2f64.powi(1 - self.lowest + 1) } else { self.decode(high) };
        let (down, up) = (x.abs() - self.decode(low), above - x.abs());
        sign | if down < up || (down == up && low % 2 == 0) { low } else { high }
    }
}

#[test]
fn one_half() {
    let device = device();
    for format in [F16, BF16] {
        let (of, to, ty) = (|x| format.decode(x), |x| format.encode(x), format.name);
        check(&device, &format!("add.{ty} d, a, b;"), 16, &[16; 2], |a, b, _| to(of(a) + of(b)));
        check(&device, &format!("sub.{ty} d, a, b;"), 16, &[16; 2], |a, b, _| to(of(a) - of(b)));
        check(&device, &format!("mul.{ty} d, a, b;"), 16, &[16; 2], |a, b, _| to(of(a) * of(b)));
        check(&device, &format!("neg.{ty} d, a;"), 16, &[16], |a, _, _| a ^ 0x8000);
        check(&device, &format!("abs.{ty} d, a;"), 16, &[16], |a, _, _| a & 0x7fff);
        check(&device, &format!("min.{ty} d, a, b;"), 16, &[16; 2], |a, b, _| {
            match (of(a).is_nan(), of(b).is_nan()) {
                (true, true) => 0x7fff,
                (true, false) => b,
                (false, true) => a,
                _ if of(a) == of(b) => {
                    if a >> 15 == 1 {
                        a
                    } else {
                        b
                    }
                }
                _ => {
                    if of(a) < of(b) {
                        a
                    } else {
                        b
                    }
                }
            }
        });
        check(&device, &format!("setp.lt.{ty} p, a, b; selp.b32 d, 1, 0, p;"), 32, &[16; 2], |a, b, _| {
            u64::from(of(a) < of(b))
        });
    }
}

/// Products and sums that fit an `f64`, so that the reference rounds once.
#[test]
fn fused_operations_round_once() {
    let device = device();
    for format in [F16, BF16] {
        let bounded = |seed| {
            let values = values(16, seed).into_iter();
            let exponent = 15 - format.fraction;
            // Exponents within a few of one.
            let middle = (1u64 << (exponent - 1)) - 1;
            let fraction = (1u64 << format.fraction) - 1;
            values
                .map(|x| x & 0x8000 | (middle - 4 + (x >> 3 & 7)) << format.fraction | x & fraction)
                .collect()
        };
        let operands: Vec<Vec<u64>> = (1..4).map(bounded).collect();
        let (of, to, ty) = (|x| format.decode(x), |x| format.encode(x), format.name);
        let text = format!("fma.rn.{ty} d, a, b, c;");
        check_with(&device, &text, 16, &[16; 3], &operands, |a, b, c| to(of(a).mul_add(of(b), of(c))));
        let text = format!("fma.rn.relu.{ty} d, a, b, c;");
        check_with(&device, &text, 16, &[16; 3], &operands, |a, b, c| {
            let x = of(a).mul_add(of(b), of(c));
            to(if x < 0.0 { 0.0 } else { x })
        });
    }
}

#[test]
fn two_halves() {
    let device = device();
    for format in [F16, BF16] {
        let ty = format!("{}x2", format.name);
        let each = |a: u64, b: u64, operation: &dyn Fn(f64, f64) -> f64| {
            let of = |x: u64, at: u32| format.decode(x >> (16 * at) & 0xffff);
            (0..2).fold(0, |out, at| out | format.encode(operation(of(a, at), of(b, at))) << (16 * at))
        };
        check(&device, &format!("add.{ty} d, a, b;"), 32, &[32; 2], |a, b, _| each(a, b, &|a, b| a + b));
        check(&device, &format!("mul.{ty} d, a, b;"), 32, &[32; 2], |a, b, _| each(a, b, &|a, b| a * b));
        check(&device, &format!("neg.{ty} d, a;"), 32, &[32], |a, _, _| a ^ 0x8000_8000);
        let round = format!("cvt.rn.{ty}.f32 d, a, b;");
        check(&device, &round, 32, &[32; 2], |a, b, _| {
            let of = |x: u64| format.encode(f64::from(f32::from_bits(x as u32)));
            of(a) << 16 | of(b)
        });
    }
}
