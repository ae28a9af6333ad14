//! Shuffles, votes, matches, reductions and atomic operations.

use super::emulated::device;
use super::{run, values};

fn warps(values: &[u64]) -> impl Iterator<Item = (usize, &[u64])> {
    values.chunks(32).enumerate()
}

#[test]
fn shuffles() {
    let device = device();
    let a = values(32, 1);
    let inputs = [(32, a.as_slice())];
    type From = fn(usize) -> Option<usize>;
    let cases: [(&str, From); 6] = [
        ("down.b32 d|p, a, 4, 31", |lane| Some(lane + 4).filter(|l| *l < 32)),
        ("up.b32 d|p, a, 3, 0", |lane| lane.checked_sub(3)),
        ("bfly.b32 d|p, a, 5, 31", |lane| Some(lane ^ 5)),
        ("idx.b32 d|p, a, 9, 31", |_| Some(9)),
        // Segments of eight lanes.
        ("down.b32 d|p, a, 2, 0x181f", |lane| Some(lane + 2).filter(|l| l / 8 == lane / 8)),
        ("idx.b32 d|p, a, 11, 0x181f", |lane| Some(lane / 8 * 8 + 3)),
    ];
    for (text, from) in cases {
        let got = run(&device, &format!("shfl.sync.{text}, 0xffffffff;"), 32, &inputs);
        let valid = run(
            &device,
            &format!("shfl.sync.{}, -1; selp.b32 d, 1, 0, p;", text.replace("d|p", "t|p")),
            32,
            &inputs,
        );
        for ((warp, values), got) in warps(&a).zip(got.chunks(32)) {
            for lane in 0..32 {
                assert_eq!(got[lane], values[from(lane).unwrap_or(lane)], "{text}, lane {lane}");
                assert_eq!(valid[32 * warp + lane], u64::from(from(lane).is_some()), "{text}, lane {lane}");
            }
        }
    }
}

/// The first of the lanes that are asked; and what only says how something is to be done, which changes nothing.
#[test]
fn elections_and_hints() {
    let device = device();
    let a = values(32, 5);
    let inputs = [(32, a.as_slice())];
    let chosen = run(&device, "elect.sync d|p, -1; selp.b32 t, 100, 0, p; add.u32 d, d, t;", 32, &inputs);
    let first = |lane: usize| if lane == 0 { 100 } else { 0 };
    assert!((0..chosen.len()).all(|i| chosen[i] == first(i % 32)), "{chosen:?}");
    let text = "nanosleep.u32 20; griddepcontrol.wait; griddepcontrol.launch_dependents; mov.u32 d, a;";
    assert_eq!(run(&device, text, 32, &inputs), a);
}

#[test]
fn votes_matches_and_reductions() {
    let device = device();
    let a: Vec<u64> = values(32, 3).iter().map(|x| x % 7).collect();
    let inputs = [(32, a.as_slice())];
    let run = |text: &str| run(&device, text, 32, &inputs);
    let ballot = run("setp.gt.u32 p, a, 3; vote.sync.ballot.b32 d, p, 0xffffffff;");
    let any = run("setp.eq.u32 p, a, 6; vote.sync.any.pred q, p, -1; selp.b32 d, 1, 0, q;");
    let all = run("setp.lt.u32 p, a, 6; vote.sync.all.pred q, p, -1; selp.b32 d, 1, 0, q;");
    let uniform = run("setp.lt.u32 p, a, 9; vote.sync.uni.pred q, !p, -1; selp.b32 d, 1, 0, q;");
    let alike = run("match.any.sync.b32 d, a, 0xffffffff;");
    let sum = run("redux.sync.add.u32 d, a, 0xffffffff;");
    let most = run("neg.s32 t, a; redux.sync.max.s32 d, t, 0xffffffff;");
    let active = run("setp.gt.u32 p, a, 2; mov.u32 d, 0; @!p bra over; activemask.b32 d; over:");
    for (warp, values) in warps(&a) {
        let mask =
            |holds: &dyn Fn(u64) -> bool| (0..32).filter(|l| holds(values[*l])).fold(0, |m, l| m | 1u64 << l);
        for lane in 0..32 {
            let at = 32 * warp + lane;
            assert_eq!(ballot[at], mask(&|x| x > 3));
            assert_eq!(any[at], u64::from(values.contains(&6)));
            assert_eq!(all[at], u64::from(!values.contains(&6)));
            assert_eq!(uniform[at], 1);
            assert_eq!(alike[at], mask(&|x| x == values[lane]));
            assert_eq!(sum[at], values.iter().sum::<u64>());
            assert_eq!(most[at] as u32, (values.iter().min().unwrap().wrapping_neg()) as u32);
            assert_eq!(active[at], if values[lane] > 2 { mask(&|x| x > 2) } else { 0 });
        }
    }
}

/// All threads change one word of shared memory; afterwards each reads it.
#[test]
fn atomic_operations() {
    let device = device();
    let a: Vec<u64> = values(32, 5).iter().map(|x| x % 1000).collect();
    let inputs = [(32, a.as_slice())];
    let begin = ".shared .b32 word; setp.eq.u32 p, i, 0; @p st.shared.u32 [word], 500; bar.sync 0;";
    let end = "bar.sync 0; ld.shared.u32 d, [word];";
    let float = |x: u64| f32::from_bits(x as u32);
    let results: [(&str, u64); 7] = [
        ("red.shared.add.u32 [word], a;", 500 + a.iter().sum::<u64>()),
        ("red.shared.min.u32 [word], a;", 500.min(*a.iter().min().unwrap())),
        ("red.shared.max.s32 [word], a;", 500.max(*a.iter().max().unwrap())),
        ("red.shared.or.b32 [word], a;", a.iter().fold(500, |x, y| x | y)),
        ("red.shared.xor.b32 [word], a;", a.iter().fold(500, |x, y| x ^ y)),
        // From 500 by one for each thread, and from 600 on again from zero.
        ("red.shared.inc.u32 [word], 600;", (500 + a.len() as u64) % 601),
        ("atom.shared.cas.b32 t, [word], 500, 77;", 77),
    ];
    for (text, wanted) in results {
        let got = run(&device, &format!("{begin} {text} {end}"), 32, &inputs);
        assert!(got.iter().all(|d| *d == wanted), "{text}: {} instead of {wanted}", got[0]);
    }
    let sum = format!(
        ".shared .b32 word; .reg .f32 x; setp.eq.u32 p, i, 0; @p st.shared.u32 [word], 0; bar.sync 0;\n\
        cvt.rn.f32.u32 x, a; red.shared.add.f32 [word], x; {end}"
    );
    let wanted: f32 = a.iter().map(|x| *x as f32).sum();
    assert!(run(&device, &sum, 32, &inputs).iter().all(|d| float(*d) == wanted));
    // Each thread gets another ticket.
    let tickets = ".shared .b32 word; setp.eq.u32 p, i, 0; @p st.shared.u32 [word], 0; bar.sync 0; atom.shared.add.u32 d, [word], 1;";

    let mut tickets = run(&device, tickets, 32, &inputs);
    tickets.sort_unstable();
    assert!(tickets.iter().enumerate().all(|(at, ticket)| *ticket == at as u64));
}

#[test]
fn barriers_that_find_out() {
    let device = device();
    let a: Vec<u64> = values(32, 6).iter().map(|x| x % 100).collect();
    let inputs = [(32, a.as_slice())];
    let run = |text: &str| run(&device, text, 32, &inputs);
    let count = run("setp.lt.u32 p, a, 50; bar.red.popc.u32 d, 0, p;");
    let any = run("setp.gt.u32 p, a, 98; bar.red.or.pred q, 0, p; selp.b32 d, 1, 0, q;");
    let all = run("setp.lt.u32 p, a, 100; bar.red.and.pred q, 0, p; selp.b32 d, 1, 0, q;");
    let wanted = a.iter().filter(|x| **x < 50).count() as u64;
    assert!(count.iter().all(|d| *d == wanted));
    assert!(any.iter().all(|d| *d == u64::from(a.contains(&99))));
    assert!(all.iter().all(|d| *d == 1));
}

/// In device memory, of all widths: each thread changes a word of its own twice.
#[test]
fn atomic_operations_on_other_types() {
    use super::check;

    let device = device();
    let word =
        |bits: u32| format!("ld.param.u64 at, [pd]; add.u64 at, at, offset; st.global.b{bits} [at], a;");
    let signed = |x: u64| x as i64;
    check(
        &device,
        &format!("{} atom.global.add.u64 d, [at], b; ld.global.u64 d, [at];", word(64)),
        64,
        &[64; 2],
        |a, b, _| a.wrapping_add(b),
    );
    check(
        &device,
        &format!("{} atom.global.min.s64 d, [at], b; ld.global.u64 d, [at];", word(64)),
        64,
        &[64; 2],
        |a, b, _| signed(a).min(signed(b)) as u64,
    );
    check(&device, &format!("{} atom.global.exch.b64 d, [at], b;", word(64)), 64, &[64; 2], |a, _, _| a);
    check(
        &device,
        &format!("{} atom.global.cas.b64 d, [at], b, c; ld.global.u64 d, [at];", word(64)),
        64,
        &[64; 3],
        |a, b, c| {
            if a == b { c } else { a }
        },
    );
    check(
        &device,
        &format!("{} atom.global.dec.u32 d, [at], b; ld.global.u32 d, [at];", word(32)),
        32,
        &[32; 2],
        |a, b, _| {
            if a == 0 || a > b { b } else { a - 1 }
        },
    );
    check(
        &device,
        &format!("{} atom.global.add.f64 d, [at], b; ld.global.u64 d, [at];", word(64)),
        64,
        &[64; 2],
        |a, b, _| {
            let sum = f64::from_bits(a) + f64::from_bits(b);
            sum.to_bits()
        },
    );
}
