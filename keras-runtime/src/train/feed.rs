//! Where a training loop's batches come from: arrays in memory, or a source of batches.

use std::ops::Range;

use crate::compiled::Spec;
use crate::data::{Batch, Batches, IntoTensor, Selection, Tensor};
use crate::error::{Error, Result};
use crate::model::network::{Measures, check_batch};
use crate::random::Philox;
use crate::train::{class_weights, setting, spread};

/// A batch: the selected samples of arrays.
#[derive(Clone, Copy)]
pub(crate) struct Taken<'t> {
    pub x: &'t [Tensor<'t>],
    pub y: &'t [Tensor<'t>],
    /// What samples count at each output, where it comes with the batch: none, if each counts 1.
    pub sample_weight: Option<&'t [Tensor<'t>]>,
    pub rows: Selection<'t>,
}

/// What is done with a batch.
pub(crate) type Take<'t> = dyn FnMut(Taken<'_>) -> Result<()> + 't;

/// A source of batches as the loop sees it.
pub(crate) trait Feed: Send {
    /// Batches of a pass, if known.
    fn steps(&self) -> Option<usize>;

    /// Begins a pass.
    fn begin(&mut self, pass: usize, seed: u64) -> Result<()>;

    /// Gives the next batch to `take`; `false` when the pass is over.
    fn next(&mut self, take: &mut Take<'_>) -> Result<bool>;

    /// Leaves batches out, and gives the number that there were.
    fn skip(&mut self, batches: usize) -> Result<usize>;
}

/// Streams of random numbers that no weight's initial values use.
const SHUFFLES: u64 = 1 << 32;

/// Samples of arrays in memory.
pub(crate) struct InMemory<'a, 'b> {
    x: &'a [Tensor<'b>],
    y: &'a [Tensor<'b>],
    range: Range<usize>,
    batch_size: usize,
    /// The order of this pass, if it is not that of the arrays.
    order: Option<Vec<u32>>,
    /// Samples that were given.
    at: usize,
}

impl<'a, 'b> InMemory<'a, 'b> {
    pub fn new(
        (x, y): (&'a [Tensor<'b>], &'a [Tensor<'b>]),
        range: Range<usize>,
        batch_size: usize,
        shuffle: bool,
    ) -> Self {
        let order = shuffle.then(|| vec![0; range.len()]);
        InMemory { x, y, range, batch_size, order, at: 0 }
    }

    /// Samples of its greatest batch.
    pub fn largest(&self) -> usize {
        self.batch_size.min(self.range.len())
    }

    /// The arrays.
    pub fn arrays(&self) -> [&'a [Tensor<'b>]; 2] {
        [self.x, self.y]
    }
}

impl Feed for InMemory<'_, '_> {
    fn steps(&self) -> Option<usize> {
        Some(self.range.len().div_ceil(self.batch_size))
    }

    fn begin(&mut self, pass: usize, seed: u64) -> Result<()> {
        self.at = 0;
        if let Some(order) = &mut self.order {
            // The order is a function of the seed and of the pass's number alone.
            order.iter_mut().zip(self.range.start as u32..).for_each(|(row, i)| *row = i);
            Philox::new(seed, SHUFFLES + pass as u64).shuffle(order);
        }
        Ok(())
    }

    fn next(&mut self, take: &mut Take<'_>) -> Result<bool> {
        let len = self.batch_size.min(self.range.len() - self.at);
        if len == 0 {
            return Ok(false);
        }
        let rows = match &self.order {
            Some(order) => Selection::Indices(&order[self.at..self.at + len]),
            None => Selection::Range { start: self.range.start + self.at, len },
        };
        take(Taken { x: self.x, y: self.y, sample_weight: None, rows })?;
        self.at += len;
        Ok(true)
    }

    fn skip(&mut self, batches: usize) -> Result<usize> {
        let there = (self.range.len() - self.at).div_ceil(self.batch_size).min(batches);
        self.at = (self.at + there * self.batch_size).min(self.range.len());
        Ok(there)
    }
}

/// Batches as they come; each is held to what the model asks for.
pub(crate) struct FromBatches<'a> {
    pub source: &'a mut dyn Batches,
    pub spec: &'static Spec,
    /// None where there are no targets.
    pub measures: Option<Measures<'a>>,
    /// What the samples of a class count.
    pub class_weight: &'a [(usize, f32)],
}

impl Feed for FromBatches<'_> {
    fn steps(&self) -> Option<usize> {
        self.source.steps()
    }

    fn begin(&mut self, pass: usize, _seed: u64) -> Result<()> {
        self.source.begin(pass)
    }

    fn next(&mut self, take: &mut Take<'_>) -> Result<bool> {
        let Some(Batch { x, y, sample_weight }) = self.source.next()? else { return Ok(false) };
        let len = check_batch(self.spec, self.measures, &x, &y)?;
        let losses = self.measures.map_or(&[][..], |measures| measures.losses);
        let by_class = match (self.class_weight, &sample_weight[..]) {
            ([], _) => vec![],
            (classes, []) => class_weights(classes, self.spec.outputs, &y)?,
            _ => return Err(setting("class_weight", "no sample weights in the batches beside it", "both")),
        };
        let by_class: Vec<Tensor<'_>> = by_class.iter().map(IntoTensor::into_tensor).collect();
        let given = match &by_class[..] {
            [] if self.measures.is_some() => spread(self.spec, losses, &sample_weight, len)?,
            _ => by_class,
        };
        take(Taken { x: &x, y: &y, sample_weight: Some(&given), rows: Selection::Range { start: 0, len } })?;
        Ok(true)
    }

    fn skip(&mut self, batches: usize) -> Result<usize> {
        self.source.skip(batches)
    }
}

/// A feed cut into epochs: each is a pass, or so many batches that go on where the last epoch stopped.
pub(crate) struct Epochs<'f> {
    feed: &'f mut dyn Feed,
    limit: Option<usize>,
    pass: usize,
    open: bool,
    given: usize,
}

impl<'f> Epochs<'f> {
    pub fn new(feed: &'f mut dyn Feed, limit: Option<usize>) -> Self {
        Epochs { feed, limit, pass: 0, open: false, given: 0 }
    }

    /// Batches of an epoch, if known.
    pub fn steps(&self) -> Option<usize> {
        self.limit.or(self.feed.steps())
    }

    /// Puts the feed before batch `batch` of epoch `epoch`.
    pub fn seek(&mut self, epoch: usize, batch: usize, seed: u64) -> Result<()> {
        let (pass, mut skip) = match (self.limit, self.feed.steps()) {
            (None, _) => (epoch, batch),
            (Some(limit), Some(steps)) if steps > 0 => {
                ((epoch * limit + batch) / steps, (epoch * limit + batch) % steps)
            }
            // Where a pass ends is found out by going there.
            (Some(limit), _) => (0, epoch * limit + batch),
        };
        self.pass = pass;
        self.open(seed)?;
        loop {
            let skipped = self.feed.skip(skip)?;
            skip -= skipped;
            if skip == 0 || self.limit.is_none() || skipped == 0 {
                break;
            }
            self.pass += 1;
            self.open(seed)?;
        }
        self.given = batch;
        Ok(())
    }

    fn open(&mut self, seed: u64) -> Result<()> {
        self.open = true;
        self.feed.begin(self.pass, seed)
    }

    /// Begins the next epoch.
    pub fn begin(&mut self, epoch: usize, seed: u64) -> Result<()> {
        self.given = 0;
        if self.limit.is_none() {
            self.pass = epoch;
            return self.open(seed);
        }
        if self.open { Ok(()) } else { self.open(seed) }
    }

    /// Gives the next batch to `take`; `false` when the epoch is over.
    pub fn next(&mut self, seed: u64, take: &mut Take<'_>) -> Result<bool> {
        if self.limit.is_some_and(|limit| self.given >= limit) {
            return Ok(false);
        }
        let mut more = self.feed.next(take)?;
        if !more && self.limit.is_some() {
            self.pass += 1;
            self.open(seed)?;
            more = self.feed.next(take)?;
        }
        self.given += usize::from(more);
        Ok(more)
    }
}

/// A setting that would make every epoch empty.
pub(crate) fn at_least_one(name: &'static str, value: Option<usize>) -> Result<()> {
    match value {
        Some(0) => Err(Error::Setting { name, expected: "at least 1".into(), found: "0".into() }),
        _ => Ok(()),
    }
}
