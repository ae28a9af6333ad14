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
    Net::new(seed).compile(Adam { amsgrad: true, ..Adam::default() }, MeanSquaredError, ())
}

/// Trains, with backups in a folder if there is one.
fn train(model: &mut Trainer<Net>, backups: Option<&Path>) -> Result<()> {
    let (x, y) = data();
    let decay = LearningRateScheduler::new(|epoch, _| 0.01 * 0.97f32.powi(epoch as i32));
    let mut list = callbacks(decay);
    if let Some(folder) = backups {
        // Some steps are lost with every cut, and done again.
        list.extend(callbacks(BackupAndRestore::new(folder).every(SaveFreq::Batches(3))));
    }
    let settings = Fit { epochs: EPOCHS, validation_split: 0.1, callbacks: list, ..quiet() };
    model.fit(&x, &y, settings)?;
    Ok(())
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
    train(&mut model, Some(&backups))?;
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
    let mut whole = build(7);
    train(&mut whole, None)?;
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
            if child.wait().expect("an end").success() {
                break;
            }
            assert!(!folder.join("end.safetensors").exists() || folder.join("backups").exists());
        }
        let mut end = build(1);
        let position = end.load_checkpoint(folder.join("end.safetensors"))?;
        assert_eq!((position.epoch, end.steps()), (EPOCHS, whole.steps()), "after {kills} kills");
        assert!(bits(&end) == bits(&whole), "after {kills} kills");
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
