"""The experiment's networks are what they say they are, and what is stored is whole."""

import math
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import experiment as load
from course_lib.lab import generator, stored

DATA = stored("15_signal_propagation")
NAMES = ("gain", "depth", "mend", "explode", "scaling")
SIDES = [side for name in NAMES for side in DATA[name].values()]
SIDES += [side for of in DATA["backward"].values() for side in of.values()]


@pytest.fixture
def script():
    return load("15_signal_propagation")


@pytest.mark.parametrize("draw", ["normal", "orthogonal"])
def test_a_network_starts_with_its_gain(script, draw):
    params = script.Net(6, gain=0.7, draw=draw).start(generator(0))
    for layer in range(2, 6):
        std = params[f"W{layer}"].square().mean().sqrt()
        assert std.item() * 32**0.5 == pytest.approx(0.7, rel=0.1)
    values = torch.linalg.svdvals(params["W3"])
    assert (values.max() - values.min() < 1e-5) == (draw == "orthogonal")


@pytest.mark.parametrize("shortcut", ["none", "1/√L"])
def test_the_network_is_a_stack_of_tanh_layers(script, shortcut):
    net = script.Net(5, shortcut=shortcut)
    params, x = net.start(generator(0)), torch.randn(3, 64, generator=generator(1))
    h = torch.tanh(x @ params["W1"].T)
    for layer in (2, 3, 4):
        added = torch.tanh(h @ params[f"W{layer}"].T)
        h = added if shortcut == "none" else h + added / 3**0.5
    torch.testing.assert_close(net.forward(params, x), h @ params["W5"].T + params["b"])


def gradients_of(net, params, x, y):
    return torch.func.grad(lambda params: cross_entropy(net.forward(params, x), y))(params)


def test_the_backward_factor_changes_gradients_alone(script):
    x, y = torch.randn(3, 64, generator=generator(1)), torch.tensor([0, 1, 2])
    plain, changed = script.Net(6), script.Net(6, back=0.5)
    params = plain.start(generator(0))
    assert torch.equal(plain.forward(params, x), changed.forward(params, x))
    one, other = (gradients_of(net, params, x, y) for net in (plain, changed))
    for layer in range(1, 7):
        factor = 0.5 ** max(0, min(4, 6 - 1 - layer))  # inner layers between it and the end
        torch.testing.assert_close(other[f"W{layer}"], factor * one[f"W{layer}"])


def test_a_way_back_in_float16_loses_small_gradients_unless_the_loss_is_scaled(script):
    x, y = torch.randn(50, 64, generator=generator(1)), torch.arange(50) % 10
    exact = script.SIDES["scaling", "float32"]
    params = exact.start(generator(0))
    due = gradients_of(exact, params, x, y)["W1"]
    plain, scaled, beyond = (exact._replace(scale=scale) for scale in (1.0, 2.0**16, 2.0**30))
    for net in (plain, scaled):
        assert torch.equal(net.forward(params, x), exact.forward(params, x))
    assert (gradients_of(plain, params, x, y)["W1"] == 0).double().mean() > 0.5
    found = gradients_of(scaled, params, x, y)["W1"]
    assert (found - due).norm() < 0.01 * due.norm()
    assert (found - due).norm() > 0  # rounded, all the same
    assert not gradients_of(beyond, params, x, y)["W1"].isfinite().all()  # such a run diverges


def test_what_half_backward_rounds_is_what_float16_rounds(script):
    g = torch.tensor([1.0 + 2**-12, 1e-9, 3e-5, -1e6])
    (found,) = torch.autograd.grad(
        script.half_backward(x := torch.ones(4, requires_grad=True)), x, g
    )
    assert torch.equal(found, g.half().float())


def test_a_cosine_ends_when_training_does(script):
    assert script.EPOCHS * math.ceil(len(script.images(0).train) / script.BATCH) == script.UPDATES
    p, g = torch.tensor(1.0), torch.tensor(1.0)
    first, last = (script.gd_cosine(p, g, t=t, lr=0.5)[0].item() for t in (1, script.UPDATES))
    assert first == 0.5
    assert last == pytest.approx(1, abs=1e-3)


def test_a_readout_of_separable_features_is_right(script):
    y = torch.arange(10).repeat(6)
    features = torch.nn.functional.one_hot(y, 12).double()
    blank = torch.zeros_like(features)  # of these all are read alike
    assert script.readout(features, y, blank, y) == pytest.approx(0.1)
    assert script.readout(1e-9 * features, y, 1e-9 * features, y) == 1


def test_a_ridge_hides_what_is_small_in_every_direction_but_one(script):
    y = torch.arange(10).repeat(20)
    signal = torch.nn.functional.one_hot(y, 10).double()
    common = 1e5 * torch.randn(len(y), 1, generator=generator(0), dtype=torch.float64)
    x = signal + common  # each feature is nearly the same number
    assert script.readout(x, y, x, y, ridge=1e-6) < 0.5
    assert script.readout(x, y, x, y, ridge=1e-14) == 1


def test_seeds_that_choose_are_not_reported(script):
    assert not set(script.TUNE) & set(range(script.SEEDS))
    assert script.SEEDS == DATA["seeds"] == 20


def test_there_are_20_runs_of_everything():
    assert {len(side["test_accuracy"]) for side in SIDES} == {20}
    assert {len(runs) for of in DATA["flow"].values() for runs in of.values()} == {20}
    of_readout = {
        torch.tensor(found).shape for of in DATA["readout"].values() for found in of.values()
    }
    assert of_readout == {(2, 3, 20)}


def test_no_rate_was_cut_off_and_the_last_steps_are_a_twelfth_of_a_decade():
    for side in SIDES:
        tried, place = side["tried"], side["tried"].index(side["lr"])
        assert 0 < place < len(tried) - 1
        assert all(
            tried[k + 1] / tried[k] == pytest.approx(10 ** (1 / 12), rel=1e-3)
            for k in (place - 1, place)
        )
        assert all(low < high for low, high in pairwise(tried))
