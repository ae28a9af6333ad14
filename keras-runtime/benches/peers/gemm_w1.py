"""The eight matrix products of one W1 step and nothing else (no dx for the first layer), through torch.mm into given outputs."""
from common import *
import torch
torch.set_num_threads(THREADS)
ops = []
for l, (i, o) in enumerate(zip(DIMS, DIMS[1:])):
    x, w, d = torch.randn(BATCH, i), torch.randn(o, i), torch.randn(BATCH, o)
    y, dw, dx = torch.empty(BATCH, o), torch.empty(o, i), torch.empty(BATCH, i)
    ops += [(x, w.T, y), (d.T, x, dw)] + ([(d, w, dx)] if l else [])
flop = 2 * BATCH * sum(i * o * (3 if l else 2) for l, (i, o) in enumerate(zip(DIMS, DIMS[1:])))
def step():
    for a, b, c in ops: torch.mm(a, b, out=c)
for _ in range(50): step()
ts = []
for _ in range(1500):
    t = time.perf_counter(); step(); ts.append(time.perf_counter() - t)
ts.sort(); med = ts[len(ts) // 2]; steps = TRAIN // BATCH
emit("torch.mm", "W1", "matrix products of an epoch", med * steps, "s/epoch", torch.__version__, best=ts[0] * steps, mflop_per_step=flop / 1e6, gflops=flop / med / 1e9)
