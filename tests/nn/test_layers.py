"""Each formula against autograd, against torch's own layer, and by its laws."""

from itertools import pairwise

import pytest
import torch
from torch.func import jacrev, vmap

from course_lib.nn.layers import dense, neuron, parameter_count, rescale, sensitivity, weighted_sum

SHAPES = [(5, 3, 4), (1, 3, 4), (5, 1, 1), (4, 4, 4), (2, 7, 1)]  # examples, inputs, neurons


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize(("n", "d", "h"), SHAPES)
def test_dense_is_torchs_linear_layer_without_bias(n, d, h):
    x, weight = draw(n, d), draw(h, d, seed=1)
    torch.testing.assert_close(dense(x, weight), torch.nn.functional.linear(x, weight))


@pytest.mark.parametrize(("n", "d", "h"), SHAPES)
def test_a_layer_is_its_neurons_side_by_side(n, d, h):
    x, weight = draw(n, d), draw(h, d, seed=1)
    one_by_one = torch.stack([neuron(x, row) for row in weight], dim=1)
    torch.testing.assert_close(dense(x, weight), one_by_one)


def test_a_neuron_by_hand():
    x = torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]])
    torch.testing.assert_close(
        neuron(x, torch.tensor([2.0, 0.0, -2.0])), torch.tensor([-4.0, -1.0])
    )


@pytest.mark.parametrize(("n", "d", "h"), SHAPES)
def test_a_neuron_is_a_weighted_sum_of_each_example(n, d, h):
    x, w = draw(n, d), draw(d, seed=1)
    torch.testing.assert_close(neuron(x, w), torch.stack([weighted_sum(row, w) for row in x]))


@pytest.mark.parametrize("sizes", [[2, 4, 1], [64, 10], [64, 32, 32, 10], [1, 1]])
def test_parameter_count_is_what_torch_allocates(sizes):
    net = torch.nn.Sequential(*(torch.nn.Linear(d, h) for d, h in pairwise(sizes)))
    assert parameter_count(sizes) == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(("_n", "d", "h"), SHAPES)
def test_sensitivity_is_the_derivative(_n, d, h):
    x, W, v = draw(d), draw(h, d, seed=1), draw(h, seed=2)
    torch.testing.assert_close(sensitivity(x, W, v), jacrev(lambda W: v @ (W @ x))(W))


def test_sensitivity_predicts_any_finite_change_exactly():
    x, W, v, change = draw(3), draw(4, 3, seed=1), draw(4, seed=2), 100 * draw(4, 3, seed=3)
    moved = v @ ((W + change) @ x) - v @ (W @ x)
    torch.testing.assert_close((sensitivity(x, W, v) * change).sum(), moved)


def test_sensitivity_runs_under_vmap():
    x, W, v = draw(5, 3), draw(4, 3, seed=1), draw(4, seed=2)
    batched = vmap(sensitivity, in_dims=(0, None, None))(x, W, v)
    torch.testing.assert_close(batched, torch.einsum("h,nd->nhd", v, x))


@pytest.mark.parametrize(("n", "d", "h"), SHAPES)
@pytest.mark.parametrize("target", [1e-3, 1.0, 1e4])
def test_rescale_reaches_its_target_and_keeps_the_direction(n, d, h, target):
    x, W = draw(n, d), draw(h, d, seed=1)
    scaled = rescale(W, x, target)
    size = dense(x, scaled).square().mean().sqrt()
    torch.testing.assert_close(size, torch.tensor(target, dtype=torch.float64))
    torch.testing.assert_close(scaled / scaled.norm(), W / W.norm())


def test_rescale_forgets_the_scale_it_was_given():
    x, W = draw(6, 3), draw(4, 3, seed=1)
    torch.testing.assert_close(rescale(1e6 * W, x, 2.0), rescale(W, x, 2.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: weighted_sum(draw(3), draw(2)), r"weights has shape \(2,\); .* \(3,\)"),
        (lambda: weighted_sum(draw(2, 3), draw(2)), r"weights has shape \(2,\); .* \(3,\)"),
        (lambda: neuron(draw(3), draw(3)), r"x has shape \(3,\); it must be \(n, d\)"),
        (lambda: neuron(draw(2, 3), draw(2)), r"w has shape \(2,\); it must be \(3,\)"),
        (lambda: dense(draw(2, 3), draw(3, 4)), r"weight has shape \(3, 4\); it must be \(h, 3\)"),
        (lambda: dense(draw(3), draw(4, 3)), r"x has shape \(3,\)"),
        (lambda: parameter_count([3]), r"sizes is \[3\]; it must hold two or more"),
        (lambda: parameter_count([3, 0]), r"sizes is \[3, 0\]"),
        (lambda: sensitivity(draw(3), draw(3, 4), draw(4)), r"W has shape \(3, 4\).*\(4, 3\)"),
        (lambda: rescale(draw(4, 3), draw(2, 3), 0.0), r"target is 0.0; .* greater than 0"),
        (lambda: rescale(draw(4, 3), torch.zeros(2, 3).double(), 1.0), r"every signal .* is 0"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
