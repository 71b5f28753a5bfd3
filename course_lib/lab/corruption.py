"""Images made worse: blurred, noisy, muted. An image is a row of 64 numbers, 0 for blank paper."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d

SIDE = 8  # pixels


def blur(x: Tensor, width: float) -> Tensor:
    """Return images blurred by a Gaussian whose standard deviation is `width` pixels.

    x: `(n, 64)`. Returns `(n, 64)`. The paper goes on blank beyond the image, so ink near the edge
    runs off it. Width 0 leaves the images as they are. Raises ValueError for a negative width.
    """
    _expect("width", width)
    if width == 0:
        return x
    reach = math.ceil(4 * width)
    at = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-(at**2) / (2 * width**2))
    kernel = kernel / kernel.sum()
    rows = conv2d(x.view(-1, 1, SIDE, SIDE), kernel.view(1, 1, -1, 1), padding=(reach, 0))
    return conv2d(rows, kernel.view(1, 1, 1, -1), padding=(0, reach)).flatten(1)


def noise(x: Tensor, level: float, generator: torch.Generator) -> Tensor:
    """Return images with Gaussian noise added to each pixel, of standard deviation `level`.

    x: any shape. Ink runs from 0 to 1; with noise a pixel may leave that range. The noise is drawn
    on the CPU. Raises ValueError for a negative level.
    """
    _expect("level", level)
    return x + level * torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device)


def fade(x: Tensor, factor: float) -> Tensor:
    """Return images with less contrast: every pixel times `factor`, so that ink fades to paper.

    Raises ValueError for a negative factor.
    """
    _expect("factor", factor)
    return factor * x


def _expect(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is {value}; it must be 0 or more")
