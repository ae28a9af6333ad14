"""torch_workloads.py WORKLOAD [eager|channels_last|jit|compile]: W2 to W7; what is traced or compiled only predicts."""
from torch_common import *
variant = (sys.argv[2:] + ["eager"])[0]
pictures = W in ("W2", "W4c", "W4d", "W7a")
def tensor(x):
    x = torch.from_numpy(x)
    if pictures:  # channels last in memory, which is how the images come
        x = x.permute(0, 3, 1, 2)
        x = x if variant == "channels_last" else x.contiguous()
    return x
m = MODELS[W]()
if variant == "channels_last":
    m = m.to(memory_format=torch.channels_last)
if W in BATCHES and variant in ("eager", "channels_last"):
    x, y = samples(W); x, y = tensor(x), torch.from_numpy(y if W == "W3c" else y.astype("int64"))
    opt, loss = optimizer(W, m.parameters()), F.binary_cross_entropy_with_logits if W == "W3c" else F.cross_entropy
    m.train()
    def step(rows):
        l = loss(m(x[rows]), y[rows])
        opt.zero_grad(set_to_none=True); l.backward(); opt.step()
        return float(l.detach())
    run_steps(f"torch-{variant}", W, V, step)
if W[:2] in ("W4", "W7"):
    m.eval()
    if W[:2] == "W4": load(m)
    with torch.inference_mode():
        for metric, x in inputs(W):
            x = tensor(x)
            g = m
            if variant == "jit":
                g = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(m, x)))
            elif variant == "compile":
                import torch._inductor.config
                torch._inductor.config.freezing = True
                g = torch.compile(m)
            run_inference(f"torch-{variant}", W, V, metric, len(x), lambda: F.softmax(g(x), -1).numpy())
