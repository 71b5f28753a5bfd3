"""Torch, NumPy and math as they were, and settings put back: no answer may leave a trace."""

from __future__ import annotations

import inspect
import math
import os
import random
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torch.nn.functional

DEEPEST_RECURSION = 3_000  # calls

_PLACES: dict[str, ModuleType | type] = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn.functional": torch.nn.functional,
    "torch.linalg": torch.linalg,
    "numpy": np,
    "math": math,
}


def _functions(place: ModuleType | type) -> dict[str, Any]:
    """The functions of a module; of a class its class methods and properties too.

    No classes: torch.set_default_dtype, a setting, changes which class torch.Storage is.
    """
    return {
        name: value
        for name, value in vars(place).items()
        if (callable(value) or hasattr(value, "__get__")) and not isinstance(value, type)
    }


_ORIGINALS = {where: _functions(place) for where, place in _PLACES.items()}


def restore() -> list[str]:
    """Put back every function that was replaced since this module was imported; their names.

    A wrapper that a library puts around its own function (`__wrapped__`) is left alone.
    """
    replaced = []
    for where, place in _PLACES.items():
        originals = _ORIGINALS[where]
        for name, original in originals.items():
            found = vars(place).get(name)
            if found is not original and inspect.unwrap(found) is not original:
                setattr(place, name, original)
                replaced.append(f"{where}.{name}")
        for name in _covering(place, originals):
            delattr(place, name)
            replaced.append(f"{where}.{name}")
    return replaced


def _covering(place: ModuleType | type, originals: dict[str, Any]) -> list[str]:
    """Names that were put on a class since, in front of a base class's function."""
    if not isinstance(place, type):
        return []
    added = _functions(place).keys() - originals.keys()
    return [name for name in sorted(added) if any(name in vars(base) for base in place.__mro__[1:])]


def _set_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


_SETTINGS = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_rng_state, torch.set_rng_state),
    (np.random.get_state, np.random.set_state),
    (random.getstate, random.setstate),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
)


@contextmanager
def settings_kept() -> Iterator[None]:
    """Whatever is set while this lasts, the process has the settings of before at the end.

    Settings are those in _SETTINGS and the filters for warnings. Meanwhile torch's default dtype
    is float32, so that an answer is judged alike in every notebook, and recursion is limited: ten
    million calls deep, it would take half a minute only to come back.
    """
    before = [(put_back, get()) for get, put_back in _SETTINGS]
    with warnings.catch_warnings():
        torch.set_default_dtype(torch.float32)
        sys.setrecursionlimit(min(sys.getrecursionlimit(), DEEPEST_RECURSION))
        try:
            yield
        finally:
            for put_back, value in before:
                put_back(value)
