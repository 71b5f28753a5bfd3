"""What the signature of a rule says, and how one rule is applied to one parameter."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Rule = Callable[..., Any]


@torch.compiler.assume_constant_result
def slot_names(rule: Rule) -> tuple[str, ...]:
    """Return the names of what a rule remembers: its positionals after the parameter and gradient.

    >>> from course_lib.optim.rules import adam
    >>> slot_names(adam)
    ('m', 'v')
    """
    return _read(rule)[0]


@torch.compiler.assume_constant_result
def hyper_names(rule: Rule) -> tuple[str, ...]:
    """Return the names of a rule's hyper-parameters, its keyword-only arguments.

    >>> from course_lib.optim.rules import adam
    >>> hyper_names(adam)
    ('t', 'lr', 'beta1', 'beta2', 'eps')
    """
    return _read(rule)[1]


@functools.cache
def _read(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a rule's slots and hyper-parameters. A signature is slow to read: it is read once."""
    parameters = inspect.signature(rule).parameters.values()
    positional = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    hyper = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    return tuple(positional[2:]), tuple(hyper)


def rule_name(rule: Rule) -> str:
    """Return what to call a rule in a sentence."""
    return getattr(rule, "__name__", repr(rule))


def apply(
    rule: Rule, p: Tensor, g: Tensor, slots: tuple[Tensor, ...], *, t: int | Tensor, **hyper: Any
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the new parameter and the new slots. `t` is handed on to rules that ask for it.

    Raises ValueError for a rule that returns something other than a parameter and its slots.

    >>> from course_lib.optim.rules import gd
    >>> apply(gd, torch.tensor([1.0]), torch.tensor([1.0]), (), t=1, lr=0.5)
    (tensor([0.5000]), ())
    """
    if "t" in hyper_names(rule):
        hyper["t"] = t
    new = as_tuple(rule(p, g, *slots, **hyper))
    if len(new) != 1 + len(slots) or not all(torch.is_tensor(value) for value in new):
        due = ", ".join(("the parameter", *slot_names(rule)))
        got = ", ".join("a tensor" if torch.is_tensor(value) else repr(value) for value in new)
        raise ValueError(f"{rule_name(rule)} returned {got or 'nothing'}; it must return {due}")
    return new[0], new[1:]


def as_tuple(result: Any) -> tuple[Any, ...]:
    """Return what a rule returned, as a tuple: without slots it may return the parameter alone."""
    return tuple(result) if isinstance(result, tuple | list) else (result,)
