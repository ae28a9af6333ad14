"""Shared by the peer programs: where the data is, how a run is timed, and the one line of JSON that it prints."""
import json
import os
import resource
import sys
import time

ROOT = os.environ.get("PEERS_DIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../target/peers")
DATA = os.path.join(ROOT, "data")
THREADS = int(os.environ.get("BENCH_THREADS", "2"))
DIMS = (784, 256, 128, 10)
BATCH, TRAIN, EPOCHS = 128, 48_000, 3


def emit(peer, workload, metric, value, unit, version, threads=THREADS, **extra):
    """{peer, workload, metric, value, unit, threads, version, peak_rss_mb, ...}"""
    row = dict(peer=peer, workload=workload, metric=metric, value=round(float(value), 6), unit=unit, threads=threads, version=version,
               peak_rss_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1))
    row.update({k: v if isinstance(v, (int, str)) else round(float(v), 6) for k, v in extra.items()})
    print(json.dumps(row), flush=True)


def images(split="train", n=None):
    """([n, 784] f32 in [0, 1], [n] u8 labels) of `train` or `t10k`."""
    import numpy as np
    x = np.fromfile(f"{DATA}/{split}-images-idx3-ubyte", dtype=np.uint8)[16:].reshape(-1, 784)[:n]
    y = np.fromfile(f"{DATA}/{split}-labels-idx1-ubyte", dtype=np.uint8)[8:][:n]
    return x.astype(np.float32) / np.float32(255), y


def run_training(peer, version, epoch, **extra):
    """W1: one epoch to warm up, then the mean of three. epoch(i) blocks until done and returns the mean loss."""
    first = epoch(0)
    t = time.perf_counter()
    for e in range(1, EPOCHS + 1):
        last = epoch(e)
    emit(peer, "W1", "train epoch 48k", (time.perf_counter() - t) / EPOCHS, "s/epoch", version, loss_first=first, loss_last=last, **extra)


def latencies(f, seconds=2.0, warm=200, cap=50_000):
    """p50, p99 and mean of repeated f(), in microseconds."""
    for _ in range(warm):
        f()
    ts, end = [], time.perf_counter() + seconds
    while len(ts) < cap and (len(ts) < 20 or time.perf_counter() < end):
        a = time.perf_counter_ns()
        f()
        ts.append(time.perf_counter_ns() - a)
    ts.sort()
    return ts[len(ts) // 2] / 1e3, ts[int(0.99 * (len(ts) - 1))] / 1e3, sum(ts) / len(ts) / 1e3, len(ts)


def run_inference(peer, version, batch, f, check=0.0):
    """W4: f() takes a host array through the model and returns a host array; check is its first number."""
    p50, p99, mean, n = latencies(f)
    emit(peer, f"W4-mlp-b{batch}", "p50 latency", p50, "us", version, p99_us=p99, mean_us=mean, n=n, check=check)
