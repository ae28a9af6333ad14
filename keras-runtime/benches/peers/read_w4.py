"""Reading the MLP's weights once, from whichever cache they fit in: sdot of the 235,146 floats with themselves (one stream)."""
from common import *
import numpy as np, threadpoolctl
threadpoolctl.threadpool_limits(1)
w = np.random.default_rng(0).random(sum(i * o + o for i, o in zip(DIMS, DIMS[1:])), dtype=np.float32)
ts = times(lambda: np.dot(w, w), 200, 100)
p50 = ts[len(ts) // 2] * 1e6
emit("sdot", "W4a", "read the weights once", p50, "us", np.__version__, threads=1, n=len(ts), gb_per_s=w.nbytes / p50 / 1e3)
