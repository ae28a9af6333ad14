use keras_runtime::keras_model;

keras_model! {
    cell around(x: [5, 3]; h: [2]) -> [2] { let h = h + (x >> lstm(2)); (h, h) }
    cell sums(x: [3]; h: [3]) -> [3] { (h + x, h + x) }

    Distributed(x: [4, 5, 3]) { x >> time_distributed(lstm(2)) }
    Within(x: [4, 5, 3]) { x >> around() }
    Twice(x: [4, 5, 3]) { x >> time_distributed(time_distributed(flatten())) }
    Own(x: [4, 5, 3]) { x >> time_distributed(sums()) }
    Cells(x: [4, 5, 3]) { x >> time_distributed(rnn(gru_cell(2))) }
}

fn main() {}
