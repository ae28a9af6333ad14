//! No operation is without a difference that its rule is held to: a new variant does not compile here until it is named,
//! and fails until a case has it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::*;
use crate::ir::Op;

/// The names of an enum's variants, and the name of a value's: the match is exhaustive.
macro_rules! variants {
    ($all:ident, $name:ident: $enum:ident { $($variant:ident)* }) => {
        const $all: &[&str] = &[$(stringify!($variant)),*];

        fn $name(value: &$enum) -> &'static str {
            match value {
                $($enum::$variant { .. } => stringify!($variant),)*
            }
        }
    };
}

variants! { OPS, op: Op {
    Input Carried Weight Const Extent Unary Binary Select Dropout Broadcast Reshape Permute Slice Pad Windows Overlap
    MaxPoolGrad Flip Concat Reduce MatMul MatMulT BatchMatMul Softmax LogSoftmax Iota Numbers Random Sample SampleGrad
    Phase StopGradient Gather ScatterAdd Item State States Trace Total LossGradient
} }
variants! { UNARY, unary: Unary {
    Neg Abs Sign Square Sqrt Reciprocal Exp Expm1 Log Log1p Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Tanh
    Sigmoid Relu Erf Softplus Floor Ceil Round
} }
variants! { BINARY, binary: Binary { Add Sub Mul Div Maximum Minimum Pow Gt Ge Lt Le Eq Ne } }
variants! { REDUCTIONS, reduction: ReduceKind { Sum Max Min Product } }

/// What no difference can be held to, and why.
const EXEMPT: &[(&str, &str)] = &[
    ("LossGradient", "is what a loss gives: no forward graph has it"),
    ("StopGradient", "gives no gradient where the difference has one: a test of its own holds it"),
];

/// What was in the graph of a case that held.
static SEEN: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());

/// Remembers every operation of `graph` that gradients go through, or whose values they depend on.
pub(super) fn held(graph: &Graph) {
    let mut trained = vec![false; graph.nodes.len()];
    let mut seen = SEEN.lock().unwrap();
    for (i, node) in graph.nodes.iter().enumerate() {
        let operands = node.op.operands();
        // What a state becomes comes after it.
        trained[i] =
            operands.is_empty() || operands.iter().any(|x| trained[x.0] && gives_gradients(graph, *x));
        if !trained[i] {
            continue;
        }
        seen.insert(op(&node.op));
        match &node.op {
            Op::Unary(f, _) => seen.insert(unary(f)),
            Op::Binary(f, ..) => seen.insert(binary(f)),
            Op::Reduce { kind, .. } => seen.insert(reduction(kind)),
            _ => true,
        };
    }
}

/// Leaves that are numbers do not make what is computed of them depend on a weight.
fn gives_gradients(graph: &Graph, x: Id) -> bool {
    !matches!(
        graph.nodes[x.0].op,
        Op::Input(_)
            | Op::Carried(_)
            | Op::Const(_)
            | Op::Extent(_)
            | Op::Iota
            | Op::Numbers(_)
            | Op::Random { .. }
    )
}

/// Rows of a trained table by fixed places, for each sample and for all.
#[test]
fn rows_of_tables() {
    Case::new(-1.0, 1.0, |g, x| {
        let table = Case::weight(g, &[5, 3]);
        let index = g.numbers(vec![4.0, 0.0, 2.0, 4.0]);
        let rows = g.gather(table, index);
        g.binary(Binary::Mul, x, rows)
    })
    .check("Gather");
    Case::new(0.0, 5.0, |g, x| {
        let table = Case::weight(g, &[5, 2]);
        // Whole numbers, however much the input's scale is shifted.
        let index = g.unary(Unary::Floor, x);
        let index = g.stop_gradient(index);
        let rows = g.gather(table, index);
        let rows = g.reduce(ReduceKind::Sum, rows, vec![2], false);
        g.binary(Binary::Mul, x, rows)
    })
    .check("Gather by samples");
    Case::new(-1.0, 1.0, |g, x| {
        let square = g.unary(Unary::Square, x);
        let index = g.numbers(vec![1.0, 4.0, 1.0, 0.0]);
        let index = g.broadcast_to(index, &Shape::batched(known(&[4])));
        let sums = g.scatter_add(index, square, known(&[5, 3]));
        let sums = g.slice(sums, 0, 0.into(), 4.into());
        g.binary(Binary::Mul, x, sums)
    })
    .check("ScatterAdd");
}

#[test]
fn products_over_the_batch() {
    Case::new(-1.0, 1.0, |g, x| {
        let square = g.unary(Unary::Square, x);
        let product = g.matmul_t(x, square);
        g.matmul(x, product, false)
    })
    .check("MatMulT");
}

/// A maximum, a minimum and a product over the batch, not only a sum.
#[test]
fn reductions_over_the_batch() {
    use ReduceKind::*;
    for kind in [Sum, Max, Min, Product] {
        Case::new(0.5, 2.0, |g, x| {
            let op = crate::ir::Op::Reduce { kind, x, axes: vec![1], batch: true };
            let reduced = g.push(op, Shape::fixed(known(&[4, 1])));
            g.binary(Binary::Mul, x, reduced)
        })
        .check(&format!("{kind:?} over the batch"));
    }
}

/// Their derivative is 0 almost everywhere; the sum keeps the gradient alive.
#[test]
fn comparisons() {
    use Binary::*;
    for f in [Gt, Ge, Lt, Le, Eq, Ne] {
        Case::new(-1.0, 1.0, |g, x| {
            let w = Case::weight(g, &[3]);
            let truth = g.binary(f, x, w);
            let scaled = g.binary(Mul, truth, w);
            g.binary(Add, scaled, x)
        })
        .check(&format!("{f:?}"));
    }
}

/// Values that training changes no weight for, beside others that it does.
#[test]
fn numbers_that_are_given() {
    Case::new(-1.0, 1.0, |g, x| {
        let (index, before) = g.carried(known(&[4, 3]));
        let sum = g.binary(Binary::Add, x, before);
        let next = g.unary(Unary::Tanh, sum);
        g.carry(index, next);
        let places = g.iota(3.into());
        let extent = g.push(Op::Extent(Dim::known(4)), Shape::fixed([]));
        let places = g.binary(Binary::Div, places, extent);
        g.binary(Binary::Mul, next, places)
    })
    .check("Carried, Iota, Extent");
}

#[test]
fn every_operation_is_held_to_a_difference() {
    // Whatever order tests run in.
    let tests: &[fn()] = &[
        unary_functions,
        binary_functions_with_broadcasts,
        shapes,
        reductions,
        windows,
        flips,
        products,
        dropout_uses_one_mask_in_both_passes,
        loops,
        loops_of_several_states,
        images_between_their_places,
        noise,
        gradients_as_values,
        a_gradient_as_a_value_is_that_of_its_phase,
        rows_of_tables,
        products_over_the_batch,
        reductions_over_the_batch,
        comparisons,
        numbers_that_are_given,
    ];
    tests.iter().for_each(|test| test());
    let seen = SEEN.lock().unwrap();
    let exempt = |name: &str| EXEMPT.iter().any(|(exempt, _)| *exempt == name);
    for name in [OPS, UNARY, BINARY, REDUCTIONS].concat() {
        assert!(seen.contains(name) || exempt(name), "no gradient of `{name}` is held to a difference");
    }
}
