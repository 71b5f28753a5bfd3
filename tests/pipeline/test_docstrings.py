"""Docstrings, which are plain text, become pages without a warning and without a lost sign."""

import docutils.core
import docutils.utils
import pytest

from docstrings import as_rst


def rendered(docstring):
    """Return the text of a docstring as a page shows it, warnings being errors."""
    settings = {"halt_level": docutils.utils.Reporter.WARNING_LEVEL, "report_level": 5}
    return docutils.core.publish_doctree(as_rst(docstring), settings_overrides=settings)


def test_signs_are_only_signs():
    text = "Return *args and **hyper, x_ and |x|, \\sigma, a_1 and `2*x_`."
    assert rendered(text).astext() == text.replace("`", "")


def test_code_stands_in_backticks():
    (code,) = rendered("Return `lr / √(v + ε)`, its rate.").findall(docutils.nodes.literal)
    assert code.astext() == "lr / √(v + ε)"


def test_a_backtick_alone_is_a_sign():
    assert rendered("The sign ` alone.").astext() == "The sign ` alone."


def test_arguments_are_a_list():
    tree = rendered("x: tensor `(n, d)`, examples\n    in rows.\nlr, beta: numbers above 0.")
    items = [item.astext() for item in tree.findall(docutils.nodes.list_item)]
    assert items == ["x: tensor (n, d), examples\nin rows.", "lr, beta: numbers above 0."]


@pytest.mark.parametrize("text", ["    p − lr · g\n      and so on", ">>> 1 + 1\n2"])
def test_what_is_indented_or_a_session_stays_as_it_is(text):
    tree = rendered(f"Return the next p.\n\n{text}")
    kinds = (docutils.nodes.literal_block, docutils.nodes.doctest_block)
    blocks = [block for kind in kinds for block in tree.findall(kind)]
    assert [block.astext() for block in blocks] == [
        "\n".join(x.removeprefix("    ") for x in text.split("\n"))
    ]


def test_a_list_stays_a_list():
    tree = rendered("- one, which is\n  longer\n- two_")
    assert [x.astext() for x in tree.findall(docutils.nodes.list_item)] == [
        "one, which is\nlonger",
        "two_",
    ]
