"""Exercise 09.nesterov: a step of Nesterov's momentum."""

from __future__ import annotations

import torch

from ...checking import Exercise, Slip
from ...optim import rules
from .shared import Move, Velocity, common_slips, rule_of, velocity_cases


def _velocity(g, v, lr, beta):
    return beta * v + g


def _step(p, g, old, new, lr, beta):
    return p - lr * (g + beta * new), new


def _rule(velocity: Velocity = _velocity, move: Move = _step):
    return rule_of(velocity, move)


def _by_add(p, g, v, *, lr, beta=0.9):
    new = torch.add(g, v, alpha=beta)
    return p - lr * torch.add(g, new, alpha=beta), new


def _written_out(p, g, v, *, lr, beta=0.9):
    return p - lr * ((1 + beta) * g + beta**2 * v), beta * v + g


NESTEROV = Exercise(
    id="09.nesterov",
    points=2,
    asks="a step of Nesterov's momentum",
    reference=rules.nesterov,
    cases=velocity_cases,
    hints=(
        "The velocity is that of classical momentum, to the letter. What differs is the step.",
        "The step is along what the velocity would be if the same gradient came once more: a part "
        "of the new velocity, and the gradient.",
        "In place of v the step has a sum in brackets: g, and β of the *new* v. What is given back "
        "is the parameter and v, not that sum.",
    ),
    slips=(
        Slip(
            "classical",
            rules.momentum,
            "This is classical momentum: the step looks no further ahead. It comes out too "
            "where the old velocity is carried on in the step; it is the new one that should be.",
        ),
        Slip(
            "gradient descent",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g, new)),
            "The velocity is right, but the parameter moves by the gradient alone.",
        ),
        Slip(
            "gradient forgotten ahead",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * beta * new, new)),
            "The step is along β times the velocity, and the gradient does not come once more. "
            "Something is missing in the brackets.",
        ),
        Slip(
            "bracket",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g + beta * new, new)),
            "A pair of brackets is missing: the velocity is added, without the learning rate.",
        ),
        Slip(
            "velocity without the learning rate",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g - beta * new, new)),
            "The learning rate multiplies the gradient alone. Look at your brackets.",
        ),
        Slip(
            "β forgotten ahead",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (g + new), new)),
            "In the step the velocity is carried on whole. At each step a part of it is lost.",
        ),
        Slip(
            "β before the gradient",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (new + beta * g), new)),
            "In the step β stands before the gradient. It is the velocity that fades.",
        ),
        Slip(
            "β before both",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * beta * (g + new), new)),
            "In the step β multiplies the gradient too. It is the velocity that fades.",
        ),
        Slip(
            "1 - β before the gradient",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * ((1 - beta) * g + beta * new), new)
            ),
            "In the step the gradient has the weight 1 - β, that of an average. In this form it is "
            "added whole, as in the velocity.",
        ),
        Slip(
            "average",
            _rule(
                lambda g, v, lr, beta: beta * v + (1 - beta) * g,
                lambda p, g, old, new, lr, beta: (p - lr * ((1 - beta) * g + beta * new), new),
            ),
            "This is Nesterov's step in the form that averages: a dialect, no slip. Asked is the "
            "form that adds the gradient whole, in both lines.",
        ),
        Slip(
            "average in the velocity",
            _rule(lambda g, v, lr, beta: beta * v + (1 - beta) * g),
            "The velocity is an average, but the step adds the gradient whole. Here both lines add "
            "it whole.",
        ),
        Slip(
            "learning rate inside",
            _rule(
                lambda g, v, lr, beta: beta * v - lr * g,
                lambda p, g, old, new, lr, beta: (p + beta * new - lr * g, new),
            ),
            "The learning rate stands inside the velocity, which points downhill: the form that "
            "Keras has, a dialect. Here, as in torch, v is made of gradients alone.",
        ),
        Slip(
            "learning rate inside, velocity uphill",
            _rule(
                lambda g, v, lr, beta: beta * v + lr * g,
                lambda p, g, old, new, lr, beta: (p - beta * new - lr * g, new),
            ),
            "The learning rate stands inside the velocity, a dialect which differs once the rate "
            "changes. Here v is made of gradients alone.",
        ),
        Slip(
            "look ahead kept",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * (g + beta * new), g + beta * new)
            ),
            "The parameter is right, but what you give back as velocity has the gradient in it "
            "twice. The look ahead serves this step only.",
        ),
        Slip(
            "old velocity forgotten",
            _rule(lambda g, v, lr, beta: g.clone()),
            "The old velocity has no part in the new one: nothing is remembered.",
        ),
        Slip(
            "gradient left out of the velocity",
            _rule(lambda g, v, lr, beta: beta * v),
            "The gradient never gets into the velocity. It comes in both lines.",
        ),
        Slip(
            "β before the gradient in the velocity",
            _rule(lambda g, v, lr, beta: v + beta * g),
            "In the velocity β stands before the gradient. It is the old velocity that fades.",
        ),
        Slip(
            "β forgotten in the velocity",
            _rule(lambda g, v, lr, beta: v + g),
            "In the velocity the old one stays whole: nothing ever slows down.",
        ),
        Slip(
            "average, β and 1 - β swapped",
            _rule(lambda g, v, lr, beta: (1 - beta) * v + beta * g),
            "The velocity is an average, with β and 1 - β in each other's places. Here the "
            "gradient is added whole, and a part β of the old velocity stays.",
        ),
        Slip(
            "1 - β in the step",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * (1 - beta) * (g + beta * new), new)
            ),
            "The velocity is right, but the step is multiplied by 1 - β. In this form that "
            "factor is nowhere.",
        ),
        Slip(
            "β before both in the velocity",
            _rule(lambda g, v, lr, beta: beta * (v + g)),
            "In the velocity β multiplies the gradient too. It is the old velocity that fades.",
        ),
        Slip(
            "velocity for gradient",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (new + beta * new), new)),
            "The step has the velocity twice. The gradient comes once more, and a part of the "
            "velocity.",
        ),
        Slip(
            "sign ahead",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * g + lr * beta * new, new)),
            "In the step gradient and velocity go opposite ways. Both are taken off: look at your "
            "signs.",
        ),
        Slip(
            "1 - β ahead",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * (g + (1 - beta) * new), new)),
            "In the step the velocity has the factor 1 - β. Carried on is what stays of it at "
            "each step.",
        ),
        Slip(
            "moved ahead first",
            _rule(move=lambda p, g, old, new, lr, beta: (p - lr * beta * old - lr * new, new)),
            "The parameter moves along the old velocity, and along the new one besides. Here p is "
            "the point ahead already: it makes one move, with the new velocity.",
        ),
        Slip(
            "two steps",
            _rule(
                move=lambda p, g, old, new, lr, beta: (p - lr * new - lr * (g + beta * new), new)
            ),
            "The parameter makes two steps, one of classical momentum and then Nesterov's. Only "
            "the velocity is that of the classical form.",
        ),
        Slip(
            "1 - β before the old velocity",
            _rule(lambda g, v, lr, beta: (1 - beta) * v + g),
            "In the velocity a part 1 - β of the old one stays. A β of 0.9 should remember long: "
            "which part stays then?",
        ),
        *common_slips(_velocity, _step),
    ),
    also_right=(_by_add, _written_out),
    needs=("rule", "vmap"),
)
