//! A block: its shared memory, its warps, and its barriers.

use super::global::Here;
use super::lanes::{Lanes, Place, Registers, special};
use super::launch::Launch;
use super::shared::Shadow;
use super::warp::{Wait, Warp};
use crate::counters::Tally;
use crate::fault::{Fault, FaultKind};
use crate::program::{Barrier, BarrierReduce, Ins, LogicKind, NONE, Op};

/// A block that runs; it is used for one block of the grid after another.
pub struct Block<'a> {
    pub launch: &'a Launch<'a>,
    /// Its number in the grid and the barriers that it has passed, as the shadows of device memory have them.
    pub here: Here,
    /// Its place in the grid.
    pub at: [u32; 3],
    pub shared: Vec<u8>,
    pub shadow: Shadow,
    pub tally: Tally,
    /// In which region of device memory the last access was.
    pub hint: usize,
    /// How many blocks' writes this one may read, counted from the first, since it met them at an atomic operation.
    pub met: u32,
    /// How many branches its warps may still take.
    pub budget: u64,
    /// Whether the block has passed a fence.
    pub fenced: bool,
    warps: Vec<Warp>,
    registers: Registers,
}

impl<'a> Block<'a> {
    pub fn new(launch: &'a Launch<'a>) -> Self {
        let bytes = launch.kernel.shared + launch.dynamic_shared;
        let threads = launch.block.iter().product::<u32>();
        let mut block = Block {
            launch,
            here: Here::new(launch.number, launch.grid),
            at: [0; 3],
            shared: vec![0; bytes],
            shadow: Shadow::new(bytes, launch.kernel.shared_grain),
            tally: Tally::default(),
            hint: 0,
            met: 0,
            budget: 0,
            fenced: false,
            warps: vec![],
            registers: Registers::new(launch.kernel),
        };
        block.warps = (0..threads.div_ceil(32)).map(|id| Warp::new(id, threads, launch)).collect();
        block
    }

    /// Runs the block with this number.
    pub fn run(&mut self, index: u64) -> Result<(), Fault> {
        let [x, y, _] = self.launch.grid.map(u64::from);
        self.here.begin(index as u32);
        self.at = [(index % x) as u32, (index / x % y) as u32, (index / x / y) as u32];
        self.shared.fill(0xcd);
        self.shadow.next_block();
        self.met = 0;
        self.fenced = false;
        self.budget = self.launch.branches;
        let mut warps = std::mem::take(&mut self.warps);
        for warp in &mut warps {
            self.start(warp);
        }
        let result = self.run_warps(&mut warps);
        self.warps = warps;
        result
    }

    fn start(&self, warp: &mut Warp) {
        warp.start(&self.registers);
        let place = Place {
            threads: warp.threads,
            block: self.at,
            block_size: self.launch.block,
            grid: self.launch.grid,
            warp: warp.id,
            dynamic_shared: self.launch.dynamic_shared as u32,
            shared: self.shared.len() as u32,
        };
        for (row, which) in &self.launch.kernel.specials {
            warp.r.narrow[usize::from(*row)] = special(*which, &place);
        }
    }

    /// Each warp in turn up to a barrier or its end, until all have ended.
    fn run_warps(&mut self, warps: &mut [Warp]) -> Result<(), Fault> {
        loop {
            let mut moved = false;
            for warp in warps.iter_mut() {
                moved |= self.run_warp(warp)?;
            }
            moved |= self.release_barriers(warps)?;
            if warps.iter().all(|w| w.live == 0) {
                return Ok(());
            }
            if !moved {
                return Err(self.stuck(warps));
            }
        }
    }

    /// Lets threads pass a barrier that all are at.
    fn release_barriers(&mut self, warps: &mut [Warp]) -> Result<bool, Fault> {
        let live: u32 = warps.iter().map(|w| w.live.count_ones()).sum();
        let mut ids: Vec<u32> = vec![];
        for warp in warps.iter() {
            for group in &warp.groups {
                if let Wait::Barrier { id, .. } = group.wait
                    && !ids.contains(&id)
                {
                    ids.push(id);
                }
            }
        }
        let mut released = false;
        for id in ids {
            let waiting = || {
                let all = warps.iter().flat_map(|w| w.groups.iter().map(move |g| (w, g)));
                all.filter(|(_, g)| matches!(g.wait, Wait::Barrier { id: other, .. } if other == id))
            };
            let arrived: u32 = warps.iter().map(|w| w.arrived(id)).sum();
            let count: u32 = waiting().map(|(_, g)| g.mask.count_ones()).sum::<u32>() + arrived;
            let Some((first_warp, first)) = waiting().next() else { continue };
            let Wait::Barrier { threads, .. } = first.wait else { continue };
            let wanted = if threads == 0 { live } else { threads };
            if count < wanted {
                continue;
            }
            if let Some((warp, other)) = waiting().find(|(_, g)| threads == 0 && g.pc != first.pc) {
                return Err(self.fault(
                    warp,
                    other.mask.trailing_zeros() as usize,
                    &self.launch.kernel.code[other.pc],
                    FaultKind::Divergence,
                    format!(
                        "threads wait at different barriers: others at {}",
                        self.at_line(first.pc, first_warp)
                    ),
                ));
            }
            self.reduce(warps, id);
            for warp in warps.iter_mut() {
                warp.pass_barrier(id);
            }
            self.shadow.barrier();
            self.here.barrier();
            released = true;
        }
        Ok(released)
    }

    /// `bar.red`: finds out about a predicate of all threads that wait.
    fn reduce(&self, warps: &mut [Warp], id: u32) {
        let code = &self.launch.kernel.code;
        let reduce_at = |pc: usize| match &code[pc].op {
            Op::Barrier(barrier) => match &**barrier {
                Barrier { reduce: Some(reduce), .. } => Some(*reduce),
                _ => None,
            },
            _ => None,
        };
        let (mut threads, mut holds) = (0, 0);
        for warp in warps.iter() {
            for group in warp.waiting_at(id) {
                let Some(BarrierReduce { predicate, negated, .. }) = reduce_at(group.pc) else { continue };
                let value = if negated { !warp.r.p(predicate) } else { warp.r.p(predicate) };
                threads += group.mask.count_ones();
                holds += (value & group.mask).count_ones();
            }
        }
        for warp in warps.iter_mut() {
            let groups: Vec<_> = warp.waiting_at(id).map(|g| (g.pc, g.mask)).collect();
            for (pc, mask) in groups {
                let Some(BarrierReduce { kind, result, .. }) = reduce_at(pc) else { continue };
                let all = |holds: bool| if holds { u32::MAX } else { 0 };
                match kind {
                    None => warp.r.put(result, &[holds; 32], mask),
                    Some(LogicKind::And) => warp.r.put_predicate(result, all(holds == threads), mask),
                    Some(_) => warp.r.put_predicate(result, all(holds > 0), mask),
                }
            }
        }
    }

    /// Nothing can go on: what waits, and where.
    fn stuck(&self, warps: &[Warp]) -> Fault {
        let live: u32 = warps.iter().map(|w| w.live.count_ones()).sum();
        let all = || warps.iter().flat_map(|w| w.groups.iter().map(move |g| (w, g)));
        let at_barrier: u32 = all()
            .filter(|(_, g)| matches!(g.wait, Wait::Barrier { .. }))
            .map(|(_, g)| g.mask.count_ones())
            .sum();
        let (warp, group) =
            all().find(|(_, g)| g.wait == Wait::Warp).or_else(|| all().next()).expect("threads live");
        let lane = group.mask.trailing_zeros() as usize;
        let ins = &self.launch.kernel.code[group.pc];
        let what =
            format!("{at_barrier} of {live} live threads wait at a barrier, and this one cannot go on");
        self.fault(warp, lane, ins, FaultKind::Divergence, what)
    }

    fn at_line(&self, pc: usize, warp: &Warp) -> String {
        let line = self.launch.kernel.code[pc].line;
        format!("line {line} (thread {})", self.thread_name(warp.id * 32))
    }

    /// The place of a thread in the block, as text.
    pub fn thread_name(&self, thread: u32) -> String {
        let [x, y, _] = self.launch.block;
        format!("({},{},{})", thread % x, thread / x % y, thread / x / y)
    }

    /// A fault of a lane at an instruction.
    pub fn fault(&self, warp: &Warp, lane: usize, ins: &Ins, kind: FaultKind, what: String) -> Fault {
        let [x, y, z] = self.at;
        let thread = self.thread_name(warp.id * 32 + lane as u32);
        let kernel = self.launch.kernel;
        let text = kernel.lines.get((ins.line as usize).wrapping_sub(1)).map_or("", |l| l.trim());
        let text = format!(
            "kernel {}, block ({x},{y},{z}), thread {thread}, PTX line {}: `{text}`: {what}",
            kernel.name, ins.line
        );
        Fault { kind, text }
    }
}

/// The threads of a warp: lanes beyond the block's end do not live.
pub fn threads_of(id: u32, block: [u32; 3]) -> [Lanes; 3] {
    let [x, y, _] = block;
    let thread = |lane: usize| id * 32 + lane as u32;
    [
        std::array::from_fn(|lane| thread(lane) % x),
        std::array::from_fn(|lane| thread(lane) / x % y),
        std::array::from_fn(|lane| thread(lane) / x / y),
    ]
}

/// The operands of a barrier, as a lane has them.
pub fn barrier_operands(warp: &Warp, barrier: &Barrier, lane: usize) -> (u32, u32) {
    let id = warp.r.n(barrier.id)[lane];
    let threads = if barrier.threads == NONE { 0 } else { warp.r.n(barrier.threads)[lane] };
    (id, threads)
}
