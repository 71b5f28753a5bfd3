"""Lesson 09's claims about averages and momentum, measured over 24 seeds or starts.

Series     How far an average of the noisy loss of a mini-batch lags, and how calm it is (B4).
Bowl       Iterations that gradient descent and momentum need on bowls, each at its best rate (B5).
Axes       What averaging does to the gradients of a network along its steepest axis (B5).
Digits     Networks trained with eight memories, each at its own best rate (B4, B5).

Rates are chosen on other seeds, or starts, than those that are reported. On digits a seed draws the
division into training, validation and test images, the starting weights and the order of the
images; the rate, and the best of the memories, have the lowest mean loss on the validation images
of ten seeds, and the loss on the test images of 24 others is reported. It takes about ten minutes:

    python experiments/09_momentum.py
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Run,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    resplit,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.nn.initializers import he_normal
from course_lib.optim.averages import best_momentum, ema
from course_lib.optim.paths import path
from course_lib.optim.rules import gd, momentum, momentum_ema, nesterov
from course_lib.optim.surfaces import bowl

SEEDS = 24
Params = dict[str, Tensor]


def start(sizes: Sequence[int], seed: int) -> Params:
    """Return He's weights and biases of 0."""
    return networks.start(sizes, generator(2000 + seed), he_normal)


TWO_LAYERS = [64, 32, 10]


# Series: the loss of mini-batches, and of all images beside it

SERIES = {"steps": 1000, "batch": 10, "lr": 0.03}
BETAS = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99]


def loss_series(seed: int, steps: int = SERIES["steps"]) -> tuple[Tensor, Tensor]:
    """Return the loss on each mini-batch before its step, and that on all images, `(steps,)` each.

    Images are drawn with replacement, so that what one batch has too much of, the next does not
    lack.
    """
    source = generator(seed)
    split = resplit(digits(), source).train
    params = [p.requires_grad_() for p in start(TWO_LAYERS, seed).values()]
    names, noisy, smooth = start(TWO_LAYERS, seed).keys(), [], []
    for _ in range(steps):
        chosen = torch.randint(len(split), (SERIES["batch"],), generator=source)
        loss = cross_entropy(
            network(dict(zip(names, params, strict=True)), split.x[chosen]), split.y[chosen]
        )
        with torch.no_grad():
            out = network(dict(zip(names, params, strict=True)), split.x)
            smooth.append(cross_entropy(out, split.y).item())
        noisy.append(loss.item())
        gradients = torch.autograd.grad(loss, params)
        params = [
            (p - SERIES["lr"] * g).detach().requires_grad_()
            for p, g in zip(params, gradients, strict=True)
        ]
    return torch.tensor(noisy, dtype=torch.float64), torch.tensor(smooth, dtype=torch.float64)


def best_shift(average: Tensor, smooth: Tensor, first: int, longest: int) -> int:
    """Return by how many steps the smooth series must be moved right to be nearest to the average.

    Steps before `first` are left out; it must not be below `longest`.
    """
    off = [
        (average[first:] - smooth[first - shift : len(smooth) - shift]).square().mean()
        for shift in range(longest + 1)
    ]
    return int(torch.stack(off).argmin())


def measure_series() -> dict:
    """Return how far averages lag, and what they leave of the noise, `(betas, seeds)` each.

    left: the mean square of the averaged noise over that of the noise, which is the loss of a
    mini-batch less the loss of all images at that moment.
    """
    lags, left, kept = [], [], None
    for seed in tqdm(range(SEEDS), desc="series"):
        noisy, smooth = loss_series(seed)
        kept = kept or {"noisy": noisy, "smooth": smooth}
        own_lags, own_left, noise = [], [], noisy - smooth
        for beta in BETAS:
            first = min(round(3 / (1 - beta)), 300)
            own_lags.append(best_shift(ema(noisy, beta), smooth, first, min(first, 250)))
            calmer = ema(noise, beta)[first:].square().mean()
            own_left.append(calmer / noise[first:].square().mean())
        lags.append(own_lags)
        left.append(torch.stack(own_left))
    return {
        "betas": BETAS,
        **SERIES,
        "series": kept,
        "lags": list(zip(*lags, strict=True)),
        "left": torch.stack(left, dim=1),
    }


# Bowl: iterations at the best rate of each side

CONDITIONS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
NEAR = 1e-3  # of the distance at the start
# Shares of the largest stable rate, closer together near 0 and near 1.
SHARES = torch.sigmoid(torch.linspace(-7, 7, 57, dtype=torch.float64))
Side = tuple[Callable, dict[str, float], float]  # rule, settings, largest stable rate


def bowl_sides(condition: float) -> dict[str, Side]:
    """Return what is compared on a bowl whose steepest curvature is 1."""
    sides: dict[str, Side] = {"gradient descent": (gd, {}, 2.0)}
    for beta in (0.5, 0.9, 0.99):
        sides[f"momentum, β = {beta}"] = (momentum, {"beta": beta}, 2 * (1 + beta))
    polyak = best_momentum(condition)[1]
    sides["momentum, Polyak's β"] = (momentum, {"beta": polyak}, 2 * (1 + polyak))
    sides["Nesterov, β = 0.9"] = (nesterov, {"beta": 0.9}, 2 * (1 + 0.9) / (1 + 2 * 0.9))
    return sides


def iterations(points: Tensor) -> Tensor:
    """Return after how many steps a run is near the minimum for good; infinity for never.

    points: `(steps + 1, ..., 2)`; returns `(...)`, float64. Near: `NEAR` times the first distance.
    """
    distance = points.norm(dim=-1)
    far = ~(distance <= NEAR * distance[0])  # so that NaN is far
    steps = torch.arange(len(points), dtype=torch.float64).view(-1, *[1] * (far.ndim - 1))
    last = torch.where(far, steps, -1.0).amax(dim=0)
    return (last + 1).masked_fill(last == len(points) - 1, torch.inf)


def starts(seed: int, count: int) -> Tensor:
    """Return random points to start from, `(count, 2)`."""
    return torch.randn(count, 2, generator=generator(seed), dtype=torch.float64)


def measure_bowl() -> dict:
    """Choose each side's rate on eight starts; count its iterations from 24 others."""
    found = {}
    for condition in tqdm(CONDITIONS, desc="bowl"):
        surface, steps = bowl(condition), 1500 + 5 * condition
        of_condition = {}
        for name, (rule, settings, bound) in bowl_sides(condition).items():
            rates = bound * SHARES
            tuning = starts(1, 8).expand(len(SHARES), 8, 2)
            run = partial(path, rule, surface.gradient, steps=steps, **settings)
            needed = iterations(run(tuning, lr=rates[:, None, None]))
            lr = float(rates[best_setting({"lr": rates}, needed)])
            counts = iterations(run(starts(0, SEEDS), lr=lr))
            of_condition[name] = {"lr": lr, **settings, "iterations": counts}
        found[str(condition)] = of_condition
    return {"near": NEAR, "conditions": CONDITIONS, "shares": SHARES, "found": found}


# Axes: the gradients of a network along its steepest axis, and along all others

AXES = {"rates": [0.3, 0.6, 1.0], "steps": 200, "first": 50, "beta": 0.9}


def gradients_of_descent(seed: int, lr: float) -> Tensor:
    """Return the gradients of plain gradient descent on all training images, `(steps, numbers)`."""
    split = resplit(digits(), generator(seed)).train
    names, params = zip(*start(TWO_LAYERS, seed).items(), strict=True)
    kept = []
    for _ in range(AXES["steps"]):
        leaves = [p.requires_grad_() for p in params]
        loss = cross_entropy(network(dict(zip(names, leaves, strict=True)), split.x), split.y)
        gradients = torch.autograd.grad(loss, leaves)
        params = [(p - lr * g).detach() for p, g in zip(params, gradients, strict=True)]
        kept.append(torch.cat([g.flatten() for g in gradients]).double())
    return torch.stack(kept)


def along_axes(gradients: Tensor) -> dict[str, Tensor]:
    """Return what averaging leaves of gradients along their most restless axis, and off it.

    The axis is the first principal direction of the changes from step to step. `steep` and `flat`
    are the root mean square of the average over that of the gradients; `turns` is the share of
    steps at which the gradient along the axis changes its sign.
    """
    first = AXES["first"]
    changes = gradients[first:].diff(dim=0)
    axis = torch.linalg.eigh(changes @ changes.T).eigenvectors[:, -1] @ changes
    axis = axis / axis.norm()
    averages = torch.func.vmap(partial(ema, beta=AXES["beta"]), in_dims=1, out_dims=1)(gradients)
    steep, steep_average = (g[first:] @ axis for g in (gradients, averages))
    flat = gradients[first:] - steep[:, None] * axis
    flat_average = averages[first:] - steep_average[:, None] * axis

    def left(average: Tensor, of: Tensor) -> Tensor:
        return (average.square().mean() / of.square().mean()).sqrt()

    return {
        "steep": left(steep_average, steep),
        "flat": left(flat_average, flat),
        "turns": (steep[1:] * steep[:-1] < 0).double().mean(),
    }


def measure_axes() -> dict:
    """Return the three measures of `along_axes` for each rate, `(seeds,)`."""
    found = {}
    for lr in AXES["rates"]:
        each = [
            along_axes(gradients_of_descent(seed, lr))
            for seed in tqdm(range(SEEDS), desc=f"axes, {lr}")
        ]
        found[str(lr)] = {name: torch.stack([one[name] for one in each]) for name in each[0]}
    return {**AXES, "found": found}


# Digits: eight memories

RATES = [2 ** (k / 2 - 4) for k in range(16)]  # of the form that averages
CELLS = {
    "2 layers, batches of 50": {"sizes": TWO_LAYERS, "batch_size": 50, "epochs": 10, "tune": 10},
    "5 layers, batches of 50": {
        "sizes": [64, 32, 32, 32, 32, 10],
        "batch_size": 50,
        "epochs": 10,
        "tune": 10,
    },
    "2 layers, all at once": {"sizes": TWO_LAYERS, "batch_size": 1000, "epochs": 100, "tune": 10},
}
MEMORIES = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]


def draw(sizes: Sequence[int], seed: int) -> Run:
    """Return where a run starts, its division of the images, and what draws their order."""
    return Run(start(sizes, seed), resplit(digits(), generator(seed)), generator(1000 + seed))


def measure_side(cell: dict, rule: Callable, betas: Sequence[float]) -> dict:
    """For each beta choose the rate on seeds of its own, then train the 24 seeds at it."""
    rates, betas = torch.tensor(RATES), torch.tensor(betas)
    scale = torch.ones_like(betas) if rule is momentum_ema else 1 - betas
    of_cell = partial(draw, cell["sizes"])
    tuning, reported = draw_runs(of_cell, range(500, 500 + cell["tune"])), range(SEEDS)
    train = partial(
        grid, network, rule=rule, epochs=cell["epochs"], batch_size=cell["batch_size"], chunk=84
    )
    tried = {"lr": (scale[:, None] * rates).flatten(), "beta": betas.repeat_interleave(len(rates))}
    means = train(tuning, settings=tried).last_loss().mean(dim=1).view(len(betas), len(rates))
    chosen = [best_setting({"lr": RATES}, of_beta) for of_beta in means]
    settings = {"lr": scale * rates[chosen], "beta": betas}
    found = train(draw_runs(of_cell, reported), settings=settings)
    whole = found.history["train_loss"].nan_to_num(torch.inf, torch.inf)
    losses, accuracies = found.measure(cross_entropy), found.measure(accuracy)
    return {
        i: {
            "lr": RATES[chosen[i]],
            "by_rate": [float(mean) if mean < 1e3 else None for mean in means[i]],
            "tuned_loss": float(means[i, chosen[i]]),
            "train_loss": whole[i, :, :: max(1, cell["epochs"] // 20)],
            "validation_loss": found.history["validation_loss"][i, :, -1],
            "test_loss": losses[i],
            "test_accuracy": accuracies[i],
            "whole": whole[i],
        }
        for i in range(len(betas))
    }


def reached(losses: Tensor, goals: Tensor) -> list[int | None]:
    """Return the first epoch at which each run's loss is at its goal or below; None for never.

    losses: `(runs, epochs + 1)`. goals: `(runs,)`.
    """
    there = losses <= goals[:, None]
    return [int(run.double().argmax()) if run.any() else None for run in there]


def measure_digits() -> dict:
    """Train with each memory in each cell. Rates are those of the form that averages."""
    result = {}
    for title, cell in tqdm(CELLS.items(), desc="digits"):
        by_beta = measure_side(cell, momentum_ema, MEMORIES)
        sides = {f"β = {beta:g}": by_beta[i] for i, beta in enumerate(MEMORIES)}
        sides["Nesterov, β = 0.9"] = measure_side(cell, nesterov, [0.9])[0]
        goals = sides["β = 0"]["whole"][:, -1]
        for side in sides.values():
            side["reached"] = reached(side.pop("whole"), goals)
        result[title] = {**cell, "sides": sides}
    return {"rates": RATES, "found": result}


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    results = {
        "series": measure_series(),
        "bowl": measure_bowl(),
        "axes": measure_axes(),
        "digits": measure_digits(),
    }
    write_experiment(__file__, {"seeds": SEEDS, **results})
