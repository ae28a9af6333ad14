//! A Keras whose models are compiled by `cargo build`.
//!
//! [`keras_model!`] turns a model into one specialised struct: every shape is checked, the backward pass derived, kernels
//! fused and memory planned before the program exists. This crate is what such a struct runs on, and the crate that
//! programs name in their `Cargo.toml`.
//!
//! ```
//! use keras_runtime::prelude::*;
//!
//! keras_model! {
//!     /// Three species from four measures.
//!     pub Iris = dense(16, relu, input = 4) >> dropout(0.1) >> dense(3, softmax)
//! }
//!
//! let x = ndarray::Array2::from_shape_fn((60, 4), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0);
//! let y: Vec<u8> = (0..60).map(|i| (i % 3) as u8).collect();
//! let mut model = Iris::new(42).compile(Adam::default(), SparseCategoricalCrossentropy::default(), [Accuracy]);
//! let history = model.fit(&x, &y, Fit { epochs: 2, verbose: Verbose::Silent, ..Fit::default() })?;
//! assert_eq!(history.len(), 2);
//! let classes = model.predict_classes(&x)?;
//! assert_eq!(classes.len(), 60);
//! # Ok::<(), keras_runtime::Error>(())
//! ```
//!
//! The language is described at [`keras_model!`], its vocabulary in [`layers`] and [`activations`]. Around training there are [`loss`],
//! [`optim`], [`metric`], [`callback`] and [`data`]; what a model can do is [`Model`], and after `compile` [`Trainer`](model::Trainer).
//!
//! # Features
//!
//! The default build runs on the CPU and has no optional part.
//!
//! | feature | brings |
//! | --- | --- |
//! | `datasets` | data sets read from gzip, tar and npz files on the machine; archives of arrays |
//! | `download` | data sets fetched once if they are not there |
//! | `images` | folders of PNG and JPEG images as data sets |
//! | `audio` | folders of WAV files as data sets |
//! | `mmap` | arrays of `.npy` files mapped into memory |
//! | `csv` | tables of comma-separated values, in memory or line by line |
//! | `keras-files` | the files of Keras in Python: weights and whole models, read and written |
//! | `plot` | `History::plot` to SVG |
//! | `cuda` | models on GPUs of NVIDIA; builds without its software |
//! | `fast-compile` | debug builds that compile models several times as fast, and run them slower |

// So that the blocks of `applications` name the crate as users do.
extern crate self as keras_runtime;

pub mod activations;
pub mod applications;
pub mod callback;
pub mod compiled;
mod config;
pub mod data;
pub mod device;
mod error;
mod init;
mod io;
pub mod layers;
pub mod loss;
pub mod metric;
pub mod model;
pub mod optim;
pub mod preprocessing;
pub mod random;
pub mod train;
pub mod view;

#[cfg(feature = "datasets")]
pub use data::datasets;
pub use error::{Error, Result};
pub use model::{Model, Network};

#[doc(hidden)]
pub use keras_macros::__keras_model;

/// Compiles models.
///
/// As an expression, it is a model; with definitions, it defines a struct for each. Every struct implements [`Model`].
///
/// ```
/// use keras_runtime::prelude::*;
///
/// let mut model = keras_model!(dense(8, tanh, input = 3) >> dense(1));
/// let y = model.predict(&ndarray::arr2(&[[0.1, 0.2, 0.3]]))?;
/// assert_eq!(y.shape(), [1, 1]);
///
/// keras_model! {
///     pub Branches(x: [4], y: [4]) -> [2] {
///         let tower = dense(8, relu);
///         add(x >> tower, y >> tower) >> dense(2, softmax)
///     }
/// }
/// assert_eq!(Branches::new(1).count_params(), 4 * 8 + 8 + 8 * 2 + 2);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Blocks and repetitions
///
/// A `block` is written once and built anew, with weights of its own, at each use. Any expression can take the place of a
/// parameter: a number, an activation, layers, a closure. `repeat` builds its layers several times in a row; its count is
/// a number that the macro knows. `let (a, b) = ..;` takes a tuple apart. `shape(x, 1)` is a size of `x`, with axes as Keras
/// counts them, and `floor(0.75 * UNITS)` a whole number: `dense(shape(x, 1) / 2)`.
///
/// ```
/// # use keras_runtime::prelude::*;
/// keras_model! {
///     const DEPTH: usize = 2;
///
///     block residual(units, act = relu) |x| {
///         let h = x >> dense(units, act) >> dense(units);
///         h + x
///     }
///     block exchange(units) |x, y| { (y >> dense(units), x >> dense(units)) }
///
///     pub Net(x: [8], y: [8]) -> [1] {
///         let shared = residual(8);                              // one set of weights for both uses
///         let (a, b) = (x >> shared, y >> shared) >> exchange(8);
///         let c = a - b >> residual(8, act = tanh) >> repeat DEPTH { dense(16, relu) >> dropout(0.2) };
///         c >> repeat i in 2 |x| { let h = x >> dense(8 * (i + 1)) >> dense(16); h + x } >> dense(1)
///     }
/// }
/// let net = Net::new(1);
/// assert!(net.weight("residual/dense_1/kernel").is_ok());        // the shared one
/// assert!(net.weight("residual_1/dense/kernel").is_ok());        // the other use
/// # let _ = net;
/// ```
///
/// # Models of models
///
/// A model is a layer of others: of the same macro call, of another module or of another crate. Its name, or its path, is
/// what the struct is found by: `use` imports both. Each use has weights of its own, unless a `let` names it. Rust
/// constants that its module alone can name go with it.
///
/// A model of one call is `Model(outputs = "layer")`, or a list of layers, when it is another model up to there. Its weights
/// have the names that they have in the whole, for [`Model::copy_weights_from`].
///
/// ```
/// use keras_runtime::prelude::*;
///
/// mod models {
///     use keras_runtime::keras_model;
///
///     const WIDTH: usize = 16;
///     keras_model! {
///         pub Encoder = dense(WIDTH, relu, input = 4) >> dense(8, relu, name = "code") >> dense(3, softmax)
///     }
/// }
/// use models::Encoder;
///
/// keras_model! {
///     pub Pair(x: [4], y: [4]) -> [1] {
///         let tower = models::Encoder;
///         (x >> tower) * (y >> tower) >> dense(1, sigmoid)
///     }
///     pub Features = Encoder(outputs = "code")
/// }
/// let encoder = Encoder::new(1);
/// let mut features = Features::new(2);
/// features.copy_weights_from(&encoder)?;
/// assert_eq!(features.weight("code/kernel")?, encoder.weight("code/kernel")?);
/// assert_eq!(Pair::new(1).count_params(), encoder.count_params() + 3 + 1);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Losses
///
/// `loss` names the targets and predictions of one sample, with their shapes, and what is made of them; the mean of its values is
/// the loss of the sample. The compiler finds its slope by the predictions, and fuses both. It is a [`Loss`](crate::loss::Loss) as
/// any other: with weights, reductions ([`Loss::reduction`](crate::loss::Loss::reduction)), and as a metric
/// ([`MeanOf`](crate::metric::MeanOf)). Within other models it is a layer of two tensors.
///
/// ```
/// use keras_runtime::prelude::*;
///
/// keras_model! {
///     const MARGIN: f32 = 1.0;
///
///     /// Pairs that are alike (1) are to be near, others at least the margin apart.
///     pub loss Contrastive(y: [1], d: [1]) {
///         y * square(d) + (1 - y) * square(relu(MARGIN - d))
///     }
///     pub Distance(a: [3], b: [3]) {
///         let tower = dense(8, tanh) >> dense(2);
///         sqrt(sum(square((a >> tower) - (b >> tower)), axis = -1, keepdims = true) + 0.000001)
///     }
/// }
///
/// let a = ndarray::Array2::from_shape_fn((64, 3), |(i, j)| ((i * 7 + j * 5) % 11) as f32 / 11.0);
/// let b = ndarray::Array2::from_shape_fn((64, 3), |(i, j)| ((i * 5 + j * 3) % 13) as f32 / 13.0);
/// let y: Vec<f32> = a.rows().into_iter().zip(b.rows()).map(|(a, b)| f32::from(u8::from(a[0] > b[0]))).collect();
/// let mut model = Distance::new(1).compile(Adam { learning_rate: 0.01, ..Adam::default() }, Contrastive, ());
/// let before = model.evaluate((&a, &b), &y)?.loss;
/// model.fit((&a, &b), &y, Fit { epochs: 20, verbose: Verbose::Silent, ..Fit::default() })?;
/// assert!(model.evaluate((&a, &b), &y)?.loss < before);
/// assert_eq!(Contrastive.sample(&[0.0], &[0.4], 1, None), 0.6f32.powi(2));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Cells
///
/// A `cell` is a step of a loop over time: its inputs, then its states; it ends with its output and the new states. A step
/// may itself be a sequence. `time_distributed(..)` applies layers to each step, recurrent ones too, for all steps at once.
/// A recurrent layer within a cell is written out step by step: the macro must know how many steps it has, and at most
/// 4096 operations come of it.
///
/// ```
/// # use keras_runtime::prelude::*;
/// keras_model! {
///     cell story(words: [6, 4]; h: [8]) -> [8] {
///         let h = tanh((words >> lstm(8)) + (h >> dense(8)));
///         (h, h)
///     }
///     pub Stories = input([3, 6, 4]) >> story() >> dense(1);
///     pub Sentences = input([3, 6, 4]) >> time_distributed(lstm(8)) >> gru(8) >> dense(1)
/// }
/// let x = ndarray::Array4::<f32>::zeros((2, 3, 6, 4));
/// assert_eq!(Stories::new(1).predict(&x)?.shape(), [2, 1]);
/// assert_eq!(Sentences::new(1).predict(&x)?.shape(), [2, 1]);
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Masks
///
/// `masking()` and `embedding(.., mask_zero = true)` say which steps of a sequence count. Layers that treat each step alike
/// let a mask through, recurrent layers and attention use it, and where a model's output comes with one, only the steps
/// that count do so in its loss and in those metrics that are means, as in Keras.
#[macro_export]
macro_rules! keras_model {
    ($($tokens:tt)*) => { $crate::__keras_model! { [$crate] $($tokens)* } };
}

/// Everything that programs use.
pub mod prelude {
    pub use crate::callback::{
        BackupAndRestore, Callback, CsvLogger, EarlyStopping, LambdaCallback, LearningRateScheduler, Logs,
        Mode, ModelCheckpoint, ReduceLrOnPlateau, SaveFreq, SwapEmaWeights, TensorBoard, TerminateOnNaN,
        Training, callbacks,
    };
    #[cfg(feature = "datasets")]
    pub use crate::data::datasets;
    pub use crate::data::{Dataset, to_categorical};
    pub use crate::device::Cpu;
    #[cfg(feature = "cuda")]
    pub use crate::device::{Auto, Cuda};
    pub use crate::keras_model;
    pub use crate::loss::{
        BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
        CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle, CosineSimilarity, Ctc, Dice, Hinge,
        Huber, KLDivergence, LogCosh, Loss, MAE, MAPE, MSE, MSLE, MeanAbsoluteError,
        MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson, Reduction,
        SparseCategoricalCrossentropy, SquaredHinge, Tversky,
    };
    pub use crate::metric::{
        AUC, Accuracy, BinaryAccuracy, BinaryIoU, CategoricalAccuracy, ConcordanceCorrelation, Curve,
        F1Score, FBetaScore, FalseNegatives, FalsePositives, IoU, MeanIoU, MeanMetric, MeanOf, Metric,
        PearsonCorrelation, PerOutput, Precision, PrecisionAtRecall, R2Score, Recall, RecallAtPrecision,
        RootMeanSquaredError, SensitivityAtSpecificity, SparseCategoricalAccuracy,
        SparseTopKCategoricalAccuracy, SpecificityAtSensitivity, Summation, TopKCategoricalAccuracy,
        TrueNegatives, TruePositives, Weighted,
    };
    pub use crate::model::{Model, Trainer};
    pub use crate::optim::{
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, Optimizer, RmsProp,
        ScheduleFreeAdamW, Sgd,
    };
    pub use crate::train::{Evaluate, Fit, History, Score, Verbose, sample_weight, validation};
    pub use crate::{Error, Result};
}
