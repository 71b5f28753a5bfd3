"""How much a matrix or a convolution can stretch: exact values, and bounds that hold.

Names say which it is: `exact`, and `upper`, never too small; both up to rounding. What is found by
looking at examples, or by power iteration, is `lower`. Norms are Euclidean.

What is said of convolutions is meant for stride 1, and bounds any other stride from above: of the
same results only some are kept, and a part is no longer than the whole.

A matrix without rows or without columns stretches by 0. Norms have the dtype of the weights; those
that take singular values of a matrix compute them in float32 at least, since torch has none for
half precision. Kernels whose waves are taken are float32 or float64.
"""

import torch
from torch import Tensor

HALF = (torch.float16, torch.bfloat16)


def exact_norm(weight: Tensor) -> Tensor:
    """Return σ_max of a matrix `(h, d)`, by its singular values: the constant of `x ↦ W x`.

    >>> exact_norm(torch.tensor([[3.0, 0.0], [0.0, 1.0]]))
    tensor(3.)
    """
    if weight.numel() == 0:
        return weight.new_zeros(weight.shape[:-2])
    return torch.linalg.svdvals(_at_least_float32(weight))[..., 0].to(weight.dtype)


def upper_norm_by_frobenius(weight: Tensor) -> Tensor:
    """Return `√(Σ W²)`. It holds since the squares of all singular values add up to its square.

    >>> upper_norm_by_frobenius(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(5.)
    """
    if weight.numel() == 0:
        return weight.new_zeros(weight.shape[:-2])
    largest = weight.abs().amax(dim=(-2, -1), keepdim=True)
    shares = weight / torch.where(largest > 0, largest, 1.0)  # squares may leave the dtype's range
    return largest[..., 0, 0] * shares.square().sum(dim=(-2, -1)).sqrt()


def upper_norm_by_sums(weight: Tensor) -> Tensor:
    """Return `√(‖W‖₁ ‖W‖_∞)`: the largest absolute column sum times the largest row sum, rooted.

    >>> upper_norm_by_sums(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor(4.)
    """
    if weight.numel() == 0:
        return weight.new_zeros(weight.shape[:-2])
    size = weight.abs()
    by_column, by_row = size.sum(dim=-2).amax(dim=-1), size.sum(dim=-1).amax(dim=-1)
    return by_column.sqrt() * by_row.sqrt()  # their product may leave the range of the dtype


def exact_norm_circular(kernel: Tensor, rows: int, columns: int) -> Tensor:
    """Return σ_max of a convolution with circular padding on images of that size, stride 1.

    kernel: `(a, c, height, width)`, no larger than the image. Waves do not mix: for each
    two-dimensional frequency ω the channels are multiplied by the matrix K̂(ω), `(a, c)`, the
    Fourier transform of the kernel. So the largest singular value over all ω is the answer. With a
    larger stride it is only a bound. Source: Sedghi, Gupta and Long (2019).
    Raises ValueError for a kernel that is larger than the image.

    >>> exact_norm_circular(torch.ones(1, 1, 3, 3), rows=8, columns=8)  # the constant image
    tensor(9.)
    """
    height, width = kernel.shape[-2:]
    if height > rows or width > columns:
        raise ValueError(
            f"the kernel, {height} by {width}, is larger than the image, {rows} by {columns}"
        )
    waves = torch.fft.fft2(kernel, s=(rows, columns))
    return torch.linalg.svdvals(waves.permute(2, 3, 0, 1)).amax()


def upper_norm_zero_padded(kernel: Tensor, rows: int, columns: int) -> Tensor:
    """Return a bound on σ_max of a convolution with zeros as padding, for any stride.

    It holds for any padding of less than the kernel's height and width, none included.
    An image that is set into zeros, `rows + height − 1` by `columns + width − 1`, has no border
    that a circular convolution could reach around. The one with zeros as padding takes a part of
    its result, and a part is no longer than the whole. The circular norm at the image's own size is
    no bound: the kernel (1, −1) on three places has 1.802, and the circular one 1.732.

    >>> upper_norm_zero_padded(torch.tensor([[[[1.0, -1.0]]]]), rows=1, columns=3)
    tensor(2.)
    """
    height, width = kernel.shape[-2:]
    return exact_norm_circular(kernel, rows + height - 1, columns + width - 1)


def upper_norm_by_reshape(kernel: Tensor) -> Tensor:
    """Return `√(height · width) · σ_max(K)`, K the kernel laid out as a matrix `(a, c h w)`.

    It holds for any image and stride, padded with zeros or circularly to its own size: each input
    is used at most `height · width` times.
    σ_max(K) alone is no bound. Source: Cisse and others (2017).
    """
    height, width = kernel.shape[-2:]
    return (height * width) ** 0.5 * exact_norm(kernel.flatten(1))


def _at_least_float32(weight: Tensor) -> Tensor:
    return weight.float() if weight.dtype in HALF else weight
