"""Parameters that are alike, laid end to end, so that a rule is called once for all of them."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.signature import Rule, apply

State = dict[str, Any]
CHUNK = 2**16  # places at a time on a CPU: what a rule makes in between then stays in its cache


class Bucket:
    """Some parameters of one dtype and device, and their slots.

    Each slot is one flat tensor for all the parameters; the states hold views of it, so that what
    is known of a parameter can be read and saved as if it were alone. Slots that the states hold
    already are taken over, and moved to where the parameters are.
    """

    def __init__(self, params: Sequence[Tensor], states: Sequence[State], slots: Sequence[str]):
        self.params = list(params)
        self.kind = params[0].dtype, params[0].device
        self.slots = tuple(
            torch.cat([_slot(name, p, s) for p, s in zip(params, states, strict=True)])
            for name in slots
        )
        self.views = [{} for _ in params]
        for name, flat in zip(slots, self.slots, strict=True):
            for view, state, part in zip(self.views, states, self._like_params(flat), strict=True):
                view[name] = state[name] = part
        self._scratch = None

    def holds(self, params: Sequence[Tensor], states: Sequence[State]) -> bool:
        """Return whether these are its parameters, where they were, and its views their states."""
        if (params[0].dtype, params[0].device) != self.kind or len(params) != len(self.params):
            return False
        return all(
            mine is p and all(state.get(name) is part for name, part in view.items())
            for mine, p, view, state in zip(self.params, params, self.views, states, strict=True)
        )

    def gather(self) -> tuple[Tensor, Tensor]:
        """Return parameters and gradients, each `(places,)`.

        A parameter that is alone and lies in one piece is itself; others are copied.
        """
        if len(self.params) == 1 and self.params[0].is_contiguous():
            (p,) = self.params
            return p.detach().view(-1), p.grad.reshape(-1)
        if self._scratch is None:
            places = sum(p.numel() for p in self.params)
            self._scratch = [self.params[0].new_empty(places) for _ in range(2)]
            self._parts = [self._like_params(flat) for flat in self._scratch]
        torch._foreach_copy_(self._parts[0], [p.detach() for p in self.params])
        torch._foreach_copy_(self._parts[1], [p.grad for p in self.params])
        return tuple(self._scratch)

    def scatter(self, p: Tensor) -> None:
        """Write back what `gather` has copied."""
        if self._scratch is not None and p is self._scratch[0]:
            torch._foreach_copy_([param.detach() for param in self.params], self._parts[0])

    def _like_params(self, flat: Tensor) -> list[Tensor]:
        parts = flat.split([p.numel() for p in self.params])
        return [part.view(p.shape) for part, p in zip(parts, self.params, strict=True)]


def advance(
    rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], *, apply=apply, **hyper: Any
) -> None:
    """Apply a rule, and put what it returns in the place of p and of its slots."""
    old = (p, *slots)
    new, kept = apply(rule, p, g, tuple(slots), **hyper)
    for place, value in zip(old, _apart((new, *kept), old), strict=True):
        if value.shape != place.shape:
            raise ValueError(f"a result has shape {tuple(value.shape)}, not {tuple(place.shape)}")
        place.copy_(value)


def advance_in_chunks(
    rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], **hyper: Any
) -> None:
    """Do the same piece by piece, for a rule that is elementwise and tensors `(places,)`.

    On a GPU a piece is the whole: there each call costs more than what a cache saves.
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


def _slot(name: str, p: Tensor, state: State) -> Tensor:
    kept = state.get(name)
    return torch.zeros_like(p).flatten() if kept is None else kept.to(p).flatten()
