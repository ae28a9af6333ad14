//! Conversions between types.

use super::float::{NAN, flush};
use super::lanes::{Lanes, Registers, Wide, lanes_of, vectorised};
use super::softfloat::{self, BF16, F16, F32, TF32, round_whole};
use crate::program::{Convert, Ins, Rounding};
use crate::ptx::Type;

vectorised! {
    /// Converts a row.
    pub fn convert(r: &mut Registers, ins: &Ins, op: &Convert, mask: u32) {
        // What address arithmetic consists of goes without a detour.
        match (op.from, op.to, op.wide_from, op.wide_to) {
            (Type::S32, Type::S64, false, true) => {
                let out: Wide = r.n(ins.a).map(|x| i64::from(x as i32) as u64);
                return r.put_wide(ins.d, &out, mask);
            }
            (Type::U32, Type::U64 | Type::S64, false, true) => {
                let out: Wide = r.n(ins.a).map(u64::from);
                return r.put_wide(ins.d, &out, mask);
            }
            (Type::U64 | Type::S64, Type::U32 | Type::S32, true, false) if !op.saturate => {
                let out: Lanes = r.w(ins.a).map(|x| x as u32);
                return r.put(ins.d, &out, mask);
            }
            (Type::S32, Type::F32, false, false) if op.rounding == Rounding::Nearest && !op.saturate => {
                let out: Lanes = r.n(ins.a).map(|x| (x as i32 as f32).to_bits());
                return r.put(ins.d, &out, mask);
            }
            _ => {}
        }
        let mut wide: Wide = [0; 32];
        for lane in lanes_of(mask) {
            let from = if op.wide_from { r.w(ins.a)[lane] } else { u64::from(r.n(ins.a)[lane]) };
            wide[lane] = one(op, from);
        }
        if op.wide_to {
            r.put_wide(ins.d, &wide, mask);
        } else {
            r.put(ins.d, &wide.map(|x| x as u32), mask);
        }
    }
}

/// Converts one value; what is narrower than its register is extended to 64 bits by its sign.
fn one(op: &Convert, bits: u64) -> u64 {
    match (op.from.is_float(), op.to.is_float()) {
        (true, true) => float_to_float(op, bits),
        (true, false) => float_to_integer(op, bits),
        (false, true) => integer_to_float(op, bits),
        (false, false) => store_integer(op.to, integer(op.from, bits), op.saturate),
    }
}

fn float(op: &Convert, bits: u64) -> f64 {
    match op.from {
        Type::F64 => f64::from_bits(bits),
        Type::F16 => F16.decode(bits as u32 & 0xffff),
        Type::BF16 => f64::from(softfloat::brain_to_f32(bits as u16)),
        _ => f64::from(f32::from_bits(if op.flush { flush(bits as u32) } else { bits as u32 })),
    }
}

fn float_to_float(op: &Convert, bits: u64) -> u64 {
    let mut x = float(op, bits);
    if op.whole {
        x = round_whole(x, op.rounding);
    }
    if op.saturate {
        x = softfloat::saturate(x);
    }
    if op.relu && x < 0.0 {
        x = 0.0;
    }
    match op.to {
        Type::F64 if x.is_nan() => 0x7fff_ffff_ffff_ffff,
        Type::F64 => x.to_bits(),
        Type::F16 => u64::from(F16.encode(x, op.rounding)),
        Type::BF16 => u64::from(BF16.encode(x, op.rounding)),
        Type::TF32 if x.is_nan() => u64::from(NAN),
        Type::TF32 => u64::from(TF32.encode(x, op.rounding) << 13),
        _ => {
            let bits = F32.encode(x, op.rounding);
            u64::from(if op.flush { flush(bits) } else { bits })
        }
    }
}

/// Out of range is the nearest bound, and NaN is zero.
fn float_to_integer(op: &Convert, bits: u64) -> u64 {
    let x = round_whole(float(op, bits), op.rounding);
    match op.to {
        Type::S64 => x as i64 as u64,
        Type::U64 => x as u64,
        to => store_integer(to, x as i128, true),
    }
}

fn integer(ty: Type, bits: u64) -> i128 {
    match ty {
        Type::S8 => i128::from(bits as i8),
        Type::U8 => i128::from(bits as u8),
        Type::S16 => i128::from(bits as i16),
        Type::U16 => i128::from(bits as u16),
        Type::S32 => i128::from(bits as i32),
        Type::U32 => i128::from(bits as u32),
        Type::S64 => i128::from(bits as i64),
        _ => i128::from(bits),
    }
}

fn store_integer(ty: Type, x: i128, saturate: bool) -> u64 {
    let bits = ty.bits();
    let x = if saturate {
        let (low, high) = match ty.is_signed() {
            true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => (0, (1i128 << bits) - 1),
        };
        x.clamp(low, high)
    } else {
        x
    };
    // Cut to the type, then extended to the register.
    integer(ty, x as u64) as u64
}

fn integer_to_float(op: &Convert, bits: u64) -> u64 {
    let x = integer(op.from, bits);
    match op.to {
        Type::F64 => {
            let nearest = x as f64;
            softfloat::direct64(nearest, (x - nearest as i128) as f64, op.rounding).to_bits()
        }
        Type::F16 => u64::from(F16.encode(x as f64, op.rounding)),
        Type::BF16 => u64::from(BF16.encode(x as f64, op.rounding)),
        _ => {
            let nearest = x as f32;
            let out = softfloat::direct(nearest, (x - nearest as i128) as f64, op.rounding);
            let out = if op.saturate { softfloat::saturate(f64::from(out)) as f32 } else { out };
            u64::from(out.to_bits())
        }
    }
}
