//! Integers.

use super::lanes::{Lanes, Registers, Wide, vectorised};
use crate::program::{Ins, Int, Lane16, NONE};

vectorised! {
    /// Operations on rows of 32 bits; numbers of 16 bits are extended first and cut off after.
    pub fn int32(r: &mut Registers, ins: &Ins, op: Int, lanes: Lane16, mask: u32) {
        let row = |row| if row == NONE { [0; 32] } else { extend(r.n(row), lanes) };
        let shifts = matches!(op, Int::ShiftLeft | Int::ShiftRightS | Int::ShiftRightU);
        // By how much is shifted has 32 bits whatever is shifted.
        let b = if shifts { *r.n(ins.b) } else { row(ins.b) };
        let mut out = int32_lanes(op, lanes, &row(ins.a), &b, &row(ins.c));
        if lanes != Lane16::No {
            for lane in &mut out {
                *lane &= 0xffff;
            }
        }
        r.put(ins.d, &out, mask);
    }
}

#[inline(always)]
fn extend(row: &Lanes, lanes: Lane16) -> Lanes {
    let mut out = *row;
    match lanes {
        Lane16::No => {}
        Lane16::Unsigned => out.iter_mut().for_each(|x| *x &= 0xffff),
        Lane16::Signed => out.iter_mut().for_each(|x| *x = *x as i16 as u32),
    }
    out
}

#[inline(always)]
fn map<A: Copy, R: Copy + Default, const N: usize>(a: &[A; N], f: impl Fn(A) -> R) -> [R; N] {
    let mut out = [R::default(); N];
    for lane in 0..N {
        out[lane] = f(a[lane]);
    }
    out
}

#[inline(always)]
fn zip<A: Copy, B: Copy, R: Copy + Default, const N: usize>(
    a: &[A; N],
    b: &[B; N],
    f: impl Fn(A, B) -> R,
) -> [R; N] {
    let mut out = [R::default(); N];
    for lane in 0..N {
        out[lane] = f(a[lane], b[lane]);
    }
    out
}

#[inline(always)]
fn zip3<A: Copy, B: Copy, C: Copy, R: Copy + Default, const N: usize>(
    a: &[A; N],
    b: &[B; N],
    c: &[C; N],
    f: impl Fn(A, B, C) -> R,
) -> [R; N] {
    let mut out = [R::default(); N];
    for lane in 0..N {
        out[lane] = f(a[lane], b[lane], c[lane]);
    }
    out
}

#[inline(always)]
fn int32_lanes(op: Int, lanes: Lane16, a: &Lanes, b: &Lanes, c: &Lanes) -> Lanes {
    // The high half of a product of 16 bits begins at bit 16.
    let high = if lanes == Lane16::No { 32 } else { 16 };
    match op {
        Int::Add => zip(a, b, u32::wrapping_add),
        Int::Sub => zip(a, b, u32::wrapping_sub),
        Int::Mul => zip(a, b, u32::wrapping_mul),
        Int::Mad => zip3(a, b, c, |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
        Int::MulHighS => zip(a, b, |a, b| high_signed(a, b, high)),
        Int::MulHighU => zip(a, b, |a, b| high_unsigned(a, b, high)),
        Int::MadHighS => zip3(a, b, c, |a, b, c| high_signed(a, b, high).wrapping_add(c)),
        Int::MadHighU => zip3(a, b, c, |a, b, c| high_unsigned(a, b, high).wrapping_add(c)),
        Int::Mul24S => zip(a, b, |a, b| low24(a).wrapping_mul(low24(b)) as u32),
        Int::Mad24S => zip3(a, b, c, |a, b, c| (low24(a).wrapping_mul(low24(b)) as u32).wrapping_add(c)),
        Int::Mul24U => zip(a, b, |a, b| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff)),
        Int::Mad24U => zip3(a, b, c, |a, b, c| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff).wrapping_add(c)),
        Int::SadS => zip3(a, b, c, |a, b, c| (a as i32).abs_diff(b as i32).wrapping_add(c)),
        Int::SadU => zip3(a, b, c, |a, b, c| a.abs_diff(b).wrapping_add(c)),
        Int::AddSaturated => zip(a, b, |a, b| (a as i32).saturating_add(b as i32) as u32),
        Int::SubSaturated => zip(a, b, |a, b| (a as i32).saturating_sub(b as i32) as u32),
        Int::MinS => zip(a, b, |a, b| (a as i32).min(b as i32) as u32),
        Int::MaxS => zip(a, b, |a, b| (a as i32).max(b as i32) as u32),
        Int::MinU => zip(a, b, u32::min),
        Int::MaxU => zip(a, b, u32::max),
        Int::Neg => map(a, u32::wrapping_neg),
        Int::Abs => map(a, |a| (a as i32).wrapping_abs() as u32),
        // A division by zero gives all ones, as GPUs do; PTX leaves it open.
        Int::DivS => zip(a, b, |a, b| if b == 0 { !0 } else { (a as i32).wrapping_div(b as i32) as u32 }),
        Int::DivU => zip(a, b, |a, b| a.checked_div(b).unwrap_or(!0)),
        Int::RemS => zip(a, b, |a, b| if b == 0 { a } else { (a as i32).wrapping_rem(b as i32) as u32 }),
        Int::RemU => zip(a, b, |a, b| a.checked_rem(b).unwrap_or(a)),
        Int::And => zip(a, b, |a, b| a & b),
        Int::Or => zip(a, b, |a, b| a | b),
        Int::Xor => zip(a, b, |a, b| a ^ b),
        Int::Not => map(a, |a| !a),
        Int::IsZero => map(a, |a| u32::from(a == 0)),
        Int::ShiftLeft => zip(a, b, |a, b| if b > 31 { 0 } else { a << b }),
        Int::ShiftRightU => zip(a, b, |a, b| if b > 31 { 0 } else { a >> b }),
        Int::ShiftRightS => zip(a, b, |a, b| ((a as i32) >> b.min(31)) as u32),
        Int::CountOnes => map(a, u32::count_ones),
        Int::CountZeros => map(a, u32::leading_zeros),
        Int::Reverse => map(a, u32::reverse_bits),
        Int::FindU => map(a, |a| 31u32.wrapping_sub(a.leading_zeros())),
        Int::FindS => map(a, |a| 31u32.wrapping_sub((a ^ ((a as i32) >> 31) as u32).leading_zeros())),
        Int::ExtractU => zip3(a, b, c, |a, at, length| extract(u64::from(a), at, length, false) as u32),
        Int::ExtractS => zip3(a, b, c, |a, at, length| extract(a as i32 as u64, at, length, true) as u32),
        Int::Permute => zip3(a, b, c, permute),
        Int::FunnelLeftWrap => zip3(a, b, c, |a, b, c| (pair(a, b) << (c & 31) >> 32) as u32),
        Int::FunnelLeftClamp => zip3(a, b, c, |a, b, c| (pair(a, b) << c.min(32) >> 32) as u32),
        Int::FunnelRightWrap => zip3(a, b, c, |a, b, c| (pair(a, b) >> (c & 31)) as u32),
        Int::FunnelRightClamp => zip3(a, b, c, |a, b, c| (pair(a, b) >> c.min(32)) as u32),
        Int::Logic3(table) => zip3(a, b, c, |a, b, c| logic3(table, a, b, c)),
        Int::Dot4 { signed_a, signed_b } => zip3(a, b, c, |a, b, c| dot4(a, b, c, signed_a, signed_b)),
        Int::Dot2 { high, signed_a, signed_b } => {
            zip3(a, b, c, |a, b, c| dot2(a, if high { b >> 16 } else { b }, c, signed_a, signed_b))
        }
    }
}

#[inline(always)]
fn high_signed(a: u32, b: u32, high: u32) -> u32 {
    (i64::from(a as i32).wrapping_mul(i64::from(b as i32)) >> high) as u32
}

#[inline(always)]
fn high_unsigned(a: u32, b: u32, high: u32) -> u32 {
    (u64::from(a).wrapping_mul(u64::from(b)) >> high) as u32
}

#[inline(always)]
fn low24(a: u32) -> i32 {
    (a << 8) as i32 >> 8
}

#[inline(always)]
fn pair(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// The field of `length` bits at `at`. A field with a sign that reaches beyond the top is filled with the sign of the whole.
#[inline(always)]
fn extract(a: u64, at: u32, length: u32, signed: bool) -> u64 {
    let (at, length) = (at & 255, length & 255);
    if length == 0 {
        return 0;
    }
    let moved = match (at > 63, signed) {
        (true, true) => ((a as i64) >> 63) as u64,
        (true, false) => 0,
        (false, true) => ((a as i64) >> at) as u64,
        (false, false) => a >> at,
    };
    if length > 63 {
        return moved;
    }
    let rest = 64 - length;
    if signed { ((moved << rest) as i64 >> rest) as u64 } else { moved << rest >> rest }
}

#[inline(always)]
fn insert(a: u64, b: u64, at: u32, length: u32) -> u64 {
    let (at, length) = (at & 255, length & 255);
    if at > 63 || length == 0 {
        return b;
    }
    let field = (u64::MAX >> (64 - length.min(64))) << at;
    b & !field | (a << at) & field
}

/// `prmt`: bytes of `b:a` picked by the nibbles of `selector`; the highest bit of a nibble asks for copies of the byte's sign.
#[inline(always)]
fn permute(a: u32, b: u32, selector: u32) -> u32 {
    let bytes = pair(a, b);
    let mut out = 0;
    for at in 0..4 {
        let nibble = selector >> (4 * at) & 15;
        let byte = (bytes >> (8 * (nibble & 7))) as u8;
        let byte = if nibble & 8 == 0 { byte } else { (byte as i8 >> 7) as u8 };
        out |= u32::from(byte) << (8 * at);
    }
    out
}

#[inline(always)]
fn logic3(table: u8, a: u32, b: u32, c: u32) -> u32 {
    let mut out = 0;
    for case in 0..8 {
        if table >> case & 1 == 1 {
            let of = |bit: u8, value: u32| if case & bit != 0 { value } else { !value };
            out |= of(4, a) & of(2, b) & of(1, c);
        }
    }
    out
}

#[inline(always)]
fn dot4(a: u32, b: u32, c: u32, signed_a: bool, signed_b: bool) -> u32 {
    let byte = |x: u32, at: u32, signed: bool| {
        let byte = (x >> (8 * at)) as u8;
        if signed { i32::from(byte as i8) } else { i32::from(byte) }
    };
    (0..4).fold(c, |sum, at| sum.wrapping_add((byte(a, at, signed_a) * byte(b, at, signed_b)) as u32))
}

#[inline(always)]
fn dot2(a: u32, b: u32, c: u32, signed_a: bool, signed_b: bool) -> u32 {
    let half = |at: u32| {
        let half = (a >> (16 * at)) as u16;
        if signed_a { i64::from(half as i16) } else { i64::from(half) }
    };
    let byte = |at: u32| {
        let byte = (b >> (8 * at)) as u8;
        if signed_b { i64::from(byte as i8) } else { i64::from(byte) }
    };
    (0..2).fold(c, |sum, at| sum.wrapping_add((half(at) * byte(at)) as u32))
}

vectorised! {
    /// Operations on rows of 64 bits.
    pub fn int64(r: &mut Registers, ins: &Ins, op: Int, mask: u32) {
        let row = |row| if row == NONE { [0; 32] } else { *r.w(row) };
        let (a, b, c) = (&row(ins.a), &row(ins.b), &row(ins.c));
        let out = match op {
            Int::Add => zip(a, b, u64::wrapping_add),
            Int::Sub => zip(a, b, u64::wrapping_sub),
            Int::Mul => zip(a, b, u64::wrapping_mul),
            Int::Mad => zip3(a, b, c, |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
            Int::MulHighS => zip(a, b, high_signed64),
            Int::MulHighU => zip(a, b, high_unsigned64),
            Int::MadHighS => zip3(a, b, c, |a, b, c| high_signed64(a, b).wrapping_add(c)),
            Int::MadHighU => zip3(a, b, c, |a, b, c| high_unsigned64(a, b).wrapping_add(c)),
            Int::SadS => zip3(a, b, c, |a, b, c| (a as i64).abs_diff(b as i64).wrapping_add(c)),
            Int::SadU => zip3(a, b, c, |a, b, c| a.abs_diff(b).wrapping_add(c)),
            Int::MinS => zip(a, b, |a, b| (a as i64).min(b as i64) as u64),
            Int::MaxS => zip(a, b, |a, b| (a as i64).max(b as i64) as u64),
            Int::MinU => zip(a, b, u64::min),
            Int::MaxU => zip(a, b, u64::max),
            Int::Neg => map(a, u64::wrapping_neg),
            Int::Abs => map(a, |a| (a as i64).wrapping_abs() as u64),
            Int::DivS => zip(a, b, |a, b| if b == 0 { !0 } else { (a as i64).wrapping_div(b as i64) as u64 }),
            Int::DivU => zip(a, b, |a, b| a.checked_div(b).unwrap_or(!0)),
            Int::RemS => zip(a, b, |a, b| if b == 0 { a } else { (a as i64).wrapping_rem(b as i64) as u64 }),
            Int::RemU => zip(a, b, |a, b| a.checked_rem(b).unwrap_or(a)),
            Int::And => zip(a, b, |a, b| a & b),
            Int::Or => zip(a, b, |a, b| a | b),
            Int::Xor => zip(a, b, |a, b| a ^ b),
            Int::Not => map(a, |a| !a),
            Int::IsZero => map(a, |a| u64::from(a == 0)),
            Int::Reverse => map(a, u64::reverse_bits),
            // The decoder makes no others of this width.
            _ => return,
        };
        r.put_wide(ins.d, &out, mask);
    }
}

fn high_signed64(a: u64, b: u64) -> u64 {
    ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64
}

fn high_unsigned64(a: u64, b: u64) -> u64 {
    ((u128::from(a) * u128::from(b)) >> 64) as u64
}

vectorised! {
    /// Shifts of 64 bits by a row of 32.
    pub fn shift64(r: &mut Registers, ins: &Ins, op: Int, mask: u32) {
        let (a, b) = (r.w(ins.a), r.n(ins.b));
        let out = match op {
            Int::ShiftLeft => zip(a, b, |a, b| if b > 63 { 0 } else { a << b }),
            Int::ShiftRightU => zip(a, b, |a, b| if b > 63 { 0 } else { a >> b }),
            _ => zip(a, b, |a, b| ((a as i64) >> b.min(63)) as u64),
        };
        r.put_wide(ins.d, &out, mask);
    }
}

vectorised! {
    /// Products twice as wide as their factors, with a summand of that width or none.
    pub fn multiply_wide(r: &mut Registers, ins: &Ins, signed: bool, mask: u32) {
        let (a, b) = (r.n(ins.a), r.n(ins.b));
        let mut out: Wide = if signed {
            zip(a, b, |a, b| i64::from(a as i32).wrapping_mul(i64::from(b as i32)) as u64)
        } else {
            zip(a, b, |a, b| u64::from(a).wrapping_mul(u64::from(b)))
        };
        if ins.c != NONE {
            out = zip(&out, r.w(ins.c), u64::wrapping_add);
        }
        r.put_wide(ins.d, &out, mask);
    }
}

/// Counts of bits of 64.
pub fn count64(r: &mut Registers, ins: &Ins, op: Int, mask: u32) {
    let out = map(r.w(ins.a), |a| match op {
        Int::CountOnes => a.count_ones(),
        Int::CountZeros => a.leading_zeros(),
        Int::FindS => 63u32.wrapping_sub((a ^ ((a as i64) >> 63) as u64).leading_zeros()),
        _ => 63u32.wrapping_sub(a.leading_zeros()),
    });
    r.put(ins.d, &out, mask);
}

/// A bit field of 64 bits.
pub fn extract64(r: &mut Registers, ins: &Ins, signed: bool, mask: u32) {
    let out = zip3(r.w(ins.a), r.n(ins.b), r.n(ins.c), |a, at, length| extract(a, at, length, signed));
    r.put_wide(ins.d, &out, mask);
}

/// `bfi` of 32 bits.
pub fn insert32(r: &mut Registers, ins: &Ins, length: &Lanes, mask: u32) {
    let (a, b, at) = (r.n(ins.a), r.n(ins.b), r.n(ins.c));
    let out = std::array::from_fn(|l| insert(u64::from(a[l]), u64::from(b[l]), at[l], length[l]) as u32);
    r.put(ins.d, &out, mask);
}

/// `bfi` of 64 bits.
pub fn insert64(r: &mut Registers, ins: &Ins, length: &Lanes, mask: u32) {
    let (a, b, at) = (r.w(ins.a), r.w(ins.b), r.n(ins.c));
    let out = std::array::from_fn(|l| insert(a[l], b[l], at[l], length[l]));
    r.put_wide(ins.d, &out, mask);
}
