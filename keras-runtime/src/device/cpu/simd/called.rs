//! Vectors whose every operation is a call of a function that this crate holds.
//!
//! A kernel of a model is compiled with the model, once for each instruction set. Where models are many and run for
//! moments, as in tests, that is most of a build. With the feature `fast-compile` and debug assertions they are compiled once, for
//! these vectors: the instruction set is found within each call.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Isa, Kernel, Mask, Simd, run, sealed};

const LANES: usize = 8;

/// Eight `f32`.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub struct Called([f32; LANES]);

/// The outcome of a comparison: 1 or 0 in each lane.
#[derive(Debug, Clone, Copy)]
pub struct CalledMask(Called);

/// `f` on vectors of the machine.
#[inline(always)]
fn each<const N: usize, V: Simd>(x: [&Called; N], f: impl Fn([V; N]) -> V) -> Called {
    let mut y = Called([0.0; LANES]);
    for at in (0..LANES).step_by(V::LANES) {
        // SAFETY: whole vectors of at most eight lanes are within `at..LANES`; of longer ones the first eight are used.
        unsafe {
            if V::LANES <= LANES {
                f(x.map(|x| V::load(x.0.as_ptr().add(at)))).store(y.0.as_mut_ptr().add(at));
            } else {
                f(x.map(|x| V::load_partial(x.0.as_ptr(), LANES))).store_partial(y.0.as_mut_ptr(), LANES);
            }
        }
    }
    y
}

/// Functions of this crate that do something with vectors of the machine.
macro_rules! functions {
    ($($name:ident($($x:ident),+) $y:expr;)+) => {
        mod functions {
            use super::*;
            $(
                #[inline(never)]
                pub fn $name($($x: &Called),+) -> Called {
                    struct Function<T>(T);
                    impl<const N: usize> Kernel for Function<[&Called; N]> {
                        type Output = Called;
                        #[inline(always)]
                        fn run<V: Simd>(self) -> Called {
                            each(self.0, |x: [V; N]| {
                                let [$($x),+] = *x.first_chunk().expect("as many as were given");
                                $y
                            })
                        }
                    }
                    run(Isa::detect(), Function([$($x),+]))
                }
            )+
        }
    };
}
functions! {
    add(x, y) x + y;
    sub(x, y) x - y;
    mul(x, y) x * y;
    div(x, y) x / y;
    neg(x) -x;
    mul_add(x, a, b) x.mul_add(a, b);
    max_or(x, y) x.max_or(y);
    min_or(x, y) x.min_or(y);
    maximum(x, y) x.maximum(y);
    minimum(x, y) x.minimum(y);
    gt(x, y) x.gt(y).to_f32();
    ge(x, y) x.ge(y).to_f32();
    eq(x, y) x.eq(y).to_f32();
    select(holds, a, b) holds.gt(Simd::splat(0.0)).select(a, b);
    powf(x, y) x.powf(y);
    abs(x) x.abs();
    sqrt(x) x.sqrt();
    floor(x) x.floor();
    ceil(x) x.ceil();
    round(x) x.round();
    exp2_integer(x) x.exp2_integer();
    mantissa(x) x.frexp().0;
    exponent(x) x.frexp().1;
    relu(x) x.relu();
    sign(x) x.sign();
    exp(x) x.exp();
    expm1(x) x.expm1();
    ln(x) x.ln();
    log1p(x) x.log1p();
    sigmoid(x) x.sigmoid();
    tanh(x) x.tanh();
    softplus(x) x.softplus();
    erf(x) x.erf();
    sin(x) x.sin();
    cos(x) x.cos();
    tan(x) x.tan();
    asin(x) x.asin();
    acos(x) x.acos();
    atan(x) x.atan();
    sinh(x) x.sinh();
    cosh(x) x.cosh();
    asinh(x) x.asinh();
    acosh(x) x.acosh();
    atanh(x) x.atanh();
}

#[inline(never)]
fn splat(x: f32) -> Called {
    Called([x; LANES])
}

#[inline(never)]
unsafe fn copy(from: *const f32, to: *mut f32, n: usize) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from, to, n) }
}

impl sealed::Sealed for Called {}

macro_rules! operator {
    ($trait:ident, $method:ident) => {
        impl $trait for Called {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                functions::$method(&self, &other)
            }
        }
    };
}
operator!(Add, add);
operator!(Sub, sub);
operator!(Mul, mul);
operator!(Div, div);

impl Neg for Called {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        functions::neg(&self)
    }
}

impl Mask<Called> for CalledMask {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        CalledMask(functions::mul(&self.0, &other.0))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        CalledMask(functions::max_or(&self.0, &other.0))
    }
    #[inline(always)]
    fn not(self) -> Self {
        CalledMask(functions::sub(&splat(1.0), &self.0))
    }
    #[inline(always)]
    fn select(self, a: Called, b: Called) -> Called {
        functions::select(&self.0, &a, &b)
    }
    #[inline(always)]
    fn to_f32(self) -> Called {
        self.0
    }
}

macro_rules! unary {
    ($($name:ident)+) => {
        $(
            #[inline(always)]
            fn $name(self) -> Self {
                functions::$name(&self)
            }
        )+
    };
}

macro_rules! binary {
    ($($name:ident)+) => {
        $(
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                functions::$name(&self, &other)
            }
        )+
    };
}

macro_rules! comparison {
    ($($name:ident)+) => {
        $(
            #[inline(always)]
            fn $name(self, other: Self) -> CalledMask {
                CalledMask(functions::$name(&self, &other))
            }
        )+
    };
}

impl Simd for Called {
    type Mask = CalledMask;
    const LANES: usize = LANES;
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        splat(x)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self::load_partial(from, LANES) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { copy(&raw const self.0 as *const f32, to, LANES) }
    }
    #[inline(always)]
    unsafe fn load_partial(from: *const f32, n: usize) -> Self {
        let mut lanes = splat(0.0);
        // SAFETY: the caller's promise, and n <= LANES.
        unsafe { copy(from, &raw mut lanes.0 as *mut f32, n) };
        lanes
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, n: usize) {
        // SAFETY: the caller's promise, and n <= LANES.
        unsafe { copy(&raw const self.0 as *const f32, to, n) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        functions::mul_add(&self, &a, &b)
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        (functions::mantissa(&self), functions::exponent(&self))
    }

    unary! { abs sqrt floor ceil round exp2_integer relu sign exp expm1 ln log1p sigmoid tanh softplus erf }
    unary! { sin cos tan asin acos atan sinh cosh asinh acosh atanh }
    binary! { max_or min_or maximum minimum powf }
    comparison! { gt ge eq }
}
