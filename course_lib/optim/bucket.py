"""Parameters that are alike, laid end to end, so that a rule is called once for all of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply

State = Mapping[Tensor, dict[str, Any]]  # of an optimizer: what it knows of each parameter
CHUNK = 2**16  # elements at a time on a CPU: a rule's intermediate results then stay in its cache


class Bucket:
    """Some parameters of one dtype and device that have taken equally many steps, and their slots.

    Each slot is one flat tensor for all the parameters; the state of a parameter holds views of it,
    so that it can be read and saved as if the parameter were alone. Slots that the state holds
    already are taken over, and moved to where the parameters are.
    """

    def __init__(self, params: Sequence[Tensor], state: State, slots: Sequence[str]):
        self.params = list(params)
        self._kind = params[0].dtype, params[0].device
        self._states = [state[p] for p in params]
        self.slots = tuple(
            torch.cat([_slot(name, p, of_p) for p, of_p in zip(params, self._states, strict=True)])
            for name in slots
        )
        self.views = list(zip(*map(self._like_params, self.slots), strict=True)) or [()] * len(
            params
        )
        for of_p, views in zip(self._states, self.views, strict=True):
            of_p.update(zip(slots, views, strict=True))
        self._names = tuple(slots)
        self._alone = len(params) == 1 and params[0].is_contiguous()
        if not self._alone:
            places = sum(p.numel() for p in params)
            self._flat = params[0].new_empty(places), params[0].new_empty(places)
            self._parts = [self._like_params(flat) for flat in self._flat]

    @property
    def step(self) -> int:
        """How many steps its parameters have taken."""
        return self._states[0].get("step", 0)

    @step.setter
    def step(self, value: int) -> None:
        for of_p in self._states:
            of_p["step"] = value

    def holds(self, state: State) -> bool:
        """Return whether its parameters are where they were, and its views in their states."""
        return all(
            (p.dtype, p.device) == self._kind
            and state[p] is of_p
            and (not self._alone or p.is_contiguous())
            and all(of_p[name] is view for name, view in zip(self._names, views, strict=True))
            for p, of_p, views in zip(self.params, self._states, self.views, strict=True)
        )

    def gather(self) -> tuple[Tensor, Tensor]:
        """Return parameters and gradients, each `(elements,)`.

        A parameter that is alone and lies in one piece is itself; others are copied.
        """
        if self._alone:
            return self.params[0].detach().view(-1), self.params[0].grad.reshape(-1)
        torch._foreach_copy_(self._parts[0], self.params)
        torch._foreach_copy_(self._parts[1], [p.grad for p in self.params])
        return self._flat

    def scatter(self) -> None:
        """Write the parameters back, if `gather` has copied them."""
        if not self._alone:
            torch._foreach_copy_(self.params, self._parts[0])

    def _like_params(self, flat: Tensor) -> list[Tensor]:
        parts = flat.split([p.numel() for p in self.params])
        return [part.view(p.shape) for part, p in zip(parts, self.params, strict=True)]


def advance(
    rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], *, apply=apply, **hyper: Any
) -> None:
    """Apply a rule, and write what it returns over p and its slots.

    Raises ValueError for a result of another shape, and as `apply` does.
    """
    old = (p, *slots)
    new, kept = apply(rule, p, g, tuple(slots), **hyper)
    for place, value in zip(old, _apart((new, *kept), old), strict=True):
        if value.shape != place.shape:
            raise ValueError(f"a result has shape {tuple(value.shape)}, not {tuple(place.shape)}")
        place.copy_(value)


def advance_in_chunks(
    rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], **hyper: Any
) -> None:
    """Do what `advance` does, piece by piece: for an elementwise rule and tensors `(elements,)`.

    On a GPU the whole is one piece: there a call costs more than the cache saves.
    """
    if p.device.type != "cpu" or len(p) <= CHUNK:
        advance(rule, p, g, slots, **hyper)
        return
    for first in range(0, len(p), CHUNK):
        here = slice(first, first + CHUNK)
        advance(rule, p[here], g[here], [slot[here] for slot in slots], **hyper)


def _apart(new: Sequence[Tensor], old: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return the new values; one that lies in the memory of an old one is copied first.

    A rule may hand its slots on: `return p - lr * g, g, last`. Written one after the other, `last`
    would be read after it has been overwritten.
    """
    if torch.compiler.is_compiling():  # such rules are not compiled together with the writing
        return new
    places = {value.untyped_storage().data_ptr() for value in old}
    return [
        value.clone() if value.untyped_storage().data_ptr() in places else value for value in new
    ]


def _slot(name: str, p: Tensor, of_p: dict[str, Any]) -> Tensor:
    kept = of_p.get(name)
    return torch.zeros_like(p).flatten() if kept is None else kept.to(p).flatten()
