"""Every lesson keeps to the contract, and both its notebooks run and give what they store."""

import json

import nbformat
import pytest
from contract import problems, problems_in_notebook
from validate import OTHER_DEVICE, OTHER_PROCESSOR, Run, validate

import build
import claims
from course_lib.exercises import EXERCISES

SOURCES = build.sources(build.ROOT)
SECONDS, PEAK_MB, KB = 20, 1000, 1000
PROCESSORS = {"this": {}, "another": OTHER_PROCESSOR | OTHER_DEVICE}
# A number that another processor rounds otherwise, and an answer that gives another number than its
# stand-in, differ from what is stored in one of these two. In the second the lesson also runs on a
# device that refuses to be mixed with the CPU, as a GPU does. What observes it there takes time and
# memory of its own, so that only the first has limits.
RUNS = [("lessons", "this"), ("solutions", "another")]

every_lesson = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
every_notebook = pytest.mark.parametrize("kind", ["lessons", "solutions"])


def test_there_are_lessons():
    assert [source.name[:2] for source in SOURCES][:2] == ["00", "01"]


def test_no_notebook_is_stale(capsys):
    assert build.main(["--check"]) == 0, capsys.readouterr().out


@every_lesson
def test_a_lesson_keeps_to_the_contract(source):
    assert problems(build.load(source, build.ROOT, EXERCISES)) == []


@every_lesson
@every_notebook
def test_a_notebook_is_what_its_source_gives(source, kind):
    lesson = build.load(source, build.ROOT, EXERCISES)
    derived = build.unexecuted(lesson, build.ROOT)[kind]
    path = build.targets(source, build.ROOT)[kind]
    assert problems_in_notebook(lesson, derived, nbformat.read(path, as_version=4)) == []
    assert path.stat().st_size < KB * 1000


@every_lesson
def test_what_a_verdict_rests_on_is_drawn(source):
    solved = build.targets(source, build.ROOT)["solutions"]
    found = list(claims.verdicts(json.loads(solved.read_text("utf-8"))))
    assert [verdict.claim for verdict in found if not verdict.figures] == []


@every_lesson
@pytest.mark.parametrize(("kind", "processor"), RUNS)
def test_a_notebook_runs_and_gives_what_it_stores(
    source, kind, processor, tmp_path, record_property
):
    path = build.targets(source, build.ROOT)[kind]
    observed = processor == "another"
    timeout = 300 if observed else 60
    run = validate(path, tmp_path / "first", timeout, also=PROCESSORS[processor])
    if not observed and run.passed and took(run) >= SECONDS:  # the machine has slow minutes
        run = min(run, validate(path, tmp_path / "again", timeout), key=took)
    taken = {
        "path": f"{path.relative_to(build.ROOT).as_posix()}, {processor} processor",
        "kb": path.stat().st_size / 1000,
        "cells": len(run.cells),
        "seconds": run.seconds,
        "computed": run.computed,
        "peak_mb": run.peak_mb,
    }
    record_property("notebook", taken)
    assert run.passed, run.report
    if observed:
        return
    assert run.peak_mb < PEAK_MB, f"The kernel took {run.peak_mb:.0f} MB. Binder has 1 to 2 GB."
    assert took(run) < SECONDS, f"They took {run.seconds:.1f} s and computed {run.computed:.1f} s."


def took(run: Run) -> float:
    """Return the seconds a run took. Other programs slow the clock, and hardly the computing."""
    return min(run.seconds, run.computed)
