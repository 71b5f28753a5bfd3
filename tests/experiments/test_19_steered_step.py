"""What is timed is a steered step, and the plain one beside it is torch's Adam."""

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.second_order import plan, steered

DATA = stored("19_steered_step")


@pytest.fixture
def experiment():
    return load("19_steered_step")


@pytest.fixture
def net(experiment):
    return experiment.Net((4, 3, 2), 5)


def by_hand(experiment, net, controller, steps=30):
    """Return the rate of each step of torch's Adam, steered with slopes and rules written out."""
    leaf = net.start.clone().requires_grad_()
    optimizer = torch.optim.Adam([leaf], lr=1.0)
    old = gone = torch.zeros_like(net.start)
    after, before, M, rates = 0.0, 0.0, -5.0, []
    for done in range(steps):
        leaf.grad = g = net.gradient(leaf)
        after = 0.95 * after + 0.05 * (g @ gone).item()
        before = 0.95 * before + 0.05 * (old @ gone).item()
        r, p = -after / abs(before) if before else 0.0, done / 200
        M += 0.5 * controller(torch.tensor(r), torch.tensor(p)).item()
        plan = 1.0 if p <= 0.08 else 1 - 0.5 * (p - 0.08) / 0.42
        rates.append(0.01 * math.exp(M) * plan)
        optimizer.param_groups[0]["lr"] = rates[-1]
        start = leaf.detach().clone()
        optimizer.step()
        old, gone = g, leaf.detach() - start
    return rates


@pytest.mark.parametrize("name", ["slope and plan", "frozen"])
def test_the_rate_is_the_one_written_by_hand(experiment, net, name):
    step = experiment.steering(net, experiment.STEERS[name])
    expected = by_hand(experiment, net, experiment.CONTROLLER)
    assert [step().item() for _ in expected] == pytest.approx(expected, rel=1e-3)
    assert max(expected) > 10 * expected[0]  # it was raised


def test_without_a_controller_the_rate_is_adams_own(experiment, net):
    assert experiment.steering(net, None)() == experiment.BASE


def test_what_is_stored_is_what_was_asked(experiment):
    assert DATA["rounds"] == experiment.ROUNDS
    assert list(DATA["networks"]) == list(experiment.NETWORKS)
    for name, (sizes, batch, _) in experiment.NETWORKS.items():
        of = DATA["networks"][name]
        assert (of["sizes"], of["batch"]) == (list(sizes), batch)
        assert of["parameters"] == len(experiment.Net(sizes, batch).start)
        assert list(of["times a step of Adam"]) == list(experiment.STEERS)
        assert all(low <= mid <= high for mid, low, high in of["times a step of Adam"].values())


class Counting(TorchDispatchMode):
    """Count what torch is asked for."""

    asked = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.asked += 1
        return func(*args, **(kwargs or {}))


def test_asking_the_rules_takes_about_a_hundred_operations(experiment):
    M, r, p = torch.tensor(-5.0), torch.tensor(0.1), torch.tensor(0.04)
    with Counting() as counting:
        steered(M, r, p, experiment.CONTROLLER, experiment.GAIN).exp() * plan(p)
    assert 70 < counting.asked < 160
