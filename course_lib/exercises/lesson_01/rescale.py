"""Exercise 01.rescale: c·W, such that the root mean square of the layer's signals is the target."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import layers
from ..drawing import drawing


def _rescale_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    single = torch.float32

    def layer(h: int, d: int) -> tuple[Tensor, Tensor]:
        """Return W and as many examples as inputs: what has one entry an example then fits W.

        The mean of the signals is above 0, so that it is also the root of its own square.
        """
        W, x = draw(h, d), draw(d, d)
        return W, (x @ W.T).mean().sign() * x

    return [
        Case("4 neurons, 3 inputs, 3 examples and target 2.5", (*layer(4, 3), 2.5)),
        Case("2 neurons, 6 inputs, 6 examples and target 0.3", (*layer(2, 6), 0.3)),
        Case("3 neurons, 3 inputs, 3 examples and target 1.7", (*layer(3, 3), 1.7)),
        Case("target 1", (draw(4, 2), draw(6, 2), 1.0), special=True),
        Case("a single weight and example", (draw(1, 1), draw(1, 1), 2.0), special=True),
        Case("weights around 100,000", (1e5 * draw(4, 3), draw(5, 3), 2.0), special=True),
        Case("the tiny target 0.000001", (draw(4, 3), draw(5, 3), 1e-6), special=True),
        Case(
            "10 neurons and 64 inputs in float32",
            (draw(10, 64, dtype=single), draw(50, 64, dtype=single), 0.5),
            special=True,
        ),
    ]


def _rescale_by_squares(W: Tensor, x: Tensor, target: float) -> Tensor:
    y = torch.einsum("nd,hd->nh", x, W)
    return W * (target**2 * y.numel() / (y**2).sum()) ** 0.5


SLIPS = """
root forgotten: .sqrt() →
    The signals are measured by the mean of their squares; the root is missing. Look at the three
    words root, mean, square.
upside down: target / size → size / target
    The factor stands upside down: signals that are too small get smaller still. If the size is 3
    and the target 6, what should c be?
standard deviation: .square().mean().sqrt() → .std()
    You measure the spread around the mean, the standard deviation. Root mean square measures from
    zero: look for a mean that is taken off first.
standard deviation, divided by n: .square().mean().sqrt() → .std(correction=0)
    You measure the spread around the mean, a standard deviation. Root mean square measures from
    zero: look for a mean that is taken off first.
sum instead of mean: .mean() → .sum()
    The squares are added up where their mean is asked for, so the result depends on how many of
    them there are. Look at the middle one of the three words.
mean size: .square().mean().sqrt() → .abs().mean()
    You take the mean of the sizes without squares and root. Large signals count for more in a root
    mean square: look at the three words again.
largest signal: .square().mean().sqrt() → .abs().max()
    You bring the largest signal to the target. All signals together are meant: look at how you
    measure their size.
size of the weights: dense(x, W).square → W.square
    You bring the weights to the target size. The signals are meant, and they depend on the inputs
    too: look at what you measure.
each neuron by itself: target * W / dense(x, W).square().mean(dim=0).sqrt()[:, None]
    Each neuron gets a factor of its own, so that the rows change against each other. One factor for
    the whole matrix is asked for: look at what your mean runs over.
transposed weights: dense(x, W) → (x @ W)
    The size is measured on other signals than those of the layer: `W` is used the wrong way round.
    In 01.dense a row of it belongs to a neuron.
only multiplied by the target: target / size → target
    The weights are multiplied by the target, whatever size the signals had before. Measure first:
    what should happen if they already have the right size?
the factor itself: size * W → size
    This is the factor c, and it is right. The exercise asks for the matrix that it makes.
the signals: size * W → size * dense(x, W)
    You give back the signals at the right size. The exercise asks for the weights that make them.
root over the target: .sqrt() → ; target / size → (target / size).sqrt()
    The root is taken of the target too. It belongs to the size of the signals alone: look at your
    brackets.
root forgotten, target squared: .sqrt() → ; target / size → target**2 / size
    Your factor is the square of the right one: it brings the mean of the squares to the wrong size.
    If all weights are doubled, what happens to the squares of the signals?
target forgotten: target / size * W → W / size
    The target plays no part in your result: the signals always get the size 1. Look at where
    `target` enters.
size of the inputs: dense(x, W).square → x.square
    You measure the inputs. The signals are meant, which the layer makes of them: look at what you
    square.
no square before the mean: .square().mean().sqrt() → .mean()
    You take the mean of the signals as they are, so that those above and below 0 cancel. The square
    comes first: root mean square is done from right to left.
each example by itself: W * (target / dense(x, W).square().mean(dim=1).sqrt())
    You measure each example by itself, and get as many factors as examples. One factor is asked
    for: look at what your mean runs over.
order swapped: dense(x, W) → (W @ x)
    The signals are not those of the layer: `W` stands on the left, where its inputs would meet the
    examples. Look at how 01.dense makes them.
added instead of multiplied: target / size * W → W + target - size
    You move all weights by the same amount. One factor for all of them is asked for: if the size is
    3 and the target 6, how much larger should each weight be?
"""

RESCALE = Exercise(
    id="01.rescale",
    points=2,
    asks="c·W, such that the root mean square of the layer's signals is the target",
    reference=layers.rescale,
    cases=_rescale_cases,
    hints=(
        "If you double all weights of a layer, what happens to its signals? And to the root of the "
        "mean of their squares?",
        "First measure how large the signals are with W as it is: one number, over all examples "
        "and neurons. If that number is 3 and the target is 6, what is c?",
        "Root mean square, read from right to left: square every signal, take the mean of all of "
        "them, take the root. Then compare it with the target.",
    ),
    slips=slips(SLIPS, layers.rescale),
    also_right=(
        _rescale_by_squares,
        lambda W, x, target: W * (target / (x @ W.T).pow(2).mean().sqrt()),
    ),
)
