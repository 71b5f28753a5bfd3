"""Two processes under torchrun end where one ends: real processes, on the CPU, over gloo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_lib.lab import two_processes

ROOT = Path(__file__).resolve().parents[2]


def under_torchrun(name, file, processes=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "course_lib.lab.two_processes"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, name, str(file)], env=env, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("name", two_processes.OPTIMIZERS)
def test_two_processes_give_the_parameters_of_one(name, tmp_path):
    done = under_torchrun(name, tmp_path / "two.pt")
    assert done.returncode == 0, done.stderr[-2000:]
    two, one = torch.load(tmp_path / "two.pt"), two_processes.train(name)
    assert two.keys() == one.keys()
    for key, p in one.items():
        torch.testing.assert_close(two[key], p, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", two_processes.OPTIMIZERS)
def test_a_process_that_keeps_its_gradients_to_itself_ends_elsewhere(name, monkeypatch):
    monkeypatch.setattr(two_processes, "DistributedDataParallel", lambda network: network)
    half, one = two_processes.train(name, 0, 2), two_processes.train(name)
    assert max((half[key] - p).abs().max() for key, p in one.items()) > 1e-2


def test_the_fuzzy_optimizer_is_told_how_many_updates_there_are():
    total = two_processes.OPTIMIZERS["fuzzy"].keywords["total"]
    assert total == two_processes.EPOCHS * len(two_processes.signals().train) / 100


def test_parts_of_a_batch_are_equal_and_hold_each_example_once():
    chosen = torch.arange(100)
    shares = [two_processes.share_of(chosen, rank, 4) for rank in range(4)]
    assert {len(share) for share in shares} == {25}
    assert torch.cat(shares).sort().values.tolist() == chosen.tolist()
    with pytest.raises(ValueError, match="a batch of 100 has no 3 equal parts"):
        two_processes.share_of(chosen, 0, 3)


def test_run_without_torchrun_it_saves_what_it_trains(tmp_path, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    two_processes.main("nesterov", str(tmp_path / "one.pt"))
    saved = torch.load(tmp_path / "one.pt")
    assert torch.equal(saved["0.weight"], two_processes.train("nesterov")["0.weight"])
