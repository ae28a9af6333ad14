use keras_runtime::keras_model;

keras_model! {
    block residual(filters) |x| {
        let h = x >> dense(filters, relu) >> dense(filters);
        h + x
    }
    pub Net = input([32]) >> residual(32) >> residual(64) >> residual(16) >> dense(10)
}

fn main() {
    let _ = Net::new(0);
}
