"""The experiment's batched runs are the runs that the lesson's own loop would do one by one."""

import pytest
import torch

from course_lib.lab import (
    Dataset,
    Split,
    accuracy,
    digits,
    each_run,
    generator,
    rms,
    shuffled_copy,
    train,
)
from course_lib.lab import experiment as load
from course_lib.lab.stored import stored
from course_lib.nn.layers import dense

DATA = digits()


@pytest.fixture
def experiment(monkeypatch):
    module = load("01_weights")
    monkeypatch.setattr(module, "A1_EPOCHS", 2)
    monkeypatch.setattr(module, "A2_EPOCHS", 2)
    return module


@pytest.mark.parametrize("seed", [0, 1])
def test_a_batched_run_on_copies_equals_the_same_run_alone(experiment, seed):
    drawn = (experiment.draw_a1(s, DATA, 0.1) for s in (0, 1))
    x, W, orders = (torch.stack(part) for part in zip(*drawn, strict=True))
    together = experiment.train_together({"W": W}, x, DATA.train.y, orders, lr=0.5, decay=0.01)

    source = generator(seed)
    own = Split(torch.cat([DATA.train.x, shuffled_copy(DATA.train.x, source)], 1), DATA.train.y)
    start = {"W": 0.1 * torch.randn(10, 128, generator=source)}
    settings = {"lr": 0.5, "epochs": 2, "batch_size": experiment.BATCH, "weight_decay": 0.01}
    data = Dataset("copies", own, own, own)
    alone, _ = train(experiment.forward, start, data, generator=source, **settings)
    torch.testing.assert_close(together["W"][seed], alone["W"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_batched_run_of_a_deep_net_equals_the_same_run_alone(experiment, seed):
    drawn = [experiment.draw_a2(s, 3, DATA) for s in (0, 1)]
    start = {name: torch.stack([params[name] for params, _ in drawn]) for name in drawn[0][0]}
    orders = torch.stack([order for _, order in drawn])
    together = experiment.train_together(start, DATA.train.x, DATA.train.y, orders, lr=0.1)

    source = generator(seed)
    alone = experiment.starting_weights(3, DATA.train.x, source)
    settings = {"lr": 0.1, "epochs": 2, "batch_size": experiment.BATCH}
    alone, _ = train(experiment.forward, alone, DATA, generator=source, **settings)
    for name, value in alone.items():
        torch.testing.assert_close(together[name][seed], value, rtol=1e-3, atol=1e-4)
    expected = accuracy(experiment.forward(alone, DATA.test.x), DATA.test.y).item()
    found = each_run(accuracy, experiment.forward, together, DATA.test)[seed].item()
    assert found == pytest.approx(expected, abs=2 / len(DATA.test))


@pytest.mark.parametrize("gain", [0.1, 1.0, 3.0])
def test_weights_times_the_gain_have_that_gain_in_each_layer(experiment, gain):
    x = DATA.train.x
    signals, before = x, rms(x)
    for W in experiment.starting_weights(5, x, generator(0)).values():
        signals = dense(signals, gain * W)
        torch.testing.assert_close(rms(signals), gain * before)
        signals, before = torch.relu(signals), rms(signals)


def test_the_kinds_divide_the_pixels(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "WEAKEST", 1)
    power = torch.tensor([0.0, 0.1, 0.4, 0.2, 0.3, 0.0, 0.5])
    varies = power > 0
    kinds = experiment.kinds_of_pixel(power, varies)
    assert {kind: columns.tolist() for kind, columns in kinds.items()} == {
        "blank": [0, 5],
        "weakest": [1],
        "weak": [1, 3],
        "strong": [2, 4, 6],
        "copies of weakest": [8],
        "copies of weak": [8, 10],
        "copies of strong": [9, 11, 13],
    }


def test_the_best_rate_lies_inside(experiment):
    assert experiment.best_step({-3: 0.5, 0: 0.2, 3: 0.4}) == 0
    with pytest.raises(ValueError, match="lowest"):
        experiment.best_step({-3: 0.1, 0: 0.2, 3: 0.4})


def test_each_gain_is_trained_at_its_own_rate(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "A2_GAINS", [0.5, 2.0])
    monkeypatch.setattr(experiment, "A2_EPOCHS", 1)
    start, orders = experiment.draw_gains([0, 1], 2, DATA)
    found = experiment.trained_at(start, orders, [-6, 0], DATA)
    for place, lr in enumerate((0.1, 1.0)):
        own = {name: value[place] for name, value in start.items()}
        alone = experiment.train_together(own, DATA.train.x, DATA.train.y, orders, lr=lr)
        for name, value in alone.items():
            torch.testing.assert_close(found[name][place], value, rtol=1e-4, atol=1e-5)


def test_reported_seeds_choose_nothing(experiment):
    assert not set(experiment.SEEDS) & set(experiment.TUNING)


def test_the_rank_correlation_is_spearmans(experiment):
    from scipy.stats import spearmanr

    a, b = torch.rand(2, 30, generator=generator(0)), torch.rand(30, generator=generator(1))
    expected = [spearmanr(row, b).statistic for row in a]
    assert experiment.rank_correlation(a, b).tolist() == pytest.approx(expected)


def test_what_is_stored_covers_what_the_lesson_claims():
    data = stored("01_weights")
    assert data["seeds"] >= 20
    for condition in data["A1"]["conditions"].values():
        assert {kind: len(runs) for kind, runs in condition["growth"].items()} == dict.fromkeys(
            data["A1"]["kinds"], data["seeds"]
        )
        assert all(
            set(kinds) == set(data["A1"]["kinds"]) for kinds in condition["other_lrs"].values()
        )
    for net in data["A2"]["nets"].values():
        scan = torch.tensor(net["test_accuracy"])
        assert scan.shape == (len(data["A2"]["gains"]), data["seeds"])
        assert ((scan >= 0) & (scan <= 1)).all()
