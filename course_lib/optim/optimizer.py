"""One `torch.optim.Optimizer` that runs any rule: those of `course_lib.optim.rules`, or yours.

An elementwise rule does not care where one tensor ends and the next begins. So small
tensors that are alike (group, dtype, device, number of steps taken) are laid end to end, and the
rule is called once for all of them. Large ones are worth a call of their own, without copying.
A rule that looks at a whole tensor is given each as it is.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.bucket import Bucket, advance, advance_in_chunks
from course_lib.optim.compiled import compile_advance
from course_lib.optim.groups import Settings
from course_lib.optim.probe import hands_on, is_elementwise
from course_lib.optim.settings import check_range, complete, settable
from course_lib.optim.signature import Rule, rule_name, slot_names

LARGE = {"cpu": 2**16, "cuda": 2**22}  # with as many elements, a tensor has its own bucket


class RuleOptimizer(torch.optim.Optimizer):
    """Run `rule` on parameters, as a torch optimizer: groups, schedulers, closures, `state_dict`.

    params: as for every torch optimizer. hyper: the rule's hyper-parameters, lr among them; a group
    may have its own, and schedulers may change them. compiled: run the rule under `torch.compile`.
    The first step then takes long, and its graphs, one for small tensors and one for large ones,
    serve all others, however lr and t change.

    A parameter without a gradient is left out of a step and its count of steps stays. `state[p]`
    holds `step` and the rule's slots, by their names in its signature. They have the dtype and the
    device of the parameter, and follow it when the model is moved. A parameter that stands in a
    group twice takes one step, where torch warns and takes two. `OneCycleLR` and `CyclicLR` cycle
    lr, and with it β₁, or the β of a rule with momentum: see `groups.Settings`. Inside a function
    that you compile, a step runs as it does outside, with a graph break.
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
        for p in self.param_groups[-1]["params"]:
            if p.is_complex():
                raise ValueError("a parameter is complex; rules are written for real numbers")

    @torch.compiler.disable
    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the gradients as they are; return what `closure` gives, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for number, group in enumerate(self.param_groups):
            hyper = {name: group[name] for name in self._settable}
            together = self._elementwise and not any(map(_has_places, hyper.values()))
            for bucket in self._buckets(number, group, together):
                bucket.step += 1
                if together:
                    p, g = bucket.gather()
                    self._in_pieces(self.rule, p, g, bucket.slots, t=bucket.step, **hyper)
                    bucket.scatter()
                else:
                    p, view = bucket.params[0], bucket.views[0]
                    self._whole(self.rule, p, p.grad, view, t=bucket.step, **hyper)
        return loss

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

    def _buckets(self, number: int, group: dict[str, Any], together: bool) -> list[Bucket]:
        """Return the buckets of a group: those of its last step if they still hold, else new."""
        params = [p for p in group["params"] if p.grad is not None]
        known, buckets = self._plans.get((number, together), ([], []))
        same = len(known) == len(params) and all(map(operator.is_, known, params))
        if not same or not all(bucket.holds(self.state) for bucket in buckets):
            slots = slot_names(self.rule)
            buckets = [
                Bucket(members, self.state, slots) for members in self._alike(params, together)
            ]
            self._plans[number, together] = params, buckets
        return buckets

    def _alike(self, params: list[Tensor], together: bool) -> Iterable[list[Tensor]]:
        """Return the parameters, those together that share a bucket."""
        buckets: dict[Any, list[Tensor]] = {}
        for p in params:
            if p.grad.is_sparse:
                raise ValueError("a gradient is sparse; rules are written for dense tensors")
            alone = not together or p.numel() >= LARGE.get(p.device.type, 2**16)
            key = id(p) if alone else (p.dtype, p.device, self.state[p].get("step", 0))
            buckets.setdefault(key, []).append(p)
        return buckets.values()

    def _prepare(self, hyper: dict[str, Any]) -> None:
        """Choose how the rule is run. This is not part of the state: it is found out anew."""
        self._plans: dict[tuple[int, bool], tuple[list[Tensor], list[Bucket]]] = {}
        self._settable = tuple(hyper)
        self._elementwise = is_elementwise(self.rule, **hyper)
        if self.compiled:
            self._whole = self._in_pieces = compile_advance(apart=hands_on(self.rule, **hyper))
        else:
            self._whole, self._in_pieces = advance, advance_in_chunks

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"rule": self.rule, "compiled": self.compiled}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.param_groups = [Settings(group) for group in self.param_groups]
        if "rule" in state:  # a copy or a pickle; `load_state_dict` comes by here too
            self._prepare({name: self.defaults[name] for name in settable(self.rule)})


def _has_places(value: Any) -> bool:
    """Return whether a setting is a tensor with axes, which goes with a parameter as it is."""
    return torch.is_tensor(value) and value.ndim > 0


def _expect(where: str, missing: list[str], name: str) -> None:
    if missing:
        raise ValueError(
            f"{where} of the state lacks {', '.join(missing)}: it was not saved by a RuleOptimizer "
            f"that runs {name}. torch's optimizers have other names; load the model's state only."
        )
