use keras_runtime::keras_model;

keras_model! {
    cell around(x: [5, 3]; h: [2]) -> [2] { let h = h + (x >> lstm(2)); (h, h) }
    cell sums(x: [3]; h: [3]) -> [3] { (h + x, h + x) }
    cell started(x: [3], all: [5, 3]; h: [2]) -> [2] { let h = (all, h) >> gru(2); (h, h) }
    cell shifted(x: [3], y: [3]; h: [3]) -> [3] { let h = h + x + y; (h, h) }
    cell with(x: [3], all: [5, 3]; h: [3]) -> [3] { let h = h + ((all, x) >> shifted()); (h, h) }
    cell taken(x: [3], all: [5, 3]; h: [3]) -> [3] {
        let sum = sum(all >> time_distributed(lambda(|s| s * x)), axis = 1);
        (sum + h, sum)
    }

    Distributed(x: [4, 5, 3]) { x >> time_distributed(lstm(2)) }
    Within(x: [4, 5, 3]) { x >> around() }
    Twice(x: [4, 5, 3]) { x >> time_distributed(time_distributed(flatten())) }
    Own(x: [4, 5, 3]) { x >> time_distributed(sums()) }
    Cells(x: [4, 5, 3]) { x >> time_distributed(rnn(gru_cell(2))) }
    Started(x: [4, 3], y: [5, 3]) { (x, y) >> started() }
    With(x: [4, 3], y: [5, 3]) { (x, y) >> with() }
    Taken(x: [4, 3], y: [5, 3]) { (x, y) >> taken() }
}

fn main() {}
