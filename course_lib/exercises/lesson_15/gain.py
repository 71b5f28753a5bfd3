"""Exercise 15.gain: with which gain the next sums are as large as these."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ...analysis.propagation import keeping_gain
from ...checking import Case, Exercise, slips
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    sums = draw(5, 4) + 0.6
    flat = 3 * draw(6, 2) - 1
    shifted = draw(7, 3) + 0.5
    single = draw(20, 3, dtype=torch.float32)
    return [
        Case("a ReLU on 5 examples of 4 sums", (sums, torch.relu(sums))),
        Case("a tanh on 6 examples of 2 large sums", (flat, torch.tanh(flat))),
        Case("a GELU on 7 examples of 3 sums", (shifted, F.gelu(shifted))),
        Case("no activation", (sums, sums.clone()), special=True),
        Case("one example of one sum", (sums[:1, :1], torch.tanh(sums[:1, :1])), special=True),
        Case("sums around a million", (1e6 * sums, 1e3 * sums), special=True),
        Case("a tanh on tiny sums", (1e-4 * sums, torch.tanh(1e-4 * sums)), special=True),
        Case("one row of 6 sums", (flat[:, 0], torch.tanh(flat[:, 0])), special=True),
        Case("a ReLU on float32", (single, torch.relu(single)), special=True),
    ]


SLIPS = """
upside down: sums ↔ out
    This is one over the gain. An activation that makes signals smaller needs larger weights: which
    of the two stands above the line?
no root: .sqrt() →
    This is what the mean square is to be multiplied by. The gain multiplies the weights, and with
    them the sums themselves.
mean before the square: .square().mean() → .mean().square()
    You square the means. Signs cancel in a mean: square each number first.
variance for mean square: .square().mean() → .var()
    You take the variance, which leaves the mean out. What comes out of an activation need not lie
    around 0, and the next layer adds up squares of the numbers themselves.
mean sizes: (sums.abs().mean() / out.abs().mean())
    You compare mean sizes without signs. What a layer of random weights keeps or changes is the
    mean of the squares.
roots of mean sizes: .square().mean() → .abs().mean()
    You compare mean sizes, and take a root of their ratio. What a layer of random weights changes
    is the mean of the squares.
sums taken to be 1: (sums.square().mean() / → (1 /
    The sums play no part in your result. It is right if their mean square is 1: what if it is not?
out left out: / out.square().mean() →
    What comes out of the activation plays no part in your result.
mean of ratios: (sums.square().mean() / out.square().mean()) → (sums / out).square().mean()
    You divide number by number. A single 0 behind a ReLU makes that infinite: average first, then
    divide.
always He's: torch.full_like(sums.mean(), 2.0).sqrt()
    Your gain is the root of 2 whatever comes in. That is for a ReLU and sums that lie evenly around
    0: look at the numbers.
difference: / out → - out
    You take a difference. By what must the sums be multiplied? A factor is a ratio.
product: / out → * out
    You multiply the two mean squares. A gain makes up for a loss: look at what is divided by what.
a gain for each neuron: .mean() → .mean(dim=0)
    There is a gain for each neuron. All weights of the layer get one: take the mean over all
    examples and neurons.
a gain for each example: .mean() → .mean(dim=-1)
    There is a gain for each example. All weights of the layer get one: take the mean over all
    examples and neurons.
largest: .square().mean() → .square().amax()
    You compare the largest numbers. One number says little: which mean does a layer keep?
fourth powers: .square().mean() → .square().square().mean()
    There is a square too many under the root.
root of the root: .sqrt() → .sqrt().sqrt()
    There is a root too many.
squared: .sqrt() → .square()
    The ratio is squared where its root should be taken.
sum above, mean below: sums.square().mean() → sums.square().sum()
    Above the line squares are added up, below it they are averaged. Take the same for both.
mean above, sum below: out.square().mean() → out.square().sum()
    Below the line squares are added up, above it they are averaged. Take the same for both.
no squares: .square().mean() → .mean()
    The squares are missing. Means of the numbers themselves may be 0, and then there is no ratio.
std over fan-in:
    | return (sums.square().mean() / out.square().mean() / out.shape[-1]).sqrt()
    This is a standard deviation of the weights. The gain is that times the root of fan-in.
"""

GAIN = Exercise(
    id="15.gain",
    points=2,
    asks="with which gain the next sums are as large as these",
    reference=keeping_gain,
    cases=_cases,
    hints=(
        "A layer with gain g multiplies the mean square of what comes in by g². What comes in is "
        "what the activation gives out. What should the product be?",
        "Solve for g: the mean square of the sums, over the mean square of what comes out, is g².",
        "Two mean squares, each over all numbers; their ratio; its root.",
    ),
    slips=slips(SLIPS, keeping_gain),
    also_right=(
        lambda sums, out: sums.norm() / out.norm(),
        lambda sums, out: (sums**2).mean() ** 0.5 / (out**2).mean() ** 0.5,
        lambda sums, out: torch.sqrt((sums * sums).sum() / (out * out).sum()),
    ),
)
