//! `f32` and `f64`, and comparisons.

use super::lanes::{Lanes, Registers, Wide, lanes_of, vectorised};
use super::softfloat::{self, direct, direct64, two_sum};
use crate::program::{Compare, Float, Ins, Logic, LogicKind, Mode, NONE, Relation, Rounding, Row, Test};
use crate::ptx::Type;

type Floats = [f32; 32];

/// The NaN that arithmetic gives.
pub const NAN: u32 = 0x7fff_ffff;
const NAN64: u64 = 0x7fff_ffff_ffff_ffff;

vectorised! {
    /// Operations on rows of `f32`.
    pub fn float32(r: &mut Registers, ins: &Ins, op: Float, mode: Mode, mask: u32) {
        let row = |row| if row == NONE { [0.0; 32] } else { floats(r.n(row), mode.flush) };
        let (a, b, c) = (&row(ins.a), &row(ins.b), &row(ins.c));
        let mut out: Floats = if mode.rounding == Rounding::Nearest { nearest(op, mode, a, b, c) }
            else { std::array::from_fn(|l| directed(op, mode.rounding, a[l], b[l], c[l])) };
        if mode.saturate {
            // NaN becomes zero.
            out.iter_mut().for_each(|x| *x = if *x > 0.0 { if *x < 1.0 { *x } else { 1.0 } } else { 0.0 });
        }
        let mut bits: Lanes = [0; 32];
        for lane in 0..32 {
            bits[lane] = out[lane].to_bits();
        }
        if !matches!(op, Float::Neg | Float::Abs | Float::CopySign) {
            for lane in 0..32 {
                bits[lane] = if out[lane].is_nan() { NAN } else { bits[lane] };
            }
        }
        if mode.flush {
            bits.iter_mut().for_each(|x| *x = flush(*x));
        }
        r.put(ins.d, &bits, mask);
    }
}

/// A subnormal number becomes a zero of its sign.
#[inline(always)]
pub fn flush(bits: u32) -> u32 {
    if bits & 0x7f80_0000 == 0 { bits & 0x8000_0000 } else { bits }
}

#[inline(always)]
fn floats(row: &Lanes, flushed: bool) -> Floats {
    let mut out = [0.0; 32];
    for lane in 0..32 {
        out[lane] = f32::from_bits(if flushed { flush(row[lane]) } else { row[lane] });
    }
    out
}

#[inline(always)]
fn each(a: &Floats, f: impl Fn(f32) -> f32) -> Floats {
    let mut out = [0.0; 32];
    for lane in 0..32 {
        out[lane] = f(a[lane]);
    }
    out
}

#[inline(always)]
fn both(a: &Floats, b: &Floats, f: impl Fn(f32, f32) -> f32) -> Floats {
    let mut out = [0.0; 32];
    for lane in 0..32 {
        out[lane] = f(a[lane], b[lane]);
    }
    out
}

#[inline(always)]
fn nearest(op: Float, mode: Mode, a: &Floats, b: &Floats, c: &Floats) -> Floats {
    match op {
        Float::Add => both(a, b, |a, b| a + b),
        Float::Sub => both(a, b, |a, b| a - b),
        Float::Mul => both(a, b, |a, b| a * b),
        Float::Fma => {
            let mut out = [0.0; 32];
            for lane in 0..32 {
                out[lane] = a[lane].mul_add(b[lane], c[lane]);
            }
            out
        }
        Float::Div => both(a, b, |a, b| a / b),
        Float::Rcp => each(a, |a| 1.0 / a),
        Float::Sqrt => each(a, f32::sqrt),
        Float::Rsqrt => each(a, |a| (1.0 / f64::from(a).sqrt()) as f32),
        Float::Sin => each(a, f32::sin),
        Float::Cos => each(a, f32::cos),
        Float::Log2 => each(a, f32::log2),
        Float::Exp2 => each(a, f32::exp2),
        Float::Tanh => each(a, f32::tanh),
        Float::Min => both(a, b, |a, b| least(a, b, mode.nan)),
        Float::Max => both(a, b, |a, b| -least(-a, -b, mode.nan)),
        Float::Neg => each(a, |a| -a),
        Float::Abs => each(a, f32::abs),
        Float::CopySign => both(a, b, |a, b| b.copysign(a)),
    }
}

/// The minimum as PTX has it: the other one if one is NaN, unless NaN is asked for; −0 is less than +0.
#[inline(always)]
fn least(a: f32, b: f32, nan: bool) -> f32 {
    if a.is_nan() || b.is_nan() {
        return if nan || a.is_nan() && b.is_nan() {
            f32::NAN
        } else if a.is_nan() {
            b
        } else {
            a
        };
    }
    if a < b || (a == b && a.is_sign_negative()) { a } else { b }
}

/// Rounding in a direction: the nearest result, moved if the exact one lies on the other side.
fn directed(op: Float, rounding: Rounding, a: f32, b: f32, c: f32) -> f32 {
    let exact = f64::from;
    match op {
        Float::Add => softfloat::fma(a, 1.0, b, rounding),
        Float::Sub => softfloat::fma(a, 1.0, -b, rounding),
        // The sign of a product's zero is kept by a zero of its sign.
        Float::Mul => {
            let sign = if a.is_sign_negative() == b.is_sign_negative() { 0.0 } else { -0.0 };
            softfloat::fma(a, b, sign, rounding)
        }
        Float::Fma => softfloat::fma(a, b, c, rounding),
        Float::Div | Float::Rcp => {
            let (a, b) = if op == Float::Rcp { (1.0, a) } else { (a, b) };
            let quotient = a / b;
            if !a.is_finite() || !b.is_finite() || b == 0.0 {
                return quotient;
            }
            let rest = (-exact(quotient)).mul_add(exact(b), exact(a)) * exact(b).signum();
            direct(quotient, rest, rounding)
        }
        Float::Sqrt => {
            let root = a.sqrt();
            if !root.is_finite() {
                return root;
            }
            direct(root, (-exact(root)).mul_add(exact(root), exact(a)), rounding)
        }
        _ => f32::NAN,
    }
}

vectorised! {
    /// Operations on rows of `f64`.
    pub fn float64(r: &mut Registers, ins: &Ins, op: Float, mode: Mode, mask: u32) {
        let row = |row: Row| -> [f64; 32] {
            if row == NONE { [0.0; 32] } else { std::array::from_fn(|l| f64::from_bits(r.w(row)[l])) }
        };
        let (a, b, c) = (row(ins.a), row(ins.b), row(ins.c));
        let mut out: Wide = [0; 32];
        for lane in 0..32 {
            let (a, b, c) = (a[lane], b[lane], c[lane]);
            let x = match op {
                Float::Add => sum64(a, b, mode.rounding),
                Float::Sub => sum64(a, -b, mode.rounding),
                Float::Mul if mode.rounding == Rounding::Nearest => a * b,
                Float::Mul => direct64(a * b, a.mul_add(b, -(a * b)), mode.rounding),
                Float::Fma => a.mul_add(b, c),
                Float::Div => a / b,
                Float::Rcp => 1.0 / a,
                Float::Sqrt => a.sqrt(),
                Float::Rsqrt => 1.0 / a.sqrt(),
                Float::Min => least64(a, b),
                Float::Max => -least64(-a, -b),
                Float::Neg => -a,
                Float::Abs => a.abs(),
                Float::CopySign => b.copysign(a),
                Float::Sin => a.sin(),
                Float::Cos => a.cos(),
                Float::Log2 => a.log2(),
                Float::Exp2 => a.exp2(),
                Float::Tanh => a.tanh(),
            };
            out[lane] = match op {
                Float::Neg | Float::Abs | Float::CopySign => x.to_bits(),
                _ if x.is_nan() => NAN64,
                _ => x.to_bits(),
            };
        }
        r.put_wide(ins.d, &out, mask);
    }
}

#[inline(always)]
fn sum64(a: f64, b: f64, rounding: Rounding) -> f64 {
    if rounding == Rounding::Nearest {
        return a + b;
    }
    let (sum, rest) = two_sum(a, b);
    if sum == 0.0 && rounding == Rounding::Down && a.is_sign_negative() != b.is_sign_negative() {
        return -0.0;
    }
    direct64(sum, rest, rounding)
}

#[inline(always)]
fn least64(a: f64, b: f64) -> f64 {
    if a.is_nan() {
        b
    } else if b.is_nan() || a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}

vectorised! {
    /// A comparison into predicates.
    pub fn compare(r: &mut Registers, ins: &Ins, op: &Compare, mask: u32) {
        let result = match op.ty {
            Type::S32 => integers(op.relation, r.n(ins.a), r.n(ins.b), |x| x as i32),
            Type::U32 => integers(op.relation, r.n(ins.a), r.n(ins.b), |x| x),
            Type::S16 | Type::S8 => integers(op.relation, r.n(ins.a), r.n(ins.b), |x| x as i16),
            Type::U16 | Type::U8 => integers(op.relation, r.n(ins.a), r.n(ins.b), |x| x as u16),
            Type::S64 => integers(op.relation, r.w(ins.a), r.w(ins.b), |x| x as i64),
            Type::U64 => integers(op.relation, r.w(ins.a), r.w(ins.b), |x| x),
            Type::F64 => bits(|l| ordered(op.relation, f64::from_bits(r.w(ins.a)[l]), f64::from_bits(r.w(ins.b)[l]))),
            Type::F16 => bits(|l| {
                let half = |row: Row| softfloat::half_to_f32(r.n(row)[l] as u16);
                ordered(op.relation, f64::from(half(ins.a)), f64::from(half(ins.b)))
            }),
            Type::BF16 => bits(|l| {
                let brain = |row: Row| softfloat::brain_to_f32(r.n(row)[l] as u16);
                ordered(op.relation, f64::from(brain(ins.a)), f64::from(brain(ins.b)))
            }),
            _ => {
                let (a, b) = (floats(r.n(ins.a), op.flush), floats(r.n(ins.b), op.flush));
                bits(|l| ordered(op.relation, f64::from(a[l]), f64::from(b[l])))
            }
        };
        let with = |value: u32| match op.combine {
            None => value,
            Some((kind, negated)) => combine(kind, value, if negated { !r.p(ins.c) } else { r.p(ins.c) }),
        };
        let (first, second) = (with(result), with(!result));
        r.put_predicate(ins.d, first, mask);
        r.put_predicate(op.opposite, second, mask);
    }
}

#[inline(always)]
fn bits(f: impl Fn(usize) -> bool) -> u32 {
    let mut out = 0;
    for lane in 0..32 {
        out |= u32::from(f(lane)) << lane;
    }
    out
}

#[inline(always)]
fn integers<A: Copy, T: Ord>(relation: Relation, a: &[A; 32], b: &[A; 32], as_type: impl Fn(A) -> T) -> u32 {
    let pair = |l: usize| (as_type(a[l]), as_type(b[l]));
    match relation {
        Relation::Equal => bits(|l| pair(l).0 == pair(l).1),
        Relation::NotEqual => bits(|l| pair(l).0 != pair(l).1),
        Relation::Less => bits(|l| pair(l).0 < pair(l).1),
        Relation::LessEqual => bits(|l| pair(l).0 <= pair(l).1),
        Relation::Greater => bits(|l| pair(l).0 > pair(l).1),
        Relation::GreaterEqual => bits(|l| pair(l).0 >= pair(l).1),
        // Relations of unordered numbers are of floats alone.
        _ => 0,
    }
}

#[inline(always)]
fn ordered(relation: Relation, a: f64, b: f64) -> bool {
    let unordered = a.is_nan() || b.is_nan();
    match relation {
        Relation::Equal => a == b,
        Relation::NotEqual => !unordered && a != b,
        Relation::Less => a < b,
        Relation::LessEqual => a <= b,
        Relation::Greater => a > b,
        Relation::GreaterEqual => a >= b,
        Relation::EqualUnordered => unordered || a == b,
        Relation::NotEqualUnordered => a != b,
        Relation::LessUnordered => unordered || a < b,
        Relation::LessEqualUnordered => unordered || a <= b,
        Relation::GreaterUnordered => unordered || a > b,
        Relation::GreaterEqualUnordered => unordered || a >= b,
        Relation::Ordered => !unordered,
        Relation::Unordered => unordered,
    }
}

fn combine(kind: LogicKind, a: u32, b: u32) -> u32 {
    match kind {
        LogicKind::And => a & b,
        LogicKind::Or => a | b,
        LogicKind::Xor => a ^ b,
    }
}

/// Logic on predicates.
pub fn logic(r: &mut Registers, ins: &Ins, op: Logic, mask: u32) {
    let of = |row, negated| if negated { !r.p(row) } else { r.p(row) };
    let value = combine(op.kind, of(ins.a, op.negate_a), of(ins.b, op.negate_b));
    r.put_predicate(ins.d, value, mask);
}

/// `testp`.
pub fn test(r: &mut Registers, ins: &Ins, test: Test, wide: bool, mask: u32) {
    let mut value = 0;
    for lane in lanes_of(mask) {
        let (x, smallest) = if wide {
            (f64::from_bits(r.w(ins.a)[lane]), f64::MIN_POSITIVE)
        } else {
            (f64::from(f32::from_bits(r.n(ins.a)[lane])), f64::from(f32::MIN_POSITIVE))
        };
        let holds = match test {
            Test::Finite => x.is_finite(),
            Test::Infinite => x.is_infinite(),
            Test::Number => !x.is_nan(),
            Test::NotANumber => x.is_nan(),
            Test::Normal => x.is_finite() && x.abs() >= smallest,
            Test::Subnormal => x != 0.0 && x.abs() < smallest,
        };
        value |= u32::from(holds) << lane;
    }
    r.put_predicate(ins.d, value, mask);
}
