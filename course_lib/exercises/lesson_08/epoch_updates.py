"""Exercise 08.epoch_updates: how many steps training makes."""

from __future__ import annotations

import math

import torch

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim.batches import epoch_updates


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


SLIPS = """
full batches only: -(-n // size) → (n // size)
    The short batch at the end of each epoch is not counted. It makes a step too.
always one more: -(-n // size) → (n // size + 1)
    Where the examples come out even you count a batch too many in each epoch: no short one is
    left over then.
rounded to the nearest: -(-n // size) → round(n / size)
    The number of batches is rounded to the nearest whole one. A short batch counts, however
    short it is.
epochs run together: epochs * -(-n → -(-n * epochs
    Batches run on from one epoch into the next here. Each epoch has an order of its own and
    ends with its own short batch: round for one epoch, then multiply.
epochs run together, rounded down: n * epochs // size
    Batches run on from one epoch into the next, and the last one is left out. Count one epoch,
    its short batch included, then multiply.
not rounded: -(-n // size) → n / size
    The result has a fraction. A batch is used or it is not, whole or short.
almost rounded up: -(-n // size) → (n + size - 1) / size
    The idea of adding size - 1 is right, but then the division must drop its fraction: look at
    which division you use.
one epoch: epochs * →
    The number of epochs plays no part. What happens in the second one?
one epoch, full batches only: n // size
    This counts the full batches of one epoch. The short one makes a step too, and there are
    several epochs.
one step an example: -(-n // size) → n
    This is how many examples are seen. A step is made once for each batch of them.
one step an epoch: -(-n // size) → 1
    This is one step an epoch, as when all examples are in one batch. (The size over n, rounded
    up, is 1 as well, and so is a comparison that is true.)
added, not multiplied: * → +
    The epochs are added to the batches of one. Every epoch makes all those steps again.
divided by the epochs: epochs * -(-n // size) → -(-n // (size * epochs))
    More epochs give fewer steps here. Look at whether the epochs stand above or below the line.
upside down: -(-n // size) → size / n
    The size is divided by the number of examples. Larger batches must give fewer steps.
size times epochs: -(-n // size) → size
    This is size times epochs: the number of examples has no part in it.
rounded, then counted in examples: epochs * → epochs * size *
    This counts examples, as if the last batch were full too. The exercise asks for steps, one a
    batch.
what is left over: -(-n // size) → (n % size)
    This is what is left over, the size of the short batch. `//` gives whole batches, `%` the
    rest.
full batches and the rest: -(-n // size) → (n // size + n % size)
    Each example of the short batch is counted as a step of its own. Together they make one
    step.
one short batch in all: -(-n // size) → (n // size) + (n % size > 0)
    The short batch is counted once for all of training. There is one at the end of every epoch.
epochs run together, rounded to the nearest: round(n * epochs / size)
    Batches run on from one epoch into the next, and the number is rounded to the nearest. Round
    up, for one epoch, then multiply.
one epoch, not rounded: n / size
    This is one epoch, with a fraction of a batch. A short batch makes a whole step, and there
    are several epochs.
one epoch too few: epochs → (epochs - 1)
    One epoch is missing. Every epoch makes steps, the first one too.
"""

EPOCH_UPDATES = Exercise(
    id="08.epoch_updates",
    points=1,
    asks="how many steps training makes",
    reference=epoch_updates,
    cases=_updates_cases,
    hints=(
        "One step a batch. How many batches has an epoch when the examples do not come out even? "
        "Try 10 examples in batches of 4, on paper.",
        "`n // size` counts full batches. Is there one more? When is there not? (`math.ceil` "
        "rounds up.)",
        "Each epoch shuffles anew and begins a new batch, so what is left over in one epoch is not "
        "carried into the next: count one epoch, then multiply.",
    ),
    slips=slips(SLIPS, epoch_updates),
    also_right=(
        lambda n, size, epochs: epochs * math.ceil(n / size),
        lambda n, size, epochs: (n + size - 1) // size * epochs,
        lambda n, size, epochs: epochs * (n // size + (1 if n % size else 0)),
        lambda n, size, epochs: epochs * len(range(0, n, size)),
    ),
)
