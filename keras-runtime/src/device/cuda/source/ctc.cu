
__device__ double log_add(double a, double b) {
    if (a == -INFINITE) return b;
    if (b == -INFINITE) return a;
    return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

// The states of an alignment: labels with a blank, which is 0, before, between and behind them.
__device__ u32 class_of(const float *y, u32 state) { return state % 2u == 0 ? 0u : (u32)y[state / 2u]; }

// Whether the blank before a label can be left out: not between equal ones, which would become one.
__device__ bool skips(const float *y, u32 state) {
    return state > 1u && state % 2u == 1u && y[state / 2u] != y[state / 2u - 1u];
}

// A block: the loss of a sample, whose labels end where the first 0 of `most` is, and its slope if that is asked for. In `room`
// are the logarithms of probabilities, and of beginnings and ends of alignments that are in a state at a step.
__device__ void ctc(const float *y, u32 most, const float *p, u32 steps, u32 classes, double *room, float *loss, float *slope) {
    __shared__ u32 labels;
    u32 lane = threadIdx.x % 32u;
    if (threadIdx.x == 0) {
        u32 count = 0;
        while (count < most && y[count] != 0.0f) count++;
        labels = count;
    }
    double *logs = room, *alpha = logs + (u64)steps * classes, *beta = alpha + (u64)steps * (2u * most + 1u);
    for (u32 t = threadIdx.x / 32u; t < steps; t += 8u) {
        const float *z = p + (u64)t * classes;
        float top = -INFINITE;
        for (u32 c = lane; c < classes; c += 32u) top = fmaxf(top, z[c]);
        for (int d = 16; d > 0; d /= 2) top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, d));
        double sum = 0.0;
        for (u32 c = lane; c < classes; c += 32u) sum += exp((double)(z[c] - top));
        for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
        for (u32 c = lane; c < classes; c += 32u) logs[(u64)t * classes + c] = (double)(z[c] - top) - log(sum);
    }
    __syncthreads();
    u32 states = 2u * labels + 1u;
    for (u32 t = 0; t < steps; t++) {
        for (u32 s = threadIdx.x; s < states; s += 256u) {
            const double *before = alpha + (u64)(t - 1u) * states;
            double reached = t > 0 ? before[s] : s < 2u ? 0.0 : -INFINITE;
            if (t > 0 && s > 0) reached = log_add(reached, before[s - 1u]);
            if (t > 0 && skips(y, s)) reached = log_add(reached, before[s - 2u]);
            alpha[(u64)t * states + s] = reached + logs[(u64)t * classes + class_of(y, s)];
        }
        __syncthreads();
    }
    const double *ends = alpha + (u64)steps * states;
    double total = states > 1u ? log_add(ends[-1], ends[-2]) : ends[-1];
    if (threadIdx.x == 0) *loss = (float)-total;
    if (!slope) return;
    for (u32 t = steps; t-- > 0;) {
        for (u32 s = threadIdx.x; s < states; s += 256u) {
            const double *next = beta + (u64)(t + 1u) * states, *log = logs + (u64)(t + 1u) * classes;
            double left = s + 2u >= states ? 0.0 : -INFINITE;
            if (t + 1u < steps) {
                left = next[s] + log[class_of(y, s)];
                if (s + 1u < states) left = log_add(left, next[s + 1u] + log[class_of(y, s + 1u)]);
                if (s + 2u < states && skips(y, s + 2u)) left = log_add(left, next[s + 2u] + log[class_of(y, s + 2u)]);
            }
            beta[(u64)t * states + s] = left;
        }
        __syncthreads();
    }
    // The probability of being in a state at a step.
    for (u64 i = threadIdx.x; i < (u64)steps * states; i += 256u) alpha[i] = exp(alpha[i] + beta[i] - total);
    __syncthreads();
    for (u64 i = threadIdx.x; i < (u64)steps * classes; i += 256u) {
        u32 t = (u32)(i / classes), c = (u32)(i % classes);
        float by = (float)exp(logs[i]);
        for (u32 s = c == 0 ? 0u : 1u; s < states; s += 2u)
            if (class_of(y, s) == c) by -= (float)alpha[(u64)t * states + s];
        slope[i] = by;
    }
}
