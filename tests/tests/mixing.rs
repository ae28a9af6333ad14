//! Samples mixed with each other: labels tell of how much of which, and images hold just that.

use keras_runtime::data::{Batch, Batches, cut_mix, mix_up};
use keras_runtime::prelude::*;
use ndarray::{Array1, Array4};

const ROWS: usize = 24;
const SIZE: usize = 9;

/// Images whose every element tells the sample and the place, and labels that tell the sample.
fn data() -> Result<Dataset> {
    let x = Array4::from_shape_fn((ROWS, SIZE, SIZE + 2, 2), |(n, i, j, c)| {
        (n * 1000 + i * 50 + j * 4 + c) as f32
    });
    let labels: Vec<u32> = (0..ROWS as u32).collect();
    Ok(Dataset::from_arrays(x, to_categorical(&labels, ROWS)?)?.batch(ROWS))
}

fn first(mut data: Dataset, pass: usize) -> Result<Batch> {
    data.begin(pass)?;
    Ok(data.next()?.expect("there is a batch"))
}

/// For each sample its share in its label, and the other one there, if it is another.
fn shares(batch: &Batch) -> Vec<(f64, Option<(usize, f64)>)> {
    let label = |row: usize, class: usize| batch.y[0].values().at(row * ROWS + class);
    let rows = (0..ROWS).map(|row| {
        let others: Vec<_> = (0..ROWS).filter(|class| *class != row && label(row, *class) > 0.0).collect();
        assert!(others.len() <= 1, "{others:?}");
        let other = others.first().map(|other| (*other, label(row, *other)));
        let sum = label(row, row) + other.map_or(0.0, |(_, share)| share);
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        (label(row, row), other)
    });
    rows.collect()
}

fn element(n: usize, at: usize) -> f64 {
    let (i, rest) = (at / ((SIZE + 2) * 2), at % ((SIZE + 2) * 2));
    (n * 1000 + i * 50 + rest / 2 * 4 + rest % 2) as f64
}

#[test]
fn images_are_means_as_their_labels_are() -> Result<()> {
    let batch = first(data()?.map_batches(mix_up(0.4)), 0)?;
    let width = SIZE * (SIZE + 2) * 2;
    let mut mixed = 0;
    for (row, (own, other)) in shares(&batch).into_iter().enumerate() {
        let Some((other, share)) = other else { continue };
        mixed += 1;
        for at in 0..width {
            let expected = own * element(row, at) + share * element(other, at);
            assert!((batch.x[0].values().at(row * width + at) - expected).abs() < 1e-2);
        }
    }
    assert!(mixed > ROWS / 2);
    Ok(())
}

#[test]
fn parts_are_rectangles_of_the_area_that_labels_say() -> Result<()> {
    let (width, height) = (SIZE + 2, SIZE);
    let mut parts = 0;
    for pass in 0..20 {
        let batch = first(data()?.map_batches(cut_mix(1.0..=1.0)), pass)?;
        for (row, (_, other)) in shares(&batch).into_iter().enumerate() {
            let Some((other, share)) = other else { continue };
            let value = |i: usize, j: usize, c: usize| {
                batch.x[0].values().at(((row * height + i) * width + j) * 2 + c)
            };
            let is_other = |i: usize, j: usize| {
                let at = (i * width + j) * 2;
                let of = |n: usize| (0..2).all(|c| value(i, j, c) == element(n, at + c));
                assert!(of(row) || of(other), "an element is of neither");
                of(other)
            };
            let rows: Vec<usize> = (0..height).filter(|i| (0..width).any(|j| is_other(*i, j))).collect();
            let columns: Vec<usize> = (0..width).filter(|j| (0..height).any(|i| is_other(i, *j))).collect();
            assert!(rows.iter().all(|i| columns.iter().all(|j| is_other(*i, *j))), "no rectangle");
            assert!(rows.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            assert!(columns.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            // A part may lie between the places.
            if rows.is_empty() {
                continue;
            }
            // Its sides are in the proportion of the image's, to a place.
            let side = share.sqrt();
            assert!((rows.len() as f64 - side * height as f64).abs() <= 1.0, "{rows:?} {share}");
            assert!((columns.len() as f64 - side * width as f64).abs() <= 1.0, "{columns:?} {share}");
            parts += 1;
        }
    }
    assert!(parts > 300);
    Ok(())
}

/// Shares have the moments of their beta distribution: mean 1/2, variance `1 / (4 (2 alpha + 1))`.
#[test]
fn shares_follow_their_distribution() -> Result<()> {
    for alpha in [0.2f32, 1.0, 3.0] {
        let mut all = vec![];
        for pass in 0..200 {
            let batch = first(data()?.map_batches(mix_up(alpha)), pass)?;
            all.extend(shares(&batch).iter().filter(|(_, other)| other.is_some()).map(|(own, _)| *own));
        }
        let all = Array1::from(all);
        let (mean, variance) = (all.mean().expect("there are some"), all.var(0.0));
        let expected = 1.0 / (4.0 * (2.0 * f64::from(alpha) + 1.0));
        // Shares of exactly 0 and 1 are rare, and left out where the other is not seen.
        assert!(
            (mean - 0.5).abs() < 0.03 && (variance / expected - 1.0).abs() < 0.1,
            "{alpha}: {mean} {variance}"
        );
    }
    Ok(())
}

/// A batch is a function of seed, pass and number, read ahead or not.
#[test]
fn mixing_is_the_same_again() -> Result<()> {
    let values = |data: Dataset, pass| -> Result<Vec<f64>> {
        let batch = first(data, pass)?;
        Ok((0..batch.x[0].values().len()).map(|i| batch.x[0].values().at(i)).collect())
    };
    let made = || -> Result<Dataset> {
        Ok(data()?.shuffle(3).map_batches(mix_up(0.2)).map_batches(cut_mix(0.0..=1.0)))
    };
    let found = values(made()?, 5)?;
    assert_eq!(found, values(made()?.prefetch(2, 2), 5)?);
    assert_ne!(found, values(made()?, 6)?);
    Ok(())
}

#[test]
fn what_cannot_be_mixed_is_an_error() -> Result<()> {
    let x = Array4::<f32>::zeros((4, 3, 3, 1));
    let classes = || Dataset::from_arrays(x.clone(), vec![0u8, 1, 2, 0]);
    let problem = |data: Dataset| first(data, 0).expect_err("it should not go").to_string();
    assert!(problem(classes()?.map_batches(mix_up(0.2))).contains("to_categorical"));
    assert!(problem(data()?.map_batches(mix_up(0.0))).contains("`alpha` is 0"));
    assert!(problem(data()?.map_batches(cut_mix(0.5..=1.5))).contains("`factor`"));
    let flat =
        Dataset::from_arrays(ndarray::Array2::<f32>::zeros((4, 3)), ndarray::Array2::<f32>::zeros((4, 2)))?;
    assert!(problem(flat.map_batches(cut_mix(0.0..=1.0))).contains("[batch, height, width, channels]"));
    Ok(())
}
