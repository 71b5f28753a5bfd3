"""The cost of a line, against torch."""

import torch
from torch.nn.functional import mse_loss

from course_lib.lab.device import generator
from course_lib.optim.cost import cost, cost_gradient


def _data(n=7):
    source = generator(0)
    return (torch.randn(n, generator=source, dtype=torch.float64) for _ in range(2))


def test_the_cost_is_the_mean_squared_error():
    x, y = _data()
    w, b = torch.tensor(1.5).double(), torch.tensor(-0.5).double()
    torch.testing.assert_close(cost(w, b, x, y), mse_loss(w * x + b, y))


def test_the_gradient_is_that_of_autograd_for_every_place_of_a_grid():
    x, y = _data()
    w = torch.linspace(-2, 2, 5).double()[:, None].expand(5, 4).clone().requires_grad_()
    b = torch.linspace(-1, 3, 4).double().expand(5, 4).clone().requires_grad_()
    expected = torch.autograd.grad(cost(w, b, x, y).sum(), (w, b))
    for found, exact in zip(cost_gradient(w, b, x, y), expected, strict=True):
        assert found.shape == (5, 4)
        torch.testing.assert_close(found, exact)


def test_one_number_broadcasts_over_the_other():
    x, y = _data()
    w, b = torch.linspace(-1, 1, 3).double(), torch.tensor(0.5).double()
    assert cost(w, b, x, y).shape == (3,)
    torch.testing.assert_close(cost(w, b, x, y)[1], cost(w[1], b, x, y))
