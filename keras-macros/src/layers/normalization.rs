//! Normalization layers.

use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional, resolve_axis};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, Init, ReduceKind, Shape, Start, Unary};

const EPSILON: Param = optional("epsilon", Kind::Number, "0.001", "Keeps the root in range.");
const CENTER: Param = optional("center", Kind::Flag, "true", "Whether to add `beta`.");
const SCALE: Param = optional("scale", Kind::Flag, "true", "Whether to multiply by `gamma`.");
const BETA: Param = optional("beta_initializer", Kind::Initializer, "zeros", "How `beta` starts.");
const GAMMA: Param = optional("gamma_initializer", Kind::Initializer, "ones", "How `gamma` starts.");
const BETA_REGULARIZER: Param =
    optional("beta_regularizer", Kind::Regularizer, "None", "What the loss has for `beta`.");
const GAMMA_REGULARIZER: Param =
    optional("gamma_regularizer", Kind::Regularizer, "None", "What the loss has for `gamma`.");
const BETA_CONSTRAINT: Param =
    optional("beta_constraint", Kind::Constraint, "None", "What each step makes `beta` be.");
const GAMMA_CONSTRAINT: Param =
    optional("gamma_constraint", Kind::Constraint, "None", "What each step makes `gamma` be.");

/// Keras: Normalization layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "batch_normalization",
        aliases: &[],
        class: "BatchNormalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "While training, mean 0 and variance 1 over the batch for each place of `axis`, then `gamma` and `beta`; \
              elsewhere by moving averages of mean and variance (Ioffe and Szegedy, 2015). With `trainable = false` always by \
              the averages, which then stay. Steps that do not count are left out of the statistics. With `renorm`, what \
              training gives is corrected towards what the averages would (Ioffe, 2017).",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("axis", Kind::Integer, "-1", "The axis of the features; the batch is axis 0."),
            optional("momentum", Kind::Number, "0.99", "The share of the moving averages that a step keeps."),
            EPSILON,
            CENTER,
            SCALE,
            BETA,
            GAMMA,
            optional(
                "moving_mean_initializer",
                Kind::Initializer,
                "zeros",
                "How the average of means starts.",
            ),
            optional(
                "moving_variance_initializer",
                Kind::Initializer,
                "ones",
                "How the average of variances starts.",
            ),
            BETA_REGULARIZER,
            GAMMA_REGULARIZER,
            BETA_CONSTRAINT,
            GAMMA_CONSTRAINT,
            optional(
                "renorm",
                Kind::Flag,
                "false",
                "Whether training normalises as the averages would, which gradients take for numbers.",
            ),
            optional(
                "renorm_clipping",
                Kind::Clipping,
                "None",
                "How far: bounds of the factor (`rmin`, `rmax`) and of the shift (`dmax`).",
            ),
            optional(
                "renorm_momentum",
                Kind::Number,
                "0.99",
                "The share that a step keeps of the averages that training is corrected by.",
            ),
            optional("synchronized", Kind::Flag, "false", "Of no effect: the whole batch is on one device."),
        ],
        weights: &[
            ("gamma", "[features]"),
            ("beta", "[features]"),
            ("moving_mean", "[features], not trained"),
            ("moving_variance", "[features], not trained"),
            ("moving_stddev", "[features], not trained; with `renorm`"),
            ("renorm_mean", "[features], not trained; with `renorm`"),
            ("renorm_stddev", "[features], not trained; with `renorm`"),
        ],
        apply: batch_normalization,
    },
    Entry {
        name: "layer_normalization",
        aliases: &[],
        class: "LayerNormalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Mean 0 and variance 1 over `axis` of each sample, then `gamma` and `beta` (Ba et al., 2016).",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("axis", Kind::Integers, "-1", "The axes to normalise over; the batch is axis 0."),
            EPSILON,
            CENTER,
            SCALE,
            BETA,
            GAMMA,
            BETA_REGULARIZER,
            GAMMA_REGULARIZER,
            BETA_CONSTRAINT,
            GAMMA_CONSTRAINT,
            optional(
                "rms_scaling",
                Kind::Flag,
                "false",
                "Whether only to divide by the deviation and to scale.",
            ),
        ],
        weights: &[("gamma", "[sizes of axis...]"), ("beta", "[sizes of axis...]")],
        apply: layer_normalization,
    },
    Entry {
        name: "group_normalization",
        aliases: &[],
        class: "GroupNormalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Mean 0 and variance 1 over groups of channels of each sample, then `gamma` and `beta` (Wu and He, 2018). \
              `groups = -1`: each channel by itself.",
        shapes: "[batch, ..., channels], unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("groups", Kind::Integer, "32", "How many groups the channels make."),
            optional("axis", Kind::Integer, "-1", "The axis of the channels; the batch is axis 0."),
            EPSILON,
            CENTER,
            SCALE,
            BETA,
            GAMMA,
            BETA_REGULARIZER,
            GAMMA_REGULARIZER,
            BETA_CONSTRAINT,
            GAMMA_CONSTRAINT,
        ],
        weights: &[("gamma", "[channels]"), ("beta", "[channels]")],
        apply: group_normalization,
    },
    Entry {
        name: "rms_normalization",
        aliases: &[],
        class: "RMSNormalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Divides by the root mean square over `axis`, then multiplies by `scale` (Zhang and Sennrich, 2019).",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[
            optional("axis", Kind::Integers, "-1", "The axes to normalise over; the batch is axis 0."),
            optional("epsilon", Kind::Number, "0.000001", "Keeps the root in range."),
        ],
        weights: &[("scale", "[sizes of axis...]")],
        apply: |b, u| {
            let axes = axes(b, u)?;
            let square = b.graph.unary(Unary::Square, u.x());
            let mean = b.graph.mean(square, axes.clone(), true);
            let y = divided_by_root(b, u, u.x(), mean);
            let (dims, shape) = sizes(b, u, &axes);
            let scale = b.weight(u, "scale", dims, crate::ir::Init::Ones)?;
            let scale = b.graph.reshape(scale, shape);
            Ok(b.graph.binary(Binary::Mul, y, scale))
        },
    },
    Entry {
        name: "unit_normalization",
        aliases: &[],
        class: "UnitNormalization",
        family: Family::Layer,
        masks: Masks::Through,
        doc: "Divides by the Euclidean norm over `axis`.",
        shapes: "any shape, unchanged",
        operands: Operands::Exactly(1),
        params: &[optional("axis", Kind::Integers, "-1", "The axes of the norm; the batch is axis 0.")],
        weights: &[],
        apply: |b, u| {
            let axes = axes(b, u)?;
            let square = b.graph.unary(Unary::Square, u.x());
            let sum = b.graph.reduce(ReduceKind::Sum, square, axes, true);
            let floor = b.graph.binary_const(Binary::Maximum, sum, 1e-12);
            let norm = b.graph.unary(Unary::Sqrt, floor);
            Ok(b.graph.binary(Binary::Div, u.x(), norm))
        },
    },
];

/// The axes that argument `axis` names, in order, without the batch.
fn axes(b: &Builder, u: &Use) -> Result<Vec<usize>, Reported> {
    let shape = b.graph.shape(u.x()).clone();
    let given = u.args.integers("axis").expect("it has a value");
    let axes = given.iter().map(|&axis| resolve_axis(b, axis, &shape, u.args.place("axis")));
    let mut axes = axes.collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

/// The shape of a weight with a word for each place of `axes`, and the shape in which it meets the input.
fn sizes(b: &Builder, u: &Use, axes: &[usize]) -> (Vec<Dim>, Vec<Dim>) {
    let dims = &b.graph.shape(u.x()).dims;
    let own = axes.iter().map(|&axis| dims[axis].clone()).collect();
    let aligned = (0..dims.len()).map(|i| if axes.contains(&i) { dims[i].clone() } else { 1.into() });
    (own, aligned.collect())
}

/// `x / sqrt(square + epsilon)`
fn divided_by_root(b: &mut Builder, u: &Use, x: Id, square: Id) -> Id {
    let sum = b.graph.binary_const(Binary::Add, square, u.args.number("epsilon") as f32);
    let root = b.graph.unary(Unary::Sqrt, sum);
    let inverse = b.graph.unary(Unary::Reciprocal, root);
    b.graph.binary(Binary::Mul, x, inverse)
}

/// `x * gamma + beta`, as far as the layer has them.
fn scaled(b: &mut Builder, u: &Use, mut x: Id, center: bool, axes: &[usize]) -> Result<Id, Reported> {
    let (dims, aligned) = sizes(b, u, axes);
    if u.args.flag("scale") {
        let gamma = b.weight(u, "gamma", dims.clone(), u.args.initializer("gamma_initializer"))?;
        let gamma = b.graph.reshape(gamma, aligned.clone());
        x = b.graph.binary(Binary::Mul, x, gamma);
    }
    if center {
        let beta = b.weight(u, "beta", dims, u.args.initializer("beta_initializer"))?;
        let beta = b.graph.reshape(beta, aligned);
        x = b.graph.binary(Binary::Add, x, beta);
    }
    Ok(x)
}

/// Mean and variance over `axes` of each sample.
fn moments(b: &mut Builder, x: Id, axes: &[usize]) -> (Id, Id, Id) {
    let mean = b.graph.mean(x, axes.to_vec(), true);
    let centred = b.graph.binary(Binary::Sub, x, mean);
    let square = b.graph.unary(Unary::Square, centred);
    (mean, b.graph.mean(square, axes.to_vec(), true), centred)
}

fn layer_normalization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let axes = axes(b, u)?;
    let (_, variance, centred) = moments(b, u.x(), &axes);
    let rms = u.args.flag("rms_scaling");
    // Keras takes the deviation here, not the root mean square.
    let y = divided_by_root(b, u, if rms { u.x() } else { centred }, variance);
    scaled(b, u, y, u.args.flag("center") && !rms, &axes)
}

fn group_normalization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let (groups, channels) = (u.args.integer("groups"), shape.dims[axis].clone());
    let known = channels.as_known();
    let groups = match (groups, known) {
        (-1, _) => channels.clone(),
        (1.., Some(n)) if n % groups as usize == 0 => Dim::known(groups as usize),
        (1.., None) => Dim::known(groups as usize),
        _ => {
            let headline =
                format!("`group_normalization` cannot make {groups} groups of {channels} channels");
            let divisors = known.map(|n| {
                let all: Vec<String> = (1..=n).filter(|i| n % i == 0).map(|i| i.to_string()).collect();
                format!("take a number that divides {n}: {}", all.join(", "))
            });
            let message = Message::new(u.args.place("groups"), headline)
                .note(format!("`{}` makes {shape}", u.inputs[0].text));
            return Err(b.diag.report(message.help_if(divisors)));
        }
    };
    let sentence = format!("group_normalization makes {groups} equal groups of {channels} channels");
    let each = match (channels.as_known(), groups.as_known()) {
        (Some(channels), Some(groups)) => Dim::known(channels / groups),
        _ if channels == groups => Dim::known(1),
        _ => b.quotient(&channels, &groups, u.place, &sentence),
    };
    let grouped = [&shape.dims[..axis], &[groups, each], &shape.dims[axis + 1..]].concat();
    let x = b.graph.reshape(u.x(), grouped);
    let over: Vec<usize> = (0..=shape.rank()).filter(|&i| i != axis).collect();
    let (_, variance, centred) = moments(b, x, &over);
    let y = divided_by_root(b, u, centred, variance);
    let y = b.graph.reshape(y, shape.dims);
    scaled(b, u, y, u.args.flag("center"), &[axis])
}

fn batch_normalization(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let (dims, aligned) = sizes(b, u, &[axis]);
    let x = u.x();
    let (center, scale) = (u.args.flag("center"), u.args.flag("scale"));
    // The order of Keras.
    let gamma = match scale {
        true => Some(b.weight(u, "gamma", dims.clone(), u.args.initializer("gamma_initializer"))?),
        false => None,
    };
    let beta = match center {
        true => Some(b.weight(u, "beta", dims.clone(), u.args.initializer("beta_initializer"))?),
        false => None,
    };
    let starts =
        ["moving_mean_initializer", "moving_variance_initializer"].map(|name| u.args.initializer(name));
    let moving_mean = b.frozen_weight(u, "moving_mean", dims.clone(), starts[0])?;
    let moving_variance = b.frozen_weight(u, "moving_variance", dims.clone(), starts[1])?;
    let [mut mean, mut variance] =
        [moving_mean, moving_variance].map(|moving| b.graph.reshape(moving, aligned.clone()));
    let renormed = if u.args.flag("renorm") { Some(Renorm::new(b, u, &dims, starts)?) } else { None };
    let mut correction = None;
    if b.is_trainable() {
        let (own_mean, own_variance) = batch_moments(b, u, axis);
        average(b, moving_mean, own_mean, "momentum", u);
        match &renormed {
            Some(renorm) => {
                correction = Some(renorm.correction(b, u, own_mean, own_variance));
                renorm.update(b, u, moving_variance, own_mean, own_variance);
            }
            None => {
                average(b, moving_variance, own_variance, "momentum", u);
            }
        }
        mean = b.graph.phase(own_mean, mean);
        variance = b.graph.phase(own_variance, variance);
    }
    // One factor and one term for each place of the axis.
    let sum = b.graph.binary_const(Binary::Add, variance, u.args.number("epsilon") as f32);
    let root = b.graph.unary(Unary::Sqrt, sum);
    let mut factor = b.graph.unary(Unary::Reciprocal, root);
    let mut term = None;
    if let Some((factors, shifts)) = correction {
        factor = b.graph.binary(Binary::Mul, factor, factors);
        term = Some(shifts);
    }
    if let Some(gamma) = gamma {
        let gamma = b.graph.reshape(gamma, aligned.clone());
        factor = b.graph.binary(Binary::Mul, factor, gamma);
        term = term.map(|term| b.graph.binary(Binary::Mul, term, gamma));
    }
    if let Some(beta) = beta {
        let beta = b.graph.reshape(beta, aligned);
        term = Some(term.map_or(beta, |term| b.graph.binary(Binary::Add, term, beta)));
    }
    let centred = b.graph.binary(Binary::Sub, x, mean);
    let y = b.graph.binary(Binary::Mul, centred, factor);
    Ok(term.map_or(y, |term| b.graph.binary(Binary::Add, y, term)))
}

/// Has a training step move the weight `moving` towards `own`, keeping the share that argument `momentum` says; and what
/// it leaves there.
fn average(b: &mut Builder, moving: Id, own: Id, momentum: &str, u: &Use) -> Id {
    let momentum = u.args.number(momentum) as f32;
    let own = b.graph.reshape(own, b.graph.shape(moving).dims.clone());
    let kept = b.graph.binary_const(Binary::Mul, moving, momentum);
    let added = b.graph.binary_const(Binary::Mul, own, 1.0 - momentum);
    let next = b.graph.binary(Binary::Add, kept, added);
    b.update(moving, next);
    next
}

/// Weights of batch renormalization (Ioffe, 2017): averages of deviations rather than of variances.
struct Renorm {
    moving_stddev: Id,
    mean: Id,
    stddev: Id,
}

impl Renorm {
    fn new(b: &mut Builder, u: &Use, dims: &[Dim], [mean, variance]: [Start; 2]) -> Result<Self, Reported> {
        let deviation = match variance.init {
            Init::Zeros | Init::Ones => variance.init,
            Init::Constant { value } if value >= 0.0 => Init::Constant { value: value.sqrt() },
            _ => {
                let headline = "`renorm` starts its deviations at the root of `moving_variance_initializer`, which is random or negative";
                let message = Message::new(u.args.place("moving_variance_initializer"), headline);
                return Err(b.diag.report(message.help("take `ones`, or `constant(..)`")));
            }
        };
        let deviation = Start { init: deviation, ..variance };
        Ok(Renorm {
            moving_stddev: b.frozen_weight(u, "moving_stddev", dims.to_vec(), deviation)?,
            mean: b.frozen_weight(u, "renorm_mean", dims.to_vec(), mean)?,
            stddev: b.frozen_weight(u, "renorm_stddev", dims.to_vec(), deviation)?,
        })
    }

    fn deviation(b: &mut Builder, u: &Use, variance: Id) -> Id {
        let sum = b.graph.binary_const(Binary::Add, variance, u.args.number("epsilon") as f32);
        b.graph.unary(Unary::Sqrt, sum)
    }

    /// What normalised values are multiplied by, and what is added: numbers to gradients, and nothing while inferring.
    fn correction(&self, b: &mut Builder, u: &Use, mean: Id, variance: Id) -> (Id, Id) {
        let aligned = b.graph.shape(mean).dims.clone();
        let [own_mean, own] = [self.mean, self.stddev].map(|x| b.graph.reshape(x, aligned.clone()));
        // Not to divide by 0 early on.
        let least = (u.args.number("epsilon") as f32).sqrt();
        let own = b.graph.binary_const(Binary::Maximum, own, least);
        let deviation = Self::deviation(b, u, variance);
        let mut factor = b.graph.binary(Binary::Div, deviation, own);
        let shift = b.graph.binary(Binary::Sub, mean, own_mean);
        let mut shift = b.graph.binary(Binary::Div, shift, own);
        let bounds = u.args.clipping("renorm_clipping");
        if let Some(least) = bounds.rmin {
            factor = b.graph.binary_const(Binary::Maximum, factor, least as f32);
        }
        if let Some(greatest) = bounds.rmax {
            factor = b.graph.binary_const(Binary::Minimum, factor, greatest as f32);
        }
        if let Some(greatest) = bounds.dmax {
            shift = b.graph.clip(shift, -greatest as f32, greatest as f32);
        }
        let none = [1.0, 0.0].map(|x| b.graph.constant(x));
        let [factor, shift] = [factor, shift].map(|x| b.graph.stop_gradient(x));
        (b.graph.phase(factor, none[0]), b.graph.phase(shift, none[1]))
    }

    fn update(&self, b: &mut Builder, u: &Use, moving_variance: Id, mean: Id, variance: Id) {
        let deviation = Self::deviation(b, u, variance);
        average(b, self.mean, mean, "renorm_momentum", u);
        average(b, self.stddev, deviation, "renorm_momentum", u);
        let next = average(b, self.moving_stddev, deviation, "momentum", u);
        let square = b.graph.unary(Unary::Square, next);
        let variance = b.graph.binary_const(Binary::Sub, square, u.args.number("epsilon") as f32);
        let variance = b.graph.unary(Unary::Relu, variance);
        b.update(moving_variance, variance);
    }
}

/// Mean and variance over the batch and all axes but `axis`, of the steps that count.
fn batch_moments(b: &mut Builder, u: &Use, axis: usize) -> (Id, Id) {
    let shape = b.shape(u.x());
    let over: Vec<usize> = (0..shape.rank()).filter(|&i| i != axis).collect();
    // Axes that the mask has.
    let masked = u.inputs[0].mask.map_or(0, |mask| b.shape(mask).rank());
    let weight = u.inputs[0].mask.filter(|_| axis >= masked).map(|mask| {
        let dims = (0..shape.rank()).map(|i| if i < masked { shape.dims[i].clone() } else { 1.into() });
        b.graph.reshape(mask, dims.collect())
    });
    // How many elements there are for each place of the axis.
    let counted = match weight {
        Some(weight) => weight,
        None => {
            let one = b.graph.constant(1.0);
            b.graph.broadcast_to(one, &Shape::batched(vec![Dim::known(1); shape.rank()]))
        }
    };
    let all = (0..shape.rank()).collect();
    let samples = b.graph.reduce_batch(counted, all);
    let inner = over.iter().filter(|&&i| weight.is_none() || i >= masked).map(|&i| &shape.dims[i]);
    let inner = Dim::product(inner.collect::<Vec<_>>());
    let inner = b.graph.extent(inner);
    let count = b.graph.binary(Binary::Mul, samples, inner);
    let mean_of = |b: &mut Builder, x: Id| {
        let x = weight.map_or(x, |weight| b.graph.binary(Binary::Mul, x, weight));
        let sum = b.graph.reduce_batch(x, over.clone());
        b.graph.binary(Binary::Div, sum, count)
    };
    let mean = mean_of(b, u.x());
    let centred = b.graph.binary(Binary::Sub, u.x(), mean);
    let square = b.graph.unary(Unary::Square, centred);
    let variance = mean_of(b, square);
    (mean, variance)
}
