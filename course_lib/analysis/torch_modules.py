"""The Lipschitz constant of some of torch's own modules, by type, or a bound on it.

A reader takes the module and the shape of an example, without the batch axis. Norms are Euclidean,
over all numbers of an example; `exact` says that no smaller constant holds, up to rounding.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_lib.analysis.bounds import (
    exact_norm,
    exact_norm_circular,
    upper_norm_by_reshape,
    upper_norm_zero_padded,
)
from course_lib.analysis.constants import CONSTANTS, SOFTMAX
from course_lib.analysis.lipschitz import (
    exact_batch_norm,
    exact_batch_norm_evaluation,
    exact_dropout,
    exact_layer_norm,
    exact_rms_norm,
)


class Upper(NamedTuple):
    """A constant that holds, whether it is the smallest that does, and what is to be said of it."""

    value: float
    exact: bool
    note: str = ""


Shape = tuple[int, ...]
Reader = Callable[[nn.Module, Shape], Upper]


class Unreadable(ValueError):
    """A module of a known type is used in a way for which no bound is known."""


def _slope(name: str) -> Reader:
    return lambda module, shape: Upper(CONSTANTS[name].value, True)


def _linear(module: nn.Linear, shape: Shape) -> Upper:
    return Upper(exact_norm(module.weight).item(), True, "largest singular value")


def _convolution(module: nn.Conv2d, shape: Shape) -> Upper:
    """With a stride the result is a part of that without one, and a part is no longer."""
    if module.padding_mode not in ("zeros", "circular"):
        raise Unreadable(f"has padding_mode {module.padding_mode!r}; zeros and circular are known")
    rows, columns = shape[-2:]
    weight = module.weight.to(torch.promote_types(module.weight.dtype, torch.float32))
    kernels = _spread(weight, module.dilation).chunk(module.groups)  # groups do not mix
    if module.padding_mode == "zeros":
        values = [upper_norm_zero_padded(kernel, rows, columns) for kernel in kernels]
        values = [min(a, upper_norm_by_reshape(k)) for a, k in zip(values, kernels, strict=True)]
        one_place = kernels[0].shape[-2:] == (1, 1) and set(module.stride) == {1}
        return Upper(max(values).item(), one_place, "by FFT on a grid with room for the border")
    around = [2 * p - (k - 1) for p, k in zip(_padding(module), kernels[0].shape[-2:], strict=True)]
    if max(around) > 0:
        raise Unreadable("has circular padding that repeats places; pad to the image's own size")
    value = max(exact_norm_circular(kernel, rows, columns) for kernel in kernels)
    return Upper(value.item(), around == [0, 0] and set(module.stride) == {1}, "by FFT")


def _padding(module: nn.Conv2d) -> tuple[int, int]:
    if isinstance(module.padding, str):
        reach = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        return tuple(r // 2 if module.padding == "same" and r % 2 == 0 else 0 for r in reach)
    return module.padding


def _spread(kernel: Tensor, dilation: tuple[int, int]) -> Tensor:
    """Return a kernel with the zeros between its numbers that dilation means."""
    (h, w), (down, right) = kernel.shape[-2:], dilation
    wide = kernel.new_zeros(*kernel.shape[:2], down * (h - 1) + 1, right * (w - 1) + 1)
    wide[..., ::down, ::right] = kernel
    return wide


def _scale(module: nn.Module, count: int) -> Tensor:
    if module.weight is None:
        return torch.ones(count, dtype=torch.float64)
    return module.weight.detach().flatten()


def _layer_norm(module: nn.LayerNorm, shape: Shape) -> Upper:
    scale = _scale(module, math.prod(module.normalized_shape))
    return _divided(exact_layer_norm(scale, module.eps), "reached at a constant input", "spread")


def _rms_norm(module: nn.RMSNorm, shape: Shape) -> Upper:
    if module.eps is None and module.weight is None:
        raise Unreadable("has no eps of its own, and takes that of its input's dtype; set eps")
    scale = _scale(module, math.prod(module.normalized_shape))
    eps = torch.finfo(scale.dtype).eps if module.eps is None else module.eps
    return _divided(exact_rms_norm(scale, eps), "reached at 0", "size")


def _batch_norm(module: nn.BatchNorm2d, shape: Shape) -> Upper:
    scale = _scale(module, module.num_features)
    if not module.training and module.running_var is not None:
        value = exact_batch_norm_evaluation(scale, module.running_var, module.eps)
        return Upper(value.item(), True, "evaluation: it is linear")
    note = "training: as a function of the whole batch"
    return _divided(exact_batch_norm(scale, module.eps), note, "spread")


def _divided(value: Tensor, note: str, by: str) -> Upper:
    """Return the constant of what is divided by a size of its input, which may be infinite."""
    if value.isinf():
        note = f"not Lipschitz: ε = 0, and it divides by the {by}"
    return Upper(value.item(), True, note)


def _dropout(module: nn.Dropout, shape: Shape) -> Upper:
    if not module.training:
        return Upper(1.0, True, "evaluation: it does nothing")
    value = exact_dropout(1 - module.p) if module.p < 1 else 0.0
    return Upper(value, True, "training: for each mask")


def _max_pool(module: nn.MaxPool2d, shape: Shape) -> Upper:
    """An input that stands in several squares is taken so many times at most."""
    uses = math.prod(_uses(module))
    return Upper(uses**0.5, uses == 1, "" if uses == 1 else "squares overlap")


def _average_pool(module: nn.AvgPool2d, shape: Shape) -> Upper:
    """By √(largest column sum · largest row sum): a row adds up to 1 at most."""
    if module.ceil_mode or module.divisor_override or not module.count_include_pad:
        raise Unreadable("has ceil_mode, divisor_override or count_include_pad=False set")
    uses, size = math.prod(_uses(module)), math.prod(_pair(module.kernel_size))
    plain = uses == 1 and _pair(module.padding) == (0, 0)
    return Upper((uses / size) ** 0.5, plain, "" if plain else "squares overlap or reach out")


def _adaptive_average_pool(module: nn.AdaptiveAvgPool2d, shape: Shape) -> Upper:
    if _pair(module.output_size) != (1, 1):
        raise Unreadable(f"has output_size {module.output_size}; 1 is known")
    return Upper(math.prod(shape[-2:]) ** -0.5, True, "mean of all places")


def _uses(module: nn.Module) -> list[int]:
    """Return in how many squares an input can stand, along each axis."""
    dilation = _pair(getattr(module, "dilation", 1))
    pairs = zip(_pair(module.kernel_size), _pair(module.stride), dilation, strict=True)
    return [math.ceil(k / s) if d == 1 else k for k, s, d in pairs]


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _attention(module: nn.MultiheadAttention, shape: Shape) -> Upper:
    """Infinite for any weights, so not exact: with one token, or weights of 0, it is linear."""
    note = "not Lipschitz: but for one token or special weights, its Jacobian grows without bound"
    return Upper(math.inf, False, note)


def _gelu(module: nn.GELU, shape: Shape) -> Upper:
    if module.approximate == "tanh":
        return Upper(1.12906, False, "tanh form: found on a grid, rounded up")
    return _slope("GELU")(module, shape)


def _same(module: nn.Module, shape: Shape) -> Upper:
    return Upper(1.0, True)


READERS: Mapping[type[nn.Module], Reader] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.Identity: _same,
    nn.Flatten: _same,
    nn.ReLU: _slope("ReLU"),
    nn.Tanh: _slope("tanh"),
    nn.Sigmoid: _slope("sigmoid"),
    nn.SiLU: _slope("SiLU"),
    nn.Mish: _slope("Mish"),
    nn.GELU: _gelu,
    nn.Softplus: _slope("softplus"),
    nn.LeakyReLU: lambda module, shape: Upper(max(1.0, abs(module.negative_slope)), True),
    nn.ELU: lambda module, shape: Upper(max(1.0, abs(module.alpha)), True),
    nn.Softmax: lambda module, shape: Upper(SOFTMAX, True, "at two shares of ½, or near them"),
    nn.LayerNorm: _layer_norm,
    nn.RMSNorm: _rms_norm,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.Dropout: _dropout,
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _average_pool,
    nn.AdaptiveAvgPool2d: _adaptive_average_pool,
    nn.MultiheadAttention: _attention,
}
KEEP_SHAPE = (nn.BatchNorm1d, nn.BatchNorm2d, nn.Dropout, nn.MultiheadAttention)
