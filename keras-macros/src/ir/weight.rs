//! Weights: how they start, and what the runtime makes of them.

use super::Dim;

/// How a weight starts: Keras's initialisers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    Zeros,
    Ones,
    Constant {
        value: f32,
    },
    Identity {
        gain: f32,
    },
    RandomNormal {
        mean: f32,
        stddev: f32,
    },
    RandomUniform {
        minval: f32,
        maxval: f32,
    },
    TruncatedNormal {
        mean: f32,
        stddev: f32,
    },
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
    /// Variance `scale / (fan_in * inputs + fan_out * outputs)`, whatever a weight's inputs and outputs are.
    ScaledUniform {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    ScaledNormal {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    ScaledTruncatedNormal {
        scale: f32,
        fan_in: f32,
        fan_out: f32,
    },
    Orthogonal {
        gain: f32,
    },
    /// 1 in the second quarter: the bias of an LSTM.
    UnitForget {
        others: f32,
    },
    /// Cosines, or sines, under a window: `[length, .., bins]`. Window and scaling are places in tables of names.
    Stft {
        imaginary: bool,
        window: usize,
        periodic: bool,
        scaling: usize,
    },
}

/// How a weight starts, from which seed if it has one of its own, and which of its axes are its inputs and outputs where those
/// are not Keras's for a weight of its rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    pub init: Init,
    pub seed: Option<u64>,
    pub fans: Option<[AxisSet; 2]>,
}

impl Start {
    /// With these axes as inputs and outputs, unless the user has said others.
    pub fn with_fans(self, inputs: &[usize], outputs: &[usize]) -> Start {
        let set = |axes: &[usize]| AxisSet::of(axes.iter().map(|axis| *axis as i64));
        Start { fans: self.fans.or(Some([set(inputs), set(outputs)])), ..self }
    }
}

/// Some axes of a tensor, those that are counted from the end among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AxisSet(u64);

impl AxisSet {
    const HALF: i64 = 32;

    /// Of axes in -32..32: there are no others.
    pub fn of(axes: impl IntoIterator<Item = i64>) -> AxisSet {
        let bit = |axis: i64| 1 << (axis + Self::HALF).clamp(0, 2 * Self::HALF - 1);
        AxisSet(axes.into_iter().fold(0, |set, axis| set | bit(axis)))
    }

    /// Those of a tensor of this rank, or one that it does not have.
    pub fn resolved(self, rank: usize) -> Result<Vec<usize>, i64> {
        let all = (-Self::HALF..Self::HALF).filter(|axis| self.0 >> (axis + Self::HALF) & 1 == 1);
        let rank = rank as i64;
        let own = all.map(|axis| {
            if (-rank..rank).contains(&axis) { Ok(axis.rem_euclid(rank) as usize) } else { Err(axis) }
        });
        own.collect()
    }
}

impl From<Init> for Start {
    fn from(init: Init) -> Self {
        Start { init, seed: None, fans: None }
    }
}

/// `l1 * sum(|w|) + l2 * sum(w²)`, which the runtime adds to the loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    pub l1: f32,
    pub l2: f32,
}

/// What the runtime makes a weight be after each training step.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    NonNeg,
    /// Norms over `axes` within `[min, max]`.
    Norm {
        min: f32,
        max: f32,
        rate: f32,
        axes: Vec<usize>,
    },
}

/// A weight of a model.
#[derive(Clone, Debug)]
pub struct Weight {
    /// `layer/weight`, for example `dense_1/kernel`.
    pub name: String,
    pub shape: Vec<Dim>,
    pub start: Start,
    pub penalty: Option<Penalty>,
    pub constraint: Option<Constraint>,
    pub trainable: bool,
}
