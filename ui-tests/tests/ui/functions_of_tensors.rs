use keras_runtime::keras_model;

keras_model! {
    Tile(x: [4, 5]) { tile(x, [2, 3]) }
    Stack(x: [4], y: [5]) { stack(x, y, axis = 1) }
    Split(x: [5]) { let (a, b) = split(x, 2, axis = 1); a + b }
    Pad(x: [4]) { pad(x, [[1, 1]]) }
    Take(x: [4]) { take(x, [0, 4], axis = 1) }
    Triangle(x: [4]) { tril(x) }
    Product(x: [4, 5], y: [4, 5]) { matmul(x, y) }
    Batch(x: [4, 5]) { cumsum(x, axis = 0) }
    TopK(x: [4], y: [5]) { in_top_k(x, y, 2) }
    Diff(x: [1]) { diff(x) }
    Space(x: [4]) { x + linspace(0.0, 1.0, 0) }
}

fn main() {}
