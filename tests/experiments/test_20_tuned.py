"""The race with tuning: a search that treats all alike, and verdicts from the whole table."""

import math
from dataclasses import replace

import pytest
import torch

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.lab.stored import EXPERIMENTS

IS_STORED = (EXPERIMENTS / "20_tuned.json").is_file()


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    module = load("20_tuned")
    task = replace(module.TASKS["digits"], total=4, batch=8, examined=50)
    changed = {"TASKS": {"digits": task}, "PARTS": tmp_path, "SEEDS": 2, "ROUNDS": 1, "EACH": 3}
    for name, value in {**changed, "TUNE": range(500, 501), "CONFIRM": range(510, 512)}.items():
        monkeypatch.setattr(module, name, value)
    return module


def test_all_try_equally_many_settings():
    module = load("20_tuned")
    for name in module.STARTS:
        for scheduled in (False, True):
            axes = module.axes_of(name, scheduled)
            tried = set(module.first_round(name, scheduled))
            assert len(tried) == 28
            for _ in range(module.ROUNDS):
                best = sorted(tried, key=lambda p: abs(p[0] - 30) + sum(p[1:]))[0]
                new = module.neighbours(name, axes, best, tried)
                left = len(module.LADDERS["lr"]) - len(tried)  # SGD has one ladder only
                assert len(new) == (min(module.EACH, left) if axes == ["lr"] else module.EACH)
                assert not tried & set(new)
                tried |= set(new)


def test_neighbours_come_nearest_first_and_all_schedules_are_near():
    module = load("20_tuned")
    axes = ["lr", "share"]
    near = module.neighbours("SGD", axes, (20, 0), {(20, 0)})
    steps = [abs(i - 20) + (share != 0) for i, share in near]
    assert steps == sorted(steps)
    assert {(20, i) for i in range(1, 5)} <= set(near)


def test_an_end_of_a_ladder_is_told_unless_nothing_lies_beyond():
    module = load("20_tuned")
    top = len(module.LADDERS["lr"]) - 1
    assert module.edges("momentum", ["lr", "beta"], (top, 0)) == ["lr"]
    assert module.edges("momentum", ["lr", "beta"], (9, len(module.BETA1) - 1)) == ["beta"]
    assert module.edges("SGD", ["lr", "share"], (9, 0)) == []


def test_the_search_keeps_the_lowest_validation_loss(experiment, monkeypatch):
    """On a made-up loss with one lowest point that only the neighbours reach."""

    def train(contestant, task, settings, draws):
        loss = [abs(math.log10(s["lr"]) + 1.5) + abs(s["beta"] - 0.95) for s in settings]
        return {"validation_loss": torch.tensor(loss, dtype=torch.float64)[:, None]}

    monkeypatch.setattr(experiment.C, "train", train)
    monkeypatch.setattr(experiment, "EACH", 24)
    found = experiment.search("momentum", False, None, None, None)
    assert found["setting"]["beta"] == 0.95
    assert math.log10(found["setting"]["lr"]) == pytest.approx(-1.5)
    assert found["tried"] == 28 + 24
    assert found["edges"] == []


def test_a_part_is_searched_and_raced(experiment):
    for name in ("slope", "Sophia", "RMSProp"):
        found = experiment.race(("digits", "scheduled", name))
        assert len(found["test"]) == len(found["test_loss"]) == len(found["train_loss"]) == 2
        assert found["tried"] == 28 + 3


def test_second_order_methods_pay_for_their_products(experiment):
    steps = {
        name: experiment.C.steps_of(experiment.contestant(name), 110)
        for name in ("Adam", "slope", "AdaHessian", "Sophia")
    }
    assert steps == {"Adam": 110, "slope": 110, "AdaHessian": 55, "Sophia": 100}


def test_verdicts_are_signs_of_paired_intervals(experiment):
    shared = torch.rand(24, generator=torch.Generator().manual_seed(0)).double()

    def row(factor, points):
        return {
            "test_loss": (factor * (1 + shared)).tolist(),
            "test": (90 + shared + points).tolist(),
        }

    races = {"slope": row(1.0, 0.0), "Adam": row(2.0, -1.0), "SGD": row(0.5, 1.0)}
    tilt = torch.linspace(-1, 1, 24).double()
    races["NAdam"] = {
        "test_loss": ((1 + shared) * 10**tilt).tolist(),
        "test": (90 + shared + tilt).tolist(),
    }
    found = experiment.verdicts({"races": {"digits": {"scheduled": races}}})["digits"]
    signs = {name: (f["test_loss"], f["test"]) for name, f in found.items()}
    assert signs == {"Adam": (1, 1), "SGD": (-1, -1), "NAdam": (0, 0)}


def test_a_search_ends_where_nothing_is_left_to_try(experiment, monkeypatch):
    def train(contestant, task, settings, draws):
        assert settings
        return {"validation_loss": torch.tensor([[s["lr"]] for s in settings])}

    monkeypatch.setattr(experiment.C, "train", train)
    monkeypatch.setattr(experiment, "ROUNDS", 3)
    monkeypatch.setattr(experiment, "EACH", 24)
    found = experiment.search("SGD", False, None, None, None)
    assert found["tried"] == len(experiment.LADDERS["lr"]) == 55
    assert found["edges"] == ["lr"]


def test_a_setting_that_fails_on_more_seeds_is_dropped(experiment, monkeypatch):
    """The best of the search is not kept where the seeds that confirm it lose runs."""

    def train(contestant, task, settings, draws):
        loss = [abs(math.log10(s["lr"]) + 1) for s in settings]
        if draws == "confirming":
            loss = [math.nan if value < 0.01 else value for value in loss]
        return {"validation_loss": torch.tensor(loss, dtype=torch.float64)[:, None]}

    monkeypatch.setattr(experiment.C, "train", train)
    found = experiment.search("SGD", False, None, "searching", "confirming")
    assert abs(math.log10(found["setting"]["lr"]) + 1) == pytest.approx(1 / 6)


@pytest.mark.skipif(not IS_STORED, reason="no run of this experiment is stored yet")
def test_what_is_stored_is_what_was_asked_for():
    module, data = load("20_tuned"), stored("20_tuned")
    assert not set(data["seeds"]) & set(data["tuning_seeds"])
    for task in data["races"].values():
        for rows in task.values():
            for name, row in rows.items():
                assert row["tried"] in (data["tried"], 55 if name == "SGD" else None)
                assert len(row["test_loss"]) == len(data["seeds"]) == 24
                assert set(row["setting"]) >= {"lr", *module.STARTS[name]}
