"""What is worked out about gradient descent against gradient descent itself."""

import math

import pytest
import torch

from course_lib.lab import generator
from course_lib.optim import descent
from course_lib.optim.cost import cost
from course_lib.optim.paths import path
from course_lib.optim.rules import gd


def draw(seed, *shape):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def quadratic(seed, d=4):
    """Return a random bowl: its curvatures, its directions (columns) and its gradient."""
    directions, _ = torch.linalg.qr(draw(seed, d, d))
    curvatures = draw(seed + 100, d).exp()
    hessian = directions @ curvatures.diag() @ directions.T
    return curvatures, directions, lambda p: hessian @ p


def distances(seed, lr, steps):
    """Return the distance to the minimum along each direction, `(steps + 1, d)`."""
    curvatures, directions, gradient = quadratic(seed)
    start = directions @ torch.ones(len(curvatures), dtype=torch.float64)
    return curvatures, path(gd, gradient, start, steps=steps, lr=lr) @ directions


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lr", [0.01, 0.2, 0.7])
def test_a_step_multiplies_each_distance_by_its_factor(seed, lr):
    curvatures, found = distances(seed, lr, 5)
    t = torch.arange(6, dtype=torch.float64)[:, None]
    torch.testing.assert_close(found, descent.factors(curvatures, lr) ** t, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_below_the_largest_rate_it_converges_and_above_it_does_not(seed):
    limit = descent.max_lr(quadratic(seed)[0]).item()
    size = {
        share: distances(seed, share * limit, 4000)[1].abs().amax(dim=1)
        for share in (0.98, 1.0, 1.02)
    }
    assert size[0.98][-1] < 1e-3
    assert size[1.0][-1] == pytest.approx(1, rel=1e-6)
    assert size[1.02][-1] > 1e3


@pytest.mark.parametrize("seed", range(4))
def test_no_other_learning_rate_has_a_lower_rate_than_the_best(seed):
    curvatures, *_ = quadratic(seed)
    best = descent.best_lr(curvatures)
    lowest = descent.rate(curvatures, best)
    others = torch.linspace(0, float(descent.max_lr(curvatures)), 1001, dtype=torch.float64)
    assert all(descent.rate(curvatures, lr) >= lowest - 1e-12 for lr in others)
    kappa = descent.condition_number(curvatures)
    torch.testing.assert_close(lowest, (kappa - 1) / (kappa + 1))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("shrink", [0.5, 0.01, 1e-6])
def test_steps_needed_is_the_first_step_at_which_every_distance_is_small_enough(
    seed, share, shrink
):
    lr = share * descent.max_lr(quadratic(seed)[0]).item()
    curvatures, found = distances(seed, lr, 6000)
    enough = (found.abs() <= shrink).all(dim=1)
    assert descent.steps_needed(curvatures, lr, shrink) == int(enough.to(torch.int).argmax())
    assert enough.any()


def test_steps_needed_at_its_edges():
    one = torch.tensor([4.0], dtype=torch.float64)
    assert descent.steps_needed(one, 0.25, 1e-9) == 1
    assert descent.steps_needed(one, 0.1, 1.0) == 0
    assert descent.steps_needed(torch.tensor([0.5]), 1.0, 0.25) == 2
    assert isinstance(descent.steps_needed(one, 0.1, 0.5), int)


def test_the_hessian_of_the_line_is_what_autograd_finds():
    x, y = 3 + draw(0, 9), draw(1, 9)
    at = draw(2, 2)
    found = torch.autograd.functional.hessian(lambda p: cost(p[0], p[1], x, y), at)
    torch.testing.assert_close(descent.line_hessian(x), found)


def test_descend_is_torchs_sgd_on_the_same_cost():
    x, y = 2 + draw(0, 9), draw(1, 9)
    w, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (1.5, -0.5))
    rule, expected = torch.optim.SGD([w, b], lr=0.05), []
    for _ in range(101):
        expected.append([w.item(), b.item()])
        rule.zero_grad()
        (w * x + b - y).square().mean().backward()
        rule.step()
    start = (torch.tensor(v, dtype=torch.float64) for v in (1.5, -0.5))
    found = descent.descend(*start, x, y, lr=0.05, steps=100)
    torch.testing.assert_close(found.tolist(), expected, rtol=1e-10, atol=1e-12)


def test_descend_arrives_at_the_line_of_least_squares():
    x, y = 1 + draw(0, 20), draw(1, 20)
    columns = torch.stack([x, torch.ones_like(x)], dim=1)
    least = torch.linalg.lstsq(columns, y[:, None]).solution[:, 0]
    curvatures = torch.linalg.eigvalsh(descent.line_hessian(x))
    lr = float(descent.best_lr(curvatures))
    steps = descent.steps_needed(curvatures, lr, 1e-9)
    zero = torch.zeros((), dtype=torch.float64)
    points = descent.descend(zero, zero, x, y, lr, steps)
    assert points.shape == (steps + 1, 2)
    assert (points[-1] - least).norm() <= 1.01e-9 * least.norm()
    assert (points[-2] - least).norm() > 1e-11 * least.norm()


def test_descend_takes_many_starts_at_once_or_batched():
    x, y, w, b = draw(0, 9), draw(1, 9), draw(2, 5), draw(3, 5)
    together = descent.descend(w, b, x, y, 0.1, 3)
    assert together.shape == (4, 5, 2)
    batched = torch.func.vmap(lambda w, b: descent.descend(w, b, x, y, 0.1, 3))(w, b)
    torch.testing.assert_close(together, batched.transpose(0, 1))
    torch.testing.assert_close(together[:, 2], descent.descend(w[2], b[2], x, y, 0.1, 3))
    assert torch.equal(descent.descend(w, b, x, y, 0.1, 0), torch.stack([w, b], dim=-1)[None])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: descent.max_lr(torch.tensor([1.0, -2.0])), r"\[1.0, -2.0\]; each must be above 0"),
        (lambda: descent.rate(torch.tensor([0.0]), 0.1), "each must be above 0"),
        (lambda: descent.best_lr(torch.ones(2, 2)), r"shape \(2, 2\); it must be \(d,\)"),
        (lambda: descent.condition_number(torch.ones(0)), r"shape \(0,\)"),
        (lambda: descent.max_lr(torch.tensor([math.nan])), "each must be above 0"),
        (lambda: descent.steps_needed(torch.ones(1), 2.0, 0.5), "lr is 2.0; .* below 2$"),
        (lambda: descent.steps_needed(torch.ones(1), -0.1, 0.5), "lr is -0.1"),
        (lambda: descent.steps_needed(torch.ones(1), 0.1, 0.0), "shrink is 0.0"),
        (lambda: descent.steps_needed(torch.ones(1), 0.1, 1.5), "shrink is 1.5"),
        (lambda: descent.line_hessian(torch.ones(2, 2)), r"x has shape \(2, 2\)"),
        (lambda: descent.descend(*[torch.ones(1)] * 4, 0.1, -1), "steps is -1; it must be 0 or"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
