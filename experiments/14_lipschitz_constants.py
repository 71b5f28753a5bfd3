"""Lesson 14: a bound and the true norms in training, and whether a bounded constant is a lever.

Training   A network of three layers on digits: the product of its norms, and the norm of its
           Jacobian at test images, from epoch to epoch (how loose a product is).
Caps       The same network with each layer's norm capped, at four values, without a cap, and
           without a cap on noisy images: accuracy on clean and on noisy test images, certified
           radii, and how far an attack has to go (C2, the part on the Lipschitz constant).
Deep       tanh networks of 3 and 10 layers, started as usual, three times as large, with every
           layer's norm held at 1, orthogonally, and with a residual shortcut: what is learnt.

Every side tries equally many learning rates and keeps the one with the fewest errors on the
validation images of tuning seeds; test images of other seeds report. In Caps it is chosen once on
clean and once on noisy images, for what is reported on each. A seed draws the division of the
images, the starting weights, the noise and the order. About eight minutes:

    python experiments/14_lipschitz_constants.py
"""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import jacrev, vmap
from tqdm.auto import tqdm

from course_lib.analysis import exact_norm
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

SEEDS = 24
TUNE = range(500, 504)
STEP = 10 ** (1 / 6)
TRIES = 17
BATCH = 50
WORKERS = 6  # processes of one thread each

Params = dict[str, Tensor]
Forward = Callable[[Params, Tensor], Tensor]


def rates(lowest: float) -> list[float]:
    return [lowest * STEP**k for k in range(TRIES)]


def error(out: Tensor, y: Tensor) -> Tensor:
    return 1 - accuracy(out, y)


# A norm that training goes through

ROUNDS = 5
BEGIN = {d: torch.randn(d, generator=generator(7)) for d in (64, 32)}  # by the inputs of a layer


def norm_from_below(weight: Tensor) -> Tensor:
    """Return `uᵀ W v` for the v and u of five rounds of power iteration, which gradients leave be.

    A little below σ_max. Source: Miyato and others (2018), who keep one round a step and its u.
    """
    with torch.no_grad():
        fixed = weight.detach()
        v = BEGIN[weight.shape[1]].to(weight.device)
        for _ in range(ROUNDS):
            u = fixed @ v
            u = u / u.norm()
            v = fixed.T @ u
            v = v / v.norm()
    return u @ weight @ v


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

LEVEL = 0.5  # standard deviation of the noise, in units of full ink


class Side(NamedTuple):
    """A network, the lowest rate it tries, and the noise on its training images."""

    forward: Forward
    cap: float | None
    lowest: float
    noise: float = 0.0


CAPS = {f"cap {cap:g}": cap for cap in (0.5, 1.0, 2.0, 4.0)}
CAP_SIDES = {
    "no cap": Side(networks.network, None, 0.01),
    **{name: Side(partial(capped_network, cap), cap, 0.1 / cap) for name, cap in CAPS.items()},
    "noisy images": Side(networks.network, None, 0.01, LEVEL),
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
    outputs, until the class changes: the nearest such image is no farther.
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
    at = torch.where(flipped.any(dim=0), flipped.int().argmax(dim=0), len(REACH) - 1)
    certified = margin(x).double() / (2**0.5 * upper(true))
    by_attack = REACH[at].double()
    return {
        "certified": certified.median().item(),
        "attack": by_attack.median().item(),
        "certified_share": (certified / by_attack).median().item(),
        "broken": (certified > by_attack * 1.0001).sum().item(),
        "upper": upper(true).item(),
    }


def measure_cap(name: str) -> dict[str, Any]:
    side, lrs = CAP_SIDES[name], rates(CAP_SIDES[name].lowest)
    tuning = errors(train(side, lrs, TUNE), "validation")
    result: dict[str, Any] = {"rates": lrs}
    for kind in ("clean", "noisy"):
        lr = lrs[best_setting({"lr": lrs}, tuning[kind])]
        found = train(side, [lr], range(SEEDS))
        result[kind] = {
            "lr": lr,
            "by_rate": tuning[kind].mean(dim=1),
            "test_error": errors(found, "test")[kind][0],
        }
        if kind == "clean":
            of_runs = [radii_of(side, found, seed) for seed in range(SEEDS)]
            result["radii"] = {key: [of[key] for of in of_runs] for key in of_runs[0]}
    return result


def radii_of(side: Side, found: Grid, seed: int) -> dict[str, float]:
    test = found.data.test
    params = {name: p[0, seed] for name, p in found.params.items()}
    return radii(side, params, Split(test.x[seed], test.y[seed]))


# Deep networks

WIDTH = 32
DEPTHS = (3, 10)
DEEP_EPOCHS, DEEP_BATCH = 12, 100
DEEP_TUNE = range(500, 503)


def deep(params: Params, x: Tensor) -> Tensor:
    return networks.network(params, x, torch.tanh)


def deep_held(params: Params, x: Tensor) -> Tensor:
    """The network with the norm of each matrix held at 1 (a little above, as it is estimated)."""
    held = {n: p / norm_from_below(p) if p.ndim == 2 else p for n, p in params.items()}
    return deep(held, x)


def deep_residual(params: Params, x: Tensor) -> Tensor:
    """A layer, then x + tanh(W x + b)/L for each hidden layer, then the outputs."""
    layers = len(params) // 2
    x = torch.tanh(affine(x, params["W1"], params["b1"]))
    for k in range(2, layers):
        x = x + torch.tanh(affine(x, params[f"W{k}"], params[f"b{k}"])) / (layers - 2)
    return affine(x, params[f"W{layers}"], params[f"b{layers}"])


class DeepSide(NamedTuple):
    """A deep network, and how it starts."""

    forward: Forward
    initializer: Callable[..., Tensor]
    gain: float
    lowest: float


DEEP_SIDES = {
    "as usual": DeepSide(deep, lecun_normal, 1.0, 0.005),
    "three times as large": DeepSide(deep, lecun_normal, 3.0, 0.01),
    "norms held at 1": DeepSide(deep_held, lecun_normal, 1.0, 0.02),
    "orthogonal": DeepSide(deep, orthogonal, 1.0, 0.005),
    "residual, 1/L": DeepSide(deep_residual, lecun_normal, 1.0, 0.02),
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


UNTRAINED = 0.5  # a share of wrong answers above which nothing useful was learnt


def measure_deep(depth: int, name: str) -> dict[str, Any]:
    side, lrs = DEEP_SIDES[name], rates(DEEP_SIDES[name].lowest)
    tuning = train_deep(side, depth, lrs, DEEP_TUNE).measure(error, "validation")
    lost = tuning.mean(dim=1).min() > UNTRAINED
    reason = "at no rate does it learn, so that all are alike" if lost else ""
    lr = lrs[best_setting({"lr": lrs}, tuning, edge_allowed=reason)]
    found = train_deep(side, depth, [lr], range(SEEDS))
    runs = draw_runs(partial(draw_deep, side, depth), range(SEEDS))
    local = local_norms(side.forward, runs.start, runs.data.test.x[:, :10])
    return {
        "lr": lr,
        "rates": lrs,
        "by_rate": tuning.mean(dim=1),
        "test_accuracy": found.measure(accuracy)[0],
        "norm_at_start": local.median(dim=1).values,
    }


def one_thread() -> None:
    torch.set_num_threads(1)


if __name__ == "__main__":
    one_thread()
    cells = [(depth, name) for depth in sorted(DEPTHS, reverse=True) for name in DEEP_SIDES]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, context, one_thread) as pool:
        running = {pool.submit(measure_deep, *cell): cell for cell in cells}
        running |= {pool.submit(measure_cap, name): name for name in CAP_SIDES}
        found = {}
        for done in tqdm(as_completed(running), total=len(running)):
            found[running[done]] = done.result()
    caps = {name: found[name] for name in CAP_SIDES}
    results = {
        "seeds": SEEDS,
        "tries": TRIES,
        "epochs": EPOCHS,
        "batch": BATCH,
        "level": LEVEL,
        "caps": caps,
        "training": measure_training(caps["no cap"]["clean"]["lr"]),
        "depths": DEPTHS,
        "deep": {name: [found[depth, name] for depth in DEPTHS] for name in DEEP_SIDES},
    }
    write_experiment(__file__, results)
