"""What a rule's hyper-parameters may be."""

import inspect
from typing import Any

import torch

from course_lib.optim.signature import Rule, hyper_names, rule_name

FILLED_IN = ("t",)  # what a runner fills in at every step: the number of the step


def settable(rule: Rule) -> tuple[str, ...]:
    """Return the names of the hyper-parameters that somebody has to choose, or leave as they are.

    >>> from course_lib.optim.rules import adam
    >>> settable(adam)
    ('lr', 'beta1', 'beta2', 'eps')
    """
    return tuple(name for name in hyper_names(rule) if name not in FILLED_IN)


def complete(rule: Rule, given: dict[str, Any]) -> dict[str, Any]:
    """Return the hyper-parameters to run a rule with: those given, and its defaults for the others.

    Raises ValueError for one that the rule does not take, for one that is missing, and for a value
    out of range: see `check_range`. A tensor holds a value for each of many runs.

    >>> from course_lib.optim.rules import momentum
    >>> complete(momentum, {"lr": 0.1})
    {'lr': 0.1, 'beta': 0.9}
    """
    takes = settable(rule)
    words = ", ".join(takes) or "none"
    for name, value in given.items():
        if name not in takes:
            raise ValueError(f"{name} is not a setting of {rule_name(rule)}, which takes: {words}")
        check_range(name, value)
    parameters = inspect.signature(rule).parameters
    for name in takes:
        if name not in given and parameters[name].default is inspect.Parameter.empty:
            raise ValueError(f"{name} is missing; {rule_name(rule)} takes: {words}")
    return {name: given.get(name, parameters[name].default) for name in takes}


def check_range(name: str, value: Any) -> None:
    """Raise ValueError for a hyper-parameter out of range, with its name and the range.

    lr, eps and weight_decay are 0 or more; every beta is from 0 to below 1. Nothing is known of
    other names.
    """
    if name in ("lr", "eps", "weight_decay"):
        fits, range_ = _all(value, lambda v: 0 <= v < float("inf")), "0 or more, and finite"
    elif name.startswith("beta"):
        fits, range_ = _all(value, lambda v: 0 <= v < 1), "from 0 to below 1"
    else:
        return
    if not fits:
        raise ValueError(f"{name} is {value}; it must be {range_}")


def _all(value: Any, fits: Any) -> bool:
    return all(fits(v) for v in (value.flatten().tolist() if torch.is_tensor(value) else [value]))
