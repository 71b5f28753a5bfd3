"""The experiment's batched runs are the runs that a loop of torch.optim would do one by one."""

import math

import pytest
import torch

from course_lib.lab import Dataset, Split, accuracy, digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.networks import network

DATA = stored("11_adam")
TASKS = DATA["rates"]["tasks"]


@pytest.fixture
def experiment(monkeypatch):
    module = load("11_adam")
    for name, value in {"SEEDS": 2, "TUNE": 1, "DECAY_EPOCHS": 1, "RESAMPLES": 3}.items():
        monkeypatch.setattr(module, name, value)
    return module


OPTIMIZERS = {
    "gradient descent": (torch.optim.SGD, {}, 0.5),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, 0.1),
    "RMSProp": (torch.optim.RMSprop, {}, 0.01),
    "Adam": (torch.optim.Adam, {}, 0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_batched_run_equals_the_same_run_alone(experiment, name):
    optimizer, settings, lr = OPTIMIZERS[name]
    found, params = experiment.run(
        experiment.RULES[name], {"lr": [1e-4, lr]}, seeds=range(2), epochs=2
    )
    for seed in range(2):
        data = resplit(digits(), generator(seed))
        alone, history = train(
            network, experiment.start(seed), data, generator=generator(1000 + seed),
            lr=lr, epochs=2, batch_size=experiment.BATCH, optimizer=optimizer, label=None,
            **settings,
        )  # fmt: skip
        torch.testing.assert_close(params["W1"][1, seed], alone["W1"], atol=2e-3, rtol=2e-3)
        right = accuracy(network(alone, data.test.x), data.test.y).item()
        assert found["accuracy"][1, seed].item() == pytest.approx(right, abs=3 / 497)
        last = history["validation_loss"][-1].item()
        assert found["loss"][1, seed].item() == pytest.approx(last, rel=0.01)


def test_units_multiply_pixels_alike_in_all_parts(experiment):
    plain, unequal = experiment.division(3), experiment.division(3, decades=1.0)
    inked = plain.train.x.amax(dim=0) > 0
    factors = (unequal.train.x / plain.train.x)[:, inked].nan_to_num().amax(dim=0)
    assert 0.1 <= factors.min() < 0.3
    assert 3 < factors.max() <= 10
    torch.testing.assert_close(
        unequal.test.x[:, inked], plain.test.x[:, inked] * factors, rtol=1e-5, atol=0
    )


def test_where_a_line_first_reaches_its_target(experiment):
    losses = torch.tensor([
        [1.0, 0.5, 0.1], [1.0, 0.9, 0.8], [1.0, 0.2, 0.5], [math.inf, math.inf, 0.1],
    ])  # fmt: skip
    found = experiment.first_below(losses, 0.3)
    assert found.tolist() == pytest.approx([1.5, math.inf, 0.875, 2.0])


@pytest.mark.parametrize(
    ("accuracy", "least", "width"),
    [
        ([0.0, 1.0, 1.0, 1.0, 0.0], 0.9, 2 + 0.1 + 0.1),
        ([0.0, 0.8, 1.0, 0.8, 0.0], 0.9, 1.0),
        ([1.0, 0.0, 1.0, 1.0, 1.0], 0.5, 0.5),  # the first of equals is the best
        ([0.2, 0.5, 0.2, 0.2, 0.2], 0.9, 0.0),
    ],
)
def test_decades_of_rates_that_will_do(experiment, accuracy, least, width):
    rates = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    assert experiment.decades(rates, torch.tensor(accuracy), least) == pytest.approx(width)


def test_ranges_are_those_of_the_means(experiment):
    rates = experiment.RATES["Adam"]
    top = torch.zeros(len(rates), 2)
    top[10:13] = 1
    rest = dict.fromkeys(experiment.RULES, top)
    rest["momentum"] = top * 0.9
    found = experiment.ranges(rest)
    inside = 2 / 6 + 2 * 0.01 / 6
    assert found["Adam"]["own"] == pytest.approx([inside] * 3, abs=1e-4)
    assert found["momentum"]["own"][0] == pytest.approx(inside, abs=1e-3)
    assert found["momentum"]["any"] == [0, 0, 0]
    assert found["momentum"]["adam_more_any"] == pytest.approx([inside] * 3, abs=1e-4)


def test_choices_are_made_on_seeds_that_no_result_is_taken_from(experiment):
    found = torch.tensor([[0.0, 0.0, 9.0], [5.0, 5.0, 1.0], [6.0, 6.0, 2.0]])
    assert experiment.best({"lr": [1, 2, 3]}, found) == 1
    assert experiment.split_seeds(found)[0].tolist() == [[0, 0], [5, 5], [6, 6]]


def test_decay_of_a_blank_pixel_is_a_power(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "best", lambda *_: 0)  # after one epoch it is at an edge
    found = experiment.measure_decay(0.02)
    assert list(found["sides"]) == ["none", "L2", "AdamW"]
    blank = found["ink"] == 0
    assert blank.any()
    side, none = found["sides"]["AdamW"], found["sides"]["none"]
    share = (side["columns"] / none["columns"])[blank]
    factor = (1 - 0.02 * side["strengths"][side["like"]]) ** 20
    torch.testing.assert_close(share, torch.full_like(share, factor), rtol=1e-4, atol=0)


def test_unequal_units_are_the_same_digits():
    assert list(TASKS) == ["digits", "unequal units"]


def test_there_are_24_runs_of_everything():
    assert DATA["seeds"] >= 24
    for found in TASKS.values():
        for name, of in found.items():
            assert len(of["accuracy"]) == len(DATA["rates"]["rates"][name]) == 25
            assert all(len(runs) == DATA["seeds"] for runs in of["accuracy"])
            assert len(of["updates"]) == DATA["seeds"]
    for sides in DATA["correction"]["beta2"].values():
        for of in sides.values():
            assert all(len(runs) == DATA["seeds"] for runs in of["accuracy"])
    assert all(len(runs) == 24 for of in DATA["betas"]["accuracy"].values() for runs in of)
    for of in DATA["decay"]["sides"].values():
        assert len(of["columns"]) == len(DATA["decay"]["ink"]) == DATA["seeds"]


def test_no_choice_was_cut_off_by_its_list():
    for found in TASKS.values():
        for of in found.values():
            assert 0 < of["best"] < 24
    for sides in DATA["correction"]["beta2"].values():
        for of in sides.values():
            assert 0 < of["best"] < len(DATA["correction"]["rates"]) - 1
    assert all(2.5e-4 < lr < 0.09 for lr in DATA["betas"]["lr"])
    for name in ("L2", "AdamW"):
        side = DATA["decay"]["sides"][name]
        assert 0 < side["best"] < len(side["strengths"]) - 1


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert list(TASKS["digits"]) == list(experiment.RULES)
    assert list(DATA["correction"]["beta2"]) == [str(beta) for beta in experiment.BETAS2]
    assert DATA["betas"]["beta1"] == list(experiment.GRID["beta1"])


def test_the_split_shares_no_image(experiment):
    data = experiment.division(0)
    assert isinstance(data, Dataset)
    assert isinstance(data.test, Split)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [
        1000,
        300,
        497,
    ]
