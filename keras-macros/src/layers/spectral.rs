//! Spectral normalization: a kernel that is divided by its greatest singular value.

use super::{Entry, Family, Kind, Masks, Operands, Use, find, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Init, ReduceKind, Unary};
use crate::syntax::ast::ExprKind;

/// Keras: Normalization layers, around others.
pub const LAYERS: &[Entry] = &[Entry {
    name: "spectral_normalization",
    aliases: &[],
    class: "SpectralNormalization",
    family: Family::Layer,
    masks: Masks::Through,
    doc: "A layer whose kernel, as a matrix with a column for each unit, has singular values of at most about 1 (Miyato et al., \
          2018). Every training pass divides it by its greatest one, which `power_iterations` from those of the pass before \
          estimate. As Keras does it on TensorFlow: the kernel itself is replaced, and its gradient is that of what replaced it.",
    shapes: "that of the layer",
    operands: Operands::AtLeast(1),
    params: &[
        required("layer", Kind::Layer, "A layer with a kernel, or an embedding."),
        optional("power_iterations", Kind::Size, "1", "Iterations in each training pass."),
    ],
    weights: &[("vector_u", "[1, units]")],
    apply: spectral_normalization,
}];

/// What the weights of a layer called so are divided in.
pub fn is_normalized(name: &str) -> bool {
    matches!(name, "kernel" | "embeddings")
}

fn spectral_normalization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let layer = u.args.layer("layer").expect("it is required");
    let inner = match &layer.kind {
        ExprKind::Call(call) => call.name().and_then(|name| find(&name.to_string())),
        _ => None,
    };
    let has_kernel = |entry: &Entry| {
        let recurrent = entry.weights.iter().any(|(name, _)| *name == "recurrent_kernel");
        !recurrent && entry.weights.iter().any(|(name, _)| is_normalized(name))
    };
    if !inner.is_some_and(has_kernel) {
        let headline = format!("`spectral_normalization` takes a layer with a kernel, found `{layer}`");
        let message = Message::new(layer.head(), headline);
        return Err(b
            .diag
            .report(message.help("it goes around `dense(..)`, a convolution, or `embedding(..)`")));
    }
    let Some(iterations) = u.args.size("power_iterations").as_known() else {
        let message = Message::new(
            u.args.place("power_iterations"),
            "the value of `power_iterations` must be known to the macro",
        );
        return Err(b.diag.report(message.help("write the number")));
    };
    let result = b.with_spectral_norm(iterations, |b| b.apply_wrapped(layer, u.inputs.to_vec()))?;
    let first = result.first().expect("a layer has a result");
    b.set_mask(first.mask);
    Ok(first.id)
}

/// How a vector starts that comes near the first singular one.
pub const START: Init = Init::TruncatedNormal { mean: 0.0, stddev: 0.02 };

/// `kernel` over its greatest singular value, and the vector for the next estimate of that, from `vector` on
/// (`keras.layers.SpectralNormalization.normalized_weights`).
pub fn normalized(b: &mut Builder, kernel: Id, vector: Id, iterations: usize) -> (Id, Id) {
    let shape = b.shape(kernel);
    let (columns, leading) = shape.dims.split_last().expect("a kernel has dimensions");
    let matrix = b.graph.reshape(kernel, vec![Dim::product(leading), columns.clone()]);
    let (mut u, mut v) = (vector, vector);
    for _ in 0..iterations {
        let product = b.graph.matmul(u, matrix, true);
        v = of_length_1(b, product);
        let product = b.graph.matmul(v, matrix, false);
        u = of_length_1(b, product);
    }
    let product = b.graph.matmul(v, matrix, false);
    let terms = b.graph.binary(Binary::Mul, product, u);
    let sigma = b.graph.reduce(ReduceKind::Sum, terms, vec![0, 1], false);
    // A kernel of zeros stays as it is.
    let size = b.graph.unary(Unary::Abs, matrix);
    let size = b.graph.reduce(ReduceKind::Max, size, vec![0, 1], false);
    let one = b.graph.constant(1.0);
    let sigma = b.graph.select(size, sigma, one);
    let u = b.graph.select(size, u, vector);
    (b.graph.binary(Binary::Div, kernel, sigma), u)
}

/// `x / |x|`, of an `x` that is not too small.
fn of_length_1(b: &mut Builder, x: Id) -> Id {
    let squares = b.graph.unary(Unary::Square, x);
    let sum = b.graph.reduce(ReduceKind::Sum, squares, vec![0, 1], false);
    let root = b.graph.unary(Unary::Sqrt, sum);
    let inverse = b.graph.unary(Unary::Reciprocal, root);
    let inverse = b.graph.binary_const(Binary::Minimum, inverse, 1e7);
    b.graph.binary(Binary::Mul, x, inverse)
}
