"""What a lesson does with an answer afterwards, tried on the first case."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .guard import OutOfTime
from .model import Case
from .record import fresh


def missing_need(fn: Callable[..., Any], needs: Sequence[str], case: Case) -> str | None:
    """The first of `needs` that `fn` cannot do with `case`, None when it can do all.

    "rule" is met when what the case gives by name can be given by name only, so that a runner of
    update rules can tell settings from what a rule remembers; "grad" when gradients arrive at every
    floating-point argument, "vmap" when `fn` runs on a batch of two.
    """
    for need in needs:
        try:
            able = NEEDS[need](fn, case)
        except OutOfTime:
            raise
        except Exception:
            able = False
        if not able:
            return need
    return None


def _is_rule(fn: Callable[..., Any], case: Case) -> bool:
    parameters = inspect.signature(fn).parameters.values()
    named = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
    return named == set(case.kwargs) and len(parameters) == len(case.args) + len(named)


def _passes_gradients(fn: Callable[..., Any], case: Case) -> bool:
    args = [_with_gradient(arg) for arg in fresh(case.args)]
    outputs = fn(*args, **fresh(case.kwargs))
    outputs = outputs if isinstance(outputs, tuple | list) else (outputs,)
    sum(output.sum() for output in outputs).backward()
    return all(arg.grad is not None for arg in args if _is_float(arg))


def _batches(fn: Callable[..., Any], case: Case) -> bool:
    stacked = [torch.stack((arg, arg)) if torch.is_tensor(arg) else arg for arg in case.args]
    in_dims = tuple(0 if torch.is_tensor(arg) else None for arg in case.args)
    torch.func.vmap(fn, in_dims)(*stacked, **fresh(case.kwargs))
    return True


NEEDS = {"rule": _is_rule, "grad": _passes_gradients, "vmap": _batches}


def _is_float(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _with_gradient(value: Any) -> Any:
    return value.requires_grad_() if _is_float(value) else value
