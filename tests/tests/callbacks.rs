//! Callbacks: when they are called, and what each does.

use std::fs;
use std::path::PathBuf;

use keras_runtime::callback::Position;
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Line = dense(1, input = 2);
    Deep = dense(12, relu, input = 2) >> dropout(0.2) >> dense(1);
}

fn data(samples: usize) -> (Array2<f32>, Vec<f32>) {
    let x = Array2::from_shape_fn((samples, 2), |(i, j)| ((i * 7 + j * 3) % 11) as f32 / 11.0 - 0.5);
    let y = x.rows().into_iter().map(|row| 2.0 * row[0] - row[1] + 0.5).collect();
    (x, y)
}

fn line(learning_rate: f32) -> Trainer<Line> {
    Line::new(3).compile(Sgd { learning_rate, ..Sgd::default() }, MeanSquaredError, ())
}

fn quiet(epochs: usize) -> Fit<'static> {
    Fit { epochs, verbose: Verbose::Silent, ..Fit::default() }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keras-callbacks-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder").map(|entry| entry.expect("an entry"));
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes down every call.
#[derive(Debug, Default)]
struct Diary(Vec<String>);

impl Callback for Diary {
    fn on_train_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.0.push("train".into());
        Ok(())
    }
    fn on_train_end(&mut self, logs: &Logs, _: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("trained {}", logs.names().join(" ")));
        Ok(())
    }
    fn on_epoch_begin(&mut self, epoch: usize, training: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("epoch {epoch} at {}", training.steps()));
        Ok(())
    }
    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        assert_eq!(training.position(), Position { epoch: epoch + 1, batch: 0 });
        logs.insert("mine", epoch as f64);
        self.0.push(format!("end {epoch}"));
        Ok(())
    }
    fn on_train_batch_begin(&mut self, batch: usize, _: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("batch {batch}"));
        Ok(())
    }
    fn on_train_batch_end(&mut self, batch: usize, logs: &Logs, _: &mut Training<'_>) -> Result<()> {
        assert!(logs["loss"].is_finite());
        self.0.push(format!("done {batch}"));
        Ok(())
    }
    fn on_test_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.0.push("test".into());
        Ok(())
    }
    fn on_test_batch_end(&mut self, batch: usize, _: &Logs, _: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("tested batch {batch}"));
        Ok(())
    }
    fn on_test_end(&mut self, logs: &Logs, _: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("tested {}", logs.names().join(" ")));
        Ok(())
    }
    fn on_predict_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.0.push("predict".into());
        Ok(())
    }
    fn on_predict_batch_end(&mut self, batch: usize, outputs: &[&[f32]], _: &mut Training<'_>) -> Result<()> {
        self.0.push(format!("predicted batch {batch} of {}", outputs[0].len()));
        Ok(())
    }
    fn on_predict_end(&mut self, _: &mut Training<'_>) -> Result<()> {
        self.0.push("predicted".into());
        Ok(())
    }
}

#[test]
fn hooks_are_called_in_keras_order() -> Result<()> {
    let (x, y) = data(10);
    let (mut model, mut diary) = (line(0.1), Diary::default());
    let settings = Fit { batch_size: 4, validation_split: 0.2, callbacks: callbacks(&mut diary), ..quiet(2) };
    let history = model.fit(&x, &y, settings)?;
    assert_eq!(history.get("mine"), Some(vec![0.0, 1.0]), "what a callback adds stands in the history");
    let epoch = |epoch: usize| {
        let tested = ["test", "tested batch 0", "tested loss"].map(String::from);
        let batches = ["batch 0", "done 0", "batch 1", "done 1"].map(String::from);
        [
            vec![format!("epoch {epoch} at {}", epoch * 2)],
            batches.to_vec(),
            tested.to_vec(),
            vec![format!("end {epoch}")],
        ]
        .concat()
    };
    let end = vec!["trained loss val_loss mine".to_string()];
    assert_eq!(diary.0, [vec!["train".to_string()], epoch(0), epoch(1), end].concat());

    let mut diary = Diary::default();
    let score = model.evaluate_with(
        &x,
        &y,
        Evaluate { batch_size: 6, callbacks: callbacks(&mut diary), ..Evaluate::default() },
    )?;
    assert_eq!(diary.0, ["test", "tested batch 0", "tested batch 1", "tested loss"]);
    assert!((score.loss - model.evaluate(&x, &y)?.loss).abs() < 1e-7);

    let mut diary = Diary::default();
    let settings = Evaluate { batch_size: 6, callbacks: callbacks(&mut diary), ..Evaluate::default() };
    let predicted = model.predict_with(&x, settings)?;
    assert_eq!(diary.0, ["predict", "predicted batch 0 of 6", "predicted batch 1 of 4", "predicted"]);
    assert_eq!(predicted[0], model.predict(&x)?);
    Ok(())
}

#[test]
fn early_stopping_follows_keras() -> Result<()> {
    // What `keras.callbacks.EarlyStopping` decides for these losses.
    let losses = [1.0, 0.5, 0.6, 0.55, 0.4, 0.41, 0.42, 0.43, 0.1];
    let (x, y) = data(8);
    let run = |stop: &mut EarlyStopping| -> Result<usize> {
        let fake =
            LambdaCallback::default().epoch_end(|epoch, logs, _| logs.insert("val_loss", losses[epoch]));
        let settings = Fit { callbacks: callbacks((fake, stop)), ..quiet(losses.len()) };
        Ok(line(0.1).fit(&x, &y, settings)?.len())
    };
    let with = |patience, min_delta| EarlyStopping { patience, min_delta, ..EarlyStopping::default() };
    assert_eq!(run(&mut with(0, 0.0))?, 3);
    assert_eq!(run(&mut with(2, 0.0))?, 4);
    assert_eq!(run(&mut with(3, 0.0))?, 8);
    assert_eq!(run(&mut with(3, 0.2))?, 5);
    assert_eq!(run(&mut with(5, 0.0))?, 9);
    let mut stop = EarlyStopping { start_from_epoch: 4, ..with(2, 0.0) };
    assert_eq!(run(&mut stop)?, 7);
    assert_eq!((stop.stopped_epoch(), stop.best()), (Some(6), Some((0.4, 4))));
    assert_eq!(run(&mut EarlyStopping { baseline: Some(0.3), ..with(3, 0.0) })?, 3);
    let mut rising = EarlyStopping { mode: Mode::Max, ..with(1, 0.0) };
    assert_eq!(run(&mut rising)?, 2);
    Ok(())
}

#[test]
fn early_stopping_restores_the_best_weights() -> Result<()> {
    let (x, y) = data(8);
    // The step is too long: every epoch is worse than the one before.
    let (mut model, mut kernels) = (line(3.0), vec![]);
    let watch = LambdaCallback::default().epoch_end(|_, _, training| {
        kernels.push(training.weight("dense/kernel").expect("a kernel"));
    });
    let stop = EarlyStopping {
        monitor: "loss".into(),
        patience: 3,
        restore_best_weights: true,
        ..Default::default()
    };
    let history = model.fit(&x, &y, Fit { callbacks: callbacks((watch, stop)), ..quiet(20) })?;
    assert_eq!(history.len(), 4);
    assert_eq!(model.weight("dense/kernel")?, kernels[0]);
    assert_ne!(kernels[0], kernels[3]);
    Ok(())
}

#[test]
fn the_step_size_follows_schedules_and_plateaus() -> Result<()> {
    let (x, y) = data(8);
    let halving = LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate / 2.0 });
    let history = line(0.1).fit(&x, &y, Fit { callbacks: callbacks(halving), ..quiet(4) })?;
    let rates = history.get("learning_rate").expect("rates");
    assert_eq!(rates.iter().map(|rate| *rate as f32).collect::<Vec<_>>(), [0.1, 0.1, 0.05, 0.025]);

    // What `keras.callbacks.ReduceLROnPlateau` does with these losses, cooldown 0 and 2.
    let losses = [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5];
    for (cooldown, expected) in [
        (0, [0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]),
        (2, [0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.4, 0.2]),
    ] {
        let fake =
            LambdaCallback::default().epoch_end(|epoch, logs, _| logs.insert("val_loss", losses[epoch]));
        let plateau =
            ReduceLrOnPlateau { factor: 0.5, patience: 2, cooldown, min_lr: 0.1, ..Default::default() };
        let settings = Fit { callbacks: callbacks((fake, plateau)), ..quiet(losses.len()) };
        let history = line(0.8).fit(&x, &y, settings)?;
        let rates = history.get("learning_rate").expect("rates");
        let rates: Vec<f32> = rates.iter().map(|rate| *rate as f32).collect();
        assert_eq!(rates, expected, "cooldown {cooldown}");
    }
    Ok(())
}

#[test]
fn checkpoints_hold_models_of_their_time() -> Result<()> {
    let ((x, y), folder) = (data(12), Folder::new("checkpoints"));
    let mut model = line(0.1);
    let every = ModelCheckpoint::new(folder.path("a/{epoch:02d}.safetensors")).weights();
    let batches =
        ModelCheckpoint::new(folder.path("b/{epoch}-{batch}.safetensors")).every(SaveFreq::Batches(2));
    let losses = [0.7, 0.5, 0.6, 0.4];
    let fake =
        LambdaCallback::default().epoch_end(|epoch, logs, _| logs.insert("val_accuracy", losses[epoch]));
    let mut best = ModelCheckpoint::best_only(folder.path("best-{val_accuracy:.1f}.safetensors"))
        .monitoring("val_accuracy", Mode::Min);
    let list = callbacks((fake, every, batches, &mut best));
    model.fit(&x, &y, Fit { batch_size: 4, callbacks: list, ..quiet(4) })?;
    let names = |name: &str| Folder(folder.0.join(name)).names();
    assert_eq!(names("a"), ["01.safetensors", "02.safetensors", "03.safetensors", "04.safetensors"]);
    // Three batches an epoch, saved after every second one.
    assert_eq!(
        names("b"),
        ["1-2", "2-1", "2-3", "3-2", "4-1", "4-3"].map(|name| format!("{name}.safetensors"))
    );
    let saved = ["best-0.4", "best-0.5", "best-0.7"].map(|name| format!("{name}.safetensors"));
    assert_eq!(folder.names(), saved);
    assert!(best.last_saved().is_some_and(|path| path.ends_with("best-0.4.safetensors")));
    // The best one was the last one; a checkpoint is a file of weights too.
    let mut other = Line::new(9);
    other.load_weights(folder.path("best-0.4.safetensors"))?;
    assert_eq!(other.weights(), model.weights());
    other.load_weights(folder.path("best-0.7.safetensors"))?;
    assert_ne!(other.weights(), model.weights());
    Ok(())
}

#[test]
fn csv_files_are_keras_csv_files() -> Result<()> {
    let ((x, y), folder) = (data(12), Folder::new("csv"));
    let path = folder.path("log.csv");
    let settings = |callback: CsvLogger, from, epochs| Fit {
        validation_split: 0.25,
        validation_freq: 2,
        initial_epoch: from,
        callbacks: callbacks(callback),
        ..quiet(epochs)
    };
    let mut model = line(0.1);
    let history = model.fit(&x, &y, settings(CsvLogger::new(&path), 0, 2))?;
    model.fit(&x, &y, settings(CsvLogger::appending(&path), 3, 4))?;
    let text = fs::read_to_string(&path).expect("a file");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["epoch", "loss", "val_loss"]);
    assert_eq!(lines.iter().map(|line| line[0]).collect::<Vec<_>>(), ["epoch", "0", "1", "3"]);
    assert_eq!((lines[1][2], lines.len()), ("NA", 4));
    let (loss, validated) =
        (history.get("loss").unwrap_or_default(), history.get("val_loss").unwrap_or_default());
    assert_eq!((lines[2][1].parse(), lines[2][2].parse()), (Ok(loss[1]), Ok(validated[0])));
    Ok(())
}

#[test]
fn a_loss_that_is_no_number_ends_the_training() -> Result<()> {
    let (x, y) = data(200);
    let settings =
        |callback: TerminateOnNaN| Fit { batch_size: 10, callbacks: callbacks(callback), ..quiet(50) };
    let mut model = line(1e30);
    let history = model.fit(&x, &y, settings(TerminateOnNaN::default()))?;
    assert!(history.len() == 1 && model.steps() < 20, "{} epochs, {} steps", history.len(), model.steps());
    let error = line(1e30).fit(&x, &y, settings(TerminateOnNaN { raise_error: true }));
    assert!(matches!(error, Err(Error::NotFinite { .. })), "{error:?}");
    Ok(())
}

#[test]
fn what_does_not_exist_is_told() {
    let (x, y) = data(8);
    let message = |callback: EarlyStopping| {
        let settings = Fit { callbacks: callbacks(callback), ..quiet(2) };
        line(0.1).fit(&x, &y, settings).map(drop).expect_err("a mistake").to_string()
    };
    let text = message(EarlyStopping::default());
    assert!(text.contains("no log is called `val_loss`") && text.contains("validation_split"), "{text}");
    let text = message(EarlyStopping { monitor: "lose".into(), ..EarlyStopping::default() });
    assert!(text.contains("`lose`") && text.ends_with("loss"), "{text}");
    let settings = Fit { callbacks: callbacks(ModelCheckpoint::new("/proc/none/x")), ..quiet(1) };
    let text = line(0.1).fit(&x, &y, settings).map(drop).expect_err("no such folder").to_string();
    assert!(text.contains("/proc/none"), "{text}");
    for list in [
        callbacks(ModelCheckpoint::new("never").every(SaveFreq::Batches(0))),
        callbacks(BackupAndRestore::new("never").every(SaveFreq::Batches(0))),
        callbacks(BackupAndRestore::new("")),
    ] {
        let text =
            line(0.1).fit(&x, &y, Fit { callbacks: list, ..quiet(1) }).map(drop).unwrap_err().to_string();
        assert!(text.contains("at least one batch") || text.contains("`backup_dir` is empty"), "{text}");
    }
}

#[test]
fn training_loops_of_ones_own() -> Result<()> {
    let (x, y) = data(24);
    let build = || Deep::new(5).compile(Adam::default(), MeanSquaredError, ());
    let (mut own, mut theirs) = (build(), build());
    for _ in 0..7 {
        let gradients = own.gradients(&x, &y)?;
        own.apply(&gradients)?;
        let loss = theirs.step_on_batch(&x, &y)?;
        assert_eq!(gradients.loss(), loss);
        assert_eq!(gradients.get("dense/kernel")?, theirs.gradient("dense/kernel")?);
    }
    assert_eq!(own.weights(), theirs.weights());
    assert_eq!(own.steps(), 7);
    // Two halves make the whole, where nothing is dropped.
    let mut model = line(0.1);
    let whole = model.gradients(&x, &y)?;
    let mut halves = model.gradients(x.slice(ndarray::s![..12, ..]), &y[..12])?;
    halves.add(&model.gradients(x.slice(ndarray::s![12.., ..]), &y[12..])?)?;
    halves.scale(0.5);
    for ((name, a), (_, b)) in whole.iter().zip(halves.iter()) {
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5), "{name}: {a} and {b}");
    }
    let norm: f64 = whole.iter().map(|(_, g)| g.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>()).sum();
    assert!((whole.global_norm() - norm.sqrt()).abs() < 1e-9);
    assert!(own.apply(&whole).is_err(), "gradients of another model");
    assert_eq!(model.predict_on_batch(&x)?, model.predict(&x)?);
    Ok(())
}

#[test]
fn the_average_of_the_weights_is_what_evaluations_see_and_what_fit_leaves() -> Result<()> {
    let ((x, y), folder) = (data(64), Folder::new("average"));
    let build = |momentum: f32| {
        let sgd = Sgd { learning_rate: 0.05, ..Sgd::default() };
        Line::new(3).compile(sgd.ema(momentum), MeanSquaredError, ())
    };
    // The average by hand, over the same batches.
    let mut model = build(0.5);
    let mut average = None;
    let mut seen = vec![];
    for _ in 0..3 {
        for start in (0..64).step_by(32) {
            let rows = ndarray::s![start..start + 32, ..];
            model.train_on_batch(x.slice(rows), &y[start..start + 32])?;
            let kernel = model.weight("dense/kernel")?;
            average =
                Some(average.map_or(kernel.clone(), |mean: ndarray::ArrayD<f32>| 0.5 * mean + 0.5 * kernel));
        }
        seen.push(average.clone().expect("there were batches"));
    }
    let mut model = build(0.5);
    let mut swap = SwapEmaWeights::new(true);
    let path = folder.path("{epoch}.safetensors");
    let mut checkpoint = ModelCheckpoint::new(&path);
    checkpoint.save_weights_only = true;
    let settings = Fit {
        shuffle: false,
        validation_data: validation(&x, &y),
        callbacks: callbacks((&mut swap, &mut checkpoint)),
        ..quiet(3)
    };
    let history = model.fit(&x, &y, settings)?;
    let close = |found: ndarray::ArrayD<f32>, expected: &ndarray::ArrayD<f32>| {
        assert!((&found - expected).iter().all(|d| d.abs() < 1e-6), "{found} instead of {expected}");
    };
    close(model.weight("dense/kernel")?, &seen[2]);
    for (epoch, expected) in seen.iter().enumerate() {
        let mut saved = Line::new(0);
        saved.load_weights(folder.path(&format!("{}.safetensors", epoch + 1)))?;
        close(saved.weight("dense/kernel")?, expected);
    }
    let last = *history.get("val_loss").expect("it was validated").last().expect("there were epochs");
    assert!((model.evaluate(&x, &y)?.loss - last).abs() < 1e-6);
    let mut plain = line(0.05);
    let mut swap = SwapEmaWeights::default();
    let message = plain.fit(&x, &y, Fit { callbacks: callbacks((&mut swap,)), ..quiet(1) }).unwrap_err();
    assert!(message.to_string().contains(".ema(0.99)"), "{message}");
    Ok(())
}

keras_model! {
    Words = input([6], dtype = i32) >> embedding(9, 4, name = "words") >> conv1d(5, 3, name = "windows")
         >> global_max_pooling1d() >> dense(1, sigmoid, name = "end")
}

/// The graph, pictures of weights and tables of embeddings, which `tests/fixtures/read_events.py` reads with TensorBoard itself.
#[test]
fn tensorboard_sees_graph_pictures_and_embeddings() -> Result<()> {
    let folder = Folder::new("board");
    let x = Array2::from_shape_fn((40, 6), |(i, j)| ((i * 5 + j * 3) % 9) as i32);
    let y: Vec<f32> = x.rows().into_iter().map(|row| f32::from(u8::from(row.sum() > 24))).collect();
    let mut model = Words::new(1).compile(Adam::default(), BinaryCrossentropy::default(), ());
    let board = |layer: &str| {
        let mut board = TensorBoard::new(&folder.0).with_histograms(1);
        (board.write_images, board.embeddings_freq) = (true, 1);
        board.embeddings_metadata = vec![(layer.into(), "names.tsv".into())];
        board
    };
    let wrong = model.fit(&x, &y, Fit { callbacks: callbacks(board("end")), ..quiet(1) });
    assert!(
        wrong.unwrap_err().to_string().contains("words"),
        "embeddings are named where there is none of the name"
    );
    model.fit(&x, &y, Fit { callbacks: callbacks(board("words")), ..quiet(2) })?;
    let train = folder.0.join("train");
    let table = fs::read_to_string(train.join("words.tsv")).expect("a table");
    let rows: Vec<Vec<f32>> = table
        .lines()
        .map(|line| line.split('\t').map(|word| word.parse().expect("a number")).collect())
        .collect();
    let weights = model.weight("words/embeddings")?;
    assert_eq!(rows.len(), 9);
    assert!(rows.iter().zip(weights.outer_iter()).all(|(row, weights)| row.iter().eq(weights.iter())));
    let config = fs::read_to_string(train.join("projector_config.pbtxt")).expect("a configuration");
    let expected = "embeddings {\n  tensor_name: \"words/embeddings\"\n  tensor_path: \"words.tsv\"\n  \
                    metadata_path: \"names.tsv\"\n}\n";
    assert_eq!(config, expected);
    let events = fs::read_dir(&train).expect("a folder").map(|entry| entry.expect("an entry").path());
    let events =
        events.filter(|path| path.to_string_lossy().contains("tfevents")).max().expect("an event file");
    let bytes = fs::read(events).expect("it can be read");
    let count = |what: &[u8]| bytes.windows(what.len()).filter(|window| *window == what).count();
    assert_eq!(count(b"GlobalMaxPooling1D"), 1);
    assert_eq!(count(b"_output_shapes"), Words::SPEC.layers.len() + 1);
    // In two epochs: an embedding, three slices of a kernel, its bias, a kernel and a bias.
    assert_eq!(count(b"\x89PNG"), 2 * (1 + 3 + 1 + 1 + 1));
    if let Ok(kept) = std::env::var("KERAS_KEEP_EVENTS") {
        fs::rename(&folder.0, kept).expect("a free name");
    }
    Ok(())
}
