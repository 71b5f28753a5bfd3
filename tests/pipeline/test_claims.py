"""docs/claims.md says what the verdicts in the solved notebooks say."""

import json
from types import SimpleNamespace

import pytest

import build
import claims

TITLE = {"cell_type": "markdown", "source": ["# 01 · Toy\n", "\n", "**Question.** Why?"]}


def output(markdown, plain=None, **metadata):
    data = {"text/markdown": markdown, "text/plain": plain or markdown}
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def picture(*tags):
    return output("a picture", **{"image/png": {"alt": "a picture", "claims": list(tags)}})


def cell(*outputs):
    return {"cell_type": "code", "source": [], "outputs": list(outputs)}


def verdict(claim, words="holds", because="It came out as 3."):
    return cell(output(f"**Claim.** {claim}\n\n**Verdict: {words}.** {because}"))


NOTEBOOK = {
    "cells": [
        TITLE,
        cell(picture("A1"), output("*One.*", "One.")),
        cell(picture("A1, second part", "A2"), output("*Two.*", "Two.")),
        cell(output("**Claim.** without a verdict")),
        verdict("A1, first part: a|b."),
        verdict("A1, second part: more.", "holds when it is deep", "It is so\nin 24 runs."),
        verdict("A3: nobody shows it.", "does not hold"),
    ]
}


def test_each_verdict_comes_with_the_figures_that_show_it():
    first, second, third = claims.verdicts(NOTEBOOK)
    assert (first.words, first.figures) == ("holds", ("One.",))
    assert (second.words, second.because) == ("holds when it is deep", "It is so in 24 runs.")
    assert second.figures == ("One.", "Two.")
    assert (third.words, third.figures) == ("does not hold", ())


@pytest.fixture
def root(tmp_path):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "01_toy.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    (tmp_path / "solutions" / "02_none.ipynb").write_text(json.dumps({"cells": [TITLE]}), "utf-8")
    return tmp_path


def test_the_page_has_a_table_for_each_lesson_with_verdicts(root):
    claims.write(root)
    page = claims.read(root)
    assert page.count("## [") == 1
    assert "## [01 · Toy](../lessons/01_toy.ipynb)" in page
    assert "| A1, first part: a\\|b. | **holds** | It came out as 3. | One. |" in page


def test_without_a_verdict_there_is_no_page(tmp_path):
    claims.write(tmp_path)
    assert not (tmp_path / claims.PAGE).exists()


def test_a_page_that_says_something_else_is_stale(root, monkeypatch, capsys):
    monkeypatch.setattr(build, "sources", lambda root: [])
    monkeypatch.setattr(build, "orphans", lambda root: [])
    assert build.check(root) == 1
    assert capsys.readouterr().out == "docs/claims.md is stale: python tools/build.py\n"
    claims.write(root)
    assert build.check(root) == 0


def test_show_says_which_claims_a_figure_shows(monkeypatch):
    from course_lib.figures import output as shown
    from course_lib.figures.style import figure

    said = []
    monkeypatch.setattr(shown, "display", lambda data, **words: said.append((data, words)))
    shown.show(figure(1)[0], alt="Nothing.", caption="Empty.", claims=("A1", "A2"))
    outputs = [SimpleNamespace(data=data, **words) for data, words in said]
    cells = [cell(*({"data": o.data, "metadata": getattr(o, "metadata", {})} for o in outputs))]
    found = list(claims.verdicts({"cells": [*cells, verdict("A2: so.")]}))
    assert found[0].figures == ("Empty.",)
