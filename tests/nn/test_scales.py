"""Fans and standard deviations against torch and SciPy, and what they are for."""

import math

import pytest
import torch
from scipy import stats
from torch.nn import init

from course_lib.nn.scales import (
    fans,
    glorot_std,
    he_std,
    lecun_std,
    truncated_std,
    uniform_limit,
    uniform_std,
)

SHAPES = [(10, 64), (64, 10), (7, 7), (1, 1), (8, 3, 5, 5), (4, 6, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_are_torchs(shape):
    assert fans(shape) == init._calculate_fan_in_and_fan_out(torch.empty(shape))


def test_a_convolution_is_a_layer_that_is_used_many_times():
    """Its fans are those of a dense layer on one patch, and of one input in many patches."""
    fan_in, fan_out = fans((8, 3, 5, 5))
    assert (fan_in, fan_out) == (fans((8, 75))[0], 8 * 25)


@pytest.mark.parametrize("shape", SHAPES)
def test_glorot_is_between_forward_and_backward(shape):
    forward, backward = he_std(shape) / 2**0.5, he_std(shape, "fan_out") / 2**0.5
    low, high = sorted([forward, backward])
    assert low <= glorot_std(shape) * (1 + 1e-12)
    assert glorot_std(shape) <= high * (1 + 1e-12)
    assert lecun_std(shape) == pytest.approx(forward)
    fan_in, fan_out = fans(shape)
    assert glorot_std(shape) ** -2 == pytest.approx((fan_in + fan_out) / 2)


def layer(shape, std, activation, seed=0):
    """Mean squares before and after a wide layer, of signals forward and gradients backward."""
    source = torch.Generator().manual_seed(seed)
    h, d = shape
    W = std * torch.randn(h, d, generator=source, dtype=torch.float64)
    z = torch.randn(400, d, generator=source, dtype=torch.float64)
    x = activation(z)
    out = x @ W.T
    back = torch.randn(400, h, generator=source, dtype=torch.float64) @ W
    slope = torch.func.vmap(torch.func.vmap(torch.func.grad(activation)))(z)
    return z.square().mean() / out.square().mean(), (back * slope).square().mean()


@pytest.mark.parametrize("shape", [(1500, 500), (500, 1500)])
def test_lecun_keeps_linear_signals_and_he_those_behind_a_relu(shape):
    for std, activation in ((lecun_std(shape), lambda z: z * 1), (he_std(shape), torch.relu)):
        forward, _ = layer(shape, std, activation)
        assert forward == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("shape", [(1500, 500), (500, 1500)])
def test_hes_other_mode_keeps_gradients(shape):
    _, backward = layer(shape, he_std(shape, "fan_out"), torch.relu)
    assert backward == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.3, 1.0])
def test_a_leaky_relu_has_its_own_factor(slope):
    expected = init.calculate_gain("leaky_relu", slope) / math.sqrt(64)
    assert he_std((10, 64), slope=slope) == pytest.approx(expected)


@pytest.mark.parametrize(("low", "high"), [(-0.05, 0.05), (0, 1), (-3, 8), (2, 2.001)])
def test_uniform_std_is_scipys(low, high):
    assert uniform_std(low, high) == pytest.approx(stats.uniform(low, high - low).std())
    assert uniform_std(low + 100, high + 100) == pytest.approx(uniform_std(low, high))


def test_numbers_that_are_all_alike_do_not_spread():
    assert uniform_std(2, 2) == 0


@pytest.mark.parametrize("std", [0.0, 0.05, 3.0])
def test_the_limit_undoes_the_std(std):
    assert uniform_std(-uniform_limit(std), uniform_limit(std)) == pytest.approx(std)


@pytest.mark.parametrize("limit", [0.1, 0.5, 1.0, 2.0, 3.0, 8.0])
def test_truncated_std_is_scipys(limit):
    assert truncated_std(limit) == pytest.approx(stats.truncnorm(-limit, limit).std(), rel=1e-9)


@pytest.mark.parametrize("limit", [1e-12, 1e-8, 1e-7, 1e-4, 0.0099, 0.0101])
def test_a_tiny_limit_leaves_a_flat_distribution(limit):
    """The density is 1 − x²/2 but for a constant: its variance is that of the flat one, less."""
    flat = uniform_std(-limit, limit)
    assert truncated_std(limit) == pytest.approx(flat * (1 - limit**2 / 15), rel=1e-9)


def test_truncated_std_at_its_ends():
    assert truncated_std(40.0) == 1
    assert truncated_std(0.01) == pytest.approx(uniform_std(-0.01, 0.01), rel=1e-4)
    assert truncated_std() == pytest.approx(0.87962566103423978, rel=1e-15)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fans((5,)), r"shape is \(5,\); it must have two or more axes, each 1 or more"),
        (lambda: fans((5, 0)), r"shape is \(5, 0\)"),
        (lambda: he_std((5, 5), "fan_avg"), r"mode is 'fan_avg'; it must be 'fan_in' or"),
        (lambda: uniform_std(1, 0), r"low is 1 and high is 0; low must not be above high"),
        (lambda: uniform_std(math.nan, 0), r"low is nan"),
        (lambda: truncated_std(0.0), r"limit is 0.0; it must be above 0"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
