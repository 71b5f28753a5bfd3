"""How a lesson shows something: a figure, a sentence with numbers in it, a verdict."""

import base64
import io
import os
from collections.abc import Sequence

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from course_lib.figures.faults import faults
from course_lib.figures.frame import pixels
from course_lib.figures.style import SCREEN_DPI

VERDICTS = ("holds", "holds when", "does not hold")


def show(fig: Figure, *, alt: str, caption: str, claims: Sequence[str] = ()) -> None:
    """Show a figure, and under it one sentence that says what it shows.

    alt: what a reader who cannot see it needs to know. claims: those that it shows, each by how
    its verdict begins, such as "A4, second part"; docs/claims.md lists them. Raises ValueError for
    an empty alt or caption; and where `COURSE_STRICT` is set, for text that cannot be read.
    """
    inspect(fig, alt, caption)
    bundle = {"image/png": base64.b64encode(png(pixels(fig))).decode(), "text/plain": alt}
    metadata = image_metadata(fig, alt) | ({"claims": list(claims)} if claims else {})
    display(bundle, raw=True, metadata={"image/png": metadata})
    say(caption, style="*")


def inspect(fig: Figure, alt: str, caption: str) -> None:
    """Raise ValueError for a figure that must not be shown as it is."""
    for name, text in {"alt": alt, "caption": caption}.items():
        if not text.strip():
            raise ValueError(f"{name} is empty; it must say what the figure shows")
    if os.environ.get("COURSE_STRICT") and (found := faults(fig)):
        raise ValueError(f"text cannot be read: {'; '.join(found)}")


def say(text: str, style: str = "") -> None:
    """Show a paragraph of markdown. For sentences that hold computed numbers.

    `style` is put before and after the paragraph: `"*"` for italics, `"**"` for bold.
    """
    display({"text/markdown": f"{style}{text}{style}", "text/plain": text}, raw=True)


def verdict(claim: str, words: str, because: str) -> None:
    """Show what became of a claim: `words` is one of "holds", "holds when …", "does not hold".

    claim: the claim in a sentence. because: the measurement that decides it. Raises ValueError for
    another verdict.
    """
    if not words.startswith(VERDICTS):
        raise ValueError(f"words is {words!r}; it must begin with one of: {', '.join(VERDICTS)}")
    lines = f"**Claim.** {claim}\n\n**Verdict: {words}.** {because}"
    display({"text/markdown": lines, "text/plain": lines.replace("**", "")}, raw=True)


def png(picture: np.ndarray, *, fast: bool = False) -> bytes:
    """Return a picture, uint8 `(height, width, 3)`, as a PNG file with at most 256 colours.

    Large areas keep their colours; of edges, which are blends, a few change a little. `fast` keeps
    all colours and compresses little: it takes a quarter of the time and several times the room.
    """
    image, file = Image.fromarray(picture), io.BytesIO()
    if fast:
        image.save(file, "PNG", compress_level=1)
    else:
        image.quantize().save(file, "PNG", compress_level=9)
    return file.getvalue()


def image_metadata(fig: Figure, alt: str) -> dict[str, str | int | list[str]]:
    """Return what a front end needs to show the PNG: its alt text, its width in screen pixels."""
    return {"alt": alt, "width": round(fig.get_figwidth() * SCREEN_DPI)}
