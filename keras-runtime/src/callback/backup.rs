//! BackupAndRestore.

use std::fs;
use std::path::PathBuf;

use super::model_checkpoint::make_folder_of;
use super::{Callback, Logs, SaveFreq, State, Training};
use crate::error::{Error, Result};

/// Lets a training that was cut off go on where it was (`keras.callbacks.BackupAndRestore`): to the very bits that it would
/// have reached.
///
/// The same program, run again with the same data and settings, finds the backup, puts weights, the optimizer's state and
/// the random streams where they were, and goes on with the batch after it. When the training ends, the backup is
/// deleted. What other callbacks remember, such as the patience of an [`EarlyStopping`](super::EarlyStopping), goes on too
/// ([`Callback::state`]), as do the history and the means of an epoch that was cut. Each backup is made when all callbacks of
/// that moment have been called, wherever this one stands in the list.
#[derive(Debug, Clone)]
pub struct BackupAndRestore {
    /// The folder of the backup: for this training alone.
    pub backup_dir: PathBuf,
    /// When it saves.
    pub save_freq: SaveFreq,
    /// Whether the backup before the last one is kept, and read when the last one cannot be.
    pub double_checkpoint: bool,
    /// Whether the backup is deleted when the training has come to its end.
    pub delete_checkpoint: bool,
    since: usize,
}

impl BackupAndRestore {
    /// Backups in `backup_dir`, after every epoch.
    pub fn new(backup_dir: impl Into<PathBuf>) -> Self {
        BackupAndRestore {
            backup_dir: backup_dir.into(),
            save_freq: SaveFreq::Epoch,
            double_checkpoint: false,
            delete_checkpoint: true,
            since: 0,
        }
    }

    /// Saves as often as `save_freq` says.
    pub fn every(mut self, save_freq: SaveFreq) -> Self {
        self.save_freq = save_freq;
        self
    }

    fn latest(&self) -> PathBuf {
        self.backup_dir.join("latest.safetensors")
    }

    fn previous(&self) -> PathBuf {
        self.backup_dir.join("previous.safetensors")
    }

    /// Removes what a program that was killed had begun to write.
    fn clear_cut_off(&self) {
        let entries = fs::read_dir(&self.backup_dir).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(".latest.safetensors.") && name.ends_with(".tmp") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn save(&self, training: &mut Training<'_>) -> Result<()> {
        let (latest, previous) = (self.latest(), self.previous());
        make_folder_of(&latest)?;
        if self.double_checkpoint && latest.exists() {
            fs::rename(&latest, &previous).map_err(|source| Error::Io {
                action: "rename",
                path: latest.clone(),
                source,
            })?;
        }
        training.save_checkpoint(latest);
        Ok(())
    }
}

impl Callback for BackupAndRestore {
    fn wants_batches(&self) -> bool {
        self.save_freq != SaveFreq::Epoch
    }

    fn state(&self) -> Option<State> {
        Some(State::of("BackupAndRestore").with("since", self.since))
    }

    fn resume(&mut self, state: &State) -> Result<()> {
        self.since = state.get("since")?.unwrap_or(0);
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        if self.backup_dir.as_os_str().is_empty() {
            return Err(Error::Setting {
                name: "backup_dir",
                expected: "a folder".into(),
                found: "empty".into(),
            });
        }
        self.save_freq.check()?;
        self.since = 0;
        self.clear_cut_off();
        let found = [self.latest(), self.previous()].into_iter().filter(|path| path.exists());
        let mut problem = None;
        for path in found {
            match training.load_checkpoint(&path) {
                Ok(_) => return Ok(()),
                Err(error) => problem = problem.or(Some(error)),
            }
        }
        problem.map_or(Ok(()), Err)
    }

    fn on_train_batch_end(&mut self, _: usize, _: &Logs, training: &mut Training<'_>) -> Result<()> {
        match self.save_freq.due(&mut self.since) {
            true => self.save(training),
            false => Ok(()),
        }
    }

    fn on_epoch_end(&mut self, _: usize, _: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        match self.save_freq {
            SaveFreq::Epoch => self.save(training),
            SaveFreq::Batches(_) => Ok(()),
        }
    }

    fn on_train_end(&mut self, _: &Logs, _: &mut Training<'_>) -> Result<()> {
        if !self.delete_checkpoint {
            return Ok(());
        }
        // The files alone: the folder may hold what others put there.
        for path in [self.latest(), self.previous()].into_iter().filter(|path| path.exists()) {
            fs::remove_file(&path).map_err(|source| Error::Io { action: "delete", path, source })?;
        }
        self.clear_cut_off();
        let _ = fs::remove_dir(&self.backup_dir);
        Ok(())
    }
}
