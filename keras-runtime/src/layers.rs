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
/// - `dtype`: one of `f32`, `u8`, `i32` and `u32`, by default `f32`. Type of the elements that the model is given.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
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
pub const fn lambda() {}

/// `flatten()`
///
/// Makes one axis of all but the batch.
///
/// Shapes: `[batch, a, b, ...] → [batch, a · b · ...]`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
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
pub const fn repeat_vector() {}

/// `add()`
///
/// The sum: `(a, b) >> add()`, or `add(a, b)`.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
pub const fn add() {}

/// `multiply()`
///
/// The product, element by element.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
pub const fn multiply() {}

/// `maximum()`
///
/// The greater of the elements.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
pub const fn maximum() {}

/// `minimum()`
///
/// The lesser of the elements.
///
/// Shapes: `equal shapes, or such that broadcast to each other`.
///
/// # Arguments
///
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
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
pub const fn dot() {}

/// `simple_rnn(units, activation = tanh, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, return_sequences = false, return_state = false, go_backwards = false, unroll = false, zero_output_for_mask = false)`
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
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
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

/// `lstm(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, unit_forget_bias = true, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, return_sequences = false, return_state = false, go_backwards = false, unroll = false, zero_output_for_mask = false)`
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
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
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

/// `gru(units, activation = tanh, recurrent_activation = sigmoid, use_bias = true, kernel_initializer = glorot_uniform, recurrent_initializer = orthogonal, bias_initializer = zeros, kernel_regularizer = None, recurrent_regularizer = None, bias_regularizer = None, activity_regularizer = None, kernel_constraint = None, recurrent_constraint = None, bias_constraint = None, dropout = 0.0, recurrent_dropout = 0.0, return_sequences = false, return_state = false, go_backwards = false, unroll = false, zero_output_for_mask = false, reset_after = true)`
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
/// - `return_sequences`: `true` or `false`, by default `false`. Whether to give the outputs of all steps, or the last.
/// - `return_state`: `true` or `false`, by default `false`. Whether to give the last state as well: `let (y, h) = ...`.
/// - `go_backwards`: `true` or `false`, by default `false`. Whether to go from the last step to the first; outputs come in that order.
/// - `unroll`: `true` or `false`, by default `false`. Of no effect: every loop is compiled for its length.
/// - `zero_output_for_mask`: `true` or `false`, by default `false`. Whether a step that does not count gives 0, or what the step before it gave.
/// - `reset_after`: `true` or `false`, by default `true`. Whether to reset behind the recurrent product.
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
pub const fn bidirectional() {}

/// `time_distributed(layer)`
///
/// Layers, with the same weights, for each step of a sequence.
///
/// Shapes: `[batch, time, ...] → [batch, time, ...what the layers make of a step]`.
///
/// # Arguments
///
/// - `layer`: a layer such as `dense(64)`. What is applied to a step.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
pub const fn time_distributed() {}

/// `dropout(rate)`
///
/// While training, zeroes each element with probability `rate` and divides the others by `1 - rate`.
///
/// Shapes: `any shape, unchanged`.
///
/// # Arguments
///
/// - `rate`: a number in `[0, 1)`. The fraction of the elements to drop.
/// - `name`: a string, by default `None`. Name of the layer: its weights are called `name/kernel` and so on.
/// - `input`: a list of sizes such as `[28, 28, 1]`, by default `None`. Shape of the model's input without the batch, on its first layer.
/// - `trainable`: `true` or `false`, by default `true`. Whether training changes the weights.
pub const fn dropout() {}

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
pub const fn activity_regularization() {}
