"""Exercise 11.adamw: Adam with decoupled weight decay."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule, slips_of_epsilon
from .shared import rule_cases


def _cases(seed: int) -> list[Case]:
    return rule_cases(seed, weight_decay=0.4)


def _written_out(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g.square()
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * (m_hat / (torch.sqrt(v_hat) + eps) + weight_decay * p), m, v


def _decay_taken_off_last(p, g, m, v, *, lr, weight_decay=0.01, **of):
    moved, m, v = rules.adam(p, g, m, v, lr=lr, **of)
    return moved - lr * weight_decay * p, m, v


def _as_a_list(p, g, m, v, *, lr, weight_decay=0.01, **of):
    return list(rules.adam(p - lr * weight_decay * p, g, m, v, lr=lr, **of))


SLIPS = """
L2 in the gradient: (shrunk, g → (p, g + weight_decay * p
    The decay is added to the gradient, and so m and v see it. That is Adam with an L2 penalty, what
    torch's Adam means by weight_decay. Here it must act on the weight alone.
L2 in the gradient, doubled: (shrunk, g → (p, g + 2 * weight_decay * p
    Twice the decay is added to the gradient, the slope of a square. m and v must not see it: the
    decay acts on the weight alone.
L2 in m alone:
    | m = beta1 * m + (1 - beta1) * (g + weight_decay * p)
    | v = beta2 * v + (1 - beta2) * g * g
    | return p - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v
    The decay goes into m and is divided by the root of v. It must act on the weight alone, and be
    divided by nothing.
L2 in the gradient, times lr: (shrunk, g → (p, g + lr * weight_decay * p
    The decay, already times lr, is added to the gradient. It must act on the weight alone: m and v
    never see it.
decay after the step:
    | return adam(shrunk, → p, m, v = adam(p,
    | eps=eps) → eps=eps); return (1 - lr * weight_decay) * p, m, v
    The weight shrinks after the step, so that the step shrinks with it. The decay acts on the
    weight as it came in.
decay not scaled by lr: lr * weight_decay → weight_decay
    The decay is not multiplied by lr. That is no slip but a dialect, Loshchilov and Hutter's own:
    there the schedule alone scales it. The exercise asks for torch's form, where lr does.
not scaled by lr, after the step:
    | return adam(shrunk, → p, m, v = adam(p,
    | eps=eps) → eps=eps); return (1 - weight_decay) * p, m, v
    Two things: the weight shrinks after the step, and by the decay alone. The exercise asks for
    torch's form: before the step, and scaled by lr.
no decay: (shrunk, → (p,
    This is Adam: weight_decay is used nowhere.
growth: 1 - lr → 1 + lr
    The weight grows where it should shrink. Look at the sign of the decay.
the same for all weights: (1 - lr * weight_decay) * p → p - lr * weight_decay
    The same amount is taken off every weight, also off those below 0. The decay takes a share of
    the weight.
L1: (1 - lr * weight_decay) * p → p - lr * weight_decay * p.sign()
    Every weight loses the same amount towards 0: that is decoupled L1. Here each loses the same
    share.
twice the decay: lr * weight_decay → 2 * lr * weight_decay
    The decay is twice what it should be. No square is differentiated here: the weight simply loses
    a share.
half the decay: lr * weight_decay → lr * weight_decay / 2
    The decay is half of what it should be.
decay twice: (1 - lr * weight_decay) * p → (1 - lr * weight_decay) ** 2 * p
    The weight loses its share twice, the second time of what the first has left. Once is enough,
    before the step.
decay before and after:
    | return adam → p, m, v = adam
    | eps=eps) → eps=eps); return (1 - lr * weight_decay) * p, m, v
    The weight shrinks before the step and once more after it. Once is enough, before.
divided by the root:
    | moved, m, v = adam(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    | return moved - lr * weight_decay * p / ((v / (1 - beta2**t)).sqrt() + eps), m, v
    The decay is divided by the root of v, like a gradient. Look at your brackets: the decay is
    outside of the quotient.
added under the line:
    | _, m, v = adam(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    | under = (v / (1 - beta2**t)).sqrt() + eps + weight_decay * p
    | return p - lr * (m / (1 - beta1**t)) / under, m, v
    The decay has come under the line, next to ε. Look at your brackets: it is outside of the
    quotient.
m decays too:
    | return adam → p, m, v = adam
    | eps=eps) → eps=eps); return p, (1 - lr * weight_decay) * m, v
    m shrinks as well. The decay acts on the weight alone, and both averages are those of Adam.
corrected values returned:
    | return adam → p, m, v = adam
    | eps=eps) → eps=eps); return p, m / (1 - beta1**t), v / (1 - beta2**t)
    The corrected averages come back as what to remember. Look at your Adam.
lr and decay taken off: lr * weight_decay → (lr + weight_decay)
    The share that is taken off is lr and the decay added up. It is their product.
the square of the weight: (1 - lr * weight_decay) * p → p - lr * weight_decay * p * p
    What is taken off grows with the square of the weight. It is a share of the weight itself.
the decay alone:
    | return adam → _, m, v = adam
    | eps=eps) → eps=eps); return shrunk, m, v
    The weight shrinks, and does not move. Adam's step is missing.
the gradient decays: (shrunk, g → (p, (1 - lr * weight_decay) * g
    What shrinks is the gradient. The decay takes its share of the weight.
lr squared: lr * weight_decay → lr**2 * weight_decay
    The decay is multiplied by lr twice.
decay left on: 1 - lr * weight_decay → lr * weight_decay
    The weight is multiplied by what it should lose. Look at your brackets: a share is taken off,
    and the rest stays.
decay of 0.01: weight_decay → 0.01
    Your decay is always 0.01. Take the one that is handed in.
no correction: t=t → t=math.inf
    Neither average is corrected. Look at your Adam.
averages begin anew: g, m, v → g, 0 * m, 0 * v
    m and v begin at 0 again at each call. What was handed in must go into the new averages.
ε inside the root:
    | shrunk = (1 - lr * weight_decay) * p
    | _, m, v = adam(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    | return shrunk - lr * (m / (1 - beta1**t)) / (v / (1 - beta2**t) + eps).sqrt(), m, v
    ε is under the root. In Adam it is added to the root.
ε of the default: , eps=eps →
    Your ε is always 1e-8. Hand on the one that is given.
β of the defaults: , beta1=beta1, beta2=beta2 →
    Your β are always 0.9 and 0.999. Hand on those that are given.
settings of the defaults: , beta1=beta1, beta2=beta2, eps=eps →
    Your β and ε are always Adam's defaults. Hand on those that are given.
result of adam dropped: return adam → adam ; eps=eps) → eps=eps); return shrunk, m, v
    The weight decays, and nothing else happens to p, m and v. If you call `adam`: what becomes of
    its results?
brackets forgotten: (1 - lr * weight_decay) * p → 1 - lr * weight_decay * p
    A pair of brackets is missing: only the decay is multiplied by p, and the 1 stands alone.
"""

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
    slips=slips(SLIPS, rules.adamw)
    + slips_of_a_rule(rules.adamw)
    + slips_of_epsilon(rules.adamw, without={"ε of 1e-8"}),
    also_right=(_written_out, _decay_taken_off_last, _as_a_list),
    needs=("rule", "vmap"),
)
