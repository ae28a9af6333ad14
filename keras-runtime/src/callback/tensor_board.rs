//! TensorBoard.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ndarray::ArrayD;

use super::events::{Events, Graph, Summary};
use super::{Callback, Logs, Training};
use crate::error::{Error, Result};
use crate::io::write_whole;

/// When scalars are written beside those of every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpdateFreq {
    /// Never.
    #[default]
    Epoch,
    /// After so many batches, counted through the epochs: `batch_loss` and the like, by training step.
    Batches(u64),
}

/// Writes event files for TensorBoard (`keras.callbacks.TensorBoard`): losses, metrics and the step size of every epoch,
/// those of training in the folder `train`, those of validation in the folder `validation`; the model's graph, histograms and
/// pictures of the weights, and embeddings for the projector.
#[derive(Debug)]
pub struct TensorBoard {
    /// The folder.
    pub log_dir: PathBuf,
    /// Histograms of the weights are written after every so many epochs; never for 0.
    pub histogram_freq: usize,
    /// Whether the model's graph is written.
    pub write_graph: bool,
    /// Whether weights are written as pictures too, as often as their histograms: grey, the least number black and the greatest
    /// white, a matrix with its longer side across; of weights with more axes the first 3 slices of the first two.
    pub write_images: bool,
    /// Tables of embeddings are written for TensorBoard's projector after every so many epochs, the last ones in the place of
    /// those before; never for 0.
    pub embeddings_freq: usize,
    /// Names of layers, and files that tell what each row of their tables is: one line a row, for the projector.
    pub embeddings_metadata: Vec<(String, PathBuf)>,
    /// Whether steps per second are written.
    pub write_steps_per_second: bool,
    /// When scalars are written.
    pub update_freq: UpdateFreq,
    train: Option<Events>,
    validation: Option<Events>,
    epoch_begun: Option<(Instant, u64)>,
    /// Whether `fit` is at work, rather than an evaluation of its own.
    fitting: bool,
}

impl TensorBoard {
    /// Writes to `log_dir`.
    pub fn new(log_dir: impl Into<PathBuf>) -> Self {
        TensorBoard {
            log_dir: log_dir.into(),
            histogram_freq: 0,
            write_graph: true,
            write_images: false,
            embeddings_freq: 0,
            embeddings_metadata: vec![],
            write_steps_per_second: false,
            update_freq: UpdateFreq::Epoch,
            train: None,
            validation: None,
            epoch_begun: None,
            fitting: false,
        }
    }

    /// Writes histograms of the weights after every `epochs` epochs.
    pub fn with_histograms(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Writes scalars as often as `update_freq` says.
    pub fn updating(mut self, update_freq: UpdateFreq) -> Self {
        self.update_freq = update_freq;
        self
    }

    fn write(&mut self, validation: bool, step: u64, summary: &Summary) -> Result<()> {
        self.write_event(validation, &|events, time| events.summary(time, step, summary))
    }

    /// Writes into the file of training or validation, which is made if it is not there yet.
    fn write_event(
        &mut self,
        validation: bool,
        event: &dyn Fn(&mut Events, f64) -> std::io::Result<()>,
    ) -> Result<()> {
        let folder = self.log_dir.join(if validation { "validation" } else { "train" });
        let events = if validation { &mut self.validation } else { &mut self.train };
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if events.is_none() {
            fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
            let path = folder.join(format!(
                "events.out.tfevents.{}.localhost.{}.{}.v2",
                time.as_secs(),
                std::process::id(),
                time.subsec_nanos()
            ));
            *events =
                Some(Events::create(&path, time.as_secs_f64()).map_err(|source| failed(&path, source))?);
        }
        let written = events.as_mut().map_or(Ok(()), |events| event(events, time.as_secs_f64()));
        written.map_err(|source| failed(&folder, source))
    }

    fn write_weights(&mut self, epoch: usize, training: &Training<'_>) -> Result<()> {
        let mut summary = Summary::default();
        for (name, values) in training.weights() {
            summary.histogram(&format!("{name}/histogram"), &values);
        }
        if self.write_images {
            for weight in training.spec().weights {
                add_images(&mut summary, weight.name, &training.weight(weight.name)?);
            }
        }
        self.write(false, epoch as u64, &summary)
    }

    fn write_graph(&mut self, training: &Training<'_>) -> Result<()> {
        let mut graph = Graph::default();
        let spec = training.spec();
        // The input of a chain is no layer of it.
        let chained = spec.layers.iter().flat_map(|layer| layer.inputs);
        if let Some(name) =
            chained.into_iter().find(|name| !spec.layers.iter().any(|layer| layer.name == **name))
        {
            graph.node(name, "InputLayer", &[], spec.inputs[0].shape);
        }
        for layer in spec.layers {
            graph.node(layer.name, layer.kind, layer.inputs, layer.output);
        }
        self.write_event(false, &|events, time| events.graph(time, &graph))
    }

    /// A table for each embedding, and the projector's configuration, which names them.
    fn write_embeddings(&self, training: &Training<'_>) -> Result<()> {
        let folder = self.log_dir.join("train");
        fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
        let mut config = String::new();
        for layer in training.spec().layers.iter().filter(|layer| layer.kind.ends_with("Embedding")) {
            let name = format!("{}/embeddings", layer.name);
            let Ok(table) = training.weight(&name) else { continue };
            let rows = table.outer_iter().map(|row| {
                let words: Vec<String> = row.iter().map(f32::to_string).collect();
                words.join("\t") + "\n"
            });
            let file = format!("{}.tsv", layer.name.replace('/', "_"));
            write_whole(&folder.join(&file), rows.collect::<String>().as_bytes())?;
            config += &format!("embeddings {{\n  tensor_name: {name:?}\n  tensor_path: {file:?}\n");
            if let Some((_, path)) = self.embeddings_metadata.iter().find(|(of, _)| of == layer.name) {
                let path = path.display().to_string();
                config += &format!("  metadata_path: {path:?}\n");
            }
            config += "}\n";
        }
        write_whole(&folder.join("projector_config.pbtxt"), config.as_bytes())
    }
}

fn failed(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "write", path: path.into(), source }
}

/// Slices of a weight that are shown, at most, as in TensorFlow's summaries.
const IMAGES: usize = 3;

/// A weight as one picture, or some.
fn add_images(summary: &mut Summary, name: &str, weight: &ArrayD<f32>) {
    let (least, most) = weight
        .iter()
        .filter(|x| x.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), x| (least.min(*x), most.max(*x)));
    if least > most {
        return;
    }
    let grey = |x: &f32| ((x - least) / (most - least).max(f32::MIN_POSITIVE) * 255.0).round() as u8;
    let sizes: Vec<usize> = weight.shape().iter().copied().filter(|size| *size != 1).collect();
    let flat: Vec<u8> = weight.iter().map(grey).collect();
    let (height, width, slices) = match sizes[..] {
        [] => (1, 1, 1),
        [n] => (1, n, 1),
        [height, width, ref rest @ ..] => (height, width, rest.iter().product()),
    };
    for slice in 0..slices.min(IMAGES) {
        let at = |row: usize, column: usize| flat[(row * width + column) * slices + slice];
        let (pixels, size) = match height > width {
            false => {
                ((0..height * width).map(|i| at(i / width, i % width)).collect::<Vec<_>>(), [height, width])
            }
            true => ((0..height * width).map(|i| at(i % height, i / height)).collect(), [width, height]),
        };
        summary.image(&format!("{name}/image/{slice}"), &pixels, size);
    }
}

impl Callback for TensorBoard {
    fn wants_batches(&self) -> bool {
        self.update_freq != UpdateFreq::Epoch
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (self.train, self.validation, self.fitting) = (None, None, true);
        for (layer, _) in &self.embeddings_metadata {
            let layers = training.spec().layers.iter();
            let embeddings = || layers.clone().filter(|layer| layer.kind.ends_with("Embedding"));
            if !embeddings().any(|other| other.name == layer) {
                return Err(Error::Unknown {
                    kind: "embedding",
                    name: layer.clone(),
                    known: embeddings().map(|layer| layer.name).collect::<Vec<_>>().join(", "),
                });
            }
        }
        if self.write_graph { self.write_graph(training) } else { Ok(()) }
    }

    fn on_epoch_begin(&mut self, _: usize, training: &mut Training<'_>) -> Result<()> {
        self.epoch_begun = Some((Instant::now(), training.steps()));
        Ok(())
    }

    fn on_train_batch_end(&mut self, _: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        let UpdateFreq::Batches(every) = self.update_freq else { return Ok(()) };
        let step = training.steps();
        if !step.is_multiple_of(every.max(1)) {
            return Ok(());
        }
        let mut summary = Summary::default();
        logs.iter().for_each(|(name, value)| summary.scalar(&format!("batch_{name}"), value));
        self.write(false, step, &summary)
    }

    fn on_test_end(&mut self, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        let mut summary = Summary::default();
        for (name, value) in logs.iter() {
            summary.scalar(&format!("evaluation_{name}_vs_iterations"), value);
        }
        self.write(true, training.steps(), &summary)?;
        if !self.fitting {
            self.validation = None;
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        let (mut trained, mut validated) = (Summary::default(), Summary::default());
        for (name, value) in logs.iter().filter(|(name, _)| *name != "learning_rate") {
            match name.strip_prefix("val_") {
                Some(name) => validated.scalar(&format!("epoch_{name}"), value),
                None => trained.scalar(&format!("epoch_{name}"), value),
            }
        }
        trained.scalar("epoch_learning_rate", f64::from(training.learning_rate()));
        if let Some((begun, steps)) = self.epoch_begun.filter(|_| self.write_steps_per_second) {
            let rate = (training.steps() - steps) as f64 / begun.elapsed().as_secs_f64();
            trained.scalar("epoch_steps_per_second", rate);
        }
        self.write(false, epoch as u64, &trained)?;
        if logs.names().iter().any(|name| name.starts_with("val_")) {
            self.write(true, epoch as u64, &validated)?;
        }
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            self.write_weights(epoch, training)?;
        }
        if self.embeddings_freq > 0 && epoch.is_multiple_of(self.embeddings_freq) {
            self.write_embeddings(training)?;
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &Logs, _: &mut Training<'_>) -> Result<()> {
        (self.train, self.validation, self.fitting) = (None, None, false);
        Ok(())
    }
}
