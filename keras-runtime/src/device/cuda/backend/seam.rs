//! What everything above the device sees of it.

use super::{CudaBackend, Kind};
use crate::data::gather::gather;
use crate::data::{Selection, Tensor};
use crate::device::cuda::weights;
use crate::device::{Backend, other_batch};
use crate::error::Result;
use crate::loss::Loss;
use crate::optim::{Optimizer, ScaleState};

impl Backend for CudaBackend {
    fn description(&self) -> String {
        let source = self.gpu.architecture;
        format!("{}, sm_{}{}", self.gpu.name, source.major, source.minor)
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
        self.scale = 1.0;
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

    fn reserve(&mut self, batch: usize, training: bool) {
        self.make_room(if training { Kind::Train } else { Kind::Infer }, batch);
    }

    fn load_inputs(&mut self, inputs: &[Tensor<'_>], rows: Selection<'_>) -> Result<()> {
        self.fault.check()?;
        if self.spec.state_words > 0 && self.carried_samples != rows.len() {
            if self.carried_samples > 0 {
                return Err(other_batch(self.spec, self.carried_samples, rows.len()));
            }
            self.set_carried(rows.len(), &[]);
        }
        self.batch = rows.len();
        let mut moved = false;
        for (tensor, words) in inputs.iter().zip(&mut self.inputs) {
            let (host, new) = words.renew(rows.len() * tensor.shape().width());
            gather(tensor, rows, host, 1);
            moved |= new;
        }
        if moved {
            self.forget();
        }
        Ok(())
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
        self.ends.load(targets, rows);
        let mut moved = false;
        for (i, words) in self.targets.iter_mut().enumerate().take(targets.len()) {
            moved |= words.replace(self.ends.targets(i));
        }
        if moved {
            self.forget();
        }
    }

    fn load_sample_weights(&mut self, weights: &[Tensor<'_>], rows: Selection<'_>) {
        self.ends.load_weights(weights, rows);
        let mut moved = false;
        for (i, words) in self.sample_weights.iter_mut().enumerate() {
            moved |= words.replace(self.ends.weights(i).unwrap_or_default());
        }
        if moved {
            self.forget();
        }
    }

    fn infer(&mut self, losses: Option<&[Box<dyn Loss>]>) {
        match losses {
            None => self.run(Kind::Infer, None, 0),
            Some(_) => self.run(Kind::Evaluate, losses, 0),
        }
    }

    fn gradients(&mut self, losses: &[Box<dyn Loss>], step: u64, scale: f32) {
        // As on the CPU: what a model adds to its loss has no factor.
        self.scale = if self.spec.train.adds_loss { 1.0 } else { scale };
        self.run(Kind::Train, Some(losses), step);
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
        if self.swapped == show {
            return;
        }
        let (len, slots) = (self.spec.trainable_len, optimizer.state_words());
        if optimizer.options().average.is_some() && self.state.len() >= slots * len {
            let average = &mut self.state.write()[(slots - 1) * len..slots * len];
            self.params.write()[..len].swap_with_slice(average);
            self.swapped = show;
        }
    }

    fn shows_average(&self) -> bool {
        self.swapped
    }

    fn take_average(&mut self, optimizer: &dyn Optimizer) {
        let (len, slots) = (self.spec.trainable_len, optimizer.state_words());
        if optimizer.options().average.is_some() && self.state.len() >= slots * len {
            let average = &mut self.state.write()[(slots - 1) * len..slots * len];
            let weights = &mut self.params.write()[..len];
            match std::mem::take(&mut self.swapped) {
                true => average.copy_from_slice(weights),
                false => weights.copy_from_slice(average),
            }
        }
    }

    fn output(&self, i: usize) -> &[f32] {
        self.outputs[i].read()
    }

    fn targets(&self, i: usize) -> &[f32] {
        self.ends.targets(i)
    }

    fn sample_weights(&self, i: usize) -> Option<&[f32]> {
        self.ends.weights(i)
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
                let each =
                    self.spec.weights.iter().zip(values).filter(|(weight, _)| weight.penalty.is_some());
                sum += each.map(|(_, value)| f64::from(value)).sum::<f64>();
            }
            sum
        })
    }

    fn health(&self) -> Result<()> {
        self.fault.check()
    }

    fn scope(&mut self, work: &mut (dyn FnMut(&mut dyn Backend) + Send)) {
        work(self);
    }
}
