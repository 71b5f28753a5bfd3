"""Constants of modules: no input stretches by more, and what is exact is reached."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.analysis import (
    CONSTANTS,
    MAX_POOL,
    average_pool,
    batch_norm,
    batch_norm_evaluation,
    center_norm,
    deep_norm,
    dropout,
    exact_average_pool,
    exact_batch_norm,
    exact_batch_norm_evaluation,
    exact_center_norm,
    exact_dropout,
    exact_l2_normalise,
    exact_layer_norm,
    exact_norm,
    exact_rms_norm,
    exact_weight_norm,
    feed_forward,
    l2_normalise,
    layer_norm,
    linear,
    lower_norm_at,
    lower_residual,
    max_pool,
    post_norm,
    pre_norm,
    residual,
    rms_norm,
    upper_center_norm,
    upper_feed_forward,
    upper_layer_norm,
    upper_post_norm,
    upper_pre_norm,
    upper_residual,
    weight_norm,
)
from course_lib.lab import generator

ROUNDING = 1 + 1e-9
D = 5
seeds = st.integers(0, 10_000)
law = settings(deadline=None, max_examples=40)


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def scales(seed):
    """Return γ, with negative ones and one that stands out, and β."""
    return randn(D, seed=seed) * torch.tensor([5.0, 1, 1, 1, 0.1]).double(), randn(D, seed=seed + 1)


EXACT = {  # a module, its constant, and the shape of an input
    "l2-normalise": lambda seed, eps: (l2_normalise(eps), exact_l2_normalise(eps), (D,)),
    "LayerNorm": lambda seed, eps: (
        layer_norm(*scales(seed), eps),
        exact_layer_norm(scales(seed)[0], eps),
        (D,),
    ),
    "RMSNorm": lambda seed, eps: (
        rms_norm(scales(seed)[0], eps),
        exact_rms_norm(scales(seed)[0], eps),
        (D,),
    ),
    "CenterNorm": lambda seed, eps: (
        center_norm(*scales(seed)),
        exact_center_norm(scales(seed)[0]),
        (D,),
    ),
    "BatchNorm, training": lambda seed, eps: (
        batch_norm(*scales(seed), eps),
        exact_batch_norm(scales(seed)[0], eps),
        (4, D),
    ),
    "BatchNorm, evaluation": lambda seed, eps: (
        batch_norm_evaluation(*scales(seed), randn(D), randn(D, seed=seed).square(), eps),
        exact_batch_norm_evaluation(scales(seed)[0], randn(D, seed=seed).square(), eps),
        (D,),
    ),
    "WeightNorm": lambda seed, eps: (
        weight_norm(randn(4, D, seed=seed), randn(4, seed=seed)),
        exact_weight_norm(randn(4, D, seed=seed), randn(4, seed=seed)),
        (D,),
    ),
    "dropout": lambda seed, eps: (
        dropout(torch.tensor([1.0, 0, 1, 0, 0]).double(), keep=0.8),
        exact_dropout(0.8),
        (D,),
    ),
    "average-pool": lambda seed, eps: (average_pool(3), exact_average_pool(3), (2, 6, 7)),
    "max-pool": lambda seed, eps: (max_pool(3), MAX_POOL, (2, 6, 7)),
}
PLACES = {  # from a draw: what a normalisation finds hard
    "zero": lambda x: 0 * x,
    "all equal": lambda x: 0 * x + 3,
    "hardly apart": lambda x: 3 + 1e-4 * x,
    "usual": lambda x: x,
    "far out": lambda x: 1e4 * x,
    "one far out": lambda x: x * torch.eye(x.shape[-1], dtype=x.dtype)[0] * 1e3,
}
places = st.sampled_from(list(PLACES))


@pytest.mark.parametrize("name", EXACT)
@given(place=places, eps=st.sampled_from([1e-5, 1e-2, 1.0]), seed=seeds)
@law
def test_no_input_stretches_by_more(name, place, eps, seed):
    module, exact, shape = EXACT[name](seed, eps)
    x = PLACES[place](randn(*shape, seed=seed))
    true = exact_norm(module.jacobian(x))
    lower = lower_norm_at(module, x, rounds=5, generator=generator(seed))
    assert lower <= true * ROUNDING
    assert true <= exact * ROUNDING


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("seed", range(3))
def test_some_input_stretches_by_so_much(name, seed):
    module, exact, shape = EXACT[name](seed, 1e-5)
    true = exact_norm(module.jacobian(torch.zeros(shape).double()))
    assert true.item() == pytest.approx(float(exact), rel=1e-9)


@given(d=st.integers(2, 9), size=st.floats(0.1, 9), spread=st.floats(0, 9), seed=seeds)
@law
def test_the_largest_gamma_bounds_both_norms_that_take_the_mean_off(d, size, spread, seed):
    equal = size * randn(d, seed=seed).sign()
    gamma = equal + spread * randn(d, seed=seed + 1)
    assert exact_layer_norm(gamma, 0.1) <= upper_layer_norm(gamma, 0.1) * ROUNDING
    assert exact_center_norm(gamma) <= upper_center_norm(gamma) * ROUNDING
    torch.testing.assert_close(exact_layer_norm(equal, 0.1), upper_layer_norm(equal, 0.1))
    torch.testing.assert_close(exact_center_norm(equal), upper_center_norm(equal))


@pytest.mark.parametrize(
    "of", [exact_layer_norm, upper_layer_norm, exact_rms_norm, exact_batch_norm]
)
def test_without_eps_there_is_no_constant(of):
    found = of(torch.tensor([1.0, 0.0]), 0.0)
    assert (found.item(), found.dtype) == (math.inf, torch.float32)
    with pytest.raises(ValueError, match=r"eps is -0.1; it is 0 or more"):
        of(torch.ones(2), -0.1)


@pytest.mark.parametrize("norm", [l2_normalise(0.0), rms_norm(torch.ones(D).double(), 0.0)])
def test_small_inputs_are_stretched_without_end(norm):
    norms = [exact_norm(norm.jacobian(s * randn(D))).item() for s in (1, 1e-3, 1e-6)]
    assert norms[1] == pytest.approx(1e3 * norms[0])
    assert norms[2] == pytest.approx(1e6 * norms[0])
    assert exact_l2_normalise(0.0) == math.inf


def test_one_feature_and_no_share():
    assert exact_layer_norm(torch.ones(1), 0.1) == 0  # its mean is all there is
    for of in (exact_center_norm, upper_center_norm):
        with pytest.raises(ValueError, match="gamma has 1 feature"):
            of(torch.ones(1))
    with pytest.raises(ValueError, match="keep is 0; it is above 0"):
        exact_dropout(0)


def test_weight_norm_lies_between_its_largest_length_and_all_of_them():
    v, g = randn(4, D), randn(4, seed=1)
    assert g.abs().amax() <= exact_weight_norm(v, g) <= g.norm()
    assert exact_weight_norm(v[:1], g[:1]).item() == pytest.approx(g[0].abs().item())


# Modules made of modules


def block(name, seed, size=1.0):
    """Return a feed-forward module and the bound on its constant."""
    W1, W2 = size * randn(7, D, seed=seed), size * randn(D, 7, seed=seed + 1)
    biases = randn(7, seed=seed + 2), randn(D, seed=seed + 3)
    return feed_forward(W1, biases[0], W2, biases[1], name), upper_feed_forward(W1, W2, name)


@given(
    name=st.sampled_from(sorted(CONSTANTS)),
    place=places,
    layers=st.integers(1, 40),
    eps=st.sampled_from([1e-3, 1.0]),
    size=st.floats(0.01, 2),
    seed=seeds,
)
@law
def test_bounds_of_compositions_hold(name, place, layers, eps, size, seed):
    f, of_f = block(name, seed, size)
    gamma, beta = scales(seed)
    norm, of_norm = layer_norm(gamma, beta, eps), exact_layer_norm(gamma, eps)
    alpha = randn(D, seed=seed + 5)
    x = PLACES[place](randn(D, seed=seed + 6))
    skip = (2 * layers) ** 0.25
    for module, upper in (
        (f, of_f),
        (residual(f), upper_residual(of_f)),
        (residual(f, alpha), upper_residual(of_f, alpha)),
        (pre_norm(f, norm), upper_pre_norm(of_f, of_norm)),
        (post_norm(f, norm), upper_post_norm(of_f, of_norm)),
        (deep_norm(f, norm, layers), upper_post_norm(of_f, of_norm, skip)),
    ):
        true = exact_norm(module.jacobian(x))
        assert lower_norm_at(module, x, 3, generator(seed)) <= true * ROUNDING
        assert true <= upper * ROUNDING
    smallest = torch.linalg.svdvals(residual(f, alpha).jacobian(x))[-1]
    assert lower_residual(of_f, alpha) <= smallest + 1e-9


def test_bounds_of_compositions_are_reached_by_matrices():
    f, of_f = linear(3 * torch.eye(D).double()), 3.0
    norm = rms_norm(torch.ones(D).double(), 0.25)
    x, of_norm = torch.zeros(D).double(), exact_rms_norm(torch.ones(D).double(), 0.25)
    for module, upper in (
        (residual(f, alpha=-0.2), lower_residual(of_f, alpha=-0.2)),  # all singular values are 0.4
        (residual(f, alpha=0.5), upper_residual(of_f, alpha=-0.5)),
        (pre_norm(f, norm), upper_pre_norm(of_f, of_norm)),
        (post_norm(f, norm), upper_post_norm(of_f, of_norm)),
        (deep_norm(f, norm, 8), upper_post_norm(of_f, of_norm, skip=2.0)),
    ):
        assert exact_norm(module.jacobian(x)).item() == pytest.approx(float(upper))


def test_what_is_multiplied_by_nothing_adds_nothing():
    assert upper_residual(math.inf, alpha=0.0) == lower_residual(math.inf, alpha=0.0) == 1
    assert upper_pre_norm(0.0, math.inf) == 1
    assert upper_pre_norm(1.0, math.inf) == upper_post_norm(0.0, math.inf) == math.inf
