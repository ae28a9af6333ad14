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

/// Of a word's shadow: the access was atomic, or ordered itself.
const STRONG: u64 = 1 << 31;
/// Of a word's shadow: the block had passed a fence before.
const RELEASED: u64 = 1 << 30;
/// Of a reader: more than one block.
const MANY: u64 = RELEASED - 1;

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
        let launch = u64::from(self.launch.number) << 32;
        let me = launch | u64::from(self.index + 1);
        let strong = if self.fenced { STRONG | RELEASED } else { STRONG };
        let mut last = None;
        for lane in lanes_of(lanes) {
            // Lanes that read the same word are one reader.
            if !usage.writes() && last == Some(addresses[lane]) {
                continue;
            }
            last = Some(addresses[lane]);
            let (writers, readers) = region.words(addresses[lane], bytes);
            for (writer, reader) in writers.iter().zip(readers) {
                let wrote = writer.load(Relaxed);
                let other = wrote & !(STRONG | RELEASED) != me && wrote >> 32 == launch >> 32;
                if other && !(usage.strong() && wrote & STRONG != 0) && block_of(wrote) >= self.met {
                    if usage.writes() && same(lane) {
                        continue;
                    }
                    return Err(self.race(w, ins, lane, usage, "wrote", block_of(wrote)));
                }
                let read = reader.load(Relaxed);
                if !usage.writes() {
                    if usage == Use::Read && read != me {
                        let many = read >> 32 == launch >> 32;
                        reader.store(if many { launch | MANY } else { me }, Relaxed);
                    }
                    continue;
                }
                let other = read != me && read >> 32 == launch >> 32;
                let known = if read & MANY == MANY { self.met > 0 } else { block_of(read) < self.met };
                if other && !known && !same(lane) {
                    return Err(self.race(w, ins, lane, usage, "read", block_of(read)));
                }
                writer.store(if usage.strong() { me | strong } else { me }, Relaxed);
            }
        }
        Ok(())
    }

    fn race(&self, w: &Warp, ins: &Ins, lane: usize, usage: Use, did: &str, block: u32) -> Fault {
        let verb = if usage.writes() { "writes" } else { "reads" };
        let block =
            if u64::from(block) == MANY - 1 { "several blocks".to_owned() } else { format!("block {block}") };
        let what = format!("{verb} a word of device memory that {block} {did} in the same launch");
        self.fault(w, lane, ins, FaultKind::Race, what)
    }
}

/// The block that left a mark on a word in this launch, behind a fence.
pub fn released_by(shadow: u64, launch: u32) -> Option<u32> {
    let here = shadow >> 32 == u64::from(launch) && shadow & RELEASED != 0;
    here.then(|| block_of(shadow))
}

/// The block that a shadow names; one that does not exist if it names none.
fn block_of(shadow: u64) -> u32 {
    ((shadow & MANY) as u32).wrapping_sub(1)
}
