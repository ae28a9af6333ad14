//! Loads, stores and asynchronous copies.

use super::block::Block;
use super::global::{Request, Use};
use super::lanes::{Lanes, Registers, Wide, lanes_of};
use super::shared::{Conflict, Touch, Who};
use super::warp::Warp;
use crate::decode::{LOCAL_WINDOW, PARAM_WINDOW, SHARED_WINDOW};
use crate::fault::{Fault, FaultKind};
use crate::program::{Access, Address, CopyAsync, Ins};
use crate::ptx::Space;

/// Copies that a warp has begun and not waited for.
#[derive(Default)]
pub struct Copies {
    under_way: Vec<Copy>,
    /// How many groups each lane has committed.
    committed: Lanes,
}

struct Copy {
    lane: usize,
    group: u32,
    to: usize,
    from: u64,
    bytes: usize,
    /// How many bytes are read; the rest is zero.
    read: usize,
    /// The instruction that began it.
    ins: Ins,
}

impl Copies {
    pub fn clear(&mut self) {
        self.under_way.clear();
        self.committed = [0; 32];
    }

    /// Ends a group in each lane.
    pub fn commit(&mut self, mask: u32) {
        for lane in lanes_of(mask) {
            self.committed[lane] += 1;
        }
    }

    /// Takes out the copies that these lanes wait for.
    fn take(&mut self, groups: usize, all: bool, mask: u32) -> Vec<Copy> {
        let committed = self.committed;
        let waited = |c: &mut Copy| {
            mask >> c.lane & 1 == 1 && (all || c.group as usize + groups < committed[c.lane] as usize)
        };
        self.under_way.extract_if(.., waited).collect()
    }
}

/// Which window a generic address lies in, and the address there.
fn window(address: u64) -> (Space, u64) {
    match address >> 48 {
        top if top == SHARED_WINDOW >> 48 => (Space::Shared, address - SHARED_WINDOW),
        top if top == LOCAL_WINDOW >> 48 => (Space::Local, address - LOCAL_WINDOW),
        top if top == PARAM_WINDOW >> 48 => (Space::Param, address - PARAM_WINDOW),
        _ => (Space::Global, address),
    }
}

/// `isspacep`.
pub fn in_space(r: &mut Registers, ins: &Ins, space: Space, mask: u32) {
    let mut value = 0;
    for lane in lanes_of(mask) {
        let found = window(r.w(ins.a)[lane]).0;
        let holds = found == space || (space == Space::Const && found == Space::Global);
        value |= u32::from(holds) << lane;
    }
    r.put_predicate(ins.d, value, mask);
}

/// The address of each lane.
#[inline(always)]
pub fn addresses(r: &Registers, address: Address) -> Wide {
    let mut out = [0; 32];
    if address.wide {
        let row = r.w(address.row);
        for lane in 0..32 {
            out[lane] = row[lane].wrapping_add(address.offset as u64);
        }
    } else {
        let row = r.n(address.row);
        for lane in 0..32 {
            out[lane] = u64::from(row[lane].wrapping_add(address.offset as u32));
        }
    }
    out
}

impl Block<'_> {
    /// Parts lanes by the space that their addresses lie in, and hands each part on.
    pub fn by_space(
        &mut self,
        space: Space,
        mut at: Wide,
        mask: u32,
        mut each: impl FnMut(&mut Self, Space, &Wide, u32) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match space {
            Space::Generic => {}
            Space::Shared => {
                // A shared address of 64 bits may be generic.
                at.iter_mut().for_each(|a| *a = if *a >= SHARED_WINDOW { *a - SHARED_WINDOW } else { *a });
                return each(self, space, &at, mask);
            }
            Space::Const => return each(self, Space::Global, &at, mask),
            space => return each(self, space, &at, mask),
        }
        let mut left = mask;
        while left != 0 {
            let (space, _) = window(at[left.trailing_zeros() as usize]);
            let (mut part, mut inner) = (0, [0; 32]);
            for lane in lanes_of(left) {
                let (found, offset) = window(at[lane]);
                if found == space {
                    part |= 1 << lane;
                    inner[lane] = offset;
                }
            }
            left &= !part;
            each(self, space, &inner, part)?;
        }
        Ok(())
    }

    /// Checks a request: alignment, bounds, and what the shadows say.
    pub fn check(&mut self, w: &Warp, ins: &Ins, space: Space, request: &Request<'_>) -> Result<(), Fault> {
        let Request { usage, bytes, at, mask, .. } = *request;
        let (mut all, mut highest) = (0, 0);
        for (lane, at) in at.iter().enumerate() {
            let at = if mask >> lane & 1 == 1 { *at } else { 0 };
            all |= at;
            highest = at.max(highest);
        }
        if all & (bytes as u64 - 1) != 0 {
            let lane = lanes_of(mask).find(|l| at[*l] & (bytes as u64 - 1) != 0).unwrap_or(0);
            let what = format!("{bytes} bytes at {:#x}, which is not a multiple of {bytes}", at[lane]);
            return Err(self.fault(w, lane, ins, FaultKind::Misaligned, what));
        }
        let size = match space {
            Space::Global | Space::Const | Space::Generic => {
                self.tally.global(at, mask, bytes, self.launch.checks.count);
                return self.check_global(w, ins, request);
            }
            Space::Shared => self.shared.len(),
            Space::Local => self.launch.kernel.local,
            Space::Param => self.launch.parameters.len(),
        };
        let outside = |at: u64| at.saturating_add(bytes as u64) > size as u64;
        if outside(highest) {
            let lane = lanes_of(mask).find(|l| outside(at[*l])).unwrap_or(0);
            let what =
                format!("{bytes} bytes at byte {} of {size} bytes of {space:?} memory", at[lane] as i64);
            return Err(self.fault(w, lane, ins, FaultKind::OutOfBounds, what));
        }
        if space == Space::Shared {
            self.tally.shared(at, mask, bytes, self.launch.checks.count);
            let touch = match usage {
                Use::Read | Use::StrongRead => Touch::Read,
                Use::Write | Use::StrongWrite => Touch::Write,
                Use::Atomic => Touch::Atomic,
            };
            self.check_shared(w, ins, touch, request)?;
        }
        Ok(())
    }

    /// Checks a request against the shadow of shared memory.
    fn check_shared(
        &mut self,
        w: &Warp,
        ins: &Ins,
        touch: Touch,
        request: &Request<'_>,
    ) -> Result<(), Fault> {
        let checks = self.launch.checks;
        if !checks.races && !checks.uninitialised {
            return Ok(());
        }
        for lane in lanes_of(request.mask) {
            let who = Who { thread: w.id * 32 + lane as u32, warp_epoch: w.epoch };
            if let Some(conflict) = self.shadow.touch(request.at[lane] as usize, request.bytes, who, touch)
                && let Some(fault) = self.conflict(w, ins, lane, (touch, conflict), request)
            {
                return Err(fault);
            }
        }
        Ok(())
    }

    /// A conflict as a fault, if it is one that is looked for.
    fn conflict(
        &self,
        w: &Warp,
        ins: &Ins,
        lane: usize,
        (touch, conflict): (Touch, Conflict),
        request: &Request<'_>,
    ) -> Option<Fault> {
        let at = request.at[lane];
        let checks = self.launch.checks;
        let verb = if touch == Touch::Read { "reads" } else { "writes" };
        let name = |thread| self.thread_name(thread);
        let (kind, what) = match conflict {
            Conflict::Uninitialised => (
                FaultKind::Uninitialised,
                format!("reads byte {at} of shared memory, which nothing has written yet in this block"),
            ),
            Conflict::Written(_) if touch == Touch::Write && (request.same)(lane) => return None,
            Conflict::Written(by) => (
                FaultKind::Race,
                format!(
                    "{verb} byte {at} of shared memory, which thread {} wrote with no barrier between",
                    name(by)
                ),
            ),
            Conflict::Read(by) => (
                FaultKind::Race,
                // Of several readers the last is known: this thread may be it.
                match by == w.id * 32 + lane as u32 {
                    true => format!(
                        "{verb} byte {at} of shared memory, which others read with no barrier between"
                    ),
                    false => format!(
                        "{verb} byte {at} of shared memory, which thread {} read with no barrier between",
                        name(by)
                    ),
                },
            ),
            Conflict::Copying(by) => (
                FaultKind::Race,
                format!(
                    "{verb} byte {at} of shared memory, where a copy of thread {} is under way",
                    name(by)
                ),
            ),
        };
        let wanted = if kind == FaultKind::Race { checks.races } else { checks.uninitialised };
        wanted.then(|| self.fault(w, lane, ins, kind, what))
    }

    /// Where a lane's bytes are.
    ///
    /// The access must have been checked.
    pub fn pointer(&mut self, w: &mut Warp, space: Space, at: u64, lane: usize) -> *mut u8 {
        match space {
            Space::Shared => self.shared.as_mut_ptr().wrapping_add(at as usize),
            Space::Local => w.local.as_mut_ptr().wrapping_add(lane * self.launch.kernel.local + at as usize),
            Space::Param => self.launch.parameters.as_ptr().cast_mut().wrapping_add(at as usize),
            _ => at as *mut u8,
        }
    }

    pub fn load(&mut self, w: &mut Warp, ins: &Ins, access: &Access, mask: u32) -> Result<(), Fault> {
        let at = addresses(&w.r, access.address);
        let bytes = access.bytes * access.rows.len();
        let usage = if access.strong { Use::StrongRead } else { Use::Read };
        self.by_space(access.space, at, mask, |block, space, at, mask| {
            block.check(w, ins, space, &Request { usage, bytes, at, mask, same: &|_| false })?;
            let stride = if space == Space::Local { block.launch.kernel.local } else { 0 };
            let base = block.pointer(w, space, 0, 0) as usize;
            for (element, row) in access.rows.iter().enumerate() {
                let offset = base + element * access.bytes;
                let pointer =
                    |lane: usize| (offset + stride * lane).wrapping_add(at[lane] as usize) as *const u8;
                if access.wide {
                    let mut out: Wide = [0; 32];
                    for lane in lanes_of(mask) {
                        // SAFETY: the access was checked.
                        out[lane] = unsafe { read(pointer(lane), access.bytes, access.signed) };
                    }
                    w.r.put_wide(*row, &out, mask);
                } else {
                    let mut out: Lanes = [0; 32];
                    if access.bytes == 4 && mask == u32::MAX {
                        for (lane, out) in out.iter_mut().enumerate() {
                            // SAFETY: the access was checked.
                            *out = unsafe { pointer(lane).cast::<u32>().read_unaligned() };
                        }
                    } else {
                        for lane in lanes_of(mask) {
                            // SAFETY: the access was checked.
                            out[lane] = unsafe { read(pointer(lane), access.bytes, access.signed) } as u32;
                        }
                    }
                    w.r.put(*row, &out, mask);
                }
            }
            Ok(())
        })
    }

    pub fn store(&mut self, w: &mut Warp, ins: &Ins, access: &Access, mask: u32) -> Result<(), Fault> {
        let at = addresses(&w.r, access.address);
        let bytes = access.bytes * access.rows.len();
        let usage = if access.strong { Use::StrongWrite } else { Use::Write };
        let mut values: Vec<Wide> = Vec::with_capacity(4);
        for row in &access.rows {
            values.push(if access.wide { *w.r.w(*row) } else { w.r.n(*row).map(u64::from) });
        }
        self.by_space(access.space, at, mask, |block, space, at, mask| {
            if space == Space::Param {
                let lane = mask.trailing_zeros() as usize;
                let what = "writes a parameter of the kernel".to_owned();
                return Err(block.fault(w, lane, ins, FaultKind::OutOfBounds, what));
            }
            let stride = if space == Space::Local { block.launch.kernel.local } else { 0 };
            let base = block.pointer(w, space, 0, 0) as usize;
            let pointer = |lane: usize, element: usize| {
                (base + element * access.bytes + stride * lane).wrapping_add(at[lane] as usize) as *mut u8
            };
            // Whether a write changes nothing: what is there, or what a lane before it writes there, is the same. Only asked about
            // a lane whose access lies within memory.
            let same = |lane: usize| {
                let before = lanes_of(mask).take_while(|l| *l < lane).filter(|l| at[*l] == at[lane]).last();
                values.iter().enumerate().all(|(element, value)| {
                    let cut = u64::MAX >> (64 - 8 * access.bytes);
                    if let Some(before) = before {
                        return value[before] & cut == value[lane] & cut;
                    }
                    // SAFETY: the bounds were checked.
                    let found = unsafe { read(pointer(lane, element), access.bytes, false) };
                    found == value[lane] & cut
                })
            };
            block.check(w, ins, space, &Request { usage, bytes, at, mask, same: &same })?;
            for (element, value) in values.iter().enumerate() {
                for lane in lanes_of(mask) {
                    // SAFETY: the access was checked.
                    unsafe { write(pointer(lane, element), access.bytes, value[lane]) };
                }
            }
            Ok(())
        })
    }

    /// Begins copies: their bytes arrive when they are waited for.
    pub fn copy_async(&mut self, w: &mut Warp, ins: &Ins, copy: &CopyAsync, mask: u32) -> Result<(), Fault> {
        let mut to = addresses(&w.r, copy.to);
        to.iter_mut().for_each(|a| *a = if *a >= SHARED_WINDOW { *a - SHARED_WINDOW } else { *a });
        let from = addresses(&w.r, copy.from);
        let read = copy.read.map(|row| *w.r.n(row));
        let bytes = copy.bytes;
        // What is not read at all may lie anywhere.
        let reads = lanes_of(mask).filter(|l| read.is_none_or(|n| n[*l] > 0)).fold(0, |m, l| m | 1 << l);
        let source = Request { usage: Use::Read, bytes, at: &from, mask: reads, same: &|_| false };
        self.check(w, ins, Space::Global, &source)?;
        let size = self.shared.len() as u64;
        if let Some(lane) =
            lanes_of(mask).find(|l| to[*l] + bytes as u64 > size || !to[*l].is_multiple_of(bytes as u64))
        {
            let kind =
                if to[lane] + bytes as u64 > size { FaultKind::OutOfBounds } else { FaultKind::Misaligned };
            let what = format!("{bytes} bytes to byte {} of {size} bytes of shared memory", to[lane]);
            return Err(self.fault(w, lane, ins, kind, what));
        }
        self.tally.shared(&to, mask, bytes, self.launch.checks.count);
        let target = Request { usage: Use::Write, bytes, at: &to, mask, same: &|_| false };
        self.check_shared(w, ins, Touch::Begin, &target)?;
        for lane in lanes_of(mask) {
            let read = read.map_or(bytes, |n| (n[lane] as usize).min(bytes));
            let group = w.copies.committed[lane];
            let (to, from) = (to[lane] as usize, from[lane]);
            w.copies.under_way.push(Copy { lane, group, to, from, bytes, read, ins: ins.clone() });
        }
        Ok(())
    }

    /// Waits for copies.
    pub fn copy_wait(&mut self, w: &mut Warp, groups: usize, all: bool, mask: u32) -> Result<(), Fault> {
        for copy in w.copies.take(groups, all, mask) {
            let mut at = [0; 32];
            at[copy.lane] = copy.to as u64;
            let (bytes, mask) = (copy.bytes, 1 << copy.lane);
            let target = Request { usage: Use::Write, bytes, at: &at, mask, same: &|_| false };
            self.check_shared(w, &copy.ins, Touch::Finish, &target)?;
            let to = &mut self.shared[copy.to..copy.to + copy.bytes];
            let (read, rest) = to.split_at_mut(copy.read);
            rest.fill(0);
            // SAFETY: the range was checked when the copy began, and no allocation goes away during a launch.
            unsafe { std::ptr::copy_nonoverlapping(copy.from as *const u8, read.as_mut_ptr(), read.len()) };
        }
        Ok(())
    }

    /// A thread that ends leaves no copy under way.
    pub fn finish_copies(&mut self, w: &mut Warp, mask: u32) -> Result<(), Fault> {
        if w.copies.under_way.is_empty() { Ok(()) } else { self.copy_wait(w, 0, true, mask) }
    }
}

/// Reads a number of 1, 2, 4 or 8 bytes. Local memory is aligned within a thread's part alone.
///
/// # Safety
/// The bytes must be readable.
#[inline(always)]
pub unsafe fn read(from: *const u8, bytes: usize, signed: bool) -> u64 {
    // SAFETY: as the caller promises.
    unsafe {
        match (bytes, signed) {
            (1, false) => u64::from(from.read()),
            (1, true) => from.cast::<i8>().read() as u64,
            (2, false) => u64::from(from.cast::<u16>().read_unaligned()),
            (2, true) => from.cast::<i16>().read_unaligned() as u64,
            (4, false) => u64::from(from.cast::<u32>().read_unaligned()),
            (4, true) => from.cast::<i32>().read_unaligned() as u64,
            _ => from.cast::<u64>().read_unaligned(),
        }
    }
}

/// Writes a number of 1, 2, 4 or 8 bytes.
///
/// # Safety
/// The bytes must be writable.
#[inline(always)]
pub unsafe fn write(to: *mut u8, bytes: usize, value: u64) {
    // SAFETY: as the caller promises.
    unsafe {
        match bytes {
            1 => to.write(value as u8),
            2 => to.cast::<u16>().write_unaligned(value as u16),
            4 => to.cast::<u32>().write_unaligned(value as u32),
            _ => to.cast::<u64>().write_unaligned(value),
        }
    }
}
