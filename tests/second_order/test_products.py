"""Hessian-vector products and the exact diagonal against torch.func.hessian."""

import pytest
import torch
from torch.func import grad, hessian, vmap

from course_lib.second_order import exact_diagonal, hvp

from .small import losses, quadratic, randn, symmetric

every_loss = pytest.mark.parametrize("name", ["cross-entropy", "squared error"])


@every_loss
def test_a_product_is_that_of_torchs_hessian(name):
    loss, p = losses()[name]
    v = randn(len(p), seed=5)
    torch.testing.assert_close(hvp(loss, p, v), hessian(loss)(p) @ v, rtol=1e-12, atol=1e-14)


@every_loss
def test_the_diagonal_is_that_of_torchs_hessian(name):
    loss, p = losses()[name]
    H = hessian(loss)(p)
    assert (H.sum(dim=1) - H.diagonal()).abs().max() > 0.01, "not a Hessian that hides a mistake"
    torch.testing.assert_close(exact_diagonal(loss, p), H.diagonal(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(exact_diagonal(loss, p, chunk=7), exact_diagonal(loss, p))


def test_on_a_quadratic_the_product_is_the_matrix_product_and_the_point_plays_no_part():
    H, b, v = symmetric(6), randn(6, seed=1), randn(6, seed=2)
    for seed in range(3):
        p = 10 * randn(6, seed=seed)
        torch.testing.assert_close(hvp(quadratic(H, b), p, v), H @ v)
        torch.testing.assert_close(exact_diagonal(quadratic(H, b), p), H.diagonal())


@every_loss
def test_laws(name):
    """Linear in v, symmetric, and the limit of a difference of gradients."""
    loss, p = losses()[name]
    u, v = randn(len(p), seed=5), randn(len(p), seed=6)
    both = hvp(loss, p, 2 * u - 3 * v)
    torch.testing.assert_close(both, 2 * hvp(loss, p, u) - 3 * hvp(loss, p, v))
    torch.testing.assert_close(u @ hvp(loss, p, v), v @ hvp(loss, p, u))
    g = grad(loss)
    central = (g(p + 1e-5 * v) - g(p - 1e-5 * v)) / 2e-5  # off by h² and by rounding over h
    torch.testing.assert_close(hvp(loss, p, v), central, rtol=1e-6, atol=1e-8)


def test_points_of_any_shape_and_products_in_a_batch():
    W, V = randn(3, 4), randn(5, 3, 4, seed=1)

    def loss(W):
        return (W.sum(dim=0) ** 3).sum() + W.prod(dim=1).sum()

    H = hessian(loss)(W)
    expected = torch.einsum("ijkl,bkl->bij", H, V)
    torch.testing.assert_close(vmap(lambda v: hvp(loss, W, v))(V), expected)
    diagonal = H.reshape(12, 12).diagonal().reshape(3, 4)
    torch.testing.assert_close(exact_diagonal(loss, W), diagonal)


def test_autograd_sees_no_kink():
    p = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
    assert not hvp(lambda p: torch.relu(p).sum(), p, torch.ones_like(p)).any()


@every_loss
def test_float32_stays_float32(name):
    loss, p = losses(dtype=torch.float32)[name]
    wide, q = losses()[name]
    v = randn(len(p), seed=5)
    found = hvp(loss, p, v.float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), hvp(wide, q, v), rtol=1e-4, atol=1e-5)
    assert exact_diagonal(loss, p).dtype == torch.float32
