//! Every misuse that the emulator looks for, planted once and left out once.

mod emulated;

use cudarc::driver::{CudaSlice, DriverError, PushKernelArg, sys};
use cudarc::nvrtc::Ptx;
use emulated::{Device, call, configure, device, grid, last_fault};

/// A kernel with one pointer and one number.
fn kernel(body: &str) -> Ptx {
    Ptx::from_src(format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n\
        .visible .entry k(.param .u64 data, .param .u32 number)\n{{\n\
        .reg .b64 %d<9>;\n.reg .b32 %r<9>;\n.reg .f32 %f<9>;\n.reg .pred %p<9>;\n.reg .b16 %h<3>;\n\
        .shared .align 16 .b8 room[1024];\n\
        ld.param.u64 %d1, [data];\nld.param.u32 %r1, [number];\n\
        mov.u32 %r2, %tid.x;\nmov.u32 %r3, %ctaid.x;\nmul.wide.u32 %d2, %r2, 4;\nadd.s64 %d2, %d1, %d2;\n\
        shl.b32 %r4, %r2, 2;\n{body}\nret;\n}}\n"
    ))
}

/// Launches it on data of the size and waits.
fn run(
    device: &Device,
    body: &str,
    data: &mut CudaSlice<u32>,
    blocks: u32,
    threads: u32,
    number: u32,
) -> Result<(), DriverError> {
    let kernel = device.kernel(kernel(body), "k");
    let mut launch = device.stream.launch_builder(&kernel);
    launch.arg(data).arg(&number);
    // SAFETY: the kernel takes these arguments; what it does wrong is caught.
    unsafe { launch.launch(grid((blocks, 1, 1), (threads, 1, 1), 0)) }.expect("a launch itself is right");
    device.stream.synchronize()
}

/// The fault of a kernel on 256 words that are zero.
fn fault(device: &Device, body: &str, blocks: u32, threads: u32, number: u32) -> (i32, String) {
    let mut data = device.stream.alloc_zeros::<u32>(256).unwrap();
    let code = run(device, body, &mut data, blocks, threads, number).expect_err("this is wrong").0 as i32;
    let text = last_fault();
    // The device is broken until it is reset, as a GPU's context is.
    assert_eq!(device.stream.synchronize().expect_err("the context is broken").0 as i32, code);
    recover(device);
    (code, text)
}

/// A fresh start after a fault: for cudarc too, which keeps errors of destructors.
fn recover(device: &Device) {
    let _ = device.context.check_err();
    call("keras_emulator_reset");
}

fn fine(device: &Device, body: &str, blocks: u32, threads: u32, number: u32) {
    let mut data = device.stream.alloc_zeros::<u32>(256).unwrap();
    run(device, body, &mut data, blocks, threads, number).unwrap_or_else(|_| panic!("{}", last_fault()));
}

const ILLEGAL_ADDRESS: i32 = sys::cudaError_enum::CUDA_ERROR_ILLEGAL_ADDRESS as i32;
const MISALIGNED: i32 = sys::cudaError_enum::CUDA_ERROR_MISALIGNED_ADDRESS as i32;
const LAUNCH_FAILED: i32 = sys::cudaError_enum::CUDA_ERROR_LAUNCH_FAILED as i32;

#[test]
fn an_index_that_is_one_too_large() {
    let device = device();
    let body = "setp.gt.u32 %p1, %r2, %r1;\n@%p1 ret;\nst.global.u32 [%d2], %r2;";
    fine(&device, body, 1, 257, 255);
    let (code, text) = fault(&device, body, 1, 257, 256);
    assert_eq!(code, ILLEGAL_ADDRESS);
    assert!(
        text.starts_with("out of bounds: kernel k, block (0,0,0), thread (256,0,0), PTX line 21:"),
        "{text}"
    );
    assert!(text.contains("`st.global.u32 [%d2], %r2;`"), "{text}");
    assert!(text.ends_with("byte 1024 of an allocation of 1024 bytes"), "{text}");
}

#[test]
fn memory_of_blocks_and_threads_has_bounds_too() {
    let device = device();
    let (code, text) = fault(&device, "st.shared.u32 [%r4+960], %r2;", 1, 32, 0);
    assert!(code == ILLEGAL_ADDRESS && text.contains("thread (16,0,0)") && text.contains("Shared"), "{text}");
    let local = ".local .b8 own[16];\nmov.u64 %d3, own;\nmul.wide.u32 %d4, %r1, 4;\nadd.s64 %d3, %d3, %d4;\nst.local.u32 [%d3], %r1;";
    fine(&device, local, 1, 32, 3);
    assert_eq!(fault(&device, local, 1, 32, 4).0, ILLEGAL_ADDRESS);
}

#[test]
fn addresses_are_multiples_of_the_size() {
    let device = device();
    let (code, text) = fault(&device, "ld.global.v4.u32 {%r5, %r6, %r7, %r8}, [%d1+8];", 1, 1, 0);
    assert!(code == MISALIGNED && text.contains("multiple of 16"), "{text}");
}

#[test]
fn freed_memory_is_gone() {
    let device = device();
    let mut data = device.stream.alloc_zeros::<u32>(64).unwrap();
    let mut holder = device.stream.alloc_zeros::<u64>(1).unwrap();
    let address = {
        use cudarc::driver::DevicePtrMut;
        data.device_ptr_mut(&device.stream).0
    };
    device.stream.memcpy_htod(&[address], &mut holder).unwrap();
    let body = "ld.global.u64 %d3, [%d1];\nld.global.u32 %r5, [%d3];";
    let kernel = device.kernel(kernel(body), "k");
    let launch = |device: &Device| {
        // SAFETY: what the kernel does wrong is caught.
        unsafe {
            device.stream.launch_builder(&kernel).arg(&holder).arg(&0u32).launch(grid(
                (1, 1, 1),
                (1, 1, 1),
                0,
            ))
        }
        .unwrap();
        device.stream.synchronize()
    };
    launch(&device).unwrap();
    drop(data);
    assert_eq!(launch(&device).unwrap_err().0 as i32, ILLEGAL_ADDRESS);
}

/// Each thread reads what its neighbour wrote.
#[test]
fn a_missing_barrier() {
    let device = device();
    // That the first warp reads what the second has yet to write is told as another fault.
    configure("uninitialised", "0");
    let body = |barrier: &str| {
        format!(
            "mov.u32 %r5, room;\nadd.u32 %r5, %r5, %r4;\nst.shared.u32 [%r5], %r2;\n{barrier}\nxor.b32 %r6, %r4, 128;\n\
            mov.u32 %r5, room;\nadd.u32 %r6, %r6, %r5;\nld.shared.u32 %r7, [%r6];\nst.global.u32 [%d2], %r7;"
        )
    };
    fine(&device, &body("bar.sync 0;"), 1, 64, 0);
    let (code, text) = fault(&device, &body(""), 1, 64, 0);
    assert_eq!(code, LAUNCH_FAILED);
    assert!(text.starts_with("race: kernel k") && text.contains("st.shared.u32 [%r5], %r2;"), "{text}");
    // In a warp its own barrier is enough, and without one lanes are not ordered.
    let body = body("bar.warp.sync 0xffffffff;").replace("128", "8");
    fine(&device, &body, 1, 64, 0);
    let (_, text) = fault(&device, &body.replace("bar.warp.sync 0xffffffff;", ""), 1, 64, 0);
    assert!(
        text.starts_with("race:") && text.contains("thread (2,0,0) wrote with no barrier between"),
        "{text}"
    );
    // The check can be left out.
    configure("races", "0");
    fine(&device, &body.replace("bar.warp.sync 0xffffffff;", ""), 1, 64, 0);
}

#[test]
fn reading_before_it_is_written_over() {
    let device = device();
    let body = |barrier: &str| {
        format!(
            "mov.u32 %r5, room;\nadd.u32 %r5, %r5, %r4;\nst.shared.u32 [%r5], %r2;\nbar.sync 0;\nld.shared.u32 %r7, [room+4];\n\
            {barrier}\nst.shared.u32 [%r5], %r7;"
        )
    };
    fine(&device, &body("bar.sync 0;"), 1, 64, 0);
    let (_, text) = fault(&device, &body(""), 1, 64, 0);
    assert!(text.starts_with("race:") && text.contains("read with no barrier between"), "{text}");
}

/// Halves of a word may be written by two threads.
#[test]
fn neighbours_within_a_word_do_not_race() {
    let device = device();
    let body = "shl.b32 %r5, %r2, 1;\nmov.u32 %r6, room;\nadd.u32 %r5, %r5, %r6;\ncvt.u16.u32 %h1, %r2;\nst.shared.b16 [%r5], %h1;";
    fine(&device, body, 1, 64, 0);
    // The same value may be written by many.
    fine(&device, "st.shared.u32 [room], 7;", 1, 64, 0);
    assert!(fault(&device, "st.shared.u32 [room], %r2;", 1, 64, 0).1.starts_with("race:"));
}

#[test]
fn blocks_that_meet_in_device_memory() {
    let device = device();
    let write = "st.global.u32 [%d2], %r3;";
    let (code, text) = fault(&device, write, 2, 32, 0);
    assert_eq!(code, LAUNCH_FAILED);
    assert!(
        text.contains("block (1,0,0)") && text.contains("that block 0 wrote in the same launch"),
        "{text}"
    );
    fine(&device, write, 1, 32, 0);
    // The same value from all is no harm, and neither are atomic operations.
    fine(&device, "st.global.u32 [%d2], 5;", 8, 32, 0);
    fine(&device, "red.global.add.u32 [%d1], %r2;", 8, 32, 0);
    let read = "ld.global.u32 %r5, [%d1];\nsetp.ne.u32 %p1, %r3, 1;\n@%p1 ret;\nst.global.u32 [%d1], 9;";
    assert!(fault(&device, read, 2, 1, 0).1.contains("read in the same launch"));
    // Launches are ordered.
    let mut data = device.stream.alloc_zeros::<u32>(256).unwrap();
    for _ in 0..2 {
        run(&device, "st.global.u32 [%d2], 3;\nld.global.u32 %r5, [%d2];", &mut data, 1, 32, 0).unwrap();
    }
}

/// Each thread writes a word, and reads the one that a thread of the other warp wrote.
#[test]
fn warps_that_meet_in_device_memory() {
    let device = device();
    let body = |barrier: &str| {
        format!(
            "xor.b32 %r5, %r2, 32;\nmul.wide.u32 %d3, %r5, 4;\nadd.s64 %d3, %d3, %d1;\n\
            st.global.u32 [%d2], %r2;\n{barrier}\nld.global.u32 %r6, [%d3];"
        )
    };
    let (code, text) = fault(&device, &body(""), 1, 64, 0);
    assert_eq!(code, LAUNCH_FAILED);
    // The first warp reads what the second has yet to write.
    let told = "thread (32,0,0), PTX line 22: `st.global.u32 [%d2], %r2;`: writes byte 128 of an allocation of \
                1024 bytes, which thread (0,0,0) read with no barrier between";
    assert!(text.starts_with("race: kernel k, block (0,0,0), ") && text.ends_with(told), "{text}");
    // A barrier of the warp orders no others; one of the block does, and so does one of the threads concerned.
    assert!(fault(&device, &body("bar.warp.sync 0xffffffff;"), 1, 64, 0).1.ends_with(told));
    assert!(fault(&device, &body("membar.gl;"), 1, 64, 0).1.ends_with(told));
    fine(&device, &body("bar.sync 0;"), 1, 64, 0);
    fine(&device, &body("barrier.sync 1, 64;"), 1, 64, 0);
    // In a warp its own barrier is enough, and without one lanes are not ordered.
    let lanes = |barrier: &str| body(barrier).replace("%r2, 32", "%r2, 8");
    fine(&device, &lanes("bar.warp.sync 0xffffffff;"), 1, 64, 0);
    let (_, text) = fault(&device, &lanes(""), 1, 64, 0);
    let told =
        "reads byte 32 of an allocation of 1024 bytes, which thread (8,0,0) wrote with no barrier between";
    assert!(text.contains("thread (0,0,0), PTX line") && text.ends_with(told), "{text}");
    configure("races", "0");
    fine(&device, &body(""), 1, 64, 0);
}

/// All read a word, and write their own.
#[test]
fn warps_that_write_over_what_others_read() {
    let device = device();
    let body = |barrier: &str| {
        format!(
            "st.global.u32 [%d2], %r2;\nbar.sync 0;\nld.global.u32 %r5, [%d1+4];\n{barrier}\n\
            add.u32 %r5, %r5, 7;\nst.global.u32 [%d2], %r5;"
        )
    };
    fine(&device, &body("bar.sync 0;"), 1, 64, 0);
    let (_, text) = fault(&device, &body(""), 1, 64, 0);
    let told =
        "writes byte 4 of an allocation of 1024 bytes, which several threads read with no barrier between";
    assert!(text.contains("thread (1,0,0)") && text.ends_with(told), "{text}");
    // The first warp has read the word alone when it writes it: the second one is found.
    let (_, text) = fault(&device, &body("bar.warp.sync 0xffffffff;"), 1, 64, 0);
    let told =
        "reads byte 4 of an allocation of 1024 bytes, which thread (1,0,0) wrote with no barrier between";
    assert!(text.contains("thread (32,0,0)") && text.ends_with(told), "{text}");
    // A warp that read it after others did does not hide them.
    let body = "ld.global.u32 %r5, [%d1+4];\nsetp.ne.u32 %p1, %r2, 96;\n@%p1 ret;\nst.global.u32 [%d1+4], 9;";
    let (_, text) = fault(&device, body, 1, 128, 0);
    let told =
        "writes byte 4 of an allocation of 1024 bytes, which several threads read with no barrier between";
    assert!(text.ends_with(told), "{text}");
    // The words of a vector are looked at one by one.
    let body = "mul.wide.u32 %d3, %r2, 8;\nadd.s64 %d3, %d3, %d1;\nst.global.v2.u32 [%d3], {%r2, %r2};\n\
        setp.ne.u32 %p1, %r2, 33;\n@%p1 ret;\nst.global.u32 [%d1+252], %r3;";
    let (_, text) = fault(&device, body, 1, 64, 0);
    let told =
        "writes byte 252 of an allocation of 1024 bytes, which thread (31,0,0) wrote with no barrier between";
    assert!(text.contains("thread (33,0,0)") && text.ends_with(told), "{text}");
    fine(&device, &body.replace("252", "264"), 1, 64, 0);
}

#[test]
fn warps_that_agree_or_are_ordered() {
    let device = device();
    // The same value from all is no harm, and neither are atomic operations.
    fine(&device, "st.global.u32 [%d1], 5;", 1, 256, 0);
    fine(&device, "red.global.add.u32 [%d1], %r2;", 1, 256, 0);
    let (_, text) = fault(&device, "st.global.u32 [%d1], %r2;", 1, 256, 0);
    assert!(text.ends_with("which thread (0,0,0) wrote with no barrier between"), "{text}");
    let (_, text) = fault(&device, "red.global.add.u32 [%d1], %r2;\nld.global.u32 %r5, [%d1];", 1, 64, 0);
    assert!(text.ends_with("which thread (31,0,0) wrote with no barrier between"), "{text}");
    // A word that all read and nobody writes; words that each thread has for itself.
    fine(&device, "ld.global.u32 %r5, [%d1];\nld.global.u32 %r5, [%d1];", 4, 256, 0);
    fine(
        &device,
        "st.global.u32 [%d2], %r2;\nld.global.u32 %r5, [%d2];\nst.global.u32 [%d2], %r4;",
        1,
        256,
        0,
    );
    // The last warp, or lane, reads what all wrote: a fence and a counter order them.
    let body = |fence: &str, each: u32, last: u32| {
        format!(
            "and.b32 %r5, %r2, {each};\nsetp.ne.u32 %p1, %r5, 0;\n@%p1 ret;\nst.global.u32 [%d2+128], %r2;\n{fence}\n\
            atom.global.add.u32 %r5, [%d1], 1;\nsetp.ne.u32 %p1, %r5, {last};\n@%p1 ret;\n\
            ld.global.u32 %r6, [%d1+128];\nst.global.u32 [%d1+4], %r6;"
        )
    };
    for (threads, each, thread) in [(128, 31, 96), (32, 0, 31)] {
        let last = threads / (each + 1) - 1;
        fine(&device, &body("membar.gl;", each, last), 1, threads, 0);
        let (_, text) = fault(&device, &body("", each, last), 1, threads, 0);
        assert!(text.contains(&format!("thread ({thread},0,0)")), "{text}");
        assert!(text.ends_with("which thread (0,0,0) wrote with no barrier between"), "{text}");
    }
}

/// Numbers of launches begin anew: what an earlier launch of the same number did is forgotten.
#[test]
fn launches_without_end() {
    let device = device();
    let body = "setp.ne.u32 %p1, %r2, %r1;\n@%p1 ret;\nld.global.u32 %r5, [%d1];\nadd.u32 %r5, %r5, 1;\n\
        st.global.u32 [%d1], %r5;";
    let kernel = device.kernel(kernel(body), "k");
    let data = device.stream.alloc_zeros::<u32>(1).unwrap();
    let launch = |thread: u32| {
        let mut launch = device.stream.launch_builder(&kernel);
        launch.arg(&data).arg(&thread);
        // SAFETY: the kernel takes these arguments; what it does wrong is caught.
        unsafe { launch.launch(grid((1, 1, 1), (64, 1, 1), 0)) }.unwrap();
    };
    launch(0);
    for _ in 1..u16::MAX {
        launch(64);
    }
    launch(1);
    device.stream.synchronize().unwrap_or_else(|_| panic!("{}", last_fault()));
    assert_eq!(device.stream.clone_dtoh(&data).unwrap(), [2]);
}

/// The last block reads what all wrote: a fence and a counter order them.
#[test]
fn the_last_block_may_read_what_the_others_wrote() {
    let device = device();
    let body = |fence: &str| {
        format!(
            "mul.wide.u32 %d3, %r3, 4;\nadd.s64 %d3, %d3, %d1;\nst.global.u32 [%d3+128], %r3;\n{fence}\n\
            atom.global.add.u32 %r5, [%d1], 1;\nsetp.ne.u32 %p1, %r5, 3;\n@%p1 ret;\n\
            ld.global.u32 %r6, [%d1+128];\nld.global.u32 %r7, [%d1+136];\nadd.u32 %r6, %r6, %r7;\nst.global.u32 [%d1+4], %r6;"
        )
    };
    fine(&device, &body("membar.gl;"), 4, 1, 0);
    assert!(fault(&device, &body(""), 4, 1, 0).1.starts_with("race:"));
}

#[test]
fn what_nobody_wrote() {
    let device = device();
    // SAFETY: that it is read before it is written is what is tested.
    let mut data = unsafe { device.stream.alloc::<u32>(64) }.unwrap();
    let body = "ld.global.u32 %r5, [%d2];";
    let code = run(&device, body, &mut data, 1, 32, 0).unwrap_err().0 as i32;
    assert_eq!(code, LAUNCH_FAILED);
    assert!(last_fault().contains("reads byte 0 of an allocation of 256 bytes, which nothing has written"));
    recover(&device);
    // A part that the host wrote may be read, and copies know what is written.
    let mut part = data.slice_mut(0..32);
    device.stream.memcpy_htod(&[1u32; 32], &mut part).unwrap();
    run(&device, body, &mut data, 1, 32, 0).unwrap();
    let mut copy = device.stream.clone_dtod(&data).unwrap();
    run(&device, body, &mut copy, 1, 32, 0).unwrap();
    assert!(run(&device, body, &mut copy, 1, 64, 0).is_err());
    recover(&device);
    let (code, text) = fault(&device, "ld.shared.u32 %r5, [room+12];", 1, 1, 0);
    assert!(
        code == LAUNCH_FAILED && text.starts_with("uninitialised:") && text.contains("byte 12"),
        "{text}"
    );
    configure("uninitialised", "0");
    fine(&device, "ld.shared.u32 %r5, [room+12];", 1, 1, 0);
}

#[test]
fn barriers_that_not_all_reach() {
    let device = device();
    let half = "setp.ge.u32 %p1, %r2, 16;\n@%p1 bra past;\nbar.sync 0;\npast:";
    let (code, text) = fault(&device, &format!("{half} bar.warp.sync 0xffffffff;"), 1, 32, 0);
    assert!(code == LAUNCH_FAILED && text.starts_with("divergence:"), "{text}");
    assert!(text.contains("16 of 32 live threads wait at a barrier"), "{text}");
    // Threads that have ended are not waited for.
    fine(&device, half, 1, 32, 0);
    let two = "setp.ge.u32 %p1, %r2, 32;\n@%p1 bra other;\nbar.sync 0;\nbra past;\nother: bar.sync 0;\npast:";
    assert!(fault(&device, two, 1, 64, 0).1.contains("threads wait at different barriers"));
    fine(&device, "barrier.sync 1, 64;\nbar.sync 0;", 1, 64, 0);
    let some = "setp.ge.u32 %p1, %r2, 16;\n@%p1 bar.sync 0;";
    assert!(fault(&device, some, 1, 32, 0).1.starts_with("divergence:"));
}

#[test]
fn shuffles_without_their_lanes() {
    let device = device();
    let body = "setp.ge.u32 %p1, %r2, 16;\n@%p1 ret;\nshfl.sync.down.b32 %r5, %r2, 16, 31, 0xffffffff;";
    let (_, text) = fault(&device, body, 1, 32, 0);
    assert!(text.contains("reads lane 16, which takes no part"), "{text}");
    let body =
        "setp.ge.u32 %p1, %r2, 16;\n@%p1 bra past;\nshfl.sync.bfly.b32 %r5, %r2, 1, 31, 0x0000ffff;\npast:";
    fine(&device, body, 1, 32, 0);
    assert!(
        fault(&device, &body.replace("0x0000ffff", "0x000000ff"), 1, 32, 0).1.contains("not in the mask")
    );
}

/// A copy arrives when it is waited for, and not before.
#[test]
fn a_copy_that_nobody_waits_for() {
    let device = device();
    let body = |wait: &str| {
        format!(
            "shl.b32 %r5, %r2, 4;\nmov.u32 %r6, room;\nadd.u32 %r6, %r6, %r5;\nmul.wide.u32 %d3, %r2, 16;\nadd.s64 %d3, %d3, %d1;\n\
            cp.async.cg.shared.global [%r6], [%d3], 16;\ncp.async.commit_group;\n{wait}\nbar.sync 0;\n\
            ld.shared.u32 %r7, [room+8];\nst.global.u32 [%d2+512], %r7;"
        )
    };
    fine(&device, &body("cp.async.wait_group 0;"), 1, 32, 0);
    fine(&device, &body("cp.async.wait_all;"), 1, 32, 0);
    for wrong in ["", "cp.async.wait_group 1;"] {
        let (code, text) = fault(&device, &body(wrong), 1, 32, 0);
        assert!(
            code == LAUNCH_FAILED && text.contains("where a copy of thread (0,0,0) is under way"),
            "{text}"
        );
    }
    // And a barrier belongs between the wait and the others' reads.
    let body = body("cp.async.wait_all;").replace("bar.sync 0;", "");
    assert!(fault(&device, &body, 1, 32, 0).1.starts_with("race:"));
}

/// A block that waits for another one, which runs after it.
#[test]
fn blocks_that_do_not_end() {
    let device = device();
    configure("branches", "1000");
    let body = "wait: ld.volatile.global.u32 %r5, [%d1];\nsetp.eq.u32 %p1, %r5, 0;\n@%p1 bra wait;";
    let (code, text) = fault(&device, body, 1, 1, 0);
    assert_eq!(code, sys::cudaError_enum::CUDA_ERROR_LAUNCH_TIMEOUT as i32);
    assert!(text.starts_with("endless:") && text.contains("does it wait for another one?"), "{text}");
}

#[test]
fn traps() {
    let device = device();
    assert!(fault(&device, "trap;", 1, 1, 0).1.starts_with("trap: kernel k"));
}
