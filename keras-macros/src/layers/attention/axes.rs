//! Which axes of steps an attention looks at, and how they come together and apart.

use super::super::{Use, resolve_axis};
use super::same_steps;
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Dim, Id};

/// The axes of steps, without the batch: those that are the same for query and value, and those to look at.
pub(super) struct Axes {
    kept: Vec<usize>,
    seen: Vec<usize>,
}

impl Axes {
    pub fn of(b: &mut Builder, u: &Use) -> Result<Self, Reported> {
        let shape = b.shape(u.x());
        let last = shape.rank() - 1;
        let several = u.entry.params.iter().any(|param| param.name == "attention_axes");
        let given = if several { u.args.integers("attention_axes") } else { None };
        let Some(given) = given else {
            return Ok(Axes { kept: vec![], seen: (0..last).collect() });
        };
        let place = u.args.place("attention_axes");
        let axes = given.iter().map(|&axis| resolve_axis(b, axis, &shape, place));
        let mut seen = axes.collect::<Result<Vec<_>, _>>()?;
        seen.sort_unstable();
        seen.dedup();
        if seen.contains(&last) || seen.is_empty() {
            let headline = match seen.is_empty() {
                true => "`attention_axes` names no axis".to_string(),
                false => format!("axis {} of {shape} holds the features, not steps", last + 1),
            };
            let help = match last {
                1 => "the axis of steps is 1".to_string(),
                _ => format!("the axes of steps are 1 to {last}"),
            };
            return Err(b.diag.report(Message::new(place, headline).help(help)));
        }
        let kept = (0..last).filter(|axis| !seen.contains(axis)).collect();
        Ok(Axes { kept, seen })
    }

    /// Masks know one axis of steps, and all of it.
    pub fn check(&self, b: &mut Builder, u: &Use) -> Result<(), Reported> {
        for &axis in &self.kept {
            same_steps(
                b,
                u,
                &u.inputs[0],
                &u.inputs[1],
                axis,
                "a value for each query on axes that it does not look at",
            )?;
        }
        let name = u.entry.name;
        if let Some(input) = u.inputs.iter().find(|input| input.mask.is_some())
            && self.kept.len() + self.seen.len() > 1
        {
            let shape = b.shape(input.id);
            let headline = format!("`{name}` cannot tell which axis of {shape} the mask of its input is of");
            let message = u.misfit(input, headline, "this layer is given several axes of steps".into());
            return Err(b.diag.report(message.help("take the mask away with `drop_mask()`")));
        }
        let causal = u.args.flag("use_causal_mask").then_some("use_causal_mask");
        let window = u.args.optional_size("sliding_window").map(|_| "sliding_window");
        match causal.or(window) {
            Some(argument) if self.seen.len() > 1 => {
                let headline = format!(
                    "`{argument}` needs one axis of steps, and `{name}` looks at {}",
                    self.seen.len()
                );
                let message = Message::new(u.args.place(argument), headline);
                Err(b.diag.report(
                    message.help("name the axis in which steps follow each other: `attention_axes = 1`"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// The steps to look at of a tensor of `dims`.
    pub fn steps(&self, dims: &[Dim]) -> Dim {
        Dim::product(self.seen.iter().map(|&axis| &dims[axis]))
    }

    /// `[..., steps, heads, size]` as `[kept..., heads, steps, size]`, or the last two the other way around.
    pub fn heads_first(&self, b: &mut Builder, x: Id, transposed: bool) -> Id {
        let dims = b.graph.shape(x).dims.clone();
        let (heads, size) = (dims.len() - 2, dims.len() - 1);
        let (steps, size) = (&self.seen[..], &[size][..]);
        let last = if transposed { [size, steps] } else { [steps, size] };
        let x = b.graph.permute(x, [&self.kept[..], &[heads], last[0], last[1]].concat());
        let kept = self.kept.iter().map(|&axis| dims[axis].clone());
        let mut merged: Vec<Dim> = kept.chain([dims[heads].clone()]).collect();
        let ends = [self.steps(&dims), dims[size[0]].clone()];
        merged.extend(if transposed { [ends[1].clone(), ends[0].clone()] } else { ends });
        b.graph.reshape(x, merged)
    }

    /// What [`Axes::heads_first`] made of a tensor whose steps are `dims`, in their order again.
    pub fn steps_first(&self, b: &mut Builder, x: Id, dims: &[Dim]) -> Id {
        let own = b.graph.shape(x).dims.clone();
        let (kept, seen) = (self.kept.len(), self.seen.len());
        let steps: Vec<Dim> = self.seen.iter().map(|&axis| dims[axis].clone()).collect();
        let x = b.graph.reshape(x, [&own[..=kept], &steps, &own[kept + 2..]].concat());
        let place = |axis: usize| match self.kept.iter().position(|&other| other == axis) {
            Some(at) => at,
            None => kept + 1 + self.seen.iter().position(|&other| other == axis).expect("it is one of both"),
        };
        let order = (0..kept + seen).map(place).chain([kept, kept + seen + 1]).collect();
        b.graph.permute(x, order)
    }
}
