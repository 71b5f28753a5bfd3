"""What becomes of layers with nothing between them: they are one layer."""

from torch import Tensor

from course_lib.nn.shapes import expect


def collapse(W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Return the one layer that does what two do: `W = W2 W1` and `b = W2 b1 + b2`.

    For every x: `W2 (W1 x + b1) + b2 = W x + b`. W1: `(h, d)`. b1: `(h,)`. W2: `(k, h)`. b2:
    `(k,)`. Returns W `(k, d)`, b `(k,)`. W has rank h at most.
    Raises ValueError if the shapes do not fit.

    >>> import torch
    >>> W1, b1, W2, b2 = (torch.full(shape, 3.0) for shape in ((2, 1), (2,), (1, 2), (1,)))
    >>> collapse(W1, b1, W2, b2)
    (tensor([[18.]]), tensor([21.]))
    """
    expect("W1", W1, "(h, d)", W1.ndim == 2)
    expect("b1", b1, f"({len(W1)},): one bias a row of W1", b1.shape == (len(W1),))
    fits = W2.ndim == 2 and W2.shape[1] == len(W1)
    expect("W2", W2, f"(k, {len(W1)}): one column a row of W1", fits)
    expect("b2", b2, f"({len(W2)},): one bias a row of W2", b2.shape == (len(W2),))
    return W2 @ W1, W2 @ b1 + b2
