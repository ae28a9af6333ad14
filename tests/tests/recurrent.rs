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
    simple_rnn_one_step SimpleRnnOneStep (a a0 "probe_a" [1; 2]) { a >> simple_rnn(3, return_sequences = true) }
    simple_rnn_stacked SimpleRnnStacked (a a0 "probe_a" [5; 3]) { a >> simple_rnn(9, return_sequences = true) >> simple_rnn(3) }
    lstm Lstm (a a0 "probe_a" [5; 3]) { a >> lstm(4) }
    lstm_sequences LstmSequences (a a0 "probe_a" [5; 3]) { a >> lstm(4, return_sequences = true) }
    lstm_backwards LstmBackwards (a a0 "probe_a" [5; 3]) { a >> lstm(7, go_backwards = true, return_sequences = true) }
    lstm_state LstmState (a a0 "probe_a" [5; 3]) { a >> lstm(4, return_state = true) }
    lstm_initial LstmInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4], c c0 "probe_c" [; 4]) { (a, b, c) >> lstm(4, return_sequences = true) }
    lstm_no_bias LstmNoBias (a a0 "probe_a" [5; 3]) { a >> lstm(4, relu, use_bias = false) }
    lstm_one_step LstmOneStep (a a0 "probe_a" [1; 2]) { a >> lstm(3, return_sequences = true) }
    lstm_stacked LstmStacked (a a0 "probe_a" [5; 3]) { a >> lstm(9, return_sequences = true) >> lstm(3) }
    gru Gru (a a0 "probe_a" [5; 3]) { a >> gru(4) }
    gru_sequences GruSequences (a a0 "probe_a" [5; 3]) { a >> gru(4, return_sequences = true) }
    gru_backwards GruBackwards (a a0 "probe_a" [5; 3]) { a >> gru(7, go_backwards = true, return_sequences = true) }
    gru_state GruState (a a0 "probe_a" [5; 3]) { a >> gru(4, return_state = true) }
    gru_initial GruInitial (a a0 "probe_a" [5; 3], b b0 "probe_b" [; 4]) { (a, b) >> gru(4, return_sequences = true) }
    gru_no_bias GruNoBias (a a0 "probe_a" [5; 3]) { a >> gru(4, relu, use_bias = false) }
    gru_one_step GruOneStep (a a0 "probe_a" [1; 2]) { a >> gru(3, return_sequences = true) }
    gru_stacked GruStacked (a a0 "probe_a" [5; 3]) { a >> gru(9, return_sequences = true) >> gru(3) }
    gru_reset_before GruResetBefore (a a0 "probe_a" [5; 3]) { a >> gru(4, reset_after = false, return_sequences = true) }
    lstm_hard LstmHard (a a0 "probe_a" [5; 3]) { a >> lstm(4, recurrent_activation = hard_sigmoid, unit_forget_bias = false) }
    lstm_wide LstmWide (a a0 "probe_a" [6; 20]) { a >> lstm(18, return_sequences = true) }
    shared_lstm SharedLstm (a a0 "probe_a" [5; 3], b b0 "probe_b" [5; 3]) { let r = lstm(4); (a >> r) - (b >> r) }
}
