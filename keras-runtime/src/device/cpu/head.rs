//! The end of a model: last activation, loss of each sample, and slope by the logits, in one visit of a row.

use std::slice::{from_raw_parts, from_raw_parts_mut};

use super::Rows;
use super::pass::record;
use crate::compiled::{Buf, Head, Space};
use crate::data::MAX_RANK;
use crate::loss::{Fused, Over, Predicted, Scope, Slot, Slotted};

impl Rows<'_, '_> {
    /// Ends output `i`: reads its logits `z`, writes the predictions into [`Space::Output`] and, where a loss is set, the
    /// loss of each sample; with `dz`, also the derivative of the batch's mean loss by the logits. `z` may be the output
    /// itself, and `dz` may be `z` unless that is the output. `weights` are what each step counts in the loss, 0 for those
    /// that a mask leaves out.
    pub fn head(&self, i: usize, z: Buf, dz: Option<Buf>, weights: Option<Buf>) {
        record!(self.pass, Kernel::Head { output: i, z, dz, weights });
        let slot = self.pass.heads.slot(i);
        let width = z.len;
        assert!(
            dz.is_none_or(|dz| dz.space != Space::Output(i) && dz.len == width),
            "slope over the predictions"
        );
        let (zs, ps) = (self.pass.ptr(z), self.pass.ptr(Buf::new(Space::Output(i), 0, width)));
        let dzs = dz.map(|dz| self.pass.ptr(dz));
        let steps = weights.map(|weights| (self.pass.ptr(weights), weights.len));
        // SAFETY: `ptr` checked that the whole batch of each buffer is in bounds, and samples are disjoint between threads.
        // Logits are read before the predictions, which may lie over them, are made into slices.
        unsafe {
            let (first, samples) = (self.range.start, self.range.len());
            let (z, p) = (zs.add(first * width), ps.add(first * width));
            if !std::ptr::eq(z, p) {
                std::ptr::copy(z, p, samples * width);
            }
            let p = from_raw_parts_mut(p, samples * width);
            let dz = dzs.map(|dz| from_raw_parts_mut(dz.add(first * width), samples * width));
            let steps = steps.map(|(words, width)| from_raw_parts(words.add(first * width), samples * width));
            end(slot, first, samples, p, dz, steps);
        }
    }
}

/// Ends the samples from `first` on: see [`Rows::head`].
///
/// # Safety
/// No two threads may end the same sample at once.
unsafe fn end(
    slot: &Slot<'_>,
    first: usize,
    samples: usize,
    p: &mut [f32],
    mut dz: Option<&mut [f32]>,
    steps: Option<&[f32]>,
) {
    let width = p.len() / samples.max(1);
    // A run knows of no steps that do not count.
    if let (Some(slotted), None) = (&slot.loss, steps)
        && let (Over::Samples, Some(run)) = (slotted.over, slotted.loss.run())
    {
        let classes = slot.output.shape.last().copied().unwrap_or(1).max(1);
        activate(slot.output.head, p, classes);
        let y = &slotted.targets[first * slotted.width..][..samples * slotted.width];
        let batch = Predicted { samples, shape: slot.output.shape, y, p };
        // SAFETY: by the promise of the caller.
        let losses = unsafe { slotted.rows_of(first, samples) };
        run.losses(&batch, losses, dz.as_deref_mut());
        for (i, loss) in losses.iter_mut().enumerate() {
            let weight = slotted.weights_of(first + i)[0];
            *loss *= weight;
            let row = i * width..(i + 1) * width;
            if let Some(dz) = &mut dz {
                through(slot.output.head, &p[row.clone()], &mut dz[row], classes, slotted.scale * weight);
            }
        }
        return;
    }
    for (i, p) in p.chunks_exact_mut(width.max(1)).enumerate() {
        let dz = dz.as_deref_mut().map(|dz| &mut dz[i * width..(i + 1) * width]);
        let steps = steps.map(|steps| &steps[i * (steps.len() / samples)..(i + 1) * (steps.len() / samples)]);
        let Some(slotted) = &slot.loss else {
            end_of_sample(slot, first + i, p, dz, steps);
            continue;
        };
        if let Some(loss) = end_of_sample(slot, first + i, p, dz, steps) {
            // SAFETY: by the promise of the caller.
            unsafe { slotted.put(first + i, loss) }
        }
        if let Some(steps) = steps {
            // SAFETY: as above.
            unsafe { slotted.put_mask(first + i, steps) }
        }
    }
}

/// Turns the logits in `p` into predictions in place; returns the weighted loss and writes the slope where they are asked
/// for. `steps` are what steps count beside what the sample's weights say.
fn end_of_sample(
    slot: &Slot<'_>,
    sample: usize,
    p: &mut [f32],
    dz: Option<&mut [f32]>,
    steps: Option<&[f32]>,
) -> Option<f32> {
    let head = slot.output.head;
    let classes = slot.output.shape.last().copied().unwrap_or(1).max(1);
    let Some(slotted) = &slot.loss else {
        activate(head, p, classes);
        return None;
    };
    match slotted.over {
        Over::Samples => {}
        Over::Unknown => {
            activate(head, p, classes);
            if let Some(dz) = dz {
                dz.fill(0.0);
            }
            return None;
        }
        Over::Slope(slope) => {
            activate(head, p, classes);
            if let Some(dz) = dz {
                dz.copy_from_slice(&slope[sample * p.len()..(sample + 1) * p.len()]);
                through(head, p, dz, classes, 1.0);
            }
            return None;
        }
    }
    let y = &slotted.targets[sample * slotted.width..][..slotted.width];
    let mut weights = [slotted.weights_of(sample), steps.unwrap_or(&[1.0])];
    let shape = slot.output.shape;
    let mean = [weights[1].iter().sum::<f32>() / weights[1].len() as f32];
    // A number of a whole sample counts as its steps do in the mean; Keras has an error there.
    if matches!(slotted.loss.scope(shape), Scope::Sample { values } if !values.is_multiple_of(weights[1].len()))
    {
        weights[1] = &mean;
    }
    Some(match weights {
        [[weight], [step]] => {
            let weight = weight * step;
            weight * part_of_sample(slotted, head, y, p, dz, shape, slotted.scale * weight)
        }
        weights => each_step(slotted, head, y, p, dz, shape, weights),
    })
}

/// The mean over the steps of a sample, each with the product of its weights. There are as many steps as there are weights
/// of one kind; one of the other kind is that of all steps, or of several.
fn each_step(
    slotted: &Slotted<'_>,
    head: Head,
    y: &[f32],
    p: &mut [f32],
    mut dz: Option<&mut [f32]>,
    shape: &[usize],
    weights: [&[f32]; 2],
) -> f32 {
    let steps = weights[0].len().max(weights[1].len());
    let (words, width) = (p.len() / steps, y.len() / steps);
    // A step has the sample's axes, of which the first are single.
    let (mut dims, mut left) = ([1; MAX_RANK], words);
    for (dim, extent) in dims[..shape.len()].iter_mut().zip(shape).rev() {
        *dim = (*extent).min(left);
        left /= *dim;
    }
    let mut loss = 0.0;
    for (at, p) in p.chunks_exact_mut(words).enumerate() {
        let [a, b] = weights.map(|weights| weights[at * weights.len() / steps]);
        let weight = a * b;
        let y = &y[at * width..(at + 1) * width];
        let dz = dz.as_deref_mut().map(|dz| &mut dz[at * words..(at + 1) * words]);
        let scale = slotted.scale * weight / steps as f32;
        loss += weight * part_of_sample(slotted, head, y, p, dz, &dims[..shape.len()], scale);
    }
    loss / steps as f32
}

/// A sample, or a step of one: its loss without a weight, and the slope times `scale`.
fn part_of_sample(
    slotted: &Slotted<'_>,
    head: Head,
    y: &[f32],
    p: &mut [f32],
    dz: Option<&mut [f32]>,
    shape: &[usize],
    scale: f32,
) -> f32 {
    let classes = shape.last().copied().unwrap_or(1).max(1);
    match slotted.loss.fused(head) {
        Some(fused) => crossentropy(fused, head, y, p, dz, classes, scale),
        None => separate(slotted, head, y, p, dz, shape, scale),
    }
}

/// A cross-entropy from logits.
fn crossentropy(
    fused: Fused,
    head: Head,
    y: &[f32],
    p: &mut [f32],
    dz: Option<&mut [f32]>,
    classes: usize,
    scale: f32,
) -> f32 {
    match fused {
        Fused::Softmax { sparse, smoothing, ignore } => {
            let targets = Targets { y, smoothing: (!sparse).then_some(smoothing), ignore };
            softmax_crossentropy(head, targets, p, dz, classes, scale)
        }
        Fused::Sigmoid { smoothing } => sigmoid_crossentropy(head, y, p, dz, scale, smoothing),
    }
}

/// The cross-entropy of a sample, or a part of one, from its logits.
pub(crate) fn from_logits(fused: Fused, y: &[f32], z: &[f32], classes: usize) -> f32 {
    crossentropy(fused, Head::Linear, y, &mut z.to_vec(), None, classes, 1.0)
}

fn activate(head: Head, p: &mut [f32], classes: usize) {
    match head {
        Head::Linear => {}
        Head::Sigmoid => p.iter_mut().for_each(|p| *p = sigmoid(*p)),
        Head::Softmax => p.chunks_exact_mut(classes).for_each(|p| {
            softmax(p);
        }),
    }
}

fn sigmoid(z: f32) -> f32 {
    let e = (-z.abs()).exp();
    if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// The largest, NaN where there is one.
fn largest(z: &[f32]) -> f32 {
    z.iter().copied().fold(f32::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b })
}

/// `exp(z - max) / sum` in place; the maximum and the sum.
fn softmax(z: &mut [f32]) -> (f32, f32) {
    let top = largest(z);
    let mut sum = 0.0;
    for z in z.iter_mut() {
        *z = (*z - top).exp();
        sum += *z;
    }
    let inverse = 1.0 / sum;
    z.iter_mut().for_each(|z| *z *= inverse);
    (top, sum)
}

/// Targets of a cross-entropy with softmax.
struct Targets<'a> {
    y: &'a [f32],
    /// None for class indices.
    smoothing: Option<f32>,
    /// The class index of places that have no loss.
    ignore: Option<f32>,
}

/// `p` holds logits, and predictions in the end (logits where `head` is linear).
fn softmax_crossentropy(
    head: Head,
    targets: Targets<'_>,
    p: &mut [f32],
    mut dz: Option<&mut [f32]>,
    classes: usize,
    scale: f32,
) -> f32 {
    let Targets { y, smoothing, ignore } = targets;
    let positions = (p.len() / classes).max(1);
    let mut loss = 0.0;
    for (at, p) in p.chunks_exact_mut(classes).enumerate() {
        let target = |c: usize| match smoothing {
            None => f32::from(u8::from(y[at] == c as f32)),
            Some(share) => y[at * classes + c] * (1.0 - share) + share / classes as f32,
        };
        if smoothing.is_none() && ignore == Some(y[at]) {
            activate(head, p, classes);
            if let Some(dz) = &mut dz {
                dz[at * classes..(at + 1) * classes].fill(0.0);
            }
            continue;
        }
        let top = largest(p);
        // Sum of the targets, and of targets times logits: the logits are gone afterwards.
        let (mut total, mut dot) = (0.0, 0.0);
        for (c, &z) in p.iter().enumerate() {
            let t = target(c);
            total += t;
            if t != 0.0 {
                dot += t * (z - top);
            }
        }
        let mut dz = dz.as_deref_mut().map(|dz| &mut dz[at * classes..(at + 1) * classes]);
        let sum = match (head, &mut dz) {
            (Head::Linear, None) => p.iter().map(|z| (z - top).exp()).sum(),
            (Head::Linear, Some(dz)) => {
                dz.copy_from_slice(p);
                softmax(dz).1
            }
            _ => softmax(p).1,
        };
        loss += total * sum.ln() - dot;
        if let Some(dz) = dz {
            if head != Head::Linear {
                dz.copy_from_slice(p);
            }
            let scale = scale / positions as f32;
            for (c, dz) in dz.iter_mut().enumerate() {
                *dz = (*dz * total - target(c)) * scale;
            }
        }
    }
    loss / positions as f32
}

fn sigmoid_crossentropy(
    head: Head,
    y: &[f32],
    p: &mut [f32],
    mut dz: Option<&mut [f32]>,
    scale: f32,
    smoothing: f32,
) -> f32 {
    let n = p.len() as f32;
    let mut loss = 0.0;
    for (i, (p, y)) in p.iter_mut().zip(y).enumerate() {
        let t = y * (1.0 - smoothing) + 0.5 * smoothing;
        let z = *p;
        let above = if z < 0.0 { 0.0 } else { z };
        loss += above - z * t + (-z.abs()).exp().ln_1p();
        let q = sigmoid(z);
        if head != Head::Linear {
            *p = q;
        }
        if let Some(dz) = &mut dz {
            dz[i] = (q - t) * scale / n;
        }
    }
    loss / n
}

/// The loss from predictions, then back through the activation.
fn separate(
    slotted: &Slotted<'_>,
    head: Head,
    y: &[f32],
    p: &mut [f32],
    mut dz: Option<&mut [f32]>,
    shape: &[usize],
    scale: f32,
) -> f32 {
    let classes = shape.last().copied().unwrap_or(1).max(1);
    activate(head, p, classes);
    let loss = slotted.loss.shaped(y, p, shape, dz.as_deref_mut());
    if let Some(dz) = dz {
        through(head, p, dz, classes, scale);
    }
    loss
}

/// From the slope by the predictions to `scale` times that by the logits.
fn through(head: Head, p: &[f32], dz: &mut [f32], classes: usize, scale: f32) {
    match head {
        Head::Linear => dz.iter_mut().for_each(|dz| *dz *= scale),
        Head::Sigmoid => dz.iter_mut().zip(p).for_each(|(dz, p)| *dz *= p * (1.0 - p) * scale),
        Head::Softmax => {
            for (dz, p) in dz.chunks_exact_mut(classes).zip(p.chunks_exact(classes)) {
                let dot: f32 = dz.iter().zip(p).map(|(dz, p)| dz * p).sum();
                dz.iter_mut().zip(p).for_each(|(dz, p)| *dz = p * (*dz - dot) * scale);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiled::OutputSpec;
    use crate::loss::{
        BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanSquaredError, SparseCategoricalCrossentropy,
    };

    fn run(head: Head, loss: &dyn Loss, y: &[f32], z: &[f32]) -> (f32, Vec<f32>, Vec<f32>) {
        let output: &'static OutputSpec<'static> =
            Box::leak(Box::new(OutputSpec { name: "out", shape: &[2, 3], head, mask: 0 }));
        let mut rows = [0.0];
        let slot = Slot { output, loss: Some(Slotted::new(loss, y, y.len(), 0.5, &mut rows)) };
        let (mut p, mut dz) = (z.to_vec(), vec![0.0; z.len()]);
        let loss = end_of_sample(&slot, 0, &mut p, Some(&mut dz), None).unwrap();
        (loss, p, dz)
    }

    #[test]
    fn slopes_by_logits_agree_with_differences() {
        let z = [0.3, -1.2, 2.0, 0.1, 0.4, -0.7];
        let (one_hot, indices) = ([0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [1.0, 0.0]);
        let logits = CategoricalCrossentropy { from_logits: true, label_smoothing: 0.1 };
        let cases: [(Head, &dyn Loss, &[f32]); 8] = [
            (Head::Softmax, &CategoricalCrossentropy, &one_hot),
            (Head::Linear, &logits, &one_hot),
            (Head::Softmax, &SparseCategoricalCrossentropy, &indices),
            (Head::Sigmoid, &BinaryCrossentropy, &one_hot),
            (Head::Linear, &BinaryCrossentropy { from_logits: true, label_smoothing: 0.2 }, &one_hot),
            (Head::Softmax, &MeanSquaredError, &one_hot),
            (Head::Sigmoid, &MeanSquaredError, &one_hot),
            (Head::Sigmoid, &CategoricalCrossentropy, &one_hot),
        ];
        for (head, loss, y) in cases {
            let (_, _, dz) = run(head, loss, y, &z);
            for i in 0..z.len() {
                let (mut up, mut down) = (z, z);
                up[i] += 1e-2;
                down[i] -= 1e-2;
                let difference = 0.5 * (run(head, loss, y, &up).0 - run(head, loss, y, &down).0) / 2e-2;
                assert!((difference - dz[i]).abs() < 2e-4, "{head:?} {loss:?} {i}: {difference} {}", dz[i]);
            }
        }
    }

    #[test]
    fn fused_equals_the_formula_from_probabilities() {
        let (z, y) = ([0.3, -1.2, 2.0, 0.1, 0.4, -0.7], [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        let (loss, p, _) = run(Head::Softmax, &CategoricalCrossentropy, &y, &z);
        assert!((loss - CategoricalCrossentropy.sample(&y, &p, 3, None)).abs() < 1e-5);
        let (loss, p, _) = run(Head::Sigmoid, &BinaryCrossentropy, &y, &z);
        assert!((loss - BinaryCrossentropy.sample(&y, &p, 3, None)).abs() < 1e-5);
    }

    #[test]
    fn far_logits_stay_finite_and_nan_stays_nan() {
        let (loss, p, dz) = run(
            Head::Softmax,
            &CategoricalCrossentropy,
            &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
            &[-1000.0, 1000.0, 0.0, 80.0, -80.0, 0.0],
        );
        assert_eq!(loss, 1000.0);
        assert!(p.iter().chain(&dz).all(|x| x.is_finite()));
        let (loss, ..) = run(Head::Sigmoid, &BinaryCrossentropy, &[0.0; 6], &[f32::NAN; 6]);
        assert!(loss.is_nan());
        let (loss, ..) =
            run(Head::Softmax, &CategoricalCrossentropy, &[1.0; 6], &[f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!(loss.is_nan());
    }
}
