"""What the blocks of a deep network make of small changes: their whole Jacobian, and a bound.

A network is one of `deep_nets`. The blocks alone are meant, without what leads in and out.
"""

import torch
from torch import Tensor

from course_lib.analysis import (
    deep_norm_scale,
    on_each,
    signals,
    upper_center_norm,
    upper_feed_forward,
    upper_layer_norm,
    upper_of_chain,
    upper_post_norm,
    upper_pre_norm,
    upper_residual,
)
from course_lib.lab.deep_nets import DeepNet, Transformer
from course_lib.lab.training import Params
from course_lib.nn.biases import affine

EPS = 1e-5  # of the norms, as they have it by default


def jacobians(net: DeepNet | Transformer, params: Params, image: Tensor) -> list[Tensor]:
    """Return the Jacobian of each block at an image `(64,)`, the first block first."""
    if isinstance(net, Transformer):
        h = net.tokens(params, image[None])[0]
    else:
        h = affine(image[None], params["W_in"], params["b_in"])[0]
    blocks = [on_each(block, h.ndim) for block in net.blocks_of(params)]
    places = signals(blocks[:-1], h)
    return [block.jacobian(at) for block, at in zip(blocks, places, strict=True)]


def whole_jacobian(net: DeepNet | Transformer, params: Params, image: Tensor) -> Tensor:
    """Return the Jacobian of all blocks together at an image `(64,)`."""
    product = None
    for J in jacobians(net, params, image):
        product = J if product is None else J @ product
    return product


def gain(J: Tensor) -> Tensor:
    """Return the root mean square of the singular values, `‖J‖_F / √d`, for J `(..., d, d)`.

    By this factor the length of a small change grows on the way forward, and that of a gradient on
    the way back, in the root mean square over all directions.
    """
    return J.square().sum(dim=(-2, -1)).div(J.shape[-1]).sqrt()


def open_share(sigma: Tensor) -> Tensor:
    """Return the share of directions that get through, 1/d to 1: `(Σσ²)² / (d Σσ⁴)`.

    sigma: singular values `(..., d)`. It is 1 where all are equal, and k/d where k of them are
    equal and the rest 0: the participation ratio of the squares.

    >>> open_share(torch.tensor([3.0, 3.0, 0.0, 0.0]))
    tensor(0.5000)
    """
    powers = (sigma / sigma.amax(dim=-1, keepdim=True)).square()
    return powers.sum(dim=-1).square() / (sigma.shape[-1] * powers.square().sum(dim=-1))


def flow(net: DeepNet | Transformer, params: Params, image: Tensor) -> Tensor:
    """Return the gain on the way back from the output of the blocks to each place before them.

    `(blocks + 1,)`: from the input of the first block, of the second, …, to the output, where it is
    1.
    """
    product, found = None, []
    for J in reversed(jacobians(net, params, image)):
        product = J if product is None else product @ J
        found.append(gain(product))
    return torch.stack([*reversed(found), torch.ones_like(found[0])])


def upper_log_norms(net: DeepNet, params: Params) -> Tensor:
    """Return the logarithm to base 10 of a bound on the Lipschitz constant of each block.

    `(blocks,)`. A branch has at most `Lip(φ) σ_max(W1) σ_max(W2)`, a norm that divides at most
    `max|γ| / √ε`, CenterNorm at most `max|γ| D/(D − 1)`. What stands one after the other multiplies
    and what is added up adds.
    """
    found = []
    for k in range(net.blocks):
        own = {name: params.get(f"{k}.{name}") for name in ("W1", "W2", "alpha", "gamma")}
        branch = upper_feed_forward(own["W1"], own["W2"], net.activation)
        found.append(float(_upper(net, branch, own["alpha"], own["gamma"])))
    return torch.tensor(found, dtype=params["W_in"].dtype).log10()


def _upper(
    net: DeepNet, branch: Tensor, alpha: Tensor | None, gamma: Tensor | None
) -> float | Tensor:
    norm = 1.0 if gamma is None else _upper_norm(net, gamma)
    return {
        "no shortcut": lambda: branch,
        "norm, no shortcut": lambda: upper_of_chain([norm, branch]),
        "residual": lambda: upper_residual(branch),
        "scaled residual": lambda: upper_residual(branch, net.blocks**-0.5),
        "ReZero": lambda: upper_residual(branch, alpha),
        "LayerScale": lambda: upper_residual(branch, alpha),
        "Pre-LN": lambda: upper_pre_norm(branch, norm),
        "Post-LN": lambda: upper_post_norm(branch, norm),
        "DeepNorm": lambda: upper_post_norm(branch, norm, deep_norm_scale(net.blocks / 2)[0]),
    }[net.scheme]()


def _upper_norm(net: DeepNet, gamma: Tensor) -> Tensor:
    return upper_center_norm(gamma) if net.norm == "CenterNorm" else upper_layer_norm(gamma, EPS)


def through_the_blocks(net: DeepNet, params: Params, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the singular values behind each block, and the bound, of all blocks up to there.

    `(blocks + 1, width)`, the largest first, and the logarithm of the bound, `(blocks + 1,)`. The
    first entry is before any block: all singular values are 1.
    """
    product = torch.eye(net.width, dtype=image.dtype)
    found = [product]
    for J in jacobians(net, params, image):
        product = J @ product
        found.append(product)
    upper = torch.cat([torch.zeros(1), upper_log_norms(net, params).cumsum(dim=0)])
    return torch.linalg.svdvals(torch.stack(found)), upper
