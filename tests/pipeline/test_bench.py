"""docs/speed.md is what the stored measurements give."""

import subprocess
import sys

import pytest

import bench


@pytest.fixture
def records(monkeypatch):
    """A small result of each script."""
    about = {
        "command": "python experiments/x.py",
        "versions": {"torch": "2.13.0", "python": "3.11.7"},
        "machine": {"system": "Linux x86_64", "threads": 2, "gpu": None},
    }
    times = {kind: [0.002, 0.001, 0.003] for kind in ("eager", "compiled", "loop", "foreach")}
    ratio = {
        "eager": {"loop": [1.25, 1.1, 1.3], "foreach": [2.0, 1.0, 3.0]},
        "compiled": {"loop": [0.5, 0.4, 0.6], "foreach": [0.7, 0.6, 0.8]},
    }
    rules = {"rmsprop": {"seconds": times, "ratio": ratio}}
    common = {"device": "cpu", "processor": "A processor", "rounds": 21}
    made = {
        "bench_steps": {
            "sizes": {"2 thousand": {"parameters": 2000, "rules": rules}},
            "first_step": {"tensors": 161, "seconds": [4.04, 0.0504]},
        },
        "bench_sweeps": {
            "networks": {
                "toy": {
                    "gd": {
                        "seconds": {"loop": [2.0, 1.9, 2.1]},
                        "times_faster": {"sweep": [20, 19, 21], "compiled": [40, 39, 41]},
                    }
                }
            }
        },
    }
    ratio = {"probe": [2.1, 1.9, 2.3], "AdaHessian": [3.1, 2.9, 3.3]}
    times = {"milliseconds": 6.0, "times_a_gradient_step": ratio}
    network = {"parameters": 26122, "batch": 128, "eager": times, "compiled": times}
    made["bench_curvature"] = {
        "every": 10,
        "a_step": {"probe": {"gradients": 1.1, "products": 0.0}},
        "networks": {"small": network},
    }
    times = {"closed": [0.9, 0.8, 1.2], "jvp": [5.0, 4.0, 6.0], "vjp": [4.9, 4.0, 6.0]}
    made["bench_jacobians"] = {
        "modules": {"tanh": {"64": {"one": times}}, "softmax": {"64": {}}},
        "row": {
            "modules": 50,
            "power_rounds": 20,
            "widths": {"64": {"jvp": [2, 1, 3], "vjp": [3, 2, 4], "norm": [1, 0, 2]}},
        },
    }
    made["bench_jacobians"]["row"]["widths"]["64"]["norm_reached"] = 0.98765
    found = {name: about | {"data": common | data} for name, data in made.items()}
    monkeypatch.setattr(bench, "read_record", lambda name, folder: found[name])
    return found


def test_the_page_holds_each_number_with_its_spread(records):
    page = bench.page()
    assert "on Linux x86_64, A processor, 2 threads; torch 2.13.0" in page
    row = next(line for line in page.splitlines() if line.startswith("| `rmsprop`"))
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [
        "2",
        "1.25 (1.10 to 1.30)",
        "2.00 (1.00 to 3.00)",
        "0.50 (0.40 to 0.60)",
        "0.70 (0.60 to 0.80)",
        "",
    ]
    assert "| toy | `gd` | 2 s | 20.0 (19.0 to 21.0) | 40.0 (39.0 to 41.0) |" in page


def test_it_says_which_rules_reach_a_goal(records):
    sizes = records["bench_steps"]["data"]["sizes"]
    slow = {"eager": {"loop": [1.2, 1.1, 1.3]}, "compiled": {"fused": [1.2, 1.1, 1.3]}}
    fast = {"eager": {"loop": [1.0, 0.9, 1.3]}, "compiled": {"fused": [1.0, 0.9, 1.3]}}
    (small,) = sizes.values()
    rules = {
        name: small["rules"]["rmsprop"] | {"ratio": ratio}
        for name, ratio in (("gd", slow), ("adam", fast), ("lamb", fast))
    }
    sizes["2 million"] = {"parameters": 2_000_000, "rules": rules}
    page = bench.page()
    assert "161 tensors, those of a ResNet-50, took\n4.0 s with" in page
    assert "the second 50 ms." in page
    assert "- eager, no slower than the loop, 2 thousand parameters: none (0 of 1)." in page
    assert "- compiled, no slower than fused, 2 million parameters: `adam` (1 of 2)." in page


def test_it_counts_the_sweeps_that_are_20_times_faster(records):
    assert "loop: 1 of 1 as they are, 1 of 1 compiled." in bench.page()
    (by_rule,) = records["bench_sweeps"]["data"]["networks"].values()
    by_rule["gd"]["times_faster"]["sweep"] = [19.9, 19, 21]
    assert "loop: 0 of 1 as they are, 1 of 1 compiled." in bench.page()


def test_it_says_what_a_step_with_curvature_asks_for_and_how_long_it_takes(records):
    page = bench.page()
    assert "- small: 26,122 parameters, a batch of 128.\n" in page
    assert "| probe | 1.1 | 0 | 2.10 (1.90 to 2.30) | 2.10 (1.90 to 2.30) |" in page
    assert "| AdaHessian |  |  | 3.10 (2.90 to 3.30) |" in page


def test_it_says_where_jacobians_are_not_so_fast(records):
    page = bench.page()
    assert "- closed form, no slower than jacrev, 64 features: 0 of 1; not all of `tanh`." in page
    assert "faster than the matrix, 64 features: 1 of 2; not all of `tanh`." in page
    assert "| `tanh` | 0.9 (0.8 to 1.2) |  | 5.0 (4.0 to 6.0) |  | 4.9 (4.0 to 6.0) |  |" in page
    assert "| `softmax` |" not in page
    assert "| 64 | 2.0 (1.0 to 3.0) | 3.0 (2.0 to 4.0) | 1.0 (0.0 to 2.0) | 0.9877 |" in page
    times = records["bench_jacobians"]["data"]["modules"]["tanh"]["64"]["one"]
    times |= {"closed": [1.0, 0.8, 1.2], "vjp": [5.0, 4.0, 6.0]}
    page = bench.page()
    assert "- closed form, no slower than jacrev, 64 features: 1 of 1.\n" in page
    assert "faster than the matrix, 64 features: 2 of 2.\n" in page


def test_a_gpu_is_named_and_has_a_column_more(records):
    record = records["bench_steps"]
    record["machine"] = record["machine"] | {"gpu": "A GPU"}
    record["data"]["device"] = "cuda"
    found = record["data"]["sizes"]["2 thousand"]["rules"]["rmsprop"]
    found["share_of_copy_bandwidth"] = [0.91, 0.9, 0.92]
    page = bench.page()
    assert "A GPU" in page
    assert "0.91 (0.90 to 0.92)" in page


def test_the_page_in_the_repository_is_made_of_what_is_stored():
    assert bench.PAGE.read_text(encoding="utf-8") == bench.page()


def test_another_argument_is_refused():
    done = subprocess.run([sys.executable, bench.__file__, "--all"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
