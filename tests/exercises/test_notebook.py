"""check, hint, solution, progress and mine, and the file that keeps what was done."""

import functools
import json
import os
import threading
from pathlib import Path

import pytest
import torch
from checking.conftest import CHOICE, TOY, shrink

from course_lib.checking.stand_in import stand_in, stands_in
from course_lib.exercises import check, hint, mine, notebook, progress, progress_file, solution
from course_lib.exercises.saved_answer import load

X = torch.tensor([3.0, 6.0])


def right(x, k):
    """Right, and its own."""
    return x / k + 1


def leans_on_another_cell(x, k):
    return right(x, k)


@pytest.fixture
def shown(monkeypatch):
    """The text of what was displayed, in order."""
    texts = []
    monkeypatch.setattr(notebook, "display", lambda card: texts.append(repr(card)))
    return texts


def file():
    return Path(os.environ["COURSE_PROGRESS"])


def test_a_right_answer_goes_on_itself(shown):
    assert check(TOY.id, right) is right
    assert shown == ["99.shrink · right\nRight. The lesson goes on with your own version."]


def test_a_wrong_answer_is_replaced_by_a_marked_stand_in(shown):
    goes_on = check(TOY.id, lambda x, k: x)
    assert torch.equal(goes_on(X, 3.0), shrink(X, 3.0))
    assert stands_in(goes_on)
    assert "stand-in that works goes on" in shown[0]


def test_a_stand_in_given_back_is_no_answer(shown):
    goes_on = check(TOY.id, lambda x, k: x)
    again = check(TOY.id, goes_on)
    assert "not your answer" in shown[1]
    assert torch.equal(again(X, 3.0), shrink(X, 3.0))
    assert progress_file.read()[0][TOY.id].tries == 1


def test_a_stand_in_value_is_marked_too(shown):
    goes_on = check(CHOICE.id, ("mse", "outliers"))
    assert goes_on == ("huber", "outliers")
    check(CHOICE.id, goes_on)
    assert "not your answer" in shown[1]


def test_a_function_around_a_stand_in_is_an_answer():
    assert not stands_in(functools.wraps(stand_in(TOY))(lambda x, k: x))
    assert not stands_in(functools.partial(stand_in(TOY), k=2))


def test_hints_come_one_after_the_other(shown):
    for _ in range(3):
        hint(TOY.id)
    assert shown[0] == "99.shrink · hint 1 of 2\nFirst?"
    assert shown[1].startswith("99.shrink · hint 2 of 2\nSecond.\nThat is the last hint.")
    assert shown[2] == shown[1]


def test_the_solution_waits_for_success_or_reveal(shown):
    solution(TOY.id)
    assert "x / k + 1" not in shown[0]
    solution(TOY.id, reveal=True)
    assert "return x / k + 1" in shown[1]
    assert progress_file.read()[0][TOY.id].revealed
    check(TOY.id, right)
    solution(TOY.id)
    assert "return x / k + 1" in shown[3]


def test_progress_counts(shown):
    check("00.weighted_sum", lambda inputs, weights: (inputs * weights).sum())
    progress()
    assert "✓ right: weighted_sum" in shown[1]
    assert "Your progress: 1 of" in shown[1]


def test_mine_is_the_learners_own_function(shown):
    check(TOY.id, right)
    own = mine(TOY.id)
    assert own.__doc__ == "Right, and its own."
    assert torch.equal(own(X, 3.0), shrink(X, 3.0))
    assert not stands_in(own)


def test_mine_without_an_answer_is_a_stand_in(shown):
    assert stands_in(mine(TOY.id))
    assert "no answer" in shown[0]


def test_mine_says_when_an_answer_cannot_stand_alone(shown):
    check(TOY.id, leans_on_another_cell)
    assert stands_in(mine(TOY.id))
    assert "NameError" in shown[1]
    assert "must stand inside" in shown[1]


def test_mine_says_why_a_right_answer_does_not_go_on(shown):
    check(TOY.id, lambda x, k: x / k + 1)
    assert stands_in(mine(TOY.id))
    assert "was not kept" in shown[1]

    def in_numpy(x, k):
        return x.numpy() / k + 1

    check(TOY.id, in_numpy)
    assert stands_in(mine(TOY.id))
    assert "not as a torch tensor" in shown[3]


def test_a_right_answer_that_cannot_be_kept_does_not_displace_one_that_was(shown):
    check(TOY.id, right)
    check(TOY.id, lambda x, k: x / k + 1)
    assert mine(TOY.id).__doc__ == "Right, and its own."


def test_annotations_of_a_saved_answer_need_no_names():
    answer = load("def f(x: Optional[Tensor]) -> Unknown:\n    return nn.functional.relu(x)", "f")
    assert answer(torch.tensor(-1.0)) == 0


def test_a_later_wrong_try_does_not_take_the_pass_away(shown):
    check(TOY.id, right)
    check(TOY.id, lambda x, k: x)
    entry = progress_file.read()[0][TOY.id]
    assert entry.passed
    assert entry.tries == 2
    assert "Right, and its own." in entry.source


@pytest.mark.parametrize("how", ["autograde", "validate"])
def test_under_nbgrader_it_raises_with_the_message_and_the_seed(shown, monkeypatch, how):
    monkeypatch.setenv("NBGRADER_EXECUTION", how)
    monkeypatch.setenv("COURSE_SEED", "7")
    with pytest.raises(AssertionError, match=r"This is the slip: adds first.*seed 7"):
        exec(f'answer = check("{TOY.id}", TOY.slips[0].answer)', {"check": check, "TOY": TOY})
    assert "This is the slip" in shown[0]
    assert check(TOY.id, right) is right


def run_cell(source, **names):
    """Run a cell as a notebook does; return its variables and what it raised."""
    error = None
    try:
        exec(compile(source, "cell", "exec"), names)
    except AssertionError as raised:
        error = raised
    return names, error


def test_after_a_failed_check_grading_goes_on_with_the_stand_in(shown, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    cell = f'answer = check("{TOY.id}", answer)'
    names, error = run_cell(cell, check=check, answer=TOY.slips[0].answer)
    assert "This is the slip" in str(error)
    assert stands_in(names["answer"])


def test_what_a_lesson_only_tries_is_not_graded(shown, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    cell = f'_ = check("{TOY.id}", answer)'
    names, error = run_cell(cell, check=check, answer=TOY.slips[0].answer)
    assert error is None
    assert stands_in(names["_"])
    assert "This is the slip" in shown[0]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"version": 99, "exercises": {}}', '{"version": 1}',
     '{"version": 1, "exercises": {"99.shrink": {"tries": "many"}}}',
     '{"version": 1, "exercises": {"99.shrink": {"hints": -5}}}', "[" * 100_000,
     '{"version": 1, "exercises": {"99.shrink": 3}}', '{"version": 1, "exercises": []}', "\x00"],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_with_a_sentence(shown, damage):
    file().write_text(damage)
    check(TOY.id, right)
    assert "was damaged: it is kept as progress.damaged-1.json" in shown[0]
    assert file().with_name("progress.damaged-1.json").read_text() == damage
    assert progress_file.read()[0][TOY.id].passed
    file().write_text(damage)
    progress()
    assert file().with_name("progress.damaged-2.json").exists()


def test_bytes_that_are_no_text_are_damage_too(shown):
    file().write_bytes(b"\xff\xfe\x00")
    progress()
    assert "was damaged" in shown[0]


def test_entries_of_a_newer_version_with_more_fields_are_read():
    file().write_text('{"version": 1, "exercises": {"99.shrink": {"passed": true, "more": 1}}}')
    assert progress_file.read()[0][TOY.id].passed


def test_a_folder_that_cannot_be_written_gets_a_sentence(shown, monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "/proc/no/progress.json")
    check(TOY.id, right)
    assert "could not be saved" in shown[0]


def test_a_file_that_cannot_be_read_is_left_alone(shown, monkeypatch):
    check(TOY.id, right)
    before = file().read_bytes()

    def refuses(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", refuses)
        check(TOY.id, lambda x, k: x)
        hint(TOY.id)
        progress()
    assert "could not be saved" in shown[1]
    assert "hint 1 of 2" in shown[2]
    assert "cannot be read" in shown[3]
    assert file().read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file(shown, monkeypatch):
    check(TOY.id, right)
    before = file().read_text()

    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress_file.os, "replace", fails)
    check(TOY.id, right)
    assert "could not be saved" in shown[1]
    assert file().read_text() == before
    assert [p.name for p in file().parent.iterdir()] == [file().name]


def test_entries_of_others_survive(shown):
    check(TOY.id, right)
    hint("99.pair")
    stored = json.loads(file().read_text())
    assert list(stored["exercises"]) == ["99.pair", "99.shrink"]


def test_two_kernels_that_write_at_once_lose_nothing():
    def kernel(number):
        for step in range(20):
            progress_file.update(f"{number:02}.e{step}", lambda entry: entry)

    threads = [threading.Thread(target=kernel, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(progress_file.read()[0]) == 80


def test_a_lock_that_others_take_in_turn_is_not_taken_over(monkeypatch):
    monkeypatch.setattr(progress_file, "LOCK_SECONDS", 0.5)
    monkeypatch.setattr(progress_file, "WAIT_SECONDS", 0.1)
    lock = file().with_name(f".{file().name}.lock")
    lock.touch()
    _, note = progress_file.update(TOY.id, lambda entry: entry)
    assert "others write to it all the time" in note
    assert lock.exists()


def test_a_lock_of_a_kernel_that_died_is_taken_over(shown):
    lock = file().with_name(f".{file().name}.lock")
    lock.touch()
    os.utime(lock, (0, 0))
    check(TOY.id, right)
    assert progress_file.read()[0][TOY.id].passed
    assert not lock.exists()


@pytest.mark.skipif(os.name == "nt", reason="links and modes as on POSIX")
def test_a_progress_file_keeps_its_mode_and_stays_a_link(shown):
    kept = file().with_name("kept.json")
    kept.write_text('{"version": 1, "exercises": {}}')
    kept.chmod(0o640)
    file().symlink_to(kept)
    check(TOY.id, right)
    assert file().is_symlink()
    assert kept.stat().st_mode & 0o777 == 0o640
    assert TOY.id in kept.read_text()


def test_an_empty_course_progress_is_none(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", "")
    monkeypatch.chdir(tmp_path)
    assert progress_file.path() == tmp_path.resolve() / "progress.json"


def test_what_is_shown_reads_well_as_text_and_html(shown, monkeypatch):
    cards = []
    monkeypatch.setattr(notebook, "display", cards.append)

    def prints(x, k):
        print("<b>&")
        return x

    check(TOY.id, prints)
    bundle = cards[0]._repr_mimebundle_()
    assert "It printed:\n<b>&" in bundle["text/plain"]
    assert "&lt;b&gt;&amp;" in bundle["text/html"]
    assert 'role="note"' in bundle["text/html"]


def test_a_stand_in_keeps_the_name_and_the_docstring():
    assert stand_in(TOY).__doc__ == shrink.__doc__


def test_an_unknown_id_is_refused_with_an_offer():
    with pytest.raises(ValueError, match=r"no exercise '99.shrnk'. Did you mean 99.shrink"):
        check("99.shrnk", right)


def test_a_seed_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "seven")
    with pytest.raises(ValueError, match="COURSE_SEED is 'seven'; it must be a whole number"):
        check(TOY.id, right)
