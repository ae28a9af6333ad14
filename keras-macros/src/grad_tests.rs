//! Gradients against finite differences, and simplified functions against what they were, in `f64`.

mod coverage;
mod loops;

use crate::fuse::simplify;
use crate::grad::{self, Function};
use crate::ir::interpret::{Tensor, Values, run};
use crate::ir::{
    Binary, DType, Dim, Fill, Graph, Id, Init, Input, ReduceKind, Sampling, Shape, Unary, Window,
};

const BATCH: usize = 3;

/// Numbers between `low` and `high` without a pattern, the same at every call.
fn numbers(count: usize, seed: u64, low: f64, high: f64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    (0..count).map(|_| low + (high - low) * next()).collect()
}

fn known(dims: &[usize]) -> Vec<Dim> {
    dims.iter().map(|&n| Dim::known(n)).collect()
}

fn sizes(shape: &Shape) -> Vec<usize> {
    let dims = shape.dims.iter().map(|dim| dim.as_known().unwrap());
    shape.batched.then_some(BATCH).into_iter().chain(dims).collect()
}

/// A model under test: one input, weights, one output, with values in `[low, high]`.
struct Case {
    graph: Graph,
    low: f64,
    high: f64,
}

impl Case {
    /// `build` gets an input of `[batch, 4, 3]` scaled by a trainable weight of `[4, 3]`, so that its gradient is asked for.
    fn new(low: f64, high: f64, build: impl Fn(&mut Graph, Id) -> Id) -> Self {
        let mut graph = Graph::default();
        let x = graph.input(Input {
            name: "x".into(),
            shape: Shape::batched(known(&[4, 3])),
            dtype: DType::F32,
            below: None,
        });
        let scale = graph.weight("scale".into(), known(&[4, 3]), Init::Ones, true);
        let scale = graph.weight_value(scale);
        let x = graph.binary(Binary::Mul, x, scale);
        let y = build(&mut graph, x);
        graph.output("y".into(), y);
        Case { graph, low, high }
    }

    fn weight(graph: &mut Graph, dims: &[usize]) -> Id {
        let name = format!("w{}", graph.weights.len());
        let weight = graph.weight(name, known(dims), Init::Zeros, true);
        graph.weight_value(weight)
    }

    fn weights(&self) -> Vec<Tensor> {
        let weights = self.graph.weights.iter().enumerate().map(|(i, weight)| {
            let dims: Vec<usize> = weight.shape.iter().map(|dim| dim.as_known().unwrap()).collect();
            // The scale stays close to 1, so that the scaled input stays in its range.
            let (low, high) = if i == 0 { (0.95, 1.05) } else { (-1.0, 1.0) };
            Tensor::new(&dims, numbers(dims.iter().product(), 7 + i as u64, low, high))
        });
        weights.collect()
    }

    /// What the model adds to its loss.
    fn added(&self, function: &Function, weights: &[Tensor]) -> f64 {
        function.loss.map_or(0.0, |loss| self.run(function, weights)[loss.0].data[0])
    }

    fn run(&self, function: &Function, weights: &[Tensor]) -> Vec<Tensor> {
        let inputs = [Tensor::new(&[BATCH, 4, 3], numbers(BATCH * 12, 1, self.low, self.high))];
        let z = sizes(function.graph.shape(function.heads[0].z));
        let loss_gradients = [Tensor::new(&z, numbers(z.iter().product(), 2, -1.0, 1.0))];
        run(
            &function.graph,
            &Values { batch: BATCH, inputs: &inputs, weights, loss_gradients: &loss_gradients },
        )
    }

    /// The loss: the output's product with fixed numbers, and what the model adds.
    fn loss(&self, function: &Function, weights: &[Tensor]) -> f64 {
        let z = &self.run(function, weights)[function.heads[0].z.0];
        let heads: f64 = z.data.iter().zip(numbers(z.data.len(), 2, -1.0, 1.0)).map(|(z, c)| z * c).sum();
        heads + self.added(function, weights)
    }

    /// Holds every gradient to a central difference, before and after simplification.
    fn check(&self, name: &str) {
        let function = grad::train(&self.graph);
        let weights = self.weights();
        let simplified = simplify(&function);
        let (plain, simple) = (self.run(&function, &weights), self.run(&simplified, &weights));
        assert_eq!(function.gradients.len(), self.graph.weights.len(), "{name}: a gradient is missing");
        for ((weight, id), (_, simple_id)) in function.gradients.iter().zip(&simplified.gradients) {
            for at in 0..weights[*weight].data.len() {
                let shifted = |by: f64| {
                    let mut weights = weights.clone();
                    weights[*weight].data[at] += by;
                    self.loss(&function, &weights)
                };
                let step = 1e-5;
                let expected = (shifted(step) - shifted(-step)) / (2.0 * step);
                for (what, found) in
                    [("", plain[id.0].data[at]), (" simplified", simple[simple_id.0].data[at])]
                {
                    let close = (found - expected).abs() <= 1e-6 * (1.0 + expected.abs());
                    assert!(
                        close,
                        "{name}{what}: d/d{}[{at}] is {found}, expected {expected}",
                        self.graph.weights[*weight].name
                    );
                }
            }
        }
        coverage::held(&self.graph);
    }
}

#[test]
fn unary_functions() {
    use Unary::*;
    let anywhere =
        [Neg, Abs, Square, Exp, Expm1, Sin, Cos, Atan, Sinh, Cosh, Asinh, Tanh, Sigmoid, Relu, Erf, Softplus];
    for f in anywhere {
        Case::new(-2.0, 2.0, |g, x| g.unary(f, x)).check(&format!("{f:?}"));
    }
    for f in [Sqrt, Reciprocal, Log, Log1p] {
        Case::new(0.3, 2.0, |g, x| g.unary(f, x)).check(&format!("{f:?}"));
    }
    for f in [Tan, Asin, Acos, Atanh] {
        Case::new(-0.8, 0.8, |g, x| g.unary(f, x)).check(&format!("{f:?}"));
    }
    Case::new(1.3, 3.0, |g, x| g.unary(Acosh, x)).check("Acosh");
    for f in [Sign, Floor, Ceil, Round] {
        // Their derivative is 0; the sum keeps the gradient alive.
        let with_x = |g: &mut Graph, x| {
            let y = g.unary(f, x);
            g.binary(Binary::Add, x, y)
        };
        Case::new(0.6, 0.9, with_x).check(&format!("{f:?}"));
    }
}

#[test]
fn binary_functions_with_broadcasts() {
    use Binary::*;
    for f in [Add, Sub, Mul, Div, Maximum, Minimum] {
        for dims in [&[4, 3][..], &[3], &[4, 1], &[1], &[]] {
            let build = |g: &mut Graph, x| {
                let w = Case::weight(g, dims);
                g.binary(f, x, w)
            };
            Case::new(0.5, 2.0, build).check(&format!("{f:?} {dims:?}"));
            let flipped = |g: &mut Graph, x| {
                let w = Case::weight(g, dims);
                g.binary(f, w, x)
            };
            Case::new(0.5, 2.0, flipped).check(&format!("{f:?} {dims:?} flipped"));
        }
    }
    let power = |g: &mut Graph, x| {
        let w = Case::weight(g, &[3]);
        g.binary(Pow, x, w)
    };
    Case::new(0.5, 2.0, power).check("Pow");
    let condition = |g: &mut Graph, x| {
        let (zero, w) = (g.constant(0.0), Case::weight(g, &[3]));
        let positive = g.binary(Gt, x, zero);
        g.select(positive, x, w)
    };
    Case::new(-1.0, 1.0, condition).check("Select");
}

#[test]
fn shapes() {
    Case::new(-1.0, 1.0, |g, x| g.reshape(x, known(&[2, 6]))).check("Reshape");
    Case::new(-1.0, 1.0, |g, x| g.permute(x, vec![1, 0])).check("Permute");
    Case::new(-1.0, 1.0, |g, x| g.slice(x, 0, 1.into(), 2.into())).check("Slice");
    Case::new(-1.0, 1.0, |g, x| g.pad(x, 1, 2.into(), 6.into())).check("Pad");
    let concat = |g: &mut Graph, x| {
        let y = g.unary(Unary::Square, x);
        let part = g.slice(y, 0, 0.into(), 1.into());
        g.concat(vec![x, part, y], 0)
    };
    Case::new(-1.0, 1.0, concat).check("Concat");
}

#[test]
fn reductions() {
    use ReduceKind::*;
    for kind in [Sum, Max, Min, Product] {
        for axes in [vec![0], vec![1], vec![0, 1]] {
            for keepdims in [false, true] {
                Case::new(0.5, 2.0, |g, x| g.reduce(kind, x, axes.clone(), keepdims))
                    .check(&format!("{kind:?} {axes:?}"));
            }
        }
    }
    Case::new(0.5, 2.0, |g, x| g.mean(x, vec![1], false)).check("mean");
    for axis in [0, 1] {
        Case::new(-1.0, 1.0, |g, x| g.softmax(x, axis)).check("Softmax");
        Case::new(-1.0, 1.0, |g, x| g.log_softmax(x, axis)).check("LogSoftmax");
    }
}

/// Sizes, strides and dilations, overlapping and with gaps between.
#[test]
fn windows() {
    for (axis, sizes) in
        [(0, &[(2, 1, 1)][..]), (0, &[(2, 3, 1)]), (1, &[(2, 1, 2)]), (0, &[(2, 1, 3), (1, 2, 1)])]
    {
        let windows: Vec<Window> =
            sizes.iter().map(|&(size, stride, dilation)| Window { size, stride, dilation }).collect();
        let square = |g: &mut Graph, x| {
            let y = g.windows(x, axis, windows.clone());
            g.unary(Unary::Square, y)
        };
        Case::new(0.5, 2.0, square).check(&format!("{windows:?}"));
        let back = |g: &mut Graph, x| {
            let extents = g.shape(x).dims[axis..axis + windows.len()].to_vec();
            let y = square(g, x);
            g.overlap(y, axis, windows.clone(), &extents)
        };
        Case::new(0.5, 2.0, back).check(&format!("sum of {windows:?}"));
    }
    let max = |g: &mut Graph, x| {
        let windows = vec![Window { size: 2, stride: 1, dilation: 2 }];
        let windows = g.windows(x, 0, windows);
        g.reduce(ReduceKind::Max, windows, vec![1], false)
    };
    Case::new(0.5, 2.0, max).check("max pooling");
}

#[test]
fn flips() {
    for axis in [0, 1] {
        Case::new(-1.0, 1.0, |g, x| g.flip(x, axis)).check(&format!("flip {axis}"));
    }
}

#[test]
fn products() {
    for transposed in [false, true] {
        let build = |g: &mut Graph, x| {
            let w = Case::weight(g, if transposed { &[5, 3] } else { &[3, 5] });
            g.matmul(x, w, transposed)
        };
        Case::new(-1.0, 1.0, build).check("MatMul");
    }
    let batch = |g: &mut Graph, x| {
        let xt = g.permute(x, vec![1, 0]);
        g.batch_matmul(x, xt)
    };
    Case::new(-1.0, 1.0, batch).check("BatchMatMul");
    let weights_alone = |g: &mut Graph, x| {
        let (a, b) = (Case::weight(g, &[2, 3]), Case::weight(g, &[3, 3]));
        let product = g.matmul(a, b, false);
        g.matmul(x, product, true)
    };
    Case::new(-1.0, 1.0, weights_alone).check("a product of weights");
}

#[test]
fn added_losses() {
    let of_a_weight = |g: &mut Graph, x| {
        let w = Case::weight(g, &[3]);
        let square = g.unary(Unary::Square, w);
        g.add_loss(square);
        g.binary(Binary::Mul, x, w)
    };
    Case::new(-1.0, 1.0, of_a_weight).check("of a weight");
    let of_an_output = |g: &mut Graph, x| {
        let y = g.unary(Unary::Sigmoid, x);
        let square = g.unary(Unary::Square, y);
        g.add_loss(square);
        let one = g.unary(Unary::Exp, x);
        g.add_loss(one);
        y
    };
    Case::new(-1.0, 1.0, of_an_output).check("of an output");
    let of_a_number = |g: &mut Graph, x| {
        let sum = g.reduce(ReduceKind::Sum, x, vec![0, 1], false);
        let cubed = g.binary_const(Binary::Pow, sum, 3.0);
        g.add_loss(cubed);
        x
    };
    Case::new(0.5, 1.0, of_a_number).check("of a number for each sample");
}

#[test]
fn an_added_loss_is_a_mean_over_the_batch_while_inferring_too() {
    let case = Case::new(-1.0, 1.0, |g, x| {
        let dropped = g.dropout(x, 0.5);
        g.add_loss(dropped);
        x
    });
    let weights = case.weights();
    let evaluated = simplify(&grad::evaluate(&case.graph));
    let x = numbers(BATCH * 12, 1, -1.0, 1.0);
    let sum: f64 = x.iter().enumerate().map(|(i, x)| x * weights[0].data[i % 12]).sum();
    let expected = sum / BATCH as f64;
    assert!((case.added(&evaluated, &weights) - expected).abs() < 1e-12);
    assert!(grad::infer(&case.graph).loss.is_none());
    let trained = grad::train(&case.graph);
    assert!((case.added(&trained, &weights) - expected).abs() > 1e-3, "half of it is dropped");
}

#[test]
fn a_shared_weight_has_the_sum_of_its_gradients() {
    let build = |g: &mut Graph, x| {
        let w = Case::weight(g, &[3, 3]);
        let y = g.matmul(x, w, false);
        let y = g.unary(Unary::Tanh, y);
        g.matmul(y, w, false)
    };
    Case::new(-1.0, 1.0, build).check("shared");
}

#[test]
fn dropout_uses_one_mask_in_both_passes() {
    let build = |g: &mut Graph, x| {
        let y = g.unary(Unary::Relu, x);
        let y = g.dropout(y, 0.25);
        let w = Case::weight(g, &[3, 2]);
        g.matmul(y, w, false)
    };
    Case::new(-1.0, 1.0, build).check("relu, dropout");
    let smooth = |g: &mut Graph, x| {
        let y = g.unary(Unary::Tanh, x);
        g.dropout(y, 0.25)
    };
    Case::new(-1.0, 1.0, smooth).check("tanh, dropout");
}

#[test]
fn what_no_trainable_weight_needs_has_no_gradient() {
    let mut graph = Graph::default();
    let x = graph.input(Input {
        name: "x".into(),
        shape: Shape::batched(known(&[3])),
        dtype: DType::F32,
        below: None,
    });
    let frozen = graph.weight("frozen".into(), known(&[3, 3]), Init::Zeros, false);
    let frozen = graph.weight_value(frozen);
    let h = graph.matmul(x, frozen, false);
    let head = graph.weight("head".into(), known(&[3, 2]), Init::Zeros, true);
    let head = graph.weight_value(head);
    let y = graph.matmul(h, head, false);
    graph.output("y".into(), y);
    let function = simplify(&grad::train(&graph));
    assert_eq!(function.gradients.len(), 1);
    let products = function.graph.nodes.iter().filter(|node| matches!(node.op, crate::ir::Op::MatMul { .. }));
    assert_eq!(products.count(), 2, "the gradient of the frozen layer's input is not computed");
}

/// Images turned, shrunk and shifted, by one transformation for all samples and by one for each.
#[test]
fn images_between_their_places() {
    for fill in [Fill::Constant, Fill::Nearest, Fill::Reflect, Fill::Mirror, Fill::Wrap] {
        for nearest in [false, true] {
            let sampling = Sampling { nearest, fill, value: 0.7 };
            Case::new(-1.0, 1.0, |g, x| {
                let image = g.reshape(x, known(&[2, 3, 2]));
                let at = g.numbers(vec![0.8, 0.3, -0.9, -0.2, 0.9, 0.4]);
                g.sample(image, at, [3, 4], sampling)
            })
            .check(&format!("{sampling:?}"));
            Case::new(-1.0, 1.0, |g, x| {
                let image = g.reshape(x, known(&[4, 3, 1]));
                let at = g.uniform(Shape::batched(known(&[8])), -1.0, 1.5);
                g.sample(image, at, [2, 3], sampling)
            })
            .check(&format!("{sampling:?} of each sample"));
            Case::new(-1.0, 1.0, |g, x| {
                let image = g.reshape(x, known(&[4, 3, 1]));
                let at = g.uniform(Shape::batched(known(&[2, 3, 2])), -1.0, 4.5);
                g.sample(image, at, [2, 3], sampling)
            })
            .check(&format!("{sampling:?} of each place"));
            Case::new(-1.0, 1.0, |g, x| {
                let image = g.reshape(x, known(&[4, 3, 1]));
                let at = g.uniform(Shape::fixed(known(&[4, 3, 2])), -1.0, 4.5);
                g.sample_sum(image, at, known(&[3, 2, 1]).try_into().unwrap(), sampling)
            })
            .check(&format!("sums of {sampling:?}"));
        }
    }
}

/// Random numbers are numbers to a gradient.
#[test]
fn noise() {
    Case::new(-1.0, 1.0, |g, x| {
        let noise = g.normal(Shape::batched(known(&[1, 3])));
        g.binary(Binary::Mul, x, noise)
    })
    .check("noise of each column");
}

/// Gradients of gradients: a training step's own of models that hold gradients as values.
#[test]
fn gradients_as_values() {
    use Unary::*;
    let inner = |build: &dyn Fn(&mut Graph, Id) -> Id, low: f64, name: &str| {
        Case::new(low, low + 1.0, |g, x| {
            let y = build(g, x);
            let y = g.unary(Square, y);
            let dx = grad::gradient(g, y, x).unwrap();
            // Both ways meet.
            let square = g.unary(Square, dx);
            g.binary(Binary::Add, square, x)
        })
        .check(name);
    };
    for f in [Exp, Sin, Tanh, Sigmoid, Erf, Softplus, Square, Cosh, Atan, Log1p, Sqrt, Reciprocal, Relu] {
        inner(&|g, x| g.unary(f, x), 0.3, &format!("{f:?}"));
    }
    inner(&|g, x| g.push(crate::ir::Op::Softmax(x), g.shape(x).clone()), -0.5, "Softmax");
    inner(&|g, x| g.push(crate::ir::Op::LogSoftmax(x), g.shape(x).clone()), -0.5, "LogSoftmax");
    let dense = |g: &mut Graph, x| {
        let w = Case::weight(g, &[3, 5]);
        let y = g.matmul(x, w, false);
        let y = g.unary(Tanh, y);
        let v = Case::weight(g, &[2, 5]);
        g.matmul(y, v, true)
    };
    inner(&dense, -0.5, "products");
    let attention = |g: &mut Graph, x| {
        let xt = g.permute(x, vec![1, 0]);
        let scores = g.batch_matmul(x, xt);
        let shape = g.shape(scores).clone();
        let scores = g.push(crate::ir::Op::Softmax(scores), shape);
        g.batch_matmul(scores, x)
    };
    inner(&attention, -0.5, "attention");
    let window = |size, stride| Window { size, stride, dilation: 1 };
    let convolution = |g: &mut Graph, x| {
        let windows = g.windows(x, 0, vec![window(2, 1)]);
        let windows = g.reshape(windows, known(&[3, 6]));
        let w = Case::weight(g, &[6, 2]);
        g.matmul(windows, w, false)
    };
    inner(&convolution, -0.5, "convolution");
    inner(&|g, x| g.max_pool(x, 0, vec![window(3, 1), window(2, 1)]), -0.5, "max_pool");
    inner(&|g, x| g.reduce(ReduceKind::Max, x, vec![0], true), -0.5, "max");
    inner(&|g, x| g.reduce(ReduceKind::Product, x, vec![1], true), 0.5, "product");
    let sample = |g: &mut Graph, x| {
        let image = g.reshape(x, known(&[2, 3, 2]));
        let at = g.numbers(vec![0.8, 0.3, -0.9, -0.2, 0.9, 0.4]);
        let sampling = Sampling { nearest: false, fill: Fill::Reflect, value: 0.0 };
        g.sample(image, at, [3, 4], sampling)
    };
    inner(&sample, -0.5, "sample");
}

/// Of a value that is another one while training, the gradient is that of the phase.
#[test]
fn a_gradient_as_a_value_is_that_of_its_phase() {
    let case = Case::new(0.5, 1.5, |g, x| {
        let (square, exponential) = (g.unary(Unary::Square, x), g.unary(Unary::Exp, x));
        let y = g.phase(square, exponential);
        let dropped = g.dropout(y, 0.25);
        grad::gradient(g, dropped, x).unwrap()
    });
    case.check("of the training");
    let weights = case.weights();
    let inferred = grad::infer(&case.graph);
    let slope = &case.run(&inferred, &weights)[inferred.heads[0].z.0];
    let x = numbers(BATCH * 12, 1, 0.5, 1.5);
    for (i, slope) in slope.data.iter().enumerate() {
        assert!((slope - (x[i] * weights[0].data[i % 12]).exp()).abs() < 1e-12);
    }
}

#[test]
fn a_gradient_goes_around_what_it_is_stopped_at() {
    let case = Case::new(-1.0, 1.0, |g, x| {
        let stopped = g.stop_gradient(x);
        g.binary(Binary::Mul, x, stopped)
    });
    let weights = case.weights();
    let function = grad::train(&case.graph);
    let values = case.run(&function, &weights);
    let x = numbers(BATCH * 12, 1, -1.0, 1.0);
    let slopes = numbers(BATCH * 12, 2, -1.0, 1.0);
    let (weight, id) = function.gradients[0];
    for at in 0..12 {
        // Half of the derivative of (x w)²: w is counted once.
        let each =
            (0..BATCH).map(|i| slopes[i * 12 + at] * x[i * 12 + at].powi(2) * weights[weight].data[at]);
        assert!((values[id.0].data[at] - each.sum::<f64>()).abs() < 1e-12);
    }
}
