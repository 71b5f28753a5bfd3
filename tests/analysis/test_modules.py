"""Every module's Jacobian and products against autograd, at random places and at hard ones."""

import math
from itertools import pairwise

import pytest
import torch
from torch.func import jacrev, vmap

from course_lib.analysis import (
    activation,
    batch_norm,
    batch_norm_evaluation,
    center_norm,
    chain,
    convolution,
    deep_norm,
    dot_product_attention,
    feed_forward,
    l2_normalise,
    layer_norm,
    linear,
    post_norm,
    pre_norm,
    residual,
    rms_norm,
    soft_max,
    spectral_norm,
    sum_of,
    weight_norm,
)
from course_lib.analysis.attention import attention_block
from course_lib.analysis.examples import EXAMPLES, example
from course_lib.lab import generator

every_module = pytest.mark.parametrize("name", EXAMPLES)
EXACT = {"rtol": 1e-9, "atol": 1e-11}


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def by_autograd(module, x):
    """Return the Jacobian of one example as autograd builds it, laid end to end."""
    return jacrev(module.forward)(x).reshape(-1, x.numel())


def agrees(module, x, tolerance=EXACT):
    """Check the Jacobian against autograd, and both products against the Jacobian."""
    J = module.jacobian(x)
    torch.testing.assert_close(J, by_autograd(module, x), **tolerance)
    out = module.forward(x)
    dx, g = randn(*x.shape, seed=1), randn(*out.shape, seed=2)
    torch.testing.assert_close(module.jvp(dx, x).flatten(), J @ dx.flatten(), **tolerance)
    torch.testing.assert_close(module.vjp(g, x).flatten(), J.T @ g.flatten(), **tolerance)
    assert module.jvp(dx, x).shape == out.shape
    assert module.vjp(g, x).shape == x.shape


@every_module
@pytest.mark.parametrize("width", [6, 7])
def test_jacobian_and_products_are_those_of_autograd(name, width):
    agrees(*example(name, generator(3), width))


@every_module
def test_a_batch_is_each_of_its_examples(name):
    module, x = example(name, generator(4))
    batch = torch.stack([torch.stack([x, 2 * x]), torch.stack([-x, x.flip(-1)])])
    dx = randn(*batch.shape, seed=1)
    g = randn(*module.forward(batch).shape, seed=2)

    def each(f, *tensors):
        for _ in range(2):
            f = vmap(f)
        return f(*tensors)

    torch.testing.assert_close(module.forward(batch), each(module.forward, batch))
    torch.testing.assert_close(
        module.jacobian(batch),
        torch.stack([torch.stack([module.jacobian(x) for x in row]) for row in batch]),
    )
    for product, change in ((module.jvp, dx), (module.vjp, g)):
        alone = [
            [product(c, x) for c, x in zip(*pair, strict=True)]
            for pair in zip(change, batch, strict=True)
        ]
        torch.testing.assert_close(
            product(change, batch), torch.stack([torch.stack(row) for row in alone])
        )


@every_module
def test_float32_stays_float32(name):
    module, x = example(name, generator(5), dtype=torch.float32)
    double, x64 = example(name, generator(5))
    assert module.jacobian(x).dtype == torch.float32
    assert module.jvp(x, x).dtype == module.forward(x).dtype == torch.float32
    assert double.jacobian(x64).dtype == torch.float64
    agrees_in = {"rtol": 1e-3, "atol": 1e-4}
    torch.testing.assert_close(module.jacobian(x), by_autograd(module, x), **agrees_in)


# Hard places

ROWS = {
    "all equal": torch.full((6,), 3.0, dtype=torch.float64),
    "zero": torch.zeros(6, dtype=torch.float64),
    "large": 1e3 * randn(6),
    "one far out": torch.tensor([100.0, 0, 0, 0, 0, 0], dtype=torch.float64),
}
NORMS = {
    "l2-normalise": l2_normalise(1e-3),
    "LayerNorm": layer_norm(1 + randn(6) / 4, randn(6), 1e-3),
    "RMSNorm": rms_norm(1 + randn(6) / 4, 1e-3),
    "CenterNorm": center_norm(1 + randn(6) / 4, randn(6)),
    "softmax": soft_max(),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS)
def test_a_normalisation_at_hard_places(norm, row):
    agrees(norm, row, {"rtol": 1e-7, "atol": 1e-9})


@pytest.mark.parametrize("d", [1, 2])
def test_one_and_two_features(d):
    agrees(layer_norm(torch.ones(d).double(), torch.zeros(d).double()), randn(d))
    agrees(rms_norm(torch.ones(d).double()), randn(d))
    agrees(soft_max(), randn(d))


def test_a_batch_without_spread():
    norm = batch_norm(torch.ones(3).double(), torch.zeros(3).double(), 1e-3)
    agrees(norm, torch.ones(4, 3, dtype=torch.float64))


HEADS = tuple(randn(4, 3, seed=seed) for seed in (1, 2, 3))


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_attention_of_alike_usual_and_far_tokens(scale):
    agrees(dot_product_attention(*HEADS), scale * randn(5, 4), {"rtol": 1e-6, "atol": 1e-7})


def test_attention_of_one_token_is_linear():
    one = dot_product_attention(*HEADS)
    torch.testing.assert_close(one.jacobian(randn(1, 4)), HEADS[2].T, **EXACT)


def test_a_token_that_may_not_look_does_not_change():
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    J = dot_product_attention(*HEADS, mask=mask).jacobian(randn(5, 4)).view(5, 3, 5, 4)
    assert J[0, :, 1:].abs().max() == 0
    assert J[4, :, 0].abs().max() > 0


# torch's own modules


def same_as(module, theirs, x):
    torch.testing.assert_close(module.forward(x), theirs(x).detach(), **EXACT)
    jacobian = jacrev(lambda x: theirs(x))(x).reshape(-1, x.numel())
    torch.testing.assert_close(module.jacobian(x), jacobian.detach(), **EXACT)


def filled(module):
    """Return one of torch's modules with random parameters, in float64."""
    source = generator(9)
    for p in module.double().parameters():
        p.data = 1 + torch.randn(p.shape, generator=source, dtype=torch.float64) / 3
    return module


def test_layer_norm_and_rms_norm_are_those_of_torch():
    theirs = filled(torch.nn.LayerNorm(6))
    same_as(layer_norm(theirs.weight.data, theirs.bias.data, theirs.eps), theirs, randn(6))
    theirs = filled(torch.nn.RMSNorm(6, eps=1e-5))
    same_as(rms_norm(theirs.weight.data, theirs.eps), theirs, randn(6))


def test_batch_norm_is_that_of_torch_in_both_modes():
    theirs = filled(torch.nn.BatchNorm2d(3, track_running_stats=True))
    x = randn(5, 3)

    def on_images(batch):  # one place an image
        return theirs(batch[..., None, None])[..., 0, 0]

    gamma, beta = theirs.weight.data, theirs.bias.data
    with torch.no_grad():
        theirs(randn(8, 3, 2, 2))
    theirs.eval()
    kept = theirs.running_mean.clone(), theirs.running_var.clone()
    row = batch_norm_evaluation(gamma, beta, *kept, theirs.eps)
    same_as(row, lambda x: on_images(x[None])[0], x[0])
    theirs.train()
    theirs.track_running_stats, theirs.running_mean, theirs.running_var = False, None, None
    same_as(batch_norm(gamma, beta, theirs.eps), on_images, x)


def test_attention_is_that_of_torch():
    theirs = filled(torch.nn.MultiheadAttention(4, 1, bias=False, batch_first=True))
    W_Q, W_K, W_V = theirs.in_proj_weight.data.chunk(3)
    theirs.out_proj.weight.data = torch.eye(4, dtype=torch.float64)
    X = randn(5, 4)
    for mask in (None, torch.ones(5, 5, dtype=torch.bool).tril()):
        module = dot_product_attention(W_Q.T, W_K.T, W_V.T, mask)
        hidden = None if mask is None else ~mask
        out, _ = theirs(X[None], X[None], X[None], attn_mask=hidden)
        torch.testing.assert_close(module.forward(X), out[0].detach(), **EXACT)


def test_spectral_and_weight_norm_are_those_of_torch():
    layer = torch.nn.Linear(6, 5, bias=False).double()
    weight, g = layer.weight.data.clone(), torch.rand(5, generator=generator(1)).double()
    theirs = torch.nn.utils.parametrizations.weight_norm(layer)
    theirs.parametrizations.weight.original0.data = g[:, None]
    torch.testing.assert_close(weight_norm(weight, g).jacobian(randn(6)), theirs.weight.detach())
    own = spectral_norm(weight).jacobian(randn(6))
    largest = torch.linalg.svdvals(weight)[0]
    torch.testing.assert_close(own, weight / largest)


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_convolution_is_the_layer_of_torch(padding):
    kernel = randn(3, 2, 3, 3)
    layer = torch.nn.Conv2d(2, 3, 3, padding=padding, bias=False).double()
    layer.weight.data = kernel
    same_as(convolution(kernel, padding), lambda x: layer(x[None])[0], randn(2, 5, 4))
    around = torch.nn.Conv2d(2, 3, 3, padding=padding, bias=False, padding_mode="circular").double()
    around.weight.data = kernel
    same_as(
        convolution(kernel, padding, circular=True), lambda x: around(x[None])[0], randn(2, 5, 4)
    )


@pytest.mark.parametrize("size", [(6, 7), (7, 5), (8, 8)])
@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("padding", [0, 1])
def test_a_convolution_with_a_stride_is_the_layer_of_torch(padding, stride, size):
    kernel, x = randn(3, 2, 3, 2), randn(2, *size)
    for mode in ("zeros", "circular"):
        how = {"stride": stride, "padding": padding, "padding_mode": mode, "bias": False}
        layer = torch.nn.Conv2d(2, 3, (3, 2), **how).double()
        layer.weight.data = kernel
        module = convolution(kernel, padding, circular=mode == "circular", stride=stride)
        same_as(module, lambda x, layer=layer: layer(x[None])[0], x)
        agrees(module, x)


# Facts of the table


def test_singular_values_of_layer_norm():
    x, eps = randn(6), 0.01
    s = (x.var(correction=0) + eps).sqrt()
    found = torch.linalg.svdvals(
        layer_norm(torch.ones(6).double(), torch.zeros(6).double(), eps).jacobian(x)
    )
    expected = torch.stack([*[1 / s] * 4, eps / s**3, 0 * s])
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_shift_and_a_stretch_leave_a_normalised_row_alone():
    x = randn(6)
    norm = layer_norm(torch.ones(6).double(), torch.zeros(6).double(), 0.0)
    for change in (torch.ones(6).double(), x):
        assert norm.jvp(change, x).abs().max() < 1e-12


def test_compositions_are_what_their_formulas_say():
    x, d = randn(6), 6
    block = feed_forward(
        randn(8, d, seed=1), randn(8, seed=2), randn(d, 8, seed=3), randn(d, seed=4), "tanh"
    )
    norm = layer_norm(1 + randn(d, seed=5) / 4, randn(d, seed=6))
    eye, J = torch.eye(d, dtype=torch.float64), block.jacobian(x)
    N = norm.jacobian
    torch.testing.assert_close(residual(block).jacobian(x), eye + J)
    alpha = randn(d, seed=7)
    torch.testing.assert_close(residual(block, alpha).jacobian(x), eye + alpha.diag() @ J)
    inside = block.jacobian(norm.forward(x)) @ N(x)
    torch.testing.assert_close(pre_norm(block, norm).jacobian(x), eye + inside)
    outside = N(x + block.forward(x)) @ (eye + J)
    torch.testing.assert_close(post_norm(block, norm).jacobian(x), outside)
    a = 24**0.25
    deep = N(a * x + block.forward(x)) @ (a * eye + J)
    torch.testing.assert_close(deep_norm(block, norm, layers=12).jacobian(x), deep)


def test_the_jacobian_of_attention_has_no_bound():
    module, X = dot_product_attention(*HEADS), randn(5, 4)
    X[0] = 0  # this token looks at all others alike, wherever they are
    norms = [torch.linalg.matrix_norm(module.jacobian(s * X), ord=2) for s in (10, 100, 1000)]
    for small, large in pairwise(norms):
        assert 90 < large / small < 110  # it grows with the square of the input


def test_modules_of_rows_work_on_each_token_and_each_row_of_an_image():
    norm = layer_norm(1 + randn(4, seed=5) / 4, randn(4, seed=6))
    agrees(chain(norm, dot_product_attention(*HEADS), activation("tanh")), randn(5, 4))
    agrees(chain(convolution(randn(3, 2, 3, 3), padding=1), activation("GELU")), randn(2, 4, 5))
    agrees(post_norm(sum_of(dot_product_attention(*HEADS[:2], randn(4, 4))), norm), randn(5, 4))


def test_a_chain_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="one module or more"):
        chain()
    with pytest.raises(ValueError, match="gamma has 1 feature"):
        center_norm(torch.ones(1), torch.zeros(1))
    with pytest.raises(ValueError, match="no activation is called 'relu'"):
        activation("relu")


def test_the_products_of_a_long_chain_do_not_build_a_matrix():
    wide, depth = 512, 50
    W = torch.eye(wide).roll(1, 0)
    layers = [linear(W)._replace(jacobian=None) for _ in range(depth)]
    g = chain(*layers).vjp(torch.arange(wide).float(), torch.zeros(wide))
    torch.testing.assert_close(g, torch.arange(wide).float().roll(-depth))
    assert math.isclose(float(g.sum()), wide * (wide - 1) / 2)


def test_a_block_of_attention_is_a_part_of_its_jacobian():
    W_Q, W_K, W_V = randn(4, 3, seed=1), randn(4, 3, seed=2), randn(4, 2, seed=3)
    X = randn(5, 4)
    whole = dot_product_attention(W_Q, W_K, W_V).jacobian(X).view(5, 2, 5, 4)
    B = W_Q @ W_K.T / 3**0.5
    for i, j in ((0, 0), (0, 3), (4, 1), (2, 2)):
        torch.testing.assert_close(attention_block(X, B, W_V, i, j), whole[i, :, j], **EXACT)
