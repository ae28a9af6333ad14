typedef unsigned int u32;
typedef unsigned long long u64;

// The memories of a model. Words of a sample, times the samples, give the place of a value in a batched one.
struct Memory {
    float *params, *grads, *arena, *fixed, *state, *work;
    float *in[8], *out[8], *losses[8];
    const float *targets[8], *weights[8];
    float *masks[8];
    const u32 *control;
};

// Words of `control`: seed, step, then for each output the words of a target and of its weights for each sample, the
// factor of its slopes and a setting of its loss; and what the loss is multiplied with.
#define SEED 0
#define STEP 2
#define HEADS 4
#define SCALE 36
// Whether the step of the optimizer is taken.
#define GO 37
// The word of the log at which the pass leaves what it is to tell.
#define LOG 38

// `time` is the step of a loop; a launch works on samples [from, from + count); sums come in `splits` pieces.
#define KERNEL(name) extern "C" __global__ void __launch_bounds__(256, 2) name( \
    const __grid_constant__ Memory m, u32 batch, u32 time, u32 from, u32 count, u32 splits)

#define INFINITE __longlong_as_double(0x7ff0000000000000ll)

__device__ __forceinline__ float number(u32 bits) { return __uint_as_float(bits); }
__device__ __forceinline__ float max_or(float a, float b) { return a > b ? a : b; }
__device__ __forceinline__ float min_or(float a, float b) { return a < b ? a : b; }
__device__ __forceinline__ float maximum(float a, float b) { return a != a || a > b ? a : b; }
__device__ __forceinline__ float minimum(float a, float b) { return a != a || a < b ? a : b; }
__device__ __forceinline__ float exp2_integer(float x) { return __int_as_float(((int)x + 127) << 23); }
__device__ __forceinline__ float mantissa(float x) { int e; return frexpf(x, &e); }
__device__ __forceinline__ float exponent(float x) { int e; frexpf(x, &e); return (float)e; }
__device__ __forceinline__ float sigmoid(float x) {
    float e = expf(-fabsf(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

// Neighbours in memory, stored at once: the compiler does not always see that of a vector.
__device__ __forceinline__ void store2(float *to, float a, float b) {
    asm volatile("st.global.v2.f32 [%0], {%1, %2};" : : "l"(__cvta_generic_to_global(to)), "f"(a), "f"(b) : "memory");
}
__device__ __forceinline__ void store4(float *to, float a, float b, float c, float d) {
    asm volatile("st.global.v4.f32 [%0], {%1, %2, %3, %4};"
        : : "l"(__cvta_generic_to_global(to)), "f"(a), "f"(b), "f"(c), "f"(d) : "memory");
}

// Four neighbours at a multiple of four words, of which the last ones of a row may be none.
__device__ __forceinline__ void load_four(const float *from, u32 count, float x[4]) {
    if (count == 4) {
        float4 q = *(const float4 *)from;
        x[0] = q.x; x[1] = q.y; x[2] = q.z; x[3] = q.w;
    } else {
        for (u32 v = 0; v < 4; v++) x[v] = v < count ? from[v] : 0.0f;
    }
}
__device__ __forceinline__ void store_four(float *to, u32 count, const float x[4]) {
    if (count == 4) store4(to, x[0], x[1], x[2], x[3]);
    else for (u32 v = 0; v < count; v++) to[v] = x[v];
}

#if __CUDA_ARCH__ >= 800
// Tensor cores: products of numbers with 10 or 7 bits behind the point, added up in 32 bits.
__device__ __forceinline__ u32 tf32(float x) {
    u32 y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
    return y;
}
__device__ __forceinline__ u32 two_bf16(float low, float high) {
    u32 y;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
    return y;
}
__device__ __forceinline__ void multiply_tf32(float c[4], const u32 a[4], u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ __forceinline__ void multiply_bf16(float c[4], const u32 a[4], u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
#endif

// The row that a word of an index means: what is no row means the nearest.
__device__ __forceinline__ u32 row_of(float index, u32 rows) {
    return index >= (float)rows ? rows - 1 : index > 0.0f ? min((u32)index, rows - 1) : 0;
}

// Number `i` of a stream of Philox4x32-10, in [0, 1).
__device__ float uniform(const u32 *control, u32 seed, u32 seed_high, u32 stream, u64 i) {
    u64 counter = i / 32 * 8 + i % 8;
    u32 c0 = (u32)counter, c1 = (u32)(counter >> 32), c2 = stream, c3 = control[STEP];
    u32 k0 = seed ^ control[STEP + 1], k1 = seed_high;
#pragma unroll
    for (int round = 0; round < 10; round++) {
        u64 p0 = (u64)c0 * 0xd2511f53u, p1 = (u64)c2 * 0xcd9e8d57u;
        c0 = (u32)(p1 >> 32) ^ c1 ^ k0;
        c1 = (u32)p1;
        c2 = (u32)(p0 >> 32) ^ c3 ^ k1;
        c3 = (u32)p0;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    u32 which = (u32)(i / 8 % 4);
    u32 word = which == 0 ? c0 : which == 1 ? c1 : which == 2 ? c2 : c3;
    return (float)(word >> 8) * (1.0f / 16777216.0f);
}

// The place within [0, extent) that `place` means, or -1: 0 constant, 1 nearest, 2 reflect, 3 wrap, 4 mirror.
__device__ int border(int fill, int place, int extent) {
    if (place >= 0 && place < extent) return place;
    if (fill == 0) return -1;
    if (fill == 1) return place < 0 ? 0 : extent - 1;
    int period = fill == 2 ? 2 * extent : fill == 3 ? extent : max(2 * extent - 2, 1);
    int rest = place % period;
    if (rest < 0) rest += period;
    return fill == 2 ? min(rest, period - 1 - rest) : fill == 3 ? rest : min(rest, period - rest);
}

// The two places along an axis that `coordinate` is read from, and their shares.
__device__ void along(int nearest, int fill, float coordinate, int extent, float share[2], int place[2]) {
    coordinate = coordinate < -8388608.0f ? -8388608.0f : coordinate > 8388608.0f ? 8388608.0f : coordinate;
    if (nearest) {
        share[0] = 1.0f;
        share[1] = 0.0f;
        float whole = roundf(coordinate);
        place[0] = border(fill, whole != whole ? 0 : (int)whole, extent);
        place[1] = 0;
        return;
    }
    float below = floorf(coordinate);
    share[1] = coordinate - below;
    share[0] = 1.0f - share[1];
    int first = below != below ? 0 : (int)below;
    place[0] = border(fill, first, extent);
    place[1] = border(fill, first + 1, extent);
}

// Folds what each thread of a group of `width` has, in halves: one order, whatever the machine. Every thread of the
// block takes part.
#define FOLD(type, name, combine) \
    __device__ type name(type x, u32 width, type *shared) { \
        u32 lane = threadIdx.x % width; \
        __syncthreads(); \
        shared[threadIdx.x] = x; \
        __syncthreads(); \
        for (u32 half = width / 2; half > 0; half /= 2) { \
            if (lane < half) { \
                type a = shared[threadIdx.x], b = shared[threadIdx.x + half]; \
                shared[threadIdx.x] = combine; \
            } \
            __syncthreads(); \
        } \
        return shared[threadIdx.x - lane]; \
    }
FOLD(float, fold_sum, a + b)
FOLD(float, fold_product, a * b)
FOLD(float, fold_max, maximum(a, b))
FOLD(float, fold_min, minimum(a, b))
FOLD(double, fold_double, a + b)
