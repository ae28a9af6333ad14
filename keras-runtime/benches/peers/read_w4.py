"""Reading the MLP's weights once, from whichever cache they fit in: sdot of the 235,146 floats with themselves (one stream)."""
from common import *
import numpy as np, threadpoolctl
threadpoolctl.threadpool_limits(1)
w = np.random.default_rng(0).random(sum(i * o + o for i, o in zip(DIMS, DIMS[1:])), dtype=np.float32)
p50, p99, mean, n = latencies(lambda: np.dot(w, w))
emit("sdot", "W4-mlp-b1", "read the weights once", p50, "us", np.__version__, p99_us=p99, mean_us=mean, n=n, gb_per_s=w.nbytes / p50 / 1e3)
