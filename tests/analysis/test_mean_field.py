"""Means over a normal distribution against closed forms, and against wide random layers."""

import math

import pytest
import torch

from course_lib.analysis import mean_squares
from course_lib.lab import generator
from course_lib.nn.activations import ACTIVATIONS


@pytest.mark.parametrize("spread", [0.1, 1.0, 7.0])
def test_closed_forms(spread):
    out, slope = mean_squares(ACTIVATIONS["identity"], spread)
    assert (out.item(), slope.item()) == pytest.approx((spread**2, 1))
    out, slope = mean_squares(ACTIVATIONS["ReLU"], spread)
    # at 0 itself, one of 20,001 places, the slope is taken to be 0
    assert (out.item(), slope.item()) == pytest.approx((spread**2 / 2, 1 / 2), rel=1e-3)
    # for erf instead of tanh there is a closed form: Williams (1997)
    erf = ACTIVATIONS["tanh"]._replace(f=torch.erf)
    out, _ = mean_squares(erf, spread)
    expected = 2 / math.pi * math.asin(2 * spread**2 / (1 + 2 * spread**2))
    assert out.item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "GELU"])
def test_a_wide_layer(name):
    z = 1.7 * torch.randn(400_000, generator=generator(0), dtype=torch.float64)
    expected = [f(z).square() for f in ACTIVATIONS[name][:2]]
    for found, draws in zip(mean_squares(ACTIVATIONS[name], 1.7), expected, strict=True):
        error = draws.std() / len(z) ** 0.5
        assert abs(found - draws.mean()) < 4 * error
