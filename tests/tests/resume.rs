//! A training that is cut off, at whatever moment, ends with the very bits of one that was not.
//!
//! The program that is killed is this one: it starts itself, and what an environment variable asks for is one of the tests.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use keras_runtime::optim::schedule::ExponentialDecay;
use keras_runtime::prelude::*;
use keras_runtime::random::Philox;
use ndarray::Array2;

keras_model! {
    /// Random streams, moving statistics and weights that are not trained.
    Net = dense(48, relu, input = 6) >> batch_normalization() >> dropout(0.3) >> dense(32, tanh)
        >> gaussian_noise(0.1) >> dense(1)
}

const EPOCHS: usize = 25;
/// Where a child's folder stands.
const FOLDER: &str = "KERAS_RESUME_FOLDER";

fn data() -> (Array2<f32>, Vec<f32>) {
    let x = Array2::from_shape_fn((203, 6), |(i, j)| ((i * 37 + j * 11 + i * j) % 101) as f32 / 50.0 - 1.0);
    let y = x.rows().into_iter().map(|row| row[0] * row[1] - row[2]).collect();
    (x, y)
}

fn build(seed: u64) -> Trainer<Net> {
    let metrics = (RootMeanSquaredError, R2Score);
    Net::new(seed).compile(Adam { amsgrad: true, ..Adam::default() }, MeanSquaredError, metrics)
}

/// Trains, with backups in a folder if that is asked for, and files of callbacks there. Gives the columns of the history.
fn train(model: &mut Trainer<Net>, folder: &Path, backups: bool) -> Result<Columns> {
    let (x, y) = data();
    let mut list = vec![];
    if backups {
        // Some steps are lost with every cut, and done again.
        list.extend(callbacks(BackupAndRestore::new(folder.join("backups")).every(SaveFreq::Batches(3))));
    }
    list.extend(callbacks((
        LearningRateScheduler::new(|epoch, rate| if epoch == 0 { 0.01 } else { rate * 0.97 }),
        CsvLogger::new(folder.join("log.csv")),
        EarlyStopping { patience: EPOCHS, restore_best_weights: true, ..EarlyStopping::default() },
    )));
    let settings = Fit { epochs: EPOCHS, validation_split: 0.1, callbacks: list, ..quiet() };
    Ok(columns(&model.fit(&x, &y, settings)?))
}

type Columns = Vec<(String, Vec<u64>)>;

/// The history to the bit.
fn columns(history: &History) -> Columns {
    let bits = |name: &String| history.get(name).unwrap_or_default().iter().map(|x| x.to_bits()).collect();
    history.names().into_iter().map(|name| (name.clone(), bits(&name))).collect()
}

fn log(folder: &Path) -> String {
    fs::read_to_string(folder.join("log.csv")).expect("a log")
}

/// Weights and the optimizer's state in a checkpoint, to the bit.
fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(path).expect("a checkpoint");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a whole file");
    let mut tensors: Vec<_> =
        file.tensors().into_iter().map(|(name, view)| (name, view.data().to_vec())).collect();
    tensors.retain(|(name, _)| !name.starts_with("callback:"));
    tensors.sort();
    tensors
}

fn quiet() -> Fit<'static> {
    Fit { verbose: Verbose::Silent, ..Fit::default() }
}

fn bits(model: &Trainer<Net>) -> Vec<u32> {
    let weights = model.weights();
    weights.iter().flat_map(|(_, values)| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect()
}

fn folder(name: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("keras-resume-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder for the test");
    path
}

/// What a child does; nothing without the environment variable.
#[test]
fn child() -> Result<()> {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return Ok(()) };
    // A seed of its own: that of the backup is what counts.
    let backups = folder.join("backups");
    let mut model = build(if backups.join("latest.safetensors").exists() { 99 } else { 7 });
    let columns = train(&mut model, &folder, true)?;
    fs::write(folder.join("history"), format!("{columns:?}")).expect("a file");
    model.save_checkpoint(folder.join("end.safetensors"))
}

fn spawn(folder: &Path) -> Child {
    let program = env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.args(["--exact", "child"]).env(FOLDER, folder).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a child")
}

#[test]
fn killed_twenty_times_it_ends_with_the_same_bits() -> Result<()> {
    let (mut whole, alone) = (build(7), folder("alone"));
    let columns = format!("{:?}", train(&mut whole, &alone, false)?);
    whole.save_checkpoint(alone.join("end.safetensors"))?;
    let (log_alone, end_alone) = (log(&alone), tensors(&alone.join("end.safetensors")));
    let _ = fs::remove_dir_all(alone);
    let mut random = Philox::new(u64::from(std::process::id()), 0);
    // How long a child takes that nobody kills.
    let folder = folder("killed");
    let begun = Instant::now();
    assert!(spawn(&folder).wait().expect("an end").success());
    let alone = begun.elapsed();
    let mut kills = 0;
    while kills < 20 {
        fs::remove_file(folder.join("end.safetensors")).expect("the end of the last run");
        loop {
            let mut child = spawn(&folder);
            // One run in a few is let go on to its end.
            let moment = alone.mul_f32(random.uniform() * 0.5);
            std::thread::sleep(if kills >= 20 { Duration::ZERO } else { moment });
            if kills < 20 && child.try_wait().expect("a child").is_none() {
                child.kill().expect("SIGKILL");
                kills += 1;
            }
            let ended = child.wait().expect("an end").success();
            // One that was killed when all was written has ended too.
            if ended || folder.join("end.safetensors").exists() {
                break;
            }
        }
        let mut end = build(1);
        let position = end.load_checkpoint(folder.join("end.safetensors"))?;
        assert_eq!((position.epoch, end.steps()), (EPOCHS, whole.steps()), "after {kills} kills");
        assert!(bits(&end) == bits(&whole), "after {kills} kills");
        assert!(tensors(&folder.join("end.safetensors")) == end_alone, "after {kills} kills");
        let history = fs::read_to_string(folder.join("history")).expect("a history");
        assert_eq!((history, log(&folder)), (columns.clone(), log_alone.clone()), "after {kills} kills");
        assert!(!folder.join("backups").exists(), "the backup goes when the training is done");
    }
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

#[test]
fn what_a_checkpoint_holds_is_all_that_a_training_depends_on() -> Result<()> {
    let ((x, y), folder) = (data(), folder("held"));
    let path = folder.join("checkpoint.safetensors");
    let mut model = build(7);
    model.fit(&x, &y, Fit { epochs: 3, ..quiet() })?;
    model.optimizer_mut().set_learning_rate(0.0123);
    model.save_checkpoint(&path)?;
    let mut resumed = build(1000);
    // It has been somewhere else before.
    resumed.fit(&x, &y, Fit { epochs: 2, ..quiet() })?;
    let position = resumed.load_checkpoint(&path)?;
    assert_eq!((position.epoch, position.batch, resumed.network().seed()), (3, 0, 7));
    assert_eq!(resumed.optimizer().learning_rate(), 0.0123);
    for model in [&mut model, &mut resumed] {
        model.fit(&x, &y, Fit { epochs: 6, initial_epoch: 3, validation_split: 0.1, ..quiet() })?;
        model.train_on_batch(&x, &y)?;
    }
    assert!(bits(&model) == bits(&resumed));
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

#[test]
fn what_is_no_checkpoint_of_this_training_changes_nothing() -> Result<()> {
    let folder = folder("foreign");
    let (weights, other) = (folder.join("weights"), folder.join("other"));
    let mut model = build(7);
    model.save_weights(&weights)?;
    let (x, y) = data();
    let mut sgd = Net::new(1).compile(Sgd::default(), MeanSquaredError, ());
    sgd.train_on_batch(&x, &y)?;
    sgd.save_checkpoint(&other)?;
    let before = bits(&model);
    let text = model.load_checkpoint(&weights).expect_err("weights alone").to_string();
    assert!(text.contains("load_weights"), "{text}");
    let text = model.load_checkpoint(&other).expect_err("another optimizer").to_string();
    assert!(text.contains("`sgd`") && text.contains("`adam`"), "{text}");
    let whole = fs::read(&other).expect("a file");
    for len in [0, 7, 100, whole.len() - 1] {
        fs::write(&other, &whole[..len]).expect("a file that was cut");
        assert!(model.load_checkpoint(&other).is_err(), "{len} bytes");
    }
    assert!(bits(&model) == before);
    // Its weights can be read, for another optimizer.
    fs::write(&other, &whole).expect("the whole file");
    model.load_weights(&other)?;
    assert!(bits(&model) == bits(&sgd));
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

/// A file may have so few bytes that no checkpoint fits: the system's word for a full disk, without one.
#[test]
#[cfg(unix)]
fn an_earlier_checkpoint_survives_a_full_disk() -> Result<()> {
    let folder = folder("full");
    let backups = folder.join("backups");
    fs::create_dir_all(&backups).expect("a folder");
    let latest = backups.join("latest.safetensors");
    build(7).save_checkpoint(&latest)?;
    let before = fs::read(&latest).expect("a checkpoint");
    let program = env::current_exe().expect("this program");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$0\" --exact child"])
        .arg(program)
        .env(FOLDER, &folder)
        // Where kernels' texts are gathered, they would be what is too large.
        .env_remove("KERAS_CUDA_TEXTS")
        .output()
        .expect("a child");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cannot write"), "{said}");
    assert!(fs::read(&latest).expect("the checkpoint") == before, "it is as it was");
    let left: Vec<_> = fs::read_dir(&backups).expect("the folder").flatten().collect();
    assert_eq!(left.len(), 1, "what was begun is cleared away: {left:?}");
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

/// The file says how much state there is: it is not believed.
#[test]
fn a_checkpoint_with_other_state_is_refused() -> Result<()> {
    let folder = folder("state");
    let (x, y) = data();
    let mut model = build(1);
    model.step_on_batch(&x, &y)?;
    let path = folder.join("checkpoint");
    model.save_checkpoint(&path)?;
    let mut plain = Net::new(1).compile(Adam::default(), MeanSquaredError, ());
    let problem = plain.load_checkpoint(&path).expect_err("it keeps less").to_string();
    assert!(problem.contains("3 words of optimizer state"), "{problem}");

    let mut bytes = fs::read(&path).expect("it was written");
    let slots = b"\"slots\":\"3\"";
    let at = bytes.windows(slots.len()).position(|window| window == slots).expect("it is said");
    bytes[at + slots.len() - 2] = b'9';
    fs::write(&path, bytes).expect("a file");
    let before = bits(&model);
    assert!(model.load_checkpoint(&path).is_err());
    assert_eq!(bits(&model), before);
    fs::remove_dir_all(folder).expect("the test's own");
    Ok(())
}

/// Schedules, step sizes set by hand in their place, averages of weights that are shown: all go on as they were.
#[test]
fn schedules_and_averages_go_on_as_they_were() -> Result<()> {
    let ((x, y), folder) = (data(), folder("schedules"));
    let path = folder.join("{epoch}.checkpoint");
    let path = path.to_str().expect("a name");
    let build = |seed: u64| {
        let fall = ExponentialDecay {
            initial_learning_rate: 0.02,
            decay_steps: 5,
            decay_rate: 0.8,
            staircase: false,
        };
        let adam = Adam::default().schedule(fall).ema(0.9).gradient_accumulation(2).global_clipnorm(1.0);
        Net::new(seed).compile(adam, MeanSquaredError, ())
    };
    // The first value of the schedule, set in its place: it stays.
    for constant in [None, Some(0.02)] {
        let mut whole = build(3);
        if let Some(rate) = constant {
            whole.optimizer_mut().set_learning_rate(rate);
        }
        let list = || callbacks((SwapEmaWeights::new(true), ModelCheckpoint::new(path)));
        let settings = || Fit { validation_split: 0.1, epochs: 5, ..quiet() };
        whole.fit(&x, &y, Fit { callbacks: list(), ..settings() })?;
        let mut resumed = build(77);
        let position = resumed.load_checkpoint(folder.join("2.checkpoint"))?;
        assert_eq!((position.epoch, resumed.optimizer().is_scheduled()), (2, constant.is_none()));
        resumed.fit(&x, &y, Fit { initial_epoch: 2, callbacks: list(), ..settings() })?;
        assert!(bits(&resumed) == bits(&whole), "{constant:?}");
    }
    let mut plain =
        Net::new(1).compile(Adam::default().ema(0.9).gradient_accumulation(2), MeanSquaredError, ());
    let mut scheduled = build(1);
    scheduled.train_on_batch(&x, &y)?;
    scheduled.save_checkpoint(folder.join("one"))?;
    let problem = plain.load_checkpoint(folder.join("one")).expect_err("there is no schedule").to_string();
    assert!(problem.contains("schedule"), "{problem}");
    fs::remove_dir_all(folder).expect("the test's own");
    Ok(())
}

/// A callback that was cut off leaves the average where the weights should be; a step takes its own.
#[test]
fn a_step_is_never_taken_from_the_average() -> Result<()> {
    struct Fails;
    impl std::fmt::Debug for Fails {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Fails")
        }
    }
    impl Callback for Fails {
        fn on_test_begin(&mut self, _: &mut Training<'_>) -> Result<()> {
            Err(Error::Empty { what: "everything".into() })
        }
    }
    let (x, y) = data();
    let build = || Net::new(3).compile(Adam::default().ema(0.9), MeanSquaredError, ());
    let (mut plain, mut cut) = (build(), build());
    for model in [&mut plain, &mut cut] {
        model.train_on_batch(&x, &y)?;
        model.train_on_batch(&x, &y)?;
    }
    let settings =
        Evaluate { callbacks: callbacks((SwapEmaWeights::default(), Fails)), ..Evaluate::default() };
    assert!(cut.evaluate_with(&x, &y, settings).is_err());
    assert!(bits(&cut) != bits(&plain), "the average is shown");
    for model in [&mut plain, &mut cut] {
        model.train_on_batch(&x, &y)?;
    }
    assert!(bits(&cut) == bits(&plain));
    Ok(())
}

/// Fails before a step, as if the program had been killed.
#[derive(Debug)]
struct Cut(u64);

impl Callback for Cut {
    fn on_train_batch_begin(&mut self, _: usize, training: &mut Training<'_>) -> Result<()> {
        match training.steps() {
            steps if steps == self.0 => Err(Error::Empty { what: "the cut".into() }),
            _ => Ok(()),
        }
    }
}

/// Callbacks that count: their end, and that of the training.
#[derive(Debug, PartialEq)]
struct End {
    history: Columns,
    log: String,
    stopped: Option<usize>,
    best: Option<(f64, usize)>,
    saved: Option<PathBuf>,
    tensors: Vec<(String, Vec<u8>)>,
}

/// Trains until it is cut off; with all that counts in callbacks, and in an order in which some come after the backup.
fn counted(folder: &Path, seed: u64, freq: Option<SaveFreq>, cut: u64) -> Result<End> {
    let (x, y) = data();
    let mut model = build(seed);
    let csv = CsvLogger::new(folder.join("log.csv"));
    let mut stop = EarlyStopping {
        min_delta: 0.03,
        patience: 3,
        start_from_epoch: 1,
        restore_best_weights: true,
        ..EarlyStopping::default()
    };
    let plateau = ReduceLrOnPlateau {
        factor: 0.5,
        patience: 1,
        min_delta: 0.02,
        cooldown: 1,
        ..ReduceLrOnPlateau::default()
    };
    let best = folder.join("best-{epoch}.safetensors").display().to_string();
    let mut best = ModelCheckpoint::best_only(best).weights();
    let every = folder.join("every.safetensors").display().to_string();
    let every = ModelCheckpoint::new(every).every(SaveFreq::Batches(5));
    let mut list = callbacks(Cut(cut));
    if let Some(freq) = freq {
        let mut backup = BackupAndRestore::new(folder.join("backups")).every(freq);
        backup.double_checkpoint = true;
        list.extend(callbacks(backup));
    }
    list.extend(callbacks((csv, &mut stop, plateau, &mut best, every)));
    let settings = Fit { epochs: 12, batch_size: 48, validation_split: 0.2, callbacks: list, ..quiet() };
    let history = columns(&model.fit(&x, &y, settings)?);
    let end = folder.join("end.safetensors");
    model.save_checkpoint(&end)?;
    Ok(End {
        history,
        log: log(folder),
        stopped: stop.stopped_epoch(),
        best: stop.best(),
        saved: best.last_saved().and_then(|path| path.file_name()).map(PathBuf::from),
        tensors: tensors(&end),
    })
}

#[test]
fn callbacks_go_on_from_any_batch() -> Result<()> {
    let folder = folder("counted");
    let whole = counted(&folder, 7, None, u64::MAX)?;
    let epochs = whole.history[0].1.len() as u64;
    assert!(whole.stopped.is_some() && epochs < 12, "it is stopped early: {whole:?}");
    let rates = &whole.history.iter().find(|(name, _)| name == "learning_rate").expect("rates").1;
    assert!(rates.windows(2).filter(|pair| pair[0] != pair[1]).count() > 1, "the step size falls twice");
    // Steps that have no factor in common with the four batches of an epoch.
    for (freq, every) in [(SaveFreq::Epoch, 5), (SaveFreq::Batches(1), 3), (SaveFreq::Batches(3), 7)] {
        for cut in (1..epochs * 4).step_by(every) {
            let _ = fs::remove_dir_all(folder.join("backups"));
            assert!(counted(&folder, 7, Some(freq), cut).is_err(), "{cut} of {freq:?}");
            // Before the first backup there is nothing to go on from, the seed neither.
            let seed = if folder.join("backups").exists() { 99 } else { 7 };
            let resumed = counted(&folder, seed, Some(freq), u64::MAX)?;
            assert!(resumed == whole, "cut before step {cut}, {freq:?}:\n{resumed:?}\n{whole:?}");
        }
    }
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

/// A training that goes on from a checkpoint by hand, in another `fit`.
#[test]
fn callbacks_go_on_from_a_checkpoint_that_is_loaded() -> Result<()> {
    let (folder, (x, y)) = (folder("loaded"), data());
    let path = folder.join("{epoch}.safetensors").display().to_string();
    let run = |model: &mut Trainer<Net>, from: usize| -> Result<(Columns, Option<usize>)> {
        let mut stop = EarlyStopping { patience: 3, min_delta: 10.0, ..EarlyStopping::default() };
        let settings = Fit {
            epochs: 9,
            initial_epoch: from,
            validation_split: 0.2,
            // It saves before the one that counts has counted: the file is written after both.
            callbacks: callbacks((ModelCheckpoint::new(path.clone()), &mut stop)),
            ..quiet()
        };
        let history = model.fit(&x, &y, settings)?;
        Ok((columns(&history), stop.stopped_epoch()))
    };
    let mut whole = build(7);
    let end = run(&mut whole, 0)?;
    assert_eq!(end.1, Some(3));
    let mut resumed = build(8);
    let position = resumed.load_checkpoint(folder.join("2.safetensors"))?;
    assert_eq!(run(&mut resumed, position.epoch)?, end);
    assert!(bits(&resumed) == bits(&whole));
    // From elsewhere, callbacks and history begin anew.
    let mut other = build(8);
    other.load_checkpoint(folder.join("2.safetensors"))?;
    let (history, stopped) = run(&mut other, 4)?;
    assert_eq!((history[0].1.len(), stopped), (4, Some(7)));
    let _ = fs::remove_dir_all(folder);
    Ok(())
}

/// Files of versions that kept nothing of callbacks are read; what cannot be read is told, and changes nothing.
#[test]
fn what_callbacks_left_may_be_missing_and_may_not_be_wrong() -> Result<()> {
    let (folder, (x, y)) = (folder("old"), data());
    let path = folder.join("one.safetensors");
    let mut model = build(7);
    let name = path.display().to_string();
    let list = || callbacks((ModelCheckpoint::new(name.clone()), ReduceLrOnPlateau::default()));
    model.fit(&x, &y, Fit { epochs: 2, validation_split: 0.2, callbacks: list(), ..quiet() })?;
    let bytes = fs::read(&path).expect("a checkpoint");
    let len = u64::from_le_bytes(bytes[..8].try_into().expect("a length")) as usize;
    let header = String::from_utf8(bytes[8..8 + len].to_vec()).expect("text");
    let with = |from: &str, to: &str| {
        assert!(header.contains(from), "{header}");
        let header = header.replace(from, to);
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.bytes());
        file.extend(&bytes[8 + len..]);
        fs::write(&path, file).expect("a file");
    };
    with("callback:", "nothing:");
    let mut resumed = build(1);
    let position = resumed.load_checkpoint(&path)?;
    assert_eq!(position.epoch, 2);
    let settings = Fit { epochs: 3, initial_epoch: 2, validation_split: 0.2, callbacks: list(), ..quiet() };
    assert_eq!(resumed.fit(&x, &y, settings)?.len(), 3);

    with("\"history:epochs\":\"0 1\"", "\"history:epochs\":\"0 x\"");
    let before = bits(&resumed);
    let problem = resumed.load_checkpoint(&path).expect_err("no number").to_string();
    assert!(problem.contains("history"), "{problem}");
    assert!(bits(&resumed) == before);
    with("/wait\":\"", "/wait\":\"-");
    resumed.load_checkpoint(&path)?;
    let settings = Fit { epochs: 3, initial_epoch: 2, validation_split: 0.2, callbacks: list(), ..quiet() };
    let problem = resumed.fit(&x, &y, settings).map(drop).expect_err("no number").to_string();
    assert!(problem.contains("ReduceLrOnPlateau") && problem.contains("wait"), "{problem}");
    let _ = fs::remove_dir_all(folder);
    Ok(())
}
