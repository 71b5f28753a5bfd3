"""Exercise 05.choose: a loss and a reason for each of five tasks."""

from __future__ import annotations

from ...checking import Case, Exercise, Slip

CHOSEN = (
    ("mse", "mean"),
    ("absolute", "median"),
    ("huber", "capped"),
    ("bce_logits", "separate"),
    ("categorical_logits", "shared"),
)
NO_OPTIONS = (
    ("squared", "mse_loss"),
    ("mae", "MAE", "absolute error", "absolute_error", "l1"),
    ("huber_loss",),
    ("bce", "BCE", "binary", "categorical"),
    ("categorical", "cross_entropy", "softmax"),
)
REASONS = ("mean", "median", "capped", "separate", "shared", "largest", "usual")


def _instead(task: int, word: str, message: str) -> Slip:
    """Return the slip of one wrong word, a loss or a reason, for one task, counted from 1."""
    loss, reason = CHOSEN[task - 1]
    pair = (loss, word) if word in REASONS else (word, reason)
    choices = (*CHOSEN[: task - 1], pair, *CHOSEN[task:])
    return Slip(f"task {task}: {word}", choices, f"Task {task}: {message}")


def _reason_first(task: int) -> Slip:
    """Return the slip of one pair that is turned round, for one task, counted from 1."""
    choices = (*CHOSEN[: task - 1], CHOSEN[task - 1][::-1], *CHOSEN[task:])
    message = "in your pair the reason comes first. Asked is the loss, then the reason."
    return Slip(f"task {task}: reason first", choices, f"Task {task}: {message}")


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
        _instead(
            1,
            "absolute",
            "with the absolute error the model learns a middle value. A few repairs are very dear, "
            "so that the middle lies below the mean, and the sum comes out too small.",
        ),
        _instead(
            1,
            "huber",
            "these large costs are real, not slips. A loss that holds them back predicts too "
            "little for the sum.",
        ),
        _instead(
            1,
            "largest",
            "it is true that large errors are punished most, but it is not why the sum comes out "
            "right. Which single guess, made for all, has the right sum?",
        ),
        _instead(
            1,
            "median",
            "half of the costs lie above that number and half below, which says nothing about "
            "their sum.",
        ),
        _instead(
            2,
            "mse",
            "a few very late arrivals would draw the prediction out, and more than half would come "
            "before it. Which number has half of the others on each side?",
        ),
        _instead(
            2,
            "huber",
            "what Huber's loss leads to lies somewhere between two well-known numbers, according "
            "to its delta. Asked is one of them exactly.",
        ),
        _instead(
            2,
            "mean",
            "the mean has no fixed share of the arrivals before it: a single very late one moves "
            "it. Which number has half of the others on each side?",
        ),
        _instead(
            2,
            "capped",
            "this limits what one arrival can do, but it does not say which number the model ends "
            "up with. Which one has half of the others on each side?",
        ),
        _instead(
            3,
            "mse",
            "the nonsense would pull hardest of all, since this pull grows with the error without "
            "end.",
        ),
        _instead(
            3,
            "absolute",
            "this withstands nonsense as well, but it pulls as hard for the smallest error as for "
            "any. For bell-shaped ordinary errors squares are better: which loss squares only "
            "those?",
        ),
        _instead(
            3,
            "median",
            "nobody asks for half of the readings on each side. What matters is what a reading of "
            "nonsense can do to the model.",
        ),
        _instead(
            3,
            "largest",
            "punishing large errors most is what goes wrong here: the largest come from nonsense.",
        ),
        _instead(
            3,
            "mean",
            "the mean is what nonsense spoils most easily. What should be limited?",
        ),
        _instead(
            4,
            "categorical_logits",
            "this loss takes it that exactly one class is right. The more likely one disease "
            "becomes, the less likely it makes the others; but a patient can have two.",
        ),
        _instead(
            4,
            "mse",
            "squared error can be used on probabilities, but after a sigmoid it hardly pulls at "
            "those that are wrong and sure. Which loss is made for logits of yes and no?",
        ),
        _instead(
            4,
            "shared",
            "the diseases do not compete: the probabilities of two of them may both be 90 %.",
        ),
        _instead(
            5,
            "bce_logits",
            "ten answers of yes or no may say yes twice, or never. Which loss knows that exactly "
            "one digit is written?",
        ),
        _instead(
            5,
            "mse",
            "squared error treats the digits as numbers to be hit, and after a softmax it hardly "
            "pulls at mistakes that are sure. Which loss is made for one class out of many?",
        ),
        _instead(
            5,
            "separate",
            "the digits do compete: if it is surely a 3, it is no 8.",
        ),
        *(
            _instead(
                task,
                "usual",
                "that others use a loss says nothing about this task. What does the loss do that "
                f"{what}?",
            )
            for task, what in (
                (1, "a sum of costs needs"),
                (2, "halves of arrivals need"),
                (3, "readings of nonsense call for"),
                (4, "diseases side by side need"),
                (5, "a single digit needs"),
            )
        ),
        *(
            _instead(
                task,
                "brier" if task > 3 else "categorical_logits",
                words,
            )
            for task, words in (
                (1, "a cost is a number, not a class. This loss takes logits of classes."),
                (2, "a time is a number, not a class. This loss takes logits of classes."),
                (3, "a reading is a number, not a class. This loss takes logits of classes."),
                (
                    4,
                    "this score takes probabilities of which exactly one should be 1.",
                ),
                (
                    5,
                    "this is a sound choice where probabilities matter and labels may be wrong, "
                    "but it takes probabilities, not logits, and learns more slowly from sure "
                    "mistakes. Which loss is made for logits?",
                ),
            )
        ),
        Slip(
            "reason first",
            tuple((reason, loss) for loss, reason in CHOSEN),
            "In your pairs the reason comes first. Asked is the loss, then the reason.",
        ),
        _instead(
            1,
            "MSE",
            "write each word as it stands in the tables, in small letters.",
        ),
        *(_reason_first(task) for task in range(1, len(CHOSEN) + 1)),
        *(
            _instead(
                task,
                word,
                f'"{word}" is not a word of the tables. Write it exactly as it stands there, in '
                "small letters and without blanks.",
            )
            for task, words in enumerate(NO_OPTIONS, start=1)
            for word in (*words, CHOSEN[task - 1][0] + " ", CHOSEN[task - 1][0].capitalize())
        ),
    ),
    also_right=(
        list(CHOSEN),
        [list(pair) for pair in CHOSEN],
        tuple([loss, reason] for loss, reason in CHOSEN),
    ),
)
