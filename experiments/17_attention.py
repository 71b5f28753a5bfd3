"""Lesson 17's claims about attention, measured on a small vision transformer (Qi and others 2025).

Adam trains it under a cosine, on digits: with neither, with warm-up, and with capped steps and no
warm-up. Measured are the loss, the accuracy and the entropy of each head's attention. At one high
rate the cap is put on queries and keys alone, and on all other matrices alone.

Every arm tries 36 settings, or 33, and keeps the best by the loss on validation images: all of them
on two seeds, and the best three on four more. None of these six is reported; reported is the loss
on test images. An arm with a strength tries four, with nine learning rates √2 apart; the one
without tries rates in the same range, four times as close. All arms are compared at three high
rates besides, each with the strength that is best there: of four on two seeds, of the best two on
six. A best at an edge, of rates or of strengths, stops the script. A seed draws the division of the
images, the starting weights and the order. It takes about eight minutes of a processor:

    python experiments/17_attention.py
"""

import math
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from course_lib.analysis import layer_norm
from course_lib.lab import (
    Dataset,
    Grid,
    Run,
    accuracy,
    best_setting,
    digits,
    draw_runs,
    generator,
    grid,
    resplit,
    write_experiment,
)
from course_lib.lab.deep_nets import Transformer
from course_lib.optim.rules import adam
from course_lib.optim.schedules import scheduled, warm_up_cosine
from course_lib.optim.signature import Rule
from course_lib.optim.spectral import capped

Params = dict[str, Tensor]

VIT = Transformer(layers=2)
QUERY_OR_KEY = (VIT.width, VIT.width // VIT.heads)
SEEDS = 12
SCREEN = range(500, 502)  # the seeds on which all settings are tried,
TUNE = range(502, 506)  # and those on which the best few are, besides
FEW, FEW_HIGH = 3, 2  # how many: of all, and at each high rate
EPOCHS, BATCH = 8, 50
UPDATES = EPOCHS * 20  # 1000 training images in batches of 50
LOWEST, STEP = 0.01, 2**0.5  # the lowest learning rate, and from one to the next
RATES = 9
HIGH = (5, 7, 8)  # the places of the rates at which all arms are compared besides
MIDDLE = HIGH[1]  # the one at which the cap is put on some matrices alone
STRENGTHS = 4
CHUNK = 12  # runs that are trained together: more take longer, for their memory
GUESS = math.log(10)  # the loss of a guess among ten


def adam_under(warm: int) -> Rule:
    """Return Adam under a cosine, after so many updates of warm-up; 1 for none."""
    return scheduled(adam, partial(warm_up_cosine, updates=UPDATES, warm=warm))


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
    "warm-up": {warm: adam_under(warm) for warm in (20, 40, 80, UPDATES)},
    "capped": {tau: capped_adam(tau) for tau in (0.1, 0.03, 0.01, 0.003)},
}


@cache
def divided(seed: int) -> Dataset:
    return resplit(digits(), generator(seed))


def draw(seed: int) -> Run:
    return Run(VIT.start(generator(2000 + seed)), divided(seed), generator(1000 + seed))


def train(rule: Rule, rates: Sequence[float], seeds: Sequence[int]) -> Grid:
    """Train a run for each rate and seed."""
    return grid(
        VIT.forward,
        draw_runs(draw, seeds),
        settings={"lr": rates},
        rule=rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        label=None,
        chunk=CHUNK,
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


def settings_of(arm: str) -> list[tuple[float, float]]:
    """Return all that an arm tries: strength and learning rate."""
    parts = STRENGTHS if len(ARMS[arm]) == 1 else 1
    rates = [LOWEST * STEP ** (k / parts) for k in range((RATES - 1) * parts + 1)]
    return [(strength, lr) for strength in ARMS[arm] for lr in rates]


def places_at(settings: Sequence[tuple[float, float]], k: int) -> list[int]:
    """Return the places of the settings with the k-th of the rates √2 apart."""
    return [i for i, (_, lr) in enumerate(settings) if math.isclose(lr, LOWEST * STEP**k)]


def tune(arm: str) -> Tensor:
    """Return the mean validation loss of each setting on six seeds, `(settings,)`.

    It is infinite for those that the first two seeds left out.
    """
    settings = settings_of(arm)

    def losses(places: Sequence[int], seeds: Sequence[int]) -> Tensor:
        found = torch.empty(len(places), len(seeds), dtype=torch.float64)
        for strength, rule in ARMS[arm].items():
            own = [row for row, place in enumerate(places) if settings[place][0] == strength]
            if own:
                rates = [settings[places[row]][1] for row in own]
                found[own] = train(rule, rates, seeds).loss("validation", at_most=GUESS).cpu()
        return found

    screened = losses(range(len(settings)), SCREEN)
    first = screened.mean(dim=1)
    again = set(first.argsort()[:FEW].tolist())
    for k in HIGH:
        again |= set(sorted(places_at(settings, k), key=lambda i: float(first[i]))[:FEW_HIGH])
    places = sorted(again)
    tuned = torch.full_like(first, math.inf)
    tuned[places] = torch.cat([screened[places], losses(places, TUNE)], dim=1).mean(dim=1)
    for place in places:
        tqdm.write(f"{arm}: {settings[place]}, loss {tuned[place]:.3f}")
    return tuned


def choose(arm: str, tuned: Tensor) -> dict[str, tuple[float, float]]:
    """Return the best strength and rate, and the best strength at each high rate.

    tuned: losses `(settings,)`. Raises ValueError if one is the first or last that was tried.
    """
    settings = settings_of(arm)
    strengths, rates = zip(*settings, strict=True)
    chosen = {"best": settings[best_setting({"strength": strengths, "lr": rates}, tuned)]}
    for k in HIGH:
        high = places_at(settings, k)
        best = best_setting({"strength": [strengths[i] for i in high]}, tuned[high])
        chosen[f"high {k}"] = settings[high[best]]
    return chosen


def report(rule: Rule, lr: float) -> dict[str, Any]:
    """Return what became of all seeds: loss, accuracy, and the entropies `(seeds, heads)`."""
    found = train(rule, [lr], range(SEEDS))
    each = [
        entropies({name: value[0, seed] for name, value in found.params.items()}, x)
        for seed, x in enumerate(found.data.test.x)
    ]
    return {
        "lr": lr,
        "loss": found.loss("test", at_most=GUESS)[0],
        "accuracy": found.measure(accuracy)[0],
        "entropy": torch.stack(each).nan_to_num(nan=0.0),
    }


def measure(arm: str) -> dict[str, Any]:
    """Choose the strength and the rate of an arm on the tuning seeds; report on all others."""
    settings, tuned = settings_of(arm), tune(arm)
    result: dict[str, Any] = {"tries": len(settings)}
    for which, (strength, lr) in choose(arm, tuned).items():
        result[which] = {"strength": strength} | report(ARMS[arm][strength], lr)
    places = tuned.isfinite().nonzero().flatten().tolist()
    return result | {"tuned": [[*settings[k], float(tuned[k])] for k in places]}


def measure_where(tau: float, lr: float) -> dict[str, Any]:
    """Return what becomes of all seeds with a cap on some matrices alone."""
    where = {
        "queries and keys alone": lambda shape: shape == QUERY_OR_KEY,
        "all other matrices": lambda shape: len(shape) == 2 and shape != QUERY_OR_KEY,
    }
    parts = {name: report(capped_where(tau, at), lr) for name, at in where.items()}
    return {"tau": tau, "parts": parts}


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    arms = {arm: measure(arm) for arm in tqdm(ARMS, desc="attention")}
    middle = arms["capped"][f"high {MIDDLE}"]
    which = measure_where(middle["strength"], middle["lr"])
    write_experiment(__file__, {"seeds": SEEDS, "updates": UPDATES, "arms": arms, "which": which})
