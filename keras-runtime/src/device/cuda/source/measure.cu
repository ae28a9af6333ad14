
// Metrics: 32 blocks add up what they see of predictions `p` and targets `y`, a position to a warp; then their sums are added in order.
// Loops are not unrolled: where threads part and meet again takes registers too.
#define MEASURING 32u

// The place of the greatest word, the first of equals; what is no number is smaller than any. A warp's.
__device__ u32 greatest(const float *x, u32 count) {
    u32 at = threadIdx.x % 32u;
    float best = at < count ? x[at] : number(0x7fc00000u);
#pragma unroll 1
    for (u32 c = at + 32u; c < count; c += 32u)
        if (x[c] > best || (best != best && x[c] == x[c])) { best = x[c]; at = c; }
    for (int d = 16; d > 0; d /= 2) {
        float other = __shfl_xor_sync(0xffffffffu, best, d);
        u32 place = __shfl_xor_sync(0xffffffffu, at, d);
        bool better = best != best ? other == other || place < at : other > best || (other == best && place < at);
        if (better) { best = other; at = place; }
    }
    return at;
}

// Whether fewer than `top` words are greater than that at `label`. A warp's.
__device__ bool in_top(const float *x, u32 count, u32 label, u32 top) {
    if (label >= count) return false;
    u32 greater = 0;
#pragma unroll 1
    for (u32 c = threadIdx.x % 32u; c < count; c += 32u) greater += x[c] > x[label];
    for (int d = 16; d > 0; d /= 2) greater += __shfl_xor_sync(0xffffffffu, greater, d);
    return greater < top;
}

// A position has `classes` predictions and `width` targets; all of them `weighing` weights and `marks` words of a mask, or none.
extern "C" __global__ void __launch_bounds__(256, 2) measure(const float *p, const float *y, const float *weights, const float *mask,
    u32 positions, u32 classes, u32 width, u32 weighing, u32 marks, u32 kind, float threshold, u32 top, u32 only, double *parts) {
    __shared__ double shared[256];
    u32 lane = threadIdx.x % 32u;
    double sums[4] = {};
#pragma unroll 1
    for (u32 i = blockIdx.x * 8u + threadIdx.x / 32u; i < positions; i += MEASURING * 8u) {
        double weight = weighing ? (double)weights[(u64)i * weighing / positions] : 1.0;
        if (marks && mask[(u64)i * marks / positions] == 0.0f) continue;
        const float *own = p + (u64)i * classes, *target = y + (u64)i * width;
        if (kind == CONFUSION) {
#pragma unroll 1
            for (u32 c = lane; c < min(classes, width); c += 32u) {
                if (only < classes && c != only) continue;
                u32 before = 0;
                if (top < classes)
#pragma unroll 1
                    for (u32 k = 0; k < classes; k++) before += own[k] > own[c] || (own[k] == own[c] && k < c);
                bool truth = target[c] != 0.0f, positive = before < top && own[c] > threshold;
                for (u32 s = 0; s < 4; s++) sums[s] += s == (truth ? positive ? 0u : 3u : positive ? 1u : 2u) ? weight : 0.0;
            }
            continue;
        }
        // What counts nothing is not looked at: it may be anything.
        if (weight == 0.0) continue;
        if (kind >= WORDS) {
            bool whole = kind == MEAN_SQUARE || kind == MEAN_ABSOLUTE;
            double sum = 0.0;
#pragma unroll 1
            for (u32 c = lane; c < min(classes, width); c += 32u) {
                float error = own[c] - target[c], side = own[c] > threshold ? 1.0f : 0.0f;
                sum += kind == WORDS ? (side == target[c] ? 1.0 : 0.0) : kind == MEAN_ABSOLUTE ? fabs((double)error)
                    : (double)error * (double)error;
                if (!whole) sums[1] += weight;
            }
            sums[0] += sum * weight;
            if (whole && lane == 0) sums[1] += weight;
            continue;
        }
        u32 label = kind == INDEX || kind == INDEX_IN_TOP ? (u32)*target : greatest(target, width);
        bool right = kind == SIDE ? (*own > 0.5f) == (*target > 0.5f)
            : kind == INDEX_IN_TOP || kind == GREATEST_IN_TOP ? in_top(own, classes, label, top) : greatest(own, classes) == label;
        if (lane == 0) {
            sums[0] += right ? weight : 0.0;
            sums[1] += weight;
        }
    }
    for (u32 s = 0; s < 4; s++) {
        double sum = fold_double(sums[s], 256u, shared);
        if (threadIdx.x == 0) parts[blockIdx.x * 4u + s] = sum;
    }
}

// The first sum is of positions that have `words` terms each.
extern "C" __global__ void measured(const double *parts, float *log, u32 at, u32 words, const u32 *control) {
    if (threadIdx.x >= 4u) return;
    double sum = 0.0;
    for (u32 k = 0; k < MEASURING; k++) sum += parts[k * 4u + threadIdx.x];
    if (threadIdx.x == 0) sum /= words;
    ((double *)(log + control[LOG] + at))[threadIdx.x] = sum;
}
