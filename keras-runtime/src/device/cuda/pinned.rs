//! Memory of the host that the device reads and writes by itself, while the host goes on.

use std::ffi::c_void;
use std::sync::Arc;

use cudarc::driver::{CudaContext, CudaEvent, CudaStream, DriverError, result};

use super::Gpu;

/// Bytes that stay where they are.
#[derive(Debug)]
struct Block {
    context: Arc<CudaContext>,
    bytes: *mut u8,
    len: usize,
}

// SAFETY: the bytes are this value's alone, as a vector's are.
unsafe impl Send for Block {}

impl Block {
    /// So many bytes, which are zeros.
    fn new(gpu: &Gpu, len: usize) -> Result<Self, DriverError> {
        gpu.context.bind_to_thread()?;
        let len = len.max(1);
        // SAFETY: the memory is freed when this is dropped, and all of it is written before anybody reads it.
        let bytes = unsafe {
            let bytes = result::malloc_host(len, 0)?.cast::<u8>();
            bytes.write_bytes(0, len);
            bytes
        };
        Ok(Block { context: gpu.context.clone(), bytes, len })
    }

    /// Copies bytes to the device.
    ///
    /// # Safety
    /// Those at `from` and at `to` are the stream's until it has come to it.
    unsafe fn send(&self, stream: &CudaStream, from: usize, to: u64, len: usize) -> Result<(), DriverError> {
        let len = len.min(self.len - from);
        // SAFETY: within the block; the rest is the caller's promise.
        unsafe {
            let from = std::slice::from_raw_parts(self.bytes.add(from), len);
            result::memcpy_htod_async(to, from, stream.cu_stream())
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // After an error there is nobody to tell.
        let bound = self.context.bind_to_thread();
        // SAFETY: it was allocated in `new`; those who copy to or from it have waited.
        let _ = bound.and_then(|()| unsafe { result::free_host(self.bytes.cast::<c_void>()) });
    }
}

/// The end of a copy.
#[derive(Debug)]
struct Done {
    event: CudaEvent,
    /// There was a copy since it was last waited for.
    busy: bool,
}

impl Done {
    fn new(gpu: &Gpu) -> Result<Self, DriverError> {
        Ok(Done { event: gpu.context.new_event(None)?, busy: false })
    }

    fn begun(&mut self, stream: &CudaStream) -> Result<(), DriverError> {
        self.busy = true;
        self.event.record(stream)
    }

    /// Whether the last copy has come to its end, without a wait.
    fn is_over(&mut self) -> Result<bool, DriverError> {
        self.busy = self.busy && !self.event.try_is_complete()?;
        Ok(!self.busy)
    }

    fn wait(&mut self) -> Result<(), DriverError> {
        if std::mem::take(&mut self.busy) { self.event.synchronize() } else { Ok(()) }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        // After an error nothing is copied any more.
        let _ = self.wait();
    }
}

/// Pinned bytes of one copy at a time.
#[derive(Debug)]
pub struct Pinned {
    // Dropped first.
    done: Done,
    block: Block,
}

impl Pinned {
    /// So many bytes, which are zeros.
    pub fn new(gpu: &Gpu, len: usize) -> Result<Self, DriverError> {
        Ok(Pinned { done: Done::new(gpu)?, block: Block::new(gpu, len)? })
    }

    pub fn len(&self) -> usize {
        self.block.len
    }

    /// Whether the last copy is done.
    pub fn is_over(&mut self) -> Result<bool, DriverError> {
        self.done.is_over()
    }

    /// The bytes, once the last copy is done.
    pub fn bytes(&mut self) -> Result<&mut [u8], DriverError> {
        self.done.wait()?;
        // SAFETY: there are so many, no copy is under way, and `self` is borrowed for as long as they are.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.block.bytes, self.block.len) })
    }

    /// The bytes as words, likewise.
    pub fn words(&mut self) -> Result<&mut [f32], DriverError> {
        let bytes = self.bytes()?;
        // SAFETY: pinned memory begins at a page, and any four bytes are a word.
        Ok(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len() / 4) })
    }

    /// Copies the first `len` bytes to the device, when `stream` has come to it.
    ///
    /// # Safety
    /// As many bytes at `to` are the caller's until then.
    pub unsafe fn send(&mut self, stream: &CudaStream, to: u64, len: usize) -> Result<(), DriverError> {
        // SAFETY: `bytes` waits before they are touched again, and `Done` before they go.
        unsafe { self.block.send(stream, 0, to, len) }?;
        self.done.begun(stream)
    }

    /// Copies `len` bytes of the device here, when `stream` has come to it.
    ///
    /// # Safety
    /// As many bytes at `from` are on the device until then.
    pub unsafe fn receive(&mut self, stream: &CudaStream, from: u64, len: usize) -> Result<(), DriverError> {
        // SAFETY: as in `send`.
        unsafe {
            let to = std::slice::from_raw_parts_mut(self.block.bytes, len.min(self.block.len));
            result::memcpy_dtoh_async(to, from, stream.cu_stream())?;
        }
        self.done.begun(stream)
    }
}

/// How many small copies to the device may be under way: two for each step that the host is ahead.
const AHEAD: usize = 64;

/// Small copies to the device, one after another, for none of which the host waits unless it is far ahead.
#[derive(Debug, Default)]
pub struct Uploads {
    // Dropped first.
    done: Vec<Done>,
    block: Option<Block>,
    next: usize,
}

impl Uploads {
    /// Makes room for copies of so many words.
    pub fn reserve(&mut self, gpu: &Gpu, words: usize) -> Result<(), DriverError> {
        if self.block.as_ref().is_some_and(|block| block.len >= 4 * words * AHEAD) {
            return Ok(());
        }
        self.done.iter_mut().try_for_each(Done::wait)?;
        if self.done.is_empty() {
            self.done = (0..AHEAD).map(|_| Done::new(gpu)).collect::<Result<_, _>>()?;
        }
        self.block = Some(Block::new(gpu, 4 * words.max(256) * AHEAD)?);
        Ok(())
    }

    /// Copies words to `to`, in the order of the GPU's stream.
    ///
    /// # Safety
    /// As many words at `to` are the caller's until the stream has come to it.
    pub unsafe fn send(&mut self, gpu: &Gpu, words: &[f32], to: u64) -> Result<(), DriverError> {
        if words.is_empty() {
            return Ok(());
        }
        self.reserve(gpu, words.len())?;
        let Some(block) = &self.block else { return Ok(()) };
        self.next = (self.next + 1) % AHEAD;
        let from = block.len / AHEAD * self.next;
        self.done[self.next].wait()?;
        // SAFETY: the last copy of this part is done, and the part has room for the words; the rest is the caller's promise.
        unsafe {
            block.bytes.add(from).cast::<f32>().copy_from_nonoverlapping(words.as_ptr(), words.len());
            block.send(&gpu.stream, from, to, 4 * words.len())?;
        }
        self.done[self.next].begun(&gpu.stream)
    }
}
