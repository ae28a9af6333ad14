//! Where models run. [`Backend`] is the seam: nothing above it names a device.

pub mod cpu;
