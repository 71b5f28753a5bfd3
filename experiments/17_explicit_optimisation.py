"""Lesson 17's claims about explicit optimisation, measured on digits.

Methods    One method after the other on a network of two layers: starts, weight and spectral
           normalisation, average weights; clipping; schedules; two forms of decay. Each is added
           to momentum with β = 0.9 (C3, explicit half).
Attention  A small vision transformer under Adam with and without warm-up, and with capped steps:
           its loss, and the entropy of its attention (Qi and others 2025).

Every side of a comparison tries about as many settings and keeps the best: on seeds that are never
reported, by the loss on validation images; reported is the loss on test images. A method with a
strength tries four of them, one of which is no effect at all, with twelve learning rates each; one
without tries 45 rates in the same range, four times as close. With attention it is 40 or 37. A seed
draws the division of the images, the starting weights and the order. It takes about a quarter of
an hour on a machine that does nothing else:

    python experiments/17_explicit_optimisation.py
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from course_lib.analysis import layer_norm
from course_lib.lab import (
    Grid,
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
from course_lib.lab.deep_nets import Transformer
from course_lib.lab.networks import network
from course_lib.nn.initializers import glorot_normal, he_normal, orthogonal
from course_lib.optim.clipping import clip_by_norm, clip_by_value
from course_lib.optim.decay import momentum_decoupled, momentum_l2
from course_lib.optim.rules import adam, momentum
from course_lib.optim.schedules import scheduled, step_decay, warm_up_cosine
from course_lib.optim.signature import Rule
from course_lib.optim.spectral import capped
from course_lib.optim.weight_average import weight_ema

Params = dict[str, Tensor]

SEEDS = 24
EPOCHS, BATCH = 10, 50
UPDATES = EPOCHS * 20  # 1000 training images in batches of 50
TUNE = range(500, 506)  # the seeds on which settings are chosen
RATES, STEP = 12, 10 ** (1 / 6)  # learning rates, and from one to the next
STRENGTHS = 4
OFF = 1e9  # the strength of a clipping that never clips


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
        data = resplit(digits(), generator(seed))
        return Run({"all": start}, data, generator(1000 + seed))

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


# Momentum with one method each, as a function of how strong it is


def clipping(clip: Callable[..., list[Tensor]], largest: float) -> Rule:
    """Return momentum on clipped gradients."""

    def clipped(p, g, v, *, lr):
        return momentum(p, *clip([g], largest), v, lr=lr)

    return clipped


def averaging(beta: float) -> Rule:
    """Return momentum that keeps, in the second half of its vector, the average of the first."""

    def averaged(p, g, v, *, t, lr):
        half = p.shape[0] // 2
        moved, new = momentum(p[:half], g[:half], v[:half], lr=lr)
        average = weight_ema(p[half:], moved, t=t, beta=beta)
        return torch.cat([moved, average]), torch.cat([new, v[half:]])

    return averaged


def by_steps(factor: float) -> Rule:
    return scheduled(momentum, partial(step_decay, every=UPDATES // 4, factor=factor))


def by_cosine(final: float) -> Rule:
    return scheduled(momentum, partial(warm_up_cosine, updates=UPDATES, warm=1, final=final))


def by_warm_up(warm: float) -> Rule:
    """Return momentum with a warm-up, and a constant rate behind it."""
    return scheduled(momentum, partial(warm_up_cosine, updates=UPDATES, warm=int(warm), final=1.0))


def decaying(rule: Rule, decay: float) -> Rule:
    return partial(rule, weight_decay=decay)


class Method(NamedTuple):
    """What is added to momentum: to the start and the weights, or to the rule."""

    kind: str  # what it acts on
    net: dict[str, Any]
    rule: Callable[[float], Rule] | None = None
    strengths: tuple[float, ...] = ()  # the first is no effect at all

    def tries(self) -> list[tuple[float, Rule, int]]:
        """Return each strength with its rule, and into how many a step between rates is cut."""
        if self.rule is None:
            return [(0.0, momentum, STRENGTHS)]
        return [(strength, self.rule(strength), 1) for strength in self.strengths]


METHODS = {
    "nothing": Method("", {}),
    "Glorot start": Method("weight", {"initializer": glorot_normal}),
    "orthogonal start": Method("weight", {"initializer": partial(orthogonal, gain=2**0.5)}),
    "weight norm": Method("weight", {"weights": "weight norm"}),
    "spectral norm": Method("weight", {"weights": "spectral norm"}),
    "average (EMA)": Method("weight", {"averaged": True}, averaging, (0.0, 0.9, 0.95, 0.98)),
    "clipping by norm": Method(
        "gradient", {}, partial(clipping, clip_by_norm), (OFF, 0.5, 0.125, 0.03)
    ),
    "clipping by value": Method(
        "gradient", {}, partial(clipping, clip_by_value), (OFF, 0.025, 0.00625, 0.0016)
    ),
    "warm-up": Method("learning rate", {}, by_warm_up, (1, 10, 30, 90)),
    "step decay": Method("learning rate", {}, by_steps, (1.0, 0.7, 0.4, 0.1)),
    "cosine": Method("learning rate", {}, by_cosine, (1.0, 0.3, 0.1, 0.0)),
    "L2": Method("weight decay", {}, partial(decaying, momentum_l2), (0.0, 1e-3, 3e-3, 1e-2)),
    "decoupled decay": Method(
        "weight decay", {}, partial(decaying, momentum_decoupled), (0.0, 1e-2, 3e-2, 1e-1)
    ),
}
LAYERS = (64, 32, 10)
LOWEST = 0.02
HIGH = 8  # the place, among the rates, of one that is high


def train(net: Net, rule: Rule, rates: Sequence[float], seeds: Sequence[int]) -> Grid:
    """Train a run for each rate and seed. What is measured is the average, where there is one."""
    found = grid(
        net.forward,
        draw_runs(net.draw, seeds),
        settings={"lr": rates},
        rule=rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        label=None,
    )
    return replace(found, forward=partial(net.forward, of_average=net.averaged))


def last(found: Grid, part: str) -> Tensor:
    """Return the loss at the end on a part of the data, `(rates, seeds)`; a thousand at the most.

    A run that diverged counts as a thousand.
    """
    return found.measure(cross_entropy, part).double().nan_to_num(nan=1e3).clamp(max=1e3)


def rates_from(lowest: float, parts: int) -> list[float]:
    """Return twelve learning rates, or `parts` times as many in the same range."""
    return [lowest * STEP ** (k / parts) for k in range((RATES - 1) * parts + 1)]


def measure(name: str) -> dict[str, Any]:
    """Choose a strength and a rate on the tuning seeds; report on all others.

    Reported are the losses at the best setting, and those at a rate that is too high for plain
    momentum, with the strength that was best there.
    """
    method, high = METHODS[name], rates_from(LOWEST, 1)[HIGH]
    net, settings, tuned = Net(LAYERS, **method.net), [], []
    for strength, rule, parts in method.tries():
        rates = rates_from(LOWEST, parts)
        tuned.append(last(train(net, rule, rates, TUNE), "validation").mean(dim=1))
        settings += [(strength, rule, lr) for lr in rates]
    losses = torch.cat(tuned)
    best = best_setting({"lr": [lr for *_, lr in settings]}, losses)
    at_high = [k for k, (*_, lr) in enumerate(settings) if math.isclose(lr, high)]
    best_at_high = min(at_high, key=lambda k: float(losses[k]))
    result: dict[str, Any] = {"kind": method.kind, "tries": len(settings)}
    for which, place in (("best", best), ("high", best_at_high)):
        strength, rule, lr = settings[place]
        found = train(net, rule, [lr], range(SEEDS))
        result[which] = {
            "lr": lr,
            "strength": strength,
            "loss": last(found, "test")[0],
            "accuracy": found.measure(accuracy)[0],
        }
    strengths = [strength for strength, *_ in method.tries()]
    result["tuned"] = {f"{strength:g}": own for strength, own in zip(strengths, tuned, strict=True)}
    return result


def measure_methods() -> dict:
    return {name: measure(name) for name in tqdm(METHODS, desc="methods")}


# Attention that collapses, or does not

VIT = Transformer(layers=2)
VIT_SEEDS, VIT_TUNE = 12, range(500, 503)
VIT_EPOCHS = 8
VIT_UPDATES = VIT_EPOCHS * 20
VIT_RATES = [0.005 * STEP**k for k in range(10)]
VIT_HIGH = (6, 8, 9)  # the places of the rates at which all arms are compared besides
QUERY_OR_KEY = (VIT.width, VIT.width // VIT.heads)


def adam_under(warm: int) -> Rule:
    """Return Adam under a cosine, after so many updates of warm-up; 1 for none."""
    return scheduled(adam, partial(warm_up_cosine, updates=VIT_UPDATES, warm=warm))


def capped_adam(tau: float) -> Rule:
    """Return Adam under a cosine, without warm-up, with capped steps."""
    return partial(capped(adam_under(1)), tau=tau)


def capped_where(tau: float, at: Callable[[torch.Size], bool]) -> Rule:
    """Return the same with capped steps for some shapes of parameters alone."""
    free, bound = adam_under(1), capped_adam(tau)

    def step(p, g, m, v, *, t, lr):
        return (bound if at(p.shape) else free)(p, g, m, v, t=t, lr=lr)

    return step


ARMS: dict[str, dict[float, Rule]] = {
    "neither": {1: adam_under(1)},
    "warm-up": {warm: adam_under(warm) for warm in (5, 16, 40, 80)},
    "capped": {tau: capped_adam(tau) for tau in (0.3, 0.1, 0.03, 0.01)},
}


def draw_vit(seed: int) -> Run:
    data = resplit(digits(), generator(seed))
    return Run(VIT.start(generator(2000 + seed)), data, generator(1000 + seed))


def train_vit(rule: Rule, rates: Sequence[float], seeds: Sequence[int]) -> Grid:
    return grid(
        VIT.forward,
        draw_runs(draw_vit, seeds),
        settings={"lr": rates},
        rule=rule,
        epochs=VIT_EPOCHS,
        batch_size=BATCH,
        label=None,
    )


def entropies(params: Params, x: Tensor) -> Tensor:
    """Return the entropy of each head's attention, over that of equal weights, `(heads in all,)`.

    It is the mean over all tokens of all images: 1 where a token looks at all tokens alike, 0 where
    it looks at one alone. x: images `(n, 64)`.
    """
    h, found = VIT.tokens(params, x), []
    for k, block in enumerate(VIT.blocks_of(params)):
        if k % 2 == 0:
            gamma, beta = params[f"{k}.gamma"], params[f"{k}.beta"]
            z = layer_norm(gamma, beta).forward(h)
            for head in range(VIT.heads):
                Q, K = params[f"{k}.Q{head}"], params[f"{k}.K{head}"]
                scores = (z @ Q) @ (z @ K).transpose(-1, -2) / Q.shape[1] ** 0.5
                log = scores.log_softmax(dim=-1)
                found.append(-(log.exp() * log).sum(dim=-1).mean() / math.log(scores.shape[-1]))
        h = block.forward(h)
    return torch.stack(found)


def report_vit(rule: Rule, lr: float) -> dict[str, Any]:
    """Return what became of all seeds: loss, accuracy, and the entropies `(seeds, heads)`."""
    found = train_vit(rule, [lr], range(VIT_SEEDS))
    each = [
        entropies({name: value[0, seed] for name, value in found.params.items()}, x)
        for seed, x in enumerate(found.data.test.x)
    ]
    return {
        "lr": lr,
        "loss": last(found, "test")[0],
        "accuracy": found.measure(accuracy)[0],
        "entropy": torch.stack(each).nan_to_num(nan=0.0),
    }


def measure_arm(name: str) -> dict[str, Any]:
    """Choose the strength and the rate of an arm on the tuning seeds; report on all others."""
    settings, tuned = [], []
    parts = STRENGTHS if len(ARMS[name]) == 1 else 1
    rates = [VIT_RATES[0] * STEP ** (k / parts) for k in range(parts * (len(VIT_RATES) - 1) + 1)]
    for strength, rule in ARMS[name].items():
        tuned.append(last(train_vit(rule, rates, VIT_TUNE), "validation").mean(dim=1))
        settings += [(strength, lr) for lr in rates]
    losses = torch.cat(tuned)
    places = {"best": best_setting({"lr": [lr for _, lr in settings]}, losses)}
    for k in VIT_HIGH:
        at = [i for i, (_, lr) in enumerate(settings) if math.isclose(lr, VIT_RATES[k])]
        places[f"high {k}"] = min(at, key=lambda i: float(losses[i]))
    result: dict[str, Any] = {"tries": len(settings), "rates": rates}
    for which, place in places.items():
        strength, lr = settings[place]
        result[which] = {"strength": strength} | report_vit(ARMS[name][strength], lr)
    result["tuned"] = {
        f"{strength:g}": own for strength, own in zip(ARMS[name], tuned, strict=True)
    }
    return result


def measure_attention() -> dict[str, Any]:
    arms = {name: measure_arm(name) for name in tqdm(ARMS, desc="attention")}
    tau, lr = (arms["capped"][f"high {VIT_HIGH[1]}"][key] for key in ("strength", "lr"))
    where = {
        "queries and keys alone": capped_where(tau, lambda shape: shape == QUERY_OR_KEY),
        "all other matrices": capped_where(
            tau, lambda shape: len(shape) == 2 and shape != QUERY_OR_KEY
        ),
    }
    parts = {name: report_vit(rule, lr) for name, rule in tqdm(where.items(), desc="which")}
    return {
        "seeds": VIT_SEEDS,
        "updates": VIT_UPDATES,
        "arms": arms,
        "which": {"tau": tau, "parts": parts},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    results = {
        "seeds": SEEDS,
        "updates": UPDATES,
        "attention": measure_attention(),
        "methods": measure_methods(),
    }
    write_experiment(__file__, results)
