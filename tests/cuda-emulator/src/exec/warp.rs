//! A warp: 32 threads that run together while they go the same way.
//!
//! Where they part, each way is a group of lanes with a place of its own. The group that is furthest behind runs first, and groups
//! that meet become one again.

use super::block::{Block, barrier_operands, threads_of};
use super::lanes::{Lanes, Registers};
use super::launch::Launch;
use super::memory::Copies;
use crate::fault::{Fault, FaultKind};
use crate::program::{Barrier, Guard, Ins, NONE, Op, Row};

/// What a group waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// Nothing.
    Run,
    /// A barrier of the block, for a number of threads (0: all).
    Barrier { id: u32, threads: u32 },
    /// The other lanes of a warp operation.
    Warp,
}

/// Lanes that are at one place.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub pc: usize,
    pub mask: u32,
    pub wait: Wait,
}

/// A warp.
pub struct Warp {
    pub id: u32,
    pub r: Registers,
    /// Lanes that have not ended.
    pub live: u32,
    /// The warp's lanes within the block.
    pub lanes: u32,
    pub groups: Vec<Group>,
    /// The place of each lane in the block.
    pub threads: [Lanes; 3],
    /// Local memory, a lane after another.
    pub local: Vec<u8>,
    /// How many warp barriers it has passed since the last barrier of the block.
    pub epoch: u32,
    /// Copies that are under way.
    pub copies: Copies,
    /// Arrivals at barriers that it did not wait at: number and threads.
    arrivals: Vec<(u32, u32)>,
}

impl Warp {
    pub fn new(id: u32, threads: u32, launch: &Launch<'_>) -> Self {
        let count = (threads - id * 32).min(32);
        Warp {
            id,
            r: Registers::default(),
            live: 0,
            lanes: if count == 32 { u32::MAX } else { (1 << count) - 1 },
            groups: vec![],
            threads: threads_of(id, launch.block),
            local: vec![0; 32 * launch.kernel.local],
            epoch: 0,
            copies: Copies::default(),
            arrivals: vec![],
        }
    }

    /// Before the first instruction.
    pub fn start(&mut self, registers: &Registers) {
        self.r.clone_from(registers);
        self.live = self.lanes;
        self.epoch = 0;
        self.groups.clear();
        self.groups.push(Group { pc: 0, mask: self.lanes, wait: Wait::Run });
        self.local.fill(0xcd);
        self.copies.clear();
        self.arrivals.clear();
    }

    /// Threads that arrived at a barrier without waiting.
    pub fn arrived(&self, id: u32) -> u32 {
        self.arrivals.iter().filter(|(at, _)| *at == id).map(|(_, threads)| threads).sum()
    }

    /// Groups that wait at a barrier.
    pub fn waiting_at(&self, id: u32) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |g| matches!(g.wait, Wait::Barrier { id: at, .. } if at == id))
    }

    /// Goes on behind a barrier, or sees others do so. Groups that waited at one instruction are one from there.
    pub fn pass_barrier(&mut self, id: u32) {
        self.epoch = 0;
        self.arrivals.retain(|(at, _)| *at != id);
        for group in &mut self.groups {
            if matches!(group.wait, Wait::Barrier { id: at, .. } if at == id) {
                group.pc += 1;
                group.wait = Wait::Run;
            }
        }
        self.groups.sort_by_key(|g| (g.wait != Wait::Run, g.pc));
        self.groups.dedup_by(|later, first| {
            let same = first.wait == Wait::Run && later.wait == Wait::Run && first.pc == later.pc;
            if same {
                first.mask |= later.mask;
            }
            same
        });
    }

    #[inline(always)]
    fn guarded(&self, guard: Guard, mask: u32) -> u32 {
        if guard.predicate == NONE {
            return mask;
        }
        let value = self.r.p(guard.predicate);
        mask & if guard.negated { !value } else { value }
    }
}

/// The row of the mask that a warp operation is done with; `Some(NONE)` is all lanes.
fn sync_mask(ins: &Ins) -> Option<Row> {
    match &ins.op {
        Op::Shuffle(_, _, mask) => Some(*mask),
        Op::Vote(..) | Op::Match { .. } | Op::Reduce(_) | Op::Elect(_) | Op::WarpBarrier => Some(ins.b),
        Op::Mma(_) | Op::Matrix(_) => Some(NONE),
        _ => None,
    }
}

impl Block<'_> {
    /// Runs a warp until all its lanes wait or have ended. Whether anything was done.
    pub fn run_warp(&mut self, warp: &mut Warp) -> Result<bool, Fault> {
        let mut moved = false;
        loop {
            let runnable = warp.groups.iter().enumerate().filter(|(_, g)| g.wait == Wait::Run);
            let Some((index, _)) = runnable.min_by_key(|(_, g)| g.pc) else { return Ok(moved) };
            moved = true;
            self.run_group(warp, index)?;
        }
    }

    /// Runs a group until it waits, ends, meets another or overtakes one.
    fn run_group(&mut self, warp: &mut Warp, index: usize) -> Result<(), Fault> {
        let launch = self.launch;
        loop {
            let Group { pc, mask, .. } = warp.groups[index];
            let ins = &launch.kernel.code[pc];
            let active = warp.guarded(ins.guard, mask);
            let mut next = pc + 1;
            match &ins.op {
                Op::Branch(target) => {
                    self.tally.control(active);
                    self.budget -= 1;
                    if self.budget == 0 {
                        let lane = mask.trailing_zeros() as usize;
                        let what = "the block does not end: does it wait for another one?".to_owned();
                        return Err(self.fault(warp, lane, ins, FaultKind::Endless, what));
                    }
                    if active == mask {
                        next = *target;
                    } else if active != 0 {
                        warp.groups[index].mask = mask & !active;
                        warp.groups.push(Group { pc: *target, mask: active, wait: Wait::Run });
                    }
                }
                Op::BranchIndexed(targets) => {
                    self.tally.control(active);
                    return self.part(warp, index, targets, active, ins);
                }
                Op::Exit => {
                    self.tally.control(active);
                    warp.live &= !active;
                    // Nobody waits for lanes that have ended.
                    for group in warp.groups.iter_mut().filter(|g| g.wait == Wait::Warp) {
                        group.wait = Wait::Run;
                    }
                    self.finish_copies(warp, active)?;
                    if active == mask {
                        warp.groups.remove(index);
                        return Ok(());
                    }
                    warp.groups[index].mask = mask & !active;
                }
                Op::Barrier(barrier) if active != 0 => {
                    self.tally.control(active);
                    if self.at_barrier(warp, index, barrier, active, ins)? {
                        return Ok(());
                    }
                }
                Op::Barrier(_) => {}
                _ => {
                    if let Some(row) = sync_mask(ins)
                        && !self.all_here(warp, index, row, active, ins)?
                    {
                        return Ok(());
                    }
                    if active != 0 {
                        self.execute(warp, ins, active)?;
                    }
                }
            }
            warp.groups[index].pc = next;
            if warp.groups.len() > 1 && self.meet(warp, index) {
                return Ok(());
            }
        }
    }

    /// Joins another group at the same place. Whether the group is gone, or another one should go first.
    fn meet(&self, warp: &mut Warp, index: usize) -> bool {
        let Group { pc, mask, .. } = warp.groups[index];
        let other = warp
            .groups
            .iter()
            .enumerate()
            .position(|(at, g)| at != index && g.pc == pc && !matches!(g.wait, Wait::Barrier { .. }));
        if let Some(other) = other {
            warp.groups[other].mask |= mask;
            warp.groups[other].wait = Wait::Run;
            warp.groups.remove(index);
            return true;
        }
        warp.groups.iter().any(|g| g.wait == Wait::Run && g.pc < pc)
    }

    /// Parts a group by the target that each lane has.
    fn part(
        &self,
        warp: &mut Warp,
        index: usize,
        targets: &[usize],
        active: u32,
        ins: &Ins,
    ) -> Result<(), Fault> {
        let Group { pc, mask, .. } = warp.groups[index];
        let wanted = *warp.r.n(ins.a);
        warp.groups.remove(index);
        if active != mask {
            warp.groups.push(Group { pc: pc + 1, mask: mask & !active, wait: Wait::Run });
        }
        for (number, target) in targets.iter().enumerate() {
            let lanes = super::lanes::lanes_of(active).filter(|l| wanted[*l] as usize == number);
            let mask = lanes.fold(0, |mask, lane| mask | 1 << lane);
            match warp.groups.iter_mut().find(|g| g.pc == *target && g.wait == Wait::Run) {
                _ if mask == 0 => {}
                Some(group) => group.mask |= mask,
                None => warp.groups.push(Group { pc: *target, mask, wait: Wait::Run }),
            }
        }
        if let Some(lane) = super::lanes::lanes_of(active).find(|l| wanted[*l] as usize >= targets.len()) {
            let what = format!("target {} of {}", wanted[lane], targets.len());
            return Err(self.fault(warp, lane, ins, FaultKind::OutOfBounds, what));
        }
        Ok(())
    }

    /// Waits at a barrier of the block, or notes the arrival. Whether the group waits.
    fn at_barrier(
        &self,
        warp: &mut Warp,
        index: usize,
        barrier: &Barrier,
        active: u32,
        ins: &Ins,
    ) -> Result<bool, Fault> {
        let lane = active.trailing_zeros() as usize;
        if active != warp.groups[index].mask {
            let what = "a barrier under a predicate that not all lanes share".to_owned();
            return Err(self.fault(warp, lane, ins, FaultKind::Divergence, what));
        }
        let (id, threads) = barrier_operands(warp, barrier, lane);
        if barrier.arrive {
            warp.arrivals.push((id, active.count_ones()));
            return Ok(false);
        }
        warp.groups[index].wait = Wait::Barrier { id, threads };
        Ok(true)
    }

    /// Whether all live lanes of a warp operation's mask are here; if not, the group waits for them.
    fn all_here(
        &self,
        warp: &mut Warp,
        index: usize,
        row: Row,
        active: u32,
        ins: &Ins,
    ) -> Result<bool, Fault> {
        if active == 0 {
            return Ok(true);
        }
        let lane = active.trailing_zeros() as usize;
        let wanted = if row == NONE { warp.lanes } else { warp.r.n(row)[lane] };
        if wanted & active != active {
            let lane = (active & !wanted).trailing_zeros() as usize;
            let what = format!("the lane is not in the mask {wanted:#010x}");
            return Err(self.fault(warp, lane, ins, FaultKind::Divergence, what));
        }
        if row == NONE && active != u32::MAX {
            // Products of matrices need all 32 lanes: those that ended, or never were, cannot come.
            let missing = !warp.live;
            if missing != 0 {
                let what = format!("lanes {missing:#010x} have ended");
                return Err(self.fault(warp, lane, ins, FaultKind::Divergence, what));
            }
        }
        if wanted & warp.live & !active != 0 {
            warp.groups[index].wait = Wait::Warp;
            return Ok(false);
        }
        Ok(true)
    }
}
