"""The source of a function is edited, and what comes of it is a function again."""

import pytest
import torch

from course_lib.checking.edits import Edit, body, edited, formula, made
from course_lib.checking.slips import both, read_table, slips, wraps

LIMIT = 10.0


def scaled(x, k, *, lr=0.5):
    """Return lr x / k + 1, capped."""
    if k == 0:
        raise ValueError("k is 0")
    k_hat = lr * x / k
    return torch.clamp(k_hat + 1, max=LIMIT)


X = torch.tensor([2.0, 4.0])


def test_the_body_is_the_source_without_the_docstring():
    assert body(scaled).startswith("if k == 0:\n    raise")
    assert body(scaled).endswith("max=LIMIT)")


def test_what_refuses_bad_inputs_is_no_part_of_the_formula():
    assert [type(node).__name__ for node in formula(scaled).body] == ["Assign", "Return"]


def test_a_made_function_has_the_globals_and_the_defaults_of_the_other():
    copy = made(scaled, body(scaled))
    torch.testing.assert_close(copy(X, 2.0), scaled(X, 2.0))
    torch.testing.assert_close(copy(X, 2.0, lr=100.0), torch.tensor([10.0, 10.0]))


def test_an_edit_finds_whole_names_only():
    assert Edit("k", "q").apply("k_hat + k") == "k_hat + q"
    assert Edit("+ k", "").apply("a + k - k_hat") == "a  - k_hat"


def test_an_edit_may_exchange_two_things():
    assert Edit("a", "b", swapped=True).apply("a - b * a") == "b - a * b"


def test_edits_come_one_after_the_other():
    assert edited("a + b", (Edit("a", "b"), Edit("b", "c"))) == "c + c"


def test_an_edit_that_changes_nothing_is_refused():
    with pytest.raises(ValueError, match=r"slip 'other': `k \* x` is not in the code"):
        slips("other: k * x → k\n    Words.", scaled)


def test_a_table_holds_names_edits_and_sentences():
    table = """
    no one: + 1 → ; lr * x → x
        The one is missing,
        and so is lr.
    nothing
        No edit.
    a loop:
        | for _ in range(2):
        |     x = x + 1
        | return x
        Too many.
    the input: x
        As it came.
    """
    (first, edits, words), (_, none, _), (_, whole, _), (_, shown, _) = read_table(table)
    assert (first, len(edits), words) == ("no one", 2, "The one is missing, and so is lr.")
    assert none == ()
    assert whole[0].new == "for _ in range(2):\n    x = x + 1\nreturn x"
    assert shown[0].new == "return x"


def test_a_slip_without_an_edit_needs_an_answer_and_an_answer_a_sentence():
    with pytest.raises(ValueError, match="'nothing' has no edit, and no answer is written"):
        slips("nothing\n    Words.", scaled)
    with pytest.raises(ValueError, match=r"no sentence for \['unheard'\]"):
        slips("nothing\n    Words.", scaled, {"unheard": abs, "nothing": abs})


def test_two_slips_at_once():
    one, other = slips("no one: + 1 →\n    Words.\nno lr: lr * x → x\n    Words.", scaled)
    torch.testing.assert_close(both(one, other, scaled)(X, 2.0), X / 2)
    (twice,) = wraps("twice\n    Words.", scaled, {"twice": lambda fn: lambda *a: 2 * fn(*a)})
    torch.testing.assert_close(both(one, twice, scaled)(X, 2.0), X / 2)
    assert both(one, one, scaled) is None, "there is nothing left to edit"
