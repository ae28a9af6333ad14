use keras_runtime::keras_model;

keras_model! { NoArrow = input([4, 7]) >> einsum_dense("abc,cd", 5) }
keras_model! { WrongRank = input([4, 7]) >> einsum_dense("ab,bc->ac", 5) }
keras_model! { NoBatch = input([7]) >> einsum_dense("ab,bc->ca", 5) }
keras_model! { Sizes = input([4, 7]) >> einsum_dense("abc,cd->abd", 5) }
keras_model! { Other = input([4, 7]) >> einsum_dense("abc,cd->abd", [3, 5]) }
keras_model! { Unknown = input([7]) >> einsum_dense("ab,bc->ac", -1) }
keras_model! { Bias = input([7]) >> einsum_dense("ab,bc->ac", 5, bias_axes = "b") }
keras_model! { Alpha = input([4, 7]) >> prelu(shared_axes = [3]) }

fn main() {}
