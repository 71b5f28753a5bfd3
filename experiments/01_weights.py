"""Lesson 01's claims about weights, measured on digits over 24 seeds.

A1  What training does to the weights of pixels that tell much or little, each group beside its own
    shuffled copies, which have the same ink and tell nothing; at five learning rates.
A2  How the scale of the starting weights decides what training reaches. Each gain gets its own
    learning rate, chosen on eight seeds that are not among those reported: first in steps of √10,
    then, around the best, of the sixth root of ten.

A seed draws the starting weights and the order of the images; the division into training,
validation and test images is always the same. The runs of a comparison are trained together, as
one batched program. Some 16,000 runs; it takes about eight minutes on one core:

    python experiments/01_weights.py
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Split,
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
from course_lib.optim.rules import gd

SEEDS = range(24)  # reported
TUNING = range(100, 108)  # what learning rates are chosen on
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
A1_OTHER_LRS = [0.05, 0.15, 1.5, 5.0]
WEAKEST = 10
INKED = ("weakest", "weak", "strong")

A2_LAYERS, A2_HIDDEN, A2_EPOCHS = (1, 2, 5), 32, 20
A2_GAINS = [10 ** (k / 4) for k in range(-8, 9)]
A2_STEPS = range(-48, 43)  # rates are 10^(step / 6)


def forward(params: Params, x: Tensor) -> Tensor:
    """Weighted sums, layer after layer; between two layers only what is above zero goes on."""
    first, *rest = params.values()
    x = dense(x, first)
    for weight in rest:
        x = dense(torch.relu(x), weight)
    return x


def train_together(
    params: Params, x: Tensor, y: Tensor, orders: Tensor, *, lr: float | Tensor, decay: float = 0.0
) -> Params:
    """Train many runs at once: each comes out as `course_lib.lab.train` would make it alone.

    params: `(runs, h, d)` each. x: `(n, d)` for all runs, or `(runs, n, d)`. y: `(n,)`.
    orders: `(runs, epochs, n)`, the order of the examples in each epoch. lr: for all runs, or
    `(runs, 1, 1)`.
    """
    run = torch.arange(len(orders))[:, None]
    for epoch in orders.unbind(dim=1):
        for chosen in epoch.split(BATCH, dim=1):
            seen = x[chosen] if x.ndim == 2 else x[run, chosen]
            gradients = all_gradients(params, seen, y[chosen])
            params = {
                name: gd(value, gradients[name] + decay * value, lr=lr)
                for name, value in params.items()
            }
    return params


def one_loss(params: Params, x: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(forward(params, x), y)


all_gradients = vmap(grad(one_loss))


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
    """Return the columns of each kind of input.

    Strong pixels are the half with more predictive power, weak the other half, and the weakest are
    ten of these. The copies of a group are those of its own pixels: they have the same ink.
    """
    pixel = torch.arange(len(power))
    strong = varies & (power >= power[varies].median())
    order = power.argsort()
    pixels = {
        "weakest": order[varies[order]][:WEAKEST],
        "weak": pixel[varies & ~strong],
        "strong": pixel[strong],
    }
    copies = {f"copies of {kind}": len(power) + own for kind, own in pixels.items()}
    return {"blank": pixel[~varies], **pixels, **copies}


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
    result["ink"] = {kind: float(rms(data.train.x[:, kinds[kind]])) for kind in INKED}
    result["conditions"] = {}
    for name, (start, decay) in tqdm(A1_CONDITIONS.items(), desc="A1"):
        drawn = (draw_a1(seed, data, start) for seed in SEEDS)
        x, W0, orders = (torch.stack(part) for part in zip(*drawn, strict=True))

        def trained(lr, x=x, W0=W0, orders=orders, decay=decay):
            return train_together({"W": W0}, x, data.train.y, orders, lr=lr, decay=decay)["W"]

        before, after = size(W0), size(trained(A1_LR))
        real = after[:, :pixels]
        contribution = real * x[:, :, :pixels].square().mean(dim=1).sqrt()
        result["conditions"][name] = {
            "start": start,
            "decay": decay,
            "growth": growth_by_kind(before, after, kinds),
            "other_lrs": {
                lr: {kind: own.mean() for kind, own in found.items()}
                for lr in A1_OTHER_LRS
                for found in [growth_by_kind(before, size(trained(lr)), kinds)]
            },
            "size_before": before[:, :pixels].mean(dim=0),
            "size_after": real.mean(dim=0),
            "size_with_power": rank_correlation(real[:, varies], power[varies]),
            "size_with_contribution": rank_correlation(real, contribution),
        }
    return result


def growth_by_kind(before: Tensor, after: Tensor, kinds: dict[str, Tensor]) -> dict[str, Tensor]:
    return {kind: growth(before[:, c], after[:, c]) for kind, c in kinds.items()}


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


def rate(step: int) -> float:
    return 10 ** (step / 6)


def draw_gains(seeds: Sequence[int], layers: int, data: Dataset) -> tuple[Params, Tensor]:
    """Return starting weights `(gains, seeds, ...)` and the orders `(seeds, epochs, n)`."""
    drawn = [draw_a2(seed, layers, data) for seed in seeds]
    at_gain_1 = stack_params([params for params, _ in drawn])
    scale = torch.tensor(A2_GAINS)[:, None, None, None]
    start = {name: scale * value for name, value in at_gain_1.items()}
    return start, torch.stack([order for _, order in drawn])


def trained_at(start: Params, orders: Tensor, steps: Sequence[int], data: Dataset) -> Params:
    """Train each gain at its own step of the rate; returns `(gains, seeds, ...)`."""
    gains, seeds = next(iter(start.values())).shape[:2]
    lrs = torch.tensor([rate(step) for step in steps]).repeat_interleave(seeds)
    flat = {name: value.flatten(0, 1) for name, value in start.items()}
    orders = orders.repeat(gains, 1, 1)
    params = train_together(flat, data.train.x, data.train.y, orders, lr=lrs[:, None, None])
    return {name: value.view(gains, seeds, *value.shape[1:]) for name, value in params.items()}


def scores(params: Params, split: Split) -> Tensor:
    """Return the accuracies `(gains, seeds)`."""
    shape = next(iter(params.values())).shape[:2]
    flat = {name: value.flatten(0, 1) for name, value in params.items()}
    return each_run(accuracy, forward, flat, split).view(shape)


def choose_steps(layers: int, data: Dataset) -> list[int]:
    """Return the step of the best rate for each gain: first every third is tried, then near it."""
    start, orders = draw_gains(TUNING, layers, data)
    mistakes = [{} for _ in A2_GAINS]  # for each gain by step, the mean over the seeds

    def attempt(steps: Sequence[int]) -> None:
        found = scores(trained_at(start, orders, steps, data), data.validation).mean(dim=1)
        for own, step, right in zip(mistakes, steps, found.tolist(), strict=True):
            own[step] = 1 - right

    for step in tqdm(A2_STEPS[::3], desc=f"A2, layers: {layers}"):
        attempt([step] * len(A2_GAINS))
    coarse = [min(own, key=own.get) for own in mistakes]
    for offset in (-2, -1, 1, 2):
        attempt([step + offset for step in coarse])
    return [best_step(own) for own in mistakes]


def best_step(mistakes: dict[int, float]) -> int:
    """Return the best step; raise ValueError if it is the first or the last one tried."""
    steps = sorted(mistakes)
    losses = torch.tensor([mistakes[step] for step in steps])
    return steps[best_setting({"lr": [rate(step) for step in steps]}, losses)]


def measure_a2(data: Dataset) -> dict:
    """Scan the gains, each at the learning rate that suits it best on the validation images."""
    result = {"epochs": A2_EPOCHS, "batch": BATCH, "hidden": A2_HIDDEN, "gains": A2_GAINS}
    result |= {"lrs": [rate(A2_STEPS[0]), rate(A2_STEPS[-1])], "nets": {}}
    for layers in A2_LAYERS:
        steps = choose_steps(layers, data)
        start, orders = draw_gains(SEEDS, layers, data)
        result["nets"][layers] = {
            "best_lr": [rate(step) for step in steps],
            "test_accuracy": scores(trained_at(start, orders, steps, data), data.test),
        }
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # many small products: threads would mostly wait for each other
    data = digits()
    settings = {"seeds": len(SEEDS), "tuning_seeds": len(TUNING)}
    write_experiment(__file__, {**settings, "A1": measure_a1(data), "A2": measure_a2(data)})
