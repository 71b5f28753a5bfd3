"""How a lesson shows something: a figure, a sentence with numbers in it, a verdict."""

import base64
import os
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from IPython.display import display
from matplotlib.figure import Figure

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


def png(picture: np.ndarray, compression: int = 9) -> bytes:
    """Return a picture, uint8 `(height, width, 3)`, as a PNG file. Compression 1 is fast, 9 small.

    Rows are compressed as they are. The filters that PNG has for photographs make plots larger.
    """
    height, width, _ = picture.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each begins with 0: no filter
    rows[:, 1:] = picture.reshape(height, -1)
    head = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)  # 8 bits each of red, green and blue
    parts = {b"IHDR": head, b"IDAT": zlib.compress(rows.tobytes(), compression), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts.items()
    )


def image_metadata(fig: Figure, alt: str) -> dict[str, str | int | list[str]]:
    """Return what a front end needs to show the PNG: its alt text, its width in screen pixels."""
    return {"alt": alt, "width": round(fig.get_figwidth() * SCREEN_DPI)}
