//! Loads, stores, atomic operations, asynchronous copies.

use super::operand::nth;
use super::{Decoder, Result};
use crate::program::{Access, Address, Atomic, AtomicKind, CopyAsync, NONE, Op, Row};
use crate::ptx::{Instruction, Operand, Space, Type};

/// The space that an instruction names.
pub(super) fn space(i: &Instruction) -> Space {
    let named = i.modifiers.iter().find_map(|m| {
        Some(match m.as_str() {
            "global" => Space::Global,
            "shared" | "shared::cta" => Space::Shared,
            "local" => Space::Local,
            "const" => Space::Const,
            "param" | "param::entry" | "param::func" => Space::Param,
            _ => return None,
        })
    });
    named.unwrap_or(Space::Generic)
}

impl Decoder<'_> {
    pub(super) fn memory(&mut self, i: &Instruction) -> Result<()> {
        match i.opcode.as_str() {
            "ld" | "ldu" => self.access(i, nth(i, 1)?, nth(i, 0)?, true),
            "st" => self.access(i, nth(i, 0)?, nth(i, 1)?, false),
            "atom" | "red" => self.atomic(i),
            // Hints for caches.
            _ => Ok(()),
        }
    }

    /// The address and its space: a name's space counts for more than the instruction's, since parameters of a device function lie
    /// in local memory here.
    fn place_of(&mut self, i: &Instruction, operand: &Operand) -> Result<(Address, Space)> {
        let (address, named) = self.address(operand)?;
        let space = match (space(i), named) {
            (Space::Generic, Some(Space::Shared | Space::Local | Space::Param)) => {
                return Err("the address of a variable is not generic: `cvta` makes it so".to_owned());
            }
            (Space::Param, Some(named)) => named,
            (Space::Param, None) if self.in_function() => Space::Local,
            (space, _) => space,
        };
        Ok((address, space))
    }

    fn access(&mut self, i: &Instruction, address: &Operand, values: &Operand, load: bool) -> Result<()> {
        let ty = i.types().next().ok_or("a type is missing, or not supported")?;
        let (address, space) = self.place_of(i, address)?;
        let values = match values {
            Operand::Vector(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let bytes = ty.bytes();
        // Registers may be wider than the type.
        let wide =
            values.iter().find_map(|v| self.any_register(v).ok()).map_or(ty.bits() == 64, |r| r.is_wide());
        let row_type = if wide { Type::U64 } else { Type::U32 };
        let mut rows = vec![];
        for value in values {
            rows.push(if load {
                self.target(value, row_type)?
            } else {
                self.source(value, if wide || bytes == 8 { row_type } else { ty })?
            });
        }
        self.note_grain(space, bytes * rows.len());
        let strong = ["volatile", "relaxed", "acquire", "release", "mmio"].iter().any(|m| i.has(m));
        let access = Access { space, address, bytes, signed: ty.is_signed(), rows, wide, strong };
        let op = if load { Op::Load(Box::new(access)) } else { Op::Store(Box::new(access)) };
        self.emit(op, NONE, [NONE; 3]);
        Ok(())
    }

    /// Races in shared memory are looked for in units of the smallest access.
    fn note_grain(&mut self, space: Space, bytes: usize) {
        if matches!(space, Space::Shared | Space::Generic) {
            self.kernel.shared_grain = self.kernel.shared_grain.min(bytes);
        }
    }

    fn atomic(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().ok_or("a type is missing, or not supported")?;
        let kind = i.modifiers.iter().find_map(|m| {
            Some(match m.as_str() {
                "add" => AtomicKind::Add,
                "min" => AtomicKind::Min,
                "max" => AtomicKind::Max,
                "and" => AtomicKind::And,
                "or" => AtomicKind::Or,
                "xor" => AtomicKind::Xor,
                "inc" => AtomicKind::Increment,
                "dec" => AtomicKind::Decrement,
                "exch" => AtomicKind::Exchange,
                "cas" => AtomicKind::CompareExchange,
                _ => return None,
            })
        });
        let kind = kind.ok_or("unknown atomic operation")?;
        if i.has("v2") || i.has("v4") || i.has("v8") {
            return Err("atomic operations on vectors are not supported".to_owned());
        }
        let first = usize::from(i.opcode == "atom");
        let old: Row = if first == 1 { self.target(nth(i, 0)?, ty)? } else { NONE };
        let (address, space) = self.place_of(i, nth(i, first)?)?;
        let mut operands = [self.source(nth(i, first + 1)?, ty)?, NONE];
        if kind == AtomicKind::CompareExchange {
            operands[1] = self.source(nth(i, first + 2)?, ty)?;
        }
        self.note_grain(space, ty.bytes());
        self.kernel.atomics |= space != Space::Shared;
        self.emit(Op::Atomic(Box::new(Atomic { space, address, ty, kind, old, operands })), NONE, [NONE; 3]);
        Ok(())
    }

    /// `cp.async` and what waits for it.
    pub(super) fn copy_async(&mut self, i: &Instruction) -> Result<()> {
        if !i.has("async") || i.has("bulk") || i.has("mbarrier") {
            return Err("of `cp` only `cp.async` without mbarriers is supported".to_owned());
        }
        let op = if i.has("commit_group") {
            Op::CopyCommit
        } else if i.has("wait_all") {
            Op::CopyWait { groups: 0, all: true }
        } else if i.has("wait_group") {
            match nth(i, 0)? {
                Operand::Integer(groups) => Op::CopyWait { groups: *groups as usize, all: false },
                _ => return Err("the number of groups must be a constant".to_owned()),
            }
        } else {
            let (to, _) = self.address(nth(i, 0)?)?;
            let (from, _) = self.address(nth(i, 1)?)?;
            let bytes = match nth(i, 2)? {
                Operand::Integer(bytes @ (4 | 8 | 16)) => *bytes as usize,
                _ => return Err("`cp.async` copies 4, 8 or 16 bytes".to_owned()),
            };
            // A fourth operand is the size of what is read; the hint for a cache has 64 bits.
            let read = match i.operands.get(3) {
                Some(operand) if !i.has("L2::cache_hint") || i.operands.len() > 4 => {
                    Some(self.bytes_read(operand, bytes)?)
                }
                _ => None,
            };
            Op::CopyAsync(Box::new(CopyAsync { to, from, bytes, read }))
        };
        self.emit(op, NONE, [NONE; 3]);
        Ok(())
    }

    /// The row of how many bytes `cp.async` reads: a number, or none where a predicate says that the source is ignored.
    fn bytes_read(&mut self, operand: &Operand, bytes: usize) -> Result<Row> {
        let Ok((ignored, negated)) = self.predicate(operand) else { return self.source(operand, Type::U32) };
        if matches!(operand, Operand::Integer(_)) {
            return self.source(operand, Type::U32);
        }
        let (none, all) = (self.narrow_constant(0)?, self.narrow_constant(bytes as u32)?);
        let row = self.new_narrow()?;
        let [yes, no] = if negated { [all, none] } else { [none, all] };
        self.emit(Op::Select32, row, [yes, no, ignored]);
        Ok(row)
    }
}
