//! Pictures that are told apart, cut out and read.

use keras_runtime::prelude::*;
use ndarray::{Array2, Array4, ArrayD, Axis};

use crate::Draw;

keras_model! {
    /// `cifar10_cnn`, its augmentation included.
    Cifar10 = random_flip(horizontal, input = [12, 12, 3]) >> random_translation(0.1, 0.1)
        >> conv2d(4, 3, padding = same) >> relu >> conv2d(4, 3) >> relu >> max_pooling2d(2) >> dropout(0.25)
        >> conv2d(8, 3, padding = same) >> relu >> conv2d(8, 3) >> relu >> max_pooling2d(2) >> dropout(0.25)
        >> flatten() >> dense(16) >> relu >> dropout(0.5) >> dense(3, softmax)

    /// `cifar10_resnet`: ResNet v1 with one block to a stack (He et al., 2015).
    block resnet_layer(filters, strides = 1, act = relu) |x| {
        x >> conv2d(filters, 3, strides = strides, padding = same, kernel_initializer = he_normal, kernel_regularizer = l2(0.0001))
            >> batch_normalization() >> activation(act)
    }
    block resnet_stack(filters, strides = 2) |x| {
        let y = x >> resnet_layer(filters, strides = strides) >> resnet_layer(filters, act = linear);
        relu(y + (x >> if strides != 1 { conv2d(filters, 1, strides = strides, padding = same, kernel_initializer = he_normal) }))
    }
    ResNet = input([12, 12, 3]) >> resnet_layer(4) >> resnet_stack(4, strides = 1) >> resnet_stack(8) >> resnet_stack(16)
        >> average_pooling2d(3) >> flatten() >> dense(3, softmax, kernel_initializer = he_normal)

    /// `unet` (Ronneberger et al., 2015), with the loss of its original.
    block twice(filters) |x| { x >> repeat 2 { conv2d(filters, 3, padding = same) >> batch_normalization() >> relu } }
    UNet(image: [8, 8, 1]) -> (mask: [8, 8, 1]) {
        let wide = image >> twice(3);
        let deep = wide >> max_pooling2d(2) >> twice(4);
        let up = concatenate(deep, deep >> max_pooling2d(2) >> twice(5) >> up_sampling2d(2)) >> twice(4);
        concatenate(wide, up >> up_sampling2d(2)) >> twice(3) >> conv2d(1, 1, activation = sigmoid)
    }
    loss BceDice(y: [8, 8, 1], p: [8, 8, 1]) {
        mean(binary_crossentropy(y, p)) + 1.0 - (2.0 * sum(y * p) + 1.0) / (sum(y) + sum(p) + 1.0)
    }

    /// `image_ocr`: from pixels to steps, and to what they spell, whose places nobody tells.
    Ocr = conv2d(4, 3, padding = same, activation = relu, input = [16, 8, 1]) >> max_pooling2d(2) >> reshape([8, 16]) >> dense(8, relu)
        >> bidirectional(gru(8, return_sequences = true), merge_mode = sum) >> bidirectional(gru(8, return_sequences = true)) >> dense(5)
}

/// Three kinds of pictures: something red, green or blue somewhere on a grey ground.
fn colours(samples: usize, draw: &mut Draw) -> (Array4<f32>, Vec<u8>) {
    let kinds: Vec<u8> = (0..samples).map(|_| draw.below(3) as u8).collect();
    let places: Vec<[usize; 2]> = kinds.iter().map(|_| [2 + draw.below(4), 2 + draw.below(4)]).collect();
    let x = Array4::from_shape_fn((samples, 12, 12, 3), |(n, i, j, channel)| {
        let within =
            (places[n][0]..places[n][0] + 5).contains(&i) && (places[n][1]..places[n][1] + 5).contains(&j);
        0.4 * draw.number() + f32::from(within && channel == usize::from(kinds[n]))
    });
    (x, kinds)
}

/// How many of pictures that it has not seen a trained model knows.
fn known<M: Model>(model: M, learning_rate: f32) -> Result<f64> {
    let mut draw = Draw(1);
    let ((x, y), (new_x, new_y)) = (colours(64, &mut draw), colours(60, &mut draw));
    let optimizer = RmsProp { learning_rate, ..RmsProp::default() };
    let mut model = model.compile(optimizer, SparseCategoricalCrossentropy, [Accuracy]);
    model.fit(&x, &y, Fit { epochs: 25, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() })?;
    Ok(model.evaluate(&new_x, &new_y)?["accuracy"])
}

#[test]
fn colours_are_told_apart() -> Result<()> {
    let convolutions = ResNet::SPEC.weights.iter().filter(|weight| weight.shape.len() == 4).count();
    assert_eq!(convolutions, 9);
    for (name, accuracy) in
        [("CNN", known(Cifar10::new(1), 0.003)?), ("ResNet", known(ResNet::new(2), 0.003)?)]
    {
        assert!(accuracy > 0.9, "{name}: {accuracy}");
    }
    Ok(())
}

/// Squares under noise, and where they are.
fn squares(samples: usize, draw: &mut Draw) -> (Array4<f32>, Array4<f32>) {
    let places: Vec<[usize; 2]> = (0..samples).map(|_| [draw.below(5), draw.below(5)]).collect();
    let mask = Array4::from_shape_fn((samples, 8, 8, 1), |(n, i, j, _)| {
        let [top, left] = places[n];
        f32::from((top..top + 4).contains(&i) && (left..left + 4).contains(&j))
    });
    (mask.mapv(|inside| 0.6 * inside + draw.number()), mask)
}

/// A pixel alone does not tell what it belongs to: those around it do.
#[test]
fn squares_are_cut_out() -> Result<()> {
    let mut draw = Draw(2);
    let ((x, y), (new_x, new_y)) = (squares(64, &mut draw), squares(20, &mut draw));
    let mut model = UNet::new(3).compile(Adam { learning_rate: 0.01, ..Adam::default() }, BceDice, ());
    model.fit(&x, &y, Fit { epochs: 60, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() })?;
    let overlap = |p: &dyn Fn(usize) -> bool| {
        let (both, sum) = new_y.iter().enumerate().fold((0, 0), |(both, sum), (i, y)| {
            let (p, y) = (p(i), *y > 0.5);
            (both + usize::from(p && y), sum + usize::from(p) + usize::from(y))
        });
        2.0 * both as f64 / sum as f64
    };
    let found: Vec<f32> = model.predict(&new_x)?.into_iter().collect();
    let pixels: Vec<f32> = new_x.iter().copied().collect();
    let (found, alone) = (overlap(&|i| found[i] > 0.5), overlap(&|i| pixels[i] > 0.8));
    assert!(found > 0.85 && found > alone + 0.1, "{found}, pixel by pixel {alone}");
    Ok(())
}

/// Words of one to three letters, four columns each, somewhere, and their letters from 1 on.
fn words(samples: usize, draw: &mut Draw) -> (Array4<f32>, Array2<f32>) {
    let (mut x, mut y) = (Array4::zeros((samples, 16, 8, 1)), Array2::zeros((samples, 3)));
    for n in 0..samples {
        let letters = 1 + draw.below(3);
        let start = 2 * draw.below(10 - 3 * letters);
        for place in 0..letters {
            let letter = draw.below(4);
            y[[n, place]] = (letter + 1) as f32;
            for column in start + 6 * place..start + 6 * place + 4 {
                x[[n, column, 2 * letter, 0]] = 1.0;
                x[[n, column, 2 * letter + 1, 0]] = draw.number();
            }
        }
    }
    (x, y)
}

/// The most likely class of each step, without repetitions and blanks.
fn read(logits: &ArrayD<f32>) -> Vec<Vec<usize>> {
    let most = |step: ndarray::ArrayViewD<'_, f32>| {
        let largest = step.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        largest.map_or(0, |(class, _)| class)
    };
    let word = |steps: ndarray::ArrayViewD<'_, f32>| {
        let mut classes: Vec<usize> = steps.axis_iter(Axis(0)).map(most).collect();
        classes.dedup();
        classes.retain(|class| *class != 0);
        classes
    };
    logits.axis_iter(Axis(0)).map(word).collect()
}

#[test]
fn words_are_read() -> Result<()> {
    let mut draw = Draw(3);
    let ((x, y), (new_x, new_y)) = (words(96, &mut draw), words(40, &mut draw));
    let mut model = Ocr::new(4).compile(Adam { learning_rate: 0.01, ..Adam::default() }, Ctc, ());
    model.fit(&x, &y, Fit { epochs: 40, verbose: Verbose::Silent, ..Fit::default() })?;
    let found = read(&model.predict(&new_x)?);
    let right = found.iter().zip(new_y.rows()).filter(|(found, word)| {
        found.iter().copied().eq(word.iter().filter(|letter| **letter > 0.0).map(|letter| *letter as usize))
    });
    let right = right.count();
    assert!(right > 32, "{right} of 40");
    Ok(())
}
