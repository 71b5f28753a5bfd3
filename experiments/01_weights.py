"""Lesson 01's claims about weights, measured on digits over 24 seeds.

A1  What training does to the weights of pixels that tell much, little or nothing.
A2  How the scale of the starting weights decides what training reaches.

A seed draws the starting weights and the order of the images; the division into training,
validation and test images is always the same. The runs of a comparison are trained together, as
one batched program. It takes about ten minutes on one core:

    python experiments/01_weights.py
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    accuracy,
    best_setting,
    correlation_ratio,
    digits,
    each_run,
    generator,
    rms,
    shuffled_copy,
    stack_params,
    write_experiment,
)
from course_lib.nn.layers import dense, rescale

SEEDS = 24
BATCH = 50

Params = dict[str, Tensor]


class Condition(NamedTuple):
    start: float  # standard deviation of the starting weights
    decay: float


A1_CONDITIONS = {
    "small start": Condition(0.1, 0.0),
    "large start": Condition(1.0, 0.0),
    "small start, decay": Condition(0.1, 0.01),
}
A1_LR, A1_EPOCHS = 0.5, 30

A2_LAYERS, A2_HIDDEN, A2_EPOCHS = (1, 2, 5), 32, 20
A2_GAINS = [10 ** (k / 4) for k in range(-8, 9)]
A2_LRS = [10 ** (k / 2) for k in range(-16, 5)]
EDGE = "at both ends of the gains the best rate is the highest; the grid should go beyond 100"


def forward(params: Params, x: Tensor) -> Tensor:
    """Weighted sums, layer after layer; between two layers only what is above zero goes on."""
    first, *rest = params.values()
    x = dense(x, first)
    for weight in rest:
        x = dense(torch.relu(x), weight)
    return x


def train_together(
    params: Params, x: Tensor, y: Tensor, orders: Tensor, *, lr: float, decay: float = 0.0
) -> Params:
    """Train many runs at once: each comes out as `course_lib.lab.train` would make it alone.

    params: `(runs, h, d)` each. x: `(n, d)` for all runs, or `(runs, n, d)`. y: `(n,)`.
    orders: `(runs, epochs, n)`, the order of the examples in each epoch.
    """
    params = {name: value.clone().requires_grad_() for name, value in params.items()}
    rule = torch.optim.SGD(list(params.values()), lr=lr, weight_decay=decay)
    run = torch.arange(len(orders))[:, None]
    for epoch in orders.unbind(dim=1):
        for chosen in epoch.split(BATCH, dim=1):
            out = vmap(forward)(params, x[chosen] if x.ndim == 2 else x[run, chosen])
            rule.zero_grad()
            vmap(cross_entropy)(out, y[chosen]).sum().backward()
            rule.step()
    return {name: value.detach() for name, value in params.items()}


def shuffles(epochs: int, n: int, source: torch.Generator) -> Tensor:
    """Return `(epochs, n)`: the same orders as `course_lib.lab.train` draws from `source`."""
    return torch.stack([torch.randperm(n, generator=source) for _ in range(epochs)])


# A1: which weights does training amplify, and which does it weaken?


def draw_a1(seed: int, data: Dataset, start: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is random in one run: its inputs, its starting weights, its shuffles.

    The inputs are the 64 pixels and a shuffled copy of each, which tells nothing.
    """
    source = generator(seed)
    x = torch.cat([data.train.x, shuffled_copy(data.train.x, source)], dim=1)
    W = start * torch.randn(10, x.shape[1], generator=source)
    return x, W, shuffles(A1_EPOCHS, len(x), source)


def kinds_of_pixel(power: Tensor, varies: Tensor) -> dict[str, Tensor]:
    """Return the columns that are blank pixels, shuffled copies, weak and strong pixels."""
    pixel = torch.arange(len(power))
    strong = varies & (power >= power[varies].median())
    return {
        "blank": pixel[~varies],
        "shuffled": len(power) + pixel[varies],
        "weak": pixel[varies & ~strong],
        "strong": pixel[strong],
    }


def size(W: Tensor) -> Tensor:
    """Return the root mean square of each input's weights: `(runs, h, d)` to `(runs, d)`."""
    return W.square().mean(dim=1).sqrt()


def growth(before: Tensor, after: Tensor) -> Tensor:
    """Return how many times larger a group's weights are: `(runs, d)` twice, to `(runs,)`."""
    return (after.square().mean(dim=1) / before.square().mean(dim=1)).sqrt()


def rank_correlation(a: Tensor, b: Tensor) -> Tensor:
    """Return Spearman's rank correlation of each row of a `(runs, d)` with b, like a or `(d,)`."""
    ranks = [v.expand_as(a).argsort(dim=1).argsort(dim=1).double() for v in (a, b)]
    a, b = (rank - rank.mean(dim=1, keepdim=True) for rank in ranks)
    return (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1))


def measure_a1(data: Dataset) -> dict:
    """Train on pixels and their shuffled copies; measure how the weights of each kind grew."""
    pixels = data.train.x.shape[1]
    power, varies = correlation_ratio(data.train), data.train.x.amax(dim=0) > 0
    kinds = kinds_of_pixel(power, varies)
    result = {"lr": A1_LR, "epochs": A1_EPOCHS, "batch": BATCH, "power": power}
    result["kinds"] = {kind: len(columns) for kind, columns in kinds.items()}
    result["conditions"] = {}
    for name, (start, decay) in tqdm(A1_CONDITIONS.items(), desc="A1"):
        drawn = (draw_a1(seed, data, start) for seed in range(SEEDS))
        x, W0, orders = (torch.stack(part) for part in zip(*drawn, strict=True))
        W = train_together({"W": W0}, x, data.train.y, orders, lr=A1_LR, decay=decay)["W"]
        before, after = size(W0), size(W)
        real = after[:, :pixels]
        contribution = real * x[:, :, :pixels].square().mean(dim=1).sqrt()
        result["conditions"][name] = {
            "start": start,
            "decay": decay,
            "growth": {k: growth(before[:, c], after[:, c]) for k, c in kinds.items()},
            "size_before": before[:, :pixels].mean(dim=0),
            "size_after": real.mean(dim=0),
            "size_with_power": rank_correlation(real[:, varies], power[varies]),
            "size_with_contribution": rank_correlation(real, contribution),
        }
    return result


# A2: how large may the starting weights be?


def starting_weights(layers: int, x: Tensor, source: torch.Generator) -> Params:
    """Return random weights with a gain of 1: each layer's signals are as large as the image's.

    x: `(n, 64)`. With every layer times g the gain is g: what is above zero scales along, so the
    signals of layer l are g^l times as large.
    """
    sizes = [x.shape[1]] + [A2_HIDDEN] * (layers - 1) + [10]
    target = rms(x).item()
    params, signals = {}, x
    for layer in range(1, layers + 1):
        W = torch.randn(sizes[layer], sizes[layer - 1], generator=source)
        params[f"W{layer}"] = rescale(W, signals, target)
        signals = torch.relu(dense(signals, params[f"W{layer}"]))
    return params


def draw_a2(seed: int, layers: int, data: Dataset) -> tuple[Params, Tensor]:
    """Return what is random in one run: its weights at a gain of 1, its shuffles."""
    source = generator(seed)
    params = starting_weights(layers, data.train.x, source)
    return params, shuffles(A2_EPOCHS, len(data.train), source)


def measure_a2(data: Dataset) -> dict:
    """Scan the gains. Each gets the learning rate that suits it best on the validation images."""
    gains = torch.tensor(A2_GAINS)
    result = {"epochs": A2_EPOCHS, "batch": BATCH, "hidden": A2_HIDDEN}
    result |= {"gains": A2_GAINS, "lrs": A2_LRS, "nets": {}}
    for layers in A2_LAYERS:
        drawn = [draw_a2(seed, layers, data) for seed in range(SEEDS)]
        orders = torch.stack([order for _, order in drawn]).repeat(len(gains), 1, 1)
        at_gain_1 = stack_params([params for params, _ in drawn])
        scale = gains[:, None, None, None]
        start = {name: (scale * value).flatten(0, 1) for name, value in at_gain_1.items()}
        found = {"validation": [], "test": []}
        for lr in tqdm(A2_LRS, desc=f"A2, layers: {layers}"):
            params = train_together(start, data.train.x, data.train.y, orders, lr=lr)
            for part, of_lr in found.items():
                scores = each_run(accuracy, forward, params, getattr(data, part))
                of_lr.append(scores.view(len(gains), SEEDS))
        mistakes = 1 - torch.stack(found["validation"], dim=1)  # (gains, lrs, seeds)
        best = [best_setting({"lr": A2_LRS}, of, edge_allowed=EDGE) for of in mistakes]
        result["nets"][layers] = {
            "best_lr": [A2_LRS[i] for i in best],
            "test_accuracy": torch.stack(found["test"])[best, range(len(gains))],
        }
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # many small products: threads would mostly wait for each other
    data = digits()
    write_experiment(__file__, {"seeds": SEEDS, "A1": measure_a1(data), "A2": measure_a2(data)})
