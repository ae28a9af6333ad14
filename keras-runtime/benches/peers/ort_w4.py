"""ort_w4.py W4a|W4b|W4c|W4d [still]: ONNX Runtime on a graph built by hand, what an exporter makes of the network. Its threads spin
between calls, unless `still`: they sleep then, as ours do."""
from common import *
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
layers = weights(W, nchw=True)
nodes, h, shape = [], "x", [1, 28, 28] if layers[0][0].ndim == 4 else [784]
def node(op, *more, **attributes):
    global h
    nodes.append(helper.make_node(op, [h, *more], [f"v{len(nodes)}"], **attributes)); h = nodes[-1].output[0]
for i, (kernel, _) in enumerate(layers):
    node("Conv" if kernel.ndim == 4 else "Gemm", f"k{i}", f"b{i}")
    node("Relu" if i < len(layers) - 1 else "Softmax")
    if kernel.ndim == 4 and layers[i + 1][0].ndim == 2:
        node("MaxPool", kernel_shape=[2, 2], strides=[2, 2]); node("Flatten")
value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
graph = helper.make_graph(nodes, W, [value("x", shape)], [value(h, [10])],
                          [numpy_helper.from_array(v, f"{k}{i}") for i, pair in enumerate(layers) for k, v in zip("kb", pair)])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
options = ort.SessionOptions(); options.intra_op_num_threads = THREADS; options.inter_op_num_threads = 1
if sys.argv[2:] == ["still"]:
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
for metric, x in inputs(W):
    x = x.reshape(-1, *shape)
    run_inference("onnxruntime", W, ort.__version__, metric, len(x), lambda: session.run(None, {"x": x})[0])
