"""Exercise 07.gd: the parameter after one step of gradient descent."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, Slip
from ...optim import rules
from ..drawing import drawing


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
    slips=(
        Slip(
            "ascent",
            lambda p, g, *, lr: p + lr * g,
            "The step goes uphill. The gradient points to where the cost rises: look at your sign.",
        ),
        Slip(
            "learning rate forgotten",
            lambda p, g, *, lr: p - g,
            "The step is the whole gradient, whatever `lr` is. How far to go is for the learning "
            "rate to say.",
        ),
        Slip(
            "uphill, without the learning rate",
            lambda p, g, *, lr: p + g,
            "The whole gradient is added: the direction is wrong, and the learning rate is "
            "nowhere.",
        ),
        Slip(
            "learning rate squared",
            lambda p, g, *, lr: p - lr**2 * g,
            "The learning rate is squared, or multiplied in twice. Once is enough.",
        ),
        Slip(
            "divided by the learning rate",
            lambda p, g, *, lr: p - g / lr,
            "The gradient is divided by the learning rate, so that a small rate makes a long "
            "step. Try a tiny `lr` on paper.",
        ),
        Slip(
            "only the step",
            lambda p, g, *, lr: -lr * g,
            "This is the step alone. Where does it start from?",
        ),
        Slip(
            "only the step, uphill",
            lambda p, g, *, lr: lr * g,
            "This is gradient times learning rate, and nothing else. The parameter is to be moved "
            "by it, downhill.",
        ),
        Slip(
            "from the step to the parameter",
            lambda p, g, *, lr: lr * g - p,
            "The difference is taken the wrong way round, so that the parameter itself changes its "
            "sign.",
        ),
        Slip(
            "parameter and gradient swapped",
            lambda p, g, *, lr: g - lr * p,
            "Parameter and gradient have changed places: the gradient is moved by the parameter.",
        ),
        Slip(
            "bracket around the difference",
            lambda p, g, *, lr: lr * (p - g),
            "The learning rate multiplies the parameter too, which shrinks it. Look at your "
            "brackets.",
        ),
        Slip(
            "learning rate taken off first",
            lambda p, g, *, lr: (p - lr) * g,
            "The learning rate is taken off the parameter, and the rest is multiplied by the "
            "gradient. Look at your brackets.",
        ),
        Slip(
            "minus for times",
            lambda p, g, *, lr: p - lr - g,
            "Learning rate and gradient are both taken off the parameter. They belong together, in "
            "one product.",
        ),
        Slip(
            "the parameter's share",
            lambda p, g, *, lr: p * (1 - lr * g),
            "The step is multiplied by the parameter, so that a parameter of 0 could never move. "
            "Only gradient and learning rate decide how far it goes.",
        ),
        Slip(
            "along the parameter",
            lambda p, g, *, lr: p - lr * p,
            "The parameter shrinks towards 0, and the gradient has no part in it. Look at what you "
            "multiply by the learning rate.",
        ),
        Slip(
            "sign of the gradient",
            lambda p, g, *, lr: p - lr * g.sign(),
            "Every parameter moves by the learning rate, however steep it is. That is a rule of "
            "its own, sign descent; here a steeper slope makes a longer step.",
        ),
        Slip(
            "gradient of length 1",
            lambda p, g, *, lr: p - lr * g / g.norm(),
            "The gradient is divided by its length, so that each step is `lr` long. That is a rule "
            "of its own, normalised descent; here the steps shorten as the slope flattens.",
        ),
        Slip(
            "size of the gradient",
            lambda p, g, *, lr: p - lr * g.abs(),
            "All parameters move down. Where the gradient is below 0, downhill is up: look for "
            "`abs`.",
        ),
        Slip(
            "gradient squared",
            lambda p, g, *, lr: p - lr * g**2,
            "The gradient is squared, which takes its sign away and makes long steps longer.",
        ),
        Slip(
            "mean of the gradient",
            lambda p, g, *, lr: p - lr * g.mean(),
            "All parameters move by the same amount, the mean of the gradient. Each has a slope of "
            "its own.",
        ),
        Slip(
            "sum of the gradient",
            lambda p, g, *, lr: p - lr * g.sum(),
            "All parameters move by the same amount, the sum of the gradient. Each has a slope of "
            "its own.",
        ),
        Slip(
            "twice the step",
            lambda p, g, *, lr: p - 2 * lr * g,
            "The step is twice as long as it should be. A factor 2 belongs to the gradient of a "
            "square, and is in `g` already.",
        ),
        Slip(
            "half the step",
            lambda p, g, *, lr: p - lr * g / 2,
            "The step is half as long as it should be. Take gradient and learning rate as they "
            "come.",
        ),
        Slip(
            "a tenth",
            lambda p, g, *, lr: p - 0.1 * g,
            "The step is a tenth of the gradient, whatever `lr` is: a number stands where the "
            "argument should.",
        ),
        Slip(
            "a hundredth",
            lambda p, g, *, lr: p - 0.01 * g,
            "The step is a hundredth of the gradient, whatever `lr` is: a number stands where the "
            "argument should.",
        ),
        Slip(
            "not moved",
            lambda p, g, *, lr: p.clone(),
            "The parameter comes back as it was. Do you return the new one?",
        ),
        Slip(
            "the gradient handed back",
            lambda p, g, *, lr: (p - lr * g, g),
            "Parameter and gradient come back. This rule remembers nothing, so the new parameter "
            "comes back alone.",
        ),
        Slip(
            "learning rate on the parameter",
            lambda p, g, *, lr: lr * p - g,
            "The learning rate stands before the wrong one of the two: it says how much of the "
            "gradient to take.",
        ),
        Slip(
            "parameter shrinks too",
            lambda p, g, *, lr: p - lr * (g + p),
            "The parameter shrinks as well as moves: something of it is in the step. Only the "
            "gradient belongs there.",
        ),
        Slip(
            "average of the two",
            lambda p, g, *, lr: (1 - lr) * p + lr * g,
            "This is an average of parameter and gradient. The parameter is moved, and nothing of "
            "it is taken away.",
        ),
        Slip(
            "divided by the count",
            lambda p, g, *, lr: p - lr * g / g.numel(),
            "The gradient is divided by the number of parameters. Each moves by its own slope, "
            "however many there are.",
        ),
        Slip(
            "power for product",
            lambda p, g, *, lr: p - lr**g,
            "`**` is a power. The step is a product.",
        ),
    ),
    also_right=(
        lambda p, g, *, lr: torch.add(p, g, alpha=-lr),
        lambda p, g, *, lr: -(lr * g) + p,
        _by_loop,
    ),
    needs=("rule", "vmap"),
)
