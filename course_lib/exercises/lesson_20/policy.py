"""Exercise 20.policy: from what the rules say to the rate of a step."""

from __future__ import annotations

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order.rate import plan, policy, rate_controller
from ..drawing import drawing

Rates = tuple[Tensor, Tensor]


def _bent(r: Tensor, p: Tensor) -> Tensor:
    """Return the speed that some other controller asks for: of either sign, and never lost."""
    return (2 * r - 0.7).tanh() + 0.6 * p * r + 0.3


def _falling(p: Tensor) -> Tensor:
    return 1 / (1 + 2 * p) ** 2


def _cases(seed: int) -> list[Case]:
    draw = drawing(seed)

    def case(words, *shape, gain, rules=_bent, on_time=_falling, dtype=torch.float64, **more):
        M, r, p = (draw(*shape or (1,), dtype=dtype).view(shape) for _ in range(3))
        return Case(words, (M - 1, r, 0.05 + 0.9 * p.sigmoid(), rules, on_time, gain), **more)

    table = {"rules": rate_controller(), "on_time": plan}
    ends = torch.tensor([0.0, 0.5, 1.0]).double()
    M, r = draw(3) - 5, draw(3)
    return [
        case("5 layers", 5, gain=0.4),
        case("4 layers and a small gain", 4, gain=0.15),
        case("2 by 3 layers", 2, 3, gain=0.7),
        case("lesson 19's rules and plan, 6 layers", 6, gain=0.5, special=True, **table),
        Case("the start, the middle and the end", (M, r, ends, rate_controller(), plan, 0.5),
             special=True),
        case("a gain for each of 4 layers", 4, gain=draw(4).abs(), special=True),
        case("a gain of 0", 4, gain=0.0, special=True),
        case("a single layer, of shape ()", gain=0.5, special=True),
        Case("a factor that has hardly begun", (M - 15, r, ends, _bent, _falling, 0.1),
             special=True),
        case("float32", 5, gain=0.6, dtype=torch.float32, special=True),
    ]  # fmt: skip


def _at_one_go(log_factor, r, p, controller, plan, gain) -> Rates:
    M = gain * controller(r, p) + log_factor
    return M, plan(p) * torch.exp(M)


def _factor_by_factor(log_factor, r, p, controller, plan, gain) -> Rates:
    grown = torch.exp(gain * controller(r, p))
    return log_factor + gain * controller(r, p), log_factor.exp() * grown * plan(p)


SLIPS = """
without memory: steered(log_factor, r, p, controller, gain) → (gain * controller(r, p))
    M is only what the rules say now. It is to be M as it was, and that on top.
gain forgotten: steered(log_factor, r, p, controller, gain) → (log_factor + controller(r, p))
    gain has no part in your M: one step may move it as far as it likes.
gain on all: steered(log_factor, r, p, controller, gain) → (gain * (log_factor + controller(r, p)))
    gain multiplies M as it was, too. Look at your brackets.
averaged:
    | log_factor = (1 - gain) * log_factor + gain * controller(r, p)
    | return log_factor, log_factor.exp() * plan(p)
    Your M is an average, and forgets. The rules give a speed: how far M moves, not where it should
    go.
lowered: steered(log_factor, r, p, controller, gain) → (log_factor - gain * controller(r, p))
    Your M moves the other way: look at the sign. Where the rules say a number above 0 it should
    grow.
rules forgotten: steered(log_factor, r, p, controller, gain) → (log_factor + gain * r)
    The controller has no part in your M: it grows by r itself.
rules left out: steered(log_factor, r, p, controller, gain) → (log_factor * 1)
    M does not move. What do the rules say for?
r and p exchanged: log_factor, r, p → log_factor, p, r
    The controller gets its inputs in the wrong order.
factor grows, not its log:
    | factor = log_factor.exp() + gain * controller(r, p)
    | return factor.clamp(min=1e-9).log(), factor * plan(p)
    You add to the factor itself. The rules give the speed of its log: the same number is to double
    a small factor and a large one.
factor grows, not its log, freely:
    | factor = log_factor.exp() + gain * controller(r, p)
    | return factor.log(), factor * plan(p)
    You add to the factor itself, which may even fall below 0. The rules give the speed of its log.
factor multiplied:
    | log_factor = log_factor * (1 + gain * controller(r, p))
    | return log_factor, log_factor.exp() * plan(p)
    You multiply M. It is a log: what multiplies the factor is added to its log.
no exp: log_factor.exp() * plan(p) → log_factor * plan(p)
    M is the log of the factor, and you take it for the factor itself.
power of ten: log_factor.exp() → (10**log_factor)
    You take a power of ten. M is the natural log of the factor.
power of two: log_factor.exp() → (2**log_factor)
    You take a power of two. M is the natural log of the factor.
exp of minus: log_factor.exp() → (-log_factor).exp()
    Your factor falls where M grows: look at the sign in the exponent.
exp of the plan too: log_factor.exp() * plan(p) → (log_factor * plan(p)).exp()
    The plan stands in the exponent. It multiplies the factor.
plan added to the log: log_factor.exp() * plan(p) → (log_factor + plan(p)).exp()
    The plan is added to M in the exponent. It multiplies the factor.
plan added: log_factor.exp() * plan(p) → log_factor.exp() + plan(p)
    The plan is added to the factor. It is a share: at the end nothing must be left.
plan forgotten: log_factor.exp() * plan(p) → log_factor.exp()
    The plan has no part in your factor. At the end of training it must bring the rate to 0.
plan divides: log_factor.exp() * plan(p) → log_factor.exp() / plan(p)
    You divide by the plan. A share of a half is to halve the rate.
plan of r: plan(p) → plan(r)
    The plan gets the slope ratio. It is a plan on time.
plan remembered:
    | log_factor = steered(log_factor, r, p, controller, gain) + plan(p).log()
    | return log_factor, log_factor.exp()
    The plan goes into M, so that the next step multiplies by it once more. It acts on this step
    alone.
plan scales the rules:
    | gain) → gain * plan(p)) ; log_factor.exp() * plan(p) → log_factor.exp()
    The plan multiplies what the rules say, and not the rate. Then at the end the rate stays where
    it is; it should fall to 0.
plan twice: plan(p) → plan(p) ** 2
    The plan counts twice.
factor one step late:
    | return steered(log_factor, r, p, controller, gain), log_factor.exp() * plan(p)
    Your factor is made of M as it came in. It should be made of the new one.
old M kept:
    | return log_factor * 1, steered(log_factor, r, p, controller, gain).exp() * plan(p)
    M comes back as it came in: what the rules said is forgotten after this step.
factor remembered: return log_factor, → return log_factor.exp(),
    The factor comes back where its log belongs.
results exchanged: log_factor, log_factor.exp() * plan(p) → log_factor.exp() * plan(p), log_factor
    Factor and M come back in the wrong order: first what must be remembered.
factor alone: return log_factor, log_factor.exp() * plan(p) → return log_factor.exp() * plan(p)
    The factor alone comes back. What must be remembered for the next step?
"""

POLICY = Exercise(
    id="20.policy",
    points=2,
    asks="the new log of the factor, and the factor of this step's rate",
    reference=policy,
    cases=_cases,
    hints=(
        "The controller gives a speed, that of M. What is M after a step of size gain?",
        "M is the natural log of the factor. How does one get the factor back?",
        "The plan is a share of the rate at this step. M is kept without it: else the next step "
        "would take the share of a share.",
    ),
    slips=slips(SLIPS, policy),
    also_right=(_at_one_go, _factor_by_factor),
)
