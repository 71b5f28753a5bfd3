"""Lesson 02's claims about biases, measured on digits over 24 seeds.

A3  Whether a network without biases judges blurred, noisy and muted images worse.
A4  Whether L1 or L2 on biases lowers overfitting; what extreme biases need; what diverse training
    images do to the bias of a model, the other meaning of the word.

A seed draws the division into training, validation and test images, the starting weights and the
order of the images. What is compared shares all three. Each side of a comparison tries equally many
settings and keeps the one with the lowest loss on the validation images, in the mean over the
seeds. The runs of a comparison are trained together, as one batched program. It takes about five
minutes:

    python experiments/02_biases.py
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import avg_pool2d, cross_entropy, one_hot
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Split,
    best_setting,
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

SEEDS = 24
BATCH = 50
EDGE = "biases from -3 and -10, and L1 on biases, are best at the lowest value tried"
EPOCHS = 20

Params = dict[str, Tensor]
View = Callable[[Tensor], Tensor]
Look = Callable[[Tensor], View]  # from the training images, a view of any images
Corruption = Callable[[Tensor, torch.Generator], Tensor]


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
    """What one side of a comparison tries: a learning rate, with or without biases, a penalty."""

    lr: float
    biases: bool = True
    penalty: Callable[[Tensor, Tensor, float], Tensor] | None = None
    on: str = "b"  # the penalty changes the gradients of biases ("b") or of weights ("W")
    strength: float = 0.0


class Runs(NamedTuple):
    """What is random in the runs, one for each seed, and how the networks see the images."""

    start: Params  # (seeds, ...)
    orders: Tensor  # (seeds, epochs, n)
    data: list[Dataset]
    views: list[View]

    def part(self, name: str, corruption: Corruption = clear) -> Split:
        """Return a part of each division as the networks see it: `(seeds, n, d)`, `(seeds, n)`."""
        splits = [getattr(data, name) for data in self.data]
        seen = [
            view(corruption(split.x, generator(seed)))
            for seed, (view, split) in enumerate(zip(self.views, splits, strict=True))
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
) -> Runs:
    """Return the runs of all seeds on the first `images` of their training images."""
    whole, drawn, divisions, views = digits(), [], [], []
    for seed in range(SEEDS):
        source = generator(seed)
        data = resplit(whole, source)
        train = Split(train_on(data.train.x[:images], source), data.train.y[:images])
        views.append(look(train.x))
        inputs = views[-1](train.x).shape[1]
        drawn.append(draw([inputs, *hidden, 10], images, epochs, source))
        divisions.append(replace(data, train=train))
    params, orders = zip(*drawn, strict=True)
    return Runs(stack_params(params), torch.stack(orders), divisions, views)


forward_all = vmap(vmap(network, in_dims=(0, None)))  # (seeds, settings, ...) on (seeds, n, d)


def train_together(
    runs: Runs, settings: Sequence[Setting], optimizer: type = torch.optim.SGD
) -> Params:
    """Train each seed under each setting: each comes out as `course_lib.lab.train` would make it.

    Returns parameters `(seeds, settings, ...)`.
    """
    params = [
        {name: value.clone().requires_grad_() for name, value in runs.start.items()}
        for _ in settings
    ]
    rule = optimizer(
        [
            {"params": [value], "lr": setting.lr if setting.biases or name[0] == "W" else 0.0}
            for setting, own in zip(settings, params, strict=True)
            for name, value in own.items()
        ]
    )
    x, y = runs.part("train").x, runs.part("train").y
    run = torch.arange(SEEDS)[:, None]
    for epoch in runs.orders.unbind(dim=1):
        for chosen in epoch.split(BATCH, dim=1):
            out = forward_all(stack(params), x[run, chosen])
            right = y[run, chosen][:, None].expand(out.shape[:3])
            each = cross_entropy(out.flatten(0, 2), right.flatten(), reduction="sum")
            rule.zero_grad()
            (each / chosen.shape[1]).backward()
            for setting, own in zip(settings, params, strict=True):
                for name, value in own.items():
                    if setting.penalty and name[0] == setting.on:
                        value.grad = setting.penalty(value.grad, value.detach(), setting.strength)
            rule.step()
    return {name: value.detach() for name, value in stack(params).items()}


def stack(params: Sequence[Params]) -> Params:
    return {name: torch.stack([own[name] for own in params], dim=1) for name in params[0]}


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


def only(params: Params, settings: slice) -> Params:
    return {name: value[:, settings] for name, value in params.items()}


def best_of(
    params: Params, settings: Sequence[Setting], validation: Split, edge_allowed: str = ""
) -> int:
    """Return the place of the setting with the lowest validation loss."""
    tried = {name: [getattr(own, name) for own in settings] for name in ("lr", "strength")}
    return best_setting(tried, loss(params, validation).T, edge_allowed=edge_allowed)


# A3: what does a network without biases make of bad images?

A3_LRS = [2.0**k for k in range(-5, 6)]
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

    Sides: with and without biases, each at its own best rate; and without at the rate of with,
    which shows what of a difference comes from the rates alone.
    """
    result = {}
    half = len(A3_LRS)
    settings = [Setting(lr, biases) for biases in (False, True) for lr in A3_LRS]
    for name, condition in tqdm(A3_CONDITIONS.items(), desc="A3"):
        seen = LEVELS[condition.train_on]
        runs = draw_runs(condition.look, condition.hidden, seen, epochs=condition.epochs)
        params = train_together(runs, settings)
        validation = runs.part("validation", seen)
        best = {
            "without": best_of(only(params, slice(half)), settings[:half], validation),
            "with": half + best_of(only(params, slice(half, None)), settings[half:], validation),
        }
        best["without, same rate"] = best["with"] - half
        levels = LEVELS if seen is clear else {condition.train_on: seen}
        test = {level: runs.part("test", corruption) for level, corruption in levels.items()}
        errors = [constant_error(x) for x in runs.part("train").x]
        result[name] = {
            "epochs": condition.epochs,
            "constant_error": torch.stack(errors).mean().item(),
        }
        for side, place in best.items():
            own = only(params, slice(place, place + 1))
            scores = {level: accuracy(own, split)[:, 0] for level, split in test.items()}
            result[name][side] = {"lr": settings[place].lr, "test_accuracy": scores}
    return {"lrs": A3_LRS, "conditions": result}


# A4: do penalties on biases lower overfitting?

PENALTY_IMAGES, PENALTY_EPOCHS, PENALTY_NOISE = 100, 150, 0.4
TRIES = 18
PENALTY_LRS = [0.005 * 1.3**k for k in range(TRIES)]
STRENGTHS = [10 ** (k / 4 - 4) for k in range(TRIES)]
PENALTIES = {"L1": l1_gradient, "L2": l2_gradient}


def measure_penalties() -> dict:
    """Train on a few noisy images, which a network learns by heart; penalise biases or weights.

    First the learning rate is chosen without a penalty. At that rate each penalty then tries as
    many strengths, so that nothing but the penalty makes the difference.
    """
    noise = noisy(PENALTY_NOISE)
    result = {}
    for view, look in {"ink": ink, "centred": centred}.items():
        runs = draw_runs(look, (32,), noise, PENALTY_IMAGES, PENALTY_EPOCHS)
        parts = {name: runs.part(name, noise) for name in ("validation", "test")}
        parts["train"] = runs.part("train")
        rates = [Setting(lr) for lr in PENALTY_LRS]
        result[view] = {"no penalty": keep_best(runs, rates, parts)}
        lr = result[view]["no penalty"]["lr"]
        for name, penalty in tqdm(PENALTIES.items(), desc=f"A4, penalties, {view}"):
            for on, words in (("b", "biases"), ("W", "weights")):
                settings = [Setting(lr, True, penalty, on, strength) for strength in STRENGTHS]
                result[view][f"{name} on {words}"] = keep_best(runs, settings, parts)
    settings = {"images": PENALTY_IMAGES, "epochs": PENALTY_EPOCHS, "noise": PENALTY_NOISE}
    return {**settings, "lrs": PENALTY_LRS, "strengths": STRENGTHS, "views": result}


def keep_best(runs: Runs, settings: Sequence[Setting], parts: dict[str, Split]) -> dict:
    """Train under each setting; return what all of them do and what the best of them reaches."""
    params = train_together(runs, settings)
    largest = torch.cat([params[key].flatten(2) for key in ("b1", "b2")], dim=2).abs().amax(dim=2)
    test_loss = loss(params, parts["test"])
    best = best_of(params, settings, parts["validation"], edge_allowed=EDGE)
    return {
        "best": best,
        "lr": settings[best].lr,
        "test_loss": test_loss.T,  # (settings, seeds)
        "largest_bias": largest.mean(dim=0),
        "train_accuracy": accuracy(params, parts["train"])[:, best],
        "test_accuracy": accuracy(params, parts["test"])[:, best],
    }


# A4: what do biases at extreme values need?

STARTS = [-10.0, -3.0, -1.0, 0.0, 1.0, 3.0, 10.0, 30.0]
RULES = {
    "SGD": (torch.optim.SGD, [2.0**k for k in range(-6, 3)]),
    "Adam": (torch.optim.Adam, [0.1 * 2.0**-k for k in range(9)]),
}


def measure_starts() -> dict:
    """Start all hidden biases at one value; find the learning rate that this start needs."""
    runs = draw_runs(ink, (32,))
    train, validation, test = (runs.part(name) for name in ("train", "validation", "test"))
    result = {"starts": STARTS, "responding": [], **{rule: {} for rule in RULES}}
    found = {rule: {"best": [], "test": []} for rule in RULES}
    for start in tqdm(STARTS, desc="A4, starts"):
        biases = torch.full_like(runs.start["b1"], start)
        moved = runs._replace(start={**runs.start, "b1": biases})
        first = {"W1": moved.start["W1"][:, None], "b1": biases[:, None]}
        result["responding"].append((forward_all(first, train.x) > 0).double().mean().item())
        for rule, (optimizer, lrs) in RULES.items():
            settings = [Setting(lr) for lr in lrs]
            params = train_together(moved, settings, optimizer)
            found[rule]["best"].append(best_of(params, settings, validation, EDGE))
            found[rule]["test"].append(accuracy(params, test))
    for rule, (_, lrs) in RULES.items():
        best, scores = found[rule]["best"], found[rule]["test"]
        usual = best[STARTS.index(0.0)]
        result[rule] = {
            "lrs": lrs,
            "best_lr": [lrs[i] for i in best],
            "usual_lr": lrs[usual],
            "test_accuracy": [score[:, i] for i, score in zip(best, scores, strict=True)],
            "test_accuracy_at_usual_lr": [score[:, usual] for score in scores],
        }
    return result


# A4: does diverse data lessen the bias of a model?

DIETS = {"clear": clear, "diverse": diverse}
DIET_LEVELS = ("clear", "blur 1.0", "noise 0.3", "blur 1.5", "muted 0.25")


def measure_diets() -> dict:
    """Train on equally many images, all clear or of three kinds; see how lopsided answers are."""
    result = {}
    for name, diet in tqdm(DIETS.items(), desc="A4, diets"):
        runs = draw_runs(ink, (32,), diet)
        settings = [Setting(lr) for lr in A3_LRS]
        params = train_together(runs, settings)
        best = best_of(params, settings, runs.part("validation", diet))
        params = only(params, slice(best, best + 1))
        tests = {level: runs.part("test", LEVELS[level]) for level in DIET_LEVELS}
        result[name] = {
            "lr": A3_LRS[best],
            "test_accuracy": {k: accuracy(params, test)[:, 0] for k, test in tests.items()},
            "lopsided": {k: lopsided(params, test)[:, 0] for k, test in tests.items()},
        }
    return result


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    settings = {"seeds": SEEDS, "batch": BATCH, "epochs": EPOCHS}
    A4 = {
        "penalties": measure_penalties(),
        "starts": measure_starts(),
        "diets": measure_diets(),
    }
    write_experiment(__file__, {**settings, "A3": measure_a3(), "A4": A4})
