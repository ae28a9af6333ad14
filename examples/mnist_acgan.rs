//! An auxiliary classifier GAN (Odena, Olah and Shlens, 2017), as Keras's `mnist_acgan`: the generator draws the digit that it is
//! asked for, the discriminator tells real from drawn and reads the digit; each is trained against the other.
//!
//!     cargo run --release --example mnist_acgan [-- epochs batches]

use keras_runtime::prelude::*;
use ndarray::{Array2, Array4, ArrayD, Axis, concatenate, s};

const BATCH: usize = 100;

keras_model! {
    const LATENT: usize = 100;
    const CLASSES: usize = 10;

    /// A picture from noise and a class, which scales the noise.
    Generator(noise: [LATENT], class: [u8; 1]) -> [28, 28, 1] {
        let kind = class >> embedding(CLASSES, LATENT, embeddings_initializer = glorot_normal) >> flatten();
        noise * kind
            >> dense(3 * 3 * 384, relu) >> reshape([3, 3, 384])
            >> conv2d_transpose(192, 5, activation = relu, kernel_initializer = glorot_normal) >> batch_normalization()
            >> conv2d_transpose(96, 5, strides = 2, padding = same, activation = relu, kernel_initializer = glorot_normal)
            >> batch_normalization()
            >> conv2d_transpose(1, 5, strides = 2, padding = same, activation = tanh, kernel_initializer = glorot_normal)
    }

    block stage(filters, strides) |x| {
        x >> conv2d(filters, 3, strides = strides, padding = same) >> activation(leaky_relu(negative_slope = 0.2))
            >> dropout(0.3)
    }
    /// Whether a picture is real, and of which class.
    Discriminator(image: [28, 28, 1]) -> (real: [1], class: [CLASSES]) {
        let h = image >> stage(32, 2) >> stage(64, 1) >> stage(128, 2) >> stage(256, 1) >> flatten();
        (h >> dense(1, sigmoid), h >> dense(CLASSES, softmax))
    }

    /// The generator as its opponent sees it, who does not learn here.
    Combined(noise: [LATENT], class: [u8; 1]) -> (real: [1], kind: [CLASSES]) {
        (noise, class) >> Generator >> Discriminator(trainable = false)
    }
}

/// Numbers that the training draws.
struct Draw(u64);

impl Draw {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    fn noise(&mut self, samples: usize) -> Array2<f32> {
        Array2::from_shape_simple_fn((samples, 100), || self.number() * 2.0 - 1.0)
    }

    fn classes(&mut self, samples: usize) -> Array2<u8> {
        Array2::from_shape_simple_fn((samples, 1), || (self.number() * 10.0) as u8)
    }
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1).filter_map(|arg| arg.parse::<usize>().ok());
    let (epochs, batches) = (args.next().unwrap_or(15), args.next().unwrap_or(600));
    let mnist = datasets::mnist()?;
    let pixels: Array4<f32> =
        mnist.x_train.mapv(|pixel| (f32::from(pixel) - 127.5) / 127.5).insert_axis(Axis(3));
    let labels = mnist.y_train.clone().insert_axis(Axis(1));

    let optimizer = || Adam { learning_rate: 2e-4, beta_1: 0.5, ..Adam::default() };
    let losses = || (BinaryCrossentropy::default(), SparseCategoricalCrossentropy);
    let mut generator = Generator::new(1);
    let mut discriminator = Discriminator::new(2).compile(optimizer(), losses(), ());
    let mut combined = Combined::new(3).compile(optimizer(), losses(), ());
    generator.copy_weights_from_part(&*combined, "generator")?;

    let mut draw = Draw(1);
    for epoch in 1..=epochs {
        let (mut told, mut fooled) = (0.0, 0.0);
        for batch in 0..batches.min(60_000 / BATCH) {
            // The discriminator learns from real pictures and from drawn ones. Real ones are 0.95 real, for the sake of balance.
            let rows = batch * BATCH..(batch + 1) * BATCH;
            let (noise, drawn_classes) = (draw.noise(BATCH), draw.classes(BATCH));
            let drawn: ArrayD<f32> = generator.predict((&noise, &drawn_classes))?;
            let real = pixels.slice(s![rows.clone(), .., .., ..]).into_dyn();
            let x = concatenate(Axis(0), &[real, drawn.view()]).expect("pictures of one size");
            let y = Array2::from_shape_fn((2 * BATCH, 1), |(i, _)| if i < BATCH { 0.95f32 } else { 0.0 });
            let classes = concatenate(Axis(0), &[labels.slice(s![rows, ..]), drawn_classes.view()])
                .expect("one class each");
            told += discriminator.step_on_batch(&x, (&y, &classes))?;

            // The generator learns to be taken for real by what the discriminator is now.
            combined.copy_part_from("discriminator", &*discriminator)?;
            let (noise, classes) = (draw.noise(2 * BATCH), draw.classes(2 * BATCH));
            let trick = Array2::<f32>::from_elem((2 * BATCH, 1), 0.95);
            fooled += combined.step_on_batch((&noise, &classes), (&trick, &classes))?;
            generator.copy_weights_from_part(&*combined, "generator")?;
        }
        let batches = batches as f64;
        println!(
            "epoch {epoch}: discriminator loss {:.3}, generator loss {:.3}",
            told / batches,
            fooled / batches
        );
    }

    // One digit of each kind, a character for two pixels.
    let classes = Array2::from_shape_fn((10, 1), |(i, _)| i as u8);
    let pictures = generator.predict((&draw.noise(10), &classes))?;
    for half in 0..2 {
        for row in (0..28).step_by(2) {
            let line: String = (0..5 * 28)
                .map(|column| {
                    let at = |row: usize| pictures[[half * 5 + column / 28, row, column % 28, 0]] + 1.0;
                    [' ', '.', ':', 'o', '#'][((at(row) + at(row + 1)) * 1.24) as usize]
                })
                .collect();
            println!("{}", line.trim_end());
        }
    }
    Ok(())
}
