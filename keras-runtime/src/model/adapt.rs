//! Means and variances that layers learn from data before training.

use super::Network;
use crate::data::{Tensor, expect_finite};
use crate::error::{Error, Result, batched};

/// Leaves mean and variance of `data` in the weights of layer `name`, which is given such data.
pub(super) fn adapt(network: &mut Network, name: &str, data: &Tensor<'_>) -> Result<()> {
    let spec = network.spec();
    let adaptable = || spec.layers.iter().filter_map(|layer| Some((layer, layer.adapts?)));
    let Some((layer, axes)) = adaptable().find(|(layer, _)| layer.name == name) else {
        let known: Vec<&str> = adaptable().map(|(layer, _)| layer.name).collect();
        let known = if known.is_empty() { "none".to_string() } else { known.join(", ") };
        return Err(Error::Unknown { kind: "layer that learns from data", name: name.into(), known });
    };
    let (what, shape) = (|| format!("data for layer `{name}`"), data.shape());
    if shape.sample() != layer.output {
        return Err(Error::Shape {
            what: what(),
            expected: batched(layer.output),
            found: format!("{shape:?}"),
            help: "the layer wants what it is given by the model".into(),
        });
    }
    if shape.rows() == 0 {
        return Err(Error::Empty { what: what() });
    }
    expect_finite(data, what)?;
    let (mean, variance) = moments(data, layer.output, axes);
    for (part, values) in [("mean", mean), ("variance", variance)] {
        let weight = network.find(&format!("{name}/{part}"))?;
        crate::init::write(weight, &values, network.params_mut());
    }
    Ok(())
}

/// Mean and variance of each place of `axes`, over the samples and all other axes. In `f64`, in two passes.
fn moments(data: &Tensor<'_>, dims: &[usize], axes: &[usize]) -> (Vec<f32>, Vec<f32>) {
    let groups: usize = axes.iter().map(|&axis| dims[axis]).product();
    let width: usize = dims.iter().product();
    let group_of: Vec<usize> = (0..width).map(|flat| group(flat, dims, axes)).collect();
    let count = (data.values().len() / groups) as f64;
    let sums = |f: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; groups];
        for i in 0..data.values().len() {
            let group = group_of[i % width];
            sums[group] += f(group, data.values().at(i));
        }
        sums.into_iter().map(|sum| sum / count).collect::<Vec<f64>>()
    };
    let mean = sums(&|_, x| x);
    let variance = sums(&|group, x| (x - mean[group]).powi(2));
    let [mean, variance] = [mean, variance].map(|all| all.into_iter().map(|x| x as f32).collect());
    (mean, variance)
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
