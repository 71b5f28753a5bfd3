"""Rules as data: a table of words becomes a table of numbers, and memberships say what fires."""

from collections.abc import Sequence

import torch
from torch import Tensor

ANY = "any"
NORMS = ("product", "minimum")
Rule = tuple[str, str, float]


def rule_table(
    rules: Sequence[Rule],
    rows: Sequence[str],
    columns: Sequence[str],
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    """Return what the rules say for each pair of words, `(k, l)`.

    rules: triples, "if the first input is `row` and the second is `column`, then `value`". The
    word "any" stands for all. Where several rules fit a pair, the first of them counts.
    rows, columns: the words for both inputs, k and l of them, in the order of the table.
    Raises ValueError for a word that there is not, and for a pair that no rule fits.

    >>> rule_table([("hot", "any", 0.0), ("any", "dry", 2.0), ("any", "any", 1.0)],
    ...            ("cold", "hot"), ("wet", "dry"))
    tensor([[1., 2.],
            [0., 0.]], dtype=torch.float64)
    """
    expect_words(rules, rows, columns)
    table = torch.zeros(len(rows), len(columns), dtype=dtype)
    for row, column, value in reversed(rules):
        i = slice(None) if row == ANY else rows.index(row)
        j = slice(None) if column == ANY else columns.index(column)
        table[i, j] = value
    return table


def firing(first: Tensor, second: Tensor, norm: str = "product") -> Tensor:
    """Return how strongly the rule of each pair of sets fires, `(..., k, l)`.

    first: memberships of the first input in its k sets, `(..., k)`. second: of the second input,
    `(..., l)`. "And" is the product of both, or with `norm="minimum"` the smaller one (Zadeh
    1965). Raises ValueError for another norm.
    For three inputs: `firing(firing(a, b).flatten(-2), c)`, in either case.

    >>> firing(torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.5]), "minimum")
    tensor([[0.2000, 0.2000],
            [0.5000, 0.5000]])
    """
    expect_norm(norm)
    first, second = first[..., :, None], second[..., None, :]
    return torch.minimum(first, second) if norm == "minimum" else first * second


def expect_norm(norm: str) -> None:
    """Raise ValueError unless there is such a norm."""
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; it must be one of {', '.join(NORMS)}")


def expect_words(rules: Sequence[Rule], rows: Sequence[str], columns: Sequence[str]) -> None:
    """Raise ValueError for a word of a rule that there is not, and for a pair without a rule."""
    for rule in rules:
        for word, words in zip(rule, (rows, columns), strict=False):
            if word not in (*words, ANY):
                raise ValueError(f"a rule has the word {word!r}; it must be one of {words} or any")
    for row in rows:
        for column in columns:
            if not any(r in (row, ANY) and c in (column, ANY) for r, c, _ in rules):
                raise ValueError(f"no rule fits {row!r} and {column!r}; add one, for any pair too")
