"""A device that is a CPU and refuses to be mixed with the CPU, as a GPU does.

`enter()` makes `torch.device("cuda")` such a device: its tensors compute on the CPU, but know that
they are elsewhere, and an operation that takes tensors from both sides raises RuntimeError. What
PyTorch allows with a real one stays allowed: numbers without dimensions from the CPU, indices from
the CPU, copies from one to the other.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

THERE, HERE = torch.device("cuda"), torch.device("cpu")
COPIES = ("copy_", "_to_copy", "set_", "set_data")
INDEXES = ("index", "index_put", "index_put_", "_index_put_impl_")  # take indices from the CPU
_there: dict[int, StorageWeakRef] = {}  # storages on the device, by their address
_away = threading.local()  # whether this call makes its results on the device


def is_there(tensor: torch.Tensor) -> bool:
    """Whether the numbers of a tensor are on the device."""
    storage = tensor.untyped_storage()
    known = _there.get(storage._cdata)
    return known is not None and not known.expired()


def put(tensor: torch.Tensor, there: bool) -> None:
    storage = tensor.untyped_storage()
    if there:
        _there[storage._cdata] = StorageWeakRef(storage)
    else:
        _there.pop(storage._cdata, None)


class Refuses(TorchDispatchMode):
    """Sees every operation on numbers; its results are where its tensors are."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        name = func.overloadpacket.__name__
        sides = {is_there(t) for t in tensors if t.dim() or is_there(t)}
        free = name in COPIES or (name in INDEXES and is_there(tensors[0]))
        if len(sides) == 2 and not free:
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but {name} got tensors on both "
                "cuda and cpu."
            )
        forced = getattr(_away, "to", None)
        there = forced if forced is not None else any(map(is_there, tensors))
        if name in COPIES + INDEXES and tensors and forced is None:
            there = is_there(tensors[0])
        results = func(*args, **(kwargs or {}))
        before = {t.untyped_storage()._cdata for t in tensors}
        for leaf in tree_leaves(results):
            if isinstance(leaf, torch.Tensor) and leaf.untyped_storage()._cdata not in before:
                put(leaf, there)
        return results


class Device(TorchFunctionMode):
    """Sees every call of torch with the device that it names."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        owner = args[0] if args else None
        if name == "__get__" and isinstance(owner, torch.Tensor):
            attribute = getattr(getattr(func, "__self__", None), "__name__", "")
            if attribute == "device":
                return THERE if is_there(owner) else HERE
            if attribute == "is_cuda":
                return is_there(owner)
        if name == "numpy" and is_there(owner):
            raise TypeError("can't convert cuda tensor to numpy. Use Tensor.cpu() first.")
        if name == "__array__" and is_there(owner):
            raise TypeError("can't convert cuda tensor to numpy. Use Tensor.cpu() first.")
        named = [leaf for leaf in tree_leaves((args, kwargs)) if _names(leaf)]
        if name in ("cpu", "cuda"):
            named, func, args = [HERE if name == "cpu" else THERE], torch.Tensor.clone, args[:1]
        if not named or func is torch.device or name == "_parse_to":
            return func(*args, **kwargs)
        there = torch.device(named[0]).type == "cuda"
        generator = kwargs.get("generator")
        if generator is not None and there:
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        args = tuple(HERE if _names(arg) else arg for arg in args)
        kwargs = {key: HERE if _names(value) else value for key, value in kwargs.items()}
        before, _away.to = getattr(_away, "to", None), there
        try:
            if name == "to" and is_there(owner) != there:
                kwargs["copy"] = True
            results = func(*args, **kwargs)
        finally:
            _away.to = before
        for leaf in tree_leaves(results):
            if isinstance(leaf, torch.Tensor):
                put(leaf, there)
        return results


def _names(value: Any) -> bool:
    """Whether an argument names a device."""
    return isinstance(value, torch.device) or (isinstance(value, str) and value in ("cpu", "cuda"))


def enter() -> None:
    """Make the device, for the rest of this process."""
    torch.cuda.is_available = lambda: True
    stack = contextlib.ExitStack()
    stack.enter_context(Refuses())
    stack.enter_context(Device())
    enter.stack = stack
