use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, rulu, input = 784) >> dense(10, activation = "sotfmax")
}

fn main() {
    let _ = Net::new(0);
}
