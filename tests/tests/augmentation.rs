//! Augmentation layers against Keras: outputs of a training step, and gradients of images. What random layers do is compared
//! for bounds that leave them one value, and looked at for others.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;
#[path = "keras/watched.rs"]
mod watched;

use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::{Array4, ArrayD};
use watched::{images, places, while_training};

images! {
    ("augmentation", 1e-5), [4, 5, 3];
    contrast Contrast () Nothing { a >> random_contrast([0.0, 0.0], value_range = [0.0, 1.0]) }
    brightness_cut BrightnessCut () Nothing { a >> random_brightness([0.3, 0.3], value_range = [0.0, 1.0]) }
    solarization Solarized () Nothing { a >> solarization(value_range = [0.0, 1.0]) }
    solarization_bytes SolarizedBytes () Nothing { (a * 255.0 >> solarization()) / 255.0 }
    auto_contrast AutoContrast () Same { a >> auto_contrast(value_range = [-0.5, 1.5]) }
    auto_contrast_bytes AutoContrastBytes () Same { (a * 255.0 >> auto_contrast()) / 255.0 }
    invert Invert () Nothing { a >> random_invert([1.0, 1.0], [0.0, 1.0]) }
    invert_never InvertNever () Nothing { a >> random_invert([0.0, 0.0]) }
    posterization Posterization () Nothing { a >> random_posterization([3, 3], value_range = [0.0, 1.0]) }
    posterization_bytes PosterizationBytes () Nothing { (a * 255.0 >> random_posterization(2)) / 255.0 }
    posterization_first PosterizationFirst () Nothing { a >> random_posterization([8, 8], [0.0, 1.0], channels_first) }
    grayscale Grayscale () Nothing { a >> random_grayscale(1.0) }
    grayscale_never GrayscaleNever () Nothing { a >> random_grayscale(0.0) }
    grayscale_first GrayscaleFirst () Nothing { a >> permute([3, 1, 2]) >> random_grayscale(1.0, data_format = channels_first) >> permute([2, 3, 1]) }
    saturation Saturation () Nothing { a >> random_saturation([0.3, 0.3], value_range = [0.0, 1.0]) }
    saturation_more SaturationMore () Nothing { a >> random_saturation([0.8, 0.8], value_range = [0.0, 1.0]) }
    saturation_negative SaturationNegative () Nothing { a >> random_saturation([-0.5, -0.5], value_range = [0.0, 1.0]) }
    saturation_bytes SaturationBytes () Nothing { (a * 255.0 >> random_saturation([0.6, 0.6])) / 255.0 }
    saturation_first SaturationFirst () Nothing { a >> permute([3, 1, 2]) >> random_saturation([0.3, 0.3], [0.0, 1.0], channels_first) >> permute([2, 3, 1]) }
    hue_none HueNone () Nothing { a >> random_hue([0.0, 0.0], value_range = [0.0, 1.0]) }
    degeneration Degeneration () Nothing { a >> random_color_degeneration([0.7, 0.7], value_range = [0.0, 1.0]) }
    degeneration_away DegenerationAway () Nothing { (a * 255.0 >> random_color_degeneration([-0.5, -0.5])) / 255.0 }
    degeneration_first DegenerationFirst () Nothing { a >> permute([3, 1, 2]) >> random_color_degeneration([0.7, 0.7], [0.0, 1.0], channels_first) >> permute([2, 3, 1]) }
    jitter Jitter () Nothing { a >> random_color_jitter([0.0, 1.0], brightness_factor = [0.1, 0.1], contrast_factor = [0.0, 0.0], saturation_factor = [0.4, 0.4], hue_factor = [0.0, 0.0]) }
    jitter_of_some JitterOfSome () Nothing { (a * 255.0 >> random_color_jitter(brightness_factor = [-0.1, -0.1], saturation_factor = [0.6, 0.6])) / 255.0 }
    shear_none ShearNone () Nothing { a >> random_shear([0.0, 0.0], [0.0, 0.0]) }
    perspective_none PerspectiveNone () Nothing { a >> random_perspective([1.0, 1.0], scale = 0.0) }
    elastic_none ElasticNone () Nothing { a >> random_elastic_transform(0.0) }
    erasing_all ErasingAll () Nothing { a >> random_erasing([1.0, 1.0], scale = [1.0, 1.0], fill_value = 0.25, value_range = [0.0, 1.0]) }
    erasing_never ErasingNever () Nothing { a >> random_erasing([0.0, 0.0], value_range = [0.0, 1.0]) }
    sharpness_smooth SharpnessSmooth () Nothing { a >> random_sharpness([0.2, 0.2], value_range = [0.0, 1.0]) }
    sharpness_sharp SharpnessSharp () Nothing { (a * 255.0 >> random_sharpness([0.9, 0.9])) / 255.0 }
    sharpness_first SharpnessFirst () Nothing { a >> permute([3, 1, 2]) >> random_sharpness([0.0, 0.0], [0.0, 1.0], channels_first) >> permute([2, 3, 1]) }
    blur Blur () Nothing { a >> random_gaussian_blur([1.0, 1.0], 3, [0.5, 0.5], [0.0, 1.0]) }
    blur_wide BlurWide () Nothing { (a * 255.0 >> random_gaussian_blur([1.0, 1.0], [7, 3], [0.9, 0.9])) / 255.0 }
    blur_first BlurFirst () Nothing { a >> permute([3, 1, 2]) >> random_gaussian_blur([1.0, 1.0], [3, 5], [0.4, 0.4], [0.0, 1.0], channels_first) >> permute([2, 3, 1]) }
    blur_never BlurNever () Nothing { a >> random_gaussian_blur([0.0, 0.0], value_range = [0.0, 0.75]) }

    equalization Equalization () Nothing { a >> equalization([0.0, 1.0], 5) }
    equalization_bytes EqualizationBytes () Nothing { (a * 255.0 >> equalization(bins = 13)) / 255.0 }
    equalization_bins EqualizationBins () Nothing { a >> equalization([0.0, 1.0], bins = 7) }
    equalization_first EqualizationFirst () Nothing { a >> permute([3, 1, 2]) >> equalization([0.0, 1.0], 16, channels_first) >> permute([2, 3, 1]) }
    equalization_flat EqualizationFlat () Same { a * 0.0 + 0.3 >> equalization([0.0, 1.0], bins = 4) }
    clahe Clahe () Same { a >> contrast_limited_adaptive_histogram_equalization([0.0, 1.0], tile_grid_size = 2) }
    clahe_bytes ClaheBytes () Same { (a * 255.0 >> contrast_limited_adaptive_histogram_equalization(clip_limit = 20.0, tile_grid_size = [2, 3])) / 255.0 }
    clahe_unlimited ClaheUnlimited () Same { a >> contrast_limited_adaptive_histogram_equalization([0.0, 1.0], clip_limit = 0.0, tile_grid_size = [1, 2]) }
    clahe_first ClaheFirst () Same { a >> permute([3, 1, 2]) >> contrast_limited_adaptive_histogram_equalization([0.0, 1.0], tile_grid_size = [3, 2], data_format = channels_first) >> permute([2, 3, 1]) }
    clahe_many ClaheMany () Same { a >> contrast_limited_adaptive_histogram_equalization([-0.5, 1.5]) }

    rgb_to_grayscale Grey () Same { rgb_to_grayscale(a) }
    rgb_to_hsv Hsv () Same { rgb_to_hsv(a) }
    hsv_to_rgb Rgb () Same { hsv_to_rgb(a * 1.7) }
    gaussian_blur GaussianBlur () Same { gaussian_blur(a, kernel_size = [3, 5], sigma = [0.7, 1.3]) }
    perspective Perspective (b: [4, 2], c: [4, 2]) Same { perspective_transform(a, b, c) }
    perspective_filled PerspectiveFilled (b: [4, 2], c: [4, 2]) Same { perspective_transform(a, b, c, fill_value = 0.5) }
    perspective_nearest PerspectiveNearest (b: [4, 2], c: [4, 2]) Same { perspective_transform(a, b, c, interpolation = nearest, fill_value = 0.25) }
    affine_mirror_bilinear MirrorBilinear (b: [8]) Same { affine_transform(a, b, fill_mode = mirror) }
    affine_mirror_nearest MirrorNearest (b: [8]) Same { affine_transform(a, b, interpolation = nearest, fill_mode = mirror) }
}

keras_model! {
    Hue = random_hue([0.3, 0.3], value_range = [0.0, 1.0], input = [4, 5, 3])
    HueFar = random_hue([0.9, 0.9], value_range = [0.0, 1.0], input = [4, 5, 3])
    Shear = random_shear([0.3, 0.3], [0.2, 0.2], input = [4, 5, 3])
    ShearConstant = random_shear([0.6, 0.6], [0.1, 0.1], interpolation = nearest, fill_mode = constant, fill_value = 0.5, input = [4, 5, 3])

    SomeInverted = random_invert([0.2, 0.4], input = [2, 2, 1])
    SomeGrey = random_grayscale(0.25, input = [2, 2, 3])
    Posters = random_posterization([2, 6], input = [16, 16, 1])
    Solar = solarization([0.2, 0.4], 0.5, input = [16, 16, 1])
    ShearRows = random_shear(0.5, fill_mode = nearest, input = [3, 9, 1])
    Degenerations = random_color_degeneration(0.5, value_range = [-1.0, 1.0], input = [1, 1, 3])
    Saturations = random_saturation([0.2, 0.4], value_range = [0.0, 1.0], input = [1, 1, 3])

    Stretched = auto_contrast([0.0, 1.0], input = [2, 2, 2])
    Sharper = random_sharpness(0.5, value_range = [0.0, 1.0], input = [3, 3, 1])
    SomeBlurred = random_gaussian_blur(0.6, 3, [0.5, 0.5], input = [3, 3, 1])
    Covered = random_erasing([1.0, 1.0], [0.25, 0.25], fill_value = -1.0, value_range = [-1.0, 400.0], input = [12, 10, 3])
    CoveredByColours = random_erasing([1.0, 1.0], [1.0, 1.0], fill_value = [10.0, 20.0, 300.0], input = [2, 2, 3])
    CoveredByNoise = random_erasing([1.0, 1.0], [1.0, 1.0], value_range = [-1000.0, 100.0], input = [20, 20, 3])
    SomeCovered = random_erasing(0.5, fill_value = 0.0, scale = [0.9, 1.0], input = [2, 2, 1])
    Aside = random_perspective([1.0, 1.0], 0.5, fill_value = -1000000.0, input = [9, 12, 2])
    Rippled = random_elastic_transform([1.0, 1.0], [1.0, 1.0], fill_mode = nearest, input = [20, 30, 2])

    Equal = equalization(input = [7, 9, 2])

    /// One after another, as a training of today has them.
    Chain = random_color_jitter([0.0, 1.0], 0.2, 0.2, 0.2, 0.2, input = [9, 11, 3]) >> random_grayscale()
        >> random_invert(0.3, [0.0, 1.0]) >> random_posterization([3, 8], [0.0, 1.0]) >> random_shear(0.2, 0.1)
        >> solarization(0.1, 0.9, [0.0, 1.0]) >> auto_contrast([0.0, 1.0]) >> random_sharpness(1.0, [0.0, 1.0])
        >> random_gaussian_blur(0.5, 5, value_range = [0.0, 1.0]) >> random_erasing(0.5, value_range = [0.0, 1.0])
        >> random_perspective(0.5, 0.4) >> random_elastic_transform(value_range = [0.0, 1.0])
        >> equalization([0.0, 1.0]) >> contrast_limited_adaptive_histogram_equalization([0.0, 1.0]) >> flatten() >> dense(4, softmax)
}

/// Every sample is what Keras makes of a draw or of its negative, and both are there.
fn one_way_or_the_other<M: Model>(of_seed: fn(u64) -> M, name: &str) -> Result<()> {
    let fixture = Fixture::load("augmentation");
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let (x, ways) = (get("a"), [get("output_0"), get("output_1")]);
    assert_close(name, &of_seed(0).predict(x)?, x, 1e-5);
    let mut count = [0; 2];
    for seed in 0..8 {
        for (i, seen) in while_training(of_seed(seed), x)?.iter().enumerate() {
            let is = |way: &ArrayD<f32>| {
                let expected = way.index_axis(ndarray::Axis(0), i);
                expected.iter().zip(seen).all(|(a, b)| (a - b).abs() < 1e-5)
            };
            let way =
                ways.iter().position(|way| is(way)).unwrap_or_else(|| panic!("{name}: sample {i}: {seen:?}"));
            count[way] += 1;
        }
    }
    assert!(count.iter().all(|count| *count >= 4), "{name}: {count:?}");
    Ok(())
}

#[test]
fn hues_turn_one_way_or_the_other() -> Result<()> {
    one_way_or_the_other(Hue::new, "hue_both")?;
    one_way_or_the_other(HueFar::new, "hue_both_far")
}

#[test]
fn shears_go_one_way_or_the_other() -> Result<()> {
    one_way_or_the_other(Shear::new, "shear_both")?;
    one_way_or_the_other(ShearConstant::new, "shear_both_constant")
}

/// Bytes from 0 to 255, once in each image.
fn ramp(samples: usize) -> ArrayD<f32> {
    Array4::from_shape_fn((samples, 16, 16, 1), |(_, i, j, _)| (16 * i + j) as f32).into_dyn()
}

/// The least and the greatest of some numbers.
fn extremes(numbers: impl IntoIterator<Item = f32>) -> (f32, f32) {
    numbers.into_iter().fold((f32::MAX, f32::MIN), |(low, high), x| (low.min(x), high.max(x)))
}

#[test]
fn images_are_inverted_with_a_probability_between_the_bounds() -> Result<()> {
    let x = places((1000, 2, 2, 1));
    assert_eq!(SomeInverted::new(0).predict(&x)?, x);
    let original = [2.0, 3.0, 4.0, 5.0];
    let seen = while_training(SomeInverted::new(5), &x)?;
    let inverted = |image: &[f32]| image.iter().zip(original).all(|(y, x)| *y == 255.0 - x);
    assert!(seen.iter().all(|image| *image == original || inverted(image)));
    let count = seen.iter().filter(|image| inverted(image)).count();
    assert!((250..350).contains(&count), "{count} of 1000");
    Ok(())
}

#[test]
fn some_images_are_grey() -> Result<()> {
    let x = places((1000, 2, 2, 3));
    let seen = while_training(SomeGrey::new(5), &x)?;
    let grey = |image: &[f32]| image.chunks(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]);
    assert!(seen.iter().all(|image| grey(image) || image[..3] == [2.0, 3.0, 4.0]));
    let count = seen.iter().filter(|image| grey(image)).count();
    assert!((200..300).contains(&count), "{count} of 1000");
    Ok(())
}

/// Two to five bits are left, each number of them for as many images.
#[test]
fn posters_have_so_many_bits() -> Result<()> {
    let x = ramp(400);
    assert_eq!(Posters::new(0).predict(&x)?, x);
    let mut counts = [0; 9];
    for image in while_training(Posters::new(3), &x)? {
        let bits = (1..=8).find(|bits| image[255] == (256 - (256 >> bits)) as f32).expect("so many bits");
        let step = 256 >> bits;
        assert!(image.iter().enumerate().all(|(i, y)| *y == (i / step * step) as f32), "{bits} bits");
        counts[bits] += 1;
    }
    assert!(counts[2..=5].iter().all(|count| (70..130).contains(count)), "{counts:?}");
    assert_eq!(counts[2..=5].iter().sum::<i32>(), 400);
    Ok(())
}

/// Pixels are inverted from a threshold on, after a number was added: within Keras's bounds, of which the lower one is in
/// parts of 255.
#[test]
fn suns_have_a_threshold_and_an_addition() -> Result<()> {
    let x = ramp(400);
    assert_eq!(Solar::new(0).predict(&x)?, x);
    let (mut thresholds, mut additions) = (vec![], vec![]);
    for image in while_training(Solar::new(3), &x)? {
        // The first pixel is 0: what was added, or 255 less it.
        let added = if image[0] <= 102.0 { image[0] } else { 255.0 - image[0] };
        let first = image.iter().enumerate().position(|(i, y)| (i as f32 + added).min(255.0) != *y);
        let first = first.unwrap_or(256);
        let expected = |i: usize| {
            let sum = (i as f32 + added).min(255.0);
            if i < first { sum } else { 255.0 - sum }
        };
        assert!(image.iter().enumerate().all(|(i, y)| (y - expected(i)).abs() < 1e-3), "{added} {first}");
        additions.push(added);
        thresholds.push(if first == 0 { 0.0 } else { first as f32 + added });
    }
    let (low, high) = extremes(additions);
    assert!((0.2..5.0).contains(&low) && (97.0..102.0).contains(&high), "{low} {high}");
    let (low, high) = extremes(thresholds);
    assert!(low < 3.0 && (122.0..=128.5).contains(&high), "{low} {high}");
    Ok(())
}

/// Rows move along each other by up to half a place each, one way as often as the other.
#[test]
fn shears_stay_in_their_bounds() -> Result<()> {
    let x = Array4::from_shape_fn((300, 3, 9, 1), |(_, _, j, _)| j as f32).into_dyn();
    let mut factors = vec![];
    for image in while_training(ShearRows::new(1), &x)? {
        let (second, third) = (image[9 + 4] - 4.0, image[18 + 4] - 4.0);
        assert!(
            (third - 2.0 * second).abs() < 1e-4
                && image[..9] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
        );
        factors.push(second);
    }
    let (low, high) = extremes(factors.iter().copied());
    assert!((-0.5..-0.45).contains(&low) && (0.45..0.5).contains(&high), "{low} {high}");
    let negative = factors.iter().filter(|factor| **factor < 0.0).count();
    assert!((120..180).contains(&negative), "{negative} of 300");
    Ok(())
}

#[test]
fn colours_stay_in_their_bounds() -> Result<()> {
    let x = Array4::from_shape_fn((300, 1, 1, 3), |(.., c)| [0.5, 0.25, 0.0][c]).into_dyn();
    let grey = 0.2989 * 0.5 + 0.587 * 0.25;
    let shares = while_training(Degenerations::new(1), &x)?.into_iter().map(|y| (0.5 - y[0]) / (0.5 - grey));
    let (low, high) = extremes(shares);
    assert!((-0.5..-0.45).contains(&low) && (0.45..0.501).contains(&high), "{low} {high}");
    // A saturation of 1 times f / (1 - f): the darkest of the colours is 0.5 times what is missing to 1.
    let saturations = while_training(Saturations::new(1), &x)?.into_iter().map(|y| 1.0 - y[2] / 0.5);
    let (low, high) = extremes(saturations);
    assert!((0.2499..0.27).contains(&low) && (0.64..0.6668).contains(&high), "{low} {high}");
    Ok(())
}

/// A channel whose pixels are all equal stays; the gradient of Keras is NaN there.
#[test]
fn flat_channels_stay() -> Result<()> {
    let x = Array4::from_shape_fn(
        (1, 2, 2, 2),
        |(_, i, j, c)| if c == 0 { 0.7 } else { 0.1 * (i * 2 + j) as f32 },
    );
    let y: Vec<f32> = Stretched::new(0).predict(&x)?.iter().copied().collect();
    let expected = [0.7, 0.0, 0.7, 1.0 / 3.0, 0.7, 2.0 / 3.0, 0.7, 1.0];
    assert!(y.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{y:?}");
    Ok(())
}

/// Bytes of a batch, as many of each value as of any other.
#[test]
fn bytes_are_spread() -> Result<()> {
    let fixture = Fixture::load("equalization");
    let (x, y) = (fixture.get("x"), fixture.get("y"));
    assert_eq!(&Equal::new(0).predict(x)?, x);
    let seen = while_training(Equal::new(0), x)?.concat();
    let seen = ArrayD::from_shape_vec(y.shape(), seen).expect("as many");
    assert_close("equalization", &seen, y, 1e-6);
    Ok(())
}

/// One white pixel: from smooth, 5/13 of it, to as it is.
#[test]
fn sharpness_stays_in_its_bounds() -> Result<()> {
    let x = Array4::from_shape_fn((300, 3, 3, 1), |(_, i, j, _)| f32::from((i, j) == (1, 1))).into_dyn();
    assert_eq!(Sharper::new(0).predict(&x)?, x);
    let (low, high) = extremes(while_training(Sharper::new(1), &x)?.into_iter().map(|y| y[4]));
    assert!((0.3846..0.4).contains(&low) && (0.98..=1.0).contains(&high), "{low} {high}");
    Ok(())
}

/// As often as a probability between 0 and 0.6 says, all by one kernel.
#[test]
fn some_images_are_blurred() -> Result<()> {
    let x = Array4::from_shape_fn((1000, 3, 3, 1), |(_, i, j, _)| f32::from((i, j) == (1, 1))).into_dyn();
    assert_eq!(SomeBlurred::new(0).predict(&x)?, x);
    let neighbour = (-2.0f32).exp();
    let middle = (1.0 / (1.0 + 2.0 * neighbour)).powi(2);
    let seen = while_training(SomeBlurred::new(1), &x)?;
    let blurred =
        |y: &[f32]| (y[4] - middle).abs() < 1e-4 && (y[0] - middle * neighbour.powi(2)).abs() < 1e-4;
    assert!(seen.iter().all(|y| blurred(y) || y[4] == 1.0 && y[0] == 0.0));
    let count = seen.iter().filter(|y| blurred(y)).count();
    assert!((250..350).contains(&count), "{count} of 1000");
    Ok(())
}

/// A rectangle of half the rows and half the columns, anywhere.
#[test]
fn rectangles_cover_a_part() -> Result<()> {
    let x = places((300, 12, 10, 3));
    assert_eq!(Covered::new(0).predict(&x)?, x);
    let (mut rows, mut columns) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for image in while_training(Covered::new(1), &x)? {
        let hidden = |i: usize, j: usize| image[(i * 10 + j) * 3..][..3] == [-1.0; 3];
        let first = (0..120).find(|p| hidden(p / 10, p % 10)).expect("a part is covered");
        let (top, left) = (first / 10, first % 10);
        for (place, pixel) in image.chunks(3).enumerate() {
            let (i, j) = (place / 10, place % 10);
            let inside = (top..top + 6).contains(&i) && (left..left + 5).contains(&j);
            let original = [0, 1, 2].map(|c| (place * 3 + c + 12) as f32);
            assert_eq!(pixel, if inside { [-1.0; 3] } else { original }, "{i}, {j} of {top}, {left}");
        }
        rows.insert(top);
        columns.insert(left);
    }
    assert!((1..=6).all(|i| rows.contains(&i)) && rows.iter().all(|i| *i <= 6), "{rows:?}");
    assert!((1..=5).all(|j| columns.contains(&j)) && columns.iter().all(|j| *j <= 5), "{columns:?}");
    Ok(())
}

#[test]
fn rectangles_are_of_a_number_of_colours_or_of_noise() -> Result<()> {
    for image in while_training(CoveredByColours::new(1), &places((2, 2, 2, 3)))? {
        assert_eq!(image, [10.0, 20.0, 255.0].repeat(4));
    }
    let noise = while_training(CoveredByNoise::new(1), &places((20, 20, 20, 3)))?.concat();
    // Normal numbers of deviation 100, those above 100 cut.
    let mean = noise.iter().sum::<f32>() / noise.len() as f32;
    let cut = noise.iter().filter(|y| **y == 100.0).count() as f32 / noise.len() as f32;
    assert!((mean + 8.33).abs() < 2.0 && (cut - 0.1587).abs() < 0.01, "{mean} {cut}");
    let seen = while_training(SomeCovered::new(1), &places((1000, 2, 2, 1)))?;
    let count = seen.iter().filter(|image| image.contains(&0.0)).count();
    assert!((200..300).contains(&count), "{count} of 1000");
    Ok(())
}

/// Images whose channels are row and column.
fn rows_and_columns(dims: (usize, usize, usize, usize)) -> ArrayD<f32> {
    Array4::from_shape_fn(dims, |(_, i, j, c)| [i, j][c] as f32).into_dyn()
}

/// The first corner stays, and lines stay lines; the others move.
#[test]
fn images_are_seen_from_aside() -> Result<()> {
    let x = rows_and_columns((60, 9, 12, 2));
    assert_eq!(Aside::new(0).predict(&x)?, x);
    let mut moved = 0;
    for image in while_training(Aside::new(1), &x)? {
        let at = |i: usize, j: usize| [image[(i * 12 + j) * 2], image[(i * 12 + j) * 2 + 1]];
        assert!(at(0, 0).iter().all(|y| y.abs() < 1e-4), "{:?}", at(0, 0));
        let inside = |p: [f32; 2]| p[0] >= 0.0 && p[1] >= 0.0;
        let on_a_line = |points: Vec<[f32; 2]>| {
            let points: Vec<_> = points.into_iter().filter(|p| inside(*p)).collect();
            points.windows(3).all(|p| {
                let [u, v] = [1, 2].map(|k| [p[k][0] - p[0][0], p[k][1] - p[0][1]]);
                (u[0] * v[1] - u[1] * v[0]).abs() < 1e-3
            })
        };
        assert!((1..8).all(|i| on_a_line((1..11).map(|j| at(i, j)).collect())));
        assert!((1..11).all(|j| on_a_line((1..8).map(|i| at(i, j)).collect())));
        let (found, middle) = (at(4, 5), [4.0, 5.0]);
        moved += usize::from((0..2).any(|k| (found[k] - middle[k]).abs() > 0.05));
        // A corner that goes by a quarter of its distance at most takes what is before it along by no more.
        assert!((0..2).all(|k| found[k] < middle[k] * 1.75 && found[k] > middle[k] * 0.5), "{found:?}");
    }
    assert!(moved > 50, "{moved} of 60");
    Ok(())
}

/// Noise of the strength and smoothness of its kernel, along rows and columns for themselves.
#[test]
fn images_are_seen_through_rippled_glass() -> Result<()> {
    let x = rows_and_columns((60, 20, 30, 2));
    assert_eq!(Rippled::new(0).predict(&x)?, x);
    let (mut moves, mut neighbours, mut across, mut count) = ([0.0; 2], 0.0, 0.0, 0.0);
    for image in while_training(Rippled::new(1), &x)? {
        let by = |i: usize, j: usize| {
            let at = (i * 30 + j) * 2;
            [f64::from(image[at]) - i as f64, f64::from(image[at + 1]) - j as f64]
        };
        for (i, j) in (5..15).flat_map(|i| (5..25).map(move |j| (i, j))) {
            let (here, next) = (by(i, j), by(i, j + 1));
            (0..2).for_each(|k| moves[k] += here[k] * here[k]);
            neighbours += here[0] * next[0];
            across += here[0] * here[1];
            count += 1.0;
        }
    }
    // alpha = 3 and sigma = 1 of a kernel of seven places.
    let kernel: Vec<f64> = (-3..=3).map(|d: i32| (-0.5 * f64::from(d * d)).exp()).collect();
    let sum: f64 = kernel.iter().sum();
    let square: f64 = kernel.iter().map(|k| (k / sum).powi(2)).sum();
    let shifted: f64 = kernel.windows(2).map(|k| k[0] * k[1] / (sum * sum)).sum();
    let expected = 9.0 * square * square;
    for found in moves {
        assert!((found / count / expected - 1.0).abs() < 0.1, "{} instead of {expected}", found / count);
    }
    let similar = neighbours / moves[0];
    assert!((similar - shifted / square).abs() < 0.03, "{similar} instead of {}", shifted / square);
    assert!((across / moves[0]).abs() < 0.1, "{}", across / moves[0]);
    Ok(())
}

/// What is drawn depends on seed and step, not on threads; and such a chain trains.
#[test]
fn threads_agree_bit_by_bit() -> Result<()> {
    let x = Array4::from_shape_fn((24, 9, 11, 3), |(n, i, j, c)| {
        ((n * 7 + i * 5 + j * 3 + c) % 11) as f32 / 11.0
    });
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
            Fit { epochs: 2, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() },
        )?;
        Ok(model.network().params().iter().map(|w| w.to_bits()).collect())
    };
    assert_eq!(run(1, 3)?, run(2, 3)?);
    assert_ne!(run(1, 3)?, run(1, 4)?);
    Ok(())
}
