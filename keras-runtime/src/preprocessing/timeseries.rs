//! Windows of a series (`keras.utils.timeseries_dataset_from_array`, `keras.preprocessing.sequence.TimeseriesGenerator`).

use ndarray::{ArrayD, Axis};

use crate::data::{Dataset, IntoTensor, Sample, Samples};
use crate::error::{Error, Result};

/// Which windows [`timeseries_dataset_from_array`] gives: Keras's arguments and defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeseries {
    /// Steps of a window.
    pub sequence_length: usize,
    /// Steps between the beginnings of two windows.
    pub sequence_stride: usize,
    /// Steps of the series between two of a window.
    pub sampling_rate: usize,
    /// Windows of a batch.
    pub batch_size: usize,
    /// The seed of a random order; without it, windows are in the order of the series.
    pub shuffle: Option<u64>,
    /// The first step of the series that is in a window.
    pub start_index: usize,
    /// The step that is behind the last one in a window; the end of the series if it is not given.
    pub end_index: Option<usize>,
}

impl Timeseries {
    /// Windows of so many steps.
    pub fn new(sequence_length: usize) -> Self {
        Timeseries {
            sequence_length,
            sequence_stride: 1,
            sampling_rate: 1,
            batch_size: 128,
            shuffle: None,
            start_index: 0,
            end_index: None,
        }
    }
}

/// Batches of windows of a series, whose first dimension is time. A window that begins at step `i` has row `i` of `targets` as its
/// target; without targets there is nothing but inputs.
///
/// ```
/// use keras_runtime::data::Batches;
/// use keras_runtime::preprocessing::timeseries::{Timeseries, timeseries_dataset_from_array};
///
/// let series: Vec<f32> = (0..100).map(|i| i as f32).collect();
/// // Ten steps, and the one behind them.
/// let targets = series[10..].to_vec();
/// let settings = Timeseries { batch_size: 4, sequence_stride: 3, ..Timeseries::new(10) };
/// let mut dataset = timeseries_dataset_from_array(series, Some(targets), &settings)?;
/// dataset.begin(0)?;
/// let batch = dataset.next()?.expect("a batch");
/// assert_eq!((batch.x[0].to_array()[[1, 0]], batch.x[0].to_array()[[1, 9]]), (3.0, 12.0));
/// assert_eq!(batch.y[0].to_array().as_slice(), Some(&[10.0, 13.0, 16.0, 19.0][..]));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
///
/// # Errors
/// When a setting is out of its range, there is no window, or a window has no target.
pub fn timeseries_dataset_from_array<T: IntoTensor<'static>>(
    data: impl IntoTensor<'static>,
    targets: Option<T>,
    settings: &Timeseries,
) -> Result<Dataset> {
    let data = data.into_tensor().to_array();
    let targets = targets.map(|targets| targets.into_tensor().to_array());
    let len = rows(&data);
    let &Timeseries { sequence_length, sequence_stride, sampling_rate, start_index, .. } = settings;
    let end = settings.end_index.unwrap_or(len);
    within("sequence_length", sequence_length, 1, usize::MAX)?;
    within("batch_size", settings.batch_size, 1, usize::MAX)?;
    within("sampling_rate", sampling_rate, 1, len)?;
    within("sequence_stride", sequence_stride, 1, len)?;
    within("start_index", start_index, 0, len)?;
    within("end_index", end, start_index + 1, settings.end_index.map_or(usize::MAX, |_| len))?;
    let reach = (sequence_length - 1).saturating_mul(sampling_rate);
    let mut windows = (end - start_index).saturating_sub(reach);
    if let Some(targets) = &targets {
        windows = windows.min(rows(targets));
    }
    let starts: Vec<usize> = (0..windows).step_by(sequence_stride).map(|i| start_index + i).collect();
    let last = starts.last().copied().unwrap_or(0);
    if let Some(targets) = targets.as_ref().filter(|targets| rows(targets) <= last) {
        return Err(Error::Rows {
            what: "targets".into(),
            found: rows(targets),
            other: format!("the series up to the beginning of the last window, step {last},"),
            expected: last + 1,
        });
    }
    let windows = Windows {
        targets,
        at: starts.iter().map(|start| (*start, *start)).collect(),
        length: sequence_length,
        rate: sampling_rate,
        reverse: false,
        data,
    };
    let dataset = Dataset::new(windows)?.batch(settings.batch_size);
    Ok(match settings.shuffle {
        Some(seed) => dataset.shuffle(seed),
        None => dataset,
    })
}

/// Which windows [`timeseries_generator`] gives: Keras's arguments and defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeseriesGenerator {
    /// Steps of the series that a window reaches over.
    pub length: usize,
    /// Steps of the series between two of a window.
    pub sampling_rate: usize,
    /// Steps between two windows.
    pub stride: usize,
    /// The first step of the series that is in a window.
    pub start_index: usize,
    /// The last step that is a target; the last of the series if it is not given.
    pub end_index: Option<usize>,
    /// The seed of a random order; without it, windows are in the order of the series.
    pub shuffle: Option<u64>,
    /// Whether the last step of a window comes first.
    pub reverse: bool,
    /// Windows of a batch.
    pub batch_size: usize,
}

impl TimeseriesGenerator {
    /// Windows over so many steps.
    pub fn new(length: usize) -> Self {
        TimeseriesGenerator {
            length,
            sampling_rate: 1,
            stride: 1,
            start_index: 0,
            end_index: None,
            shuffle: None,
            reverse: false,
            batch_size: 128,
        }
    }
}

/// Batches of windows of a series, each with the row of `targets` behind it (`TimeseriesGenerator`). With a seed, each pass takes
/// every window once, in a random order; Keras draws them.
///
/// # Errors
/// When a setting is out of its range, `targets` has another length than the series, or there is no window.
pub fn timeseries_generator(
    data: impl IntoTensor<'static>,
    targets: impl IntoTensor<'static>,
    settings: &TimeseriesGenerator,
) -> Result<Dataset> {
    let (data, targets) = (data.into_tensor().to_array(), targets.into_tensor().to_array());
    let &TimeseriesGenerator { length, sampling_rate, stride, start_index, batch_size, reverse, .. } =
        settings;
    let (len, found) = (rows(&data), rows(&targets));
    if len != found {
        return Err(Error::Rows { what: "targets".into(), found, other: "the series".into(), expected: len });
    }
    for (name, value) in
        [("length", length), ("sampling_rate", sampling_rate), ("stride", stride), ("batch_size", batch_size)]
    {
        within(name, value, 1, usize::MAX)?;
    }
    let first = start_index.saturating_add(length);
    let last = settings.end_index.unwrap_or(len.saturating_sub(1));
    within("end_index", last, first, len)?;
    let at = (first..=last).step_by(stride).map(|row| (row - length, row)).collect();
    let windows = Windows {
        data,
        targets: Some(targets),
        at,
        length: length.div_ceil(sampling_rate),
        rate: sampling_rate,
        reverse,
    };
    let dataset = Dataset::new(windows)?.batch(batch_size);
    Ok(match settings.shuffle {
        Some(seed) => dataset.shuffle(seed),
        None => dataset,
    })
}

fn rows(array: &ArrayD<f32>) -> usize {
    array.shape().first().copied().unwrap_or(0)
}

/// `value` is at least `least` and below `below`, if that is not the greatest number.
fn within(name: &'static str, value: usize, least: usize, below: usize) -> Result<()> {
    if value >= least && (value < below || below == usize::MAX) {
        return Ok(());
    }
    let expected = match below {
        usize::MAX => format!("at least {least}"),
        _ => format!("at least {least} and below {below}"),
    };
    Err(Error::Setting { name, expected, found: value.to_string() })
}

/// Windows of a series, read when they are asked for: the series is in memory once.
#[derive(Debug)]
struct Windows {
    data: ArrayD<f32>,
    targets: Option<ArrayD<f32>>,
    /// Where each window begins, and the row of its target.
    at: Vec<(usize, usize)>,
    /// Steps of a window.
    length: usize,
    /// Steps of the series between two of them.
    rate: usize,
    reverse: bool,
}

impl Samples for Windows {
    fn len(&self) -> usize {
        self.at.len()
    }

    fn sample(&self, index: usize) -> Result<Sample> {
        let (start, target) = self.at[index];
        let mut steps: Vec<usize> = (0..self.length).map(|step| start + step * self.rate).collect();
        if self.reverse {
            steps.reverse();
        }
        let row = |targets: &ArrayD<f32>| targets.index_axis(Axis(0), target).to_owned();
        Ok(Sample {
            x: vec![self.data.select(Axis(0), &steps)],
            y: self.targets.iter().map(row).collect(),
            sample_weight: vec![],
        })
    }
}
