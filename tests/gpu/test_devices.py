"""On a CUDA device: rules, the optimizer, paths and sweeps give what they give on a CPU."""

import copy

import pytest
import torch
from torch import nn

from course_lib.lab import digits, generator
from course_lib.lab.sweep import sweep
from course_lib.nn.activations import ACTIVATIONS
from course_lib.nn.biases import affine
from course_lib.optim import rules
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.paths import path
from course_lib.optim.surfaces import BEALE
from tests.optim.test_rules import RULES

CUDA = torch.device("cuda")


def _model():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(20, 40), nn.Tanh(), nn.Linear(40, 3)).double()


def _step(model, opt, t):
    where = next(model.parameters()).device
    x = torch.randn(16, 20, generator=generator(t), dtype=torch.float64).to(where)
    opt.zero_grad()
    (model(x) - 1).square().mean().backward()
    opt.step()


def _assert_same(a, b):
    for mine, other in zip(a.parameters(), b.parameters(), strict=True):
        torch.testing.assert_close(mine.cpu(), other.cpu(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", RULES)
def test_a_rule_takes_the_same_path(name, compiled):
    rule, _, hyper, _ = RULES[name]
    here, there = _model(), _model().to(CUDA)
    opts = (
        RuleOptimizer(here.parameters(), rule, lr=0.02, **hyper),
        RuleOptimizer(there.parameters(), rule, lr=0.02, compiled=compiled, **hyper),
    )
    for t in range(20):
        for model, opt in zip((here, there), opts, strict=True):
            _step(model, opt, t)
    _assert_same(here, there)


def test_slots_follow_a_model_that_is_moved_to_the_device():
    moved, stays = _model(), _model()
    opt = RuleOptimizer(moved.parameters(), rules.adam, lr=0.02)
    other = RuleOptimizer(stays.parameters(), rules.adam, lr=0.02)
    for t in range(6):
        if t == 3:
            moved.to(CUDA)
        _step(moved, opt, t)
        _step(stays, other, t)
    assert all(opt.state[p]["m"].is_cuda for p in moved.parameters())
    _assert_same(moved, stays)


def test_a_state_loaded_for_a_model_on_the_device_goes_there():
    here, there = _model(), _model()
    opt = RuleOptimizer(here.parameters(), rules.adam, lr=0.02)
    _step(here, opt, 0)
    there.load_state_dict(here.state_dict())
    there.to(CUDA)
    other = RuleOptimizer(there.parameters(), rules.adam, lr=0.02)
    other.load_state_dict(copy.deepcopy(opt.state_dict()))
    _step(here, opt, 1)
    _step(there, other, 1)
    _assert_same(here, there)


def test_a_path_on_a_surface():
    start = torch.tensor(BEALE.start, dtype=torch.float64)
    ends = [path(rules.adam, BEALE.gradient, p, steps=50, lr=0.05) for p in (start, start.to(CUDA))]
    torch.testing.assert_close(ends[0], ends[1].cpu(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("rule", "lr", "what"),
    [
        (rules.gd, [0.01, 0.1, 0.5], lambda params, history: params["W"]),
        # From weights of zero Adam divides tiny gradients by tiny roots, so rounding decides where
        # some weights go: by 0.02 between float32 and float64. The losses agree to 0.0003.
        (rules.adam, [0.001, 0.01, 0.1], lambda params, history: history["train_loss"]),
    ],
    ids=["gd", "adam"],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_a_sweep(rule, lr, what, compiled):
    def network(params, x):
        return affine(x, params["W"], params["b"])

    ends = []
    for data in (digits(), digits().to(CUDA)):
        where = data.train.x.device
        params = {"W": torch.zeros(3, 10, 64, device=where), "b": torch.zeros(3, 10, device=where)}
        sources = [generator(seed) for seed in range(3)]
        how = {"epochs": 2, "batch_size": 50, "rule": rule, "lr": torch.tensor(lr), "label": None}
        found = sweep(network, params, data, generators=sources, compiled=compiled, **how)
        ends.append(what(*found).cpu())
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation(name):
    z = torch.randn(100, generator=generator(0), dtype=torch.float64)
    for f in (ACTIVATIONS[name].f, ACTIVATIONS[name].grad):
        torch.testing.assert_close(f(z), f(z.to(CUDA)).cpu(), rtol=1e-12, atol=1e-12)
