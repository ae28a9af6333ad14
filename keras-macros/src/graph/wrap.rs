//! Layers that are made of layers, such as `bidirectional(lstm(64))`.

use proc_macro2::{Ident, Span};

use super::{Builder, Built, Names, Tensor, Value};
use crate::diag::{Message, Place, Reported};
use crate::layers::Use;
use crate::syntax::ast::{Arg, Expr, ExprKind};

impl Builder<'_> {
    /// Builds a wrapper: what is in it has rows of its own, under its name.
    pub(super) fn build_wrapper(&mut self, u: &Use) -> Result<Value, Reported> {
        let prefix = match self.replay() {
            Some(Built::Nested { prefix }) => prefix,
            _ => {
                let prefix = self.layer_name(u)?;
                self.record(Built::Nested { prefix: prefix.clone() });
                prefix
            }
        };
        self.names.push(Names { prefix: format!("{prefix}/"), ..Names::default() });
        let outer = (std::mem::take(&mut self.also), self.mask.take());
        self.outline_begin(&format!("{prefix}/"), true);
        let frozen = usize::from(!u.args.flag("trainable"));
        self.frozen += frozen;
        let result = (u.entry.apply)(self, u);
        self.frozen -= frozen;
        self.names.pop();
        let also = std::mem::replace(&mut self.also, outer.0);
        let mask = std::mem::replace(&mut self.mask, outer.1).flatten();
        let source = self.graph.layers.last().map_or(prefix.clone(), |row| row.name.clone());
        let results = result.iter().chain(&also).copied().collect::<Vec<_>>();
        self.outline_wrapper(&prefix, u, &results);
        let id = result?;
        self.regularize_activity(u.args, &results)?;
        let first = Tensor { id, place: u.place.start, text: u.text.clone(), source, mask };
        let others = also.into_iter().map(|id| Tensor { id, mask: None, ..first.clone() });
        let all: Vec<Tensor> = std::iter::once(first.clone()).chain(others).collect();
        let value = match all.len() {
            1 => Value::Tensor(first),
            _ => Value::Tuple(all.into_iter().map(Value::Tensor).collect()),
        };
        self.made(&prefix, value.clone());
        Ok(value)
    }

    /// The layers that a wrapper was given, on `inputs`.
    pub fn apply_wrapped(&mut self, layers: &Expr, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, Reported> {
        let value = match inputs.len() {
            1 => Value::Tensor(inputs[0].clone()),
            _ => Value::Tuple(inputs.into_iter().map(Value::Tensor).collect()),
        };
        match self.apply_stage(layers, Ok(value))? {
            Value::Tuple(parts) => parts.into_iter().map(|part| self.tensor(part, layers)).collect(),
            value => Ok(vec![self.tensor(value, layers)?]),
        }
    }

    /// The layers that a wrapper was given, on each step of `input`, which are along its first axis: all results of all
    /// steps. `place` is that of the wrapper.
    pub fn apply_to_steps(
        &mut self,
        place: Place,
        layers: &Expr,
        input: &Tensor,
    ) -> Result<Vec<Tensor>, Reported> {
        let length = self.shape(input.id).dims[0].clone();
        let (mark, made) = (self.graph.mark(), self.made.len());
        let scan = self.graph.scan(length.clone(), false);
        let id = self.graph.stand_in(scan, input.id);
        let within = input.mask.filter(|mask| self.shape(*mask).rank() > 1);
        let mask = within.map(|mask| self.graph.stand_in(scan, mask));
        self.distributed += 1;
        let results = self.apply_wrapped(layers, vec![Tensor { id, mask, ..input.clone() }]);
        self.distributed -= 1;
        let mut results = results?;
        if !self.graph.is_no_body(mark, scan) {
            self.graph.make_body(mark, scan);
            for result in &mut results {
                result.id = self.graph.trace(scan, result.id);
                result.mask = result.mask.map(|mask| self.graph.trace(scan, mask));
            }
            return Ok(results);
        }
        self.rewritten = true;
        let Ok(mut all) = self.graph.distribute(mark, scan) else {
            let headline = format!("`{layers}` has to be written out for each of {length} steps");
            let message = Message::new(place, headline)
                .note("`keras_model!` does not know how many steps that is")
                .help("write the number of steps as a number");
            return Err(self.diag.report(message));
        };
        for result in &mut results {
            result.id = all.all(result.id);
            result.mask = result.mask.map(|mask| all.all(mask));
        }
        self.made[made..].iter_mut().for_each(|made| made.replace(&|id| all.of(id).unwrap_or(id)));
        Ok(results)
    }

    /// `layer` with further arguments; those that it has stay.
    pub fn with_arguments(&self, layer: &Expr, more: &[(&str, ExprKind)]) -> Result<Expr, Reported> {
        let ExprKind::Call(call) = &layer.kind else {
            let message =
                Message::new(layer.head(), format!("expected the call of a layer, found `{layer}`"));
            return Err(self.diag.report(message.help("write the layer with its arguments: `lstm(64)`")));
        };
        let mut call = call.clone();
        for (name, value) in more {
            if !call.args.iter().any(|arg| arg.name.as_ref().is_some_and(|own| own == name)) {
                let name = Some(Ident::new(name, Span::call_site()));
                call.args.push(Arg { name, value: Expr::new(value.clone(), layer.place) });
            }
        }
        Ok(Expr::new(ExprKind::Call(call), layer.place))
    }
}
