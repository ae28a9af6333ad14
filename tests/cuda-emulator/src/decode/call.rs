//! Calls of device functions, expanded in place.

use super::names::Name;
use super::{Decoder, Result};
use crate::program::{Access, Address, NONE, Op, Row};
use crate::ptx::{Function, Instruction, Operand, Parameter, Space, Type};

impl Decoder<'_> {
    pub(super) fn call(&mut self, i: &Instruction) -> Result<()> {
        let (returns, rest) = match i.operands.as_slice() {
            [Operand::List(returns), rest @ ..] => (returns.as_slice(), rest),
            rest => (&[][..], rest),
        };
        let (Some(Operand::Name(name)), arguments) = (rest.first(), rest.get(1)) else {
            return Err("calls through pointers are not supported".to_owned());
        };
        let arguments = match arguments {
            Some(Operand::List(arguments)) => arguments.as_slice(),
            _ => &[],
        };
        if name == "__assertfail" {
            self.emit(Op::Trap, NONE, [NONE; 3]);
            return Ok(());
        }
        let module = self.module;
        let function = module.functions.iter().find(|f| f.name == *name && !f.entry);
        let Some((function, body)) = function.and_then(|f| Some((f, f.body.as_ref()?))) else {
            return Err(format!("the function `{name}` is not in this module"));
        };
        if self.expanding.contains(name) {
            return Err(format!("`{name}` calls itself: recursion is not supported"));
        }
        if arguments.len() != function.parameters.len() || returns.len() != function.returns.len() {
            return Err(format!("`{name}` takes {} values", function.parameters.len()));
        }
        // Lanes that do not call go around.
        let past = self.new_label();
        if self.guard.predicate != NONE {
            self.guard.negated = !self.guard.negated;
            self.emit(Op::Branch(past), NONE, [NONE; 3]);
            self.guard = super::ALWAYS;
        }
        let given = arguments.iter().map(|a| self.given(a)).collect::<Result<Vec<_>>>()?;
        let wanted = returns.iter().map(|r| self.given(r)).collect::<Result<Vec<_>>>()?;
        self.expanding.push(name.clone());
        self.expand(function, body, &given, &wanted)?;
        self.expanding.pop();
        self.place(past);
        Ok(())
    }

    /// Whether a device function is being expanded, whose parameters lie in local memory.
    pub(super) fn in_function(&self) -> bool {
        !self.expanding.is_empty()
    }

    /// What an argument names: a register or a `.param` variable.
    fn given(&mut self, operand: &Operand) -> Result<Name> {
        match operand {
            Operand::Name(name) => self.look_up(name).ok_or_else(|| format!("`{name}` is not declared")),
            other => Err(format!("expected a register or a parameter, found {other:?}")),
        }
    }

    fn expand(
        &mut self,
        function: &Function,
        body: &[crate::ptx::Statement],
        given: &[Name],
        wanted: &[Name],
    ) -> Result<()> {
        // The body sees the module's names and its own parameters, and nothing of the caller.
        let callers = self.scopes.split_off(1);
        self.scopes.push(super::Scope::default());
        let mut inner = vec![];
        for parameter in function.parameters.iter().chain(&function.returns) {
            let name = self.fresh(parameter)?;
            self.declare(&parameter.name, name.clone());
            inner.push(name);
        }
        let (parameters, results) = inner.split_at(function.parameters.len());
        for ((from, to), parameter) in given.iter().zip(parameters).zip(&function.parameters) {
            self.hand_over(from, to, parameter)?;
        }
        let end = self.new_label();
        let outer_end = std::mem::replace(&mut self.end, end);
        self.scope(body)?;
        self.place(end);
        self.end = outer_end;
        self.guard = super::ALWAYS;
        for ((from, to), parameter) in results.iter().zip(wanted).zip(&function.returns) {
            self.hand_over(from, to, parameter)?;
        }
        self.scopes.pop();
        self.scopes.extend(callers);
        Ok(())
    }

    /// A place for a parameter of this expansion.
    fn fresh(&mut self, parameter: &Parameter) -> Result<Name> {
        match parameter.register {
            Some(ty) => {
                self.declare_registers(ty, &[(parameter.name.clone(), None)])?;
                self.register(&parameter.name).map(Name::Register)
            }
            None => Ok(Name::Memory(Space::Local, self.reserve_local(parameter.size, parameter.align))),
        }
    }

    /// Copies a parameter from one place to another.
    fn hand_over(&mut self, from: &Name, to: &Name, parameter: &Parameter) -> Result<()> {
        match (from, to) {
            (Name::Register(from), Name::Register(to)) if from.is_wide() == to.is_wide() => {
                let op = if from.is_wide() { Op::Move64 } else { Op::Move32 };
                self.emit(op, to.row, [from.row, NONE, NONE]);
                Ok(())
            }
            (Name::Memory(Space::Local, from), Name::Memory(Space::Local, to)) => {
                let row = self.new_narrow()?;
                let unit = [4, 2, 1]
                    .into_iter()
                    .find(|n| parameter.align.is_multiple_of(*n) && parameter.size.is_multiple_of(*n));
                let unit = unit.unwrap_or(1);
                for offset in (0..parameter.size).step_by(unit) {
                    let load = self.local(*from, offset, unit, row)?;
                    let store = self.local(*to, offset, unit, row)?;
                    self.emit(Op::Load(Box::new(load)), NONE, [NONE; 3]);
                    self.emit(Op::Store(Box::new(store)), NONE, [NONE; 3]);
                }
                Ok(())
            }
            _ => Err(format!("the argument for `{}` is of another kind", parameter.name)),
        }
    }

    fn local(&mut self, at: u64, offset: usize, bytes: usize, row: Row) -> Result<Access> {
        let address = Address { row: self.wide_constant(at)?, wide: true, offset: offset as i64 };
        debug_assert!(bytes <= Type::U32.bytes());
        Ok(Access {
            space: Space::Local,
            address,
            bytes,
            signed: false,
            rows: vec![row],
            wide: false,
            strong: false,
        })
    }
}
