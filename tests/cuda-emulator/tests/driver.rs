//! The driver's behaviour beside kernels: streams, events, graphs, memory, errors.

mod emulated;

use cudarc::driver::{CudaContext, DriverError, LaunchConfig, PushKernelArg, sys};
use cudarc::nvrtc::Ptx;
use emulated::{configure, device, grid};

/// `data[i] = data[i] * 3 + 1`, one thread an element.
const STEP: &str = ".version 8.0\n.target sm_80\n.address_size 64\n\
    .const .align 4 .u32 factor = 3;\n.global .align 4 .u32 summand[1] = {1};\n\
    .visible .entry step(.param .u64 data)\n.maxntid 64, 1, 1\n{\n.reg .b64 %d<4>;\n.reg .b32 %r<6>;\n\
    ld.param.u64 %d1, [data];\nmov.u32 %r1, %tid.x;\nmul.wide.u32 %d2, %r1, 4;\nadd.s64 %d1, %d1, %d2;\n\
    ld.global.u32 %r2, [%d1];\nld.const.u32 %r3, [factor];\nld.global.u32 %r4, [summand];\n\
    mad.lo.u32 %r2, %r2, %r3, %r4;\nst.global.u32 [%d1], %r2;\nret;\n}\n";

fn code<T: std::fmt::Debug>(result: Result<T, DriverError>) -> sys::CUresult {
    result.expect_err("an error").0
}

fn one_block() -> LaunchConfig {
    grid((1, 1, 1), (32, 1, 1), 0)
}

#[test]
fn what_the_device_says() {
    let device = device();
    let context = &device.context;
    assert_eq!(CudaContext::device_count().unwrap(), 1);
    assert_eq!(context.name().unwrap(), "Keras CUDA emulator");
    assert_eq!(context.compute_capability().unwrap(), (8, 0));
    assert_eq!(context.total_mem().unwrap(), 4 << 30);
    let before = context.mem_get_info().unwrap().0;
    let held = device.stream.alloc_zeros::<u8>(1 << 20).unwrap();
    assert_eq!(context.mem_get_info().unwrap().0, before - (1 << 20));
    drop(held);
    device.stream.synchronize().unwrap();
    assert_eq!(context.mem_get_info().unwrap().0, before);
    configure("capability", "9.0");
    assert_eq!(context.compute_capability().unwrap(), (9, 0));
}

#[test]
fn no_device() {
    let device = device();
    configure("devices", "0");
    assert_eq!(code(CudaContext::new(0)), sys::CUresult::CUDA_ERROR_NO_DEVICE);
    configure("devices", "1");
    assert_eq!(code(CudaContext::new(1)), sys::CUresult::CUDA_ERROR_INVALID_DEVICE);
    drop(device);
}

#[test]
fn memory_that_runs_out() {
    let device = device();
    configure("memory", "1000000");
    let first = device.stream.alloc_zeros::<u8>(600_000).unwrap();
    assert_eq!(code(device.stream.alloc_zeros::<u8>(600_000)), sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY);
    drop(first);
    device.stream.synchronize().unwrap();
    // Nothing is broken by it.
    device.stream.alloc_zeros::<u8>(600_000).unwrap();
}

#[test]
fn modules_that_cannot_be_loaded() {
    let device = device();
    let load = |text: &str| code(device.context.load_module(Ptx::from_src(text)));
    assert_eq!(load("\u{7f}ELF"), sys::CUresult::CUDA_ERROR_INVALID_IMAGE);
    let body = |body: &str| {
        format!(".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k()\n{{\n{body}\nret;\n}}\n")
    };
    assert_eq!(load(&body("add.s32 %r1, %r2;")), sys::CUresult::CUDA_ERROR_INVALID_PTX);
    assert!(
        emulated::last_fault().contains("kernel k, PTX line 6: add.s32 %r1, %r2;: `%r1` is not a register")
    );
    assert_eq!(load(&body("wgmma.fence.sync.aligned;")), sys::CUresult::CUDA_ERROR_INVALID_PTX);
    assert_eq!(load(&body("").replace("sm_80", "sm_90")), sys::CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU);
    configure("capability", "9.0");
    let module = device.module(Ptx::from_src(body("").replace("sm_80", "sm_90a")));
    assert_eq!(code(module.load_function("nothing").map(drop)), sys::CUresult::CUDA_ERROR_NOT_FOUND);
}

#[test]
fn launches_that_do_not_fit() {
    let device = device();
    let step = device.kernel(Ptx::from_src(STEP), "step");
    let mut data = device.stream.alloc_zeros::<u32>(64).unwrap();
    let mut launch = |config| {
        // SAFETY: the kernel takes this argument.
        unsafe { device.stream.launch_builder(&step).arg(&mut data).launch(config) }.map(drop)
    };
    let invalid = sys::CUresult::CUDA_ERROR_INVALID_VALUE;
    assert_eq!(code(launch(grid((0, 1, 1), (32, 1, 1), 0))), invalid);
    assert_eq!(code(launch(grid((1, 65_536, 1), (32, 1, 1), 0))), invalid);
    assert_eq!(code(launch(grid((1, 1, 1), (1025, 1, 1), 0))), invalid);
    assert_eq!(code(launch(grid((1, 1, 1), (32, 1, 1), 48 * 1024 + 1))), invalid);
    // More threads than the kernel was compiled for.
    assert_eq!(
        code(launch(grid((1, 1, 1), (65, 1, 1), 0))),
        sys::CUresult::CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES
    );
    launch(one_block()).unwrap();
    let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
    step.set_attribute(attribute, 100 * 1024).unwrap();
    launch(grid((1, 1, 1), (32, 1, 1), 100 * 1024)).unwrap();
    assert_eq!(code(step.set_attribute(attribute, 200 * 1024)), invalid);
}

#[test]
fn drivers_that_are_too_old() {
    let device = device();
    configure("driver", "12080");
    let mut version = 0;
    // SAFETY: the driver writes a number there.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result().unwrap();
    assert_eq!(version, 12_080);
    device.context.load_module(Ptx::from_src(STEP)).unwrap();
    let later = device.context.load_module(Ptx::from_src(STEP.replace(".version 8.0", ".version 9.0")));
    assert_eq!(code(later), sys::CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
}

/// Nothing works on a device that is lost.
#[test]
fn devices_that_are_lost() {
    let device = device();
    let step = device.kernel(Ptx::from_src(STEP), "step");
    let mut data = device.stream.alloc_zeros::<u32>(32).unwrap();
    configure("lost", "1");
    for _ in 0..2 {
        // SAFETY: the kernel takes this argument.
        unsafe { device.stream.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    }
    assert_eq!(code(device.stream.synchronize()), sys::CUresult::CUDA_ERROR_UNKNOWN);
    assert_eq!(code(device.stream.alloc_zeros::<u32>(1).map(drop)), sys::CUresult::CUDA_ERROR_UNKNOWN);
    assert!(emulated::last_fault().contains("lost"));
    emulated::call("keras_emulator_reset");
}

/// Nothing is done before somebody waits: what is in pinned memory then is what was there when the work was submitted.
#[test]
fn work_waits_for_a_synchronization() {
    let device = device();
    let stream = &device.stream;
    let step = device.kernel(Ptx::from_src(STEP), "step");
    let mut data = stream.clone_htod(&vec![2u32; 32]).unwrap();
    // SAFETY: it is written below.
    let mut pinned = unsafe { device.context.alloc_pinned::<u32>(32) }.unwrap();
    pinned.as_mut_slice().unwrap().fill(0);
    // SAFETY: the kernel takes this argument.
    unsafe { stream.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    let address = pinned.as_ptr().unwrap();
    stream.memcpy_dtoh(&data, &mut pinned).unwrap();
    // SAFETY: the memory is the test's own; cudarc's accessor would wait.
    assert_eq!(unsafe { address.read_volatile() }, 0, "nobody has waited");
    stream.synchronize().unwrap();
    assert_eq!(pinned.as_slice().unwrap(), vec![7; 32]);
    configure("eager", "1");
    // SAFETY: the kernel takes this argument.
    unsafe { stream.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    stream.memcpy_dtoh(&data, &mut pinned).unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { address.read_volatile() }, 22);
}

#[test]
fn events_order_streams() {
    let device = device();
    let (first, second) = (&device.stream, device.context.new_stream().unwrap());
    let step = device.kernel(Ptx::from_src(STEP), "step");
    let mut data = first.clone_htod(&vec![0u32; 32]).unwrap();
    let flags = Some(sys::CUevent_flags::CU_EVENT_DEFAULT);
    let (begin, end) = (device.context.new_event(flags).unwrap(), device.context.new_event(flags).unwrap());
    begin.record(first).unwrap();
    // SAFETY: the kernel takes this argument.
    unsafe { first.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    end.record(first).unwrap();
    second.wait(&end).unwrap();
    // SAFETY: as above; the second stream waits for the first one.
    unsafe { second.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    let mut out = vec![0u32; 32];
    second.memcpy_dtoh(&data, &mut out).unwrap();
    second.synchronize().unwrap();
    assert_eq!(out, vec![4; 32]);
    assert!(begin.elapsed_ms(&end).unwrap() >= 0.0);
}

/// Two branches of a step, captured together, and what spoils a capture.
#[test]
fn captures() {
    let device = device();
    let (first, second) = (&device.stream, device.context.new_stream().unwrap());
    let step = device.kernel(Ptx::from_src(STEP), "step");
    let (mut a, mut b) = (first.alloc_zeros::<u32>(32).unwrap(), first.alloc_zeros::<u32>(32).unwrap());
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
    let flags = sys::CUgraphInstantiate_flags::CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH;
    let event = || device.context.new_event(None).unwrap();
    first.begin_capture(mode).unwrap();
    let fork = event();
    fork.record(first).unwrap();
    second.wait(&fork).unwrap();
    // SAFETY: the kernel takes this argument.
    unsafe {
        first.launch_builder(&step).arg(&mut a).launch(one_block()).unwrap();
        second.launch_builder(&step).arg(&mut b).launch(one_block()).unwrap();
    }
    let join = event();
    join.record(&second).unwrap();
    first.wait(&join).unwrap();
    let graph = first.end_capture(flags).unwrap().unwrap();
    (0..3).for_each(|_| graph.launch().unwrap());
    for data in [&a, &b] {
        assert_eq!(first.clone_dtoh(data).unwrap(), vec![13; 32]);
    }

    // A branch that nobody waits for.
    first.begin_capture(mode).unwrap();
    fork.record(first).unwrap();
    second.wait(&fork).unwrap();
    assert_eq!(code(first.end_capture(flags).map(drop)), sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
    // Waiting for the stream within.
    first.begin_capture(mode).unwrap();
    assert_eq!(code(first.synchronize()), sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    assert_eq!(
        code(first.end_capture(flags).map(drop)),
        sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
    );
    // A stream that two threads share, of which one captures it.
    first.begin_capture(mode).unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            device.context.bind_to_thread().unwrap();
            first.memset_zeros(&mut b).unwrap();
            let text = emulated::last_fault();
            assert_eq!(text, "the work of a thread gets into a graph that another thread captures");
            code(first.synchronize())
        });
        assert_eq!(other.join().unwrap(), sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    });
    assert_eq!(emulated::last_fault(), "a thread waits for a stream that another thread captures");
    assert_eq!(
        code(first.end_capture(flags).map(drop)),
        sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_INVALIDATED
    );
    // The default stream cannot be captured.
    let default = device.context.default_stream();
    assert_eq!(code(default.begin_capture(mode)), sys::CUresult::CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    first.synchronize().unwrap();
}

#[test]
fn copies_and_fills() {
    let device = device();
    let stream = &device.stream;
    let numbers: Vec<u32> = (0..100).collect();
    let data = stream.clone_htod(&numbers).unwrap();
    let mut copy = stream.clone_dtod(&data).unwrap();
    assert_eq!(stream.clone_dtoh(&copy).unwrap(), numbers);
    let mut part = copy.slice_mut(10..20);
    stream.memset_zeros(&mut part).unwrap();
    let got = stream.clone_dtoh(&copy).unwrap();
    assert!(got.iter().enumerate().all(|(at, x)| *x == if (10..20).contains(&at) { 0 } else { at as u32 }));
    // The default stream is another one, and works too.
    let default = device.context.default_stream();
    let other = default.clone_htod(&numbers).unwrap();
    assert_eq!(default.clone_dtoh(&other).unwrap(), numbers);
}

/// A module's variables can be asked for and changed.
#[test]
fn variables_of_modules() {
    let device = device();
    let stream = &device.stream;
    let module = device.module(Ptx::from_src(STEP));
    let step = module.load_function("step").unwrap();
    let mut data = stream.alloc_zeros::<u32>(32).unwrap();
    let mut factor = module.get_global("factor", stream).unwrap();
    stream.memcpy_htod(&10u32.to_le_bytes(), &mut factor).unwrap();
    for _ in 0..3 {
        // SAFETY: the kernel takes this argument.
        unsafe { stream.launch_builder(&step).arg(&mut data).launch(one_block()) }.unwrap();
    }
    assert_eq!(stream.clone_dtoh(&data).unwrap(), vec![111; 32]);
}

/// Settings of the environment hold before anything is configured: in a process of its own.
#[test]
fn settings_of_the_environment() {
    if std::env::var_os("KERAS_EMULATOR_DEVICES").is_some() {
        emulated::library();
        assert_eq!(code(CudaContext::new(0)), sys::CUresult::CUDA_ERROR_NO_DEVICE);
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "settings_of_the_environment"]).env("KERAS_EMULATOR_DEVICES", "0");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
