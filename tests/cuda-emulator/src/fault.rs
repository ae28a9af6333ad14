//! What a kernel can do wrong.

use std::fmt;

/// A kind of misuse; each has a code of the driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// An access outside every allocation, or outside a block's or thread's memory.
    OutOfBounds,
    /// An address that is not a multiple of the access's size.
    Misaligned,
    /// Two threads at one word with nothing that orders them.
    Race,
    /// A read of what nobody has written.
    Uninitialised,
    /// A barrier that not all threads reach, or a warp operation without all of its lanes.
    Divergence,
    /// `trap`.
    Trap,
    /// A block that has run for so long that it will not end, for instance since it waits for another one.
    Endless,
}

/// What went wrong, and where.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// Kernel, block, thread, line of the PTX, and what was found there.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::OutOfBounds => "out of bounds",
            FaultKind::Misaligned => "misaligned",
            FaultKind::Race => "race",
            FaultKind::Uninitialised => "uninitialised",
            FaultKind::Divergence => "divergence",
            FaultKind::Trap => "trap",
            FaultKind::Endless => "endless",
        };
        write!(f, "{kind}: {}", self.text)
    }
}
