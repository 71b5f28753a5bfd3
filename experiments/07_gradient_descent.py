"""Lesson 07's claims about gradient descent, measured over 24 seeds on patients and on digits.

sides     Whether a start on either side of the minimum reaches it: one weight, many starts (B1).
waves     The same for a cost with several minima: one neuron with a sine (B1).
line      How many steps the line through body mass and disease takes in raw units.
scaling   What centring and scaling the inputs do to the condition number and to the cost.
rates     The loss after 100 steps against the learning rate, in three models on digits.
update    What an update costs, and what it achieves, with a part of the images (B2).

A seed draws the division into training, validation and test examples, then the starting weights.
What is compared shares both. Every gradient is that of a whole training part, but in `update`. The
runs of a comparison are one batched program. It takes about three minutes:

    python experiments/07_gradient_descent.py
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from sklearn.datasets import load_diabetes
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Run,
    Split,
    accuracy,
    diabetes,
    digits,
    draw_runs,
    each_run,
    generator,
    networks,
    resplit,
    sweep,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.nn.backprop import count_cost
from course_lib.optim.cost import cost_gradient
from course_lib.optim.descent import (
    best_lr,
    condition_number,
    line_hessian,
    max_lr,
    steps_needed,
)
from course_lib.optim.paths import path
from course_lib.optim.rules import gd

SEEDS = 24
HIGHEST = 1e9  # a loss above it, or one that has overflown, is stored as this

Params = dict[str, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


def patients(seed: int) -> Split:
    """Return a training part of the patients in float64; targets with mean 0 and spread 1."""
    data = diabetes()
    mean, spread = data.train.y.double().mean(), data.train.y.double().std()
    part = resplit(data, generator(seed)).train
    return Split(part.x.double(), (part.y.double() - mean) / spread)


# sides: does each start reach the minimum?

SHARES = [0.05, 0.25, 0.45, 0.55, 0.75, 0.95, 1.0, 1.05]  # of the largest learning rate
STARTS = 40
SIDES_STEPS = 100


def measure_sides() -> dict:
    """Descend from 40 starts with one weight, for each of ten measures and 24 divisions.

    Under each share of the largest learning rate, 24 numbers, each the share of a division's 400
    runs: `sign`, the slope at the start is below 0 left of the minimum and above 0 right of it;
    `own_side`, no step crossed the minimum; `reached`, less than a thousandth of the distance is
    left after 100 steps. Starts are drawn evenly from −10 to 10.
    """
    found = {name: [] for name in ("sign", "own_side", "reached")}
    for seed in tqdm(range(SEEDS), desc="sides"):
        part = patients(seed)
        starts = 20 * torch.rand(10, STARTS, generator=generator(seed), dtype=torch.float64) - 10
        of_seed = sides_of(part.x.T, part.y, starts)
        for name in found:
            found[name].append(of_seed[name])
    by_share = {name: torch.stack(runs, dim=1) for name, runs in found.items()}
    return {"shares": SHARES, "steps": SIDES_STEPS, **by_share}


def sides_of(x: Tensor, y: Tensor, starts: Tensor) -> dict[str, Tensor]:
    """Measure the models of x `(models, n)` from starts `(models, starts)`: one number a share."""
    zero = torch.zeros((), dtype=x.dtype)

    def slope(w: Tensor) -> Tensor:
        return vmap(lambda w, x: cost_gradient(w, zero, x, y)[0])(w, x)

    least = ((x * y).mean(dim=1) / x.square().mean(dim=1))[:, None]
    limit = 1 / x.square().mean(dim=1)[:, None]  # the curvature is twice the mean square
    begun = starts - least
    sign = (slope(starts).sign() == begun.sign()).double().mean()
    own_side, reached = [], []
    for share in SHARES:
        points = path(gd, slope, starts, steps=SIDES_STEPS, lr=share * limit) - least
        stayed = ((points * begun > 0) | (points.abs() < 1e-12)).all(dim=0)
        own_side.append(stayed.double().mean())
        reached.append((points[-1].abs() < 1e-3 * begun.abs()).double().mean())
    return {
        "sign": sign.expand(len(SHARES)),
        "own_side": torch.stack(own_side),
        "reached": torch.stack(reached),
    }


# waves: a cost with several minima

WAVES_STARTS = 200
WAVES_STEPS = 1000
WAVES_LR = 0.2


def wave_cost(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared error of `sin(w x)`, for each w."""
    return (torch.sin(w[..., None] * x) - y).square().mean(dim=-1)


def wave_slope(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the derivative of `wave_cost` in w."""
    inside = w[..., None] * x
    return (2 * (torch.sin(inside) - y) * torch.cos(inside) * x).mean(dim=-1)


def measure_waves() -> dict:
    """Descend from 200 starts, evenly from −10 to 10, with body mass as the input.

    A number for each division. `reached`: the share of starts that ends where the cost is lowest.
    `downhill`: the share whose first step lowers the cost. `minima`: in how many places runs end.
    `best`: where it is lowest. For seed 0 also `cost` at `grid`, and the `ends` of the `starts`.
    """
    grid = torch.linspace(-10, 10, 801, dtype=torch.float64)
    starts = torch.linspace(-10, 10, WAVES_STARTS, dtype=torch.float64)
    result = {"lr": WAVES_LR, "steps": WAVES_STEPS, "starts": starts}
    rows = []
    for seed in tqdm(range(SEEDS), desc="waves"):
        part = patients(seed)
        x, y = part.x[:, 2], part.y
        points = path(
            gd, lambda w, x=x, y=y: wave_slope(w, x, y), starts, steps=WAVES_STEPS, lr=WAVES_LR
        )
        costs = wave_cost(points[[0, 1, -1]], x, y)
        ends = points[-1]
        best = ends[costs[-1].argmin()]
        rows.append(
            {
                "reached": (ends - best).abs().lt(0.01).double().mean().item(),
                "downhill": costs[1].le(costs[0] + 1e-12).double().mean().item(),
                "minima": 1 + int(ends.sort().values.diff().gt(0.1).sum()),
                "best": best.item(),
            }
        )
        if seed == 0:
            result |= {"grid": grid, "cost": wave_cost(grid, x, y), "ends": ends}
    return result | {name: [row[name] for row in rows] for name in rows[0]}


# line: body mass in raw units

LINE_SHRINK = 1e-3


def measure_line() -> dict:
    """Count steps until a thousandth of the distance is left, in raw and in standard units.

    From w = b = 0, at the best learning rate, along each principal direction. All 442 patients.
    """
    raw = load_diabetes(scaled=False)
    x, y = (torch.tensor(v, dtype=torch.float64) for v in (raw.data[:, 2], raw.target))
    spread = x.std(correction=0)
    result = {"shrink": LINE_SHRINK, "mean": x.mean(), "spread": spread}
    units = {
        "raw": x,
        "counted from 20": x - 20,
        "standardised": (x - x.mean()) / spread,
    }
    for name, own in tqdm(units.items(), desc="line"):
        hessian = line_hessian(own)
        curvatures, directions = torch.linalg.eigh(hessian)
        lr = float(best_lr(curvatures))
        needed = steps_needed(curvatures, lr, LINE_SHRINK)
        pull = -2 * torch.stack([(own * y).mean(), y.mean()])
        least = torch.linalg.solve(hessian, -pull)
        points = path(
            gd, lambda p, h=hessian, c=pull: h @ p + c, torch.zeros_like(least), steps=needed + 9,
            lr=lr,
        )  # fmt: skip
        left = ((points - least) @ directions / (directions.T @ -least)).abs().amax(dim=1)
        result[name] = {
            "curvatures": curvatures,
            "condition": condition_number(curvatures),
            "max_lr": max_lr(curvatures),
            "needed": needed,
            "counted": int((left <= LINE_SHRINK).to(torch.int).argmax()),
        }
    return result


# scaling: ten measures, as they come and mended

SCALING_STEPS = 1000
SCALING_SHARES = [1 - 2 ** (-k / 2) for k in range(2, 25)]  # of the largest learning rate
SCALINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "as they come": lambda x: x,
    "scaled only": lambda x: x / x.std(dim=0),
    "centred only": lambda x: x - x.mean(dim=0),
    "standardised": lambda x: (x - x.mean(dim=0)) / x.std(dim=0),
}


def measure_scaling() -> dict:
    """Descend on the mean squared error of ten measures and a bias, from zero, 1000 steps.

    Each run has, of 23 learning rates, the one that leaves the least cost after the last step; it
    is a `share` `(seeds,)` of the largest. (`best_lr` is best only for many more steps than the
    condition number: until then the steepest direction swings.) `condition` is `(seeds,)`;
    `excess` `(looks, seeds)` at the steps `at`: the cost above the least, over what it was.
    """
    raw = load_diabetes(scaled=False)
    whole_x, whole_y = (torch.tensor(v, dtype=torch.float64) for v in (raw.data, raw.target))
    at = sorted({round(10 ** (k / 10)) for k in range(31)} | {0})
    result = {"at": at, "shares": SCALING_SHARES}
    shares = torch.tensor(SCALING_SHARES, dtype=torch.float64)
    for name, treat in SCALINGS.items():
        conditions, chosen_shares, curves = [], [], []
        for seed in tqdm(range(SEEDS), desc=name):
            chosen = torch.randperm(len(whole_y), generator=generator(seed))[:264]
            x, y = treat(whole_x[chosen]), whole_y[chosen]
            x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
            hessian, pull = 2 * x.T @ x / len(x), -2 * x.T @ y / len(x)
            curvatures = torch.linalg.eigvalsh(hessian)
            least = torch.linalg.solve(hessian, -pull)
            points = path(
                gd, lambda p, h=hessian, c=pull: p @ h + c, pull.new_zeros(len(shares), len(pull)),
                steps=SCALING_STEPS, lr=shares[:, None] * max_lr(curvatures),
            )  # fmt: skip
            off = points[at] - least
            excess = (off @ hessian * off).sum(dim=2)
            best = excess[-1].argmin()
            conditions.append(condition_number(curvatures))
            chosen_shares.append(shares[best])
            curves.append(excess[:, best] / excess[0, best])
        result[name] = {
            "condition": torch.stack(conditions),
            "share": torch.stack(chosen_shares),
            "excess": torch.stack(curves, dim=1),
        }
    return result


# rates: the loss after 100 steps

RATES_STEPS = 100
FRACTIONS = [2 ** (k / 2) for k in range(-10, 11)]  # of two over the largest curvature
LOOK_AGAIN = [0.5, 2.0]  # the curvature is measured after the last step too


def squared(out: Tensor, y: Tensor) -> Tensor:
    """Return the mean over the examples of the squared distance to the wanted outputs."""
    wanted = (y[:, None] == torch.arange(10)).to(out.dtype)
    return (out - wanted).square().sum(dim=1).mean()


MODELS: dict[str, tuple[Loss, list[int]]] = {
    "least squares": (squared, [64, 10]),
    "softmax regression": (cross_entropy, [64, 10]),
    "network": (cross_entropy, [64, 32, 10]),
}


def draw(sizes: Sequence[int], seed: int) -> Run:
    """Return where a run starts and its division. A step takes all images, in whatever order."""
    source = generator(seed)
    data = resplit(digits(), source)
    return Run(networks.start(sizes, source), data, generator(0))


class Flat:
    """The loss of one run as a function of all its parameters in a row, in float64."""

    def __init__(self, name: str, params: Params, split: Split):
        self._loss, _ = MODELS[name]
        self._names = list(params)
        self._shapes = [p.shape for p in params.values()]
        self._x, self._y = split.x.double(), split.y
        self.point = torch.cat([p.double().flatten() for p in params.values()])

    def __call__(self, point: Tensor) -> Tensor:
        parts = point.split([shape.numel() for shape in self._shapes])
        shaped = zip(self._names, self._shapes, parts, strict=True)
        params = {name: part.view(shape) for name, shape, part in shaped}
        return self._loss(network(params, self._x), self._y)

    def product(self, v: Tensor) -> Tensor:
        """Return the Hessian times v."""
        return torch.autograd.functional.vhp(self, self.point, v)[1]

    def hessian(self) -> Tensor:
        return torch.autograd.functional.hessian(self, self.point, vectorize=True)

    def gradient(self) -> Tensor:
        return grad(self)(self.point)

    def curvature(self) -> float:
        """Return the largest curvature: exact for one layer, by power iteration for two."""
        if len(self._names) == 2:
            return torch.linalg.eigvalsh(self.hessian())[-1].item()
        v = torch.randn(self.point.shape, generator=generator(0), dtype=torch.float64)
        for _ in range(100):
            v = self.product(v / v.norm())
        v = v / v.norm()
        return (v @ self.product(v)).item()


def measure_rates() -> dict:
    """Train three models by whole batches at 21 learning rates, 100 steps each.

    `curvature` `(seeds,)`: the largest eigenvalue of the Hessian at the start. A learning rate is a
    fraction of 2 over it. `(fractions, seeds)` each: `loss` after the last step, over the loss at
    the start, `highest` on the way, also over it, `validation` accuracy. For one layer
    `predicted`: what the quadratic with the start's gradient and Hessian says the loss will be.
    `curvature_after` `(seeds,)`, under some of the fractions: after the last step.
    """
    result = {"fractions": FRACTIONS, "steps": RATES_STEPS}
    for name, (loss, sizes) in MODELS.items():
        params, data, _ = draw_runs(partial(draw, sizes), range(SEEDS))
        flats = [flat_run(name, params, data, seed) for seed in range(SEEDS)]
        curvature = torch.tensor([flat.curvature() for flat in flats], dtype=torch.float64)
        rows = {"loss": [], "highest": [], "validation": []}
        after = {}
        for fraction in tqdm(FRACTIONS, desc=name):
            trained, history = sweep(
                network, params, data, generators=[generator(0) for _ in range(SEEDS)],
                epochs=RATES_STEPS, batch_size=data.train.y.shape[1], loss=loss, rule=gd,
                lr=fraction * 2 / curvature, label=None,
            )  # fmt: skip
            losses = history["train_loss"].double()
            relative = torch.nan_to_num(losses / losses[:, :1], nan=HIGHEST).clamp(max=HIGHEST)
            rows["loss"].append(relative[:, -1])
            rows["highest"].append(relative.amax(dim=1))
            rows["validation"].append(each_run(accuracy, network, trained, data.validation))
            if fraction in LOOK_AGAIN and name != "least squares":
                after[fraction] = [
                    flat_run(name, trained, data, seed).curvature() for seed in range(SEEDS)
                ]
        result[name] = {
            "curvature": curvature,
            **{key: torch.stack(row) for key, row in rows.items()},
            "curvature_after": after,
        }
        if len(sizes) == 2:
            result[name]["predicted"] = torch.stack([predicted(flat) for flat in flats], dim=1)
    return result


def flat_run(name: str, params: Params, data: Dataset, seed: int) -> Flat:
    own = {key: value[seed] for key, value in params.items()}
    return Flat(name, own, Split(data.train.x[seed], data.train.y[seed]))


def predicted(flat: Flat) -> Tensor:
    """Return the loss after 100 steps, over that at the start, if it were quadratic.

    A number for each of `FRACTIONS`.

    Along an eigenvector with curvature λ and gradient g a step multiplies the distance by 1 − lr λ,
    so that the loss changes by `g² / 2λ · ((1 − lr λ)^200 − 1)`; where λ is 0, by `−lr · 100 · g²`.
    """
    curvatures, directions = torch.linalg.eigh(flat.hessian())
    slopes = directions.T @ flat.gradient()
    here, steep = flat(flat.point), curvatures > 1e-9
    found = []
    for fraction in FRACTIONS:
        lr = fraction * 2 / curvatures[-1]
        along = slopes[steep] ** 2 / (2 * curvatures[steep])
        change = (along * ((1 - lr * curvatures[steep]) ** (2 * RATES_STEPS) - 1)).sum()
        change = change - lr * RATES_STEPS * (slopes[~steep] ** 2).sum()
        found.append(((here + change) / here).clamp(max=HIGHEST))
    return torch.stack(found)


# update: a part of the images

COUNTS = [10, 20, 50, 100, 200, 500, 1000]
UPDATE_AFTER = [0, 100, 1000]  # full updates


def measure_update() -> dict:
    """Make one update of a softmax regression with the gradient of some of the images.

    Before any training, and after 100 and 1000 updates with all of them, at half of 2 over the
    curvature at the start. `drop` `(counts, seeds)`: how far the loss over all 1000 images falls,
    over how far it falls with the gradient of them all. `accuracy` `(seeds,)`: of validation images
    at these moments. `multiplications`: of an update.
    """
    params, data, _ = draw_runs(partial(draw, [64, 10]), range(SEEDS))
    curvature = torch.tensor(
        [flat_run("softmax regression", params, data, seed).curvature() for seed in range(SEEDS)]
    )
    lr = 1 / curvature
    chosen = torch.stack([
        torch.randperm(data.train.y.shape[1], generator=generator(1000 + seed))
        for seed in range(SEEDS)
    ])  # fmt: skip
    x, y = (
        torch.stack([v[s][chosen[s]] for s in range(SEEDS)]) for v in (data.train.x, data.train.y)
    )
    result = {"counts": COUNTS, "after": UPDATE_AFTER, "lr": lr, "drop": {}}
    result["multiplications"] = [sum(count_cost([64, 10], n)) for n in COUNTS]
    done = 0
    for moment in tqdm(UPDATE_AFTER, desc="update"):
        if moment > done:
            params, _ = sweep(
                network, params, data, generators=[generator(0) for _ in range(SEEDS)],
                epochs=moment - done, batch_size=y.shape[1], rule=gd, lr=lr, label=None,
            )  # fmt: skip
            done = moment
        drops = torch.stack([vmap(drop, (0, 0, 0, 0, None))(params, x, y, lr, n) for n in COUNTS])
        result["drop"][moment] = drops / drops[-1]
        result.setdefault("accuracy", {})[moment] = each_run(
            accuracy, network, params, data.validation
        )
    return result


def drop(params: Params, x: Tensor, y: Tensor, lr: Tensor, n: int) -> Tensor:
    """Return how far the loss over all images falls with the gradient of the first n."""

    def loss(params: Params, n: int) -> Tensor:
        return cross_entropy(network(params, x[:n]), y[:n])

    gradient = grad(loss)(params, n)
    moved = {name: gd(p, gradient[name], lr=lr) for name, p in params.items()}
    return loss(params, len(y)) - loss(moved, len(y))


if __name__ == "__main__":
    write_experiment(
        __file__,
        {
            "seeds": SEEDS,
            "sides": measure_sides(),
            "waves": measure_waves(),
            "line": measure_line(),
            "scaling": measure_scaling(),
            "rates": measure_rates(),
            "update": measure_update(),
        },
    )
