//! Recurrent layers against Keras: outputs, states, and gradients of inputs, initial states and weights.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

layers! {
    ("recurrent", 1e-5);
    simple_rnn SimpleRnn (a a0 "probe_a" [5; 3]) { a >> simple_rnn(4) }
    simple_rnn_sequences SimpleRnnSequences (a a0 "probe_a" [5; 3]) { a >> simple_rnn(4, return_sequences = true) }
    simple_rnn_backwards SimpleRnnBackwards (a a0 "probe_a" [5; 3]) { a >> simple_rnn(7, go_backwards = true, return_sequences = true) }
    simple_rnn_state SimpleRnnState (a a0 "probe_a" [5; 3]) { a >> simple_rnn(4, return_state = true) }
    simple_rnn_initial SimpleRnnInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4]) { (a, b) >> simple_rnn(4, return_sequences = true) }
    simple_rnn_no_bias SimpleRnnNoBias (a a0 "probe_a" [5; 3]) { a >> simple_rnn(4, relu, use_bias = false) }
    simple_rnn_unroll SimpleRnnUnroll (a a0 "probe_a" [5; 3]) { a >> simple_rnn(4, return_sequences = true, unroll = true) }
    simple_rnn_one_step SimpleRnnOneStep (a a0 "probe_a" [1; 2]) { a >> simple_rnn(3, return_sequences = true) }
    simple_rnn_stacked SimpleRnnStacked (a a0 "probe_a" [5; 3]) { a >> simple_rnn(9, return_sequences = true) >> simple_rnn(3) }
    lstm Lstm (a a0 "probe_a" [5; 3]) { a >> lstm(4) }
    lstm_sequences LstmSequences (a a0 "probe_a" [5; 3]) { a >> lstm(4, return_sequences = true) }
    lstm_backwards LstmBackwards (a a0 "probe_a" [5; 3]) { a >> lstm(7, go_backwards = true, return_sequences = true) }
    lstm_state LstmState (a a0 "probe_a" [5; 3]) { a >> lstm(4, return_state = true) }
    lstm_initial LstmInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4], c c0 "probe_c" [; 4]) { (a, b, c) >> lstm(4, return_sequences = true) }
    lstm_no_bias LstmNoBias (a a0 "probe_a" [5; 3]) { a >> lstm(4, relu, use_bias = false) }
    lstm_unroll LstmUnroll (a a0 "probe_a" [5; 3]) { a >> lstm(4, return_sequences = true, unroll = true) }
    lstm_one_step LstmOneStep (a a0 "probe_a" [1; 2]) { a >> lstm(3, return_sequences = true) }
    lstm_stacked LstmStacked (a a0 "probe_a" [5; 3]) { a >> lstm(9, return_sequences = true) >> lstm(3) }
    gru Gru (a a0 "probe_a" [5; 3]) { a >> gru(4) }
    gru_sequences GruSequences (a a0 "probe_a" [5; 3]) { a >> gru(4, return_sequences = true) }
    gru_backwards GruBackwards (a a0 "probe_a" [5; 3]) { a >> gru(7, go_backwards = true, return_sequences = true) }
    gru_state GruState (a a0 "probe_a" [5; 3]) { a >> gru(4, return_state = true) }
    gru_initial GruInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4]) { (a, b) >> gru(4, return_sequences = true) }
    gru_no_bias GruNoBias (a a0 "probe_a" [5; 3]) { a >> gru(4, relu, use_bias = false) }
    gru_unroll GruUnroll (a a0 "probe_a" [5; 3]) { a >> gru(4, return_sequences = true, unroll = true) }
    gru_one_step GruOneStep (a a0 "probe_a" [1; 2]) { a >> gru(3, return_sequences = true) }
    gru_stacked GruStacked (a a0 "probe_a" [5; 3]) { a >> gru(9, return_sequences = true) >> gru(3) }
    gru_reset_before GruResetBefore (a a0 "probe_a" [5; 3]) { a >> gru(4, reset_after = false, return_sequences = true) }
    lstm_hard LstmHard (a a0 "probe_a" [5; 3]) { a >> lstm(4, recurrent_activation = hard_sigmoid, unit_forget_bias = false) }
    lstm_wide LstmWide (a a0 "probe_a" [6; 20]) { a >> lstm(18, return_sequences = true) }
    shared_lstm SharedLstm (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let r = lstm(4); (a >> r) - (b >> r) }
    encoder_decoder EncoderDecoder (a a0 "probe_a" [5; 3], b b0 "probe_b" [4; 2]) { let (_, h, c) = a >> lstm(4, return_state = true); (b, h, c) >> lstm(4, return_sequences = true) }
    simple_rnn_masked SimpleRnnMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> simple_rnn(4) }
    simple_rnn_masked_sequences SimpleRnnMaskedSequences (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> simple_rnn(4, return_sequences = true) >> drop_mask() }
    simple_rnn_masked_stacked SimpleRnnMaskedStacked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> simple_rnn(5, return_sequences = true) >> simple_rnn(3) }
    simple_rnn_masked_backwards SimpleRnnMaskedBackwards (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> simple_rnn(4, go_backwards = true) }
    lstm_masked LstmMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(4) }
    lstm_masked_sequences LstmMaskedSequences (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(4, return_sequences = true) >> drop_mask() }
    lstm_masked_stacked LstmMaskedStacked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(5, return_sequences = true) >> lstm(3) }
    lstm_masked_backwards LstmMaskedBackwards (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> lstm(4, go_backwards = true) }
    gru_masked GruMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> gru(4) }
    gru_masked_sequences GruMaskedSequences (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> gru(4, return_sequences = true) >> drop_mask() }
    gru_masked_stacked GruMaskedStacked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> gru(5, return_sequences = true) >> gru(3) }
    gru_masked_backwards GruMaskedBackwards (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> gru(4, go_backwards = true) }
    gru_masked_initial GruMaskedInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4]) { let (y, h) = ((a * (slice(a, 2, 0, 1) > 0.0)) >> masking(), b) >> gru(4, return_sequences = true, return_state = true); (y >> drop_mask(), h) }
    bidirectional_concat BidirectionalConcat (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4), merge_mode = concat) }
    bidirectional_concat_sequences BidirectionalConcatSequences (a a0 "probe_a" [5; 3]) { a >> bidirectional(gru(4, return_sequences = true), merge_mode = "concat") }
    bidirectional_sum BidirectionalSum (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4), merge_mode = sum) }
    bidirectional_sum_sequences BidirectionalSumSequences (a a0 "probe_a" [5; 3]) { a >> bidirectional(gru(4, return_sequences = true), merge_mode = "sum") }
    bidirectional_mul BidirectionalMul (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4), merge_mode = mul) }
    bidirectional_mul_sequences BidirectionalMulSequences (a a0 "probe_a" [5; 3]) { a >> bidirectional(gru(4, return_sequences = true), merge_mode = "mul") }
    bidirectional_ave BidirectionalAve (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4), merge_mode = ave) }
    bidirectional_ave_sequences BidirectionalAveSequences (a a0 "probe_a" [5; 3]) { a >> bidirectional(gru(4, return_sequences = true), merge_mode = "ave") }
    bidirectional_none BidirectionalNone (a a0 "probe_a" [5; 3]) { a >> bidirectional(simple_rnn(4, return_sequences = true), merge_mode = none) }
    bidirectional_none_last BidirectionalNoneLast (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4), merge_mode = none) }
    bidirectional_none_state BidirectionalNoneState (a a0 "probe_a" [5; 3]) { a >> bidirectional(gru(4, return_state = true), merge_mode = none) }
    bidirectional_none_masked BidirectionalNoneMasked (a a0 "probe_a" [5; 3]) { let (on, back) = (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> bidirectional(gru(4, return_sequences = true), merge_mode = none); (on >> drop_mask(), back >> drop_mask()) }
    bidirectional_sum_state BidirectionalSumState (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4, return_sequences = true, return_state = true), merge_mode = sum) }
    bidirectional_unroll BidirectionalUnroll (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4, return_sequences = true, unroll = true)) }
    bidirectional_state BidirectionalState (a a0 "probe_a" [5; 3]) { a >> bidirectional(lstm(4, return_state = true)) }
    bidirectional_masked BidirectionalMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> bidirectional(lstm(4, return_sequences = true)) >> drop_mask() }
    time_distributed_dense TimeDistributedDense (a a0 "probe_a" [5; 3]) { a >> time_distributed(dense(4, tanh)) }
    time_distributed_model TimeDistributedModel (a a0 "probe_a" [4, 2; 3]) { a >> time_distributed(flatten() >> dense(5, tanh, name = "dense") >> dense(2, name = "dense_1")) }
    time_distributed_masked TimeDistributedMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> time_distributed(dense(4)) >> lstm(3) }
    rnn_lstm RnnLstm (a a0 "probe_a" [5; 3]) { a >> rnn(lstm_cell(4), return_sequences = true) }
    rnn_gru RnnGru (a a0 "probe_a" [5; 3]) { a >> rnn(gru_cell(4), return_sequences = true) }
    rnn_simple_rnn RnnSimpleRnn (a a0 "probe_a" [5; 3]) { a >> rnn(simple_rnn_cell(4), return_sequences = true) }
    rnn_unroll RnnUnroll (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> rnn(lstm_cell(4), go_backwards = true, unroll = true) }
    rnn_stacked RnnStacked (a a0 "probe_a" [5; 3]) { a >> rnn([lstm_cell(4), gru_cell(6, reset_after = false), simple_rnn_cell(3)]) }
    rnn_stacked_state RnnStackedState (a a0 "probe_a" [5; 3]) { a >> rnn([lstm_cell(4), gru_cell(6, reset_after = false), simple_rnn_cell(3)], return_state = true, return_sequences = true, go_backwards = true) }
    rnn_stacked_masked RnnStackedMasked (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> rnn(stacked_rnn_cells([lstm_cell(4), gru_cell(6, reset_after = false), simple_rnn_cell(3)]), return_sequences = true) >> drop_mask() }
    rnn_initial RnnInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4], c c0 "probe_c" [; 4]) { (a, b, c) >> rnn(lstm_cell(4, unit_forget_bias = false)) }
    rnn_zero_output RnnZeroOutput (a a0 "probe_a" [5; 3]) { (a * (slice(a, 2, 0, 1) > 0.0)) >> masking() >> rnn(gru_cell(4), return_sequences = true, zero_output_for_mask = true) >> drop_mask() }
    bidirectional_rnn BidirectionalRnn (a a0 "probe_a" [5; 3]) { a >> bidirectional(rnn(lstm_cell(4), return_sequences = true)) }
    conv_lstm1d ConvLstm1d (a a0 "probe_a" [3, 7; 2]) { a >> conv_lstm1d(3, 3) }
    conv_lstm1d_sequences ConvLstm1dSequences (a a0 "probe_a" [4, 6; 1]) { a >> conv_lstm1d(4, 2, strides = 2, padding = same, return_sequences = true, return_state = true) }
    conv_lstm2d ConvLstm2d (a a0 "probe_a" [3, 5, 6; 2]) { a >> conv_lstm2d(3, [2, 3], padding = same, return_sequences = true) }
    conv_lstm2d_dilated ConvLstm2dDilated (a a0 "probe_a" [2, 7, 6; 2]) { a >> conv_lstm2d(2, 3, dilation_rate = 2, unit_forget_bias = false, recurrent_activation = hard_sigmoid, go_backwards = true) }
    conv_lstm2d_no_bias ConvLstm2dNoBias (a a0 "probe_a" [2, 5, 4; 1]) { a >> conv_lstm2d(2, 1, use_bias = false, activation = relu, return_state = true) }
    conv_lstm2d_initial ConvLstm2dInitial (a a0 "probe_a" [2, 4, 4; 1], b b0 "probe_b" [3, 3; 2], c c0 "probe_c" [3, 3; 2]) { (a, b, c) >> conv_lstm2d(2, 2, return_sequences = true) }
    conv_lstm3d ConvLstm3d (a a0 "probe_a" [2, 3, 3, 4; 1]) { a >> conv_lstm3d(2, 2) }
}

/// The same layers on a single sample.
#[test]
fn single_samples() -> Result<()> {
    const ONE: (&str, f32) = ("recurrent_one", 1e-5);
    cases::check(ONE, SimpleRnn::new(0), "simple_rnn", &["a"])?;
    cases::check(ONE, LstmSequences::new(0), "lstm_sequences", &["a"])?;
    cases::check(ONE, GruBackwards::new(0), "gru_backwards", &["a"])?;
    cases::check(ONE, GruMaskedSequences::new(0), "gru_masked_sequences", &["a"])?;
    cases::check(ONE, BidirectionalConcatSequences::new(0), "bidirectional_concat_sequences", &["a"])?;
    cases::check(ONE, TimeDistributedModel::new(0), "time_distributed_model", &["a"])?;
    cases::check(ONE, ConvLstm2d::new(0), "conv_lstm2d", &["a"])?;
    cases::check(ONE, LstmWide::new(0), "lstm_wide", &["a"])
}
