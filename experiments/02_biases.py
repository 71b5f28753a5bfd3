"""Lesson 02's claims about biases, measured on digits over 24 seeds.

A3  Whether a network without biases judges blurred, noisy and muted images worse.
A4  Whether L1 or L2 on biases lowers overfitting; what extreme biases need; what diverse training
    images do to the bias of a model, the other meaning of the word.

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. What is compared shares all three. Each side of a comparison tries equally many
settings and keeps the one that is best on the validation images of ten seeds of their own, by the
measure that is reported; the 24 seeds that are reported choose nothing. Because an effect may
depend on the learning rate, A3 and the diets also compare both sides at the same rate: at every
rate at which each is within a point of its best on those validation images. The runs of a
comparison are trained together, as one batched program. Some 25,000 runs; it takes about eight
minutes on one core:

    python experiments/02_biases.py
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import avg_pool2d, cross_entropy, one_hot
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Split,
    best_setting,
    confidence_interval,
    digits,
    generator,
    networks,
    stack_params,
    stack_splits,
    write_experiment,
)
from course_lib.lab.corruption import blur, fade, noise
from course_lib.lab.data import resplit
from course_lib.lab.networks import network
from course_lib.nn.biases import constant_error, l1_gradient, l2_gradient
from course_lib.optim.rules import adam, gd
from course_lib.optim.signature import Rule, apply, slot_names

SEEDS = range(24)  # reported
TUNING = range(100, 110)  # what settings are chosen on
BATCH = 50
EPOCHS = 20
SILENT = "from -3 and -10 no neuron responds, so that no rate moves a weight"

Params = dict[str, Tensor]
View = Callable[[Tensor], Tensor]
Look = Callable[[Tensor], View]  # from the training images, a view of any images
Corruption = Callable[[Tensor, torch.Generator], Tensor]
Penalty = Callable[[Tensor, Tensor, Tensor], Tensor]


# How a network sees the images


def ink(train: Tensor) -> View:
    return lambda x: x


def inverted(train: Tensor) -> View:
    return lambda x: 1 - x


def centred(train: Tensor) -> View:
    mean = train.mean(dim=0)
    return lambda x: x - mean


def quarters(x: Tensor) -> Tensor:
    """Return the mean ink of the four quarters of each image: `(n, 64)` to `(n, 4)`."""
    return avg_pool2d(x.view(-1, 1, 8, 8), 4).flatten(1)


def four_numbers(train: Tensor) -> View:
    return quarters


def four_centred(train: Tensor) -> View:
    mean = quarters(train).mean(dim=0)
    return lambda x: quarters(x) - mean


# What happens to the images


def clear(x: Tensor, source: torch.Generator) -> Tensor:
    return x


def blurred(width: float) -> Corruption:
    return lambda x, source: blur(x, width)


def noisy(level: float) -> Corruption:
    return lambda x, source: noise(x, level, source)


def muted(factor: float) -> Corruption:
    return lambda x, source: fade(x, factor)


def diverse(x: Tensor, source: torch.Generator) -> Tensor:
    """Leave a third of the images clear, blur a third, add noise to a third."""
    first, second, third = x.tensor_split(3)
    return torch.cat([first, BLURRED(second, source), NOISY(third, source)])


BLURRED, NOISY = blurred(1.0), noisy(0.3)


# Runs


class Setting(NamedTuple):
    """What one side of a comparison tries: a learning rate, which biases it has, a penalty."""

    lr: float
    biases: str = "all"  # or "none", or those of one layer, such as "b2"; others stay at 0
    strength: float = 0.0  # of the penalty


class Runs(NamedTuple):
    """What is random in the runs, one for each seed, and how the networks see the images."""

    start: Params  # (seeds, ...)
    orders: Tensor  # (seeds, epochs, n)
    data: list[Dataset]
    views: list[View]
    seeds: Sequence[int]

    def part(self, name: str, corruption: Corruption = clear) -> Split:
        """Return a part of each division as the networks see it: `(seeds, n, d)`, `(seeds, n)`."""
        splits = [getattr(data, name) for data in self.data]
        seen = [
            view(corruption(split.x, generator(seed)))
            for seed, view, split in zip(self.seeds, self.views, splits, strict=True)
        ]
        return stack_splits([Split(x, own.y) for x, own in zip(seen, splits, strict=True)])


def draw(sizes: Sequence[int], images: int, epochs: int, source: torch.Generator):
    """Return random weights that keep the size of the signals, zero biases, and shuffles."""
    params = networks.start(sizes, source)
    orders = [torch.randperm(images, generator=source) for _ in range(epochs)]
    return params, torch.stack(orders)


def draw_runs(
    look: Look,
    hidden: Sequence[int] = (),
    train_on: Corruption = clear,
    images: int = 1000,
    epochs: int = EPOCHS,
    seeds: Sequence[int] = SEEDS,
) -> Runs:
    """Return the runs of all seeds on the first `images` of their training images."""
    whole, drawn, divisions, views = digits(), [], [], []
    for seed in seeds:
        source = generator(seed)
        data = resplit(whole, source)
        train = Split(train_on(data.train.x[:images], source), data.train.y[:images])
        views.append(look(train.x))
        inputs = views[-1](train.x).shape[1]
        drawn.append(draw([inputs, *hidden, 10], images, epochs, source))
        divisions.append(replace(data, train=train))
    params, orders = zip(*drawn, strict=True)
    return Runs(stack_params(params), torch.stack(orders), divisions, views, seeds)


forward_all = vmap(vmap(network, in_dims=(0, None)))  # (seeds, settings, ...) on (seeds, n, d)


def train_together(
    runs: Runs,
    settings: Sequence[Setting],
    rule: Rule = gd,
    penalty: Penalty | None = None,
    on: str = "b",
) -> Params:
    """Train each seed under each setting: each comes out as `course_lib.lab.train` would make it.

    penalty: changes the gradients of biases (on="b") or of weights ("W"), by the strength of the
    setting. Returns parameters `(seeds, settings, ...)`.
    """
    params = {
        name: value[:, None].expand(-1, len(settings), *value.shape[1:])
        for name, value in runs.start.items()
    }
    rates = {}
    for name, value in params.items():
        free = [name[0] == "W" or own.biases in ("all", name) for own in settings]
        own_rates = [own.lr * learns for own, learns in zip(settings, free, strict=True)]
        rates[name] = along_settings(torch.tensor(own_rates), value)
    strengths = torch.tensor([own.strength for own in settings])
    slots = {n: tuple(torch.zeros_like(p) for _ in slot_names(rule)) for n, p in params.items()}
    x, y = runs.part("train").x, runs.part("train").y
    run, t = torch.arange(len(y))[:, None], 0
    for epoch in runs.orders.unbind(dim=1):
        for chosen in epoch.split(BATCH, dim=1):
            t += 1
            gradients = all_gradients(params, x[run, chosen], y[run, chosen])
            moved = {}
            for name, p in params.items():
                g = gradients[name]
                if penalty and name[0] == on:
                    g = penalty(g, p, along_settings(strengths, p))
                moved[name], slots[name] = apply(rule, p, g, slots[name], t=t, lr=rates[name])
            params = moved
    return params


def along_settings(values: Tensor, like: Tensor) -> Tensor:
    """Return one value a setting, shaped to multiply a tensor `(seeds, settings, ...)`."""
    return values.view(1, -1, *[1] * (like.ndim - 2))


def one_loss(params: Params, x: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(network(params, x), y)


all_gradients = vmap(vmap(grad(one_loss), in_dims=(0, None, None)))


def accuracy(params: Params, split: Split) -> Tensor:
    """Return the share of right answers `(seeds, settings)`."""
    right = forward_all(params, split.x).argmax(dim=3) == split.y[:, None]
    return right.double().mean(dim=2)


def loss(params: Params, split: Split) -> Tensor:
    """Return the mean cross-entropy `(seeds, settings)`."""
    out = forward_all(params, split.x)
    right = split.y[:, None].expand(out.shape[:3])
    each = cross_entropy(out.flatten(0, 2).double(), right.flatten(), reduction="none")
    return each.view(out.shape[:3]).mean(dim=2)


def lopsided(params: Params, split: Split) -> Tensor:
    """Return how far the digits' shares of the answers are from the truth `(seeds, settings)`.

    It is the least share of answers that would have to change to mend the shares, their total
    variation distance: 0 if each digit is named as often as it occurs.
    """
    answers = one_hot(forward_all(params, split.x).argmax(dim=3), 10).double().mean(dim=2)
    truth = one_hot(split.y, 10).double().mean(dim=1)
    return (answers - truth[:, None]).abs().sum(dim=2) / 2


def only(params: Params, settings: Sequence[int]) -> Params:
    return {name: value[:, settings] for name, value in params.items()}


def mistakes(params: Params, split: Split) -> Tensor:
    return 1 - accuracy(params, split)


def best_of(
    params: Params,
    settings: Sequence[Setting],
    validation: Split,
    measure: Callable[[Params, Split], Tensor] = mistakes,
    edge_allowed: str = "",
) -> int:
    """Return the place of the setting for which the measure is least in the mean."""
    tried = {name: [getattr(own, name) for own in settings] for name in ("lr", "strength")}
    return best_setting(tried, measure(params, validation).T, edge_allowed=edge_allowed)


def rate(step: int) -> float:
    """Return the learning rate so many sixths of a power of ten from 1."""
    return 10 ** (step / 6)


STEPS = range(-9, 16)  # of the rates that A3 and the diets try
NEAR = 0.01  # a rate is near the best if it costs no more accuracy than this


class Tuned(NamedTuple):
    """What one side of a comparison found on the tuning seeds."""

    best: int  # the step of its best rate
    near: set[int]  # the steps of all rates that are nearly as good


def tune(runs: Runs, validation: Split, biases: str = "all") -> Tuned:
    """Try all rates; judge them on validation images."""
    settings = [Setting(rate(step), biases) for step in STEPS]
    params = train_together(runs, settings)
    best = best_of(params, settings, validation)
    wrong = mistakes(params, validation).mean(dim=0)
    close = (wrong <= wrong[best] + NEAR).tolist()
    return Tuned(
        STEPS[best], {step for step, is_close in zip(STEPS, close, strict=True) if is_close}
    )


def steps_of(tuned: Sequence[Tuned]) -> tuple[list[int], list[int]]:
    """Return all steps to report, and those that are near the best of both of the first sides."""
    near = tuned[0].near & tuned[1].near
    return sorted(near | {own.best for own in tuned}), sorted(near)


def intervals(better: Tensor, worse: Tensor) -> list[tuple[float, float, float]]:
    """Return the mean difference in points and its interval, a row each: `(seeds, rows)` twice."""
    return [tuple(confidence_interval(runs)) for runs in (100 * (better - worse)).T]


# A3: what does a network without biases make of bad images?

LEVELS = {
    "clear": clear,
    **{f"blur {width}": blurred(width) for width in (0.5, 0.75, 1.0, 1.5)},
    **{f"noise {level}": noisy(level) for level in (0.1, 0.2, 0.3, 0.5)},
    **{f"muted {factor}": muted(factor) for factor in (0.5, 0.25, 0.1)},
}


class Condition(NamedTuple):
    look: Look
    hidden: tuple[int, ...] = ()
    train_on: str = "clear"
    epochs: int = EPOCHS

    def runs(self, seeds: Sequence[int]) -> Runs:
        seen = LEVELS[self.train_on]
        return draw_runs(self.look, self.hidden, seen, epochs=self.epochs, seeds=seeds)


A3_CONDITIONS = {
    "10 neurons": Condition(ink),
    "10 neurons, inverted": Condition(inverted),
    "10 neurons, centred": Condition(centred),
    "32 hidden": Condition(ink, (32,)),
    "32 hidden, centred": Condition(centred, (32,)),
    "4 hidden": Condition(ink, (4,), epochs=60),
    "four numbers": Condition(four_numbers, epochs=100),
    "four numbers, centred": Condition(four_centred, epochs=100),
    "10 neurons, blurred training": Condition(ink, (), "blur 1.0"),
    "10 neurons, noisy training": Condition(ink, (), "noise 0.3"),
    "32 hidden, centred, blurred training": Condition(centred, (32,), "blur 1.0"),
    "32 hidden, centred, noisy training": Condition(centred, (32,), "noise 0.3"),
}


def measure_a3() -> dict:
    """Train with and without biases; test both on clear, blurred, noisy and muted images.

    Sides: without and with biases, and with those of the output alone where there are others. Each
    side is tested at its own best rate, and all of them at the same rates.
    """
    result = {}
    for name, condition in tqdm(A3_CONDITIONS.items(), desc="A3"):
        sides = {"without": "none", "with": "all"}
        if condition.hidden:
            sides["output alone"] = "b2"
        tuning = condition.runs(TUNING)
        validation = tuning.part("validation", LEVELS[condition.train_on])
        tuned = {side: tune(tuning, validation, biases) for side, biases in sides.items()}
        steps, near = steps_of(list(tuned.values()))
        settings = [Setting(rate(step), own) for own in sides.values() for step in steps]
        runs = condition.runs(SEEDS)
        params = train_together(runs, settings)
        errors = [constant_error(x) for x in runs.part("train").x]
        result[name] = {
            "epochs": condition.epochs,
            "constant_error": torch.stack(errors).mean().item(),
            "same rate": {"lrs": [rate(step) for step in near], "biases add": {}},
        }
        for side, own in tuned.items():
            result[name][side] = {"lr": rate(own.best), "test_accuracy": {}}
        shown = LEVELS if condition.train_on == "clear" else {condition.train_on}
        for level in shown:
            scores = accuracy(params, runs.part("test", LEVELS[level]))
            by_side = dict(zip(sides, scores.split(len(steps), dim=1), strict=True))
            for side, own in tuned.items():
                at_best = by_side[side][:, steps.index(own.best)]
                result[name][side]["test_accuracy"][level] = at_best
            both = (by_side[side][:, places(steps, near)] for side in ("with", "without"))
            result[name]["same rate"]["biases add"][level] = intervals(*both)
    return {"lrs": [rate(step) for step in STEPS], "conditions": result}


def places(steps: Sequence[int], chosen: Sequence[int]) -> list[int]:
    return [steps.index(step) for step in chosen]


# A4: do penalties on biases lower overfitting?

PENALTY_IMAGES, PENALTY_EPOCHS, PENALTY_NOISE = 100, 150, 0.4
PENALTY_LRS = [rate(step) for step in range(-14, 1)]
STRENGTHS = [0.0, *(rate(step) for step in range(-24, 3))]
PENALTIES = {"L1": l1_gradient, "L2": l2_gradient}
NO_PENALTY = "the lowest strength is 0: no penalty"


def measure_penalties() -> dict:
    """Train on a few noisy images, which a network learns by heart; penalise biases or weights.

    First the learning rate is chosen without a penalty. At that rate each penalty then chooses its
    strength, so that nothing but the penalty makes the difference.
    """
    noise = noisy(PENALTY_NOISE)
    result = {}
    for view, look in {"ink": ink, "centred": centred}.items():
        tuning, runs = (
            draw_runs(look, (32,), noise, PENALTY_IMAGES, PENALTY_EPOCHS, seeds)
            for seeds in (TUNING, SEEDS)
        )
        validation = tuning.part("validation", noise)
        rates = [Setting(lr) for lr in PENALTY_LRS]
        lr = PENALTY_LRS[best_of(train_together(tuning, rates), rates, validation, loss)]
        result[view] = {"lr": lr}
        settings = [Setting(lr, strength=strength) for strength in STRENGTHS]
        for name, penalty in tqdm(PENALTIES.items(), desc=f"A4, penalties, {view}"):
            for on, words in (("b", "biases"), ("W", "weights")):
                tried = train_together(tuning, settings, gd, penalty, on)
                best = best_of(tried, settings, validation, loss, edge_of(tried, validation))
                params = train_together(runs, settings, gd, penalty, on)
                result[view][f"{name} on {words}"] = {"best": best, **outcome(runs, params, noise)}
    settings = {"images": PENALTY_IMAGES, "epochs": PENALTY_EPOCHS, "noise": PENALTY_NOISE}
    return {**settings, "lrs": PENALTY_LRS, "strengths": STRENGTHS, "views": result}


def edge_of(params: Params, validation: Split) -> str:
    """Return why the best strength may be the lowest, if it is; else nothing."""
    return NO_PENALTY if loss(params, validation).mean(dim=0).argmin() == 0 else ""


def outcome(runs: Runs, params: Params, corruption: Corruption) -> dict:
    """Return what each strength does, the first of which is 0."""
    largest = torch.cat([params[key].flatten(2) for key in ("b1", "b2")], dim=2).abs().amax(dim=2)
    test = runs.part("test", corruption)
    return {
        "test_loss": loss(params, test).T,  # (strengths, seeds)
        "largest_bias": largest.mean(dim=0),
        "train_accuracy": accuracy(params, runs.part("train")).mean(dim=0),
        "test_accuracy": accuracy(params, test).mean(dim=0),
    }


# A4: what do biases at extreme values need?

STARTS = [-10.0, -3.0, -1.0, 0.0, 1.0, 3.0, 10.0, 30.0]
RULES = {"SGD": (gd, range(-15, 7)), "Adam": (adam, range(-24, 1))}


def measure_starts() -> dict:
    """Start all hidden biases at one value; find the learning rate that this start needs."""
    tuning, runs = (draw_runs(ink, (32,), seeds=seeds) for seeds in (TUNING, SEEDS))
    validation, test = tuning.part("validation"), runs.part("test")
    result = {"starts": STARTS, "responding": [responding(runs, at) for at in STARTS]}
    for rule, (update, steps) in RULES.items():
        settings, best = [Setting(rate(step)) for step in steps], []
        for start in tqdm(STARTS, desc=f"A4, starts, {rule}"):
            params = train_together(started(tuning, start), settings, update)
            best.append(best_of(params, settings, validation, edge_allowed=SILENT * (start <= -3)))
        usual = best[STARTS.index(0.0)]
        scores = [
            accuracy(
                train_together(started(runs, at), [settings[own], settings[usual]], update), test
            )
            for at, own in zip(STARTS, best, strict=True)
        ]
        result[rule] = {
            "lrs": [own.lr for own in settings],
            "best_lr": [settings[own].lr for own in best],
            "usual_lr": settings[usual].lr,
            "test_accuracy": [own[:, 0] for own in scores],
            "test_accuracy_at_usual_lr": [own[:, 1] for own in scores],
        }
    return result


def started(runs: Runs, at: float) -> Runs:
    """Return the same runs with all hidden biases at one value."""
    return runs._replace(start={**runs.start, "b1": torch.full_like(runs.start["b1"], at)})


def responding(runs: Runs, at: float) -> float:
    """Return the share of hidden neurons and training images for which a neuron responds."""
    moved = started(runs, at).start
    first = {name: moved[name][:, None] for name in ("W1", "b1")}
    return (forward_all(first, runs.part("train").x) > 0).double().mean().item()


# A4: does diverse data lessen the bias of a model?

DIETS = {"clear": clear, "diverse": diverse}
DIET_LEVELS = ("clear", "blur 1.0", "noise 0.3", "blur 1.5", "muted 0.25")


def measure_diets() -> dict:
    """Train on equally many images, all clear or of three kinds; see how lopsided answers are."""
    tuned = {}
    for name, diet in tqdm(DIETS.items(), desc="A4, diets"):
        tuning = draw_runs(ink, (32,), diet, seeds=TUNING)
        tuned[name] = tune(tuning, tuning.part("validation", diet))
    steps, near = steps_of(list(tuned.values()))
    settings = [Setting(rate(step)) for step in steps]
    trained = {
        name: train_together(draw_runs(ink, (32,), diet), settings) for name, diet in DIETS.items()
    }
    plain = draw_runs(ink, (32,))
    tests = {level: plain.part("test", LEVELS[level]) for level in DIET_LEVELS}
    result = {name: {"lr": rate(own.best)} for name, own in tuned.items()}
    result["same rate"] = {"lrs": [rate(step) for step in near]}
    for word, measure in {"test_accuracy": accuracy, "lopsided": lopsided}.items():
        result["same rate"][word] = {}
        for name in DIETS:
            result[name][word] = {}
        for level, test in tests.items():
            scores = {name: measure(params, test) for name, params in trained.items()}
            for name, own in tuned.items():
                result[name][word][level] = scores[name][:, steps.index(own.best)]
            both = (scores[name][:, places(steps, near)] for name in ("diverse", "clear"))
            result["same rate"][word][level] = intervals(*both)
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    settings = {"seeds": len(SEEDS), "tuning_seeds": len(TUNING), "batch": BATCH, "epochs": EPOCHS}
    A4 = {
        "penalties": measure_penalties(),
        "starts": measure_starts(),
        "diets": measure_diets(),
    }
    write_experiment(__file__, {**settings, "A3": measure_a3(), "A4": A4})
