"""The paper's kind of network in PyTorch, and its fastest way to take a step."""
import torch


def network(widths):
    """Linear layers with ReLU between them; weights Glorot uniform, biases zero."""
    parts = []
    for inputs, outputs in zip(widths, widths[1:]):
        linear = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        parts += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def from_file(layers):
    """The network of common.layers(), softmax included, ready to predict."""
    parts = []
    for weights, biases in layers:
        linear = torch.nn.Linear(weights.shape[1], weights.shape[0])
        linear.weight.data, linear.bias.data = torch.from_numpy(weights), torch.from_numpy(biases)
        parts += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1], torch.nn.Softmax(dim=1)).eval()


class Descent:
    """Plain gradient descent in one call for all parameters: faster than torch.optim.SGD."""

    def __init__(self, parameters, rate=0.01):
        self.parameters, self.rate = list(parameters), rate

    @torch.no_grad()
    def step(self):
        torch._foreach_add_(self.parameters, [p.grad for p in self.parameters], alpha=-self.rate)
        for parameter in self.parameters:
            parameter.grad = None


def epoch(model, descent, batches):
    """One pass over batches of (values, labels)."""
    for values, labels in batches:
        torch.nn.functional.cross_entropy(model(values), labels).backward()
        descent.step()


def shuffled(values, labels, size):
    """Batches of tensors in memory in a new order; bytes are scaled batch by batch."""
    for chosen in torch.randperm(len(labels)).split(size):
        part = values[chosen]
        yield (part.float() * (1 / 255) if part.dtype == torch.uint8 else part), labels[chosen]
