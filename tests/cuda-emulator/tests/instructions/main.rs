//! Single instructions against what the CPU computes, with operands at random and at the edges of their types.

#[path = "../emulated/mod.rs"]
mod emulated;

mod conversions;
mod floats;
mod halves;
mod integers;
mod matrices;
mod predicates;
mod warps;
mod words;

use cudarc::driver::PushKernelArg;
use cudarc::nvrtc::Ptx;
use emulated::{Device, grid};

/// How many sets of operands an instruction gets.
const COUNT: usize = 512;

/// Runs `text` in a thread for each set of operands. It reads `a`, `b`, `c` of the widths given and writes `d`; `p`, `q` are
/// predicates, `t` is a register of 32 bits.
pub fn run(device: &Device, text: &str, out: u32, inputs: &[(u32, &[u64])]) -> Vec<u64> {
    let names = ["a", "b", "c"];
    let mut declarations =
        format!(".reg .b{out} d; .reg .pred p, q; .reg .b32 t, i; .reg .b64 at, offset;\n");
    let mut loads = String::new();
    for (at, (bits, _)) in inputs.iter().enumerate() {
        let name = names[at];
        declarations += &format!(".reg .b{bits} {name};\n");
        loads +=
            &format!("ld.param.u64 at, [p{name}]; add.u64 at, at, offset; ld.global.b{bits} {name}, [at];\n");
    }
    let ptx = format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n\
        .visible .entry k(.param .u64 pd, .param .u64 pa, .param .u64 pb, .param .u64 pc)\n{{\n{declarations}\
        mov.u32 i, %tid.x; mul.wide.u32 offset, i, 8;\n{loads}{text}\n\
        ld.param.u64 at, [pd]; add.u64 at, at, offset; st.global.b{out} [at], d;\nret;\n}}\n"
    );
    let kernel = device.kernel(Ptx::from_src(ptx), "k");
    let stream = &device.stream;
    let count = inputs.first().map_or(32, |(_, values)| values.len());
    let zero = vec![0u64; count];
    let value =
        |at: usize| stream.clone_htod(inputs.get(at).map_or(zero.as_slice(), |(_, values)| values)).unwrap();
    let (a, b, c) = (value(0), value(1), value(2));
    let mut d = stream.alloc_zeros::<u64>(count).unwrap();
    let mut launch = stream.launch_builder(&kernel);
    launch.arg(&mut d).arg(&a).arg(&b).arg(&c);
    // SAFETY: the kernel takes these arguments.
    unsafe { launch.launch(grid((1, 1, 1), (count as u32, 1, 1), 0)) }.unwrap();
    stream.clone_dtoh(&d).unwrap()
}

/// Holds an instruction to a function of its operands.
pub fn check(device: &Device, text: &str, out: u32, inputs: &[u32], wanted: impl Fn(u64, u64, u64) -> u64) {
    let operands: Vec<Vec<u64>> =
        (0..3).map(|at| values(*inputs.get(at).unwrap_or(&8), at as u64 + 1)).collect();
    check_with(device, text, out, inputs, &operands, wanted);
}

/// The same with operands of the caller.
pub fn check_with(
    device: &Device,
    text: &str,
    out: u32,
    inputs: &[u32],
    operands: &[Vec<u64>],
    wanted: impl Fn(u64, u64, u64) -> u64,
) {
    let given: Vec<(u32, &[u64])> =
        inputs.iter().zip(operands).map(|(bits, v)| (*bits, v.as_slice())).collect();
    let got = run(device, text, out, &given);
    for (at, got) in got.iter().enumerate() {
        let operand = |n: usize| operands.get(n).map_or(0, |v| v[at]);
        let (a, b, c) = (operand(0), operand(1), operand(2));
        let wanted = wanted(a, b, c);
        assert_eq!(*got, wanted, "{text} of {a:#x}, {b:#x}, {c:#x}: {got:#x} instead of {wanted:#x}");
    }
}

/// Operands of a width: the edges of integers and floats, small numbers, and numbers at random.
pub fn values(bits: u32, seed: u64) -> Vec<u64> {
    let mask = u64::MAX >> (64 - bits);
    let edges: Vec<u64> = match bits {
        16 => vec![
            0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e01, 0x0001, 0x8001, 0x3f80, 0x7f80, 0x4049,
        ],
        32 => {
            let floats =
                [1.0f32, -1.0, 0.5, 1.5, 2.5, -2.5, 3e9, -3e9, 1e-40, -1e-40, 1e38, f32::INFINITY, 65504.0];
            let bits = floats.iter().map(|x| u64::from(x.to_bits()));
            bits.chain([0xff80_0000, 0x7fc0_0001, 0x7f80_0001, 0x007f_ffff, 0x0080_0000]).collect()
        }
        64 => {
            let floats =
                [1.0f64, -1.0, 0.5, 2.5, -3.5, 1e300, 1e-310, 1e19, -1e19, f64::INFINITY, f64::NEG_INFINITY];
            floats.iter().map(|x| x.to_bits()).chain([f64::NAN.to_bits()]).collect()
        }
        _ => vec![],
    };
    let integers =
        [0, 1, 2, 31, 32, 33, mask, mask - 1, mask >> 1, (mask >> 1) + 1, mask & 0x5555_5555_5555_5555];
    let edges: Vec<u64> = edges.into_iter().chain(integers).collect();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let one = |random: &mut Random| match random.draw() % 4 {
        0 => edges[(random.draw() % edges.len() as u64) as usize],
        1 => random.draw() % 70,
        _ => random.draw() & mask,
    };
    (0..COUNT).map(|_| one(&mut random) & mask).collect()
}

/// xorshift64*.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8 ^ self.0 << 56
    }
}
