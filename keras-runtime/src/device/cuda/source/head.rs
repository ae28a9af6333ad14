//! The ends of a model: last activation, loss of each sample, and slope by the logits.
//!
//! A warp has a sample. Losses that have a formula of their own together with the activation are computed here; all others but those
//! that users write as functions of Rust by kernels that are made when they are first met. Those are the host's, to which the logits
//! go, and from which predictions and slopes come.

use std::fmt::Write;

use super::formula::{further, number};
use super::{PORTS, PRELUDE, Step, Text, address, is_aligned};
use crate::compiled::{Buf, Head, OutputSpec, Space, Spec};
use crate::device::cpu::simd::symbol::{Fold, Given, RowFormula};
use crate::loss::ToldRows;

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
    /// A kernel of its own: which of those that were compiled.
    Own(usize),
    /// Nothing: the host does it.
    Host,
}

/// A head of a phase: where it finds and leaves its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The output.
    pub output: usize,
    /// Logits.
    pub z: Buf,
    /// Slopes, where losses are set.
    pub dz: Option<Buf>,
    /// What steps count, which a mask says.
    pub weights: Option<Buf>,
}

impl Slope {
    /// Every kind that has a kernel in any model.
    pub const ALL: [Slope; 4] = [Slope::Activation, Slope::Softmax, Slope::Sparse, Slope::Sigmoid];

    /// The kernel for a head.
    pub fn kernel(self, end: &End) -> String {
        let place = |buf: Buf| match buf.space {
            Space::Output(i) => format!("out{i}"),
            Space::Input(i) => format!("in{i}"),
            space => format!("{space:?}{}", buf.offset).to_lowercase(),
        };
        let to = end.dz.map_or("none".into(), place);
        let kind = match self {
            Slope::Own(_) => "own".into(),
            slope => format!("{slope:?}").to_lowercase(),
        };
        let masked = end.weights.map_or(String::new(), |weights| format!("_{}", place(weights)));
        format!("head{}_{kind}_{}_{to}{masked}", end.output, place(end.z))
    }
}

/// The heads of all phases, for every loss of `slopes` that they may be given.
pub fn print(text: &mut Text, spec: &Spec, phases: [&Vec<Step>; 3], slopes: &[Slope]) {
    let mut done = vec![];
    for step in phases.into_iter().flatten() {
        let Step::Head(end) = step else { continue };
        assert!(end.output < PORTS, "a model has at most {PORTS} outputs");
        for &slope in slopes {
            let name = slope.kernel(end);
            if done.contains(&name) {
                continue;
            }
            let output = &spec.outputs[end.output];
            let body = match slope {
                Slope::Activation => activation(end, output),
                Slope::Softmax | Slope::Sparse => softmax(end, output, slope == Slope::Sparse),
                Slope::Sigmoid => sigmoid(end, output),
                Slope::Own(_) | Slope::Host => continue,
            };
            let _ = writeln!(text.text, "\nKERNEL({name}) {{\n{body}}}");
            done.push(name);
        }
    }
}

/// Samples of a block.
pub const SAMPLES: usize = 8;

/// Words of the last axis.
pub fn classes_of(spec: &OutputSpec<'_>) -> usize {
    spec.shape.last().copied().unwrap_or(1).max(1)
}

/// The sample `b` of a warp, its words, and where they are.
fn start(End { output, z, .. }: &End) -> String {
    let mut body = String::from(
        "    u32 lane = threadIdx.x % 32u, b = blockIdx.x * 8u + threadIdx.x / 32u;\n    if (b >= batch) return;\n",
    );
    let _ = writeln!(
        body,
        "    const float *z = {};\n    float *p = m.out[{output}] + (u64)b * {};",
        address(z, 0, "b"),
        z.len
    );
    body
}

/// Words of control for an output, what steps of the sample count, and where slopes go.
fn weights(End { output, dz, weights, .. }: &End) -> String {
    let mut body = format!(
        "    const u32 *control = m.control + HEADS + {output} * 4;\n    u32 width = control[0], steps = max(control[1], 1u);\n    float scale = __uint_as_float(control[2]), setting = __uint_as_float(control[3]);\n    const float *y = m.targets[{output}] + (u64)b * width;\n    const float *weights = control[1] > 0 ? m.weights[{output}] + (u64)b * steps : 0;\n    float loss = 0.0f;\n"
    );
    if let Some(weights) = weights {
        let _ = writeln!(body, "    const float *counted = {};", address(weights, 0, "b"));
        let _ = writeln!(
            body,
            "    for (u32 i = lane; i < {0}u; i += 32u) m.masks[{output}][(u64)b * {0} + i] = counted[i] != 0.0f ? 1.0f : 0.0f;",
            weights.len
        );
    }
    if let Some(dz) = dz {
        let _ = writeln!(body, "    float *dz = {};", address(dz, 0, "b"));
    }
    body
}

/// What place `q` of `count` (both expressions) counts. There are as many places as steps of either kind, or several for each.
fn counts(end: &End, q: &str, count: &str) -> String {
    let own = format!("(weights ? weights[{q} / ({count} / steps)] : 1.0f)");
    match end.weights {
        None => own,
        Some(Buf { len: 1, .. }) => format!("{own} * counted[0]"),
        Some(weights) => format!("{own} * counted[{q} / ({count} / {}u)]", weights.len),
    }
}

const WARP: &str =
    "for (int d = 16; d > 0; d /= 2) { float o = __shfl_xor_sync(0xffffffffu, X, d); X = COMBINED; }";

pub fn fold(fold: Fold, x: &str) -> String {
    let combined = match fold {
        Fold::Sum => "X + o",
        Fold::Max => "maximum(X, o)",
        Fold::Min => "minimum(X, o)",
    };
    WARP.replace("COMBINED", combined).replace('X', x)
}

pub fn sum(x: &str) -> String {
    fold(Fold::Sum, x)
}

fn activation(end: &End, spec: &OutputSpec<'_>) -> String {
    let (words, classes) = (end.z.len, classes_of(spec));
    let mut body = start(end);
    let _ = match spec.head {
        Head::Linear => writeln!(body, "    for (u32 i = lane; i < {words}u; i += 32u) p[i] = z[i];"),
        Head::Sigmoid => {
            writeln!(body, "    for (u32 i = lane; i < {words}u; i += 32u) p[i] = sigmoid(z[i]);")
        }
        Head::Softmax => writeln!(
            body,
            "    for (u32 q = 0; q < {words}u; q += {classes}u) {{\n    float top = number(0xff800000u), sum = 0.0f;\n    for (u32 c = lane; c < {classes}u; c += 32u) top = maximum(top, z[q + c]);\n    {}\n    for (u32 c = lane; c < {classes}u; c += 32u) {{ float e = expf(z[q + c] - top); p[q + c] = e; sum += e; }}\n    {}\n    sum = 1.0f / sum;\n    for (u32 c = lane; c < {classes}u; c += 32u) p[q + c] *= sum;\n    }}",
            fold(Fold::Max, "top"),
            sum("sum")
        ),
    };
    body
}

/// From the slopes by the predictions to those by the logits, when all lanes have left theirs.
fn through(end: &End, spec: &OutputSpec<'_>) -> String {
    let (words, classes) = (end.z.len, classes_of(spec));
    match spec.head {
        Head::Linear => String::new(),
        Head::Sigmoid => format!(
            "    __syncwarp();\n    for (u32 i = lane; i < {words}u; i += 32u) dz[i] *= p[i] * (1.0f - p[i]);\n"
        ),
        Head::Softmax => format!(
            "    __syncwarp();\n    for (u32 q = 0; q < {words}u; q += {classes}u) {{\n    float dot = 0.0f;\n    for (u32 i = q + lane; i < q + {classes}u; i += 32u) dot += dz[i] * p[i];\n    {}\n    for (u32 i = q + lane; i < q + {classes}u; i += 32u) dz[i] = p[i] * (dz[i] - dot);\n    }}\n",
            sum("dot")
        ),
    }
}

fn softmax(end: &End, spec: &OutputSpec<'_>, sparse: bool) -> String {
    let classes = classes_of(spec);
    let positions = (end.z.len / classes).max(1);
    let mut body = start(end) + &weights(end);
    let _ = writeln!(body, "    for (u32 q = 0; q < {positions}u; q++) {{");
    let _ = writeln!(body, "    float counts = {};", counts(end, "q", &format!("{positions}u")));
    let _ = writeln!(
        body,
        "    const float *x = z + q * {classes}u;\n    float top = number(0xff800000u), sum = 0.0f, total = 0.0f, dot = 0.0f;"
    );
    // Of many classes a lane has four neighbours at once.
    let fours = classes >= 128
        && classes.is_multiple_of(4)
        && is_aligned(&end.z, 0)
        && end.dz.is_none_or(|dz| is_aligned(&dz, 0));
    let target_at = format!("y + q * {classes}u + c");
    let (width, load, load_target, store) = match fours {
        true => (
            4,
            "load_four(x + c, 4u, xs);".to_string(),
            format!("load_four({target_at}, 4u, ys);"),
            "store_four",
        ),
        false => (1, "xs[0] = x[c];".to_string(), format!("ys[0] = *({target_at});"), ""),
    };
    let load_target = if sparse { String::new() } else { load_target };
    let each =
        format!("    for (u32 c = lane * {width}u; c < {classes}u; c += {}u) {{\n    {load}", 32 * width);
    let elements = format!("#pragma unroll\n    for (u32 v = 0; v < {width}u; v++)");
    let stored = |to: &str, from: &str| match fours {
        true => format!("    {store}({to} + q * {classes}u + c, 4u, {from});"),
        false => format!("    {to}[q * {classes}u + c] = {from}[0];"),
    };
    let _ = writeln!(body, "    float xs[{width}];");
    let _ = writeln!(
        body,
        "{each}\n{elements} top = maximum(top, xs[v]);\n    }}\n    {}",
        fold(Fold::Max, "top")
    );
    // The setting is the class that is left out, not a number where none is, or the label smoothing.
    let target = match sparse {
        true => "(y[q] == (float)(c + v) ? 1.0f : 0.0f)".to_string(),
        false => {
            let _ = writeln!(body, "    float ys[{width}];");
            format!("(ys[v] * (1.0f - setting) + setting / {classes}.0f)")
        }
    };
    let _ = writeln!(
        body,
        "{each}\n    {load_target}\n{elements} {{\n    float t = {target};\n    total += t;\n    if (t != 0.0f) dot += t * (xs[v] - top);\n    sum += expf(xs[v] - top);\n    }}\n    }}"
    );
    let _ = writeln!(body, "    {}\n    {}\n    {}", sum("sum"), sum("total"), sum("dot"));
    let ignored = if sparse { "y[q] == setting" } else { "false" };
    let _ = writeln!(
        body,
        "    bool ignored = {ignored};\n    if (!ignored) loss += counts * (total * logf(sum) - dot);\n    float inverse = 1.0f / sum;"
    );
    let predicted = if spec.head == Head::Linear { "xs[v]" } else { "share" };
    let sloped = end.dz.is_some();
    let slope = format!(
        "    float t = {target};\n    ds[v] = ignored ? 0.0f : (share * total - t) * (scale * counts / (float){positions}u);\n"
    );
    let _ = writeln!(
        body,
        "{each}\n    {}\n    float ps[{width}], ds[{width}];\n{elements} {{\n    float share = expf(xs[v] - top) * inverse;\n    ps[v] = {predicted};\n{}    }}\n{}",
        if sloped { &load_target[..] } else { "" },
        if sloped { &slope[..] } else { "" },
        stored("p", "ps")
    );
    if sloped {
        let _ = writeln!(body, "{}", stored("dz", "ds"));
    }
    let _ = writeln!(
        body,
        "    }}\n    }}\n    if (lane == 0) m.losses[{}][b] = loss / {positions}.0f;",
        end.output
    );
    body
}

fn sigmoid(end: &End, spec: &OutputSpec<'_>) -> String {
    let words = end.z.len;
    let mut body = start(end) + &weights(end);
    let _ = writeln!(
        body,
        "    for (u32 i = lane; i < {words}u; i += 32u) {{\n    float counts = {};",
        counts(end, "i", &format!("{words}u"))
    );
    let _ = writeln!(body, "    float one = z[i], t = y[i] * (1.0f - setting) + 0.5f * setting;");
    let _ = writeln!(
        body,
        "    loss += counts * ((one < 0.0f ? 0.0f : one) - one * t + log1pf(expf(-fabsf(one))));"
    );
    let predicted = if spec.head == Head::Linear { "one" } else { "share" };
    let _ = writeln!(body, "    float share = sigmoid(one);\n    p[i] = {predicted};");
    if end.dz.is_some() {
        let _ = writeln!(body, "    dz[i] = (share - t) * (scale * counts / {words}.0f);");
    }
    let _ = writeln!(
        body,
        "    }}\n    {}\n    if (lane == 0) m.losses[{}][b] = loss / {words}.0f;",
        sum("loss"),
        end.output
    );
    body
}

/// The heads of output `output` in `phases`, each kind once.
pub fn ends(output: usize, phases: [&[Step]; 2]) -> Vec<End> {
    let mut found: Vec<End> = vec![];
    for step in phases.into_iter().flatten() {
        match step {
            Step::Head(end) if end.output == output && !found.contains(end) => found.push(*end),
            _ => {}
        }
    }
    found
}

/// A kernel of its own for each head of output `output` in `phases` that `body` makes, and their names.
fn own(output: usize, phases: [&[Step]; 2], body: impl Fn(&End) -> String) -> (String, Vec<String>) {
    let mut text = String::new();
    let names = ends(output, phases).into_iter().map(|end| {
        let name = Slope::Own(0).kernel(&end);
        let _ = writeln!(text, "\nKERNEL({name}) {{\n{}}}", body(&end));
        name
    });
    let names = names.collect();
    (text, names)
}

/// The kernels of output `output` for a loss that is told by rows, and their names.
pub fn rows(
    output: usize,
    spec: &OutputSpec<'_>,
    loss: &dyn ToldRows,
    phases: [&[Step]; 2],
) -> (String, Vec<String>) {
    let [plain, sloped] = [false, true].map(|sloped| loss.formula(sloped));
    let (text, names) = own(output, phases, |end| {
        let formula = if end.dz.is_some() { &sloped } else { &plain };
        mean_of_rows(end, spec, loss.is_whole(), formula)
    });
    (format!("{PRELUDE}{text}"), names)
}

/// Predictions, then row by row what the formula says, then back through the activation.
fn mean_of_rows(end: &End, spec: &OutputSpec<'_>, whole: bool, formula: &RowFormula) -> String {
    let (words, classes) = (end.z.len, classes_of(spec));
    let mut body = activation(end, spec) + &weights(end);
    let _ = match whole {
        // A step that has a weight is a row.
        true => writeln!(
            body,
            "    u32 rows = max(steps, {}u), columns = {words}u / rows;",
            end.weights.map_or(1, |weights| weights.len)
        ),
        false => writeln!(body, "    const u32 rows = {}u, columns = {classes}u;", (words / classes).max(1)),
    };
    let _ = writeln!(body, "    __syncwarp();\n    for (u32 q = 0; q < rows; q++) {{");
    let _ = writeln!(
        body,
        "    const float *t = y + q * (width / rows), *x = p + q * columns;\n    float counts = {};",
        counts(end, "q", "rows")
    );
    if end.dz.is_some() {
        let _ = writeln!(body, "    float *d = dz + q * columns, by = scale * counts / (float)rows;");
    }
    let result = row(&mut body, formula, ["x[i]", "x[(u32)t[0]]"]);
    let _ = writeln!(body, "    loss += counts * ({result});\n    }}");
    if end.dz.is_some() {
        body += &through(end, spec);
    }
    let _ = writeln!(body, "    if (lane == 0) m.losses[{}][b] = loss / (float)rows;", end.output);
    body
}

/// Statements for what a formula says of a row of targets `t`, of which each lane of a warp has some elements, and of predictions (expressions:
/// that of an element, and the one that the target names); its result, as an expression. Slopes go to `d`, multiplied with `by`.
pub fn row(body: &mut String, formula: &RowFormula, [prediction, named]: [&str; 2]) -> String {
    let argument = |i: u32| {
        let fixed: [(Given, &str); 6] = [
            (Given::Target, "t[i]"),
            (Given::Prediction, prediction),
            (Given::Index, "(float)i"),
            (Given::Len, "(float)columns"),
            (Given::Label, "t[0]"),
            (Given::Named, named),
        ];
        match fixed.iter().find(|(given, _)| *given as u32 == i) {
            Some((_, text)) => text.to_string(),
            None => format!("r{}", i - Given::Folded as u32),
        }
    };
    let mut names = vec![];
    for (k, pass) in formula.passes.iter().enumerate() {
        *body += &further(&mut names, &formula.body[..pass.body.start], argument, "v", number);
        let first = match pass.fold {
            Some((Fold::Sum, _)) => "0.0f",
            Some((Fold::Max, _)) => "number(0xff800000u)",
            Some((Fold::Min, _)) => "number(0x7f800000u)",
            None => "",
        };
        if !first.is_empty() {
            let _ = writeln!(body, "    float r{k} = {first};");
        }
        let _ = writeln!(body, "    for (u32 i = lane; i < columns; i += 32u) {{");
        *body += &further(&mut names, &formula.body[..pass.body.end], argument, "v", number);
        for (_, slope) in &pass.stores {
            let _ = writeln!(body, "    d[i] = ({}) * by;", names[*slope as usize]);
        }
        if let Some((how, at)) = pass.fold {
            let one = &names[at as usize];
            let _ = match how {
                Fold::Sum => writeln!(body, "    r{k} += {one};"),
                Fold::Max => writeln!(body, "    r{k} = maximum(r{k}, {one});"),
                Fold::Min => writeln!(body, "    r{k} = minimum(r{k}, {one});"),
            };
        }
        let _ = writeln!(body, "    }}");
        if let Some((how, _)) = pass.fold {
            let _ = writeln!(body, "    {}", fold(how, &format!("r{k}")));
        }
    }
    *body += &further(&mut names, &formula.body, argument, "v", number);
    names[formula.results[0] as usize].clone()
}

/// The kernels of output `output` that end what a loss of its own model has left: losses without weights, and in the workspace
/// slopes by the predictions. And their names.
pub fn closing(output: usize, spec: &OutputSpec<'_>, phases: [&[Step]; 2]) -> (String, Vec<String>) {
    own(output, phases, |end| last(end, spec, true))
}

/// From slopes by the predictions in the workspace to those by the logits. If it `counts`, losses and slopes are without what
/// samples count.
pub fn last(end: &End, spec: &OutputSpec<'_>, counts: bool) -> String {
    let words = end.z.len;
    let mut body = start(end) + &weights(end) + "    float counts = weights ? weights[0] : 1.0f;\n";
    body += &of_whole(end);
    if end.dz.is_some() {
        let factor = if counts { " * (scale * counts)" } else { "" };
        let _ = writeln!(
            body,
            "    const float *by = m.work + (u64)b * {words};\n    for (u32 i = lane; i < {words}u; i += 32u) dz[i] = by[i]{factor};"
        );
        body += &through(end, spec);
    }
    if counts {
        let _ = writeln!(body, "    if (lane == 0) m.losses[{}][b] *= counts;", end.output);
    }
    body
}

/// Statements that multiply `counts` with what the steps of sample `b` count in the mean.
pub fn of_whole(end: &End) -> String {
    let Some(steps) = end.weights else { return String::new() };
    format!(
        "    float stepped = 0.0f;\n    for (u32 i = 0; i < {0}u; i++) stepped += {1}[i];\n    counts *= stepped / {0}.0f;\n",
        steps.len,
        address(&steps, 0, "b")
    )
}
