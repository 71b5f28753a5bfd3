"""The experiment's batched runs are those of a plain loop, and what is stored is what was asked."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import experiment as load
from course_lib.lab import stored
from course_lib.lab.networks import network
from course_lib.lab.training import batches
from course_lib.second_order import PROGRESS, SLOPE

DATA = stored("19_fuzzy_inference")
STEERING, ERRORS, SPEED = DATA["steering"], DATA["errors"], DATA["speed"]


@pytest.fixture
def experiment(monkeypatch):
    module = load("19_fuzzy_inference")
    monkeypatch.setattr(module, "EPOCHS", 2)
    return module


# whether the rules hear time, and whether there is a plan
HEARS = {
    "slope alone": (False, False),
    "without the plan": (True, False),
    "without time in rules": (False, True),
    "slope and plan": (True, True),
}


def by_hand(experiment, seed, lr, rules_hear_time, follows_plan):
    """Steer torch's Adam, one optimizer for each tensor, with slopes and rules written out."""
    run, updates = experiment.draw(seed), experiment.UPDATES
    leaves = {name: value.clone().requires_grad_() for name, value in run.start.items()}
    optimizers = {name: torch.optim.Adam([leaf], lr=lr) for name, leaf in leaves.items()}
    M = dict.fromkeys(leaves, -5.0)
    after, before = dict.fromkeys(leaves, 0.0), dict.fromkeys(leaves, 0.0)
    old = {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    steps = {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    t = 0
    for _ in range(experiment.EPOCHS):
        for x, y in batches(run.data.train, experiment.BATCH, run.order):
            p = t / updates
            cross_entropy(network(leaves, x), y).backward()
            for name, leaf in leaves.items():
                g = leaf.grad.clone()
                after[name] = 0.95 * after[name] + 0.05 * (g * steps[name]).sum().item()
                before[name] = 0.95 * before[name] + 0.05 * (old[name] * steps[name]).sum().item()
                r = -after[name] / abs(before[name]) if before[name] else 0.0
                short = min(max((r + 0.1) / 0.4, 0.0), 1.0)
                soon = 1.0 if p <= 0.08 else max(0.0, (0.5 - p) / 0.42)
                M[name] += 0.5 * 1.5 * short * (soon if rules_hear_time else 1.0)
                plan = 1.0 if p <= 0.08 else 1 - 0.5 * (p - 0.08) / 0.42
                assert p <= 0.5
                rate = lr * math.exp(M[name]) * (plan if follows_plan else 1.0)
                optimizers[name].param_groups[0]["lr"] = rate
                start = leaf.detach().clone()
                optimizers[name].step()
                old[name], steps[name] = g, leaf.detach() - start
                leaf.grad = None
            t += 1
    return {name: leaf.detach() for name, leaf in leaves.items()}


@pytest.mark.parametrize("name", HEARS)
def test_a_batched_run_is_a_loop_written_by_hand(experiment, name):
    rates = [1e-4, 0.1]  # from the lower one the rate still rises where time begins to count
    found = experiment.train(experiment.ARMS[name], rates, [0, 1])
    for k, lr in enumerate(rates):
        for layer, expected in by_hand(experiment, 1, lr, *HEARS[name]).items():
            torch.testing.assert_close(found.params[layer][k, 1], expected, rtol=2e-2, atol=2e-3)


def test_the_rules_on_the_slope_hear_no_time(experiment):
    r, p = SLOPE.grid(41)[:, None], PROGRESS.grid(41)
    found = experiment.ON_SLOPE(r, p)
    torch.testing.assert_close(found, experiment.CONTROLLER(r, p)[:, :1].expand_as(found))


def test_the_plan_and_the_cosine_share_the_rate(experiment):
    assert experiment.planned(1) == 1
    assert experiment.planned(101) == pytest.approx(0.5)
    assert experiment.planned(200) == pytest.approx(0.005 / 0.5 * 0.5, abs=1e-3)


def test_seeds_that_choose_are_not_reported(experiment):
    assert not set(experiment.TUNE) & set(range(experiment.SEEDS))
    assert STEERING["seeds"] == experiment.SEEDS == 24
    assert STEERING["updates"] == experiment.UPDATES


def test_every_arm_tried_the_same_rates_and_none_was_cut_off(experiment):
    assert list(STEERING["arms"]) == list(experiment.ARMS)
    assert STEERING["rates"] == pytest.approx(experiment.rates(), rel=1e-4)
    for name, arm in STEERING["arms"].items():
        assert len(arm["tuned"]) == len(STEERING["rates"])
        assert STEERING["rates"][0] < arm["lr"] < STEERING["rates"][-1], name
        best = min(range(len(arm["tuned"])), key=lambda k: arm["tuned"][k])
        assert STEERING["rates"][best] == pytest.approx(arm["lr"])
        for measure in ("loss", "accuracy"):
            assert len(arm["best"][measure]) == 24
            assert [len(row) for row in arm["untuned"][measure]] == [24] * 9


def test_a_stored_run_is_run_again(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "EPOCHS", 10)
    arm = STEERING["arms"]["cosine"]
    found = experiment.train(experiment.ARMS["cosine"], [arm["lr"]], range(2))
    loss = experiment.last(found, "test")[0]
    assert loss.tolist() == pytest.approx(arm["best"]["loss"][:2], abs=0.02)


@pytest.mark.parametrize("name", ["Sugeno, triangles", "Sugeno, bells", "Mamdani"])
def test_the_errors_of_tables(experiment, monkeypatch, name):
    monkeypatch.setattr(experiment, "FINE", 61)
    assert set(ERRORS) == {"points", *experiment.CONTROLLERS}
    assert ERRORS["points"] == list(experiment.SIZES_OF_TABLES)
    controller = experiment.CONTROLLERS[name]()
    frozen = experiment.freeze(controller, experiment.SLOPE.grid(9), experiment.PROGRESS.grid(9))
    stored_one = ERRORS[name]["even"][1]
    found = experiment.largest_error(controller, frozen)
    assert 0.7 * stored_one < found < 1.001 * stored_one  # looked for at fewer points
    assert ERRORS[name]["even"] == sorted(ERRORS[name]["even"], reverse=True)
    assert set(SPEED[name]) == {"1", "100", "10000"}


def test_the_largest_error_of_triangles_is_found(experiment, monkeypatch):
    """Neither a finer grid nor pairs at random find a larger one, at any size of table."""
    controller = experiment.CONTROLLERS["Sugeno, triangles"]()
    r, p = 2 * torch.rand(2, 100_000, dtype=torch.float64)
    r, p = SLOPE.corners[0] + 0.4 * r, p / 2
    monkeypatch.setattr(experiment, "FINE", 65)
    for points, stored_one in zip(
        ERRORS["points"], ERRORS["Sugeno, triangles"]["even"], strict=True
    ):
        frozen = experiment.freeze(controller, SLOPE.grid(points), PROGRESS.grid(points))
        assert experiment.largest_error(controller, frozen) == pytest.approx(stored_one, rel=1e-4)
        assert (controller(r, p) - frozen(r, p)).abs().max() <= 1.0001 * stored_one


def test_a_table_is_compared_at_its_points_at_corners_and_where_two_words_fit_alike(experiment):
    for of in (SLOPE, PROGRESS):
        at = experiment.compared(of)
        middles = (of.corners[1:] + of.corners[:-1]) / 2
        for own in (of.grid(65), of.grid(129), of.corners, middles):
            assert ((at[:, None] - own).abs().min(dim=0).values < 1e-9).all()
