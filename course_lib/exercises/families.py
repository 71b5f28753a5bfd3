"""Slips that many exercises invite, stated once: those of every mean and of every update rule.

What every matrix product and every loop invites is found by `checking.mutants`, without a table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor

from ..checking import Slip, slips, wraps

Rule = Callable[..., Any]


def slips_of_a_mean(of: Callable[..., Tensor], without: Collection[str] = ()) -> tuple[Slip, ...]:
    """Return the slips that a mean over examples invites; `of` ends with `.mean()`."""
    return tuple(slip for slip in slips(OF_A_MEAN, of) if slip.name not in without)


OF_A_MEAN = """
sum for mean: .mean() → .sum()
    The examples are added up, not averaged. Twice as many examples would make the result twice as
    large: look at your last step.
not averaged: .mean() →
    You have one number for each example. A single number is asked for: what is done with them all?
"""


def slips_of_a_rule(rule: Rule, without: Collection[str] = ()) -> tuple[Slip, ...]:
    """Return the slips that every update rule invites, made from what the rule returns.

    `without` names those that mean something else, or nothing, with this rule.
    """
    return tuple(slip for slip in wraps(OF_A_RULE, rule, AROUND) if slip.name not in without)


def _ends(end: Callable[..., Any]) -> Callable[[Rule], Rule]:
    """Return a change of what a rule returns: `end(p, g, slots, new p, new slots)`."""

    def around(rule: Rule) -> Rule:
        def other(p: Tensor, g: Tensor, *slots: Tensor, **hyper: float) -> Any:
            new = rule(p, g, *slots, **hyper)
            moved, *kept = new if isinstance(new, tuple) else (new,)
            return end(p, g, slots, moved, tuple(kept))

        return other

    return around


def _with(**fixed: float) -> Callable[[Rule], Rule]:
    """Return a change of what a rule is given: some hyper-parameters are always the same."""
    return lambda rule: lambda *tensors, **hyper: rule(*tensors, **(hyper | fixed))


def _as_given(moved: Any, kept: tuple) -> Any:
    return (moved, *kept) if kept else moved


def _copies(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(tensor.clone() for tensor in tensors)


AROUND: dict[str, Callable[[Rule], Rule]] = {
    "parameter alone": _ends(lambda p, g, old, moved, kept: moved),
    "slots alone": _ends(lambda p, g, old, moved, kept: kept[0] if len(kept) == 1 else kept),
    "parameter last": _ends(lambda p, g, old, moved, kept: (*kept, moved)),
    "slots not updated": _ends(lambda p, g, old, moved, kept: (moved, *_copies(old))),
    "slots swapped": _ends(lambda p, g, old, moved, kept: (moved, *reversed(kept))),
    "gradient remembered": _ends(
        lambda p, g, old, moved, kept: (moved, *(g.clone() for _ in kept))
    ),
    "parameter not moved": _ends(lambda p, g, old, moved, kept: _as_given(p.clone(), kept)),
    "step for parameter": _ends(lambda p, g, old, moved, kept: _as_given(p - moved, kept)),
    "step downhill for parameter": _ends(lambda p, g, old, moved, kept: _as_given(moved - p, kept)),
    "the other way round": _ends(lambda p, g, old, moved, kept: _as_given(-moved, kept)),
    "uphill": _ends(lambda p, g, old, moved, kept: _as_given(2 * p - moved, kept)),
    "moved twice": _ends(lambda p, g, old, moved, kept: _as_given(2 * moved - p, kept)),
    "lr forgotten": _with(lr=1.0),
    "lr of its own": _with(lr=0.1),
    "mean of the gradient": lambda rule: (
        lambda p, g, *slots, **hyper: rule(p, g.mean(), *slots, **hyper)
    ),
}

OF_A_RULE = """
parameter alone
    Only the parameter comes back. A rule has no memory of its own: it must return what it will need
    at the next step.
slots alone
    What is remembered comes back without the parameter. A rule gives back both: the new parameter
    first.
parameter last
    The results come back in the wrong order: the parameter is the first of them, then comes what is
    remembered.
slots not updated
    What is remembered comes back as it came in: the rule would forget each gradient at once.
slots swapped
    What is remembered comes back in the wrong order. The next step would take one for the other.
gradient remembered
    The gradient comes back in place of what is remembered.
parameter not moved
    The parameter comes back as it went in. Look at what you return first.
step for parameter
    The first result is the step. The exercise asks where the parameter is after it.
step downhill for parameter
    The first result is the step, with its minus. The exercise asks where the parameter is after it:
    where is p?
the other way round
    The parameter is taken off the step. It is the other way round.
uphill
    The parameter goes uphill. A gradient points to where the cost rises: look at the sign of the
    step.
moved twice
    The step is twice as long as it should be, whatever the settings. Is it taken twice?
lr forgotten
    The learning rate has no part in your step.
lr of its own
    The learning rate is always 0.1 in your rule. It is handed in as `lr`.
mean of the gradient
    Your rule uses one number, the mean of the gradient over all its places. Each place of the
    parameter has a gradient of its own.
"""


def slips_of_epsilon(rule: Rule, without: Collection[str] = ()) -> tuple[Slip, ...]:
    """Return the slips of a rule that takes a constant of its own for the `eps` handed in."""
    return tuple(s for s in wraps(OF_EPSILON, rule, OWN_EPSILON) if s.name not in without)


OWN_EPSILON = {
    "ε of 1e-6": _with(eps=1e-6),
    "ε of 1e-7": _with(eps=1e-7),
    "ε of 1e-8": _with(eps=1e-8),
}

OF_EPSILON = """
ε of 1e-6
    ε is always 1e-6 in your rule. It is handed in as `eps`.
ε of 1e-7
    ε is always 1e-7 in your rule. It is handed in as `eps`.
ε of 1e-8
    ε is always 1e-8 in your rule. It is handed in as `eps`.
"""


def slips_of_a_layer(layer: Rule, without: Collection[str] = ()) -> tuple[Slip, ...]:
    """Return the slips of a layer after whose weighted sums comes a step that nobody asked for."""
    return tuple(slip for slip in wraps(ON_TOP, layer, STEPS) if slip.name not in without)


def _then(step: Callable[[Tensor], Tensor]) -> Callable[[Rule], Rule]:
    return lambda layer: lambda *tensors: step(layer(*tensors))


STEPS: dict[str, Callable[[Rule], Rule]] = {
    "neurons added up": _then(lambda signals: signals.sum(dim=1)),
    "examples added up": _then(lambda signals: signals.sum(dim=0)),
    "a sigmoid on top": _then(torch.sigmoid),
    "a relu on top": _then(torch.relu),
}

ON_TOP = """
neurons added up
    The neurons of the layer are added into one number. Each neuron should keep its own: look for a
    sum too many.
examples added up
    The examples are added into one row. Each example should keep a row of its own: look for a sum
    too many.
a sigmoid on top
    A sigmoid comes on top. The exercise asks for the sum itself, which may be any number: look at
    your last step.
a relu on top
    What is below 0 has been cut off. The exercise asks for the sum itself, which may be any number:
    look at your last step.
"""
