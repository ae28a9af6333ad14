//! Every activation of Keras 3, by the formulas of `keras.activations`.

use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Graph, Id, ReduceKind, Unary};

/// An activation of one element by a formula.
macro_rules! elementwise {
    ($name:literal $(| $alias:literal)*, $doc:literal, $params:expr, |$g:ident, $x:ident, $u:ident| $body:expr) => {
        Entry {
            name: $name,
            aliases: &[$($alias),*],
            class: "Activation",
            family: Family::Activation,
            masks: Masks::Through,
            doc: $doc,
            shapes: "any shape, unchanged",
            operands: Operands::Exactly(1),
            params: $params,
            weights: &[],
            apply: |b, u| {
                let ($x, $u) = (u.x(), u);
                let _ = $u;
                let $g = &mut b.graph;
                Ok($body)
            },
        }
    };
}

/// An activation along an axis.
macro_rules! along_axis {
    ($name:literal, $doc:literal, $apply:expr) => {
        Entry {
            name: $name,
            aliases: &[],
            class: "Activation",
            family: Family::Activation,
            masks: Masks::Through,
            doc: $doc,
            shapes: "any shape of at least one axis, unchanged",
            operands: Operands::Exactly(1),
            params: &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")],
            weights: &[],
            apply: $apply,
        }
    };
}

const ALPHA: &[Param] = &[optional("alpha", Kind::Number, "1.0", "Scale of the negative part.")];
const SHRINK: &[Param] = &[optional("threshold", Kind::Number, "0.5", "What is nearer to 0 becomes 0.")];
const SELU_ALPHA: f32 = 1.673_263_2;
const SELU_SCALE: f32 = 1.050_701;

/// All of them.
pub const ACTIVATIONS: &[Entry] = &[
    elementwise!("linear", "`x`.", &[], |_g, x, u| x),
    Entry {
        name: "relu",
        aliases: &[],
        class: "Activation",
        family: Family::Activation,
        masks: Masks::Through,
        doc: "`max(x, 0)`; with arguments: `x` up to `max_value`, `negative_slope * (x - threshold)` below `threshold`.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("negative_slope", Kind::Number, "0.0", "Slope below the threshold."),
            optional("max_value", Kind::Number, "None", "Upper bound."),
            optional("threshold", Kind::Number, "0.0", "Where the activation starts."),
        ],
        weights: &[],
        apply: |b, u| Ok(relu(&mut b.graph, u)),
    },
    elementwise!("relu6", "`min(max(x, 0), 6)`.", &[], |g, x, u| relu6(g, x)),
    elementwise!(
        "leaky_relu",
        "`x` where it is positive, else `negative_slope * x`.",
        &[optional("negative_slope", Kind::Number, "0.2", "Slope of the negative part.")],
        |g, x, u| leaky_relu(g, x, u.args.number("negative_slope") as f32)
    ),
    elementwise!("elu", "`x` where it is positive, else `alpha * (exp(x) - 1)`.", ALPHA, |g, x, u| {
        elu(g, x, u.args.number("alpha") as f32)
    }),
    elementwise!("selu", "`1.0507 * elu(x, 1.6733)`: keeps mean 0 and variance 1.", &[], |g, x, u| {
        let y = elu(g, x, SELU_ALPHA);
        g.binary_const(Binary::Mul, y, SELU_SCALE)
    }),
    elementwise!("celu", "`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`.", ALPHA, |g, x, u| {
        let alpha = u.args.number("alpha") as f32;
        let scaled = g.binary_const(Binary::Div, x, alpha);
        let negative = negative_exponential(g, scaled, alpha);
        let positive = g.unary(Unary::Relu, x);
        g.binary(Binary::Add, positive, negative)
    }),
    elementwise!(
        "gelu",
        "`x * Φ(x)` with the normal distribution Φ.",
        &[optional("approximate", Kind::Flag, "false", "By tanh instead of erf.")],
        |g, x, u| gelu(g, x, u.args.flag("approximate"))
    ),
    elementwise!("silu" | "swish", "`x * sigmoid(x)`.", &[], |g, x, u| {
        let gate = g.unary(Unary::Sigmoid, x);
        g.binary(Binary::Mul, x, gate)
    }),
    elementwise!("hard_silu" | "hard_swish", "`x * hard_sigmoid(x)`.", &[], |g, x, u| {
        let gate = hard_sigmoid(g, x);
        g.binary(Binary::Mul, x, gate)
    }),
    elementwise!("sigmoid", "`1 / (1 + exp(-x))`.", &[], |g, x, u| g.unary(Unary::Sigmoid, x)),
    elementwise!("hard_sigmoid", "`relu6(x + 3) / 6`.", &[], |g, x, u| hard_sigmoid(g, x)),
    elementwise!("log_sigmoid", "`log(sigmoid(x))`.", &[], |g, x, u| {
        let minus = g.unary(Unary::Neg, x);
        let y = g.unary(Unary::Softplus, minus);
        g.unary(Unary::Neg, y)
    }),
    elementwise!("sparse_sigmoid", "`(x + 1) / 2` between 0 and 1.", &[], |g, x, u| {
        let y = g.binary_const(Binary::Add, x, 1.0);
        let y = g.binary_const(Binary::Mul, y, 0.5);
        g.clip(y, 0.0, 1.0)
    }),
    elementwise!("tanh", "Hyperbolic tangent.", &[], |g, x, u| g.unary(Unary::Tanh, x)),
    elementwise!("hard_tanh", "`x` between -1 and 1.", &[], |g, x, u| hard_tanh(g, x)),
    elementwise!("tanh_shrink", "`x - tanh(x)`.", &[], |g, x, u| {
        let y = g.unary(Unary::Tanh, x);
        g.binary(Binary::Sub, x, y)
    }),
    elementwise!("hard_shrink", "`x` where its magnitude exceeds `threshold`, else 0.", SHRINK, |g, x, u| {
        let size = g.unary(Unary::Abs, x);
        let large = g.binary_const(Binary::Gt, size, u.args.number("threshold") as f32);
        let zero = g.constant(0.0);
        g.select(large, x, zero)
    }),
    elementwise!(
        "soft_shrink",
        "`x` moved towards 0 by `threshold`, and 0 nearer to it.",
        SHRINK,
        |g, x, u| {
            let threshold = u.args.number("threshold") as f32;
            let above = g.binary_const(Binary::Sub, x, threshold);
            let above = g.unary(Unary::Relu, above);
            let minus = g.unary(Unary::Neg, x);
            let below = g.binary_const(Binary::Sub, minus, threshold);
            let below = g.unary(Unary::Relu, below);
            g.binary(Binary::Sub, above, below)
        }
    ),
    elementwise!(
        "threshold",
        "`x` where it exceeds `threshold`, else `default_value`.",
        &[
            required("threshold", Kind::Number, "The bound."),
            required("default_value", Kind::Number, "What takes the place of smaller elements."),
        ],
        |g, x, u| {
            let above = g.binary_const(Binary::Gt, x, u.args.number("threshold") as f32);
            let default = g.constant(u.args.number("default_value") as f32);
            g.select(above, x, default)
        }
    ),
    elementwise!("softplus", "`log(1 + exp(x))`.", &[], |g, x, u| g.unary(Unary::Softplus, x)),
    elementwise!("softsign", "`x / (1 + |x|)`.", &[], |g, x, u| {
        let size = g.unary(Unary::Abs, x);
        let below = g.binary_const(Binary::Add, size, 1.0);
        g.binary(Binary::Div, x, below)
    }),
    elementwise!("sparse_plus", "0 up to -1, `(x + 1)² / 4` up to 1, then `x`.", &[], |g, x, u| {
        // The parabola of the clipped element, and what exceeds 1: their sum is continuous and so is its slope.
        let middle = hard_tanh(g, x);
        let middle = g.binary_const(Binary::Add, middle, 1.0);
        let middle = g.unary(Unary::Square, middle);
        let middle = g.binary_const(Binary::Mul, middle, 0.25);
        let above = g.binary_const(Binary::Sub, x, 1.0);
        let above = g.unary(Unary::Relu, above);
        g.binary(Binary::Add, middle, above)
    }),
    elementwise!(
        "squareplus",
        "`(x + sqrt(x² + b)) / 2`.",
        &[optional("b", Kind::Number, "4", "Smoothness.")],
        |g, x, u| {
            let y = g.unary(Unary::Square, x);
            let y = g.binary_const(Binary::Add, y, u.args.number("b") as f32);
            let y = g.unary(Unary::Sqrt, y);
            let y = g.binary(Binary::Add, x, y);
            g.binary_const(Binary::Mul, y, 0.5)
        }
    ),
    elementwise!("exponential", "`exp(x)`.", &[], |g, x, u| g.unary(Unary::Exp, x)),
    elementwise!("mish", "`x * tanh(softplus(x))`.", &[], |g, x, u| {
        let y = g.unary(Unary::Softplus, x);
        let y = g.unary(Unary::Tanh, y);
        g.binary(Binary::Mul, x, y)
    }),
    along_axis!("softmax", "`exp(x) / sum(exp(x))` along `axis`.", |b, u| {
        let axis = u.axis(b, "axis", &b.shape(u.x()))?;
        Ok(b.graph.softmax(u.x(), axis))
    }),
    along_axis!("log_softmax", "`log(softmax(x))` along `axis`.", |b, u| {
        let axis = u.axis(b, "axis", &b.shape(u.x()))?;
        Ok(b.graph.log_softmax(u.x(), axis))
    }),
    along_axis!(
        "sparsemax",
        "The nearest point of the simplex to `x` along `axis`: a softmax with zeros.",
        |b, u| {
            let axis = u.axis(b, "axis", &b.shape(u.x()))?;
            Ok(sparsemax(&mut b.graph, u.x(), axis))
        }
    ),
    Entry {
        name: "glu",
        aliases: &[],
        class: "Activation",
        family: Family::Activation,
        masks: Masks::Through,
        doc: "Gated linear unit: the first half times the sigmoid of the second half along `axis`.",
        shapes: "[batch, ..., 2 · n] → [batch, ..., n]",
        operands: Operands::Exactly(1),
        params: &[optional("axis", Kind::Integer, "-1", "The axis; the batch is axis 0.")],
        weights: &[],
        apply: glu,
    },
];

impl Graph {
    /// `x` between `low` and `high`.
    pub fn clip(&mut self, x: Id, low: f32, high: f32) -> Id {
        let y = self.binary_const(Binary::Maximum, x, low);
        self.binary_const(Binary::Minimum, y, high)
    }
}

pub(super) fn relu(g: &mut Graph, u: &Use) -> Id {
    let x = u.x();
    let slope = u.args.number("negative_slope") as f32;
    let threshold = u.args.number("threshold") as f32;
    let mut y = match threshold {
        0.0 => g.unary(Unary::Relu, x),
        _ => {
            let on = g.binary_const(Binary::Gt, x, threshold);
            g.binary(Binary::Mul, x, on)
        }
    };
    if let Some(max) = u.args.optional_number("max_value") {
        y = g.binary_const(Binary::Minimum, y, max as f32);
        // Keras clips from both sides; without a threshold nothing is below 0.
        if threshold != 0.0 {
            y = g.binary_const(Binary::Maximum, y, 0.0);
        }
    }
    if slope != 0.0 {
        let below = g.unary(Unary::Neg, x);
        let below = if threshold == 0.0 { below } else { g.binary_const(Binary::Add, below, threshold) };
        let below = g.unary(Unary::Relu, below);
        let below = g.binary_const(Binary::Mul, below, slope);
        y = g.binary(Binary::Sub, y, below);
    }
    y
}

pub(super) fn leaky_relu(g: &mut Graph, x: Id, slope: f32) -> Id {
    let positive = g.unary(Unary::Relu, x);
    let minus = g.unary(Unary::Neg, x);
    let negative = g.unary(Unary::Relu, minus);
    let negative = g.binary_const(Binary::Mul, negative, slope);
    g.binary(Binary::Sub, positive, negative)
}

/// `alpha * (exp(min(x, 0)) - 1)`: the bound keeps large elements from overflowing where they are not used.
fn negative_exponential(g: &mut Graph, x: Id, alpha: f32) -> Id {
    let y = g.binary_const(Binary::Minimum, x, 0.0);
    let y = g.unary(Unary::Expm1, y);
    if alpha == 1.0 { y } else { g.binary_const(Binary::Mul, y, alpha) }
}

pub(super) fn elu(g: &mut Graph, x: Id, alpha: f32) -> Id {
    let negative = negative_exponential(g, x, alpha);
    let positive = g.unary(Unary::Relu, x);
    g.binary(Binary::Add, positive, negative)
}

/// The slope is 0 at both bounds, as JAX has it; what is not a number stays so.
fn relu6(g: &mut Graph, x: Id) -> Id {
    let (y, six) = (g.unary(Unary::Relu, x), g.constant(6.0));
    let above = g.binary_const(Binary::Ge, y, 6.0);
    g.select(above, six, y)
}

/// The slope is 1 at both bounds, as JAX has it; what is not a number stays so.
fn hard_tanh(g: &mut Graph, x: Id) -> Id {
    let (low, high) = (g.constant(-1.0), g.constant(1.0));
    let below = g.binary_const(Binary::Lt, x, -1.0);
    let y = g.select(below, low, x);
    let above = g.binary_const(Binary::Gt, x, 1.0);
    g.select(above, high, y)
}

fn hard_sigmoid(g: &mut Graph, x: Id) -> Id {
    let y = g.binary_const(Binary::Add, x, 3.0);
    let y = relu6(g, y);
    g.binary_const(Binary::Div, y, 6.0)
}

fn gelu(g: &mut Graph, x: Id, approximate: bool) -> Id {
    let inner = if approximate {
        let y = g.unary(Unary::Square, x);
        let y = g.binary(Binary::Mul, y, x);
        let y = g.binary_const(Binary::Mul, y, 0.044_715);
        let y = g.binary(Binary::Add, x, y);
        let y = g.binary_const(Binary::Mul, y, (2.0 / std::f32::consts::PI).sqrt());
        g.unary(Unary::Tanh, y)
    } else {
        let y = g.binary_const(Binary::Mul, x, std::f32::consts::FRAC_1_SQRT_2);
        g.unary(Unary::Erf, y)
    };
    let y = g.binary_const(Binary::Add, inner, 1.0);
    let half = g.binary_const(Binary::Mul, x, 0.5);
    g.binary(Binary::Mul, half, y)
}

fn glu(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let half = match shape.dims[axis].as_known() {
        Some(n) if n % 2 == 0 => n / 2,
        _ => {
            let headline =
                format!("`glu` halves an axis, but that of {shape} has {} elements", shape.dims[axis]);
            return Err(b
                .diag
                .report(Message::new(u.place, headline).help("give the layer before it an even size")));
        }
    };
    let value = b.graph.slice(u.x(), axis, 0.into(), half.into());
    let gate = b.graph.slice(u.x(), axis, half.into(), half.into());
    let gate = b.graph.unary(Unary::Sigmoid, gate);
    Ok(b.graph.binary(Binary::Mul, value, gate))
}

/// Martins and Astudillo, "From Softmax to Sparsemax" (2016). Instead of sorting, every element is compared with every
/// other one: `k` is its rank, `sum` adds up what is not smaller.
fn sparsemax(g: &mut Graph, x: Id, axis: usize) -> Id {
    let shape = g.shape(x).clone();
    let rank = shape.rank();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(axis, rank - 1);
    let z = g.permute(x, order.clone());
    let dims = g.shape(z).dims.clone();
    let (column, row) =
        ([&dims[..], &[1.into()]].concat(), [&dims[..rank - 1], &[1.into()], &dims[rank - 1..]].concat());
    let (column, row) = (g.reshape(z, column), g.reshape(z, row));
    let not_smaller = g.binary(Binary::Ge, row, column);
    let k = g.reduce(ReduceKind::Sum, not_smaller, vec![rank], false);
    let larger = g.binary(Binary::Mul, not_smaller, row);
    let sum = g.reduce(ReduceKind::Sum, larger, vec![rank], false);
    let bound = g.binary(Binary::Mul, k, z);
    let bound = g.binary_const(Binary::Add, bound, 1.0);
    let support = g.binary(Binary::Gt, bound, sum);
    let count = g.reduce(ReduceKind::Sum, support, vec![rank - 1], true);
    let supported = g.binary(Binary::Mul, support, z);
    let total = g.reduce(ReduceKind::Sum, supported, vec![rank - 1], true);
    let total = g.binary_const(Binary::Sub, total, 1.0);
    let tau = g.binary(Binary::Div, total, count);
    let y = g.binary(Binary::Sub, z, tau);
    let y = g.unary(Unary::Relu, y);
    g.permute(y, order)
}

#[cfg(test)]
mod tests {
    use crate::ir::interpret::{Tensor, Values, run};

    const X: [f64; 6] = [-2.5, -0.7, -0.2, 0.3, 0.9, 7.0];

    /// What `activation` makes of `X`.
    fn of(activation: &str) -> Vec<f64> {
        let model = crate::tests::model(&format!("M(x: [6]) {{ x >> activation({activation}) }}"));
        let inputs = [Tensor::new(&[1, 6], X.to_vec())];
        let values = Values { batch: 1, inputs: &inputs, weights: &[], loss_gradients: &[] };
        run(&model.graph, &values)[model.graph.outputs[0].value.0].data.clone()
    }

    #[track_caller]
    fn check(activation: &str, formula: impl Fn(f64) -> f64) {
        for (x, found) in X.into_iter().zip(of(activation)) {
            let expected = formula(x);
            assert!(
                (found - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                "{activation}({x}): {found}, not {expected}"
            );
        }
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn elu(x: f64) -> f64 {
        if x > 0.0 { x } else { x.exp() - 1.0 }
    }

    #[test]
    fn activations_have_the_values_of_keras() {
        check("linear", |x| x);
        check("relu", |x| x.max(0.0));
        check("relu(negative_slope = 0.1)", |x| if x > 0.0 { x } else { 0.1 * x });
        check("relu(max_value = 3, threshold = 0.5)", |x| if x > 0.5 { x.min(3.0) } else { 0.0 });
        check("relu(0.1, 3.0, 0.5)", |x| if x > 0.5 { x.min(3.0) } else { 0.1 * (x - 0.5) });
        check("relu6", |x| x.clamp(0.0, 6.0));
        check("leaky_relu", |x| if x > 0.0 { x } else { 0.2 * x });
        check("elu", elu);
        check("elu(alpha = 2)", |x| if x > 0.0 { x } else { 2.0 * elu(x) });
        check("selu", |x| 1.050_700_987 * if x > 0.0 { x } else { 1.673_263_242 * elu(x) });
        check("celu(alpha = 2.0)", |x| x.max(0.0) + (2.0 * ((x / 2.0).exp() - 1.0)).min(0.0));
        check("silu", |x| x * sigmoid(x));
        check("hard_sigmoid", |x| (x / 6.0 + 0.5).clamp(0.0, 1.0));
        check("hard_silu", |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0));
        check("log_sigmoid", |x| sigmoid(x).ln());
        check("sparse_sigmoid", |x| (0.5 * (x + 1.0)).clamp(0.0, 1.0));
        check("hard_tanh", |x| x.clamp(-1.0, 1.0));
        check("tanh_shrink", |x| x - x.tanh());
        check("hard_shrink", |x| if x.abs() > 0.5 { x } else { 0.0 });
        check("soft_shrink", |x| (x.abs() - 0.5).max(0.0) * x.signum());
        check("threshold(0.5, 20)", |x| if x > 0.5 { x } else { 20.0 });
        check("softplus", |x| x.exp().ln_1p());
        check("softsign", |x| x / (1.0 + x.abs()));
        check("sparse_plus", |x| {
            if x <= -1.0 {
                0.0
            } else if x >= 1.0 {
                x
            } else {
                0.25 * (x + 1.0) * (x + 1.0)
            }
        });
        check("squareplus", |x| (x + (x * x + 4.0).sqrt()) / 2.0);
        check("exponential", f64::exp);
        check("mish", |x| x * x.exp().ln_1p().tanh());
        check("gelu(approximate = true)", |x| {
            0.5 * x * (1.0 + (0.797_884_560_8 * (x + 0.044_715 * x * x * x)).tanh())
        });
    }

    #[test]
    fn activations_along_an_axis() {
        let sum: f64 = X.iter().map(|x| x.exp()).sum();
        check("softmax", |x| x.exp() / sum);
        check("log_softmax", |x| x - sum.ln());
        assert_eq!(of("glu"), [-2.5 * sigmoid(0.3), -0.7 * sigmoid(0.9), -0.2 * sigmoid(7.0)]);
        // 7 leads by more than 1: it takes everything.
        assert_eq!(of("sparsemax"), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let model = crate::tests::model("M(x: [4]) { x >> sparsemax }");
        let inputs = [Tensor::new(&[1, 4], vec![0.5, 0.1, 0.4, -0.9])];
        let values = Values { batch: 1, inputs: &inputs, weights: &[], loss_gradients: &[] };
        let found = &run(&model.graph, &values)[model.graph.outputs[0].value.0].data;
        // The first three are the support: tau = (1.0 - 1) / 3.
        for (found, expected) in found.iter().zip([0.5, 0.1, 0.4, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
