"""Differences against derivatives that are known, and their errors against the law they follow."""

import math

import pytest
import torch

from course_lib.nn.gradient_check import (
    best_step,
    central_difference,
    directional_difference,
    forward_difference,
    relative_error,
)


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def loss(w):
    """Not even, not odd, and each entry matters to the slope of the others."""
    return torch.exp(0.3 * w.sum()) + (w.sin() * torch.arange(1, w.numel() + 1)).sum()


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 1), (), (2, 1, 2)])
def test_differences_come_near_the_gradient(shape):
    w = draw(*shape)
    right = torch.func.grad(lambda w: loss(w.reshape(-1)))(w)
    found = central_difference(lambda w: loss(w.reshape(-1)), w, 1e-5)
    torch.testing.assert_close(found, right, rtol=1e-8, atol=1e-8)
    rough = forward_difference(lambda w: loss(w.reshape(-1)), w, 1e-7)
    torch.testing.assert_close(rough, right, rtol=1e-5, atol=1e-5)


def test_a_central_difference_is_exact_for_a_parabola_whatever_the_step():
    w, a = draw(4), draw(4, 4, seed=1)
    right = (a + a.T) @ w + a[0]
    for step in (0.1, 1.0, 10.0):
        found = central_difference(lambda w: w @ a @ w + a[0] @ w, w, step)
        torch.testing.assert_close(found, right)


def test_the_errors_are_the_next_terms_of_the_taylor_series():
    w, s = torch.tensor([0.7, -1.1], dtype=torch.float64), 1e-3
    central = central_difference(lambda w: w.exp().sum(), w, s) - w.exp()
    torch.testing.assert_close(central, s**2 / 6 * w.exp(), rtol=1e-5, atol=1e-12)
    forward = forward_difference(lambda w: w.exp().sum(), w, s) - w.exp()
    torch.testing.assert_close(forward, s / 2 * w.exp(), rtol=1e-3, atol=1e-12)


def test_how_often_the_loss_is_called():
    calls = []

    def counted(w):
        calls.append(w)
        return w.sum()

    central_difference(counted, draw(2, 3), 0.1)
    assert len(calls) == 12
    calls.clear()
    forward_difference(counted, draw(2, 3), 0.1)
    assert len(calls) == 7
    calls.clear()
    directional_difference(counted, draw(2, 3), draw(2, 3), 0.1)
    assert len(calls) == 2


def test_w_is_left_as_it_is_and_only_one_entry_moves_at_a_time():
    w, seen = draw(3), []
    before = w.clone()
    central_difference(lambda v: seen.append(v.clone()) or v.sum(), w, 0.1)
    assert torch.equal(w, before)
    assert all(((v - before).abs() > 0.01).sum() == 1 for v in seen)


def test_a_direction_is_the_sum_of_its_entries():
    w, v = draw(4), draw(4, seed=1)
    found = directional_difference(loss, w, v, 1e-4)
    torch.testing.assert_close(found, v @ torch.func.grad(loss)(w), rtol=1e-7, atol=1e-7)


def test_an_empty_tensor_has_an_empty_gradient():
    for difference in (central_difference, forward_difference):
        assert difference(lambda w: w.sum(), torch.zeros(0, 3), 0.1).shape == (0, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_has_the_type_of_w(dtype):
    w = draw(3).to(dtype)
    assert central_difference(lambda w: (w**2).sum(), w, 0.1).dtype == dtype


def test_differences_run_under_vmap():
    w = draw(5, 3)
    together = torch.func.vmap(lambda w: central_difference(loss, w, 0.1))(w)
    alone = torch.stack([central_difference(loss, row, 0.1) for row in w])
    torch.testing.assert_close(together, alone)


def test_the_best_step_is_where_both_errors_weigh_the_same():
    assert best_step(torch.float32) == pytest.approx(0.0049, rel=0.01)
    assert best_step(torch.float64) == pytest.approx(6.06e-6, rel=0.01)
    w = torch.tensor([0.7], dtype=torch.float64)
    s = best_step(torch.float64)
    steps = [s * 10.0**k for k in range(-3, 4)]
    errors = []
    for step in steps:  # the mean over many places: rounding is erratic
        places = w + torch.arange(200).double() / 100
        right = places.exp()
        found = (torch.exp(places + step) - torch.exp(places - step)) / (2 * step)
        errors.append(((found - right) / right).abs().mean().item())
    assert abs(errors.index(min(errors)) - 3) <= 1
    with pytest.raises(TypeError):
        best_step(torch.int64)


def test_relative_error_at_its_ends():
    a = draw(3, 2)
    assert relative_error(a, a) == 0
    assert relative_error(a, -a) == pytest.approx(2)
    assert relative_error(a, 0 * a) == 1
    assert relative_error(0 * a, 0 * a) == 0
    assert relative_error(a, 2 * a) == relative_error(2 * a, a) == pytest.approx(0.5)
    assert relative_error(7 * a, 7.7 * a) == pytest.approx(relative_error(a, 1.1 * a).item())
    assert math.isnan(relative_error(a * math.nan, a))
    assert relative_error(a[:0], a[:0]) == 0


@pytest.mark.parametrize("size", [1e-44, 1e-30, 1.0, 1e30])
def test_relative_error_neither_vanishes_nor_overflows_in_float32(size):
    a = torch.tensor([size, 2 * size])
    assert relative_error(a, 2 * a) == pytest.approx(0.5, rel=1e-6)
    assert relative_error(a, -a) == pytest.approx(2, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: central_difference(loss, draw(3), 0.0), r"step is 0.0; it must be greater than 0"),
        (lambda: forward_difference(loss, draw(3), -1.0), r"step is -1.0"),
        (lambda: directional_difference(loss, draw(3), draw(3), 0.0), r"step is 0.0"),
        (lambda: relative_error(draw(3), draw(3, 1)), r"found has shape \(3,\); .* \(3, 1\)"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
