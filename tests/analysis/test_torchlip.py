"""Spectral norms against those of deel-torchlip, which finds them by power iteration."""

import pytest
import torch

from course_lib.analysis import convolution, exact_norm, exact_norm_circular, lower_norm
from course_lib.lab import generator

SHAPES = [(1, 4), (5, 5), (20, 7), (64, 100)]


@pytest.fixture(scope="module")
def theirs():
    """Its two functions: σ_max of a matrix, and the largest norm of a Jacobian at examples."""
    from deel.torchlip.normalizers import spectral_normalization
    from deel.torchlip.utils.evaluate_lip_const import evaluate_lip_const_jacobian_norm

    def of_matrix(W, start):
        return spectral_normalization(W, start[None], eps=1e-15, maxiter=5000)[2].item()

    return of_matrix, evaluate_lip_const_jacobian_norm


def randn(*shape, seed=0):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_norms_of_matrices(theirs, shape):
    W, start = randn(*shape), randn(shape[1], seed=1)
    found = theirs[0](W, start)
    assert exact_norm(W).item() == pytest.approx(found, rel=1e-6)
    ours = lower_norm(lambda v: W @ v, lambda u: W.T @ u, start, rounds=5000)
    assert ours.item() == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_norms_of_convolutions(theirs, mode, stride):
    layer = torch.nn.Conv2d(
        2, 3, 3, stride=stride, padding=1, padding_mode=mode, bias=False
    ).double()
    layer.weight.data = kernel = randn(3, 2, 3, 3)
    images = randn(1, 2, 6, 7, seed=1)
    found = theirs[1](layer, images)
    module = convolution(kernel, 1, circular=mode == "circular", stride=stride)
    assert exact_norm(module.jacobian(images[0])).item() == pytest.approx(found, rel=1e-9)
    if (mode, stride) == ("circular", 1):
        assert exact_norm_circular(kernel, 6, 7).item() == pytest.approx(found, rel=1e-9)
