//! The shadow of shared memory: who wrote and who read each cell last, and whether a barrier lies between.

/// A thread of the block, and how many warp barriers its warp has passed since the last barrier of the block.
#[derive(Clone, Copy)]
pub struct Who {
    pub thread: u32,
    pub warp_epoch: u32,
}

/// What is done to a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    Read,
    Write,
    Atomic,
    /// An asynchronous copy to it is begun.
    Begin,
    /// The copy is done.
    Finish,
}

/// Why an access is wrong.
#[derive(Clone, Copy, Debug)]
pub enum Conflict {
    /// Never written.
    Uninitialised,
    /// Written by this thread without a barrier since.
    Written(u32),
    /// Read by this thread without a barrier since.
    Read(u32),
    /// An asynchronous copy that this thread began has not been waited for.
    Copying(u32),
}

/// The shadow.
pub struct Shadow {
    writers: Vec<u64>,
    readers: Vec<u64>,
    /// How many barriers have been passed, in all blocks.
    epoch: u64,
    /// The epoch in which this block began: what is older was written by another block, so not at all.
    first: u64,
    /// Cells have two to the power of this bytes.
    shift: u32,
}

/// A cell's word: the epoch, the warp's epoch, the thread, flags.
const EPOCH: u32 = 34;
const WARP_EPOCH: u32 = 14;
const THREAD: u32 = 4;
/// Of a writer: it was an atomic operation.
const BY_ATOMIC: u64 = 1;
/// Of a writer: it is a copy that is under way.
const UNDER_WAY: u64 = 2;
/// Of a reader: other lanes of its warp too.
const LANES: u64 = 1;
/// Of a reader: other warps too.
const WARPS: u64 = 2;

impl Shadow {
    pub fn new(bytes: usize, grain: usize) -> Self {
        let shift = grain.trailing_zeros();
        let cells = bytes.div_ceil(1 << shift);
        Shadow { writers: vec![0; cells], readers: vec![0; cells], epoch: 0, first: 0, shift }
    }

    /// Forgets what other blocks did.
    pub fn next_block(&mut self) {
        // Before the epochs run out of bits all is forgotten.
        if self.epoch >> 29 != 0 {
            self.writers.fill(0);
            self.readers.fill(0);
            self.epoch = 0;
        }
        self.epoch += 1;
        self.first = self.epoch;
    }

    /// All threads have passed a barrier.
    pub fn barrier(&mut self) {
        self.epoch += 1;
    }

    fn pack(&self, who: Who, flags: u64) -> u64 {
        let warp_epoch = u64::from(who.warp_epoch) & ((1 << (EPOCH - WARP_EPOCH)) - 1);
        self.epoch << EPOCH | warp_epoch << WARP_EPOCH | u64::from(who.thread) << THREAD | flags
    }

    /// Whether nothing orders the access that a cell holds before one by `who`.
    fn unordered(&self, cell: u64, me: u64) -> bool {
        let (thread, mine) = (thread(cell), thread(me));
        cell >> EPOCH == self.epoch
            && thread != mine
            && !(thread / 32 == mine / 32 && warp_epoch(cell) != warp_epoch(me))
    }

    /// Notes an access to bytes and says what is wrong with it.
    #[inline(always)]
    pub fn touch(&mut self, at: usize, bytes: usize, who: Who, touch: Touch) -> Option<Conflict> {
        let me = self.pack(who, 0);
        let mut found = None;
        for cell in at >> self.shift..(at + bytes).div_ceil(1 << self.shift) {
            let conflict = match touch {
                Touch::Read if self.adds_nothing(cell, me) => None,
                Touch::Read => self.read(cell, me),
                _ => self.write(cell, me, touch),
            };
            found = found.or(conflict);
        }
        found
    }

    /// Whether a read is in order and nothing is to be noted, as is so of most: the cell was written before the last barrier, and
    /// several warps have read it since, or several lanes of this one.
    #[inline(always)]
    fn adds_nothing(&self, cell: usize, me: u64) -> bool {
        let (writer, reader) = (self.writers[cell], self.readers[cell]);
        let written = writer >> EPOCH;
        let settled = written >= self.first && written < self.epoch && writer & UNDER_WAY == 0;
        let by_warps = reader >> EPOCH == self.epoch && reader & WARPS != 0;
        settled && (by_warps || (reader & LANES != 0 && (reader ^ me) >> (THREAD + 5) == 0))
    }

    #[inline(never)]
    fn read(&mut self, cell: usize, me: u64) -> Option<Conflict> {
        let writer = self.writers[cell];
        let conflict = if writer >> EPOCH < self.first {
            Some(Conflict::Uninitialised)
        } else if writer & UNDER_WAY != 0 {
            Some(Conflict::Copying(thread(writer)))
        } else if self.unordered(writer, me) {
            Some(Conflict::Written(thread(writer)))
        } else {
            None
        };
        let reader = self.readers[cell];
        let mut flags = 0;
        if reader >> EPOCH == self.epoch {
            if reader == me {
                return conflict;
            }
            flags = reader & WARPS;
            if thread(reader) / 32 != thread(me) / 32 {
                flags |= WARPS;
            } else if warp_epoch(reader) == warp_epoch(me) {
                flags |= if thread(reader) == thread(me) { reader & LANES } else { LANES };
            }
        }
        self.readers[cell] = me | flags;
        conflict
    }

    #[inline(never)]
    fn write(&mut self, cell: usize, me: u64, touch: Touch) -> Option<Conflict> {
        let (writer, reader) = (self.writers[cell], self.readers[cell]);
        let atomic = touch == Touch::Atomic;
        self.writers[cell] = match touch {
            Touch::Atomic => me | BY_ATOMIC,
            Touch::Begin => me | UNDER_WAY,
            _ => me,
        };
        let written = writer >> EPOCH >= self.first;
        if atomic && !written {
            return Some(Conflict::Uninitialised);
        }
        if written && writer & UNDER_WAY != 0 {
            // Its own copy is what `Finish` ends.
            let own = touch == Touch::Finish && thread(writer) == thread(me);
            return if own { None } else { Some(Conflict::Copying(thread(writer))) };
        }
        if self.unordered(writer, me) && !(atomic && writer & BY_ATOMIC != 0) {
            return Some(Conflict::Written(thread(writer)));
        }
        if reader >> EPOCH == self.epoch {
            let same_warp = thread(reader) / 32 == thread(me) / 32;
            let same_lane = thread(reader) == thread(me) && reader & LANES == 0;
            if reader & WARPS != 0 || !same_warp || (warp_epoch(reader) == warp_epoch(me) && !same_lane) {
                return Some(Conflict::Read(thread(reader)));
            }
        }
        None
    }
}

fn thread(cell: u64) -> u32 {
    (cell >> THREAD) as u32 & 0x3ff
}

fn warp_epoch(cell: u64) -> u64 {
    cell >> WARP_EPOCH & ((1 << (EPOCH - WARP_EPOCH)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(thread: u32) -> Who {
        Who { thread, warp_epoch: 1 }
    }

    fn shadow() -> Shadow {
        let mut shadow = Shadow::new(64, 4);
        shadow.next_block();
        shadow
    }

    #[test]
    fn a_barrier_orders() {
        let mut shadow = shadow();
        assert!(matches!(shadow.touch(8, 4, who(1), Touch::Read), Some(Conflict::Uninitialised)));
        assert!(shadow.touch(0, 4, who(0), Touch::Write).is_none());
        assert!(shadow.touch(0, 4, who(0), Touch::Read).is_none());
        assert!(matches!(shadow.touch(0, 4, who(40), Touch::Read), Some(Conflict::Written(0))));
        shadow.barrier();
        assert!(shadow.touch(0, 4, who(40), Touch::Read).is_none());
        assert!(shadow.touch(0, 4, who(41), Touch::Read).is_none());
        assert!(matches!(shadow.touch(0, 4, who(40), Touch::Write), Some(Conflict::Read(_))));
    }

    #[test]
    fn a_warp_barrier_orders_lanes_of_a_warp() {
        let mut shadow = shadow();
        let later = |thread| Who { thread, warp_epoch: 2 };
        shadow.touch(0, 4, who(0), Touch::Write);
        assert!(matches!(shadow.touch(0, 4, who(1), Touch::Read), Some(Conflict::Written(0))));
        assert!(shadow.touch(0, 4, later(1), Touch::Read).is_none());
        assert!(matches!(shadow.touch(0, 4, later(33), Touch::Read), Some(Conflict::Written(0))));
    }

    #[test]
    fn a_copy_must_be_waited_for() {
        let mut shadow = shadow();
        shadow.touch(0, 16, who(0), Touch::Begin);
        shadow.barrier();
        assert!(matches!(shadow.touch(4, 4, who(0), Touch::Read), Some(Conflict::Copying(0))));
        assert!(shadow.touch(0, 16, who(0), Touch::Finish).is_none());
        assert!(shadow.touch(4, 4, who(0), Touch::Read).is_none());
        assert!(matches!(shadow.touch(4, 4, who(9), Touch::Read), Some(Conflict::Written(0))));
    }

    #[test]
    fn atomic_operations_do_not_race_with_each_other() {
        let mut shadow = shadow();
        shadow.touch(0, 4, who(0), Touch::Write);
        shadow.barrier();
        assert!(shadow.touch(0, 4, who(1), Touch::Atomic).is_none());
        assert!(shadow.touch(0, 4, who(50), Touch::Atomic).is_none());
        assert!(matches!(shadow.touch(0, 4, who(1), Touch::Read), Some(Conflict::Written(50))));
    }
}
