//! The order in which NumPy shuffles with a seed: Keras's data sets are split after it.

use rand_mt::Mt;

/// `numpy.random.RandomState(seed)`.
pub(crate) struct RandomState(Mt);

impl RandomState {
    pub fn new(seed: u32) -> Self {
        RandomState(Mt::new(seed))
    }

    /// What `shuffle(numpy.arange(len))` leaves.
    pub fn order(&mut self, len: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..len).collect();
        for i in (1..len).rev() {
            // Numbers of just enough bits, until one is not too large.
            let mask = u32::MAX >> (i as u32).leading_zeros();
            let j = std::iter::repeat_with(|| self.0.next_u32() & mask).find(|j| *j <= i as u32);
            order.swap(i, j.unwrap_or(0) as usize);
        }
        order
    }
}

/// The first order that a seed gives.
pub(crate) fn order(seed: u32, len: usize) -> Vec<usize> {
    RandomState::new(seed).order(len)
}

/// Items in the order that a seed gives.
pub(crate) fn shuffled<T: Clone>(items: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|i| items[*i].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_those_of_numpy() {
        // numpy.random.RandomState(113)
        assert_eq!(order(113, 10), [9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
        assert_eq!(order(0, 1), [0]);
        assert_eq!(order(0, 0), [0; 0]);
    }
}
