use keras_runtime::keras_model;

keras_model! {
    pub Nothing = input([8, 8, 3]) >> cropping2d(((4, 4), (0, 0))) >> flatten();
    pub Negative = input([8, 8, 3]) >> cropping2d(-1) >> flatten();
    pub Form = input([8, 8, 3]) >> zero_padding2d((1, 2, 3)) >> flatten();
    pub Ends = input([8, 3]) >> cropping1d(((1, 2), (3, 4))) >> flatten();
}

fn main() {
    let _ = Nothing::new(0);
    let _ = Negative::new(0);
    let _ = Form::new(0);
    let _ = Ends::new(0);
}
