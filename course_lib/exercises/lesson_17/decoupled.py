"""Exercise 17.decoupled: momentum whose weights decay beside the gradient."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import decay
from ..drawing import drawing
from ..families import slips_of_a_rule


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, *shape, special=True, dtype=torch.float64, still=(), **hyper) -> Case:
        p, g, v = (
            (name not in still) * draw(*shape or (1,), dtype=dtype).view(shape) for name in "pgv"
        )
        return Case(words, (p, g, v), hyper, special)

    own = {"lr": 0.3, "beta": 0.7, "weight_decay": 0.4}
    return [
        case("4 weights", 4, special=False, **own),
        case("2 by 3 weights", 2, 3, special=False, lr=0.1, beta=0.8, weight_decay=2.0),
        case("5 weights, a small β", 5, special=False, lr=0.5, beta=0.35, weight_decay=0.6),
        case("no memory", 4, lr=0.3, beta=0.0, weight_decay=0.4),
        case("no decay", 4, lr=0.3, beta=0.7, weight_decay=0.0),
        case("a rate of 0", 4, lr=0.0, beta=0.7, weight_decay=0.4),
        case("a gradient of 0", 4, still=("g",), **own),
        case("no gradient and no velocity", 4, still=("g", "v"), **own),
        case("weights of 0", 4, still=("p",), **own),
        case("the first step", 4, still=("v",), **own),
        case("the defaults of β and the decay", 4, lr=2.0),
        case("1 weight", 1, **own),
        case("a single number", **own),
        case("20 weights in float32", 20, dtype=torch.float32, **own),
    ]


def _written_out(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = beta * v + g
    return p - lr * (v + weight_decay * p), v


def _as_a_list(p, g, v, *, lr, beta=0.9, weight_decay=0.01):
    v = v * beta + g
    return [p - lr * weight_decay * p - lr * v, v]


SLIPS = """
L2 in the gradient:
    | v = beta * v + g + weight_decay * p
    | return p - lr * v, v
    The decay is part of the gradient, and so the velocity remembers it. That is the L2 penalty.
    Here the decay acts on the weight alone.
L2 in the gradient, times lr:
    | v = beta * v + g + lr * weight_decay * p
    | return p - lr * v, v
    The decay, already times lr, goes into the velocity. It must act on the weight alone.
L2 in the gradient, doubled:
    | v = beta * v + g + 2 * weight_decay * p
    | return p - lr * v, v
    Twice the decay goes into the velocity, as the slope of a square would. It must act on the
    weight alone.
decay after the step:
    | v = beta * v + g
    | return (1 - lr * weight_decay) * (p - lr * v), v
    The weight shrinks after the step, so that the step shrinks with it. The decay acts on the
    weight as it came in.
decay not scaled by lr: lr * weight_decay → weight_decay
    The decay is not multiplied by lr. That is no slip but a dialect, Loshchilov and Hutter's
    own: there the schedule alone scales it. The exercise asks for the form in which lr does.
no decay: (1 - lr * weight_decay) * p → p
    This is momentum: weight_decay is used nowhere.
growth: 1 - lr → 1 + lr
    The weight grows where it should shrink. Look at the sign of the decay.
the same for all weights: (1 - lr * weight_decay) * p → p - lr * weight_decay
    The same amount is taken off every weight, also off those below 0. The decay takes a share
    of the weight.
L1: (1 - lr * weight_decay) * p → p - lr * weight_decay * p.sign()
    Every weight loses the same amount towards 0. Here each loses the same share.
twice the decay: lr * weight_decay → 2 * lr * weight_decay
    The decay is twice what it should be. No square is differentiated here.
decay twice: (1 - lr * weight_decay) * p → (1 - lr * weight_decay) ** 2 * p
    The weight loses its share twice. Once is enough, before the step.
half the decay: lr * weight_decay → lr * weight_decay / 2
    The decay is half of what it should be.
lr squared: lr * weight_decay → lr**2 * weight_decay
    The decay is multiplied by lr twice.
the velocity decays:
    | v = beta * v + g
    | return p - lr * v, (1 - lr * weight_decay) * v
    What shrinks is the velocity. The decay takes its share of the weight.
the gradient decays: p, g, v → p, (1 - lr * weight_decay) * g, v ; (1 - lr * weight_decay) * p → p
    What shrinks is the gradient. The decay takes its share of the weight.
decay left on: (1 - lr * weight_decay) * p → lr * weight_decay * p
    The weight is multiplied by what it should lose. A share is taken off, and the rest stays.
the decay alone:
    | return (1 - lr * weight_decay) * p, beta * v + g
    The weight shrinks and does not move. The step along the velocity is missing.
old velocity:
    | return (1 - lr * weight_decay) * p - lr * v, beta * v + g
    The step is taken with the old velocity. Renew it first.
no memory:
    | return (1 - lr * weight_decay) * p - lr * g, beta * v + g
    The step follows the gradient alone. What has become of the velocity?
averaged velocity:
    | v = beta * v + (1 - beta) * g
    | return (1 - lr * weight_decay) * p - lr * v, v
    Your velocity is an average, with 1 - β before the gradient. That is the dialect of article
    B; the exercise asks for lesson 09's classical form.
lr in the velocity:
    | v = beta * v + lr * g
    | return (1 - lr * weight_decay) * p - v, v
    lr is part of your velocity. In the form of lesson 09 it multiplies the step alone.
velocity downhill:
    | v = beta * v - lr * g
    | return (1 - lr * weight_decay) * p + v, v
    Your velocity points downhill and holds lr. In the form of lesson 09 it adds up the gradients
    as they are; sign and lr come with the step.
step without lr:
    | v = beta * v + g
    | return (1 - lr * weight_decay) * p - v, v
    The whole velocity is taken off the weight. How long is the step for each unit of velocity?
Nesterov:
    | v = beta * v + g
    | return (1 - lr * weight_decay) * p - lr * (g + beta * v), v
    This is Nesterov's step. The exercise asks for that of classical momentum.
square of the weight: (1 - lr * weight_decay) * p → p - lr * weight_decay * p * p
    What is taken off grows with the square of the weight. It is a share of the weight itself.
decay of 0.01: weight_decay → 0.01
    Your decay is always 0.01. Take the one that is handed in.
β of 0.9: beta=beta → beta=0.9
    Your β is always 0.9. Take the one that is handed in.
brackets forgotten: (1 - lr * weight_decay) * p → 1 - lr * weight_decay * p
    A pair of brackets is missing: only the decay is multiplied by p, and the 1 stands alone.
lr and decay taken off: lr * weight_decay → (lr + weight_decay)
    The share that is taken off is lr and the decay added up. It is their product.
"""

DECOUPLED = Exercise(
    id="17.decoupled",
    points=2,
    asks="a step of momentum with decoupled decay",
    reference=decay.momentum_decoupled,
    cases=_cases,
    hints=(
        "If the gradient and the velocity are 0, what is left of the weight after a step?",
        "The velocity is that of lesson 09, and the decay never enters it. The weight loses a "
        "share of itself, as it came in.",
        "Renew the velocity with β and the gradient. From p take off lr times weight_decay times "
        "p, and lr times the velocity. Give back both.",
    ),
    slips=slips(SLIPS, decay.momentum_decoupled)
    + slips_of_a_rule(decay.momentum_decoupled, without={"slots swapped"}),
    also_right=(_written_out, _as_a_list),
    needs=("rule", "vmap"),
)
