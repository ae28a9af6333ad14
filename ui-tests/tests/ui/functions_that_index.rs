use keras_runtime::keras_model;

keras_model! {
    Along(x: [4, 5], i: [i32; 3, 5]) { take_along_axis(x, i, axis = 2) }
    Segments(x: [4, 5], i: [i32; 3]) { segment_sum(x, i, 2) }
    Count(x: [4, 5], i: [i32; 4]) { segment_max(x, i, num_segments = 0) }
    Depth(x: [4, 5], i: [i32; 4, 3]) { scatter(i, x, [5, 5]) }
    Values(x: [4, 5], i: [i32; 4, 1]) { scatter_update(x, i, x >> dense(3)) }
    Start(x: [4, 5], y: [2, 5]) { slice_update(x, [0, 3, 0], y) }
    Batch(x: [4, 5], y: [2, 5]) { slice_update(x, [3, 0], y) }
    Letters(x: [4, 5], y: [4, 5]) { einsum("bij,bjk->bik", x, y) }
    Axes(x: [4, 5]) { einsum("bi->b", x) }
    NoBatch(x: [4, 5]) { einsum("bij->ij", x) }
    Twice(x: [4, 5]) { x >> einsum("bij->bik") }
    Dot(x: [4, 5], y: [4, 5]) { tensordot(x, y, axes = 1) }
    TooMany(x: [4], y: [4]) { tensordot(x, y) }
    Channels(x: [4, 4, 6]) { depth_to_space(x, 2) }
    Rows(x: [5, 4, 6]) { space_to_depth(x, 2) }
    Window(x: [3, 4, 4]) { unfold(x, 5) }
    Folded(x: [12, 5]) { fold(x, [4, 4], 2) }
    Piece(x: [4]) { extract_sequences(x, 5, 1) }
    Diagonal(x: [4, 4]) { diag(x, k = 4) }
    Vectors(x: [4, 4], y: [4, 3]) { cross(x, y) }
    Distances(x: [4, 4], y: [4, 3]) { cdist(x, y) }
    Place(x: [4, 5], y: [4]) { trapezoid(x, y) }
    Labels(x: [4, 5], y: [3], n: [], m: []) { ctc_loss(x, y, n, m) }
    Beam(x: [4, 5], n: []) { ctc_decode(x, n, strategy = "beam_search") }
    Mask(x: [4, 5], n: []) { ctc_decode(x, n, mask_index = 5) }
}

fn main() {}
