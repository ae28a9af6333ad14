// A training step of a multi-layer perceptron: products in tiles of 64x64, 4x4 elements a thread.
typedef unsigned int u32;
#define TILE 64
#define DEPTH 16

// C[m,n] = A[m,k] B[k,n]; a transposed factor lies the other way. With a bias: max(C + bias, 0) where `relu`; with a
// gate: zero where the gate is not positive.
template <bool TA, bool TB>
__device__ __forceinline__ void product(const float* __restrict__ A, const float* __restrict__ B, float* __restrict__ C,
        const float* __restrict__ bias, const float* __restrict__ gate, int relu, int m, int n, int k) {
    __shared__ float a[DEPTH][TILE + 4], b[DEPTH][TILE + 4];
    int t = threadIdx.x, tx = t % 16, ty = t / 16, m0 = blockIdx.y * TILE, n0 = blockIdx.x * TILE;
    float acc[4][4] = {};
    for (int k0 = 0; k0 < k; k0 += DEPTH) {
        for (int i = t; i < TILE * DEPTH; i += 256) {
            int row = TA ? i % TILE : i / DEPTH, at = TA ? i / TILE : i % DEPTH;
            bool in = m0 + row < m && k0 + at < k;
            a[at][row] = in ? (TA ? A[(k0 + at) * m + m0 + row] : A[(m0 + row) * k + k0 + at]) : 0.f;
        }
        for (int i = t; i < TILE * DEPTH; i += 256) {
            int column = TB ? i / DEPTH : i % TILE, at = TB ? i % DEPTH : i / TILE;
            bool in = n0 + column < n && k0 + at < k;
            b[at][column] = in ? (TB ? B[(n0 + column) * k + k0 + at] : B[(k0 + at) * n + n0 + column]) : 0.f;
        }
        __syncthreads();
        #pragma unroll
        for (int at = 0; at < DEPTH; at++) {
            float4 x = *(float4*)&a[at][ty * 4], y = *(float4*)&b[at][tx * 4];
            float xs[4] = {x.x, x.y, x.z, x.w}, ys[4] = {y.x, y.y, y.z, y.w};
            #pragma unroll
            for (int i = 0; i < 4; i++)
                #pragma unroll
                for (int j = 0; j < 4; j++) acc[i][j] += xs[i] * ys[j];
        }
        __syncthreads();
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            int row = m0 + ty * 4 + i, column = n0 + tx * 4 + j;
            if (row >= m || column >= n) continue;
            float v = acc[i][j];
            if (bias) v += bias[column];
            if (relu) v = fmaxf(v, 0.f);
            if (gate && !(gate[row * n + column] > 0.f)) v = 0.f;
            C[row * n + column] = v;
        }
}
#define PRODUCT(name, ta, tb) extern "C" __global__ void __launch_bounds__(256) name(const float* A, const float* B, float* C, \
    const float* bias, const float* gate, int relu, int m, int n, int k) { product<ta, tb>(A, B, C, bias, gate, relu, m, n, k); }
PRODUCT(forward, false, false)
PRODUCT(weights, true, false)
PRODUCT(inputs, false, true)

// The gradient of the mean cross entropy of a softmax, and each row's loss; a warp a row.
extern "C" __global__ void head(const float* logits, const int* labels, float* gradient, float* losses, int rows, int classes) {
    int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;
    const float* x = logits + row * classes;
    float most = -__int_as_float(0x7f800000), sum = 0.f;
    for (int c = lane; c < classes; c += 32) most = fmaxf(most, x[c]);
    for (int o = 16; o; o /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, o));
    for (int c = lane; c < classes; c += 32) sum += expf(x[c] - most);
    for (int o = 16; o; o /= 2) sum += __shfl_xor_sync(~0u, sum, o);
    for (int c = lane; c < classes; c += 32) gradient[row * classes + c] = (expf(x[c] - most) / sum - (c == labels[row])) / rows;
    if (lane == 0) losses[row] = logf(sum) + most - x[labels[row]];
}
extern "C" __global__ void columns(const float* x, float* sums, int rows, int width) {
    int c = blockIdx.x * blockDim.x + threadIdx.x;
    if (c >= width) return;
    float s = 0.f;
    for (int r = 0; r < rows; r++) s += x[r * width + c];
    sums[c] = s;
}
extern "C" __global__ void descend(float* p, const float* g, float rate, int count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) p[i] -= rate * g[i];
}
