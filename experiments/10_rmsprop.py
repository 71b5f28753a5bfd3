"""Lesson 10's claims about RMSProp, measured: on ravines from 24 starts, on digits over 24 seeds.

Ravines    How many steps gradient descent, momentum and RMSProp need in quadratic ravines of eight
           condition numbers, and in one that is turned step by step out of the axes (B6, first
           part).
Sizes      How large the gradients of a network's weights are, and how large their steps (B6,
           second part).
Eps        RMSProp with eight values of ε, each at its own best learning rate, and what becomes of
           each when the loss is multiplied by 128 (B6, third part).
Inputs     Five rules on digits whose pixels are stretched unequally, and then mixed (B6, first
           part, on data; Zeiler). Two rules that stand between RMSProp and AdaGrad, "corrected" and
           "falling", are there to tell causes.

Every side of a comparison tries equally many learning rates and keeps the best. Starts and seeds on
which it is chosen are never reported. It is chosen by what is reported: in ravines by the mean
number of steps, on the inputs by the training loss, for ε by the loss on held-out images
(validation images choose, test images report). A seed draws the division of the images, the
starting weights, the stretching and the order. It takes about six minutes:

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
from course_lib.optim.averages import best_momentum
from course_lib.optim.correction import rmsprop_by_adam
from course_lib.optim.paths import path
from course_lib.optim.rules import adagrad, adam, gd, momentum, nesterov, rmsprop
from course_lib.optim.signature import Rule, apply, slot_names
from course_lib.optim.surfaces import bowl

SEEDS = 24
TUNE = range(500, 510)  # the seeds on which a learning rate is chosen, on digits
TRIES, STEP = 25, 10 ** (1 / 6)  # learning rates of every side on digits, and from one to the next
EPOCHS, BATCH = 10, 50

Params = dict[str, Tensor]


class Side(NamedTuple):
    """A rule with its settings, and the lowest of the learning rates that it tries."""

    rule: Rule
    lowest: float
    hyper: dict[str, float]
    scale: float = 1.0  # what the loss is multiplied by

    def rates(self) -> list[float]:
        return [self.lowest * STEP**k for k in range(TRIES)]


# Ravines

CONDITIONS = [1, 3, 10, 30, 100, 300, 1000, 3000]
ANGLES = [0, 1, 2, 5, 10, 20, 30, 45]
TURNED_CONDITION = 1000
NEAR, STEPS = 0.01, 8000
# Shares of the largest stable rate, closer together near 0 and 1; and rates where there is none.
SHARES = torch.sigmoid(torch.linspace(-9, 9, 57, dtype=torch.float64))
FREE = 1e-4 * 10 ** (torch.arange(57, dtype=torch.float64) / 16)


class Racer(NamedTuple):
    """A rule with its settings, and the learning rates that it tries."""

    rule: Rule
    rates: Tensor
    hyper: dict[str, float]


def racers(condition: float) -> dict[str, Racer]:
    """Return what is compared in a ravine whose steepest curvature is 1."""
    polyak = best_momentum(condition)[1]
    return {
        "gradient descent": Racer(gd, 2.0 * SHARES, {}),
        "momentum, β = 0.9": Racer(momentum, 2 * (1 + 0.9) * SHARES, {"beta": 0.9}),
        "momentum, Polyak's β": Racer(momentum, 2 * (1 + polyak) * SHARES, {"beta": polyak}),
        "RMSProp, β = 0.9": Racer(rmsprop, FREE, {"beta": 0.9}),
        "RMSProp, β = 0.99": Racer(rmsprop, FREE, {"beta": 0.99}),
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


def cross(racer: Racer, gradient: Callable[[Tensor], Tensor]) -> dict[str, Any]:
    """Choose the rate with the fewest steps in the mean over 24 starts; report on 24 others."""
    run = partial(path, racer.rule, gradient, steps=STEPS, **racer.hyper)
    tuning = starts(1).expand(len(racer.rates), -1, -1)
    needed = steps_needed(run(tuning, lr=racer.rates[:, None, None]))
    lr = float(racer.rates[best_setting({"lr": racer.rates}, needed)])
    return {"lr": lr, **racer.hyper, "steps": steps_needed(run(starts(0), lr=lr))}


def measure_ravines() -> dict:
    conditions: dict[str, list] = {name: [] for name in racers(1)}
    angles: dict[str, list] = {name: [] for name in racers(1)}
    for condition in tqdm(CONDITIONS, desc="ravines"):
        for name, racer in racers(condition).items():
            conditions[name].append(cross(racer, bowl(condition).gradient))
    for angle in tqdm(ANGLES, desc="turned"):
        turned = rotated(bowl(TURNED_CONDITION), angle)
        for name, racer in racers(TURNED_CONDITION).items():
            angles[name].append(cross(racer, turned.gradient))
    return {
        "near": NEAR,
        "longest": STEPS,
        "tries": len(SHARES),
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


def last(found: Grid, part: str) -> Tensor:
    """Return the loss at the end on a part of the data, `(rates, seeds)`; a million at the most."""
    return found.measure(cross_entropy, part).double().nan_to_num(nan=1e6).clamp(max=1e6)


def measure(side: Side, task: Task, on: tuple[str, str]) -> dict[str, Any]:
    """Choose the rate on the tuning seeds, and train all others at it.

    on: the part of the data whose loss chooses the rate, and the part whose loss is reported.
    """
    tuning = last(train_runs(side, side.rates(), TUNE, task), on[0])
    lr = side.rates()[best_setting({"lr": side.rates()}, tuning)]
    found = train_runs(side, [lr], range(SEEDS), task)
    return {
        "lr": lr,
        "rates": side.rates(),
        "by_rate": tuning.mean(dim=1),
        "loss": last(found, on[1])[0],
        "test_accuracy": found.measure(accuracy)[0],
    }


# What ε does

EPSILONS = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
SCALE = 128.0
DIGITS = Task(start_network, divide)


def scaled_accuracy(side: Side, lr: float) -> Tensor:
    """Return the test accuracy of all seeds when the loss is multiplied, at the same rate."""
    return train_runs(side._replace(scale=SCALE), [lr], range(SEEDS), DIGITS).measure(accuracy)[0]


def measure_eps() -> dict:
    sides = {
        f"{eps:g}": Side(rmsprop, 1e-4 * max(1, eps / 0.01), {"beta": 0.99, "eps": eps})
        for eps in EPSILONS
    }
    sides["gradient descent"] = Side(gd, 0.01, {})
    result = {}
    for name, side in tqdm(sides.items(), desc="eps"):
        found = measure(side, DIGITS, ("validation", "test"))
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


def corrected(p, g, s, *, t, lr, beta=0.99, eps=1e-8):
    """Return the parameter and s after a step of RMSProp without its long first steps.

    Before s divides, it is itself divided by 1 − βᵗ, the sum of its weights, as Adam does.
    """
    return rmsprop_by_adam(adam, p, g, s, t=t, lr=lr, beta=beta, eps=eps)


def falling(p, g, s, *, t, lr, beta=0.99, eps=1e-8):
    """Return the same with the learning rate lr/√t: AdaGrad, but for a memory that forgets."""
    return corrected(p, g, s, t=t, lr=lr / t**0.5, beta=beta, eps=eps)


KINDS = ("plain", "stretched", "mixed")
INPUT_SIDES = {
    "gradient descent": Side(gd, 0.1, {}),
    "momentum": Side(momentum, 0.01, {}),
    "Nesterov": Side(nesterov, 0.01, {}),
    "AdaGrad": Side(adagrad, 0.01, {}),
    "RMSProp": Side(rmsprop, 0.001, {}),
    "corrected": Side(corrected, 0.001, {}),
    "falling": Side(falling, 0.01, {}),
}


def measure_inputs() -> dict:
    cells = list(product(KINDS, INPUT_SIDES.items()))
    result: dict[str, dict] = {kind: {} for kind in KINDS}
    for kind, (name, side) in tqdm(cells, desc="inputs"):
        task = Task(start_one_layer, partial(inputs, kind))
        result[kind][name] = measure(side, task, ("train", "train"))
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    results = {
        "seeds": SEEDS,
        "tries": TRIES,
        "epochs": EPOCHS,
        "batch": BATCH,
        "inputs": measure_inputs(),
        "eps": measure_eps(),
        "ravines": measure_ravines(),
    }
    sides = results["eps"]["sides"]
    best = {gd: sides["gradient descent"]["lr"], rmsprop: sides["1e-08"]["lr"]}
    write_experiment(__file__, results | {"sizes": measure_sizes(best)})
