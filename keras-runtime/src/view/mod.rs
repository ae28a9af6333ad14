//! What people look at: progress, tables, plots.

mod confusion;
mod diagram;
mod grid;
#[cfg(feature = "plot")]
mod plot;
pub(crate) mod png;
mod progress;
mod rows;
mod summary;

pub use confusion::ConfusionMatrix;
use diagram::escaped;
pub use grid::ImageGrid;
#[cfg(feature = "plot")]
pub(crate) use plot::plot_history;
pub(crate) use progress::Progress;
pub use summary::Summary;
