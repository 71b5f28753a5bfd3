"""Which outputs count as the same on another device."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nearly import differences, nearly


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("97.3 % are right", "97.1 % are right"),
        ("0.03", "0.05"),
        ("1,000 steps", "1,015 steps"),
        ("loss 3.00e-5 after 7", "loss 3.02e-5 after 7"),
        ("no number", "no number"),
        (
            "\N{MINUS SIGN}0.5 (\N{MINUS SIGN}0.7 to +0.1)",
            "\N{MINUS SIGN}0.4 (\N{MINUS SIGN}0.7 to +0.2)",
        ),
    ],
)
def test_the_same_words_with_numbers_that_nearly_agree(was, now):
    assert nearly(was, now)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("97.3 % are right", "95.1 % are right"),
        ("Verdict: holds.", "Verdict: does not hold."),
        ("0.03", "0.06"),
        ("1,000 steps", "1,030 steps"),
        ("3.00e-5", "3.00e-4"),
        ("+0.5", "\N{MINUS SIGN}0.5"),
        ("a 1", "a 1 2"),
    ],
)
def test_what_differs(was, now):
    assert not nearly(was, now)


def _notebook(*texts, tags=()):
    outputs = [new_output("display_data", data={"text/plain": text}) for text in texts]
    return new_notebook(cells=[new_code_cell("", outputs=outputs, metadata={"tags": list(tags)})])


def test_a_difference_says_where_and_what():
    assert differences(_notebook("a 1.00"), _notebook("a 1.01")) == []
    (line,) = differences(_notebook("a 1.00"), _notebook("b 1.00"))
    assert line == "cell 0: 'b 1.00' where 'a 1.00' is stored"
    (line,) = differences(_notebook("a", "b"), _notebook("a"))
    assert line == "cell 0: 1 outputs, 2 are stored"


def test_an_output_that_may_differ_is_left_out():
    tags = ["nbval-ignore-output"]
    assert differences(_notebook("cpu", tags=tags), _notebook("cuda", tags=tags)) == []
