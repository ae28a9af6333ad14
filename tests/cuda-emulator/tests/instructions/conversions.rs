//! `cvt`: between all types, with saturation and in all directions.

use super::check;
use super::emulated::device;

fn signed(x: u64, bits: u32) -> i128 {
    i128::from((x << (64 - bits)) as i64 >> (64 - bits))
}

fn cut(x: i128, bits: u32) -> u64 {
    x as u64 & (u64::MAX >> (64 - bits))
}

fn range(sign: &str, bits: u32) -> (i128, i128) {
    if sign == "s" { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

#[test]
fn between_integers() {
    let device = device();
    for from in [16, 32, 64] {
        for to in [16, 32, 64] {
            for (s, t) in [("s", "s"), ("s", "u"), ("u", "s"), ("u", "u")] {
                let of = |x: u64| if s == "s" { signed(x, from) } else { i128::from(x) };
                let text = format!("cvt.{t}{to}.{s}{from} d, a;");
                check(&device, &text, to, &[from], |a, _, _| cut(of(a), to));
                let (low, high) = range(t, to);
                let text = format!("cvt.sat.{t}{to}.{s}{from} d, a;");
                check(&device, &text, to, &[from], |a, _, _| cut(of(a).clamp(low, high), to));
            }
        }
        // Bytes lie in wider registers.
        check(&device, "cvt.s32.s8 d, a;", 32, &[from.min(32)], |a, _, _| cut(signed(a, 8), 32));
        check(&device, &format!("cvt.u8.u{from} d, a;"), 32, &[from], |a, _, _| a & 255);
    }
}

#[test]
fn from_floats_to_integers() {
    let device = device();
    let round = |x: f64, mode: &str| match mode {
        "rni" => x.round_ties_even(),
        "rzi" => x.trunc(),
        "rmi" => x.floor(),
        _ => x.ceil(),
    };
    for (from, ty) in [(32, "f32"), (64, "f64")] {
        let of = |x: u64| if from == 32 { f64::from(f32::from_bits(x as u32)) } else { f64::from_bits(x) };
        for mode in ["rni", "rzi", "rmi", "rpi"] {
            for to in [16, 32, 64] {
                for sign in ["s", "u"] {
                    let (low, high) = range(sign, to);
                    check(&device, &format!("cvt.{mode}.{sign}{to}.{ty} d, a;"), to, &[from], |a, _, _| {
                        // `as` takes NaN to zero and what is out of range to the bounds of 128 bits.
                        cut((round(of(a), mode) as i128).clamp(low, high), to)
                    });
                }
            }
            check(&device, &format!("cvt.{mode}.{ty}.{ty} d, a;"), from, &[from], |a, _, _| {
                let x = round(of(a), mode);
                match (x.is_nan(), from) {
                    (true, 32) => 0x7fff_ffff,
                    (true, _) => 0x7fff_ffff_ffff_ffff,
                    (_, 32) => u64::from((x as f32).to_bits()),
                    _ => x.to_bits(),
                }
            });
        }
    }
}

#[test]
fn from_integers_to_floats() {
    let device = device();
    for from in [16, 32, 64] {
        for sign in ["s", "u"] {
            let of = |x: u64| if sign == "s" { signed(x, from) } else { i128::from(x) };
            check(&device, &format!("cvt.rn.f32.{sign}{from} d, a;"), 32, &[from], |a, _, _| {
                u64::from((of(a) as f32).to_bits())
            });
            check(&device, &format!("cvt.rn.f64.{sign}{from} d, a;"), 64, &[from], |a, _, _| {
                (of(a) as f64).to_bits()
            });
            for (mode, down, up) in [("rm", true, false), ("rp", false, true), ("rz", false, false)] {
                check(&device, &format!("cvt.{mode}.f32.{sign}{from} d, a;"), 32, &[from], |a, _, _| {
                    let (x, mut y) = (of(a), of(a) as f32);
                    let lower = down || (mode == "rz" && x > 0);
                    let higher = up || (mode == "rz" && x < 0);
                    if lower && y as i128 > x {
                        y = y.next_down();
                    } else if higher && (y as i128) < x {
                        y = y.next_up();
                    }
                    u64::from(y.to_bits())
                });
            }
        }
    }
}

#[test]
fn between_floats() {
    let device = device();
    let f = |x: u64| f32::from_bits(x as u32);
    check(&device, "cvt.f64.f32 d, a;", 64, &[32], |a, _, _| {
        if f(a).is_nan() { 0x7fff_ffff_ffff_ffff } else { f64::from(f(a)).to_bits() }
    });
    check(&device, "cvt.rn.f32.f64 d, a;", 32, &[64], |a, _, _| {
        let x = f64::from_bits(a);
        if x.is_nan() { 0x7fff_ffff } else { u64::from((x as f32).to_bits()) }
    });
    check(&device, "cvt.rz.f32.f64 d, a;", 32, &[64], |a, _, _| {
        let x = f64::from_bits(a);
        let y = x as f32;
        let beyond = f64::from(y).abs() > x.abs();
        match () {
            () if x.is_nan() => 0x7fff_ffff,
            () if beyond => u64::from(y.to_bits() - 1),
            () => u64::from(y.to_bits()),
        }
    });
    check(&device, "cvt.sat.f32.f32 d, a;", 32, &[32], |a, _, _| {
        u64::from((if f(a).is_nan() { 0.0 } else { f(a).clamp(0.0, 1.0) }).to_bits() & 0x7fff_ffff)
    });
    check(&device, "cvt.f32.f16 d, a;", 32, &[16], |a, _, _| {
        // Subnormal numbers by their value, the others by moving the fields.
        let (sign, exponent, fraction) = (a >> 15, a >> 10 & 31, a & 1023);
        match exponent {
            31 if fraction != 0 => 0x7fff_ffff,
            31 => sign << 31 | 0x7f80_0000,
            0 => sign << 31 | u64::from((fraction as f32 / 16_777_216.0).to_bits()),
            _ => sign << 31 | (exponent + 112) << 23 | fraction << 13,
        }
    });
    check(
        &device,
        "cvt.f32.bf16 d, a;",
        32,
        &[16],
        |a, _, _| {
            if f(a << 16).is_nan() { 0x7fff_ffff } else { a << 16 }
        },
    );
    check(&device, "cvt.rn.bf16.f32 d, a;", 16, &[32], |a, _, _| {
        if f(a).is_nan() { 0x7fff } else { (a + 0x7fff + (a >> 16 & 1)) >> 16 }
    });
    check(
        &device,
        "cvt.rz.bf16.f32 d, a;",
        16,
        &[32],
        |a, _, _| if f(a).is_nan() { 0x7fff } else { a >> 16 },
    );
    check(&device, "cvt.rna.tf32.f32 d, a;", 32, &[32], |a, _, _| match () {
        () if f(a).is_nan() => 0x7fff_ffff,
        () if f(a).is_infinite() => a,
        () => (a + 0x1000) & 0xffff_e000,
    });
}
