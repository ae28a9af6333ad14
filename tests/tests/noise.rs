//! Layers that draw random numbers: what they do while training, seen through the loss of a step, and that they do nothing
//! elsewhere.

use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::{Array2, Array3, Array4};

keras_model! {
    Maps = spatial_dropout2d(0.25, input = [6, 5, 40])
    Steps = spatial_dropout1d(0.5, input = [9, 30])
    Rows = dropout(0.5, noise_shape = [-1, 20, 1], input = [20, 30])
    First = spatial_dropout2d(0.25, data_format = channels_first, input = [40, 6, 5])
    Seeded = gaussian_noise(1.0, seed = 7, input = [4, 5]) >> dropout(0.5, seed = 7)
    Same(x: [20]) -> (first: [20], second: [20], third: [20], fourth: [20]) {
        let shared = gaussian_noise(1.0, seed = 3);
        (x >> gaussian_noise(1.0, seed = 3), x >> shared, x >> shared, x >> gaussian_noise(1.0))
    }
    Alpha = alpha_dropout(0.3, input = 4000)
    AlphaRows = alpha_dropout(0.3, noise_shape = [-1, 20, 1], input = [20, 30])
}

/// Keeps what the model gave for each sample while training, in the place of a loss.
#[derive(Debug)]
struct Seen(std::sync::Arc<std::sync::Mutex<Vec<Vec<f32>>>>);

impl Loss for Seen {
    fn name(&self) -> &str {
        "seen"
    }

    fn sample(&self, _y: &[f32], p: &[f32], _classes: usize, slope: Option<&mut [f32]>) -> f32 {
        self.0.lock().expect("no thread has failed").push(p.to_vec());
        slope.into_iter().for_each(|slope| slope.fill(0.0));
        0.0
    }
}

/// What a training step sees of `x`.
fn while_training<M: Model>(model: M, x: &ndarray::ArrayD<f32>) -> Result<Vec<Vec<f32>>> {
    let seen = std::sync::Arc::default();
    let losses: Vec<Box<dyn Loss>> = vec![Box::new(Seen(std::sync::Arc::clone(&seen)))];
    model.compile(Sgd::default(), losses, ()).train_on_batch(x, x)?;
    let seen = seen.lock().expect("no thread has failed").clone();
    Ok(seen)
}

#[test]
fn whole_channels_are_dropped() -> Result<()> {
    let x = Array4::<f32>::ones((16, 6, 5, 40)).into_dyn();
    assert_eq!(Maps::new(1).predict(&x)?, x);
    let mut kept = 0;
    for sample in while_training(Maps::new(1), &x)? {
        let first = &sample[..40];
        assert!(sample.chunks(40).all(|pixel| pixel == first));
        assert!(first.iter().all(|y| *y == 0.0 || (y - 1.0 / 0.75).abs() < 1e-6));
        kept += first.iter().filter(|y| **y > 0.0).count();
    }
    let x = Array4::<f32>::ones((16, 40, 6, 5)).into_dyn();
    for sample in while_training(First::new(1), &x)? {
        assert!(sample.chunks(30).all(|map| map.iter().all(|y| *y == map[0])));
        assert!(sample.chunks(30).any(|map| map[0] != sample[0]), "all channels alike");
    }
    let share = kept as f64 / (16.0 * 40.0);
    assert!((share - 0.75).abs() < 0.06, "{share}");
    let x = Array3::<f32>::ones((8, 9, 30)).into_dyn();
    for sample in while_training(Steps::new(1), &x)? {
        assert!(sample.chunks(30).all(|step| step == &sample[..30]));
    }
    Ok(())
}

#[test]
fn a_noise_shape_drops_along_its_axes() -> Result<()> {
    let x = Array3::<f32>::ones((8, 20, 30)).into_dyn();
    assert_eq!(Rows::new(1).predict(&x)?, x);
    let rows = while_training(Rows::new(1), &x)?;
    let whole = |row: &[f32]| row.iter().all(|y| *y == row[0]) && (row[0] == 0.0 || row[0] == 2.0);
    assert!(rows.iter().flat_map(|sample| sample.chunks(30)).all(whole));
    let kept = rows.iter().flat_map(|sample| sample.chunks(30)).filter(|row| row[0] > 0.0).count();
    assert!((50..110).contains(&kept), "{kept} of 160");
    for sample in while_training(AlphaRows::new(1), &x)? {
        assert!(sample.chunks(30).all(|row| row.iter().all(|y| *y == row[0])));
        assert!(sample.chunks(30).any(|row| row[0] != sample[0]), "all rows alike");
    }
    Ok(())
}

/// Mean and variance stay those of normal numbers.
#[test]
fn alpha_dropout_keeps_the_moments() -> Result<()> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    // Sums of twelve uniform numbers are close to normal.
    let x =
        Array2::from_shape_simple_fn((8, 4000), || (0..12).map(|_| uniform()).sum::<f32>() - 6.0).into_dyn();
    assert_eq!(Alpha::new(1).predict(&x)?, x);
    let all: Vec<f64> = while_training(Alpha::new(1), &x)?.concat().into_iter().map(f64::from).collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let variance = all.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / all.len() as f64;
    assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
    Ok(())
}

/// A seed of a layer's own: whatever the model's seed, every first step draws the same; layers of one seed draw the same
/// numbers, and one that is applied twice others the second time.
#[test]
fn layers_have_seeds_of_their_own() -> Result<()> {
    let x = Array3::<f32>::ones((8, 4, 5)).into_dyn();
    let (one, other) = (while_training(Seeded::new(1), &x)?, while_training(Seeded::new(2), &x)?);
    assert_eq!(one, other);
    let plain = Array2::<f32>::zeros((8, 20)).into_dyn();
    let seen = std::sync::Arc::default();
    let losses: Vec<Box<dyn Loss>> =
        (0..4).map(|_| Box::new(Seen(std::sync::Arc::clone(&seen))) as _).collect();
    let on_one = Cpu::threads(1);
    let mut model = Same::on(&on_one, 5)?.compile(Sgd::default(), losses, ());
    model.train_on_batch(&plain, (&plain, &plain, &plain, &plain))?;
    let seen = seen.lock().expect("no thread has failed").clone();
    // Of each output eight samples, whatever their order.
    let mut sorted: Vec<&Vec<f32>> = seen.iter().collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("there is no NaN"));
    sorted.dedup();
    assert_eq!((seen.len(), sorted.len()), (32, 24), "the first two are one");
    model.train_on_batch(&plain, (&plain, &plain, &plain, &plain))?;
    Ok(())
}
