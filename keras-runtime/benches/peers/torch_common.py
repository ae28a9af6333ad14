from common import *
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)
torch.manual_seed(0)
V = torch.__version__


class MLP(nn.Module):
    def __init__(s):
        super().__init__()
        s.fc = nn.ModuleList(nn.Linear(i, o) for i, o in zip(DIMS, DIMS[1:]))
        s.d1, s.d2 = nn.Dropout(0.4), nn.Dropout(0.3)

    def forward(s, x):
        return s.fc[2](s.d2(F.relu(s.fc[1](s.d1(F.relu(s.fc[0](x)))))))


def load():
    """The MLP with the common weights, for inference."""
    from safetensors.torch import load_file
    w, m = load_file(f"{DATA}/mlp.safetensors"), MLP()
    with torch.no_grad():
        for l, name in zip(m.fc, ("dense", "dense_1", "dense_2")):
            l.weight.copy_(w[f"{name}/kernel"].T); l.bias.copy_(w[f"{name}/bias"])
    return m.eval()
