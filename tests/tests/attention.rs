//! Attention against Keras: outputs, and gradients of inputs and weights, with masks and without.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;
use ndarray::{Array2, Array3, ArrayD};

// Gradients of the biases of keys are sums that cancel: nothing but rounding is left.
layers! {
    ("attention", 2e-5);
    dot Dot (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> attention(name = "m") }
    dot_key DotKey (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [5; 6]) { (a, b, c) >> attention(use_scale = true, name = "m") }
    dot_causal DotCausal (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> attention(use_causal_mask = true, name = "m") }
    dot_masked DotMasked (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (((a * (slice(a, 2, 0, 1) > -0.7)) >> masking()), ((b * (slice(b, 2, 0, 1) > -0.7)) >> masking())) >> attention(name = "m") >> drop_mask() }
    concat Concat (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> attention(score_mode = concat, use_scale = true, name = "m") }
    additive Additive (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> additive_attention(name = "m") }
    additive_plain AdditivePlain (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [5; 6]) { (a, b, c) >> additive_attention(use_scale = false, name = "m") }
    heads Heads (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> multi_head_attention(2, 3, name = "m") }
    heads_key HeadsKey (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 4], c c0 "probe_c" [5; 7]) { (a, b, c) >> multi_head_attention(3, 5, output_shape = 9, name = "m") }
    heads_self HeadsSelf (a a0 "probe_a" [4; 6]) { (a, a) >> multi_head_attention(2, 17, use_bias = false, name = "m") }
    heads_causal HeadsCausal (a a0 "probe_a" [4; 6]) { (a, a) >> multi_head_attention(2, 4, use_causal_mask = true, name = "m") }
    heads_masked HeadsMasked (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (((a * (slice(a, 2, 0, 1) > -0.7)) >> masking()), ((b * (slice(b, 2, 0, 1) > -0.7)) >> masking())) >> multi_head_attention(2, 4, name = "m") >> drop_mask() }
    dot_given_masks DotGivenMasks (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b, b, reshape(slice(a, 2, 0, 1), [4]) > -0.7, reshape(slice(b, 2, 0, 1), [5]) > -0.7) >> attention(name = "m") >> drop_mask() }
    additive_given_masks AdditiveGivenMasks (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [5; 6]) { (a, b, c, reshape(slice(a, 2, 0, 1), [4]) > -0.7, reshape(slice(b, 2, 0, 1), [5]) > -0.7) >> additive_attention(name = "m") >> drop_mask() }
    heads_given_mask HeadsGivenMask (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [4; 5]) { (a, b, b, c > -0.5) >> multi_head_attention(2, 3, name = "m") }
    heads_own_masks HeadsOwnMasks (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [2, 4; 5]) { (a, b, b, c > -0.5) >> multi_head_attention(2, 3, name = "m") }
    heads_all_masks HeadsAllMasks (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [4; 5]) { (((a * (slice(a, 2, 0, 1) > -0.7)) >> masking()), ((b * (slice(b, 2, 0, 1) > -0.7)) >> masking()), ((b * (slice(b, 2, 0, 1) > -0.7)) >> masking()), c > -0.9) >> multi_head_attention(2, 4, use_causal_mask = true, name = "m") >> drop_mask() }
    grouped_given_mask GroupedGivenMask (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6], c c0 "probe_c" [4; 5]) { (a, b, b, c > -0.5) >> group_query_attention(4, 6, 2, name = "m") }
    tiles_of_heads TilesOfHeads (a a0 "probe_a" [97; 4]) { (a, a) >> multi_head_attention(4, 2, use_bias = false, use_causal_mask = true, name = "m") }
    tiles_of_queries TilesOfQueries (a a0 "probe_a" [288; 2]) { (a, a) >> group_query_attention(2, 4, 2, use_bias = false, sliding_window = 70, name = "m") }
    tiles_filled_up TilesFilledUp (a a0 "probe_a" [193; 2], b b0 "probe_b" [211; 2]) { (((a * (slice(a, 2, 0, 1) > -0.7)) >> masking()), ((b * (slice(b, 2, 0, 1) > -0.7)) >> masking())) >> attention(use_scale = true, name = "m") >> drop_mask() }
    tiles_of_sums TilesOfSums (a a0 "probe_a" [66; 4], b b0 "probe_b" [510; 4]) { (a, b) >> additive_attention(name = "m") }
    grouped Grouped (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> group_query_attention(4, 6, 2, name = "m") }
    grouped_causal GroupedCausal (a a0 "probe_a" [4; 6]) { (a, a) >> group_query_attention(3, 2, 1, use_bias = false, use_causal_mask = true, name = "m") }
    heads_gated HeadsGated (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> multi_head_attention(2, 3, use_gate = true, name = "m") }
    heads_gated_plain HeadsGatedPlain (a a0 "probe_a" [4; 6]) { (a, a) >> multi_head_attention(3, 2, use_bias = false, use_gate = true, name = "m") }
    heads_window HeadsWindow (a a0 "probe_a" [7; 6], b b0 "probe_b" [5; 6]) { (a, b) >> multi_head_attention(2, 4, sliding_window = 2, name = "m") }
    heads_window_causal HeadsWindowCausal (a a0 "probe_a" [7; 3]) { (a, a) >> multi_head_attention(2, 4, sliding_window = 3, use_causal_mask = true, name = "m") }
    heads_image HeadsImage (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [2, 3; 6]) { (a, b) >> multi_head_attention(2, 3, use_bias = false, name = "m") }
    heads_rows HeadsRows (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [2, 4; 6]) { (a, b) >> multi_head_attention(2, 3, attention_axes = 1, output_shape = 7, name = "m") }
    heads_columns HeadsColumns (a a0 "probe_a" [3, 4; 5], b b0 "probe_b" [3, 2; 5], c c0 "probe_c" [3, 2; 7]) { (a, b, c) >> multi_head_attention(2, 3, value_dim = 4, attention_axes = [2], use_gate = true, name = "m") }
    heads_two_of_three HeadsTwoOfThree (a a0 "probe_a" [2, 3, 4; 5], b b0 "probe_b" [3, 3, 2; 5]) { (a, b) >> multi_head_attention(2, 3, use_bias = false, attention_axes = [3, 1], name = "m") }
    heads_rows_causal HeadsRowsCausal (a a0 "probe_a" [4, 3; 5]) { (a, a) >> multi_head_attention(2, 3, attention_axes = 1, sliding_window = 3, use_causal_mask = true, name = "m") }
    grouped_gated GroupedGated (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { (a, b) >> group_query_attention(4, 6, 2, use_gate = true, name = "m") }
    grouped_window GroupedWindow (a a0 "probe_a" [7; 6]) { (a, a) >> group_query_attention(3, 2, 1, sliding_window = 2, name = "m") }
}

keras_model! {
    // More scores than a tile has.
    Tiled(x: [96, 8]) {
        (x, x) >> multi_head_attention(4, 4, dropout = 0.2, use_causal_mask = true) >> global_average_pooling1d() >> dense(3, softmax)
    }
    // Scores that are all the same: the gradient of the last kernel tells what part of the weights is kept.
    Kept(x: [256, 1]) {
        (x, x) >> attention(dropout = 0.5) >> flatten() >> dense(1, use_bias = false, kernel_initializer = zeros)
    }
}

/// Tiles of several samples are at work at the same time.
#[test]
fn threads_do_not_change_a_bit_of_tiles() -> Result<()> {
    let x =
        Array3::from_shape_fn((7, 96, 8), |(i, t, k)| ((i * 37 + t * 11 + k * t) % 101) as f32 / 50.0 - 1.0);
    let y: Vec<u8> = (0..7).map(|i| i % 3).collect();
    let trained = |threads: usize| -> Result<Vec<u32>> {
        let model = Tiled::on(&Cpu::threads(threads), 5)?;
        let mut model = model.compile(Sgd::default(), SparseCategoricalCrossentropy, ());
        for _ in 0..3 {
            model.train_on_batch(&x, &y)?;
        }
        Ok(model.network().params().iter().map(|x| x.to_bits()).collect())
    };
    let one = trained(1)?;
    for threads in [2, 3] {
        assert!(trained(threads)? == one, "{threads} threads");
    }
    Ok(())
}

#[test]
fn each_tile_drops_others() -> Result<()> {
    let mut model = Kept::new(3).compile(fixture::still(), MeanSquaredError, ());
    let (x, y) = (Array3::<f32>::ones((1, 256, 1)), Array2::<f32>::ones((1, 1)));
    let mut kept = || -> Result<Vec<f32>> {
        let gradients = model.gradients(&x, &y)?;
        let kernel: ArrayD<f32> = gradients.get("dense/kernel").expect("it is trained");
        model.apply(&gradients)?;
        Ok(kernel.iter().map(|g| g / -2.0).collect())
    };
    let (first, second) = (kept()?, kept()?);
    assert_ne!(first, second, "every step drops the same");
    assert_ne!(first[..128], first[128..], "every tile drops the same");
    let mean = first.iter().sum::<f32>() / 256.0;
    assert!((mean - 1.0).abs() < 0.02, "{mean}");
    Ok(())
}
