"""torch_w1.py W1 [eager|compile]"""
from torch_common import *
variant = (sys.argv[2:] + ["eager"])[0]
x, y = images("train", TRAIN)
x, y = torch.from_numpy(x), torch.from_numpy(y.astype("int64"))
m = MLP().train()
opt = torch.optim.RMSprop(m.parameters(), lr=1e-3, alpha=0.9, eps=1e-7)
f = torch.compile(m) if variant == "compile" else m
def epoch(_):
    total, perm = 0.0, torch.randperm(len(x))
    for i in range(0, len(x), BATCH):
        j = perm[i:i + BATCH]
        loss = F.cross_entropy(f(x[j]), y[j])
        opt.zero_grad(set_to_none=True); loss.backward(); opt.step()
        total += loss.detach()
    return float(total) / (len(x) // BATCH)
run_epochs(f"torch-{variant}", V, epoch)
