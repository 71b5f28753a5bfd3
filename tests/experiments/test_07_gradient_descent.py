"""The experiment's batched descents are what they are said to be."""

from functools import partial

import pytest
import torch
from sklearn.datasets import load_diabetes
from torch.nn.functional import cross_entropy

from course_lib.lab import draw_runs, generator, median, stored
from course_lib.lab import experiment as load
from course_lib.lab.networks import network
from course_lib.nn.backprop import count_cost
from course_lib.optim.paths import path
from course_lib.optim.rules import gd


@pytest.fixture
def experiment(monkeypatch):
    module = load("07_gradient_descent")
    monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


def draw(experiment, sizes):
    return draw_runs(partial(experiment.draw, sizes), range(2))


def test_sides_are_those_of_parabolas_known_exactly(experiment):
    part = experiment.patients(1)
    starts = 20 * torch.rand(10, 6, generator=generator(3), dtype=torch.float64) - 10
    found = experiment.sides_of(part.x.T, part.y, starts)
    # the distance is multiplied by 1 − 2 · share, whatever the data
    left = torch.tensor([abs(1 - 2 * share) for share in experiment.SHARES]).double()
    expected = (left**experiment.SIDES_STEPS < 1e-3).double()
    torch.testing.assert_close(found["reached"], expected)
    crosses = torch.tensor([1 - 2 * share < 0 for share in experiment.SHARES])
    assert torch.equal(found["own_side"] == 0, crosses)
    assert (found["sign"] == 1).all()


def test_the_waves_slope_is_that_of_its_cost(experiment):
    part = experiment.patients(0)
    w = torch.linspace(-9, 9, 7, dtype=torch.float64)
    slope = torch.func.grad(lambda w: experiment.wave_cost(w, part.x[:, 2], part.y).sum())(w)
    torch.testing.assert_close(experiment.wave_slope(w, part.x[:, 2], part.y), slope)


def test_each_treatment_has_the_rate_that_leaves_the_least_cost(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "SEEDS", 1)
    treat = experiment.SCALINGS["standardised"]
    monkeypatch.setattr(experiment, "SCALINGS", {"standardised": treat})
    found = experiment.measure_scaling()["standardised"]

    left = left_after_scaling(experiment, "standardised", 0)
    torch.testing.assert_close(found["excess"][-1, 0], left.min(), rtol=1e-6, atol=0)
    assert found["share"][0] == experiment.SCALING_SHARES[left.argmin()]


def left_after_scaling(experiment, name, seed):
    """Return the cost left at each learning rate, worked out along the principal directions."""
    raw = load_diabetes(scaled=False)
    chosen = torch.randperm(442, generator=generator(seed))[:264]
    x = experiment.SCALINGS[name](torch.tensor(raw.data, dtype=torch.float64)[chosen])
    x = torch.cat([x, torch.ones(264, 1, dtype=x.dtype)], dim=1)
    y = torch.tensor(raw.target, dtype=torch.float64)[chosen]
    curvatures, directions = torch.linalg.eigh(2 * x.T @ x / 264)
    away = directions.T @ torch.linalg.solve(x.T @ x, x.T @ y)
    part = curvatures * away**2 / (curvatures * away**2).sum()
    lrs = torch.tensor(experiment.SCALING_SHARES, dtype=torch.float64) * 2 / curvatures[-1]
    return ((1 - lrs[:, None] * curvatures) ** (2 * experiment.SCALING_STEPS) * part).sum(dim=1)


@pytest.mark.parametrize("name", ["as they come", "scaled only", "centred only", "standardised"])
def test_rates_chosen_on_other_patients_leave_the_same_cost(experiment, name):
    tuning = torch.stack([left_after_scaling(experiment, name, seed) for seed in range(100, 108)])
    chosen = tuning.log().mean(dim=0).argmin()
    left = [float(left_after_scaling(experiment, name, seed)[chosen]) for seed in range(24)]
    stored_ones = DATA["scaling"][name]["excess"][-1]
    assert median(left) == pytest.approx(median(stored_ones), rel=0.005)


@pytest.mark.parametrize("name", ["least squares", "softmax regression", "network"])
def test_the_largest_curvature_is_that_of_autograds_hessian(experiment, monkeypatch, name):
    sizes = {"network": [64, 2, 10]}.get(name, [64, 10])
    params, data, _ = draw(experiment, sizes)
    flat = experiment.flat_run(name, params, data, 1)
    monkeypatch.setattr(flat, "_x", flat._x[:60])
    monkeypatch.setattr(flat, "_y", flat._y[:60])
    hessian = torch.autograd.functional.hessian(flat, flat.point, vectorize=True)
    expected = torch.linalg.eigvalsh(hessian)[-1].item()
    assert flat.curvature() == pytest.approx(expected, rel=0.02 if name == "network" else 1e-9)


def test_the_loss_in_a_row_is_the_loss_of_the_model(experiment):
    params, data, _ = draw(experiment, [64, 3, 10])
    flat = experiment.flat_run("network", params, data, 1)
    own = {name: value[1] for name, value in params.items()}
    out = network(own, data.train.x[1])
    torch.testing.assert_close(
        flat(flat.point).float(), cross_entropy(out, data.train.y[1]), rtol=1e-5, atol=0
    )


def test_the_prediction_is_exact_for_a_quadratic(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "FRACTIONS", [0.1, 0.9, 1.05])
    monkeypatch.setattr(experiment, "RATES_STEPS", 7)
    params, data, _ = draw(experiment, [64, 10])
    flat = experiment.flat_run("least squares", params, data, 0)
    found = experiment.predicted(flat)
    limit = 2 / flat.curvature()
    for fraction, share in zip([0.1, 0.9, 1.05], found, strict=True):
        points = path(gd, torch.func.grad(flat), flat.point, steps=7, lr=fraction * limit)
        torch.testing.assert_close(share, flat(points[-1]) / flat(flat.point))


def test_an_update_with_all_images_brings_the_whole_drop(experiment):
    params, data, _ = draw(experiment, [64, 10])
    own = {name: value[0] for name, value in params.items()}
    x, y, lr = data.train.x[0], data.train.y[0], torch.tensor(0.5)
    leaves = {name: value.clone().requires_grad_() for name, value in own.items()}
    before = cross_entropy(network(leaves, x[:30]), y[:30])
    gradients = torch.autograd.grad(before, list(leaves.values()))
    moved = {k: own[k] - lr * g for k, g in zip(own, gradients, strict=True)}
    loss = [cross_entropy(network(at, x), y) for at in (own, moved)]
    torch.testing.assert_close(experiment.drop(own, x, y, lr, 30), loss[0] - loss[1])


def test_all_sides_share_what_is_random(experiment):
    first, again = (draw(experiment, [64, 10]) for _ in range(2))
    assert torch.equal(first[0]["W1"], again[0]["W1"])
    assert torch.equal(first[1].train.x, again[1].train.x)
    assert not torch.equal(first[1].train.x[0], first[1].train.x[1])
    assert not torch.equal(first[0]["W1"][0], first[0]["W1"][1])


DATA = stored("07_gradient_descent")


def test_there_are_at_least_24_runs_of_everything_that_chance_has_a_part_in():
    assert DATA["seeds"] == 24
    for name in ("sign", "own_side", "reached"):
        assert {len(runs) for runs in DATA["sides"][name]} == {24}
    assert len(DATA["waves"]["reached"]) == 24
    assert len(DATA["scaling"]["standardised"]["condition"]) == 24
    for model in ("least squares", "softmax regression", "network"):
        assert {len(runs) for runs in DATA["rates"][model]["loss"]} == {24}
    for drops in DATA["update"]["drop"].values():
        assert {len(runs) for runs in drops} == {24}


def test_the_steps_that_were_counted_are_those_that_were_worked_out():
    for name in ("raw", "counted from 20", "standardised"):
        assert DATA["line"][name]["counted"] == DATA["line"][name]["needed"]


def test_an_update_costs_what_the_library_counts():
    update = DATA["update"]
    assert update["multiplications"] == [sum(count_cost([64, 10], n)) for n in update["counts"]]


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert DATA["sides"]["shares"] == experiment.SHARES
    assert DATA["scaling"]["shares"] == pytest.approx(experiment.SCALING_SHARES, rel=1e-5)
    assert DATA["rates"]["fractions"] == pytest.approx(experiment.FRACTIONS, rel=1e-5)
    assert list(experiment.MODELS) == [k for k in DATA["rates"] if k not in ("fractions", "steps")]
    assert DATA["update"]["counts"] == experiment.COUNTS


def test_the_images_are_separable_so_that_softmax_regression_has_no_minimum(experiment):
    for seed in range(3):
        part = experiment.draw([64, 10], seed).data.train
        one = torch.cat([part.x, torch.ones(len(part), 1)], dim=1).double()
        W, last = torch.zeros(10, 65, dtype=torch.float64), 1
        while last:  # the perceptron ends only where a line apart exists (Novikoff, 1962)
            last = 0
            for x, y in zip(one, part.y.tolist(), strict=True):
                out = W @ x
                out[y] -= 1e-6  # a tie is no separation
                if (said := int(out.argmax())) != y:
                    W[y], W[said], last = W[y] + x, W[said] - x, last + 1
        assert ((one @ W.T).argmax(dim=1) == part.y).all()
