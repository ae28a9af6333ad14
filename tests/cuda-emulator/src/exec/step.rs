//! One instruction of the lanes that take it.

use super::block::Block;
use super::warp::Warp;
use super::{carry, convert, float, half, integer};
use crate::fault::{Fault, FaultKind};
use crate::program::{Ins, Op};

impl Block<'_> {
    /// Executes an instruction that is neither a branch nor a barrier of the block.
    pub fn execute(&mut self, w: &mut Warp, ins: &Ins, mask: u32) -> Result<(), Fault> {
        self.tally.instruction(&ins.op, mask);
        let r = &mut w.r;
        match &ins.op {
            Op::Int32(op, lanes) => integer::int32(r, ins, *op, *lanes, mask),
            Op::Float32(op, mode) => float::float32(r, ins, *op, *mode, mask),
            Op::Load(access) => return self.load(w, ins, access, mask),
            Op::Store(access) => return self.store(w, ins, access, mask),
            Op::Move32 => {
                let value = *r.n(ins.a);
                r.put(ins.d, &value, mask);
            }
            Op::Move64 => {
                let value = *r.w(ins.a);
                r.put_wide(ins.d, &value, mask);
            }
            Op::Int64(op) => integer::int64(r, ins, *op, mask),
            Op::MulWide { signed } | Op::MadWide { signed } => integer::multiply_wide(r, ins, *signed, mask),
            Op::Compare(compare) => float::compare(r, ins, compare, mask),
            Op::Logic(logic) => float::logic(r, ins, *logic, mask),
            Op::Select32 => {
                let (a, b, p) = (*r.n(ins.a), *r.n(ins.b), r.p(ins.c));
                r.put(ins.d, &b, mask);
                r.put(ins.d, &a, mask & p);
            }
            Op::Select64 => {
                let (a, b, p) = (*r.w(ins.a), *r.w(ins.b), r.p(ins.c));
                r.put_wide(ins.d, &b, mask);
                r.put_wide(ins.d, &a, mask & p);
            }
            Op::Convert(op) => convert::convert(r, ins, op, mask),
            Op::Pack(kind, rounding, relu) => half::pack(r, ins, *kind, *rounding, *relu, mask),
            Op::Half(op, mode, kind) => half::half(r, ins, *op, *mode, *kind, mask),
            Op::Float64(op, mode) => float::float64(r, ins, *op, *mode, mask),
            Op::Shift64(op) => integer::shift64(r, ins, *op, mask),
            Op::Count64(op) => integer::count64(r, ins, *op, mask),
            Op::Extract64 { signed } => integer::extract64(r, ins, *signed, mask),
            Op::Insert32(length) => integer::insert32(r, ins, &r.n(*length).clone(), mask),
            Op::Insert64(length) => integer::insert64(r, ins, &r.n(*length).clone(), mask),
            Op::Carry(op) => carry::carry(r, ins, *op, mask),
            Op::Test(test, wide) => float::test(r, ins, *test, *wide, mask),
            Op::Join32 => {
                let (a, b) = (r.n(ins.a), r.n(ins.b));
                let value = std::array::from_fn(|l| b[l] << 16 | a[l] & 0xffff);
                r.put(ins.d, &value, mask);
            }
            Op::Split32(high) => {
                let a = *r.n(ins.a);
                r.put(ins.d, &a.map(|x| x & 0xffff), mask);
                r.put(*high, &a.map(|x| x >> 16), mask);
            }
            Op::Join64(pieces) => {
                let mut value = [0u64; 32];
                for (at, row) in pieces.rows.iter().enumerate() {
                    let piece = r.n(*row);
                    for lane in 0..32 {
                        let bits = u64::from(piece[lane]) & ((1 << pieces.bits) - 1);
                        value[lane] |= bits << (at as u32 * pieces.bits);
                    }
                }
                r.put_wide(ins.d, &value, mask);
            }
            Op::Split64(pieces) => {
                let a = *r.w(ins.a);
                for (at, row) in pieces.rows.iter().enumerate() {
                    let piece =
                        a.map(|x| ((x >> (at as u32 * pieces.bits)) & ((1 << pieces.bits) - 1)) as u32);
                    r.put(*row, &piece, mask);
                }
            }
            Op::Atomic(atomic) => return self.atomic(w, ins, atomic, mask),
            Op::CopyAsync(copy) => return self.copy_async(w, ins, copy, mask),
            Op::CopyCommit => w.copies.commit(mask),
            Op::CopyWait { groups, all } => return self.copy_wait(w, *groups, *all, mask),
            Op::InSpace(space) => super::memory::in_space(r, ins, *space, mask),
            Op::Shuffle(mode, predicate, _) => return self.shuffle(w, ins, *mode, *predicate, mask),
            Op::Vote(vote, negated) => super::crossing::vote(r, ins, *vote, *negated, mask),
            Op::Match { all, wide, predicate } => {
                super::crossing::matched(r, ins, *all, *wide, *predicate, mask)
            }
            Op::Reduce(op) => super::crossing::reduce(r, ins, *op, mask),
            Op::ActiveMask => r.put(ins.d, &[mask; 32], mask),
            Op::Elect(predicate) => {
                let first = mask.trailing_zeros();
                r.put(ins.d, &[first; 32], mask);
                r.put_predicate(*predicate, 1 << first, mask);
            }
            Op::Mma(mma) => super::matrix::mma(r, mma),
            Op::Matrix(matrix) => return self.matrix(w, ins, matrix),
            Op::WarpBarrier => w.epoch += 1,
            Op::Fence => self.fenced = true,
            Op::Clock { wide } => {
                let now = self.tally.lanes_run();
                if *wide {
                    r.put_wide(ins.d, &[now; 32], mask);
                } else {
                    r.put(ins.d, &[now as u32; 32], mask);
                }
            }
            Op::Trap => {
                let lane = mask.trailing_zeros() as usize;
                return Err(self.fault(
                    w,
                    lane,
                    ins,
                    FaultKind::Trap,
                    "the kernel stopped itself".to_owned(),
                ));
            }
            // The warp's loop does these itself.
            Op::Branch(_) | Op::BranchIndexed(_) | Op::Exit | Op::Barrier(_) | Op::Nothing => {}
        }
        Ok(())
    }
}
