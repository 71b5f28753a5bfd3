"""Lesson 10's claims about RMSProp, measured: on ravines from 24 starts, on digits over 24 seeds.

Ravines    How many steps gradient descent, momentum and RMSProp need in quadratic ravines of nine
           condition numbers, and in one that is turned step by step out of the axes (B6, first
           part).
Sizes      How large the gradients of a network's weights are, and how large their steps (B6,
           second part).
Eps        RMSProp with eight values of ε, each at its own best learning rate, and what becomes of
           each when the loss is multiplied by 128 (B6, third part).
Inputs     Four rules on digits whose pixels are stretched unequally, and then mixed (B6, first
           part, on data).

Every side of a comparison tries equally many learning rates and keeps the best: in ravines on 24
other starts, on digits by the loss on the validation images over five seeds. A seed draws the
division of the images, the starting weights, the stretching and the order. It takes about two
minutes:

    python experiments/10_rmsprop.py
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    parts,
    resplit,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.lab.training import batches
from course_lib.nn.initializers import he_normal, zeros
from course_lib.optim.adaptive import rotated
from course_lib.optim.paths import path
from course_lib.optim.rules import adagrad, gd, momentum, rmsprop
from course_lib.optim.signature import Rule, apply, slot_names
from course_lib.optim.surfaces import bowl

SEEDS = 24
TUNE = range(5)  # the seeds on which a learning rate is chosen, on digits
TRIES = 13  # learning rates, for every side of a comparison on digits
EPOCHS, BATCH = 10, 50

Params = dict[str, Tensor]


class Side(NamedTuple):
    """A rule with its settings, and the lowest of the learning rates that it tries."""

    rule: Rule
    lowest: float
    hyper: dict[str, float]
    scale: float = 1.0  # what the loss is multiplied by
    edge: str = ""  # why the best rate may be the last

    def rates(self, each: float = 10**0.5, tries: int = TRIES) -> list[float]:
        return [self.lowest * each**k for k in range(tries)]


# Ravines

CONDITIONS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]
ANGLES = [0, 1, 2, 5, 10, 20, 30, 45]
TURNED_CONDITION = 1000
NEAR, STEPS = 0.01, 4000
FINE, FINE_TRIES = 10**0.2, 19  # between neighbouring learning rates, and how many of them
STABLE = "a little beyond the last rate it diverges, at 2 and 3.8; at 10,000 none arrives"
RAVINE_SIDES = {
    "gradient descent": Side(gd, 1.95 / FINE**18, {}, edge=STABLE),
    "momentum": Side(momentum, 3.7 / FINE**18, {"beta": 0.9}, edge=STABLE),
    "RMSProp, β = 0.9": Side(rmsprop, 0.3 / FINE**18, {"beta": 0.9}),
    "RMSProp, β = 0.99": Side(rmsprop, 0.3 / FINE**18, {"beta": 0.99}),
}


def starts(seed: int) -> Tensor:
    """Return 24 points at a distance of 1 from the minimum, in random directions."""
    angle = 2 * math.pi * torch.rand(SEEDS, generator=generator(seed), dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


def steps_needed(points: Tensor) -> Tensor:
    """Return after how many steps paths `(steps + 1, ..., 2)` are within NEAR of 0 and stay there.

    STEPS + 1 for one that does not.
    """
    far = ~(points.norm(dim=-1) <= NEAR)  # NaN is far
    step = torch.arange(len(points)).view(-1, *[1] * (far.ndim - 1))
    return torch.where(far, step, -1).amax(dim=0) + 1


def cross(side: Side, gradient: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Choose the rate with the fewest steps in the mean over 24 starts; report on 24 others."""
    rates = torch.tensor(side.rates(FINE, FINE_TRIES), dtype=torch.float64)
    both = torch.cat([starts(1), starts(0)]).expand(FINE_TRIES, -1, -1)
    points = path(side.rule, gradient, both, steps=STEPS, lr=rates[:, None, None], **side.hyper)
    tuning, found = steps_needed(points).split(SEEDS, dim=1)
    best = best_setting({"lr": rates}, tuning, edge_allowed=side.edge)
    return {"lr": float(rates[best]), "steps": found[best]}


def measure_ravines() -> dict:
    conditions = {
        name: [cross(side, bowl(condition).gradient) for condition in CONDITIONS]
        for name, side in tqdm(RAVINE_SIDES.items(), desc="ravines")
    }
    ravine = bowl(TURNED_CONDITION)
    angles = {
        name: [cross(side, rotated(ravine, angle).gradient) for angle in ANGLES]
        for name, side in tqdm(RAVINE_SIDES.items(), desc="turned")
    }
    return {
        "near": NEAR,
        "longest": STEPS,
        "tries": FINE_TRIES,
        "conditions": CONDITIONS,
        "by_condition": conditions,
        "turned_condition": TURNED_CONDITION,
        "angles": ANGLES,
        "by_angle": angles,
    }


# Digits

HIDDEN = 32


def start_network(seed: int) -> Params:
    return networks.start((64, HIDDEN, 10), generator(2000 + seed), he_normal)


def start_one_layer(seed: int) -> Params:
    return networks.start((64, 10), generator(0), zeros)


def divide(seed: int) -> Dataset:
    return resplit(digits(), generator(seed))


class Task(NamedTuple):
    """Where a run starts and its data, both by seed."""

    start: Callable[[int], Params]
    data: Callable[[int], Dataset]

    def draw(self, seed: int) -> Run:
        return Run(self.start(seed), self.data(seed), generator(1000 + seed))


def train_runs(side: Side, rates: Sequence[float], seeds: Sequence[int], task: Task) -> Grid:
    """Train a run for each rate and seed."""
    return grid(
        network,
        draw_runs(task.draw, seeds),
        settings={"lr": rates},
        rule=side.rule,
        loss=lambda out, y: side.scale * cross_entropy(out, y),
        epochs=EPOCHS,
        batch_size=BATCH,
        **side.hyper,
    )


def tune(side: Side, task: Task) -> tuple[float, list[float]]:
    """Return the rate with the lowest mean validation loss, and the mean loss of each rate."""
    losses = train_runs(side, side.rates(), TUNE, task).last_loss().double().mean(dim=1)
    best = best_setting({"lr": side.rates()}, losses)
    return side.rates()[best], losses.clamp(max=1e6).tolist()  # JSON has no infinity


def measure(side: Side, task: Task) -> dict[str, Any]:
    """Choose the rate on five seeds, train all seeds at it, test them."""
    lr, by_rate = tune(side, task)
    found = train_runs(side, [lr], range(SEEDS), task)
    return {
        "lr": lr,
        "rates": side.rates(),
        "by_rate": by_rate,
        "test_accuracy": found.measure(accuracy)[0],
        "train_loss": found.history["train_loss"][0, :, -1].clamp(max=1e6).nan_to_num(nan=1e6),
    }


# What ε does

EPSILONS = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
SCALE = 128.0
DIGITS = Task(start_network, divide)


def scaled_accuracy(side: Side, lr: float) -> Tensor:
    """Return the test accuracy of all seeds when the loss is multiplied, at the same rate."""
    return train_runs(side._replace(scale=SCALE), [lr], range(SEEDS), DIGITS).measure(accuracy)[0]


def measure_eps() -> dict:
    sides = {f"{eps:g}": Side(rmsprop, 1e-5, {"beta": 0.99, "eps": eps}) for eps in EPSILONS}
    sides["gradient descent"] = Side(gd, 1e-4, {})
    result = {}
    for name, side in tqdm(sides.items(), desc="eps"):
        found = measure(side, DIGITS)
        result[name] = found | {"scaled_accuracy": scaled_accuracy(side, found["lr"])}
    return {"epsilons": EPSILONS, "scale": SCALE, "sides": result}


# How large gradients and steps are


def sizes(rule: Rule, lr: float, seed: int) -> Tensor:
    """Return how large each parameter's gradients and steps are in the third epoch, `(3, 2410)`.

    Root mean squares of gradients and of steps; and the root of what the rule remembers at the
    end, 0 for a rule that remembers nothing. From a run alone.
    """
    params, data = start_network(seed), divide(seed)
    slots = {name: (torch.zeros_like(p),) * len(slot_names(rule)) for name, p in params.items()}
    gradient = torch.func.grad(lambda params, x, y: cross_entropy(network(params, x), y))
    source, seen, t = generator(1000 + seed), [], 0
    for epoch in range(3):
        for x, y in batches(data.train, BATCH, source):
            t += 1
            g, moved = gradient(params, x, y), {}
            for name, p in params.items():
                moved[name], slots[name] = apply(rule, p, g[name], slots[name], t=t, lr=lr)
            if epoch == 2:
                flat = [torch.cat([of[k].flatten() for k in of]) for of in (g, moved, params)]
                seen.append(torch.stack([flat[0], flat[1] - flat[2]]))
            params = moved
    kept = [slots[name][0] if slots[name] else torch.zeros_like(p) for name, p in params.items()]
    root = torch.cat([s.flatten() for s in kept]).double().sqrt()
    return torch.cat([torch.stack(seen).double().square().mean(dim=0).sqrt(), root[None]])


def measure_sizes(rates: dict[Rule, float]) -> dict:
    """Return how much gradients and steps differ between parameters, and how they go together.

    `spread`: the 95 % quantile over the 5 % quantile. `slope`: by which power of the gradient the
    step grows, by least squares on logarithms. `roots`: the 5, 50 and 95 % quantiles of √s.
    Parameters that never move are left out.
    """
    result = {}
    for rule, lr in rates.items():
        found: dict[str, list] = {}
        for seed in tqdm(range(SEEDS), desc=f"sizes, {rule.__name__}"):
            of_all = sizes(rule, lr, seed)
            moving = of_all[:, (of_all[0] > 0) & (of_all[1] > 0)]
            low, high = moving.quantile(torch.tensor([0.05, 0.95]).double(), dim=1)
            spread, covariance = high / low, torch.cov(moving[:2].log())
            numbers = {
                "spread_of_gradients": spread[0],
                "spread_of_steps": spread[1],
                "median_step": moving[1].median(),
                "slope": covariance[0, 1] / covariance[0, 0],
                "roots": moving[2].quantile(torch.tensor([0.05, 0.5, 0.95]).double()),
            }
            for name, value in numbers.items():
                found.setdefault(name, []).append(value.tolist())
        result[rule.__name__] = {"lr": lr} | found
    return result


# Stretched and mixed inputs


def inputs(kind: str, seed: int) -> Dataset:
    """Return digits with centred pixels: "plain", "stretched" by 0.1 to 10 each, or then "mixed".

    Mixing multiplies each image by one random orthogonal matrix.
    """
    data, source = divide(seed), generator(3000 + seed)
    change = torch.eye(64)
    if kind in ("stretched", "mixed"):
        change = change * 10 ** (2 * torch.rand(64, generator=source) - 1)
    if kind == "mixed":
        change = change @ torch.linalg.qr(torch.randn(64, 64, generator=source)).Q
    mean = data.train.x.mean(dim=0)
    return Dataset("digits", *(Split((p.x - mean) @ change, p.y) for p in parts(data)))


KINDS = ("plain", "stretched", "mixed")
INPUT_SIDES = {
    "gradient descent": Side(gd, 1e-4, {}),
    "momentum": Side(momentum, 1e-5, {}),
    "AdaGrad": Side(adagrad, 1e-4, {}),
    "RMSProp": Side(rmsprop, 1e-5, {}),
}


def measure_inputs() -> dict:
    cells = list(product(KINDS, INPUT_SIDES.items()))
    result: dict[str, dict] = {kind: {} for kind in KINDS}
    for kind, (name, side) in tqdm(cells, desc="inputs"):
        result[kind][name] = measure(side, Task(start_one_layer, partial(inputs, kind)))
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    results = {
        "seeds": SEEDS,
        "tries": TRIES,
        "epochs": EPOCHS,
        "batch": BATCH,
        "ravines": measure_ravines(),
        "inputs": measure_inputs(),
        "eps": measure_eps(),
    }
    sides = results["eps"]["sides"]
    best = {gd: sides["gradient descent"]["lr"], rmsprop: sides["1e-08"]["lr"]}
    write_experiment(__file__, results | {"sizes": measure_sizes(best)})
