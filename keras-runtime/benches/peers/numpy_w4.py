"""numpy_w4.py [BATCH]"""
from common import *
import numpy as np, threadpoolctl
from safetensors.numpy import load_file
threadpoolctl.threadpool_limits(THREADS)
batch = int((sys.argv + ["1"])[1])
x, w = images("t10k", batch)[0], load_file(f"{DATA}/mlp.safetensors")
(a, p), (b, q), (c, r) = [(w[f"{n}/kernel"], w[f"{n}/bias"]) for n in ("dense", "dense_1", "dense_2")]
def f():
    h = np.maximum(x @ a + p, 0); h = np.maximum(h @ b + q, 0); z = h @ c + r
    e = np.exp(z - z.max(1, keepdims=True)); return e / e.sum(1, keepdims=True)
run_inference("numpy", np.__version__, batch, f, float(f()[0, 0]))
