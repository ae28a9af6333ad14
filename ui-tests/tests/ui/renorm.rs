use keras_runtime::keras_model;

keras_model! {
    Name = batch_normalization(renorm = true, renorm_clipping = clipping(max = 3.0), input = 4)
    Order = batch_normalization(renorm = true, renorm_clipping = clipping(rmax = 0.5, rmin = 1.0), input = 4)
    Sign = batch_normalization(renorm = true, renorm_clipping = clipping(dmax = -1.0), input = 4)
    Number = batch_normalization(renorm = true, renorm_clipping = 3.0, input = 4)
    Root = batch_normalization(renorm = true, moving_variance_initializer = random_normal, input = 4)
}

fn main() {}
