"""Exercise 07.descend: the points of gradient descent on J, from the start to the last step."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import descent
from ..drawing import drawing

Answer = Callable[[Tensor, Tensor, Tensor, Tensor, float, int], Tensor]


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


def _slopes(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    r = w * x + b - y
    return (2 * r * x).mean(), (2 * r).mean()


def _both(w: Tensor, b: Tensor, dw: Tensor, db: Tensor, lr: float) -> tuple[Tensor, Tensor]:
    return w - lr * dw, b - lr * db


def _slip(
    slopes: Callable[..., tuple[Tensor, Tensor]] = _slopes,
    move: Callable[..., tuple[Tensor, Tensor]] = _both,
    count: Callable[[int], int] = lambda steps: steps,
    result: Callable[[Tensor], Tensor] = lambda points: points,
) -> Answer:
    """Return an answer that differs from the right one in what is handed in."""

    def answer(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
        points = [torch.stack([w, b])]
        for _ in range(count(steps)):
            w, b = move(w, b, *slopes(w, b, x, y), lr)
            points.append(torch.stack([w, b]))
        return result(torch.stack(points))

    return answer


def _one_after_the_other(bias_first: bool) -> Answer:
    def answer(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
        points = [torch.stack([w, b])]
        for _ in range(steps):
            if bias_first:
                b = b - lr * _slopes(w, b, x, y)[1]
            w = w - lr * _slopes(w, b, x, y)[0]
            if not bias_first:
                b = b - lr * _slopes(w, b, x, y)[1]
            points.append(torch.stack([w, b]))
        return torch.stack(points)

    return answer


def _slopes_once(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    dw, db = _slopes(w, b, x, y)
    return _slip(slopes=lambda *_: (dw, db))(w, b, x, y, lr, steps)


def _never_moves_on(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    dw, db = _slopes(w, b, x, y)
    start, there = torch.stack([w, b]), torch.stack([w - lr * dw, b - lr * db])
    return torch.stack([start] + [there] * steps)


def _recorded_too_early(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> Tensor:
    points = _slip()(w, b, x, y, lr, steps)
    return torch.cat([points[:1], points[:-1]]) if steps else points


def _gradients_added_up(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> Tensor:
    points, total = [torch.stack([w, b])], torch.zeros_like(torch.stack([w, b]))
    for _ in range(steps):
        total = total + torch.stack(_slopes(w, b, x, y))
        w, b = points[-1] - lr * total
        points.append(torch.stack([w, b]))
    return torch.stack(points)


def _two_tensors(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> tuple[Tensor, Tensor]:
    points = _slip()(w, b, x, y, lr, steps)
    return points[:, 0].clone(), points[:, 1].clone()


def _last_two_numbers(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> tuple[Tensor, Tensor]:
    points = _slip()(w, b, x, y, lr, steps)
    return points[-1, 0].clone(), points[-1, 1].clone()


def _costs(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    points = _slip()(w, b, x, y, lr, steps)
    return torch.stack([((w * x + b - y) ** 2).mean() for w, b in points])


def _start_at_zero(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int) -> Tensor:
    points = _slip()(w, b, x, y, lr, steps)
    return torch.cat([torch.zeros_like(points[:1]), points[1:]])


def _slopes_in_the_table(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> Tensor:
    points = _slip()(w, b, x, y, lr, steps)
    slopes = [torch.stack(_slopes(*point, x, y)) for point in points[:-1]]
    return torch.stack([points[0], *slopes])


def _one_example_a_step(
    w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float, steps: int
) -> Tensor:
    points = [torch.stack([w, b])]
    for k in range(steps):
        slopes = torch.stack(_slopes(*points[-1], x[k : k + 1], y[k : k + 1]))
        points.append(points[-1] - lr * slopes)
    return torch.stack(points)


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
    slips=(
        Slip(
            "bias with the new weight",
            _one_after_the_other(bias_first=False),
            "The slope along b is taken after w has moved. Both slopes belong to the point where "
            "the step begins: find both first.",
        ),
        Slip(
            "weight with the new bias",
            _one_after_the_other(bias_first=True),
            "The slope along w is taken after b has moved. Both slopes belong to the point where "
            "the step begins: find both first.",
        ),
        Slip(
            "one step too many",
            _slip(count=lambda steps: steps + 1),
            "There is one step too many. The start is in row 0 and counts as no step.",
        ),
        Slip(
            "one step too few",
            _slip(count=lambda steps: max(steps - 1, 0)),
            "There is one step too few. The start is in row 0 and counts as no step: how often "
            "does your loop run?",
        ),
        Slip(
            "start left out",
            _slip(result=lambda points: points[1:]),
            "All steps are there, but the start is not. It belongs in row 0.",
        ),
        Slip(
            "last point only",
            _slip(result=lambda points: points[-1]),
            "This is the last point. The whole way is asked for, a row for each point.",
        ),
        Slip(
            "last point, as two numbers",
            _last_two_numbers,
            "These are the last weight and the last bias. The whole way is asked for, in one "
            "table: put each point into a list.",
        ),
        Slip(
            "one step ahead",
            _slip(count=lambda steps: steps + 1, result=lambda points: points[1:]),
            "Each row is one step ahead: row 0 is the point after the first step. Is a point put "
            "into the list only after the step?",
        ),
        Slip(
            "start only",
            _slip(result=lambda points: points[0]),
            "This is the start. What comes after it is asked for as well, a row for each point.",
        ),
        Slip(
            "return inside the loop",
            _slip(count=lambda steps: min(steps, 1)),
            "There is one step and then an end. Is your `return` inside the loop?",
        ),
        Slip(
            "slopes found once",
            _slopes_once,
            "All steps are the same: the slopes were found once, at the start. At each new point "
            "they are others.",
        ),
        Slip(
            "never moves on",
            _never_moves_on,
            "All points but the start are the same: every step begins at the start. Keep where the "
            "step has led you, in w and b.",
        ),
        Slip(
            "recorded before the step",
            _recorded_too_early,
            "The start stands there twice, and the last point is missing: points are put into the "
            "list before the step is taken.",
        ),
        Slip(
            "ascent",
            _slip(move=lambda w, b, dw, db, lr: (w + lr * dw, b + lr * db)),
            "The steps go uphill: look at your sign, or at that of the slopes you use.",
        ),
        Slip(
            "weight uphill",
            _slip(move=lambda w, b, dw, db, lr: (w + lr * dw, b - lr * db)),
            "b goes downhill, and w uphill.",
        ),
        Slip(
            "bias uphill",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * dw, b + lr * db)),
            "w goes downhill, and b uphill.",
        ),
        Slip(
            "learning rate forgotten",
            _slip(move=lambda w, b, dw, db, lr: (w - dw, b - db)),
            "Each step is the whole gradient, whatever `lr` is.",
        ),
        Slip(
            "learning rate forgotten for the bias",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * dw, b - db)),
            "For b each step is the whole slope, whatever `lr` is.",
        ),
        Slip(
            "learning rate squared",
            _slip(move=lambda w, b, dw, db, lr: (w - lr**2 * dw, b - lr**2 * db)),
            "The learning rate is multiplied in twice: once by you and once by `gd`?",
        ),
        Slip(
            "a tenth",
            _slip(move=lambda w, b, dw, db, lr: (w - 0.1 * dw, b - 0.1 * db)),
            "Each step is a tenth of the gradient, whatever `lr` is: a number stands where the "
            "argument should.",
        ),
        Slip(
            "bias stays",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * dw, b)),
            "b stays where it was. It learns as well.",
        ),
        Slip(
            "weight stays",
            _slip(move=lambda w, b, dw, db, lr: (w, b - lr * db)),
            "w stays where it was. It learns as well.",
        ),
        Slip(
            "nothing moves",
            _slip(move=lambda w, b, dw, db, lr: (w, b)),
            "All rows are the start. `gd` changes nothing by itself: it returns the new value.",
        ),
        Slip(
            "slopes swapped",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * db, b - lr * dw)),
            "w is moved by the slope along b, and the reverse. Look at the order in which you take "
            "the two slopes.",
        ),
        Slip(
            "weight's slope for both",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * dw, b - lr * dw)),
            "b is moved by the slope along w. It has one of its own.",
        ),
        Slip(
            "bias's slope for both",
            _slip(move=lambda w, b, dw, db, lr: (w - lr * db, b - lr * db)),
            "w is moved by the slope along b. It has one of its own.",
        ),
        Slip(
            "columns swapped",
            _slip(result=lambda points: points.flip(1)),
            "The numbers are right, the columns have changed places: w stands first.",
        ),
        Slip(
            "on its side",
            _slip(result=lambda points: points.T),
            "The table lies on its side: there should be a row for each point, and two columns.",
        ),
        Slip(
            "two tensors",
            _two_tensors,
            "There are two tensors, the weights and the biases. One table with two columns is "
            "asked for.",
        ),
        Slip(
            "backwards",
            _slip(result=lambda points: points.flip(0)),
            "The points come in the reverse order. The start belongs in row 0.",
        ),
        Slip(
            "costs",
            _costs,
            "These are the costs along the way. The points are asked for.",
        ),
        Slip(
            "steps of the sum",
            _slip(slopes=lambda w, b, x, y: tuple(len(x) * slope for slope in _slopes(w, b, x, y))),
            "The steps are too long by the number of examples: these are the slopes of a sum. J is "
            "a mean.",
        ),
        Slip(
            "half the slopes",
            _slip(slopes=lambda w, b, x, y: tuple(slope / 2 for slope in _slopes(w, b, x, y))),
            "The steps are half as long as they should be: a factor 2 is missing in the slopes.",
        ),
        Slip(
            "gradients added up",
            _gradients_added_up,
            "Each step is made of all gradients so far. Only the one at this point counts: is a "
            "`+=` too many, or something not set back?",
        ),
        Slip(
            "all rows the last",
            _slip(result=lambda points: points[-1:].repeat(len(points), 1)),
            "All rows are the last point: the list holds one tensor many times over, and a change "
            "in place (`-=`) changes it everywhere. Make a new point in each step.",
        ),
        Slip(
            "start at zero",
            _start_at_zero,
            "Row 0 is zero, and the rest is right. The start belongs there.",
        ),
        Slip(
            "start and end",
            _slip(result=lambda points: points[[0, -1]]),
            "Only the first and the last point are there. Put every point into the list: is that "
            "line inside the loop?",
        ),
        Slip(
            "slopes in the table",
            _slopes_in_the_table,
            "The rows after the start are slopes. The points are asked for.",
        ),
        Slip(
            "in one row",
            _slip(result=lambda points: points.flatten()),
            "All numbers stand in one row. `torch.stack` makes a table of points, `torch.cat` "
            "glues them.",
        ),
        Slip(
            "one example a step",
            _one_example_a_step,
            "Each step looks at one example. That is a rule of its own, and lesson 08 has it; J "
            "is the mean over all examples.",
        ),
    ),
    also_right=(_by_matrix, _by_autograd, _slip(result=lambda points: points.clone())),
)
