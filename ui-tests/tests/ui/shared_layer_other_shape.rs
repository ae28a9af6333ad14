use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784], y: [10]) {
        let tower = dense(64, relu);
        add(tower(x), tower(y))
    }
}

fn main() {
    let _ = Net::new(0);
}
