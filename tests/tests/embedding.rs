//! Embeddings against Keras: outputs, gradients of their vectors, masks.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use fixture::{Cotangent, Fixture, assert_close, still};
use keras_runtime::data::IntoTensor;
use keras_runtime::loss::Loss;
use keras_runtime::prelude::*;
use ndarray::Array2;

keras_model! {
    Plain(a: [i32; 6]) { a >> embedding(9, 5, name = "e") }
    OfOne(a: [i32;]) { a >> embedding(9, 5, name = "e") }
    Rank3(a: [u8; 4, 2]) { a >> embedding(9, 3, name = "e") }
    Mean(a: [u32; 6]) { mean(a >> embedding(9, 18, name = "e"), axis = 1) >> dense(3, tanh, name = "d") }
    Masked(a: [i32; 6]) { a >> embedding(9, 5, mask_zero = true, name = "e") >> lstm(4) }
    Through(a: [6]) {
        a >> embedding(9, 5, mask_zero = true, name = "e") >> dense(3, relu, name = "d") >> dropout(0.0)
            >> bidirectional(gru(4, return_sequences = true)) >> drop_mask()
    }
    Shared(a: [i32; 6], b: [i32; 6]) { let e = embedding(9, 5, name = "e"); sum((a >> e) * (b >> e), axis = -1) }
    Reversible(a: [i32; 6]) { let e = reversible_embedding(9, 5, name = "e"); a >> e >> dense(5, tanh, name = "d") >> e(reverse = true) }
    Untied(a: [i32; 6]) {
        let e = reversible_embedding(9, 5, tie_weights = false, logit_soft_cap = 0.3, name = "e");
        e(a >> e >> dense(5, tanh, name = "d"), reverse = true)
    }
    MaskedBack(a: [i32; 6]) {
        let e = reversible_embedding(9, 17, mask_zero = true, logit_soft_cap = 2.0, name = "e");
        a >> e >> gru(17, name = "gru") >> e(reverse = true)
    }
    Back = reversible_embedding(7, 3, reverse = true, input = 3)
    Words = input([6], dtype = i32) >> embedding(9, 4) >> flatten() >> dense(2, softmax)
}

fn check<M: Model>(model: M, name: &str, inputs: &[&str]) -> Result<()> {
    let fixture = Fixture::load("embedding");
    let get = |part: &str| fixture.get(&format!("{name}/{part}"));
    let losses: Vec<Box<dyn Loss>> = vec![Box::new(Cotangent { batch: 3 })];
    let mut model = model.compile(still(), losses, ());
    for weight in M::SPEC.weights {
        model.set_weight(weight.name, get(weight.name))?;
    }
    let x: Vec<_> = inputs.iter().map(|input| get(input).into_tensor()).collect();
    assert_close(name, &model.predict(x.clone())?, get("output"), 1e-5);
    model.train_on_batch(x, get("cotangent"))?;
    for weight in M::SPEC.weights {
        let found = model.gradient(weight.name)?;
        assert_close(
            &format!("{name}: {}", weight.name),
            &found,
            get(&format!("grad/{}", weight.name)),
            1e-5,
        );
    }
    Ok(())
}

#[test]
fn as_in_keras() -> Result<()> {
    check(Plain::new(0), "embedding", &["a"])?;
    check(OfOne::new(0), "embedding_of_one", &["a"])?;
    check(Rank3::new(0), "embedding_rank3", &["a"])?;
    check(Mean::new(0), "embedding_mean", &["a"])?;
    check(Masked::new(0), "embedding_masked", &["a"])?;
    check(Through::new(0), "embedding_masked_through", &["a"])?;
    check(Shared::new(0), "embedding_shared", &["a", "b"])?;
    check(Reversible::new(0), "reversible", &["a"])?;
    check(Untied::new(0), "reversible_untied", &["a"])?;
    check(MaskedBack::new(0), "reversible_masked", &["a"])
}

/// The way back alone is a product with the transposed table.
#[test]
fn a_use_may_go_back_only() -> Result<()> {
    let mut model = Back::new(3);
    let table = model.weight("reversible_embedding/embeddings")?;
    assert_eq!(table.shape(), [7, 3]);
    let logits =
        model.predict(Array2::from_shape_vec((1, 3), vec![1.0f32, 0.0, 2.0]).expect("three words"))?;
    for (row, logit) in table.outer_iter().zip(logits.iter()) {
        assert!((row[[0]] + 2.0 * row[[2]] - logit).abs() < 1e-6);
    }
    Ok(())
}

#[test]
fn an_index_without_a_vector_is_an_error() {
    for (index, text) in [(9, "holds 9; expected whole numbers from 0 to 8"), (-1, "holds -1")] {
        let mut x = Array2::<i32>::ones((4, 6));
        x[[2, 3]] = index;
        let error = Words::new(0).predict(&x).expect_err("it has no vector").to_string();
        assert!(error.contains(text) && error.contains("sample 2"), "{error}");
        let mut model = Words::new(0).compile(Sgd::default(), SparseCategoricalCrossentropy, ());
        assert!(model.train_on_batch(&x, &[0, 1, 0, 1][..]).is_err());
    }
}

/// The gradient of a large table is divided among threads.
#[test]
fn threads_agree_bit_by_bit() -> Result<()> {
    keras_model! { Large = input([40], dtype = u32) >> embedding(500, 64) >> global_average_pooling1d() >> dense(2, softmax) }
    let x = Array2::from_shape_fn((64, 40), |(i, j)| ((i * 37 + j * 11) % 500) as u32);
    let y: Vec<i32> = (0..64).map(|i| i % 2).collect();
    let run = |threads: usize| -> Result<Vec<u32>> {
        let mut model =
            Large::on(&Cpu::threads(threads), 3)?.compile(Adam::default(), SparseCategoricalCrossentropy, ());
        model.fit(
            &x,
            &y[..],
            Fit { epochs: 2, batch_size: 32, verbose: Verbose::Silent, ..Fit::default() },
        )?;
        Ok(model.network().params().iter().map(|w| w.to_bits()).collect())
    };
    assert_eq!(run(1)?, run(2)?);
    Ok(())
}
