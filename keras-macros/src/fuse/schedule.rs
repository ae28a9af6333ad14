//! The order of kernels, in steps: as many as possible that work row by row run together on a piece of the batch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::access::Strided;
use super::kernel::{Kernel, Map, Operand, Place, Value};
use super::{Instruction, MOST_OPERANDS, Reg};

/// Kernels that run together.
#[derive(Clone, Debug)]
pub struct Step {
    pub place: Place,
    pub kernels: Vec<Kernel>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = match self.place {
            Place::Rows => "for each piece of the batch",
            Place::Fixed => "once",
            Place::Whole => "over the whole batch",
        };
        writeln!(f, "{heading}:")?;
        self.kernels.iter().try_for_each(|kernel| write!(f, "{kernel}"))
    }
}

/// Orders `kernels`, which come in an order that respects their dependences.
pub fn schedule(kernels: Vec<Kernel>) -> Vec<Step> {
    let needs = dependences(&kernels);
    let mut left: Vec<usize> = (0..kernels.len()).collect();
    let mut done = vec![false; kernels.len()];
    let mut steps: Vec<Step> = Vec::new();
    while !left.is_empty() {
        let ready = |i: usize, done: &[bool]| needs[i].iter().all(|&j| done[j]);
        let turn =
            |wanted: &dyn Fn(&Kernel) -> bool| left.iter().any(|&i| ready(i, &done) && wanted(&kernels[i]));
        // What depends on weights alone goes first, what waits for the whole batch last.
        let early = |kernel: &Kernel| matches!(kernel, Kernel::Pack { .. });
        let fixed = |kernel: &Kernel| kernel.place() == Place::Fixed;
        let rows = |kernel: &Kernel| kernel.place() == Place::Rows;
        let whole = |kernel: &Kernel| kernel.place() == Place::Whole;
        let order: [&dyn Fn(&Kernel) -> bool; 4] = [&early, &fixed, &rows, &whole];
        let Some(wanted) = order.into_iter().find(|wanted| turn(*wanted)) else {
            unreachable!("kernels depend on earlier ones only")
        };
        let mut step = Vec::new();
        left.retain(|&i| {
            let take = ready(i, &done) && wanted(&kernels[i]);
            if take {
                done[i] = true;
                step.push(kernels[i].clone());
            }
            !take
        });
        let place = step[0].place();
        match steps.last_mut() {
            Some(last) if last.place == place => last.kernels.extend(step),
            _ => steps.push(Step { place, kernels: step }),
        }
    }
    for step in &mut steps {
        step.kernels = merge(std::mem::take(&mut step.kernels), MERGED);
        for kernel in &mut step.kernels {
            if let Kernel::Loop { kernels, .. } = kernel {
                *kernels = merge(std::mem::take(kernels), MOST_OPERANDS);
            }
        }
    }
    steps
}

/// For each kernel the earlier ones that write what it reads or writes.
fn dependences(kernels: &[Kernel]) -> Vec<Vec<usize>> {
    let mut writers: BTreeMap<Value, Vec<usize>> = BTreeMap::new();
    for (i, kernel) in kernels.iter().enumerate() {
        kernel.writes().into_iter().for_each(|value| writers.entry(value).or_default().push(i));
    }
    let of = |kernel: &Kernel| {
        let touched = kernel.reads().into_iter().chain(kernel.writes());
        touched.flat_map(|value| writers.get(&value).into_iter().flatten().copied()).collect::<BTreeSet<_>>()
    };
    let earlier = |(i, kernel): (usize, &Kernel)| {
        of(kernel).into_iter().filter(|&j| j != i && is_before(kernels, j, i)).collect()
    };
    kernels.iter().enumerate().map(earlier).collect()
}

/// Writers of one value keep their order; a reader comes after every writer, wherever it stands in the list.
fn is_before(kernels: &[Kernel], writer: usize, other: usize) -> bool {
    let both_write = || {
        let others = kernels[other].writes();
        kernels[writer].writes().iter().any(|value| others.contains(value))
    };
    writer < other || !both_write()
}

/// Operands of a merged kernel, at most; in a loop, whose kernels go over little memory at a time, as many as a kernel can have.
const MERGED: usize = 8;

/// Makes one kernel of neighbouring element-wise ones over one index space: values stay in registers between them.
fn merge(kernels: Vec<Kernel>, most: usize) -> Vec<Kernel> {
    let mut merged: Vec<Kernel> = Vec::new();
    for kernel in kernels {
        if let (Some(Kernel::Map(first)), Kernel::Map(second)) = (merged.last_mut(), &kernel)
            && can_merge(first, second, most)
        {
            append(first, second);
            continue;
        }
        merged.push(kernel);
    }
    merged
}

fn can_merge(first: &Map, second: &Map, most: usize) -> bool {
    let dims = &first.expression.space.dims;
    // A value that the first stores is forwarded where the second loads the very element.
    let forwarded = |operand: &Operand| match operand {
        Operand::Value(value, walk) => {
            let stores: Vec<_> = first.stores.iter().filter(|(stored, ..)| stored == value).collect();
            stores.is_empty() || (stores.len() == 1 && stores[0].1 == *walk && walk.is_in_order(dims))
        }
        Operand::Random(_) => true,
    };
    // Pieces of one value that lie one behind the other do not meet.
    let apart = |(value, walk, _): &(Value, Strided, Reg)| {
        first.stores.iter().all(|(other, own, _)| other != value || own.is_apart_from(walk, dims))
    };
    let own = &first.expression.operands;
    let is_new = |operand: &&Operand| match operand {
        Operand::Value(value, _) if first.stores.iter().any(|(stored, ..)| stored == value) => false,
        operand => !own.contains(operand),
    };
    let operands = own.len() + second.expression.operands.iter().filter(is_new).count();
    // Random numbers lie in a buffer for each operand.
    let is_random = |map: &Map| map.expression.operands.iter().any(|x| matches!(x, Operand::Random(_)));
    let most = if is_random(first) || is_random(second) { MERGED } else { most };
    first.expression.space == second.expression.space
        && !first.accumulate
        && !second.accumulate
        && second.expression.operands.iter().all(forwarded)
        && second.stores.iter().all(apart)
        && operands <= most
}

/// Takes out what element-wise kernels leave for nobody, since its readers became part of them. `is_wanted`: by others than kernels.
pub fn drop_unread(steps: &mut [Step], is_wanted: impl Fn(Value) -> bool) {
    let kernels = || steps.iter().flat_map(|step| &step.kernels);
    let read: BTreeSet<Value> = kernels().flat_map(Kernel::reads).collect();
    let is_read =
        |value: Value| read.contains(&value) || !matches!(value, Value::Node(_)) || is_wanted(value);
    fn of(kernel: &mut Kernel, is_read: &impl Fn(Value) -> bool) {
        match kernel {
            Kernel::Map(map) if map.stores.iter().any(|(value, ..)| is_read(*value)) => {
                map.stores.retain(|(value, ..)| is_read(*value));
            }
            Kernel::Loop { kernels, .. } => kernels.iter_mut().for_each(|kernel| of(kernel, is_read)),
            _ => {}
        }
    }
    steps.iter_mut().flat_map(|step| &mut step.kernels).for_each(|kernel| of(kernel, &is_read));
}

fn append(first: &mut Map, second: &Map) {
    let mut regs: Vec<Reg> = Vec::with_capacity(second.expression.body.len());
    for instruction in &second.expression.body {
        let reg = match instruction {
            Instruction::Load(i) => {
                let operand = &second.expression.operands[*i];
                let stored = match operand {
                    Operand::Value(value, _) => first.stores.iter().find(|(stored, ..)| stored == value),
                    Operand::Random(_) => None,
                };
                match stored {
                    Some((_, _, reg)) => *reg,
                    None => first.expression.load(operand.clone()),
                }
            }
            Instruction::Unary(f, x) => first.expression.push(Instruction::Unary(*f, regs[*x])),
            Instruction::Binary(f, a, b) => {
                first.expression.push(Instruction::Binary(*f, regs[*a], regs[*b]))
            }
            Instruction::Select(c, a, b) => {
                first.expression.push(Instruction::Select(regs[*c], regs[*a], regs[*b]))
            }
            other => first.expression.push(other.clone()),
        };
        regs.push(reg);
    }
    first.stores.extend(second.stores.iter().map(|(value, walk, reg)| (*value, walk.clone(), regs[*reg])));
}
