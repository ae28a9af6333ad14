//! Activations that are layers, and `einsum_dense`, against Keras: outputs, and gradients of inputs and weights.

#[path = "keras/cases.rs"]
mod cases;
#[path = "keras/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use cases::layers;
use keras_runtime::prelude::*;

layers! {
    ("core", 1e-5);
    relu_all ReluAll (a a0 "probe_a" [; 5]) { a >> relu(max_value = 0.9, negative_slope = 0.2, threshold = 0.1) }
    leaky Leaky (a a0 "probe_a" [4; 3]) { a >> leaky_relu() }
    leaky_slope LeakySlope (a a0 "probe_a" [4; 3]) { a >> leaky_relu(negative_slope = 0.05) }
    elu Elu (a a0 "probe_a" [; 5]) { a >> elu(0.7) }
    softmax_axis SoftmaxAxis (a a0 "probe_a" [4, 3; 5]) { a >> softmax(axis = 2) }
    prelu Prelu (a a0 "probe_a" [4; 3]) { a >> prelu(name = "p") }
    prelu_shared PreluShared (a a0 "probe_a" [4, 3; 5]) { a >> prelu(shared_axes = [1, 2], name = "p") }
    identity Identity (a a0 "probe_a" [4; 2]) { a >> identity() >> dense(3, name = "d") }
    flatten_first FlattenFirst (a a0 "probe_a" [3, 4; 2]) { a >> flatten(data_format = channels_first) >> dense(3, name = "d") }
    einsum_dense EinsumDense (a a0 "probe_a" [; 7]) { a >> einsum_dense("ab,bc->ac", 5, bias_axes = "c", name = "e") }
    einsum_transposed EinsumTransposed (a a0 "probe_a" [; 7]) { a >> einsum_dense("ab,cb->ac", 5, name = "e") }
    einsum_steps EinsumSteps (a a0 "probe_a" [4; 7]) { a >> einsum_dense("abc,cd->abd", [-1, 5], bias_axes = "d", activation = tanh, name = "e") }
    einsum_any EinsumAny (a a0 "probe_a" [4; 7]) { a >> einsum_dense("...x,xy->...y", 5, bias_axes = "y", name = "e") }
    einsum_heads EinsumHeads (a a0 "probe_a" [4; 6]) { a >> einsum_dense("abc,cde->abde", [-1, 2, 3], bias_axes = "de", name = "e") }
    einsum_swapped EinsumSwapped (a a0 "probe_a" [4; 6]) { a >> einsum_dense("abc,bde->adec", [2, 3, 6], bias_axes = "dc", name = "e") }
    einsum_shared EinsumShared (a a0 "probe_a" [4; 6]) { a >> einsum_dense("abc,bcd->abd", [-1, 5], name = "e") }
    einsum_factors EinsumFactors (a a0 "probe_a" [4; 6]) { a >> einsum_dense("...c,c->...c", -1, name = "e") }
    einsum_factors_swapped EinsumFactorsSwapped (a a0 "probe_a" [4; 6]) { a >> einsum_dense("abc,cb->acb", [-1, -1], bias_axes = "c", name = "e") }
    einsum_summed EinsumSummed (a a0 "probe_a" [4, 6; 3]) { a >> einsum_dense("abcd,ce->ae", 5, bias_axes = "e", name = "e") }
}

keras_model! {
    Bare = input([2]) >> leaky_relu
}

#[test]
fn a_bare_name_is_the_activation_and_not_the_layer() -> Result<()> {
    let y = Bare::new(0).predict(ndarray::array![[-1.0f32, 2.0]])?;
    assert_eq!(y, ndarray::array![[-0.2f32, 2.0]].into_dyn());
    Ok(())
}
