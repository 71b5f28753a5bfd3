"""A file is written as it is said, streamed whole, and never lies in memory."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from course_lib.lab import generator
from course_lib.lab.memory import anonymous_memory
from course_lib.lab.stored import EXPERIMENTS
from course_lib.lab.stream import AT_ONCE, open_stream, stream, write_stream
from course_lib.optim.batches import batches

WEIGHTS = torch.tensor([1.0, -2.0, 0.5])
MEGABYTE = 1e6
linux_only = pytest.mark.skipif(anonymous_memory() is None, reason="only Linux tells")


@pytest.fixture
def path(tmp_path):
    return write_stream(tmp_path / "rows.npy", 1000, WEIGHTS, generator(0), label=None)


def test_the_answers_are_what_the_weights_say_plus_noise(tmp_path):
    n = AT_ONCE + 500  # in two parts
    path = write_stream(tmp_path / "rows.npy", n, WEIGHTS, generator(0), noise=0.25, label=None)
    rows = open_stream(path)
    assert rows.shape == (n, 4)
    assert rows.dtype == np.float32
    x, y = rows[:, :-1], rows[:, -1]
    left = y - x @ WEIGHTS.numpy()
    assert abs(left.std() - 0.25) < 5 * 0.25 / (2 * n) ** 0.5
    assert abs(x.std() - 1) < 0.01
    assert np.abs(np.corrcoef(np.column_stack([x, left]).T) - np.eye(4)).max() < 0.02


def test_a_seed_gives_the_same_file(path, tmp_path):
    again = write_stream(tmp_path / "again.npy", 1000, WEIGHTS, generator(0), label=None)
    assert path.read_bytes() == again.read_bytes()
    other = write_stream(tmp_path / "other.npy", 1000, WEIGHTS, generator(1), label=None)
    assert path.read_bytes() != other.read_bytes()


def test_the_file_is_mapped_and_cannot_be_changed(path):
    rows = open_stream(path)
    assert isinstance(rows, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        rows[0] = 0
    for x in stream(rows, 100, generator(0), label=None):
        x.zero_()
    assert rows[0].any()


def test_blocks_of_one_are_the_batches_of_the_mathematics(path):
    rows = open_stream(path)
    streamed = stream(rows, 64, generator(4), label=None)
    for x, chosen in zip(streamed, batches(1000, 64, generator(4)), strict=True):
        np.testing.assert_array_equal(x.numpy(), rows[chosen.numpy()])


@pytest.mark.parametrize(("size", "block"), [(64, 1), (64, 16), (64, 64), (1024, 8), (21, 7)])
def test_each_row_comes_once_and_blocks_stay_together(path, size, block):
    rows = np.arange(1000.0)[:, None]
    parts = [x[:, 0] for x in stream(rows, size, generator(1), block=block, label=None)]
    assert sorted(torch.cat(parts).tolist()) == list(range(1000))
    assert len(parts) == -(-1000 // size)
    order = torch.cat(parts)
    assert not torch.equal(order, torch.arange(1000.0))
    starts = (order % block == 0).nonzero().flatten()
    for start in starts.tolist():
        inside = order[start : start + block]
        inside = inside[: int(min(block, 1000 - order[start]))]
        torch.testing.assert_close(inside, order[start] + torch.arange(len(inside)))


@pytest.mark.parametrize(("size", "block"), [(64, 0), (64, 48), (64, 128), (0, 1)])
def test_a_block_must_fit_into_a_batch(path, size, block):
    with pytest.raises(ValueError, match=r"must be 1 or more"):
        list(stream(open_stream(path), size, generator(0), block=block, label=None))


def test_no_rows_are_refused(tmp_path):
    with pytest.raises(ValueError, match="n is 0; it must be 1 or more"):
        write_stream(tmp_path / "rows.npy", 0, WEIGHTS, generator(0), label=None)


@pytest.mark.alone  # what other tests of the process give back would count against it
@linux_only
def test_memory_that_is_taken_is_seen():
    before = anonymous_memory()
    taken = np.ones(5_000_000)  # 40 MB
    grown = anonymous_memory() - before
    assert 35 * MEGABYTE < grown < 60 * MEGABYTE
    del taken


def test_elsewhere_memory_is_not_known(tmp_path):
    assert anonymous_memory(tmp_path / "none") is None


WAYS = ("streamed", "read whole")
BOTH = """
import json, runpy, sys
train_from = runpy.run_path(sys.argv[1])["train_from"]
print(json.dumps([train_from(sys.argv[2], way) for way in sys.argv[3:]]))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the experiment finds on a file of 200 MB, in a process of its own."""
    path = tmp_path_factory.mktemp("stream") / "rows.npy"
    weights = torch.randn(63, generator=generator(0))
    write_stream(path, 781_250, weights, generator(1), label=None)
    assert path.stat().st_size > 200 * MEGABYTE
    script = EXPERIMENTS / "08_mini_batches.py"
    run = [sys.executable, "-c", BOTH, script, path, *WAYS]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    path.unlink()
    return dict(zip(WAYS, json.loads(done.stdout), strict=True))


@linux_only
def test_streaming_200_megabytes_takes_less_than_40_and_learns(found):
    grown = found["streamed"]["grown"]
    assert max(grown) < 40 * MEGABYTE
    assert len(grown) > 40
    assert found["streamed"]["apart"] < 0.1


@linux_only
def test_reading_the_file_whole_breaks_that_bound(found):
    assert found["read whole"]["grown"][0] > 190 * MEGABYTE
