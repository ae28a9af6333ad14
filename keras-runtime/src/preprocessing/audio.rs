//! Sound as arrays, and folders of WAV files as data sets (`keras.utils.audio_dataset_from_directory`).

use std::path::Path;

use ndarray::{Array2, s};

use super::directory::{Directory, Files};
use crate::data::{Dataset, Sample, Samples};
use crate::error::{Error, Result};

/// The samples of a WAV file from -1 to 1, `[length, channels]`, and how many there are in a second (`tensorflow.audio.decode_wav`).
///
/// # Errors
/// When the file cannot be read, or is no WAV file.
pub fn read_wav(path: impl AsRef<Path>) -> Result<(Array2<f32>, u32)> {
    let path = path.as_ref();
    let wrong = |problem: String| Error::Format { file: path.display().to_string(), problem };
    let file =
        std::fs::read(path).map_err(|source| Error::Io { action: "read", path: path.into(), source })?;
    let broken = |error: hound::Error| wrong(format!("is no whole WAV file ({error})"));
    let reader = hound::WavReader::new(&file[..]).map_err(broken)?;
    let hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
    let scale = (2.0f64.powi(i32::from(bits_per_sample) - 1)).recip();
    let words: Vec<f32> = match sample_format {
        hound::SampleFormat::Float => reader.into_samples().collect::<Result<_, _>>(),
        hound::SampleFormat::Int => {
            reader.into_samples::<i32>().map(|sample| Ok((f64::from(sample?) * scale) as f32)).collect()
        }
    }
    .map_err(broken)?;
    let channels = usize::from(channels);
    let length = words.len().checked_div(channels).unwrap_or(0);
    let sound = Array2::from_shape_vec((length, channels), words);
    Ok((sound.map_err(|error| wrong(format!("ends within a sample ({error})")))?, sample_rate))
}

/// Which sounds [`audio_dataset_from_directory`] gives: Keras's arguments and defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioDirectory {
    /// Which files, and what their labels are.
    pub files: Directory,
    /// Sounds of a batch.
    pub batch_size: usize,
    /// The length of each: longer ones are cut, shorter ones have zeros behind them. Without it, all files of a batch must have
    /// one length.
    pub output_sequence_length: Option<usize>,
}

impl Default for AudioDirectory {
    fn default() -> Self {
        AudioDirectory { files: Directory::default(), batch_size: 32, output_sequence_length: None }
    }
}

/// Batches of the WAV files of a folder, `[length, channels]`, read when they are needed, and their files
/// (`keras.utils.audio_dataset_from_directory`). With `shuffle`, each pass has an order of its own.
///
/// ```no_run
/// use keras_runtime::preprocessing::audio::{AudioDirectory, audio_dataset_from_directory};
/// let settings = AudioDirectory { output_sequence_length: Some(16_000), ..AudioDirectory::default() };
/// let (dataset, files) = audio_dataset_from_directory("commands", &settings)?;
/// println!("{}", files.class_names.join(", "));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When the folder cannot be read, or the settings contradict it or each other.
pub fn audio_dataset_from_directory(
    directory: impl AsRef<Path>,
    settings: &AudioDirectory,
) -> Result<(Dataset, Files)> {
    if settings.output_sequence_length == Some(0) {
        let (name, expected) = ("output_sequence_length", "at least 1".into());
        return Err(Error::Setting { name, expected, found: "0".into() });
    }
    let files = settings.files.files(directory, &[".wav"])?;
    let sounds = Sounds { files: files.clone(), length: settings.output_sequence_length };
    let dataset = Dataset::new(sounds)?.batch(settings.batch_size);
    Ok(match settings.files.shuffle {
        Some(seed) => (dataset.shuffle(seed.into()), files),
        None => (dataset, files),
    })
}

#[derive(Debug)]
struct Sounds {
    files: Files,
    length: Option<usize>,
}

impl Samples for Sounds {
    fn len(&self) -> usize {
        self.files.file_paths.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        let (mut sound, _) = read_wav(&self.files.file_paths[index])?;
        if let Some(length) = self.length {
            let kept = length.min(sound.nrows());
            let mut whole = Array2::zeros((length, sound.ncols()));
            whole.slice_mut(s![..kept, ..]).assign(&sound.slice(s![..kept, ..]));
            sound = whole;
        }
        Ok(Sample {
            x: vec![sound.into_dyn()],
            y: self.files.label(index).into_iter().collect(),
            sample_weight: vec![],
        })
    }
}
