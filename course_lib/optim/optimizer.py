"""One `torch.optim.Optimizer` that runs any rule: those of `course_lib.optim.rules`, or yours.

A rule that works place by place does not care where one tensor ends and the next begins. So small
tensors that are alike (group, dtype, device, number of steps taken) are laid end to end, and the
rule is called once for all of them. Large ones are worth a call of their own, without copying.
A rule that looks at a whole tensor is given each as it is.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_lib.optim.bucket import Bucket, advance, advance_in_chunks
from course_lib.optim.probe import hands_on, is_elementwise
from course_lib.optim.settings import check_range, complete, settable
from course_lib.optim.signature import Rule, apply, slot_names

LARGE = {"cpu": 2**16, "cuda": 2**22}  # places from which on a tensor is a bucket of its own


class RuleOptimizer(torch.optim.Optimizer):
    """Run `rule` on parameters, as a torch optimizer: groups, schedulers, closures, `state_dict`.

    params: as for every torch optimizer. hyper: the rule's hyper-parameters, lr among them; a group
    may have its own, and schedulers may change them. compiled: run the rule under `torch.compile`.
    The first step then takes long, and one graph serves all others, however lr and t change.

    A parameter without a gradient is left out of a step and its count of steps stays. `state[p]`
    holds `step` and the rule's slots, by their names in its signature. They have the dtype and the
    device of the parameter, and follow it when the model is moved.
    Raises ValueError for a hyper-parameter that the rule does not take, or that is out of range;
    for sparse and complex parameters or gradients; and for a rule that returns too little.

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
        defaults = complete(rule, hyper)
        self._prepare(defaults)
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with hyper-parameters of their own where the group names any."""
        for name in settable(self.rule):
            if name in param_group:
                check_range(name, param_group[name])
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            if p.is_complex():
                raise ValueError("a parameter is complex; rules are written for real numbers")

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the gradients as they are; return what `closure` gives, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        used = {}
        for group in self.param_groups:
            hyper = {name: group[name] for name in settable(self.rule)}
            for members in self._alike(group["params"]):
                used[members[0]] = bucket = self._bucket(members)
                t = 1 + self.state[members[0]].get("step", 0)
                self._advance(bucket, t, hyper)
                for p in members:
                    self.state[p]["step"] = t
        self._buckets = used
        return loss

    def _alike(self, params: Iterable[Tensor]) -> Iterable[list[Tensor]]:
        """Return the parameters that have a gradient, those together that share a bucket."""
        buckets: dict[Any, list[Tensor]] = {}
        for p in params:
            if p.grad is None:
                continue
            if p.grad.is_sparse:
                raise ValueError("a gradient is sparse; rules are written for dense tensors")
            alone = not self._elementwise or p.numel() >= LARGE.get(p.device.type, 2**16)
            key = id(p) if alone else (p.dtype, p.device, self.state[p].get("step", 0))
            buckets.setdefault(key, []).append(p)
        return buckets.values()

    def _bucket(self, members: list[Tensor]) -> Bucket:
        """Return the bucket of the last step if it still holds, else a new one."""
        states = [self.state[p] for p in members]
        bucket = self._buckets.get(members[0])
        if bucket is None or not bucket.holds(members, states):
            bucket = Bucket(members, states, slot_names(self.rule))
        return bucket

    def _advance(self, bucket: Bucket, t: int, hyper: dict[str, Any]) -> None:
        if not self._elementwise:
            (p,), (slots,) = bucket.params, bucket.views
            self._run(self.rule, p.detach(), p.grad, list(slots.values()), t=t, **hyper)
        else:
            p, g = bucket.gather()
            self._run(self.rule, p, g, bucket.slots, t=t, **hyper)
            bucket.scatter(p)

    def _prepare(self, hyper: dict[str, Any]) -> None:
        """Choose how the rule is run. This is not part of the state: it is found out anew."""
        self._buckets: dict[Tensor, Bucket] = {}
        self._elementwise = is_elementwise(self.rule, **hyper)
        if self.compiled:
            self._run = compile_advance(apart=hands_on(self.rule, **hyper))
        else:
            self._run = advance_in_chunks if self._elementwise else advance

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"rule": self.rule, "compiled": self.compiled}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "rule" in state:  # a copy or a pickle; `load_state_dict` comes by here too
            self._prepare({name: self.defaults[name] for name in settable(self.rule)})


def compile_advance(apart: bool) -> Callable[..., None]:
    """Return `advance` under `torch.compile`, with one graph for all sizes and all settings.

    apart: compile the rule alone and write its results back afterwards. Otherwise both are one
    loop over memory, which is fastest, but wrong for a rule that hands on what it was given: torch
    2.13 then writes a slot before it has read it.
    A number that is baked into a graph makes a new graph when it changes. So every number is handed
    over as a tensor without axes, in float64: in float32, 1 − βᵗ is off by 1e-5 at the first steps.
    """
    if apart:
        graph = functools.partial(advance, apply=torch.compile(apply, dynamic=True))
    else:
        graph = torch.compile(advance, dynamic=True)

    def run(rule: Rule, p: Tensor, g: Tensor, slots: Sequence[Tensor], **hyper: Any) -> None:
        graph(rule, p, g, tuple(slots), **{name: _as_tensor(v, p) for name, v in hyper.items()})

    return run


def _as_tensor(value: Any, like: Tensor) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    precise = torch.float32 if like.device.type == "mps" else torch.float64
    return torch.tensor(value, dtype=precise, device=like.device)
