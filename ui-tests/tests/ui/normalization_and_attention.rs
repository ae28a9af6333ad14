use keras_runtime::keras_model;

keras_model! {
    Groups = dense(10, input = 4) >> group_normalization(4)
    Axis = dense(10, input = 4) >> batch_normalization(axis = 3)
    Sizes(q: [4, 6], v: [5, 8]) { (q, v) >> attention() }
    Rank(q: [6], v: [5, 6]) { (q, v) >> multi_head_attention(2, 3) }
    Heads(q: [4, 6]) { (q, q) >> group_query_attention(3, 4, 3) }
    One(q: [4, 6]) { q >> multi_head_attention(2, 3) }
}

fn main() {}
