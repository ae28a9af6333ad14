//! A steady-state step and a prediction into given memory allocate nothing.
//!
//! The allocator counts for all threads: one check comes after another, and there is no test harness, whose own thread allocates
//! when it pleases.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use keras_runtime::optim::LossScale;
use keras_runtime::prelude::*;
use ndarray::Array2;

/// The system's allocator, which counts while it is told to.
struct Counting;

static ARMED: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    fn count() {
        if ARMED.load(SeqCst) {
            COUNT.fetch_add(1, SeqCst);
        }
    }
}

// SAFETY: every call goes on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Counting::count();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(ptr, layout, size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` gives, and how often anything was allocated meanwhile, on whatever thread.
fn counted<T>(work: impl FnOnce() -> T) -> (T, usize) {
    COUNT.store(0, SeqCst);
    ARMED.store(true, SeqCst);
    let result = work();
    ARMED.store(false, SeqCst);
    (result, COUNT.load(SeqCst))
}

keras_model! {
    Net = dense(128, relu, input = 64) >> dropout(0.2) >> dense(64, tanh) >> dense(10, softmax);
    Convolved = reshape([8, 8, 1], input = 64) >> conv2d(8, 3, padding = same, activation = relu) >> max_pooling2d(2)
        >> conv2d(20, 3, activation = relu) >> flatten() >> dense(10, softmax);
    loss Squares(y: [10], p: [10]) { mean(square(y - p), axis = -1) }
    Reader = reshape([8, 8], input = 64) >> dense(5);
    Embedded = dense(6, input = 64) >> unit_normalization();
    Held = dense(96, relu, input = 64, kernel_regularizer = l1_l2(0.01, 0.01), kernel_constraint = max_norm(1.0))
        >> activity_regularization(l2 = 0.1)
        >> dense(10, softmax, kernel_constraint = non_neg);
}

fn data(samples: usize) -> (Array2<f32>, Vec<u8>) {
    let x = Array2::from_shape_fn((samples, 64), |(i, j)| ((i * 31 + j * 17) % 97) as f32 / 97.0);
    (x, (0..samples).map(|i| (i % 10) as u8).collect())
}

fn steps() -> Result<()> {
    let (x, y) = data(64);
    let optimizers: [fn(Net) -> Trainer<Net>; 6] = [
        |net| net.compile(Sgd { momentum: 0.9, ..Sgd::default() }, SparseCategoricalCrossentropy, [Accuracy]),
        |net| net.compile(RmsProp::default(), SparseCategoricalCrossentropy, [Accuracy]),
        |net| net.compile(Adam::default(), SparseCategoricalCrossentropy, [Accuracy]),
        |net| net.compile(Muon::default(), SparseCategoricalCrossentropy, [Accuracy]),
        |net| net.compile(Lamb::default(), SparseCategoricalCrossentropy, [Accuracy]),
        |net| {
            let adam =
                Adam::default().global_clipnorm(1.0).ema(0.9).gradient_accumulation(2).rate("dense/", 0.5);
            net.compile(adam, SparseCategoricalCrossentropy, [Accuracy])
        },
    ];
    for compile in optimizers {
        let mut model = compile(Net::on(&Cpu::threads(1), 1)?);
        model.step_on_batch(&x, &y)?;
        let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, &y).map(drop)));
        result?;
        assert_eq!(count, 0, "five steps with {:?}", model.optimizer());
    }
    let mut model =
        Held::on(&Cpu::threads(1), 1)?.compile(Adam::default(), SparseCategoricalCrossentropy, [Accuracy]);
    model.step_on_batch(&x, &y)?;
    let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, &y).map(drop)));
    result?;
    assert_eq!(count, 0, "five steps with penalties and constraints");
    let mut model = Convolved::on(&Cpu::threads(1), 1)?.compile(
        Adam::default(),
        SparseCategoricalCrossentropy,
        [Accuracy],
    );
    model.step_on_batch(&x, &y)?;
    let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, &y).map(drop)));
    result?;
    assert_eq!(count, 0, "five steps with convolutions");
    Ok(())
}

/// Losses that work in memory of their own: of whole batches, of sequences, and compiled ones.
fn losses() -> Result<()> {
    let (x, labels) = data(64);
    let one_hot = to_categorical(&labels, 10)?;
    let rows =
        Array2::from_shape_fn((64, 3), |(i, j)| if j <= i % 3 { 1.0 + ((i + j) % 3) as f32 } else { 0.0 });
    let first = Array2::zeros((64, 1));
    let cases: [(Box<dyn Loss>, &Array2<f32>); 4] = [
        (Box::new(Dice), &one_hot),
        (Box::new(Tversky { axis: Some(&[0]), ..Tversky }), &one_hot),
        (
            Box::new(SparseCategoricalCrossentropy {
                ignore_class: Some(3),
                ..SparseCategoricalCrossentropy
            }),
            &first,
        ),
        (Box::new(Squares), &one_hot),
    ];
    for (loss, y) in cases {
        let name = loss.name().to_string();
        let adam = Adam::default().loss_scale(LossScale::default());
        let mut model = Net::on(&Cpu::threads(1), 1)?.compile(adam, loss, ());
        model.step_on_batch(&x, y)?;
        let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, y).map(drop)));
        result?;
        assert_eq!(count, 0, "five steps with {name}");
    }
    let mut model = Reader::on(&Cpu::threads(1), 1)?.compile(Adam::default(), Ctc, ());
    model.step_on_batch(&x, &rows)?;
    let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, &rows).map(drop)));
    result?;
    assert_eq!(count, 0, "five steps with ctc");
    let mut model = Embedded::on(&Cpu::threads(1), 1)?.compile(Adam::default(), Circle, ());
    model.step_on_batch(&x, &labels)?;
    let (result, count) = counted(|| (0..5).try_for_each(|_| model.step_on_batch(&x, &labels).map(drop)));
    result?;
    assert_eq!(count, 0, "five steps with circle");
    Ok(())
}

fn predictions() -> Result<()> {
    let mut model = Net::on(&Cpu::threads(1), 1)?;
    for batch in [1, 64] {
        let (x, _) = data(batch);
        let mut p = vec![0.0; batch * 10];
        model.predict_into(&x, &mut p)?;
        let (result, count) = counted(|| (0..5).try_for_each(|_| model.predict_into(&x, &mut p)));
        result?;
        assert_eq!(count, 0, "five predictions of {batch} samples");
    }
    Ok(())
}

/// Allocations of a `fit` of `epochs` epochs on two threads; nothing is new to the model.
fn fit(model: &mut Trainer<Net>, samples: usize, epochs: usize) -> Result<usize> {
    let (x, y) = data(samples);
    let settings =
        Fit { epochs, batch_size: 64, validation_split: 0.2, verbose: Verbose::Silent, ..Fit::default() };
    let (result, count) = counted(|| model.fit(&x, &y, settings));
    result?;
    Ok(count)
}

fn epochs() -> Result<()> {
    let mut model =
        Net::on(&Cpu::threads(2), 1)?.compile(Adam::default(), SparseCategoricalCrossentropy, [Accuracy]);
    fit(&mut model, 4000, 2)?;
    // What an epoch leaves in the history is allocated, and nothing for its batches: 8 of them, or 50.
    let mut each = Vec::new();
    for samples in [640, 4000] {
        let (few, many) = (fit(&mut model, samples, 2)?, fit(&mut model, samples, 6)?);
        let growth = many.saturating_sub(few);
        println!("{samples} samples: {few} allocations in 2 epochs, {many} in 6");
        assert!(growth <= 4 * 16, "{growth} allocations in 4 epochs of {samples} samples");
        each.push(growth);
    }
    // A queue of the thread pool may take a block of memory once in a while.
    assert!(each[0].abs_diff(each[1]) <= 8, "allocations grow with the number of batches: {each:?}");
    Ok(())
}

fn main() -> Result<()> {
    steps()?;
    losses()?;
    predictions()?;
    epochs()
}
