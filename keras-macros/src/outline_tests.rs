//! Models in Keras's words; that Keras understands them is seen by `tests/fixtures/keras_files.py --check`.

use crate::graph::{Description, MARK};
use crate::tests::model;

fn description(source: &str) -> Description {
    model(source).description
}

fn problem(source: &str) -> String {
    description(source).problem.unwrap_or_default()
}

#[test]
fn a_pipeline_is_sequential_and_has_what_was_written() {
    let found =
        description("dense(2, relu, input = 3, kernel_initializer = he_normal(seed = 7)) >> dropout(0.5)");
    let layer = |class: &str, config: &str| {
        format!(
            "{{\"module\":\"keras.layers\",\"class_name\":\"{class}\",\"config\":{{{config}}},\"registered_name\":null}}"
        )
    };
    let he = "{\"module\":\"keras.initializers\",\"class_name\":\"HeNormal\",\"config\":{\"seed\":7},\"registered_name\":null}";
    let layers = [
        layer("InputLayer", "\"name\":\"input_layer\",\"batch_shape\":[null,3],\"dtype\":\"float32\""),
        layer(
            "Dense",
            &format!("\"name\":\"dense\",\"units\":2,\"activation\":\"relu\",\"kernel_initializer\":{he}"),
        ),
        layer("Dropout", "\"name\":\"dropout\",\"rate\":0.5"),
    ];
    let expected = format!(
        "{{\"module\":\"keras\",\"class_name\":\"Sequential\",\"config\":{{\"name\":\"sequential\",\"trainable\":true,\
         \"layers\":[{}]}},\"registered_name\":null}}",
        layers.join(",")
    );
    assert_eq!((found.config, found.problem), (expected, None));
    assert_eq!(found.order, ["input_layer", "dense", "dropout"]);
}

#[test]
fn layers_are_in_keras_s_order() {
    let found =
        description("Net(x: [4]) { let a = x >> dense(4); let b = x >> dense(4) >> dense(4); a + b }");
    assert_eq!(found.order, ["x", "dense_1", "dense", "dense_2", "add"]);
    assert!(found.config.contains("\"class_name\":\"Add\""), "{}", found.config);
    assert!(found.config.ends_with(
        "\"input_layers\":[[\"x\",0,0]],\"output_layers\":[[\"add\",0,0]]},\"registered_name\":\"Functional\"}"
    ));
}

#[test]
fn functions_and_arithmetic_are_operations() {
    let found = description(
        "Net(x: [4]) { let h = x >> dense(4); 2.0 - exp(sum(h, axis = 1, keepdims = true)) * h }",
    )
    .config;
    let node = |class: &str, name: &str, config: &str| {
        format!(
            "{{\"module\":\"keras.src.ops.numpy\",\"class_name\":\"{class}\",\"config\":{{\"name\":\"{name}\"{config}}}"
        )
    };
    for part in [
        node("Sum", "sum", ",\"axis\":1,\"keepdims\":true"),
        node("Exp", "exp", ""),
        node("Multiply", "multiply", ""),
    ] {
        assert!(found.contains(&part), "{part}: {found}");
    }
    assert!(
        found.contains("\"inbound_nodes\":[{\"args\":[2.0,{\"class_name\":\"__keras_tensor__\""),
        "{found}"
    );
    // A chain of Keras has layers alone.
    let piped = description("dense(4, input = 3) >> exp() >> dense(2)").config;
    assert!(
        piped.contains("\"class_name\":\"Functional\"") && piped.contains("\"class_name\":\"Exp\""),
        "{piped}"
    );
    // Keras lines up axes from the batch on, and compares to truth values.
    let apart = description("Net(x: [4], y: [3, 4]) { (x >> dense(4)) > y }").config;
    let wanted = ["\"class_name\":\"Reshape\"", "\"target_shape\":[1,4]", "\"class_name\":\"Cast\""];
    assert!(wanted.iter().all(|part| apart.contains(part)), "{apart}");
    assert!(
        apart.ends_with(
            "\"output_layers\":[[\"greater_as_number\",0,0]]},\"registered_name\":\"Functional\"}"
        )
    );
}

#[test]
fn models_within_models_are_layers() {
    let found = description(
        "Code = dense(4, tanh, input = 4) >> dense(4)
         Net(x: [4], y: [4]) { let code = Code; let h = x >> code; (h, y >> code) >> concatenate() >> dense(1) }",
    );
    assert_eq!(found.models, [("code".to_string(), "sequential")]);
    assert_eq!(
        found.order,
        ["x", "y", "code/input_layer", "code/dense", "code/dense_1", "concatenate", "dense"]
    );
    // The second use of it.
    assert!(found.config.contains("\"keras_history\":[\"code\",1,0]"), "{}", found.config);
    // Its own layers are there once, by their own names.
    assert_eq!(found.config.matches("\"name\":\"dense_1\"").count(), 1);
}

/// A loop that is taken apart leaves other numbers in the graph.
#[test]
fn steps_that_are_computed_at_once_are_a_layer() {
    let found =
        description("Net(x: [6, 4]) { x >> time_distributed(dense(2) >> batch_normalization()) >> gru(2) }");
    assert_eq!(found.problem, None);
    assert_eq!(found.models, [("time_distributed".to_string(), "sequential")]);
}

#[test]
fn sizes_that_are_not_known_are_left_open() {
    let found = description("Net = dense(HIDDEN, input = 3) >> dense(2)");
    let pieces: Vec<&str> = found.config.split(MARK).collect();
    assert!(pieces[0].ends_with("\"units\":") && pieces[2].starts_with('}'), "{pieces:?}");
    let size: usize = pieces[1].parse().expect("which of the sizes");
    assert_eq!(found.sizes[size].to_string(), "HIDDEN");
}

#[test]
fn what_keras_has_not_is_a_problem_if_an_output_depends_on_it() {
    for (source, expected) in [
        ("Net(x: [3]) { let h = x >> dense(2); gradient(h, x) }", "`gradient` is no operation of Keras"),
        ("Net(x: [3]) { (x >> dense(2)) * arange(2) }", "`arange` is of no tensor"),
        ("Net(x: [3, 2]) { argmax(x >> dense(2)) }", "`argmax` without `axis` counts the batch too in Keras"),
        ("Net(x: [3, 2], y: [3]) { matmul(y >> dense(3), x) }", "`matmul` of a vector takes the batch"),
        (
            "Net(x: [3, 2]) { x >> dense(2) >> diagflat() }",
            "`diagflat` takes the batch for one of its axes in Keras",
        ),
        (
            "Net(x: [3]) { trapezoid(x >> dense(2), x >> dense(2)) }",
            "`trapezoid` takes its places for numbers",
        ),
        (
            "Net(x: [4, 3]) { x >> time_distributed(dense(2) >> exp()) }",
            "is a function, and wrappers of Keras take layers",
        ),
        ("dense(2, input = 3) >> lambda(|x| x * 2.0)", "Keras 3 has no `lambda`"),
        ("dense(2, celu(0.5), input = 3)", "`celu` with arguments is a function in Keras, and no layer"),
        ("Net(x: [4, 3]) { x >> lstm(2, stateful = true) }", "`lstm` is stateful"),
        (
            "cell own(x: [3]; h: [2]) { let y = (x, h) >> concatenate() >> dense(2, tanh); (y, y) }
             Net(x: [5, 3]) { x >> own() >> dense(1) }",
            "`own` is a cell of your own",
        ),
        (
            "cell own(x: [3]; h: [2]) { let y = (x, h) >> concatenate() >> dense(2, tanh); (y, y) }
             Net(x: [5, 3]) { x >> rnn(own()) }",
            "`rnn/own` is a cell of your own",
        ),
        (
            "Net(x: [6, 4, 2]) { x >> time_distributed(flatten() >> dense(2, selu) >> gelu(approximate = true)) >> gru(2) }",
            "`time_distributed/activation` is a function, and wrappers of Keras take layers",
        ),
    ] {
        assert!(problem(source).contains(expected), "{source}: {}", problem(source));
    }
    let beside = "Net(x: [3]) { let h = x >> dense(2); let unused = gradient(h, x) >> dense(1); h }";
    assert!(crate::tests::compile(beside).0[0].description.problem.is_none());
}
