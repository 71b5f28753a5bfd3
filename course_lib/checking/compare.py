"""When two results are the same, and how they differ when they are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .model import Case
from .record import Record, Result

TOLERANCE = {"float32": 1e-4, "complex64": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}  # else 1e-8
EXACT = ("int", "uint", "bool")  # how the names of dtypes begin that have none
NEARLY = 1e-4  # of the size of a result
OPPOSITE = "has the right size and the opposite sign"
NUMERIC = ("tensor", "array", "number")


def same(mine: Result, expected: Result) -> bool:
    """Whether `mine` says what `expected` says, whatever carries it (tensor, array or number).

    |mine - expected| <= tolerance (|expected| + largest finite |expected| of the result), with the
    tolerance of the coarser dtype, and none where a whole number is expected; NaN equals NaN and an
    infinity itself. That the dtypes are equal is another question: `same_type`.
    """
    if mine.kind in NUMERIC and expected.kind in NUMERIC:
        return mine.shape == expected.shape and _close(mine, expected)
    if mine.kind != expected.kind:
        return False
    if mine.kind == "sequence":
        return len(mine.items) == len(expected.items) and all(map(same, mine.items, expected.items))
    return mine.type_name == expected.type_name and mine.text == expected.text


def same_type(mine: Result, expected: Result) -> bool:
    """Whether dtype and device are as expected, where a tensor is.

    A plain number, which has none, may stand in its place; an array may, if it has the dtype. Where
    a plain whole number is expected, a float is of another type, whole or not.
    """
    if mine.kind == "sequence":
        return all(map(same_type, mine.items, expected.items))
    if expected.type_name == "int" and mine.kind in NUMERIC:
        return not mine.dtype.startswith(("float", "complex"))
    if expected.kind == "tensor" and mine.kind in ("tensor", "array"):
        return (mine.dtype, mine.device) == (expected.dtype, expected.device)
    return True


def alike(mine: Result, expected: Result) -> bool:
    """Whether a result has the form of another: numbers of its shape, and as many of them."""
    if mine.kind == expected.kind == "sequence":
        return len(mine.items) == len(expected.items) and all(
            map(alike, mine.items, expected.items)
        )
    return mine.kind in NUMERIC and expected.kind in NUMERIC and mine.shape == expected.shape


def same_slip(
    mine: Record,
    slip: Record,
    right: Record,
    cases: Sequence[Case],
    agree: Callable[[Result, Result], bool] = same,
) -> bool:
    """Whether an answer makes the slip that `slip` makes.

    It does when both are the same in every case; or when they agree in every case that is not
    special and one of those has a value that tells: wrong, and more than the same error, NaN or
    infinity. agree: `same`, or `stop_alike`, for which an error may have other words.
    """
    if all(map(same, mine, slip)):
        return True
    general = [pair for *pair, case in zip(mine, slip, cases, strict=True) if not case.special]
    return tells(slip, right, cases) and all(agree(its, due) for its, due in general)


def stop_alike(mine: Result, slip: Result) -> bool:
    """Whether two results are the same, or errors of one type."""
    both_stop = mine.kind == slip.kind == "error"
    return mine.type_name == slip.type_name if both_stop else same(mine, slip)


def tells(slip: Record, right: Record, cases: Sequence[Case]) -> bool:
    """Whether a slip shows in a case that is not special, and not as an error, NaN or infinity."""
    return any(
        _holds_something(its) and not same(its, due)
        for its, due, case in zip(slip, right, cases, strict=True)
        if not case.special
    )


def same_wrong_parts(mine: Result, slip: Result, right: Result) -> bool:
    """Whether an answer in parts has each part that is wrong in `slip`, whatever its others are."""
    if same(slip, right):
        return True
    sequences = all(result.kind == "sequence" for result in (mine, slip, right))
    if sequences and len(mine.items) == len(slip.items) == len(right.items):
        return all(map(same_wrong_parts, mine.items, slip.items, right.items))
    return same(mine, slip)


def _holds_something(result: Result) -> bool:
    if result.values is not None:
        return bool(np.isfinite(result.values).any())
    return result.kind != "error" and (not result.items or any(map(_holds_something, result.items)))


def never_varies(mine: Record, right: Record) -> bool:
    """Whether the same numbers come out of each case, though they should not."""
    first = mine[0]
    return (
        first.values is not None
        and first.values.size > 0
        and np.isfinite(first.values).all()
        and all(same(result, first) for result in mine)
        and not all(same(result, right[0]) for result in right)
    )


def _close(mine: Result, expected: Result) -> bool:
    if mine.values is None or expected.values is None:
        return mine.values is expected.values
    return bool(_close_places(mine.values, expected.values, _tolerance(mine, expected)).all())


@np.errstate(over="ignore", invalid="ignore")
def _close_places(mine: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    absolute = tolerance * _scale(expected)
    return np.isclose(mine, expected, rtol=tolerance, atol=absolute, equal_nan=True)


def _tolerance(mine: Result, expected: Result) -> float:
    if expected.dtype.startswith(EXACT):
        return 0.0
    return max(TOLERANCE.get(result.dtype, 1e-8) for result in (mine, expected))


def _scale(values: np.ndarray) -> float:
    """The largest finite magnitude in `values`; 1 where there is none but zero."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0


@np.errstate(all="ignore")
def how_it_differs(mine: Result, expected: Result) -> str:
    """A clause about wrong numbers of the right shape: "is too large by 0.5"."""
    m, e = np.atleast_1d(mine.values), np.atleast_1d(expected.values)
    tolerance = _tolerance(mine, expected)
    close = _close_places(m, e, tolerance)
    not_finite = ~close & ~np.isfinite(m)
    if not_finite.any():
        return _not_finite(m, not_finite)
    pattern = _pattern(m, e) if tolerance and np.isfinite(e).all() else None
    return pattern or _one_example(m, e, close)


@np.errstate(all="ignore")
def how_it_differs_throughout(
    mine: Record, right: Record, cases: Sequence[Case], found: int
) -> str:
    """The clause about case `found`; a sign, a factor or an amount only if others bear it out."""
    clause = how_it_differs(mine[found], right[found])
    kind = _kind_of_slip(clause)
    if kind is None:
        return clause
    others = {
        how_it_differs(m, r)
        for m, r, case in zip(mine, right, cases, strict=True)
        if not same(m, r) and (kind == "size" or not case.special) and _comparable(m, r)
    }
    if any(_kind_of_slip(other) != kind for other in others):
        m, e = np.atleast_1d(mine[found].values), np.atleast_1d(right[found].values)
        return _one_example(m, e, _close_places(m, e, _tolerance(mine[found], right[found])))
    if others <= {clause} or kind == "size":
        return clause
    return f"{clause}, and in other cases by another {kind}"


def _comparable(m: Result, r: Result) -> bool:
    return m.shape == r.shape and m.values is not None and r.values is not None


def _kind_of_slip(clause: str) -> str | None:
    """What a clause is about: a sign, a factor, an amount, a size that is nearly right; or None."""
    if clause == OPPOSITE:
        return "sign"
    if clause.endswith("times what it should be"):
        return "factor"
    if clause.startswith("is nearly right"):
        return "size"
    return "amount" if clause.startswith(("is too large by", "is too small by")) else None


@np.errstate(all="ignore")
def how_all_differ(mine: Record, right: Record, cases: Sequence[Case]) -> str | None:
    """A clause about single numbers that are wrong in one way in all general cases; else None."""
    general = [(m, r) for m, r, case in zip(mine, right, cases, strict=True) if not case.special]
    if len(general) < 2 or any(m.shape != () or r.shape != () or same(m, r) for m, r in general):
        return None
    m, r = np.array([[m.values, r.values] for m, r in general]).T
    if not (np.isfinite(m).all() and np.isfinite(r).all() and m.any()) or _equal(m, r, NEARLY):
        return None
    return _common_slip(m, r)


def _not_finite(m: np.ndarray, places: np.ndarray) -> str:
    what = "NaN (not a number)" if np.isnan(m[places]).any() else "infinity"
    where = f"holds {what} in {places.sum()} of {m.size} places" if m.size > 1 else f"is {what}"
    return (
        f"{where}; look for a division by zero, a root or a log of a number that is zero or "
        "negative, or an exponential that overflows"
    )


def _pattern(m: np.ndarray, e: np.ndarray) -> str | None:
    """A clause about all of these numbers at once, None if nothing is seen."""
    if _equal(m, e, NEARLY):
        off = np.abs(m - e).max() / _scale(e)
        return (
            f"is nearly right, but off by {off:.0e} of its size; look for a step in lower "
            "precision, or for a small number that is added or left out"
        )
    if m.size > 1 and not np.ptp(m):
        return f"is {m.flat[0]:.4g} in every place, which it should not be"
    if m.size > 1 and _equal(np.sort(m, axis=None), np.sort(e, axis=None)):
        return "holds the right numbers in the wrong places"
    return _common_slip(m, e)


def _common_slip(m: np.ndarray, e: np.ndarray) -> str | None:
    """A clause about the sign, the factor or the amount that leads from `e` to `m`, or None."""
    if _equal(m, -e):
        return OPPOSITE
    if m.size == 1:
        return None
    factor = np.vdot(e, m) / np.vdot(e, e)
    if _equal(m, factor * e):
        return f"is {factor:.4g} times what it should be"
    shift = np.mean(m - e)
    if _equal(m, e + shift):
        return f"is too {'large' if shift.real > 0 else 'small'} by {abs(shift):.4g}"
    return None


def _equal(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> bool:
    return bool(_close_places(a, b, tolerance).all())


def _one_example(m: np.ndarray, e: np.ndarray, close: np.ndarray) -> str:
    first = tuple(np.argwhere(~close)[0])
    is_, should_be = _told_apart(m[first], e[first])
    if m.size == 1:
        return f"is {is_}, but should be {should_be}"
    wrong = (~close).sum()
    count = "every place" if wrong == m.size else f"{wrong} of {m.size} places"
    count = _one_row(~close) or count
    place = f"[{', '.join(map(str, first))}]"
    return f"is wrong in {count}: at {place} it is {is_}, but should be {should_be}"


def _one_row(wrong: np.ndarray) -> str:
    """Words for wrong places that are one whole row or column; "" where they are not."""
    for axis in range(wrong.ndim if wrong.ndim > 1 else 0):
        at = np.unique(np.argwhere(wrong)[:, axis])
        if wrong.shape[axis] > 1 and len(at) == 1 and wrong.take(at[0], axis=axis).all():
            place = [":"] * wrong.ndim
            place[axis] = str(at[0])
            end = {0: ", the first", wrong.shape[axis] - 1: ", the last"}.get(at[0], "")
            return f"[{', '.join(place)}]{end}, and nowhere else"
    return ""


def _told_apart(a: float, b: float) -> tuple[str, str]:
    """Both numbers, with as many digits as tell them apart, four at least."""
    whole = not np.iscomplexobj([a, b]) and np.equal(np.mod([a, b], 1), 0).all()
    if whole and max(abs(a), abs(b)) < 1e15:
        return f"{a:.0f}", f"{b:.0f}"
    for digits in range(4, 18):
        texts = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts
