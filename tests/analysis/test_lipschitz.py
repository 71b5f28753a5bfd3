"""Bounds against singular values, and the law that lower ≤ exact ≤ upper."""

import math
from itertools import pairwise

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.analysis import (
    CONSTANTS,
    EXAMPLES,
    SOFTMAX,
    convolution,
    exact_norm,
    exact_norm_circular,
    example,
    lower_norm,
    lower_norm_at,
    lower_norm_by_squaring,
    soft_max,
    spectral_norm,
    upper_norm_by_frobenius,
    upper_norm_by_reshape,
    upper_norm_by_sums,
    upper_norm_zero_padded,
)
from course_lib.lab import generator
from course_lib.nn.activations import ACTIVATIONS

ROUNDING = 1 + 1e-9
seeds = st.integers(0, 10_000)


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


@given(h=st.integers(1, 8), d=st.integers(1, 8), scale=st.floats(1e-3, 1e3), seed=seeds)
@settings(deadline=None, max_examples=60)
def test_bounds_of_a_matrix_hold(h, d, scale, seed):
    W = scale * randn(h, d, seed=seed)
    true = torch.linalg.matrix_norm(W, ord=2)
    assert exact_norm(W) == pytest.approx(true.item(), rel=1e-12)
    lower = lower_norm(lambda v: W @ v, lambda u: W.T @ u, randn(d, seed=seed + 1), rounds=3)
    assert lower <= true * ROUNDING
    assert true <= upper_norm_by_frobenius(W) * ROUNDING
    assert true <= upper_norm_by_sums(W) * ROUNDING


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e15, 1e18])
def test_bounds_hold_at_the_ends_of_float32(scale):
    W = scale * torch.tensor([[3.0, 1.0], [1.0, 2.0]])
    true = scale * (5 + 5**0.5) / 2
    for found in (exact_norm(W), upper_norm_by_sums(W), upper_norm_by_frobenius(W)):
        assert true * (1 - 1e-6) <= found.item() < 1.2 * true
    lower = lower_norm(lambda v: W @ v, lambda u: W.T @ u, torch.ones(2), rounds=30)
    assert lower.item() == pytest.approx(true, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_norms_in_half_precision_are_those_of_float32_rounded(dtype):
    W = randn(5, 7, seed=1).to(dtype)
    assert torch.equal(exact_norm(W), exact_norm(W.float()).to(dtype))
    assert spectral_norm(W).forward(W[0]).dtype == dtype
    for upper in (upper_norm_by_frobenius(W), upper_norm_by_sums(W)):
        assert upper.dtype == dtype
        assert upper.double() >= exact_norm(W.double()) * (1 - torch.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 4, 3)])
def test_a_matrix_without_places_stretches_by_nothing(shape):
    for norm in (exact_norm, upper_norm_by_frobenius, upper_norm_by_sums):
        assert torch.equal(norm(torch.ones(shape)), torch.zeros(shape[:-2]))


def test_a_kernel_without_channels_stretches_by_nothing():
    for shape in ((0, 2, 3, 3), (2, 0, 3, 3)):
        kernel = torch.ones(shape)
        assert upper_norm_by_reshape(kernel) == 0


@given(
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    size=st.tuples(st.integers(3, 6), st.integers(3, 6)),
    kernel=st.sampled_from([1, 3]),
    stride=st.integers(2, 3),
    seed=seeds,
)
@settings(deadline=None, max_examples=40)
def test_bounds_of_a_convolution_hold(channels, size, kernel, stride, seed):
    K, x = randn(*channels, kernel, kernel, seed=seed), torch.zeros(channels[1], *size).double()
    circular = exact_norm(convolution(K, kernel // 2, circular=True).jacobian(x))
    assert exact_norm_circular(K, *size).item() == pytest.approx(circular.item(), rel=1e-9)
    zeros = exact_norm(convolution(K, kernel // 2).jacobian(x))
    assert zeros <= upper_norm_zero_padded(K, *size) * ROUNDING
    for true in (zeros, circular):
        assert true <= upper_norm_by_reshape(K) * ROUNDING
    for around, whole in ((False, zeros), (True, circular)):  # a stride keeps a part of the results
        part = convolution(K, kernel // 2, around, stride).jacobian(x)
        assert exact_norm(part) <= whole * ROUNDING


def test_zeros_as_padding_can_exceed_the_circular_norm():
    K, x = torch.tensor([[[[1.0, -1.0]]]]).double(), torch.zeros(1, 1, 3).double()
    # one place is added on one side only, which is what makes three results of three places
    padded = torch.nn.functional.pad(torch.eye(3).double().view(3, 1, 1, 3), (0, 1))
    zeros = exact_norm(torch.nn.functional.conv2d(padded, K).flatten(1).T)
    assert zeros.item() == pytest.approx(1.802, abs=1e-3)
    assert exact_norm_circular(K, 1, 3).item() == pytest.approx(1.732, abs=1e-3)
    assert zeros <= upper_norm_zero_padded(K, *x.shape[1:])


def test_the_norm_of_the_reshaped_kernel_alone_is_no_bound():
    K = torch.ones(1, 1, 3, 3).double()
    assert exact_norm_circular(K, 8, 8) > 2.9 * exact_norm(K.flatten(1))


def test_a_kernel_that_is_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="the kernel, 3 by 3, is larger than the image, 2 by 8"):
        exact_norm_circular(torch.ones(1, 1, 3, 3), 2, 8)


# Power iteration


def test_power_iteration_rises_to_the_largest_singular_value():
    W = randn(7, 5, seed=3)
    v = randn(5, seed=4)
    found = [lower_norm(lambda v: W @ v, lambda u: W.T @ u, v, rounds=k) for k in range(60)]
    assert all(b >= a / ROUNDING for a, b in pairwise(found))
    assert found[-1].item() == pytest.approx(exact_norm(W).item(), rel=1e-6)
    assert found[0] < 0.95 * exact_norm(W)


def test_power_iteration_of_a_zero_matrix_is_zero():
    assert lower_norm(lambda v: 0 * v, lambda u: 0 * u, torch.ones(3), rounds=4) == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_power_iteration_on_a_module_reaches_the_norm_of_its_jacobian(name):
    module, x = example(name, generator(6))
    lower = lower_norm_at(module, x, rounds=400, generator=generator(7))
    true = exact_norm(module.jacobian(x))
    assert lower <= true * ROUNDING
    assert lower.item() == pytest.approx(true.item(), rel=0.01)


@given(h=st.integers(1, 8), d=st.integers(1, 8), squarings=st.integers(0, 6), seed=seeds)
@settings(deadline=None, max_examples=60)
def test_squaring_k_times_is_two_to_the_k_rounds(h, d, squarings, seed):
    W, begin = randn(h, d, seed=seed), randn(h, seed=seed + 1)
    found = lower_norm_by_squaring(W, begin, squarings)
    rounds = lower_norm(lambda u: W.T @ u, lambda v: W @ v, begin, rounds=2**squarings)
    assert found.item() == pytest.approx(rounds.item(), rel=1e-9)
    assert found <= exact_norm(W) * ROUNDING


@pytest.mark.parametrize("scale", [0.0, 1e-8, 1.0, 1e8])
def test_squaring_stays_in_the_range_of_float32(scale):
    W = scale * torch.tensor([[3.0, 1.0], [1.0, 2.0]])
    found = lower_norm_by_squaring(W, torch.ones(2), squarings=6)
    assert found.item() == pytest.approx(scale * (5 + 5**0.5) / 2, rel=1e-6)


def test_a_gradient_sees_the_matrix_alone_and_runs_can_be_batched():
    W, begin = randn(3, 5, 4, seed=1), randn(5)
    norm = lambda W: lower_norm_by_squaring(W, begin, 2)  # noqa: E731
    gradients = torch.func.vmap(torch.func.grad(norm))(W)
    for own, gradient in zip(W, gradients, strict=True):
        u = torch.linalg.matrix_power(own @ own.T, 4) @ begin
        u = u / u.norm()
        expected = torch.outer(u, own.T @ u) / (own.T @ u).norm()
        torch.testing.assert_close(gradient, expected)


# Constants


@pytest.mark.parametrize("name", CONSTANTS)
def test_the_constant_is_the_largest_slope(name):
    value, at = CONSTANTS[name]
    z = torch.linspace(-50, 50, 2_000_001, dtype=torch.float64)
    largest = ACTIVATIONS[name].grad(z).abs().max().item()
    assert largest <= value < largest + 1e-8
    if math.isfinite(at):
        slope = ACTIVATIONS[name].grad(torch.tensor(at, dtype=torch.float64)).item()
        assert slope == pytest.approx(value, rel=1e-12)


def by_many_digits(name):
    """Return where the slope of a smooth activation turns, and the slope there, to 30 digits."""
    share, near = {
        "GELU": (mpmath.ncdf, 1.4),
        "SiLU": (lambda z: 1 / (1 + mpmath.exp(-z)), 2.4),
        "Mish": (lambda z: mpmath.tanh(mpmath.log(1 + mpmath.exp(z))), 1.5),
    }[name]
    with mpmath.workdps(60):
        turns = mpmath.findroot(lambda z: mpmath.diff(lambda z: z * share(z), z, 2), near)
        return turns, mpmath.diff(lambda z: z * share(z), turns)


@pytest.mark.parametrize("name", ["GELU", "SiLU", "Mish"])
def test_the_constant_is_right_to_its_last_digit_and_never_below(name):
    value, at = CONSTANTS[name]
    turns, largest = by_many_digits(name)
    assert abs(at - turns) < 1e-15
    assert 0 <= value - largest < 1e-15


def test_every_activation_has_its_constant():
    assert CONSTANTS.keys() == ACTIVATIONS.keys()


def test_the_numbers_of_four_digits_are_these_rounded_up():
    assert 1.1289 < CONSTANTS["GELU"].value < 1.1290
    assert 1.0998 < CONSTANTS["SiLU"].value < 1.0999
    assert 1.0884 < CONSTANTS["Mish"].value < 1.0885


@given(k=st.integers(2, 9), scale=st.floats(0.01, 30), seed=seeds)
@settings(deadline=None, max_examples=60)
def test_softmax_never_stretches_by_more_than_a_half(k, scale, seed):
    J = soft_max().jacobian(scale * randn(k, seed=seed))
    assert exact_norm(J) <= SOFTMAX * ROUNDING


def test_softmax_reaches_a_half_at_two_equal_shares():
    z = torch.tensor([0.0, 0.0, -torch.inf, -torch.inf], dtype=torch.float64)
    assert exact_norm(soft_max().jacobian(z)).item() == pytest.approx(SOFTMAX, rel=1e-12)
