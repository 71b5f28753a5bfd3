"""Lesson 11's claims about Adam, measured on digits over 24 seeds.

Rates       Gradient descent, momentum, Nesterov's momentum, RMSProp and Adam at 25 learning rates
            each, constant, on digits as they are and with pixels in unequal units: which rates will
            do, how many updates it takes (B7, third and fourth part).
Schedules   The same five with a rate that falls along a cosine, and with a warm-up before it.
Correction  Adam with and without its corrections, for three β₂ (B7, second part).
Betas       Adam at twenty pairs of β₁ and β₂ (Kingma and Ba).
Decay       Adam with L2 and AdamW at 25 strengths each, after 30 epochs: what the decay does to
            the weights of each pixel, and to accuracy (Loshchilov and Hutter).

A seed draws the division into training, validation and test images, the starting weights and the
order of the images, the same for all that is compared. Whatever is chosen (a rate, a strength) is
chosen on twelve seeds that no result is taken from, by what is reported: accuracy, on their
validation images, or the number of updates. Rates and strengths stand six to a decade. About 24,000
short runs, in about ten minutes:

    python experiments/11_adam.py
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
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
from course_lib.optim.correction import adam_partly_corrected
from course_lib.optim.dialects import adam_l2
from course_lib.optim.rules import adam, adamw, gd, momentum, nesterov, rmsprop
from course_lib.optim.schedules import cosine, scheduled, warm_up
from course_lib.optim.signature import Rule

SEEDS, TUNE = 24, 12  # results are taken from the first, choices made on the others
SIZES, EPOCHS, BATCH = (64, 32, 10), 10, 50
TARGETS = (0.3, 0.2)  # validation losses; at the first about nine in ten digits are read
NEVER = "no run gets there at any rate, so that all rates are as fast"

Params = dict[str, Tensor]

RULES = {
    "gradient descent": gd,
    "momentum": momentum,
    "Nesterov": nesterov,
    "RMSProp": rmsprop,
    "Adam": adam,
}
TASKS = {"digits": 0.0, "unequal units": 1.0}
LOWEST = {"RMSProp": -27, "Adam": -27}  # in sixths of a decade; −18 for the others
RATES = {name: [10 ** ((LOWEST.get(name, -18) + k) / 6) for k in range(25)] for name in RULES}
TOLERANCE, RESAMPLES = 0.01, 2000  # of accuracy: a rate will do if it costs no more
BETAS2, MENDED = (0.99, 0.999, 0.9999), {"corrected": "mv", "as they are": ""}
CORRECTION_RATES = [10 ** (k / 6) for k in range(-25, -2)]
GRID = {"beta1": (0.0, 0.5, 0.9, 0.95, 0.99), "beta2": (0.9, 0.99, 0.999, 0.9999)}
GRID_RATES = [10 ** (k / 6) for k in range(-18, -3)]
DECAY_EPOCHS = 30
LEFT = 0.7
WEAKEST = "beyond the weakest decay there is none at all"
DECAYS = {
    "L2": (adam_l2, [10 ** (k / 6) for k in range(-30, -5)]),
    "AdamW": (adamw, [10 ** (k / 6) for k in range(-15, 10)]),
}
UPDATES = 20 * EPOCHS  # a run of the first four parts


SCHEDULES = {
    "cosine": partial(cosine, updates=UPDATES),
    "warm-up": lambda t: warm_up(t, 20) * cosine(t, UPDATES),  # over the first epoch
}


def start(seed: int) -> Params:
    return networks.start(SIZES, generator(2000 + seed))


def division(seed: int, decades: float = 0.0) -> Dataset:
    """Return the digits divided by a seed, each pixel in a unit of its own.

    The units are drawn evenly on a logarithmic scale, so many decades below 1 to so many above.
    """
    units = 10 ** (decades * (2 * torch.rand(64, generator=generator(3000 + seed)) - 1))
    whole = resplit(digits(), generator(seed))
    return Dataset("digits", *(Split(part.x * units, part.y) for part in parts(whole)))


def draw(seed: int, decades: float = 0.0) -> Run:
    """Return where a run starts, its data, and what draws their order."""
    return Run(start(seed), division(seed, decades), generator(1000 + seed))


def run(
    rule: Callable,
    settings: dict[str, Sequence[float]],
    *,
    seeds: Sequence[int],
    decades: float = 0.0,
    epochs: int = EPOCHS,
) -> tuple[dict[str, Tensor], Params]:
    """Train a network for each setting and seed; return what is measured, and the parameters.

    The measures are `(settings, seeds)`: `accuracy` on test images; `error`, the share of
    validation images read wrongly; under each target `updates to …`, until the validation loss
    first falls to it, read off the line between two epochs, infinite where it never does.
    """
    runs = draw_runs(partial(draw, decades=decades), seeds)
    how = {"rule": rule, "epochs": epochs, "batch_size": BATCH, "chunk": 300}
    found = grid(network, runs, settings=settings, **how)
    losses = found.history["validation_loss"].nan_to_num(nan=torch.inf)
    losses[..., -1] = found.last_loss()
    per_epoch = -(-found.data.train.y.shape[-1] // BATCH)
    updates = {
        f"updates to {target}": per_epoch
        * first_below(losses.flatten(0, 1), target).view(losses.shape[:2])
        for target in TARGETS
    }
    error = 1 - found.measure(accuracy, "validation")
    return {"accuracy": found.measure(accuracy), "error": error, **updates}, found.params


def first_below(losses: Tensor, target: float) -> Tensor:
    """Return where each line through `losses` `(runs, epochs + 1)` first reaches the target."""
    places = torch.full((len(losses),), torch.inf, dtype=torch.float64)
    for row, own in enumerate(losses.double()):
        below = (own <= target).nonzero().flatten()
        if len(below) and below[0] > 0:
            last = int(below[0])
            before, after = own[last - 1], own[last]
            share = (before - target) / (before - after) if before.isfinite() else 1.0
            places[row] = last - 1 + share
    return places


def split_seeds(found: Tensor) -> tuple[Tensor, Tensor]:
    """Return the columns that results are taken from, and those that choices are made on."""
    return found[:, :SEEDS], found[:, SEEDS:]


def best(settings: dict[str, Sequence[float]], found: Tensor, edge: str = "") -> int:
    """Return the setting with the lowest mean over the seeds that choose."""
    return best_setting(settings, split_seeds(found)[1], edge_allowed=edge)


def finite(values: Tensor) -> list:
    """Return a list in which None stands for infinity."""
    return [value if value < float("inf") else None for value in values.tolist()]


def decades(rates: Sequence[float], accuracy: Tensor, least: float) -> float:
    """Return over how many decades of the rate the accuracy `(rates,)` is at least `least`.

    It is the unbroken range around the best rate; its ends are read off the lines between rates.
    """
    place, good = torch.tensor(rates, dtype=torch.float64).log10(), accuracy.double() - least
    top = int(good.argmax())
    if good[top] < 0:
        return 0.0
    ends = []
    for step, last in ((-1, 0), (1, len(rates) - 1)):
        i = top
        while i != last and good[i + step] >= 0:
            i += step
        share = 0.0 if i == last else good[i] / (good[i] - good[i + step])
        ends.append(place[i] + share * step * (place[1] - place[0]))
    return float(ends[1] - ends[0])


def ranges(accuracies: dict[str, Tensor], chosen: dict[str, int], best_rule: str) -> dict:
    """Return how wide the range of rates is that will do, for every rule.

    accuracies: `(rates, seeds)` under the name of a rule. chosen: the place of its best rate, and
    best_rule the best of all, by other seeds. A rate will do if the mean accuracy of all seeds is
    at most `TOLERANCE` below that at the chosen rate: of the rule (`own`), or of the best rule
    (`any`). Each is the width in decades, with the ends of its 95 % interval, from drawing as many
    seeds with replacement, the same for all rules. `adam_more` is how much wider Adam's is.
    """
    source, rows = generator(0), {}
    draws = [torch.arange(SEEDS)]
    draws += [torch.randint(SEEDS, (SEEDS,), generator=source) for _ in range(RESAMPLES)]
    for drawn in draws:
        means = {name: own[:, drawn].mean(dim=1) for name, own in accuracies.items()}
        tops = {name: float(own[chosen[name]]) for name, own in means.items()}
        for name, own in means.items():
            for what, top in (("own", tops[name]), ("any", tops[best_rule])):
                width = decades(RATES[name], own, top - TOLERANCE)
                rows.setdefault(what, {}).setdefault(name, []).append(width)
    result = {}
    for what, widths in rows.items():
        for name, of in widths.items():
            found = result.setdefault(name, {})
            found[what] = interval(of)
            more = [a - b for a, b in zip(widths["Adam"], of, strict=True)]
            found[f"adam_more_{what}"] = interval(more)
    return result


def interval(values: Sequence[float]) -> list[float]:
    """Return the first value, and between which ends 95 % of the others lie."""
    others = torch.tensor(values[1:], dtype=torch.float64)
    ends = others.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64))
    return [values[0], *ends.tolist()]


def soonest(rates: Sequence[float], updates: Tensor) -> dict:
    """Return at which rate a target is reached soonest on the seeds that choose, and how soon.

    A run that never reaches it counts with all its updates.
    """
    report, tuning = split_seeds(updates)
    edge = "" if tuning.isfinite().any() else NEVER
    place = best_setting({"lr": rates}, tuning.clamp(max=UPDATES), edge_allowed=edge)
    return {"fastest": place, "updates": finite(report[place])}


def measure_rates() -> dict:
    """Train with five rules at all rates, on both tasks."""
    result = {}
    for task, of in TASKS.items():
        rows, accuracies, errors = {}, {}, {}
        for name, rule in tqdm(RULES.items(), desc=task):
            tried = {"lr": RATES[name]}
            found, _ = run(rule, tried, seeds=range(SEEDS + TUNE), decades=of)
            accuracies[name] = split_seeds(found["accuracy"])[0]
            errors[name] = split_seeds(found["error"])[1].mean(dim=1)
            rows[name] = {
                "accuracy": accuracies[name],
                "best": best(tried, found["error"]),
                **{str(to): soonest(RATES[name], found[f"updates to {to}"]) for to in TARGETS},
            }
        chosen = {name: row["best"] for name, row in rows.items()}
        best_rule = min(rows, key=lambda name: errors[name][chosen[name]])
        for name, widths in ranges(accuracies, chosen, best_rule).items():
            rows[name] |= widths
        result[task] = {"best_rule": best_rule, "rules": rows}
    return result


def choose_and_report(rule: Rule, settings: dict[str, list[float]], **how) -> dict:
    """Choose a setting on the seeds that choose; return it and the test accuracy of the others."""
    tuning, _ = run(rule, settings, seeds=range(SEEDS, SEEDS + TUNE), **how)
    place = best_setting(settings, tuning["error"])
    at_best = {name: [values[place]] for name, values in settings.items()}
    found, _ = run(rule, at_best, seeds=range(SEEDS), **how)
    return {"lr": settings["lr"][place], "accuracy": found["accuracy"][0]}


def measure_schedules() -> dict:
    """Train with five rules under each schedule, on both tasks, at all but six low rates."""
    result = {task: {name: {} for name in SCHEDULES} for task in TASKS}
    for task, schedule in tqdm(list(product(TASKS, SCHEDULES)), desc="schedules"):
        for name, rule in RULES.items():
            falling = scheduled(rule, SCHEDULES[schedule])
            tried = {"lr": RATES[name][6:]}
            found = choose_and_report(falling, tried, decades=TASKS[task])
            result[task][schedule][name] = found
    return result


def measure_correction() -> dict:
    """Train with and without corrections, for each β₂."""
    result = {}
    for beta2, (name, mended) in tqdm(list(product(BETAS2, MENDED.items())), desc="correction"):
        settings = {"lr": CORRECTION_RATES, "beta2": [beta2] * len(CORRECTION_RATES)}
        rule = partial(adam_partly_corrected, mended=mended)
        found, _ = run(rule, settings, seeds=range(SEEDS + TUNE))
        result.setdefault(str(beta2), {})[name] = {
            "accuracy": split_seeds(found["accuracy"])[0],
            "best": best({"lr": CORRECTION_RATES}, found["error"]),
        }
    return result


def measure_betas() -> dict:
    """Return the test accuracy of each pair of β, at the rate that is chosen for it."""
    pairs = list(product(*GRID.values()))
    tried = list(product(pairs, GRID_RATES))
    settings = {
        "beta1": [pair[0] for pair, _ in tried],
        "beta2": [pair[1] for pair, _ in tried],
        "lr": [rate for _, rate in tried],
    }
    found, _ = run(adam, settings, seeds=range(SEEDS, SEEDS + TUNE))
    by_pair = found["error"].view(len(pairs), len(GRID_RATES), TUNE)
    rates = [GRID_RATES[best_setting({"lr": GRID_RATES}, errors)] for errors in by_pair]
    at_best = {"beta1": [p[0] for p in pairs], "beta2": [p[1] for p in pairs], "lr": rates}
    at_one = at_best | {"lr": [rates[pairs.index((0.9, 0.999))]] * len(pairs)}
    accuracy = {
        name: run(adam, of, seeds=range(SEEDS))[0]["accuracy"]
        for name, of in {"own rate": at_best, "one rate": at_one}.items()
    }
    return {**GRID, "pairs": pairs, "lr": rates, "accuracy": accuracy}


def measure_decay(lr: float) -> dict:
    """Train Adam with each kind of decay at one rate, and compare the weights of each pixel.

    `ink` is the root mean square of each pixel over the training images, `(seeds, 64)`. A side is
    reported at its `best` strength, and at the one that is `like` the other side's: it leaves to
    the darkest sixteen pixels a share of their weights near `LEFT`. Both are chosen on the seeds
    that choose. `columns` is the root mean square of each pixel's weights at the latter.
    """
    report, tuning = range(SEEDS), range(SEEDS, SEEDS + TUNE)
    ink = torch.stack([division(seed).train.x.square().mean(dim=0).sqrt() for seed in report])
    darkest = ink.mean(dim=0).argsort()[-16:]
    how = {"epochs": DECAY_EPOCHS}
    _, plain = run(adam, {"lr": [lr]}, seeds=tuning, **how)
    found, params = run(adam, {"lr": [lr]}, seeds=report, **how)
    sides = {"none": {"accuracy": found["accuracy"][0], "columns": columns(params)[0]}}
    for name, (rule, strengths) in tqdm(DECAYS.items(), desc="decay"):
        tried = {"lr": [lr] * len(strengths), "weight_decay": strengths}
        found, params = run(rule, tried, seeds=tuning, **how)
        left = (columns(params) / columns(plain))[..., darkest].mean(dim=(1, 2))
        edge = {"weight_decay": strengths}
        two = {
            "best": strengths[best_setting(edge, found["error"], edge_allowed=WEAKEST)],
            "like": strengths[int((left - LEFT).abs().argmin())],
        }
        tried = {"lr": [lr] * 2, "weight_decay": list(two.values())}
        found, params = run(rule, tried, seeds=report, **how)
        sides[name] = {
            "strengths": strengths,
            **two,
            "accuracy": found["accuracy"][0],
            "columns": columns(params)[1],
        }
    return {"lr": lr, "ink": ink, "sides": sides}


def columns(params: Params) -> Tensor:
    """Return the root mean square of the weights that start at each pixel, `(..., 64)`."""
    return params["W1"].square().mean(dim=-2).sqrt()


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    torch.set_flush_denormal(True)
    rates = measure_rates()
    lr = RATES["Adam"][rates["digits"]["rules"]["Adam"]["best"]]
    results = {
        "rates": {"rates": RATES, "targets": TARGETS, "tasks": rates},
        "schedules": measure_schedules(),
        "correction": {"rates": CORRECTION_RATES, "beta2": measure_correction()},
        "betas": measure_betas(),
        "decay": measure_decay(lr),
    }
    settings = {"seeds": SEEDS, "tune": TUNE, "sizes": SIZES, "epochs": EPOCHS, "batch": BATCH}
    write_experiment(
        __file__, {**settings, "decay_epochs": DECAY_EPOCHS, "tolerance": TOLERANCE, **results}
    )
