"""What becomes of signals and gradients on their way through many layers, one after the other.

`blocks` builds the layers of a deep network as modules; the others go through any list of modules.
Letters: L layers of width d. Sizes are root mean squares, over all examples and features.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.analysis.linear_maps import linear
from course_lib.analysis.module import Module, block, chain, signals
from course_lib.analysis.normalise import NORMS
from course_lib.analysis.pointwise import activation as pointwise

SHORTCUTS = ("none", "plain", "1/√L", "ReZero")
PLACES = {"pre": "before", "post": "behind"}  # what `block` calls the place of a norm


def blocks(
    weights: Sequence[Tensor] | Tensor,
    activation: str,
    shortcut: str = "none",
    norm: str = "none",
    place: str = "pre",
) -> list[Module]:
    """Return L layers `φ(W x)` as modules, each with a shortcut and a normalisation, or without.

    weights: L matrices `(d, d)`. activation: one of `nn.activations`. shortcut: one of `SHORTCUTS`,
    which multiply the layer by 1, by 1/√L, or, in ReZero at its start, by 0, before they add it to
    its input. norm: "none" or one of `NORMS`, with γ = 1 and β = 0. place: "pre" normalises what
    goes into the layer, "post" what comes out, behind the shortcut.
    Raises ValueError for a name that is not there.

    >>> len(blocks(torch.ones(3, 2, 2), "tanh", shortcut="1/√L", norm="LayerNorm"))
    3
    """
    named = (shortcut, SHORTCUTS), (norm, ("none", *NORMS)), (place, PLACES)
    for name, known in named:
        if name not in known:
            raise ValueError(f"{name!r} is not known; there are {', '.join(known)}")
    alpha = {"plain": 1.0, "1/√L": len(weights) ** -0.5, "ReZero": 0.0}.get(shortcut)
    return [_block(weight, activation, alpha, norm, place) for weight in weights]


def _block(weight: Tensor, activation: str, alpha: float | None, norm: str, place: str) -> Module:
    layer, ones = chain(linear(weight), pointwise(activation)), weight.new_ones(weight.shape[-1])
    norms = {} if norm == "none" else {PLACES[place]: NORMS[norm](ones, 0 * ones)}
    return block(layer, alpha, **norms)


def sizes(tensors: Sequence[Tensor]) -> Tensor:
    """Return the root mean square of each tensor, in float64.

    >>> sizes([torch.tensor([3.0, -3.0]), torch.zeros(2)])
    tensor([3., 0.], dtype=torch.float64)
    """
    return torch.stack([tensor.double().square().mean().sqrt() for tensor in tensors])


def likeness(tensors: Sequence[Tensor], power: int = 1) -> Tensor:
    """Return the mean cosine between two of the examples `(n, d)` in each tensor, in float64.

    1: all point the same way, so that only their lengths tell them apart. Cosines of both signs
    cancel: 0 may also be two opposite ways. power: what each cosine is raised to before the mean;
    with 2 they do not cancel, and 1 says that all lie on one line.

    >>> likeness([torch.eye(3), torch.ones(3, 4)]).tolist()
    [0.0, 1.0]
    """
    found = []
    for tensor in tensors:
        rows = F.normalize(tensor.double(), dim=-1, eps=1e-300)
        cosines = (rows @ rows.T) ** power
        n = len(rows)
        found.append((cosines.sum() - cosines.diagonal().sum()) / (n * (n - 1)))
    return torch.stack(found)


def spectra(modules: Sequence[Module], x: Tensor) -> Tensor:
    """Return the singular values of `J_l ⋯ J_1` for l = 1 to L, at one example, `(L, d)`.

    x: `(d,)`; all modules keep its width. The largest come first. In float64; a value below 1e-15
    of the largest of its row is rounding error.

    >>> spectra(blocks(2 * torch.eye(2).expand(3, 2, 2), "identity"), torch.zeros(2))[:, 0]
    tensor([2., 4., 8.], dtype=torch.float64)
    """
    product, found = torch.eye(x.shape[-1], dtype=torch.float64, device=x.device), []
    for module, at in zip(modules, signals(modules, x), strict=False):
        product = module.jacobian(at).double() @ product
        found.append(torch.linalg.svdvals(product))
    return torch.stack(found)


def keeping_gain(sums: Tensor, out: Tensor) -> Tensor:
    """Return the gain that keeps the sums' mean square on average: `√(mean sums² / mean out²)`.

    sums: what goes into an activation. out: what comes out of it, the same shape. A gain is the
    standard deviation of weights times the root of fan-in. Source: He and others (2015), for ReLU.

    >>> keeping_gain(torch.tensor([-3.0, 3.0]), torch.tensor([0.0, 3.0])).square()
    tensor(2.0000)
    """
    return (sums.square().mean() / out.square().mean()).sqrt()


def log_norms(jacobians: Tensor, g: Tensor) -> Tensor:
    """Return log10 of the length of the gradient at x and behind each of L layers, `(L + 1,)`.

    jacobians: `(L, d, d)`, the first layer's first. g: `(d,)`, the gradient behind the last layer.
    The gradient is made as long as 1 after each layer, and the logarithms of the lengths are added:
    so what many layers make of it neither overflows nor becomes 0.

    >>> log_norms(1e-15 * torch.eye(2).expand(3, 2, 2), torch.tensor([3.0, 4.0]))
    tensor([-44.3010, -29.3010, -14.3010,   0.6990])
    """
    length = g.norm()
    found = [length.log10()]
    for J in reversed(jacobians):
        g = J.T @ (g / length)
        length = g.norm()
        found.append(found[-1] + length.log10())
    return torch.stack(found[::-1])


def depth_limit(chi: Tensor, factor: float) -> Tensor:
    """Return after how many layers a size has changed by a factor: `2 ln(factor) / |ln χ|`.

    chi: what a layer multiplies the mean square by, above 0, any shape. factor: above 1, whether
    the size grows by it or falls by it. Infinite where χ is 1. With √e it is where the mean square
    has changed e-fold, the depth scale of gradients: Schoenholz and others (2017), equation 9.

    >>> depth_limit(torch.tensor([0.25, 4.0, 1.0]), factor=8.0)
    tensor([3., 3., inf])
    """
    return 2 * math.log(factor) / chi.log().abs()
