"""The controller of the rate: its slopes on quadratics, its plan, and its first steps."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.second_order.inference import sugeno
from course_lib.second_order.membership import partition
from course_lib.second_order.rate import (
    PLAN,
    PROGRESS,
    RULES,
    SLOPE,
    plan,
    policy,
    rate_controller,
    slope_ratio,
    steered,
)


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=6, unique=True).map(sorted),
    st.integers(0, 10**6),
)
def test_a_table_on_time_alone_is_interpolation_by_straight_lines(corners, seed):
    """What numpy's `interp` gives, for any corners and any table: both are the same function."""
    if min(np.diff(corners)) < 1e-3:
        return
    source = torch.Generator().manual_seed(seed)
    table = torch.randn(len(corners), dtype=torch.float64, generator=source)
    t = torch.linspace(-60, 60, 481, dtype=torch.float64)
    found = sugeno(partition(t, torch.tensor(corners, dtype=torch.float64)), table, otherwise=9.0)
    np.testing.assert_allclose(found, np.interp(t.numpy(), corners, table.numpy()), atol=1e-9)


def test_the_plan_is_a_line_through_its_corners():
    p = torch.linspace(-0.1, 1.1, 241, dtype=torch.float64)
    expected = np.interp(p.numpy(), PROGRESS.corners.numpy(), PLAN.numpy())
    np.testing.assert_allclose(plan(p).numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("share", [0.01, 0.5, 1.0, 1.3, 1.99])
def test_on_a_quadratic_the_ratio_says_how_far_of_the_best_step_the_step_was(share):
    """r = 1 − lr λ: 1 for a step of length 0, 0 for the best one, −1 where descent diverges."""
    curvature, w = 3.0, torch.tensor(1.7, dtype=torch.float64)
    lr = share / curvature
    g = curvature * w
    step = -lr * g
    after = curvature * (w + step)
    assert slope_ratio(after * step, g * step).item() == pytest.approx(1 - share)


def test_the_ratio_is_one_minus_lr_times_the_curvature_along_the_step():
    source = torch.Generator().manual_seed(0)
    A = torch.randn(5, 5, dtype=torch.float64, generator=source)
    H, w = A @ A.T, torch.randn(5, dtype=torch.float64, generator=source)
    g, lr = H @ w, 0.01
    step, after = -lr * g, H @ (w - lr * g)
    expected = 1 - lr * (g @ H @ g) / (g @ g)
    torch.testing.assert_close(slope_ratio(after @ step, g @ step), expected)


def test_with_nothing_to_compare_the_ratio_is_zero_and_nan_stays_nan():
    zero = torch.zeros(2)
    assert slope_ratio(torch.tensor([0.0, 3.0]), zero).tolist() == [0, 0]
    assert slope_ratio(torch.tensor(torch.nan), torch.tensor(1.0)).isnan()
    assert slope_ratio(torch.tensor(1.0), torch.tensor(torch.nan)).isnan()
    before = torch.zeros(2, requires_grad=True)
    slope_ratio(torch.ones(2), before).sum().backward()
    assert before.grad.tolist() == [0, 0]


def test_an_uphill_step_that_gets_steeper_counts_as_overshooting():
    assert slope_ratio(torch.tensor(2.0), torch.tensor(1.0)) == -2


def test_the_rules_are_twelve_cells_of_which_two_are_not_zero():
    table = rate_controller().table
    assert table.shape == (3, 4)
    assert (table != 0).nonzero().tolist() == [[2, 0], [2, 1]]
    assert RULES[-1] == ("any", "any", 0.0)  # so that some rule always fires
    assert SLOPE.coverage() == pytest.approx(0.5, abs=1e-2)
    assert PROGRESS.coverage() == pytest.approx(0.5, abs=1e-2)


def test_the_surface_by_hand():
    found = rate_controller()(torch.tensor([0.3, 9.0, 0.1, -0.1]), torch.tensor(0.29))
    # at p = 0.29 half early, half middle; at r = 0.1 half level, half short
    torch.testing.assert_close(found, torch.tensor([0.75, 0.75, 0.375, 0.0]))


def test_where_steps_are_too_short_the_rate_grows_until_the_slope_answers():
    """Descent on a quadratic from a rate 1000 times too small, 100 steps in all."""
    curvature, base, steps = 2.0, 0.5e-3, 100
    controller = rate_controller()
    w = torch.tensor(1.0, dtype=torch.float64)
    log_factor = torch.zeros(()).double()
    before = step = torch.zeros(()).double()  # nothing done yet
    lrs = []
    for t in range(steps):
        p = torch.tensor(t / steps, dtype=torch.float64)
        g = curvature * w
        r = slope_ratio(g * step, before * step)
        log_factor = steered(log_factor, r, p, controller, gain=0.6)
        lrs.append(base * log_factor.exp().item())
        before, step = g, -lrs[-1] * plan(p) * g
        w = w + step
    assert max(lrs) == lrs[-1]  # it only ever grows
    assert 0.3 < lrs[-1] * curvature < 2  # and ends near 1 / curvature
    assert w.abs() < 1e-6


def test_the_policy_by_hand_and_its_plan_is_not_remembered():
    M, r, p = (
        torch.tensor(v, dtype=torch.float64) for v in ([-5.0, 1.0], [0.1, -1.0], [0.0, 0.75])
    )
    kept, factor = policy(M, r, p, rate_controller(), plan, gain=0.5)
    assert kept.tolist() == pytest.approx([-5 + 0.5 * 0.75, 1.0])
    assert factor.tolist() == pytest.approx([math.exp(-4.625), math.e * 0.25])
