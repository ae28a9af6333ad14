use keras_runtime::keras_model;

keras_model! {
    pub Net = input([8, 8, 1]) >> resizing(4, 4, antialias = true) >> flatten();
    Binned = input([4]) >> discretization([0.0, 1.0], num_bins = 3) >> dense(2)
}

fn main() {
    let _ = Net::new(0);
}
