//! What needs a program of its own: another environment, or an emulator that tells of each call.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use keras_runtime::device::cuda::{self, Precision};
use keras_runtime::loss::Loss;
use keras_runtime::optim::{LossScale, Optimizer};
use keras_runtime::prelude::*;
use ndarray::Array;

use super::losses::{labels_of, losses, losses_of_batches_and_sequences};
use super::training::{growing, several};
use super::*;

/// A program that does a task of [`in_a_process_of_its_own`], on the emulator.
pub fn program(task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::in_a_process_of_its_own", "--nocapture", "--ignored"])
        .env("TASK", task);
    command.env("KERAS_CUDA_DRIVER", tests::gpu::emulator());
    command
}

/// A step leaves nothing to the host: what comes back are the losses of the samples, and nothing in between.
#[test]
fn steps_stay_on_the_device() {
    let Some(_) = device() else { return };
    let output = program("trace").env("KERAS_EMULATOR_TRACE", "1").output().unwrap();
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{trace}");
    let mut seen = 0;
    for step in trace.split("== ").skip(1) {
        let (name, calls) = step.split_once('\n').unwrap();
        let count = |call: &str| calls.lines().filter(|line| line.contains(call)).count();
        if name == "end" {
            continue;
        }
        // A scale of the loss that follows the gradients is told beside them.
        let expected = if name == "scaled" { 2 } else { 1 };
        assert_eq!(count("cuMemcpyDtoH"), expected, "{name} asks the device more often:\n{calls}");
        // The batch, the pass and the step of the optimizer.
        assert_eq!(count("cuGraphLaunch"), 1, "{name} is launched kernel by kernel:\n{calls}");
        assert_eq!(count("cuLaunchKernel"), 0, "{name} is launched kernel by kernel:\n{calls}");
        seen += 1;
    }
    assert!(seen >= losses().len() + losses_of_batches_and_sequences().len(), "{trace}");
}

/// What kernels do with memory, as the emulator counts it: of products, convolutions, recurrence, attention, normalization, reductions,
/// embedding, pooling, a softmax over many classes with its loss, optimizers, element-wise maps, and what feeds and measures a step. Requests without wasted sectors, four words at a time, no
/// two threads in one bank of shared memory; tensor cores where they were asked for.
#[test]
fn hot_kernels_use_memory_well() {
    let Some(_) = device() else { return };
    let mut kinds = BTreeMap::<String, usize>::new();
    let models = [
        "dense",
        "convolution",
        "attention",
        "recurrence",
        "normalization",
        "embedding",
        "pooling",
        "vocabulary",
        "adafactor",
        "muon",
    ];
    for model in models {
        for tf32 in [false, true] {
            let mut command = program("count");
            command.env("KERAS_EMULATOR_COUNTERS", "1").env("MODEL", model);
            if tf32 {
                command.env("TF32", "1");
            }
            let output = command.output().unwrap();
            let table = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{table}");
            let mut seen = 0;
            let lines = table.lines().filter(|line| line.split_whitespace().count() == 11);
            for line in lines.filter(|line| !line.starts_with("kernel")) {
                let mut columns = line.split_whitespace();
                let name = columns.next().unwrap();
                let line = format!("{model}: {line}");
                let columns: Vec<f64> = columns.map(|column| column.parse().unwrap()).collect();
                let (fma, products, sectors, wide, conflicts, used) =
                    (columns[1], columns[4], columns[6], columns[7], columns[8], columns[9]);
                // Kernels that are printed for their shapes are numbered.
                let numbered =
                    name.rsplit_once('_').filter(|(_, n)| n.bytes().all(|digit| digit.is_ascii_digit()));
                let kind = numbered.map_or(name, |(kind, _)| kind);
                *kinds.entry(kind.to_string()).or_default() += 1;
                assert!(conflicts < 0.1, "threads meet in a bank: {line}");
                // What few threads do, or one: heads have a sample to a warp, and a word is a word.
                let head = name.starts_with("head") && model != "vocabulary";
                // One block adds up the sums of a few pieces.
                let total =
                    kind == "total" && ["pooling", "vocabulary", "adafactor", "muon"].contains(&model);
                let few = head || kind.starts_with("measure") || total || sectors <= 1.0;
                // Steps that look at matrices read a word of each row beside the rows.
                let of_rows = ["adafactor", "muon"].contains(&model) && kind == "update";
                assert!(
                    few || of_rows || used > 85.0,
                    "sectors are fetched for a few of their words: {line}"
                );
                if name.contains("matmul") {
                    // Words that a thread has two of are moved by two.
                    assert!(wide > 10.0, "words are moved one by one: {line}");
                    match tf32 {
                        true => assert!(products > 0.0 && fma == 0.0, "no tensor cores: {line}"),
                        false => assert!(products == 0.0 && fma > 0.0, "{line}"),
                    }
                    seen += 1;
                } else if !few
                    && !["fold", "scatter"].contains(&kind)
                    && (model, name) != ("adafactor", "update_3")
                {
                    // The rest are words that all threads read: numbers of a step, and of rows. Sums of a few pieces are folded word by word,
                    // and blocks that share a table look through all indices.
                    assert!(wide > 15.0, "words are moved one by one: {line}");
                }
            }
            assert!(seen >= 3, "{model}: {table}");
        }
    }
    let expected = [
        "batch_matmul",
        "combine",
        "gather",
        "gather_f32",
        "map",
        "matmul",
        "matmul_t",
        "max_pool_grad",
        "overlap",
        "pack",
        "record",
        "reduce",
        "scatter",
        "softmax",
        "update",
    ];
    for kind in expected {
        assert!(kinds.contains_key(kind), "no `{kind}` was seen: {kinds:?}");
    }
}

/// What a part of a trace tells.
struct Calls<'a>(&'a str);

impl Calls<'_> {
    /// How often a function was called.
    fn count(&self, call: &str) -> usize {
        self.0.lines().filter(|line| line.contains(call)).count()
    }

    /// Bytes of each copy `to` the device, or `from` it.
    fn copied(&self, direction: &str) -> Vec<usize> {
        let end = format!(" bytes {direction} the device");
        let lines = self.0.lines().filter_map(|line| line.strip_suffix(&end));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    }

    /// Calls in which the host waits for the device.
    fn waits(&self) -> usize {
        ["cuStreamSynchronize", "cuCtxSynchronize", "cuEventSynchronize", "cuMemFree_v2", "cuMemcpyDtoH_v2"]
            .map(|call| self.count(call))
            .iter()
            .sum()
    }
}

/// Arrays come once, and then a step is told the numbers of its rows, or rows come as they are, bytes as bytes. Within an epoch the host
/// waits for nothing: at its end, what all steps have left comes at once.
#[test]
fn data_travel_once() {
    let Some(_) = device() else { return };
    let output = program("feed").env("KERAS_EMULATOR_TRACE", "1").output().unwrap();
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{trace}");
    let part = |name: &str| {
        let mut parts = trace.split("== ").filter_map(|part| part.strip_prefix(&format!("{name}\n")));
        Calls(parts.next().unwrap_or_else(|| panic!("no {name}: {trace}")))
    };
    let (x, y, weights) = (60 * 40, 60 * 10 * 4, 60 * 4);
    for data in ["resident", "streamed"] {
        let resident = data == "resident";
        let begun = part(&format!("{data} begins"));
        let whole = if resident { vec![x, y, weights] } else { vec![] };
        assert_eq!(begun.copied("to"), whole, "{data}: {}", begun.0);
        // The first epoch captures graphs.
        for epoch in 1..3 {
            let steps = part(&format!("{data} epoch {epoch}"));
            assert_eq!(steps.count("cuGraphLaunch"), 4, "{}", steps.0);
            assert_eq!(steps.count("cuLaunchKernel"), 0, "{}", steps.0);
            // The losses of four steps, and four sums of the metric, at the end; a step's begin at multiples of four words.
            let told = 4 * (16 + 2 * 4) * 4;
            assert_eq!(steps.copied("from"), [told], "{}", steps.0);
            // The host waits for a copy from pinned memory before it writes there again: of the batch before the last, by then.
            let last = steps.0.rfind("cuMemcpyDtoH").unwrap();
            let again = if resident { 0 } else { 3 * 4 };
            assert_eq!(Calls(&steps.0[..last]).waits(), again, "{}", steps.0);
            let sent = steps.copied("to");
            let rows: usize = sent.iter().sum();
            match resident {
                // Numbers of the pass with its rows, and those of the optimizer.
                true => assert!(sent.len() == 8 && sent.iter().all(|bytes| *bytes < 800), "{}", steps.0),
                false => assert!(rows > x + y + weights && rows < x + y + weights + 8 * 800, "{}", steps.0),
            }
        }
    }
}

/// A scale of the loss that follows the gradients is judged and moved on the device: the host hears of it, and never waits.
#[test]
fn a_scale_that_follows_the_gradients_needs_no_wait() {
    let Some(_) = device() else { return };
    let output = program("feed").env("KERAS_EMULATOR_TRACE", "1").output().unwrap();
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{trace}");
    for epoch in 1..3 {
        let mark = format!("scaled epoch {epoch}\n");
        let steps = Calls(trace.split("== ").find_map(|part| part.strip_prefix(&mark[..])).unwrap());
        assert_eq!(steps.count("cuGraphLaunch"), 4, "{}", steps.0);
        assert_eq!(steps.count("cuLaunchKernel"), 0, "{}", steps.0);
        // At the end comes what all steps have left.
        let last = steps.0.rfind("cuMemcpyDtoH").unwrap();
        assert_eq!(Calls(&steps.0[..last]).waits(), 0, "{}", steps.0);
        assert!(steps.copied("from").contains(&16), "{}", steps.0);
    }
}

/// Data for which there is no room are streamed, to the same bits; a step for which there is none is an error before the first one,
/// after which a smaller one goes.
#[test]
fn memory_decides() {
    let Some(_) = device() else { return };
    let output = program("small").env("KERAS_EMULATOR_MEMORY", "5000000").output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    let weights: Vec<&str> = text.lines().filter(|line| line.starts_with("weights")).collect();
    let large = program("small").output().unwrap();
    let large = String::from_utf8_lossy(&large.stdout).into_owned();
    assert!(weights.len() == 1 && large.contains(weights[0]), "{text}\n{large}");
    for part in
        ["its memory does not suffice", "a training step of `Mlp` with 20000 samples needs", "MiB", "smaller"]
    {
        assert!(text.contains(part), "{text}");
    }
    assert!(!large.contains("suffice"), "{large}");
}

/// What tests run that need an environment of their own.
#[test]
#[ignore = "a part of other tests"]
fn in_a_process_of_its_own() {
    match std::env::var("TASK").as_deref() {
        Ok("auto") => super::errors::auto(),
        Ok("train") => super::errors::train(),
        Ok("count") => {
            let tf32 = std::env::var_os("TF32").is_some();
            let gpu =
                Cuda::new(0).unwrap().precision(if tf32 { Precision::Tf32 } else { Precision::Float32 });
            match std::env::var("MODEL").as_deref() {
                Ok("dense") => step::<Wide>(&gpu, 128),
                Ok("convolution") => step::<Deep>(&gpu, 8),
                Ok("attention") => step::<Attended>(&gpu, 8),
                Ok("normalization") => step::<Normalized>(&gpu, 8),
                Ok("embedding") => step::<Looked>(&gpu, 32),
                Ok("pooling") => step::<Pooled>(&gpu, 8),
                Ok("vocabulary") => step::<Many>(&gpu, 32),
                Ok("adafactor") => step_by::<Tall>(&gpu, 32, Adafactor::default()),
                Ok("muon") => step_by::<Tall>(&gpu, 32, Muon::default()),
                _ => step::<Remembered>(&gpu, 64),
            }
        }
        Ok("feed") => {
            let gpu = Cuda::new(0).unwrap();
            fed(&gpu, "resident", Adam::default());
            fed(&gpu, "scaled", Adam::default().loss_scale(growing()).ema(0.9));
            fed(&gpu.resident(false), "streamed", Adam::default());
        }
        Ok("small") => {
            let gpu = Cuda::new(0).unwrap();
            let x = Array::from_shape_fn((20_000, 40), |(i, j)| ((i * 37 + j * 11) as f32 * 0.31).sin());
            let y = Array::from_shape_fn((20_000, 10), |(i, k)| u8::from(i * 7 % 10 == k));
            let mut model = Mlp::on(&gpu, 3).unwrap().compile(Adam::default(), CategoricalCrossentropy, ());
            let fit = |batch_size| Fit {
                steps_per_epoch: Some(if batch_size > 100 { 1 } else { 3 }),
                ..quiet(1, batch_size)
            };
            if std::env::var_os("KERAS_EMULATOR_MEMORY").is_some() {
                println!("{}", model.fit(&x, &y, fit(20_000)).unwrap_err());
                assert_eq!(model.steps(), 0);
            }
            model.fit(&x, &y, fit(32)).unwrap();
            let bits = model
                .network()
                .params()
                .iter()
                .fold(0u64, |sum, w| sum.rotate_left(7) ^ u64::from(w.to_bits()));
            println!("\nweights {bits:x}");
        }
        Ok("ahead") => {
            if cuda::compiler().is_ok() {
                return println!("NVRTC is there");
            }
            let folder = std::env::var("KERAS_CUDA_CACHE").unwrap();
            let bytes = std::fs::read(Path::new(&folder).join("ahead")).unwrap().leak();
            let gpu = Cuda::new(0).unwrap().precompiled(bytes).unwrap();
            let losses: [Box<dyn Loss>; 4] =
                [Box::new(KLDivergence), Box::new(Near), Box::new(Hinge), Box::new(Poisson)];
            for loss in losses {
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
            measured(&gpu, "measured", (KLDivergence, AUC));
            measured(&gpu, "unknown", Poisson);
        }
        Ok("trace") => {
            let gpu = Cuda::new(0).unwrap();
            for i in 0..losses().len() {
                let loss = losses().remove(i);
                let name = loss.name().to_string();
                traced(&gpu, &name, Sgd::default(), loss);
            }
            for i in 0..losses_of_batches_and_sequences().len() {
                let loss = losses_of_batches_and_sequences().remove(i);
                let (name, y) = (loss.name().to_string(), labels_of(loss.as_ref()));
                match name.as_str() {
                    "circle" => traced_on::<Embedded>(&gpu, &name, Sgd::default(), loss, &y),
                    _ => traced_on::<Read>(&gpu, &name, Sgd::default(), loss, &y),
                }
            }
            fn stepped(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static) {
                traced(gpu, name, optimizer, Box::new(MeanSquaredError));
            }
            stepped(&gpu, "adam", Adam::default());
            stepped(&gpu, "averaged", Adam::default().ema(0.9).decay(0.01).loss_scale_factor(8.0));
            stepped(&gpu, "clipped", Sgd::default().clipnorm(0.1));
            stepped(&gpu, "clipped together", Adam::default().global_clipnorm(0.1));
            stepped(&gpu, "lamb", Lamb::default().clipnorm(0.1));
            stepped(&gpu, "adafactor", Adafactor::default().global_clipnorm(0.1));
            stepped(&gpu, "muon", Muon::default().clipnorm(0.1));
            stepped(&gpu, "several", several());
            stepped(&gpu, "scaled", Adam::default().loss_scale(LossScale::default()));
        }
        _ => {}
    }
}

/// An evaluation, between marks.
fn measured(gpu: &Cuda, name: &str, metrics: impl Metrics) {
    let (x, y) = data();
    let mut model = Sigmoids::on(gpu, 5).unwrap().compile(Sgd::default(), KLDivergence, metrics);
    let settings = || Evaluate { batch_size: 20, ..Evaluate::default() };
    model.evaluate_with(&x, &y, settings()).unwrap();
    eprintln!("== {name}");
    model.evaluate_with(&x, &y, settings()).unwrap();
    eprintln!("== end");
}

/// Three epochs of four steps, between marks.
fn fed(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static) {
    let x = Array::from_shape_fn((60, 40), |(i, j)| (i * 37 + j * 11) as u8);
    let y = Array::from_shape_fn((60, 10), |(i, k)| f32::from(u8::from(i * 7 % 10 == k)));
    let weights = Array::from_shape_fn(60, |i| 0.5 + (i % 3) as f32);
    let mut model = Mlp::on(gpu, 5).unwrap().compile(optimizer, CategoricalCrossentropy, Weighted(Accuracy));
    let marks = LambdaCallback::default()
        .epoch_begin(|epoch, _| eprintln!("== {name} epoch {epoch}"))
        .epoch_end(|_, _, _| eprintln!("== {name} told"));
    eprintln!("== {name} begins");
    let fit =
        Fit { sample_weight: sample_weight(&weights), callbacks: vec![Box::new(marks)], ..quiet(3, 15) };
    model.fit(&x, &y, fit).unwrap();
    eprintln!("== end");
}

/// A step like the ones before it, between marks.
fn traced(gpu: &Cuda, name: &str, optimizer: impl Optimizer + 'static, loss: Box<dyn Loss>) {
    traced_on::<Sigmoids>(gpu, name, optimizer, loss, &data().1.into_dyn());
}

fn traced_on<M: Model>(
    gpu: &Cuda,
    name: &str,
    optimizer: impl Optimizer + 'static,
    loss: Box<dyn Loss>,
    y: &ArrayD<f32>,
) {
    let (x, _) = data();
    let mut model = M::on(gpu, 5).unwrap().compile(optimizer, loss, ());
    for _ in 0..2 {
        model.train_on_batch(&x, y).unwrap();
    }
    eprintln!("== {name}");
    model.train_on_batch(&x, y).unwrap();
    eprintln!("== end");
}

fn step<M: Model>(gpu: &Cuda, samples: usize) {
    step_by::<M>(gpu, samples, Sgd::default());
}

fn step_by<M: Model>(gpu: &Cuda, samples: usize, optimizer: impl Optimizer + 'static) {
    let width: usize = M::SPEC.inputs[0].shape.iter().product();
    // Words of an embedding are whole numbers.
    let x = Array::from_shape_fn((samples, width), |(i, j)| match M::SPEC.name {
        "Looked" => ((i * 7 + j * 3) % 64) as f32,
        _ => ((i * 7 + j) as f32 * 0.1).sin(),
    });
    let shape: Vec<usize> = [samples].into_iter().chain(M::SPEC.inputs[0].shape.iter().copied()).collect();
    let x = x.into_shape_with_order(shape).unwrap();
    let classes = M::SPEC.outputs[0].shape[0];
    let y: Vec<u32> = (0..samples as u32).map(|i| i * 5 % classes as u32).collect();
    let mut model = M::on(gpu, 3).unwrap().compile(optimizer, CategoricalCrossentropy, ());
    let y = to_categorical(&y, classes).unwrap();
    model.train_on_batch(&x, &y).unwrap();
}
