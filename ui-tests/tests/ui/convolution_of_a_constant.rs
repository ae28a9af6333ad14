use keras_runtime::keras_model;

const WIDTH: usize = 28;

keras_model! {
    pub Net = input([28, WIDTH, 1]) >> conv2d(32, 3) >> flatten();
}

fn main() {
    let _ = Net::new(0);
}
