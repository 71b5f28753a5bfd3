"""Run a notebook once, under strict nbval, off the network, and measure what it takes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from build import kernel_environment

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Run:
    """What came of a run. `cells` says of each code cell whether it passed, in order.

    `seconds` is what the cells took in all by the clock and `computed` what the kernel computed in
    that time; `peak_mb` is the most memory that it held.
    """

    passed: bool
    report: str
    cells: list[bool]
    seconds: float
    computed: float
    peak_mb: float


# What a processor without vector instructions would compute: sums in another order.
OTHER_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
}

# A device that computes on the CPU and refuses to be mixed with it: see refusing.py.
OTHER_DEVICE = {"COURSE_DEVICE": "cuda", "COURSE_REFUSES": "1"}


def validate(
    notebook: Path, folder: Path, timeout: int = 60, also: Mapping[str, str] | None = None
) -> Run:
    """Run a copy of the notebook in `folder`, which is new or empty.

    It passes when each cell runs, for `timeout` seconds at most, and gives the output that the
    notebook stores. Pictures, live widgets and metadata are not compared. also: more of the
    kernel's environment.
    """
    folder.mkdir(exist_ok=True)
    copy = Path(shutil.copy(notebook, folder))
    (folder / "pytest.ini").write_text("[pytest]\n")
    measures = folder / "measures.json"
    search = [str(HERE / "offline"), str(HERE), os.environ.get("PYTHONPATH", "")]
    environment = (
        kernel_environment(folder / "kernel")
        | dict(also or {})
        | {
            "COURSE_MEASURES": str(measures),
            "PYTEST_ADDOPTS": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, search)),
        }
    )
    nbval = ["-p", "nbval.plugin", "--nbval", "--nbval-current-env"]
    measured = ["-p", "measure_cells", "-p", "no:cacheprovider", "--color=no", "-q", copy.name]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *nbval, f"--nbval-cell-timeout={timeout}", *measured],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    cells = json.loads(measures.read_text()) if measures.exists() else []
    return Run(
        passed=run.returncode == 0,
        report=run.stdout + run.stderr,
        cells=[cell["passed"] for cell in cells],
        seconds=sum(cell["seconds"] for cell in cells),
        computed=sum(cell["computed"] for cell in cells),
        peak_mb=max((cell["peak_mb"] for cell in cells), default=0.0),
    )
