"""All parameters of a network as one vector, so that a Hessian is one matrix."""

from collections.abc import Callable

import torch
from torch import Tensor

Params = dict[str, Tensor]


def as_vector(params: Params) -> tuple[Tensor, Callable[[Tensor], Params]]:
    """Return the parameters laid end to end, `(n,)`, and the function that takes them apart again.

    params: tensors of any shapes, of one dtype and on one device. What the function returns are
    parts of the vector it is given, so that derivatives go through it.

    >>> p, apart = as_vector({"W": torch.ones(1, 2), "b": torch.zeros(1)})
    >>> p
    tensor([1., 1., 0.])
    >>> apart(2 * p)["W"]
    tensor([[2., 2.]])
    """
    shapes = {name: value.shape for name, value in params.items()}
    sizes = [value.numel() for value in params.values()]

    def apart(p: Tensor) -> Params:
        parts = p.split(sizes)
        return {name: part.reshape(shapes[name]) for name, part in zip(shapes, parts, strict=True)}

    return torch.cat([value.reshape(-1) for value in params.values()]), apart
