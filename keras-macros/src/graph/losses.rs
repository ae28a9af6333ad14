//! Losses as expressions: a model of two inputs, targets and predictions, whose outputs are the loss and its slope.

use super::definitions::Definitions;
use crate::diag::{Message, Place};
use crate::grad;
use crate::ir::{Id, Op};
use crate::model::{Form, Model};
use crate::syntax::ast::{Declared, ModelItem};

/// Makes the loss `item` of the model that its body is, if it is one.
pub fn finish(
    definitions: &Definitions<'_>,
    item: &ModelItem,
    inputs: &[Declared],
    mut model: Model,
) -> Model {
    if !model.ok {
        return model;
    }
    match slope(item, inputs, &mut model) {
        Ok(()) => model,
        Err(message) => {
            definitions.fail(&item.name, definitions.diag.report(message));
            Model { ok: false, ..model }
        }
    }
}

/// Adds the mean of all values of the output, and its gradient by the predictions, to the graph: they become the outputs.
fn slope(item: &ModelItem, inputs: &[Declared], model: &mut Model) -> Result<(), Message> {
    let (name, graph) = (&item.name, &mut model.graph);
    let at = |place: Place, headline: String| Message::new(place, headline);
    let [_, predictions] = inputs else {
        let (count, s) = (inputs.len(), if inputs.len() == 1 { "" } else { "s" });
        let headline = format!("loss `{name}` takes {count} tensor{s}, not targets and predictions");
        let help = format!("name these two and their shapes: `loss {name}(y: [1], p: [1]) {{ .. }}`");
        return Err(at(name.span().into(), headline).help(help));
    };
    let [output] = &graph.outputs[..] else {
        let headline = format!("loss `{name}` ends in {} values, and is one", graph.outputs.len());
        return Err(at(name.span().into(), headline).help("end it with one expression"));
    };
    if let Some(weight) = graph.weights.first() {
        let headline = format!("loss `{name}` has weights, such as `{}`", weight.name);
        let message = at(name.span().into(), headline).note("nothing trains the weights of a loss");
        return Err(
            message.help("put layers with weights into the model, and give their results to the loss")
        );
    }
    if !graph.losses.is_empty() || !graph.carried.is_empty() {
        let headline = format!("loss `{name}` keeps or adds something beside its value");
        let message = at(name.span().into(), headline);
        return Err(message.help("`add_loss` and layers with `stateful = true` are parts of models"));
    }
    let p = graph.nodes.iter().position(|node| matches!(node.op, Op::Input(1))).map(Id);
    let p = p.expect("every input has a node");
    let value = output.value;
    let dims = graph.shape(value).dims.clone();
    let mean = match dims.is_empty() {
        true => value,
        false => graph.mean(value, (0..dims.len()).collect(), false),
    };
    let Some(slope) = grad::gradient(graph, mean, p) else {
        let named = predictions.name.as_ref().map_or(predictions.place, |name| name.span().into());
        let text = predictions.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let headline = format!("loss `{name}` has no slope by its predictions `{text}`");
        return Err(
            at(named, headline).note("the second tensor is what the model predicts, and is trained by it")
        );
    };
    let shape = graph.shape(p).clone();
    let slope = graph.broadcast_to(slope, &shape);
    graph.outputs.clear();
    graph.output("loss".into(), mean);
    graph.output("slope".into(), slope);
    if let Form::Loss { values, .. } = &mut model.form {
        *values = dims;
    }
    Ok(())
}
