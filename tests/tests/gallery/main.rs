//! The architectures of the gallery of Keras's R interface, small: each compiles, and learns something in a few steps.

mod drawn;
mod grown;
mod pictures;
mod sequences;

use keras_runtime::data::IntoTensor;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array, ArrayD, IxDyn};

keras_model! {
    /// `mnist_irnn`: pixel by pixel, from the identity (Le et al., 2015).
    Irnn = simple_rnn(8, relu, input = [16, 1], recurrent_initializer = identity(1.0),
            kernel_initializer = random_normal(stddev = 0.001)) >> dense(3, softmax)

    /// `mnist_hierarchical_rnn`: rows of pixels, then rows.
    Hierarchical = input([5, 6, 1]) >> time_distributed(lstm(4)) >> lstm(5) >> dense(3, softmax)

    /// `mnist_transfer_cnn`: what was learnt of other digits stays.
    Features = conv2d(4, 3, activation = relu, input = [8, 8, 1]) >> conv2d(4, 3, activation = relu) >> max_pooling2d(2) >> flatten()
    Transfer = Features(trainable = false) >> dense(8, relu) >> dropout(0.5) >> dense(3, softmax)

    /// `mnist_siamese_graph`: the distance of two pictures.
    Siamese(a: [12], b: [12]) -> (distance: [1]) {
        let tower = dense(8, relu) >> dropout(0.1) >> dense(8, relu);
        sqrt(maximum(sum(square((a >> tower) - (b >> tower)), axis = -1, keepdims = true), 1e-7))
    }

    /// `mnist_antirectifier`: a layer of one's own, that makes twice as many.
    block antirectifier() |x| {
        let centred = x - mean(x, axis = -1, keepdims = true);
        let unit = centred / sqrt(sum(square(centred), axis = -1, keepdims = true) + 1e-7);
        concatenate(relu(unit), relu(-unit))
    }
    Antirectifier = dense(6, input = 12) >> antirectifier() >> dropout(0.1) >> dense(6) >> antirectifier() >> dense(3, softmax)

    /// `mnist_swwae`: what pooling took is put back where it was, which the gradient of pooling tells (Zhao et al., 2016).
    Swwae(image: [8, 8, 1]) -> [8, 8, 1] {
        let h = image >> conv2d(4, 3, activation = relu, padding = same);
        let what = h >> max_pooling2d(2);
        let code = what >> conv2d(4, 3, activation = relu, padding = same);
        let up = (code >> up_sampling2d(2)) * gradient(what, h);
        up >> conv2d(1, 3, padding = same)
    }

    /// `imdb_lstm`.
    Lstm = input([12], dtype = i32) >> embedding(20, 6) >> lstm(5, dropout = 0.2, recurrent_dropout = 0.2) >> dense(1, sigmoid)
    /// `imdb_cnn_lstm`.
    CnnLstm = input([12], dtype = i32) >> embedding(20, 6) >> dropout(0.25) >> conv1d(5, 3, activation = relu)
        >> max_pooling1d(2) >> lstm(4) >> dense(1, sigmoid)
    /// `imdb_bidirectional_lstm`.
    Bidirectional = input([12], dtype = i32) >> embedding(20, 6, mask_zero = true) >> bidirectional(lstm(4)) >> dropout(0.5)
        >> dense(1, sigmoid)
    /// `imdb_cnn` and `imdb_fasttext`.
    Cnn = input([12], dtype = i32) >> embedding(20, 6) >> conv1d(5, 3, activation = relu) >> global_max_pooling1d()
        >> dense(6, relu) >> dense(1, sigmoid)
    FastText = input([12], dtype = i32) >> embedding(20, 6) >> global_average_pooling1d() >> dense(1, sigmoid)
    /// `pretrained_word_embeddings`: vectors from elsewhere.
    Pretrained = input([12], dtype = i32) >> embedding(20, 6, trainable = false, name = "glove") >> conv1d(5, 3, activation = relu)
        >> max_pooling1d(2) >> flatten() >> dense(3, softmax)
    /// `reuters_mlp_relu_vs_selu`.
    Selu = dense(8, selu, input = 12, kernel_initializer = lecun_normal) >> alpha_dropout(0.1) >> dense(3, softmax)

    /// `babi_memnn`: attention over a story by a question, read by a recurrent layer.
    Memory(story: [i32; 8], question: [i32; 3]) -> (answer: [20]) {
        let memory = story >> embedding(20, 6) >> dropout(0.3);
        let output = story >> embedding(20, 3) >> dropout(0.3);
        let asked = question >> embedding(20, 6) >> dropout(0.3);
        let attention = softmax(dot(memory, asked, axes = (2, 2)));
        let response = (attention + output) >> permute([2, 1]);
        concatenate(response, asked, axis = 2) >> lstm(5) >> dropout(0.3) >> dense(20, softmax)
    }
    /// `babi_rnn`: two recurrent layers, merged.
    Story(story: [i32; 8], question: [i32; 3]) -> (answer: [20]) {
        let story = story >> embedding(20, 6) >> dropout(0.3);
        let question = question >> embedding(20, 6) >> dropout(0.3) >> lstm(6) >> repeat_vector(8);
        (story + question) >> lstm(6) >> dropout(0.3) >> dense(20, softmax)
    }

    /// `lstm_text_generation` with two layers.
    Text = lstm(6, input = [7, 9], return_sequences = true) >> dropout(0.2) >> lstm(6) >> dense(9, softmax)

    /// `lstm_seq2seq`: an encoder's states start a decoder.
    Encoder(source: [6, 9]) -> (h: [5], c: [5]) {
        let (_, h, c) = source >> lstm(5, return_state = true);
        (h, c)
    }
    Translate(source: [6, 9], target: [4, 9]) -> (words: [4, 9]) {
        let (h, c) = source >> Encoder;
        (target, h, c) >> lstm(5, return_sequences = true) >> time_distributed(dense(9, softmax))
    }
    /// `addition_rnn`: "535+61" = "596".
    Addition = lstm(8, input = [7, 12]) >> repeat_vector(4) >> lstm(8, return_sequences = true) >> time_distributed(dense(12, softmax))

    /// `quora_siamese_lstm`.
    Quora(first: [i32; 8], second: [i32; 8]) -> (same: [1]) {
        let words = embedding(20, 6, embeddings_regularizer = l2(0.0001));
        let sentence = lstm(5, kernel_regularizer = l2(0.0001));
        dot(first >> words >> sentence, second >> words >> sentence, axes = 1) >> dense(1, sigmoid)
    }

    /// `cifar10_densenet`: every layer sees all before it (Huang et al., 2017).
    block composite(growth) |x| {
        let h = x >> batch_normalization() >> relu >> conv2d(growth, 3, padding = same, use_bias = false) >> dropout(0.2);
        concatenate(x, h)
    }
    DenseNet = conv2d(4, 3, padding = same, use_bias = false, input = [8, 8, 1]) >> repeat 3 { composite(3) }
        >> batch_normalization() >> relu >> conv2d(6, 1) >> average_pooling2d(2) >> repeat 2 { composite(3) }
        >> global_average_pooling2d() >> dense(3, softmax)

    /// `conv_filter_visualization` and `deep_dream`: what would excite a layer more.
    Dream(image: [8, 8, 1]) -> (excitement: [1], step: [8, 8, 1]) {
        let h = image >> Features;
        let excitement = mean(square(h), axis = -1, keepdims = true);
        (excitement, gradient(excitement, image))
    }
    /// `neural_style_transfer`: content of one picture, textures of another (Gatys et al., 2015).
    block gram() |x| {
        let rows = x >> reshape([36, 4]);
        dot(rows, rows, axes = (1, 1)) / 36.0
    }
    Style(image: [8, 8, 1], content: [8, 8, 1], style: [8, 8, 1]) -> (loss: [1], slope: [8, 8, 1]) {
        let features = conv2d(4, 3, activation = tanh);
        let (own, content, style) = (image >> features, content >> features, style >> features);
        let of_content = sum(square(own - content), axis = [1, 2, 3]);
        let of_style = sum(square((own >> gram()) - (style >> gram())), axis = [1, 2]);
        let smooth = sum(square(slice(image, 1, 1, 7) - slice(image, 1, 0, 7)), axis = [1, 2, 3]);
        let loss = expand_dims(0.025 * of_content + of_style + 0.01 * smooth, axis = 1);
        (loss, gradient(loss, image))
    }
}

/// Same or not, by the distance (Hadsell, Chopra and LeCun, 2006).
#[derive(Debug)]
struct Contrastive;

impl Loss for Contrastive {
    fn name(&self) -> &str {
        "contrastive"
    }
    fn sample(&self, y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        let apart = (1.0 - p[0]).max(0.0);
        if let Some(slope) = slope {
            slope[0] = 2.0 * y[0] * p[0] - 2.0 * (1.0 - y[0]) * apart;
        }
        y[0] * p[0].powi(2) + (1.0 - y[0]) * apart.powi(2)
    }
}

/// Numbers that tests draw.
pub struct Draw(pub u64);

impl Draw {
    /// In [0, 1).
    pub fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A whole number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.number() * n as f32) as usize
    }
}

const SAMPLES: usize = 6;

/// Numbers in [0, 1), or whole ones below `below`.
fn numbers(dims: &[usize], below: Option<usize>, seed: usize) -> ArrayD<f32> {
    let dims: Vec<usize> = std::iter::once(SAMPLES).chain(dims.iter().copied()).collect();
    let mut draw = Draw(seed as u64 * 2 + 1);
    Array::from_shape_simple_fn(IxDyn(&dims), || match below {
        Some(n) => draw.below(n) as f32,
        None => draw.number(),
    })
}

/// Trains `model` on a few samples until it knows more of them than before.
fn learns<M: Model>(model: M, loss: impl Loss + 'static) -> Result<()> {
    let seed = M::SPEC.inputs.len();
    let inputs: Vec<ArrayD<f32>> = M::SPEC
        .inputs
        .iter()
        .enumerate()
        .map(|(i, input)| numbers(input.shape, input.below, seed + 7 * i))
        .collect();
    let output = &M::SPEC.outputs[0];
    let classes = *output.shape.last().expect("an output has a shape");
    let y = match loss.name() {
        "sparse_categorical_crossentropy" => {
            numbers(&[&output.shape[..output.shape.len() - 1], &[1]].concat(), Some(classes), 99)
        }
        "mean_squared_error" => numbers(output.shape, None, 99),
        _ => numbers(output.shape, Some(2), 99),
    };
    let mut model = model.compile(Adam { learning_rate: 0.01, ..Adam::default() }, loss, ());
    let x: Vec<_> = inputs.iter().map(|x| x.into_tensor()).collect();
    let mut steps = |n: usize| -> Result<f64> {
        let losses = (0..n).map(|_| model.step_on_batch(x.clone(), &y));
        Ok(losses.sum::<Result<f64>>()? / n as f64)
    };
    let before = steps(4)?;
    steps(40)?;
    let after = steps(4)?;
    assert!(after.is_finite() && after < 0.98 * before, "{}: {before} to {after}", M::SPEC.name);
    Ok(())
}

#[test]
fn pictures() -> Result<()> {
    learns(Hierarchical::new(1), SparseCategoricalCrossentropy)?;
    learns(Transfer::new(1), SparseCategoricalCrossentropy)?;
    learns(Siamese::new(1), Contrastive)?;
    learns(Antirectifier::new(1), SparseCategoricalCrossentropy)?;
    learns(Swwae::new(1), MeanSquaredError)?;
    learns(DenseNet::new(1), SparseCategoricalCrossentropy)
}

/// What starts as the identity adds up what it sees: dark, grey and bright rows of pixels.
#[test]
fn an_identity_tells_dark_from_bright() -> Result<()> {
    let mut draw = Draw(9);
    let y: Vec<u8> = (0..48).map(|i| i % 3).collect();
    let x = Array::from_shape_fn((48, 16, 1), |(i, _, _)| f32::from(y[i]) / 3.0 + draw.number() / 3.0);
    let optimizer = Adam { learning_rate: 0.003, ..Adam::default() };
    let mut model = Irnn::new(1).compile(optimizer, SparseCategoricalCrossentropy, [Accuracy]);
    model.fit(&x, &y, Fit { epochs: 60, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() })?;
    let score = model.evaluate(&x, &y)?;
    assert!(score["accuracy"] > 0.8, "{score}");
    Ok(())
}

#[test]
fn texts() -> Result<()> {
    learns(Lstm::new(1), BinaryCrossentropy::default())?;
    learns(CnnLstm::new(1), BinaryCrossentropy::default())?;
    learns(Bidirectional::new(1), BinaryCrossentropy::default())?;
    learns(Cnn::new(1), BinaryCrossentropy::default())?;
    learns(FastText::new(1), BinaryCrossentropy::default())?;
    learns(Pretrained::new(1), SparseCategoricalCrossentropy)?;
    learns(Selu::new(1), SparseCategoricalCrossentropy)?;
    learns(Memory::new(1), SparseCategoricalCrossentropy)?;
    learns(Story::new(1), SparseCategoricalCrossentropy)?;
    learns(Text::new(1), SparseCategoricalCrossentropy)?;
    learns(Translate::new(1), SparseCategoricalCrossentropy)?;
    learns(Addition::new(1), SparseCategoricalCrossentropy)?;
    learns(Quora::new(1), BinaryCrossentropy::default())
}

/// What is frozen stays, and the rest does not.
#[test]
fn only_the_head_of_a_transfer_is_trained() -> Result<()> {
    let mut features = Features::new(3);
    let mut model = Transfer::new(4);
    model.copy_part_from("features", &features)?;
    let trainable: Vec<&str> =
        Transfer::SPEC.weights.iter().filter(|weight| weight.trainable).map(|weight| weight.name).collect();
    assert_eq!(trainable, ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]);
    let (x, y) = (numbers(&[8, 8, 1], None, 1), numbers(&[1], Some(3), 2));
    let mut model = model.compile(Sgd::default(), SparseCategoricalCrossentropy, ());
    let head = model.weight("dense_1/kernel")?;
    model.train_on_batch(&x, &y)?;
    assert_ne!(model.weight("dense_1/kernel")?, head);
    for (name, value) in features.weights() {
        assert_eq!(model.weight(&format!("features/{name}"))?, value);
    }
    let own = features.predict(&x)?;
    features.copy_weights_from_part(&*model, "features")?;
    assert_eq!(features.predict(&x)?, own);
    Ok(())
}

/// A picture follows its gradient.
#[test]
fn pictures_are_changed_by_gradients() -> Result<()> {
    let (mut dream, mut style) = (Dream::new(5), Style::new(6));
    let mut image = numbers(&[8, 8, 1], None, 1);
    let first: f32 = dream.predict(&image)?.sum();
    for _ in 0..10 {
        let slope = dream.predict_outputs(&image)?.swap_remove(1);
        image += &(slope * 5.0);
    }
    assert!(dream.predict(&image)?.sum() > 1.2 * first);

    let (content, texture) = (numbers(&[8, 8, 1], None, 2), numbers(&[8, 8, 1], None, 3));
    let mut image = content.clone();
    let first: f32 = style.predict((&image, &content, &texture))?.sum();
    for _ in 0..100 {
        let slope = style.predict_outputs((&image, &content, &texture))?.swap_remove(1);
        image -= &(slope * 0.05);
    }
    let last: f32 = style.predict((&image, &content, &texture))?.sum();
    assert!(last < 0.8 * first, "{first} to {last}");
    Ok(())
}
