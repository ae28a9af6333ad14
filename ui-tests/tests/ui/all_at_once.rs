use keras_runtime::keras_model;

keras_model! {
    pub Net = dens(256, input = 784) >> dropout(1.5) >> dense(0) >> dense(4, rulu) >> flaten()
}

fn main() {
    let _ = Net::new(0);
}
