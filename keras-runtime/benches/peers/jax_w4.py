"""jax_w4.py [BATCH]"""
from jax_common import *
from safetensors.numpy import load_file
batch = int((sys.argv + ["1"])[1])
x, w = images("t10k", batch)[0], load_file(f"{DATA}/mlp.safetensors")
p = [(jnp.asarray(w[f"{n}/kernel"]), jnp.asarray(w[f"{n}/bias"])) for n in ("dense", "dense_1", "dense_2")]
g = jax.jit(lambda x: jax.nn.softmax(mlp(p, x)))
f = lambda: np.asarray(g(x))
run_inference("jax", V, batch, f, float(f()[0, 0]))
