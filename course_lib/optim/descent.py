"""Gradient descent on a parabola and on a bowl, worked out: how far, how fast, how long.

A quadratic cost has one **curvature** along each of its principal directions: the eigenvalues λ of
its Hessian, the matrix of second derivatives. Along such a direction a step of gradient descent
multiplies the distance to the minimum by `1 − lr λ`, whatever the other directions do. All that
this file says of steps and rates follows from that. `curvatures` is `(d,)`, in any order, above 0;
functions that take it raise ValueError for anything else.
Source: Polyak (1987), Introduction to Optimization, chapter 1.
"""

import math

import torch
from torch import Tensor

from course_lib.nn.shapes import expect
from course_lib.optim.cost import cost_gradient
from course_lib.optim.rules import gd

# How far


def factors(curvatures: Tensor, lr: float | Tensor) -> Tensor:
    """Return what a step multiplies the distance to the minimum by: `1 − lr λ`, `(d,)`.

    Below 0 the step crosses the minimum; below −1 it ends farther away than it began.

    >>> factors(torch.tensor([1.0, 10.0]), lr=0.15)
    tensor([ 0.8500, -0.5000])
    """
    return 1 - lr * _checked(curvatures)


def max_lr(curvatures: Tensor) -> Tensor:
    """Return the learning rate below which every direction converges: `2 / λ_max`, a scalar.

    At it the steepest direction swings from side to side for ever; above it the distance grows.
    Raises ValueError for curvatures that are not `(d,)` and above 0.

    >>> max_lr(torch.tensor([1.0, 10.0]))
    tensor(0.2000)
    """
    return 2 / _checked(curvatures).max()


# How fast


def condition_number(curvatures: Tensor) -> Tensor:
    """Return how much steeper the steepest direction is than the flattest: `λ_max / λ_min`.

    A scalar, 1 for a round bowl.

    >>> condition_number(torch.tensor([1.0, 10.0]))
    tensor(10.)
    """
    return _checked(curvatures).max() / curvatures.min()


def rate(curvatures: Tensor, lr: float | Tensor) -> Tensor:
    """Return the factor of the slowest direction, `max |1 − lr λ|`, a scalar.

    In the long run every step multiplies the distance to the minimum by it: with 0 one step is
    enough, with 1 or more the distance does not shrink.

    >>> rate(torch.tensor([1.0, 10.0]), lr=0.15)
    tensor(0.8500)
    """
    return factors(curvatures, lr).abs().max()


def best_lr(curvatures: Tensor) -> Tensor:
    """Return the learning rate with the lowest rate: `2 / (λ_min + λ_max)`, a scalar.

    There the flattest and the steepest direction are equally slow: the rate is `(κ − 1) / (κ + 1)`,
    with κ the condition number.

    >>> best_lr(torch.tensor([1.0, 9.0]))
    tensor(0.2000)
    """
    return 2 / (_checked(curvatures).min() + curvatures.max())


# How long


def steps_needed(curvatures: Tensor, lr: float, shrink: float) -> int:
    """Return after how many steps no direction has more than `shrink` of its distance left.

    The smallest whole t with `rate^t ≤ shrink`: the logarithm of shrink over that of the rate,
    rounded up. shrink: above 0, at most 1.
    Raises ValueError for another shrink, and for an lr at which the distance does not shrink.

    >>> steps_needed(torch.tensor([1.0, 10.0]), lr=0.15, shrink=0.01)
    29
    """
    if not 0 < shrink <= 1:
        raise ValueError(f"shrink is {shrink}; it must be above 0 and at most 1")
    slowest = float(rate(curvatures, lr))
    if not slowest < 1:
        raise ValueError(f"lr is {lr}; it must be above 0 and below {float(max_lr(curvatures)):g}")
    if shrink == 1:
        return 0
    return 1 if slowest == 0 else math.ceil(math.log(shrink) / math.log(slowest))


# The line: one weight, one bias


def line_hessian(x: Tensor) -> Tensor:
    """Return the second derivatives of the cost J of `optim.cost` in w and b, `(2, 2)`.

    `2 · [[mean x², mean x], [mean x, 1]]`, the same everywhere: J is a quadratic, and its
    curvatures are the eigenvalues. x: `(n,)`. Inputs far from 0 make them very unequal.
    Raises ValueError for an x that is not `(n,)`.

    >>> torch.linalg.eigvalsh(line_hessian(torch.tensor([-1.0, 1.0])))
    tensor([2., 2.])
    """
    expect("x", x, "(n,)", x.ndim == 1)
    one = torch.ones_like(x)
    columns = torch.stack([x, one], dim=1)
    return 2 * columns.T @ columns / len(x)


def descend(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    """Return the points (w, b) of gradient descent on J of `optim.cost`, `(steps + 1, 2)`.

    Row 0 is the start, row k the point after k steps. Both gradients of a step are taken at the
    same point. w and b: of shape (), or of any one shape, which then stands between the two axes of
    the result. x and y: `(n,)`.
    Raises ValueError for a negative number of steps.

    >>> x, y = torch.tensor([-1.0, 1.0]), torch.tensor([1.0, 5.0])
    >>> descend(torch.tensor(0.0), torch.tensor(0.0), x, y, lr=0.25, steps=2)
    tensor([[0.0000, 0.0000],
            [1.0000, 1.5000],
            [1.5000, 2.2500]])
    """
    if steps < 0:
        raise ValueError(f"steps is {steps}; it must be 0 or more")
    points = [torch.stack([w, b], dim=-1)]
    for _ in range(steps):
        dw, db = cost_gradient(w, b, x, y)
        w, b = gd(w, dw, lr=lr), gd(b, db, lr=lr)
        points.append(torch.stack([w, b], dim=-1))
    return torch.stack(points)


def _checked(curvatures: Tensor) -> Tensor:
    expect("curvatures", curvatures, "(d,), d above 0", curvatures.ndim == 1 and len(curvatures))
    if not (curvatures > 0).all():
        raise ValueError(f"curvatures is {curvatures.tolist()}; each must be above 0")
    return curvatures
