"""Exercise 11.as_composition: RMSProp, with its average corrected, made of Adam."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import correction, rules
from ...optim.dialects import adam_epsilon_hat
from ..drawing import drawing


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, adam, *shape, cold=False, scale=1.0, special=False, dtype=None, **hyper):
        p, g, s = (draw(*shape, dtype=dtype or torch.float64) for _ in range(3))
        s = 0 * s if cold else (scale * s) ** 2
        return Case(words, (adam, p, scale * g, s), hyper, special)

    adam, edge = rules.adam, {"special": True}
    usual = {"lr": 0.1, "beta": 0.9, "eps": 1e-8}
    return [
        case("4 parameters at t = 3", adam, 4, t=3, lr=0.1, beta=0.8, eps=0.1),
        case("2 by 3 at t = 1", adam, 2, 3, cold=True, t=1, lr=0.5, beta=0.6, eps=0.2),
        case("5 parameters at t = 2", adam, 5, t=2, lr=0.3, beta=0.7, eps=0.05),
        case("Adam in Keras's dialect", adam_epsilon_hat, 4, t=2, lr=0.3, beta=0.7, eps=0.3),
        case("β = 0", adam, 3, t=2, lr=0.1, beta=0.0, eps=0.01, **edge),
        case("1 parameter", adam, 1, t=4, **usual, **edge),
        case("gradients that are all 0", adam, 3, cold=True, scale=0.0, t=1, **usual, **edge),
        case("gradients around a millionth", adam, 3, scale=1e-6, t=2, **usual, **edge),
        case("gradients around 100,000", adam, 3, scale=1e5, t=2, **usual, **edge),
        case("t = 10,000", adam, 3, t=10_000, lr=0.1, beta=0.999, eps=1e-8, **edge),
        case("6 parameters in float32", adam, 6, dtype=torch.float32, t=2, **usual, **edge),
    ]


def _with_g_for_m(adam, p, g, s, *, beta, **of):
    return adam(p, g, g, s, beta1=0.0, beta2=beta, **of)[::2]


def _with_s_for_m(adam, p, g, s, *, beta, **of):
    return adam(p, g, s, s, beta1=0.0, beta2=beta, **of)[::2]


def _as_a_list(adam, p, g, s, *, beta, **of):
    return list(adam(p, g, 0 * g, s, beta1=0.0, beta2=beta, **of)[::2])


SLIPS = """
written out:
    | s = beta * s + (1 - beta) * g * g
    | return p - lr * g / ((s / (1 - beta**t)).sqrt() + eps), s
    You write the formula out. The exercise asks for the same by a call of the `adam` that is handed
    in: with a dialect of Adam it must give that dialect's result.
plain RMSProp:
    | s = beta * s + (1 - beta) * g * g
    | return p - lr * g / (s.sqrt() + eps), s
    This is RMSProp of lesson 10, whose average is not corrected. Call the `adam` that is handed in,
    which corrects it.
β₁ left at its default: beta1=0.0, →
    β₁ is 0.9, Adam's default, so that old gradients are remembered. RMSProp goes along the newest
    gradient: what must β₁ be?
β₂ left at its default: beta2=beta, →
    β₂ is 0.999, Adam's default. RMSProp's β says how long squares are remembered: hand it on.
β for β₁: beta1=0.0, beta2=beta → beta1=beta, beta2=0.0
    β has gone to the average of gradients, and nothing is kept of the squares. It is the other way
    round in RMSProp.
β for β₁ alone: beta1=0.0, beta2=beta → beta1=beta
    β has gone to the average of gradients. RMSProp averages squares: which of Adam's two β is that?
β for both: beta1=0.0 → beta1=beta
    β has gone to both averages. RMSProp has no average of gradients: what must β₁ be so that m is
    g?
β₁ of 1: beta1=0.0 → beta1=1.0
    With β₁ = 1 the gradient never comes into m, and the correction divides by 0. At which end does
    an average forget all but the newest?
1 less β: beta2=beta → beta2=1 - beta
    β₂ is 1 less β. Both rules mean the same by β: the weight of what was.
ε left at its default: , eps=eps →
    ε is 1e-8, Adam's default. Hand on the one that is given.
t always 1: t=t → t=1
    t is always 1, so that every average is corrected like a first one. Hand on the t that is given.
corrected twice: lr=lr → lr=lr * (1 - beta**t) ** 0.5
    You correct by hand what Adam corrects already. Hand on lr as it is.
squares begin anew: , s, t=t → , 0 * s, t=t
    The squares begin at 0 each time, since s is not in the slot where Adam looks for them. The
    slots are in the order m, v.
three results: p, _, s = → p, m, s = ; return p, s → return p, m, s
    All three of Adam's results come back. RMSProp has two: the parameter and its average of
    squares.
m for s: p, _, s = → p, s, _ =
    The second result is m, the gradient itself. RMSProp remembers the average of squares.
results swapped: return p, s → return s, p
    The two results have changed places: first the parameter, then the average.
s corrected before the call: , s, t=t → , s / (1 - beta**t), t=t
    You correct s before you hand it in. Adam takes the average as it is, and corrects it itself.
average corrected: return p, s → return p, s / (1 - beta**t)
    The average comes back corrected. It would be corrected again at the next step: hand on what
    Adam hands back.
all at their defaults: , beta1=0.0, beta2=beta, eps=eps →
    Both β and ε are Adam's defaults. RMSProp's β and ε belong to the call, and one of Adam's β must
    be switched off.
slots swapped: torch.zeros_like(g), s → s, torch.zeros_like(g) ; p, _, s = → p, s, _ =
    s goes in as m and comes out as m. Adam's slots are in the order m, v: which of them averages
    squares?
parameter alone: return p, s → return p
    Only the parameter comes back. The average of squares is due as well, for the next step.
old average returned: p, _, s = → p, _, _ =
    The second result is s as it came in. The average after this step is due: which of Adam's
    results is it?
p and g swapped: rule(p, g → rule(g, p
    p and g have changed places. Adam takes the parameter first, then the gradient.
root of s: , s, t=t → , s.sqrt(), t=t
    You hand on the root of s. Adam's v is an average of squares, as s is; Adam takes the root
    itself.
"""

AS_COMPOSITION = Exercise(
    id="11.as_composition",
    points=2,
    asks="RMSProp, with its average corrected, made of Adam",
    reference=correction.rmsprop_by_adam,
    cases=_cases,
    hints=(
        "Which setting makes Adam forget all gradients but the newest? Put it into the formula of "
        "m, and then into that of its correction.",
        "Adam has two slots, and RMSProp has one. Which of Adam's is the average of squares? And "
        "what may stand in the other, if nothing of it is kept?",
        "One call of `adam` does it: β₁ is 0, β₂ is β, and zeros may stand for m. It gives three "
        "results: hand on the first and the last.",
    ),
    slips=slips(SLIPS, correction.rmsprop_by_adam),
    also_right=(_with_g_for_m, _with_s_for_m, _as_a_list),
    needs=("vmap",),
)
