use keras_runtime::keras_model;

mod models {
    use keras_runtime::keras_model;

    keras_model! {
        pub Encoder = dense(64, rulu, input = 784) >> dense(8)
    }
}

keras_model! {
    pub Net(x: [784]) { x >> models::Encoder >> dense(3) }
}

fn main() {
    let _ = Net::new(0);
}
