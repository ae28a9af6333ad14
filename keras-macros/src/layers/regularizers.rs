//! Regularizers: Keras's names, arguments and defaults, and what they add to the loss.

use super::Use;
use super::args::Args;
use super::params::{Kind, Param, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Penalty, ReduceKind, Unary};

/// A regularizer.
pub struct Entry {
    pub name: &'static str,
    /// What it adds, in Markdown, for the reference.
    #[cfg_attr(not(test), allow(dead_code))]
    pub doc: &'static str,
    pub params: &'static [Param],
    pub make: fn(&Args) -> Regularizer,
}

/// What is added to the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Regularizer {
    /// For each element.
    Penalty(Penalty),
    /// For each pair of rows or columns of a matrix that are not orthogonal.
    Orthogonal { factor: f32, rows: bool },
}

/// The regularizer called `name`.
pub fn find(name: &str) -> Option<&'static Entry> {
    REGULARIZERS.iter().find(|entry| entry.name == name)
}

fn penalty(l1: f64, l2: f64) -> Regularizer {
    Regularizer::Penalty(Penalty { l1: l1 as f32, l2: l2 as f32 })
}

/// All of them.
pub const REGULARIZERS: &[Entry] = &[
    Entry {
        name: "l1",
        doc: "`l1 * sum(abs(x))`.",
        params: &[optional("l1", Kind::Number, "0.01", "The factor.")],
        make: |args| penalty(args.number("l1"), 0.0),
    },
    Entry {
        name: "l2",
        doc: "`l2 * sum(square(x))`.",
        params: &[optional("l2", Kind::Number, "0.01", "The factor.")],
        make: |args| penalty(0.0, args.number("l2")),
    },
    Entry {
        name: "l1_l2",
        doc: "`l1 * sum(abs(x)) + l2 * sum(square(x))`.",
        params: &[
            optional("l1", Kind::Number, "0.0", "The factor of the magnitudes."),
            optional("l2", Kind::Number, "0.0", "The factor of the squares."),
        ],
        make: |args| penalty(args.number("l1"), args.number("l2")),
    },
    Entry {
        name: "orthogonal_regularizer",
        doc: "`factor` times the mean magnitude of the cosines between the rows (or columns) of a matrix.",
        params: &[
            optional("factor", Kind::Number, "0.01", "The factor."),
            optional(
                "mode",
                Kind::Mode,
                "\"rows\"",
                "Whether the `\"rows\"` or the `\"columns\"` are compared.",
            ),
        ],
        make: |args| Regularizer::Orthogonal {
            factor: args.number("factor") as f32,
            rows: args.text("mode") == Some("rows"),
        },
    },
];

impl Builder<'_> {
    /// Weight `index`, called `name`, with what its regularizer adds to the loss.
    pub(crate) fn regularize(&mut self, u: &Use, name: &str, index: usize) -> Result<Id, Reported> {
        let value = self.graph.weight_value(index);
        let argument = argument(u, name, "regularizer");
        // As in Keras, a weight that is not trained has no penalty.
        let Some(regularizer) = u.args.regularizer(&argument).filter(|_| self.graph.weights[index].trainable)
        else {
            return Ok(value);
        };
        match regularizer {
            // The runtime adds it to loss and gradient on the weight's words as they lie.
            Regularizer::Penalty(penalty) => self.graph.weights[index].penalty = Some(penalty),
            Regularizer::Orthogonal { factor, rows } => {
                let shape = self.shape(value);
                let few = |dim: &Dim| dim.as_known() == Some(1);
                if shape.rank() != 2 || few(&shape.dims[usize::from(!rows)]) {
                    let lines = if rows { "rows" } else { "columns" };
                    let headline =
                        format!("the {name} of `{}` is {shape}: it has no {lines} to compare", u.text);
                    let message = Message::new(u.args.place(&argument), headline)
                        .note(format!("`orthogonal_regularizer` takes a matrix of at least two {lines}"))
                        .help("take another regularizer, for example `l2(0.01)`");
                    return Err(self.diag.report(message));
                }
                let loss = orthogonality(&mut self.graph, value, factor, rows);
                self.graph.add_loss(loss);
            }
        }
        Ok(value)
    }

    /// What the `activity_regularizer` among `args` adds to the loss for each of `results`.
    pub(crate) fn regularize_activity(&mut self, args: &Args, results: &[Id]) -> Result<(), Reported> {
        match args.regularizer("activity_regularizer") {
            None => Ok(()),
            Some(Regularizer::Penalty(penalty)) => {
                results.iter().for_each(|result| self.penalise(*result, penalty));
                Ok(())
            }
            Some(Regularizer::Orthogonal { .. }) => {
                let headline =
                    "`orthogonal_regularizer` takes a weight, and an activity is one row for each sample";
                let message = Message::new(args.place("activity_regularizer"), headline)
                    .help("take another regularizer, for example `l2(0.01)`");
                Err(self.diag.report(message))
            }
        }
    }

    /// Adds `penalty` of the activity `x` to the loss: as in Keras, divided by the number of samples.
    pub(crate) fn penalise(&mut self, x: Id, penalty: Penalty) {
        let terms = [(penalty.l1, Unary::Abs), (penalty.l2, Unary::Square)];
        for (factor, f) in terms.into_iter().filter(|(factor, _)| *factor != 0.0) {
            let of_each = self.graph.unary(f, x);
            let scaled = self.graph.binary_const(Binary::Mul, of_each, factor);
            self.graph.add_loss(scaled);
        }
    }
}

/// `kernel_regularizer` of `kernel`, `recurrent_regularizer` of `recurrent_kernel`: Keras's names. What belongs to the
/// `kernel` of a depthwise convolution is `depthwise_regularizer`.
pub fn argument(u: &Use, weight: &str, what: &str) -> String {
    // Of the parts of an attention: `query/kernel`.
    let weight = weight.rsplit('/').next().unwrap_or(weight);
    let depthwise = format!("depthwise_{what}");
    if weight == "kernel" && u.entry.params.iter().any(|param| param.name == depthwise) {
        return depthwise;
    }
    format!("{}_{what}", weight.strip_suffix("_kernel").unwrap_or(weight))
}

/// `keras.regularizers.OrthogonalRegularizer`.
///
/// The products of the normalised rows with themselves are taken out as a sum of their own: there is no diagonal to mask.
fn orthogonality(graph: &mut Graph, w: Id, factor: f32, rows: bool) -> Id {
    let w = if rows { w } else { graph.permute(w, vec![1, 0]) };
    let size = graph.shape(w).dims[0].clone();
    let squares = graph.unary(Unary::Square, w);
    let squares = graph.reduce(ReduceKind::Sum, squares, vec![1], true);
    let norm = graph.unary(Unary::Sqrt, squares);
    let inverse = graph.unary(Unary::Reciprocal, norm);
    let inverse = graph.binary_const(Binary::Minimum, inverse, 1e7);
    let normal = graph.binary(Binary::Mul, w, inverse);
    let products = graph.matmul(normal, normal, true);
    let magnitudes = graph.unary(Unary::Abs, products);
    let all = graph.reduce(ReduceKind::Sum, magnitudes, vec![0, 1], false);
    let own = graph.unary(Unary::Square, normal);
    let own = graph.reduce(ReduceKind::Sum, own, vec![0, 1], false);
    let others = graph.binary(Binary::Sub, all, own);
    // Each pair is there twice, and there are n (n - 1) / 2 pairs.
    let n = graph.extent(size);
    let fewer = graph.binary_const(Binary::Sub, n, 1.0);
    let twice = graph.binary(Binary::Mul, n, fewer);
    let mean = graph.binary(Binary::Div, others, twice);
    graph.binary_const(Binary::Mul, mean, factor)
}
