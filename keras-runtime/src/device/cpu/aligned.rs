//! Memory for kernels.

use std::ops::{Deref, DerefMut};

/// Words of a line of the caches, which the widest vectors fill.
const LINE: usize = 16;

/// Words that begin with a line of the caches. Those of a large `Vec` begin 16 bytes behind one, so that each of the widest vectors
/// is in two.
#[derive(Debug, Default)]
pub struct Aligned {
    space: Vec<f32>,
    first: usize,
    len: usize,
}

impl Aligned {
    /// None yet.
    pub const fn new() -> Self {
        Aligned { space: Vec::new(), first: 0, len: 0 }
    }

    /// So many, each 0.
    pub fn zeros(len: usize) -> Self {
        if len == 0 {
            return Aligned::new();
        }
        // Not written: the system's pages are zeros, and it has none for what is never touched.
        let space = vec![0.0; len + LINE - 1];
        let first = space.as_ptr().align_offset(LINE * size_of::<f32>());
        Aligned { space, first, len }
    }

    /// So many: those that are there, and zeros behind them.
    pub fn resize(&mut self, len: usize) {
        if len > self.len {
            if self.first + len <= self.space.len() {
                self.space[self.first + self.len..self.first + len].fill(0.0);
            } else {
                let mut more = Aligned::zeros(len);
                more[..self.len].copy_from_slice(self);
                *self = more;
            }
        }
        self.len = len;
    }

    /// At least so many.
    pub fn grow(&mut self, len: usize) {
        if self.len < len {
            self.resize(len);
        }
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.space[self.first..self.first + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.space[self.first..self.first + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_zeros() {
        let mut words = Aligned::new();
        assert!(words.is_empty());
        for len in [1, 5, 40_000, 3, 40, 1 << 20, 0, 7] {
            let kept = words.len().min(len);
            words.iter_mut().for_each(|word| *word = 2.0);
            words.resize(len);
            assert_eq!(words.len(), len);
            assert!(
                words[..kept].iter().all(|word| *word == 2.0)
                    && words[kept..].iter().all(|word| *word == 0.0)
            );
            assert!(len == 0 || words.as_ptr().addr().is_multiple_of(64));
        }
        words.grow(3);
        assert_eq!(words.len(), 7);
        words.grow(9);
        assert_eq!(words.len(), 9);
    }
}
