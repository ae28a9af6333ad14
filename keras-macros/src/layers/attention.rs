//! Attention: what to look at, by products of queries with keys.

mod axes;

use super::{
    ACTIVITY_REGULARIZER, Entry, Family, Kind, Masks, Operands, Param, SEED, Use, optional, required,
    unsupported,
};
use crate::diag::{Message, Reported};
use crate::graph::{Builder, Tensor};
use crate::ir::{Binary, Dim, Id, Init, ReduceKind, Shape, Start, Unary};
use axes::Axes;

const CAUSAL: Param = optional(
    "use_causal_mask",
    Kind::Flag,
    "false",
    "Whether a step of the query sees only the steps of the value up to its own.",
);
const DROPOUT: Param =
    optional("dropout", Kind::Rate, "0.0", "The fraction of the attention weights to drop.");
const USE_BIAS: Param = optional("use_bias", Kind::Flag, "true", "Whether projections add a bias.");
const KERNEL: Param =
    optional("kernel_initializer", Kind::Initializer, "glorot_uniform", "How the kernels start.");
const BIAS: Param = optional("bias_initializer", Kind::Initializer, "zeros", "How the biases start.");
const KERNEL_PENALTY: Param =
    optional("kernel_regularizer", Kind::Regularizer, "None", "What the loss has for the kernels.");
const BIAS_PENALTY: Param =
    optional("bias_regularizer", Kind::Regularizer, "None", "What the loss has for the biases.");
const KERNEL_BOUND: Param =
    optional("kernel_constraint", Kind::Constraint, "None", "What each step makes the kernels be.");
const BIAS_BOUND: Param =
    optional("bias_constraint", Kind::Constraint, "None", "What each step makes the biases be.");

const WINDOW: Param = optional(
    "sliding_window",
    Kind::Size,
    "None",
    "A step of the query sees only steps of the value that are fewer than this from its own, on either side.",
);
const GATE: Param = optional(
    "use_gate",
    Kind::Flag,
    "false",
    "Whether what is found is multiplied by the `sigmoid` of a projection of the query.",
);

/// Keras: Attention layers.
pub const LAYERS: &[Entry] = &[
    Entry {
        name: "attention",
        aliases: &[],
        class: "Attention",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "A mean of the values, weighted by the softmax of the products of a query with the keys (Luong et al., 2015): \
              `(query, value) >> attention()`, or `(query, value, key) >> attention()`. Masks are those that query and value \
              come with, or, in their place, a fourth and a fifth operand: which steps of the query and of the value count.",
        shapes: "[batch, m, d], [batch, n, d] → [batch, m, d]",
        operands: Operands::AtLeast(2),
        params: &[
            optional("use_scale", Kind::Flag, "false", "Whether to learn a factor of the scores."),
            optional("score_mode", Kind::Choice(&["dot", "concat"]), "dot", "Products, or `tanh` of sums."),
            DROPOUT,
            SEED,
            CAUSAL,
        ],
        weights: &[("scale", "[]"), ("concat_score_weight", "[]")],
        apply: attention,
    },
    Entry {
        name: "additive_attention",
        aliases: &[],
        class: "AdditiveAttention",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Attention by `sum(scale * tanh(query + key))` (Bahdanau et al., 2014), with operands as `attention` has them.",
        shapes: "[batch, m, d], [batch, n, d] → [batch, m, d]",
        operands: Operands::AtLeast(2),
        params: &[
            optional("use_scale", Kind::Flag, "true", "Whether to learn the scale."),
            DROPOUT,
            SEED,
            CAUSAL,
        ],
        weights: &[("scale", "[d]")],
        apply: additive_attention,
    },
    Entry {
        name: "multi_head_attention",
        aliases: &[],
        class: "MultiHeadAttention",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Several attentions side by side, each with projections of its own (Vaswani et al., 2017): \
              `(query, value) >> multi_head_attention(8, 64)`, or `(query, value, key) >> ..`. Steps may have several axes, \
              such as those of an image: a step of the query looks at all steps of `attention_axes`, at the same place of \
              the others. A fourth operand is Keras's `attention_mask`, `[batch, m, n]`: where it is 0, that step of the \
              query does not see that step of the value.",
        shapes: "[batch, m, d], [batch, n, e] → [batch, m, d]; several axes of steps: [batch, ..., m, d], [batch, ..., n, e] → [batch, ..., m, d]",
        operands: Operands::AtLeast(2),
        params: &[
            required("num_heads", Kind::Size, "How many attentions there are."),
            required("key_dim", Kind::Size, "Size of a head's queries and keys."),
            optional(
                "value_dim",
                Kind::Size,
                "None",
                "Size of a head's values; `key_dim` if it is not given.",
            ),
            DROPOUT,
            USE_BIAS,
            optional(
                "output_shape",
                Kind::Size,
                "None",
                "Size of the result; that of the query if it is not given.",
            ),
            optional(
                "attention_axes",
                Kind::Integers,
                "None",
                "The axes of steps to look at, all of them if they are not given; the batch is axis 0.",
            ),
            WINDOW,
            unsupported("flash_attention"),
            KERNEL,
            BIAS,
            KERNEL_PENALTY,
            BIAS_PENALTY,
            ACTIVITY_REGULARIZER,
            KERNEL_BOUND,
            BIAS_BOUND,
            GATE,
            SEED,
            CAUSAL,
        ],
        weights: &[
            ("query/kernel", "[d, num_heads, key_dim]"),
            ("query/bias", "[num_heads, key_dim]"),
            ("key/kernel", "[e, num_heads, key_dim]"),
            ("key/bias", "[num_heads, key_dim]"),
            ("gate/kernel", "[d, num_heads, value_dim]"),
            ("gate/bias", "[num_heads, value_dim]"),
            ("value/kernel", "[e, num_heads, value_dim]"),
            ("value/bias", "[num_heads, value_dim]"),
            ("attention_output/kernel", "[num_heads, value_dim, d]"),
            ("attention_output/bias", "[d]"),
        ],
        apply: |b, u| {
            let (heads, key_dim) = (u.args.size("num_heads"), u.args.size("key_dim"));
            let value_dim = u.args.optional_size("value_dim").unwrap_or_else(|| key_dim.clone());
            multi_head(b, u, &heads, &heads, &key_dim, &value_dim)
        },
    },
    Entry {
        name: "group_query_attention",
        aliases: &["grouped_query_attention"],
        class: "GroupQueryAttention",
        family: Family::Layer,
        masks: Masks::Refused,
        doc: "Attention with several heads of queries for each head of keys and values (Ainslie et al., 2023), with operands \
              as `multi_head_attention` has them.",
        shapes: "[batch, m, d], [batch, n, e] → [batch, m, d]",
        operands: Operands::AtLeast(2),
        params: &[
            required("head_dim", Kind::Size, "Size of a head."),
            required("num_query_heads", Kind::Size, "Heads of queries."),
            required("num_key_value_heads", Kind::Size, "Heads of keys and values: a divisor of that."),
            DROPOUT,
            USE_BIAS,
            WINDOW,
            unsupported("flash_attention"),
            KERNEL,
            BIAS,
            KERNEL_PENALTY,
            BIAS_PENALTY,
            ACTIVITY_REGULARIZER,
            KERNEL_BOUND,
            BIAS_BOUND,
            GATE,
            SEED,
            CAUSAL,
        ],
        weights: &[
            ("query/kernel", "[d, num_query_heads, head_dim]"),
            ("query/bias", "[num_query_heads, head_dim]"),
            ("key/kernel", "[e, num_key_value_heads, head_dim]"),
            ("key/bias", "[num_key_value_heads, head_dim]"),
            ("gate/kernel", "[d, num_query_heads, head_dim]"),
            ("gate/bias", "[num_query_heads, head_dim]"),
            ("value/kernel", "[e, num_key_value_heads, head_dim]"),
            ("value/bias", "[num_key_value_heads, head_dim]"),
            ("attention_output/kernel", "[num_query_heads, head_dim, d]"),
            ("attention_output/bias", "[d]"),
        ],
        apply: |b, u| {
            let (heads, groups) = (u.args.size("num_query_heads"), u.args.size("num_key_value_heads"));
            if let (Some(n), Some(m)) = (heads.as_known(), groups.as_known())
                && n % m != 0
            {
                let headline = format!("{n} heads of queries cannot share {m} heads of keys and values");
                let message = Message::new(u.args.place("num_key_value_heads"), headline);
                return Err(b
                    .diag
                    .report(message.help("`num_key_value_heads` must divide `num_query_heads`")));
            }
            let size = u.args.size("head_dim");
            let y = multi_head(b, u, &heads, &groups, &size, &size)?;
            // In Keras both the last part and the layer have it.
            b.regularize_activity(u.args, &[y])?;
            Ok(y)
        },
    },
];

/// Query, value and key: `[batch, steps, size]` each, or, where steps may have several axes, `[batch, ..., steps, size]`.
/// `masks` are the operands that may follow them.
fn operands(
    b: &mut Builder,
    u: &Use,
    (several, same_size): (bool, bool),
    masks: &str,
    counts: &[usize],
) -> Result<[Id; 3], Reported> {
    if u.inputs.len() > 3 && !counts.contains(&u.inputs.len()) {
        let headline = format!(
            "`{}` takes a query, a value and a key, and then {masks}, but gets {} tensors",
            u.entry.name,
            u.inputs.len()
        );
        return Err(b.diag.report(Message::new(u.place, headline)));
    }
    let rank = b.graph.shape(u.x()).rank().max(2);
    for input in u.inputs.iter().take(3) {
        let shape = b.graph.shape(input.id);
        if shape.rank() < 2 || shape.rank() > 2 && !several {
            let headline = format!("`{}` takes [batch, steps, features], but is given {shape}", u.entry.name);
            let message = u.misfit(input, headline, format!("this layer is given {shape}"));
            let message = message.note(format!("`{}` makes {shape}", input.text));
            return Err(b
                .diag
                .report(message.help("give each step one axis of features: `reshape([steps, features])`")));
        }
        if shape.rank() != rank {
            let query = &u.inputs[0];
            let headline = format!("`{}` takes tensors of one rank, but is given {shape}", u.entry.name);
            let message = u.misfit(input, headline, format!("the query is {}", b.graph.shape(query.id)));
            let message = message.note(format!("`{}` makes {shape}", input.text));
            return Err(b.diag.report(message.help("give both as many axes of steps")));
        }
    }
    let (query, value) = (&u.inputs[0], &u.inputs[1]);
    let key = u.inputs.get(2).unwrap_or(value);
    let size = |id: Id| b.graph.shape(id).dims[1].as_known();
    if let (true, Some(own), Some(other)) = (same_size, size(query.id), size(key.id))
        && own != other
    {
        let headline = format!("`{}` compares queries of {own} features with keys of {other}", u.entry.name);
        let message = u.misfit(key, headline, format!("the query has {own} features"));
        let message = message
            .note(format!("`{}` makes {}", query.text, b.graph.shape(query.id)))
            .note(format!("`{}` makes {}", key.text, b.graph.shape(key.id)));
        return Err(b.diag.report(message.help(format!("bring both to one size: `>> dense({own})`"))));
    }
    for axis in 0..rank - 1 {
        same_steps(b, u, value, key, axis, "a key for each value")?;
    }
    Ok([query.id, value.id, key.id])
}

/// Whether two operands have as many places along `axis`; `why` they must.
fn same_steps(
    b: &mut Builder,
    u: &Use,
    first: &Tensor,
    second: &Tensor,
    axis: usize,
    why: &str,
) -> Result<(), Reported> {
    let [own, other] = [first, second].map(|x| b.shape(x.id).dims[axis].clone());
    let name = u.entry.name;
    let sentence = format!("{name} needs {why}: axis {} has {own} and {other} places", axis + 1);
    if b.agree(&own, &other, u.place, &sentence) {
        return Ok(());
    }
    let headline = format!("`{name}` needs {why}, but axis {} has {own} and {other} places", axis + 1);
    let message = u.misfit(second, headline, format!("this layer is given {own} and {other} places"));
    let message = message.note(format!("`{}` makes {}", first.text, b.graph.shape(first.id))).note(format!(
        "`{}` makes {}",
        second.text,
        b.graph.shape(second.id)
    ));
    Err(b.diag.report(message))
}

/// Operand `i`, a mask of `dims` (or of as many as it has of their last ones), as 1 or 0; an axis of one place is that of
/// all.
fn given_mask(b: &mut Builder, u: &Use, i: usize, dims: &[Dim]) -> Result<Id, Reported> {
    let (mask, shape) = (&u.inputs[i], b.shape(u.inputs[i].id));
    let least = dims.len().min(2);
    let wanted = &dims[dims.len() - shape.rank().clamp(least, dims.len())..];
    let of_mask = Shape::batched(wanted.to_vec());
    let fits = shape.rank() == wanted.len()
        && shape.dims.iter().zip(wanted).all(|(own, wanted)| {
            let sentence = format!("a mask of `{}` is {}", u.text, of_mask);
            own.is(1) || b.agree(own, wanted, u.place, &sentence)
        });
    if !fits {
        let expected = Shape::batched(dims[dims.len() - least..].to_vec());
        let headline = format!("a mask of `{}` is {expected}, but it is given {shape}", u.entry.name);
        let message = u.misfit(mask, headline, format!("this layer takes a mask of {expected}"));
        return Err(b.diag.report(message.note(format!("`{}` makes {shape}", mask.text))));
    }
    Ok(b.graph.binary_const(Binary::Ne, mask.id, 0.0))
}

/// The masks of query and value: those that they come with, or a fourth and a fifth operand.
fn step_masks(b: &mut Builder, u: &Use) -> Result<[Option<Id>; 2], Reported> {
    if u.inputs.len() < 5 {
        let carried: Vec<Id> = u.inputs[1..].iter().take(2).filter_map(|input| input.mask).collect();
        let of_value = carried.into_iter().reduce(|a, mask| b.graph.binary(Binary::Mul, a, mask));
        return Ok([u.inputs[0].mask, of_value]);
    }
    let mut masks = [None; 2];
    for (i, mask) in masks.iter_mut().enumerate() {
        let steps = b.shape(u.inputs[i].id).dims[0].clone();
        let given = given_mask(b, u, 3 + i, std::slice::from_ref(&steps))?;
        *mask = Some(b.graph.broadcast_to(given, &Shape::batched([steps])));
    }
    Ok(masks)
}

/// Which scores `[m, n]` count, if not all: 1 or 0, by the masks of the query and of the value, and by how far they are
/// apart.
fn score_mask(
    b: &mut Builder,
    u: &Use,
    [of_query, of_value]: [Option<Id>; 2],
    [m, n]: [Dim; 2],
    window: Option<Dim>,
) -> Option<Id> {
    let mut masks = vec![];
    if let Some(query) = of_query {
        masks.push(b.graph.reshape(query, vec![m.clone(), 1.into()]));
    }
    if let Some(value) = of_value {
        masks.push(b.graph.reshape(value, vec![1.into(), n.clone()]));
    }
    let causal = u.args.flag("use_causal_mask");
    if causal || window.is_some() {
        let (rows, columns) = (b.graph.iota(m.clone()), b.graph.iota(n.clone()));
        let rows = b.graph.reshape(rows, vec![m, 1.into()]);
        let columns = b.graph.reshape(columns, vec![1.into(), n]);
        if causal {
            masks.push(b.graph.binary(Binary::Ge, rows, columns));
        }
        if let Some(window) = window {
            let away = b.graph.binary(Binary::Sub, rows, columns);
            let away = b.graph.unary(Unary::Abs, away);
            let window = b.graph.extent(window);
            masks.push(b.graph.binary(Binary::Lt, away, window));
        }
    }
    masks.into_iter().reduce(|a, b_| b.graph.binary(Binary::Mul, a, b_))
}

/// `softmax(scores) · value`, and the query's mask on the result.
fn weighted(b: &mut Builder, u: &Use, scores: Id, value: Id) -> Result<Id, Reported> {
    let steps = [0, 1].map(|i| b.graph.shape(u.inputs[i].id).dims[0].clone());
    let [mask, of_value] = step_masks(b, u)?;
    let scores = match score_mask(b, u, [None, of_value], steps, None) {
        Some(mask) => {
            let away = b.graph.binary_const(Binary::Sub, scores, 1e9);
            b.graph.select(mask, scores, away)
        }
        None => scores,
    };
    let weights = b.graph.softmax(scores, 1);
    let rate = u.args.number("dropout") as f32;
    let weights = if rate > 0.0 { b.graph.dropout(weights, rate) } else { weights };
    let result = b.graph.batch_matmul(weights, value);
    b.set_mask(mask);
    Ok(match mask {
        Some(mask) => {
            let m = b.graph.shape(mask).dims[0].clone();
            let mask = b.graph.reshape(mask, vec![m, 1.into()]);
            b.graph.binary(Binary::Mul, result, mask)
        }
        None => result,
    })
}

/// `tanh` of the sums of all queries with all keys: `[m, n, d]`.
fn sums(b: &mut Builder, query: Id, key: Id, scale: Option<Id>) -> Id {
    let [q, k] = [query, key].map(|x| b.graph.shape(x).dims.clone());
    let query = b.graph.reshape(query, vec![q[0].clone(), 1.into(), q[1].clone()]);
    let key = b.graph.reshape(key, vec![1.into(), k[0].clone(), k[1].clone()]);
    let sum = b.graph.binary(Binary::Add, query, key);
    let sum = match scale {
        Some(scale) => b.graph.binary(Binary::Mul, sum, scale),
        None => sum,
    };
    b.graph.unary(Unary::Tanh, sum)
}

fn products(b: &mut Builder, query: Id, key: Id) -> Id {
    let transposed = b.graph.permute(key, vec![1, 0]);
    b.graph.batch_matmul(query, transposed)
}

fn attention(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [query, value, key] = operands(b, u, (false, true), "their masks", &[5])?;
    let scale = match u.args.flag("use_scale") {
        true => Some(b.weight(u, "scale", vec![], Init::Ones)?),
        false => None,
    };
    let scores = match u.args.text("score_mode") {
        Some("concat") => {
            let weight = b.weight(u, "concat_score_weight", vec![], Init::Ones)?;
            let all = sums(b, query, key, scale);
            let scores = b.graph.reduce(ReduceKind::Sum, all, vec![2], false);
            b.graph.binary(Binary::Mul, scores, weight)
        }
        _ => {
            let scores = products(b, query, key);
            match scale {
                Some(scale) => b.graph.binary(Binary::Mul, scores, scale),
                None => scores,
            }
        }
    };
    weighted(b, u, scores, value)
}

fn additive_attention(b: &mut Builder, u: &Use) -> Result<Id, Reported> {
    let [query, value, key] = operands(b, u, (false, true), "their masks", &[5])?;
    let size = b.graph.shape(query).dims[1].clone();
    let mut all = sums(b, query, key, None);
    if u.args.flag("use_scale") {
        let scale = b.weight(u, "scale", vec![size], Init::GlorotUniform)?;
        all = b.graph.binary(Binary::Mul, all, scale);
    }
    let scores = b.graph.reduce(ReduceKind::Sum, all, vec![2], false);
    weighted(b, u, scores, value)
}

/// `x · kernel + bias` with heads of `size` words: `[..., steps, heads, size]`.
fn project(b: &mut Builder, u: &Use, part: &str, x: Id, heads: &Dim, size: &Dim) -> Result<Id, Reported> {
    let dims = b.graph.shape(x).dims.clone();
    let (features, steps) = dims.split_last().expect("rank was checked");
    let start = u.args.initializer("kernel_initializer").with_fans(&[0], &[1, 2]);
    let shape = vec![features.clone(), heads.clone(), size.clone()];
    let kernel = b.weight(u, &format!("{part}/kernel"), shape, start)?;
    let flat = heads.mul(size);
    let kernel = b.graph.reshape(kernel, vec![features.clone(), flat.clone()]);
    let mut y = b.graph.matmul(x, kernel, false);
    if u.args.flag("use_bias") {
        let start: Start = u.args.initializer("bias_initializer");
        let bias = b.weight(u, &format!("{part}/bias"), vec![heads.clone(), size.clone()], start)?;
        let bias = b.graph.reshape(bias, vec![flat]);
        y = b.graph.binary(Binary::Add, y, bias);
    }
    if part == "gate" {
        y = b.graph.unary(Unary::Sigmoid, y);
    }
    // Keras gives every part the regularizer of the whole.
    b.regularize_activity(u.args, &[y])?;
    Ok(b.graph.reshape(y, [steps, &[heads.clone(), size.clone()]].concat()))
}

/// `[groups, a, b]` as `[heads, a, b]`: each group for as many heads.
fn for_heads(b: &mut Builder, x: Id, heads: &Dim, groups: &Dim) -> Id {
    let (Some(known), Some(each)) = (heads.as_known(), groups.as_known()) else { return x };
    if known == each {
        return x;
    }
    let own = b.graph.shape(x).clone();
    let shape = |repeats: Dim| vec![groups.clone(), repeats, own.dims[1].clone(), own.dims[2].clone()];
    let x = b.graph.reshape(x, shape(1.into()));
    let repeated = Shape { batched: own.batched, dims: shape(Dim::known(known / each)) };
    let x = b.graph.broadcast_to(x, &repeated);
    b.graph.reshape(x, vec![heads.clone(), own.dims[1].clone(), own.dims[2].clone()])
}

fn multi_head(
    b: &mut Builder,
    u: &Use,
    heads: &Dim,
    groups: &Dim,
    key_dim: &Dim,
    value_dim: &Dim,
) -> Result<Id, Reported> {
    let has = |name: &str| u.entry.params.iter().any(|param| param.name == name);
    let [query, value, key] = operands(b, u, (has("attention_axes"), false), "an attention mask", &[4])?;
    let axes = Axes::of(b, u)?;
    axes.check(b, u)?;
    let dims = b.graph.shape(query).dims.clone();
    let (own, lead) = dims.split_last().expect("rank was checked");
    let size = match has("output_shape") {
        true => u.args.optional_size("output_shape").unwrap_or_else(|| own.clone()),
        false => own.clone(),
    };
    let steps = [query, value].map(|x| axes.steps(&b.graph.shape(x).dims));
    let q = project(b, u, "query", query, heads, key_dim)?;
    let k = project(b, u, "key", key, groups, key_dim)?;
    let gate = match u.args.flag("use_gate") {
        true => Some(project(b, u, "gate", query, heads, value_dim)?),
        false => None,
    };
    let v = project(b, u, "value", value, groups, value_dim)?;
    let root = b.graph.extent(key_dim.clone());
    let root = b.graph.unary(Unary::Sqrt, root);
    let q = b.graph.binary(Binary::Div, q, root);
    let q = axes.heads_first(b, q, false);
    let [k, v] = [(k, true), (v, false)].map(|(x, transposed)| axes.heads_first(b, x, transposed));
    let [k, v] = [k, v].map(|x| for_heads(b, x, heads, groups));
    let mut scores = b.graph.batch_matmul(q, k);
    let masks = step_masks(b, u)?;
    let mut mask = score_mask(b, u, masks, steps, u.args.optional_size("sliding_window"));
    if u.inputs.len() == 4 {
        let dims = b.shape(scores).dims;
        let given = given_mask(b, u, 3, &dims)?;
        mask = Some(mask.map_or(given, |mask| b.graph.binary(Binary::Mul, mask, given)));
    }
    if let Some(mask) = mask {
        let away = b.graph.constant(-1e9);
        scores = b.graph.select(mask, scores, away);
    }
    let last = b.graph.shape(scores).rank() - 1;
    let weights = b.graph.softmax(scores, last);
    let rate = u.args.number("dropout") as f32;
    let weights = if rate > 0.0 { b.graph.dropout(weights, rate) } else { weights };
    let found = b.graph.batch_matmul(weights, v);
    let mut found = axes.steps_first(b, found, &dims);
    if let Some(gate) = gate {
        found = b.graph.binary(Binary::Mul, found, gate);
    }
    let flat = heads.mul(value_dim);
    let found = b.graph.reshape(found, [lead, std::slice::from_ref(&flat)].concat());
    let start = u.args.initializer("kernel_initializer").with_fans(&[0, 1], &[2]);
    let shape = vec![heads.clone(), value_dim.clone(), size.clone()];
    let kernel = b.weight(u, "attention_output/kernel", shape, start)?;
    let kernel = b.graph.reshape(kernel, vec![flat, size.clone()]);
    let mut y = b.graph.matmul(found, kernel, false);
    if u.args.flag("use_bias") {
        let start = u.args.initializer("bias_initializer");
        let bias = b.weight(u, "attention_output/bias", vec![size], start)?;
        y = b.graph.binary(Binary::Add, y, bias);
    }
    b.set_mask(u.inputs[0].mask);
    Ok(y)
}
