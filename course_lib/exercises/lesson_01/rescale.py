"""Exercise 01.rescale: c·W, such that the root mean square of the layer's signals is the target."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
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
        return W, _signals(W, x).mean().sign() * x

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


def _signals(W: Tensor, x: Tensor) -> Tensor:
    return x @ W.T


def _spread(y: Tensor, less: int) -> Tensor:
    """Return the standard deviation, with `n - less` below the line; NaN for 0 / 0."""
    return ((y - y.mean()).square().sum() / (y.numel() - less)).sqrt()


def _rescale_by_squares(W: Tensor, x: Tensor, target: float) -> Tensor:
    y = torch.einsum("nd,hd->nh", x, W)
    return W * (target**2 * y.numel() / (y**2).sum()) ** 0.5


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
    slips=(
        Slip(
            "root forgotten",
            lambda W, x, target: target / _signals(W, x).square().mean() * W,
            "The signals are measured by the mean of their squares; the root is missing. Look at "
            "the three words root, mean, square.",
        ),
        Slip(
            "upside down",
            lambda W, x, target: _signals(W, x).square().mean().sqrt() / target * W,
            "The factor stands upside down: signals that are too small get smaller still. If the "
            "size is 3 and the target 6, what should c be?",
        ),
        Slip(
            "standard deviation",
            lambda W, x, target: target / _spread(_signals(W, x), 1) * W,
            "You measure the spread around the mean, the standard deviation. Root mean square "
            "measures from zero: look for a mean that is taken off first.",
        ),
        Slip(
            "standard deviation, divided by n",
            lambda W, x, target: target / _spread(_signals(W, x), 0) * W,
            "You measure the spread around the mean, a standard deviation. Root mean square "
            "measures from zero: look for a mean that is taken off first.",
        ),
        Slip(
            "sum instead of mean",
            lambda W, x, target: target / _signals(W, x).norm() * W,
            "The squares are added up where their mean is asked for, so the result depends on how "
            "many examples there are. Look at the middle one of the three words.",
        ),
        Slip(
            "mean size",
            lambda W, x, target: target / _signals(W, x).abs().mean() * W,
            "You take the mean of the sizes without squares and root. Large signals count for more "
            "in a root mean square: look at the three words again.",
        ),
        Slip(
            "largest signal",
            lambda W, x, target: target / _signals(W, x).abs().max() * W,
            "You bring the largest signal to the target. All signals together are meant: look at "
            "how you measure their size.",
        ),
        Slip(
            "size of the weights",
            lambda W, x, target: target / W.square().mean().sqrt() * W,
            "You bring the weights to the target size. The signals are meant, and they depend on "
            "the inputs too: look at what you measure.",
        ),
        Slip(
            "each neuron by itself",
            lambda W, x, target: target * W / _signals(W, x).square().mean(dim=0).sqrt()[:, None],
            "Each neuron gets a factor of its own, so that the rows change against each other. "
            "One factor for the whole matrix is asked for: look at what your mean runs over.",
        ),
        Slip(
            "transposed weights",
            lambda W, x, target: target / (x @ W).square().mean().sqrt() * W,
            "The size is measured on other signals than those of the layer: `W` is used the wrong "
            "way round. In 01.dense a row of it belongs to a neuron.",
        ),
        Slip(
            "only multiplied by the target",
            lambda W, x, target: target * W,
            "The weights are multiplied by the target, whatever size the signals had before. "
            "Measure first: what should happen if they already have the right size?",
        ),
        Slip(
            "the factor itself",
            lambda W, x, target: target / _signals(W, x).square().mean().sqrt(),
            "This is the factor c, and it is right. Asked is the matrix that it makes.",
        ),
        Slip(
            "the signals",
            lambda W, x, target: target / _signals(W, x).square().mean().sqrt() * _signals(W, x),
            "You give back the signals at the right size. Asked are the weights that make them.",
        ),
        Slip(
            "root over the target",
            lambda W, x, target: (target / _signals(W, x).square().mean()).sqrt() * W,
            "The root is taken of the target too. It belongs to the size of the signals alone: "
            "look at your brackets.",
        ),
        Slip(
            "root forgotten, target squared",
            lambda W, x, target: target**2 / _signals(W, x).square().mean() * W,
            "Your factor is the square of the right one: it brings the mean of the squares to the "
            "wrong size. If all weights are doubled, what happens to the squares of the signals?",
        ),
        Slip(
            "target forgotten",
            lambda W, x, target: W / _signals(W, x).square().mean().sqrt(),
            "The target plays no part in your result: the signals always get the size 1. Look at "
            "where `target` enters.",
        ),
        Slip(
            "size of the inputs",
            lambda W, x, target: target / x.square().mean().sqrt() * W,
            "You measure the inputs. The signals are meant, which the layer makes of them: look at "
            "what you square.",
        ),
        Slip(
            "no square before the mean",
            lambda W, x, target: target / _signals(W, x).mean() * W,
            "You take the mean of the signals as they are, so that those above and below 0 cancel. "
            "The square comes first: root mean square is done from right to left.",
        ),
        Slip(
            "each example by itself",
            lambda W, x, target: W * (target / _signals(W, x).square().mean(dim=1).sqrt()),
            "You measure each example by itself, and get as many factors as examples. One factor "
            "is asked for: look at what your mean runs over.",
        ),
        Slip(
            "order swapped",
            lambda W, x, target: target / (W @ x).square().mean().sqrt() * W,
            "The signals are not those of the layer: `W` stands on the left, where its inputs "
            "would meet the examples. Look at how 01.dense makes them.",
        ),
        Slip(
            "added instead of multiplied",
            lambda W, x, target: W + target - _signals(W, x).square().mean().sqrt(),
            "You move all weights by the same amount. One factor for all of them is asked for: if "
            "the size is 3 and the target 6, how much larger should each weight be?",
        ),
    ),
    also_right=(
        _rescale_by_squares,
        lambda W, x, target: W * (target / _signals(W, x).pow(2).mean().sqrt()),
    ),
)
