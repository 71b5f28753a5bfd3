import base64
import io

import numpy as np
import pytest
from PIL import Image

from course_lib.figures import say, show, verdict
from course_lib.figures.frame import pixels
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


@pytest.mark.parametrize("fast", [True, False])
def test_a_png_of_few_colours_holds_each_pixel(fast):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert np.array_equal(opened(png(picture, fast=fast)), picture)


def test_one_of_many_colours_keeps_those_of_large_areas(fig):
    fig.axes[0].imshow(np.arange(400).reshape(20, 20) / 400, extent=(0, 1, 0, 1), cmap="viridis")
    fig.axes[0].fill_between([0, 1], [1, 1], [2, 2], color="#d55e00", alpha=0.15)
    picture = pixels(fig)
    colours, counts = np.unique(picture.reshape(-1, 3), axis=0, return_counts=True)
    assert len(colours) > 300
    kept = opened(png(picture)).astype(int)
    off = np.abs(kept - picture).max(axis=2)
    for colour in colours[np.argsort(counts)[-3:]]:
        assert off[(picture == colour).all(axis=2)].max() == 0
    assert off.mean() < 0.5
    assert np.array_equal(opened(png(picture, fast=True)), picture)


def test_what_is_kept_is_smaller_than_what_is_fast(fig):
    picture = pixels(fig)
    assert len(png(picture)) < len(png(picture, fast=True)) / 2


def opened(file):
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))
