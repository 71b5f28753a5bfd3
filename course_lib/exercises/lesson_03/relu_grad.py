"""Exercise 03.relu_grad: the slope of ReLU at each number."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...nn import activations
from ..drawing import drawing
from .shared import of


def _numbers_cases(seed: int) -> list[Case]:
    draw = drawing(seed)
    return [
        Case("6 numbers", (2 * draw(6),)),
        Case("3 by 4 numbers", (2 * draw(3, 4),)),
        Case("4 by 4 small numbers", (0.1 * draw(4, 4),)),
        Case("5 numbers above 0", (draw(5).abs() + 0.1,)),
        Case("a single number", (draw(1),), special=True),
        Case("the numbers -1, 0 and 1", (of(-1, 0, 1),), special=True),
        Case("zeros", (torch.zeros(2, 3, dtype=torch.float64),), special=True),
        Case("numbers as large as 10,000", (1e4 * of(-1, -0.5, 0.5, 1),), special=True),
        Case("numbers as small as 1e-30", (1e-30 * of(-1, 1, 2),), special=True),
        Case("50 by 10 numbers in float32", (draw(50, 10, dtype=torch.float32),), special=True),
    ]


def _slope_by_autograd(z: Tensor) -> Tensor:
    z = z.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(torch.relu(z).sum(), z)
    return slope


def _slope_by_masking(z: Tensor) -> Tensor:
    slope = torch.zeros_like(z)
    slope[z > 0] = 1
    return slope


SLIPS = """
relu itself: torch.relu(z)
    This is the height of ReLU. The exercise asks how steep it is: at z = 5 and at z = 7 the heights
    differ; do the slopes?
slope 1 at the corner: > → >=
    All slopes are right but the one at z = 0, where the lines meet. Look at what the exercise takes
    there, and at your comparison.
slope one half at the corner: (z.sign() + 1) / 2
    All slopes are right but the one at z = 0. The mean of both sides would be a fair choice too;
    look at which one the exercise takes.
the sign: z.sign()
    Below 0 your slope is -1, as for the absolute value. How steep is ReLU to the left of its
    corner?
sides swapped: > → <
    The sides have changed places: your slope is 1 where ReLU is flat. Look at your comparison.
one everywhere: torch.ones_like(z)
    A slope of 1 everywhere belongs to a straight line. What does ReLU do with numbers below 0?
z itself: z.clone()
    You give z back. How steep is ReLU at z = 5? That does not depend on how large z is, only on the
    side of the corner it lies on.
zero everywhere: torch.zeros_like(z)
    A slope of 0 everywhere belongs to a flat line. ReLU is flat on one side of its corner only:
    what does it do on the other?
z below: torch.where(z > 0, torch.ones_like(z), z)
    Above 0 it is right. Below 0 you give z back: how steep is ReLU to the left of its corner? Look
    at the last part of `where`.
corner at one: 0 → 1
    Your slope changes at z = 1. The corner of ReLU lies elsewhere: look at the number in your
    comparison.
sigmoid: sigmoid(z)
    This is the sigmoid, which rises smoothly from 0 to 1. ReLU is made of two straight lines: each
    has one slope, and between them is a corner.
leaky: leaky_relu_grad(z)
    Below 0 a little slope is left: that is leaky ReLU. How steep is the plain one there?
cut at one: z.clamp(0, 1)
    Between 0 and 1 you give back z itself. The slope does not grow along a straight line: it jumps
    at the corner and stays.
relu divided by z: torch.relu(z) / z
    Height divided by z is the slope, as the line goes through the origin; but at z = 0 it divides 0
    by 0, and NaN comes out. A comparison needs no division.
slope of the mean: .to(z.dtype) → .to(z.dtype) / z.numel()
    Each slope is divided by how many numbers there are, as by a mean before the gradient. Every
    number has a slope of its own.
how many: (z > 0) → (z > 0).sum()
    You count how many numbers have slope 1. Each should keep a slope of its own: look for a sum too
    many.
slope of the sigmoid: sigmoid_grad(z)
    This is the slope of the sigmoid. ReLU has no curve: each of its slopes is one of two numbers.
"""

RELU_GRAD = Exercise(
    id="03.relu_grad",
    points=1,
    asks="the slope of ReLU at each number",
    reference=activations.relu_grad,
    cases=_numbers_cases,
    hints=(
        "Draw ReLU on paper. It is made of two straight lines. How steep is each of them?",
        "A comparison such as `z > 0` asks every number at once. Its answers are true and false; "
        "the slopes are numbers of the same dtype as z. What is said about the corner at 0?",
        "`.to(z.dtype)` makes numbers of true and false: 1 and 0. Which comparison leaves the "
        "corner out?",
    ),
    slips=slips(SLIPS, activations.relu_grad),
    also_right=(
        _slope_by_autograd,
        _slope_by_masking,
        lambda z: torch.where(z > 0, 1.0, 0.0).to(z.dtype),
        lambda z: torch.heaviside(z, torch.zeros((), dtype=z.dtype)),
        lambda z: z.sign().clamp(min=0),
    ),
    needs=("vmap",),
)
