//! A model as Keras describes it: which layers there are, with which arguments, and who feeds whom.
//!
//! It is kept beside the graph of operations while that is built. What Keras has no layer for is remembered as a problem,
//! which counts if an output depends on it. A wrapper's layers, and a model within a model, have a [`Frame`] of their own.

mod config;
mod operations;
mod order;

use std::collections::HashMap;

use super::cut::ids;
use super::nested::snake_case;
use super::{Builder, Tensor, Value};
use crate::ir::{DType, Dim, Id};
use crate::layers::{Family, Use};
use crate::model::Form;
use crate::syntax::ast::Body;
use config::{quoted, with};
use operations::Operation;

/// What is told of a model in Keras's terms.
#[derive(Debug, Default)]
pub struct Description {
    /// JSON. Sizes that only rustc knows are numbers of [`Description::sizes`] between [`MARK`]s, behind [`NUMBER`] if they need
    /// not be whole.
    pub config: String,
    pub sizes: Vec<Dim>,
    /// Why there is none.
    pub problem: Option<String>,
    /// Names of the layers in Keras's order.
    pub order: Vec<String>,
    /// Models within the model, and wrappers around chains of layers, which are models in Keras; and what Keras calls their
    /// classes in files.
    pub models: Vec<(String, &'static str)>,
}

/// Stands around what is no text in a [`Description`].
pub const MARK: char = '\u{0}';
/// See [`Description::config`].
pub const NUMBER: char = 'n';

/// What was built so far.
#[derive(Debug, Default)]
pub(super) struct Outline {
    frames: Vec<Frame>,
    sizes: Vec<Dim>,
    models: Vec<(String, &'static str)>,
    /// Whether the model is a pipeline.
    is_sequential: bool,
}

/// A model, or what is within a wrapper.
#[derive(Debug, Default)]
struct Frame {
    /// What the names of its layers begin with.
    prefix: String,
    is_wrapper: bool,
    layers: Vec<Layer>,
    makers: HashMap<Id, Maker>,
    /// Of a wrapper.
    problem: Option<String>,
}

/// A tensor as Keras refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Maker {
    layer: usize,
    node: usize,
    tensor: usize,
}

#[derive(Debug)]
struct Layer {
    /// In full.
    name: String,
    described: Described,
    nodes: Vec<Node>,
    /// Its own layers, if it is a model, in order.
    inner: Vec<String>,
}

/// A layer without its place in the graph.
#[derive(Clone, Debug, Default)]
struct Described {
    module: &'static str,
    class: &'static str,
    /// JSON.
    config: String,
    problem: Option<String>,
}

/// One use of a layer.
#[derive(Debug, Default)]
struct Node {
    parents: Vec<Maker>,
    /// JSON.
    arguments: String,
    problem: Option<String>,
}

impl Outline {
    pub fn new() -> Self {
        Outline { frames: vec![Frame::default()], ..Outline::default() }
    }
}

impl Described {
    fn is_operation(&self) -> bool {
        self.module.starts_with(operations::MODULES)
    }
}

/// What a layer is used on.
#[derive(Debug)]
enum Operand {
    /// With its shape.
    Tensor(Maker, String),
    Number(String),
    /// As it is written.
    Unknown(String),
}

/// How Keras's layer takes its tensors.
#[derive(Clone, Debug)]
enum Call {
    /// One after another.
    Each,
    /// The first `usize`, then the others as a list called `initial_state`.
    States(usize),
    /// The first, then the others as a list.
    Step,
    /// All as one list.
    List,
    /// One after another, then this.
    Then(String),
    /// The first, then this, then the others.
    Second(String),
    /// One after another, and this by name.
    Named(String),
}

impl Call {
    fn of(class: &str) -> Self {
        match class {
            "MultiHeadAttention" | "GroupQueryAttention" => Call::Each,
            "SimpleRNNCell" | "LSTMCell" | "GRUCell" | "StackedRNNCells" => Call::Step,
            "RNN" | "SimpleRNN" | "LSTM" | "GRU" | "ConvLSTM1D" | "ConvLSTM2D" | "ConvLSTM3D"
            | "Bidirectional" => Call::States(1),
            _ => Call::List,
        }
    }
}

/// What is here and not in Keras 3.
const OURS: &[&str] = &["DropMask", "Lambda", "LocallyConnected1D", "LocallyConnected2D"];

impl Frame {
    /// A name within it, as Keras allows it.
    fn own_name(&self, name: &str) -> String {
        name.strip_prefix(&self.prefix).unwrap_or(name).replace('/', "_")
    }

    fn input(&mut self, name: &str, config: String, id: Id) {
        let described = Described { module: "keras.layers", class: "InputLayer", config, problem: None };
        let maker = Maker { layer: self.layers.len(), node: 0, tensor: 0 };
        let (name, nodes) = (format!("{}{name}", self.prefix), vec![Node::default()]);
        self.layers.push(Layer { name, described, nodes, inner: vec![] });
        self.makers.insert(id, maker);
    }
}

impl Builder<'_> {
    /// Remembers that the model is a pipeline.
    pub(super) fn outline_sequential(&mut self) {
        self.outline.is_sequential = true;
    }

    /// Begins what is within the model, or the wrapper, `prefix`.
    pub(super) fn outline_begin(&mut self, prefix: &str, is_wrapper: bool) {
        self.outline.frames.push(Frame { prefix: prefix.into(), is_wrapper, ..Frame::default() });
    }

    /// Begins a model within the model.
    pub(super) fn outline_model(&mut self, prefix: &str, body: &Body, inputs: &[Tensor]) {
        self.outline_begin(prefix, false);
        for (i, input) in inputs.iter().enumerate() {
            let declared = match body {
                Body::Functional { inputs, .. } => inputs.get(i).and_then(|input| input.name.as_ref()),
                Body::Sequential(_) => None,
            };
            let unnamed = if i == 0 { "input_layer".to_string() } else { format!("input_layer_{i}") };
            let name = declared.map_or(unnamed, ToString::to_string);
            self.outline_input(&name, input.id, DType::F32);
        }
    }

    /// An input of the model that is being built.
    pub(super) fn outline_input(&mut self, name: &str, id: Id, dtype: DType) {
        let shape = self.outline_shape(id);
        // Pixels are numbers like others.
        let dtype = match dtype {
            DType::F32 | DType::U8 | DType::I8 => "float32",
            DType::I32 | DType::U32 => "int32",
            DType::I64 => "int64",
        };
        let Some(frame) = self.outline.frames.last_mut() else { return };
        let config =
            with("name", &quoted(name)) + &with("batch_shape", &shape) + &with("dtype", &quoted(dtype));
        frame.input(name, config, id);
    }

    /// A layer, activation or function, used on its inputs.
    pub(super) fn outline_use(&mut self, name: &str, u: &Use, trainable: bool, results: &[Id]) {
        let inputs: Vec<&Tensor> = u.inputs.iter().collect();
        let described = match self.operation_of(u) {
            Some(Ok(operation)) => return self.outline_operands(name, operation, &inputs, results),
            Some(Err(problem)) => Described { problem: Some(problem), ..Described::default() },
            None => self.described(name, u, trainable, &[]),
        };
        self.outline_call(name, described, Call::of(u.entry.class), &inputs, results);
    }

    /// Arithmetic, which is no layer.
    pub(super) fn outline_operation(
        &mut self,
        name: &str,
        class: &'static str,
        inputs: &[&Tensor],
        result: Id,
    ) {
        let operation = Operation::plain(class).expect("Keras has all of them");
        self.outline_operands(name, operation, inputs, &[result]);
    }

    /// A wrapper, with what was built in it since [`Builder::outline_begin`].
    pub(super) fn outline_wrapper(&mut self, name: &str, u: &Use, results: &[Id]) {
        let Some(frame) = self.outline.frames.pop() else { return };
        let trainable = self.frozen == 0 && u.args.flag("trainable");
        let inner: Vec<Described> = frame.layers.into_iter().map(|layer| layer.described).collect();
        if u.entry.class == "TimeDistributed" && inner.len() > 1 {
            self.outline.models.push((name.to_string(), "sequential"));
        }
        let mut described = self.described(name, u, trainable, &inner);
        described.problem = frame.problem.or(described.problem);
        let inputs: Vec<&Tensor> = u.inputs.iter().collect();
        self.outline_call(name, described, Call::of(u.entry.class), &inputs, results);
    }

    /// A cell of the user's own, whose layers were built since [`Builder::outline_begin`].
    pub(super) fn outline_cell(&mut self, name: &str, inputs: &[Tensor], value: Option<&Value>) {
        self.outline.frames.pop();
        let results = value.map_or(vec![], ids);
        let problem = Some(format!("`{name}` is a cell of your own"));
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        self.outline_call(name, Described { problem, ..Described::default() }, Call::List, &inputs, &results);
    }

    /// A model within the model, built since [`Builder::outline_begin`].
    pub(super) fn outline_nested(
        &mut self,
        name: &str,
        is_sequential: bool,
        inputs: &[Tensor],
        value: Option<&Value>,
    ) {
        let results = value.map_or(vec![], ids);
        let Some(frame) = self.outline.frames.pop() else { return };
        let (described, inner) = frame.model(&frame.own_model_name(name), is_sequential, &results);
        let class = if described.class == "Sequential" { "sequential" } else { "functional" };
        if !self.outline.models.iter().any(|(known, _)| known == name) {
            self.outline.models.push((name.to_string(), class));
        }
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        self.outline_call(name, described, Call::List, &inputs, &results);
        let outer = self.outline.frames.last_mut();
        if let Some(layer) = outer.and_then(|frame| frame.layers.iter_mut().find(|layer| layer.name == name))
            && layer.nodes.len() == 1
        {
            layer.inner = inner;
        }
    }

    /// One use of a layer.
    fn outline_call(
        &mut self,
        name: &str,
        mut described: Described,
        call: Call,
        inputs: &[&Tensor],
        results: &[Id],
    ) {
        let operands: Vec<Operand> = inputs.iter().map(|input| self.operand(input)).collect();
        let Some(frame) = self.outline.frames.last_mut() else { return };
        if frame.is_wrapper && described.is_operation() {
            described.problem = Some(format!("`{name}` is a function, and wrappers of Keras take layers"));
        }
        let node = if frame.is_wrapper { Node::default() } else { frame.node(name, call, operands) };
        let at = match frame.layers.iter().position(|layer| layer.name == name) {
            Some(at) => at,
            None => {
                frame.layers.push(Layer { name: name.into(), described, nodes: vec![], inner: vec![] });
                frame.layers.len() - 1
            }
        };
        let layer = &mut frame.layers[at];
        layer.nodes.push(node);
        for (tensor, id) in results.iter().enumerate() {
            frame.makers.insert(*id, Maker { layer: at, node: layer.nodes.len() - 1, tensor });
        }
    }

    /// What is told of the model, when it is complete.
    pub(super) fn outlined(&mut self, form: &Form) -> Description {
        let Some(frame) = self.outline.frames.pop() else { return Description::default() };
        let outputs: Vec<Id> = self.graph.outputs.iter().map(|output| output.value).collect();
        let name = match form {
            Form::Item { name, .. } | Form::Loss { name, .. } => snake_case(&name.to_string()),
            Form::Expression => "sequential".to_string(),
        };
        let (described, order) = frame.model(&name, self.outline.is_sequential, &outputs);
        let Described { module, class, config, problem } = described;
        let config = config::object(module, class, &config, class);
        let (sizes, models) =
            (std::mem::take(&mut self.outline.sizes), std::mem::take(&mut self.outline.models));
        Description { config, sizes, problem, order, models }
    }

    fn operand(&mut self, tensor: &Tensor) -> Operand {
        let known = self.outline.frames.last().and_then(|frame| frame.makers.get(&tensor.id).copied());
        let number = if known.is_none() { self.outline_number(tensor.id) } else { None };
        match (known, number) {
            (Some(maker), _) => Operand::Tensor(maker, self.outline_shape(tensor.id)),
            (None, Some(number)) => Operand::Number(number),
            (None, None) => Operand::Unknown(tensor.text.clone()),
        }
    }

    fn outline_shape(&mut self, id: Id) -> String {
        let dims = self.shape(id).dims;
        let sizes: Vec<String> = dims.iter().map(|dim| self.outline_size(dim)).collect();
        format!("[{}]", std::iter::once("null".to_string()).chain(sizes).collect::<Vec<_>>().join(","))
    }

    /// A size in JSON.
    fn outline_size(&mut self, dim: &Dim) -> String {
        match dim.as_known() {
            Some(n) => n.to_string(),
            None => {
                self.outline.sizes.push(dim.clone());
                format!("{MARK}{}{MARK}", self.outline.sizes.len() - 1)
            }
        }
    }
}

impl Frame {
    fn own_model_name(&self, name: &str) -> String {
        name.rsplit('/').next().unwrap_or(name).to_string()
    }

    /// One use of the layer `name`.
    fn node(&self, name: &str, call: Call, operands: Vec<Operand>) -> Node {
        let (mut parents, mut tensors) = (vec![], vec![]);
        for operand in operands {
            let (maker, shape) = match operand {
                Operand::Tensor(maker, shape) => (maker, shape),
                Operand::Number(number) => {
                    tensors.push(number);
                    continue;
                }
                Operand::Unknown(text) => {
                    let problem = format!("`{name}` takes `{text}`, which no layer of Keras makes");
                    return Node { problem: Some(problem), ..Node::default() };
                }
            };
            let history = self.history(maker);
            let config = with("shape", &shape) + &with("dtype", "\"float32\"");
            let config = config + &with("keras_history", &history);
            tensors.push(format!(
                "{{\"class_name\":\"__keras_tensor__\",\"config\":{{{}}}}}",
                config.trim_start_matches(',')
            ));
            parents.push(maker);
        }
        let list = |tensors: &[String]| tensors.join(",");
        let (args, more) = match call {
            Call::Then(more) => (list(&tensors) + "," + &more, String::new()),
            Call::Second(more) => (format!("{},{more},{}", tensors[0], list(&tensors[1..])), String::new()),
            Call::Named(more) => (list(&tensors), more),
            _ if tensors.len() == 1 => (list(&tensors), String::new()),
            Call::Each => (list(&tensors), String::new()),
            Call::List => (format!("[{}]", list(&tensors)), String::new()),
            Call::Step => (format!("{},[{}]", tensors[0], list(&tensors[1..])), String::new()),
            Call::States(n) => (list(&tensors[..n]), format!("\"initial_state\":[{}]", list(&tensors[n..]))),
        };
        Node { parents, arguments: format!("{{\"args\":[{args}],\"kwargs\":{{{more}}}}}"), problem: None }
    }

    fn history(&self, Maker { layer, node, tensor }: Maker) -> String {
        format!("[{},{node},{tensor}]", quoted(&self.own_name(&self.layers[layer].name)))
    }

    /// The model that it describes, and the full names of its layers in Keras's order.
    fn model(&self, name: &str, is_sequential: bool, outputs: &[Id]) -> (Described, Vec<String>) {
        let mut makers = vec![];
        for output in outputs {
            let Some(maker) = self.makers.get(output) else {
                let problem = format!("an output of `{name}` is made by no layer of Keras");
                return (Described { problem: Some(problem), ..Described::default() }, vec![]);
            };
            makers.push(*maker);
        }
        let order = self.order(&makers);
        let problem = order.iter().find_map(|at| {
            let Layer { described, nodes, .. } = &self.layers[*at];
            described.problem.clone().or_else(|| nodes.iter().find_map(|node| node.problem.clone()))
        });
        if let Some(problem) = self.problem.clone().or(problem) {
            return (Described { problem: Some(problem), ..Described::default() }, vec![]);
        }
        let names = order.iter().flat_map(|at| {
            let layer = &self.layers[*at];
            if layer.inner.is_empty() { vec![layer.name.clone()] } else { layer.inner.clone() }
        });
        let names = names.collect();
        let described = match is_sequential && self.is_chain(&order, &makers) {
            true => self.sequential(name, &order),
            false => self.functional(name, &order, &makers),
        };
        (described, names)
    }

    /// Whether its layers follow one another.
    fn is_chain(&self, order: &[usize], outputs: &[Maker]) -> bool {
        let one = |at: &usize| {
            let layer = &self.layers[*at];
            // A chain of Keras has layers alone.
            layer.nodes.len() == 1 && !layer.described.is_operation()
        };
        let follows = order.windows(2).all(|pair| match &self.layers[pair[1]].nodes[0].parents[..] {
            [parent] => parent.layer == pair[0] && parent.tensor == 0,
            _ => false,
        });
        let ends = order.last().is_some_and(|last| *outputs == [Maker { layer: *last, node: 0, tensor: 0 }]);
        order.iter().all(one) && follows && ends
    }

    fn sequential(&self, name: &str, order: &[usize]) -> Described {
        let layers = order.iter().map(|at| {
            let Described { module, class, config, .. } = &self.layers[*at].described;
            config::object(module, class, &self.named(*at, config), "")
        });
        let layers = format!("[{}]", layers.collect::<Vec<_>>().join(","));
        let config = with("name", &quoted(name)) + &with("trainable", "true") + &with("layers", &layers);
        Described { module: "keras", class: "Sequential", config, problem: None }
    }

    fn functional(&self, name: &str, order: &[usize], outputs: &[Maker]) -> Described {
        // All inputs, also those that nothing depends on.
        let inputs: Vec<usize> =
            (0..self.layers.len()).filter(|at| self.layers[*at].described.class == "InputLayer").collect();
        let unused = inputs.iter().filter(|at| !order.contains(at));
        let layers = unused.chain(order).map(|at| {
            let Layer { name, described, nodes, .. } = &self.layers[*at];
            let Described { module, class, config, .. } = described;
            let nodes = nodes.iter().map(|node| node.arguments.as_str()).filter(|node| !node.is_empty());
            let nodes = format!("[{}]", nodes.collect::<Vec<_>>().join(","));
            let object = config::object(module, class, &self.named(*at, config), "");
            let place = with("name", &quoted(&self.own_name(name))) + &with("inbound_nodes", &nodes);
            format!("{}{place}}}", object.strip_suffix('}').unwrap_or(&object))
        });
        let layers = format!("[{}]", layers.collect::<Vec<_>>().join(","));
        let list = |makers: Vec<Maker>| {
            let all: Vec<String> = makers.into_iter().map(|maker| self.history(maker)).collect();
            format!("[{}]", all.join(","))
        };
        let inputs = list(inputs.into_iter().map(|layer| Maker { layer, node: 0, tensor: 0 }).collect());
        let config = with("name", &quoted(name))
            + &with("trainable", "true")
            + &with("layers", &layers)
            + &with("input_layers", &inputs)
            + &with("output_layers", &list(outputs.to_vec()));
        Described { module: "keras.src.models.functional", class: "Functional", config, problem: None }
    }

    /// The configuration of a layer with its name.
    fn named(&self, at: usize, config: &str) -> String {
        if config.contains("\"name\":") && config.starts_with(",\"name\":") {
            return config.to_string();
        }
        with("name", &quoted(&self.own_name(&self.layers[at].name))) + config
    }
}

/// Whether Keras has a layer for the use of an entry.
fn has_class(u: &Use) -> Result<(), String> {
    match u.entry.family {
        Family::Layer if OURS.contains(&u.entry.class) => Err(format!("Keras 3 has no `{}`", u.entry.name)),
        _ => Ok(()),
    }
}
