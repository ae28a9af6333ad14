//! Gradients as values of the model: of one value with respect to another.

use super::{Adjoint, Source};
use crate::ir::{Graph, Id, Unit};

/// Adds the gradient of the sum of `of` with respect to `wrt` to the graph, if `of` depends on it. The gradient is a value as
/// any other: models give it as an output, or train on it.
pub fn gradient(graph: &mut Graph, of: Id, wrt: Id) -> Option<Id> {
    let (units, layer) = (graph.units(), graph.current_layer);
    let mut adjoint = Adjoint::new(std::mem::take(graph), Source::Value(wrt));
    if adjoint.needed[of.0] {
        let shape = adjoint.graph.shape(of).clone();
        let one = adjoint.graph.constant(1.0);
        let ones = adjoint.graph.broadcast_to(one, &shape);
        adjoint.add(of, ones);
        for unit in units.into_iter().rev() {
            match unit {
                Unit::Node(id) => adjoint.node(id),
                Unit::Loop(scan, body) => adjoint.body(scan, &body),
            }
        }
    }
    let found = adjoint.of[wrt.0];
    *graph = adjoint.graph;
    graph.current_layer = layer;
    found
}
