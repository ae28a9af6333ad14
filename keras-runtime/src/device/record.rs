//! What generated code would do, written down instead of done: the program of a device that is not the CPU.
//!
//! A compiled model is straight-line code that calls kernels, whose operands are constants. Run once with a
//! [`Recorder`], it gives the list of them; element-wise expressions are run on [`Symbol`]s, which give their formula. So
//! every device computes the very same thing, and nothing of a model is said twice.

use std::sync::{Mutex, PoisonError};

use super::cpu::Pass;
use super::cpu::simd::symbol::{Formula, Symbol, formula};
use crate::compiled::{
    Access, BatchMatMul, Buf, Map, MatMul, MatMulOverlap, MatMulT, MaxPoolGrad, Phase, Reduce, ReduceKind,
    Sample,
};

/// A call of a kernel, or a loop over some.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Kernel {
    Map {
        batched: bool,
        dims: &'static [usize],
        loads: Vec<Access>,
        stores: Vec<Access>,
        accumulate: bool,
        formula: Formula,
    },
    Reduce {
        batched: bool,
        over_batch: bool,
        dims: &'static [usize],
        over: &'static [bool],
        kind: ReduceKind,
        scale: f32,
        loads: Vec<Access>,
        store: Access,
        formula: Formula,
    },
    MatMul(MatMul),
    MatMulT(MatMulT),
    BatchMatMul(BatchMatMul),
    MatMulOverlap(MatMulOverlap),
    MaxPoolGrad(MaxPoolGrad),
    Softmax {
        x: Buf,
        y: Buf,
        rows: usize,
        columns: usize,
        log: bool,
    },
    Head {
        output: usize,
        z: Buf,
        dz: Option<Buf>,
        weights: Option<Buf>,
    },
    Flip {
        x: Buf,
        y: Buf,
        groups: usize,
        count: usize,
        width: usize,
    },
    Iota {
        into: Buf,
        count: usize,
    },
    Numbers {
        into: Buf,
        numbers: Vec<f32>,
    },
    Sample {
        op: Sample,
        gradient: bool,
    },
    Gather {
        table: Buf,
        index: Buf,
        into: Buf,
        count: usize,
        rows: usize,
        width: usize,
    },
    ScatterAdd {
        batched: bool,
        index: Buf,
        dy: Buf,
        into: Buf,
        count: usize,
        rows: usize,
        width: usize,
    },
    /// Element `(i, j)` is word `i * strides.0 + j * strides.1` of `from`.
    Pack {
        from: Buf,
        strides: (usize, usize),
        k: usize,
        n: usize,
        to: Buf,
    },
    PackTransposed {
        from: Buf,
        k: usize,
        n: usize,
        to: Buf,
    },
    /// All of `kernels` in each of `length` steps of time.
    Loop {
        length: usize,
        reverse: bool,
        kernels: Vec<Kernel>,
    },
}

impl Kernel {
    /// The call of an element-wise kernel.
    pub fn map<const L: usize, const S: usize, K: Map<L, S>>() -> Self {
        Kernel::Map {
            batched: K::BATCHED,
            dims: K::DIMS,
            loads: listed(&K::LOADS),
            stores: listed(&K::STORES),
            accumulate: K::ACCUMULATE,
            formula: formula(|x: [Symbol; L]| K::eval(x)),
        }
    }

    /// The call of a reduction.
    pub fn reduce<const L: usize, K: Reduce<L>>() -> Self {
        Kernel::Reduce {
            batched: K::BATCHED,
            over_batch: K::OVER_BATCH,
            dims: K::DIMS,
            over: K::OVER,
            kind: K::KIND,
            scale: K::SCALE,
            loads: listed(&K::LOADS),
            store: K::STORE,
            formula: formula(|x: [Symbol; L]| [K::eval(x)]),
        }
    }
}

fn listed(accesses: &[Access]) -> Vec<Access> {
    accesses.to_vec()
}

/// Takes kernels down.
#[derive(Debug, Default)]
pub struct Recorder {
    kernels: Mutex<Vec<Kernel>>,
}

impl Recorder {
    pub(super) fn take(&self, kernel: Kernel) {
        self.kernels.lock().unwrap_or_else(PoisonError::into_inner).push(kernel);
    }

    /// A loop over what `body` leaves.
    pub(super) fn repeat(&self, length: usize, reverse: bool, body: impl FnOnce()) {
        let swap =
            |new| std::mem::replace(&mut *self.kernels.lock().unwrap_or_else(PoisonError::into_inner), new);
        let before = swap(vec![]);
        body();
        let kernels = swap(before);
        self.take(Kernel::Loop { length, reverse, kernels });
    }
}

/// The kernels that `phase` consists of.
pub fn program(phase: &Phase) -> Vec<Kernel> {
    let recorder = Recorder::default();
    (phase.run)(&mut Pass::recording(&recorder));
    recorder.kernels.into_inner().unwrap_or_else(PoisonError::into_inner)
}
