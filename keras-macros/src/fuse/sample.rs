//! Kernels that read images between their places.

use super::{Fuser, Kernel};
use crate::ir::{Dim, Id, Sampling};

impl Fuser<'_> {
    pub(super) fn sample(&self, id: Id, x: Id, at: Id, sampling: Sampling) -> Kernel {
        Kernel::Sample {
            image: self.buffer(x),
            at: self.buffer(at),
            into: self.buffer(id),
            batched: self.graph.shape(id).batched,
            from: self.size_of_image(x),
            to: self.size_of_image(id),
            channels: self.dims(x)[2].clone(),
            each: self.dims(at).len() == 3,
            sampling,
            gradient: false,
        }
    }

    pub(super) fn sample_grad(&self, id: Id, dy: Id, at: Id, sampling: Sampling) -> Kernel {
        Kernel::Sample {
            image: self.buffer(dy),
            at: self.buffer(at),
            into: self.buffer(id),
            batched: self.graph.shape(id).batched,
            from: self.size_of_image(id),
            to: self.size_of_image(dy),
            channels: self.dims(id)[2].clone(),
            each: self.dims(at).len() == 3,
            sampling,
            gradient: true,
        }
    }

    fn size_of_image(&self, id: Id) -> [Dim; 2] {
        [0, 1].map(|axis| self.dims(id)[axis].clone())
    }
}
