//! What Keras's layers have and these have not, and why: for the reference, and for the test that holds it to Keras.

#![cfg(test)]

const NOT_YET: &str = "not there yet";
const STRINGS: &str = "a model takes numbers: words and vocabularies are looked up before it";
const OTHERS: &str = "wraps a layer of another framework";
const LABELS: &str = "changes labels as well as images: a matter of the data set";
const BASE: &str = "what layers in Python are derived from";
const ADAPTERS: &str = "changes the weights of a model that was built";
const SPARSE: &str = "tensors are dense";
const KERNELS: &str = "which kernel computes it is the compiler's choice";

/// Classes of `keras.layers`, and why they are left out.
pub const CLASSES: &[(&str, &str)] = &[
    ("CutMix", LABELS),
    ("FlaxLayer", OTHERS),
    ("HashedCrossing", STRINGS),
    ("Hashing", STRINGS),
    ("InputSpec", BASE),
    ("IntegerLookup", STRINGS),
    ("JaxLayer", OTHERS),
    ("Layer", BASE),
    ("MaxNumBoundingBoxes", LABELS),
    ("MelSpectrogram", NOT_YET),
    ("MixUp", LABELS),
    ("Pipeline", "layers one after another are a chain: `a >> b`"),
    ("STFTSpectrogram", NOT_YET),
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
    ("Discretization", "epsilon", NOT_YET),
    ("Discretization", "num_bins", NOT_YET),
    ("InputLayer", "batch_shape", "batches are of any size"),
    ("InputLayer", "batch_size", "batches are of any size"),
    ("InputLayer", "input_tensor", "a tensor that is there needs no input"),
    ("InputLayer", "optional", "every input of a model is given"),
    ("Lambda", "arguments", "a closure sees the names around it"),
    ("Lambda", "mask", "masks go with the tensors that a closure is given"),
    ("Lambda", "output_shape", "it follows from the closure"),
    ("ReversibleEmbedding", "reverse_dtype", "values are of 32 bits within a model"),
];

/// The part of the reference page.
pub fn page() -> String {
    let class = |(class, why): &(&str, &str)| format!("- `{class}`: {why}.\n");
    let argument = |(argument, why): &(&str, &str)| format!("- `{argument}`: {why}.\n");
    let of_class =
        |(class, argument, why): &(&str, &str, &str)| format!("- `{argument}` of `{class}`: {why}.\n");
    format!(
        "\n## What is left out\n\nLayers of Keras 3.15:\n\n{}\nArguments of its layers:\n\n{}{}",
        CLASSES.iter().map(class).collect::<String>(),
        ARGUMENTS.iter().map(argument).collect::<String>(),
        OF_CLASSES.iter().map(of_class).collect::<String>(),
    )
}
