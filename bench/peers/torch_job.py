#!/usr/bin/python3
"""PyTorch: the whole main job, train and prune by steps with the masks of
torch.nn.utils.prune (global, unstructured, by magnitude).

    torch_job.py data=FOLDER [every=1] [epochs=12] [steps=5] [target=0.9] [threads=1] [batch=32]

Step k happens after epoch (k + 1) * every and brings the sparsity over all
weights to target times the sum of the shares 0.8^k; the output layer is left
out, as espalier does. Validation rows are evaluated after each epoch. A round is
the job from a new network to the last epoch; it also tells the test accuracy."""
import time

import torch
from torch.nn.utils import prune

import common
import torch_common

WIDTHS = [784, 300, 200, 100, 50, 10]
given = common.options(data="", every=1, epochs=12, steps=5, target=0.9, threads=1, batch=32)
torch.set_num_threads(given["threads"])
torch.manual_seed(1)


def tensors(values, labels):
    return torch.from_numpy(common.scaled(values)), torch.from_numpy(labels.astype("int64"))


train_values, train_labels = common.rows(given["data"], "train")
first = len(train_labels) // 10
validation = tensors(train_values[:first], train_labels[:first])
train = tensors(train_values[first:], train_labels[first:])
test = tensors(*common.rows(given["data"], "t10k"))


@torch.no_grad()
def accuracy(model, values, labels):
    return (model(values).argmax(1) == labels).float().mean().item()


def cut(model, step):
    """Brings the number of pruned weights to what is due after this step."""
    hidden = [part for part in model if isinstance(part, torch.nn.Linear)][:-1]
    weights = sum(a * b for a, b in zip(WIDTHS, WIDTHS[1:]))
    shares = [0.8 ** k for k in range(given["steps"])]
    due = round(given["target"] * weights * sum(shares[:step + 1]) / sum(shares))
    gone = sum(int((part.weight_mask == 0).sum()) for part in hidden if prune.is_pruned(part))
    prune.global_unstructured([(part, "weight") for part in hidden],
                              pruning_method=prune.L1Unstructured, amount=due - gone)


def job():
    model = torch_common.network(WIDTHS)
    begin, step = time.perf_counter(), 0
    descent = torch_common.Descent(model.parameters())
    for epoch in range(1, given["epochs"] + 1):
        torch_common.epoch(model, descent, torch_common.shuffled(*train, given["batch"]))
        accuracy(model, *validation)
        if epoch == (step + 1) * given["every"] and step < given["steps"]:
            cut(model, step)
            descent = torch_common.Descent(model.parameters())
            step += 1
    return {"seconds": time.perf_counter() - begin, "test_accuracy": accuracy(model, *test)}


common.serve(job, version=torch.__version__, threads=torch.get_num_threads())
