//! The memory plan: an address for every value of a program, reused where lifetimes allow.

use std::collections::BTreeMap;
use std::fmt;

use crate::fuse::{Kernel, Layout, Place, Program, Value};
use crate::ir::{Dim, Graph, Id, Op};

/// A memory of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    Params,
    Grads,
    /// Per sample.
    Arena,
    /// Once, whatever the batch.
    Fixed,
    /// What lives from batch to batch, and behind it what it becomes. Per sample.
    State,
    Input(usize),
    Output(usize),
}

/// A piece of a [`Space`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Buf {
    pub space: Space,
    pub offset: Dim,
    pub len: Dim,
}

/// Where everything lives.
#[derive(Clone, Debug)]
pub struct Plan {
    pub addresses: BTreeMap<Value, Buf>,
    /// Words per sample.
    pub arena: Dim,
    /// Words whatever the batch.
    pub fixed: Dim,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (value, buf) in &self.addresses {
            writeln!(f, "    {value}: {:?} {} .. + {}", buf.space, buf.offset, buf.len)?;
        }
        writeln!(f, "    arena: {} words per sample, fixed: {} words", self.arena, self.fixed)
    }
}

/// Offsets of the weights in the flat parameter buffer: the trainable ones first.
#[derive(Clone, Debug)]
pub struct Params {
    pub offsets: Vec<Dim>,
    pub lens: Vec<Dim>,
    pub layouts: Vec<Layout>,
    /// Words of the trainable prefix.
    pub trainable: Dim,
    /// Words in all.
    pub len: Dim,
}

impl Params {
    /// Lays the weights of `graph` out, each from a multiple of 16 words on.
    pub fn new(graph: &Graph, layouts: Vec<Layout>) -> Self {
        let lens = graph.weights.iter().zip(&layouts).map(|(weight, layout)| match layout {
            Layout::Plain => Dim::product(&weight.shape),
            Layout::Panels => {
                let (n, leading) = weight.shape.split_last().expect("panels hold matrices");
                Dim::product(leading).mul(&n.round_up_16())
            }
        });
        let lens: Vec<Dim> = lens.collect();
        let mut params = Params {
            offsets: vec![Dim::known(0); layouts.len()],
            lens,
            layouts,
            trainable: 0.into(),
            len: 0.into(),
        };
        for trainable in [true, false] {
            for (i, _) in graph.weights.iter().enumerate().filter(|(_, weight)| weight.trainable == trainable)
            {
                params.offsets[i] = params.len.clone();
                params.len = params.len.add(&params.lens[i].round_up_16());
            }
            if trainable {
                params.trainable = params.len.clone();
            }
        }
        params
    }

    fn buf(&self, space: Space, weight: usize) -> Buf {
        Buf { space, offset: self.offsets[weight].clone(), len: self.lens[weight].clone() }
    }
}

/// When a value is written first and read last: the step, and the kernel within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Time {
    step: usize,
    kernel: usize,
}

#[derive(Clone, Debug)]
struct Life {
    value: Value,
    birth: Time,
    death: Time,
    len: Dim,
    batched: bool,
}

struct Slot {
    offset: Dim,
    len: Dim,
    tenant: Life,
}

/// Gives every value of `program` its place.
pub fn plan(program: &Program, params: &Params) -> Plan {
    let graph = &program.function.graph;
    let mut plan = Plan { addresses: BTreeMap::new(), arena: 0.into(), fixed: 0.into() };
    for (i, node) in graph.nodes.iter().enumerate() {
        let buf = match node.op {
            Op::Input(input) => Buf { space: Space::Input(input), offset: 0.into(), len: node.shape.size() },
            Op::Weight(weight) => params.buf(Space::Params, weight),
            Op::Carried(index) => carried(graph, index, false),
            _ => continue,
        };
        plan.addresses.insert(Value::Node(Id(i)), buf);
    }
    for (weight, _) in &program.function.gradients {
        plan.addresses.insert(Value::Gradient(*weight), params.buf(Space::Grads, *weight));
    }
    if let Some(loss) = program.loss {
        plan.addresses.insert(loss, Buf { space: Space::Fixed, offset: 0.into(), len: 1.into() });
        plan.fixed = Dim::known(16);
    }
    // The runtime reads these when all is done: nothing takes their place.
    for (weight, _) in &program.function.updates {
        let len = Dim::product(&graph.weights[*weight].shape);
        let buf = Buf { space: Space::Fixed, offset: plan.fixed.clone(), len: len.clone() };
        plan.addresses.insert(Value::Update(*weight), buf);
        plan.fixed = plan.fixed.add(&len.round_up_16());
    }
    for (index, _) in &program.function.carries {
        plan.addresses.insert(Value::Carry(*index), carried(graph, *index, true));
    }
    for (value, home) in &program.homes {
        let buf = plan.addresses[home].clone();
        plan.addresses.insert(*value, buf);
    }
    outputs(program, &mut plan);
    let (mut arena, mut fixed): (Vec<Slot>, Vec<Slot>) = (vec![], vec![]);
    for life in lives(program, &plan) {
        let (slots, total, space) = match life.batched {
            true => (&mut arena, &mut plan.arena, Space::Arena),
            false => (&mut fixed, &mut plan.fixed, Space::Fixed),
        };
        let offset = place(program, slots, total, &life);
        plan.addresses.insert(life.value, Buf { space, offset, len: life.len });
    }
    plan
}

/// Words of each sample that live from batch to batch.
pub fn state_words(graph: &Graph) -> Dim {
    graph
        .carried
        .iter()
        .fold(Dim::known(0), |sum, carried| sum.add(&Dim::product(&carried.dims).round_up_16()))
}

/// Where what lives from batch to batch is, or what it becomes.
fn carried(graph: &Graph, index: usize, next: bool) -> Buf {
    let offset = graph.carried[..index]
        .iter()
        .fold(Dim::known(0), |sum, carried| sum.add(&Dim::product(&carried.dims).round_up_16()));
    let offset = if next { offset.add(&state_words(graph)) } else { offset };
    Buf { space: Space::State, offset, len: Dim::product(&graph.carried[index].dims) }
}

/// While inferring, what only a head reads is computed in the output's own memory.
fn outputs(program: &Program, plan: &mut Plan) {
    if !program.function.gradients.is_empty() || !program.function.updates.is_empty() {
        return;
    }
    let kernels = || program.steps.iter().flat_map(|step| &step.kernels);
    for kernel in kernels() {
        let Kernel::Head { output, z, dz: None, .. } = kernel else { continue };
        let readers = kernels().filter(|kernel| kernel.reads().contains(z)).count();
        if readers == 1 && !plan.addresses.contains_key(z) {
            let len = size(program, *z);
            plan.addresses.insert(*z, Buf { space: Space::Output(*output), offset: 0.into(), len });
        }
    }
}

fn size(program: &Program, value: Value) -> Dim {
    let graph = &program.function.graph;
    match value {
        Value::Node(id) => {
            let one = graph.shape(id).size();
            program.slots.get(&id).map_or(one.clone(), |slots| slots.mul(&one))
        }
        Value::Gradient(_) | Value::Update(_) | Value::Carry(_) => unreachable!("they have an address"),
        // A weight of more dimensions may be packed as a matrix.
        Value::Packed { transposed, .. } => {
            let mut kernels = program.steps.iter().flat_map(|step| &step.kernels);
            let size = kernels.find_map(|kernel| match kernel {
                Kernel::Pack { into, k, n, .. } if *into == value => {
                    let (k, n) = if transposed { (n, k) } else { (k, n) };
                    Some(k.mul(&n.round_up_16()))
                }
                _ => None,
            });
            size.expect("what is packed has a kernel that packs it")
        }
    }
}

fn is_batched(graph: &Graph, value: Value) -> bool {
    match value {
        Value::Node(id) => graph.shape(id).batched,
        Value::Carry(_) => true,
        Value::Gradient(_) | Value::Update(_) | Value::Packed { .. } => false,
    }
}

/// The values that have no address yet, in order of birth.
fn lives(program: &Program, plan: &Plan) -> Vec<Life> {
    let graph = &program.function.graph;
    let mut lives: Vec<Life> = Vec::new();
    for (step, kernels) in program.steps.iter().map(|step| &step.kernels).enumerate() {
        for (kernel, k) in kernels.iter().enumerate() {
            let now = Time { step, kernel };
            for value in k.writes().into_iter().chain(k.reads()) {
                if plan.addresses.contains_key(&value) {
                    continue;
                }
                match lives.iter_mut().find(|life| life.value == value) {
                    Some(life) => life.death = now,
                    None => {
                        let (len, batched) = (size(program, value), is_batched(graph, value));
                        lives.push(Life { value, birth: now, death: now, len, batched });
                    }
                }
            }
        }
    }
    lives
}

/// An offset for `life`: a slot whose tenant is dead, or a new one.
///
/// A step runs on pieces of the batch at once, each at its own kernel, and slots of different length put a sample at
/// different addresses. So within one step only a slot of the very length is handed on: then a sample's words only
/// ever hold that sample's values.
fn place(program: &Program, slots: &mut Vec<Slot>, total: &mut Dim, life: &Life) -> Dim {
    let is_free = |slot: &Slot| {
        let (old, len) = (&slot.tenant, &slot.len);
        let same_step =
            old.death.step == life.birth.step && program.steps[life.birth.step].place == Place::Rows;
        let dead = old.death < life.birth || (old.death == life.birth && in_place(program, old, life));
        let fits =
            *len == life.len || matches!((len.as_known(), life.len.as_known()), (Some(a), Some(b)) if a >= b);
        dead && fits && (!same_step || old.len == life.len)
    };
    let known = |dim: &Dim| dim.as_known().unwrap_or(0);
    let best = slots.iter_mut().filter(|slot| is_free(slot)).min_by_key(|slot| known(&slot.len));
    if let Some(slot) = best {
        slot.tenant = life.clone();
        return slot.offset.clone();
    }
    let offset = total.clone();
    *total = total.add(&life.len.round_up_16());
    slots.push(Slot { offset: offset.clone(), len: life.len.clone(), tenant: life.clone() });
    offset
}

/// Whether the kernel that ends `old` and makes `new` may do so in one place.
fn in_place(program: &Program, old: &Life, new: &Life) -> bool {
    let kernel = &program.steps[new.birth.step].kernels[new.birth.kernel];
    let writes = kernel.writes();
    if matches!(kernel, Kernel::Loop { .. }) {
        return old.len == new.len && kernel.may_replace(old.value, new.value);
    }
    old.len == new.len && writes.len() == 1 && writes[0] == new.value && kernel.may_overwrite(old.value)
}
