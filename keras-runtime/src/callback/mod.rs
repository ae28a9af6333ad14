//! Callbacks: what happens beside training, at the beginning and end of trainings, epochs and batches.
//!
//! Names, arguments and defaults are those of `keras.callbacks`, version 3. Every callback is a struct whose fields are
//! Keras's arguments; what it finds out can be read from it afterwards, when `fit` was lent it.
//!
//! ```
//! use keras_runtime::prelude::*;
//!
//! keras_model! { Net = dense(8, tanh, input = 3) >> dense(1) }
//!
//! let x = ndarray::Array2::from_shape_fn((40, 3), |(i, j)| ((i * 3 + j) % 7) as f32 / 7.0);
//! let y: Vec<f32> = x.rows().into_iter().map(|row| row.sum()).collect();
//! let mut model = Net::new(1).compile(Adam::default(), MeanSquaredError, ());
//! let mut early = EarlyStopping { monitor: "loss".into(), patience: 2, ..EarlyStopping::default() };
//! let decay = LearningRateScheduler::new(|epoch, rate| if epoch == 0 { rate } else { rate * 0.9 });
//! let settings = Fit {
//!     epochs: 5,
//!     verbose: Verbose::Silent,
//!     callbacks: callbacks((&mut early, decay, TerminateOnNaN::default())),
//!     ..Fit::default()
//! };
//! let history = model.fit(&x, &y, settings)?;
//! assert_eq!(history.get("learning_rate").map(|rates| rates.len()), Some(5));
//! assert_eq!(early.stopped_epoch(), None);
//! # Ok::<(), keras_runtime::Error>(())
//! ```
//!
//! A callback of one's own implements [`Callback`], or is a [`LambdaCallback`].
//!
//! Of Keras's list, `History` is what `fit` returns, `ProgbarLogger` is [`Fit::verbose`](crate::train::Fit::verbose), and
//! `CallbackList` is what [`callbacks`] makes. Left out are `RemoteMonitor`, which is a [`LambdaCallback`] with an HTTP client of
//! your choice, and `OrbaxCheckpoint`, whose files are those of another library.

mod backup;
mod csv_logger;
mod early_stopping;
mod events;
mod lambda;
mod learning_rate;
mod logs;
mod model_checkpoint;
mod monitor;
mod state;
mod swap_ema_weights;
mod tensor_board;
mod terminate;
mod training;

use std::fmt::Debug;

pub use backup::BackupAndRestore;
pub use csv_logger::CsvLogger;
pub use early_stopping::EarlyStopping;
pub use lambda::LambdaCallback;
pub use learning_rate::{LearningRateScheduler, ReduceLrOnPlateau};
pub use logs::Logs;
pub use model_checkpoint::ModelCheckpoint;
pub use monitor::Mode;
pub use state::State;
pub use swap_ema_weights::SwapEmaWeights;
pub use tensor_board::{TensorBoard, UpdateFreq};
pub use terminate::TerminateOnNaN;
pub use training::{Position, Snapshot, Training};

use crate::error::{Error, Result};

/// When a callback saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaveFreq {
    /// After each epoch.
    #[default]
    Epoch,
    /// After so many batches, counted through the epochs.
    Batches(usize),
}

impl SaveFreq {
    /// Checks the setting.
    fn check(self) -> Result<()> {
        match self {
            SaveFreq::Batches(0) => Err(Error::Setting {
                name: "save_freq",
                expected: "SaveFreq::Epoch, or at least one batch".into(),
                found: "0 batches".into(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether it is time, one batch after the last time that this was asked. `seen` counts batches since the last save.
    fn due(self, seen: &mut usize) -> bool {
        let SaveFreq::Batches(every) = self else { return false };
        *seen += 1;
        let due = *seen >= every;
        if due {
            *seen = 0;
        }
        due
    }
}

/// What is called while a model is trained, evaluated or asked for predictions (`keras.callbacks.Callback`).
///
/// Epochs and batches count from 0 on. An error ends the work, and is what `fit` returns.
#[allow(unused_variables)]
pub trait Callback: Debug + Send {
    /// Whether the hooks of batches are wanted: the logs of a batch are not made for those who do not read them.
    fn wants_batches(&self) -> bool {
        true
    }

    /// What a checkpoint keeps of it, by default nothing. It is asked when all callbacks have been called for an epoch or
    /// batch, and before [`Callback::resume`], for its kind.
    fn state(&self) -> Option<State> {
        None
    }

    /// Takes what [`Callback::state`] gave, when a training goes on from a checkpoint: after `on_train_begin`.
    fn resume(&mut self, state: &State) -> Result<()> {
        Ok(())
    }

    /// Before the first epoch.
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After the last epoch, with its logs.
    fn on_train_end(&mut self, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before an epoch.
    fn on_epoch_begin(&mut self, epoch: usize, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After an epoch, with its losses and metrics, those of the validation called `val_...`. What is added to the logs
    /// stands in the history.
    fn on_epoch_end(&mut self, epoch: usize, logs: &mut Logs, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before a training step.
    fn on_train_batch_begin(&mut self, batch: usize, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After a training step, with means over the epoch so far.
    fn on_train_batch_end(&mut self, batch: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before an evaluation, also that at the end of an epoch.
    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After an evaluation.
    fn on_test_end(&mut self, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before a batch is evaluated.
    fn on_test_batch_begin(&mut self, batch: usize, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After a batch was evaluated, with means over the evaluation so far.
    fn on_test_batch_end(&mut self, batch: usize, logs: &Logs, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before predictions.
    fn on_predict_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After predictions.
    fn on_predict_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before a batch is predicted.
    fn on_predict_batch_begin(&mut self, batch: usize, training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After a batch was predicted: `outputs` holds the rows of each output.
    fn on_predict_batch_end(
        &mut self,
        batch: usize,
        outputs: &[&[f32]],
        training: &mut Training<'_>,
    ) -> Result<()> {
        Ok(())
    }
}

macro_rules! forward {
    ($($hook:ident($($argument:ident: $type:ty),*);)*) => {
        /// A callback that is lent, to be read afterwards.
        impl<C: Callback + ?Sized> Callback for &mut C {
            fn wants_batches(&self) -> bool {
                (**self).wants_batches()
            }
            fn state(&self) -> Option<State> {
                (**self).state()
            }
            fn resume(&mut self, state: &State) -> Result<()> {
                (**self).resume(state)
            }
            $(fn $hook(&mut self, $($argument: $type,)* training: &mut Training<'_>) -> Result<()> {
                (**self).$hook($($argument,)* training)
            })*
        }
    };
}
forward! {
    on_train_begin();
    on_train_end(logs: &Logs);
    on_epoch_begin(epoch: usize);
    on_epoch_end(epoch: usize, logs: &mut Logs);
    on_train_batch_begin(batch: usize);
    on_train_batch_end(batch: usize, logs: &Logs);
    on_test_begin();
    on_test_end(logs: &Logs);
    on_test_batch_begin(batch: usize);
    on_test_batch_end(batch: usize, logs: &Logs);
    on_predict_begin();
    on_predict_end();
    on_predict_batch_begin(batch: usize);
    on_predict_batch_end(batch: usize, outputs: &[&[f32]]);
}

/// What [`callbacks`] takes: one callback, or a tuple of callbacks, given or lent.
pub trait IntoCallbacks<'a> {
    /// The callbacks in order.
    fn into_callbacks(self) -> Vec<Box<dyn Callback + 'a>>;
}

impl<'a, C: Callback + 'a> IntoCallbacks<'a> for C {
    fn into_callbacks(self) -> Vec<Box<dyn Callback + 'a>> {
        vec![Box::new(self)]
    }
}

macro_rules! tuples_of_callbacks {
    ($($($name:ident)*;)*) => {$(
        impl<'a, $($name: Callback + 'a),*> IntoCallbacks<'a> for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_callbacks(self) -> Vec<Box<dyn Callback + 'a>> {
                let ($($name,)*) = self;
                vec![$(Box::new($name)),*]
            }
        }
    )*};
}
tuples_of_callbacks! { A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; }

/// Callbacks for [`Fit::callbacks`](crate::train::Fit::callbacks): one, or a tuple. They are called in this order.
pub fn callbacks<'a>(list: impl IntoCallbacks<'a>) -> Vec<Box<dyn Callback + 'a>> {
    list.into_callbacks()
}

/// Calls all callbacks of a training loop.
pub(crate) struct Callbacks<'a, 'c> {
    all: &'a mut [Box<dyn Callback + 'c>],
    /// Whether one of them wants the hooks of batches.
    pub batches: bool,
}

impl<'a, 'c> Callbacks<'a, 'c> {
    pub fn new(all: &'a mut [Box<dyn Callback + 'c>]) -> Self {
        Callbacks { batches: all.iter().any(|callback| callback.wants_batches()), all }
    }

    /// What a checkpoint keeps of each.
    pub fn states(&self) -> Vec<State> {
        self.all.iter().filter_map(|callback| callback.state()).collect()
    }

    /// One after another; the first error ends it.
    pub fn each(&mut self, mut hook: impl FnMut(&mut dyn Callback) -> Result<()>) -> Result<()> {
        self.all.iter_mut().try_for_each(|callback| hook(&mut **callback))
    }

    /// Those that want the hooks of batches.
    pub fn each_batch(&mut self, mut hook: impl FnMut(&mut dyn Callback) -> Result<()>) -> Result<()> {
        self.each(|callback| if callback.wants_batches() { hook(callback) } else { Ok(()) })
    }
}
