"""A training step written by hand with NumPy (OpenBLAS): what a patient person would write."""
from common import *
import numpy as np, threadpoolctl
threadpoolctl.threadpool_limits(THREADS)
x, y = images("train", TRAIN); rng = np.random.default_rng(0); f4 = np.float32
W = [rng.uniform(-1, 1, (i, o)).astype(f4) * f4(np.sqrt(6 / (i + o))) for i, o in zip(DIMS, DIMS[1:])]; b = [np.zeros(o, f4) for o in DIMS[1:]]
P = W + b; S = [np.zeros_like(p) for p in P]; T = [np.empty_like(p) for p in P]
def epoch(_):
    perm, total = rng.permutation(len(x)), 0.0
    for i in range(0, len(x), BATCH):
        j = perm[i:i + BATCH]; a = [x[j]]; masks = []
        for l in (0, 1):
            h = a[-1] @ W[l]; h += b[l]; np.maximum(h, 0, out=h)
            m = (rng.random(h.shape, dtype=f4) < (0.6, 0.7)[l]) * f4(1 / (0.6, 0.7)[l]); h *= m; a.append(h); masks.append(m)
        z = a[-1] @ W[2] + b[2]; z -= z.max(1, keepdims=True); e = np.exp(z); p = e / e.sum(1, keepdims=True)
        r = np.arange(len(j)); total += -np.log(p[r, y[j]] + 1e-9).mean(); p[r, y[j]] -= 1; d = p / f4(len(j))
        g = [None] * 6
        for l in (2, 1, 0):
            g[l] = a[l].T @ d; g[3 + l] = d.sum(0)
            if l: d = d @ W[l].T; d *= masks[l - 1]; d *= a[l] > 0
        for q, s, gg, t in zip(P, S, g, T):
            s *= f4(0.9); np.multiply(gg, gg, out=t); t *= f4(0.1); s += t
            np.sqrt(s, out=t); t += f4(1e-7); np.divide(gg, t, out=t); t *= f4(1e-3); q -= t
    return total / (len(x) // BATCH)
run_epochs("numpy", np.__version__, epoch, blas=threadpoolctl.threadpool_info()[0].get("architecture", "?"))
