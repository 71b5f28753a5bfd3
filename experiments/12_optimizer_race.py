"""Lesson 12's race of eight update rules, on surfaces and on real data.

Surfaces   Steps from 400 starts to the lowest value, each rule at its best of 55 rates (B8, first).
           Swings: the same with less velocity. Moved: the ravine with its goal away from 0.
Saddle     Steps to leave a saddle, by how near the start was (B8, second part).
Minima     Where rules end on a surface with four minima of different depth (B8, second part).
Race       Two tasks, two budgets of epochs. Every rule tries the same 32 settings on 4 seeds; the
           one with the lowest validation loss runs on 24 fresh seeds, and those are tested (B8,
           first and third part). All of it at a constant rate, and with a rate that falls along a
           cosine. Constant only: the same with either half of the settings.
Rates      Accuracy on digits against the rate, with all else at its default.
Edge       Sharpness along full-batch gradient descent, at four rates from two sizes of starting
           weights and three seeds (lesson 18 looks at why).
Seconds    What one update costs, for a small and a large network, on this machine.

The test examples of a task are set aside once and for all: no setting is chosen by them. A seed
draws how the others are divided into training and validation, the starting weights and the order.
All rules share them. The runs of a rule are one batched program. No choice is made at an edge of
what was tried, but for AdaGrad on the ravine (see PLATEAU) and β, ε or decay near 0 (see `choose`).
About 16,500 networks are trained; it takes about fifteen minutes on one thread:

    python experiments/12_optimizer_race.py
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from sklearn.datasets import load_breast_cancer
from torch import Tensor
from torch.func import grad, jvp
from torch.nn.functional import cross_entropy, one_hot
from torch.quasirandom import SobolEngine
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Run,
    Split,
    accuracy,
    best_setting,
    breast_cancer,
    confidence_interval,
    digits,
    draw_runs,
    generator,
    grid,
    networks,
    parts,
    rms,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.lab.timing import side_by_side
from course_lib.nn.biases import affine
from course_lib.nn.initializers import he_normal
from course_lib.optim import rules
from course_lib.optim.paths import path
from course_lib.optim.schedules import cosine, scheduled
from course_lib.optim.signature import Rule, apply, slot_names
from course_lib.optim.surfaces import HIMMELBLAU, RAVINE, SADDLE, SURFACES, Surface
from course_lib.optim.tuning import tune

Params = dict[str, Tensor]
Setting = dict[str, float]


class Racer(NamedTuple):
    """A rule, and the second thing to tune: its name and how it comes from a number in 0 to 1."""

    rule: Rule
    second: str | None = None
    scale: Callable[[float], float] = float


def _between(low: float, high: float) -> Callable[[float], float]:
    """Return a function from 0 to 1 onto low to high, evenly on a logarithmic scale."""
    return lambda u: low * (high / low) ** u


def _memory(low: float, high: float) -> Callable[[float], float]:
    """Return a function onto 1 − high to 1 − low, evenly in the logarithm of what is missing."""
    return lambda u: 1 - _between(low, high)(u)


RACERS = {
    "gradient descent": Racer(rules.gd),
    "averaged momentum": Racer(rules.momentum_ema, "beta", _memory(0.003, 1.0)),
    "momentum": Racer(rules.momentum, "beta", _memory(0.003, 1.0)),
    "Nesterov": Racer(rules.nesterov, "beta", _memory(0.003, 1.0)),
    "AdaGrad": Racer(rules.adagrad, "eps", _between(1e-12, 1.0)),
    "RMSProp": Racer(rules.rmsprop, "beta", _memory(0.001, 1.0)),
    "Adam": Racer(rules.adam, "beta1", _memory(0.003, 1.0)),
    "AdamW": Racer(rules.adamw, "weight_decay", _between(1e-4, 1.0)),
}


# Surfaces

RATES = [10 ** (k / 6) for k in range(-30, 25)]  # to 10,000
# One far step measures the curvature c of each axis: s is then (c lr)², and lr / √s is 1/c.
PLATEAU = {("bowl, condition 50", "AdaGrad"): "from 300 on it needs 3 steps at every rate"}
STEPS, NEAR = 1000, 1e-3  # how long, and how near to the lowest value
TUNING_STARTS, STARTS = 100, 400
TURN = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64) / 2**0.5  # by 45 degrees
TURNED = replace(
    RAVINE,
    name="the ravine, turned",
    value=lambda p: RAVINE.value(p @ TURN.T),
    gradient=lambda p: RAVINE.gradient(p @ TURN.T) @ TURN,
)


def draw_starts(surface: Surface, n: int, seed: int) -> Tensor:
    """Return points drawn evenly from the window `(n, 2)`, in float64; turned with the ravine."""
    x_low, x_high, y_low, y_high = surface.window
    low, high = torch.tensor([x_low, y_low]).double(), torch.tensor([x_high, y_high]).double()
    drawn = torch.rand(n, 2, generator=generator(seed), dtype=torch.float64)
    points = low + (high - low) * drawn
    return points @ TURN if surface is TURNED else points


def steps_needed(surface: Surface, points: Tensor) -> Tensor:
    """Return the step from which on the value stays within `NEAR` of the lowest one.

    points: paths `(steps + 1, ..., 2)`. Where a path does not end there, the last step is returned.
    """
    lowest = surface.value(torch.tensor(surface.minima, dtype=torch.float64)).min()
    away = ~(surface.value(points) <= lowest + NEAR)
    last = len(points) - 1
    return (last + 1 - away.flip(0).int().argmax(dim=0)).clamp(max=last) * away.any(dim=0)


def fastest(rule: Rule, surface: Surface, edge: str = "", **hyper: float) -> dict:
    """Return the rate with the lowest mean steps over the tuning starts, and steps of fresh ones.

    hyper: what the rule takes besides lr, where it is not to have its default.
    """
    tuning, fresh = (draw_starts(surface, n, seed) for n, seed in ((TUNING_STARTS, 0), (STARTS, 1)))
    many = tuning.expand(len(RATES), -1, -1)
    points = path(rule, surface.gradient, many, steps=STEPS, lr=all_rates(), **hyper)
    tried = steps_needed(surface, points)
    lr = RATES[best_setting({"lr": RATES}, tried, edge_allowed=edge)]
    found = path(rule, surface.gradient, fresh, steps=STEPS, lr=lr, **hyper)
    by_rate = tried.double().mean(dim=1)
    return {"lr": lr, "by_rate": by_rate, "steps": steps_needed(surface, found)}


def all_rates() -> Tensor:
    """Return the rates `(rates, 1, 1)`, for paths `(rates, starts, 2)`."""
    return torch.tensor(RATES, dtype=torch.float64).view(-1, 1, 1)


def fastest_from_its_start(rule: Rule, surface: Surface) -> dict:
    """Return the rate that suits the surface's own start best, and its steps.

    Nothing is kept apart. Where no rate arrives, it is the one that ends lowest.
    """
    own = torch.tensor(surface.start, dtype=torch.float64).expand(len(RATES), 1, -1)
    points = path(rule, surface.gradient, own, steps=STEPS, lr=all_rates())
    steps = steps_needed(surface, points).flatten().tolist()
    heights = surface.value(points[-1]).flatten().nan_to_num(nan=torch.inf).tolist()
    best = min(range(len(RATES)), key=lambda i: (steps[i], heights[i]))
    return {"own_lr": RATES[best], "own_steps": steps[best]}


def measure_surfaces() -> dict:
    """Return for every surface and rule what `fastest` and `fastest_from_its_start` find."""
    result = {}
    for name, surface in tqdm((SURFACES | {TURNED.name: TURNED}).items(), desc="surfaces"):
        result[name] = {
            racer: fastest(rule, surface, PLATEAU.get((name, racer), ""))
            | fastest_from_its_start(rule, surface)
            for racer, (rule, *_) in RACERS.items()
        }
    return result


SHIFT = torch.tensor([5.0, 1.0], dtype=torch.float64)
MOVED = replace(
    RAVINE,
    name="the ravine, moved",
    value=lambda p: RAVINE.value(p - SHIFT),
    gradient=lambda p: RAVINE.gradient(p - SHIFT),
    minima=(tuple(SHIFT.tolist()),),
    window=(-5.0, 8.0, -1.0, 3.0),
)
LESS = 0.57  # near ((√50 − 1) / (√50 + 1))², the best β of momentum on the ravine


def measure_swings() -> dict:
    """Return the steps with less velocity, on the saddle and the ravine."""
    how = {"momentum": (rules.momentum, "beta"), "Adam": (rules.adam, "beta1")}
    return {
        surface.name: {
            name: fastest(rule, surface, **{beta: LESS}) for name, (rule, beta) in how.items()
        }
        for surface in (SADDLE, RAVINE)
    }


# Leaving a saddle, and a minimum that is not the deepest

MINIMA_STARTS, MINIMA_RATES = 1000, RATES[:37]  # to 10
OFFSETS = [10.0**-k for k in range(1, 9)]
SADDLE_RATE = 0.1
TILT = torch.tensor([4.0, 2.0], dtype=torch.float64)
TILTED = replace(
    HIMMELBLAU,
    name="tilted Himmelblau",
    value=lambda p: HIMMELBLAU.value(p) + p @ TILT,
    gradient=lambda p: HIMMELBLAU.gradient(p) + TILT,
)


def measure_saddle(tuned: dict) -> dict:
    """Return how many steps each rule needs from (−1.8, offset) until |y| is above one half.

    tuned: the best rate of each rule. Both at one rate for all, and at those.
    """
    starts = torch.tensor([[SADDLE.start[0], offset] for offset in OFFSETS], dtype=torch.float64)
    result = {}
    for racer, (rule, *_) in RACERS.items():
        of_rule = {}
        for which, lr in {"same_rate": SADDLE_RATE, "tuned": tuned[racer]["lr"]}.items():
            points = path(rule, SADDLE.gradient, starts, steps=STEPS, lr=lr)
            away = points[..., 1].abs() > 0.5
            of_rule[which] = torch.where(away.any(dim=0), away.int().argmax(dim=0), STEPS)
        result[racer] = of_rule
    return result


def tilted_minima() -> Tensor:
    """Return the four minima of the tilted surface `(4, 2)`, the deepest first, by Newton steps."""
    points = torch.tensor(HIMMELBLAU.minima, dtype=torch.float64)
    slope = torch.func.jacrev(lambda p: TILTED.gradient(p))
    for _ in range(20):
        points = torch.stack([p - torch.linalg.solve(slope(p), TILTED.gradient(p)) for p in points])
    return points[TILTED.value(points).argsort()]


def measure_minima() -> dict:
    """Return where each rule ends on the tilted surface, as shares of the starts, by rate.

    `settled` ends at a minimum, `deepest` at the deepest one; `deeper` and `shallower` end at
    another minimum than the one to which the start rolls downhill, which gradient descent with a
    tiny rate finds; `flow` is the share that rolls to each. `gain` is the share at the deepest less
    that of rolling, start by start, with its 95 % interval.
    """
    minima, starts = tilted_minima(), draw_starts(TILTED, MINIMA_STARTS, 2)

    def ends(rule: Rule, many: Tensor, steps: int, lr: float | Tensor) -> Tensor:
        """Return the place of the minimum that each path ends at, 4 for none."""
        points = path(rule, TILTED.gradient, many, steps=steps, lr=lr)[-1]
        distance = (points[..., None, :] - minima).norm(dim=-1).nan_to_num(nan=torch.inf)
        return torch.where(distance.min(dim=-1).values < 0.1, distance.argmin(dim=-1), 4)

    flow = ends(rules.gd, starts, 10 * STEPS, 1e-4)
    result = {}
    for racer, (rule, *_) in RACERS.items():
        found = torch.stack([ends(rule, starts, STEPS, lr) for lr in MINIMA_RATES])
        kinds = {
            "settled": found < 4,
            "deepest": found == 0,
            "deeper": found < flow,
            "shallower": (found > flow) & (found < 4),
        }
        result[racer] = {name: kind.double().mean(dim=1) for name, kind in kinds.items()}
        more = (found == 0).double() - (flow == 0).double()
        result[racer]["gain"] = [confidence_interval(own) for own in more]
    share = flow.bincount(minlength=5) / len(flow)
    where = {"minima": minima, "values": TILTED.value(minima), "flow": share}
    return {**where, "starts": MINIMA_STARTS, "rates": MINIMA_RATES, "found": result}


# The race on real data

SETTINGS, TUNING_SEEDS, SEEDS = 32, range(4), range(100, 124)
LOWEST_RATE, HIGHEST_RATE = 1e-4, 10.0
DATA_RATES = RATES[:43]  # to 100
BUDGETS = {"few": 2, "many": 30}  # epochs


class Task(NamedTuple):
    """A data set, the layers of its network, and the batch size."""

    data: Callable[[], Dataset]
    sizes: tuple[int, ...]
    batch: int


def raw_tumours() -> Dataset:
    """Return the tumours in the units they were measured in, less their means, over one number.

    So areas are thousands of times larger than the roughness of an outline, as in the file.
    """
    raw = load_breast_cancer()
    spread = torch.tensor(raw.data).std(dim=0)  # what was divided away, up to the division
    data = breast_cancer()
    size = rms(data.train.x * spread)
    return Dataset("tumours", *(Split((s.x * spread / size).float(), s.y) for s in parts(data)))


TASKS = {"digits": Task(digits, (64, 32, 10), 50), "tumours": Task(raw_tumours, (30, 16, 2), 20)}


def settings_of(racer: Racer) -> list[Setting]:
    """Return the settings that a rule tries: points that fill a square evenly, for all the same."""
    found = []
    for u, v in SobolEngine(2, scramble=True, seed=12).draw(SETTINGS).tolist():
        own = {"lr": _between(LOWEST_RATE, HIGHEST_RATE)(u)}
        found.append(own | ({racer.second: racer.scale(v)} if racer.second else {}))
    return found


def draw(task: Task, seed: int) -> Run:
    """Return starting weights, the data with all but the test part divided anew, and the order."""
    data, source = task.data(), generator(seed)
    x, y = (torch.cat([getattr(data.train, of), getattr(data.validation, of)]) for of in "xy")
    order = torch.randperm(len(y), generator=source)
    first, rest = order.split([len(data.train), len(data.validation)])
    start = networks.start(task.sizes, source, he_normal)
    train, validation = Split(x[first], y[first]), Split(x[rest], y[rest])
    return Run(start, replace(data, train=train, validation=validation), generator(1000 + seed))


def run_all(
    task: Task, rule: Rule, settings: Sequence[Setting], seeds: Sequence[int], epochs: int
) -> dict[str, Tensor]:
    """Train every setting on every seed; return each measure as `(settings, seeds)`.

    A run that diverged has NaN in all of them.
    """
    hyper = {name: torch.tensor([own[name] for own in settings]) for name in settings[0]}
    runs = draw_runs(partial(draw, task), seeds)
    how = {"rule": rule, "epochs": epochs, "batch_size": task.batch, "chunk": 256}
    run = grid(network, runs, settings=hyper, **how)
    found = {
        "validation_loss": run.history["validation_loss"][..., -1],
        "train_loss": run.history["train_loss"][..., -1],
        "validation_accuracy": run.measure(accuracy, "validation"),
        "test_loss": run.measure(cross_entropy),
        "test_accuracy": run.measure(accuracy),
    }
    lost = run.history["diverged"] | ~found["validation_loss"].isfinite()
    return {name: values.double().masked_fill(lost, torch.nan) for name, values in found.items()}


def choose(pool: Mapping[str, Tensor], settings: Sequence[Setting]) -> int:
    """Return the setting with the lowest mean validation loss; raise if it is at an edge.

    The lowest β, ε or decay is no edge: beyond it lies the rule without any, a real boundary.
    """
    best = tune(-pool["validation_loss"], -pool["test_loss"])[0]
    tried = {name: [own[name] for own in settings] for name in settings[0]}
    inside = {n: of for n, of in tried.items() if n == "lr" or of[best] > min(of)}
    assert best_setting(inside, pool["validation_loss"]) == best
    return best


def measure_race() -> dict:
    """Return for every task, budget and rule what tuning saw, and the runs of what it chose."""
    result = {}
    cells = [(task, budget, racer) for task in TASKS for budget in BUDGETS for racer in RACERS]
    for task, budget, racer in tqdm(cells, desc="race"):
        settings = settings_of(RACERS[racer])
        job = (TASKS[task], RACERS[racer].rule)
        pool = run_all(*job, settings, TUNING_SEEDS, BUDGETS[budget])
        half = SETTINGS // 2
        scores = -pool["validation_loss"]
        halves = [tune(scores[:half], scores[:half])[0]]
        halves.append(half + tune(scores[half:], scores[half:])[0])
        final = run_all(*job, [settings[i] for i in halves], SEEDS, BUDGETS[budget])
        chosen = choose(pool, settings)
        which = halves.index(chosen)
        result.setdefault(task, {}).setdefault(budget, {})[racer] = {
            "settings": settings,
            "pool": {
                name: with_gaps(pool[name])
                for name in ("validation_loss", "test_loss", "test_accuracy")
            },
            "chosen": chosen,
            "halves": halves,
            "final": {name: with_gaps(values)[which] for name, values in final.items()},
            "half_test_loss": with_gaps(final["test_loss"]),
            "cosine": race_with_cosine(task, budget, racer),
        }
    return result


def race_with_cosine(task: str, budget: str, racer: str) -> dict:
    """Return the same with a rate that falls along a cosine, tuned on the same settings."""
    settings, epochs = settings_of(RACERS[racer]), BUDGETS[budget]
    steps = epochs * -(-len(TASKS[task].data().train) // TASKS[task].batch)
    job = (TASKS[task], scheduled(RACERS[racer].rule, partial(cosine, updates=steps)))
    pool = run_all(*job, settings, TUNING_SEEDS, epochs)
    chosen = choose(pool, settings)
    final = run_all(*job, [settings[chosen]], SEEDS, epochs)
    return {
        "pool": {name: with_gaps(pool[name]) for name in ("validation_loss", "test_loss")},
        "chosen": chosen,
        "final": {name: with_gaps(values)[0] for name, values in final.items()},
    }


def measure_rates() -> dict:
    """Return the mean validation accuracy on digits at each rate, all else as the rules have it.

    None stands where a run diverged.
    """
    result = {}
    for budget, racer in tqdm([(b, r) for b in BUDGETS for r in RACERS], desc="rates"):
        job = (TASKS["digits"], RACERS[racer].rule, [{"lr": lr} for lr in DATA_RATES], TUNING_SEEDS)
        found = run_all(*job, BUDGETS[budget])["validation_accuracy"]
        result.setdefault(budget, {})[racer] = with_gaps(found.mean(dim=1)[None])[0]
    return result


def with_gaps(values: Tensor) -> list[list[float | None]]:
    """Return a table with None for NaN, which JSON lacks."""
    return [[None if value != value else value for value in row] for row in values.tolist()]


# The edge of stability

EDGE_SIZES, EDGE_STEPS, EDGE_EVERY = (64, 32, 32, 10), 1500, 50
EDGE_RATES, EDGE_SCALES, EDGE_SEEDS = (0.1, 0.3, 0.6, 1.8), (0.5, 1.0), 3


def edge_network(seed: int = 0, scale: float = 0.5) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """Return the loss of a network as a function of all its numbers in a row, and their start.

    Three layers with tanh, half the squared error to one-hot answers, added over the ten outputs,
    and the mean over all 1000 training images, centred and of mean square 1. scale: the standard
    deviation of the starting weights, in units of 1 / √(inputs).
    """
    source, data = generator(seed), digits().train
    x = data.x - data.x.mean(dim=0)
    x, answers = x / rms(x), one_hot(data.y, EDGE_SIZES[-1]).float()
    shapes = [shape for d, h in pairwise(EDGE_SIZES) for shape in ((h, d), (h,))]
    weights = [scale * torch.randn(s, generator=source) / s[1] ** 0.5 for s in shapes[::2]]
    start = torch.cat([part for w in weights for part in (w.flatten(), torch.zeros(len(w)))])
    sizes = [math.prod(shape) for shape in shapes]

    def loss(row: Tensor) -> Tensor:
        cut = [part.view(s) for part, s in zip(row.split(sizes), shapes, strict=True)]
        hidden = x
        for weight, bias in zip(cut[:-2:2], cut[1:-2:2], strict=True):
            hidden = torch.tanh(affine(hidden, weight, bias))
        return (affine(hidden, *cut[-2:]) - answers).square().sum(dim=1).mean() / 2

    return loss, start


def sharpness(loss: Callable[[Tensor], Tensor], at: Tensor, v: Tensor, rounds: int = 30) -> tuple:
    """Return the largest curvature of the loss, and its direction, by power iteration from v.

    Each round takes a product of the Hessian with v, which never builds the matrix: the slope of
    the gradient along v.
    """
    value = torch.zeros(())
    for _ in range(rounds):
        v = v / v.norm()
        _, product = jvp(grad(loss), (at,), (v,))
        value, v = v @ product, product
    return value, v / v.norm()


def descend(loss: Callable[[Tensor], Tensor], start: Tensor, lr: float) -> dict[str, list]:
    """Return the loss and the sharpness along gradient descent; None once they are not finite."""
    slope, row = grad(loss), start
    v, losses, sharp = torch.randn(start.shape, generator=generator(1)), [], []
    for step in range(EDGE_STEPS + 1):
        if step % EDGE_EVERY == 0:
            value, v = sharpness(loss, row, v, rounds=60 if step == 0 else 20)
            losses.append(loss(row))
            sharp.append(value)
        row = row - lr * slope(row)
    found = {"loss": torch.stack(losses), "sharpness": torch.stack(sharp)}
    return {
        name: with_gaps(values.masked_fill(~values.isfinite(), torch.nan)[None])[0]
        for name, values in found.items()
    }


def measure_edge() -> dict:
    """Return what `descend` finds under the scale of the weights, the rate, and for each seed."""
    result = {str(scale): {str(lr): [] for lr in EDGE_RATES} for scale in EDGE_SCALES}
    cells = [(s, r, k) for s in EDGE_SCALES for r in EDGE_RATES for k in range(EDGE_SEEDS)]
    for scale, lr, seed in tqdm(cells, desc="edge"):
        found = descend(*edge_network(seed, scale), lr)
        result[str(scale)][str(lr)].append(found)
    return {"sizes": EDGE_SIZES, "every": EDGE_EVERY, "found": result}


# What an update costs

TIMED = {"small": (64, 32, 10), "large": (1024, 1024, 10)}


def update(rule: Rule | None, sizes: tuple[int, ...], batch: int = 50) -> Callable[[], None]:
    """Return a function that makes one update with the rule, or only finds the gradient.

    The rule is called once for each tensor of the network, as it is written.
    """
    source = generator(0)
    params = networks.start(sizes, source, he_normal)
    x, y = torch.randn(batch, sizes[0], generator=source), torch.arange(batch) % sizes[-1]
    slots = {n: (torch.zeros_like(p),) * len(slot_names(rule)) for n, p in params.items() if rule}
    steps = iter(range(1, 1_000_000))

    def once() -> None:
        for p in params.values():
            p.requires_grad_()
        gradients = torch.autograd.grad(cross_entropy(network(params, x), y), params.values())
        if rule:
            t = next(steps)
            with torch.no_grad():
                for (name, p), g in zip(list(params.items()), gradients, strict=True):
                    params[name], slots[name] = apply(rule, p, g, slots[name], t=t, lr=1e-4)

    return once


def measure_seconds() -> dict:
    """Return the seconds of one update for each rule, and of the gradient alone, `(rounds,)`."""
    every = {"gradient alone": None} | {name: racer.rule for name, racer in RACERS.items()}
    return {
        size: side_by_side(
            {name: update(rule, sizes) for name, rule in every.items()}, rounds=20, calls=5
        )
        for size, sizes in TIMED.items()
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    torch.set_flush_denormal(True)
    surfaces = measure_surfaces()
    results = {
        "rates": RATES,
        "steps": STEPS,
        "near": NEAR,
        "budgets": BUDGETS,
        "seeds": len(SEEDS),
        "surfaces": surfaces,
        "swings": measure_swings(),
        "moved": {name: fastest(RACERS[name].rule, MOVED) for name in ("Adam", "AdamW")},
        "offsets": OFFSETS,
        "saddle": measure_saddle(surfaces["saddle"]),
        "minima": measure_minima(),
        "edge": measure_edge(),
        "race": measure_race(),
        "data_rates": DATA_RATES,
        "by_rate": measure_rates(),
        "seconds": measure_seconds(),
    }
    write_experiment(__file__, results)
