"""Two processes under torchrun end where one ends: real processes, on the CPU, over gloo."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_lib.lab import two_processes

ROOT = Path(__file__).resolve().parents[2]


def under_torchrun(rule, file, processes=2):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(processes), "-m", "course_lib.lab.two_processes"]
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, rule, str(file)], env=env, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("rule", two_processes.RATES)
def test_two_processes_give_the_parameters_of_one(rule, tmp_path):
    done = under_torchrun(rule, tmp_path / "two.pt")
    assert done.returncode == 0, done.stderr[-2000:]
    two, one = torch.load(tmp_path / "two.pt"), two_processes.train(rule)
    assert two.keys() == one.keys()
    for name, p in one.items():
        torch.testing.assert_close(two[name], p, rtol=0, atol=1e-6)


def test_a_process_alone_on_half_the_batches_ends_elsewhere():
    """What would come out if the gradients were not averaged."""
    half, one = (_train_on_shares_of(n) for n in (2, 1))
    assert max((half[name] - p).abs().max() for name, p in one.items()) > 1e-2


def _train_on_shares_of(processes, monkeypatch=pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(two_processes, "DistributedDataParallel", lambda network: network)
        return two_processes.train("gd", 0, processes)


def test_parts_of_a_batch_are_equal_and_hold_each_example_once():
    chosen = torch.arange(100)
    shares = [two_processes.share_of(chosen, rank, 4) for rank in range(4)]
    assert {len(share) for share in shares} == {25}
    assert torch.cat(shares).sort().values.tolist() == chosen.tolist()
    with pytest.raises(ValueError, match="a batch of 100 has no 3 equal parts"):
        two_processes.share_of(chosen, 0, 3)


def test_run_without_torchrun_it_saves_what_it_trains(tmp_path, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    two_processes.main("gd", str(tmp_path / "one.pt"))
    saved = torch.load(tmp_path / "one.pt")
    assert torch.equal(saved["0.weight"], two_processes.train("gd")["0.weight"])
