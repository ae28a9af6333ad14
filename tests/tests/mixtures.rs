//! Layers that draw their transformation: each batch is what one of the others makes of it, and mixtures have the shares of
//! their distribution.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
#[path = "keras/watched.rs"]
#[allow(dead_code, unused_macros, unused_imports)]
mod watched;

use std::collections::BTreeMap;

use keras_runtime::prelude::*;
use ndarray::{Array4, ArrayD};
use watched::while_training;

keras_model! {
    Augmented = rand_augment(num_ops = 1, factor = [0.3, 0.3], input = [6, 7, 3])
    Shear = random_shear([0.3, 0.3], [0.3, 0.3], input = [6, 7, 3])
    Translation = random_translation([0.3, 0.3], [0.3, 0.3], input = [6, 7, 3])
    Rotation = random_rotation([0.3, 0.3], input = [6, 7, 3])
    Poster = random_posterization([1, 1], input = [6, 7, 3])
    Stretched = auto_contrast(input = [6, 7, 3])
    Equal = equalization(input = [6, 7, 3])
    Bright = random_brightness([0.3, 0.3], input = [6, 7, 3])
    Grey = random_color_degeneration([0.3, 0.3], input = [6, 7, 3])
    Sharp = random_sharpness([0.3, 0.3], input = [6, 7, 3])

    Mixed = aug_mix(num_chains = 1, chain_depth = 1, all_ops = false, input = [4, 4, 2])
    MixedAlike = aug_mix(num_chains = 1, chain_depth = 1, all_ops = false, alpha = 6.0, input = [4, 4, 2])
    MixedUnlike = aug_mix(num_chains = 1, chain_depth = 1, all_ops = false, alpha = 0.3, input = [4, 4, 2])

    Chain = rand_augment([0.0, 1.0], input = [8, 9, 3]) >> aug_mix([0.0, 1.0], 2, 2, interpolation = nearest)
        >> flatten() >> dense(4, softmax)
    First = rand_augment(data_format = channels_first, input = [3, 8, 9])
    FirstMixed = aug_mix(data_format = channels_first, num_chains = 2, chain_depth = 1, input = [1, 8, 9])
}

/// Bytes without an order.
fn bytes(dims: (usize, usize, usize, usize)) -> ArrayD<f32> {
    let byte =
        |(n, i, j, c): (usize, usize, usize, usize)| (n * 89 + i * 57 + j * 31 + c * 101 + i * j * 13) % 256;
    Array4::from_shape_fn(dims, |place| byte(place) as f32).into_dyn()
}

fn alike(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.01)
}

/// Whether `y` is `x` with all distances from the means of its channels times one number between 0.7 and 1.3.
fn is_contrast(x: &[f32], y: &[f32]) -> bool {
    let mean = |c: usize| x.iter().skip(c).step_by(3).sum::<f32>() / 42.0;
    let means = [mean(0), mean(1), mean(2)];
    let inside = || x.iter().zip(y).enumerate().filter(|(_, (_, y))| **y > 0.0 && **y < 255.0);
    let far = inside().max_by_key(|(i, (x, _))| (*x - means[i % 3]).abs() as i32);
    let Some((i, (x, y))) = far else { return false };
    let factor = (y - means[i % 3]) / (x - means[i % 3]);
    (0.69..1.31).contains(&factor)
        && inside().all(|(i, (x, y))| ((x - means[i % 3]) * factor + means[i % 3] - y).abs() < 0.1)
}

/// Whether `y` is `x` and a number, taken off 255 above a threshold.
fn is_solar(x: &[f32], y: &[f32]) -> bool {
    let darkest = (0..x.len()).min_by(|i, j| x[*i].total_cmp(&x[*j])).expect("there are pixels");
    let candidates = [y[darkest] - x[darkest], 255.0 - y[darkest] - x[darkest]];
    candidates.into_iter().any(|added| {
        let explains = |(x, y): (&f32, &f32)| {
            let sum = (x + added).min(255.0);
            (y - sum).abs() < 0.1 || (255.0 - y - sum).abs() < 0.1
        };
        (0.0..77.0).contains(&added) && x.iter().zip(y).all(explains)
    })
}

#[test]
fn a_batch_is_changed_by_one_transformation() -> Result<()> {
    let x = bytes((3, 6, 7, 3));
    assert_eq!(Augmented::new(0).predict(&x)?, x);
    let samples: Vec<Vec<f32>> = x.outer_iter().map(|x| x.iter().copied().collect()).collect();
    // A shear goes one way or the other: all of its images that several steps show.
    let mut candidates: Vec<(&str, Vec<Vec<Vec<f32>>>)> = vec![("shear", vec![])];
    for seed in 0..10 {
        candidates[0].1.push(while_training(Shear::new(seed), &x)?);
    }
    candidates.push(("translation", vec![while_training(Translation::new(0), &x)?]));
    candidates.push(("rotation", vec![while_training(Rotation::new(0), &x)?]));
    candidates.push(("posterization", vec![while_training(Poster::new(0), &x)?]));
    candidates.push(("auto contrast", vec![while_training(Stretched::new(0), &x)?]));
    candidates.push(("equalization", vec![while_training(Equal::new(0), &x)?]));
    candidates.push(("brightness", vec![while_training(Bright::new(0), &x)?]));
    candidates.push(("grey", vec![while_training(Grey::new(0), &x)?]));
    candidates.push(("sharpness", vec![while_training(Sharp::new(0), &x)?]));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..220 {
        let seen = while_training(Augmented::new(seed), &x)?;
        let is = |batches: &[Vec<Vec<f32>>]| {
            seen.iter().enumerate().all(|(i, y)| batches.iter().any(|batch| alike(&batch[i], y)))
        };
        let every = |f: fn(&[f32], &[f32]) -> bool| seen.iter().zip(&samples).all(|(y, x)| f(x, y));
        let name = match candidates.iter().find(|(_, batches)| is(batches)) {
            Some((name, _)) => name,
            None if every(is_contrast) => "contrast",
            None if every(is_solar) => "solarization",
            None => panic!("seed {seed}: {:?} of {:?}", seen[0], samples[0]),
        };
        *counts.entry(name).or_default() += 1;
    }
    assert!(counts.len() == 11 && counts.values().all(|count| (6..40).contains(count)), "{counts:?}");
    Ok(())
}

/// The share of the image in mixtures with its posterized version, which is as black as half of white.
fn shares_of_images<M: Model>(of_seed: fn(u64) -> M) -> Result<Vec<f32>> {
    let x = ArrayD::from_elem(vec![12, 4, 4, 2], 200.0f32);
    let mut shares = vec![];
    for seed in 0..600 {
        let seen = while_training(of_seed(seed), &x)?.concat();
        let (low, high) =
            seen.iter().fold((f32::MAX, f32::MIN), |(low, high), y| (low.min(*y), high.max(*y)));
        assert!((0.0..=255.0).contains(&low) && high <= 255.0);
        // Solarization makes every image another one, and nothing else changes one of equal pixels.
        if high - low < 1e-3 && low < 199.999 {
            shares.push((low - 128.0) / (200.0 - 128.0));
        }
    }
    Ok(shares)
}

#[test]
fn mixtures_have_the_shares_of_their_distribution() -> Result<()> {
    let x = bytes((2, 4, 4, 2));
    assert_eq!(Mixed::new(0).predict(&x)?, x);
    // A beta distribution of `a` and `a` has the variance 1 / (4 (2 a + 1)). One in eight is posterized.
    for (alpha, shares) in [
        (1.0, shares_of_images(Mixed::new)?),
        (6.0, shares_of_images(MixedAlike::new)?),
        (0.3, shares_of_images(MixedUnlike::new)?),
    ] {
        let n = shares.len() as f32;
        assert!((45.0..110.0).contains(&n), "{n} of 600");
        assert!(shares.iter().all(|share| (-1e-4..=1.0001).contains(share)), "{shares:?}");
        let mean = shares.iter().sum::<f32>() / n;
        let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f32>() / n;
        let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0f32));
        assert!((mean - 0.5).abs() < 4.0 * (expected / n).sqrt(), "alpha {alpha}: mean {mean} of {n}");
        assert!((variance / expected - 1.0).abs() < 0.5, "alpha {alpha}: {variance} instead of {expected}");
    }
    Ok(())
}

/// Images of any format stay within their range; what is drawn depends on seed and step, not on threads.
#[test]
fn mixtures_train() -> Result<()> {
    for seed in 0..5 {
        let seen = while_training(First::new(seed), &bytes((3, 3, 8, 9)))?.concat();
        assert!(seen.iter().all(|y| (-1e-3..=255.001).contains(y)));
        let seen = while_training(FirstMixed::new(seed), &bytes((3, 1, 8, 9)))?.concat();
        assert!(seen.iter().all(|y| (0.0..=255.0).contains(y)));
    }
    let x = bytes((24, 8, 9, 3)).mapv(|x| x / 255.0);
    let y: Vec<u8> = (0..24).map(|i| i % 4).collect();
    let run = |threads: usize, seed: u64| -> Result<Vec<u32>> {
        let mut model = Chain::on(&Cpu::threads(threads), seed)?.compile(
            Adam::default(),
            SparseCategoricalCrossentropy,
            (),
        );
        model.fit(
            &x,
            &y[..],
            Fit { epochs: 3, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() },
        )?;
        Ok(model.network().params().iter().map(|w| w.to_bits()).collect())
    };
    let first = run(1, 3)?;
    assert!(first.iter().all(|bits| f32::from_bits(*bits).is_finite()));
    assert_eq!(first, run(2, 3)?);
    assert_ne!(first, run(1, 4)?);
    Ok(())
}
