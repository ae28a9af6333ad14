"""torch_w4.py [eager|jit|compile] [BATCH]"""
from torch_common import *
variant = sys.argv[1] if len(sys.argv) > 1 else "eager"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 1
x = torch.from_numpy(images("t10k", batch)[0])
m = load()
with torch.inference_mode():
    if variant == "jit":
        m = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(m, x)))
    elif variant == "compile":
        m = torch.compile(m)
    f = lambda: F.softmax(m(x), -1).numpy()
    run_inference(f"torch-{variant}", V, batch, f, float(f()[0, 0]))
