use keras_runtime::keras_model;

keras_model! {
    pub Net(x: [784]) {
        let tower = dense(64) >> dense(64);
        add(x, tower)
    }
}

fn main() {
    let _ = Net::new(0);
}
