"""onnx_w4.py: W4's networks as ONNX files in $PEERS_DIR/data, what an exporter makes of them. gen_data.py calls it."""
from common import *
from onnx import TensorProto, helper, numpy_helper, save


def write(workload):
    layers, nodes, h = weights(workload, nchw=True), [], "x"
    shape = [1, 28, 28] if layers[0][0].ndim == 4 else [784]

    def node(op, *more, **attributes):
        nonlocal h
        nodes.append(helper.make_node(op, [h, *more], [f"v{len(nodes)}"], **attributes))
        h = nodes[-1].output[0]

    for i, (kernel, _) in enumerate(layers):
        node("Conv" if kernel.ndim == 4 else "Gemm", f"k{i}", f"b{i}")
        node("Relu" if i < len(layers) - 1 else "Softmax")
        if kernel.ndim == 4 and layers[i + 1][0].ndim == 2:
            node("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
            node("Flatten")
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
    graph = helper.make_graph(nodes, workload, [value("x", shape)], [value(h, [10])],
                              [numpy_helper.from_array(v, f"{k}{i}") for i, pair in enumerate(layers) for k, v in zip("kb", pair)])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), onnx_file(workload))


def write_all():
    write("W4a")
    write("W4c")


if __name__ == "__main__":
    write_all()
