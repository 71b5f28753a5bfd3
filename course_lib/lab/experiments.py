"""An experiment's script as a module, so that a lesson reruns a part of it, not a copy."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from course_lib.lab.stored import EXPERIMENTS


def experiment(name: str, folder: Path = EXPERIMENTS) -> ModuleType:
    """Return `experiments/{name}.py`, for example `"09_momentum"`, as a module of its own.

    What stands under `if __name__ == "__main__"` does not run. Each call loads the script anew:
    what one caller changes in it, another does not see.
    Raises FileNotFoundError if there is no such script.
    """
    file = folder / f"{name}.py"
    if not file.is_file():
        there = ", ".join(sorted(script.stem for script in folder.glob("[0-9][0-9]_*.py")))
        raise FileNotFoundError(f"there is no experiment {name!r}; there are: {there or 'none'}")
    spec = importlib.util.spec_from_file_location(f"experiment_{name}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
