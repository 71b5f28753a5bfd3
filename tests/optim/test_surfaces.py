"""Each surface: its gradient against autograd, and that its minima are minima, all of them."""

import math

import pytest
import torch

from course_lib.lab.data import diabetes
from course_lib.lab.device import generator
from course_lib.optim.surfaces import BEALE, HIMMELBLAU, SADDLE, SURFACES, bowl, neuron


def _of_diabetes():
    split = diabetes().train
    return neuron(split.x[:, 2].double(), split.y.double())


ALL = [*SURFACES.values(), bowl(1), bowl(1000), _of_diabetes()]


def _inside(surface, n, seed=0):
    low = torch.tensor(surface.window[::2], dtype=torch.float64)
    high = torch.tensor(surface.window[1::2], dtype=torch.float64)
    return low + (high - low) * torch.rand(n, 2, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize("surface", ALL, ids=lambda s: s.name)
def test_the_gradient_is_that_of_autograd(surface):
    points = _inside(surface, 50).requires_grad_()
    (expected,) = torch.autograd.grad(surface.value(points).sum(), points)
    torch.testing.assert_close(surface.gradient(points), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("surface", ALL, ids=lambda s: s.name)
def test_a_minimum_has_no_slope_and_curves_up_in_every_direction(surface):
    for minimum in surface.minima:
        point = torch.tensor(minimum, dtype=torch.float64)
        scale = float(surface.value(_inside(surface, 50)).abs().max())
        assert surface.gradient(point).abs().max() < 1e-10 * scale
        hessian = torch.autograd.functional.hessian(surface.value, point)
        assert torch.linalg.eigvalsh(hessian).min() > 0


@pytest.mark.parametrize("surface", ALL, ids=lambda s: s.name)
def test_no_point_of_the_window_is_lower_than_the_lowest_minimum(surface):
    minima = torch.tensor(surface.minima, dtype=torch.float64)
    lowest = surface.value(minima).min()
    assert (surface.value(_inside(surface, 20_000)) >= lowest).all()


@pytest.mark.parametrize("surface", ALL, ids=lambda s: s.name)
def test_minima_and_start_lie_in_the_window(surface):
    x_low, x_high, y_low, y_high = surface.window
    for x, y in (*surface.minima, surface.start):
        assert x_low < x < x_high
        assert y_low < y < y_high


@pytest.mark.parametrize("surface", [BEALE, HIMMELBLAU, SADDLE], ids=lambda s: s.name)
def test_steepest_descent_in_small_steps_ends_in_a_listed_minimum(surface):
    """No minimum is missing: from everywhere in the window, one of those listed is found."""
    minima = torch.tensor(surface.minima, dtype=torch.float64)
    p = _inside(surface, 300)
    for _ in range(10_000):
        g = surface.gradient(p)
        p = p - 5e-3 * g / g.norm(dim=-1, keepdim=True).clamp(min=1.0)
    near = torch.cdist(p, minima).min(dim=1)
    arrived = near.values < 0.05
    running = p.norm(dim=-1) > 4.5  # Beale falls towards 0 at infinity, too
    assert (arrived | (running if surface is BEALE else torch.zeros_like(arrived))).all()
    assert set(near.indices[arrived].tolist()) == set(range(len(minima)))


def test_known_values():
    def at(name, x, y):
        return float(SURFACES[name].value(torch.tensor([x, y], dtype=torch.float64)))

    assert at("Beale", 0.0, 0.0) == 1.5**2 + 2.25**2 + 2.625**2
    assert at("Rosenbrock", -1.2, 1.0) == pytest.approx(24.2)
    assert at("Himmelblau", 0.0, 0.0) == 121 + 49
    assert at("saddle", 0.0, 1.0) == -0.25
    assert at("bowl, condition 50", 5.0, 1.0) == pytest.approx(0.5 * (25 / 50 + 1))


def test_the_curvatures_of_a_bowl_are_1_and_1_over_its_condition():
    hessian = torch.autograd.functional.hessian(
        bowl(40).value, torch.tensor([3.0, -2.0], dtype=torch.float64)
    )
    torch.testing.assert_close(hessian, torch.diag(torch.tensor([1 / 40, 1.0])).double())


@pytest.mark.parametrize("condition", [0.5, math.inf, math.nan])
def test_a_condition_out_of_range_is_named(condition):
    with pytest.raises(ValueError, match="condition is"):
        bowl(condition)


def test_the_minimum_of_a_neuron_is_the_least_squares_line():
    split = diabetes().train
    x, y = split.x[:, 2].double(), split.y.double()
    columns = torch.stack([x, torch.ones_like(x)], dim=1)
    expected = torch.linalg.lstsq(columns, y[:, None]).solution.flatten()
    torch.testing.assert_close(
        torch.tensor(neuron(x, y).minima[0]).double(), expected, rtol=1e-6, atol=1e-6
    )


def test_a_neuron_needs_an_input_that_varies():
    with pytest.raises(ValueError, match="x is 3"):
        neuron(torch.full((5,), 3.0), torch.arange(5.0))
