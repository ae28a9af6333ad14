//! What Keras's layers have and these have not, and why: for messages, for the reference, and for the test that holds it to
//! Keras.

#[cfg(test)]
const STRINGS: &str = "a model takes numbers: words and vocabularies are looked up before it";
#[cfg(test)]
const OTHERS: &str = "wraps a layer of another framework";
#[cfg(test)]
const LABELS: &str = "changes labels as well as images: a matter of the data set";
#[cfg(test)]
const MIXES: &str = "mixes the samples of a batch: a map of the data set, `data::cut_mix` and `data::mix_up`";
#[cfg(test)]
const BASE: &str = "what layers in Python are derived from";
const ADAPTERS: &str = "changes the weights of a model that was built";
const SPARSE: &str = "tensors are dense";
const KERNELS: &str = "which kernel computes it is the compiler's choice";

/// Classes of `keras.layers`, and why they are left out.
#[cfg(test)]
pub const CLASSES: &[(&str, &str)] = &[
    ("CutMix", MIXES),
    ("FlaxLayer", OTHERS),
    ("HashedCrossing", STRINGS),
    ("Hashing", STRINGS),
    ("InputSpec", BASE),
    ("IntegerLookup", STRINGS),
    ("JaxLayer", OTHERS),
    ("Layer", BASE),
    ("MaxNumBoundingBoxes", LABELS),
    ("MixUp", MIXES),
    ("Pipeline", "layers one after another are a chain: `a >> b`"),
    ("StringLookup", STRINGS),
    ("TFSMLayer", OTHERS),
    ("TextVectorization", STRINGS),
    ("TorchModuleWrapper", OTHERS),
    ("Wrapper", BASE),
];

/// Arguments that are left out wherever they are.
pub const ARGUMENTS: &[(&str, &str)] = &[
    ("dtype", "values are of 32 bits within a model"),
    ("flash_attention", KERNELS),
    ("gptq_unpacked_column_size", ADAPTERS),
    ("lora_alpha", ADAPTERS),
    ("lora_rank", ADAPTERS),
    ("quantization_config", ADAPTERS),
    ("ragged", SPARSE),
    ("sparse", SPARSE),
    ("use_cudnn", KERNELS),
    ("weights", "weights are set by name: `set_weight`, `load_weights`"),
];

/// Arguments that are left out of one class.
pub const OF_CLASSES: &[(&str, &str, &str)] = &[
    ("InputLayer", "batch_shape", "batches are of any size"),
    ("InputLayer", "batch_size", "batches are of any size"),
    ("InputLayer", "input_tensor", "a tensor that is there needs no input"),
    ("InputLayer", "optional", "every input of a model is given"),
    ("Lambda", "arguments", "a closure sees the names around it"),
    ("Lambda", "mask", "masks go with the tensors that a closure is given"),
    ("Lambda", "output_shape", "it follows from the closure"),
    ("ReversibleEmbedding", "reverse_dtype", "values are of 32 bits within a model"),
];

/// Defaults that are other ones than Keras's.
#[cfg(test)]
pub const DEFAULTS: &[(&str, &str, &str)] = &[
    ("CategoryEncoding", "num_tokens", "Keras has `None`, and asks for a number when it is called"),
    ("InputLayer", "shape", "Keras has `None`, and asks for it or for `batch_shape`"),
    ("InputLayer", "dtype", "Keras has `None`, which is its `float32`"),
];

/// Why `argument` is left out of `class` alone, if it is.
pub fn why_of_class(class: &str, argument: &str) -> Option<&'static str> {
    OF_CLASSES.iter().find(|(name, own, _)| (*name, *own) == (class, argument)).map(|(_, _, why)| *why)
}

/// Why `argument` is left out of `class`, if it is.
pub fn why(class: &str, argument: &str) -> Option<&'static str> {
    let everywhere = || ARGUMENTS.iter().find(|(name, _)| *name == argument).map(|(_, why)| *why);
    why_of_class(class, argument).or_else(everywhere)
}

/// How what Keras gives to the call of a layer is said here.
pub fn of_calls(class: &str, callee: &str, argument: &str) -> Option<String> {
    let recurrent = ["SimpleRNN", "GRU", "RNN", "LSTM", "Bidirectional"].contains(&class)
        || class.starts_with("ConvLSTM");
    match argument {
        "initial_state" if recurrent => {
            let states = if class == "GRU" || class == "SimpleRNN" { "h" } else { "h, c" };
            Some(format!("initial states are further inputs: `(x, {states}) >> {callee}(..)`"))
        }
        "attention_mask" if class.ends_with("Attention") => {
            Some(format!("the mask is a further input: `(query, value, key, mask) >> {callee}(..)`"))
        }
        "mask" if !class.is_empty() => Some(
            "a mask comes with its tensor: from `masking()`, or from `embedding(.., mask_zero = true)`"
                .to_string(),
        ),
        "training" if !class.is_empty() => {
            Some("`fit` trains, `predict` and `evaluate` do not: no layer needs to be told".to_string())
        }
        _ => None,
    }
}

/// Functions of `keras.ops`, by why they are left out.
#[cfg(test)]
pub const OPERATIONS: &[(&str, &str)] = &[
    ("`repeat` repeats layers: it is `repeat_elements`", "repeat"),
    ("`where` is it", "select"),
    (
        "a call or two of others: `concatenate`, `stack`, `split`, `flip`, `pad`, `reshape`, `maximum`",
        "append array_split copy diagonal dsplit dstack fliplr flipud fmax fmin fmod geomspace hsplit hstack \
         inner logaddexp2 logspace psnr ravel rot90 tri unstack vander vdot vsplit vstack",
    ),
    (
        "a layer does it",
        "adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose depthwise_conv digitize \
         dot_product_attention max_pool multi_hot rearrange separable_conv",
    ),
    ("a loss of the runtime has it", "sparse_categorical_crossentropy"),
    ("comparisons are of elements: `abs(x - y) < 0.001`", "allclose isclose"),
    (
        "data are looked through for numbers that are not finite before they come in",
        "isfinite isinf isnan isneginf isposinf nan_to_num nanargmax nanargmin nancumprod nancumsum nanmax \
         nanmean nanmin nanprod nanstd nansum nanvar",
    ),
    (
        "matrices are not taken apart within a model",
        "cholesky cholesky_inverse det eig eigh inv logdet lstsq lu_factor matrix_rank pinv qr slogdet solve \
         solve_triangular svd",
    ),
    (
        "nothing is sorted within a model",
        "argpartition argsort bincount histogram median nanmedian nanpercentile nanquantile percentile \
         quantile searchsorted sort top_k unique",
    ),
    ("parts are `slice`d or `take`n", "get_item"),
    (
        "shapes and types are known before the model runs",
        "array broadcast_to cast convert_to_numpy convert_to_tensor dtype empty empty_like is_tensor isin \
         meshgrid ndim nonzero saturate_cast shape size unravel_index view",
    ),
    ("the initializer `stft` has windows", "bartlett blackman hamming hanning kaiser"),
    (
        "the language has `if`, `repeat`, closures and cells",
        "associative_scan cond custom_gradient fori_loop jvp map scan switch vectorize vectorized_map \
         while_loop",
    ),
    (
        "there are no complex numbers",
        "angle conj conjugate fft fft2 ifft2 imag irfft isreal istft polar real rfft stft view_as_complex \
         view_as_real",
    ),
    (
        "values have no bits and factors of their own: they are numbers of 32 bits",
        "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor \
         gcd lcm ldexp left_shift nextafter right_shift signbit",
    ),
];

/// The part of the reference page.
#[cfg(test)]
pub fn page() -> String {
    let class = |(class, why): &(&str, &str)| format!("- `{class}`: {why}.\n");
    let argument = |(argument, why): &(&str, &str)| format!("- `{argument}`: {why}.\n");
    let of_class =
        |(class, argument, why): &(&str, &str, &str)| format!("- `{argument}` of `{class}`: {why}.\n");
    let operations = |(why, names): &(&str, &str)| {
        let names: Vec<String> = names.split_whitespace().map(|name| format!("`{name}`")).collect();
        format!("- {}: {why}.\n", names.join(", "))
    };
    format!(
        "\n## What is left out\n\nLayers of Keras 3.15:\n\n{}\nArguments of its layers:\n\n{}{}\nOther defaults than Keras's:\n\n{}\nFunctions of `keras.ops`:\n\n{}",
        CLASSES.iter().map(class).collect::<String>(),
        ARGUMENTS.iter().map(argument).collect::<String>(),
        OF_CLASSES.iter().map(of_class).collect::<String>(),
        DEFAULTS.iter().map(of_class).collect::<String>(),
        OPERATIONS.iter().map(operations).collect::<String>(),
    )
}
