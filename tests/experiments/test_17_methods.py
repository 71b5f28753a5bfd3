"""The batched runs of both networks are those of torch's optimizers, whatever the strengths."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.lab.training import batches
from course_lib.optim.schedules import warm_up

DATA = stored("17_methods")
SIZES = (64, 6, 5, 10)


@pytest.fixture
def experiment(monkeypatch):
    module = load("17_methods")
    monkeypatch.setattr(module, "EPOCHS", 1)
    return module


def by_torch(experiment, lr, *, norm=None, value=None, decay=0.0, plan=None):
    """Return the parameters after an epoch of torch's SGD on seed 1, as one vector."""
    net = experiment.Net(SIZES)
    run = net.draw(1)
    leaf = run.start["all"].clone().requires_grad_()
    optimizer = torch.optim.SGD([leaf], lr=lr, momentum=0.9, weight_decay=decay)
    schedule = plan and plan(optimizer)
    for x, y in batches(run.data.train, experiment.BATCH, run.order):
        optimizer.zero_grad()
        cross_entropy(net.forward({"all": leaf}, x), y).backward()
        if norm:
            clip_grad_norm_([leaf], norm)
        if value:
            clip_grad_value_([leaf], value)
        optimizer.step()
        if schedule:
            schedule.step()
    return leaf.detach()


plans = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("name", "strength", "torchs"),
    [
        ("nothing", 0.0, {}),
        ("clipping by norm", 0.3, {"norm": 0.3}),
        ("clipping by value", 0.025, {"value": 0.025}),
        ("L2", 0.01, {"decay": 0.01}),
        ("warm-up", 10, {"plan": lambda o: plans.LinearLR(o, 1 / 10, total_iters=9)}),
        ("step decay", 0.4, {"plan": lambda o: plans.StepLR(o, 50, 0.4)}),
        ("cosine", 0.1, {"plan": lambda o: plans.CosineAnnealingLR(o, 200, eta_min=0.1 * 0.1)}),
    ],
)
def test_a_run_among_other_strengths_is_that_of_torch(experiment, name, strength, torchs):
    method = experiment.METHODS[name]
    settings = [(method.strengths[0], 0.1), (strength, 0.05), (strength, 0.1)]
    found = experiment.train(SIZES, method, settings, [0, 1])
    expected = by_torch(experiment, 0.1, **torchs)
    torch.testing.assert_close(found.params["all"][2, 1], expected, rtol=1e-3, atol=1e-4)


def test_every_methods_first_strength_is_momentum_alone(experiment):
    def loss(name, strength):
        method = experiment.METHODS[name]
        found = experiment.train(SIZES, method, [(strength, 0.1)], [3])
        return found.loss("test", at_most=experiment.GUESS)

    expected = loss("nothing", 0.0)
    for name, method in experiment.METHODS.items():
        if len(method.strengths) > 1:
            found = loss(name, method.strengths[0])
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4, msg=name)


def test_the_average_is_that_of_torch(experiment):
    """torch's begins at the first weights; what they count too much is taken off again."""
    beta = 0.9
    net, method = experiment.Net(SIZES, averaged=True), experiment.METHODS["average (EMA)"]
    found = experiment.train(SIZES, method, [(beta, 0.1)], [0]).params["all"][0, 0]
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


def test_the_warm_up_is_that_of_the_schedules(experiment):
    p, zero, g = torch.zeros(1), torch.zeros(1), torch.ones(1)
    for t in (1, 4, 5, 9):
        strength = torch.tensor(5.0, dtype=torch.float64)
        moved, _ = experiment.warming_up(p, g, zero, t=t, lr=0.3, strength=strength)
        assert moved.item() == pytest.approx(-0.3 * warm_up(t, 5))


def test_a_loss_above_a_guess_counts_as_a_guess(experiment):
    found = experiment.train(SIZES, experiment.METHODS["nothing"], [(0.0, 1e6), (0.0, 0.1)], [0])
    losses = found.loss("test", at_most=experiment.GUESS)
    assert losses[0].item() == pytest.approx(math.log(10))
    assert losses[1].item() < math.log(10)


def test_seeds_that_choose_are_not_reported(experiment):
    reported = set(range(experiment.SEEDS))
    assert not (set(experiment.TUNE) | set(experiment.SCREEN)) & reported
    assert not set(experiment.TUNE) & set(experiment.SCREEN)
    assert len(experiment.TUNE) >= 6


def test_all_sides_try_as_many_rates_in_the_same_range(experiment):
    for of, lowest in experiment.LOWEST.items():
        highs = set()
        for method in experiment.METHODS.values():
            settings = method.settings(lowest)
            rates = [lr for _, lr in settings]
            assert len(settings) in (41, 44)
            assert min(rates) == lowest
            assert max(rates) == pytest.approx(lowest * 32)
            highs |= {round(lr, 6) for lr in rates if math.isclose(lr, lowest * 2**3.5)}
        assert len(highs) == 1, of


def test_none_was_cut_off(experiment):
    assert list(DATA["methods"]) == list(experiment.NETS)
    for of, methods in DATA["methods"].items():
        assert list(methods) == list(experiment.METHODS)
        for name, side in methods.items():
            lowest = experiment.LOWEST[of]
            assert lowest * 1.001 < side["best"]["lr"] < lowest * 32 * 0.999, (of, name)
            assert len(side["best"]["loss"]) == len(side["high"]["loss"]) == DATA["seeds"] == 24


def test_a_stored_run_is_run_again(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 10)
    side = DATA["methods"]["two layers"]["cosine"]["best"]
    settings = [(side["strength"], side["lr"])]
    sizes, method = experiment.NETS["two layers"], experiment.METHODS["cosine"]
    found = experiment.train(sizes, method, settings, range(2))
    loss = found.loss("test", at_most=experiment.GUESS)[0]
    assert loss.tolist() == pytest.approx(side["loss"][:2], abs=0.02)
