"""Exercise 20.update: a direction that the difference of gradients bends."""

from __future__ import annotations

import torch

from ...checking import Case, Exercise, slips
from ...second_order.update import update
from ..drawing import drawing
from ..families import slips_of_a_rule, slips_of_epsilon


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(
        words, *shape, t, lr, cold=False, scale=1.0, dtype=torch.float64, special=True, **hyper
    ) -> Case:
        """Return a case; a cold one has nothing to remember."""
        p, g, before, m, y, v = (draw(*shape, dtype=dtype) for _ in range(6))
        before, m, y, v = (0 * x if cold else scale * x for x in (before, m, y, v))
        return Case(words, (p, scale * g, before, m, y, v.square()), {"t": t, "lr": lr} | hyper,
                    special)  # fmt: skip

    own = {"beta1": 0.7, "beta2": 0.9, "beta3": 0.5, "mix": 0.6, "eps": 0.1, "weight_decay": 0.4}
    other = {"beta1": 0.85, "beta2": 0.6, "beta3": 0.4, "mix": 1.4, "eps": 0.3, "weight_decay": 0.2}
    third = {"beta1": 0.6, "beta2": 0.8, "beta3": 0.9, "mix": 0.8, "eps": 0.05, "weight_decay": 0.7}
    return [
        case("4 parameters at t = 3", 4, t=3, lr=0.3, special=False, **own),
        case("2 by 3 parameters at t = 2", 2, 3, t=2, lr=0.5, special=False, **other),
        case("5 parameters at t = 1", 5, t=1, lr=0.2, cold=True, special=False, **third),
        case("3 parameters at t = 12", 3, t=12, lr=0.4, special=False, **third),
        case("gradients around a hundredth", 4, t=4, lr=0.3, scale=0.01, special=False, **own),
        case("the defaults at t = 1", 4, t=1, lr=0.1, cold=True),
        case("the defaults at t = 5", 4, t=5, lr=0.01),
        case("the defaults at t = 10,000", 3, t=10_000, lr=0.01),
        case("no difference in the direction", 4, t=3, lr=0.3, **(own | {"mix": 0.0})),
        case("1 parameter", 1, t=4, lr=0.1, **own),
        case("gradients that are all 0", 3, t=1, lr=0.1, cold=True, scale=0.0),
        case("gradients around 100,000", 3, t=2, lr=0.1, scale=1e5),
        case("6 parameters in float32", 6, t=2, lr=0.1, dtype=torch.float32, **own),
    ]


def _in_another_order(
    p, g, g_before, m, y, v, *, t, lr, beta1=0.8, beta2=0.95, beta3=0.8, mix=0.9, eps=1e-8,
    weight_decay=0.0,
):  # fmt: skip
    change = torch.zeros_like(g) if t == 1 else g - g_before
    m, y, v = m.lerp(g, 1 - beta1), y.lerp(change, 1 - beta3), v.lerp(g.square(), 1 - beta2)
    up = m / (1 - beta1**t) + mix / (1 - beta3**t) * y
    down = v.sqrt() / (1 - beta2**t) ** 0.5 + eps
    return [p - lr * (up / down + weight_decay * p), g, m, y, v]


SLIPS = """
difference upside down: (g - g_before) → (g_before - g)
    The difference has the wrong sign. It should say how the gradient changed from the last step to
    this one.
first difference is the gradient: * (t > 1) →
    At the first step there is no gradient before. Yours takes g less 0 for a difference: what
    should the first difference be?
old gradient kept: step, g, m → step, g_before, m
    You hand the old gradient on. Which one must the next step remember, to take its difference?
difference kept for the gradient: step, g, m → step, change, m
    The difference comes back where the gradient belongs. The next step needs what to subtract.
difference left out: (m_hat + mix * y_hat) → m_hat
    The average of differences has no part in your step: this is Adam's. What is mix for?
mix forgotten: mix * y_hat → y_hat
    mix has no part in your step: the difference comes in whole.
mix on the wrong side: (m_hat + mix * y_hat) → (mix * m_hat + y_hat)
    mix multiplies the averaged gradient. Which of the two is it the share of?
mix as shares: (m_hat + mix * y_hat) → ((1 - mix) * m_hat + mix * y_hat)
    m loses what the difference gains. In the formula m stays whole.
minus: (m_hat + mix * y_hat) → (m_hat - mix * y_hat)
    In the direction the difference has the wrong sign. Where the gradient grows along the way, the
    step should be the longer one.
difference of now: mix * y_hat → mix * change
    Your direction takes the newest difference as it is. Its average is there against the noise.
averaged difference uncorrected: mix * y_hat → mix * y
    y goes uncorrected into the step. It began at 0, as m did: look at which averages get a hat.
m uncorrected: (m_hat + → (m +
    m goes uncorrected into the step. It began at 0: look at which averages get a hat.
v uncorrected: v_hat.sqrt() → v.sqrt()
    v goes uncorrected into the step. It began at 0: look at which averages get a hat.
no correction: (m_hat + mix * y_hat) / (v_hat → (m + mix * y) / (v
    No average is corrected. All three began at 0 (lesson 11).
y corrected with β₁: y / (1 - beta3**t) → y / (1 - beta1**t)
    y is corrected with β₁. Each average is corrected with the β that made it.
corrected averages returned: g, m, y, v → g, m_hat, y_hat, v_hat
    The corrected averages come back as what to remember. The next step would correct them again.
t from 0: **t → **(t - 1)
    Your t counts from 0, so that the first step divides by 0. The t that is handed in is 1 there.
corrected as if t were 1: **t →
    Your correction is the same at every step. Where does t belong?
divided by the difference:
    | (m_hat + mix * y_hat) / (v_hat.sqrt() + eps) → m_hat / (y_hat.abs() + eps)
    You make a quotient of the difference, as a curvature to divide by. Here it is a part of the
    direction, and the divisor is the root of v.
divided by the difference, with its sign:
    | (m_hat + mix * y_hat) / (v_hat.sqrt() + eps) → m_hat / (y_hat + eps)
    You make a quotient of the difference, with its sign, as a curvature to divide by. Here it is a
    part of the direction, and the divisor is the root of v.
difference outside the fraction:
    | (m_hat + mix * y_hat) / (v_hat.sqrt() + eps) → (m_hat / (v_hat.sqrt() + eps) + mix * y_hat)
    Only m is divided by the root of v. The whole direction is: look at your brackets.
gradient outside the fraction:
    | (m_hat + mix * y_hat) / (v_hat.sqrt() + eps) → (m_hat + mix * y_hat / (v_hat.sqrt() + eps))
    Only the difference is divided by the root of v. The whole direction is: look at your brackets.
no root: v_hat.sqrt() → v_hat
    The root is missing. v is in squared units of g.
not divided: / (v_hat.sqrt() + eps) →
    The step is not divided by anything, and v has no part in it.
ε inside the root: (v_hat.sqrt() + eps) → (v_hat + eps).sqrt()
    ε stands under the root. It is added to the root.
v of the bent gradient: beta2) * g * g → beta2) * (g + mix * change) ** 2
    v averages the square of the bent gradient. That is Adan's way; here v sees g alone.
v of the difference: beta2) * g * g → beta2) * change * change
    v averages the square of the difference. In this rule it is the square of g.
v without a square: beta2) * g * g → beta2) * g
    v averages g itself. Under a root stands a mean of squares.
y averages the gradient: beta3) * change → beta3) * g
    y averages the gradient, as m does. Look at what goes into y.
y is a sum: (1 - beta3) * change → change
    The new difference comes into y with its full weight. Look at what stands before it.
m is a sum: (1 - beta1) * g → g
    The new gradient comes into m with its full weight. Look at what stands before it.
y never forgets: beta3 * y → y
    Nothing multiplies the old y, so that it never forgets.
β₁ for y: beta3 → beta1
    y is averaged and corrected with β₁. It has a β of its own.
β₁ and β₂ exchanged: beta1 ↔ beta2
    β₁ and β₂ have changed places. β₁ belongs to m, β₂ to v.
β₁ and β₃ exchanged: beta1 ↔ beta3
    β₁ and β₃ have changed places. β₁ belongs to m, β₃ to y.
β₂ and β₃ exchanged: beta2 ↔ beta3
    β₂ and β₃ have changed places. β₂ belongs to v, β₃ to y.
y and v exchanged: g, m, y, v → g, m, v, y
    y and v come back in the wrong order.
m and y exchanged: g, m, y, v → g, y, m, v
    m and y come back in the wrong order.
gradient last: step, g, m, y, v → step, m, y, v, g
    The gradient comes back last. What is remembered comes back in the order in which it went in.
no decay: (1 - lr * weight_decay) * →
    The decay has no part in your step. What becomes of p apart from the gradient?
decay without lr: lr * weight_decay → weight_decay
    The decay is not multiplied by lr. A smaller step should decay less (lesson 17).
decay upside down: 1 - lr → 1 + lr
    Your decay has the wrong sign: the parameter grows.
L2:
    | change = (g - g_before) * (t > 1) → change, g = (g - g_before) * (t > 1), g + weight_decay * p
    | (1 - lr * weight_decay) * →
    The decay goes into the gradient, and into all averages. Here it acts on p alone (lesson 17).
L2, uncorrected:
    | change = (g - g_before) * (t > 1) → change, g = (g - g_before) * (t > 1), g + weight_decay * p
    | (1 - lr * weight_decay) * →
    | (m_hat + mix * y_hat) / (v_hat → (m + mix * y) / (v
    Two things: the decay goes into the gradient, and into all averages, where it should act on p
    alone; and no average is corrected.
defaults for all: beta1 → 0.8 ; beta2 → 0.95 ; beta3 → 0.8
    Your β are always those of the defaults. Take those that are handed in.
"""

UPDATE = Exercise(
    id="20.update",
    points=3,
    asks="where a step of the fuzzy second-order optimizer leads",
    reference=update,
    cases=_cases,
    hints=(
        "It is lesson 11's Adam with one average more. What does that one average?",
        "The difference is g less the gradient before; at t = 1 there is none before, and it is 0. "
        "All three averages are corrected, each with its own β.",
        "The step: lr times (m̂ + mix ŷ), all of that over the root of v̂ plus ε. p itself decays "
        "by lr times the decay. Return p, g, m, y, v, the averages as they are.",
    ),
    slips=slips(SLIPS, update) + slips_of_a_rule(update) + slips_of_epsilon(update),
    also_right=(_in_another_order,),
    needs=("rule",),
)
