//! Moves, packing, vectors and addresses.

use super::emulated::device;
use super::{check, run, values};

#[test]
fn pieces_of_registers() {
    let device = device();
    check(&device, ".reg .b16 l, h; mov.b32 {l, h}, a; mov.b32 d, {h, l};", 32, &[32], |a, _, _| {
        (a << 16 | a >> 16) & 0xffff_ffff
    });
    check(&device, ".reg .b32 l, h; mov.b64 {l, h}, a; mov.b64 d, {h, l};", 64, &[64], |a, _, _| {
        a.rotate_left(32)
    });
    let text = ".reg .b16 w0, w1, w2, w3; mov.b64 {w0, w1, w2, w3}, a; mov.b64 d, {w3, w2, w1, w0};";
    check(&device, text, 64, &[64], |a, _, _| {
        (0..4).fold(0, |out, at| out | (a >> (16 * at) & 0xffff) << (48 - 16 * at))
    });
    check(&device, ".reg .b32 h; mov.b64 {_, h}, a; mov.b32 d, h;", 32, &[64], |a, _, _| a >> 32);
}

#[test]
fn constants() {
    let device = device();
    for (text, wanted) in [
        ("mov.b32 d, 0x80000000;", 0x8000_0000u64),
        ("mov.u32 d, -1;", 0xffff_ffff),
        ("mov.f32 d, 0f3FC00000;", 0x3fc0_0000),
        ("mov.f32 d, 1.5;", 0x3fc0_0000),
        ("mov.u32 d, WARP_SZ;", 32),
        ("mov.u32 d, %ntid.x;", 32),
        ("mov.u32 d, %nctaid.z;", 1),
        ("mov.u32 d, %nwarpid;", 1),
    ] {
        assert!(run(&device, text, 32, &[]).iter().all(|d| *d == wanted), "{text}");
    }
    assert!(run(&device, "mov.f64 d, 0dBFF0000000000000;", 64, &[]).iter().all(|d| *d == (-1f64).to_bits()));
    let lanes = run(
        &device,
        "mov.u32 d, %lanemask_lt; mov.u32 t, %laneid; shl.b32 t, t, 27; xor.b32 d, d, t;",
        32,
        &[],
    );
    for (lane, got) in lanes.iter().enumerate() {
        assert_eq!(*got, u64::from(((1u32 << lane) - 1) ^ (lane as u32) << 27));
    }
}

/// What is stored in local and shared memory comes back, in vectors and in pieces of any size, through generic addresses too.
#[test]
fn memory_of_threads_and_blocks() {
    let device = device();
    let (a, b) = (values(32, 1), values(32, 2));
    let inputs = [(32, a.as_slice()), (32, b.as_slice())];
    let local = ".local .align 16 .b8 room[32]; .reg .b64 at2; .reg .b32 x, y; mov.u64 at2, room; cvta.local.u64 at2, at2;\n\
        st.local.v2.u32 [room+8], {a, b}; st.v2.u32 [at2+16], {b, a}; ld.v2.u32 {x, y}, [at2+8]; sub.u32 d, x, y;\n\
        ld.local.u16 x, [room+18]; add.u32 d, d, x; ld.local.s8 x, [room+20]; add.u32 d, d, x;";
    let got = run(&device, local, 32, &inputs);
    for at in 0..a.len() {
        let (x, y) = (a[at] as u32, b[at] as u32);
        let wanted = x.wrapping_sub(y).wrapping_add(y >> 16).wrapping_add(x as i8 as u32);
        assert_eq!(got[at] as u32, wanted);
    }
    let shared = ".shared .align 16 .b8 room[4096]; .reg .b32 s; .reg .b64 at2; shl.b32 s, i, 3; mov.u32 t, room; add.u32 s, s, t;\n\
        st.shared.v2.b32 [s], {a, b}; bar.sync 0; xor.b32 s, i, 37; mul.wide.u32 at2, s, 8; mov.u64 at, room;\n\
        add.u64 at2, at2, at; cvta.shared.u64 at2, at2; ld.u32 d, [at2+4];";
    let got = run(&device, shared, 32, &inputs);
    for at in 0..a.len() {
        assert_eq!(got[at], b[at ^ 37]);
    }
}

#[test]
fn branches_by_number() {
    let device = device();
    let text = "rem.u32 t, a, 3; table: .branchtargets one, two, three;\n brx.idx t, table;\n\
        one: mov.u32 d, 10; bra done; two: mov.u32 d, 20; bra done; three: add.u32 d, a, 1; done:";
    check(&device, text, 32, &[32], |a, _, _| match a % 3 {
        0 => 10,
        1 => 20,
        _ => (a + 1) & 0xffff_ffff,
    });
}

#[test]
fn loops_end_lane_by_lane() {
    let device = device();
    let text = "and.b32 t, a, 63; mov.u32 d, 0;\n more: setp.eq.u32 p, t, 0; @p bra out; add.u32 d, d, t; sub.u32 t, t, 1; bra more;\n out:";
    check(&device, text, 32, &[32], |a, _, _| (a & 63) * ((a & 63) + 1) / 2);
}

/// Copies that read fewer bytes than they write leave zeros, and so do those whose source is ignored.
#[test]
fn copies_that_read_less() {
    let device = device();
    let a: Vec<u64> = values(64, 9).iter().map(|x| (x & !0xff) | (x % 9)).collect();
    let begin = ".shared .align 8 .b8 room[4096]; .reg .b32 s; mov.u32 s, room; shl.b32 t, i, 3; add.u32 s, s, t;\n\
        ld.param.u64 at, [pa]; add.u64 at, at, offset;";
    let end = "cp.async.wait_all; ld.shared.u64 d, [s];";
    let sized = format!(
        "{begin} cvt.u32.u64 t, a; and.b32 t, t, 15; cp.async.ca.shared.global [s], [at], 8, t; {end}"
    );
    let got = run(&device, &sized, 64, &[(64, &a)]);
    for (x, got) in a.iter().zip(got) {
        let bytes = x & 15;
        assert_eq!(got, if bytes == 8 { *x } else { x & ((1 << (8 * bytes)) - 1) }, "{x:#x}");
    }
    let ignored =
        format!("{begin} setp.gt.u64 p, a, 0x7fffffffffff; cp.async.ca.shared.global [s], [at], 8, p; {end}");
    let got = run(&device, &ignored, 64, &[(64, &a)]);
    for (x, got) in a.iter().zip(got) {
        assert_eq!(got, if *x > 0x7fff_ffff_ffff { 0 } else { *x });
    }
}

/// A function that only some lanes call, with registers as parameters.
#[test]
fn calls_under_a_predicate() {
    use super::emulated::grid;
    use cudarc::driver::PushKernelArg;
    use cudarc::nvrtc::Ptx;

    let device = device();
    let ptx = ".version 8.0\n.target sm_80\n.address_size 64\n\
        .func (.reg .b32 out) twice(.reg .b32 in)\n{\n.reg .pred %p1;\nsetp.lt.u32 %p1, in, 8;\nmov.u32 out, in;\n\
        @%p1 ret;\nadd.u32 out, in, in;\nret;\n}\n\
        .visible .entry k(.param .u64 data)\n{\n.reg .b64 %d<3>;\n.reg .b32 %r<4>;\n.reg .pred %p<2>;\n\
        ld.param.u64 %d1, [data];\nmov.u32 %r1, %tid.x;\nmul.wide.u32 %d2, %r1, 4;\nadd.u64 %d1, %d1, %d2;\n\
        mov.u32 %r2, 1000;\nsetp.ge.u32 %p1, %r1, 4;\n@%p1 call (%r2), twice, (%r1);\nst.global.u32 [%d1], %r2;\nret;\n}\n";
    let kernel = device.kernel(Ptx::from_src(ptx), "k");
    let mut data = device.stream.alloc_zeros::<u32>(32).unwrap();
    // SAFETY: the kernel takes this argument.
    unsafe { device.stream.launch_builder(&kernel).arg(&mut data).launch(grid((1, 1, 1), (32, 1, 1), 0)) }
        .unwrap();
    let wanted: Vec<u32> = (0..32)
        .map(|i| {
            if i < 4 {
                1000
            } else if i < 8 {
                i
            } else {
                2 * i
            }
        })
        .collect();
    assert_eq!(device.stream.clone_dtoh(&data).unwrap(), wanted);
}

/// The parts of threads in local memory lie side by side, whatever their size.
#[test]
fn local_memory_of_an_odd_size() {
    let device = device();
    let a = values(64, 10);
    let text = ".local .align 8 .b8 wide[8]; .local .align 4 .b8 narrow[4]; st.local.u64 [wide], a; st.local.u32 [narrow], i;\n\
        ld.local.u64 d, [wide]; ld.local.u32 t, [narrow]; .reg .b64 u; cvt.u64.u32 u, t; add.u64 d, d, u;";
    for (at, got) in run(&device, text, 64, &[(64, &a)]).into_iter().enumerate() {
        assert_eq!(got, a[at].wrapping_add(at as u64));
    }
}

/// A generic address tells the space that it is in.
#[test]
fn addresses_tell_their_space() {
    let device = device();
    let a = values(64, 11);
    let made = [
        ("global", "mov.u64 x, at;"),
        ("shared", "mov.u64 x, room; cvta.shared.u64 x, x;"),
        ("local", "mov.u64 x, own; cvta.local.u64 x, x;"),
    ];
    for (of, address) in made {
        for asked in ["global", "shared", "local", "const"] {
            let text = format!(
                ".shared .align 8 .b8 room[8]; .local .align 8 .b8 own[8]; .reg .b64 x; {address}\n\
                isspacep.{asked} p, x; selp.b32 d, 1, 0, p;"
            );
            // Constants lie in device memory here.
            let holds = of == asked || (of == "global" && asked == "const");
            let got = run(&device, &text, 32, &[(64, &a)]);
            assert!(got.iter().all(|got| *got == u64::from(holds)), "isspacep.{asked} of a {of} address");
        }
    }
}

/// How memory is cached, and how many registers a warp has, changes no result.
#[test]
fn hints_change_nothing() {
    let device = device();
    let a = values(64, 12);
    let hints = [
        "ldu.global.u64 d, [at];",
        ".reg .b64 x; createpolicy.fractional.L2::evict_last.b64 x, 0f3F800000; ld.global.L2::cache_hint.u64 d, [at], x;",
        ".reg .b64 x; createpolicy.range.global.L2::evict_last.L2::evict_unchanged.b64 x, [at], 8, 8; mov.u64 d, a;",
        "setmaxnreg.inc.sync.aligned.u32 96; mov.u64 d, a; setmaxnreg.dec.sync.aligned.u32 40;",
        "prefetch.global.L1 [at]; prefetchu.L1 [at]; applypriority.global.L2::evict_normal [at], 128; mov.u64 d, a;",
    ];
    for text in hints {
        assert_eq!(run(&device, text, 64, &[(64, &a)]), a, "{text}");
    }
}
