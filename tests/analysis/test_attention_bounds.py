"""Bounds of attention against Jacobians at random inputs, and at inputs that climb their norm."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import lambertw

from course_lib.analysis import (
    cosine_attention,
    dot_product_attention,
    exact_dot_product_attention,
    exact_norm,
    growing_tokens,
    l2_attention,
    lower_norm_at,
    mean_square_apart,
    upper_cosine_attention,
    upper_cosine_attention_lipsformer,
    upper_l2_attention,
)
from course_lib.lab import generator

ROUNDING = 1 + 1e-9
seeds = st.integers(0, 10_000)
sizes = st.sampled_from([0.0, 1e-3, 0.3, 1.0, 3.0, 30.0, 1e3])  # 0: all tokens alike
tokens = st.integers(1, 7)
widths = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))  # d, k, v
law = settings(deadline=None, max_examples=100)


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def heads(d, k, v, seed=0):
    return tuple(randn(d, out, seed=seed + i) for i, out in enumerate((k, k, v)))


def climb(module, X, steps):
    """Return the largest norm of the Jacobian on the way up its gradient, from X."""
    X, largest = X.clone().requires_grad_(), 0.0
    optimizer = torch.optim.Adam([X], lr=0.1)
    for _ in range(steps):
        norm = exact_norm(module.jacobian(X))
        largest = max(largest, norm.item())
        optimizer.zero_grad()
        (-norm).backward()
        optimizer.step()
    return largest


# Dot products


@pytest.mark.parametrize("mask", [None, torch.ones(3, 3, dtype=torch.bool).tril()])
def test_the_last_of_growing_tokens_depends_on_itself_by_the_block_in_the_text(mask):
    W_Q, W_K, W_V = heads(4, 2, 3)
    u, s = randn(4, seed=9), 7.0
    J = dot_product_attention(W_Q, W_K, W_V, mask).jacobian(growing_tokens(u, s))
    Bu = W_Q @ W_K.T / 2**0.5 @ u
    expected = W_V.T @ (2 / 3 * s**2 * torch.outer(u, Bu) + torch.eye(4) / 3)
    torch.testing.assert_close(J[-3:, -4:], expected, rtol=1e-9, atol=1e-9)


def test_the_norm_grows_by_a_hundred_where_tokens_grow_by_ten():
    W = heads(4, 2, 3)
    found = [
        exact_norm(dot_product_attention(*W).jacobian(growing_tokens(randn(4, seed=9), s)))
        for s in (10.0, 100.0, 1e3, 1e4)
    ]
    for small, large in pairwise(found):
        assert 95 < large / small < 105
    assert exact_dot_product_attention(*W) == math.inf


def test_without_scores_or_without_values_there_is_a_constant():
    W_Q, W_K, W_V = heads(4, 2, 3)
    first, second = torch.eye(2).double()
    apart = W_Q * first, W_K * second, W_V  # neither is 0, and their product is
    for parts in ((0 * W_Q, W_K, W_V), (W_Q, W_K, 0 * W_V), apart):
        J = dot_product_attention(*parts).jacobian(30 * randn(5, 4))
        assert exact_norm(J).item() == pytest.approx(exact_dot_product_attention(*parts))


# Distances


@given(count=tokens, size=st.floats(0.1, 3), seed=seeds)
@law
def test_no_mean_of_squared_distances_is_larger(count, size, seed):
    apart = torch.cat([torch.zeros(1), (size * randn(count - 1, seed=seed)).square()])
    mean = (apart * torch.softmax(-apart, 0)).sum().item()
    assert mean <= mean_square_apart(count) * ROUNDING


@pytest.mark.parametrize("count", [2, 3, 10, 1000, 10**9])
def test_the_largest_mean_is_reached_by_equal_distances(count):
    rho = mean_square_apart(count)
    weight = (count - 1) * math.exp(-rho - 1)
    assert (rho + 1) * weight / (1 + weight) == pytest.approx(rho, rel=1e-12)
    assert rho == pytest.approx(lambertw((count - 1) / math.e).real, rel=1e-12)


# L2 and cosine attention


@given(n=tokens, widths=widths, size=sizes, seed=seeds)
@law
def test_l2_attention_stays_below_its_bound(n, widths, size, seed):
    d, k, v = widths
    W_Q, _, W_V = heads(d, k, v, seed)
    module, X = l2_attention(W_Q, W_V), size * randn(n, d, seed=seed + 5)
    true = exact_norm(module.jacobian(X))
    assert lower_norm_at(module, X, 3, generator(seed)) <= true * ROUNDING
    assert true <= upper_l2_attention(W_Q, W_V, n) * ROUNDING


@given(
    n=tokens,
    widths=widths,
    size=sizes,
    tau=st.sampled_from([0.1, 1.0, 20.0]),
    eps=st.sampled_from([1e-6, 1e-2, 1.0]),
    seed=seeds,
)
@law
def test_cosine_attention_stays_below_both_bounds(n, widths, size, tau, eps, seed):
    W, X = heads(*widths, seed), size * eps**0.5 * randn(n, widths[0], seed=seed + 5)
    module = cosine_attention(*W, nu=0.7, tau=tau, eps=eps)
    true = exact_norm(module.jacobian(X))
    upper = upper_cosine_attention(*W, n, 0.7, tau, eps)
    quoted = upper_cosine_attention_lipsformer(*W, n, 0.7, tau, eps)
    assert lower_norm_at(module, X, 3, generator(seed)) <= true * ROUNDING
    assert true <= upper * ROUNDING
    assert true <= quoted * ROUNDING
    assert n == 1 or upper <= quoted


def test_bounds_by_hand():
    Q, K, V = (torch.tensor([[size, 0.0, 0.0, 0.0]]) for size in (2.0, 3.0, 5.0))
    rho = lambertw(8 / math.e).real
    l2 = 3 / 2 * (4 * rho + 1) * 2**2 * 5  # nine tokens, four features of a query
    assert upper_l2_attention(Q, V, 9).item() == pytest.approx(l2, rel=1e-6)
    cosine = 0.5 / 0.1 * (9 * 2 / 2 * (2 + 3) + 3 * 5)
    assert upper_cosine_attention(Q, K, V, 9, 0.5, 2.0, 0.01).item() == pytest.approx(cosine)
    quoted = 2 * 0.5 / 0.1 * (9 * 8 * 2 * 3 + 8 * 2 * 2 + 9 * 5)
    found = upper_cosine_attention_lipsformer(Q, K, V, 9, 0.5, 2.0, 0.01)
    assert found.item() == pytest.approx(quoted)


@pytest.mark.parametrize("seed", range(4))
def test_no_input_that_climbs_comes_above_the_bound_of_l2_attention(seed):
    W_Q, _, W_V = heads(3, 2, 3, seed)
    start = randn(5, 3, seed=seed + 5)
    found = climb(l2_attention(W_Q, W_V), start, steps=60)
    bound = upper_l2_attention(W_Q, W_V, tokens=5).item()
    assert 1.1 * exact_norm(l2_attention(W_Q, W_V).jacobian(start)) < found  # it did climb
    assert 0.05 * bound < found <= bound


@pytest.mark.parametrize("seed", range(4))
def test_no_input_that_climbs_comes_above_the_bounds_of_cosine_attention(seed):
    W = heads(3, 2, 3, seed)
    module = cosine_attention(*W, tau=5.0, eps=0.1)
    found = climb(module, randn(5, 3, seed=seed + 5), steps=60)
    bound = upper_cosine_attention(*W, 5, tau=5.0, eps=0.1).item()
    assert 0.05 * bound < found <= bound
    assert bound < upper_cosine_attention_lipsformer(*W, 5, tau=5.0, eps=0.1) / 2
