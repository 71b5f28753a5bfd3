"""Figures of many runs."""

import numpy as np

from course_lib.figures.faults import faults
from course_lib.figures.runs import band, differences, median_tick, name_rows, tick
from course_lib.figures.style import figure, number

RUNS = np.linspace(0, 1, 101)


def interval(runs):
    return float(runs.mean()), float(runs.mean() - 1), float(runs.mean() + 1)


def test_differences_draws_each_run_and_its_interval():
    panels = {"clear": {"a": [1.0, 2.0, 9.0], "b": [0.0, 0.0, 0.0]}}
    ax = differences(panels, interval, "points").axes[0]
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [1.0, 2.0, 9.0]
    assert ax.collections[1].get_segments()[0].tolist() == [[3.0, 0.0], [5.0, 0.0]]
    assert ax.lines[0].get_xdata().tolist() == [4.0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_differences_warns_where_scales_differ():
    one = {"clear": {"a": RUNS}}
    for panels, warns in ((one, False), (one | {"muted": {"a": 9 * RUNS}}, True)):
        words = differences(panels, interval, "points").get_supxlabel()
        assert ("own scale" in words) == warns


def test_its_letters_can_be_read():
    rows = {f"{n} hidden neurons, centred": RUNS for n in range(8)}
    panels = {"clear": rows, "blur 0.75": rows, "muted 0.25": rows}
    assert faults(differences(panels, interval, "points")) == []


def test_a_band_is_the_median_and_the_middle_nine_tenths():
    _, ax = figure(2)
    runs = np.stack([RUNS, 2 * RUNS, np.full(101, np.nan)])
    band(ax, [1.0, 2.0, 3.0], runs, color="C0", label="runs")
    assert ax.lines[0].get_xdata().tolist() == [1.0, 2.0]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.5, 1.0])
    low, high = np.sort(ax.collections[0].get_paths()[0].vertices[:, 1])[[0, -1]]
    np.testing.assert_allclose([low, high], [0.05, 1.9])


def test_a_number_has_a_true_minus_sign_and_none_before_zero():
    assert number(-1.5, 1) == "\N{MINUS SIGN}1.5"
    assert number(-0.001) == "0.00"
    assert number(2, 0, sign="+") == "+2"


def test_rows_are_named_from_the_top():
    _, ax = figure(2)
    name_rows(ax, {"first": 0, "second": 1, "third": 2})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second", "third"]
    heights = ax.transData.transform([[0, place] for place in (0, 1, 2)])[:, 1]
    assert heights[0] > heights[1] > heights[2]
    assert ax.get_ylim() == (2.5, -0.5)


def test_a_tick_is_the_middle_and_a_bar_reaches_from_low_to_high():
    _, ax = figure(2)
    tick(ax, 3, 0.5, 0.2, 0.9, color="C1", label="rates")
    median_tick(ax, 4, [1.0, 5.0, 2.0, 4.0])
    assert ax.collections[0].get_segments()[0].tolist() == [[0.2, 3.0], [0.9, 3.0]]
    assert ax.collections[0].get_label() == "rates"
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0.5, 3.0]], [[3.0, 4.0]]]
    assert [line.get_color() for line in ax.lines] == ["C1", "#1A1A1A"]
