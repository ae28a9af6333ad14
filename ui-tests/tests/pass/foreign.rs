#![deny(warnings)]

use keras_runtime::{Model, keras_model};

mod models {
    use keras_runtime::keras_model;

    const WIDTH: usize = 6;

    keras_model! {
        pub(crate) Inner(x: [WIDTH]) -> (a: [2], b: [3]) { (x >> dense(2), x >> dense(3)) }
    }
    pub mod nested {
        use keras_runtime::keras_model;

        keras_model! {
            /// `super` is not that of who uses it.
            pub Outer(x: [4]) {
                let (a, b) = x >> dense(super::WIDTH) >> super::Inner;
                concatenate(a, b)
            }
        }
    }
    /// The same name in two modules.
    pub mod other {
        use keras_runtime::keras_model;

        keras_model! { pub Outer = dense(1, input = 4) }
    }
}

mod user {
    use crate::models::nested::*;
    use keras_runtime::keras_model;

    keras_model! {
        pub Net = Outer >> dense(1)
        pub Both(x: [4]) { Outer(x) + (x >> crate::models::other::Outer) }
        pub Part = crate::models::nested::Outer(outputs = "inner/dense_1")
    }
}

fn main() {
    keras_model! { pub Local = models::other::Outer >> dense(2) }
    keras_model! { pub Next = Local >> dense(2) }
    let outer = 4 * 6 + 6 + 6 * 2 + 2 + 6 * 3 + 3;
    assert_eq!(user::Net::new(0).count_params(), outer + 5 + 1);
    assert_eq!(user::Both::new(0).count_params(), outer + 5);
    assert_eq!(user::Part::new(0).count_params(), 4 * 6 + 6 + 6 * 3 + 3);
    assert_eq!(Next::new(0).count_params(), 5 + 2 * 1 + 2 + 2 * 2 + 2);
}
