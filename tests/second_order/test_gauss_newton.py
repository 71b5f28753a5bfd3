"""The Gauss-Newton diagonal against the chain rule in torch.func, and against Hessians."""

import pytest
import torch
from torch.func import hessian, jacrev
from torch.nn.functional import cross_entropy, mse_loss

from course_lib.second_order import (
    cross_entropy_curvature,
    exact_diagonal,
    gauss_newton_diagonal,
    squared_error_curvature,
)

from .small import net, randn

CURVATURES = {"cross-entropy": cross_entropy_curvature, "squared error": squared_error_curvature}


def losses_of_outputs(z, y):
    target = randn(*z.shape, seed=9, dtype=z.dtype)
    return {
        "cross-entropy": lambda z: cross_entropy(z, y),
        "squared error": lambda z: mse_loss(z, target),
    }


def linearised_loss(name, model, p, y):
    """The loss of the network's tangent at p: its Hessian is Gauss-Newton, by definition."""
    z, J = model(p), jacrev(model)(p)
    loss = losses_of_outputs(z, y)[name]
    return lambda q: loss(z + J @ (q - p))


@pytest.mark.parametrize("name", CURVATURES)
def test_the_curvature_in_the_outputs_is_torchs_hessian(name):
    model, p, y = net()
    z = model(p)
    whole = hessian(losses_of_outputs(z, y)[name])(z)
    own = torch.stack([whole[i, :, i] for i in range(len(z))])
    torch.testing.assert_close(CURVATURES[name](z), own)
    across = whole.clone()
    for i in range(len(z)):
        across[i, :, i] = 0
    assert not across.any(), "no example bends with another"


@pytest.mark.parametrize("name", CURVATURES)
def test_the_diagonal_is_that_of_the_network_made_linear(name):
    model, p, y = net()
    found = gauss_newton_diagonal(model, p, CURVATURES[name](model(p)))
    expected = hessian(linearised_loss(name, model, p, y))(p).diagonal()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    assert (found >= 0).all()
    loss = losses_of_outputs(model(p), y)[name]
    own = exact_diagonal(lambda p: loss(model(p)), p)
    assert (found - own).abs().max() > 0.01, "and not the Hessian's"


@pytest.mark.parametrize("name", CURVATURES)
def test_without_a_hidden_layer_it_is_the_hessians(name):
    model, p, y = net(sizes=(5, 3))
    loss = losses_of_outputs(model(p), y)[name]
    own = exact_diagonal(lambda p: loss(model(p)), p)
    torch.testing.assert_close(gauss_newton_diagonal(model, p, CURVATURES[name](model(p))), own)


def test_where_all_errors_are_zero_it_is_the_hessians():
    model, p, _ = net()
    target = model(p)
    own = exact_diagonal(lambda q: mse_loss(model(q), target), p)
    torch.testing.assert_close(
        gauss_newton_diagonal(model, p, squared_error_curvature(target)), own
    )


@pytest.mark.parametrize("name", CURVATURES)
def test_dtype_stays(name):
    model, p, _ = net(dtype=torch.float32)
    B = CURVATURES[name](model(p))
    assert B.dtype == gauss_newton_diagonal(model, p, B).dtype == torch.float32
