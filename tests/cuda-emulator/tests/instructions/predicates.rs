//! Comparisons, selections, logic on predicates.

use super::check;
use super::emulated::device;

fn flag(holds: bool) -> u64 {
    u64::from(holds)
}

fn signed(x: u64, bits: u32) -> i64 {
    (x << (64 - bits)) as i64 >> (64 - bits)
}

#[test]
fn integers_are_compared_by_their_sign() {
    let device = device();
    for bits in [16, 32, 64] {
        for name in ["eq", "ne", "lt", "le", "gt", "ge"] {
            for sign in ["s", "u"] {
                let text = format!("setp.{name}.{sign}{bits} p, a, b; selp.b32 d, 1, 0, p;");
                check(&device, &text, 32, &[bits; 2], |a, b, _| {
                    let order = if sign == "s" { signed(a, bits).cmp(&signed(b, bits)) } else { a.cmp(&b) };
                    flag(match name {
                        "eq" => order.is_eq(),
                        "ne" => order.is_ne(),
                        "lt" => order.is_lt(),
                        "le" => order.is_le(),
                        "gt" => order.is_gt(),
                        _ => order.is_ge(),
                    })
                });
            }
        }
    }
    for (name, holds) in [("lo", [-1; 2]), ("ls", [-1, 0]), ("hi", [1; 2]), ("hs", [1, 0])] {
        let text = format!("setp.{name}.u32 p, a, b; selp.b32 d, 1, 0, p;");
        check(&device, &text, 32, &[32; 2], |a, b, _| flag(holds.contains(&(a.cmp(&b) as i32))));
    }
}

#[test]
fn floats_are_ordered_or_not() {
    let device = device();
    for (bits, ty) in [(32, "f32"), (64, "f64"), (16, "bf16")] {
        let of = |x: u64| match bits {
            16 => f64::from(f32::from_bits((x as u32) << 16)),
            32 => f64::from(f32::from_bits(x as u32)),
            _ => f64::from_bits(x),
        };
        for name in ["eq", "ne", "lt", "le", "gt", "ge"] {
            for unordered in ["", "u"] {
                let text = format!("setp.{name}{unordered}.{ty} p, a, b; selp.b32 d, 1, 0, p;");
                check(&device, &text, 32, &[bits; 2], |a, b, _| {
                    let order = of(a).partial_cmp(&of(b));
                    flag(match (order, name) {
                        (None, _) => unordered == "u",
                        (Some(order), "eq") => order.is_eq(),
                        (Some(order), "ne") => order.is_ne(),
                        (Some(order), "lt") => order.is_lt(),
                        (Some(order), "le") => order.is_le(),
                        (Some(order), "gt") => order.is_gt(),
                        (Some(order), _) => order.is_ge(),
                    })
                });
            }
        }
        let text = format!("setp.nan.{ty} p, a, b; selp.b32 d, 1, 0, p;");
        check(&device, &text, 32, &[bits; 2], |a, b, _| flag(of(a).is_nan() || of(b).is_nan()));
        let text = format!("setp.num.{ty} p, a, b; selp.b32 d, 1, 0, p;");
        check(&device, &text, 32, &[bits; 2], |a, b, _| flag(!of(a).is_nan() && !of(b).is_nan()));
    }
    // Subnormal numbers are zero with `.ftz`.
    check(&device, "setp.eq.ftz.f32 p, a, 0f00000000; selp.b32 d, 1, 0, p;", 32, &[32], |a, _, _| {
        flag(f32::from_bits(a as u32).abs() < f32::MIN_POSITIVE)
    });
}

#[test]
fn results_are_combined_and_negated() {
    let device = device();
    let text = "setp.lt.s32 q, a, 100; setp.gt.and.u32 p, a, b, !q; selp.b32 d, 1, 0, p;";
    check(&device, text, 32, &[32; 2], |a, b, _| flag(a > b && (a as i32) >= 100));
    let text = "setp.lt.s32 q, a, 100; setp.gt.or.u32 p|q, a, b, q; selp.b32 d, 1, 0, q;";
    check(&device, text, 32, &[32; 2], |a, b, _| flag(a <= b || (a as i32) < 100));
    let text = "setp.lt.s32 q, a, 100; setp.gt.xor.u32 p, a, b, q; selp.b32 d, 1, 0, p;";
    check(&device, text, 32, &[32; 2], |a, b, _| flag((a > b) != ((a as i32) < 100)));
    for (name, logic) in
        [("and", (|p, q| p && q) as fn(bool, bool) -> bool), ("or", |p, q| p || q), ("xor", |p, q| p != q)]
    {
        let text =
            format!("setp.lt.u32 p, a, b; setp.lt.u32 q, b, c; {name}.pred p, p, q; selp.b32 d, 1, 0, p;");
        check(&device, &text, 32, &[32; 3], |a, b, c| flag(logic(a < b, b < c)));
    }
    check(
        &device,
        "setp.lt.u32 p, a, b; not.pred q, p; mov.pred p, q; selp.b32 d, 1, 0, p;",
        32,
        &[32; 2],
        |a, b, _| flag(a >= b),
    );
}

#[test]
fn selections() {
    let device = device();
    check(&device, "setp.lt.s32 p, c, 40; selp.b64 d, a, b, p;", 64, &[64, 64, 32], |a, b, c| {
        if (c as i32) < 40 { a } else { b }
    });
    check(&device, "setp.lt.s32 p, c, 40; selp.b16 d, a, b, p;", 16, &[16, 16, 32], |a, b, c| {
        if (c as i32) < 40 { a } else { b }
    });
    check(&device, "slct.u32.s32 d, a, b, c;", 32, &[32; 3], |a, b, c| if c as i32 >= 0 { a } else { b });
    check(&device, "slct.u64.f32 d, a, b, c;", 64, &[64, 64, 32], |a, b, c| {
        if f32::from_bits(c as u32) >= 0.0 { a } else { b }
    });
    check(&device, "set.gt.u32.s32 d, a, b;", 32, &[32; 2], |a, b, _| {
        if a as i32 > b as i32 { 0xffff_ffff } else { 0 }
    });
    check(&device, "set.lt.f32.f32 d, a, b;", 32, &[32; 2], |a, b, _| {
        let less = f32::from_bits(a as u32) < f32::from_bits(b as u32);
        u64::from((if less { 1f32 } else { 0.0 }).to_bits())
    });
    // A guard leaves the other lanes as they are.
    check(
        &device,
        "mov.u32 d, 7; setp.gt.u32 p, a, 50; @p mov.u32 d, a; @!p add.u32 d, d, 1;",
        32,
        &[32],
        |a, _, _| {
            if a > 50 { a } else { 8 }
        },
    );
}

#[test]
fn kinds_of_floats() {
    let device = device();
    let is = |name: &str, x: f32| match name {
        "finite" => x.is_finite(),
        "infinite" => x.is_infinite(),
        "number" => !x.is_nan(),
        "notanumber" => x.is_nan(),
        "normal" => x.is_normal(),
        _ => x.is_subnormal(),
    };
    for name in ["finite", "infinite", "number", "notanumber", "normal", "subnormal"] {
        let text = format!("testp.{name}.f32 p, a; selp.b32 d, 1, 0, p;");
        check(&device, &text, 32, &[32], |a, _, _| flag(is(name, f32::from_bits(a as u32))));
    }
}
