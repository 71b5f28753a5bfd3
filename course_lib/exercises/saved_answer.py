"""A learner's function as text, and back again in a later lesson."""

from __future__ import annotations

import inspect
import linecache
import math
import textwrap
from types import FunctionType
from typing import Any

import numpy as np
import torch


def source_of(answer: Any) -> tuple[str, str]:
    """Return the name and source of a function; ("", "") if it has none that can stand alone."""
    if type(answer) is not FunctionType or answer.__name__ == "<lambda>":
        return "", ""
    try:
        return answer.__name__, textwrap.dedent(inspect.getsource(answer))
    except (OSError, TypeError, ValueError):
        return "", ""


def load(source: str, name: str) -> Any:
    """Return the function `name` of `source`, run in a clean namespace with torch, NumPy, math."""
    namespace: dict[str, Any] = {
        "torch": torch,
        "nn": torch.nn,
        "F": torch.nn.functional,
        "np": np,
        "math": math,
        "Tensor": torch.Tensor,
        "__name__": "saved_answer",
    }
    filename = f"<your {name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]
