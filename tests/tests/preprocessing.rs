//! Preprocessing layers against Keras: outputs, and gradients of inputs. What random layers do is compared for bounds that
//! leave them one value, and looked at for others.

// Arrays are lent here, as users lend theirs.
#![allow(clippy::needless_borrows_for_generic_args)]

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
#[path = "keras/watched.rs"]
mod watched;

use cases::layers;
use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::{Array2, Array4};
use watched::{images, places, while_training};

layers! {
    ("preprocessing", 1e-5);
    rescaling Rescaling (a a0 "probe_a" [; 5]) { a >> rescaling(0.25, 1.5) }
    rescaling_each RescalingEach (a a0 "probe_a" [4; 3]) { a >> rescaling([0.5, 2.0, -1.0], offset = [0.0, 1.0, 2.5]) }
    normalization_given NormalizationGiven (a a0 "probe_a" [4; 3]) { a >> normalization(mean = 0.5, variance = 4.0) }
    normalization_each NormalizationEach (a a0 "probe_a" [4; 3]) { a >> normalization(mean = [0.5, -1.0, 0.0], variance = [4.0, 0.25, 1.0]) }
    normalization_constant NormalizationConstant (a a0 "probe_a" [4; 3]) { a >> normalization(mean = 0.5, variance = 0.0) }
    normalization_axis NormalizationAxis (a a0 "probe_a" [4; 3]) { a >> normalization(axis = 1, mean = [0.5, -1.0, 0.0, 2.0], variance = [4.0, 0.25, 1.0, 2.0], invert = true) }
    normalization_all NormalizationAll (a a0 "probe_a" [4; 3]) { a >> normalization(axis = [], mean = 0.5, variance = 4.0) }
    discretization Discretization (a a0 "probe_a" [4; 3]) { a >> discretization([-1.0, 0.0, 0.5]) }
    discretization_one_hot DiscretizationOneHot (a a0 "probe_a" [4; 3]) { a >> discretization([-1.0, 0.5], output_mode = one_hot) }
    discretization_count DiscretizationCount (a a0 "probe_a" [; 7]) { a >> discretization([-1.0, 0.5], output_mode = "count") }
    discretization_multi_hot DiscretizationMultiHot (a a0 "probe_a" [; 7]) { a >> discretization([-0.5, 0.0, 0.5, 1.5], output_mode = multi_hot) }
    resizing_up ResizingUp (a a0 "probe_a" [4, 5; 2]) { a >> resizing(8, 9) }
    resizing_down ResizingDown (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 4) }
    resizing_mixed ResizingMixed (a a0 "probe_a" [4, 5; 2]) { a >> resizing(9, 2) }
    resizing_nearest_up ResizingNearestUp (a a0 "probe_a" [4, 5; 2]) { a >> resizing(10, 21, interpolation = nearest) }
    resizing_nearest_down ResizingNearestDown (a a0 "probe_a" [4, 5; 2]) { a >> resizing(2, 5, interpolation = nearest) }
    resizing_crop ResizingCrop (a a0 "probe_a" [4, 5; 2]) { a >> resizing(4, 4, crop_to_aspect_ratio = true) }
    resizing_pad ResizingPad (a a0 "probe_a" [4, 5; 2]) { a >> resizing(8, 8, pad_to_aspect_ratio = true, fill_value = 0.5) }
    resizing_first ResizingFirst (a a0 "probe_a" [4, 5; 2]) { a >> resizing(4, 4, data_format = channels_first) }
    resizing_antialias ResizingAntialias (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 2, antialias = true) }
    resizing_antialias_up ResizingAntialiasUp (a a0 "probe_a" [4, 5; 2]) { a >> resizing(7, 3, antialias = true) }
    resizing_antialias_nearest ResizingAntialiasNearest (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 2, interpolation = nearest, antialias = true) }
    resizing_bicubic_up ResizingBicubicUp (a a0 "probe_a" [4, 5; 2]) { a >> resizing(9, 7, interpolation = bicubic) }
    resizing_bicubic_down ResizingBicubicDown (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 2, interpolation = bicubic) }
    resizing_bicubic_antialias ResizingBicubicAntialias (a a0 "probe_a" [4, 5; 2]) { a >> resizing(2, 4, interpolation = bicubic, antialias = true) }
    resizing_lanczos3_up ResizingLanczosUp (a a0 "probe_a" [4, 5; 2]) { a >> resizing(6, 11, interpolation = lanczos3) }
    resizing_lanczos3_antialias ResizingLanczosAntialias (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 2, interpolation = lanczos3, antialias = true) }
    resizing_lanczos5 ResizingLanczosWide (a a0 "probe_a" [4, 5; 2]) { a >> resizing(7, 4, interpolation = lanczos5) }
    resizing_lanczos5_antialias ResizingLanczosWideAntialias (a a0 "probe_a" [4, 5; 2]) { a >> resizing(2, 5, interpolation = lanczos5, antialias = true) }
    resizing_bicubic_crop ResizingBicubicCrop (a a0 "probe_a" [4, 5; 2]) { a >> resizing(3, 3, interpolation = bicubic, crop_to_aspect_ratio = true) }
    resizing_bicubic_pad ResizingBicubicPad (a a0 "probe_a" [4, 5; 2]) { a >> resizing(7, 7, interpolation = bicubic, pad_to_aspect_ratio = true, fill_mode = constant, fill_value = 0.5) }
    resizing_bicubic_first ResizingBicubicFirst (a a0 "probe_a" [4, 5; 2]) { a >> resizing(4, 5, interpolation = bicubic, data_format = channels_first) }
    center_crop CenterCrop (a a0 "probe_a" [4, 5; 2]) { a >> center_crop(2, 4) }
    center_crop_larger CenterCropLarger (a a0 "probe_a" [4, 5; 2]) { a >> center_crop(8, 6) }
}

mod tokens {
    use super::*;

    layers! {
        ("preprocessing_tokens", 1e-5);
        category_multi_hot MultiHot (a a0 "probe_a" [; 6]) { a >> category_encoding(5) }
        category_count Count (a a0 "probe_a" [; 6]) { a >> category_encoding(5, output_mode = count) }
        category_one_hot OneHot (a a0 "probe_a" [; 6]) { a >> category_encoding(5, output_mode = one_hot) }
        category_one_hot_of_one OneHotOfOne (a a0 "probe_a" [; 1]) { a >> category_encoding(5, output_mode = one_hot) }
        one_hot OneHotFunction (a a0 "probe_a" [; 6]) { one_hot(a, 7) }
        arange Arange (a a0 "probe_a" [; 6]) { a * arange(6) }
    }
}

images! {
    ("preprocessing", 1e-5), [4, 5, 2];
    rotation Rotation () Nothing { a >> random_rotation([0.1, 0.1]) }
    rotation_wrap RotationWrap () Nothing { a >> random_rotation([-0.3, -0.3], fill_mode = wrap) }
    rotation_constant RotationConstant () Nothing { a >> random_rotation([0.05, 0.05], fill_mode = constant, fill_value = 0.5) }
    rotation_nearest RotationNearest () Nothing { a >> random_rotation([0.2, 0.2], fill_mode = nearest, interpolation = nearest) }
    rotation_first RotationFirst () Nothing { a >> random_rotation([0.1, 0.1], data_format = channels_first) }
    zoom_out ZoomOut () Nothing { a >> random_zoom([0.3, 0.3]) }
    zoom_in ZoomIn () Nothing { a >> random_zoom([-0.4, -0.4], [0.2, 0.2], fill_mode = constant) }
    translation Translation () Nothing { a >> random_translation([0.3, 0.3], [-0.2, -0.2]) }
    translation_nearest TranslationNearest () Nothing { a >> random_translation([-0.9, -0.9], [0.4, 0.4], fill_mode = nearest) }
    brightness Brightness () Nothing { a >> random_brightness([0.2, 0.2], value_range = [-2.0, 1.0]) }
    affine_constant_bilinear ConstantBilinear (b: [8]) Same { affine_transform(a, b, fill_value = 0.25) }
    affine_constant_nearest ConstantNearest (b: [8]) Same { affine_transform(a, b, interpolation = nearest, fill_value = 0.25) }
    affine_nearest_bilinear NearestBilinear (b: [8]) Same { affine_transform(a, b, fill_mode = nearest) }
    affine_nearest_nearest NearestNearest (b: [8]) Same { affine_transform(a, b, interpolation = nearest, fill_mode = nearest) }
    affine_reflect_bilinear ReflectBilinear (b: [8]) Same { affine_transform(a, b, fill_mode = reflect) }
    affine_reflect_nearest ReflectNearest (b: [8]) Same { affine_transform(a, b, interpolation = nearest, fill_mode = reflect) }
    affine_wrap_bilinear WrapBilinear (b: [8]) Same { affine_transform(a, b, fill_mode = wrap) }
    affine_wrap_nearest WrapNearest (b: [8]) Same { affine_transform(a, b, interpolation = nearest, fill_mode = wrap) }
}

keras_model! {
    AdaptLast = normalization(input = [4, 3])
    AdaptFirst = normalization(axis = 1, input = [4, 3])
    AdaptBoth = normalization(axis = [1, 2], input = [4, 3])
    AdaptNone = normalization(axis = [], input = [4, 3])
    Bins = discretization(num_bins = 5, name = "bins", input = [2])
    BinsFew = discretization(num_bins = 8, name = "bins", input = [2])
    BinsMany = discretization(num_bins = 7, name = "bins", input = [2])
    BinsRough = discretization(num_bins = 4, epsilon = 0.2, name = "bins", input = [2])
    BinsEqual = discretization(num_bins = 6, epsilon = 0.05, name = "bins", input = [2])
    BinsBatches = discretization(num_bins = 9, epsilon = 0.03, name = "bins", input = [2])
    BinsOf49 = discretization(num_bins = 49, name = "bins", input = [2])
    BinsOneHot = rescaling(0.5, input = [3]) >> discretization(num_bins = 4, output_mode = one_hot, name = "bins") >> flatten() >> dense(2)
    Behind = rescaling(2.0, input = [3]) >> normalization(name = "centred") >> dense(1)

    Flip = random_flip(input = [2, 3, 2])
    FlipColumns = random_flip("horizontal", input = [2, 3, 2])
    Crop = random_crop(3, 4, input = [5, 7, 1])
    Contrast = random_contrast(0.4, input = [3, 5, 2])
    Noise = gaussian_noise(0.5, input = 4000)
    NoisyFactor = gaussian_dropout(0.2, input = 4000)

    Bytes(image: [u8; 4, 5, 1]) { image >> rescaling(1.0 / 255.0) >> flatten() >> dense(3, softmax) }
    Augmented = random_flip("horizontal", input = [12, 14, 3]) >> random_rotation(0.1) >> random_zoom(0.2)
             >> random_translation(0.1, 0.1) >> random_contrast(0.2, value_range = [0.0, 1.0]) >> random_crop(10, 10)
             >> flatten() >> gaussian_noise(0.1) >> dense(4, softmax)
}

fn adapted<M: Model>(mut model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load("preprocessing_adapt");
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    model.adapt("normalization", get("x"))?;
    for part in ["mean", "variance"] {
        assert_close(name, &model.weight(&format!("normalization/{part}"))?, get(part), 1e-5);
    }
    assert_close(name, &model.predict(get("x"))?, get("output"), 1e-5);
    Ok(())
}

#[test]
fn adapt() -> Result<()> {
    adapted(AdaptLast::new(0), "last")?;
    adapted(AdaptFirst::new(0), "first")?;
    adapted(AdaptBoth::new(0), "both")?;
    adapted(AdaptNone::new(0), "none")
}

/// Boundaries are Keras's to the last bit, whether data come at once or in `batches`.
fn binned<M: Model>(mut model: M, name: &str, batches: usize) -> Result<()> {
    let fixture = Fixture::load("bins");
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let x = get("x");
    if batches == 1 {
        model.adapt("bins", x)?;
    } else {
        let rows = x.shape()[0];
        let mut data = Dataset::from_arrays(x.clone(), vec![0.0f32; rows])?.batch(rows / batches);
        model.adapt_dataset("bins", &mut data)?;
    }
    let (found, expected) = (model.weight("bins/bin_boundaries")?, get("boundaries"));
    // Keras makes one bound more of 49, by rounding, and fewer where it has seen fewer numbers.
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{name}");
    }
    assert!(found.iter().skip(expected.len()).all(|bound| *bound == f32::INFINITY), "{name}");
    let last = (found.len() + 1) as f32;
    let output = get("output").mapv(|bin| bin.min(last - 1.0));
    assert_eq!(model.predict(x)?, output, "{name}");
    Ok(())
}

#[test]
fn bins_are_learnt() -> Result<()> {
    binned(Bins::new(0), "bins", 1)?;
    binned(BinsFew::new(0), "few", 1)?;
    binned(BinsMany::new(0), "many", 1)?;
    binned(BinsRough::new(0), "rough", 1)?;
    binned(BinsEqual::new(0), "equal", 1)?;
    binned(BinsBatches::new(0), "batches", 7)?;
    binned(BinsOf49::new(0), "of_49", 4)?;
    let mut model = BinsOneHot::new(0);
    let x = Array2::from_shape_fn((8, 3), |(i, j)| (i * 3 + j) as f32);
    model.adapt("bins", &x.mapv(|x| x * 0.5))?;
    assert_eq!(model.weight("bins/bin_boundaries")?.shape(), [3]);
    let error = model.adapt("bins", &Array2::<f32>::zeros((4, 2))).expect_err("of another shape").to_string();
    assert!(error.contains("[batch, 3]"), "{error}");
    Ok(())
}

/// Moments of batches are those of all data.
#[test]
fn means_of_batches() -> Result<()> {
    let x = Array2::from_shape_fn((100, 3), |(i, j)| ((i * 7 + j * 5) % 13) as f32 + 1000.0 * j as f32);
    let (mut whole, mut parts) = (Behind::new(0), Behind::new(0));
    whole.adapt("centred", &x)?;
    let mut data = Dataset::from_arrays(x, vec![0.0f32; 100])?.batch(7);
    parts.adapt_dataset("centred", &mut data)?;
    for weight in ["centred/mean", "centred/variance"] {
        assert_close(weight, &parts.weight(weight)?, &whole.weight(weight)?, 1e-6);
    }
    Ok(())
}

#[test]
fn data_to_adapt_to_are_checked() -> Result<()> {
    let mut model = Behind::new(0);
    let problem = |result: Result<()>| result.expect_err("it should not go").to_string();
    let x = Array2::<f32>::ones((4, 3));
    assert!(problem(model.adapt("normalization", &x)).contains("there is: centred"));
    assert!(problem(model.adapt("centred", &Array2::<f32>::ones((4, 2)))).contains("[batch, 3]"));
    assert!(problem(model.adapt("centred", &Array2::<f32>::ones((0, 3)))).contains("no samples"));
    assert!(problem(model.adapt("centred", &Array2::from_elem((4, 3), f32::NAN))).contains("NaN"));
    assert_eq!(model.weight("centred/variance")?, ndarray::arr1(&[1.0, 1.0, 1.0]).into_dyn());
    model.adapt("centred", &x)?;
    assert_eq!(model.weight("centred/variance")?, ndarray::arr1(&[0.0, 0.0, 0.0]).into_dyn());
    Ok(())
}

/// Bytes, words and whole floats are the same image; what is no byte is an error.
#[test]
fn images_of_bytes() -> Result<()> {
    let bytes = Array4::from_shape_fn((6, 4, 5, 1), |(n, i, j, _)| (n * 40 + i * 10 + j) as u8);
    let mut model = Bytes::new(3);
    let expected = model.predict(&bytes)?;
    assert_eq!(model.predict(&bytes.mapv(f32::from))?, expected);
    assert_eq!(model.predict(&bytes.mapv(i64::from))?, expected);
    assert_eq!(model.predict(&bytes.mapv(f64::from))?, expected);
    let mut words = bytes.mapv(i32::from);
    words[[4, 0, 0, 0]] = 256;
    let error = model.predict(&words).expect_err("256 is no byte").to_string();
    assert!(error.contains("input `image` of `Bytes`: sample 4 holds 256"), "{error}");
    let mut trainer = model.compile(Sgd::default(), SparseCategoricalCrossentropy, ());
    let labels = [0u8, 1, 2, 0, 1, 2];
    assert!(trainer.train_on_batch(&bytes.mapv(|x| f32::from(x) + 0.5), &labels).is_err());
    trainer.fit(&bytes, &labels, Fit { epochs: 2, verbose: Verbose::Silent, ..Fit::default() })?;
    Ok(())
}

#[test]
fn about_half_of_the_images_are_flipped() -> Result<()> {
    let x = places((200, 2, 3, 2));
    assert_eq!(Flip::new(0).predict(&x)?, x);
    let original: Vec<f32> = x.iter().take(12).copied().collect();
    let at = |i: usize, j: usize| &original[(i * 3 + j) * 2..][..2];
    let both: Vec<f32> = (0..6).flat_map(|p| at(1 - p / 3, 2 - p % 3).to_vec()).collect();
    let columns: Vec<f32> = (0..6).flat_map(|p| at(p / 3, 2 - p % 3).to_vec()).collect();
    for (seen, flipped) in
        [(while_training(Flip::new(7), &x)?, both), (while_training(FlipColumns::new(7), &x)?, columns)]
    {
        assert!(seen.iter().all(|image| *image == original || *image == flipped));
        let share = seen.iter().filter(|image| **image == flipped).count();
        assert!((70..130).contains(&share), "{share} of 200");
    }
    Ok(())
}

#[test]
fn crops_are_parts_of_the_image_at_every_place() -> Result<()> {
    let x = places((300, 5, 7, 1));
    // The largest part of this shape has all rows and six columns: it is made smaller.
    assert_eq!(Crop::new(0).predict(&x)?.shape(), [300, 3, 4, 1]);
    let mut seen = std::collections::BTreeSet::new();
    for part in while_training(Crop::new(1), &x)? {
        let first = part[0] as usize - 5;
        let expected: Vec<f32> = (0..12).map(|p| (first + p / 4 * 7 + p % 4 + 5) as f32).collect();
        assert_eq!(part, expected);
        seen.insert((first / 7, first % 7));
    }
    let all: std::collections::BTreeSet<_> = (0..3).flat_map(|i| (0..4).map(move |j| (i, j))).collect();
    assert_eq!(seen, all);
    Ok(())
}

#[test]
fn contrast_keeps_the_means_of_channels() -> Result<()> {
    let x = places((100, 3, 5, 2)).mapv(|x| x + 100.0);
    assert_eq!(Contrast::new(0).predict(&x)?, x);
    let mut factors = vec![];
    for (image, original) in while_training(Contrast::new(1), &x)?.iter().zip(x.outer_iter()) {
        let original: Vec<f32> = original.iter().copied().collect();
        let mean = |image: &[f32]| image.iter().step_by(2).sum::<f32>() / 15.0;
        assert!((mean(image) - mean(&original)).abs() < 1e-3);
        let factor = (image[28] - image[0]) / (original[28] - original[0]);
        let centre = mean(&original);
        assert!(
            original
                .iter()
                .zip(image)
                .step_by(2)
                .all(|(x, y)| ((x - centre) * factor + centre - y).abs() < 1e-2)
        );
        factors.push(factor);
    }
    let (low, high) = factors.iter().fold((f32::MAX, f32::MIN), |(low, high), f| (low.min(*f), high.max(*f)));
    assert!((0.6..0.65).contains(&low) && (1.35..1.4).contains(&high), "{low} {high}");
    Ok(())
}

#[test]
fn noise_has_its_moments() -> Result<()> {
    let x = Array2::<f32>::ones((4, 4000)).into_dyn();
    assert_eq!(Noise::new(0).predict(&x)?, x);
    assert_eq!(NoisyFactor::new(0).predict(&x)?, x);
    for seen in [while_training(Noise::new(1), &x)?, while_training(NoisyFactor::new(1), &x)?] {
        let all: Vec<f64> = seen.concat().into_iter().map(f64::from).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let central = |k: i32| all.iter().map(|y| (y - mean).powi(k)).sum::<f64>() / all.len() as f64;
        // Normal numbers: no skew, a fourth moment of three times the square of the second.
        let (variance, skew, fourth) = (central(2), central(3), central(4));
        assert!((mean - 1.0).abs() < 0.02 && (variance - 0.25).abs() < 0.01, "{mean} {variance}");
        assert!(skew.abs() < 0.02 && (fourth / variance.powi(2) - 3.0).abs() < 0.2, "{skew} {fourth}");
    }
    Ok(())
}

/// What is drawn depends on seed and step, not on threads.
#[test]
fn threads_agree_bit_by_bit() -> Result<()> {
    let x = Array4::from_shape_fn((40, 12, 14, 3), |(n, i, j, c)| {
        ((n * 7 + i * 5 + j * 3 + c) % 11) as f32 / 11.0
    });
    let y: Vec<u8> = (0..40).map(|i| i % 4).collect();
    let run = |threads: usize, seed: u64| -> Result<Vec<u32>> {
        let mut model = Augmented::on(&Cpu::threads(threads), seed)?.compile(
            Adam::default(),
            SparseCategoricalCrossentropy,
            (),
        );
        model.fit(
            &x,
            &y[..],
            Fit { epochs: 2, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() },
        )?;
        Ok(model.network().params().iter().map(|w| w.to_bits()).collect())
    };
    assert_eq!(run(1, 3)?, run(2, 3)?);
    assert_ne!(run(1, 3)?, run(1, 4)?);
    Ok(())
}
