use keras_runtime::prelude::*;
keras_model! { Text = lstm(128, input = [40, 57]) >> dense(57, softmax) }
fn main() -> Result<()> {
    let n = 1280;
    let threads: usize = std::env::var("T").ok().and_then(|t| t.parse().ok()).unwrap_or(2);
    let mut x = ndarray::Array3::<f32>::zeros((n, 40, 57));
    for i in 0..n {
        for t in 0..40 {
            x[[i, t, (i * 7 + t * 3) % 57]] = 1.0;
        }
    }
    let y = to_categorical(&(0..n).map(|i| (i % 57) as u8).collect::<Vec<_>>(), 57)?;
    let mut model =
        Text::on(&Cpu::threads(threads), 1)?.compile(RmsProp::default(), CategoricalCrossentropy, [Accuracy]);
    let start = std::time::Instant::now();
    let h =
        model.fit(&x, &y, Fit { epochs: 4, batch_size: 128, verbose: Verbose::Silent, ..Fit::default() })?;
    let _ = start;
    let s = h.seconds()[1..].iter().sum::<f64>() / 3.0;
    println!("{:.1} sequences/s, {:.1} GFLOP/s", n as f64 / s, n as f64 / s * 22.7e6 / 1e9);
    Ok(())
}
