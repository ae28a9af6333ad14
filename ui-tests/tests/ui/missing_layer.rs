use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(256, relu, input = 784) >> >> dense(0) >>
}

fn main() {
    let _ = Net::new(0);
}
