"""Exercise 21.diagnose_4: validation signals that were trained on."""

from __future__ import annotations

from .shared import diagnosis

TABLE = """
symmetric_start
    all 32 neurons of the first layer are different.
rate_too_high
    the rate and the loss are those of the healthy run, to the last digit.
rate_too_low
    the training signals are nearly all right, and the loss is that of the healthy run.
vanishing_gradients
    the gradients of all layers are those of the healthy run.
no_bias_correction
    the first update moves the median parameter by one rate, as in the healthy run.
shuffled_labels
    answers that belong to other signals would leave the test accuracy at chance, 10 %. It is 86 %.
softmax_twice
    the loss of probabilities never falls below 1.46. This one falls to 0.1.
overfitting
    the accuracies on training and test signals are those of the healthy run, so no more is known by
    heart than there. Which accuracy is not that of the healthy run?
loss
    it is the loss of the healthy run, batch by batch. Which number is not?
accuracies
    validation and test disagree. That could also come from validation signals of another kind,
    easier ones. Which numbers rule this out?
gradients
    they are those of the healthy run. Which number is not?
rows
    all 32 neurons are different, as in the healthy run. What is not as it is there?
steps
    they are those of the healthy run, update by update. Which number is not?
rate
    it is that of the healthy run. Which number is not?
"""

DIAGNOSE_4 = diagnosis(
    4,
    ("leak", "distances"),
    TABLE,
    hints=(
        "Nothing is wrong with the training. What is wrong with what is said about it?",
        "The network has nearly all of its training signals right. What must a validation part be "
        "made of, if nearly all of it is right too, and so much less of test? What would show it?",
    ),
)
