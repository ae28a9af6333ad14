"""gen_data.py [FOLDER]: the images and weights that every program reads, into $PEERS_DIR/data.

MNIST's four idx files (plain or .gz) are taken from FOLDER or $MNIST_DIR, else from wherever the repository has them;
where there are none, synthetic images of the same shape are made (10 blobs, about 80 % zeros, a tenth of the labels at random,
so that the loss stays off zero). The weights are seeded; Glorot uniform, biases in +-0.05."""
import gzip
import os
import pathlib
import struct
import sys

import numpy as np
import onnx_w4
from common import DATA, DIMS
from safetensors.numpy import save_file

os.makedirs(DATA, exist_ok=True)
NAMES = [f"{s}-{k}-ubyte" for s in ("train", "t10k") for k in ("images-idx3", "labels-idx1")]
REPO = pathlib.Path(__file__).resolve().parents[3]


def folder_of_mnist():
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MNIST_DIR")
    if named:
        return pathlib.Path(named)
    for dir_, subs, files in os.walk(REPO):
        subs[:] = [s for s in subs if s not in ("target", ".git")]
        if NAMES[0] in files or NAMES[0] + ".gz" in files:
            return pathlib.Path(dir_)
    return None


def synthetic():
    rng = np.random.default_rng(1234)
    proto = np.zeros((10, 28, 28), np.float32)
    for c in range(10):
        for _ in range(6):
            cy, cx, s = rng.uniform(6, 22), rng.uniform(6, 22), rng.uniform(1.2, 2.4)
            yy, xx = np.mgrid[0:28, 0:28]
            proto[c] = np.maximum(proto[c], np.exp(-((yy - cy) ** 2 + (xx - cx) ** 2) / (2 * s * s)))
    for split, n in (("train", 60000), ("t10k", 10000)):
        y = rng.integers(0, 10, n).astype(np.uint8)
        labels = np.where(rng.random(n) < 0.1, rng.integers(0, 10, n), y).astype(np.uint8)
        x = np.empty((n, 28, 28), np.uint8)
        for i in range(n):
            p = np.roll(proto[y[i]], rng.integers(-2, 3, 2), axis=(0, 1))
            v = p * rng.uniform(0.6, 1.0) + (rng.random((28, 28), dtype=np.float32) * 0.5) * (p > 0.15)
            x[i] = np.clip(np.where(v > 0.2, v, 0) * 255, 0, 255)
        with open(f"{DATA}/{split}-images-idx3-ubyte", "wb") as f:
            f.write(struct.pack(">IIII", 2051, n, 28, 28) + x.tobytes())
        with open(f"{DATA}/{split}-labels-idx1-ubyte", "wb") as f:
            f.write(struct.pack(">II", 2049, n) + labels.tobytes())


mnist = folder_of_mnist()
if mnist:
    for n in NAMES:
        raw = (mnist / n).read_bytes() if (mnist / n).exists() else gzip.decompress((mnist / (n + ".gz")).read_bytes())
        pathlib.Path(DATA, n).write_bytes(raw)
    print("images: MNIST from", mnist)
else:
    synthetic()
    print("images: synthetic")

rng = np.random.default_rng(4321)


def save(name, kernels):
    w = {}
    for layer, shape in kernels.items():
        field, (i, o) = int(np.prod(shape[:-2])), shape[-2:]
        limit = np.sqrt(6 / (field * (i + o)))
        w[f"{layer}/kernel"] = rng.uniform(-limit, limit, shape).astype(np.float32)
        w[f"{layer}/bias"] = rng.uniform(-0.05, 0.05, o).astype(np.float32)
    save_file(w, f"{DATA}/{name}.safetensors")
    return w


w = save("mlp", {"dense" if i == 0 else f"dense_{i}": shape for i, shape in enumerate(zip(DIMS, DIMS[1:]))})
save("cnn", {"conv2d": (3, 3, 1, 32), "conv2d_1": (3, 3, 32, 64), "dense": (9216, 128), "dense_1": (128, 10)})
onnx_w4.write_all()
x = np.fromfile(f"{DATA}/t10k-images-idx3-ubyte", np.uint8)[16:16 + 784].astype(np.float32) / 255
for i, name in enumerate(("dense", "dense_1", "dense_2")):
    x = x @ w[f"{name}/kernel"] + w[f"{name}/bias"]
    x = np.maximum(x, 0) if i < 2 else np.exp(x - x.max()) / np.exp(x - x.max()).sum()
print("weights: mlp.safetensors and cnn.safetensors; `check` of W4a and W4b (p[0] of the first test image):", x[0])
