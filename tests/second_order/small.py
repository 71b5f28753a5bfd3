"""What curvature is tested on: quadratics with much beside the diagonal, and a small network."""

import torch
from torch.nn.functional import cross_entropy, mse_loss

from course_lib.lab import generator
from course_lib.lab.networks import network, start
from course_lib.second_order import as_vector


def randn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64).to(dtype)


def symmetric(n, seed=0, definite=False):
    """A symmetric matrix whose row sums beside the diagonal are not 0."""
    A = randn(n, n, seed=seed)
    H = A @ A.T / n + 0.5 if definite else A + A.T + 0.5
    beside = H.sum(dim=1) - H.diagonal()
    assert beside.abs().min() > 0.01
    return H


def quadratic(H, b):
    return lambda p: p @ H @ p / 2 + b @ p


def net(sizes=(5, 4, 3), n=7, activation=torch.tanh, dtype=torch.float64, seed=0):
    """Return outputs of a small network as a function of a vector, the vector, and answers."""
    params = {k: v.to(dtype) for k, v in start(list(sizes), generator(seed)).items()}
    p, apart = as_vector(params)
    p = p + 0.1 * randn(len(p), seed=seed + 1, dtype=dtype)  # biases that are not 0 either
    x = randn(n, sizes[0], seed=seed + 2, dtype=dtype)
    y = torch.randint(0, sizes[-1], (n,), generator=generator(seed + 3))
    return (lambda p: network(apart(p), x, activation)), p, y


def losses(**how):
    """Return by name the losses of the small network in its parameters, and where they stand."""
    model, p, y = net(**how)
    target = randn(*model(p).shape, seed=9, dtype=p.dtype)
    return {
        "cross-entropy": (lambda p: cross_entropy(model(p), y), p),
        "squared error": (lambda p: mse_loss(model(p), target), p),
    }
