//! Models as layers of models.

use proc_macro2::Ident;

use super::definitions::{Definitions, Found};
use super::options::Options;
use super::{Builder, Built, Names, Tensor, Value};
use crate::diag::{Message, Place, Reported};
use crate::ir::{Dim, Group};
use crate::syntax::ast::{Body, ModelItem};

impl<'a> Builder<'a> {
    /// What `build` makes where the names of `definitions` are seen.
    pub(super) fn among<T>(
        &mut self,
        definitions: &'a Definitions<'a>,
        build: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = std::mem::replace(&mut self.definitions, definitions);
        let result = build(self);
        self.definitions = outer;
        result
    }

    /// A model as a layer: its layers become ours, under its name.
    pub(super) fn inline(
        &mut self,
        name: &Ident,
        found: Found<'a>,
        options: Options,
        inputs: Vec<Tensor>,
    ) -> Result<Value, Reported> {
        if let Some(reported) = found.failure() {
            return Err(reported);
        }
        if self.closures > 0 {
            let message =
                Message::new(name.span(), format!("model `{name}` has weights, which a closure cannot own"));
            return Err(self.diag.report(message.help("apply the model outside of `lambda`")));
        }
        let prefix = match self.replay() {
            Some(Built::Nested { prefix }) => prefix,
            _ => {
                let prefix = match &options.name {
                    Some((text, place)) => self.explicit_name(text, *place)?,
                    None => self.next_name(&snake_case(&name.to_string())),
                };
                self.record(Built::Nested { prefix: prefix.clone() });
                prefix
            }
        };
        let names = Names { prefix: format!("{prefix}/"), quiet: true, ..Names::default() };
        let scope = std::mem::take(&mut self.scope);
        let later = std::mem::take(&mut self.later);
        self.names.push(names);
        let start = self.made.len();
        self.frozen += usize::from(options.frozen);
        self.outline_model(&format!("{prefix}/"), &found.item.body, &inputs);
        let result = self.among(found.definitions, |builder| builder.inline_body(name, found.item, &inputs));
        self.frozen -= usize::from(options.frozen);
        let result = match options.cut {
            Some(cut) => result.and_then(|value| self.cut(&found.item.name, &cut, start, value)),
            None => result,
        };
        self.names.pop();
        (self.scope, self.later) = (scope, later);
        let is_sequential = matches!(found.item.body, Body::Sequential(_));
        self.outline_nested(&prefix, is_sequential, &inputs, result.as_ref().ok());
        let value = located(result?, name, &name.to_string());
        self.group(&prefix, found.item.name.to_string(), &value);
        self.made(&prefix, value.clone());
        Ok(value)
    }

    /// Remembers that the layers under `prefix` are one, unless they were applied before.
    pub(super) fn group(&mut self, prefix: &str, kind: String, value: &Value) {
        let first = match value {
            Value::Tuple(parts) => parts.first(),
            value => Some(value),
        };
        let known = self.graph.groups.iter().any(|group| group.name == prefix);
        if let (Some(Value::Tensor(tensor)), false) = (first, known) {
            let output = self.shape(tensor.id);
            self.graph.groups.push(Group { name: prefix.to_string(), kind, output });
        }
    }

    pub(super) fn inline_body(
        &mut self,
        name: &Ident,
        item: &'a ModelItem,
        inputs: &[Tensor],
    ) -> Result<Value, Reported> {
        if let Some(part) = self.inline_part(name, item, inputs) {
            return part;
        }
        let wanted = match &item.body {
            Body::Sequential(_) => 1,
            Body::Functional { inputs, .. } => inputs.len(),
        };
        if inputs.len() != wanted {
            let headline = format!("model `{name}` takes {wanted} inputs, but gets {}", inputs.len());
            return Err(self.diag.report(Message::new(name.span(), headline)));
        }
        match &item.body {
            Body::Sequential(expr) => {
                let stages = expr.stages();
                let taken = self.taken(&stages)?;
                self.check_model_input(name, &taken.dims, &inputs[0])?;
                let mut value = Ok(Value::Tensor(inputs[0].clone()));
                for stage in &stages[taken.stages..] {
                    value = self.apply_stage(stage, value);
                }
                value
            }
            Body::Functional { inputs: declared, block, .. } => {
                for (declared, input) in declared.iter().zip(inputs) {
                    let dims = self.dims("the shape of an input", &declared.dims)?;
                    self.check_model_input(name, &dims, input)?;
                    let parameter = declared.name.as_ref().expect("a model without is an error");
                    self.define(parameter, Value::Tensor(input.clone()));
                }
                self.eval_block(block)
            }
        }
    }

    fn check_model_input(&mut self, name: &Ident, dims: &[Dim], input: &Tensor) -> Result<(), Reported> {
        let place = Place::from(name.span());
        self.check_shape(dims, input, place, |wanted, actual| {
            Message::new(place, format!("model `{name}` takes {wanted}, but its input is {actual}"))
                .against(input.place, format!("this model takes {wanted}"))
                .note(format!("`{}` makes {actual}", input.text))
        })
    }
}

/// `value`, for messages, as what the layer `name` makes.
pub(super) fn located(value: Value, name: &Ident, text: &str) -> Value {
    match value {
        Value::Tensor(tensor) => {
            Value::Tensor(Tensor { place: name.span(), text: text.to_string(), ..tensor })
        }
        Value::Tuple(parts) => {
            Value::Tuple(parts.into_iter().map(|part| located(part, name, text)).collect())
        }
        value => value,
    }
}

/// `TextEncoder` → `text_encoder`
pub(super) fn snake_case(name: &str) -> String {
    let mut result = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !result.is_empty() {
            result.push('_');
        }
        result.extend(c.to_lowercase());
    }
    result
}
