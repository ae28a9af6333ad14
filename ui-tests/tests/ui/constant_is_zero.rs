use keras_runtime::keras_model;

keras_model! {
    pub Net = dense(crate::NONE, input = 4)
}

const NONE: usize = 0;

fn main() {
    let _ = Net::new(0);
}
