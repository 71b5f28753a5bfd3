"""A frozen controller against scipy's interpolation and against the controller itself."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator

from course_lib.second_order.controller import Mamdani, Sugeno, Variable
from course_lib.second_order.frozen import Frozen, bilinear, freeze, place
from course_lib.second_order.membership import bells
from course_lib.second_order.rate import PROGRESS, RULES, SLOPE, rate_controller


def draws(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


ROWS = torch.tensor([-1.0, 0.0, 0.5, 3.0], dtype=torch.float64)
COLUMNS = torch.tensor([0.0, 2.0, 2.5], dtype=torch.float64)


def test_between_points_it_is_scipys_interpolation():
    values = draws(4, 3)
    expected = RegularGridInterpolator((ROWS.numpy(), COLUMNS.numpy()), values.numpy())
    x, y = 4 * draws(200, seed=1) - 1, 2.5 * draws(200, seed=2)
    found = bilinear(x, y, ROWS, COLUMNS, values)
    np.testing.assert_allclose(found.numpy(), expected((x.numpy(), y.numpy())), atol=1e-12)


def test_at_points_it_is_the_table_and_beyond_the_ends_it_is_level():
    values = draws(4, 3)
    torch.testing.assert_close(bilinear(ROWS[:, None], COLUMNS, ROWS, COLUMNS, values), values)
    far = torch.tensor([-99.0, 99.0], dtype=torch.float64)
    found = bilinear(far[:, None], far, ROWS, COLUMNS, values)
    torch.testing.assert_close(found, values[[0, -1]][:, [0, -1]])


def test_a_point_of_the_grid_begins_the_piece_after_it_and_the_last_ends_one():
    before, share = place(COLUMNS, COLUMNS)
    assert before.tolist() == [0, 1, 1]
    assert share.tolist() == [0, 0, 1]


def test_two_points_are_a_table_too_and_nan_stays_nan():
    before, share = place(torch.tensor([0.25, torch.nan]), torch.tensor([0.0, 1.0]))
    assert before[0] == 0
    assert share[0] == 0.25
    assert share[1].isnan()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shape_dtype_and_gradients(dtype):
    frozen = Frozen(ROWS, COLUMNS, draws(4, 3))
    x, y = torch.zeros(5, 1, dtype=dtype), torch.ones(7, dtype=dtype)
    assert frozen(x, y).shape == (5, 7)
    assert frozen(x, y).dtype == dtype
    assert frozen.like(x).values.dtype == dtype
    torch.testing.assert_close(frozen.like(x)(x, y), frozen(x, y))
    if dtype == torch.float64:
        x, y = (4 * draws(6, seed=1) - 1).requires_grad_(), draws(6, seed=2).requires_grad_()
        values = draws(4, 3).requires_grad_()
        wrapped = lambda x, y, v: bilinear(x, y, ROWS, COLUMNS, v)  # noqa: E731
        assert torch.autograd.gradcheck(wrapped, (x, y, values))


def test_vmap():
    frozen = Frozen(ROWS, COLUMNS, draws(4, 3))
    x, y = draws(6, seed=1), draws(6, seed=2)
    torch.testing.assert_close(torch.func.vmap(frozen)(x, y), frozen(x, y))


def grids(points):
    return SLOPE.grid(points), PROGRESS.grid(points)


def worst(controller, frozen):
    x, y = grids(401)
    return (controller(x[:, None], y) - frozen(x[:, None], y)).abs().max().item()


def test_products_and_partitions_lose_nothing_on_the_grid_of_corners():
    controller = rate_controller()
    frozen = freeze(controller, SLOPE.corners, PROGRESS.corners)
    torch.testing.assert_close(frozen.values, controller.table)
    assert worst(controller, frozen) < 1e-12


def mamdani():
    speed = Variable(("stay", "grow"), torch.tensor([0.0, 1.5], dtype=torch.float64))
    words = [(r, p, "grow" if value else "stay") for r, p, value in RULES]
    return Mamdani.of(words, SLOPE, PROGRESS, speed, otherwise=0.0)


SMOOTH = Sugeno.of(
    RULES,
    Variable(SLOPE.words, SLOPE.corners, bells),
    Variable(PROGRESS.words, PROGRESS.corners, bells),
    otherwise=0.0,
)


def test_twice_as_many_points_quarter_the_error_of_a_smooth_surface():
    errors = [worst(SMOOTH, freeze(SMOOTH, *grids(n))) for n in (17, 33, 65)]
    assert errors[0] < 0.1
    for coarse, fine in pairwise(errors):
        assert 3 < coarse / fine < 5


def test_a_surface_with_kinks_is_met_too_but_more_slowly():
    controller = mamdani()
    errors = [worst(controller, freeze(controller, *grids(n))) for n in (17, 33, 65, 129)]
    assert errors[-1] < errors[0] / 4
    assert errors[-1] < 0.05


def test_a_frozen_controller_does_not_hold_on_to_the_table_it_was_made_of():
    table = draws(3, 4).requires_grad_()
    assert not freeze(Sugeno(SLOPE, PROGRESS, table, 0.0), *grids(5)).values.requires_grad


def test_values_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"values has shape \(3, 4\)"):
        bilinear(torch.zeros(1), torch.zeros(1), ROWS, COLUMNS, torch.ones(3, 4))
