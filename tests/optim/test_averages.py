"""Moving averages against their exact series, and momentum's roots against linear algebra."""

import math

import numpy as np
import pytest
import torch

from course_lib.optim import rules
from course_lib.optim.averages import (
    best_momentum,
    critical_beta,
    ema,
    ema_weights,
    lag,
    spectral_radius,
    step_matrix,
    window,
)

BETAS = (0.0, 0.3, 0.9, 0.99)


def series(n=400, seed=0):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(n, dtype=torch.float64, generator=source)


def errors(rule, a, beta, steps):
    """The error of one direction of curvature 1 from 1 on, by the rule itself, `(steps + 1,)`."""
    e, v, found = torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64), [1.0]
    for _ in range(steps):
        e, v = rule(e, e, v, lr=a, beta=beta)
        found.append(e.item())
    return np.array(found)


@pytest.mark.parametrize("beta", BETAS)
def test_an_average_is_the_weighted_sum_of_all_that_was_seen(beta):
    x = series()
    found = ema(x, beta)
    for i in (1, 2, 17, 400):
        weights = ema_weights(i, beta)
        torch.testing.assert_close(found[i - 1], (weights * x[:i].flip(0)).sum())


@pytest.mark.parametrize("beta", BETAS)
def test_the_average_of_a_constant_is_too_small_by_beta_to_the_i(beta):
    i = torch.arange(1, 51, dtype=torch.float64)
    torch.testing.assert_close(ema(torch.full((50,), 3.0).double(), beta), 3 * (1 - beta**i))


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_the_average_of_a_line_is_the_line_as_it_was_lag_steps_ago(beta):
    line = torch.arange(1.0, 2001.0, dtype=torch.float64)
    late = ema(line, beta)[-1]
    torch.testing.assert_close(late, line[-1] - lag(beta))


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_lag_is_the_mean_age(beta):
    weights = ema_weights(5000, beta)
    age = (weights * torch.arange(5000, dtype=torch.float64)).sum()
    assert age.item() == pytest.approx(lag(beta), rel=1e-10)


def test_the_velocity_of_the_averaging_rule_is_the_average_of_the_gradients():
    g, v = series(60), torch.zeros((), dtype=torch.float64)
    for i, one in enumerate(g):
        _, v = rules.momentum_ema(torch.zeros(()), one, v, lr=0.1, beta=0.8)
        torch.testing.assert_close(v, ema(g, 0.8)[i])


def test_ema_keeps_dtype_and_is_batched_and_differentiable():
    for dtype in (torch.float32, torch.float16, torch.float64):
        assert ema(torch.ones(5, dtype=dtype), 0.9).dtype == dtype
    assert ema(torch.zeros(0), 0.9).shape == (0,)
    many = torch.stack([series(9), series(9, 1)])
    batched = torch.func.vmap(lambda x: ema(x, 0.7))(many)
    torch.testing.assert_close(batched[1], ema(many[1], 0.7))
    slopes = torch.func.grad(lambda x: ema(x, 0.7)[-1])(many[0])
    torch.testing.assert_close(slopes, ema_weights(9, 0.7).flip(0))


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_the_window_holds_that_share_of_the_weight(beta):
    n, share = window(beta)
    assert n == pytest.approx(1 / ema_weights(1, beta).item())
    assert share == pytest.approx(ema_weights(round(n), beta).sum().item())


def test_the_window_holds_nearly_two_thirds_in_the_limit():
    assert [round(window(beta)[0]) for beta in (0.9, 0.99, 0.999)] == [10, 100, 1000]
    assert window(1 - 1e-7)[1] == pytest.approx(1 - 1 / math.e, rel=1e-5)


GRID = [(a, beta) for a in (0.0, 0.01, 0.3, 1.0, 1.7, 3.0, 5.0) for beta in (0.0, 0.2, 0.9, 0.99)]


@pytest.mark.parametrize(("a", "beta"), GRID)
def test_contraction_is_the_largest_root(a, beta):
    roots = np.roots([1, -(1 + beta - a), beta])
    assert spectral_radius(a, beta).item() == pytest.approx(np.abs(roots).max(), abs=1e-7)
    values = torch.linalg.eigvals(step_matrix(a, beta))
    assert spectral_radius(a, beta).item() == pytest.approx(values.abs().max().item(), abs=1e-7)


def test_the_step_matrix_is_what_the_rule_does():
    for rule, a, of in ((rules.momentum, 0.3, 0.3), (rules.momentum_ema, 0.3, 0.3 * 0.2)):
        found = errors(rule, a, 0.8, 9)
        matrix = step_matrix(of, 0.8).numpy()
        for t in range(1, 9):
            np.testing.assert_allclose(matrix @ found[[t, t - 1]], found[[t + 1, t]], atol=1e-14)


def test_the_error_shrinks_by_the_contraction_in_the_long_run():
    for a, beta in ((0.01, 0.5), (0.3, 0.2), (1.0, 0.7)):
        found = np.abs(errors(rules.momentum, a, beta, 400))
        ends = [found[k : k + 30].max() for k in (100, 160)]  # the largest of a swing
        rate = (ends[1] / ends[0]) ** (1 / 60)
        assert rate == pytest.approx(spectral_radius(a, beta).item(), rel=0.01)


def test_the_error_grows_beyond_twice_one_plus_beta():
    for beta in (0.0, 0.5, 0.9):
        low, high = spectral_radius(torch.tensor([1.999, 2.001]) * (1 + beta), beta)
        assert low < 1 < high


@pytest.mark.parametrize("a", [0.01, 0.2, 0.9, 1.6, 3.0])
def test_at_the_critical_beta_both_roots_meet(a):
    classical, average = critical_beta(a)
    for beta, step in ((classical, a), (average, (1 - average) * a)):
        one, other = np.roots([1, -(1 + beta - step), beta])
        assert abs(one - other) < 1e-6
        assert abs(abs(one) - math.sqrt(beta)) < 1e-6


@pytest.mark.parametrize("a", [0.01, 0.2, 0.9, 1.6, 3.0])
def test_no_other_beta_shrinks_the_error_faster(a):
    betas = torch.linspace(0, 0.999, 2000, dtype=torch.float64)
    classical, average = critical_beta(a)
    best = spectral_radius(a, classical), spectral_radius((1 - average) * a, average)
    for of_all, least in zip((a, (1 - betas) * a), best, strict=True):
        rates = spectral_radius(of_all * torch.ones_like(betas), betas)
        assert rates.min() >= least - 1e-12
        assert rates.min() == pytest.approx(least.item(), abs=0.02)


@pytest.mark.parametrize("condition", [1.0, 3.0, 50.0, 1000.0])
@pytest.mark.parametrize("steepest", [1.0, 7.0])
def test_best_momentum_shrinks_all_directions_alike_and_nothing_is_faster(condition, steepest):
    lr, beta = best_momentum(condition, steepest)
    curvatures = torch.linspace(steepest / condition, steepest, 50, dtype=torch.float64)
    rates = spectral_radius(lr * curvatures, beta)
    torch.testing.assert_close(rates, torch.full_like(rates, beta**0.5), atol=1e-6, rtol=0)
    lrs = torch.linspace(0.01, 4, 80, dtype=torch.float64)[:, None, None] / steepest
    betas = torch.linspace(0, 0.999, 200, dtype=torch.float64)[:, None]
    ends = torch.tensor([steepest / condition, steepest], dtype=torch.float64)
    every = spectral_radius(*torch.broadcast_tensors(lrs * ends, betas)).amax(dim=-1)
    assert every.min() >= beta**0.5 - 1e-12
    assert every.min() < beta**0.5 + 0.05


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_a_beta_out_of_range_is_refused(beta):
    for call in (lambda: ema(torch.zeros(2), beta), lambda: ema_weights(2, beta),
                 lambda: window(beta), lambda: lag(beta)):  # fmt: skip
        with pytest.raises(ValueError, match=f"beta is {beta}; it must be 0 or above"):
            call()


def test_other_values_out_of_range_are_refused():
    with pytest.raises(ValueError, match="a is -1; it must be 0 or above"):
        critical_beta(-1)
    with pytest.raises(ValueError, match=r"condition is 0\.5; it must be 1 or above"):
        best_momentum(0.5)
