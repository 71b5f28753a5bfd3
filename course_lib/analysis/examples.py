"""Every module of this package once, with random weights: for tests, figures and measurements."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_lib.analysis import attention, batchnorm, linear_maps, normalise, pointwise, weights
from course_lib.analysis.module import (
    Module,
    chain,
    deep_norm,
    post_norm,
    pre_norm,
    residual,
    sum_of,
)
from course_lib.nn.activations import ACTIVATIONS

Draw = Callable[..., Tensor]  # of a shape: standard normal numbers


def example(
    name: str, generator: torch.Generator, width: int = 6, dtype: torch.dtype = torch.float64
) -> tuple[Module, Tensor]:
    """Return a module and an input for it, without batch axes, drawn from the generator.

    name: one of `EXAMPLES`. width: how many features; an image has 4 by 4 places and two channels.
    """

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=dtype)

    return EXAMPLES[name](draw, width)


def _row(make: Callable[[Draw, int], Module]) -> Callable[[Draw, int], tuple[Module, Tensor]]:
    return lambda draw, d: (make(draw, d), draw(d))


def _tokens(make: Callable[[Draw, int], Module]) -> Callable[[Draw, int], tuple[Module, Tensor]]:
    return lambda draw, d: (make(draw, d), draw(5, d))


def _image(make: Callable[[Draw], Module]) -> Callable[[Draw, int], tuple[Module, Tensor]]:
    return lambda draw, d: (make(draw), draw(2, 4, 4))


def _scale(draw: Draw, d: int) -> tuple[Tensor, Tensor]:
    """Return γ near 1 and β near 0."""
    return 1 + 0.3 * draw(d), 0.3 * draw(d)


def _block(draw: Draw, d: int) -> Module:
    hidden = 2 * d
    first, second = draw(hidden, d) / d**0.5, draw(d, hidden) / hidden**0.5
    return pointwise.feed_forward(first, 0.1 * draw(hidden), second, 0.1 * draw(d), "GELU")


def _norm(draw: Draw, d: int) -> Module:
    return normalise.layer_norm(*_scale(draw, d))


def _heads(draw: Draw, d: int, count: int = 3) -> tuple[Tensor, ...]:
    return tuple(draw(d, max(d // 2, 1)) / d**0.5 for _ in range(count))


def _causal(draw: Draw, d: int) -> Module:
    mask = torch.ones(5, 5, dtype=torch.bool).tril()
    return attention.dot_product_attention(*_heads(draw, d), mask=mask)


def _kept(draw: Draw, d: int) -> Module:
    return batchnorm.batch_norm_evaluation(*_scale(draw, d), draw(d), 0.1 + draw(d).square())


def _two_heads(draw: Draw, d: int) -> Module:
    """Return attention with two heads, whose value matrices hold what joins them, `(d, d)`."""
    heads = ((*_heads(draw, d)[:2], draw(d, d) / d**0.5) for _ in range(2))
    return sum_of(*(attention.dot_product_attention(*head) for head in heads))


def _transformer(draw: Draw, d: int) -> Module:
    return chain(
        pre_norm(_two_heads(draw, d), _norm(draw, d)), pre_norm(_block(draw, d), _norm(draw, d))
    )


EXAMPLES: dict[str, Callable[[Draw, int], tuple[Module, Tensor]]] = {
    "linear": _row(lambda draw, d: linear_maps.linear(draw(d + 1, d) / d**0.5, draw(d + 1))),
    "convolution": _image(lambda draw: linear_maps.convolution(draw(3, 2, 3, 3), padding=1)),
    "convolution, circular": _image(
        lambda draw: linear_maps.convolution(draw(3, 2, 3, 3), padding=1, circular=True)
    ),
    "convolution, stride 2": _image(  # the last row and column are not reached
        lambda draw: linear_maps.convolution(draw(3, 2, 3, 3), stride=2)
    ),
    "average-pool": _image(lambda draw: linear_maps.average_pool(2)),
    "max-pool": _image(lambda draw: pointwise.max_pool(2)),
    "dropout": _row(lambda draw, d: linear_maps.dropout((draw(d) > 0).to(draw(1)), keep=0.5)),
    **{name: _row(lambda draw, d, name=name: pointwise.activation(name)) for name in ACTIVATIONS},
    "softmax": _row(lambda draw, d: pointwise.soft_max()),
    "l2-normalise": _row(lambda draw, d: normalise.l2_normalise(1e-5)),
    "LayerNorm": _row(_norm),
    "RMSNorm": _row(lambda draw, d: normalise.rms_norm(_scale(draw, d)[0])),
    "CenterNorm": _row(lambda draw, d: normalise.center_norm(*_scale(draw, d))),
    "BatchNorm, training": _tokens(lambda draw, d: batchnorm.batch_norm(*_scale(draw, d))),
    "BatchNorm, evaluation": _row(_kept),
    "WeightNorm": _row(lambda draw, d: weights.weight_norm(draw(d + 1, d), draw(d + 1))),
    "WeightNorm, directions": _tokens(lambda draw, d: weights.weight_norm_of_v(draw(d), draw(5))),
    "SpectralNorm": _row(lambda draw, d: weights.spectral_norm(draw(d + 1, d))),
    "feed-forward": _row(_block),
    "dot-product attention": _tokens(
        lambda draw, d: attention.dot_product_attention(*_heads(draw, d))
    ),
    "dot-product attention, causal": _tokens(_causal),
    "L2 attention": _tokens(lambda draw, d: attention.l2_attention(*_heads(draw, d, 2))),
    "cosine attention": _tokens(
        lambda draw, d: attention.cosine_attention(*_heads(draw, d), nu=0.7, tau=3.0, eps=1e-3)
    ),
    "residual": _row(lambda draw, d: residual(_block(draw, d))),
    "residual, weighted": _row(lambda draw, d: residual(_block(draw, d), alpha=0.1 * draw(d))),
    "Pre-LN": _row(lambda draw, d: pre_norm(_block(draw, d), _norm(draw, d))),
    "Post-LN": _row(lambda draw, d: post_norm(_block(draw, d), _norm(draw, d))),
    "transformer block": _tokens(_transformer),
    "DeepNorm": _row(lambda draw, d: deep_norm(_block(draw, d), _norm(draw, d), layers=12)),
}
