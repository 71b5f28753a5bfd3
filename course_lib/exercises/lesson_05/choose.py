"""Exercise 05.choose: a loss and a reason for each of five tasks."""

from __future__ import annotations

from ...checking import Case, Exercise
from ..choices import slips_of_words, slips_of_writing

CHOSEN = (
    ("mse", "mean"),
    ("absolute", "median"),
    ("huber", "capped"),
    ("bce_logits", "separate"),
    ("categorical_logits", "shared"),
)
REASONS = ("mean", "median", "capped", "separate", "shared", "largest", "usual")

SLIPS = """
1 absolute
    with the absolute error the model learns a middle value. A few repairs are very dear, so that
    the middle lies below the mean, and the sum comes out too small.
1 huber
    these large costs are real, not slips. A loss that holds them back predicts too little for the
    sum.
1 largest
    it is true that large errors are punished most, but it is not why the sum comes out right. Which
    single guess, made for all, has the right sum?
1 median
    half of the costs lie above that number and half below, which says nothing about their sum.
1 capped
    the dear repairs are real and belong in the sum: their pull should not be limited.
1 usual
    that others use a loss says nothing about this task. What does the loss do that a sum of costs
    needs?
2 mse
    a few very late arrivals would draw the prediction out, and more than half would come before it.
    Which number has half of the others on each side?
2 huber
    what Huber's loss leads to depends on delta. As delta grows it goes from one well-known number
    to another. The exercise asks for one of them exactly.
2 mean
    the mean has no fixed share of the arrivals before it: a single very late one moves it. Which
    number has half of the others on each side?
2 capped
    this limits what one arrival can do, but it does not say which number the model ends up with.
    Which one has half of the others on each side?
2 largest
    punishing large errors most would draw the prediction towards the few late arrivals. Which
    number has half of the others on each side?
2 usual
    that others use a loss says nothing about this task. What does the loss do that halves of
    arrivals need?
3 mse
    the nonsense would pull hardest of all, since this pull grows with the error without end.
3 absolute
    this withstands nonsense as well, but it pulls as hard for the smallest error as for any. For
    bell-shaped ordinary errors squares are better: which loss squares only those?
3 median
    nobody asks for half of the readings on each side. What matters is what a reading of nonsense
    can do to the model.
3 largest
    punishing large errors most is what goes wrong here: the largest come from nonsense.
3 mean
    the mean is what nonsense spoils most easily. What should be limited?
3 usual
    that others use a loss says nothing about this task. What does the loss do that readings of
    nonsense call for?
4 categorical_logits
    this loss takes it that exactly one class is right. The more likely one disease becomes, the
    less likely it makes the others; but a patient can have two.
4 mse
    squared error can be used on probabilities, but after a sigmoid it hardly pulls at those that
    are wrong and sure. Which loss is made for logits of yes and no?
4 brier
    this score takes probabilities of which exactly one should be 1.
4 shared
    the diseases do not compete: the probabilities of two of them may both be 90 %.
4 usual
    that others use a loss says nothing about this task. What does the loss do that diseases side by
    side need?
5 bce_logits
    ten answers of yes or no may say yes twice, or never. Which loss knows that exactly one digit is
    written?
5 mse
    squared error treats the digits as numbers to be hit, and after a softmax it hardly pulls at
    mistakes that are sure. Which loss is made for one class out of many?
5 brier
    this is a sound choice where probabilities matter and labels may be wrong, but it takes
    probabilities, not logits, and learns more slowly from sure mistakes. Which loss is made for
    logits?
5 separate
    the digits do compete: if it is surely a 3, it is no 8.
5 usual
    that others use a loss says nothing about this task. What does the loss do that a single digit
    needs?
"""

OF_NUMBERS = """
{task} categorical_logits
    {thing} is a number, not a class. This loss takes logits of classes.
{task} bce_logits
    {thing} is a number, not a yes or no. This loss takes logits of yes or no.
{task} brier
    {thing} is a number, not a class. This score takes probabilities of classes.
{task} separate
    {thing} is a number, not a yes or no.
{task} shared
    {thing} is a number. There are no classes here that could share a probability.
"""

OF_CLASSES = """
{task} absolute
    this loss is for a number that is to be hit. Here the network gives {logits}.
{task} huber
    this loss is for a number that is to be hit, now and then a wild one. Here the network gives
    {logits}.
{task} mean
    the best single guess is of interest where a number is predicted. Here the network gives
    {logits}: how do the answers depend on each other?
{task} median
    a best single guess in the middle is of interest where a number is predicted. Here the network
    gives {logits}: how do the answers depend on each other?
{task} capped
    the size of an error is of interest where a number is predicted. Here the network gives
    {logits}: how do the answers depend on each other?
{task} largest
    that large errors are punished most is a matter of numbers. Here the network gives {logits}: how
    do the answers depend on each other?
"""

NO_OPTION = """
{task} {word}
    "{word}" is not a word of the tables. Write it exactly as it stands there, in small letters and
    without blanks.
"""

NO_OPTIONS = {
    1: ("squared", "mse_loss"),
    2: ("mae", "MAE", "absolute error", "absolute_error", "l1"),
    3: ("huber_loss",),
    4: ("bce", "BCE", "binary", "categorical"),
    5: ("categorical", "cross_entropy", "softmax"),
}

TABLES = (
    SLIPS,
    *(
        OF_NUMBERS.format(task=task, thing=thing)
        for task, thing in ((1, "a cost"), (2, "a time"), (3, "a reading"))
    ),
    *(
        OF_CLASSES.format(task=task, logits=logits)
        for task, logits in ((4, "logits of five diseases"), (5, "logits of ten digits"))
    ),
    *(
        NO_OPTION.format(task=task, word=word)
        for task, words in NO_OPTIONS.items()
        for word in words
    ),
)

CHOOSE = Exercise(
    id="05.choose",
    points=3,
    asks="a loss and a reason for each of five tasks",
    reference=CHOSEN,
    cases=lambda seed: [Case("these five tasks")],
    hints=(
        "Begin with what kind of answer each task wants: a number, several answers of yes or no, "
        "or one class out of many. That leaves few losses for each.",
        "For a task about numbers, imagine that the model may only ever say one and the same "
        "number. Which number would be right for the task, and which loss would lead to it?",
        "Two of the reasons belong to no task: one is true but explains none of them, and one is "
        "no reason at all. The other five belong to one task each, and so do the losses.",
    ),
    slips=(
        *(slip for table in TABLES for slip in slips_of_words(table, CHOSEN, REASONS, kind="loss")),
        *slips_of_writing(CHOSEN, kind="loss"),
    ),
    also_right=(
        list(CHOSEN),
        [list(pair) for pair in CHOSEN],
        tuple([loss, reason] for loss, reason in CHOSEN),
    ),
)
