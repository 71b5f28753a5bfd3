"""Clipping against torch's, and the laws that a projection keeps."""

import pytest
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from course_lib.lab import generator
from course_lib.optim.clipping import clip_by_norm, clip_by_value


def drawn(seed=0):
    source = generator(seed)
    shapes = ((3, 2), (4,), (), (1, 5))
    return [3 * torch.randn(shape, generator=source, dtype=torch.float64) for shape in shapes]


def by_torch(function, gradients, largest):
    leaves = [torch.zeros_like(g, requires_grad=True) for g in gradients]
    for leaf, g in zip(leaves, gradients, strict=True):
        leaf.grad = g.clone()
    function(leaves, largest)
    return [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("largest", [0.01, 1.0, 5.0, 1000.0])
@pytest.mark.parametrize(
    ("ours", "torchs"), [(clip_by_norm, clip_grad_norm_), (clip_by_value, clip_grad_value_)]
)
def test_it_is_that_of_torch(ours, torchs, largest):
    expected = by_torch(torchs, drawn(), largest)  # torch adds 1e-6 to a norm of about 12
    torch.testing.assert_close(ours(drawn(), largest), expected, rtol=2e-7, atol=0)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_short_gradients_stay_and_zeros_too(clip):
    assert all(torch.equal(a, b) for a, b in zip(clip(drawn(), 1e9), drawn(), strict=True))
    zeros = [torch.zeros(3), torch.zeros(2, 2)]
    assert all(torch.equal(a, b) for a, b in zip(clip(zeros, 1.0), zeros, strict=True))


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_it_is_a_projection_and_brings_no_two_gradients_further_apart(clip):
    for seed in range(50):
        one, other = drawn(seed), drawn(seed + 1000)
        cut = clip(one, 2.0), clip(other, 2.0)
        torch.testing.assert_close(clip(cut[0], 2.0), cut[0])
        gaps = [
            torch.stack([(a - b).norm() for a, b in zip(*pair, strict=True)]).norm()
            for pair in (cut, (one, other))
        ]
        assert gaps[0] <= gaps[1]


def test_the_jacobian_of_clipping_by_norm():
    """Outside the ball it is c/‖g‖ (I − ĝĝᵀ): nothing is left along the gradient."""
    g = torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64)
    unit = g / 5
    by_autograd = torch.func.jacrev(lambda g: clip_by_norm([g], 2.0)[0])(g)
    closed = 2 / 5 * (torch.eye(3, dtype=torch.float64) - torch.outer(unit, unit))
    torch.testing.assert_close(by_autograd, closed)
