//! Kernels of the short-time Fourier transform (`keras.initializers.STFT`), and the windows of `scipy.signal.windows`.

use std::f64::consts::PI;

use crate::compiled::{Taper, TaperScaling};

/// `[length, .., bins]`: cosines or sines of `bins` frequencies up to half of the sampling rate. The angles are rounded as
/// Keras rounds them.
pub(super) fn kernel(
    shape: &[usize],
    imaginary: bool,
    (window, periodic): (Taper, bool),
    scaling: TaperScaling,
) -> Vec<f32> {
    let (length, bins) = (shape.first().copied().unwrap_or(1), shape.last().copied().unwrap_or(1));
    let weights = taper(window, length, periodic);
    let divisor = match (window, scaling) {
        (Taper::None, _) | (_, TaperScaling::None) => 1.0,
        (_, TaperScaling::Density) => weights.iter().map(|w| w * w).sum::<f64>().sqrt(),
        (_, TaperScaling::Spectrum) => weights.iter().map(|w| w.abs()).sum::<f64>(),
    };
    let samples = (2 * (bins.max(2) - 1)) as f32;
    let len: usize = shape.iter().product();
    let element = |i: usize| {
        let (time, bin) = (i / (len / length), i % bins);
        let angle = -2.0 * time as f32 * (bin as f32 / samples) * std::f32::consts::PI;
        let wave = if imaginary { f64::from(angle).sin() } else { f64::from(angle).cos() };
        (wave * weights[time] / divisor) as f32
    };
    (0..len).map(element).collect()
}

/// A window of `length` places, symmetric, or `periodic`: one of a place more, without the last.
fn taper(window: Taper, length: usize, periodic: bool) -> Vec<f64> {
    if length == 1 {
        return vec![1.0];
    }
    let all = length + usize::from(periodic);
    let last = (all - 1) as f64;
    // Sums of cosines; the signs are those of a window that is highest in its middle.
    let cosines = |shares: &[f64], n: f64| {
        let angle = PI * (2.0 * n / last - 1.0);
        shares.iter().enumerate().map(|(k, share)| share * (k as f64 * angle).cos()).sum::<f64>()
    };
    let at = |i: usize| {
        let n = i as f64;
        // From -1 to 1.
        let place = 2.0 * n / last - 1.0;
        match window {
            Taper::Hann => cosines(&[0.5, 0.5], n),
            Taper::Hamming => cosines(&[0.54, 0.46], n),
            Taper::Blackman => cosines(&[0.42, 0.5, 0.08], n),
            Taper::BlackmanHarris => cosines(&[0.35875, 0.48829, 0.14128, 0.01168], n),
            Taper::Nuttall => cosines(&[0.363_581_9, 0.489_177_5, 0.136_599_5, 0.010_641_1], n),
            Taper::FlatTop => {
                let shares = [0.215_578_95, 0.416_631_58, 0.277_263_158, 0.083_578_947, 0.006_947_368];
                cosines(&shares, n)
            }
            Taper::Bartlett => 1.0 - place.abs(),
            // Not 0 at its ends.
            Taper::Triangle => {
                let n = n.min(last - n) + 1.0;
                if all.is_multiple_of(2) { (2.0 * n - 1.0) / all as f64 } else { 2.0 * n / (all + 1) as f64 }
            }
            Taper::BartlettHann => {
                let off = (n / last - 0.5).abs();
                0.62 - 0.48 * off + 0.38 * (2.0 * PI * off).cos()
            }
            Taper::Bohman if i == 0 || i + 1 == all => 0.0,
            Taper::Bohman => {
                let off = place.abs();
                (1.0 - off) * (PI * off).cos() + (PI * off).sin() / PI
            }
            Taper::Cosine => (PI / all as f64 * (n + 0.5)).sin(),
            Taper::Lanczos if place == 0.0 => 1.0,
            Taper::Lanczos => (PI * place).sin() / (PI * place),
            Taper::Boxcar | Taper::None => 1.0,
        }
    };
    (0..length).map(at).collect()
}
