"""Exercise 07.gd: the parameter after one step of gradient descent."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...optim import rules
from ..drawing import drawing
from ..families import slips_of_a_rule


def _gd_cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words: str, *shape: int, lr: float, **more: bool) -> Case:
        return Case(f"{words} and lr = {lr:g}", (draw(*shape), draw(*shape)), {"lr": lr}, **more)

    single = torch.float32
    return [
        case("4 parameters", 4, lr=0.3),
        case("2 by 3 parameters", 2, 3, lr=0.05),
        case("5 parameters", 5, lr=2.0),
        case("3 by 3 parameters", 3, 3, lr=0.7),
        Case("1 parameter of shape ()", tuple(draw(2)), {"lr": 0.2}, special=True),
        case("1 parameter", 1, lr=0.4, special=True),
        Case("a gradient of 0", (draw(3), torch.zeros(3).double()), {"lr": 0.3}, special=True),
        Case("parameters of 0", (torch.zeros(3).double(), draw(3)), {"lr": 0.3}, special=True),
        Case("a learning rate of 0", (draw(3), draw(3)), {"lr": 0.0}, special=True),
        Case("gradients around 100,000", (draw(3), 1e5 * draw(3)), {"lr": 0.3}, special=True),
        Case(
            "10 by 64 parameters in float32",
            (draw(10, 64, dtype=single), draw(10, 64, dtype=single)),
            {"lr": 0.1},
            special=True,
        ),
    ]


def _by_loop(p: Tensor, g: Tensor, *, lr: float) -> Tensor:
    moved = [p.reshape(-1)[i] - lr * g.reshape(-1)[i] for i in range(p.numel())]
    return torch.stack(moved).view(p.shape)


OF_SLOTS = (
    "parameter alone",
    "slots alone",
    "parameter last",
    "slots not updated",
    "slots swapped",
    "gradient remembered",
)  # this rule has none

SLIPS = """
uphill, without the learning rate: p - lr * g → p + g
    The whole gradient is added: the direction is wrong, and the learning rate is nowhere.
learning rate squared: lr → lr**2
    The learning rate is squared, or multiplied in twice. Once is enough.
divided by the learning rate: lr * g → g / lr
    The gradient is divided by the learning rate, so that a small rate makes a long step. Try a
    tiny `lr` on paper.
parameter and gradient swapped: p ↔ g
    Parameter and gradient have changed places: the gradient is moved by the parameter.
bracket around the difference: p - lr * g → lr * (p - g)
    The learning rate multiplies the parameter too, which shrinks it. Look at your brackets.
learning rate taken off first: p - lr → (p - lr)
    The learning rate is taken off the parameter, and the rest is multiplied by the gradient.
    Look at your brackets.
minus for times: lr * g → lr - g
    Learning rate and gradient are both taken off the parameter. They belong together, in one
    product.
the parameter's share: lr * g → p * lr * g
    The step is multiplied by the parameter, so that a parameter of 0 could never move. Only
    gradient and learning rate decide how far it goes.
along the parameter: g → p
    The parameter shrinks towards 0, and the gradient has no part in it. Look at what you
    multiply by the learning rate.
sign of the gradient: g → g.sign()
    Every parameter moves by the learning rate, however steep it is. That is a rule of its own,
    sign descent; here a steeper slope makes a longer step.
gradient of length 1: g → g / g.norm()
    The gradient is divided by its length, so that each step is `lr` long. That is a rule of its
    own, normalised descent; here the steps shorten as the slope flattens.
size of the gradient: g → g.abs()
    All parameters move down. Where the gradient is below 0, downhill is up: look for `abs`.
gradient squared: g → g**2
    The gradient is squared, which takes its sign away and makes long steps longer.
sum of the gradient: g → g.sum()
    All parameters move by the same amount, the sum of the gradient. Each has a slope of its
    own.
half the step: g → g / 2
    The step is half as long as it should be. Take gradient and learning rate as they come.
a hundredth: lr → 0.01
    The step is a hundredth of the gradient, whatever `lr` is: a number stands where the
    argument should.
the gradient handed back: lr * g → lr * g, g
    Parameter and gradient come back. This rule remembers nothing, so the new parameter comes
    back alone.
learning rate on the parameter: p - lr * g → lr * p - g
    The learning rate stands before the wrong one of the two: it says how much of the gradient
    to take.
parameter shrinks too: g → (g + p)
    The parameter shrinks as well as moves: something of it is in the step. Only the gradient
    belongs there.
average of the two: p - lr * g → (1 - lr) * p + lr * g
    This is an average of parameter and gradient. The parameter is moved, and nothing of it is
    taken away.
divided by the count: g → g / g.numel()
    The gradient is divided by the number of parameters. Each moves by its own slope, however
    many there are.
power for product: lr * g → lr**g
    `**` is a power. The step is a product.
"""

GD = Exercise(
    id="07.gd",
    points=1,
    asks="the parameter after one step of gradient descent",
    reference=rules.gd,
    cases=_gd_cases,
    hints=(
        "The gradient points to where the cost rises. Which way do you want to go?",
        "A step is the gradient times the learning rate. It starts from the parameter, and the "
        "result is where it ends, not the step itself.",
    ),
    slips=slips(SLIPS, rules.gd) + slips_of_a_rule(rules.gd, without=OF_SLOTS),
    also_right=(
        lambda p, g, *, lr: torch.add(p, g, alpha=-lr),
        lambda p, g, *, lr: -(lr * g) + p,
        _by_loop,
    ),
    needs=("rule", "vmap"),
)
