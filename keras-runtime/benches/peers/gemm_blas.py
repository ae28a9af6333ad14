"""gemm_blas.py GEMM1|GEMM2 openblas|mkl: C = A B alone, in the BLAS of NumPy's wheel or of PyTorch's, into given memory. Shapes are
M x N x K, those of examples/bench_products.rs."""
from common import *
blas = sys.argv[2]
shapes = [(128, 256, 784), (1024, 1024, 1024), (2048, 2048, 2048), *((1024, n, 1024) for n in (1, 2, 4, 8, 16)), *((m, 1024, 1024) for m in (1, 2, 4, 8, 16))]
if blas == "mkl":
    import torch
    torch.set_num_threads(THREADS)
    version = torch.__version__
else:
    import numpy as np, threadpoolctl
    threadpoolctl.threadpool_limits(THREADS)
    version = next(l["version"] for l in threadpoolctl.threadpool_info() if l["internal_api"] == "openblas")
for m, n, k in shapes:
    if blas == "mkl":
        a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
        f = lambda: torch.mm(a, b, out=c)
    else:
        a, b, c = (np.random.default_rng(0).random(s, dtype=np.float32) for s in ((m, k), (k, n), (m, n)))
        f = lambda: np.matmul(a, b, out=c)
    ts = times(f, 3, 5, seconds=SECONDS / 4)
    rate = lambda t: 2 * m * n * k / t / 1e9
    emit("numpy-openblas" if blas == "openblas" else "torch-mkl", W, f"{m} x {n} x {k}", rate(ts[len(ts) // 2]), "GFLOP/s", version, best=rate(ts[0]))
