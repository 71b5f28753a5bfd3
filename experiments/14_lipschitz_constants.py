"""Lesson 14: a bound and the true norms in training, and whether a bounded constant is a lever.

Training   A network of three layers on digits: the product of its norms, and the norm of its
           Jacobian at test images, from epoch to epoch (how loose a product is).
Caps       The same network with each layer's norm capped, at four values, without a cap, and
           without a cap on noisy images: accuracy on clean and on noisy test images, certified
           radii, and how far an attack has to go (C2, the part on the Lipschitz constant).
Deep       tanh networks of 3, 6 and 10 layers, started as usual, three times as large, with every
           layer's norm held at 1 or at 2, with orthogonal weights, held or not, and
           with a residual shortcut: what is learnt.

Every side tries nine learning rates, and more where the best is at an end. It keeps the one with
the fewest errors on the validation images of tuning seeds; test images of other seeds report. In
Caps and at ten layers it then tries finer steps around that rate, keeps the best, and reports once
more. In Caps rates are chosen once on clean and once on noisy images, for what is reported on each.
A seed draws the division of the images, the starting weights, the noise and the order. About five
minutes of one thread:

    python experiments/14_lipschitz_constants.py
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import jacrev, vmap
from tqdm.auto import tqdm

from course_lib.analysis import exact_norm, lower_norm_by_squaring
from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Split,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    each_run,
    generator,
    grid,
    networks,
    noise,
    resplit,
    sweep,
    write_experiment,
)
from course_lib.nn.biases import affine
from course_lib.nn.initializers import lecun_normal, orthogonal

SEEDS = 20
TUNE = range(500, 506)
STEP, TRIES, MORE, MOST = 10 ** (1 / 6), 9, 3, 18
FINER = [STEP ** (k / 3) for k in range(-2, 3)]  # between the neighbours of the best
BATCH = 50

Params = dict[str, Tensor]
Forward = Callable[[Params, Tensor], Tensor]
Tuning = Callable[[list[float]], Tensor]  # from rates to validation errors, (rates, seeds)


def rates(lowest: float) -> list[float]:
    return [lowest * STEP**k for k in range(TRIES)]


def error(out: Tensor, y: Tensor) -> Tensor:
    return 1 - accuracy(out, y)


def tried(lowest: float, tuning: Tuning) -> tuple[list[float], Tensor]:
    """Return rates and their errors, more of them where the best is at an end and it learns."""
    lrs = rates(lowest)
    errors = tuning(lrs).mean(dim=1)
    while len(lrs) < MOST and errors.min() < UNTRAINED:
        low, high = (errors[[0, -1]] == errors.min()).tolist()
        if not low and not high:
            break
        start = lrs[0] / STEP**MORE if low else lrs[-1] * STEP
        beyond = [start * STEP**k for k in range(MORE)]
        found = tuning(beyond).mean(dim=1)
        lrs = beyond + lrs if low else lrs + beyond
        errors = torch.cat([found, errors] if low else [errors, found])
    return lrs, errors


def best_rates(lowest: float, tuning: Tuning, finer: bool = True) -> dict[str, Any]:
    """Return the rates that were tried, their errors, and the best of the grid, or of both."""
    coarse, by_rate = tried(lowest, tuning)
    lost = by_rate.min() > UNTRAINED
    reason = "at no rate does it learn, so that all are alike" if lost else ""
    best = coarse[best_setting({"lr": coarse}, by_rate, edge_allowed=reason)]
    result = {"rates": [coarse], "by_rate": [by_rate], "lr": [best]}
    if finer:
        fine = [best * factor for factor in FINER]
        errors = tuning(fine).mean(dim=1)
        inside = "beyond both ends lie rates of the coarse grid"
        again = fine[best_setting({"lr": fine}, errors, edge_allowed=inside)]
        for key, value in zip(result, (fine, errors, again), strict=True):
            result[key].append(value)
    return result


UNTRAINED = 0.5  # a share of wrong answers above which nothing useful was learnt


# A norm that training goes through

SQUARINGS = 5  # worth 32 rounds of power iteration
BEGIN = {h: torch.randn(h, generator=generator(7)) for h in (32, 10)}  # by the outputs of a layer


def norm_from_below(weight: Tensor) -> Tensor:
    """Return the norm of a layer's weights as it is found, never above σ_max, up to rounding.

    Little is missing unless the two largest singular values are close.
    """
    begin = BEGIN[weight.shape[0]].to(weight.device)
    return lower_norm_by_squaring(weight, begin, SQUARINGS)


def capped(params: Params, cap: float) -> Params:
    """Return the parameters with every weight matrix of a norm above `cap` scaled down to it."""
    return {
        name: p / torch.clamp(norm_from_below(p) / cap, min=1) if p.ndim == 2 else p
        for name, p in params.items()
    }


def capped_network(cap: float, params: Params, x: Tensor) -> Tensor:
    return networks.network(capped(params, cap), x)


# Training

SIZES = (64, 32, 32, 10)
EPOCHS = 16
MOMENTS = (0, 1, 2, 4, 8, 16, 32)
LOOKED_AT = 50  # test images at which the Jacobian is built


def start(seed: int) -> Params:
    return networks.start(SIZES, generator(2000 + seed))


def draw(seed: int) -> Run:
    return Run(start(seed), resplit(digits(), generator(seed)), generator(1000 + seed))


def upper(params: Params) -> Tensor:
    """Return the product of the norms of all layers, `(...,)`."""
    return torch.stack([exact_norm(p.double()) for n, p in params.items() if n[0] == "W"]).prod(0)


def local_norms(forward: Forward, params: Params, x: Tensor) -> Tensor:
    """Return the norm of the Jacobian at each example, `(runs, n)`. params: `(runs, ...)`."""

    def one(params: Params, x: Tensor) -> Tensor:
        return jacrev(lambda x: forward(params, x[None])[0])(x)

    return exact_norm(vmap(vmap(one, in_dims=(None, 0)))(params, x).double())


def measure_training(lr: float) -> dict[str, Any]:
    """Return what becomes of the bound and of the norms at test images, `(moments, seeds)`."""
    runs = draw_runs(draw, range(SEEDS))
    params, found, epoch = runs.start, {}, 0
    for moment in MOMENTS:
        if moment > epoch:
            params, _ = sweep(
                networks.network, params, runs.data, generators=runs.orders, label=None,
                epochs=moment - epoch, batch_size=BATCH, lr=lr,
            )  # fmt: skip
            epoch = moment
        local = local_norms(networks.network, params, runs.data.test.x[:, :LOOKED_AT])
        numbers = {
            "upper": upper(params),
            "largest": local.amax(dim=1),
            "median": local.median(dim=1).values,
            "test_accuracy": each_run(accuracy, networks.network, params, runs.data.test),
        }
        for name, values in numbers.items():
            found.setdefault(name, []).append(values)
    return {"lr": lr, "moments": MOMENTS} | found


# Caps

KINDS = ("clean", "noisy")  # of images
LEVEL = 0.5  # standard deviation of the noise, in units of full ink


class Side(NamedTuple):
    """A network, the lowest rate it tries, and the noise on its training images."""

    forward: Forward
    cap: float | None
    lowest: float
    noise: float = 0.0


CAPS = {f"cap {cap:g}": cap for cap in (0.5, 1.0, 2.0, 4.0)}
CAP_SIDES = {
    "no cap": Side(networks.network, None, 0.08),
    **{
        name: Side(partial(capped_network, cap), cap, lowest=0.12 * cap**-0.5)
        for name, cap in CAPS.items()
    },
    "noisy images": Side(networks.network, None, 0.022, LEVEL),
}


def noisy(split: Split, level: float, seed: int) -> Split:
    return Split(noise(split.x, level, generator(3000 + seed)), split.y)


def draw_noisy(level: float, seed: int) -> Run:
    """Return a run whose training images are noisy; its other images are clean."""
    run = draw(seed)
    data = Dataset("digits", noisy(run.data.train, level, seed), run.data.validation, run.data.test)
    return run._replace(data=data)


def train(side: Side, lrs: Sequence[float], seeds: Sequence[int]) -> Grid:
    runs = draw_runs(partial(draw_noisy, side.noise), seeds)
    return grid(side.forward, runs, settings={"lr": lrs}, epochs=EPOCHS, batch_size=BATCH)


def errors(found: Grid, part: str) -> dict[str, Tensor]:
    """Return the share of wrong answers on clean and on noisy images, `(settings, seeds)`."""
    data = found.data
    split = getattr(data, part)
    rough = Split(noise(split.x, LEVEL, generator(4000)), split.y)
    made = Dataset(data.name, data.train, data.validation, rough)
    other = Grid(found.forward, found.params, found.history, made)
    return {"clean": found.measure(error, part), "noisy": other.measure(error, "test")}


REACH = torch.cat([torch.zeros(1), 0.01 * 1.03 ** torch.arange(240)])  # of an attack, to 11.8


def radii(side: Side, params: Params, split: Split) -> dict[str, float]:
    """Return medians over the right answers of one run: certified, and found by an attack.

    Certified is the margin over √2 times the product of the norms: within it no image changes
    its class. The attack walks straight down the gradient of the margin between the two highest
    outputs, until the class changes: the nearest such image is no farther. An image whose class it
    never changes counts with the longest reach, `unmoved` says how many do.
    """
    true = params if side.cap is None else capped(params, side.cap)

    def margin(x: Tensor) -> Tensor:
        high = networks.network(true, x).topk(2, dim=1).values
        return high[:, 0] - high[:, 1]

    out = networks.network(true, split.x)
    right = out.argmax(dim=1) == split.y
    x, y = split.x[right], split.y[right]
    slope = torch.func.grad(lambda x: margin(x).sum())(x)
    way = slope / slope.norm(dim=1, keepdim=True).clamp(min=1e-30)
    flipped = torch.stack(
        [networks.network(true, x - reach * way).argmax(dim=1) != y for reach in REACH]
    )
    moved = flipped.any(dim=0)
    at = torch.where(moved, flipped.int().argmax(dim=0), len(REACH) - 1)
    certified = margin(x).double() / (2**0.5 * upper(true))
    by_attack = REACH[at].double()
    return {
        "certified": certified.median().item(),
        "attack": by_attack.median().item(),
        "unmoved": (~moved).sum().item(),
        "broken": (certified > by_attack * 1.0001).sum().item(),
        "upper": upper(true).item(),
    }


def measure_cap(name: str) -> dict[str, Any]:
    """Return what a side reaches on clean and on noisy images, at the best rate of each grid."""
    side = CAP_SIDES[name]

    @cache
    def tuning(lrs: tuple[float, ...]) -> dict[str, Tensor]:
        return errors(train(side, lrs, TUNE), "validation")

    result: dict[str, Any] = {
        kind: best_rates(side.lowest, lambda lrs, kind=kind: tuning(tuple(lrs))[kind])
        for kind in KINDS
    }
    places = {kind: [result[kind]["lr"], k] for k, kind in enumerate(KINDS)}
    found = train(side, [lr for lrs, _ in places.values() for lr in lrs], range(SEEDS))
    measured = errors(found, "test")
    for kind, (lrs, k) in places.items():
        result[kind]["test_error"] = measured[kind][k * len(lrs) : (k + 1) * len(lrs)]
    of_runs = [
        [radii_of(side, found, place, seed) for seed in range(SEEDS)]
        for place in range(len(result["clean"]["lr"]))  # chosen on clean images
    ]
    result["radii"] = [{key: [of[key] for of in runs] for key in runs[0]} for runs in of_runs]
    return result


def radii_of(side: Side, found: Grid, place: int, seed: int) -> dict[str, float]:
    test = found.data.test
    params = {name: p[place, seed] for name, p in found.params.items()}
    return radii(side, params, Split(test.x[seed], test.y[seed]))


# Deep networks

WIDTH = 32
DEPTHS = (3, 6, 10)
DEEP_EPOCHS, DEEP_BATCH = 12, 100


def deep(params: Params, x: Tensor) -> Tensor:
    return networks.network(params, x, torch.tanh)


def held(params: Params, size: float) -> Params:
    """Return the parameters with the norm of every weight matrix at `size`, as far as it is found.

    What `norm_from_below` misses is too much.
    """
    return {n: size * p / norm_from_below(p) if p.ndim == 2 else p for n, p in params.items()}


def deep_held(size: float, params: Params, x: Tensor) -> Tensor:
    return deep(held(params, size), x)


def deep_residual(params: Params, x: Tensor) -> Tensor:
    """A layer, then x + tanh(W x + b)/L for each hidden layer, then the outputs."""
    layers = len(params) // 2
    x = torch.tanh(affine(x, params["W1"], params["b1"]))
    for k in range(2, layers):
        x = x + torch.tanh(affine(x, params[f"W{k}"], params[f"b{k}"])) / (layers - 2)
    return affine(x, params[f"W{layers}"], params[f"b{layers}"])


class DeepSide(NamedTuple):
    """A deep network, how it starts, the lowest rate it tries, and where its norms are held."""

    forward: Forward
    initializer: Callable[..., Tensor]
    gain: float
    lowest: float
    held: float | None = None


def held_at(size: float, initializer: Callable[..., Tensor], lowest: float) -> DeepSide:
    return DeepSide(partial(deep_held, size), initializer, 1.0, lowest, size)


DEEP_SIDES = {
    "as usual": DeepSide(deep, lecun_normal, 1.0, 0.1),
    "three times as large": DeepSide(deep, lecun_normal, 3.0, 0.05),
    "norms held at 1": held_at(1.0, lecun_normal, 0.15),
    "norms held at 2": held_at(2.0, lecun_normal, 0.04),
    "orthogonal": DeepSide(deep, orthogonal, 1.0, 0.07),
    "orthogonal, held at 1": held_at(1.0, orthogonal, 0.06),
    "residual, 1/L": DeepSide(deep_residual, lecun_normal, 1.0, 0.07),
}


def draw_deep(side: DeepSide, depth: int, seed: int) -> Run:
    sizes = (64, *[WIDTH] * (depth - 1), 10)
    begin = networks.start(sizes, generator(2000 + seed), side.initializer)
    begin = {name: side.gain * p for name, p in begin.items()}
    return Run(begin, resplit(digits(), generator(seed)), generator(1000 + seed))


def train_deep(side: DeepSide, depth: int, lrs: Sequence[float], seeds: Sequence[int]) -> Grid:
    runs = draw_runs(partial(draw_deep, side, depth), seeds)
    plan = {"epochs": DEEP_EPOCHS, "batch_size": DEEP_BATCH}
    return grid(side.forward, runs, settings={"lr": lrs}, **plan)


def largest_norm(side: DeepSide, params: Params) -> Tensor:
    """Return the largest σ_max of a layer that a network calculates with, `(...,)`."""
    if side.held is not None:
        params = vmap(vmap(partial(held, size=side.held)))(params)
    return torch.stack([exact_norm(p.double()) for n, p in params.items() if n[0] == "W"]).amax(0)


def measure_deep(depth: int, name: str) -> dict[str, Any]:
    """Return what a side of a depth reaches at the best rate of each grid, and its norms."""
    side = DEEP_SIDES[name]
    result = best_rates(
        side.lowest,
        lambda lrs: train_deep(side, depth, lrs, TUNE).measure(error, "validation"),
        finer=depth == max(DEPTHS),
    )
    found = train_deep(side, depth, result["lr"], range(SEEDS))
    runs = draw_runs(partial(draw_deep, side, depth), range(SEEDS))
    local = local_norms(side.forward, runs.start, runs.data.test.x[:, :10])
    return result | {
        "test_accuracy": found.measure(accuracy),
        "largest_norm": largest_norm(side, found.params),
        "norm_at_start": local.median(dim=1).values,
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    caps = {name: measure_cap(name) for name in tqdm(CAP_SIDES)}
    cells = [(name, depth) for name in DEEP_SIDES for depth in DEPTHS]
    found = {(name, depth): measure_deep(depth, name) for name, depth in tqdm(cells)}
    results = {
        "seeds": SEEDS,
        "tuning_seeds": len(TUNE),
        "tries": TRIES,
        "epochs": EPOCHS,
        "batch": BATCH,
        "level": LEVEL,
        "caps": caps,
        "training": measure_training(caps["no cap"]["clean"]["lr"][0]),
        "depths": DEPTHS,
        "deep": {name: [found[name, depth] for depth in DEPTHS] for name in DEEP_SIDES},
    }
    write_experiment(__file__, results)
