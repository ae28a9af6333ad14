//! What everything above the device sees of it.

use super::{CudaBackend, Kind};
use crate::data::{Selection, Tensor};
use crate::device::cuda::log::penalties;
use crate::device::cuda::{metrics as measures, weights};
use crate::device::{Backend, Passed, average_of, other_batch, settle};
use crate::error::Result;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::optim::{Optimizer, ScaleState};

impl Backend for CudaBackend {
    fn description(&self) -> String {
        self.gpu.to_string()
    }

    fn params(&self) -> &[f32] {
        self.params.read()
    }

    fn params_mut(&mut self) -> &mut [f32] {
        self.params.write()
    }

    fn grads(&self) -> &[f32] {
        self.grads.read()
    }

    fn grads_mut(&mut self) -> &mut [f32] {
        if self.grads.len() == 0 && self.grads.replace(&vec![0.0; self.spec.trainable_len]) {
            self.forget();
        }
        self.set_scale(1.0);
        self.grads.write()
    }

    fn state(&self) -> &[f32] {
        self.state.read()
    }

    fn set_state(&mut self, state: &[f32], shows_average: bool) {
        self.swapped = shows_average;
        self.state.replace(state);
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn reserve(&mut self, batch: usize, training: Option<&dyn Optimizer>) -> Result<()> {
        self.fault.check()?;
        let (kinds, state) = match training {
            Some(optimizer) => (&[Kind::Train][..], weights::state_words(optimizer, self.spec)),
            None => (&[Kind::Infer, Kind::Evaluate][..], 0),
        };
        for kind in kinds {
            self.check_room(*kind, batch, state)?;
            self.make_room(*kind, batch);
        }
        if self.state.len() == 0 {
            let grown = self.state.device.grow(state);
            if self.fault.note(grown) == Some(true) {
                self.forget();
            }
        }
        self.fault.check()
    }

    fn hold(&mut self, arrays: &[&[Tensor<'_>]]) -> Result<()> {
        let held = self.arrays.hold(arrays);
        self.fault.note(held);
        self.fault.check()
    }

    fn release(&mut self) {
        self.arrays.release();
    }

    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()> {
        self.fault.check()?;
        if self.spec.state_words > 0 && self.carried_samples != rows.len() {
            if self.carried_samples > 0 {
                return Err(other_batch(self.spec, self.carried_samples, rows.len()));
            }
            self.set_carried(rows.len(), &[]);
        }
        self.begin(inputs, rows)
    }

    fn carried(&self) -> (usize, &[f32]) {
        (self.carried_samples, &self.carried.read()[..self.carried.len() / 2])
    }

    fn set_carried(&mut self, samples: usize, words: &[f32]) {
        self.carried_samples = samples;
        let (host, moved) = self.carried.renew(2 * self.spec.state_words * samples);
        host.fill(0.0);
        host[..words.len()].copy_from_slice(words);
        if moved {
            self.forget();
        }
    }

    fn load_targets(&mut self, targets: &[Tensor<'_>], rows: Selection<'_>) {
        self.add_targets(targets, rows);
    }

    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        self.add_weights(weights, rows);
    }

    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>) {
        match losses {
            None => self.run(Kind::Infer, None, 0, None),
            Some(_) => self.run(Kind::Evaluate, losses, 0, None),
        }
    }

    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64, scale: f32) {
        self.set_scale(scale);
        self.run(Kind::Train, Some(losses), step, None);
    }

    fn train(&mut self, losses: &[Box<dyn Loss>], optimizer: &dyn Optimizer, step: u64) {
        self.show_average(optimizer, false);
        self.run(Kind::Train, Some(losses), step, Some((optimizer, step + 1)));
    }

    fn watch(&mut self, metrics: &[Vec<Box<dyn Metric>>]) {
        match measures::watch(self, metrics) {
            Ok(watched) => self.watched = watched,
            Err(error) => self.fault.keep(error),
        }
    }

    fn record(&mut self, to: &mut dyn FnMut(&dyn Passed)) {
        if self.fault.is_set() || self.batch == 0 {
            return;
        }
        let Some(mut entry) = self.logged.take() else {
            self.report(to);
            return to(self);
        };
        for (i, share) in entry.shares.iter_mut().enumerate().take(self.spec.outputs.len()) {
            *share = self.ends.share(i);
        }
        let added = self.log.add(entry, to);
        self.fault.note(added);
    }

    fn report(&mut self, to: &mut dyn FnMut(&dyn Passed)) {
        let shown = self.log.show(to);
        if self.fault.note(shown).is_none() {
            self.log.clear();
        }
    }

    fn loss_scale(&self) -> ScaleState {
        self.scaling()
    }

    fn set_loss_scale(&mut self, state: ScaleState) {
        self.set_scaling(state);
    }

    fn update(&mut self, optimizer: &dyn Optimizer, step: u64) {
        self.show_average(optimizer, false);
        weights::update(self, optimizer, step);
    }

    fn show_average(&mut self, optimizer: &dyn Optimizer, show: bool) {
        if self.swapped != show
            && let Some(average) = average_of(optimizer, self.spec, self.state.len())
        {
            self.params.write()[..average.len()].swap_with_slice(&mut self.state.write()[average]);
            self.swapped = show;
        }
    }

    fn shows_average(&self) -> bool {
        self.swapped
    }

    fn take_average(&mut self, optimizer: &dyn Optimizer) {
        if let Some(average) = average_of(optimizer, self.spec, self.state.len()) {
            let weights = &mut self.params.write()[..average.len()];
            settle(std::mem::take(&mut self.swapped), weights, &mut self.state.write()[average]);
        }
    }

    fn health(&self) -> Result<()> {
        self.fault.check()
    }

    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send)) {
        work(self);
    }
}

impl Passed for CudaBackend {
    fn samples(&self) -> usize {
        self.batch
    }

    fn output(&self, i: usize) -> &[f32] {
        self.outputs[i].read()
    }

    fn targets(&self, i: usize) -> &[f32] {
        self.targets[i].read()
    }

    fn sample_weights(&self, i: usize) -> Option<&[f32]> {
        Some(self.sample_weights[i].read()).filter(|weights| !weights.is_empty())
    }

    fn mask(&self, i: usize) -> Option<&[f32]> {
        (self.spec.outputs[i].mask > 0).then(|| self.masks[i].read())
    }

    fn loss_share(&self, i: usize) -> f64 {
        self.ends.share(i)
    }

    fn sample_losses(&self, i: usize) -> &[f32] {
        self.losses[i].read()
    }

    fn added_loss(&self) -> f64 {
        *self.added_loss.get_or_init(|| {
            let (own, penalised) = self.adds;
            let mut first = [0.0];
            if own {
                self.fault.note(self.fixed.get(0, &mut first));
            }
            let mut sum = f64::from(first[0]);
            if penalised && self.spec.weights.iter().any(|weight| weight.penalty.is_some()) {
                let mut values = vec![0.0; self.spec.weights.len()];
                self.fault.note(self.penalties.get(0, &mut values));
                sum += penalties(self.spec, &values);
            }
            sum
        })
    }
}
