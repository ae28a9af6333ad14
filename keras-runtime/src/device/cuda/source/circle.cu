
// log(sum(exp(x))) of some numbers: the greatest, and what the others come to beside it. No numbers have no sum.
struct LogSum { double top, sum; };

__device__ LogSum log_sum(LogSum a, LogSum b) {
    if (a.sum == 0.0) return b;
    if (b.sum == 0.0) return a;
    if (b.top <= a.top) {
        a.sum += b.sum * exp(b.top - a.top);
        return a;
    }
    b.sum += a.sum * exp(a.top - b.top);
    return b;
}
FOLD(LogSum, fold_log_sum, log_sum(a, b))

__device__ double value_of(LogSum x) {
    return x.sum == 0.0 ? -INFINITE : x.top + log(x.sum);
}

// 1 minus the product of two embeddings, which every lane of a warp gets.
__device__ double distance(const float *a, const float *b, u32 width) {
    double sum = 0.0;
    for (u32 k = threadIdx.x % 32u; k < width; k += 32u) sum += (double)a[k] * (double)b[k];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    return 1.0 - sum;
}

// That of sample `i` and the lane's of 32 samples from `first` on.
__device__ double own_distance(const float *p, u32 width, u32 samples, u32 i, u32 first) {
    double own = 0.0;
    for (u32 u = 0; u < 32u && first + u < samples; u++) {
        double d = distance(p + (u64)i * width, p + (u64)(first + u) * width, width);
        if (threadIdx.x % 32u == u) own = d;
    }
    return own;
}

struct Circle { double gamma, margin; bool remove_diagonal; };

// What counts of two samples: 0 nothing, 1 as of one class, 2 as of several.
__device__ int pair(Circle c, bool same, bool itself, double d, double *x) {
    d = d < 0.0 ? 0.0 : d;
    if (!same) {
        double weight = 1.0 + c.margin - d;
        *x = c.gamma * (weight < 0.0 ? 0.0 : weight) * (1.0 - c.margin - d);
        return 2;
    }
    *x = -c.gamma * (c.margin + d) * (c.margin - d);
    return itself && c.remove_diagonal ? 0 : 1;
}

// Of sample `blockIdx.x`: `sums` over the samples of its class and over the others, and its loss.
__device__ void circle_loss(Circle c, const float *y, const float *p, u32 width, u32 samples, double *sums, float *losses) {
    __shared__ LogSum shared[256];
    u32 i = blockIdx.x;
    LogSum of[2] = {{0.0, 0.0}, {0.0, 0.0}};
    for (u32 first = threadIdx.x / 32u * 32u; first < samples; first += 256u) {
        double d = own_distance(p, width, samples, i, first), x = 0.0;
        u32 j = first + threadIdx.x % 32u;
        if (j >= samples) continue;
        int kind = pair(c, y[i] == y[j], i == j, d, &x);
        LogSum one = {x, 1.0};
        if (kind == 1) of[0] = log_sum(of[0], one);
        if (kind == 2) of[1] = log_sum(of[1], one);
    }
    double same = value_of(fold_log_sum(of[0], 256u, shared));
    double others = value_of(fold_log_sum(of[1], 256u, shared));
    if (threadIdx.x > 0) return;
    double x = same + others;
    sums[2u * i] = same;
    sums[2u * i + 1u] = others;
    // Of softplus; without a pair of either kind it is 0.
    losses[i] = (float)((x < 0.0 ? 0.0 : x) + log1p(exp(-fabs(x))));
}

// One block: the factor of each sample, its loss times what it counts, and the reduction: 0 by those that have a loss, 1 a sum, 2
// by their weights.
__device__ void circle_factors(const float *weights, float scale, u32 reduction, u32 samples, double *factors, float *losses) {
    __shared__ double shared[256];
    double count = 0.0;
    for (u32 i = threadIdx.x; i < samples; i += 256u)
        if (losses[i] > 0.0f) count += reduction == 2u && weights ? (double)weights[i] : 1.0;
    count = fold_double(count, 256u, shared);
    float share = (float)(reduction == 1u ? (double)samples : count == 0.0 ? 0.0 : (double)samples / count);
    for (u32 i = threadIdx.x; i < samples; i += 256u) {
        float counts = (weights ? weights[i] : 1.0f) * share;
        factors[i] = losses[i] > 0.0f ? (double)(counts * scale) : 0.0;
        losses[i] *= counts;
    }
}

// The derivative of the loss of sample `i` by the product of its embedding and that of sample `j`.
__device__ double by_product(Circle c, const float *y, const double *sums, const double *factors, u32 i, u32 j, double d) {
    double same = sums[2u * i], others = sums[2u * i + 1u], x;
    // The derivative of softplus.
    double outer = factors[i] / (1.0 + exp(-(same + others)));
    if (outer == 0.0 || d < 0.0) return 0.0;
    int kind = pair(c, y[i] == y[j], i == j, d, &x);
    if (kind == 1) return -outer * exp(x - same) * 2.0 * c.gamma * d;
    if (kind == 2 && d < 1.0 + c.margin) return -outer * exp(x - others) * 2.0 * c.gamma * (d - 1.0);
    return 0.0;
}

// By the embedding of sample `blockIdx.x`, of which others' losses are made too.
__device__ void circle_slope(Circle c, const float *y, const float *p, u32 width, u32 samples, const double *sums, const double *factors, float *slope) {
    __shared__ double by[256];
    u32 i = blockIdx.x;
    for (u32 first = 0; first < samples; first += 256u) {
        u32 warp = first + threadIdx.x / 32u * 32u, j = first + threadIdx.x;
        double d = own_distance(p, width, samples, i, warp);
        __syncthreads();
        by[threadIdx.x] = j < samples ? by_product(c, y, sums, factors, i, j, d) + by_product(c, y, sums, factors, j, i, d) : 0.0;
        __syncthreads();
        for (u32 k = threadIdx.x; k < width; k += 256u) {
            double sum = first == 0 ? 0.0 : (double)slope[(u64)i * width + k];
            for (u32 q = 0; q < min(256u, samples - first); q++) sum += by[q] * (double)p[(u64)(first + q) * width + k];
            slope[(u64)i * width + k] = (float)sum;
        }
    }
}
