import json

import pytest
import torch
from torch.torch_version import TorchVersion

from course_lib.lab import stored, write_experiment
from course_lib.lab.stored import EXPERIMENTS, read_record, read_records, source_hash

SHARED = [EXPERIMENTS / "contest.py", EXPERIMENTS / "contest_rules.py"]  # they store nothing
SCRIPTS = [file for file in sorted(EXPERIMENTS.glob("*.py")) if file not in SHARED]


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "99_probe.py"
    file.write_text("print('probe')\n")
    return file


def test_what_is_written_comes_back(script):
    data = {"runs": torch.tensor([[1.0, 2.0]]), "n": 3, "pair": (0.123456789, "word"), "yes": True}
    write_experiment(script, data)
    expected = {"runs": [[1.0, 2.0]], "n": 3, "pair": [0.123457, "word"], "yes": True}
    assert stored("99_probe", script.parent) == expected
    assert [file.name for file in script.parent.iterdir()] == ["99_probe.py", "99_probe.json"]


def test_the_record_says_where_it_came_from(script):
    write_experiment(script, {})
    record = read_record("99_probe", script.parent)
    assert list(record) == ["command", "versions", "machine", "source_sha256", "data"]
    assert record["command"] == "python experiments/99_probe.py"
    assert record["source_sha256"] == source_hash(script)


def test_what_a_gpu_gave_stands_beside_what_the_cpu_gave(script):
    write_experiment(script, {"device": "cpu", "n": 1})
    assert list(read_records("99_probe", script.parent)) == ["CPU"]
    assert write_experiment(script, {"device": "cuda:0", "n": 2}).name == "99_probe.cuda.json"
    records = read_records("99_probe", script.parent)
    assert {where: record["data"]["n"] for where, record in records.items()} == {"CPU": 1, "GPU": 2}
    assert records["GPU"]["command"] == "python experiments/99_probe.py"


@pytest.mark.parametrize("build", ["2.13.0", "2.13.0+cpu", "2.13.0+cu130"])
def test_the_record_names_the_build_of_torch_whatever_pip_calls_it(script, monkeypatch, build):
    monkeypatch.setattr(torch, "__version__", TorchVersion(build))
    write_experiment(script, {})
    assert read_record("99_probe", script.parent)["versions"]["torch"] == build


def test_the_hash_follows_the_text_but_not_the_line_ends(script):
    before = source_hash(script)
    script.write_bytes(b"print('probe')\r\n")
    assert source_hash(script) == before
    script.write_text("print('other')\n")
    assert source_hash(script) != before


@pytest.mark.parametrize("value", [float("nan"), torch.tensor(float("inf"))])
def test_what_json_cannot_hold_is_refused_and_nothing_is_written(script, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_experiment(script, {"loss": value})
    assert not script.with_suffix(".json").exists()


def test_a_missing_record_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"make it: python experiments/77_none\.py"):
        stored("77_none", tmp_path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: file.stem)
def test_each_stored_result_is_that_of_the_script_as_it_is(script):
    record = json.loads(script.with_suffix(".json").read_text())
    assert record["source_sha256"] == source_hash(script), f"run {record['command']}"
    for name, sha256 in record["data"].get("sources", {}).items():
        shared = script.with_name(f"{name}.py")
        assert shared in SHARED
        assert sha256 == source_hash(shared), f"run {record['command']}"


def test_each_stored_result_has_its_script():
    stems = {file.stem.removesuffix(".cuda") for file in EXPERIMENTS.glob("*.json")}
    assert stems == {file.stem for file in SCRIPTS}
