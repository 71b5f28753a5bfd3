"""One exercise from a wrong answer to the right one, in a browser, as a learner lives it."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from course_lib.exercises import EXERCISES

from .axe import inaccessible
from .conftest import LESSONS


@dataclass(frozen=True)
class Story:
    """What a learner types for `return ...` in an exercise, first wrong and then right.

    `slip` is the name of the wrong one. `experiment` is code of a cell that uses the answer and
    shows `shows`.
    """

    lesson: str
    exercise: str
    wrong: str
    slip: str
    right: str
    experiment: str
    shows: str

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.exercise.split(".")[1]

    @property
    def message(self) -> str:
        """The message that names the slip, as the page shows it."""
        messages = {slip.name: slip.message for slip in EXERCISES[self.exercise].slips}
        return messages[self.slip].replace("`", "")


STORIES = (
    Story(
        lesson="00_start_here",
        exercise="00.weighted_sum",
        wrong="return inputs.sum() * weights.sum()",
        slip="product of sums",
        right="return (inputs * weights).sum()",
        experiment="bill = weighted_sum(how_many, prices)",
        shows="The bill is 8.00.",
    ),
    Story(
        lesson="01_weights",
        exercise="01.dense",
        wrong="return x @ weight",
        slip="transposed weights",
        right="return x @ weight.T",
        experiment="hidden = dense(ab[None], W)[0]",
        shows="on the ring the output is",
    ),
    Story(
        lesson="02_biases",
        exercise="02.affine",
        wrong="return x @ (weight.T + bias)",
        slip="bias inside the product",
        right="return x @ weight.T + bias",
        experiment="by_bias = {bias: right(bias)",
        shows="although both weights are simply 1",
    ),
    Story(
        lesson="11_adam",
        exercise="11.adam",
        wrong="return p - lr * (m := beta1 * m + (1 - beta1) * g) / "
        "((v := beta2 * v + (1 - beta2) * g * g).sqrt() + eps), m, v",
        slip="no correction",
        right="m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g\n"
        "return p - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v",
        experiment="yours = trained(lambda params: RuleOptimizer(params, adam",
        shows="end at the same weights",
    ),
)
MINE = "my own answer runs"


@pytest.mark.parametrize(
    "story",
    [story for story in STORIES if story.lesson in LESSONS],
    ids=lambda story: story.exercise,
)
def test_from_a_wrong_answer_to_the_right_one(opened, story: Story):
    with opened(story.lesson) as lab:
        answer = lab.cell(f"def {story.name}(")
        check = lab.cell(f'{story.name} = check("{story.exercise}"')
        experiment = lab.cell(story.experiment)
        lab.run_above(answer)

        lab.type_over(answer.locator(".cm-line", has_text="return ..."), story.wrong)
        lab.run(answer)
        told = lab.run(check)
        assert "not yet" in told
        assert story.message in told
        assert inaccessible(lab, whole=False) == []
        assert story.shows in lab.run(experiment), "a stand-in goes on"
        assert "This is the stand-in from an earlier check" in lab.run(check)

        wrong = answer.locator(".cm-line", has_text=story.wrong)
        lab.type_over(wrong, f'print("{MINE}")\n{story.right}')
        lab.run(answer)
        right = f"{story.exercise} · right"
        assert right in lab.run(check)
        assert inaccessible(lab, whole=False) == []
        shown = lab.run(experiment)
        assert MINE in shown, "the learner's own function goes on"
        assert story.shows in shown
        assert right in lab.run(check), "what the check gave back is the learner's own function"

        lab.restart_kernel()
        code = "from course_lib.exercises import mine, progress\nprogress()\n"
        cell = lab.add_cell(f'{code}{story.name} = mine("{story.exercise}")')
        lab.run(cell)
        assert_shows(cell, f"✓ right: {story.name}")
        assert_shows(cell, f"{story.exercise} · your own function goes on")
        cell = lab.add_cell(f"import inspect\nprint(inspect.getsource({story.name}))")
        lab.run(cell)
        assert_shows(cell, MINE)
        assert lab.errors == []


def assert_shows(cell, words: str) -> None:
    """Wait for words under a cell: one that is new can look as if it had run before it has."""
    expect(cell.locator(".jp-OutputArea")).to_contain_text(words, timeout=60_000)
