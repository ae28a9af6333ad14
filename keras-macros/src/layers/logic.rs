//! Comparisons and logic, whose truth is 1 and 0, and element-wise functions that are made of others.

use super::functions::function;
use super::merging::fit;
use super::{Entry, Family, Kind, Operands, Use, optional};
use crate::diag::Reported;
use crate::graph::Builder;
use crate::ir::{Binary, Graph, Id, Unary};

/// An element-wise function of two operands.
macro_rules! of_two {
    ($name:literal $(| $alias:literal)*, $class:literal, $doc:literal, $apply:expr) => {
        function!(
            $name $(| $alias)*, $class, Operands::Exactly(2), $doc,
            "equal shapes, or such that broadcast to each other", &[],
            |b, u| {
                let f: fn(&mut Graph, Id, Id) -> Id = $apply;
                of_two(b, u, f)
            }
        )
    };
}

/// An element-wise function of one operand.
macro_rules! of_one {
    ($name:literal $(| $alias:literal)*, $class:literal, $doc:literal, $apply:expr) => {
        function!(
            $name $(| $alias)*, $class, Operands::Exactly(1), $doc, "any shape, unchanged", &[],
            |b, u| {
                let f: fn(&mut Graph, Id) -> Id = $apply;
                Ok(f(&mut b.graph, u.x()))
            }
        )
    };
}

macro_rules! comparison {
    ($name:literal, $class:literal, $op:ident, $doc:literal) => {
        of_two!($name, $class, $doc, |g, x, y| g.binary(Binary::$op, x, y))
    };
}

/// All of them.
pub const FUNCTIONS: &[Entry] = &[
    comparison!("equal", "Equal", Eq, "1 where both are equal, else 0: `x == y`."),
    comparison!("not_equal", "NotEqual", Ne, "1 where they differ, else 0: `x != y`."),
    comparison!("greater", "Greater", Gt, "1 where the first is greater, else 0: `x > y`."),
    comparison!("greater_equal", "GreaterEqual", Ge, "1 where the first is not less, else 0: `x >= y`."),
    comparison!("less", "Less", Lt, "1 where the first is less, else 0: `x < y`."),
    comparison!("less_equal", "LessEqual", Le, "1 where the first is not greater, else 0: `x <= y`."),
    of_two!("logical_and", "LogicalAnd", "1 where neither is 0, else 0.", |g, x, y| {
        let [x, y] = [x, y].map(|x| truth(g, x));
        g.binary(Binary::Mul, x, y)
    }),
    of_two!("logical_or", "LogicalOr", "1 where one of them is not 0, else 0.", |g, x, y| {
        let [x, y] = [x, y].map(|x| truth(g, x));
        g.binary(Binary::Maximum, x, y)
    }),
    of_two!("logical_xor", "LogicalXor", "1 where just one of them is 0, else 0.", |g, x, y| {
        let [x, y] = [x, y].map(|x| truth(g, x));
        g.binary(Binary::Ne, x, y)
    }),
    of_one!("logical_not", "LogicalNot", "1 where it is 0, else 0.", |g, x| g.binary_const(
        Binary::Eq,
        x,
        0.0
    )),
    of_two!("divide" | "true_divide", "Divide", "The quotient: `x / y`.", |g, x, y| g.binary(
        Binary::Div,
        x,
        y
    )),
    of_two!("divide_no_nan", "DivideNoNan", "The quotient, and 0 where the second is 0.", |g, x, y| {
        let nowhere = g.binary_const(Binary::Eq, y, 0.0);
        let [one, zero] = [1.0, 0.0].map(|number| g.constant(number));
        let y = g.select(nowhere, one, y);
        let quotient = g.binary(Binary::Div, x, y);
        g.select(nowhere, zero, quotient)
    }),
    of_two!("floor_divide", "FloorDivide", "The next whole number below the quotient.", |g, x, y| {
        let quotient = g.binary(Binary::Div, x, y);
        g.unary(Unary::Floor, quotient)
    }),
    of_two!(
        "mod" | "remainder",
        "Mod",
        "What is left of the first by `floor_divide`: it has the sign of the second.",
        |g, x, y| {
            let quotient = g.binary(Binary::Div, x, y);
            let whole = g.unary(Unary::Floor, quotient);
            let parts = g.binary(Binary::Mul, whole, y);
            g.binary(Binary::Sub, x, parts)
        }
    ),
    of_two!("hypot", "Hypot", "The length of what is so wide and so high.", |g, x, y| {
        let [x, y] = [x, y].map(|x| g.unary(Unary::Square, x));
        let sum = g.binary(Binary::Add, x, y);
        g.unary(Unary::Sqrt, sum)
    }),
    of_two!("logaddexp", "Logaddexp", "`log(exp(x) + exp(y))`, without overflow.", logaddexp),
    of_two!("heaviside", "Heaviside", "0 below 0, 1 above, the second at 0.", |g, x, y| {
        let above = g.binary_const(Binary::Gt, x, 0.0);
        let at = g.binary_const(Binary::Eq, x, 0.0);
        g.select(at, y, above)
    }),
    of_one!("log10", "Log10", "The logarithm to base 10.", |g, x| {
        let log = g.unary(Unary::Log, x);
        g.binary_const(Binary::Mul, log, std::f32::consts::LOG10_E)
    }),
    of_one!("log2", "Log2", "The logarithm to base 2.", |g, x| {
        let log = g.unary(Unary::Log, x);
        g.binary_const(Binary::Mul, log, std::f32::consts::LOG2_E)
    }),
    of_one!("exp2", "Exp2", "2 to the power of `x`.", |g, x| {
        let x = g.binary_const(Binary::Mul, x, std::f32::consts::LN_2);
        g.unary(Unary::Exp, x)
    }),
    of_one!("erfc", "Erfc", "`1 - erf(x)`.", |g, x| {
        let erf = g.unary(Unary::Erf, x);
        let one = g.constant(1.0);
        g.binary(Binary::Sub, one, erf)
    }),
    of_one!("erfinv", "Erfinv", "What `erf` makes `x` of; infinite at -1 and 1.", erfinv),
    of_one!("i0", "I0", "The modified Bessel function of the first kind and of order 0.", i0),
    of_one!("cbrt", "Cbrt", "The cube root.", |g, x| {
        let (sign, size) = (g.unary(Unary::Sign, x), g.unary(Unary::Abs, x));
        let root = g.binary_const(Binary::Pow, size, 1.0 / 3.0);
        g.binary(Binary::Mul, sign, root)
    }),
    of_one!("trunc", "Trunc", "The next whole number towards 0.", |g, x| {
        let (sign, size) = (g.unary(Unary::Sign, x), g.unary(Unary::Abs, x));
        let whole = g.unary(Unary::Floor, size);
        g.binary(Binary::Mul, sign, whole)
    }),
    of_one!("sinc", "Sinc", "`sin(πx) / (πx)`, and 1 at 0.", |g, x| {
        let angle = g.binary_const(Binary::Mul, x, std::f32::consts::PI);
        let at = g.binary_const(Binary::Eq, angle, 0.0);
        let one = g.constant(1.0);
        let angle = g.select(at, one, angle);
        let sine = g.unary(Unary::Sin, angle);
        let quotient = g.binary(Binary::Div, sine, angle);
        g.select(at, one, quotient)
    }),
    of_one!("deg2rad", "Deg2rad", "Degrees as radians.", |g, x| {
        g.binary_const(Binary::Mul, x, std::f32::consts::PI / 180.0)
    }),
    of_one!("rad2deg", "Rad2deg", "Radians as degrees.", |g, x| {
        g.binary_const(Binary::Mul, x, 180.0 / std::f32::consts::PI)
    }),
    of_one!("zeros_like", "ZerosLike", "0 everywhere.", |g, x| filled(g, x, 0.0)),
    of_one!("ones_like", "OnesLike", "1 everywhere.", |g, x| filled(g, x, 1.0)),
    function!(
        "in_train_phase",
        "InTrainPhase",
        Operands::Exactly(2),
        "The first while training, else the second.",
        "equal shapes, or such that broadcast to each other",
        &[],
        |b, u| {
            let (train, other) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
            let shape = crate::ir::broadcast(b.graph.shape(train), b.graph.shape(other)).expect("they fit");
            let train = b.graph.broadcast_to(train, &shape);
            Ok(b.graph.phase(train, other))
        }
    ),
    function!(
        "binary_crossentropy",
        "BinaryCrossentropy",
        Operands::Exactly(2),
        "Of targets and of outputs between 0 and 1, or logits: `-t log(y) - (1 - t) log(1 - y)` element by element, to be given \
         to `add_loss`.",
        "equal shapes, or such that broadcast to each other",
        &[FROM_LOGITS],
        |b, u| {
            let (target, y) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
            let logits = u.args.flag("from_logits");
            Ok(binary_crossentropy(&mut b.graph, target, y, logits))
        }
    ),
    function!(
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        Operands::Exactly(2),
        "Of targets and of the probabilities of classes, or logits: `-sum(t log(y))` over `axis`, to be given to `add_loss`.",
        "[batch, ..., classes], [batch, ..., classes] → [batch, ...]",
        &[
            FROM_LOGITS,
            optional("axis", Kind::Integer, "-1", "The axis of the classes; the batch is axis 0.")
        ],
        categorical_crossentropy
    ),
];

const FROM_LOGITS: super::Param =
    optional("from_logits", Kind::Flag, "false", "Whether the second operand comes without its activation.");

/// What the crossentropies of Keras keep probabilities from being 0 or 1 by.
const EPSILON: f32 = 1e-7;

fn of_two(b: &mut Builder, u: &Use, f: fn(&mut Graph, Id, Id) -> Id) -> Result<Id, Reported> {
    let (x, y) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
    Ok(f(&mut b.graph, x, y))
}

/// `log(exp(x) + exp(y))`, without overflow.
pub fn logaddexp(g: &mut Graph, x: Id, y: Id) -> Id {
    let greater = g.binary(Binary::Maximum, x, y);
    let apart = g.binary(Binary::Sub, x, y);
    let apart = g.unary(Unary::Abs, apart);
    let apart = g.unary(Unary::Neg, apart);
    let less = g.unary(Unary::Exp, apart);
    let more = g.unary(Unary::Log1p, less);
    g.binary(Binary::Add, greater, more)
}

/// Giles (2012), "Approximating the erfinv function": one polynomial of `w = -log(1 - x²)` in the middle, one of its root
/// towards the ends.
fn erfinv(g: &mut Graph, x: Id) -> Id {
    const MIDDLE: &[f32] = &[
        2.810_226_4e-8,
        3.432_739_4e-7,
        -3.523_387_7e-6,
        -4.391_506_5e-6,
        2.185_808_7e-4,
        -1.253_725e-3,
        -4.177_681_7e-3,
        0.246_640_73,
        1.501_409_4,
    ];
    const ENDS: &[f32] = &[
        -2.002_142_6e-4,
        1.009_505_6e-4,
        1.349_343_2e-3,
        -3.673_428_4e-3,
        5.739_507_7e-3,
        -7.622_461_3e-3,
        9.438_870_5e-3,
        1.001_674_1,
        2.832_976_8,
    ];
    const BETWEEN: f32 = 5.0;
    // 1 - x² has lost digits near the ends, its factors have not.
    let other = g.unary(Unary::Neg, x);
    let [w, other] = [x, other].map(|x| g.unary(Unary::Log1p, x));
    let w = g.add(w, other);
    let w = g.unary(Unary::Neg, w);
    let near = g.plus(w, -2.5);
    let near = g.polynomial(near, MIDDLE);
    // A root of 0 would have no gradient.
    let far = g.binary_const(Binary::Maximum, w, BETWEEN);
    let far = g.unary(Unary::Sqrt, far);
    let far = g.plus(far, -3.0);
    let far = g.polynomial(far, ENDS);
    let middle = g.binary_const(Binary::Lt, w, BETWEEN);
    let factor = g.select(middle, near, far);
    let end = g.unary(Unary::Abs, x);
    let end = g.binary_const(Binary::Eq, end, 1.0);
    let infinity = g.constant(f32::INFINITY);
    let factor = g.select(end, infinity, factor);
    g.mul(factor, x)
}

/// Abramowitz and Stegun (1964), 9.8.1 and 9.8.2: a polynomial of `(x / 3.75)²` below 3.75, above it one of `3.75 / x`
/// times `exp(x) / sqrt(x)`.
fn i0(g: &mut Graph, x: Id) -> Id {
    const BETWEEN: f32 = 3.75;
    const NEAR: &[f32] = &[0.004_581_3, 0.036_076_8, 0.265_973_2, 1.206_749_2, 3.089_942_4, 3.515_622_9, 1.0];
    const FAR: &[f32] = &[
        0.003_923_77,
        -0.016_476_33,
        0.026_355_37,
        -0.020_577_06,
        0.009_162_81,
        -0.001_575_65,
        0.002_253_19,
        0.013_285_92,
        0.398_942_28,
    ];
    let size = g.unary(Unary::Abs, x);
    // Neither part of it sees what only the other does.
    let near = g.binary_const(Binary::Minimum, size, BETWEEN);
    let near = g.binary_const(Binary::Div, near, BETWEEN);
    let near = g.unary(Unary::Square, near);
    let near = g.polynomial(near, NEAR);
    let far = g.binary_const(Binary::Maximum, size, BETWEEN);
    let (growth, root) = (g.unary(Unary::Exp, far), g.unary(Unary::Sqrt, far));
    let inverse = g.unary(Unary::Reciprocal, far);
    let inverse = g.times(inverse, BETWEEN);
    let far = g.polynomial(inverse, FAR);
    let growth = g.div(growth, root);
    let far = g.mul(far, growth);
    let inner = g.binary_const(Binary::Lt, size, BETWEEN);
    g.select(inner, near, far)
}

/// 1 where `x` is not 0.
fn truth(g: &mut Graph, x: Id) -> Id {
    g.binary_const(Binary::Ne, x, 0.0)
}

/// `value` in the shape of `x`.
pub fn filled(g: &mut Graph, x: Id, value: f32) -> Id {
    let shape = g.shape(x).clone();
    let value = g.constant(value);
    g.broadcast_to(value, &shape)
}

fn binary_crossentropy(g: &mut Graph, target: Id, y: Id, logits: bool) -> Id {
    let one = g.constant(1.0);
    if logits {
        // relu(y) - y t + log(1 + exp(-|y|))
        let positive = g.unary(Unary::Relu, y);
        let product = g.binary(Binary::Mul, y, target);
        let size = g.unary(Unary::Abs, y);
        let size = g.unary(Unary::Neg, size);
        let less = g.unary(Unary::Exp, size);
        let more = g.unary(Unary::Log1p, less);
        let linear = g.binary(Binary::Sub, positive, product);
        return g.binary(Binary::Add, linear, more);
    }
    let y = g.clip(y, EPSILON, 1.0 - EPSILON);
    let [y, others, rest] = [y, g.binary(Binary::Sub, one, y), g.binary(Binary::Sub, one, target)];
    let [log, other] = [y, others].map(|p| g.unary(Unary::Log, p));
    let (first, second) = (g.binary(Binary::Mul, target, log), g.binary(Binary::Mul, rest, other));
    let sum = g.binary(Binary::Add, first, second);
    g.unary(Unary::Neg, sum)
}

fn categorical_crossentropy(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let (target, y) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
    let shape = b.shape(y);
    let axis = u.axis(b, "axis", &shape)?;
    let g = &mut b.graph;
    let log = if u.args.flag("from_logits") {
        g.log_softmax(y, axis)
    } else {
        let sum = g.reduce(crate::ir::ReduceKind::Sum, y, vec![axis], true);
        let y = g.binary(Binary::Div, y, sum);
        let y = g.clip(y, EPSILON, 1.0 - EPSILON);
        g.unary(Unary::Log, y)
    };
    let product = g.binary(Binary::Mul, target, log);
    let sum = g.reduce(crate::ir::ReduceKind::Sum, product, vec![axis], false);
    Ok(g.unary(Unary::Neg, sum))
}
