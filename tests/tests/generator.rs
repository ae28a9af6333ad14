//! Images changed at random, held to the functions of Keras's `ImageDataGenerator`.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Fixture, assert_close};
use keras_runtime::data::Batches;
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::generator::{
    Fill, ImageDataGenerator, Order, Shift, Transform, apply_affine_transform, apply_brightness_shift,
    apply_channel_shift, random_brightness, random_channel_shift, random_rotation, random_shear,
    random_shift, random_zoom,
};
use keras_runtime::random::Philox;
use ndarray::{Array3, Array4, Axis, Ix3};

fn image(fixture: &Fixture, name: &str) -> Array3<f32> {
    fixture.get(name).clone().into_dimensionality::<Ix3>().expect("an image")
}

const FILLS: [(&str, Fill); 4] = [
    ("nearest", Fill::Nearest),
    ("constant", Fill::Constant(7.5)),
    ("reflect", Fill::Reflect),
    ("wrap", Fill::Wrap),
];

const ORDERS: [Order; 6] =
    [Order::Nearest, Order::Linear, Order::Quadratic, Order::Cubic, Order::Quartic, Order::Quintic];

#[test]
fn affine_transforms_are_keras_s() {
    let fixture = Fixture::load("generator");
    let (x, none) = (image(&fixture, "image"), Transform::default());
    let cases = [
        ("turned", Transform { theta: 25.0, ..none }),
        ("moved", Transform { tx: 1.25, ty: -2.5, ..none }),
        ("far", Transform { tx: 9.3, ty: 11.7, ..none }),
        ("back", Transform { tx: -14.6, ty: -8.1, ..none }),
        ("sheared", Transform { shear: 30.0, ..none }),
        ("enlarged", Transform { zx: 0.6, zy: 0.8, ..none }),
        ("smaller", Transform { zx: 1.7, zy: 2.3, ..none }),
        ("all", Transform { theta: -40.0, tx: 0.75, ty: 1.5, shear: 12.0, zx: 1.2, zy: 0.9, ..none }),
    ];
    for (name, transform) in cases {
        for (mode, fill) in FILLS {
            // Splines of a higher degree for some of them.
            for (k, order) in ORDERS.into_iter().enumerate() {
                let what = format!("{name}/{mode}/{k}");
                if k > 1 && !["turned", "far", "all"].contains(&name) {
                    continue;
                }
                let y = apply_affine_transform(&x, &transform, fill, order).into_dyn();
                // SciPy's filter begins with a sum that is off by a power of the pole, which the largest pole shows in so few rows.
                let tolerance = if what.ends_with("reflect/5") { 1e-4 } else { 1e-5 };
                assert_close(&what, &y, fixture.get(&what), tolerance);
            }
        }
    }
    let row = x.slice(ndarray::s![..1, .., ..]).to_owned();
    for (mode, fill) in FILLS {
        let what = format!("row/{mode}");
        let y = apply_affine_transform(&row, &Transform { tx: 0.4, ty: 1.5, ..none }, fill, Order::Linear);
        assert_close(&what, &y.into_dyn(), fixture.get(&what), 1e-5);
        let what = format!("row/{mode}/3");
        let y = apply_affine_transform(&row, &Transform { tx: 0.4, ty: 1.5, ..none }, fill, Order::Cubic);
        assert_close(&what, &y.into_dyn(), fixture.get(&what), 1e-5);
    }
    assert_eq!(apply_affine_transform(&x, &none, Fill::Nearest, Order::Linear), x);
}

#[test]
fn whole_changes_are_keras_s() -> Result<()> {
    let fixture = Fixture::load("generator");
    let (x, none) = (image(&fixture, "image"), Transform::default());
    let generator = ImageDataGenerator { fill: Fill::Reflect, ..ImageDataGenerator::default() };
    let cases = [
        ("channels", Transform { channel_shift_intensity: Some(-40.0), ..none }),
        ("mirrored", Transform { flip_horizontal: true, theta: 10.0, ..none }),
        (
            "upside",
            Transform { flip_vertical: true, channel_shift_intensity: Some(25.0), shear: -20.0, ..none },
        ),
        ("dark", Transform { brightness: Some(0.35), ..none }),
        ("light", Transform { brightness: Some(1.8), flip_horizontal: true, flip_vertical: true, ..none }),
    ];
    for (name, transform) in cases {
        let what = format!("transform/{name}");
        let y = generator.apply_transform(&x, &transform)?.into_dyn();
        assert_close(&what, &y, fixture.get(&what), 1e-5);
    }
    for of in ["signed", "opaque"] {
        for brightness in [0.5, 1.5] {
            for (scale, told) in [(false, "False"), (true, "True")] {
                let what = format!("brightness/{of}/{brightness}/{told}");
                let y = apply_brightness_shift(&image(&fixture, of), brightness, scale)?.into_dyn();
                assert_close(&what, &y, fixture.get(&what), 1e-5);
            }
        }
    }
    let y = apply_channel_shift(&image(&fixture, "signed"), 150.0).into_dyn();
    assert_close("shift/signed", &y, fixture.get("shift/signed"), 0.0);
    assert!(apply_brightness_shift(&Array3::zeros((2, 2, 2)), 0.5, false).is_err());
    Ok(())
}

/// What is drawn is within its bounds, and comes near to all of them.
#[test]
fn random_changes_are_within_their_ranges() {
    let generator = ImageDataGenerator {
        rotation_range: 20.0,
        width_shift_range: Shift::Within(0.25),
        height_shift_range: Shift::OneOf(vec![2.0, 3.0]),
        brightness_range: Some(0.5..=1.5),
        shear_range: 8.0,
        zoom_range: 0.8..=1.1,
        channel_shift_range: 30.0,
        horizontal_flip: true,
        ..ImageDataGenerator::default()
    };
    let mut random = Philox::new(5, 0);
    let drawn: Vec<Transform> =
        (0..2000).map(|_| generator.get_random_transform((10, 40), &mut random)).collect();
    let range = |of: fn(&Transform) -> f32, low: f32, high: f32| {
        let (least, most) = drawn
            .iter()
            .map(of)
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), x| (least.min(x), most.max(x)));
        let near = 0.02 * (high - low);
        assert!(
            (low..=low + near).contains(&least) && (high - near..=high).contains(&most),
            "{least} {most}"
        );
    };
    range(|t| t.theta, -20.0, 20.0);
    range(|t| t.tx, -10.0, 10.0);
    range(|t| t.shear, -8.0, 8.0);
    range(|t| t.zx, 0.8, 1.1);
    range(|t| t.zy, 0.8, 1.1);
    range(|t| t.channel_shift_intensity.expect("one"), -30.0, 30.0);
    range(|t| t.brightness.expect("one"), 0.5, 1.5);
    assert!([-3.0, -2.0, 2.0, 3.0].iter().all(|shift| drawn.iter().any(|t| t.ty == *shift)));
    assert!(drawn.iter().all(|t| [2.0, 3.0].contains(&t.ty.abs()) && !t.flip_vertical));
    let mirrored = drawn.iter().filter(|t| t.flip_horizontal).count();
    assert!((900..1100).contains(&mirrored), "{mirrored}");
    let pixels = ImageDataGenerator { width_shift_range: Shift::Below(4), ..ImageDataGenerator::default() };
    let drawn: Vec<f32> = (0..200).map(|_| pixels.get_random_transform((10, 40), &mut random).tx).collect();
    assert!((-3..=3).all(|shift| drawn.contains(&(shift as f32))) && drawn.iter().all(|x| x.abs() < 4.0));
    let nothing = ImageDataGenerator::default().get_random_transform((10, 40), &mut random);
    assert_eq!(nothing, Transform::default());
}

/// Each function is one change, by a number of its range.
#[test]
fn functions_draw_one_change() -> Result<()> {
    let fixture = Fixture::load("generator");
    let x = image(&fixture, "image");
    let (fill, order) = (Fill::Nearest, Order::Linear);
    let mut random = Philox::new(1, 0);
    let mut again = random.clone();
    let mut drawn = |low: f32, high: f32| low + (high - low) * again.uniform();
    let none = Transform::default();
    let affine = |transform: Transform| apply_affine_transform(&x, &transform, fill, order);
    let theta = drawn(-30.0, 30.0);
    assert_eq!(random_rotation(&x, 30.0, fill, order, &mut random), affine(Transform { theta, ..none }));
    let (tx, ty) = (drawn(-0.3, 0.3) * 8.0, drawn(-0.2, 0.2) * 6.0);
    assert_eq!(random_shift(&x, (0.3, 0.2), fill, order, &mut random), affine(Transform { tx, ty, ..none }));
    let shear = drawn(-15.0, 15.0);
    assert_eq!(random_shear(&x, 15.0, fill, order, &mut random), affine(Transform { shear, ..none }));
    let (zx, zy) = (drawn(0.7, 1.2), drawn(0.7, 1.2));
    assert_eq!(random_zoom(&x, 0.7..=1.2, fill, order, &mut random), affine(Transform { zx, zy, ..none }));
    assert_eq!(random_channel_shift(&x, 9.0, &mut random), apply_channel_shift(&x, drawn(-9.0, 9.0)));
    let bright = apply_brightness_shift(&x, drawn(0.5, 0.9), true)?;
    assert_eq!(random_brightness(&x, 0.5..=0.9, true, &mut random)?, bright);
    Ok(())
}

#[test]
fn every_image_of_a_data_set_changes_in_every_epoch() -> Result<()> {
    let x = Array4::<f32>::from_shape_fn((12, 7, 6, 3), |(n, i, j, c)| {
        ((n * 31 + i * 17 + j * 5 + c) % 97) as f32
    });
    let y: Vec<u8> = (0..12).collect();
    let generator = || ImageDataGenerator {
        rotation_range: 30.0,
        shear_range: 15.0,
        channel_shift_range: 10.0,
        ..ImageDataGenerator::default()
    };
    let epochs = |count: usize| -> Result<Vec<Vec<f32>>> {
        let mut data = Dataset::from_arrays(x.clone(), y.clone())?.batch(5).map_batches(generator().flow());
        let mut epochs = vec![];
        for epoch in 0..count {
            data.begin(epoch)?;
            let mut words = vec![];
            while let Some(batch) = data.next()? {
                assert_eq!(batch.x[0].shape().sample(), [7, 6, 3]);
                words.extend(batch.x[0].to_array().iter().copied());
            }
            epochs.push(words);
        }
        Ok(epochs)
    };
    let (first, again) = (epochs(2)?, epochs(2)?);
    assert_eq!(first, again);
    let size = 7 * 6 * 3;
    let original: Vec<f32> = x.iter().copied().collect();
    for image in 0..12 {
        let part = |words: &[f32]| words[image * size..(image + 1) * size].to_vec();
        assert!(part(&first[0]) != part(&original) && part(&first[0]) != part(&first[1]), "{image}");
    }
    let mut rows =
        Dataset::from_arrays(x.index_axis(Axis(3), 0).to_owned(), y)?.map_batches(generator().flow());
    rows.begin(0)?;
    let text = rows.next().expect_err("no channels").to_string();
    assert!(text.contains("[height, width, channels]"), "{text}");
    Ok(())
}
