#!/usr/bin/env python3
"""Reads a model file with the format's description alone and checks the values
that test_model_write.c put there.

    read_model.py MODEL COMPACT_MODEL
"""
import json
import sys

import numpy as np

DTYPES = {"F32": "<f4", "I64": "<i8", "U8": "u1"}


def read(path):
    with open(path, "rb") as file:
        raw = file.read()
    length = int.from_bytes(raw[:8], "little")
    assert length % 8 == 0
    header = json.loads(raw[8:8 + length].decode("utf-8"))
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors


def check_whole(metadata, tensors):
    parts = {f"layers.{i}.{part}" for i in (0, 1) for part in ("weight", "bias", "mask")}
    assert set(tensors) == parts | {"layers.0.activations"}, sorted(tensors)
    assert set(metadata) == {"espalier", "activation", "inputs_counted", "classes",
                             "input_scaling", "original_widths", "training"}, metadata
    assert metadata["espalier"] == "1" and metadata["activation"] == "relu"
    assert int(metadata["inputs_counted"]) == 2000000000000
    assert json.loads(metadata["classes"]) == ["a", "1", "é"]
    assert json.loads(metadata["original_widths"]) == [5, 4, 3]
    scaling = json.loads(metadata["input_scaling"])
    assert scaling["shift"] == 0.0
    assert np.float32(scaling["scale"]) == np.float32(1) / np.float32(255)
    assert tensors["layers.0.activations"].tolist() == [1000000000000 + o for o in range(4)]
    for i, shape in ((0, (4, 5)), (1, (3, 4))):
        place = np.arange(shape[0] * shape[1])
        mask = (place % 3 != 1).reshape(shape)
        if i == 0:
            mask[1, :] = mask[:, 2] = False
        weight = ((place + 1) / 8 - i).reshape(shape) * mask
        assert np.array_equal(tensors[f"layers.{i}.mask"], mask)
        assert np.array_equal(tensors[f"layers.{i}.weight"], weight)
        assert np.array_equal(tensors[f"layers.{i}.bias"], np.arange(shape[0]) - 0.5)


def forward(tensors, rows):
    if "kept_inputs" in tensors:
        rows = rows[:, tensors["kept_inputs"]]
    for i in (0, 1):
        rows = rows @ tensors[f"layers.{i}.weight"].T.astype(float) + tensors[f"layers.{i}.bias"]
        rows = np.maximum(rows, 0) if i == 0 else rows
    return rows


def check_compact(metadata, tensors, whole):
    assert tensors["kept_inputs"].tolist() == [0, 1, 3, 4]
    assert tensors["layers.0.kept"].tolist() == [0, 2, 3]
    assert tensors["layers.0.weight"].shape == (3, 4)
    assert json.loads(metadata["original_widths"]) == [5, 4, 3]
    rows = np.random.default_rng(1).normal(size=(100, 5))
    assert np.abs(forward(tensors, rows) - forward(whole, rows)).max() < 1e-5


whole = read(sys.argv[1])
check_whole(*whole)
check_compact(*read(sys.argv[2]), whole[1])
