//! Floats and conversions.

use super::operand::nth;
use super::{Decoder, Result};
use crate::program::{Convert, Float, Half, Mode, NONE, Op, Rounding, Test};
use crate::ptx::{Instruction, Operand, Type};

impl Decoder<'_> {
    pub(super) fn float(&mut self, i: &Instruction) -> Result<()> {
        let ty = i.types().next().unwrap_or(Type::F32);
        if i.opcode == "testp" {
            return self.test(i, ty);
        }
        let op = match i.opcode.as_str() {
            "add" => Float::Add,
            "sub" => Float::Sub,
            "mul" => Float::Mul,
            "fma" | "mad" => Float::Fma,
            "div" => Float::Div,
            "rcp" => Float::Rcp,
            "sqrt" => Float::Sqrt,
            "rsqrt" => Float::Rsqrt,
            "sin" => Float::Sin,
            "cos" => Float::Cos,
            "lg2" => Float::Log2,
            "ex2" => Float::Exp2,
            "tanh" => Float::Tanh,
            "min" => Float::Min,
            "max" => Float::Max,
            "neg" => Float::Neg,
            "abs" => Float::Abs,
            "copysign" => Float::CopySign,
            other => return Err(format!("unsupported instruction `{other}`")),
        };
        if i.has("xorsign") || i.operands.len() > 4 || (i.operands.len() == 4 && op != Float::Fma) {
            return Err("this form is not supported".to_owned());
        }
        let mode = Mode {
            rounding: rounding(i),
            flush: i.has("ftz"),
            saturate: i.has("sat"),
            relu: i.has("relu"),
            nan: i.has("NaN"),
        };
        let exact = matches!(op, Float::Neg | Float::Abs | Float::Min | Float::Max | Float::CopySign);
        if mode.rounding != Rounding::Nearest && (exact || !directed(op, ty)) {
            return Err("this rounding is not supported here".to_owned());
        }
        let d = self.target(nth(i, 0)?, ty)?;
        let sources = self.sources(i, 1, ty)?;
        let op = match half(ty) {
            Some(half) => Op::Half(op, mode, half),
            None if ty == Type::F64 => Op::Float64(op, mode),
            None => Op::Float32(op, mode),
        };
        self.emit(op, d, sources);
        Ok(())
    }

    fn test(&mut self, i: &Instruction, ty: Type) -> Result<()> {
        let test = match i.modifiers.first().map_or("", |m| m) {
            "finite" => Test::Finite,
            "infinite" => Test::Infinite,
            "number" => Test::Number,
            "notanumber" => Test::NotANumber,
            "normal" => Test::Normal,
            "subnormal" => Test::Subnormal,
            other => return Err(format!("unknown test `{other}`")),
        };
        let d = self.predicate_target(nth(i, 0)?)?;
        let a = self.source(nth(i, 1)?, ty)?;
        self.emit(Op::Test(test, ty == Type::F64), d, [a, NONE, NONE]);
        Ok(())
    }

    pub(super) fn convert(&mut self, i: &Instruction) -> Result<()> {
        let mut types = i.types();
        let (Some(to), Some(from)) = (types.next(), types.next()) else {
            return Err("a type is missing, or not supported".to_owned());
        };
        if let (Some(half), 3) = (half(to), i.operands.len()) {
            let d = self.target(nth(i, 0)?, to)?;
            let (a, b) = (self.source(nth(i, 1)?, from)?, self.source(nth(i, 2)?, from)?);
            self.emit(Op::Pack(half, rounding(i), i.has("relu")), d, [a, b, NONE]);
            return Ok(());
        }
        // Registers may be wider than the types say.
        let into = self.any_register(nth(i, 0)?)?;
        let (a, wide_from) = match nth(i, 1)? {
            Operand::Name(name) if self.register(name).is_ok_and(|r| r.is_wide()) => {
                (self.source(nth(i, 1)?, Type::U64)?, true)
            }
            operand => (self.source(operand, from)?, from.bits() == 64),
        };
        let convert = Convert {
            wide_from,
            wide_to: into.is_wide(),
            rounding: rounding(i),
            whole: from.is_float() && to.is_float() && i.modifiers.iter().any(|m| is_whole(m)),
            saturate: i.has("sat"),
            relu: i.has("relu"),
            flush: i.has("ftz"),
            ..plain_convert(from, to)
        };
        self.emit(Op::Convert(Box::new(convert)), into.row, [a, NONE, NONE]);
        Ok(())
    }
}

/// A conversion without modifiers, between registers of the types' widths.
pub(super) fn plain_convert(from: Type, to: Type) -> Convert {
    Convert {
        from,
        to,
        wide_from: from.bits() == 64,
        wide_to: to.bits() == 64,
        rounding: Rounding::Nearest,
        whole: false,
        saturate: false,
        relu: false,
        flush: false,
    }
}

fn directed(op: Float, ty: Type) -> bool {
    match op {
        Float::Add | Float::Sub | Float::Mul => matches!(ty, Type::F32 | Type::F64),
        Float::Fma | Float::Div | Float::Rcp | Float::Sqrt => ty == Type::F32,
        _ => false,
    }
}

fn half(ty: Type) -> Option<Half> {
    Some(match ty {
        Type::F16 => Half { brain: false, packed: false },
        Type::BF16 => Half { brain: true, packed: false },
        Type::F16x2 => Half { brain: false, packed: true },
        Type::BF16x2 => Half { brain: true, packed: true },
        _ => return None,
    })
}

fn is_whole(modifier: &str) -> bool {
    matches!(modifier, "rni" | "rzi" | "rmi" | "rpi")
}

fn rounding(i: &Instruction) -> Rounding {
    let found = i.modifiers.iter().find_map(|m| {
        Some(match m.as_str() {
            "rn" | "rni" => Rounding::Nearest,
            "rna" => Rounding::NearestAway,
            "rz" | "rzi" => Rounding::Zero,
            "rm" | "rmi" => Rounding::Down,
            "rp" | "rpi" => Rounding::Up,
            _ => return None,
        })
    });
    found.unwrap_or_default()
}
