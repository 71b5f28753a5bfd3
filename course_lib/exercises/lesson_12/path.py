"""Exercise 12.path: the points that a rule visits, the start first."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import paths
from ...optim.signature import apply, slot_names
from ..drawing import drawing

Gradient = Callable[[Tensor], Tensor]


# Rules for the cases: one without memory, one with a slot, one that counts, one with both and two.


def plain_rule(p: Tensor, g: Tensor, *, lr: float) -> Tensor:
    return p - lr * g


def heavy_rule(p: Tensor, g: Tensor, v: Tensor, *, lr: float, beta: float = 0.8) -> tuple:
    v = beta * v + g
    return p - lr * v, v


def fading_rule(p: Tensor, g: Tensor, s: Tensor, *, t: int, lr: float) -> tuple:
    s = s + g * g
    return p - lr / t * g / (1 + s.sqrt()), s


def _counting(
    p: Tensor, g: Tensor, m: Tensor, v: Tensor, *, t: int, lr: float, beta: float = 0.7
) -> tuple:
    m, v = beta * m + (1 - beta) * g, v + g.abs()
    return p - lr * m / (1 - beta**t) / (1 + v), m, v


def _path_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def slope(*shape: int, dtype: torch.dtype = torch.float64) -> Gradient:
        curve, centre = 0.5 + draw(*shape, dtype=dtype).abs(), draw(*shape, dtype=dtype)
        return lambda p: curve * (p - centre) + 0.1 * torch.sin(3 * p)

    def case(
        words: str, rule: Callable, *shape: int, steps: int, lr: float = 0.1, **more: float
    ) -> Case:
        special = bool(more.pop("special", False))
        hyper = {"steps": steps, "lr": lr, **more}
        return Case(words, (rule, slope(*shape), 3 + draw(*shape)), hyper, special=special)

    return [
        case("a rule with one slot, 2 numbers and 5 steps", heavy_rule, 2, steps=5, beta=0.6),
        case("a rule with two slots that takes t, and 4 steps", _counting, 2, steps=4),
        case(
            "a rule with a slot that takes t, 3 numbers, 6 steps", fading_rule, 3, steps=6, lr=0.4
        ),
        case("a rule without slots, 2 numbers and 3 steps", plain_rule, 2, steps=3),
        case("3 by 2 numbers at once and 4 steps", _counting, 3, 2, steps=4, lr=0.3, beta=0.5),
        case("1 step", _counting, 2, steps=1, special=True),
        case("no steps", heavy_rule, 2, steps=0, special=True),
        case("1 number and 3 steps", heavy_rule, 1, steps=3, special=True),
        Case(
            "a start that is one number, of shape ()",
            (heavy_rule, lambda p: 2 * p, draw(1)[0]),
            {"steps": 3, "lr": 0.1},
            special=True,
        ),
        case("a rate of 0", _counting, 2, steps=3, lr=0.0, special=True),
        case("a rate at which it runs away", plain_rule, 2, steps=8, lr=50.0, special=True),
        Case(
            "a start at which the gradient is 0",
            (_counting, lambda p: 2 * p, torch.zeros(2, dtype=torch.float64)),
            {"steps": 3, "lr": 0.1},
            special=True,
        ),
        Case(
            "2 numbers in float32 and 5 steps",
            (heavy_rule, slope(2, dtype=torch.float32), draw(2, dtype=torch.float32)),
            {"steps": 5, "lr": 0.1},
            special=True,
        ),
    ]


def _slots_and_t(rule: Callable) -> tuple[int, bool]:
    names = inspect.signature(rule).parameters.values()
    return sum(p.kind is not p.KEYWORD_ONLY for p in names) - 2, any(p.name == "t" for p in names)


def _by_recursion(rule: Callable, gradient: Gradient, start: Tensor, *, steps: int, **hyper):
    count, counts = _slots_and_t(rule)

    def go(p: Tensor, slots: tuple, t: int) -> list[Tensor]:
        if t > steps:
            return [p]
        own = {**hyper, "t": t} if counts else hyper
        result = rule(p, gradient(p), *slots, **own)
        new, *kept = result if isinstance(result, tuple) else (result,)
        return [p, *go(new, tuple(kept), t + 1)]

    return torch.stack(go(start, (torch.zeros_like(start),) * count, 1))


def _into_a_table(rule: Callable, gradient: Gradient, start: Tensor, *, steps: int, **hyper):
    count, counts = _slots_and_t(rule)
    table = torch.empty(steps + 1, *start.shape, dtype=start.dtype)
    table[0], slots = start, [torch.zeros_like(start) for _ in range(count)]
    for step in range(steps):
        extra = {"t": step + 1} if counts else {}
        result = rule(table[step].clone(), gradient(table[step].clone()), *slots, **hyper, **extra)
        if isinstance(result, tuple):
            table[step + 1], *slots = result
        else:
            table[step + 1] = result
    return table


SLIPS = """
t from 0: range(1, steps + 1) → range(steps)
    The first step is counted as t = 0. Rules count from 1, and Adam's correction divides by zero at
    0: look at your `range`.
t one ahead: t=t → t=t + 1
    The first step is counted as t = 2. Rules count from 1: look at where t is raised.
t stands still: t=t → t=1
    Every step is told that it is the first. Rules that take t need the number of the step: look at
    what you hand in for it.
t is the last step: t=t → t=steps
    Every step is told the number of the last one. Rules that take t need the number of the step
    they make.
slots not kept: p, slots = → p, _ =
    Each step begins with empty slots, so that nothing is remembered. What a rule returns after the
    point belongs into its next call.
slots in reverse: slots, t=t → slots[::-1], t=t
    With two slots they come back in the wrong order. A rule returns them in the order in which it
    takes them.
slots like the start: torch.zeros_like(p) → p
    The slots begin as the start itself. Before the first step there is nothing to remember: what do
    slots hold then?
slots of ones: zeros_like → ones_like
    The slots begin at one. Before the first step there is nothing to remember: what do slots hold
    then?
start left out: [p] → []
    The start is missing: the first entry is where the first step leads. With n steps there are
    n + 1 points.
one step too many: steps + 1 → steps + 2
    There is one step too many. With n steps there are n + 1 points, the start among them: look at
    where your loop ends.
one step too many, t from 0: range(1, steps + 1) → range(steps + 1)
    There is one step too many, and the first is counted as t = 0. Rules count from 1: look at both
    ends of your `range`.
one step too few: steps + 1 → steps
    There is one step too few. With n steps there are n + 1 points, the start among them:
    `range(1, n)` ends before n.
gradient at the start only: gradient(p) → gradient(start)
    All steps use the gradient at the start. The slope changes on the way: ask for it again before
    each step, at the present point.
gradient one step late: gradient(p) → gradient(points[-2:][0])
    From the second step on the gradient is that of the point before. Look at what is updated first,
    the point or the gradient.
each step from the start: apply(rule, p, → apply(rule, start,
    Every step sets out from the start again, so that there is only ever one step between it and a
    point. The next step sets out from where the last one ended.
the point stands still: p, gradient(p) → start, gradient(start)
    Each step, and its gradient too, sets out from the start. What the rule returns has to become
    the point from which the next step sets out.
gradient descent instead of the rule:
    | apply(rule, p, gradient(p), slots, t=t, **hyper) → p - hyper["lr"] * gradient(p), slots
    You make steps of gradient descent yourself. The loop is for any rule: which argument does it
    never call?
return inside the loop: points.append(p) → return torch.stack([*points, p])
    Only the start and one more point come back, however many steps there are. Look for a `return`
    inside your loop.
last place not filled: steps + 1 → steps ; (points) → ([*points, 0 * p])
    The last point is zero: your table has a place for it, but your loop ends one step before.
first place not filled: [p] → [0 * p]
    The first point is zero. Your table has a place for the start: what stands in it?
the start twice:
    | p, slots = apply(rule, p, gradient(p), slots, t=t, **hyper) ↔ points.append(p)
    The start comes twice and the last point is missing: each point is kept before its step instead
    of after it.
kept after the loop: points.append(p) → ; (points) → ([*points, p])
    Only the start and the last point come back. Look at whether the line that keeps a point is
    inside your loop.
a rate of its own: **hyper → **(hyper | {"lr": 0.01})
    All steps are made at rate 0.01, whatever lr is handed in. Look for a number where the argument
    should stand.
only the end: torch.stack(points) → p
    Only the last point comes back. All of them are asked for, the start first: keep them in a list.
the end over and over: (points) → ([p] * len(points))
    Every entry is the last point. A list that holds the same tensor many times shows its last
    state: keep a new tensor for each step.
backwards: (points) → (points[::-1])
    The points come in reverse, the last one first.
steps instead of points: (points) → (points) - start
    Every point is counted from the start, which makes the first one zero. The points themselves are
    asked for.
added to the point: points.append(p) → p = points[-1] + p; points.append(p)
    What the rule returns is added to the point. It returns the new point, not the step.
taken from the point: points.append(p) → p = points[-1] - p; points.append(p)
    What the rule returns is taken from the point. It returns the new point, not the step.
uphill: gradient(p) → -gradient(p)
    The gradient goes in with the opposite sign. The rule itself goes against it.
stacked along the second axis: (points) → (points, dim=1)
    The points stand side by side along the second axis. The first axis counts the steps.
joined: stack → cat
    The points are joined end to end. Each point needs an entry of its own along a new first axis:
    `stack` makes one, `cat` does not.
no hyper-parameter handed on: **hyper → lr=0.1
    All steps are made at rate 0.1 and with the rule's own defaults, whatever is handed in: hand on
    all of `**hyper`.
only lr handed on: **hyper → lr=hyper["lr"]
    Of the hyper-parameters only lr reaches the rule; beta keeps its default. Hand on all of
    `**hyper`.
"""

PATH = Exercise(
    id="12.path",
    points=3,
    asks="the points that a rule visits, the start first",
    reference=paths.path,
    cases=_path_cases,
    hints=(
        "Do two steps on paper for momentum, with the velocity. What has to be handed from the "
        "first step to the second, and what is looked at anew?",
        "Before each step ask for the gradient at the present point. After it keep the new point, "
        "and keep the new slots for the next call. The first step is number 1.",
        "`slot_names(rule)` says how many zeros to begin with, and `apply(rule, p, g, slots, t=t, "
        "**hyper)` gives the new point and the new slots for any rule. What is left is a loop "
        "and a list that begins with the start.",
    ),
    slips=slips(SLIPS, paths.path),
    also_right=(_by_recursion, _into_a_table),
    given=(apply, slot_names),
)
