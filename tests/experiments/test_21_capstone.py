"""The experiment's runs are those of torch's optimizers, its faults are real, its seeds apart."""

import math
from itertools import product

import pytest
import torch
from torch.func import grad, jacrev
from torch.nn.functional import cross_entropy

from course_lib.lab import experiment as load
from course_lib.lab import generator, networks, signals, stored, train
from course_lib.lab.networks import network
from course_lib.second_order import as_vector

DATA = stored("21_capstone")
BROKEN = DATA["broken"]


@pytest.fixture
def experiment(monkeypatch):
    module = load("21_capstone")
    monkeypatch.setattr(module, "progress_bar", lambda items, *_, **__: items)
    return module


def test_seeds_that_choose_are_not_reported():
    assert not set(DATA["tuning_seeds"]) & set(DATA["seeds"])
    assert len(DATA["seeds"]) == 24


def test_every_combination_was_tuned_alike_and_none_was_cut_off(experiment):
    assert [tuple(row["plan"]) for row in DATA["menu"]] == list(experiment.MENU)
    assert [row["plan"] for row in DATA["plans"]] == [row["plan"] for row in DATA["menu"]]
    for row in DATA["menu"]:
        assert len(row["rates"]) >= 9
        assert row["rates"][0] < row["lr"] < row["rates"][-1]
        assert {len(runs) for runs in row["validation"]} == {len(DATA["tuning_seeds"])}
        means = [sum(runs) for runs in row["validation"]]
        assert row["lr"] == row["rates"][means.index(max(means))]
        place = row["rates"].index(row["lr"])
        near = torch.tensor(row["rates"][place - 1 : place + 2]).log10().diff()
        assert near.max() < 1 / 3 - 1e-6
    assert {len(row["test"]) for row in DATA["plans"]} == {24}


@pytest.mark.parametrize("rule", ["nesterov", "adamw"])
def test_a_batched_run_equals_the_run_of_torchs_optimizer(experiment, monkeypatch, rule):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    plan, rates = ("small", "cross_entropy", rule, "constant"), [0.01, 0.02]
    found = experiment.train_plan(plan, experiment.runs("small", [0, 1]), rates).params
    optimizer, how = {
        "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
        "adamw": (torch.optim.AdamW, {"weight_decay": 0.01}),
    }[rule]
    for row, seed in product((0, 1), (0, 1)):
        begin = networks.start(
            experiment.SIZES, generator(2000 + seed), experiment.INITIALIZERS["small"]
        )
        alone, _ = train(
            network, begin, signals(seed=seed), lr=rates[row], epochs=1, batch_size=100,
            generator=generator(1000 + seed), optimizer=optimizer, label=None, **how,
        )  # fmt: skip
        for key, value in alone.items():
            torch.testing.assert_close(found[key][row, seed], value, atol=1e-3, rtol=1e-2)


def test_briers_loss_is_the_squared_error_of_the_probabilities(experiment):
    out, y = torch.tensor([[0.0, 0.0], [100.0, 0.0]]), torch.tensor([1, 1])
    assert experiment.brier(out, y).item() == pytest.approx((0.5 + 2) / 2)


def test_the_rate_is_extended_beyond_an_end(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "first_rates", lambda *_: [10 ** (k / 3) for k in range(3)])
    monkeypatch.setattr(experiment, "runs", lambda *_: None)
    monkeypatch.setattr(experiment, "train_plan", lambda plan, drawn, rates: rates)
    peak = 10 ** (5 / 3)
    score = lambda rates, part: torch.tensor([[-abs(math.log10(lr / peak))] for lr in rates])  # noqa: E731
    monkeypatch.setattr(experiment, "scores", score)
    found = experiment.tune(("he", "brier", "gd", "constant"))
    assert found["lr"] == pytest.approx(peak)
    assert len(found["rates"]) == 9


def test_the_sharpness_is_the_largest_eigenvalue(experiment):
    start = networks.start((40, 3, 10), generator(0))
    data = signals(train=50).train
    p, apart = as_vector({name: value.double() for name, value in start.items()})
    loss = lambda p: cross_entropy(network(apart(p), data.x.double()), data.y)  # noqa: E731
    H = jacrev(grad(loss))(p)
    found = experiment.sharpness(start, data)
    assert found == pytest.approx(torch.linalg.eigvalsh(H)[-1].item(), rel=1e-3)


# Untuned


def test_untuned_runs_are_there_for_every_rate_and_seed(experiment):
    untuned = DATA["untuned"]
    best = max(DATA["menu"], key=lambda row: max(sum(runs) for runs in row["validation"]))
    assert untuned["plan"] == best["plan"]
    assert untuned["rates"] == experiment.UNTUNED
    for rows in untuned["test"].values():
        assert [len(runs) for runs in rows] == [24] * 5


def test_a_tuned_rule_is_the_same_where_its_rate_is_among_the_untuned(experiment):
    row = next(row for row in DATA["plans"] if row["plan"] == DATA["untuned"]["plan"])
    at = experiment.UNTUNED.index(row["lr"])
    assert DATA["untuned"]["test"][row["plan"][2]][at] == pytest.approx(row["test"], abs=0.02)


@pytest.mark.parametrize("name", ["fuzzy", "time alone"])
def test_a_steered_run_can_be_made_again(experiment, name):
    rules = experiment.RATE if name == "fuzzy" else None
    words, lr = DATA["untuned"]["plan"][:2], experiment.UNTUNED[3]
    found = experiment.steered(words, lr, 0, rules)
    assert found == pytest.approx(DATA["untuned"]["test"][name][3][0], abs=0.02)


# Broken runs


def test_the_runs_are_broken_where_they_should_be_and_nowhere_else():
    healthy = BROKEN["healthy"]
    assert [BROKEN[name]["rows"] for name in ("healthy", *"12345")] == [32, 1, 32, 32, 32, 32]
    for name in "35":
        assert BROKEN[name]["rate"] <= healthy["rate"] * 1.001
    assert BROKEN["2"]["rate"] == pytest.approx(6, rel=1e-3)
    assert BROKEN["1"]["rate"] < 2
    for name in "2345":
        same = BROKEN[name]["gradients"] == pytest.approx(healthy["gradients"], rel=1e-3)
        assert same == (name != "5")
    assert BROKEN["4"]["loss"] == healthy["loss"]
    assert BROKEN["4"]["distances"][0] == 0
    for name in "1235":
        assert BROKEN[name]["distances"] == healthy["distances"]


def test_adams_first_step_is_one_rate_and_without_correction_31_6(experiment):
    for name in ("healthy", "1", "4", "5"):
        assert BROKEN[name]["steps"][0] == pytest.approx(1, abs=0.02)
    assert BROKEN["3"]["steps"][0] == pytest.approx(1000**0.5, rel=0.01)
    p, g = torch.zeros(3, dtype=torch.float64), torch.tensor([1.0, -5.0, 0.1]).double()
    moved, *_ = experiment.uncorrected(p, g, p, p, t=1, lr=0.01, eps=0.0)
    torch.testing.assert_close(moved, -0.01 * 1000**0.5 * g.sign())


def test_run_1_learns_when_its_neurons_differ_in_signs_alone(experiment, monkeypatch):
    begin, source = experiment.begin, generator(7)

    def with_signs(plan):
        start, data = begin(plan)
        for name in ("W1", "W2"):
            start[name] = start[name] * torch.randn(start[name].shape, generator=source).sign()
        return start, data

    monkeypatch.setattr(experiment, "begin", with_signs)
    found = experiment.report(experiment.HEALTHY._replace(hidden=0.15))
    assert found["rows"] == 32
    assert found["accuracies"][2] > BROKEN["healthy"]["accuracies"][2] - 0.05
    assert BROKEN["1"]["accuracies"][2] < BROKEN["healthy"]["accuracies"][2] - 0.4


def test_the_loss_of_probabilities_keeps_its_range(experiment):
    low = math.log(math.e + 9) - 1
    assert low < min(BROKEN["5"]["loss"])
    assert max(BROKEN["5"]["loss"]) < low + 1
    sure, y = 1000 * torch.eye(10)[:2], torch.tensor([0, 0])
    assert experiment.softmax_twice(sure, y).item() == pytest.approx(low + 0.5)


def test_a_report_can_be_made_again(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    start, data = experiment.begin(experiment.HEALTHY)
    plans = experiment.broken_plans(experiment.sharpness(start, data.train))
    for name in ("1", "3", "4"):
        found, kept = experiment.report(plans[name]), BROKEN[name]
        assert found["loss"][:3].tolist() == pytest.approx(kept["loss"][:3], rel=1e-3)
        assert [float(g) for g in found["gradients"]] == pytest.approx(kept["gradients"], rel=1e-3)
        assert found["rate"] == pytest.approx(kept["rate"], rel=1e-2)
        assert [float(d) for d in found["distances"]] == pytest.approx(kept["distances"], abs=1e-3)


def test_undone_faults_are_undone():
    for name in "1345":
        assert BROKEN[name]["mended"] == BROKEN["healthy"]["accuracies"]
    assert BROKEN["2"]["mended"][2] > BROKEN["2"]["accuracies"][2] + 0.3
