"""What an exercise is made of. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .edits import Edit


@dataclass(frozen=True)
class Case:
    """One call of the learner's function: `fn(*args, **kwargs)`.

    `words` describes the inputs to a learner ("5 examples of 3 inputs"); it completes the
    sentence "With …, your result is …". A case is `special` when it lies at an edge (zeros, one
    element, huge values): a slip is recognised by the cases that are not.
    """

    words: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    special: bool = False


@dataclass(frozen=True)
class Slip:
    """A plausible wrong answer, and the sentence that names the mistake, never the answer.

    `edits` are what was changed in the source of the right function `of` to make the answer (the
    reference, or the same written another way), and `wrap` what was put around the reference; both
    are empty where the answer was written out.
    """

    name: str
    answer: Any
    message: str
    edits: tuple[Edit, ...] = ()
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None
    of: Callable[..., Any] | None = None


@dataclass(frozen=True, eq=False)
class Exercise:
    """One task of a lesson. `id` is "NN.name"; `cases(seed)` gives the same cases each time.

    `slips` are wrong answers with their messages, `also_right` right answers written another way.
    `given` are functions of the library that the lesson hands to the answer.
    `needs` names what the lesson does with the answer afterwards: "rule" (it is run as an update
    rule), "grad" (autograd goes through it), "vmap" (it is batched). An answer that is right but
    lacks one of these passes; a stand-in then goes on in its place.
    `measured` is for a task that many values solve: it says what comes of a value, a text, and that
    is compared in its place. It takes whatever a learner may write, and raises nothing.
    """

    id: str
    points: int
    asks: str
    reference: Any
    cases: Callable[[int], Sequence[Case]]
    hints: tuple[str, ...]
    slips: tuple[Slip, ...]
    also_right: tuple[Any, ...]
    needs: tuple[str, ...] = ()
    given: tuple[Callable[..., Any], ...] = ()
    measured: Callable[[Any], str] | None = None


STATUSES = (
    "not_attempted",
    "raised",
    "timed_out",
    "changed_input",
    "wrong_type",
    "wrong_shape",
    "wrong_value",
    "called_reference",
    "passed",
)


@dataclass(frozen=True)
class Outcome:
    """What came of one answer.

    `message` is what the learner reads. `slip` is the name of the slip that the answer makes, if it
    is a known one; `kind` says what kind of mistake it is where no slip is known. `printed` is what
    the answer wrote while it ran, cut to a few lines. `usable` says whether the lesson can go on
    with the answer itself (it passed, as tensors, and can do what is needed).
    """

    id: str
    status: str
    message: str
    slip: str | None = None
    kind: str | None = None
    printed: str = ""
    usable: bool = False

    @property
    def passed(self) -> bool:
        return self.status == "passed"
