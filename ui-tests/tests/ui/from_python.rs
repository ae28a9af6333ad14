use keras_runtime::keras_model;

keras_model! {
    pub Sliced(x: [16, 8]) { let h = x >> dense(4); mean(h[:, 0]) }
    pub Methods(x: [16, 8]) { x.flatten() >> dense(8) }
    pub Products(a: [8, 8], b: [8, 8]) { let h = a + b; h @ a }
    pub Powers(x: [8]) { x ** 2 }
    pub Returned(x: [8]) { return x >> dense(3); }
    pub Called(x: [8]) { let h = dense(8)(x); h >> softmax() }
    pub Bare(x: 8) { x >> dense(3) }
    pub AnyLength(x: [None, 8]) { x >> lstm(3) }
    pub Started(x: [9, 8], h: [4], c: [4]) { lstm(x, 4, initial_state = [h, c]) }
    pub Trained(x: [8]) { x >> dropout(0.5, training = true) }
    pub Masked(x: [9, 8], m: [9, 9]) { multi_head_attention(x, x, 2, 4, attention_mask = m) >> gru(3, mask = m) }
    pub Itself(x: [9, 8]) { x >> multi_head_attention(2, 4) }
    pub Clipped(x: [8]) { max(x, 0.5) }
    pub Words(x: [9, 8]) { x >> gru(3, return_sequences = True) >> dense(3, bias = false) >> layernorm() }
    pub Strided(x: [8, 8, 3]) { x >> conv2d(8, 3, 2, "relu") }
    pub Texts = embedding(2000, 32, input_length = 100) >> flatten()
    pub MoreTexts = embedding(input_dim = 2000, output_dim = 32) >> flatten()
    pub Pictures = conv2d(8, 3) >> flatten()
    pub Sequences = lstm(8) >> dense(3)
}

fn main() {}
