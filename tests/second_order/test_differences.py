"""Quotients of gradient differences: what each gives, and how it errs."""

import pytest
import torch
from torch.func import grad

from course_lib.second_order import (
    central_probe,
    diagonal_fd,
    exact_diagonal,
    forward_probe,
    hvp,
    joint_quotient,
    secant,
    secant_noise,
)

from .small import losses, quadratic, randn, symmetric


def counted(gradient):
    def count(p):
        count.calls += 1
        return gradient(p)

    count.calls = 0
    return count


def test_a_coordinate_at_a_time_is_exact_on_a_quadratic():
    H, b, p = symmetric(6), randn(6, seed=1), randn(6, seed=2)
    found = diagonal_fd(grad(quadratic(H, b)), p, h=0.7)
    torch.testing.assert_close(found, H.diagonal())


@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_its_error_falls_as_h_squared_and_it_takes_two_gradients_a_coordinate(name):
    loss, p = losses()[name]
    g, exact = counted(grad(loss)), exact_diagonal(loss, p)
    off = [(diagonal_fd(g, p, h) - exact).abs().max() for h in (1e-2, 1e-3)]
    assert g.calls == 2 * 2 * len(p)
    assert 90 < off[0] / off[1] < 110
    torch.testing.assert_close(diagonal_fd(grad(loss), p, 1e-5), exact, rtol=1e-5, atol=1e-8)


def test_on_a_quadratic_probes_give_the_joint_quotient_and_not_the_diagonal():
    H, b, p = symmetric(6), randn(6, seed=1), randn(6, seed=2)
    gradient = grad(quadratic(H, b))
    for size in (1e-3, 1.0, 30.0):
        delta = size * randn(6, seed=3)
        expected = joint_quotient(H, delta)
        torch.testing.assert_close(forward_probe(gradient, p, gradient(p), delta), expected)
        torch.testing.assert_close(central_probe(gradient, p, delta), expected)
        by_hand = [
            H[i, i] + sum(H[i, j] * delta[j] / delta[i] for j in range(6) if j != i)
            for i in range(6)
        ]
        torch.testing.assert_close(expected, torch.stack(by_hand))
    assert (expected - H.diagonal()).abs().min() > 0.05


def test_only_where_the_hessian_is_diagonal_the_quotient_is_the_diagonal():
    d, delta = randn(6), randn(6, seed=1)
    torch.testing.assert_close(joint_quotient(torch.diag(d), delta), d)


@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_the_forward_probe_errs_by_the_probe_and_the_central_one_by_its_square(name):
    loss, p = losses()[name]
    way, gradient = randn(len(p), seed=5), grad(loss)
    limit = hvp(loss, p, way) / way
    forward, central = [], []
    for h in (1e-2, 1e-3):
        forward.append((forward_probe(gradient, p, gradient(p), h * way) - limit).norm())
        central.append((central_probe(gradient, p, h * way) - limit).norm())
    assert 9 < forward[0] / forward[1] < 11
    assert 90 < central[0] / central[1] < 110


def test_what_probes_cost():
    gradient = counted(lambda p: p**3)
    p, delta = torch.ones(3), 0.1 * torch.ones(3)
    forward_probe(gradient, p, p**3, delta)
    assert gradient.calls == 1
    central_probe(gradient, p, delta)
    assert gradient.calls == 3


def test_two_training_steps_in_a_row_are_a_probe_from_the_earlier_point():
    loss, p = losses()["cross-entropy"]
    gradient = grad(loss)
    moved = p - 0.1 * gradient(p)
    free = secant(gradient(p), gradient(moved), moved - p)
    torch.testing.assert_close(free, forward_probe(gradient, p, gradient(p), moved - p))


def test_along_the_gradient_the_quotient_is_what_the_gradient_loses():
    """δ = −h g gives (g − g′) / (h g), as the reference has it."""
    H, b, p = symmetric(6, definite=True), randn(6, seed=1), randn(6, seed=2)
    gradient, h = grad(quadratic(H, b)), 0.01
    g = gradient(p)
    d = forward_probe(gradient, p, g, -h * g)
    after = gradient(p - h * g)
    torch.testing.assert_close(d, (g - after) / (h * g))


@pytest.mark.parametrize(("kind", "share"), [("own", 0.1), ("independent", 0.25)])
def test_on_convex_quadratics_many_quotients_are_below_zero(kind, share):
    """About one in ten where g = Hw, one in four where g is independent of H (300 draws of 20)."""
    below = []
    for seed in range(300):
        A, w = randn(20, 20, seed=seed), randn(20, seed=1000 + seed)
        H = A @ A.T / 20
        g = H @ w if kind == "own" else w
        below.append((joint_quotient(H, -0.1 * g) < 0).double().mean())
    assert torch.stack(below).mean().item() == pytest.approx(share, abs=0.04)


def test_what_was_not_moved_gives_zero_and_no_nan():
    g, moved = torch.tensor([1.0, 2.0, 0.0]), torch.tensor([3.0, 2.0, 0.0])
    d = secant(g, moved, torch.tensor([0.0, 0.0, 1.0]))
    assert d.tolist() == [0, 0, 0]


def test_the_noise_of_two_batches_is_as_the_formula_says():
    """Over 20,000 pairs of batches; the sample deviation is then within 2 % (4 of its own)."""
    H, delta, sigma = symmetric(4), torch.tensor([0.5, -0.1, 0.02, 1.0], dtype=torch.float64), 0.3
    noise = sigma * randn(2, 20_000, 4, seed=7)
    g, moved = noise[0], H @ delta + noise[1]
    found = secant(g, moved, delta.expand_as(g)).std(dim=0)
    torch.testing.assert_close(found, secant_noise(sigma, delta), rtol=0.02, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_stays(dtype):
    p, delta = randn(5, dtype=dtype), 0.1 * randn(5, seed=1, dtype=dtype)
    d = forward_probe(lambda p: p**3, p, p**3, delta)
    others = central_probe(lambda p: p**3, p, delta), diagonal_fd(lambda p: p**3, p, 0.1)
    assert {t.dtype for t in (d, *others, secant_noise(0.5, delta))} == {dtype}


def test_the_joint_quotient_does_to_the_probe_what_the_hessian_does():
    H, delta = symmetric(6), randn(6)
    torch.testing.assert_close(joint_quotient(H, delta) * delta, H @ delta)
    unmoved = delta.clone()
    unmoved[2] = 0
    assert joint_quotient(H, unmoved)[2] == 0
