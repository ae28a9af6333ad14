//! What of the losses a GPU computes itself: a kernel for each formula, made when a loss is first met.

use super::backend::{CudaBackend, blocks_of};
use super::memory::Memory;
use super::player::Player;
use super::source::{self, PORTS, Slope};
use crate::compiled::OutputSpec;
use crate::error::Result;
use crate::loss::{Fused, Loss};

/// The kernels of a loss at an output, by their text.
#[derive(Debug)]
pub struct Terms {
    text: String,
    /// None where there is no compiler, as where a model was compiled ahead: the host computes the loss then.
    player: Option<Player>,
}

/// The head of each output: what the device computes itself of its loss.
pub fn slopes(backend: &mut CudaBackend, losses: Option<&[Box<dyn Loss>]>) -> Result<[Slope; PORTS]> {
    let mut slopes = [Slope::Activation; PORTS];
    for (i, output) in backend.spec.outputs.iter().enumerate() {
        let Some(loss) = losses.and_then(|losses| losses.get(i)) else { continue };
        slopes[i] = match loss.fused(output.head) {
            _ if output.mask > 0 => Slope::Host,
            Some(Fused::Softmax { ignore: None, sparse: true, .. }) => Slope::Sparse,
            Some(Fused::Softmax { ignore: None, .. }) => Slope::Softmax,
            Some(Fused::Sigmoid { .. }) => Slope::Sigmoid,
            Some(_) => Slope::Host,
            None => terms(backend, i, output, loss.as_ref())?,
        };
    }
    Ok(slopes)
}

/// The kernels of a mean of terms, which are compiled the first time.
fn terms(backend: &mut CudaBackend, i: usize, output: &OutputSpec<'_>, loss: &dyn Loss) -> Result<Slope> {
    let Some(formula) = loss.formula() else { return Ok(Slope::Host) };
    let phases = [&backend.program.evaluate[..], &backend.program.train];
    let (text, names) = source::terms(i, output, &formula, phases);
    let known = backend.terms.iter().position(|terms| terms.text == text);
    let at = known.unwrap_or(backend.terms.len());
    if known.is_none() {
        let mut player = Player::new(&backend.gpu, &text).ok();
        if let Some(player) = &mut player {
            player.find(names).map_err(|error| super::library::explain(&backend.gpu.name, &error))?;
        }
        backend.terms.push(Terms { text, player });
    }
    Ok(if backend.terms[at].player.is_some() { Slope::Terms(at) } else { Slope::Host })
}

/// Launches the kernel `name` of a head.
pub fn head(
    backend: &CudaBackend,
    memory: &Memory,
    slope: Slope,
    name: &str,
) -> std::result::Result<(), cudarc::driver::DriverError> {
    let player = match slope {
        Slope::Terms(at) => backend.terms[at].player.as_ref().unwrap_or(&backend.player),
        _ => &backend.player,
    };
    let (blocks, batch) = (backend.batch.div_ceil(source::SAMPLES), backend.batch as u32);
    player.kernel(memory, name, blocks_of(blocks), [batch, 0, 0, batch, 1])
}
