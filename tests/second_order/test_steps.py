"""Newton's step, the guard, and the step divided by a guarded diagonal."""

import pytest
import torch
from torch.func import grad, hessian

from course_lib.second_order import diagonal_step, guard, hvp, newton_step

from .small import quadratic, randn, symmetric


def test_on_a_quadratic_one_step_ends_where_the_gradient_is_zero():
    for definite in (True, False):
        H, b, p = symmetric(6, definite=definite), randn(6, seed=1), randn(6, seed=2)
        gradient = grad(quadratic(H, b))
        there = newton_step(p, gradient(p), H)
        torch.testing.assert_close(gradient(there), torch.zeros(6, dtype=torch.float64))


def test_it_is_the_same_in_other_coordinates():
    """With p = A q, a step in q leads to the same point: gd's does not."""
    A, H, b, p = symmetric(5, seed=3), symmetric(5), randn(5, seed=1), randn(5, seed=2)
    loss = quadratic(H, b)
    q, other = torch.linalg.solve(A, p), lambda q: loss(A @ q)
    there = newton_step(q, grad(other)(q), hessian(other)(q), lr=0.3)
    torch.testing.assert_close(A @ there, newton_step(p, grad(loss)(p), H, lr=0.3))


def test_damping_makes_it_downhill_and_much_damping_gradient_descent():
    H, g, p = symmetric(6), randn(6, seed=1), randn(6, seed=2)
    lowest = torch.linalg.eigvalsh(H)[0]
    assert lowest < 0
    for seed in range(20):
        g = randn(6, seed=seed)
        assert g @ (newton_step(p, g, H, damping=-1.01 * lowest.item()) - p) < 0
    far = newton_step(p, g, H, damping=1e9)
    torch.testing.assert_close(far, p - g / 1e9, rtol=1e-12, atol=1e-14)


def test_the_step_solves_the_equation():
    H, g, p = symmetric(6), randn(6, seed=1), randn(6, seed=2)
    moved = newton_step(p, g, H, lr=0.5, damping=0.7) - p
    torch.testing.assert_close(H @ moved + 0.7 * moved, -0.5 * g)


def test_it_converges_quadratically():
    """The number of right digits doubles from step to step: log Σ exp with a bowl."""

    def loss(p):
        return torch.logsumexp(p, dim=0) + p @ p

    p, off = randn(4), []
    for _ in range(6):
        p = newton_step(p, grad(loss)(p), hessian(loss)(p))
        off.append(grad(loss)(p).norm().item())
    assert off[1] < off[0] ** 1.9
    assert off[-1] < 1e-14


def test_a_singular_matrix_raises():
    with pytest.raises(torch.linalg.LinAlgError):
        newton_step(torch.ones(2), torch.ones(2), torch.zeros(2, 2))


def test_a_guarded_curvature_lies_between_floor_and_ceiling_and_keeps_its_size():
    d = torch.tensor([-1e9, -2.0, -0.01, 0.0, 0.01, 2.0, 1e9])
    kept = guard(d, floor=0.1, ceiling=100.0)
    torch.testing.assert_close(kept, torch.tensor([100, 2, 0.1, 0.1, 0.1, 2, 100]))
    assert guard(d, floor=0.1)[-1] == 1e9
    assert torch.equal(guard(-d, 0.1, 100.0), kept)
    assert torch.equal(guard(kept, 0.1, 100.0), kept)
    assert guard(torch.tensor([torch.inf, torch.nan]), 0.1, 5.0).isnan().tolist() == [False, True]


def test_a_guarded_step_goes_downhill_and_is_bounded():
    for seed in range(20):
        d, g, p = randn(50, seed=seed), randn(50, seed=seed + 100), randn(50, seed=seed + 200)
        step = diagonal_step(p, g, guard(d, floor=0.1), lr=0.5) - p
        assert (step * g < 0).all()
        assert (step.abs() <= 0.5 * g.abs() / 0.1 + 1e-12).all()
    assert (diagonal_step(p, g, d, lr=0.5) - p) @ g > -torch.inf


def test_it_is_elementwise():
    """So that all parameters may lie end to end in one buffer."""
    a, b = randn(5), randn(3, seed=1)
    both = guard(torch.cat([a, b]), 0.3, 0.9)
    assert torch.equal(both, torch.cat([guard(a, 0.3, 0.9), guard(b, 0.3, 0.9)]))


def test_on_a_diagonal_quadratic_the_diagonal_step_is_newtons():
    d, b, p = guard(randn(6), 0.1), randn(6, seed=1), randn(6, seed=2)
    loss = quadratic(torch.diag(d), b)
    found = hvp(loss, p, torch.ones_like(p))
    step = diagonal_step(p, grad(loss)(p), found)
    torch.testing.assert_close(step, newton_step(p, grad(loss)(p), torch.diag(d)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_stays(dtype):
    p, g, H = randn(4, dtype=dtype), randn(4, seed=1, dtype=dtype), symmetric(4).to(dtype)
    steps = newton_step(p, g, H, damping=0.1), diagonal_step(p, g, guard(p, 0.1))
    assert {step.dtype for step in steps} == {dtype}
