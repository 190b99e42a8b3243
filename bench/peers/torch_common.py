"""The paper's kind of network in PyTorch, and its fastest way to take a step."""
import torch


FUNCTIONS = {"relu": torch.nn.ReLU, "leaky-relu": torch.nn.LeakyReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}


def network(widths, function="relu"):
    """Linear layers with a function between them; weights Glorot uniform, biases zero."""
    parts = []
    for inputs, outputs in zip(widths, widths[1:]):
        linear = torch.nn.Linear(inputs, outputs)
        torch.nn.init.xavier_uniform_(linear.weight)
        torch.nn.init.zeros_(linear.bias)
        parts += [linear, FUNCTIONS[function]()]
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
    """An update rule in a call for all parameters at each operation: faster than torch.optim."""

    def __init__(self, parameters, rate=0.01, decay=0.0):
        self.parameters, self.rate, self.decay = list(parameters), rate, decay

    @torch.no_grad()
    def step(self):
        self.update([p.grad for p in self.parameters])
        for parameter in self.parameters:
            parameter.grad = None

    def update(self, gradients):
        if self.decay:
            torch._foreach_add_(gradients[::2], self.parameters[::2], alpha=self.decay)  # weights, not biases
        torch._foreach_add_(self.parameters, gradients, alpha=-self.rate)


class Momentum(Descent):
    def __init__(self, parameters, rate=0.01, momentum=0.9):
        super().__init__(parameters, rate)
        self.momentum, self.means = momentum, [torch.zeros_like(p) for p in self.parameters]

    def update(self, gradients):
        torch._foreach_mul_(self.means, self.momentum)
        torch._foreach_add_(self.means, gradients)
        torch._foreach_add_(self.parameters, self.means, alpha=-self.rate)


class Adam(Descent):
    def __init__(self, parameters, rate=0.01, betas=(0.9, 0.999), epsilon=1e-8):
        super().__init__(parameters, rate)
        self.betas, self.epsilon, self.steps = betas, epsilon, 0
        self.means, self.squares = ([torch.zeros_like(p) for p in self.parameters] for _ in range(2))

    def update(self, gradients):
        self.steps += 1
        first, second = self.betas
        torch._foreach_mul_(self.means, first)
        torch._foreach_add_(self.means, gradients, alpha=1 - first)
        torch._foreach_mul_(self.squares, second)
        torch._foreach_addcmul_(self.squares, gradients, gradients, 1 - second)
        below = torch._foreach_sqrt(self.squares)
        torch._foreach_mul_(below, (1 - second ** self.steps) ** -0.5)
        torch._foreach_add_(below, self.epsilon)
        torch._foreach_addcdiv_(self.parameters, self.means, below, -self.rate / (1 - first ** self.steps))


RULES = {"sgd": Descent, "momentum": Momentum, "adam": Adam}


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
