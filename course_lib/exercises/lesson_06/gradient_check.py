"""Exercise 06.gradient_check: the gradient of a loss by central differences."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...nn import gradient_check
from ..drawing import drawing

Loss = Callable[[Tensor], Tensor]


def _check_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def loss(*shape: int, dtype: torch.dtype = torch.float64) -> Loss:
        """Return a smooth loss of weights of this shape that treats no two of them alike."""
        a, b = draw(*shape, dtype=dtype), 1 + draw(*shape, dtype=dtype).abs()
        return lambda w: torch.exp(0.3 * (a * w).sum()) + (b * torch.sin(w + a)).sum()

    def case(words: str, *shape: int, step: float, scale: float = 1.0, **more: bool) -> Case:
        return Case(words, (loss(*shape), scale * draw(*shape), step), **more)

    curve, single = draw(3).abs() + 1, torch.float32
    return [
        case("3 weights and step 0.1", 3, step=0.1),
        case("2 by 3 weights and step 0.2", 2, 3, step=0.2),
        case("4 weights and step 0.05", 4, step=0.05),
        case("3 by 3 weights and step 0.1", 3, 3, step=0.1),
        case("1 weight and step 0.1", 1, step=0.1, special=True),
        case("3 weights and step 0.001", 3, step=0.001, special=True),
        case("3 weights and step 1", 3, step=1.0, special=True),
        case("3 weights that are all zero", 3, step=0.1, scale=0.0, special=True),
        Case(
            "a parabola and step 2",
            (lambda w: (curve * w**2).sum(), draw(3), 2.0),
            special=True,
        ),
        Case("a plane and step 0.1", (lambda w: (curve * w).sum(), draw(3), 0.1), special=True),
        Case("a loss that never changes", (lambda w: 0 * w.sum() + 5, draw(3), 0.1), special=True),
        Case(
            "2 by 2 weights in float32 and step 0.1",
            (loss(2, 2, dtype=single), draw(2, 2, dtype=single), 0.1),
            special=True,
        ),
    ]


def _entry_by_entry(w: Tensor, slope: Callable[[Callable[[float], Tensor]], Tensor]) -> Tensor:
    """Return for each number of w what `slope` makes of `moved`, which moves that number alone."""

    def at(place: int) -> Callable[[float], Tensor]:
        def moved(by: float) -> Tensor:
            other = w.clone().view(-1)
            other[place] += by
            return other.view(w.shape)

        return moved

    return torch.stack([slope(at(place)) for place in range(w.numel())]).view(w.shape)


def _not_put_back(f: Loss, w: Tensor, step: float) -> Tensor:
    moving, slopes = w.clone().view(-1), []
    for place in range(w.numel()):
        moving[place] += step
        up = f(moving.view(w.shape))
        moving[place] -= 2 * step
        slopes.append((up - f(moving.view(w.shape))) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _put_back_halfway(f: Loss, w: Tensor, step: float) -> Tensor:
    moving, slopes = w.clone().view(-1), []
    for place in range(w.numel()):
        moving[place] += step
        up = f(moving.view(w.shape))
        moving[place] -= step
        slopes.append((up - f(moving.view(w.shape))) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _moved_apart(f: Loss, w: Tensor, step: float) -> Tensor:
    up, down, slopes = w.clone().view(-1), w.clone().view(-1), []
    for place in range(w.numel()):
        up[place] += step
        down[place] -= step
        slopes.append((f(up.view(w.shape)) - f(down.view(w.shape))) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _moved_on(f: Loss, w: Tensor, step: float) -> Tensor:
    moving, slopes = w.clone().view(-1), []
    for place in range(w.numel()):
        moving[place] += step
        slopes.append((f(moving.view(w.shape)) - f(w)) / step)
    return torch.stack(slopes).view(w.shape)


def _replaced(f: Loss, w: Tensor, step: float) -> Tensor:
    slopes = []
    for place in range(w.numel()):
        up, down = w.clone(), w.clone()
        up.view(-1)[place] = step
        down.view(-1)[place] = -step
        slopes.append((f(up) - f(down)) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _flat_for_f(f: Loss, w: Tensor, step: float) -> Tensor:
    slopes = []
    for place in range(w.numel()):
        up, down = w.clone().view(-1), w.clone().view(-1)
        up[place] += step
        down[place] -= step
        slopes.append((f(up) - f(down)) / (2 * step))
    return torch.stack(slopes).view(w.shape)


def _by_rows(f: Loss, w: Tensor, step: float) -> Tensor:
    slopes = []
    for row in range(len(w)):
        up, down = w.clone(), w.clone()
        up[row] += step
        down[row] -= step
        slopes.append((f(up) - f(down)) / (2 * step))
    return torch.stack(slopes)


def _by_autograd(f: Loss, w: Tensor, step: float) -> Tensor:
    w = w.detach().clone().requires_grad_()
    return torch.autograd.grad(f(w), w)[0]


def _check_by_loop(f: Loss, w: Tensor, step: float) -> Tensor:
    result = torch.zeros_like(w)
    flat = result.view(-1)
    moving = w.clone().view(-1)
    for place in range(w.numel()):
        before = moving[place].clone()
        moving[place] = before + step
        up = f(moving.view(w.shape))
        moving[place] = before - step
        flat[place] = (up - f(moving.view(w.shape))) / (2 * step)
        moving[place] = before
    return result


def _check_by_eye(f: Loss, w: Tensor, step: float) -> Tensor:
    moves = step * torch.eye(w.numel(), dtype=w.dtype).view(-1, *w.shape)
    return torch.stack([(f(w + m) - f(w - m)) / (2 * step) for m in moves]).reshape(w.shape)


def _rows_filled(f: Loss, w: Tensor, step: float) -> Tensor:
    slopes = torch.zeros_like(w)
    for row, slope in enumerate(_by_rows(f, w, step)):
        slopes[row] = slope
    return slopes


GRADIENT_CHECK = Exercise(
    id="06.gradient_check",
    points=3,
    asks="the gradient of a loss by central differences",
    reference=gradient_check.central_difference,
    cases=_check_cases,
    hints=(
        "Start with a single weight. You may call f wherever you like. From two of its values, how "
        "would you guess the slope in between?",
        "One weight goes up by the step and f is called; the same weight goes down by the step and "
        "f is called again. How far apart were the two places? Then comes the next weight, from "
        "where the first one is back at its old value.",
        "Work on a copy, `w.clone().view(-1)`, which is flat whatever the shape of w; go through "
        "its places one by one, and give the list of slopes the shape of w at the end.",
    ),
    slips=(
        Slip(
            "one-sided, upward",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(0))) / s),
            "This is a one-sided difference: it looks at f above and here. Its error is far larger "
            "at the same step. A central one looks as far to the left as to the right.",
        ),
        Slip(
            "one-sided, downward",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(0)) - f(at(-s))) / s),
            "This is a one-sided difference: it looks at f here and below. Its error is far larger "
            "at the same step. A central one looks as far to the left as to the right.",
        ),
        Slip(
            "divided by the step",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / s),
            "Everything is twice as large as it should be. How far apart are the two places at "
            "which you call f?",
        ),
        Slip(
            "not divided",
            lambda f, w, s: _entry_by_entry(w, lambda at: f(at(s)) - f(at(-s))),
            "This is how much f rises, not how steeply. A slope is a rise over the distance in "
            "which it happens.",
        ),
        Slip(
            "one-sided, over twice the step",
            _put_back_halfway,
            "f is called one step above and here, and the rise is divided by twice the step. Look "
            "at where the weight stands at your second call.",
        ),
        Slip(
            "half the step",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s / 2)) - f(at(-s / 2))) / s),
            "This is a central difference, but it goes only half a step to each side. The whole "
            "step is meant: up by it, and down by it.",
        ),
        Slip(
            "brackets of the distance",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / 2 * s),
            "Below the line brackets are missing: `/ 2 * step` divides by 2 and then multiplies. "
            "Look at what you divide by.",
        ),
        Slip(
            "brackets of the rise",
            lambda f, w, s: _entry_by_entry(w, lambda at: f(at(s)) - f(at(-s)) / (2 * s)),
            "Only the second value of f is divided: brackets are missing around the difference.",
        ),
        Slip(
            "all weights at once",
            lambda f, w, s: (f(w + s) - f(w - s)) / (2 * s),
            "All weights are moved at once, which gives one slope for all of them together. Each "
            "weight needs a slope of its own, with the others held still.",
        ),
        Slip(
            "all weights at once, in every place",
            lambda f, w, s: ((f(w + s) - f(w - s)) / (2 * s)).expand(w.shape).clone(),
            "Each weight gets the same number, the slope for moving all of them at once. Move one "
            "weight at a time, with the others held still.",
        ),
        Slip(
            "a row at a time",
            _by_rows,
            "A whole row of weights is moved at once when w is a matrix. Each weight needs a slope "
            "of its own: flatten a copy of w first, or go through both axes.",
        ),
        Slip(
            "not put back",
            _not_put_back,
            "A weight stays where its second call left it, and the next ones are measured from "
            "there. Begin each weight from the same place.",
        ),
        Slip(
            "moved apart and not put back",
            _moved_apart,
            "The two copies are made once, so every weight stays where it was moved to, and the "
            "next ones are measured from there. Begin each weight from the same place.",
        ),
        Slip(
            "not put back, one-sided",
            _moved_on,
            "A weight stays where it was moved to, and the next rises contain the earlier ones. "
            "Begin each weight from the same place; and look to both sides of it.",
        ),
        Slip(
            "sum for difference",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) + f(at(-s))) / (2 * s)),
            "The two values of f are added. A slope is made of how much f differs between the two "
            "places.",
        ),
        Slip(
            "twice the step",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(2 * s)) - f(at(-2 * s))) / (2 * s)),
            "Each weight is moved by twice the step, while the rise is divided by the distance of "
            "a single one. Up by the step, and down by the step.",
        ),
        Slip(
            "twice the step, well divided",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(2 * s)) - f(at(-2 * s))) / (4 * s)),
            "This is a central difference, but it goes two steps to each side. One is meant: up by "
            "it, and down by it.",
        ),
        Slip(
            "weight replaced by the step",
            _replaced,
            "The weight is replaced by the step instead of being moved by it. Look for `=` where a "
            "sum should stand.",
        ),
        Slip(
            "last weight forgotten",
            lambda f, w, s: torch.cat(
                [
                    _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / (2 * s)).view(-1)[:-1],
                    torch.zeros(1, dtype=w.dtype),
                ]
            ).view(w.shape),
            "The last slope is always 0: look at where your loop ends.",
        ),
        Slip(
            "slopes added up",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / (2 * s)).sum(),
            "The slopes are added up to one number. Each weight needs its own: collect them, in "
            "the shape of w.",
        ),
        Slip(
            "f gets a flat tensor",
            _flat_for_f,
            "f is given one long row, while w is a matrix: the loss expects the shape of w. Before "
            "each call give the moved copy its shape back, with `view`.",
        ),
        Slip(
            "sign",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(-s)) - f(at(s))) / (2 * s)),
            "All signs are wrong. Where f rises with a weight the slope must be above 0: look at "
            "which value is taken from which.",
        ),
        Slip(
            "step in proportion to the weight",
            lambda f, w, s: torch.stack(
                [
                    (f(w + s * w * axis) - f(w - s * w * axis)) / (2 * s)
                    for axis in torch.eye(w.numel(), dtype=w.dtype).view(-1, *w.shape)
                ]
            ).view(w.shape),
            "Each weight is moved in proportion to itself, so the distance is not twice the step, "
            "and a weight of 0 never moves. The step is added as it is.",
        ),
        Slip(
            "the exact gradient",
            _by_autograd,
            "This is the exact gradient, or so near it that the step handed in plays no part: it "
            "comes from autograd, or from a step of your own. Asked is the central difference with "
            "the given step, error and all, from nothing but values of f.",
        ),
        Slip(
            "second derivative",
            lambda f, w, s: _entry_by_entry(
                w, lambda at: (f(at(s)) - 2 * f(at(0)) + f(at(-s))) / s**2
            ),
            "This is the second derivative, how the slope itself changes. For the slope two values "
            "are enough.",
        ),
        Slip(
            "left flat",
            lambda f, w, s: _entry_by_entry(
                w, lambda at: (f(at(s)) - f(at(-s))) / (2 * s)
            ).flatten(),
            "The slopes are right but come in one long row. Each belongs to a weight, so the "
            "result has the shape of w: a last step is missing.",
        ),
        Slip(
            "only the first weight",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / (2 * s)).view(
                -1
            )[0],
            "Only the slope of the first weight comes back. Look for a `return` inside your loop.",
        ),
        Slip(
            "moved by 1",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(1)) - f(at(-1))) / (2 * s)),
            "Each weight is moved by 1, while the rise is divided by twice the step. Where does "
            "the step go in when you move a weight?",
        ),
        Slip(
            "divided by 2",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / 2),
            "The rise is divided by 2, whatever the step. A slope is a rise over the distance in "
            "which it happens: how far apart are the two places?",
        ),
        Slip(
            "only the first place filled",
            lambda f, w, s: (
                _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / (2 * s))
                * (torch.arange(w.numel()) == 0).view(w.shape)
            ),
            "Only the first slope is there, the others are 0. Look for a `return` inside your "
            "loop.",
        ),
        Slip(
            "a row at a time, in every place",
            _rows_filled,
            "When w is a matrix, a whole row of weights is moved at once, and its places all get "
            "the same number. Each weight needs a slope of its own: go through a flat copy, or "
            "through both axes.",
        ),
        Slip(
            "a step of its own",
            lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(1e-3)) - f(at(-1e-3))) / 2e-3),
            "This is a central difference with step 0.001, whatever step is handed in. Look for a "
            "number where the argument should stand.",
        ),
    ),
    also_right=(
        _check_by_loop,
        _check_by_eye,
        lambda f, w, s: _entry_by_entry(w, lambda at: (f(at(s)) - f(at(-s))) / s / 2),
    ),
)
