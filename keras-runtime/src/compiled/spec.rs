//! What is known of a model at build time, as static data.

use super::Pass;

/// Everything the runtime knows of a model.
#[derive(Debug)]
pub struct Spec {
    /// The name given in the macro.
    pub name: &'static str,
    /// The inputs, in order of declaration.
    pub inputs: &'static [InputSpec],
    /// The outputs, in order of declaration.
    pub outputs: &'static [OutputSpec<'static>],
    /// The weights in order of their offset: the trainable ones first.
    pub weights: &'static [WeightSpec],
    /// The rows of `summary()`, in order of definition.
    pub layers: &'static [LayerSpec],
    /// Rows that are one unless one looks closer; inner ones before those around them.
    pub groups: &'static [GroupSpec],
    /// Length of the flat parameter buffer in words, padding included.
    pub params_len: usize,
    /// Length of its trainable prefix in words: the gradient has this length.
    pub trainable_len: usize,
    /// Words of each sample that live from batch to batch: states of recurrent layers with `stateful = true`.
    pub state_words: usize,
    /// Forward pass without dropout, ending in [`Rows::head`](super::Rows::head) for each output.
    pub infer: Phase,
    /// The same with the losses that the model adds itself, and with what the steps of its outputs count; of a model
    /// without either it is `infer`.
    pub evaluate: Phase,
    /// Forward pass, loss and backward pass: leaves the gradient of every trainable weight in `Space::Grads`.
    pub train: Phase,
}

impl Spec {
    /// The same without the code of evaluation and training: functions that it names are in every program that holds it.
    pub(crate) const fn of_inference(&self) -> Self {
        fn not_compiled(_: &mut Pass<'_>) {
            unreachable!("a trainer gives a model this code before it asks for it");
        }
        Spec {
            evaluate: Phase { run: not_compiled, ..self.evaluate },
            train: Phase { run: not_compiled, ..self.train },
            ..*self
        }
    }
}

/// One compiled entry point, and the memory that it needs.
#[derive(Debug, Clone, Copy)]
pub struct Phase {
    /// Words of [`Space::Arena`](super::Space::Arena) for each sample of the batch.
    pub arena_words: usize,
    /// Words of [`Space::Fixed`](super::Space::Fixed), whatever the batch.
    pub fixed_words: usize,
    /// Floating-point operations for each sample, matrix products only.
    pub flops: usize,
    /// Whether it leaves the sum of the losses that the model adds itself in the first word of
    /// [`Space::Fixed`](super::Space::Fixed).
    pub adds_loss: bool,
    /// What it leaves for weights that are not trained, such as moving averages.
    pub updates: &'static [Update],
    /// The generated code.
    pub run: fn(&mut Pass<'_>),
}

/// New values of a weight that is not trained.
#[derive(Debug, Clone, Copy)]
pub struct Update {
    /// Their first word in [`Space::Fixed`](super::Space::Fixed).
    pub from: usize,
    /// The weight's first word in the flat buffer.
    pub to: usize,
    /// How many words.
    pub len: usize,
}

/// Element type of a tensor at the model's edge. Inside a pass every element is an `f32` word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DType {
    /// 32-bit floating point.
    F32,
    /// 8-bit unsigned, as in images.
    U8,
    /// 8-bit signed.
    I8,
    /// 32-bit signed.
    I32,
    /// 32-bit unsigned, as in indices.
    U32,
    /// 64-bit signed.
    I64,
}

/// One input of a model.
#[derive(Debug)]
pub struct InputSpec {
    /// Name in the macro; `input` for a sequential model.
    pub name: &'static str,
    /// Shape of one sample, without the batch.
    pub shape: &'static [usize],
    /// What the model declares. Data may be of any numeric type, and are converted as they are batched; their values
    /// are such as this type holds.
    pub dtype: DType,
    /// Its elements are whole numbers from 0 on, below this: rows of an embedding.
    pub below: Option<usize>,
}

/// One output of a model.
#[derive(Debug)]
pub struct OutputSpec<'a> {
    /// Declared name, or that of the layer that makes it.
    pub name: &'a str,
    /// Shape of one sample, without the batch.
    pub shape: &'a [usize],
    /// The activation left to [`Rows::head`](super::Rows::head), so that it meets its loss there.
    pub head: Head,
    /// Words of its mask for each sample, which say which of its steps count in the loss; 0 if it has none.
    pub mask: usize,
}

/// The last activation of an output. Pairs such as softmax and cross-entropy are computed together from logits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// The value is the output.
    Linear,
    /// `1 / (1 + exp(-z))`, element by element.
    Sigmoid,
    /// `exp(z) / sum(exp(z))` over the last axis.
    Softmax,
}

/// One weight: where it lives in the flat buffer, and how it starts.
#[derive(Debug, PartialEq)]
pub struct WeightSpec {
    /// `layer/weight`, for example `dense_1/kernel`: its name in files.
    pub name: &'static str,
    /// Keras's shape of it.
    pub shape: &'static [usize],
    /// First word in the flat buffer: a multiple of 16.
    pub offset: usize,
    /// Order of its elements in the flat buffer.
    pub layout: Layout,
    /// Its first values.
    pub init: Init,
    /// The seed of its first values, where it has one of its own.
    pub seed: Option<u64>,
    /// Its axes of inputs and of outputs, by which its first values are scaled, where those are not Keras's for its rank.
    pub fans: Option<[&'static [usize]; 2]>,
    /// What the loss has in addition for its values.
    pub penalty: Option<Penalty>,
    /// What its values are made to be after each training step.
    pub constraint: Option<Constraint>,
    /// Whether an optimizer changes it.
    pub trainable: bool,
}

/// `l1 * sum(|w|) + l2 * sum(w²)`: Keras's regularizers of these names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Penalty {
    /// Factor of the magnitudes.
    pub l1: f32,
    /// Factor of the squares.
    pub l2: f32,
}

/// What a weight's values are made to be after each training step: Keras's constraints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constraint {
    /// Not negative.
    NonNeg,
    /// Norms over `axes` within `[min, max]`, which a step moves by the share `rate`.
    Norm {
        /// The least norm.
        min: f32,
        /// The greatest.
        max: f32,
        /// 1 makes them exact.
        rate: f32,
        /// Axes of the weight that a norm runs over.
        axes: &'static [usize],
    },
}

/// Order of a weight's elements in the flat parameter buffer (and of its gradient in the flat gradient).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Row-major, as in Keras.
    Plain,
    /// A matrix `[k, n]` as the GEMM reads it: panels of 16 columns, `[ceil(n / 16)][k][16]`, padded with zeros.
    Panels {
        /// Rows: the contracted dimension.
        k: usize,
        /// Columns.
        n: usize,
    },
}

/// Initialisers, with Keras's names, arguments and formulas.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub enum Init {
    Zeros,
    Ones,
    Constant {
        value: f32,
    },
    Identity {
        gain: f32,
    },
    RandomNormal {
        mean: f32,
        stddev: f32,
    },
    RandomUniform {
        minval: f32,
        maxval: f32,
    },
    TruncatedNormal {
        mean: f32,
        stddev: f32,
    },
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    /// Variance `scale / (fan_in * inputs + fan_out * outputs)`, whatever a weight's inputs and outputs are.
    ScaledUniform {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    ScaledNormal {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    ScaledTruncatedNormal {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    Orthogonal {
        gain: f32,
    },
    /// 1 in the second quarter, `others` elsewhere: the bias of an LSTM, whose forget gate starts open.
    UnitForget {
        others: f32,
    },
    /// Cosines, or sines, under a window: `[length, .., bins]`.
    Stft {
        imaginary: bool,
        window: Taper,
        periodic: bool,
        scaling: TaperScaling,
    },
}

/// What weighs the places of a piece of a signal, by the names of `scipy.signal.windows`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Taper {
    Hann,
    Hamming,
    Blackman,
    BlackmanHarris,
    Nuttall,
    FlatTop,
    Bartlett,
    Triangle,
    BartlettHann,
    Bohman,
    Cosine,
    Lanczos,
    Boxcar,
    None,
}

/// What a [`Taper`] is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TaperScaling {
    None,
    /// The root of the sum of its squares.
    Density,
    /// Its sum.
    Spectrum,
}

/// One row of `summary()`.
#[derive(Debug)]
pub struct LayerSpec {
    /// Unique name, for example `dense_1`.
    pub name: &'static str,
    /// Keras's class name, for example `Dense`.
    pub kind: &'static str,
    /// Shape of its (first) output for one sample.
    pub output: &'static [usize],
    /// Indices into [`Spec::weights`].
    pub weights: &'static [usize],
    /// Names of the layers or inputs that feed it.
    pub inputs: &'static [&'static str],
    /// If it learns from data before training: what.
    pub adapts: Option<Adapts>,
}

/// What a layer learns from data before training.
#[derive(Debug, Clone, Copy)]
pub struct Adapts {
    /// Shape of a sample of such data.
    pub shape: &'static [usize],
    /// What is learnt.
    pub learns: Learns,
}

/// What there is to learn from data.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Learns {
    /// Mean and variance of each place of `axes`, which are without the batch: the weights `mean` and `variance`.
    Moments { axes: &'static [usize] },
    /// The inner boundaries of `bins` bins that hold about equally many numbers: the weight `bin_boundaries`.
    Bins { bins: usize, epsilon: f64 },
}

/// The layers of a model within the model, or of a cell.
#[derive(Debug, Clone, Copy)]
pub struct GroupSpec {
    /// What the names of its layers begin with, before a `/`.
    pub name: &'static str,
    /// The name of its definition.
    pub kind: &'static str,
    /// Shape of its (first) result for one sample.
    pub output: &'static [usize],
}
