"""Each formula against autograd, against torch's own, and by its laws."""

import pytest
import torch

from course_lib.nn.biases import (
    affine,
    bias_column,
    constant_error,
    l1_gradient,
    l2_gradient,
    prior_bias,
    threshold,
)
from course_lib.nn.layers import dense

SHAPES = [(5, 3, 4), (1, 3, 4), (5, 1, 1), (4, 4, 4), (2, 7, 1)]  # examples, inputs, neurons


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(n, d, h):
    return draw(n, d), draw(h, d, seed=1), draw(h, seed=2)


@pytest.mark.parametrize("shape", SHAPES)
def test_affine_is_torchs_linear_layer(shape):
    x, weight, bias = layer(*shape)
    torch.testing.assert_close(affine(x, weight, bias), torch.nn.functional.linear(x, weight, bias))


@pytest.mark.parametrize("shape", SHAPES)
def test_without_inputs_only_the_bias_is_left(shape):
    x, weight, bias = layer(*shape)
    assert torch.equal(affine(0 * x, weight, bias), bias.expand(len(x), -1))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bias_moves_every_example_alike(shape):
    x, weight, bias = layer(*shape)
    moved = affine(x, weight, bias + 3) - affine(x, weight, bias)
    torch.testing.assert_close(moved, torch.full_like(moved, 3.0))


def test_affine_runs_under_vmap_and_passes_gradients():
    x, weight, bias = layer(5, 3, 4)
    many = torch.func.vmap(affine, in_dims=(None, 0, 0))(
        x, torch.stack([weight, -weight]), torch.stack([bias, bias])
    )
    torch.testing.assert_close(many[1], affine(x, -weight, bias))
    gradient = torch.func.grad(lambda b: affine(x, weight, b).sum())(bias)
    torch.testing.assert_close(gradient, torch.full_like(bias, len(x)))


def test_at_its_threshold_a_neuron_gives_zero():
    weight, bias = draw(50), draw(50, seed=1)
    at = threshold(weight, bias)
    out = torch.diagonal(affine(at[:, None], weight[:, None], bias))
    torch.testing.assert_close(out, torch.zeros_like(out), atol=1e-12, rtol=0)


def test_the_scale_of_a_neuron_does_not_move_its_threshold():
    weight, bias = draw(50), draw(50, seed=1)
    torch.testing.assert_close(threshold(-7 * weight, -7 * bias), threshold(weight, bias))


def test_without_a_weight_the_threshold_is_out_of_reach():
    found = threshold(torch.tensor([0.0, 0.0, 0.0]), torch.tensor([1.0, -1.0, 0.0]))
    assert found[:2].isinf().all()
    assert found[2].isnan()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_bias_is_the_weight_of_a_one(shape):
    x, weight, bias = layer(*shape)
    wide_x, wide_weight = bias_column(x, weight, bias)
    assert (wide_x[:, -1] == 1).all()
    assert torch.equal(wide_weight[:, -1], bias)
    torch.testing.assert_close(dense(wide_x, wide_weight), affine(x, weight, bias))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_the_column_has_the_type_of_its_inputs(dtype):
    wide_x, wide_weight = bias_column(*(value.to(dtype) for value in layer(3, 2, 4)))
    assert wide_x.dtype == wide_weight.dtype == dtype


def test_the_sigmoid_undoes_prior_bias():
    p = torch.tensor([1e-200, 1e-9, 0.03, 0.5, 0.7, 1 - 1e-9], dtype=torch.float64)
    torch.testing.assert_close(torch.sigmoid(prior_bias(p)), p, rtol=1e-12, atol=0)


def test_prior_bias_is_torchs_logit_and_odd_around_one_half():
    p = torch.rand(2, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(prior_bias(p), torch.logit(p))
    torch.testing.assert_close(prior_bias(1 - p), -prior_bias(p))


def test_what_never_or_always_happens_has_infinite_odds():
    assert prior_bias(torch.tensor([0.0, 1.0])).tolist() == [-torch.inf, torch.inf]


def test_prior_bias_minimises_the_loss_of_a_neuron_without_inputs():
    p = torch.tensor(0.05, dtype=torch.float64)

    def loss(b):
        return -p * torch.nn.functional.logsigmoid(b) - (1 - p) * torch.nn.functional.logsigmoid(-b)

    slope = torch.func.grad(loss)(prior_bias(p))
    torch.testing.assert_close(slope, torch.zeros_like(slope), atol=1e-15, rtol=0)


@pytest.mark.parametrize(
    ("of_penalty", "penalty"),
    [(l2_gradient, lambda b: (b**2).sum()), (l1_gradient, lambda b: b.abs().sum())],
)
@pytest.mark.parametrize("strength", [0.0, 0.3, 5.0])
def test_the_gradient_of_a_penalised_loss(of_penalty, penalty, strength):
    bias = draw(6)
    loss = torch.sin
    alone = torch.func.grad(lambda b: loss(b).sum())(bias)
    whole = torch.func.grad(lambda b: loss(b).sum() + strength * penalty(b))(bias)
    torch.testing.assert_close(of_penalty(alone, bias, strength), whole)


def test_torchs_weight_decay_is_twice_our_strength():
    bias, gradient = draw(4), draw(4, seed=1)
    parameter = torch.nn.Parameter(bias.clone())
    parameter.grad = gradient.clone()
    torch.optim.SGD([parameter], lr=0.1, weight_decay=2 * 0.3).step()
    torch.testing.assert_close(parameter.data, bias - 0.1 * l2_gradient(gradient, bias, 0.3))


def test_at_zero_neither_penalty_pulls():
    zero, gradient = torch.zeros(3), torch.ones(3)
    assert torch.equal(l1_gradient(gradient, zero, 2.0), gradient)
    assert torch.equal(l2_gradient(gradient, zero, 2.0), gradient)


def test_a_penalty_may_differ_from_bias_to_bias():
    gradient, bias, strength = draw(2, 3), draw(2, 3, seed=1), torch.tensor([[0.1], [2.0]]).double()
    rows = [l2_gradient(g, b, s) for g, b, s in zip(gradient, bias, (0.1, 2.0), strict=True)]
    torch.testing.assert_close(l2_gradient(gradient, bias, strength), torch.stack(rows))


@pytest.mark.parametrize("n", [3, 10, 50])
def test_constant_error_is_what_least_squares_leaves(n):
    x = draw(n, 3) + 0.7
    ones = torch.ones(n, 1, dtype=torch.float64)
    left = x @ torch.linalg.lstsq(x, ones).solution - ones
    expected = left.square().mean().sqrt()
    torch.testing.assert_close(constant_error(x), expected, atol=1e-7, rtol=1e-7)


def test_constant_error_at_its_ends():
    x = draw(50, 4)
    assert constant_error(x - x.mean(dim=0)) == pytest.approx(1, abs=1e-12)
    assert constant_error(torch.cat([x, torch.full((50, 1), 7.0)], dim=1)) < 1e-7
    assert constant_error((x - x.mean(dim=0)).float()) == pytest.approx(1, abs=1e-9)


def test_a_column_of_rounding_errors_makes_no_bias():
    x = draw(50, 4)
    rounding = torch.full((50, 1), 1e-9, dtype=torch.float64)
    assert constant_error(torch.cat([x - x.mean(dim=0), rounding], dim=1)) > 0.99


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: affine(draw(2, 3), draw(4, 3), draw(3)), r"bias has shape \(3,\); .* \(4,\)"),
        (lambda: affine(draw(2, 3), draw(4, 3), draw(4, 1)), r"bias has shape \(4, 1\)"),
        (lambda: affine(draw(2, 3), draw(3, 4), draw(3)), r"weight has shape \(3, 4\)"),
        (lambda: threshold(draw(3), draw(2)), r"bias has shape \(2,\); .* \(3,\), like weight"),
        (lambda: bias_column(draw(2, 3), draw(4, 3), draw(3)), r"bias has shape \(3,\)"),
        (lambda: prior_bias(torch.tensor([0.5, 1.5])), r"p is tensor\(.*\); each must be from 0"),
        (lambda: prior_bias(torch.tensor(torch.nan)), r"p is nan; each must be from 0 to 1"),
        (lambda: l2_gradient(draw(3), draw(2), 1.0), r"gradient has shape \(3,\); .* \(2,\)"),
        (lambda: l1_gradient(draw(3), draw(2), 1.0), r"gradient has shape \(3,\)"),
        (lambda: constant_error(draw(3)), r"x has shape \(3,\); it must be \(n, d\)"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
