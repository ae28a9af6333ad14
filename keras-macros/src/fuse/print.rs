//! Kernels as text, for dumps.

use std::fmt;

use super::kernel::{Expression, Instruction, Kernel, Matrix, Operand, Span, Value};
use crate::ir::Dim;

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Node(id) => write!(f, "{id}"),
            Value::Gradient(weight) => write!(f, "gradient{weight}"),
            Value::Update(weight) => write!(f, "update{weight}"),
            Value::Carry(index) => write!(f, "carry{index}"),
            Value::Packed { w, transposed } => write!(f, "packed({w}{})", if *transposed { "ᵀ" } else { "" }),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value)?;
        if !self.offset.is(0) {
            write!(f, " from {}", self.offset)?;
        }
        if !self.time.is(0) {
            write!(f, " every {}", self.time)?;
        }
        Ok(())
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |part: &[(Dim, Dim)]| {
            let part: Vec<String> =
                part.iter().map(|(extent, stride)| format!("{extent} by {stride}")).collect();
            part.join(", ")
        };
        write!(f, "{}", self.span)?;
        match (&self.rows[..], &self.columns[..]) {
            ([_], [(_, step)]) if step.is(1) => Ok(()),
            (rows, columns) => write!(f, "[{}; {}]", list(rows), list(columns)),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (reg, instruction) in self.body.iter().enumerate() {
            let lower = |name: &dyn fmt::Debug| format!("{name:?}").to_lowercase();
            let text = match instruction {
                Instruction::Load(i) => match &self.operands[*i] {
                    Operand::Value(value, walk) => {
                        let strides: Vec<String> = walk.strides.iter().map(Dim::to_string).collect();
                        let time = match walk.time.is(0) {
                            true => String::new(),
                            false => format!(" time={}", walk.time),
                        };
                        format!("load {value} strides=[{}] offset={}{time}", strides.join(", "), walk.offset)
                    }
                    Operand::Random(stream) => format!("uniform stream={stream}"),
                },
                Instruction::Number(value) => format!("{value:?}"),
                Instruction::Extent(dim) => format!("extent {dim}"),
                Instruction::Unary(g, x) => format!("{} v{x}", lower(g)),
                Instruction::Binary(g, a, b) => format!("{} v{a} v{b}", lower(g)),
                Instruction::Select(c, a, b) => format!("select v{c} v{a} v{b}"),
            };
            writeln!(f, "        v{reg} = {text}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kernel::Map(map) => {
                writeln!(f, "    map over {}", map.expression.space)?;
                write!(f, "{}", map.expression)?;
                let plus = if map.accumulate { "+" } else { "" };
                for (value, _, reg) in &map.stores {
                    writeln!(f, "        store {value} {plus}= v{reg}")?;
                }
                Ok(())
            }
            Kernel::Reduce { kind, expression, result, over, batch, into } => {
                let kind = format!("{kind:?}").to_lowercase();
                let batch = if *batch { " and the batch" } else { "" };
                writeln!(
                    f,
                    "    reduce {into} = {kind} of v{result} over {} where {over:?}{batch}",
                    expression.space
                )?;
                write!(f, "{expression}")
            }
            Kernel::MatMul { x, w, into, rows, k, n, .. } => {
                writeln!(f, "    matmul {into} = {x} · {w}  [{rows}, {k}] · [{k}, {n}]")
            }
            Kernel::MatMulT { x, y, into, db, accumulate, k, n, .. } => {
                let plus = if *accumulate { "+" } else { "" };
                let db = db.map(|db| format!(", {db} = column sums")).unwrap_or_default();
                writeln!(f, "    matmul {into} {plus}= {x}ᵀ · {y}{db}  [{k}, {n}]")
            }
            Kernel::BatchMatMul { a, b, into, groups, m, k, n, .. } => {
                writeln!(
                    f,
                    "    batch_matmul {into} = {} · {}  {groups} of [{m}, {k}] · [{k}, {n}]",
                    a.0, b.0
                )
            }
            Kernel::Softmax { x, into, log, columns, .. } => {
                writeln!(f, "    {}softmax {into} = {x}  rows of {columns}", if *log { "log_" } else { "" })
            }
            Kernel::MatMulOverlap { x, w, into, counts, window, .. } => {
                writeln!(f, "    matmul_overlap {into} = windows of {x} · {w}  {counts:?} {window:?}")
            }
            Kernel::Iota { into, count } => writeln!(f, "    iota {into} = 0 .. {count}"),
            Kernel::Numbers { into, numbers } => writeln!(f, "    numbers {into} = {numbers:?}"),
            Kernel::Sample { image, at, into, sampling, gradient, .. } => {
                let name = if *gradient { "sample_grad" } else { "sample" };
                writeln!(f, "    {name} {into} = {image} at {at}  {sampling:?}")
            }
            Kernel::Gather { table, index, into, count, .. } => {
                writeln!(f, "    gather {into} = {count} rows of {table} by {index}")
            }
            Kernel::ScatterAdd { index, dy, into, count, .. } => {
                writeln!(f, "    scatter_add {into} = {count} rows {dy} by {index}")
            }
            Kernel::MaxPoolGrad { x, y, dy, into, .. } => {
                writeln!(f, "    max_pool_grad {into} = {dy} where {x} is {y}")
            }
            Kernel::Flip { x, into, groups, count, width, .. } => {
                writeln!(f, "    flip {into} = {x}  {groups} of {count} times {width}")
            }
            Kernel::Head { output, z, dz, weights } => {
                let dz = dz.map(|dz| format!(", gradient {dz}")).unwrap_or_default();
                let weights =
                    weights.map(|weights| format!(", steps weighted by {weights}")).unwrap_or_default();
                writeln!(f, "    head of output {output} on {z}{dz}{weights}")
            }
            Kernel::Pack { w, into, .. } => writeln!(f, "    pack {into} = {w}"),
            Kernel::Loop { length, reverse, kernels } => {
                writeln!(f, "    {length} times{}:", if *reverse { " backwards" } else { "" })?;
                kernels.iter().try_for_each(|kernel| write!(f, "{kernel}"))?;
                writeln!(f, "    end")
            }
        }
    }
}
