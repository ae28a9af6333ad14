//! Initializers: Keras's names, arguments and defaults.

use super::args::Args;
use super::audio;
use super::params::{Kind, Param, optional};
use crate::ir::Init;

/// An initializer.
pub struct Initializer {
    pub name: &'static str,
    /// What it draws, in Markdown, for the reference.
    #[cfg_attr(not(test), allow(dead_code))]
    pub doc: &'static str,
    pub params: &'static [Param],
    pub make: fn(&Args) -> Init,
}

/// The initializer called `name`.
pub fn find(name: &str) -> Option<&'static Initializer> {
    INITIALIZERS.iter().find(|entry| entry.name == name)
}

/// Their names, for messages.
pub fn list() -> String {
    INITIALIZERS.iter().map(|entry| format!("`{}`", entry.name)).collect::<Vec<_>>().join(", ")
}

fn f32_of(args: &Args, name: &str) -> f32 {
    args.number(name) as f32
}

const GAIN: Param = optional("gain", Kind::Number, "1.0", "Factor of every element.");
const SEED: Param = optional("seed", Kind::Integer, "None", "Seed of these values; None is the model's.");
const INPUT_AXES: Param = optional(
    "input_axes",
    Kind::Integers,
    "None",
    "The axes of its inputs, with `output_axes`; None is as Keras counts for the layer.",
);
const OUTPUT_AXES: Param =
    optional("output_axes", Kind::Integers, "None", "The axes of its outputs, with `input_axes`.");
const OF_FANS: &[Param] = &[SEED, INPUT_AXES, OUTPUT_AXES];
const NORMAL: &[Param] = &[
    optional("mean", Kind::Number, "0.0", "Mean."),
    optional("stddev", Kind::Number, "0.05", "Standard deviation."),
    SEED,
];
const UNIFORM: &[Param] = &[
    optional("minval", Kind::Number, "-0.05", "Lower bound."),
    optional("maxval", Kind::Number, "0.05", "Upper bound."),
    SEED,
];

/// All of them.
pub const INITIALIZERS: &[Initializer] = &[
    Initializer { name: "zeros", doc: "0 everywhere.", params: &[], make: |_| Init::Zeros },
    Initializer { name: "ones", doc: "1 everywhere.", params: &[], make: |_| Init::Ones },
    Initializer {
        name: "constant",
        doc: "The same number everywhere.",
        params: &[optional("value", Kind::Number, "0.0", "The number.")],
        make: |args| Init::Constant { value: f32_of(args, "value") },
    },
    Initializer {
        name: "identity",
        doc: "The identity matrix.",
        params: &[GAIN],
        make: |args| Init::Identity { gain: f32_of(args, "gain") },
    },
    Initializer {
        name: "orthogonal",
        doc: "A random orthogonal matrix.",
        params: &[GAIN, SEED],
        make: |args| Init::Orthogonal { gain: f32_of(args, "gain") },
    },
    Initializer {
        name: "random_normal",
        doc: "Normally distributed.",
        params: NORMAL,
        make: |args| Init::RandomNormal { mean: f32_of(args, "mean"), stddev: f32_of(args, "stddev") },
    },
    Initializer {
        name: "truncated_normal",
        doc: "Normally distributed, drawn again beyond two standard deviations.",
        params: NORMAL,
        make: |args| Init::TruncatedNormal { mean: f32_of(args, "mean"), stddev: f32_of(args, "stddev") },
    },
    Initializer {
        name: "random_uniform",
        doc: "Uniformly distributed.",
        params: UNIFORM,
        make: |args| Init::RandomUniform { minval: f32_of(args, "minval"), maxval: f32_of(args, "maxval") },
    },
    Initializer {
        name: "glorot_uniform",
        doc: "Uniform within ±√(6 / (fan_in + fan_out)).",
        params: OF_FANS,
        make: |_| Init::GlorotUniform,
    },
    Initializer {
        name: "glorot_normal",
        doc: "Truncated normal of variance 2 / (fan_in + fan_out).",
        params: OF_FANS,
        make: |_| Init::GlorotNormal,
    },
    Initializer {
        name: "he_uniform",
        doc: "Uniform within ±√(6 / fan_in).",
        params: OF_FANS,
        make: |_| Init::HeUniform,
    },
    Initializer {
        name: "he_normal",
        doc: "Truncated normal of variance 2 / fan_in.",
        params: OF_FANS,
        make: |_| Init::HeNormal,
    },
    Initializer {
        name: "lecun_uniform",
        doc: "Uniform within ±√(3 / fan_in).",
        params: OF_FANS,
        make: |_| Init::LecunUniform,
    },
    Initializer {
        name: "lecun_normal",
        doc: "Truncated normal of variance 1 / fan_in.",
        params: OF_FANS,
        make: |_| Init::LecunNormal,
    },
    Initializer {
        name: "variance_scaling",
        doc: "Of variance `scale / n`, where `n` is what `mode` says; the truncated normal is cut at two standard deviations.",
        params: &[
            optional("scale", Kind::Number, "1.0", "Factor of the variance."),
            optional(
                "mode",
                Kind::Choice(&["fan_in", "fan_out", "fan_avg"]),
                "fan_in",
                "Inputs, outputs or their mean.",
            ),
            optional(
                "distribution",
                Kind::Choice(&["truncated_normal", "untruncated_normal", "uniform"]),
                "truncated_normal",
                "What is drawn.",
            ),
            SEED,
            INPUT_AXES,
            OUTPUT_AXES,
        ],
        make: variance_scaling,
    },
    Initializer {
        name: "stft",
        doc: "Cosines, or sines, under a window: a kernel `[length, 1, bins]` of the short-time Fourier transform.",
        params: &[
            optional("side", Kind::Choice(&["real", "imag"]), "real", "Cosines or sines."),
            optional("window", Kind::Choice(audio::WINDOWS), "hann", "What weighs the places."),
            optional(
                "scaling",
                Kind::Choice(&["density", "spectrum", "None"]),
                "density",
                "What the window is divided by: the root of its squares' sum, or its sum.",
            ),
            optional("periodic", Kind::Flag, "false", "Whether the window goes on where it ends."),
        ],
        make: |args| Init::Stft {
            imaginary: args.text("side") == Some("imag"),
            window: args.text("window").map_or(0, audio::window_index),
            periodic: args.flag("periodic"),
            scaling: args.text("scaling").map_or(0, audio::scaling_index),
        },
    },
];

fn variance_scaling(args: &Args) -> Init {
    let scale = f32_of(args, "scale");
    let (fan_in, fan_out) = match args.text("mode") {
        Some("fan_out") => (0.0, 1.0),
        Some("fan_avg") => (0.5, 0.5),
        _ => (1.0, 0.0),
    };
    match args.text("distribution") {
        Some("uniform") => Init::ScaledUniform { scale, fan_in, fan_out },
        Some("untruncated_normal") => Init::ScaledNormal { scale, fan_in, fan_out },
        _ => Init::ScaledTruncatedNormal { scale, fan_in, fan_out },
    }
}
