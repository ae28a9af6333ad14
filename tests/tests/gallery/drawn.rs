//! Networks that draw: auto-encoders, adversaries, and a picture that follows a loss.

use keras_runtime::prelude::*;
use ndarray::{Array2, Array4, ArrayD, s};

use crate::Draw;

keras_model! {
    /// `variational_autoencoder_deconv`.
    Places(image: [8, 8, 1]) -> (mean: [2], log_variance: [2]) {
        let h = image >> conv2d(4, 2, padding = same, activation = relu) >> conv2d(6, 2, strides = 2, padding = same, activation = relu)
            >> flatten() >> dense(16, relu);
        (h >> dense(2), h >> dense(2))
    }
    Pictures = dense(16, relu, input = 2) >> dense(4 * 4 * 6, relu) >> reshape([4, 4, 6])
        >> conv2d_transpose(6, 3, padding = same, activation = relu)
        >> conv2d_transpose(4, 3, strides = 2, padding = same, activation = relu) >> conv2d(1, 2, padding = same, activation = sigmoid)
    Variational(image: [8, 8, 1]) -> [8, 8, 1] {
        let (mean, log_variance) = image >> Places;
        add_loss(-0.5 / 64 * (1.0 + log_variance - square(mean) - exp(log_variance)));
        mean + exp(0.5 * log_variance) * random_normal([2]) >> Pictures
    }

    /// A vector-quantised auto-encoder (van den Oord et al., 2017): the gradient passes by what was chosen.
    Quantised(x: [8]) -> [8] {
        let place = x >> dense(8, tanh) >> dense(2);
        let book = arange(16) >> embedding(16, 2, embeddings_initializer = random_normal(stddev = 0.5), name = "book");
        let distance = sum(square(reshape(place, [1, 2]) - book), axis = -1);
        let chosen = sum(reshape(one_hot(argmin(distance), 16), [16, 1]) * book, axis = 1);
        add_loss(square(chosen - stop_gradient(place)) + 0.25 * square(place - stop_gradient(chosen)));
        place + stop_gradient(chosen - place) >> dense(8, tanh) >> dense(8)
    }

    /// `mnist_acgan` (Odena, Olah and Shlens, 2017), for rows of eight numbers.
    Generator(noise: [6], class: [u8; 1]) -> [8] {
        let kind = class >> embedding(4, 6, embeddings_initializer = glorot_normal) >> flatten();
        noise * kind >> dense(16, relu) >> dense(8, sigmoid)
    }
    Discriminator(x: [8]) -> (real: [1], class: [4]) {
        let h = x >> dense(16) >> leaky_relu() >> dropout(0.1);
        (h >> dense(1, sigmoid), h >> dense(4, softmax))
    }
    Combined(noise: [6], class: [u8; 1]) -> (real: [1], kind: [4]) {
        (noise, class) >> Generator >> Discriminator(trainable = false)
    }

    /// `neural_doodle`: each region of a mask gets the texture of that region of another picture (Champandard, 2016).
    block texture(region) |features, mask| {
        let own = slice(mask, 3, region, 1);
        let rows = features * own >> reshape([64, 4]);
        dot(rows, rows, axes = (1, 1)) / (4.0 * reshape(sum(own, axis = [1, 2, 3]), [1, 1]))
    }
    block apart(region) |own, own_mask, style, style_mask| {
        mean(square(((own, own_mask) >> texture(region)) - ((style, style_mask) >> texture(region))), axis = [1, 2])
    }
    Doodle(image: [8, 8, 1], mask: [8, 8, 2], style: [8, 8, 1], style_mask: [8, 8, 2]) -> (loss: [1], slope: [8, 8, 1]) {
        let filters = conv2d(3, 3, padding = same, activation = tanh);
        let (own, style) = (concatenate(image, image >> filters), concatenate(style, style >> filters));
        let textures = ((own, mask, style, style_mask) >> apart(0)) + ((own, mask, style, style_mask) >> apart(1));
        let loss = expand_dims(textures, axis = 1);
        (loss, gradient(loss, image))
    }
}

/// Upright bars, each at one of eight places.
fn bars() -> Array4<f32> {
    Array4::from_shape_fn((8, 8, 8, 1), |(n, _, j, _)| f32::from(j == n))
}

#[test]
fn bars_have_places_and_places_bars() -> Result<()> {
    let x = bars();
    let mut model = Variational::new(1).compile(
        Adam { learning_rate: 0.01, ..Adam::default() },
        BinaryCrossentropy::default(),
        (),
    );
    for _ in 0..400 {
        model.step_on_batch(&x, &x)?;
    }
    let (mut places, mut pictures) = (Places::new(0), Pictures::new(0));
    places.copy_weights_from_part(&*model, "places")?;
    pictures.copy_weights_from_part(&*model, "pictures")?;
    let at = places.predict_outputs(&x)?.swap_remove(0);
    let drawn = pictures.predict(&at)?;
    assert_eq!(model.predict(&x)?, drawn, "nothing is drawn by chance while predicting");
    for n in 0..8 {
        let column = |j: usize| drawn.slice(s![n, .., j, 0]).sum();
        let brightest = (0..8).max_by(|a, b| column(*a).total_cmp(&column(*b)));
        assert_eq!(brightest, Some(n));
    }
    Ok(())
}

/// Four kinds of rows: two numbers out of eight are high.
fn row(kind: usize, j: usize, draw: &mut Draw) -> f32 {
    0.1 + 0.8 * f32::from(j / 2 == kind) + 0.1 * (draw.number() - 0.5)
}

#[test]
fn a_few_codes_are_enough_for_four_kinds() -> Result<()> {
    let mut draw = Draw(2);
    let x = Array2::from_shape_fn((64, 8), |(n, j)| row(n % 4, j, &mut draw));
    let mut model =
        Quantised::new(1).compile(Adam { learning_rate: 0.01, ..Adam::default() }, MeanSquaredError, ());
    let gradients = model.gradients(&x, &x)?;
    assert!(gradients.get("dense/kernel")?.iter().any(|slope| slope.abs() > 1e-3), "the choice has no slope");
    for _ in 0..300 {
        model.step_on_batch(&x, &x)?;
    }
    let again = model.predict(&x)?;
    let mut found: Vec<Vec<u32>> =
        again.outer_iter().map(|row| row.iter().map(|x| x.to_bits()).collect()).collect();
    found.sort_unstable();
    found.dedup();
    let error = again.iter().zip(&x).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() / 512.0;
    assert!((4..=16).contains(&found.len()) && error < 0.005, "{error} with {} codes", found.len());
    Ok(())
}

#[test]
fn a_generator_learns_what_it_is_asked_for() -> Result<()> {
    let mut draw = Draw(4);
    let optimizer = || Adam { learning_rate: 0.005, beta_1: 0.5, ..Adam::default() };
    let losses = || (BinaryCrossentropy::default(), SparseCategoricalCrossentropy);
    let mut generator = Generator::new(1);
    let mut discriminator = Discriminator::new(2).compile(optimizer(), losses(), ());
    let mut combined = Combined::new(3).compile(optimizer(), losses(), ());
    generator.copy_weights_from_part(&*combined, "generator")?;
    let classes = Array2::from_shape_fn((32, 1), |(i, _)| (i % 4) as u8);
    for _ in 0..300 {
        let noise = Array2::from_shape_simple_fn((32, 6), || draw.number());
        let drawn: ArrayD<f32> = generator.predict((&noise, &classes))?;
        let x = Array2::from_shape_fn((64, 8), |(n, j)| {
            if n < 32 { row(n % 4, j, &mut draw) } else { drawn[[n - 32, j]] }
        });
        let real = Array2::from_shape_fn((64, 1), |(n, _)| if n < 32 { 0.95f32 } else { 0.0 });
        let kinds = Array2::from_shape_fn((64, 1), |(n, _)| (n % 4) as u8);
        discriminator.step_on_batch(&x, (&real, &kinds))?;
        combined.copy_part_from("discriminator", &*discriminator)?;
        combined.step_on_batch((&noise, &classes), (&Array2::<f32>::from_elem((32, 1), 0.95), &classes))?;
        generator.copy_weights_from_part(&*combined, "generator")?;
    }
    let noise = Array2::from_shape_simple_fn((32, 6), || draw.number());
    let drawn = generator.predict((&noise, &classes))?;
    let pair = |n: usize, kind: usize| drawn[[n, 2 * kind]] + drawn[[n, 2 * kind + 1]];
    let right =
        (0..32).filter(|n| (0..4).all(|kind| kind == n % 4 || pair(*n, kind) < pair(*n, n % 4))).count();
    assert!(right > 28, "{right} of 32");
    Ok(())
}

/// The left of one picture is bright and the right is dark; in the mask of the other the bright region is above the dark one.
#[test]
fn regions_get_their_textures() -> Result<()> {
    let mut draw = Draw(5);
    let mut noise = |low: f32| Array4::from_shape_simple_fn((1, 8, 8, 1), || low + 0.2 * draw.number());
    let (bright, dark, mut image) = (noise(0.8), noise(0.1), noise(0.4).into_dyn());
    let style = Array4::from_shape_fn((1, 8, 8, 1), |at| if at.2 < 4 { bright[at] } else { dark[at] });
    let halves = |first: fn(usize, usize) -> bool| {
        Array4::from_shape_fn((1, 8, 8, 2), |(_, i, j, region)| f32::from(first(i, j) == (region == 0)))
    };
    let (style_mask, mask) = (halves(|_, j| j < 4), halves(|i, _| i < 4));
    let mut model = Doodle::new(6);
    let first = model.predict((&image, &mask, &style, &style_mask))?.sum();
    for _ in 0..200 {
        let slope = model.predict_outputs((&image, &mask, &style, &style_mask))?.swap_remove(1);
        image -= &(slope * 100.0);
    }
    let last = model.predict((&image, &mask, &style, &style_mask))?.sum();
    assert!(last < 0.1 * first, "{first} to {last}");
    let mean = |rows: std::ops::Range<usize>| image.slice(s![0, rows, .., 0]).mean().expect("pixels");
    let (above, below) = (mean(0..4), mean(4..8));
    assert!((above - 0.9).abs() < 0.15 && (below - 0.2).abs() < 0.15, "{above} above {below}");
    Ok(())
}
