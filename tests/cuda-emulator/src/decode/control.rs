//! Branches, barriers, fences.

use super::names::Name;
use super::operand::nth;
use super::{Decoder, Result};
use crate::program::{Barrier, BarrierReduce, NONE, Op};
use crate::ptx::{Instruction, Operand, Type};

impl Decoder<'_> {
    pub(super) fn control(&mut self, i: &Instruction) -> Result<()> {
        let op = match i.opcode.as_str() {
            "bra" => match nth(i, 0)? {
                Operand::Name(name) => Op::Branch(self.label(name)?),
                other => return Err(format!("expected a label, found {other:?}")),
            },
            "brx" => return self.indexed(i),
            // In a kernel the label stands before the last instruction, which ends the thread.
            "ret" => Op::Branch(self.end),
            "exit" => Op::Exit,
            "bar" | "barrier" if i.has("warp") => {
                let mask = self.source(nth(i, 0)?, Type::U32)?;
                self.emit(Op::WarpBarrier, NONE, [NONE, mask, NONE]);
                return Ok(());
            }
            "bar" | "barrier" if i.has("cluster") => return Err("clusters are not supported".to_owned()),
            "bar" | "barrier" => return self.barrier(i),
            "membar" | "fence" => Op::Fence,
            "trap" => Op::Trap,
            _ => Op::Nothing,
        };
        self.emit(op, NONE, [NONE; 3]);
        Ok(())
    }

    fn indexed(&mut self, i: &Instruction) -> Result<()> {
        let Operand::Name(name) = nth(i, 1)? else { return Err("expected a list of targets".to_owned()) };
        let Some(Name::Targets(targets)) = self.look_up(name) else {
            return Err(format!("`{name}` is not a list of targets"));
        };
        let a = self.source(nth(i, 0)?, Type::U32)?;
        self.emit(Op::BranchIndexed(targets.into()), NONE, [a, NONE, NONE]);
        Ok(())
    }

    fn barrier(&mut self, i: &Instruction) -> Result<()> {
        let mut operands = i.operands.as_slice();
        let mut reduce = None;
        if i.has("red") {
            let kind = i.modifiers.iter().find_map(|m| super::integer::logic_kind(m));
            let result = match kind {
                Some(_) => self.predicate_target(nth(i, 0)?)?,
                None => self.target(nth(i, 0)?, Type::U32)?,
            };
            let last = operands.last().ok_or("operands are missing")?;
            let (predicate, negated) = self.predicate(last)?;
            reduce = Some(BarrierReduce { kind, predicate, negated, result });
            operands = &operands[1..operands.len() - 1];
        }
        let zero = Operand::Integer(0);
        let id = self.source(operands.first().unwrap_or(&zero), Type::U32)?;
        let threads = match operands.get(1) {
            Some(operand) => self.source(operand, Type::U32)?,
            None => NONE,
        };
        let barrier = Barrier { id, threads, reduce, arrive: i.has("arrive") };
        self.emit(Op::Barrier(Box::new(barrier)), NONE, [NONE; 3]);
        Ok(())
    }
}
