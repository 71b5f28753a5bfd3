"""Results of long experiments, kept beside the script that made them.

`experiments/NN_name.json` holds the command, the versions, the machine, the hash of the script
and the data. Lessons read it; nothing writes it but the script. A measurement of speed names its
device; that of a GPU stands beside that of the CPU, in `NN_name.cuda.json`.
"""

import hashlib
import json
import os
import platform
import sysconfig
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

_CHECKOUT = Path(__file__).resolve().parents[2] / "experiments"
_INSTALLED = Path(sysconfig.get_path("data")) / "share/descent/experiments"
EXPERIMENTS = _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED


def stored(name: str, folder: Path = EXPERIMENTS) -> dict[str, Any]:
    """Return the data of the stored experiment `name`, for example `"01_weights"`.

    Raises FileNotFoundError, with the command that would make it, if there is none.
    """
    return read_record(name, folder)["data"]


def read_record(name: str, folder: Path = EXPERIMENTS) -> dict[str, Any]:
    """Return the whole record: command, versions, machine, source_sha256, data."""
    file = folder / f"{name}.json"
    if not file.is_file():
        raise FileNotFoundError(f"{name}.json is missing; make it: {_command(name)}")
    return json.loads(file.read_text(encoding="utf-8"))


def read_records(name: str, folder: Path = EXPERIMENTS) -> dict[str, dict[str, Any]]:
    """Return what `read_record` gives by where it was measured: "CPU", and "GPU" if there is one.

    Raises FileNotFoundError if there is none of the CPU.
    """
    found = {"CPU": read_record(name, folder)}
    if (folder / f"{name}.cuda.json").is_file():
        found["GPU"] = read_record(f"{name}.cuda", folder)
    return found


def write_experiment(script: str | Path, data: dict[str, Any], *, command: str = "") -> Path:
    """Write `data` with where it came from to `NN_name.json` beside `script`; return the file.

    command: what makes it anew, for a script outside of `experiments/`.

    If `data["device"]` is another device than the CPU, it stands in the file's name too. Tensors
    become lists. Numbers keep six significant digits. The file is replaced in one step: a reader
    never sees half of it. Raises ValueError for infinity and NaN, which JSON lacks.
    """
    script = Path(script)
    record = {
        "command": command or _command(script.stem),
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),  # names the build too, "+cpu" or "+cu130"
            **{package: version(package) for package in ("numpy", "scikit-learn")},
        },
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "threads": torch.get_num_threads(),
            "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        },
        "source_sha256": source_hash(script),
        "data": _plain(data),
    }
    kind = str(data.get("device", "cpu")).partition(":")[0]
    file = script.with_suffix(".json" if kind == "cpu" else f".{kind}.json")
    unfinished = file.with_suffix(".json.part")
    unfinished.write_text(_json(record, levels=2) + "\n", encoding="utf-8")
    os.replace(unfinished, file)
    return file


def source_hash(script: str | Path) -> str:
    """Return the SHA-256 of the script's text, the same whatever ends its lines."""
    text = Path(script).read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def _command(name: str) -> str:
    return f"python experiments/{name.partition('.')[0]}.py"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, torch.Tensor):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _json(value: Any, levels: int) -> str:
    """Break the outermost dicts over lines and leave the rest on one, so that changes show."""
    if not levels or not isinstance(value, dict):
        return json.dumps(value, allow_nan=False)
    lines = (f"{json.dumps(key)}: {_json(item, levels - 1)}" for key, item in value.items())
    return "{\n" + ",\n".join(lines) + "\n}"
