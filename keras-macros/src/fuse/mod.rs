//! From operations to kernels.
//!
//! Products, reductions and the like are kernels of their own. Element-wise operations are not: they become part of
//! the kernel that needs their value, as instructions over its operands, and views become the strides of its loads.
//! A value is stored where a kernel needs it in memory, or where computing it again would cost more than a load.

mod access;
mod gates;
mod gradients;
mod kernel;
mod lower;
mod print;
mod sample;
mod scan;
mod schedule;
mod simplify;
mod sink;
mod storage;
mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use access::{Strided, collapse};
pub use kernel::{Expression, Instruction, Kernel, Map, Matrix, Operand, Place, Reg, Span, Value};
pub use schedule::Step;
pub use simplify::simplify;

use crate::grad::Function;
use crate::ir::{Dim, Graph, Id, Node, Op};
use access::{View, view};
use scan::Loops;

/// Instructions that an elementary function takes, about.
const FUNCTION: usize = 16;

/// Instructions that it may take to compute a value again rather than store it for a second kernel.
const RECOMPUTE: usize = 12;

/// Operands of an element-wise kernel, at most: the runtime holds that many pointers.
const MOST_OPERANDS: usize = 16;

/// Order of a weight's elements in the flat parameter buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    Plain,
    Panels,
}

/// Panels for the matrices that nothing but products read; their optimizer step then needs no repacking. A kernel of a
/// convolution is such a matrix: its last dimension are the columns.
pub fn layouts(graph: &Graph) -> Vec<Layout> {
    let mut users: Vec<Vec<&Node>> = vec![vec![]; graph.nodes.len()];
    for node in &graph.nodes {
        node.op.operands().iter().for_each(|x| users[x.0].push(node));
    }
    let is_product = |node: &&Node, w: Id| matches!(node.op, Op::MatMul { x, w: own, transposed: false } if own == w && graph.shape(x).batched);
    let only_products =
        |id: Id| !users[id.0].is_empty() && users[id.0].iter().all(|node| is_product(node, id));
    let mut layouts: Vec<Option<Layout>> = vec![None; graph.weights.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let Op::Weight(weight) = node.op else { continue };
        let last = node.shape.dims.last();
        let as_matrix = |user: &&Node| {
            let at = graph.nodes.iter().position(|node| std::ptr::eq(node, *user)).map(Id);
            matches!(user.op, Op::Reshape(_))
                && user.shape.rank() == 2
                && user.shape.dims.last() == last
                && at.is_some_and(only_products)
        };
        let panels = match node.shape.rank() {
            0 | 1 => false,
            2 => only_products(Id(i)),
            _ => !users[i].is_empty() && users[i].iter().all(as_matrix),
        };
        let known = layouts[weight].is_none_or(|layout| layout == Layout::Panels);
        layouts[weight] = Some(if panels && known { Layout::Panels } else { Layout::Plain });
    }
    layouts.into_iter().map(|layout| layout.unwrap_or(Layout::Plain)).collect()
}

/// A function as kernels in order.
#[derive(Clone, Debug)]
pub struct Program {
    /// The simplified function.
    pub function: Function,
    /// Its kernels.
    pub steps: Vec<Step>,
    /// Values that live where a gradient is wanted.
    pub homes: BTreeMap<Value, Value>,
    /// Nodes of loops that have a place for more than one step.
    pub slots: BTreeMap<Id, Dim>,
    /// The value that holds what the model adds to its loss.
    pub loss: Option<Value>,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| write!(f, "{step}"))
    }
}

/// Fuses `function`.
///
/// # Errors
/// An expression that walks its operands in more ways than a kernel has dimensions.
pub fn fuse(function: &Function, layouts: &[Layout]) -> Result<Program, String> {
    let function = simplify(function);
    let mut fuser = Fuser::new(&function, layouts);
    fuser.decide();
    fuser.place_gradients();
    fuser.kernels();
    let loss = function.loss.map(|id| fuser.buffer(id).value);
    let mut steps = schedule::schedule(fuser.in_order());
    let (homes, slots) = (fuser.homes, fuser.loops.slots);
    schedule::drop_unread(&mut steps, |value| homes.contains_key(&value) || loss == Some(value));
    Ok(Program { function, steps, homes, slots, loss })
}

struct Fuser<'a> {
    function: &'a Function,
    graph: &'a Graph,
    layouts: &'a [Layout],
    /// Whether a node has a buffer.
    stored: Vec<bool>,
    /// Kernels by the node that they are for.
    out: BTreeMap<usize, Vec<Kernel>>,
    homes: BTreeMap<Value, Value>,
    loops: Loops,
    /// Products that are added up in windows as they are computed, by the overlap that does so.
    overlapped: BTreeMap<Id, Id>,
    /// Nodes that are computed straight into a gradient, or along with one, and need no kernel of their own.
    done: BTreeSet<Id>,
}

fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Select(..) | Op::Dropout { .. })
}

fn is_view(op: &Op) -> bool {
    matches!(op, Op::Broadcast(_) | Op::Reshape(_) | Op::Permute { .. } | Op::Slice { .. })
        || matches!(op, Op::Windows { .. })
        || matches!(op, Op::Item { .. } | Op::Trace(_) | Op::States { .. })
}

fn is_number(op: &Op) -> bool {
    matches!(op, Op::Const(_) | Op::Extent(_))
}

impl<'a> Fuser<'a> {
    fn new(function: &'a Function, layouts: &'a [Layout]) -> Self {
        let graph = &function.graph;
        let stored = graph
            .nodes
            .iter()
            .map(|node| !is_elementwise(&node.op) && !is_view(&node.op) && !is_number(&node.op));
        let mut stored: Vec<bool> = stored.collect();
        let overlapped = windows::overlapped(graph);
        overlapped.values().for_each(|product| stored[product.0] = false);
        Fuser {
            function,
            graph,
            layouts,
            stored,
            out: BTreeMap::new(),
            homes: BTreeMap::new(),
            loops: Loops::new(graph),
            overlapped,
            done: BTreeSet::new(),
        }
    }

    fn op(&self, id: Id) -> &'a Op {
        &self.graph.nodes[id.0].op
    }

    fn dims(&self, id: Id) -> &'a [Dim] {
        &self.graph.nodes[id.0].shape.dims
    }

    fn view(&self, id: Id) -> View {
        self.place(id).unwrap_or_else(|| self.view_below(id))
    }

    /// How `id`, which is no matter whether stored, is seen from what is stored below it.
    fn view_below(&self, id: Id) -> View {
        view(self.graph, id, &|id| self.place(id))
    }

    /// Where `id` is, if it is stored.
    fn place(&self, id: Id) -> Option<View> {
        self.stored[id.0].then(|| self.loops.place(self.graph, id))
    }
}
