use keras_runtime::keras_model;

keras_model! {
    pub Channels = input([8, 8, 6]) >> conv2d(8, 3, groups = 4) >> flatten();
    pub Filters = input([8, 8, 6]) >> conv2d(8, 3, groups = 3) >> flatten();
    pub None = input([8, 8, 6]) >> conv2d(8, 3, groups = 0) >> flatten();
}

fn main() {
    let _ = Channels::new(0);
    let _ = Filters::new(0);
    let _ = None::new(0);
}
