"""Exercise 11.adam: the rule."""

from __future__ import annotations

import torch

from ...checking import Exercise, slips
from ...optim import rules
from ..families import slips_of_a_rule, slips_of_epsilon
from .shared import rule_cases


def _in_another_order(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v.lerp(g.square(), 1 - beta2)
    root = (v.sqrt() / (1 - beta2**t) ** 0.5).add(eps)
    return p - (lr / (1 - beta1**t)) * m / root, m, v


def _as_a_list(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = m * beta1 + g * (1 - beta1), v * beta2 + g**2 * (1 - beta2)
    step = lr * (m / (1 - beta1**t)) / (torch.sqrt(v / (1 - beta2**t)) + eps)
    return [p - step, m, v]


SLIPS = """
no correction: m / (1 - beta1**t), v / (1 - beta2**t) → m, v
    Neither average is corrected. With the usual β the first step is then 3.2 times too long, and
    around the twelfth 6.6 times. Which two lines are missing between the averages and the step?
v not corrected: v / (1 - beta2**t) → v
    m is corrected and v is not. With the usual β the first step is then 32 times too long. Look at
    what stands under the root.
m not corrected: m / (1 - beta1**t) → m
    v is corrected and m is not. With the usual β the first step is then ten times too short. Look
    at what stands above the line.
t from 0: **t → **(t - 1)
    Your t counts from 0, so that the first step divides by 0. The t that is handed in is 1 at the
    first step.
t one too large: **t → **(t + 1)
    Your t is one too large. The t that is handed in is 1 at the first step already.
corrected as if t were 1: **t →
    Your correction is the same at every step, and right for the first alone. Where does the t that
    is handed in belong?
β times t: **t → * t
    In the correction you multiply β by t. Look at exercise 11.bias_correction: what happens to a
    weight at each step?
multiplied by the correction: m / → m * ; v / → v *
    You multiply where you should divide: the averages are too small at first, and the correction
    makes them larger.
corrected with the other β: beta1**t ↔ beta2**t
    The two corrections have changed places. Each average is corrected with the β that made it.
corrected twice: / (1 - beta1**t) → / (1 - beta1**t) ** 2 ; / (1 - beta2**t) → / (1 - beta2**t) ** 2
    Both averages are divided by the square of their correction. Once makes up for the zero at the
    start: look for a second correction further down.
corrected twice, in lr too: lr * m_hat → lr * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m_hat
    The averages are corrected, and the learning rate corrects them once more. Those are two ways to
    write the same thing: keep one of them.
corrected at the first step alone: **t → ** (t if t == 1 else math.inf)
    Your correction is that of the first step, and at later steps there is none. It fades by itself
    as t grows: no `if` is needed.
corrected for a few steps alone: **t → ** (t if t < 10 else math.inf)
    After some steps you no longer correct. The correction fades by itself as t grows: no `if` is
    needed.
averages begin anew: beta1 * m + → ; beta2 * v + →
    The m and v that are handed in have no part in the new ones: both averages begin at 0 again at
    each call. What should become of the old ones?
βs swapped: beta1 ↔ beta2
    β₁ and β₂ have changed places. β₁ belongs to m, the average of gradients, and β₂ to v, the
    average of their squares.
ε inside the root: (v_hat.sqrt() + eps) → (v_hat + eps).sqrt()
    ε is under the root. Some libraries have RMSProp like this; Adam adds it to the root, in the
    paper and in torch.
larger of root and ε: (v_hat.sqrt() + eps) → v_hat.sqrt().clamp(min=eps)
    You divide by the root or by ε, whichever is larger. That is a dialect, and it prevents a
    division by 0 too. Here ε is added to the root, however large that is.
ε before the correction: + eps → + eps / (1 - beta2**t) ** 0.5
    ε is added before the correction of v. That is no slip but a dialect, the paper's second form
    and that of Keras. The exercise asks for the first: correct v, take the root, add ε.
ε outside the denominator: (v_hat.sqrt() + eps) → v_hat.sqrt() + eps
    ε is added to the parameter, since a pair of brackets is missing under the line. The code of a
    well-known book had just this slip. What is ε there to prevent?
ε taken off the parameter: lr * m_hat / (v_hat.sqrt() + eps) → (lr * m_hat / v_hat.sqrt() + eps)
    ε is added to the whole step. It is there to prevent a division by 0: so where must it stand?
ε added to the step: m_hat / (v_hat.sqrt() + eps) → (m_hat / v_hat.sqrt() + eps)
    ε is added to the quotient. It is there to prevent a division by 0: so where must it stand?
ε forgotten: + eps →
    The ε that is handed in counts for nothing: it is missing, or a tiny number of your own. It
    keeps the rule from dividing by 0.
g for g²: g * g → g
    v averages g itself, so that it is a second m. Look at what goes into v.
|g| for g²: g * g → g.abs()
    v averages the size of g, not its square. Under a root stands a mean of squares.
factor squared too: (1 - beta2) * g * g → ((1 - beta2) * g) ** 2
    The factor before g is squared together with g. Look at the brackets: the square is of g alone.
g² in m: (1 - beta1) * g → (1 - beta1) * g * g
    m averages g², as v does. Look at what goes into m.
m² for g²: g * g → m * m
    v averages m², where g² belongs. The average of the squares is not the square of the average.
AdaBelief: g * g → (g - m) ** 2
    v averages (g less m) squared. That is a dialect, known as AdaBelief. Adam takes the square of
    the gradient as it is.
corrected values returned: eps), m, v → eps), m_hat, v_hat
    The corrected averages come back as what to remember. The next step would average and correct
    them once more. Which two are the ones to keep?
step uncorrected, corrected values returned: m_hat / (v_hat → m / (v ; , m, v → , m_hat, v_hat
    The corrected averages are returned and the step does without them. It is the other way round:
    the step takes the corrected ones, and those as they are come back.
AMSGrad: beta2 * v + (1 - beta2) * g * g → torch.maximum(v, beta2 * v + (1 - beta2) * g * g)
    Your v never falls: it keeps the largest average so far. That is a dialect, known as AMSGrad. In
    Adam an average may fall.
AMSGrad in the step: v = beta2 * v → V, v = v, beta2 * v ; v / ( → torch.maximum(V, v) / (
    The step uses the larger of the old v and the new. That is a dialect, known as AMSGrad. Adam
    uses the new one.
AMSGrad, corrected:
    | v = beta2 * v → V, v = v, beta2 * v
    | v_hat.sqrt() → torch.maximum(V, v_hat).sqrt()
    The step uses the larger of the old v and the corrected one. That is a dialect, known as
    AMSGrad. Adam uses the corrected v whatever came before.
AdaMax:
    | beta2 * v + (1 - beta2) * g * g → torch.maximum(beta2 * v, g.abs())
    | v / (1 - beta2**t) → v
    | v_hat.sqrt() → v_hat
    v keeps the largest size of a gradient, and there is no root. That is AdaMax, a rule of the same
    paper. Adam averages the squares of the gradient.
NAdam: lr * m_hat → lr * (beta1 * m_hat + (1 - beta1) * g / (1 - beta1**t))
    The step looks one average ahead, as Nesterov's does. That is a dialect, known as NAdam. Adam
    goes along the corrected m itself.
NAdam, the next correction:
    | lr * m_hat → lr * (beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t))
    The step looks one average ahead and corrects it for t + 1. That is NAdam as its author has it.
    Adam goes along the corrected m itself.
no root: v_hat.sqrt() → v_hat
    The root is missing. v is in squared units of g: over v the step would shrink when all gradients
    grow.
root before the correction: v / ( → v.sqrt() / ( ; v_hat.sqrt() → v_hat
    You take the root first and correct then, by the whole of the correction. Correct v, then take
    the root.
the gradient for m: * m_hat → * g
    Above the line stands g. That is RMSProp with a correction; Adam goes along the average m.
averages of before: m = beta1 → M = beta1 ; v = beta2 → V = beta2 ; eps), m, v → eps), M, V
    The step uses m and v as they came in, without the new gradient. First the averages, then the
    step.
m is a sum: (1 - beta1) * g → g
    m is a sum, as in classical momentum. Adam averages: what stands before g?
v is a sum: (1 - beta2) * g → g
    The new square comes into v with its full weight, so that v is a sum. Adam averages: what stands
    before the square?
v never forgets: beta2 * v → v
    v only grows: nothing multiplies the old v. In an average the old values lose weight each time a
    new one comes.
both are sums: (1 - beta1) * g → g ; (1 - beta2) * g → g
    m and v are sums. Adam averages: what stands before the new value, in both lines?
β and its rest swapped: beta1 * ↔ (1 - beta1) * ; beta2 * ↔ (1 - beta2) *
    In both averages β and 1 less β have changed places. β belongs to what was, and it is near 1 so
    that the average remembers.
β₁ and its rest swapped: beta1 * m + (1 - beta1) → (1 - beta1) * m + beta1
    In m β₁ and 1 less β₁ have changed places. β belongs to what was, and it is near 1 so that the
    average remembers.
β₂ and its rest swapped: beta2 * v + (1 - beta2) → (1 - beta2) * v + beta2
    In v β₂ and 1 less β₂ have changed places. β belongs to what was, and it is near 1 so that the
    average remembers.
brackets of the averages forgotten: (1 - beta1) → 1 - beta1 ; (1 - beta2) → 1 - beta2
    In the averages a pair of brackets is missing, so that 1 is added and only β multiplies the new
    value. What stands before g?
brackets of the corrections forgotten: / (1 - → / 1 - ; **t) → **t
    In the corrections a pair of brackets is missing: you divide by 1, and take the power off. What
    stands under the line?
power of the bracket: **t) → ) ** t
    In the corrections the power stands outside the bracket. It belongs to β alone.
both corrected with β₁: beta2**t → beta1**t
    v is corrected with β₁. Each average is corrected with the β that made it.
both corrected with β₂: beta1**t → beta2**t
    m is corrected with β₂. Each average is corrected with the β that made it.
corrected m returned: eps), m → eps), m_hat
    The corrected m comes back as what to remember. The next step would average and correct it once
    more.
corrected v returned: eps), m, v → eps), m, v_hat
    The corrected v comes back as what to remember. The next step would average and correct it once
    more.
ε as a factor: + eps → * eps
    The root is multiplied by ε. ε is added to it.
the new gradient corrected: beta1 * m + (1 - beta1) * g → 1 * g ; beta2 * v + (1 - beta2) * g → g
    m and v are the newest gradient and its square: nothing of the old averages is left in them.
β₂ for both: beta1 → beta2
    Both averages use β₂. Each has a β of its own.
β₁ for both: beta2 → beta1
    Both averages use β₁. Each has a β of its own.
β₁ in the average v: v = beta2 * v + (1 - beta2) → v = beta1 * v + (1 - beta1)
    v is averaged with β₁. Each average has a β of its own.
β of the defaults: beta1 → 0.9 ; beta2 → 0.999
    Your β are always 0.9 and 0.999. Take those that are handed in.
one step size for all: v_hat.sqrt() → v_hat.mean().sqrt()
    All parameters share one root, that of the mean of v. Each has a v of its own, and is divided by
    its own root.
over the length: v_hat.sqrt() → v_hat.sum().sqrt()
    All parameters share one root, that of the sum of v. Each has a v of its own, and is divided by
    its own root.
"""

ADAM = Exercise(
    id="11.adam",
    points=3,
    asks="one step of Adam",
    reference=rules.adam,
    cases=rule_cases,
    hints=(
        "There are five lines: two averages, two corrections, one step. Which of them did you "
        "write in earlier lessons?",
        "m averages g with β₁, v averages g² with β₂. The step uses the corrected averages; what "
        "is returned and remembered are the averages as they are.",
        "The step: lr times the corrected m, over the root of the corrected v with ε added to the "
        "root, not under it. Return the new p, then m, then v.",
    ),
    slips=slips(SLIPS, rules.adam) + slips_of_a_rule(rules.adam) + slips_of_epsilon(rules.adam),
    also_right=(_in_another_order, _as_a_list),
    needs=("rule", "vmap"),
)
