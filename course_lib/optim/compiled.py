"""The fast path: a rule and the writing of its results as one loop over memory."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.passes.split_module import split_module

from course_lib.optim.bucket import advance
from course_lib.optim.signature import Rule, apply


def compile_advance(apart: bool) -> Callable[..., None]:
    """Return `advance` under `torch.compile`, with one graph for all sizes and all settings.

    apart: compile the rule alone and write its results back afterwards. Otherwise both are one
    loop, which is fastest, but wrong for a rule that hands on what it was given: torch 2.13 then
    writes a slot before it has read it.
    """
    options = {"dynamic": True, "backend": numbers_first}
    if apart:
        graph = functools.partial(advance, apply=torch.compile(apply, **options))
    else:
        graph = torch.compile(advance, **options)

    def run(rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], **hyper: Any) -> None:
        hyper = {name: _as_tensor(name, value, p.device) for name, value in hyper.items()}
        graph(rule, p, g, tuple(slots), **hyper)

    return run


def numbers_first(graph: fx.GraphModule, inputs: list[Any]) -> Callable[..., Any]:
    """Compile a graph as torch does, but for what is made of numbers alone, such as `1 − βᵗ`.

    That is worked out before the loop. Left to itself, torch 2.13 puts it into the loop and works
    it out anew every few places, which takes several times as long as the rest of Adam.
    """
    numbers: set[fx.Node] = set()
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            value = node.meta["example_value"]
            is_number = torch.is_tensor(value) and value.ndim == 0
        else:
            needs = node.all_input_nodes
            is_number = bool(needs) and node.op != "output" and numbers.issuperset(needs)
        if is_number:
            numbers.add(node)
    parts = split_module(graph, graph, lambda node: "numbers" if node in numbers else "places")
    if not hasattr(parts, "submod_places"):
        return parts
    places = parts.submod_places
    takes = [n.meta["example_value"] for n in places.graph.nodes if n.op == "placeholder"]
    parts.submod_places = _Loop(torch._dynamo.lookup_backend("inductor")(places, takes))
    return parts


class _Loop(torch.nn.Module):
    """A compiled function in the place of the part of a graph that it was made of."""

    def __init__(self, run: Callable[..., Any]):
        super().__init__()
        self.forward = run


@functools.lru_cache(maxsize=64)
def _as_tensor(name: str, value: Any, device: torch.device) -> Any:
    """Return a number as a tensor without axes: a number in a graph makes a new graph each time.

    In float64: in float32, 1 − βᵗ is off by 1e-5 at the first steps. Each name has a tensor of its
    own, also where values are equal: one tensor in two places would be another graph.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    precise = torch.float32 if device.type == "mps" else torch.float64
    return torch.tensor(value, dtype=precise, device=device)
