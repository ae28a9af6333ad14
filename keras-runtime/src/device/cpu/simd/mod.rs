//! Vectors of `f32`, with one trait over every instruction set that kernels are compiled for.
//!
//! A computation is written once, as a `Kernel` generic over [`Simd`]. `run` compiles it inside a function of each
//! instruction set and calls the one that it is asked for.

#[cfg(any(test, all(feature = "fast-compile", debug_assertions)))]
mod called;
mod math;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod scalar;
#[cfg(feature = "cuda")]
pub mod symbol;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::OnceLock;

#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use portable::Portable;
pub(crate) use scalar::Scalar;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx512};

/// An instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512F: vectors of 16.
    Avx512,
    /// AVX2 with FMA: vectors of 8.
    Avx2,
    /// Arm's: vectors of 4.
    Neon,
    /// Plain Rust on arrays of 8.
    Portable,
    /// None: what is computed is written down, for another device. Steps of optimizers alone are run so.
    #[cfg(feature = "cuda")]
    Symbolic,
    /// Plain Rust on arrays of 16: the tiles and tails of AVX-512 on machines without it.
    #[cfg(test)]
    Wide,
}

impl Isa {
    /// What this machine has, best first.
    pub fn available() -> Vec<Isa> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                found.push(Isa::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Isa::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        found.push(Isa::Neon);
        found.push(Isa::Portable);
        #[cfg(test)]
        found.push(Isa::Wide);
        found
    }

    /// The best that this machine has, or what the environment variable `KERAS_ISA` (`avx512`, `avx2`, `neon`,
    /// `portable`) asks for, if the machine has it. Found once.
    pub fn detect() -> Isa {
        static FOUND: OnceLock<Isa> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let available = Isa::available();
            let wanted = std::env::var("KERAS_ISA").unwrap_or_default();
            let named = available.iter().find(|isa| format!("{isa:?}").eq_ignore_ascii_case(&wanted));
            *named.unwrap_or(&available[0])
        })
    }
}

/// A computation that is compiled for every instruction set.
pub(crate) trait Kernel {
    /// What it gives.
    type Output;
    /// The computation; `#[inline(always)]`, so that it is compiled with the caller's instructions.
    fn run<V: Simd>(self) -> Self::Output;
}

/// Runs `kernel` with the vectors of `isa`.
#[inline]
pub(crate) fn run<K: Kernel>(isa: Isa, kernel: K) -> K::Output {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` is only made for a machine that has it.
        Isa::Avx512 => unsafe { x86::run_avx512(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::run_avx2(kernel) },
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => kernel.run::<Neon>(),
        #[cfg(test)]
        Isa::Wide => kernel.run::<Portable<16>>(),
        _ => kernel.run::<Portable>(),
    }
}

/// Runs a kernel of a model, which is compiled with the model: as [`run`], or with operations that are called where that
/// builds faster.
#[inline]
pub(crate) fn run_of_model<K: Kernel>(isa: Isa, kernel: K) -> K::Output {
    #[cfg(all(feature = "fast-compile", debug_assertions, not(test)))]
    {
        let _ = isa;
        kernel.run::<called::Called>()
    }
    #[cfg(not(all(feature = "fast-compile", debug_assertions, not(test))))]
    run(isa, kernel)
}

/// Multiplies and adds on registers alone, `iterations` times: what no product of matrices can exceed. Gives the number
/// of floating-point operations of one iteration.
pub fn peak(isa: Isa, iterations: usize) -> usize {
    struct Peak(usize);
    impl Kernel for Peak {
        type Output = usize;
        #[inline(always)]
        fn run<V: Simd>(self) -> usize {
            let (a, b) = (V::splat(std::hint::black_box(0.999)), V::splat(std::hint::black_box(0.001)));
            let mut sums = [V::splat(1.0); 12];
            for _ in 0..self.0 {
                for sum in &mut sums {
                    *sum = sum.mul_add(a, b);
                }
            }
            let total = sums.into_iter().fold(V::splat(0.0), |total, sum| total + sum);
            std::hint::black_box(total.fold(|a, b| a + b));
            2 * 12 * V::LANES
        }
    }
    run(isa, Peak(iterations))
}

mod sealed {
    pub trait Sealed {}
}

/// The outcome of a comparison, lane by lane.
pub trait Mask<V>: Copy {
    /// Where both hold.
    fn and(self, other: Self) -> Self;
    /// Where either holds.
    fn or(self, other: Self) -> Self;
    /// Where it does not hold.
    fn not(self) -> Self;
    /// `a` where it holds, else `b`.
    fn select(self, a: V, b: V) -> V;
    /// 1 where it holds, else 0.
    fn to_f32(self) -> V;
}

/// A vector of `f32`. Values of the types that implement it exist only on machines that have their instructions.
pub trait Simd:
    sealed::Sealed
    + Copy
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The outcome of a comparison.
    type Mask: Mask<Self>;
    /// Elements of a vector: at most 16.
    const LANES: usize;
    /// Registers for vectors that a kernel can count on.
    const REGISTERS: usize;

    /// `x` in every lane.
    fn splat(x: f32) -> Self;
    /// The `LANES` words from `from` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes `LANES` words from `to` on.
    ///
    /// # Safety
    /// They can be written.
    unsafe fn store(self, to: *mut f32);
    /// The `n < LANES` words from `from` on, then zeros.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load_partial(from: *const f32, n: usize) -> Self;
    /// Writes `n < LANES` words from `to` on.
    ///
    /// # Safety
    /// They can be written.
    unsafe fn store_partial(self, to: *mut f32, n: usize);
    /// `self * a + b`, rounded once where the machine can.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// The greater; `other` where either is not a number.
    fn max_or(self, other: Self) -> Self;
    /// The lesser; `other` where either is not a number.
    fn min_or(self, other: Self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The next integer below.
    fn floor(self) -> Self;
    /// The next integer above.
    fn ceil(self) -> Self;
    /// The nearest integer; ties to even.
    fn round(self) -> Self;
    /// `2^self` for integers in [-126, 127].
    fn exp2_integer(self) -> Self;
    /// `(m, e)` with `self = m * 2^e` and `m` in [0.5, 1), for positive normal numbers.
    fn frexp(self) -> (Self, Self);
    /// Where `self > other`.
    fn gt(self, other: Self) -> Self::Mask;
    /// Where `self >= other`.
    fn ge(self, other: Self) -> Self::Mask;
    /// Where `self == other`.
    fn eq(self, other: Self) -> Self::Mask;

    /// Where `self < other`.
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        other.gt(self)
    }
    /// Where `self <= other`.
    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        other.ge(self)
    }
    /// Where `self != other`: everywhere for what is not a number.
    #[inline(always)]
    fn ne(self, other: Self) -> Self::Mask {
        self.eq(other).not()
    }
    /// The greater, or not a number where either is not (NumPy's `maximum`).
    #[inline(always)]
    fn maximum(self, other: Self) -> Self {
        self.ne(self).select(self, self.max_or(other))
    }
    /// The lesser, or not a number where either is not (NumPy's `minimum`).
    #[inline(always)]
    fn minimum(self, other: Self) -> Self {
        self.ne(self).select(self, self.min_or(other))
    }
    /// `max(self, 0)`; what is not a number stays so.
    #[inline(always)]
    fn relu(self) -> Self {
        Self::splat(0.0).max_or(self)
    }
    /// -1, 0 or 1.
    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::splat(0.0);
        let one = self.gt(zero).select(Self::splat(1.0), self);
        self.lt(zero).select(Self::splat(-1.0), one)
    }
    /// `f` on each element in turn: for functions too rare for code of their own.
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        let mut lanes = [0.0; 16];
        // SAFETY: a vector has at most 16 lanes.
        unsafe { self.store(lanes.as_mut_ptr()) };
        for lane in &mut lanes[..Self::LANES] {
            *lane = f(*lane);
        }
        // SAFETY: as above.
        unsafe { Self::load(lanes.as_ptr()) }
    }
    /// The lanes, folded in halves: an order that does not depend on how many there are would cost more.
    #[inline(always)]
    fn fold(self, f: impl Fn(f32, f32) -> f32) -> f32 {
        let mut lanes = [0.0; 16];
        // SAFETY: a vector has at most 16 lanes.
        unsafe { self.store(lanes.as_mut_ptr()) };
        let mut half = Self::LANES;
        while half > 1 {
            half /= 2;
            for i in 0..half {
                lanes[i] = f(lanes[i], lanes[i + half]);
            }
        }
        lanes[0]
    }

    /// `e^self`.
    #[inline(always)]
    fn exp(self) -> Self {
        math::exp(self)
    }
    /// `e^self - 1`.
    #[inline(always)]
    fn expm1(self) -> Self {
        math::expm1(self)
    }
    /// The natural logarithm.
    #[inline(always)]
    fn ln(self) -> Self {
        math::ln(self)
    }
    /// `ln(1 + self)`.
    #[inline(always)]
    fn log1p(self) -> Self {
        math::log1p(self)
    }
    /// `1 / (1 + e^-self)`.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        math::sigmoid(self)
    }
    /// The hyperbolic tangent.
    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }
    /// `ln(1 + e^self)`.
    #[inline(always)]
    fn softplus(self) -> Self {
        self.relu() + (-self.abs()).exp().log1p()
    }
    /// The error function.
    #[inline(always)]
    fn erf(self) -> Self {
        math::erf(self)
    }
    /// The sine.
    #[inline(always)]
    fn sin(self) -> Self {
        self.map(f32::sin)
    }
    /// The cosine.
    #[inline(always)]
    fn cos(self) -> Self {
        self.map(f32::cos)
    }
    /// The tangent.
    #[inline(always)]
    fn tan(self) -> Self {
        self.map(f32::tan)
    }
    /// The arc sine.
    #[inline(always)]
    fn asin(self) -> Self {
        self.map(f32::asin)
    }
    /// The arc cosine.
    #[inline(always)]
    fn acos(self) -> Self {
        self.map(f32::acos)
    }
    /// The arc tangent.
    #[inline(always)]
    fn atan(self) -> Self {
        self.map(f32::atan)
    }
    /// The hyperbolic sine.
    #[inline(always)]
    fn sinh(self) -> Self {
        self.map(f32::sinh)
    }
    /// The hyperbolic cosine.
    #[inline(always)]
    fn cosh(self) -> Self {
        self.map(f32::cosh)
    }
    /// The inverse hyperbolic sine.
    #[inline(always)]
    fn asinh(self) -> Self {
        self.map(f32::asinh)
    }
    /// The inverse hyperbolic cosine.
    #[inline(always)]
    fn acosh(self) -> Self {
        self.map(f32::acosh)
    }
    /// The inverse hyperbolic tangent.
    #[inline(always)]
    fn atanh(self) -> Self {
        self.map(f32::atanh)
    }
    /// `self^other`.
    #[inline(always)]
    fn powf(self, other: Self) -> Self {
        let mut exponents = [0.0; 16];
        // SAFETY: a vector has at most 16 lanes.
        unsafe { other.store(exponents.as_mut_ptr()) };
        let mut lanes = [0.0; 16];
        // SAFETY: as above.
        unsafe { self.store(lanes.as_mut_ptr()) };
        for (lane, exponent) in lanes[..Self::LANES].iter_mut().zip(exponents) {
            *lane = lane.powf(exponent);
        }
        // SAFETY: as above.
        unsafe { Self::load(lanes.as_ptr()) }
    }
}

#[cfg(test)]
mod tests;
