//! Spectrograms against Keras: outputs, gradients of signals and kernels, and how kernels start.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use fixture::{Fixture, assert_close};
use keras_runtime::prelude::*;
use ndarray::Array2;

layers! {
    ("audio", 1e-5);
    log Log (a a0 "probe_a" [60; 1]) { a >> stft_spectrogram(frame_length = 16, name = "s") }
    magnitude Magnitude (a a0 "probe_a" [50; 2]) { a >> stft_spectrogram("magnitude", 12, 5, padding = same, name = "s") }
    psd Psd (a a0 "probe_a" [40; 3]) { a >> stft_spectrogram("psd", 9, 3, 12, expand_dims = true, name = "s") }
    real Real (a a0 "probe_a" [2; 50]) { a >> stft_spectrogram(real, frame_length = 10, data_format = channels_first, name = "s") }
    imag Imag (a a0 "probe_a" [2; 50]) { a >> stft_spectrogram(imag, frame_length = 10, frame_step = 7, padding = same, expand_dims = true, data_format = channels_first, name = "s") }
    both Both (a a0 "probe_a" [50; 2]) { a >> stft_spectrogram(stft, 16, 16, 20, name = "s") }
    both_first BothFirst (a a0 "probe_a" [3; 33]) { a >> stft_spectrogram(stft, 8, data_format = channels_first, name = "s") }
    angle_sine AngleSine (a a0 "probe_a" [50; 2]) { sin(a >> stft_spectrogram(angle, 16, name = "s")) }
    angle_cosine AngleCosine (a a0 "probe_a" [50; 2]) { cos(a >> stft_spectrogram(angle, 16, name = "s")) }
    arctan2 Arctan2 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { arctan2(a, b) }
}

/// Sums of cosines in another order than those of a fast Fourier transform.
mod mel_spectrograms {
    use super::*;

    layers! {
        ("audio", 5e-5);
        mel Mel (a a0 "probe_a" [; 64]) { a >> mel_spectrogram(32, 8, sampling_rate = 1000, num_mel_bins = 6) }
        mel_power MelPower (a a0 "probe_a" [; 50]) {
            a >> mel_spectrogram(
                32, 9, 21, hamming, 8000, 5, min_freq = 100.0, max_freq = 3000.0, power_to_db = false, mag_exp = 1.0
            )
        }
        mel_quiet MelQuiet (a a0 "probe_a" [; 45]) {
            a >> mel_spectrogram(30, 10, window = None, sampling_rate = 500, num_mel_bins = 7, top_db = 6.0, ref_power = 3.0)
        }
    }
}

keras_model! {
    Hann = stft_spectrogram("stft", 7, fft_length = 16, window = hann, periodic = false, scaling = spectrum, name = "s", input = [16, 1]);
    HannAgain = stft_spectrogram("stft", 12, fft_length = 16, window = hann, periodic = true, scaling = density, name = "s", input = [16, 1]);
    Hamming = stft_spectrogram("stft", 8, fft_length = 16, window = hamming, periodic = true, scaling = density, name = "s", input = [16, 1]);
    HammingAgain = stft_spectrogram("stft", 11, fft_length = 16, window = hamming, periodic = false, scaling = density, name = "s", input = [16, 1]);
    Blackman = stft_spectrogram("stft", 7, fft_length = 16, window = blackman, periodic = true, scaling = density, name = "s", input = [16, 1]);
    BlackmanAgain = stft_spectrogram("stft", 12, fft_length = 16, window = blackman, periodic = false, scaling = None, name = "s", input = [16, 1]);
    Blackmanharris = stft_spectrogram("stft", 8, fft_length = 16, window = blackmanharris, periodic = false, scaling = None, name = "s", input = [16, 1]);
    Nuttall = stft_spectrogram("stft", 7, fft_length = 16, window = nuttall, periodic = true, scaling = None, name = "s", input = [16, 1]);
    Flattop = stft_spectrogram("stft", 8, fft_length = 16, window = flattop, periodic = true, scaling = spectrum, name = "s", input = [16, 1]);
    Bartlett = stft_spectrogram("stft", 7, fft_length = 16, window = bartlett, periodic = false, scaling = spectrum, name = "s", input = [16, 1]);
    Triang = stft_spectrogram("stft", 8, fft_length = 16, window = triang, periodic = true, scaling = density, name = "s", input = [16, 1]);
    Barthann = stft_spectrogram("stft", 7, fft_length = 16, window = barthann, periodic = true, scaling = density, name = "s", input = [16, 1]);
    Bohman = stft_spectrogram("stft", 8, fft_length = 16, window = bohman, periodic = false, scaling = None, name = "s", input = [16, 1]);
    Cosine = stft_spectrogram("stft", 7, fft_length = 16, window = cosine, periodic = true, scaling = None, name = "s", input = [16, 1]);
    Lanczos = stft_spectrogram("stft", 8, fft_length = 16, window = lanczos, periodic = true, scaling = spectrum, name = "s", input = [16, 1]);
    Boxcar = stft_spectrogram("stft", 7, fft_length = 16, window = boxcar, periodic = false, scaling = spectrum, name = "s", input = [16, 1]);
    NoWindow = stft_spectrogram("stft", 8, fft_length = 16, window = None, periodic = true, scaling = density, name = "s", input = [16, 1]);
    Kernel = conv1d(9, 12, use_bias = false, kernel_initializer = stft(imag, hann, spectrum), name = "s", input = [16, 1]);
    Whole = mel_spectrogram(input = [4000])
}

fn started<M: Model>(model: M, name: &str) -> Result<()> {
    let fixture = Fixture::load("audio_kernels");
    for side in ["real", "imag"] {
        let found = model.weight(&format!("s/{side}_kernel"))?;
        let expected = fixture.get(&format!("{name}/{side}"));
        assert_eq!(found.shape(), expected.shape());
        assert_close(&format!("{name}: {side}"), &found, expected, 1e-6);
    }
    Ok(())
}

#[test]
fn kernels_start_as_in_keras() -> Result<()> {
    started(Hann::new(0), "hann/7/False/spectrum")?;
    started(HannAgain::new(0), "hann/12/True/density")?;
    started(Hamming::new(0), "hamming/8/True/density")?;
    started(HammingAgain::new(0), "hamming/11/False/density")?;
    started(Blackman::new(0), "blackman/7/True/density")?;
    started(BlackmanAgain::new(0), "blackman/12/False/None")?;
    started(Blackmanharris::new(0), "blackmanharris/8/False/None")?;
    started(Nuttall::new(0), "nuttall/7/True/None")?;
    started(Flattop::new(0), "flattop/8/True/spectrum")?;
    started(Bartlett::new(0), "bartlett/7/False/spectrum")?;
    started(Triang::new(0), "triang/8/True/density")?;
    started(Barthann::new(0), "barthann/7/True/density")?;
    started(Bohman::new(0), "bohman/8/False/None")?;
    started(Cosine::new(0), "cosine/7/True/None")?;
    started(Lanczos::new(0), "lanczos/8/True/spectrum")?;
    started(Boxcar::new(0), "boxcar/7/False/spectrum")?;
    started(NoWindow::new(0), "None/8/True/density")?;
    // As an initializer of another layer.
    let kernel = Kernel::new(0).weight("s/kernel")?;
    assert_eq!(kernel.shape(), [12, 1, 9]);
    assert!(kernel.iter().all(|x| x.abs() < 0.2) && kernel.iter().any(|x| x.abs() > 0.1));
    Ok(())
}

/// A tone lies in the bands around its frequency, at Keras's defaults: 128 bands of 16,000 samples a second.
#[test]
fn a_tone_is_in_its_band() -> Result<()> {
    let hertz = 1000.0f32;
    let x =
        Array2::from_shape_fn((2, 4000), |(_, i)| (std::f32::consts::TAU * hertz * i as f32 / 16000.0).sin());
    let y = Whole::new(0).predict(&x)?;
    assert_eq!(y.shape(), [2, 128, 8]);
    let column: Vec<f32> = (0..128).map(|band| y[[1, band, 4]]).collect();
    let loudest = (0..128).max_by(|a, b| column[*a].total_cmp(&column[*b])).expect("there are bands");
    let mel = |hertz: f32| 1127.0 * (1.0 + hertz / 700.0).ln();
    let expected = (mel(hertz) - mel(20.0)) / (mel(8000.0) - mel(20.0)) * 129.0 - 1.0;
    assert!((loudest as f32 - expected).abs() <= 1.0, "{loudest} {expected}");
    Ok(())
}
