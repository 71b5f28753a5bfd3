"""Each rule against torch's optimizer, step by step, in float64."""

import pytest
import torch

from course_lib.optim import rules
from course_lib.optim.signature import apply, hyper_names, slot_names

RULES = {
    "gd": (rules.gd, torch.optim.SGD, {}, {}),
    "momentum": (rules.momentum, torch.optim.SGD, {"beta": 0.8}, {"momentum": 0.8}),
    "momentum_ema": (
        rules.momentum_ema,
        torch.optim.SGD,
        {"beta": 0.8},
        {"momentum": 0.8, "dampening": 0.8},
    ),
    "nesterov": (
        rules.nesterov,
        torch.optim.SGD,
        {"beta": 0.8},
        {"momentum": 0.8, "nesterov": True},
    ),
    "adagrad": (rules.adagrad, torch.optim.Adagrad, {"eps": 1e-3}, {"eps": 1e-3}),
    "rmsprop": (
        rules.rmsprop,
        torch.optim.RMSprop,
        {"beta": 0.8, "eps": 1e-3},
        {"alpha": 0.8, "eps": 1e-3},
    ),
    "adam": (
        rules.adam,
        torch.optim.Adam,
        {"beta1": 0.8, "beta2": 0.99, "eps": 1e-6},
        {"betas": (0.8, 0.99), "eps": 1e-6},
    ),
    "adamw": (
        rules.adamw,
        torch.optim.AdamW,
        {"beta1": 0.8, "beta2": 0.99, "eps": 1e-6, "weight_decay": 0.3},
        {"betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.3},
    ),
}


def schedule(t):
    """A learning rate that changes at every step."""
    return 0.1 * (1 + 0.5 * (-1) ** t) / t**0.5


@pytest.mark.parametrize("name", RULES)
def test_a_hundred_steps_under_a_schedule_are_those_of_torch(name):
    rule, optimizer, ours, torchs = RULES[name]
    source = torch.Generator().manual_seed(0)
    p = torch.randn(7, dtype=torch.float64, generator=source)
    theirs = p.clone().requires_grad_()
    torch_rule = optimizer([theirs], lr=0.1, **torchs)
    slots = tuple(torch.zeros_like(p) for _ in slot_names(rule))
    for t in range(1, 101):
        g = torch.randn(7, dtype=torch.float64, generator=source)
        theirs.grad = g.clone()
        torch_rule.param_groups[0]["lr"] = schedule(t)
        if name == "momentum_ema" and t == 1:  # torch's first velocity is the gradient itself
            torch_rule.state[theirs]["momentum_buffer"] = torch.zeros_like(p)
        torch_rule.step()
        p, slots = apply(rule, p, g, slots, t=t, lr=schedule(t), **ours)
        torch.testing.assert_close(p, theirs.detach(), rtol=1e-10, atol=1e-12)


def test_adam_without_momentum_is_rmsprop_with_its_average_corrected():
    g, s = torch.randn(9, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    p, beta, t = torch.zeros_like(g), 0.9, 4
    by_adam, _, v = rules.adam(p, g, p, s, t=t, lr=0.1, beta1=0.0, beta2=beta, eps=0.0)
    by_rmsprop, kept = rules.rmsprop(p, g, s, lr=0.1 * (1 - beta**t) ** 0.5, beta=beta, eps=0.0)
    torch.testing.assert_close(v, kept)
    torch.testing.assert_close(by_adam, by_rmsprop)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_works_place_by_place(name):
    rule = RULES[name][0]
    source = torch.Generator().manual_seed(1)
    count = 2 + len(slot_names(rule))
    a = [torch.rand(3, dtype=torch.float64, generator=source) for _ in range(count)]
    b = [torch.rand(2, dtype=torch.float64, generator=source) for _ in range(count)]
    joined = [torch.cat(pair) for pair in zip(a, b, strict=True)]
    whole, apart = (apply(rule, p, g, tuple(slots), t=3, lr=0.1) for p, g, *slots in (joined, a))
    torch.testing.assert_close(whole[0][:3], apart[0], rtol=0, atol=0)
    for one, other in zip(whole[1], apart[1], strict=True):
        torch.testing.assert_close(one[:3], other, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_steps_do_not_depend_on_the_scale_of_the_gradients(name):
    rule = RULES[name][0]
    source = torch.Generator().manual_seed(2)
    gradients = torch.randn(5, 6, dtype=torch.float64, generator=source)
    ends = []
    for scale in (1.0, 1000.0):
        p = torch.zeros(6, dtype=torch.float64)
        slots = tuple(torch.zeros_like(p) for _ in slot_names(rule))
        for t, g in enumerate(gradients, start=1):
            p, slots = apply(rule, p, scale * g, slots, t=t, lr=0.1, eps=0.0)
        ends.append(p)
    torch.testing.assert_close(*ends)


def test_nesterov_is_the_point_ahead_only_while_the_rate_stays():
    """The form of Sutskever and others, lr inside v and the gradient at θ + β v, beside ours."""
    curvature = torch.tensor([0.02, 1.0], dtype=torch.float64)
    for falls in (False, True):
        theta = torch.tensor([-8.0, 1.5], dtype=torch.float64)
        p, ours, theirs = theta, torch.zeros(2).double(), torch.zeros(2).double()
        for t in range(20):
            lr = 0.5 if falls and t >= 10 else 1.0
            theirs = 0.9 * theirs - lr * curvature * (theta + 0.9 * theirs)
            theta = theta + theirs
            p, ours = rules.nesterov(p, curvature * p, ours, lr=lr, beta=0.9)
        assert (p - (theta + 0.9 * theirs)).norm().item() > 0.1 or not falls
        if not falls:
            torch.testing.assert_close(p, theta + 0.9 * theirs)


def test_the_signature_says_what_a_rule_keeps_and_takes():
    assert [slot_names(rule) for rule in (rules.gd, rules.momentum, rules.adam)] == [
        (),
        ("v",),
        ("m", "v"),
    ]
    assert hyper_names(rules.adam) == ("t", "lr", "beta1", "beta2", "eps")
