use keras_runtime::keras_model;

keras_model! {
    pub Net = input([28, 28]) >> flatten(1) >> dropout(0.5, None, None, 7) >> repeat_vector(2, 3)
}

fn main() {
    let _ = Net::new(0);
}
