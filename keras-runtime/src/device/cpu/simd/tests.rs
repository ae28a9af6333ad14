//! Elementary functions against `f64`, over the whole range of `f32`, on every instruction set of the machine.

use super::*;

/// A function on a slice, compiled for one instruction set.
struct Apply<'a, F>(&'a [f32], &'a mut [f32], F);

/// A function on vectors.
trait Function {
    fn on<V: Simd>(&self, x: V) -> V;
}

impl<F: Function> Kernel for Apply<'_, F> {
    type Output = ();
    fn run<V: Simd>(self) {
        for (x, y) in self.0.chunks(V::LANES).zip(self.1.chunks_mut(V::LANES)) {
            // SAFETY: chunks hold as many words as they say.
            unsafe {
                if x.len() == V::LANES {
                    self.2.on(V::load(x.as_ptr())).store(y.as_mut_ptr());
                } else {
                    self.2.on(V::load_partial(x.as_ptr(), x.len())).store_partial(y.as_mut_ptr(), x.len());
                }
            }
        }
    }
}

/// Numbers of every magnitude and sign, and the special ones.
fn everywhere() -> Vec<f32> {
    let mut numbers: Vec<f32> = (0..=u32::MAX).step_by(40_009).map(f32::from_bits).collect();
    numbers.extend((-4000..4000).map(|i| i as f32 * 0.025));
    numbers.extend([
        0.0,
        -0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MIN_POSITIVE,
        1e-45,
        f32::MAX,
        f32::MIN,
    ]);
    numbers
}

/// Distance in units in the last place of `expected`; below the normal numbers, of the smallest of those.
fn ulps(found: f32, expected: f64) -> f64 {
    let rounded = expected as f32;
    if found.to_bits() == rounded.to_bits() || found == rounded || found.is_nan() && rounded.is_nan() {
        return 0.0;
    }
    if !found.is_finite() || !rounded.is_finite() {
        return f64::INFINITY;
    }
    let magnitude = rounded.abs().max(f32::MIN_POSITIVE);
    let unit = f64::from(f32::from_bits(magnitude.to_bits() + 1)) - f64::from(magnitude);
    (f64::from(found) - expected).abs() / unit
}

fn check(name: &str, bound: f64, f: impl Function + Copy, exact: impl Fn(f64) -> f64) {
    let x = everywhere();
    let check = |isa: &dyn std::fmt::Debug, apply: &dyn Fn(&mut [f32])| {
        let mut y = vec![0.0; x.len()];
        apply(&mut y);
        let mut worst = (0.0, 0.0);
        for (&x, &y) in x.iter().zip(&y) {
            let distance = ulps(y, exact(f64::from(x)));
            if distance > worst.0 {
                worst = (distance, x);
            }
        }
        assert!(worst.0 <= bound, "{name} on {isa:?}: {} ulp at {:e}", worst.0, worst.1);
    };
    for isa in Isa::available() {
        check(&isa, &|y| run(isa, Apply(&x, y, f)));
    }
    check(&"called functions", &|y| Apply(&x, y, f).run::<called::Called>());
}

macro_rules! function {
    ($test:ident, $bound:expr, |$x:ident| $y:expr, $exact:expr) => {
        #[test]
        fn $test() {
            #[derive(Clone, Copy)]
            struct F;
            impl Function for F {
                fn on<V: Simd>(&self, $x: V) -> V {
                    $y
                }
            }
            check(stringify!($test), $bound, F, $exact);
        }
    };
}

function!(exp, 1.5, |x| x.exp(), f64::exp);
function!(expm1, 2.5, |x| x.expm1(), f64::exp_m1);
function!(ln, 1.5, |x| x.ln(), f64::ln);
function!(log1p, 3.5, |x| x.log1p(), f64::ln_1p);
function!(tanh, 2.5, |x| x.tanh(), f64::tanh);
function!(sigmoid, 3.0, |x| x.sigmoid(), |x| 1.0 / (1.0 + (-x).exp()));
function!(softplus, 4.5, |x| x.softplus(), |x| if x > 700.0 { x } else { x.exp().ln_1p() });
function!(erf, 3.5, |x| x.erf(), libm::erf);
function!(relu, 0.0, |x| x.relu(), |x| if x.is_nan() { x } else { x.max(0.0) });
function!(sign, 0.0, |x| x.sign(), |x| if x == 0.0 || x.is_nan() { x } else { x.signum() });
function!(floor, 0.0, |x| x.floor(), f64::floor);
function!(ceil, 0.0, |x| x.ceil(), f64::ceil);
function!(round, 0.0, |x| x.round(), f64::round_ties_even);
function!(sqrt, 0.5, |x| x.sqrt(), f64::sqrt);
function!(abs, 0.0, |x| x.abs(), f64::abs);

#[test]
fn maximum_and_comparisons_know_nan() {
    #[derive(Clone, Copy)]
    struct Maximum;
    impl Function for Maximum {
        fn on<V: Simd>(&self, x: V) -> V {
            x.maximum(V::splat(1.0)).minimum(V::splat(3.0))
        }
    }
    check("clamp", 0.0, Maximum, |x| if x.is_nan() { x } else { x.clamp(1.0, 3.0) });
    #[derive(Clone, Copy)]
    struct Between;
    impl Function for Between {
        fn on<V: Simd>(&self, x: V) -> V {
            let inside = x.ge(V::splat(-1.0)).and(x.lt(V::splat(2.0))).or(x.eq(V::splat(5.0)));
            inside.not().select(V::splat(-1.0), inside.to_f32())
        }
    }
    let inside = |x: f64| if (-1.0..2.0).contains(&x) || x == 5.0 { 1.0 } else { -1.0 };
    check("between", 0.0, Between, inside);
}
