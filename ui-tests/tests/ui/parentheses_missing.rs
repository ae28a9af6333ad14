use keras_runtime::keras_model;

keras_model! {
    pub Net = input([28, 28]) >> flatten >> dense >> softmax
}

fn main() {
    let _ = Net::new(0);
}
