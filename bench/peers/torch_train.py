#!/usr/bin/python3
"""PyTorch: seconds of one training epoch.

    torch_train.py data=FOLDER [form=memory|bytes|loader] [threads=1] [batch=32] [rows=54000]
                   [optimizer=sgd|momentum|adam] [decay=0 (millionths)] [activation=relu]
                   [scaling=range|standard]

form: float tensors in memory indexed by a random permutation; the same with
bytes in memory; torch.utils.data.DataLoader over the float tensors."""
import torch

import common
import torch_common

given = common.options(data="", form="memory", threads=1, batch=32, rows=54000, inter=1,
                       widths="784-300-200-100-50-10", optimizer="sgd", decay=0, activation="relu", scaling="range")
torch.set_num_threads(given["threads"])
torch.set_num_interop_threads(given["inter"])
torch.manual_seed(1)
values, labels = common.training(given["data"], given["rows"])
values = torch.from_numpy(values.copy() if given["form"] == "bytes" else
                          common.standardised(values) if given["scaling"] == "standard" else common.scaled(values))
labels = torch.from_numpy(labels.astype("int64"))
model = torch_common.network([int(width) for width in given["widths"].split("-")], given["activation"])
decay = {"decay": given["decay"] * 1e-6} if given["decay"] else {}
descent = torch_common.RULES[given["optimizer"]](model.parameters(), **decay)
if given["form"] == "loader":
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(values, labels),
                                         batch_size=given["batch"], shuffle=True)


def once():
    batches = (loader if given["form"] == "loader"
               else torch_common.shuffled(values, labels, given["batch"]))
    torch_common.epoch(model, descent, batches)


common.serve(once, version=torch.__version__, threads=torch.get_num_threads())
