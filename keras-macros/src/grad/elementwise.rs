//! Rules of element-wise operations.

use super::Adjoint;
use crate::ir::{Binary, Id, Unary};

impl Adjoint {
    /// `dy f'(x)`; `None` where the derivative is 0 everywhere it exists.
    pub(super) fn unary_rule(&mut self, f: Unary, x: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Unary::Neg => self.unary(Unary::Neg, dy),
            Unary::Abs => {
                let sign = self.unary(Unary::Sign, x);
                self.mul(dy, sign)
            }
            Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round => return None,
            Unary::Square => {
                let twice = self.with(Binary::Mul, x, 2.0);
                self.mul(dy, twice)
            }
            Unary::Sqrt => {
                let half = self.with(Binary::Mul, dy, 0.5);
                self.binary(Binary::Div, half, y)
            }
            Unary::Reciprocal => {
                let square = self.unary(Unary::Square, y);
                let product = self.mul(dy, square);
                self.unary(Unary::Neg, product)
            }
            Unary::Exp => self.mul(dy, y),
            Unary::Expm1 => {
                let exp = self.with(Binary::Add, y, 1.0);
                self.mul(dy, exp)
            }
            Unary::Log => self.binary(Binary::Div, dy, x),
            Unary::Log1p => {
                let x1 = self.with(Binary::Add, x, 1.0);
                self.binary(Binary::Div, dy, x1)
            }
            Unary::Sin => {
                let cos = self.unary(Unary::Cos, x);
                self.mul(dy, cos)
            }
            Unary::Cos => {
                let sin = self.unary(Unary::Sin, x);
                let product = self.mul(dy, sin);
                self.unary(Unary::Neg, product)
            }
            // 1 + tan²
            Unary::Tan => {
                let square = self.unary(Unary::Square, y);
                let factor = self.with(Binary::Add, square, 1.0);
                self.mul(dy, factor)
            }
            // 1 / sqrt(1 - x²), and its negative
            Unary::Asin | Unary::Acos => {
                let root = self.sqrt_of_square(-1.0, 1.0, x);
                let quotient = self.binary(Binary::Div, dy, root);
                if f == Unary::Asin { quotient } else { self.unary(Unary::Neg, quotient) }
            }
            // 1 / (1 + x²)
            Unary::Atan => {
                let square = self.unary(Unary::Square, x);
                let below = self.with(Binary::Add, square, 1.0);
                self.binary(Binary::Div, dy, below)
            }
            Unary::Sinh => {
                let cosh = self.unary(Unary::Cosh, x);
                self.mul(dy, cosh)
            }
            Unary::Cosh => {
                let sinh = self.unary(Unary::Sinh, x);
                self.mul(dy, sinh)
            }
            // 1 / sqrt(x² ± 1)
            Unary::Asinh | Unary::Acosh => {
                let root = self.sqrt_of_square(1.0, if f == Unary::Asinh { 1.0 } else { -1.0 }, x);
                self.binary(Binary::Div, dy, root)
            }
            // 1 / (1 - x²)
            Unary::Atanh => {
                let below = self.one_minus_square(x);
                self.binary(Binary::Div, dy, below)
            }
            Unary::Tanh => {
                let factor = self.one_minus_square(y);
                self.mul(dy, factor)
            }
            // y (1 - y)
            Unary::Sigmoid => {
                let one = self.graph.constant(1.0);
                let rest = self.binary(Binary::Sub, one, y);
                let factor = self.mul(y, rest);
                self.mul(dy, factor)
            }
            Unary::Relu => {
                let positive = self.with(Binary::Gt, y, 0.0);
                self.masked(positive, dy)
            }
            // 2 / sqrt(pi) exp(-x²)
            Unary::Erf => {
                let square = self.unary(Unary::Square, x);
                let negative = self.unary(Unary::Neg, square);
                let exp = self.unary(Unary::Exp, negative);
                let factor = self.with(Binary::Mul, exp, std::f32::consts::FRAC_2_SQRT_PI);
                self.mul(dy, factor)
            }
            Unary::Softplus => {
                let sigmoid = self.unary(Unary::Sigmoid, x);
                self.mul(dy, sigmoid)
            }
        })
    }

    /// The gradient of `f(a, b)` with respect to `a`.
    pub(super) fn left_rule(&mut self, f: Binary, a: Id, b: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Binary::Add | Binary::Sub => dy,
            Binary::Mul => self.mul(dy, b),
            Binary::Div => self.binary(Binary::Div, dy, b),
            Binary::Maximum => self.larger_rule(Binary::Gt, a, b, dy),
            Binary::Minimum => self.larger_rule(Binary::Lt, a, b, dy),
            // b a^(b - 1)
            Binary::Pow => {
                let exponent = self.with(Binary::Sub, b, 1.0);
                let power = self.binary(Binary::Pow, a, exponent);
                let factor = self.mul(b, power);
                self.mul(dy, factor)
            }
            Binary::Gt | Binary::Ge | Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => {
                let _ = y;
                return None;
            }
        })
    }

    /// The gradient of `f(a, b)` with respect to `b`.
    pub(super) fn right_rule(&mut self, f: Binary, a: Id, b: Id, y: Id, dy: Id) -> Option<Id> {
        Some(match f {
            Binary::Add => dy,
            Binary::Sub => self.unary(Unary::Neg, dy),
            Binary::Mul => self.mul(dy, a),
            // -y / b
            Binary::Div => {
                let product = self.mul(dy, y);
                let quotient = self.binary(Binary::Div, product, b);
                self.unary(Unary::Neg, quotient)
            }
            Binary::Maximum => self.larger_rule(Binary::Gt, b, a, dy),
            Binary::Minimum => self.larger_rule(Binary::Lt, b, a, dy),
            // y ln(a), 0 where a is not positive
            Binary::Pow => {
                let log = self.unary(Unary::Log, a);
                let factor = self.mul(y, log);
                let positive = self.with(Binary::Gt, a, 0.0);
                let factor = self.masked(positive, factor);
                self.mul(dy, factor)
            }
            Binary::Gt | Binary::Ge | Binary::Lt | Binary::Le | Binary::Eq | Binary::Ne => return None,
        })
    }

    /// `dy` where `a` wins over `b`, half of it where they are equal (as JAX, and so Keras, has it).
    pub(super) fn larger_rule(&mut self, wins: Binary, a: Id, b: Id, dy: Id) -> Id {
        let wins = self.binary(wins, a, b);
        let equal = self.binary(Binary::Eq, a, b);
        let half = self.with(Binary::Mul, equal, 0.5);
        let factor = self.binary(Binary::Add, wins, half);
        self.mul(dy, factor)
    }

    pub(super) fn one_minus_square(&mut self, x: Id) -> Id {
        let square = self.unary(Unary::Square, x);
        let one = self.graph.constant(1.0);
        self.binary(Binary::Sub, one, square)
    }

    /// `sqrt(a x² + b)`.
    pub(super) fn sqrt_of_square(&mut self, a: f32, b: f32, x: Id) -> Id {
        let square = self.unary(Unary::Square, x);
        let scaled = self.with(Binary::Mul, square, a);
        let sum = self.with(Binary::Add, scaled, b);
        self.unary(Unary::Sqrt, sum)
    }
}
