"""The wiring, with a figure of one point: what a moved slider computes, draws and shows."""

import base64
import re

import ipywidgets
import pytest

from course_lib.figures import Choice, Interactive, Play, Slider, interact
from course_lib.figures.style import figure

CONTROLS = {
    "height": Slider("height", 0.0, 1.0, 0.1, 0.5),
    "side": Choice("side", ("left", "right"), "left"),
}


def compute(height, side):
    return {"x": {"left": 0.0, "right": 1.0}[side], "y": height}


def start(arrays):
    fig, ax = figure(2)
    ax.set(xlim=(-1, 2), ylim=(-1, 2))
    return fig, ax.scatter([], [])


def draw(artists, arrays):
    artists.set_offsets([[arrays["x"], arrays["y"]]])


@pytest.fixture
def interactive():
    return Interactive(compute, start, draw, CONTROLS)


def point(interactive):
    return interactive.figure.axes[0].collections[0].get_offsets().tolist()


def test_it_starts_with_the_values_of_its_controls_already_drawn(interactive):
    assert interactive.params == {"height": 0.5, "side": "left"}
    assert point(interactive) == [[0.0, 0.5]]


def test_set_computes_and_redraws_the_same_artists(interactive):
    artist = interactive.figure.axes[0].collections[0]
    before = interactive.png()
    interactive.set(height=0.9, side="right")
    assert interactive.arrays == {"x": 1.0, "y": 0.9}
    assert point(interactive) == [[1.0, 0.9]]
    assert interactive.figure.axes[0].collections[:] == [artist]
    assert interactive.png() != before


def test_coming_back_gives_the_same_picture(interactive):
    before = interactive.png()
    interactive.set(height=0.9)
    interactive.set(height=0.5)
    assert interactive.png() == before


def test_a_name_without_a_control_is_refused(interactive):
    with pytest.raises(ValueError, match=r"no control is named 'depth'; .* \['height', 'side'\]"):
        interactive.set(depth=1)


def test_a_moved_slider_sets_a_new_picture(interactive):
    box = interactive.widget("A point.")
    slider, dropdown, picture = box.children
    before = picture.value
    slider.value = 0.9
    assert point(interactive) == [[0.0, 0.9]]
    dropdown.value = "right"
    assert point(interactive) == [[1.0, 0.9]]
    assert picture.value == interactive.html("A point.") != before


def test_the_widgets_say_what_they_are(interactive):
    slider, dropdown, picture = interactive.widget("A point.").children
    assert (slider.description, dropdown.description) == ("height", "side")
    assert (slider.min, slider.max, slider.step, slider.value) == (0.0, 1.0, 0.1, 0.5)
    assert 'alt="A point."' in picture.value
    assert 'width="624"' in picture.value


def test_the_picture_in_the_page_is_the_picture(interactive):
    source = re.search(r'src="data:image/png;base64,(.+)"', interactive.html("A point."))
    assert base64.b64decode(source[1]) == interactive.png()


def test_words_cannot_break_out_of_the_alt_text(interactive):
    assert 'alt="&lt;b&gt; &quot;so&quot;"' in interactive.html('<b> "so"')


def test_whole_numbers_stay_whole():
    assert isinstance(Slider("layers", 1, 9, 1, 3).widget(), ipywidgets.IntSlider)
    assert isinstance(Slider("gain", 1, 9, 0.5, 3).widget(), ipywidgets.FloatSlider)


def test_a_slider_that_plays_has_buttons_for_the_same_numbers():
    controls = CONTROLS | {"height": Play("height", 0, 9, 3, 6, interval=80)}
    row, _, _ = Interactive(compute, start, draw, controls).widget("A point.").children
    slider, play = row.children
    for widget in (slider, play):
        assert (widget.min, widget.max, widget.step, widget.value) == (0, 9, 3, 6)
    assert play.interval == 80


def test_it_is_shown_with_widget_picture_and_words_then_its_caption(shown):
    interact(compute, start, draw, CONTROLS, alt="A point.", caption="Move it.")
    view, caption = shown
    assert set(view.data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert view.data["text/plain"] == view.metadata["image/png"]["alt"] == "A point."
    assert caption.data["text/plain"] == "Move it."


def test_when_nbgrader_runs_it_the_picture_stands_alone(shown, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    interact(compute, start, draw, CONTROLS, alt="A point.", caption="Move it.")
    assert set(shown[0].data) == {"image/png", "text/plain"}


def test_it_needs_words_too():
    with pytest.raises(ValueError, match="alt is empty"):
        interact(compute, start, draw, CONTROLS, alt="", caption="Move it.")
