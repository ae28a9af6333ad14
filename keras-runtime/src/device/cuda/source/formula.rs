//! Formulas as C.

use std::fmt::Write;

use crate::device::cpu::simd::symbol::{Binary, Formula, Instruction, Relation, Unary};

/// A constant, to the bit.
pub fn number(x: f32) -> String {
    match x.is_finite() && x == x.trunc() && x.abs() < 1e6 && x.to_bits() != (-0.0f32).to_bits() {
        true if x < 0.0 => format!("({x:.1}f)"),
        true => format!("{x:.1}f"),
        false => format!("number({:#x}u)", x.to_bits()),
    }
}

/// Statements that compute `formula` from `arguments` (expressions), and expressions of its results. Variables begin with
/// `prefix`; constants are what `constant` makes of them.
pub fn statements(
    formula: &Formula,
    arguments: &[String],
    prefix: &str,
    constant: impl FnMut(f32) -> String,
) -> (String, Vec<String>) {
    let mut names = vec![];
    let argument = |i: u32| arguments[i as usize].clone();
    let text = further(&mut names, &formula.body, argument, prefix, constant);
    let results = formula.results.iter().map(|i| names[*i as usize].clone()).collect();
    (text, results)
}

/// Statements for those of `instructions` that have no `names` yet, which get some.
pub fn further(
    names: &mut Vec<String>,
    instructions: &[Instruction],
    argument: impl Fn(u32) -> String,
    prefix: &str,
    mut constant: impl FnMut(f32) -> String,
) -> String {
    let mut text = String::new();
    for instruction in &instructions[names.len()..] {
        let at = names.len();
        let name = |i: &u32| &names[*i as usize];
        let (is_truth, value) = match instruction {
            Instruction::Argument(i) => {
                names.push(argument(*i));
                continue;
            }
            Instruction::Constant(x) => {
                names.push(constant(*x));
                continue;
            }
            Instruction::Load(_) => unreachable!("loads are arguments by now"),
            Instruction::Unary(f, a) => (false, unary(*f, name(a))),
            Instruction::Binary(f, a, b) => (false, binary(*f, name(a), name(b))),
            Instruction::MulAdd(a, b, c) => (false, format!("fmaf({}, {}, {})", name(a), name(b), name(c))),
            Instruction::Relation(f, a, b) => {
                let sign = match f {
                    Relation::Gt => ">",
                    Relation::Ge => ">=",
                    Relation::Eq => "==",
                    Relation::And => "&&",
                    Relation::Or => "||",
                };
                (true, format!("{} {sign} {}", name(a), name(b)))
            }
            Instruction::Not(a) => (true, format!("!{}", name(a))),
            Instruction::Select(truth, a, b) => {
                (false, format!("{} ? {} : {}", name(truth), name(a), name(b)))
            }
            Instruction::Number(truth) => (false, format!("{} ? 1.0f : 0.0f", name(truth))),
        };
        let kind = if is_truth { "bool" } else { "float" };
        let _ = writeln!(text, "    {kind} {prefix}{at} = {value};");
        names.push(format!("{prefix}{at}"));
    }
    text
}

fn unary(f: Unary, a: &str) -> String {
    let function = match f {
        Unary::Neg => return format!("-{a}"),
        Unary::Abs => "fabsf",
        Unary::Sqrt => "sqrtf",
        Unary::Floor => "floorf",
        Unary::Ceil => "ceilf",
        Unary::Round => "rintf",
        Unary::Exp2 => "exp2_integer",
        Unary::Mantissa => "mantissa",
        Unary::Exponent => "exponent",
        Unary::Exp => "expf",
        Unary::Expm1 => "expm1f",
        Unary::Ln => "logf",
        Unary::Log1p => "log1pf",
        Unary::Sigmoid => "sigmoid",
        Unary::Tanh => "tanhf",
        Unary::Erf => "erff",
        Unary::Sin => "sinf",
        Unary::Cos => "cosf",
        Unary::Tan => "tanf",
        Unary::Asin => "asinf",
        Unary::Acos => "acosf",
        Unary::Atan => "atanf",
        Unary::Sinh => "sinhf",
        Unary::Cosh => "coshf",
        Unary::Asinh => "asinhf",
        Unary::Acosh => "acoshf",
        Unary::Atanh => "atanhf",
    };
    format!("{function}({a})")
}

fn binary(f: Binary, a: &str, b: &str) -> String {
    match f {
        Binary::Add => format!("{a} + {b}"),
        Binary::Sub => format!("{a} - {b}"),
        Binary::Mul => format!("{a} * {b}"),
        Binary::Div => format!("{a} / {b}"),
        Binary::MaxOr => format!("max_or({a}, {b})"),
        Binary::MinOr => format!("min_or({a}, {b})"),
        Binary::Pow => format!("powf({a}, {b})"),
    }
}
