//! AVX2 with FMA, and AVX-512F.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Kernel, Mask, Simd};

/// Runs `kernel` compiled for AVX2.
///
/// # Safety
/// The machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

/// Runs `kernel` compiled for AVX-512.
///
/// # Safety
/// The machine has AVX-512F, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) unsafe fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}

/// Eight `f32` in a register of AVX.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(__m256);

/// A comparison of [`Avx2`]s: lanes of ones or zeros.
#[derive(Debug, Clone, Copy)]
pub struct Avx2Mask(__m256);

/// Sixteen `f32` in a register of AVX-512.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(__m512);

/// A comparison of [`Avx512`]s: a bit for each lane.
#[derive(Debug, Clone, Copy)]
pub struct Avx512Mask(__mmask16);

// SAFETY of every block of this file: `Avx2` and `Avx512` values are made in kernels that `run` starts, on machines
// that have the instructions; pointers are the callers' promise.
macro_rules! operator {
    ($vector:ident, $trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for $vector {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: see above.
                $vector(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}
operator!(Avx2, Add, add, _mm256_add_ps);
operator!(Avx2, Sub, sub, _mm256_sub_ps);
operator!(Avx2, Mul, mul, _mm256_mul_ps);
operator!(Avx2, Div, div, _mm256_div_ps);
operator!(Avx512, Add, add, _mm512_add_ps);
operator!(Avx512, Sub, sub, _mm512_sub_ps);
operator!(Avx512, Mul, mul, _mm512_mul_ps);
operator!(Avx512, Div, div, _mm512_div_ps);

impl Neg for Avx2 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_xor_ps(self.0, _mm256_set1_ps(-0.0)) })
    }
}

impl Neg for Avx512 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe {
            _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(self.0), _mm512_set1_epi32(i32::MIN)))
        })
    }
}

impl super::sealed::Sealed for Avx2 {}
impl super::sealed::Sealed for Avx512 {}

impl Mask<Avx2> for Avx2Mask {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_and_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_or_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn not(self) -> Self {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_xor_ps(self.0, _mm256_castsi256_ps(_mm256_set1_epi32(-1))) })
    }
    #[inline(always)]
    fn select(self, a: Avx2, b: Avx2) -> Avx2 {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_blendv_ps(b.0, a.0, self.0) })
    }
    #[inline(always)]
    fn to_f32(self) -> Avx2 {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_and_ps(self.0, _mm256_set1_ps(1.0)) })
    }
}

impl Mask<Avx512> for Avx512Mask {
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Avx512Mask(self.0 & other.0)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Avx512Mask(self.0 | other.0)
    }
    #[inline(always)]
    fn not(self) -> Self {
        Avx512Mask(!self.0)
    }
    #[inline(always)]
    fn select(self, a: Avx512, b: Avx512) -> Avx512 {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_mask_blend_ps(self.0, b.0, a.0) })
    }
    #[inline(always)]
    fn to_f32(self) -> Avx512 {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_maskz_mov_ps(self.0, _mm512_set1_ps(1.0)) })
    }
}

/// Lanes of ones for the first `n` of 8.
#[inline(always)]
fn first(n: usize) -> __m256i {
    // SAFETY: see above.
    unsafe {
        let index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), index)
    }
}

impl Simd for Avx2 {
    type Mask = Avx2Mask;
    const LANES: usize = 8;
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(from: *const f32, n: usize) -> Self {
        // SAFETY: see above; masked lanes are not read.
        Avx2(unsafe { _mm256_maskload_ps(from, first(n)) })
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, n: usize) {
        // SAFETY: see above; masked lanes are not written.
        unsafe { _mm256_maskstore_ps(to, first(n), self.0) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_fmadd_ps(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn max_or(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn min_or(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_sqrt_ps(self.0) })
    }
    #[inline(always)]
    fn floor(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_floor_ps(self.0) })
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_ceil_ps(self.0) })
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        // SAFETY: see above.
        Avx2(unsafe {
            let n = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(n))
        })
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        // SAFETY: see above.
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let mantissa = _mm256_and_si256(bits, _mm256_set1_epi32(0x807f_ffff_u32 as i32));
            let mantissa = _mm256_or_si256(mantissa, _mm256_set1_epi32(0x3f00_0000));
            let exponent = _mm256_and_si256(_mm256_srli_epi32::<23>(bits), _mm256_set1_epi32(0xff));
            let exponent = _mm256_sub_epi32(exponent, _mm256_set1_epi32(126));
            (Avx2(_mm256_castsi256_ps(mantissa)), Avx2(_mm256_cvtepi32_ps(exponent)))
        }
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Avx2Mask {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Avx2Mask {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_cmp_ps::<_CMP_GE_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Avx2Mask {
        // SAFETY: see above.
        Avx2Mask(unsafe { _mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0) })
    }
}

impl Simd for Avx512 {
    type Mask = Avx512Mask;
    const LANES: usize = 16;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn load_partial(from: *const f32, n: usize) -> Self {
        // SAFETY: see above; masked lanes are not read.
        Avx512(unsafe { _mm512_maskz_loadu_ps(((1u32 << n) - 1) as __mmask16, from) })
    }
    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, n: usize) {
        // SAFETY: see above; masked lanes are not written.
        unsafe { _mm512_mask_storeu_ps(to, ((1u32 << n) - 1) as __mmask16, self.0) }
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_fmadd_ps(self.0, a.0, b.0) })
    }
    #[inline(always)]
    fn max_or(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_max_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn min_or(self, other: Self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_min_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_abs_ps(self.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_sqrt_ps(self.0) })
    }
    #[inline(always)]
    fn floor(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
    }
    #[inline(always)]
    fn exp2_integer(self) -> Self {
        // SAFETY: see above.
        Avx512(unsafe {
            let n = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(n))
        })
    }
    #[inline(always)]
    fn frexp(self) -> (Self, Self) {
        // SAFETY: see above.
        unsafe {
            let bits = _mm512_castps_si512(self.0);
            let mantissa = _mm512_and_si512(bits, _mm512_set1_epi32(0x807f_ffff_u32 as i32));
            let mantissa = _mm512_or_si512(mantissa, _mm512_set1_epi32(0x3f00_0000));
            let exponent = _mm512_and_si512(_mm512_srli_epi32::<23>(bits), _mm512_set1_epi32(0xff));
            let exponent = _mm512_sub_epi32(exponent, _mm512_set1_epi32(126));
            (Avx512(_mm512_castsi512_ps(mantissa)), Avx512(_mm512_cvtepi32_ps(exponent)))
        }
    }
    #[inline(always)]
    fn gt(self, other: Self) -> Avx512Mask {
        // SAFETY: see above.
        Avx512Mask(unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn ge(self, other: Self) -> Avx512Mask {
        // SAFETY: see above.
        Avx512Mask(unsafe { _mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.0, other.0) })
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Avx512Mask {
        // SAFETY: see above.
        Avx512Mask(unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) })
    }
}
