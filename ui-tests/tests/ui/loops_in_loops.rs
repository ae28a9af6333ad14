use keras_runtime::keras_model;

const STEPS: usize = 5;

keras_model! {
    cell long(x: [400, 3]; h: [2]) -> [2] { let h = h + (x >> lstm(2)); (h, h) }
    cell unknown(x: [STEPS, 3]; h: [2]) -> [2] { let h = h + (x >> gru(2)); (h, h) }
    cell stateful(x: [5, 3]; h: [2]) -> [2] { let h = h + (x >> gru(2, stateful = true)); (h, h) }

    Long(x: [4, 400, 3]) { x >> long() }
    Unknown(x: [4, STEPS, 3]) { x >> unknown() }
    Stateful(x: [4, 5, 3]) { x >> stateful() }
    Distributed(x: [4, 5, 3]) { x >> time_distributed(lstm(2, stateful = true)) }
    Pooled(x: [STEPS, 6, 3]) { x >> time_distributed(max_pooling1d(2) >> lstm(2)) }
}

fn main() {}
