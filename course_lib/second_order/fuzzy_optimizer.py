"""The fuzzy second-order optimizer, for any model.

What had to be chosen, and where it is an argument:
1 one gradient a step, compared with the last one; 2 the probe is the last step; 3 so the difference
is backward; 4 no quotient, hence no guard: `mix` of the difference is a direction, and the divisor
is the root of `v`; 5 `beta3` averages it, from 0; 6 `beta1` averages the gradient, `beta2` its
square; 7 the loss is seen as the slope ratio of a layer, averaged by `trend`; 8 time is evaluations
over `total`; 9 `controller`: triangles, products, zero-order Sugeno; 10 its result is the speed of
the log of the rate, times `gain`, and the rate follows `plan`; 11 it runs at every step; 12
`weight_decay` is decoupled.
"""

import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_lib.optim import RuleOptimizer
from course_lib.optim.bucket import Row, follow
from course_lib.second_order.rate import plan as two_slopes
from course_lib.second_order.steering import KEPT, RATE, Steering, inner_products
from course_lib.second_order.update import update


class Layer(NamedTuple):
    """A tensor of parameters with its gradient, what is kept of it, and its group."""

    p: Tensor
    g: Tensor
    kept: dict[str, Any]
    group: dict[str, Any]


class FuzzySecondOrder(RuleOptimizer):
    """Raise each layer's rate until the slope of the loss answers, then follow the plan.

    In five lines: make it with the model's parameters and `total`, the number of steps you will
    take. Then use it as any torch optimizer. `lr` matters little from 1e-4 to 1. After training
    `skipped` says how many steps were left out. Groups, schedulers (they multiply on top of the
    plan) and `state_dict` work; a state goes on in an optimizer made with the same arguments.

    A step costs one gradient. It keeps five tensors like the parameters, and makes a GPU wait once.
    A step whose gradients, or whose closure's loss, are not finite is left out: nothing changes but
    the count, and a warning says so. After `patience` of them in a row there is an error.

    total, controller, plan, start, gain, trend: see `Steering`. compiled: see `RuleOptimizer`.
    hyper: of `update`. Raises ValueError as `RuleOptimizer` does.

    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> optimizer = FuzzySecondOrder([w], total=100)
    >>> for _ in range(100):
    ...     optimizer.zero_grad(); w.square().sum().backward(); optimizer.step()
    >>> bool(w.abs() < 0.05), optimizer.skipped
    (True, 0)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 0.01,
        *,
        total: int,
        controller: Callable[[Tensor, Tensor], Tensor] | None = RATE,
        plan: Callable[[Tensor], Tensor] | None = two_slopes,
        start: float = -5.0,
        gain: float | None = None,
        trend: float = 0.95,
        patience: int = 10,
        compiled: bool = False,
        **hyper: float,
    ):
        self.steering = Steering(total, controller, plan, start, gain, trend)
        self.patience = patience
        super().__init__(params, update, compiled=compiled, lr=lr, **hyper)

    @property
    def skipped(self) -> int:
        """Return how many steps were left out, since something was not finite."""
        return self.param_groups[0]["skipped"]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters as `RuleOptimizer` does; steps are counted for all groups alike."""
        counts = dict.fromkeys(("evaluations", "skipped", "skipped_in_a_row"), 0)
        first = self.param_groups[0] if self.param_groups else {}
        super().add_param_group(param_group)
        for name in counts:
            self.param_groups[-1][name] = param_group.get(name, first.get(name, 0))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step along the gradients as they are; return what `closure` gives, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if loss is not None and not torch.as_tensor(loss).detach().isfinite().all():
            self._count("the loss")
        else:
            self._step_along_gradients()
        return loss

    def factors(self) -> dict[Tensor, float]:
        """Return by parameter what its base rate is multiplied by, before the plan: `exp(M)`."""
        return {
            p: math.exp(kept["log_factor"])
            for p, kept in self.state.items()
            if "log_factor" in kept
        }

    def _step(self, elsewhere: dict[Tensor, tuple[Tensor, Tensor]]) -> None:
        sets = self._sets(elsewhere)
        answers = [_slopes(layers) for layers in sets]
        for layers, slopes in zip(sets, answers, strict=True):
            lost = (~slopes.isfinite()).any(dim=0).nonzero().flatten().tolist()
            if lost:
                self._count(f"a gradient of shape {tuple(layers[lost[0]].g.shape)}")
                return
        self._count()
        for layers, slopes in zip(sets, answers, strict=True):
            self._advance(layers, slopes)

    def _sets(self, elsewhere: dict[Tensor, tuple[Tensor, Tensor]]) -> list[list[Layer]]:
        """Return the layers that have a gradient, in sets of one dtype and device."""
        sets: dict[Any, list[Layer]] = {}
        for group in self.param_groups:
            for p in group["params"]:
                place, g = elsewhere.get(p, (p, None)) if elsewhere else (p, p.grad)
                if g is None:
                    continue
                if g.is_sparse:
                    raise ValueError("a gradient is sparse; rules are written for dense tensors")
                kept = self.state[p]
                if not kept:
                    kept.update({name: torch.zeros_like(p) for name in ("delta", *self._slots)})
                    kept.update(zip(KEPT, self.steering.begin().tolist(), strict=True), step=0)
                follow([(p, kept["delta"], *(kept[name] for name in self._slots), g)])
                layers = sets.setdefault((p.dtype, p.device), [])
                layers.append(Layer(place, g, kept, group))
        return list(sets.values())

    def _advance(self, layers: Sequence[Layer], slopes: Tensor) -> None:
        """Take a step with layers of one dtype and device. slopes: `(2, layers)`."""
        kept = [[layer.kept[name] for layer in layers] for name in KEPT]
        memory = torch.tensor(kept, dtype=torch.float64)
        memory, factors = self.steering(memory, slopes, self.param_groups[0]["evaluations"])
        for layer, numbers in zip(layers, memory.T.tolist(), strict=True):
            layer.kept.update(zip(KEPT, numbers, strict=True))
        deltas = [layer.kept["delta"] for layer in layers]
        torch._foreach_zero_(deltas)  # the rule moves a parameter that is 0: it gives the step
        for group in self.param_groups:
            self._run_rows(group, _rows([own for own in layers if own.group is group], self._slots))
        torch._foreach_mul_(deltas, factors.tolist())
        places = [layer.p for layer in layers]
        decays = [-layer.group["lr"] * layer.group["weight_decay"] for layer in layers]
        if any(decays):
            shrinks = [float(d) * f for d, f in zip(decays, factors.tolist(), strict=True)]
            torch._foreach_add_(deltas, torch._foreach_mul(places, shrinks))
        torch._foreach_add_(places, deltas)

    def _count(self, broken: str = "") -> None:
        """Count an evaluation. broken: what of it was not finite, if anything was."""
        for group in self.param_groups:
            group["evaluations"] += 1
            group["skipped"] += bool(broken)
            group["skipped_in_a_row"] = group["skipped_in_a_row"] + 1 if broken else 0
        count, total = self.param_groups[0]["evaluations"], self.steering.total
        if count == total + 1 and self.steering.plan is not None:
            said = f"more steps are taken than total, {total}: the plan is over"
            warnings.warn(said, stacklevel=4)
        if not broken:
            return
        said = f"{broken} is not finite at evaluation {count}"
        if self.param_groups[0]["skipped_in_a_row"] >= self.patience:
            raise FloatingPointError(f"{said}, nor were the last {self.patience}; none moved p")
        warnings.warn(f"{said}; its step is left out, {self.skipped} so far", stacklevel=4)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"steering": self.steering, "patience": self.patience}


def _slopes(layers: Sequence[Layer]) -> Tensor:
    """Return the slopes along the last steps, after and before, `(2, layers)` on the CPU.

    This is where a GPU is waited for. A gradient that is not finite makes its slope so, even along
    a step of 0.
    """
    half = layers[0].p.dtype in (torch.float16, torch.bfloat16)
    g, old, delta = (
        [x.float() if half else x for x in of_all]
        for of_all in zip(
            *((own.g, own.kept["g_before"], own.kept["delta"]) for own in layers), strict=True
        )
    )
    both = inner_products(g + old, delta + delta)
    return both.view(2, -1).double().cpu()


def _rows(layers: Sequence[Layer], slots: Sequence[str]) -> dict[int, list[Row]]:
    """Return rows whose parameter is the step itself, by the number of the step."""
    rows: dict[int, list[Row]] = {}
    for layer in layers:
        layer.kept["step"] += 1
        row = (layer.kept["delta"], *(layer.kept[name] for name in slots), layer.g)
        rows.setdefault(layer.kept["step"], []).append(row)
    return rows
