"""Each hostile answer and each fault does what docs/reliability.md says of it."""

import pytest

from .answers import TRIED, outcome
from .faults import FAULTS
from .page import PAGE, answer_row, fault_row


@pytest.fixture(scope="module")
def written():
    """The page. Where it is not up to date, `python -m tests.reliability.page` writes it."""
    return PAGE.read_text("utf-8").splitlines(keepends=True)


@pytest.mark.parametrize("tried", TRIED, ids=[tried[1].__name__ for tried in TRIED])
def test_a_hostile_answer_gets_the_sentence_of_the_page(tried, written):
    _, answer, status = tried
    assert outcome(answer, status).status == status
    assert answer_row(tried) in written


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.__name__ for fault in FAULTS])
def test_a_fault_costs_what_the_page_says(fault, written):
    assert fault_row(fault) in written


def test_the_page_says_nothing_else(written):
    rows = [line for line in written if line.startswith("| ") and not line.startswith("|---")]
    assert len(rows) == len(TRIED) + len(FAULTS) + 2
