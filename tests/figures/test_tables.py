"""Tables that lessons show."""

from itertools import pairwise

import pytest
import torch
from markdown_it import MarkdownIt

from course_lib.figures import table
from course_lib.figures.style import formatted

MINUS = "\N{MINUS SIGN}"


def cells(markdown):
    """Return the rows of a table as another reader of markdown takes it, and how cells stand."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    rows, sides = [], []
    for token, inside in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        if token.type in ("th_open", "td_open"):
            rows[-1].append(inside.content)
            sides.append(token.attrs.get("style", ""))
    return rows, sides


def test_numbers_stand_right_and_words_left():
    columns = {"rule": "", "accuracy": ".1%", "rate": "g", "diverged": ">"}
    rows, sides = cells(table(columns, [["Adam", 0.9312, 1e-3, "none"], ["gd", 0.5, 2, "two"]]))
    assert rows == [list(columns), ["Adam", "93.1%", "0.001", "none"], ["gd", "50.0%", "2", "two"]]
    assert sides == ["", *["text-align:right"] * 3] * 3


@pytest.mark.parametrize(
    ("value", "spec", "words"),
    [
        (-1.5, ".1f", f"{MINUS}1.5"),
        (-0.04, ".1f", "0.0"),
        (-0.0004, ".1%", "0.0%"),
        (-0.04, "+.1f", "+0.0"),
        (-2e-05, ".0e", f"{MINUS}2e-05"),
        (1e-05, "g", "1e-05"),
        (-3, "d", f"{MINUS}3"),
        (-12, "4d", f" {MINUS}12"),
        (torch.tensor(-0.25), "+.0%", f"{MINUS}25%"),
        (1234.5, ",.0f", "1,234"),
    ],
)
def test_a_number_has_a_true_minus_sign_and_none_before_zero(value, spec, words):
    assert formatted(value, spec) == words
    assert cells(table({"n": spec}, [[value]]))[0][1] == [words.strip()]


def test_words_stay_as_they_are_in_a_column_of_numbers():
    rows, _ = cells(table({"mistake": "", "off by": ".2f"}, [["none", "less than 0.000001"]]))
    assert rows[1] == ["none", "less than 0.000001"]


@pytest.mark.parametrize("words", ["P(a | b)", r"P(a \| b)", "P(a |\nb)"])
def test_a_bar_or_a_new_line_does_not_end_a_cell(words):
    rows, _ = cells(table({"what": "", "n": "d"}, [[words, 1]]))
    assert rows[1] == ["P(a | b)", "1"]


@pytest.mark.parametrize("header", ["", "  "])
def test_each_column_says_what_it_holds(header):
    with pytest.raises(ValueError, match="a header is empty"):
        table({header: "", "n": "d"}, [])


@pytest.mark.parametrize("row", [["a"], ["a", 1, 2]])
def test_each_row_fills_the_columns(row):
    with pytest.raises(ValueError, match=rf"a row has {len(row)} cells; there are 2 columns"):
        table({"what": "", "n": "d"}, [row])
