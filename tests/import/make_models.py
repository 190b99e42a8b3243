#!/usr/bin/env python3
"""Writes the ONNX models and state dicts under tests/import/models, and what they answer.

    tests/import/make_models.py [FOLDER]

Needs onnx, numpy and torch. The models have the forms in which PyTorch (exported here by
torch itself), Keras (tf2onnx) and scikit-learn (skl2onnx) write networks, and others that
are allowed. answers.safetensors holds for each model NAME rows (NAME.rows) and
probabilities (NAME.probabilities), worked out by torch or by run_graph.py.
"""
import json
import pathlib
import struct
import sys
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from run_graph import run, softmax

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "models")
ANSWERS = {}
RNG = np.random.default_rng(20)
FLOAT, ML = TensorProto.FLOAT, "ai.onnx.ml"


def write_safetensors(path, tensors):
    header, at, data = {}, 0, b""
    for name, value in tensors.items():
        value = np.ascontiguousarray(value, np.float32)
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        data += value.tobytes()
        at += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def answer(name, rows, probabilities):
    ANSWERS[name + ".rows"] = rows.reshape(len(rows), -1)
    ANSWERS[name + ".probabilities"] = probabilities


def draw(*shape, scale=1.0):
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def probabilities_of(value, kind, count):
    if kind == "binary":
        p = value.reshape(count, 1)
        return np.hstack([1 - p, p])
    if kind == "turned":
        value, kind = value.T, "logits"
    value = value.reshape(count, -1)
    return {"logits": lambda: softmax(value, 1), "logs": lambda: np.exp(value), "probabilities": lambda: value}[kind]()


# ---- by hand ---------------------------------------------------------------------------

def tensor(name, value):
    return numpy_helper.from_array(np.asarray(value), name)


def info(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, domain=None, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=attributes.pop("title", ""), domain=domain,
                            **attributes)


def hand(name, nodes, tensors, shape, kind="logits", look="y", opset=13, outputs=("y",), rows=None, inputs_too=False,
         producer="", edit=None, ir=8):
    """A model out of nodes; its probabilities are worked out of the value `look`."""
    graph = helper.make_graph(nodes, name, [info("x", shape)] + ([info(t.name, list(t.dims), t.data_type)
                              for t in tensors] if inputs_too else []),
                              [info(o, None) for o in outputs], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(ML, 2)],
                              producer_name=producer)
    model.ir_version = ir
    if edit:
        edit(model)
    rows = draw(6, *shape[1:]) if rows is None else rows
    values = run(model, rows)
    answer(name, rows, probabilities_of(values[look], kind, len(rows)))
    (FOLDER / (name + ".onnx")).write_bytes(model.SerializeToString())
    return model


def two(inputs=6, hidden=5, classes=3):
    """Weights [in, out] and biases of two layers."""
    return [tensor("w1", draw(inputs, hidden)), tensor("b1", draw(hidden)), tensor("w2", draw(hidden, classes)),
            tensor("b2", draw(classes))]


TWO = [node("MatMul", "x w1", "m1"), node("Add", "m1 b1", "a1"), node("Relu", "a1", "h"),
       node("MatMul", "h w2", "m2"), node("Add", "m2 b2", "y")]


def front(first):
    """TWO behind nodes that make u of x."""
    return first + [node("MatMul", "u w1", "m1")] + TWO[1:]


def shuffled(nodes):
    return [nodes[i] for i in np.random.default_rng(3).permutation(len(nodes))]


def plain_forms():
    hand("matmul_add", TWO, two(), [None, 6])
    hand("bias_first", [node("MatMul", "x w1", "m1"), node("Add", "b1 m1", "a1"), *TWO[2:]], two(), ["N", 6])
    hand("any_order", shuffled(TWO), two(), ["N", 6])
    hand("weights_as_inputs", TWO, two(), [None, 6], inputs_too=True, ir=3, opset=8)
    hand("no_shape", TWO, two(), [None, None], rows=draw(6, 6))
    hand("linear_pair", [node("MatMul", "x w1", "m1"), node("MatMul", "m1 w2", "m2"), node("Relu", "m2", "h"),
                         node("Gemm", "h w3 b3", "y")],
         [tensor("w1", draw(6, 2)), tensor("w2", draw(2, 5)), tensor("w3", draw(5, 3)), tensor("b3", draw(3))], [None, 6])
    hand("gemm_all", [node("Gemm", "x w1 c1", "a1", alpha=0.5, beta=2.0, transB=1), node("Tanh", "a1", "h1"),
                      node("Gemm", "h1 w2 c2", "a2", alpha=-1.5, beta=0.25), node("Sigmoid", "a2", "h2"),
                      node("Gemm", "h2 w3", "y", beta=3.0)],
         [tensor("w1", draw(5, 6)), tensor("c1", draw(1, 5)), tensor("w2", draw(5, 4)), tensor("c2", np.float32(0.7)),
          tensor("w3", draw(4, 3))], [None, 6])
    hand("columns", [node("Transpose", "x", "t"), node("MatMul", "w1 t", "m1"), node("Add", "m1 b1", "a1"),
                     node("Relu", "a1", "h"), node("Gemm", "w2 h b2", "y")],
         [tensor("w1", draw(5, 6)), tensor("b1", draw(5, 1)), tensor("w2", draw(3, 5)), tensor("b2", draw(3, 1))],
         [None, 6], kind="turned")
    hand("gemm_left", [node("Gemm", "w1 x b1", "a1", transA=1, transB=1), node("Relu", "a1", "h"),
                       node("Gemm", "h w2 b2", "y", transA=1)],
         [tensor("w1", draw(6, 5)), tensor("b1", draw(5, 1)), tensor("w2", draw(5, 3)), tensor("b2", draw(3))], [None, 6])
    hand("leaky", [*TWO[:2], node("LeakyRelu", "a1", "h", alpha=0.2), *TWO[3:]], two(), [None, 6])
    hand("leaky_default", [*TWO[:2], node("LeakyRelu", "a1", "h"), *TWO[3:]], two(), [None, 6])
    hand("prelu", [*TWO[:2], node("PRelu", "a1 s", "h"), *TWO[3:]], two() + [tensor("s", np.float32([0.3]))], [None, 6])
    hand("clip", [*TWO[:2], node("Clip", "a1 zero", "h"), *TWO[3:]], two() + [tensor("zero", np.float32(0))], [None, 6])
    hand("clip_old", [*TWO[:2], node("Clip", "a1", "h", min=0.0), *TWO[3:]], two(), [None, 6], opset=9)
    hand("unused_nodes", TWO + [node("Neg", "x", "z"), node("Tanh", "m1", "e")], two(), [None, 6])


def softmaxes():
    for name, opset, axis in [("softmax_7", 7, 1), ("softmax_11", 11, -1), ("softmax_13", 13, None), ("softmax_18", 18, -1),
                              ("softmax_21", 21, 1)]:
        extra = {} if axis is None else {"axis": axis}
        hand(name, TWO + [node("Softmax", "y", "p", **extra)], two(), [None, 6], "probabilities", "p", opset,
             outputs=("p",))
    hand("log_softmax", TWO + [node("LogSoftmax", "y", "p", axis=1)], two(), [None, 6], "logs", "p", 11, outputs=("p",))
    hand("temperature", TWO + [node("Div", "y t", "z"), node("Softmax", "z", "p")], two() + [tensor("t", np.float32(2.5))],
         [None, 6], "probabilities", "p", outputs=("p",))
    hand("logits_and_probabilities", TWO + [node("Softmax", "y", "p")], two(), [None, 6], outputs=("y", "p"))
    hand("arg_max", TWO + [node("ArgMax", "y", "label", axis=1)], two(), [None, 6], outputs=("label",))


def scalings():
    mean, size = draw(6), np.abs(draw(6)) + 0.1
    hand("sub_div", front([node("Sub", "x mean", "s"), node("Div", "s size", "u")]),
         two() + [tensor("mean", mean), tensor("size", size)], [None, 6])
    hand("mul_add", front([node("Mul", "k x", "s"), node("Add", "s c", "u")]),
         two() + [tensor("k", np.float32(1 / 255)), tensor("c", np.float32(-0.5))], [None, 6],
         rows=RNG.integers(0, 256, (6, 6)).astype(np.float32))
    hand("one_minus", front([node("Sub", "one x", "s"), node("Neg", "s", "u")]), two() + [tensor("one", np.float32([1]))],
         [None, 6])
    hand("times_zero", front([node("Mul", "x k", "s"), node("Add", "s c", "u")]),
         two() + [tensor("k", np.float32([1, 0, 2, 0, 1, 1])), tensor("c", draw(6))], [None, 6])
    hand("scaler", front([node("Scaler", "x", "u", domain=ML, offset=[float(v) for v in mean],
                               scale=[float(v) for v in size])]), two(), [None, 6])
    hand("scaler_one", front([node("Scaler", "x", "u", domain=ML, offset=[0.5], scale=[2.0])]), two(), [None, 6])
    hand("by_channel", [node("Sub", "x mean", "s"), node("Div", "s size", "t"), node("Flatten", "t", "u"),
                        node("MatMul", "u w1", "m1")] + TWO[1:],
         two(12) + [tensor("mean", draw(3, 1, 1)), tensor("size", np.abs(draw(3, 1, 1)) + 0.5)], [None, 3, 2, 2])
    hand("behind_layers", [node("MatMul", "x w1", "m1"), node("Mul", "m1 k", "n1"), node("Sub", "c n1", "a1"),
                           node("Relu", "a1", "r"), node("Mul", "r k", "s"), node("Add", "s b1", "h"), *TWO[3:]],
         two() + [tensor("k", draw(5)), tensor("c", draw(1, 5))], [None, 6])


def normalisations():
    def batch(name, size):
        return [tensor(name + "s", draw(size)), tensor(name + "b", draw(size)), tensor(name + "m", draw(size)),
                tensor(name + "v", np.abs(draw(size)) + 0.2)]

    def norm(source, to, name, **more):
        return node("BatchNormalization", f"{source} {name}s {name}b {name}m {name}v", to, **more)
    hand("batch_norms", [norm("x", "u", "p"), node("MatMul", "u w1", "m1"), node("Add", "m1 b1", "q1"),
                         norm("q1", "a1", "q", epsilon=0.01), node("Relu", "a1", "r"), norm("r", "h", "r"),
                         node("MatMul", "h w2", "m2"), norm("m2", "y", "t")],
         two() + batch("p", 6) + batch("q", 5) + batch("r", 5) + batch("t", 3), [None, 6], opset=15)
    hand("batch_norm_images", [norm("x", "s", "p"), node("Flatten", "s", "u"), node("MatMul", "u w1", "m1")] + TWO[1:],
         two(8) + batch("p", 2), [None, 2, 2, 2], opset=9)


def shapes():
    images = two(36)
    hand("flatten", front([node("Flatten", "x", "u")]), images, [None, 1, 6, 6])
    hand("flatten_negative", front([node("Flatten", "x", "u", axis=-3)]), images, [None, 1, 6, 6])
    hand("reshape", front([node("Reshape", "x to", "u")]), images + [tensor("to", np.int64([-1, 36]))], [None, 6, 6])
    hand("reshape_zero", front([node("Reshape", "x to", "u")]), images + [tensor("to", np.int64([0, -1]))], [None, 6, 6])
    hand("reshape_fixed", front([node("Reshape", "x to", "u")]), images + [tensor("to", np.int64([1, -1]))], [1, 6, 6],
         rows=draw(1, 6, 6))
    hand("reshape_computed", front([node("Shape", "x", "d"), node("Gather", "d zero", "n", axis=0),
                                    node("Unsqueeze", "n", "m", axes=[0]), node("Concat", "m rest", "to", axis=0),
                                    node("Reshape", "x to", "u")]),
         images + [tensor("zero", np.int64(0)), tensor("rest", np.int64([-1]))], [None, 6, 6], opset=11)
    hand("reshape_sliced", front([node("Shape", "x", "d"), node("Slice", "d from past", "n"),
                                  node("Concat", "n rest", "to", axis=0), node("Reshape", "x to", "u")]),
         images + [tensor("from", np.int64([0])), tensor("past", np.int64([1])), tensor("rest", np.int64([36]))],
         [None, 6, 6])
    hand("squeezes", front([node("Unsqueeze", "x one", "a"), node("Transpose", "a", "b", perm=[0, 2, 1]),
                            node("Squeeze", "b two", "u")]),
         two() + [tensor("one", np.int64([1])), tensor("two", np.int64([-1]))], [None, 6])
    hand("channels_last", front([node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Reshape", "t to", "u")]),
         images + [tensor("to", np.int64([-1, 36]))], [None, 6, 6, 1])
    hand("casts", front([node("Cast", "x", "c", to=1), node("Identity", "c", "i"), node("Dropout", "i", "u")]), two(),
         [None, 6])
    hand("dropout_training", [*TWO[:2], node("Relu", "a1", "r"), node("Dropout", "r ratio training", "h mask"), *TWO[3:]],
         two() + [tensor("ratio", np.float32(0.5)), tensor("training", np.bool_(True))], [None, 6], producer="pytorch")
    hand("weights_transposed", [node("Transpose", "v1", "w1", perm=[1, 0]), *TWO],
         [tensor("v1", draw(5, 6)), *two()[1:]], [None, 6])
    hand("three_dimensions", [node("Unsqueeze", "x one", "u"), node("MatMul", "u w1", "m1"), node("Add", "m1 b1", "a1"),
                              node("Relu", "a1", "h"), node("MatMul", "h w2", "m2"), node("Add", "m2 b2", "y")],
         two() + [tensor("one", np.int64([1]))], [None, 6])


def constants():
    def constant(name, value):
        return helper.make_node("Constant", [], [name], value=tensor("", value))
    w1, b1, w2, b2 = (numpy_helper.to_array(t) for t in two())
    hand("constant_nodes", [constant("w1", w1), constant("b1", b1), constant("w2", w2), constant("b2", b2), *TWO], [],
         [None, 6])
    hand("constant_numbers", front([helper.make_node("Constant", [], ["k"], value_float=0.5), node("Mul", "x k", "v"),
                                    helper.make_node("Constant", [], ["to"], value_ints=[-1, 6]),
                                    node("Reshape", "v to", "u")]), two(), [None, 6])
    hand("constant_of_shape", [node("ConstantOfShape", "size", "b1"), *TWO],
         [tensor("w1", w1), tensor("w2", w2), tensor("b2", b2), tensor("size", np.int64([5]))], [None, 6])
    typed = [helper.make_tensor("w1", FLOAT, [6, 5], w1.ravel().tolist()),
             helper.make_tensor("b1", FLOAT, [5], b1.tolist()), tensor("w2", w2), tensor("b2", b2)]
    hand("typed_float", TWO, typed, [None, 6])
    typed[0] = helper.make_tensor("w1", TensorProto.DOUBLE, [6, 5], w1.astype(float).ravel().tolist())
    hand("typed_double", TWO, typed, [None, 6])
    hand("raw_double", TWO, [tensor("w1", w1.astype(np.float64)), *typed[1:]], [None, 6])
    typed[0] = helper.make_tensor("w1", TensorProto.FLOAT16, [6, 5], w1.astype(np.float16).ravel().tolist())
    hand("typed_half", TWO, typed, [None, 6])
    hand("raw_half", TWO, [tensor("w1", w1.astype(np.float16)), *typed[1:]], [None, 6])
    whole = np.round(w1 * 3)
    hand("whole_numbers", [node("Cast", "i1", "w1", to=1), *TWO], [tensor("i1", whole.astype(np.int8)), *typed[1:]], [None, 6])
    sparse = w1 * (np.abs(w1) > 0.8)
    hand("with_zeros", TWO, [tensor("w1", sparse), *typed[1:]], [None, 6])
    rounded = (w1.view(np.uint32) >> 16 << 16).view(np.float32)
    model = hand("bfloat", TWO, [tensor("w1", rounded), *typed[1:]], [None, 6])
    t = model.graph.initializer[0]
    t.raw_data, t.data_type = (rounded.view(np.uint32) >> 16).astype(np.uint16).tobytes(), TensorProto.BFLOAT16
    (FOLDER / "bfloat.onnx").write_bytes(model.SerializeToString())
    model = hand("beside", TWO, [tensor("w1", w1), *typed[1:]], [None, 6])
    onnx.save_model(model, str(FOLDER / "beside.onnx"), save_as_external_data=True, all_tensors_to_one_file=True,
                    location="beside.data", size_threshold=0)


def scikit_learn():
    """As skl2onnx writes MLPClassifier, StandardScaler and MinMaxScaler."""
    def tail(classes, kind):
        return [node("ArgMax", "probabilities", "arg", axis=1, title="ArgMax"),
                node("ArrayFeatureExtractor", "classes arg", "found", domain=ML, title="ArrayFeatureExtractor"),
                node("Reshape", "found one", "output_label" if kind == "texts" else "shaped", title="Reshape"),
                *([] if kind == "texts" else [node("Cast", "shaped", "output_label", to=7, title="Cast1")]),
                helper.make_node("ZipMap", ["probabilities"], ["output_probability"], name="ZipMap", domain=ML,
                                 **{"classlabels_strings" if kind == "texts" else "classlabels_int64s": classes})]
    begin = [node("Scaler", "x", "scaled", domain=ML, offset=[float(v) for v in draw(6)],
                  scale=[float(v) for v in np.abs(draw(6)) + 0.5], title="Scaler"),
             node("Cast", "scaled", "cast", to=1, title="Cast"), node("MatMul", "cast w1", "m1"),
             node("Add", "m1 b1", "a1"), node("Tanh", "a1", "h"), node("MatMul", "h w2", "m2"), node("Add", "m2 b2", "z")]
    one = tensor("one", np.int64([-1]))
    hand("sklearn_texts", begin + [node("Softmax", "z", "s", axis=1), node("Identity", "s", "probabilities")]
         + tail(["setosa", "versicolor", "virginica"], "texts"),
         two() + [one, tensor("classes", np.array(["setosa", "versicolor", "virginica"], object))], [None, 6],
         "probabilities", "s", 15, ("output_label", "output_probability"), producer="skl2onnx")
    hand("sklearn_numbers", begin + [node("Softmax", "z", "s", axis=1), node("Identity", "s", "probabilities")]
         + tail([3, 7, 40], "numbers"), two() + [one, tensor("classes", np.int32([3, 7, 40]))], [None, 6],
         "probabilities", "s", 12, ("output_label", "output_probability"), producer="skl2onnx")
    hand("sklearn_binary", begin + [node("Sigmoid", "z", "p"), node("Sub", "unity p", "q"),
                                    node("Concat", "q p", "probabilities", axis=1)] + tail([0, 1], "numbers"),
         two(classes=1) + [one, tensor("unity", np.float32([1])), tensor("classes", np.int32([0, 1]))], [None, 6],
         "probabilities", "probabilities", 15, ("output_label", "output_probability"), producer="skl2onnx")
    hand("sklearn_min_max", front([node("Cast", "x", "c", to=1), node("Mul", "c k", "s"), node("Add", "s d", "u")]),
         two() + [tensor("k", np.abs(draw(6)) + 0.1), tensor("d", draw(6))], [None, 6], producer="skl2onnx")


def keras():
    """As tf2onnx writes Sequential models."""
    hand("keras_images", [node("Cast", "x", "c", to=1), node("Mul", "c k", "r"), node("Add", "r zero", "a"),
                          node("Reshape", "a to", "u"), node("MatMul", "u w1", "m1", title="seq/dense/MatMul"),
                          node("Add", "m1 b1", "a1", title="seq/dense/BiasAdd"), node("Relu", "a1", "h"),
                          node("MatMul", "h w2", "m2"), node("Add", "m2 b2", "z"), node("Softmax", "z", "y", axis=-1)],
         two(36) + [tensor("k", np.float32(0.003921569)), tensor("zero", np.float32(0)), tensor("to", np.int64([-1, 36]))],
         [None, 6, 6], "probabilities", rows=RNG.integers(0, 256, (6, 6, 6)).astype(np.float32), producer="tf2onnx")
    hand("keras_binary", [*TWO[:4], node("Add", "m2 b2", "z"), node("Sigmoid", "z", "y")], two(classes=1), [None, 6],
         "binary", producer="tf2onnx")


# ---- by torch ----------------------------------------------------------------------------

def by_torch():
    import torch
    from torch import nn
    torch.manual_seed(4)
    warnings.simplefilter("ignore")

    def export(name, model, shape, kind="logits", opset=13, dynamic=True, bytes_in=False, **more):
        model.eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.normal_(module.running_mean), nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.normal_(module.weight), nn.init.normal_(module.bias)
        rows = torch.randint(0, 256, (6, *shape)).float() if bytes_in else torch.randn(6, *shape)
        torch.onnx.export(model, rows if dynamic else rows[:1], str(FOLDER / (name + ".onnx")), opset_version=opset,
                          input_names=["input"], output_names=["output"],
                          dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}} if dynamic else None, **more)
        with torch.no_grad():
            answer(name, rows.numpy(), probabilities_of(model.eval()(rows).double().numpy(), kind, 6))
        return model

    class Viewed(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(36, 5), nn.Linear(5, 3)

        def forward(self, x):
            x = x.view(x.size(0), -1)
            return torch.log_softmax(self.fc2(torch.relu(self.fc1(x))), dim=1)

    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Flatten(), nn.Linear(36, 5), nn.ReLU(), nn.Linear(5, 3))

        def forward(self, x):
            return torch.softmax(self.net((x / 255 - 0.1307) / 0.3081), dim=-1)

    class OneOutput(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 1))

        def forward(self, x):
            return torch.sigmoid(self.net(x)).squeeze(1)

    def simple(inputs=36):
        return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))
    for opset in (7, 9, 11, 13, 15, 17):
        export(f"torch_opset{opset}", simple(), (1, 6, 6), opset=opset)
    model = export("torch_28x28", nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, 10)), (1, 28, 28),
                   bytes_in=True)
    export("torch_fixed_batch", simple(), (1, 6, 6), dynamic=False)
    for opset in (9, 13):
        export(f"torch_view{opset}", Viewed(), (1, 6, 6), "logs", opset=opset)
    export("torch_normalised", Normalised(), (1, 6, 6), "probabilities", bytes_in=True)
    export("torch_one_output", OneOutput(), (6,), "binary")
    export("torch_training", simple(), (1, 6, 6), training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)
    norm = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 3))
    export("torch_batch_norm", norm, (6,))
    export("torch_batch_norm_unfolded", norm, (6,), opset=15, do_constant_folding=False)
    export("torch_activations", nn.Sequential(nn.Linear(6, 5), nn.LeakyReLU(0.1), nn.Linear(5, 5), nn.Sigmoid(),
                                              nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 4), nn.PReLU(),
                                              nn.Linear(4, 3), nn.LogSoftmax(1)), (6,), "logs")
    export("torch_no_bias", nn.Sequential(nn.Linear(6, 5, bias=False), nn.ReLU(), nn.Linear(5, 3, bias=False)), (6,))
    export("torch_factors", nn.Sequential(nn.Linear(6, 2, bias=False), nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3)), (6,))
    state_dicts(torch, nn)


# ---- state dicts ----------------------------------------------------------------------------

def dict_answer(name, layers, inputs):
    """layers: (weights [out, in], biases)"""
    rows = draw(6, inputs)
    h = rows.astype(float)
    for i, (w, b) in enumerate(layers):
        h = h @ w.T.astype(float) + b
        h = np.maximum(h, 0) if i + 1 < len(layers) else h
    answer(name, rows, softmax(h, 1))


def state_dicts(torch, nn):
    from torch.nn.utils import prune
    widths = [6, 8, 7, 3]
    layers = [(draw(o, i), draw(o)) for i, o in zip(widths, widths[1:])]

    def save(name, tensors):
        write_safetensors(FOLDER / (name + ".safetensors"), tensors)
        dict_answer(name, layers, 6)

    def save_npz(name, tensors):
        np.savez(FOLDER / (name + ".npz"), **tensors)
        dict_answer(name, layers, 6)
    save("dict_sequential", {f"layers.{2 * i}.{part}": v for i, y in enumerate(layers)
                             for part, v in zip(("weight", "bias"), y)})
    save("dict_names", {f"module.fc{n}.{part}": v for n, y in zip((9, 10, 11), layers)
                        for part, v in zip(("weight", "bias"), y)})
    save("dict_unordered", {f"{n}.{part}": v for n, y in zip(("zeta", "mid", "alpha"), layers)
                            for part, v in zip(("weight", "bias"), y)})
    save("dict_jax", {f"params/Dense_{i}/{part}": v for i, (w, b) in enumerate(layers)
                      for part, v in (("bias", b), ("kernel", w.T))})
    model = nn.Sequential(*[nn.Linear(i, o) for i, o in zip(widths, widths[1:])])
    for module, (w, b) in zip(model, layers):
        module.weight.data, module.bias.data = torch.tensor(w), torch.tensor(b)
        prune.random_unstructured(module, "weight", 0.5)
    layers = [(m.weight.detach().numpy(), b) for m, (_, b) in zip(model, layers)]
    save("dict_torch_pruned", {k: v.numpy() for k, v in model.state_dict().items()})
    layers = [(w, b) for w, b in layers]
    save_npz("dict_list", {f"arr_{2 * i + j}": v for i, (w, b) in enumerate(layers) for j, v in enumerate((w.T, b))})
    save_npz("dict_letters", {f"{n}{i + 1}": v for i, (w, b) in enumerate(layers) for n, v in (("W", w.T), ("b", b))})
    layers = [(w, np.zeros_like(b)) for w, b in layers]
    save("dict_no_bias", {f"fc{i}.weight": w for i, (w, _) in enumerate(layers)})
    square = [(draw(6, 6), np.zeros(6, np.float32)) for _ in range(2)]
    layers = square
    save("dict_square", {f"fc{i}.weight": w for i, (w, _) in enumerate(square)})
    save("dict_square_kernel", {f"d{i}/kernel": w.T for i, (w, _) in enumerate(square)})


# ---- later ones, so that the draws of those above stay what they are --------------------------

def complements():
    begin = TWO[:4] + [node("Add", "m2 b2", "z"), node("Sigmoid", "z", "p"), node("Sub", "unity p", "q")]
    unity = [tensor("unity", np.float32([1]))]
    hand("complement", begin, two(classes=1) + unity, [None, 6], "binary", "q", outputs=("q",))
    hand("complement_first", begin + [node("Concat", "p q", "y", axis=1)], two(classes=1) + unity, [None, 6],
         "probabilities", outputs=("y",))


def computed_shapes():
    images = two(36)
    numbers = [tensor("one", np.int64(1)), tensor("two", np.int64([2])), tensor("rest", np.int64([-1])),
               tensor("three", np.int64(3)), tensor("zeros", np.int64([0]))]
    begin = [node("Shape", "x", "d"), node("Gather", "d one", "c", axis=0), node("Gather", "d two", "e", axis=0),
             node("Gather", "d three", "w", axis=0)]

    def end(name):
        return [node("Concat", f"rest {name}", "to", axis=0), node("Reshape", "x to", "u")]
    hand("reshape_product", front(begin + [node("Mul", "c e", "ce"), node("Mul", "ce w", "cew"), *end("cew")]),
         images + numbers, [None, 1, 6, 6])
    hand("reshape_sums", front(begin + [node("Add", "e two", "a"), node("Sub", "a one", "b"), node("Mul", "b w", "m"),
                                        node("Sub", "m w", "s"), node("Cast", "s", "f", to=1), node("Div", "f c", "g"),
                                        node("Cast", "g", "i", to=7), *end("i")]),
         images + numbers, [None, 1, 6, 6])
    hand("reshape_all_sizes", front(begin + [node("Slice", "d zeros ends", "n"), node("Mul", "n ones", "m"),
                                             node("Slice", "d ends four", "sizes"), node("ReduceProd", "sizes", "p"),
                                             node("Concat", "m p", "to", axis=0), node("Reshape", "x to", "u")]),
         images + numbers + [tensor("ends", np.int64([1])), tensor("four", np.int64([4])), tensor("ones", np.int64([1]))],
         [None, 1, 6, 6])
    hand("reshape_part", front([node("Shape", "x", "d", start=1, end=-1), node("ReduceProd", "d", "p", keepdims=1),
                                node("Mul", "p six", "q"), *end("q")]),
         images + [tensor("six", np.int64([6])), tensor("rest", np.int64([-1]))], [None, 1, 6, 6], opset=15)


def tutorial():
    """view() as the first tutorial of PyTorch writes it."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(36, 5), nn.Linear(5, 3)

        def features(self, x):
            count = 1
            for size in x.size()[1:]:
                count *= size
            return count

        def forward(self, x):
            return self.fc2(torch.relu(self.fc1(x.view(-1, self.features(x)))))
    for opset in (9, 13):
        model, rows = Net().eval(), torch.randn(6, 1, 6, 6)
        torch.onnx.export(model, rows, str(FOLDER / f"torch_tutorial{opset}.onnx"), opset_version=opset,
                          input_names=["input"], dynamic_axes={"input": {0: "batch"}})
        with torch.no_grad():
            answer(f"torch_tutorial{opset}", rows.numpy(), probabilities_of(model(rows).double().numpy(), "logits", 6))


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for make in (plain_forms, softmaxes, scalings, normalisations, shapes, constants, scikit_learn, keras, by_torch, complements,
                 computed_shapes, tutorial):
        make()
    write_safetensors(FOLDER / "answers.safetensors", ANSWERS)
    size = sum(p.stat().st_size for p in FOLDER.iterdir())
    print(f"{len(ANSWERS) // 2} models, {size} bytes")


if __name__ == "__main__":
    main()
