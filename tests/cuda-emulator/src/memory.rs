//! Device memory: allocations of the host's memory, each with shadows that say what was written, and by which thread.

use std::alloc::{Layout, alloc, dealloc};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Device memory begins at multiples of this, as `cuMemAlloc` promises.
const ALIGN: usize = 512;

/// All allocations.
pub struct Memory {
    allocations: BTreeMap<u64, Allocation>,
    /// Bytes in use.
    pub used: usize,
    view: Option<Arc<View>>,
}

struct Allocation {
    size: usize,
    layout: Layout,
    /// A byte for each byte: one once it was written.
    written: Vec<u8>,
    /// For each word the launch, block and thread that wrote it last.
    writers: Vec<u64>,
    /// For each word the launch, block and thread that read it.
    readers: Vec<u64>,
}

/// The allocations, as kernels see them.
#[derive(Default)]
pub struct View {
    /// By address.
    pub regions: Vec<Region>,
}

/// An allocation, as kernels see it.
#[derive(Clone, Copy)]
pub struct Region {
    /// Its first address.
    pub start: u64,
    /// The address behind it.
    pub end: u64,
    written: *mut u8,
    writers: *const AtomicU64,
    readers: *const AtomicU64,
}

// SAFETY: the pointers lead to atomics, which any thread may use while the allocation lives.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    fn shadow(&self, address: u64, bytes: usize) -> *mut u8 {
        debug_assert!(address >= self.start && address + bytes as u64 <= self.end);
        self.written.wrapping_add((address - self.start) as usize)
    }

    /// Whether all bytes of an access were written.
    #[inline(always)]
    pub fn is_written(&self, address: u64, bytes: usize) -> bool {
        let shadow = self.shadow(address, bytes);
        // SAFETY: callers looked the region up for this access, and the shadow has a byte for each of its bytes. Threads that run
        // blocks at the same time only ever store ones.
        unsafe {
            match bytes {
                4 => shadow.cast::<u32>().read_unaligned() == 0x0101_0101,
                8 => shadow.cast::<u64>().read_unaligned() == 0x0101_0101_0101_0101,
                16 => shadow.cast::<u128>().read_unaligned() == u128::from_ne_bytes([1; 16]),
                _ => (0..bytes).all(|at| *shadow.add(at) == 1),
            }
        }
    }

    /// Notes that the bytes of an access were written.
    #[inline(always)]
    pub fn mark_written(&self, address: u64, bytes: usize) {
        // SAFETY: as above.
        unsafe { ptr::write_bytes(self.shadow(address, bytes), 1, bytes) }
    }

    /// Who wrote and who read the words of an access.
    pub fn words(&self, address: u64, bytes: usize) -> (&[AtomicU64], &[AtomicU64]) {
        debug_assert!(address >= self.start && address + bytes as u64 <= self.end);
        let first = ((address - self.start) / 4) as usize;
        let count = ((address - self.start) as usize + bytes).div_ceil(4) - first;
        // SAFETY: as above; the shadows have an element for each word that is begun.
        unsafe {
            (
                std::slice::from_raw_parts(self.writers.add(first), count),
                std::slice::from_raw_parts(self.readers.add(first), count),
            )
        }
    }
}

impl View {
    /// The region that an access lies in; `hint` is where to look first.
    #[inline(always)]
    pub fn find(&self, address: u64, bytes: usize, hint: &mut usize) -> Option<&Region> {
        let inside = |r: &Region| {
            address >= r.start && address.checked_add(bytes as u64).is_some_and(|end| end <= r.end)
        };
        if let Some(region) = self.regions.get(*hint)
            && inside(region)
        {
            return Some(region);
        }
        let after = self.regions.partition_point(|r| r.start <= address);
        *hint = after.checked_sub(1)?;
        self.regions.get(*hint).filter(|r| inside(r))
    }

    /// The region that begins last before an address, for messages.
    pub fn before(&self, address: u64) -> Option<&Region> {
        let after = self.regions.partition_point(|r| r.start <= address);
        self.regions.get(after.checked_sub(1)?)
    }
}

impl Memory {
    /// No memory yet.
    pub const fn new() -> Self {
        Memory { allocations: BTreeMap::new(), used: 0, view: None }
    }

    /// Allocates; `None` if there is not enough within the limit.
    pub fn allocate(&mut self, size: usize, limit: usize) -> Option<u64> {
        if size == 0 || self.used.checked_add(size)? > limit {
            return None;
        }
        let layout = Layout::from_size_align(size.checked_next_multiple_of(ALIGN)?, ALIGN).ok()?;
        // SAFETY: the layout is not empty.
        let base = unsafe { alloc(layout) };
        if base.is_null() {
            return None;
        }
        // SAFETY: the allocation has that size.
        unsafe { ptr::write_bytes(base, 0xcb, layout.size()) };
        let words = size.div_ceil(4);
        let allocation = Allocation {
            size,
            layout,
            written: vec![0; size],
            writers: vec![0; words],
            readers: vec![0; words],
        };
        self.used += size;
        self.view = None;
        self.allocations.insert(base as u64, allocation);
        Some(base as u64)
    }

    /// Frees what begins at an address.
    pub fn free(&mut self, address: u64) -> bool {
        let Some(allocation) = self.allocations.remove(&address) else { return false };
        self.used -= allocation.size;
        self.view = None;
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(address as *mut u8, allocation.layout) };
        true
    }

    /// Whether a range lies in one allocation.
    pub fn contains(&self, address: u64, bytes: usize) -> bool {
        bytes == 0 || self.find(address, bytes).is_some()
    }

    fn find(&self, address: u64, bytes: usize) -> Option<(u64, &Allocation)> {
        let (start, allocation) = self.allocations.range(..=address).next_back()?;
        let end = address.checked_add(bytes as u64)?;
        (end <= start + allocation.size as u64).then_some((*start, allocation))
    }

    fn written(&mut self, address: u64, bytes: usize) -> Option<&mut [u8]> {
        let start = self.find(address, bytes)?.0;
        let allocation = self.allocations.get_mut(&start)?;
        let first = (address - start) as usize;
        Some(&mut allocation.written[first..first + bytes])
    }

    /// Notes that a range was written by the host.
    pub fn mark_written(&mut self, address: u64, bytes: usize) {
        if let Some(shadow) = self.written(address, bytes) {
            shadow.fill(1);
        }
    }

    /// Copies what is known about a range to another one.
    pub fn copy_shadow(&mut self, to: u64, from: u64, bytes: usize) {
        if let Some(known) = self.written(from, bytes).map(|shadow| shadow.to_vec())
            && let Some(shadow) = self.written(to, bytes)
        {
            shadow.copy_from_slice(&known);
        }
    }

    /// Forgets which launches wrote and read what.
    pub fn forget_launches(&mut self) {
        for allocation in self.allocations.values_mut() {
            allocation.writers.fill(0);
            allocation.readers.fill(0);
        }
    }

    /// The allocations, for kernels.
    pub fn view(&mut self) -> Arc<View> {
        let allocations = &mut self.allocations;
        let make = || {
            let regions = allocations.iter_mut().map(|(start, a)| Region {
                start: *start,
                end: start + a.size as u64,
                written: a.written.as_mut_ptr(),
                writers: a.writers.as_mut_ptr().cast_const().cast(),
                readers: a.readers.as_mut_ptr().cast_const().cast(),
            });
            Arc::new(View { regions: regions.collect() })
        };
        self.view.get_or_insert_with(make).clone()
    }
}
