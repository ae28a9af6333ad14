use keras_runtime::keras_model;

keras_model! {
    Features(q: [3, 4, 5]) { (q, q) >> multi_head_attention(2, 3, attention_axes = 3) }
    None(q: [3, 4, 5]) { (q, q) >> multi_head_attention(2, 3, attention_axes = []) }
    Batch(q: [4, 5]) { (q, q) >> multi_head_attention(2, 3, attention_axes = [0, 1]) }
    Kept(q: [3, 4, 5], v: [3, 5, 5]) { (q, v) >> multi_head_attention(2, 3, attention_axes = 1) }
    Ranks(q: [3, 4, 5], v: [4, 5]) { (q, v) >> multi_head_attention(2, 3) }
    Keys(q: [4, 5], v: [3, 5], k: [2, 5]) { (q, v, k) >> multi_head_attention(2, 3) }
    Causal(q: [3, 4, 5]) { (q, q) >> multi_head_attention(2, 3, use_causal_mask = true) }
    Window(q: [3, 4, 5]) { (q, q) >> multi_head_attention(2, 3, sliding_window = 2) }
    Nothing(q: [4, 5]) { (q, q) >> group_query_attention(3, 4, 2, sliding_window = 0) }
    Image(q: [3, 4, 5]) { (q, q) >> group_query_attention(3, 4, 2) }
}

fn main() {}
