//! Every layer in its shortest use, and what all of them must take: a name, `trainable = false`, a regularizer of what comes
//! out, and masks as Keras's layers take them.

#![cfg(test)]

use super::{Entry, LAYERS};
use crate::grad;
use crate::ir::Graph;
use crate::tests::compile;

/// Names, arguments, and what the layers are given.
const EXAMPLES: &[(&str, &str, &[&str])] = &[
    ("dense", "2", &["4, 3"]),
    ("activation", "tanh", &["4, 3"]),
    ("masking", "", &["4, 3"]),
    ("drop_mask", "", &["4, 3"]),
    ("lambda", "|x| x * 2.0", &["4, 3"]),
    ("identity", "", &["4, 3"]),
    ("einsum_dense", "\"abc,cd->abd\", [4, 2]", &["4, 3"]),
    ("relu", "max_value = 6.0", &["4, 3"]),
    ("leaky_relu", "", &["4, 3"]),
    ("prelu", "", &["4, 3"]),
    ("elu", "", &["4, 3"]),
    ("softmax", "", &["4, 3"]),
    ("flatten", "", &["4, 3"]),
    ("reshape", "[3, 4]", &["4, 3"]),
    ("permute", "[2, 1]", &["4, 3"]),
    ("repeat_vector", "2", &["3"]),
    ("add", "", &["4, 3", "4, 3"]),
    ("multiply", "", &["4, 3", "4, 3"]),
    ("maximum", "", &["4, 3", "4, 3"]),
    ("minimum", "", &["4, 3", "4, 3"]),
    ("subtract", "", &["4, 3", "4, 3"]),
    ("average", "", &["4, 3", "4, 3"]),
    ("concatenate", "", &["4, 3", "4, 2"]),
    ("dot", "axes = 2", &["4, 3", "5, 3"]),
    ("embedding", "9, 2", &["i32; 4, 3"]),
    ("reversible_embedding", "9, 2", &["i32; 4, 3"]),
    ("batch_normalization", "", &["4, 3"]),
    ("layer_normalization", "", &["4, 3"]),
    ("group_normalization", "3", &["4, 3"]),
    ("rms_normalization", "", &["4, 3"]),
    ("unit_normalization", "", &["4, 3"]),
    ("attention", "use_scale = true", &["4, 3", "5, 3"]),
    ("additive_attention", "", &["4, 3", "5, 3"]),
    ("multi_head_attention", "2, 3", &["4, 3", "5, 3"]),
    ("group_query_attention", "3, 4, 2", &["4, 3", "5, 3"]),
    ("conv1d", "2, 3", &["4, 3"]),
    ("conv2d", "2, 3", &["4, 5, 3"]),
    ("conv3d", "2, 3", &["4, 5, 3, 2"]),
    ("conv1d_transpose", "2, 3", &["4, 3"]),
    ("conv2d_transpose", "2, 3", &["4, 5, 3"]),
    ("conv3d_transpose", "2, 3", &["4, 5, 3, 2"]),
    ("depthwise_conv1d", "2", &["4, 3"]),
    ("depthwise_conv2d", "2", &["4, 5, 3"]),
    ("separable_conv1d", "2, 3", &["4, 3"]),
    ("separable_conv2d", "2, 3", &["4, 5, 3"]),
    ("locally_connected1d", "2, 3", &["4, 3"]),
    ("locally_connected2d", "2, 3", &["4, 5, 3"]),
    ("max_pooling1d", "", &["4, 3"]),
    ("average_pooling1d", "2", &["4, 3"]),
    ("global_max_pooling1d", "", &["4, 3"]),
    ("global_average_pooling1d", "", &["4, 3"]),
    ("adaptive_max_pooling1d", "2", &["4, 3"]),
    ("adaptive_average_pooling1d", "2", &["4, 3"]),
    ("max_pooling2d", "", &["4, 5, 3"]),
    ("average_pooling2d", "2", &["4, 5, 3"]),
    ("global_max_pooling2d", "", &["4, 5, 3"]),
    ("global_average_pooling2d", "", &["4, 5, 3"]),
    ("adaptive_max_pooling2d", "2", &["4, 5, 3"]),
    ("adaptive_average_pooling2d", "2", &["4, 5, 3"]),
    ("max_pooling3d", "", &["4, 5, 3, 2"]),
    ("average_pooling3d", "2", &["4, 5, 3, 2"]),
    ("global_max_pooling3d", "", &["4, 5, 3, 2"]),
    ("global_average_pooling3d", "", &["4, 5, 3, 2"]),
    ("adaptive_max_pooling3d", "2", &["4, 5, 3, 2"]),
    ("adaptive_average_pooling3d", "2", &["4, 5, 3, 2"]),
    ("zero_padding1d", "", &["4, 3"]),
    ("zero_padding2d", "", &["4, 5, 3"]),
    ("zero_padding3d", "", &["4, 5, 3, 2"]),
    ("cropping1d", "", &["4, 3"]),
    ("cropping2d", "1", &["4, 5, 3"]),
    ("cropping3d", "", &["4, 5, 3, 2"]),
    ("up_sampling1d", "", &["4, 3"]),
    ("up_sampling2d", "", &["4, 5, 3"]),
    ("up_sampling3d", "", &["4, 5, 3, 2"]),
    ("simple_rnn", "2", &["4, 3"]),
    ("lstm", "2", &["4, 3"]),
    ("gru", "2", &["4, 3"]),
    ("simple_rnn_cell", "2", &["3", "2"]),
    ("lstm_cell", "2", &["3", "2", "2"]),
    ("gru_cell", "2", &["3", "2"]),
    ("rnn", "lstm_cell(2)", &["4, 3"]),
    ("stacked_rnn_cells", "[gru_cell(2), gru_cell(3)]", &["3", "2", "3"]),
    ("conv_lstm1d", "2, 3", &["4, 5, 3"]),
    ("conv_lstm2d", "2, 2", &["4, 5, 3, 2"]),
    ("conv_lstm3d", "2, 2", &["4, 5, 3, 3, 2"]),
    ("bidirectional", "lstm(2)", &["4, 3"]),
    ("time_distributed", "dense(2)", &["4, 3"]),
    ("spectral_normalization", "dense(2)", &["4, 3"]),
    ("rescaling", "0.5", &["4, 3"]),
    ("normalization", "", &["4, 3"]),
    ("discretization", "num_bins = 4", &["4, 3"]),
    ("category_encoding", "5", &["i32; 3"]),
    ("stft_spectrogram", "\"log\", 8", &["40, 2"]),
    ("mel_spectrogram", "64, 32, num_mel_bins = 4", &["200"]),
    ("resizing", "3, 3", &["8, 9, 3"]),
    ("center_crop", "3, 3", &["8, 9, 3"]),
    ("random_crop", "3, 3", &["8, 9, 3"]),
    ("random_flip", "", &["8, 9, 3"]),
    ("random_rotation", "0.1", &["8, 9, 3"]),
    ("random_zoom", "0.1", &["8, 9, 3"]),
    ("random_translation", "0.1, 0.1", &["8, 9, 3"]),
    ("random_shear", "0.1", &["8, 9, 3"]),
    ("random_contrast", "0.1", &["8, 9, 3"]),
    ("random_brightness", "0.1", &["8, 9, 3"]),
    ("solarization", "", &["8, 9, 3"]),
    ("auto_contrast", "", &["8, 9, 3"]),
    ("random_invert", "", &["8, 9, 3"]),
    ("random_posterization", "4", &["8, 9, 3"]),
    ("random_grayscale", "", &["8, 9, 3"]),
    ("random_saturation", "0.1", &["8, 9, 3"]),
    ("random_hue", "0.1", &["8, 9, 3"]),
    ("random_color_degeneration", "0.1", &["8, 9, 3"]),
    ("random_color_jitter", "brightness_factor = 0.1", &["8, 9, 3"]),
    ("random_sharpness", "0.1", &["8, 9, 3"]),
    ("random_gaussian_blur", "", &["8, 9, 3"]),
    ("random_perspective", "", &["8, 9, 3"]),
    ("random_elastic_transform", "", &["8, 9, 3"]),
    ("random_erasing", "", &["8, 9, 3"]),
    ("equalization", "", &["8, 9, 3"]),
    ("contrast_limited_adaptive_histogram_equalization", "tile_grid_size = [2, 2]", &["8, 8, 3"]),
    ("rand_augment", "", &["8, 9, 3"]),
    ("aug_mix", "", &["8, 9, 3"]),
    ("dropout", "0.5", &["4, 3"]),
    ("spatial_dropout1d", "0.5", &["4, 3"]),
    ("spatial_dropout2d", "0.5", &["4, 5, 3"]),
    ("spatial_dropout3d", "0.5", &["4, 5, 3, 2"]),
    ("alpha_dropout", "0.5", &["4, 3"]),
    ("gaussian_noise", "0.5", &["4, 3"]),
    ("gaussian_dropout", "0.5", &["4, 3"]),
    ("activity_regularization", "l1 = 0.1", &["4, 3"]),
];

fn layers() -> impl Iterator<Item = &'static Entry> {
    // `input` makes the model's input, and takes nothing.
    LAYERS.iter().copied().flatten().filter(|entry| entry.name != "input")
}

/// A model of the layer called `name`, with `more` arguments, and with `before` in front of its first input.
fn source(name: &str, more: &str, before: &str) -> String {
    let example = EXAMPLES.iter().find(|(other, ..)| *other == name);
    let (_, args, inputs) = example.unwrap_or_else(|| panic!("`{name}` has no example"));
    let declared: Vec<String> =
        inputs.iter().enumerate().map(|(i, shape)| format!("x{i}: [{shape}]")).collect();
    let given: Vec<String> =
        (0..inputs.len()).map(|i| format!("x{i}{}", if i == 0 { before } else { "" })).collect();
    let given = if let [one] = &given[..] { one.clone() } else { format!("({})", given.join(", ")) };
    let args: Vec<&str> = [*args, more].into_iter().filter(|args| !args.is_empty()).collect();
    format!("Net({}) {{ {given} >> {name}({}) }}", declared.join(", "), args.join(", "))
}

/// The model of `source`, or its errors.
fn graph(source: &str) -> Result<Graph, Vec<String>> {
    let (mut models, texts) = compile(source);
    if texts.is_empty() { Ok(models.pop().expect("a model").graph) } else { Err(texts) }
}

#[test]
fn every_layer_has_an_example() {
    layers().for_each(|entry| drop(source(entry.name, "", "")));
    assert_eq!(layers().count(), EXAMPLES.len());
}

#[test]
fn every_layer_takes_a_name() {
    for entry in layers() {
        let graph =
            graph(&source(entry.name, "name = \"own\"", "")).unwrap_or_else(|texts| panic!("{texts:#?}"));
        let of_layer = |name: &str| name == "own" || name.starts_with("own/");
        assert!(graph.layers.iter().any(|row| of_layer(&row.name)), "{}: no row is called `own`", entry.name);
        for weight in &graph.weights {
            assert!(of_layer(&weight.name), "{}: a weight is called `{}`", entry.name, weight.name);
        }
        assert!(entry.weights.is_empty() || !graph.weights.is_empty(), "{} has no weights", entry.name);
    }
}

/// The compiler drops the gradient: no weight asks for one, and so nothing is derived from the loss.
#[test]
fn every_layer_can_be_left_as_it_is() {
    for entry in layers() {
        let frozen =
            graph(&source(entry.name, "trainable = false", "")).unwrap_or_else(|texts| panic!("{texts:#?}"));
        let trained = frozen.weights.iter().find(|weight| weight.trainable);
        assert!(
            trained.is_none(),
            "{}: `{}` is trained",
            entry.name,
            trained.map_or("", |weight| &weight.name)
        );
        let train = grad::train(&frozen);
        assert!(train.gradients.is_empty(), "{} has gradients", entry.name);
        assert!(train.heads.iter().all(|head| head.dz.is_none()), "{}: its loss is derived", entry.name);
    }
}

#[test]
fn every_layer_takes_a_regularizer_of_its_results() {
    for entry in layers() {
        let count = |more| {
            graph(&source(entry.name, more, "")).unwrap_or_else(|texts| panic!("{texts:#?}")).losses.len()
        };
        assert!(count("activity_regularizer = l2(0.1)") > count(""), "{} adds no loss", entry.name);
    }
}

/// Layers that Keras lets lose the mask, with a warning, though what they make of a step is a step; here it stays.
const KEPT: &[&str] = &["SpectralNormalization", "EinsumDense", "RMSNormalization", "GlobalMaxPooling1D"];

/// What Keras's layers lose is refused, and told; what they carry or use is taken.
#[test]
fn masks_are_taken_as_keras_takes_them() {
    let mut wrong = vec![];
    for line in include_str!("../../tests/keras_masks.txt").lines() {
        let (class, mask) = line.split_once(' ').expect("two words");
        let Some(entry) = layers().find(|entry| entry.class == class) else { continue };
        let example = EXAMPLES.iter().find(|(name, ..)| *name == entry.name).expect("there is one");
        // Numbers of words, and single steps, come with no mask.
        if example.2[0].starts_with("i32") || !example.2[0].contains(',') {
            continue;
        }
        let lost = mask == "lost" && !KEPT.contains(&class);
        let found = graph(&source(entry.name, "", " >> masking()"));
        let told = |texts: &Vec<String>| texts.iter().any(|text| text.contains("mask"));
        if found.as_ref().err().is_some_and(told) != lost || !lost && found.is_err() {
            wrong.push(format!("{class} is `{mask}` in Keras, and here {found:#?}", found = found.err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
