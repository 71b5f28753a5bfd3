"""What each kind of answer becomes: the design's table, and what a hostile answer may try."""

import functools
import time

import numpy as np
import pytest
import torch

from course_lib.checking import evaluate, guard, model
from course_lib.exercises import EXERCISES
from tests.reliability import answers as hostile

from .conftest import CHOICE, PAIR, TOY, shrink

SECONDS = guard.SECONDS  # as they are outside the tests
X = torch.ones(2, 2)
memory = []


def stub(x, k):
    """A docstring."""
    return ...


def raises_not_implemented(x, k):
    raise NotImplementedError


def stops(x, k):
    ratio = x / k
    return ratio + undefined_name  # noqa: F821


def leaves(x, k):
    exit()


def catches_its_end_and_answers(x, k):
    try:
        while True:
            pass
    except:  # noqa: E722
        return shrink(x, k)


def changes_input(x, k):
    x /= k
    return x + 1


def generates(x, k):
    yield x / k + 1


async def coroutine(x, k):
    return x / k + 1


def forgets_to_return(x, k):
    x / k + 1


def returns_what_nobody_filled(x, k):
    return x.grad


def returns_sometimes(x, k):
    if k > 100:
        return x


def half_a_stub(x, k):
    return x / k + 1 if x.ndim == 2 else ...


def counts_its_calls(x, k):
    memory.append(1)
    return x / k + 1 + (len(memory) > 5)


def takes_a_while(x, k):
    time.sleep(0.1)
    return x / k + 1


def borrows(x, k):
    return shrink(x, k)


def borrows_by_another_name(x, k):
    return functools.partial(shrink, k=k)(x)


TABLE = {
    "not_attempted": [stub, raises_not_implemented, ..., NotImplemented],
    "raised": [
        stops,
        hostile.calling_itself,
        leaves,
        hostile.leaving,
        hostile.raising_what_cannot_be_told,
        hostile.interrupting,
        hostile.half_of_a_character,
        hostile.checking_itself,
        hostile.asking,
        lambda x: x,
        lambda x, k, more: x,
        type(shrink),
    ],
    "timed_out": [
        hostile.endless,
        hostile.endless_in_a_bare_except,
        catches_its_end_and_answers,
        hostile.endless_printing,
        hostile.sleeping,
        takes_a_while,
    ],
    "changed_input": [
        changes_input,
        hostile.replacing_torch,
        lambda x, k: x.resize_(7),
        lambda x, k: x.requires_grad_() / k + 1,
        lambda x, k: setattr(x, "data", x.half()),
    ],
    "wrong_type": [
        None,
        3.0,
        torch.ones(3),
        "text",
        lambda x, k: None,
        lambda x, k: [1.0],
        lambda x, k: "text",
        lambda x, k: object(),
        generates,
        coroutine,
        lambda x, k: x.sum,
        lambda x, k: (x / k + 1).to_sparse(),
        lambda x, k: (x / k + 1).to("meta"),
        lambda x, k: (x / k + 1).numpy().astype(np.float16),
        lambda x, k: (x / k + 1).float(),
        lambda x, k: (x / k + 1).half(),
        lambda x, k: (x / k + 1).double(),
    ],
    "wrong_shape": [
        lambda x, k: (x / k + 1)[None],
        lambda x, k: x.sum(),
        lambda x, k: (x, x),
        lambda x, k: (x / k + 1,),
    ],
    "wrong_value": [
        lambda x, k: x,
        lambda x, k: x * float("nan"),
        half_a_stub,
        counts_its_calls,
        hostile.guessing,
    ],
    "called_reference": [shrink, borrows, borrows_by_another_name],
    "passed": [
        lambda x, k: x / k + 1,
        lambda x, k: (x / k + 1).numpy(),
        lambda x, k: np.asarray(x) / k + 1,
    ],
}
ROWS = [(status, answer) for status, answers in TABLE.items() for answer in answers]
NOT_AS_THE_REST = {half_a_stub: "wrong_type"}


@pytest.mark.parametrize(
    ("status", "answer"), ROWS, ids=[f"{s}-{getattr(a, '__name__', a)}" for s, a in ROWS]
)
def test_an_answer_gets_its_status_in_one_sentence(status, answer, monkeypatch):
    memory.clear()
    if status == "timed_out":
        monkeypatch.setattr(guard, "SECONDS", 0.2)
        monkeypatch.setattr(guard, "GRACE", 0.2)
    outcome = evaluate(TOY, answer)
    assert outcome.status == NOT_AS_THE_REST.get(answer if callable(answer) else None, status)
    assert outcome.message
    assert len(outcome.message) < 330
    assert len(outcome.printed) < 1_100
    assert outcome.status in model.STATUSES


def test_an_outcome_comes_within_two_seconds(monkeypatch):
    assert SECONDS + guard.GRACE < 2
    monkeypatch.setattr(guard, "SECONDS", SECONDS)
    began = time.monotonic()
    assert evaluate(TOY, hostile.endless_in_a_bare_except).status == "timed_out"
    assert time.monotonic() - began < 5, "two seconds, and three for a busy machine"


SENTENCES = {
    stops: ["NameError", "undefined_name", "4 by 3 numbers", "`return ratio + undefined_name"],
    hostile.calling_itself: ["calls itself without end"],
    leaves: ["exit()", "return"],
    hostile.half_of_a_character: ["ValueError: ?,"],
    hostile.asking: ["nobody can be asked"],
    hostile.checking_itself: ["from within an answer"],
    changes_input: ["`x`", "in place"],
    hostile.replacing_torch: ["torch.add"],
    generates: ["yield"],
    coroutine: ["async def"],
    counts_its_calls: ["Asked twice"],
    hostile.guessing: ["Asked twice"],
    borrows: ["`shrink`"],
    (lambda x: x): ["takes (x)", "2 arguments"],
    forgets_to_return: ["your result is None: did you forget `return`?"],
    returns_what_nobody_filled: ["your result is None: what stands behind your `return`"],
    returns_sometimes: ["your result is None: one way through"],
    (lambda x, k: [1.0]): ["a list; a tensor is asked for"],
    (lambda x, k: x.sum): ["is the function `sum` itself", "brackets"],
    (lambda x, k: (x / k + 1,)): ["comma"],
    (lambda x, k: X): ["the same result in every try", "(`x`, `k`)"],
    (lambda x, k: x * 0): ["is 0 in every place"],
    (lambda x, k: x / k + 1 + 1e-6): ["nearly right", "e-07 of its size"],
    (lambda x, k: (x / k + 1)[None]): ["(1, 4, 3)", "(4, 3)"],
    (lambda x, k: (x, x)): ["returns 2 results; one tensor is asked for"],
    (lambda x, k: (x / k + 1).double()): ["float32", "float64"],
    (lambda x, k: (x / k + 1).to("meta")): ["device meta"],
    (lambda x, k: -(x / k + 1)): ["opposite sign"],
    (lambda x, k: 3 * (x / k + 1)): ["3 times what it should be"],
    (lambda x, k: x / k + 1.5): ["too large by 0.5"],
    (lambda x, k: (x / k + 1).flip(0)): ["right numbers in the wrong places"],
    (lambda x, k: x * 0 + 2): ["is 2 in every place"],
    (lambda x, k: (x / k + 1).log().log()): ["NaN"],
    (lambda x, k: (x / k + 1).numpy()): ["not as a torch tensor", "stand-in"],
    (lambda x, k: (x / k + 1).detach()): ["sends gradients through it", "Look at `.detach()`."],
    (lambda x, k: x / k + 1 if x.sum() > -1e9 else x): ["vmap"],
}


@pytest.mark.parametrize("answer", SENTENCES, ids=lambda f: f.__name__)
def test_the_sentence_says_what_happened(answer):
    memory.clear()
    message = evaluate(TOY, answer).message
    for words in SENTENCES[answer]:
        assert words in message


def test_the_case_that_takes_too_long_is_named(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)

    def answer(x, k):
        while len(x) == 2:
            pass
        return x / k + 1

    assert evaluate(TOY, answer).message.startswith("With 2 by 2 numbers, your function had not")


def test_single_numbers_are_compared_across_cases():
    def message(answer):
        return evaluate(EXERCISES["00.weighted_sum"], answer).message

    assert "and with others too, your result is 3 times" in message(lambda x, w: 3 * (x @ w))
    assert "and with others too, your result is too small by 2" in message(lambda x, w: x @ w - 2)
    assert "opposite sign" in message(lambda x, w: -(x @ w))
    assert "With 3 inputs, your result is -1, but should be -0.44" in message(
        lambda x, w: (x @ w).floor()
    )


def test_only_a_right_answer_in_torch_is_used():
    assert evaluate(TOY, lambda x, k: x / k + 1).usable
    assert not evaluate(TOY, lambda x, k: (x / k + 1).numpy()).usable
    assert not evaluate(TOY, lambda x, k: (x / k + 1).detach()).usable
    assert not evaluate(TOY, lambda x, k: x).usable


def test_several_results_are_compared_one_by_one():
    def message(answer):
        return evaluate(PAIR, answer).message

    assert evaluate(PAIR, lambda x: (x.sum(), x.mean())).passed
    assert "your result number 2" in message(lambda x: (x.sum(), x.sum()))
    assert "1 part; it should have 2" in message(lambda x: x.sum())
    assert "3 parts; it should have 2" in message(lambda x: (x.sum(), x.mean(), x))
    assert evaluate(PAIR, lambda x: x.sum()).status == "wrong_shape"


def test_an_answer_can_be_a_value():
    assert evaluate(CHOICE, ("huber", "outliers")).passed
    assert evaluate(CHOICE, ("mse", "outliers")).slip == "mse"
    assert evaluate(CHOICE, ("huber", "no reason")).status == "wrong_value"
    assert evaluate(CHOICE, "huber").status == "wrong_type"
    assert evaluate(CHOICE, ...).status == "not_attempted"
    assert evaluate(CHOICE, None).status == "wrong_type"


def test_what_an_answer_prints_is_kept_and_cut():
    def prints(x, k):
        print("x is", x.shape)
        return x

    assert "x is torch.Size([4, 3])" in evaluate(TOY, prints).printed

    def floods(x, k):
        print("z" * 10_000_000)
        return x / k + 1

    outcome = evaluate(TOY, floods)
    assert outcome.passed
    assert outcome.printed.endswith("… (cut here)")


def test_the_cases_follow_the_seed():
    seen = []

    def answer(x, k):
        seen.append(x.flatten()[0].item())
        return x / k + 1

    evaluate(TOY, answer)
    first = seen[0]
    seen.clear()
    evaluate(TOY, answer)
    assert seen[0] == first
    seen.clear()
    evaluate(TOY, answer, seed=5)
    assert seen[0] != first


def own_copy_in_place(x, k):
    x = x.clone()
    x /= k
    return x.add_(1)


def by_a_loop(x, k):
    out = torch.empty_like(x)
    for place in np.ndindex(tuple(x.shape)):
        out[place] = x[place] / k + ONE
    return out


def in_another_precision(x, k):
    return (x.double() / k + 1).to(x.dtype)


ONE = 1


@pytest.mark.parametrize("answer", [own_copy_in_place, by_a_loop, in_another_precision])
def test_right_answers_of_any_style_pass(answer):
    assert evaluate(TOY, answer).passed


def wraps_itself(x, k):
    return x / k


wraps_itself.__wrapped__ = wraps_itself


class Refuses:
    """Whatever it is asked for, it raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __call__(self, x, k):
        return x


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (wraps_itself, "wrong_value", "too small by 1"),
        (hostile.Anything, "wrong_type", "an Anything"),
        (Refuses, "wrong_value", "wrong in every place"),
        (hostile.freeing_its_input, "changed_input", "changes its input"),
        (hostile.returning_nothing_there, "wrong_type", "tensor whose memory is gone"),
        (hostile.forking, "raised", "starts no second process"),
    ],
)
def test_an_answer_that_plays_tricks_is_judged_like_another(answer, status, words):
    outcome = evaluate(TOY, answer() if isinstance(answer, type) else answer)
    assert outcome.status == status
    assert words in outcome.message


def test_an_object_that_is_right_passes():
    class Right:
        def __call__(self, x, k):
            return x / k + 1

    assert evaluate(TOY, Right()).usable


def test_what_sleeps_with_its_memory_is_told(monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.2)
    assert "keeps its memory" in evaluate(TOY, hostile.endless_in_a_bare_except).message
    assert "keeps its memory" not in evaluate(TOY, hostile.endless).message


def test_the_stub_of_a_class_is_told_by_its_own_words():
    assert "`raise NotImplementedError()`" in evaluate(TOY, raises_not_implemented).message
    assert "`...`" in evaluate(TOY, stub).message
