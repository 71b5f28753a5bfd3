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
    found, side = RAVINES["by_condition"][name][place], experiment.racers(100)[name]
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
    racer = experiment.racers(3)["gradient descent"]
    found = experiment.cross(racer, bowl(3).gradient)
    reached = {
        lr: experiment.steps_needed(
            experiment.path(gd, bowl(3).gradient, experiment.starts(1), steps=60, lr=lr)
        ).double().mean()
        for lr in racer.rates.tolist()
    }  # fmt: skip
    assert found["lr"] == pytest.approx(min(reached, key=reached.get))
    assert torch.equal(
        found["steps"],
        experiment.steps_needed(
            experiment.path(gd, bowl(3).gradient, experiment.starts(0), steps=60, lr=found["lr"])
        ),
    )


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


@pytest.mark.parametrize("on", [("train", "train"), ("validation", "test")])
def test_the_lowest_loss_chooses_the_rate_and_the_same_loss_is_reported(
    experiment, monkeypatch, on
):
    for key, value in {"EPOCHS": 1, "TUNE": range(7, 9), "SEEDS": 3}.items():
        monkeypatch.setattr(experiment, key, value)
    rates = [1e-6, 0.01, 100.0]
    monkeypatch.setattr(experiment.Side, "rates", lambda self: rates)
    side, task = experiment.Side(rmsprop, 0, {}), experiment.DIGITS
    found = experiment.measure(side, task, on)
    tuning = experiment.train_runs(side, rates, range(7, 9), task).measure(cross_entropy, on[0])
    torch.testing.assert_close(found["by_rate"], tuning.double().mean(dim=1))
    assert found["lr"] == 0.01 == rates[found["by_rate"].argmin()]
    again = experiment.train_runs(side, [0.01], range(3), task).measure(cross_entropy, on[1])[0]
    torch.testing.assert_close(found["loss"], again.double())


def test_seeds_that_choose_are_not_reported(experiment):
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))


def test_rules_between_rmsprop_and_adagrad(experiment):
    """On equal gradients corrected steps are lr long from the first on, falling ones lr/√t."""
    start = torch.zeros((), dtype=torch.float64)
    for rule, lengths in ((experiment.corrected, torch.ones(50)), (experiment.falling, None)):
        points = experiment.path(rule, lambda p: p * 0 + 3, start, steps=50, lr=0.1)
        if lengths is None:
            lengths = 1 / torch.arange(1, 51).sqrt()
        torch.testing.assert_close(-points.diff(), 0.1 * lengths.double())


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
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-2)


def test_rmsprop_along_the_axes_hardly_sees_the_condition():
    """Only ε does, and it makes a difference where the last jump is a narrow miss."""
    first, *others = RAVINES["by_condition"]["RMSProp, β = 0.9"]
    for cell in others:
        assert statistics.mean(cell["steps"]) == pytest.approx(
            statistics.mean(first["steps"]), abs=1
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
        assert len(side["rates"]) == DATA["tries"] == 25
        assert side["rates"][0] < side["lr"] < side["rates"][-1]


def test_no_rate_of_a_ravine_was_cut_off_and_every_path_arrived(experiment):
    turned = [RAVINES["turned_condition"]] * len(RAVINES["angles"])
    for by, conditions in (("by_condition", RAVINES["conditions"]), ("by_angle", turned)):
        for name, cells in RAVINES[by].items():
            for condition, cell in zip(conditions, cells, strict=True):
                rates = experiment.racers(condition)[name].rates.tolist()
                assert len(rates) == RAVINES["tries"]
                assert rates[0] * 1.000001 < cell["lr"] < rates[-1] * 0.999999
                assert max(cell["steps"]) <= RAVINES["longest"]


def test_steps_between_rates_are_a_sixth_of_a_decade_or_finer(experiment):
    for side in (*INPUTS["plain"].values(), *EPS["sides"].values()):
        rates = torch.tensor(side["rates"]).log10().diff()
        assert rates.max() < 1 / 6 + 1e-4
    free = experiment.FREE.log10().diff()
    assert free.max() < 1 / 6
    for share in (experiment.SHARES, 1 - experiment.SHARES):  # near 0, and near the edge
        assert share.log10().diff().abs().max() < 1 / 6


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert RAVINES["conditions"] == experiment.CONDITIONS
    assert RAVINES["angles"] == experiment.ANGLES
    assert list(RAVINES["by_condition"]) == list(experiment.racers(1))
    assert EPS["epsilons"] == experiment.EPSILONS
    assert list(INPUTS) == list(experiment.KINDS)
    assert all(list(of) == list(experiment.INPUT_SIDES) for of in INPUTS.values())
