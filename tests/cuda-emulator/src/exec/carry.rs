//! Arithmetic with a carry: numbers of more than 64 bits, and 64 out of 32.

use super::lanes::{Registers, lanes_of};
use crate::program::{Carry, CarryKind, Ins, NONE};

/// Runs `add.cc`, `addc`, `sub.cc`, `subc`, `mad.cc`, `madc`.
pub fn carry(r: &mut Registers, ins: &Ins, op: Carry, mask: u32) {
    let bits = if op.wide { 64 } else { 32 };
    for lane in lanes_of(mask) {
        let read = |row| match (row, op.wide) {
            (NONE, _) => 0u128,
            (row, true) => u128::from(r.w(row)[lane]),
            (row, false) => u128::from(r.n(row)[lane]),
        };
        let (a, b, c) = (read(ins.a), read(ins.b), read(ins.c));
        let all = (1u128 << bits) - 1;
        let input = u128::from(op.input && r.carry >> lane & 1 == 1);
        let product = || match op.kind {
            CarryKind::MadHighS => {
                let extend = |x: u128| ((x << (128 - bits)) as i128) >> (128 - bits);
                (extend(a).wrapping_mul(extend(b)) >> bits) as u128 & all
            }
            CarryKind::MadHighU => a.wrapping_mul(b) >> bits & all,
            _ => a.wrapping_mul(b) & all,
        };
        let (value, carry) = match op.kind {
            CarryKind::Add => {
                let sum = a + b + input;
                (sum & all, sum >> bits & 1)
            }
            CarryKind::Sub => {
                let difference = a.wrapping_sub(b).wrapping_sub(input);
                (difference & all, difference >> bits & 1)
            }
            _ => {
                let sum = product() + c + input;
                (sum & all, sum >> bits & 1)
            }
        };
        if op.wide {
            r.wide[usize::from(ins.d)][lane] = value as u64;
        } else {
            r.narrow[usize::from(ins.d)][lane] = value as u32;
        }
        if op.output {
            r.carry = r.carry & !(1 << lane) | (carry as u32) << lane;
        }
    }
}
