"""Answers to lesson 11 that were written without a look at the code, and what must come back."""

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES

FIRST_LINE = "def adam(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):\n"
RIGHT = """
m = beta1 * m + (1 - beta1) * g
old, v = v, beta2 * v + (1 - beta2) * g ** 2
mh = m / (1 - beta1 ** t)
vh = v / (1 - beta2 ** t)
p = p - lr * mh / (vh ** 0.5 + eps)
return p, m, v
"""


def adam(*changes):
    """Return Adam as someone wrote it, with these (before, after) in its text."""
    code = RIGHT
    for before, after in changes:
        assert before in code
        code = code.replace(before, after)
    space = {"torch": torch}
    exec(FIRST_LINE + "".join(f"    {line}\n" for line in code.strip().splitlines()), space)
    return space["adam"]


STEP = "lr * mh / (vh ** 0.5 + eps)"
WRONG = {
    "uphill": [("p - lr", "p + lr")],
    "parameter not moved": [("p = p - lr", "new = p - lr")],
    "corrected twice": [("** t)", "** t) ** 2")],
    "corrected twice, in lr too": [
        (STEP, f"(1 - beta2 ** t) ** 0.5 / (1 - beta1 ** t) * {STEP}"),
    ],
    "corrected for a few steps alone": [
        ("mh = m / (1 - beta1 ** t)", "mh = m / (1 - beta1 ** t) if t < 10 else m"),
        ("vh = v / (1 - beta2 ** t)", "vh = v / (1 - beta2 ** t) if t < 10 else v"),
    ],
    "corrected at the first step alone": [
        ("mh = m / (1 - beta1 ** t)", "mh = m / (1 - beta1) if t == 1 else m"),
        ("vh = v / (1 - beta2 ** t)", "vh = v / (1 - beta2) if t == 1 else v"),
    ],
    "averages begin anew": [("beta1 * m", "beta1 * 0 * m"), ("beta2 * v", "beta2 * 0 * v")],
    "AMSGrad": [("mh = ", "v = torch.max(v, old); mh = ")],
    "AMSGrad in the step": [("vh = v /", "vh = torch.max(v, old) /")],
    "AMSGrad, corrected": [("(vh ** 0.5", "(torch.max(vh, old) ** 0.5")],
    "AdaMax": [
        ("beta2 * v + (1 - beta2) * g ** 2", "torch.max(beta2 * v, g.abs())"),
        ("vh ** 0.5", "v"),
    ],
    "NAdam": [("* mh /", "* (beta1 * mh + (1 - beta1) * g / (1 - beta1 ** t)) /")],
    "NAdam, the next correction": [
        ("* mh /", "* (beta1 * m / (1 - beta1 ** (t+1)) + (1 - beta1) * g / (1 - beta1 ** t)) /"),
    ],
    "ε of 1e-6": [("+ eps", "+ 1e-6")],
    "ε of 1e-7": [("+ eps", "+ 1e-7")],
    "ε of 1e-8": [("+ eps", "+ 1e-8")],
    "ε forgotten": [("+ eps", "")],
}


@pytest.mark.parametrize("slip", WRONG)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_wrong_adam_is_named(slip, seed):
    outcome = evaluate(EXERCISES["11.adam"], adam(*WRONG[slip]), seed=seed)
    assert (outcome.status, outcome.slip) == ("wrong_value", slip)


def test_the_unchanged_text_is_right():
    assert evaluate(EXERCISES["11.adam"], adam()).passed


def adamw_that_begins_anew(
    p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01
):
    m, v = (1 - beta1) * g, (1 - beta2) * g * g
    step = lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps)
    return p - lr * weight_decay * p - step, m, v


def test_adamw_that_begins_anew_is_named():
    outcome = evaluate(EXERCISES["11.adamw"], adamw_that_begins_anew)
    assert outcome.slip == "averages begin anew"


def first_step_upwards(g, lr, eps=1e-8):
    return lr * g / (g.abs() + eps)


def test_the_first_line_as_it_was_given_is_blamed_for_nothing():
    outcome = evaluate(EXERCISES["11.first_step"], first_step_upwards)
    assert outcome.slip == "sign"
