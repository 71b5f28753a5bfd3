"""The experiment spoils what it says, compares fairly, and stores what the lesson needs."""

import pytest
import torch
from sklearn.datasets import load_diabetes

from course_lib.lab import Split, accuracy, digits, generator, networks, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.data import diabetes, resplit
from course_lib.lab.networks import network


@pytest.fixture
def experiment(monkeypatch):
    module = load("05_losses")
    monkeypatch.setattr(module, "SEEDS", 2)
    return module


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", ["cross-entropy", "Brier", "absolute"])
def test_a_batched_run_equals_the_same_run_alone(experiment, name, seed):
    loss, share = experiment.PROBABILITIES[name], 0.2
    runs = experiment.draw_all(digits(), [64, 7, 10], experiment.wrong_labels(share), examples=120)
    watch = {"test": ("test", experiment.accuracy)}
    settings = {"epochs": 2, "batch": 50, "watch": watch, "lrs": [0.1, 0.5]}
    together = experiment.train_runs(runs, network, loss, **settings)

    source = generator(seed)
    data = resplit(digits(), source)
    start = networks.start([64, 7, 10], source)
    few = Split(data.train.x[:120], data.train.y[:120])
    spoil = experiment.wrong_labels(share)
    data = type(data)("digits", spoil(few, source), spoil(data.validation, source), data.test)
    settings = {"lr": 0.5, "epochs": 2, "batch_size": 50, "loss": loss, "label": None}
    params, _ = train(network, start, data, generator=source, **settings)
    for key, value in params.items():
        torch.testing.assert_close(together.params[key][1, seed], value, rtol=1e-3, atol=1e-4)
    found = together.watched["test"][1, seed, -1].item()
    right = accuracy(network(params, data.test.x), data.test.y).item()
    assert found == pytest.approx(right, abs=2 / 497)


def test_training_in_pauses_is_training_at_once(experiment):
    runs = experiment.draw_all(digits(), [64, 10], examples=100)
    watch = {"test": ("test", experiment.categorical_logits)}
    settings = {"epochs": 4, "batch": 50, "watch": watch, "lrs": [0.3]}
    whole, parts = (
        experiment.train_runs(runs, network, experiment.categorical_logits, pause=pause, **settings)
        for pause in (4, 1)
    )
    assert whole.watched["test"].shape == (1, 2, 2)
    assert parts.watched["test"].shape == (1, 2, 5)
    torch.testing.assert_close(whole.watched["test"][..., -1], parts.watched["test"][..., -1])


def test_all_losses_of_a_comparison_share_what_is_random(experiment):
    first, again = (
        experiment.draw_all(digits(), [64, 10], experiment.wrong_labels(0.2)) for _ in range(2)
    )
    assert torch.equal(first.start["W1"], again.start["W1"])
    assert torch.equal(first.data.train.y, again.data.train.y)
    orders = [torch.randperm(9, generator=runs.orders[1].clone_state()) for runs in (first, again)]
    assert torch.equal(*orders)
    assert not torch.equal(first.data.test.x[0], first.data.test.x[1])


def test_rates_are_chosen_on_other_seeds_than_those_reported():
    module = load("05_losses")
    assert not set(module.TUNING) & set(range(module.SEEDS))


def test_a_rate_is_chosen_on_the_tuning_runs_alone(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "TUNING", range(100, 103))
    sides = experiment.draw_both(digits(), [64, 10], examples=100)
    assert sides.tuning.start["W1"].shape[0] == 3
    assert sides.reported.start["W1"].shape[0] == 2
    assert torch.equal(
        sides.reported.start["W1"],
        experiment.draw_all(digits(), [64, 10], examples=100).start["W1"],
    )
    assert not torch.equal(sides.tuning.start["W1"][0], sides.reported.start["W1"][0])
    how = {"epochs": 2, "batch": 50, "pause": 2, "lrs": [0.001, 0.1, 1e9]}
    loss = experiment.categorical_logits
    assert experiment.choose_rate(sides.tuning, network, loss, loss, **how) == 0.1


def test_a_zero_too_many_is_ten_times_the_target(experiment):
    data, spread = experiment.scaled()
    plain = diabetes().train
    typed = experiment.zero_too_many(0.1)(data.train, generator(0))
    back = typed.y * spread + plain.y.mean()
    slips = (back / plain.y - 10).abs() < 1e-3
    assert slips.sum() == 26
    torch.testing.assert_close(back[~slips], plain.y[~slips])
    assert torch.equal(typed.x, data.train.x)


def test_pounds_make_a_body_mass_index_too_large(experiment):
    data, _ = experiment.scaled()
    spoilt = experiment.pounds(0.1)(data.train, generator(0))
    changed = spoilt.x != data.train.x
    assert changed[:, experiment.MASS].sum() == changed.sum() == 26
    raw = load_diabetes(scaled=False).data[:, experiment.MASS]  # scaled almost as x is
    about = spoilt.x[:, experiment.MASS] * raw.std() + raw.mean()
    before = data.train.x[:, experiment.MASS] * raw.std() + raw.mean()
    ratio = (about / before)[changed[:, experiment.MASS]]
    torch.testing.assert_close(ratio, torch.full_like(ratio, 2.2), rtol=1e-5, atol=0)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4])
def test_wrong_labels_are_wrong_and_as_many_as_asked_for(experiment, share):
    split = digits().train
    spoilt = experiment.wrong_labels(share)(split, generator(0))
    assert (spoilt.y != split.y).sum() == round(share * 1000)
    assert spoilt.y.min() >= 0
    assert spoilt.y.max() <= 9


def test_test_data_are_never_spoilt(experiment):
    spoil = experiment.wrong_labels(0.4)
    spoilt = experiment.draw_all(digits(), [64, 10], spoil).data
    for seed in range(2):
        plain = resplit(digits(), generator(seed))
        assert torch.equal(spoilt.test.y[seed], plain.test.y)
        for name in ("train", "validation"):
            wrong = getattr(spoilt, name).y[seed] != getattr(plain, name).y
            assert wrong.double().mean() == pytest.approx(0.4)


def test_how_many_classes_are_answered(experiment):
    z = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0], [0.0, 1.0, 2.0]])
    assert experiment.classes_answered(z, torch.zeros(3)) == 2


def test_the_first_epoch_at_the_goal(experiment):
    scores = torch.tensor([[[0.1, 0.5, 0.4, 0.9], [0.1, 0.1, 0.1, 0.1]]])
    assert experiment.first_at(scores, 0.5).tolist() == [[1, 4]]
    assert experiment.first_at(scores, torch.tensor([0.9, 0.1])).tolist() == [[3, 0]]


def test_the_goal_for_lines_is_near_the_best_line(experiment):
    runs = experiment.draw_all(experiment.scaled()[0], [10, 1])
    goal = experiment.near_least_squares(runs)
    assert goal.shape == (2,)
    assert (-goal > 0.5).all()
    assert (-goal < 0.95).all()


def test_what_probabilities_are_worth(experiment):
    found = experiment.worth(torch.tensor([[50.0, 0.0], [50.0, 0.0]]), torch.tensor([0, 1]))
    assert found["accuracy"] == found["overconfidence"] == found["calibration_error"] == 0.5
    one_output = experiment.worth(torch.tensor([2.0, -1.0]), torch.tensor([1, 1]))
    both = experiment.worth(torch.tensor([[0.0, 2.0], [0.0, -1.0]]), torch.tensor([1, 1]))
    assert one_output == both


DATA = stored("05_losses")


def test_there_are_24_runs_of_everything():
    assert DATA["seeds"] == 24
    for kind in ("by_share", "inputs"):
        for rows in DATA["A8"][kind].values():
            assert [len(row["test_error"]) for row in rows] == [24] * len(DATA["A8"]["shares"])
    for rows in DATA["A9"]["losses"].values():
        assert [len(row["unaware"]) for row in rows] == [24] * len(DATA["A9"]["shares"])
    for data in ("diabetes", "breast_cancer", "digits"):
        for of in DATA["A10"][data]["losses"].values():
            assert len(of["epochs_needed"]) == 24
            assert [len(of["test_score"][end]) for end in ("early", "late")] == [24, 24]
    for of_data in DATA["A11"]["data"].values():
        for of in of_data.values():
            assert {len(row) for row in of["overconfidence"]} == {24}


def test_no_learning_rate_was_cut_off_by_the_list():
    for rows in (rows for kind in ("by_share", "inputs") for rows in DATA["A8"][kind].values()):
        for row in rows:
            assert DATA["A8"]["lrs"][0] < row["lr"] < DATA["A8"]["lrs"][-1]
    for rows in DATA["A9"]["losses"].values():
        for row in rows:
            assert DATA["lrs"][0] < row["lr"] < DATA["lrs"][-1]
    for of_data in DATA["A10"].values():
        for of in of_data["losses"].values():
            for kind in ("fastest", "early", "late"):
                assert of_data["lrs"][0] < of[f"{kind}_lr"] < of_data["lrs"][-1]
    for of in DATA["A10 numbers"].values():
        for row in of.values():
            assert DATA["A8"]["lrs"][0] < row["lr"] < DATA["A8"]["lrs"][-1]
    for of_data in DATA["A11"]["data"].values():
        for of in of_data.values():
            assert DATA["lrs"][0] < of["lr"] < DATA["lrs"][-1]
