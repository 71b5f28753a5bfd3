"""How rules are related: one with a setting at its end is another, over steps at random."""

import pytest
import torch

from course_lib.lab.device import generator
from course_lib.optim import rules
from course_lib.optim.paths import path
from course_lib.optim.probe import hands_on, is_elementwise
from tests.optim.test_rules import RULES

BETA = 0.8
SAME = {
    "classical momentum without memory is gradient descent": (
        (rules.momentum, {"lr": 0.1, "beta": 0.0}),
        (rules.gd, {"lr": 0.1}),
    ),
    "averaged momentum without memory is gradient descent": (
        (rules.momentum_ema, {"lr": 0.1, "beta": 0.0}),
        (rules.gd, {"lr": 0.1}),
    ),
    "Nesterov's without memory is gradient descent": (
        (rules.nesterov, {"lr": 0.1, "beta": 0.0}),
        (rules.gd, {"lr": 0.1}),
    ),
    "averaged momentum is the classical with a smaller lr": (
        (rules.momentum_ema, {"lr": 0.1, "beta": BETA}),
        (rules.momentum, {"lr": 0.1 * (1 - BETA), "beta": BETA}),
    ),
    "AdamW without decay is Adam": (
        (rules.adamw, {"lr": 0.1, "weight_decay": 0.0}),
        (rules.adam, {"lr": 0.1}),
    ),
}


def _walk(rule, hyper, scale=1.0):
    """Ten steps on gradients that depend on the place and on the step."""
    noise = iter(torch.randn(10, 6, generator=generator(0), dtype=torch.float64))
    start = torch.linspace(-2, 2, 6, dtype=torch.float64)
    return path(rule, lambda p: scale * (p + next(noise)), start, steps=10, **hyper)


@pytest.mark.parametrize("law", SAME)
def test_one_rule_is_another(law):
    one, other = SAME[law]
    torch.testing.assert_close(_walk(*one), _walk(*other), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("law", list(SAME)[3:])
def test_and_is_not_with_other_settings(law):
    (rule, hyper), other = SAME[law]
    changed = hyper | ({"weight_decay": 0.1} if "weight_decay" in hyper else {"beta": 0.5})
    assert (_walk(rule, changed) - _walk(*other)).abs().max() > 1e-3


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_lr_in_the_direction_of_the_slope(size):
    g = size * torch.tensor([-3.0, 0.5, 2.0], dtype=torch.float64)
    zero = torch.zeros_like(g)
    p, _, _ = rules.adam(zero, g, zero, zero, t=1, lr=0.1, eps=0.0)
    torch.testing.assert_close(p, -0.1 * g.sign())


def test_the_first_step_of_rmsprop_is_longer_than_lr():
    g = torch.tensor([-3.0, 0.5], dtype=torch.float64)
    p, _ = rules.rmsprop(torch.zeros_like(g), g, torch.zeros_like(g), lr=0.1, beta=0.99, eps=0.0)
    torch.testing.assert_close(p, -0.1 * g.sign() / 0.01**0.5)


def test_the_steps_of_adagrad_under_a_constant_slope_shrink_as_the_root_of_time():
    points = path(rules.adagrad, torch.ones_like, torch.zeros(1).double(), steps=9, lr=0.1, eps=0.0)
    expected = 0.1 / torch.arange(1, 10, dtype=torch.float64).sqrt()
    torch.testing.assert_close(points[:-1, 0] - points[1:, 0], expected)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_of_the_library_is_found_to_work_place_by_place(name):
    rule, _, hyper, _ = RULES[name]
    assert is_elementwise(rule, lr=0.1, **hyper)
    assert not hands_on(rule, lr=0.1, **hyper)


def _clipped(p, g, *, lr):
    return p - lr * g * (100 / g.norm()).clamp(max=1)


def _centred(p, g, *, lr):
    return p - lr * (g - g.mean(dim=-1, keepdim=True))


def _by_rank(p, g, *, lr):
    return p - lr * g.argsort().to(g)


def _in_place(p, g, v, *, lr):
    v += g
    return p - lr * v, v


@pytest.mark.parametrize("rule", [_clipped, _centred, _by_rank])
def test_a_rule_that_looks_around_is_found_out(rule):
    assert not is_elementwise(rule, lr=0.1)


def test_a_rule_that_changes_its_slot_in_place_is_seen_to_hand_it_on():
    assert is_elementwise(_in_place, lr=0.1)
    assert hands_on(_in_place, lr=0.1)
