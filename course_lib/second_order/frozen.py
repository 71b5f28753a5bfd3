"""A controller frozen to a table of its results: bilinear between its points."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_lib.nn.shapes import expect


def place(x: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return between which points x lies: the place of the one before, and the share of the way.

    grid: `(m,)`, growing, m at least 2. Both results have the shape of x: whole numbers from 0 to
    m − 2, and shares from 0 to 1. Beyond an end x counts as that end.

    >>> place(torch.tensor([-3.0, 0.5, 7.0]), torch.tensor([0.0, 1.0, 5.0]))
    (tensor([0, 0, 1]), tensor([0.0000, 0.5000, 1.0000]))
    """
    x = x.clamp(grid[0], grid[-1])
    before = torch.searchsorted(grid[1:-1], x.detach(), right=True)
    return before, (x - grid[before]) / (grid[before + 1] - grid[before])


def bilinear(x: Tensor, y: Tensor, rows: Tensor, columns: Tensor, values: Tensor) -> Tensor:
    """Return values that stand on a grid, between its points, in the shape of x and y.

    `(1−u)(1−v) V_ij + u(1−v) V_i+1,j + (1−u)v V_i,j+1 + uv V_i+1,j+1`, with u and v the shares of
    the way from row i to i + 1 and from column j to j + 1. rows: `(m,)`. columns: `(n,)`, both
    growing. values: `(m, n)`. Raises ValueError for values of another shape.

    >>> corners = torch.tensor([0.0, 1.0])
    >>> values = torch.tensor([[0.0, 2.0], [4.0, 8.0]])
    >>> bilinear(torch.tensor(0.5), torch.tensor(0.5), corners, corners, values)
    tensor(3.5000)
    """
    shape = (len(rows), len(columns))
    expect("values", values, f"{shape}", values.shape == shape)
    x, y = torch.broadcast_tensors(x, y)
    (i, u), (j, v) = place(x, rows), place(y, columns)
    before = (1 - v) * values[i, j] + v * values[i, j + 1]
    after = (1 - v) * values[i + 1, j] + v * values[i + 1, j + 1]
    return (1 - u) * before + u * after


@dataclass(frozen=True)
class Frozen:
    """A table of results: values `(m, n)` at rows `(m,)` and columns `(n,)`; see `freeze`."""

    rows: Tensor
    columns: Tensor
    values: Tensor

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return what the table says at x and y."""
        return bilinear(x, y, self.rows.to(x), self.columns.to(x), self.values.to(x))

    def like(self, x: Tensor) -> "Frozen":
        """Return this table in the dtype and on the device of x."""
        moved = {name: getattr(self, name).to(x) for name in ("rows", "columns", "values")}
        return replace(self, **moved)


def freeze(controller: Callable[[Tensor, Tensor], Tensor], rows: Tensor, columns: Tensor) -> Frozen:
    """Return a controller's results on a grid as a table that answers in its place.

    rows: `(m,)`, columns: `(n,)`, growing, over the universes of both inputs; the controller is
    asked m times n. A Sugeno controller with products and triangles that add up to 1 is bilinear
    between its corners, so that a grid that holds them all loses nothing. For any other, halving
    the steps divides the error by about 4 where the surface is smooth, and by less at its kinks.

    >>> frozen = freeze(lambda x, y: x * y, torch.tensor([0.0, 2.0]), torch.tensor([0.0, 3.0]))
    >>> frozen(torch.tensor([0.5, 9.0]), torch.tensor(2.0))
    tensor([1., 4.])
    """
    return Frozen(rows, columns, controller(rows[:, None], columns[None, :]).detach())
