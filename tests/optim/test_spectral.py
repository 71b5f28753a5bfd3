"""Spectral normalisation against torch's parametrization and the SVD; the cap against its law."""

import pytest
import torch
from torch.nn.utils import parametrizations

from course_lib.lab import generator
from course_lib.optim import rules
from course_lib.optim.signature import hyper_names, slot_names
from course_lib.optim.spectral import cap_step, capped, spectral_normalise


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize(("h", "d"), [(4, 7), (7, 4), (1, 3), (3, 1)])
def test_it_is_torchs_seen_from_the_other_side(h, d):
    """torch renews u and then v; ours v and then u, which is torch's on the transposed matrix."""
    layer = torch.nn.Linear(h, d, bias=False, dtype=torch.float64)
    parametrizations.spectral_norm(layer)
    keeper = layer.parametrizations.weight[0]
    layer.train()
    for step in range(5):
        W, u = layer.parametrizations.weight.original.detach(), keeper._v.clone()
        ours, new = spectral_normalise(W.T, u)
        torch.testing.assert_close(layer.weight.T, ours, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(keeper._v, new)
        with torch.no_grad():
            layer.parametrizations.weight.original += 0.1 * drawn(d, h, seed=step)


def test_its_gradient_is_torchs():
    torch.manual_seed(0)
    layer = parametrizations.spectral_norm(torch.nn.Linear(5, 3, bias=False, dtype=torch.float64))
    u, weights = layer.parametrizations.weight[0]._v.clone(), drawn(3, 5)
    original = layer.parametrizations.weight.original
    (layer.weight * weights).sum().backward()
    W = original.detach().T.clone().requires_grad_()
    (spectral_normalise(W, u)[0] * weights.T).sum().backward()
    torch.testing.assert_close(W.grad, original.grad.T)


def test_its_derivative_is_that_of_the_docstring():
    W, dW, u = drawn(3, 5), drawn(3, 5, seed=1), drawn(3, seed=2)
    u = u / u.norm()
    out = spectral_normalise(W, u)[0]
    by_entry = torch.func.jacrev(lambda W: spectral_normalise(W, u)[0])(W)
    change = torch.einsum("abcd,cd->ab", by_entry, dW)
    v = W.T @ u
    v = v / v.norm()
    new = spectral_normalise(W, u)[1]
    sigma = new @ W @ v
    torch.testing.assert_close(change, (dW - (new @ dW @ v) * out) / sigma)


def test_it_approaches_the_svd_from_below_and_u_is_what_helps():
    W, u = drawn(6, 9), torch.ones(6, dtype=torch.float64) / 6**0.5
    true, seen = torch.linalg.matrix_norm(W, ord=2), []
    for _ in range(60):
        out, u = spectral_normalise(W, u)
        seen.append((W / out)[0, 0])
    seen = torch.stack(seen)
    assert (seen <= true * (1 + 1e-12)).all()
    assert (seen.diff() >= -1e-12).all()
    torch.testing.assert_close(seen[-1], true, rtol=1e-6, atol=0)


@pytest.mark.parametrize("tau", [0.001, 0.1, 10.0])
@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
def test_the_cap_is_the_rate_of_the_paper(shape, tau):
    """`p − min(lr, τ σ₁(p)/σ₁(Δ)) Δ`, and no singular value moves further than Weyl allows."""
    p, update, lr = drawn(*shape), drawn(*shape, seed=1), 0.3
    first = torch.linalg.svdvals(p)[0]
    rate = min(lr, tau * first / torch.linalg.svdvals(update)[0])
    new = cap_step(p, p - lr * update, tau)
    torch.testing.assert_close(new, p - rate * update)
    moved = (torch.linalg.svdvals(new) - torch.linalg.svdvals(p)).abs()
    assert (moved <= tau * first + 1e-12).all()


def test_a_step_of_0_stays_one():
    p = drawn(3, 3)
    assert torch.equal(cap_step(p, p, 0.1), p)


def test_a_capped_rule_caps_matrices_alone_and_keeps_the_memory():
    rule = capped(rules.adam)
    assert slot_names(rule) == ("m", "v")
    assert set(hyper_names(rule)) == {*hyper_names(rules.adam), "tau"}
    for p in (drawn(3, 4), drawn(4)):
        zero, g = torch.zeros_like(p), torch.ones_like(p)
        free = rules.adam(p, g, zero, zero, t=1, lr=0.5)
        new = rule(p, g, zero, zero, t=1, lr=0.5, tau=0.01)
        torch.testing.assert_close(new[1:], free[1:])
        expected = cap_step(p, free[0], 0.01) if p.ndim == 2 else free[0]
        torch.testing.assert_close(new[0], expected)
