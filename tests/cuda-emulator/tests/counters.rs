//! What is counted: instructions by class, sectors of requests, bank conflicts.

mod emulated;

use std::ffi::CString;

use cudarc::driver::PushKernelArg;
use cudarc::nvrtc::Ptx;
use emulated::{Device, call, configure, device, grid, library};

/// `Tally`, as the library hands it out.
#[repr(C)]
#[derive(Default, Debug, Clone, Copy)]
struct Tally {
    launches: u64,
    fma: u64,
    alu: u64,
    memory: u64,
    mma: u64,
    other: u64,
    warp_instructions: u64,
    global_requests: u64,
    global_sectors: u64,
    global_bytes: u64,
    global_wide: u64,
    global_accesses: u64,
    shared_requests: u64,
    shared_conflicts: u64,
}

/// Runs a kernel of two blocks of 64 threads on 8 KiB and says what was counted.
fn count(device: &Device, body: &str) -> Tally {
    configure("counters", "1");
    call("keras_emulator_reset_counters");
    let ptx = format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry counted(.param .u64 data)\n{{\n\
        .reg .b64 %d<5>;\n.reg .b32 %r<5>;\n.reg .f32 %f<9>;\n.shared .align 16 .b8 room[16384];\n\
        ld.param.u64 %d1, [data];\nmov.u32 %r1, %tid.x;\n{body}\nret;\n}}\n"
    );
    let kernel = device.kernel(Ptx::from_src(ptx), "counted");
    let data = device.stream.clone_htod(&vec![0u8; 8192]).unwrap();
    // SAFETY: the kernel takes this argument.
    unsafe { device.stream.launch_builder(&kernel).arg(&data).launch(grid((2, 1, 1), (64, 1, 1), 0)) }
        .unwrap();
    device.stream.synchronize().unwrap();
    let mut tally = Tally::default();
    let name = CString::new("counted").unwrap();
    // SAFETY: the function has this type.
    unsafe {
        let get =
            library().get::<extern "C" fn(*const i8, *mut Tally) -> i32>(b"keras_emulator_counters").unwrap();
        assert_eq!(get(name.as_ptr().cast(), &mut tally), 0);
    }
    tally
}

#[test]
fn instructions_by_class() {
    let device = device();
    let body = "mov.f32 %f1, 0f3F800000;\nfma.rn.f32 %f2, %f1, %f1, %f1;\nfma.rn.f32 %f2, %f2, %f1, %f1;\nadd.f32 %f3, %f1, %f2;";
    let tally = count(&device, body);
    assert_eq!((tally.launches, tally.fma), (1, 2 * 128));
    // Two moves, an addition; a load of a parameter; `ret` and the end behind it.
    assert_eq!((tally.alu, tally.memory, tally.other), (3 * 128, 128, 2 * 128));
    assert_eq!(tally.warp_instructions, 4 * (2 + 3 + 1 + 2));
    assert_eq!(tally.mma, 0);
}

#[test]
fn products_of_tensor_cores() {
    let device = device();
    let body = "mov.b32 %r2, 0;\nmov.f32 %f1, 0f00000000;\n\
        mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r2, %r2, %r2}, {%r2, %r2}, {%f1, %f1, %f1, %f1};";
    assert_eq!(count(&device, body).mma, 4);
}

#[test]
fn sectors_of_requests() {
    let device = device();
    let load = |stride: u32, access: &str| {
        format!("mul.wide.u32 %d2, %r1, {stride};\nadd.s64 %d2, %d2, %d1;\nld.global.{access}, [%d2];")
    };
    // Four bytes a lane, side by side: 128 bytes in four sectors.
    let side_by_side = count(&device, &load(4, "f32 %f1"));
    assert_eq!((side_by_side.global_requests, side_by_side.global_sectors), (4, 16));
    assert_eq!(
        (side_by_side.global_bytes, side_by_side.global_accesses, side_by_side.global_wide),
        (512, 128, 0)
    );
    // 32 bytes apart: each lane its own sector.
    assert_eq!(count(&device, &load(32, "f32 %f1")).global_sectors, 4 * 32);
    // All lanes at one word.
    assert_eq!(count(&device, &load(0, "f32 %f1")).global_sectors, 4);
    let wide = count(&device, &load(16, "v4.f32 {%f1, %f2, %f3, %f4}"));
    assert_eq!((wide.global_sectors, wide.global_wide), (4 * 16, 128));
}

#[test]
fn conflicts_of_banks() {
    let device = device();
    let store = |stride: u32, access: &str| {
        format!(
            "mov.f32 %f1, 0f00000000;\nmul.lo.u32 %r2, %r1, {stride};\nmov.u32 %r3, room;\nadd.u32 %r2, %r2, %r3;\nst.shared.{access};"
        )
    };
    let conflicts = |stride, access| {
        let tally = count(&device, &store(stride, access));
        assert_eq!(tally.shared_requests, 4);
        tally.shared_conflicts / 4
    };
    assert_eq!(conflicts(4, "f32 [%r2], %f1"), 0);
    assert_eq!(conflicts(8, "f32 [%r2], %f1"), 1);
    assert_eq!(conflicts(128, "f32 [%r2], %f1"), 31);
    assert_eq!(conflicts(132, "f32 [%r2], %f1"), 0);
    assert_eq!(conflicts(16, "v4.f32 [%r2], {%f1, %f1, %f1, %f1}"), 0);
    // Eight lanes at a time, all in the same four banks.
    assert_eq!(conflicts(128, "v4.f32 [%r2], {%f1, %f1, %f1, %f1}"), 4 * 7);
}

/// With the environment variable a program prints what its kernels did when it ends.
#[test]
fn a_table_at_exit() {
    let test = std::env::current_exe().unwrap();
    let mut child = std::process::Command::new(test);
    child.args(["--exact", "products_of_tensor_cores"]).env("KERAS_EMULATOR_COUNTERS", "1");
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("what kernels did"), "{text}");
    let line = text.lines().find(|line| line.starts_with("counted ")).expect("a line for the kernel");
    // Launches, and products once for each warp.
    let columns: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((columns[1], columns[5]), ("1", "4"), "{line}");
}
