use keras_runtime::keras_model;

// A mask says which steps count: what mixes or changes steps cannot carry it, and two of different steps are no one mask.
keras_model! {
    Convolved = input([8], dtype = i32) >> embedding(10, 4, mask_zero = true) >> conv1d(4, 3) >> flatten()
    Pooled = input([8], dtype = i32) >> embedding(10, 4, mask_zero = true) >> max_pooling1d(2) >> flatten()
    Reshaped = masking(input = [6, 4]) >> reshape([3, 8]) >> lstm(2)
    Permuted = masking(input = [6, 4]) >> permute([2, 1]) >> lstm(2)
    Joined(x: [6, 4], y: [1, 4]) { (x >> masking(), y >> masking()) >> minimum() >> lstm(2) }
    Within = masking(input = [6, 4, 3]) >> time_distributed(flatten()) >> lstm(2)
    Scalar(x: [4, 6], y: [5, 6], mask: [4, 6]) { (x, y, y, mask) >> multi_head_attention(2, 3) }
    Steps(x: [4, 6], y: [5, 6], q: [4], v: [6]) { (x, y, y, q, v) >> attention() }
    Four(x: [4, 6], y: [5, 6], q: [4]) { (x, y, y, q) >> additive_attention() }
}

fn main() {}
