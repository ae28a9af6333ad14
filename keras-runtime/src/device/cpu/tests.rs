//! Row kernels against plain loops: every instruction set of the machine, several numbers of threads, odd sizes.

mod fused;
mod products;

use super::matmul::Packing;
use super::pass::{Pass, RawSpace, Spaces};
use super::simd::Isa;
use super::winograd::Transformed;
use crate::compiled::{Buf, Space};
use crate::loss::Heads;
use crate::random::Philox;

/// Threads that a pass is tried with.
const THREADS: [usize; 4] = [1, 2, 3, 4];
const SEED: u64 = 11;
const STEP: u64 = 5;

/// The memories of a pass.
#[derive(Clone, PartialEq, Debug)]
struct World {
    batch: usize,
    params: Vec<f32>,
    grads: Vec<f32>,
    arena: Vec<f32>,
    fixed: Vec<f32>,
}

impl World {
    /// Random numbers everywhere: `arena` words for each sample, `fixed` in each of the other memories.
    fn new(batch: usize, arena: usize, fixed: usize) -> Self {
        let mut random = Philox::new((batch * 1_000_003 + arena * 1009 + fixed) as u64, 3);
        let mut words = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f32>>();
        World {
            batch,
            params: words(fixed),
            grads: words(fixed),
            arena: words(arena * batch),
            fixed: words(fixed),
        }
    }

    /// What `body` makes of a copy of it, the same for every number of threads.
    fn after(&self, isa: Isa, body: impl Fn(&mut Pass<'_>) + Sync) -> World {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let mut first = None;
        for threads in THREADS {
            let mut world = self.clone();
            let (transformed, packing) = (Transformed::default(), Packing::default());
            pool.install(|| {
                let spaces = Spaces {
                    params: RawSpace::readable(&world.params),
                    params_stamp: 1,
                    transformed: &transformed,
                    packing: &packing,
                    grads: RawSpace::writable(&mut world.grads),
                    arena: RawSpace::writable(&mut world.arena),
                    fixed: RawSpace::writable(&mut world.fixed),
                    state: RawSpace::readable(&[]),
                    inputs: &[],
                    outputs: &[],
                };
                body(&mut Pass::new(self.batch, isa, threads, SEED, STEP, spaces, Heads::new(&[])));
            });
            let first = first.get_or_insert_with(|| world.clone());
            assert!(first.bits() == world.bits(), "{isa:?}: {threads} threads differ from one");
        }
        first.unwrap()
    }

    fn bits(&self) -> Vec<u32> {
        let memories = [&self.params, &self.grads, &self.arena, &self.fixed];
        memories.into_iter().flatten().map(|word| word.to_bits()).collect()
    }

    fn memory(&mut self, space: Space) -> &mut Vec<f32> {
        match space {
            Space::Params => &mut self.params,
            Space::Grads => &mut self.grads,
            Space::Arena => &mut self.arena,
            Space::Fixed => &mut self.fixed,
            _ => unreachable!("no inputs or outputs"),
        }
    }

    /// The words of `buf`, of all samples.
    fn words(&self, buf: Buf) -> Vec<f32> {
        let times = if buf.space.is_batched() { self.batch } else { 1 };
        self.clone().memory(buf.space)[buf.offset * times..(buf.offset + buf.len) * times].to_vec()
    }

    /// The words outside of `bufs`: what a kernel must leave alone.
    fn without(mut self, bufs: &[Buf]) -> World {
        for buf in bufs {
            let times = if buf.space.is_batched() { self.batch } else { 1 };
            self.memory(buf.space)[buf.offset * times..(buf.offset + buf.len) * times].fill(0.0);
        }
        self
    }
}

fn close(found: f32, expected: f64, bound: f64, what: impl std::fmt::Debug) {
    assert!(
        (f64::from(found) - expected).abs() <= bound * (1.0 + expected.abs()),
        "{what:?}: {found} for {expected}"
    );
}

const fn arena(offset: usize, len: usize) -> Buf {
    Buf::new(Space::Arena, offset, len)
}

const fn fixed(offset: usize, len: usize) -> Buf {
    Buf::new(Space::Fixed, offset, len)
}
