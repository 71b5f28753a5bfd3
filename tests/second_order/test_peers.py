"""Curvature of networks against curvlinops and backpack, which compute it their own way."""

import warnings

import pytest
import torch
from torch import nn
from torch.func import functional_call

from course_lib.lab import generator
from course_lib.second_order import (
    as_vector,
    cross_entropy_curvature,
    exact_diagonal,
    gauss_newton_diagonal,
    hutchinson,
    hutchinson_deviation,
    hvp,
    lower_eigenvalues,
    squared_error_curvature,
)

from .small import randn

LOSSES = ["cross-entropy", "squared error"]
CURVATURES = dict(zip(LOSSES, (cross_entropy_curvature, squared_error_curvature), strict=True))


@pytest.fixture(scope="module")
def curvlinops():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # linear_operator scripts functions
        import curvlinops

        return curvlinops


@pytest.fixture(scope="module")
def backpack():
    import backpack.extensions

    return backpack


def made(name):
    """Return a module, a loss, a batch, and ours: outputs as a function of a vector, and it."""
    net = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4), nn.Sigmoid(), nn.Linear(4, 3))
    net = net.double()
    for seed, p in enumerate(net.parameters()):
        p.data = randn(*p.shape, seed=20 + seed)
    x = randn(9, 5, seed=1)
    if name == "cross-entropy":
        loss, y = nn.CrossEntropyLoss(), torch.randint(0, 3, (9,), generator=generator(2))
    else:
        loss, y = nn.MSELoss(), randn(9, 3, seed=2)
    p, apart = as_vector({name: value.detach() for name, value in net.named_parameters()})
    return net, loss, x, y, (lambda p: functional_call(net, apart(p), (x,))), p


def operator(kind, net, loss, x, y):
    return kind(net, loss, list(net.parameters()), [(x, y)], check_deterministic=False)


@pytest.mark.parametrize("name", LOSSES)
def test_products_and_eigenvalues_are_those_of_curvlinops(curvlinops, name):
    net, loss, x, y, model, p = made(name)
    H = operator(curvlinops.HessianLinearOperator, net, loss, x, y)

    def ours(v):
        return hvp(lambda p: loss(model(p), y), p, v)

    for seed in range(3):
        v = randn(len(p), seed=seed)
        torch.testing.assert_close(ours(v), H @ v)
    dense = H @ torch.eye(len(p), dtype=p.dtype)
    values, _ = lower_eigenvalues(ours, randn(len(p), seed=4), rounds=40, count=4)
    expected = torch.linalg.eigvalsh(dense).flip(0)[:4]
    torch.testing.assert_close(values, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gauss_newton_diagonal_is_that_of_curvlinops(curvlinops, name):
    net, loss, x, y, model, p = made(name)
    G = operator(curvlinops.GGNLinearOperator, net, loss, x, y)
    expected = (G @ torch.eye(len(p), dtype=p.dtype)).diagonal()
    found = gauss_newton_diagonal(model, p, CURVATURES[name](model(p)))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", LOSSES)
def test_diagonals_are_those_of_backpack(backpack, name):
    net, loss, x, y, model, p = made(name)
    gauss_newton = gauss_newton_diagonal(model, p, CURVATURES[name](model(p)))
    exact = exact_diagonal(lambda p: loss(model(p), y), p)
    backpack.extend(net), backpack.extend(loss)  # from here on they carry hooks
    extensions = backpack.extensions
    with backpack.backpack(extensions.DiagGGNExact(), extensions.DiagHessian()):
        loss(net(x.clone().requires_grad_()), y).backward()  # a hook warns if no input needs one
    for ours, theirs in ((gauss_newton, "diag_ggn_exact"), (exact, "diag_h")):
        expected = [getattr(q, theirs).reshape(-1) for q in net.parameters()]
        torch.testing.assert_close(ours, torch.cat(expected))


def test_hutchinsons_estimate_lies_where_that_of_curvlinops_lies(curvlinops):
    """1,000 probes each, drawn apart: within 4.5 standard deviations of their difference."""
    net, loss, x, y, model, p = made("cross-entropy")
    H = operator(curvlinops.HessianLinearOperator, net, loss, x, y)
    torch.manual_seed(5)  # curvlinops draws from torch's own source
    theirs = torch.stack([curvlinops.hutchinson_diag(H, 50) for _ in range(20)]).mean(dim=0)
    ours = hutchinson(lambda v: hvp(lambda p: loss(model(p), y), p, v), p, 1000, generator(6))
    spread = hutchinson_deviation(H @ torch.eye(len(p), dtype=p.dtype), 1000) * 2**0.5
    assert ((ours - theirs).abs() <= 4.5 * spread).all()
