"""Each vector-Jacobian product against autograd and by its laws; the cost against torch's count."""

from itertools import pairwise

import pytest
import torch
from torch.func import functional_call, jvp, vjp, vmap
from torch.utils.flop_counter import FlopCounterMode

from course_lib.nn import activations
from course_lib.nn.backprop import (
    OPERATIONS,
    Step,
    count_cost,
    elementwise_vjp,
    linear_vjp,
    relu_vjp,
    softmax_vjp,
    tape_backward,
    tape_forward,
    two_layer,
    two_layer_vjp,
)
from course_lib.nn.biases import affine
from course_lib.nn.softmax import softmax, softmax_jacobian

# Examples, inputs, neurons: one of each, none, and square ones, where a transpose would go unseen.
SHAPES = [(5, 3, 4), (1, 3, 4), (0, 3, 4), (5, 1, 4), (5, 3, 1), (1, 1, 1), (4, 4, 4)]
NETS = [(5, 3, 4, 2), (1, 3, 4, 2), (0, 3, 4, 2), (6, 1, 1, 1), (4, 4, 4, 4), (3, 2, 7, 5)]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(n, d, h):
    return draw(n, h, seed=3), draw(n, d), draw(h, d, seed=1), draw(h, seed=2)


def net(n, d, h, c):
    params = draw(h, d, seed=1), draw(h, seed=2), draw(c, h, seed=3), draw(c, seed=4)
    return draw(n, c, seed=5), draw(n, d), params


@pytest.mark.parametrize("shape", SHAPES)
def test_linear_vjp_is_autograds(shape):
    g, x, weight, bias = layer(*shape)
    _, pull = vjp(affine, x, weight, bias)
    for found, expected in zip(linear_vjp(g, x, weight), pull(g), strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # its own
@pytest.mark.parametrize("shape", SHAPES)
def test_a_vjp_is_the_adjoint_of_a_jvp(shape):
    g, x, weight, bias = layer(*shape)
    moves = draw(*x.shape, seed=7), draw(*weight.shape, seed=8), draw(*bias.shape, seed=9)
    _, moved = jvp(affine, (x, weight, bias), moves)
    back = linear_vjp(g, x, weight)
    total = sum((part * move).sum() for part, move in zip(back, moves, strict=True))
    torch.testing.assert_close(total, (g * moved).sum())


def test_gradients_of_weights_add_up_over_the_examples():
    g, x, weight, _ = layer(5, 3, 4)
    rows = [linear_vjp(g[i : i + 1], x[i : i + 1], weight) for i in range(5)]
    of_x, of_weight, of_bias = linear_vjp(g, x, weight)
    torch.testing.assert_close(of_x, torch.cat([row[0] for row in rows]))
    torch.testing.assert_close(of_weight, sum(row[1] for row in rows))
    torch.testing.assert_close(of_bias, sum(row[2] for row in rows))


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_elementwise_vjp_with_the_slope_of_each_activation(name):
    activation = activations.ACTIVATIONS[name]
    z, g = draw(4, 3), draw(4, 3, seed=1)
    _, pull = vjp(activation.f, z)
    torch.testing.assert_close(elementwise_vjp(g, activation.grad(z)), pull(g)[0])


@pytest.mark.parametrize("shape", [(4, 3), (0, 3), (1,), (2, 3, 4)])
def test_relu_vjp_is_torchs_also_at_zero(shape):
    z, g = draw(*shape), draw(*shape, seed=1)
    z = torch.where(z.abs() < 0.4, 0.0, z).requires_grad_()
    assert shape in [(0, 3), (1,)] or (z == 0).any()
    (expected,) = torch.autograd.grad(torch.relu(z), z, g)
    assert torch.equal(relu_vjp(g, z.detach()), expected)


@pytest.mark.parametrize("g", [float("inf"), -float("inf")])
def test_relu_hands_nothing_back_below_zero_also_of_infinity(g):
    g, z = torch.full((3,), g), torch.tensor([-1.0, 0.0, 1.0], requires_grad=True)
    (expected,) = torch.autograd.grad(torch.relu(z), z, g)
    assert torch.equal(relu_vjp(g, z.detach()), expected)


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (0, 3), (4, 1)])
def test_softmax_vjp_is_autograds_and_the_jacobians(shape):
    z, g = 3 * draw(*shape), draw(*shape, seed=1)
    p, pull = vjp(softmax, z)
    found = softmax_vjp(g, p)
    torch.testing.assert_close(found, pull(g)[0])
    torch.testing.assert_close(found, (softmax_jacobian(z) @ g[:, :, None])[:, :, 0])
    torch.testing.assert_close(found.sum(dim=1), torch.zeros(len(z)).double())


@pytest.mark.parametrize("shape", NETS)
def test_the_network_is_torchs(shape):
    _, x, (W1, b1, W2, b2) = net(*shape)
    _, d, h, c = shape
    model = torch.nn.Sequential(torch.nn.Linear(d, h), torch.nn.ReLU(), torch.nn.Linear(h, c))
    params = {"0.weight": W1, "0.bias": b1, "2.weight": W2, "2.bias": b2}
    torch.testing.assert_close(two_layer(x, W1, b1, W2, b2), functional_call(model, params, (x,)))


@pytest.mark.parametrize("shape", NETS)
def test_two_layer_vjp_is_autograds(shape):
    g, x, params = net(*shape)
    _, pull = vjp(lambda *p: two_layer(x, *p), *params)
    for found, expected in zip(two_layer_vjp(g, x, *params[:3]), pull(g), strict=True):
        torch.testing.assert_close(found, expected)


def test_two_layer_vjp_passes_gradcheck_as_the_backward_of_a_function():
    class TwoLayer(torch.autograd.Function):
        @staticmethod
        def forward(ctx, W1, b1, W2, b2):
            ctx.save_for_backward(W1, b1, W2)
            return two_layer(x, W1, b1, W2, b2)

        @staticmethod
        def backward(ctx, g):
            return two_layer_vjp(g, x, *ctx.saved_tensors)

    _, x, params = net(5, 3, 4, 2)
    assert (affine(x, *params[:2]).abs() > 1e-3).all(), "no kink near by"
    assert torch.autograd.gradcheck(TwoLayer.apply, [p.requires_grad_() for p in params])


def test_all_products_run_under_vmap():
    g, x, (W1, b1, W2, _) = net(5, 3, 4, 2)
    many = vmap(two_layer_vjp, in_dims=(0, None, None, None, None))(
        torch.stack([g, -g]), x, W1, b1, W2
    )
    for both in many:
        torch.testing.assert_close(both[1], -both[0])
    p = softmax(draw(2, 4, 3))
    assert vmap(softmax_vjp)(draw(2, 4, 3, seed=1), p).shape == p.shape


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_gradients_have_the_type_of_their_parameters(dtype):
    g, x, params = net(5, 3, 4, 2)
    found = two_layer_vjp(*(value.to(dtype) for value in (g, x, *params[:3])))
    assert [gradient.dtype for gradient in found] == 4 * [dtype]
    assert [gradient.shape for gradient in found] == [p.shape for p in params]
    assert softmax_vjp(g.to(dtype), g.softmax(dim=1).to(dtype)).dtype == dtype


SIZES = [[64, 10], [64, 32, 10], [1, 1], [3, 7, 5, 2], [8, 8, 8, 8, 8]]


@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("sizes", SIZES)
def test_the_cost_is_what_torch_counts(sizes, n):
    layers = [module for d, h in pairwise(sizes) for module in (torch.nn.Linear(d, h),
              torch.nn.ReLU())]  # fmt: skip
    model = torch.nn.Sequential(*layers)
    x = torch.zeros(n, sizes[0])
    forward, both = FlopCounterMode(display=False), FlopCounterMode(display=False)
    with forward:
        model(x)
    with both:
        model(x).sum().backward()
    flops = forward.get_total_flops(), both.get_total_flops() - forward.get_total_flops()
    assert flops == tuple(2 * cost for cost in count_cost(sizes, n))  # a product and a sum each


@pytest.mark.parametrize("sizes", SIZES)
def test_the_cost_grows_with_the_examples_and_stays_under_twice(sizes):
    forward, backward = count_cost(sizes, 10)
    assert (forward, backward) == tuple(10 * cost for cost in count_cost(sizes, 1))
    assert forward <= backward < 2 * forward
    assert count_cost(sizes, 0) == (0, 0)


def branching():
    """Return a tape in which x, w and a sum are used twice, and the leaves that it starts from."""
    tape = [
        Step("z1", "times", ("w", "x")),
        Step("z2", "plus", ("z1", "x")),
        Step("a", "ReLU", ("z2",)),
        Step("unused", "times", ("a", "y")),
        Step("b", "times", ("a", "z1")),
        Step("out", "plus", ("b", "w")),
        Step("loss", "squared error", ("out", "y")),
    ]
    return tape, {name: draw(6, seed=seed) for seed, name in enumerate(("w", "x", "y"))}


def test_a_tape_gives_autograds_gradients_for_every_value_on_the_way():
    tape, leaves = branching()
    assert {step.operation for step in tape} == set(OPERATIONS)
    values = tape_forward(tape, {name: leaf.requires_grad_() for name, leaf in leaves.items()})
    used = [name for name in values if name != "unused"]
    expected = torch.autograd.grad(values["loss"].sum(), [values[name] for name in used])
    found = tape_backward(tape, values)
    assert set(found) == set(used)
    for name, gradient in zip(used, expected, strict=True):
        torch.testing.assert_close(found[name], gradient)


def test_a_tape_stops_where_it_is_told():
    tape, leaves = branching()
    assert list(tape_forward(tape, leaves, steps=0)) == ["w", "x", "y"]
    values = tape_forward(tape, leaves, steps=2)
    assert list(values) == ["w", "x", "y", "z1", "z2"]
    values = tape_forward(tape, leaves)
    assert list(tape_backward(tape, values, steps=0)) == ["loss"]
    assert set(tape_backward(tape, values, steps=1)) == {"loss", "out", "y"}
    torch.testing.assert_close(tape_backward(tape, values, steps=1)["out"],
                               2 * (values["out"] - values["y"]))  # fmt: skip


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_vjp(draw(5, 4), draw(5), draw(4, 3)), r"x has shape \(5,\); .* \(n, d\)"),
        (lambda: linear_vjp(draw(5, 4), draw(5, 3), draw(3, 4)), r"weight has shape \(3, 4\)"),
        (lambda: linear_vjp(draw(5, 3), draw(5, 3), draw(4, 3)), r"g has shape .* \(5, 4\), like"),
        (lambda: linear_vjp(draw(4), draw(5, 3), draw(4, 3)), r"g has shape \(4,\)"),
        (lambda: elementwise_vjp(draw(3), draw(4)), r"g has shape \(3,\); .* \(4,\), like slope"),
        (lambda: relu_vjp(draw(4, 1), draw(4)), r"g has shape \(4, 1\); .* \(4,\), like z"),
        (lambda: softmax_vjp(torch.ones(()), torch.ones(())), r"p has shape \(\); it must be"),
        (lambda: softmax_vjp(draw(2, 3), draw(3, 3)), r"g has shape \(2, 3\); .* \(3, 3\), like p"),
        (lambda: count_cost([64], 1), r"sizes is \[64\]; it must hold two or more"),
        (lambda: count_cost([64, 0], 1), r"sizes is \[64, 0\]; it must hold two or more"),
        (lambda: count_cost([64, 10], -1), r"n is -1; it must be 0 or more"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
