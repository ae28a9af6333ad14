"""jax_w1.py W1 [step|scan]: one jit call a step, or one jit call (lax.scan) an epoch."""
from jax_common import *
import optax
variant = (sys.argv[2:] + ["step"])[0]
x, y = images("train", TRAIN); y = y.astype("int32")
opt = optax.rmsprop(1e-3, decay=0.9, eps=1e-7)
p = init(jax.random.key(0)); s = opt.init(p)
def train(p, s, key, xb, yb):
    l, g = jax.value_and_grad(lambda p: cross_entropy(mlp(p, xb, key), yb))(p)
    u, s = opt.update(g, s, p)
    return optax.apply_updates(p, u), s, l
N = len(x) // BATCH
if variant == "scan":
    X, Y = jnp.asarray(x), jnp.asarray(y)
    @partial(jax.jit, donate_argnums=(0, 1))
    def whole(p, s, key):
        k1, k2 = jax.random.split(key); perm = jax.random.permutation(k1, len(X)).reshape(N, BATCH)
        def body(c, a):
            p, s, l = train(*c, a[1], X[a[0]], Y[a[0]]); return (p, s), l
        (p, s), l = jax.lax.scan(body, (p, s), (perm, jax.random.split(k2, N)))
        return p, s, l.mean()
    def epoch(e):
        global p, s
        p, s, l = whole(p, s, jax.random.key(e)); return float(l)
else:
    step = jax.jit(train, donate_argnums=(0, 1)); rng = np.random.default_rng(0)
    def epoch(e):
        global p, s
        perm, total, keys = rng.permutation(len(x)), 0.0, jax.random.split(jax.random.key(e), N)
        for i in range(N):
            j = perm[i * BATCH:(i + 1) * BATCH]; p, s, l = step(p, s, keys[i], x[j], y[j]); total += l
        return float(total) / N
run_epochs(f"jax-{variant}", V, epoch)
