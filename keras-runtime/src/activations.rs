//! The activations of [`keras_model!`](crate::keras_model), for reference.

// Generated from the definitions in `keras-macros/src/layers`, and held equal to them by a test there:
// `KERAS_UPDATE=1 cargo test -p keras-macros reference` writes it anew.

/// `linear()`
///
/// `x`.
///
/// Shapes: `any shape, unchanged`.
pub const fn linear() {}

/// `relu(negative_slope = 0.0, max_value = None, threshold = 0.0)`
///
/// `max(x, 0)`; with arguments: `x` up to `max_value`, `negative_slope * (x - threshold)` below `threshold`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `negative_slope`: a number, by default `0.0`. Slope below the threshold.
/// - `max_value`: a number, by default `None`. Upper bound.
/// - `threshold`: a number, by default `0.0`. Where the activation starts.
pub const fn relu() {}

/// `relu6()`
///
/// `min(max(x, 0), 6)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn relu6() {}

/// `leaky_relu(negative_slope = 0.2)`
///
/// `x` where it is positive, else `negative_slope * x`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `negative_slope`: a number, by default `0.2`. Slope of the negative part.
pub const fn leaky_relu() {}

/// `elu(alpha = 1.0)`
///
/// `x` where it is positive, else `alpha * (exp(x) - 1)`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `alpha`: a number, by default `1.0`. Scale of the negative part.
pub const fn elu() {}

/// `selu()`
///
/// `1.0507 * elu(x, 1.6733)`: keeps mean 0 and variance 1.
///
/// Shapes: `any shape, unchanged`.
pub const fn selu() {}

/// `celu(alpha = 1.0)`
///
/// `max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `alpha`: a number, by default `1.0`. Scale of the negative part.
pub const fn celu() {}

/// `gelu(approximate = false)`
///
/// `x * Φ(x)` with the normal distribution Φ.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `approximate`: `true` or `false`, by default `false`. By tanh instead of erf.
pub const fn gelu() {}

/// `silu()`
///
/// `x * sigmoid(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn silu() {}

/// `swish()`
///
/// `x * sigmoid(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn swish() {}

/// `hard_silu()`
///
/// `x * hard_sigmoid(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn hard_silu() {}

/// `hard_swish()`
///
/// `x * hard_sigmoid(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn hard_swish() {}

/// `sigmoid()`
///
/// `1 / (1 + exp(-x))`.
///
/// Shapes: `any shape, unchanged`.
pub const fn sigmoid() {}

/// `hard_sigmoid()`
///
/// `relu6(x + 3) / 6`.
///
/// Shapes: `any shape, unchanged`.
pub const fn hard_sigmoid() {}

/// `log_sigmoid()`
///
/// `log(sigmoid(x))`.
///
/// Shapes: `any shape, unchanged`.
pub const fn log_sigmoid() {}

/// `sparse_sigmoid()`
///
/// `(x + 1) / 2` between 0 and 1.
///
/// Shapes: `any shape, unchanged`.
pub const fn sparse_sigmoid() {}

/// `tanh()`
///
/// Hyperbolic tangent.
///
/// Shapes: `any shape, unchanged`.
pub const fn tanh() {}

/// `hard_tanh()`
///
/// `x` between -1 and 1.
///
/// Shapes: `any shape, unchanged`.
pub const fn hard_tanh() {}

/// `tanh_shrink()`
///
/// `x - tanh(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn tanh_shrink() {}

/// `hard_shrink(threshold = 0.5)`
///
/// `x` where its magnitude exceeds `threshold`, else 0.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `threshold`: a number, by default `0.5`. What is nearer to 0 becomes 0.
pub const fn hard_shrink() {}

/// `soft_shrink(threshold = 0.5)`
///
/// `x` moved towards 0 by `threshold`, and 0 nearer to it.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `threshold`: a number, by default `0.5`. What is nearer to 0 becomes 0.
pub const fn soft_shrink() {}

/// `threshold(threshold, default_value)`
///
/// `x` where it exceeds `threshold`, else `default_value`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `threshold`: a number. The bound.
/// - `default_value`: a number. What takes the place of smaller elements.
pub const fn threshold() {}

/// `softplus()`
///
/// `log(1 + exp(x))`.
///
/// Shapes: `any shape, unchanged`.
pub const fn softplus() {}

/// `softsign()`
///
/// `x / (1 + |x|)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn softsign() {}

/// `sparse_plus()`
///
/// 0 up to -1, `(x + 1)² / 4` up to 1, then `x`.
///
/// Shapes: `any shape, unchanged`.
pub const fn sparse_plus() {}

/// `squareplus(b = 4)`
///
/// `(x + sqrt(x² + b)) / 2`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `b`: a number, by default `4`. Smoothness.
pub const fn squareplus() {}

/// `exponential()`
///
/// `exp(x)`.
///
/// Shapes: `any shape, unchanged`.
pub const fn exponential() {}

/// `mish()`
///
/// `x * tanh(softplus(x))`.
///
/// Shapes: `any shape, unchanged`.
pub const fn mish() {}

/// `softmax(axis = -1)`
///
/// `exp(x) / sum(exp(x))` along `axis`.
///
/// Shapes: `any shape of at least one axis, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
pub const fn softmax() {}

/// `log_softmax(axis = -1)`
///
/// `log(softmax(x))` along `axis`.
///
/// Shapes: `any shape of at least one axis, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
pub const fn log_softmax() {}

/// `sparsemax(axis = -1)`
///
/// The nearest point of the simplex to `x` along `axis`: a softmax with zeros.
///
/// Shapes: `any shape of at least one axis, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
pub const fn sparsemax() {}

/// `glu(axis = -1)`
///
/// Gated linear unit: the first half times the sigmoid of the second half along `axis`.
///
/// Shapes: `[batch, ..., 2 · n] → [batch, ..., n]`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
pub const fn glu() {}
