//! A variational auto-encoder (Kingma and Welling, 2014) of handwritten digits: two numbers for each picture, and a picture for any
//! two numbers.
//!
//!     cargo run --release --example variational_autoencoder [-- epochs]

use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    const PIXELS: usize = 784;
    const LATENT: usize = 2;

    /// Where a picture is among the others: the mean and the logarithm of the variance.
    Encoder(image: [PIXELS]) -> (mean: [LATENT], log_variance: [LATENT]) {
        let h = image >> dense(256, relu) >> dense(64, relu);
        (h >> dense(LATENT), h >> dense(LATENT))
    }
    /// The picture at a place.
    Decoder = dense(64, relu, input = LATENT) >> dense(256, relu) >> dense(PIXELS, sigmoid)

    /// Both, with a place drawn between them. The loss is a mean over the pixels: so is the divergence.
    Autoencoder(image: [PIXELS]) -> [PIXELS] {
        let (mean, log_variance) = image >> Encoder;
        let place = mean + exp(0.5 * log_variance) * random_normal([LATENT]);
        add_loss(-0.5 / PIXELS * (1.0 + log_variance - square(mean) - exp(log_variance)));
        place >> Decoder
    }
}

fn main() -> Result<()> {
    let epochs = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(20);
    let mnist = datasets::mnist()?;
    let pixels = |images: &ndarray::Array3<u8>| {
        let samples = images.dim().0;
        images
            .mapv(|pixel| f32::from(pixel) / 255.0)
            .into_shape_with_order((samples, 784))
            .expect("28 x 28 is 784")
    };
    let (x_train, x_test) = (pixels(&mnist.x_train), pixels(&mnist.x_test));

    let mut model = Autoencoder::new(1).compile(Adam::default(), BinaryCrossentropy::default(), ());
    println!("{}", model.summary());
    let settings =
        Fit { epochs, batch_size: 128, validation_data: validation(&x_test, &x_test), ..Fit::default() };
    model.fit(&x_train, &x_train, settings)?;

    // Where the digits are.
    let mut encoder = Encoder::new(0);
    encoder.copy_weights_from_part(&*model, "encoder")?;
    let places = encoder.predict(&x_test)?;
    for digit in 0..10u8 {
        let of_digit = |i: &usize| mnist.y_test[*i] == digit;
        let count = (0..10_000).filter(of_digit).count() as f32;
        let mean = |axis: usize| (0..10_000).filter(of_digit).map(|i| places[[i, axis]]).sum::<f32>() / count;
        println!("{digit} is around ({:5.2}, {:5.2})", mean(0), mean(1));
    }

    // A walk through the pictures, a character for two pixels.
    let mut decoder = Decoder::new(0);
    decoder.copy_weights_from_part(&*model, "decoder")?;
    let walk = Array2::from_shape_fn((6, 2), |(i, axis)| if axis == 0 { i as f32 * 0.6 - 1.5 } else { 0.0 });
    let pictures = decoder.predict(&walk)?;
    for row in (0..28).step_by(2) {
        let line: String = (0..6 * 28)
            .map(|column| {
                let at = |row: usize| pictures[[column / 28, row * 28 + column % 28]];
                [' ', '.', ':', 'o', '#'][((at(row) + at(row + 1)) * 2.49) as usize]
            })
            .collect();
        println!("{}", line.trim_end());
    }
    Ok(())
}
