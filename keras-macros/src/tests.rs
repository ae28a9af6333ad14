//! The front end as a function of tokens: what it builds, and what it says.

use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::quote;

use crate::diag::Diagnostics;
use crate::graph;
use crate::model::{Compilation, Model};

pub fn compile(source: &str) -> (Vec<Model>, Vec<String>) {
    let diag = Diagnostics::default();
    let tokens = TokenStream::from_str(source).expect("tokens");
    let compilation = Compilation::new(quote!([keras_runtime] #tokens), &diag);
    (compilation.models, diag.texts())
}

/// A model that has no errors.
pub fn model(source: &str) -> Model {
    let (mut models, texts) = compile(source);
    assert!(texts.is_empty(), "{texts:#?}");
    models.pop().expect("a model")
}

/// The table of layers.
pub fn table(source: &str) -> String {
    graph::table(&model(source).graph)
}

/// Headlines of the errors.
pub fn errors(source: &str) -> Vec<String> {
    let (_, texts) = compile(source);
    texts.iter().map(|text| text.lines().next().unwrap_or_default().to_string()).collect()
}

#[test]
fn mnist_of_the_keras_overview() {
    let source = "dense(256, relu, input = 784) >> dropout(0.4) >> dense(128, relu) >> dropout(0.3) >> dense(10, softmax)";
    let expected = "\
input_layer: [batch, 784] F32
dense (Dense) [batch, 256] <- input_layer; dense/kernel[784, 256] GlorotUniform dense/bias[256] Zeros
dropout (Dropout) [batch, 256] <- dense;
dense_1 (Dense) [batch, 128] <- dropout; dense_1/kernel[256, 128] GlorotUniform dense_1/bias[128] Zeros
dropout_1 (Dropout) [batch, 128] <- dense_1;
dense_2 (Dense) [batch, 10] <- dropout_1; dense_2/kernel[128, 10] GlorotUniform dense_2/bias[10] Zeros
-> dense_2: [batch, 10]
";
    assert_eq!(table(source), expected);
}

#[test]
fn dense_is_a_product_a_sum_and_an_activation() {
    let expected = "\
%0 = input input_layer : [batch, 3]
%1 = weight dense/kernel : [3, 2]
%2 = matmul %0 %1 : [batch, 2]
%3 = weight dense/bias : [2]
%4 = broadcast %3 : [batch, 2]
%5 = add %2 %4 : [batch, 2]
%6 = relu %5 : [batch, 2]
output dense = Linear %6
";
    assert_eq!(model("pub M = dense(2, relu, input = 3)").graph.to_string(), expected);
}

#[test]
fn named_layers_share_their_weights() {
    let m = model(
        "pub Siamese(a: [4], b: [4]) -> (distance: [1]) {
            let tower = dense(8, tanh) >> dense(3);
            let d = abs((a >> tower) - tower(b));
            d >> dense(1, sigmoid)
        }",
    );
    let names: Vec<&str> = m.graph.weights.iter().map(|weight| weight.name.as_str()).collect();
    assert_eq!(
        names,
        ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", "dense_2/kernel", "dense_2/bias"]
    );
    assert_eq!(m.graph.outputs[0].name, "distance");
}

#[test]
fn models_are_layers_of_models() {
    let m = model(
        "Encoder = dense(4, input = 6) >> dense(2);
         pub Pair(x: [6], y: [6]) { concatenate(x >> Encoder, Encoder(y)) >> dense(1) }",
    );
    let names: Vec<&str> = m.graph.layers.iter().map(|layer| layer.name.as_str()).collect();
    let expected = [
        "x",
        "y",
        "encoder/dense",
        "encoder/dense_1",
        "encoder_1/dense",
        "encoder_1/dense_1",
        "concatenate",
        "dense",
    ];
    assert_eq!(names, expected);
    let m = model(
        "Encoder = dense(4, input = 6) >> dense(2);
         pub Pair(x: [6], y: [6]) { let e = Encoder; concatenate(x >> e, e(y)) >> dense(1) }",
    );
    assert_eq!(m.graph.weights.len(), 6);
}

#[test]
fn constants_are_numbers_or_symbols() {
    let m = model("const N: usize = 2 * 8; pub M = dense(N + 1, input = config::WIDTH) >> dense(2 * K)");
    let shapes: Vec<String> = m.graph.layers.iter().map(|layer| layer.output.to_string()).collect();
    assert_eq!(shapes, ["[batch, 17]", "[batch, 2 * K]"]);
}

#[test]
fn operators_bind_as_in_rust() {
    let m = model("pub M(x: [3]) { let y = -x * 2.0 + x / 4; (y > 0.5) * y >> lambda(|t| exp(t) - 1) }");
    assert_eq!(m.graph.outputs.len(), 1);
    assert_eq!(errors("pub M(x: [3]) { x >> dense(3) + x }"), ["a layer cannot be added to a tensor"]);
}

#[test]
fn layers_have_the_shapes_of_keras() {
    let shape = |layers: &str| {
        let m = model(&format!("input([4, 6]) >> {layers}"));
        m.graph.shape(m.graph.outputs[0].value).to_string()
    };
    assert_eq!(shape("flatten()"), "[batch, 24]");
    assert_eq!(shape("reshape([3, -1])"), "[batch, 3, 8]");
    assert_eq!(shape("permute([2, 1])"), "[batch, 6, 4]");
    assert_eq!(shape("flatten() >> repeat_vector(3)"), "[batch, 3, 24]");
    assert_eq!(shape("dense(5)"), "[batch, 4, 5]");
    assert_eq!(shape("softmax(axis = 1)"), "[batch, 4, 6]");
    assert_eq!(shape("sparsemax"), "[batch, 4, 6]");
    assert_eq!(shape("glu"), "[batch, 4, 3]");
    assert_eq!(shape("sum(axis = 1)"), "[batch, 6]");
    let dot = |axes: &str| {
        let m = model(&format!("M(a: [4, 6], b: [5, 6]) {{ (a, b) >> dot({axes}, normalize = true) }}"));
        m.graph.shape(m.graph.outputs[0].value).to_string()
    };
    assert_eq!(dot("2"), "[batch, 4, 5]");
    assert_eq!(dot("(2, -1)"), "[batch, 4, 5]");
}

#[test]
fn every_activation_builds() {
    for name in include_str!("../tests/keras_activations.txt").split_whitespace() {
        let call = if name == "threshold" { "threshold(1.0, 0.0)" } else { name };
        model(&format!("dense(4, {call}, input = 2)"));
        model(&format!("M(x: [4]) {{ {name}(x{}) }}", if name == "threshold" { ", 1.0, 0.0" } else { "" }));
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    let found =
        errors("pub M = dens(3, input = 4) >> dropout(1.5) >> dense(0) >> dense(4, rulu) >> flaten()");
    let expected = [
        "unknown layer `dens`",
        "`rate` of `dropout` must be in [0, 1), found 1.5",
        "`units` of `dense` must be at least 1, found 0",
        "unknown activation `rulu`",
        "unknown layer `flaten`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn one_error_has_no_consequences() {
    assert_eq!(errors("M(x: [28, 28, 1]) { let h = x >> dense(3); let y = h >> dense(4); (y, h) }").len(), 1);
    assert_eq!(errors("M(x: [3]) { let h = x >> dens(3); add(h, x) }"), ["unknown layer `dens`"]);
    assert_eq!(errors("A = dense(0, input = 3) B = A >> dense(1) C(x: [3]) { x >> A }").len(), 1);
}

#[test]
fn cycles_are_named() {
    assert_eq!(
        errors("M(x: [3]) { let a = b >> dense(3); let b = a >> dense(3); b }"),
        ["`a` needs its own value"]
    );
    assert_eq!(
        errors("M(x: [3]) { let a = b >> dense(3); let b = x >> dense(3); a }"),
        ["`b` is used before it is defined"]
    );
    assert_eq!(errors("A(x: [3]) { x >> B } B(x: [3]) { x >> A }"), ["model `A` contains itself"]);
}

#[test]
fn the_parser_goes_on_after_an_error() {
    let found =
        errors("A = dense(3 4, input = 2) >> >> dense(1) B = dense(2, input = ) pub C = dense(0, input = 2)");
    assert_eq!(found.len(), 4, "{found:#?}");
}

/// No sequence of tokens makes the compiler panic, or run for ever.
#[test]
fn any_tokens_are_survived() {
    let words = [
        "dense",
        "(",
        ")",
        "(3, input = 4)",
        "(8)",
        ">>",
        ">>",
        ">",
        ",",
        ";",
        "=",
        "x",
        "{",
        "}",
        "[",
        "]",
        "->",
        "-",
        "+",
        "pub",
        "let",
        "const",
        "|",
        "|x| x",
        "4",
        "0.5",
        "add",
        "A",
        "A =",
        "N",
        ":",
        "::",
        "#",
        "\"s\"",
        "block",
        "block b(n, a = relu) |x| { x >> dense(n, a) }",
        "b(3)",
        "A(outputs = \"dense\")",
        "models::A",
        "let (a, _) = (x, y);",
        "repeat",
        "repeat 2 { dense(3) }",
        "repeat i in 2 |x|",
        "in",
        "lambda",
        "relu",
        "dropout(0.5)",
        "flatten()",
        "(x: [3, 4])",
        "A(x: [3]) { x >> dense(2) }",
        "input([2, 2])",
        "reshape([-1])",
        "axis = 1",
        "concatenate",
        "where",
        "sum",
        "let h = x >> A;",
        "(x, y)",
        "softmax",
        "dot",
    ];
    let mut state = 7u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..5_000 {
        let count = 1 + next(12);
        let source: Vec<&str> = (0..count).map(|_| words[next(words.len())]).collect();
        let source = source.join(" ");
        for source in [
            source.clone(),
            format!("pub M(x: [3], y: [3]) {{ {source} }}"),
            format!("M = dense(3, input = 4) {source}"),
        ] {
            if TokenStream::from_str(&source).is_ok() {
                compile(&source);
            }
        }
    }
}

/// The blocks of an application and a model that uses one.
fn application(family: &str, input: &str, call: &str) -> Model {
    let path = format!("{}/../keras-runtime/src/applications/{family}.rs", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let body = text.split_once("keras_model! {").unwrap().1.trim_end().trim_end_matches('}');
    let (mut models, mut texts) = compile(&format!("{body} M = input({input}) >> {call}"));
    // Blocks that this call has no use for: another one has.
    texts.retain(|text| !text.starts_with("warning: block `"));
    assert!(texts.is_empty(), "{texts:#?}");
    models.pop().expect("a model")
}

/// All parameters, and those that are trained.
fn parameters(model: &Model) -> (usize, usize) {
    let size = |weight: &crate::ir::Weight| {
        weight.shape.iter().map(|dim| dim.as_known().unwrap()).product::<usize>()
    };
    let trained = model.graph.weights.iter().filter(|weight| weight.trainable).map(size).sum();
    (model.graph.weights.iter().map(size).sum(), trained)
}

/// Against `count_params()` and the sizes of `trainable_weights` of Keras 3.15.
#[test]
fn applications_have_keras_s_numbers_of_parameters() {
    for (family, input, call, expected) in [
        ("vgg", "[224, 224, 3]", "vgg16()", (138_357_544, 138_357_544)),
        ("vgg", "[224, 224, 3]", "vgg19()", (143_667_240, 143_667_240)),
        ("vgg", "[32, 32, 3]", "vgg16(include_top = false)", (14_714_688, 14_714_688)),
        ("vgg", "[32, 32, 3]", "vgg19(include_top = false, pooling = max)", (20_024_384, 20_024_384)),
        ("resnet", "[224, 224, 3]", "resnet50()", (25_636_712, 25_583_592)),
        ("resnet", "[224, 224, 3]", "resnet101()", (44_707_176, 44_601_832)),
        ("resnet", "[224, 224, 3]", "resnet152()", (60_419_944, 60_268_520)),
        ("resnet", "[224, 224, 3]", "resnet50v2()", (25_613_800, 25_568_360)),
        ("resnet", "[224, 224, 3]", "resnet101v2()", (44_675_560, 44_577_896)),
        ("resnet", "[224, 224, 3]", "resnet152v2()", (60_380_648, 60_236_904)),
        ("resnet", "[64, 64, 3]", "resnet50(include_top = false, pooling = avg)", (23_587_712, 23_534_592)),
        ("densenet", "[224, 224, 3]", "densenet121()", (8_062_504, 7_978_856)),
        ("densenet", "[224, 224, 3]", "densenet169()", (14_307_880, 14_149_480)),
        ("densenet", "[224, 224, 3]", "densenet201()", (20_242_984, 20_013_928)),
        ("mobilenet", "[224, 224, 3]", "mobilenet()", (4_253_864, 4_231_976)),
        ("mobilenet", "[224, 224, 3]", "mobilenet_v2()", (3_538_984, 3_504_872)),
        ("mobilenet", "[96, 96, 3]", "mobilenet_v2(include_top = false)", (2_257_984, 2_223_872)),
        ("xception", "[299, 299, 3]", "xception()", (22_910_480, 22_855_952)),
        ("inception", "[299, 299, 3]", "inception_v3()", (23_851_784, 23_817_352)),
        ("inception", "[299, 299, 3]", "inception_resnet_v2()", (55_873_736, 55_813_192)),
        ("nasnet", "[224, 224, 3]", "nasnet_mobile()", (5_326_716, 5_289_978)),
        ("nasnet", "[331, 331, 3]", "nasnet_large()", (88_949_818, 88_753_150)),
        ("convnext", "[224, 224, 3]", "convnext_tiny()", (28_589_128, 28_589_128)),
        ("convnext", "[32, 32, 3]", "convnext_tiny(drop_path_rate = 0.1)", (28_589_128, 28_589_128)),
        ("convnext", "[224, 224, 3]", "convnext_small()", (50_223_688, 50_223_688)),
        ("convnext", "[224, 224, 3]", "convnext_base()", (88_591_464, 88_591_464)),
        ("convnext", "[224, 224, 3]", "convnext_large()", (197_767_336, 197_767_336)),
        ("convnext", "[224, 224, 3]", "convnext_xlarge()", (350_196_968, 350_196_968)),
        ("mobilenet", "[224, 224, 3]", "mobilenet(alpha = 0.25)", (475_544, 470_072)),
        ("mobilenet", "[224, 224, 3]", "mobilenet_v2(alpha = 0.35)", (1_691_208, 1_677_128)),
        ("mobilenet", "[224, 224, 3]", "mobilenet_v2(alpha = 0.75)", (2_663_064, 2_636_424)),
        ("mobilenet", "[224, 224, 3]", "mobilenet_v2(alpha = 1.4)", (6_156_712, 6_108_776)),
        ("mobilenet_v3", "[224, 224, 3]", "mobilenet_v3_small()", (2_554_968, 2_542_856)),
        ("mobilenet_v3", "[224, 224, 3]", "mobilenet_v3_large()", (5_507_432, 5_483_032)),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_small(alpha = 0.35)", (1_354_680, 1_350_344)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_small(alpha = 0.35, minimalistic = true)",
            (1_286_320, 1_281_984),
        ),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_small(alpha = 0.75)", (2_051_552, 2_041_872)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_small(include_top = false, alpha = 0.75)",
            (583_160, 573_480),
        ),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_small(alpha = 0.75, minimalistic = true)",
            (1_742_192, 1_732_512),
        ),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_small(include_top = false, alpha = 0.75, minimalistic = true)",
            (273_800, 264_120),
        ),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_small(minimalistic = true)", (2_056_848, 2_044_736)),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_small(alpha = 1.4)", (4_411_352, 4_394_440)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_small(alpha = 1.4, minimalistic = true)",
            (3_445_296, 3_428_384),
        ),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_large(alpha = 0.35)", (2_141_208, 2_132_216)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_large(alpha = 0.35, minimalistic = true)",
            (1_921_240, 1_912_248),
        ),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_large(alpha = 0.75)", (4_012_616, 3_993_528)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_large(include_top = false, alpha = 0.75)",
            (1_808_736, 1_789_648),
        ),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_large(alpha = 0.75, minimalistic = true)",
            (3_069_400, 3_050_312),
        ),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_large(include_top = false, alpha = 0.75, minimalistic = true)",
            (865_520, 846_432),
        ),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_large(minimalistic = true)", (3_948_688, 3_924_288)),
        ("mobilenet_v3", "[96, 96, 3]", "mobilenet_v3_large(alpha = 1.4)", (10_049_024, 10_014_752)),
        (
            "mobilenet_v3",
            "[96, 96, 3]",
            "mobilenet_v3_large(alpha = 1.4, minimalistic = true)",
            (6_991_392, 6_957_120),
        ),
        ("efficientnet", "[224, 224, 3]", "efficientnet_b0()", (5_330_571, 5_288_548)),
        ("efficientnet", "[240, 240, 3]", "efficientnet_b1()", (7_856_239, 7_794_184)),
        ("efficientnet", "[260, 260, 3]", "efficientnet_b2()", (9_177_569, 9_109_994)),
        ("efficientnet", "[300, 300, 3]", "efficientnet_b3()", (12_320_535, 12_233_232)),
        ("efficientnet", "[380, 380, 3]", "efficientnet_b4()", (19_466_823, 19_341_616)),
        ("efficientnet", "[456, 456, 3]", "efficientnet_b5()", (30_562_527, 30_389_784)),
        ("efficientnet", "[528, 528, 3]", "efficientnet_b6()", (43_265_143, 43_040_704)),
        ("efficientnet", "[600, 600, 3]", "efficientnet_b7()", (66_658_687, 66_347_960)),
    ] {
        assert_eq!(parameters(&application(family, input, call)), expected, "{call}");
    }
}

#[test]
fn names_count_repetitions() {
    let model = application("resnet", "[64, 64, 3]", "resnet50(include_top = false)");
    let names: Vec<&str> = model.graph.weights.iter().map(|weight| weight.name.as_str()).collect();
    for name in
        ["conv1/conv/kernel", "conv2/block1/0/bn/gamma", "conv3/block4/2/conv/bias", "conv5/block3/3/bn/beta"]
    {
        assert!(names.contains(&format!("resnet50/{name}").as_str()), "{name} is not among {names:?}");
    }
}

/// A sum of many parts is cut into kernels that can hold their operands.
#[test]
fn no_kernel_has_more_operands_than_it_can_hold() {
    let sum = (0..40).map(|i| format!("x >> dense(3, name = \"d{i}\")")).map(|part| format!("({part})"));
    let model = model(&format!("M(x: [4]) {{ {} }}", sum.collect::<Vec<_>>().join(" + ")));
    let layouts = crate::fuse::layouts(&model.graph);
    for function in [crate::grad::infer(&model.graph), crate::grad::train(&model.graph)] {
        let program = crate::fuse::fuse(&function, &layouts).unwrap();
        for kernel in program.steps.iter().flat_map(|step| &step.kernels) {
            if let crate::fuse::Kernel::Map(map) = kernel {
                assert!(map.expression.operands.len() <= 16, "{}", map.expression.operands.len());
            }
        }
    }
}

/// A step of a recurrent layer is a product, and one kernel from the product's result and the input's to the states; so is a step
/// back. What the layer makes of all inputs at once is a product alone.
#[test]
fn a_step_of_a_loop_is_a_product_and_its_gates() {
    use crate::fuse::Kernel;
    let kinds = |kernels: &[Kernel]| {
        let kind = |kernel: &Kernel| match kernel {
            Kernel::Map(_) => "map",
            Kernel::MatMul { .. } => "product",
            Kernel::Loop { .. } => "loop",
            _ => "other",
        };
        kernels.iter().map(kind).collect::<Vec<_>>()
    };
    for layer in ["lstm", "simple_rnn"] {
        let graph = model(&format!("M = {layer}(6, input = [5, 3]) >> dense(2)")).graph;
        let layouts = crate::fuse::layouts(&graph);
        for (function, loops) in [
            (crate::grad::infer(&graph), &[&["product", "map"][..]][..]),
            (crate::grad::train(&graph), &[&["product", "map"], &["map", "product"]]),
        ] {
            let program = crate::fuse::fuse(&function, &layouts).unwrap();
            let all = || program.steps.iter().flat_map(|step| &step.kernels);
            let bodies = all().filter_map(|kernel| match kernel {
                Kernel::Loop { kernels, .. } => Some(kinds(kernels)),
                _ => None,
            });
            assert_eq!(bodies.collect::<Vec<_>>(), loops, "{layer}: {program}");
            let rows: Vec<Kernel> =
                all().filter(|kernel| kernel.place() == crate::fuse::Place::Rows).cloned().collect();
            assert_eq!(kinds(&rows)[..3], ["product", "map", "loop"], "{layer}: {program}");
        }
    }
}

/// Words of the arena of `infer` and of `train` for each sample.
fn arenas(source: &str) -> [usize; 2] {
    let graph = model(source).graph.tiled(crate::ir::TileSize::CACHED);
    let params = crate::plan::Params::new(&graph, crate::fuse::layouts(&graph));
    [crate::grad::infer(&graph), crate::grad::train(&graph)].map(|function| {
        let program = crate::fuse::fuse(&function, &params.layouts).unwrap();
        // Threads are at different steps of a loop at the same time, so that nothing in it may be of all samples.
        for kernel in program.steps.iter().flat_map(|step| &step.kernels) {
            if let crate::fuse::Kernel::Loop { kernels, .. } = kernel {
                let each = |kernel: &crate::fuse::Kernel| kernel.place() == crate::fuse::Place::Rows;
                assert!(kernels.iter().all(each), "{kernel}");
            }
        }
        crate::plan::plan(&program, &params).arena.as_known().unwrap()
    })
}

/// Of each step an LSTM keeps, for each unit, four words that are what its input gives, then gates, then their gradients; its two
/// states and the activation of one; and the gradients of its states.
#[test]
fn memory_of_an_lstm_is_nine_words_for_each_unit_and_step() {
    let of = |steps: usize| arenas(&format!("M = lstm(16, input = [{steps}, 3]) >> dense(2)"))[1];
    assert_eq!(of(30) - of(10), 20 * 9 * 16);
}

/// The scores of attention are never in memory as a whole: twice the steps take twice the memory, not four times.
#[test]
fn memory_of_attention_is_linear_in_the_steps() {
    for layer in [
        "(x, x) >> multi_head_attention(4, 8, dropout = 0.1, use_causal_mask = true)",
        "(x, x) >> multi_head_attention(4, 8, sliding_window = 9)",
        "(x, x) >> group_query_attention(8, 4, 2)",
        "(x, x) >> attention(use_scale = true, dropout = 0.2)",
    ] {
        let of = |n: usize| arenas(&format!("M(x: [{n}, 32]) {{ let x = x >> dense(32); {layer} }}"));
        let (one, two, four) = (of(512), of(1024), of(2048));
        for phase in 0..2 {
            let words = format!("{layer}: {one:?} {two:?} {four:?}");
            assert!(two[phase] <= 2 * one[phase] && four[phase] <= 2 * two[phase], "{words}");
        }
    }
}
