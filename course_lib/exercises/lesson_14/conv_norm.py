"""Exercise 14.conv_norm: the norm of a circular convolution, by its frequencies."""

from __future__ import annotations

import torch

from ...analysis import bounds
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _conv_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single = torch.float32
    return [
        Case("2 to 3 channels, 3 by 2, on 5 by 7", (draw(3, 2, 3, 2), 5, 7)),
        Case("3 to 2 channels, 2 by 3, on 6 by 4", (draw(2, 3, 2, 3), 6, 4)),
        Case("1 to 4 channels, 3 by 3, on 4 by 6", (draw(4, 1, 3, 3), 4, 6)),
        Case("2 to 2 channels, 3 by 3, on 8 by 5", (draw(2, 2, 3, 3), 8, 5)),
        Case("1 channel, 3 by 3, on 6 by 5", (draw(1, 1, 3, 3), 6, 5)),
        Case("a kernel as large as its image", (draw(2, 2, 3, 4), 3, 4), special=True),
        Case("a kernel of one place", (draw(3, 2, 1, 1), 5, 4), special=True),
        Case("a kernel of ones", (torch.ones(1, 1, 3, 3).double(), 8, 8), special=True),
        Case("a kernel of zeros", (torch.zeros(2, 2, 3, 3).double(), 5, 5), special=True),
        Case("an image of one row", (draw(1, 2, 1, 3), 1, 6), special=True),
        Case("float32, 3 to 3 channels", (draw(3, 3, 3, 3, dtype=single), 7, 6), special=True),
    ]


def _by_padding(kernel, rows, columns):
    height, width = kernel.shape[-2:]
    room = torch.nn.functional.pad(kernel, (0, columns - width, 0, rows - height))
    waves = torch.fft.fft2(room).flatten(2).permute(2, 0, 1)
    return torch.linalg.matrix_norm(waves, ord=2).max()


def _by_the_matrix(kernel, rows, columns):
    a, c, height, width = kernel.shape
    matrix = torch.zeros(a, rows, columns, c, rows, columns, dtype=kernel.dtype)
    for i in range(rows):
        for j in range(columns):
            for k in range(height):
                for l in range(width):
                    matrix[:, i, j, :, (i + k) % rows, (j + l) % columns] += kernel[:, :, k, l]
    return torch.linalg.matrix_norm(matrix.reshape(a * rows * columns, -1), ord=2)


def _by_loops(kernel, rows, columns):
    waves = torch.fft.fft2(kernel, (rows, columns))
    return max(
        torch.linalg.svdvals(waves[:, :, i, j]).max() for i in range(rows) for j in range(columns)
    )


SLIPS = """
size of the kernel: s=(rows, columns) → s=kernel.shape[-2:]
    The transform is taken at the kernel's own size. Waves are those that fit the image.
reshaped kernel:
    | return exact_norm(kernel.flatten(1))
    This is the norm of the kernel laid out as a matrix. It is no bound: each input is used in
    several places. What does the convolution do to waves?
mean over waves: .amax() → .mean()
    You average over waves and singular values. Which one is stretched most?
all squares: torch.linalg.svdvals → torch.linalg.matrix_norm
    You take the Frobenius norm of each wave's matrix. It is a bound, but too large
    unless that matrix has rank 1.
largest entry: torch.linalg.svdvals(waves.permute(2, 3, 0, 1)) → waves.abs()
    You take the largest entry. The channels are mixed: at each wave stands a matrix, and how much
    can it stretch?
images for matrices: waves.permute(2, 3, 0, 1) → waves
    The singular values are those of the images, rows by columns. The matrices that are wanted are
    channels by channels, one for each wave.
sides swapped: s=(rows, columns) → s=(columns, rows)
    Rows and columns of the image have changed places.
real part: s=(rows, columns)) → s=(rows, columns)).real
    Only the real part of the transform is used. A wave has a phase as well.
constant image: torch.fft.fft2(kernel, s=(rows, columns)) → kernel.sum(dim=(2, 3), keepdim=True)
    You look at the constant image alone, the wave of frequency 0. Others may be stretched more.
one direction: torch.fft.fft2(kernel, s=(rows, columns)) → torch.fft.fft(kernel, n=columns)
    The transform is taken along the columns alone. Images have waves in two directions.
divided transform: s=(rows, columns)) → s=(rows, columns), norm="ortho")
    The transform is divided by the root of the number of places. Then a kernel of a single 1 would
    not keep lengths.
inverse transform: torch.fft.fft2(kernel → torch.fft.ifft2(kernel
    This is the inverse transform, which divides by the number of places.
squared: .amax() → .amax() ** 2
    The result is squared: an eigenvalue of the convolution times its transpose.
room at the border: s=(rows, columns) → s=(rows + height - 1, columns + width - 1)
    You leave room for the border. That bounds a convolution with zeros as padding; here it is
    circular, and the image's own size gives the exact value.
without the conjugate:
    | waves = torch.fft.fft2(kernel, s=(rows, columns)).permute(2, 3, 0, 1)
    | return torch.linalg.eigvals(waves.mT @ waves).abs().amax().sqrt()
    The matrices of the waves are complex: a transpose alone does not give singular values. What
    else happens to a complex matrix when it changes sides?
smallest wave: .amax() → .amin()
    The smallest singular value comes back. Which wave is stretched most?
smallest of the largest: .amax() → .amax(dim=-1).amin()
    At each wave you take the largest singular value, and of all waves the smallest. Which one is
    stretched most?
all waves kept: .amax() → .amax(dim=-1)
    You have a number for each wave. A single one is asked for.
added up: .amax() → .amax(dim=-1).sum()
    You add up over waves. Waves do not mix: which one is stretched most?
channels added up: waves.permute(2, 3, 0, 1) → waves.sum(dim=1, keepdim=True).permute(2, 3, 0, 1)
    The input channels are added up. They are the columns of each wave's matrix.
reshaped, for all places:
    | height, width = kernel.shape[-2:]
    | return (height * width) ** 0.5 * exact_norm(kernel.flatten(1))
    This is a bound for every size of image, and may lie above the exact value.
size of all numbers:
    | return kernel.square().sum().sqrt()
    You take the root of all squares in the kernel. Each of its numbers is used at every place of
    the image.
"""

CONV_NORM = Exercise(
    id="14.conv_norm",
    points=2,
    asks="the norm of a circular convolution",
    reference=bounds.exact_norm_circular,
    cases=_conv_cases,
    hints=(
        "What does a circular convolution make of a wave that fits the image? Can it become "
        "another wave?",
        "`torch.fft.fft2(kernel, s=(rows, columns))` has the shape (a, c, rows, columns). For each "
        "wave it holds a matrix (a, c).",
        "Permute so that the channels stand last. `torch.linalg.svdvals` takes the last two axes; "
        "then the largest of all.",
    ),
    slips=slips(SLIPS, bounds.exact_norm_circular),
    also_right=(_by_padding, _by_the_matrix, _by_loops),
)
