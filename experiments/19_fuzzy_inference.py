"""Lesson 19's claims about a fuzzy controller of the learning rate, measured on digits.

Steering   Adam on a network of two layers, its rate steered in eight ways: constant; by a cosine,
           without and with a warm-up; and by rules on slope and time with a plan, whole and in
           parts. What each of these hears:
               plan                   time, in the plan; it has no rules
               slope alone            the slope, in its rules; nothing hears time
               without the plan       slope and time, both in its rules
               without time in rules  the slope in its rules, time in the plan
               slope and plan         slope and time in its rules, time in the plan
           *Untuned*: nine base rates over four decades, with nothing chosen. *Tuned*: each arm
           tries as many base rates and keeps the best.
Freezing   A controller asked directly and as a frozen table: how far off the table is, by the
           number of its points, and how long both take, for one pair of inputs and for many.
           The error is looked for on a fine grid that holds the points of the tables, at the
           corners of the sets, and where two words fit alike. For triangles that finds the largest:
           both sides are bilinear between corners and points.

A base rate is chosen on seeds that are never reported, by the loss on validation images; reported
is the loss on test images. All arms make one gradient a step and 200 steps. A seed draws the
division of the images, the starting weights and the order. It takes some five minutes:

    python experiments/19_fuzzy_inference.py
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

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
from course_lib.lab.networks import network
from course_lib.lab.timing import processor, side_by_side, spread
from course_lib.optim.rules import adam
from course_lib.optim.schedules import cosine, scheduled, warm_up_cosine
from course_lib.optim.signature import Rule
from course_lib.second_order import (
    PROGRESS,
    RULES,
    SLOPE,
    Mamdani,
    Sugeno,
    Variable,
    bells,
    freeze,
    plan,
    rate_controller,
    slope_ratio,
    steered,
)

SEEDS = 24
EPOCHS, BATCH = 10, 50
UPDATES = EPOCHS * 20  # 1000 training images in batches of 50
SIZES = (64, 32, 10)
TUNE = range(500, 506)  # the seeds on which a base rate is chosen
STEP = 10 ** (1 / 6)  # from one rate to the next
LOWEST, HIGHEST = 1e-4, 10**1.5
UNTUNED = [10 ** (k / 2) for k in range(-8, 1)]  # 1e-4 to 1

GAIN = min(100 / UPDATES, 0.6)
BEGIN = -5.0  # the log of the factor that multiplies the base rate, at first
FORGET = 0.05  # how much the newest slope counts in its average
CONTROLLER = rate_controller()
ON_SLOPE = Sugeno.of(  # its rules say the same at any time
    [(slope, "any", value) for slope, _, value in RULES], SLOPE, PROGRESS, otherwise=0.0
)


def progress(t: int) -> Tensor:
    """Return the share of all updates that lies behind update t."""
    return torch.tensor((t - 1) / UPDATES)


def planned(t: int) -> float:
    return plan(progress(t)).item()


def steered_adam(
    p,
    g,
    m,
    v,
    g_before,
    step_before,
    after,
    before,
    log_factor,
    *,
    t,
    lr,
    controller=CONTROLLER,
    follows_plan=True,
):
    """Return a parameter and the slots after a step of Adam at a steered rate.

    One tensor of parameters has one rate. What is one number for it fills its slot.
    """
    after = (1 - FORGET) * after + FORGET * (g * step_before).sum()
    before = (1 - FORGET) * before + FORGET * (g_before * step_before).sum()
    r = slope_ratio(after, before).flatten()[0]
    log_factor = steered(log_factor, r, progress(t).to(r), controller, GAIN)
    rate = lr * (BEGIN + log_factor.flatten()[0]).exp()
    if follows_plan:
        rate = rate * planned(t)
    moved, m, v = adam(p, g, m, v, t=t, lr=rate)
    return moved, m, v, g, moved - p, after, before, log_factor


ARMS: dict[str, Rule] = {
    "constant": adam,
    "cosine": scheduled(adam, partial(cosine, updates=UPDATES)),
    "warm-up and cosine": scheduled(adam, partial(warm_up_cosine, updates=UPDATES, warm=20)),
    "plan": scheduled(adam, planned),
    "slope alone": partial(steered_adam, controller=ON_SLOPE, follows_plan=False),
    "without the plan": partial(steered_adam, follows_plan=False),
    "without time in rules": partial(steered_adam, controller=ON_SLOPE),
    "slope and plan": steered_adam,
}


def draw(seed: int) -> Run:
    data = resplit(digits(), generator(seed))
    start = networks.start(SIZES, generator(2000 + seed))
    return Run(start, data, generator(1000 + seed))


def train(rule: Rule, rates: Sequence[float], seeds: Sequence[int]) -> Grid:
    """Train a run for each base rate and seed."""
    return grid(
        network,
        draw_runs(draw, seeds),
        settings={"lr": rates},
        rule=rule,
        epochs=EPOCHS,
        batch_size=BATCH,
        label=None,
    )


def last(found: Grid, part: str) -> Tensor:
    """Return the loss at the end on a part of the data, `(rates, seeds)`; a thousand at the most.

    A run that diverged counts as a thousand.
    """
    return found.measure(cross_entropy, part).double().nan_to_num(nan=1e3).clamp(max=1e3)


def rates() -> list[float]:
    """Return the base rates among which every arm chooses."""
    steps = round(math.log(HIGHEST / LOWEST, STEP))
    return [LOWEST * STEP**k for k in range(steps + 1)]


def measure(name: str) -> dict[str, Any]:
    """Report an arm at every rate of `UNTUNED`, and at the rate that the tuning seeds choose."""
    tuned = last(train(ARMS[name], rates(), TUNE), "validation").mean(dim=1)
    lr = rates()[best_setting({"lr": rates()}, tuned)]
    best = train(ARMS[name], [lr], range(SEEDS))
    untuned = train(ARMS[name], UNTUNED, range(SEEDS))
    return {
        "tuned": tuned,
        "lr": lr,
        "best": {"loss": last(best, "test")[0], "accuracy": best.measure(accuracy)[0]},
        "untuned": {"loss": last(untuned, "test"), "accuracy": untuned.measure(accuracy)},
    }


def measure_steering() -> dict[str, Any]:
    return {
        "seeds": SEEDS,
        "updates": UPDATES,
        "rates": rates(),
        "untuned rates": UNTUNED,
        "arms": {name: measure(name) for name in tqdm(ARMS, desc="arms")},
    }


# Frozen tables


def smooth() -> Sugeno:
    """Return the rate controller with bells for triangles."""
    slope, time = (Variable(v.words, v.corners, bells) for v in (SLOPE, PROGRESS))
    return Sugeno.of(RULES, slope, time, otherwise=0.0)


def mamdani() -> Mamdani:
    """Return the rate controller with sets for numbers: stay, around 0, and grow, around 1.5."""
    speed = Variable(("stay", "grow"), torch.tensor([0.0, 1.5], dtype=torch.float64))
    words = [(slope, time, "grow" if value else "stay") for slope, time, value in RULES]
    return Mamdani.of(words, SLOPE, PROGRESS, speed, otherwise=0.0)


CONTROLLERS = {"Sugeno, triangles": rate_controller, "Sugeno, bells": smooth, "Mamdani": mamdani}
SIZES_OF_TABLES = (5, 9, 17, 33, 65)  # points on each axis, in equal steps
FINE = 641  # points on each axis at which a table is compared, its own among them
POINTS = 65  # of the table that is timed
MANY = (1, 100, 10_000)
ROUNDS, CALLS = 15, {1: 200, 100: 100, 10_000: 5}


def compared(of: Variable) -> Tensor:
    """Return where tables are compared: on a grid, at corners, and where two words fit alike."""
    return torch.cat([of.grid(FINE), of.corners, of.corners[:-1] + of.corners.diff() / 2])


def largest_error(controller, frozen) -> float:
    """Return how far a table is off where it is furthest off."""
    r, p = compared(SLOPE), compared(PROGRESS)
    rows = (controller(x, p) - frozen(x, p) for x in r)
    return max(row.abs().max().item() for row in rows)


def measure_errors() -> dict[str, Any]:
    """Return the largest error of each table in equal steps, and of one on the corners alone."""
    found: dict[str, Any] = {"points": SIZES_OF_TABLES}
    for name, make in CONTROLLERS.items():
        controller = make()
        even = [freeze(controller, SLOPE.grid(n), PROGRESS.grid(n)) for n in SIZES_OF_TABLES]
        found[name] = {
            "even": [largest_error(controller, frozen) for frozen in even],
            "corners": largest_error(
                controller, freeze(controller, SLOPE.corners, PROGRESS.corners)
            ),
        }
    return found


def measure_speed() -> dict[str, Any]:
    """Return how many times as long a controller takes as its table, within a round, in float32."""
    found: dict[str, Any] = {"processor": processor(), "points": POINTS, "rounds": ROUNDS}
    for name, make in tqdm(CONTROLLERS.items(), desc="speed"):
        controller = make()
        frozen = freeze(controller, SLOPE.grid(POINTS), PROGRESS.grid(POINTS))
        found[name] = {}
        for many in MANY:
            draws = torch.rand(2, many, generator=generator(0))
            r, p = draws[0] - 0.5, draws[1]
            sides = {"asked": controller.like(r), "frozen": frozen.like(r)}
            contestants = {key: partial(side, r, p) for key, side in sides.items()}
            times = side_by_side(contestants, rounds=ROUNDS, calls=CALLS[many])
            found[name][str(many)] = {
                "ratio": spread(times["asked"] / times["frozen"]),
                "microseconds": {key: spread(1e6 * taken).median for key, taken in times.items()},
            }
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)  # the matrices are small: a second thread does not help
    results = {
        "errors": measure_errors(),
        "speed": measure_speed(),
        "steering": measure_steering(),
    }
    write_experiment(__file__, results)
