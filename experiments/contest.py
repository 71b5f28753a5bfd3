"""What the two experiments of lesson 20 share: tasks, networks, and many runs as one program.

A run is one network, on the data of its seed, with one setting of an optimizer. All runs of a call
are trained at once: parameters are `(runs, n)`, each run's tensors end to end, so that an
elementwise rule takes a step of all of them in one call. What is random is drawn on the CPU, from
generators with a seed, and then moved.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from course_lib.lab import device, digits, fashion_mnist, generator, signals

CLASSES = 10
AT_ONCE = 216 * 128  # examples in one step of all runs


# Networks: a list of shapes, weights first, then biases, and a function of them


@dataclass(frozen=True)
class Net:
    """The shapes of a network's tensors, and its outputs `(runs, b, 10)` at x `(runs, b, d)`."""

    shapes: tuple[tuple[int, ...], ...]
    forward: Callable[[Sequence[Tensor], Tensor], Tensor]

    @property
    def sizes(self) -> list[int]:
        return [math.prod(shape) for shape in self.shapes]

    def start(self, source: torch.Generator) -> Tensor:
        """Return starting parameters `(n,)`: N(0, 1/d), behind a ReLU N(0, 2/d); biases 0."""
        parts = []
        for i, shape in enumerate(self.shapes):
            spread = ((1 if i == 0 else 2) / shape[0]) ** 0.5 if len(shape) == 2 else 0.0
            parts.append(spread * torch.randn(math.prod(shape), generator=source))
        return torch.cat(parts)

    def tensors(self, params: Tensor) -> list[Tensor]:
        """Return each tensor `(runs, *shape)` of parameters `(runs, n)`."""
        pieces = params.split(self.sizes, dim=1)
        return [p.view(len(p), *s) for p, s in zip(pieces, self.shapes, strict=True)]

    def layer(self) -> Tensor:
        """Return to which tensor each parameter belongs, `(n,)`."""
        return torch.arange(len(self.shapes)).repeat_interleave(torch.tensor(self.sizes))


def affine(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """x `(runs, b, d)`, W `(runs, d, h)`, b `(runs, h)`."""
    return torch.baddbmm(b[:, None], x, W)


def mlp(sizes: Sequence[int], activation: Callable[[Tensor], Tensor] = torch.relu) -> Net:
    """Return a network of dense layers."""
    pairs = list(pairwise(sizes))

    def forward(tensors: Sequence[Tensor], x: Tensor) -> Tensor:
        for i in range(0, len(tensors), 2):
            x = affine(activation(x) if i else x, tensors[i], tensors[i + 1])
        return x

    return Net(tuple(s for d, h in pairs for s in ((d, h), (h,))), forward)


def conv(x: Tensor, W: Tensor, b: Tensor, stride: int) -> Tensor:
    """Convolve x `(runs, b, h, w, c)` with patches of 3 (×3); 1-D signals have h = 1.

    W `(runs, c · patch, out)`. The edge is filled with one place of 0.
    """
    if x.shape[2] > 1:
        x = torch.nn.functional.pad(x, (0, 0, 1, 1, 1, 1))
        patches = x.unfold(2, 3, stride).unfold(3, 3, stride)
    else:
        patches = torch.nn.functional.pad(x, (0, 0, 1, 1)).unfold(3, 3, stride)
    runs, batch, high, wide = patches.shape[:4]
    out = affine(patches.reshape(runs, batch * high * wide, -1), W, b)
    return out.view(runs, batch, high, wide, -1)


def conv_net(high: int, wide: int, channels: Sequence[int], strides: Sequence[int]) -> Net:
    """Return convolutions with ReLU behind each, and a dense layer behind them."""
    shapes: list[tuple[int, ...]] = []
    h, w, c = high, wide, 1
    for out, stride in zip(channels, strides, strict=True):
        shapes += [(c * (9 if high > 1 else 3), out), (out,)]
        h, w, c = -(-h // stride), -(-w // stride), out
    shapes += [(h * w * c, CLASSES), (CLASSES,)]

    def forward(tensors: Sequence[Tensor], x: Tensor) -> Tensor:
        x = x.view(*x.shape[:2], high, wide, 1)
        for i, stride in enumerate(strides):
            x = torch.relu(conv(x, tensors[2 * i], tensors[2 * i + 1], stride))
        return affine(x.flatten(2), tensors[-2], tensors[-1])

    return Net(tuple(shapes), forward)


# Tasks


@dataclass(frozen=True)
class Task:
    """A data set, a network, and how long to train: `total` evaluations of `batch` examples.

    noise: the share of training labels that are drawn anew at random. examined: how many examples
    of a part are measured at the end, the first ones that the seed drew.
    """

    name: str
    data: str
    net: Net
    total: int
    batch: int
    noise: float = 0.0
    examined: int = 10_000


DATA = {
    "digits": digits,
    "signals": partial(signals, 6000, 1000, 3000, seed=1),
    "fashion": fashion_mnist,
}
INPUTS = {"digits": 64, "signals": 40, "fashion": 196}
SIZES = {  # of each task: its network, evaluations and batch
    "small": {
        "digits": (conv_net(8, 8, (8, 16), (2, 2)), 100, 32),
        "signals": (conv_net(1, 40, (8, 16, 16), (2, 2, 1)), 200, 32),
        "fashion": (conv_net(14, 14, (8, 16), (2, 2)), 200, 32),
    },
    "large": {
        "digits": (conv_net(8, 8, (16, 32), (1, 2)), 100, 32),
        "signals": (conv_net(1, 40, (16, 32, 32), (1, 2, 2)), 600, 64),
        "fashion": (conv_net(14, 14, (16, 32), (1, 2)), 600, 64),
    },
}
EXAMINED = {"small": 1000, "large": 10_000}  # examples of each part that are measured at the end


def tasks(size: str) -> dict[str, Task]:
    """Return the three tasks as they are, by name."""
    return {
        name: Task(name, name, net, total, batch, examined=EXAMINED[size])
        for name, (net, total, batch) in SIZES[size].items()
    }


def unseen(task: Task) -> dict[str, Task]:
    """Return what a design was not chosen on: other networks, budgets, batches, noisy labels."""
    d = INPUTS[task.data]
    changes: dict[str, dict[str, Any]] = {
        "T/3": {"total": math.ceil(task.total / 3)},
        "3T": {"total": 3 * task.total},
        "batch/4": {"batch": task.batch // 4},
        "batch*4": {"batch": task.batch * 4},
        "noise": {"noise": 0.2},
        "mlp": {"net": mlp((d, 64, 64, CLASSES))},
        "deep": {"net": mlp((d, 32, 32, 32, 32, CLASSES), torch.tanh)},
    }
    return {key: replace(task, name=f"{task.name} {key}", **new) for key, new in changes.items()}


@dataclass
class Draws:
    """What the seeds of a task draw, on the device: a pool of examples and places in it."""

    x: Tensor  # (pool, d)
    y: Tensor  # (pool,), the true labels
    trained: Tensor  # (seeds, pool), the labels that training sees
    parts: dict[str, Tensor]  # (seeds, examples) of train, validation, test
    orders: Tensor  # (seeds, total, batch), places in the pool
    start: Tensor  # (seeds, n)


@cache
def pooled(name: str) -> tuple[Tensor, Tensor, tuple[int, int, int]]:
    """Return the examples of a data set end to end, and how many there are in each part."""
    data = DATA[name]()
    splits = (data.train, data.validation, data.test)
    x, y = torch.cat([s.x for s in splits]), torch.cat([s.y for s in splits])
    mean, spread = data.train.x.mean(), data.train.x.std()
    return (x - mean) / spread, y, tuple(map(len, splits))


def draw(task: Task, seeds: Sequence[int]) -> Draws:
    """Return what the seeds draw: division, labels, orders, starts. Fashion keeps its test part."""
    x, y, (train, validation, test) = pooled(task.data)
    free = len(y) - test if task.data == "fashion" else len(y)
    chosen, labels, orders = [], [], []
    for seed in seeds:
        order = torch.cat(
            [torch.randperm(free, generator=generator(seed)), torch.arange(free, len(y))]
        )
        chosen.append(order)
        source = generator(3000 + seed)
        noisy = torch.rand(len(y), generator=source) < task.noise
        other = torch.randint(0, CLASSES, (len(y),), generator=source)
        labels.append(torch.where(noisy, other, y))
        source, places = generator(1000 + seed), []
        while sum(map(len, places)) < task.total:
            whole = order[:train][torch.randperm(train, generator=source)]
            places.append(whole[: train // task.batch * task.batch].view(-1, task.batch))
        orders.append(torch.cat(places)[: task.total])
    start = torch.stack([task.net.start(generator(2000 + seed)) for seed in seeds])
    cuts = torch.stack(chosen).split([train, validation, test], dim=1)
    parts = dict(zip(("train", "validation", "test"), cuts, strict=True))
    where = device()
    return Draws(
        *(value.to(where) for value in (x, y, torch.stack(labels))),
        {name: part.to(where) for name, part in parts.items()},
        torch.stack(orders).to(where),
        start.to(where),
    )


# Contestants


@dataclass
class Race:
    """What a contestant may know of the runs: lr and other settings, each `(runs, 1)`, float64."""

    task: Task
    settings: dict[str, Tensor]
    layer: Tensor  # (n,)
    seeds: Tensor  # (runs,), which seed of the draw each run has
    steps: int  # that the budget pays for

    @property
    def total(self) -> int:
        return self.task.total

    def setting(self, name: str, like: Tensor) -> Tensor:
        return self.settings[name].to(like.dtype)

    def per_layer(self, values: Tensor) -> Tensor:
        """Return sums over each layer, `(runs, layers)` float64, of values `(runs, n)`."""
        sums = [part.sum(dim=1) for part in values.split(self.task.net.sizes, dim=1)]
        return torch.stack(sums, dim=1).double()


@dataclass(frozen=True)
class Contestant:
    """An optimizer of all runs at once.

    begin: from the race and parameters `(runs, n)` to its state. step: from the race, parameters,
    gradients, state and the number of the step t to new parameters; the state it changes. final:
    the parameters to report. cost: evaluations of the gradient that step t takes.
    """

    name: str
    begin: Callable[[Race, Tensor], dict[str, Any]]
    step: Callable[[Race, Tensor, Tensor, dict[str, Any], int], Tensor]
    settings: dict[str, float] = field(default_factory=dict)
    final: Callable[[Race, Tensor, dict[str, Any]], Tensor] = lambda race, P, state: P
    cost: Callable[[int], float] = lambda t: 1.0
    graph: Callable[[int], bool] = lambda t: False  # does step t differentiate the gradient again?


def losses(net: Net, params: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return each run's mean cross-entropy and accuracy, `(runs,)`. x `(runs, b, d)`."""
    return losses_of(net, net.tensors(params), x, y)


def losses_of(net: Net, tensors: Sequence[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return what `losses` does, of each run's tensors `(runs, *shape)`."""
    logits = net.forward(tensors, x)
    picked = logits.log_softmax(dim=-1).gather(-1, y[..., None])[..., 0]
    return -picked.mean(dim=1), (logits.argmax(dim=-1) == y).double().mean(dim=1)


def train(
    contestant: Contestant,
    task: Task,
    settings: Sequence[dict[str, float]],
    draws: Draws,
) -> dict[str, Tensor]:
    """Train every setting on every seed; return losses and accuracies, `(settings, seeds)`.

    Steps are taken until their cost in evaluations of the gradient has reached the task's total.
    Memory is bounded: as many settings are trained at once as `AT_ONCE` examples a step allow.
    """
    few = max(1, AT_ONCE // (len(draws.start) * task.batch))
    parts = [
        _measured(contestant, task, settings[first : first + few], draws)
        for first in range(0, len(settings), few)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def steps_of(contestant: Contestant, total: int) -> int:
    """Return how many steps a budget of so many evaluations of the gradient pays for."""
    steps, spent = 0, contestant.cost(1)
    while spent <= total + 1e-9:
        steps += 1
        spent += contestant.cost(steps + 1)
    return steps


def trained(contestant, task, settings, draws) -> tuple[Tensor, Tensor]:
    """Return the parameters of all runs at the end, `(runs, n)`, and which seed each has."""
    seeds = len(draws.start)
    own = torch.arange(seeds, device=draws.x.device).repeat(len(settings))
    every = [{**contestant.settings, **setting} for setting in settings]
    columns = {
        name: torch.tensor([s[name] for s in every], dtype=torch.float64, device=draws.x.device)
        .repeat_interleave(seeds)
        .unsqueeze(1)
        for name in every[0]
    }
    steps = steps_of(contestant, task.total)
    race = Race(task, columns, task.net.layer().to(draws.x.device), own, steps)
    params = draws.start[own].clone()
    state = contestant.begin(race, params)
    for t in range(1, steps + 1):
        places = draws.orders[:, t - 1]
        x = draws.x[places].repeat(len(settings), 1, 1)
        y = draws.trained.gather(1, places).repeat(len(settings), 1)
        leaf = params.detach().requires_grad_()
        again = contestant.graph(t)
        loss = losses(task.net, leaf, x, y)[0].sum()
        (g,) = torch.autograd.grad(loss, leaf, create_graph=again)
        if again:
            state["leaf"], state["g"] = leaf, g
        with torch.no_grad():
            params = contestant.step(race, params, g.detach(), state, t)
    return contestant.final(race, params, state), own


def _measured(contestant, task, settings, draws) -> dict[str, Tensor]:
    params, own = trained(contestant, task, settings, draws)
    seeds, found = len(draws.start), {}
    for part, places in draws.parts.items():
        labels = draws.trained if part == "train" else draws.y.expand_as(draws.trained)
        loss, right = measure(task.net, params, draws, places[:, : task.examined], labels, own)
        found[f"{part}_loss"] = loss.view(-1, seeds).cpu()
        found[f"{part}_accuracy"] = right.view(-1, seeds).cpu()
    return found


@torch.no_grad()
def measure(net, params, draws, places, labels, own, chunk=128):
    """Return the loss and the accuracy of each run on the places of its seed, in pieces."""
    loss = right = 0.0
    for few in places.split(chunk, dim=1):
        x, y = draws.x[few][own], labels.gather(1, few)[own]
        one, two = losses(net, params, x, y)
        loss, right = loss + one.double() * few.shape[1], right + two * few.shape[1]
    return loss / places.shape[1], right / places.shape[1]
