//! Sound as pictures: spectra of short pieces of it. A spectrum is a product with cosines and one with sines, which reads
//! the pieces where they lie.

use super::spatial::{DATA_FORMAT, PADDING};
use super::{Entry, Family, Kind, Masks, Operands, Param, Use, optional};
use crate::diag::{Message, Reported};
use crate::graph::Builder;
use crate::ir::{Binary, Dim, Graph, Id, Init, Op, ReduceKind, Shape, Unary, Window};

/// `keras.config.epsilon()`
const EPSILON: f32 = 1e-7;
/// The mel scale of the Hidden Markov Model Toolkit: `1127 log(1 + f / 700)`.
const MEL: f64 = 1127.0;
const MEL_BREAK: f64 = 700.0;
/// Products of places up to here are exact in 32 bits.
const LONGEST: i64 = 4096;

/// Windows of `scipy.signal.windows` that need no more than their name.
/// Names of scalings, by the places that the runtime knows.
pub const SCALINGS: [&str; 3] = ["None", "density", "spectrum"];

pub const WINDOWS: &[&str] = &[
    "hann",
    "hamming",
    "blackman",
    "blackmanharris",
    "nuttall",
    "flattop",
    "bartlett",
    "triang",
    "barthann",
    "bohman",
    "cosine",
    "lanczos",
    "boxcar",
    "None",
];

const FRAME_STEP: Param = optional(
    "frame_step",
    Kind::Size,
    "None",
    "Samples from one piece to the next; half a piece if not given.",
);

/// Keras: Preprocessing layers, audio.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "stft_spectrogram",
        aliases: &[],
        class: "STFTSpectrogram",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "The short-time Fourier transform of each channel: spectra of pieces of `frame_length` samples under a window. \
              Its kernels of cosines and sines are weights, which training changes unless `trainable = false`.",
        shapes: "[batch, samples, channels] → [batch, pieces, channels * bins]; `expand_dims`: [batch, pieces, bins, channels]; bins: `fft_length / 2 + 1`",
        operands: Operands::Exactly(1),
        params: &[
            optional(
                "mode",
                Kind::Choice(&["log", "magnitude", "psd", "real", "imag", "angle", "stft"]),
                "log",
                "What of a spectrum there is: the logarithm of its magnitudes, these, their squares, parts, angles, or both parts.",
            ),
            optional("frame_length", Kind::Size, "256", "Samples of a piece."),
            FRAME_STEP,
            optional(
                "fft_length",
                Kind::Size,
                "None",
                "Samples that a spectrum stands for; the next power of two if not given.",
            ),
            optional("window", Kind::Choice(WINDOWS), "hann", "What weighs the samples of a piece."),
            optional("periodic", Kind::Flag, "false", "Whether the window goes on where it ends."),
            optional(
                "scaling",
                Kind::Choice(&["density", "spectrum", "None"]),
                "density",
                "What the window is divided by: the root of its squares' sum, or its sum.",
            ),
            PADDING,
            optional("expand_dims", Kind::Flag, "false", "Whether bins and channels have an axis each."),
            DATA_FORMAT,
        ],
        weights: &[
            ("real_kernel", "[frame_length, 1, bins], unless `mode = imag`"),
            ("imag_kernel", "[frame_length, 1, bins], unless `mode = real`"),
        ],
        apply: stft_spectrogram,
    },
    Entry {
        name: "mel_spectrogram",
        aliases: &[],
        class: "MelSpectrogram",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "The power of `num_mel_bins` bands that a listener hears as equally wide, in pieces of the sound, in decibels; \
              `top_db` counts from the loudest place of the whole batch, as in Keras.",
        shapes: "[batch, samples] → [batch, num_mel_bins, samples / sequence_stride + 1]",
        operands: Operands::Exactly(1),
        params: &[
            optional("fft_length", Kind::Integer, "2048", "Samples that a spectrum stands for."),
            optional("sequence_stride", Kind::Size, "512", "Samples from one piece to the next."),
            optional(
                "sequence_length",
                Kind::Integer,
                "None",
                "Samples of a piece; `fft_length` if not given.",
            ),
            optional(
                "window",
                Kind::Choice(&["hann", "hamming", "None"]),
                "hann",
                "What weighs the samples of a piece.",
            ),
            optional("sampling_rate", Kind::Number, "16000", "Samples in a second."),
            optional("num_mel_bins", Kind::Size, "128", "How many bands."),
            optional("min_freq", Kind::Number, "20.0", "The lowest frequency, in hertz."),
            optional(
                "max_freq",
                Kind::Number,
                "None",
                "The highest; half of the sampling rate if not given.",
            ),
            optional("power_to_db", Kind::Flag, "true", "Whether the result is in decibels."),
            optional("top_db", Kind::Number, "80.0", "How far below the loudest place the result ends."),
            optional("mag_exp", Kind::Number, "2.0", "The exponent of magnitudes: 2 for powers."),
            optional("min_power", Kind::Number, "0.0000000001", "The least power that counts."),
            optional("ref_power", Kind::Number, "1.0", "The power that is 0 decibels."),
        ],
        weights: &[],
        apply: mel_spectrogram,
    },
];

/// Argument `name`, which must be known to the macro.
fn known(b: &Builder, u: &Use, name: &'static str) -> Result<Option<usize>, Reported> {
    let Some(size) = u.args.optional_size(name) else { return Ok(None) };
    size.as_known().map(Some).ok_or_else(|| {
        let headline = format!("`{name}` of `{}` must be known to the macro", u.entry.name);
        b.diag.report(
            Message::new(u.args.place(name), headline)
                .help("write the number, or declare a `const` inside of the macro call"),
        )
    })
}

fn stft_spectrogram(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let frame = known(b, u, "frame_length")?.expect("it has a value");
    let step = known(b, u, "frame_step")?;
    if let Some(step) = step.filter(|step| *step > frame) {
        let headline =
            format!("`frame_step` must not be greater than `frame_length`, found {step} and {frame}");
        let message = Message::new(u.args.place("frame_step"), headline);
        return Err(b.diag.report(message.help("samples between the pieces would be left out")));
    }
    let fft = known(b, u, "fft_length")?;
    if let Some(fft) = fft.filter(|fft| *fft < frame) {
        let headline = format!("`fft_length` must be at least `frame_length`, found {fft} and {frame}");
        return Err(b.diag.report(Message::new(u.args.place("fft_length"), headline)));
    }
    let bins = fft.unwrap_or_else(|| frame.next_power_of_two()) / 2 + 1;
    let window = Window { size: frame, stride: step.unwrap_or((frame / 2).max(1)), dilation: 1 };
    let mode = u.args.text("mode").expect("it has a value");
    let s = u.spatial(b, 1)?;
    let padded = s.padded(b, u, &[window], u.args.text("padding").expect("it has a value"), 0.0)?;
    // Each channel by itself: [channels, samples].
    let signal = b.graph.permute(padded, vec![1, 0]);
    let pieces = b.graph.windows(signal, 1, vec![window]);
    let part = |b: &mut Builder, name: &str, imaginary: bool| {
        let init = Init::Stft {
            imaginary,
            window: u.args.text("window").map_or(0, window_index),
            periodic: u.args.flag("periodic"),
            scaling: u.args.text("scaling").map_or(0, scaling_index),
        };
        let kernel = b.weight(u, name, [frame, 1, bins].map(Dim::known).to_vec(), init)?;
        let kernel = b.graph.reshape(kernel, [frame, bins].map(Dim::known).to_vec());
        Ok(b.graph.matmul(pieces, kernel, false))
    };
    let real = if mode == "imag" { None } else { Some(part(b, "real_kernel", false)?) };
    let imaginary = if mode == "real" { None } else { Some(part(b, "imag_kernel", true)?) };
    let g = &mut b.graph;
    let y = match (mode, real, imaginary) {
        (_, Some(only), None) | (_, None, Some(only)) => only,
        ("angle", Some(real), Some(imaginary)) => g.arctan2(imaginary, real),
        ("stft", Some(real), Some(imaginary)) => g.concat(vec![real, imaginary], 2),
        (_, Some(real), Some(imaginary)) => of_power(g, mode, real, imaginary, bins),
        (_, None, None) => unreachable!("a mode has a part"),
    };
    Ok(arranged(b, u, y))
}

/// Magnitudes, their logarithms or their squares.
fn of_power(g: &mut Graph, mode: &str, real: Id, imaginary: Id, bins: usize) -> Id {
    let [real, imaginary] = [real, imaginary].map(|part| g.unary(Unary::Square, part));
    let power = g.binary(Binary::Add, real, imaginary);
    if mode == "psd" {
        if bins < 3 {
            return power;
        }
        // All but the first and the last stand for two frequencies.
        let inner = g.slice(power, 2, 1.into(), Dim::known(bins - 2));
        let inner = g.pad(inner, 2, 1.into(), Dim::known(bins));
        return g.binary(Binary::Add, power, inner);
    }
    let floor = g.binary_const(Binary::Maximum, power, EPSILON);
    let magnitude = g.unary(Unary::Sqrt, floor);
    if mode == "magnitude" {
        return magnitude;
    }
    let floor = g.binary_const(Binary::Maximum, magnitude, EPSILON);
    g.unary(Unary::Log, floor)
}

/// `[channels, pieces, bins]` as arguments `expand_dims` and `data_format` say.
fn arranged(b: &mut Builder, u: &Use, y: Id) -> Id {
    let dims = b.shape(y).dims;
    let first = u.args.text("data_format") == Some("channels_first");
    let flat = dims[0].mul(&dims[2]);
    match (u.args.flag("expand_dims"), first) {
        (true, true) => y,
        (true, false) => b.graph.permute(y, vec![1, 2, 0]),
        (false, true) => {
            let y = b.graph.permute(y, vec![0, 2, 1]);
            b.graph.reshape(y, vec![flat, dims[1].clone()])
        }
        (false, false) => {
            let y = b.graph.permute(y, vec![1, 0, 2]);
            b.graph.reshape(y, vec![dims[1].clone(), flat])
        }
    }
}

/// The place of a window's name in [`WINDOWS`].
pub fn window_index(name: &str) -> usize {
    WINDOWS.iter().position(|own| *own == name).expect("it is one of them")
}

/// 0: none, 1: density, 2: spectrum.
pub fn scaling_index(name: &str) -> usize {
    SCALINGS.iter().position(|own| *own == name).expect("it is one of them")
}

/// The numbers of a mel spectrogram that must fit each other.
struct Mel {
    fft: usize,
    length: usize,
    stride: usize,
    bands: usize,
    nyquist: f64,
    low: f64,
    high: f64,
}

impl Mel {
    fn of(b: &Builder, u: &Use) -> Result<Self, Reported> {
        let wrong =
            |name: &str, problem: String| Err(b.diag.report(Message::new(u.args.place(name), problem)));
        let fft = u.args.integer("fft_length");
        if !(2..=LONGEST).contains(&fft) {
            return wrong("fft_length", format!("`fft_length` must be from 2 to {LONGEST}, found {fft}"));
        }
        let length = u.args.optional_integer("sequence_length").unwrap_or(fft);
        if !(1..=fft).contains(&length) {
            let problem =
                format!("`sequence_length` must be from 1 to `fft_length`, found {length} and {fft}");
            return wrong("sequence_length", problem);
        }
        let rate = u.args.number("sampling_rate");
        if rate <= 0.0 {
            return wrong("sampling_rate", format!("`sampling_rate` must be greater than 0, found {rate}"));
        }
        let low = u.args.number("min_freq");
        let high = u.args.optional_number("max_freq").unwrap_or((rate / 2.0).trunc());
        if low < 0.0 || high <= low {
            let name = if u.args.optional_number("max_freq").is_some() { "max_freq" } else { "min_freq" };
            let problem = format!("`max_freq` must be greater than `min_freq`, found {high} and {low}");
            return wrong(name, problem);
        }
        let stride = known(b, u, "sequence_stride")?.expect("it has a value");
        let bands = known(b, u, "num_mel_bins")?.expect("it has a value");
        let (fft, length) = (fft as usize, length as usize);
        Ok(Mel { fft, length, stride, bands, nyquist: rate / 2.0, low, high })
    }

    fn bins(&self) -> usize {
        self.fft / 2 + 1
    }

    /// `[length, bins]`: cosines and sines under the window.
    fn waves(&self, g: &mut Graph, window: &str) -> [Id; 2] {
        let (n, k) = (g.iota(Dim::known(self.length)), g.iota(Dim::known(self.bins())));
        let n = g.reshape(n, vec![Dim::known(self.length), 1.into()]);
        // Turns, less the whole ones: every product is exact.
        let turns = g.binary(Binary::Mul, n, k);
        let turns = g.binary_const(Binary::Div, turns, self.fft as f32);
        let whole = g.unary(Unary::Floor, turns);
        let turns = g.binary(Binary::Sub, turns, whole);
        let angles = g.binary_const(Binary::Mul, turns, std::f32::consts::TAU);
        // Of a raised cosine the constant and the cosine's share.
        let raised = match window {
            "hann" => Some((0.5, 0.5)),
            "hamming" => Some((0.54, 0.46)),
            _ => None,
        };
        let weights = raised.map(|(level, share)| {
            let angle = g.binary_const(Binary::Mul, n, std::f32::consts::TAU / self.length as f32);
            let cosine = g.unary(Unary::Cos, angle);
            let cosine = g.binary_const(Binary::Mul, cosine, -share);
            g.binary_const(Binary::Add, cosine, level)
        });
        [Unary::Cos, Unary::Sin].map(|f| {
            let wave = g.unary(f, angles);
            weights.map_or(wave, |weights| g.binary(Binary::Mul, wave, weights))
        })
    }

    /// `[bins, bands]`: what each frequency adds to each band, triangles on the mel scale; the constant adds nothing.
    fn bands(&self, g: &mut Graph) -> Id {
        let mel = |hertz: f64| MEL * (1.0 + hertz / MEL_BREAK).ln();
        let (low, high) = (mel(self.low), mel(self.high));
        let width = (high - low) / (self.bands + 1) as f64;
        let places = g.iota(Dim::known(self.bins()));
        let places = g.reshape(places, vec![Dim::known(self.bins()), 1.into()]);
        let scale = self.nyquist / (self.bins() - 1) as f64 / MEL_BREAK;
        let heights = g.binary_const(Binary::Mul, places, scale as f32);
        let heights = g.unary(Unary::Log1p, heights);
        let heights = g.binary_const(Binary::Mul, heights, MEL as f32);
        // In widths of a band from its lower edge.
        let heights = g.binary_const(Binary::Sub, heights, low as f32);
        let heights = g.binary_const(Binary::Div, heights, width as f32);
        let band = g.iota(Dim::known(self.bands));
        let rising = g.binary(Binary::Sub, heights, band);
        let falling = g.unary(Unary::Neg, rising);
        let falling = g.binary_const(Binary::Add, falling, 2.0);
        let slope = g.binary(Binary::Minimum, rising, falling);
        let slope = g.binary_const(Binary::Maximum, slope, 0.0);
        let sounding = g.binary_const(Binary::Gt, places, 0.0);
        g.binary(Binary::Mul, slope, sounding)
    }
}

fn mel_spectrogram(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let mel = Mel::of(b, u)?;
    let shape = b.shape(u.x());
    let samples = match &shape.dims[..] {
        [samples] => samples.as_known(),
        _ => None,
    };
    let around = mel.fft / 2;
    let Some(samples) = samples.filter(|samples| *samples > around) else {
        let input = &u.inputs[0];
        let headline = format!(
            "`mel_spectrogram` takes [batch, samples] of more than {around} samples, but its input is {shape}"
        );
        let message = u.misfit(input, headline, format!("this layer is given {shape}"));
        let message = message.note(format!("`{}` makes {shape}", input.text));
        return Err(b.diag.report(message.help("half of `fft_length` samples are mirrored at both ends")));
    };
    let mirrored = mirrored(&mut b.graph, u.x(), samples, around);
    // Shorter pieces lie in the middle of the samples that a spectrum stands for.
    let before = (mel.fft - mel.length) / 2;
    let within = samples + 2 * around + mel.length - mel.fft;
    let signal = b.graph.slice(mirrored, 0, before.into(), within.into());
    let window = Window { size: mel.length, stride: mel.stride, dilation: 1 };
    let pieces = b.graph.windows(signal, 0, vec![window]);
    let g = &mut b.graph;
    let parts = mel.waves(g, u.args.text("window").expect("it has a value")).map(|waves| {
        let part = g.matmul(pieces, waves, false);
        g.unary(Unary::Square, part)
    });
    let mut power = g.binary(Binary::Add, parts[0], parts[1]);
    let exponent = u.args.number("mag_exp") as f32 / 2.0;
    if exponent != 1.0 {
        power = g.binary_const(Binary::Pow, power, exponent);
    }
    let bands = mel.bands(g);
    let mut y = g.matmul(power, bands, false);
    if u.args.flag("power_to_db") {
        y = decibels(g, u, y);
    }
    Ok(g.permute(y, vec![1, 0]))
}

/// `x` with `around` samples more at each end, in a mirror that stands on the last one.
fn mirrored(g: &mut Graph, x: Id, samples: usize, around: usize) -> Id {
    let ends = [1, samples - 1 - around].map(|start| {
        let end = g.slice(x, 0, start.into(), around.into());
        g.flip(end, 0)
    });
    g.concat(vec![ends[0], x, ends[1]], 0)
}

fn decibels(g: &mut Graph, u: &Use, x: Id) -> Id {
    let number = |name| u.args.number(name) as f32;
    let scale = 10.0 / std::f32::consts::LN_10;
    let level = |g: &mut Graph, x: Id| {
        let floor = g.binary_const(Binary::Maximum, x, number("min_power"));
        let log = g.unary(Unary::Log, floor);
        g.binary_const(Binary::Mul, log, scale)
    };
    let y = level(g, x);
    let reference = 10.0 * number("ref_power").abs().max(number("min_power")).log10();
    let y = g.binary_const(Binary::Sub, y, reference);
    let axes: Vec<usize> = (0..g.shape(y).rank()).collect();
    let one = Shape::fixed(vec![Dim::known(1); axes.len()]);
    let loudest = g.push(Op::Reduce { kind: ReduceKind::Max, x: y, axes, batch: true }, one);
    let least = g.binary_const(Binary::Sub, loudest, number("top_db"));
    g.binary(Binary::Maximum, y, least)
}
