//! `mnist_net2net`: what a network has learnt is carried into a wider and into a deeper one (Chen, Goodfellow and Shlens, 2016).

use keras_runtime::prelude::*;
use ndarray::{Array2, Array4, ArrayD, Axis};

use crate::Draw;

keras_model! {
    block net(filters, units, deeper = false) |image| {
        image >> conv2d(filters, 3, padding = same, activation = relu, name = "conv1") >> max_pooling2d(2)
            >> conv2d(4, 3, padding = same, activation = relu, name = "conv2")
            >> if deeper { conv2d(4, 3, padding = same, activation = relu, name = "conv2_deeper") }
            >> max_pooling2d(2) >> flatten() >> dense(units, relu, name = "fc1")
            >> if deeper { dense(units, relu, name = "fc1_deeper") }
            >> dense(3, softmax, name = "fc2")
    }
    Teacher = input([8, 8, 1]) >> net(3, 6)
    Wider = input([8, 8, 1]) >> net(7, 10)
    Deeper = input([8, 8, 1]) >> net(3, 6, deeper = true)
}

/// Gives a layer more outputs, each a copy of one that was there; the next layer counts those of one source together once.
fn widen(
    student: &mut Wider,
    teacher: &Teacher,
    layer: &str,
    next: (&str, Axis),
    draw: &mut Draw,
) -> Result<()> {
    let (kernel, bias) = (format!("net/{layer}/kernel"), format!("net/{layer}/bias"));
    let (next, axis) = (format!("net/{}/kernel", next.0), next.1);
    let (old, new) = (teacher.weight(&bias)?.len(), student.weight(&bias)?.len());
    let sources: Vec<usize> = (0..new).map(|i| if i < old { i } else { draw.below(old) }).collect();
    let outputs = |weight: &ArrayD<f32>| weight.select(Axis(weight.ndim() - 1), &sources);
    student.set_weight(&kernel, &outputs(&teacher.weight(&kernel)?))?;
    student.set_weight(&bias, &outputs(&teacher.weight(&bias)?))?;
    let mut inputs = teacher.weight(&next)?.select(axis, &sources);
    for (mut words, source) in inputs.axis_iter_mut(axis).zip(&sources) {
        words /= sources.iter().filter(|other| *other == source).count() as f32;
    }
    student.set_weight(&next, &inputs)
}

/// Three kinds of pictures: stripes one way, the other way, and none.
fn stripes(samples: usize, draw: &mut Draw) -> (Array4<f32>, Array2<u8>) {
    let y = Array2::from_shape_simple_fn((samples, 1), || draw.below(3) as u8);
    let x = Array4::from_shape_fn((samples, 8, 8, 1), |(n, i, j, _)| {
        let bright = [i % 2, j % 2, (i / 4 + j / 4) % 2][usize::from(y[[n, 0]])];
        bright as f32 + draw.number() - 0.5
    });
    (x, y)
}

#[test]
fn what_was_learnt_goes_into_larger_networks() -> Result<()> {
    let mut draw = Draw(1);
    let (x, y) = stripes(96, &mut draw);
    let optimizer = || Adam { learning_rate: 0.005, ..Adam::default() };
    let settings = || Fit { epochs: 6, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() };
    let mut teacher = Teacher::new(1).compile(optimizer(), SparseCategoricalCrossentropy, ());
    let fresh = teacher.evaluate(&x, &y)?.loss;
    teacher.fit(&x, &y, settings())?;
    let taught = teacher.evaluate(&x, &y)?.loss;
    assert!(taught < 0.9 * fresh, "{fresh} to {taught}");
    let expected = teacher.predict(&x)?;

    let mut wider = Wider::new(2);
    for name in ["net/conv2/bias", "net/fc2/bias"] {
        wider.set_weight(name, &teacher.weight(name)?)?;
    }
    widen(&mut wider, &teacher, "conv1", ("conv2", Axis(2)), &mut draw)?;
    widen(&mut wider, &teacher, "fc1", ("fc2", Axis(0)), &mut draw)?;

    let mut deeper = Deeper::new(3);
    for (name, value) in teacher.weights() {
        deeper.set_weight(name, &value)?;
    }
    // What is not negative passes a unit kernel and a relu as it is.
    let unit =
        Array4::from_shape_fn((3, 3, 4, 4), |(i, j, from, to)| f32::from(i == 1 && j == 1 && from == to));
    deeper.set_weight("net/conv2_deeper/kernel", &unit.into_dyn())?;
    deeper.set_weight("net/fc1_deeper/kernel", &Array2::eye(6).into_dyn())?;

    goes_on(wider, &x, &y, &expected, taught)?;
    goes_on(deeper, &x, &y, &expected, taught)
}

/// A student says what its teacher said, and learns more.
fn goes_on<M: Model>(
    mut student: M,
    x: &Array4<f32>,
    y: &Array2<u8>,
    expected: &ArrayD<f32>,
    taught: f64,
) -> Result<()> {
    for (found, expected) in student.predict(x)?.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-5, "{}: {found}, expected {expected}", M::SPEC.name);
    }
    let mut student =
        student.compile(Adam { learning_rate: 0.005, ..Adam::default() }, SparseCategoricalCrossentropy, ());
    student.fit(x, y, Fit { epochs: 6, batch_size: 16, verbose: Verbose::Silent, ..Fit::default() })?;
    let learnt = student.evaluate(x, y)?.loss;
    assert!(learnt < 0.9 * taught, "{}: {taught} to {learnt}", M::SPEC.name);
    Ok(())
}
