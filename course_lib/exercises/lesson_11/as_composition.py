"""Exercise 11.as_composition: RMSProp, with its average corrected, made of Adam."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, Slip
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


def _call(give=lambda p, m, v: (p, v), **changed):
    """Return the right call with some of its arguments otherwise, from all that is handed in."""

    def rmsprop(adam, p, g, s, *, t, lr, beta, eps):
        here = {"p": p, "g": g, "s": s, "t": t, "lr": lr, "beta": beta, "eps": eps}
        call = {"p": p, "g": g, "m": torch.zeros_like(g), "v": s}
        call |= {"t": t, "lr": lr, "beta1": 0.0, "beta2": beta, "eps": eps}
        call |= {name: of(here) for name, of in changed.items()}
        call = {name: value for name, value in call.items() if value is not None}
        return give(*adam(*[call.pop(name) for name in "pgmv"], **call))

    return rmsprop


def _rmsprop_itself(adam, p, g, s, *, t, lr, beta, eps):
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / (s.sqrt() + eps), s


def _written_out(adam, p, g, s, *, t, lr, beta, eps):
    s = beta * s + (1 - beta) * g * g
    return p - lr * g / ((s / (1 - beta**t)).sqrt() + eps), s


def _corrected_average(adam, p, g, s, *, t, lr, beta, eps):
    p, _, s = adam(p, g, 0 * g, s, t=t, lr=lr, beta1=0.0, beta2=beta, eps=eps)
    return p, s / (1 - beta**t)


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
    slips=(
        Slip(
            "written out",
            _written_out,
            "You write the formula out, and it is right. Asked is the same by a call of the `adam` "
            "that is handed in: with a dialect of Adam it must give that dialect's result.",
        ),
        Slip(
            "plain RMSProp",
            _rmsprop_itself,
            "This is RMSProp of lesson 10, whose average is not corrected. Call the `adam` that is "
            "handed in, which corrects it.",
        ),
        Slip(
            "β₁ left at its default",
            _call(beta1=lambda here: None),
            "β₁ is 0.9, Adam's default, so that old gradients are remembered. RMSProp goes along "
            "the newest gradient: what must β₁ be?",
        ),
        Slip(
            "β₂ left at its default",
            _call(beta2=lambda here: None),
            "β₂ is 0.999, Adam's default. RMSProp's β says how long squares are remembered: hand "
            "it on.",
        ),
        Slip(
            "β for β₁",
            _call(beta1=lambda here: here["beta"], beta2=lambda here: 0.0),
            "β has gone to the average of gradients, and nothing is kept of the squares. It is "
            "the other way round in RMSProp.",
        ),
        Slip(
            "β for β₁ alone",
            _call(beta1=lambda here: here["beta"], beta2=lambda here: None),
            "β has gone to the average of gradients. RMSProp averages squares: which of Adam's "
            "two β is that?",
        ),
        Slip(
            "β for both",
            _call(beta1=lambda here: here["beta"]),
            "β has gone to both averages. RMSProp has no average of gradients: what must β₁ be so "
            "that m is g?",
        ),
        Slip(
            "β₁ of 1",
            _call(beta1=lambda here: 1.0),
            "With β₁ = 1 the gradient never comes into m, and the correction divides by 0. At "
            "which end does an average forget all but the newest?",
        ),
        Slip(
            "1 less β",
            _call(beta2=lambda here: 1 - here["beta"]),
            "β₂ is 1 less β. Both rules mean the same by β: the weight of what was.",
        ),
        Slip(
            "ε left at its default",
            _call(eps=lambda here: None),
            "ε is 1e-8, Adam's default. Hand on the one that is given.",
        ),
        Slip(
            "t always 1",
            _call(t=lambda here: 1),
            "t is always 1, so that every average is corrected like a first one. Hand on the t "
            "that is given.",
        ),
        Slip(
            "corrected twice",
            _call(lr=lambda here: here["lr"] * (1 - here["beta"] ** here["t"]) ** 0.5),
            "You correct by hand what Adam corrects already. Hand on lr as it is.",
        ),
        Slip(
            "squares begin anew",
            _call(v=lambda here: torch.zeros_like(here["s"])),
            "The squares begin at 0 each time, since s is not in the slot where Adam looks for "
            "them. The slots are in the order m, v.",
        ),
        Slip(
            "three results",
            _call(give=lambda p, m, v: (p, m, v)),
            "All three of Adam's results come back. RMSProp has two: the parameter and its average "
            "of squares.",
        ),
        Slip(
            "m for s",
            _call(give=lambda p, m, v: (p, m)),
            "The second result is m, the gradient itself. RMSProp remembers the average of "
            "squares.",
        ),
        Slip(
            "results swapped",
            _call(give=lambda p, m, v: (v, p)),
            "The two results have changed places: first the parameter, then the average.",
        ),
        Slip(
            "s corrected before the call",
            _call(v=lambda here: here["s"] / (1 - here["beta"] ** here["t"])),
            "You correct s before you hand it in. Adam takes the average as it is, and corrects it "
            "itself.",
        ),
        Slip(
            "average corrected",
            _corrected_average,
            "The average comes back corrected. It would be corrected again at the next step: "
            "hand on what Adam hands back.",
        ),
        Slip(
            "all at their defaults",
            _call(beta1=lambda here: None, beta2=lambda here: None, eps=lambda here: None),
            "Both β and ε are Adam's defaults. RMSProp's β and ε belong to the call, and one of "
            "Adam's β must be switched off.",
        ),
        Slip(
            "slots swapped",
            _call(
                lambda p, m, v: (p, m),
                m=lambda here: here["s"],
                v=lambda here: torch.zeros_like(here["s"]),
            ),
            "s goes in as m and comes out as m. Adam's slots are in the order m, v: which of them "
            "averages squares?",
        ),
        Slip(
            "parameter alone",
            _call(give=lambda p, m, v: p),
            "Only the parameter comes back. The average of squares is due as well, for the next "
            "step.",
        ),
        Slip(
            "old average returned",
            lambda adam, p, g, s, **of: (
                adam(
                    p, g, 0 * g, s, t=of["t"], lr=of["lr"],
                    beta1=0.0, beta2=of["beta"], eps=of["eps"],
                )[0],
                s.clone(),
            ),
            "The second result is s as it came in. The average after this step is due: which of "
            "Adam's results is it?",
        ),
        Slip(
            "p and g swapped",
            _call(p=lambda here: here["g"], g=lambda here: here["p"]),
            "p and g have changed places. Adam takes the parameter first, then the gradient.",
        ),
        Slip(
            "root of s",
            _call(v=lambda here: here["s"].sqrt()),
            "You hand on the root of s. Adam's v is an average of squares, as s is; Adam takes the "
            "root itself.",
        ),
    ),
    also_right=(
        _call(m=lambda here: here["g"]),
        _call(m=lambda here: here["s"]),
        _call(give=lambda p, m, v: [p, v]),
    ),
    needs=("vmap",),
)  # fmt: skip
