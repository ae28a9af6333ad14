import os
os.environ.setdefault("JAX_PLATFORMS", "cpu")
from common import *
if THREADS == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
from functools import partial
import jax, jax.numpy as jnp, numpy as np
V = jax.__version__


def init(key):
    return [(jax.random.uniform(k, (i, o), jnp.float32, -1, 1) * np.sqrt(6 / (i + o)), jnp.zeros(o))
            for k, i, o in zip(jax.random.split(key, 3), DIMS, DIMS[1:])]


def dropout(key, x, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def mlp(p, x, key=None):
    keys = (None, None) if key is None else jax.random.split(key)
    for l, (w, b) in enumerate(p[:-1]):
        x = jax.nn.relu(x @ w + b)
        if key is not None:
            x = dropout(keys[l], x, (0.4, 0.3)[l])
    return x @ p[-1][0] + p[-1][1]


def cross_entropy(z, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()
