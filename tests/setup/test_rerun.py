"""Which experiments are run again."""

import sys

import rerun
from course_lib.lab.stored import write_experiment

SCRIPT = """
from course_lib.lab.stored import write_experiment
write_experiment(__file__, {"value": 1})
"""


def test_an_experiment_is_stale_until_its_script_has_stored_a_result(tmp_path):
    script = tmp_path / "01_weights.py"
    script.write_text(SCRIPT)
    (tmp_path / "shared.py").write_text("")
    assert rerun.stale(tmp_path) == [script]
    result = write_experiment(script, {"value": 1})
    assert rerun.stale(tmp_path) == []
    script.write_text(SCRIPT + "# changed\n")
    assert rerun.stale(tmp_path) == [script]
    result.write_text("{")
    assert rerun.stale(tmp_path) == [script]


def test_stale_experiments_run_and_a_failure_stops_the_rest(tmp_path, monkeypatch, capfd):
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / "01_good.py").write_text(SCRIPT)
    (folder / "02_bad.py").write_text("raise SystemExit(3)")
    (folder / "03_never.py").write_text(SCRIPT)
    monkeypatch.setattr(rerun, "EXPERIMENTS", folder)
    assert rerun.main() == 3
    out, err = capfd.readouterr()
    assert "1 of 3: experiments/01_good.py" in out
    assert "02_bad.py failed" in err
    assert [script.name for script in rerun.stale(folder)] == ["02_bad.py", "03_never.py"]

    (folder / "02_bad.py").unlink()
    assert rerun.main() == 0
    assert rerun.main() == 0
    assert "made by its present script" in capfd.readouterr().out
    assert sys.modules.get("01_good") is None
