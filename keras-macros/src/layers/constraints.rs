//! Constraints: Keras's names, arguments and defaults.

use super::Use;
use super::args::Args;
use super::params::{Kind, Param, optional};
use super::regularizers::argument;
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{self, Shape};

/// A constraint.
pub struct Entry {
    pub name: &'static str,
    /// What it makes of a weight, in Markdown, for the reference.
    #[cfg_attr(not(test), allow(dead_code))]
    pub doc: &'static str,
    pub params: &'static [Param],
    pub make: fn(&Args) -> Constraint,
}

/// A constraint before the weight is known: axes are counted as they were written.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    NonNeg,
    Norm { min: f32, max: f32, rate: f32, axes: Vec<i64> },
}

/// The constraint called `name`.
pub fn find(name: &str) -> Option<&'static Entry> {
    CONSTRAINTS.iter().find(|entry| entry.name == name)
}

const AXIS: Param =
    optional("axis", Kind::Integers, "0", "Axes of the weight that a norm runs over; -1 is the last.");

fn norm(args: &Args, min: f64, max: f64, rate: f64) -> Constraint {
    let axes = args.integers("axis").unwrap_or_default().to_vec();
    Constraint::Norm { min: min.min(max) as f32, max: max as f32, rate: rate as f32, axes }
}

/// All of them.
pub const CONSTRAINTS: &[Entry] = &[
    Entry { name: "non_neg", doc: "No negative element.", params: &[], make: |_| Constraint::NonNeg },
    Entry {
        name: "max_norm",
        doc: "Norms of at most `max_value`.",
        params: &[optional("max_value", Kind::Number, "2.0", "The greatest norm."), AXIS],
        make: |args| norm(args, 0.0, args.number("max_value"), 1.0),
    },
    Entry { name: "unit_norm", doc: "Norms of 1.", params: &[AXIS], make: |args| norm(args, 1.0, 1.0, 1.0) },
    Entry {
        name: "min_max_norm",
        doc: "Norms within `[min_value, max_value]`.",
        params: &[
            optional("min_value", Kind::Number, "0.0", "The least norm."),
            optional("max_value", Kind::Number, "1.0", "The greatest norm."),
            optional("rate", Kind::Number, "1.0", "The share of the way there that each step goes."),
            AXIS,
        ],
        make: |args| norm(args, args.number("min_value"), args.number("max_value"), args.number("rate")),
    },
];

impl Builder<'_> {
    /// Gives weight `index`, called `name`, the constraint that layer `u` has for it.
    pub(crate) fn constrain(&mut self, u: &Use, name: &str, index: usize) -> Result<(), Reported> {
        let argument = argument(u, name, "constraint");
        let constraint = match u.args.constraint(&argument) {
            None => return Ok(()),
            Some(Constraint::NonNeg) => ir::Constraint::NonNeg,
            Some(Constraint::Norm { min, max, rate, axes }) => {
                let shape = Shape::fixed(self.graph.weights[index].shape.clone());
                let place = u.args.place(&argument);
                let resolved = axes.iter().map(|axis| {
                    let rank = shape.rank() as i64;
                    let at = if *axis < 0 { axis + rank } else { *axis };
                    if (0..rank).contains(&at) {
                        return Ok(at as usize);
                    }
                    let headline =
                        format!("there is no axis {axis} in the {name} of `{}`, which is {shape}", u.text);
                    let known = match rank {
                        1 => "its only axis is 0, or -1".to_string(),
                        _ => format!("its axes are 0 to {}, or -{rank} to -1 from the end", rank - 1),
                    };
                    Err(self.diag.report(Message::new(place, headline).help(known)))
                });
                let mut axes = resolved.collect::<Result<Vec<_>, _>>()?;
                axes.sort_unstable();
                axes.dedup();
                ir::Constraint::Norm { min: *min, max: *max, rate: *rate, axes }
            }
        };
        self.graph.weights[index].constraint = Some(constraint);
        Ok(())
    }
}
