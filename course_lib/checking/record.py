"""What comes out of a function, case by case, in a form that can be compared.

`record` runs a function on cases and returns plain data, whatever happens.
"""

from __future__ import annotations

import difflib
import dis
import inspect
import linecache
import math
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
)
from typing import Any

import numpy as np
import torch

from .guard import OutOfTime
from .model import Case
from .output import printable

LARGEST = 1_000_000  # elements; a tensor with more is recorded by its shape alone
LONGEST = 1_000  # items of a list or tuple; the rest is left out
DEEPEST = 5  # lists inside lists
GONE = "tensor whose memory is gone"


@dataclass(frozen=True)
class Result:
    """One value that came back, or the exception that came instead. Plain data, all of it.

    `kind` is tensor, array, number, text, sequence, nothing, ellipsis, function, generator,
    coroutine, error or other. `values` is a float64 (or complex128) copy on the CPU, None where
    there is none. `text` is a string that came back, the name of a generator or a function, or
    what an exception says, with a guess where a name is unknown. `raise NotImplementedError` in the
    function's own code is an ellipsis. Of an exception,
    `line` is the line of the function's own code that it left, and `takes` the function's
    parameters if the case does not fit them. `changed` is the position or name of an argument that
    the call changed in place.
    """

    kind: str
    type_name: str
    values: np.ndarray | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    device: str | None = None
    text: str | None = None
    items: tuple[Result, ...] = ()
    line: str | None = None
    takes: str | None = None
    changed: int | str | None = None


Record = tuple[Result, ...]
_ROUTINES = (FunctionType, BuiltinFunctionType, MethodType, MethodDescriptorType, type)


def record(fn: Callable[..., Any], cases: Sequence[Case]) -> Record:
    """Return one Result a case: what `call` makes of each."""
    return tuple(call(fn, case) for case in cases)


def call(fn: Callable[..., Any], case: Case) -> Result:
    """The Result of one call. `fn` gets copies of the arguments; what it raises is recorded."""
    args, kwargs = fresh(case.args), fresh(case.kwargs)
    try:
        result = describe(fn(*args, **kwargs))
        return replace(result, changed=_first_change(case, args, kwargs))
    except OutOfTime:
        raise
    except NotImplementedError as error:
        if _raises_itself(error, fn):
            return Result("ellipsis", type(error).__name__)
        return _describe_error(error, fn, case)
    except BaseException as error:
        return _describe_error(error, fn, case)


def as_function(answer: Any) -> Callable[..., Any]:
    """The function to call and to read.

    An answer that is a value (a number, a choice) is a function of nothing. An object with
    `__call__` is called through a plain function: asked for its attributes, it may answer anything.
    """
    if not callable(answer):
        return lambda: answer
    if issubclass(type(answer), _ROUTINES):
        return answer
    return eval("lambda *args, **kwargs: answer(*args, **kwargs)", {"answer": answer})


def unwrapped(fn: Callable[..., Any]) -> Any:
    """What is inside all wrappers of `fn`; `fn` itself where they go in a circle."""
    try:
        return inspect.unwrap(fn)
    except ValueError:
        return fn


def describe(value: Any, depth: int = 0) -> Result:
    """The Result of one value that came back."""
    name = type(value).__name__
    if isinstance(value, torch.Tensor):
        return _describe_tensor(value, name)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        values = value.astype(np.complex128 if value.dtype.kind == "c" else np.float64)
        return Result("array", name, np.asarray(values), value.shape, str(value.dtype), "cpu")
    if isinstance(value, bool | int | float | complex):
        return Result("number", name, _wide(value), (), name)
    if isinstance(value, str):
        return Result("text", name, text=str(value))
    if isinstance(value, tuple | list) and depth < DEEPEST:
        items = tuple(describe(item, depth + 1) for item in value[:LONGEST])
        return Result("sequence", name, items=items)
    named = inspect.isgenerator(value) or inspect.isroutine(value)
    return Result(_kind(value), name, text=getattr(value, "__name__", None) if named else None)


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if value is Ellipsis or value is NotImplemented:
        return "ellipsis"
    if inspect.isroutine(value):
        return "function"
    if inspect.isgenerator(value):
        return "generator"
    if inspect.iscoroutine(value):
        value.close()
        return "coroutine"
    return "other"


def _wide(value: complex) -> np.ndarray:
    try:
        return np.asarray(value, np.complex128 if isinstance(value, complex) else np.float64)
    except OverflowError:  # an int beyond 1e308
        return np.asarray(math.inf if value > 0 else -math.inf)


def _describe_tensor(value: torch.Tensor, name: str) -> Result:
    if value.is_quantized or value.layout != torch.strided:
        return Result("other", "quantised tensor" if value.is_quantized else "sparse tensor")
    if not _has_its_numbers(value):
        return Result("other", GONE)
    shape, dtype = tuple(value.shape), str(value.dtype).removeprefix("torch.")
    values = None
    if value.numel() <= LARGEST and value.device.type != "meta":
        wide = torch.complex128 if value.is_complex() else torch.float64
        plain = value.detach().to("cpu", wide).resolve_conj().resolve_neg()
        values = plain.numpy().copy()
    return Result("tensor", name, values, shape, dtype, value.device.type)


def _has_its_numbers(tensor: torch.Tensor) -> bool:
    """Whether the memory of a tensor holds all its elements; reading others ends the process."""
    if tensor.numel() == 0 or tensor.device.type == "meta":
        return True
    reach = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    last = tensor.storage_offset() + reach + 1
    return last * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _describe_error(error: BaseException, fn: Callable[..., Any], case: Case) -> Result:
    return Result(
        "error",
        type(error).__name__,
        text=_or_empty(_words, error),
        line=_or_empty(_line, error, fn),
        takes=_or_empty(_unfit_parameters, fn, case),
    )


def _or_empty(look: Callable[..., str], *at: Any) -> str:
    """`look(*at)`; "" when what is looked at refuses."""
    try:
        return printable(look(*at))
    except Exception:
        return ""


def _words(error: BaseException) -> str:
    """What the exception says; of an unknown name also the known one that is most like it.

    The file of a module in which a name was not found is left out: it is a path of this machine.
    """
    wrong = getattr(error, "name", None)
    if isinstance(error, ImportError):
        return str(error).removesuffix(f" ({error.path})")
    if not isinstance(error, NameError | AttributeError) or not wrong:
        return str(error)
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    is_name = isinstance(error, NameError)
    known = {*frame.f_locals, *frame.f_globals} if is_name else dir(error.obj)
    near = difflib.get_close_matches(wrong, known, n=1, cutoff=0.7)
    return f"{error} (did you mean `{near[0]}`?)" if near else str(error)


def _raises_itself(error: BaseException, fn: Callable[..., Any]) -> bool:
    """Whether `error` comes from a `raise` in the cell or file of `fn`, not from a library."""
    code = getattr(unwrapped(fn), "__code__", None)
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or not isinstance(code, CodeType):
        return False
    running = last.tb_frame.f_code
    raises = dis.opname[running.co_code[last.tb_lasti]] == "RAISE_VARARGS"
    return raises and running.co_filename == code.co_filename


def _line(error: BaseException, fn: Callable[..., Any]) -> str:
    """The last line of `fn`'s own cell or file that was running."""
    code = getattr(unwrapped(fn), "__code__", None)
    if not isinstance(code, CodeType):
        return ""
    own = [
        number
        for frame, number in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == code.co_filename
    ]
    return linecache.getline(code.co_filename, own[-1]).strip() if own else ""


def _unfit_parameters(fn: Callable[..., Any], case: Case) -> str:
    takes = inspect.signature(fn)
    try:
        takes.bind(*case.args, **case.kwargs)
    except TypeError:
        return str(takes)
    return ""


def fresh(value: Any) -> Any:
    """A copy of `value` that a call may spoil: tensors, arrays, generators, what lists hold."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple | list):
        return type(value)(fresh(item) for item in value)
    if isinstance(value, dict):
        return {key: fresh(item) for key, item in value.items()}
    return value


def _first_change(case: Case, args: tuple, kwargs: dict) -> int | str | None:
    for position, (before, after) in enumerate(zip(case.args, args, strict=True)):
        if not _same(before, after):
            return position
    for name, before in case.kwargs.items():
        if not _same(before, kwargs[name]):
            return name
    return None


def _same(before: Any, after: Any) -> bool:
    if type(before) is not type(after):
        return False
    if isinstance(before, torch.Tensor):
        return _same_tensor(before, after)
    if isinstance(before, np.ndarray):
        return before.dtype == after.dtype and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in before)
    return not isinstance(before, int | float | str) or before is after or before == after


def _same_tensor(before: torch.Tensor, after: torch.Tensor) -> bool:
    def form(tensor: torch.Tensor) -> tuple:
        has_gradient = tensor.is_leaf and tensor.grad is not None
        more = tensor.requires_grad, has_gradient, _has_its_numbers(tensor)
        return tensor.shape, tensor.dtype, tensor.device, *more

    if form(before) != form(after):
        return False
    both_nan = (before != before) & (after != after)
    return bool(((before == after) | both_nan).all())
