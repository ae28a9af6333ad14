//! Images, sounds and folders of them, against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::path::{Path, PathBuf};

use fixture::{Fixture, assert_close};
use keras_runtime::data::Batches;
use keras_runtime::prelude::*;
use keras_runtime::preprocessing::audio::{AudioDirectory, audio_dataset_from_directory, read_wav};
use keras_runtime::preprocessing::directory::{
    Directory, LabelMode, Labels, Subset, text_dataset_from_directory,
};
use keras_runtime::preprocessing::image::{
    AspectRatio, ColorMode, ImageDirectory, Interpolation, LoadImg, array_to_img,
    image_dataset_from_directory, load_img, save_img, smart_resize,
};
use ndarray::{Array3, ArrayD, Axis, Ix3};
use serde_json::Value;

keras_model! {
    Smaller = resizing(6, 5, interpolation = area, input = [13, 17, 3]);
    Larger = resizing(14, 9, interpolation = area, antialias = true, input = [13, 17, 3]);
}

fn folder() -> PathBuf {
    PathBuf::from(format!("{}/fixtures/images", env!("CARGO_MANIFEST_DIR")))
}

fn about() -> Value {
    serde_json::from_str(include_str!("../fixtures/images.json")).expect("JSON")
}

const SIZES: [(usize, usize); 2] = [(6, 5), (14, 9)];

#[test]
fn images_are_loaded_as_keras_does() -> Result<()> {
    let fixture = Fixture::load("images");
    let large = folder().join("large.png");
    for (name, color_mode) in
        [("rgb", ColorMode::Rgb), ("rgba", ColorMode::Rgba), ("grayscale", ColorMode::Grayscale)]
    {
        let found = load_img(&large, &LoadImg { color_mode, ..LoadImg::default() })?.into_dyn();
        assert_eq!(&found, fixture.get(&format!("load_{name}")), "{name}");
    }
    for (how, interpolation) in [
        ("nearest", Interpolation::Nearest),
        ("bilinear", Interpolation::Bilinear),
        ("bicubic", Interpolation::Bicubic),
        ("lanczos", Interpolation::Lanczos3),
        ("box", Interpolation::Box),
        ("hamming", Interpolation::Hamming),
    ] {
        for size in SIZES {
            for (end, keep_aspect_ratio) in [("", false), ("_kept", true)] {
                let what = format!("load_{how}_{}{end}", size.0);
                let settings = LoadImg {
                    target_size: Some(size),
                    interpolation,
                    keep_aspect_ratio,
                    ..LoadImg::default()
                };
                let found = load_img(&large, &settings)?.into_dyn();
                let expected = fixture.get(&what);
                assert_eq!(found.shape(), expected.shape(), "{what}");
                // Pillow computes with whole numbers, which round a little otherwise.
                let most = (&found - expected).iter().fold(0.0f32, |most, x| most.max(x.abs()));
                assert!(most <= 1.0, "{what}: {most}");
            }
        }
    }
    Ok(())
}

#[test]
fn images_are_resized_as_tensorflow_does() -> Result<()> {
    let fixture = Fixture::load("images");
    let one = std::env::temp_dir().join(format!("keras-one-image-more-{}", std::process::id()));
    std::fs::create_dir_all(one.join("class")).expect("a folder");
    std::fs::copy(folder().join("large.png"), one.join("class/large.png")).expect("a copy");
    for (how, interpolation) in [
        ("area", Interpolation::Area),
        ("gaussian", Interpolation::Gaussian),
        ("mitchellcubic", Interpolation::MitchellCubic),
    ] {
        for size in SIZES {
            let settings = ImageDirectory { image_size: size, interpolation, ..ImageDirectory::default() };
            let (mut dataset, _) = image_dataset_from_directory(&one, &settings)?;
            dataset.begin(0)?;
            let batch = dataset.next()?.expect("a batch");
            let found = batch.x[0].to_array().index_axis_move(Axis(0), 0);
            let what = format!("read_{how}_{}", size.0);
            assert_close(&what, &found, fixture.get(&what), 1e-5);
        }
    }
    std::fs::remove_dir_all(one).expect("the test's own");
    let large = load_img(folder().join("large.png"), &LoadImg::default())?.insert_axis(Axis(0));
    let found = Smaller::new(0).predict(&large)?.index_axis_move(Axis(0), 0);
    assert_close("a layer", &found, fixture.get("read_area_6"), 1e-5);
    let found = Larger::new(0).predict(&large)?.index_axis_move(Axis(0), 0);
    assert_close("a layer", &found, fixture.get("read_area_14"), 1e-5);
    Ok(())
}

#[test]
fn images_of_data_sets_are_resized_as_keras_does() -> Result<()> {
    let fixture = Fixture::load("images");
    let large: Array3<f32> = load_img(folder().join("large.png"), &LoadImg::default())?;
    let one = std::env::temp_dir().join(format!("keras-one-image-{}", std::process::id()));
    std::fs::create_dir_all(one.join("class")).expect("a folder");
    std::fs::copy(folder().join("large.png"), one.join("class/large.png")).expect("a copy");
    for (how, interpolation) in [
        ("nearest", Interpolation::Nearest),
        ("bilinear", Interpolation::Bilinear),
        ("bicubic", Interpolation::Bicubic),
        ("lanczos3", Interpolation::Lanczos3),
        ("lanczos5", Interpolation::Lanczos5),
    ] {
        for size in SIZES {
            for (end, aspect_ratio) in
                [("", AspectRatio::Stretch), ("_crop", AspectRatio::Crop), ("_pad", AspectRatio::Pad)]
            {
                let what = format!("read_{how}_{}{end}", size.0);
                let settings = ImageDirectory {
                    image_size: size,
                    interpolation,
                    aspect_ratio,
                    ..ImageDirectory::default()
                };
                let (mut dataset, _) = image_dataset_from_directory(&one, &settings)?;
                dataset.begin(0)?;
                let batch = dataset.next()?.expect("a batch");
                let found = batch.x[0].to_array().index_axis_move(Axis(0), 0);
                // TensorFlow takes the weights of bicubic interpolation from a table of 1024.
                let tolerance = if how == "bicubic" { 4e-3 } else { 1e-5 };
                assert_close(&what, &found, fixture.get(&what), tolerance);
                if aspect_ratio == AspectRatio::Crop {
                    let smart = smart_resize(&large, size, interpolation)?.into_dyn();
                    assert_close(&what, &smart, fixture.get(&what), tolerance);
                }
            }
        }
    }
    std::fs::remove_dir_all(one).ok();
    Ok(())
}

#[test]
fn arrays_become_images_and_files() -> Result<()> {
    let fixture = Fixture::load("images");
    let values = fixture.get("values").clone().into_dimensionality::<Ix3>().expect("an image");
    let bytes = |image: Array3<u8>| image.mapv(f32::from).into_dyn();
    assert_eq!(&bytes(array_to_img(&values, true)?), fixture.get("values_bytes"));
    assert_eq!(&bytes(array_to_img(&(&values * 20.0 + 100.0), false)?), fixture.get("values_unscaled"));
    let path = std::env::temp_dir().join(format!("keras-save-img-{}.png", std::process::id()));
    for channels in [1, 3, 4] {
        let image = Array3::from_shape_fn((3, 5, channels), |(i, j, k)| (i * 50 + j * 10 + k) as f32);
        save_img(&path, &image, false)?;
        let color_mode = [ColorMode::Grayscale, ColorMode::Rgb, ColorMode::Rgba]
            [[1, 3, 4].iter().position(|c| *c == channels).unwrap_or(0)];
        assert_eq!(load_img(&path, &LoadImg { color_mode, ..LoadImg::default() })?, image);
    }
    let opaque = path.with_extension("jpg");
    save_img(&opaque, &Array3::from_elem((4, 4, 4), 128.0), false)?;
    assert_eq!(load_img(&opaque, &LoadImg::default())?.dim(), (4, 4, 3));
    assert!(save_img(path.with_extension("tiff"), &Array3::zeros((2, 2, 3)), true).is_err());
    assert!(array_to_img(&Array3::zeros((2, 2, 2)), true).is_err());
    assert!(array_to_img(&Array3::from_elem((2, 2, 1), f32::NAN), true).is_err());
    assert!(load_img(&path, &LoadImg { target_size: Some((0, 3)), ..LoadImg::default() }).is_err());
    assert!(smart_resize(&Array3::zeros((0, 2, 3)), (2, 2), Interpolation::Bilinear).is_err());
    for path in [path, opaque] {
        std::fs::remove_file(path).ok();
    }
    Ok(())
}

fn relative(paths: &[PathBuf]) -> Vec<String> {
    let below = |path: &Path| path.strip_prefix(folder()).expect("a file of the folder").to_path_buf();
    paths.iter().map(|path| below(path).to_string_lossy().replace('\\', "/")).collect()
}

#[test]
fn files_are_in_the_order_of_keras() -> Result<()> {
    let about = about();
    let list = |name: &str| -> Vec<String> { serde_json::from_value(about[name].clone()).expect("a list") };
    for (name, shuffle) in [("plain", None), ("seed", Some(7))] {
        let whole = Directory { shuffle, ..Directory::default() };
        let files = whole.files(folder(), &[".png"])?;
        assert_eq!((relative(&files.file_paths), files.class_names), (list(name), list("classes")));
        let labels: Vec<u32> =
            serde_json::from_value(about[format!("{name}_labels")].clone()).expect("labels");
        assert_eq!(files.labels, labels);
        for (part, subset) in [("training", Subset::Training(0.3)), ("validation", Subset::Validation(0.3))] {
            let files = Directory { subset: Some(subset), ..whole.clone() }.files(folder(), &[".png"])?;
            assert_eq!(relative(&files.file_paths), list(&format!("{name}_{part}")));
        }
    }
    Ok(())
}

#[test]
fn labels_come_in_every_form() -> Result<()> {
    let plain = Directory::default;
    let two = || Directory { class_names: vec!["dog".into(), "cat".into()], ..plain() };
    let settings =
        |files| ImageDirectory { files, image_size: (3, 4), batch_size: 20, ..ImageDirectory::default() };
    let y = |files| -> Result<Option<ArrayD<f32>>> {
        let (mut dataset, _) = image_dataset_from_directory(folder(), &settings(files))?;
        dataset.begin(0)?;
        let batch = dataset.next()?.expect("a batch");
        assert_eq!(batch.x[0].shape().sample(), [3, 4, 3]);
        Ok(batch.y.first().map(|y| y.to_array()))
    };
    let binary = y(Directory { label_mode: LabelMode::Binary, ..two() })?.expect("labels");
    assert_eq!(binary.shape(), [9, 1]);
    assert_eq!(binary.iter().copied().collect::<Vec<f32>>(), [0., 0., 0., 1., 1., 1., 1., 1., 1.]);
    let rows = y(Directory { label_mode: LabelMode::Categorical, ..plain() })?.expect("labels");
    assert_eq!((rows.shape(), rows[[0, 0]], rows[[10, 2]], rows.sum()), (&[11, 3][..], 1.0, 1.0, 11.0));
    assert_eq!(y(Directory { labels: Labels::None, ..plain() })?, None);
    let given: Vec<u32> = (0..12).map(|i| i % 2).collect();
    let found = y(Directory { labels: Labels::Given(given.clone()), ..plain() })?.expect("labels");
    assert_eq!(found.iter().map(|label| *label as u32).collect::<Vec<u32>>(), given);
    for (wrong, what) in [
        (Directory { labels: Labels::Given(vec![1]), ..plain() }, "`labels` is 1"),
        (Directory { labels: Labels::None, ..two() }, "class_names"),
        (Directory { label_mode: LabelMode::Binary, ..plain() }, "Binary"),
        (Directory { class_names: vec!["fish".into()], ..plain() }, "bird, cat, dog"),
        (Directory { subset: Some(Subset::Training(1.5)), ..plain() }, "share"),
    ] {
        let problem = y(wrong).expect_err(what).to_string();
        assert!(problem.contains(what), "{problem}");
    }
    let texts = text_dataset_from_directory(folder(), Some(6), &plain())?;
    assert_eq!((texts.texts, texts.files.labels), (vec!["no ima".to_string()], vec![1]));
    assert!(image_dataset_from_directory(folder().join("dog"), &settings(plain())).is_err());
    Ok(())
}

fn write_wav(path: &Path, spec: hound::WavSpec, samples: &[i32]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut file = hound::WavWriter::create(path, spec).expect("a file");
    for sample in samples {
        match spec.sample_format {
            hound::SampleFormat::Int => file.write_sample(*sample).expect("a sample"),
            hound::SampleFormat::Float => file.write_sample(*sample as f32 / 8.0).expect("a sample"),
        }
    }
    file.finalize().expect("a whole file");
}

#[test]
fn sounds_are_from_minus_one_to_one() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("keras-sounds-{}", std::process::id()));
    let spec = |channels, bits_per_sample, sample_format| hound::WavSpec {
        channels,
        sample_rate: 8000,
        bits_per_sample,
        sample_format,
    };
    let int = hound::SampleFormat::Int;
    // As `tensorflow.audio.decode_wav`: 16 bits by 32768.
    write_wav(&folder.join("no/a.wav"), spec(2, 16, int), &[0, 32767, -32768, 16384, 1, -1]);
    let (sound, rate) = read_wav(folder.join("no/a.wav"))?;
    let expected =
        ndarray::array![[0.0, 32767.0], [-32768.0, 16384.0], [1.0, -1.0]].mapv(|x: f32| x / 32768.0);
    assert_eq!((sound, rate), (expected, 8000));
    for (bits, format, samples, expected) in [
        (8, int, [0, -128, 64], [0.0, -1.0, 0.5]),
        (24, int, [0, 1 << 22, -(1 << 23)], [0.0, 0.5, -1.0]),
        (32, hound::SampleFormat::Float, [0, 4, -8], [0.0, 0.5, -1.0]),
    ] {
        write_wav(&folder.join("one.wav"), spec(1, bits, format), &samples);
        let column = ndarray::Array2::from_shape_vec((3, 1), expected.to_vec()).expect("three samples");
        assert_eq!(read_wav(folder.join("one.wav"))?.0, column, "{bits} bits");
    }
    write_wav(&folder.join("yes/b.wav"), spec(2, 16, int), &[8192; 10]);
    let settings = |length| AudioDirectory { output_sequence_length: length, ..AudioDirectory::default() };
    let batch = |length| -> Result<(ArrayD<f32>, ArrayD<f32>)> {
        let (mut dataset, files) = audio_dataset_from_directory(&folder, &settings(length))?;
        assert_eq!(files.class_names, ["no", "yes"]);
        dataset.begin(0)?;
        let batch = dataset.next()?.expect("a batch");
        Ok((batch.x[0].to_array(), batch.y[0].to_array()))
    };
    let (x, y) = batch(Some(4))?;
    assert_eq!((x.shape(), y.iter().copied().collect::<Vec<f32>>()), (&[2, 4, 2][..], vec![0.0, 1.0]));
    assert_eq!((x[[0, 3, 1]], x[[1, 3, 1]]), (0.0, 0.25));
    assert!(batch(None).is_err_and(|error| error.to_string().contains("shape")));
    assert!(batch(Some(0)).is_err());
    std::fs::write(folder.join("one.wav"), "RIFF").expect("a file");
    assert!(read_wav(folder.join("one.wav")).is_err_and(|error| error.to_string().contains("one.wav")));
    std::fs::remove_dir_all(folder).ok();
    Ok(())
}
