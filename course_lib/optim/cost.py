"""The cost of a line: one weight, one bias, and data with one input."""

from torch import Tensor


def cost(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return J, the mean over the examples of `(w x + b − y)²`.

    w, b: of any shape, the same or one that broadcasts; a cost for each pair. x, y: `(n,)`.

    >>> x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    >>> cost(torch.tensor([2.0, 1.0]), torch.tensor(0.0), x, y)
    tensor([0.0000, 2.5000])
    """
    return (w[..., None] * x + b[..., None] - y).square().mean(dim=-1)


def cost_gradient(w: Tensor, b: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return how fast J rises with w and with b: the means of `2 r x` and of `2 r`.

    `r = w x + b − y` is the residual of an example. Shapes as for `cost`; each result has the shape
    of w and b together.

    >>> x, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    >>> cost_gradient(torch.tensor(1.0), torch.tensor(0.0), x, y)
    (tensor(-5.), tensor(-3.))
    """
    r = w[..., None] * x + b[..., None] - y
    return (2 * r * x).mean(dim=-1), (2 * r).mean(dim=-1)
