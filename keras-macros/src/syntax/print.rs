//! The text form of the AST: what the user wrote, with every precedence made visible in dumps.

use std::fmt;

use super::ast::{
    Arg, Block, BlockItem, Body, CellItem, Closure, Declared, Expr, ExprKind, File, If, Item, ModelItem,
    Operator, Parameter, Pattern, Repeat,
};

fn comma_separated<T: fmt::Display>(f: &mut fmt::Formatter<'_>, parts: &[T]) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        write!(f, "{}{part}", if i == 0 { "" } else { ", " })?;
    }
    Ok(())
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Int(n) => write!(f, "{n}"),
            ExprKind::Float(x) => write!(f, "{x:?}"),
            ExprKind::Bool(b) => write!(f, "{b}"),
            ExprKind::Str(s) => write!(f, "{s:?}"),
            ExprKind::Path(path) => {
                f.write_str(&path.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("::"))
            }
            ExprKind::Call(call) => {
                let path: Vec<String> = call.path.iter().map(|part| part.to_string()).collect();
                write!(f, "{}(", path.join("::"))?;
                comma_separated(f, &call.args)?;
                f.write_str(")")
            }
            ExprKind::Binary(op, a, b) => {
                // Left-associative: the right operand needs parentheses from its own level on.
                let side = |f: &mut fmt::Formatter<'_>, x: &Expr, least: u8| match &x.kind {
                    ExprKind::Binary(inner, ..) if inner.precedence() < least => write!(f, "({x})"),
                    _ => write!(f, "{x}"),
                };
                side(f, a, op.precedence())?;
                write!(f, " {} ", op.text())?;
                side(f, b, op.precedence() + u8::from(*op != Operator::Pipe))
            }
            ExprKind::Neg(x) => match x.kind {
                ExprKind::Binary(..) => write!(f, "-({x})"),
                _ => write!(f, "-{x}"),
            },
            ExprKind::Tuple(parts) => {
                f.write_str("(")?;
                comma_separated(f, parts)?;
                f.write_str(")")
            }
            ExprKind::List(parts) => {
                f.write_str("[")?;
                comma_separated(f, parts)?;
                f.write_str("]")
            }
            ExprKind::Closure(closure) => write!(f, "{closure}"),
            ExprKind::Block(block) => write!(f, "{block}"),
            ExprKind::Repeat(repeat) => write!(f, "{repeat}"),
            ExprKind::If(choice) => write!(f, "{choice}"),
            ExprKind::Error(_) => f.write_str("<error>"),
        }
    }
}

impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} = {}", self.value),
            None => write!(f, "{}", self.value),
        }
    }
}

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("|")?;
        comma_separated(f, &self.params)?;
        write!(f, "| {}", self.body)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([], Some(tail)) = (&self.lets[..], &self.tail) {
            return write!(f, "{{ {tail} }}");
        }
        writeln!(f, "{{")?;
        for binding in &self.lets {
            writeln!(f, "    let {} = {};", binding.pattern, binding.value)?;
        }
        if let Some(tail) = &self.tail {
            writeln!(f, "    {tail}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Name(name) => write!(f, "{name}"),
            Pattern::Tuple(names, _) => {
                f.write_str("(")?;
                comma_separated(f, names)?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Repeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("repeat ")?;
        if let Some(counter) = &self.counter {
            write!(f, "{counter} in ")?;
        }
        write!(f, "{} {}", self.count, self.body)
    }
}

impl fmt::Display for If {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "if {} {}", self.condition, self.then)?;
        match &self.otherwise {
            Some(otherwise) => write!(f, " else {otherwise}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.default {
            Some(default) => write!(f, "{} = {default}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl fmt::Display for CellItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {}(", self.name)?;
        comma_separated(f, &self.inputs)?;
        f.write_str("; ")?;
        comma_separated(f, &self.states)?;
        f.write_str(")")?;
        if let Some(output) = &self.output {
            write!(f, " -> {output}")?;
        }
        write!(f, " {}", self.block)
    }
}

impl fmt::Display for BlockItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "block {}(", self.name)?;
        comma_separated(f, &self.params)?;
        write!(f, ") {}", self.body)
    }
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}: ")?;
        }
        f.write_str("[")?;
        if let Some(dtype) = &self.dtype {
            write!(f, "{dtype}; ")?;
        }
        comma_separated(f, &self.dims)?;
        f.write_str("]")
    }
}

impl fmt::Display for ModelItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.loss.is_some() {
            f.write_str("loss ")?;
        }
        match &self.body {
            Body::Sequential(expr) => write!(f, "{} = {expr}", self.name),
            Body::Functional { inputs, outputs, block } => {
                write!(f, "{}(", self.name)?;
                comma_separated(f, inputs)?;
                f.write_str(")")?;
                if let Some(outputs) = outputs {
                    f.write_str(" -> (")?;
                    comma_separated(f, outputs)?;
                    f.write_str(")")?;
                }
                write!(f, " {block}")
            }
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            File::Expression(expr) => writeln!(f, "{expr}"),
            File::Items(items) => items.iter().try_for_each(|item| match item {
                Item::Model(model) => writeln!(f, "{model}"),
                Item::Block(block) => writeln!(f, "{block}"),
                Item::Cell(cell) => writeln!(f, "{cell}"),
                Item::Const(constant) => writeln!(f, "{}", constant.tokens),
            }),
        }
    }
}
