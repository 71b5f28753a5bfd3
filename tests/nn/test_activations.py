"""Each activation against torch's own and SciPy; each slope against autograd; all by their laws."""

import numpy as np
import pytest
import scipy.special
import torch
from torch.nn import functional

from course_lib.nn import activations
from course_lib.nn.activations import ACTIVATIONS, normal_cdf
from course_lib.nn.biases import affine
from course_lib.nn.collapse import collapse
from course_lib.nn.softmax import log_softmax, log_softmax_jacobian, softmax, softmax_jacobian

TORCH = {
    "identity": lambda z: z.clone(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": functional.relu,
    "leaky ReLU": functional.leaky_relu,
    "ELU": functional.elu,
    "GELU": functional.gelu,
    "SiLU": functional.silu,
    "softplus": lambda z: functional.softplus(z, threshold=40),
    "Mish": functional.mish,
}
SCIPY = {
    "sigmoid": scipy.special.expit,
    "tanh": np.tanh,
    "ReLU": lambda z: np.maximum(z, 0),
    "leaky ReLU": lambda z: np.where(z > 0, z, 0.01 * z),
    "ELU": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "GELU": lambda z: z * scipy.special.ndtr(z),
    "SiLU": lambda z: z * scipy.special.expit(z),
    "softplus": lambda z: np.logaddexp(z, 0),
    "Mish": lambda z: z * np.tanh(np.logaddexp(z, 0)),
}
LIPSCHITZ = {  # the largest absolute slope; for GELU, SiLU and Mish rounded up
    "identity": 1,
    "sigmoid": 0.25,
    "tanh": 1,
    "ReLU": 1,
    "leaky ReLU": 1,
    "ELU": 1,
    "GELU": 1.1290,
    "SiLU": 1.0999,
    "softplus": 1,
    "Mish": 1.0885,
}
FAR = [-1e4, -1e3, -40.0, 40.0, 1e3, 1e4]
each = pytest.mark.parametrize("name", ACTIVATIONS)


def draw(*shape, seed=0, dtype=torch.float64):
    source = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(*shape, generator=source, dtype=dtype)


def along(low, high):
    return torch.linspace(low, high, 200_001, dtype=torch.float64)


# One number


@each
def test_it_is_torchs_function(name):
    z = torch.cat([draw(500), torch.tensor([0.0, *FAR], dtype=torch.float64)])
    torch.testing.assert_close(ACTIVATIONS[name].f(z), TORCH[name](z), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", SCIPY)
def test_it_is_what_scipy_computes_also_far_out(name):
    z = torch.cat([draw(500), along(-30, 30)[::100]])
    found = ACTIVATIONS[name].f(z).numpy()
    np.testing.assert_allclose(found, SCIPY[name](z.numpy()), rtol=1e-12, atol=0)


@each
def test_the_slope_is_what_autograd_finds_in_torchs_function(name):
    z = torch.cat([draw(500), torch.zeros(1), torch.tensor(FAR)]).double().requires_grad_()
    (expected,) = torch.autograd.grad(TORCH[name](z).sum(), z)
    found = ACTIVATIONS[name].grad(z.detach())
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-15)


@each
def test_autograd_finds_the_slope_in_ours_even_at_zero_and_far_out(name):
    z = torch.cat([draw(500), torch.zeros(1), torch.tensor(FAR)]).double().requires_grad_()
    (found,) = torch.autograd.grad(ACTIVATIONS[name].f(z).sum(), z)
    torch.testing.assert_close(found, ACTIVATIONS[name].grad(z.detach()), rtol=1e-10, atol=1e-15)


@each
def test_small_differences_agree_with_autograd(name):
    z = draw(20).requires_grad_()
    assert torch.autograd.gradcheck(ACTIVATIONS[name].f, z)


@each
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_it_is_finite_far_out_and_keeps_shape_and_type(name, dtype):
    z = torch.tensor([[-1e4, -100.0, 0.0], [1.0, 100.0, 1e4]], dtype=dtype)
    for found in (ACTIVATIONS[name].f(z), ACTIVATIONS[name].grad(z)):
        assert (found.dtype, found.shape) == (dtype, z.shape)
        assert found.isfinite().all()


@each
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_the_full_one_rounded(name, dtype):
    z = draw(2000).clamp(-8, 8).to(dtype)
    precision = torch.finfo(dtype).eps
    for function in ACTIVATIONS[name]:
        exact = function(z.double())
        error = (function(z).double() - exact).abs()
        terms = exact.abs() + 0.25  # where terms cancel, each is a quarter at most
        assert (error <= 2 * precision * terms).all()


@each
def test_nothing_in_nothing_out(name):
    for function in ACTIVATIONS[name]:
        assert function(torch.empty(0, 3)).shape == (0, 3)
        assert function(torch.tensor(0.0)).shape == ()


@each
def test_it_runs_under_vmap(name):
    z = draw(4, 5)
    for function in ACTIVATIONS[name]:
        assert torch.equal(torch.func.vmap(function)(z), function(z))


@each
def test_no_slope_is_steeper_than_its_lipschitz_constant(name):
    steepest = ACTIVATIONS[name].grad(along(-10, 10)).abs().max().item()
    assert LIPSCHITZ[name] - 1e-4 < steepest <= LIPSCHITZ[name]


def test_where_gelu_is_steepest():
    z = along(-10, 10)
    slopes = ACTIVATIONS["GELU"].grad(z)
    assert z[slopes.argmax()].item() == pytest.approx(2**0.5, abs=1e-4)
    assert z[slopes.argmin()].item() == pytest.approx(-(2**0.5), abs=1e-4)


def test_laws_of_the_sigmoid():
    z = draw(500)
    s = activations.sigmoid(z)
    torch.testing.assert_close(s + activations.sigmoid(-z), torch.ones_like(z))
    torch.testing.assert_close(activations.tanh(z), 2 * activations.sigmoid(2 * z) - 1)
    torch.testing.assert_close(activations.sigmoid_grad(z), s * (1 - s))
    torch.testing.assert_close(torch.log(s), -activations.softplus(-z), rtol=1e-12, atol=1e-12)
    ends = activations.sigmoid(torch.tensor([-torch.inf, torch.inf]))
    assert ends.tolist() == [0, 1]


def test_the_sigmoid_keeps_its_digits_in_half_precision():
    z = torch.tensor([-14.0, -13.0, -12.0], dtype=torch.float16)
    expected = scipy.special.expit(z.double().numpy())
    np.testing.assert_allclose(activations.sigmoid(z).double(), expected, rtol=0.04)


@pytest.mark.parametrize("name", ["ReLU", "leaky ReLU", "GELU", "SiLU", "softplus"])
def test_f_of_z_minus_f_of_minus_z(name):
    """Each is z times a share that is s at z and 1 − s at −z; so the difference is known."""
    z, f = draw(500), ACTIVATIONS[name].f
    factor = {"leaky ReLU": 1.01, "GELU": None, "SiLU": None}.get(name, 1.0)
    if factor is not None:
        torch.testing.assert_close(f(z) - f(-z), factor * z)
    else:
        torch.testing.assert_close(f(z) - f(-z), z)


def test_slopes_and_levels_can_be_chosen():
    z = draw(500)
    torch.testing.assert_close(activations.leaky_relu(z, 0.2), functional.leaky_relu(z, 0.2))
    torch.testing.assert_close(activations.elu(z, 0.7), functional.elu(z, 0.7))
    for f, slope, value in (
        (activations.leaky_relu, activations.leaky_relu_grad, 0.2),
        (activations.elu, activations.elu_grad, 0.7),
    ):
        at = torch.cat([z, torch.zeros(1)]).requires_grad_()
        (expected,) = torch.autograd.grad(f(at, value).sum(), at)
        torch.testing.assert_close(slope(at.detach(), value), expected)
    zero = torch.zeros(1)
    assert activations.leaky_relu_grad(zero, 0.2).item() == pytest.approx(0.2)
    assert activations.relu_grad(zero).item() == 0


def test_normal_cdf_is_scipys():
    z = along(-37, 8)[::50]
    np.testing.assert_allclose(normal_cdf(z), scipy.special.ndtr(z.numpy()), rtol=1e-11)


# Softmax


SHAPES = [(5, 4), (1, 3), (7, 1), (2, 3, 4), (6,)]


@pytest.mark.parametrize("shape", SHAPES)
def test_softmax_is_torchs_and_scipys(shape):
    z = draw(*shape)
    for ours, torchs, scipys in (
        (softmax, torch.softmax, scipy.special.softmax),
        (log_softmax, torch.log_softmax, scipy.special.log_softmax),
    ):
        torch.testing.assert_close(ours(z), torchs(z, dim=-1))
        np.testing.assert_allclose(ours(z), scipys(z.numpy(), axis=-1), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("f", "jacobian"),
    [(softmax, softmax_jacobian), (log_softmax, log_softmax_jacobian)],
    ids=["softmax", "log_softmax"],
)
def test_its_jacobian_is_autograds(f, jacobian):
    z = draw(6)
    torch.testing.assert_close(jacobian(z), torch.func.jacrev(f)(z))
    rows = draw(3, 2, 5)
    stacked = torch.stack([torch.func.jacrev(f)(row) for row in rows.flatten(0, 1)])
    torch.testing.assert_close(jacobian(rows), stacked.view(3, 2, 5, 5))
    assert torch.autograd.gradcheck(f, draw(3, 4).requires_grad_())


def test_laws_of_softmax():
    z = draw(50, 6)
    p = softmax(z)
    torch.testing.assert_close(p.sum(dim=1), torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(softmax(z + 7), p)
    torch.testing.assert_close(log_softmax(z).exp(), p)
    J = softmax_jacobian(z)
    torch.testing.assert_close(J, J.mT)
    torch.testing.assert_close(J.sum(dim=2), torch.zeros(50, 6).double(), atol=1e-15, rtol=0)
    two = draw(50, 2)
    torch.testing.assert_close(softmax(two)[:, 0], activations.sigmoid(two[:, 0] - two[:, 1]))


def test_softmax_stretches_by_a_half_at_most():
    half = softmax_jacobian(torch.tensor([0.0, 0.0, -torch.inf, -torch.inf]).double())
    assert torch.linalg.matrix_norm(half, 2).item() == pytest.approx(0.5)
    norms = torch.linalg.matrix_norm(softmax_jacobian(draw(2000, 5)), 2)
    assert norms.max() <= 0.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_softmax_far_out(dtype):
    z = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4]], dtype=dtype)
    third = torch.full((3,), 1 / 3, dtype=dtype)
    expected = torch.stack([torch.tensor([1.0, 0.0, 0.0], dtype=dtype), third, third])
    torch.testing.assert_close(softmax(z), expected)
    logs = log_softmax(z)
    assert logs[0, 0] == 0
    assert logs[0, 1] == -2e4
    for jacobian in (softmax_jacobian(z), log_softmax_jacobian(z)):
        assert jacobian.isfinite().all()


def test_each_row_is_shifted_by_its_own_largest():
    z = torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0]])
    torch.testing.assert_close(softmax(z)[0], softmax(z)[1])


def test_one_class_is_certain_and_an_empty_batch_stays_empty():
    assert torch.equal(softmax(torch.tensor([[1e4], [-3.0]])), torch.ones(2, 1))
    assert torch.equal(log_softmax(torch.tensor([[1e4]])), torch.zeros(1, 1))
    assert softmax_jacobian(torch.tensor([[5.0]])).tolist() == [[[0.0]]]
    assert softmax(torch.empty(0, 4)).shape == (0, 4)
    assert softmax_jacobian(torch.empty(0, 4)).shape == (0, 4, 4)


def test_a_place_that_is_ruled_out_gets_no_share():
    p = softmax(torch.tensor([0.0, -torch.inf, 0.0]))
    assert p.tolist() == [0.5, 0.0, 0.5]


def test_softmax_runs_under_vmap_and_passes_gradients():
    z = draw(3, 4, 5)
    for f in (softmax, log_softmax, softmax_jacobian):
        torch.testing.assert_close(torch.func.vmap(f)(z), f(z))
    gradient = torch.func.grad(lambda z: log_softmax(z)[..., 0].sum())
    found = torch.func.vmap(gradient)(z)
    expected = log_softmax_jacobian(z)[..., 0, :]
    torch.testing.assert_close(found, expected)


# Layers with nothing between them


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (1, 1, 1, 1), (2, 6, 2, 5), (4, 2, 7, 2)])
def test_two_layers_are_one(shape):
    n, d, h, k = shape
    x, W1, b1 = draw(n, d), draw(h, d, seed=1), draw(h, seed=2)
    W2, b2 = draw(k, h, seed=3), draw(k, seed=4)
    W, b = collapse(W1, b1, W2, b2)
    assert (W.shape, b.shape) == ((k, d), (k,))
    torch.testing.assert_close(affine(x, W, b), affine(affine(x, W1, b1), W2, b2))
    assert torch.linalg.matrix_rank(W) <= h


def test_collapse_does_not_care_where_brackets_stand():
    layers = [(draw(3, 4, seed=i), draw(3, seed=9)) for i in (1,)] + [
        (draw(5, 3, seed=2), draw(5, seed=3)),
        (draw(2, 5, seed=4), draw(2, seed=5)),
    ]
    first, second, third = layers
    left = collapse(*collapse(*first, *second), *third)
    right = collapse(*first, *collapse(*second, *third))
    torch.testing.assert_close(left, right)


# What is said when something is wrong


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: softmax(draw(3, 0)), r"z has shape \(3, 0\); .* k 1 or more"),
        (lambda: log_softmax(torch.tensor(1.0)), r"z has shape \(\)"),
        (lambda: collapse(draw(3), draw(3), draw(2, 3), draw(2)), r"W1 has shape \(3,\)"),
        (lambda: collapse(draw(3, 2), draw(2), draw(2, 3), draw(2)), "b1 has shape"),
        (lambda: collapse(draw(3, 2), draw(3), draw(3, 2), draw(3)), r"W2 .* \(k, 3\)"),
        (lambda: collapse(draw(3, 2), draw(3), draw(2, 3), draw(3)), r"b2 .* \(2,\)"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
