"""The Jacobian of all blocks against autograd, and bounds against what is measured."""

import pytest
import torch
from torch.func import jacrev

from course_lib.analysis import chain
from course_lib.lab import digits, generator
from course_lib.lab.deep_nets import NORMS, SCHEMES, DeepNet, Transformer
from course_lib.lab.spectra import (
    flow,
    gain,
    jacobians,
    open_share,
    through_the_blocks,
    upper_log_norms,
    whole_jacobian,
)
from course_lib.nn.biases import affine


def drawn(net, seed=0):
    """Return a start in float64, with scales that are not 0 and 1."""
    params, noise = net.start(generator(seed)), generator(seed + 1)
    return {
        name: (p + 0.1 * torch.randn(p.shape, generator=noise)).double()
        for name, p in params.items()
    }


IMAGE = digits().train.x[0].double()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_whole_is_that_of_autograd(scheme):
    net = DeepNet(4, scheme, activation="tanh", width=5)
    params = drawn(net)
    h = affine(IMAGE[None], params["W_in"], params["b_in"])[0]
    expected = jacrev(chain(*net.blocks_of(params)).forward)(h)
    torch.testing.assert_close(whole_jacobian(net, params, IMAGE), expected)


def test_the_whole_of_a_transformer_is_that_of_autograd():
    net = Transformer(1, width=4)
    params = drawn(net)
    X = net.tokens(params, IMAGE[None])[0]
    expected = jacrev(chain(*net.blocks_of(params)).forward)(X).reshape(64, 64)
    torch.testing.assert_close(whole_jacobian(net, params, IMAGE), expected)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ["ReLU", "tanh", "GELU"])
def test_no_block_stretches_more_than_its_bound(scheme, norm, activation):
    net = DeepNet(4, scheme, norm, activation, width=6)
    params = drawn(net)
    upper = upper_log_norms(net, params)
    for J, bound in zip(jacobians(net, params, IMAGE), upper, strict=True):
        assert torch.linalg.matrix_norm(J, ord=2).log10() <= bound + 1e-12


def test_the_bound_of_a_residual_block_of_tanh_is_reached_at_0():
    net = DeepNet(1, "residual", activation="tanh", width=1)
    params = {name: torch.ones_like(p).double() for name, p in net.start(generator(0)).items()}
    params |= {name: torch.zeros(1).double() for name in ("b_in", "0.b1", "0.b2")}
    J = whole_jacobian(net, params, 0 * IMAGE)
    assert 10 ** upper_log_norms(net, params).item() == pytest.approx(J.item()) == 2


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_a_bound_where_it_starts(scheme):
    """ReZero begins with weights of exactly 0, whose branch hands nothing on."""
    net = DeepNet(3, scheme, width=6)
    upper = upper_log_norms(net, net.start(generator(0)))
    assert upper.shape == (3,)
    assert upper.isfinite().all()
    assert (upper == 0).all() == (scheme == "ReZero")


def test_flow_ends_at_1_and_begins_at_the_gain_of_the_whole():
    net = DeepNet(5, "Pre-LN", width=6)
    params = drawn(net)
    found, J = flow(net, params, IMAGE), whole_jacobian(net, params, IMAGE)
    assert len(found) == 6
    assert found[-1] == 1
    torch.testing.assert_close(found[0], torch.linalg.svdvals(J).square().mean().sqrt())
    torch.testing.assert_close(found[0], gain(J))
    torch.testing.assert_close(found[-2], gain(jacobians(net, params, IMAGE)[-1]))


def test_open_share_counts_directions():
    assert open_share(torch.ones(8).double()) == 1
    assert open_share(torch.tensor([1e200, 0, 0, 0], dtype=torch.float64)) == 0.25
    sigma = torch.tensor([2.0, 1.0, 0.5]).double()
    assert open_share(sigma).item() == pytest.approx(5.25**2 / (3 * 17.0625))


def test_through_the_blocks_goes_from_the_identity_to_the_whole():
    net = DeepNet(4, "Post-LN", width=5)
    params = drawn(net)
    sigma, upper = through_the_blocks(net, params, IMAGE)
    assert torch.equal(sigma[0], torch.ones(5).double())
    assert upper[0] == 0
    torch.testing.assert_close(sigma[-1], torch.linalg.svdvals(whole_jacobian(net, params, IMAGE)))
    assert (sigma[:, 0].log10() <= upper + 1e-12).all()
    torch.testing.assert_close(upper[-1], upper_log_norms(net, params).sum())
