//! Operands to rows.

use super::names::{Name, Register};
use super::{Decoder, Result};
use crate::program::{Address, NONE, Op, Row};
use crate::ptx::{Instruction, Operand, Space, Type};

/// The operand of an instruction, or an error that says which is missing.
pub(super) fn nth(i: &Instruction, index: usize) -> Result<&Operand> {
    i.operands.get(index).ok_or_else(|| format!("operand {} is missing", index + 1))
}

impl Decoder<'_> {
    /// A value that is read, of the type's width: 64 bits or less.
    pub(super) fn source(&mut self, operand: &Operand, ty: Type) -> Result<Row> {
        if ty.bits() == 64 { self.source_wide(operand, ty) } else { self.source_narrow(operand, ty) }
    }

    /// Operands of an instruction from `first` on, as up to three rows.
    pub(super) fn sources(&mut self, i: &Instruction, first: usize, ty: Type) -> Result<[Row; 3]> {
        let mut rows = [NONE; 3];
        for (row, operand) in rows.iter_mut().zip(&i.operands[first.min(i.operands.len())..]) {
            *row = self.source(operand, ty)?;
        }
        Ok(rows)
    }

    fn source_narrow(&mut self, operand: &Operand, ty: Type) -> Result<Row> {
        match operand {
            Operand::Name(name) => {
                if let Some(row) = self.special(name)? {
                    return Ok(row);
                }
                match self.look_up(name) {
                    Some(Name::Register(r)) if !r.is_wide() && !r.is_predicate() => Ok(r.row),
                    Some(Name::Memory(Space::Shared | Space::Local | Space::Param, at)) => {
                        self.narrow_constant(at as u32)
                    }
                    _ if name == "WARP_SZ" => self.narrow_constant(32),
                    _ => Err(format!("`{name}` is not a register of 32 bits or less")),
                }
            }
            Operand::Offset(base, offset) => match &**base {
                Operand::Name(name) => match self.look_up(name) {
                    Some(Name::Memory(Space::Shared | Space::Local | Space::Param, at)) => {
                        self.narrow_constant(at.wrapping_add(*offset as u64) as u32)
                    }
                    _ => Err(format!("`{name}` has no address of 32 bits")),
                },
                _ => Err("expected the name of a variable".to_owned()),
            },
            Operand::Integer(value) => {
                let value = *value as u32;
                self.narrow_constant(if ty.bits() == 32 { value } else { value & ((1 << ty.bits()) - 1) })
            }
            Operand::Float(value) => self.narrow_constant((*value as f32).to_bits()),
            other => Err(format!("expected a value, found {other:?}")),
        }
    }

    fn source_wide(&mut self, operand: &Operand, _: Type) -> Result<Row> {
        match operand {
            Operand::Name(name) => match self.look_up(name) {
                Some(Name::Register(r)) if r.is_wide() => Ok(r.row),
                Some(Name::Memory(_, at)) => self.wide_constant(at),
                _ => Err(format!("`{name}` is not a register of 64 bits")),
            },
            Operand::Offset(base, offset) => match &**base {
                Operand::Name(name) => match self.look_up(name) {
                    Some(Name::Memory(_, at)) => self.wide_constant(at.wrapping_add(*offset as u64)),
                    _ => Err(format!("`{name}` is not a variable")),
                },
                _ => Err("expected the name of a variable".to_owned()),
            },
            Operand::Integer(value) => self.wide_constant(*value),
            Operand::Float(value) => self.wide_constant(value.to_bits()),
            other => Err(format!("expected a value, found {other:?}")),
        }
    }

    /// A register that is written, of the type's width. `_` is a register that nobody reads.
    pub(super) fn target(&mut self, operand: &Operand, ty: Type) -> Result<Row> {
        let wide = ty.bits() == 64;
        match operand {
            Operand::Sink if wide => self.new_wide(),
            Operand::Sink => self.new_narrow(),
            Operand::Name(name) => match self.register(name)? {
                r if r.is_wide() == wide && !r.is_predicate() => Ok(r.row),
                r => Err(format!("`{name}` has {} bits, and {} are written", r.bits, ty.bits())),
            },
            other => Err(format!("expected a register, found {other:?}")),
        }
    }

    /// A register of any width.
    pub(super) fn any_register(&self, operand: &Operand) -> Result<Register> {
        match operand {
            Operand::Name(name) => self.register(name),
            other => Err(format!("expected a register, found {other:?}")),
        }
    }

    /// A predicate that is written.
    pub(super) fn predicate_target(&mut self, operand: &Operand) -> Result<Row> {
        match operand {
            Operand::Sink => self.new_predicate(),
            Operand::Name(name) => self.predicate_name(name),
            other => Err(format!("expected a predicate, found {other:?}")),
        }
    }

    /// A predicate that is read, and whether it is negated.
    pub(super) fn predicate(&mut self, operand: &Operand) -> Result<(Row, bool)> {
        match operand {
            Operand::Name(name) => Ok((self.predicate_name(name)?, false)),
            Operand::Not(inner) => {
                let (row, negated) = self.predicate(inner)?;
                Ok((row, !negated))
            }
            // Whether a lane's predicate is set is asked of a register that is never written: all zero.
            Operand::Integer(value) => Ok((self.false_predicate()?, *value != 0)),
            other => Err(format!("expected a predicate, found {other:?}")),
        }
    }

    fn false_predicate(&mut self) -> Result<Row> {
        let row = self.new_predicate()?;
        let guard = std::mem::replace(&mut self.guard, super::ALWAYS);
        let logic =
            crate::program::Logic { kind: crate::program::LogicKind::Xor, negate_a: false, negate_b: false };
        self.emit(Op::Logic(logic), row, [row, row, NONE]);
        self.guard = guard;
        Ok(row)
    }

    /// `[base + offset]`; also which space the base's name lies in.
    pub(super) fn address(&mut self, operand: &Operand) -> Result<(Address, Option<Space>)> {
        let Operand::Address(base, offset) = operand else {
            return Err(format!("expected an address, found {operand:?}"));
        };
        match &**base {
            Operand::Name(name) => match self.look_up(name) {
                Some(Name::Register(r)) if !r.is_predicate() => {
                    Ok((Address { row: r.row, wide: r.is_wide(), offset: *offset }, None))
                }
                Some(Name::Memory(space, at)) => {
                    let row = self.wide_constant(at)?;
                    Ok((Address { row, wide: true, offset: *offset }, Some(space)))
                }
                _ => Err(format!("`{name}` is neither a register nor a variable")),
            },
            Operand::Integer(at) => {
                let row = self.wide_constant(*at)?;
                Ok((Address { row, wide: true, offset: *offset }, None))
            }
            other => Err(format!("expected an address, found {other:?}")),
        }
    }
}
