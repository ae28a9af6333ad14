//! Layers and functions: outputs, and gradients of inputs and weights, on small functional models.

use keras_runtime::prelude::*;

use crate::cases::layers;

layers! {
    ("layers", 1e-5);
    dense_rank2 DenseRank2 (a a0 "probe_a" [; 5]) { a >> dense(7, tanh, name = "dense") }
    dense_rank3 DenseRank3 (a a0 "probe_a" [4; 6]) { a >> dense(5, relu, name = "dense") }
    // Here a dense layer takes no images: this is what its error message says to write.
    dense_rank4 DenseRank4 (a a0 "probe_a" [2, 3; 4]) { a >> einsum_dense("...x,xy->...y", 5, bias_axes = "y", name = "dense") }
    dense_no_bias DenseNoBias (a a0 "probe_a" [; 6]) { a >> dense(3, use_bias = false, name = "dense") }
    dense_softmax_rank3 DenseSoftmaxRank3 (a a0 "probe_a" [4; 6]) { a >> dense(5, softmax, name = "dense") }
    activation Activation (a a0 "probe_a" [4; 6]) { a >> activation(softplus) }
    flatten Flatten (a a0 "probe_a" [2, 3; 4]) { a >> flatten() }
    flatten_dense FlattenDense (a a0 "probe_a" [2, 3; 4]) { a >> flatten() >> dense(5, name = "dense") }
    reshape Reshape (a a0 "probe_a" [4; 6]) { a >> reshape((3, 8)) }
    reshape_wildcard ReshapeWildcard (a a0 "probe_a" [4; 6]) { a >> reshape((2, -1, 3)) }
    permute Permute (a a0 "probe_a" [2, 3; 4]) { a >> permute((3, 1, 2)) }
    permute_rank2 PermuteRank2 (a a0 "probe_a" [4; 6]) { a >> permute((2, 1)) }
    permute_dense PermuteDense (a a0 "probe_a" [4; 6]) { a >> permute((2, 1)) >> dense(3, name = "dense") }
    repeat_vector RepeatVector (a a0 "probe_a" [; 6]) { a >> repeat_vector(4) }
    add Add (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { add(a, b) }
    add3 Add3 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6], c c0 "probe_c" [4; 6]) { add(a, b, c) }
    add_broadcast AddBroadcast (a a0 "probe_a" [4; 6], b b0 "probe_b" [1; 6]) { add(a, b) }
    add_broadcast_rank AddBroadcastRank (a a0 "probe_a" [4; 6], b b0 "probe_b" [; 6]) { add(a, b) }
    subtract Subtract (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { subtract(a, b) }
    multiply Multiply (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { multiply(a, b) }
    multiply3 Multiply3 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6], c c0 "probe_c" [4; 6]) { (a, b, c) >> multiply() }
    multiply_broadcast MultiplyBroadcast (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 1]) { multiply(a, b) }
    average Average (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { average(a, b) }
    average3 Average3 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6], c c0 "probe_c" [4; 6]) { average(a, b, c) }
    maximum Maximum (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { maximum(a, b) }
    maximum3 Maximum3 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6], c c0 "probe_c" [4; 6]) { maximum(a, b, c) }
    minimum Minimum (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { minimum(a, b) }
    minimum3 Minimum3 (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6], c c0 "probe_c" [4; 6]) { minimum(a, b, c) }
    concatenate Concatenate (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 3]) { concatenate(a, b) }
    concatenate_axis1 ConcatenateAxis1 (a a0 "probe_a" [2; 6], b b0 "probe_b" [3; 6]) { concatenate(a, b, axis = 1) }
    concatenate_axis_minus2 ConcatenateAxisMinus2 (a a0 "probe_a" [2; 6], b b0 "probe_b" [3; 6]) { concatenate(a, b, axis = -2) }
    concatenate3 Concatenate3 (a a0 "probe_a" [4; 1], b b0 "probe_b" [4; 3], c c0 "probe_c" [4; 2]) { concatenate(a, b, c) }
    concatenate_same_twice ConcatenateSameTwice (a a0 "probe_a" [4; 6]) { concatenate(a, a) }
    dot_vectors DotVectors (a a0 "probe_a" [; 6], b b0 "probe_b" [; 6]) { dot(a, b, axes = 1) }
    dot_vectors_normalize DotVectorsNormalize (a a0 "probe_a" [; 6], b b0 "probe_b" [; 6]) { dot(a, b, axes = 1, normalize = true) }
    dot_matrices DotMatrices (a a0 "probe_a" [4; 6], b b0 "probe_b" [6; 5]) { dot(a, b, axes = (2, 1)) }
    dot_matrices_last DotMatricesLast (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { dot(a, b, axes = 2) }
    dot_matrices_last_negative DotMatricesLastNegative (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { dot(a, b, axes = -1) }
    dot_matrices_first DotMatricesFirst (a a0 "probe_a" [6; 4], b b0 "probe_b" [6; 5]) { dot(a, b, axes = 1) }
    dot_matrices_normalize DotMatricesNormalize (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { dot(a, b, axes = 2, normalize = true) }
    dot_matrix_vector DotMatrixVector (a a0 "probe_a" [4; 6], b b0 "probe_b" [; 6]) { dot(a, b, axes = (2, 1)) }
    shared_dense SharedDense (a a0 "probe_a" [; 6], b b0 "probe_b" [; 6]) { let d = dense(5, sigmoid, name = "dense"); subtract(a >> d, b >> d) }
    shared_dense_twice SharedDenseTwice (a a0 "probe_a" [; 6]) { let d = dense(6, tanh, name = "dense"); a >> d >> d }
    residual Residual (a a0 "probe_a" [; 6]) { add(a, a >> dense(4, elu, name = "dense") >> dense(6, name = "dense_1")) }
    arithmetic Arithmetic (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { (a + b) * a - b / 2.0 + 1.5 }
    divide Divide (a a0 "probe_a" [4; 6], b b0 "probe_b" [4; 6]) { a / (b * b + 1.0) }
    negate_power NegatePower (a a0 "probe_a" [4; 6]) { -power(a, 2) + 3.0 - a }
    functions Functions (a a0 "probe_a" [4; 6]) { exp(-abs(a)) + sqrt(square(a) + 1.0) * tanh(a) + log(sigmoid(a)) }
    sin_cos SinCos (a a0 "probe_a" [4; 6]) { sin(a) * cos(2.0 * a) }
    sum_last SumLast (a a0 "probe_a" [4; 6]) { sum(a, axis = -1) }
    mean_axis1 MeanAxis1 (a a0 "probe_a" [4; 6]) { mean(a, axis = 1) }
    mean_keepdims MeanKeepdims (a a0 "probe_a" [4; 6]) { a - mean(a, axis = -1, keepdims = true) }
    max_last MaxLast (a a0 "probe_a" [4; 6]) { max(a, axis = -1) }
    softmax_axis1 SoftmaxAxis1 (a a0 "probe_a" [4; 6]) { softmax(a, axis = 1) }
    attention Attention (a a0 "probe_a" [4; 6], b b0 "probe_b" [5; 6]) { dot(softmax(dot(a, b, axes = 2) / 2.5), b, axes = (2, 1)) }
    two_outputs TwoOutputs (a a0 "probe_a" [; 6], b b0 "probe_b" [; 3]) { let h = concatenate(a, b) >> dense(8, relu, name = "hidden"); (h >> dense(4, softmax, name = "label"), h >> dense(2, name = "box")) }
}
