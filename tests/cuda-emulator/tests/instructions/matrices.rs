//! Products of tensor cores of every shape and type, and the loads and stores of matrices: fragments as the PTX ISA tabulates them.

use cudarc::driver::PushKernelArg;
use cudarc::nvrtc::Ptx;

use super::Random;
use super::emulated::{Device, configure, device, grid};

/// Where an element of a fragment lies in its matrix: by lane and number of the element.
type Place = fn(usize, usize) -> (usize, usize);

/// A form of `mma.sync.aligned.m16n8k*.row.col`.
struct Form {
    k: usize,
    factors: &'static str,
    half_sum: bool,
    a: (usize, Place),
    b: (usize, Place),
}

/// The accumulator of every form: rows `groupID` and `groupID + 8`, columns `threadID_in_group * 2 + (i & 1)`.
fn place_of_sum(lane: usize, i: usize) -> (usize, usize) {
    (if i < 2 { lane / 4 } else { lane / 4 + 8 }, lane % 4 * 2 + (i & 1))
}

const A16: Place = |lane, i| {
    let row = if i < 2 || (4..6).contains(&i) { lane / 4 } else { lane / 4 + 8 };
    (row, lane % 4 * 2 + (i & 1) + if i >= 4 { 8 } else { 0 })
};
const B16: Place = |lane, i| (lane % 4 * 2 + (i & 1) + if i >= 2 { 8 } else { 0 }, lane / 4);
const A8: Place = |lane, i| (if i < 2 { lane / 4 } else { lane / 4 + 8 }, lane % 4 * 2 + (i & 1));
const B8: Place = |lane, i| (lane % 4 * 2 + i, lane / 4);
const A_TF32: Place = |lane, i| (lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4);
const B_TF32: Place = |lane, i| (lane % 4 + 4 * i, lane / 4);

const FORMS: [Form; 8] = [
    Form { k: 16, factors: "bf16", half_sum: false, a: (8, A16), b: (4, B16) },
    Form { k: 16, factors: "f16", half_sum: false, a: (8, A16), b: (4, B16) },
    Form { k: 16, factors: "f16", half_sum: true, a: (8, A16), b: (4, B16) },
    Form { k: 8, factors: "bf16", half_sum: false, a: (4, A8), b: (2, B8) },
    Form { k: 8, factors: "f16", half_sum: false, a: (4, A8), b: (2, B8) },
    Form { k: 8, factors: "f16", half_sum: true, a: (4, A8), b: (2, B8) },
    Form { k: 8, factors: "tf32", half_sum: false, a: (4, A_TF32), b: (2, B_TF32) },
    Form { k: 4, factors: "tf32", half_sum: false, a: (2, A_TF32), b: (1, B_TF32) },
];

/// Whole numbers from −8 to 8, which all formats hold, and whose sums of products do too.
fn matrix(rows: usize, columns: usize, random: &mut Random) -> Vec<Vec<f32>> {
    (0..rows).map(|_| (0..columns).map(|_| (random.draw() % 17) as f32 - 8.0).collect()).collect()
}

fn bits(x: f32, ty: &str) -> u32 {
    match ty {
        "bf16" => x.to_bits() >> 16,
        // Exact for these numbers: the exponent is moved, the fraction cut.
        "f16" if x == 0.0 => 0,
        "f16" => {
            (x.to_bits() >> 16 & 0x8000)
                | (((x.to_bits() >> 23 & 255) - 112) << 10)
                | (x.to_bits() >> 13 & 1023)
        }
        _ => x.to_bits(),
    }
}

fn from_half(bits: u32) -> f32 {
    let (exponent, fraction) = ((bits >> 10 & 31) as i32, (bits & 1023) as f32 / 1024.0);
    let size =
        if exponent == 0 { fraction * 2f32.powi(-14) } else { (1.0 + fraction) * 2f32.powi(exponent - 15) };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// The registers of each lane: elements one after another, two in a register where they have 16 bits.
fn registers(matrix: &[Vec<f32>], count: usize, place: Place, ty: &str) -> Vec<Vec<u32>> {
    let element = |lane: usize, i: usize| {
        let (row, column) = place(lane, i);
        bits(matrix[row][column], ty)
    };
    let lane = |lane: usize| match ty {
        "bf16" | "f16" => {
            (0..count / 2).map(|r| element(lane, 2 * r) | element(lane, 2 * r + 1) << 16).collect()
        }
        _ => (0..count).map(|i| element(lane, i)).collect(),
    };
    (0..32).map(lane).collect()
}

/// Runs instructions that read registers `a0…` and leave `d0…`, in one warp.
fn run(device: &Device, target: u32, text: &str, inputs: &[Vec<u32>], outputs: usize) -> Vec<Vec<u32>> {
    let count = inputs[0].len();
    let mut body = format!(".reg .b32 a<{}>, d<{}>, i, s;\n", count + 1, outputs + 1);
    body += ".reg .b64 from, to, offset;\n.shared .align 16 .b8 room[4096];\nmov.u32 i, %tid.x;\n";
    body += &format!(
        "ld.param.u64 from, [pa];\nmul.wide.u32 offset, i, {};\nadd.u64 from, from, offset;\n",
        4 * count
    );
    (0..count).for_each(|r| body += &format!("ld.global.b32 a{r}, [from+{}];\n", 4 * r));
    body += text;
    body += &format!(
        "\nld.param.u64 to, [pd];\nmul.wide.u32 offset, i, {};\nadd.u64 to, to, offset;\n",
        4 * outputs
    );
    (0..outputs).for_each(|r| body += &format!("st.global.b32 [to+{}], d{r};\n", 4 * r));
    let ptx = format!(
        ".version 8.0\n.target sm_{target}\n.address_size 64\n\
        .visible .entry k(.param .u64 pd, .param .u64 pa)\n{{\n{body}ret;\n}}\n"
    );
    let kernel = device.kernel(Ptx::from_src(ptx), "k");
    let stream = &device.stream;
    let on_device = stream.clone_htod(&inputs.concat()).unwrap();
    let mut out = stream.alloc_zeros::<u32>(32 * outputs).unwrap();
    // SAFETY: the kernel takes these arguments.
    unsafe {
        stream.launch_builder(&kernel).arg(&mut out).arg(&on_device).launch(grid((1, 1, 1), (32, 1, 1), 0))
    }
    .unwrap();
    stream.clone_dtoh(&out).unwrap().chunks(outputs).map(<[u32]>::to_vec).collect()
}

fn names(letter: &str, from: usize, to: usize) -> String {
    let names: Vec<String> = (from..to).map(|r| format!("{letter}{r}")).collect();
    format!("{{{}}}", names.join(", "))
}

#[test]
fn products_of_every_form() {
    let device = device();
    let mut random = Random(42);
    for form in FORMS {
        let (a, b, c) =
            (matrix(16, form.k, &mut random), matrix(form.k, 8, &mut random), matrix(16, 8, &mut random));
        let sum = if form.half_sum { "f16" } else { "f32" };
        let fragments = [
            registers(&a, form.a.0, form.a.1, form.factors),
            registers(&b, form.b.0, form.b.1, form.factors),
            registers(&c, 4, place_of_sum, sum),
        ];
        let inputs: Vec<Vec<u32>> =
            (0..32).map(|l| fragments.iter().flat_map(|f| f[l].clone()).collect()).collect();
        let ends = fragments.iter().scan(0, |end, f| {
            *end += f[0].len();
            Some(*end)
        });
        let ends: Vec<usize> = ends.collect();
        let outputs = fragments[2][0].len();
        let text = format!(
            "mma.sync.aligned.m16n8k{}.row.col.{sum}.{f}.{f}.{sum} {}, {}, {}, {};",
            form.k,
            names("d", 0, outputs),
            names("a", 0, ends[0]),
            names("a", ends[0], ends[1]),
            names("a", ends[1], ends[2]),
            f = form.factors,
        );
        for (lane, got) in run(&device, 80, &text, &inputs, outputs).iter().enumerate() {
            for i in 0..4 {
                let (row, column) = place_of_sum(lane, i);
                let products = (0..form.k).map(|k| a[row][k] * b[k][column]);
                let wanted = products.sum::<f32>() + c[row][column];
                let got = if form.half_sum {
                    from_half(got[i / 2] >> (16 * (i & 1)))
                } else {
                    f32::from_bits(got[i])
                };
                assert_eq!(got, wanted, "{text} at {row}, {column}");
            }
        }
    }
}

/// `tf32` reads 19 bits of a number.
#[test]
fn factors_are_cut() {
    let device = device();
    let x = 1.0f32 + 1.0 / 1024.0 + 1.0 / 8_388_608.0;
    let inputs = vec![vec![x.to_bits(), 1f32.to_bits(), 0]; 32];
    let text = "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32 {d0, d1, d2, d3}, {a0, a0}, {a1}, {a2, a2, a2, a2};";
    let wanted = (4.0 * (1.0 + 1.0 / 1024.0f32)).to_bits();
    assert!(run(&device, 80, text, &inputs, 4).iter().flatten().all(|d| *d == wanted));
}

/// Element (row, column) of matrix `q` is `q * 64 + row * 8 + column`, in rows of 16 bytes.
fn element(q: usize, row: usize, column: usize) -> u32 {
    (64 * q + 8 * row + column) as u32
}

#[test]
fn matrices_are_loaded() {
    let device = device();
    // Each lane writes a row of eight elements: four matrices in all.
    let row =
        |lane: usize| (0..4).map(|c| element(0, lane, 2 * c) | element(0, lane, 2 * c + 1) << 16).collect();
    let inputs: Vec<Vec<u32>> = (0..32).map(row).collect();
    let begin = "shl.b32 i, i, 4;\nmov.u32 s, room;\nadd.u32 s, s, i;\nst.shared.v4.b32 [s], {a0, a1, a2, a3};\n\
        bar.sync 0;\n";
    for (count, name) in [(1, "x1"), (2, "x2"), (4, "x4")] {
        for transposed in [false, true] {
            let trans = if transposed { ".trans" } else { "" };
            let text = format!(
                "{begin}ldmatrix.sync.aligned.m8n8.{name}{trans}.shared.b16 {}, [s];\nshr.u32 i, i, 4;",
                names("d", 0, count)
            );
            for (lane, got) in run(&device, 80, &text, &inputs, count).iter().enumerate() {
                for (q, got) in got.iter().enumerate() {
                    let (row, column) = (lane / 4, lane % 4 * 2);
                    let wanted = match transposed {
                        false => element(q, row, column) | element(q, row, column + 1) << 16,
                        true => element(q, column, row) | element(q, column + 1, row) << 16,
                    };
                    assert_eq!(*got, wanted, "{name}{trans}, lane {lane}, matrix {q}");
                }
            }
        }
    }
}

#[test]
fn matrices_are_stored() {
    let device = device();
    configure("capability", "9.0");
    // Lane by lane as `ldmatrix` would give them.
    let fragment = |lane: usize| {
        let (row, column) = (lane / 4, lane % 4 * 2);
        (0..4).map(|q| element(q, row, column) | element(q, row, column + 1) << 16).collect()
    };
    let inputs: Vec<Vec<u32>> = (0..32).map(fragment).collect();
    for transposed in [false, true] {
        let trans = if transposed { ".trans" } else { "" };
        let text = format!(
            "shl.b32 i, i, 4;\nmov.u32 s, room;\nadd.u32 s, s, i;\n\
            stmatrix.sync.aligned.m8n8.x4{trans}.shared.b16 [s], {{a0, a1, a2, a3}};\nbar.sync 0;\n\
            ld.shared.v4.b32 {{d0, d1, d2, d3}}, [s];\nshr.u32 i, i, 4;"
        );
        for (lane, got) in run(&device, 90, &text, &inputs, 4).iter().enumerate() {
            for (pair, got) in got.iter().enumerate() {
                let (q, row) = (lane / 8, lane % 8);
                let at = |column| if transposed { element(q, column, row) } else { element(q, row, column) };
                assert_eq!(*got, at(2 * pair) | at(2 * pair + 1) << 16, "{trans}, lane {lane}");
            }
        }
    }
}
