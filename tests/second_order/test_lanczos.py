"""Lanczos against the eigenvalues of the whole matrix."""

import pytest
import torch

from course_lib.second_order import hvp, lanczos, lower_eigenvalues

from .small import losses, randn, symmetric


def spread_out(n, seed=0):
    """A matrix with known eigenvalues, one of them far out, in random directions."""
    values = torch.cat([torch.linspace(-1, 1, n - 2), torch.tensor([5.0, 30.0])]).double()
    Q = torch.linalg.qr(randn(n, n, seed=seed)).Q
    return Q @ torch.diag(values) @ Q.T, values.sort(descending=True).values


def test_all_rounds_give_all_eigenvalues():
    H, v = symmetric(8), randn(8, seed=1)
    values, within = lower_eigenvalues(lambda v: H @ v, v, rounds=8, count=8)
    torch.testing.assert_close(values, torch.linalg.eigvalsh(H).flip(0))
    assert within.max() < 1e-8


def test_few_rounds_find_the_ends_from_below_and_say_how_far_off_they_are():
    H, true = spread_out(60)
    before = torch.full((3,), -torch.inf, dtype=torch.float64)
    for rounds in (3, 6, 12, 24):
        values, within = lower_eigenvalues(lambda v: H @ v, randn(60, seed=1), rounds, count=3)
        assert (values <= true[:3] + 1e-9).all(), "from below"
        assert (values >= before - 1e-9).all(), "and never back"
        nearest = (values[:, None] - true).abs().min(dim=1).values
        assert (nearest <= within + 1e-9).all(), "an eigenvalue lies within"
        before = values
    torch.testing.assert_close(values[:2], true[:2])


def test_no_ghosts():
    """Without reorthogonalising, float32 finds the eigenvalue 1,000 several times."""
    true = torch.cat([torch.linspace(0, 1, 299), torch.tensor([1000.0])])
    v = randn(300, dtype=torch.float32)
    values, _ = lower_eigenvalues(lambda v: true * v, v, rounds=60, count=2)
    assert values[0].item() == pytest.approx(1000, rel=1e-5)
    assert values[1] < 1.001


def test_the_tridiagonal_matrix_is_that_of_the_krylov_space():
    H, v = symmetric(7), randn(7, seed=1)
    alphas, betas = lanczos(lambda v: H @ v, v, rounds=4)
    powers = [v]
    for _ in range(4):
        powers.append(H @ powers[-1])
    Q = torch.linalg.qr(torch.stack(powers, dim=1)).Q
    T = Q.T @ H @ Q
    torch.testing.assert_close(alphas, T.diagonal()[:4])
    torch.testing.assert_close(betas, T.diagonal(1).abs())


def test_it_stops_where_the_space_closes():
    H = torch.diag(torch.tensor([3.0, 1.0, 1.0, 1.0], dtype=torch.float64))  # two in v's space
    alphas, betas = lanczos(lambda v: H @ v, torch.ones(4, dtype=torch.float64), rounds=4)
    assert len(alphas) == 2
    assert betas[-1] < 1e-12
    values, _ = lower_eigenvalues(lambda v: H @ v, torch.ones(4, dtype=torch.float64), 4, count=3)
    torch.testing.assert_close(values, torch.tensor([3.0, 1.0], dtype=torch.float64))


def test_a_matrix_of_zeros():
    values, within = lower_eigenvalues(lambda v: 0 * v, torch.ones(3), rounds=3)
    assert values.item() == within.item() == 0


def test_the_smallest_by_the_other_sign():
    H, true = spread_out(40)
    values, _ = lower_eigenvalues(lambda v: -(H @ v), randn(40, seed=1), rounds=40, count=1)
    torch.testing.assert_close(-values, true[-1:])


@pytest.mark.parametrize("name", ["cross-entropy", "squared error"])
def test_of_a_network_the_largest_are_those_of_torchs_hessian(name):
    loss, p = losses()[name]
    true = torch.linalg.eigvalsh(torch.func.hessian(loss)(p)).flip(0)
    v = randn(len(p), seed=4)
    values, _ = lower_eigenvalues(lambda v: hvp(loss, p, v), v, rounds=30, count=3)
    torch.testing.assert_close(values, true[:3], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("count", [0, 4])
def test_a_count_that_is_not_there_is_refused(count):
    with pytest.raises(ValueError, match=f"count is {count}; it must be from 1 to rounds"):
        lower_eigenvalues(lambda v: v, torch.ones(5), rounds=3, count=count)


def test_dtype_stays():
    values, within = lower_eigenvalues(lambda v: 2 * v, torch.ones(5), rounds=2)
    assert values.dtype == within.dtype == torch.float32
