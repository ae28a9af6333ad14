//! Attention a tile at a time: scores, softmax, dropout and masks of some queries or heads are computed, used and forgotten
//! before those of the next, so that the matrix of all scores is never in memory. The backward pass computes a tile's
//! scores again rather than keep them (Dao et al., "FlashAttention", 2022).
//!
//! A tile is a step of a loop ([`super::scan`]). A row of scores is in one tile, so that its softmax is the ordinary one.

use std::collections::BTreeMap;

use super::{Dim, Graph, Id, Node, Op, Shape};

/// How large tiles are.
#[derive(Clone, Copy, Debug)]
pub struct TileSize {
    /// Words of scores of a sample that are computed at once.
    pub words: usize,
    /// Queries of a tile, at least, where these are divided: keys are packed once for each tile.
    pub rows: usize,
}

impl TileSize {
    /// With what the backward pass has beside the scores they stay in a second-level cache.
    pub const CACHED: TileSize = TileSize { words: 1 << 15, rows: 32 };
}

/// Operations from which on a value that several heads or samples share is not computed again for each.
const RECOMPUTE: usize = 12;

/// How the scores of an attention are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tiles {
    axis: usize,
    /// Places of a tile along the axis.
    places: usize,
    count: usize,
}

impl Tiles {
    /// Tiles of about `size` for scores of `dims`, whose last two are queries and keys. Heads are divided if scores of
    /// one are few enough, else queries.
    fn of(dims: &[usize], size: TileSize) -> Option<Tiles> {
        let words = size.words;
        let total: usize = dims.iter().product();
        if total <= words || dims.len() < 2 {
            return None;
        }
        let rows = dims.len() - 2;
        let each = |axis: usize| total / dims[axis];
        let leading = (0..rows).filter(|&axis| dims[axis] > 1 && each(axis) <= words);
        let (axis, most) = match leading.max_by_key(|&axis| dims[axis]) {
            Some(axis) => (axis, words / each(axis)),
            None => (rows, (words / each(rows)).max(size.rows)),
        };
        let extent = dims[axis];
        // Places that are added for full tiles cost more than somewhat smaller tiles.
        let divisor = (1..=most.min(extent)).rev().find(|places| extent.is_multiple_of(*places))?;
        let count = if 2 * divisor >= most.min(extent) || axis < rows {
            extent / divisor
        } else {
            extent.div_ceil(most.min(extent))
        };
        (count > 1).then(|| Tiles { axis, places: extent.div_ceil(count), count })
    }
}

impl Graph {
    /// The same with attentions that have more scores than a tile of `size` in such tiles.
    pub fn tiled(&self, size: TileSize) -> Graph {
        let readers = self.readers();
        let graph = Graph { nodes: vec![], ..self.clone() };
        let mut tiler = Tiler { old: self, graph, map: vec![] };
        for (i, node) in self.nodes.iter().enumerate() {
            let new = match self.attention(Id(i), size, &readers) {
                Some((weights, values, tiles)) => tiler.attention(Id(i), weights, values, tiles),
                None => {
                    let op = node.op.map(|x| tiler.map[x.0]);
                    tiler.graph.nodes.push(Node { op, ..node.clone() });
                    Id(tiler.graph.nodes.len() - 1)
                }
            };
            tiler.map.push(new);
        }
        let Tiler { mut graph, map, .. } = tiler;
        graph.map_states(|id| Some(map[id.0]));
        graph.move_roots(|id| map[id.0]);
        graph.current_layer = self.current_layer;
        graph.sweep();
        graph
    }

    /// How many nodes, or others, read each node.
    fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.nodes.len()];
        let states = self.live_states().flat_map(|(state, next)| [state.init, next]);
        let wanted = self.roots().into_iter().chain(states);
        let operands = self.nodes.iter().flat_map(|node| node.op.operands());
        wanted.chain(operands).for_each(|id| readers[id.0] += 1);
        readers
    }

    /// If `id` is the product of attention weights with values, these, and how to divide them.
    fn attention(&self, id: Id, size: TileSize, readers: &[usize]) -> Option<(Id, Id, Tiles)> {
        let node = &self.nodes[id.0];
        let Op::BatchMatMul { a, b } = node.op else { return None };
        let within = |x: Id| self.nodes[x.0].scan.is_some();
        if !node.shape.batched || within(id) || within(a) || within(b) || !self.is_of_softmax(a, readers) {
            return None;
        }
        let dims: Option<Vec<usize>> = self.shape(a).dims.iter().map(Dim::as_known).collect();
        Some((a, b, Tiles::of(&dims?, size)?))
    }

    /// Whether `id` is made of a softmax, element for element, that nobody else reads.
    fn is_of_softmax(&self, id: Id, readers: &[usize]) -> bool {
        let op = &self.nodes[id.0].op;
        readers[id.0] == 1
            && (matches!(op, Op::Softmax(_))
                || is_elementwise(op) && op.operands().into_iter().any(|x| self.is_of_softmax(x, readers)))
    }

    /// Operations that it takes to compute `id` again, element for element, from what is in memory.
    fn operations(&self, id: Id) -> usize {
        match &self.nodes[id.0].op {
            Op::Unary(f, _) if !f.is_cheap() => RECOMPUTE,
            // Computed again, it would drop others.
            Op::Dropout { .. } => RECOMPUTE,
            Op::Broadcast(x) => self.operations(*x),
            op if is_elementwise(op) => {
                op.operands().into_iter().fold(1, |sum, x| (sum + self.operations(x)).min(2 * RECOMPUTE))
            }
            _ => 0,
        }
    }
}

fn is_elementwise(op: &Op) -> bool {
    matches!(op, Op::Unary(..) | Op::Binary(..) | Op::Select(..) | Op::Dropout { .. })
        || matches!(op, Op::Phase { .. } | Op::StopGradient(_))
}

struct Tiler<'a> {
    old: &'a Graph,
    graph: Graph,
    /// What the nodes have become.
    map: Vec<Id>,
}

/// The loop over the tiles of one attention.
struct Loop<'t, 'a> {
    tiler: &'t mut Tiler<'a>,
    scan: usize,
    tiles: Tiles,
    /// Elements from which on a value is as large as the scores of a head.
    large: usize,
    /// What nodes, divided along an axis, are in a step.
    parts: BTreeMap<(Id, usize), Id>,
}

impl Tiler<'_> {
    /// `weights · values` in `tiles`.
    fn attention(&mut self, id: Id, weights: Id, values: Id, tiles: Tiles) -> Id {
        let (old, axis) = (self.old, tiles.axis);
        self.graph.current_layer = old.nodes[id.0].layer;
        let scan = self.graph.scan(tiles.count.into(), false);
        self.graph.scans[scan].recomputed = true;
        let scores = &old.shape(weights).dims;
        let large = scores[scores.len() - 2..].iter().filter_map(Dim::as_known).product();
        let mut body = Loop { tiler: self, scan, tiles, large, parts: BTreeMap::new() };
        let weights = body.part(weights, axis);
        let values = if axis + 2 == scores.len() { body.same(values) } else { body.item(values, axis) };
        let graph = &mut self.graph;
        let part = graph.batch_matmul(weights, values);
        let all = graph.trace(scan, part);
        let shape = old.shape(id);
        let order = (1..=axis).chain([0]).chain(axis + 1..=shape.rank()).collect();
        let all = graph.permute(all, order);
        let mut dims = shape.dims.clone();
        dims[axis] = (tiles.count * tiles.places).into();
        let all = graph.reshape(all, dims);
        match shape.dims[axis].is(tiles.count * tiles.places) {
            true => all,
            false => graph.slice(all, axis, 0.into(), shape.dims[axis].clone()),
        }
    }
}

impl Loop<'_, '_> {
    /// What `id` is outside of the loop: the same in every step.
    fn same(&self, id: Id) -> Id {
        self.tiler.map[id.0]
    }

    /// What `id`, which is divided along `axis`, is in a step.
    fn part(&mut self, id: Id, axis: usize) -> Id {
        if let Some(&part) = self.parts.get(&(id, axis)) {
            return part;
        }
        let part = self.computed(id, axis).unwrap_or_else(|| self.item(id, axis));
        self.parts.insert((id, axis), part);
        part
    }

    /// [`Loop::part`] if it is to be computed in each step.
    fn computed(&mut self, id: Id, axis: usize) -> Option<Id> {
        let old = self.tiler.old;
        let Node { op, shape, .. } = &old.nodes[id.0];
        let mut dims = shape.dims.clone();
        dims[axis] = self.tiles.places.into();
        let part = Shape { batched: shape.batched, dims };
        Some(match op {
            // All threads have but one place for what is the same for all samples: it is computed before.
            op if !shape.batched && !matches!(op, Op::Broadcast(_)) => return None,
            op if is_elementwise(op) && self.is_large(id) => {
                let op = op.map(|x| self.part(x, axis));
                self.tiler.graph.push(op, part)
            }
            Op::Softmax(x) if axis + 1 < shape.rank() => {
                let op = Op::Softmax(self.part(*x, axis));
                self.tiler.graph.push(op, part)
            }
            Op::Broadcast(_) => self.spread(id, Some(axis), &part),
            Op::BatchMatMul { a, b } if axis + 1 < shape.rank() => {
                let a = self.item(*a, axis);
                let b = if axis + 2 == shape.rank() { self.same(*b) } else { self.item(*b, axis) };
                self.tiler.graph.batch_matmul(a, b)
            }
            Op::Reduce { kind, x, axes, batch: false } if self.is_large(*x) && !axes.contains(&axis) => {
                let op = Op::Reduce { kind: *kind, x: self.part(*x, axis), axes: axes.clone(), batch: false };
                self.tiler.graph.push(op, part)
            }
            Op::Permute { x, axes } if self.is_large(*x) => {
                let x = self.part(*x, axes[axis]);
                self.tiler.graph.permute(x, axes.clone())
            }
            Op::Reshape(x) if self.is_large(*x) => {
                let x = self.part(*x, same_axis(&old.shape(*x).dims, &shape.dims, axis)?);
                self.tiler.graph.reshape(x, part.dims)
            }
            _ => return None,
        })
    }

    /// What `id`, which is divided along `axis` if that is one of its own, is in a step of `shape`. What is cheap is computed
    /// for all of the shape, and has no place in memory.
    fn spread(&mut self, id: Id, axis: Option<usize>, shape: &Shape) -> Id {
        let old = self.tiler.old;
        let Some(axis) = axis else {
            let x = self.same(id);
            return self.tiler.graph.broadcast_to(x, shape);
        };
        let Node { op, shape: own, .. } = &old.nodes[id.0];
        match op {
            Op::Broadcast(x) => {
                let from = &old.shape(*x).dims;
                let axis = axis.checked_sub(own.rank() - from.len()).filter(|&axis| !from[axis].is(1));
                self.spread(*x, axis, shape)
            }
            op if is_elementwise(op)
                && (self.is_large(id) || !own.batched)
                && old.operations(id) < RECOMPUTE =>
            {
                let op = op.map(|x| self.spread(x, Some(axis), shape));
                self.tiler.graph.push(op, shape.clone())
            }
            _ => {
                let x = self.part(id, axis);
                self.tiler.graph.broadcast_to(x, shape)
            }
        }
    }

    /// Whether `id` has as many elements as the scores of a head.
    fn is_large(&self, id: Id) -> bool {
        self.tiler.old.shape(id).size().as_known().is_some_and(|size| size >= self.large)
    }

    /// A tile of `id`, which is computed outside of the loop.
    fn item(&mut self, id: Id, axis: usize) -> Id {
        let (mut x, Tiles { places, count, .. }) = (self.same(id), self.tiles);
        let graph = &mut self.tiler.graph;
        if !graph.shape(x).dims[axis].is(count * places) {
            let mut dims = graph.shape(x).dims.clone();
            dims[axis] = (count * places).into();
            x = graph.border(x, vec![0.into(); dims.len()], dims, 0.0);
        }
        let mut dims = graph.shape(x).dims.clone();
        dims.splice(axis..=axis, [count.into(), places.into()]);
        let rank = dims.len();
        let x = graph.reshape(x, dims);
        let x = graph.permute(x, [axis].into_iter().chain((0..rank).filter(|i| *i != axis)).collect());
        graph.item(self.scan, x)
    }
}

/// The axis of `from` that a reshape makes axis `axis` of `to`.
fn same_axis(from: &[Dim], to: &[Dim], axis: usize) -> Option<usize> {
    let before = Dim::product(&to[..axis]);
    (0..from.len()).find(|&i| from[i] == to[axis] && Dim::product(&from[..i]) == before)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiles(dims: &[usize]) -> Option<(usize, usize, usize)> {
        Tiles::of(dims, TileSize::CACHED).map(|tiles| (tiles.axis, tiles.places, tiles.count))
    }

    #[test]
    fn heads_are_divided_where_they_are_small_and_queries_where_they_are_large() {
        assert_eq!(tiles(&[8, 64, 64]), None);
        assert_eq!(tiles(&[8, 128, 128]), Some((0, 2, 4)));
        assert_eq!(tiles(&[2, 8, 128, 100]), Some((1, 1, 8)));
        assert_eq!(tiles(&[1024, 1024]), Some((0, 32, 32)));
        assert_eq!(tiles(&[8, 1024, 1024]), Some((1, 32, 32)));
        // A prime number of queries: the last tile is filled up.
        assert_eq!(tiles(&[8, 1021, 1021]), Some((1, 32, 32)));
    }
}
