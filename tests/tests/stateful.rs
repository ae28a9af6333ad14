//! Recurrent layers whose states live from batch to batch, against Keras.

#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::fs;

use fixture::{Fixture, assert_close, assert_close_number};
use keras_runtime::prelude::*;
use ndarray::{ArrayD, Axis, Slice};

keras_model! {
    SimpleRnn = simple_rnn(4, stateful = true, input = [5, 3]);
    Lstm = lstm(4, stateful = true, return_sequences = true, input = [5, 3]) >> lstm(3, stateful = true);
    GruBackwards = gru(4, stateful = true, go_backwards = true, input = [5, 3]);
    Rnn = rnn([lstm_cell(4), gru_cell(2)], stateful = true, input = [5, 3]);
    /// Both applications have one state: the second goes on from the first.
    Twice(x: [5, 3]) { let both = lstm(4, stateful = true); (x >> both) - (x * 0.5 >> both) }
    Masked = masking(input = [5, 3]) >> lstm(4, stateful = true);
    ConvLstm = reshape([5, 3, 1], input = [5, 3]) >> conv_lstm1d(2, 2, stateful = true) >> flatten();
    cell total(x: [3]; sum: [3]) -> [3] {
        let sum = sum + x;
        (sum, sum)
    }
    Total = input([5, 3]) >> total(stateful = true);
    /// With dropout, noise for the optimizer and a part that no state is in.
    Long = lstm(8, stateful = true, return_sequences = true, dropout = 0.2, input = [5, 3])
        >> time_distributed(dense(4)) >> bidirectional(gru(5, stateful = true)) >> dense(2);
    /// One of its layers is beyond what the other model ends with.
    Whole = lstm(4, stateful = true, return_sequences = true, name = "first", input = [5, 3]) >> lstm(3, stateful = true);
    First(x: [5, 3]) { x >> Whole(outputs = "first") }
}

fn batch(fixture: &Fixture, i: usize) -> ArrayD<f32> {
    fixture.get("x").index_axis(Axis(0), i).to_owned()
}

fn check<M: Model>(case: &str) -> Result<()> {
    let fixture = Fixture::load("stateful");
    let load = || -> Result<M> {
        let mut model = M::with_seed(0);
        for weight in M::SPEC.weights {
            model.set_weight(weight.name, fixture.get(&format!("{case}/{}", weight.name)))?;
        }
        Ok(model)
    };
    let mut model = load()?;
    let expected = fixture.get(&format!("{case}/outputs"));
    for round in 0..2 {
        for i in 0..3 {
            let found = model.predict(batch(&fixture, i))?;
            let what = format!("{case}: batch {i}, round {round}");
            assert_close(&what, &found, &expected.index_axis(Axis(0), i).to_owned(), 1e-5);
        }
        model.reset_states();
    }
    let mut model = load()?.compile(Sgd { learning_rate: 0.1, ..Sgd::default() }, MeanSquaredError, ());
    for i in 0..3 {
        let score = model.train_on_batch(batch(&fixture, i), fixture.get(&format!("{case}/y")).clone())?;
        let expected = f64::from(fixture.get(&format!("{case}/losses"))[i]);
        assert_close_number(&format!("{case}: loss {i}"), score.loss, expected, 1e-5);
    }
    for weight in M::SPEC.weights {
        let expected = fixture.get(&format!("{case}/after/{}", weight.name));
        assert_close(&format!("{case}: {}", weight.name), &model.weight(weight.name)?, expected, 1e-5);
    }
    Ok(())
}

#[test]
fn states_go_on_as_in_keras() -> Result<()> {
    check::<SimpleRnn>("simple_rnn")?;
    check::<Lstm>("lstm")?;
    check::<GruBackwards>("gru_backwards")?;
    check::<Rnn>("rnn")?;
    check::<Twice>("twice")?;
    check::<Masked>("masked")?;
    check::<ConvLstm>("conv_lstm1d")
}

#[test]
fn a_cell_of_ones_own_goes_on() -> Result<()> {
    let fixture = Fixture::load("stateful");
    let mut model = Total::new(0);
    model.predict(batch(&fixture, 0))?;
    let found = model.predict(batch(&fixture, 1))?;
    let expected = batch(&fixture, 0).sum_axis(Axis(1)) + batch(&fixture, 1).sum_axis(Axis(1));
    assert_close("sum of two batches", &found, &expected, 1e-6);
    Ok(())
}

#[test]
fn batches_of_another_size_are_errors_until_a_reset() -> Result<()> {
    let fixture = Fixture::load("stateful");
    let x = batch(&fixture, 0);
    let half = x.slice_axis(Axis(0), Slice::from(..2)).to_owned();
    let mut model = SimpleRnn::new(0);
    let first = model.predict(&half)?;
    // Sample by sample of the batch, as often as its size fits.
    let second = model.predict(&x)?;
    assert_eq!(second.shape(), [4, 4]);
    let three = x.slice_axis(Axis(0), Slice::from(..3)).to_owned();
    let problem = model.predict(&three).expect_err("three are not two").to_string();
    assert!(problem.contains("2 samples") && problem.contains("reset_states"), "{problem}");
    model.reset_states();
    // More than are predicted at once without states.
    let many = ArrayD::from_shape_fn(vec![300, 5, 3], |i| x[[i[0] % 4, i[1], i[2]]]);
    let all = model.predict(&many)?;
    assert_eq!(all.slice_axis(Axis(0), Slice::from(..4)), all.slice_axis(Axis(0), Slice::from(296..)));
    assert_ne!(model.predict(&many)?, all);
    model.reset_states();
    assert_eq!(model.predict(&three)?.shape(), [3, 4]);
    model.reset_states();
    assert_eq!(model.predict(&half)?, first);

    let mut trainer = SimpleRnn::new(0).compile(Sgd::default(), MeanSquaredError, ());
    let y = ArrayD::<f32>::zeros(vec![4, 4]);
    let settings = || Fit { batch_size: 3, verbose: Verbose::Silent, ..Fit::default() };
    let problem = trainer.fit(&x, &y, settings()).expect_err("4 is not 3 and 3").to_string();
    assert!(problem.contains("3 samples"), "{problem}");
    trainer.reset_states();
    trainer.fit(&x, &y, Fit { batch_size: 2, ..settings() })?;
    Ok(())
}

fn bits<M: Model>(model: &M) -> Vec<u32> {
    model.weights().iter().flat_map(|(_, w)| w.iter().map(|x| x.to_bits()).collect::<Vec<_>>()).collect()
}

#[test]
fn threads_and_checkpoints_change_nothing() -> Result<()> {
    let fixture = Fixture::load("stateful");
    let y = ArrayD::from_shape_fn(vec![4, 2], |i| (i[0] * 2 + i[1]) as f32 / 8.0);
    let file = std::env::temp_dir().join(format!("keras-stateful-{}", std::process::id()));
    let build = |threads: usize, seed: u64| -> Result<Trainer<Long>> {
        Ok(Long::on(&Cpu::threads(threads), seed)?.compile(Adam::default(), MeanSquaredError, ()))
    };
    let mut whole = build(1, 3)?;
    let (mut two, mut resumed) = (build(2, 3)?, build(1, 8)?);
    for i in 0..3 {
        whole.train_on_batch(batch(&fixture, i), y.clone())?;
        two.train_on_batch(batch(&fixture, i), y.clone())?;
        if i == 0 {
            whole.save_checkpoint(&file)?;
            resumed.load_checkpoint(&file)?;
        } else {
            resumed.train_on_batch(batch(&fixture, i), y.clone())?;
        }
    }
    fs::remove_file(&file).expect("it was written");
    assert!(bits(&*whole) == bits(&*two), "two threads");
    assert!(bits(&*whole) == bits(&*resumed), "resumed");
    let x = batch(&fixture, 1);
    assert_eq!(whole.predict(&x)?, resumed.predict(&x)?);
    Ok(())
}

#[test]
fn a_part_of_a_model_has_its_states_alone() -> Result<()> {
    assert_eq!(Whole::SPEC.state_words, 4 * 16);
    assert_eq!(First::SPEC.state_words, 2 * 16);
    let fixture = Fixture::load("stateful");
    let mut first = First::new(0);
    let once = first.predict(batch(&fixture, 0))?;
    let again = first.predict(batch(&fixture, 0))?;
    assert_ne!(once, again);
    Ok(())
}
