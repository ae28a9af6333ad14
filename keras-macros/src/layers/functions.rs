//! Functions of tensors, for bodies of models and `lambda`: names and formulas of `keras.ops`.

use super::merging::fit;
use super::{Entry, Family, Kind, Operands, Param, Use, optional, required};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Id, ReduceKind, Shape, Unary};

macro_rules! function {
    ($name:literal $(| $alias:literal)*, $class:expr, $operands:expr, $doc:literal, $shapes:literal, $params:expr, $apply:expr) => {
        Entry {
            name: $name,
            aliases: &[$($alias),*],
            class: $class,
            family: Family::Function,
            masks: $crate::layers::Masks::End,
            doc: $doc,
            shapes: $shapes,
            operands: $operands,
            params: $params,
            weights: &[],
            apply: $apply,
        }
    };
}

macro_rules! unary {
    ($name:literal $(| $alias:literal)*, $op:ident, $doc:literal) => {
        unary!($name $(| $alias)*, $op, stringify!($op), $doc)
    };
    ($name:literal $(| $alias:literal)*, $op:ident, $class:expr, $doc:literal) => {
        function!(
            $name $(| $alias)*, $class, Operands::Exactly(1), $doc, "any shape, unchanged", &[],
            |b, u| Ok(b.graph.unary(Unary::$op, u.x()))
        )
    };
}

macro_rules! reduction {
    ($name:literal | $alias:literal, $class:literal, $doc:literal, $apply:expr) => {
        function!(
            $name | $alias,
            $class,
            Operands::Exactly(1),
            $doc,
            "[batch, ..., n, ...] → [batch, ..., ...]",
            REDUCTION,
            |b, u| {
                let axes = reduced_axes(b, u)?;
                let reduce: fn(&mut Builder, Id, Vec<usize>, bool) -> Id = $apply;
                Ok(reduce(b, u.x(), axes, u.args.flag("keepdims")))
            }
        )
    };
}

pub const REDUCTION: &[Param] = &[
    optional(
        "axis",
        Kind::Integers,
        "None",
        "One axis or several (the batch is axis 0); None is all but the batch.",
    ),
    optional("keepdims", Kind::Flag, "false", "Whether the axis stays, with one element."),
];

pub(super) use function;

/// Those of one or two operands, reductions of the simplest kind, and what is like nothing else.
pub const FUNCTIONS: &[Entry] = &[
    unary!("negative", Neg, "Negative", "`-x`."),
    unary!("abs" | "absolute" | "fabs", Abs, "Absolute", "The magnitude."),
    unary!("sign", Sign, "-1, 0 or 1."),
    unary!("square", Square, "`x * x`."),
    unary!("sqrt", Sqrt, "The square root."),
    unary!("reciprocal", Reciprocal, "`1 / x`."),
    unary!("exp", Exp, "The exponential."),
    unary!("expm1", Expm1, "`exp(x) - 1`, exact near 0."),
    unary!("log", Log, "The natural logarithm."),
    unary!("log1p", Log1p, "`log(1 + x)`, exact near 0."),
    unary!("sin", Sin, "The sine."),
    unary!("cos", Cos, "The cosine."),
    unary!("tan", Tan, "The tangent."),
    unary!("arcsin" | "asin", Asin, "Arcsin", "The inverse sine."),
    unary!("arccos" | "acos", Acos, "Arccos", "The inverse cosine."),
    unary!("arctan" | "atan", Atan, "Arctan", "The inverse tangent."),
    unary!("sinh", Sinh, "The hyperbolic sine."),
    unary!("cosh", Cosh, "The hyperbolic cosine."),
    unary!("arcsinh" | "asinh", Asinh, "Arcsinh", "The inverse hyperbolic sine."),
    unary!("arccosh" | "acosh", Acosh, "Arccosh", "The inverse hyperbolic cosine."),
    unary!("arctanh" | "atanh", Atanh, "Arctanh", "The inverse hyperbolic tangent."),
    unary!("erf", Erf, "The error function."),
    unary!("floor", Floor, "The next whole number below."),
    unary!("ceil", Ceil, "The next whole number above."),
    unary!("round", Round, "The nearest whole number, even ones at a tie."),
    function!(
        "rsqrt",
        "Rsqrt",
        Operands::Exactly(1),
        "`1 / sqrt(x)`.",
        "any shape, unchanged",
        &[],
        |b, u| {
            let root = b.graph.unary(Unary::Sqrt, u.x());
            Ok(b.graph.unary(Unary::Reciprocal, root))
        }
    ),
    function!(
        "pow" | "power",
        "Power",
        Operands::Exactly(2),
        "The first to the power of the second.",
        "equal shapes, or such that broadcast to each other",
        &[],
        |b, u| {
            let (x, y) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
            Ok(b.graph.binary(Binary::Pow, x, y))
        }
    ),
    function!(
        "arctan2",
        "Arctan2",
        Operands::Exactly(2),
        "The angle of the point whose height is the first and whose width is the second, from -π to π.",
        "equal shapes, or such that broadcast to each other",
        &[],
        |b, u| {
            let (y, x) = fit(b, u, &u.inputs[0], &u.inputs[1])?;
            Ok(b.graph.arctan2(y, x))
        }
    ),
    function!(
        "clip",
        "Clip",
        Operands::Exactly(1),
        "`x` between `x_min` and `x_max`.",
        "any shape, unchanged",
        &[required("x_min", Kind::Number, "Lower bound."), required("x_max", Kind::Number, "Upper bound.")],
        |b, u| {
            let (low, high) = (u.args.number("x_min") as f32, u.args.number("x_max") as f32);
            Ok(b.graph.clip(u.x(), low, high))
        }
    ),
    function!(
        "where",
        "Where",
        Operands::Exactly(3),
        "The second where the first is not 0, else the third.",
        "shapes that broadcast to each other",
        &[],
        |b, u| {
            let (x, y) = fit(b, u, &u.inputs[1], &u.inputs[2])?;
            let (condition, x) = fit(b, u, &u.inputs[0], &u.inputs[1].with(x))?;
            Ok(b.graph.select(condition, x, y))
        }
    ),
    reduction!("sum" | "reduce_sum", "Sum", "The sum over axes.", |b, x, axes, keep| {
        b.graph.reduce(ReduceKind::Sum, x, axes, keep)
    }),
    reduction!("mean" | "reduce_mean", "Mean", "The mean over axes.", |b, x, axes, keep| {
        b.graph.mean(x, axes, keep)
    }),
    reduction!("max" | "amax", "Max", "The greatest element over axes.", |b, x, axes, keep| {
        b.graph.reduce(ReduceKind::Max, x, axes, keep)
    }),
    reduction!("min" | "amin", "Min", "The least element over axes.", |b, x, axes, keep| {
        b.graph.reduce(ReduceKind::Min, x, axes, keep)
    }),
    reduction!("prod" | "product", "Prod", "The product over axes.", |b, x, axes, keep| {
        b.graph.reduce(ReduceKind::Product, x, axes, keep)
    }),
    function!(
        "arange",
        "Arange",
        Operands::Exactly(0),
        "0, 1, .. up to `n - 1`: the same for every sample.",
        "→ [n]",
        &[required("n", Kind::Size, "How many numbers.")],
        |b, u| {
            let n = u.args.size("n");
            Ok(b.graph.iota(n))
        }
    ),
    function!(
        "random_normal",
        "RandomNormal",
        Operands::Exactly(0),
        "Normal random numbers, others for each sample in each training step; while predicting and evaluating their mean.",
        "→ [batch, shape...]",
        &[
            required("shape", Kind::Extents, "Sizes, without the batch."),
            optional("mean", Kind::Number, "0.0", "Their mean."),
            optional("stddev", Kind::Number, "1.0", "Their standard deviation."),
        ],
        |b, u| {
            let (mean, stddev) = (u.args.number("mean") as f32, u.args.number("stddev") as f32);
            let x = b.graph.normal(drawn_shape(u));
            let x = b.graph.binary_const(Binary::Mul, x, stddev);
            let x = b.graph.binary_const(Binary::Add, x, mean);
            let mean = b.graph.constant(mean);
            Ok(b.graph.phase(x, mean))
        }
    ),
    function!(
        "random_uniform",
        "RandomUniform",
        Operands::Exactly(0),
        "Uniform random numbers, others for each sample in each training step; while predicting and evaluating their mean.",
        "→ [batch, shape...]",
        &[
            required("shape", Kind::Extents, "Sizes, without the batch."),
            optional("minval", Kind::Number, "0.0", "The least."),
            optional("maxval", Kind::Number, "1.0", "What all are less than."),
        ],
        |b, u| {
            let (low, high) = (u.args.number("minval"), u.args.number("maxval"));
            let x = b.graph.uniform(drawn_shape(u), low, high);
            let mean = b.graph.constant(((low + high) / 2.0) as f32);
            Ok(b.graph.phase(x, mean))
        }
    ),
    function!(
        "one_hot",
        "OneHot",
        Operands::Exactly(1),
        "A vector for each whole number: 1 at its place, 0 elsewhere; 0 everywhere for one that has no place.",
        "[batch, ...] → [batch, ..., num_classes]",
        &[required("num_classes", Kind::Size, "How many places a vector has.")],
        |b, u| {
            let depth = u.args.size("num_classes");
            Ok(super::preprocessing::one_hot(b, u.x(), depth))
        }
    ),
    function!(
        "affine_transform",
        "AffineTransform",
        Operands::Exactly(2),
        "An image whose place `(x, y)` is `(a x + b y + c, d x + e y + f)` of the first operand; the second is          `[a, b, c, d, e, f, 0, 0]`.",
        "[batch, height, width, channels], [batch, 8] → [batch, height, width, channels]",
        super::images::TRANSFORM,
        super::images::affine_transform
    ),
    function!(
        "perspective_transform",
        "PerspectiveTransform",
        Operands::Exactly(3),
        "An image in the perspective that moves four of its points, the second operand, to others, the third: `[x, y]` each, \
         left and right above, left and right below.",
        "[batch, height, width, channels], [batch, 4, 2], [batch, 4, 2] → [batch, height, width, channels]",
        super::images::PERSPECTIVE,
        super::images::perspective_transform
    ),
    function!(
        "gaussian_blur",
        "GaussianBlur",
        Operands::Exactly(1),
        "An image blurred by a bell-shaped kernel; black lies around it.",
        "[batch, height, width, channels] → [batch, height, width, channels]",
        super::augmentation::filters::BLUR,
        super::augmentation::filters::gaussian_blur
    ),
    function!(
        "rgb_to_grayscale",
        "RgbToGrayscale",
        Operands::Exactly(1),
        "The grey version of an image, of one channel.",
        "[batch, height, width, 3] → [batch, height, width, 1]",
        &[super::spatial::DATA_FORMAT],
        |b, u| {
            let s = u.spatial(b, 2)?;
            let y = super::augmentation::colours::grey(b, u, &s)?;
            Ok(s.finish(&mut b.graph, y))
        }
    ),
    function!(
        "rgb_to_hsv",
        "RgbToHsv",
        Operands::Exactly(1),
        "Hue, saturation and value in the place of red, green and blue; all of them in `[0, 1]`.",
        "[batch, height, width, 3] → [batch, height, width, 3]",
        &[super::spatial::DATA_FORMAT],
        super::augmentation::colours::rgb_to_hsv
    ),
    function!(
        "hsv_to_rgb",
        "HsvToRgb",
        Operands::Exactly(1),
        "Red, green and blue in the place of hue, saturation and value; all of them in `[0, 1]`.",
        "[batch, height, width, 3] → [batch, height, width, 3]",
        &[super::spatial::DATA_FORMAT],
        super::augmentation::colours::hsv_to_rgb
    ),
    function!(
        "add_loss",
        "AddLoss",
        Operands::Exactly(1),
        "Adds the sum over a sample's elements, as a mean over the batch, to the model's loss, and gives `x` back.",
        "any shape, unchanged",
        &[],
        add_loss
    ),
    function!(
        "gradient" | "gradients",
        "Gradient",
        Operands::Exactly(2),
        "The gradient of the sum of the first operand with respect to the second, on which it depends: of one value of the \
         model with respect to another, or to its input. It is a value as any other, that a model can give as its output \
         and train on.",
        "any shape, [batch, ...] → [batch, ...]",
        &[],
        gradient
    ),
    function!(
        "stop_gradient",
        "StopGradient",
        Operands::Exactly(1),
        "The same values; training takes them for numbers, and changes nothing that they come from.",
        "any shape, unchanged",
        &[],
        |b, u| Ok(b.graph.stop_gradient(u.x()))
    ),
    function!(
        "slice",
        "Slice",
        Operands::Exactly(1),
        "`length` places of `axis` from `start` on.",
        "[batch, ..., n, ...] → [batch, ..., length, ...]",
        &[
            required("axis", Kind::Integer, "The axis; the batch is axis 0."),
            required("start", Kind::Integer, "The first place, from 0."),
            required("length", Kind::Size, "How many places."),
        ],
        slice
    ),
    function!(
        "expand_dims",
        "ExpandDims",
        Operands::Exactly(1),
        "A new axis of one element.",
        "[batch, a, b] with axis = 1 → [batch, 1, a, b]",
        &[required("axis", Kind::Integer, "Where the new axis is; the batch is axis 0.")],
        |b, u| {
            let mut shape = b.shape(u.x());
            shape.dims.push(1.into());
            let axis = u.axis(b, "axis", &shape)?;
            shape.dims.pop();
            shape.dims.insert(axis, 1.into());
            Ok(b.graph.reshape(u.x(), shape.dims))
        }
    ),
    function!(
        "squeeze",
        "Squeeze",
        Operands::Exactly(1),
        "Takes an axis of one element away.",
        "[batch, 1, a] with axis = 1 → [batch, a]",
        &[required("axis", Kind::Integer, "The axis; the batch is axis 0.")],
        |b, u| {
            let mut shape = b.shape(u.x());
            let axis = u.axis(b, "axis", &shape)?;
            if !shape.dims[axis].is(1) {
                let headline =
                    format!("`squeeze` takes an axis of 1 element, that of {shape} has {}", shape.dims[axis]);
                return Err(b.diag.report(Message::new(u.args.place("axis"), headline)));
            }
            shape.dims.remove(axis);
            Ok(b.graph.reshape(u.x(), shape.dims))
        }
    ),
];

/// The axes of a reduction, in order and without the batch.
pub fn reduced_axes(b: &Builder, u: &Use) -> Result<Vec<usize>, Reported> {
    let shape = b.shape(u.x());
    let Some(axes) = u.args.integers("axis") else { return Ok((0..shape.rank()).collect()) };
    let place = u.args.place("axis");
    let axes = axes.iter().map(|&axis| super::resolve_axis(b, axis, &shape, place));
    let mut axes = axes.collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}

fn add_loss(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    if !b.graph.depends_on_anything(u.x()) {
        let input = &u.inputs[0];
        let message = Message::new(
            u.place,
            format!("`{}` is a number: adding it to the loss changes nothing", input.text),
        )
        .help("give `add_loss` a tensor of the model: `add_loss(square(h))`");
        return Err(b.diag.report(message));
    }
    b.graph.add_loss(u.x());
    Ok(u.x())
}

/// The shape of random numbers: there are some for each sample.
fn drawn_shape(u: &Use) -> Shape {
    let dims: Vec<Dim> = u.args.extents("shape").expect("it is required").iter().flatten().cloned().collect();
    Shape::batched(dims)
}

fn gradient(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [of, wrt] = u.inputs else { unreachable!("it takes two") };
    if b.graph.nodes[of.id.0].scan.is_some() {
        let message = Message::new(u.place, "`gradient` has no place in a cell")
            .note("a step of a loop has no gradient of its own: the loop has")
            .help("take the gradient of what the cell makes, outside of it");
        return Err(b.diag.report(message));
    }
    crate::grad::gradient(&mut b.graph, of.id, wrt.id).ok_or_else(|| {
        let message = Message::new(
            u.place,
            format!("`{}` does not depend on `{}`: there is no gradient", of.text, wrt.text),
        )
        .help("give a value first, and second the tensor that it was computed from: `gradient(loss, x)`");
        b.diag.report(message)
    })
}

fn slice(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let shape = b.shape(u.x());
    let axis = u.axis(b, "axis", &shape)?;
    let (start, length) = (u.args.integer("start"), u.args.size("length"));
    let out_of_bounds = match (shape.dims[axis].as_known(), length.as_known()) {
        (Some(extent), Some(length)) => start < 0 || start as usize + length > extent,
        _ => start < 0,
    };
    if out_of_bounds {
        let extent = &shape.dims[axis];
        let message =
            Message::new(u.args.place("start"), format!("`slice` leaves the axis: it has {extent} places"))
                .note(format!("{length} places from {start} on were asked for"));
        return Err(b.diag.report(message));
    }
    Ok(b.graph.slice(u.x(), axis, Dim::known(start as usize), length))
}
