//! The ends of a model: last activation, loss of each sample, and slope by the logits.
//!
//! A warp has a sample. Losses that have a formula of their own together with the activation are computed here, and those that are
//! means of terms by kernels that are made of their formulas; others by the host, to which the logits go, and from which
//! predictions and slopes come.

use std::fmt::Write;

use super::formula::{number, statements};
use super::{PORTS, Step, Text, address};
use crate::compiled::{Buf, Head, OutputSpec, Space, Spec};
use crate::device::cpu::simd::symbol::Formula;

/// What a head computes beside the predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slope {
    /// Nothing.
    Activation,
    /// Cross-entropy with one word for each class.
    Softmax,
    /// Cross-entropy with class indices.
    Sparse,
    /// Cross-entropy with the sigmoid of each word.
    Sigmoid,
    /// The mean of terms that a formula gives: which of those that were compiled.
    Terms(usize),
    /// Nothing: the host does it.
    Host,
}

impl Slope {
    /// Every kind that has a kernel.
    pub const ALL: [Slope; 4] = [Slope::Activation, Slope::Softmax, Slope::Sparse, Slope::Sigmoid];

    /// The kernel for output `output`, and whether it leaves slopes, of the phase that is `variant`.
    pub fn kernel(self, output: usize, z: &Buf, dz: Option<&Buf>) -> String {
        let place = |buf: &Buf| match buf.space {
            Space::Output(i) => format!("out{i}"),
            Space::Input(i) => format!("in{i}"),
            space => format!("{space:?}{}", buf.offset).to_lowercase(),
        };
        let to = dz.map_or("none".into(), place);
        let kind = match self {
            Slope::Terms(_) => "terms".into(),
            slope => format!("{slope:?}").to_lowercase(),
        };
        format!("head{output}_{kind}_{}_{to}", place(z))
    }
}

/// The heads of all phases, for every loss that they may be given.
pub fn print(text: &mut Text, spec: &Spec, phases: [&Vec<Step>; 3]) {
    let mut done = vec![];
    for step in phases.into_iter().flatten() {
        let Step::Head { output, z, dz, .. } = step else { continue };
        assert!(*output < PORTS, "a model has at most {PORTS} outputs");
        for slope in Slope::ALL {
            let name = slope.kernel(*output, z, dz.as_ref());
            if done.contains(&name) {
                continue;
            }
            let spec = &spec.outputs[*output];
            let classes = spec.shape.last().copied().unwrap_or(1).max(1);
            let body = match slope {
                Slope::Activation => activation(*output, z, spec.head, classes),
                Slope::Softmax | Slope::Sparse => {
                    softmax(*output, z, dz.as_ref(), spec.head, classes, slope == Slope::Sparse)
                }
                Slope::Sigmoid => sigmoid(*output, z, dz.as_ref(), spec.head),
                Slope::Terms(_) | Slope::Host => continue,
            };
            let _ = writeln!(text.text, "\nKERNEL({name}) {{\n{body}}}");
            done.push(name);
        }
    }
}

/// Samples of a block.
pub const SAMPLES: usize = 8;

/// The sample `b` of a warp, its words, and where they are.
fn start(output: usize, words: usize, z: &Buf) -> String {
    let mut body = String::from(
        "    u32 lane = threadIdx.x % 32u, b = blockIdx.x * 8u + threadIdx.x / 32u;\n    if (b >= batch) return;\n",
    );
    let _ = writeln!(
        body,
        "    const float *z = {};\n    float *p = m.out[{output}] + (u64)b * {words};",
        address(z, 0, "b")
    );
    body
}

/// Words of control for an output, and what a step of the sample counts.
fn weights(output: usize) -> String {
    format!(
        "    const u32 *control = m.control + HEADS + {output} * 4;\n    u32 width = control[0], steps = max(control[1], 1u);\n    float scale = __uint_as_float(control[2]), smoothing = __uint_as_float(control[3]);\n    const float *y = m.targets[{output}] + (u64)b * width;\n    const float *weights = control[1] > 0 ? m.weights[{output}] + (u64)b * steps : 0;\n    float loss = 0.0f;\n"
    )
}

const WARP_SUM: &str =
    "for (int d = 16; d > 0; d /= 2) { float o = __shfl_xor_sync(0xffffffffu, X, d); X = X + o; }";
const WARP_MAX: &str =
    "for (int d = 16; d > 0; d /= 2) { float o = __shfl_xor_sync(0xffffffffu, X, d); X = maximum(X, o); }";

fn sum(x: &str) -> String {
    WARP_SUM.replace('X', x)
}

fn activation(output: usize, z: &Buf, head: Head, classes: usize) -> String {
    let words = z.len;
    let mut body = start(output, words, z);
    let _ = match head {
        Head::Linear => writeln!(body, "    for (u32 i = lane; i < {words}u; i += 32u) p[i] = z[i];"),
        Head::Sigmoid => {
            writeln!(body, "    for (u32 i = lane; i < {words}u; i += 32u) p[i] = sigmoid(z[i]);")
        }
        Head::Softmax => writeln!(
            body,
            "    for (u32 q = 0; q < {words}u; q += {classes}u) {{\n    float top = number(0xff800000u), sum = 0.0f;\n    for (u32 c = lane; c < {classes}u; c += 32u) top = maximum(top, z[q + c]);\n    {}\n    for (u32 c = lane; c < {classes}u; c += 32u) {{ float e = expf(z[q + c] - top); p[q + c] = e; sum += e; }}\n    {}\n    sum = 1.0f / sum;\n    for (u32 c = lane; c < {classes}u; c += 32u) p[q + c] *= sum;\n    }}",
            WARP_MAX.replace('X', "top"),
            sum("sum")
        ),
    };
    body
}

fn softmax(output: usize, z: &Buf, dz: Option<&Buf>, head: Head, classes: usize, sparse: bool) -> String {
    let words = z.len;
    let positions = (words / classes).max(1);
    let mut body = start(output, words, z) + &weights(output);
    if let Some(dz) = dz {
        let _ = writeln!(body, "    float *dz = {};", address(dz, 0, "b"));
    }
    let _ = writeln!(body, "    u32 per = {positions}u / steps;");
    let _ = writeln!(body, "    for (u32 q = 0; q < {positions}u; q++) {{");
    let _ = writeln!(body, "    float counts = weights ? weights[q / per] : 1.0f;");
    let _ = writeln!(
        body,
        "    const float *x = z + q * {classes}u;\n    float top = number(0xff800000u), sum = 0.0f, total = 0.0f, dot = 0.0f;"
    );
    let _ = writeln!(
        body,
        "    for (u32 c = lane; c < {classes}u; c += 32u) top = maximum(top, x[c]);\n    {}",
        WARP_MAX.replace('X', "top")
    );
    let target = match sparse {
        true => "(y[q] == (float)c ? 1.0f : 0.0f)".to_string(),
        false => format!("(y[q * {classes}u + c] * (1.0f - smoothing) + smoothing / {classes}.0f)"),
    };
    let _ = writeln!(
        body,
        "    for (u32 c = lane; c < {classes}u; c += 32u) {{\n    float t = {target};\n    total += t;\n    if (t != 0.0f) dot += t * (x[c] - top);\n    sum += expf(x[c] - top);\n    }}"
    );
    let _ = writeln!(body, "    {}\n    {}\n    {}", sum("sum"), sum("total"), sum("dot"));
    let _ =
        writeln!(body, "    loss += counts * (total * logf(sum) - dot);\n    float inverse = 1.0f / sum;");
    let _ = writeln!(
        body,
        "    for (u32 c = lane; c < {classes}u; c += 32u) {{\n    float one = x[c], share = expf(one - top) * inverse;"
    );
    let _ =
        writeln!(body, "    p[q * {classes}u + c] = {};", if head == Head::Linear { "one" } else { "share" });
    if dz.is_some() {
        let _ = writeln!(
            body,
            "    float t = {target};\n    dz[q * {classes}u + c] = (share * total - t) * (scale * counts / (float){positions}u);"
        );
    }
    let _ =
        writeln!(body, "    }}\n    }}\n    if (lane == 0) m.losses[{output}][b] = loss / {positions}.0f;");
    body
}

fn sigmoid(output: usize, z: &Buf, dz: Option<&Buf>, head: Head) -> String {
    let words = z.len;
    let mut body = start(output, words, z) + &weights(output);
    if let Some(dz) = dz {
        let _ = writeln!(body, "    float *dz = {};", address(dz, 0, "b"));
    }
    let _ = writeln!(body, "    u32 per = {words}u / steps;");
    let _ = writeln!(
        body,
        "    for (u32 i = lane; i < {words}u; i += 32u) {{\n    float counts = weights ? weights[i / per] : 1.0f;"
    );
    let _ = writeln!(body, "    float one = z[i], t = y[i] * (1.0f - smoothing) + 0.5f * smoothing;");
    let _ = writeln!(
        body,
        "    loss += counts * ((one < 0.0f ? 0.0f : one) - one * t + log1pf(expf(-fabsf(one))));"
    );
    let _ = writeln!(
        body,
        "    float share = sigmoid(one);\n    p[i] = {};",
        if head == Head::Linear { "one" } else { "share" }
    );
    if dz.is_some() {
        let _ = writeln!(body, "    dz[i] = (share - t) * (scale * counts / {words}.0f);");
    }
    let _ = writeln!(
        body,
        "    }}\n    {}\n    if (lane == 0) m.losses[{output}][b] = loss / {words}.0f;",
        sum("loss")
    );
    body
}

/// The kernels of output `output` for a loss that is the mean of terms, in `phases`, and their names.
pub fn terms(
    output: usize,
    spec: &OutputSpec<'_>,
    formula: &Formula,
    phases: [&[Step]; 2],
) -> (String, Vec<String>) {
    let (mut text, mut names) = (String::from(super::PRELUDE), vec![]);
    for step in phases.into_iter().flatten() {
        let Step::Head { output: of, z, dz, .. } = step else { continue };
        let name = Slope::Terms(0).kernel(*of, z, dz.as_ref());
        if *of == output && !names.contains(&name) {
            let body = mean_of_terms(output, z, dz.as_ref(), spec, formula);
            let _ = writeln!(text, "\nKERNEL({name}) {{\n{body}}}");
            names.push(name);
        }
    }
    (text, names)
}

/// Predictions, then the terms of each, then back through the activation: every lane has words of its own throughout.
fn mean_of_terms(
    output: usize,
    z: &Buf,
    dz: Option<&Buf>,
    spec: &OutputSpec<'_>,
    formula: &Formula,
) -> String {
    let (words, classes) = (z.len, spec.shape.last().copied().unwrap_or(1).max(1));
    let mut body = activation(output, z, spec.head, classes) + &weights(output);
    if let Some(dz) = dz {
        let _ = writeln!(body, "    float *dz = {};", address(dz, 0, "b"));
    }
    // The slope of a softmax is that of all classes of a position.
    let (runs, run) = if spec.head == Head::Softmax { (words / classes, classes) } else { (1, words) };
    let _ = writeln!(body, "    u32 per = {words}u / steps;");
    let _ = writeln!(body, "    for (u32 q = 0; q < {}u; q += {run}u) {{\n    float dot = 0.0f;", runs * run);
    let _ = writeln!(
        body,
        "    for (u32 i = q + lane; i < q + {run}u; i += 32u) {{\n    float counts = weights ? weights[i / per] : 1.0f, one = p[i];"
    );
    let (lines, results) = statements(formula, &["y[i]".into(), "one".into()], "v", number);
    let _ = writeln!(body, "{lines}    loss += counts * ({});", results[0]);
    if dz.is_some() {
        let _ = writeln!(body, "    float by = ({}) * (scale * counts / {words}.0f);", results[1]);
        let _ = match spec.head {
            Head::Linear => writeln!(body, "    dz[i] = by;"),
            Head::Sigmoid => writeln!(body, "    dz[i] = by * (one * (1.0f - one));"),
            Head::Softmax => writeln!(body, "    dz[i] = by;\n    dot += by * one;"),
        };
    }
    body += "    }\n";
    if dz.is_some() && spec.head == Head::Softmax {
        let _ = writeln!(
            body,
            "    {}\n    for (u32 i = q + lane; i < q + {run}u; i += 32u) dz[i] = p[i] * (dz[i] - dot);",
            sum("dot")
        );
    }
    let _ = writeln!(
        body,
        "    }}\n    {}\n    if (lane == 0) m.losses[{output}][b] = loss / {words}.0f;",
        sum("loss")
    );
    body
}
