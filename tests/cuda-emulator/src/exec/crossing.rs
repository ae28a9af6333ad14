//! What crosses lanes: shuffles, votes, reductions.

use super::block::Block;
use super::lanes::{Lanes, Registers, lanes_of};
use super::warp::Warp;
use crate::fault::{Fault, FaultKind};
use crate::program::{Ins, Int, NONE, Row, ShuffleMode, Vote};

impl Block<'_> {
    /// `shfl.sync`, as the PTX ISA describes it.
    pub fn shuffle(
        &mut self,
        w: &mut Warp,
        ins: &Ins,
        mode: ShuffleMode,
        predicate: Row,
        mask: u32,
    ) -> Result<(), Fault> {
        let (value, by, limits) = (*w.r.n(ins.a), *w.r.n(ins.b), *w.r.n(ins.c));
        let (mut out, mut valid): (Lanes, u32) = ([0; 32], 0);
        for lane in lanes_of(mask) {
            let this = lane as i32;
            let (by, clamp, segment) =
                ((by[lane] & 31) as i32, (limits[lane] & 31) as i32, (limits[lane] >> 8 & 31) as i32);
            let (highest, lowest) = (this & segment | clamp & !segment, this & segment);
            let (from, holds) = match mode {
                ShuffleMode::Up => (this - by, this - by >= highest),
                ShuffleMode::Down => (this + by, this + by <= highest),
                ShuffleMode::Butterfly => (this ^ by, this ^ by <= highest),
                ShuffleMode::Index => {
                    let from = lowest | by & !segment;
                    (from, from <= highest)
                }
            };
            let from = if holds { from as usize } else { lane };
            if mask >> from & 1 == 0 {
                let what = format!("reads lane {from}, which takes no part");
                return Err(self.fault(w, lane, ins, FaultKind::Divergence, what));
            }
            out[lane] = value[from];
            valid |= u32::from(holds) << lane;
        }
        w.r.put(ins.d, &out, mask);
        w.r.put_predicate(predicate, valid, mask);
        Ok(())
    }
}

/// `vote.sync`.
pub fn vote(r: &mut Registers, ins: &Ins, vote: Vote, negated: bool, mask: u32) {
    let value = if negated { !r.p(ins.a) } else { r.p(ins.a) } & mask;
    let holds = match vote {
        Vote::Ballot => return r.put(ins.d, &[value; 32], mask),
        Vote::All => value == mask,
        Vote::Any => value != 0,
        Vote::Uniform => value == 0 || value == mask,
    };
    r.put_predicate(ins.d, if holds { u32::MAX } else { 0 }, mask);
}

/// `match.sync`: the lanes that have the same value.
pub fn matched(r: &mut Registers, ins: &Ins, all: bool, wide: bool, predicate: Row, mask: u32) {
    let value: [u64; 32] = if wide { *r.w(ins.a) } else { r.n(ins.a).map(u64::from) };
    let like =
        |lane: usize| lanes_of(mask).filter(|l| value[*l] == value[lane]).fold(0, |m, l| m | 1u32 << l);
    let first = mask.trailing_zeros() as usize;
    if all {
        let equal = like(first) == mask;
        r.put(ins.d, &[if equal { mask } else { 0 }; 32], mask);
        if predicate != NONE {
            r.put_predicate(predicate, if equal { u32::MAX } else { 0 }, mask);
        }
    } else {
        let mut out = [0; 32];
        for lane in lanes_of(mask) {
            out[lane] = like(lane);
        }
        r.put(ins.d, &out, mask);
    }
}

/// `redux.sync`.
pub fn reduce(r: &mut Registers, ins: &Ins, op: Int, mask: u32) {
    let value = *r.n(ins.a);
    let all = lanes_of(mask).map(|lane| value[lane]);
    let out = all.reduce(|a, b| match op {
        Int::And => a & b,
        Int::Or => a | b,
        Int::Xor => a ^ b,
        Int::MinS => (a as i32).min(b as i32) as u32,
        Int::MaxS => (a as i32).max(b as i32) as u32,
        Int::MinU => a.min(b),
        Int::MaxU => a.max(b),
        _ => a.wrapping_add(b),
    });
    r.put(ins.d, &[out.unwrap_or(0); 32], mask);
}
