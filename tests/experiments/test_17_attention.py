"""The transformer's batched runs are those of torch's Adam, and no arm was cut off."""

import math
from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import experiment as load
from course_lib.lab import generator, stored
from course_lib.lab.training import batches

DATA = stored("17_attention")
ARMS = DATA["arms"]


@pytest.fixture
def experiment():
    return load("17_attention")


def by_torch(experiment, lr, plan):
    """Return the parameters after an epoch of torch's Adam on seed 1, under a plan of torch's."""
    run = experiment.draw(1)
    leaves = {name: value.clone().requires_grad_() for name, value in run.start.items()}
    optimizer = torch.optim.Adam(leaves.values(), lr=lr)
    schedule = plan(optimizer)
    for x, y in batches(run.data.train, experiment.BATCH, run.order):
        optimizer.zero_grad()
        cross_entropy(experiment.VIT.forward(leaves, x), y).backward()
        optimizer.step()
        schedule.step()
    return {name: value.detach() for name, value in leaves.items()}


plans = torch.optim.lr_scheduler


@pytest.mark.parametrize(
    ("arm", "strength", "plan"),
    [
        ("neither", 1, lambda o: plans.CosineAnnealingLR(o, 160)),
        ("warm-up", 20, lambda o: plans.LinearLR(o, 1 / 20, total_iters=19)),
    ],
)
def test_a_batched_run_is_that_of_torch(experiment, monkeypatch, arm, strength, plan):
    monkeypatch.setattr(experiment, "EPOCHS", 1)  # 20 updates: the warm-up alone
    found = experiment.train(experiment.ARMS[arm][strength], [0.005, 0.01], [0, 1])
    expected = by_torch(experiment, 0.01, plan)
    losses = [
        cross_entropy(experiment.VIT.forward(params, found.data.test.x[1]), found.data.test.y[1])
        for params in (expected, {name: value[1, 1] for name, value in found.params.items()})
    ]
    torch.testing.assert_close(*losses, rtol=1e-2, atol=1e-2)


def test_entropy_is_1_for_equal_and_near_0_for_huge_scores(experiment):
    params, x = experiment.VIT.start(generator(0)), torch.rand(3, 64)
    equal = params | {n: 0 * p for n, p in params.items() if ".Q" in n}
    torch.testing.assert_close(experiment.entropies(equal, x), torch.ones(4))
    huge = params | {n: 1e3 * p for n, p in params.items() if ".Q" in n or ".K" in n}
    assert experiment.entropies(huge, x).max() < 0.05


def test_the_capped_arm_caps_every_matrix_and_no_step_is_longer(experiment):
    rule, free = experiment.capped_adam(0.01), experiment.adam_under(1)
    for shape in ((16, 8), (10, 16), (16,)):
        p, g = (torch.randn(shape, generator=generator(k)) for k in range(2))
        zero = torch.zeros_like(p)
        moved, _, _ = rule(p, g, zero, zero, t=1, lr=0.1)
        if len(shape) == 2:
            largest = torch.linalg.matrix_norm(moved - p, ord=2)
            assert largest <= 0.0101 * torch.linalg.matrix_norm(p, ord=2)
        else:
            torch.testing.assert_close(moved, free(p, g, zero, zero, t=1, lr=0.1)[0])
    only = experiment.capped_where(0.01, lambda shape: shape == experiment.QUERY_OR_KEY)
    for shape, like in (((16, 8), rule), ((16, 16), free)):
        p, g = (torch.randn(shape, generator=generator(k)) for k in range(2))
        zero = torch.zeros_like(p)
        expected = like(p, g, zero, zero, t=1, lr=0.1)
        torch.testing.assert_close(only(p, g, zero, zero, t=1, lr=0.1), expected)


def test_the_cap_is_off_where_it_is_wide(experiment):
    p, g = (torch.randn(16, 8, generator=generator(k)) for k in range(2))
    steps = [
        rule(p, g, torch.zeros_like(p), torch.zeros_like(p), t=1, lr=0.01)
        for rule in (experiment.capped_adam(1e3), experiment.adam_under(1))
    ]
    torch.testing.assert_close(*steps)


def test_a_loss_above_a_guess_counts_as_a_guess(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 1)
    found = experiment.train(experiment.adam_under(1), [100.0, 0.01], [0])
    losses = found.loss("test", at_most=experiment.GUESS)
    assert losses[0].item() == pytest.approx(math.log(10))
    assert losses[1].item() < math.log(10)


def test_seeds_that_choose_are_not_reported(experiment):
    tuning = {*experiment.SCREEN, *experiment.TUNE}
    assert not tuning & set(range(experiment.SEEDS))
    assert len(tuning) == len(experiment.SCREEN) + len(experiment.TUNE) == 6


def test_all_arms_try_as_many_rates_in_the_same_range(experiment):
    highs = set()
    for arm in experiment.ARMS:
        settings = experiment.settings_of(arm)
        rates = sorted({lr for _, lr in settings})
        assert len(settings) in (33, 36)
        assert rates[0] == 0.01
        assert rates[-1] == pytest.approx(0.16)
        assert max(b / a for a, b in pairwise(rates)) < 2**0.5 + 1e-6
        at_high = [experiment.places_at(settings, k) for k in experiment.HIGH]
        assert [len(places) for places in at_high] == [len(experiment.ARMS[arm])] * 3
        highs |= {round(settings[places[0]][1], 6) for places in at_high}
    assert len(highs) == 3


@pytest.mark.parametrize("end", ["strength", "lr", "high"])
def test_a_best_at_an_edge_is_refused(experiment, end):
    settings = experiment.settings_of("capped")
    losses = torch.full((len(settings),), 2.0, dtype=torch.float64)
    for k in (1, *experiment.HIGH):
        losses[experiment.places_at(settings, k)[1]] = 1.0 if k == 1 else 1.5
    assert experiment.choose("capped", losses)["best"] == settings[1 + 9]
    place = {"strength": (1, 0), "lr": (0, 1), "high": (experiment.HIGH[1], 3)}[end]
    losses[experiment.places_at(settings, place[0])[place[1]]] = 1.2 if end == "high" else 0.5
    with pytest.raises(ValueError, match=r"the (lowest|highest) of"):
        experiment.choose("capped", losses)


def test_none_was_cut_off(experiment):
    assert list(ARMS) == list(experiment.ARMS)
    for arm, side in ARMS.items():
        assert side["tries"] in (33, 36)
        assert 0.01 * 1.001 < side["best"]["lr"] < 0.16 * 0.999, arm
        strengths = list(experiment.ARMS[arm])
        for which in ("best", *(f"high {k}" for k in experiment.HIGH)):
            if len(strengths) > 1:
                assert side[which]["strength"] in strengths[1:-1], (arm, which)
        best = min(side["tuned"], key=lambda row: row[2])
        assert best[:2] == pytest.approx([side["best"]["strength"], side["best"]["lr"]], rel=1e-5)


def test_there_are_12_seeds_of_every_arm():
    cells = [side[k] for side in ARMS.values() for k in side if k == "best" or k[:4] == "high"]
    cells += DATA["which"]["parts"].values()
    assert len(cells) == 3 * 4 + 2
    assert all(len(cell[what]) == 12 for cell in cells for what in ("loss", "accuracy", "entropy"))
    assert all(len(heads) == 4 for cell in cells for heads in cell["entropy"])


def test_a_stored_run_is_run_again(experiment):
    side = ARMS["capped"]["best"]
    rule = experiment.ARMS["capped"][side["strength"]]
    found = experiment.train(rule, [side["lr"]], range(2))
    loss = found.loss("test", at_most=experiment.GUESS)[0]
    assert loss.tolist() == pytest.approx(side["loss"][:2], abs=0.05)
