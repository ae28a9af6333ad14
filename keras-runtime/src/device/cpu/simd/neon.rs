//! NEON, which every 64-bit Arm machine has.

use std::arch::aarch64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Mask, Simd};

/// Four `f32` in a register of NEON.
#[derive(Debug, Clone, Copy)]
pub struct Neon(float32x4_t);

/// A comparison of [`Neon`]s: lanes of ones or zeros.
#[derive(Debug, Clone, Copy)]
pub struct NeonMask(uint32x4_t);

// SAFETY of every block of this file: NEON is part of the baseline of the architecture, so that its intrinsics can be
// used anywhere; pointers are the callers' promise.
macro_rules! operator {
    ($trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for Neon {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: see above.
                Neon(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}
operator!(Add, add, vaddq_f32);
operator!(Sub, sub, vsubq_f32);
operator!(Mul, mul, vmulq_f32);
operator!(Div, div, vdivq_f32);

impl Neg for Neon {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vnegq_f32(self.0) })
    }
}

impl super::sealed::Sealed for Neon {}

impl Mask<Neon> for NeonMask {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        NeonMask(unsafe { vandq_u32(self.0, other.0) })
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: see above.
        NeonMask(unsafe { vorrq_u32(self.0, other.0) })
    }
    #[inline(always)]
    fn not(self) -> Self {
        // SAFETY: see above.
        NeonMask(unsafe { vmvnq_u32(self.0) })
    }
    #[inline(always)]
    fn select(self, a: Neon, b: Neon) -> Neon {
        // SAFETY: see above.
        Neon(unsafe { vbslq_f32(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn to_f32(self) -> Neon {
        // SAFETY: see above.
        Neon(unsafe { vreinterpretq_f32_u32(vandq_u32(self.0, vreinterpretq_u32_f32(vdupq_n_f32(1.0)))) })
    }
}

impl Simd for Neon {
    type Mask = NeonMask;
    const LANES: usize = 4;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(from: *const f32, n: usize) -> Self {
        let mut lanes = [0.0f32; 4];
        // SAFETY: the caller's promise, and n < 4.
        unsafe {
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), n);
            Neon(vld1q_f32(lanes.as_ptr()))
        }
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, n: usize) {
        let mut lanes = [0.0f32; 4];
        // SAFETY: the caller's promise, and n < 4.
        unsafe {
            vst1q_f32(lanes.as_mut_ptr(), self.0);
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, n);
        }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vfmaq_f32(b.0, self.0, a.0) })
    }
    #[inline(always)]
    fn max_or(self, other: Self) -> Self {
        // Not `vmaxq_f32`, which gives NaN where either is: here `other` is given, whatever it is.
        self.gt(other).select(self, other)
    }
    #[inline(always)]
    fn min_or(self, other: Self) -> Self {
        other.gt(self).select(self, other)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vabsq_f32(self.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vsqrtq_f32(self.0) })
    }
    #[inline(always)]
    fn floor(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vrndmq_f32(self.0) })
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vrndpq_f32(self.0) })
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        // SAFETY: see above.
        Neon(unsafe {
            let n = vaddq_s32(vcvtnq_s32_f32(self.0), vdupq_n_s32(127));
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(n))
        })
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        // SAFETY: see above.
        unsafe {
            let bits = vreinterpretq_u32_f32(self.0);
            let mantissa = vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x807f_ffff)), vdupq_n_u32(0x3f00_0000));
            let exponent = vandq_u32(vshrq_n_u32::<23>(bits), vdupq_n_u32(0xff));
            let exponent = vsubq_s32(vreinterpretq_s32_u32(exponent), vdupq_n_s32(126));
            (Neon(vreinterpretq_f32_u32(mantissa)), Neon(vcvtq_f32_s32(exponent)))
        }
    }
    #[inline(always)]
    fn gt(self, other: Self) -> NeonMask {
        // SAFETY: see above.
        NeonMask(unsafe { vcgtq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn ge(self, other: Self) -> NeonMask {
        // SAFETY: see above.
        NeonMask(unsafe { vcgeq_f32(self.0, other.0) })
    }
    #[inline(always)]
    fn eq(self, other: Self) -> NeonMask {
        // SAFETY: see above.
        NeonMask(unsafe { vceqq_f32(self.0, other.0) })
    }
}
