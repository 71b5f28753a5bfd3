"""Exercise 17.warmup_cosine: a learning rate that grows, and then falls along a cosine."""

from __future__ import annotations

import math

import torch

from ...checking import Case, Exercise, slips
from ...lab.device import generator
from ...optim import schedules


def _cases(seed: int) -> list[Case]:
    source = generator(seed)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=source))

    warm, updates = draw(4, 8), draw(18, 27)
    after = draw(warm + 2, updates - 4)

    def case(t: int, final: float, special: bool = False) -> Case:
        words = f"t = {t} of {updates}, warm = {warm} and final = {final:g}"
        return Case(words, (t, updates), {"warm": warm, "final": final}, special)

    return [
        case(2, 0.2),
        case(3, 0.3),
        case(after, 0.2),
        case(after + 2, 0.35),
        case(updates, 0.15),
        case(warm + 1, 0.3),
        case(1, 0.1, special=True),
        case(warm - 1, 0.4, special=True),
        case(warm, 0.25, special=True),
        case(updates - 1, 0.0, special=True),
        Case("without a final share", (after, updates), {"warm": warm}, special=True),
        Case("no warm-up, t = 1", (1, 10), {"warm": 1, "final": 0.1}, special=True),
        Case("no warm-up, t = 5", (5, 10), {"warm": 1, "final": 0.1}, special=True),
        Case("nothing but warm-up", (4, 10), {"warm": 10, "final": 0.1}, special=True),
        Case("the end of nothing but warm-up", (10, 10), {"warm": 10, "final": 0.1}, special=True),
        Case("a rate that stays up", (15, 20), {"warm": 4, "final": 1.0}, special=True),
        Case("one update", (1, 1), {"warm": 1, "final": 0.1}, special=True),
        Case("many updates", (70_000, 100_000), {"warm": 2000, "final": 0.01}, special=True),
    ]


def _in_one_line(t, updates, *, warm, final=0.0):
    angle = math.pi * max(t - warm, 0) / (updates - warm + 1)
    return min(1, t / warm) * (final + (1 - final) * (1 + math.cos(angle)) / 2)


def _by_a_half_angle(t, updates, *, warm, final=0.0):
    if t >= warm:
        return final + (1 - final) * math.cos(math.pi / 2 * (t - warm) / (updates - warm + 1)) ** 2
    return t / warm


SLIPS = """
off by one, from 0: warm_up(t, warm) → (t - 1) / warm
    Your warm-up is one update late: at t = 1 the share is 0, and the first update is lost.
    Updates are counted from 1.
off by one, ahead: warm_up(t, warm) → (t + 1) / warm
    Your warm-up is one update ahead. What should the share be at t = 1?
counted from 0:
    | t = t - 1
    | if t < warm:
    |     return t / warm
    | return final + (1 - final) * (1 + math.cos(math.pi * (t - warm) / (updates - warm))) / 2
    Your schedule counts updates from 0, so that the first has no rate at all and all others come
    one update late. Here t is 1 at the first update.
counted from 0, with one too many:
    | t = t - 1
    | if t < warm:
    |     return t / warm
    | return final + (1 - final) * (1 + math.cos(math.pi * (t - warm) / (updates - warm + 1))) / 2
    Your schedule counts updates from 0, so that the first has no rate at all and all others come
    one update late. Here t is 1 at the first of them.
jump at the seam: cosine(after + 1, left) → cosine(t, updates)
    Your rate jumps where warm-up ends: the cosine has been falling since the first update. At
    which t should its angle be 0?
jump at the seam, over all updates: cosine(after + 1, left) → cosine(t + 1, updates)
    Your rate jumps where warm-up ends: the angle of your cosine counts all updates. How many
    lie behind the end of warm-up, and how many before the end of training?
peak one update late: cosine(after + 1, left) → cosine(max(after, 1), left - 1)
    Your cosine begins one update late: the peak lasts for two updates. At t = warm its angle is
    0, and at the next t no longer.
begins one early: t - warm, updates - warm + 1 → t - warm + 1, updates - warm + 2
    Your cosine begins one update too early: at t = warm the share should still be 1.
ends at the last update: updates - warm + 1 → max(updates - warm, 1)
    Your share reaches `final` at the last update. It should reach it at the update after the
    last: count what lies below the line.
length not shortened: updates - warm + 1 → updates
    Your cosine is as long as all of training, so that it has not come down at the end. How many
    updates are left for it?
length with one too many: updates - warm + 1 → updates - warm + 2
    Your cosine is one update too long. It should reach `final` at the update after the last.
final forgotten: final + (1 - final) * cosine → cosine
    Your rate falls towards 0, and `final` is used nowhere.
final added: final + (1 - final) * cosine → final + cosine
    `final` is added to the whole cosine, so that the rate jumps above 1 where warm-up ends.
    What height has the cosine from its top to `final`?
final as a factor: final + (1 - final) * cosine → final * cosine
    `final` multiplies the whole cosine, so that the rate jumps at the seam. At the top the
    share is 1, whatever `final` is.
final as a floor:
    | final + (1 - final) * cosine(after + 1, left) → max(final, cosine(after + 1, left))
    Your cosine falls to 0 and is cut off at `final`. It should run all the way between 1 and
    `final`.
warm-up scaled too: warm_up(t, warm) → final + (1 - final) * warm_up(t, warm)
    Your warm-up begins above `final`. It grows from t = 1 in equal steps as from 0.
no half: cosine(after + 1, left) → (1 + math.cos(math.pi * after / left))
    Your cosine runs from 2 and not from 1: a half is missing.
plain cosine: cosine(after + 1, left) → math.cos(math.pi * after / left)
    Your cosine goes below 0, and so does the rate. It has to be lifted by 1, and then halved.
sine: cosine(after + 1, left) → (1 - math.cos(math.pi * after / left)) / 2
    Your second part rises from `final`, with a jump at the seam. Look at the sign of the
    cosine.
pi forgotten: cosine(after + 1, left) → (1 + math.cos(after / left)) / 2
    Your angle ends at 1 and not at π, so that the cosine is not at its bottom at the end.
two pi: cosine(after + 1, left) → (1 + math.cos(2 * math.pi * after / left)) / 2
    Your angle runs to 2π, so that the rate comes up again. How far does the cosine go from its
    top to its bottom?
quarter: cosine(after + 1, left) → math.cos(math.pi / 2 * after / left)
    You use a quarter of the wave. The schedule uses half of it: it also flattens out at the
    end.
straight line: cosine(after + 1, left) → 1 - after / left
    After the warm-up your rate falls in a straight line. That is a usual schedule too; here it
    follows half a wave of the cosine.
no warm-up: warm_up(t, warm) → 1.0
    Your rate is full from the first update on. Where is the warm-up?
warm-up of its own: warm_up(t, warm) → t / 10
    Your warm-up is always 10 updates long. Its length is handed in.
warm-up as long as training: warm_up(t, warm) → t / updates
    Your warm-up grows as if all of training were one. By what should t be divided?
warm-up upside down: warm_up(t, warm) → warm / t
    Your warm-up falls from above 1. Which of the two is divided by the other?
warm-up falls: warm_up(t, warm) → 1 - t / warm
    Your warm-up falls where it should grow.
warm-up by squares: warm_up(t, warm) → (t / warm) ** 2
    Your warm-up grows by squares. It grows in equal steps.
stays up: return final + (1 - final) * cosine(after + 1, left) → return 1.0
    After the warm-up your rate stays at 1. Where is the cosine?
both at once:
    | return warm_up(t, warm) * (final + (1 - final) * cosine(t, updates))
    Warm-up and cosine are multiplied from the start, so that the rate never reaches 1. The
    cosine begins where the warm-up ends.
in degrees: cosine(after + 1, left) → (1 + math.cos(180 * after / left)) / 2
    Your angle is in degrees. `math.cos` takes radians.
"""

WARMUP_COSINE = Exercise(
    id="17.warmup_cosine",
    points=2,
    asks="the share of the learning rate at an update",
    reference=schedules.warm_up_cosine,
    cases=_cases,
    hints=(
        "Take warm = 4 and write the shares of the first four updates on paper. The fourth is 1. "
        "What is the first?",
        "The cosine's angle is 0 at t = warm. It would be π at the update after the last. How many "
        "updates lie between the two?",
        "Up to t = warm: t over warm. From there on: half of 1 plus the cosine goes from 1 to 0; "
        "stretch that to go from 1 to `final`.",
    ),
    slips=slips(SLIPS, schedules.warm_up_cosine),
    also_right=(_in_one_line, _by_a_half_angle),
)
