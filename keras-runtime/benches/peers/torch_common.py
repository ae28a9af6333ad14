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


class CNN(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv = nn.ModuleList((nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)))
        s.fc = nn.ModuleList((nn.Linear(9216, 128), nn.Linear(128, 10)))
        s.d1, s.d2 = nn.Dropout(0.25), nn.Dropout(0.5)

    def forward(s, x):
        x = F.max_pool2d(F.relu(s.conv[1](F.relu(s.conv[0](x)))), 2)
        return s.fc[1](s.d2(F.relu(s.fc[0](torch.flatten(s.d1(x), 1)))))


class Text(nn.Module):
    def __init__(s, layers):
        super().__init__()
        s.lstm, s.out = nn.LSTM(57, 128, layers, batch_first=True), nn.Linear(128, 57)

    def forward(s, x):
        return s.out(s.lstm(x)[0][:, -1])


class Reviews(nn.Module):
    def __init__(s):
        super().__init__()
        s.embedding, s.lstm, s.out = nn.Embedding(20_000, 128), nn.LSTM(128, 128, batch_first=True), nn.Linear(128, 1)

    def forward(s, x):
        return s.out(s.lstm(s.embedding(x))[0][:, -1])[:, 0]


def unit(i, o, size=3, strides=1):
    return nn.Sequential(nn.Conv2d(i, o, size, strides, size // 2, bias=False), nn.BatchNorm2d(o))


class Residual(nn.Module):
    def __init__(s, i, o, strides):
        super().__init__()
        s.a, s.b = unit(i, o, 3, strides), unit(o, o)
        s.shortcut = unit(i, o, 1, strides) if strides > 1 else nn.Identity()

    def forward(s, x):
        return F.relu(s.b(F.relu(s.a(x))) + s.shortcut(x))


def resnet():
    before = (64,) + tuple(o for o, _ in STAGES)
    return nn.Sequential(unit(3, 64), nn.ReLU(), *(Residual(i, o, strides) for i, (o, strides) in zip(before, STAGES)),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


class Encoder(nn.Module):
    def __init__(s):
        super().__init__()
        layer = nn.TransformerEncoderLayer(256, 8, 1024, dropout=0.0, batch_first=True)
        s.layers, s.out = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False), nn.Linear(256, 10)

    def forward(s, x):
        return s.out(s.layers(x).mean(1))


MODELS = dict(W2=CNN, W3a=lambda: Text(1), W3b=lambda: Text(2), W3c=Reviews, W4a=MLP, W4b=MLP, W4c=CNN, W4d=CNN, W7a=resnet, W7b=Encoder)


def optimizer(workload, parameters):
    """Keras's, in the quickest form that PyTorch has for a CPU."""
    if workload in ("W3a", "W3b"):
        return torch.optim.RMSprop(parameters, lr=1e-3, alpha=0.9, eps=1e-7)
    if workload == "W7a":
        return torch.optim.SGD(parameters, lr=0.01, momentum=0.9, fused=True)
    return torch.optim.Adam(parameters, lr=1e-4 if workload == "W7b" else 1e-3, eps=1e-7, fused=True)


def load(m):
    """The common weights of W4's networks."""
    layers = [*getattr(m, "conv", ()), *m.fc]
    with torch.no_grad():
        for l, (kernel, bias) in zip(layers, weights(W, nchw=True)):
            kernel = torch.from_numpy(kernel)
            l.weight.copy_(kernel.T if kernel.ndim == 2 else kernel); l.bias.copy_(torch.from_numpy(bias))
