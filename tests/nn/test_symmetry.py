"""The gradient of hidden weights against autograd, and what symmetry does to it."""

import pytest
import torch

from course_lib.nn.symmetry import distinct_rows, hidden_gradient

SHAPES = [(5, 3, 4), (1, 3, 4), (5, 1, 1), (4, 4, 4), (2, 7, 1)]  # examples, inputs, neurons


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(W, x, v):
    return torch.tanh(x @ W.T) @ v


@pytest.mark.parametrize("shape", SHAPES)
def test_hidden_gradient_is_autograds(shape):
    n, d, h = shape
    x, W, v, y = draw(n, d), draw(h, d, seed=1), draw(h, seed=2), draw(n, seed=3)

    def loss(W):
        return (network(W, x, v) - y).square().mean()

    error = 2 * (network(W, x, v) - y) / n
    torch.testing.assert_close(hidden_gradient(x, W, v, error), torch.func.grad(loss)(W))


def test_hidden_gradient_runs_under_vmap():
    x, W, v, error = draw(5, 3), draw(2, 4, 3, seed=1), draw(2, 4, seed=2), draw(5, seed=3)
    both = torch.func.vmap(hidden_gradient, in_dims=(None, 0, 0, None))(x, W, v, error)
    torch.testing.assert_close(both[1], hidden_gradient(x, W[1], v[1], error))


@pytest.mark.parametrize("value", [0.0, 1.0, -0.3])
def test_equal_neurons_have_equal_gradients(value):
    W, v = torch.full((4, 3), value).double(), torch.full((4,), 0.7).double()
    gradient = hidden_gradient(draw(5, 3), W, v, draw(5, seed=1))
    torch.testing.assert_close(gradient, gradient[:1].expand(4, 3))
    assert distinct_rows(W - gradient) == 1
    assert distinct_rows(W - hidden_gradient(draw(5, 3), W, draw(4), draw(5, seed=1))) == 4


def test_through_outgoing_weights_of_zero_nothing_comes_back():
    gradient = hidden_gradient(draw(5, 3), draw(4, 3), torch.zeros(4).double(), draw(5, seed=1))
    assert not gradient.any()


def test_distinct_rows():
    rows = torch.tensor([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [1.0, 2.001], [1.0, 2.1]])
    assert distinct_rows(rows) == 3
    assert distinct_rows(rows, tolerance=1e-4) == 4
    assert distinct_rows(1e9 * rows) == 3
    assert distinct_rows(torch.zeros(7, 3)) == 1
    assert distinct_rows(draw(30, 64)) == 30
    assert torch.func.vmap(distinct_rows)(torch.stack([rows, 0 * rows])).tolist() == [3, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: hidden_gradient(draw(5, 3), draw(3, 4), draw(4), draw(5)), r"weight has shape"),
        (lambda: hidden_gradient(draw(5, 3), draw(4, 3), draw(3), draw(5)), r"v has shape \(3,\)"),
        (lambda: hidden_gradient(draw(5, 3), draw(4, 3), draw(4), draw(4)), r"error has shape"),
        (lambda: distinct_rows(draw(3)), r"weight has shape \(3,\); it must be \(h, d\)"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
