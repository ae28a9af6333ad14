//! Functions that index, contract and rearrange, against Keras: values, and gradients of what they are given.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;
use ndarray::arr2;

layers! {
    ("operations", 1e-5);
    along Along (a a0 "probe_a" [3, 4; 5]) { take_along_axis(a, remainder(floor(abs(a) * 7.0), 3.0), axis = 1) }
    along_last AlongLast (a a0 "probe_a" [3, 4; 5]) { take_along_axis(a, remainder(floor(abs(a) * 7.0), 5.0) - 5.0, axis = -1) }
    along_place AlongPlace (a a0 "probe_a" [3, 4; 5]) { take_along_axis(a, argmax(abs(a), axis = 2, keepdims = true), axis = 2) }
    along_rows AlongRows (a a0 "probe_a" [3, 4; 5]) {
        let some = slice(slice(slice(a, 1, 0, 1), 2, 0, 2), 3, 0, 1);
        take_along_axis(a, remainder(floor(abs(some) * 7.0), 4.0), axis = 2)
    }
    along_all AlongAll (a a0 "probe_a" [4; 6]) {
        take_along_axis(a, slice(remainder(floor(abs(flatten(a)) * 7.0), 24.0), 1, 0, 5))
    }
    along_fixed AlongFixed (a a0 "probe_a" [4; 6]) {
        let found = take_along_axis(linspace(0.0, 1.0, 6), remainder(arange(6) * 5.0, 6.0), axis = 0);
        let table = expand_dims(linspace(1.0, 2.0, 6), axis = 0);
        a * found + take_along_axis(table, remainder(floor(abs(a) * 7.0), 6.0), axis = -1)
    }
    segment_sum SegmentSumF (a a0 "probe_a" [4; 6]) { segment_sum(a, remainder(floor(abs(sum(a, axis = 2)) * 7.0), 4.0), 3) }
    segment_sum_fixed SegmentSumFixed (a a0 "probe_a" [4; 6]) { segment_sum(a, remainder(arange(4), 3.0), num_segments = 5) }
    segment_sum_of_axes SegmentSumOfAxes (a a0 "probe_a" [4; 6]) { segment_sum(a, remainder(floor(abs(a) * 7.0), 5.0), 5, sorted = false) }
    segment_max SegmentMaxF (a a0 "probe_a" [4; 6]) { segment_max(a, remainder(arange(4), 3.0), 3) }
    segment_min SegmentMinF (a a0 "probe_a" [4; 6]) { segment_min(a, remainder(arange(4), 3.0), 3) }
    segment_prod SegmentProdF (a a0 "probe_a" [4; 6]) { segment_prod(a, remainder(arange(4), 3.0), 3) }
    scatter ScatterF (a a0 "probe_a" [4; 6]) { scatter(remainder(floor(abs(slice(a, 2, 0, 2)) * 7.0), 4.0), slice(a, 2, 2, 4), [3, 3, 4]) }
    scatter_update ScatterUpdateF (a a0 "probe_a" [4; 6], b b0 "probe_b" [3, 3; 4]) {
        let places = stack(remainder(arange(4), 3.0), floor_divide(arange(4), 3.0), axis = 1);
        scatter_update(b, places, slice(a, 2, 2, 4))
    }
    scatter_update_add ScatterUpdateAdd (a a0 "probe_a" [4; 6], b b0 "probe_b" [3, 3; 4]) {
        scatter_update(b, remainder(floor(abs(slice(a, 2, 0, 2)) * 7.0), 3.0), slice(a, 2, 2, 4), "add")
    }
    scatter_update_max ScatterUpdateMax (a a0 "probe_a" [4; 6], b b0 "probe_b" [3, 3; 4]) {
        let places = stack(remainder(arange(4), 3.0), floor_divide(arange(4), 3.0), axis = 1);
        scatter_update(b, places, slice(a, 2, 2, 4), reduction = max)
    }
    scatter_update_min ScatterUpdateMin (a a0 "probe_a" [4; 6], b b0 "probe_b" [3, 3; 4]) {
        let places = stack(remainder(arange(4), 3.0), floor_divide(arange(4), 3.0), axis = 1);
        scatter_update(b, places, slice(a, 2, 2, 4), reduction = min)
    }
    scatter_update_mul ScatterUpdateMul (a a0 "probe_a" [4; 6], b b0 "probe_b" [3, 3; 4]) {
        let places = stack(remainder(arange(4), 3.0), floor_divide(arange(4), 3.0), axis = 1);
        scatter_update(b, places, slice(a, 2, 2, 4), reduction = mul)
    }
    slice_update SliceUpdateF (a a0 "probe_a" [4; 6], b b0 "probe_b" [2; 3]) { slice_update(a, [0, 1, 2], b) }
    einsum EinsumF (a a0 "probe_a" [3; 4], b b0 "probe_b" [4; 5]) { einsum("bij,bjk->bik", a, b) }
    einsum_of_three EinsumOfThree (a a0 "probe_a" [3; 4], b b0 "probe_b" [4; 5], c c0 "probe_c" [5; 2]) { einsum("bij, bjk, bkl -> bli", a, b, c) }
    einsum_fixed EinsumFixed (a a0 "probe_a" [3; 4]) { einsum("bij,jk->bki", a, eye(4, 5, 1)) + einsum("kj,bij->bki", ones([5, 4]), a) }
    einsum_outer EinsumOuter (a a0 "probe_a" [3; 4], b b0 "probe_b" [; 5]) { einsum("bij,bk->bjki", a, b) }
    einsum_shared EinsumSharedF (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [4, 5; 2]) { einsum("bhij,bijk->bikh", a, b) }
    einsum_diagonal EinsumDiagonal (a a0 "probe_a" [4, 4; 3]) { a >> einsum("biij->bji") }
    einsum_dots EinsumDots (a a0 "probe_a" [3, 4; 5]) { einsum("...i,...i->...", a, a * 2.0) + einsum("b...i->b...", a) }
    einsum_implied EinsumImplied (a a0 "probe_a" [3; 4], b b0 "probe_b" [3; 4]) { einsum("...ij,...ij", a, b) }
    tensordot TensordotF (a a0 "probe_a" [3; 4], b b0 "probe_b" [4; 5]) { tensordot(a, b, axes = 1) }
    tensordot_all TensordotAll (a a0 "probe_a" [2, 3; 4], b b0 "probe_b" [3, 4; 5]) { tensordot(a, b) }
    tensordot_axes TensordotAxes (a a0 "probe_a" [2, 3; 4], b b0 "probe_b" [4, 5; 2]) { tensordot(a, b, [[3, 1], [1, 3]]) }
    tensordot_fixed TensordotFixed (a a0 "probe_a" [3; 4]) { tensordot(a, eye(4, 5, 1), axes = [[2], [0]]) }
    depth_to_space DepthToSpaceF (a a0 "probe_a" [2, 3; 12]) { depth_to_space(a, 2) }
    depth_to_space_first DepthToSpaceFirst (a a0 "probe_a" [12, 2; 3]) { depth_to_space(a, 2, data_format = channels_first) }
    space_to_depth SpaceToDepthF (a a0 "probe_a" [4, 6; 3]) { space_to_depth(a, 2) }
    space_to_depth_first SpaceToDepthFirst (a a0 "probe_a" [3, 4; 6]) { space_to_depth(a, 2, data_format = channels_first) }
    unfold UnfoldF (a a0 "probe_a" [2, 6; 7]) { unfold(a, 3) }
    unfold_more UnfoldMore (a a0 "probe_a" [2, 6; 7]) { unfold(a, [2, 3], dilation = 2, padding = [1, 2], stride = [2, 1]) }
    fold FoldF (a a0 "probe_a" [18; 12]) { fold(a, [5, 6], 3) }
    fold_more FoldMore (a a0 "probe_a" [12; 18]) { fold(a, 4, [2, 3], padding = [1, 2], stride = [2, 1]) }
    extract_sequences ExtractSequencesF (a a0 "probe_a" [2; 11]) { extract_sequences(a, 4, 3) }
    diag DiagF (a a0 "probe_a" [; 4]) { diag(a) + diag(slice(a, 1, 0, 3), 1) + diag(slice(a, 1, 0, 2), k = -2) }
    diag_of_matrix DiagOfMatrix (a a0 "probe_a" [4; 6]) { concatenate(diag(a), diag(a, 3), diag(a, -1)) }
    diagflat DiagflatF (a a0 "probe_a" [2; 3]) { diagflat(a, -1) }
    kron KronF (a a0 "probe_a" [2; 3], b b0 "probe_b" [4; 2]) { kron(a, b) }
    kron_of_ranks KronOfRanks (a a0 "probe_a" [2; 3], b b0 "probe_b" [; 4]) { kron(a, b) }
    cross CrossF (a a0 "probe_a" [4; 3], b b0 "probe_b" [4; 3]) { cross(a, b) }
    cross_axes CrossAxes (a a0 "probe_a" [3; 4], b b0 "probe_b" [4; 3]) { cross(a, b, axisa = 1, axisb = 2, axisc = 1) }
    cross_flat CrossFlat (a a0 "probe_a" [4; 2], b b0 "probe_b" [4; 2]) { cross(a, b) }
    cross_mixed CrossMixed (a a0 "probe_a" [2; 4], b b0 "probe_b" [3; 4]) { cross(a, b, axis = 1) + cross(b, a, axis = 1) * 3.0 }
    cdist CdistF (a a0 "probe_a" [4; 3], b b0 "probe_b" [5; 3]) { cdist(a, b) }
    cdist_wide CdistWide (a a0 "probe_a" [2, 4; 3], b b0 "probe_b" [1, 5; 3]) { cdist(a, b) }
    corrcoef CorrcoefF (a a0 "probe_a" [4; 6]) { corrcoef(a) }
    correlate CorrelateF (a a0 "probe_a" [; 7], b b0 "probe_b" [; 4]) {
        concatenate(correlate(a, b), correlate(a, b, "same"), correlate(a, b, mode = full))
    }
    correlate_longer CorrelateLonger (a a0 "probe_a" [; 4], b b0 "probe_b" [; 7]) {
        concatenate(correlate(a, b), correlate(a, b, "same"), correlate(a, b, mode = full))
    }
    trapezoid TrapezoidF (a a0 "probe_a" [3, 4; 5]) { trapezoid(a) }
    trapezoid_axis TrapezoidAxis (a a0 "probe_a" [3, 4; 5]) { trapezoid(a, dx = 0.5, axis = 2) }
    trapezoid_at TrapezoidAt (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { trapezoid(a, b, axis = 1) }
    trapezoid_at_places TrapezoidAtPlaces (a a0 "probe_a" [4; 6], b b0 "probe_b" [; 4]) { trapezoid(a, b, axis = 1) }
    erfinv ErfinvF (a a0 "probe_a" [4; 6]) { erfinv(tanh(a * 2.0) * 0.97) }
    i0 I0F (a a0 "probe_a" [4; 6]) { i0(a * 3.0) }
    ctc_loss CtcLossF (a a0 "probe_a" [7; 5], b b0 "probe_b" [; 3]) {
        let labels = remainder(floor(abs(b) * 7.0), 4.0) + 1.0;
        let count = remainder(floor(abs(sum(b)) * 7.0), 3.0) + 1.0;
        let steps = squeeze(7.0 - remainder(floor(abs(slice(b, 1, 0, 1)) * 7.0), 2.0), axis = 1);
        ctc_loss(labels, a * 2.0, count, steps) + sum(b)
    }
    ctc_loss_alike CtcLossAlike (a a0 "probe_a" [9; 4]) {
        let few = squeeze(slice(slice(a, 2, 0, 1), 1, 0, 4), axis = 2);
        let labels = remainder(maximum(remainder(floor(abs(few) * 7.0), 2.0), 1.0) + 1.0, 4.0);
        let one = sum(slice(slice(a, 2, 1, 1), 1, 0, 1));
        let odd = remainder(floor(abs(one) * 7.0), 2.0);
        ctc_loss(labels, a, odd + 3.0, odd + 8.0, mask_index = 3)
    }
    ctc_decode CtcDecodeF (a a0 "probe_a" [12; 3]) {
        let steps = 12.0 - remainder(floor(abs(sum(slice(slice(a, 2, 0, 1), 1, 0, 1))) * 7.0), 4.0);
        let (labels, score) = ctc_decode(a, steps);
        concatenate(labels, score)
    }
    ctc_decode_apart CtcDecodeApart (a a0 "probe_a" [12; 3]) {
        let steps = 12.0 - remainder(floor(abs(sum(slice(slice(a, 2, 0, 1), 1, 0, 1))) * 7.0), 4.0);
        let (labels, score) = ctc_decode(a, steps, merge_repeated = false, mask_index = 2);
        concatenate(labels, score)
    }
}

keras_model! {
    Empty(x: [3], segments: [i32; 3]) -> (sum: [2], most: [2], least: [2], product: [2]) {
        (segment_sum(x, segments, 2), segment_max(x, segments, 2), segment_min(x, segments, 2), segment_prod(x, segments, 2))
    }
    Twice(x: [3], places: [i32; 4, 1], updates: [4]) { scatter_update(x, places, updates) }
    cell chosen(x: [4]; sum: [4]) -> [4] {
        let sum = sum + take_along_axis(x, remainder(floor(abs(x) * 7.0), 4.0), axis = 1);
        (sum, sum)
    }
    Stepped(x: [5, 4]) { x >> dense(4, name = "d") >> chosen(return_sequences = true) }
    AtOnce(x: [5, 4]) {
        let h = x >> dense(4, name = "d");
        cumsum(take_along_axis(h, remainder(floor(abs(h) * 7.0), 4.0), axis = 2), axis = 1)
    }
    Ends(x: [3]) { erfinv(x) }
}

/// A segment to which nothing belongs, and a number of no segment.
#[test]
fn empty_segments() -> Result<()> {
    let segments = arr2(&[[1i32, 7, 1], [-1, 0, 2]]);
    let found = Empty::new(0).predict_outputs((arr2(&[[2.0f32, 3.0, 4.0], [5.0, 6.0, 7.0]]), segments))?;
    let found: Vec<Vec<f32>> = found.into_iter().map(|y| y.into_raw_vec_and_offset().0).collect();
    let infinity = f32::INFINITY;
    assert_eq!(found[0], [0.0, 6.0, 6.0, 0.0]);
    assert_eq!(found[1], [-infinity, 4.0, 6.0, -infinity]);
    assert_eq!(found[2], [infinity, 2.0, 6.0, infinity]);
    assert_eq!(found[3], [1.0, 8.0, 6.0, 1.0]);
    Ok(())
}

/// Of several updates of one place the last counts; one beyond the tensor is left out.
#[test]
fn updates_of_one_place() -> Result<()> {
    let places = ndarray::arr3(&[[[2i32], [0], [-1], [3]]]);
    let found =
        Twice::new(0).predict((arr2(&[[1.0f32, 2.0, 3.0]]), places, arr2(&[[10.0f32, 20.0, 30.0, 40.0]])))?;
    assert_eq!(found.into_raw_vec_and_offset().0, [20.0, 2.0, 30.0]);
    Ok(())
}

/// In the steps of a loop too, and the way back.
#[test]
fn places_in_steps() -> Result<()> {
    let x = ndarray::Array3::from_shape_fn((2, 5, 4), |(b, t, i)| {
        ((b * 31 + t * 17 + i * 7) % 13) as f32 / 6.0 - 1.0
    });
    let (stepped, at_once) = (Stepped::new(3), AtOnce::new(3));
    let kernel = stepped.weight("d/kernel")?;
    assert_eq!(kernel, at_once.weight("d/kernel")?);
    let mut found = vec![];
    let mut stepped = stepped.compile(Sgd::default(), MeanSquaredError, ());
    let mut at_once = at_once.compile(Sgd::default(), MeanSquaredError, ());
    found.push((stepped.predict(&x)?, at_once.predict(&x)?));
    stepped.train_on_batch(&x, &x)?;
    at_once.train_on_batch(&x, &x)?;
    found.push((stepped.gradient("d/kernel")?, at_once.gradient("d/kernel")?));
    for (one, other) in found {
        fixture::assert_close("in steps and at once", &one, &other, 1e-5);
    }
    Ok(())
}

#[test]
fn the_ends_of_erfinv() -> Result<()> {
    let found = Ends::new(0).predict(arr2(&[[-1.0f32, 0.0, 1.0]]))?;
    assert_eq!(found.into_raw_vec_and_offset().0, [f32::NEG_INFINITY, 0.0, f32::INFINITY]);
    Ok(())
}
