//! What `compile` takes for its metrics.

use super::Metric;

/// What `compile` takes for its metrics: one, an array, a `Vec`, a tuple, or `()` for none. Each is measured at every
/// output; [`PerOutput`] has a list for each.
pub trait Metrics: Sized {
    /// The metrics in order.
    fn into_metrics(self) -> Vec<Box<dyn Metric>>;

    /// For each of so many outputs, its metrics.
    fn for_outputs(self, outputs: usize) -> Vec<Vec<Box<dyn Metric>>> {
        let metrics = self.into_metrics();
        (0..outputs).map(|_| metrics.iter().map(|metric| metric.boxed()).collect()).collect()
    }
}

/// Metrics for each output: `PerOutput((Accuracy, (MeanAbsoluteError, RootMeanSquaredError)))`.
#[derive(Debug, Clone, Copy)]
pub struct PerOutput<T>(pub T);

impl Metrics for () {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![]
    }
}

impl Metrics for Box<dyn Metric> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        vec![self]
    }
}

impl<M: Metrics, const N: usize> Metrics for [M; N] {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.into_iter().flat_map(Metrics::into_metrics).collect()
    }
}

impl<M: Metrics> Metrics for Vec<M> {
    fn into_metrics(self) -> Vec<Box<dyn Metric>> {
        self.into_iter().flat_map(Metrics::into_metrics).collect()
    }
}

macro_rules! metrics_of_tuples {
    ($($($name:ident)*;)*) => {$(
        impl<$($name: Metrics),*> Metrics for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_metrics(self) -> Vec<Box<dyn Metric>> {
                let ($($name,)*) = self;
                [$($name.into_metrics()),*].into_iter().flatten().collect()
            }
        }

        impl<$($name: Metrics),*> Metrics for PerOutput<($($name,)*)> {
            #[allow(non_snake_case)]
            fn into_metrics(self) -> Vec<Box<dyn Metric>> {
                self.0.into_metrics()
            }

            #[allow(non_snake_case)]
            fn for_outputs(self, _: usize) -> Vec<Vec<Box<dyn Metric>>> {
                let ($($name,)*) = self.0;
                vec![$($name.into_metrics()),*]
            }
        }
    )*};
}
metrics_of_tuples! { A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; }
