"""Equal time: steps follow from what a step takes, and a race ends with them."""

from dataclasses import replace

import pytest

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.lab.stored import EXPERIMENTS

IS_STORED = (EXPERIMENTS / "20_clock.json").is_file()


@pytest.fixture
def experiment(monkeypatch):
    module = load("20_clock")
    changed = {"SEEDS": 2, "ROUNDS": 1, "EACH": 3}
    for name, value in {**changed, "TUNE": range(500, 501), "CONFIRM": range(510, 512)}.items():
        monkeypatch.setattr(module.tuned, name, value)
    monkeypatch.setattr(module, "ROUNDS", 1)
    return module


def short(experiment):
    return replace(experiment.TASKS["digits"], total=6, batch=8, examined=50)


def test_a_contestant_is_timed_beside_adam(experiment):
    found = experiment.times(short(experiment))
    assert list(found) == list(experiment.tuned.STARTS)
    assert found["Adam"] == {"median": 1.0, "low": 1.0, "high": 1.0}
    assert all(0 < own["low"] <= own["median"] <= own["high"] for own in found.values())


@pytest.mark.parametrize(("name", "steps"), [("Adam", 6), ("AdaHessian", 4), ("Sophia", 12)])
def test_a_budget_pays_for_just_so_many_steps(experiment, name, steps):
    contestant = experiment.tuned.contestant(name)
    total = experiment.budget(name, steps)
    assert experiment.contest.steps_of(contestant, total) == steps


def test_a_race_tells_its_steps_and_what_came_out(experiment):
    found = experiment.race("AdaHessian", short(experiment), steps=3)
    assert found["steps"] == 3
    assert len(found["test"]) == len(found["test_loss"]) == len(found["train_loss"]) == 2


@pytest.mark.skipif(not IS_STORED, reason="not measured yet")
def test_stored_steps_follow_from_the_times():
    data, script = stored("20_clock"), load("20_clock")
    assert set(data["seeds"]).isdisjoint(data["tuning_seeds"])
    assert set(data["races"]) == set(script.TASKS)
    for name, task in script.TASKS.items():
        races = data["races"][name]["scheduled"]
        assert set(races) == set(script.tuned.STARTS)
        for contestant, own in races.items():
            assert own["steps"] == round(task.total / data["times"][name][contestant]["median"])
            assert len(own["test_loss"]) == len(data["seeds"]) == 24
