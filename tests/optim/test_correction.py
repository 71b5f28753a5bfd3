"""The correction of averages that start at zero: laws, exact values, and torch as the oracle."""

import pytest
import torch

from course_lib.optim import rules
from course_lib.optim.correction import (
    adam_partly_corrected,
    corrected,
    first_step,
    rmsprop_by_adam,
    uncorrected_factor,
    weight_given,
)
from course_lib.optim.paths import path


def draw(*shape, seed=0):
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


def averages(x, beta):
    """Every average of a series, from zero."""
    m = torch.zeros_like(x[0])
    kept = []
    for value in x:
        m = beta * m + (1 - beta) * value
        kept.append(m)
    return torch.stack(kept)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("t", [1, 2, 7, 300])
def test_the_weight_given_is_the_sum_of_the_weights(beta, t):
    weights = (1 - beta) * torch.tensor(beta, dtype=torch.float64) ** torch.arange(t)
    assert weight_given(beta, t) == pytest.approx(weights.sum().item(), rel=1e-12)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_a_corrected_average_is_the_weighted_mean_of_what_came(beta):
    x = draw(30, 4)
    for t, m in enumerate(averages(x, beta), start=1):
        weights = torch.tensor(beta, dtype=torch.float64) ** torch.arange(t - 1, -1, -1)
        mean = (weights[:, None] * x[:t]).sum(dim=0) / weights.sum()
        torch.testing.assert_close(corrected(m, beta, t), mean, rtol=1e-10, atol=1e-12)


def test_with_a_long_memory_it_is_the_plain_mean():
    x = draw(20, 3)
    last = corrected(averages(x, 1 - 1e-7)[-1], 1 - 1e-7, 20)
    torch.testing.assert_close(last, x.mean(dim=0), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_it_keeps_shape_and_dtype(dtype):
    result = corrected(torch.ones(2, 3, dtype=dtype), 0.5, 1)
    assert (result.dtype, result.shape) == (dtype, (2, 3))
    assert torch.equal(result, torch.full((2, 3), 2.0, dtype=dtype))


@pytest.mark.parametrize("t", [0, -1])
def test_before_the_first_value_there_is_nothing_to_correct(t):
    with pytest.raises(ValueError, match=f"t is {t}; it counts values and must be 1 or more"):
        corrected(torch.ones(1), 0.9, t)


@pytest.mark.parametrize("mended", ["", "m", "v", "mv"])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.0, 0.9), (0.95, 0.5)])
def test_the_factor_is_that_of_the_steps(mended, beta1, beta2):
    """The same gradients, so that both rules have the same averages at every step."""
    gradients, zero = draw(40, 5), torch.zeros(5, dtype=torch.float64)
    settings = {"lr": 0.1, "beta1": beta1, "beta2": beta2, "eps": 0.0}
    m = v = zero
    for t, g in enumerate(gradients, start=1):
        step, *_ = adam_partly_corrected(zero, g, m, v, t=t, mended=mended, **settings)
        right, m, v = rules.adam(zero, g, m, v, t=t, **settings)
        factor = uncorrected_factor(beta1, beta2, t, mended)
        torch.testing.assert_close(step, factor * right, rtol=1e-10, atol=0)


def test_the_factors_of_the_first_step():
    factors = [uncorrected_factor(0.9, 0.999, 1, mended) for mended in ("", "m", "v", "mv")]
    assert factors == pytest.approx([0.1 / 0.001**0.5, 0.001**-0.5, 0.1, 1.0])


def test_mended_whole_it_is_adam():
    p, g, m, v = draw(4, 6)
    own = adam_partly_corrected(p, g, m, v.abs(), t=3, lr=0.1, mended="mv")
    for one, other in zip(own, rules.adam(p, g, m, v.abs(), t=3, lr=0.1), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("eps", [1e-8, 1e-3, 2.0])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.0, 0.5)])
def test_the_first_step_is_that_of_torch_whatever_the_betas(eps, beta1, beta2):
    g = draw(50) * 10 ** draw(50, seed=1)
    p = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    p.grad = g.clone()
    torch.optim.Adam([p], lr=0.3, betas=(beta1, beta2), eps=eps).step()
    torch.testing.assert_close(first_step(g, 0.3, eps), p.detach(), rtol=1e-10, atol=1e-12)


def test_where_there_is_no_gradient_there_is_no_first_step():
    assert not first_step(torch.zeros(3), 0.1).any()


def test_rmsprop_by_adam_is_rmsprop_on_the_corrected_average():
    gradients, zero = draw(20, 5), torch.zeros(5, dtype=torch.float64)
    p = s = zero
    for t, g in enumerate(gradients, start=1):
        average = 0.8 * s + (1 - 0.8) * g**2
        expected = p - 0.3 * g / ((average / (1 - 0.8**t)).sqrt() + 0.01)
        p, s = rmsprop_by_adam(rules.adam, p, g, s, t=t, lr=0.3, beta=0.8, eps=0.01)
        torch.testing.assert_close(p, expected, rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(s, average, rtol=1e-12, atol=0)


# What Adam is at the ends of its settings


def bowl(p):
    return p * torch.tensor([1.0, 0.1, 0.01], dtype=torch.float64)


START = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)


def test_with_a_huge_epsilon_it_is_momentum_on_the_corrected_average():
    eps = 1e9
    ours = path(rules.adam, bowl, START, steps=30, lr=0.2 * eps, beta1=0.8, eps=eps)
    p, m = START, torch.zeros_like(START)
    for t in range(1, 31):
        m = 0.8 * m + 0.2 * bowl(p)
        p = p - 0.2 * corrected(m, 0.8, t)
        torch.testing.assert_close(ours[t], p, rtol=1e-7, atol=1e-8)


def test_with_beta2_near_1_and_no_momentum_it_is_adagrad_with_lr_growing_as_the_root_of_t():
    gradients = draw(25, 4)
    p = q = m = v = s = torch.zeros(4, dtype=torch.float64)
    for t, g in enumerate(gradients, start=1):
        p, m, v = rules.adam(p, g, m, v, t=t, lr=0.1, beta1=0.0, beta2=1 - 1e-8, eps=0.0)
        q, s = rules.adagrad(q, g, s, lr=0.1 * t**0.5, eps=0.0)
        torch.testing.assert_close(p, q, rtol=1e-6, atol=1e-7)


def test_without_memory_every_step_is_a_first_step():
    p, g, m, v = draw(4, 6)
    moved, *_ = rules.adam(p, g, m, v.abs(), t=9, lr=0.1, beta1=0.0, beta2=0.0, eps=0.01)
    torch.testing.assert_close(moved - p, first_step(g, 0.1, 0.01))
