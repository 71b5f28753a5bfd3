"""Deep networks on digits, made of the modules of `analysis`: fully connected, and of attention.

Each is a description. `start` draws its parameters; `blocks_of` gives its blocks as modules, whose
Jacobians are known; `forward(params, x)` is what `grid` and `sweep` train.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from course_lib.analysis import (
    Module,
    chain,
    cosine_attention,
    deep_norm,
    deep_norm_scale,
    dot_product_attention,
    feed_forward,
    l2_attention,
    layer_norm,
    linear,
    post_norm,
    pre_norm,
    sum_of,
)
from course_lib.analysis.module import block
from course_lib.analysis.normalise import NORMS
from course_lib.lab.training import Params
from course_lib.nn.biases import affine
from course_lib.nn.initializers import he_normal, lecun_normal

ATTENTIONS: dict[str, Callable[..., Module]] = {  # of matrices Q, K and V; L2 has no K
    "dot-product": dot_product_attention,
    "L2": l2_attention,
    "cosine": partial(cosine_attention, tau=10.0),
}
# A block, made of its branch, a norm, a learnt weight of the branch, and how many blocks there are.
SCHEMES: dict[str, Callable[[Module, Module, Tensor, int], Module]] = {
    "no shortcut": lambda branch, norm, alpha, blocks: block(branch, None),
    "norm, no shortcut": lambda branch, norm, alpha, blocks: block(branch, None, behind=norm),
    "residual": lambda branch, norm, alpha, blocks: block(branch),
    "scaled residual": lambda branch, norm, alpha, blocks: block(branch, blocks**-0.5),
    "ReZero": lambda branch, norm, alpha, blocks: block(branch, alpha),
    "LayerScale": lambda branch, norm, alpha, blocks: block(branch, alpha),
    "Pre-LN": lambda branch, norm, alpha, blocks: pre_norm(branch, norm),
    "Post-LN": lambda branch, norm, alpha, blocks: post_norm(branch, norm),
    "DeepNorm": lambda branch, norm, alpha, blocks: deep_norm(branch, norm, blocks / 2),
}


class DeepNet(NamedTuple):
    """A network of so many blocks of one width: into the width, the blocks, out to the classes.

    A block is made of a branch, `W2 φ(W1 x + b1) + b2`, as the scheme says, one of `SCHEMES`.
    norm: one of `NORMS`. activation: one of `nn.activations`. An encoder of DeepNorm counts two
    blocks as one of its layers.

    >>> net = DeepNet(blocks=3, scheme="Pre-LN")
    >>> params = net.start(torch.Generator())
    >>> net.forward(params, torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    blocks: int
    scheme: str = "residual"
    norm: str = "LayerNorm"
    activation: str = "ReLU"
    width: int = 32
    inputs: int = 64
    classes: int = 10

    def start(self, source: torch.Generator) -> Params:
        """Return random weights, and biases of 0.

        A branch with ReLU keeps the mean square of a signal, on average; but for DeepNorm, where it
        starts smaller.
        """
        params = _ends(source, self.inputs, self.width, self.classes)
        for k in range(self.blocks):
            params |= _shortcut(f"{k}.", self, source)
            params |= _feed_forward(f"{k}.", self, source)
        return params

    def blocks_of(self, params: Params) -> list[Module]:
        """Return the blocks as modules, the first one first."""
        return [
            _block(f"{k}.", self, params, _branch(f"{k}.", self, params))
            for k in range(self.blocks)
        ]

    def forward(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs `(n, classes)` for inputs `(n, inputs)`."""
        h = affine(x, params["W_in"], params["b_in"])
        h = chain(*self.blocks_of(params)).forward(h)
        return affine(h, params["W_out"], params["b_out"])


class Transformer(NamedTuple):
    """A small vision transformer: 16 patches of 2 by 2 pixels are the tokens of an 8 by 8 image.

    A token is a linear function of its patch plus numbers for its place. Then come `layers` layers,
    each a block of attention and one of a feed-forward branch, as the scheme says, and the mean of
    all tokens goes out to the classes; with Pre-LN the tokens are normalised before. So there are
    twice as many blocks as layers. attention: one of `ATTENTIONS`. Source: Dosovitskiy and others
    (2021).

    >>> net = Transformer(layers=2)
    >>> net.forward(net.start(torch.Generator()), torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    layers: int
    scheme: str = "Pre-LN"
    norm: str = "LayerNorm"
    attention: str = "dot-product"
    activation: str = "GELU"
    width: int = 16
    heads: int = 2
    classes: int = 10

    @property
    def blocks(self) -> int:
        """How many blocks: two a layer."""
        return 2 * self.layers

    def start(self, source: torch.Generator) -> Params:
        """Return random weights, and biases of 0."""
        params = _ends(source, 4, self.width, self.classes)
        params["places"] = torch.randn(16, self.width, generator=source)
        for k in range(self.blocks):
            params |= _shortcut(f"{k}.", self, source)
            params |= (_attention if k % 2 == 0 else _feed_forward)(f"{k}.", self, source)
        return params

    def blocks_of(self, params: Params) -> list[Module]:
        """Return the blocks as modules of sequences `(16, width)`, the first one first."""
        kinds = (self.attention_of, lambda params, k: _branch(f"{k}.", self, params))
        return [_block(f"{k}.", self, params, kinds[k % 2](params, k)) for k in range(self.blocks)]

    def attention_of(self, params: Params, k: int) -> Module:
        """Return the branch of block k, attention with all its heads."""
        letters = "QV" if self.attention == "L2" else "QKV"
        each = ([params[f"{k}.{name}{head}"] for name in letters] for head in range(self.heads))
        return sum_of(*(ATTENTIONS[self.attention](*matrices) for matrices in each))

    def tokens(self, params: Params, x: Tensor) -> Tensor:
        """Return what goes into the first block, `(n, 16, width)`, for images `(n, 64)`."""
        return linear(params["W_in"], params["b_in"]).forward(patches(x)) + params["places"]

    def forward(self, params: Params, x: Tensor) -> Tensor:
        """Return the outputs `(n, classes)` for images `(n, 64)`."""
        h = chain(*self.blocks_of(params)).forward(self.tokens(params, x))
        if self.scheme == "Pre-LN":
            h = layer_norm(torch.ones_like(h[0, 0]), torch.zeros_like(h[0, 0])).forward(h)
        return affine(h.mean(dim=-2), params["W_out"], params["b_out"])


def patches(x: Tensor) -> Tensor:
    """Return the patches of 2 by 2 pixels of 8 by 8 images `(n, 64)`, as tokens `(n, 16, 4)`."""
    return x.reshape(-1, 4, 2, 4, 2).transpose(2, 3).reshape(-1, 16, 4)


def _ends(source: torch.Generator, inputs: int, width: int, classes: int) -> Params:
    return {
        "W_in": lecun_normal((width, inputs), generator=source),
        "b_in": torch.zeros(width),
        "W_out": lecun_normal((classes, width), generator=source),
        "b_out": torch.zeros(classes),
    }


def _shortcut(at: str, net: DeepNet | Transformer, source: torch.Generator) -> Params:
    """Return what a block learns beside its branch; only what its scheme uses."""
    if net.scheme == "ReZero":
        return {f"{at}alpha": torch.zeros(())}
    if net.scheme == "LayerScale":
        return {f"{at}alpha": torch.full((net.width,), 0.1)}
    if "residual" in net.scheme or net.scheme == "no shortcut":
        return {}
    shift = {} if net.norm == "RMSNorm" else {f"{at}beta": torch.zeros(net.width)}
    return {f"{at}gamma": torch.ones(net.width)} | shift


def _feed_forward(at: str, net: DeepNet | Transformer, source: torch.Generator) -> Params:
    first = he_normal if net.activation == "ReLU" else lecun_normal
    share = _deep_norm_share(net)
    return {
        f"{at}W1": share * lecun_normal((net.width, net.width), generator=source),
        f"{at}b1": torch.zeros(net.width),
        f"{at}W2": share * first((net.width, net.width), generator=source),
        f"{at}b2": torch.zeros(net.width),
    }


def _attention(at: str, net: Transformer, source: torch.Generator) -> Params:
    """Return query, key and value matrices for each head. They stand to the right of tokens."""
    key, params = net.width // net.heads, {}
    for head in range(net.heads):
        for name, columns in (("Q", key), ("K", key), ("V", net.width)):
            params[f"{at}{name}{head}"] = lecun_normal((columns, net.width), generator=source).T
        params[f"{at}V{head}"] = params[f"{at}V{head}"] * _deep_norm_share(net) / net.heads**0.5
    if net.attention == "L2":
        params = {name: value for name, value in params.items() if ".K" not in name}
    return params


def _deep_norm_share(net: DeepNet | Transformer) -> float:
    """Return by how much a branch starts smaller under DeepNorm, two blocks being a layer."""
    return deep_norm_scale(net.blocks / 2)[1] if net.scheme == "DeepNorm" else 1.0


def _branch(at: str, net: DeepNet | Transformer, params: Params) -> Module:
    return feed_forward(
        *(params[f"{at}{name}"] for name in ("W1", "b1", "W2", "b2")), net.activation
    )


def _block(at: str, net: DeepNet | Transformer, params: Params, branch: Module) -> Module:
    gamma, beta = params.get(f"{at}gamma"), params.get(f"{at}beta")
    norm = None if gamma is None else NORMS[net.norm](gamma, beta)
    return SCHEMES[net.scheme](branch, norm, params.get(f"{at}alpha"), net.blocks)
