"""What the figures of lesson 21 draw is what they are given, and their letters can be read."""

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Slider, capstone
from course_lib.figures.faults import faults
from course_lib.lab import signals
from course_lib.lab.signals import templates

RUN = {
    "loss": np.linspace(2.5, 0.1, 200),
    "accuracies": [0.99, 0.8, 0.75],
    "gradients": [0.4, 0.5, 0.4],
    "steps": np.geomspace(1, 0.1, 200),
}
BROKEN = RUN | {"loss": np.linspace(9, 2, 200), "steps": np.geomspace(31, 0.01, 200)}
TWELVE = np.linspace(0.6, 0.8, 12)
DATA = signals(train=100).train
BANDS = np.outer([1, 1.1, 0.9], TWELVE)
FIGURES = {
    "examples": lambda: capstone.examples(templates(), DATA.x, DATA.y),
    "report": lambda: capstone.report(RUN),
    "report beside a healthy one": lambda: capstone.report(BROKEN, RUN),
    "witness": lambda: capstone.witness([[1, 2, 3], [2, 2, 2], [4, 3, 1]]),
    "plans": lambda: capstone.plans({"he, Brier, AdamW": TWELVE, "b": TWELVE - 0.1}, "b"),
    "untuned": lambda: capstone.untuned(
        [0.001, 0.1, 1], {"fuzzy": BANDS, "time alone": BANDS / 2, "AdamW": BANDS - 0.1}, 0.8
    ),
    "unequal": lambda: capstone.unequal(range(10, 100, 10), [1, 0.5, 0.3, 0.1, 0, 0.1, 1, 1, 1]),
    "units": lambda: capstone.units(
        {"× 1": {"own": TWELVE, "2/λ": TWELVE}, "× 4": {"own": TWELVE, "other": TWELVE}},
        {"× 1": np.outer([1, 2, 3], TWELVE), "× 4": np.outer([9, 2, 3], TWELVE)},
    ),
}
MENU = [
    {
        "plan": ["he", "brier", rule, "constant"],
        "rates": [0.01, 0.1, 1.0],
        "validation": [[0.2, 0.4], [0.6, 0.8], [0.1, 0.1]],
    }
    for rule in ("gd", "adamw")
]


@pytest.mark.parametrize("name", FIGURES)
def test_letters_can_be_read(name):
    assert not faults(FIGURES[name]())


def test_a_report_holds_the_numbers_of_both_runs():
    loss, right, sizes, steps = capstone.report(BROKEN, RUN).axes
    assert [line.get_ydata()[0] for line in loss.lines] == [2.5, 9]
    assert [bar.get_height() for bar in right.patches] == [*RUN["accuracies"]] * 2
    assert list(sizes.lines[1].get_ydata()) == BROKEN["gradients"]
    assert len(steps.lines[0].get_ydata()) == capstone.FIRST


def computed(place, rule="gd"):
    return capstone.plan(MENU, 0.7, "he", "brier", rule, "constant", place)


def test_a_plan_shows_the_rate_at_its_place_and_the_last_one_beyond():
    assert float(computed(2)["now"]) == 0.1
    assert float(computed(2)["reached"]) == pytest.approx(0.7)
    assert float(computed(9)["now"]) == 1.0
    assert computed(1)["accuracies"].shape == (3, 2)


@pytest.mark.parametrize("place", [1, 2, 10])
def test_the_plan_can_be_read_wherever_the_sliders_stand(place):
    controls = {
        "initializer": Choice("initializer", ("he",), "he"),
        "loss": Choice("loss", ("brier",), "brier"),
        "rule": Choice("rule", ("gd", "adamw"), "gd"),
        "schedule": Choice("schedule", ("constant",), "constant"),
        "place": Slider("rate", 1, 10, 1, 1),
    }
    made = Interactive(
        lambda **words: capstone.plan(MENU, 0.7, **words),
        capstone.start_plan,
        capstone.draw_plan,
        controls,
    )
    before = made.png()
    made.set(place=place, rule="adamw")
    assert not faults(made.figure)
    assert (made.png() != before) == (place != 1)


def test_a_unit_may_lack_a_side_and_a_side_keeps_its_colour():
    left = FIGURES["units"]().axes[0]
    names = [label.get_text() for label in left.get_yticklabels()]
    assert names == ["× 1, own", "× 1, 2/λ", "× 4, own", "× 4, other"]
    colours = [tuple(points.get_facecolor()[0][:3]) for points in left.collections]
    assert colours[0] == colours[2]
    assert len(set(colours)) == 3


def test_curves_are_drawn_under_their_signals():
    axes = capstone.examples(templates(), DATA.x, DATA.y).axes
    for kind in range(5):
        drawn = torch.tensor(np.array(axes[kind].lines[1].get_ydata()))
        assert torch.equal(drawn, DATA.x[DATA.y == kind][0])


def test_a_row_of_a_plan_spans_all_its_runs():
    ax = capstone.plans({"a": TWELVE, "b": TWELVE - 0.1}, "b").axes[0]
    spans = [bar.get_segments()[0][:, 0].tolist() for bar in ax.collections]
    assert spans[0] == pytest.approx([0.6, 0.8])
    assert spans[3] == pytest.approx(np.quantile(TWELVE - 0.1, [0.25, 0.75]).tolist())
    assert (ax.collections[0].get_color() != ax.collections[2].get_color()).any()


def test_a_line_by_base_rate_runs_through_the_medians():
    first, *_, tuned = FIGURES["untuned"]().axes[0].lines
    assert first.get_ydata() == pytest.approx(np.median(BANDS, axis=1))
    assert tuned.get_ydata()[0] == 0.8
