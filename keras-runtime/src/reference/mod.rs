//! The vocabulary of `keras_model!`: what an editor shows for the names in a model.

/// Layers, by their names in the language.
pub mod layers {
    /// `InputLayer`: The shape and type of a sample, at the beginning of a sequential model.
    #[allow(non_upper_case_globals)]
    pub const input: () = ();
    /// `Dense`: A fully connected layer: `activation(x · kernel + bias)` over the last axis.
    #[allow(non_upper_case_globals)]
    pub const dense: () = ();
    /// `Activation`: An activation as a layer.
    #[allow(non_upper_case_globals)]
    pub const activation: () = ();
    /// `Dropout`: While training, sets a fraction `rate` of its input to 0 and divides the rest by `1 - rate`.
    #[allow(non_upper_case_globals)]
    pub const dropout: () = ();
    /// `Lambda`: An expression as a layer: `lambda(|x| x * 2.0 + 1.0)`. It is differentiated and fused as any other.
    #[allow(non_upper_case_globals)]
    pub const lambda: () = ();
    /// `Identity`: Its input, unchanged.
    #[allow(non_upper_case_globals)]
    pub const identity: () = ();
    /// `Flatten`: All features of a sample in one row.
    #[allow(non_upper_case_globals)]
    pub const flatten: () = ();
    /// `Reshape`: The same elements in another shape.
    #[allow(non_upper_case_globals)]
    pub const reshape: () = ();
    /// `Permute`: The dimensions of a sample in another order.
    #[allow(non_upper_case_globals)]
    pub const permute: () = ();
    /// `RepeatVector`: A vector, `n` times.
    #[allow(non_upper_case_globals)]
    pub const repeat_vector: () = ();
    /// `Concatenate`: Its inputs, one after another along an axis.
    #[allow(non_upper_case_globals)]
    pub const concatenate: () = ();
    /// `Dot`: The product of two inputs, summed along an axis of each.
    #[allow(non_upper_case_globals)]
    pub const dot: () = ();
    /// `Add`: The sum of its inputs.
    #[allow(non_upper_case_globals)]
    pub const add: () = ();
    /// `Subtract`: The first input less the second.
    #[allow(non_upper_case_globals)]
    pub const subtract: () = ();
    /// `Multiply`: The product of its inputs, element by element.
    #[allow(non_upper_case_globals)]
    pub const multiply: () = ();
    /// `Average`: The mean of its inputs.
    #[allow(non_upper_case_globals)]
    pub const average: () = ();
    /// `Maximum`: The greatest of its inputs, element by element.
    #[allow(non_upper_case_globals)]
    pub const maximum: () = ();
    /// `Minimum`: The least of its inputs, element by element.
    #[allow(non_upper_case_globals)]
    pub const minimum: () = ();
}

/// Activations, by their names in the language.
pub mod activations {
    /// `x`.
    #[allow(non_upper_case_globals)]
    pub const linear: () = ();
    /// `max(x, 0)`; in general `max_value` from there on, `negative_slope * (x - threshold)` below `threshold`.
    #[allow(non_upper_case_globals)]
    pub const relu: () = ();
    /// `min(max(x, 0), 6)`.
    #[allow(non_upper_case_globals)]
    pub const relu6: () = ();
    /// `x` above 0, `negative_slope * x` below.
    #[allow(non_upper_case_globals)]
    pub const leaky_relu: () = ();
    /// `x` above 0, `alpha * (exp(x) - 1)` below (Clevert et al., 2015).
    #[allow(non_upper_case_globals)]
    pub const elu: () = ();
    /// `scale * elu(x, alpha)` with the constants of Klambauer et al., 2017.
    #[allow(non_upper_case_globals)]
    pub const selu: () = ();
    /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))` (Barron, 2017).
    #[allow(non_upper_case_globals)]
    pub const celu: () = ();
    /// `x P(X <= x)` for a normal `X` (Hendrycks and Gimpel, 2016); by `tanh` if `approximate`.
    #[allow(non_upper_case_globals)]
    pub const gelu: () = ();
    /// `x sigmoid(x)`.
    #[allow(non_upper_case_globals)]
    pub const silu: () = ();
    /// `x hard_sigmoid(x)`.
    #[allow(non_upper_case_globals)]
    pub const hard_silu: () = ();
    /// `1 / (1 + exp(-x))`.
    #[allow(non_upper_case_globals)]
    pub const sigmoid: () = ();
    /// `relu6(x + 3) / 6`.
    #[allow(non_upper_case_globals)]
    pub const hard_sigmoid: () = ();
    /// `log(sigmoid(x))`.
    #[allow(non_upper_case_globals)]
    pub const log_sigmoid: () = ();
    /// 0 below -1, 1 above 1, a line between.
    #[allow(non_upper_case_globals)]
    pub const sparse_sigmoid: () = ();
    /// The hyperbolic tangent.
    #[allow(non_upper_case_globals)]
    pub const tanh: () = ();
    /// `x` within [-1, 1], its bounds outside.
    #[allow(non_upper_case_globals)]
    pub const hard_tanh: () = ();
    /// `x - tanh(x)`.
    #[allow(non_upper_case_globals)]
    pub const tanh_shrink: () = ();
    /// `x` moved by `threshold` towards 0, 0 within.
    #[allow(non_upper_case_globals)]
    pub const soft_shrink: () = ();
    /// `x`, but 0 within `threshold` of 0.
    #[allow(non_upper_case_globals)]
    pub const hard_shrink: () = ();
    /// `x` above `threshold`, else `default_value`.
    #[allow(non_upper_case_globals)]
    pub const threshold: () = ();
    /// `log(1 + exp(x))`.
    #[allow(non_upper_case_globals)]
    pub const softplus: () = ();
    /// 0 below -1, `x` above 1, `(x + 1)^2 / 4` between.
    #[allow(non_upper_case_globals)]
    pub const sparse_plus: () = ();
    /// `(x + sqrt(x^2 + b)) / 2`.
    #[allow(non_upper_case_globals)]
    pub const squareplus: () = ();
    /// `x / (1 + |x|)`.
    #[allow(non_upper_case_globals)]
    pub const softsign: () = ();
    /// `exp(x)`.
    #[allow(non_upper_case_globals)]
    pub const exponential: () = ();
    /// `x tanh(softplus(x))` (Misra, 2019).
    #[allow(non_upper_case_globals)]
    pub const mish: () = ();
    /// `exp(x) / sum(exp(x))` over `axis`.
    #[allow(non_upper_case_globals)]
    pub const softmax: () = ();
    /// `log(softmax(x))` over `axis`.
    #[allow(non_upper_case_globals)]
    pub const log_softmax: () = ();
    /// The first half of `axis`, gated by the sigmoid of the second (Dauphin et al., 2017).
    #[allow(non_upper_case_globals)]
    pub const glu: () = ();
    /// The projection onto the probability simplex (Martins and Astudillo, 2016).
    #[allow(non_upper_case_globals)]
    pub const sparsemax: () = ();
    /// [`silu`].
    #[allow(non_upper_case_globals)]
    pub const swish: () = ();
    /// [`hard_silu`].
    #[allow(non_upper_case_globals)]
    pub const hard_swish: () = ();
}
