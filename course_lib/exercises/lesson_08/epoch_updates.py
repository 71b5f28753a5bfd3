"""Exercise 08.epoch_updates: how many steps training makes."""

from __future__ import annotations

import math

import torch

from ...checking import Case, Exercise, Slip
from ...lab.device import generator
from ...optim import batches


def _updates_cases(seed: int) -> list[Case]:
    source = generator(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=source))

    def case(size: int, full: int, left: int) -> Case:
        n, epochs = full * size + left, draw(3, 9)
        return Case(f"n = {n}, size = {size} and {epochs} epochs", (n, size, epochs))

    return [
        case(draw(20, 40), draw(5, 9), 3),
        case(draw(50, 90), draw(10, 30), 45),
        case(draw(6, 9), draw(40, 60), 5),
        case(draw(100, 200), draw(3, 6), 20),
        Case("batches that come out even", (960, 64, 5), special=True),
        Case("one epoch", (1000, 64, 1), special=True),
        Case("batches of one", (50, 1, 3), special=True),
        Case("one batch of all", (50, 50, 3), special=True),
        Case("a size above n", (50, 64, 3), special=True),
        Case("one example", (1, 1, 1), special=True),
        Case("no epochs", (100, 30, 0), special=True),
        Case("many examples", (60_000, 256, 10), special=True),
    ]


EPOCH_UPDATES = Exercise(
    id="08.epoch_updates",
    points=1,
    asks="how many steps training makes",
    reference=batches.epoch_updates,
    cases=_updates_cases,
    hints=(
        "One step a batch. How many batches has an epoch when the examples do not come out even? "
        "Try 10 examples in batches of 4, on paper.",
        "`n // size` counts full batches. Is there one more? When is there not? (`math.ceil` "
        "rounds up.)",
        "Each epoch shuffles anew and begins a new batch, so what is left over in one epoch is not "
        "carried into the next: count one epoch, then multiply.",
    ),
    slips=(
        Slip(
            "full batches only",
            lambda n, size, epochs: epochs * (n // size),
            "The short batch at the end of each epoch is not counted. It makes a step too.",
        ),
        Slip(
            "always one more",
            lambda n, size, epochs: epochs * (n // size + 1),
            "Where the examples come out even you count a batch too many in each epoch: no short "
            "one is left over then.",
        ),
        Slip(
            "rounded to the nearest",
            lambda n, size, epochs: epochs * round(n / size),
            "The number of batches is rounded to the nearest whole one. A short batch counts, "
            "however short it is.",
        ),
        Slip(
            "epochs run together",
            lambda n, size, epochs: math.ceil(n * epochs / size),
            "Batches run on from one epoch into the next here. Each epoch has an order of its own "
            "and ends with its own short batch: round for one epoch, then multiply.",
        ),
        Slip(
            "epochs run together, rounded down",
            lambda n, size, epochs: n * epochs // size,
            "Batches run on from one epoch into the next, and the last one is left out. Count one "
            "epoch, its short batch included, then multiply.",
        ),
        Slip(
            "not rounded",
            lambda n, size, epochs: epochs * n / size,
            "The result has a fraction. A batch is used or it is not, whole or short.",
        ),
        Slip(
            "almost rounded up",
            lambda n, size, epochs: epochs * (n + size - 1) / size,
            "The idea of adding size - 1 is right, but then the division must drop its fraction: "
            "look at which division you use.",
        ),
        Slip(
            "one epoch",
            lambda n, size, epochs: math.ceil(n / size),
            "This is the count for one epoch. What happens in the others?",
        ),
        Slip(
            "one epoch, full batches only",
            lambda n, size, epochs: n // size,
            "This counts the full batches of one epoch. The short one makes a step too, and there "
            "are several epochs.",
        ),
        Slip(
            "one step an example",
            lambda n, size, epochs: n * epochs,
            "This is how many examples are seen. A step is made once for each batch of them.",
        ),
        Slip(
            "one step an epoch",
            lambda n, size, epochs: epochs,
            "This is one step an epoch, as when all examples are in one batch. (The size over n, "
            "rounded up, is 1 as well, and so is a comparison that is true.)",
        ),
        Slip(
            "added, not multiplied",
            lambda n, size, epochs: epochs + math.ceil(n / size),
            "The epochs are added to the batches of one. Every epoch makes all those steps again.",
        ),
        Slip(
            "divided by the epochs",
            lambda n, size, epochs: math.ceil(n / (size * epochs)),
            "More epochs give fewer steps here. Look at whether the epochs stand above or below "
            "the line.",
        ),
        Slip(
            "upside down",
            lambda n, size, epochs: epochs * size / n,
            "The size is divided by the number of examples. Larger batches must give fewer steps.",
        ),
        Slip(
            "size times epochs",
            lambda n, size, epochs: size * epochs,
            "This is size times epochs: the number of examples has no part in it.",
        ),
        Slip(
            "rounded, then counted in examples",
            lambda n, size, epochs: epochs * size * math.ceil(n / size),
            "This counts examples, as if the last batch were full too. Asked are steps, one a "
            "batch.",
        ),
        Slip(
            "what is left over",
            lambda n, size, epochs: epochs * (n % size),
            "This is what is left over, the size of the short batch. `//` gives whole batches, `%` "
            "the rest.",
        ),
        Slip(
            "full batches and the rest",
            lambda n, size, epochs: epochs * (n // size + n % size),
            "Each example of the short batch is counted as a step of its own. Together they make "
            "one step.",
        ),
        Slip(
            "one short batch in all",
            lambda n, size, epochs: epochs * (n // size) + (n % size > 0),
            "The short batch is counted once for all of training. There is one at the end of every "
            "epoch.",
        ),
        Slip(
            "epochs run together, rounded to the nearest",
            lambda n, size, epochs: round(n * epochs / size),
            "Batches run on from one epoch into the next, and the number is rounded to the "
            "nearest. Round up, for one epoch, then multiply.",
        ),
        Slip(
            "one epoch, not rounded",
            lambda n, size, epochs: n / size,
            "This is one epoch, with a fraction of a batch. A short batch makes a whole step, and "
            "there are several epochs.",
        ),
        Slip(
            "one epoch too few",
            lambda n, size, epochs: math.ceil(n / size) * (epochs - 1),
            "One epoch is missing. Every epoch makes steps, the first one too.",
        ),
    ),
    also_right=(
        lambda n, size, epochs: epochs * math.ceil(n / size),
        lambda n, size, epochs: (n + size - 1) // size * epochs,
        lambda n, size, epochs: epochs * (n // size + (1 if n % size else 0)),
        lambda n, size, epochs: epochs * len(range(0, n, size)),
    ),
)
