//! What people look at: progress, tables, plots.

mod diagram;
#[cfg(feature = "plot")]
mod plot;
mod progress;
mod rows;
mod summary;

#[cfg(feature = "plot")]
pub(crate) use plot::plot_history;
pub(crate) use progress::Progress;
pub use summary::Summary;
