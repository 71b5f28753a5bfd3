"""Mutants of a function, and the kind of mistake that they tell."""

import pytest
import torch

from course_lib.checking import Case, Exercise, evaluate, slips
from course_lib.checking.kinds import KINDS
from course_lib.checking.mutants import mutants
from course_lib.lab.device import generator


def step(p, g, *, lr, eps=1e-8):
    """Return p after a step against g, and the size of the step."""
    if lr < 0:
        raise ValueError("lr is below 0")
    size = lr * g / (g.abs() + eps)
    return p - size, size * 2


def same_step(p, g, *, lr, eps=1e-8):
    """Return what `step` does, for answers, which must not call the reference."""
    size = lr * g / (g.abs() + eps)
    return p - size, size * 2


def total(x, n):
    """Return x added up n times, with a loop."""
    s = 0.0 * x
    for i in range(n):
        s = s + x * i
    return s


def table(x, w):
    """Return the means of the columns of x w."""
    return (x @ w.T).mean(dim=0)


def _cases(seed):
    def draw(*shape):
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    source = generator(seed)
    return [
        Case("4 numbers", (draw(4), draw(4)), {"lr": 0.5, "eps": 0.3}),
        Case("2 by 3 numbers", (draw(2, 3), draw(2, 3)), {"lr": 0.2, "eps": 0.7}),
        Case("the default", (draw(3), draw(3)), {"lr": 0.2}, special=True),
    ]


SLIPS = """
eps inside: g.abs() + eps → (g * g + eps).sqrt()
    ε is under the root.
uphill: p - size → p + size
    The step goes uphill.
"""
STEP = Exercise(
    id="99.step",
    points=1,
    asks="a step",
    reference=step,
    cases=_cases,
    hints=("First?", "Second."),
    slips=slips(SLIPS, step),
    also_right=(),
)


def changes(of, kind):
    return [mutant.change for mutant in mutants(of) if mutant.kind == kind]


def test_every_kind_of_change_is_made_somewhere():
    made = {mutant.kind for of in (step, total, table) for mutant in mutants(of)}
    assert {"sign", "term", "factor", "times", "brackets", "number", "axis", "call"} <= made
    assert {"operation", "transposed", "name", "inputs", "setting", "loop", "results"} <= made
    assert made <= set(KINDS)


def test_a_change_is_shown_by_its_line():
    assert "return (p - size, size * 2) → return (p + size, size * 2)" in changes(step, "sign")
    assert "for i in range(n): → for i in range(0, n - 1):" in changes(total, "loop")


def test_what_refuses_bad_inputs_is_not_changed():
    assert not any("raise" in mutant.change or "lr <" in mutant.change for mutant in mutants(step))


def test_no_source_comes_twice_and_none_is_the_function_itself():
    found = [mutant.change for mutant in mutants(table)]
    assert len(found) == len(set(found))
    assert all(len(set(change.split(" → "))) == 2 for change in found)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda p, g, *, lr, eps=1e-8: (p - lr * g, 2 * lr * g), "factor"),
        (lambda p, g, *, lr, eps=1e-8: (p - lr * g / (g + eps), 2 * lr * g / (g + eps)), "call"),
        (lambda p, g, *, lr, eps=1e-8: same_step(g, p, lr=lr, eps=eps), "inputs"),
        (lambda p, g, *, lr, eps=1e-8: same_step(p, g, lr=lr, eps=1e-8), "setting"),
        (lambda p, g, *, lr, eps=1e-8: same_step(p, g, lr=lr, eps=eps)[::-1], "results"),
    ],
)
def test_an_answer_one_step_away_is_told_its_kind(answer, kind):
    outcome = evaluate(STEP, answer)
    assert outcome.slip is None
    assert kind in (outcome.kind or "").split("+"), outcome.message
    assert "what the right code gives when" in outcome.message


def test_two_slips_at_once_are_both_named():
    def answer(p, g, *, lr, eps=1e-8):
        size = lr * g / (g * g + eps).sqrt()
        return p + size, size * 2

    outcome = evaluate(STEP, answer)
    assert outcome.kind == "eps inside + uphill"
    assert "Two things come together" in outcome.message
    assert all(slip.message in outcome.message for slip in STEP.slips)


def test_a_slip_and_a_number_of_ones_own():
    def answer(p, g, *, lr, eps=1e-8):
        size = lr * g / (g.abs() + 1e-6 + 0 * eps)
        return p + size, size * 2

    outcome = evaluate(STEP, answer)
    assert outcome.kind == "uphill + eps of its own"


def test_what_is_far_away_has_no_kind():
    outcome = evaluate(STEP, lambda p, g, *, lr, eps=1e-8: (p.exp(), g.cos()))
    assert (outcome.slip, outcome.kind) == (None, None)


def test_an_answer_that_stops_has_no_kind():
    def answer(p, g, *, lr, eps=1e-8):
        raise IndexError

    outcome = evaluate(STEP, answer)
    assert (outcome.status, outcome.kind) == ("raised", None)


def total_of(x, k):
    """Return the sum of x over k."""
    return x.sum() / k


TOTAL = Exercise(
    id="99.total",
    points=1,
    asks="the sum over k",
    reference=total_of,
    cases=lambda seed: [
        Case("4 numbers", (torch.arange(4.0) + 1.5 + seed, 3.0)),
        Case("3 numbers", (torch.arange(3.0) - 7.3, 2.0)),
    ],
    hints=("First?", "Second."),
    slips=(),
    also_right=(),
)


def stops_short(x, k):
    total = 0
    for i in range(len(x) - 1):
        total += x[i] / k
    return total


def begins_late(x, k):
    total = 0
    for i in range(1, len(x)):
        total += x[i] / k
    return total


def forgets(x, k):
    total = 0
    for value in x:
        total = value / k
    return total


def returns_at_once(x, k):
    total = 0
    for value in x:
        total += value / k
        return total


def has_a_wrong_sign(x, k):
    total = 0
    for value in x:
        total -= value
    return total / k


def squares(x, k):
    scaled = x / k
    return (scaled**2).sum()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (stops_short, "loop", "`for i in range(len(x) - 1):`"),
        (begins_late, "loop", "`for i in range(1, len(x)):`"),
        (forgets, "loop", "`total = value / k`"),
        (returns_at_once, "loop", "`return` stands inside your loop"),
        (has_a_wrong_sign, "sign", "a sign is the wrong one"),
        (squares, "power", "`return (scaled ** 2).sum()`"),
    ],
)
def test_one_change_that_makes_an_answer_right_is_shown_by_its_line(answer, kind, words):
    outcome = evaluate(TOTAL, answer)
    assert outcome.kind == kind, outcome.message
    assert "One change in the line" in outcome.message
    assert words in outcome.message


def test_nothing_is_said_of_the_range_of_a_loop_that_is_right():
    def twice(x, k):
        total = x[0]
        for i in range(1, len(x)):
            total = total + x[i]
        return 2 * total / k

    outcome = evaluate(TOTAL, twice)
    assert "range" not in outcome.message
