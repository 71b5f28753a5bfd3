"""Exercise 11.adam: the rule."""

from __future__ import annotations

import torch

from ...optim import rules
from ...optim.dialects import adam_epsilon_hat
from ..model import Exercise, Twin
from .shared import adam_with, as_it_is, rule_cases

_ADAM = adam_with()


def _settings(fixed):
    """Return Adam with some hyper-parameters fixed, whatever it is given."""

    def rule(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        given = {"t": t, "lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps}
        return _ADAM(p, g, m, v, **(given | fixed(given)))

    return rule


def _old_averages(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    step = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps)
    return p - lr * step, beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g


def _gradient_for_momentum(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v = _ADAM(p, g, m, v, t=t, lr=lr, beta1=beta1, beta2=beta2)
    return p - lr * g / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def _centred(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g - m) ** 2
    return p - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def _corrected_too_late(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    return p - lr * m / (v.sqrt() + eps), m / (1 - beta1**t), v / (1 - beta2**t)


def _first_beta_in_v(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = beta1 * m + (1 - beta1) * g, beta1 * v + (1 - beta1) * g * g
    return p - lr * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + eps), m, v


def _in_another_order(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (g - m)
    v = v.lerp(g.square(), 1 - beta2)
    root = (v.sqrt() / (1 - beta2**t) ** 0.5).add(eps)
    return p - (lr / (1 - beta1**t)) * m / root, m, v


def _as_a_list(p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = m * beta1 + g * (1 - beta1), v * beta2 + g**2 * (1 - beta2)
    step = lr * (m / (1 - beta1**t)) / (torch.sqrt(v / (1 - beta2**t)) + eps)
    return [p - step, m, v]


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
    twins=(
        Twin(
            "no correction",
            adam_with(m_hat=as_it_is, v_hat=as_it_is),
            "Neither average is corrected. With the usual β the first step is then 3.2 times too "
            "long, and around the twelfth 6.6 times. Which two lines are missing between the "
            "averages and the step?",
        ),
        Twin(
            "v not corrected",
            adam_with(v_hat=as_it_is),
            "m is corrected and v is not. With the usual β the first step is then 32 times too "
            "long. Look at what stands under the root.",
        ),
        Twin(
            "m not corrected",
            adam_with(m_hat=as_it_is),
            "v is corrected and m is not. With the usual β the first step is then ten times too "
            "short. Look at what stands above the line.",
        ),
        Twin(
            "t from 0",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - b ** (t - 1)),
                v_hat=lambda v, b, t, other: v / (1 - b ** (t - 1)),
            ),
            "Your t counts from 0, so that the first step divides by 0. The t that is handed in "
            "is 1 at the first step.",
        ),
        Twin(
            "t one too large",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - b ** (t + 1)),
                v_hat=lambda v, b, t, other: v / (1 - b ** (t + 1)),
            ),
            "Your t is one too large. The t that is handed in is 1 at the first step already.",
        ),
        Twin(
            "corrected as if t were 1",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - b),
                v_hat=lambda v, b, t, other: v / (1 - b),
            ),
            "Your correction is the same at every step, and right for the first alone. Where does "
            "the t that is handed in belong?",
        ),
        Twin(
            "β times t",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - b * t),
                v_hat=lambda v, b, t, other: v / (1 - b * t),
            ),
            "In the correction you multiply β by t. Look at exercise 11.bias_correction: what "
            "happens to a weight at each step?",
        ),
        Twin(
            "multiplied by the correction",
            adam_with(
                m_hat=lambda m, b, t, other: m * (1 - b**t),
                v_hat=lambda v, b, t, other: v * (1 - b**t),
            ),
            "You multiply where you should divide: the averages are too small at first, and the "
            "correction makes them larger.",
        ),
        Twin(
            "corrected with the other β",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - other**t),
                v_hat=lambda v, b, t, other: v / (1 - other**t),
            ),
            "The two corrections have changed places. Each average is corrected with the β that "
            "made it.",
        ),
        Twin(
            "βs swapped",
            lambda p, g, m, v, *, t, lr, beta1=0.9, beta2=0.999, eps=1e-8: _ADAM(
                p, g, m, v, t=t, lr=lr, beta1=beta2, beta2=beta1, eps=eps
            ),
            "β₁ and β₂ have changed places. β₁ belongs to m, the average of gradients, and β₂ to "
            "v, the average of their squares.",
        ),
        Twin(
            "ε inside the root",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v + eps).sqrt()),
            "ε is under the root. Some libraries have RMSProp like this; Adam adds it to the root, "
            "in the paper and in torch.",
        ),
        Twin(
            "ε before the correction",
            adam_epsilon_hat,
            "ε is added before the correction of v. That is no slip but a dialect, the paper's "
            "second form and that of Keras. Asked is the first: correct v, take the root, add ε.",
        ),
        Twin(
            "ε outside the denominator",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / v.sqrt() + eps),
            "ε is added to the parameter, since a pair of brackets is missing under the line. The "
            "code of a well-known book had just this slip. What is ε there to prevent?",
        ),
        Twin(
            "ε taken off the parameter",
            adam_with(move=lambda p, lr, m, v, eps: p - (lr * m / v.sqrt() + eps)),
            "ε is added to the whole step. It is there to prevent a division by 0: so where must "
            "it stand?",
        ),
        Twin(
            "ε added to the step",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * (m / v.sqrt() + eps)),
            "ε is added to the quotient. It is there to prevent a division by 0: so where must it "
            "stand?",
        ),
        Twin(
            "ε forgotten",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / v.sqrt()),
            "The ε that is handed in counts for nothing: it is missing, or yours is always 1e-8. "
            "It keeps the rule from dividing by 0.",
        ),
        Twin(
            "g for g²",
            adam_with(second=lambda b, v, g, m: b * v + (1 - b) * g),
            "v averages g itself, so that it is a second m. Look at what goes into v.",
        ),
        Twin(
            "|g| for g²",
            adam_with(second=lambda b, v, g, m: b * v + (1 - b) * g.abs()),
            "v averages the size of g, not its square. Under a root stands a mean of squares.",
        ),
        Twin(
            "factor squared too",
            adam_with(second=lambda b, v, g, m: b * v + ((1 - b) * g) ** 2),
            "The factor before g is squared together with g. Look at the brackets: the square is "
            "of g alone.",
        ),
        Twin(
            "g² in m",
            adam_with(first=lambda b, m, g: b * m + (1 - b) * g * g),
            "m averages g², as v does. Look at what goes into m.",
        ),
        Twin(
            "m² for g²",
            adam_with(second=lambda b, v, g, m: b * v + (1 - b) * m * m),
            "v averages m², where g² belongs. The average of the squares is not the square of the "
            "average.",
        ),
        Twin(
            "AdaBelief",
            _centred,
            "v averages (g less m) squared. That is a dialect, known as AdaBelief. Adam takes the "
            "square of the gradient as it is.",
        ),
        Twin(
            "corrected values returned",
            adam_with(give=lambda p, m, v, m_hat, v_hat: (p, m_hat, v_hat)),
            "The corrected averages come back as what to remember. The next step would average "
            "and correct them once more. Which two are the ones to keep?",
        ),
        Twin(
            "step uncorrected, corrected values returned",
            _corrected_too_late,
            "The corrected averages are returned and the step does without them. It is the other "
            "way round: the step takes the corrected ones, and those as they are come back.",
        ),
        Twin(
            "slots not updated",
            lambda p, g, m, v, **of: (_ADAM(p, g, m, v, **of)[0], m.clone(), v.clone()),
            "The parameter is right, but m and v come back as they came in: the rule would forget "
            "each gradient at once.",
        ),
        Twin(
            "slots swapped",
            adam_with(give=lambda p, m, v, m_hat, v_hat: (p, v, m)),
            "m and v come back in the wrong order. The next step would take one for the other.",
        ),
        Twin(
            "parameter alone",
            adam_with(give=lambda p, m, v, m_hat, v_hat: p),
            "Only the parameter comes back. A rule has no memory of its own: what it will need at "
            "the next step, it must return.",
        ),
        Twin(
            "the step alone",
            adam_with(move=lambda p, lr, m, v, eps: lr * m / (v.sqrt() + eps)),
            "The first result is the step. Asked is where the parameter is after it.",
        ),
        Twin(
            "uphill",
            adam_with(move=lambda p, lr, m, v, eps: p + lr * m / (v.sqrt() + eps)),
            "The parameter goes uphill. A gradient points to where the cost rises: look at the "
            "sign of the step.",
        ),
        Twin(
            "lr forgotten",
            adam_with(move=lambda p, lr, m, v, eps: p - m / (v.sqrt() + eps)),
            "The learning rate is missing from the step.",
        ),
        Twin(
            "no root",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v + eps)),
            "The root is missing. v is in squared units of g: over v the step would shrink when "
            "all gradients grow.",
        ),
        Twin(
            "root before the correction",
            adam_with(
                v_hat=lambda v, b, t, other: v.sqrt() / (1 - b**t),
                move=lambda p, lr, m, v, eps: p - lr * m / (v + eps),
            ),
            "You take the root first and correct then, by the whole of the correction. Correct v, "
            "then take the root.",
        ),
        Twin(
            "the gradient for m",
            _gradient_for_momentum,
            "Above the line stands g. That is RMSProp with a correction; Adam goes along the "
            "average m.",
        ),
        Twin(
            "averages of before",
            _old_averages,
            "The step uses m and v as they came in, without the new gradient. First the averages, "
            "then the step.",
        ),
        Twin(
            "m is a sum",
            adam_with(first=lambda b, m, g: b * m + g),
            "m is a sum, as in classical momentum. Adam averages: what stands before g?",
        ),
        Twin(
            "v is a sum",
            adam_with(second=lambda b, v, g, m: b * v + g * g),
            "The new square comes into v with its full weight, so that v is a sum. Adam averages: "
            "what stands before the square?",
        ),
        Twin(
            "v never forgets",
            adam_with(second=lambda b, v, g, m: v + (1 - b) * g * g),
            "v only grows: nothing multiplies the old v. In an average the old values lose weight "
            "each time a new one comes.",
        ),
        Twin(
            "both are sums",
            adam_with(
                first=lambda b, m, g: b * m + g, second=lambda b, v, g, m: b * v + g * g
            ),
            "m and v are sums. Adam averages: what stands before the new value, in both lines?",
        ),
        Twin(
            "β and its rest swapped",
            adam_with(
                first=lambda b, m, g: (1 - b) * m + b * g,
                second=lambda b, v, g, m: (1 - b) * v + b * g * g,
            ),
            "In both averages β and 1 less β have changed places. β belongs to what was, and it is "
            "near 1 so that the average remembers.",
        ),
        Twin(
            "β₁ and its rest swapped",
            adam_with(first=lambda b, m, g: (1 - b) * m + b * g),
            "In m β₁ and 1 less β₁ have changed places. β belongs to what was, and it is near 1 so "
            "that the average remembers.",
        ),
        Twin(
            "β₂ and its rest swapped",
            adam_with(second=lambda b, v, g, m: (1 - b) * v + b * g * g),
            "In v β₂ and 1 less β₂ have changed places. β belongs to what was, and it is near 1 so "
            "that the average remembers.",
        ),
        Twin(
            "brackets of the averages forgotten",
            adam_with(
                first=lambda b, m, g: b * m + 1 - b * g,
                second=lambda b, v, g, m: b * v + 1 - b * g * g,
            ),
            "In the averages a pair of brackets is missing, so that 1 is added and only β "
            "multiplies the new value. What stands before g?",
        ),
        Twin(
            "brackets of the corrections forgotten",
            adam_with(
                m_hat=lambda m, b, t, other: m / 1 - b**t,
                v_hat=lambda v, b, t, other: v / 1 - b**t,
            ),
            "In the corrections a pair of brackets is missing: you divide by 1, and take the power "
            "off. What stands under the line?",
        ),
        Twin(
            "power of the bracket",
            adam_with(
                m_hat=lambda m, b, t, other: m / (1 - b) ** t,
                v_hat=lambda v, b, t, other: v / (1 - b) ** t,
            ),
            "In the corrections the power stands outside the bracket. It belongs to β alone.",
        ),
        Twin(
            "both corrected with β₁",
            adam_with(v_hat=lambda v, b, t, other: v / (1 - other**t)),
            "v is corrected with β₁. Each average is corrected with the β that made it.",
        ),
        Twin(
            "both corrected with β₂",
            adam_with(m_hat=lambda m, b, t, other: m / (1 - other**t)),
            "m is corrected with β₂. Each average is corrected with the β that made it.",
        ),
        Twin(
            "corrected m returned",
            adam_with(give=lambda p, m, v, m_hat, v_hat: (p, m_hat, v)),
            "The corrected m comes back as what to remember. The next step would average and "
            "correct it once more.",
        ),
        Twin(
            "corrected v returned",
            adam_with(give=lambda p, m, v, m_hat, v_hat: (p, m, v_hat)),
            "The corrected v comes back as what to remember. The next step would average and "
            "correct it once more.",
        ),
        Twin(
            "parameter last",
            adam_with(give=lambda p, m, v, m_hat, v_hat: (m, v, p)),
            "The results come back in the wrong order: the parameter is the first of the three.",
        ),
        Twin(
            "the other way round",
            adam_with(move=lambda p, lr, m, v, eps: lr * m / (v.sqrt() + eps) - p),
            "The parameter is taken off the step. It is the other way round.",
        ),
        Twin(
            "ε as a factor",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v.sqrt() * eps)),
            "The root is multiplied by ε. ε is added to it.",
        ),
        Twin(
            "the new gradient corrected",
            adam_with(
                move=lambda p, lr, m, v, eps: p - lr * m / (v.sqrt() + eps),
                first=lambda b, m, g: g.clone(),
                second=lambda b, v, g, m: g * g,
            ),
            "m and v are the newest gradient and its square: nothing of the old averages is left "
            "in them.",
        ),
        Twin(
            "β₂ for both",
            _settings(lambda given: {"beta1": given["beta2"]}),
            "Both averages use β₂. Each has a β of its own.",
        ),
        Twin(
            "β₁ for both",
            _settings(lambda given: {"beta2": given["beta1"]}),
            "Both averages use β₁. Each has a β of its own.",
        ),
        Twin(
            "β₁ in the average v",
            _first_beta_in_v,
            "v is averaged with β₁. Each average has a β of its own.",
        ),
        Twin(
            "β of the defaults",
            _settings(lambda given: {"beta1": 0.9, "beta2": 0.999}),
            "Your β are always 0.9 and 0.999. Take those that are handed in.",
        ),
        Twin(
            "one step size for all",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v.mean().sqrt() + eps)),
            "All parameters share one root, that of the mean of v. Each has a v of its own, and is "
            "divided by its own root.",
        ),
        Twin(
            "over the length",
            adam_with(move=lambda p, lr, m, v, eps: p - lr * m / (v.sum().sqrt() + eps)),
            "All parameters share one root, that of the sum of v. Each has a v of its own, and is "
            "divided by its own root.",
        ),
    ),
    also_right=(_in_another_order, _as_a_list),
    needs=("rule", "vmap"),
)  # fmt: skip
