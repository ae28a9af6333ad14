//! What makes numbers of text, categories, series, images and sound, before a model sees them (`keras.preprocessing`,
//! `keras.utils`, and those layers of Keras that work outside of a model).

#[cfg(feature = "audio")]
pub mod audio;
pub mod directory;
pub mod encoding;
pub mod features;
pub mod generator;
pub mod hashing;
#[cfg(feature = "images")]
pub mod image;
pub mod lookup;
pub mod sequence;
mod spline;
pub mod standardize;
pub mod text;
pub mod timeseries;
pub mod vectorization;
