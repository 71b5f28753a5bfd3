"""Controllers with two inputs: words for both, a table of rules, and one number out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_lib.second_order.inference import centroid, outline, sugeno
from course_lib.second_order.membership import Shape, coverage, partition
from course_lib.second_order.rules import Rule, expect_norm, firing, rule_table


@dataclass(frozen=True)
class Variable:
    """A quantity, and the words for it.

    words: k of them, all different. corners: `(k,)`, where each word fits best, growing; the
    universe runs from the first to the last. shape: from x `(...)` and corners to memberships
    `(..., k)`; triangles that add up to 1, unless it says otherwise.
    Raises ValueError where words and corners do not go together.

    >>> heat = Variable(("cold", "hot"), torch.tensor([0.0, 40.0]))
    >>> heat(torch.tensor(10.0))
    tensor([0.7500, 0.2500])
    """

    words: tuple[str, ...]
    corners: Tensor
    shape: Shape = partition

    def __post_init__(self) -> None:
        """Refuse what is not a list of different words with growing corners."""
        if len(set(self.words)) != len(self.words) or "any" in self.words:
            raise ValueError(f"words is {self.words}; they must differ, and none be 'any'")
        if len(self.words) < 2 or self.corners.shape != (len(self.words),):
            raise ValueError(f"corners is {self.corners}; one for each of {self.words} is needed")
        if not (self.corners.diff() > 0).all():
            raise ValueError(f"corners is {self.corners}; they must grow")

    def __call__(self, x: Tensor) -> Tensor:
        """Return the memberships of x `(...)` in the k sets, `(..., k)`."""
        return self.shape(x, self.corners.to(x))

    def grid(self, points: int) -> Tensor:
        """Return so many points over the universe, in equal steps, `(points,)`."""
        low, high = self.corners[0].item(), self.corners[-1].item()
        return torch.linspace(low, high, points, dtype=self.corners.dtype).to(self.corners.device)

    def coverage(self, points: int = 1001) -> float:
        """Return the membership of the best word where the words fit worst."""
        return coverage(self(self.grid(points))).item()

    def like(self, x: Tensor) -> "Variable":
        """Return this variable with its corners in the dtype and on the device of x."""
        return replace(self, corners=self.corners.to(x))


@dataclass(frozen=True)
class Sugeno:
    """A controller whose rules say numbers: memberships, what fires, and the weighted mean.

    rows, columns: the variables of both inputs, with k and l words. table: `(k, l)`.
    otherwise: the result where no rule fires. norm: "product" or "minimum".
    Called with x and y of shapes that go together it gives a tensor of their shape; gradients
    flow to both and to the table. What it holds is moved to the inputs at each call; `like` does
    so once and for all.

    >>> heat = Variable(("cold", "hot"), torch.tensor([0.0, 40.0]))
    >>> air = Variable(("dry", "wet"), torch.tensor([0.0, 1.0]))
    >>> fan = Sugeno.of([("hot", "wet", 9.0), ("any", "any", 1.0)], heat, air, otherwise=0.0)
    >>> fan(torch.tensor([0.0, 20.0, 40.0]), torch.tensor(1.0))
    tensor([1., 5., 9.])
    """

    rows: Variable
    columns: Variable
    table: Tensor
    otherwise: float
    norm: str = "product"

    def __post_init__(self) -> None:
        """Refuse a table of the wrong shape and an unknown norm."""
        _expect(self.norm, self.rows, self.columns, self.table)

    @classmethod
    def of(
        cls, rules: Sequence[Rule], rows: Variable, columns: Variable, otherwise: float, **more: str
    ) -> "Sugeno":
        """Return the controller of a list of rules in words; see `rule_table`."""
        return cls(rows, columns, rule_table(rules, rows.words, columns.words), otherwise, **more)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return what the rules say at x and y."""
        strengths = firing(self.rows(x), self.columns(y), self.norm).flatten(-2)
        return sugeno(strengths, self.table.to(x).flatten(), self.otherwise)

    def like(self, x: Tensor) -> "Sugeno":
        """Return this controller with all it holds in the dtype and on the device of x."""
        moved = {"rows": self.rows.like(x), "columns": self.columns.like(x)}
        return replace(self, table=self.table.to(x), **moved)


@dataclass(frozen=True)
class Mamdani:
    """A controller whose rules say words: each word is a set of results, and areas are joined.

    rows, columns: the variables of both inputs, with k and l words. result: the variable of the
    output. table: `(k, l)`, the place of a word of the result in its `words`. points: how many
    points of the result's universe the centroid is taken over.
    otherwise: the result where no rule fires. norm: for "and" and for what a rule says alike.

    >>> heat = Variable(("cold", "hot"), torch.tensor([0.0, 40.0]))
    >>> speed = Variable(("slow", "fast"), torch.tensor([0.0, 9.0]))
    >>> rules = [("hot", "any", "fast"), ("any", "any", "slow")]
    >>> Mamdani.of(rules, heat, heat, speed, otherwise=0.0)(torch.tensor(0.0), torch.tensor(0.0))
    tensor(3.)
    """

    rows: Variable
    columns: Variable
    result: Variable
    table: Tensor
    otherwise: float
    norm: str = "minimum"
    points: int = 201

    def __post_init__(self) -> None:
        """Refuse a table of the wrong shape and an unknown norm."""
        _expect(self.norm, self.rows, self.columns, self.table)

    @classmethod
    def of(
        cls,
        rules: Sequence[tuple[str, str, str]],
        rows: Variable,
        columns: Variable,
        result: Variable,
        otherwise: float,
        **more: str | int,
    ) -> "Mamdani":
        """Return the controller of a list of rules in words; raises ValueError for unknown ones."""
        for *_, word in rules:
            if word not in result.words:
                raise ValueError(f"a rule says {word!r}; it must be one of {result.words}")
        numbers = [(row, column, result.words.index(word)) for row, column, word in rules]
        table = rule_table(numbers, rows.words, columns.words).long()
        return cls(rows, columns, result, table, otherwise, **more)

    def outline(self, x: Tensor, y: Tensor) -> Tensor:
        """Return what all rules say together at x and y, on the grid, `(..., points)`."""
        strengths = firing(self.rows(x), self.columns(y), self.norm).flatten(-2)
        sets = self.result(self.result.grid(self.points).to(x)).T
        return outline(strengths, sets[self.table.flatten()], self.norm)

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return what the rules say at x and y."""
        grid = self.result.grid(self.points).to(x)
        return centroid(self.outline(x, y), grid, self.otherwise)

    def like(self, x: Tensor) -> "Mamdani":
        """Return this controller with all it holds in the dtype and on the device of x."""
        names = ("rows", "columns", "result")
        moved = {name: getattr(self, name).like(x) for name in names}
        return replace(self, table=self.table.to(x.device), **moved)


def _expect(norm: str, rows: Variable, columns: Variable, table: Tensor) -> None:
    """Raise ValueError for an unknown norm, and for a table that is not a cell for each pair."""
    expect_norm(norm)
    shape = (len(rows.words), len(columns.words))
    if table.shape != shape:
        raise ValueError(f"table has shape {tuple(table.shape)}; it must be {shape}")
