"""The experiment's batched runs are those of torch's optimizers, clippings and averages, alone."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.lab import experiment as load
from course_lib.lab import generator, stored
from course_lib.lab.training import batches
from course_lib.optim.rules import momentum

DATA = stored("17_explicit_optimisation")
METHODS, ATTENTION = DATA["methods"], DATA["attention"]
SIZES = (64, 6, 10)


@pytest.fixture
def experiment(monkeypatch):
    module = load("17_explicit_optimisation")
    for name, value in {"EPOCHS": 1, "VIT_EPOCHS": 1}.items():
        monkeypatch.setattr(module, name, value)
    return module


def by_torch(experiment, lr, *, clip=None, decay=0.0):
    """Return the parameters after an epoch of torch's SGD on seed 0, as one vector."""
    net = experiment.Net(SIZES)
    run = net.draw(0)
    leaf = run.start["all"].clone().requires_grad_()
    optimizer = torch.optim.SGD([leaf], lr=lr, momentum=0.9, weight_decay=decay)
    for x, y in batches(run.data.train, experiment.BATCH, run.order):
        optimizer.zero_grad()
        cross_entropy(net.forward({"all": leaf}, x), y).backward()
        if clip:
            clip_grad_norm_([leaf], clip)
        optimizer.step()
    return leaf.detach()


@pytest.mark.parametrize(
    ("name", "strength", "torchs"),
    [
        ("clipping by norm", 0.5, {"clip": 0.5}),
        ("clipping by norm", 1e9, {}),
        ("L2", 0.01, {"decay": 0.01}),
        ("decoupled decay", 0.0, {}),
        ("warm-up", 1, {}),
        ("cosine", 1.0, {}),
        ("step decay", 1.0, {}),
    ],
)
def test_a_batched_run_is_that_of_torch(experiment, name, strength, torchs):
    rule = experiment.METHODS[name].rule(strength)
    found = experiment.train(experiment.Net(SIZES), rule, [0.05, 0.1], [0, 1])
    expected = by_torch(experiment, 0.1, **torchs)
    torch.testing.assert_close(found.params["all"][1, 0], expected, rtol=1e-3, atol=1e-4)


def test_every_methods_first_strength_is_momentum_alone(experiment):
    plain = experiment.last(experiment.train(experiment.Net(SIZES), momentum, [0.1], [3]), "test")
    for name, method in experiment.METHODS.items():
        if method.rule:
            net = experiment.Net(SIZES, **method.net)
            found = experiment.train(net, method.rule(method.strengths[0]), [0.1], [3])
            loss = experiment.last(found, "test")
            torch.testing.assert_close(loss, plain, rtol=1e-3, atol=1e-4, msg=name)


def test_the_average_is_that_of_torch(experiment):
    """torch's begins at the first weights; what they count too much is taken off again."""
    beta = 0.9
    net = experiment.Net(SIZES, averaged=True)
    found = experiment.train(net, experiment.averaging(beta), [0.1], [0]).params["all"][0, 0]
    run, half = net.draw(0), len(found) // 2
    leaf = torch.nn.Parameter(run.start["all"][:half].clone())
    model = torch.nn.ParameterList([leaf])
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(beta))
    optimizer, plain = torch.optim.SGD([leaf], lr=0.1, momentum=0.9), experiment.Net(SIZES)
    first, t = None, 0
    for x, y in batches(run.data.train, experiment.BATCH, run.order):
        optimizer.zero_grad()
        cross_entropy(plain.forward({"all": leaf}, x), y).backward()
        optimizer.step()
        averaged.update_parameters(model)
        first, t = (leaf.detach().clone() if first is None else first), t + 1
    theirs = averaged.module[0].detach()
    share = beta**t  # what torch gives the first weights too much, to be taken off
    corrected = (theirs - share * first) / (1 - share)
    torch.testing.assert_close(found[:half], leaf.detach(), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[half:], corrected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("weights", ["weight norm", "spectral norm"])
def test_weights_that_are_made_begin_where_plain_ones_do(experiment, weights):
    made, plain = experiment.Net(SIZES, weights=weights), experiment.Net(SIZES)
    x = made.draw(0).data.test.x
    outputs = [net.forward(net.draw(0).start, x) for net in (made, plain)]
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-4)
    assert {name: value.shape for name, value in made.params(0).items()} == made.shapes()


def test_rates_are_equally_many_and_close(experiment):
    one, four = experiment.rates_from(0.02, 1), experiment.rates_from(0.02, 4)
    assert (len(one), len(four)) == (12, 45)
    assert one[-1] == pytest.approx(four[-1])
    assert one[1] / one[0] == pytest.approx(10 ** (1 / 6))
    assert any(math.isclose(rate, one[experiment.HIGH]) for rate in four)


def test_entropy_is_1_for_equal_and_near_0_for_huge_scores(experiment):
    params, x = experiment.VIT.start(generator(0)), torch.rand(3, 64)
    equal = params | {n: 0 * p for n, p in params.items() if ".Q" in n}
    torch.testing.assert_close(experiment.entropies(equal, x), torch.ones(4))
    huge = params | {n: 1e3 * p for n, p in params.items() if ".Q" in n or ".K" in n}
    assert experiment.entropies(huge, x).max() < 0.05


def test_the_capped_arm_caps_every_matrix_and_no_step_is_longer(experiment):
    rule, free = experiment.capped_adam(0.01), experiment.adam_under(1)
    for shape in ((16, 8), (10, 16), (16,)):
        p, g = (torch.randn(shape, generator=generator(k)) for k in range(2))
        zero = torch.zeros_like(p)
        moved, _, _ = rule(p, g, zero, zero, t=1, lr=0.1)
        if len(shape) == 2:
            largest = torch.linalg.matrix_norm(moved - p, ord=2)
            assert largest <= 0.0101 * torch.linalg.matrix_norm(p, ord=2)
        else:
            torch.testing.assert_close(moved, free(p, g, zero, zero, t=1, lr=0.1)[0])
    only = experiment.capped_where(0.01, lambda shape: shape == experiment.QUERY_OR_KEY)
    for shape, like in (((16, 8), rule), ((16, 16), free)):
        p, g = (torch.randn(shape, generator=generator(k)) for k in range(2))
        zero = torch.zeros_like(p)
        expected = like(p, g, zero, zero, t=1, lr=0.1)
        torch.testing.assert_close(only(p, g, zero, zero, t=1, lr=0.1), expected)


def test_seeds_that_choose_are_not_reported(experiment):
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert not set(experiment.VIT_TUNE) & set(range(experiment.VIT_SEEDS))


def test_a_stored_run_is_run_again(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 10)
    side = METHODS["cosine"]["best"]
    net, rule = (
        experiment.Net(experiment.LAYERS),
        experiment.by_cosine(side["strength"]),
    )
    loss = experiment.last(experiment.train(net, rule, [side["lr"]], range(2)), "test")[0]
    assert loss.tolist() == pytest.approx(side["loss"][:2], abs=0.02)


def test_every_side_tried_equally_many_settings_and_none_was_cut_off(experiment):
    assert list(METHODS) == list(experiment.METHODS)
    rates = experiment.rates_from(experiment.LOWEST, 1)
    for name, side in METHODS.items():
        assert side["tries"] in (45, 48)
        assert len(side["best"]["loss"]) == len(side["high"]["loss"]) == DATA["seeds"] == 24
        assert rates[0] * 1.001 < side["best"]["lr"] < rates[-1] * 0.999
        strengths = experiment.METHODS[name].strengths
        if strengths:  # the first is no effect at all: nothing lies beyond it
            assert side["best"]["strength"] in strengths[:-1], name
    for arm, side in ATTENTION["arms"].items():
        assert side["tries"] in (37, 40)
        assert side["rates"][0] * 1.001 < side["best"]["lr"] < side["rates"][-1] * 0.999
        strengths = list(experiment.ARMS[arm])
        if len(strengths) > 1:
            assert side["best"]["strength"] not in (strengths[0], strengths[-1]), arm


def test_there_are_12_seeds_of_every_arm():
    cells = [side[k] for side in ATTENTION["arms"].values() for k in side if k[:4] in "best high"]
    cells += ATTENTION["which"]["parts"].values()
    assert len(cells) == 3 * 4 + 2
    assert all(len(cell["accuracy"]) == len(cell["entropy"]) == 12 for cell in cells)
    assert all(len(heads) == 4 for cell in cells for heads in cell["entropy"])
