//! The layers of [`keras_model!`](crate::keras_model), for reference.

// Generated from the definitions in `keras-macros/src/layers`, and held equal to them by a test there:
// `KERAS_UPDATE=1 cargo test -p keras-macros reference` writes it anew.

/// `input(shape, dtype = f32)`
///
/// What a sequential model takes in. `dense(64, input = 784)` is short for `input([784]) >> dense(64)`.
///
/// Shapes: `→ [batch, shape...]`.
///
/// # Arguments
///
/// - `shape`: a list of sizes such as `[28, 28, 1]`. Shape of one sample.
/// - `dtype`: one of `f32`, `u8`, `i8`, `u32`, `i32` and `i64`, by default `f32`. Type of the elements that the model is given.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn input() {}

/// `dense(units, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// Every output is connected to every input: `activation(x · kernel + bias)`, over the last axis.
///
/// Shapes: `[batch, ..., k] → [batch, ..., units]`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Number of outputs.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[k, units]`
/// - `bias`: `[units]`
pub const fn dense() {}

/// `activation(activation)`
///
/// Applies an activation. `x >> relu` is short for `x >> activation(relu)`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `activation`: an activation such as `relu`. The function.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn activation() {}

/// `masking(mask_value = 0.0)`
///
/// Says that steps which hold nothing but `mask_value` do not count. They become 0.
///
/// Shapes: `[batch, time, k] → the same`.
///
/// # Arguments
///
/// - `mask_value`: a number, by default `0.0`. What a step that does not count is filled with.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn masking() {}

/// `drop_mask()`
///
/// Takes the mask of a sequence away: all of its steps count. (Keras does so silently.)
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn drop_mask() {}

/// `lambda(function)`
///
/// An expression as a layer: `lambda(|x| x * 2.0)`, or `(a, b) >> lambda(|a, b| a - b)`.
///
/// Shapes: `what the expression says`.
///
/// # Arguments
///
/// - `function`: a closure such as `|x| x * 2.0`. The expression.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn lambda() {}

/// `identity()`
///
/// Its input as it is: a place with a name, or nothing where a layer is asked for.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn identity() {}

/// `einsum_dense(equation, output_shape, activation = None, bias_axes = None, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// A dense layer along the axes that an equation names, as in Einstein's notation: `einsum_dense("abc,cd->abd", [-1, 64])` treats each step alike, `"...x,xy->...y"` any leading axes. The first letter is the batch.
///
/// Shapes: `[batch, ...] → [batch, output_shape...]`.
///
/// # Arguments
///
/// - `equation`: a string. The letters of the input's axes, of the kernel's and of the result's: `"ab,bc->ac"`.
/// - `output_shape`: a list of sizes such as `[28, 28, 1]`. The result's sizes without the batch and the axes of `...`; -1 where the input says it.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `bias_axes`: a string, by default `None`. The letters of the result that the bias has; without any there is no bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `kernel`: `[the equation's]`
/// - `bias`: `[sizes of bias_axes...]`
pub const fn einsum_dense() {}

/// `relu(max_value = None, negative_slope = 0.0, threshold = 0.0)`
///
/// `x` above `threshold` and up to `max_value`, `negative_slope * (x - threshold)` below it.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `max_value`: a number, by default `None`. Upper bound.
/// - `negative_slope`: a number, by default `0.0`. Slope below the threshold.
/// - `threshold`: a number, by default `0.0`. Where the activation starts.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn relu() {}

/// `leaky_relu(negative_slope = 0.3)`
///
/// `x` where it is positive, else `negative_slope * x`. (The activation of this name has the slope 0.2.)
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `negative_slope`: a number, by default `0.3`. Slope of the negative part.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn leaky_relu() {}

/// `prelu(alpha_initializer = zeros, alpha_regularizer = None, alpha_constraint = None, shared_axes = None)`
///
/// `x` where it is positive, else `alpha * x` with a slope `alpha` that is learnt for each place, but for `shared_axes` (He et al., 2015).
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `alpha_initializer`: an initializer such as `he_normal`, by default `zeros`. How `alpha` starts.
/// - `alpha_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `alpha`.
/// - `alpha_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `alpha` be.
/// - `shared_axes`: a whole number or a list of them, by default `None`. Axes along which there is one slope, such as `[1, 2]` after a 2-D convolution; the batch is axis 0.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `alpha`: `[the input's sizes, 1 for shared axes]`
pub const fn prelu() {}

/// `elu(alpha = 1.0)`
///
/// `x` where it is positive, else `alpha * (exp(x) - 1)`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `alpha`: a number, by default `1.0`. Scale of the negative part.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn elu() {}

/// `softmax(axis = -1)`
///
/// `exp(x) / sum(exp(x))` along `axis`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn softmax() {}

/// `flatten(data_format = channels_last)`
///
/// Makes one axis of all but the batch.
///
/// Shapes: `[batch, a, b, ...] → [batch, a · b · ...]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn flatten() {}

/// `reshape(target_shape)`
///
/// The same elements in another shape. One size may be -1: it is what the others leave.
///
/// Shapes: `[batch, ...] → [batch, target_shape...]`.
///
/// # Arguments
///
/// - `target_shape`: a list of sizes such as `[28, 28, 1]`. The shape without the batch.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn reshape() {}

/// `permute(dims)`
///
/// The axes in another order. They are counted from 1; the batch stays first.
///
/// Shapes: `[batch, a, b, ...] → [batch, b, a, ...]`.
///
/// # Arguments
///
/// - `dims`: a whole number or a list of them. `[2, 1]` swaps the first two axes.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn permute() {}

/// `transpose(dims)`
///
/// The axes in another order. They are counted from 1; the batch stays first.
///
/// Shapes: `[batch, a, b, ...] → [batch, b, a, ...]`.
///
/// # Arguments
///
/// - `dims`: a whole number or a list of them. `[2, 1]` swaps the first two axes.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn transpose() {}

/// `repeat_vector(n)`
///
/// Repeats a vector `n` times.
///
/// Shapes: `[batch, k] → [batch, n, k]`.
///
/// # Arguments
///
/// - `n`: a whole number of at least 1, or a constant. How often.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn repeat_vector() {}

/// `add()`
///
/// The sum: `(a, b) >> add()`, or `add(a, b)`. As of all merging layers, a step of the result counts if it does in one of the inputs.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn add() {}

/// `multiply()`
///
/// The product, element by element. A step that does not count is a factor of 1.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn multiply() {}

/// `maximum()`
///
/// The greater of the elements, of steps that count.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn maximum() {}

/// `minimum()`
///
/// The lesser of the elements, of steps that count.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn minimum() {}

/// `subtract()`
///
/// The first minus the second.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn subtract() {}

/// `average()`
///
/// The mean of the elements.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average() {}

/// `concatenate(axis = -1)`
///
/// One after another along `axis`: `(a, b) >> concatenate()`, or `concatenate(a, b, axis = 1)`.
///
/// Shapes: `[batch, ..., m], [batch, ..., n] → [batch, ..., m + n]`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis; the batch is axis 0.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn concatenate() {}

/// `dot(axes, normalize = false)`
///
/// Scalar products along `axes` of two tensors, for each sample.
///
/// Shapes: `[batch, m, k], [batch, n, k] with axes = 2 → [batch, m, n]`.
///
/// # Arguments
///
/// - `axes`: a whole number or a list of them. An axis of each, or one for both; the batch is axis 0.
/// - `normalize`: `true` or `false`, by default `false`. Whether to divide by the norms: the cosine.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn dot() {}

/// `batch_dot(axes, normalize = false)`
///
/// Scalar products along `axes` of two tensors, for each sample.
///
/// Shapes: `[batch, m, k], [batch, n, k] with axes = 2 → [batch, m, n]`.
///
/// # Arguments
///
/// - `axes`: a whole number or a list of them. An axis of each, or one for both; the batch is axis 0.
/// - `normalize`: `true` or `false`, by default `false`. Whether to divide by the norms: the cosine.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn batch_dot() {}

/// `embedding(input_dim, output_dim, embeddings_initializer = random_uniform, embeddings_regularizer = None, embeddings_constraint = None, mask_zero = false)`
///
/// A vector for each of `input_dim` whole numbers, such as the indices of words. With `mask_zero`, 0 is no word: its steps do not count for the layers behind it.
///
/// Shapes: `[batch, ...] → [batch, ..., output_dim]`.
///
/// # Arguments
///
/// - `input_dim`: a whole number of at least 1, or a constant. How many numbers there are: 0 to `input_dim - 1`.
/// - `output_dim`: a whole number of at least 1, or a constant. Words of a vector.
/// - `embeddings_initializer`: an initializer such as `he_normal`, by default `random_uniform`. How the vectors start.
/// - `embeddings_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the vectors.
/// - `embeddings_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the vectors be.
/// - `mask_zero`: `true` or `false`, by default `false`. Whether steps that are 0 do not count.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `embeddings`: `[input_dim, output_dim]`
pub const fn embedding() {}

/// `reversible_embedding(input_dim, output_dim, tie_weights = true, embeddings_initializer = random_uniform, embeddings_regularizer = None, embeddings_constraint = None, mask_zero = false, logit_soft_cap = None, reverse = false)`
///
/// An embedding that also goes the other way, from a vector to a number for each word: `let e = reversible_embedding(1000, 64); e(ids) >> .. >> e(reverse = true)`. Both ways use the same vectors (Press and Wolf, 2016), unless `tie_weights = false`.
///
/// Shapes: `[batch, ...] → [batch, ..., output_dim]; `reverse`: [batch, ..., output_dim] → [batch, ..., input_dim]`.
///
/// # Arguments
///
/// - `input_dim`: a whole number of at least 1, or a constant. How many numbers there are: 0 to `input_dim - 1`.
/// - `output_dim`: a whole number of at least 1, or a constant. Words of a vector.
/// - `tie_weights`: `true` or `false`, by default `true`. Whether the way back uses the same vectors.
/// - `embeddings_initializer`: an initializer such as `he_normal`, by default `random_uniform`. How the vectors start.
/// - `embeddings_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the vectors.
/// - `embeddings_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the vectors be.
/// - `mask_zero`: `true` or `false`, by default `false`. Whether steps that are 0 do not count.
/// - `logit_soft_cap`: a number, by default `None`. Keeps the numbers of the way back within this, by `tanh`.
/// - `reverse`: `true` or `false`, by default `false`. Whether this use goes from vectors to numbers of words.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `embeddings`: `[input_dim, output_dim]`
/// - `reverse_embeddings`: `[output_dim, input_dim], without `tie_weights``
pub const fn reversible_embedding() {}

/// `batch_normalization(axis = -1, momentum = 0.99, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, moving_mean_initializer = zeros, moving_variance_initializer = ones, beta_regularizer = None, gamma_regularizer = None, beta_constraint = None, gamma_constraint = None, renorm = false, renorm_clipping = None, renorm_momentum = 0.99, synchronized = false)`
///
/// While training, mean 0 and variance 1 over the batch for each place of `axis`, then `gamma` and `beta`; elsewhere by moving averages of mean and variance (Ioffe and Szegedy, 2015). With `trainable = false` always by the averages, which then stay. Steps that do not count are left out of the statistics. With `renorm`, what training gives is corrected towards what the averages would (Ioffe, 2017).
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number, by default `-1`. The axis of the features; the batch is axis 0.
/// - `momentum`: a number, by default `0.99`. The share of the moving averages that a step keeps.
/// - `epsilon`: a number, by default `0.001`. Keeps the root in range.
/// - `center`: `true` or `false`, by default `true`. Whether to add `beta`.
/// - `scale`: `true` or `false`, by default `true`. Whether to multiply by `gamma`.
/// - `beta_initializer`: an initializer such as `he_normal`, by default `zeros`. How `beta` starts.
/// - `gamma_initializer`: an initializer such as `he_normal`, by default `ones`. How `gamma` starts.
/// - `moving_mean_initializer`: an initializer such as `he_normal`, by default `zeros`. How the average of means starts.
/// - `moving_variance_initializer`: an initializer such as `he_normal`, by default `ones`. How the average of variances starts.
/// - `beta_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `beta`.
/// - `gamma_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `gamma`.
/// - `beta_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `beta` be.
/// - `gamma_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `gamma` be.
/// - `renorm`: `true` or `false`, by default `false`. Whether training normalises as the averages would, which gradients take for numbers.
/// - `renorm_clipping`: bounds such as `clipping(rmin = 0.3, rmax = 3.0, dmax = 5.0)`, by default `None`. How far: bounds of the factor (`rmin`, `rmax`) and of the shift (`dmax`).
/// - `renorm_momentum`: a number, by default `0.99`. The share that a step keeps of the averages that training is corrected by.
/// - `synchronized`: `true` or `false`, by default `false`. Of no effect: the whole batch is on one device.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `gamma`: `[features]`
/// - `beta`: `[features]`
/// - `moving_mean`: `[features], not trained`
/// - `moving_variance`: `[features], not trained`
/// - `moving_stddev`: `[features], not trained; with `renorm``
/// - `renorm_mean`: `[features], not trained; with `renorm``
/// - `renorm_stddev`: `[features], not trained; with `renorm``
pub const fn batch_normalization() {}

/// `layer_normalization(axis = -1, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, beta_regularizer = None, gamma_regularizer = None, beta_constraint = None, gamma_constraint = None, rms_scaling = false)`
///
/// Mean 0 and variance 1 over `axis` of each sample, then `gamma` and `beta` (Ba et al., 2016).
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number or a list of them, by default `-1`. The axes to normalise over; the batch is axis 0.
/// - `epsilon`: a number, by default `0.001`. Keeps the root in range.
/// - `center`: `true` or `false`, by default `true`. Whether to add `beta`.
/// - `scale`: `true` or `false`, by default `true`. Whether to multiply by `gamma`.
/// - `beta_initializer`: an initializer such as `he_normal`, by default `zeros`. How `beta` starts.
/// - `gamma_initializer`: an initializer such as `he_normal`, by default `ones`. How `gamma` starts.
/// - `beta_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `beta`.
/// - `gamma_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `gamma`.
/// - `beta_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `beta` be.
/// - `gamma_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `gamma` be.
/// - `rms_scaling`: `true` or `false`, by default `false`. Whether only to divide by the deviation and to scale.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `gamma`: `[sizes of axis...]`
/// - `beta`: `[sizes of axis...]`
pub const fn layer_normalization() {}

/// `group_normalization(groups = 32, axis = -1, epsilon = 0.001, center = true, scale = true, beta_initializer = zeros, gamma_initializer = ones, beta_regularizer = None, gamma_regularizer = None, beta_constraint = None, gamma_constraint = None)`
///
/// Mean 0 and variance 1 over groups of channels of each sample, then `gamma` and `beta` (Wu and He, 2018). `groups = -1`: each channel by itself.
///
/// Shapes: `[batch, ..., channels], unchanged`.
///
/// # Arguments
///
/// - `groups`: a whole number, by default `32`. How many groups the channels make.
/// - `axis`: a whole number, by default `-1`. The axis of the channels; the batch is axis 0.
/// - `epsilon`: a number, by default `0.001`. Keeps the root in range.
/// - `center`: `true` or `false`, by default `true`. Whether to add `beta`.
/// - `scale`: `true` or `false`, by default `true`. Whether to multiply by `gamma`.
/// - `beta_initializer`: an initializer such as `he_normal`, by default `zeros`. How `beta` starts.
/// - `gamma_initializer`: an initializer such as `he_normal`, by default `ones`. How `gamma` starts.
/// - `beta_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `beta`.
/// - `gamma_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for `gamma`.
/// - `beta_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `beta` be.
/// - `gamma_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes `gamma` be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `gamma`: `[channels]`
/// - `beta`: `[channels]`
pub const fn group_normalization() {}

/// `rms_normalization(axis = -1, epsilon = 0.000001)`
///
/// Divides by the root mean square over `axis`, then multiplies by `scale` (Zhang and Sennrich, 2019).
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number or a list of them, by default `-1`. The axes to normalise over; the batch is axis 0.
/// - `epsilon`: a number, by default `0.000001`. Keeps the root in range.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `scale`: `[sizes of axis...]`
pub const fn rms_normalization() {}

/// `unit_normalization(axis = -1)`
///
/// Divides by the Euclidean norm over `axis`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number or a list of them, by default `-1`. The axes of the norm; the batch is axis 0.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn unit_normalization() {}

/// `attention(use_scale = false, score_mode = dot, dropout = 0.0, seed = None, use_causal_mask = false)`
///
/// A mean of the values, weighted by the softmax of the products of a query with the keys (Luong et al., 2015): `(query, value) >> attention()`, or `(query, value, key) >> attention()`. Masks are those that query and value come with, or, in their place, a fourth and a fifth operand: which steps of the query and of the value count.
///
/// Shapes: `[batch, m, d], [batch, n, d] → [batch, m, d]`.
///
/// # Arguments
///
/// - `use_scale`: `true` or `false`, by default `false`. Whether to learn a factor of the scores.
/// - `score_mode`: one of `dot` and `concat`, by default `dot`. Products, or `tanh` of sums.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the attention weights to drop.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `use_causal_mask`: `true` or `false`, by default `false`. Whether a step of the query sees only the steps of the value up to its own.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `scale`: `[]`
/// - `concat_score_weight`: `[]`
pub const fn attention() {}

/// `additive_attention(use_scale = true, dropout = 0.0, seed = None, use_causal_mask = false)`
///
/// Attention by `sum(scale * tanh(query + key))` (Bahdanau et al., 2014), with operands as `attention` has them.
///
/// Shapes: `[batch, m, d], [batch, n, d] → [batch, m, d]`.
///
/// # Arguments
///
/// - `use_scale`: `true` or `false`, by default `true`. Whether to learn the scale.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the attention weights to drop.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `use_causal_mask`: `true` or `false`, by default `false`. Whether a step of the query sees only the steps of the value up to its own.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `scale`: `[d]`
pub const fn additive_attention() {}

/// `multi_head_attention(num_heads, key_dim, value_dim = None, dropout = 0.0, use_bias = true, output_shape = None, attention_axes = None, sliding_window = None, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None, use_gate = false, seed = None, use_causal_mask = false)`
///
/// Several attentions side by side, each with projections of its own (Vaswani et al., 2017): `(query, value) >> multi_head_attention(8, 64)`, or `(query, value, key) >> ..`. Steps may have several axes, such as those of an image: a step of the query looks at all steps of `attention_axes`, at the same place of the others. A fourth operand is Keras's `attention_mask`, `[batch, m, n]`: where it is 0, that step of the query does not see that step of the value.
///
/// Shapes: `[batch, m, d], [batch, n, e] → [batch, m, d]; several axes of steps: [batch, ..., m, d], [batch, ..., n, e] → [batch, ..., m, d]`.
///
/// # Arguments
///
/// - `num_heads`: a whole number of at least 1, or a constant. How many attentions there are.
/// - `key_dim`: a whole number of at least 1, or a constant. Size of a head's queries and keys.
/// - `value_dim`: a whole number of at least 1, or a constant, by default `None`. Size of a head's values; `key_dim` if it is not given.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the attention weights to drop.
/// - `use_bias`: `true` or `false`, by default `true`. Whether projections add a bias.
/// - `output_shape`: a whole number of at least 1, or a constant, by default `None`. Size of the result; that of the query if it is not given.
/// - `attention_axes`: a whole number or a list of them, by default `None`. The axes of steps to look at, all of them if they are not given; the batch is axis 0.
/// - `sliding_window`: a whole number of at least 1, or a constant, by default `None`. A step of the query sees only steps of the value that are fewer than this from its own, on either side.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernels start.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the biases start.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the biases.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the biases be.
/// - `use_gate`: `true` or `false`, by default `false`. Whether what is found is multiplied by the `sigmoid` of a projection of the query.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `use_causal_mask`: `true` or `false`, by default `false`. Whether a step of the query sees only the steps of the value up to its own.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `query/kernel`: `[d, num_heads, key_dim]`
/// - `query/bias`: `[num_heads, key_dim]`
/// - `key/kernel`: `[e, num_heads, key_dim]`
/// - `key/bias`: `[num_heads, key_dim]`
/// - `gate/kernel`: `[d, num_heads, value_dim]`
/// - `gate/bias`: `[num_heads, value_dim]`
/// - `value/kernel`: `[e, num_heads, value_dim]`
/// - `value/bias`: `[num_heads, value_dim]`
/// - `attention_output/kernel`: `[num_heads, value_dim, d]`
/// - `attention_output/bias`: `[d]`
pub const fn multi_head_attention() {}

/// `group_query_attention(head_dim, num_query_heads, num_key_value_heads, dropout = 0.0, use_bias = true, sliding_window = None, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None, use_gate = false, seed = None, use_causal_mask = false)`
///
/// Attention with several heads of queries for each head of keys and values (Ainslie et al., 2023), with operands as `multi_head_attention` has them.
///
/// Shapes: `[batch, m, d], [batch, n, e] → [batch, m, d]`.
///
/// # Arguments
///
/// - `head_dim`: a whole number of at least 1, or a constant. Size of a head.
/// - `num_query_heads`: a whole number of at least 1, or a constant. Heads of queries.
/// - `num_key_value_heads`: a whole number of at least 1, or a constant. Heads of keys and values: a divisor of that.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the attention weights to drop.
/// - `use_bias`: `true` or `false`, by default `true`. Whether projections add a bias.
/// - `sliding_window`: a whole number of at least 1, or a constant, by default `None`. A step of the query sees only steps of the value that are fewer than this from its own, on either side.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernels start.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the biases start.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the biases.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the biases be.
/// - `use_gate`: `true` or `false`, by default `false`. Whether what is found is multiplied by the `sigmoid` of a projection of the query.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `use_causal_mask`: `true` or `false`, by default `false`. Whether a step of the query sees only the steps of the value up to its own.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `query/kernel`: `[d, num_query_heads, head_dim]`
/// - `query/bias`: `[num_query_heads, head_dim]`
/// - `key/kernel`: `[e, num_key_value_heads, head_dim]`
/// - `key/bias`: `[num_key_value_heads, head_dim]`
/// - `gate/kernel`: `[d, num_query_heads, head_dim]`
/// - `gate/bias`: `[num_query_heads, head_dim]`
/// - `value/kernel`: `[e, num_key_value_heads, head_dim]`
/// - `value/bias`: `[num_key_value_heads, head_dim]`
/// - `attention_output/kernel`: `[num_query_heads, head_dim, d]`
/// - `attention_output/bias`: `[d]`
pub const fn group_query_attention() {}

/// `grouped_query_attention(head_dim, num_query_heads, num_key_value_heads, dropout = 0.0, use_bias = true, sliding_window = None, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None, use_gate = false, seed = None, use_causal_mask = false)`
///
/// Attention with several heads of queries for each head of keys and values (Ainslie et al., 2023), with operands as `multi_head_attention` has them.
///
/// Shapes: `[batch, m, d], [batch, n, e] → [batch, m, d]`.
///
/// # Arguments
///
/// - `head_dim`: a whole number of at least 1, or a constant. Size of a head.
/// - `num_query_heads`: a whole number of at least 1, or a constant. Heads of queries.
/// - `num_key_value_heads`: a whole number of at least 1, or a constant. Heads of keys and values: a divisor of that.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the attention weights to drop.
/// - `use_bias`: `true` or `false`, by default `true`. Whether projections add a bias.
/// - `sliding_window`: a whole number of at least 1, or a constant, by default `None`. A step of the query sees only steps of the value that are fewer than this from its own, on either side.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernels start.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the biases start.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the biases.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the biases be.
/// - `use_gate`: `true` or `false`, by default `false`. Whether what is found is multiplied by the `sigmoid` of a projection of the query.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `use_causal_mask`: `true` or `false`, by default `false`. Whether a step of the query sees only the steps of the value up to its own.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `query/kernel`: `[d, num_query_heads, head_dim]`
/// - `query/bias`: `[num_query_heads, head_dim]`
/// - `key/kernel`: `[e, num_key_value_heads, head_dim]`
/// - `key/bias`: `[num_key_value_heads, head_dim]`
/// - `gate/kernel`: `[d, num_query_heads, head_dim]`
/// - `gate/bias`: `[num_query_heads, head_dim]`
/// - `value/kernel`: `[e, num_key_value_heads, head_dim]`
/// - `value/bias`: `[num_key_value_heads, head_dim]`
/// - `attention_output/kernel`: `[num_query_heads, head_dim, d]`
/// - `attention_output/bias`: `[d]`
pub const fn grouped_query_attention() {}

/// `conv1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid`, `same` and `causal`, by default `valid`. `same` puts zeros around the input, so that with strides of 1 the result is as long; `causal` puts them before it, so that no step sees a later one.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv1d() {}

/// `convolution1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid`, `same` and `causal`, by default `valid`. `same` puts zeros around the input, so that with strides of 1 the result is as long; `causal` puts them before it, so that no step sees a later one.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn convolution1d() {}

/// `conv_1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid`, `same` and `causal`, by default `valid`. `same` puts zeros around the input, so that with strides of 1 the result is as long; `causal` puts them before it, so that no step sees a later one.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv_1d() {}

/// `conv2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv2d() {}

/// `convolution2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn convolution2d() {}

/// `conv_2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv_2d() {}

/// `conv3d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv3d() {}

/// `convolution3d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn convolution3d() {}

/// `conv_3d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, groups = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The product of every window with one kernel: `activation(windows · kernel + bias)`.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `groups`: a whole number, by default `1`. Parts of the channels that are convolved apart, each to its part of the filters.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels / groups, filters]`
/// - `bias`: `[filters]`
pub const fn conv_3d() {}

/// `conv1d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv1d_transpose() {}

/// `convolution1d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn convolution1d_transpose() {}

/// `conv_1d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv_1d_transpose() {}

/// `conv2d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv2d_transpose() {}

/// `convolution2d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn convolution2d_transpose() {}

/// `conv_2d_transpose(filters, kernel_size, strides = 1, padding = valid, output_padding = None, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv_2d_transpose() {}

/// `conv3d_transpose(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, output_padding = None, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv3d_transpose() {}

/// `convolution3d_transpose(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, output_padding = None, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn convolution3d_transpose() {}

/// `conv_3d_transpose(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, output_padding = None, dilation_rate = 1, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// The way back from a convolution: every place becomes a window, and windows that overlap add up.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `output_padding`: a whole number or a list of them, by default `None`. Places that the result has at its end beyond what it needs, for all axes or for each.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., filters, channels]`
/// - `bias`: `[filters]`
pub const fn conv_3d_transpose() {}

/// `depthwise_conv1d(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, with `depth_multiplier` kernels of its own.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels * depth_multiplier]`.
///
/// # Arguments
///
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `bias`: `[channels * depth_multiplier]`
pub const fn depthwise_conv1d() {}

/// `depthwise_conv_1d(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, with `depth_multiplier` kernels of its own.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels * depth_multiplier]`.
///
/// # Arguments
///
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `bias`: `[channels * depth_multiplier]`
pub const fn depthwise_conv_1d() {}

/// `depthwise_conv2d(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, with `depth_multiplier` kernels of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels * depth_multiplier]`.
///
/// # Arguments
///
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `bias`: `[channels * depth_multiplier]`
pub const fn depthwise_conv2d() {}

/// `depthwise_conv_2d(kernel_size, strides = 1, padding = valid, depth_multiplier = 1, data_format = channels_last, dilation_rate = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, with `depth_multiplier` kernels of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels * depth_multiplier]`.
///
/// # Arguments
///
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `bias`: `[channels * depth_multiplier]`
pub const fn depthwise_conv_2d() {}

/// `separable_conv1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_conv1d() {}

/// `separable_convolution1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_convolution1d() {}

/// `separable_conv_1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_conv_1d() {}

/// `separable_conv2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_conv2d() {}

/// `separable_convolution2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_convolution2d() {}

/// `separable_conv_2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, depth_multiplier = 1, activation = None, use_bias = true, depthwise_initializer = glorot_uniform, pointwise_initializer = glorot_uniform, bias_initializer = zeros, depthwise_regularizer = None, pointwise_regularizer = None, bias_regularizer = None, activity_regularizer = None, depthwise_constraint = None, pointwise_constraint = None, bias_constraint = None)`
///
/// Convolves every channel by itself, then mixes the channels of each place.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `depth_multiplier`: a whole number of at least 1, or a constant, by default `1`. Channels that each channel of the input gives.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `depthwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel of each channel starts.
/// - `pointwise_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel across channels starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `depthwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel of each channel.
/// - `pointwise_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel across channels.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `depthwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel of each channel be.
/// - `pointwise_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel across channels be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `depthwise_kernel`: `[kernel_size..., channels, depth_multiplier]`
/// - `pointwise_kernel`: `[1..., channels * depth_multiplier, filters]`
/// - `bias`: `[filters]`
pub const fn separable_conv_2d() {}

/// `locally_connected1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// A convolution in which every window has a kernel of its own (Keras 2).
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: `valid`, by default `valid`. Windows lie within the input.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[windows, kernel_size * channels, filters]`
/// - `bias`: `[windows..., filters]`
pub const fn locally_connected1d() {}

/// `locally_connected_1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// A convolution in which every window has a kernel of its own (Keras 2).
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: `valid`, by default `valid`. Windows lie within the input.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[windows, kernel_size * channels, filters]`
/// - `bias`: `[windows..., filters]`
pub const fn locally_connected_1d() {}

/// `locally_connected2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// A convolution in which every window has a kernel of its own (Keras 2).
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: `valid`, by default `valid`. Windows lie within the input.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[windows, kernel_size * channels, filters]`
/// - `bias`: `[windows..., filters]`
pub const fn locally_connected2d() {}

/// `locally_connected_2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, activation = None, use_bias = true, kernel_initializer = glorot_uniform, bias_initializer = zeros, kernel_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, bias_constraint = None)`
///
/// A convolution in which every window has a kernel of its own (Keras 2).
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: `valid`, by default `valid`. Windows lie within the input.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `activation`: an activation such as `relu`, by default `None`. Function of the result.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[windows, kernel_size * channels, filters]`
/// - `bias`: `[windows..., filters]`
pub const fn locally_connected_2d() {}

/// `max_pooling1d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling1d() {}

/// `max_pool1d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pool1d() {}

/// `max_pooling_1d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling_1d() {}

/// `average_pooling1d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling1d() {}

/// `avg_pool1d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn avg_pool1d() {}

/// `average_pooling_1d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, steps, channels] → [batch, new steps, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling_1d() {}

/// `global_max_pooling1d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling1d() {}

/// `global_max_pool1d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pool1d() {}

/// `global_max_pooling_1d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling_1d() {}

/// `global_average_pooling1d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling1d() {}

/// `global_avg_pool1d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_avg_pool1d() {}

/// `global_average_pooling_1d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, steps, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling_1d() {}

/// `adaptive_max_pooling1d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, steps, channels] → [batch, output_size, channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling1d() {}

/// `adaptive_max_pooling_1d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, steps, channels] → [batch, output_size, channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling_1d() {}

/// `adaptive_average_pooling1d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, steps, channels] → [batch, output_size, channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling1d() {}

/// `adaptive_average_pooling_1d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, steps, channels] → [batch, output_size, channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling_1d() {}

/// `max_pooling2d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling2d() {}

/// `max_pool2d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pool2d() {}

/// `max_pooling_2d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling_2d() {}

/// `average_pooling2d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling2d() {}

/// `avg_pool2d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn avg_pool2d() {}

/// `average_pooling_2d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, height, width, channels] → [batch, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling_2d() {}

/// `global_max_pooling2d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling2d() {}

/// `global_max_pool2d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pool2d() {}

/// `global_max_pooling_2d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling_2d() {}

/// `global_average_pooling2d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling2d() {}

/// `global_avg_pool2d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_avg_pool2d() {}

/// `global_average_pooling_2d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling_2d() {}

/// `adaptive_max_pooling2d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling2d() {}

/// `adaptive_max_pooling_2d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling_2d() {}

/// `adaptive_average_pooling2d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling2d() {}

/// `adaptive_average_pooling_2d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling_2d() {}

/// `max_pooling3d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling3d() {}

/// `max_pool3d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pool3d() {}

/// `max_pooling_3d(pool_size = 2, strides = None, padding = valid, data_format = channels_last)`
///
/// The greatest element of each window, channel by channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them, by default `2`. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn max_pooling_3d() {}

/// `average_pooling3d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling3d() {}

/// `avg_pool3d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn avg_pool3d() {}

/// `average_pooling_3d(pool_size, strides = None, padding = valid, data_format = channels_last)`
///
/// The mean of each window, channel by channel. What `padding = same` adds does not count.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, new depth, new height, new width, channels]`.
///
/// # Arguments
///
/// - `pool_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `None`. Places from one window to the next, for all axes or for each. By default as many as a window has.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn average_pooling_3d() {}

/// `global_max_pooling3d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling3d() {}

/// `global_max_pool3d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pool3d() {}

/// `global_max_pooling_3d(data_format = channels_last, keepdims = false)`
///
/// The greatest element of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_max_pooling_3d() {}

/// `global_average_pooling3d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling3d() {}

/// `global_avg_pool3d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_avg_pool3d() {}

/// `global_average_pooling_3d(data_format = channels_last, keepdims = false)`
///
/// The mean of each channel.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, channels]`.
///
/// # Arguments
///
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `keepdims`: `true` or `false`, by default `false`. Whether the axes stay, with one place each.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn global_average_pooling_3d() {}

/// `adaptive_max_pooling3d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling3d() {}

/// `adaptive_max_pooling_3d(output_size, data_format = channels_last)`
///
/// The greatest element of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_max_pooling_3d() {}

/// `adaptive_average_pooling3d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling3d() {}

/// `adaptive_average_pooling_3d(output_size, data_format = channels_last)`
///
/// The mean of each of `output_size` parts of equal size, which overlap where they must.
///
/// Shapes: `[batch, depth, height, width, channels] → [batch, output_size..., channels]`.
///
/// # Arguments
///
/// - `output_size`: a whole number or a list of them. Places of the result, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn adaptive_average_pooling_3d() {}

/// `zero_padding1d(padding = 1, data_format = channels_last)`
///
/// Puts zeros before and behind a sequence.
///
/// Shapes: `[batch, steps, channels] → [batch, left + steps + right, channels]`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places at both ends, or `(left, right)`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding1d() {}

/// `zero_padding_1d(padding = 1, data_format = channels_last)`
///
/// Puts zeros before and behind a sequence.
///
/// Shapes: `[batch, steps, channels] → [batch, left + steps + right, channels]`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places at both ends, or `(left, right)`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding_1d() {}

/// `zero_padding2d(padding = 1, data_format = channels_last)`
///
/// Puts zeros around an image.
///
/// Shapes: `[batch, height, width, channels] → [batch, top + height + bottom, left + width + right, channels]`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, `(height, width)`, or `((top, bottom), (left, right))`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding2d() {}

/// `zero_padding_2d(padding = 1, data_format = channels_last)`
///
/// Puts zeros around an image.
///
/// Shapes: `[batch, height, width, channels] → [batch, top + height + bottom, left + width + right, channels]`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, `(height, width)`, or `((top, bottom), (left, right))`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding_2d() {}

/// `zero_padding3d(padding = 1, data_format = channels_last)`
///
/// Puts zeros around a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, larger`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, a number for each axis, or a pair for each axis.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding3d() {}

/// `zero_padding_3d(padding = 1, data_format = channels_last)`
///
/// Puts zeros around a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, larger`.
///
/// # Arguments
///
/// - `padding`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, a number for each axis, or a pair for each axis.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn zero_padding_3d() {}

/// `cropping1d(cropping = 1, data_format = channels_last)`
///
/// Cuts steps off the ends of a sequence.
///
/// Shapes: `[batch, steps, channels] → [batch, steps - left - right, channels]`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places at both ends, or `(left, right)`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping1d() {}

/// `cropping_1d(cropping = 1, data_format = channels_last)`
///
/// Cuts steps off the ends of a sequence.
///
/// Shapes: `[batch, steps, channels] → [batch, steps - left - right, channels]`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places at both ends, or `(left, right)`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping_1d() {}

/// `cropping2d(cropping = 0, data_format = channels_last)`
///
/// Cuts off the sides of an image.
///
/// Shapes: `[batch, height, width, channels] → [batch, height - top - bottom, width - left - right, channels]`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `0`. Places on all sides, `(height, width)`, or `((top, bottom), (left, right))`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping2d() {}

/// `cropping_2d(cropping = 0, data_format = channels_last)`
///
/// Cuts off the sides of an image.
///
/// Shapes: `[batch, height, width, channels] → [batch, height - top - bottom, width - left - right, channels]`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `0`. Places on all sides, `(height, width)`, or `((top, bottom), (left, right))`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping_2d() {}

/// `cropping3d(cropping = 1, data_format = channels_last)`
///
/// Cuts off the sides of a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, smaller`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, a number for each axis, or a pair for each axis.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping3d() {}

/// `cropping_3d(cropping = 1, data_format = channels_last)`
///
/// Cuts off the sides of a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, smaller`.
///
/// # Arguments
///
/// - `cropping`: a whole number, a list of them, or a list of pairs of them, by default `1`. Places on all sides, a number for each axis, or a pair for each axis.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn cropping_3d() {}

/// `up_sampling1d(size = 2)`
///
/// Repeats each step.
///
/// Shapes: `[batch, steps, channels] → [batch, size * steps, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn up_sampling1d() {}

/// `upsampling1d(size = 2)`
///
/// Repeats each step.
///
/// Shapes: `[batch, steps, channels] → [batch, size * steps, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling1d() {}

/// `upsampling_1d(size = 2)`
///
/// Repeats each step.
///
/// Shapes: `[batch, steps, channels] → [batch, size * steps, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling_1d() {}

/// `up_sampling2d(size = 2, data_format = channels_last, interpolation = nearest)`
///
/// Makes an image larger: repeats its rows and columns, or interpolates between them.
///
/// Shapes: `[batch, height, width, channels] → [batch, size * height, size * width, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `interpolation`: one of `nearest` and `bilinear`, by default `nearest`. What comes between the places of the input.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn up_sampling2d() {}

/// `upsampling2d(size = 2, data_format = channels_last, interpolation = nearest)`
///
/// Makes an image larger: repeats its rows and columns, or interpolates between them.
///
/// Shapes: `[batch, height, width, channels] → [batch, size * height, size * width, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `interpolation`: one of `nearest` and `bilinear`, by default `nearest`. What comes between the places of the input.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling2d() {}

/// `upsampling_2d(size = 2, data_format = channels_last, interpolation = nearest)`
///
/// Makes an image larger: repeats its rows and columns, or interpolates between them.
///
/// Shapes: `[batch, height, width, channels] → [batch, size * height, size * width, channels]`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `interpolation`: one of `nearest` and `bilinear`, by default `nearest`. What comes between the places of the input.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling_2d() {}

/// `up_sampling3d(size = 2, data_format = channels_last)`
///
/// Repeats the planes, rows and columns of a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, `size` times as large along each axis`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn up_sampling3d() {}

/// `upsampling3d(size = 2, data_format = channels_last)`
///
/// Repeats the planes, rows and columns of a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, `size` times as large along each axis`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling3d() {}

/// `upsampling_3d(size = 2, data_format = channels_last)`
///
/// Repeats the planes, rows and columns of a volume.
///
/// Shapes: `[batch, depth, height, width, channels] → the same, `size` times as large along each axis`.
///
/// # Arguments
///
/// - `size`: a whole number or a list of them, by default `2`. How often, for all axes or for each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn upsampling_3d() {}

/// `simple_rnn(units, activation = tanh, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, seed = None, zero_output_for_mask = false)`
///
/// `h = activation(x · kernel + h · recurrent_kernel + bias)` for each step. Initial states are further inputs: `(x, h) >> simple_rnn(32)`.
///
/// Shapes: `[batch, time, k] → [batch, units], or [batch, time, units]`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[k, units]`
/// - `recurrent_kernel`: `[units, units]`
/// - `bias`: `[units]`
pub const fn simple_rnn() {}

/// `lstm(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, zero_output_for_mask = false)`
///
/// Long short-term memory (Hochreiter and Schmidhuber, 1997): a cell state behind gates for input, forgetting and output, which lie in this order `i, f, c, o` in the weights. Initial states are further inputs: `(x, h, c) >> lstm(32)`.
///
/// Shapes: `[batch, time, k] → [batch, units], or [batch, time, units]`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `unit_forget_bias`: `true` or `false`, by default `true`. Whether the bias of the forget gate starts as 1.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[k, 4 · units]`
/// - `recurrent_kernel`: `[units, 4 · units]`
/// - `bias`: `[4 · units]`
pub const fn lstm() {}

/// `gru(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, reset_after = true, zero_output_for_mask = false)`
///
/// Gated recurrent unit (Cho et al., 2014): gates for update and reset, which lie in this order `z, r, h` in the weights. `reset_after` resets behind the recurrent product rather than before it. The initial state is a further input: `(x, h) >> gru(32)`.
///
/// Shapes: `[batch, time, k] → [batch, units], or [batch, time, units]`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
/// - `reset_after`: `true` or `false`, by default `true`. Whether to reset behind the recurrent product.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[k, 3 · units]`
/// - `recurrent_kernel`: `[units, 3 · units]`
/// - `bias`: `[2, 3 · units], or [3 · units] without reset_after`
pub const fn gru() {}

/// `simple_rnn_cell(units, activation = tanh, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None)`
///
/// One step of `simple_rnn`: `let (y, h) = (x, h) >> simple_rnn_cell(32)`, in a `cell` of one's own or in `rnn(..)`.
///
/// Shapes: `[batch, k], and states of [batch, units] → [batch, units], and as many states`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `kernel`: `[k, units]`
/// - `recurrent_kernel`: `[units, units]`
/// - `bias`: `[units]`
pub const fn simple_rnn_cell() {}

/// `lstm_cell(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None)`
///
/// One step of `lstm`: `let (y, h, c) = (x, h, c) >> lstm_cell(32)`, in a `cell` of one's own or in `rnn(..)`.
///
/// Shapes: `[batch, k], and states of [batch, units] → [batch, units], and as many states`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `unit_forget_bias`: `true` or `false`, by default `true`. Whether the bias of the forget gate starts as 1.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `kernel`: `[k, 4 · units]`
/// - `recurrent_kernel`: `[units, 4 · units]`
/// - `bias`: `[4 · units]`
pub const fn lstm_cell() {}

/// `gru_cell(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, reset_after = true, seed = None)`
///
/// One step of `gru`: `let (y, h) = (x, h) >> gru_cell(32)`, in a `cell` of one's own or in `rnn(..)`.
///
/// Shapes: `[batch, k], and states of [batch, units] → [batch, units], and as many states`.
///
/// # Arguments
///
/// - `units`: a whole number of at least 1, or a constant. Size of the state, and of the output.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `reset_after`: `true` or `false`, by default `true`. Whether to reset behind the recurrent product.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `kernel`: `[k, 3 · units]`
/// - `recurrent_kernel`: `[units, 3 · units]`
/// - `bias`: `[2, 3 · units], or [3 · units] without reset_after`
pub const fn gru_cell() {}

/// `rnn(cell, return_sequences = false, return_state = false, go_backwards = false, stateful = false, unroll = false, zero_output_for_mask = false)`
///
/// A cell for each step of a sequence: `rnn(lstm_cell(32))`, several, each on the output of the one before it: `rnn([lstm_cell(32), gru_cell(16)])`, or a `cell` of one's own. Initial states are further inputs.
///
/// Shapes: `[batch, time, ...] → what the cell gives, or [batch, time, ...] of it`.
///
/// # Arguments
///
/// - `cell`: a layer such as `dense(64)`. A cell, or a list of cells.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn rnn() {}

/// `stacked_rnn_cells(cells)`
///
/// One step of several cells, each on the output of the one before it; their states follow the input in order: `let (y, h, c, g) = (x, h, c, g) >> stacked_rnn_cells([lstm_cell(32), gru_cell(16)])`.
///
/// Shapes: `[batch, k], and all states → what the last cell gives, and all states`.
///
/// # Arguments
///
/// - `cells`: a layer such as `dense(64)`. A list of cells.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn stacked_rnn_cells() {}

/// `conv_lstm1d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None, return_sequences = false, return_state = false, go_backwards = false, stateful = false, zero_output_for_mask = false)`
///
/// `lstm` over images or the like, with convolutions for products (Shi et al., 2015). The gates lie side by side in the weights, in the order `i, f, c, o`. Initial states are further inputs, of the shape of the output.
///
/// Shapes: `[batch, time, steps, channels] → [batch, new steps, filters], or [batch, time, new steps, filters]`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `unit_forget_bias`: `true` or `false`, by default `true`. Whether the bias of the forget gate starts as 1.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[...kernel_size, channels, 4 · filters]`
/// - `recurrent_kernel`: `[...kernel_size, filters, 4 · filters]`
/// - `bias`: `[4 · filters]`
pub const fn conv_lstm1d() {}

/// `conv_lstm2d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None, return_sequences = false, return_state = false, go_backwards = false, stateful = false, zero_output_for_mask = false)`
///
/// `lstm` over images or the like, with convolutions for products (Shi et al., 2015). The gates lie side by side in the weights, in the order `i, f, c, o`. Initial states are further inputs, of the shape of the output.
///
/// Shapes: `[batch, time, height, width, channels] → [batch, new height, new width, filters], or with time`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `unit_forget_bias`: `true` or `false`, by default `true`. Whether the bias of the forget gate starts as 1.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[...kernel_size, channels, 4 · filters]`
/// - `recurrent_kernel`: `[...kernel_size, filters, 4 · filters]`
/// - `bias`: `[4 · filters]`
pub const fn conv_lstm2d() {}

/// `conv_lstm3d(filters, kernel_size, strides = 1, padding = valid, data_format = channels_last, dilation_rate = 1, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, seed = None, return_sequences = false, return_state = false, go_backwards = false, stateful = false, zero_output_for_mask = false)`
///
/// `lstm` over images or the like, with convolutions for products (Shi et al., 2015). The gates lie side by side in the weights, in the order `i, f, c, o`. Initial states are further inputs, of the shape of the output.
///
/// Shapes: `[batch, time, depth, height, width, channels] → [batch, ...new sizes, filters], or with time`.
///
/// # Arguments
///
/// - `filters`: a whole number of at least 1, or a constant. Number of channels of the result.
/// - `kernel_size`: a whole number or a list of them. Places of a window, for all axes or for each.
/// - `strides`: a whole number or a list of them, by default `1`. Places from one window to the next, for all axes or for each.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `dilation_rate`: a whole number or a list of them, by default `1`. Places from one element of a window to the next, for all axes or for each.
/// - `activation`: an activation such as `relu`, by default `tanh`. Function of the new content.
/// - `recurrent_activation`: an activation such as `relu`, by default `sigmoid`. Function of the gates.
/// - `use_bias`: `true` or `false`, by default `true`. Whether to add a bias.
/// - `kernel_initializer`: an initializer such as `he_normal`, by default `glorot_uniform`. How the kernel starts.
/// - `recurrent_initializer`: an initializer such as `he_normal`, by default `orthogonal`. How the recurrent kernel starts.
/// - `bias_initializer`: an initializer such as `he_normal`, by default `zeros`. How the bias starts.
/// - `unit_forget_bias`: `true` or `false`, by default `true`. Whether the bias of the forget gate starts as 1.
/// - `kernel_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the kernel.
/// - `recurrent_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the recurrent kernel.
/// - `bias_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the bias.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
/// - `kernel_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the kernel be.
/// - `recurrent_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the recurrent kernel be.
/// - `bias_constraint`: a constraint such as `max_norm(2.0)`, by default `None`. What each step makes the bias be.
/// - `dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the inputs to drop, the same in every step.
/// - `recurrent_dropout`: a number in `[0, 1)`, by default `0.0`. The fraction of the state to drop, the same in every step.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `stateful`: `true` or `false`, by default `false`. Whether sample `i` of a batch goes on from the state that sample `i` of the batch before it left. `reset_states()` of the model begins anew.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
///
/// # Weights
///
/// - `kernel`: `[...kernel_size, channels, 4 · filters]`
/// - `recurrent_kernel`: `[...kernel_size, filters, 4 · filters]`
/// - `bias`: `[4 · filters]`
pub const fn conv_lstm3d() {}

/// `bidirectional(layer, merge_mode = concat, backward_layer = None)`
///
/// A recurrent layer twice, from the first step on and from the last, and what both give put together. Initial states, those of the first before those of the second, are further inputs.
///
/// Shapes: `[batch, time, k] → what the layer gives, with twice the units if `merge_mode = concat``.
///
/// # Arguments
///
/// - `layer`: a layer such as `dense(64)`. A recurrent layer.
/// - `merge_mode`: one of `concat`, `sum`, `mul`, `ave` and `none`, by default `concat`. How both results become one; `none` gives both.
/// - `backward_layer`: a layer such as `dense(64)`, by default `None`. Another layer for the way back.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn bidirectional() {}

/// `time_distributed(layer)`
///
/// Layers, with the same weights, for each step of a sequence; a step may itself be a sequence, and the layers recurrent. A mask of the steps goes on to the result; one of the steps within each step goes to the layers.
///
/// Shapes: `[batch, time, ...] → [batch, time, ...what the layers make of a step]`.
///
/// # Arguments
///
/// - `layer`: a layer such as `dense(64)`. What is applied to a step.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn time_distributed() {}

/// `spectral_normalization(layer, power_iterations = 1)`
///
/// A layer whose kernel, as a matrix with a column for each unit, has singular values of at most about 1 (Miyato et al., 2018). Every training pass divides it by its greatest one, which `power_iterations` from those of the pass before estimate. As Keras does it on TensorFlow: the kernel itself is replaced, and its gradient is that of what replaced it.
///
/// Shapes: `that of the layer`.
///
/// # Arguments
///
/// - `layer`: a layer such as `dense(64)`. A layer with a kernel, or an embedding.
/// - `power_iterations`: a whole number of at least 1, or a constant, by default `1`. Iterations in each training pass.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `vector_u`: `[1, units]`
pub const fn spectral_normalization() {}

/// `rescaling(scale, offset = 0.0)`
///
/// `x * scale + offset`: `rescaling(1.0 / 255.0)` for the bytes of images.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `scale`: a number or a list of them. The factor, or one for each place of the last axis.
/// - `offset`: a number or a list of them, by default `0.0`. What is added, or one for each place of the last axis.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn rescaling() {}

/// `normalization(axis = -1, mean = None, variance = None, invert = false)`
///
/// `(x - mean) / sqrt(variance)`, with mean and variance of each place of `axis`. They are given, or learnt from data before training: `model.adapt("normalization", &x)?`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `axis`: a whole number or a list of them, by default `-1`. The axes whose places have a mean each, `[]` for one mean of all; the batch is axis 0.
/// - `mean`: a number or a list of them, by default `None`. The mean, or one for each place of the last of `axis`.
/// - `variance`: a number or a list of them, by default `None`. The variance, or one for each place of the last of `axis`.
/// - `invert`: `true` or `false`, by default `false`. Whether to compute `x * sqrt(variance) + mean` instead.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `mean`: `[sizes of axis...], not trained`
/// - `variance`: `[sizes of axis...], not trained`
/// - `count`: `[], not used`
pub const fn normalization() {}

/// `discretization(bin_boundaries = None, num_bins = None, epsilon = 0.01, output_mode = int)`
///
/// The bin that each number falls in: how many boundaries are not above it. They are given by `bin_boundaries`, or learnt from data before training, such that `num_bins` bins hold about equally many numbers: `model.adapt("discretization", &x)?`; until then all of them are 0.
///
/// Shapes: `any shape, unchanged; `one_hot`: [batch, ...] → [batch, ..., bins]`.
///
/// # Arguments
///
/// - `bin_boundaries`: a number or a list of them, by default `None`. Where bins end and begin, in ascending order.
/// - `num_bins`: a whole number, by default `None`. How many bins to learn from data.
/// - `epsilon`: a number, by default `0.01`. How far a learnt boundary may be from its place in the order of the numbers, as a share of them.
/// - `output_mode`: one of `int`, `one_hot`, `multi_hot` and `count`, by default `int`. `one_hot`: a vector for each; `multi_hot`: 1 for every one that a sample has; `count`: how often it has it.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `bin_boundaries`: `[num_bins - 1], not trained; where they are learnt`
pub const fn discretization() {}

/// `category_encoding(num_tokens, output_mode = multi_hot)`
///
/// Vectors of `num_tokens` for whole numbers from 0 to `num_tokens - 1`; others have no place in them.
///
/// Shapes: `[batch, k] → [batch, num_tokens]; `one_hot`: [batch, ...] → [batch, ..., num_tokens]`.
///
/// # Arguments
///
/// - `num_tokens`: a whole number of at least 1, or a constant. How many numbers there are.
/// - `output_mode`: one of `multi_hot`, `one_hot` and `count`, by default `multi_hot`. `one_hot`: a vector for each; `multi_hot`: 1 for every one that a sample has; `count`: how often it has it.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn category_encoding() {}

/// `stft_spectrogram(mode = log, frame_length = 256, frame_step = None, fft_length = None, window = hann, periodic = false, scaling = density, padding = valid, expand_dims = false, data_format = channels_last)`
///
/// The short-time Fourier transform of each channel: spectra of pieces of `frame_length` samples under a window. Its kernels of cosines and sines are weights, which training changes unless `trainable = false`.
///
/// Shapes: `[batch, samples, channels] → [batch, pieces, channels * bins]; `expand_dims`: [batch, pieces, bins, channels]; bins: `fft_length / 2 + 1``.
///
/// # Arguments
///
/// - `mode`: one of `log`, `magnitude`, `psd`, `real`, `imag`, `angle` and `stft`, by default `log`. What of a spectrum there is: the logarithm of its magnitudes, these, their squares, parts, angles, or both parts.
/// - `frame_length`: a whole number of at least 1, or a constant, by default `256`. Samples of a piece.
/// - `frame_step`: a whole number of at least 1, or a constant, by default `None`. Samples from one piece to the next; half a piece if not given.
/// - `fft_length`: a whole number of at least 1, or a constant, by default `None`. Samples that a spectrum stands for; the next power of two if not given.
/// - `window`: one of `hann`, `hamming`, `blackman`, `blackmanharris`, `nuttall`, `flattop`, `bartlett`, `triang`, `barthann`, `bohman`, `cosine`, `lanczos`, `boxcar` and `None`, by default `hann`. What weighs the samples of a piece.
/// - `periodic`: `true` or `false`, by default `false`. Whether the window goes on where it ends.
/// - `scaling`: one of `density`, `spectrum` and `None`, by default `density`. What the window is divided by: the root of its squares' sum, or its sum.
/// - `padding`: one of `valid` and `same`, by default `valid`. `same` puts a border around the input, so that with strides of 1 the result is as large.
/// - `expand_dims`: `true` or `false`, by default `false`. Whether bins and channels have an axis each.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
///
/// # Weights
///
/// - `real_kernel`: `[frame_length, 1, bins], unless `mode = imag``
/// - `imag_kernel`: `[frame_length, 1, bins], unless `mode = real``
pub const fn stft_spectrogram() {}

/// `mel_spectrogram(fft_length = 2048, sequence_stride = 512, sequence_length = None, window = hann, sampling_rate = 16000, num_mel_bins = 128, min_freq = 20.0, max_freq = None, power_to_db = true, top_db = 80.0, mag_exp = 2.0, min_power = 0.0000000001, ref_power = 1.0)`
///
/// The power of `num_mel_bins` bands that a listener hears as equally wide, in pieces of the sound, in decibels; `top_db` counts from the loudest place of the whole batch, as in Keras.
///
/// Shapes: `[batch, samples] → [batch, num_mel_bins, samples / sequence_stride + 1]`.
///
/// # Arguments
///
/// - `fft_length`: a whole number, by default `2048`. Samples that a spectrum stands for.
/// - `sequence_stride`: a whole number of at least 1, or a constant, by default `512`. Samples from one piece to the next.
/// - `sequence_length`: a whole number, by default `None`. Samples of a piece; `fft_length` if not given.
/// - `window`: one of `hann`, `hamming` and `None`, by default `hann`. What weighs the samples of a piece.
/// - `sampling_rate`: a number, by default `16000`. Samples in a second.
/// - `num_mel_bins`: a whole number of at least 1, or a constant, by default `128`. How many bands.
/// - `min_freq`: a number, by default `20.0`. The lowest frequency, in hertz.
/// - `max_freq`: a number, by default `None`. The highest; half of the sampling rate if not given.
/// - `power_to_db`: `true` or `false`, by default `true`. Whether the result is in decibels.
/// - `top_db`: a number, by default `80.0`. How far below the loudest place the result ends.
/// - `mag_exp`: a number, by default `2.0`. The exponent of magnitudes: 2 for powers.
/// - `min_power`: a number, by default `0.0000000001`. The least power that counts.
/// - `ref_power`: a number, by default `1.0`. The power that is 0 decibels.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn mel_spectrogram() {}

/// `resizing(height, width, interpolation = bilinear, crop_to_aspect_ratio = false, pad_to_aspect_ratio = false, fill_mode = constant, fill_value = 0.0, antialias = false, data_format = channels_last)`
///
/// The image with so many rows and columns.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `height`: a whole number of at least 1, or a constant. Rows of the result.
/// - `width`: a whole number of at least 1, or a constant. Columns of the result.
/// - `interpolation`: one of `bilinear`, `nearest`, `bicubic`, `lanczos3`, `lanczos5` and `area`, by default `bilinear`. What comes between the places of the image.
/// - `crop_to_aspect_ratio`: `true` or `false`, by default `false`. Whether to cut what would change the shape.
/// - `pad_to_aspect_ratio`: `true` or `false`, by default `false`. Whether to put borders where the shape would change.
/// - `fill_mode`: `constant`, by default `constant`. How borders are filled: Keras has no other way.
/// - `fill_value`: a number, by default `0.0`. What the borders are made of.
/// - `antialias`: `true` or `false`, by default `false`. Whether every place has its part in a smaller image, rather than those next to where it is read; nearest places stay so, and `area` gives all of them one anyway.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn resizing() {}

/// `center_crop(height, width, data_format = channels_last)`
///
/// The middle of the image. Of an image that is smaller, the largest part of this shape, made larger.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `height`: a whole number of at least 1, or a constant. Rows of the result.
/// - `width`: a whole number of at least 1, or a constant. Columns of the result.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn center_crop() {}

/// `random_crop(height, width, seed = None, data_format = channels_last)`
///
/// While training, a part of the image at a place of its own for each sample. While inferring, and of an image that is smaller, the largest part of this shape, resized.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `height`: a whole number of at least 1, or a constant. Rows of the result.
/// - `width`: a whole number of at least 1, or a constant. Columns of the result.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_crop() {}

/// `random_flip(mode = horizontal_and_vertical, seed = None, data_format = channels_last)`
///
/// While training, every other image in a mirror.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `mode`: one of `horizontal`, `vertical` and `horizontal_and_vertical`, by default `horizontal_and_vertical`. Which axes are reversed; both of an image, or none.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_flip() {}

/// `random_rotation(factor, fill_mode = reflect, interpolation = bilinear, seed = None, fill_value = 0.0, data_format = channels_last)`
///
/// While training, turns each image by an angle of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest turn, as a share of a full one in either direction; or the bounds of it.
/// - `fill_mode`: one of `reflect`, `wrap`, `constant` and `nearest`, by default `reflect`. What lies beyond the border.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_rotation() {}

/// `random_zoom(height_factor, width_factor = None, fill_mode = reflect, interpolation = bilinear, seed = None, fill_value = 0.0, data_format = channels_last)`
///
/// While training, makes each image smaller (positive factors) or larger (negative ones) within its frame.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `height_factor`: a number or a list of them. The greatest share of change in either direction; or its bounds.
/// - `width_factor`: a number or a list of them, by default `None`. The same of the width; without it the shape is kept.
/// - `fill_mode`: one of `reflect`, `wrap`, `constant` and `nearest`, by default `reflect`. What lies beyond the border.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_zoom() {}

/// `random_translation(height_factor, width_factor, fill_mode = reflect, interpolation = bilinear, seed = None, fill_value = 0.0, data_format = channels_last)`
///
/// While training, shifts each image within its frame.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `height_factor`: a number or a list of them. The greatest shift down or up, as a share of the height; or its bounds.
/// - `width_factor`: a number or a list of them. The greatest shift right or left, as a share of the width; or its bounds.
/// - `fill_mode`: one of `reflect`, `wrap`, `constant` and `nearest`, by default `reflect`. What lies beyond the border.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_translation() {}

/// `random_shear(x_factor = 0.0, y_factor = 0.0, interpolation = bilinear, fill_mode = reflect, fill_value = 0.0, data_format = channels_last, seed = None)`
///
/// While training, moves each image's rows along each other, and its columns.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `x_factor`: a number or a list of them, by default `0.0`. The greatest move of a row, as a share of its distance from the first; or the bounds of it.
/// - `y_factor`: a number or a list of them, by default `0.0`. The same of columns.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `fill_mode`: one of `reflect`, `wrap`, `constant` and `nearest`, by default `reflect`. What lies beyond the border.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_shear() {}

/// `random_contrast(factor, value_range = [0.0, 255.0], seed = None, data_format = channels_last)`
///
/// While training, multiplies the distance from the mean of each channel by a factor of each image.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The factor is in `[1 - factor, 1 + factor]`; or lower and upper part of it.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_contrast() {}

/// `random_brightness(factor, value_range = [0.0, 255.0], seed = None, data_format = channels_last)`
///
/// While training, adds a number of its own to each image.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest change, as a share of the range of values; or its bounds.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_brightness() {}

/// `solarization(addition_factor = 0.0, threshold_factor = 0.0, value_range = [0.0, 255.0], seed = None)`
///
/// While training, adds a number of its own to each image, and inverts what is then above a threshold of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `addition_factor`: a number or a list of them, by default `0.0`. The greatest number added, as a share of the range of values; or its bounds, as in Keras the lower one in parts of 255.
/// - `threshold_factor`: a number or a list of them, by default `0.0`. The same of the threshold.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn solarization() {}

/// `auto_contrast(value_range = [0.0, 255.0])`
///
/// Each channel of each image stretched to the whole range of values, while training and while inferring.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn auto_contrast() {}

/// `random_invert(factor = 1.0, value_range = [0.0, 255.0], seed = None, data_format = channels_last)`
///
/// While training, takes some images off the greatest value: their negatives.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them, by default `1.0`. The greatest probability of it for an image; or the bounds of it.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_invert() {}

/// `random_posterization(factor, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, leaves only the first bits of each value, as a byte of the range of values: a number of bits for each image.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. What the number of bits, at least 1, is less than; or its bounds, of which two that are equal are the number.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_posterization() {}

/// `random_grayscale(factor = 0.5, data_format = channels_last, seed = None)`
///
/// While training, makes some images grey, with as many channels as before.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number, by default `0.5`. The probability of it, in `[0, 1]`.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_grayscale() {}

/// `random_saturation(factor, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, multiplies the saturation of each image by `f / (1 - f)`, where `f` is a number of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest `f`: 0.5 leaves an image as it is, 0 makes it grey; or its bounds.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_saturation() {}

/// `random_hue(factor, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, turns the hue of each image one way or the other.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest turn, as a share of a half one; or the bounds of it.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_hue() {}

/// `random_color_degeneration(factor, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, mixes each image with its grey version.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest share of grey; or the bounds of it.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_color_degeneration() {}

/// `random_color_jitter(value_range = [0.0, 255.0], brightness_factor = None, contrast_factor = None, saturation_factor = None, hue_factor = None, seed = None, data_format = channels_last)`
///
/// While training, changes brightness, contrast, saturation and hue of each image, one after another.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `brightness_factor`: a number or a list of them, by default `None`. As `factor` of `random_brightness`; without it this stays.
/// - `contrast_factor`: a number or a list of them, by default `None`. As `factor` of `random_contrast`; without it this stays.
/// - `saturation_factor`: a number or a list of them, by default `None`. As `factor` of `random_saturation`; without it this stays.
/// - `hue_factor`: a number or a list of them, by default `None`. As `factor` of `random_hue`; without it this stays.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_color_jitter() {}

/// `random_sharpness(factor, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, blurs each image or sharpens it: `smooth + 2 f (image - smooth)`, where `f` is a number of its own.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them. The greatest `f`: 0.5 leaves an image as it is, 0 makes it smooth; or its bounds.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_sharpness() {}

/// `random_gaussian_blur(factor = 1.0, kernel_size = 3, sigma = 1.0, value_range = [0.0, 255.0], data_format = channels_last, seed = None)`
///
/// While training, blurs some images by a bell-shaped kernel, of one shape for the batch; black lies around them.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them, by default `1.0`. The greatest probability of it for an image; or the bounds of it.
/// - `kernel_size`: a whole number or a list of them, by default `3`. Columns and rows of the kernel: odd numbers; or one for both.
/// - `sigma`: a number or a list of them, by default `1.0`. The greatest deviation of the kernel, along each axis; or the bounds of it.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_gaussian_blur() {}

/// `random_perspective(factor = 1.0, scale = 1.0, interpolation = bilinear, fill_value = 0.0, seed = None, data_format = channels_last)`
///
/// While training, shows some images from aside: each corner but the first moves by a share of its distance from that.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them, by default `1.0`. The greatest probability of it for an image; or the bounds of it.
/// - `scale`: a number, by default `1.0`. Twice the greatest share, in `[0, 1]`.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_perspective() {}

/// `random_elastic_transform(factor = 1.0, scale = 1.0, interpolation = bilinear, fill_mode = reflect, fill_value = 0.0, value_range = [0.0, 255.0], seed = None, data_format = channels_last)`
///
/// While training, moves each pixel of some images by smooth noise (Simard et al., 2003).
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them, by default `1.0`. The greatest probability of it for an image; or the bounds of it.
/// - `scale`: a number or a list of them, by default `1.0`. The greatest strength, one number for the batch; or the bounds of it.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `fill_mode`: one of `constant`, `nearest`, `wrap`, `mirror` and `reflect`, by default `reflect`. What lies beyond the border.
/// - `fill_value`: a number, by default `0.0`. The number beyond the border, with `fill_mode = constant`.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_elastic_transform() {}

/// `random_erasing(factor = 1.0, scale = [0.02, 0.33], fill_value = None, value_range = [0.0, 255.0], seed = None, data_format = channels_last)`
///
/// While training, puts a rectangle over some images, at a place of its own for each.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `factor`: a number or a list of them, by default `1.0`. The greatest probability of it for an image; or the bounds of it.
/// - `scale`: a number or a list of them, by default `[0.02, 0.33]`. The greatest share of the image that is covered, as if both sides had drawn it; or the bounds of it.
/// - `fill_value`: a number or a list of them, by default `None`. The number that is put there, or one for each of three channels; without it noise.
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn random_erasing() {}

/// `equalization(value_range = [0.0, 255.0], bins = 256, data_format = channels_last)`
///
/// While training, spreads the values of each channel so that each part of the range is there as often, in all images of the batch together.
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `bins`: a whole number, by default `256`. How many values are told apart.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn equalization() {}

/// `contrast_limited_adaptive_histogram_equalization(value_range = [0.0, 255.0], clip_limit = 4.0, tile_grid_size = [8, 8], data_format = channels_last)`
///
/// Spreads the values of each channel by how often they are there in each tile of an image, and mixes neighbouring tiles at each pixel, while training and while inferring (Zuiderveld, 1994).
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `clip_limit`: a number, by default `4.0`. How many times as often as on average a value counts at most; no bound if it is 0 or less.
/// - `tile_grid_size`: a whole number or a list of them, by default `[8, 8]`. Tiles along height and width; or one for both.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn contrast_limited_adaptive_histogram_equalization() {}

/// `rand_augment(value_range = [0.0, 255.0], num_ops = 2, factor = 0.5, interpolation = bilinear, seed = None, data_format = channels_last)`
///
/// While training, changes images by `num_ops` of eleven transformations one after another, drawn for the batch (Cubuk et al., 2019).
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `num_ops`: a whole number, by default `2`. How many are drawn.
/// - `factor`: a number or a list of them, by default `0.5`. The greatest strength, in `[0, 1]`: each transformation's own factor; or the bounds of it.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn rand_augment() {}

/// `aug_mix(value_range = [0.0, 255.0], num_chains = 3, chain_depth = 3, factor = 0.3, alpha = 1.0, all_ops = true, interpolation = bilinear, seed = None, data_format = channels_last)`
///
/// While training, mixes images with the ends of `num_chains` chains of transformations, drawn for the batch (Hendrycks et al., 2019).
///
/// Shapes: `[batch, height, width, channels] → [batch, height, width, channels]`.
///
/// # Arguments
///
/// - `value_range`: a number or a list of them, by default `[0.0, 255.0]`. Least and greatest value of an image.
/// - `num_chains`: a whole number, by default `3`. Chains that are mixed.
/// - `chain_depth`: a whole number, by default `3`. Transformations of a chain; one in so many and one is none.
/// - `factor`: a number or a list of them, by default `0.3`. The greatest strength, in `[0, 1]`: each transformation's own factor; or the bounds of it.
/// - `alpha`: a number, by default `1.0`. How alike the shares of a mixture are: those of chains are of a Dirichlet distribution, that of the image of a beta distribution.
/// - `all_ops`: `true` or `false`, by default `true`. Whether brightness, grey, contrast and sharpness are among the transformations.
/// - `interpolation`: one of `bilinear` and `nearest`, by default `bilinear`. What comes between the places of the image.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn aug_mix() {}

/// `dropout(rate, noise_shape = None, seed = None)`
///
/// While training, zeroes each element with probability `rate` and divides the others by `1 - rate`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the elements to drop.
/// - `noise_shape`: a whole number or a list of them, by default `None`. Shape of what is drawn, with the batch as `-1`: sizes of 1 drop all along their axis alike.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn dropout() {}

/// `spatial_dropout1d(rate, seed = None)`
///
/// While training, zeroes whole channels with probability `rate` and divides the others by `1 - rate`.
///
/// Shapes: `[batch, steps, channels], unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the channels to drop.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn spatial_dropout1d() {}

/// `spatial_dropout2d(rate, data_format = channels_last, seed = None)`
///
/// While training, zeroes whole channels with probability `rate` and divides the others by `1 - rate`.
///
/// Shapes: `[batch, height, width, channels], unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the channels to drop.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn spatial_dropout2d() {}

/// `spatial_dropout3d(rate, data_format = channels_last, seed = None)`
///
/// While training, zeroes whole channels with probability `rate` and divides the others by `1 - rate`.
///
/// Shapes: `[batch, depth, height, width, channels], unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the channels to drop.
/// - `data_format`: one of `channels_last` and `channels_first`, by default `channels_last`. Where the axis of the channels is.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn spatial_dropout3d() {}

/// `alpha_dropout(rate, noise_shape = None, seed = None)`
///
/// While training, gives elements with probability `rate` the least value of `selu`, and keeps mean and variance (Klambauer et al., 2017).
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the elements to drop.
/// - `noise_shape`: a whole number or a list of them, by default `None`. Shape of what is drawn, with the batch as `-1`: sizes of 1 drop all along their axis alike.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn alpha_dropout() {}

/// `gaussian_noise(stddev, seed = None)`
///
/// While training, adds normal random numbers of mean 0.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `stddev`: a number. Their standard deviation.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn gaussian_noise() {}

/// `gaussian_dropout(rate, seed = None)`
///
/// While training, multiplies by normal random numbers of mean 1 and deviation `sqrt(rate / (1 - rate))`, as much as `dropout` would disturb.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The rate of the dropout.
/// - `seed`: a whole number, by default `None`. Seed of what is drawn, whatever that of the model; None is the model's.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn gaussian_dropout() {}

/// `activity_regularization(l1 = 0.0, l2 = 0.0)`
///
/// Adds `l1 * sum(abs(x)) + l2 * sum(square(x))` of each sample to its loss, and passes `x` on.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `l1`: a number, by default `0.0`. Factor of the magnitudes.
/// - `l2`: a number, by default `0.0`. Factor of the squares.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
/// - `activity_regularizer`: a regularizer such as `l2(0.01)`, by default `None`. What the loss has for the result.
pub const fn activity_regularization() {}
