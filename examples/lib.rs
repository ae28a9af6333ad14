//! Programs that show the library; each is a `[[example]]` of this package.
