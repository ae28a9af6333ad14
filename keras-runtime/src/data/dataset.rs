//! Data sets that read, change and gather samples on other threads, ahead of the training.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::prefetch::Prefetch;
use super::samples::{InMemorySamples, Sample, Samples, stacked};
use super::split::Reordered;
use super::{Arrays, Batch, Batches};
use crate::error::{Error, Result};
use crate::random::Philox;

/// What changes a sample; it draws from random numbers of that sample and pass.
type Map = Arc<dyn Fn(Sample, &mut Philox) -> Result<Sample> + Send + Sync>;

/// What changes a batch; it draws from random numbers of that batch and pass.
type BatchMap = Arc<dyn Fn(Batch, &mut Philox) -> Result<Batch> + Send + Sync>;

/// Batches of samples: read, changed, shuffled and gathered, perhaps on threads of its own ahead of the training.
///
/// The same seed gives the same batches in the same order, whatever the number of threads: the order and the random numbers
/// of a pass depend on its number alone.
///
/// ```
/// use keras_runtime::prelude::*;
///
/// keras_model! { Net = dense(8, relu, input = 3) >> dense(1) }
///
/// let x = ndarray::Array2::from_shape_fn((100, 3), |(i, j)| ((i * 3 + j) % 7) as f32);
/// let y: Vec<f32> = x.rows().into_iter().map(|row| row.sum()).collect();
/// let dataset = Dataset::from_arrays(x, y)?;
/// let (train, mut held_back) = dataset.split(0.2)?;
/// let mut train = train
///     .map(|mut sample, random| {
///         sample.x[0].mapv_inplace(|x| x + 0.1 * random.normal());
///         Ok(sample)
///     })
///     .shuffle(42)
///     .batch(16)
///     .prefetch(2, 4);
/// let mut model = Net::new(1).compile(Adam::default(), MeanSquaredError, ());
/// let settings = Fit {
///     epochs: 2,
///     validation_dataset: Some(Box::new(&mut held_back)),
///     verbose: Verbose::Silent,
///     ..Fit::default()
/// };
/// let history = model.fit_dataset(&mut train, settings)?;
/// assert_eq!((model.steps(), history.get("val_loss").map(|losses| losses.len())), (10, Some(2)));
/// # Ok::<(), keras_runtime::Error>(())
/// ```
#[derive(Debug)]
pub struct Dataset {
    recipe: Recipe,
    /// Threads that read ahead, and the most batches that they are ahead.
    ahead: Option<(usize, usize)>,
    pass: Arc<Pass>,
    /// Batches of the pass that were given or left out.
    at: usize,
    prefetch: Option<Prefetch>,
}

/// How batches are made.
#[derive(Clone)]
struct Recipe {
    samples: Arc<dyn Samples>,
    rows: Range<usize>,
    maps: Vec<Map>,
    batch_maps: Vec<BatchMap>,
    shuffle: bool,
    seed: u64,
    batch_size: usize,
    drop_remainder: bool,
}

/// The batches of one pass.
pub(super) struct Pass {
    recipe: Recipe,
    number: usize,
    order: Vec<u32>,
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} samples in batches of {}", self.rows.len(), self.batch_size)
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pass {}", self.number)
    }
}

/// Streams of random numbers that the order of a pass follows from.
const ORDERS: u64 = 1 << 33;
/// Streams of random numbers for changing samples.
const CHANGES: u64 = 1 << 62;
/// Streams of random numbers for changing batches.
const BATCHES: u64 = 1 << 61;

impl Recipe {
    fn batches(&self) -> usize {
        match self.drop_remainder {
            true => self.rows.len() / self.batch_size,
            false => self.rows.len().div_ceil(self.batch_size),
        }
    }

    fn pass(&self, number: usize) -> Pass {
        let mut order: Vec<u32> = (self.rows.start as u32..self.rows.end as u32).collect();
        if self.shuffle {
            Philox::new(self.seed, ORDERS + number as u64).shuffle(&mut order);
        }
        Pass { recipe: self.clone(), number, order }
    }
}

impl Pass {
    pub fn batches(&self) -> usize {
        self.recipe.batches()
    }

    /// Makes batch `i`: a function of its number and that of the pass.
    pub fn batch(&self, i: usize) -> Result<Batch> {
        let Recipe { samples, maps, batch_maps, seed, batch_size, .. } = &self.recipe;
        let rows = &self.order[i * batch_size..((i + 1) * batch_size).min(self.order.len())];
        let read = |row: &u32| {
            let stream = CHANGES | (self.number as u64 & 0x3fff_ffff) << 32 | u64::from(*row);
            let mut random = Philox::new(*seed, stream);
            maps.iter().try_fold(samples.sample(*row as usize)?, |sample, map| map(sample, &mut random))
        };
        let batch = stacked(&rows.iter().map(read).collect::<Result<Vec<Sample>>>()?)?;
        let stream = BATCHES | (self.number as u64 & 0x1fff_ffff) << 32 | i as u64;
        let mut random = Philox::new(*seed, stream);
        batch_maps.iter().try_fold(batch, |batch, map| map(batch, &mut random))
    }
}

impl Dataset {
    /// All samples in their order, in batches of 32.
    ///
    /// # Errors
    /// When there is no sample, or more than 2^32.
    pub fn new(samples: impl Samples + 'static) -> Result<Self> {
        let len = samples.len();
        if len == 0 {
            return Err(Error::Empty { what: "the data set".into() });
        }
        if len > u32::MAX as usize {
            let expected = "fewer than 2^32".into();
            return Err(Error::Setting { name: "samples", expected, found: len.to_string() });
        }
        Ok(Self::of(Recipe {
            samples: Arc::new(samples),
            rows: 0..len,
            maps: vec![],
            batch_maps: vec![],
            shuffle: false,
            seed: 0,
            batch_size: 32,
            drop_remainder: false,
        }))
    }

    /// Samples of arrays that it owns, or tuples of arrays: the first dimension counts the samples.
    ///
    /// # Errors
    /// When they have different numbers of samples, or none.
    pub fn from_arrays(x: impl Arrays<'static>, y: impl Arrays<'static>) -> Result<Self> {
        Self::new(InMemorySamples::new(x, y)?)
    }

    /// The same, and what each sample, or each step of each, counts in the loss and in
    /// [`Weighted`](crate::metric::Weighted) metrics: one array for all outputs, or a tuple with one for each.
    ///
    /// ```
    /// use keras_runtime::prelude::*;
    ///
    /// keras_model! { Net = dense(1, input = 3) }
    ///
    /// let (x, y) = (ndarray::Array2::<f32>::ones((100, 3)), vec![1.0f32; 100]);
    /// let weights: Vec<f32> = (0..100).map(|i| if i < 50 { 1.0 } else { 0.1 }).collect();
    /// let mut dataset = Dataset::from_weighted_arrays(x, y, weights)?.shuffle(1).batch(10);
    /// let mut model = Net::new(1).compile(Sgd::default(), MeanSquaredError, ());
    /// model.fit_dataset(&mut dataset, Fit { verbose: Verbose::Silent, ..Fit::default() })?;
    /// # Ok::<(), keras_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// When they have different numbers of samples, or none.
    pub fn from_weighted_arrays(
        x: impl Arrays<'static>,
        y: impl Arrays<'static>,
        sample_weight: impl Arrays<'static>,
    ) -> Result<Self> {
        Self::new(InMemorySamples::weighted(x, y, sample_weight)?)
    }

    fn of(recipe: Recipe) -> Self {
        let pass = Arc::new(recipe.pass(0));
        Dataset { recipe, ahead: None, pass, at: 0, prefetch: None }
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.recipe.rows.len()
    }

    /// Whether there is none: never.
    pub fn is_empty(&self) -> bool {
        self.recipe.rows.is_empty()
    }

    fn changed(mut self, change: impl FnOnce(&mut Recipe)) -> Self {
        let ahead = self.ahead;
        change(&mut self.recipe);
        Dataset { ahead, ..Self::of(self.recipe.clone()) }
    }

    /// Changes every sample with `change`, which is given random numbers for that: others for each sample and pass.
    pub fn map(self, change: impl Fn(Sample, &mut Philox) -> Result<Sample> + Send + Sync + 'static) -> Self {
        self.changed(|recipe| recipe.maps.push(Arc::new(change)))
    }

    /// Changes every batch with `change`, which is given random numbers for that: others for each batch and pass. What mixes
    /// samples with each other is such a map: [`mix_up`](super::mix_up), [`cut_mix`](super::cut_mix).
    pub fn map_batches(
        self,
        change: impl Fn(Batch, &mut Philox) -> Result<Batch> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|recipe| recipe.batch_maps.push(Arc::new(change)))
    }

    /// Takes the samples of every pass in another order, all of which follow from `seed`.
    pub fn shuffle(self, seed: u64) -> Self {
        self.changed(|recipe| (recipe.shuffle, recipe.seed) = (true, seed))
    }

    /// Gathers so many samples (at least one) in a batch.
    pub fn batch(self, batch_size: usize) -> Self {
        self.changed(|recipe| recipe.batch_size = batch_size.max(1))
    }

    /// Leaves out a last batch that would be smaller than the others.
    pub fn drop_remainder(self) -> Self {
        self.changed(|recipe| recipe.drop_remainder = true)
    }

    /// Makes batches on `threads` threads (none for 0), at most `batches` ahead of the training.
    pub fn prefetch(mut self, threads: usize, batches: usize) -> Self {
        self.ahead = (threads > 0).then_some((threads, batches.max(1)));
        self.prefetch = None;
        self
    }

    /// Two data sets: without the last `share` of the samples, and with these alone, to validate with. All that was said of
    /// maps, orders and batches holds for both.
    ///
    /// # Errors
    /// When one of them would be empty.
    pub fn split(self, share: f32) -> Result<(Self, Self)> {
        let len = self.len();
        let first = (len as f64 * (1.0 - f64::from(share))).floor() as usize;
        if first == 0 || first >= len {
            let expected = format!("a share that leaves samples on both sides of {len}");
            return Err(Error::Setting { name: "share", expected, found: share.to_string() });
        }
        self.parts(first, len - first, None)
    }

    /// The first samples and the last, of which there are so many; in a random order before, if there is a seed.
    pub(super) fn parts(self, left: usize, right: usize, shuffle: Option<u64>) -> Result<(Self, Self)> {
        let Recipe { samples, rows, .. } = self.recipe.clone();
        let (samples, Range { start, end }): (Arc<dyn Samples>, _) = match shuffle {
            Some(seed) => (Arc::new(Reordered::new(samples, rows.clone(), seed)), 0..rows.len()),
            None => (samples, rows),
        };
        let part = |rows| {
            let recipe = Recipe { rows, samples: samples.clone(), ..self.recipe.clone() };
            Dataset { ahead: self.ahead, ..Self::of(recipe) }
        };
        Ok((part(start..start + left), part(end - right..end)))
    }
}

impl Batches for Dataset {
    fn steps(&self) -> Option<usize> {
        Some(self.recipe.batches())
    }

    fn begin(&mut self, pass: usize) -> Result<()> {
        self.prefetch = None;
        self.at = 0;
        self.pass = Arc::new(self.recipe.pass(pass));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        if self.at >= self.pass.batches() {
            return Ok(None);
        }
        let at = self.at;
        self.at += 1;
        let Some((threads, batches)) = self.ahead else { return self.pass.batch(at).map(Some) };
        let start = || Prefetch::new(&self.pass, at, threads, batches);
        self.prefetch.get_or_insert_with(start).next().map(Some)
    }

    fn skip(&mut self, batches: usize) -> Result<usize> {
        let there = batches.min(self.pass.batches() - self.at);
        if there > 0 {
            self.prefetch = None;
            self.at += there;
        }
        Ok(there)
    }
}
