//! Vectors as arrays, for machines without instructions that we know of. LLVM vectorises what it can.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Mask, Simd};

/// `LANES` `f32`: eight, or as many as the machine has whose tiles and tails are to be tested.
#[derive(Debug, Clone, Copy)]
pub struct Portable<const LANES: usize = 8>([f32; LANES]);

/// A comparison of [`Portable`]s.
#[derive(Debug, Clone, Copy)]
pub struct PortableMask<const LANES: usize = 8>([bool; LANES]);

impl<const LANES: usize> Portable<LANES> {
    #[inline(always)]
    fn with(self, f: impl Fn(f32) -> f32) -> Self {
        Portable(self.0.map(f))
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn compare(self, other: Self, f: impl Fn(f32, f32) -> bool) -> PortableMask<LANES> {
        PortableMask(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Portable<1> {
    /// The word of a vector of one.
    #[inline(always)]
    pub fn word(self) -> f32 {
        self.0[0]
    }
}

impl<const LANES: usize> super::sealed::Sealed for Portable<LANES> {}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:tt) => {
        impl<const LANES: usize> $trait for Portable<LANES> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
    };
}
operator!(Add, add, +);
operator!(Sub, sub, -);
operator!(Mul, mul, *);
operator!(Div, div, /);

impl<const LANES: usize> Neg for Portable<LANES> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.with(|x| -x)
    }
}

impl<const LANES: usize> Mask<Portable<LANES>> for PortableMask<LANES> {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        PortableMask(std::array::from_fn(|i| self.0[i] & other.0[i]))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        PortableMask(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }
    #[inline(always)]
    fn not(self) -> Self {
        PortableMask(self.0.map(|holds| !holds))
    }
    #[inline(always)]
    fn select(self, a: Portable<LANES>, b: Portable<LANES>) -> Portable<LANES> {
        Portable(std::array::from_fn(|i| if self.0[i] { a.0[i] } else { b.0[i] }))
    }
    #[inline(always)]
    fn to_f32(self) -> Portable<LANES> {
        Portable(self.0.map(|holds| f32::from(u8::from(holds))))
    }
}

impl<const LANES: usize> Simd for Portable<LANES> {
    type Mask = PortableMask<LANES>;
    const LANES: usize = LANES;
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Portable([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Portable(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(from: *const f32, n: usize) -> Self {
        let mut lanes = [0.0; LANES];
        // SAFETY: the caller's promise, and n < LANES.
        unsafe { std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), n) };
        Portable(lanes)
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, n: usize) {
        // SAFETY: the caller's promise, and n < LANES.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, n) };
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // A fused product without hardware for it is a call of a library function, lane by lane.
        self * a + b
    }
    #[inline(always)]
    fn max_or(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min_or(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.with(f32::abs)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.with(f32::sqrt)
    }
    #[inline(always)]
    fn floor(self) -> Self {
        self.with(f32::floor)
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        self.with(f32::ceil)
    }
    #[inline(always)]
    fn round(self) -> Self {
        self.with(f32::round_ties_even)
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        self.with(|n| f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        let mantissa = self.with(|x| f32::from_bits(x.to_bits() & 0x807f_ffff | 0x3f00_0000));
        (mantissa, self.with(|x| ((x.to_bits() >> 23 & 0xff) as i32 - 126) as f32))
    }
    #[inline(always)]
    fn gt(self, other: Self) -> PortableMask<LANES> {
        self.compare(other, |a, b| a > b)
    }
    #[inline(always)]
    fn ge(self, other: Self) -> PortableMask<LANES> {
        self.compare(other, |a, b| a >= b)
    }
    #[inline(always)]
    fn eq(self, other: Self) -> PortableMask<LANES> {
        self.compare(other, |a, b| a == b)
    }
}
