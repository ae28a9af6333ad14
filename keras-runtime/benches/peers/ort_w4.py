"""ort_w4.py W4a|W4b|W4c|W4d [still]: ONNX Runtime on a file that onnx_w4.py has written. Its threads spin between calls, unless
`still`: they sleep then, as ours do."""
from common import *
import onnxruntime as ort
options = ort.SessionOptions(); options.intra_op_num_threads = THREADS; options.inter_op_num_threads = 1
if sys.argv[2:] == ["still"]:
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = ort.InferenceSession(onnx_file(W), options, providers=["CPUExecutionProvider"])
for metric, x in inputs(W):
    x = x.reshape(len(x), *session.get_inputs()[0].shape[1:])
    run_inference("onnxruntime", W, ort.__version__, metric, len(x), lambda: session.run(None, {"x": x})[0])
