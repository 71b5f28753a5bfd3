"""The experiment measures what it says, and its batched runs are those done one by one."""

import math
from functools import partial
from itertools import product

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import digits, draw_runs, generator, grid, resplit, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.networks import network
from course_lib.optim.averages import best_momentum, ema, spectral_radius
from course_lib.optim.optimizer import RuleOptimizer
from course_lib.optim.rules import gd, momentum, momentum_ema, nesterov

DATA = stored("09_momentum")
CELLS = DATA["digits"]["found"]


@pytest.fixture
def experiment(monkeypatch):
    module = load("09_momentum")
    monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


SMALL = {"sizes": [64, 5, 10], "batch_size": 200, "epochs": 2, "tune": 1}


@pytest.mark.parametrize("rule", [momentum_ema, nesterov])
def test_a_batched_run_equals_the_same_run_alone(experiment, rule):
    rates, betas = torch.tensor([0.1, 0.3]), torch.tensor([0.5, 0.9])
    runs = draw_runs(partial(experiment.draw, SMALL["sizes"]), range(3))
    how = {"rule": rule, "epochs": 2, "batch_size": 200}
    found = grid(network, runs, settings={"lr": rates, "beta": betas}, **how).history["train_loss"]
    for i, seed in product(range(2), range(3)):
        _, alone = train(
            network,
            experiment.start(SMALL["sizes"], seed),
            resplit(digits(), generator(seed)),
            generator=generator(1000 + seed),
            epochs=2,
            batch_size=200,
            optimizer=RuleOptimizer,
            rule=rule,
            lr=rates[i].item(),
            beta=betas[i].item(),
            label=None,
        )
        expected = alone["train_loss"].to(found)
        torch.testing.assert_close(found[i, seed], expected, rtol=1e-4, atol=1e-5)


def test_the_lowest_validation_loss_chooses_the_rate_of_each_memory(experiment, monkeypatch):
    monkeypatch.setattr(experiment, "RATES", [1e-6, 0.5, 1e6])
    found = experiment.measure_side(SMALL, momentum_ema, [0.0, 0.9])
    for side in found.values():
        assert side["lr"] == 0.5
        losses = [math.inf if loss is None else loss for loss in side["by_rate"]]
        assert losses.index(min(losses)) == 1
        assert side["test_accuracy"].shape == side["validation_loss"].shape == (2,)
        assert side["whole"].shape == (2, 3)
    one = experiment.measure_side(SMALL, nesterov, [0.9])[0]
    runs = draw_runs(partial(experiment.draw, SMALL["sizes"]), range(2))
    classical = grid(
        network, runs, settings={"lr": [0.05], "beta": [0.9]}, rule=nesterov, epochs=2,
        batch_size=200,
    )  # fmt: skip
    torch.testing.assert_close(one["whole"], classical.history["train_loss"][0])


def test_iterations_counts_until_it_stays_near(experiment):
    far, near = [1.0, 0.0], [0.0, 1e-4]
    runs = {
        "once": [far, far, near, near, near],
        "comes back": [far, near, far, near, near],
        "never": [far, far, far, far, far],
        "at the end only": [far, far, far, far, near],
        "breaks": [far, near, [math.nan, 0.0], [math.nan, 0.0], [math.nan, 0.0]],
    }
    points = torch.tensor(list(runs.values()), dtype=torch.float64).transpose(0, 1)
    found = experiment.iterations(points).tolist()
    assert found == [2, 3, math.inf, 4, math.inf]


def test_best_shift_finds_how_late_a_curve_is(experiment):
    smooth = torch.exp(-torch.linspace(0, 4, 500, dtype=torch.float64))
    late = torch.cat([smooth[:1].expand(17), smooth[:-17]])
    assert experiment.best_shift(late, smooth, 60, 50) == 17


def test_a_series_is_the_batchs_loss_and_that_of_all_images(experiment):
    noisy, smooth = experiment.loss_series(3, steps=2)
    source = generator(3)
    split = resplit(digits(), source).train
    params = experiment.start(experiment.TWO_LAYERS, 3)
    chosen = torch.randint(1000, (10,), generator=source)
    first = cross_entropy(network(params, split.x[chosen]), split.y[chosen])
    assert noisy[0].item() == pytest.approx(first.item(), rel=1e-5)
    whole = cross_entropy(network(params, split.x), split.y)
    assert smooth[0].item() == pytest.approx(whole.item(), rel=1e-5)
    assert smooth[1] != smooth[0]


def test_along_axes_tells_the_restless_axis_from_the_others(experiment):
    steps = torch.arange(200, dtype=torch.float64)
    gradients = torch.stack([(-1) ** steps, torch.ones(200), 2 * torch.ones(200)], dim=1).double()
    found = experiment.along_axes(gradients)
    assert found["steep"].item() == pytest.approx((1 - 0.9) / (1 + 0.9), rel=0.01)
    assert found["flat"].item() == pytest.approx(1, abs=0.01)
    assert found["turns"].item() == 1


def test_reached_is_the_first_epoch_at_the_goal(experiment):
    losses = torch.tensor([[3.0, 2.0, 1.0, 1.5], [3.0, 2.9, 2.8, 2.7], [1.0, 2.0, 3.0, 4.0]])
    assert experiment.reached(losses, torch.tensor([1.5, 1.0, 1.0])) == [2, None, 0]


def test_sides_of_a_bowl_are_stable_up_to_their_bound(experiment):
    for condition in (2, 50):
        sides = experiment.bowl_sides(condition)
        for name, (rule, settings, bound) in sides.items():
            for share, runs_away in ((0.999, False), (1.001, True)):
                points = experiment.path(
                    rule, lambda p: p, torch.ones(1).double(), steps=9000, lr=share * bound,
                    **settings,
                )  # fmt: skip
                assert (points[-1].abs().item() > 10) == runs_away, name
        assert sides["momentum, Polyak's β"][1]["beta"] == best_momentum(condition)[1]


def test_there_are_24_runs_of_everything():
    assert DATA["seeds"] == 24
    for cell in CELLS.values():
        for side in cell["sides"].values():
            for what in ("test_accuracy", "validation_loss", "reached", "train_loss"):
                assert len(side[what]) == 24
    for of_condition in DATA["bowl"]["found"].values():
        assert {len(side["iterations"]) for side in of_condition.values()} == {24}
    for of_rate in DATA["axes"]["found"].values():
        assert {len(values) for values in of_rate.values()} == {24}
    assert {len(runs) for what in ("lags", "left") for runs in DATA["series"][what]} == {24}


def test_no_learning_rate_was_cut_off_by_the_list():
    rates = DATA["digits"]["rates"]
    for title, cell in CELLS.items():
        for name, side in cell["sides"].items():
            assert rates[0] < side["lr"] < rates[-1], (title, name)


def test_rates_are_chosen_on_other_seeds_than_those_reported(experiment):
    assert all(500 + cell["tune"] > 500 >= DATA["seeds"] for cell in CELLS.values())
    assert not torch.equal(experiment.starts(0, 8), experiment.starts(1, 8))


def test_the_bowls_counts_are_near_what_the_roots_say():
    """After ln(1000) over the log of what is kept, the distance is a thousandth at the most."""
    for condition, of in DATA["bowl"]["found"].items():
        kappa = float(condition)
        if kappa < 5:
            continue
        by_theory = math.log(1000) / math.log((kappa + 1) / (kappa - 1))
        counts = of["gradient descent"]["iterations"]
        assert 0.95 * by_theory < max(counts) < 1.1 * by_theory + 2
        beta = best_momentum(kappa)[1]
        bound = math.log(1000) / -math.log(beta**0.5)
        assert 0.8 * bound < max(of["momentum, Polyak's β"]["iterations"]) < 2 * bound + 8


def test_a_stored_count_is_what_the_rules_need_now():
    of = DATA["bowl"]["found"]["50"]
    curvature = torch.tensor([1 / 50, 1.0], dtype=torch.float64)
    begin = torch.randn(24, 2, generator=generator(0), dtype=torch.float64)
    for name, step in {
        "gradient descent": lambda p, v, lr: (gd(p, curvature * p, lr=lr), v),
        "momentum, β = 0.9": lambda p, v, lr: momentum(p, curvature * p, v, lr=lr, beta=0.9),
    }.items():
        p, v, last = begin, torch.zeros_like(begin), torch.zeros(24)
        for t in range(400):
            far = p.norm(dim=1) > DATA["bowl"]["near"] * begin.norm(dim=1)
            last[far] = t
            p, v = step(p, v, of[name]["lr"])
        apart = (last + 1 - torch.tensor(of[name]["iterations"])).abs()
        assert apart.max() <= 1


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert DATA["digits"]["rates"] == pytest.approx(experiment.RATES, rel=1e-5)
    assert list(CELLS) == list(experiment.CELLS)
    for title, cell in experiment.CELLS.items():
        assert {key: CELLS[title][key] for key in cell} == cell
        names = [f"β = {beta:g}" for beta in experiment.MEMORIES] + ["Nesterov, β = 0.9"]
        assert list(CELLS[title]["sides"]) == names
    assert DATA["bowl"]["conditions"] == experiment.CONDITIONS
    assert DATA["series"]["betas"] == experiment.BETAS
    assert {key: DATA["axes"][key] for key in experiment.AXES} == experiment.AXES


def test_the_stored_series_averages_as_its_lag_says():
    noisy, smooth = (torch.tensor(DATA["series"]["series"][k]) for k in ("noisy", "smooth"))
    average = ema(noisy, 0.98)
    there, late = ((average[400:] - smooth[400 - s : 1000 - s]).square().mean() for s in (0, 49))
    assert late < there / 2
    assert spectral_radius(1.0, 0.98) < 1
