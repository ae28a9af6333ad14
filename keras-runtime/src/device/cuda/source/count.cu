
// Counts: `pieces` of what is counted, which is words, or positions from `OVERLAPS` on. A thread has one of the `slots` numbers that sums are
// apart for, and looks through all of its piece, which the block reads together; then the sums of the pieces are added in order.
#define NO_SLOT 0xffffffffu

// The place of the greatest word, the first of equals; what is no number is smaller than any.
__device__ u32 greatest_of(const float *x, u32 count) {
    u32 at = 0;
#pragma unroll 1
    for (u32 c = 1; c < count; c++)
        if (x[c] > x[at] || (x[at] != x[at] && x[c] == x[c])) at = c;
    return at;
}

// How far two rows go together: by their correlation, or by their concordance.
__device__ double together(const float *y, const float *p, u32 count, bool concordance) {
    double n = (double)count, my = 0.0, mp = 0.0, vy = 0.0, vp = 0.0, both = 0.0;
#pragma unroll 1
    for (u32 c = 0; c < count; c++) { my += (double)y[c]; mp += (double)p[c]; }
    my /= n;
    mp /= n;
#pragma unroll 1
    for (u32 c = 0; c < count; c++) {
        double a = (double)y[c] - my, b = (double)p[c] - mp;
        vy += a * a / n;
        vp += b * b / n;
        both += a * b / n;
    }
    return concordance ? 2.0 * both / (vy + vp + (my - mp) * (my - mp) + 1e-7) : both / sqrt(vy * vp);
}

// Whether a word is among those of a row.
__device__ bool is_listed(float word, const float *x, u32 count) {
#pragma unroll 1
    for (u32 c = 0; c < count; c++)
        if (x[c] == word) return true;
    return false;
}

// Every position has `classes` predictions and `width` targets; all of them `weighing` weights and `marks` words of a mask, or none.
extern "C" __global__ void __launch_bounds__(256, 2) measure_count(const float *p, const float *y, const float *weights, const float *mask,
    u32 positions, u32 classes, u32 width, u32 weighing, u32 marks, u32 kind, float threshold, u32 thresholds, u32 by_label, u32 only,
    u32 slots, u32 pieces, double *parts) {
    __shared__ u32 truths[256], choices[256];
    __shared__ double values[VALUES][256];
    u32 each = kind >= OVERLAPS ? 1u : classes, all = positions * each, piece = (all + pieces - 1u) / pieces;
    u32 which = blockIdx.x % pieces, slot = blockIdx.x / pieces * 256u + threadIdx.x;
    u32 end = min(all, (which + 1u) * piece);
    bool pairs = kind == HALVES || kind == OVERLAPS;
    double sums[VALUES] = {};
#pragma unroll 1
    for (u32 first = which * piece; first < end; first += 256u) {
        u32 i = first + threadIdx.x, truth = NO_SLOT, chosen = NO_SLOT;
        double v[VALUES] = {};
        if (i < end) {
            u32 at = i / each, c = i % each;
            const float *own = p + (u64)at * classes, *target = y + (u64)at * width;
            double weight = weighing ? (double)weights[(u64)at * weighing / positions] : 1.0;
            if (kind >= CORRELATION) {
                // What counts nothing is not looked at: it may be anything.
                if (weight != 0.0 && !(marks && mask[(u64)at * marks / positions] == 0.0f)) {
                    truth = 0;
                    double value = kind == LISTED ? (is_listed(*target, own, thresholds) ? 1.0 : 0.0)
                        : together(target, own, classes, kind == CONCORDANCE);
                    v[0] = value * weight;
                    v[1] = weight;
                }
            } else if (kind == OVERLAPS) {
                float label = width == 1u ? *target : (float)greatest_of(target, width);
                if (label != threshold && label >= 0.0f && label < (float)slots) {
                    truth = (u32)label;
                    chosen = greatest_of(own, classes);
                    v[0] = weight;
                }
            } else {
                float x = own[c], t = target[c];
                if (kind == HALVES) {
                    truth = t >= 0.5f;
                    chosen = x >= threshold;
                    v[0] = weight;
                } else if (kind == CURVE) {
                    // A word on a threshold is not above it, but nothing is below the first.
                    float place = ceilf((x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x) * (float)(thresholds - 1u));
                    if (only >= classes || c == only) truth = (place > 0.0f ? (u32)place - 1u : 0u) + (by_label ? c * thresholds : 0u);
                    v[0] = (double)t * weight;
                    v[1] = (double)(1.0f - t) * weight;
                } else if (kind == SCORES) {
                    float top = number(0xff800000u);
                    if (threshold != threshold)
#pragma unroll 1
                        for (u32 k = 0; k < classes; k++) top = max_or(own[k], top);
                    bool positive = threshold != threshold ? x >= top && fabsf(x) > 1e-9f : x > threshold;
                    truth = c;
                    v[0] = positive ? weight * (double)t : 0.0;
                    v[1] = positive ? weight * (1.0 - (double)t) : 0.0;
                    v[2] = positive ? 0.0 : weight * (double)t;
                } else {
                    double a = (double)t, b = (double)x;
                    truth = c;
                    v[0] = weight;
                    v[1] = weight * a;
                    v[2] = weight * a * a;
                    v[3] = weight * (a - b) * (a - b);
                    v[4] = 1.0;
                }
            }
        }
        __syncthreads();
        truths[threadIdx.x] = truth;
        choices[threadIdx.x] = chosen;
#pragma unroll
        for (u32 s = 0; s < VALUES; s++) values[s][threadIdx.x] = v[s];
        __syncthreads();
        u32 count = min(256u, end - first);
#pragma unroll 1
        for (u32 k = 0; k < count; k++) {
            if (pairs) {
                double weight = values[0][k];
                if (truths[k] == slot) sums[1] += weight;
                if (choices[k] == slot) sums[2] += weight;
                if (truths[k] == slot && choices[k] == slot) sums[0] += weight;
            } else if (truths[k] == slot) {
#pragma unroll
                for (u32 s = 0; s < VALUES; s++) sums[s] += values[s][k];
            }
        }
    }
    if (slot >= slots) return;
#pragma unroll
    for (u32 s = 0; s < VALUES; s++) parts[((u64)which * VALUES + s) * slots + slot] = sums[s];
}

// A thread has a sum, of which each of the slots has so many `values`, next to each other.
extern "C" __global__ void measure_counted(const double *parts, float *log, u32 at, u32 slots, u32 values, u32 pieces, const u32 *control) {
    u32 i = blockIdx.x * 256u + threadIdx.x;
    if (i >= slots * values) return;
    double sum = 0.0;
#pragma unroll 1
    for (u32 k = 0; k < pieces; k++) sum += parts[((u64)k * VALUES + i % values) * slots + i / values];
    ((double *)(log + control[LOG] + at))[i] = sum;
}
