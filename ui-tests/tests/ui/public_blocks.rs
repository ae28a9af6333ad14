use keras_runtime::keras_model;

mod blocks {
    use keras_runtime::keras_model;

    pub const WIDTH: usize = 8;

    keras_model! {
        pub block wide(units = 4) |x| { x >> dense(units) >> dense(WIDTH) }
    }
}

mod layers {
    use keras_runtime::keras_model;

    keras_model! {
        pub block narrow(units, act = relu) |x| { x >> dense(units, act) }
    }
}

keras_model! {
    pub Start = layers::narrow(3) >> dense(2)
    pub Arguments = input(4) >> layers::narrow(units = 3, activation = tanh) >> layers::narrow() >> dense(2)
    pub Shape = input([4, 4, 4]) >> layers::narrow(3) >> dense(2)
    pub Crate = input([8, 8, 1]) >> ui_tests::blocks::tower(4) >> flatten() >> dense(2)
    pub Silent = input(4) >> blocks::wide() >> dense(2)
}

fn main() {
    let _ = (Start::new(0), Arguments::new(0), Shape::new(0), Crate::new(0), Silent::new(0));
}
