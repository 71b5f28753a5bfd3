"""The experiment's paths and batched runs are those of torch's optimizers, one by one."""

import statistics
from functools import partial
from itertools import product

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import accuracy, digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.optim.rules import adagrad, gd, rmsprop
from course_lib.optim.surfaces import bowl

DATA = stored("10_rmsprop")
RAVINES, EPS, INPUTS, SIZES = (DATA[key] for key in ("ravines", "eps", "inputs", "sizes"))


@pytest.fixture
def experiment(monkeypatch):
    module = load("10_rmsprop")
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


def test_starts_lie_around_the_bottom_and_differ_between_choosing_and_reporting(experiment):
    one, other = experiment.starts(0), experiment.starts(1)
    torch.testing.assert_close(one.norm(dim=-1), torch.ones(24, dtype=torch.float64))
    assert not torch.equal(one, other)


def test_steps_needed_counts_from_when_a_path_stays(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "STEPS", 5)
    near, far = [0.0, 0.001], [0.0, 1.0]
    paths = torch.tensor(
        [
            [far, far, far, near, near, near],  # arrives after three steps
            [far, near, far, near, near, near],  # its first visit does not count
            [near] * 6,
            [far] * 6,
            [far, near, near, near, near, [torch.nan, 0.0]],
        ]
    ).transpose(0, 1)
    assert experiment.steps_needed(paths).tolist() == [3, 3, 0, 6, 6]


@pytest.mark.parametrize("name", ["gradient descent", "RMSProp, β = 0.9"])
def test_a_path_across_a_ravine_is_that_of_torchs_optimizer(experiment, name):
    place = RAVINES["conditions"].index(100)
    found, side = RAVINES["by_condition"][name][place], experiment.RAVINE_SIDES[name]
    surface, p = bowl(100), experiment.starts(0)[3].clone().requires_grad_()
    optimizer = (
        torch.optim.SGD([p], lr=found["lr"])
        if side.rule is gd
        else torch.optim.RMSprop([p], lr=found["lr"], alpha=side.hyper["beta"])
    )
    points = [p.detach().clone()]
    for _ in range(400):
        p.grad = surface.gradient(p.detach())
        optimizer.step()
        points.append(p.detach().clone())
    far = torch.stack(points).norm(dim=-1) > RAVINES["near"]
    assert int(far.nonzero().max()) + 1 == pytest.approx(found["steps"][3], abs=2)


def test_the_fewest_steps_choose_the_rate(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "STEPS", 60)
    side = experiment.Side(gd, 1e-3, {})
    found = experiment.cross(side, bowl(3).gradient)
    reached = {
        lr: experiment.steps_needed(
            experiment.path(gd, bowl(3).gradient, experiment.starts(1), steps=60, lr=lr)
        ).double().mean()
        for lr in side.rates(experiment.FINE, experiment.FINE_TRIES)
    }  # fmt: skip
    assert found["lr"] == pytest.approx(min(reached, key=reached.get))


OPTIMIZERS = {
    "RMSProp": (rmsprop, partial(torch.optim.RMSprop, eps=0.01), {"eps": 0.01}),
    "AdaGrad": (adagrad, torch.optim.Adagrad, {}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_batched_run_equals_the_run_of_torchs_optimizer(experiment, monkeypatch, name):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    rule, optimizer, hyper = OPTIMIZERS[name]
    side = experiment.Side(rule, 1e-5, hyper, scale=2.0)
    params = experiment.train_runs(side, [0.01, 0.02], [0, 1], experiment.DIGITS).params
    for row, seed in product((0, 1), (0, 1)):
        alone, _ = train(
            experiment.network,
            experiment.start_network(seed),
            resplit(digits(), generator(seed)),
            lr=[0.01, 0.02][row],
            epochs=1,
            batch_size=experiment.BATCH,
            generator=generator(1000 + seed),
            loss=lambda out, y: 2 * cross_entropy(out, y),
            optimizer=optimizer,
            label=None,
        )
        part = resplit(digits(), generator(seed)).test
        one = {key: value[row, seed] for key, value in params.items()}
        right = [accuracy(experiment.network(own, part.x), part.y).item() for own in (one, alone)]
        assert right[0] == pytest.approx(right[1], abs=3 / 497)
        for key in alone:
            torch.testing.assert_close(one[key], alone[key], atol=2e-3, rtol=1e-2)


def test_the_lowest_validation_loss_chooses_the_rate_on_digits(experiment, monkeypatch):
    for key, value in {"EPOCHS": 1, "TUNE": range(2), "TRIES": 3}.items():
        monkeypatch.setattr(experiment, key, value)
    monkeypatch.setattr(experiment.Side, "rates", lambda self: [1e-6, 0.01, 100.0])
    lr, losses = experiment.tune(experiment.Side(rmsprop, 0, {}), experiment.DIGITS)
    assert lr == 0.01
    assert losses.index(min(losses)) == 1


def test_inputs_are_stretched_and_then_mixed(experiment):
    plain, stretched, mixed = (experiment.inputs(kind, 3).train.x for kind in experiment.KINDS)
    torch.testing.assert_close(plain.mean(dim=0), torch.zeros(64), atol=1e-5, rtol=0)
    moving = plain.std(dim=0) > 0
    factor = stretched.std(dim=0)[moving] / plain.std(dim=0)[moving]
    assert 0.1 <= factor.min() < 0.2
    assert 5 < factor.max() <= 10.001
    torch.testing.assert_close(
        stretched[:, moving], plain[:, moving] * factor, rtol=1e-3, atol=1e-4
    )
    torch.testing.assert_close(mixed @ mixed.T, stretched @ stretched.T, rtol=1e-3, atol=1e-2)
    assert not torch.allclose(mixed, stretched, atol=0.1)


def test_sizes_of_gradient_descent_are_gradients_times_lr(experiment):
    g, step, root = experiment.sizes(gd, 0.1, 0)
    torch.testing.assert_close(step, 0.1 * g, rtol=1e-2, atol=1e-6)
    assert not root.any()


def test_gradient_descent_cannot_tell_mixed_from_stretched():
    one, other = (INPUTS[kind]["gradient descent"] for kind in ("stretched", "mixed"))
    assert one["lr"] == other["lr"]
    assert one["train_loss"] == pytest.approx(other["train_loss"], rel=1e-2)


def test_rmsprop_along_the_axes_hardly_sees_the_condition():
    """Only ε does, and it makes a difference where the last jump is a narrow miss."""
    first, *others = RAVINES["by_condition"]["RMSProp, β = 0.9"]
    for cell in others:
        assert cell["lr"] == first["lr"]
        assert statistics.median(cell["steps"]) == pytest.approx(
            statistics.median(first["steps"]), abs=1
        )


def test_there_are_24_runs_of_everything():
    assert DATA["seeds"] == 24
    cells = [c for by in ("by_condition", "by_angle") for of in RAVINES[by].values() for c in of]
    assert {len(cell["steps"]) for cell in cells} == {24}
    sides = [*EPS["sides"].values(), *(side for of in INPUTS.values() for side in of.values())]
    assert {len(side["test_accuracy"]) for side in sides} == {24}
    assert {len(side["scaled_accuracy"]) for side in EPS["sides"].values()} == {24}
    assert {len(SIZES[rule]["slope"]) for rule in ("gd", "rmsprop")} == {24}


def test_every_side_had_as_many_rates_and_none_was_cut_off_on_digits():
    sides = [*EPS["sides"].values(), *(side for of in INPUTS.values() for side in of.values())]
    for side in sides:
        assert len(side["rates"]) == DATA["tries"] == 13
        assert side["rates"][0] < side["lr"] < side["rates"][-1]


def test_no_rate_of_a_ravine_was_cut_off_but_by_divergence(experiment):
    for by in ("by_condition", "by_angle"):
        for name, cells in RAVINES[by].items():
            rates = experiment.RAVINE_SIDES[name].rates(experiment.FINE, experiment.FINE_TRIES)
            for cell in cells:
                if min(cell["steps"]) > RAVINES["longest"]:
                    continue
                assert cell["lr"] > rates[0] * 1.01
                stable = name in ("gradient descent", "momentum")  # lr is at most 2 and 3.8 there
                assert stable or cell["lr"] < rates[-1] * 0.99


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert RAVINES["conditions"] == experiment.CONDITIONS
    assert RAVINES["angles"] == experiment.ANGLES
    assert list(RAVINES["by_condition"]) == list(experiment.RAVINE_SIDES)
    assert EPS["epsilons"] == experiment.EPSILONS
    assert list(INPUTS) == list(experiment.KINDS)
    assert all(list(of) == list(experiment.INPUT_SIDES) for of in INPUTS.values())
