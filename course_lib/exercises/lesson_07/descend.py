"""Exercise 07.descend: the points of gradient descent on J, from the start to the last step."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import descent
from ..drawing import drawing


def _descend_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(n: int, lr: float, steps: int, **more: bool) -> Case:
        words = f"{n} examples, lr = {lr:g} and {steps} steps"
        return Case(words, (*draw(2), 0.5 + draw(n), draw(n), lr, steps), **more)

    single = torch.float32
    return [
        case(5, 0.1, 4),
        case(8, 0.2, 3),
        case(6, 0.05, 6),
        case(4, 0.15, 5),
        case(5, 0.1, 1, special=True),
        case(5, 0.1, 0, special=True),
        case(1, 0.1, 3, special=True),
        case(5, 3.0, 4, special=True),
        Case(
            "a start at w = 0 and b = 0",
            (*torch.zeros(2).double(), draw(5), draw(5), 0.1, 3),
            special=True,
        ),
        Case(
            "50 examples in float32",
            (*draw(2, dtype=single), *draw(2, 50, dtype=single), 0.1, 20),
            special=True,
        ),
    ]


def _by_matrix(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    columns = torch.stack([x, torch.ones_like(x)], dim=1)
    points = [torch.stack([w, b])]
    for _ in range(steps):
        gradient = 2 * columns.T @ (columns @ points[-1] - y) / len(x)
        points.append(points[-1] - lr * gradient)
    return torch.stack(points)


def _by_autograd(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    slope = torch.func.grad(lambda p: ((p[0] * x + p[1] - y) ** 2).mean())
    points = [torch.stack([w, b])]
    for _ in range(steps):
        points.append(points[-1] - lr * slope(points[-1]))
    return torch.stack(points)


def _in_two_lists(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    ws, bs = [w], [b]
    while len(ws) <= steps:
        r = ws[-1] * x + bs[-1] - y
        ws.append(ws[-1] - lr * (2 * r * x).mean())
        bs.append(bs[-1] - lr * 2 * r.mean())
    return torch.stack([torch.stack(ws), torch.stack(bs)], dim=1)


SLIPS = """
bias with the new weight:
    | w, b = gd(w, dw, lr=lr), gd(b, db, lr=lr) → w = gd(w, dw, lr=lr)
    | points. → b = gd(b, cost_gradient(w, b, x, y)[1], lr=lr); points.
    The slope along b is taken after w has moved. Both slopes belong to the point where the step
    begins: find both first.
weight with the new bias:
    | w, b = gd(w, dw, lr=lr), gd(b, db, lr=lr) → b = gd(b, db, lr=lr)
    | points. → w = gd(w, cost_gradient(w, b, x, y)[0], lr=lr); points.
    The slope along w is taken after b has moved. Both slopes belong to the point where the step
    begins: find both first.
one step too many: range(steps) → range(steps + 1)
    There is one step too many. The start is in row 0 and counts as no step.
one step too few: range(steps) → range(steps - 1)
    There is one step too few. The start is in row 0 and counts as no step: how often does your
    loop run, and does it keep the point after the last step?
start left out: stack(points) → stack(points)[1:]
    All steps are there, but the start is not. It belongs in row 0.
last point only: stack(points) → stack(points)[-1]
    This is the last point. The whole way is asked for, a row for each point.
last point, as two numbers: torch.stack(points) → w, b
    These are the last weight and the last bias. The whole way is asked for, in one table: put
    each point into a list.
one step ahead: range(steps) → range(steps + 1) ; stack(points) → stack(points)[1:]
    Each row is one step ahead: row 0 is the point after the first step. Is a point put into the
    list only after the step?
start only: stack(points) → stack(points)[0]
    This is the start. What comes after it is asked for as well, a row for each point.
return inside the loop: range(steps) → range(min(steps, 1))
    There is one step and then an end. Is your `return` inside the loop?
slopes found once: cost_gradient(w, b, x, y) → cost_gradient(*points[0], x, y)
    All steps are the same: the slopes were found once, at the start. At each new point they are
    others.
never moves on: w, b = gd → p = gd ; append(torch.stack([w, b], dim=-1)) → append(torch.stack(p))
    All points but the start are the same: every step begins at the start. Keep where the step
    has led you, in w and b.
recorded before the step: stack(points) → stack(points[:1] + points[:-1] if steps else points)
    The start stands there twice, and the last point is missing: points are put into the list
    before the step is taken.
ascent: lr=lr → lr=-lr
    The steps go uphill: look at your sign, or at that of the slopes you use.
weight uphill: dw, lr=lr → dw, lr=-lr
    b goes downhill, and w uphill.
bias uphill: db, lr=lr → db, lr=-lr
    w goes downhill, and b uphill.
learning rate forgotten: lr=lr → lr=1
    Each step is the whole gradient, whatever `lr` is.
learning rate forgotten for the bias: db, lr=lr → db, lr=1
    For b each step is the whole slope, whatever `lr` is.
learning rate squared: lr=lr → lr=lr**2
    The learning rate is multiplied in twice: once by you and once by `gd`?
a tenth: lr=lr → lr=0.1
    Each step is a tenth of the gradient, whatever `lr` is: a number stands where the argument
    should.
bias stays: gd(b, db, lr=lr) → b
    b stays where it was. It learns as well.
weight stays: gd(w, dw, lr=lr) → w
    w stays where it was. It learns as well.
nothing moves: w, b = gd → gd
    All rows are the start. `gd` changes nothing by itself: it returns the new value.
slopes swapped: gd(w, dw → gd(w, db ; gd(b, db → gd(b, dw
    w is moved by the slope along b, and the reverse. Look at the order in which you take the
    two slopes.
weight's slope for both: gd(b, db → gd(b, dw
    b is moved by the slope along w. It has one of its own.
bias's slope for both: gd(w, dw → gd(w, db
    w is moved by the slope along b. It has one of its own.
columns swapped: stack([w, b] → stack([b, w]
    The columns have changed places: w belongs in column 0, b in column 1.
on its side: stack(points) → stack(points).T
    The table lies on its side: there should be a row for each point, and two columns.
two tensors: torch.stack(points) → torch.stack(points).unbind(dim=1)
    There are two tensors, the weights and the biases. One table with two columns is asked for.
backwards: stack(points) → stack(points[::-1])
    The points come in the reverse order. The start belongs in row 0.
costs: stack(points) → stack([((w * x + b - y) ** 2).mean() for w, b in points])
    These are the costs along the way. The points are asked for.
steps of the sum: lr=lr → lr=len(x) * lr
    The steps are too long by the number of examples: these are the slopes of a sum. J is a
    mean.
half the slopes: lr=lr → lr=lr / 2
    The steps are half as long as they should be: a factor 2 is missing in the slopes.
gradients added up:
    | points = → total = 0; points =
    | cost_gradient(w, b, x, y) → torch.stack(cost_gradient(w, b, x, y))
    | db = → db = total = total +
    Each step is made of all gradients so far. Only the one at this point counts: is a `+=` too
    many, or something not set back?
all rows the last: stack(points) → stack([points[-1]] * len(points))
    All rows are the last point: the list holds one tensor many times over, and a change in
    place (`-=`) changes it everywhere. Make a new point in each step.
start at zero: points = [torch.stack([w, b], dim=-1)] → points = [torch.stack([0 * w, 0 * b])]
    Row 0 is zero. The start belongs there.
start and end: stack(points) → stack([points[0], points[-1]])
    Only the first and the last point are there. Put every point into the list: is that line
    inside the loop?
slopes in the table: points.append(torch.stack([w, b] → points.append(torch.stack([dw, db]
    The rows after the start are slopes. The points are asked for.
in one row: torch.stack(points) → torch.cat(points)
    All numbers stand in one row. `torch.stack` makes a table of points, `torch.cat` glues them.
one example a step: for _ → for k ; (w, b, x, y) → (w, b, x[k : k + 1], y[k : k + 1])
    Each step looks at one example. That is a rule of its own, and lesson 08 has it; J is the
    mean over all examples.
"""

DESCEND = Exercise(
    id="07.descend",
    points=3,
    asks="the points (w, b) of gradient descent on J, the start and one after each step",
    reference=descent.descend,
    cases=_descend_cases,
    hints=(
        "Put the start into a list. Then, in a loop: find both slopes, take both steps, put the "
        "new point into the list. You have written both functions.",
        "At which point are the two slopes taken? Both belong to the point where the step begins, "
        "so find both before you move either.",
        "`torch.stack` makes a point of a weight and a bias, and at the end a table of all points, "
        "one row each. With no steps there is one row, the start.",
    ),
    slips=slips(SLIPS, descent.descend),
    also_right=(_by_matrix, _by_autograd, _in_two_lists),
)
