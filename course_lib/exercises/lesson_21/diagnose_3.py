"""Exercise 21.diagnose_3: Adam's average of squares, not corrected."""

from __future__ import annotations

from .shared import diagnosis

TABLE = """
symmetric_start
    all 32 neurons of the first layer are different.
rate_too_high
    the rate is that of the healthy run, and so is the rate times the curvature. What differs is how
    far an update goes at this rate.
rate_too_low
    the first update moves the median parameter by more than thirty rates.
vanishing_gradients
    before training the gradients of all layers are those of the healthy run.
leak
    validation signals are as far from the training signals as test signals are, and no accuracy is
    high.
shuffled_labels
    with answers that belong to other signals validation would stay at chance, which is 10 % here.
    It reaches 55 %.
softmax_twice
    the loss of probabilities lies between 1.46 and 2.46. This one jumps to 15.
overfitting
    a network that overfits knows its training signals. This one has 57 % of them right.
loss
    it jumps after the first update, and so it would with a rate that is too high. Which numbers
    tell the two apart?
accuracies
    they are low on all three parts, as in runs 1 and 2. They say that something is wrong, not what.
gradients
    before training they are exactly those of the healthy run. What is done with them afterwards?
rows
    all 32 neurons are different, as in the healthy run. What is not as it is there?
rate
    it is that of the healthy run, to the last digit. Which number is not?
distances
    they are those of the healthy run. Which number is not?
"""

DIAGNOSE_3 = diagnosis(
    3,
    ("no_bias_correction", "steps"),
    TABLE,
    hints=(
        "The damage is done in the first updates, and the rate is the healthy one. How long is the "
        "first update of Adam, in rates?",
        "The first updates are 31.6, 15, 9.5 rates long. What is one over the root of 1 - 0.999?",
    ),
)
