"""The experiment's batched runs are the runs that a loop of torch.optim would do one by one."""

import math

import pytest
import torch

from course_lib.lab import Dataset, Split, accuracy, digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.networks import network

DATA = stored("11_adam")
TASKS = {task: found["rules"] for task, found in DATA["rates"]["tasks"].items()}


@pytest.fixture
def experiment(monkeypatch):
    module = load("11_adam")
    for name, value in {"SEEDS": 2, "TUNE": 1, "DECAY_EPOCHS": 1, "RESAMPLES": 3}.items():
        monkeypatch.setattr(module, name, value)
    return module


OPTIMIZERS = {
    "gradient descent": (torch.optim.SGD, {}, 0.5),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}, 0.1),
    "Nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1),
    "RMSProp": (torch.optim.RMSprop, {}, 0.01),
    "Adam": (torch.optim.Adam, {}, 0.01),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_batched_run_equals_the_same_run_alone(experiment, monkeypatch, name):
    optimizer, settings, lr = OPTIMIZERS[name]
    monkeypatch.setattr(experiment, "TARGETS", (1.5,))
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
        right = accuracy(network(alone, data.validation.x), data.validation.y).item()
        assert found["error"][1, seed].item() == pytest.approx(1 - right, abs=3 / 300)
        losses = history["validation_loss"][None]
        updates = 20 * experiment.first_below(losses, 1.5)
        assert updates.isfinite().all()
        assert found["updates to 1.5"][1, seed].item() == pytest.approx(updates.item(), rel=0.01)


def test_cosine_falls_and_warm_up_rises_first(experiment):
    cosine, warm_up = experiment.SCHEDULES.values()
    assert cosine(1) == 1
    assert cosine(101) == pytest.approx(0.5)
    assert 0 < cosine(200) < 1e-3
    assert warm_up(1) == 1 / 20
    assert warm_up(20) == cosine(20)


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
    found = experiment.ranges(rest, dict.fromkeys(rest, 11), "Adam")
    inside = 2 / 6 + 2 * 0.01 / 6
    against_another = experiment.ranges(rest, dict.fromkeys(rest, 11), "momentum")
    assert against_another["momentum"]["any"] == found["momentum"]["own"]
    assert found["Adam"]["own"] == pytest.approx([inside] * 3, abs=1e-4)
    assert found["momentum"]["own"][0] == pytest.approx(inside, abs=1e-3)
    assert found["momentum"]["any"] == [0, 0, 0]
    assert found["momentum"]["adam_more_any"] == pytest.approx([inside] * 3, abs=1e-4)


def test_choices_are_made_on_seeds_that_no_result_is_taken_from(experiment):
    found = torch.tensor([[0.0, 0.0, 9.0], [5.0, 5.0, 1.0], [6.0, 6.0, 2.0]])
    assert experiment.best({"lr": [1, 2, 3]}, found) == 1
    assert experiment.split_seeds(found)[0].tolist() == [[0, 0], [5, 5], [6, 6]]


def test_soonest_counts_a_run_that_never_arrives_with_all_its_updates(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "TUNE", 2)
    never = math.inf
    updates = torch.tensor(
        [[9.0, 9.0, 150.0, 150.0], [never, 50.0, never, 10.0], [7.0, 7.0, 199.0, 199.0]]
    )
    found = experiment.soonest([0.1, 0.2, 0.3], updates)
    assert found == {"fastest": 1, "updates": [None, 50.0]}  # 200 and 10 are fewer than twice 150
    with pytest.raises(ValueError, match="the highest"):
        experiment.soonest([0.1, 0.2, 0.3], updates.flip(1))
    assert experiment.soonest([0.1, 0.2], torch.full((2, 4), never))["updates"] == [None, None]


def test_decay_of_a_blank_pixel_is_a_power(experiment):
    found = experiment.measure_decay(0.02)
    assert list(found["sides"]) == ["none", "L2", "AdamW"]
    blank = found["ink"] == 0
    assert blank.any()
    side, none = found["sides"]["AdamW"], found["sides"]["none"]
    share = (side["columns"] / none["columns"])[blank]
    factor = (1 - 0.02 * side["like"]) ** 20
    torch.testing.assert_close(share, torch.full_like(share, factor), rtol=1e-4, atol=0)


def test_unequal_units_are_the_same_digits():
    assert list(TASKS) == ["digits", "unequal units"]


def test_there_are_24_runs_of_everything():
    assert DATA["seeds"] >= 24
    for found in TASKS.values():
        for name, of in found.items():
            assert len(of["accuracy"]) == len(DATA["rates"]["rates"][name]) == 25
            assert all(len(runs) == DATA["seeds"] for runs in of["accuracy"])
            assert all(
                len(of[str(to)]["updates"]) == DATA["seeds"] for to in DATA["rates"]["targets"]
            )
    for schedules in DATA["schedules"].values():
        for of in schedules.values():
            assert list(of) == list(TASKS["digits"])
            assert all(len(found["accuracy"]) == DATA["seeds"] for found in of.values())
    for sides in DATA["correction"]["beta2"].values():
        for of in sides.values():
            assert all(len(runs) == DATA["seeds"] for runs in of["accuracy"])
    assert all(len(runs) == 24 for of in DATA["betas"]["accuracy"].values() for runs in of)
    for of in DATA["decay"]["sides"].values():
        assert len(of["columns"]) == len(DATA["decay"]["ink"]) == DATA["seeds"]


def test_no_choice_was_cut_off_by_its_list(experiment):
    for found in TASKS.values():
        for of in found.values():
            assert 0 < of["best"] < 24
    for schedules in DATA["schedules"].values():
        for of in schedules.values():
            for name, found in of.items():
                rates = DATA["rates"]["rates"][name]
                assert rates[6] < found["lr"] < rates[-1]
    for sides in DATA["correction"]["beta2"].values():
        for of in sides.values():
            assert 0 < of["best"] < len(DATA["correction"]["rates"]) - 1
    rates = experiment.GRID_RATES
    assert all(1.01 * rates[0] < lr < 0.99 * rates[-1] for lr in DATA["betas"]["lr"])
    for name in ("L2", "AdamW"):
        side = DATA["decay"]["sides"][name]
        assert side["best"] < side["strengths"][-1]
        assert side["strengths"][0] < side["like"] < side["strengths"][-1]


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
