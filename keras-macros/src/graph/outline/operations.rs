//! Functions and arithmetic of tensors: Keras's operations, which stand among a functional model's layers.

use super::config::with;
use super::{Builder, Call, Described, MARK, NUMBER};
use crate::graph::Tensor;
use crate::ir::{Id, Op};
use crate::layers::{Family, Use};

/// What the names of their modules begin with.
pub(super) const MODULES: &str = "keras.src.ops.";
const NUMPY: &str = "keras.src.ops.numpy";
const NN: &str = "keras.src.ops.nn";
const CORE: &str = "keras.src.ops.core";

/// An operation of Keras, and how it is called.
pub(super) struct Operation {
    pub described: Described,
    pub call: Call,
    /// What is done to the result, by the ends of names.
    pub after: Vec<(&'static str, Described)>,
    /// Whether its operands are broadcast to each other.
    pub fits: bool,
    /// The operand that Keras takes as whole numbers.
    pub whole: Option<usize>,
}

/// Classes whose arguments here are those of the class in Keras, by the module that they are in.
const CLASSES: &[(&str, &str)] = &[
    (
        NUMPY,
        "Absolute Add All Any Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin Cbrt \
         Ceil Clip Cos Cosh CountNonzero Cross Cumprod Cumsum Deg2rad Diff Divide DivideNoNan Einsum Equal Exp Exp2 \
         ExpandDims Expm1 Flip Floor FloorDivide FullLike Greater GreaterEqual Heaviside Hypot I0 Less \
         LessEqual Log Log10 Log1p Log2 Logaddexp LogicalAnd LogicalNot LogicalOr LogicalXor Matmul Max \
         Mean Min Mod Moveaxis Multiply Negative NotEqual OnesLike Pad Power Prod Ptp Rad2deg \
         Reciprocal Repeat Roll Round Sign Sin Sinc Sinh Split Sqrt Square Squeeze Stack Std Subtract \
         Sum Swapaxes Take TakeAlongAxis Tan Tile Trace Trapezoid Tril Triu TrueDivide Trunc Var Where ZerosLike",
    ),
    ("keras.src.ops.math", "CDist Erf Erfc Erfinv ExtractSequences InTopK Logsumexp Rsqrt"),
    (
        NN,
        "BinaryCrossentropy CTCLoss CategoricalCrossentropy DepthToSpace Fold Moments Normalize OneHot SpaceToDepth \
         Unfold",
    ),
    (CORE, "SliceUpdate StopGradient"),
];

/// Activations whose arguments no layer of Keras has.
const ACTIVATIONS: &[(&str, &str)] = &[
    ("celu", "Celu"),
    ("gelu", "Gelu"),
    ("glu", "Glu"),
    ("hard_shrink", "HardShrink"),
    ("log_softmax", "LogSoftmax"),
    ("soft_shrink", "SoftShrink"),
    ("sparsemax", "Sparsemax"),
    ("squareplus", "Squareplus"),
    ("threshold", "Threshold"),
];

/// Those that Keras makes truth values or whole numbers of.
const CAST: &str = "All Any Argmax Argmin CountNonzero Equal Greater GreaterEqual InTopK Less LessEqual LogicalAnd \
    LogicalNot LogicalOr LogicalXor NotEqual";

/// Those whose `axis` is all axes if none is given: here all but the batch.
const REDUCTIONS: &str = "All Any CountNonzero Flip Logsumexp Max Mean Min Prod Ptp Std Sum Var";

/// Operands of these are not broadcast to each other.
const APART: &str = "CDist CTCLoss Cross Einsum InTopK Matmul SliceUpdate Stack TakeAlongAxis";

/// What is done for each sample here, and over the whole batch in Keras.
const OVER_BATCH: &str = "Corrcoef Correlate Diag Diagflat Kron Scatter ScatterUpdate SegmentMax SegmentMin SegmentProd \
    SegmentSum Tensordot";

fn is_in(list: &str, class: &str) -> bool {
    list.split_whitespace().any(|known| known == class)
}

/// The module of `class`.
fn module(class: &str) -> Option<&'static str> {
    CLASSES.iter().find(|(_, classes)| is_in(classes, class)).map(|(module, _)| *module)
}

fn cast(dtype: &str) -> Described {
    let config = with("dtype", &format!("\"{dtype}\""));
    Described { module: CORE, class: "Cast", config, problem: None }
}

impl Operation {
    /// Of arithmetic, which has no arguments.
    pub fn plain(class: &'static str) -> Option<Self> {
        let described = Described { module: module(class)?, class, ..Described::default() };
        let call = if class == "Stack" { Call::List } else { Call::Each };
        let after = is_in(CAST, class).then(|| ("as_number", cast("float32"))).into_iter().collect();
        let whole = (class == "TakeAlongAxis").then_some(1);
        Some(Operation { described, call, after, fits: !is_in(APART, class), whole })
    }

    /// Of one operand.
    fn of_one(module: &'static str, class: &'static str, call: Call) -> Self {
        let described = Described { module, class, ..Described::default() };
        Operation { described, call, after: vec![], fits: false, whole: None }
    }
}

impl Builder<'_> {
    /// What Keras has in the place of a function, or of an activation that is none of its layers; `None` for other layers.
    pub(super) fn operation_of(&mut self, u: &Use) -> Option<Result<Operation, String>> {
        match u.entry.family {
            Family::Layer => None,
            Family::Activation => {
                let class = ACTIVATIONS.iter().find(|(name, _)| *name == u.entry.name)?.1;
                u.args.given().next()?;
                Some(self.operation_with(u, Operation::of_one(NN, class, Call::Each)))
            }
            Family::Function => Some(self.function(u)),
        }
    }

    fn function(&mut self, u: &Use) -> Result<Operation, String> {
        let name = u.entry.name;
        match u.entry.class {
            "Slice" => return Ok(self.slice(u)),
            // That of Keras does not run on all of its backends.
            "Norm" => {
                let root = Described { module: NUMPY, class: "Sqrt", ..Described::default() };
                let sum = self.reduction("Sum", u)?;
                let square = Operation::of_one(NUMPY, "Square", Call::Each);
                return Ok(Operation { after: vec![("sum", sum.described), ("root", root)], ..square });
            }
            class if is_in(REDUCTIONS, class) => return self.reduction(class, u),
            class if is_in(OVER_BATCH, class) => {
                return Err(format!("`{name}` takes the batch for one of its axes in Keras"));
            }
            _ => {}
        }
        if u.inputs.is_empty() {
            return Err(format!("`{name}` is of no tensor, and Keras has operations of tensors alone"));
        }
        let Some(mut operation) = Operation::plain(u.entry.class) else {
            return Err(format!("`{name}` is no operation of Keras"));
        };
        let ranks: Vec<usize> = u.inputs.iter().map(|input| self.shape(input.id).rank()).collect();
        let rank = ranks.first().copied().unwrap_or(0);
        let mut config = String::new();
        match u.entry.class {
            "Matmul" if ranks.iter().any(|other| *other < 2 || *other != rank) => {
                return Err(format!("`{name}` of a vector takes the batch for an axis of a matrix in Keras"));
            }
            "Argmax" | "Argmin" if u.args.optional_integer("axis").is_none() => match rank {
                1 => config += &with("axis", "1"),
                _ => return Err(format!("`{name}` without `axis` counts the batch too in Keras")),
            },
            "TakeAlongAxis" if u.args.optional_integer("axis").is_none() => {
                return Err(format!("`{name}` without `axis` counts the batch too in Keras"));
            }
            "CDist" | "Cross" if ranks.iter().any(|other| *other != rank) => {
                return Err(format!(
                    "`{name}` of tensors of different ranks takes the batch for another axis in Keras"
                ));
            }
            "Trapezoid" if ranks.len() > 1 => {
                return Err(format!("`{name}` takes its places for numbers in Keras, and not for a tensor"));
            }
            "Trace" => config += &(with("axis1", "-2") + &with("axis2", "-1")),
            _ => {}
        }
        operation.described.config = config;
        self.operation_with(u, operation)
    }

    /// Over the axes that were written, or all but the batch.
    fn reduction(&mut self, class: &'static str, u: &Use) -> Result<Operation, String> {
        if class == "CountNonzero" && u.args.given_flag("keepdims") {
            return Err(format!("`{}` has no `keepdims` in Keras", u.entry.name));
        }
        let mut operation = Operation::plain(class).expect("Keras has all of them");
        if u.args.integers("axis").is_none() {
            let axes: Vec<String> = (1..=self.shape(u.x()).rank()).map(|axis| axis.to_string()).collect();
            operation.described.config = with("axis", &format!("[{}]", axes.join(",")));
        }
        self.operation_with(u, operation)
    }

    /// The arguments that were written: most are of the class, some come with the tensors.
    fn operation_with(&mut self, u: &Use, mut operation: Operation) -> Result<Operation, String> {
        for (argument, value) in u.args.given() {
            let Some(value) = self.json(argument, value)? else { continue };
            match (u.entry.class, argument) {
                _ if value == "null" => {}
                ("Moments", "axes") => operation.described.config += &with(argument, &listed(&value)),
                ("Take", "indices") => operation.call = Call::Then(listed(&value)),
                ("SliceUpdate", "start_indices") => operation.call = Call::Second(listed(&value)),
                ("FullLike", "fill_value") => operation.call = Call::Then(value),
                ("Pad", "constant_values") => {
                    operation.call = Call::Named(format!("\"constant_values\":{value}"));
                }
                _ => operation.described.config += &with(argument, &value),
            }
        }
        Ok(operation)
    }

    /// A part of an axis: an index of Python's.
    fn slice(&mut self, u: &Use) -> Operation {
        let (rank, start) = (self.shape(u.x()).rank(), u.args.integer("start"));
        let axis = u.args.integer("axis");
        let axis = if axis < 0 { axis + rank as i64 + 1 } else { axis };
        let end = self.outline_size(&u.args.size("length").add(&crate::ir::Dim::known(start as usize)));
        let part = |start: &str, stop: &str| {
            format!(
                "{{\"class_name\":\"__slice__\",\"config\":{{\"start\":{start},\"stop\":{stop},\"step\":null}}}}"
            )
        };
        let mut parts = vec![part("null", "null"); axis as usize];
        parts.push(part(&start.to_string(), &end));
        Operation::of_one(NUMPY, "GetItem", Call::Then(format!("[{}]", parts.join(","))))
    }

    /// An operation on its operands, and the layers that Keras needs around it.
    pub(super) fn outline_operands(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: &[&Tensor],
        results: &[Id],
    ) {
        let Operation { described, call, after, fits, whole } = operation;
        let rank = inputs.iter().map(|input| self.shape(input.id).rank()).max().unwrap_or(0);
        let mut replaced = vec![];
        for (i, input) in inputs.iter().enumerate() {
            let shape = self.shape(input.id);
            let known = self.outline.frames.last().and_then(|frame| frame.makers.get(&input.id).copied());
            let Some(maker) = known else { continue };
            if whole == Some(i) {
                let name = format!("{name}_as_whole");
                self.outline_call(&name, cast("int32"), Call::Each, &[input], &[input.id]);
                replaced.push((input.id, maker));
                continue;
            }
            if !fits || shape.rank() >= rank {
                continue;
            }
            // Keras lines up the first axes, among them the batch, unless ranks are alike.
            let ones = std::iter::repeat_n("1".to_string(), rank - shape.rank());
            let sizes: Vec<String> =
                ones.chain(shape.dims.iter().map(|dim| self.outline_size(dim))).collect();
            let config = with("target_shape", &format!("[{}]", sizes.join(",")));
            let reshape = Described { module: "keras.layers", class: "Reshape", config, problem: None };
            self.outline_call(&format!("{name}_operand_{i}"), reshape, Call::Each, &[input], &[input.id]);
            replaced.push((input.id, maker));
        }
        self.outline_call(name, described, call, inputs, results);
        if let Some(frame) = self.outline.frames.last_mut() {
            frame.makers.extend(replaced);
        }
        for (end, described) in after {
            for result in results {
                let found = inputs[0].with(*result);
                let name = format!("{name}_{end}");
                self.outline_call(&name, described.clone(), Call::Each, &[&found], &[*result]);
            }
        }
    }

    /// What Keras writes for a tensor that no layer makes: a number.
    pub(super) fn outline_number(&mut self, id: Id) -> Option<String> {
        let size = match &self.graph.nodes[id.0].op {
            Op::Const(value) => return value.is_finite().then(|| format!("{value:?}")),
            Op::Extent(size) => size.clone(),
            _ => return None,
        };
        self.outline.sizes.push(size);
        Some(format!("{MARK}{NUMBER}{}{MARK}", self.outline.sizes.len() - 1))
    }
}

/// A list, also of one.
fn listed(value: &str) -> String {
    if value.starts_with('[') { value.to_string() } else { format!("[{value}]") }
}
