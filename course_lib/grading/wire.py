"""What came of an answer, as bytes and back. Reading them runs nothing, whoever wrote them."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from ..checking.record import DEEPEST, Result
from ..checking.trial import Trial

_KINDS = {"float64": np.float64, "complex128": np.complex128}


def encode(trial: Trial) -> bytes:
    """Return a trial as JSON."""
    plain = asdict(replace(trial, results=()))
    return json.dumps(plain | {"results": [_plain(r) for r in trial.results]}).encode()


def decode(text: bytes) -> Trial:
    """Return the trial of `encode`; ValueError where the bytes are anything else."""
    try:
        stored = json.loads(text)
        results = tuple(_result(item, 0) for item in stored.pop("results"))
        trial = Trial(**stored | {"results": results, "replaced": tuple(stored["replaced"])})
        flags = (trial.repeats, trial.timed_out, trial.left_behind, trial.asleep)
        texts = (trial.error, trial.printed, *trial.replaced)
        if not all(type(flag) is bool for flag in flags) or trial.need is not None:
            raise TypeError
        if not all(type(text) is str for text in texts):
            raise TypeError
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        raise ValueError("this is no trial") from None
    return trial


def _plain(result: Result) -> dict[str, Any]:
    plain = {f.name: getattr(result, f.name) for f in fields(Result)}
    if result.values is not None:
        raw = base64.b64encode(np.ascontiguousarray(result.values).tobytes()).decode()
        plain["values"] = [str(result.values.dtype), list(result.values.shape), raw]
    return plain | {"items": [_plain(item) for item in result.items]}


def _result(plain: dict[str, Any], depth: int) -> Result:
    """Return one result. Its values fit its shape, and every text is one."""
    if depth > DEEPEST:
        raise ValueError
    values = plain["values"]
    if values is not None:
        dtype, shape, raw = values
        values = np.frombuffer(base64.b64decode(raw), _KINDS[dtype]).reshape(shape)
    shape = None if plain["shape"] is None else tuple(map(int, plain["shape"]))
    if values is not None and (values.shape != shape or values.size != math.prod(shape)):
        raise ValueError
    for name in ("kind", "type_name", "dtype", "device", "text", "line", "takes"):
        if type(plain[name]) is not str and (plain[name] is not None or name[-1] == "d"):
            raise TypeError
    if type(plain["changed"]) not in (type(None), int, str):
        raise TypeError
    items = tuple(_result(item, depth + 1) for item in plain["items"])
    return Result(**plain | {"values": values, "shape": shape, "items": items})
