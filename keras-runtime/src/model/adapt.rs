//! What layers learn from data before training: means and variances, and boundaries of bins.

mod quantiles;

use super::Network;
use crate::compiled::{Adapts, LayerSpec, Learns};
use crate::data::{Batches, Tensor, expect_finite};
use crate::error::{Error, Result, batched};
pub(crate) use quantiles::Quantiles;

/// Leaves what layer `name` learns from `data`, which it is given by the model, in its weights.
pub(super) fn adapt(network: &mut Network, name: &str, data: &Tensor<'_>) -> Result<()> {
    let (layer, adapts) = adaptable(network, name)?;
    let mut learner = Learner::new(&adapts);
    learner.see(layer, &adapts, data)?;
    learner.leave(network, name)
}

/// The same from batch after batch.
pub(super) fn adapt_batches(network: &mut Network, name: &str, batches: &mut dyn Batches) -> Result<()> {
    let (layer, adapts) = adaptable(network, name)?;
    let mut learner = Learner::new(&adapts);
    batches.begin(0)?;
    let mut seen = false;
    while let Some(batch) = batches.next()? {
        let [data] = &batch.x[..] else {
            let (what, expected) = (format!("data for layer `{name}`"), 1);
            return Err(Error::Count { what, expected, found: batch.x.len(), help: String::new() });
        };
        learner.see(layer, &adapts, data)?;
        seen = true;
    }
    if !seen {
        return Err(Error::Empty { what: format!("data for layer `{name}`") });
    }
    learner.leave(network, name)
}

fn adaptable(network: &Network, name: &str) -> Result<(&'static LayerSpec, Adapts)> {
    let spec = network.spec();
    let adaptable = || spec.layers.iter().filter_map(|layer| Some((layer, layer.adapts?)));
    adaptable().find(|(layer, _)| layer.name == name).ok_or_else(|| {
        let known: Vec<&str> = adaptable().map(|(layer, _)| layer.name).collect();
        let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
        Error::Unknown { kind: "layer that learns from data", name: name.into(), known }
    })
}

/// What was learnt from the data so far.
enum Learner {
    Moments(Moments),
    Bins { bins: usize, summary: Quantiles },
}

impl Learner {
    fn new(adapts: &Adapts) -> Self {
        match adapts.learns {
            Learns::Moments { axes } => Learner::Moments(Moments::new(adapts.shape, axes)),
            Learns::Bins { bins, epsilon } => Learner::Bins { bins, summary: Quantiles::new(epsilon) },
        }
    }

    fn see(&mut self, layer: &LayerSpec, adapts: &Adapts, data: &Tensor<'_>) -> Result<()> {
        let (what, shape) = (|| format!("data for layer `{}`", layer.name), data.shape());
        if shape.sample() != adapts.shape {
            return Err(Error::Shape {
                what: what(),
                expected: batched(adapts.shape),
                found: format!("{shape:?}"),
                help: "the layer wants what it is given by the model".into(),
            });
        }
        if shape.rows() == 0 {
            return Err(Error::Empty { what: what() });
        }
        expect_finite(data, what)?;
        match self {
            Learner::Moments(moments) => moments.see(data),
            Learner::Bins { summary, .. } => {
                summary.see((0..data.values().len()).map(|i| data.values().at(i) as f32).collect());
            }
        }
        Ok(())
    }

    fn leave(self, network: &mut Network, name: &str) -> Result<()> {
        let learnt = match self {
            Learner::Moments(moments) => {
                let [mean, variance] = moments.values();
                vec![("mean", mean), ("variance", variance)]
            }
            Learner::Bins { bins, summary } => vec![("bin_boundaries", summary.boundaries(bins))],
        };
        for (part, values) in learnt {
            let weight = network.find(&format!("{name}/{part}"))?;
            crate::init::write(weight, &values, network.params_mut());
        }
        Ok(())
    }
}

/// Mean and variance of each place of some axes, over the samples and all other axes, in `f64`.
struct Moments {
    /// For each element of a sample the place that it belongs to.
    group_of: Vec<usize>,
    /// Elements seen of each place.
    count: f64,
    mean: Vec<f64>,
    /// Sums of squares of what is off the mean.
    squares: Vec<f64>,
}

impl Moments {
    fn new(dims: &[usize], axes: &[usize]) -> Self {
        let groups: usize = axes.iter().map(|&axis| dims[axis]).product();
        let width: usize = dims.iter().product();
        let group_of = (0..width).map(|flat| group(flat, dims, axes)).collect();
        Moments { group_of, count: 0.0, mean: vec![0.0; groups], squares: vec![0.0; groups] }
    }

    /// Two passes over the data, whose moments then join those of what came before (Chan et al., 1979).
    fn see(&mut self, data: &Tensor<'_>) {
        let groups = self.mean.len();
        let count = (data.values().len() / groups) as f64;
        let sums = |f: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; groups];
            for i in 0..data.values().len() {
                let group = self.group_of[i % self.group_of.len()];
                sums[group] += f(group, data.values().at(i));
            }
            sums
        };
        let mean: Vec<f64> = sums(&|_, x| x).into_iter().map(|sum| sum / count).collect();
        let squares = sums(&|group, x| (x - mean[group]).powi(2));
        let all = self.count + count;
        for group in 0..groups {
            let off = mean[group] - self.mean[group];
            self.mean[group] += off * count / all;
            self.squares[group] += squares[group] + off * off * self.count * count / all;
        }
        self.count = all;
    }

    fn values(self) -> [Vec<f32>; 2] {
        let mean = self.mean.into_iter().map(|x| x as f32).collect();
        [mean, self.squares.into_iter().map(|sum| (sum / self.count) as f32).collect()]
    }
}

/// The place along `axes` of element `flat` of a sample.
fn group(mut flat: usize, dims: &[usize], axes: &[usize]) -> usize {
    let (mut group, mut factor) = (0, 1);
    for (axis, dim) in dims.iter().enumerate().rev() {
        if axes.contains(&axis) {
            group += flat % dim * factor;
            factor *= dim;
        }
        flat /= dim;
    }
    group
}
