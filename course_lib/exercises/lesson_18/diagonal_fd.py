"""Exercise 18.diagonal_fd: the diagonal of the Hessian from differences of the gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order.differences import Gradient, diagonal_fd
from ..drawing import drawing
from .shared import curved_gradient, symmetric


def _diagonal_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, n: int, h: float, size: float = 1.0, **more) -> Case:
        return Case(words, (curved_gradient(draw, n), size * draw(n), h), **more)

    H, b, d = symmetric(draw, 4), draw(4), draw(5)
    small = curved_gradient(draw, 6, torch.float32), draw(6).float(), 0.1
    return [
        case("4 parameters and h = 0.1", 4, 0.1),
        case("3 parameters and h = 0.5", 3, 0.5),
        case("5 parameters and h = 0.2", 5, 0.2),
        case("3 parameters and h = 2", 3, 2.0),
        Case("a quadratic", (lambda p: H @ p + b, draw(4), 0.3), special=True),
        Case("a diagonal Hessian", (lambda p: d * p, draw(5), 0.3), special=True),
        Case("h = 1", (curved_gradient(draw, 4), draw(4), 1.0), special=True),
        Case("1 parameter", (curved_gradient(draw, 1), draw(1), 0.3), special=True),
        case("a p of 0", 3, 0.3, size=0.0, special=True),
        Case("float32", small, special=True),
    ]


def _by_rows_of_the_identity(gradient: Gradient, p: Tensor, h: float) -> Tensor:
    steps = h * torch.eye(len(p)).to(p)
    apart = [gradient(p + step) - gradient(p - step) for step in steps]
    return torch.stack(apart).diagonal() / (2 * h)


def _by_products(gradient: Gradient, p: Tensor, h: float) -> Tensor:
    found = []
    for unit in torch.eye(p.numel(), dtype=p.dtype):
        found.append((unit @ gradient(p + h * unit) - unit @ gradient(p - h * unit)) / h / 2)
    return torch.stack(found)


def _in_copies(gradient: Gradient, p: Tensor, h: float) -> Tensor:
    d = torch.zeros_like(p)
    for i in range(p.shape[0]):
        up, down = p.clone(), p.clone()
        up[i] += h
        down[i] -= h
        d[i] = (gradient(up)[i] - gradient(down)[i]) / (up[i] - down[i])
    return d


SLIPS = """
all moved at once: step[i] = h → step[:] = h
    All parameters move at once. What you get is not an entry of the diagonal but the sum of a
    row: each gradient feels the others move too.
one side only: - gradient(p - step))[i] / (2 * h) → - gradient(p))[i] / h
    You go to one side and come back to p. Asked for is the difference between both sides of p,
    whose error is much smaller.
one side over both: - gradient(p - step))[i] → - gradient(p))[i]
    The gradients are one h apart, and you divide by two of them. How far apart are the points?
the other side only: gradient(p + step) → gradient(p) ; (2 * h) → h
    You go down from p and not up. Asked for is the difference between both sides of p.
divided by h: / (2 * h) → / h
    Your result is twice too large: how far apart are the two points?
not divided: / (2 * h) →
    You give how much the gradient changes. Asked for is the change for each unit of the way.
divided by the square: / (2 * h) → / h**2
    You divide by h squared, as for second differences of a loss. Here gradients are subtracted, so
    one derivative is done already.
second difference:
    | gradient(p + step) - → gradient(p + step) - 2 * gradient(p) +
    | / (2 * h) → / h**2
    This formula belongs to values of the loss. Taken of gradients it gives a third derivative.
changes added up: )[i] / (2 * h) → ).sum() / (2 * h)
    You add up the changes of all gradients. Of the parameter that moves only its own gradient
    counts.
size of the change: )[i] / (2 * h) → ).norm() / (2 * h)
    You take the length of the change of all gradients. Of the parameter that moves only its own
    gradient counts.
another's gradient: )[i] / (2 * h) → )[i - 1] / (2 * h)
    One parameter moves, and the gradient of another is read: look at the two indices.
sign: gradient(p + step) - gradient(p - step) → gradient(p - step) - gradient(p + step)
    Your result has the other sign: from which point is which subtracted?
sign and divided by h:
    | gradient(p + step) - gradient(p - step) → gradient(p - step) - gradient(p + step)
    | / (2 * h) → / h
    Your result is twice too large, and of the other sign: how far apart are the two points, and
    from which is which subtracted?
sign lost: )[i] / (2 * h) → )[i].abs() / (2 * h)
    You give sizes. A curvature below 0 stays below 0 here; to guard against it comes later.
steps pile up:
    | d = torch.zeros_like(p)
    | step = torch.zeros_like(p)
    | for i in range(len(p)):
    |     step[i] = h
    |     d[i] = (gradient(p + step) - gradient(p - step))[i] / (2 * h)
    | return d
    Parameters that were moved stay moved when the next one is. Each round begins at p itself.
not put back:
    | q = p.clone()
    | d = torch.zeros_like(p)
    | for i in range(len(p)):
    |     q[i] += h
    |     up = gradient(q)[i]
    |     q[i] -= 2 * h
    |     d[i] = (up - gradient(q)[i]) / (2 * h)
    | return d
    A parameter stays where its second gradient was taken, while the next one moves. Each round
    begins at p itself.
step in shares of p: step[i] = h → step[i] = h * p[i]
    The step is a share of the parameter, and you divide by h. In which unit is h given?
step and way in shares of p: step[i] = h → step[i] = h * p[i] ; (2 * h) → (2 * h * p[i])
    The step is a share of the parameter, and a parameter of 0 does not move at all. Here h is the
    step itself.
half a step: step[i] = h → step[i] = h / 2 ; (2 * h) → h
    You go half an h to each side. Here h is how far p is moved to one side.
whole matrix:
    | rows = []
    | for i in range(len(p)):
    |     step = torch.zeros_like(p)
    |     step[i] = h
    |     rows.append((gradient(p + step) - gradient(p - step)) / (2 * h))
    | return torch.stack(rows)
    The whole Hessian comes back, a row for each parameter that moves. Of each row one entry is
    asked for.
gradient alone: return d → return gradient(p)
    This is the gradient at p. Its change is asked for.
gradient over h: gradient(p + step) - gradient(p - step) → gradient(p + step)
    Only one gradient is taken for each parameter. What is it to be compared with?
"""

DIAGONAL_FD = Exercise(
    id="18.diagonal_fd",
    points=2,
    asks="the diagonal of the Hessian from central differences",
    reference=diagonal_fd,
    cases=_diagonal_cases,
    hints=(
        "H_ii says how fast the gradient of parameter i changes if that parameter alone moves. "
        "Which others may move meanwhile?",
        "Go h up and h down from p, along one coordinate. How far apart are these points, and "
        "which entry of the two gradients is meant?",
        "For each i: a vector of zeros with h at place i; a gradient at p plus it, one at p minus "
        "it; entry i of their difference, over the distance.",
    ),
    slips=slips(SLIPS, diagonal_fd),
    also_right=(_by_rows_of_the_identity, _by_products, _in_copies),
)
