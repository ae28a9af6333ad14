use keras_runtime::keras_model;

keras_model! {
    pub Rows(image: [8, 8, 3], from: [2, 4], to: [4, 2]) { perspective_transform(image, from, to) }
    pub Trained(image: [8, 8, 3], from: [4, 2]) {
        let to = from >> dense(2, name = "mover");
        perspective_transform(image, from, to)
    }
}

fn main() {}
