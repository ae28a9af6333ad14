//! Integers of 16, 32 and 64 bits.

use super::emulated::device;
use super::{check, run, values};

fn signed(x: u64, bits: u32) -> i128 {
    i128::from((x << (64 - bits)) as i64 >> (64 - bits))
}

fn cut(x: i128, bits: u32) -> u64 {
    x as u64 & (u64::MAX >> (64 - bits))
}

/// Reference operations on exact integers: they see operands with the sign of their type.
type Exact = fn(i128, i128, i128) -> i128;

#[test]
fn arithmetic_wraps_around() {
    let device = device();
    let operations: [(&str, usize, Exact); 9] = [
        ("add", 2, |a, b, _| a + b),
        ("sub", 2, |a, b, _| a - b),
        ("mul.lo", 2, |a, b, _| a.wrapping_mul(b)),
        ("mad.lo", 3, |a, b, c| a.wrapping_mul(b).wrapping_add(c)),
        ("min", 2, |a, b, _| a.min(b)),
        ("max", 2, |a, b, _| a.max(b)),
        ("div", 2, |a, b, _| if b == 0 { -1 } else { a / b }),
        ("rem", 2, |a, b, _| if b == 0 { a } else { a % b }),
        ("sad", 3, |a, b, c| (a - b).abs() + c),
    ];
    for bits in [16, 32, 64] {
        for sign in ["s", "u"] {
            for (name, count, exact) in operations {
                let text = format!("{name}.{sign}{bits} d, a, b{};", if count == 3 { ", c" } else { "" });
                let of = |x: u64| if sign == "s" { signed(x, bits) } else { i128::from(x) };
                check(&device, &text, bits, &vec![bits; count], |a, b, c| {
                    cut(exact(of(a), of(b), of(c)), bits)
                });
            }
        }
    }
}

#[test]
fn high_and_wide_products() {
    let device = device();
    for bits in [16, 32, 64] {
        for sign in ["s", "u"] {
            let of = |x: u64| if sign == "s" { signed(x, bits) } else { i128::from(x) };
            // The product of two numbers of 64 bits without sign needs 128.
            let high = |a: u64, b: u64| match sign {
                "u" => ((u128::from(a) * u128::from(b)) >> bits) as i128,
                _ => (of(a) * of(b)) >> bits,
            };
            check(&device, &format!("mul.hi.{sign}{bits} d, a, b;"), bits, &[bits; 2], |a, b, _| {
                cut(high(a, b), bits)
            });
            check(&device, &format!("mad.hi.{sign}{bits} d, a, b, c;"), bits, &[bits; 3], |a, b, c| {
                cut(high(a, b) + i128::from(c), bits)
            });
            if bits < 64 {
                let wide = 2 * bits;
                let text = format!("mul.wide.{sign}{bits} d, a, b;");
                check(&device, &text, wide, &[bits; 2], |a, b, _| cut(of(a) * of(b), wide));
                let text = format!("mad.wide.{sign}{bits} d, a, b, c;");
                check(&device, &text, wide, &[bits, bits, wide], |a, b, c| {
                    cut(of(a) * of(b) + i128::from(c), wide)
                });
            }
        }
    }
    check(&device, "mul24.lo.u32 d, a, b;", 32, &[32; 2], |a, b, _| {
        ((a & 0xff_ffff) * (b & 0xff_ffff)) & 0xffff_ffff
    });
    check(&device, "mad24.lo.s32 d, a, b, c;", 32, &[32; 3], |a, b, c| {
        cut(signed(a, 24) * signed(b, 24) + i128::from(c), 32)
    });
}

#[test]
fn saturation_and_signs() {
    let device = device();
    let clamp = |x: i128| cut(x.clamp(i128::from(i32::MIN), i128::from(i32::MAX)), 32);
    check(&device, "add.sat.s32 d, a, b;", 32, &[32; 2], |a, b, _| clamp(signed(a, 32) + signed(b, 32)));
    check(&device, "sub.sat.s32 d, a, b;", 32, &[32; 2], |a, b, _| clamp(signed(a, 32) - signed(b, 32)));
    for bits in [16, 32, 64] {
        check(&device, &format!("neg.s{bits} d, a;"), bits, &[bits], |a, _, _| cut(-signed(a, bits), bits));
        check(&device, &format!("abs.s{bits} d, a;"), bits, &[bits], |a, _, _| {
            cut(signed(a, bits).abs(), bits)
        });
    }
}

#[test]
fn bits() {
    let device = device();
    for bits in [16, 32, 64] {
        let all = u64::MAX >> (64 - bits);
        check(&device, &format!("and.b{bits} d, a, b;"), bits, &[bits; 2], |a, b, _| a & b);
        check(&device, &format!("or.b{bits} d, a, b;"), bits, &[bits; 2], |a, b, _| a | b);
        check(&device, &format!("xor.b{bits} d, a, b;"), bits, &[bits; 2], |a, b, _| a ^ b);
        check(&device, &format!("not.b{bits} d, a;"), bits, &[bits], |a, _, _| !a & all);
        check(&device, &format!("cnot.b{bits} d, a;"), bits, &[bits], |a, _, _| u64::from(a == 0));
    }
    for bits in [32, 64] {
        check(&device, &format!("popc.b{bits} d, a;"), 32, &[bits], |a, _, _| u64::from(a.count_ones()));
        check(&device, &format!("clz.b{bits} d, a;"), 32, &[bits], |a, _, _| {
            u64::from(a.leading_zeros() - (64 - bits))
        });
        check(&device, &format!("brev.b{bits} d, a;"), bits, &[bits], |a, _, _| {
            a.reverse_bits() >> (64 - bits)
        });
        check(&device, &format!("bfind.u{bits} d, a;"), 32, &[bits], |a, _, _| {
            if a == 0 { 0xffff_ffff } else { u64::from(63 - a.leading_zeros()) }
        });
        check(&device, &format!("bfind.s{bits} d, a;"), 32, &[bits], |a, _, _| {
            let a = signed(a, bits);
            let a = if a < 0 { !a } else { a };
            if a == 0 { 0xffff_ffff } else { u64::from(127 - a.leading_zeros()) }
        });
    }
}

#[test]
fn shifts_beyond_the_width() {
    let device = device();
    for bits in [16u32, 32, 64] {
        check(&device, &format!("shl.b{bits} d, a, b;"), bits, &[bits, 32], |a, by, _| {
            if by >= u64::from(bits) { 0 } else { (a << by) & (u64::MAX >> (64 - bits)) }
        });
        check(&device, &format!("shr.u{bits} d, a, b;"), bits, &[bits, 32], |a, by, _| {
            if by >= u64::from(bits) { 0 } else { a >> by }
        });
        check(&device, &format!("shr.s{bits} d, a, b;"), bits, &[bits, 32], |a, by, _| {
            cut(signed(a, bits) >> by.min(127), bits)
        });
    }
    let pair = |a: u64, b: u64| b << 32 | a;
    check(&device, "shf.l.wrap.b32 d, a, b, c;", 32, &[32; 3], |a, b, c| (pair(a, b) << (c & 31)) >> 32);
    check(&device, "shf.r.wrap.b32 d, a, b, c;", 32, &[32; 3], |a, b, c| {
        (pair(a, b) >> (c & 31)) & 0xffff_ffff
    });
    check(&device, "shf.l.clamp.b32 d, a, b, c;", 32, &[32; 3], |a, b, c| (pair(a, b) << c.min(32)) >> 32);
    check(&device, "shf.r.clamp.b32 d, a, b, c;", 32, &[32; 3], |a, b, c| {
        (pair(a, b) >> c.min(32)) & 0xffff_ffff
    });
}

/// Bit by bit, as the ISA describes `bfe` and `bfi`.
#[test]
fn bit_fields() {
    let device = device();
    for bits in [32u32, 64] {
        for sign in ["s", "u"] {
            let text = format!("bfe.{sign}{bits} d, a, b, c;");
            check(&device, &text, bits, &[bits, 32, 32], |a, at, length| {
                let (at, length, msb) = ((at & 255) as u32, (length & 255) as u32, bits - 1);
                let fill = if sign == "u" || length == 0 { 0 } else { a >> (at + length - 1).min(msb) & 1 };
                (0..bits).fold(0, |out, i| {
                    let bit = if i < length && at + i <= msb { a >> (at + i) & 1 } else { fill };
                    out | bit << i
                })
            });
        }
        // The length is in a register of its own.
        for length in [0u32, 1, 7, 31, 32, 63, 200] {
            let text = format!("mov.u32 t, {length}; bfi.b{bits} d, a, b, c, t;");
            check(&device, &text, bits, &[bits, bits, 32], |a, b, at| {
                let (at, msb) = ((at & 255) as u32, bits - 1);
                (0..length)
                    .filter(|i| at + i <= msb)
                    .fold(b, |out, i| out & !(1 << (at + i)) | (a >> i & 1) << (at + i))
            });
        }
    }
}

#[test]
fn bytes_and_tables() {
    let device = device();
    check(&device, "prmt.b32 d, a, b, c;", 32, &[32; 3], |a, b, selector| {
        let bytes: Vec<u8> = [(a as u32).to_le_bytes(), (b as u32).to_le_bytes()].concat();
        (0..4).fold(0, |out, at| {
            let nibble = selector >> (4 * at) & 15;
            let byte = bytes[(nibble & 7) as usize];
            let byte = if nibble < 8 {
                byte
            } else if byte >= 128 {
                255
            } else {
                0
            };
            out | u64::from(byte) << (8 * at)
        })
    });
    for table in [0x00u8, 0x80, 0xe8, 0x96, 0xca, 0xff] {
        check(&device, &format!("lop3.b32 d, a, b, c, {table:#x};"), 32, &[32; 3], |a, b, c| {
            (0..32).fold(0, |out, bit| {
                let case = (a >> bit & 1) << 2 | (b >> bit & 1) << 1 | c >> bit & 1;
                out | u64::from(table >> case & 1) << bit
            })
        });
    }
    check(&device, "dp4a.s32.u32 d, a, b, c;", 32, &[32; 3], |a, b, c| {
        let products = (0..4).map(|at| signed(a >> (8 * at) & 255, 8) * i128::from(b >> (8 * at) & 255));
        cut(products.sum::<i128>() + i128::from(c), 32)
    });
    for (mode, shift) in [("lo", 0), ("hi", 16)] {
        check(&device, &format!("dp2a.{mode}.u32.s32 d, a, b, c;"), 32, &[32; 3], |a, b, c| {
            let byte = |at: u64| signed(b >> (shift + 8 * at) & 255, 8);
            let products = (0..2).map(|at| i128::from(a >> (16 * at) & 0xffff) * byte(at));
            cut(products.sum::<i128>() + i128::from(c), 32)
        });
    }
}

/// Numbers of 128 bits, from carries.
#[test]
fn carries() {
    let device = device();
    let (a, b) = (values(64, 11), values(64, 12));
    let run = |text: &str| run(&device, text, 64, &[(64, &a), (64, &b)]);
    let halves = ".reg .b32 a0, a1, b0, b1, d0, d1; mov.b64 {a0, a1}, a; mov.b64 {b0, b1}, b;";
    let sum = run(&format!("{halves} add.cc.u32 d0, a0, b0; addc.u32 d1, a1, b1; mov.b64 d, {{d0, d1}};"));
    let difference =
        run(&format!("{halves} sub.cc.u32 d0, a0, b0; subc.u32 d1, a1, b1; mov.b64 d, {{d0, d1}};"));
    let product = run(&format!(
        "{halves} mul.lo.u32 d0, a0, b0; mul.hi.u32 d1, a0, b0; mad.lo.u32 d1, a0, b1, d1; mad.lo.u32 d1, a1, b0, d1; \
        mov.b64 d, {{d0, d1}};"
    ));
    let carried = run("add.cc.u64 d, a, b; addc.u64 d, 0, 0;");
    let with_product = run(&format!(
        "{halves} mad.lo.cc.u32 d0, a0, b0, a1; madc.hi.u32 d1, a0, b0, b1; mov.b64 d, {{d0, d1}};"
    ));
    for at in 0..a.len() {
        let (x, y) = (a[at], b[at]);
        assert_eq!(sum[at], x.wrapping_add(y));
        assert_eq!(difference[at], x.wrapping_sub(y));
        assert_eq!(product[at], x.wrapping_mul(y));
        assert_eq!(carried[at], u64::from(x.checked_add(y).is_none()));
        let (x0, y0) = (x & 0xffff_ffff, y & 0xffff_ffff);
        assert_eq!(with_product[at], (x0 * y0).wrapping_add(y >> 32 << 32 | x >> 32), "{x:#x} {y:#x}");
    }
}
