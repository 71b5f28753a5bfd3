"""Each rule against torch's optimizer, step by step, in float64."""

import pytest
import torch

from course_lib.optim.rules import adam, gd, momentum
from course_lib.optim.signature import apply, hyper_names, slot_names

RULES = [
    (gd, torch.optim.SGD, {"lr": 0.1}, {"lr": 0.1}),
    (momentum, torch.optim.SGD, {"lr": 0.1, "beta": 0.8}, {"lr": 0.1, "momentum": 0.8}),
    (
        adam,
        torch.optim.Adam,
        {"lr": 0.1, "beta1": 0.8, "beta2": 0.99, "eps": 1e-6},
        {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-6},
    ),
]


@pytest.mark.parametrize(("rule", "optimizer", "ours", "torchs"), RULES)
def test_a_hundred_steps_are_those_of_torch(rule, optimizer, ours, torchs):
    source = torch.Generator().manual_seed(0)
    p = torch.randn(7, dtype=torch.float64, generator=source)
    theirs = p.clone().requires_grad_()
    torch_rule = optimizer([theirs], **torchs)
    slots = tuple(torch.zeros_like(p) for _ in slot_names(rule))
    for t in range(1, 101):
        g = torch.randn(7, dtype=torch.float64, generator=source)
        theirs.grad = g.clone()
        torch_rule.step()
        p, slots = apply(rule, p, g, slots, t=t, **ours)
        torch.testing.assert_close(p, theirs.detach(), rtol=1e-10, atol=1e-12)


def test_the_signature_says_what_a_rule_keeps_and_takes():
    assert [slot_names(rule) for rule in (gd, momentum, adam)] == [(), ("v",), ("m", "v")]
    assert hyper_names(adam) == ("t", "lr", "beta1", "beta2", "eps")
