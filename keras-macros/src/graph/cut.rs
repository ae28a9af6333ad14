//! Models that end at a layer inside of another: `Features = Vgg(outputs = "block3")`.

use proc_macro2::Ident;

use super::definitions::Found;
use super::{Builder, Tensor, Value};
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::ir::Id;
use crate::model::{Form, Model};
use crate::syntax::ast::{Body, Call, Expr, ExprKind, ModelItem};

/// Names that are listed in a note, at most.
const MOST_NAMES: usize = 12;

/// Where a model is cut: names of its layers.
pub(super) struct Cut(pub(super) Vec<(String, Place)>);

/// What a layer, a block or a model made, under its full name.
#[derive(Clone, Debug)]
pub(super) struct Made {
    name: String,
    value: Value,
}

impl Made {
    /// Puts other values in the place of those that were made.
    pub(super) fn replace(&mut self, by: &dyn Fn(Id) -> Id) {
        replace(&mut self.value, by);
    }
}

fn replace(value: &mut Value, by: &dyn Fn(Id) -> Id) {
    match value {
        Value::Tensor(tensor) => {
            tensor.id = by(tensor.id);
            tensor.mask = tensor.mask.map(by);
        }
        Value::Tuple(parts) => parts.iter_mut().for_each(|part| replace(part, by)),
        Value::Layer(_) | Value::Number(_) | Value::Unknown(_) => {}
    }
}

/// The call that `item` is, if it is another model cut somewhere.
fn call_of(item: &ModelItem) -> Option<&Call> {
    match &item.body {
        Body::Sequential(Expr { kind: ExprKind::Call(call), .. }) if !call.args.is_empty() => Some(call),
        _ => None,
    }
}

impl<'a> Builder<'a> {
    /// Remembers what was made, to be found by its name.
    pub(super) fn made(&mut self, name: &str, value: Value) {
        self.made.push(Made { name: name.to_string(), value });
    }

    /// The model that `item` is a part of, and where it is cut.
    fn part_of(&self, item: &'a ModelItem) -> Option<(&'a Call, Found<'a>)> {
        let call = call_of(item)?;
        Some((call, self.definitions.model_at(&call.path)?))
    }

    /// The body of a model that is another one cut somewhere: under the names that the other has.
    pub(super) fn inline_part(
        &mut self,
        name: &Ident,
        item: &'a ModelItem,
        inputs: &[Tensor],
    ) -> Option<Result<Value, Reported>> {
        let (call, whole) = self.part_of(item)?;
        if let Some(reported) = whole.failure() {
            return Some(Err(reported));
        }
        let start = self.made.len();
        let options = match self.options(&call.path[call.path.len() - 1], &call.args) {
            Ok(options) => options,
            Err(reported) => return Some(Err(reported)),
        };
        let whole_name = &whole.item.name;
        self.frozen += usize::from(options.frozen);
        let value = self.among(whole.definitions, |builder| builder.inline_body(name, whole.item, inputs));
        self.frozen -= usize::from(options.frozen);
        Some(value.and_then(|value| match options.cut {
            Some(cut) => self.cut(whole_name, &cut, start, value),
            None => Ok(value),
        }))
    }

    /// What the layers at `cut` made since `start`, instead of `whole`.
    pub(super) fn cut(
        &mut self,
        model: &Ident,
        cut: &Cut,
        start: usize,
        whole: Value,
    ) -> Result<Value, Reported> {
        self.pruned = true;
        let prefix = self.names.last().expect("there is one for the model").prefix.clone();
        let needed = self.graph.ancestors(ids(&whole));
        let mut values = vec![];
        for (layer, place) in &cut.0 {
            let full = format!("{prefix}{layer}");
            let found: Vec<&Made> = self.made[start..].iter().filter(|made| made.name == full).collect();
            let message = match &found[..] {
                [] => self.no_such_layer(model, layer, *place, &prefix, start),
                [made] if ids(&made.value).iter().all(|id| needed[id.0]) => {
                    values.push(made.value.clone());
                    continue;
                }
                [_] => Message::new(
                    *place,
                    format!("layer `{layer}` is not on the way to an output of `{model}`"),
                )
                .note("what is not on the way to an output is never trained")
                .help(format!("make it an output of `{model}`, or cut at another layer")),
                more => {
                    let times = more.len();
                    Message::new(*place, format!("layer `{layer}` of `{model}` is applied {times} times"))
                        .note("which of its outputs is meant cannot be said by its name")
                        .help("cut at a layer behind the one that is meant")
                }
            };
            return Err(self.diag.report(message));
        }
        Ok(if values.len() == 1 { values.remove(0) } else { Value::Tuple(values) })
    }

    fn no_such_layer(&self, model: &Ident, layer: &str, place: Place, prefix: &str, start: usize) -> Message {
        let mut names: Vec<&str> = vec![];
        for made in &self.made[start..] {
            let Some(name) = made.name.strip_prefix(prefix) else { continue };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let rest = names.len().saturating_sub(MOST_NAMES);
        let more = if rest > 0 { format!(", and {rest} more") } else { String::new() };
        let list: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
        Message::new(place, format!("model `{model}` has no layer `{layer}`"))
            .note(format!("its layers are {}{more}", list.join(", ")))
            .help_if(did_you_mean(layer, names))
    }

    /// Whether `item` is another model, cut somewhere.
    pub(super) fn is_part(&self, item: &'a ModelItem) -> bool {
        self.part_of(item).is_some()
    }

    /// A model whose definition is another one, cut somewhere: its layers have the names that they have there.
    pub(super) fn part_model(mut self, item: &'a ModelItem, form: Form) -> Model {
        let before = self.diag.errors();
        self.names.last_mut().expect("there is one for the model").quiet = true;
        let value = self.inputs_of(item).and_then(|inputs| {
            let part = self.inline_part(&item.name, item, &inputs);
            part.expect("it is a part of a model")
        });
        match value {
            Ok(Value::Tuple(values)) => values.into_iter().for_each(|value| self.end_at(value)),
            Ok(value) => self.end_at(value),
            Err(reported) => self.failure = Some(reported),
        }
        let ok = self.diag.errors() == before && self.failure.is_none() && !self.graph.outputs.is_empty();
        self.finish(form, ok)
    }

    fn end_at(&mut self, value: Value) {
        match value {
            Value::Tensor(tensor) => {
                let taken = |name: &str| self.graph.outputs.iter().any(|output| output.name == name);
                let mut name = tensor.source.clone();
                while taken(&name) {
                    name = format!("{name}_{}", self.graph.outputs.len());
                }
                self.output(name, tensor);
            }
            Value::Tuple(values) => values.into_iter().for_each(|value| self.end_at(value)),
            Value::Unknown(reported) => self.failure = Some(reported),
            Value::Layer(_) | Value::Number(_) => {}
        }
    }

    /// The inputs that a model declares.
    fn inputs_of(&mut self, item: &'a ModelItem) -> Result<Vec<Tensor>, Reported> {
        if let Some((_, whole)) = self.part_of(item) {
            return match whole.failure() {
                Some(reported) => Err(reported),
                None => self.among(whole.definitions, |builder| builder.inputs_of(whole.item)),
            };
        }
        match &item.body {
            Body::Sequential(expr) => {
                let taken = self.taken(&expr.stages())?;
                Ok(vec![self.model_input(&taken)])
            }
            Body::Functional { inputs, .. } => {
                let mut tensors = vec![];
                for input in inputs {
                    self.functional_input(input)?;
                    if let Some(Value::Tensor(tensor)) = self.scope.last().map(|variable| &variable.value) {
                        tensors.push(tensor.clone());
                    }
                }
                Ok(tensors)
            }
        }
    }
}

pub(super) fn ids(value: &Value) -> Vec<Id> {
    match value {
        Value::Tensor(tensor) => vec![tensor.id],
        Value::Tuple(parts) => parts.iter().flat_map(ids).collect(),
        Value::Layer(_) | Value::Number(_) | Value::Unknown(_) => vec![],
    }
}
