"""A device that is a CPU and refuses to be mixed with the CPU, as a GPU does.

`enter()` makes `torch.device("cuda")` such a device, for the rest of the process: its tensors
compute on the CPU, but are known to be elsewhere, and an operation that takes tensors from both
sides raises the error that a GPU would. What PyTorch allows with a real one stays allowed: numbers
without dimensions from the CPU, indices from the CPU, copies from one side to the other.
"""

import threading

import torch
from torch._C import _functorch as functorch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

THERE, HERE = torch.device("cuda"), torch.device("cpu")
NAMES = (THERE, HERE, torch.device("cuda:0"), "cuda", "cuda:0", "cpu")
COPIES = {"copy_", "_to_copy", "set_", "set_data"}
INDEXES = {"index", "index_put", "index_put_", "_index_put_impl_"}  # take indices from the CPU
JOINS = {"stack", "cat"}  # take no number from the other side
MANY = 10_000
READS = {"numpy", "__array__"}  # what a device's tensor has to be copied for first

_there = {}  # the storages on the device, by their address; weakly, since addresses return
_named = threading.local()  # the side that the call in hand names, if it does


def _storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    while functorch.is_functorch_wrapped_tensor(tensor):  # as vmap and grad hand them to a function
        tensor = functorch.get_unwrapped(tensor)
    return tensor.untyped_storage()


def is_there(tensor: torch.Tensor) -> bool:
    """Whether the numbers of a tensor are on the device."""
    known = _there.get(_storage(tensor)._cdata)
    return known is not None and not known.expired()


def put(tensor: torch.Tensor, there: bool) -> None:
    """Say on which side the numbers of a tensor are."""
    storage = _storage(tensor)
    if there:
        if len(_there) >= MANY:  # most of them have gone
            for address in [address for address, kept in _there.items() if kept.expired()]:
                del _there[address]
        _there[storage._cdata] = StorageWeakRef(storage)
    else:
        _there.pop(storage._cdata, None)


class Refuse(TorchDispatchMode):
    """Sees every operation on numbers. Its results are where its tensors are."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        tensors = [of for of in tree_leaves((args, kwargs)) if isinstance(of, torch.Tensor)]
        sides = [is_there(tensor) for tensor in tensors]
        there = any(sides)
        if there and not all(sides):
            there = self.side_of(func.overloadpacket.__name__, args, tensors)
        named = getattr(_named, "there", None)
        if (there or named) and (kwargs or {}).get("generator") is not None:
            raise RuntimeError("Expected a 'cuda' device type for generator but found 'cpu'")
        results = func(*args, **(kwargs or {}))
        before = {_storage(tensor)._cdata for tensor in tensors}
        for of in tree_leaves(results):
            if isinstance(of, torch.Tensor) and _storage(of)._cdata not in before:
                put(of, there if named is None else named)
        return results

    def side_of(self, name, args, tensors) -> bool:
        """Return where an operation on both sides leaves its results; raise if it may not be."""
        if name in COPIES:
            return is_there(tensors[0])
        free = tree_leaves(args[1]) if name in INDEXES and is_there(tensors[0]) else []
        for tensor in tensors:
            number = not tensor.dim() and name not in JOINS
            if not number and not is_there(tensor) and not any(tensor is of for of in free):
                raise RuntimeError(
                    "Expected all tensors to be on the same device, but found at least two "
                    f"devices, cuda and cpu! ({name})"
                )
        return True


class Name(TorchFunctionMode):
    """Sees every call of torch, and takes the device that it names for the other side's name."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        own = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if own is not None and name == "__get__":
            attribute = getattr(func.__self__, "__name__", "")
            if attribute in ("device", "is_cuda"):
                there = is_there(own)
                return there if attribute == "is_cuda" else (THERE if there else HERE)
        if own is not None and name in READS and is_there(own):
            raise TypeError(
                "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the "
                "tensor to host memory first."
            )
        if own is not None and name in ("cpu", "cuda"):
            func, args, name = torch.Tensor.to, (own, HERE if name == "cpu" else THERE), "to"
        like = args[1] if len(args) > 1 and name in ("to", "type_as") else None
        if own is not None and isinstance(like, torch.Tensor):
            side = THERE if is_there(like) else HERE
            func, args, name = torch.Tensor.to, (own, side, like.dtype), "to"
        if own is not None and name == "__deepcopy__":
            copied = func(*args, **kwargs)
            put(copied, is_there(own))
            return copied
        named = [of for of in (*args, *kwargs.values()) if _is_name(of)]
        if not named or func is torch.device or name == "_parse_to":
            return func(*args, **kwargs)
        there = torch.device(named[0]).type == "cuda"
        args = tuple(HERE if _is_name(of) else of for of in args)
        kwargs = {key: HERE if _is_name(of) else of for key, of in kwargs.items()}
        if own is not None and name == "to" and is_there(own) != there:
            kwargs["copy"] = True
        before, _named.there = getattr(_named, "there", None), there
        try:
            results = func(*args, **kwargs)
        finally:
            _named.there = before
        for of in tree_leaves(results):
            if isinstance(of, torch.Tensor):
                put(of, there)
        return results


def _is_name(value: object) -> bool:
    """Whether an argument names one of the two devices."""
    return isinstance(value, torch.device | str) and value in NAMES


def enter() -> None:
    """Make the device."""
    torch.cuda.is_available = lambda: True
    Refuse().__enter__()
    Name().__enter__()
