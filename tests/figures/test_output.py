import base64
import io

import numpy as np
import pytest
from PIL import Image

from course_lib.figures import say, show, verdict
from course_lib.figures.output import png
from course_lib.figures.style import figure


@pytest.fixture
def fig():
    fig, ax = figure(2)
    ax.plot([0, 1], [1, 0])
    return fig


def test_a_figure_comes_with_its_alt_text_and_its_caption(fig, shown):
    show(fig, alt="A falling line.", caption="It falls.")
    picture, caption = shown
    assert base64.b64decode(picture.data["image/png"]).startswith(b"\x89PNG")
    assert picture.data["text/plain"] == "A falling line."
    assert picture.metadata == {"image/png": {"alt": "A falling line.", "width": 624}}
    assert caption.data == {"text/markdown": "*It falls.*", "text/plain": "It falls."}


@pytest.mark.parametrize("missing", ["alt", "caption"])
def test_neither_may_be_left_out(fig, missing):
    texts = {"alt": "A line.", "caption": "A line."} | {missing: " "}
    with pytest.raises(ValueError, match=f"{missing} is empty"):
        show(fig, **texts)


def test_builds_refuse_letters_that_cannot_be_read(fig, shown, monkeypatch):
    fig.axes[0].set_title("tiny", fontsize=5)
    show(fig, alt="a", caption="b")
    monkeypatch.setenv("COURSE_STRICT", "1")
    with pytest.raises(ValueError, match="text cannot be read: 'tiny' has 5 points"):
        show(fig, alt="a", caption="b")
    assert len(shown) == 2


def test_the_same_figure_gives_the_same_bytes(fig, shown):
    for _ in range(2):
        show(fig, alt="a", caption="b")
    assert shown[0] == shown[2]


def test_a_sentence_is_shown_as_text_and_as_markdown(shown):
    say("It has **64** weights.")
    (sentence,) = shown
    assert sentence.data["text/markdown"] == sentence.data["text/plain"] == "It has **64** weights."


@pytest.mark.parametrize("words", ["holds", "holds when it is deep", "does not hold"])
def test_a_verdict_names_the_claim_the_word_and_the_reason(words, shown):
    verdict("It helps.", words, "It did in 24 of 24 runs.")
    (output,) = shown
    text = output.data["text/plain"]
    assert text == f"Claim. It helps.\n\nVerdict: {words}. It did in 24 of 24 runs."
    assert f"**Verdict: {words}.**" in output.data["text/markdown"]


@pytest.mark.parametrize("words", ["proved", "mostly holds", "it holds"])
def test_another_word_is_no_verdict(words):
    with pytest.raises(ValueError, match=f"words is '{words}'; it must begin with one of: holds"):
        verdict("It helps.", words, "We think so.")


@pytest.mark.parametrize("compression", [1, 9])
def test_a_png_holds_each_pixel(compression):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(png(picture, compression))) as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), picture)
