#!/usr/bin/env python3
"""Other programs' libraries for Python on exported files, each where it is installed.

    peer.py check MODEL.onnx…                 the ONNX checker and its shape inference
    peer.py opencv ROWS WIDTH MODEL.onnx…     OpenCV's dnn
    peer.py torch ROWS WIDTH MODEL.safetensors=MODULES…    torch.nn.Sequential(MODULES)

ROWS holds float32 rows of WIDTH numbers; MODEL.out gets their probabilities, float32.
"""
import json
import sys


def check(*paths):
    """Prints what a test wants to know of each model, as a list in JSON."""
    import onnx
    facts = []
    for path in paths:
        model = onnx.load(path)
        opset = model.opset_import[0].version
        known = opset <= onnx.defs.onnx_opset_version() and model.ir_version <= onnx.IR_VERSION
        if known:
            onnx.checker.check_model(path, full_check=True)
            onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        facts.append({
            "checked": known, "opset": opset, "ir": model.ir_version,
            "operators": [node.op_type for node in model.graph.node],
            "shapes": {value.name: [d.dim_param or d.dim_value
                                    for d in value.type.tensor_type.shape.dim]
                       for value in (*model.graph.input, *model.graph.output)},
            "producer": model.producer_name,
            "metadata": {p.key: p.value for p in model.metadata_props}})
    print(json.dumps(facts))


def read_rows(path, width):
    import numpy
    return numpy.fromfile(path, numpy.float32).reshape(-1, int(width))


def opencv(rows, width, *models):
    import cv2
    for model in models:
        net = cv2.dnn.readNetFromONNX(model)
        net.setInput(read_rows(rows, width))
        net.forward().tofile(model + ".out")


def load_file(path):
    """As safetensors.torch.load_file, which is not in every distribution."""
    import torch
    raw = open(path, "rb").read()
    start = 8 + int.from_bytes(raw[:8], "little")
    return {name: torch.frombuffer(bytearray(raw[start + entry["data_offsets"][0]:
                                                 start + entry["data_offsets"][1]]),
                                   dtype=torch.float32).reshape(entry["shape"])
            for name, entry in json.loads(raw[8:start]).items() if name != "__metadata__"}


def torch(rows, width, *models):
    import torch
    for path, modules in (model.split("=", 1) for model in models):
        net = eval(f"torch.nn.Sequential({modules})", {"torch": torch, **vars(torch.nn)})
        net.load_state_dict(load_file(path))
        with torch.no_grad():
            scores = net(torch.from_numpy(read_rows(rows, width)))
            torch.softmax(scores, dim=1).numpy().tofile(path + ".out")


{"check": check, "opencv": opencv, "torch": torch}[sys.argv[1]](*sys.argv[2:])
