import os
os.environ.setdefault("JAX_PLATFORMS", "cpu")
from common import *
if THREADS == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
from functools import partial
import jax, jax.numpy as jnp, numpy as np
V = jax.__version__



def glorot(key, *shape):
    """A kernel of that shape, and its bias."""
    field = np.prod(shape[:-2])
    return jax.random.uniform(key, shape, jnp.float32, -1, 1) * np.sqrt(6 / (field * (shape[-2] + shape[-1]))), jnp.zeros(shape[-1])


def init(key):
    return [glorot(k, i, o) for k, i, o in zip(jax.random.split(key, 3), DIMS, DIMS[1:])]


def dropout(key, x, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def dense(p, x):
    return x @ p[0] + p[1]


def mlp(p, x, key=None):
    keys = (None, None) if key is None else jax.random.split(key)
    for l in (0, 1):
        x = jax.nn.relu(dense(p[l], x))
        if key is not None:
            x = dropout(keys[l], x, (0.4, 0.3)[l])
    return dense(p[2], x)


def cross_entropy(z, y):
    return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()


def conv(x, kernel, strides=1, padding="SAME"):
    return jax.lax.conv_general_dilated(x, kernel, (strides, strides), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def cnn_init(key):
    return [glorot(k, *shape) for k, shape in zip(jax.random.split(key, 4), ((3, 3, 1, 32), (3, 3, 32, 64), (9216, 128), (128, 10)))]


def cnn(p, x, key=None):
    for kernel, bias in p[:2]:
        x = jax.nn.relu(conv(x, kernel, padding="VALID") + bias)
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    keys = (None, None) if key is None else jax.random.split(key)
    x = x.reshape(len(x), -1)
    if key is not None:
        x = dropout(keys[0], x, 0.25)
    x = jax.nn.relu(dense(p[2], x))
    if key is not None:
        x = dropout(keys[1], x, 0.5)
    return dense(p[3], x)


def lstm_init(key, i, units=128):
    a, b = jax.random.split(key)
    return glorot(a, i, 4 * units)[0], glorot(b, units, 4 * units)[0], jnp.zeros(4 * units).at[units:2 * units].set(1)


def lstm(p, x, sequences=False):
    """The input's product is made for all steps at once."""
    kernel, recurrent, bias = p
    def step(state, gates):
        h, c = state
        i, f, g, o = jnp.split(gates + h @ recurrent, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h if sequences else None
    zeros = jnp.zeros((len(x), len(recurrent)))
    (h, _), all_ = jax.lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ kernel + bias, 0, 1))
    return jnp.swapaxes(all_, 0, 1) if sequences else h


def text_init(key, layers):
    keys = jax.random.split(key, layers + 1)
    return [lstm_init(k, 128 if i else 57) for i, k in enumerate(keys[:-1])], glorot(keys[-1], 128, 57)


def text(p, x, key=None):
    for l in p[0][:-1]:
        x = lstm(l, x, True)
    return dense(p[1], lstm(p[0][-1], x))


def reviews_init(key):
    a, b, c = jax.random.split(key, 3)
    return jax.random.uniform(a, (20_000, 128), minval=-0.05, maxval=0.05), lstm_init(b, 128), glorot(c, 128, 1)


def reviews(p, x, key=None):
    return dense(p[2], lstm(p[1], p[0][x]))[:, 0]


def resnet_init(key):
    shapes, i = [(3, 3, 3, 64)], 64
    for o, strides in STAGES:
        shapes += [(3, 3, i, o), (3, 3, o, o)] + ([(1, 1, i, o)] if strides > 1 else [])
        i = o
    key, last = jax.random.split(key)
    units = [(glorot(k, *s)[0], jnp.ones(s[-1]), jnp.zeros(s[-1])) for k, s in zip(jax.random.split(key, len(shapes)), shapes)]
    return units, glorot(last, 512, 10)


def resnet_state():
    return [(jnp.zeros(u[1].shape), jnp.ones(u[1].shape)) for u in resnet_init(jax.random.key(0))[0]]


def resnet(p, state, x, train):
    """Logits, and the state after a step: moving means and variances."""
    units, after = iter(zip(p[0], state)), []
    def unit(x, strides=1):
        (kernel, gamma, beta), (m, v) = next(units)
        x = conv(x, kernel, strides)
        mean, var = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if train else (m, v)
        after.append((0.99 * m + 0.01 * mean, 0.99 * v + 0.01 * var))
        return (x - mean) * (jax.lax.rsqrt(var + 1e-3) * gamma) + beta
    x = jax.nn.relu(unit(x))
    for _, strides in STAGES:
        h = unit(jax.nn.relu(unit(x, strides)))
        x = jax.nn.relu(h + (unit(x, strides) if strides > 1 else x))
    return dense(p[1], x.mean((1, 2))), after


def encoder_init(key):
    def layer(key):
        shapes = (256, 768), (256, 256), (256, 1024), (1024, 256)
        return [glorot(k, *s) for k, s in zip(jax.random.split(key, 4), shapes)], [(jnp.ones(256), jnp.zeros(256)) for _ in range(2)]
    keys = jax.random.split(key, 5)
    return [layer(k) for k in keys[:4]], glorot(keys[4], 256, 10)


def layer_norm(p, x):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(x.var(-1, keepdims=True) + 1e-3) * p[0] + p[1]


def encoder(p, x, key=None):
    for (qkv, out, up, down), (first, second) in p[0]:
        q, k, v = (h.reshape(*x.shape[:2], 8, 32) for h in jnp.split(dense(qkv, x), 3, -1))
        x = layer_norm(first, x + dense(out, jax.nn.dot_product_attention(q, k, v).reshape(x.shape)))
        x = layer_norm(second, x + dense(down, jax.nn.relu(dense(up, x))))
    return dense(p[1], x.mean(1))


def stateless(f):
    return lambda p, state, x, key=None: (f(p, x, key), state)


MODELS = dict(W2=(cnn_init, stateless(cnn)), W3a=(partial(text_init, layers=1), stateless(text)), W3b=(partial(text_init, layers=2), stateless(text)),
              W3c=(reviews_init, stateless(reviews)), W7a=(resnet_init, lambda p, s, x, key=None: resnet(p, s, x, key is not None)),
              W7b=(encoder_init, stateless(encoder)), W4a=(init, stateless(mlp)), W4b=(init, stateless(mlp)), W4c=(cnn_init, stateless(cnn)), W4d=(cnn_init, stateless(cnn)))
