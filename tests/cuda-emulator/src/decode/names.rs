//! What names stand for, and rows.

use std::collections::HashMap;

use super::{Decoder, Result};
use crate::program::{LaneMask, NONE, Row, Special};
use crate::ptx::{Space, Type};

/// Names of one pair of braces.
#[derive(Default)]
pub(super) struct Scope {
    names: HashMap<String, Name>,
    /// `name<count>`: the stem, the type, and the first row.
    ranges: Vec<(String, u32, Register)>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Register(Register),
    Memory(Space, u64),
    Label(usize),
    Targets(Vec<usize>),
}

/// A register: its row, and how wide it was declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    pub row: Row,
    pub bits: u32,
}

impl Register {
    pub fn is_wide(self) -> bool {
        self.bits == 64
    }

    pub fn is_predicate(self) -> bool {
        self.bits == 1
    }
}

impl Decoder<'_> {
    pub(super) fn declare(&mut self, name: &str, what: Name) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.insert(name.to_owned(), what);
        }
    }

    pub(super) fn declare_registers(&mut self, ty: Type, names: &[(String, Option<u32>)]) -> Result<()> {
        for (name, count) in names {
            let first = self.new_registers(ty.bits(), count.unwrap_or(1))?;
            let scope = self.scopes.last_mut().expect("there is always a scope");
            match count {
                None => drop(scope.names.insert(name.clone(), Name::Register(first))),
                Some(count) => scope.ranges.push((name.clone(), *count, first)),
            }
        }
        Ok(())
    }

    fn new_registers(&mut self, bits: u32, count: u32) -> Result<Register> {
        let rows = match bits {
            1 => &mut self.kernel.predicates,
            64 => &mut self.kernel.wide,
            _ => &mut self.kernel.narrow,
        };
        let row = *rows;
        *rows += count as usize;
        if *rows >= usize::from(NONE) {
            return Err(format!("more than {} registers of {bits} bits", NONE - 1));
        }
        Ok(Register { row: row as Row, bits })
    }

    pub(super) fn new_narrow(&mut self) -> Result<Row> {
        Ok(self.new_registers(32, 1)?.row)
    }

    pub(super) fn new_wide(&mut self) -> Result<Row> {
        Ok(self.new_registers(64, 1)?.row)
    }

    pub(super) fn new_predicate(&mut self) -> Result<Row> {
        Ok(self.new_registers(1, 1)?.row)
    }

    pub(super) fn look_up(&self, name: &str) -> Option<Name> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    pub(super) fn register(&self, name: &str) -> Result<Register> {
        match self.look_up(name) {
            Some(Name::Register(register)) => Ok(register),
            _ => Err(format!("`{name}` is not a register")),
        }
    }

    pub(super) fn predicate_name(&self, name: &str) -> Result<Row> {
        match self.register(name)? {
            register if register.is_predicate() => Ok(register.row),
            _ => Err(format!("`{name}` is not a predicate")),
        }
    }

    pub(super) fn label(&self, name: &str) -> Result<usize> {
        match self.look_up(name) {
            Some(Name::Label(label)) => Ok(label),
            _ => Err(format!("`{name}` is not a label")),
        }
    }

    /// The row of a constant.
    pub(super) fn narrow_constant(&mut self, value: u32) -> Result<Row> {
        if let Some(row) = self.narrow_constants.get(&value) {
            return Ok(*row);
        }
        let row = self.new_narrow()?;
        self.narrow_constants.insert(value, row);
        self.kernel.narrow_constants.push((row, value));
        Ok(row)
    }

    /// The row of a constant of 64 bits.
    pub(super) fn wide_constant(&mut self, value: u64) -> Result<Row> {
        if let Some(row) = self.wide_constants.get(&value) {
            return Ok(*row);
        }
        let row = self.new_wide()?;
        self.wide_constants.insert(value, row);
        self.kernel.wide_constants.push((row, value));
        Ok(row)
    }

    /// The row of a special register.
    pub(super) fn special(&mut self, name: &str) -> Result<Option<Row>> {
        let Some(special) = special(name) else { return Ok(None) };
        if let Some(row) = self.specials.get(&special) {
            return Ok(Some(*row));
        }
        let row = self.new_narrow()?;
        self.specials.insert(special, row);
        self.kernel.specials.push((row, special));
        Ok(Some(row))
    }
}

impl Scope {
    fn get(&self, name: &str) -> Option<Name> {
        if let Some(what) = self.names.get(name) {
            return Some(what.clone());
        }
        let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        // The stem of a range may end with digits itself.
        (digits..name.len()).find_map(|cut| {
            let (stem, number) = name.split_at(cut);
            let number: u32 = number.parse().ok()?;
            let (_, _, first) = self.ranges.iter().find(|(s, count, _)| s == stem && number < *count)?;
            Some(Name::Register(Register { row: first.row + number as Row, ..*first }))
        })
    }
}

fn special(name: &str) -> Option<Special> {
    let (name, axis) = match name.rsplit_once('.') {
        Some((name, "x")) => (name, 0),
        Some((name, "y")) => (name, 1),
        Some((name, "z")) => (name, 2),
        _ => (name, 0),
    };
    Some(match name {
        "%tid" => Special::Thread(axis),
        "%ntid" => Special::BlockSize(axis),
        "%ctaid" => Special::Block(axis),
        "%nctaid" => Special::GridSize(axis),
        "%laneid" => Special::Lane,
        "%warpid" => Special::Warp,
        "%nwarpid" => Special::Warps,
        "%smid" | "%gridid" => Special::Zero,
        "%lanemask_lt" => Special::LaneMask(LaneMask::Less),
        "%lanemask_le" => Special::LaneMask(LaneMask::LessEqual),
        "%lanemask_eq" => Special::LaneMask(LaneMask::Equal),
        "%lanemask_ge" => Special::LaneMask(LaneMask::GreaterEqual),
        "%lanemask_gt" => Special::LaneMask(LaneMask::Greater),
        "%dynamic_smem_size" => Special::DynamicShared,
        "%total_smem_size" => Special::TotalShared,
        _ => return None,
    })
}
