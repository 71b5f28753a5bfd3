"""What an answer's source shows is a fact about it, and said only when the answer is wrong."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.checking.reading import facts, first_line

from .conftest import TOY

DATA = torch.ones(2)


def reference(x, k, *, eps=1e-8):
    """Return the sum of x over k."""
    return x.sum() / (k + eps)


def returns_in_the_loop(x, k, *, eps=1e-8):
    total = 0
    for value in x:
        total += value / (k + eps)
        return total


def forgets(x, k, *, eps=1e-8):
    total = 0
    for value in x:
        total = value / (k + eps)
    return total


def keeps_nowhere(x, k, *, eps=1e-8):
    x / (k + eps)
    return x.sum() / k


def never_uses_a_value(x, k, *, eps=1e-8):
    share = x / (k + eps)  # noqa: F841
    return x.sum() / (k + eps)


def never_uses_an_argument(x, k, *, eps=1e-8):
    return x.sum() / k


def reads_the_notebook(x, k, *, eps=1e-8):
    return DATA.sum() / (k + eps) + 0 * x.sum()


def drops_the_rest(x, k, *, eps=1e-8):
    return x.sum() // (k + eps)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (returns_in_the_loop, "`return` stands inside your loop"),
        (forgets, "`total` is set anew in each round"),
        (keeps_nowhere, "The line `x / (k + eps)` works something out and keeps it nowhere"),
        (never_uses_a_value, "`share` gets a value that is never used"),
        (never_uses_an_argument, "`eps` is never used"),
        (reads_the_notebook, "`DATA` is none of your function's arguments"),
        (drops_the_rest, "`//` divides and drops"),
    ],
)
def test_a_fact_is_seen(answer, words):
    assert words in " ".join(facts(answer, reference))


def adds_up(x, k, *, eps=1e-8):
    total = 0
    for value in x:
        total = total + value
    for _ in range(3):
        total += 0
    return total / (k + eps)


def finds(x, k, *, eps=1e-8):
    for value in x:
        if value > k + eps:
            return value
    return x[0]


@pytest.mark.parametrize("answer", [reference, adds_up, finds, lambda x, k: x, 3, torch.sum])
def test_nothing_is_said_where_nothing_is_odd(answer):
    assert facts(answer, reference) == ()


def test_an_answer_that_stops_is_told_only_what_may_be_the_cause():
    assert facts(never_uses_a_value, reference, stopped=True) == ()
    assert len(facts(reads_the_notebook, reference, stopped=True)) == 1


def test_a_first_line_in_another_order_or_with_another_default():
    assert "(k, x, eps)" in first_line(lambda k, x, *, eps=1e-8: x, reference)
    assert "`eps` is 1e-06 by default" in first_line(lambda x, k, *, eps=1e-6: x, reference)
    assert first_line(lambda x, k, *, eps: x, reference) == "", "what is given by name is there"
    assert first_line(lambda a, b: a, reference) == "", "other names: nothing can be said"
    assert first_line(torch.sum, reference) == ""


def test_a_changed_first_line_is_named_before_any_slip():
    outcome = evaluate(TOY, lambda k, x: (x + 1) / k)
    assert "called in that order" in outcome.message


def test_a_right_answer_is_left_alone_whatever_its_source():
    def right(x, k):
        unused = x  # noqa: F841
        return x / k + 1

    assert evaluate(TOY, right).passed
