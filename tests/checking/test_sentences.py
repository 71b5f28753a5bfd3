"""Sentences that a stranger missed when lessons 00 to 02 were tried on one."""

import math
import sys
from dataclasses import replace

import pytest
import torch

from course_lib.checking import evaluate
from course_lib.checking.stand_in import stand_in
from course_lib.exercises import EXERCISES

from .conftest import PAIR, TOY


def told(answer, exercise=TOY):
    return evaluate(exercise, answer).message


def with_a_caret(x, k):
    return (x ^ 2) / k


def not_written_yet(x, k):
    raise NotImplementedError("soon")


def half_written(x, k):
    if len(x) == 4:
        return x / k + 1
    raise NotImplementedError


def test_what_torch_has_not_implemented_is_an_error_and_no_open_answer():
    outcome = evaluate(TOY, with_a_caret)
    assert outcome.status == "raised"
    assert "a power is `**`" in outcome.message
    assert "`return (x ^ 2) / k`" in outcome.message


def test_an_answer_that_says_it_is_not_written_is_not_attempted():
    assert evaluate(TOY, not_written_yet).status == "not_attempted"
    assert "no answer yet" in told(half_written)


def test_a_misspelt_name_comes_with_a_guess():
    def misspells(x, k):
        offset = x / k
        return ofset + offset  # noqa: F821

    assert "'ofset' is not defined (did you mean `offset`?), in the line" in told(misspells)
    assert "'summ' (did you mean `sum`?), in" in told(lambda x, k: x.summ())
    assert "not defined, in" in told(lambda x, k: entirely_unknown)  # noqa: F821


def test_a_list_of_torchs_signatures_is_left_out():
    message = told(lambda x, k: x.sum(keepdim=True))
    assert "invalid combination of arguments" in message
    assert "one of" not in message


def test_a_stand_in_says_what_to_look_at():
    message = told(stand_in(TOY))
    assert "in red" in message
    assert "keep the name" in message


def test_a_generator_from_round_brackets_is_told_from_a_yield():
    def yields(x, k):
        yield x

    assert "round brackets" in told(lambda x, k: (row / k + 1 for row in x))
    assert "`yield`" in told(yields)


def test_a_wrong_dtype_says_what_to_write():
    message = told(lambda x, k: (x / k + 1).float())
    assert "float32 where float64" in message
    assert "new_zeros" in message


def test_a_sign_is_called_opposite_only_where_it_is_in_all_cases():
    assert "opposite sign" in told(lambda x, k: -(x / k + 1))
    in_the_first = told(lambda x, k: (x / k + 1) * (-1 if len(x) == 4 else 2))
    assert "opposite" not in in_the_first
    assert "should be" in in_the_first


def test_a_factor_that_changes_with_the_case_is_not_sold_as_one():
    assert "is 2 times what it should be." in told(lambda x, k: 2 * (x / k + 1))
    changing = told(lambda x, k: (x / k + 1) * len(x))
    assert "is 4 times what it should be, and in other cases by another factor." in changing


def test_the_numbers_of_a_small_case_are_shown():
    message = told(lambda x, k: x.clone())
    x = TOY.cases(0)[0].args[0]
    assert f"x = [[{x[0, 0]:.4g}, {x[0, 1]:.4g}" in message
    assert message.endswith(", k = 3.)")


def test_functions_among_the_arguments_are_left_out():
    message = told(lambda f, w, step: w + 7.0, EXERCISES["06.gradient_check"])
    assert "step = " in message
    assert "<" not in message


def test_only_what_is_printed_with_the_first_case_is_kept():
    def prints(x, k):
        print(f"{x.numel()} numbers")
        return x

    assert evaluate(TOY, prints).printed == "12 numbers\n"


def test_libraries_advice_is_not_among_it():
    def advised(x, k):
        torch.zeros(3).T  # noqa: B018
        return x

    outcome = evaluate(TOY, advised)
    assert (outcome.status, outcome.printed) == ("wrong_value", "")


def test_a_root_without_brackets_is_named_beside_any_other_slip():
    def half(x, k):
        return (x / k + 1) ** 1 / 2

    assert "a root needs its brackets" in told(half)
    assert "a root" not in told(lambda x, k: (x / k + 1) ** (1 / 2))


def test_a_question_asked_of_many_numbers_is_told():
    message = told(lambda x, k: x if x > 0 else k)
    assert "each number needs its own" in message


def test_math_takes_one_number():
    assert "`torch` take a tensor" in told(lambda x, k: math.exp(x) / k)


def test_a_rule_without_its_star_is_right_but_cannot_be_run():
    def without_star(p, g, lr):
        return p - lr * g

    def renamed(p, g, *, lr):
        return p - lr * g

    outcome = evaluate(EXERCISES["07.gd"], without_star)
    assert (outcome.status, outcome.usable) == ("passed", False)
    assert "keep the first line of the cell as it was given" in outcome.message
    assert evaluate(EXERCISES["07.gd"], renamed).usable


def test_a_comparison_is_no_number():
    message = told(lambda z: z > 0, EXERCISES["03.relu_grad"])
    assert "true or false" in message


def test_only_arguments_that_are_handed_over_are_named():
    message = told(lambda shape: 1.0, EXERCISES["04.he_std"])
    assert "(`shape`)" in message


@pytest.mark.parametrize("value", [2, 2.5, torch.tensor(3)])
def test_numbers_are_shown_as_they_are_written(value):
    from course_lib.checking.explain import _numbers

    assert _numbers(value) == {2: "2", 2.5: "2.5"}.get(float(value), "3")


def test_a_value_read_before_it_is_there_and_a_root_of_less_than_zero_are_explained():
    def capital(x, k):
        K = K + 1 if k else k  # noqa: F821
        return x / K

    assert "Do you mean one of the arguments?" in told(capital)
    assert "is no number" in told(lambda x, k: x / math.sqrt(-k))


def test_two_results_in_one_tensor_are_told_apart():
    assert "2 results are due, with a comma" in told(
        lambda x: torch.stack((x.sum(), x.mean())), PAIR
    )


def test_an_exercise_whose_cases_never_end_says_so(monkeypatch):
    def forever(seed):
        while True:
            pass

    monkeypatch.setattr(sys.modules[evaluate.__module__], "AUTHOR_SECONDS", 0.2)
    with pytest.raises(RuntimeError, match=f"of {TOY.id} do not come to an end"):
        evaluate(replace(TOY, cases=forever), lambda x, k: x)
