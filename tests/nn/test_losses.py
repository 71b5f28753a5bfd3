"""Losses for numbers against torch, SciPy, Keras and autograd, by their laws and at the edges."""

from functools import partial

import numpy as np
import pytest
import scipy.special
import torch
from torch.nn import functional

from course_lib.nn.losses import (
    absolute,
    absolute_gradient,
    huber,
    huber_gradient,
    mse,
    mse_gradient,
)

SHAPES = [(7,), (1,), (5, 3), (2, 1, 4)]
DELTAS = [0.01, 0.5, 1.0, 30.0]
PAIRS = [(mse, mse_gradient), (absolute, absolute_gradient)] + [
    (partial(huber, delta=delta), partial(huber_gradient, delta=delta)) for delta in DELTAS
]
TORCHS = [functional.mse_loss, functional.l1_loss] + [
    partial(functional.huber_loss, delta=delta) for delta in DELTAS
]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def batch(*shape):
    return draw(*shape), 2 * draw(*shape, seed=1)


@pytest.mark.parametrize(
    ("ours", "torchs"), [(p[0], t) for p, t in zip(PAIRS, TORCHS, strict=True)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_value_is_torchs(ours, torchs, shape):
    torch.testing.assert_close(ours(*batch(*shape)), torchs(*batch(*shape)))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_is_autograds(loss, gradient, shape):
    p, y = batch(*shape)
    torch.testing.assert_close(gradient(p, y), torch.func.grad(loss)(p, y))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
def test_gradcheck(loss, gradient):
    p, y = batch(6)
    torch.autograd.gradcheck(loss, (p.requires_grad_(), y))


@pytest.mark.parametrize("delta", [0.0, *DELTAS, np.inf])
def test_huber_is_scipys_from_zero_to_infinity(delta):
    p, y = batch(50)
    expected = scipy.special.huber(delta, (p - y).numpy()).mean()
    torch.testing.assert_close(huber(p, y, delta).item(), expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("delta", DELTAS)
def test_divided_by_delta_it_is_torchs_smooth_l1(delta):
    p, y = batch(50)
    torch.testing.assert_close(
        huber(p, y, delta) / delta, functional.smooth_l1_loss(p, y, beta=delta)
    )


def test_the_limits_of_huber():
    p, y = batch(50)
    torch.testing.assert_close(huber(p, y, torch.inf), mse(p, y) / 2)
    torch.testing.assert_close(huber_gradient(p, y, torch.inf), mse_gradient(p, y) / 2)
    for delta in (1e-9, 1e-200):
        torch.testing.assert_close(huber(p, y, delta) / delta, absolute(p, y), rtol=1e-8, atol=0)
        torch.testing.assert_close(huber_gradient(p, y, delta) / delta, absolute_gradient(p, y))
    assert huber(p, y, 0.0) == 0
    assert not huber_gradient(p, y, 0.0).any()
    for delta in (0.0, torch.inf):
        torch.testing.assert_close(
            huber_gradient(p, y, delta), torch.func.grad(partial(huber, delta=delta))(p, y)
        )


@pytest.mark.parametrize("delta", DELTAS)
def test_at_delta_value_and_slope_have_no_step(delta):
    zero = torch.zeros(1, dtype=torch.float64)
    step = 1e-9 * delta
    below, above = (torch.full_like(zero, delta + sign * step) for sign in (-1, 1))
    risen = huber(above, zero, delta) - huber(below, zero, delta)
    torch.testing.assert_close(risen / (2 * step), zero[0] + delta, rtol=1e-5, atol=0)
    slopes = huber_gradient(below, zero, delta), huber_gradient(above, zero, delta)
    torch.testing.assert_close(*slopes, rtol=1e-8, atol=0)


def test_which_constant_is_best():
    y = draw(101).exp()
    mean, median = y.mean(), y.median()
    for loss, best in ((mse, mean), (absolute, median)):
        at_best = loss(best.expand(101), y)
        assert at_best < loss((best + 0.01).expand(101), y)
        assert at_best < loss((best - 0.01).expand(101), y)
    torch.testing.assert_close(mse(mean.expand(101), y), y.var(correction=0))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
def test_laws(loss, gradient):
    p, y = batch(20)
    torch.testing.assert_close(loss(p, y), loss(y, p))
    torch.testing.assert_close(loss(p + 7, y + 7), loss(p, y))
    torch.testing.assert_close(gradient(p, y), -gradient(y, p))
    torch.testing.assert_close(
        loss(torch.cat([p, p]), torch.cat([y, y])), loss(p, y)
    )  # a mean, not a sum
    assert loss(y, y) == 0
    assert not gradient(y, y).any()


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_other_precisions(loss, gradient, dtype):
    p, y = (value.to(dtype) for value in batch(6))
    assert loss(p, y).dtype == gradient(p, y).dtype == dtype
    p64, y64 = p.double(), y.double()
    rough = {torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}[dtype]
    torch.testing.assert_close(loss(p, y).double(), loss(p64, y64), rtol=rough, atol=rough)
    torch.testing.assert_close(gradient(p, y).double(), gradient(p64, y64), rtol=rough, atol=rough)


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
def test_huge_errors_are_finite(loss, gradient):
    p, y = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert loss(p, y).isfinite()
    torch.testing.assert_close(gradient(p, y), torch.func.grad(loss)(p, y))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
def test_whole_numbers_as_targets(loss, gradient):
    p, y = draw(4), torch.tensor([0, 1, 2, -1])
    torch.testing.assert_close(loss(p, y), loss(p, y.double()))
    torch.testing.assert_close(gradient(p, y), gradient(p, y.double()))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
def test_many_batches_under_vmap(loss, gradient):
    p, y = batch(3, 5)
    for function in (loss, gradient, torch.func.grad(loss)):
        rows = torch.stack([function(*row) for row in zip(p, y, strict=True)])
        torch.testing.assert_close(torch.func.vmap(function)(p, y), rows)


@pytest.mark.parametrize(("function"), [f for pair in PAIRS for f in pair])
def test_what_does_not_fit_is_named(function):
    with pytest.raises(ValueError, match=r"target has shape \(3, 1\); it must be \(3,\), like pre"):
        function(draw(3), draw(3, 1))
    with pytest.raises(ValueError, match=r"prediction has shape \(0,\); it must be non-empty"):
        function(draw(0), draw(0))


@pytest.mark.parametrize("function", [huber, huber_gradient])
@pytest.mark.parametrize("delta", [-1.0, torch.nan])
def test_a_delta_below_zero_is_refused(function, delta):
    with pytest.raises(ValueError, match=f"delta is {delta}; it must be 0 or more"):
        function(draw(3), draw(3), delta)
