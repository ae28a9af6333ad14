//! Words on the device, and their copies on the host.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::{CudaSlice, DevicePtr, DeviceRepr, DriverError};

use super::source::PORTS;
use super::{Gpu, library};
use crate::error::{Error, Result};

/// What went wrong first, where nobody could be told: everything after it does nothing.
#[derive(Debug, Clone, Default)]
pub struct Fault(Arc<Mutex<Option<Error>>>);

impl Fault {
    /// Keeps an error, if it is the first.
    pub fn keep(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Keeps the error of a call of the driver.
    pub fn note<T>(&self, result: Result<T, DriverError>) -> Option<T> {
        result.map_err(|error| self.keep(library::explain("CUDA", &error))).ok()
    }

    /// The first error.
    pub fn check(&self) -> Result<()> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(error) => {
                Err(Error::Device { device: "the GPU has failed".into(), problem: error.to_string() })
            }
        }
    }

    /// Whether there was one.
    pub fn is_set(&self) -> bool {
        self.check().is_err()
    }
}

/// The memories of a model, as kernels are given them.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    pub params: u64,
    pub grads: u64,
    pub arena: u64,
    pub fixed: u64,
    pub state: u64,
    pub work: u64,
    pub inputs: [u64; PORTS],
    pub outputs: [u64; PORTS],
    pub losses: [u64; PORTS],
    pub targets: [u64; PORTS],
    pub weights: [u64; PORTS],
    pub masks: [u64; PORTS],
    pub control: u64,
}

// SAFETY: the structure of the same name in `source/prelude.cu`, field for field.
unsafe impl DeviceRepr for Memory {}

/// Words on the device, which grow and never shrink.
#[derive(Debug)]
pub struct Words {
    gpu: Arc<Gpu>,
    slice: CudaSlice<f32>,
    len: usize,
}

impl Words {
    /// `len` zeros.
    pub fn new(gpu: &Arc<Gpu>, len: usize) -> Result<Self, DriverError> {
        Ok(Words { gpu: gpu.clone(), slice: gpu.stream.alloc_zeros(len.max(1))?, len })
    }

    /// Makes room for `len` words, which are zeros then; whether their address has changed.
    pub fn grow(&mut self, len: usize) -> Result<bool, DriverError> {
        if len <= self.len {
            return Ok(false);
        }
        self.gpu.stream.synchronize()?;
        // What was there goes first: there may be no room for both.
        self.slice = self.gpu.stream.alloc_zeros(1)?;
        self.len = 0;
        self.slice = self.gpu.stream.alloc_zeros(len)?;
        self.len = len;
        Ok(true)
    }

    /// Bytes that are missing for `len` words.
    pub fn missing(&self, len: usize) -> usize {
        4 * len.saturating_sub(self.len)
    }

    /// The address of word `at`.
    pub fn address(&self, at: usize) -> u64 {
        self.slice.device_ptr(&self.gpu.stream).0 + 4 * at as u64
    }

    /// Copies words from the host, to word `at`.
    pub fn put(&mut self, at: usize, words: &[f32]) -> Result<(), DriverError> {
        if words.is_empty() {
            return Ok(());
        }
        self.gpu.stream.memcpy_htod(words, &mut self.slice.slice_mut(at..at + words.len()))
    }

    /// Copies words to the host, from word `at` on, when all that was begun before is done.
    pub fn get(&self, at: usize, words: &mut [f32]) -> Result<(), DriverError> {
        if words.is_empty() {
            return Ok(());
        }
        self.gpu.stream.memcpy_dtoh(&self.slice.slice(at..at + words.len()), words)?;
        self.gpu.stream.synchronize()
    }
}

/// Words on the device that the host looks at now and then, or writes.
#[derive(Debug)]
pub struct Mirror {
    pub device: Words,
    /// How many of them there are.
    len: usize,
    host: OnceCell<Vec<f32>>,
    /// The host's were written, and the device's are old.
    ahead: bool,
    fault: Fault,
}

impl Mirror {
    pub fn new(gpu: &Arc<Gpu>, len: usize, fault: &Fault) -> Result<Self, DriverError> {
        let host = OnceCell::from(vec![0.0; len]);
        Ok(Mirror { device: Words::new(gpu, len)?, len, host, ahead: false, fault: fault.clone() })
    }

    /// The words, as they are when all that was begun is done.
    pub fn read(&self) -> &[f32] {
        self.host.get_or_init(|| {
            let mut words = vec![0.0; self.len];
            self.fault.note(self.device.get(0, &mut words));
            words
        })
    }

    /// The words, to be written.
    pub fn write(&mut self) -> &mut [f32] {
        self.read();
        self.ahead = true;
        self.host.get_mut().expect("was read")
    }

    /// Makes them these; whether the address has changed.
    pub fn replace(&mut self, words: &[f32]) -> bool {
        let (host, moved) = self.renew(words.len());
        host.copy_from_slice(words);
        moved
    }

    /// Makes them `len`, for the host to write all of them; whether the address has changed.
    pub fn renew(&mut self, len: usize) -> (&mut [f32], bool) {
        let moved = self.resize(len);
        let mut words = self.host.take().unwrap_or_default();
        words.resize(len, 0.0);
        self.host = OnceCell::from(words);
        self.ahead = true;
        (self.host.get_mut().expect("was put there"), moved)
    }

    /// Makes them `len`, for the device to write all of them; whether the address has changed.
    pub fn resize(&mut self, len: usize) -> bool {
        if len != self.len {
            self.len = len;
            self.host = OnceCell::new();
            self.ahead = false;
        }
        self.fault.note(self.device.grow(len)).unwrap_or(false)
    }

    /// Gives the device what the host has written.
    pub fn push(&mut self) {
        if std::mem::take(&mut self.ahead) {
            let words = self.host.get().expect("was written");
            self.fault.note(self.device.put(0, words));
        }
    }

    /// The device is about to write them.
    pub fn changes(&mut self) {
        self.push();
        self.host = OnceCell::new();
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.len
    }
}
