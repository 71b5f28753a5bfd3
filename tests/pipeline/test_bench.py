"""docs/speed.md is what the stored measurements give."""

import copy
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import bench


@pytest.fixture
def records(monkeypatch):
    """A small result of each script."""
    about = {
        "command": "python experiments/x.py",
        "versions": {"torch": "2.13.0", "python": "3.11.7"},
        "machine": {"system": "Linux x86_64", "threads": 2, "gpu": None},
        "source_sha256": "0",
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
            "growth": {
                "bytes_each": 28,
                "bandwidth": {"copy": 30e9, "add": 56e9},
                "parameters": [1000, 2_000_000],
                "seconds": {
                    "loop": [[1e-4, 0, 0], [4e-3, 0, 0]],
                    "fused": [[1, 0, 0], [2e-3, 0, 0]],
                },
            },
        },
        "bench_sweeps": {
            "networks": {
                "toy": {
                    "gd": {
                        "seconds": {"loop": [2.0, 1.9, 2.1]},
                        "times_faster": {"sweep": [20, 19, 21], "compiled": [40, 39, 41]},
                        "share_of_products": [0.8, 0.7, 0.9],
                        "first_compiled": 4.25,
                    }
                }
            }
        },
    }
    ratio = {
        "previous iterate": [1.2, 1.0, 1.3],
        "same-batch probe": [2.1, 1.9, 2.3],
        "AdaHessian": [3.1, 2.9, 3.3],
    }
    times = {"milliseconds": 6.0, "times_a_gradient_step": ratio}
    network = {"parameters": 26122, "batch": 128, "eager": times, "compiled": times}
    made["bench_curvature"] = {
        "every": 10,
        "a_step": {
            "previous iterate": {"gradients": 1.0, "products": 0.0},
            "same-batch probe": {"gradients": 2.0, "products": 0.0},
        },
        "networks": {"small": network},
    }
    times = {"fuzzy": [2.4, 2.1, 2.6], "Prodigy": [1.2, 1.0, 1.3]}
    made["bench_fuzzy"] = {
        "networks": {"small": {"parameters": 26122, "batch": 128, "times_adamw": times}},
        "kept": {"AdamW": 2.0, "fuzzy": 5.0, "Prodigy": 4.0},
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
    found = {name: {"CPU": about | {"data": common | data}} for name, data in made.items()}
    monkeypatch.setattr(bench, "read_records", lambda name, folder: found[name])
    monkeypatch.setattr(bench, "source_hash", lambda script: {"x.py": "0"}[script.name])
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
    row = "| toy | `gd` | 2 s | 20.0 (19.0 to 21.0) | 40.0 (39.0 to 41.0) | 0.80 (0.70 to 0.90) |"
    assert f"{row} 4.2 s |" in page


def test_it_says_whether_the_first_step_is_fast_enough(records):
    words = "- the first step of a model of {} tensors, compiled, under 5 s: {}, {:.1f} s.\n"
    first = records["bench_steps"]["CPU"]["data"]["first_step"]
    for seconds, how in ((4.9, "reached"), (5.1, "missed")):
        first["seconds"][0] = seconds
        assert words.format(first["tensors"], how, seconds) in bench.page()


def test_it_says_which_rules_reach_a_goal(records):
    sizes = records["bench_steps"]["CPU"]["data"]["sizes"]
    slow = {"eager": {"loop": [1.2, 1.1, 1.3]}, "compiled": {"fused": [1.2, 1.1, 1.3]}}
    fast = {"eager": {"loop": [1.0, 0.9, 1.3]}, "compiled": {"fused": [1.0, 0.9, 1.3]}}
    (small,) = sizes.values()
    rules = {
        name: small["rules"]["rmsprop"] | {"ratio": ratio}
        for name, ratio in (("gd", slow), ("adam", fast), ("lamb", fast))
    }
    sizes["2 million"] = {"parameters": 2_000_000, "rules": rules}
    page = bench.page()
    assert "161 tensors, those of a ResNet-50, took 4.0 s, and the second 50 ms." in page
    assert "- eager, no slower than loop, 2 thousand parameters: none (0 of 1)." in page
    assert "- compiled, no slower than fused, 2 million parameters: `adam` (1 of 2)." in page


def test_it_names_the_sweeps_that_reach_their_goal(records, monkeypatch):
    networks = records["bench_sweeps"]["CPU"]["data"]["networks"]
    ((words, by_rule),) = networks.items()
    by_rule["gd"] |= {"share_of_products": [0.7, 0.6, 0.8]}
    share = "- {}: at least 0.7 of what its matrix products alone allow: `gd` (1 of 1)."
    assert share.format(words) in bench.page()
    monkeypatch.setitem(bench.TIMES, words, 35)
    by_rule["gd"]["times_faster"]["compiled"] = [35, 34, 36]
    assert f"- {words}: at least 35 times faster than the loop: `gd` (1 of 1)." in bench.page()
    by_rule["gd"]["times_faster"]["compiled"] = [34.9, 34, 36]
    assert f"- {words}: at least 35 times faster than the loop: none (0 of 1)." in bench.page()


def test_it_says_what_a_step_with_curvature_asks_for_and_how_long_it_takes(records):
    page = bench.page()
    assert "- small: 26,122 parameters, a batch of 128.\n" in page
    assert "| same-batch probe | 2 | 0 | 2.10 (1.90 to 2.30) | 2.10 (1.90 to 2.30) |" in page
    assert "- previous iterate, at most 1.1 times a gradient step: nowhere.\n" in page
    assert "probe, at most 2.1 times a gradient step: small, eager; small, compiled.\n" in page
    assert "| AdaHessian |  |  | 3.10 (2.90 to 3.30) |" in page


def test_it_says_what_the_fuzzy_optimizer_keeps_and_how_long_it_takes(records):
    page = bench.page()
    assert page.count("- small: 26,122 parameters, a batch of 128.\n") == 2
    assert "| optimizer | kept | small |\n" in page
    assert "| fuzzy | 5 | 2.40 (2.10 to 2.60) |\n| Prodigy | 4 | 1.20 (1.00 to 1.30) |\n" in page


def test_it_says_where_jacobians_are_not_so_fast(records):
    page = bench.page()
    assert "- closed form, no slower than jacrev, 64 features: 0 of 1; not all of `tanh`." in page
    assert "faster than the matrix, 64 features: 1 of 2; not all of `tanh`." in page
    assert "| `tanh` | 0.9 (0.8 to 1.2) |  | 5.0 (4.0 to 6.0) |  | 4.9 (4.0 to 6.0) |  |" in page
    assert "| `softmax` |" not in page
    assert "| 64 | 2.0 (1.0 to 3.0) | 3.0 (2.0 to 4.0) | 1.0 (0.0 to 2.0) | 0.9877 |" in page
    times = records["bench_jacobians"]["CPU"]["data"]["modules"]["tanh"]["64"]["one"]
    times |= {"closed": [1.0, 0.8, 1.2], "vjp": [5.0, 4.0, 6.0]}
    page = bench.page()
    assert "- closed form, no slower than jacrev, 64 features: 1 of 1.\n" in page
    assert "faster than the matrix, 64 features: 2 of 2.\n" in page


def test_it_says_what_the_bytes_alone_would_take(records):
    page = bench.page()
    assert "in place moves 56 GB a second, copying 30" in page
    assert "for 2,000,000 parameters would take 1 ms. Torch's loop took 4 ms; torch's fused" in page


def on_a_gpu(record):
    """Return a record as a GPU could have given it, with a share for each rule and size."""
    record = copy.deepcopy(record)
    record["machine"]["gpu"], record["data"]["device"] = "A GPU", "cuda"
    for size in record["data"].get("sizes", {}).values():
        for found in size["rules"].values():
            found["share_of_copy_bandwidth"] = [0.91, 0.9, 0.92]
    return record


def test_a_gpu_stands_beside_the_cpu_and_has_a_column_more(records):
    before = bench.page()
    for of_script in records.values():
        of_script["GPU"] = on_a_gpu(of_script["CPU"])
    page = bench.page()
    assert page.index("A processor") < page.index("A GPU")
    assert page.count("A processor") == page.count("A GPU") == len(records)
    assert "0.91 (0.90 to 0.92)" not in before
    assert "0.91 (0.90 to 0.92)" in page
    assert "- eager, no slower than foreach, 2 thousand parameters: none (0 of 1)." in page
    assert "at least 100 times faster than the loop: none (0 of 1)." in page
    assert "the script has changed" not in page


def test_it_counts_who_reaches_the_bandwidth_of_a_gpu(records):
    records["bench_steps"]["GPU"] = on_a_gpu(records["bench_steps"]["CPU"])
    goal = "at least 0.9 of the bandwidth of copying, 2 thousand parameters"
    assert goal not in bench.page()
    (size,) = records["bench_steps"]["GPU"]["data"]["sizes"].values()
    size["parameters"] = 21_000_000
    assert f"{goal}: `rmsprop` (1 of 1)." in bench.page()
    size["rules"]["rmsprop"]["share_of_copy_bandwidth"] = [0.89, 0.8, 0.95]
    assert f"{goal}: none (0 of 1)." in bench.page()


def test_it_says_where_the_script_has_changed_since_a_gpu_ran_it(records):
    records["bench_steps"]["GPU"] = on_a_gpu(records["bench_steps"]["CPU"])
    records["bench_steps"]["GPU"]["source_sha256"] = "1"
    assert bench.page().count("21 rounds; the script has changed since.") == 1


def test_a_form_that_a_device_lacks_is_left_out(records):
    (size,) = records["bench_steps"]["CPU"]["data"]["sizes"].values()
    del size["rules"]["rmsprop"]["seconds"]["loop"]
    size["rules"]["rmsprop"]["ratio"] = {"eager": {}, "compiled": {}}
    assert "| `rmsprop` |  |  |  |  |  |  |\n" in bench.page()


def test_the_page_in_the_repository_is_made_of_what_is_stored():
    assert bench.PAGE.read_text(encoding="utf-8") == bench.page()


def test_its_figure_is_drawn_from_what_is_stored():
    with Image.open(bench.FIGURE) as kept, Image.open(io.BytesIO(bench.picture())) as drawn:
        assert np.array_equal(*(np.asarray(one.convert("RGB")) for one in (kept, drawn)))
    assert f"({bench.FIGURE.name})" in bench.page()
    assert bench.FIGURE.stat().st_size < 100_000


def test_another_argument_is_refused():
    done = subprocess.run([sys.executable, bench.__file__, "--all"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
