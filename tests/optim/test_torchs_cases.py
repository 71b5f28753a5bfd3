"""torch's own cases for its optimizers, run with the rules that compute the same."""

import inspect

import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

from course_lib.lab.device import generator
from course_lib.optim import rules
from course_lib.optim.dialects import adam_l2
from course_lib.optim.optimizer import RuleOptimizer

OURS = {
    torch.optim.SGD: rules.gd,
    torch.optim.Adagrad: rules.adagrad,
    torch.optim.RMSprop: rules.rmsprop,
    torch.optim.Adam: adam_l2,
    torch.optim.AdamW: rules.adamw,
}
NAMES = {"momentum": "beta", "alpha": "beta", "lr": "lr", "eps": "eps"}
NOT_HERE = {"amsgrad", "centered", "dampening", "initial_accumulator_value", "lr_decay"}


def cases():
    """Return torch's class and settings for each of its cases that a rule of ours has."""
    found = []
    for info in optim_db:
        if info.optim_cls in OURS:
            for case in info.optim_inputs_func(device="cpu", dtype=torch.float64):
                given = case.kwargs
                if not NOT_HERE & set(given) and "capturable" not in given:
                    name = f"{info.optim_cls.__name__}, {case.desc}"
                    found.append(pytest.param(info.optim_cls, given, id=name))
    return found


def with_penalty(rule, weight_decay, sign):
    """Return a rule on the gradient that torch makes of `weight_decay` and `maximize`."""

    def penalised(p, g, *slots, **hyper):
        return rule(p, sign * g + weight_decay * p, *slots, **hyper)

    penalised.__signature__ = inspect.signature(rule)
    return penalised


def ours(cls, params, settings):
    """Return our optimizer for torch's class with torch's settings."""
    settings = {n: p for n, p in cls([torch.zeros(1)]).defaults.items() if n in NAMES} | settings
    rule, hyper = OURS[cls], {NAMES[n]: v for n, v in settings.items() if n in NAMES}
    sign, decay = (-1 if settings.get("maximize") else 1), settings.get("weight_decay", 0.0)
    if cls is torch.optim.SGD:
        if settings["momentum"]:
            rule = rules.nesterov if settings.get("nesterov") else rules.momentum
        else:
            del hyper["beta"]
    if cls is torch.optim.RMSprop:
        hyper["beta"] = settings["alpha"]
    if cls in (torch.optim.Adam, torch.optim.AdamW):
        decay = cls([torch.zeros(1)]).defaults["weight_decay"]
        hyper["weight_decay"] = settings.get("weight_decay", decay)
        return RuleOptimizer(params, with_penalty(rule, 0.0, sign), **hyper)
    return RuleOptimizer(params, with_penalty(rule, decay, sign), **hyper)


@pytest.mark.parametrize(("cls", "settings"), cases())
def test_twenty_steps_are_those_of_torch(cls, settings):
    start = [torch.randn(s, generator=generator(0)).double() for s in ((3, 4), (), (5,))]
    mine, theirs = ([p.clone().requires_grad_() for p in start] for _ in range(2))
    opts = (ours(cls, mine, settings), cls(theirs, **settings))
    for t in range(20):
        for i, (p, other) in enumerate(zip(mine, theirs, strict=True)):
            g = torch.randn(p.shape, generator=generator(100 * t + i + 1), dtype=torch.float64)
            p.grad, other.grad = g.clone(), g.clone()
        for opt in opts:
            opt.step()
    for p, other, first in zip(mine, theirs, start, strict=True):
        assert (other != first).all()
        torch.testing.assert_close(p, other, rtol=1e-10, atol=1e-12)


def test_no_rule_is_without_a_case():
    assert {case.values[0] for case in cases()} == set(OURS)
