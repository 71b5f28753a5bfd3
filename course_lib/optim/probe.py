"""What a rule is like, found out by reading it once.

An elementwise rule may be given parameters laid end to end, or cut into pieces, and nothing
changes. A rule that looks at a whole tensor, at its norm or its rows, must be given each
tensor as it is. A rule that hands on what it was given needs care when results are written back.
And what a rule does with numbers alone need not be done for each element.

A rule is read by calling it with stand-ins that write down what is done with them. They have no
values, so that what is read holds for all gradients, settings and steps. A rule that asks for a
value, as in `if t == 1` or `float(g.norm())`, cannot be read, and nothing is taken for granted.
What a rule takes from outside its arguments counts as it is when it is read.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx

from course_lib.optim.signature import Rule, apply, as_tuple, hyper_names, rule_name, slot_names

ARITHMETIC = {
    *("add", "sub", "mul", "truediv", "pow", "neg", "pos"),
    *("lt", "le", "gt", "ge", "eq", "ne"),
}
PLACE_BY_PLACE = {
    *("abs", "sign", "sqrt", "rsqrt", "square", "reciprocal", "exp", "expm1", "log", "log1p"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "erf", "sigmoid", "relu", "softplus"),
    *("add", "sub", "mul", "div", "true_divide", "pow", "neg", "lerp", "addcmul", "addcdiv"),
    *("maximum", "minimum", "clamp", "clip", "clamp_min", "clamp_max"),
    *("where", "hypot", "copysign"),
    *("add_", "sub_", "mul_", "div_", "pow_", "neg_", "lerp_", "addcmul_", "addcdiv_", "sqrt_"),
    *("lt", "le", "gt", "ge", "eq", "ne", "logical_and", "logical_or", "logical_not"),
    *("zeros_like", "ones_like", "full_like", "clone", "detach", "float", "double", "to"),
}


def is_elementwise(rule: Rule, **hyper: Any) -> bool:
    """Return whether a rule is surely elementwise, whatever its settings and its tensors.

    All that it does with tensors must be known to be so. hyper: settings to try what was read with.
    A rule that cannot be read, or that draws random numbers, is not taken for elementwise.

    >>> from course_lib.optim.rules import gd
    >>> is_elementwise(gd, lr=0.1)
    True
    >>> is_elementwise(lambda p, g, *, lr: p - lr * g / g.norm(), lr=0.1)
    False
    """
    graph = read(rule, **hyper)
    if graph is None:
        return False
    return all(map(_is_known, set(graph.graph.nodes) - _of_numbers(rule, graph)))


def hands_on(rule: Rule, **hyper: Any) -> bool:
    """Return whether a result may lie in the memory of an input: `return p - lr * g, g, last`.

    It may where the rule cannot be read, since it may do so at another step.

    >>> hands_on(lambda p, g, last, before, *, lr: (p - lr * before, g, last), lr=0.1)
    True
    """
    if read(rule, **hyper) is None:
        return True
    p, g, *slots = some(rule)
    new, kept = apply(rule, p, g, tuple(slots), t=3, **hyper)
    places = {value.untyped_storage().data_ptr() for value in (p, g, *slots)}
    return any(value.untyped_storage().data_ptr() in places for value in (new, *kept))


def apart(rule: Rule, **hyper: Any) -> Rule:
    """Return the rule; if it may hand on what it was given, with results in memory of their own.

    Written back one after the other, `last` would be read after it has been overwritten.
    """
    if not hands_on(rule, **hyper):
        return rule

    @functools.wraps(rule)
    def own(*tensors: Tensor, **hyper: Any) -> Any:
        new = as_tuple(rule(*tensors, **hyper))
        # Not a clone: torch's compiler sees through that and goes wrong.
        return tuple(x + 0 if isinstance(x, Tensor | fx.Proxy) else x for x in new)

    return own


def split(rule: Rule, **hyper: Any) -> tuple[Callable[..., list[float]], Callable[..., Any]]:
    """Return what a rule does with numbers alone, such as `1 − βᵗ`, and all the rest.

    `numbers(t=…, lr=…, …)` is Python on floats. `places(p, g, *slots, *numbers)` returns what the
    rule returns, and works out no number. Raises ValueError for a rule that cannot be read.

    >>> from course_lib.optim.rules import gd
    >>> numbers, places = split(gd, lr=0.5)
    >>> numbers(lr=0.25)
    [0.25]
    """
    graph = read(rule, **hyper)
    if graph is None:
        raise ValueError(f"{rule_name(rule)} asks what a tensor or a number is")
    numbers, places = fx.Graph(), fx.Graph()
    of_numbers, there, here, handed = _of_numbers(rule, graph), {}, {}, []
    for node in graph.graph.nodes:
        if node in of_numbers:
            there[node] = numbers.node_copy(node, there.__getitem__)
            continue
        for number in node.all_input_nodes:
            if number in of_numbers and number not in here:
                handed.append(there[number])
                here[number] = places.placeholder(number.name)
        here[node] = places.node_copy(node, here.__getitem__)
    numbers.output(handed)
    return fx.GraphModule(graph, numbers).forward, fx.GraphModule(graph, places).forward


def read(rule: Rule, **hyper: Any) -> fx.GraphModule | None:
    """Return what a rule does, as a graph of its tensors and hyper-parameters, or None.

    The graph must give what the rule gives with `hyper` at one step; otherwise something in the
    rule noticed that it was being read, and None is returned too.
    """
    tensors, names = ("p", "g", *slot_names(rule)), hyper_names(rule)
    words = ", ".join((*tensors, *(f"{name}={name}" for name in names)))
    plain = eval(f"lambda {', '.join((*tensors, *names))}: rule({words})", {"rule": rule})
    try:
        graph = fx.symbolic_trace(plain)
        settings = {"t": 3, **hyper}
        p, g, *slots = some(rule)
        expected = apply(rule, p.clone(), g.clone(), tuple(s.clone() for s in slots), **settings)
        found = apply(
            lambda p, g, *slots: graph(p, g, *slots, *(settings[name] for name in names)),
            *(p, g, tuple(slots)),
            t=3,
        )
    except Exception:  # of whatever kind: it is the rule's, and it comes again where it is run
        return None
    pairs = zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True)
    return graph if all(torch.equal(*(x.nan_to_num() for x in pair)) for pair in pairs) else None


def _of_numbers(rule: Rule, graph: fx.GraphModule) -> set[fx.Node]:
    """Return what a rule does with numbers alone."""
    numbers: set[fx.Node] = set()
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            is_number = node.target in hyper_names(rule)
        else:
            needs = node.all_input_nodes
            is_number = bool(needs) and node.op != "output" and numbers.issuperset(needs)
        if is_number:
            numbers.add(node)
    return numbers


def _is_known(node: fx.Node) -> bool:
    """Return whether what a node of a graph does is known to be elementwise."""
    if node.op in ("placeholder", "output"):
        return True
    if node.op == "call_method":
        return node.target in PLACE_BY_PLACE and "dim" not in node.kwargs
    if node.op != "call_function" or "out" in node.kwargs:
        return False  # a tensor from outside the rule, for one, has a shape of its own
    if node.target in [getattr(operator, name) for name in ARITHMETIC]:
        return True
    homes = (torch, torch.nn.functional)
    return any(
        getattr(home, name, None) is node.target for home in homes for name in PLACE_BY_PLACE
    )


def some(rule: Rule) -> list[Tensor]:
    """Return a parameter, a gradient and slots `(4, 6)`: small and large rows, slots above 0."""
    source = torch.Generator().manual_seed(0)
    size = torch.logspace(-3, 3, 4, dtype=torch.float64)[:, None]
    p, g, *slots = (
        torch.randn(4, 6, generator=source, dtype=torch.float64) * size
        for _ in range(2 + len(slot_names(rule)))
    )
    return [p, g, *(slot.abs() for slot in slots)]
