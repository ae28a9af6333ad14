//! Every layer that has weights, or a result to regularize, held to Keras: losses, gradients, and weights after two steps with
//! regularizers and constraints; and how its weights start.

use crate::fixture::{Fixture, assert_close, assert_close_number};
use crate::starts;
use keras_runtime::data::IntoTensor;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;

keras_model! {
    Conv1d = conv1d(18, 3, input = [7, 3], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 1]), bias_constraint = non_neg);
    Conv2d = conv2d(17, [2, 3], input = [5, 6, 2], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 1, 2]), bias_constraint = non_neg);
    Conv2dDefaultAxis = conv2d(5, 3, input = [4, 4, 3], padding = same, kernel_constraint = max_norm(0.5), kernel_regularizer = l2);
    Conv2dGrouped = conv2d(6, 2, input = [4, 5, 4], groups = 2, kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 1, -1]), bias_constraint = non_neg);
    Conv3d = conv3d(3, 2, input = [3, 4, 3, 2], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 3]), bias_constraint = non_neg);
    Conv1dTranspose = conv1d_transpose(2, 3, strides = 2, input = [4, 3], kernel_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 2]),
        bias_constraint = non_neg);
    Conv2dTranspose = conv2d_transpose(3, 3, strides = 2, padding = same, input = [3, 4, 2], kernel_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = -1),
        bias_constraint = non_neg);
    Conv3dTranspose = conv3d_transpose(2, 2, input = [2, 2, 3, 2], kernel_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = [0, 1, 2, 4]),
        bias_constraint = non_neg);
    DepthwiseConv1d = depthwise_conv1d(3, depth_multiplier = 2, input = [6, 3], depthwise_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1(0.02), depthwise_constraint = unit_norm(axis = 0),
        bias_constraint = min_max_norm(0.1, 0.4, rate = 0.5));
    DepthwiseConv2d = depthwise_conv2d(2, depth_multiplier = 2, padding = same, input = [5, 4, 3],
        depthwise_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1), activity_regularizer = l1(0.02),
        depthwise_constraint = unit_norm(axis = [0, 1]), bias_constraint = min_max_norm(0.1, 0.4, rate = 0.5));
    SeparableConv1d = separable_conv1d(4, 3, depth_multiplier = 2, input = [6, 3], depthwise_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1(0.02), depthwise_constraint = unit_norm(axis = 0),
        bias_constraint = min_max_norm(0.1, 0.4, rate = 0.5), pointwise_regularizer = l2(0.05),
        pointwise_constraint = max_norm(0.6, axis = [0, 1]));
    SeparableConv2d = separable_conv2d(5, 2, input = [5, 4, 2], depthwise_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1(0.02), depthwise_constraint = unit_norm(axis = [0, 1]),
        bias_constraint = min_max_norm(0.1, 0.4, rate = 0.5), pointwise_regularizer = l2(0.05),
        pointwise_constraint = max_norm(0.6, axis = 2));
    LocallyConnected1d = locally_connected1d(3, 3, 2, input = [6, 2], kernel_regularizer = l2(0.02),
        kernel_constraint = max_norm(0.4, axis = 1), bias_regularizer = l2(0.05), bias_constraint = non_neg,
        activity_regularizer = l2(0.01));
    LocallyConnected2d = locally_connected2d(2, [2, 3], [1, 2], input = [4, 5, 2], kernel_regularizer = l2(0.02),
        kernel_constraint = max_norm(0.4, axis = 1), bias_regularizer = l2(0.05), bias_constraint = non_neg,
        activity_regularizer = l2(0.01));
}

keras_model! {
    // Keras takes an `activity_regularizer` here, and does nothing with it.
    SimpleRnn = simple_rnn(5, input = [4, 3], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6), recurrent_constraint = unit_norm(axis = 1),
        bias_constraint = min_max_norm(0.1, 0.5));
    Lstm(a: [4, 3]) {
        a >> lstm(5, return_sequences = true, return_state = true, kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
            activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6),
            recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5))
    }
    Gru = gru(5, return_sequences = true, input = [4, 3], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6),
        recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5));
    GruResetBefore = gru(5, reset_after = false, input = [4, 3], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6),
        recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5));
    Cells = rnn([
            lstm_cell(4, kernel_regularizer = l2(0.1), recurrent_constraint = max_norm(0.7)),
            gru_cell(3, bias_regularizer = l1(0.1), kernel_constraint = unit_norm),
            simple_rnn_cell(2, recurrent_regularizer = l2(0.2), bias_constraint = non_neg)
        ], input = [4, 3], activity_regularizer = l2(0.1));
    Bidirectional = bidirectional(
            lstm(3, return_sequences = true, kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
                activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6),
                recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5)),
            input = [4, 3], activity_regularizer = l1(0.05));
    ConvLstm1d = conv_lstm1d(3, 2, input = [3, 5, 2], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02), kernel_constraint = max_norm(0.6, axis = [0, 1]),
        recurrent_constraint = unit_norm(axis = 2));
    ConvLstm2d = conv_lstm2d(2, 2, return_sequences = true, input = [2, 4, 3, 1], kernel_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02),
        kernel_constraint = max_norm(0.6), recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5));
    ConvLstm3d(a: [2, 2, 3, 2, 1]) {
        a >> conv_lstm3d(2, 2, padding = same, return_state = true, kernel_regularizer = l1_l2(0.01, 0.02),
            bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), recurrent_regularizer = l1(0.02),
            kernel_constraint = max_norm(0.6), recurrent_constraint = unit_norm(axis = 1), bias_constraint = min_max_norm(0.1, 0.5))
    }
    TimeDistributed = time_distributed(
            dense(5, kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1), kernel_constraint = max_norm(0.7),
                bias_constraint = non_neg),
            input = [3, 4], activity_regularizer = l2(0.2));
}

keras_model! {
    Embedding = input([4], dtype = i32)
        >> embedding(9, 5, embeddings_regularizer = l1_l2(0.01, 0.02), embeddings_constraint = max_norm(0.8, axis = 1),
            activity_regularizer = l1(0.1));
    Prelu = prelu(shared_axes = [1], input = [4, 3, 2], alpha_regularizer = l1(0.1), alpha_constraint = max_norm(0.6, axis = 1),
        activity_regularizer = l2(0.1), name = "p_re_lu");
    BatchNormalization = batch_normalization(input = [4, 3], beta_regularizer = l1(0.03), gamma_regularizer = l2(0.04),
        beta_constraint = max_norm(0.3), gamma_constraint = non_neg, activity_regularizer = l2(0.05));
    LayerNormalization = layer_normalization(axis = [1, 2], input = [4, 3], beta_regularizer = l1(0.03), gamma_regularizer = l2(0.04),
        beta_constraint = max_norm(0.3, axis = 1), gamma_constraint = non_neg, activity_regularizer = l2(0.05));
    GroupNormalization = group_normalization(3, input = [4, 6], beta_regularizer = l1(0.03), gamma_regularizer = l2(0.04),
        beta_constraint = max_norm(0.3), gamma_constraint = non_neg);
    MultiHeadAttention(a: [4, 5], b: [3, 6]) {
        (a, b) >> multi_head_attention(2, 3, use_gate = true, kernel_regularizer = l1_l2(0.01, 0.02),
            bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.5, axis = [0, 1]),
            bias_constraint = min_max_norm(0.2, 0.4, axis = -1))
    }
    GroupQueryAttention(a: [4, 5], b: [3, 5]) {
        (a, b) >> group_query_attention(3, 4, 2, use_gate = true, kernel_regularizer = l1_l2(0.01, 0.02),
            bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.5, axis = [0, 1]),
            bias_constraint = min_max_norm(0.2, 0.4, axis = -1))
    }
    Attention(a: [4, 5], b: [3, 5]) { (a, b) >> attention(use_scale = true, activity_regularizer = l1(0.1)) }
    EinsumDense = einsum_dense("abc,cde->abde", [4, 2, 3], input = [4, 5], bias_axes = "de", kernel_regularizer = l1_l2(0.01, 0.02),
        bias_regularizer = l2(0.1), activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.5, axis = [0, 2]),
        bias_constraint = unit_norm(axis = 1));
    Dense = dense(6, input = [4, 5], kernel_regularizer = l1_l2(0.01, 0.02), bias_regularizer = l2(0.1),
        activity_regularizer = l1_l2(0.02, 0.03), kernel_constraint = max_norm(0.7, axis = -1), bias_constraint = non_neg);
    /// Whatever has a result.
    Results(a: [4, 6], b: [4, 6]) {
        (a, b) >> multiply(activity_regularizer = l1_l2(0.01, 0.04)) >> elu(activity_regularizer = l1(0.05)) >> dense(6)
            >> average_pooling1d(2, activity_regularizer = l2(0.03)) >> reshape([3, 4], activity_regularizer = l2(0.02))
    }
}

fn check<M: Model>(make: impl Fn(u64) -> M, case: &str, inputs: &[&str]) -> Result<()> {
    let fixture = Fixture::load("penalties");
    let get = |part: &str| fixture.get(&format!("{case}/{part}"));
    let weights = || M::SPEC.weights.iter().map(|weight| weight.name);
    let losses: Vec<Box<dyn Loss>> =
        M::SPEC.outputs.iter().map(|_| Box::new(MeanSquaredError) as _).collect();
    let mut model = make(0).compile(Sgd { learning_rate: 0.3, ..Sgd::default() }, losses, ());
    for weight in weights() {
        model.set_weight(weight, get(weight))?;
    }
    let x: Vec<_> = inputs.iter().map(|input| get(input).into_tensor()).collect();
    let y: Vec<_> = match M::SPEC.outputs.len() {
        1 => vec![get("y").into_tensor()],
        n => (0..n).map(|i| get(&format!("y_{i}")).into_tensor()).collect(),
    };
    let evaluated = model.evaluate(x.clone(), y.clone())?.loss;
    assert_close_number(&format!("{case}: evaluate"), evaluated, get("evaluated")[[0]].into(), 1e-5);
    let loss = model.train_on_batch(x.clone(), y.clone())?.loss;
    assert_close_number(&format!("{case}: train_on_batch"), loss, get("loss")[[0]].into(), 1e-5);
    for weight in weights().filter(|weight| fixture.has(&format!("{case}/grad/{weight}"))) {
        let what = format!("{case}: gradient of {weight}");
        assert_close(&what, &model.gradient(weight)?, get(&format!("grad/{weight}")), 1e-5);
    }
    model.train_on_batch(x, y)?;
    for weight in weights() {
        let what = format!("{case}: {weight} after two steps");
        assert_close(&what, &model.weight(weight)?, get(&format!("after/{weight}")), 2e-5);
    }
    Ok(())
}

macro_rules! cases {
    ($($case:ident $model:ident $inputs:tt;)*) => {
        $(
            #[test]
            fn $case() -> Result<()> {
                check($model::new, stringify!($case), &$inputs)
            }
        )*

        #[test]
        fn weights_start_as_those_of_keras() -> Result<()> {
            let fixture = starts::read();
            $(starts::check::<$model>(&fixture, stringify!($case))?;)*
            Ok(())
        }
    };
}

cases! {
    conv1d Conv1d ["a"];
    conv2d Conv2d ["a"];
    conv2d_default_axis Conv2dDefaultAxis ["a"];
    conv2d_grouped Conv2dGrouped ["a"];
    conv3d Conv3d ["a"];
    conv1d_transpose Conv1dTranspose ["a"];
    conv2d_transpose Conv2dTranspose ["a"];
    conv3d_transpose Conv3dTranspose ["a"];
    depthwise_conv1d DepthwiseConv1d ["a"];
    depthwise_conv2d DepthwiseConv2d ["a"];
    separable_conv1d SeparableConv1d ["a"];
    separable_conv2d SeparableConv2d ["a"];
    locally_connected1d LocallyConnected1d ["a"];
    locally_connected2d LocallyConnected2d ["a"];
    simple_rnn SimpleRnn ["a"];
    lstm Lstm ["a"];
    gru Gru ["a"];
    gru_reset_before GruResetBefore ["a"];
    cells Cells ["a"];
    bidirectional Bidirectional ["a"];
    conv_lstm1d ConvLstm1d ["a"];
    conv_lstm2d ConvLstm2d ["a"];
    conv_lstm3d ConvLstm3d ["a"];
    time_distributed TimeDistributed ["a"];
    embedding Embedding ["a"];
    prelu Prelu ["a"];
    batch_normalization BatchNormalization ["a"];
    layer_normalization LayerNormalization ["a"];
    group_normalization GroupNormalization ["a"];
    multi_head_attention MultiHeadAttention ["a", "b"];
    group_query_attention GroupQueryAttention ["a", "b"];
    attention Attention ["a", "b"];
    einsum_dense EinsumDense ["a"];
    dense Dense ["a"];
    results Results ["a", "b"];
}
