"""Lesson 17's claim about explicit methods, measured on two networks and on digits (C3).

One method after the other is added, alone, to momentum with β = 0.9, on a network of two layers and
on one of ten: starts, weight and spectral normalisation, average weights; clipping; schedules; two
forms of decay.

Every side tries 44 settings, or 41, and keeps the best by the loss on validation images: all of
them on two seeds, and the best few once more on six others. None of these eight is reported;
reported is the loss on test images. A method with a strength tries four, one of which is no effect
at all, with eleven learning rates √2 apart; one without tries rates in the same range, four times
as close. A seed draws the division of the images, the starting weights and the order. It takes
about four minutes of a processor:

    python experiments/17_methods.py
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.lab import (
    Dataset,
    Grid,
    Run,
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
from course_lib.nn.initializers import glorot_normal, he_normal, orthogonal
from course_lib.optim.clipping import clip_by_norm, clip_by_value
from course_lib.optim.decay import momentum_decoupled, momentum_l2
from course_lib.optim.rules import momentum
from course_lib.optim.schedules import step_decay, warm_up_cosine
from course_lib.optim.signature import Rule
from course_lib.optim.weight_average import weight_ema

NETS = {"ten layers": (64, *[16] * 9, 10), "two layers": (64, 32, 10)}
LOWEST = {"ten layers": 0.004, "two layers": 0.04}  # the lowest learning rate
SEEDS = 24
EPOCHS, BATCH = 10, 50
UPDATES = EPOCHS * 20  # 1000 training images in batches of 50
SCREEN = range(500, 502)  # the seeds on which all settings are tried,
TUNE = range(502, 508)  # and those on which the best few are, and one is chosen
FEW = 5
STEP = 2**0.5  # from one learning rate to the next
RATES = 11
HIGH = 7  # the place, among the rates, of one that is high
STRENGTHS = 4
OFF = 1e9  # the strength of a clipping that never clips
GUESS = math.log(10)  # the loss of a guess among ten

Params = dict[str, Tensor]


@cache
def divided(seed: int) -> Dataset:
    return resplit(digits(), generator(seed))


# Networks whose parameters are one vector, so that a rule sees all gradients together


def pack(params: Params) -> Tensor:
    """Return all numbers of some parameters as one vector `(n,)`."""
    return torch.cat([value.flatten() for value in params.values()])


def unpack(flat: Tensor, shapes: dict[str, torch.Size]) -> Params:
    """Return parameters of these shapes from the first numbers of a vector."""
    params, at = {}, 0
    for name, shape in shapes.items():
        size = shape.numel()
        params[name] = flat[at : at + size].view(shape)
        at += size
    return params


class Net(NamedTuple):
    """A network on digits: its layers, where it starts, and how weights are made of parameters."""

    sizes: tuple[int, ...]
    initializer: Callable[..., Tensor] = he_normal
    weights: str = "plain"  # or "weight norm", "spectral norm"
    averaged: bool = False  # the vector holds an average of the parameters behind them

    def params(self, seed: int) -> Params:
        params = networks.start(self.sizes, generator(2000 + seed), self.initializer)
        if self.weights == "plain":
            return params
        for layer in range(1, len(self.sizes)):
            W = params[f"W{layer}"]
            by_neuron = W.norm(dim=1)
            largest = torch.linalg.matrix_norm(W, ord=2)
            params[f"g{layer}"] = by_neuron if self.weights == "weight norm" else largest
        return params

    def draw(self, seed: int) -> Run:
        flat = pack(self.params(seed))
        start = torch.cat([flat, flat]) if self.averaged else flat
        return Run({"all": start}, divided(seed), generator(1000 + seed))

    def made(self, params: Params) -> Params:
        """Return weights and biases, made of the parameters."""
        made = {name: value for name, value in params.items() if name[0] != "g"}
        for name in params:
            if name[0] == "g":
                W, g = params[f"W{name[1:]}"], params[name]
                if self.weights == "weight norm":
                    made[f"W{name[1:]}"] = g[:, None] * W / W.norm(dim=1, keepdim=True)
                else:
                    made[f"W{name[1:]}"] = g * W / torch.linalg.matrix_norm(W, ord=2)
        return made

    def forward(self, params: Params, x: Tensor, *, of_average: bool = False) -> Tensor:
        flat = params["all"]
        if of_average:
            flat = flat[len(flat) // 2 :]
        return network(self.made(unpack(flat, self.shapes())), x)

    def shapes(self) -> dict[str, torch.Size]:
        """Return the shapes of `params`, in the same order."""
        found = {}
        for layer, (d, h) in enumerate(pairwise(self.sizes), start=1):
            found |= {f"W{layer}": torch.Size((h, d)), f"b{layer}": torch.Size((h,))}
        if self.weights != "plain":
            for layer, h in enumerate(self.sizes[1:], start=1):
                found[f"g{layer}"] = torch.Size((h,) if self.weights == "weight norm" else ())
        return found


# Momentum with one method each; how strong it is, is a setting beside the rate


def plain(p, g, v, *, lr, strength):
    return momentum(p, g, v, lr=lr)


def by_norm(p, g, v, *, lr, strength):
    return momentum(p, *clip_by_norm([g], strength), v, lr=lr)


def by_value(p, g, v, *, lr, strength):
    return momentum(p, *clip_by_value([g], strength), v, lr=lr)


def averaging(p, g, v, *, t, lr, strength):
    """Momentum that keeps, in the second half of its vector, the average of the first."""
    half = p.shape[0] // 2
    moved, new = momentum(p[:half], g[:half], v[:half], lr=lr)
    average = weight_ema(p[half:], moved, t=t, beta=strength)
    return torch.cat([moved, average]), torch.cat([new, v[half:]])


def warming_up(p, g, v, *, t, lr, strength):
    """Momentum with a warm-up of so many updates, and a constant rate behind it."""
    return momentum(p, g, v, lr=lr * (t / strength).clamp(max=1))


def by_steps(p, g, v, *, t, lr, strength):
    return momentum(p, g, v, lr=lr * step_decay(t, every=UPDATES // 4, factor=strength))


def by_cosine(p, g, v, *, t, lr, strength):
    return momentum(p, g, v, lr=lr * warm_up_cosine(t, UPDATES, warm=1, final=strength))


def with_l2(p, g, v, *, lr, strength):
    return momentum_l2(p, g, v, lr=lr, weight_decay=strength)


def with_decay(p, g, v, *, lr, strength):
    return momentum_decoupled(p, g, v, lr=lr, weight_decay=strength)


class Method(NamedTuple):
    """What is added to momentum: to the start and the weights, or to the rule."""

    kind: str  # what it acts on
    net: dict[str, Any]
    rule: Rule = plain
    strengths: tuple[float, ...] = (0.0,)  # the first is no effect at all

    def settings(self, lowest: float) -> list[tuple[float, float]]:
        """Return all that are tried: strength and learning rate."""
        parts = STRENGTHS if len(self.strengths) == 1 else 1
        rates = [lowest * STEP ** (k / parts) for k in range((RATES - 1) * parts + 1)]
        return [(strength, lr) for strength in self.strengths for lr in rates]


METHODS = {
    "nothing": Method("", {}),
    "Glorot start": Method("weight", {"initializer": glorot_normal}),
    "orthogonal start": Method("weight", {"initializer": partial(orthogonal, gain=2**0.5)}),
    "weight norm": Method("weight", {"weights": "weight norm"}),
    "spectral norm": Method("weight", {"weights": "spectral norm"}),
    "average (EMA)": Method("weight", {"averaged": True}, averaging, (0.0, 0.9, 0.97, 0.99)),
    "clipping by norm": Method("gradient", {}, by_norm, (OFF, 1.0, 0.3, 0.1)),
    "clipping by value": Method("gradient", {}, by_value, (OFF, 0.1, 0.025, 0.00625)),
    "warm-up": Method("learning rate", {}, warming_up, (1, 10, 30, 90)),
    "step decay": Method("learning rate", {}, by_steps, (1.0, 0.7, 0.4, 0.1)),
    "cosine": Method("learning rate", {}, by_cosine, (1.0, 0.3, 0.1, 0.0)),
    "L2": Method("weight decay", {}, with_l2, (0.0, 1e-3, 3e-3, 1e-2)),
    "decoupled decay": Method("weight decay", {}, with_decay, (0.0, 1e-2, 3e-2, 1e-1)),
}


def train(
    sizes: tuple[int, ...],
    method: Method,
    settings: Sequence[tuple[float, float]],
    seeds: Sequence[int],
) -> Grid:
    """Train a run for each setting and seed. What is measured is the average, if there is one."""
    net = Net(sizes, **method.net)
    strengths, rates = zip(*settings, strict=True)
    found = grid(
        net.forward,
        draw_runs(net.draw, seeds),
        settings={"lr": rates, "strength": strengths},
        rule=method.rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        label=None,
    )
    return replace(found, forward=partial(net.forward, of_average=net.averaged))


def measure(of: str, name: str) -> dict[str, Any]:
    """Choose a strength and a rate on the tuning seeds; report on all others.

    Reported are the losses at the best setting, and those at a rate that is too high for plain
    momentum, with the strength that was best there.
    """
    method, run = METHODS[name], partial(train, NETS[of], METHODS[name])
    settings = method.settings(LOWEST[of])
    screened = run(settings, SCREEN).loss("validation", at_most=GUESS).mean(dim=1)
    high = [k for k, (_, lr) in enumerate(settings) if math.isclose(lr, LOWEST[of] * STEP**HIGH)]
    again = sorted({*screened.argsort()[:FEW].tolist(), *high})
    tuned = torch.full_like(screened, math.inf)
    chosen = run([settings[k] for k in again], TUNE)
    tuned[again] = chosen.loss("validation", at_most=GUESS).mean(dim=1)
    best = best_setting({"lr": [lr for _, lr in settings]}, tuned)
    places = {"best": best, "high": min(high, key=lambda k: float(tuned[k]))}
    final = run([settings[k] for k in places.values()], range(SEEDS))
    losses = final.loss("test", at_most=GUESS)
    result: dict[str, Any] = {"kind": method.kind, "tries": len(settings)}
    for (which, place), own in zip(places.items(), losses, strict=True):
        strength, lr = settings[place]
        result[which] = {"lr": lr, "strength": strength, "loss": own}
        tqdm.write(f"{of}, {name}, {which}: {lr:.3g}, {strength:g}, loss {own.mean():.3f}")
    return result | {"tuned": [[*settings[k], float(tuned[k])] for k in again]}


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    methods = {}
    for of in NETS:
        methods[of] = {name: measure(of, name) for name in tqdm(METHODS, desc=of)}
        write_experiment(__file__, {"seeds": SEEDS, "updates": UPDATES, "methods": methods})
