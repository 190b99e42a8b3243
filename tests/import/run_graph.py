"""Runs small ONNX graphs with NumPy, operator by operator: the second opinion that
make_models.py writes down. Independent of the library; slow and plain on purpose."""
import numpy as np
from onnx import numpy_helper


def attributes(node):
    def plain(a):
        kind = a.type
        return {1: lambda: a.f, 2: lambda: a.i, 3: lambda: a.s.decode(), 4: lambda: numpy_helper.to_array(a.t),
                6: lambda: list(a.floats), 7: lambda: list(a.ints), 8: lambda: [s.decode() for s in a.strings]}[kind]()
    return {a.name: plain(a) for a in node.attribute}


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def old_softmax(x, axis):
    """Up to opset 12: all axes from the given one on are one."""
    return softmax(x.reshape(int(np.prod(x.shape[:axis])), -1), 1).reshape(x.shape)


def gemm(x, a):
    left = x[0].T if a.get("transA") else x[0]
    right = x[1].T if a.get("transB") else x[1]
    result = a.get("alpha", 1.0) * (left @ right)
    return result + (a.get("beta", 1.0) * x[2] if len(x) > 2 else 0)


def batch_normalization(x, a):
    shape = [1, -1] + [1] * (x[0].ndim - 2)
    scale, bias, mean, variance = (v.reshape(shape) for v in x[1:])
    return (x[0] - mean) / np.sqrt(variance + a.get("epsilon", 1e-5)) * scale + bias


def reshape(x, a):
    shape = [int(v) for v in (x[1] if len(x) > 1 else a["shape"])]
    return x[0].reshape([x[0].shape[i] if v == 0 else v for i, v in enumerate(shape)])


def axes_of(x, a):
    axes = x[1] if len(x) > 1 else a.get("axes")
    return None if axes is None else tuple(int(v) for v in axes)


def constant(a):
    value, = a.values()
    return np.asarray(value, dtype=np.float32 if isinstance(value, float) else None)


def run_node(node, x, opset):
    a, op = attributes(node), node.op_type
    if op in ("Softmax", "LogSoftmax"):
        p = softmax(x[0], a.get("axis", -1)) if opset >= 13 else old_softmax(x[0], a.get("axis", 1))
        return np.log(p) if op == "LogSoftmax" else p
    return {
        "Gemm": lambda: gemm(x, a), "MatMul": lambda: x[0] @ x[1], "Add": lambda: x[0] + x[1],
        "Sub": lambda: x[0] - x[1], "Mul": lambda: x[0] * x[1], "Div": lambda: x[0] / x[1], "Neg": lambda: -x[0],
        "Relu": lambda: np.maximum(x[0], 0), "Sigmoid": lambda: 1 / (1 + np.exp(-x[0])), "Tanh": lambda: np.tanh(x[0]),
        "LeakyRelu": lambda: np.where(x[0] > 0, x[0], a.get("alpha", 0.01) * x[0]),
        "PRelu": lambda: np.where(x[0] > 0, x[0], x[1] * x[0]),
        "Clip": lambda: np.clip(x[0], x[1] if len(x) > 1 else a.get("min", -np.inf), None),
        "BatchNormalization": lambda: batch_normalization(x, a),
        "Scaler": lambda: (x[0] - np.array(a["offset"])) * np.array(a["scale"]),
        "Identity": lambda: x[0], "Dropout": lambda: x[0], "Cast": lambda: x[0], "ZipMap": lambda: x[0],
        "Flatten": lambda: x[0].reshape(x[0].shape[0], -1), "Reshape": lambda: reshape(x, a),
        "Squeeze": lambda: np.squeeze(x[0], axes_of(x, a)), "Unsqueeze": lambda: np.expand_dims(x[0], axes_of(x, a)),
        "Transpose": lambda: np.transpose(x[0], a.get("perm")), "Constant": lambda: constant(a),
        "ConstantOfShape": lambda: np.full([int(v) for v in x[0]], a.get("value", np.zeros(1, np.float32))[0]),
        "Shape": lambda: np.array(x[0].shape[a.get("start", 0):a.get("end")]),
        "ReduceProd": lambda: np.prod(x[0], keepdims=bool(a.get("keepdims", 1))),
        "Gather": lambda: np.take(x[0], x[1].astype(int), axis=a.get("axis", 0)),
        "Slice": lambda: x[0][int(x[1][0]):int(x[2][0])], "Concat": lambda: np.concatenate(x, axis=a["axis"]),
        "ArgMax": lambda: np.argmax(x[0], axis=a.get("axis", 0)), "ArrayFeatureExtractor": lambda: x[0],
        "LabelEncoder": lambda: x[0],
    }[op]()


def run(model, rows):
    """All values of the graph by name; the nodes may stand in any order."""
    graph = model.graph
    opset = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")])
    values = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    values = {k: v.astype(np.float64) if v.dtype.kind == "f" else v for k, v in values.items()}
    values[next(i.name for i in graph.input if i.name not in values)] = rows.astype(np.float64)
    waiting = list(graph.node)
    while waiting:
        node = next(n for n in waiting if all(not i or i in values for i in n.input))
        waiting.remove(node)
        values[node.output[0]] = run_node(node, [values[i] for i in node.input if i], opset)
    return values
