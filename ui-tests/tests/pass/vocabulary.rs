use keras_runtime::keras_model;

keras_model! {
    Celu = dense(4, celu, input = 3) >> dense(2)
    Elu = dense(4, elu, input = 3) >> dense(2)
    Exponential = dense(4, exponential, input = 3) >> dense(2)
    Gelu = dense(4, gelu, input = 3) >> dense(2)
    Glu = dense(4, glu, input = 3) >> dense(2)
    HardShrink = dense(4, hard_shrink, input = 3) >> dense(2)
    HardSigmoid = dense(4, hard_sigmoid, input = 3) >> dense(2)
    HardSwish = dense(4, hard_swish, input = 3) >> dense(2)
    HardSilu = dense(4, hard_silu, input = 3) >> dense(2)
    HardTanh = dense(4, hard_tanh, input = 3) >> dense(2)
    LeakyRelu = dense(4, leaky_relu, input = 3) >> dense(2)
    Linear = dense(4, linear, input = 3) >> dense(2)
    LogSigmoid = dense(4, log_sigmoid, input = 3) >> dense(2)
    LogSoftmax = dense(4, log_softmax, input = 3) >> dense(2)
    Mish = dense(4, mish, input = 3) >> dense(2)
    Relu = dense(4, relu, input = 3) >> dense(2)
    Relu6 = dense(4, relu6, input = 3) >> dense(2)
    Selu = dense(4, selu, input = 3) >> dense(2)
    Sigmoid = dense(4, sigmoid, input = 3) >> dense(2)
    SoftShrink = dense(4, soft_shrink, input = 3) >> dense(2)
    Softmax = dense(4, softmax, input = 3) >> dense(2)
    Softplus = dense(4, softplus, input = 3) >> dense(2)
    Softsign = dense(4, softsign, input = 3) >> dense(2)
    SparsePlus = dense(4, sparse_plus, input = 3) >> dense(2)
    SparseSigmoid = dense(4, sparse_sigmoid, input = 3) >> dense(2)
    Sparsemax = dense(4, sparsemax, input = 3) >> dense(2)
    Squareplus = dense(4, squareplus, input = 3) >> dense(2)
    Swish = dense(4, swish, input = 3) >> dense(2)
    Silu = dense(4, silu, input = 3) >> dense(2)
    Tanh = dense(4, tanh, input = 3) >> dense(2)
    TanhShrink = dense(4, tanh_shrink, input = 3) >> dense(2)
    Threshold = dense(4, threshold(0.5, 0.0), input = 3) >> dense(2)

    Functions(input: [4, 6]) {
        let x0 = input >> dense(6);
        let x1 = negative(x0 * 0.1);
        let x2 = abs(x1 * 0.1);
        let x3 = sign(x2 * 0.1);
        let x4 = square(x3 * 0.1);
        let x5 = sqrt(x4 * 0.1);
        let x6 = reciprocal(x5 * 0.1);
        let x7 = exp(x6 * 0.1);
        let x8 = expm1(x7 * 0.1);
        let x9 = log(x8 * 0.1);
        let x10 = log1p(x9 * 0.1);
        let x11 = sin(x10 * 0.1);
        let x12 = cos(x11 * 0.1);
        let x13 = tan(x12 * 0.1);
        let x14 = arcsin(x13 * 0.1);
        let x15 = arccos(x14 * 0.1);
        let x16 = arctan(x15 * 0.1);
        let x17 = sinh(x16 * 0.1);
        let x18 = cosh(x17 * 0.1);
        let x19 = arcsinh(x18 * 0.1);
        let x20 = arccosh(x19 * 0.1);
        let x21 = arctanh(x20 * 0.1);
        let x22 = erf(x21 * 0.1);
        let x23 = floor(x22 * 0.1);
        let x24 = ceil(x23 * 0.1);
        let x25 = round(x24 * 0.1);
        let x26 = rsqrt(x25 * 0.1);
        let y = where(x26 > 0.0, maximum(x0, 0.5), pow(x0, 2)) >> clip(-1, 1);
        let z = slice(y, axis = 2, start = 1, length = 3) >> expand_dims(axis = 1) >> squeeze(axis = 1);
        let pooled = (sum(z, axis = 1), mean(z, axis = [1], keepdims = false), max(z, axis = 1), min(z, axis = 1), prod(z, axis = 1));
        let merged = pooled >> average();
        let repeated = merged >> repeat_vector(4) >> permute([2, 1]);
        let product = dot(repeated, z, axes = (2, 1), normalize = true);
        (minimum(merged, 1), multiply(z, z), subtract(z, z) >> flatten(), product)
    }
}

fn main() {
    let _ = (Functions::new(0), Sparsemax::new(0));
}
