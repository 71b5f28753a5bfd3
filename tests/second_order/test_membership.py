"""Memberships against scikit-fuzzy, and the laws of a partition."""

from itertools import pairwise

import numpy as np
import pytest
import skfuzzy
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.second_order.membership import (
    bells,
    coverage,
    gaussmf,
    partition,
    sigmf,
    trapmf,
    trimf,
)

X = torch.linspace(-3, 12, 601, dtype=torch.float64)

SHAPES = {  # ours, theirs, and parameters in the order of both
    "trimf": (trimf, "trimf", [(0.0, 2.0, 6.0), (-2.5, -2.0, 11.0), (0.0, 1e-3, 2e-3)]),
    "trapmf": (trapmf, "trapmf", [(0.0, 2.0, 6.0, 7.0), (-9.0, -8.0, 3.0, 8.0), (0.0, 1, 1, 2)]),
    "gaussmf": (gaussmf, "gaussmf", [(2.0, 1.5), (-1.0, 0.1), (4.0, 30.0)]),
    "sigmf": (sigmf, "sigmf", [(2.0, 1.5), (-1.0, -4.0), (4.0, 60.0)]),
}


@pytest.mark.parametrize(
    ("name", "numbers"),
    [(name, numbers) for name, (*_, cases) in SHAPES.items() for numbers in cases],
)
def test_scikit_fuzzy_has_the_same_memberships(name, numbers):
    ours, theirs, _ = SHAPES[name]
    corners = (list(numbers),) if name in ("trimf", "trapmf") else numbers
    with np.errstate(over="ignore"):
        expected = getattr(skfuzzy, theirs)(X.numpy(), *corners)
    np.testing.assert_allclose(ours(X, *numbers).numpy(), expected, rtol=1e-12, atol=1e-12)


CORNERS = torch.tensor([0.0, 0.08, 0.5, 1.0], dtype=torch.float64)
OF_X = {
    "trimf": lambda x: trimf(x, 0.0, 2.0, 6.0),
    "trapmf": lambda x: trapmf(x, 0.0, 2.0, 4.0, 6.0),
    "gaussmf": lambda x: gaussmf(x, 2.0, 1.5),
    "sigmf": lambda x: sigmf(x, 2.0, 1.5),
    "partition": lambda x: partition(x, CORNERS),
    "bells": lambda x: bells(x, CORNERS),
}


@pytest.mark.parametrize("name", OF_X)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_dtype_and_shape_are_those_of_the_input(name, dtype):
    x = torch.tensor([[-1.0, 0.3, 0.7], [1.5, 2.5, 9.0]], dtype=dtype)
    if name in ("partition", "bells"):
        shape = {"partition": partition, "bells": bells}[name]
        found = shape(x, CORNERS.to(dtype))
        assert found.shape == (2, 3, 4)
    else:
        found = OF_X[name](x)
        assert found.shape == x.shape
    assert found.dtype == dtype
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize("name", OF_X)
def test_a_nan_stays_a_nan(name):
    assert OF_X[name](torch.tensor([torch.nan], dtype=torch.float64)).isnan().all()


@pytest.mark.parametrize("name", OF_X)
def test_infinity_is_far_away(name):
    far = torch.tensor([-torch.inf, torch.inf], dtype=torch.float64)
    expected = OF_X[name](torch.tensor([-1e9, 1e9], dtype=torch.float64))
    torch.testing.assert_close(OF_X[name](far), expected)


@pytest.mark.parametrize(
    ("shape", "numbers"),
    [
        (trimf, (0.1, 2.2, 6.3)),
        (trapmf, (0.1, 2.2, 3.3, 6.4)),
        (gaussmf, (2.0, 1.5)),
        (sigmf, (2.0, 1.5)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_gradients_by_x_and_by_every_parameter(shape, numbers):
    x = torch.tensor([-1.0, 0.7, 2.7, 4.0, 8.0], dtype=torch.float64, requires_grad=True)
    parameters = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in numbers]
    assert torch.autograd.gradcheck(shape, (x, *parameters))


def test_gradients_of_a_partition_by_x_and_by_its_corners():
    x = torch.tensor([-1.0, 0.03, 0.3, 0.9, 2.0], dtype=torch.float64, requires_grad=True)
    corners = CORNERS.clone().requires_grad_()
    assert torch.autograd.gradcheck(partition, (x, corners))


def test_many_sets_at_once():
    a, b, c = (torch.tensor(numbers) for numbers in ([0.0, 1.0], [2.0, 3.0], [4.0, 9.0]))
    x = torch.linspace(-1, 10, 23)
    found = trimf(x[:, None], a, b, c)
    for i in (0, 1):
        torch.testing.assert_close(found[:, i], trimf(x, a[i].item(), b[i].item(), c[i].item()))


def growing(**limits):
    lists = st.lists(st.floats(-100, 100), min_size=2, max_size=7, unique=True, **limits)
    apart = lists.map(sorted).filter(lambda c: all(b - a > 1e-3 for a, b in pairwise(c)))
    return apart.map(lambda c: torch.tensor(c, dtype=torch.float64))


@given(growing(), st.lists(st.floats(-200, 200), min_size=1, max_size=20))
def test_a_partition_adds_up_to_one_and_two_sets_at_most_take_part(corners, xs):
    degrees = partition(torch.tensor(xs, dtype=torch.float64), corners)
    torch.testing.assert_close(degrees.sum(-1), torch.ones(len(xs)).double(), rtol=0, atol=1e-10)
    # at a corner rounding may leave the third set a share of the last digit
    assert ((degrees > 1e-10).sum(-1) <= 2).all()
    assert (degrees >= 0).all()


@given(growing())
def test_each_corner_belongs_to_its_own_set_alone(corners):
    k = len(corners)
    torch.testing.assert_close(partition(corners, corners), torch.eye(k).double())


@given(growing())
def test_a_partition_covers_the_universe_by_a_half(corners):
    middles = (corners[1:] + corners[:-1]) / 2
    grid = torch.cat([torch.linspace(corners[0], corners[-1], 999).double(), middles])
    assert coverage(partition(grid, corners)).item() == pytest.approx(0.5, abs=1e-9)


def test_a_gap_between_sets_is_seen():
    x = torch.linspace(0, 10, 1001, dtype=torch.float64)
    apart = torch.stack([trapmf(x, -2.0, -1.0, 2.0, 4.0), trapmf(x, 6.0, 8.0, 11.0, 12.0)], dim=-1)
    assert coverage(apart) == 0
    meeting = torch.stack([trapmf(x, -2.0, -1.0, 2.0, 8.0), trapmf(x, 2.0, 8.0, 11.0, 12.0)], -1)
    assert coverage(meeting).item() == pytest.approx(0.5)


def test_bells_do_not_add_up_to_one_and_are_one_at_their_corners():
    degrees = bells(CORNERS, CORNERS)
    torch.testing.assert_close(degrees.diagonal(), torch.ones(4).double())
    assert (degrees.sum(-1) > 1).all()
    halfway = bells(torch.tensor(0.5), torch.arange(3.0))  # 1.25 widths from two centers
    assert halfway[0].item() == pytest.approx(np.exp(-(1.25**2) / 2))


@pytest.mark.parametrize("numbers", [(2.0, 2.0, 3.0), (3.0, 2.0, 4.0), (1.0, 2.0, 2.0)])
def test_a_triangle_with_corners_out_of_order_is_refused(numbers):
    with pytest.raises(ValueError, match="must be smaller"):
        trimf(X, *numbers)


def test_a_trapezoid_with_corners_out_of_order_is_refused():
    with pytest.raises(ValueError, match=r"c is 3\.0 and d is 3.0"):
        trapmf(X, 0.0, 1.0, 3.0, 3.0)
    with pytest.raises(ValueError, match=r"b is 4\.0 and c is 3.0"):
        trapmf(X, 0.0, 4.0, 3.0, 5.0)


@pytest.mark.parametrize("corners", [torch.tensor([1.0]), torch.ones(2, 2)])
def test_a_partition_needs_a_row_of_corners(corners):
    with pytest.raises(ValueError, match="corners has shape"):
        partition(torch.zeros(3), corners)
