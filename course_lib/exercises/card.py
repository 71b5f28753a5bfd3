"""One look for everything that the checker shows: a heading, sentences, code; text and HTML."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

# The colour of text is left to JupyterLab's theme, light or dark, so that it can always be read.
# Only the bar at the side has a colour of its own, and it never carries a meaning alone.
_BARS = {"good": "#009e73", "open": "#e69f00", "wrong": "#d55e00", "plain": "#0072b2"}


@dataclass(frozen=True)
class Card:
    """What a cell shows. `tone` is good, open, wrong or plain; `code` is shown as it is written."""

    heading: str
    sentences: tuple[str, ...] = ()
    tone: str = "plain"
    code: str = ""
    code_label: str = ""

    def __repr__(self) -> str:
        lines = [self.heading, *self.sentences]
        if self.code:
            lines += [*([self.code_label] if self.code_label else []), self.code]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        paragraphs = "".join(f'<p style="margin:.3em 0">{_inline(s)}</p>' for s in self.sentences)
        code = ""
        if self.code:
            label = f'<p style="margin:.3em 0">{escape(self.code_label)}</p>'
            code = (
                f'{label if self.code_label else ""}<pre tabindex="0" '
                'style="margin:.3em 0;overflow-x:auto">'
                f"{escape(self.code)}</pre>"
            )
        return (
            f'<div role="note" style="border-left:.4em solid {_BARS[self.tone]};'
            'padding:.2em .9em;margin:.3em 0;max-width:60em">'
            f'<p style="margin:.3em 0"><strong>{escape(self.heading)}</strong></p>'
            f"{paragraphs}{code}</div>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}


def _inline(sentence: str) -> str:
    """Return a sentence as HTML; what stands between backticks is code."""
    parts = escape(sentence).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))
