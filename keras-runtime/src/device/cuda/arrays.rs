//! Where the batches of a model come from: arrays that are on the device as a whole, or their rows, which come a batch at a time
//! through pinned memory, the next one while a step is at work on the last.

use std::sync::Arc;

use cudarc::driver::sys::CUresult;
use cudarc::driver::{CudaEvent, CudaSlice, CudaStream, DevicePtr, DriverError};

use super::Gpu;
use super::pinned::Pinned;
use super::source::{PORTS, elements};
use crate::data::{Kind, Selection, Tensor};

/// Ports of a batch: inputs, targets, and what samples count.
pub const ALL: usize = 3 * PORTS;

/// The port of an input.
pub fn input(i: usize) -> usize {
    i
}

/// The port of the targets of an output.
pub fn target(i: usize) -> usize {
    PORTS + i
}

/// The port of what the samples of an output count.
pub fn weight(i: usize) -> usize {
    2 * PORTS + i
}

/// What a port reads: a kernel's text and numbers depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Load {
    pub kind: Kind,
    /// Elements of a row.
    pub width: usize,
}

/// An array of the caller's that is on the device.
#[derive(Debug)]
struct Held {
    /// Where it is on the host: it stays there, as it is, for as long as it is held.
    at: usize,
    bytes: usize,
    device: CudaSlice<u8>,
}

/// Rows on their way to the device.
#[derive(Debug)]
struct Staged {
    pinned: Pinned,
    device: CudaSlice<u8>,
}

#[derive(Debug, Default)]
struct Port {
    load: Option<Load>,
    /// The address of the array's elements, its first row, and whether rows are listed.
    source: [u32; 4],
    /// For every other batch.
    staged: [Option<Staged>; 2],
}

/// The arrays of a model, and the batch that is taken from them.
#[derive(Debug)]
pub struct Arrays {
    gpu: Arc<Gpu>,
    /// Copies go here, while the GPU's own stream is at work.
    copies: Arc<CudaStream>,
    resident: bool,
    held: Vec<Held>,
    ports: [Port; ALL],
    /// Rows of the batch, where they are listed.
    rows: Vec<u32>,
    /// Which of the staged ones this batch has, and whether it has any.
    turn: usize,
    stages: bool,
    /// Where the rows of either turn are on the device, and where they are worth nothing any more.
    arrived: [CudaEvent; 2],
    consumed: [CudaEvent; 2],
}

impl Arrays {
    /// Without `resident`, no array is held.
    pub fn new(gpu: &Arc<Gpu>, resident: bool) -> Result<Self, DriverError> {
        let event = || gpu.context.new_event(None);
        Ok(Arrays {
            gpu: gpu.clone(),
            copies: gpu.context.new_stream()?,
            resident,
            held: vec![],
            ports: std::array::from_fn(|_| Port::default()),
            rows: vec![],
            turn: 0,
            stages: false,
            arrived: [event()?, event()?],
            consumed: [event()?, event()?],
        })
    }

    /// Copies arrays to the device, as long as they leave an eighth of what is free there; the rows of others come as they are asked
    /// for.
    pub fn hold(&mut self, arrays: &[&[Tensor<'_>]]) -> Result<(), DriverError> {
        if !self.resident {
            return Ok(());
        }
        let (free, _) = self.gpu.context.mem_get_info()?;
        let mut room = free / 8 * 7;
        for tensor in arrays.iter().copied().flatten() {
            let (_, bytes) = elements(tensor.values());
            if bytes.is_empty() || bytes.len() > room || self.find(bytes).is_some() {
                continue;
            }
            // SAFETY: all of it is written by the copy.
            let mut device = match unsafe { self.gpu.stream.alloc::<u8>(bytes.len()) } {
                Err(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => return Ok(()),
                device => device?,
            };
            self.gpu.stream.memcpy_htod(bytes, &mut device)?;
            room -= bytes.len();
            self.held.push(Held { at: bytes.as_ptr().addr(), bytes: bytes.len(), device });
        }
        Ok(())
    }

    /// Forgets them: from now on the caller may change its own.
    pub fn release(&mut self) {
        self.held.clear();
    }

    fn find(&self, bytes: &[u8]) -> Option<&Held> {
        self.held.iter().find(|held| held.at == bytes.as_ptr().addr() && held.bytes == bytes.len())
    }

    /// Begins another batch.
    pub fn begin(&mut self) {
        self.turn = 1 - self.turn;
        self.stages = false;
        self.rows.clear();
        self.ports.iter_mut().for_each(|port| port.load = None);
    }

    /// Says what a port reads: rows of an array.
    pub fn load(
        &mut self,
        port: usize,
        tensor: &Tensor<'_>,
        selection: Selection<'_>,
    ) -> Result<(), DriverError> {
        let (kind, bytes) = elements(tensor.values());
        let width = tensor.shape().width();
        let held = self.find(bytes).map(|held| held.device.device_ptr(&self.gpu.stream).0);
        let (address, first, listed) = match held {
            None => (self.stage(port, bytes, tensor.shape().rows(), selection)?, 0, false),
            Some(address) => match selection {
                Selection::Range { start, .. } => (address, start, false),
                Selection::Indices(rows) => {
                    // They are those of all arrays of the batch.
                    self.rows.clear();
                    self.rows.extend_from_slice(rows);
                    (address, 0, true)
                }
            },
        };
        let port = &mut self.ports[port];
        port.load = (width > 0).then_some(Load { kind, width });
        port.source = [address as u32, (address >> 32) as u32, first as u32, u32::from(listed)];
        Ok(())
    }

    /// Sends rows to the device, and gives their address there.
    fn stage(
        &mut self,
        port: usize,
        bytes: &[u8],
        rows: usize,
        selection: Selection<'_>,
    ) -> Result<u64, DriverError> {
        let width = bytes.len() / rows.max(1);
        let len = width * selection.len();
        if !std::mem::replace(&mut self.stages, true) {
            // What the batch before the last has read may be written now.
            self.copies.wait(&self.consumed[self.turn])?;
        }
        let place = &mut self.ports[port].staged[self.turn];
        let staged = match place {
            Some(staged) if staged.pinned.len() >= len => staged,
            place => {
                // Nobody reads what goes, and everybody sees what comes.
                self.copies.synchronize()?;
                *place = None;
                let pinned = Pinned::new(&self.gpu, len)?;
                // SAFETY: kernels read what was copied there, and no more.
                let device = unsafe { self.gpu.stream.alloc::<u8>(len.max(1)) }?;
                self.gpu.stream.synchronize()?;
                place.insert(Staged { pinned, device })
            }
        };
        let to = &mut staged.pinned.bytes()?[..len];
        match selection {
            Selection::Range { start, .. } => to.copy_from_slice(&bytes[start * width..][..len]),
            Selection::Indices(rows) => {
                for (row, to) in rows.iter().zip(to.chunks_exact_mut(width.max(1))) {
                    to.copy_from_slice(&bytes[*row as usize * width..][..width]);
                }
            }
        }
        let address = staged.device.device_ptr(&self.gpu.stream).0;
        if len > 0 {
            // SAFETY: so many bytes were allocated, and the stream has waited for those who read the last ones.
            unsafe { staged.pinned.send(&self.copies, address, len) }?;
        }
        Ok(address)
    }

    /// What each port reads.
    pub fn loads(&self) -> [Option<Load>; ALL] {
        std::array::from_fn(|port| self.ports[port].load)
    }

    /// The words that kernels find arrays by, and the rows that are listed.
    pub fn sources(&self) -> impl Iterator<Item = u32> + '_ {
        self.ports.iter().flat_map(|port| port.source).chain(self.rows.iter().copied())
    }

    /// The GPU's stream waits for the rows of the batch.
    pub fn arrive(&self) -> Result<(), DriverError> {
        if self.stages {
            self.arrived[self.turn].record(&self.copies)?;
            self.gpu.stream.wait(&self.arrived[self.turn])?;
        }
        Ok(())
    }

    /// The GPU's stream has read them.
    pub fn consumed(&self) -> Result<(), DriverError> {
        if self.stages { self.consumed[self.turn].record(&self.gpu.stream) } else { Ok(()) }
    }
}
