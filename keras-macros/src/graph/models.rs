//! Models: inputs, outputs, and models as layers of others.

use std::cell::RefCell;

use proc_macro2::Ident;

use super::definitions::Found;
use super::{Builder, Tensor, Value};
use crate::diag::{Message, Place, Reported, did_you_mean};
use crate::ir::{DType, Dim, Input, Shape};
use crate::layers;
use crate::layers::{Entry, args, kinds, params};
use crate::link::Export;
use crate::model::{Form, Model};
use crate::syntax::ast::{Arg, Block, Body, Call, Declared, Expr, ExprKind};

/// The input of a sequential model.
pub(super) struct Taken {
    name: Option<String>,
    pub(super) dims: Vec<Dim>,
    dtype: DType,
    place: Place,
    /// How many stages of the pipeline it is.
    pub(super) stages: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn finish(mut self, form: Form, ok: bool) -> Model {
        // Before nodes are numbered anew.
        let description = self.outlined(&form);
        if self.rewritten {
            self.graph.sweep();
        }
        let ok = ok && self.loops_stand_alone(&form);
        if let (Form::Item { name, .. } | Form::Loss { name, .. }, false, Some(reported)) =
            (&form, ok, self.diag.reported())
        {
            self.definitions.fail(name, reported);
        }
        if ok && self.pruned {
            self.graph.prune(&self.output_sources);
        }
        let mentions = std::mem::take(&mut self.mentions).into_values().collect();
        let export = Export::default();
        Model { form, graph: self.graph, assertions: self.assertions, mentions, export, description, ok }
    }

    /// No loop is within a step of another: those that were have been written out, or are of all steps. What they were is
    /// left only where a model is cut within them.
    fn loops_stand_alone(&self, form: &Form) -> bool {
        if !self.graph.has_loop_in_loop() {
            return true;
        }
        let place = match form {
            Form::Item { name, .. } | Form::Loss { name, .. } => Place::from(name.span()),
            Form::Expression => Place::call_site(),
        };
        let message = Message::new(place, "this model has a loop over time within a step of another")
            .note("it ends at a layer that is computed anew in each step of a `cell`")
            .help("end it at the cell, or behind it");
        self.diag.report(message);
        false
    }

    pub(super) fn sequential_model(mut self, expr: &Expr, form: Form) -> Model {
        let before = self.diag.errors();
        self.outline_sequential();
        let stages = expr.stages();
        let taken = self.taken(&stages);
        let (mut value, skip) = match &taken {
            Ok(taken) => (Ok(Value::Tensor(self.model_input(taken))), taken.stages),
            // The first layer's arguments may be what failed.
            Err(reported) => (Err(*reported), 1),
        };
        for stage in &stages[skip..] {
            value = self.apply_stage(stage, value);
        }
        let value = value.and_then(|value| self.tensor(value, expr));
        match value {
            Ok(tensor) => {
                self.output(tensor.source.clone(), tensor);
            }
            Err(reported) => self.failure = Some(reported),
        }
        let ok = self.diag.errors() == before && value_is_ok(&self);
        self.finish(form, ok)
    }

    pub(super) fn model_input(&mut self, taken: &Taken) -> Tensor {
        let name = taken.name.clone().unwrap_or_else(|| "input_layer".to_string());
        let shape = Shape::batched(taken.dims.clone());
        let id = self.graph.input(Input { name: name.clone(), shape, dtype: taken.dtype, below: None });
        self.outline_input(&name, id, taken.dtype);
        Tensor { id, place: taken.place.start, text: "input".into(), source: name, mask: None }
    }

    /// What a sequential model takes in: its first layer says it.
    pub(super) fn taken(&mut self, stages: &[&Expr]) -> Result<Taken, Reported> {
        let first = stages[0];
        let path = match &first.kind {
            ExprKind::Error(reported) => return Err(*reported),
            ExprKind::Call(call) => &call.path[..],
            ExprKind::Path(path) => path,
            _ => &[],
        };
        if let Some(reported) = self.definitions.failed_elsewhere(path) {
            return Err(reported);
        }
        if let Some(found) = self.definitions.model_at(path) {
            let taken = self.among(found.definitions, |builder| builder.taken_by(found));
            return taken.map(|taken| Taken { stages: 0, place: first.head(), ..taken });
        }
        let ExprKind::Call(call) = &first.kind else { return Err(self.no_input(first)) };
        let name = call.name().map(Ident::to_string).unwrap_or_default();
        if name == "input" {
            return self.input_layer(call, first, stages.len());
        }
        let given = call.args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| name == "input"));
        let Some(Arg { value, .. }) = given else { return Err(self.no_input(first)) };
        let dims = match &value.kind {
            ExprKind::List(parts) | ExprKind::Tuple(parts) => {
                self.dims(&format!("`input` of `{name}`"), parts)?
            }
            _ => self.dims(&format!("`input` of `{name}`"), std::slice::from_ref(value))?,
        };
        Ok(Taken { name: None, dims, dtype: DType::F32, place: value.place, stages: 0 })
    }

    fn input_layer(&mut self, call: &Call, first: &Expr, stages: usize) -> Result<Taken, Reported> {
        let entry = layers::find("input").expect("`input` is a layer");
        let name = call.name().expect("it is called `input`");
        self.mention("layers", "input", name.span());
        let given: Vec<&Arg> = call.args.iter().collect();
        let args =
            args::parse(self, "input", name.span().into(), entry.params, &params::COMMON[..1], &given)?;
        if stages == 1 {
            let message = Message::new(first.head(), "this model is empty: it has no layer but its input");
            return Err(self.diag.report(message.help("go on with `>> dense(10)`")));
        }
        let dims = args.extents("shape").expect("it is required").iter().flatten().cloned().collect();
        let dtype = args.dtype("dtype").unwrap_or(DType::F32);
        let name = args.text("name").map(str::to_string);
        Ok(Taken { name, dims, dtype, place: first.head(), stages: 1 })
    }

    fn no_input(&mut self, first: &Expr) -> Reported {
        // A misspelt first layer has no input to speak of.
        let name = match &first.kind {
            ExprKind::Call(call) => call.name(),
            ExprKind::Path(_) => first.as_name(),
            _ => None,
        };
        let path = match &first.kind {
            ExprKind::Call(call) => &call.path[..],
            ExprKind::Path(path) => path,
            _ => &[],
        };
        match name {
            _ if self.definitions.block_at(path).is_some() => {
                let message = Message::new(first.head(), "the model does not say what it takes in");
                return self.diag.report(
                    message
                        .help(format!("write `input([784]) >> {first}`, with the shape without the batch")),
                );
            }
            Some(name) if layers::find(&name.to_string()).is_none() => return self.unknown_layer(name),
            None if matches!(first.kind, ExprKind::Repeat(_) | ExprKind::If(_)) => {
                let message = Message::new(first.place.start, "the model does not say what it takes in");
                return self
                    .diag
                    .report(message.help("write `input([784]) >> ..`, with the shape without the batch"));
            }
            None => {
                let message = Message::new(first.head(), format!("expected a layer, found `{first}`"));
                return self.diag.report(message);
            }
            Some(_) => {}
        }
        let entry = name.and_then(|name| layers::find(&name.to_string()));
        let (short, long) = input_example(entry);
        let example = match &first.kind {
            ExprKind::Call(call) if call.args.is_empty() => format!("{}(input = {short})", call.path[0]),
            ExprKind::Call(call) => format!("{}(.., input = {short})", call.path[0]),
            _ => format!("{first}(input = {short})"),
        };
        let own = entry.map_or(&[][..], |entry| entry.params);
        let misspelt = match &first.kind {
            ExprKind::Call(call) => call.args.iter().find_map(|arg| {
                let name = arg.name.as_ref()?.to_string();
                let near =
                    params::INPUTS.contains(&name.as_str()) || did_you_mean(&name, ["input"]).is_some();
                (near && !params::has(own, &name)).then_some((name, arg))
            }),
            _ => None,
        };
        let message = match misspelt {
            Some((name, Arg { name: Some(ident), .. })) => Message::new(
                ident.span(),
                format!("`{}` has no argument `{name}`", head_name(first)),
            )
            .help(match short.is_empty() {
                true => {
                    format!("what a model takes in is its first layer: `{long} >> {}(..)`", head_name(first))
                }
                false => "did you mean `input`?".to_string(),
            }),
            _ => Message::new(first.head(), "the model does not say what it takes in")
                .note("the first layer says it, without the batch")
                .help(match short.is_empty() {
                    true => format!("for example `{long} >> {}(..)`", head_name(first)),
                    false => format!("for example `{example}`, or `{long} >> ..`"),
                }),
        };
        self.diag.report(message)
    }

    fn taken_by(&mut self, found: Found<'a>) -> Result<Taken, Reported> {
        if let Some(reported) = found.failure() {
            return Err(reported);
        }
        let model = found.item;
        match &model.body {
            Body::Sequential(expr) => self.taken(&expr.stages()),
            Body::Functional { inputs, .. } => match &inputs[..] {
                [input] => {
                    let dims = self.dims("the shape of an input", &input.dims)?;
                    Ok(Taken { name: None, dims, dtype: self.dtype(input)?, place: input.place, stages: 0 })
                }
                _ => {
                    let name = &model.name;
                    let headline =
                        format!("`{name}` takes {} inputs: it cannot start a pipeline", inputs.len());
                    Err(self.diag.report(Message::new(name.span(), headline)))
                }
            },
        }
    }

    pub(super) fn dims(&mut self, what: &str, exprs: &[Expr]) -> Result<Vec<Dim>, Reported> {
        let dims: Vec<_> = exprs.iter().map(|expr| kinds::extent(self, what, expr, false)).collect();
        let dims = dims.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(dims.into_iter().flatten().collect())
    }

    fn dtype(&self, declared: &Declared) -> Result<DType, Reported> {
        let Some(name) = &declared.dtype else { return Ok(DType::F32) };
        kinds::dtype(&name.to_string()).ok_or_else(|| {
            let message = Message::new(name.span(), format!("unknown element type `{name}`")).help(
                "known are `f32`, `u8`, `i8`, `u32`, `i32` and `i64`; data of other types are taken too",
            );
            self.diag.report(message)
        })
    }

    pub(super) fn functional_model(
        mut self,
        name: &Ident,
        inputs: &[Declared],
        outputs: Option<&[Declared]>,
        block: &Block,
        form: Form,
    ) -> Model {
        let before = self.diag.errors();
        let mut variables = vec![];
        for input in inputs {
            match self.functional_input(input) {
                Ok(variable) => variables.extend(variable),
                Err(reported) => self.failure = Some(reported),
            }
        }
        if inputs.is_empty() {
            let message = Message::new(name.span(), format!("model `{name}` has no input"));
            self.diag.report(message.help(format!("name its inputs and their shapes: `{name}(x: [784])`")));
        }
        if block.lets.is_empty() && block.tail.is_none() {
            let message = Message::new(name.span(), format!("model `{name}` is empty"))
                .help("write its layers and its output: `{ x >> dense(10) }`");
            self.failure = Some(self.diag.report(message));
            return self.finish(form, false);
        }
        match self.eval_block(block) {
            Ok(value) => {
                let tail = block.tail.as_ref().expect("a block without one is an error");
                self.outputs(value, tail, outputs);
                // After an error an input may be unused because its use failed.
                if self.diag.errors() == before {
                    for (name, used) in variables {
                        if !*used.borrow() {
                            let message = Message::new(name.span(), format!("input `{name}` is never used"))
                                .help("use it, or take it out of the model's head");
                            self.diag.report(message);
                        }
                    }
                }
            }
            Err(reported) => self.failure = Some(reported),
        }
        let ok = self.diag.errors() == before && value_is_ok(&self);
        self.finish(form, ok)
    }

    #[allow(clippy::type_complexity)]
    pub(super) fn functional_input(
        &mut self,
        input: &Declared,
    ) -> Result<Option<(Ident, std::rc::Rc<RefCell<bool>>)>, Reported> {
        let Some(name) = &input.name else {
            let message = Message::new(input.place, "an input needs a name").help("for example `x: [784]`");
            return Err(self.diag.report(message));
        };
        if self.variable(&name.to_string()).is_some() {
            let message = Message::new(name.span(), format!("two inputs are called `{name}`"));
            return Err(self.diag.report(message.help("give each input a name of its own")));
        }
        let parsed =
            self.dims("the shape of an input", &input.dims).and_then(|dims| Ok((dims, self.dtype(input)?)));
        let (dims, dtype) = match parsed {
            Ok(parsed) => parsed,
            Err(reported) => {
                self.define(name, Value::Unknown(reported));
                return Err(reported);
            }
        };
        let text = self.names.last_mut().expect("there is one for the model");
        text.taken.insert(name.to_string());
        let row = self.row(&name.to_string(), "InputLayer", vec![]);
        let shape = Shape::batched(dims);
        self.graph.layers[row].output = shape.clone();
        let id = self.graph.input(Input { name: name.to_string(), shape, dtype, below: None });
        self.outline_input(&name.to_string(), id, dtype);
        let (text, source) = (name.to_string(), name.to_string());
        let tensor = Tensor { id, place: name.span(), text, source, mask: None };
        let variable = self.define(name, Value::Tensor(tensor));
        Ok(Some((name.clone(), variable.used)))
    }

    fn outputs(&mut self, value: Value, tail: &Expr, declared: Option<&[Declared]>) {
        let (values, exprs): (Vec<Value>, Vec<&Expr>) = match (value, &tail.kind) {
            (Value::Tuple(values), ExprKind::Tuple(exprs)) => (values, exprs.iter().collect()),
            (Value::Tuple(values), _) => {
                let exprs = vec![tail; values.len()];
                (values, exprs)
            }
            (value, _) => (vec![value], vec![tail]),
        };
        if let Some(declared) = declared.filter(|declared| declared.len() != values.len()) {
            let (wanted, found) = (declared.len(), values.len());
            let plural = |n: usize| if n == 1 { "output" } else { "outputs" };
            let headline = format!("{wanted} {} declared, but the body ends in {found}", plural(wanted));
            let message = Message::new(tail.head(), headline)
                .help("end the body with one expression, or with a tuple of as many as there are outputs");
            self.diag.report(message);
            return;
        }
        let mut taken = std::collections::HashSet::new();
        for (i, (value, expr)) in values.into_iter().zip(exprs).enumerate() {
            let Ok(tensor) = self.tensor(value, expr) else { continue };
            let declared = declared.map(|declared| &declared[i]);
            if let Some(declared) = declared {
                self.check_output(declared, &tensor);
            }
            if !self.graph.shape(tensor.id).batched {
                let message = Message::new(expr.head(), "this output does not depend on the model's input");
                self.diag.report(message);
                continue;
            }
            let name = declared.and_then(|declared| declared.name.as_ref()).or(expr.as_name());
            let mut name = name.map_or_else(|| tensor.source.clone(), Ident::to_string);
            while !taken.insert(name.clone()) {
                name = format!("{name}_{i}");
            }
            self.output(name, tensor);
        }
    }

    fn check_output(&mut self, declared: &Declared, tensor: &Tensor) {
        let Ok(dims) = self.dims("the shape of an output", &declared.dims) else { return };
        let what = declared.name.as_ref().map_or("the output".to_string(), |name| format!("output `{name}`"));
        let place = declared.place;
        let _ = self.check_shape(&dims, tensor, place, |wanted, actual| {
            let written = Shape::fixed(actual.dims.clone());
            Message::new(place, format!("{what} is declared as {wanted}, but the body makes {actual}"))
                .against(tensor.place, format!("declared as {wanted}"))
                .note(format!("`{}` makes {actual}", tensor.text))
                .help(format!("declare {written}, or change the layer that makes it"))
        });
    }
}

fn value_is_ok(builder: &Builder) -> bool {
    builder.failure.is_none() && !builder.graph.outputs.is_empty()
}

/// What a model may take in that begins with a layer: as its argument, if that is enough, and as a layer of its own.
fn input_example(entry: Option<&Entry>) -> (&'static str, &'static str) {
    let begins = |start: &str| entry.is_some_and(|entry| entry.shapes.starts_with(start));
    match entry.map(|entry| entry.class) {
        // Its numbers are whole ones, which only the layer says.
        Some("Embedding" | "ReversibleEmbedding") => ("", "input([20], dtype = i32)"),
        Some(_) if begins("[batch, height, width, channels]") => ("[28, 28, 1]", "input([28, 28, 1])"),
        Some(_) if begins("[batch, depth, height, width, channels]") => {
            ("[9, 28, 28, 1]", "input([9, 28, 28, 1])")
        }
        Some(_) if begins("[batch, steps, ") || begins("[batch, time, ") => ("[20, 8]", "input([20, 8])"),
        Some("Flatten") => ("[28, 28]", "input([28, 28])"),
        _ => ("784", "input([784])"),
    }
}

fn head_name(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Call(call) => call.path[0].to_string(),
        _ => expr.to_string(),
    }
}
