"""Signals and gradients by layer against autograd, closed forms and torch's own modules."""

import math

import pytest
import torch
from torch.func import jacrev

from course_lib.analysis import (
    blocks,
    chain,
    chi_1,
    critical_gain,
    depth_limit,
    fixed_point,
    gradients,
    keeping_gain,
    likeness,
    log_norms,
    next_correlation,
    next_q,
    signals,
    sizes,
    spectra,
)
from course_lib.analysis.propagation import NORMS, PLACES, SHORTCUTS
from course_lib.lab import generator
from course_lib.nn.activations import ACTIVATIONS
from course_lib.nn.initializers import normal, orthogonal

TANH = ACTIVATIONS["tanh"]


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


def weights(layers, d, gain, seed=1):
    return gain / d**0.5 * draw(layers, d, d, seed=seed)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("norm", ["none", *NORMS])
@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_signals_and_gradients_are_those_of_autograd(shortcut, norm, place):
    W = weights(4, 6, 1.3)
    alpha = {"none": 1.0, "plain": 1.0, "1/√L": 0.5, "ReZero": 0.0}[shortcut]

    normed = {
        "none": lambda x: x,
        "LayerNorm": lambda x: torch.nn.functional.layer_norm(x, (6,), eps=1e-5),
        "RMSNorm": lambda x: torch.nn.functional.rms_norm(x, (6,), eps=1e-5),
        "CenterNorm": lambda x: 6 / 5 * (x - x.mean(dim=-1, keepdim=True)),
    }[norm]
    x = draw(3, 6, seed=2).requires_grad_()
    at = [x]
    for weight in W:
        h = normed(at[-1]) if place == "pre" else at[-1]
        h = alpha * torch.tanh(h @ weight.T)
        h = h if shortcut == "none" else h + at[-1]
        at.append(normed(h) if place == "post" else h)
    g = draw(3, 6, seed=3)
    expected = torch.autograd.grad(at[-1], at, g)
    modules = blocks(W, "tanh", shortcut, norm, place)
    for found, due in zip(signals(modules, x.detach()), at, strict=True):
        torch.testing.assert_close(found, due.detach())
    for found, due in zip(gradients(modules, x.detach(), g), expected, strict=True):
        torch.testing.assert_close(found, due)


@pytest.mark.parametrize("name", ["tanh", "ReLU"])
def test_spectra_are_those_of_jacrev(name):
    modules, x = blocks(weights(5, 6, 1.0), name, "plain"), draw(6, seed=4)
    found = spectra(modules, x)
    for layer in range(1, 6):
        J = jacrev(chain(*modules[:layer]).forward)(x)
        torch.testing.assert_close(found[layer - 1], torch.linalg.svdvals(J))


def test_orthogonal_layers_keep_all_singular_values_and_gaussian_ones_spread_them():
    source = generator(0)
    Q = [orthogonal((32, 32), generator=source, dtype=torch.float64) for _ in range(30)]
    x = draw(32)
    kept = spectra(blocks(Q, "identity"), x)[-1]
    torch.testing.assert_close(kept, torch.ones_like(kept))
    G = [normal((32, 32), std=32**-0.5, generator=source, dtype=torch.float64) for _ in range(30)]
    spread = spectra(blocks(G, "identity"), x)[-1]
    assert spread[0] > 2
    assert spread[16] < 1e-3


@pytest.mark.parametrize("power", [1, 2])
def test_likeness_is_the_mean_over_pairs(power):
    x = draw(5, 3)
    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    cosines = [torch.nn.functional.cosine_similarity(x[i], x[j], dim=0) for i, j in pairs]
    expected = (torch.stack(cosines) ** power).mean()
    torch.testing.assert_close(likeness([x], power)[0], expected)


def test_two_opposite_ways_are_alike_in_squared_cosines():
    x = torch.tensor([[1.0, 2.0]]) * torch.tensor([[1.0], [-3.0], [5.0], [-7.0]])
    assert likeness([x]).item() == pytest.approx(-1 / 3)
    assert likeness([x], power=2).item() == pytest.approx(1)


def test_the_keeping_gain_keeps_the_mean_square():
    z = draw(100_000)
    gain = keeping_gain(z, torch.relu(z))
    assert gain.item() == pytest.approx(2**0.5, rel=0.02)
    assert next_q(TANH, keeping_gain(z, torch.tanh(z)).item(), 1.0) == pytest.approx(1, rel=0.02)


def test_log_norms_are_those_of_the_products_and_go_beyond_a_dtype():
    J, g = weights(6, 5, 1.5), draw(5)
    expected = [g.norm().log10()]
    for layer in reversed(range(6)):
        product = torch.linalg.multi_dot([*J[layer:].flip(0), torch.eye(5, dtype=g.dtype)])
        expected.insert(0, (product.T @ g).norm().log10())
    torch.testing.assert_close(log_norms(J, g), torch.stack(expected))
    many = log_norms(100 * torch.eye(3).expand(200, 3, 3), torch.ones(3))
    assert many[0].item() == pytest.approx(400 + math.log10(3) / 2, rel=1e-6)


def test_depth_limit_is_where_the_size_has_changed_and_holds_the_depth_scale():
    chi = torch.tensor([0.5, 0.9, 1.3], dtype=torch.float64)
    layers = depth_limit(chi, 1e4)
    torch.testing.assert_close(chi ** (layers / 2), torch.tensor([1e-4, 1e-4, 1e4]).double())
    scale = 1 / abs(math.log(0.9))  # Schoenholz and others (2017)
    assert depth_limit(torch.tensor(0.9), math.e**0.5).item() == pytest.approx(scale)


def test_the_fixed_point_and_chi_in_a_wide_network():
    gain, bias, d = 1.6, 0.3, 3000
    q = fixed_point(TANH, gain, bias)
    assert next_q(TANH, gain, q, bias) == pytest.approx(q, rel=1e-9)
    x, source = draw(4, d), generator(5)
    for _ in range(12):
        W = gain / d**0.5 * torch.randn(d, d, generator=source)
        sums = x.float() @ W.T + bias * torch.randn(d, generator=source)
        x = torch.tanh(sums)
    assert sums.square().mean().item() == pytest.approx(q, rel=0.05)
    slope = gain**2 * (1 - x.square()).square().mean().item()
    assert chi_1(TANH, gain, q) == pytest.approx(slope, rel=0.05)


def test_the_critical_line_of_tanh():
    """Without biases it starts at 1; chi is 1 on it, and it rises with the biases."""
    gains = [critical_gain(TANH, bias) for bias in (0.02, 0.3, 1.0)]
    assert 1 < gains[0] < 1.1 < gains[1] < gains[2]
    for gain, bias in zip(gains, (0.02, 0.3, 1.0), strict=True):
        assert chi_1(TANH, gain, fixed_point(TANH, gain, bias)) == pytest.approx(1, abs=1e-3)
    with pytest.raises(ValueError, match="bias is 0"):
        critical_gain(TANH, 0.0)


def test_the_correlation_map_has_slope_chi_at_1_and_that_of_erf_is_known():
    gain, bias = 1.3, 0.5
    q = fixed_point(TANH, gain, bias)
    assert next_correlation(TANH, gain, q, 1.0, bias) == pytest.approx(1, rel=1e-9)
    slope = (1 - next_correlation(TANH, gain, q, 1 - 1e-5, bias)) / 1e-5
    assert slope == pytest.approx(chi_1(TANH, gain, q), rel=1e-3)
    erf = TANH._replace(f=torch.erf)  # Williams (1997)
    expected = 2 / math.pi * math.asin(2 * 0.4 * q / (1 + 2 * q)) / q
    assert next_correlation(erf, 1.0, q, 0.4) == pytest.approx(expected, rel=1e-9)


def test_sizes_are_root_mean_squares_in_float64():
    tiny, five = sizes([torch.full((2,), 1e-30), torch.tensor([-1.0, 7.0])]).tolist()
    assert tiny == pytest.approx(1e-30, rel=1e-6, abs=0)  # its square is 0 in float32
    assert five == 5


@pytest.mark.parametrize("word", ["shortcut", "norm", "place"])
def test_an_unknown_name_is_refused(word):
    with pytest.raises(ValueError, match="'mine' is not known"):
        blocks(torch.ones(1, 2, 2), "tanh", **{word: "mine"})
