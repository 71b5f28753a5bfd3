"""The experiment's batched runs are those of torch's optimizers, and its choices keep the rules."""

import math
from itertools import product
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import cross_entropy, layer_norm

from course_lib.lab import digits, generator, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.nn.biases import affine

DATA = stored("16_implicit_optimisation")
SIDES = DATA["nets"] | DATA["attention"]


@pytest.fixture
def experiment():
    return load("16_implicit_optimisation")


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("scaled residual", torch.optim.SGD),
        ("Pre-LN", torch.optim.SGD),
        ("Adam: scaled residual", torch.optim.Adam),
        ("cosine, no norm", torch.optim.Adam),
    ],
)
def test_a_batched_run_equals_the_run_of_torchs_optimizer(experiment, monkeypatch, name, optimizer):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    side, rates = (experiment.NETS | experiment.ATTENTION)[name], [0.001, 0.002]
    losses = experiment.curves(experiment.train(side, rates, range(2)))[..., -1]
    for row, seed in product((0, 1), (0, 1)):
        data = resplit(digits(), generator(seed))
        alone, _ = train(
            side.net.forward,
            side.start(seed),
            data,
            lr=rates[row],
            epochs=1,
            batch_size=experiment.BATCH,
            generator=generator(1000 + seed),
            optimizer=optimizer,
            label=None,
        )
        last = cross_entropy(side.net.forward(alone, data.train.x), data.train.y)
        assert losses[row, seed].item() == pytest.approx(last.item(), rel=0.02)


def test_a_norm_at_the_end_is_torchs(experiment):
    net = experiment.ended("residual")
    params, x = net.start(generator(0)), digits().train.x[:4]
    h = affine(x, params["W_in"], params["b_in"])
    for block in net.blocks_of(params):
        h = block.forward(h)
    expected = affine(layer_norm(h, (16,)), params["W_out"], params["b_out"])
    torch.testing.assert_close(net.forward(params, x), expected)


def test_width_counts_the_rates_that_work(experiment):
    losses = torch.tensor([[2.0, 2.0], [1.0, 1.2], [0.1, 2.0], [100.0, 2.0]])
    torch.testing.assert_close(experiment.width(losses), torch.tensor([2 / 6, 0.0]))


def test_a_run_that_diverged_counts_as_the_cap(experiment):
    losses = torch.tensor([[[2.0, 1e5], [2.0, math.nan]]])
    found = SimpleNamespace(history={"train_loss": losses})
    assert experiment.curves(found)[0, :, -1].tolist() == [100, 100]


def test_the_lowest_loss_on_the_tuning_seeds_chooses_the_rate(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    side = experiment.NETS["scaled residual"]._replace(lowest=-3.0)
    monkeypatch.setattr(experiment.Side, "rates", lambda self, tries: [1e-5, 0.1, 10.0])
    found = experiment.measure(side, 3, range(7, 9), seeds=3, all_rates=2)
    tuning = experiment.curves(experiment.train(side, [1e-5, 0.1, 10.0], range(7, 9)))[..., -1]
    torch.testing.assert_close(found["tuning"], tuning.mean(dim=1))
    assert found["lr"] == 0.1 == [1e-5, 0.1, 10.0][tuning.mean(dim=1).argmin()]
    again = experiment.curves(experiment.train(side, [0.1], range(3)))[0]
    torch.testing.assert_close(found["curve"], again)
    torch.testing.assert_close(found["by_rate"][1], again[:2, -1], rtol=1e-4, atol=1e-4)
    assert len(found["start"]["gain"]) == len(found["end"]["flow"]) == 3


def test_seeds_that_choose_are_not_reported(experiment):
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert not set(experiment.ATTENTION_TUNE) & set(range(experiment.ATTENTION_SEEDS))


def test_there_are_as_many_runs_as_it_says():
    for group, seeds, few in (("nets", 20, 8), ("attention", 6, 3)):
        for side in DATA[group].values():
            assert len(side["curve"]) == len(side["test_accuracy"]) == seeds
            assert {len(runs) for runs in side["by_rate"]} == {few}
            assert {len(value) for value in side["start"].values()} == {seeds}
    assert (DATA["seeds"], DATA["all_rates"]) == (20, 8)
    assert (DATA["attention_seeds"], DATA["attention_all_rates"]) == (6, 3)


def test_every_side_had_as_many_rates_and_none_was_cut_off():
    for group, tries in (("nets", DATA["tries"]), ("attention", DATA["attention_tries"])):
        for name, side in DATA[group].items():
            assert len(side["rates"]) == len(side["tuning"]) == tries
            steps = torch.tensor(side["rates"]).log10().diff()
            assert steps.max() < 1 / 6 + 1e-4
            assert side["rates"][0] < side["lr"] < side["rates"][-1], name
            assert side["lr"] == side["rates"][side["tuning"].index(min(side["tuning"]))]


def test_the_rates_that_work_end_within_what_was_tried():
    """Of no run the lowest or the highest rate works: the width is no cut-off number."""
    for name, side in SIDES.items():
        assert min(side["by_rate"][0] + side["by_rate"][-1]) > DATA["works"], name


def test_the_chosen_rates_run_is_that_of_all_rates():
    for name, side in SIDES.items():
        few = side["by_rate"][side["rates"].index(side["lr"])]
        for one, other in zip(few, side["curve"], strict=False):
            assert one == pytest.approx(other[-1], rel=0.5) or max(one, other[-1]) > 2, name


def test_bounds_hold():
    for name, side in DATA["nets"].items():
        for when in ("start", "end"):
            found = zip(side[when]["upper"], side[when]["largest"], strict=True)
            assert all(math.log10(max(own, 1e-300)) <= upper + 1e-5 for upper, own in found), name


def test_the_experiment_has_not_changed_its_sides(experiment):
    assert list(DATA["nets"]) == list(experiment.NETS)
    assert list(DATA["attention"]) == list(experiment.ATTENTION)
    assert (DATA["works"], DATA["cap"]) == (
        pytest.approx(experiment.WORKS, rel=1e-5),
        experiment.CAP,
    )
