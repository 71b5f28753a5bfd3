"""Torch, NumPy and math as they were, and settings put back, whatever an answer does to them.

What an answer changes elsewhere stays: in other modules, in files, in the notebook's own variables.
"""

from __future__ import annotations

import dataclasses
import gc
import inspect
import math
import os
import random
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import torch
import torch.nn.functional

DEEPEST_RECURSION = 3_000  # calls

_PLACES: dict[str, ModuleType | type] = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn": torch.nn,
    "torch.nn.functional": torch.nn.functional,
    "torch.linalg": torch.linalg,
    "torch.optim": torch.optim,
    "numpy": np,
    "math": math,
}
_LIBRARIES = str(Path(torch.__file__).parents[1])


def _originals(place: ModuleType | type) -> dict[str, Any]:
    """The functions and constants of a module; of a class its class methods and properties too.

    Classes of torch.nn and torch.optim only: torch.set_default_dtype, a setting, changes which
    class torch.Storage is.
    """
    of_classes = place in (torch.nn, torch.optim)
    return {
        name: value
        for name, value in vars(place).items()
        if (of_classes if isinstance(value, type) else _is_kept(value))
    }


def _is_kept(value: Any) -> bool:
    return callable(value) or hasattr(value, "__get__") or isinstance(value, float | torch.dtype)


_ORIGINALS = {where: _originals(place) for where, place in _PLACES.items()}


def restore() -> list[str]:
    """Put back every function and constant that was replaced since the import; their names.

    A wrapper that a library puts around its own function is left alone.
    """
    replaced = []
    for where, place in _PLACES.items():
        originals = _ORIGINALS[where]
        for name, original in originals.items():
            found = vars(place).get(name)
            if found is not original and not _wraps(found, original):
                setattr(place, name, original)
                replaced.append(f"{where}.{name}")
        for name in _covering(place, originals):
            delattr(place, name)
            replaced.append(f"{where}.{name}")
    return replaced


def _wraps(found: Any, original: Any) -> bool:
    """Whether `found` is a function of an installed library around `original`."""
    if not inspect.isfunction(found) or getattr(found, "__wrapped__", None) is not original:
        return False
    return found.__code__.co_filename.startswith(_LIBRARIES)


def _covering(place: ModuleType | type, originals: dict[str, Any]) -> list[str]:
    """Names that were put on a class since, in front of a base class's function."""
    if not isinstance(place, type):
        return []
    added = _originals(place).keys() - originals.keys()
    return [name for name in sorted(added) if any(name in vars(base) for base in place.__mro__[1:])]


def _set_environment(variables: Mapping[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _set_umask(mask: int | None = None) -> int:
    """Set the umask, or find out what it is, which only setting it tells."""
    before = os.umask(0 if mask is None else mask)
    if mask is None:
        os.umask(before)
    return before


def _set_path(folders: list[str]) -> None:
    sys.path[:] = folders


def _torch_prints() -> dict[str, Any]:
    return dataclasses.asdict(torch._tensor_str.PRINT_OPTS)


_SETTINGS = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_rng_state, torch.set_rng_state),
    (np.random.get_state, np.random.set_state),
    (random.getstate, random.setstate),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (os.getcwd, os.chdir),
    (lambda: dict(os.environ), _set_environment),
    (lambda: list(sys.path), _set_path),
    (_set_umask, _set_umask),
    (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    (_torch_prints, lambda options: torch.set_printoptions(**options)),
    (np.get_printoptions, lambda options: np.set_printoptions(**options)),
    (lambda: dict(matplotlib.rcParams), matplotlib.rcParams.update),
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
