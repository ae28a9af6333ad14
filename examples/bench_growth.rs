//! How time and memory grow with the batch, the width and the depth of a network, and with threads, as tables.
//!
//!     cargo run --release --example bench_growth
//!
//! `BENCH_SECONDS`, of each measurement, is heeded. Straight lines are columns that do not change: the rate of products for time,
//! bytes of a sample or of a weight for memory.

use examples::{peak, times};
use keras_runtime::compiled::Spec;
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Digits = dense(256, relu, input = 784) >> dense(128, relu) >> dense(10);

    Wide64 = dense(64, relu, input = 64) >> dense(64);
    Wide128 = dense(128, relu, input = 128) >> dense(128);
    Wide256 = dense(256, relu, input = 256) >> dense(256);
    Wide512 = dense(512, relu, input = 512) >> dense(512);
    Wide1024 = dense(1024, relu, input = 1024) >> dense(1024);
    Wide2048 = dense(2048, relu, input = 2048) >> dense(2048);
    Wide4096 = dense(4096, relu, input = 4096) >> dense(4096);

    Deep2 = input(256) >> repeat 2 { dense(256, relu) };
    Deep4 = input(256) >> repeat 4 { dense(256, relu) };
    Deep8 = input(256) >> repeat 8 { dense(256, relu) };
    Deep16 = input(256) >> repeat 16 { dense(256, relu) };
    Deep32 = input(256) >> repeat 32 { dense(256, relu) };
    Deep64 = input(256) >> repeat 64 { dense(256, relu) };
    Deep128 = input(256) >> repeat 128 { dense(256, relu) };
}

/// A row: predictions and training steps of batches of `batch` samples.
fn row<M: Model>(what: usize, batch: usize, threads: usize, peaks: [f64; 2]) -> Result<()> {
    let width = |shape: &[usize]| shape.iter().product::<usize>();
    let (inputs, outputs) = (width(M::SPEC.inputs[0].shape), width(M::SPEC.outputs[0].shape));
    let x = Array2::from_shape_fn((batch, inputs), |(i, j)| ((i * 31 + j * 17) % 23) as f32 / 11.0 - 1.0);
    let y = Array2::from_shape_fn((batch, outputs), |(i, j)| ((i * 13 + j * 7) % 19) as f32 / 9.0 - 1.0);
    let mut model = M::on(&Cpu::threads(threads), 1)?;
    let mut p = vec![0.0; batch * outputs];
    let predicted = times(3, 5, || model.predict_into(&x, &mut p))?;
    let mut model = model.compile(Sgd::default(), MeanSquaredError, ());
    let trained = times(3, 5, || model.step_on_batch(&x, &y).map(drop))?;
    let share = |seconds: &[f64], flops: usize| {
        100.0 * (batch * flops) as f64 / seconds[0] / 1e9 / peaks[threads - 1]
    };
    let Spec { infer, train, params_len, trainable_len, .. } = M::SPEC;
    println!(
        "{what:>7} {:>13.1} {:>7.0} % {:>13.1} {:>7.0} % {:>14.1} {:>14.1} {:>16.1}",
        predicted[0] * 1e6,
        share(&predicted, infer.flops),
        trained[0] * 1e6,
        share(&trained, train.flops),
        infer.arena_words as f64 * 4e-3,
        train.arena_words as f64 * 4e-3,
        (params_len + trainable_len + train.fixed_words) as f64 * 4e-3,
    );
    Ok(())
}

fn table(title: &str, of: &str) {
    println!("\n{title}");
    println!(
        "{of:>7} {:>13} {:>9} {:>13} {:>9} {:>14} {:>14} {:>16}",
        "predict, us", "of peak", "train, us", "of peak", "KB to predict", "KB to train", "KB whatever"
    );
}

fn main() -> Result<()> {
    let peaks = [peak(1), peak(2)];
    println!(
        "multiply-add peak of one thread: {:.1} GFLOP/s, of two: {:.1}; the least time of each; KB of a sample, and of all weights and gradients",
        peaks[0], peaks[1]
    );
    table("784-256-128-10, one thread", "batch");
    (0..13).try_for_each(|power| row::<Digits>(1 << power, 1 << power, 1, peaks))?;
    table("784-256-128-10, two threads", "batch");
    (0..13).try_for_each(|power| row::<Digits>(1 << power, 1 << power, 2, peaks))?;
    table("two layers of equal width, batch 64, one thread", "width");
    row::<Wide64>(64, 64, 1, peaks)?;
    row::<Wide128>(128, 64, 1, peaks)?;
    row::<Wide256>(256, 64, 1, peaks)?;
    row::<Wide512>(512, 64, 1, peaks)?;
    row::<Wide1024>(1024, 64, 1, peaks)?;
    row::<Wide2048>(2048, 64, 1, peaks)?;
    row::<Wide4096>(4096, 64, 1, peaks)?;
    table("layers of width 256, batch 64, one thread", "depth");
    row::<Deep2>(2, 64, 1, peaks)?;
    row::<Deep4>(4, 64, 1, peaks)?;
    row::<Deep8>(8, 64, 1, peaks)?;
    row::<Deep16>(16, 64, 1, peaks)?;
    row::<Deep32>(32, 64, 1, peaks)?;
    row::<Deep64>(64, 64, 1, peaks)?;
    row::<Deep128>(128, 64, 1, peaks)
}
