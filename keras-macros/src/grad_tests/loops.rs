//! Gradients of loops, of loops in steps of others, and of gradients of loops.

use super::{Case, known};
use crate::grad;
use crate::ir::{Binary, Fill, Graph, Id, Op, ReduceKind, Sampling, Shape, TileSize, Unary, Window};

/// A simple recurrent network over the rows of the input: its values in all steps, and its last state.
fn recurrent(g: &mut Graph, x: Id, reverse: bool) -> (Id, Id) {
    let [w, u] = [[3, 5], [5, 5]].map(|dims| Case::weight(g, &dims));
    let [b, start] = [Case::weight(g, &[5]), Case::weight(g, &[5])];
    let projected = g.matmul(x, w, false);
    let scan = g.scan(4.into(), reverse);
    let h = g.state(scan, start);
    let x = g.item(scan, projected);
    let recurrent = g.matmul(h, u, false);
    let sum = g.binary(Binary::Add, x, recurrent);
    let sum = g.binary(Binary::Add, sum, b);
    let next = g.unary(Unary::Tanh, sum);
    g.set_next(h, next);
    (g.trace(scan, next), g.last(h))
}

#[test]
pub(super) fn loops() {
    for reverse in [false, true] {
        Case::new(-1.0, 1.0, |g, x| recurrent(g, x, reverse).0).check("values of a loop");
        Case::new(-1.0, 1.0, |g, x| recurrent(g, x, reverse).1).check("the last state of a loop");
        Case::new(-1.0, 1.0, |g, x| {
            let (all, last) = recurrent(g, x, reverse);
            g.binary(Binary::Mul, all, last)
        })
        .check("both");
    }
}

/// Two states that change places, one of them from a value of the batch, and a value from outside in every step.
#[test]
pub(super) fn loops_of_several_states() {
    Case::new(0.5, 1.5, |g, x| {
        let scan = g.scan(4.into(), false);
        let mean = g.mean(x, vec![0], false);
        let zero = g.constant(0.0);
        let zero = g.broadcast_to(zero, &Shape::batched(known(&[3])));
        let (a, b) = (g.state(scan, mean), g.state(scan, zero));
        let item = g.item(scan, x);
        let product = g.binary(Binary::Mul, item, a);
        let product = g.binary(Binary::Mul, product, mean);
        let sum = g.binary(Binary::Add, product, b);
        let root = g.unary(Unary::Sqrt, sum);
        g.set_next(a, b);
        g.set_next(b, root);
        let (all, total) = (g.states(b), g.total(product));
        let all = g.slice(all, 0, 1.into(), 4.into());
        g.binary(Binary::Add, all, total)
    })
    .check("two states");
}

/// For each row of the input, as a sequence, what a recurrent network makes of it; the rows are `distributed`, or a loop.
fn of_rows(g: &mut Graph, x: Id, body: &dyn Fn(&mut Graph, Id) -> Id, distributed: bool) -> Id {
    let (mark, rows) = (g.mark(), g.shape(x).dims[0].clone());
    let scan = g.scan(rows, false);
    let row = g.stand_in(scan, x);
    let y = body(g, row);
    if !distributed {
        g.make_body(mark, scan);
        return g.trace(scan, y);
    }
    g.distribute(mark, scan).expect("the length is known").all(y)
}

/// All steps at once are what a loop makes of them one by one.
#[test]
fn distributed_steps() {
    type Body = dyn Fn(&mut Graph, Id) -> Id;
    const PAIRS: Window = Window { size: 2, stride: 1, dilation: 1 };
    let bodies: [(&str, &Body); 6] = [
        ("elements", &|g, x| {
            let three = Case::weight(g, &[3]);
            let sum = g.binary(Binary::Add, x, three);
            let sum = g.unary(Unary::Tanh, sum);
            let mean = g.mean(sum, vec![0], true);
            g.binary(Binary::Mul, sum, mean)
        }),
        ("views", &|g, x| {
            let x = g.reshape(x, known(&[3, 1]));
            let wide = g.broadcast_to(x, &Shape::batched(known(&[2, 3, 2])));
            let turned = g.permute(wide, vec![1, 2, 0]);
            let part = g.slice(turned, 1, 1.into(), 1.into());
            let padded = g.pad(part, 0, 1.into(), 5.into());
            let flipped = g.flip(padded, 0);
            g.concat(vec![flipped, part], 0)
        }),
        ("products", &|g, x| {
            let w = Case::weight(g, &[3, 4]);
            let y = g.matmul(x, w, false);
            let [a, b] = [(4, 1), (1, 4)].map(|(m, n)| g.reshape(y, known(&[m, n])));
            let outer = g.batch_matmul(a, b);
            let shape = g.shape(outer).clone();
            g.push(Op::Softmax(outer), shape)
        }),
        ("windows", &|g, x| {
            let windows = g.windows(x, 0, vec![PAIRS]);
            let sum = g.overlap(windows, 0, vec![PAIRS], &known(&[3]));
            let square = g.unary(Unary::Square, sum);
            g.max_pool(square, 0, vec![PAIRS])
        }),
        ("of the batch", &|g, x| {
            let mean = g.reduce_batch(x, vec![0]);
            g.binary(Binary::Sub, x, mean)
        }),
        ("one by one", &|g, x| {
            let image = g.reshape(x, known(&[1, 3, 1]));
            let at = g.numbers(vec![0.8, 0.3, 0.1, -0.2, 0.9, 0.0]);
            let sampling = Sampling { nearest: false, fill: Fill::Reflect, value: 0.0 };
            g.sample(image, at, [2, 3], sampling)
        }),
    ];
    for (name, body) in bodies {
        let case = Case::new(-1.0, 1.0, |g, x| of_rows(g, x, body, true));
        case.check(name);
        if name == "of the batch" {
            continue;
        }
        let looped = Case::new(-1.0, 1.0, |g, x| of_rows(g, x, body, false));
        let weights = case.weights();
        let [a, b] = [&case, &looped].map(|case| {
            let function = grad::infer(&case.graph);
            case.run(&function, &weights)[function.heads[0].z.0].clone()
        });
        assert_eq!(a.dims, b.dims, "{name}");
        assert!(a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-12), "{name}");
    }
}

/// A loop over the places of a row: its values, last state, and sum over the steps, of two states that meet.
fn over_places(g: &mut Graph, row: Id, reverse: bool, start: Option<Id>) -> (usize, Id) {
    let sequence = g.reshape(row, known(&[3, 1]));
    let w = Case::weight(g, &[1, 1]);
    let projected = g.matmul(sequence, w, false);
    let scan = g.scan(3.into(), reverse);
    let zero = g.constant(0.3);
    let zero = g.broadcast_to(zero, &Shape::batched(known(&[1])));
    let (h, c) = (g.state(scan, start.unwrap_or(zero)), g.state(scan, zero));
    let x = g.item(scan, projected);
    let sum = g.binary(Binary::Add, x, h);
    let next = g.unary(Unary::Tanh, sum);
    let product = g.binary(Binary::Mul, next, c);
    let kept = g.binary(Binary::Add, product, x);
    g.set_next(h, next);
    g.set_next(c, kept);
    let (all, last, states, total) = (g.trace(scan, next), g.last(c), g.states(c), g.total(product));
    let parts = [(all, 3), (states, 4), (last, 1), (total, 1)].map(|(x, n)| g.reshape(x, known(&[n])));
    (scan, g.concat(parts.into(), 0))
}

#[test]
fn loops_in_distributed_steps() {
    for reverse in [false, true] {
        Case::new(-1.0, 1.0, |g, x| of_rows(g, x, &|g, row| over_places(g, row, reverse, None).1, true))
            .check(&format!("a loop in steps, reverse {reverse}"));
    }
}

/// A loop whose steps hold another one, which is written out.
#[test]
fn loops_in_loops() {
    for (outer, reverse) in [(false, false), (false, true), (true, false), (true, true)] {
        Case::new(-1.0, 1.0, |g, x| {
            let scan = g.scan(4.into(), outer);
            let zero = g.constant(0.1);
            let zero = g.broadcast_to(zero, &Shape::batched(known(&[9])));
            let state = g.state(scan, zero);
            let row = g.item(scan, x);
            let start = g.slice(state, 0, 2.into(), 1.into());
            let before = g.nodes.len();
            let (inner, y) = over_places(g, row, reverse, Some(start));
            assert!(g.is_within_loop(inner, before));
            let y = g.unroll(inner, before)[&y];
            let next = g.binary(Binary::Add, y, state);
            g.set_next(state, next);
            g.trace(scan, next)
        })
        .check(&format!("outer reverse {outer}, inner reverse {reverse}"));
    }
}

/// The gradient of a loop is a loop that reads another; its own gradient gives to both.
#[test]
fn gradients_of_loops_as_values() {
    for reverse in [false, true] {
        Case::new(0.3, 1.0, |g, x| {
            let scan = g.scan(4.into(), reverse);
            let start = g.mean(x, vec![0], false);
            let (state, item) = (g.state(scan, start), g.item(scan, x));
            let w = Case::weight(g, &[3, 3]);
            let product = g.matmul(state, w, false);
            let sum = g.binary(Binary::Add, product, item);
            let next = g.unary(Unary::Tanh, sum);
            g.set_next(state, next);
            let (last, all) = (g.last(state), g.trace(scan, next));
            let y = g.binary(Binary::Mul, all, last);
            let y = g.unary(Unary::Square, y);
            let dx = grad::gradient(g, y, x).unwrap();
            let square = g.unary(Unary::Square, dx);
            g.binary(Binary::Add, square, x)
        })
        .check(&format!("reverse {reverse}"));
    }
}

/// Three heads that look from the four rows of the input at each other, with a learned factor of the scores, `drop` of the
/// weights, and no look ahead. `sums`: scores that are sums rather than products.
fn attention(g: &mut Graph, x: Id, drop: f32, sums: bool) -> Id {
    let [q, k, v] = [(); 3].map(|()| {
        let w = Case::weight(g, &[3, 6]);
        let y = g.matmul(x, w, false);
        let y = g.reshape(y, known(&[4, 3, 2]));
        g.permute(y, vec![1, 0, 2])
    });
    let scores = if sums {
        let (q, k) = (g.reshape(q, known(&[3, 4, 1, 2])), g.reshape(k, known(&[3, 1, 4, 2])));
        let sum = g.binary(Binary::Add, q, k);
        let all = g.unary(Unary::Tanh, sum);
        let sum = g.reduce(ReduceKind::Sum, all, vec![3], true);
        g.reshape(sum, known(&[3, 4, 4]))
    } else {
        let k = g.permute(k, vec![0, 2, 1]);
        g.batch_matmul(q, k)
    };
    let factor = Case::weight(g, &[]);
    let scores = g.binary(Binary::Mul, scores, factor);
    let places = g.iota(4.into());
    let (rows, columns) = (g.reshape(places, known(&[4, 1])), g.reshape(places, known(&[1, 4])));
    let seen = g.binary(Binary::Ge, rows, columns);
    let away = g.constant(-1e9);
    let scores = g.select(seen, scores, away);
    let weights = g.softmax(scores, 2);
    let weights = if drop > 0.0 { g.dropout(weights, drop) } else { weights };
    let found = g.batch_matmul(weights, v);
    g.permute(found, vec![1, 0, 2])
}

/// Divided by heads, by queries, and by queries that do not fill the last tile.
#[test]
fn attention_in_tiles() {
    for (words, rows, steps) in [(16, 1, 3), (1, 2, 2), (1, 1, 4), (1, 3, 2)] {
        for (drop, sums) in [(0.0, false), (0.0, true), (0.25, false)] {
            let whole = Case::new(-1.0, 1.0, |g, x| attention(g, x, drop, sums));
            let tiled = Case { graph: whole.graph.tiled(TileSize { words, rows }), ..whole };
            assert_eq!(tiled.graph.scans.len(), 1);
            assert!(tiled.graph.scans[0].length.is(steps), "{:?}", tiled.graph.scans[0]);
            tiled.check(&format!("words {words}, rows {rows}, dropout {drop}, sums {sums}"));
            let whole = Case::new(-1.0, 1.0, |g, x| attention(g, x, 0.0, sums));
            if drop == 0.0 {
                let weights = whole.weights();
                let [a, b] = [&whole, &tiled].map(|case| {
                    let function = grad::infer(&case.graph);
                    case.run(&function, &weights)[function.heads[0].z.0].clone()
                });
                assert!(a.data.iter().zip(&b.data).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
            }
        }
    }
}

/// What somebody else reads is computed as a whole.
#[test]
fn attention_whose_weights_are_asked_for_is_whole() {
    let case = Case::new(-1.0, 1.0, |g, x| {
        let y = attention(g, x, 0.0, false);
        let weights = g.nodes.iter().position(|node| matches!(node.op, Op::Softmax(_))).map(Id);
        let weights = g.reduce(ReduceKind::Sum, weights.unwrap(), vec![0, 1, 2], true);
        g.binary(Binary::Add, y, weights)
    });
    assert!(case.graph.tiled(TileSize { words: 1, rows: 1 }).scans.is_empty());
    assert_eq!(case.graph.tiled(TileSize { words: 48, rows: 1 }).nodes.len(), case.graph.nodes.len());
}
