"""The fast path: a rule and the writing of its results as one loop over memory."""

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.passes.split_module import split_module

from course_lib.optim.bucket import CHUNK, advance
from course_lib.optim.signature import Rule, apply

# Left to itself, torch 2.13 gives a loop as many threads as suit the tensor for which it was first
# compiled, perhaps on another day: compiled code is cached.
ONE_THREAD = {"cpp.threads": 1}
ALL_THREADS = {"cpp.dynamic_threads": True}  # as many as there are when the loop runs


def compile_often(f: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Return `f` under `torch.compile(f, **options)`, with room for 256 graphs.

    By default torch stops compiling a function anew after 8 graphs. `torch.compile` itself takes
    another limit only from torch 2.13 on.
    """
    return torch._dynamo.config.patch(recompile_limit=256)(torch.compile(f, **options))


def compile_advance(apart: bool) -> Callable[..., None]:
    """Return `advance` under `torch.compile`, with one graph for all settings and small tensors,
    and one for all settings and large ones.

    apart: compile the rule alone and write its results back afterwards. Otherwise both are one
    loop, which is fastest, but wrong for a rule that hands on what it was given: torch 2.13 then
    writes a slot before it has read it.
    """
    options = {"dynamic": True, "backend": numbers_first}
    if apart:
        graph = functools.partial(advance, apply=compile_often(apply, **options))
    else:
        graph = compile_often(advance, **options)

    def run(rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], **hyper: Any) -> None:
        hyper = {name: _as_tensor(name, value, p.device) for name, value in hyper.items()}
        graph(rule, p, g, tuple(slots), **hyper)

    return run


def numbers_first(graph: fx.GraphModule, inputs: list[Any]) -> Callable[..., Any]:
    """Compile a graph as torch does, except for what is made of numbers alone, such as `1 − βᵗ`.

    That is worked out before the loop. Left to itself, torch 2.13 puts it into the loop and works
    it out anew every few elements, which takes several times as long as the rest of Adam. And a
    division by a number becomes a product with its reciprocal, which is faster.

    Small tensors get a graph with one thread, large ones a graph with all: torch remembers how the
    question of size was answered, and compiles anew for a tensor that answers otherwise.
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
        elif node.target is operator.truediv and node.args[1] in numbers:
            numbers.add(_multiply_instead(node))
    parts = split_module(graph, graph, lambda node: "numbers" if node in numbers else "places")
    for name, part in list(parts.named_children()):
        setattr(parts, name, _Compiled(part))
    return parts


def _multiply_instead(division: fx.Node) -> fx.Node:
    """Turn `x / c` into `x * (1 / c)`; return the node of 1 / c."""
    x, c = division.args
    with division.graph.inserting_before(division):
        reciprocal = division.graph.call_function(operator.truediv, (1.0, c))
    reciprocal.meta["example_value"] = 1.0 / c.meta["example_value"]
    division.target, division.args = operator.mul, (x, reciprocal)
    return reciprocal


class _Compiled(torch.nn.Module):
    """A part of a graph, compiled."""

    def __init__(self, part: fx.GraphModule):
        super().__init__()
        takes = [n.meta["example_value"] for n in part.graph.nodes if n.op == "placeholder"]
        large = any(value.numel() >= CHUNK for value in takes if torch.is_tensor(value))
        compile_part = torch._dynamo.lookup_backend("inductor")
        options = ALL_THREADS if large else ONE_THREAD
        with _traced_as(takes):
            self.forward = compile_part(part, takes, config_patches=options)


@contextmanager
def _traced_as(examples: Sequence[Any]) -> Iterator[None]:
    """Let torch compile for `examples`, which it made up while it traced the whole graph.

    torch 2.10 has by then begun anew to make up tensors, and does not take those of before.
    """
    context = torch._guards.TracingContext.get()
    before = context.fake_mode
    context.fake_mode = next(value.fake_mode for value in examples if torch.is_tensor(value))
    try:
        yield
    finally:
        context.fake_mode = before


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
