//! `f16` and `bf16`, one or two in a row. Each operation is done in `f64` and rounded once.

use super::lanes::{Lanes, Registers, lanes_of};
use super::softfloat::{self, BF16, F16, Format, fma_odd};
use crate::program::{Float, Half, Ins, Mode, NONE, Rounding};

fn format(half: Half) -> Format {
    if half.brain { BF16 } else { F16 }
}

/// Runs an operation on each half.
pub fn half(r: &mut Registers, ins: &Ins, op: Float, mode: Mode, half: Half, mask: u32) {
    let format = format(half);
    let mut out: Lanes = [0; 32];
    for lane in lanes_of(mask) {
        let read = |row| if row == NONE { 0 } else { r.n(row)[lane] };
        let (a, b, c) = (read(ins.a), read(ins.b), read(ins.c));
        let low = one(op, mode, format, a & 0xffff, b & 0xffff, c & 0xffff);
        let high = if half.packed { one(op, mode, format, a >> 16, b >> 16, c >> 16) } else { 0 };
        out[lane] = high << 16 | low;
    }
    r.put(ins.d, &out, mask);
}

fn one(op: Float, mode: Mode, format: Format, a: u32, b: u32, c: u32) -> u32 {
    let sign = 1 << (format.fraction + format.exponent);
    match op {
        Float::Neg => return a ^ sign,
        Float::Abs => return a & !sign,
        Float::CopySign => return b & !sign | a & sign,
        _ => {}
    }
    let flushed = |x: u32| {
        let subnormal = x >> format.fraction & ((1 << format.exponent) - 1) == 0;
        if mode.flush && subnormal { x & sign } else { x }
    };
    let (x, y, z) = (format.decode(flushed(a)), format.decode(flushed(b)), format.decode(flushed(c)));
    let value = match op {
        Float::Add => x + y,
        Float::Sub => x - y,
        Float::Mul => x * y,
        Float::Fma => fma_odd(x, y, z),
        Float::Div => x / y,
        Float::Rcp => 1.0 / x,
        Float::Sqrt => x.sqrt(),
        Float::Rsqrt => 1.0 / x.sqrt(),
        Float::Sin => x.sin(),
        Float::Cos => x.cos(),
        Float::Log2 => x.log2(),
        Float::Exp2 => x.exp2(),
        Float::Tanh => x.tanh(),
        Float::Min => least(x, y, mode.nan),
        Float::Max => -least(-x, -y, mode.nan),
        Float::Neg | Float::Abs | Float::CopySign => x,
    };
    let value = match () {
        () if mode.saturate => softfloat::saturate(value),
        () if mode.relu && value < 0.0 => 0.0,
        () => value,
    };
    flushed(format.encode(value, Rounding::Nearest))
}

fn least(a: f64, b: f64, nan: bool) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) | (_, true) if nan => f64::NAN,
        (true, _) => b,
        (_, true) => a,
        _ if a < b || (a == b && a.is_sign_negative()) => a,
        _ => b,
    }
}

/// Two `f32` to two halves: `a` is the high one.
pub fn pack(r: &mut Registers, ins: &Ins, half: Half, rounding: Rounding, relu: bool, mask: u32) {
    let format = format(half);
    let mut out: Lanes = [0; 32];
    for lane in lanes_of(mask) {
        let of = |row| {
            let x = f64::from(f32::from_bits(r.n(row)[lane]));
            format.encode(if relu && x < 0.0 { 0.0 } else { x }, rounding)
        };
        out[lane] = of(ins.a) << 16 | of(ins.b);
    }
    r.put(ins.d, &out, mask);
}
