//! Products of tensor cores, and the loads that feed them. Fragments lie as the PTX ISA draws them.

use super::block::Block;
use super::global::{Request, Use};
use super::lanes::{Lanes, Registers, Wide, vectorised};
use super::memory::addresses;
use super::softfloat::{F16, brain_to_f32, half_to_f32};
use super::warp::Warp;
use crate::decode::SHARED_WINDOW;
use crate::fault::Fault;
use crate::program::{Ins, Matrix, Mma, Rounding};
use crate::ptx::{Space, Type};

vectorised! {
    /// `mma.sync`: the sum of each element is held in `f32`, in the order of the common dimension.
    pub fn mma(r: &mut Registers, op: &Mma) {
        let (mut a, mut b) = ([[0f32; 16]; 16], [[0f32; 8]; 16]);
        let tf32 = op.factors == Type::TF32;
        for lane in 0..32 {
            let (group, within) = (lane / 4, lane % 4);
            for (at, row) in op.a.iter().enumerate() {
                let bits = r.n(*row)[lane];
                let m = group + 8 * (at & 1);
                if tf32 {
                    a[m][within + 4 * (at >> 1)] = truncated(bits);
                } else {
                    for half in 0..2 {
                        a[m][2 * within + half + 8 * (at >> 1)] = factor(op.factors, bits, half);
                    }
                }
            }
            for (at, row) in op.b.iter().enumerate() {
                let bits = r.n(*row)[lane];
                if tf32 {
                    b[within + 4 * at][group] = truncated(bits);
                } else {
                    for half in 0..2 {
                        b[2 * within + half + 8 * at][group] = factor(op.factors, bits, half);
                    }
                }
            }
        }
        let mut c = sums(r, op);
        for m in 0..16 {
            for k in 0..op.k {
                for n in 0..8 {
                    c[m][n] = a[m][k].mul_add(b[k][n], c[m][n]);
                }
            }
        }
        put_sums(r, op, &c);
    }
}

/// A tensor core reads the upper 19 bits.
#[inline(always)]
fn truncated(bits: u32) -> f32 {
    f32::from_bits(bits & 0xffff_e000)
}

#[inline(always)]
fn factor(ty: Type, bits: u32, half: usize) -> f32 {
    let bits = (bits >> (16 * half)) as u16;
    if ty == Type::BF16 { brain_to_f32(bits) } else { half_to_f32(bits) }
}

/// The summand, as a matrix.
#[inline(always)]
fn sums(r: &Registers, op: &Mma) -> [[f32; 8]; 16] {
    let mut c = [[0f32; 8]; 16];
    for lane in 0..32 {
        let (group, within) = (lane / 4, lane % 4);
        for at in 0..4 {
            let bits = if op.half_sum { r.n(op.c[at / 2])[lane] } else { r.n(op.c[at])[lane] };
            let value = if op.half_sum { factor(Type::F16, bits, at & 1) } else { f32::from_bits(bits) };
            c[group + 8 * (at >> 1)][2 * within + (at & 1)] = value;
        }
    }
    c
}

#[inline(always)]
fn put_sums(r: &mut Registers, op: &Mma, c: &[[f32; 8]; 16]) {
    let element = |lane: usize, at: usize| c[lane / 4 + 8 * (at >> 1)][2 * (lane % 4) + (at & 1)];
    if op.half_sum {
        for (pair, row) in op.d.iter().enumerate() {
            let half = |lane, at| F16.encode(f64::from(element(lane, at)), Rounding::Nearest);
            let out: Lanes = std::array::from_fn(|l| half(l, 2 * pair + 1) << 16 | half(l, 2 * pair));
            r.put(*row, &out, u32::MAX);
        }
    } else {
        for (at, row) in op.d.iter().enumerate() {
            let out: Lanes = std::array::from_fn(|lane| element(lane, at).to_bits());
            r.put(*row, &out, u32::MAX);
        }
    }
}

impl Block<'_> {
    /// `ldmatrix` and `stmatrix`: lane `8 q + i` has the address of row `i` of matrix `q`.
    pub fn matrix(&mut self, w: &mut Warp, ins: &Ins, op: &Matrix) -> Result<(), Fault> {
        let mut at = addresses(&w.r, op.address);
        if op.space == Space::Generic {
            at.iter_mut().for_each(|a| *a = a.wrapping_sub(SHARED_WINDOW));
        }
        let lanes = 8 * op.rows.len();
        let mask = if lanes == 32 { u32::MAX } else { (1 << lanes) - 1 };
        let usage = if op.store { Use::Write } else { Use::Read };
        self.check(w, ins, Space::Shared, &Request { usage, bytes: 16, at: &at, mask, same: &|_| false })?;
        for (number, row) in op.rows.iter().enumerate() {
            if op.store {
                self.store_matrix(&at, number, op.transposed, w.r.n(*row));
            } else {
                let out = self.load_matrix(&at, number, op.transposed);
                w.r.put(*row, &out, u32::MAX);
            }
        }
        Ok(())
    }

    fn load_matrix(&self, at: &Wide, number: usize, transposed: bool) -> Lanes {
        let element = |row: usize, column: usize| {
            let (row, column) = if transposed { (column, row) } else { (row, column) };
            let first = at[8 * number + row] as usize + 2 * column;
            u32::from(u16::from_le_bytes([self.shared[first], self.shared[first + 1]]))
        };
        std::array::from_fn(|lane| {
            let (row, column) = (lane / 4, 2 * (lane % 4));
            element(row, column + 1) << 16 | element(row, column)
        })
    }

    fn store_matrix(&mut self, at: &Wide, number: usize, transposed: bool, value: &Lanes) {
        for (lane, value) in value.iter().enumerate() {
            for half in 0..2 {
                let (row, column) = (lane / 4, 2 * (lane % 4) + half);
                let (row, column) = if transposed { (column, row) } else { (row, column) };
                let first = at[8 * number + row] as usize + 2 * column;
                let bits = (value >> (16 * half)) as u16;
                self.shared[first..first + 2].copy_from_slice(&bits.to_le_bytes());
            }
        }
    }
}
