use keras_runtime::keras_model;

keras_model! {
    pub Both = input([8, 8, 6]) >> conv2d(8, 3, strides = 2, dilation_rate = 2) >> flatten();
    pub Zero = input([8, 8, 6]) >> conv2d(8, 0) >> flatten();
    pub Negative = input([8, 8, 6]) >> conv2d(8, [3, -1]) >> flatten();
    pub Three = input([8, 8, 6]) >> conv2d(8, [3, 3, 3]) >> flatten();
    pub Unknown = input([8, 8, 6]) >> conv2d(8, 3, padding = smae) >> flatten();
    pub Causal = input([8, 8, 6]) >> conv2d(8, 3, padding = causal) >> flatten();
    pub Positional = input([8, 8, 6]) >> conv2d(8, 3, relu) >> flatten();
    pub Format = input([8, 8, 6]) >> conv2d(8, 3, data_format = "NCHW") >> flatten();
    pub More = input([8, 8, 6]) >> conv2d_transpose(8, 3, strides = 2, output_padding = 2) >> flatten();
}

fn main() {
    let _ = Both::new(0);
    let _ = Zero::new(0);
    let _ = Negative::new(0);
    let _ = Three::new(0);
    let _ = Unknown::new(0);
    let _ = Causal::new(0);
    let _ = Positional::new(0);
    let _ = Format::new(0);
    let _ = More::new(0);
}
