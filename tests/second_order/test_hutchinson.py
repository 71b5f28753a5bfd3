"""Hutchinson's estimate of a diagonal: unbiased, with the spread that the formula says."""

import pytest
import torch

from course_lib.lab import generator
from course_lib.second_order import hutchinson, hutchinson_deviation, hvp

from .small import losses, randn, symmetric

SAMPLES, SIGMAS = 20_000, 4.5  # a true mean is missed by so much once in 150,000 entries


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_unbiased_on_a_matrix_with_much_beside_its_diagonal(seed):
    """Budget: 20,000 probes; every entry within 4.5 standard errors of the truth."""
    H = symmetric(6, seed=seed)
    found = hutchinson(lambda v: H @ v, H[0], SAMPLES, generator(100 + seed))
    spread = hutchinson_deviation(H, SAMPLES)
    off = (found - H.diagonal()).abs() / spread
    assert off.max() < SIGMAS
    rows = (H.sum(dim=1) - H.diagonal()).abs() / spread
    assert rows.min() > 2 * SIGMAS, "the sum of a row, which probes without signs give, is far"


def test_its_spread_is_as_the_formula_says():
    """3,000 estimates of 4 probes; the sample deviation is then within 6 % (4 of its own)."""
    H, source = symmetric(5), generator(1)
    each = torch.stack([hutchinson(lambda v: H @ v, H[0], 4, source) for _ in range(3000)])
    torch.testing.assert_close(each.std(dim=0), hutchinson_deviation(H, 4), rtol=0.06, atol=0)


def test_one_probe_is_exact_on_a_diagonal():
    d = randn(7)
    assert torch.equal(hutchinson(lambda v: d * v, d, 1, generator(0)), d)
    assert not hutchinson_deviation(torch.diag(d), 1).any()


def test_probes_are_signs_of_both_kinds():
    seen = []
    hutchinson(lambda v: seen.append(v) or v, torch.zeros(100, 10), 50, generator(0))
    probes = torch.stack(seen)
    assert set(probes.unique().tolist()) == {-1, 1}
    assert probes.mean().abs() < 4.5 / 50_000**0.5
    assert probes.shape == (50, 100, 10)


def test_the_same_generator_gives_the_same_estimate_and_another_another():
    H = symmetric(5)
    one, again, other = (
        hutchinson(lambda v: H @ v, H[0], 3, generator(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.allclose(one, other)


def test_of_a_network_it_is_within_its_spread():
    """Budget: 1,000 probes of a network's Hessian; every entry within 4.5 standard errors."""
    loss, p = losses()["cross-entropy"]
    H = torch.func.hessian(loss)(p)
    found = hutchinson(lambda v: hvp(loss, p, v), p, 1000, generator(3))
    assert ((found - H.diagonal()).abs() <= SIGMAS * hutchinson_deviation(H, 1000)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_stays(dtype):
    p = randn(5, dtype=dtype)
    assert hutchinson(lambda v: p * v, p, 2, generator(0)).dtype == dtype
