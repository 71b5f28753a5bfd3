"""Exercise 11.adamw: Adam with decoupled weight decay."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, Slip
from ...optim import rules
from ...optim.dialects import adam_l2, adamw_paper
from .shared import adam_with, as_it_is, rule_cases


def _cases(seed: int) -> list[Case]:
    return rule_cases(seed, weight_decay=0.4)


def _with(decay, adam=rules.adam):
    """Return a rule from `decay(p, moved, given)`: p before the step, moved after it."""

    def rule(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        given = {"g": g, "lr": lr, "decay": weight_decay, "eps": eps}
        moved, m, v = adam(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        given |= {"root": (v / (1 - beta2**t)).sqrt() + eps, "beta1": beta1}
        return decay(p, moved, given), m, v

    return rule


def _right(p, moved, given):
    return moved - given["lr"] * given["decay"] * p


def _decayed_gradient(p, g, m, v, *, lr, weight_decay=0.01, **of):
    return rules.adam(p, (1 - lr * weight_decay) * g, m, v, lr=lr, **of)


def _l2_scaled(p, g, m, v, *, lr, weight_decay=0.01, **of):
    return adam_l2(p, g, m, v, lr=lr, weight_decay=lr * weight_decay, **of)


def _l2_doubled(p, g, m, v, *, weight_decay=0.01, **of):
    return adam_l2(p, g, m, v, weight_decay=2 * weight_decay, **of)


def _result_dropped(p, g, m, v, *, lr, weight_decay=0.01, **of):
    return (1 - lr * weight_decay) * p, m.clone(), v.clone()


def _defaults(p, g, m, v, *, t, lr, weight_decay=0.01, **of):
    return rules.adam((1 - lr * weight_decay) * p, g, m, v, t=t, lr=lr)


def _l2_in_m_alone(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    m = beta1 * m + (1 - beta1) * (g + weight_decay * p)
    v = beta2 * v + (1 - beta2) * g * g
    return p - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def _under_the_line(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    _, m, v = rules.adam(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2)
    under = (v / (1 - beta2**t)).sqrt() + eps + weight_decay * p
    return p - lr * (m / (1 - beta1**t)) / under, m, v


def _decay_twice(p, g, m, v, *, lr, weight_decay=0.01, **of):
    shrunk = (1 - lr * weight_decay) * p
    moved, m, v = rules.adam(shrunk, g, m, v, lr=lr, **of)
    return moved - lr * weight_decay * shrunk, m, v


def _written_out(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g.square()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * (m_hat / (torch.sqrt(v_hat) + eps) + weight_decay * p), m, v


ADAMW = Exercise(
    id="11.adamw",
    points=2,
    asks="one step of Adam with decoupled weight decay",
    reference=rules.adamw,
    cases=_cases,
    hints=(
        "What would happen to the weight if its gradient were 0 from the start, and only the decay "
        "were left? By which factor does it shrink in a step?",
        "The decay does not go through the gradient: neither m nor v ever sees it. It acts on the "
        "weight as it was before the step.",
        "Take from p its share lr times weight_decay, and let Adam move what is left, on the "
        "gradient as it came. You may call your own `adam`.",
    ),
    slips=(
        Slip(
            "L2 in the gradient",
            adam_l2,
            "The decay is added to the gradient, and so m and v see it. That is Adam with an L2 "
            "penalty, what torch's Adam means by weight_decay. Here it must act on the weight "
            "alone.",
        ),
        Slip(
            "L2 in the gradient, doubled",
            _l2_doubled,
            "Twice the decay is added to the gradient, the slope of a square. m and v must not "
            "see it: the decay acts on the weight alone.",
        ),
        Slip(
            "L2 in m alone",
            _l2_in_m_alone,
            "The decay goes into m and is divided by the root of v. It must act on the weight "
            "alone, and be divided by nothing.",
        ),
        Slip(
            "L2 in the gradient, times lr",
            _l2_scaled,
            "The decay, already times lr, is added to the gradient. It must act on the weight "
            "alone: m and v never see it.",
        ),
        Slip(
            "decay after the step",
            _with(lambda p, moved, given: (1 - given["lr"] * given["decay"]) * moved),
            "The weight shrinks after the step, so that the step shrinks with it. The decay acts "
            "on the weight as it came in.",
        ),
        Slip(
            "decay not scaled by lr",
            adamw_paper,
            "The decay is not multiplied by lr. That is no slip but a dialect, Loshchilov and "
            "Hutter's own: there the schedule alone scales it. Asked is torch's form, where lr "
            "does.",
        ),
        Slip(
            "not scaled by lr, after the step",
            _with(lambda p, moved, given: (1 - given["decay"]) * moved),
            "Two things: the weight shrinks after the step, and by the decay alone. Asked is "
            "torch's form: before the step, and scaled by lr.",
        ),
        Slip(
            "no decay",
            _with(lambda p, moved, given: moved),
            "This is Adam: weight_decay is used nowhere.",
        ),
        Slip(
            "growth",
            _with(lambda p, moved, given: moved + given["lr"] * given["decay"] * p),
            "The weight grows where it should shrink. Look at the sign of the decay.",
        ),
        Slip(
            "the same for all weights",
            _with(lambda p, moved, given: moved - given["lr"] * given["decay"]),
            "The same amount is taken off every weight, also off those below 0. The decay takes a "
            "share of the weight.",
        ),
        Slip(
            "L1",
            _with(lambda p, moved, given: moved - given["lr"] * given["decay"] * torch.sign(p)),
            "Every weight loses the same amount towards 0: that is decoupled L1. Here each loses "
            "the same share.",
        ),
        Slip(
            "twice the decay",
            _with(lambda p, moved, given: moved - 2 * given["lr"] * given["decay"] * p),
            "The decay is twice what it should be. No square is differentiated here: the weight "
            "simply loses a share.",
        ),
        Slip(
            "half the decay",
            _with(lambda p, moved, given: moved - given["lr"] * given["decay"] * p / 2),
            "The decay is half of what it should be.",
        ),
        Slip(
            "decay twice",
            _decay_twice,
            "The weight shrinks before the step and once more after it. Once is enough, before.",
        ),
        Slip(
            "divided by the root",
            _with(
                lambda p, moved, given: moved - given["lr"] * given["decay"] * p / given["root"]
            ),
            "The decay is divided by the root of v, like a gradient. Look at your brackets: the "
            "decay is outside of the quotient.",
        ),
        Slip(
            "added under the line",
            _under_the_line,
            "The decay has come under the line, next to ε. Look at your brackets: it is outside of "
            "the quotient.",
        ),
        Slip(
            "m decays too",
            lambda p, g, m, v, *, lr, weight_decay=0.01, **of: (
                lambda q, m, v: (q, (1 - lr * weight_decay) * m, v)
            )(*_with(_right)(p, g, m, v, lr=lr, weight_decay=weight_decay, **of)),
            "m shrinks as well. The decay acts on the weight alone, and both averages are those of "
            "Adam.",
        ),
        Slip(
            "corrected values returned",
            _with(_right, adam_with(give=lambda p, m, v, m_hat, v_hat: (p, m_hat, v_hat))),
            "The decay is right, but the corrected averages come back as what to remember. Look at "
            "your Adam.",
        ),
        Slip(
            "lr and decay taken off",
            _with(lambda p, moved, given: moved - (given["lr"] + given["decay"]) * p),
            "The share that is taken off is lr and the decay added up. It is their product.",
        ),
        Slip(
            "the square of the weight",
            _with(lambda p, moved, given: moved - given["lr"] * given["decay"] * p * p),
            "What is taken off grows with the square of the weight. It is a share of the weight "
            "itself.",
        ),
        Slip(
            "the decay alone",
            _with(lambda p, moved, given: (1 - given["lr"] * given["decay"]) * p),
            "The weight shrinks, and does not move. Adam's step is missing.",
        ),
        Slip(
            "the gradient decays",
            _decayed_gradient,
            "What shrinks is the gradient. The decay takes its share of the weight.",
        ),
        Slip(
            "lr squared",
            _with(lambda p, moved, given: moved - given["lr"] ** 2 * given["decay"] * p),
            "The decay is multiplied by lr twice.",
        ),
        Slip(
            "decay left on",
            _with(lambda p, moved, given: moved - p + given["lr"] * given["decay"] * p),
            "The weight is multiplied by what it should lose. Look at your brackets: a share is "
            "taken off, and the rest stays.",
        ),
        Slip(
            "decay of 0.01",
            _with(lambda p, moved, given: moved - given["lr"] * 0.01 * p),
            "Your decay is always 0.01. Take the one that is handed in.",
        ),
        Slip(
            "no correction",
            _with(_right, adam_with(m_hat=as_it_is, v_hat=as_it_is)),
            "The decay is right, but neither average is corrected. Look at your Adam.",
        ),
        Slip(
            "ε inside the root",
            _with(
                _right,
                adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v + eps).sqrt()),
            ),
            "The decay is right, but ε is under the root. In Adam it is added to the root.",
        ),
        Slip(
            "ε of the default",
            lambda p, g, m, v, eps=1e-8, **of: _with(_right)(p, g, m, v, **of),
            "The decay is right, but your ε is always 1e-8. Hand on the one that is given.",
        ),
        Slip(
            "β of the defaults",
            lambda p, g, m, v, beta1=0.9, beta2=0.999, **of: _with(_right)(p, g, m, v, **of),
            "The decay is right, but your β are always 0.9 and 0.999. Hand on those that are "
            "given.",
        ),
        Slip(
            "settings of the defaults",
            _defaults,
            "The decay is right, but your β and ε are always Adam's defaults. Hand on those that "
            "are given.",
        ),
        Slip(
            "result of adam dropped",
            _result_dropped,
            "The weight decays, and nothing else happens to p, m and v. If you call `adam`: what "
            "becomes of its results?",
        ),
        Slip(
            "brackets forgotten",
            lambda p, g, m, v, *, lr, weight_decay=0.01, **of: rules.adam(
                1 - lr * weight_decay * p, g, m, v, lr=lr, **of
            ),
            "A pair of brackets is missing: only the decay is multiplied by p, and the 1 stands "
            "alone.",
        ),
        Slip(
            "parameter alone",
            lambda p, g, m, v, **of: _with(_right)(p, g, m, v, **of)[0],
            "Only the parameter comes back. Both averages are due as well, for the next step.",
        ),
    ),
    also_right=(
        _written_out,
        _with(_right),
        lambda p, g, m, v, **of: list(_with(_right)(p, g, m, v, **of)),
    ),
    needs=("rule", "vmap"),
)  # fmt: skip
