#!/usr/bin/python3
"""PyTorch: seconds of a row when a model file predicts the test rows.

    torch_predict.py model=FILE data=FOLDER [batch=1] [rows=4096] [form=script|eager]

form=script: traced, frozen and optimised for inference by TorchScript."""
import torch

import common
import torch_common

given = common.options(model="", data="", batch=1, rows=4096, form="script")
torch.set_num_threads(1)
values = torch.from_numpy(common.scaled(common.rows(given["data"], "t10k")[0][:given["rows"]]))
batches = values.split(given["batch"])
model = torch_common.from_file(common.layers(given["model"]))
if given["form"] == "script":
    model = torch.jit.freeze(torch.jit.trace(model, batches[0]))
    model = torch.jit.optimize_for_inference(model)


@torch.inference_mode()
def one_pass():
    for batch in batches:
        model(batch)


one_pass()
common.serve(lambda: {"seconds": common.repeat(one_pass) / len(values)},
             version=torch.__version__)
