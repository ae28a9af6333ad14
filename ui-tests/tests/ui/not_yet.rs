use keras_runtime::keras_model;

keras_model! {
    block residual(filters) |x| { x + (x >> dense(filters)) }
    pub Net = dense(10, input = 784, kernel_regularizer = l2(0.01))
}

fn main() {
    let _ = Net::new(0);
}
