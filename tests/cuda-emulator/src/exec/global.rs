//! Checks of accesses to device memory.

use std::sync::atomic::Ordering::Relaxed;

use super::block::Block;
use super::lanes::{Wide, lanes_of};
use super::warp::Warp;
use crate::fault::{Fault, FaultKind};
use crate::memory::Region;
use crate::program::Ins;

/// What an instruction does to device memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    Read,
    /// A read that orders itself with other blocks: it does not race.
    StrongRead,
    Write,
    StrongWrite,
    Atomic,
}

impl Use {
    fn writes(self) -> bool {
        !matches!(self, Use::Read | Use::StrongRead)
    }

    fn strong(self) -> bool {
        !matches!(self, Use::Read | Use::Write)
    }
}

/// An access of several lanes.
pub struct Request<'a> {
    pub usage: Use,
    /// Bytes of a lane's access.
    pub bytes: usize,
    /// The address of each lane.
    pub at: &'a Wide,
    /// The lanes.
    pub mask: u32,
    /// Whether a lane's write leaves memory as it is.
    pub same: &'a dyn Fn(usize) -> bool,
}

/// A word's shadow has a mark for who wrote it last and one for who read it: from the highest bit the launch, the
/// block, how many barriers the block had passed, the warp, how many of its own barriers it had passed since, the lane,
/// flags.
///
/// The block and the two counts share 35 bits: the block gets as many as the grid needs, and the counts one half of
/// the rest each. A grid of 2¹¹ blocks leaves room for 4095 barriers of the block, and as many of a warp between two of
/// them. A block or warp that passes more is no longer watched within itself: nothing is told of it, right or wrong.
const LAUNCH: u32 = 48;
const WARP_BARRIERS: u32 = 8;
const LANE: u32 = 3;
/// Of a writer: the access was atomic, or ordered itself.
const STRONG: u64 = 1;
/// Of a writer: the block had passed a fence before.
const RELEASED: u64 = 2;
/// Of a reader: other lanes of the warp too, since the same barriers.
const LANES: u64 = 1;
/// Of a reader: other warps too, since the same barrier of the block.
const WARPS: u64 = 2;
/// Of a reader: other blocks too. The one that is named read it last.
const BLOCKS: u64 = 4;

/// Launches have numbers from 1 to this one. Shadows must be forgotten before they begin anew.
pub const LAST_LAUNCH: u32 = (1 << (64 - LAUNCH)) - 1;

/// Where a running block is: what marks of its threads have in common.
#[derive(Clone, Copy)]
pub struct Here {
    mark: u64,
    /// The lowest bit of the block in a mark.
    block: u32,
    /// That of the barriers which the block has passed.
    barriers: u32,
    /// That of the warp.
    warp: u32,
}

impl Here {
    /// The first block of a launch before its first barrier.
    pub fn new(launch: u32, grid: [u32; 3]) -> Self {
        let blocks: u64 = grid.iter().map(|n| u64::from(*n)).product();
        // No launch of more than 2³¹ blocks comes to its end.
        let block = LAUNCH - (u64::BITS - blocks.saturating_sub(1).leading_zeros()).min(31);
        let warp = WARP_BARRIERS + (block - WARP_BARRIERS - 5) / 2;
        Here { mark: u64::from(launch) << LAUNCH, block, barriers: warp + 5, warp }
    }

    /// A block of the same launch before its first barrier.
    pub fn begin(&mut self, block: u32) {
        self.mark = self.mark >> LAUNCH << LAUNCH | u64::from(block) << self.block;
    }

    /// Its threads are ordered: what they did before comes before what they do from here on.
    ///
    /// A barrier of some threads counts as one of all, as in shared memory.
    pub fn barrier(&mut self) {
        if self.watched() {
            self.mark += 1 << self.barriers;
        }
    }

    /// Whether there is room for one more barrier.
    fn watched(&self) -> bool {
        let most = (1 << (self.block - self.barriers)) - 1;
        self.mark >> self.barriers & most != most
    }

    /// The block that a mark of this launch names.
    fn block_of(&self, mark: u64) -> u32 {
        ((mark & ((1 << LAUNCH) - 1)) >> self.block) as u32
    }

    /// The thread that a mark names.
    fn thread_of(&self, mark: u64) -> u32 {
        (mark >> self.warp & 31) as u32 * 32 + (mark >> LANE & 31) as u32
    }
}

/// A warp that makes an access.
struct Accessor {
    here: Here,
    /// The marks of its lanes, but for the lane.
    mark: u64,
    /// Whether threads of the block are watched, and lanes of the warp.
    watched: (bool, bool),
    /// How many blocks, counted from the first, are ordered before it.
    met: u32,
}

/// Who is in the way of an access.
enum Other {
    Block(u32),
    Blocks,
    Thread(u32),
    Threads,
}

impl Accessor {
    /// Whether nothing orders two threads of a block, by how their marks differ.
    #[inline(always)]
    fn beside(&self, apart: u64) -> bool {
        let lanes = apart >> WARP_BARRIERS == 0 && apart >> LANE != 0 && self.watched.1;
        self.watched.0 && apart >> self.here.barriers == 0 && (apart >> self.here.warp != 0 || lanes)
    }

    /// Whether one who wrote a word in this launch is not ordered with `me`.
    fn writer(&self, wrote: u64, me: u64) -> Option<Other> {
        let (apart, by) = (wrote ^ me, self.here.block_of(wrote));
        match apart >> self.here.block {
            0 => self.beside(apart).then(|| Other::Thread(self.here.thread_of(wrote))),
            _ => (by >= self.met).then_some(Other::Block(by)),
        }
    }

    /// Whether some who read a word in this launch are not ordered with `me`.
    fn reader(&self, read: u64, me: u64) -> Option<Other> {
        let (apart, by) = (read ^ me, self.here.block_of(read));
        if read & BLOCKS != 0 && self.met == 0 {
            return Some(Other::Blocks);
        }
        if apart >> self.here.block != 0 {
            return (read & BLOCKS == 0 && by >= self.met).then_some(Other::Block(by));
        }
        let warps = read & WARPS != 0 && self.watched.0 && apart >> self.here.barriers == 0;
        let lanes = read & LANES != 0 && self.watched.1 && apart >> WARP_BARRIERS == 0;
        match self.beside(apart) {
            _ if warps || lanes => Some(Other::Threads),
            true => Some(Other::Thread(self.here.thread_of(read))),
            false => None,
        }
    }

    /// The mark of a word's readers when one of them is `me`, which has the flag `LANES` if other lanes read it at the
    /// same time. `None` if it stays as it is.
    #[inline(always)]
    fn read(&self, read: u64, me: u64) -> Option<u64> {
        let apart = read ^ me;
        let by_warps = read & WARPS != 0 && apart >> self.here.barriers == 0;
        // The lane is the same and no other is to be noted, or others are noted already.
        let by_lanes = apart >> WARP_BARRIERS == 0 && (apart & !(WARPS | BLOCKS) == 0 || read & LANES != 0);
        if by_warps || by_lanes {
            return None;
        }
        let others = if apart >> LAUNCH != 0 {
            0
        } else if apart >> self.here.block != 0 {
            BLOCKS
        } else if apart >> self.here.barriers != 0 {
            read & BLOCKS
        } else if apart >> self.here.warp != 0 {
            read & BLOCKS | WARPS
        } else if apart >> WARP_BARRIERS != 0 {
            read & BLOCKS
        } else {
            read & BLOCKS | LANES
        };
        Some(me | others)
    }
}

impl Block<'_> {
    /// Checks a request to device memory.
    pub fn check_global(&mut self, w: &Warp, ins: &Ins, request: &Request<'_>) -> Result<(), Fault> {
        let Request { bytes, at, mask, .. } = *request;
        let launch = self.launch;
        let mut left = mask;
        while left != 0 {
            let first = left.trailing_zeros() as usize;
            let Some(region) = launch.view.find(at[first], bytes, &mut self.hint) else {
                return Err(self.outside(w, ins, first, request));
            };
            let mut inside = 0;
            for (lane, at) in at.iter().enumerate() {
                let within = *at >= region.start && *at <= region.end - bytes as u64;
                inside |= u32::from(within) << lane;
            }
            let lanes = left & inside;
            left &= !inside;
            if launch.checks.uninitialised {
                self.check_written(w, ins, region, lanes, request)?;
            }
            // Blocks may share a word whose halves they write.
            if launch.checks.races && bytes >= 4 {
                self.check_races(w, ins, region, lanes, request)?;
            }
        }
        Ok(())
    }

    fn outside(&self, w: &Warp, ins: &Ins, lane: usize, request: &Request<'_>) -> Fault {
        let (usage, bytes, at) = (request.usage, request.bytes, request.at[lane]);
        let verb = if usage.writes() { "writes" } else { "reads" };
        let near = match self.launch.view.before(at) {
            Some(r) if at < r.end + (1 << 20) => {
                let size = r.end - r.start;
                format!("byte {} of an allocation of {size} bytes", at - r.start)
            }
            _ => "an address in no allocation".to_owned(),
        };
        self.fault(w, lane, ins, FaultKind::OutOfBounds, format!("{verb} {bytes} bytes at {at:#x}, {near}"))
    }

    fn check_written(
        &self,
        w: &Warp,
        ins: &Ins,
        region: &Region,
        lanes: u32,
        request: &Request<'_>,
    ) -> Result<(), Fault> {
        let Request { usage, bytes, at: addresses, .. } = *request;
        for lane in lanes_of(lanes) {
            if matches!(usage, Use::Write | Use::StrongWrite) {
                region.mark_written(addresses[lane], bytes);
            } else if !region.is_written(addresses[lane], bytes) {
                let offset = addresses[lane] - region.start;
                let size = region.end - region.start;
                let what = format!(
                    "reads byte {offset} of an allocation of {size} bytes, which nothing has written"
                );
                return Err(self.fault(w, lane, ins, FaultKind::Uninitialised, what));
            }
        }
        Ok(())
    }

    fn check_races(
        &mut self,
        w: &Warp,
        ins: &Ins,
        region: &Region,
        lanes: u32,
        request: &Request<'_>,
    ) -> Result<(), Fault> {
        let Request { usage, bytes, at: addresses, same, .. } = *request;
        let by = self.accessor(w);
        let flags = match usage.strong() {
            true if self.fenced => STRONG | RELEASED,
            true => STRONG,
            false => 0,
        };
        let (mut left, mut last) = (lanes, None);
        while left != 0 {
            let lane = left.trailing_zeros() as usize;
            left &= left - 1;
            let at = addresses[lane];
            let mut me = by.mark | (lane as u64) << LANE;
            if !usage.writes() {
                // Lanes that read the same word are noted at once.
                if last == Some(at) {
                    continue;
                }
                last = Some(at);
                let next = left.trailing_zeros() as usize & 31;
                me |= if left != 0 && addresses[next] == at { LANES } else { 0 };
            }
            let (writers, readers) = region.words(at, bytes);
            for (word, (writer, reader)) in writers.iter().zip(readers).enumerate() {
                let wrote = writer.load(Relaxed);
                if (wrote ^ me) >> LAUNCH == 0
                    && !(usage.strong() && wrote & STRONG != 0)
                    && let Some(other) = by.writer(wrote, me)
                {
                    if usage.writes() && same(lane) {
                        continue;
                    }
                    let word = (region, at + 4 * word as u64);
                    return Err(self.race(w, ins, (lane, usage), word, ("wrote", other)));
                }
                let read = reader.load(Relaxed);
                if !usage.writes() {
                    if usage == Use::Read
                        && let Some(mark) = by.read(read, me)
                    {
                        reader.store(mark, Relaxed);
                    }
                    continue;
                }
                if (read ^ me) >> LAUNCH == 0
                    && let Some(other) = by.reader(read, me)
                    && !same(lane)
                {
                    let word = (region, at + 4 * word as u64);
                    return Err(self.race(w, ins, (lane, usage), word, ("read", other)));
                }
                writer.store(me | flags, Relaxed);
            }
        }
        Ok(())
    }

    fn accessor(&self, w: &Warp) -> Accessor {
        let here = self.here;
        let most = (1 << (here.warp - WARP_BARRIERS)) - 1;
        let passed = u64::from(w.epoch).min(most);
        let mark = here.mark | u64::from(w.id) << here.warp | passed << WARP_BARRIERS;
        let watched = here.watched();
        Accessor { here, mark, watched: (watched, watched && passed < most), met: self.met }
    }

    fn race(
        &self,
        w: &Warp,
        ins: &Ins,
        (lane, usage): (usize, Use),
        (region, at): (&Region, u64),
        (did, other): (&str, Other),
    ) -> Fault {
        let verb = if usage.writes() { "writes" } else { "reads" };
        let word =
            format!("byte {} of an allocation of {} bytes", at - region.start, region.end - region.start);
        let what = match other {
            Other::Block(block) => {
                format!("{verb} a word of device memory that block {block} {did} in the same launch")
            }
            Other::Blocks => {
                format!("{verb} a word of device memory that several blocks {did} in the same launch")
            }
            Other::Thread(by) => {
                let name = self.thread_name(by);
                format!("{verb} {word}, which thread {name} {did} with no barrier between")
            }
            Other::Threads => format!("{verb} {word}, which several threads {did} with no barrier between"),
        };
        self.fault(w, lane, ins, FaultKind::Race, what)
    }

    /// Threads are about to do atomic operations. Where they meet one before which others passed a fence, they may read
    /// what those wrote.
    ///
    /// Blocks run one after another in a kernel that has atomic operations, so all blocks that came before and left a
    /// mark on the word have been met. Within the block it counts as a barrier: what is in order must not be told as a
    /// race.
    pub fn meet_writers(&mut self, w: &Warp, at: &Wide, mask: u32, bytes: usize) {
        let launch = self.launch;
        // Lanes may meet each other.
        if self.fenced && !mask.is_power_of_two() {
            self.here.barrier();
        }
        for lane in lanes_of(mask) {
            let Some(region) = launch.view.find(at[lane], bytes, &mut self.hint) else { continue };
            for writer in region.words(at[lane], bytes).0 {
                let (wrote, by) = (writer.load(Relaxed), self.accessor(w));
                let apart = wrote ^ (by.mark | (lane as u64) << LANE);
                if wrote & RELEASED == 0 || apart >> LAUNCH != 0 {
                    continue;
                }
                // The last one met those before it.
                self.met = self.met.max(self.here.block_of(wrote) + 1);
                if by.beside(apart) {
                    self.here.barrier();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More barriers than there is room for beside the number of a block.
    #[test]
    fn barriers_do_not_run_over_into_the_block() {
        let mut here = Here::new(LAST_LAUNCH, [1 << 6, 1 << 5, 1]);
        here.begin(2046);
        for _ in 0..4095 {
            assert!(here.watched());
            here.barrier();
        }
        for _ in 0..2 {
            assert!(!here.watched());
            assert_eq!((here.block_of(here.mark), here.mark >> LAUNCH), (2046, u64::from(LAST_LAUNCH)));
            here.barrier();
        }
        here.begin(2047);
        assert!(here.watched());
        assert_eq!((here.block_of(here.mark), here.mark >> here.barriers & 0xfff), (2047, 0));
    }

    #[test]
    fn any_grid_has_room() {
        for blocks in [1, 2, 3, 1000, 1 << 20, i32::MAX as u32] {
            let mut here = Here::new(1, [blocks, 1, 1]);
            here.begin(blocks - 1);
            here.barrier();
            let all = here.mark | 31 << here.warp | 31 << LANE;
            assert_eq!((here.block_of(all), here.thread_of(all), all >> LAUNCH), (blocks - 1, 1023, 1));
            assert!(here.watched() && here.warp > WARP_BARRIERS);
        }
    }
}
