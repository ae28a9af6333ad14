//! What kernels did: a judgement of their speed that needs no GPU.

use crate::program::{Float, Int, Op};

/// Counts of a kernel, over all its launches. Instructions are counted once for each thread that takes them.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Tally {
    /// Launches.
    pub launches: u64,
    /// Fused multiplications and additions of `f32`, `f64` and halves.
    pub fma: u64,
    /// Other arithmetic.
    pub alu: u64,
    /// Loads and stores, atomic operations and asynchronous copies.
    pub memory: u64,
    /// Products of tensor cores, once for each warp.
    pub mma: u64,
    /// Branches, barriers, shuffles and the rest.
    pub other: u64,
    /// Instructions of warps, of any kind.
    pub warp_instructions: u64,
    /// Accesses of warps to device memory.
    pub global_requests: u64,
    /// Sectors of 32 bytes that they touch.
    pub global_sectors: u64,
    /// Bytes that they ask for: a request without waste has a sector for each 32.
    pub global_bytes: u64,
    /// Accesses of threads to device memory with 16 bytes.
    pub global_wide: u64,
    /// Accesses of threads to device memory of any size.
    pub global_accesses: u64,
    /// Accesses of warps to shared memory.
    pub shared_requests: u64,
    /// Passes that these need beyond those that their size asks for, since several lanes want different words of one bank.
    pub shared_conflicts: u64,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: &Tally) {
        self.launches += other.launches;
        self.fma += other.fma;
        self.alu += other.alu;
        self.memory += other.memory;
        self.mma += other.mma;
        self.other += other.other;
        self.warp_instructions += other.warp_instructions;
        self.global_requests += other.global_requests;
        self.global_sectors += other.global_sectors;
        self.global_bytes += other.global_bytes;
        self.global_wide += other.global_wide;
        self.global_accesses += other.global_accesses;
        self.shared_requests += other.shared_requests;
        self.shared_conflicts += other.shared_conflicts;
    }

    /// Thread instructions so far: the emulator's clock.
    pub fn lanes_run(&self) -> u64 {
        self.fma + self.alu + self.memory + 32 * self.mma + self.other
    }

    #[inline(always)]
    pub(crate) fn control(&mut self, mask: u32) {
        self.warp_instructions += 1;
        self.other += u64::from(mask.count_ones());
    }

    #[inline(always)]
    pub(crate) fn instruction(&mut self, op: &Op, mask: u32) {
        self.warp_instructions += 1;
        let lanes = u64::from(mask.count_ones());
        match op {
            Op::Float32(Float::Fma, _) | Op::Float64(Float::Fma, _) => self.fma += lanes,
            Op::Half(Float::Fma, _, half) => self.fma += lanes << u32::from(half.packed),
            Op::Load(_) | Op::Store(_) | Op::Atomic(_) | Op::CopyAsync(_) | Op::Matrix(_) => {
                self.memory += lanes
            }
            Op::Mma(_) => self.mma += 1,
            Op::Shuffle(..)
            | Op::Vote(..)
            | Op::WarpBarrier
            | Op::Fence
            | Op::CopyCommit
            | Op::CopyWait { .. }
            | Op::ActiveMask
            | Op::Nothing => self.other += lanes,
            Op::Int32(Int::Permute, _) => self.alu += lanes,
            _ => self.alu += lanes,
        }
    }

    /// A request to device memory.
    #[inline(always)]
    pub(crate) fn global(&mut self, at: &[u64; 32], mask: u32, bytes: usize, count: bool) {
        if !count || mask == 0 {
            return;
        }
        let lanes = u64::from(mask.count_ones());
        self.global_requests += 1;
        self.global_accesses += lanes;
        self.global_bytes += lanes * bytes as u64;
        self.global_wide += if bytes == 16 { lanes } else { 0 };
        // No access is larger than a sector or lies across one, since it is aligned.
        let mut sectors: Vec<u64> = (0..32).filter(|l| mask >> l & 1 == 1).map(|l| at[l] / 32).collect();
        sectors.sort_unstable();
        sectors.dedup();
        self.global_sectors += sectors.len() as u64;
    }

    /// A request to shared memory: 32 banks of four bytes; eight bytes a lane are two passes, sixteen are four.
    #[inline(always)]
    pub(crate) fn shared(&mut self, at: &[u64; 32], mask: u32, bytes: usize, count: bool) {
        if !count || mask == 0 {
            return;
        }
        self.shared_requests += 1;
        let lanes = (128 / bytes.max(4)).min(32);
        for first in (0..32).step_by(lanes) {
            let mut words: Vec<u64> = vec![];
            for lane in (first..first + lanes).filter(|l| mask >> l & 1 == 1) {
                words.extend((0..bytes.div_ceil(4) as u64).map(|word| at[lane] / 4 + word));
            }
            words.sort_unstable();
            words.dedup();
            let mut banks = [0u64; 32];
            for word in words {
                banks[word as usize % 32] += 1;
            }
            self.shared_conflicts += banks.iter().max().map_or(0, |most| most.saturating_sub(1));
        }
    }
}
