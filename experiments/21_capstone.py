"""Lesson 21's plans, measured: 24 combinations on made-up signals, 24 fresh runs of each.

Menu       Every initializer, loss, rule and schedule of MENU with every other, each at nine
           learning rates, on eight seeds: validation accuracies. Seven rates stand a third of a
           decade apart; two more, a sixth of a decade to either side of the best, come after.
           Where the best of the seven is an end, the grid is extended beyond it.
Plans      Each combination at its own best rate on 24 fresh seeds: test accuracies.
Curvature  Gradient descent at a rate that nobody tuned: 2/λ, with λ the largest eigenvalue of the
           Hessian, measured anew before each epoch. Beside it tuned rates, in three units.
Untuned    Lesson 20's fuzzy optimizer in place of rule and schedule, at five base rates over four
           decades, on the fresh seeds. Beside it, at the same rates, the same without its rules on
           the slope, and each rule of MENU with the cosine.
Broken     One healthy run and five that are broken on purpose; what can be seen of each; and the
           same run with its fault alone undone.

A seed draws the signals, the starting weights and the order. Rates are chosen on seeds that are
never reported, by the mean validation accuracy. It takes about eight minutes:

    python experiments/21_capstone.py
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.func import grad
from torch.nn.functional import cross_entropy

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    Runs,
    Split,
    accuracy,
    best_setting,
    draw_runs,
    generator,
    grid,
    networks,
    parts,
    progress_bar,
    signals,
    write_experiment,
)
from course_lib.lab.networks import network
from course_lib.lab.training import Params, batches
from course_lib.nn.initializers import he_normal, normal
from course_lib.optim.rules import adamw, gd, nesterov
from course_lib.optim.schedules import scheduled, warm_up_cosine
from course_lib.optim.signature import Rule, apply, slot_names
from course_lib.second_order import FuzzySecondOrder, as_vector, hvp, lower_eigenvalues
from course_lib.second_order.steering import RATE

Loss = Callable[[Tensor, Tensor], Tensor]

SIZES = (40, 32, 32, 10)
EPOCHS, BATCH = 20, 100
UPDATES, WARM = 200, 20  # of 1000 signals in batches of 100
SEEDS, TUNE = range(24), range(500, 508)


def brier(out: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared error of the probabilities, summed over the classes."""
    right = y[:, None] == torch.arange(out.shape[1], device=y.device)
    return (out.softmax(dim=1) - right.to(out.dtype)).square().sum(dim=1).mean()


INITIALIZERS = {"he": he_normal, "small": partial(normal, std=0.05)}
LOSSES = {"cross_entropy": cross_entropy, "brier": brier}
RULES = {"gd": gd, "nesterov": nesterov, "adamw": adamw}
LOWEST = {"gd": 0.03, "nesterov": 0.003, "adamw": 0.001}  # of seven rates, 10^(1/3) apart
SCHEDULES = ("constant", "warmup_cosine")
MENU = tuple(product(INITIALIZERS, LOSSES, RULES, SCHEDULES))


def share(t: int) -> float:
    """Return the share of the rate at an update: a tenth of them to warm up, then a cosine."""
    return warm_up_cosine(t, UPDATES, warm=WARM)


def draw(initializer: str, unit: float, seed: int) -> Run:
    """Return what a seed draws; the signals are multiplied by `unit`."""
    start = networks.start(SIZES, generator(2000 + seed), INITIALIZERS[initializer])
    data = signals(seed=seed)
    data = Dataset("signals", *(Split(unit * part.x, part.y) for part in parts(data)))
    return Run(start, data, generator(1000 + seed))


def runs(initializer: str, seeds: Iterable[int], unit: float = 1.0) -> Runs:
    return draw_runs(partial(draw, initializer, unit), seeds)


def train_plan(plan: tuple[str, ...], drawn: Runs, rates: list[float]) -> Grid:
    """Train a combination of MENU at each rate on each seed."""
    _, loss, rule, schedule = plan
    moves = RULES[rule] if schedule == "constant" else scheduled(RULES[rule], share)
    return grid(
        network,
        drawn,
        settings={"lr": rates},
        rule=moves,
        loss=LOSSES[loss],
        epochs=EPOCHS,
        batch_size=BATCH,
    )


def scores(found: Grid, part: str) -> Tensor:
    """Return the accuracies at the end, `(rates, seeds)`; 0 for a run that diverged."""
    return found.measure(accuracy, part).masked_fill(found.history["diverged"], 0.0)


# The menu


def first_rates(rule: str, loss: str) -> list[float]:
    """Return seven rates. Brier's gradients are smaller, so that gradient rules start higher."""
    lowest = LOWEST[rule] * (10 ** (1 / 3) if loss == "brier" and rule != "adamw" else 1)
    return [lowest * 10 ** (k / 3) for k in range(7)]


def tune(plan: tuple[str, ...], unit: float = 1.0) -> dict[str, Any]:
    """Return the rates in order, their validation accuracies `(rates, seeds)`, and the best."""
    drawn = runs(plan[0], TUNE, unit)
    found: dict[float, Tensor] = {}

    def tried(rates: list[float]) -> int:
        """Try these rates too; return the place of the best so far, in order."""
        found.update(zip(rates, scores(train_plan(plan, drawn, rates), "validation"), strict=True))
        return int(torch.stack([found[lr] for lr in sorted(found)]).mean(dim=1).argmax())

    best = tried([lr / unit for lr in first_rates(plan[2], plan[1])])
    while best in (0, len(found) - 1):
        best = tried([sorted(found)[best] * 10 ** (-1 / 3 if best == 0 else 1 / 3)])
    middle = sorted(found)[best]
    tried([middle * 10 ** (-1 / 6), middle * 10 ** (1 / 6)])
    rates = sorted(found)
    validation = torch.stack([found[lr] for lr in rates])
    lr = rates[best_setting({"lr": rates}, -validation)]
    return {"rates": rates, "validation": validation, "lr": lr}


def measure_menu() -> list[dict]:
    return [{"plan": plan, **tune(plan)} for plan in progress_bar(MENU, "menu", unit="plan")]


def measure_plans(menu: list[dict]) -> list[dict]:
    """Return what each combination reaches at its best rate on the fresh seeds."""
    found = []
    for row in progress_bar(menu, "plans", unit="plan"):
        trained = train_plan(row["plan"], runs(row["plan"][0], SEEDS), [row["lr"]])
        each = {part: scores(trained, part)[0] for part in ("validation", "test")}
        found.append({"plan": row["plan"], "lr": row["lr"], **each})
    return found


# A rate from curvature

UNITS = (0.25, 1.0, 4.0)
BY_HAND = ("he", "cross_entropy", "gd", "warmup_cosine")


def sharpness(
    params: Params, data: Split, rounds: int = 20, loss: Loss = cross_entropy, product=hvp
) -> float:
    """Return the largest eigenvalue of the Hessian of the loss of all of `data`, from below.

    product: `hvp` of the library, or of whoever wrote one.
    """
    p, back = as_vector(params)

    def of_all(p: Tensor) -> Tensor:
        return loss(network(back(p), data.x), data.y)

    v = torch.randn(len(p), generator=generator(0)).to(p)
    return lower_eigenvalues(lambda v: product(of_all, p, v), v, rounds)[0].item()


def by_curvature(unit: float, seed: int) -> tuple[float, list[float]]:
    """Train at the rate 2/λ, λ from eight products before each epoch, under the schedule.

    Returns the test accuracy, and λ before each epoch.
    """
    params, data, order = draw("he", unit, seed)
    gradient = grad(lambda params, x, y: cross_entropy(network(params, x), y))
    curved, t = [], 0
    for _ in range(EPOCHS):
        curved.append(sharpness(params, data.train, rounds=8))
        for x, y in batches(data.train, BATCH, order):
            t += 1
            lr, g = share(t) * 2 / curved[-1], gradient(params, x, y)
            params = {name: gd(p, g[name], lr=lr) for name, p in params.items()}
    return accuracy(network(params, data.test.x), data.test.y).item(), curved


def measure_curvature(menu: list[dict]) -> dict:
    """Compare 2/λ with the rate tuned for unit 1 and with the rate tuned for each unit."""
    tuned = next(row["lr"] for row in menu if row["plan"] == BY_HAND)
    found = []
    for unit in progress_bar(UNITS, "curvature", unit="unit"):
        own = tuned if unit == 1 else tune(BY_HAND, unit)["lr"]
        by_rate = scores(train_plan(BY_HAND, runs("he", SEEDS, unit), [tuned, own]), "test")
        measured, curved = zip(*(by_curvature(unit, seed) for seed in SEEDS), strict=True)
        found.append(
            {
                "unit": unit,
                "lr": own,
                "sharpness": curved,
                "of_unit_1": by_rate[0],
                "of_its_own": by_rate[1],
                "of_curvature": measured,
            }
        )
    return {"plan": BY_HAND, "lr": tuned, "units": found}


# Untuned

UNTUNED = [10.0**k for k in range(-4, 1)]


def steered(words: tuple[str, ...], lr: float, seed: int, controller=RATE) -> float:
    """Return the test accuracy when fuzzy rules on the slope steer the rate, from lr on.

    words: initializer and loss. controller: the rules; None for the plan on time alone.
    """
    params, data, order = draw(words[0], 1.0, seed)
    weights = [p.requires_grad_() for p in params.values()]
    optimizer = FuzzySecondOrder(weights, lr, total=UPDATES, controller=controller)
    for _ in range(EPOCHS):
        for x, y in batches(data.train, BATCH, order):
            optimizer.zero_grad()
            LOSSES[words[1]](network(params, x), y).backward()
            optimizer.step()
    return accuracy(network(params, data.test.x), data.test.y).item()


def measure_untuned(menu: list[dict]) -> dict:
    """Return test accuracies, a row of runs for each rate of UNTUNED, with the chosen words."""
    best = max(menu, key=lambda row: row["validation"].mean(dim=1).max())
    words = best["plan"][:2]
    drawn = runs(words[0], SEEDS)
    found = {
        rule: scores(train_plan((*words, rule, SCHEDULES[1]), drawn, UNTUNED), "test")
        for rule in RULES
    }
    for name, rules in progress_bar({"fuzzy": RATE, "time alone": None}.items(), "untuned"):
        found[name] = [[steered(words, lr, seed, rules) for seed in SEEDS] for lr in UNTUNED]
    return {"plan": best["plan"], "rates": UNTUNED, "test": found}


# Broken runs


def uncorrected(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return Adam's step with the second average as it is: too small at first."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return p - lr * m / (1 - beta1**t) / (v.sqrt() + eps), m, v


def softmax_twice(out: Tensor, y: Tensor) -> Tensor:
    """Return the cross-entropy of probabilities that are taken for logits."""
    return cross_entropy(out.softmax(dim=1), y)


class Plan(NamedTuple):
    """What one run is made of. `leaks`: its validation part is copied from its training part."""

    rule: Rule
    lr: float
    loss: Loss = cross_entropy
    hidden: float | None = None  # the value of all hidden weights at the start, None for He's
    leaks: bool = False


BROKEN_SEED = 100
HEALTHY = Plan(partial(adamw, weight_decay=0.01), 0.01)


def broken_plans(curvature: float) -> dict[str, Plan]:
    """Return the healthy plan and the five broken ones. curvature: at the start of the run."""
    return {
        "healthy": HEALTHY,
        "1": HEALTHY._replace(hidden=0.15),
        "2": Plan(gd, 6 / curvature),
        "3": HEALTHY._replace(rule=uncorrected),
        "4": HEALTHY._replace(leaks=True),
        "5": HEALTHY._replace(loss=softmax_twice),
    }


def mended_plans(curvature: float) -> dict[str, Plan]:
    """Return the broken plans with the fault alone undone."""
    return dict.fromkeys("1345", HEALTHY) | {"2": Plan(gd, 1 / curvature)}


def begin(plan: Plan) -> tuple[Params, Dataset]:
    """Return where a run starts, and its data."""
    start, data, _ = draw("he", 1.0, BROKEN_SEED)
    if plan.hidden is not None:
        for name in ("W1", "W2"):
            start[name] = torch.full_like(start[name], plan.hidden)
    if plan.leaks:
        copied = Split(data.train.x[:500], data.train.y[:500])
        data = Dataset(data.name, data.train, copied, data.test)
    return start, data


def report(plan: Plan) -> dict[str, Any]:
    """Train one run and return what can be seen of it.

    `loss`: of each batch before its update. `accuracies`: train, validation and test at the end.
    `gradients`: the size of the gradient of each layer's weights, on all signals, before training.
    `rows`: how many neurons of the first layer differ at the end. `steps`: by how much the median
    parameter moves in an update, over lr. `rate`: lr times the largest curvature at the start.
    `distances`: from a validation and from a test signal to the nearest training signal, medians.
    """
    params, data = begin(plan)
    gradient = grad(lambda params, x, y: plan.loss(network(params, x), y))
    first = gradient(params, data.train.x, data.train.y)
    rate = plan.lr * sharpness(params, data.train, loss=plan.loss)
    slots = {n: (torch.zeros_like(p),) * len(slot_names(plan.rule)) for n, p in params.items()}
    order, losses, steps, t = generator(1000 + BROKEN_SEED), [], [], 0
    for _ in range(EPOCHS):
        for x, y in batches(data.train, BATCH, order):
            t += 1
            losses.append(plan.loss(network(params, x), y))
            g, moved = gradient(params, x, y), {}
            for name, p in params.items():
                moved[name], slots[name] = apply(
                    plan.rule, p, g[name], slots[name], t=t, lr=plan.lr
                )
            change = torch.cat([(moved[name] - params[name]).flatten() for name in params])
            steps.append(change.abs().median() / plan.lr)
            params = moved
    return {
        "loss": torch.stack(losses),
        "accuracies": [accuracy(network(params, part.x), part.y) for part in parts(data)],
        "gradients": [value.norm() for name, value in first.items() if name.startswith("W")],
        "rows": len(params["W1"].unique(dim=0)),
        "steps": torch.stack(steps),
        "rate": rate,
        "distances": [nearest(part, data.train) for part in (data.validation, data.test)],
    }


def nearest(split: Split, train: Split) -> Tensor:
    """Return the distance to the nearest training signal, the median of a split."""
    apart = split.x[:, None] - train.x  # not by products, which round a distance of 0
    return apart.norm(dim=2).amin(dim=1).median()


def measure_broken() -> dict[str, dict]:
    start, data = begin(HEALTHY)
    curvature = sharpness(start, data.train)
    found = {name: {"lr": p.lr, **report(p)} for name, p in broken_plans(curvature).items()}
    for name, plan in mended_plans(curvature).items():
        found[name]["mended"] = report(plan)["accuracies"]
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    menu = measure_menu()
    write_experiment(
        __file__,
        {
            "seeds": list(SEEDS),
            "tuning_seeds": list(TUNE),
            "sizes": list(SIZES),
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "warm": WARM,
            "menu": menu,
            "plans": measure_plans(menu),
            "curvature": measure_curvature(menu),
            "untuned": measure_untuned(menu),
            "broken": measure_broken(),
        },
    )
