//! What tests of Keras's files do alike.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use keras_runtime::prelude::*;

/// A folder that goes with the test, or one that stays for Python.
pub struct Folder {
    path: PathBuf,
    /// What goes.
    own: Option<PathBuf>,
}

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("keras-files-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder { own: Some(path.clone()), path }
    }

    /// The folder `name` of that which `KERAS_FILES_OUT` names, for `--check` of the fixtures' scripts, if it names one.
    #[allow(dead_code)]
    pub fn for_python(name: &str) -> Self {
        let kept = env::var_os("KERAS_FILES_OUT").map(|kept| Folder { path: kept.into(), own: None });
        let mut folder = kept.unwrap_or_else(Folder::new);
        folder.path.push(name);
        fs::create_dir_all(&folder.path).expect("a folder");
        folder
    }
}

impl Deref for Folder {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(own) = &self.own {
            fs::remove_dir_all(own).ok();
        }
    }
}

/// All weights of a model.
pub fn bits<M: Model>(model: &M) -> Vec<u32> {
    let all = model.weights();
    all.iter().flat_map(|(_, weight)| weight.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect()
}
