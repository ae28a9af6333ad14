//! The same seed and data give the same bits, whatever the number of threads.

use keras_runtime::prelude::*;
use ndarray::{Array2, Array4, ArrayD};

keras_model! {
    Net = dense(96, relu, input = 40) >> dropout(0.3) >> dense(64, tanh) >> dropout(0.2) >> dense(5, softmax);
    Convolved = reshape([5, 8, 1], input = 40) >> conv2d(20, 3, padding = same, activation = relu)
        >> max_pooling2d(2, strides = 1) >> conv2d(33, 2, activation = tanh) >> conv2d_transpose(6, 2, strides = 2)
        >> average_pooling2d(2, padding = same) >> depthwise_conv2d(2) >> flatten() >> dense(5, softmax);
    // Kernels that are transformed, and kept so as long as they are the same.
    Kept = conv2d(16, 3, activation = relu, input = [10, 10, 16]) >> conv2d(16, 3, padding = same, name = "second")
        >> flatten() >> dense(5, softmax);
    // All that a step draws is its mask.
    Dropped = dropout(0.5, input = 50) >> dense(1);
}

const SAMPLES: usize = 403;

fn data() -> (Array2<f32>, Vec<u8>) {
    let x =
        Array2::from_shape_fn((SAMPLES, 40), |(i, j)| ((i * 37 + j * 11 + i * j) % 101) as f32 / 50.0 - 1.0);
    (x, (0..SAMPLES).map(|i| (i * i % 5) as u8).collect())
}

/// The bits of all weights after one epoch, and those of the losses on the way.
fn trained<M: Model>(threads: usize, seed: u64) -> Result<(Vec<u32>, Vec<u64>)> {
    let (x, y) = data();
    let mut model = M::on(&Cpu::threads(threads), seed)?.compile(
        Adam::default().clipnorm(0.02).decay(0.01).ema(0.9),
        SparseCategoricalCrossentropy,
        [Accuracy],
    );
    let settings = Fit { batch_size: 67, validation_split: 0.15, verbose: Verbose::Silent, ..Fit::default() };
    let history = model.fit(&x, &y, settings)?;
    let losses = ["loss", "accuracy", "val_loss", "val_accuracy"]
        .iter()
        .flat_map(|name| history.get(name).unwrap_or_default());
    let losses: Vec<u64> = losses.map(f64::to_bits).collect();
    assert_eq!(losses.len(), 4);
    Ok((bits(&*model), losses))
}

fn bits<M: Model>(model: &M) -> Vec<u32> {
    model
        .weights()
        .iter()
        .flat_map(|(_, values): &(_, ArrayD<f32>)| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn threads_do_not_change_a_bit() -> Result<()> {
    any_threads::<Net>()?;
    any_threads::<Convolved>()
}

fn any_threads<M: Model>() -> Result<()> {
    let one = trained::<M>(1, 42)?;
    assert_ne!(one.0, bits(&M::with_seed(42)), "nothing was trained");
    for threads in [2, 3] {
        assert!(trained::<M>(threads, 42)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn a_seed_is_all_that_chance_depends_on() -> Result<()> {
    assert!(trained::<Net>(2, 7)? == trained::<Net>(2, 7)?);
    assert!(trained::<Net>(1, 7)?.0 != trained::<Net>(1, 8)?.0);
    Ok(())
}

#[test]
fn every_step_drops_others() -> Result<()> {
    // Weights that stay as they are: only the mask tells one step from the next.
    let mut model =
        Dropped::new(1).compile(Sgd { learning_rate: 0.0, ..Sgd::default() }, MeanSquaredError, ());
    let (x, y) = (Array2::<f32>::ones((9, 50)), vec![0.5f32; 9]);
    let losses = [model.step_on_batch(&x, &y)?, model.step_on_batch(&x, &y)?, model.step_on_batch(&x, &y)?];
    assert!(losses[0] != losses[1] && losses[1] != losses[2] && losses[0] != losses[2], "{losses:?}");
    Ok(())
}

#[test]
fn predictions_drop_nothing() -> Result<()> {
    let mut model = Dropped::new(1);
    let x = Array2::<f32>::ones((9, 50));
    let once = model.predict(&x)?;
    assert_eq!(once, model.predict(&x)?);
    let sum: f32 = model.weight("dense/kernel")?.sum();
    assert!(once.iter().all(|p| (p - sum).abs() < 1e-5), "{once} instead of {sum}");
    Ok(())
}

#[test]
fn what_is_kept_of_kernels_goes_with_them() -> Result<()> {
    let x = Array4::from_shape_fn((3, 10, 10, 16), |(i, r, c, k)| ((i * 7 + r * 5 + c * 3 + k) as f32).sin());
    let y = [0u8, 3, 4];
    let mut model =
        Kept::on(&Cpu::threads(2), 1)?.compile(Adam::default(), SparseCategoricalCrossentropy, ());
    let mut seen: Vec<ArrayD<f32>> = vec![];
    for step in 0..4 {
        match step {
            0 => {}
            1 => model.set_weight("second/kernel", &ArrayD::from_elem(vec![3, 3, 16, 16], 0.01))?,
            _ => {
                model.train_on_batch(&x, ndarray::aview1(&y))?;
            }
        }
        let mut fresh = Kept::on(&Cpu::threads(1), 2)?;
        fresh.copy_weights_from(&*model)?;
        let found = model.predict(&x)?.into_dyn();
        assert_eq!(found, model.predict(&x)?.into_dyn(), "once more, step {step}");
        assert_eq!(found, fresh.predict(&x)?.into_dyn(), "step {step}");
        assert!(seen.iter().all(|before| *before != found), "step {step}");
        seen.push(found);
    }
    Ok(())
}
