"""The experiment's Hessians are autograd's, and its stored seeds are those of one alone."""

import math

import pytest
import torch

from course_lib.lab import experiment as load
from course_lib.lab import generator, stored
from course_lib.second_order import exact_diagonal

DATA = stored("18_curvature")
TANH, RELU = "one hidden layer, tanh", "two hidden layers, ReLU"


@pytest.fixture(scope="module")
def experiment():
    return load("18_curvature")


@pytest.fixture(scope="module")
def places(experiment):
    seed = DATA["seeds"][1]
    return {name: experiment.places(name, seed) for name in (TANH, RELU)}


def test_quality():
    script = load("18_curvature")
    truth = torch.tensor([1.0, 2.0, -4.0, 8.0])
    same = script.quality(truth, truth)
    assert (same["below"], same["off"]) == (0.25, 0)
    assert same["rank"].item() == pytest.approx(1)
    turned = script.quality(-truth.flip(0), truth)
    assert turned["below"] == 0.75
    assert turned["rank"].item() == pytest.approx(-1)


def test_tuning_seeds_are_not_reported():
    assert not set(DATA["seeds"]) & set(DATA["tuning_seeds"])


@pytest.mark.parametrize("name", [TANH, RELU])
def test_the_hessian_is_that_of_the_loss_and_the_network_is_the_trained_one(places, name):
    at = places[name][1]
    torch.testing.assert_close(at.H, at.H.T, rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(at.H.diagonal(), exact_diagonal(at.loss, at.p))
    seed = DATA["seeds"].index(DATA["seeds"][1])
    losses = [point["about"]["loss"][seed] for point in DATA["networks"][name]["points"]]
    assert at.loss(at.p).item() == pytest.approx(losses[1], rel=0.02)
    assert losses[0] > losses[1] > losses[2] > losses[3]


@pytest.mark.parametrize("name", [TANH, RELU])
def test_a_stored_seed_is_the_seed_alone(experiment, places, name):
    seed, at = DATA["seeds"][1], places[name][0]  # before training nothing is chaotic
    each = experiment.estimates(at, seed)
    kept = DATA["networks"][name]["points"][0]
    for of, estimate in each.items():
        for what, value in experiment.quality(estimate, each["truth"]).items():
            assert value.item() == pytest.approx(kept["estimates"][of][what][1], rel=0.01, abs=0.01)
    floor = DATA["networks"][name]["floors"][0]["truth"]
    found = experiment.gains(at, experiment.divisors({"truth": each["truth"]}, floor))
    assert found["truth"].item() == pytest.approx(kept["gains"]["truth"][1], rel=0.01)


def test_with_relu_gauss_newton_has_the_hessians_diagonal(experiment, places):
    each = experiment.estimates(places[RELU][2], 0)
    torch.testing.assert_close(each["Gauss-Newton"], each["truth"], rtol=1e-6, atol=1e-9)
    each = experiment.estimates(places[TANH][2], 0)
    assert (each["Gauss-Newton"] - each["truth"]).abs().max() > 1e-3


def test_a_best_rate_at_an_end_is_refused(experiment, places):
    at = places[TANH][1]
    with pytest.raises(ValueError, match="the best rate 1e-06 is at an end"):
        experiment.gains(at, {"gradient": torch.ones_like(at.p)}, rates=[1e-8, 1e-6])


def test_a_gain_is_what_the_best_rate_brings(experiment, places):
    at = places[TANH][1]
    found = experiment.gains(at, {"gradient": torch.ones_like(at.p)})["gradient"]
    falls = [(at.loss(at.p) - at.loss(at.p - lr * at.g)).item() for lr in experiment.RATES]
    assert found.item() == pytest.approx(max(falls))


def test_a_floor_is_looked_for_beyond_the_grid(experiment):
    assert experiment.choose_floor(lambda x: abs(math.log10(x) + 7)) == pytest.approx(1e-7)
    assert experiment.choose_floor(lambda x: abs(math.log10(x) - 3)) == pytest.approx(1e3)


def test_of_floors_as_good_the_innermost_is_chosen(experiment):
    assert experiment.choose_floor(lambda x: max(math.log10(x), -2)) == pytest.approx(1e-2)
    assert experiment.choose_floor(lambda x: -min(math.log10(x), 0)) == pytest.approx(1)


def test_the_mean_of_draws_has_its_error(experiment):
    draws = [{"off": torch.tensor(value)} for value in (1.0, 2.0, 3.0, 6.0)]
    found = experiment.mean_and_error(draws)
    assert found["off"].item() == 3
    assert found["off_error"].item() == pytest.approx((14 / 3) ** 0.5 / 2)


def test_signs_are_drawn_from_their_generator(experiment):
    z = experiment.signs(torch.zeros(1000), generator(0))
    assert set(z.tolist()) == {-1, 1}


def test_without_entries_beside_the_diagonal_every_estimate_is_exact(experiment):
    experiment.DRAWS = 5
    for found in experiment.quadratics(0.0).values():
        assert found["off"] < 1e-12
    assert experiment.quadratics(1.0)["along −g"]["off"] > 0.3
