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
        ("residual, half weights", torch.optim.SGD),
        ("Adam: scaled residual", torch.optim.Adam),
        ("cosine", torch.optim.Adam),
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


def test_a_run_that_diverged_counts_as_the_cap(experiment):
    losses = torch.tensor([[[2.0, 1e5], [2.0, math.nan]]])
    found = SimpleNamespace(history={"train_loss": losses})
    assert experiment.curves(found)[0, :, -1].tolist() == [100, 100]


def test_the_lowest_loss_on_the_tuning_seeds_chooses_the_rate(experiment, monkeypatch):
    rates = [1e-5, 0.1, 10.0]
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    monkeypatch.setattr(experiment, "TUNE", range(7, 9))
    monkeypatch.setattr(experiment.Side, "rates", lambda self, tries: rates)
    side = experiment.NETS["scaled residual"]
    found = experiment.measure(side, 3, seeds=3)
    tuning = experiment.curves(experiment.train(side, rates, range(7, 9)))[..., -1]
    torch.testing.assert_close(found["by_rate"], tuning)
    assert found["working"].tolist() == (tuning < experiment.WORKS).sum(dim=0).tolist()
    assert found["lr"] == 0.1 == rates[tuning.mean(dim=1).argmin()]
    again = experiment.curves(experiment.train(side, [0.1], range(3)))[0]
    torch.testing.assert_close(found["curve"], again)
    assert len(found["start"]["gain"]) == len(found["end"]["open"]) == 3


def test_the_finer_choice_looks_half_a_step_to_either_side(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    monkeypatch.setattr(experiment, "TUNE", range(7, 9))
    monkeypatch.setattr(experiment.Side, "rates", lambda self, tries: [1e-5, 0.1, 10.0])
    side, half = experiment.NETS["scaled residual"], experiment.STEP**0.5
    found = experiment.measure(side, 3, seeds=2)["finer"]
    near = [0.1 / half, 0.1, 0.1 * half]
    losses = experiment.curves(experiment.train(side, near, range(7, 9)))[..., -1].mean(dim=1)
    assert found["lr"] == near[losses.argmin()]
    last = experiment.curves(experiment.train(side, [found["lr"]], range(2)))[0, :, -1]
    torch.testing.assert_close(found["last"], last)


def test_weights_of_the_other_activation_are_its_own_start(experiment):
    sides = experiment.NETS
    for mine, theirs in (
        ("residual, LeCun", "tanh, residual"),
        ("tanh, residual, He", "residual"),
    ):
        torch.testing.assert_close(sides[mine].start(3), sides[theirs].start(3))


def test_attention_of_another_size_differs_in_its_values_alone(experiment):
    plain = experiment.ATTENTION["dot-product"].start(3)
    small = experiment.ATTENTION["small dot-product"].start(3)
    changed = {name for name in plain if not torch.equal(plain[name], small[name])}
    assert changed == {"0.V0", "0.V1", "2.V0", "2.V1"}


def branch_size(side):
    """Return the size of what the first branch of a transformer gives, against what it takes."""
    found = []
    for seed in range(20):
        params, x = side.start(seed), digits().train.x[:20]
        tokens = layer_norm(side.net.tokens(params, x), (side.net.width,))
        out = side.net.attention_of(params, 0).forward(tokens)
        found.append((out.square().mean() / tokens.square().mean()).sqrt().item())
    return sum(found) / len(found)


@pytest.mark.parametrize(("one", "other"), [("small dot-product", "cosine"), ("L2", "dot-product")])
def test_branches_of_attention_start_alike_in_size(experiment, one, other):
    sizes = [branch_size(experiment.ATTENTION[name]) for name in (one, other)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.15)


def test_seeds_that_choose_are_not_reported(experiment):
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert len(experiment.TUNE) == DATA["tuning_seeds"] == 6


def test_there_are_as_many_runs_as_it_says():
    for group, seeds in (("nets", DATA["seeds"]), ("attention", DATA["attention_seeds"])):
        for side in DATA[group].values():
            assert len(side["curve"]) == len(side["test_accuracy"]) == seeds
            assert len(side["finer"]["last"]) == seeds
            assert {len(runs) for runs in side["by_rate"]} == {DATA["tuning_seeds"]}
            assert {len(value) for value in side["start"].values()} == {seeds}
    assert (DATA["seeds"], DATA["attention_seeds"]) == (20, 12)


def test_every_side_had_as_many_rates_and_none_was_cut_off():
    for group, tries in (("nets", DATA["tries"]), ("attention", DATA["attention_tries"])):
        for name, side in DATA[group].items():
            assert len(side["rates"]) == len(side["by_rate"]) == tries
            assert (
                side["working"] == (torch.tensor(side["by_rate"]) < DATA["works"]).sum(0).tolist()
            )
            steps = torch.tensor(side["rates"]).log10().diff()
            assert steps.max() < 1 / 6 + 1e-4
            assert side["rates"][0] < side["lr"] < side["rates"][-1], name
            tuning = torch.tensor(side["by_rate"]).mean(dim=1)
            assert side["lr"] == side["rates"][tuning.argmin()]
            assert abs(math.log10(side["finer"]["lr"] / side["lr"])) < 1 / 12 + 1e-4


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
