"""What the signature of a rule says, and how one rule is applied to one parameter."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from torch import Tensor

Rule = Callable[..., Any]


@functools.cache
def slot_names(rule: Rule) -> tuple[str, ...]:
    """Return the names of what a rule remembers: its positionals after the parameter and gradient.

    >>> from course_lib.optim.rules import adam
    >>> slot_names(adam)
    ('m', 'v')
    """
    positional = [
        name
        for name, parameter in inspect.signature(rule).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return tuple(positional[2:])


@functools.cache
def hyper_names(rule: Rule) -> tuple[str, ...]:
    """Return the names of a rule's hyper-parameters, its keyword-only arguments.

    >>> from course_lib.optim.rules import adam
    >>> hyper_names(adam)
    ('t', 'lr', 'beta1', 'beta2', 'eps')
    """
    parameters = inspect.signature(rule).parameters.values()
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)


def apply(
    rule: Rule, p: Tensor, g: Tensor, slots: tuple[Tensor, ...], *, t: int, **hyper: Any
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the new parameter and the new slots. `t` is handed on to rules that ask for it.

    >>> from course_lib.optim.rules import gd
    >>> apply(gd, torch.tensor([1.0]), torch.tensor([1.0]), (), t=1, lr=0.5)
    (tensor([0.5000]), ())
    """
    if "t" in hyper_names(rule):
        hyper["t"] = t
    result = rule(p, g, *slots, **hyper)
    p, *slots = result if isinstance(result, tuple) else (result,)
    return p, tuple(slots)
