"""Exercise 21.diagnose_5: a loss that takes probabilities for logits."""

from __future__ import annotations

from .shared import diagnosis

TABLE = """
symmetric_start
    all 32 neurons of the first layer are different.
rate_too_high
    the first update is as long as in the healthy run, the rate times the curvature is far below 2,
    and the loss falls without jumps.
rate_too_low
    updates are about as long as in the healthy run, and 86 % of the training signals are right. And
    no rate changes a loss before the first update: compare it with that of the healthy run.
vanishing_gradients
    the gradients are small, but in all three layers alike. Gradients that vanish on the way back
    are smallest in the first layer.
no_bias_correction
    the first update moves the median parameter by one rate, as in the healthy run.
leak
    validation signals are as far from the training signals as test signals are. Validation is ahead
    of test by no more than chance can explain.
shuffled_labels
    with answers that belong to other signals the test accuracy would stay at chance, 10 %. It is
    77 %.
overfitting
    training and validation are less far apart than in the healthy run. And a network that overfits
    has a small training loss.
accuracies
    they are somewhat lower than in the healthy run, as with many faults. Is there a number that
    does not fit them?
gradients
    all three are less than a tenth of the healthy ones. That says something scales them down,
    not what.
rows
    all 32 neurons are different, as in the healthy run. What is not as it is there?
steps
    they begin as in the healthy run, at one rate, and the next ones are about as long. What is not
    as it is there, before any update?
rate
    it is lower than in the healthy run, and far below 2: the loss is flat. Why is it so flat? Look
    for a number that says.
distances
    they are those of the healthy run. Which number is not?
"""

DIAGNOSE_5 = diagnosis(
    5,
    ("softmax_twice", "loss"),
    TABLE,
    hints=(
        "86 % right, and a training loss of 1.6. What is the cross-entropy of a network that is "
        "right, and sure of it?",
        "Take ten numbers between 0 and 1 that add up to 1, and put them into a softmax. How sure "
        "can it be at the most, and what is the cross-entropy then?",
    ),
)
