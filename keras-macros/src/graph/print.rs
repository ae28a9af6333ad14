//! The text form of a typed graph: a table of layers.

use crate::ir::Graph;

/// One line a layer: name, class, output shape, weights, and what feeds it.
pub fn table(graph: &Graph) -> String {
    let mut lines = vec![];
    for input in &graph.inputs {
        lines.push(format!("{}: {} {:?}", input.name, input.shape, input.dtype));
    }
    for layer in &graph.layers {
        let weights = layer.weights.iter().map(|&weight| {
            let weight = &graph.weights[weight];
            let dims: Vec<String> = weight.shape.iter().map(|dim| dim.to_string()).collect();
            let frozen = if weight.trainable { "" } else { " frozen" };
            format!(" {}[{}] {:?}{frozen}", weight.name, dims.join(", "), weight.start.init)
        });
        let weights: String = weights.collect();
        let inputs = layer.inputs.join(", ");
        lines.push(format!("{} ({}) {} <- {inputs};{weights}", layer.name, layer.kind, layer.output));
    }
    for output in &graph.outputs {
        lines.push(format!("-> {}: {}", output.name, graph.shape(output.value)));
    }
    lines.join("\n") + "\n"
}
