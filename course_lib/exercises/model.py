"""What an exercise is made of. Nothing here runs anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


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
class Twin:
    """A plausible wrong answer, and the sentence that names the slip, never the answer."""

    name: str
    fn: Callable[..., Any]
    message: str


@dataclass(frozen=True)
class Exercise:
    """One task of a lesson. `id` is "NN.name"; `cases(seed)` gives the same cases each time.

    `twins` are wrong answers with their messages, `also_right` right answers written another way.
    `needs` names what the lesson does with the answer afterwards: "rule" (it is run as an update
    rule), "grad" (autograd goes through it), "vmap" (it is batched). An answer that is right but
    lacks one of these passes; a stand-in then goes on in its place.
    """

    id: str
    points: int
    asks: str
    reference: Callable[..., Any]
    cases: Callable[[int], Sequence[Case]]
    hints: tuple[str, ...]
    twins: tuple[Twin, ...]
    also_right: tuple[Callable[..., Any], ...]
    needs: tuple[str, ...] = ()


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

    `message` is what the learner reads. `misconception` is the name of the twin it equals, if any.
    `printed` is what the answer wrote while it ran, cut to a few lines. `usable` says whether the
    lesson can go on with the answer itself (it passed, as tensors, and can do what is needed).
    """

    id: str
    status: str
    message: str
    misconception: str | None = None
    printed: str = ""
    usable: bool = False

    @property
    def passed(self) -> bool:
        return self.status == "passed"
