//! Numbers known to the macro, random numbers, and images between their places.

use super::{Binary, Dim, Graph, Id, Op, Shape, Unary};

/// What lies beyond the border of an image, by the names that Keras has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// One number everywhere.
    Constant,
    /// The place at the border goes on.
    Nearest,
    /// The image in a mirror that stands behind its last place: `d c b a | a b c d | d c b a`.
    Reflect,
    /// The image in a mirror that stands on its last place: `d c b | a b c d | c b a`.
    Mirror,
    /// The image again.
    Wrap,
}

/// How an image is read between its places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// The nearest place (halves away from 0), rather than a mean of the four around.
    pub nearest: bool,
    pub fill: Fill,
    /// The number of [`Fill::Constant`].
    pub value: f32,
}

impl Fill {
    /// The place within `[0, extent)` that `place` means; none where there is a number instead.
    #[cfg(test)]
    pub fn place(self, place: i64, extent: i64) -> Option<i64> {
        match self {
            Fill::Constant => (0..extent).contains(&place).then_some(place),
            Fill::Nearest => Some(place.clamp(0, extent - 1)),
            Fill::Wrap => Some(place.rem_euclid(extent)),
            Fill::Reflect => {
                let place = place.rem_euclid(2 * extent);
                Some(place.min(2 * extent - 1 - place))
            }
            Fill::Mirror => {
                let period = (2 * extent - 2).max(1);
                let place = place.rem_euclid(period);
                Some(place.min(period - place))
            }
        }
    }
}

impl Graph {
    /// `[numbers.len()]`
    pub fn numbers(&mut self, numbers: Vec<f32>) -> Id {
        if let [number] = numbers[..] {
            let number = self.constant(number);
            return self.broadcast_to(number, &Shape::fixed([Dim::known(1)]));
        }
        let shape = Shape::fixed([Dim::known(numbers.len())]);
        self.push(Op::Numbers(numbers), shape)
    }

    /// Uniform random numbers in `[0, 1)`, others in each training step. While inferring there are none.
    pub fn random(&mut self, shape: Shape) -> Id {
        let stream = self.stream();
        self.push(Op::Random { stream }, shape)
    }

    /// A new random stream.
    pub(super) fn stream(&mut self) -> u32 {
        self.streams.push(self.seeding);
        if let Some(seeding) = &mut self.seeding {
            seeding.next += 1;
        }
        self.streams.len() as u32 - 1
    }

    /// Uniform random numbers in `[low, high)`.
    pub fn uniform(&mut self, shape: Shape, low: f64, high: f64) -> Id {
        let unit = self.random(shape);
        let scaled = self.binary_const(Binary::Mul, unit, (high - low) as f32);
        self.binary_const(Binary::Add, scaled, low as f32)
    }

    /// Normal random numbers of mean 0 and deviation 1, by the transform of Box and Muller (1958).
    pub fn normal(&mut self, shape: Shape) -> Id {
        let (radius, angle) = (self.random(shape.clone()), self.random(shape));
        // 1 - u is never 0.
        let radius = self.unary(Unary::Neg, radius);
        let radius = self.unary(Unary::Log1p, radius);
        let radius = self.binary_const(Binary::Mul, radius, -2.0);
        let radius = self.unary(Unary::Sqrt, radius);
        let angle = self.binary_const(Binary::Mul, angle, std::f32::consts::TAU);
        let cosine = self.unary(Unary::Cos, angle);
        self.binary(Binary::Mul, radius, cosine)
    }

    /// An image of `height` by `width` places, each of which is `x` where `at` says: with `at = [a, b, c, d, e, f, ..]`
    /// place `(i, j)` is column `a j + b i + c` of row `d j + e i + f`; with `at` of shape `[height, width, 2]` row and
    /// column are those of the place.
    pub fn sample(&mut self, x: Id, at: Id, [height, width]: [impl Into<Dim>; 2], sampling: Sampling) -> Id {
        let batched = self.shape(x).batched || self.shape(at).batched;
        let own = Shape { batched, dims: self.shape(x).dims.clone() };
        let x = self.broadcast_to(x, &own);
        let dims = vec![height.into(), width.into(), own.dims[2].clone()];
        self.push(Op::Sample { x, at, sampling }, Shape { batched, dims })
    }

    /// The sums of what `dy` has for the places of an image of `dims`, where `at` says of each place of `dy`, as for
    /// [`Graph::sample`], of which this is the transpose.
    pub fn sample_sum(&mut self, dy: Id, at: Id, dims: [Dim; 3], sampling: Sampling) -> Id {
        let batched = self.shape(dy).batched || self.shape(at).batched;
        let own = Shape { batched, dims: self.shape(dy).dims.clone() };
        let dy = self.broadcast_to(dy, &own);
        self.push(Op::SampleGrad { dy, at, sampling }, Shape { batched, dims: dims.to_vec() })
    }
}
