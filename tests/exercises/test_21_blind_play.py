"""Answers to lesson 21 that were written without a look at the tables, and what must come back."""

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES

# What a tired learner says of each run, and a word that the sentence must hold.
DIAGNOSES = {
    1: {
        ("vanishing_gradients", "loss"): "gradient",
        ("symmetric_start", "gradients"): "same gradient",
        ("overfitting", "accuracies"): "43 %",
        ("symmetric_start", "accuracies"): "accuracies",
        ("rate_too_low", "loss"): "first update",
        ("shuffled_labels", "accuracies"): "chance",
        ("rows", "symmetric_start"): "comes first",
        ("symmetric start", "rows"): "none of the faults",
        ("rate_too_low", "steps"): "learning rate",
        ("symmetric_start", 1): "a number",
    },
    2: {
        ("shuffled_labels", "loss"): "chance",
        ("rate_too_high", "loss"): "jumps",
        ("no_bias_correction", "steps"): "gradient descent",
        ("rate_too_low", "steps"): "sizes of gradients",
        ("vanishing_gradients", "steps"): "consequence",
        ("rate_too_high", 6.0): "a number",
        ("rate_too_high", "steps"): "divided away",
        ("Rate_too_high", "rate"): "exactly as it stands",
        ("rate_too_high", "rows"): "What is not",
    },
    3: {
        ("rate_too_high", "steps"): "rate",
        ("rate_too_high", "loss"): "rate",
        ("no_bias_correction", "loss"): "jumps",
        ("vanishing_gradients", "gradients"): "gradients",
        ("shuffled_labels", "loss"): "55 %",
        ("no_bias_correction", "rate"): "healthy run",
        ("no_bias_correction ", "steps"): "none of the faults",
    },
    4: {
        ("overfitting", "accuracies"): "by heart",
        ("leak", "accuracies"): "another kind",
        ("shuffled_labels", "accuracies"): "86 %",
        ("overfitting", "distances"): "healthy run",
        ("leak", "loss"): "Which number is not",
        ("leak", "gradients"): "Which number is not",
        ("leak", "steps"): "Which number is not",
        ("leak", "rate"): "Which number is not",
        ("leak", "rows"): "What is not",
        ("distances", "leak"): "comes first",
        ("distances", "overfitting"): "comes first",
        ("leak", "distance"): "none of the observations",
        ("leakage", "accuracy"): "none of the faults",
    },
    5: {
        ("rate_too_low", "loss"): "before the first update",
        ("leak", "distances"): "chance can explain",
        ("vanishing_gradients", "gradients"): "alike",
        ("overfitting", "accuracies"): "training",
        ("softmax_twice", "gradients"): "scales",
        ("softmax_twice", "accuracies"): "fit",
        ("no_bias_correction", "steps"): "one rate",
        ("softmax", "loss"): "none of the faults",
        ("softmax_twice", "rate"): "flat",
        ("softmax_twice", "steps"): "before any update",
    },
}


@pytest.mark.parametrize(
    ("run", "answer"), [(run, answer) for run, of in DIAGNOSES.items() for answer in of]
)
def test_a_wrong_diagnosis_is_told_what_speaks_against_it(run, answer):
    outcome = evaluate(EXERCISES[f"21.diagnose_{run}"], answer)
    assert outcome.status == "wrong_value"
    assert outcome.slip is not None
    assert DIAGNOSES[run][answer] in outcome.message, outcome.message


@pytest.mark.parametrize("run", DIAGNOSES)
def test_every_wrong_word_has_its_sentence(run):
    from course_lib.exercises.lesson_21.shared import FAULTS, OBSERVATIONS

    exercise = EXERCISES[f"21.diagnose_{run}"]
    fault, observation = exercise.reference
    pairs = [(word, observation) for word in FAULTS if word != fault]
    pairs += [(fault, word) for word in OBSERVATIONS if word != observation]
    named = {pair: evaluate(exercise, pair).slip for pair in pairs}
    assert named == {pair: pair[0] if pair[0] != fault else pair[1] for pair in pairs}


@pytest.mark.parametrize("answer", [None, 7, "leak", ("leak",), (3, "loss"), [("leak", "loss")]])
def test_what_is_no_pair_of_words_is_told_so(answer):
    outcome = evaluate(EXERCISES["21.diagnose_1"], answer)
    assert (outcome.status, outcome.slip) == ("wrong_value", "not two words")


# Plans that a tired learner hands in, and a word that the sentence must hold.
PLANS = {
    ("he", "cross_entropy", "gd", "warmup_cosine", 0.05): "higher rate",
    ("he", "cross_entropy", "gd", "warmup_cosine", 3.5): "lower rate",
    ("he", "cross_entropy", "gd", "warmup_cosine"): "five things",
    ("cross_entropy", "he", "gd", "warmup_cosine", 0.3): "order",
    (0.3, "he", "cross_entropy", "gd", "warmup_cosine"): "the rate last",
    ("he", "cross_entropy", "gd", 0.3, "warmup_cosine"): "the rate last",
    ("glorot", "cross_entropy", "gd", "warmup_cosine", 0.3): "first",
    ("he", "cross_entropy", "adamw", "constant", (0.02,)): "a plain number",
    ("he", "cross_entropy", "adam", "constant", 0.01): "third",
    ("he", "cross_entropy", "adamw", "cosine", 0.01): "fourth",
    ("he", "cross_entropy", "adamw", "constant", "0.01"): "without quotes",
    ("he", "cross_entropy", "adamw", "constant", True): "number above 0",
    ("he", "cross_entropy", "adamw", "constant", -0.01): "number above 0",
    ("he", "cross_entropy", "adamw", "constant", 50): "never trained",
    ("he", "cross_entropy", "adamw", "constant", 0.01): "higher rate",
    ("he", "cross_entropy", "nesterov", "constant", 0.1): "Another schedule",
    ("he", "brier", "nesterov", "warmup_cosine", 0.6): "Another rule",
    ("small", "brier", "adamw", "warmup_cosine", 0.03): "Another loss",
    ("small", "brier", "gd", "constant", 1): "no change of a single word",
}


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_that_falls_short_is_told_why(plan):
    for answer in (plan, list(plan)):
        outcome = evaluate(EXERCISES["21.final"], answer)
        assert outcome.status == "wrong_value"
        assert PLANS[plan] in outcome.message, outcome.message


@pytest.mark.parametrize("answer", [None, 7, "he", {}, float("nan"), [[]] * 5, (1, 2, 3, 4, 5)])
def test_what_is_no_plan_gets_a_sentence(answer):
    outcome = evaluate(EXERCISES["21.final"], answer)
    assert outcome.status == "wrong_value"
    assert outcome.message


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0, 0.0])
def test_a_rate_that_is_no_number_above_0_is_none(rate):
    plan = ("he", "cross_entropy", "gd", "constant", rate)
    assert evaluate(EXERCISES["21.final"], plan).slip == "no rate"


def test_every_outcome_of_the_menu_has_its_sentence():
    from course_lib.exercises.lesson_21.final import REACHED, menu, outcome

    found = {outcome((*words, lr)) for words, row in menu().items() for lr in row}
    assert REACHED in found
    assert found - {REACHED} <= {slip.name for slip in EXERCISES["21.final"].slips}


def test_the_goal_is_met_by_fresh_runs_of_the_plan_that_the_lesson_takes():
    from course_lib.exercises.lesson_21.final import GOAL
    from course_lib.lab import confidence_interval, stored

    words = list(EXERCISES["21.final"].reference[:4])
    row = next(row for row in stored("21_capstone")["plans"] if row["plan"] == words)
    assert confidence_interval(row["validation"]).mean > GOAL - 0.01


def test_the_first_hint_on_run_1_asks_for_what_no_update_could_make():
    hint = EXERCISES["21.diagnose_1"].hints[0]
    assert "at the end" in hint
    assert "no update" in hint
