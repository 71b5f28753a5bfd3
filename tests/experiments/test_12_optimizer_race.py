"""The experiment's batched runs, steps and curvatures are what they are said to be."""

import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from course_lib.lab import accuracy, digits, stored, train
from course_lib.lab import experiment as load
from course_lib.lab.device import generator
from course_lib.lab.networks import network
from course_lib.optim import rules
from course_lib.optim.surfaces import RAVINE, ROSENBROCK, SADDLE, SURFACES
from course_lib.optim.tuning import rank_ranges, tune

DATA = stored("12_optimizer_race")
RACES = [cells for task in DATA["race"].values() for cells in task.values()]


@pytest.fixture
def experiment(monkeypatch):
    module = load("12_optimizer_race")
    monkeypatch.setattr(module, "tqdm", lambda items, **_: items)
    return module


# Surfaces


def test_steps_are_counted_until_the_value_stays_near(experiment):
    near, far = 0.5, 9.0
    heights = torch.tensor([[far, near, far, near, near], [far, far, far, far, near],
                            [near] * 5, [near] * 4 + [far], [math.nan] * 5]).T  # fmt: skip
    surface = SADDLE.__class__("height", lambda p: p[..., 0], None, ((0.0, 0.0),), (), ())
    experiment.NEAR = 1.0
    points = torch.stack([heights, heights], dim=-1)
    assert experiment.steps_needed(surface, points).tolist() == [3, 4, 0, 4, 4]


def test_gradient_descent_needs_as_many_steps_as_its_formula(experiment):
    starts = experiment.draw_starts(RAVINE, 20, 3)
    points = experiment.path(rules.gd, RAVINE.gradient, starts, steps=400, lr=1.5)
    found = experiment.steps_needed(RAVINE, points).tolist()
    shrinks = 1 - 1.5 * torch.tensor([1 / 50, 1.0], dtype=torch.float64)
    for start, steps in zip(starts, found, strict=True):
        assert RAVINE.value(start * shrinks**steps) <= experiment.NEAR
        assert steps == 0 or RAVINE.value(start * shrinks ** (steps - 1)) > experiment.NEAR


def test_the_turned_ravine_is_the_ravine_seen_from_another_side(experiment):
    turned = experiment.TURNED
    points = experiment.draw_starts(turned, 9, 1)
    flat = experiment.draw_starts(RAVINE, 9, 1)
    torch.testing.assert_close(turned.value(points), RAVINE.value(flat))
    slope = torch.func.grad(lambda p: turned.value(p).sum())(points)
    torch.testing.assert_close(turned.gradient(points), slope)
    both = [
        experiment.path(rules.momentum, s.gradient, p, steps=30, lr=0.3)
        for s, p in ((turned, points), (RAVINE, flat))
    ]
    torch.testing.assert_close(both[0], both[1] @ experiment.TURN)


def test_starts_lie_in_the_window_and_differ_by_seed(experiment):
    x_low, x_high, y_low, y_high = ROSENBROCK.window
    points = experiment.draw_starts(ROSENBROCK, 200, 0)
    for axis, (low, high) in enumerate(((x_low, x_high), (y_low, y_high))):
        assert low <= points[:, axis].min() < points[:, axis].max() <= high
    assert not torch.equal(points, experiment.draw_starts(ROSENBROCK, 200, 1))


def test_gradient_descent_leaves_the_saddle_when_its_formula_says():
    x, near = DATA["offsets"][-1], 0.5
    expected = math.log(near / x) / math.log(1.1)  # far from y⁴ it grows by 1 + lr a step
    assert abs(DATA["saddle"]["gradient descent"]["same_rate"][-1] - expected) <= 3


def test_the_tilted_surface_has_the_minima_that_are_said(experiment):
    minima = experiment.tilted_minima()
    slope = torch.func.vmap(torch.func.grad(experiment.TILTED.value))(minima)
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-9)
    for point in minima:
        bend = torch.func.jacrev(torch.func.grad(experiment.TILTED.value))(point)
        assert (torch.linalg.eigvalsh(bend) > 0).all()
    values = experiment.TILTED.value(minima)
    assert values.tolist() == sorted(values.tolist())
    kept = torch.tensor(DATA["minima"]["minima"], dtype=torch.float64)
    torch.testing.assert_close(minima, kept, rtol=0, atol=1e-4)
    assert DATA["minima"]["flow"][4] == 0


# The race


@pytest.mark.parametrize("racer", ["momentum", "Adam"])
def test_a_batched_run_equals_the_same_run_alone(experiment, racer):
    task, rule = experiment.TASKS["digits"], experiment.RACERS[racer].rule
    settings = [{"lr": 0.01}, {"lr": 0.03}, {"lr": 0.01}]
    found = experiment.run_all(task, rule, settings, [7, 8], epochs=1)
    params, data, _ = experiment.draw(task, 8)
    optimizer = {"momentum": torch.optim.SGD, "Adam": torch.optim.Adam}[racer]
    more = {"momentum": 0.9} if racer == "momentum" else {}
    trained, history = train(
        network, params, data, lr=0.03, epochs=1, batch_size=task.batch,
        generator=generator(1008), optimizer=optimizer, label=None, **more,
    )  # fmt: skip
    loss = cross_entropy(network(trained, data.test.x), data.test.y).item()
    assert found["test_loss"][1, 1].item() == pytest.approx(loss, rel=1e-3)
    right = accuracy(network(trained, data.test.x), data.test.y).item()
    assert found["test_accuracy"][1, 1].item() == pytest.approx(right, abs=0.005)
    validation = history["validation_loss"][-1].item()
    assert found["validation_loss"][1, 1].item() == pytest.approx(validation, rel=1e-3)
    assert torch.equal(found["test_loss"][0], found["test_loss"][2]), "settings share the order"


def test_a_run_that_diverges_is_nan_and_its_neighbours_are_not(experiment):
    settings = [{"lr": 1e6}, {"lr": 0.1}]
    found = experiment.run_all(experiment.TASKS["tumours"], rules.gd, settings, [1, 2], epochs=1)
    for values in found.values():
        assert values[0].isnan().all()
        assert values[1].isfinite().all()


def test_no_test_example_is_trained_or_tuned_on(experiment):
    for task in experiment.TASKS.values():
        whole = task.data()
        for seed in (0, 100):
            data = experiment.draw(task, seed).data
            assert torch.equal(data.test.x, whole.test.x)
            both = torch.cat([data.train.x, data.validation.x])
            before = torch.cat([whole.train.x, whole.validation.x])
            assert torch.equal(both.sum(dim=1).sort().values, before.sum(dim=1).sort().values)
    first, again = (experiment.draw(experiment.TASKS["digits"], 3) for _ in range(2))
    assert torch.equal(first.data.train.x, again.data.train.x)
    assert all(torch.equal(first.start[name], again.start[name]) for name in first.start)


def test_the_seeds_of_tuning_and_of_the_race_have_nothing_in_common(experiment):
    assert not set(experiment.TUNING_SEEDS) & set(experiment.SEEDS)
    assert len(experiment.SEEDS) == 24


def test_every_rule_tries_the_same_rates_across_the_whole_square(experiment):
    tried = {name: experiment.settings_of(racer) for name, racer in experiment.RACERS.items()}
    rates = {tuple(own["lr"] for own in settings) for settings in tried.values()}
    assert len(rates) == 1
    exponents = torch.tensor(rates.pop()).log10()
    assert exponents.histc(5, -4, 1).min() >= 6, "six or seven of 32 in each power of ten"
    betas = [own["beta"] for own in tried["momentum"]]
    assert 0 <= min(betas) < 0.1
    assert 0.99 < max(betas) <= 0.997
    assert tried["momentum"] == tried["Nesterov"]


def test_raw_tumours_have_their_own_units(experiment):
    raw = experiment.raw_tumours()
    spread = raw.train.x.std(dim=0)
    assert spread.max() / spread.min() > 1e5
    assert raw.train.x.square().mean().item() == pytest.approx(1, rel=1e-3)
    assert torch.equal(raw.test.y, experiment.breast_cancer().test.y)


def test_a_rate_at_the_edge_of_what_was_tried_is_refused(experiment):
    settings = [{"lr": 10.0**k, "beta": 0.5 + 0.1 * k} for k in range(3)]
    pool = {name: torch.ones(3, 4) for name in ("validation_loss", "test_loss")}
    pool["validation_loss"][1] = 0.5
    assert experiment.choose(pool, settings) == 1
    pool["validation_loss"][2] = 0.1
    with pytest.raises(ValueError, match="the highest of lr"):
        experiment.choose(pool, settings)


def test_with_gaps_keeps_numbers_and_makes_none_of_nan(experiment):
    assert experiment.with_gaps(torch.tensor([[1.0, math.nan]])) == [[1.0, None]]


def table(cell, what):
    rows = [[math.nan if v is None else -v for v in row] for row in cell["pool"][what]]
    return torch.tensor(rows, dtype=torch.float64)


def test_what_is_stored_was_chosen_by_validation_alone():
    for cells in RACES:
        for cell in cells.values():
            scores = table(cell, "validation_loss"), table(cell, "test_loss")
            assert tune(*scores)[0] == cell["chosen"]
            half = len(scores[0]) // 2
            assert tune(*(s[:half] for s in scores))[0] == cell["halves"][0]
            assert half + tune(*(s[half:] for s in scores))[0] == cell["halves"][1]
            assert cell["chosen"] in cell["halves"]
            which = cell["halves"].index(cell["chosen"])
            assert cell["half_test_loss"][which] == cell["final"]["test_loss"]


def test_there_are_24_fresh_seeds_of_everything():
    for cells in RACES:
        assert len(cells) == 8
        for cell in cells.values():
            assert {len(runs) for runs in cell["final"].values()} == {24}
            assert len(cell["pool"]["test_loss"]) == 32
            assert None not in cell["final"]["test_loss"]
        first, last = rank_ranges(
            -torch.tensor([cell["final"]["test_loss"] for cell in cells.values()]), 3.5
        )
        assert (first <= last).all()


def test_every_surface_has_400_starts_for_each_rule():
    assert set(SURFACES) < set(DATA["surfaces"])
    for rows in DATA["surfaces"].values():
        assert {len(own["steps"]) for own in rows.values()} == {400}


# The edge of stability

# Torch's forward mode loads decompositions with a function that it calls deprecated.
forward_mode = pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")


@forward_mode
def test_sharpness_is_the_largest_eigenvalue(experiment):
    source = generator(0)
    a = torch.randn(6, 6, generator=source)
    curvature = a @ a.T

    def loss(p):
        return p @ curvature @ p / 2 + p.sum()

    v = torch.randn(6, generator=source)
    value, direction = experiment.sharpness(loss, torch.randn(6, generator=source), v, rounds=200)
    values, vectors = torch.linalg.eigh(curvature)
    torch.testing.assert_close(value, values[-1], rtol=1e-4, atol=0)
    torch.testing.assert_close((direction @ vectors[:, -1]).abs(), torch.tensor(1.0))


def test_the_network_at_the_edge_is_what_is_said(experiment):
    loss, row = experiment.edge_network()
    data = digits().train
    x = data.x - data.x.mean(dim=0)
    x = x / x.square().mean().sqrt()
    layers = [torch.nn.Linear(d, h) for d, h in ((64, 32), (32, 32), (32, 10))]
    net = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
    torch.nn.utils.vector_to_parameters(row, net.parameters())
    answers = torch.nn.functional.one_hot(data.y).float()
    expected = 10 * torch.nn.functional.mse_loss(net(x), answers) / 2
    torch.testing.assert_close(loss(row), expected.detach())
    stored_loss = DATA["edge"]["found"]["0.5"]["0.3"][0]["loss"][0]
    assert loss(row).item() == pytest.approx(stored_loss, rel=1e-3)


@forward_mode
def test_the_sharpness_before_training_is_the_stored_one(experiment):
    v = torch.randn(3466, generator=generator(1))
    loss, row = experiment.edge_network()
    value, _ = experiment.sharpness(loss, row, v, rounds=60)
    stored_value = DATA["edge"]["found"]["0.5"]["0.6"][0]["sharpness"][0]
    assert value.item() == pytest.approx(stored_value, rel=0.02)


def test_larger_weights_and_other_seeds_start_elsewhere(experiment):
    _, small = experiment.edge_network(0, 0.5)
    _, usual = experiment.edge_network(0, 1.0)
    torch.testing.assert_close(usual, 2 * small)
    assert not torch.equal(small, experiment.edge_network(1, 0.5)[1])


def test_the_experiment_has_not_changed_its_conditions(experiment):
    assert DATA["rates"] == pytest.approx(experiment.RATES, rel=1e-5)
    assert DATA["budgets"] == experiment.BUDGETS
    assert list(DATA["race"]) == list(experiment.TASKS)
    assert DATA["steps"] == experiment.STEPS
    for cells in RACES:
        assert list(cells) == list(experiment.RACERS)
