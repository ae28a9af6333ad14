use keras_runtime::keras_model;

keras_model! {
    cell fine(x: [3]; h: [4]) -> [4] { let h = tanh((x >> dense(4)) + h); (h, h) }

    NoCell = rnn(lstm(4), input = [5, 3]);
    NotAList = rnn(stacked_rnn_cells(lstm_cell(4)), input = [5, 3]);
    NoStates(x: [3]) { x >> lstm_cell(4) }
    Sequence(x: [5, 3], h: [4]) { let (y, h) = (x, h) >> gru_cell(4); y }
    OtherState(x: [3], h: [5]) { let (y, h) = (x, h) >> simple_rnn_cell(4); y }
    TooFew(x: [5, 3], h: [4]) { (x, h) >> rnn([lstm_cell(4), fine]) }
    Fewer(x: [3], h: [4]) { (x, h) >> stacked_rnn_cells([fine, gru_cell(4)]) }
    NoSteps = rnn(gru_cell(4), input = [3]);
    Inside = rnn([gru_cell(4), fine], input = [5, 3]);
    Twice(x: [2, 8, 1], y: [2, 6, 1]) { let r = conv_lstm1d(4, 3, stateful = true); let a = x >> r; (a, y >> r) }
    Images = conv_lstm2d(4, 3, input = [5, 8, 8]);
    Large = conv_lstm1d(4, 9, input = [5, 8, 1]);
    OtherImage(x: [5, 8, 1], h: [8, 4], c: [8, 4]) { (x, h, c) >> conv_lstm1d(4, 3) }
}

fn main() {}
