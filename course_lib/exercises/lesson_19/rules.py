"""Exercise 19.rules: from rules in words to a table of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...checking import Case, Exercise, slips
from ...second_order import rules
from ...second_order.rules import Rule
from ..drawing import drawing

ROWS, COLUMNS = ("overshoot", "level", "short"), ("start", "early", "middle", "late")


def _cases(seed: int) -> list[Case]:
    values = drawing(seed)(40).tolist()

    def rules_of(*pairs: tuple[str, str]) -> list[Rule]:
        return [(row, column, values.pop()) for row, column in pairs]

    every, either = ("any", "any"), ("left", "right")
    each = [(row, column) for row in either for column in either]
    zero = [("short", "start", 0.0), ("short", "any", 2.0), ("any", "start", 3.0)]
    mixed = rules_of(("level", "late"), ("any", "early"), ("short", "any"), every)
    general = rules_of(("any", "late"), ("short", "late"), ("short", "any"), every)
    parts = rules_of(("very low", "too late"), ("any", "late"), every)
    whole = [("short", "start", 2.0), ("any", "late", -1.0), ("any", "any", 0.0)]
    return [
        Case("4 rules for 3 and 4 words", (mixed, ROWS, COLUMNS)),
        Case("3 rules for 4 and 3 words", (rules_of(("early", "any"), every), COLUMNS, ROWS)),
        Case("4 rules, one of which says 0", ([*zero, *rules_of(every)], ROWS, COLUMNS)),
        Case("5 rules for 2 and 2 words", (rules_of(*each, every), either, either)),
        Case("a rule for each row", (rules_of(*((row, "any") for row in ROWS)), ROWS, COLUMNS)),
        Case("a rule for each column", (rules_of(*(("any", c) for c in COLUMNS)), ROWS, COLUMNS)),
        Case("a rule for each pair", (rules_of(*each), either, either)),
        Case("4 rules, a general one first", (general, ROWS, COLUMNS)),
        Case("words within words", (parts, ("low", "very low"), ("late", "too late"))),
        Case("a table of float32", (whole, ROWS, COLUMNS, torch.float32)),
        Case("one rule for all", (rules_of(every), ROWS, COLUMNS), special=True),
        Case("one word each", (rules_of(("a", "b")), ("a",), ("b",)), special=True),
    ]


def _by_the_first_that_fits(
    rules: Sequence[Rule],
    rows: Sequence[str],
    columns: Sequence[str],
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    def value(row: str, column: str) -> float:
        return next(v for r, c, v in rules if r in (row, "any") and c in (column, "any"))

    return torch.tensor([[value(r, c) for c in columns] for r in rows], dtype=dtype)


def _into_empty_cells(
    rules: Sequence[Rule],
    rows: Sequence[str],
    columns: Sequence[str],
    dtype: torch.dtype = torch.float64,
) -> Tensor:
    table = torch.full((len(rows), len(columns)), float("nan"), dtype=dtype)
    for row, column, value in rules:
        for i, r in enumerate(rows):
            for j, c in enumerate(columns):
                if row in (r, "any") and column in (c, "any") and table[i, j].isnan():
                    table[i, j] = value
    return table


SLIPS = """
last rule counts: reversed(rules) → rules
    Where several rules fit a pair, your last one counts: it writes over those before it. The first
    should count.
any looked up: row == ANY → False ; column == ANY → False
    "any" is looked up like a word, and is not among them. It stands for all words.
any for rows alone: column == ANY → False
    "any" is looked up among the columns, where it is no word. It stands for all of them.
any for columns alone: row == ANY → False
    "any" is looked up among the rows, where it is no word. It stands for all of them.
any left out:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     if row in rows and column in columns:
    |         table[rows.index(row), columns.index(column)] = value
    | return table
    Rules with the word "any" leave no trace in your table. Which cells do they fill?
any is the first word:
    | slice(None) if row == ANY → 0 if row == ANY
    | slice(None) if column == ANY → 0 if column == ANY
    You put "any" into the first row or column alone. It stands for all of them.
any is the last word:
    | slice(None) if row == ANY else → -1 if row == ANY else
    | slice(None) if column == ANY else → -1 if column == ANY else
    You put "any" into the last row or column alone. It stands for all of them.
only where both are any:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     if row == ANY and column == ANY:
    |         table[:] = value
    |     elif row != ANY and column != ANY:
    |         table[rows.index(row), columns.index(column)] = value
    | return table
    Rules with one "any" leave no trace in your table. Such a rule fills a row or a column.
any for rows, and no trace for columns:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if row in (r, ANY) and column == c:
    |                 table[i, j] = value
    | return table
    A rule with "any" as its second word leaves no trace in your table. There too it stands for
    all words.
any for columns, and no trace for rows:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if row == r and column in (c, ANY):
    |                 table[i, j] = value
    | return table
    A rule with "any" as its first word leaves no trace in your table. There too it stands for all
    words.
one word is enough:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if row in (r, ANY) or column in (c, ANY):
    |                 table[i, j] = value
    | return table
    Your rule fills a cell as soon as one of its words fits. Both must fit.
stopped after one cell:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if row in (r, ANY) and column in (c, ANY):
    |                 table[i, j] = value
    |                 break
    | return table
    In each row a rule of yours fills one cell and stops. If its second word is "any", which cells
    should it fill?
words exchanged:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if column in (r, ANY) and row in (c, ANY):
    |                 table[i, j] = value
    | return table
    The two words of a rule have changed places. Its first word is one of `rows`.
more specific rule counts:
    | ranked = sorted(rules, key=lambda rule: (rule[0] == ANY) + (rule[1] == ANY))
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(ranked):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if row in (r, ANY) and column in (c, ANY):
    |                 table[i, j] = value
    | return table
    Where several rules fit a pair, you let the one with fewer "any" count. The first in the list
    should count, however general it is.
words within words:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in reversed(rules):
    |     for i, r in enumerate(rows):
    |         for j, c in enumerate(columns):
    |             if (row == ANY or r in row) and (column == ANY or c in column):
    |                 table[i, j] = value
    | return table
    `in` between two strings looks for a part: "low" is in "very low". Are two words the same?
on its side:
    | len(rows), len(columns) → len(columns), len(rows)
    | table[i, j] → table[j, i]
    Rows and columns have changed places. The words of the first input are the rows.
added: table[i, j] = value → table[i, j] += value
    Where several rules fit a pair, you add what they say. One of them counts: which?
mean of all that fit:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | count = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in rules:
    |     i = slice(None) if row == ANY else rows.index(row)
    |     j = slice(None) if column == ANY else columns.index(column)
    |     table[i, j] += value
    |     count[i, j] += 1
    | return table / count
    Where several rules fit a pair, you take the mean of what they say. One of them counts: which?
largest of all that fit:
    | table = torch.full((len(rows), len(columns)), -torch.inf, dtype=dtype)
    | for row, column, value in rules:
    |     i = slice(None) if row == ANY else rows.index(row)
    |     j = slice(None) if column == ANY else columns.index(column)
    |     table[i, j] = table[i, j].clamp(min=value)
    | return table
    Where several rules fit a pair, you take the largest of what they say. One of them counts:
    which?
0 taken for empty:
    | table = torch.zeros(len(rows), len(columns), dtype=dtype)
    | for row, column, value in rules:
    |     i = slice(None) if row == ANY else rows.index(row)
    |     j = slice(None) if column == ANY else columns.index(column)
    |     table[i, j] = torch.where(table[i, j] == 0, value, table[i, j])
    | return table
    A cell whose rule says 0 is taken for empty, so that a later rule fills it. 0 is a value like
    any other.
dtype forgotten: dtype=dtype →
    `dtype` plays no part in your result: your table always has the same.
only the first rule: reversed(rules) → rules[:1]
    Only the first rule is read.
only the last rule: reversed(rules) → rules[-1:]
    Only the last rule is read: look at where your table is made, or where it is returned.
one row: return table → return table.flatten()
    All consequences come back in one row. A table is asked for.
value forgotten: table[i, j] = value → table[i, j] = 1
    Your table only says which cells have a rule. What does the rule say?
"""

RULES = Exercise(
    id="19.rules",
    points=2,
    asks="the table of what the rules say for each pair of words",
    reference=rules.rule_table,
    cases=_cases,
    hints=(
        "Take an empty table on paper and the first rule. Which cells does it fill? And if one of "
        'its words is "any"?',
        "Where two rules fit the same cell, the first should count. In which order must cells be "
        "written, if each writes over what was there?",
        "`rows.index(row)` is the place of a word. `slice(None)` is what a colon means between "
        "brackets: all of them.",
    ),
    slips=slips(SLIPS, rules.rule_table),
    also_right=(_by_the_first_that_fits, _into_empty_cells),
)
