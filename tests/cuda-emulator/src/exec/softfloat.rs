//! Rounding by hand: to formats that the CPU does not have, and in directions that it does not round to.

use crate::program::Rounding;

/// A binary format with subnormal numbers, infinities and NaN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    /// Bits of the fraction.
    pub fraction: u32,
    /// Bits of the exponent.
    pub exponent: u32,
}

/// `f16`.
pub const F16: Format = Format { fraction: 10, exponent: 5 };
/// `bf16`.
pub const BF16: Format = Format { fraction: 7, exponent: 8 };
/// `f32`.
pub const F32: Format = Format { fraction: 23, exponent: 8 };
/// `tf32`, whose bits lie in the upper 19 of 32.
pub const TF32: Format = Format { fraction: 10, exponent: 8 };

impl Format {
    /// The NaN that arithmetic gives: all ones but the sign.
    pub fn nan(self) -> u32 {
        (1 << (self.fraction + self.exponent)) - 1
    }

    fn infinity(self) -> u32 {
        self.nan() >> self.fraction << self.fraction
    }

    /// The bits of the number next to `x`.
    pub fn encode(self, x: f64, rounding: Rounding) -> u32 {
        if x.is_nan() {
            return self.nan();
        }
        let sign = u32::from(x.is_sign_negative()) << (self.fraction + self.exponent);
        let size = x.abs();
        if size == 0.0 {
            return sign;
        }
        if size.is_infinite() {
            return sign | self.infinity();
        }
        let lowest = 2 - (1 << (self.exponent - 1));
        let exponent = (((size.to_bits() >> 52) as i32) - 1023).max(lowest);
        // In units of the last place the number is exact in `f64`: dividing by a power of two in two steps does not underflow.
        let unit = exponent - self.fraction as i32;
        let scaled = size * 2f64.powi(-unit / 2) * 2f64.powi(-unit - -unit / 2);
        let units = round(scaled, rounding, sign != 0) as u64;
        let bits = (((exponent - lowest) as u64) << self.fraction) + units;
        if bits < u64::from(self.infinity()) {
            return sign | bits as u32;
        }
        let away = match rounding {
            Rounding::Nearest | Rounding::NearestAway => true,
            Rounding::Zero => false,
            Rounding::Down => sign != 0,
            Rounding::Up => sign == 0,
        };
        sign | if away { self.infinity() } else { self.infinity() - 1 }
    }

    /// The number that bits stand for.
    pub fn decode(self, bits: u32) -> f64 {
        let sign = if bits >> (self.fraction + self.exponent) & 1 == 1 { -1.0 } else { 1.0 };
        let exponent = (bits >> self.fraction & ((1 << self.exponent) - 1)) as i32;
        let fraction = f64::from(bits & ((1 << self.fraction) - 1));
        let one = f64::from(1u32 << self.fraction);
        let lowest = 2 - (1 << (self.exponent - 1));
        if exponent == (1 << self.exponent) - 1 {
            return if fraction == 0.0 { sign * f64::INFINITY } else { f64::NAN };
        }
        let (whole, exponent) =
            if exponent == 0 { (fraction, lowest) } else { (one + fraction, exponent - 1 + lowest) };
        sign * whole / one * 2f64.powi(exponent)
    }
}

/// A positive number to a whole one.
fn round(x: f64, rounding: Rounding, negative: bool) -> f64 {
    match rounding {
        Rounding::Nearest => x.round_ties_even(),
        Rounding::NearestAway => x.round(),
        Rounding::Zero => x.trunc(),
        Rounding::Down if negative => x.ceil(),
        Rounding::Up if !negative => x.ceil(),
        Rounding::Down | Rounding::Up => x.trunc(),
    }
}

/// Any number to a whole one.
pub fn round_whole(x: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Nearest => x.round_ties_even(),
        Rounding::NearestAway => x.round(),
        Rounding::Zero => x.trunc(),
        Rounding::Down => x.floor(),
        Rounding::Up => x.ceil(),
    }
}

/// Held in [0, 1]: NaN becomes zero, and so does negative zero.
pub fn saturate(x: f64) -> f64 {
    if x > 0.0 { x.min(1.0) } else { 0.0 }
}

/// What `f16` bits stand for.
pub fn half_to_f32(bits: u16) -> f32 {
    F16.decode(u32::from(bits)) as f32
}

/// What `bf16` bits stand for.
pub fn brain_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// The neighbour of `nearest` that a direction asks for, where the exact result differs from it by something of the sign of `rest`.
pub fn direct(nearest: f32, rest: f64, rounding: Rounding) -> f32 {
    if rest == 0.0 || rest.is_nan() {
        return nearest;
    }
    // The exact result lies above or below; a zero counts as having the sign that the rest gives it.
    let negative = if nearest == 0.0 { rest < 0.0 } else { nearest < 0.0 };
    let (up, down) = match rounding {
        Rounding::Nearest | Rounding::NearestAway => (false, false),
        Rounding::Up => (true, false),
        Rounding::Down => (false, true),
        Rounding::Zero => (negative, !negative),
    };
    if rest > 0.0 && up {
        nearest.next_up()
    } else if rest < 0.0 && down {
        nearest.next_down()
    } else {
        nearest
    }
}

/// The same for `f64`.
pub fn direct64(nearest: f64, rest: f64, rounding: Rounding) -> f64 {
    if rest == 0.0 || rest.is_nan() {
        return nearest;
    }
    let negative = if nearest == 0.0 { rest < 0.0 } else { nearest < 0.0 };
    let (up, down) = match rounding {
        Rounding::Nearest | Rounding::NearestAway => (false, false),
        Rounding::Up => (true, false),
        Rounding::Down => (false, true),
        Rounding::Zero => (negative, !negative),
    };
    if rest > 0.0 && up {
        nearest.next_up()
    } else if rest < 0.0 && down {
        nearest.next_down()
    } else {
        nearest
    }
}

/// `a * b + c` of `f32`, rounded once in any direction.
pub fn fma(a: f32, b: f32, c: f32, rounding: Rounding) -> f32 {
    let product = f64::from(a) * f64::from(b);
    let (sum, rest) = two_sum(product, f64::from(c));
    if sum == 0.0 && rest == 0.0 {
        // An exact zero out of terms of different signs is negative only when rounding down.
        let both = product.is_sign_negative() == c.is_sign_negative();
        return if both {
            product as f32
        } else if rounding == Rounding::Down {
            -0.0
        } else {
            0.0
        };
    }
    let nearest = sum as f32;
    if nearest.is_infinite() && sum.is_infinite() {
        return nearest;
    }
    // What `f32` left out of the sum, and what the sum left out.
    let left = sum - f64::from(nearest);
    let rest = if left == 0.0 { rest } else { left };
    direct(nearest, rest, rounding)
}

/// A sum, and what rounding left out of it.
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let virtual_b = sum - a;
    let rest = (a - (sum - virtual_b)) + (b - virtual_b);
    (sum, if rest.is_nan() { 0.0 } else { rest })
}

/// `a * b + c` as an `f64` that rounds to any narrower format as the exact result would: its last bit is odd where it is not exact.
pub fn fma_odd(a: f64, b: f64, c: f64) -> f64 {
    let (sum, rest) = two_sum(a * b, c);
    if rest == 0.0 || !sum.is_finite() || sum.to_bits() & 1 == 1 {
        return sum;
    }
    if rest > 0.0 { sum.next_up() } else { sum.next_down() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_halves_come_back() {
        for format in [F16, BF16] {
            for bits in 0..=u16::MAX {
                let x = format.decode(u32::from(bits));
                let back = format.encode(x, Rounding::Nearest);
                assert!(x.is_nan() || back == u32::from(bits), "{bits:#x} {x} {back:#x}");
            }
        }
    }

    #[test]
    fn f32_is_rounded_as_the_cpu_rounds() {
        let mut x = 1u64;
        for _ in 0..100_000 {
            x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Exponents around the whole range of `f32`, subnormal numbers and overflow included.
            let exponent = 1023 - 160 + (x >> 33) % 320;
            let value = f64::from_bits((x & 0x800f_ffff_ffff_ffff) | exponent << 52);
            assert_eq!(F32.encode(value, Rounding::Nearest), (value as f32).to_bits(), "{value:e}");
        }
    }
}
