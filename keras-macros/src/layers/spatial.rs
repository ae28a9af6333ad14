//! What layers over sequences, images and volumes have in common: the axes of their input, arguments with a number for
//! each axis, padding.
//!
//! Everything is computed with the channels last: `data_format = channels_first` is a permutation before and after.

use super::{Kind, Param, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Dim, Graph, Id, Window};

pub const DATA_FORMAT: Param = optional(
    "data_format",
    Kind::Choice(&["channels_last", "channels_first"]),
    "channels_last",
    "Where the axis of the channels is.",
);
pub const PADDING: Param = optional(
    "padding",
    Kind::Choice(&["valid", "same"]),
    "valid",
    "`same` puts a border around the input, so that with strides of 1 the result is as large.",
);

/// "length", "height x width"
const AXES: [&[&str]; 3] = [&["steps"], &["height", "width"], &["depth", "height", "width"]];

/// An input with one to three axes before its channels.
pub struct Spatial {
    /// The input, channels last.
    pub x: Id,
    pub extents: Vec<usize>,
    pub channels: Dim,
    /// Axes before these: the steps of a sequence.
    lead: Vec<Dim>,
    /// Whether the user has the channels first.
    channels_first: bool,
}

/// A layer's name, place and input, for messages, and its arguments by axis.
impl Use<'_> {
    /// The input of a layer over `axes` axes.
    pub fn spatial(&self, b: &mut Builder, axes: usize) -> Result<Spatial, Reported> {
        self.spatial_behind(b, axes, 0)
    }

    /// The input of a layer over `axes` axes of each step of a sequence.
    pub fn spatial_steps(&self, b: &mut Builder, axes: usize) -> Result<Spatial, Reported> {
        self.spatial_behind(b, axes, 1)
    }

    fn spatial_behind(&self, b: &mut Builder, axes: usize, lead: usize) -> Result<Spatial, Reported> {
        let (name, input, shape) = (self.entry.name, &self.inputs[0], b.shape(self.x()));
        let has_format = self.entry.params.iter().any(|param| param.name == "data_format");
        let channels_first = has_format && self.args.text("data_format") == Some("channels_first");
        let names = AXES[axes - 1].join(", ");
        let takes = match channels_first {
            true => format!("[batch, {}channels, {names}]", ["", "time, "][lead]),
            false => format!("[batch, {}{names}, channels]", ["", "time, "][lead]),
        };
        if shape.rank() != lead + axes + 1 {
            let headline = format!("`{name}` takes {takes}, but its input is {shape}");
            let message = self.misfit(input, headline, format!("this layer is given {shape}"));
            let message = message.note(format!("`{}` makes {shape}", input.text));
            let sizes: Vec<String> = shape.dims.iter().map(Dim::to_string).collect();
            let help = match shape.rank() == lead + axes && lead == 0 {
                true => {
                    let sizes = if channels_first {
                        format!("1, {}", sizes.join(", "))
                    } else {
                        format!("{}, 1", sizes.join(", "))
                    };
                    format!("give it an axis for its one channel: `>> reshape([{sizes}]) >>`")
                }
                false => format!("put a `reshape(..)` before it that makes {takes}"),
            };
            return Err(b.diag.report(message.help(help)));
        }
        let x = match channels_first {
            true => {
                let order = (0..lead).chain(lead + 1..=lead + axes).chain([lead]);
                b.graph.permute(self.x(), order.collect())
            }
            false => self.x(),
        };
        let lead = b.shape(x).dims[..lead].to_vec();
        let mut dims = b.shape(x).dims[lead.len()..].to_vec();
        let channels = dims.pop().expect("of this rank");
        let extents: Option<Vec<usize>> = dims.iter().map(Dim::as_known).collect();
        match extents {
            Some(extents) => Ok(Spatial { x, extents, channels, lead, channels_first }),
            None => {
                let headline = format!("`{name}` must know the sizes of {shape}, its input");
                let message =
                    self.misfit(input, headline, "some of them are known to rustc only".to_string());
                let unknown = dims.iter().find(|dim| dim.as_known().is_none());
                let name = unknown.and_then(|dim| dim.names().last()).unwrap_or_default();
                let help = format!(
                    "write the numbers, or declare `const {name}: usize = ..;` inside of the macro call"
                );
                Err(b.diag.report(message.help(help)))
            }
        }
    }

    /// A number for each axis, from argument `name`: one for all of them, or a list.
    pub fn per_axis(
        &self,
        b: &Builder,
        name: &'static str,
        axes: usize,
        least: i64,
    ) -> Result<Vec<usize>, Reported> {
        let numbers = self.args.integers(name).expect("it has a value");
        let what = format!("`{name}` of `{}`", self.entry.name);
        let place = self.args.place(name);
        if numbers.len() != 1 && numbers.len() != axes {
            let headline = match axes {
                1 => format!("{what} must be one number, found {numbers:?}"),
                _ => format!("{what} must be one number, or {axes} of them, found {numbers:?}"),
            };
            return Err(b.diag.report(
                Message::new(place, headline).note(format!("its axes are {}", AXES[axes - 1].join(" and "))),
            ));
        }
        if let Some(n) = numbers.iter().find(|n| **n < least) {
            let headline = format!("{what} must be at least {least}, found {n}");
            return Err(b.diag.report(Message::new(place, headline)));
        }
        let all: Vec<usize> = numbers.iter().map(|n| *n as usize).collect();
        Ok(if all.len() == axes { all } else { vec![all[0]; axes] })
    }
}

impl Spatial {
    /// Whether the user has the channels first.
    pub fn channels_first(&self) -> bool {
        self.channels_first
    }

    /// Another tensor of these extents.
    pub fn of(&self, x: Id, channels: Dim) -> Spatial {
        let (extents, lead) = (self.extents.clone(), self.lead.clone());
        Spatial { x, channels, extents, lead, channels_first: self.channels_first }
    }

    /// A tensor of other extents, without steps.
    pub fn of_step(&self, x: Id, extents: Vec<usize>, channels: Dim) -> Spatial {
        Spatial { x, channels, extents, lead: vec![], channels_first: self.channels_first }
    }

    /// Axes before those of the extents.
    pub fn leading(&self) -> usize {
        self.lead.len()
    }

    /// Shape of a step with these extents, as the user has it.
    pub fn shape_of_step(&self, extents: &[Dim], channels: &Dim) -> Vec<Dim> {
        let channels = std::slice::from_ref(channels);
        if self.channels_first { [channels, extents].concat() } else { [extents, channels].concat() }
    }

    /// `x`, a step as the user has it, with its channels last.
    pub fn channels_last(&self, graph: &mut Graph, x: Id) -> Id {
        let last = graph.shape(x).rank() - 1;
        if self.channels_first { graph.permute(x, (1..=last).chain([0]).collect()) } else { x }
    }

    /// The result `y`, whose channels are last, as the user has it.
    pub fn finish(&self, graph: &mut Graph, y: Id) -> Id {
        let (last, lead) = (graph.shape(y).rank() - 1, graph.shape(y).rank() - 1 - self.extents.len());
        match self.channels_first {
            true => graph.permute(y, (0..lead).chain([last]).chain(lead..last).collect()),
            false => y,
        }
    }

    /// The input with what `padding` puts around it for these windows, filled with `value`. An error if it holds no
    /// window then.
    pub fn padded(
        &self,
        b: &mut Builder,
        u: &Use,
        windows: &[Window],
        padding: &str,
        value: f32,
    ) -> Result<Id, Reported> {
        let around = self.extents.iter().zip(windows).map(|(&extent, window)| match padding {
            "same" => {
                let needed = (extent.div_ceil(window.stride) - 1) * window.stride + window.span();
                let all = needed.saturating_sub(extent);
                (all / 2, all - all / 2)
            }
            "causal" => (window.span() - 1, 0),
            _ => (0, 0),
        });
        let around: Vec<(usize, usize)> = around.collect();
        let fits = |((extent, window), around): ((&usize, &Window), &(usize, usize))| {
            extent + around.0 + around.1 >= window.span()
        };
        if !self.extents.iter().zip(windows).zip(&around).all(fits) {
            return Err(b.diag.report(self.too_small(b, u, windows)));
        }
        Ok(self.border(&mut b.graph, &around, value))
    }

    fn too_small(&self, b: &Builder, u: &Use, windows: &[Window]) -> Message {
        let input = &u.inputs[0];
        let by = |sizes: Vec<String>| sizes.join(" x ");
        let sizes = by(windows.iter().map(|window| window.size.to_string()).collect());
        let spans = by(windows.iter().map(|window| window.span().to_string()).collect());
        let extents = by(self.extents.iter().map(usize::to_string).collect());
        let headline = format!("`{}` has a window of {spans}, but its input is only {extents}", u.entry.name);
        let label = format!("this layer is given {}", b.graph.shape(u.x()));
        let message = u.misfit(input, headline, label);
        let message = message.note(format!("`{}` makes {}", input.text, b.graph.shape(input.id)));
        let message = match sizes == spans {
            true => message,
            false => message
                .note(format!("the window has {sizes} places, with gaps (`dilation_rate`) between them")),
        };
        message.help("take a smaller window, or `padding = same`")
    }

    /// The input with so many places of `value` before and behind each axis.
    pub fn border(&self, graph: &mut Graph, around: &[(usize, usize)], value: f32) -> Id {
        let none = self.lead.iter().map(|_| Dim::known(0));
        let before = none.chain(around.iter().map(|(before, _)| Dim::known(*before))).chain([Dim::known(0)]);
        let before = before.collect();
        let extents = self.extents.iter().zip(around);
        let dims = extents.map(|(extent, (before, behind))| Dim::known(extent + before + behind));
        let dims = self.lead.iter().cloned().chain(dims).chain([self.channels.clone()]);
        graph.border(self.x, before, dims.collect(), value)
    }
}
