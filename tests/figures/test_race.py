"""What the figures of lesson 12 draw is what they are given, and their letters can be read."""

from functools import partial

import numpy as np
import pytest
import torch

from course_lib.figures import Choice, Interactive, Play, race
from course_lib.figures.faults import faults
from course_lib.figures.style import RULES
from course_lib.optim.paths import path
from course_lib.optim.rules import gd
from course_lib.optim.surfaces import SURFACES

STEPS, SURFACE = 40, "Himmelblau"
RUNS = np.linspace(0.1, 0.4, 24)
RATES = np.geomspace(1e-5, 10, 25)
EIGHT = tuple(RULES)


def paths():
    """Return a path of gradient descent for each rule, at a rate of its own."""
    found = {}
    for name, surface in SURFACES.items():
        start = torch.tensor(surface.start, dtype=torch.float64)
        found[name] = {
            rule: path(gd, surface.gradient, start, steps=STEPS, lr=1e-3 * (place + 1))
            for place, rule in enumerate(EIGHT)
        }
    return found


def running(step=STEPS, rules="all eight"):
    controls = {
        "surface": Choice("surface", tuple(SURFACES), SURFACE),
        "rules": Choice("rules", tuple(race.GROUPS), rules),
        "step": Play("step", 0, STEPS, 2, step),
    }
    compute = partial(race.run, paths=paths())
    return Interactive(compute, partial(race.start_run, steps=STEPS), race.draw_run, controls)


def interval(runs):
    return runs.mean(), runs.mean() - 0.01, runs.mean() + 0.01


GROWTH = {
    "parameters": [1000, 20_000, 300_000, 3_000_000, 20_000_000],
    "bytes_each": 28,
    "bandwidth": {"add": 28e9},
    "seconds": {
        form: [[1e-4 * k + 1e-9 * n, 0, 1] for n in (1e3, 2e4, 3e5, 3e6, 2e7)]
        for k, form in enumerate(race.FORMS, start=1)
    },
}
FIGURES = {
    "steps_needed": lambda: race.steps_needed(
        {f"surface {k}": dict.fromkeys(EIGHT, 1 + 1000 * RUNS) for k in range(6)}, 1000
    ),
    "scores": lambda: race.scores(
        {f"digits, {k} epochs": dict.fromkeys(EIGHT, RUNS) for k in range(4)}, interval, "test loss"
    ),
    "places": lambda: race.places(
        {
            name: {f"tumours, {k} epochs": dict.fromkeys(EIGHT, (2, 8)) for k in range(4)}
            for name in ("constant rate", "rate along a cosine")
        }
    ),
    "lines": lambda: race.lines(
        {f"digits, {k} epochs": dict.fromkeys(EIGHT, RATES) for k in range(2)},
        RATES,
        {"xlabel": "learning rate", "ylabel": "validation accuracy"},
        xscale="log",
    ),
    "escapes": lambda: race.escapes(
        [1e-1, 1e-4, 1e-8],
        {t: {r: [2, 20, 200] for r in EIGHT} for t in ("all at rate 0.1", "each at its best")},
        RATES,
        {rule: np.full(25, 0.25) for rule in EIGHT},
    ),
    "edge": lambda: race.edge(
        [0, 50, 100],
        {
            title: {lr: [[1.5, 2, 3], [1.6, 2 / lr, np.nan]] for lr in (0.1, 0.3, 0.6, 1.8)}
            for title in ("half the usual weights", "the usual weights")
        },
    ),
    "step_times": lambda: race.step_times({"CPU": GROWTH, "GPU": GROWTH}),
    "step_times of one": lambda: race.step_times({"CPU": GROWTH}),
}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_its_letters_can_be_read(name):
    assert faults(FIGURES[name]()) == []


@pytest.mark.parametrize("rules", race.GROUPS)
@pytest.mark.parametrize("surface", SURFACES)
def test_its_letters_can_be_read_whatever_is_chosen(surface, rules):
    interactive = running()
    interactive.set(surface=surface, rules=rules)
    assert faults(interactive.figure) == []


def test_the_arrays_are_the_points_so_far_and_their_heights():
    arrays = running(step=10).arrays
    assert set(arrays["points"]) == set(EIGHT)
    for rule, points in arrays["points"].items():
        expected = paths()[SURFACE][rule][:11]
        np.testing.assert_array_equal(points, expected)
        height = SURFACES[SURFACE].value(expected)  # its lowest value is 0
        np.testing.assert_allclose(arrays["heights"][rule], height.clamp(1e-8, 1e3))
    few = running(rules="a step for each axis").arrays
    assert set(few["points"]) == {"AdaGrad", "RMSProp", "Adam", "AdamW"}


def test_heights_are_counted_from_the_lowest_value():
    interactive = running()
    interactive.set(surface="saddle")
    saddle = SURFACES["saddle"]
    expected = saddle.value(paths()["saddle"]["Adam"]) + 0.25
    np.testing.assert_allclose(interactive.arrays["heights"]["Adam"], expected)


def test_a_path_that_runs_away_is_kept_in_the_picture():
    far = {SURFACE: {rule: torch.full((5, 2), torch.nan) for rule in EIGHT}}
    far[SURFACE]["Adam"] = torch.full((5, 2), 1e30, dtype=torch.float64)
    arrays = race.run(SURFACE, "all eight", 4, paths=far)
    assert (arrays["heights"]["Adam"] == race.CEILING).all()
    assert np.isfinite(list(arrays["labels"].values())).all()


def test_only_what_is_chosen_is_visible():
    interactive = running()
    interactive.set(surface="Beale", rules="with a velocity")
    artists = interactive._artists
    for name, drawn in artists["maps"].items():
        assert all(artist.get_visible() == (name == "Beale") for artist in drawn)
    for rule in EIGHT:
        assert artists["lines"][rule].get_visible() == (rule in race.GROUPS["with a velocity"])
    assert artists["left"].get_xlim() == SURFACES["Beale"].window[:2]


@pytest.mark.parametrize("ends", [[0.0] * 8, [2.5] * 8, [-7.5] * 8, list(range(-7, 1))])
def test_labels_keep_their_distance_and_their_order(ends):
    found = race.spread(dict(zip(EIGHT, ends, strict=True)), 0.8, -7.5, 2.5)
    places = np.array(sorted(found.values()))
    assert (np.diff(places) > 0.799).all()
    assert places[0] >= -7.51
    assert places[-1] <= 2.51
    if len(set(ends)) > 1:
        assert list(found) == list(EIGHT)


def test_a_step_is_redrawn_fast_enough(redrawn_fast_enough):
    redrawn_fast_enough(running(), [{"step": step} for step in range(0, 30, 2)])


def test_coming_back_gives_the_same_picture():
    interactive = running(rules="the four of article B")
    before = interactive.png()
    interactive.set(surface="Rosenbrock", rules="all eight", step=4)
    assert interactive.png() != before
    interactive.set(surface=SURFACE, rules="the four of article B", step=STEPS)
    assert interactive.png() == before


def test_steps_needed_draws_medians():
    rows = {rule: [3, 5, 1000] for rule in EIGHT}
    fig = race.steps_needed({str(k): rows for k in range(6)}, 1000)
    assert fig.axes[0].lines[0].get_xdata() == [5]
    assert fig.axes[0].get_xscale() == "log"


def test_scores_draws_every_run_and_the_interval():
    fig = FIGURES["scores"]()
    ax = fig.axes[3]
    np.testing.assert_allclose(ax.collections[0].get_offsets()[:, 0], RUNS)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [RUNS.mean()])
    ends = ax.collections[1].get_segments()[0][:, 0]
    np.testing.assert_allclose(ends, [RUNS.mean() - 0.01, RUNS.mean() + 0.01])


def test_places_draws_a_bar_from_the_first_to_the_last():
    axes = FIGURES["places"]().axes
    assert [ax.get_title(loc="left") for ax in axes[3:5]] == ["tumours,\n3 epochs", ""], (
        "above only"
    )
    bar = axes[5].collections[0].get_segments()[0]
    np.testing.assert_allclose(bar[:, 0], [1.68, 8.32])


def test_lines_escapes_and_edge_draw_what_they_are_given():
    np.testing.assert_allclose(FIGURES["lines"]().axes[1].lines[7].get_ydata(), RATES)
    panels = FIGURES["escapes"]().axes
    np.testing.assert_allclose(panels[1].lines[3].get_ydata(), [2, 20, 200])
    np.testing.assert_allclose(panels[2].lines[0].get_ydata(), 0.25)
    left, right = FIGURES["edge"]().axes
    np.testing.assert_allclose(left.lines[1].get_ydata(), [1.6, 20, np.nan])
    limits = [line.get_ydata()[0] for line in right.lines if len(set(line.get_ydata())) == 1]
    np.testing.assert_allclose(limits, [2 / 0.3, 2 / 0.6, 2 / 1.8])


def test_step_times_draws_medians_in_milliseconds_and_the_bytes_alone():
    (ax,) = FIGURES["step_times of one"]().axes
    bytes_alone, loop, *others = ax.lines
    np.testing.assert_allclose(bytes_alone.get_ydata(), np.array(GROWTH["parameters"]) / 1e6)
    np.testing.assert_allclose(loop.get_ydata(), [0.101, 0.12, 0.4, 3.1, 20.1])
    assert [line.get_label() for line in others] == [
        name for name, *_ in list(race.FORMS.values())[1:]
    ]
    assert ax.get_xscale() == ax.get_yscale() == "log"
