//! Data that come batch by batch: data sets, iterators, files.

use std::fs;
use std::path::PathBuf;

use keras_runtime::data::{
    Batch, Batches, Csv, CsvBatches, ImageFolder, Npy, Sample, Samples, generator, read_image, stream,
};
use keras_runtime::prelude::*;
use ndarray::{Array1, Array2, ArrayD};

keras_model! {
    Net = dense(9, tanh, input = 3) >> dropout(0.2) >> dense(1);
    Pair(a: [2], b: [3]) -> ([1], [2]) {
        let both = concatenate(a, b) >> dense(5, relu);
        (both >> dense(1, name = "one"), both >> dense(2, name = "two"))
    }
}

fn data(samples: usize) -> (Array2<f32>, Vec<f32>) {
    let x = Array2::from_shape_fn((samples, 3), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0 - 0.5);
    let y = x.rows().into_iter().map(|row| row[0] * row[1] - row[2]).collect();
    (x, y)
}

fn net() -> Trainer<Net> {
    Net::new(3).compile(Adam::default(), MeanSquaredError, ())
}

fn quiet(epochs: usize) -> Fit<'static> {
    Fit { epochs, verbose: Verbose::Silent, ..Fit::default() }
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("keras-feeding-{name}-{}", std::process::id()));
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

/// All batches of some passes.
fn words(dataset: &mut dyn Batches, passes: usize) -> Result<Vec<Vec<f64>>> {
    let mut all = vec![];
    for pass in 0..passes {
        dataset.begin(pass)?;
        while let Some(batch) = dataset.next()? {
            let tensors = batch.x.iter().chain(&batch.y);
            all.push(
                tensors
                    .flat_map(|t| (0..t.values().len()).map(|i| t.values().at(i)).collect::<Vec<_>>())
                    .collect(),
            );
        }
    }
    Ok(all)
}

#[test]
fn batches_are_the_arrays_they_are_made_of() -> Result<()> {
    let (x, y) = data(70);
    let mut of_arrays = net();
    let arrays =
        of_arrays.fit(&x, &y, Fit { shuffle: false, validation_data: validation(&x, &y), ..quiet(3) })?;
    let (mut of_dataset, mut of_generator) = (net(), net());
    let mut dataset = Dataset::from_arrays(x.clone(), y.clone())?;
    let mut same = Dataset::from_arrays(x.clone(), y.clone())?.batch(256);
    let settings = Fit { validation_dataset: Some(Box::new(&mut same)), ..quiet(3) };
    let history = of_dataset.fit_dataset(&mut dataset, settings)?;
    let batch = |i: usize| {
        let rows = i * 32..(i * 32 + 32).min(70);
        Batch::new(x.slice(ndarray::s![rows.clone(), ..]).to_owned(), y[rows].to_vec())
    };
    of_generator.fit_dataset(generator(|_| (0..3).map(batch)), quiet(3))?;
    assert_eq!(of_arrays.weights(), of_dataset.weights());
    assert_eq!(of_arrays.weights(), of_generator.weights());
    assert_eq!((arrays.get("loss"), arrays.get("val_loss")), (history.get("loss"), history.get("val_loss")));

    let score = of_dataset.evaluate_dataset(&mut same, Evaluate::default())?;
    assert_eq!(score.loss, of_arrays.evaluate(&x, &y)?.loss);
    let predicted = of_dataset.predict_dataset(&mut dataset, Evaluate::default())?;
    assert_eq!(predicted[0], of_arrays.predict(&x)?);
    let first =
        of_dataset.predict_dataset(&mut dataset, Evaluate { steps: Some(2), ..Evaluate::default() })?;
    assert_eq!(first[0].shape(), [64, 1]);
    Ok(())
}

#[test]
fn threads_change_nothing() -> Result<()> {
    let dataset = |threads: usize, ahead: usize| -> Result<Dataset> {
        let (x, y) = data(101);
        let noisy = Dataset::from_arrays(x, y)?.map(|mut sample, random| {
            sample.x[0].mapv_inplace(|x| x + random.normal());
            // Some take longer than those after them.
            std::thread::sleep(std::time::Duration::from_micros(u64::from(random.below(100))));
            Ok(sample)
        });
        Ok(noisy.shuffle(5).batch(7).prefetch(threads, ahead))
    };
    let expected = words(&mut dataset(0, 1)?, 3)?;
    assert_eq!(expected.len(), 3 * 15);
    assert_ne!(expected[0], expected[15], "every pass has an order and noise of its own");
    for (threads, ahead) in [(1, 1), (2, 3), (4, 2), (3, 50)] {
        assert!(words(&mut dataset(threads, ahead)?, 3)? == expected, "{threads} threads, {ahead} ahead");
    }
    // What is left out is not made, and what follows is the same.
    let mut skipping = dataset(2, 4)?;
    skipping.begin(1)?;
    assert_eq!(skipping.skip(4)?, 4);
    let next = skipping.next()?.expect("a batch");
    let rows: Vec<f64> = (0..21).map(|i| next.x[0].values().at(i)).collect();
    assert_eq!(rows, expected[15 + 4][..21]);
    assert_eq!(skipping.skip(100)?, 10);
    assert!(skipping.next()?.is_none());
    // Every sample comes once in a pass.
    let (x, y) = data(101);
    let mut all = words(&mut Dataset::from_arrays(x, y.clone())?.shuffle(1).batch(10).drop_remainder(), 1)?;
    assert_eq!(all.len(), 10);
    let mut targets: Vec<f64> = all.iter_mut().flat_map(|batch| batch.split_off(30)).collect();
    targets.sort_by(f64::total_cmp);
    let mut rest: Vec<f64> = y.iter().map(|y| f64::from(*y)).collect();
    for target in &targets {
        let at = rest.iter().position(|y| y == target).expect("a target that is left");
        rest.swap_remove(at);
    }
    assert_eq!(rest.len(), 1);
    Ok(())
}

#[test]
fn epochs_of_so_many_steps_go_on_where_the_last_one_stopped() -> Result<()> {
    let (x, y) = data(70);
    let dataset =
        || Ok::<_, Error>(Dataset::from_arrays(x.clone(), y.clone())?.shuffle(2).batch(10).prefetch(1, 2));
    // 4 epochs of 5 steps, and 20 batches of the passes 0, 1 and 2, are the same.
    let (mut limited, mut whole) = (net(), net());
    let history = limited.fit_dataset(dataset()?, Fit { steps_per_epoch: Some(5), ..quiet(4) })?;
    assert_eq!((history.len(), limited.steps()), (4, 20));
    let mut source = dataset()?;
    let mut batches = vec![];
    for pass in 0..3 {
        source.begin(pass)?;
        while let Some(batch) = source.next()? {
            batches.push(batch);
        }
    }
    whole.fit_dataset(stream(batches.into_iter().take(20)), quiet(1))?;
    assert_eq!(limited.weights(), whole.weights());

    // Arrays in memory as well, and both can be resumed within an epoch.
    for memory in [true, false] {
        let train = |model: &mut Trainer<Net>, settings: Fit<'_>| match memory {
            true => model.fit(&x, &y, Fit { batch_size: 10, ..settings }).map(drop),
            false => model.fit_dataset(dataset()?, settings).map(drop),
        };
        let folder = folder(if memory { "memory" } else { "dataset" });
        let path = folder.join("{epoch}-{batch}").display().to_string();
        let (mut model, mut resumed) = (net(), net());
        let saving = callbacks(ModelCheckpoint::new(path).every(SaveFreq::Batches(13)));
        train(&mut model, Fit { steps_per_epoch: Some(5), callbacks: saving, ..quiet(4) })?;
        let at = resumed.load_checkpoint(folder.join("3-3"))?;
        assert_eq!((at.epoch, at.batch), (2, 3));
        let settings = Fit { initial_epoch: at.epoch, initial_batch: at.batch, ..quiet(4) };
        train(&mut resumed, Fit { steps_per_epoch: Some(5), ..settings })?;
        assert_eq!(model.steps(), resumed.steps());
        assert_eq!(model.weights(), resumed.weights(), "in memory: {memory}");
        let _ = fs::remove_dir_all(folder);
    }
    Ok(())
}

#[test]
fn an_iterator_that_ends_ends_the_training() -> Result<()> {
    let batch = |_| Batch::new(Array2::<f32>::ones((4, 3)), Array1::<f32>::zeros(4));
    let mut model = net();
    let history =
        model.fit_dataset(stream((0..12).map(batch)), Fit { steps_per_epoch: Some(5), ..quiet(9) })?;
    assert_eq!((history.len(), model.steps()), (3, 12));
    let error = net().fit_dataset(stream((0..0).map(batch)), quiet(2)).map(drop);
    assert!(matches!(error, Err(Error::Empty { .. })), "{error:?}");
    // Validation has its own frequency and length.
    let endless = generator(move |_| (0..).map(batch));
    let (mut tested, watch) = (0, LambdaCallback::default());
    let settings = Fit {
        steps_per_epoch: Some(2),
        validation_freq: 2,
        validation_steps: Some(3),
        validation_dataset: Some(Box::new(generator(move |_| (0..).map(batch)))),
        callbacks: callbacks(
            watch.epoch_end(|_, logs, _| tested += usize::from(logs.get("val_loss").is_some())),
        ),
        ..quiet(5)
    };
    let history = net().fit_dataset(endless, settings)?;
    assert_eq!(tested, 2);
    assert_eq!(history.get("val_loss").map(|losses| losses.len()), Some(2));
    Ok(())
}

#[test]
fn several_inputs_and_outputs() -> Result<()> {
    let (a, b) =
        (Array2::<f32>::ones((21, 2)), Array2::from_shape_fn((21, 3), |(i, j)| (i + j) as f32 / 20.0));
    let (one, two) = (vec![1.0f32; 21], Array2::<u8>::ones((21, 2)));
    let compile = || Pair::new(1).compile(Sgd::default(), (MeanSquaredError, MeanSquaredError), ());
    let (mut of_arrays, mut of_dataset) = (compile(), compile());
    of_arrays.fit((&a, &b), (&one, &two), Fit { shuffle: false, batch_size: 8, ..quiet(2) })?;
    of_dataset.fit_dataset(Dataset::from_arrays((a, b), (one, two))?.batch(8), quiet(2))?;
    assert_eq!(of_arrays.weights(), of_dataset.weights());
    Ok(())
}

/// Samples that cannot all be read.
#[derive(Debug)]
struct Broken(usize);

impl Samples for Broken {
    fn len(&self) -> usize {
        50
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        if index == 33 {
            return Err(Error::Format { file: "sample 33".into(), problem: "is broken".into() });
        }
        let width = if index == 17 { self.0 } else { 3 };
        Ok(Sample {
            x: vec![ArrayD::zeros(vec![width])],
            y: vec![ArrayD::zeros(vec![1])],
            ..Sample::default()
        })
    }
}

#[test]
fn what_cannot_be_read_is_an_error_of_the_training() -> Result<()> {
    for threads in [0, 2] {
        let text = |dataset: Dataset| {
            let mut dataset = dataset.batch(10).prefetch(threads, 3);
            net().fit_dataset(&mut dataset, quiet(1)).map(drop).expect_err("a mistake").to_string()
        };
        assert!(text(Dataset::new(Broken(3))?).contains("sample 33: is broken"));
        let found = text(Dataset::new(Broken(4))?);
        assert!(found.contains("expected shape [3]") && found.contains("found [4]"), "{found}");
        let wide = Dataset::new(Broken(3))?.map(|mut sample, _| {
            sample.x[0] = ArrayD::zeros(vec![5]);
            Ok(sample)
        });
        let found = text(wide);
        assert!(found.contains("input") && found.contains("[10, 5]"), "{found}");
        if threads > 0 {
            let panics = Dataset::new(Broken(3))?.map(|_, _| panic!("a bug in a map"));
            assert!(text(panics).contains("a map panicked"));
        }
    }
    assert!(Dataset::from_arrays(Array2::<f32>::zeros((3, 2)), vec![0u8; 4]).is_err());
    assert!(Dataset::from_arrays(Array2::<f32>::zeros((0, 2)), Vec::<f32>::new()).is_err());
    Ok(())
}

/// Writes an npy file as NumPy does.
fn write_npy(path: &PathBuf, descr: &str, shape: &str, bytes: &[u8]) {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    header.push_str(&" ".repeat(63 - (header.len() + 10) % 64));
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(bytes);
    fs::write(path, file).expect("an npy file");
}

#[test]
fn arrays_on_the_disk_are_those_in_memory() -> Result<()> {
    let ((x, y), folder) = (data(45), folder("npy"));
    let (inputs, targets) = (folder.join("x.npy"), folder.join("y.npy"));
    let bytes =
        |values: &mut dyn Iterator<Item = f32>| values.flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
    write_npy(&inputs, "<f4", "(45, 3)", &bytes(&mut x.iter().copied()));
    let doubles: Vec<u8> = y.iter().flat_map(|y| f64::from(*y).to_le_bytes()).collect();
    write_npy(&targets, "<f8", "(45,)", &doubles);
    let open = || Npy::open(&inputs)?.with_targets(Npy::open(&targets)?);
    let (mut on_disk, mut in_memory) =
        (Dataset::new(open()?)?.shuffle(3), Dataset::from_arrays(x, y)?.shuffle(3));
    assert_eq!(words(&mut on_disk, 2)?, words(&mut in_memory, 2)?);
    let (mut a, mut b) = (net(), net());
    a.fit_dataset(on_disk.prefetch(2, 2), quiet(2))?;
    b.fit_dataset(in_memory, quiet(2))?;
    assert_eq!(a.weights(), b.weights());

    for (descr, bytes, expected) in [
        ("|u1", vec![0, 255], [0.0, 255.0]),
        ("|i1", vec![127, 128], [127.0, -128.0]),
        ("<u2", vec![1, 2, 255, 255], [513.0, 65535.0]),
        ("<i2", vec![1, 2, 255, 255], [513.0, -1.0]),
        ("<i4", vec![1, 0, 0, 0, 254, 255, 255, 255], [1.0, -2.0]),
        ("<u4", vec![1, 0, 0, 0, 0, 1, 0, 0], [1.0, 256.0]),
        ("<i8", [3i64.to_le_bytes(), (-7i64).to_le_bytes()].concat(), [3.0, -7.0]),
    ] {
        write_npy(&inputs, descr, "(1, 2)", &bytes);
        let npy = Npy::open(&inputs)?;
        assert_eq!(npy.row(0)?, ndarray::arr1(&expected).into_dyn(), "{descr}");
        // SAFETY: the file is changed when this is dropped.
        let mapped = unsafe { Npy::map(&inputs) }?;
        assert_eq!(mapped.row(0)?, ndarray::arr1(&expected).into_dyn(), "{descr}");
        assert!(mapped.row(1).is_err());
        drop(mapped);
        assert!(npy.row(1).is_err());
        // A file that is cut while it is open.
        fs::OpenOptions::new().write(true).open(&inputs).and_then(|file| file.set_len(129)).expect("a cut");
        assert!(npy.row(0).is_err() || bytes.len() == 1, "{descr}");
    }
    write_npy(&inputs, ">f4", "(1, 1)", &[0; 4]);
    assert!(Npy::open(&inputs).is_err_and(|error| error.to_string().contains("little-endian")));
    write_npy(&inputs, "<f4", "(9999999999, 9999999999)", &[0; 4]);
    assert!(Npy::open(&inputs).is_err_and(|error| error.to_string().contains("impossible")));
    write_npy(&inputs, "<f4", "(3, 1)", &[0; 11]);
    assert!(Npy::open(&inputs).is_err_and(|error| error.to_string().contains("too few")));
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

#[test]
fn tables_in_memory_and_line_by_line() -> Result<()> {
    let ((x, y), folder) = (data(45), folder("csv"));
    let path = folder.join("table.csv");
    let mut text = String::from("a, b ,c,\"y, the target\",kind\n");
    for (i, (row, y)) in x.rows().into_iter().zip(&y).enumerate() {
        text += &format!("{},{}, {},{y},\"kind {}\"\n", row[0], row[1], row[2], i % 3);
    }
    fs::write(&path, &text).expect("a table");
    let table = Csv::open(&path)?;
    assert_eq!(table.names(), ["a", "b", "c", "y, the target", "kind"]);
    assert_eq!(table.numbers(&["a", "b", "c"])?, x);
    let (labels, kinds) = table.classes("kind")?;
    assert_eq!(
        (&labels[..4], &kinds[..]),
        (&[0, 1, 2, 0][..], &["kind 0", "kind 1", "kind 2"].map(String::from)[..])
    );
    let mut batches = CsvBatches::open(&path, &["a", "b", "c"], &["y, the target"], 10)?;
    assert_eq!(words(&mut batches, 2)?, words(&mut Dataset::from_arrays(x, y)?.batch(10), 2)?);
    let (mut lines, mut limited) = (net(), net());
    lines.fit_dataset(&mut batches, quiet(2))?;
    limited.fit_dataset(&mut batches, Fit { steps_per_epoch: Some(2), ..quiet(5) })?;
    assert_eq!(lines.weights(), limited.weights());

    let message = |error: Error| error.to_string();
    assert!(table.numbers(&["a", "d"]).map_err(message).is_err_and(|text| text.contains("a, b, c")));
    let found = table.numbers(&["kind"]).map_err(message);
    assert!(found.is_err_and(|text| text.contains("line 2, column `kind`: `kind 0` is no number")));
    fs::write(&path, "a,b\n1,2\n3\n").expect("a table");
    assert!(Csv::open(&path).is_err());
    let mut cut = CsvBatches::open(&path, &["a"], &["b"], 1)?;
    cut.begin(0)?;
    assert!(cut.next()?.is_some() && cut.next().is_err() && Csv::open(folder.join("none")).is_err());
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

keras_model! {
    Colours = rescaling(1.0 / 255.0, input = [6, 5, 3]) >> flatten() >> dense(3, softmax)
}

#[test]
fn a_folder_of_images_is_learnt() -> Result<()> {
    let folder = folder("images");
    for (class, name) in ["blue", "green", "red"].iter().enumerate() {
        fs::create_dir_all(folder.join(name).join("more")).expect("a folder");
        for i in 0..20u8 {
            let mut colour = [i * 3; 3];
            colour[2 - class] = 200 + i;
            let image = image::RgbImage::from_pixel(5 + u32::from(i % 3), 6, image::Rgb(colour));
            let path = match i % 2 {
                0 => folder.join(name).join(format!("{i}.png")),
                _ => folder.join(name).join("more").join(format!("{i}.JPG")),
            };
            image.save(path).expect("an image");
        }
    }
    fs::write(folder.join("red/notes.txt"), "no image").expect("a file");
    let images = ImageFolder::open(&folder, (6, 5), 3)?;
    assert_eq!((images.len(), images.classes()), (60, &["blue", "green", "red"].map(String::from)[..]));
    let first = images.files().next().expect("a file").display().to_string();
    let class = images.classes()[images.sample(0)?.y[0].sum() as usize].clone();
    assert!(first.contains(&class), "{first} is {class}");
    let (mut train, mut held_back) = Dataset::new(images)?.shuffle(1).batch(8).prefetch(2, 3).split(0.2)?;
    let mut model = Colours::new(1).compile(
        Adam { learning_rate: 0.02, ..Adam::default() },
        SparseCategoricalCrossentropy,
        [Accuracy],
    );
    model.fit_dataset(&mut train, quiet(8))?;
    let score = model.evaluate_dataset(&mut held_back, Evaluate::default())?;
    assert!(score["accuracy"] == 1.0, "{score}");

    // What `keras.layers.Resizing(2, 3)` makes of these 2 x 2 pixels.
    let corners = image::GrayImage::from_raw(2, 2, vec![0, 60, 120, 240]).expect("four pixels");
    corners.save(folder.join("corners.png")).expect("an image");
    let found = read_image(folder.join("corners.png"), (2, 3), 1)?;
    assert_eq!(found.iter().copied().collect::<Vec<_>>(), [0.0, 30.0, 60.0, 120.0, 180.0, 240.0]);
    fs::write(folder.join("blue/0.png"), "no image").expect("a file");
    assert!(read_image(folder.join("blue/0.png"), (2, 2), 3).is_err());
    let error = model.fit_dataset(Dataset::new(ImageFolder::open(&folder, (6, 5), 3)?)?, quiet(1)).map(drop);
    assert!(error.is_err_and(|error| error.to_string().contains("0.png")));
    assert!(
        ImageFolder::open(folder.join("red/more"), (2, 2), 3)
            .is_err_and(|error| error.to_string().contains("class"))
    );
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

/// Metrics are held to the targets of every batch, as losses are.
#[test]
fn metrics_that_do_not_fit_a_data_set_are_told() {
    let (x, labels) = (Array2::<f32>::zeros((8, 3)), vec![1u8; 8]);
    keras_model! { Classes = dense(4, softmax, input = 3); }
    let mut model =
        Classes::new(0).compile(Sgd::default(), SparseCategoricalCrossentropy, [Precision { ..Precision }]);
    let dataset = || Dataset::from_arrays(x.clone(), labels.clone()).expect("as many targets").batch(4);
    let problem = model.fit_dataset(dataset(), quiet(1)).expect_err("labels are no words").to_string();
    assert!(problem.contains("precision"), "{problem}");
    let problem = model.evaluate_dataset(dataset(), Evaluate::default()).expect_err("neither").to_string();
    assert!(problem.contains("precision"), "{problem}");

    let (a, b) = (Array2::<f32>::zeros((8, 2)), Array2::<f32>::zeros((8, 3)));
    let (one, two) = (Array2::<f32>::zeros((8, 1)), Array2::<f32>::zeros((8, 2)));
    let losses = (MeanSquaredError, MeanSquaredError);
    let mut model = Pair::new(0).compile(Sgd::default(), losses, PerOutput((RootMeanSquaredError,)));
    let dataset = Dataset::from_arrays((a.clone(), b.clone()), (one.clone(), two.clone()))
        .expect("as many targets")
        .batch(4);
    for problem in [
        model.fit_dataset(dataset, quiet(1)).expect_err("one list of two").to_string(),
        model.fit((&a, &b), (&one, &two), quiet(1)).expect_err("one list of two").to_string(),
    ] {
        assert!(problem.contains("lists of metrics"), "{problem}");
    }
}
