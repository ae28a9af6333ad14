"""jax_workloads.py WORKLOAD: W2 to W7; a call of a jitted function for each step."""
from jax_common import *
import optax
make, model = MODELS[W]
p, state = make(jax.random.key(0)), resnet_state() if W == "W7a" else ()
if W in BATCHES:
    x, y = samples(W)
    opt = dict(W3a=optax.rmsprop(1e-3, decay=0.9, eps=1e-7), W3b=optax.rmsprop(1e-3, decay=0.9, eps=1e-7), W7a=optax.sgd(0.01, momentum=0.9),
               W7b=optax.adam(1e-4, eps=1e-7)).get(W, optax.adam(1e-3, eps=1e-7))
    def loss(p, state, key, x, y):
        z, state = model(p, state, x, key)
        return (optax.sigmoid_binary_cross_entropy(z, y).mean() if W == "W3c" else cross_entropy(z, y)), state
    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def train(p, state, slots, n, x, y):
        (l, state), g = jax.value_and_grad(loss, has_aux=True)(p, state, jax.random.key(n), x, y)
        u, slots = opt.update(g, slots, p)
        return optax.apply_updates(p, u), state, slots, l
    slots, n = opt.init(p), 0
    def step(rows):
        global p, state, slots, n
        p, state, slots, l = train(p, state, slots, n, x[rows], y[rows])
        n += 1
        return float(l)
    run_steps("jax", W, V, step)
if W[:2] in ("W4", "W7"):
    if W[:2] == "W4":
        p = [(jnp.asarray(kernel), jnp.asarray(bias)) for kernel, bias in weights(W)]
    g = jax.jit(lambda x: jax.nn.softmax(model(p, state, x)[0]))  # the weights are constants
    for metric, x in inputs(W):
        run_inference("jax", W, V, metric, len(x), lambda: np.asarray(g(x)))
