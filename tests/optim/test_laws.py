"""How rules are related: one with a setting at its end is another, over steps at random."""

import math

import pytest
import torch

from course_lib.lab.device import generator
from course_lib.optim import rules
from course_lib.optim.dialects import (
    adam_epsilon_hat,
    adam_l2,
    adamw_paper,
    momentum_lr_inside,
    rmsprop_inside,
)
from course_lib.optim.lamb import lamb
from course_lib.optim.paths import path
from course_lib.optim.probe import PLACE_BY_PLACE, hands_on, is_elementwise
from course_lib.optim.settings import complete
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


def _clipped_if_asked(p, g, *, lr, clip=0.0):
    return p - lr * (g * (clip / g.norm()).clamp(max=1) if clip else g)


def _clipped_if_large(p, g, *, lr):
    return p - lr * (g / g.norm() if g.norm() > 1e5 else g)


def _normed_at_first(p, g, *, t, lr):
    return p - lr * (g / g.norm() if t == 1 else g)


def _by_a_float(p, g, *, lr):
    return p - lr * g * min(1.0, 1e9 / float(g.norm()))


def _by_the_shape(p, g, *, lr):
    return p - lr * g / (p.shape[0] if p.shape[0] > 1000 else 1)


def _hidden_from_stand_ins(p, g, *, lr):
    return p - lr * (g / g.norm() if torch.is_tensor(g) else g)


LOOK_AROUND = [
    *(_clipped, _centred, _by_rank, _clipped_if_asked, _clipped_if_large, _normed_at_first),
    *(_by_a_float, _by_the_shape, _hidden_from_stand_ins, lamb),
]


@pytest.mark.parametrize("rule", LOOK_AROUND)
def test_a_rule_that_looks_around_is_found_out(rule):
    assert not is_elementwise(rule, **complete(rule, {"lr": 0.1}))


DIALECTS = [adam_epsilon_hat, adam_l2, adamw_paper, momentum_lr_inside, rmsprop_inside]


def _with_methods(p, g, v, *, t, lr, beta=0.9):
    v = v.mul(beta).addcmul(g, g, value=1 - beta)
    return torch.where(v > 0, p - lr * math.sqrt(1 - beta**t) * g / v.sqrt(), p), v


@pytest.mark.parametrize("rule", [_with_methods, *DIALECTS], ids=lambda rule: rule.__name__)
def test_a_rule_that_does_not_is_seen_to_work_place_by_place(rule):
    assert is_elementwise(rule, **complete(rule, {"lr": 0.1}))


@pytest.mark.parametrize("name", sorted(PLACE_BY_PLACE))
def test_what_is_known_to_work_place_by_place_gives_the_same_for_pieces(name):
    """As a method and as a function, with one operand, with two and with three."""
    x = torch.rand(3, 2, 12, generator=generator(0), dtype=torch.float64).unbind()
    homes = (torch.Tensor, torch, torch.nn.functional)
    few = (*x[:1],), x[:2], x, (x[0] > 0.5, *x[1:]), (x[0], 0.5), (x[0], torch.half)
    tried = 0
    for f in (getattr(home, name) for home in homes if hasattr(home, name)):
        for operands in few:
            whole, pieces = (
                [part.clone() if torch.is_tensor(part) else part for part in operands]
                for _ in range(2)
            )
            try:
                expected = f(*whole)
            except (TypeError, RuntimeError):
                continue
            if not torch.is_tensor(expected):  # `where` of one operand
                continue
            tried += 1
            parts = [
                f(*(o[row, i : i + 4] if torch.is_tensor(o) else o for o in pieces))
                for row in range(2)
                for i in (0, 4, 8)
            ]
            # a loop's rest is not vectorised, and may differ in its last digit
            torch.testing.assert_close(torch.cat(parts), expected.flatten(), rtol=1e-14, atol=0)
    assert tried


def test_a_rule_that_cannot_be_read_may_hand_on():
    assert hands_on(_normed_at_first, lr=0.1)


def test_a_rule_that_changes_its_slot_in_place_is_seen_to_hand_it_on():
    assert is_elementwise(_in_place, lr=0.1)
    assert hands_on(_in_place, lr=0.1)
