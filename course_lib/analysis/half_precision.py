"""Half precision: the range of float16, and loss scaling, which moves gradients into it.

A float16 has 5 bits for the exponent and 10 for the fraction. The largest finite number is 65504;
the smallest above 0 is 2⁻²⁴, near 6e-8, and below 2⁻¹⁴ digits are lost.
"""

import torch
from torch import Tensor

LARGEST, SMALLEST, SMALLEST_WITH_ALL_DIGITS = 65504.0, 2.0**-24, 2.0**-14


def lost_in_half(g: Tensor, scale: float) -> Tensor:
    """Return which share of the gradients overflows in float16, and which becomes 0, `(2,)`.

    g: any shape, in a wider format, which is that of the result; of those that are not 0 already.
    scale: what the loss, and with it each gradient, is multiplied by. Source: Micikevicius and
    others (2018), section 3.2.

    >>> lost_in_half(torch.tensor([1e-9, 1.0, 1e4, 0.0]), scale=8.0)
    tensor([0.3333, 0.3333])
    """
    g = g[g != 0]
    half = (scale * g).half()
    return torch.stack([half.isinf(), half == 0]).to(g.dtype).mean(dim=1)


def scaled_back(half: Tensor, scale: float) -> tuple[Tensor, bool]:
    """Return gradients of a scaled loss in float32, divided by the scale; and whether all are
    finite. If they are not, the step has to be left out.

    >>> scaled_back(torch.tensor([512.0], dtype=torch.float16), scale=1024.0)
    (tensor([0.5000]), True)
    """
    g = half.float() / scale
    return g, bool(g.isfinite().all())


def next_scale(
    scale: float,
    good: int,
    finite: bool,
    *,
    growth: float = 2.0,
    backoff: float = 0.5,
    interval: int = 2000,
) -> tuple[float, int]:
    """Return the scale of the next step, and how many steps in a row have been finite.

    After a step that overflowed the scale is multiplied by `backoff`; after `interval` finite ones
    in a row by `growth`, and the count starts again. Defaults: those of torch.amp.GradScaler.

    >>> next_scale(65536.0, 1999, finite=True), next_scale(65536.0, 1999, finite=False)
    ((131072.0, 0), (32768.0, 0))
    """
    if not finite:
        return scale * backoff, 0
    if good + 1 == interval:
        return scale * growth, 0
    return scale, good + 1
