"""Answers to lesson 21 that were written without a look at the tables, and what must come back."""

import pytest

from course_lib.checking import evaluate
from course_lib.exercises import EXERCISES

# What a tired learner says of each run, and a word that the sentence must hold.
DIAGNOSES = {
    1: {
        ("vanishing_gradients", "loss"): "gradient",
        ("symmetric_start", "accuracies"): "accuracies",
        ("rate_too_low", "loss"): "first updates",
        ("shuffled_labels", "accuracies"): "chance",
        ("rows", "symmetric_start"): "comes first",
        ("symmetric start", "rows"): "underscore",
    },
    2: {
        ("shuffled_labels", "loss"): "by heart",
        ("rate_too_high", "loss"): "jumps",
        ("no_bias_correction", "steps"): "gradient descent",
        ("rate_too_low", "steps"): "smoothly",
        ("rate_too_high", "steps"): "divided away",
        ("Rate_too_high", "rate"): "capital",
    },
    3: {
        ("rate_too_high", "steps"): "rate",
        ("rate_too_high", "loss"): "rate",
        ("no_bias_correction", "loss"): "jumps",
        ("vanishing_gradients", "gradients"): "gradients",
        ("no_bias_correction", "rate"): "healthy run",
        ("no_bias_correction ", "steps"): "blanks",
    },
    4: {
        ("overfitting", "accuracies"): "not",
        ("leak", "accuracies"): "another kind",
        ("shuffled_labels", "accuracies"): "74 %",
        ("overfitting", "distances"): "validation",
        ("leak", "loss"): "healthy run",
        ("distances", "leak"): "comes first",
    },
    5: {
        ("rate_too_low", "loss"): "85 %",
        ("vanishing_gradients", "gradients"): "alike",
        ("overfitting", "accuracies"): "training",
        ("softmax_twice", "gradients"): "scales",
        ("softmax_twice", "accuracies"): "fit",
        ("no_bias_correction", "steps"): "one rate",
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


@pytest.mark.parametrize("answer", [None, 7, "leak", ("leak",), ("leak", 3), [("leak", "loss")]])
def test_other_things_get_a_sentence(answer):
    outcome = evaluate(EXERCISES["21.diagnose_1"], answer)
    assert not outcome.passed
    assert outcome.message
