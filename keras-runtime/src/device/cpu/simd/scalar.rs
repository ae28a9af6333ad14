//! A vector of one number, with the functions of the standard library: for formulas that are done number by number, where these are
//! faster than what is written for many at once.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Mask, Simd};

/// One `f32`.
#[derive(Debug, Clone, Copy)]
pub struct Scalar(pub f32);

impl super::sealed::Sealed for Scalar {}

macro_rules! operators {
    ($($trait:ident $method:ident $op:tt;)*) => {$(
        impl $trait for Scalar {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Scalar(self.0 $op other.0)
            }
        }
    )*};
}
operators! { Add add +; Sub sub -; Mul mul *; Div div /; }

impl Neg for Scalar {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Scalar(-self.0)
    }
}

impl Mask<Scalar> for bool {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        self & other
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        self | other
    }
    #[inline(always)]
    fn not(self) -> Self {
        !self
    }
    #[inline(always)]
    fn select(self, a: Scalar, b: Scalar) -> Scalar {
        if self { a } else { b }
    }
    #[inline(always)]
    fn to_f32(self) -> Scalar {
        Scalar(f32::from(u8::from(self)))
    }
}

macro_rules! functions {
    ($($name:ident $function:ident),*) => {$(
        #[inline(always)]
        fn $name(self) -> Self {
            Scalar(self.0.$function())
        }
    )*};
}

impl Simd for Scalar {
    type Mask = bool;
    const LANES: usize = 1;
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Scalar(x)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Scalar(unsafe { *from })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { *to = self.0 }
    }
    #[inline(always)]
    unsafe fn load_partial(_: *const f32, _: usize) -> Self {
        Scalar(0.0)
    }
    #[inline(always)]
    unsafe fn store_partial(self, _: *mut f32, _: usize) {}
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // A fused product without hardware for it is a call of a library function.
        self * a + b
    }
    #[inline(always)]
    fn max_or(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }
    #[inline(always)]
    fn min_or(self, other: Self) -> Self {
        if self.0 < other.0 { self } else { other }
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        Scalar(f32::from_bits(((self.0 as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        let (mantissa, exponent) = super::Portable::<1>::splat(self.0).frexp();
        (Scalar(mantissa.word()), Scalar(exponent.word()))
    }
    #[inline(always)]
    fn gt(self, other: Self) -> bool {
        self.0 > other.0
    }
    #[inline(always)]
    fn ge(self, other: Self) -> bool {
        self.0 >= other.0
    }
    #[inline(always)]
    fn eq(self, other: Self) -> bool {
        self.0 == other.0
    }
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Scalar(f(self.0))
    }
    #[inline(always)]
    fn fold(self, _: impl Fn(f32, f32) -> f32) -> f32 {
        self.0
    }
    #[inline(always)]
    fn powf(self, other: Self) -> Self {
        Scalar(self.0.powf(other.0))
    }
    functions! {
        abs abs, sqrt sqrt, floor floor, ceil ceil, round round_ties_even, exp exp, expm1 exp_m1, ln ln, log1p ln_1p, tanh tanh
    }
}
