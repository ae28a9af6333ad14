use keras_runtime::keras_model;

keras_model! {
    pub Net = conv2d(8, 3, input = [6, 6, 1]) >> max_pooling2d() >> conv2d(16, 5) >> flatten();
    pub Dilated = input([7, 7, 1]) >> conv2d(8, 3, dilation_rate = 4) >> flatten();
    pub Pooled = input([7, 3]) >> max_pooling1d(8) >> flatten();
    pub Channels = input([4, 4, 2]) >> depthwise_conv2d(5) >> flatten();
}

fn main() {
    let _ = Net::new(0);
    let _ = Dilated::new(0);
}
