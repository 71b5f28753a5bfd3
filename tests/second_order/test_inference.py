"""Sugeno against the formula typed again, centroids against scikit-fuzzy, and laws of both.

pyfuzzylite would be another oracle: 8.0.6, the newest, asks for a NumPy below 2, and the course
stands on NumPy 2.
"""

import numpy as np
import pytest
import skfuzzy
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.second_order.inference import centroid, outline, sugeno
from course_lib.second_order.membership import trimf


def draws(*shape, seed=0):
    return torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_sugeno_is_the_weighted_mean_typed_again():
    w, z = draws(4, 3, 6), 5 * draws(6, seed=1) - 2
    found = sugeno(w, z, otherwise=0.0)
    for i in range(4):
        for j in range(3):
            weights, values = w[i, j].tolist(), z.tolist()
            expected = sum(a * b for a, b in zip(weights, values, strict=True)) / sum(weights)
            assert found[i, j].item() == pytest.approx(expected, rel=1e-13)


POSITIVE = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(POSITIVE, st.integers(0, 10**6))
def test_sugeno_lies_between_the_smallest_and_the_largest_consequence(weights, seed):
    w = torch.tensor(weights, dtype=torch.float64)
    z = 10 * draws(len(weights), seed=seed) - 5
    found = sugeno(w, z, otherwise=77.0)
    if w.sum() == 0:
        assert found == 77
        return
    fires = z[w > 0]
    assert fires.min() - 1e-12 <= found <= fires.max() + 1e-12


@given(st.floats(1e-6, 1e6), st.floats(-5, 5), st.floats(-3, 3))
def test_sugeno_does_not_see_the_scale_of_strengths_and_follows_that_of_consequences(c, a, b):
    w, z = draws(5), draws(5, seed=1)
    plain = sugeno(w, z, 0.0)
    torch.testing.assert_close(sugeno(c * w, z, 0.0), plain)
    torch.testing.assert_close(sugeno(w, a + b * z, 0.0), a + b * plain)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_where_no_rule_fires_both_give_what_was_named(dtype):
    w = torch.tensor([[0.0, 0.0], [0.0, 0.5]], dtype=dtype)
    z = torch.tensor([1.0, 3.0], dtype=dtype)
    assert sugeno(w, z, otherwise=-7.0).tolist() == [-7.0, 3.0]
    assert centroid(w, z, otherwise=-7.0)[0] == -7.0
    for found in (sugeno(w, z, otherwise=-7.0), centroid(w, z, otherwise=-7.0)):
        assert found.dtype == dtype


def test_where_no_rule_fires_gradients_are_zero_and_not_nan():
    w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    z = torch.arange(3.0, dtype=torch.float64, requires_grad=True)
    sugeno(w, z, otherwise=1.0).backward()
    centroid(w, z.detach(), otherwise=1.0).backward()
    assert w.grad.tolist() == [0, 0, 0]
    assert z.grad.tolist() == [0, 0, 0]


def test_a_strength_that_is_nan_is_not_taken_for_silence():
    w = torch.tensor([0.0, torch.nan])
    assert sugeno(w, torch.ones(2), otherwise=0.0).isnan()
    assert centroid(w, torch.arange(2.0), otherwise=0.0).isnan()


def test_the_faintest_strengths_still_give_a_mean():
    w = torch.tensor([5e-324, 5e-324], dtype=torch.float64)
    assert sugeno(w, torch.tensor([0.2, 0.4], dtype=torch.float64), 9.0).item() < 0.41


GRIDS = {
    "even": torch.linspace(-2, 5, 141, dtype=torch.float64),
    "uneven": torch.linspace(0, 2, 60, dtype=torch.float64) ** 2 - 1,
    "two points": torch.tensor([1.0, 4.0], dtype=torch.float64),
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("norm", ["minimum", "product"])
def test_scikit_fuzzy_has_the_same_centroid(name, norm):
    grid = GRIDS[name]
    sets = torch.stack([trimf(grid, -3.0, -1.0, 1.0), trimf(grid, -1.0, 1.5, 6.0)])
    for w in ([0.3, 0.9], [1.0, 0.0], [0.0, 0.2]):
        height = outline(torch.tensor(w, dtype=torch.float64), sets, norm)
        if height.sum() == 0:
            continue
        expected = skfuzzy.defuzz(grid.numpy(), height.numpy(), "centroid")
        assert centroid(height, grid, 0.0).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", GRIDS)
def test_the_centroid_is_that_of_a_fine_sum(name):
    """The integrals by a million rectangles under the straight lines between points."""
    grid = GRIDS[name]
    height = draws(len(grid), seed=3)
    fine = np.linspace(grid[0].item(), grid[-1].item(), 1_000_001)
    middle = (fine[1:] + fine[:-1]) / 2
    mu = np.interp(middle, grid.numpy(), height.numpy())
    expected = (middle * mu).sum() / mu.sum()
    assert centroid(height, grid, 0.0).item() == pytest.approx(expected, abs=1e-6)


def test_on_an_even_grid_with_equal_ends_the_plain_sum_does_as_well():
    grid = GRIDS["even"]
    height = trimf(grid, -1.0, 0.7, 4.0)
    torch.testing.assert_close(centroid(height, grid, 0.0), (grid * height).sum() / height.sum())
    height = trimf(grid, -1.0, 4.0, 7.0)  # cut off by the end of the universe
    assert abs(centroid(height, grid, 0.0) - (grid * height).sum() / height.sum()) > 1e-3


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9), st.floats(-50, 50))
def test_a_centroid_lies_on_its_grid_and_moves_with_it(heights, shift):
    height = torch.tensor(heights, dtype=torch.float64)
    grid = torch.linspace(0, 3, len(heights), dtype=torch.float64)
    found = centroid(height, grid, 1.0)
    assert -1e-9 <= found <= 3 + 1e-9
    if height.max() > 1e-200:
        torch.testing.assert_close(centroid(height, grid + shift, 1.0), found + shift)


def test_an_outline_is_the_largest_of_what_each_rule_leaves():
    sets, w = draws(3, 7), draws(4, 3, seed=1)
    for norm, cut in (("minimum", min), ("product", lambda a, b: a * b)):
        found = outline(w, sets, norm)
        for n in range(4):
            for m in range(7):
                parts = [cut(w[n, r].item(), sets[r, m].item()) for r in range(3)]
                assert found[n, m].item() == max(parts)


def test_a_rule_that_fires_alone_gives_the_centre_of_its_set():
    grid = torch.linspace(0, 4, 401, dtype=torch.float64)
    sets = torch.stack([trimf(grid, 0.0, 1.0, 2.0), trimf(grid, 2.0, 3.0, 4.0)])
    for norm in ("minimum", "product"):
        height = outline(torch.tensor([0.0, 0.4], dtype=torch.float64), sets, norm)
        assert centroid(height, grid, 0.0).item() == pytest.approx(3.0)


@pytest.mark.parametrize("norm", ["minimum", "product"])
def test_gradients(norm):
    w, z = draws(2, 3).requires_grad_(), draws(3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda w, z: sugeno(w, z, 0.0), (w, z))
    sets, grid = draws(3, 5, seed=2).requires_grad_(), GRIDS["even"][:5]
    mamdani = lambda w, sets: centroid(outline(w, sets, norm), grid, 0.0)  # noqa: E731
    assert torch.autograd.gradcheck(mamdani, (w, sets))


def test_wrong_shapes_and_norms_are_refused():
    with pytest.raises(ValueError, match="height has shape"):
        centroid(torch.ones(3), torch.arange(4.0), 0.0)
    with pytest.raises(ValueError, match="grid has shape"):
        centroid(torch.ones(1), torch.ones(1), 0.0)
    with pytest.raises(ValueError, match="norm is 'max'"):
        outline(torch.ones(2), torch.ones(2, 3), "max")
