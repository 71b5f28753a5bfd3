"""Rates, closed forms and dialects of RMSProp and AdaGrad: against torch, Keras and long runs."""

import inspect
import math

import pytest
import torch

from course_lib.optim.adaptive import (
    adagrad_step,
    constant_average,
    constant_step,
    effective_lr,
    limit_cycle,
    rotated,
    step_ratio,
)
from course_lib.optim.paths import path
from course_lib.optim.rules import adagrad, gd, momentum, rmsprop
from course_lib.optim.surfaces import BEALE, bowl


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def optimized(optimizer, gradients):
    """Return the steps that an optimizer of torch makes on these gradients, `(steps, ...)`."""
    p = torch.zeros_like(gradients[0]).requires_grad_()
    rule, points = optimizer([p]), [p.detach().clone()]
    for g in gradients:
        p.grad = g.clone()
        rule.step()
        points.append(p.detach().clone())
    return torch.stack(points).diff(dim=0)


@pytest.mark.parametrize("shape", [(40, 5), (40, 2, 3), (7,), (1, 4)])
def test_the_rate_is_what_torchs_step_has_for_each_gradient(shape):
    gradients = draw(*shape)
    for beta, eps in ((0.99, 1e-8), (0.8, 0.1)):
        steps = optimized(
            lambda p, b=beta, e=eps: torch.optim.RMSprop(p, lr=0.3, alpha=b, eps=e), gradients
        )
        found = effective_lr(gradients, lr=0.3, beta=beta, eps=eps)
        torch.testing.assert_close(-found * gradients, steps)


def test_no_gradients_give_no_rates():
    assert effective_lr(torch.zeros(0, 3), lr=0.1).shape == (0, 3)


@pytest.mark.parametrize("eps", [1e-8, 0.3, 10.0])
@pytest.mark.parametrize("c", [0.01, 3.0, 1000.0])
def test_step_ratio_is_the_ratio_of_two_steps(c, eps):
    p, g, before = torch.zeros(9, dtype=torch.float64), draw(9), draw(9, seed=1) ** 2
    one, s = rmsprop(p, g, before, lr=0.1, beta=0.9, eps=eps)
    other, _ = rmsprop(p, c * g, c * c * before, lr=0.1, beta=0.9, eps=eps)
    torch.testing.assert_close(step_ratio(s, c, eps=eps), other / one)


def test_step_ratio_between_its_two_ends():
    s = torch.tensor([0.0, 1e-30, 1e30], dtype=torch.float64)
    found = step_ratio(s, 50.0, eps=1e-3)
    expected = torch.tensor([50.0, 50.0, 1.0], dtype=torch.float64)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("c", "eps"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 0.0), (2.0, -1.0)])
def test_step_ratio_refuses(c, eps):
    with pytest.raises(ValueError, match=r"(c|eps) is \S+; it must be above 0"):
        step_ratio(torch.ones(1), c, eps=eps)


@pytest.mark.parametrize("g", [1e-6, 1.0, -300.0])
def test_equal_gradients(g):
    gradients = torch.full((50,), g, dtype=torch.float64)
    t = torch.arange(1, 51, dtype=torch.float64)
    s, points = torch.zeros((), dtype=torch.float64), []
    for one in gradients:
        _, s = rmsprop(s, one, s, lr=0.1, beta=0.9)
        points.append(s)
    torch.testing.assert_close(torch.stack(points), constant_average(g, t, beta=0.9))
    ours = path(
        rmsprop, lambda p: torch.full_like(p, g), s * 0, steps=50, lr=0.1, beta=0.9, eps=0.0
    )
    steps = -ours.diff() * math.copysign(1, g)
    torch.testing.assert_close(steps, constant_step(t, lr=0.1, beta=0.9))
    ours = path(adagrad, lambda p: torch.full_like(p, g), s * 0, steps=50, lr=0.1, eps=0.0)
    torch.testing.assert_close(-ours.diff() * math.copysign(1, g), adagrad_step(t, lr=0.1))


def test_adagrads_steps_add_up_to_twice_the_root():
    t = torch.arange(1.0, 10_001.0, dtype=torch.float64)
    total = adagrad_step(t, lr=0.3).cumsum(dim=0)
    assert (total < 0.6 * t.sqrt()).all()
    assert (total > 0.6 * (t.sqrt() - 1)).all()


@pytest.mark.parametrize("beta", [0.5, 0.9, 0.99])
def test_no_step_is_longer_than_the_first_may_be(beta):
    gradients = draw(500, 20) * 10 ** (3 * draw(500, 20, seed=1))
    steps = effective_lr(gradients, lr=0.2, beta=beta, eps=0.0) * gradients
    bound = constant_step(1, lr=0.2, beta=beta)
    assert steps.abs().max() <= bound * (1 + 1e-12)
    torch.testing.assert_close(steps[0].abs(), torch.full((20,), bound, dtype=torch.float64))


@pytest.mark.parametrize("curvature", [0.01, 1.0, 50.0])
@pytest.mark.parametrize("beta", [0.9, 0.99])
def test_rmsprop_jumps_to_and_fro_about_the_minimum(beta, curvature):
    start = torch.ones((), dtype=torch.float64)
    settings = {"lr": 0.02, "beta": beta}
    points = path(rmsprop, lambda p: curvature * p, start, steps=6000, eps=0.0, **settings)
    late = points[-1000:]
    distance = late.square().mean().sqrt().item()
    assert distance == pytest.approx(limit_cycle(0.02), rel=0.02)
    rate = effective_lr(curvature * points[:-1], lr=0.02, beta=beta, eps=0.0)[-1000:]
    assert (1 / rate**2).mean().item() == pytest.approx((curvature / 2) ** 2, rel=0.02)


@pytest.mark.parametrize("curvature", [0.1, 1.0])
def test_eps_lets_rmsprop_come_to_rest(curvature):
    start, lr = torch.ones((), dtype=torch.float64), 0.02
    edge = curvature * lr / 2
    for eps in (0.5 * edge, 1.2 * edge):
        points = path(rmsprop, lambda p: curvature * p, start, steps=8000, lr=lr, beta=0.9, eps=eps)
        found = points[-500:].abs().mean().item()
        expected = limit_cycle(lr, curvature=curvature, eps=eps)
        assert (expected == 0) == (eps > edge)
        assert found == pytest.approx(expected, rel=0.02, abs=1e-6)


@pytest.mark.parametrize("beta", [0.01, 0.99])
@pytest.mark.parametrize("begin", [1.0, 0.777])
def test_beta_plays_no_part_in_the_jitter_but_at_0(beta, begin):
    start = torch.tensor(begin, dtype=torch.float64)
    both = {
        of: path(rmsprop, lambda p: 5 * p, start, steps=20_000, lr=0.1, beta=of)[-2:]
        for of in (beta, 0.0)
    }
    torch.testing.assert_close(both[beta].abs(), torch.full_like(both[beta], limit_cycle(0.1)))
    assert both[0.0].diff().abs().item() == pytest.approx(0.1, rel=1e-4)
    distance = both[0.0].abs()
    assert (distance - distance.flip(0)).abs().max() > 0.04 if begin == 0.777 else True


def test_jitter_refuses_a_curvature_that_is_not_above_0():
    with pytest.raises(ValueError, match="curvature is 0"):
        limit_cycle(0.1, curvature=0)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, -120])
def test_a_turned_surface_is_the_surface_turned_and_its_gradient_autograds(degrees):
    surface, points = BEALE, draw(30, 2).requires_grad_()
    a = math.radians(degrees)
    x, y = points.unbind(dim=-1)
    back = torch.stack(
        [math.cos(a) * x + math.sin(a) * y, math.cos(a) * y - math.sin(a) * x], dim=-1
    )
    of_turned = rotated(surface, degrees)
    torch.testing.assert_close(of_turned.value(points), surface.value(back))
    (expected,) = torch.autograd.grad(surface.value(back).sum(), points)
    torch.testing.assert_close(of_turned.gradient(points.detach()), expected)
    x, y = surface.start
    there = (math.cos(a) * x - math.sin(a) * y, math.sin(a) * x + math.cos(a) * y)
    assert of_turned.start == pytest.approx(there)
    minimum = torch.tensor(of_turned.minima, dtype=torch.float64)
    assert of_turned.value(minimum).item() == pytest.approx(0, abs=1e-12)


def test_gradient_descent_and_momentum_do_not_see_a_turn_but_rmsprop_does():
    surface, start = bowl(100), torch.tensor([-0.8, 0.6], dtype=torch.float64)
    a = math.radians(30)
    rotation = torch.tensor([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]).double()
    for rule, lr, same in ((gd, 1.5, True), (momentum, 0.3, True), (rmsprop, 0.01, False)):
        plain = path(rule, surface.gradient, start, steps=40, lr=lr)
        seen = path(rule, rotated(surface, 30).gradient, rotation @ start, steps=40, lr=lr)
        apart = (seen @ rotation - plain).norm(dim=-1).max().item()
        assert (apart < 1e-6) == same
        assert same or apart > 0.05


@pytest.mark.parametrize("rule", [rmsprop, adagrad])
def test_a_stretched_axis_is_repaired_altogether(rule):
    """Multiplying an axis of the cost's gradients by anything changes no step (eps = 0)."""
    start, settings = torch.tensor([-0.8, 0.6], dtype=torch.float64), {"lr": 0.05, "eps": 0.0}
    scale = torch.tensor([1e-3, 70.0], dtype=torch.float64)
    plain = path(rule, lambda p: p.sin(), start, steps=60, **settings)
    stretched = path(rule, lambda p: scale * p.sin(), start, steps=60, **settings)
    torch.testing.assert_close(stretched, plain)


# Keras, whose dialect article B's readers meet


def keras_steps(keras, gradients, name, **settings):
    optimizer = getattr(keras.optimizers, name)(**settings)
    variable = keras.Variable(torch.zeros_like(gradients[0]), dtype="float64")
    optimizer.build([variable])
    points = [variable.value.detach().clone()]
    for g in gradients:
        optimizer.apply([g])
        points.append(variable.value.detach().clone())
    return torch.stack(points).diff(dim=0)


def test_keras_rmsprop_has_eps_inside_the_root(keras):
    gradients, lr, beta, eps = 0.01 * draw(20, 6), 0.1, 0.9, 1e-3
    found = keras_steps(keras, gradients, "RMSprop", learning_rate=lr, rho=beta, epsilon=eps)
    s = 1 / effective_lr(gradients, lr=1.0, beta=beta, eps=0.0) ** 2
    torch.testing.assert_close(found, -lr * gradients / (s + eps).sqrt(), rtol=1e-5, atol=1e-8)
    ours = -effective_lr(gradients, lr=lr, beta=beta, eps=eps) * gradients
    assert (found / ours).max() < 0.8, "ε stands for far more when it is inside"


def test_keras_defaults(keras):
    def defaults(name, *of):
        parameters = inspect.signature(getattr(keras.optimizers, name)).parameters
        return [parameters[one].default for one in of]

    assert defaults("RMSprop", "learning_rate", "rho", "epsilon") == [0.001, 0.9, 1e-7]
    assert defaults("Adagrad", "initial_accumulator_value", "epsilon") == [0.1, 1e-7]


def test_keras_adagrad_starts_its_sum_at_a_tenth(keras):
    gradients = draw(20, 6)
    found = keras_steps(keras, gradients, "Adagrad", learning_rate=0.1)
    s = 0.1 + (gradients**2).cumsum(dim=0)
    torch.testing.assert_close(found, -0.1 * gradients / (s + 1e-7).sqrt(), rtol=1e-5, atol=1e-8)


def test_an_eps_inside_counts_as_its_root_while_gradients_are_small(keras):
    gradients = torch.full((1, 1), 1e-9, dtype=torch.float64)
    found = keras_steps(keras, gradients, "RMSprop", learning_rate=0.1, rho=0.9, epsilon=1e-7)
    as_ours = -effective_lr(gradients, lr=0.1, beta=0.9, eps=1e-7**0.5) * gradients
    torch.testing.assert_close(found, as_ours, rtol=1e-5, atol=1e-20)


def test_torch_has_eps_outside():
    gradients = draw(20, 6)
    steps = optimized(lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=0.5), gradients)
    s = 1 / effective_lr(gradients, lr=1.0, beta=0.9, eps=0.0) ** 2
    torch.testing.assert_close(steps, -0.1 * gradients / (s.sqrt() + 0.5))
