"""What is drawn of a surface and of a path."""

import numpy as np
import pytest
import torch

from course_lib.figures.contours import Path, contours, grid, heights
from course_lib.figures.style import figure
from course_lib.optim.surfaces import HIMMELBLAU, RAVINE


def test_the_grid_holds_the_cost_of_each_place_with_a_row_for_each_y():
    x, y, z = grid(RAVINE, RAVINE.window, points=11)
    for row, column in ((0, 0), (3, 7), (10, 2)):
        point = torch.tensor([x[column], y[row]])
        assert z[row, column] == pytest.approx(float(RAVINE.value(point)))
    assert (x[0], x[-1], y[0], y[-1]) == RAVINE.window


@pytest.mark.parametrize("spacing", ["even", "log"])
def test_heights_rise_from_above_the_lowest_to_below_the_highest(spacing):
    found = heights(np.array([[2.0, 5.0], [9.0, 3.0]]), 8, spacing)
    assert len(found) == 8
    assert found[0] > 2.0
    assert found[-1] < 9.0
    gaps = np.diff(found)
    assert np.allclose(gaps, gaps[0]) if spacing == "even" else (np.diff(gaps) > 0).all()


def test_another_spacing_is_named():
    with pytest.raises(ValueError, match="spacing is 'steep'"):
        heights(np.zeros((2, 2)), 3, "steep")


def test_minima_are_marked_and_the_axes_end_at_the_window():
    _, ax = figure(3)
    contours(ax, HIMMELBLAU)
    assert ax.get_xlim() == HIMMELBLAU.window[:2]
    assert ax.get_ylim() == HIMMELBLAU.window[2:]
    stars = np.column_stack(ax.lines[0].get_data())
    np.testing.assert_allclose(stars, HIMMELBLAU.minima)


def test_a_path_ends_where_it_is_no_longer_finite():
    _, ax = figure(3)
    line = Path(ax, "black", "gd")
    line.set([[0.0, 0.0], [1.0, 2.0], [np.inf, 2.0], [1.0, 1.0]])
    whole, start, now = (np.column_stack(artist.get_data()).tolist() for artist in ax.lines)
    assert whole == [[0.0, 0.0], [1.0, 2.0]]
    assert start == [[0.0, 0.0]]
    assert now == [[1.0, 2.0]]
    line.set([[3.0, 3.0]])
    assert np.column_stack(ax.lines[0].get_data()).tolist() == [[3.0, 3.0]]
