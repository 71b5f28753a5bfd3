"""Draws against torch.nn.init, SciPy and Keras; scales against Keras's; and their laws.

A moment of a million draws has to lie within four of its standard errors: a right initializer
fails once in 16,000 seeds, and the seeds are fixed.
"""

import math

import pytest
import torch
from scipy import stats
from torch.nn import init

from course_lib.nn import initializers
from course_lib.nn.initializers import (
    constant,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    normal_from,
    ones,
    orthogonal,
    truncated_from,
    truncated_normal,
    uniform,
    zeros,
)
from course_lib.nn.scales import truncated_std, uniform_std

MILLION = (2000, 500)  # fan-in 500, fan-out 2000
CUT = stats.truncnorm(-2, 2)
SCALED = {
    "lecun": (lecun_normal, lecun_uniform, math.sqrt(1 / 500)),
    "glorot": (glorot_normal, glorot_uniform, math.sqrt(2 / 2500)),
    "he": (he_normal, he_uniform, math.sqrt(2 / 500)),
}
DRAWN = [normal, uniform, truncated_normal, orthogonal]
DRAWN += [draw for pair in SCALED.values() for draw in pair[:2]]
ALL = [*DRAWN, zeros, ones]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def within_four_errors(drawn, law):
    """Mean and variance of the draws are those of the law, to within four standard errors."""
    n = drawn.numel()
    mean, variance, excess = (float(value) for value in law.stats("mvk"))
    assert abs(drawn.mean().item() - mean) < 4 * math.sqrt(variance / n)
    error = variance * math.sqrt((excess + 2) / n)
    assert abs((drawn - mean).square().mean().item() - variance) < 4 * error


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("draw", "law"),
    [
        (lambda g: normal(MILLION, generator=g, dtype=torch.float64), stats.norm(0, 0.05)),
        (
            lambda g: normal(MILLION, generator=g, mean=3.0, std=2.0, dtype=torch.float64),
            stats.norm(3, 2),
        ),
        (
            lambda g: uniform(MILLION, generator=g, dtype=torch.float64),
            stats.uniform(-0.05, 0.1),
        ),
        (
            lambda g: uniform(MILLION, generator=g, low=-1.0, high=4.0, dtype=torch.float64),
            stats.uniform(-1, 5),
        ),
        (
            lambda g: truncated_normal(
                MILLION, generator=g, mean=1.0, std=3.0, dtype=torch.float64
            ),
            stats.truncnorm(-2, 2, loc=1, scale=3),
        ),
    ],
    ids=["normal", "normal moved", "uniform", "uniform moved", "truncated"],
)
def test_a_million_draws_follow_their_law(draw, law, seed):
    drawn = draw(seeded(seed)).flatten()
    within_four_errors(drawn, law)
    assert stats.kstest(drawn[:20_000].numpy(), law.cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", SCALED)
def test_scaled_draws_have_the_std_of_their_rule(name):
    of_normal, of_uniform, std = SCALED[name]
    wide = {"generator": seeded(), "dtype": torch.float64}
    within_four_errors(of_normal(MILLION, **wide), stats.norm(0, std))
    limit = math.sqrt(3) * std
    within_four_errors(of_uniform(MILLION, **wide), stats.uniform(-limit, 2 * limit))
    sigma = std / CUT.std()
    cut = of_normal(MILLION, truncated=True, **wide)
    within_four_errors(cut, stats.truncnorm(-2, 2, scale=sigma))
    assert cut.std().item() == pytest.approx(std, rel=4e-3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_nothing_lies_beyond_the_limits_and_they_are_reached(dtype):
    drawn = truncated_normal(MILLION, generator=seeded(), std=1.0, dtype=dtype).double()
    assert drawn.abs().max() <= 2
    assert drawn.max() > 1.9999
    assert drawn.min() < -1.9999
    flat = uniform(MILLION, generator=seeded(), low=-1.0, high=3.0, dtype=dtype).double()
    assert flat.min() >= -1
    assert flat.max() <= 3
    assert flat.min() < -0.99
    assert flat.max() > 2.98


def test_the_limit_of_a_scaled_normal_is_two_of_the_untruncated_one():
    std = math.sqrt(2 / 500)
    cut = he_normal(MILLION, generator=seeded(), truncated=True, dtype=torch.float64)
    limit = 2 * std / truncated_std()
    assert 0.9999 * limit < cut.abs().max().item() <= limit * (1 + 1e-12)


def test_numbers_without_tails_get_the_std_that_is_asked_for():
    z = torch.tensor(CUT.rvs(1_000_000, random_state=0))
    within_four_errors(truncated_from(z, 0.3), stats.truncnorm(-2, 2, scale=0.3 / CUT.std()))
    assert truncated_from(z, 0.3).std().item() == pytest.approx(0.3, rel=3e-3)


def test_normal_from_moves_and_stretches():
    z = torch.randn(5, 4, generator=seeded(), dtype=torch.float64)
    torch.testing.assert_close((normal_from(z, 2.0, 3.0) - 2) / 3, z)
    many = torch.func.vmap(lambda z: normal_from(z, 1.0, 2.0))(torch.stack([0 * z, z]))
    torch.testing.assert_close(many[1], 1 + 2 * z)
    slope = torch.func.grad(lambda z: normal_from(z, 1.0, 2.0).sum())(z)
    torch.testing.assert_close(slope, torch.full_like(z, 2.0))


TORCHS = {
    "normal": (
        lambda s, g: normal(s, generator=g),
        lambda w, g: init.normal_(w, 0, 0.05, generator=g),
    ),
    "glorot_normal": (
        lambda s, g: glorot_normal(s, generator=g),
        lambda w, g: init.xavier_normal_(w, generator=g),
    ),
    "glorot_uniform": (
        lambda s, g: glorot_uniform(s, generator=g),
        lambda w, g: init.xavier_uniform_(w, generator=g),
    ),
    "he_normal": (
        lambda s, g: he_normal(s, generator=g),
        lambda w, g: init.kaiming_normal_(w, nonlinearity="relu", generator=g),
    ),
    "he_uniform": (
        lambda s, g: he_uniform(s, generator=g),
        lambda w, g: init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
    ),
    "he_normal, fan_out": (
        lambda s, g: he_normal(s, generator=g, mode="fan_out"),
        lambda w, g: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu", generator=g),
    ),
    "he_uniform, leaky": (
        lambda s, g: he_uniform(s, generator=g, slope=0.3),
        lambda w, g: init.kaiming_uniform_(w, a=0.3, generator=g),
    ),
    "lecun_normal": (
        lambda s, g: lecun_normal(s, generator=g),
        lambda w, g: init.kaiming_normal_(w, nonlinearity="linear", generator=g),
    ),
    "orthogonal": (
        lambda s, g: orthogonal(s, generator=g, gain=1.5),
        lambda w, g: init.orthogonal_(w, gain=1.5, generator=g),
    ),
}


@pytest.mark.parametrize("name", TORCHS)
@pytest.mark.parametrize("shape", [(40, 64), (64, 40), (16, 16), (8, 3, 5, 5), (1, 30), (30, 1)])
def test_from_one_seed_torch_draws_the_same_numbers(name, shape):
    mine, torchs = TORCHS[name]
    expected = torchs(torch.empty(shape), seeded(7))
    torch.testing.assert_close(mine(shape, seeded(7)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (6, 6), (4, 3, 2, 2)])
@pytest.mark.parametrize("gain", [1.0, 2**0.5])
def test_orthogonal_rows_or_columns(shape, gain):
    q = orthogonal(shape, generator=seeded(), gain=gain, dtype=torch.float64).flatten(1)
    small = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    torch.testing.assert_close(small, gain**2 * torch.eye(len(small), dtype=torch.float64))


def test_orthogonal_matrices_lean_nowhere():
    corner = torch.stack([orthogonal((3, 3), generator=seeded(s))[0, 0] for s in range(2000)])
    assert abs(corner.mean().item()) < 4 * math.sqrt(1 / 3 / 2000)
    assert stats.kstest(corner.numpy(), stats.uniform(-1, 2).cdf).pvalue > 1e-4


def test_constants():
    assert torch.equal(zeros((2, 3)), torch.zeros(2, 3))
    assert torch.equal(ones((2, 3), generator=seeded()), torch.ones(2, 3))
    assert torch.equal(constant((2, 3), value=-0.5), torch.full((2, 3), -0.5))


@pytest.mark.parametrize("draw", ALL, ids=lambda draw: draw.__name__)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_shape_and_dtype_are_as_asked(draw, dtype):
    drawn = draw((3, 4, 2), generator=seeded(), dtype=dtype)
    assert (drawn.shape, drawn.dtype, drawn.device.type) == ((3, 4, 2), dtype, "cpu")
    assert drawn.isfinite().all()
    assert not drawn.requires_grad


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_chance_comes_from_the_generator_alone(draw):
    before = torch.get_rng_state()
    source = seeded(3)
    first, second = draw((4, 5), generator=source), draw((4, 5), generator=source)
    assert torch.equal(first, draw((4, 5), generator=seeded(3)))
    assert not torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


def test_an_empty_layer_has_no_numbers():
    assert normal((0, 5), generator=seeded()).shape == (0, 5)
    assert truncated_normal((0,), generator=seeded()).shape == (0,)


def test_without_spread_all_are_the_mean():
    assert torch.equal(normal((2, 2), generator=seeded(), mean=1.0, std=0.0), torch.ones(2, 2))
    assert torch.equal(uniform((2, 2), generator=seeded(), low=1.0, high=1.0), torch.ones(2, 2))


# Keras, which article A uses


KERAS = {
    "GlorotNormal": lambda s, g: glorot_normal(s, generator=g, truncated=True),
    "GlorotUniform": lambda s, g: glorot_uniform(s, generator=g),
    "HeNormal": lambda s, g: he_normal(s, generator=g, truncated=True),
    "HeUniform": lambda s, g: he_uniform(s, generator=g),
    "LecunNormal": lambda s, g: lecun_normal(s, generator=g, truncated=True),
    "LecunUniform": lambda s, g: lecun_uniform(s, generator=g),
    "RandomNormal": lambda s, g: normal(s, generator=g),
    "RandomUniform": lambda s, g: uniform(s, generator=g),
    "TruncatedNormal": lambda s, g: truncated_normal(s, generator=g),
}


@pytest.mark.parametrize("name", KERAS)
def test_keras_draws_from_the_same_law(keras, name):
    """Its kernels are (in, out): the same layer has the axes the other way round."""
    shape = (800, 300)
    kernel = getattr(keras.initializers, name)(seed=1)(shape[::-1])
    theirs = kernel.detach().flatten()
    mine = KERAS[name](shape, seeded()).flatten()
    assert stats.ks_2samp(mine.numpy(), theirs.numpy()).pvalue > 1e-4
    spread = mine.std().item() * math.sqrt(2 * 2 / mine.numel())
    assert abs(mine.std() - theirs.std()) < 4 * spread


@pytest.fixture
def asked(keras, monkeypatch):
    """What Keras's initializers ask of its random numbers: the keyword arguments of each call."""
    calls = []
    module = keras.src.initializers.random_initializers.random

    def record(shape, **settings):
        calls.append(settings)
        return torch.zeros(shape)

    for name in ("normal", "uniform", "truncated_normal"):
        monkeypatch.setattr(module, name, record)
    return calls


@pytest.mark.parametrize("shape", [(40, 64), (64, 40), (8, 3, 5, 5), (1, 1)])
@pytest.mark.parametrize("name", ["Glorot", "He", "Lecun"])
def test_scales_are_those_of_keras(keras, asked, name, shape):
    h, d, *kernel = shape
    of_normal, of_uniform, _ = SCALED[name.lower()]
    getattr(keras.initializers, f"{name}Normal")(seed=0)((*kernel, d, h))
    getattr(keras.initializers, f"{name}Uniform")(seed=0)((*kernel, d, h))
    theirs, limits = asked
    z = initializers._without_tails(shape, seeded())
    cut = of_normal(shape, generator=seeded(), truncated=True, dtype=torch.float64)
    torch.testing.assert_close(cut, theirs["stddev"] * z, rtol=1e-12, atol=0)
    even = torch.rand(shape, generator=seeded(), dtype=torch.float64)
    flat = of_uniform(shape, generator=seeded(), dtype=torch.float64)
    torch.testing.assert_close(flat, limits["maxval"] * (2 * even - 1), rtol=1e-9, atol=1e-12)
    assert limits["minval"] == -limits["maxval"]


def test_defaults_are_those_of_keras(keras, asked):
    keras.initializers.RandomNormal(seed=0)((2, 2))
    keras.initializers.RandomUniform(seed=0)((2, 2))
    keras.initializers.TruncatedNormal(seed=0)((2, 2))
    plain, even, cut = asked
    assert (plain["mean"], plain["stddev"]) == (cut["mean"], cut["stddev"]) == (0.0, 0.05)
    assert (even["minval"], even["maxval"]) == (-0.05, 0.05)
    for draw in (normal, truncated_normal):
        assert (draw.__kwdefaults__["mean"], draw.__kwdefaults__["std"]) == (0.0, 0.05)
    assert uniform.__kwdefaults__["low"] == -uniform.__kwdefaults__["high"] == -0.05
    assert uniform_std(-0.05, 0.05) == pytest.approx(0.05 / math.sqrt(3))


def test_keras_zeros_ones_and_orthogonal(keras):
    for name, draw in (("Zeros", zeros), ("Ones", ones)):
        assert torch.equal(draw((3, 2)), getattr(keras.initializers, name)()((3, 2)).detach())
    theirs = keras.initializers.Orthogonal(gain=1.5, seed=0)((9, 5)).detach().T
    mine = orthogonal((5, 9), generator=seeded(), gain=1.5)
    torch.testing.assert_close(mine @ mine.T, theirs @ theirs.T, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: normal((2, 2), generator=seeded(), std=-1.0), r"std is -1.0; .* 0 or more"),
        (lambda: normal_from(torch.ones(2), 0.0, math.nan), r"std is nan; .* 0 or more"),
        (lambda: truncated_from(torch.ones(2), -0.1), r"std is -0.1; .* 0 or more"),
        (lambda: truncated_normal((2,), generator=seeded(), std=-1.0), r"std is -1.0"),
        (lambda: uniform((2,), generator=seeded(), low=1.0, high=0.0), r"low is 1.0 and high is"),
        (lambda: glorot_normal((5,), generator=seeded()), r"shape is \(5,\); .* two or more axes"),
        (lambda: he_uniform((5, 0), generator=seeded()), r"shape is \(5, 0\)"),
        (lambda: orthogonal((5,), generator=seeded()), r"shape is \(5,\)"),
        (lambda: he_normal((5, 5), generator=seeded(), mode="in"), r"mode is 'in'; .* 'fan_in'"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(call, words):
    with pytest.raises(ValueError, match=words):
        call()
