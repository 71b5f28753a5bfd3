"""A step as one operation in a graph, for those who compile a whole training step.

torch's compiler reads a function as it runs. Of an optimizer it would have to read how rows are
gathered, and what it read would hold for the numbers of that one step. So it is shown a single
operation, which writes into the parameters; it is run by the optimizer as it stands at that moment.
"""

import weakref
from itertools import count
from typing import Any

import torch
from torch import Tensor

_numbers = count()
_OPTIMIZERS: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()


def register(optimizer: Any) -> int:
    """Return the number by which a graph finds an optimizer, while there is one."""
    number = next(_numbers)
    _OPTIMIZERS[number] = optimizer
    return number


@torch.library.custom_op("descent::step", mutates_args=("params",))
def step(params: list[Tensor], gradients: list[Tensor], which: list[int], number: int) -> None:
    """Let an optimizer take a step with some of its parameters, those at `which`.

    It writes into `params`: in a graph they may lie elsewhere than the optimizer's own.
    """
    _OPTIMIZERS[number].step_elsewhere(which, params, gradients)


@step.register_fake
def _(params: list[Tensor], gradients: list[Tensor], which: list[int], number: int) -> None:
    """Return what a step returns, for a compiler that wants to know."""
