// Device functions that are not inlined, structures by value, packed halves, switches and local arrays.
struct Pair { float x; int n; double w; };
__device__ __noinline__ float power(float x, int n) {
    float product = 1.f;
    for (int i = 0; i < n; i++) product *= x;
    return product;
}
__device__ __noinline__ Pair scaled(Pair p, float by) {
    p.x = power(p.x, 3) * by;
    p.n += 1;
    p.w = p.w * 2.0 + p.n;
    return p;
}
extern "C" __global__ void calls(const float* x, double* out, int n, Pair p) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    p.x += x[i];
    // Only some lanes call.
    if (i % 3) p = scaled(p, 0.5f);
    out[i] = p.x + p.n + p.w;
}
extern "C" __global__ void switches(const int* x, int* out, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int v = x[i], r;
    switch (v & 7) {
        case 0: r = v * 3; break;
        case 1: r = v - 100; break;
        case 2: r = v ^ 0x55; break;
        case 3: r = v << 3; break;
        case 4: r = v / 7; break;
        case 5: r = v % 11; break;
        case 6: r = -v; break;
        default: r = ~v;
    }
    int local[8];
    for (int k = 0; k < 8; k++) local[(k * 5 + v) & 7] = r + k;
    out[i] = local[v & 7] + local[(v >> 3) & 7];
}
typedef unsigned int u32;
extern "C" __global__ void packed(const u32* a, const u32* b, u32* sum, u32* fused, int n) {
    int i = threadIdx.x;
    if (i >= n) return;
    asm("add.f16x2 %0, %1, %2;" : "=r"(sum[i]) : "r"(a[i]), "r"(b[i]));
    asm("fma.rn.bf16x2 %0, %1, %2, %1;" : "=r"(fused[i]) : "r"(a[i]), "r"(b[i]));
}
__device__ float total;
extern "C" __global__ void reduce_all(const float* x, float* partial, unsigned* ticket, float* out, int n) {
    __shared__ float part[256];
    __shared__ bool last;
    int t = threadIdx.x;
    float s = 0.f;
    for (int i = blockIdx.x * 256 + t; i < n; i += gridDim.x * 256) s += x[i];
    part[t] = s;
    __syncthreads();
    for (int o = 128; o; o >>= 1) {
        if (t < o) part[t] += part[t + o];
        __syncthreads();
    }
    if (t == 0) {
        partial[blockIdx.x] = part[0];
        __threadfence();
        last = atomicAdd(ticket, 1u) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && t == 0) {
        float all = 0.f;
        for (int i = 0; i < gridDim.x; i++) all += partial[i];
        *out = all;
        total = all;
    }
}

struct Table { float v[6]; int n; };
// A structure by value whose elements are chosen at run time, in a function that is not inlined.
__device__ __noinline__ float pick(Table table, int i) { return table.v[(i * 5) % 6] * table.n; }
extern "C" __global__ void picks(const __grid_constant__ Table table, float* out) {
    int i = threadIdx.x;
    out[i] = pick(table, i) + table.v[i % 6];
}
