"""Schedules against torch's, and a rule under a schedule against torch's optimizer under it."""

from functools import partial

import pytest
import torch

from course_lib.lab import generator
from course_lib.optim import rules
from course_lib.optim.schedules import cosine, scheduled, step_decay, warm_up, warm_up_cosine
from course_lib.optim.signature import apply, hyper_names, slot_names

OPTIMIZERS = {
    "gd": (torch.optim.SGD, {}, 0.1),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1),
    "adam": (torch.optim.Adam, {}, 0.01),
    "adamw": (torch.optim.AdamW, {}, 0.01),
}
SHARES = {
    "cosine": partial(cosine, updates=12),
    "warm-up": partial(warm_up, updates=5),
    "both": lambda t: warm_up(t, 5) * cosine(t, 12),
}


def rates(schedule, updates):
    """Return the rates of the first updates under a schedule of torch, from a rate of 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    plan, found = schedule(optimizer), []
    for _ in range(updates):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        plan.step()
    return found


@pytest.mark.parametrize("updates", [1, 2, 40])
def test_the_cosine_is_that_of_torch(updates):
    expected = rates(partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=updates), updates)
    found = [cosine(t, updates) for t in range(1, updates + 1)]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("updates", [1, 5])
def test_the_warm_up_is_that_of_torch(updates):
    plan = partial(
        torch.optim.lr_scheduler.LinearLR, start_factor=1 / updates, total_iters=updates - 1
    )
    found = [warm_up(t, updates) for t in range(1, 9)]
    assert found == pytest.approx(rates(plan, 8), abs=1e-9)


@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("updates", "warm"), [(12, 1), (12, 2), (12, 5), (12, 12), (1, 1)])
def test_the_warm_up_and_cosine_are_those_of_torch(updates, warm, final):
    plans = torch.optim.lr_scheduler

    def both(optimizer):
        parts = [
            plans.LinearLR(optimizer, start_factor=1 / warm, total_iters=max(warm - 1, 1)),
            plans.CosineAnnealingLR(optimizer, T_max=updates - warm + 1, eta_min=final),
        ]
        return parts[1] if warm == 1 else plans.SequentialLR(optimizer, parts, [warm - 1])

    def by_cosine_alone(optimizer):
        return plans.CosineAnnealingLR(optimizer, T_max=updates, eta_min=final)

    found = [warm_up_cosine(t, updates, warm=warm, final=final) for t in range(1, updates + 1)]
    expected = rates(by_cosine_alone if warm == 1 else both, updates)
    assert found == pytest.approx(expected, abs=1e-9)
    assert found[warm - 1] == 1.0  # no jump: the peak is reached, once, where the halves meet
    assert max(found) == 1.0


@pytest.mark.parametrize("updates", [7, 100])
def test_without_warm_up_it_is_the_cosine(updates):
    found = [warm_up_cosine(t, updates, warm=1) for t in range(1, updates + 1)]
    assert found == [cosine(t, updates) for t in range(1, updates + 1)]


@pytest.mark.parametrize(("every", "factor"), [(1, 0.5), (4, 0.1), (50, 0.1)])
def test_the_step_decay_is_that_of_torch(every, factor):
    plan = partial(torch.optim.lr_scheduler.StepLR, step_size=every, gamma=factor)
    found = [step_decay(t, every=every, factor=factor) for t in range(1, 13)]
    assert found == pytest.approx(rates(plan, 12), rel=1e-9)


@pytest.mark.parametrize("share", SHARES.values(), ids=SHARES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rule_under_a_schedule_goes_where_torch_goes(name, share):
    optimizer, settings, lr = OPTIMIZERS[name]
    source = generator(0)
    p = torch.randn(3, generator=source, dtype=torch.float64)
    leaf = p.clone().requires_grad_()
    theirs = optimizer([leaf], lr=lr, **settings)
    plan = torch.optim.lr_scheduler.LambdaLR(theirs, lambda t: share(t + 1))
    rule = scheduled(getattr(rules, name), share)
    slots = tuple(torch.zeros_like(p) for _ in slot_names(rule))
    for t in range(1, 13):
        g = torch.randn(3, generator=source, dtype=torch.float64)
        p, slots = apply(rule, p, g, slots, t=t, lr=lr)
        leaf.grad = g.clone()
        theirs.step()
        plan.step()
    torch.testing.assert_close(p, leaf.detach(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_keeps_the_slots_and_settings_of_the_rule(name):
    rule = getattr(rules, name)
    assert slot_names(scheduled(rule, cosine)) == slot_names(rule)
    assert set(hyper_names(scheduled(rule, cosine))) == {*hyper_names(rule), "t"}
