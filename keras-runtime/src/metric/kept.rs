//! What metrics have seen, as numbers for a checkpoint.

use std::slice::Iter;

/// What can be written as numbers, and read again.
pub(super) trait Kept: Sized {
    /// Appends its numbers.
    fn give(&self, to: &mut Vec<f64>);

    /// What the next numbers say, if there are enough.
    fn taken(from: &mut Iter<'_, f64>) -> Option<Self>;
}

impl Kept for f64 {
    fn give(&self, to: &mut Vec<f64>) {
        to.push(*self);
    }

    fn taken(from: &mut Iter<'_, f64>) -> Option<Self> {
        from.next().copied()
    }
}

/// Its length stands before it.
impl<T: Kept> Kept for Vec<T> {
    fn give(&self, to: &mut Vec<f64>) {
        to.push(self.len() as f64);
        self.iter().for_each(|x| x.give(to));
    }

    fn taken(from: &mut Iter<'_, f64>) -> Option<Self> {
        let len = *from.next()? as usize;
        (0..len).map(|_| T::taken(from)).collect()
    }
}

impl<T: Kept, const N: usize> Kept for [T; N] {
    fn give(&self, to: &mut Vec<f64>) {
        self.iter().for_each(|x| x.give(to));
    }

    fn taken(from: &mut Iter<'_, f64>) -> Option<Self> {
        let all: Option<Vec<T>> = (0..N).map(|_| T::taken(from)).collect();
        all?.try_into().ok()
    }
}

/// A struct is its fields, one after another.
macro_rules! kept {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl crate::metric::kept::Kept for $name {
            fn give(&self, to: &mut Vec<f64>) {
                $(crate::metric::kept::Kept::give(&self.$field, to);)*
            }

            fn taken(from: &mut std::slice::Iter<'_, f64>) -> Option<Self> {
                $(let $field = crate::metric::kept::Kept::taken(from)?;)*
                Some($name { $($field),* })
            }
        }
    )*};
}
pub(super) use kept;
