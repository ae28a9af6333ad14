//! What models are composed of: tuples, blocks, repetitions, other models.

use crate::ir;
use crate::tests::{compile, errors, model, table};

fn layers(graph: &ir::Graph) -> Vec<&str> {
    graph.layers.iter().map(|layer| layer.name.as_str()).collect()
}

fn weights(graph: &ir::Graph) -> Vec<String> {
    let weight = |weight: &ir::Weight| {
        let dims: Vec<String> = weight.shape.iter().map(|dim| dim.to_string()).collect();
        format!("{}[{}]", weight.name, dims.join(", "))
    };
    graph.weights.iter().map(weight).collect()
}

/// The whole texts of the errors.
fn texts(source: &str) -> Vec<String> {
    compile(source).1
}

#[test]
fn tuples_are_taken_apart() {
    let m = model(
        "Two(x: [4]) { (x >> dense(3), x >> dense(5)) }
         pub M(x: [4]) { let (a, b) = x >> Two; let (_, c) = (a, b); let n = 7; let (_, t) = (n, dense(n)); (a >> t, c >> dense(2)) }",
    );
    let shapes: Vec<String> =
        m.graph.outputs.iter().map(|output| m.graph.shape(output.value).to_string()).collect();
    assert_eq!(shapes, ["[batch, 7]", "[batch, 2]"]);
}

#[test]
fn a_tuple_has_as_many_parts_as_names() {
    let of = |statement: &str| errors(&format!("M(x: [4]) {{ {statement} a }}"));
    assert_eq!(of("let (a, b) = (x, x, x);"), ["2 names for a tuple of 3"]);
    assert_eq!(
        of("let (a, b) = x >> dense(3);"),
        ["`let (a, b)` takes a tuple apart, but this is one tensor"]
    );
    assert_eq!(of("let (a, b) = dense(3);"), ["`let (a, b)` takes a tuple apart, but this is a layer"]);
    assert_eq!(of("let (a, a) = (x, x);"), ["`a` is defined twice"]);
    assert_eq!(of("let (a, 3) = (x, x);")[0], "expected a name or `_`, found `3`");
    assert_eq!(of("let () = x;")[0], "this `let` names nothing");
}

#[test]
fn a_block_is_built_anew_at_each_use() {
    let m = model(
        "block residual(units, act = relu) |x| { let h = x >> dense(units, act) >> dense(units); h + x }
         pub M(x: [4]) { x >> residual(4) >> residual(units = 4, act = tanh) >> residual(4, name = \"last\") }",
    );
    let expected = [
        "x",
        "residual/dense",
        "residual/dense_1",
        "residual/add",
        "residual_1/dense",
        "residual_1/dense_1",
        "residual_1/add",
        "last/dense",
        "last/dense_1",
        "last/add",
    ];
    assert_eq!(layers(&m.graph), expected);
    assert_eq!(m.graph.weights.len(), 12);
}

#[test]
fn a_block_that_has_a_name_shares_its_weights() {
    let m = model(
        "block twice(n) |x| { let t = dense(n, name = \"t\"); let d = dense(n); x >> t >> t >> d }
         pub M(x: [4]) { let t = twice(4); x >> t >> t }",
    );
    assert_eq!(
        weights(&m.graph),
        ["twice/t/kernel[4, 4]", "twice/t/bias[4]", "twice/dense/kernel[4, 4]", "twice/dense/bias[4]"]
    );
    assert_eq!(layers(&m.graph), ["x", "twice/t", "twice/dense"]);
}

#[test]
fn any_expression_takes_the_place_of_a_parameter() {
    let m = model(
        "const N: usize = 3;
         block wrap(layer, f, scale = 2 * N, shape = [2, scale]) |x| { let y = x >> layer >> lambda(f); y * scale >> reshape(shape) }
         pub M(x: [4]) { x >> wrap(dense(4 * N) >> relu, |t| exp(t)) }",
    );
    assert_eq!(m.graph.shape(m.graph.outputs[0].value).to_string(), "[batch, 2, 6]");
    let m = model(
        "block attend(memory, f) |x, y| { f(x) * memory + f(y) }
         pub M(x: [4], z: [4]) { let n = 4; let h = x >> dense(n); (z, x) >> attend(h, |t| t * 2) }",
    );
    assert_eq!(m.graph.outputs.len(), 1);
}

#[test]
fn names_of_a_block_and_of_its_use_are_different_names() {
    // `x` of the use is an input of size 3, `x` of the block has size 5; `h` likewise.
    let m = model(
        "block b(other, units) |x| { let h = x >> dense(units); concatenate(h, other, x) }
         pub M(x: [3], y: [5]) { let h = x >> dense(2); y >> b(h + h, 7) >> b(x, 1) }",
    );
    // 7 + 2 + 5, then 1 + 3 + 14.
    assert_eq!(m.graph.shape(m.graph.outputs[0].value).to_string(), "[batch, 18]");
    assert_eq!(weights(&m.graph)[2], "b/dense/kernel[5, 7]");
    assert_eq!(
        errors("block b(n) |x| { x + h } M(x: [3]) { let h = x * 2; h >> b(1) }"),
        ["`h` is not defined"]
    );
}

#[test]
fn a_tensor_that_is_passed_to_a_block_is_computed_once() {
    let m = model(
        "block b(m, n) |x| { let mʹ = x * 2; x + m + m * n + mʹ }
         pub M(x: [3]) { x >> b(x >> dense(3), x * 2) }",
    );
    assert_eq!(m.graph.weights.len(), 2);
}

#[test]
fn blocks_use_blocks_and_models() {
    let m = model(
        "block inner(n) |x| { x >> dense(n) }
         block outer(n) |x| { let _a = x >> inner(n); x >> Encoder >> inner(2 * n) >> inner(n) }
         Encoder = dense(3, input = 4) >> inner(2)
         pub M = input([4]) >> outer(5)",
    );
    let expected =
        ["outer/encoder/dense", "outer/encoder/inner/dense", "outer/inner_1/dense", "outer/inner_2/dense"];
    let found: Vec<&str> = layers(&m.graph).into_iter().filter(|name| *name != "outer/inner/dense").collect();
    assert_eq!(found, expected);
    let cycle = errors("block a(n) |x| { x >> b(n) } block b(n) |x| { x >> a(n) } M = input([2]) >> a(1)");
    assert_eq!(cycle, ["block `a` contains itself"]);
}

#[test]
fn arguments_of_a_block_are_checked() {
    let of = |stage: &str| {
        errors(&format!("block b(n, act = relu) |x| {{ x >> dense(n, act) }} M(x: [3]) {{ x >> {stage} }}"))
    };
    assert_eq!(of("b()"), ["`b` needs its argument `n`"]);
    assert_eq!(of("b(1, relu, 3)"), ["`b` takes at most 2 arguments"]);
    assert_eq!(of("b(1, n = 3)"), ["`n` of `b` is given twice"]);
    assert_eq!(of("b(1, akt = 3)"), ["`b` has no argument `akt`"]);
    assert_eq!(of("b(0)"), ["`units` of `dense` must be at least 1, found 0"]);
    assert_eq!(of("concatenate() >> b(1)").len(), 1);
    assert_eq!(
        errors("block b |x, y| { x + y } M(x: [3]) { x >> b }"),
        ["block `b` takes 2 tensors, but gets 1"]
    );
    assert_eq!(
        errors("block b(n, n) |x| { x } M(x: [3]) { x >> dense(1) }"),
        ["block `b` has two parameters called `n`"]
    );
    assert_eq!(errors("M = residul(3) block residual(n) |x| { x >> dense(n) }"), ["unknown layer `residul`"]);
}

#[test]
fn an_error_in_a_block_is_said_once_and_where_it_is_used() {
    let found = texts(
        "block b(n) |x| { x >> dense(n) >> flaten() }
         A(x: [3]) { x >> b(4) >> b(5) } B(x: [3]) { x >> b(6) }",
    );
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("in block `b`, used as `b(4)`"), "{}", found[0]);
    let unused = texts("block b(n) |x| { x >> dense(n) } A(x: [3]) { x >> dense(1) }");
    assert!(unused[0].starts_with("warning: block `b` is never used"), "{unused:#?}");
}

#[test]
fn repetitions_are_layers() {
    let m = model(
        "const N: usize = 2;
         block stack(n, units) |x| { x >> repeat n { dense(units) } }
         pub M = input([8]) >> repeat N + 1 { dense(8, relu) >> dropout(0.2) } >> stack(2, 3)
             >> repeat 2 |x| { let h = x >> dense(3); h + x } >> repeat i in 2 { dense(4 * (i + 1)) } >> relu",
    );
    let dense = |graph: &ir::Graph| -> Vec<String> {
        weights(graph).into_iter().filter(|name| name.contains("kernel")).collect()
    };
    assert_eq!(
        dense(&m.graph),
        [
            "dense/kernel[8, 8]",
            "dense_1/kernel[8, 8]",
            "dense_2/kernel[8, 8]",
            "stack/dense/kernel[8, 3]",
            "stack/dense_1/kernel[3, 3]",
            "dense_3/kernel[3, 3]",
            "dense_4/kernel[3, 3]",
            "dense_5/kernel[3, 4]",
            "dense_6/kernel[4, 8]",
        ]
    );
    let m = model("M(x: [4]) { let t = repeat 2 { dense(4) }; x >> t >> t }");
    assert_eq!(m.graph.weights.len(), 4);
    let m =
        model("M(x: [4], y: [4]) { let (a, b) = (x, y) >> repeat 3 |x, y| { (y, x >> dense(4)) }; a + b }");
    assert_eq!(m.graph.weights.len(), 6);
}

#[test]
fn wrong_repetitions_are_errors() {
    let of = |stage: &str| errors(&format!("M(x: [3]) {{ x >> {stage} }}"));
    assert_eq!(of("repeat 0 { dense(3) }"), ["a repetition happens 1 to 1000 times, found 0"]);
    assert_eq!(of("repeat K { dense(3) }"), ["the number of repetitions must be known to the macro"]);
    assert_eq!(of("repeat 1.5 { dense(3) }"), ["a repetition happens a whole number of times, found `1.5`"]);
    assert_eq!(of("repeat { dense(3) }"), ["`repeat` needs to know how often"]);
    assert_eq!(of("repeat 3"), ["expected the layers to repeat after this"]);
    assert_eq!(of("repeat 3 dense(4)").len(), 1);
    assert_eq!(of("repeat 2 |x, y| { x }"), ["this repetition takes 2 tensors, but gets 1"]);
    assert_eq!(of("repeat 3 { flaten() }"), ["unknown layer `flaten`"]);
    let second = texts("M(x: [3]) { x >> repeat 3 |x| { (x >> dense(4)) * (x >> dense(3)) } }");
    assert_eq!(second.len(), 1);
    assert!(table("M(x: [3]) { x >> repeat 1 { dense(4) } }").contains("dense/kernel[3, 4]"));
}

/// What `keras_model!` is called with when `models` were fetched under their paths.
fn linked(models: &[(&str, &crate::model::Model)], source: &str) -> String {
    let links = models.iter().map(|(path, model)| {
        let name = proc_macro2::Ident::new(&model.name(), proc_macro2::Span::call_site());
        format!("{{ ({path}) {} }}", model.export.payload(&name, model.ok))
    });
    format!("@ {{ {} }} {source}", links.collect::<String>())
}

#[test]
fn models_of_other_macro_calls_are_found() {
    let wanted = |source: &str| -> Vec<String> {
        let diag = crate::diag::Diagnostics::default();
        let file = crate::syntax::parse(source.parse().expect("tokens"), &diag).expect("a file");
        diag.discard();
        crate::syntax::foreign::models(&file).iter().map(|path| crate::link::key(path)).collect()
    };
    assert_eq!(
        wanted("A(x: [3]) { let e = models::Encoder; concatenate(x >> e, Tower(x)) >> VGG16 >> other::V }"),
        ["models::Encoder", "Tower", "VGG16", "other::V"]
    );
    assert_eq!(wanted("B = Tower >> dense(3, act::Fast)"), ["Tower", "act::Fast"]);
    // Misspelt names, names of Keras, constants and functions are not.
    for known in [
        "B = Dense(3) >> Dropout(0.1)",
        "Encoder = dense(3, input = 4) B = Encodr >> dense(2)",
        "dense(config::WIDTH, input = N) >> dense(width::of(3), Relu, bias_initializer = None)",
        "block b(F) |x| { x >> F } A(x: [3]) { let T = dense(3); x >> T >> b(T) }",
    ] {
        assert!(wanted(known).is_empty(), "{known}: {:?}", wanted(known));
    }
}

#[test]
fn a_model_of_another_macro_call_is_a_layer() {
    let encoder = model(
        "const WIDE: usize = 6; const UNKNOWN: usize = width(); block mlp(n) |x| { x >> dense(n * HALF) }
         Inner = dense(WIDE, input = config::IN) >> mlp(UNKNOWN);
         pub Encoder(x: [config::IN]) { x * config::SCALE >> Inner >> dense(4) }",
    );
    let constants: Vec<(&str, bool)> =
        encoder.export.constants.iter().map(|constant| (constant.text.as_str(), constant.size)).collect();
    assert_eq!(
        constants,
        [("config::IN", true), ("config::SCALE", false), ("UNKNOWN", true), ("HALF", true)]
    );
    let middle = model(&linked(
        &[("one::Encoder", &encoder)],
        "const WIDE: usize = 99; pub Middle = one::Encoder >> dense(N)",
    ));
    let texts: Vec<&str> = middle.export.constants.iter().map(|constant| constant.text.as_str()).collect();
    let own = ["IN", "SCALE"].map(|name| format!("one::Encoder::__CONFIG_{name}"));
    assert_eq!(texts, [&own[0], &own[1], "one::Encoder::__UNKNOWN", "one::Encoder::__HALF", "N"]);
    let m = model(&linked(
        &[("two::Middle", &middle), ("Encoder", &encoder)],
        "pub Big(x: [2]) { let e = Encoder; two::Middle(x >> dense(8)) + (x >> e) + e(x) >> dense(1) }",
    ));
    let expected = [
        "dense/kernel[2, 8]",
        "dense/bias[8]",
        "middle/encoder/inner/dense/kernel[8, 6]",
        "middle/encoder/inner/dense/bias[6]",
        "middle/encoder/inner/mlp/dense/kernel[6, two::Middle::__ONE_ENCODER___HALF * two::Middle::__ONE_ENCODER___UNKNOWN]",
    ];
    assert_eq!(weights(&m.graph)[..5], expected);
    assert_eq!(weights(&m.graph)[10], "encoder/inner/dense/kernel[2, 6]");
    assert_eq!(m.graph.weights.len(), 2 + 8 + 6 + 2);
}

#[test]
fn errors_of_other_macro_calls_are_theirs() {
    let encoder = model("pub Encoder = dense(6, input = 4)");
    let of = |source: &str| errors(&linked(&[("one::Encoder", &encoder)], source));
    assert_eq!(
        of("A = input([5]) >> one::Encoder"),
        ["model `Encoder` takes [batch, 4], but its input is [batch, 5]"]
    );
    assert_eq!(of("A = input([4]) >> one::encoder"), ["`one::encoder` is not a layer"]);
    let (models, _) = compile("pub Wrong = dense(0, input = 4)");
    let (models, texts) = compile(&linked(&[("one::Wrong", &models[0])], "A = one::Wrong >> dense(3)"));
    assert!(texts.is_empty() && !models[0].ok);
}

const VGG: &str = "
    block stage(n) |x| { let h = x >> dense(n, relu); h >> flatten() >> dropout(0.1) }
    pub Vgg(x: [4], y: [3]) {
        let tower = dense(5);
        let _aux = x >> dense(9, name = \"aux\");
        let a = x >> stage(6) >> stage(7) >> tower;
        a + (y >> dense(7) >> tower) >> dense(2, name = \"last\")
    }
";

#[test]
fn a_part_of_a_model_has_its_names() {
    let part = |definition: &str| model(&format!("{VGG} {definition}"));
    let m = part("pub Features = Vgg(outputs = \"stage_1\")");
    assert_eq!(
        weights(&m.graph),
        [
            "stage/dense/kernel[4, 6]",
            "stage/dense/bias[6]",
            "stage_1/dense/kernel[6, 7]",
            "stage_1/dense/bias[7]"
        ]
    );
    let rows = [
        "x",
        "stage/dense",
        "stage/flatten",
        "stage/dropout",
        "stage_1/dense",
        "stage_1/flatten",
        "stage_1/dropout",
    ];
    assert_eq!(layers(&m.graph), rows);
    assert_eq!(m.graph.inputs.len(), 1);
    assert_eq!(m.graph.shape(m.graph.outputs[0].value).to_string(), "[batch, 7]");
    let m = part("pub Features = Vgg(outputs = [\"stage/dense\", \"last\"])");
    let names: Vec<&str> = m.graph.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["stage/dense", "last"]);
    assert_eq!(m.graph.inputs.len(), 2);
    let m = part("Features = Vgg(outputs = \"last\") Again = Features(outputs = \"stage\")");
    assert_eq!(weights(&m.graph), ["stage/dense/kernel[4, 6]", "stage/dense/bias[6]"]);
}

#[test]
fn a_part_of_a_model_is_a_layer() {
    let m = model(
        "Encoder = dense(8, input = 4) >> dense(6) >> dense(2)
         pub Head = Encoder(outputs = \"dense_1\") >> dense(3)",
    );
    assert_eq!(
        weights(&m.graph)[2..],
        ["encoder/dense_1/kernel[8, 6]", "encoder/dense_1/bias[6]", "dense/kernel[6, 3]", "dense/bias[3]"]
    );
    let m = model(
        "Encoder = dense(8, input = 4) >> dense(6) >> dense(2) Part = Encoder(outputs = \"dense\")
         pub M(x: [4]) { let p = Part; (x >> p) * (x >> p) }",
    );
    assert_eq!(weights(&m.graph), ["part/dense/kernel[4, 8]", "part/dense/bias[8]"]);
    let encoder = model("pub Encoder = dense(N, input = 4) >> dense(6)");
    let m = model(&linked(&[("one::Encoder", &encoder)], "pub Part = one::Encoder(outputs = \"dense\")"));
    assert_eq!(weights(&m.graph)[0], "dense/kernel[4, one::Encoder::__N]");
}

#[test]
fn a_model_is_cut_at_a_layer_that_it_has() {
    let of = |outputs: &str| errors(&format!("{VGG} pub Features = Vgg({outputs})"));
    assert_eq!(of("outputs = \"stage_2\""), ["model `Vgg` has no layer `stage_2`"]);
    assert_eq!(of("outputs = \"aux\""), ["layer `aux` is not on the way to an output of `Vgg`"]);
    assert_eq!(of("outputs = \"dense\""), ["layer `dense` of `Vgg` is applied 2 times"]);
    assert_eq!(of("outputs = 3").len(), 1);
    assert_eq!(of("inputs = \"x\""), ["`Vgg` has no argument `inputs`"]);
}

/// A `let`, a parameter or a word of a layer may be called like the block that it is in.
#[test]
fn a_block_is_not_what_is_called_like_it() {
    let m = model(
        "block tower(n) |x| { let tower = x >> dense(n, tanh); tower + tower }
         block twice(n) |twice| { twice >> tower(n) >> tower(n) }
         block same(n) |x| { x >> reshape([-1, 1]) >> conv1d(n, 1, padding = same) >> flatten() }
         pub M = input([4]) >> tower(3) >> twice(2) >> same(2)",
    );
    assert_eq!(m.graph.weights.len(), 8);
    let own = errors("block tower(n) |x| { let tower = x >> tower(n); tower } M = input([2]) >> tower(1)");
    assert_eq!(own, ["block `tower` contains itself"]);
}
