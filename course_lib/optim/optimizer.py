"""One `torch.optim.Optimizer` that runs any rule: those of `course_lib.optim.rules`, or yours.

A step gathers rows `(p, *slots, g)` and gives them to a runner, which takes the step in place: see
`bucket`, and `one_graph` for the compiled one.
"""

import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_lib.optim import in_graph
from course_lib.optim.bucket import EndToEnd, Row, advance_in_pieces, run_as_written
from course_lib.optim.groups import Settings
from course_lib.optim.one_graph import compiled_runner
from course_lib.optim.probe import apart, is_elementwise
from course_lib.optim.settings import check_range, complete, settable
from course_lib.optim.signature import Rule, rule_name, slot_names

NUMBERS = {int, float, bool}


class RuleOptimizer(torch.optim.Optimizer):
    """Run `rule` on parameters, as a torch optimizer: groups, schedulers, closures, `state_dict`.

    params: as for every torch optimizer. hyper: the rule's hyper-parameters, lr among them; a group
    may have its own, and schedulers may change them. compiled: run the rule as one compiled loop.
    The first step then takes some seconds, and its graph serves all others, however lr and t
    change. A rule that asks what a tensor or a number is cannot be compiled: a warning says so, and
    it runs as it is written.

    A parameter without a gradient is left out of a step and its count of steps stays. `state[p]`
    holds `step` and the rule's slots, by their names in its signature. They have the dtype and the
    device of the parameter, and follow it when the model is moved. A parameter that stands in a
    group twice takes one step, where torch warns and takes two. `OneCycleLR` and `CyclicLR` cycle
    lr, and with it β₁, or the β of a rule with momentum: see `groups.Settings`. Inside a function
    that you compile, a step is a single operation, without a graph break: see `in_graph`.
    Raises ValueError for a hyper-parameter that the rule does not take, or that is out of range;
    for sparse gradients and complex parameters; and for a rule that returns the wrong results.

    >>> from course_lib.optim.rules import momentum
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = RuleOptimizer([w], momentum, lr=0.1)
    >>> w.square().sum().backward()
    >>> optimizer.step(); print(w.data, optimizer.state[w])
    tensor([0.8000]) {'v': tensor([2.]), 'step': 1}
    """

    def __init__(
        self, params: Iterable[Any], rule: Rule, *, compiled: bool = False, **hyper: float | Tensor
    ):
        self.rule, self.compiled = rule, compiled
        self._params: list[Tensor] = []  # of all groups
        defaults = Settings(complete(rule, hyper))
        self._prepare(defaults)
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with hyper-parameters of their own where the group names any.

        Raises ValueError for a hyper-parameter out of range and for a complex parameter.
        """
        group = Settings({name: self.defaults[name] for name in settable(self.rule)})
        for name, value in param_group.items():
            group[name] = value
        for name in settable(self.rule):
            check_range(name, group[name])
        super().add_param_group(group)
        params = self.param_groups[-1]["params"]
        params[:] = dict.fromkeys(params)  # each once
        self._params += params
        if any(p.is_complex() for p in params):
            raise ValueError("a parameter is complex; rules are written for real numbers")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the gradients as they are; return what `closure` gives, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._step_along_gradients()
        return loss

    @torch.no_grad()
    def _step_along_gradients(self) -> None:
        if torch.compiler.is_compiling():
            self._step_in_graph()
        else:
            self._step({})

    def step_elsewhere(
        self, which: list[int], params: list[Tensor], gradients: list[Tensor]
    ) -> None:
        """Take one step with the parameters at `which` alone; `params` stand in for them."""
        pairs = zip(params, gradients, strict=True)
        self._step(dict(zip([self._params[i] for i in which], pairs, strict=True)))

    def _step_in_graph(self) -> None:
        which = [i for i, p in enumerate(self._params) if p.grad is not None]
        params = [self._params[i] for i in which]
        if which:
            in_graph.step(params, [p.grad for p in params], which, self._number)

    def _step(self, elsewhere: dict[Tensor, tuple[Tensor, Tensor]]) -> None:
        """Take one step. elsewhere: if it is not empty, what to write into, and the gradient."""
        for group in self.param_groups:
            self._run_rows(group, self._rows(group["params"], elsewhere))

    def _run_rows(self, group: Settings, rows: dict[int, list[Row]]) -> None:
        """Run the rule on rows, which stand by the number of their step, as a group has it set."""
        run, hyper = self._run, {name: group.own(name) for name in self._settable}
        if not NUMBERS.issuperset(map(type, hyper.values())):
            hyper = {name: _number(value) for name, value in hyper.items()}
            if not NUMBERS.issuperset(map(type, hyper.values())):
                run = self._as_written
        for t, few in rows.items():
            run(few, {"t": t, **hyper})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned.

        Raises ValueError for the state of another rule, or of one of torch's own optimizers.
        """
        name, slots = rule_name(self.rule), slot_names(self.rule)
        for group in state_dict["param_groups"]:
            _expect("a group", [own for own in self._settable if own not in group], name)
        for of_p in state_dict["state"].values():
            _expect("a parameter", [own for own in ("step", *slots) if own not in of_p], name)
        super().load_state_dict(state_dict)

    def _rows(self, params: list[Tensor], elsewhere: Any) -> dict[int, list[Row]]:
        """Return rows for what has a gradient, by the number of the step."""
        rows: dict[int, list[Row]] = {}
        names, state = self._slots, self.state
        for p in params:
            place, g = elsewhere.get(p, (p, None)) if elsewhere else (p, p.grad)
            if g is None:
                continue
            if g.is_sparse:
                raise ValueError("a gradient is sparse; rules are written for dense tensors")
            of_p = state[p]
            if not of_p:
                of_p.update({name: torch.zeros_like(p) for name in names}, step=0)
            of_p["step"] = t = of_p["step"] + 1
            row = (place, *[of_p[name] for name in names], g)
            if t in rows:
                rows[t].append(row)
            else:
                rows[t] = [row]
        return rows

    def _prepare(self, hyper: dict[str, Any]) -> None:
        """Choose how the rule is run. This is not part of the state: it is found out anew."""
        self._settable, self._slots = tuple(hyper), slot_names(self.rule)
        self._number = in_graph.register(self)
        rule = apart(self.rule, **hyper)
        self._run = self._as_written = partial(run_as_written, rule)
        if is_elementwise(self.rule, **hyper):
            self._run = EndToEnd(partial(advance_in_pieces, rule))
        if self.compiled:
            tried = {name: _number(value) for name, value in hyper.items()}
            try:
                self._run = compiled_runner(rule, self._run, **tried)
            except Exception as reason:  # of whatever kind: it is the rule's
                said = f"{rule_name(rule)} cannot be compiled and runs as it is written. "
                warnings.warn(said + f"Tried on tensors (4, 6): {reason}"[:250], stacklevel=3)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"rule": self.rule, "compiled": self.compiled}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.param_groups = [Settings(group) for group in self.param_groups]
        self._params = [p for group in self.param_groups for p in group["params"]]
        if "rule" in state:  # a copy or a pickle; `load_state_dict` comes by here too
            self._prepare({name: self.defaults[name] for name in settable(self.rule)})


def _number(value: Any) -> Any:
    """Return a tensor without axes as a number. One with axes goes with a parameter as it is."""
    if isinstance(value, Tensor):
        return value.item() if value.ndim == 0 else value
    return float(value) if isinstance(value, float) else value  # a numpy.float64 is one


def _expect(where: str, missing: list[str], name: str) -> None:
    if missing:
        raise ValueError(
            f"{where} of the state lacks {', '.join(missing)}: it was not saved by a RuleOptimizer "
            f"that runs {name}. torch's optimizers have other names; load the model's state only."
        )
