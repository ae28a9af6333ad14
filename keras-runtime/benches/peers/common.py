"""Shared by the peer programs: where the data is, how a run is timed, and the lines of JSON that it prints."""
import json
import os
import resource
import sys
import time

ROOT = os.environ.get("PEERS_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../target/peers")
DATA = os.path.join(ROOT, "data")
W = (sys.argv + [""])[1]
THREADS = int(os.environ.get("BENCH_THREADS", "1" if W in ("W4a", "W4c", "GEMM1") else "2"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
DIMS = (784, 256, 128, 10)
BATCH, TRAIN, EPOCHS = 128, 48_000, 3
BATCHES = dict(W2=128, W3a=128, W3b=128, W3c=32, W7a=64, W7b=16)
STAGES = ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1))  # of W7a: filters and strides of its blocks


def emit(peer, workload, metric, value, unit, version, threads=THREADS, **extra):
    """{peer, workload, metric, value, unit, threads, version, peak_rss_mb, ...}"""
    row = dict(peer=peer, workload=workload, metric=metric, value=round(float(value), 6), unit=unit, threads=threads, version=version,
               peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))
    row.update({k: v if isinstance(v, (int, str)) else round(float(v), 6) for k, v in extra.items()})
    print(json.dumps(row), flush=True)


def unit(workload):
    return dict(W2="images/s", W4b="samples/s", W4d="images/s", W7a="images/s").get(workload, "sequences/s")


def images(split="train", n=None):
    """([n, 784] f32 in [0, 1], [n] u8 labels) of `train` or `t10k`."""
    import numpy as np
    x = np.fromfile(f"{DATA}/{split}-images-idx3-ubyte", dtype=np.uint8)[16:].reshape(-1, 784)[:n]
    y = np.fromfile(f"{DATA}/{split}-labels-idx1-ubyte", dtype=np.uint8)[8:][:n]
    return x.astype(np.float32) / np.float32(255), y


def samples(workload):
    """Inputs (images with channels last) and labels of one of BATCHES, the same numbers as our program's."""
    import numpy as np
    if workload == "W2":
        x, y = images("train", 8192)
        return x.reshape(-1, 28, 28, 1), y.astype(np.int32)
    i = np.arange(2560)[:, None]
    if workload in ("W3a", "W3b"):
        text = (i * 7 + np.arange(41) * 3) % 57
        return np.eye(57, dtype=np.float32)[text[:, :40]], text[:, 40].astype(np.int32)
    if workload == "W3c":
        words = 20_000 ** ((i * 80 + np.arange(80)) * 0.61803398875 % 1)
        return words.astype(np.int32), (i[:, 0] % 2).astype(np.float32)
    shape = dict(W7a=(128, 32, 32, 3), W7b=(32, 128, 256))[workload]
    return np.sin(0.37 * np.arange(np.prod(shape))).astype(np.float32).reshape(shape), (np.arange(shape[0]) % 10).astype(np.int32)


def inputs(workload):
    """What the predictions of W4 and W7 take, batch by batch: (metric, images)."""
    if workload in BATCHES:
        return [("infer", samples(workload)[0][:BATCHES[workload]])]
    n = dict(W4a=(1,), W4b=(128, 10_000), W4c=(1,), W4d=(128,))[workload]
    x = images("t10k", n[-1])[0]
    if workload in ("W4c", "W4d"):
        x = x.reshape(-1, 28, 28, 1)
    return [("infer" if len(n) == 1 else f"infer, batch {b}", x[:b]) for b in n]


def weights(workload, nchw=False):
    """Kernels and biases of W4's networks, [(kernel, bias)]; nchw: those of an image whose channels come first, convolutions' as OIHW."""
    from safetensors.numpy import load_file
    cnn = workload in ("W4c", "W4d")
    w = load_file(f"{DATA}/{'cnn' if cnn else 'mlp'}.safetensors")
    layers = [(w[f"{n}/kernel"], w[f"{n}/bias"]) for n in (("conv2d", "conv2d_1", "dense", "dense_1") if cnn else ("dense", "dense_1", "dense_2"))]
    if cnn and nchw:
        layers[:2] = [(k.transpose(3, 2, 0, 1).copy(), b) for k, b in layers[:2]]
        layers[2] = layers[2][0].reshape(12, 12, 64, 128).transpose(2, 0, 1, 3).reshape(9216, 128), layers[2][1]
    return layers


def onnx_file(workload):
    return f"{DATA}/{'cnn' if workload in ('W4c', 'W4d') else 'mlp'}.onnx"


def run_epochs(peer, version, epoch, **extra):
    """W1: one epoch to warm up, then the mean of up to three. epoch(i) blocks until done and returns the mean loss."""
    first, n = epoch(0), 0
    t = time.perf_counter()
    while n < EPOCHS and (n == 0 or time.perf_counter() - t < SECONDS):
        n += 1
        last = epoch(n)
    emit(peer, "W1", "train", (time.perf_counter() - t) / n, "s/epoch", version, loss_first=first, loss_last=last, **extra)


def times(f, warm, least, cap=50_000, seconds=SECONDS):
    """Seconds of f(), in order of length: after `warm` calls, `least` or more within `seconds`."""
    for _ in range(warm):
        f()
    ts, end = [], time.perf_counter() + seconds
    while len(ts) < cap and (len(ts) < least or time.perf_counter() < end):
        a = time.perf_counter()
        f()
        ts.append(time.perf_counter() - a)
    return sorted(ts)


def run_steps(peer, workload, version, step):
    """Training: step(rows) does one step on those rows, blocks until done and returns the loss."""
    b, losses = BATCHES[workload], []
    n = dict(W2=8192, W7a=128, W7b=32).get(workload, 2560) // b
    def f():
        i = len(losses) % n * b
        losses.append(step(slice(i, i + b)))
    ts = times(f, 2, 3)
    emit(peer, workload, "train", b / ts[len(ts) // 2], unit(workload), version, n=len(ts), loss_first=losses[0], loss_last=losses[-1])


def run_inference(peer, workload, version, metric, batch, f):
    """f() takes a host array through the model and returns a host array, whose first number is `check`."""
    extra = dict(check=float(f()[0, 0]))
    if batch == 1:
        ts = times(f, 200, 100)
        emit(peer, workload, "p50 latency", ts[len(ts) // 2] * 1e6, "us", version, n=len(ts), **extra)
        emit(peer, workload, "p99 latency", ts[len(ts) * 99 // 100] * 1e6, "us", version, n=len(ts), **extra)
    else:
        ts = times(f, 2, 3)
        emit(peer, workload, metric, batch / ts[len(ts) // 2], unit(workload), version, n=len(ts), **extra)
