"""Report what the environment of this Python lacks for a project. `install.py` runs it there:

    python -I tools/complete.py "descent-course[test]" jupyterlab torch ...

The last line that it prints is JSON: the names of all packages that the project "needs", those that
are "missing", and the modules that are "broken", with what was raised when they were imported.
"""

import importlib
import json
import sys
from importlib.metadata import PackageNotFoundError, distribution

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name


def main(arguments: list[str]) -> None:
    """Print what is lacking. arguments: the project with its extras, then modules to import."""
    project, *modules = arguments
    needs, missing = look(Requirement(project))
    broken = {} if missing else import_all(modules)
    print(json.dumps({"needs": sorted(needs), "missing": sorted(missing), "broken": broken}))


def look(project: Requirement) -> tuple[set[str], set[str]]:
    """Return the names of all that a project needs, itself and needs of needs included; and those
    of them that are not installed, or not in a version that is asked for."""
    needs: set[str] = set()
    missing: set[str] = set()
    waiting, seen = [project], set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        name = canonicalize_name(wanted.name)
        needs.add(name)
        try:
            found = distribution(wanted.name)
        except PackageNotFoundError:
            missing.add(name)
            continue
        if not wanted.specifier.contains(found.version, prereleases=True):
            missing.add(f"{name}{wanted.specifier}")
        waiting += [
            need for need in map(Requirement, found.requires or []) if applies(need, wanted)
        ]
    return needs, missing


def applies(need: Requirement, wanted: Requirement) -> bool:
    """Return whether a package needs `need` here, when it is `wanted` with these extras."""
    extras = ("", *wanted.extras)
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras)


def import_all(modules: list[str]) -> dict[str, str]:
    """Return what is raised by the modules that cannot be imported."""
    broken = {}
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:
            broken[module] = " ".join(f"{type(error).__name__}: {error}".split())
    return broken


if __name__ == "__main__":
    main(sys.argv[1:])
