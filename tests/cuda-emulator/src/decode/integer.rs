//! Integers, moves, comparisons, selections.

use super::operand::nth;
use super::{Decoder, Result};
use crate::program::{
    Carry, CarryKind, Compare, Int, Lane16, Logic, LogicKind, NONE, Op, Pieces, Relation, Row,
};
use crate::ptx::{Instruction, Operand, Space, Type};

/// Where windows of the generic address space begin.
pub(crate) const SHARED_WINDOW: u64 = 0x7f00_0000_0000_0000;
pub(crate) const LOCAL_WINDOW: u64 = 0x7e00_0000_0000_0000;
pub(crate) const PARAM_WINDOW: u64 = 0x7d00_0000_0000_0000;

impl Decoder<'_> {
    pub(super) fn integer(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().ok_or_else(|| format!("unsupported instruction `{}`", i.opcode))?;
        if ty == Type::Pred {
            return self.logic(i);
        }
        if i.has("cc") || matches!(i.opcode.as_str(), "addc" | "subc" | "madc") {
            return self.carry(i, ty);
        }
        let (signed, wide) = (ty.is_signed(), ty.bits() == 64);
        let by_sign = |s, u| if signed { s } else { u };
        let part = |low, high_s, high_u| if i.has("hi") { by_sign(high_s, high_u) } else { low };
        let op = match i.opcode.as_str() {
            "mul" | "mad" if i.has("wide") => return self.multiply_wide(i, ty),
            "add" if i.has("sat") => Int::AddSaturated,
            "sub" if i.has("sat") => Int::SubSaturated,
            "add" => Int::Add,
            "sub" => Int::Sub,
            "mul" => part(Int::Mul, Int::MulHighS, Int::MulHighU),
            "mad" => part(Int::Mad, Int::MadHighS, Int::MadHighU),
            "mul24" if !i.has("hi") => by_sign(Int::Mul24S, Int::Mul24U),
            "mad24" if !i.has("hi") => by_sign(Int::Mad24S, Int::Mad24U),
            "sad" => by_sign(Int::SadS, Int::SadU),
            "min" => by_sign(Int::MinS, Int::MinU),
            "max" => by_sign(Int::MaxS, Int::MaxU),
            "neg" => Int::Neg,
            "abs" => Int::Abs,
            "div" => by_sign(Int::DivS, Int::DivU),
            "rem" => by_sign(Int::RemS, Int::RemU),
            "and" => Int::And,
            "or" => Int::Or,
            "xor" => Int::Xor,
            "not" => Int::Not,
            "cnot" => Int::IsZero,
            "shl" => Int::ShiftLeft,
            "shr" => by_sign(Int::ShiftRightS, Int::ShiftRightU),
            "popc" => Int::CountOnes,
            "clz" => Int::CountZeros,
            "brev" => Int::Reverse,
            "bfind" if !i.has("shiftamt") => by_sign(Int::FindS, Int::FindU),
            "bfe" => by_sign(Int::ExtractS, Int::ExtractU),
            "bfi" => return self.insert(i, ty),
            "prmt" if i.modifiers.len() == 1 => Int::Permute,
            "shf" => match (i.has("l"), i.has("wrap")) {
                (true, true) => Int::FunnelLeftWrap,
                (true, false) => Int::FunnelLeftClamp,
                (false, true) => Int::FunnelRightWrap,
                (false, false) => Int::FunnelRightClamp,
            },
            "lop3" => match nth(i, 4)? {
                Operand::Integer(table) => Int::Logic3(*table as u8),
                _ => return Err("the table of `lop3` must be a constant".to_owned()),
            },
            "dp4a" | "dp2a" => return self.dot(i),
            other => return Err(format!("unsupported instruction `{other}`")),
        };
        match op {
            Int::ShiftLeft | Int::ShiftRightS | Int::ShiftRightU => {
                let d = self.target(nth(i, 0)?, ty)?;
                let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, Type::U32)?);
                let op = if wide { Op::Shift64(op) } else { Op::Int32(op, lane16(ty)) };
                self.emit(op, d, [a, b, NONE]);
            }
            Int::CountOnes | Int::CountZeros | Int::FindS | Int::FindU if wide => {
                let d = self.target(nth(i, 0)?, Type::U32)?;
                let a = self.source(nth(i, 1)?, ty)?;
                self.emit(Op::Count64(op), d, [a, NONE, NONE]);
            }
            Int::ExtractS | Int::ExtractU if wide => {
                let d = self.target(nth(i, 0)?, ty)?;
                let a = self.source(nth(i, 1)?, ty)?;
                let (b, c) = (self.source(nth(i, 2)?, Type::U32)?, self.source(nth(i, 3)?, Type::U32)?);
                self.emit(Op::Extract64 { signed }, d, [a, b, c]);
            }
            _ => {
                let d = self.target(nth(i, 0)?, ty)?;
                let sources = self.sources(i, 1, ty)?;
                let op = if wide { Op::Int64(op) } else { Op::Int32(op, lane16(ty)) };
                self.emit(op, d, sources);
            }
        }
        Ok(())
    }

    fn multiply_wide(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        let signed = ty.is_signed();
        let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, ty)?);
        if ty.bits() == 16 {
            // The product of 16 bits is a product of 32 of extended numbers.
            let d = self.target(nth(i, 0)?, Type::U32)?;
            let lanes = [self.extended(a, ty)?, self.extended(b, ty)?];
            let (op, c) = match i.opcode.as_str() {
                "mad" => (Int::Mad, self.source(nth(i, 3)?, Type::U32)?),
                _ => (Int::Mul, NONE),
            };
            self.emit(Op::Int32(op, Lane16::No), d, [lanes[0], lanes[1], c]);
            return Ok(());
        }
        let d = self.target(nth(i, 0)?, Type::U64)?;
        if i.opcode == "mad" {
            let c = self.source(nth(i, 3)?, Type::U64)?;
            self.emit(Op::MadWide { signed }, d, [a, b, c]);
        } else {
            self.emit(Op::MulWide { signed }, d, [a, b, NONE]);
        }
        Ok(())
    }

    /// A row of 16-bit numbers, extended to 32 bits.
    fn extended(&mut self, a: Row, ty: Type) -> Result<Row> {
        let d = self.new_narrow()?;
        let convert = super::float::plain_convert(ty, if ty.is_signed() { Type::S32 } else { Type::U32 });
        self.emit(Op::Convert(Box::new(convert)), d, [a, NONE, NONE]);
        Ok(d)
    }

    fn insert(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        let d = self.target(nth(i, 0)?, ty)?;
        let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, ty)?);
        let (at, length) = (self.source(nth(i, 3)?, Type::U32)?, self.source(nth(i, 4)?, Type::U32)?);
        let op = if ty.bits() == 64 { Op::Insert64(length) } else { Op::Insert32(length) };
        self.emit(op, d, [a, b, at]);
        Ok(())
    }

    fn dot(&mut self, i: &Instruction) -> Result<()> {
        let mut types = i.types();
        let (Some(first), Some(second)) = (types.next(), types.next()) else {
            return Err(format!("`{}` needs two types", i.opcode));
        };
        let (signed_a, signed_b) = (first.is_signed(), second.is_signed());
        let op = match i.opcode.as_str() {
            "dp2a" => Int::Dot2 { high: i.has("hi"), signed_a, signed_b },
            _ => Int::Dot4 { signed_a, signed_b },
        };
        let d = self.target(nth(i, 0)?, Type::U32)?;
        let sources = self.sources(i, 1, Type::U32)?;
        self.emit(Op::Int32(op, Lane16::No), d, sources);
        Ok(())
    }

    fn carry(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        let kind = match i.opcode.as_str() {
            "add" | "addc" => CarryKind::Add,
            "sub" | "subc" => CarryKind::Sub,
            "mad" | "madc" if i.has("lo") => CarryKind::MadLow,
            "mad" | "madc" if ty.is_signed() => CarryKind::MadHighS,
            "mad" | "madc" => CarryKind::MadHighU,
            other => return Err(format!("`{other}` leaves no carry")),
        };
        let input = i.opcode.ends_with('c');
        let d = self.target(nth(i, 0)?, ty)?;
        let sources = self.sources(i, 1, ty)?;
        let carry = Carry { wide: ty.bits() == 64, kind, input, output: i.has("cc") };
        self.emit(Op::Carry(carry), d, sources);
        Ok(())
    }

    /// `and`, `or`, `xor`, `not` and `mov` of predicates.
    fn logic(&mut self, i: &Instruction) -> Result<()> {
        let d = self.predicate_target(nth(i, 0)?)?;
        let (a, mut negate_a) = self.predicate(nth(i, 1)?)?;
        let (kind, b, negate_b) = match i.opcode.as_str() {
            "mov" => (LogicKind::And, a, negate_a),
            "not" => {
                negate_a = !negate_a;
                (LogicKind::And, a, negate_a)
            }
            opcode => {
                let (b, negate_b) = self.predicate(nth(i, 2)?)?;
                (logic_kind(opcode).ok_or_else(|| format!("`{opcode}` of predicates"))?, b, negate_b)
            }
        };
        self.emit(Op::Logic(Logic { kind, negate_a, negate_b }), d, [a, b, NONE]);
        Ok(())
    }

    /// Moves, addresses, comparisons, selections.
    pub(super) fn data(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().unwrap_or(Type::U64);
        match i.opcode.as_str() {
            "mov" if ty == Type::Pred => self.logic(i),
            "mov" => self.mov(i, ty),
            "cvta" => self.cvta(i, ty),
            "setp" => {
                let (first, second) = match nth(i, 0)? {
                    Operand::Pair(p, q) => (self.predicate_target(p)?, self.predicate_target(q)?),
                    p => (self.predicate_target(p)?, NONE),
                };
                self.compare(i, ty, first, second)
            }
            "set" => self.set(i),
            "slct" => self.slct(i),
            "isspacep" => {
                let space = super::memory::space(i);
                let d = self.predicate_target(nth(i, 0)?)?;
                let a = self.source(nth(i, 1)?, Type::U64)?;
                self.emit(Op::InSpace(space), d, [a, NONE, NONE]);
                Ok(())
            }
            _ => {
                let d = self.target(nth(i, 0)?, ty)?;
                let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, ty)?);
                let (c, negated) = self.predicate(nth(i, 3)?)?;
                let sources = if negated { [b, a, c] } else { [a, b, c] };
                self.emit(if ty.bits() == 64 { Op::Select64 } else { Op::Select32 }, d, sources);
                Ok(())
            }
        }
    }

    fn mov(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        match (nth(i, 0)?, nth(i, 1)?) {
            (Operand::Vector(into), from) => {
                let a = self.source(from, ty)?;
                let (piece, bits) = piece(ty, into.len())?;
                let rows = into.iter().map(|o| self.target(o, piece)).collect::<Result<Vec<_>>>()?;
                let op = match ty.bits() {
                    64 => Op::Split64(Box::new(Pieces { rows: rows.clone(), bits })),
                    _ => Op::Split32(rows[1]),
                };
                self.emit(op, rows[0], [a, NONE, NONE]);
            }
            (into, Operand::Vector(from)) => {
                let d = self.target(into, ty)?;
                let (piece, bits) = piece(ty, from.len())?;
                let rows = from.iter().map(|o| self.source(o, piece)).collect::<Result<Vec<_>>>()?;
                match ty.bits() {
                    64 => self.emit(Op::Join64(Box::new(Pieces { rows, bits })), d, [NONE; 3]),
                    _ => self.emit(Op::Join32, d, [rows[0], rows[1], NONE]),
                }
            }
            (into, Operand::Name(clock)) if clock.starts_with("%clock") || clock == "%globaltimer" => {
                let d = self.target(into, ty)?;
                self.emit(Op::Clock { wide: ty.bits() == 64 }, d, [NONE; 3]);
            }
            (into, from) => {
                let d = self.target(into, ty)?;
                let a = self.source(from, ty)?;
                self.emit(if ty.bits() == 64 { Op::Move64 } else { Op::Move32 }, d, [a, NONE, NONE]);
            }
        }
        Ok(())
    }

    /// Between addresses of a space and generic ones: windows begin at constants.
    fn cvta(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        let d = self.target(nth(i, 0)?, ty)?;
        let a = self.source(nth(i, 1)?, ty)?;
        let base = match super::memory::space(i) {
            Space::Shared => SHARED_WINDOW,
            Space::Local => LOCAL_WINDOW,
            Space::Param if self.in_function() => LOCAL_WINDOW,
            Space::Param => PARAM_WINDOW,
            _ => 0,
        };
        if ty.bits() != 64 {
            return Err("generic addresses have 64 bits".to_owned());
        }
        let base = self.wide_constant(base)?;
        self.emit(Op::Int64(if i.has("to") { Int::Sub } else { Int::Add }), d, [a, base, NONE]);
        Ok(())
    }

    fn compare(&mut self, i: &Instruction, ty: Type, first: Row, opposite: Row) -> Result<()> {
        let relation = relation(i.modifiers.first().map_or("", |m| m), ty)?;
        let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, ty)?);
        let (mut c, mut combine) = (NONE, None);
        if let Some(operand) = i.operands.get(3) {
            let (row, negated) = self.predicate(operand)?;
            let kind = i.modifiers.get(1).and_then(|m| logic_kind(m)).ok_or("expected and, or, xor")?;
            (c, combine) = (row, Some((kind, negated)));
        }
        if matches!(ty, Type::F16x2 | Type::BF16x2) {
            return Err("comparisons of packed halves are not supported".to_owned());
        }
        let compare = Compare { relation, ty, flush: i.has("ftz"), opposite, combine };
        self.emit(Op::Compare(Box::new(compare)), first, [a, b, c]);
        Ok(())
    }

    /// `set`: a comparison whose result is a number.
    fn set(&mut self, i: &Instruction) -> Result<()> {
        let mut types = i.types();
        let (Some(to), Some(from)) = (types.next(), types.next()) else {
            return Err("`set` needs two types".to_owned());
        };
        let p = self.new_predicate()?;
        self.compare(i, from, p, NONE)?;
        let yes = match to {
            Type::F32 => 1f32.to_bits(),
            Type::F16 => 0x3c00,
            Type::BF16 => 0x3f80,
            _ => u32::MAX,
        };
        let d = self.target(nth(i, 0)?, to)?;
        let (yes, no) = (self.narrow_constant(yes)?, self.narrow_constant(0)?);
        self.emit(Op::Select32, d, [yes, no, p]);
        Ok(())
    }

    /// `slct`: the first if the third is not negative.
    fn slct(&mut self, i: &Instruction) -> Result<()> {
        let mut types = i.types();
        let (Some(ty), Some(by)) = (types.next(), types.next()) else {
            return Err("`slct` needs two types".to_owned());
        };
        let p = self.new_predicate()?;
        let c = self.source(nth(i, 3)?, by)?;
        let zero = self.narrow_constant(0)?;
        let compare = Compare {
            relation: Relation::GreaterEqual,
            ty: by,
            flush: i.has("ftz"),
            opposite: NONE,
            combine: None,
        };
        self.emit(Op::Compare(Box::new(compare)), p, [c, zero, NONE]);
        let d = self.target(nth(i, 0)?, ty)?;
        let (a, b) = (self.source(nth(i, 1)?, ty)?, self.source(nth(i, 2)?, ty)?);
        self.emit(if ty.bits() == 64 { Op::Select64 } else { Op::Select32 }, d, [a, b, p]);
        Ok(())
    }
}

fn lane16(ty: Type) -> Lane16 {
    match (ty.bits(), ty.is_signed()) {
        (16, true) => Lane16::Signed,
        (16, false) => Lane16::Unsigned,
        _ => Lane16::No,
    }
}

/// The type of `count` equal pieces.
fn piece(ty: Type, count: usize) -> Result<(Type, u32)> {
    match (ty.bits(), count) {
        (64, 2) => Ok((Type::U32, 32)),
        (64, 4) | (32, 2) => Ok((Type::U16, 16)),
        (bits, count) => Err(format!("{count} pieces of {bits} bits are not supported")),
    }
}

pub(super) fn logic_kind(word: &str) -> Option<LogicKind> {
    Some(match word {
        "and" => LogicKind::And,
        "or" => LogicKind::Or,
        "xor" => LogicKind::Xor,
        _ => return None,
    })
}

fn relation(word: &str, ty: Type) -> Result<Relation> {
    Ok(match word {
        "eq" => Relation::Equal,
        "ne" => Relation::NotEqual,
        "lt" | "lo" => Relation::Less,
        "le" | "ls" => Relation::LessEqual,
        "gt" => Relation::Greater,
        "hi" if !ty.is_float() => Relation::Greater,
        "ge" | "hs" => Relation::GreaterEqual,
        "equ" => Relation::EqualUnordered,
        "neu" => Relation::NotEqualUnordered,
        "ltu" => Relation::LessUnordered,
        "leu" => Relation::LessEqualUnordered,
        "gtu" => Relation::GreaterUnordered,
        "geu" => Relation::GreaterEqualUnordered,
        "num" => Relation::Ordered,
        "nan" => Relation::Unordered,
        other => return Err(format!("unknown comparison `{other}`")),
    })
}
