"""The race without tuning: what is run, what is chosen, and verdicts from the whole table."""

import json
import math
from dataclasses import replace

import pytest
import torch

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.lab.stored import EXPERIMENTS
from course_lib.second_order import FuzzySecondOrder

SEEDS = 4
IS_STORED = (EXPERIMENTS / "20_untuned.json").is_file()


@pytest.fixture
def experiment(monkeypatch, tmp_path):
    """The experiment with tasks of a few steps, two seeds and two rates."""
    module = load("20_untuned")
    small = {
        name: replace(task, total=4, batch=8, examined=50)
        for name, task in module.TASKS.items()
        if name != "fashion"  # its files may not be there
    }
    for name, value in {
        "TASKS": small,
        "PARTS": tmp_path,
        "SEEDS": 2,
        "RATES": [1e-2, 1.0],
    }.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "TUNE", range(500, 501))
    return module


def races(gap, other=0.0):
    """A stored table of one task: the fuzzy one is better by `gap` in loss, by `other` points."""
    source = torch.Generator().manual_seed(0)
    shared = torch.randn(SEEDS, generator=source)

    def row(shift, points):
        noise = 0.01 * torch.randn(SEEDS, generator=source)
        return {
            "loss_by_seed": (shared + shift + noise).tolist(),
            "test_by_seed": (shared + points + noise).tolist(),
        }

    table = {"fuzzy": {"a": row(-gap, other)}, "Prodigy": {"b": row(0.0, 0.0)}}
    chosen = {"fuzzy": {"loss": "a", "accuracy": "a"}, "Prodigy": {"loss": "b", "accuracy": "b"}}
    return {"races": {"digits": table}, "chosen": chosen}


@pytest.mark.parametrize(
    ("gap", "points", "signs"),
    [(1.0, 1.0, (1, 1)), (-1.0, -1.0, (-1, -1)), (0.0, 0.0, (0, 0)), (1.0, -1.0, (1, -1))],
)
def test_a_verdict_is_a_sign_only_where_the_interval_leaves_out_zero(
    experiment, gap, points, signs
):
    found = experiment.verdicts(races(gap, points))
    assert found == {"digits": {"Prodigy": dict(zip(("loss", "test"), signs, strict=True))}}


def test_wins_count_rivals_and_no_ablations(experiment):
    data = races(1.0, -1.0)
    data["races"]["digits"]["fuzzy, neither"] = {"a": data["races"]["digits"]["Prodigy"]["b"]}
    assert set(experiment.verdicts(data)["digits"]) == {"Prodigy", "fuzzy, neither"}
    counts = {"rivals": 1, "loss": 1, "test": 0, "both": 0, "worse": 1}
    assert experiment.wins(data) == {"digits": counts}


def test_a_contestant_that_was_left_out_has_no_verdict(experiment):
    data = races(1.0)
    data["races"]["digits T/3"] = {"fuzzy": data["races"]["digits"]["fuzzy"], "Prodigy": {}}
    data["races"]["signals T/3"] = {"Prodigy": data["races"]["digits"]["Prodigy"]}
    assert set(experiment.verdicts(data)) == {"digits"}


def test_intervals_of_many_comparisons_are_wider(experiment):
    one, many = (
        experiment.difference(races(0.1), "digits", "fuzzy", "Prodigy", "loss", of=n)
        for n in (1, 20)
    )
    assert many.low < one.low < one.mean < one.high < many.high


def test_a_lost_run_counts_as_chance(experiment):
    loss = torch.tensor([[math.nan, math.inf, 50.0, 0.01]])
    found = experiment.log_loss({"train_loss": loss})[0].tolist()
    assert found == pytest.approx([math.log10(math.log(10))] * 3 + [-2])


def test_every_candidate_can_be_made_and_all_have_as_many(experiment):
    assert {len(labels) for labels in experiment.FAMILIES.values()} == {6}
    for family, labels in experiment.FAMILIES.items():
        for label in labels:
            assert experiment.candidate(family, label).name == family
    for ablation in experiment.ABLATIONS:
        experiment.candidate(f"fuzzy, {ablation}", "as found")


def test_the_design_as_found_is_the_optimizer_of_the_library(experiment):
    """The same run, trained by `FuzzySecondOrder` on tensors of its own."""
    C, task = experiment.C, experiment.TASKS["digits"]
    draws = C.draw(task, [7])
    found, _ = C.trained(experiment.candidate("fuzzy", "as found"), task, [{"lr": 0.5}], draws)
    leaves = [p.clone().requires_grad_() for p in task.net.tensors(draws.start)]
    optimizer = FuzzySecondOrder(leaves, lr=0.5, total=task.total)
    for t in range(task.total):
        x, y = draws.x[draws.orders[0, t]][None], draws.y[draws.orders[0, t]][None]
        optimizer.zero_grad()
        C.losses_of(task.net, leaves, x, y)[0].sum().backward()
        optimizer.step()
    end = torch.cat([leaf.detach().flatten() for leaf in leaves])
    torch.testing.assert_close(found[0], end, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ablation", ["time alone", "slope alone", "neither", "no difference"])
def test_each_ablation_differs_from_the_whole(experiment, ablation):
    C, task = experiment.C, replace(experiment.TASKS["digits"], total=20)
    draws = C.draw(task, [7])
    ends = [
        C.trained(experiment.candidate(family, "as found"), task, [{"lr": 0.1}], draws)[0]
        for family in ("fuzzy", f"fuzzy, {ablation}")
    ]
    assert (ends[0] - ends[1]).abs().max() > 1e-3


def test_batches_and_networks_of_changed_tasks(experiment):
    tasks = experiment.tasks()
    assert list(tasks)[:2] == ["digits", "signals"]
    assert len(tasks) == 2 * 8
    assert tasks["digits 3T"].total == 12
    assert tasks["digits batch*4"].batch == 32
    noisy = experiment.C.draw(tasks["digits noise"], [0])
    share = (noisy.trained != noisy.y).double().mean().item()
    assert 0.12 < share < 0.24  # a fifth is drawn anew, and a tenth of that falls on the truth
    for task in tasks.values():
        start = task.net.start(torch.Generator())
        out = task.net.forward(
            task.net.tensors(start[None]), torch.zeros(1, 3, experiment.C.INPUTS[task.data])
        )
        assert out.shape == (1, 3, 10)


def test_parts_are_run_once_chosen_from_and_gathered(experiment):
    few = {"fuzzy": ("as found", "level 0"), "Prodigy": ("constant", "table")}
    experiment.FAMILIES, experiment.ELSEWHERE = few, tuple(few)
    assert experiment.do(experiment.choosing(""), math.inf) == []
    files = {file: file.stat().st_mtime_ns for file in experiment.PARTS.iterdir()}
    assert len(files) == 2 * 2 * 2
    assert experiment.do(experiment.choosing(""), math.inf) == []
    assert files == {file: file.stat().st_mtime_ns for file in experiment.PARTS.iterdir()}
    losses = {
        label: sum(
            torch.tensor(experiment.read(("choose", task, "fuzzy", label))["log_loss"]).mean()
            for task in experiment.TASKS
        )
        for label in few["fuzzy"]
    }
    chosen = {family: experiment.choose(family) for family in few}
    assert chosen["fuzzy"]["loss"] == min(losses, key=losses.get)
    parts = [part for part in experiment.racing(chosen, "digits") if part[1] == "digits"]
    assert experiment.do(parts, 0) == parts  # too late
    experiment.do(parts, math.inf)
    data = {"races": experiment.gather(chosen), "chosen": chosen}
    assert set(data["races"]["digits"]) == {*few, *(f"fuzzy, {a}" for a in experiment.ABLATIONS)}
    own = data["races"]["digits"]["Prodigy"][chosen["Prodigy"]["loss"]]
    assert own["loss"].shape == (2, 2)
    torch.testing.assert_close(own["loss_by_seed"], own["loss"].mean(dim=0))
    json.dumps(experiment.verdicts(data))


@pytest.mark.skipif(not IS_STORED, reason="no run of this experiment is stored yet")
def test_what_is_stored_is_what_was_asked_for():
    module, data = load("20_untuned"), stored("20_untuned")
    assert data["seeds"] == list(range(24))
    assert not set(data["seeds"]) & set(data["tuning_seeds"])
    for task in ("digits", "signals", "fashion"):
        race = data["races"][task]
        for family, labels in race.items():
            for label, row in labels.items():
                loss = torch.tensor(row["loss"])
                assert loss.shape == (len(data["rates"]), 24), (family, label)
                assert loss.mean(dim=0).tolist() == pytest.approx(row["loss_by_seed"], abs=1e-4)
                assert loss.mean(dim=1).tolist() == pytest.approx(row["loss_by_rate"], abs=1e-4)
    for family, chosen in data["chosen"].items():
        assert set(chosen.values()) <= set(module.FAMILIES[family])


def test_a_hypergradient_that_starts_low_does_and_grows_as_its_formula_says(experiment):
    C, task = experiment.C, replace(experiment.TASKS["digits"], total=2)
    draws = C.draw(task, [7])
    ends = {}
    for label in ("1, constant", "1, constant, low start"):
        rule = experiment.candidate("hypergradient", label)
        ends[label], _ = C.trained(rule, replace(task, total=1), [{"lr": 0.1}], draws)
    high, low = ((end - draws.start).abs().max() for end in ends.values())
    assert (low / high).item() == pytest.approx(math.exp(-5), rel=1e-3)
