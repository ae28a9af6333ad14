use keras_runtime::keras_model;

keras_model! {
    pub None = rand_augment(num_ops = 0, input = [8, 8, 3])
    pub Two = rand_augment(input = [8, 8, 2])
    pub Range = aug_mix([0.0, 1.0, 2.0], input = [8, 8, 3])
    pub Strong = rand_augment(factor = 1.5, input = [8, 8, 3])
    pub NoChains = aug_mix(num_chains = 0, input = [8, 8, 3])
    pub NoDepth = aug_mix(chain_depth = -1, input = [8, 8, 3])
    pub NoAlpha = aug_mix(alpha = 0.0, input = [8, 8, 3])
}

fn main() {}
