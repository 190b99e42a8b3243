#!/usr/bin/python3
"""Writes a model file as ONNX for a fixed number of rows, by PyTorch's exporter.

    to_onnx.py model=FILE onnx=FILE batch=1"""
import torch

import common
import torch_common

given = common.options(model="", onnx="", batch=1)
model = torch_common.from_file(common.layers(given["model"]))
example = torch.zeros(given["batch"], model[0].in_features)
torch.onnx.export(model, example, given["onnx"], input_names=["x"], output_names=["p"])
