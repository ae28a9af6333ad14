//! Operations of a whole warp.

use super::operand::nth;
use super::{Decoder, Result};
use crate::program::{Int, Matrix, Mma, NONE, Op, Row, ShuffleMode, Vote};
use crate::ptx::{Instruction, Operand, Type};

impl Decoder<'_> {
    pub(super) fn warp(&mut self, i: &Instruction) -> Result<()> {
        match i.opcode.as_str() {
            "shfl" => self.shuffle(i),
            "vote" => self.vote(i),
            "match" => self.matched(i),
            "redux" => self.redux(i),
            "activemask" => {
                let d = self.target(nth(i, 0)?, Type::U32)?;
                self.emit(Op::ActiveMask, d, [NONE; 3]);
                Ok(())
            }
            "elect" => {
                let (d, p) = self.pair(nth(i, 0)?)?;
                let mask = self.source(nth(i, 1)?, Type::U32)?;
                self.emit(Op::Elect(p), d, [NONE, mask, NONE]);
                Ok(())
            }
            "mma" => self.mma(i),
            _ => self.matrix(i),
        }
    }

    /// `d` or `d|p`.
    fn pair(&mut self, operand: &Operand) -> Result<(Row, Row)> {
        match operand {
            Operand::Pair(d, p) => Ok((self.target(d, Type::U32)?, self.predicate_target(p)?)),
            d => Ok((self.target(d, Type::U32)?, NONE)),
        }
    }

    fn shuffle(&mut self, i: &Instruction) -> Result<()> {
        let mode = match i.modifiers.get(1).map_or("", |m| m) {
            "up" => ShuffleMode::Up,
            "down" => ShuffleMode::Down,
            "bfly" => ShuffleMode::Butterfly,
            "idx" => ShuffleMode::Index,
            _ => return Err("only `shfl.sync` is supported".to_owned()),
        };
        let (d, p) = self.pair(nth(i, 0)?)?;
        let sources = self.sources(i, 1, Type::U32)?;
        let mask = self.source(nth(i, 4)?, Type::U32)?;
        self.emit(Op::Shuffle(mode, p, mask), d, sources);
        Ok(())
    }

    fn vote(&mut self, i: &Instruction) -> Result<()> {
        let vote = match i.modifiers.get(1).map_or("", |m| m) {
            "all" => Vote::All,
            "any" => Vote::Any,
            "uni" => Vote::Uniform,
            "ballot" => Vote::Ballot,
            _ => return Err("only `vote.sync` is supported".to_owned()),
        };
        let d = match vote {
            Vote::Ballot => self.target(nth(i, 0)?, Type::U32)?,
            _ => self.predicate_target(nth(i, 0)?)?,
        };
        let (a, negated) = self.predicate(nth(i, 1)?)?;
        let mask = self.source(nth(i, 2)?, Type::U32)?;
        self.emit(Op::Vote(vote, negated), d, [a, mask, NONE]);
        Ok(())
    }

    fn matched(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().unwrap_or(Type::U32);
        let (d, predicate) = self.pair(nth(i, 0)?)?;
        let a = self.source(nth(i, 1)?, ty)?;
        let mask = self.source(nth(i, 2)?, Type::U32)?;
        self.emit(Op::Match { all: i.has("all"), wide: ty.bits() == 64, predicate }, d, [a, mask, NONE]);
        Ok(())
    }

    fn redux(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().unwrap_or(Type::U32);
        let op = match (i.modifiers.get(1).map_or("", |m| m), ty.is_signed()) {
            ("add", _) => Int::Add,
            ("and", _) => Int::And,
            ("or", _) => Int::Or,
            ("xor", _) => Int::Xor,
            ("min", true) => Int::MinS,
            ("min", false) => Int::MinU,
            ("max", true) => Int::MaxS,
            ("max", false) => Int::MaxU,
            _ => return Err("unknown reduction".to_owned()),
        };
        if ty.is_float() {
            return Err("reductions of floats are not supported".to_owned());
        }
        let d = self.target(nth(i, 0)?, ty)?;
        let a = self.source(nth(i, 1)?, ty)?;
        let mask = self.source(nth(i, 2)?, Type::U32)?;
        self.emit(Op::Reduce(op), d, [a, mask, NONE]);
        Ok(())
    }

    fn mma(&mut self, i: &Instruction) -> Result<()> {
        let types: Vec<Type> = i.types().collect();
        let [to, a, b, from] = types[..] else { return Err("these types are not supported".to_owned()) };
        let k = match i.modifiers.iter().find_map(|m| m.strip_prefix("m16n8k")) {
            Some(k) => k.parse::<usize>().map_err(|_| "unknown shape".to_owned())?,
            None => return Err("only shapes m16n8k.. are supported".to_owned()),
        };
        let known = match a {
            Type::TF32 => matches!(k, 4 | 8),
            Type::F16 | Type::BF16 => matches!(k, 8 | 16),
            _ => false,
        };
        let half_sum = to == Type::F16;
        if !known || a != b || to != from || !(to == Type::F32 || (half_sum && a == Type::F16)) {
            return Err("this product is not supported".to_owned());
        }
        let factor = if a == Type::TF32 { 4 } else { 8 };
        let rows_of_a = 2 * k / factor;
        let sum = if half_sum { 2 } else { 4 };
        let mma = Mma {
            k,
            factors: a,
            half_sum,
            d: self.fragment(nth(i, 0)?, sum, true)?,
            a: self.fragment(nth(i, 1)?, rows_of_a, false)?,
            b: self.fragment(nth(i, 2)?, rows_of_a / 2, false)?,
            c: self.fragment(nth(i, 3)?, sum, false)?,
        };
        self.emit(Op::Mma(Box::new(mma)), NONE, [NONE; 3]);
        Ok(())
    }

    fn fragment(&mut self, operand: &Operand, count: usize, written: bool) -> Result<Vec<Row>> {
        let operands = match operand {
            Operand::Vector(operands) => operands.as_slice(),
            operand => std::slice::from_ref(operand),
        };
        if operands.len() != count {
            return Err(format!("expected {count} registers, found {}", operands.len()));
        }
        let rows = operands.iter().map(|operand| {
            if written { self.target(operand, Type::U32) } else { self.source(operand, Type::U32) }
        });
        rows.collect()
    }

    fn matrix(&mut self, i: &Instruction) -> Result<()> {
        let store = i.opcode == "stmatrix";
        let (address, rows) = if store { (nth(i, 0)?, nth(i, 1)?) } else { (nth(i, 1)?, nth(i, 0)?) };
        if !i.has("m8n8") || !i.has("b16") {
            return Err("only matrices m8n8 of b16 are supported".to_owned());
        }
        let count = [("x4", 4), ("x2", 2)].into_iter().find(|(name, _)| i.has(name)).map_or(1, |(_, n)| n);
        let (address, _) = self.address(address)?;
        let rows = self.fragment(rows, count, !store)?;
        let matrix =
            Matrix { address, space: super::memory::space(i), rows, transposed: i.has("trans"), store };
        self.emit(Op::Matrix(Box::new(matrix)), NONE, [NONE; 3]);
        Ok(())
    }
}
