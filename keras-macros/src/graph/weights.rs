//! Weights of the layer that is being built: made once, and found again where it is applied again.

use super::Builder;
use crate::diag::{Message, Reported};
use crate::ir::{Binary, Dim, Id, Init, Op, Shape, Start};
use crate::layers::{Use, spectral};

impl Builder<'_> {
    /// A weight of the layer `u`. A layer that is applied again gets the one it has.
    ///
    /// The regularizer and the constraint of a `kernel` are the arguments `kernel_regularizer` and `kernel_constraint`, if
    /// the layer has them.
    pub fn weight(
        &mut self,
        u: &Use,
        name: &str,
        shape: Vec<Dim>,
        start: impl Into<Start>,
    ) -> Result<Id, Reported> {
        let current = self.current.last().expect("a layer is being built");
        let at = current.made.len();
        if let Some(reused) = current.reuse.as_ref().and_then(|weights| weights.get(at).copied()) {
            let own = self.graph.weights[reused].shape.clone();
            let fits = own.len() == shape.len()
                && own.iter().zip(&shape).all(|(own, wanted)| {
                    let sentence =
                        format!("`{}` shares its {name} between inputs of different sizes", u.text);
                    self.agree(own, wanted, u.place, &sentence)
                });
            if !fits {
                return Err(self.diag.report(self.other_weights(u, name, &own, &shape)));
            }
            self.current.last_mut().expect("a layer is being built").made.push(reused);
            let value = self.graph.weight_value(reused);
            return self.normalized_kernel(u, name, value);
        }
        let (full, trainable) = (format!("{}/{name}", current.name), current.trainable);
        let start = self.checked_start(u, name, start.into(), &shape)?;
        let index = self.graph.weight(full, shape, start, trainable);
        self.current.last_mut().expect("a layer is being built").made.push(index);
        self.constrain(u, name, index)?;
        let value = self.regularize(u, name, index)?;
        self.normalized_kernel(u, name, value)
    }

    /// `start`, which can make a weight of this shape, and whose axes of inputs and outputs it has.
    fn checked_start(&self, u: &Use, name: &str, start: Start, shape: &[Dim]) -> Result<Start, Reported> {
        let dims: Vec<String> = shape.iter().map(Dim::to_string).collect();
        let dims = format!("[{}]", dims.join(", "));
        let layer = u.entry.name;
        let wrong = start.fans.iter().flatten().find_map(|axes| axes.resolved(shape.len()).err());
        let (headline, help) = match (&start.init, shape.len(), wrong) {
            (.., Some(axis)) => (
                format!("the {name} of `{layer}` has no axis {axis}: it is {dims}"),
                "`input_axes` and `output_axes` count from 0, or back from -1",
            ),
            (Init::Identity { .. }, rank, _) if rank != 2 => (
                format!("`identity` makes a matrix, but the {name} of `{layer}` is {dims}"),
                "take another initializer, for example `orthogonal` or `glorot_uniform`",
            ),
            (Init::Orthogonal { .. }, rank, _) if rank < 2 => (
                format!("`orthogonal` makes a matrix, but the {name} of `{layer}` is {dims}"),
                "take another initializer, for example `zeros` or `random_normal`",
            ),
            _ => return Ok(start),
        };
        let place =
            u.args.place_if_given(&format!("{}_initializer", name.rsplit('/').next().unwrap_or(name)));
        Err(self.diag.report(Message::new(place.unwrap_or(u.place), headline).help(help)))
    }

    /// Builds a layer whose kernel is divided by its spectral norm.
    pub fn with_spectral_norm<T>(&mut self, iterations: usize, build: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.spectral.replace(iterations);
        let result = build(self);
        self.spectral = outer;
        result
    }

    /// The value of the weight `name`, or, if it is a kernel of which that was asked, what training makes of it.
    fn normalized_kernel(&mut self, u: &Use, name: &str, kernel: Id) -> Result<Id, Reported> {
        if !spectral::is_normalized(name) {
            return Ok(kernel);
        }
        let Some(iterations) = self.spectral.take() else { return Ok(kernel) };
        let again = self.current.last().is_some_and(|current| current.reuse.is_some());
        let columns = self.shape(kernel).dims.last().expect("a kernel has dimensions").clone();
        // It is the wrapper's.
        let own = self.current.last().expect("a layer is being built").name.clone();
        let wrapper = own.rsplit_once('/').map_or(own.as_str(), |(wrapper, _)| wrapper).to_string();
        self.current.last_mut().expect("a layer is being built").name = wrapper;
        let vector = self.frozen_weight(u, "vector_u", vec![1.into(), columns], spectral::START);
        self.current.last_mut().expect("a layer is being built").name = own;
        let vector = vector?;
        let (divided, next) = spectral::normalized(self, kernel, vector, iterations);
        if !again {
            self.update(kernel, divided);
            self.update(vector, next);
        }
        // Its gradient is that of the kernel.
        let change = self.graph.binary(Binary::Sub, divided, kernel);
        let change = self.graph.stop_gradient(change);
        let replaced = self.graph.binary(Binary::Add, kernel, change);
        Ok(self.graph.phase(replaced, kernel))
    }

    /// A weight of the layer `u` that is never trained.
    pub fn frozen_weight(
        &mut self,
        u: &Use,
        name: &str,
        shape: Vec<Dim>,
        start: impl Into<Start>,
    ) -> Result<Id, Reported> {
        let current = self.current.last_mut().expect("a layer is being built");
        let trainable = std::mem::replace(&mut current.trainable, false);
        let weight = self.weight(u, name, shape, start);
        self.current.last_mut().expect("a layer is being built").trainable = trainable;
        weight
    }

    /// Has training steps leave `next` in `weight`, the value of one that is not trained.
    pub fn update(&mut self, weight: Id, next: Id) {
        let Op::Weight(index) = self.graph.nodes[weight.0].op else { unreachable!("it is a weight") };
        self.graph.updates.push((index, next));
    }

    fn other_weights(&self, u: &Use, name: &str, own: &[Dim], wanted: &[Dim]) -> Message {
        let list = |dims: &[Dim]| Shape::fixed(dims.to_vec()).to_string();
        let input = &u.inputs[0];
        let headline = format!("`{}` is shared, and its {name} has another shape for this input", u.text);
        u.misfit(input, headline, format!("this input asks for a {name} of {}", list(wanted)))
            .note(format!("its first use made a {name} of {}", list(own)))
            .note(format!("`{}` makes {}", input.text, self.graph.shape(input.id)))
            .help("give every use an input of the same shape, or write a layer of its own here")
    }
}
