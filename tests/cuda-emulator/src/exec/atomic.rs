//! Atomic operations. Blocks of a kernel that has them run one after another, so nothing has to be atomic here.

use super::block::Block;
use super::global::{Request, Use};
use super::lanes::{Lanes, Wide, lanes_of};
use super::memory::{addresses, read, write};
use super::softfloat::{BF16, F16, Format};
use super::warp::Warp;
use crate::fault::Fault;
use crate::program::{Atomic, AtomicKind, Ins, NONE, Rounding};
use crate::ptx::{Space, Type};

impl Block<'_> {
    pub fn atomic(&mut self, w: &mut Warp, ins: &Ins, op: &Atomic, mask: u32) -> Result<(), Fault> {
        let at = addresses(&w.r, op.address);
        let bytes = op.ty.bytes();
        let operand = |row, lane: usize| match (row, bytes) {
            (NONE, _) => 0,
            (row, 8) => w.r.w(row)[lane],
            (row, _) => u64::from(w.r.n(row)[lane]),
        };
        let values: [Wide; 2] = op.operands.map(|row| std::array::from_fn(|lane| operand(row, lane)));
        let mut old: Wide = [0; 32];
        self.by_space(op.space, at, mask, |block, space, at, mask| {
            if space == Space::Global {
                block.meet_writers(w, at, mask, bytes);
            }
            block.check(w, ins, space, &Request { usage: Use::Atomic, bytes, at, mask, same: &|_| false })?;
            for lane in lanes_of(mask) {
                let pointer = block.pointer(w, space, at[lane], lane);
                // SAFETY: the access was checked.
                unsafe {
                    old[lane] = read(pointer, bytes, false);
                    write(pointer, bytes, changed(op, old[lane], values[0][lane], values[1][lane]));
                }
            }
            Ok(())
        })?;
        if op.old != NONE && bytes == 8 {
            w.r.put_wide(op.old, &old, mask);
        } else if op.old != NONE {
            let old: Lanes = old.map(|x| x as u32);
            w.r.put(op.old, &old, mask);
        }
        Ok(())
    }
}

fn changed(op: &Atomic, old: u64, value: u64, other: u64) -> u64 {
    let (bits, signed) = (op.ty.bits(), op.ty.is_signed());
    let extend = |x: u64| ((x << (64 - bits)) as i64) >> (64 - bits);
    let cut = |x: u64| x << (64 - bits) >> (64 - bits);
    match op.kind {
        AtomicKind::Add | AtomicKind::Min | AtomicKind::Max if op.ty.is_float() => float(op, old, value),
        AtomicKind::Add => old.wrapping_add(value),
        AtomicKind::Min if signed => extend(old).min(extend(value)) as u64,
        AtomicKind::Max if signed => extend(old).max(extend(value)) as u64,
        AtomicKind::Min => cut(old).min(cut(value)),
        AtomicKind::Max => cut(old).max(cut(value)),
        AtomicKind::And => old & value,
        AtomicKind::Or => old | value,
        AtomicKind::Xor => old ^ value,
        AtomicKind::Increment => {
            if cut(old) >= cut(value) {
                0
            } else {
                old + 1
            }
        }
        AtomicKind::Decrement => {
            if cut(old) == 0 || cut(old) > cut(value) {
                value
            } else {
                old - 1
            }
        }
        AtomicKind::Exchange => value,
        AtomicKind::CompareExchange => {
            if cut(old) == cut(value) {
                other
            } else {
                old
            }
        }
    }
}

fn float(op: &Atomic, old: u64, value: u64) -> u64 {
    let apply = |a: f64, b: f64| match op.kind {
        AtomicKind::Min => a.min(b),
        AtomicKind::Max => a.max(b),
        _ => a + b,
    };
    let halves = |format: Format, count: u32| {
        (0..count).fold(0, |out, at| {
            let of = |x: u64| format.decode((x >> (16 * at)) as u32 & 0xffff);
            out | u64::from(format.encode(apply(of(old), of(value)), Rounding::Nearest)) << (16 * at)
        })
    };
    match op.ty {
        Type::F64 => apply(f64::from_bits(old), f64::from_bits(value)).to_bits(),
        Type::F16 => halves(F16, 1),
        Type::BF16 => halves(BF16, 1),
        Type::F16x2 => halves(F16, 2),
        Type::BF16x2 => halves(BF16, 2),
        _ => {
            let of = |x: u64| f64::from(f32::from_bits(x as u32));
            u64::from((apply(of(old), of(value)) as f32).to_bits())
        }
    }
}
