//! Layers that hold weights, of a model or of a file.

use crate::compiled::Spec;

/// A layer that holds weights itself.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// Its name, behind those of the layers around it.
    pub names: Vec<String>,
    /// What each of them is by its class in snake case, as far as that is known; a model is a [`MODEL`].
    pub classes: Vec<String>,
    pub shapes: Vec<Vec<usize>>,
    /// Of the model: indices of its weights.
    pub weights: Vec<usize>,
    /// Of a file: where they are.
    pub paths: Vec<String>,
}

/// The class of a model within a model.
pub(super) const MODEL: &str = "model";

/// Layers that are made of others, and the parts of such: a name that begins so is one of them.
const AROUND: &[&str] =
    &["bidirectional", "time_distributed", "rnn", "spectral_normalization", "stacked_rnn_cells"];

impl Leaf {
    /// For messages.
    pub fn label(&self) -> String {
        self.names.join("/")
    }

    /// As one word.
    pub fn word(&self) -> String {
        word(&self.names)
    }
}

/// Names as one: parts of a block have `/` where Keras has `_`.
pub(super) fn word(names: &[String]) -> String {
    names.join("_").replace('/', "_")
}

/// `keras.utils.naming.to_snake_case`.
pub(super) fn snake_case(class: &str) -> String {
    let chars: Vec<char> = class.chars().collect();
    let mut text = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let behind = i.checked_sub(1).map(|i| chars[i]);
        let before = chars.get(i + 1);
        let starts_word = c.is_ascii_uppercase() && before.is_some_and(char::is_ascii_lowercase);
        let follows = c.is_ascii_uppercase() && behind.is_some_and(|b| b.is_ascii_lowercase());
        if behind.is_some() && (starts_word || follows) {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// `name` without the number at its end, and that.
pub(super) fn numbered(name: &str) -> (&str, usize) {
    match name.rsplit_once('_').map(|(stem, number)| (stem, number.parse())) {
        Some((stem, Ok(number))) => (stem, number),
        _ => (name, 0),
    }
}

/// Those of a model, in order of definition.
pub(super) fn of_model(spec: &Spec) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = vec![];
    // What bins Keras learnt is no weight there: its files do not have it.
    for row in spec.layers.iter().filter(|row| row.kind != "Discretization") {
        for &index in row.weights {
            let weight = &spec.weights[index];
            let label = weight.name.rsplit_once('/').map_or("", |(label, _)| label);
            let names: Vec<String> = label.split('/').map(String::from).collect();
            let shape = weight.shape.to_vec();
            if let Some(leaf) = leaves.iter_mut().find(|leaf| leaf.names == names) {
                // A layer that is used again has a row of its own in no summary.
                if !leaf.weights.contains(&index) {
                    leaf.weights.push(index);
                    leaf.shapes.push(shape);
                }
                continue;
            }
            let classes = classes(spec, row.name, row.kind, &names);
            leaves.push(Leaf { names, classes, shapes: vec![shape], weights: vec![index], paths: vec![] });
        }
    }
    leaves
}

/// What a layer of this name goes over, if it is one way of a bidirectional one.
fn way(name: &str) -> Option<&str> {
    name.strip_prefix("forward_").or_else(|| name.strip_prefix("backward_"))
}

/// What the layers are that `names` tells, the row's own being of class `kind`.
fn classes(spec: &Spec, row: &str, kind: &str, names: &[String]) -> Vec<String> {
    let mut prefix = String::new();
    let classes = names.iter().map(|name| {
        prefix = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let (stem, _) = numbered(name);
        match () {
            () if prefix == row => snake_case(kind),
            () if AROUND.contains(&stem) => stem.to_string(),
            () if spec.groups.iter().any(|group| group.name == prefix) => MODEL.to_string(),
            // The ways of a bidirectional layer around a cell.
            () if way(stem).is_some_and(|inner| AROUND.contains(&inner)) => {
                way(stem).unwrap_or_default().to_string()
            }
            // The parts of an attention, or a block, which is no layer in Keras.
            () if prefix.len() > row.len() => name.clone(),
            () => String::new(),
        }
    });
    classes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_keras_s_names() {
        for (class, name) in [
            ("Dense", "dense"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("LSTM", "lstm"),
            ("SimpleRNN", "simple_rnn"),
            ("PReLU", "p_re_lu"),
            ("ConvLSTM2D", "conv_lstm2d"),
            ("BatchNormalization", "batch_normalization"),
            ("SeparableConv1D", "separable_conv1d"),
            ("RMSNormalization", "rms_normalization"),
            ("GRU", "gru"),
        ] {
            assert_eq!(snake_case(class), name);
        }
        assert_eq!(numbered("dense_12"), ("dense", 12));
        assert_eq!(numbered("einsum_dense"), ("einsum_dense", 0));
    }
}
